(** Wrong on purpose: the hypothesis e > 0 replaced by e >= 0.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Norm.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem N_global n d e : 0 < d -> 0 < e -> Lip n n all (N n d e) (/ sqrt e).
(*END*)
(*WRONG*)
Theorem N_global n d e : 0 < d -> 0 <= e -> Lip n n all (N n d e) (/ sqrt e).
(*END*)
Proof.
  intros Hd He u v _ _.
  pose proof (N_floor n d e 0 Hd ltac:(lra) ltac:(lra) u v) as Q.
  replace (0 * 0 + e) with e in Q by ring. apply Q; rewrite Rmult_0_l; apply var_ge0; auto.
Qed.
