(** Normalization on a partition of all entries into groups: layer, instance,
    group and batch normalization are the same contract. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Norm.
Open Scope R_scope.

Section Groups.
Variables (n m : nat) (gr : nat -> nat).
(** Every entry i < n belongs to one of the m groups. *)
Hypothesis gr_lt : forall i, (i < n)%nat -> (gr i < m)%nat.

Definition mask (g : nat) (z : vec) : vec := fun i => if Nat.eqb (gr i) g then z i else 0.
Definition cnt (g : nat) : R := sm n (mask g (fun _ => 1)).

Lemma dot_groups x : dot n x x = sm m (fun g => dot n (mask g x) (mask g x)).
Proof.
  unfold dot. rewrite sm_swap. apply sm_ext. intros i Hi.
  rewrite (sm_ext m _ (fun g => if Nat.eqb g (gr i) then x i * x i else 0)).
  - rewrite sm_delta; auto.
  - intros g _. unfold mask. destruct (Nat.eqb_spec (gr i) g), (Nat.eqb_spec g (gr i)); try congruence; ring.
Qed.

Theorem groups_bound L a b : 0 <= L ->
  (forall g, (g < m)%nat -> nrm n (mask g a) <= L * nrm n (mask g b)) -> nrm n a <= L * nrm n b.
Proof.
  intros HL H. apply nrm_le_of_sq; [apply Rmult_le_pos; auto using nrm_ge0|].
  replace (L * nrm n b * (L * nrm n b)) with (L * L * (nrm n b * nrm n b)) by ring.
  rewrite nrm_sq, !dot_groups, <- sm_scal. apply sm_le. intros g Hg. rewrite <- !nrm_sq.
  specialize (H g Hg). pose proof (nrm_ge0 n (mask g a)).
  replace (L * L * (nrm n (mask g b) * nrm n (mask g b))) with ((L * nrm n (mask g b)) * (L * nrm n (mask g b))) by ring.
  apply Rmult_le_compat; auto.
Qed.

Lemma mask_sub g x y i : mask g (vsub x y) i = mask g x i - mask g y i.
Proof. unfold mask, vsub. destruct (Nat.eqb (gr i) g); ring. Qed.

(** The counts of the groups add up to the number of entries. *)
Lemma cnt_sum : sm m cnt = INR n.
Proof.
  unfold cnt. rewrite (sm_swap m n). rewrite (sm_ext n _ (fun _ => 1)).
  - rewrite sm_const. ring.
  - intros i Hi. rewrite (sm_ext m _ (fun g => if Nat.eqb g (gr i) then 1 else 0)).
    + apply sm_delta; auto.
    + intros g _. unfold mask. destruct (Nat.eqb_spec (gr i) g), (Nat.eqb_spec g (gr i)); congruence.
Qed.
Lemma cnt_dot g : dot n (mask g (fun _ => 1)) (mask g (fun _ => 1)) = cnt g.
Proof. apply sm_ext. intros i _. unfold mask. destruct (Nat.eqb (gr i) g); ring. Qed.
Lemma cnt_ge0 g : 0 <= cnt g.
Proof. rewrite <- cnt_dot. apply dot_self_ge0. Qed.

(** ** Centring in each group *)
Definition gmean (g : nat) (z : vec) : R := sm n (mask g z) / cnt g.
Definition CG (z : vec) : vec := fun i => z i - gmean (gr i) z.

Lemma mask_CG g z i : mask g (CG z) i = mask g z i - gmean g z * mask g (fun _ => 1) i.
Proof. unfold mask, CG. destruct (Nat.eqb_spec (gr i) g); [subst; unfold mask; ring|ring]. Qed.

Lemma CG_sub x y i : CG (vsub x y) i = CG x i - CG y i.
Proof.
  unfold CG, gmean. rewrite (sm_ext n _ (fun j => mask (gr i) x j - mask (gr i) y j)) by (intros; apply mask_sub).
  rewrite sm_minus. unfold vsub, Rdiv. ring.
Qed.

Lemma dot_mask_one g z : dot n (mask g z) (mask g (fun _ => 1)) = sm n (mask g z).
Proof. apply sm_ext. intros i _. unfold mask. destruct (Nat.eqb (gr i) g); ring. Qed.

Lemma CG_sum g z : 0 < cnt g -> sm n (mask g (CG z)) = 0.
Proof.
  intros Hc. rewrite (sm_ext n _ (fun i => mask g z i - gmean g z * mask g (fun _ => 1) i)) by (intros; apply mask_CG).
  rewrite sm_minus, sm_scal. fold (cnt g). unfold gmean. field. lra.
Qed.

Lemma dot_CG g z : 0 < cnt g -> dot n (mask g (CG z)) (mask g (CG z))
  = dot n (mask g z) (mask g z) - cnt g * (gmean g z * gmean g z).
Proof.
  intros Hc.
  rewrite (dot_ext n _ _ (vsub (mask g z) (vscal (gmean g z) (mask g (fun _ => 1))))
     (vsub (mask g z) (vscal (gmean g z) (mask g (fun _ => 1))))) by (intros; apply mask_CG).
  rewrite dot_diff, dot_scal_l, !dot_scal_r, (dot_mask_one g z), cnt_dot. unfold gmean. field. lra.
Qed.

Lemma CG_group_le g x : 0 < cnt g -> nrm n (mask g (CG x)) <= nrm n (mask g x).
Proof.
  intros Hc. apply sqrt_le_1_alt. rewrite dot_CG by auto.
  assert (0 <= cnt g * (gmean g x * gmean g x)) by (apply Rmult_le_pos; nra). lra.
Qed.

(** ** Normalization of each group, with normaliser dg *)
Variables (dg : nat -> R) (e : R).
Hypothesis dg_pos : forall g, (g < m)%nat -> 0 < dg g.
Hypothesis e_ge0 : 0 <= e.

Definition NG (z : vec) : vec := fun i => N n (dg (gr i)) e (mask (gr i) z) i.
Definition varG (g : nat) (z : vec) : R := var n (dg g) (mask g z).

Lemma mask_NG g z i : mask g (NG z) i = N n (dg g) e (mask g z) i.
Proof.
  unfold mask at 1, NG. destruct (Nat.eqb_spec (gr i) g) as [E|E]; [rewrite E; reflexivity|].
  unfold N, vscal, mask at 2. destruct (Nat.eqb_spec (gr i) g); [congruence|ring].
Qed.

Lemma nrm_mask_NG_sub g x y : nrm n (mask g (vsub (NG x) (NG y)))
  = nrm n (vsub (N n (dg g) e (mask g x)) (N n (dg g) e (mask g y))).
Proof. apply nrm_ext. intros i _. rewrite mask_sub, !mask_NG. reflexivity. Qed.

(** Gains ga per group (entrywise gains bounded by ga), floors s per group: one constant L. *)
Theorem groups_floor (gain : vec) (ga s : nat -> R) L : 0 <= L ->
  (forall i, (i < n)%nat -> Rabs (gain i) <= ga (gr i)) ->
  (forall g, (g < m)%nat -> 0 <= ga g /\ 0 < s g * s g + e /\ ga g * / sqrt (s g * s g + e) <= L) ->
  Lip n n (fun z => forall g, (g < m)%nat -> s g * s g <= varG g z) (fun z => vmul gain (NG z)) L.
Proof.
  intros HL Hg H x y Hx Hy. apply groups_bound; auto. intros g Hm. destruct (H g Hm) as (H1 & H2 & H3).
  apply Rle_trans with (ga g * nrm n (mask g (vsub (NG x) (NG y)))).
  - apply nrm_bound; auto. intros i Hi. unfold mask, vsub, vmul.
    destruct (Nat.eqb_spec (gr i) g) as [E|E].
    + rewrite <- Rmult_minus_distr_l, Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|].
      rewrite <- E. auto.
    + rewrite Rabs_R0. lra.
  - rewrite nrm_mask_NG_sub.
    pose proof (N_floor n (dg g) e (s g) (dg_pos g Hm) e_ge0 H2 _ _ (Hx g Hm) (Hy g Hm)) as Q.
    apply Rmult_le_compat_l with (r := ga g) in Q; auto. eapply Rle_trans; [apply Q|].
    rewrite <- Rmult_assoc.
    rewrite (nrm_ext n (vsub (mask g x) (mask g y)) (mask g (vsub x y))) by (intros; rewrite mask_sub; reflexivity).
    apply Rmult_le_compat_r; [apply nrm_ge0|auto].
Qed.

(** N on groups: 1/sqrt(s^2+e) under a floor in every group, 1/sqrt e globally. *)
Theorem normalize_floor s : 0 < s * s + e ->
  Lip n n (fun z => forall g, (g < m)%nat -> s * s <= varG g z) NG (/ sqrt (s * s + e)).
Proof.
  intros Hs x y Hx Hy.
  assert (R : 0 <= / sqrt (s * s + e)) by (apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto).
  apply groups_bound; auto. intros g Hm. rewrite nrm_mask_NG_sub.
  eapply Rle_trans; [apply (N_floor n (dg g) e s); auto; [apply Hx|apply Hy]; auto|].
  apply Rmult_le_compat_l; auto. right. apply nrm_ext. intros. rewrite mask_sub. reflexivity.
Qed.
Theorem normalize_global : 0 < e -> Lip n n all NG (/ sqrt e).
Proof.
  intros He x y _ _. pose proof (normalize_floor 0 ltac:(lra) x y) as Q.
  replace (0 * 0 + e) with e in Q by ring. apply Q; intros; rewrite Rmult_0_l; apply var_ge0; auto.
Qed.

(** Output bound: each group contributes at most its normaliser. *)
Theorem normalize_bound z : (forall g, (g < m)%nat -> 0 < varG g z + e) -> dot n (NG z) (NG z) <= sm m dg.
Proof.
  intros H. rewrite dot_groups. apply sm_le. intros g Hm.
  rewrite (dot_ext n _ _ (N n (dg g) e (mask g z)) (N n (dg g) e (mask g z))) by (intros; apply mask_NG).
  pose proof (N_bound n (dg g) e (mask g z) (dg_pos g Hm) e_ge0 (H g Hm)) as Q.
  rewrite <- nrm_sq. apply Rle_trans with (sqrt (dg g) * sqrt (dg g)).
  - pose proof (nrm_ge0 n (N n (dg g) e (mask g z))). apply Rmult_le_compat; auto.
  - rewrite sqrt_sqrt; [lra|]. pose proof (dg_pos g Hm); lra.
Qed.
End Groups.

(** With the group sizes as normalisers the output is at most sqrt(#entries). *)
Theorem normalize_bound_entries n m gr e z : (forall i, (i < n)%nat -> (gr i < m)%nat) ->
  (forall g, (g < m)%nat -> 0 < cnt n gr g) -> 0 <= e ->
  (forall g, (g < m)%nat -> 0 < varG n gr (cnt n gr) g z + e) ->
  nrm n (NG n gr (cnt n gr) e z) <= sqrt (INR n).
Proof.
  intros Hg Hc He H. apply sqrt_le_1_alt. rewrite <- (cnt_sum n m gr Hg). apply normalize_bound; auto.
Qed.

(** ** Batch normalization in train mode: groups are channels, entries all samples and positions *)
Section BatchNorm.
Variables (n m : nat) (gr : nat -> nat) (e : R).
Hypothesis gr_lt : forall i, (i < n)%nat -> (gr i < m)%nat.
Hypothesis cnt_pos : forall g, (g < m)%nat -> 0 < cnt n gr g.
Hypothesis e_ge0 : 0 <= e.

Definition NC (z : vec) : vec := NG n gr (cnt n gr) e (CG n gr z).
(** Biased variance of a channel. *)
Definition chV (g : nat) (z : vec) : R := varG n gr (cnt n gr) g (CG n gr z).
Definition BNt (ga be : vec) (z : vec) : vec := fun i => ga (gr i) * NC z i + be (gr i).

Theorem BN_train_floor (ga be : vec) (s : nat -> R) L : 0 <= L ->
  (forall g, (g < m)%nat -> 0 < s g * s g + e /\ Rabs (ga g) * / sqrt (s g * s g + e) <= L) ->
  Lip n n (fun z => forall g, (g < m)%nat -> s g * s g <= chV g z) (BNt ga be) L.
Proof.
  intros HL H x y Hx Hy.
  pose proof (groups_floor n m gr gr_lt (cnt n gr) e cnt_pos e_ge0 (fun i => ga (gr i)) (fun g => Rabs (ga g)) s L HL
    (fun i _ => Rle_refl _)) as Q.
  assert (Q' := Q (fun g Hm => conj (Rabs_pos _) (H g Hm)) (CG n gr x) (CG n gr y) Hx Hy). clear Q.
  rewrite (nrm_ext n _ (vsub (vmul (fun i => ga (gr i)) (NG n gr (cnt n gr) e (CG n gr x)))
     (vmul (fun i => ga (gr i)) (NG n gr (cnt n gr) e (CG n gr y)))))
    by (intros; unfold vsub, vmul, BNt, NC; ring).
  eapply Rle_trans; [apply Q'|]. apply Rmult_le_compat_l; auto.
  rewrite (nrm_ext n _ (CG n gr (vsub x y))) by (intros; unfold vsub at 1; rewrite CG_sub; reflexivity).
  rewrite <- (Rmult_1_l (nrm n (vsub x y))). apply (groups_bound n m gr gr_lt); [lra|].
  intros g Hm. rewrite Rmult_1_l. apply CG_group_le; auto.
Qed.

Theorem BN_train_global (ga be : vec) gmax : 0 < e -> 0 <= gmax ->
  (forall g, (g < m)%nat -> Rabs (ga g) <= gmax) -> Lip n n all (BNt ga be) (gmax * / sqrt e).
Proof.
  intros He Hg H x y _ _.
  assert (R : 0 < / sqrt e) by (apply Rinv_0_lt_compat, sqrt_lt_R0; auto).
  apply (BN_train_floor ga be (fun _ => 0)).
  - apply Rmult_le_pos; lra.
  - intros g Hm. rewrite Rmult_0_l, Rplus_0_l. split; auto. apply Rmult_le_compat_r; auto. lra.
  - intros g Hm. rewrite Rmult_0_l. apply var_ge0; auto.
  - intros g Hm. rewrite Rmult_0_l. apply var_ge0; auto.
Qed.

Lemma NC_sum g z : (g < m)%nat -> sm n (mask gr g (NC z)) = 0.
Proof.
  intros Hm. unfold NC.
  rewrite (sm_ext n _ (fun i => / qn n (cnt n gr g) e (mask gr g (CG n gr z)) * mask gr g (CG n gr z) i))
    by (intros; rewrite mask_NG; reflexivity).
  rewrite sm_scal, CG_sum by auto. ring.
Qed.

Lemma NC_sq g z : (g < m)%nat -> 0 < chV g z + e -> dot n (mask gr g (NC z)) (mask gr g (NC z)) <= cnt n gr g.
Proof.
  intros Hm Hv. unfold NC.
  rewrite (dot_ext n _ _ (N n (cnt n gr g) e (mask gr g (CG n gr z))) (N n (cnt n gr g) e (mask gr g (CG n gr z))))
    by (intros; apply mask_NG).
  pose proof (N_bound n (cnt n gr g) e (mask gr g (CG n gr z)) (cnt_pos g Hm) e_ge0 Hv) as Q.
  rewrite <- nrm_sq. apply Rle_trans with (sqrt (cnt n gr g) * sqrt (cnt n gr g)).
  - pose proof (nrm_ge0 n (N n (cnt n gr g) e (mask gr g (CG n gr z)))). apply Rmult_le_compat; auto.
  - rewrite sqrt_sqrt; [lra|]. apply cnt_ge0.
Qed.

(** Scaling and shifting a centred channel are orthogonal effects. *)
Lemma channel_affine_sq (da db : vec) g z : (g < m)%nat ->
  dot n (mask gr g (fun i => da (gr i) * NC z i + db (gr i))) (mask gr g (fun i => da (gr i) * NC z i + db (gr i)))
  = da g * da g * dot n (mask gr g (NC z)) (mask gr g (NC z)) + db g * db g * cnt n gr g.
Proof.
  intros Hm.
  rewrite (dot_ext n _ _ (vadd (vscal (da g) (mask gr g (NC z))) (vscal (db g) (mask gr g (fun _ => 1))))
    (vadd (vscal (da g) (mask gr g (NC z))) (vscal (db g) (mask gr g (fun _ => 1))))).
  2,3: intros i _; unfold mask, vadd, vscal; destruct (Nat.eqb_spec (gr i) g) as [E|E]; [rewrite E|]; ring.
  rewrite dot_add_l, !dot_add_r, !dot_scal_l, !dot_scal_r, (dot_sym n (mask gr g (fun _ => 1)) (mask gr g (NC z))).
  rewrite (dot_mask_one n gr g (NC z)), NC_sum, cnt_dot by auto. ring.
Qed.

(** Output of a channel: at most sqrt(count) sqrt(gamma^2 + beta^2). *)
Theorem BN_train_output ga be g z : (g < m)%nat -> 0 < chV g z + e ->
  nrm n (mask gr g (BNt ga be z)) <= sqrt (cnt n gr g) * h2 (ga g) (be g).
Proof.
  intros Hm Hv. apply nrm_le_of_sq; [apply Rmult_le_pos; [apply sqrt_pos|apply h2_ge0]|].
  unfold BNt. rewrite channel_affine_sq by auto.
  replace (sqrt (cnt n gr g) * h2 (ga g) (be g) * (sqrt (cnt n gr g) * h2 (ga g) (be g)))
    with ((sqrt (cnt n gr g) * sqrt (cnt n gr g)) * (h2 (ga g) (be g) * h2 (ga g) (be g))) by ring.
  rewrite h2_sq, sqrt_sqrt by apply cnt_ge0. pose proof (NC_sq g z Hm Hv) as Q.
  apply Rmult_le_compat_l with (r := ga g * ga g) in Q; [lra|nra].
Qed.

(** Parameters per channel: exactly sqrt(count), not sqrt(2 count). *)
Theorem BN_train_params M (ga be ga' be' : vec) z : 0 <= M ->
  (forall g, (g < m)%nat -> cnt n gr g <= M /\ 0 < chV g z + e) ->
  nrm n (vsub (BNt ga be z) (BNt ga' be' z)) <= sqrt M * h2 (nrm m (vsub ga ga')) (nrm m (vsub be be')).
Proof.
  intros HM H. apply nrm_le_of_sq; [apply Rmult_le_pos; [apply sqrt_pos|apply h2_ge0]|].
  replace (sqrt M * h2 (nrm m (vsub ga ga')) (nrm m (vsub be be')) * (sqrt M * h2 (nrm m (vsub ga ga')) (nrm m (vsub be be'))))
    with ((sqrt M * sqrt M) * (h2 (nrm m (vsub ga ga')) (nrm m (vsub be be')) * h2 (nrm m (vsub ga ga')) (nrm m (vsub be be')))) by ring.
  rewrite h2_sq, sqrt_sqrt, !nrm_sq by auto.
  rewrite (dot_ext n _ _ (fun i => vsub ga ga' (gr i) * NC z i + vsub be be' (gr i))
    (fun i => vsub ga ga' (gr i) * NC z i + vsub be be' (gr i))) by (intros; unfold vsub, BNt; ring).
  rewrite (dot_groups n m gr gr_lt). unfold dot at 2 3. rewrite <- sm_plus, <- sm_scal. apply sm_le. intros g Hm.
  rewrite channel_affine_sq by auto. destruct (H g Hm) as [H1 H2]. pose proof (NC_sq g z Hm H2) as Q.
  set (a := vsub ga ga' g). set (b := vsub be be' g).
  assert (0 <= a * a) by nra. assert (0 <= b * b) by nra.
  assert (a * a * dot n (mask gr g (NC z)) (mask gr g (NC z)) <= a * a * M) by (apply Rmult_le_compat_l; lra).
  assert (b * b * cnt n gr g <= b * b * M) by (apply Rmult_le_compat_l; lra). lra.
Qed.
(** ... and it is attained by beta alone. *)
Theorem BN_train_params_attained M (ga be be' : vec) z : (forall g, (g < m)%nat -> cnt n gr g = M) -> 0 <= M ->
  nrm n (vsub (BNt ga be z) (BNt ga be' z)) = sqrt M * nrm m (vsub be be').
Proof.
  intros H HM.
  assert (E : dot n (vsub (BNt ga be z) (BNt ga be' z)) (vsub (BNt ga be z) (BNt ga be' z)) = M * dot m (vsub be be') (vsub be be')).
  { rewrite (dot_ext n _ _ (fun i => (v0 : vec) (gr i) * NC z i + vsub be be' (gr i))
      (fun i => (v0 : vec) (gr i) * NC z i + vsub be be' (gr i))) by (intros; unfold vsub, BNt, v0; ring).
    rewrite (dot_groups n m gr gr_lt). unfold dot at 2. rewrite <- sm_scal. apply sm_ext. intros g Hm.
    rewrite channel_affine_sq, H by auto. unfold v0. ring. }
  unfold nrm at 1. rewrite E, sqrt_mult_alt by auto. reflexivity.
Qed.

(** The batch map as a summary: gamma, beta used once; floor in every channel at both points. *)
Definition pvec2 (k : nat) : pspace.
Proof.
  refine {| pt := (vec * vec)%type;
    pd := fun a b => h2 (nrm k (vsub (fst a) (fst b))) (nrm k (vsub (snd a) (snd b))) |}.
  - intros; apply h2_ge0.
  - intros. rewrite !nrm_sub_self. apply h2_00.
Defined.

Theorem sat_BN_train (S : sspace) g b s M : 0 <= g -> 0 <= b -> 0 < s * s + e -> 0 <= M ->
  (forall c, (c < m)%nat -> cnt n gr c <= M) ->
  sat n n (pvec2 m) S
    (fun z t _ => (forall c, (c < m)%nat -> s * s <= chV c z) /\
       (forall c, (c < m)%nat -> Rabs (fst t c) <= g) /\ nrm m (snd t) <= b)
    (fun z t _ => BNt (fst t) (snd t) z)
    {| sL := g * / sqrt (s * s + e); sb := g * sqrt (INR n) + sqrt M * b; sG := 0;
       sq2 := 0; sq1 := 0; sq0 := M; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros Hg Hb Hs HM Hc.
  assert (Rp : 0 < / sqrt (s * s + e)) by (apply Rinv_0_lt_compat, sqrt_lt_R0; auto).
  assert (POS : forall z, (forall c, (c < m)%nat -> s * s <= chV c z) -> forall c, (c < m)%nat -> 0 < chV c z + e).
  { intros z Hz c Hm. specialize (Hz c Hm). lra. }
  split.
  - repeat split; simpl; try lra; try (apply Rmult_le_pos; lra).
    pose proof (sqrt_pos (INR n)). pose proof (sqrt_pos M).
    apply Rplus_le_le_0_compat; apply Rmult_le_pos; auto.
  - intros x [ga be] u x' [ga' be'] u' B (H1 & H2 & H3) (H1' & H2' & H3') HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply (nrm_sub_triangle n _ (BNt ga be x'))|].
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    apply Rplus_le_compat.
    + apply (BN_train_floor ga be (fun _ => s)); auto.
      * simpl. apply Rmult_le_pos; lra.
      * intros c Hm. split; auto. simpl. apply Rmult_le_compat_r; [lra|auto].
    + replace (P2 _ B) with M by (unfold P2; simpl; ring). simpl pd. apply BN_train_params; auto.
  - intros x [ga be] u (H1 & H2 & H3). simpl fst in *. simpl snd in *. simpl sb. simpl sG. rewrite Rmult_0_l, Rplus_0_r.
    apply Rle_trans with (nrm n (vadd (vmul (fun i => ga (gr i)) (NC x)) (fun i => be (gr i)))); [right; reflexivity|].
    eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat.
    + eapply Rle_trans; [apply (nrm_mul_le n g); auto|]. apply Rmult_le_compat_l; auto.
      apply (normalize_bound_entries n m gr); auto. intros c Hm. apply POS; auto.
    + apply Rle_trans with (sqrt M * nrm m be).
      * apply nrm_le_of_sq; [apply Rmult_le_pos; [apply sqrt_pos|apply nrm_ge0]|].
        replace (sqrt M * nrm m be * (sqrt M * nrm m be)) with ((sqrt M * sqrt M) * (nrm m be * nrm m be)) by ring.
        rewrite sqrt_sqrt, nrm_sq by auto. rewrite (dot_groups n m gr gr_lt). unfold dot at 2. rewrite <- sm_scal.
        apply sm_le. intros c Hm.
        rewrite (dot_ext n _ _ (vscal (be c) (mask gr c (fun _ => 1))) (vscal (be c) (mask gr c (fun _ => 1)))).
        2,3: intros i _; unfold mask, vscal; destruct (Nat.eqb_spec (gr i) c) as [E|E]; [rewrite E|]; ring.
        rewrite dot_scal_l, dot_scal_r, cnt_dot. specialize (Hc c Hm). nra.
      * apply Rmult_le_compat_l; [apply sqrt_pos|auto].
Qed.
End BatchNorm.
