(** Wrong on purpose: the claim that two points differ by at most 1.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat Acts Norm Groups Layers Params.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem mixed_pairs_needed :
  (forall t x x', 1 <= t * x -> 1 <= t * x' -> Rabs (sgn x - sgn x') <= 0) /\
  (forall x t t', 1 <= t * x -> 1 <= t' * x -> Rabs (sgn x - sgn x) <= 0) /\
  (1 <= 1 * 1 /\ 1 <= -1 * -1 /\ Rabs (sgn 1 - sgn (-1)) = 2).
(*END*)
(*WRONG*)
Theorem mixed_pairs_needed :
  (forall t x x', 1 <= t * x -> 1 <= t * x' -> Rabs (sgn x - sgn x') <= 0) /\
  (forall x t t', 1 <= t * x -> 1 <= t' * x -> Rabs (sgn x - sgn x) <= 0) /\
  (1 <= 1 * 1 /\ 1 <= -1 * -1 /\ Rabs (sgn 1 - sgn (-1)) = 1).
(*END*)
Proof.
  split; [|split].
  - intros t x x' H H'. unfold sgn. destruct (Rle_dec 0 x) as [h|h], (Rle_dec 0 x') as [h'|h'];
    rewrite ?Rminus_diag_eq, ?Rabs_R0 by reflexivity; try lra; exfalso; destruct (Rle_dec 0 t); nra.
  - intros. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - split; [lra|split; [lra|]]. unfold sgn. destruct (Rle_dec 0 1), (Rle_dec 0 (-1)); try lra.
    replace (1 - - (1)) with 2 by ring. apply Rabs_pos_eq. lra.
Qed.
