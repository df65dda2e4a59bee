(** The positive part of a centred output: between 1 and sqrt(n-1). *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts Norm.
Open Scope R_scope.

Lemma sq_sum_le n (p : vec) : (forall i, 0 <= p i) -> dot n p p <= sm n p * sm n p.
Proof.
  intros H. unfold dot. induction n; simpl; [lra|].
  assert (0 <= sm n p) by (apply sm_ge0; auto). specialize (H n).
  assert (0 <= sm n p * p n) by (apply Rmult_le_pos; auto). nra.
Qed.

Lemma nonpos_entry n (z : vec) : (0 < n)%nat -> sm n z = 0 -> exists j, (j < n)%nat /\ z j <= 0.
Proof.
  intros Hn E. assert (D : (exists j, (j < n)%nat /\ z j <= 0) \/ (forall j, (j < n)%nat -> 0 < z j)).
  { clear E Hn. induction n; [right; intros; lia|]. destruct IHn as [(j & Hj & Hz)|H].
    - left. exists j. split; [lia|auto].
    - destruct (Rle_dec (z n) 0) as [h|h]; [left; exists n; split; [lia|auto]|].
      right. intros j Hj. destruct (Nat.eq_dec j n) as [->|N]; [lra|apply H; lia]. }
  destruct D as [D|D]; auto. exfalso.
  pose proof (sm_term n z 0 (fun j Hj => Rlt_le _ _ (D j Hj)) Hn). specialize (D 0%nat Hn). lra.
Qed.

(** The sum of a nonnegative vector with a zero entry. *)
Lemma sum_zero_entry n (p : vec) j : (j < n)%nat -> p j = 0 -> sm n p * sm n p <= (INR n - 1) * dot n p p.
Proof.
  intros Hj E. set (o := (fun i => if Nat.eqb i j then 0 else 1) : vec).
  assert (Eo : dot n o o = INR n - 1).
  { unfold dot. rewrite (sm_ext n _ (fun i => 1 - (if Nat.eqb i j then 1 else 0))).
    - rewrite sm_minus, sm_const, sm_delta by auto. ring.
    - intros i _. unfold o. destruct (Nat.eqb i j); ring. }
  assert (Es : dot n o p = sm n p).
  { unfold dot. apply sm_ext. intros i _. unfold o. destruct (Nat.eqb_spec i j); subst; lra. }
  rewrite <- Eo, <- Es. apply cauchy_schwarz_sq.
Qed.

Definition pos (z : vec) : vec := ew relu z.
Definition neg (z : vec) : vec := fun i => relu (- z i).

Lemma relu_ge0 a : 0 <= relu a.
Proof. unfold relu. apply Rmax_r. Qed.
Lemma relu_split a : a = relu a - relu (- a) /\ relu a * relu (- a) = 0.
Proof. unfold relu, Rmax. repeat destruct (Rle_dec _ _); split; try lra; nra. Qed.

Lemma relu_sq_split a : a * a = relu a * relu a + relu (- a) * relu (- a).
Proof. unfold relu, Rmax. repeat destruct (Rle_dec _ _); try lra; assert (a = 0) by lra; subst; lra. Qed.

Lemma pos_part_lower n z : (0 < n)%nat -> sm n z = 0 -> dot n z z <= INR n * dot n (pos z) (pos z).
Proof.
  intros Hn E. destruct (nonpos_entry n z Hn E) as (j & Hj & Hz).
  assert (Ez : sm n (pos z) = sm n (neg z)).
  { assert (sm n z = sm n (pos z) - sm n (neg z)); [|lra]. rewrite <- sm_minus. apply sm_ext.
    intros i _. unfold pos, neg, ew. apply relu_split. }
  assert (Ed : dot n z z = dot n (pos z) (pos z) + dot n (neg z) (neg z)).
  { unfold dot. rewrite <- sm_plus. apply sm_ext. intros i _. unfold pos, neg, ew.
    apply relu_sq_split. }
  assert (P0 : pos z j = 0) by (unfold pos, ew, relu; rewrite Rmax_right; auto).
  pose proof (sum_zero_entry n (pos z) j Hj P0) as Q1.
  pose proof (sq_sum_le n (neg z) (fun i => relu_ge0 _)) as Q2. rewrite <- Ez in Q2. lra.
Qed.

Theorem relu_after_LN n x : (0 < n)%nat -> 0 < V n x ->
  1 <= nrm n (ew relu (LN n 0 x)) <= sqrt (INR n - 1).
Proof.
  intros Hn Hv. pose proof (INR_pos n Hn) as P. set (z := LN n 0 x).
  assert (Sz : sm n z = 0) by (apply sm_LN; auto).
  assert (Dz : dot n z z = INR n).
  { unfold z, LN. pose proof (N_output n (INR n) 0 (C n x) P (Rle_refl 0)) as Q. fold (V n x) in Q.
    rewrite Q by lra. field. lra. }
  assert (L1 : 1 <= dot n (pos z) (pos z)).
  { pose proof (pos_part_lower n z Hn Sz) as Q. rewrite Dz in Q. apply (Rmult_le_reg_l (INR n)); auto. lra. }
  assert (L2 : 1 <= dot n (neg z) (neg z)).
  { pose proof (pos_part_lower n (vscal (-1) z) Hn) as Q.
    rewrite (dot_ext n (pos (vscal (-1) z)) (pos (vscal (-1) z)) (neg z) (neg z)) in Q
      by (intros; unfold pos, ew, neg, vscal; f_equal; ring).
    rewrite dot_scal_l, dot_scal_r, Dz in Q.
    assert (sm n (vscal (-1) z) = 0) by (unfold vscal; rewrite sm_scal, Sz; ring).
    specialize (Q H). apply (Rmult_le_reg_l (INR n)); auto. lra. }
  assert (Ed : dot n z z = dot n (pos z) (pos z) + dot n (neg z) (neg z)).
  { unfold dot. rewrite <- sm_plus. apply sm_ext. intros i _. unfold pos, neg, ew.
    apply relu_sq_split. }
  split.
  - change (1 <= sqrt (dot n (pos z) (pos z))). apply sqrt_ge_of_sq; lra.
  - change (sqrt (dot n (pos z) (pos z)) <= sqrt (INR n - 1)). apply sqrt_le_1_alt. lra.
Qed.
