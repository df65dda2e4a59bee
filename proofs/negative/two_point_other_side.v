(** Wrong on purpose: the product q(u)q(v) replaced by q(u)^2.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Norm.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem N_two_point n d e u v : 0 < d -> 0 <= e ->
  let a := qn n d e u in let b := qn n d e v in 0 < a -> 0 < b ->
  dot n (vsub (N n d e u) (N n d e v)) (vsub (N n d e u) (N n d e v))
  <= dot n (vsub u v) (vsub u v) / (a * b).
(*END*)
(*WRONG*)
Theorem N_two_point n d e u v : 0 < d -> 0 <= e ->
  let a := qn n d e u in let b := qn n d e v in 0 < a -> 0 < b ->
  dot n (vsub (N n d e u) (N n d e v)) (vsub (N n d e u) (N n d e v))
  <= dot n (vsub u v) (vsub u v) / (a * a).
(*END*)
Proof.
  intros Hd He a b Ha Hb. rewrite (N_two_point_identity n d e u v) by auto. fold a b.
  assert (Hab : 0 < a * b) by (apply Rmult_lt_0_compat; auto).
  assert (0 <= d * ((a - b) * (a - b)) / (a * b) * (1 + e / (a * b))); [|lra].
  pose proof (Rle_0_sqr (a - b)) as Q. unfold Rsqr in Q.
  assert (0 < / (a * b)) by (apply Rinv_0_lt_compat; auto).
  apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos|]; lra|].
  assert (0 <= e / (a * b)) by (apply Rmult_le_pos; lra). lra.
Qed.
