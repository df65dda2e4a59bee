(** Further layers as blocks: rescaled activations, squared ReLU, sorting, trained scales and slopes,
    normalizers with any divisor, GroupNorm, chains of different blocks, captured tensors. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers.
Import ListNotations.
Open Scope R_scope.

(** ** Activations *)
(** phi(b a)/b: the same constants, the offset divided by b. *)
Theorem act_rescale phi rho c G b : 0 < b -> act_ok phi rho c G -> act_ok (fun a => phi (b * a) / b) rho (c / b) G.
Proof.
  intros Hb ((H1 & H2 & H3) & HL & HE).
  assert (Pb : 0 < / b) by (apply Rinv_0_lt_compat; auto).
  assert (A : forall u, Rabs (u / b) = Rabs u / b)
    by (intros; unfold Rdiv; rewrite Rabs_mult, (Rabs_pos_eq (/ b)) by lra; reflexivity).
  assert (M : forall u v, u <= v -> u / b <= v / b) by (intros; apply Rmult_le_compat_r; lra).
  split; [|split].
  - repeat split; auto. apply Rmult_le_pos; lra.
  - intros a a'. replace (phi (b * a) / b - phi (b * a') / b) with ((phi (b * a) - phi (b * a')) / b) by (field; lra).
    rewrite A. specialize (HL (b * a) (b * a')).
    replace (b * a - b * a') with (b * (a - a')) in HL by ring. rewrite Rabs_mult, (Rabs_pos_eq b) in HL by lra.
    replace (rho * Rabs (a - a')) with (rho * (b * Rabs (a - a')) / b) by (field; lra). apply M; auto.
  - intros a. rewrite A. specialize (HE (b * a)). rewrite Rabs_mult, (Rabs_pos_eq b) in HE by lra.
    replace (c / b + G * Rabs a) with ((c + G * (b * Rabs a)) / b) by (field; lra). apply M; auto.
Qed.

(** SiLU with slope parameter b: a sigmoid(b a). *)
Theorem act_silu_scaled b xs : 0 < b -> 0 < xs -> xs * (2 * sigmoid xs - 1) = 2 ->
  act_ok (fun a => a * sigmoid (b * a)) (1 / 2 + xs / 4) 0 1.
Proof.
  intros Hb H1 H2. destruct (act_rescale silu _ _ _ b Hb (act_silu xs H1 H2)) as ((A1 & A2 & A3) & HL & HE).
  assert (E : forall a, silu (b * a) / b = a * sigmoid (b * a)) by (intros; unfold silu; field; lra).
  split; [|split].
  - repeat split; lra.
  - intros a a'. rewrite <- !E. apply HL.
  - intros a. rewrite <- E. specialize (HE a). lra.
Qed.

(** CELU: a for a >= 0, s (exp(a/s) - 1) below. *)
Definition celu (s a : R) : R := if Rle_dec 0 a then a else s * (exp (a / s) - 1).
Theorem act_celu s : 0 < s -> act_ok (celu s) 1 0 1.
Proof.
  intros Hs. assert (P : 0 < / s) by (apply Rinv_0_lt_compat; auto).
  pose proof (act_rescale (elu 1) _ _ _ (/ s) P (act_elu 1)) as ((A1 & A2 & A3) & HL & HE).
  assert (E : forall a, elu 1 (/ s * a) / / s = celu s a).
  { intros a. unfold elu, celu. destruct (Rle_dec 0 (/ s * a)) as [H|H], (Rle_dec 0 a) as [H'|H'].
    - field; lra.
    - exfalso. apply H'. apply (Rmult_le_reg_l (/ s)); lra.
    - exfalso. apply H. apply Rmult_le_pos; lra.
    - replace (a / s) with (/ s * a) by (unfold Rdiv; ring). field; lra. }
  assert (M : Rmax 1 (Rabs 1) = 1) by (rewrite Rabs_R1; apply Rmax_left; lra).
  rewrite M in *. split; [|split].
  - lra.
  - intros a a'. rewrite <- !E. apply HL.
  - intros a. rewrite <- E. specialize (HE a). unfold Rdiv at 2 in HE. lra.
Qed.

(** SELU: l ELU with slope parameter s >= 1. *)
Theorem act_selu l s : 0 <= l -> 1 <= s -> act_ok (fun a => l * elu s a) (l * s) 0 (l * s).
Proof.
  intros Hl Hs. destruct (act_elu s) as (_ & HL & HE).
  rewrite (Rabs_pos_eq s), (Rmax_right 1 s) in * by lra.
  split; [|split].
  - assert (0 <= l * s) by (apply Rmult_le_pos; lra). lra.
  - intros a b. replace (l * elu s a - l * elu s b) with (l * (elu s a - elu s b)) by ring.
    rewrite Rabs_mult, (Rabs_pos_eq l), Rmult_assoc by auto. apply Rmult_le_compat_l; auto.
  - intros a. rewrite Rabs_mult, (Rabs_pos_eq l) by auto.
    replace (0 + l * s * Rabs a) with (l * (0 + s * Rabs a)) by ring. apply Rmult_le_compat_l; auto.
Qed.

(** a - tanh a. *)
Theorem act_tanhshrink : act_ok (fun a => a - tanh a) 1 0 1.
Proof.
  assert (W : forall a b, a <= b -> 0 <= tanh b - tanh a <= b - a).
  { intros a b H. split.
    - rewrite <- !tanhf_tanh. unfold tanhf. pose proof (sigmoid_incr (2 * a) (2 * b) ltac:(lra)). lra.
    - pose proof (proj1 (proj2 act_tanh) b a) as Q. rewrite (Rabs_pos_eq (b - a)) in Q by lra.
      pose proof (Rle_abs (tanh b - tanh a)). lra. }
  pose proof (act_of_lip (fun a => a - tanh a) 1 ltac:(lra)) as Q. cbv beta in Q.
  assert (E : tanh 0 = 0) by (rewrite <- tanhf_tanh; unfold tanhf, sigmoid; rewrite Rmult_0_r, Ropp_0, exp_0; field).
  rewrite E, Rminus_0_r, Rabs_R0 in Q. apply Q. intros a b. destruct (Rle_dec a b) as [H|H].
  - pose proof (W a b H). rewrite Rabs_minus_sym, (Rabs_minus_sym a), !Rabs_pos_eq; lra.
  - pose proof (W b a ltac:(lra)). rewrite !Rabs_pos_eq; lra.
Qed.

(** Squared ReLU on inputs with entries at most F: constant 2F, growth ratio F. *)
Theorem sat_relu_sq n (T : pspace) (S : sspace) F : 0 <= F ->
  sat n n T S (fun x _ _ => forall i, (i < n)%nat -> Rabs (x i) <= F)
    (fun x _ _ => ew (fun a => relu a * relu a) x) (s_plain (2 * F) 0 F).
Proof.
  intros HF. apply (sat_plain n n T S (fun x => forall i, (i < n)%nat -> Rabs (x i) <= F)
    (ew (fun a => relu a * relu a))); try lra.
  - apply relu_sq_lip; auto.
  - intros x Hx. rewrite Rplus_0_l. apply nrm_bound; auto. intros i Hi. specialize (Hx i Hi). unfold ew.
    assert (R1 : Rabs (relu (x i)) <= Rabs (x i)).
    { destruct act_relu as (_ & _ & E). specialize (E (x i)). lra. }
    rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; lra.
Qed.

(** ReLU into both signs as a block. *)
Theorem sat_crelu n (T : pspace) (S : sspace) :
  sat n (n + n) T S (fun _ _ _ => True) (fun x _ _ => crelu n x) (s_plain 1 0 1).
Proof.
  apply (sat_plain n (n + n) T S all (crelu n)); try lra.
  - apply crelu_lip.
  - pose proof (env_of_lip n (n + n) all (crelu n) 1 I (crelu_lip n)) as Q.
    replace (nrm (n + n) (crelu n v0)) with 0 in Q; [exact Q|]. unfold crelu. rewrite nrm_cat.
    assert (Z : forall i, (i < n)%nat -> ew relu v0 i = v0 i)
      by (intros; unfold ew, relu, v0; apply Rmax_left; lra).
    assert (Z' : forall i, (i < n)%nat -> relu (- v0 i) = v0 i)
      by (intros; unfold relu, v0; rewrite Ropp_0; apply Rmax_left; lra).
    rewrite (nrm_ext n (ew relu v0) v0 Z), (nrm_ext n (fun i => relu (- v0 i)) v0 Z'), nrm_0, h2_00. reflexivity.
Qed.

(** Sorting pairs: (max, min) of entries 2r and 2r+1. *)
Definition maxmin (y : vec) : vec := fun i => match i with O => Rmax (y 0%nat) (y 1%nat) | _ => Rmin (y 0%nat) (y 1%nat) end.
Lemma nrm_two x : nrm 2 x = h2 (x 0%nat) (x 1%nat).
Proof. unfold nrm, dot, h2. simpl. f_equal. ring. Qed.
Lemma maxmin_nrm y : nrm 2 (maxmin y) = nrm 2 y.
Proof.
  rewrite !nrm_two. unfold maxmin, h2. f_equal. unfold Rmax, Rmin. destruct (Rle_dec _ _); ring.
Qed.
Theorem maxmin_lip : Lip 2 2 all maxmin 1.
Proof.
  intros x y _ _. rewrite Rmult_1_l, !nrm_two. unfold h2. apply sqrt_le_1_alt.
  unfold vsub, maxmin, Rmax, Rmin. repeat destruct (Rle_dec _ _); nra.
Qed.
Theorem sat_maxmin N (T : pspace) (S : sspace) :
  sat (N * 2) (N * 2) T S (fun _ _ _ => True) (fun x _ _ => liftrows 2 2 maxmin x) (s_plain 1 0 1).
Proof.
  assert (Q : sat 2 2 T S (fun _ _ _ => True) (fun x _ _ => maxmin x) (s_plain 1 0 1)).
  { apply (sat_plain 2 2 T S all maxmin); try lra.
    - apply maxmin_lip.
    - intros x _. rewrite maxmin_nrm. lra. }
  pose proof (rule_rows N 2 2 _ _ _ _ _ Q) as Q'. eapply sat_weaken; [| |exact Q'].
  - intros x t u HH r Hr. exact I.
  - assert (Z : sqrt (INR N) * 0 <= 0) by lra. repeat split; simpl; lra.
Qed.

(** ** Trained scales and slopes *)
Definition s_scalar (A : R) : summary :=
  {| sL := A; sb := 0; sG := A; sq2 := 1; sq1 := 0; sq0 := 0; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.

Lemma sat_scalar n (S : sspace) (f : R -> vec -> vec) (A M : R) : 0 <= M ->
  (forall t x x', Rabs t <= A -> nrm n (vsub (f t x) (f t x')) <= M * nrm n (vsub x x')) ->
  (forall t t' x, nrm n (vsub (f t x) (f t' x)) <= Rabs (t - t') * nrm n x) ->
  (forall t, nrm n (f t v0) <= 0) ->
  sat n n pscalar S (fun _ t _ => Rabs t <= A) (fun x t _ => f t x) (s_scalar M).
Proof.
  intros HM HL HP H0. split.
  - repeat split; simpl; lra.
  - intros x t u x' t' u' B H1 H2 HB. cbv beta in *.
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    replace (P2 (s_scalar M) B) with (B * B) by (unfold P2; simpl; ring).
    pose proof (B_ge0 _ _ _ HB). rewrite sqrt_square by auto. simpl sL. simpl pd.
    rewrite (nrm_ext n _ (vadd (vsub (f t x) (f t x')) (vsub (f t x') (f t' x')))) by (intros; unfold vsub, vadd; ring).
    eapply Rle_trans; [apply nrm_triangle|]. specialize (HL t x x' H1). specialize (HP t t' x').
    pose proof (Rmult_le_compat_l (Rabs (t - t')) _ _ (Rabs_pos _) HB). lra.
  - intros x t u H1. simpl. specialize (HL t x v0 H1). specialize (H0 t).
    rewrite (nrm_ext n (vsub x v0) x) in HL by (intros; unfold vsub, v0; ring).
    rewrite (nrm_ext n (f t x) (vadd (vsub (f t x) (f t v0)) (f t v0))) by (intros; unfold vadd, vsub; ring).
    eapply Rle_trans; [apply nrm_triangle|]. lra.
Qed.

(** x -> t x, |t| <= A. *)
Theorem sat_learned_scale n (S : sspace) A : 0 <= A ->
  sat n n pscalar S (fun _ t _ => Rabs t <= A) (fun x t _ => vscal t x) (s_scalar A).
Proof.
  intros HA. apply (sat_scalar n S (fun t x => vscal t x)); auto.
  - intros t x x' H. rewrite (nrm_ext n _ (vscal t (vsub x x'))) by (intros; unfold vsub, vscal; ring).
    rewrite nrm_scal. apply Rmult_le_compat_r; [apply nrm_ge0|auto].
  - intros t t' x. rewrite (nrm_ext n _ (vscal (t - t') x)) by (intros; unfold vsub, vscal; ring).
    rewrite nrm_scal. lra.
  - intros t. rewrite nrm_scal, nrm_0. lra.
Qed.

(** Leaky ReLU with a trained slope t, |t| <= A. *)
Theorem sat_prelu n (S : sspace) A : 0 <= A ->
  sat n n pscalar S (fun _ t _ => Rabs t <= A) (fun x t _ => ew (leaky t) x) (s_scalar (Rmax 1 A)).
Proof.
  intros HA. assert (M1 : 1 <= Rmax 1 A) by apply Rmax_l.
  apply (sat_scalar n S (fun t x => ew (leaky t) x)); try lra.
  - intros t x x' H. destruct (act_leaky t) as ((P & _) & HL & _).
    eapply Rle_trans; [apply (act_lip n (leaky t) _ all (fun _ => True) P)|].
    + intros; exact I.
    + intros; apply HL.
    + exact I.
    + exact I.
    + apply Rmult_le_compat_r; [apply nrm_ge0|]. apply Rmax_lub; [apply Rmax_l|].
      eapply Rle_trans; [exact H|apply Rmax_r].
  - intros t t' x. apply nrm_bound; [apply Rabs_pos|]. intros i Hi. unfold vsub, ew, leaky.
    destruct (Rle_dec 0 (x i)).
    + rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. apply Rmult_le_pos; apply Rabs_pos.
    + rewrite <- Rmult_minus_distr_r, Rabs_mult. lra.
  - intros t. rewrite (nrm_ext n _ v0), nrm_0; [lra|]. intros. unfold ew, leaky, v0. destruct (Rle_dec 0 0); lra.
Qed.

(** x -> a x with a fixed factor. *)
Theorem sat_scaling n (T : pspace) (S : sspace) a :
  sat n n T S (fun _ _ _ => True) (fun x _ _ => vscal a x) (s_plain (Rabs a) 0 (Rabs a)).
Proof.
  pose proof (rule_scale _ _ _ _ _ _ _ a (sat_identity n T S)) as Q. eapply sat_weaken; [| |exact Q].
  - auto.
  - repeat split; simpl; lra.
Qed.

(** ** N with any divisor d, and its multiple by a trained number *)
Theorem sat_N_core n (T : pspace) (S : sspace) d e s : 0 < d -> 0 <= e -> 0 < s * s + e ->
  sat n n T S (fun x _ _ => s * s <= var n d x) (fun x _ _ => N n d e x) (s_plain (/ sqrt (s * s + e)) (sqrt d) 0).
Proof.
  intros Hd He Hs. apply (sat_plain n n T S (fun x => s * s <= var n d x) (N n d e)); try lra.
  - apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto.
  - apply sqrt_pos.
  - apply N_floor; auto.
  - intros x Hx. rewrite Rmult_0_l, Rplus_0_r. apply N_bound; auto. lra.
Qed.

Theorem sat_scalenorm n (S : sspace) e r g : 0 <= e -> 0 < r * r + e -> 0 <= g ->
  sat n n pscalar S (fun x t _ => r * r <= dot n x x /\ Rabs t <= g) (fun x t _ => vscal t (N n 1 e x))
    {| sL := g * / sqrt (r * r + e); sb := g; sG := 0; sq2 := 0; sq1 := 0; sq0 := 1;
       sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros He Hr Hg.
  pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ (sat_N_core n punit S 1 e r ltac:(lra) He Hr)
    (sat_learned_scale n S g Hg)) as Q.
  pose proof (sat_param _ _ _ pscalar S _ _ _ (fun t : pscalar => ((tt, t) : pprod punit pscalar))
    ltac:(intros; simpl; apply h2_le; [apply Rabs_pos|lra]) Q) as Q'.
  simpl in Q'. eapply sat_weaken; [| |exact Q'].
  - intros x t u (H1 & H2). simpl. split; auto. unfold var. lra.
  - repeat split; simpl; try rewrite sqrt_1; lra.
Qed.

(** ** GroupNorm on one sample: groups of features; gains and shifts per feature *)
Section GroupNorm.
(** Entry i belongs to the feature ft i, a feature f to the group pg f; D entries in a group, M in a feature. *)
Variables (n m k : nat) (ft pg : nat -> nat) (e : R).
Definition gnorm (ga be z : vec) : vec := fun i => ga (ft i) * NC n (fun j => pg (ft j)) e z i + be (ft i).
Let gr := fun i => pg (ft i).
Hypothesis ft_lt : forall i, (i < n)%nat -> (ft i < k)%nat.
Hypothesis pg_lt : forall f, (f < k)%nat -> (pg f < m)%nat.
Hypothesis cnt_pos : forall g, (g < m)%nat -> 0 < cnt n gr g.
Hypothesis e_ge0 : 0 <= e.
Variables (D M : R).
Hypothesis D_max : forall g, (g < m)%nat -> cnt n gr g <= D.
Hypothesis M_max : forall f, (f < k)%nat -> cnt n ft f <= M.
Hypothesis D_ge0 : 0 <= D.
Hypothesis M_ge0 : 0 <= M.

Lemma gr_lt i : (i < n)%nat -> (gr i < m)%nat.
Proof. intros H. apply pg_lt, ft_lt; auto. Qed.

Lemma gains_le (c : vec) z : (forall g, (g < m)%nat -> 0 < chV n gr g z + e) ->
  nrm n (fun i => c (ft i) * NC n gr e z i) <= sqrt D * nrm k c.
Proof.
  intros H. apply nrm_le_of_sq; [apply Rmult_le_pos; [apply sqrt_pos|apply nrm_ge0]|].
  replace (sqrt D * nrm k c * (sqrt D * nrm k c)) with ((sqrt D * sqrt D) * (nrm k c * nrm k c)) by ring.
  rewrite sqrt_sqrt, nrm_sq by auto. rewrite (dot_groups n k ft ft_lt). unfold dot at 2. rewrite <- sm_scal.
  apply sm_le. intros f Hf.
  rewrite (dot_ext n _ _ (vscal (c f) (mask ft f (NC n gr e z))) (vscal (c f) (mask ft f (NC n gr e z)))).
  2,3: intros i _; unfold mask, vscal; destruct (Nat.eqb_spec (ft i) f) as [E|E]; [rewrite E|]; ring.
  rewrite dot_scal_l, dot_scal_r.
  assert (A : dot n (mask ft f (NC n gr e z)) (mask ft f (NC n gr e z)) <= D).
  { apply Rle_trans with (dot n (mask gr (pg f) (NC n gr e z)) (mask gr (pg f) (NC n gr e z))).
    - apply sm_le. intros i _. unfold mask, gr. destruct (Nat.eqb_spec (ft i) f) as [E|E].
      + rewrite E, Nat.eqb_refl. lra.
      + destruct (Nat.eqb (pg (ft i)) (pg f)); nra.
    - eapply Rle_trans; [apply (NC_sq n m gr e); auto|apply D_max; auto]. }
  apply Rmult_le_compat_l with (r := c f * c f) in A; nra.
Qed.

Lemma shifts_le (c : vec) : nrm n (fun i => c (ft i)) <= sqrt M * nrm k c.
Proof.
  apply nrm_le_of_sq; [apply Rmult_le_pos; [apply sqrt_pos|apply nrm_ge0]|].
  replace (sqrt M * nrm k c * (sqrt M * nrm k c)) with ((sqrt M * sqrt M) * (nrm k c * nrm k c)) by ring.
  rewrite sqrt_sqrt, nrm_sq by auto. rewrite (dot_groups n k ft ft_lt). unfold dot at 2. rewrite <- sm_scal.
  apply sm_le. intros f Hf.
  rewrite (dot_ext n _ _ (vscal (c f) (mask ft f (fun _ => 1))) (vscal (c f) (mask ft f (fun _ => 1)))).
  2,3: intros i _; unfold mask, vscal; destruct (Nat.eqb_spec (ft i) f) as [E|E]; [rewrite E|]; ring.
  rewrite dot_scal_l, dot_scal_r, cnt_dot. specialize (M_max f Hf). nra.
Qed.

Theorem sat_groupnorm (S : sspace) g b s : 0 <= g -> 0 <= b -> 0 < s * s + e ->
  sat n n (pvec2 k) S
    (fun z t _ => (forall c, (c < m)%nat -> s * s <= chV n gr c z) /\
       (forall f, (f < k)%nat -> Rabs (fst t f) <= g) /\ nrm k (snd t) <= b)
    (fun z t _ => gnorm (fst t) (snd t) z)
    {| sL := g * / sqrt (s * s + e); sb := g * sqrt (INR n) + sqrt M * b; sG := 0;
       sq2 := 0; sq1 := 0; sq0 := D + M; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros Hg Hb Hs.
  assert (Rp : 0 < / sqrt (s * s + e)) by (apply Rinv_0_lt_compat, sqrt_lt_R0; auto).
  assert (POS : forall z, (forall c, (c < m)%nat -> s * s <= chV n gr c z) -> forall c, (c < m)%nat -> 0 < chV n gr c z + e).
  { intros z Hz c Hm. specialize (Hz c Hm). lra. }
  split.
  - repeat split; simpl; try lra; try (apply Rmult_le_pos; lra).
    pose proof (sqrt_pos (INR n)). pose proof (sqrt_pos M).
    apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto.
  - intros x [ga be] u x' [ga' be'] u' B (H1 & H2 & H3) (H1' & H2' & H3') HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply (nrm_sub_triangle n _ (gnorm ga be x'))|].
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    apply Rplus_le_compat.
    + simpl sL.
      rewrite (nrm_ext n _ (vsub (vmul (fun i => ga (ft i)) (NG n gr (cnt n gr) e (CG n gr x)))
        (vmul (fun i => ga (ft i)) (NG n gr (cnt n gr) e (CG n gr x')))))
        by (intros; unfold vsub, vmul, gnorm, NC, gr; ring).
      eapply Rle_trans; [apply (groups_floor n m gr gr_lt (cnt n gr) e cnt_pos e_ge0 (fun i => ga (ft i))
        (fun _ => g) (fun _ => s) (g * / sqrt (s * s + e))); auto|].
      * apply Rmult_le_pos; lra.
      * intros c Hc. split; [auto|split; [auto|lra]].
      * apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|].
        rewrite (nrm_ext n _ (CG n gr (vsub x x'))) by (intros; unfold vsub at 1; rewrite CG_sub; reflexivity).
        rewrite <- (Rmult_1_l (nrm n (vsub x x'))). apply (groups_bound n m gr gr_lt); [lra|].
        intros c Hm. rewrite Rmult_1_l. apply CG_group_le; auto.
    + replace (P2 _ B) with (D + M) by (unfold P2; simpl; ring). simpl pd.
      rewrite (nrm_ext n _ (vadd (fun i => vsub ga ga' (ft i) * NC n gr e x' i) (fun i => vsub be be' (ft i))))
        by (intros; unfold vsub, vadd, gnorm, gr; ring).
      eapply Rle_trans; [apply nrm_triangle|].
      eapply Rle_trans; [apply Rplus_le_compat; [apply gains_le; auto|apply shifts_le]|]. apply sqrt_cs; auto.
  - intros x [ga be] u (H1 & H2 & H3). simpl fst in *. simpl snd in *. simpl sb. simpl sG. rewrite Rmult_0_l, Rplus_0_r.
    apply Rle_trans with (nrm n (vadd (vmul (fun i => ga (ft i)) (NC n gr e x)) (fun i => be (ft i)))); [right; reflexivity|].
    eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat.
    + eapply Rle_trans; [apply (nrm_mul_le n g); auto|]. apply Rmult_le_compat_l; auto.
      apply (normalize_bound_entries n m gr); auto; [apply gr_lt|]. intros c Hm. apply POS; auto.
    + eapply Rle_trans; [apply shifts_le|]. apply Rmult_le_compat_l; [apply sqrt_pos|auto].
Qed.
End GroupNorm.

(** ** Chains of different blocks *)
Section Family.
Variables (n : nat) (T : pspace) (S : sspace) (H : nat -> vec -> T -> S -> Prop)
  (f : nat -> vec -> T -> S -> vec) (s : nat -> summary).
Hypothesis Hs : forall i, sat n n T S (H i) (f i) (s i).

Fixpoint famrep (K : nat) (x : vec) (t : nat -> T) (u : S) : vec :=
  match K with O => x | Datatypes.S k => f k (famrep k x t u) (t k) u end.
Definition famH (K : nat) (x : vec) (t : nat -> T) (u : S) : Prop :=
  forall j, (j < K)%nat -> H j (famrep j x t u) (t j) u.
Fixpoint s_family (K : nat) : summary :=
  match K with O => s_plain 1 0 1 | Datatypes.S k => s_series (s k) (s_family k) end.

(** The recursion itself: the summary after K blocks is the series of the K-th with what came before. *)
Theorem rule_family K : sat n n (pfam K T) S (famH K) (famrep K) (s_family K).
Proof.
  induction K.
  - eapply sat_weaken; [| |apply (sat_identity n (pfam 0 T) S)].
    + intros; exact I.
    + repeat split; simpl; lra.
  - pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ IHK (Hs K)) as Q.
    pose proof (fun hp => sat_param _ _ _ (pfam (Datatypes.S K) T) S _ _ _
      (fun t : nat -> T => ((t, t K) : pprod (pfam K T) T)) hp Q) as Q'.
    eapply sat_weaken; [| |apply Q'].
    + intros x t u HH. simpl. split; [intros j Hj; apply HH; lia|apply HH; lia].
    + repeat split; simpl; lra.
    + intros a b. simpl. unfold h2. rewrite nrm_sq. right. reflexivity.
Qed.
End Family.

(** ** Captured tensors *)
(** A captured tensor is one more shared group (number 0), with the Euclidean distance. *)
Definition scons (k : nat) (S : sspace) : sspace.
Proof.
  refine {| st := (vec * S)%type; sn := Datatypes.S (sn S);
    sd := fun g a b => match g with O => nrm k (vsub (fst a) (fst b)) | Datatypes.S h => sd S h (snd a) (snd b) end |}.
  - intros [|g] a b; [apply nrm_ge0|apply sd_ge0].
  - intros [|g] a; [apply nrm_sub_self|apply sd_refl].
Defined.

(** The layer that outputs the captured tensor: 0 in the stream, 1 in the tensor. *)
Theorem sat_outside n k (T : pspace) (S : sspace) b : 0 <= b ->
  sat n k T (scons k S) (fun _ _ u => nrm k (fst u) <= b) (fun _ _ u => fst u)
    {| sL := 0; sb := b; sG := 0; sq2 := 0; sq1 := 0; sq0 := 0; sl1 := fun _ => 0;
       sl0 := fun g => match g with O => 1 | _ => 0 end |}.
Proof.
  intros Hb. set (s := {| sL := 0; sb := b; sG := 0; sq2 := 0; sq1 := 0; sq0 := 0; sl1 := fun _ => 0;
    sl0 := fun g => match g with O => 1 | _ => 0 end |}).
  split.
  - repeat split; simpl; try lra; destruct g; lra.
  - intros x t u x' t' u' B H1 H2 HB.
    assert (0 <= sqrt (P2 s B) * pd T t t') by (apply Rmult_le_pos; [apply sqrt_pos|apply pd_ge0]).
    pose proof (nrm_ge0 n (vsub x x')).
    assert (Q : nrm k (vsub (fst u) (fst u')) <= sm (sn (scons k S)) (fun g => cS s g B * sd (scons k S) g u u')).
    { eapply Rle_trans; [|apply (sm_term (Datatypes.S (sn S))
        (fun g => cS s g B * sd (scons k S) g u u') 0%nat); [|lia]].
      - unfold cS. simpl. lra.
      - intros g _. apply Rmult_le_pos; [unfold cS; simpl; destruct g; lra|apply sd_ge0]. }
    change (sL s) with 0. lra.
  - intros x t u H1. simpl in *. lra.
Qed.

(** A captured tensor that is the output h(x) of another block, released: its sensitivity c at the radius B0
    of the input multiplies all that h promises. Routes of one shared group add before squaring. *)
Definition s_capture (c : R) (f h : summary) : summary :=
  {| sL := sL f + c * sL h; sb := sb f; sG := sG f;
     sq2 := sq2 f + c * c * sq2 h; sq1 := sq1 f + c * c * sq1 h; sq0 := sq0 f + c * c * sq0 h;
     sl1 := fun g => sl1 f (Datatypes.S g) + c * sl1 h g; sl0 := fun g => sl0 f (Datatypes.S g) + c * sl0 h g |}.

Theorem rule_capture n k m (Tf Th : pspace) (S : sspace) Hf Hh f h sf sh B0 : 0 <= B0 ->
  sat n m Tf (scons k S) Hf f sf -> sat n k Th S Hh h sh ->
  sat n m (pprod Tf Th) S
    (fun x t u => nrm n x <= B0 /\ Hh x (snd t) u /\ Hf x (fst t) (h x (snd t) u, u))
    (fun x t u => f x (fst t) (h x (snd t) u, u))
    (s_capture (cS sf 0 B0) sf sh).
Proof.
  intros HB0 Sf Sh. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sh) as Nh.
  pose proof (cS_ge0 sf 0 B0 Nf HB0) as Hc. set (c := cS sf 0 B0) in *.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7). pose proof Nh as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - clearbody c. split; [|split]; [repeat split; simpl; nn|repeat split; simpl; nn|].
    intros g. destruct (F7 (Datatypes.S g)), (G7 g). simpl. split; nn.
  - intros x [t r] u x' [t' r'] u' B (X0 & X1 & X2) (Y0 & Y1 & Y2) HB. simpl fst in *. simpl snd in *.
    pose proof (B_ge0 _ _ _ HB) as PB. set (b := nrm n x') in *.
    assert (Pb : 0 <= b) by apply nrm_ge0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t (h x r u, u) x' t' (h x' r' u', u') b X2 Y2 (Rle_refl _)) as Q.
    pose proof (sat_two _ _ _ _ _ _ _ Sh x r u x' r' u' b X1 Y1 (Rle_refl _)) as Q'.
    change (sn (scons k S)) with (1 + sn S)%nat in Q. rewrite sm_app in Q. simpl sd in Q.
    replace (sm 1 _) with (cS sf 0 b * nrm k (vsub (h x r u) (h x' r' u'))) in Q by (simpl; ring).
    assert (Hcb : cS sf 0 b <= c).
    { unfold c, cS. destruct (F7 0%nat) as [K1 _]. apply Rplus_le_compat_r, Rmult_le_compat_l; auto. }
    assert (Q2 : cS sf 0 b * nrm k (vsub (h x r u) (h x' r' u')) <= c * (sL sh * nrm n (vsub x x')
      + sqrt (P2 sh b) * pd Th r r' + sm (sn S) (fun g => cS sh g b * sd S g u u'))).
    { apply Rmult_le_compat; auto; [apply cS_ge0; auto|apply nrm_ge0]. }
    assert (Hp : sqrt (P2 sf b) * pd Tf t t' + c * (sqrt (P2 sh b) * pd Th r r')
      <= sqrt (P2 (s_capture c sf sh) B) * h2 (pd Tf t t') (pd Th r r')).
    { rewrite <- Rmult_assoc, mul_sqrt by auto.
      eapply Rle_trans; [apply sqrt_cs; [apply P2_ge0; auto|apply Rmult_le_pos; [nra|apply P2_ge0; auto]]|].
      apply Rmult_le_compat_r; [apply h2_ge0|]. apply sqrt_le_1_alt.
      replace (P2 sf b + c * c * P2 sh b) with (P2 (s_capture c sf sh) b) by (unfold P2; simpl; ring).
      assert (b * b <= B * B) by (apply Rmult_le_compat; auto).
      assert (0 <= c * c * sq2 sh) by (apply Rmult_le_pos; auto; apply Rmult_le_pos; auto).
      assert (0 <= c * c * sq1 sh) by (apply Rmult_le_pos; auto; apply Rmult_le_pos; auto).
      unfold P2. apply Rplus_le_compat_r. cbn [sq2 sq1 s_capture].
      apply Rplus_le_compat; apply Rmult_le_compat_l; auto; lra. }
    assert (Hs : sm (sn S) (fun i => cS sf (1 + i) b * sd S i u u') + c * sm (sn S) (fun g => cS sh g b * sd S g u u')
      <= sm (sn S) (fun g => cS (s_capture c sf sh) g B * sd S g u u')).
    { rewrite <- sm_scal, <- sm_plus. apply sm_le. intros g _.
      replace (cS sf (1 + g) b * sd S g u u' + c * (cS sh g b * sd S g u u'))
        with (cS (s_capture c sf sh) g b * sd S g u u') by (unfold cS; simpl; ring).
      apply Rmult_le_compat_r; [apply sd_ge0|]. unfold cS. apply Rplus_le_compat_r, Rmult_le_compat_l; auto.
      cbn [sl1 s_capture]. destruct (F7 (Datatypes.S g)) as [A1 _], (G7 g) as [A2 _].
      assert (0 <= c * sl1 sh g) by (apply Rmult_le_pos; auto). lra. }
    simpl pd. simpl sL. eapply Rle_trans; [exact Q|]. lra.
  - intros x [t r] u (X0 & X1 & X2). simpl in *. apply (sat_env _ _ _ _ _ _ _ Sf); auto.
Qed.
