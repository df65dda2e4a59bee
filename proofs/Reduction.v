(** The reduction theorem: a chain with and without its normalizers, the ratio
    of the two certificates, and the threshold of each normalizer. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Acts Norm Groups Layers.
Import ListNotations.
Open Scope R_scope.

(** A normalizer: centred (LayerNorm) or not (RMSNorm), epsilon, floor, gains, shift, and a bound
    of ||Gamma C|| (centred) or of max|gamma| (not centred). *)
Record normalizer := { z_centred : bool; z_e : R; z_s : R; z_ga : vec; z_be : vec; z_g : R }.
Definition z_map (n : nat) (z : normalizer) (x : vec) : vec :=
  aff (z_ga z) (z_be z) (if z_centred z then LN n (z_e z) x else RMS n (z_e z) x).
(** The variance, or the mean square. *)
Definition z_V (n : nat) (z : normalizer) (x : vec) : R :=
  if z_centred z then V n x else var n (INR n) x.
Record nlayer := { y_in : nat; y_out : nat; y_W : mat; y_b : vec; y_s : R;
  y_phi : R -> R; y_rho : R; y_norm : option normalizer }.

Definition z_ok (n : nat) (z : normalizer) : Prop :=
  0 <= z_e z /\ 0 < z_s z * z_s z + z_e z /\ 0 <= z_g z /\
  if z_centred z then gammaC_le n (z_ga z) (z_g z) else forall i, (i < n)%nat -> Rabs (z_ga z i) <= z_g z.
Definition y_ok (y : nlayer) : Prop :=
  (0 < y_out y)%nat /\ 0 <= y_s y /\ 0 <= y_rho y /\ opn (y_out y) (y_in y) (y_W y) (y_s y) /\
  (forall a b, Rabs (y_phi y a - y_phi y b) <= y_rho y * Rabs (a - b)) /\
  match y_norm y with None => True | Some z => z_ok (y_out y) z end.

(** The factor of one normalizer: ||Gamma C|| / sqrt(sigma^2 + epsilon)
    (max|gamma| in place of ||Gamma C|| when not centred). *)
Definition z_r (z : normalizer) : R := z_g z * / sqrt (z_s z * z_s z + z_e z).
Definition y_r (y : nlayer) : R := match y_norm y with None => 1 | Some z => z_r z end.

Definition y_layer (y : nlayer) : layer :=
  let lin := linear (y_in y) (y_W y) (y_b y) in
  match y_norm y with
  | None => {| l_in := y_in y; l_out := y_out y; l_dom := all;
      l_f := fun x => ew (y_phi y) (lin x); l_c := y_rho y * y_s y * 1 |}
  | Some z => {| l_in := y_in y; l_out := y_out y;
      l_dom := fun x => z_s z * z_s z <= z_V (y_out y) z (lin x);
      l_f := fun x => ew (y_phi y) (z_map (y_out y) z (lin x));
      l_c := y_rho y * y_s y * z_r z |}
  end.

Lemma z_r_ge0 n z : z_ok n z -> 0 <= z_r z.
Proof.
  intros (H1 & H2 & H3 & H4). apply Rmult_le_pos; auto.
  apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto.
Qed.

Lemma z_lip n z : (0 < n)%nat -> z_ok n z ->
  Lip n n (fun x => z_s z * z_s z <= z_V n z x) (z_map n z) (z_r z).
Proof.
  intros Hn (Z1 & Z2 & Z3 & Z4). unfold z_map, z_V, z_r. destruct (z_centred z).
  - apply LayerNorm_affine; auto.
  - apply RMSNorm_affine; auto.
Qed.

Lemma y_layer_ok y : y_ok y -> layer_ok (y_layer y).
Proof.
  intros (H1 & H2 & H3 & H4 & H5 & H6). unfold y_layer. destruct (y_norm y) as [z|].
  - pose proof (z_r_ge0 _ z H6) as Hr. split; simpl.
    + apply Rmult_le_pos; auto. apply Rmult_le_pos; auto.
    + replace (y_rho y * y_s y * z_r z) with (y_rho y * (z_r z * y_s y)) by ring.
      apply (lip_compose (y_in y) (y_out y) (y_out y) _ all
        (fun x => z_map (y_out y) z (linear (y_in y) (y_W y) (y_b y) x)) (ew (y_phi y))); auto.
      * intros; exact I.
      * apply (lip_compose (y_in y) (y_out y) (y_out y) _ (fun v => z_s z * z_s z <= z_V (y_out y) z v)
          (linear (y_in y) (y_W y) (y_b y)) (z_map (y_out y) z)); auto.
        -- apply linear_lip; auto.
        -- apply z_lip; auto.
      * apply (act_lip _ _ _ all (fun _ => True)); auto.
  - split; simpl.
    + rewrite Rmult_1_r. apply Rmult_le_pos; auto.
    + rewrite Rmult_1_r.
      apply (lip_compose (y_in y) (y_out y) (y_out y) all all (linear (y_in y) (y_W y) (y_b y)) (ew (y_phi y))); auto.
      * apply linear_lip; auto.
      * apply (act_lip _ _ _ all (fun _ => True)); auto.
Qed.

Fixpoint prodl (l : list R) : R := match l with nil => 1 | a :: r => a * prodl r end.

Definition cert_plain (ys : list nlayer) : R := prodl (map (fun y => y_rho y * y_s y) ys).
Definition cert_ratio (ys : list nlayer) : R := prodl (map y_r ys).

Lemma net_c_prod ys : net_c (map y_layer ys) = cert_plain ys * cert_ratio ys.
Proof.
  induction ys as [|y ys IH]; simpl; [unfold cert_plain, cert_ratio; simpl; ring|].
  unfold cert_plain, cert_ratio in *. simpl. rewrite IH. unfold y_layer, y_r.
  destruct (y_norm y); simpl; ring.
Qed.

(** The set of inputs whose variances, evaluated in the normalized network, meet the floors. *)
Definition floors (ys : list nlayer) : vec -> Prop := net_dom (map y_layer ys).

Theorem reduction n ys : net_fits n (map y_layer ys) -> Forall y_ok ys ->
  Lip n (net_width n (map y_layer ys)) (floors ys) (net_f (map y_layer ys)) (cert_plain ys * cert_ratio ys).
Proof.
  intros HF HO. rewrite <- net_c_prod. apply lip_network; auto.
  apply Forall_forall. intros l Hl. apply in_map_iff in Hl. destruct Hl as (y & <- & Hy).
  apply y_layer_ok. rewrite Forall_forall in HO. auto.
Qed.

(** The same weights without normalizers. *)
Definition strip (y : nlayer) : nlayer :=
  {| y_in := y_in y; y_out := y_out y; y_W := y_W y; y_b := y_b y; y_s := y_s y;
     y_phi := y_phi y; y_rho := y_rho y; y_norm := None |}.

Theorem unnormalized n ys : net_fits n (map y_layer (map strip ys)) -> Forall y_ok ys ->
  Lip n (net_width n (map y_layer (map strip ys))) all (net_f (map y_layer (map strip ys))) (cert_plain ys).
Proof.
  intros HF HO.
  assert (E : cert_plain (map strip ys) * cert_ratio (map strip ys) = cert_plain ys).
  { unfold cert_plain, cert_ratio. rewrite !map_map. simpl. clear. induction ys; simpl; [ring|].
    rewrite <- IHys at 2. unfold y_r in *. simpl in *. ring. }
  rewrite <- E. assert (Forall y_ok (map strip ys)).
  { apply Forall_forall. intros y Hy. apply in_map_iff in Hy. destruct Hy as (y' & <- & Hy').
    rewrite Forall_forall in HO. destruct (HO y' Hy') as (H1 & H2 & H3 & H4 & H5 & H6).
    unfold y_ok. simpl. repeat split; auto. }
  intros x y _ _. apply (reduction n (map strip ys)); auto.
  - clear. revert x. induction ys as [|z zs IHz]; intros w; simpl; [exact I|split; [exact I|apply IHz]].
  - clear. revert y. induction ys as [|z zs IHz]; intros w; simpl; [exact I|split; [exact I|apply IHz]].
Qed.

(** The ratio of the two certificates is the product of the factors. *)
Theorem certificate_ratio ys : 0 < cert_plain ys ->
  (cert_plain ys * cert_ratio ys) / cert_plain ys = cert_ratio ys.
Proof. intros. field. lra. Qed.

(** Threshold: a normalizer reduces its factor iff sigma^2 > ||Gamma C||^2 - epsilon. *)
Theorem threshold z : 0 < z_s z * z_s z + z_e z -> 0 <= z_g z ->
  (z_r z < 1 <-> z_g z * z_g z - z_e z < z_s z * z_s z).
Proof.
  intros Hp Hg. unfold z_r. set (q := sqrt (z_s z * z_s z + z_e z)).
  assert (Hq : 0 < q) by (apply sqrt_lt_R0; auto).
  assert (Eq : q * q = z_s z * z_s z + z_e z) by (apply sqrt_sqrt; lra).
  split; intros H.
  - assert (z_g z < q). { apply Rmult_lt_compat_r with (r := q) in H; auto. rewrite Rmult_assoc, Rinv_l in H; lra. }
    nra.
  - assert (z_g z < q) by nra. apply (Rmult_lt_reg_r q); auto. rewrite Rmult_assoc, Rinv_l; lra.
Qed.

(** If every factor is at most c, the ratio is at most c^|I|; conversely the ratio is
    exponentially small in the number of normalizers iff the geometric mean of the factors is. *)
Fixpoint n_norm (ys : list nlayer) : nat :=
  match ys with nil => O | y :: r => match y_norm y with None => n_norm r | Some _ => S (n_norm r) end end.

Theorem ratio_exponential c ys : 0 <= c ->
  Forall (fun y => match y_norm y with None => True | Some z => 0 <= z_r z <= c end) ys ->
  0 <= cert_ratio ys <= c ^ n_norm ys.
Proof.
  intros Hc H. induction H as [|y r Hy _ IH]; unfold cert_ratio in *; simpl; [lra|].
  unfold y_r at 1 3. destruct (y_norm y) as [z|]; simpl; [|lra].
  split; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat; lra.
Qed.

Lemma pow_le_iff k a b : (0 < k)%nat -> 0 <= a -> 0 <= b -> (a ^ k <= b ^ k <-> a <= b).
Proof.
  intros Hk Ha Hb. split; intros H; [|apply pow_incr; auto].
  apply Rnot_lt_le. intros C. assert (b ^ k < a ^ k); [|lra]. clear H.
  induction k as [|[|k] IH]; [lia|simpl; lra|].
  change (b * b ^ S k < a * a ^ S k). apply Rmult_le_0_lt_compat; auto; [apply pow_le; auto|apply IH; lia].
Qed.
(** mu is the geometric mean of the factors when mu^(number of normalizers) is their product. *)
Theorem ratio_geometric_mean c mu ys : 0 <= c -> (0 < n_norm ys)%nat -> 0 <= mu ->
  mu ^ n_norm ys = cert_ratio ys -> (cert_ratio ys <= c ^ n_norm ys <-> mu <= c).
Proof. intros Hc HN Hm E. rewrite <- E. apply pow_le_iff; auto. Qed.

(** Without a floor the factor is ||Gamma C||/sqrt(epsilon): larger than 1 when epsilon < ||Gamma C||^2. *)
Theorem no_floor_factor z : z_s z = 0 -> 0 < z_e z -> z_e z < z_g z * z_g z -> 0 <= z_g z -> 1 < z_r z.
Proof.
  intros Hs He H Hg. unfold z_r. rewrite Hs, Rmult_0_l, Rplus_0_l. set (q := sqrt (z_e z)).
  assert (Hq : 0 < q) by (apply sqrt_lt_R0; auto). assert (Eq : q * q = z_e z) by (apply sqrt_sqrt; lra).
  apply (Rmult_lt_reg_r q); auto. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

(** A sufficient floor from the bias: std(Wx+b) >= std(b) - s |x| / sqrt n. *)
Theorem floor_from_bias n W b s x : (0 < n)%nat -> forall m, opn n m W s ->
  sqrt (V n b) - s * nrm m x / sqrt (INR n) <= sqrt (V n (linear m W b x)).
Proof.
  intros Hn m H. pose proof (INR_pos n Hn) as Hp. assert (Hq : 0 < sqrt (INR n)) by (apply sqrt_lt_R0; auto).
  assert (E : forall z, sqrt (V n z) = nrm n (C n z) / sqrt (INR n)).
  { intros z. unfold V, var. rewrite sqrt_div_alt by auto. reflexivity. }
  rewrite !E.
  assert (T : nrm n (C n b) <= nrm n (C n (linear m W b x)) + s * nrm m x).
  { rewrite (nrm_ext n (C n b) (vsub (C n (linear m W b x)) (C n (mv m W x)))).
    - eapply Rle_trans; [apply nrm_sub_le|]. apply Rplus_le_compat_l.
      eapply Rle_trans; [apply C_contraction; auto|apply H].
    - intros i _. unfold vsub, linear. rewrite C_add. ring. }
  apply (Rmult_le_reg_r (sqrt (INR n))); auto. unfold Rdiv. rewrite Rmult_minus_distr_r.
  rewrite !Rmult_assoc, !Rinv_l, !Rmult_1_r by lra. lra.
Qed.
