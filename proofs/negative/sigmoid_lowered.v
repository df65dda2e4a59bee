(** Wrong on purpose: the constant 1/4 lowered to 1/5.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem act_sigmoid : act_ok sigmoid (1 / 4) (1 / 2) (1 / 4).
(*END*)
(*WRONG*)
Theorem act_sigmoid : act_ok sigmoid (1 / 5) (1 / 2) (1 / 5).
(*END*)
Proof.
  assert (H : forall a b, Rabs (sigmoid a - sigmoid b) <= 1 / 4 * Rabs (a - b)).
  { apply (mvt_lip_all sigmoid (fun c => sigmoid c * (1 - sigmoid c))).
    - apply sigmoid_deriv.
    - intros c. pose proof (sigmoid_range c) as Q. pose proof (Rle_0_sqr (sigmoid c - 1 / 2)) as Q'.
      unfold Rsqr in Q'. rewrite Rabs_pos_eq; [lra|]. apply Rmult_le_pos; lra. }
  pose proof (act_of_lip sigmoid (1 / 4) ltac:(lra) H) as Q.
  replace (Rabs (sigmoid 0)) with (1 / 2) in Q; [exact Q|].
  unfold sigmoid. rewrite Ropp_0, exp_0, Rabs_pos_eq; lra.
Qed.
