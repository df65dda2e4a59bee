(** Vectors, sums, norms, Cauchy-Schwarz, rows.

    A vector is a map from indices to reals; the dimension is an argument of
    the norm, and coordinates beyond it are ignored. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
Open Scope R_scope.

Definition vec := nat -> R.

(** ** Finite sums *)
Fixpoint sm (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S k => sm k f + f k end.

Lemma sm_ext n f g : (forall i, (i < n)%nat -> f i = g i) -> sm n f = sm n g.
Proof.
  induction n as [|n IH]; simpl; intros H; [reflexivity|].
  rewrite IH by (intros; apply H; lia). rewrite H by lia. reflexivity.
Qed.

Lemma sm_0 n : sm n (fun _ => 0) = 0.
Proof. induction n; simpl; [reflexivity|]. rewrite IHn; ring. Qed.

Lemma sm_const n c : sm n (fun _ => c) = INR n * c.
Proof. induction n; [simpl; ring|]. rewrite S_INR. simpl sm. rewrite IHn. ring. Qed.

Lemma sm_plus n f g : sm n (fun i => f i + g i) = sm n f + sm n g.
Proof. induction n; simpl; [ring|]. rewrite IHn; ring. Qed.

Lemma sm_minus n f g : sm n (fun i => f i - g i) = sm n f - sm n g.
Proof. induction n; simpl; [ring|]. rewrite IHn; ring. Qed.

Lemma sm_scal n c f : sm n (fun i => c * f i) = c * sm n f.
Proof. induction n; simpl; [ring|]. rewrite IHn; ring. Qed.

Lemma sm_le n f g : (forall i, (i < n)%nat -> f i <= g i) -> sm n f <= sm n g.
Proof.
  induction n as [|n IH]; simpl; intros H; [lra|].
  apply Rplus_le_compat; [apply IH; intros; apply H; lia | apply H; lia].
Qed.

Lemma sm_ge0 n f : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sm n f.
Proof. intros H. rewrite <- (sm_0 n). apply sm_le; auto. Qed.

Lemma sm_term n f i : (forall j, (j < n)%nat -> 0 <= f j) -> (i < n)%nat -> f i <= sm n f.
Proof.
  induction n as [|n IH]; intros H Hi; [lia|]. simpl.
  destruct (Nat.eq_dec i n) as [->|E].
  - assert (0 <= sm n f) by (apply sm_ge0; intros; apply H; lia). lra.
  - assert (f i <= sm n f) by (apply IH; [intros; apply H; lia | lia]).
    assert (0 <= f n) by (apply H; lia). lra.
Qed.

Lemma sm_app n m f : sm (n + m) f = sm n f + sm m (fun i => f (n + i)%nat).
Proof.
  induction m; simpl.
  - rewrite Nat.add_0_r. ring.
  - rewrite Nat.add_succ_r. simpl. rewrite IHm. ring.
Qed.

Lemma sm_mul n d f : sm (n * d) f = sm n (fun r => sm d (fun j => f (r * d + j)%nat)).
Proof.
  induction n; simpl; [reflexivity|].
  rewrite Nat.add_comm, sm_app, IHn. reflexivity.
Qed.

Lemma sm_swap n m (f : nat -> nat -> R) :
  sm n (fun i => sm m (fun j => f i j)) = sm m (fun j => sm n (fun i => f i j)).
Proof.
  induction n; simpl.
  - rewrite sm_0. reflexivity.
  - rewrite sm_plus, IHn. reflexivity.
Qed.

Lemma sm_zero_inv n f : (forall i, (i < n)%nat -> 0 <= f i) -> sm n f = 0 ->
  forall i, (i < n)%nat -> f i = 0.
Proof.
  intros H E i Hi. assert (f i <= sm n f) by (apply sm_term; auto).
  assert (0 <= f i) by auto. lra.
Qed.

Lemma sm_delta n k c : (k < n)%nat -> sm n (fun i => if Nat.eqb i k then c else 0) = c.
Proof.
  induction n as [|n IH]; intros H; [lia|]. simpl.
  destruct (Nat.eqb_spec n k) as [->|E].
  - rewrite (sm_ext k _ (fun _ => 0)), sm_0; [ring|].
    intros i Hi. destruct (Nat.eqb_spec i k); [lia|reflexivity].
  - rewrite IH by lia. ring.
Qed.

(** ** Inner product and norm *)
Definition dot (n : nat) (x y : vec) : R := sm n (fun i => x i * y i).
Definition nrm (n : nat) (x : vec) : R := sqrt (dot n x x).
Definition vadd (x y : vec) : vec := fun i => x i + y i.
Definition vsub (x y : vec) : vec := fun i => x i - y i.
Definition vscal (c : R) (x : vec) : vec := fun i => c * x i.
Definition vmul (x y : vec) : vec := fun i => x i * y i.
Definition v0 : vec := fun _ => 0.

Lemma dot_sym n x y : dot n x y = dot n y x.
Proof. apply sm_ext; intros; ring. Qed.

Lemma dot_self_ge0 n x : 0 <= dot n x x.
Proof. apply sm_ge0; intros. nra. Qed.

Lemma nrm_ge0 n x : 0 <= nrm n x.
Proof. apply sqrt_pos. Qed.

Lemma nrm_sq n x : nrm n x * nrm n x = dot n x x.
Proof. apply sqrt_sqrt, dot_self_ge0. Qed.

Lemma nrm_ext n x y : (forall i, (i < n)%nat -> x i = y i) -> nrm n x = nrm n y.
Proof. intros H. unfold nrm, dot. f_equal. apply sm_ext. intros. rewrite H by auto. ring. Qed.

Lemma dot_ext n x y x' y' : (forall i, (i < n)%nat -> x i = x' i) ->
  (forall i, (i < n)%nat -> y i = y' i) -> dot n x y = dot n x' y'.
Proof. intros H H'. apply sm_ext. intros. rewrite H, H' by auto. ring. Qed.

Lemma dot_add_l n x y z : dot n (vadd x y) z = dot n x z + dot n y z.
Proof. unfold dot, vadd. rewrite <- sm_plus. apply sm_ext; intros; ring. Qed.
Lemma dot_sub_l n x y z : dot n (vsub x y) z = dot n x z - dot n y z.
Proof. unfold dot, vsub. rewrite <- sm_minus. apply sm_ext; intros; ring. Qed.
Lemma dot_scal_l n c x z : dot n (vscal c x) z = c * dot n x z.
Proof. unfold dot, vscal. rewrite <- sm_scal. apply sm_ext; intros; ring. Qed.
Lemma dot_add_r n x y z : dot n z (vadd x y) = dot n z x + dot n z y.
Proof. rewrite !(dot_sym n z). apply dot_add_l. Qed.
Lemma dot_sub_r n x y z : dot n z (vsub x y) = dot n z x - dot n z y.
Proof. rewrite !(dot_sym n z). apply dot_sub_l. Qed.
Lemma dot_scal_r n c x z : dot n z (vscal c x) = c * dot n z x.
Proof. rewrite !(dot_sym n z). apply dot_scal_l. Qed.

(** ** Real-number tools *)
Lemma sq_le_compat a b : 0 <= b -> a * a <= b * b -> a <= b.
Proof. intros. nra. Qed.

Lemma sqrt_le_of_sq x b : 0 <= b -> x <= b * b -> sqrt x <= b.
Proof.
  intros Hb H. rewrite <- (sqrt_square b) by auto. apply sqrt_le_1_alt; auto.
Qed.

Lemma nrm_le_of_sq n x b : 0 <= b -> dot n x x <= b * b -> nrm n x <= b.
Proof. intros; apply sqrt_le_of_sq; auto. Qed.

Lemma sqrt_ge_of_sq x a : 0 <= x -> a * a <= x -> a <= sqrt x.
Proof.
  intros Hx H. destruct (Rle_dec a 0).
  - assert (0 <= sqrt x) by apply sqrt_pos. lra.
  - rewrite <- (sqrt_square a) by lra. apply sqrt_le_1_alt; auto.
Qed.

(** ** Cauchy-Schwarz and the triangle inequality *)
Theorem cauchy_schwarz_sq n x y : dot n x y * dot n x y <= dot n x x * dot n y y.
Proof.
  set (a := dot n x x). set (b := dot n x y). set (c := dot n y y).
  assert (P : forall t, 0 <= a - 2 * t * b + t * t * c).
  { intros t. pose proof (dot_self_ge0 n (vsub x (vscal t y))) as H.
    rewrite !dot_sub_l, !dot_sub_r, !dot_scal_l, !dot_scal_r, (dot_sym n y x) in H.
    fold a b c in H. lra. }
  assert (Hc : 0 <= c) by apply dot_self_ge0.
  assert (Ha : 0 <= a) by apply dot_self_ge0.
  destruct (Req_dec c 0) as [E|E].
  - destruct (Req_dec b 0) as [E'|E']; [rewrite E', E; lra|].
    pose proof (P ((a + 1) / (2 * b))) as H. rewrite E in H.
    replace (a - 2 * ((a + 1) / (2 * b)) * b + (a + 1) / (2 * b) * ((a + 1) / (2 * b)) * 0)
      with (-1) in H by (field; auto). lra.
  - pose proof (P (b / c)) as H.
    replace (a - 2 * (b / c) * b + b / c * (b / c) * c) with (a - b * b / c) in H by (field; auto).
    assert (b * b / c * c = b * b) by (field; auto). nra.
Qed.

Theorem cauchy_schwarz n x y : Rabs (dot n x y) <= nrm n x * nrm n y.
Proof.
  apply sq_le_compat.
  - apply Rmult_le_pos; apply nrm_ge0.
  - rewrite <- Rabs_mult, Rabs_pos_eq by nra.
    replace (nrm n x * nrm n y * (nrm n x * nrm n y))
      with ((nrm n x * nrm n x) * (nrm n y * nrm n y)) by ring.
    rewrite !nrm_sq. apply cauchy_schwarz_sq.
Qed.

Lemma cs_le n x y : dot n x y <= nrm n x * nrm n y.
Proof. eapply Rle_trans; [apply Rle_abs | apply cauchy_schwarz]. Qed.

Theorem nrm_triangle n x y : nrm n (vadd x y) <= nrm n x + nrm n y.
Proof.
  pose proof (nrm_ge0 n x). pose proof (nrm_ge0 n y).
  apply nrm_le_of_sq; [lra|].
  rewrite dot_add_l, !dot_add_r, (dot_sym n y x).
  pose proof (cs_le n x y). pose proof (nrm_sq n x). pose proof (nrm_sq n y). nra.
Qed.

Lemma nrm_scal n c x : nrm n (vscal c x) = Rabs c * nrm n x.
Proof.
  unfold nrm. rewrite dot_scal_l, dot_scal_r.
  replace (c * (c * dot n x x)) with (Rsqr c * dot n x x) by (unfold Rsqr; ring).
  rewrite sqrt_mult_alt by apply Rle_0_sqr. rewrite sqrt_Rsqr_abs. reflexivity.
Qed.

Lemma nrm_0 n : nrm n v0 = 0.
Proof.
  unfold nrm, dot, v0. rewrite (sm_ext n _ (fun _ => 0)), sm_0 by (intros; ring). apply sqrt_0.
Qed.

Lemma Rabs_m1 : Rabs (-1) = 1.
Proof. unfold Rabs. destruct (Rcase_abs (-1)); lra. Qed.

Lemma nrm_sub_sym n x y : nrm n (vsub x y) = nrm n (vsub y x).
Proof.
  rewrite (nrm_ext n (vsub x y) (vscal (-1) (vsub y x))) by (intros; unfold vsub, vscal; ring).
  rewrite nrm_scal, Rabs_m1. ring.
Qed.

Lemma nrm_sub_triangle n x y z : nrm n (vsub x z) <= nrm n (vsub x y) + nrm n (vsub y z).
Proof.
  rewrite (nrm_ext n (vsub x z) (vadd (vsub x y) (vsub y z)))
    by (intros; unfold vsub, vadd; ring). apply nrm_triangle.
Qed.

Lemma nrm_sub_le n x y : nrm n (vsub x y) <= nrm n x + nrm n y.
Proof.
  rewrite (nrm_ext n (vsub x y) (vadd x (vscal (-1) y))) by (intros; unfold vsub, vadd, vscal; ring).
  eapply Rle_trans; [apply nrm_triangle|]. rewrite nrm_scal, Rabs_m1. lra.
Qed.

Lemma nrm_sub_self n x : nrm n (vsub x x) = 0.
Proof. rewrite (nrm_ext n _ v0), nrm_0 by (intros; unfold vsub, v0; ring). reflexivity. Qed.

Lemma nrm_mono n x y : (forall i, (i < n)%nat -> Rabs (x i) <= Rabs (y i)) -> nrm n x <= nrm n y.
Proof.
  intros H. apply sqrt_le_1_alt. apply sm_le. intros i Hi. specialize (H i Hi).
  pose proof (Rabs_pos (x i)).
  replace (x i * x i) with (Rabs (x i) * Rabs (x i)) by (rewrite <- Rabs_mult; apply Rabs_pos_eq; nra).
  replace (y i * y i) with (Rabs (y i) * Rabs (y i)) by (rewrite <- Rabs_mult; apply Rabs_pos_eq; nra).
  nra.
Qed.

(** A coordinatewise bound by a multiple of another vector. *)
Lemma nrm_bound n c x y : 0 <= c -> (forall i, (i < n)%nat -> Rabs (x i) <= c * Rabs (y i)) ->
  nrm n x <= c * nrm n y.
Proof.
  intros Hc H. replace (c * nrm n y) with (nrm n (vscal c y)).
  - apply nrm_mono. intros i Hi. unfold vscal. rewrite Rabs_mult, (Rabs_pos_eq c) by auto. auto.
  - rewrite nrm_scal, Rabs_pos_eq by auto. reflexivity.
Qed.

Lemma nrm_const n c : nrm n (fun _ => c) = sqrt (INR n) * Rabs c.
Proof.
  unfold nrm, dot. rewrite sm_const.
  replace (c * c) with (Rsqr c) by reflexivity.
  rewrite sqrt_mult_alt by apply pos_INR. rewrite sqrt_Rsqr_abs. reflexivity.
Qed.

Lemma abs_coord_le n x i : (i < n)%nat -> Rabs (x i) <= nrm n x.
Proof.
  intros Hi. apply sq_le_compat; [apply nrm_ge0|]. rewrite nrm_sq, <- Rabs_mult, Rabs_pos_eq by nra.
  unfold dot. apply (sm_term n (fun i => x i * x i)); auto. intros; nra.
Qed.

(** Norm of the nonnegative sequence, used for Minkowski over rows. *)
Theorem minkowski3 n a b c z : (forall i, (i < n)%nat -> 0 <= z i <= a i + b i + c i) ->
  nrm n z <= nrm n a + nrm n b + nrm n c.
Proof.
  intros H. apply Rle_trans with (nrm n (vadd (vadd a b) c)).
  - apply nrm_mono. intros i Hi. specialize (H i Hi). unfold vadd. rewrite !Rabs_pos_eq; lra.
  - eapply Rle_trans; [apply nrm_triangle|]. pose proof (nrm_triangle n a b). lra.
Qed.

Lemma sum_le_sqrt_nrm n x : sm n x <= sqrt (INR n) * nrm n x.
Proof.
  pose proof (cs_le n (fun _ => 1) x) as H. rewrite nrm_const, Rabs_R1, Rmult_1_r in H.
  eapply Rle_trans; [|exact H]. right. apply sm_ext; intros; ring.
Qed.

(** Norm of a finite sum of vectors. *)
Lemma nrm_sum n k (X : nat -> vec) :
  nrm n (fun i => sm k (fun j => X j i)) <= sm k (fun j => nrm n (X j)).
Proof.
  induction k; simpl.
  - change (fun _ : nat => 0) with v0. rewrite nrm_0. lra.
  - eapply Rle_trans; [apply (nrm_triangle n (fun i => sm k (fun j => X j i)) (X k))|]. lra.
Qed.

(** ** Two-term norms *)
Definition h2 (a b : R) : R := sqrt (a * a + b * b).

Lemma h2_ge0 a b : 0 <= h2 a b.
Proof. apply sqrt_pos. Qed.
Lemma h2_sq a b : h2 a b * h2 a b = a * a + b * b.
Proof. apply sqrt_sqrt. nra. Qed.
Lemma h2_le a b c : 0 <= c -> a * a + b * b <= c * c -> h2 a b <= c.
Proof. intros; apply sqrt_le_of_sq; auto. Qed.
Lemma h2_cs a b c d : a * c + b * d <= h2 a b * h2 c d.
Proof.
  apply sq_le_compat; [apply Rmult_le_pos; apply h2_ge0|].
  replace (h2 a b * h2 c d * (h2 a b * h2 c d)) with ((h2 a b * h2 a b) * (h2 c d * h2 c d)) by ring.
  rewrite !h2_sq. pose proof (Rle_0_sqr (a * d - b * c)) as Q. unfold Rsqr in Q. lra.
Qed.
Lemma h2_mono a b c d : 0 <= a <= c -> 0 <= b <= d -> h2 a b <= h2 c d.
Proof. intros. apply sqrt_le_1_alt. apply Rplus_le_compat; apply Rmult_le_compat; lra. Qed.
Lemma h2_triangle a b c d : h2 (a + c) (b + d) <= h2 a b + h2 c d.
Proof.
  pose proof (h2_ge0 a b). pose proof (h2_ge0 c d).
  apply h2_le; [lra|]. pose proof (h2_cs a b c d). pose proof (h2_sq a b). pose proof (h2_sq c d). nra.
Qed.
Lemma h2_scal k a b : 0 <= k -> h2 (k * a) (k * b) = k * h2 a b.
Proof.
  intros. unfold h2. replace (k * a * (k * a) + k * b * (k * b)) with ((k * k) * (a * a + b * b)) by ring.
  rewrite sqrt_mult_alt by nra. rewrite sqrt_square by auto. reflexivity.
Qed.
Lemma h2_sym a b : h2 a b = h2 b a.
Proof. unfold h2. f_equal. ring. Qed.
Lemma h2_l a b : 0 <= a -> a <= h2 a b.
Proof. intros. apply sqrt_ge_of_sq; nra. Qed.
Lemma h2_00 : h2 0 0 = 0.
Proof. unfold h2. replace (0 * 0 + 0 * 0) with 0 by ring. apply sqrt_0. Qed.
Lemma h2_sum n a b : h2 (sm n a) (sm n b) <= sm n (fun i => h2 (a i) (b i)).
Proof.
  induction n; simpl; [rewrite h2_00; lra|].
  eapply Rle_trans; [apply h2_triangle|]. lra.
Qed.

(** ** Concatenation, slices and rows *)
Definition vcat (n : nat) (x y : vec) : vec := fun i => if Nat.ltb i n then x i else y (i - n)%nat.
Definition vdrop (n : nat) (x : vec) : vec := fun i => x (n + i)%nat.
Definition row (d r : nat) (x : vec) : vec := fun j => x (r * d + j)%nat.

Lemma dot_cat n m x y : dot (n + m) (vcat n x y) (vcat n x y) = dot n x x + dot m y y.
Proof.
  unfold dot. rewrite sm_app. f_equal.
  - apply sm_ext. intros i Hi. unfold vcat. destruct (Nat.ltb_spec i n); [ring|lia].
  - apply sm_ext. intros i Hi. unfold vcat. destruct (Nat.ltb_spec (n + i) n); [lia|].
    replace (n + i - n)%nat with i by lia. ring.
Qed.

Lemma nrm_cat n m x y : nrm (n + m) (vcat n x y) = h2 (nrm n x) (nrm m y).
Proof. unfold nrm at 1, h2. rewrite dot_cat, !nrm_sq. reflexivity. Qed.

Lemma vcat_sub n x y x' y' i : vsub (vcat n x y) (vcat n x' y') i = vcat n (vsub x x') (vsub y y') i.
Proof. unfold vsub, vcat. destruct (Nat.ltb i n); reflexivity. Qed.

Lemma nrm_cat_sub n m x y x' y' :
  nrm (n + m) (vsub (vcat n x y) (vcat n x' y')) = h2 (nrm n (vsub x x')) (nrm m (vsub y y')).
Proof.
  rewrite (nrm_ext _ _ (vcat n (vsub x x') (vsub y y'))) by (intros; apply vcat_sub). apply nrm_cat.
Qed.

Lemma nrm_split n m x : nrm (n + m) x = h2 (nrm n x) (nrm m (vdrop n x)).
Proof. unfold nrm at 1, h2. rewrite !nrm_sq. unfold dot. rewrite sm_app. reflexivity. Qed.

(** The Euclidean norm of all entries is the norm of the row norms. *)
Theorem nrm_rows n d x : nrm (n * d) x = nrm n (fun r => nrm d (row d r x)).
Proof.
  unfold nrm at 1 2. f_equal. unfold dot at 1 2. rewrite sm_mul. apply sm_ext. intros r Hr.
  cbv beta. rewrite nrm_sq. reflexivity.
Qed.

Lemma row_nrm_le n d x r : (r < n)%nat -> nrm d (row d r x) <= nrm (n * d) x.
Proof.
  intros Hr. rewrite nrm_rows.
  pose proof (abs_coord_le n (fun r => nrm d (row d r x)) r Hr) as H. simpl in H.
  rewrite Rabs_pos_eq in H by apply nrm_ge0. exact H.
Qed.

(** ** Matrices: lists of rows, products, operator and Frobenius bounds *)
Definition mat := nat -> vec.
Definition mv (n : nat) (W : mat) (x : vec) : vec := fun i => dot n (W i) x.
Definition opn (m n : nat) (W : mat) (s : R) : Prop := forall x, nrm m (mv n W x) <= s * nrm n x.
Definition frob (m n : nat) (W : mat) : R := sqrt (sm m (fun i => dot n (W i) (W i))).
Definition msub (W V : mat) : mat := fun i => vsub (W i) (V i).

Lemma frob_sq m n W : frob m n W * frob m n W = sm m (fun i => dot n (W i) (W i)).
Proof. apply sqrt_sqrt. apply sm_ge0; intros; apply dot_self_ge0. Qed.
Lemma frob_ge0 m n W : 0 <= frob m n W.
Proof. apply sqrt_pos. Qed.

Theorem frob_bounds_op m n W : opn m n W (frob m n W).
Proof.
  intros x. apply nrm_le_of_sq; [apply Rmult_le_pos; [apply frob_ge0|apply nrm_ge0]|].
  replace (frob m n W * nrm n x * (frob m n W * nrm n x))
    with ((frob m n W * frob m n W) * (nrm n x * nrm n x)) by ring.
  rewrite frob_sq, nrm_sq, (Rmult_comm (sm m _) (dot n x x)), <- sm_scal.
  unfold dot at 1. apply sm_le. intros i Hi. cbv beta. unfold mv.
  rewrite (Rmult_comm (dot n x x)). apply cauchy_schwarz_sq.
Qed.

Lemma mv_sub n W x y i : mv n W (vsub x y) i = mv n W x i - mv n W y i.
Proof. unfold mv. apply dot_sub_r. Qed.
Lemma mv_add n W x y i : mv n W (vadd x y) i = mv n W x i + mv n W y i.
Proof. unfold mv. apply dot_add_r. Qed.
Lemma mv_scal n W c x i : mv n W (vscal c x) i = c * mv n W x i.
Proof. unfold mv. apply dot_scal_r. Qed.
