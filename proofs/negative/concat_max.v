(** Wrong on purpose: the root of the sum of squares replaced by the maximum.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem lip_concat n m k D f g Lf Lg : 0 <= Lf -> 0 <= Lg -> Lip n m D f Lf -> Lip n k D g Lg ->
  Lip n (m + k) D (fun x => vcat m (f x) (g x)) (h2 Lf Lg).
(*END*)
(*WRONG*)
Theorem lip_concat n m k D f g Lf Lg : 0 <= Lf -> 0 <= Lg -> Lip n m D f Lf -> Lip n k D g Lg ->
  Lip n (m + k) D (fun x => vcat m (f x) (g x)) (Rmax Lf Lg).
(*END*)
Proof.
  intros H1 H2 Hf Hg x y Hx Hy. rewrite nrm_cat_sub.
  specialize (Hf x y Hx Hy). specialize (Hg x y Hx Hy).
  eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Hf|apply nrm_ge0|apply Hg]|].
  rewrite !(Rmult_comm _ (nrm n (vsub x y))), h2_scal by apply nrm_ge0. lra.
Qed.
