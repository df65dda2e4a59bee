(** Explosion families: normalization with weights of norm one whose constant
    grows like c^K, while the network without normalization has constant 1. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Acts Norm Groups Layers Exact.
Open Scope R_scope.

Section LNExplosion.
Variables (n : nat) (u v : vec) (c : R).
Hypothesis n_pos : (0 < n)%nat.
Hypothesis uu : dot n u u = 1.
Hypothesis vv : dot n v v = 1.
Hypothesis uv : dot n u v = 0.
Hypothesis cu : sm n u = 0.
Hypothesis cv : sm n v = 0.
Hypothesis c_ge1 : 1 <= c.

(** W = u u^T / c + v v^T. *)
Definition We : mat := fun i j => u i * u j / c + v i * v j.
Lemma mv_We x i : mv n We x i = dot n u x / c * u i + dot n v x * v i.
Proof.
  unfold mv, We, dot.
  rewrite (sm_ext n _ (fun j => u i / c * (u j * x j) + v i * (v j * x j))) by (intros; unfold Rdiv; ring).
  rewrite sm_plus, !sm_scal. unfold Rdiv. ring.
Qed.

Lemma We_sq x : dot n (mv n We x) (mv n We x) = dot n u x * dot n u x / (c * c) + dot n v x * dot n v x.
Proof.
  rewrite (dot_ext n (mv n We x) (mv n We x) (vadd (vscal (dot n u x / c) u) (vscal (dot n v x) v))
    (vadd (vscal (dot n u x / c) u) (vscal (dot n v x) v))) by (intros; apply mv_We).
  rewrite dot_add_l, !dot_add_r, !dot_scal_l, !dot_scal_r, (dot_sym n v u), uu, vv, uv. field. lra.
Qed.

(** Bessel's inequality for the pair u, v. *)
Lemma bessel x : dot n u x * dot n u x + dot n v x * dot n v x <= dot n x x.
Proof.
  pose proof (dot_self_ge0 n (vsub x (vadd (vscal (dot n u x) u) (vscal (dot n v x) v)))) as Q.
  rewrite dot_diff, !dot_add_l, !dot_add_r, !dot_scal_l, !dot_scal_r, (dot_sym n v u), uu, vv, uv, (dot_sym n x u), (dot_sym n x v) in Q.
  lra.
Qed.

Lemma We_norm1 : opn n n We 1.
Proof.
  intros x. rewrite Rmult_1_l. apply sqrt_le_1_alt. rewrite We_sq. pose proof (bessel x).
  assert (dot n u x * dot n u x / (c * c) <= dot n u x * dot n u x); [|lra].
  assert (0 <= dot n u x * dot n u x) by nra.
  assert (Hcc : 1 <= c * c) by nra.
  apply (Rmult_le_reg_r (c * c)); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.
Lemma nrm_v1 : nrm n v = 1. Proof. unfold nrm. rewrite vv. apply sqrt_1. Qed.
(** The norm of W is exactly 1. *)
Theorem We_norm_exact : LipExact n n all (mv n We) 1.
Proof.
  split.
  - intros x y _ _. rewrite (nrm_ext n _ (mv n We (vsub x y))) by (intros; unfold vsub at 1; rewrite mv_sub; reflexivity).
    apply We_norm1.
  - intros L' H. specialize (H v v0 I I).
    assert (Nv : nrm n (vsub v v0) = 1) by (rewrite <- nrm_v1; apply nrm_ext; intros; unfold vsub, v0; ring).
    rewrite Nv, Rmult_1_r in H. eapply Rle_trans; [|exact H].
    rewrite (nrm_ext n _ v); [rewrite nrm_v1; lra|]. intros i _. unfold vsub. rewrite !mv_We.
    rewrite vv, uv. unfold dot, v0. rewrite !(sm_ext n (fun i => _ * 0) (fun _ => 0)), sm_0 by (intros; ring). field. lra.
Qed.
(** Without normalization the constant is 1 at every depth. *)
Theorem explosion_unnormalized K : LipExact n n all (iter K (mv n We)) 1.
Proof.
  split.
  - rewrite <- (pow1 K). apply lip_iter; [lra|intros; exact I|apply We_norm_exact].
  - intros L' H. specialize (H v v0 I I).
    assert (Nv : nrm n (vsub v v0) = 1) by (rewrite <- nrm_v1; apply nrm_ext; intros; unfold vsub, v0; ring).
    rewrite Nv, Rmult_1_r in H. eapply Rle_trans; [|exact H].
    assert (U0 : forall w, dot n w v0 = 0).
    { intros w. unfold dot, v0. rewrite (sm_ext n _ (fun _ => 0)), sm_0 by (intros; ring). reflexivity. }
    assert (E : forall k i, (i < n)%nat -> iter k (mv n We) v i = v i /\ iter k (mv n We) v0 i = 0).
    { induction k; intros i Hi; [split; reflexivity|]. simpl. rewrite !mv_We.
      rewrite (dot_ext n u (iter k (mv n We) v) u v), (dot_ext n v (iter k (mv n We) v) v v) by (intros; try reflexivity; apply IHk; auto).
      rewrite (dot_ext n u (iter k (mv n We) v0) u v0), (dot_ext n v (iter k (mv n We) v0) v v0) by (intros; try reflexivity; apply IHk; auto).
      rewrite uv, vv, !U0. split; field; lra. }
    rewrite (nrm_ext n _ v); [rewrite nrm_v1; lra|]. intros i Hi. unfold vsub.
    destruct (E K i Hi) as [-> ->]. ring.
Qed.

(** The circle of radius sqrt(d): the point with tangent t. *)
Definition Q (t : R) : vec := vscal (sqrt (INR n) / sqrt (1 + t * t)) (vadd u (vscal t v)).
Definition fE (x : vec) : vec := LN n 0 (mv n We x).

Lemma nI : 0 < INR n. Proof. apply INR_pos; auto. Qed.
Lemma r_pos t : 0 < sqrt (1 + t * t). Proof. apply sqrt_lt_R0; nra. Qed.
Lemma dot_uQ t : dot n u (Q t) = sqrt (INR n) / sqrt (1 + t * t).
Proof. unfold Q. rewrite dot_scal_r, dot_add_r, dot_scal_r, uu, uv. ring. Qed.
Lemma dot_vQ t : dot n v (Q t) = sqrt (INR n) / sqrt (1 + t * t) * t.
Proof. unfold Q. rewrite dot_scal_r, dot_add_r, dot_scal_r, (dot_sym n v u), uv, vv. ring. Qed.

(** The point with angle theta. *)
Theorem circle_angle th i : 0 < cos th ->
  Q (tan th) i = sqrt (INR n) * (cos th * u i + sin th * v i).
Proof.
  intros H. assert (E : sqrt (1 + tan th * tan th) = / cos th).
  { pose proof (sin2_cos2 th) as S. unfold Rsqr in S.
    replace (1 + tan th * tan th) with (/ cos th * / cos th).
    - apply sqrt_square. apply Rlt_le, Rinv_0_lt_compat; auto.
    - unfold tan. apply (Rmult_eq_reg_r (cos th * cos th)); [|nra].
      field_simplify; [nra|lra|lra]. }
  unfold Q, vscal, vadd. rewrite E. unfold tan. field. lra.
Qed.

(** One layer multiplies the tangent by c. *)
Lemma fE_tangent x A t i : 0 < A -> (i < n)%nat ->
  (forall j, (j < n)%nat -> x j = A * (u j + t * v j)) -> fE x i = Q (c * t) i.
Proof.
  intros HA Hi Hx.
  assert (Du : dot n u x = A).
  { rewrite (dot_ext n u x u (vscal A (vadd u (vscal t v)))) by (intros; try reflexivity; apply Hx; auto).
    rewrite dot_scal_r, dot_add_r, dot_scal_r, uu, uv. ring. }
  assert (Dv : dot n v x = A * t).
  { rewrite (dot_ext n v x v (vscal A (vadd u (vscal t v)))) by (intros; try reflexivity; apply Hx; auto).
    rewrite dot_scal_r, dot_add_r, dot_scal_r, (dot_sym n v u), uv, vv. ring. }
  assert (Cs : sm n (mv n We x) = 0).
  { rewrite (sm_ext n _ (fun i => dot n u x / c * u i + dot n v x * v i)) by (intros; apply mv_We).
    rewrite sm_plus, !sm_scal, cu, cv. ring. }
  unfold fE. rewrite LN_centred by exact Cs. unfold N, vscal, qn, var.
  rewrite We_sq, Du, Dv, mv_We, Du, Dv, Rplus_0_r.
  replace ((A * A / (c * c) + A * t * (A * t)) / INR n) with ((A / c) * (A / c) * (1 + c * t * (c * t)) / INR n)
    by (pose proof nI; field; repeat split; lra).
  pose proof nI as P. assert (Ac : 0 < A / c) by (apply Rdiv_lt_0_compat; lra).
  rewrite sqrt_div_alt, sqrt_mult_alt, sqrt_square by (try nra; lra).
  pose proof (r_pos (c * t)) as R1. assert (R2 : 0 < sqrt (INR n)) by (apply sqrt_lt_R0; auto).
  unfold Q, vscal, vadd. field. repeat split; lra.
Qed.

(** tan theta_K = c^K tan theta_0. *)
Theorem explosion_tangent K t i : (i < n)%nat -> iter K fE (Q t) i = Q (c ^ K * t) i.
Proof.
  revert i. induction K; intros i Hi; simpl; [rewrite Rmult_1_l; reflexivity|].
  replace (c * c ^ K * t) with (c * (c ^ K * t)) by ring.
  apply (fE_tangent _ (sqrt (INR n) / sqrt (1 + (c ^ K * t) * (c ^ K * t)))); auto.
  apply Rdiv_lt_0_compat; [apply sqrt_lt_R0, nI|apply r_pos].
Qed.

(** Every variance along the circle is at least 1/c^2. *)
Theorem explosion_floor t : / c * / c <= V n (mv n We (Q t)).
Proof.
  assert (Cs : sm n (mv n We (Q t)) = 0).
  { rewrite (sm_ext n _ (fun i => dot n u (Q t) / c * u i + dot n v (Q t) * v i)) by (intros; apply mv_We).
    rewrite sm_plus, !sm_scal, cu, cv. ring. }
  rewrite V_centred by auto. unfold var. rewrite We_sq, dot_uQ, dot_vQ.
  pose proof nI as P. pose proof (r_pos t) as R1.
  assert (S1 : sqrt (1 + t * t) * sqrt (1 + t * t) = 1 + t * t) by (apply sqrt_sqrt; nra).
  assert (S2 : sqrt (INR n) * sqrt (INR n) = INR n) by (apply sqrt_sqrt; lra).
  replace ((sqrt (INR n) / sqrt (1 + t * t) * (sqrt (INR n) / sqrt (1 + t * t)) / (c * c) +
    sqrt (INR n) / sqrt (1 + t * t) * t * (sqrt (INR n) / sqrt (1 + t * t) * t)) / INR n)
    with ((sqrt (INR n) * sqrt (INR n)) / (sqrt (1 + t * t) * sqrt (1 + t * t)) * (/ (c * c) + t * t) / INR n)
    by (field; repeat split; lra).
  rewrite S1, S2. replace (INR n / (1 + t * t) * (/ (c * c) + t * t) / INR n) with ((/ (c * c) + t * t) / (1 + t * t))
    by (field; pose proof nI; assert (0 < 1 + t * t) by nra; repeat split; try lra; nra).
  assert (Ht : 0 < 1 + t * t) by nra.
  rewrite <- Rinv_mult. apply (Rmult_le_reg_r (1 + t * t)); [lra|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. rewrite Rmult_1_r, Rmult_plus_distr_l, Rmult_1_r.
  apply Rplus_le_compat_l. assert (/ (c * c) <= 1).
  { rewrite <- Rinv_1. apply Rinv_le_contravar; nra. }
  assert (0 <= t * t) by nra. nra.
Qed.

Definition circle (x : vec) : Prop := exists t, forall i, (i < n)%nat -> x i = Q t i.

Lemma circle_step x : circle x -> circle (fE x).
Proof.
  intros [t Ht]. exists (c * t). intros i Hi.
  apply (fE_tangent x (sqrt (INR n) / sqrt (1 + t * t))); auto.
  apply Rdiv_lt_0_compat; [apply sqrt_lt_R0, nI|apply r_pos].
Qed.

Lemma fE_lip_circle : Lip n n circle fE c.
Proof.
  assert (Hc : 0 < / c) by (apply Rinv_0_lt_compat; lra).
  assert (F : forall x, circle x -> / c * / c <= V n (mv n We x)).
  { intros x [t Ht]. pose proof (explosion_floor t) as F.
    replace (V n (mv n We x)) with (V n (mv n We (Q t))); auto.
    assert (E : forall i, mv n We (Q t) i = mv n We x i).
    { intros i. unfold mv. apply dot_ext; auto. intros; symmetry; auto. }
    unfold V, var. f_equal. assert (E2 : forall i, C n (mv n We (Q t)) i = C n (mv n We x) i).
    { intros i. unfold C, mean. rewrite E. do 2 f_equal. apply sm_ext; auto. }
    apply dot_ext; auto. }
  intros x y Hx Hy. pose proof (LN_floor n 0 (/ c) n_pos ltac:(lra) ltac:(nra) (mv n We x) (mv n We y) (F x Hx) (F y Hy)) as L.
  rewrite Rplus_0_r, sqrt_square, Rinv_inv in L by lra. eapply Rle_trans; [apply L|].
  apply Rmult_le_compat_l; [lra|]. pose proof (proj1 We_norm_exact x y I I). lra.
Qed.

(** The normalized network has constant exactly c^K on the circle: the certificate is attained. *)
Theorem explosion_exact K : LipExact n n circle (iter K fE) (c ^ K).
Proof.
  split.
  - apply lip_iter; [lra|apply circle_step|apply fE_lip_circle].
  - intros L' HL. apply (slope_limit _ (c ^ K * c ^ K)); [apply pow_le; lra|assert (0 <= c ^ K) by (apply pow_le; lra); nra|].
    intros t Ht. specialize (HL (Q t) (Q 0) ltac:(exists t; auto) ltac:(exists 0; auto)).
    pose proof nI as P. assert (R2 : 0 < sqrt (INR n)) by (apply sqrt_lt_R0; auto).
    assert (U : nrm n (vsub (Q t) (Q 0)) <= sqrt (INR n) * t).
    { pose proof (r_pos t) as R1. assert (S1 : sqrt (1 + t * t) * sqrt (1 + t * t) = 1 + t * t) by (apply sqrt_sqrt; nra).
      apply nrm_le_of_sq; [nra|]. set (r := sqrt (1 + t * t)) in *.
      rewrite (dot_ext n _ _ (vscal (sqrt (INR n)) (vadd (vscal (/ r - 1) u) (vscal (t / r) v)))
        (vscal (sqrt (INR n)) (vadd (vscal (/ r - 1) u) (vscal (t / r) v)))).
      2,3: intros i _; unfold vsub, Q, vscal, vadd; fold r; rewrite Rmult_0_l, Rplus_0_r, sqrt_1; field; lra.
      rewrite dot_scal_l, dot_scal_r, dot_add_l, !dot_add_r, !dot_scal_l, !dot_scal_r, (dot_sym n v u), uu, vv, uv.
      replace (sqrt (INR n) * t * (sqrt (INR n) * t)) with (sqrt (INR n) * (sqrt (INR n) * (t * t))) by ring.
      apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra|].
      replace ((/ r - 1) * ((/ r - 1) * 1) + (/ r - 1) * (t / r * 0) + (t / r * ((/ r - 1) * 0) + t / r * (t / r * 1)))
        with ((1 + t * t) * (/ r * / r) + 1 - 2 * / r) by (unfold Rdiv; ring).
      rewrite <- S1 at 1. replace (r * r * (/ r * / r)) with 1 by (field; lra).
      assert (r <= 1 + t * t / 2) by (apply sq_le_compat; nra).
      assert (Hi : r * / r = 1) by (apply Rinv_r; lra).
      assert (0 < / r) by (apply Rinv_0_lt_compat; auto).
      assert (r >= 1) by (apply Rle_ge, sq_le_compat; nra).
      assert (/ r <= 1) by nra. nra. }
    assert (HL0 : 0 <= L').
    { apply Rnot_lt_le. intros Z. pose proof (nrm_ge0 n (vsub (iter K fE (Q t)) (iter K fE (Q 0)))) as N0.
      assert (0 < nrm n (vsub (Q t) (Q 0))).
      { assert (Y : 0 < dot n v (vsub (Q t) (Q 0))).
        { rewrite dot_sub_r, !dot_vQ, Rmult_0_r, Rminus_0_r. apply Rmult_lt_0_compat; auto.
          apply Rdiv_lt_0_compat; auto. apply r_pos. }
        pose proof (cs_le n v (vsub (Q t) (Q 0))) as Y'. rewrite nrm_v1 in Y'. lra. }
      nra. }
    apply Rmult_le_compat_l with (r := L') in U; auto.
    pose proof (cs_le n v (vsub (iter K fE (Q t)) (iter K fE (Q 0)))) as W.
    rewrite nrm_v1, Rmult_1_l in W.
    rewrite (dot_ext n v _ v (vsub (Q (c ^ K * t)) (Q (c ^ K * 0)))) in W
      by (intros; try reflexivity; unfold vsub; rewrite !explosion_tangent by auto; reflexivity).
    rewrite Rmult_0_r, dot_sub_r, !dot_vQ, Rmult_0_r, Rminus_0_r in W.
    apply (Rmult_le_reg_r (sqrt (INR n) * t)); [nra|].
    replace (1 + c ^ K * c ^ K * (t * t)) with (1 + c ^ K * t * (c ^ K * t)) by ring.
    replace (c ^ K / sqrt (1 + c ^ K * t * (c ^ K * t)) * (sqrt (INR n) * t))
      with (sqrt (INR n) / sqrt (1 + c ^ K * t * (c ^ K * t)) * (c ^ K * t)) by (unfold Rdiv; ring). lra.
Qed.
End LNExplosion.

(** Such u, v exist in width 3. *)
Theorem explosion_instance K : LipExact 3 3 (circle 3 u3 v3) (iter K (fE 3 u3 v3 2)) (2 ^ K)
  /\ LipExact 3 3 all (iter K (mv 3 (We u3 v3 2))) 1.
Proof.
  destruct exact_family_nonempty as (A1 & A2 & A3 & A4 & A5). split.
  - apply explosion_exact; auto; lra || lia.
  - apply explosion_unnormalized; auto; lra || lia.
Qed.

(** The global epsilon constant is attained in depth: the exact family with sigma = 0. *)
Theorem epsilon_attained n u v s g e c0 K : (0 < n)%nat -> dot n u u = 1 -> dot n v v = 1 -> dot n u v = 0 ->
  sm n u = 0 -> sm n v = 0 -> 0 < s -> 0 < g -> 0 < e ->
  LipExact n n all (iter K (fun x => vscal g (LN n e (linear n (Wx v s) (bx n u 0 c0) x)))) ((g * s / sqrt e) ^ K).
Proof.
  intros. pose proof (exact_family_LN n u v s 0 g e c0 K H H0 H1 H2 H3 H4 H5 ltac:(lra) H6 ltac:(lra) ltac:(lra)) as Q.
  rewrite Rmult_0_l, Rplus_0_l in Q. exact Q.
Qed.
