(** What each layer promises: every layer but the normalizers, as blocks of a network.

    A layer reads its tensors from three places. First each tensor counts as a shared group of its own ([s_tensors]); then
    [promise_read] turns that into the summary in which tensors used once, shared and fixed ones are told apart. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers Zoo Sup.
From Normbound Require Import Networks Summaries Domains.
Import ListNotations.
Open Scope R_scope.

Definition s_tensors (c : promise) : summary :=
  {| sL := cL c; sb := cb c; sG := cG c; sq2 := 0; sq1 := 0; sq0 := 0;
     sl1 := fun i => fst (nth i (cS c) (0, 0)); sl0 := fun i => snd (nth i (cS c) (0, 0)) |}.

(** ** Sums over the uses, index by index *)
Lemma sm_first n f : sm (S n) f = f 0%nat + sm n (fun i => f (S i)).
Proof. replace (S n) with (1 + n)%nat by lia. rewrite sm_app. simpl. ring. Qed.

Lemma sm_scal_r n c f : sm n (fun i => f i * c) = sm n f * c.
Proof. rewrite Rmult_comm, <- sm_scal. apply sm_ext. intros; ring. Qed.

Lemma once_sum_sm f : forall us se acc, length se = length us ->
  once_sum f us se acc = acc + sm (length us) (fun i => if is_once us i then f (nth i se (0, 0)) else 0).
Proof.
  induction us as [|a us IH]; intros [|x se] acc H; try discriminate H; [simpl; ring|].
  injection H as H. cbn [length]. rewrite sm_first. cbn [nth].
  destruct a; cbn [once_sum]; rewrite IH by auto; unfold is_once; cbn [nth]; ring.
Qed.

(** Group of tensor i, if it is shared. *)
Definition uses_group (us : list use) (i g : nat) : bool :=
  match nth i us Once with Shared h => Nat.eqb h g | _ => false end.
Lemma shared_sum_sm g f : forall us se acc, length se = length us ->
  shared_sum g f us se acc = acc + sm (length us) (fun i => if uses_group us i g then f (nth i se (0, 0)) else 0).
Proof.
  induction us as [|a us IH]; intros [|x se] acc H; try discriminate H; [simpl; ring|].
  injection H as H. cbn [length]. rewrite sm_first. cbn [nth].
  destruct a; cbn [shared_sum]; rewrite IH by auto; unfold uses_group; cbn [nth]; try ring.
  destruct (Nat.eqb g0 g); ring.
Qed.

Lemma tdist_refl dm a : tdist dm a a = 0.
Proof. apply (pd_refl (pmat (fst dm) (snd dm))). Qed.
Lemma tdist_ge0 dm a b : 0 <= tdist dm a b.
Proof. apply frob_ge0. Qed.
(** A vector is row 0 of its tensor, a number its entry (0, 0). *)
Lemma tdist_vec n a b : tdist (1, n)%nat a b = nrm n (vsub (a 0%nat) (b 0%nat)).
Proof. unfold tdist, frob, nrm. simpl. f_equal. unfold msub. ring. Qed.
Lemma tdist_scalar a b : tdist (1, 1)%nat a b = Rabs (a 0%nat 0%nat - b 0%nat 0%nat).
Proof. rewrite tdist_vec, <- sqrt_Rsqr_abs. unfold nrm, dot, vsub, Rsqr. simpl. f_equal. ring. Qed.

(** The space of a layer's own tensors has the distance of a [Leaf]. *)
Lemma pown_dist (A : Type) gd E sh l (a : A) t t' : dist gd E sh (Leaf l a) t t' = pd (pown (uses l) (dims E sh l)) t t'.
Proof. reflexivity. Qed.

Section Promises.
Variable v : env -> bound -> R.
Hypothesis v_nonneg : forall E i, nonneg_env E -> 0 <= v E i.
Variable ng : nat.
Variable gd : nat -> nat * nat.

(** ** From one group for each tensor to the places where tensors are read *)
Section Read.
Variables (E : env) (us : list use) (dm : list (nat * nat)) (se : list (R * R)).
Hypothesis Hse : length se = length us.
Hypothesis Hg : forall i g, nth_error us i = Some (Shared g) -> (g < ng)%nat /\ gd g = nth i dm (0, 0)%nat.

(** Tensor i contributes a_i times its distance: Cauchy-Schwarz over those used once, sums for each shared group. *)
Lemma read_distances (a : nat -> R) (t u t' u' : nat -> mat) :
  sm (length us) (fun i => a i * tdist (nth i dm (0, 0)%nat) (read E us t u i) (read E us t' u' i)) <=
  nrm (length us) (fun i => if is_once us i then a i else 0) * pd (pown us dm) t t'
  + sm ng (fun g => sm (length us) (fun i => if uses_group us i g then a i else 0) * sd (tspace ng gd) g u u').
Proof.
  set (k := length us).
  set (p := fun i => if is_once us i then tdist (nth i dm (0, 0)%nat) (t i) (t' i) else 0).
  change (pd (pown us dm) t t') with (nrm k p).
  eapply Rle_trans; [|apply Rplus_le_compat_r, cs_le].
  unfold dot. apply Req_le.
  rewrite (sm_ext ng _ (fun g => sm k (fun i => if uses_group us i g then a i * tdist (gd g) (u g) (u' g) else 0))).
  2:{ intros g _. simpl sd. rewrite Rmult_comm, <- sm_scal. apply sm_ext. intros i _. destruct (uses_group us i g); ring. }
  rewrite sm_swap, <- sm_plus. apply sm_ext. intros i Hi. unfold p, is_once, uses_group, read.
  rewrite (nth_indep us (Fixed 0 []) Once Hi). destruct (nth i us Once) as [|h|j jx] eqn:Eu.
  - rewrite sm_0. ring.
  - destruct (Hg i h) as [Hh Hd]; [rewrite <- Eu; apply nth_error_nth'; auto|].
    rewrite (sm_ext ng _ (fun g => if Nat.eqb g h then a i * tdist (gd h) (u h) (u' h) else 0)).
    + rewrite sm_delta by auto. rewrite Hd. ring.
    + intros g _. rewrite (Nat.eqb_sym g h). destruct (Nat.eqb_spec h g) as [->|]; reflexivity.
  - rewrite tdist_refl, sm_0. ring.
Qed.

Lemma once_P2 B : nrm (length us) (fun i => if is_once us i then fst (nth i se (0, 0)) * B + snd (nth i se (0, 0)) else 0) =
  sqrt (once_sum (fun x => fst x * fst x) us se 0 * (B * B) + once_sum (fun x => 2 * fst x * snd x) us se 0 * B
    + once_sum (fun x => snd x * snd x) us se 0).
Proof.
  unfold nrm. f_equal. rewrite !once_sum_sm, !Rplus_0_l by auto.
  rewrite <- !sm_scal_r, <- !sm_plus. unfold dot. apply sm_ext.
  intros i _. destruct (is_once us i); ring.
Qed.
Lemma shared_cS g B : sm (length us) (fun i => if uses_group us i g then fst (nth i se (0, 0)) * B + snd (nth i se (0, 0)) else 0) =
  shared_sum g fst us se 0 * B + shared_sum g snd us se 0.
Proof.
  rewrite !shared_sum_sm, !Rplus_0_l by auto. rewrite <- sm_scal_r, <- sm_plus. apply sm_ext.
  intros i _. destruct (uses_group us i g); ring.
Qed.
End Read.

Lemma s_promise_nonneg us c : length (cS c) = length us -> nonneg (s_tensors c) -> nonneg (s_promise us c).
Proof.
  intros Hl ((H1 & H2 & H3) & _ & H). split; [auto|]. simpl in H. split.
  - simpl. rewrite !once_sum_sm, !Rplus_0_l by auto.
    repeat split; apply sm_ge0; intros i _; destruct (H i); destruct (is_once us i); try lra;
      repeat apply Rmult_le_pos; lra.
  - intros g. simpl. rewrite !shared_sum_sm, !Rplus_0_l by auto.
    split; apply sm_ge0; intros i _; destruct (H i); destruct (uses_group us i g); lra.
Qed.

Theorem promise_read n m (D : vec -> (nat -> mat) -> Prop) (f : vec -> (nat -> mat) -> vec) (c : promise) E us dm :
  length (cS c) = length us -> length dm = length us ->
  (forall i g, nth_error us i = Some (Shared g) -> (g < ng)%nat /\ gd g = nth i dm (0, 0)%nat) ->
  sat n m punit (lspace dm) (fun x _ t => D x t) (fun x _ t => f x t) (s_tensors c) ->
  sat n m (pown us dm) (tspace ng gd) (fun x t u => D x (read E us t u)) (fun x t u => f x (read E us t u)) (s_promise us c).
Proof.
  intros Hc Hd Hg Hs. pose proof (sat_nn _ _ _ _ _ _ _ Hs) as NN. split.
  - apply s_promise_nonneg; auto.
  - intros x t u x' t' u' B H1 H2 HB.
    pose proof (sat_two _ _ _ _ _ _ _ Hs x tt (read E us t u) x' tt (read E us t' u') B H1 H2 HB) as Q.
    simpl pd in Q. rewrite Rmult_0_r, Rplus_0_r in Q. eapply Rle_trans; [exact Q|]. rewrite Rplus_assoc.
    apply Rplus_le_compat_l. simpl sn. simpl sd. rewrite Hd.
    eapply Rle_trans;
      [apply (read_distances E us dm Hg (fun i => fst (nth i (cS c) (0, 0)) * B + snd (nth i (cS c) (0, 0))) t u t' u')|].
    rewrite (once_P2 us (cS c) Hc B). apply Rplus_le_compat_l. right. apply sm_ext. intros g _.
    rewrite (shared_cS us (cS c) Hc g B). reflexivity.
  - intros x t u H1. apply (sat_env _ _ _ _ _ _ _ Hs x tt (read E us t u)); auto.
Qed.

(** ** Ways to a promise *)
(** Layers without tensors. *)
Lemma plain_tensors n m (T : pspace) (S : sspace) H f L b G b' : b = b' -> sat n m T S H f (s_plain L b G) ->
  sat n m T S H f (s_tensors (plain L b' G)).
Proof.
  intros <- Hs. eapply sat_weaken; [| |exact Hs]; [auto|].
  repeat split; simpl; try lra; destruct g; simpl; lra.
Qed.

(** Layers whose only tensor is a number. *)
Lemma scalar_tensors n m (f : R -> vec -> vec) (A M : R) :
  sat n m pscalar sunit (fun _ t _ => Rabs t <= A) (fun x t _ => f t x) (s_scalar M) ->
  sat n m punit (lspace [(1, 1)%nat]) (fun _ _ t => Rabs (t 0%nat 0%nat 0%nat) <= A) (fun x _ t => f (t 0%nat 0%nat 0%nat) x)
    (s_tensors {| cL := M; cb := 0; cG := M; cS := [(1, 0)] |}).
Proof.
  intros Hs. pose proof (sat_nn _ _ _ _ _ _ _ Hs) as ((N1 & _) & _). simpl in N1. split.
  - repeat split; simpl; try lra; destruct g as [|[|]]; simpl; lra.
  - intros x [] t x' [] t' B H1 H2 HB. pose proof (B_ge0 _ _ _ HB) as B0.
    pose proof (sat_two _ _ _ _ _ _ _ Hs x _ tt x' _ tt B H1 H2 HB) as Q.
    replace (P2 (s_scalar M) B) with (B * B) in Q by (unfold P2; simpl; ring).
    rewrite sqrt_square in Q by auto. simpl in Q. simpl. rewrite tdist_scalar. unfold Summary.cS. simpl. lra.
  - intros x [] t H1. apply (sat_env _ _ _ _ _ _ _ Hs x (t 0%nat 0%nat 0%nat) tt); auto.
Qed.

(** ** Linear layers *)
Definition linear_promise (s be r : R) (bias : bool) : promise :=
  {| cL := s; cb := r * be; cG := s; cS := (1, 0) :: if bias then [(0, r)] else [] |}.
Definition linear_dims (n m : nat) (bias : bool) : list (nat * nat) := (m, n) :: if bias then [(1, m)]%nat else [].
Definition bias_of (bias : bool) (t : nat -> mat) : vec := if bias then t 1%nat 0%nat else v0.

Lemma linear_one n m s be bias : 0 <= s -> 0 <= be ->
  sat n m punit (lspace (linear_dims n m bias))
    (fun _ _ t => opn m n (t 0%nat) s /\ nrm m (bias_of bias t) <= be)
    (fun x _ t => linear n (t 0%nat) (bias_of bias t) x) (s_tensors (linear_promise s be 1 bias)).
Proof.
  intros Hs Hb. split.
  - repeat split; simpl; try lra; destruct bias; destruct g as [|[|[|]]]; simpl; lra.
  - intros x [] t x' [] t' B [H1 H2] [H1' H2'] HB.
    eapply Rle_trans; [apply (linear_two n m _ _ (t' 0%nat) (bias_of bias t') s); auto|].
    simpl pd. rewrite Rmult_0_r, Rplus_0_r. apply Rplus_le_compat_l.
    pose proof (frob_ge0 m n (msub (t 0%nat) (t' 0%nat))) as F0.
    pose proof (Rmult_le_compat_l _ _ _ F0 HB) as Q.
    destruct bias; simpl sm; unfold Summary.cS; simpl.
    + rewrite tdist_vec. unfold tdist. simpl. lra.
    + rewrite nrm_sub_self. unfold tdist. simpl. lra.
  - intros x [] t [H1 H2]. simpl. rewrite Rmult_1_l. apply linear_env; auto.
Qed.
Lemma linear_rows N n m s be bias : 0 <= s -> 0 <= be ->
  sat (N * n) (N * m) punit (lspace (linear_dims n m bias))
    (fun _ _ t => opn m n (t 0%nat) s /\ nrm m (bias_of bias t) <= be)
    (fun x _ t => liftrows n m (linear n (t 0%nat) (bias_of bias t)) x) (s_tensors (linear_promise s be (sqrt (INR N)) bias)).
Proof.
  intros Hs Hb. pose proof (rule_rows N _ _ _ _ _ _ _ (linear_one n m s be bias Hs Hb)) as Q.
  eapply sat_weaken; [| |exact Q].
  - intros x t u H r Hr. exact H.
  - repeat split; simpl; try lra; destruct bias; destruct g as [|[|[|]]]; simpl; lra.
Qed.

(** A row of the matrix has at most the operator norm. *)
Lemma row_le_opn m n W s i : 0 <= s -> opn m n W s -> (i < m)%nat -> nrm n (W i) <= s.
Proof.
  intros Hs H Hi. specialize (H (W i)). pose proof (abs_coord_le m (mv n W (W i)) i Hi) as Q. unfold mv at 1 in Q.
  rewrite <- nrm_sq, Rabs_pos_eq in Q by (apply Rmult_le_pos; apply nrm_ge0).
  destruct (Rle_lt_dec (nrm n (W i)) 0) as [Z|Z]; [lra|]. apply (Rmult_le_reg_r (nrm n (W i))); auto. lra.
Qed.

(** ** Activations *)
Lemma v_abs E i : nonneg_env E -> Rabs (v E i) = v E i.
Proof. intros H. apply Rabs_pos_eq, v_nonneg; auto. Qed.
Lemma act_ok_eq phi rho c G c' : c = c' -> act_ok phi rho c G -> act_ok phi rho c' G.
Proof. intros <-; auto. Qed.

Lemma activation_ok E a : nonneg_env E -> wf_activation v E a ->
  act_ok (actf v E a) (Summaries.act_lip v E a) (act_offset v E a) (act_growth v E a).
Proof.
  intros HE [W1 W2]. destruct a as [| | | |s|s|s| | |b|b| | | | | | | |w]; simpl in *.
  - exact act_relu.
  - apply (act_ok_eq _ _ (Rabs (hardtanh 0 6 0))); [|apply act_hardtanh; lra].
    unfold hardtanh, Rmax, Rmin. repeat destruct (Rle_dec _ _); try lra. apply Rabs_R0.
  - apply (act_ok_eq _ _ (Rabs (hardtanh (-1) 1 0))); [|apply act_hardtanh; lra].
    unfold hardtanh, Rmax, Rmin. repeat destruct (Rle_dec _ _); try lra. apply Rabs_R0.
  - exact act_abs.
  - pose proof (act_leaky (v E s)) as Q. rewrite (v_abs E s HE) in Q. exact Q.
  - pose proof (act_elu (v E s)) as Q. rewrite (v_abs E s HE) in Q. exact Q.
  - apply act_celu; auto.
  - apply act_selu; apply W2.
  - destruct W2 as (Z & R & S & Dv). apply (act_gelu (ecdf E) (ez E)); auto. intros x. specialize (S x). lra.
  - apply act_silu_scaled; auto; apply W2.
  - apply act_softplus; auto.
  - exact act_sigmoid.
  - exact act_tanh.
  - exact act_hardsigmoid.
  - exact act_hardswish.
  - apply (act_ok_eq _ _ (log 2 / 1)); [field|exact act_logsigmoid].
  - exact act_tanhshrink.
  - exact act_softsign.
  - pose proof (act_sin (v E w)) as Q. rewrite (v_abs E w HE) in Q. exact Q.
Qed.

Lemma activation_sup E a M : act_sup a = Some M -> forall y, Rabs (actf v E a y) <= M.
Proof.
  intros H y. destruct a; try discriminate H; injection H as <-; simpl.
  - pose proof (hardtanh_range 0 6 y ltac:(lra)). apply Rabs_le. lra.
  - pose proof (hardtanh_range (-1) 1 y ltac:(lra)). apply Rabs_le. lra.
  - apply sigmoid_sup.
  - apply tanh_sup.
  - unfold hardsigmoid. pose proof (hardtanh_range 0 6 (y + 3) ltac:(lra)). apply Rabs_le. lra.
  - apply softsign_sup.
  - pose proof (SIN_bound (v E a * y)). apply Rabs_le. lra.
Qed.

(** ** The promise of each layer *)
(** The layers of this file; the normalizers have their own. *)
Definition plain_layer (l : layer) : Prop := match l with Normalize _ _ _ _ _ _ | Squash _ | Affine _ => False | _ => True end.
(** Standardize promises nothing about a change of its tensors, as they are fixed. *)
Definition standardize (l : layer) : Prop := match l with Standardize _ _ _ => True | _ => False end.
(** What the captured tensor is known to satisfy. *)
Definition captured_bound E (l : layer) (t : nat -> mat) : Prop :=
  match l with Outside _ out b => nrm (len E out) (t 0%nat 0%nat) <= v E b | _ => True end.
Definition core_domain E sh (l : layer) (B F : option R) (x : vec) (t : nat -> mat) : Prop :=
  in_ball B (len E sh) x /\ in_sup F (len E sh) x /\ ladm v E sh l x t /\ captured_bound E l t.

Lemma sqrt_len E sh : sqrt (INR (len E sh)) = rroot E sh * sqrt (INR (dval E (features sh))).
Proof. unfold len, rroot. rewrite mult_INR, sqrt_mult_alt by apply pos_INR. reflexivity. Qed.
Lemma s_le_refl s : s_le s s.
Proof. repeat split; lra. Qed.

Lemma outside_core k n b : 0 <= b ->
  sat n k punit (lspace [(1, k)%nat]) (fun _ _ t => nrm k (t 0%nat 0%nat) <= b) (fun _ _ t => t 0%nat 0%nat)
    (s_tensors {| cL := 0; cb := b; cG := 0; cS := [(0, 1)] |}).
Proof.
  intros Hb. split.
  - repeat split; simpl; try lra; destruct g as [|[|]]; simpl; lra.
  - intros x [] t x' [] t' B H1 H2 HB. simpl. unfold Summary.cS. simpl. rewrite tdist_vec. lra.
  - intros x [] t H1. simpl. lra.
Qed.

Lemma core_sat E C sh l B F : nonneg_env E -> nonneg_opt B -> nonneg_opt F -> wf_layer v ng gd E C sh l B F ->
  plain_layer l -> ~ standardize l ->
  sat (len E sh) (len E (lshape sh l)) punit (lspace (dims E sh l)) (fun x _ t => core_domain E sh l B F x t)
    (fun x _ t => lfwd v E sh l x t) (s_tensors (core v E sh l (the (sup_in B F)))).
Proof.
  intros HE HB HF [_ W] P NS. unfold core_domain.
  destruct l as [out w b r|a|a|t| |p c d f e a|m s e|a|a|t| | | |g out b|k out ts L b G];
    try contradiction; simpl in W |- *; try (exfalso; apply NS; exact I).
  - (* Linear *)
    destruct b as [b|].
    + eapply sat_weaken; [|apply s_le_refl|apply (linear_rows (rows E sh) _ (dval E out) (v E (tb w)) (v E (tb b)) true); auto].
      cbn beta. intros x _ t (_ & _ & (H1 & H2 & _) & _). exact (conj H1 H2).
    + pose proof (linear_rows (rows E sh) (dval E (features sh)) (dval E out) (v E (tb w)) 0 false
        (v_nonneg E (tb w) HE) (Rle_refl 0)) as Q.
      eapply sat_weaken; [| |exact Q].
      * cbn beta. intros x _ t (_ & _ & (H1 & _) & _). split; [exact H1|]. simpl. rewrite nrm_0. lra.
      * repeat split; simpl; lra.
  - (* Act *)
    eapply sat_weaken; [|apply s_le_refl|].
    2:{ apply plain_tensors with (b := sqrt (INR (len E sh)) * act_offset v E a); [rewrite sqrt_len; ring|].
        apply sat_act. apply activation_ok; auto. }
    intros; exact I.
  - (* Scaling *)
    eapply sat_weaken; [|apply s_le_refl|].
    2:{ apply plain_tensors with (b := 0); [reflexivity|].
        pose proof (sat_scaling (len E sh) punit (lspace []) (v E a)) as Q. rewrite (v_abs E a HE) in Q. exact Q. }
    intros; exact I.
  - (* LearnedScale *)
    eapply sat_weaken; [|apply s_le_refl|apply scalar_tensors, sat_learned_scale; auto].
    cbn beta. intros x _ t' (_ & _ & H & _). exact H.
  - (* Identity *)
    eapply sat_weaken; [|apply s_le_refl|apply plain_tensors with (b := 0), sat_identity; reflexivity].
    intros; exact I.
  - (* PReLU *)
    eapply sat_weaken; [|apply s_le_refl|apply (scalar_tensors _ _ (fun t x => ew (leaky t) x)), sat_prelu; auto].
    cbn beta. intros x _ t' (_ & _ & H & _). exact H.
  - (* MaxMin *)
    destruct W as [q Hq]. assert (En : len E sh = (rows E sh * q * 2)%nat) by (unfold len; rewrite Hq; lia). rewrite En.
    eapply sat_weaken; [|apply s_le_refl|apply plain_tensors with (b := 0), sat_maxmin; reflexivity].
    intros; exact I.
  - (* CReLU *)
    pose proof (rule_rows (rows E sh) _ _ _ _ _ _ _ (sat_crelu (dval E (features sh)) punit (lspace []))) as Q.
    eapply sat_weaken; [| |apply plain_tensors with (b := 0); [reflexivity|eapply sat_weaken; [| |exact Q]]].
    + cbn beta. intros x t u H. exact H.
    + apply s_le_refl.
    + cbn beta. intros x t u _ r _. exact I.
    + repeat split; simpl; lra.
  - (* SquaredReLU *)
    eapply sat_weaken; [|apply s_le_refl|apply plain_tensors with (b := 0); [reflexivity|]; apply sat_relu_sq, nonneg_sup_in; auto].
    cbn beta. intros x _ t (H1 & H2 & _). apply in_sup_the; auto.
  - (* Outside *)
    eapply sat_weaken; [|apply s_le_refl|apply outside_core; auto].
    cbn beta. intros x _ t (_ & _ & _ & H). exact H.
  - (* Assumed *)
    eapply sat_weaken; [|apply s_le_refl|exact W].
    cbn beta. intros x _ t (_ & _ & H & _). exact H.
Qed.

(** ** Standardize, with fixed mean and variance *)
Lemma nrm_repeat N d y : nrm (N * d) (fun i => y (i mod d)%nat) = sqrt (INR N) * nrm d y.
Proof.
  rewrite nrm_rows, (nrm_ext N _ (fun _ => nrm d y)).
  - rewrite nrm_const, Rabs_pos_eq by apply nrm_ge0. reflexivity.
  - intros r _. apply nrm_ext. intros j Hj. unfold row. f_equal.
    rewrite Nat.add_comm, Nat.mod_add, Nat.mod_small by lia. reflexivity.
Qed.
Lemma mod_features N d i : (i < N * d)%nat -> (i mod d < d)%nat.
Proof. intros H. apply Nat.mod_upper_bound. intros ->. lia. Qed.

Lemma standardize_plain N d (T : pspace) (S : sspace) (mu va : vec) m s e : 0 <= m -> 0 < s + e ->
  sat (N * d) (N * d) T S (fun _ _ _ => nrm d mu <= m /\ forall j, (j < d)%nat -> s <= va j)
    (fun x _ _ i => (x i - mu (i mod d)%nat) * / sqrt (va (i mod d)%nat + e))
    (s_plain (/ sqrt (s + e)) (sqrt (INR N) * (/ sqrt (s + e) * m)) (/ sqrt (s + e))).
Proof.
  intros Hm Hs. assert (Sp : 0 < sqrt (s + e)) by (apply sqrt_lt_R0; auto).
  assert (R0 : 0 < / sqrt (s + e)) by (apply Rinv_0_lt_compat; auto). set (r := / sqrt (s + e)) in *.
  pose proof (sqrt_pos (INR N)) as N0.
  set (D := fun _ : vec => nrm d mu <= m /\ forall j, (j < d)%nat -> s <= va j).
  assert (G : forall x i, D x -> (i < N * d)%nat -> 0 <= / sqrt (va (i mod d)%nat + e) <= r).
  { intros x i [_ H] Hi. specialize (H _ (mod_features N d i Hi)).
    assert (0 < sqrt (va (i mod d)%nat + e)) by (apply sqrt_lt_R0; lra). split.
    - apply Rlt_le, Rinv_0_lt_compat; auto.
    - apply Rinv_le_contravar; auto. apply sqrt_le_1_alt. lra. }
  apply (sat_plain (N * d) (N * d) T S D (fun x i => (x i - mu (i mod d)%nat) * / sqrt (va (i mod d)%nat + e))).
  - lra.
  - repeat apply Rmult_le_pos; lra.
  - lra.
  - intros x y Hx Hy. apply nrm_bound; [lra|]. intros i Hi. pose proof (G x i Hx Hi) as Q. unfold vsub.
    rewrite <- Rmult_minus_distr_r, Rabs_mult, (Rabs_pos_eq (/ _)), Rmult_comm by lra.
    replace (x i - mu (i mod d)%nat - (y i - mu (i mod d)%nat)) with (x i - y i) by ring.
    apply Rmult_le_compat_r; [apply Rabs_pos|lra].
  - intros x Hx. apply Rle_trans with (r * nrm (N * d) (vsub x (fun i => mu (i mod d)%nat))).
    + apply nrm_bound; [lra|]. intros i Hi. pose proof (G x i Hx Hi) as Q. unfold vsub.
      rewrite Rabs_mult, (Rabs_pos_eq (/ _)), Rmult_comm by lra. apply Rmult_le_compat_r; [apply Rabs_pos|lra].
    + pose proof (nrm_sub_le (N * d) x (fun i => mu (i mod d)%nat)) as Q. rewrite nrm_repeat in Q.
      assert (Q' : sqrt (INR N) * nrm d mu <= sqrt (INR N) * m) by (apply Rmult_le_compat_l; [auto|apply Hx]).
      apply Rle_trans with (r * (nrm (N * d) x + sqrt (INR N) * m)); [apply Rmult_le_compat_l; lra|]. lra.
Qed.

(** ** The summary of a layer *)
Lemma layer_lengths E sh l F : plain_layer l -> length (cS (core v E sh l F)) = length (uses l).
Proof.
  destruct l as [out w b r|a|a|t| |p c d f e a|m s e|a|a|t| | | |g out b|k out ts L b G]; simpl; intros P; try contradiction; auto.
  - destruct b; reflexivity.
  - rewrite !map_length. reflexivity.
Qed.
Lemma dims_length E sh l : plain_layer l -> length (dims E sh l) = length (uses l).
Proof.
  destruct l as [out w b r|a|a|t| |p c d f e a|m s e|a|a|t| | | |g out b|k out ts L b G]; simpl; intros P; try contradiction; auto.
  - destruct b; reflexivity.
  - rewrite !map_length. reflexivity.
Qed.
Lemma s_layer_plain E sh l F : plain_layer l -> s_layer v E sh l F = s_promise (uses l) (core v E sh l F).
Proof. destruct l; simpl; intros P; try contradiction; reflexivity. Qed.
Lemma captured_bound_read E C sh l B F t u : wf_layer v ng gd E C sh l B F -> captured_ok C u ->
  captured_bound E l (read E (uses l) t u).
Proof.
  intros [_ W] HC. destruct l; try exact I. simpl in *. destruct W as (r & Hin & Hr). unfold read. simpl.
  unfold captured_ok in HC. rewrite Forall_forall in HC. specialize (HC _ Hin). simpl in HC. lra.
Qed.

Lemma layer_sat_plain E C sh l B F : nonneg_env E -> nonneg_opt B -> nonneg_opt F -> wf_layer v ng gd E C sh l B F -> plain_layer l ->
  sat (len E sh) (len E (lshape sh l)) (pown (uses l) (dims E sh l)) (tspace ng gd)
    (fun x t u => on_domain C B F (len E sh) x u /\ ladm v E sh l x (read E (uses l) t u))
    (fun x t u => lfwd v E sh l x (read E (uses l) t u)) (s_layer v E sh l (the (sup_in B F))).
Proof.
  intros HE HB HF W P. rewrite s_layer_plain by auto.
  assert (Hdec : standardize l \/ ~ standardize l) by (destruct l; simpl; auto).
  destruct Hdec as [St|NS].
  - (* Standardize: the tensors that are read do not change *)
    destruct l as [| | | | | |m s e| | | | | | | |]; try contradiction. destruct W as (_ & We & Fm & Fs).
    destruct m as [bm um], s as [bs us]. destruct um as [| |jm jmx]; try contradiction. destruct us as [| |js jsx]; try contradiction.
    pose proof (standardize_plain (rows E sh) (dval E (features sh)) (pown [Fixed jm jmx; Fixed js jsx]
      (dims E sh (Standardize {| tb := bm; tu := Fixed jm jmx |} {| tb := bs; tu := Fixed js jsx |} e))) (tspace ng gd)
      (etensor E jm (map (enat E) jmx) 0%nat) (etensor E js (map (enat E) jsx) 0%nat) (v E bm) (v E bs) (v E e) (v_nonneg E bm HE) We) as Q.
    eapply sat_weaken; [| |exact Q].
    + intros x t u [_ H]. exact H.
    + repeat split; simpl; unfold rroot; lra.
  - pose proof (core_sat E C sh l B F HE HB HF W P NS) as Q.
    apply (promise_read _ _ _ _ _ E (uses l) (dims E sh l)) in Q.
    + eapply sat_weaken; [|apply s_le_refl|exact Q].
      intros x t u [(H1 & H2 & H3) H4]. repeat split; auto. eapply captured_bound_read; eauto.
    + apply layer_lengths; auto.
    + apply dims_length; auto.
    + apply W.
Qed.

(** ** Largest entries *)
Lemma linear_sup_rows N n m W b r be x B : 0 <= r -> (forall i, (i < m)%nat -> nrm n (W i) <= r) -> nrm m b <= be ->
  nrm (N * n) x <= B -> sup_le (N * m) (liftrows n m (linear n W b) x) (r * B + be).
Proof.
  intros Hr HW Hb HB. apply (sup_rows N n m (linear n W b) x). intros k Hk i Hi.
  eapply Rle_trans; [apply (sup_linear n m W b r be); auto using sup_default|].
  apply Rplus_le_compat_r, Rmult_le_compat_l; auto. pose proof (row_nrm_le N n x k Hk). lra.
Qed.

Lemma sup_row N d x F r : sup_le (N * d) x F -> (r < N)%nat -> sup_le d (row d r x) F.
Proof. intros H Hr j Hj. apply H. nia. Qed.
Lemma sup_maxmin N x F : sup_le (N * 2) x F -> sup_le (N * 2) (liftrows 2 2 maxmin x) F.
Proof.
  intros H. apply (sup_rows N 2 2 maxmin x). intros r Hr. pose proof (sup_row N 2 x F r H Hr) as Q.
  pose proof (Q 0%nat ltac:(lia)). pose proof (Q 1%nat ltac:(lia)).
  intros [|i] _; unfold maxmin, Rmax, Rmin; destruct (Rle_dec _ _); assumption.
Qed.
Lemma sup_crelu N d x F : sup_le (N * d) x F -> sup_le (N * (d + d)) (liftrows d (d + d) (crelu d) x) F.
Proof.
  intros H. apply (sup_rows N d (d + d) (crelu d) x). intros r Hr. pose proof (sup_row N d x F r H Hr) as Q.
  destruct act_relu as (_ & _ & Er). intros i Hi. unfold crelu, vcat, ew. destruct (Nat.ltb_spec i d) as [h|h].
  - specialize (Er (row d r x i)). specialize (Q i h). lra.
  - specialize (Er (- row d r x (i - d)%nat)). rewrite Rabs_Ropp in Er. specialize (Q (i - d)%nat ltac:(lia)). lra.
Qed.
Lemma sup_standardize N d (mu va x : vec) m s e F : 0 < s + e -> nrm d mu <= m -> (forall j, (j < d)%nat -> s <= va j) ->
  sup_le (N * d) x F ->
  sup_le (N * d) (fun i => (x i - mu (i mod d)%nat) * / sqrt (va (i mod d)%nat + e)) (/ sqrt (s + e) * (F + m)).
Proof.
  intros Hs Hm Hv H i Hi. pose proof (mod_features N d i Hi) as Hj. specialize (Hv _ Hj). specialize (H i Hi).
  pose proof (sup_default d mu m Hm _ Hj) as Q. assert (S1 : 0 < sqrt (s + e)) by (apply sqrt_lt_R0; auto).
  assert (S2 : sqrt (s + e) <= sqrt (va (i mod d)%nat + e)) by (apply sqrt_le_1_alt; lra).
  assert (P2 : 0 < / sqrt (va (i mod d)%nat + e)) by (apply Rinv_0_lt_compat; lra).
  rewrite Rabs_mult, (Rabs_pos_eq (/ _)), Rmult_comm by lra. apply Rmult_le_compat; [lra|apply Rabs_pos| |].
  - apply Rinv_le_contravar; auto.
  - eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra.
Qed.
Lemma sup_apply_affine E N d a t x F : nonneg_env E -> adm_affine v E d a t -> sup_le (N * d) x F ->
  sup_le (N * d) (apply_affine d a t x) (sup_affine v E a F).
Proof.
  intros HE [A1 A2] H i Hi. pose proof (mod_features N d i Hi) as Hj. specialize (H i Hi).
  assert (G : forall g, Rabs (gain_of a t (i mod d)%nat) <= v E g -> Rabs (gain_of a t (i mod d)%nat * x i) <= v E g * F).
  { intros g Hg. rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. }
  assert (S : forall b, nrm d (shift_of a t) <= v E b -> Rabs (shift_of a t (i mod d)%nat) <= v E b).
  { intros b Hb. apply (sup_default d (shift_of a t) _ Hb _ Hj). }
  unfold sup_affine. destruct a as [|g|b|g b|g b u]; simpl in A1, A2; simpl apply_affine; unfold features_affine;
    cbn [gain_bound shift_bound].
  - exact H.
  - pose proof (G (tb g) (A1 _ Hj)) as Q. simpl in Q |- *. unfold v0. rewrite Rplus_0_r. exact Q.
  - pose proof (S (tb b) A2) as Q. simpl in Q |- *. rewrite Rmult_1_l. eapply Rle_trans; [apply Rabs_triang|]. lra.
  - pose proof (G (tb g) (A1 _ Hj)) as Q. pose proof (S (tb b) A2) as Q'.
    eapply Rle_trans; [apply Rabs_triang|]. simpl in *. lra.
  - pose proof (G g (A1 _ Hj)) as Q. pose proof (S b A2) as Q'.
    eapply Rle_trans; [apply Rabs_triang|]. simpl in *. lra.
Qed.

Lemma layer_sup_plain E C sh l B F M : nonneg_env E -> wf_layer v ng gd E C sh l B F -> plain_layer l ->
  sup_layer v E sh l B F = Some M -> forall x t u, on_domain C B F (len E sh) x u -> ladm v E sh l x (read E (uses l) t u) ->
  sup_le (len E (lshape sh l)) (lfwd v E sh l x (read E (uses l) t u)) M.
Proof.
  intros HE [_ W] P EM x t u (HB & HF & _) A. set (y := read E (uses l) t u) in *. clearbody y.
  destruct l as [out w b r|a|a|t'| |p c d f e a|m s e|a|a|t'| | | |g out b|k out ts L b G];
    try contradiction; simpl in EM; try discriminate EM.
  - (* Linear *)
    destruct B as [B|]; [|discriminate EM]. injection EM as <-. simpl in HB, A |- *. destruct A as (A1 & A2 & A3).
    assert (HW : forall i, (i < dval E out)%nat ->
      nrm (dval E (features sh)) (y 0%nat i) <= v E (match r with Some r => r | None => tb w end)).
    { destruct r as [r|]; [exact A3|]. intros i Hi. eapply row_le_opn; eauto. }
    destruct b as [b|].
    + apply (linear_sup_rows (rows E sh)); auto.
    + rewrite <- (Rplus_0_r (_ * B)). apply (linear_sup_rows (rows E sh)); auto. rewrite nrm_0. lra.
  - (* Act *)
    simpl. destruct (sup_in B F) as [F'|] eqn:EF.
    + assert (H1 : sup_le (len E sh) (ew (actf v E a) x) (act_offset v E a + act_growth v E a * F')).
      { eapply sup_act; [apply activation_ok; auto|]. eapply in_sup_some; eauto. }
      destruct (act_sup a) as [M'|] eqn:EA; injection EM as <-; [|exact H1].
      intros i Hi. apply Rmin_glb; [apply (activation_sup E a M' EA)|apply H1; auto].
    + apply sup_act_range. apply activation_sup; auto.
  - (* Scaling *)
    destruct (sup_in B F) as [F'|] eqn:EF; [|discriminate EM]. injection EM as <-. simpl.
    pose proof (sup_scale (len E sh) x F' (v E a)) as Q. rewrite (v_abs E a HE) in Q. apply Q. eapply in_sup_some; eauto.
  - (* LearnedScale *)
    destruct (sup_in B F) as [F'|] eqn:EF; [|discriminate EM]. injection EM as <-. simpl in *.
    pose proof (in_sup_some B F F' _ x EF HB HF) as Q. intros i Hi. unfold vscal. rewrite Rabs_mult.
    apply Rmult_le_compat; auto using Rabs_pos.
  - (* Identity *)
    exact (in_sup_some B F M _ x EM HB HF).
  - (* Standardize *)
    destruct (sup_in B F) as [F'|] eqn:EF; [|discriminate EM]. injection EM as <-. pose proof (in_sup_some B F F' _ x EF HB HF) as HX.
    destruct W as (We & _). destruct A as (A1 & A2). apply (sup_standardize (rows E sh)); auto.
  - (* PReLU *)
    destruct (sup_in B F) as [F'|] eqn:EF; [|discriminate EM]. injection EM as <-. pose proof (in_sup_some B F F' _ x EF HB HF) as HX.
    simpl in *. destruct (act_leaky (y 0%nat 0%nat 0%nat)) as (_ & _ & Er). intros i Hi. unfold ew.
    specialize (Er (x i)). specialize (HX i Hi). rewrite Rplus_0_l in Er. eapply Rle_trans; [exact Er|].
    apply Rmult_le_compat; auto using Rabs_pos.
    + eapply Rle_trans; [|apply Rmax_l]. lra.
    + apply Rle_max_compat_l; auto.
  - (* MaxMin *)
    pose proof (in_sup_some B F M _ x EM HB HF) as HX.
    destruct W as [q Hq]. assert (En : len E sh = (rows E sh * q * 2)%nat) by (unfold len; rewrite Hq; lia).
    simpl. rewrite En in *. apply sup_maxmin; auto.
  - (* CReLU *)
    pose proof (in_sup_some B F M _ x EM HB HF) as HX. apply (sup_crelu (rows E sh)); auto.
  - (* SquaredReLU *)
    destruct (sup_in B F) as [F'|] eqn:EF; [|discriminate EM]. injection EM as <-. simpl.
    pose proof (in_sup_some B F F' _ x EF HB HF) as Q. intros i Hi. unfold ew. rewrite Rabs_mult.
    destruct act_relu as (_ & _ & Er). specialize (Er (x i)). specialize (Q i Hi).
    apply Rmult_le_compat; auto using Rabs_pos; lra.
Qed.
End Promises.
