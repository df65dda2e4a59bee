(** Normalization N(z) = z / sqrt(|z|^2/d + e): the two-point theorem, its
    constants, centring, affine layer normalization, outputs. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary.
Open Scope R_scope.

(** d is the normaliser (a positive real: the group size, or 1 for L2 normalization). *)
Definition var (n : nat) (d : R) (z : vec) : R := dot n z z / d.
Definition qn (n : nat) (d e : R) (z : vec) : R := sqrt (var n d z + e).
Definition N (n : nat) (d e : R) (z : vec) : vec := vscal (/ qn n d e z) z.

Lemma var_ge0 n d z : 0 < d -> 0 <= var n d z.
Proof. intros. apply Rmult_le_pos; [apply dot_self_ge0|apply Rlt_le, Rinv_0_lt_compat; auto]. Qed.
Lemma qn_sq n d e z : 0 < d -> 0 <= e -> qn n d e z * qn n d e z = var n d z + e.
Proof. intros. apply sqrt_sqrt. pose proof (var_ge0 n d z H). lra. Qed.
Lemma qn_pos n d e z : 0 < d -> 0 < var n d z + e -> 0 < qn n d e z.
Proof. intros. apply sqrt_lt_R0; auto. Qed.
Lemma dot_qn n d e z : 0 < d -> 0 <= e -> dot n z z = d * (qn n d e z * qn n d e z - e).
Proof. intros. rewrite qn_sq by auto. unfold var. field. lra. Qed.

Lemma dot_diff n x y : dot n (vsub x y) (vsub x y) = dot n x x + dot n y y - 2 * dot n x y.
Proof. rewrite dot_sub_l, !dot_sub_r, (dot_sym n y x). ring. Qed.

(** The exact defect of the two-point inequality. *)
Theorem N_two_point_identity n d e u v : 0 < d -> 0 <= e ->
  let a := qn n d e u in let b := qn n d e v in 0 < a -> 0 < b ->
  dot n (vsub (N n d e u) (N n d e v)) (vsub (N n d e u) (N n d e v)) =
  dot n (vsub u v) (vsub u v) / (a * b) - d * ((a - b) * (a - b)) / (a * b) * (1 + e / (a * b)).
Proof.
  intros Hd He a b Ha Hb. rewrite !dot_diff. unfold N. fold a b.
  rewrite !dot_scal_l, !dot_scal_r.
  rewrite (dot_qn n d e u Hd He), (dot_qn n d e v Hd He). fold a b. field. split; lra.
Qed.

(** Two-point theorem: |N(u)-N(v)|^2 <= |u-v|^2/(q(u) q(v)), with equality iff q(u) = q(v). *)
Theorem N_two_point n d e u v : 0 < d -> 0 <= e ->
  let a := qn n d e u in let b := qn n d e v in 0 < a -> 0 < b ->
  dot n (vsub (N n d e u) (N n d e v)) (vsub (N n d e u) (N n d e v))
  <= dot n (vsub u v) (vsub u v) / (a * b).
Proof.
  intros Hd He a b Ha Hb. rewrite (N_two_point_identity n d e u v) by auto. fold a b.
  assert (Hab : 0 < a * b) by (apply Rmult_lt_0_compat; auto).
  assert (0 <= d * ((a - b) * (a - b)) / (a * b) * (1 + e / (a * b))); [|lra].
  pose proof (Rle_0_sqr (a - b)) as Q. unfold Rsqr in Q.
  assert (0 < / (a * b)) by (apply Rinv_0_lt_compat; auto).
  apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos|]; lra|].
  assert (0 <= e / (a * b)) by (apply Rmult_le_pos; lra). lra.
Qed.

Theorem N_two_point_equality n d e u v : 0 < d -> 0 <= e ->
  let a := qn n d e u in let b := qn n d e v in 0 < a -> 0 < b ->
  (dot n (vsub (N n d e u) (N n d e v)) (vsub (N n d e u) (N n d e v))
   = dot n (vsub u v) (vsub u v) / (a * b) <-> a = b).
Proof.
  intros Hd He a b Ha Hb. rewrite (N_two_point_identity n d e u v) by auto. fold a b.
  assert (Hab : 0 < a * b) by (apply Rmult_lt_0_compat; auto).
  assert (0 < / (a * b)) by (apply Rinv_0_lt_compat; auto).
  assert (0 <= e / (a * b)) by (apply Rmult_le_pos; lra).
  split; intros E.
  - assert (Z : ((a - b) * (a - b)) * (d * / (a * b) * (1 + e / (a * b))) = 0).
    { unfold Rdiv in *. lra. }
    apply Rmult_integral in Z. destruct Z as [Z|Z].
    + apply Rmult_integral in Z. lra.
    + assert (0 < d * / (a * b) * (1 + e / (a * b))); [|lra].
      apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat|]; lra.
  - rewrite E. unfold Rdiv. ring.
Qed.

(** The same in norms, with separate floors for the two points. *)
Theorem N_two_floors n d e u v s1 s2 : 0 < d -> 0 <= e -> 0 < s1 * s1 + e -> 0 < s2 * s2 + e ->
  s1 * s1 <= var n d u -> s2 * s2 <= var n d v ->
  nrm n (vsub (N n d e u) (N n d e v))
  <= / sqrt (sqrt (s1 * s1 + e) * sqrt (s2 * s2 + e)) * nrm n (vsub u v).
Proof.
  intros Hd He H1 H2 F1 F2.
  set (A := sqrt (s1 * s1 + e)). set (B := sqrt (s2 * s2 + e)).
  assert (HA : 0 < A) by (apply sqrt_lt_R0; auto). assert (HB : 0 < B) by (apply sqrt_lt_R0; auto).
  set (a := qn n d e u). set (b := qn n d e v).
  assert (Ha : A <= a) by (apply sqrt_le_1_alt; lra). assert (Hb : B <= b) by (apply sqrt_le_1_alt; lra).
  assert (HAB : 0 < A * B) by (apply Rmult_lt_0_compat; auto).
  assert (Hs : 0 < sqrt (A * B)) by (apply sqrt_lt_R0; auto).
  apply nrm_le_of_sq.
  - apply Rmult_le_pos; [apply Rlt_le, Rinv_0_lt_compat; auto|apply nrm_ge0].
  - pose proof (N_two_point n d e u v Hd He) as Q. cbv zeta in Q. fold a b in Q.
    eapply Rle_trans; [apply Q; lra|].
    replace (/ sqrt (A * B) * nrm n (vsub u v) * (/ sqrt (A * B) * nrm n (vsub u v)))
      with (nrm n (vsub u v) * nrm n (vsub u v) * / (sqrt (A * B) * sqrt (A * B))) by (field; lra).
    rewrite nrm_sq, sqrt_sqrt by lra. apply Rmult_le_compat_l; [apply dot_self_ge0|].
    apply Rinv_le_contravar; auto. apply Rmult_le_compat; lra.
Qed.

(** Floor constant: on {V >= sigma^2}, not convex, the constant is 1/sqrt(sigma^2+e). *)
Theorem N_floor n d e s : 0 < d -> 0 <= e -> 0 < s * s + e ->
  Lip n n (fun z => s * s <= var n d z) (N n d e) (/ sqrt (s * s + e)).
Proof.
  intros Hd He Hs u v Hu Hv. pose proof (N_two_floors n d e u v s s Hd He Hs Hs Hu Hv) as Q.
  rewrite sqrt_square in Q by apply sqrt_pos. exact Q.
Qed.

(** Global constant 1/sqrt e. *)
Theorem N_global n d e : 0 < d -> 0 < e -> Lip n n all (N n d e) (/ sqrt e).
Proof.
  intros Hd He u v _ _.
  pose proof (N_floor n d e 0 Hd ltac:(lra) ltac:(lra) u v) as Q.
  replace (0 * 0 + e) with e in Q by ring. apply Q; rewrite Rmult_0_l; apply var_ge0; auto.
Qed.

(** Two points of equal variance attain the floor constant: it is exact. *)
Lemma N_equal_variance n d e u v : 0 < d -> 0 <= e -> 0 < var n d u + e -> var n d u = var n d v ->
  nrm n (vsub (N n d e u) (N n d e v)) = / sqrt (var n d u + e) * nrm n (vsub u v).
Proof.
  intros Hd He Hp E.
  assert (Q : qn n d e v = qn n d e u) by (unfold qn; rewrite E; reflexivity).
  assert (0 < qn n d e u) by (apply qn_pos; auto).
  rewrite (nrm_ext n _ (vscal (/ qn n d e u) (vsub u v)))
    by (intros; unfold N, vsub, vscal; rewrite Q; ring).
  rewrite nrm_scal, Rabs_pos_eq; [reflexivity|apply Rlt_le, Rinv_0_lt_compat; auto].
Qed.

Lemma var_scal n d c z : var n d (vscal c z) = c * c * var n d z.
Proof. unfold var. rewrite dot_scal_l, dot_scal_r. unfold Rdiv. ring. Qed.

(** Antipodal points: any nonzero direction gives a witness. *)
Lemma N_antipodal n d e w s : 0 < d -> 0 <= e -> 0 < s -> 0 < dot n w w ->
  exists u v, var n d u = s * s /\ var n d v = s * s /\ 0 < nrm n (vsub u v) /\
  (exists c, forall i, u i = c * w i) /\ (exists c, forall i, v i = c * w i) /\
  nrm n (vsub (N n d e u) (N n d e v)) = / sqrt (s * s + e) * nrm n (vsub u v).
Proof.
  intros Hd He Hs Hw. set (c := s * sqrt d / nrm n w).
  assert (Hn : 0 < nrm n w) by (apply sqrt_lt_R0; auto).
  assert (Hsd : 0 < sqrt d) by (apply sqrt_lt_R0; auto).
  assert (Hc : 0 < c) by (apply Rdiv_lt_0_compat; auto; apply Rmult_lt_0_compat; auto).
  assert (V : var n d (vscal c w) = s * s).
  { rewrite var_scal. unfold var, c. rewrite <- nrm_sq.
    replace (s * sqrt d / nrm n w * (s * sqrt d / nrm n w) * (nrm n w * nrm n w / d))
      with (s * s * (sqrt d * sqrt d) / d) by (field; lra). rewrite sqrt_sqrt by lra. field. lra. }
  assert (V' : var n d (vscal (- c) w) = s * s).
  { rewrite <- V, !var_scal. ring. }
  exists (vscal c w), (vscal (- c) w). repeat split; auto.
  - rewrite (nrm_ext n _ (vscal (2 * c) w)) by (intros; unfold vsub, vscal; ring).
    rewrite nrm_scal, Rabs_pos_eq by lra. apply Rmult_lt_0_compat; lra.
  - exists c; intros; reflexivity.
  - exists (- c); intros; reflexivity.
  - rewrite N_equal_variance by (auto; rewrite ?V, ?V'; nra). rewrite V. reflexivity.
Qed.

Definition e0 : vec := fun i => if Nat.eqb i 0 then 1 else 0.
Lemma dot_e0 n : (0 < n)%nat -> dot n e0 e0 = 1.
Proof.
  intros Hn. unfold dot. rewrite (sm_ext n _ (fun i => if Nat.eqb i 0 then 1 else 0)).
  - apply sm_delta; auto.
  - intros i _. unfold e0. destruct (Nat.eqb i 0); ring.
Qed.

Theorem N_floor_exact n d e s : (0 < n)%nat -> 0 < d -> 0 <= e -> 0 < s ->
  LipExact n n (fun z => s * s <= var n d z) (N n d e) (/ sqrt (s * s + e)).
Proof.
  intros Hn Hd He Hs. split; [apply N_floor; auto; nra|].
  intros L' H. destruct (N_antipodal n d e e0 s Hd He Hs) as (u & v & V1 & V2 & P & _ & _ & E).
  - rewrite dot_e0 by auto; lra.
  - specialize (H u v ltac:(lra) ltac:(lra)). rewrite E in H.
    apply (Rmult_le_reg_r (nrm n (vsub u v))); auto.
Qed.

Lemma limit_inv_sqrt e L : 0 < e -> (forall s, 0 < s -> / sqrt (s * s + e) <= L) -> / sqrt e <= L.
Proof.
  intros He H. assert (HL : 0 < L).
  { eapply Rlt_le_trans; [|apply (H 1 ltac:(lra))]. apply Rinv_0_lt_compat, sqrt_lt_R0. lra. }
  assert (K : forall s, 0 < s -> 1 <= L * L * (s * s + e)).
  { intros s Hs. specialize (H s Hs). assert (P : 0 < s * s + e) by nra.
    assert (R : 0 < sqrt (s * s + e)) by (apply sqrt_lt_R0; auto).
    apply Rmult_le_compat_r with (r := sqrt (s * s + e)) in H; [|lra]. rewrite Rinv_l in H by lra.
    rewrite <- (sqrt_sqrt (s * s + e)) by lra. nra. }
  assert (K0 : 1 <= L * L * e).
  { apply Rnot_lt_le. intros C. set (g := 1 - L * L * e) in *. assert (0 < g) by (unfold g; lra).
    assert (LL : 0 < L * L) by nra.
    set (s := sqrt (g / 2 / (L * L))).
    assert (Z : 0 < g / 2 / (L * L)) by (apply Rdiv_lt_0_compat; lra).
    assert (Hs : 0 < s) by (apply sqrt_lt_R0; auto).
    specialize (K s Hs). assert (E : s * s = g / 2 / (L * L)) by (apply sqrt_sqrt; lra).
    rewrite E in K. replace (L * L * (g / 2 / (L * L) + e)) with (g / 2 + L * L * e) in K by (field; nra).
    unfold g in *. lra. }
  assert (R : 0 < sqrt e) by (apply sqrt_lt_R0; auto).
  apply (Rmult_le_reg_r (sqrt e)); auto. rewrite Rinv_l by lra.
  apply sq_le_compat; [nra|]. replace (L * sqrt e * (L * sqrt e)) with (L * L * (sqrt e * sqrt e)) by ring.
  rewrite sqrt_sqrt; lra.
Qed.

Theorem N_global_exact n d e : (0 < n)%nat -> 0 < d -> 0 < e ->
  LipExact n n all (N n d e) (/ sqrt e).
Proof.
  intros Hn Hd He. split; [apply N_global; auto|].
  intros L' H. apply limit_inv_sqrt; auto. intros s Hs.
  apply (N_floor_exact n d e s Hn Hd ltac:(lra) Hs). intros u v _ _. apply H; exact I.
Qed.

(** ** Outputs *)
Theorem N_output n d e z : 0 < d -> 0 <= e -> 0 < var n d z + e ->
  dot n (N n d e z) (N n d e z) = d * (var n d z / (var n d z + e)).
Proof.
  intros Hd He H. unfold N. rewrite dot_scal_l, dot_scal_r.
  assert (0 < qn n d e z) by (apply qn_pos; auto).
  replace (/ qn n d e z * (/ qn n d e z * dot n z z)) with (dot n z z / (qn n d e z * qn n d e z)) by (field; lra).
  rewrite qn_sq by auto. replace (dot n z z) with (d * var n d z) by (unfold var; field; lra).
  field. lra.
Qed.

(** |N(z)| <= sqrt d wherever the denominator is positive. *)
Theorem N_bound n d e z : 0 < d -> 0 <= e -> 0 < var n d z + e -> nrm n (N n d e z) <= sqrt d.
Proof.
  intros Hd He H. apply sqrt_le_1_alt. rewrite N_output by auto.
  pose proof (var_ge0 n d z Hd). apply Rle_trans with (d * 1); [|lra]. apply Rmult_le_compat_l; [lra|].
  apply (Rmult_le_reg_r (var n d z + e)); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.
Theorem N_bound_strict n d e z : 0 < d -> 0 < e -> nrm n (N n d e z) < sqrt d.
Proof.
  intros Hd He. pose proof (var_ge0 n d z Hd). apply sqrt_lt_1_alt. rewrite N_output by lra.
  split; [apply Rmult_le_pos; [lra|apply Rmult_le_pos; [auto|apply Rlt_le, Rinv_0_lt_compat; lra]]|].
  apply Rlt_le_trans with (d * 1); [|lra]. apply Rmult_lt_compat_l; [lra|].
  apply (Rmult_lt_reg_r (var n d z + e)); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.
(** A floor gives a lower bound on the output. *)
Theorem N_lower n d e z s : 0 < d -> 0 <= e -> 0 <= s -> 0 < s * s + e -> s * s <= var n d z ->
  sqrt d * (s / sqrt (s * s + e)) <= nrm n (N n d e z).
Proof.
  intros Hd He Hs0 Hs Hv. assert (R : 0 < sqrt (s * s + e)) by (apply sqrt_lt_R0; auto).
  apply sq_le_compat; [apply nrm_ge0|]. rewrite nrm_sq, N_output by lra.
  replace (sqrt d * (s / sqrt (s * s + e)) * (sqrt d * (s / sqrt (s * s + e))))
    with ((sqrt d * sqrt d) * (s * s / (sqrt (s * s + e) * sqrt (s * s + e)))) by (field; lra).
  rewrite !sqrt_sqrt by lra. apply Rmult_le_compat_l; [lra|].
  set (V := var n d z) in *.
  apply (Rmult_le_reg_r ((s * s + e) * (V + e))); [apply Rmult_lt_0_compat; lra|].
  replace (s * s / (s * s + e) * ((s * s + e) * (V + e))) with (s * s * (V + e)) by (field; lra).
  replace (V / (V + e) * ((s * s + e) * (V + e))) with (V * (s * s + e)) by (field; lra). nra.
Qed.
(** Each coordinate of an uncentred output. *)
Theorem N_sup n d e z i : 0 < d -> 0 <= e -> 0 < var n d z + e -> (i < n)%nat ->
  Rabs (N n d e z i) <= sqrt d.
Proof. intros. eapply Rle_trans; [apply (abs_coord_le n); auto|apply N_bound; auto]. Qed.

(** ** Centring *)
Definition mean (n : nat) (x : vec) : R := sm n x / INR n.
Definition C (n : nat) (x : vec) : vec := fun i => x i - mean n x.

Lemma INR_pos n : (0 < n)%nat -> 0 < INR n.
Proof. intros. apply lt_0_INR; auto. Qed.

Lemma sm_C n x : (0 < n)%nat -> sm n (C n x) = 0.
Proof.
  intros Hn. pose proof (INR_pos n Hn). unfold C. rewrite sm_minus, sm_const. unfold mean. field. lra.
Qed.
Lemma C_sub n x y i : C n (vsub x y) i = C n x i - C n y i.
Proof. unfold C, mean. unfold vsub. rewrite sm_minus. unfold Rdiv. ring. Qed.
Lemma C_centred n x i : sm n x = 0 -> C n x i = x i.
Proof. intros E. unfold C, mean. rewrite E. unfold Rdiv. ring. Qed.
Lemma C_scal n c x i : C n (vscal c x) i = c * C n x i.
Proof. unfold C, mean, vscal. rewrite sm_scal. unfold Rdiv. ring. Qed.
Lemma C_add n x y i : C n (vadd x y) i = C n x i + C n y i.
Proof. unfold C, mean, vadd. rewrite sm_plus. unfold Rdiv. ring. Qed.
Lemma C_const n c i : (0 < n)%nat -> C n (fun _ => c) i = 0.
Proof. intros Hn. pose proof (INR_pos n Hn). unfold C, mean. rewrite sm_const. field. lra. Qed.

Lemma dot_C n x : (0 < n)%nat -> dot n (C n x) (C n x) = dot n x x - INR n * (mean n x * mean n x).
Proof.
  intros Hn. pose proof (INR_pos n Hn). unfold dot, C.
  rewrite (sm_ext n _ (fun i => x i * x i - (2 * mean n x * x i - mean n x * mean n x))) by (intros; ring).
  rewrite sm_minus, sm_minus, sm_scal, sm_const. unfold mean. field. lra.
Qed.
Theorem C_contraction n x : (0 < n)%nat -> nrm n (C n x) <= nrm n x.
Proof.
  intros Hn. apply sqrt_le_1_alt. rewrite dot_C by auto.
  pose proof (INR_pos n Hn). assert (0 <= INR n * (mean n x * mean n x)) by (apply Rmult_le_pos; nra). lra.
Qed.
Theorem C_lip n : (0 < n)%nat -> Lip n n all (C n) 1.
Proof.
  intros Hn x y _ _. rewrite Rmult_1_l, (nrm_ext n _ (C n (vsub x y))) by (intros; unfold vsub at 1; rewrite C_sub; reflexivity).
  apply C_contraction; auto.
Qed.

(** A coordinate of a centred vector is at most sqrt((n-1)/n) of its norm. *)
Theorem centred_coord n x i : sm n x = 0 -> (i < n)%nat ->
  INR n * (x i * x i) <= (INR n - 1) * dot n x x.
Proof.
  intros E Hi. set (y := fun j => if Nat.eqb j i then 0 else x j).
  assert (Es : sm n x = x i + sm n y).
  { rewrite <- (sm_delta n i (x i) Hi), <- sm_plus. apply sm_ext. intros j _. unfold y.
    destruct (Nat.eqb_spec j i); subst; ring. }
  assert (Ed : dot n x x = x i * x i + dot n y y).
  { unfold dot. rewrite <- (sm_delta n i (x i * x i) Hi), <- sm_plus. apply sm_ext. intros j _. unfold y.
    destruct (Nat.eqb_spec j i); subst; ring. }
  set (o := (fun j => if Nat.eqb j i then 0 else 1) : vec).
  assert (Eo : dot n o o = INR n - 1).
  { unfold dot. rewrite (sm_ext n _ (fun j => 1 - (if Nat.eqb j i then 1 else 0))).
    - rewrite sm_minus, sm_const, sm_delta by auto. ring.
    - intros j _. unfold o. destruct (Nat.eqb j i); ring. }
  assert (Ey : dot n o y = sm n y).
  { unfold dot. apply sm_ext. intros j _. unfold o, y. destruct (Nat.eqb j i); ring. }
  pose proof (cauchy_schwarz_sq n o y) as Q. rewrite Ey, Eo in Q.
  assert (sm n y = - x i) by lra. rewrite H in Q. rewrite Ed. lra.
Qed.

(** ** LayerNorm and RMSNorm without affine part *)
Definition RMS (n : nat) (e : R) : vec -> vec := N n (INR n) e.
Definition LN (n : nat) (e : R) (x : vec) : vec := N n (INR n) e (C n x).
(** Biased variance. *)
Definition V (n : nat) (x : vec) : R := var n (INR n) (C n x).

Theorem LN_floor n e s : (0 < n)%nat -> 0 <= e -> 0 < s * s + e ->
  Lip n n (fun x => s * s <= V n x) (LN n e) (/ sqrt (s * s + e)).
Proof.
  intros Hn He Hs x y Hx Hy. unfold LN.
  eapply Rle_trans; [apply (N_floor n (INR n) e s (INR_pos n Hn) He Hs); auto|].
  apply Rmult_le_compat_l; [apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto|].
  pose proof (C_lip n Hn x y I I). lra.
Qed.
Theorem LN_global n e : (0 < n)%nat -> 0 < e -> Lip n n all (LN n e) (/ sqrt e).
Proof.
  intros Hn He x y _ _. pose proof (LN_floor n e 0 Hn ltac:(lra) ltac:(lra) x y) as Q.
  replace (0 * 0 + e) with e in Q by ring.
  apply Q; rewrite Rmult_0_l; apply var_ge0, INR_pos; auto.
Qed.

Definition e01 : vec := fun i => if Nat.eqb i 0 then 1 else if Nat.eqb i 1 then - (1) else 0.
Lemma e01_facts n : (2 <= n)%nat -> sm n e01 = 0 /\ dot n e01 e01 = 2.
Proof.
  intros Hn. split.
  - unfold e01. rewrite (sm_ext n _ (fun i => (if Nat.eqb i 0 then 1 else 0) - (if Nat.eqb i 1 then 1 else 0))).
    + rewrite sm_minus, !sm_delta by lia. ring.
    + intros i _. destruct (Nat.eqb_spec i 0), (Nat.eqb_spec i 1); subst; try lia; ring.
  - unfold dot, e01. rewrite (sm_ext n _ (fun i => (if Nat.eqb i 0 then 1 else 0) + (if Nat.eqb i 1 then 1 else 0))).
    + rewrite sm_plus, !sm_delta by lia. ring.
    + intros i _. destruct (Nat.eqb_spec i 0), (Nat.eqb_spec i 1); subst; try lia; ring.
Qed.

Lemma centred_line n w u : sm n w = 0 -> (exists c, forall i, u i = c * w i) -> sm n u = 0.
Proof.
  intros Hw [c Hc]. rewrite (sm_ext n _ (fun i => c * w i)) by auto. rewrite sm_scal, Hw. ring.
Qed.

Lemma V_centred n u : sm n u = 0 -> V n u = var n (INR n) u.
Proof.
  intros E. unfold V, var. f_equal. apply dot_ext; intros; apply C_centred; auto.
Qed.
Lemma LN_centred n e u i : sm n u = 0 -> LN n e u i = N n (INR n) e u i.
Proof.
  intros E. unfold LN, N, qn, vscal. fold (V n u). rewrite (V_centred n u E), (C_centred n u i E). reflexivity.
Qed.

Theorem LN_floor_exact n e s : (2 <= n)%nat -> 0 <= e -> 0 < s ->
  LipExact n n (fun x => s * s <= V n x) (LN n e) (/ sqrt (s * s + e)).
Proof.
  intros Hn He Hs. split; [apply LN_floor; auto; try lia; nra|].
  intros L' H. destruct (e01_facts n Hn) as [W1 W2].
  destruct (N_antipodal n (INR n) e e01 s (INR_pos n ltac:(lia)) He Hs ltac:(lra))
    as (u & v & V1 & V2 & P & U1 & U2 & E).
  pose proof (centred_line n e01 u W1 U1) as Cu. pose proof (centred_line n e01 v W1 U2) as Cv.
  assert (Du : s * s <= V n u) by (rewrite V_centred by auto; lra).
  assert (Dv : s * s <= V n v) by (rewrite V_centred by auto; lra).
  specialize (H u v Du Dv).
  rewrite (nrm_ext n _ (vsub (N n (INR n) e u) (N n (INR n) e v))) in H
    by (intros; unfold vsub; rewrite !LN_centred by auto; reflexivity).
  rewrite E in H. apply (Rmult_le_reg_r (nrm n (vsub u v))); auto.
Qed.
Theorem LN_global_exact n e : (2 <= n)%nat -> 0 < e -> LipExact n n all (LN n e) (/ sqrt e).
Proof.
  intros Hn He. split; [apply LN_global; auto; lia|].
  intros L' H. apply limit_inv_sqrt; auto. intros s Hs.
  apply (LN_floor_exact n e s Hn ltac:(lra) Hs). intros u v _ _. apply H; exact I.
Qed.
(** Width one: the output is constant. *)
Theorem LN_width_one e x : LN 1 e x 0%nat = 0.
Proof.
  unfold LN, N, vscal. replace (C 1 x 0%nat) with 0; [ring|]. unfold C, mean. simpl. field.
Qed.

Theorem LN_bound n e x : (0 < n)%nat -> 0 <= e -> 0 < V n x + e -> nrm n (LN n e x) <= sqrt (INR n).
Proof. intros. apply N_bound; auto. apply INR_pos; auto. Qed.
Theorem RMS_bound n e x : (0 < n)%nat -> 0 <= e -> 0 < var n (INR n) x + e ->
  nrm n (RMS n e x) <= sqrt (INR n).
Proof. intros. apply N_bound; auto. apply INR_pos; auto. Qed.

Lemma sm_LN n e x : (0 < n)%nat -> sm n (LN n e x) = 0.
Proof. intros. unfold LN, N, vscal. rewrite sm_scal, sm_C by auto. ring. Qed.

(** Sup bound of a centred output: sqrt(n-1). *)
Theorem LN_sup n e x i : (0 < n)%nat -> 0 <= e -> 0 < V n x + e -> (i < n)%nat ->
  Rabs (LN n e x i) <= sqrt (INR n - 1).
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

(** ** Affine part *)
Definition aff (ga be : vec) (z : vec) : vec := fun i => ga i * z i + be i.

Theorem aff_lip n (D : vec -> Prop) f L ga be g : 0 <= g -> (forall i, (i < n)%nat -> Rabs (ga i) <= g) ->
  Lip n n D f L -> Lip n n D (fun x => aff ga be (f x)) (g * L).
Proof.
  intros Hg Hga H x y Hx Hy.
  apply Rle_trans with (g * nrm n (vsub (f x) (f y))).
  - apply nrm_bound; auto. intros i Hi. unfold vsub, aff.
    replace (ga i * f x i + be i - (ga i * f y i + be i)) with (ga i * (f x i - f y i)) by ring.
    rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|auto].
  - rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
Qed.

Theorem RMSNorm_affine n e s ga be g : (0 < n)%nat -> 0 <= e -> 0 < s * s + e -> 0 <= g ->
  (forall i, (i < n)%nat -> Rabs (ga i) <= g) ->
  Lip n n (fun x => s * s <= var n (INR n) x) (fun x => aff ga be (RMS n e x)) (g * / sqrt (s * s + e)).
Proof. intros. apply aff_lip; auto. apply N_floor; auto. apply INR_pos; auto. Qed.

(** LayerNorm with affine part: the constant is a bound of the centred diagonal, ||Gamma C||. *)
Definition gammaC_le (n : nat) (ga : vec) (g : R) : Prop :=
  forall x, nrm n (vmul ga (C n x)) <= g * nrm n x.

Lemma LN_gamma n e ga be g x y : (0 < n)%nat -> 0 <= g -> gammaC_le n ga g ->
  nrm n (vsub (aff ga be (LN n e x)) (aff ga be (LN n e y))) <= g * nrm n (vsub (LN n e x) (LN n e y)).
Proof.
  intros Hn Hg H. rewrite (nrm_ext n _ (vmul ga (C n (vsub (LN n e x) (LN n e y))))); [apply H|].
  intros i Hi. unfold vsub at 1, aff, vmul. rewrite C_sub, !C_centred by (apply sm_LN; auto). ring.
Qed.

Theorem LayerNorm_affine n e s ga be g : (0 < n)%nat -> 0 <= e -> 0 < s * s + e -> 0 <= g ->
  gammaC_le n ga g ->
  Lip n n (fun x => s * s <= V n x) (fun x => aff ga be (LN n e x)) (g * / sqrt (s * s + e)).
Proof.
  intros Hn He Hs Hg H x y Hx Hy. eapply Rle_trans; [apply (LN_gamma n e ga be g); auto|].
  rewrite Rmult_assoc. apply Rmult_le_compat_l; auto. apply LN_floor; auto.
Qed.
Theorem LayerNorm_affine_global n e ga be g : (0 < n)%nat -> 0 < e -> 0 <= g -> gammaC_le n ga g ->
  Lip n n all (fun x => aff ga be (LN n e x)) (g * / sqrt e).
Proof.
  intros Hn He Hg H x y Hx Hy. eapply Rle_trans; [apply (LN_gamma n e ga be g); auto|].
  rewrite Rmult_assoc. apply Rmult_le_compat_l; auto. apply LN_global; auto.
Qed.

(** ||Gamma C|| <= max |gamma|. *)
Theorem gammaC_max n ga g : (0 < n)%nat -> 0 <= g -> (forall i, (i < n)%nat -> Rabs (ga i) <= g) -> gammaC_le n ga g.
Proof.
  intros Hn Hg H x. apply Rle_trans with (g * nrm n (C n x)).
  - apply nrm_mul_le; auto.
  - apply Rmult_le_compat_l; auto. apply C_contraction; auto.
Qed.

(** Exactness: if the bound of Gamma C is attained at some vector, the floor constant is exact. *)
Theorem LayerNorm_affine_exact n e s ga be g w : (0 < n)%nat -> 0 <= e -> 0 < s -> 0 < g ->
  gammaC_le n ga g -> 0 < nrm n w -> nrm n (vmul ga (C n w)) = g * nrm n w ->
  LipExact n n (fun x => s * s <= V n x) (fun x => aff ga be (LN n e x)) (g * / sqrt (s * s + e)).
Proof.
  intros Hn He Hs Hg H Hw Ha. assert (Hse : 0 < s * s + e) by nra.
  split; [apply LayerNorm_affine; auto; lra|]. intros L' HL.
  set (z := C n w). assert (Cz : sm n z = 0) by (apply sm_C; auto).
  assert (Nz : g * nrm n z >= nrm n (vmul ga z)).
  { apply Rle_ge. pose proof (H z) as Q. rewrite (nrm_ext n (vmul ga (C n z)) (vmul ga z)) in Q; auto.
    intros i _. unfold vmul. rewrite C_centred by auto. reflexivity. }
  assert (Nw : nrm n w <= nrm n z) by (unfold z in *; apply (Rmult_le_reg_l g); lra).
  assert (Ez : nrm n z = nrm n w) by (pose proof (C_contraction n w Hn); unfold z in *; lra).
  assert (Dz : 0 < dot n z z) by (rewrite <- nrm_sq, Ez; nra).
  destruct (N_antipodal n (INR n) e z s (INR_pos n Hn) He Hs Dz)
    as (u & v & V1 & V2 & P & U1 & U2 & E).
  pose proof (centred_line n z u Cz U1) as Cu. pose proof (centred_line n z v Cz U2) as Cv.
  assert (Du : s * s <= V n u) by (rewrite V_centred by auto; lra).
  assert (Dv : s * s <= V n v) by (rewrite V_centred by auto; lra).
  specialize (HL u v Du Dv). cbv beta in HL. destruct U1 as [c1 U1]. destruct U2 as [c2 U2].
  assert (Q : qn n (INR n) e v = qn n (INR n) e u) by (unfold qn; rewrite V1, V2; reflexivity).
  assert (Qu : qn n (INR n) e u = sqrt (s * s + e)) by (unfold qn; rewrite V1; reflexivity).
  set (r := / sqrt (s * s + e)) in *. assert (Hr : 0 < r) by (apply Rinv_0_lt_compat, sqrt_lt_R0; auto).
  rewrite (nrm_ext n (vsub (aff _ _ _) _) (vscal (r * (c1 - c2)) (vmul ga z))) in HL.
  2:{ intros i Hi. unfold vsub, aff. rewrite !LN_centred by auto. unfold N, vscal, vmul.
      rewrite Q, Qu. fold r. rewrite U1, U2. ring. }
  rewrite (nrm_ext n (vsub u v) (vscal (c1 - c2) z)) in HL by (intros; unfold vsub, vscal; rewrite U1, U2; ring).
  rewrite (nrm_ext n (vsub u v) (vscal (c1 - c2) z)) in P by (intros; unfold vsub, vscal; rewrite U1, U2; ring).
  rewrite !nrm_scal in *. rewrite Rabs_mult, (Rabs_pos_eq r) in HL by lra.
  assert (Na : nrm n (vmul ga z) = g * nrm n z) by (unfold z in *; rewrite Ez; exact Ha).
  rewrite Na in HL.
  apply (Rmult_le_reg_r (Rabs (c1 - c2) * nrm n z)); auto. lra.
Qed.

(** Output of an affine normalizer: |gamma|_inf sqrt d + |beta|, independent of input, weights and depth. *)
Theorem aff_bound n ga be g z M : 0 <= g -> (forall i, (i < n)%nat -> Rabs (ga i) <= g) -> nrm n z <= M ->
  nrm n (aff ga be z) <= g * M + nrm n be.
Proof.
  intros Hg H Hz. apply Rle_trans with (nrm n (vadd (vmul ga z) be)); [right; reflexivity|].
  eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat_r.
  eapply Rle_trans; [apply nrm_mul_le; eauto|]. apply Rmult_le_compat_l; auto.
Qed.

(** ** Scale facts without epsilon *)
Theorem N_scale_invariant n d t z i : 0 < d -> 0 < t -> 0 < var n d z -> N n d 0 (vscal t z) i = N n d 0 z i.
Proof.
  intros Hd Ht Hv. unfold N, vscal, qn. fold (vscal t z). rewrite var_scal, !Rplus_0_r.
  rewrite sqrt_mult_alt by nra. rewrite sqrt_square by lra.
  assert (0 < sqrt (var n d z)) by (apply sqrt_lt_R0; auto). field. split; lra.
Qed.
Theorem N_scale_eps n d e t z i : 0 < d -> 0 <= e -> 0 < t -> 0 < var n d z + e ->
  N n d (t * t * e) (vscal t z) i = N n d e z i.
Proof.
  intros Hd He Ht Hv. unfold N, vscal, qn. fold (vscal t z). rewrite var_scal.
  replace (t * t * var n d z + t * t * e) with (t * t * (var n d z + e)) by ring.
  rewrite sqrt_mult_alt by nra. rewrite sqrt_square by lra.
  assert (0 < sqrt (var n d z + e)) by (apply sqrt_lt_R0; auto). field. split; lra.
Qed.
