(** Batch normalization in train mode with a weight of norm one whose batch map
    grows like c^K: two channels, batches [U + t V, U - t V]. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts Norm Groups Layers Exact Explosion.
Open Scope R_scope.

Section Batch.
Variables (m : nat) (U W : vec) (c : R).
Hypothesis m_pos : (0 < m)%nat.
(** U, W: centred, orthogonal, of norm 1/sqrt 2 over the batch axis. *)
Hypothesis UU : dot m U U = 1 / 2.
Hypothesis WW : dot m W W = 1 / 2.
Hypothesis UW : dot m U W = 0.
Hypothesis cU : sm m U = 0.
Hypothesis cW : sm m W = 0.
Hypothesis c_ge1 : 1 <= c.

(** The channels of a batch: z and vdrop m z. The weight mixes the channels, eigenvalue 1/c on
    (1,1) and 1 on (1,-1). *)
Definition mix (z : vec) : vec :=
  vcat m (fun i => (/ c + 1) / 2 * z i + (/ c - 1) / 2 * vdrop m z i)
         (fun i => (/ c - 1) / 2 * z i + (/ c + 1) / 2 * vdrop m z i).
(** Batch normalization: each channel is centred and normalized over the batch axis. *)
Definition bn (z : vec) : vec := vcat m (LN m 0 z) (LN m 0 (vdrop m z)).
Definition fB (z : vec) : vec := bn (mix z).

Definition ub : vec := vcat m U U.
Definition vb : vec := vcat m W (vscal (-1) W).

Lemma dot_cat2 x y x' y' : dot (m + m) (vcat m x y) (vcat m x' y') = dot m x x' + dot m y y'.
Proof.
  unfold dot. rewrite sm_app. f_equal; apply sm_ext; intros i Hi; unfold vcat.
  - destruct (Nat.ltb_spec i m); [ring|lia].
  - destruct (Nat.ltb_spec (m + i) m); [lia|]. replace (m + i - m)%nat with i by lia. ring.
Qed.
Lemma sm_cat2 x y : sm (m + m) (vcat m x y) = sm m x + sm m y.
Proof.
  rewrite sm_app. f_equal; apply sm_ext; intros i Hi; unfold vcat.
  - destruct (Nat.ltb_spec i m); [ring|lia].
  - destruct (Nat.ltb_spec (m + i) m); [lia|]. f_equal; lia.
Qed.
Lemma ub1 : dot (m + m) ub ub = 1. Proof. unfold ub. rewrite dot_cat2, UU. lra. Qed.
Lemma vb1 : dot (m + m) vb vb = 1. Proof. unfold vb. rewrite dot_cat2, dot_scal_l, dot_scal_r, WW. lra. Qed.
Lemma uvb : dot (m + m) ub vb = 0. Proof. unfold ub, vb. rewrite dot_cat2, dot_scal_r, UW. lra. Qed.
Lemma cub : sm (m + m) ub = 0. Proof. unfold ub. rewrite sm_cat2, cU. lra. Qed.
Lemma cvb : sm (m + m) vb = 0. Proof. unfold vb. rewrite sm_cat2. unfold vscal. rewrite sm_scal, cW. lra. Qed.
Lemma mm_pos : (0 < m + m)%nat. Proof. lia. Qed.

(** The weight does not increase the norm. *)
Theorem mix_norm1 : Lip (m + m) (m + m) all mix 1.
Proof.
  intros x y _ _. rewrite Rmult_1_l. set (d := vsub x y).
  rewrite (nrm_ext (m + m) _ (mix d)).
  2:{ intros i _. unfold d, mix, vsub, vcat, vdrop. destruct (Nat.ltb i m); ring. }
  unfold mix. rewrite nrm_cat, (nrm_split m m d). unfold h2. apply sqrt_le_1_alt. rewrite !nrm_sq.
  unfold dot. rewrite <- !sm_plus. apply sm_le. intros i _.
  assert (Hc : 0 < / c <= 1).
  { split; [apply Rinv_0_lt_compat; lra|]. rewrite <- Rinv_1. apply Rinv_le_contravar; lra. }
  set (k := / c) in *. set (a := d i). set (b := vdrop m d i).
  replace (((k + 1) / 2 * a + (k - 1) / 2 * b) * ((k + 1) / 2 * a + (k - 1) / 2 * b) +
    ((k - 1) / 2 * a + (k + 1) / 2 * b) * ((k - 1) / 2 * a + (k + 1) / 2 * b))
    with ((k * k * ((a + b) * (a + b)) + (a - b) * (a - b)) / 2) by field.
  pose proof (Rle_0_sqr (a + b)) as SQ. unfold Rsqr in SQ.
  assert (k * k <= 1) by (apply Rle_trans with (1 * 1); [apply Rmult_le_compat; lra|lra]).
  assert (k * k * ((a + b) * (a + b)) <= 1 * ((a + b) * (a + b))) by (apply Rmult_le_compat_r; auto). lra.
Qed.

(** One channel: LN over the batch axis of A (U/c + t W). *)
Lemma channel_norm x A t i : 0 < A -> (i < m)%nat -> (forall j, (j < m)%nat -> x j = A * (U j / c + t * W j)) ->
  LN m 0 x i = sqrt (INR (m + m)) / sqrt (1 + c * t * (c * t)) * (U i + c * t * W i).
Proof.
  intros HA Hi Hx. pose proof (INR_pos m m_pos) as P.
  assert (Cs : sm m x = 0).
  { rewrite (sm_ext m x (fun j => A / c * U j + A * t * W j)) by (intros; rewrite Hx by auto; unfold Rdiv; ring).
    rewrite sm_plus, !sm_scal, cU, cW. ring. }
  assert (D : dot m x x = A / c * (A / c) * (1 + c * t * (c * t)) / 2).
  { rewrite (dot_ext m x x (vadd (vscal (A / c) U) (vscal (A * t) W)) (vadd (vscal (A / c) U) (vscal (A * t) W)))
      by (intros; rewrite Hx by auto; unfold vadd, vscal, Rdiv; ring).
    rewrite dot_add_l, !dot_add_r, !dot_scal_l, !dot_scal_r, (dot_sym m W U), UU, WW, UW. field. lra. }
  rewrite LN_centred by exact Cs. unfold N, vscal, qn, var. rewrite D, Rplus_0_r, Hx by auto.
  assert (P2 : INR (m + m) = 2 * INR m) by (rewrite plus_INR; ring).
  replace (A / c * (A / c) * (1 + c * t * (c * t)) / 2 / INR m)
    with (A / c * (A / c) * (1 + c * t * (c * t)) / INR (m + m)) by (rewrite P2; field; split; lra).
  assert (Ac : 0 < A / c) by (apply Rdiv_lt_0_compat; lra).
  assert (P3 : 0 < INR (m + m)) by lra.
  rewrite sqrt_div_alt, sqrt_mult_alt, sqrt_square by (try nra; lra).
  pose proof (r_pos (c * t)) as R1. assert (R2 : 0 < sqrt (INR (m + m))) by (apply sqrt_lt_R0; auto).
  field. repeat split; lra.
Qed.

(** One layer multiplies the amplitude t by c. *)
Lemma fB_step z t i : (i < m + m)%nat -> (forall j, (j < m + m)%nat -> z j = Q (m + m) ub vb t j) ->
  fB z i = Q (m + m) ub vb (c * t) i.
Proof.
  intros Hi Hz. set (A := sqrt (INR (m + m)) / sqrt (1 + t * t)).
  assert (HA : 0 < A).
  { apply Rdiv_lt_0_compat; [apply sqrt_lt_R0; apply (INR_pos (m + m)); lia|apply r_pos]. }
  assert (Z1 : forall j, (j < m)%nat -> z j = A * (U j + t * W j)).
  { intros j Hj. rewrite Hz by lia. unfold Q, vscal, vadd, ub, vb, vcat. destruct (Nat.ltb_spec j m); [reflexivity|lia]. }
  assert (Z2 : forall j, (j < m)%nat -> vdrop m z j = A * (U j - t * W j)).
  { intros j Hj. unfold vdrop. rewrite Hz by lia. unfold Q, vscal, vadd, ub, vb, vcat.
    destruct (Nat.ltb_spec (m + j) m); [lia|]. replace (m + j - m)%nat with j by lia. unfold vscal, A. ring. }
  assert (M1 : forall j, (j < m)%nat -> mix z j = A * (U j / c + t * W j)).
  { intros j Hj. unfold mix, vcat. destruct (Nat.ltb_spec j m); [|lia]. rewrite Z1, Z2 by auto. field. lra. }
  assert (M2 : forall j, (j < m)%nat -> vdrop m (mix z) j = A * (U j / c + - t * W j)).
  { intros j Hj. unfold vdrop at 1, mix, vcat. destruct (Nat.ltb_spec (m + j) m); [lia|].
    replace (m + j - m)%nat with j by lia. rewrite Z1, Z2 by auto. field. lra. }
  unfold fB, bn, Q, vscal, vadd, ub, vb, vcat. destruct (Nat.ltb_spec i m) as [h|h].
  - rewrite (channel_norm _ A t) by auto. ring.
  - rewrite (channel_norm _ A (- t)) by (auto; lia). unfold vscal.
    replace (c * - t * (c * - t)) with (c * t * (c * t)) by ring. ring.
Qed.

(** r_K = c^K r. *)
Theorem batch_amplitude K t i : (i < m + m)%nat ->
  iter K fB (Q (m + m) ub vb t) i = Q (m + m) ub vb (c ^ K * t) i.
Proof.
  revert i. induction K; intros i Hi; simpl; [rewrite Rmult_1_l; reflexivity|].
  replace (c * c ^ K * t) with (c * (c ^ K * t)) by ring. apply fB_step; auto.
Qed.

(** The batch map has constant exactly c^K on these batches. *)
Theorem batch_explosion K : LipExact (m + m) (m + m) (circle (m + m) ub vb) (iter K fB) (c ^ K).
Proof.
  destruct (explosion_exact (m + m) ub vb c mm_pos ub1 vb1 uvb cub cvb c_ge1 K) as [E1 E2].
  assert (EQ : forall k x t, (forall i, (i < m + m)%nat -> x i = Q (m + m) ub vb t i) ->
     forall i, (i < m + m)%nat -> iter k fB x i = Q (m + m) ub vb (c ^ k * t) i /\
       iter k (fE (m + m) ub vb c) x i = Q (m + m) ub vb (c ^ k * t) i).
  { induction k; intros x t Hx i Hi; simpl; [rewrite Rmult_1_l; auto|].
    replace (c * c ^ k * t) with (c * (c ^ k * t)) by ring. split.
    - apply fB_step; auto. intros j Hj. apply (IHk x t Hx j Hj).
    - apply (fE_tangent (m + m) ub vb c mm_pos ub1 vb1 uvb cub cvb c_ge1 _
        (sqrt (INR (m + m)) / sqrt (1 + c ^ k * t * (c ^ k * t)))); auto.
      + apply Rdiv_lt_0_compat; [apply sqrt_lt_R0; apply (INR_pos (m + m)); lia|apply r_pos].
      + intros j Hj. apply (IHk x t Hx j Hj). }
  assert (EN : forall x y, circle (m + m) ub vb x -> circle (m + m) ub vb y ->
    nrm (m + m) (vsub (iter K fB x) (iter K fB y)) = nrm (m + m) (vsub (iter K (fE (m + m) ub vb c) x) (iter K (fE (m + m) ub vb c) y))).
  { intros x y [t Ht] [t' Ht']. apply nrm_ext. intros i Hi. unfold vsub.
    destruct (EQ K x t Ht i Hi) as [-> ->]. destruct (EQ K y t' Ht' i Hi) as [-> ->]. reflexivity. }
  split.
  - intros x y Hx Hy. rewrite EN by auto. apply E1; auto.
  - intros L' H. apply E2. intros x y Hx Hy. rewrite <- EN by auto. apply H; auto.
Qed.
End Batch.

(** ** The map bn is batch normalization in train mode of the general contract *)
Definition ch2 (m i : nat) : nat := if Nat.ltb i m then 0%nat else 1%nat.

Lemma sm_halves m (h : nat -> R) : sm (m + m) h = sm m h + sm m (fun i => h (m + i)%nat).
Proof. apply sm_app. Qed.
Lemma mask_lo m z i : (i < m)%nat -> mask (ch2 m) 0 z i = z i /\ mask (ch2 m) 1 z i = 0.
Proof. intros H. unfold mask, ch2. destruct (Nat.ltb_spec i m); [split; reflexivity|lia]. Qed.
Lemma mask_hi m z i : mask (ch2 m) 0 z (m + i)%nat = 0 /\ mask (ch2 m) 1 z (m + i)%nat = vdrop m z i.
Proof. unfold mask, ch2, vdrop. destruct (Nat.ltb_spec (m + i) m); [lia|split; reflexivity]. Qed.

Lemma sm_mask m z : sm (m + m) (mask (ch2 m) 0 z) = sm m z /\ sm (m + m) (mask (ch2 m) 1 z) = sm m (vdrop m z).
Proof.
  rewrite !sm_halves. split.
  - rewrite (sm_ext m (mask (ch2 m) 0 z) z) by (intros; apply mask_lo; auto).
    rewrite (sm_ext m (fun i => mask (ch2 m) 0 z (m + i)%nat) (fun _ => 0)), sm_0 by (intros; apply mask_hi). ring.
  - rewrite (sm_ext m (mask (ch2 m) 1 z) (fun _ => 0)), sm_0 by (intros; apply mask_lo; auto).
    rewrite (sm_ext m (fun i => mask (ch2 m) 1 z (m + i)%nat) (vdrop m z)) by (intros; apply mask_hi). ring.
Qed.
Lemma cnt_half m g : (g < 2)%nat -> cnt (m + m) (ch2 m) g = INR m.
Proof.
  intros Hg. unfold cnt. destruct (sm_mask m (fun _ => 1)) as [A B].
  assert (E : sm m (fun _ => 1) = INR m) by (rewrite sm_const; ring).
  destruct g as [|[|g]]; [rewrite A; exact E|rewrite B; unfold vdrop; exact E|lia].
Qed.
Lemma dot_mask m z : dot (m + m) (mask (ch2 m) 0 z) (mask (ch2 m) 0 z) = dot m z z /\
  dot (m + m) (mask (ch2 m) 1 z) (mask (ch2 m) 1 z) = dot m (vdrop m z) (vdrop m z).
Proof.
  destruct (sm_mask m (fun i => z i * z i)) as [A B]. split.
  - unfold dot. rewrite <- A. apply sm_ext. intros i _. unfold mask. destruct (Nat.eqb (ch2 m i) 0); ring.
  - unfold dot. change (fun i => vdrop m z i * vdrop m z i) with (vdrop m (fun i => z i * z i)).
    rewrite <- B. apply sm_ext. intros i _. unfold mask. destruct (Nat.eqb (ch2 m i) 1); ring.
Qed.

Theorem bn_is_batch_norm m z i : (0 < m)%nat -> (i < m + m)%nat ->
  bn m z i = BNt (m + m) (ch2 m) 0 (fun _ => 1) (fun _ => 0) z i.
Proof.
  intros Hm Hi. destruct (sm_mask m z) as [S0 S1].
  assert (C0 : forall j, (j < m)%nat -> CG (m + m) (ch2 m) z j = C m z j).
  { intros j Hj. unfold CG, gmean, C, mean. replace (ch2 m j) with 0%nat by (unfold ch2; destruct (Nat.ltb_spec j m); [auto|lia]).
    rewrite S0, cnt_half by lia. reflexivity. }
  assert (C1 : forall j, vdrop m (CG (m + m) (ch2 m) z) j = C m (vdrop m z) j).
  { intros j. unfold vdrop at 1, CG, gmean, C, mean.
    replace (ch2 m (m + j)) with 1%nat by (unfold ch2; destruct (Nat.ltb_spec (m + j) m); [lia|auto]).
    rewrite S1, cnt_half by lia. reflexivity. }
  destruct (dot_mask m (CG (m + m) (ch2 m) z)) as [D0 D1].
  unfold BNt, NC, NG, bn, vcat, LN, N, vscal, qn, var. destruct (Nat.ltb_spec i m) as [h|h].
  - replace (ch2 m i) with 0%nat by (unfold ch2; destruct (Nat.ltb_spec i m); [auto|lia]).
    rewrite D0, cnt_half by lia. rewrite (dot_ext m (CG (m + m) (ch2 m) z) (CG (m + m) (ch2 m) z) (C m z) (C m z)) by auto.
    rewrite (proj1 (mask_lo m _ i h)), C0 by auto. ring.
  - replace (ch2 m i) with 1%nat by (unfold ch2; destruct (Nat.ltb_spec i m); [lia|auto]).
    rewrite D1, cnt_half by lia. rewrite (dot_ext m (vdrop m (CG (m + m) (ch2 m) z)) (vdrop m (CG (m + m) (ch2 m) z)) (C m (vdrop m z)) (C m (vdrop m z))) by auto.
    replace i with (m + (i - m))%nat at 2 by lia. rewrite (proj2 (mask_hi m _ (i - m))), C1. ring.
Qed.
