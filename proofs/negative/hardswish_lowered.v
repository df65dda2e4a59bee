(** Wrong on purpose: the constant 3/2 lowered to 7/5.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem act_hardswish : act_ok hardswish (3 / 2) 0 1.
(*END*)
(*WRONG*)
Theorem act_hardswish : act_ok hardswish (7 / 5) 0 1.
(*END*)
Proof.
  assert (W : forall a b, a <= b -> Rabs (hardswish b - hardswish a) <= 3 / 2 * (b - a)).
  { intros a b H. unfold hardswish, hardsigmoid, hardtanh, Rmax, Rmin. apply Rabs_le.
    repeat destruct (Rle_dec _ _); split; try lra; try nra. }
  split; [lra|split].
  - intros a b. destruct (Rle_dec a b).
    + rewrite (Rabs_minus_sym a b), (Rabs_pos_eq (b - a)), Rabs_minus_sym by lra. apply W; auto.
    + rewrite (Rabs_pos_eq (a - b)) by lra. apply W; lra.
  - intros a. unfold hardswish. rewrite Rabs_mult, Rplus_0_l, Rmult_comm.
    apply Rmult_le_compat_r; [apply Rabs_pos|].
    unfold hardsigmoid. pose proof (hardtanh_range 0 6 (a + 3) ltac:(lra)). apply Rabs_le. lra.
Qed.
