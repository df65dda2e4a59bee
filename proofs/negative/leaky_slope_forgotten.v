(** Wrong on purpose: the slope forgotten in max(1,|s|).
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem act_leaky s : act_ok (leaky s) (Rmax 1 (Rabs s)) 0 (Rmax 1 (Rabs s)).
(*END*)
(*WRONG*)
Theorem act_leaky s : act_ok (leaky s) 1 0 1.
(*END*)
Proof.
  set (M := Rmax 1 (Rabs s)).
  assert (M1 : 1 <= M) by apply Rmax_l. assert (M2 : Rabs s <= M) by apply Rmax_r.
  assert (Hs : - M <= s <= M) by (revert M2; abs_cases; lra).
  assert (H : forall a b, Rabs (leaky s a - leaky s b) <= M * Rabs (a - b)).
  { assert (W : forall a b, a <= b -> Rabs (leaky s b - leaky s a) <= M * (b - a)).
    { intros a b Hab. unfold leaky. apply Rabs_le.
      destruct (Rle_dec 0 b), (Rle_dec 0 a); split; nra. }
    intros a b. destruct (Rle_dec a b).
    - rewrite (Rabs_minus_sym a b), (Rabs_pos_eq (b - a)), Rabs_minus_sym by lra. apply W; auto.
    - rewrite (Rabs_pos_eq (a - b)) by lra. apply W; lra. }
  assert (E : leaky s 0 = 0) by (unfold leaky; destruct (Rle_dec 0 0); lra).
  pose proof (act_of_lip (leaky s) M ltac:(lra) H) as Q. rewrite E, Rabs_R0 in Q. exact Q.
Qed.
