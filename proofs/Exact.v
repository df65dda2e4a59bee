(** The exact family: a normalized network whose true Lipschitz constant is
    (g s / sqrt(sigma^2+eps))^K at every depth, with unconditional floors. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Acts Norm Groups Layers.
Open Scope R_scope.

(** ** The scalar map h(t) = a t / sqrt(1 + b t^2) and its iterates *)
Definition hmap (a b t : R) : R := a * t / sqrt (1 + b * (t * t)).
Fixpoint iterR (K : nat) (f : R -> R) (t : R) : R := match K with O => t | S k => f (iterR k f t) end.

Lemma one_plus_pos b t : 0 <= b -> 0 < 1 + b * (t * t).
Proof. intros. assert (0 <= b * (t * t)) by (apply Rmult_le_pos; nra). lra. Qed.

Theorem hmap_iter a b t K : 0 <= b ->
  iterR K (hmap a b) t = a ^ K * t / sqrt (1 + b * (t * t) * sm K (fun j => a ^ (2 * j))).
Proof.
  intros Hb. induction K.
  - simpl. rewrite Rmult_0_r, Rplus_0_r, sqrt_1. field.
  - simpl iterR. rewrite IHK. unfold hmap. set (S := sm K (fun j => a ^ (2 * j))).
    assert (HS : 0 <= S) by (apply sm_ge0; intros i _; rewrite pow_mult; apply pow_le; nra).
    assert (Hbt : 0 <= b * (t * t)) by (apply Rmult_le_pos; nra).
    assert (HQ : 0 < 1 + b * (t * t) * S) by (assert (0 <= b * (t * t) * S) by (apply Rmult_le_pos; auto); lra).
    change (sm (Datatypes.S K) (fun j => a ^ (2 * j))) with (S + a ^ (2 * K)).
    set (q := sqrt (1 + b * (t * t) * S)).
    assert (Hq : 0 < q) by (apply sqrt_lt_R0; auto).
    assert (Eq : q * q = 1 + b * (t * t) * S) by (apply sqrt_sqrt; lra).
    assert (EK : a ^ (2 * K) = a ^ K * a ^ K) by (replace (2 * K)%nat with (K + K)%nat by lia; apply pow_add).
    assert (HP : 0 < 1 + b * (a ^ K * t / q * (a ^ K * t / q))) by (apply one_plus_pos; auto).
    replace (1 + b * (t * t) * (S + a ^ (2 * K))) with ((q * q) * (1 + b * (a ^ K * t / q * (a ^ K * t / q)))).
    + rewrite sqrt_mult_alt by nra. rewrite sqrt_square by lra.
      assert (0 < sqrt (1 + b * (a ^ K * t / q * (a ^ K * t / q)))) by (apply sqrt_lt_R0; auto).
      simpl pow. field. split; lra.
    + rewrite EK. replace ((q * q) * (1 + b * (a ^ K * t / q * (a ^ K * t / q))))
        with (q * q + b * (a ^ K * t * (a ^ K * t))) by (field; lra).
      rewrite Eq. ring.
Qed.

(** A number that dominates A/sqrt(1+B t^2) for all t > 0 dominates A. *)
Lemma slope_limit A B L : 0 <= A -> 0 <= B -> (forall t, 0 < t -> A / sqrt (1 + B * (t * t)) <= L) -> A <= L.
Proof.
  intros HA HB H. destruct (Rle_lt_dec A 0) as [Z|Z].
  { specialize (H 1 ltac:(lra)). assert (A = 0) by lra. subst. unfold Rdiv in H. lra. }
  assert (HL : 0 < L).
  { eapply Rlt_le_trans; [|apply (H 1 ltac:(lra))]. apply Rdiv_lt_0_compat; auto. apply sqrt_lt_R0.
    apply one_plus_pos; auto. }
  assert (K : forall t, 0 < t -> A * A <= L * L * (1 + B * (t * t))).
  { intros t Ht. specialize (H t Ht). pose proof (one_plus_pos B t HB) as P.
    assert (R : 0 < sqrt (1 + B * (t * t))) by (apply sqrt_lt_R0; auto).
    assert (Q : A <= L * sqrt (1 + B * (t * t))).
    { apply Rmult_le_compat_r with (r := sqrt (1 + B * (t * t))) in H; [|lra].
      unfold Rdiv in H. rewrite Rmult_assoc, Rinv_l in H; lra. }
    rewrite <- (sqrt_sqrt (1 + B * (t * t))) by lra. nra. }
  apply sq_le_compat; [lra|]. apply Rnot_lt_le. intros C. set (g := A * A - L * L) in *.
  assert (0 < g) by (unfold g; lra). assert (LB : 0 < L * L * B + 1).
  { assert (0 <= L * L * B) by (apply Rmult_le_pos; nra). lra. }
  set (z := g / 2 / (L * L * B + 1)).
  assert (Hz : 0 < z) by (apply Rdiv_lt_0_compat; lra).
  specialize (K (sqrt z) (sqrt_lt_R0 z Hz)). rewrite sqrt_sqrt in K by lra.
  assert (L * L * B * z <= g / 2).
  { assert (E : (L * L * B + 1) * z = g / 2) by (unfold z; field; lra). lra. }
  unfold g in *. lra.
Qed.

(** ** The family *)
Section Family.
Variables (n : nat) (u v : vec) (s sg g e c0 : R).
Hypothesis n_pos : (0 < n)%nat.
Hypothesis uu : dot n u u = 1.
Hypothesis vv : dot n v v = 1.
Hypothesis uv : dot n u v = 0.
Hypothesis s_pos : 0 < s.
Hypothesis sg_ge0 : 0 <= sg.
Hypothesis g_pos : 0 < g.
Hypothesis e_ge0 : 0 <= e.
Hypothesis q_pos : 0 < sg * sg + e.

(** W = s v v^T, b = sigma sqrt(d) u + c0 1. *)
Definition Wx : mat := fun i j => s * v i * v j.
Definition bx : vec := fun i => sg * sqrt (INR n) * u i + c0.
Definition q : R := sqrt (sg * sg + e).
Definition aF : R := g * s / q.
Definition bF : R := s * s / (INR n * (q * q)).

Lemma mv_Wx x i : mv n Wx x i = s * dot n v x * v i.
Proof.
  unfold mv, Wx, dot. rewrite (sm_ext n _ (fun j => s * v i * (v j * x j))) by (intros; ring).
  rewrite sm_scal. ring.
Qed.
Lemma Wx_norm : opn n n Wx s.
Proof.
  intros x. rewrite (nrm_ext n _ (vscal (s * dot n v x) v)) by (intros; apply mv_Wx).
  rewrite nrm_scal. assert (E : nrm n v = 1) by (unfold nrm; rewrite vv; apply sqrt_1).
  rewrite E, Rmult_1_r, Rabs_mult, (Rabs_pos_eq s) by lra. apply Rmult_le_compat_l; [lra|].
  pose proof (cauchy_schwarz n v x) as Q. rewrite E in Q. lra.
Qed.

Lemma n_INR : 0 < INR n. Proof. apply INR_pos; auto. Qed.
Lemma q_gt : 0 < q. Proof. apply sqrt_lt_R0; auto. Qed.
Lemma q_sq : q * q = sg * sg + e. Proof. apply sqrt_sqrt; lra. Qed.
Lemma aF_pos : 0 < aF. Proof. unfold aF. apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; auto|apply q_gt]. Qed.
Lemma bF_ge0 : 0 <= bF.
Proof.
  unfold bF. apply Rlt_le, Rdiv_lt_0_compat; [nra|].
  apply Rmult_lt_0_compat; [apply n_INR|]. rewrite q_sq; auto.
Qed.

(** The normalized vector: s t v + sigma sqrt(d) u. *)
Definition zF (t : R) : vec := vadd (vscal (s * t) v) (vscal (sg * sqrt (INR n)) u).
Lemma var_zF t : var n (INR n) (zF t) = sg * sg + s * s * (t * t) / INR n.
Proof.
  pose proof n_INR. unfold var, zF.
  rewrite dot_add_l, !dot_add_r, !dot_scal_l, !dot_scal_r, (dot_sym n v u), uu, vv, uv.
  replace (s * t * (s * t * 1) + s * t * (sg * sqrt (INR n) * 0) + (sg * sqrt (INR n) * (s * t * 0) + sg * sqrt (INR n) * (sg * sqrt (INR n) * 1)))
    with (s * s * (t * t) + sg * sg * (sqrt (INR n) * sqrt (INR n))) by ring.
  rewrite sqrt_sqrt by lra. field. lra.
Qed.
Lemma qn_zF t : qn n (INR n) e (zF t) = q * sqrt (1 + bF * (t * t)).
Proof.
  pose proof n_INR. pose proof q_gt. unfold qn. rewrite var_zF.
  replace (sg * sg + s * s * (t * t) / INR n + e) with ((q * q) * (1 + bF * (t * t))).
  - rewrite sqrt_mult_alt by nra. rewrite sqrt_square by lra. reflexivity.
  - rewrite Rmult_plus_distr_l, Rmult_1_r. unfold bF. rewrite q_sq at 1. field. split; lra.
Qed.

(** One layer, uncentred and centred. *)
Definition fR (x : vec) : vec := vscal g (RMS n e (linear n Wx (fun i => sg * sqrt (INR n) * u i) x)).
Definition fL (x : vec) : vec := vscal g (LN n e (linear n Wx bx x)).
Definition fC (x : vec) : vec := vscal g (N n (INR n) e (zF (dot n v x))).

Lemma fR_fC x i : (i < n)%nat -> fR x i = fC x i.
Proof.
  intros Hi. unfold fR, fC, vscal, RMS, N, vscal.
  assert (E : forall j, linear n Wx (fun i => sg * sqrt (INR n) * u i) x j = zF (dot n v x) j).
  { intros j. unfold linear, vadd. rewrite mv_Wx. unfold zF, vadd, vscal. ring. }
  assert (Eq : qn n (INR n) e (linear n Wx (fun i => sg * sqrt (INR n) * u i) x) = qn n (INR n) e (zF (dot n v x))).
  { unfold qn, var. f_equal. f_equal. f_equal. apply dot_ext; intros; apply E. }
  rewrite Eq, E. reflexivity.
Qed.

Lemma dot_v_fC x : dot n v (fC x) = hmap aF bF (dot n v x).
Proof.
  unfold fC, N. rewrite !dot_scal_r, qn_zF. unfold zF. rewrite dot_add_r, !dot_scal_r, (dot_sym n v u), uv, vv.
  pose proof q_gt. pose proof (one_plus_pos bF (dot n v x) bF_ge0) as P. apply sqrt_lt_R0 in P.
  unfold hmap, aF. field. split; lra.
Qed.

Section Centred.
Hypothesis cu : sm n u = 0.
Hypothesis cv : sm n v = 0.

Lemma C_lin x i : C n (linear n Wx bx x) i = zF (dot n v x) i.
Proof.
  assert (E : sm n (linear n Wx bx x) = INR n * c0).
  { unfold linear, vadd. rewrite sm_plus. rewrite (sm_ext n (mv n Wx x) (fun i => s * dot n v x * v i)) by (intros; apply mv_Wx).
    unfold bx. rewrite sm_plus, !sm_scal, sm_const, cu, cv. ring. }
  pose proof n_INR. unfold C, mean. rewrite E. unfold linear, vadd at 1. rewrite mv_Wx. unfold bx, zF, vadd, vscal. field. lra.
Qed.
Lemma fL_fC x i : (i < n)%nat -> fL x i = fC x i.
Proof.
  intros Hi. unfold fL, fC, vscal, LN, N, vscal.
  assert (Eq : qn n (INR n) e (C n (linear n Wx bx x)) = qn n (INR n) e (zF (dot n v x))).
  { unfold qn, var. f_equal. f_equal. f_equal. apply dot_ext; intros; apply C_lin. }
  rewrite Eq, C_lin. reflexivity.
Qed.
(** The floor holds at every input. *)
Theorem exact_floor_unconditional x : V n (linear n Wx bx x) = sg * sg + s * s * (dot n v x * dot n v x) / INR n
  /\ sg * sg <= V n (linear n Wx bx x).
Proof.
  assert (E : V n (linear n Wx bx x) = sg * sg + s * s * (dot n v x * dot n v x) / INR n).
  { rewrite <- var_zF. unfold V, var. f_equal. apply dot_ext; intros; apply C_lin. }
  split; auto. rewrite E. pose proof n_INR.
  assert (0 <= s * s * (dot n v x * dot n v x) / INR n); [|lra].
  apply Rmult_le_pos; [apply Rmult_le_pos; nra|apply Rlt_le, Rinv_0_lt_compat; auto].
Qed.
End Centred.

(** ** The constant, for any layer map equal to fC on the coordinates below n *)
Variable f : vec -> vec.
Hypothesis f_eq : forall x i, (i < n)%nat -> f x i = fC x i.

Lemma dot_v_f x : dot n v (f x) = hmap aF bF (dot n v x).
Proof. rewrite <- dot_v_fC. apply dot_ext; auto. Qed.
Lemma dot_v_iter K x : dot n v (iter K f x) = iterR K (hmap aF bF) (dot n v x).
Proof. induction K; simpl; [reflexivity|]. rewrite dot_v_f, IHK. reflexivity. Qed.

(** The closed form along v. *)
Theorem exact_closed_form K x : dot n v (iter K f x) =
  aF ^ K * dot n v x / sqrt (1 + bF * (dot n v x * dot n v x) * sm K (fun j => aF ^ (2 * j))).
Proof. rewrite dot_v_iter. apply hmap_iter, bF_ge0. Qed.

Lemma f_lip : Lip n n all f aF.
Proof.
  intros x y _ _. rewrite (nrm_ext n _ (vscal g (vsub (N n (INR n) e (zF (dot n v x))) (N n (INR n) e (zF (dot n v y)))))).
  2:{ intros i Hi. unfold vsub at 1. rewrite !f_eq by auto. unfold fC, vscal, vsub. ring. }
  rewrite nrm_scal, Rabs_pos_eq by lra.
  assert (F : forall t, sg * sg <= var n (INR n) (zF t)).
  { intros t. rewrite var_zF. pose proof n_INR. assert (0 <= s * s * (t * t) / INR n); [|lra].
    apply Rmult_le_pos; [apply Rmult_le_pos; nra|apply Rlt_le, Rinv_0_lt_compat; auto]. }
  pose proof (N_floor n (INR n) e sg n_INR e_ge0 q_pos (zF (dot n v x)) (zF (dot n v y)) (F _) (F _)) as Q.
  fold q in Q.
  rewrite (nrm_ext n (vsub (zF _) (zF _)) (mv n Wx (vsub x y))) in Q.
  2:{ intros i Hi. rewrite mv_Wx, dot_sub_r. unfold zF, vsub, vadd, vscal. ring. }
  pose proof (Wx_norm (vsub x y)) as W. pose proof q_gt as Hq.
  assert (Rq : 0 < / q) by (apply Rinv_0_lt_compat; auto).
  apply Rmult_le_compat_l with (r := / q) in W; [|lra].
  unfold aF. replace (g * s / q * nrm n (vsub x y)) with (g * (/ q * (s * nrm n (vsub x y)))) by (unfold Rdiv; ring).
  apply Rmult_le_compat_l; lra.
Qed.

(** The true constant at every depth. *)
Theorem exact_family K : LipExact n n all (iter K f) ((g * s / sqrt (sg * sg + e)) ^ K).
Proof.
  fold q aF. pose proof aF_pos as Ha. split.
  - apply lip_iter; [lra|intros; exact I|apply f_lip].
  - intros L' HL. set (SS := sm K (fun j => aF ^ (2 * j))).
    assert (HS : 0 <= SS) by (apply sm_ge0; intros i _; apply pow_le; lra).
    apply (slope_limit _ (bF * SS)); [apply pow_le; lra|apply Rmult_le_pos; [apply bF_ge0|auto]|].
    intros t Ht. specialize (HL (vscal t v) v0 I I).
    assert (Nv : nrm n v = 1) by (unfold nrm; rewrite vv; apply sqrt_1).
    rewrite (nrm_ext n (vsub (vscal t v) v0) (vscal t v)), nrm_scal, Nv, Rmult_1_r, (Rabs_pos_eq t) in HL
      by (try lra; intros; unfold vsub, v0; ring).
    pose proof (cs_le n v (vsub (iter K f (vscal t v)) (iter K f v0))) as Q.
    rewrite Nv, Rmult_1_l, dot_sub_r, !exact_closed_form in Q.
    assert (Z : dot n v v0 = 0) by (unfold dot, v0; rewrite (sm_ext n _ (fun _ => 0)), sm_0 by (intros; ring); reflexivity).
    rewrite Z, dot_scal_r, vv, Rmult_1_r, Rmult_0_r in Q. fold SS in Q.
    replace (bF * SS * (t * t)) with (bF * (t * t) * SS) by ring.
    apply (Rmult_le_reg_r t); auto. unfold Rdiv in *. lra.
Qed.

(** The same weights without normalization: exactly s^K. *)
Hypothesis c_or : sm n v = 0 \/ c0 = 0.
Theorem exact_family_unnormalized K : LipExact n n all (iter K (linear n Wx bx)) (s ^ K).
Proof.
  split.
  - apply lip_iter; [lra|intros; exact I|]. apply linear_lip, Wx_norm.
  - intros L' HL. specialize (HL v v0 I I).
    assert (Nv : nrm n v = 1) by (unfold nrm; rewrite vv; apply sqrt_1).
    rewrite (nrm_ext n (vsub v v0) v), Nv, Rmult_1_r in HL by (intros; unfold vsub, v0; ring).
    assert (E : forall k x, dot n v (iter k (linear n Wx bx) x) = s ^ k * dot n v x).
    { induction k; intros x; simpl; [ring|]. unfold linear at 1. rewrite dot_add_r.
      rewrite (dot_ext n v (mv n Wx _) v (vscal (s * dot n v (iter k (linear n Wx bx) x)) v)) by (intros; try reflexivity; apply mv_Wx).
      rewrite dot_scal_r, vv, IHk.
      assert (Eb : dot n v bx = 0).
      { rewrite (dot_ext n v bx v (vadd (vscal (sg * sqrt (INR n)) u) (fun _ => c0))) by (intros; reflexivity).
        rewrite dot_add_r, dot_scal_r, (dot_sym n v u), uv. unfold dot.
        rewrite (sm_ext n _ (fun i => c0 * v i)), sm_scal by (intros; ring).
        destruct c_or as [E|E]; rewrite E; ring. }
      rewrite Eb. ring. }
    pose proof (cs_le n v (vsub (iter K (linear n Wx bx) v) (iter K (linear n Wx bx) v0))) as Q.
    rewrite Nv, Rmult_1_l, dot_sub_r, !E, vv in Q.
    assert (Z : dot n v v0 = 0) by (unfold dot, v0; rewrite (sm_ext n _ (fun _ => 0)), sm_0 by (intros; ring); reflexivity).
    rewrite Z in Q. lra.
Qed.

(** Ratio of the true constants. *)
Theorem exact_ratio K : (g * s / sqrt (sg * sg + e)) ^ K / s ^ K = (g / sqrt (sg * sg + e)) ^ K.
Proof.
  fold q. pose proof q_gt. assert (0 < s ^ K) by (apply pow_lt; auto).
  replace (g * s / q) with (g / q * s) by (field; lra). rewrite Rpow_mult_distr. field. lra.
Qed.
End Family.

(** ** Both versions, closed *)
Theorem exact_family_LN n u v s sg g e c0 K : (0 < n)%nat -> dot n u u = 1 -> dot n v v = 1 -> dot n u v = 0 ->
  sm n u = 0 -> sm n v = 0 -> 0 < s -> 0 <= sg -> 0 < g -> 0 <= e -> 0 < sg * sg + e ->
  LipExact n n all (iter K (fun x => vscal g (LN n e (linear n (Wx v s) (bx n u sg c0) x)))) ((g * s / sqrt (sg * sg + e)) ^ K).
Proof.
  intros. apply (exact_family n u v s sg g e); auto. intros x i Hi.
  apply (fL_fC n u v s sg g e c0); auto.
Qed.
Theorem exact_family_RMS n u v s sg g e K : (0 < n)%nat -> dot n u u = 1 -> dot n v v = 1 -> dot n u v = 0 ->
  0 < s -> 0 <= sg -> 0 < g -> 0 <= e -> 0 < sg * sg + e ->
  LipExact n n all (iter K (fun x => vscal g (RMS n e (linear n (Wx v s) (fun i => sg * sqrt (INR n) * u i) x))))
    ((g * s / sqrt (sg * sg + e)) ^ K).
Proof.
  intros. apply (exact_family n u v s sg g e); auto. intros x i Hi.
  apply (fR_fC n u v s sg g e); auto.
Qed.

(** ReLU version: after LN add beta = g sqrt(d-1) to every coordinate; the constants are the same. *)
Definition fRelu n u v s sg g e c0 (x : vec) : vec :=
  ew relu (aff (fun _ => g) (fun _ => g * sqrt (INR n - 1)) (LN n e (linear n (Wx v s) (bx n u sg c0) x))).

Theorem exact_family_ReLU n u v s sg g e c0 K : (0 < n)%nat -> dot n u u = 1 -> dot n v v = 1 -> dot n u v = 0 ->
  sm n u = 0 -> sm n v = 0 -> 0 < s -> 0 < sg -> 0 < g -> 0 <= e ->
  LipExact n n all (iter K (fRelu n u v s sg g e c0)) ((g * s / sqrt (sg * sg + e)) ^ K).
Proof.
  intros Hn uu vv uv cu cv Hs Hsg Hg He. assert (Hq : 0 < sg * sg + e) by nra.
  set (f := fun x => vscal g (LN n e (linear n (Wx v s) (bx n u sg c0) x))).
  set (be := g * sqrt (INR n - 1)).
  assert (E1 : forall x i, (i < n)%nat -> fRelu n u v s sg g e c0 x i = f x i + be).
  { intros x i Hi. unfold fRelu, ew, aff, f, vscal, be, relu. apply Rmax_left.
    pose proof (exact_floor_unconditional n u v s sg c0 Hn uu vv uv cu cv x) as [_ F].
    pose proof (LN_sup n e (linear n (Wx v s) (bx n u sg c0) x) i Hn He ltac:(nra) Hi) as Q.
    rewrite <- Rmult_plus_distr_l. apply Rmult_le_pos; [lra|].
    pose proof (Rle_abs (- LN n e (linear n (Wx v s) (bx n u sg c0) x) i)) as Q'. rewrite Rabs_Ropp in Q'. lra. }
  assert (E2 : forall x y i, (i < n)%nat -> dot n v x = dot n v y -> f x i = f y i).
  { intros x y i Hi E. unfold f. pose proof (fL_fC n u v s sg g e c0 Hn cu cv x i Hi) as A.
    pose proof (fL_fC n u v s sg g e c0 Hn cu cv y i Hi) as B.
    unfold fL in A, B. rewrite A, B. unfold fC. rewrite E. reflexivity. }
  assert (E3 : forall k x i, (i < n)%nat -> iter (S k) (fRelu n u v s sg g e c0) x i = iter (S k) f x i + be).
  { induction k; intros x i Hi.
    - simpl. apply E1; auto.
    - change (fRelu n u v s sg g e c0 (iter (S k) (fRelu n u v s sg g e c0) x) i = f (iter (S k) f x) i + be).
      rewrite E1 by auto. f_equal. apply E2; auto.
      rewrite (dot_ext n v _ v (vadd (iter (S k) f x) (fun _ => be))) by (intros; try reflexivity; apply IHk; auto).
      rewrite dot_add_r. unfold dot at 2. rewrite (sm_ext n _ (fun i => be * v i)), sm_scal, cv by (intros; ring). ring. }
  pose proof (exact_family_LN n u v s sg g e c0 K Hn uu vv uv cu cv Hs ltac:(lra) Hg He Hq) as [X1 X2].
  fold f in X1, X2.
  destruct K as [|k]; [split; auto|].
  assert (E4 : forall x y, nrm n (vsub (iter (S k) (fRelu n u v s sg g e c0) x) (iter (S k) (fRelu n u v s sg g e c0) y))
     = nrm n (vsub (iter (S k) f x) (iter (S k) f y))).
  { intros x y. apply nrm_ext. intros i Hi. unfold vsub. rewrite !E3 by auto. ring. }
  split.
  - intros x y Hx Hy. rewrite E4. apply X1; auto.
  - intros L' HL. apply X2. intros x y Hx Hy. rewrite <- E4. apply HL; auto.
Qed.

(** The family is not empty: orthonormal centred u, v exist in width 3. *)
Definition u3 : vec := fun i => match i with O => / sqrt 6 | 1%nat => / sqrt 6 | 2%nat => - 2 * / sqrt 6 | _ => 0 end.
Definition v3 : vec := fun i => match i with O => / sqrt 2 | 1%nat => - / sqrt 2 | _ => 0 end.
Theorem exact_family_nonempty :
  dot 3 u3 u3 = 1 /\ dot 3 v3 v3 = 1 /\ dot 3 u3 v3 = 0 /\ sm 3 u3 = 0 /\ sm 3 v3 = 0.
Proof.
  assert (H6 : / sqrt 6 * / sqrt 6 = / 6).
  { rewrite <- Rinv_mult. rewrite sqrt_sqrt by lra. reflexivity. }
  assert (H2 : / sqrt 2 * / sqrt 2 = / 2).
  { rewrite <- Rinv_mult. rewrite sqrt_sqrt by lra. reflexivity. }
  unfold dot, u3, v3. simpl. set (a := / sqrt 6) in *. set (b := / sqrt 2) in *.
  repeat split; try ring; nra.
Qed.
(** A concrete instance: LN in width 3 with s = 1, sigma = 2, g = 1, eps = 0: constant exactly 2^-K. *)
Theorem exact_family_instance K :
  LipExact 3 3 all (iter K (fun x => vscal 1 (LN 3 0 (linear 3 (Wx v3 1) (bx 3 u3 2 0) x)))) ((1 / 2) ^ K).
Proof.
  destruct exact_family_nonempty as (A1 & A2 & A3 & A4 & A5).
  pose proof (exact_family_LN 3 u3 v3 1 2 1 0 0 K ltac:(lia) A1 A2 A3 A4 A5 ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra)) as Q.
  rewrite Rplus_0_r, sqrt_square, Rmult_1_l in Q by lra. exact Q.
Qed.
