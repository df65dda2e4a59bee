(** Wrong on purpose: the sup bound sqrt(n-1) lowered to sqrt(n-2).
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Norm.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem LN_sup n e x i : (0 < n)%nat -> 0 <= e -> 0 < V n x + e -> (i < n)%nat ->
  Rabs (LN n e x i) <= sqrt (INR n - 1).
(*END*)
(*WRONG*)
Theorem LN_sup n e x i : (0 < n)%nat -> 0 <= e -> 0 < V n x + e -> (i < n)%nat ->
  Rabs (LN n e x i) <= sqrt (INR n - 2).
(*END*)
Proof.
  intros Hn He Hv Hi. pose proof (INR_pos n Hn) as Hp.
  assert (H1 : 1 <= INR n) by (change 1 with (INR 1); apply le_INR; lia).
  pose proof (centred_coord n (LN n e x) i (sm_LN n e x Hn) Hi) as Q.
  pose proof (LN_bound n e x Hn He Hv) as B.
  assert (Q2 : dot n (LN n e x) (LN n e x) <= INR n).
  { rewrite <- nrm_sq, <- (sqrt_sqrt (INR n)) by lra. pose proof (nrm_ge0 n (LN n e x)).
    apply Rmult_le_compat; auto. }
  rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. unfold Rsqr.
  assert (Q3 : (INR n - 1) * dot n (LN n e x) (LN n e x) <= (INR n - 1) * INR n) by (apply Rmult_le_compat_l; lra).
  apply (Rmult_le_reg_l (INR n)); auto. lra.
Qed.
