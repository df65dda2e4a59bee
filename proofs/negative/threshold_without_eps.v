(** Wrong on purpose: epsilon dropped from the threshold.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts Norm Groups Layers Reduction.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem threshold z : 0 < z_s z * z_s z + z_e z -> 0 <= z_g z ->
  (z_r z < 1 <-> z_g z * z_g z - z_e z < z_s z * z_s z).
(*END*)
(*WRONG*)
Theorem threshold z : 0 < z_s z * z_s z + z_e z -> 0 <= z_g z ->
  (z_r z < 1 <-> z_g z * z_g z < z_s z * z_s z).
(*END*)
Proof.
  intros Hp Hg. unfold z_r. set (q := sqrt (z_s z * z_s z + z_e z)).
  assert (Hq : 0 < q) by (apply sqrt_lt_R0; auto).
  assert (Eq : q * q = z_s z * z_s z + z_e z) by (apply sqrt_sqrt; lra).
  split; intros H.
  - assert (z_g z < q). { apply Rmult_lt_compat_r with (r := q) in H; auto. rewrite Rmult_assoc, Rinv_l in H; lra. }
    nra.
  - assert (z_g z < q) by nra. apply (Rmult_lt_reg_r q); auto. rewrite Rmult_assoc, Rinv_l; lra.
Qed.
