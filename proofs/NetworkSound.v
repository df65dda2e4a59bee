(** Soundness of the calculus: the summary computed for a network is valid on its domain, by induction on the network. *)
From Coq Require Import Reals Lra Lia List PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers Zoo Sup
  Networks Summaries Domains Normalizers Structure.
Import ListNotations.
Open Scope R_scope.

(** Parameters and hypotheses read through a map that does not expand distances. *)
Lemma sat_through n m (T T' : pspace) (S : sspace) (H : vec -> T -> S -> Prop) (H' : vec -> T' -> S -> Prop) f s (phi : T' -> T) :
  (forall a b, pd T (phi a) (phi b) <= pd T' a b) -> (forall x t u, H' x t u -> H x (phi t) u) ->
  sat n m T S H f s -> sat n m T' S H' (fun x t u => f x (phi t) u) s.
Proof.
  intros Hd HH Hs. apply (sat_param _ _ _ T' _ _ _ _ phi Hd) in Hs. revert Hs. apply sat_weaken; [exact HH|].
  repeat split; lra.
Qed.

(** The radius of the output. *)
Lemma radius_nonneg s B : nonneg s -> nonneg_opt B -> nonneg_opt (out_radius s B).
Proof.
  intros ((_ & H1 & H2) & _) HB. destruct B as [r|]; simpl in *; [|exact I].
  apply Rplus_le_le_0_compat; [|apply Rmult_le_pos]; auto.
Qed.
Lemma radius_ball n m (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s B x t u :
  sat n m T S H f s -> H x t u -> in_ball B n x -> in_ball (out_radius s B) m (f x t u).
Proof.
  intros Hs Hx HB. destruct B as [r|]; simpl in *; [|exact I].
  eapply Rle_trans; [apply (sat_env _ _ _ _ _ _ _ Hs); exact Hx|].
  apply Rplus_le_compat_l, Rmult_le_compat_l; [apply (sat_nn _ _ _ _ _ _ _ Hs)|exact HB].
Qed.

(** Captured tensors after a change of the shared tensors. *)
Lemma captured_change (C : captured) (u u' : nat -> mat) :
  (forall g, In g (map (fun c => fst (fst c)) C) -> u' g = u g) -> captured_ok C u -> captured_ok C u'.
Proof.
  intros E H. unfold captured_ok in *. rewrite Forall_forall in *. intros [[g n] r] Hc. specialize (H _ Hc). simpl in H.
  rewrite E; [exact H|]. apply (in_map (fun c => fst (fst c))) in Hc. exact Hc.
Qed.
Lemma domain_change C C' B F n x u u' : (captured_ok C u -> captured_ok C' u') -> on_domain C B F n x u -> on_domain C' B F n x u'.
Proof. intros H (H1 & H2 & H3). repeat split; auto. Qed.

(** An index symbol stands for a natural number, so real symbols keep their values. *)
Lemma set_index_nonneg E i k : nonneg_env E -> nonneg_env (set_index E i k).
Proof. destruct i; auto. Qed.

Section Sound.
Variable v : env -> bound -> R.
Variable ng : nat.
Variable gd : nat -> nat * nat.
Hypothesis v_nonneg : forall E i, nonneg_env E -> 0 <= v E i.

(** ** The parameters of a network *)
Lemma dist_ge0 A (f : net A) : forall E sh a b, 0 <= dist gd E sh f a b.
Proof. induction f; intros; simpl; try apply nrm_ge0; try apply h2_ge0; auto; lra. Qed.
Lemma dist_refl A (f : net A) : forall E sh a, dist gd E sh f a a = 0.
Proof.
  induction f as [| |l ?|f IHf g IHg|f IHf g IHg|f IHf g IHg|d1 d2 f IHf g IHg|neg c f IHf|f IHf g IHg|K i f IHf|g h IHh f IHf|gs f IHf];
    intros E sh b; simpl; auto; rewrite ?IHf, ?IHg, ?IHh; try apply h2_00.
  - rewrite (nrm_ext _ _ v0), nrm_0; [reflexivity|]. intros j _. destruct (is_once _ j); [apply tdist_refl|reflexivity].
  - rewrite (nrm_ext _ _ v0) by (intros; apply IHf). apply nrm_0.
  - rewrite (nrm_ext _ _ v0) by (intros; apply tdist_refl). rewrite nrm_0. apply h2_00.
Qed.
Definition psp {A} E sh (f : net A) : pspace := pdist (params f) (dist gd E sh f) (dist_ge0 A f E sh) (dist_refl A f E sh).

(** Bounds on entries are nonnegative. *)
Lemma act_offset_ge0 E a : nonneg_env E -> wf_activation v E a -> 0 <= act_offset v E a.
Proof.
  intros HE [W _]. assert (L : 0 <= log 2) by (apply exp_le_back; rewrite exp_0, exp_log; lra).
  destruct a; simpl in *; try lra. apply Rmult_le_pos; auto. apply Rlt_le, Rinv_0_lt_compat; auto.
Qed.
Lemma act_growth_ge0 E a : nonneg_env E -> wf_activation v E a -> 0 <= act_growth v E a.
Proof.
  intros HE [_ W]. destruct a; simpl in *; try lra; auto.
  1,2: eapply Rle_trans; [|apply Rmax_l]; lra.
  apply Rmult_le_pos; lra.
Qed.
Lemma sup_affine_ge0 E a F : nonneg_env E -> 0 <= F -> 0 <= sup_affine v E a F.
Proof.
  intros HE HF. unfold sup_affine. destruct (gain_bound a), (shift_bound a); try apply Rplus_le_le_0_compat;
    try apply Rmult_le_pos; auto.
Qed.
Lemma entry_bound_ge0 E sh p c d : 0 <= entry_bound E sh p c d.
Proof. unfold entry_bound. destruct c; [destruct d|]; apply sqrt_pos. Qed.
Lemma inv_sqrt_ge0 x : 0 < x -> 0 <= / sqrt x.
Proof. intros H. apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0, H. Qed.
Lemma sup_layer_ge0 E C sh l B F : nonneg_env E -> nonneg_opt B -> nonneg_opt F -> wf_layer v ng gd E C sh l B F ->
  nonneg_opt (sup_layer v E sh l B F).
Proof.
  intros HE HB HF [_ W].
  assert (HM : nonneg_opt (sup_in B F)) by (destruct F; auto).
  destruct l as [out w b r|a|a|t| |p c d f e a|m s e|a|a|t| | | |g out b|k out ts L b G]; simpl in *; auto;
  (* an activation: the smaller of its range and of offset + growth F *)
  try (pose proof (act_offset_ge0 E a HE W); pose proof (act_growth_ge0 E a HE W); destruct (sup_in B F) as [M|]; simpl in *;
    [assert (0 <= act_growth v E a * M) by (apply Rmult_le_pos; auto)|]; destruct a; simpl in *; auto;
    try apply Rmin_glb; lra);
  try (destruct B as [B|]; simpl in *; [destruct b|exact I]);
  try (destruct (sup_in B F); simpl in *; [|exact I]);
  repeat first [apply sup_affine_ge0 | apply Rplus_le_le_0_compat | apply Rmult_le_pos | apply Rmax_ge0
    | apply entry_bound_ge0 | apply inv_sqrt_ge0]; auto; try apply W; lra.
Qed.

(** ** A summary that is valid: its inequality holds, and the entries of the output keep their bound *)
Definition valid {A} E C sh B F (f : net A) : Prop :=
  sat (len E sh) (len E (oshape sh f)) (psp E sh f) (tspace ng gd)
    (fun x t u => on_domain C B F (len E sh) x u /\ adm v E sh f x t u) (fwd v E sh f) (fst (summ v E sh B F f)) /\
  nonneg_opt (snd (summ v E sh B F f)) /\
  (forall x t u, on_domain C B F (len E sh) x u -> adm v E sh f x t u ->
    in_sup (snd (summ v E sh B F f)) (len E (oshape sh f)) (fwd v E sh f x t u)).

(** The output lies in the domain of what follows. *)
Lemma valid_domain A E C sh B F (f : net A) x t u : valid E C sh B F f ->
  on_domain C B F (len E sh) x u -> adm v E sh f x t u ->
  on_domain C (out_radius (fst (summ v E sh B F f)) B) (snd (summ v E sh B F f)) (len E (oshape sh f)) (fwd v E sh f x t u) u.
Proof.
  intros (Sf & _ & Uf) HD HA. split; [|split].
  - apply (radius_ball _ _ (psp E sh f) (tspace ng gd) _ _ _ B x t u Sf); [split; auto|apply HD].
  - apply Uf; auto.
  - apply HD.
Qed.
Lemma valid_radius A E C sh B F (f : net A) : valid E C sh B F f -> nonneg_opt B -> nonneg_opt (out_radius (fst (summ v E sh B F f)) B).
Proof. intros (Sf & _ & _). apply radius_nonneg, (sat_nn _ _ _ _ _ _ _ Sf). Qed.

Section Cases.
Variables (A : Type) (E : env) (C : captured) (sh : shape) (B F : option R).
Hypothesis HE : nonneg_env E.
Hypothesis HB : nonneg_opt B.
Hypothesis HF : nonneg_opt F.
Implicit Types f h : net A.

Lemma valid_skip a : valid E C sh B F (Skip a : net A).
Proof.
  split; [|split].
  - eapply sat_weaken; [| |apply (sat_identity (len E sh) (psp E sh (Skip a)) (tspace ng gd))]; [intros; exact I|].
    repeat split; simpl; lra.
  - exact HF.
  - intros x t u HD _. apply HD.
Qed.

Lemma valid_ball r a : valid E C sh B F (Ball r a : net A).
Proof.
  split; [|split].
  - pose proof (v_nonneg E r HE) as Hr.
    eapply sat_weaken; [| |apply (sat_plain (len E sh) (len E sh) (psp E sh (Ball r a)) (tspace ng gd)
      (fun x => nrm (len E sh) x <= v E r) (fun x => x) 1 (v E r) 0); try lra].
    + intros x t u [_ H]. exact H.
    + repeat split; simpl; lra.
    + apply lip_id.
    + intros x Hx. lra.
  - exact HF.
  - intros x t u HD _. apply HD.
Qed.

Lemma valid_leaf l a : wf_layer v ng gd E C sh l B F -> valid E C sh B F (Leaf l a : net A).
Proof.
  intros W. split; [|split].
  - apply (sat_through _ _ (pown (uses l) (dims E sh l)) (psp E sh (Leaf l a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _) (fun x t u H => H) (layer_sat v v_nonneg ng gd E C sh l B F HE HB HF W)).
  - apply (sup_layer_ge0 E C); auto.
  - intros x t u HD HA. simpl in *. destruct (sup_layer v E sh l B F) as [M|] eqn:EM; [|exact I].
    apply (layer_sup v v_nonneg ng gd E C sh l B F M); auto.
Qed.

Lemma valid_series f g a : valid E C sh B F f ->
  valid E C (oshape sh f) (out_radius (fst (summ v E sh B F f)) B) (snd (summ v E sh B F f)) g ->
  valid E C sh B F (Series f g a).
Proof.
  intros Vf Vg. pose proof Vf as (Sf & _ & _). pose proof Vg as (Sg & Ng & Ug). split; [|split].
  - apply (sat_through _ _ (pprod (psp E sh f) (psp E (oshape sh f) g)) (psp E sh (Series f g a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := rule_series _ _ _ _ _ _ _ _ _ _ _ _ Sf Sg).
    intros x t u [HD [A1 A2]]. split; [split; auto|split; [|exact A2]].
    apply (valid_domain A E C sh B F f); auto.
  - exact Ng.
  - intros x t u HD [A1 A2]. apply Ug; [|exact A2]. apply (valid_domain A E C sh B F f); auto.
Qed.

Lemma valid_sum f g a : len E (oshape sh g) = len E (oshape sh f) -> valid E C sh B F f -> valid E C sh B F g ->
  valid E C sh B F (Sum f g a).
Proof.
  intros EL (Sf & Nf & Uf) (Sg & Ng & Ug). rewrite EL in Sg. split; [|split].
  - apply (sat_through _ _ (pprod (psp E sh f) (psp E sh g)) (psp E sh (Sum f g a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := rule_sum _ _ _ _ _ _ _ _ _ _ _ Sf Sg).
    intros x t u [HD [A1 A2]]. repeat split; auto; apply HD.
  - simpl. destruct (snd (summ v E sh B F f)), (snd (summ v E sh B F g)); simpl in *; auto; lra.
  - intros x t u HD [A1 A2]. specialize (Uf x (fst t) u HD A1). specialize (Ug x (snd t) u HD A2). rewrite EL in Ug.
    simpl. destruct (snd (summ v E sh B F f)), (snd (summ v E sh B F g)); simpl in *; auto. apply sup_sum; auto.
Qed.

Lemma len_features r : len E (with_features sh r) = (rows E sh * dval E r)%nat.
Proof. reflexivity. Qed.

Lemma sup_max_nonneg a b : nonneg_opt a -> nonneg_opt b -> nonneg_opt (omax a b).
Proof. destruct a, b; simpl; auto. intros; apply Rmax_ge0; auto. Qed.
Lemma sup_max_cat r m k a b y z : in_sup a (r * m) y -> in_sup b (r * k) z -> in_sup (omax a b) (r * (m + k)) (rcat m k y z).
Proof. destruct a, b; simpl; auto. apply sup_rcat. Qed.

Lemma valid_concat f g a : rows E (oshape sh g) = rows E (oshape sh f) -> valid E C sh B F f -> valid E C sh B F g ->
  valid E C sh B F (Concat f g a).
Proof.
  intros EL (Sf & Nf & Uf) (Sg & Ng & Ug). unfold len at 2 in Sg. unfold len at 2 in Ug. rewrite EL in Sg, Ug. split; [|split].
  - apply (sat_through _ _ (pprod (psp E sh f) (psp E sh g)) (psp E sh (Concat f g a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := rule_rconcat _ _ _ _ _ _ _ _ _ _ _ _ _ Sf Sg).
    intros x t u [HD [A1 A2]]. repeat split; auto; apply HD.
  - apply sup_max_nonneg; auto.
  - intros x t u HD [A1 A2]. apply (sup_max_cat (rows E (oshape sh f))); [apply Uf|apply Ug]; auto.
Qed.

Lemma domain_first d1 d2 x u : dval E (features sh) = (dval E d1 + dval E d2)%nat -> on_domain C B F (len E sh) x u ->
  on_domain C B F (len E (with_features sh d1)) (rfirst (dval E d1) (dval E d2) x) u /\
  on_domain C B F (len E (with_features sh d2)) (rsecond (dval E d1) (dval E d2) x) u.
Proof.
  intros ED (H1 & H2 & H3). rewrite !len_features. unfold len in H1, H2. rewrite ED in H1, H2.
  split; (split; [|split; [|exact H3]]).
  - destruct B; simpl in *; auto. eapply Rle_trans; [apply nrm_rfirst|exact H1].
  - destruct F; simpl in *; auto. apply sup_rfirst; auto.
  - destruct B; simpl in *; auto. eapply Rle_trans; [apply nrm_rsecond|exact H1].
  - destruct F; simpl in *; auto. apply sup_rsecond; auto.
Qed.

Lemma valid_parallel d1 d2 f g a : dval E (features sh) = (dval E d1 + dval E d2)%nat ->
  rows E (oshape (with_features sh d2) g) = rows E (oshape (with_features sh d1) f) ->
  valid E C (with_features sh d1) B F f -> valid E C (with_features sh d2) B F g -> valid E C sh B F (Parallel d1 d2 f g a).
Proof.
  intros ED EL (Sf & Nf & Uf) (Sg & Ng & Ug). unfold len at 2 in Sg. unfold len at 2 in Ug. rewrite EL in Sg, Ug. split; [|split].
  - unfold len at 1. rewrite ED.
    apply (sat_through _ _ (pprod (psp E (with_features sh d1) f) (psp E (with_features sh d2) g)) (psp E sh (Parallel d1 d2 f g a))
      _ _ _ _ _ (fun t => t) (fun a b => Rle_refl _)) with (2 := rule_rparallel _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ Sf Sg).
    intros x t u [HD [A1 A2]]. destruct (domain_first d1 d2 x u ED HD) as [D1 D2]. split; split; auto.
  - apply sup_max_nonneg; auto.
  - intros x t u HD [A1 A2]. destruct (domain_first d1 d2 x u ED HD) as [D1 D2].
    apply (sup_max_cat (rows E (oshape (with_features sh d1) f))); [apply Uf|apply Ug]; auto.
Qed.

Lemma scale_abs neg c : Rabs (if neg : bool then - v E c else v E c) = v E c.
Proof. pose proof (v_nonneg E c HE). destruct neg; rewrite ?Rabs_Ropp; apply Rabs_pos_eq; auto. Qed.

Lemma valid_scale neg c f a : valid E C sh B F f -> valid E C sh B F (Scale neg c f a).
Proof.
  intros (Sf & Nf & Uf). pose proof (v_nonneg E c HE) as Hc. split; [|split].
  - pose proof (rule_scale _ _ _ _ _ _ _ (if neg then - v E c else v E c) Sf) as Q. rewrite scale_abs in Q.
    apply (sat_through _ _ (psp E sh f) (psp E sh (Scale neg c f a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _) (fun x t u H => H) Q).
  - simpl. destruct (snd (summ v E sh B F f)); simpl in *; auto. apply Rmult_le_pos; auto.
  - intros x t u HD HA. specialize (Uf x t u HD HA). simpl. destruct (snd (summ v E sh B F f)); simpl in *; auto.
    pose proof (sup_scale _ _ _ (if neg then - v E c else v E c) Uf) as Q. rewrite scale_abs in Q. exact Q.
Qed.

(** The bound on the entries of a factor: its own, or the radius of its output. *)
Lemma valid_factor f M : valid E C sh B F f -> sup_or_radius (summ v E sh B F f) B = Some M ->
  0 <= M /\ forall x t u, on_domain C B F (len E sh) x u -> adm v E sh f x t u -> sup_le (len E (oshape sh f)) (fwd v E sh f x t u) M.
Proof.
  intros Vf EM. pose proof (valid_radius _ _ _ _ _ _ _ Vf HB) as Hr. split.
  - pose proof Vf as (_ & Nf & _). pose proof (nonneg_sup_in _ _ Hr Nf) as Q. unfold sup_or_radius in EM. rewrite EM in Q. exact Q.
  - intros x t u HD HA. destruct (valid_domain A E C sh B F f x t u Vf HD HA) as (H1 & H2 & _).
    apply (in_sup_some _ _ M _ _ EM); auto.
Qed.

Lemma valid_product f g a : len E (oshape sh g) = len E (oshape sh f) -> sup_or_radius (summ v E sh B F f) B <> None ->
  sup_or_radius (summ v E sh B F g) B <> None -> valid E C sh B F f -> valid E C sh B F g -> valid E C sh B F (Product f g a).
Proof.
  intros EL Ef Eg Vf Vg. pose proof Vf as (Sf & _ & _). pose proof Vg as (Sg & _ & _). rewrite EL in Sg.
  destruct (sup_or_radius (summ v E sh B F f) B) as [M1|] eqn:E1; [|congruence].
  destruct (sup_or_radius (summ v E sh B F g) B) as [M2|] eqn:E2; [|congruence].
  destruct (valid_factor f M1 Vf E1) as [P1 U1]. destruct (valid_factor g M2 Vg E2) as [P2 U2]. rewrite EL in U2.
  unfold valid. simpl summ. rewrite E1, E2. simpl fst. simpl snd. split; [|split].
  - assert (B1 : supb (len E (oshape sh f)) (psp E sh f) (tspace ng gd)
      (fun x t u => on_domain C B F (len E sh) x u /\ adm v E sh f x t u) (fwd v E sh f) M1)
      by (intros x t u i [HD HA]; apply U1; auto).
    assert (B2 : supb (len E (oshape sh f)) (psp E sh g) (tspace ng gd)
      (fun x t u => on_domain C B F (len E sh) x u /\ adm v E sh g x t u) (fwd v E sh g) M2)
      by (intros x t u i [HD HA]; apply U2; auto).
    apply (sat_through _ _ (pprod (psp E sh f) (psp E sh g)) (psp E sh (Product f g a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := rule_product _ _ _ _ _ _ _ _ _ _ _ M1 M2 P1 P2 B1 B2 Sf Sg).
    intros x t u [HD [A1 A2]]. repeat split; auto; apply HD.
  - simpl. apply Rmult_le_pos; auto.
  - intros x t u HD [A1 A2]. simpl. apply sup_product; [apply U1|apply U2]; auto.
Qed.

Lemma valid_close (gs : list nat) f a : NoDup gs -> Forall (fun g : nat => (g < ng)%nat /\ ~ In g (map (fun c => fst (fst c)) C)) gs ->
  valid E C sh B F f -> valid E C sh B F (Close gs f a).
Proof.
  intros ND HG (Sf & Nf & Uf).
  assert (D : forall x w u, on_domain C B F (len E sh) x u -> on_domain C B F (len E sh) x (replace_at gs w u)).
  { intros x w u. apply domain_change, captured_change. intros g Hg. apply replace_out. intros Hin.
    rewrite Forall_forall in HG. apply (HG g Hin); auto. }
  split; [|split].
  - apply (sat_through _ _ (pclosed gd (psp E sh f) gs) (psp E sh (Close gs f a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := rule_close_list ng gd _ _ gs _ _ _ _ ND
        (Forall_impl (fun g : nat => (g < ng)%nat) (fun g H => proj1 H) HG) Sf).
    intros x t u [HD HA]. split; auto.
  - exact Nf.
  - intros x t u HD HA. apply Uf; auto.
Qed.

Lemma valid_capture (g : nat) h f a : (g < ng)%nat -> ~ In g (map (fun c => fst (fst c)) C) -> gd g = (1%nat, len E (oshape sh h)) ->
  B <> None -> valid E C sh B F h ->
  valid E ((g, len E (oshape sh h), sb (fst (summ v E sh B F h)) + sG (fst (summ v E sh B F h)) * the B) :: C) sh B F f ->
  valid E C sh B F (Capture g h f a).
Proof.
  intros Hg HC Hd EB Vh (Sf & Nf & Uf). pose proof Vh as (Sh & _ & _).
  destruct B as [r|] eqn:EQ; [|congruence]. simpl the in *.
  set (C' := (g, len E (oshape sh h), sb (fst (summ v E sh (Some r) F h)) + sG (fst (summ v E sh (Some r) F h)) * r) :: C) in *.
  assert (D : forall x t u, on_domain C (Some r) F (len E sh) x u -> adm v E sh h x t u ->
    on_domain C' (Some r) F (len E sh) x (put g (fwd v E sh h x t u) u)).
  { intros x t u HD HA. pose proof (valid_domain A E C sh (Some r) F h x t u Vh HD HA) as (H1 & _). revert HD.
    apply domain_change. intros H. constructor; [rewrite put_at; exact H1|]. revert H. apply captured_change.
    intros k Hk. apply put_out. intros ->. auto. }
  split; [|split].
  - apply (sat_through _ _ (pprod (psp E sh f) (psp E sh h)) (psp E sh (Capture g h f a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := rule_capture_at ng gd _ _ _ g _ _ _ _ _ _ _ _ r HB Hg Hd Sf Sh).
    intros x t u [HD [A1 A2]]. split; [apply HD|]. split; split; auto.
  - exact Nf.
  - intros x t u HD [A1 A2]. apply Uf; auto.
Qed.

(** *** Iterations *)
Section Iterations.
Variables (K : dim) (i : option sym) (f : net A) (a : A).
Let Ej j := set_index E i (S j).
Let step j (st : state) := summ v (Ej j) sh (fst st) (sup_in (fst st) (snd st)) f.
Let st := state_at step (B, sup_in B F).
Let sup j := sup_in (fst (st j)) (snd (st j)).
Hypothesis body : forall j, (j < dval E K)%nat -> nonneg_opt (fst (st j)) -> nonneg_opt (sup j) ->
  valid (Ej j) C sh (fst (st j)) (sup j) f.
Hypothesis len_in : forall j, (j < dval E K)%nat -> len (Ej j) sh = len E sh.
Hypothesis len_out : forall j, (j < dval E K)%nat -> len (Ej j) (oshape sh f) = len E sh.

Lemma state_S j : st (S j) = (out_radius (fst (step j (st j))) (fst (st j)), snd (step j (st j))).
Proof. unfold st. simpl. destruct (step j _). reflexivity. Qed.
Lemma states_nonneg j : (j <= dval E K)%nat -> nonneg_opt (fst (st j)) /\ nonneg_opt (snd (st j)).
Proof.
  assert (NS : forall B F, nonneg_opt B -> nonneg_opt F -> nonneg_opt (sup_in B F)) by (intros b [r|]; auto).
  induction j; intros Hj; [split; simpl; auto|]. destruct (IHj ltac:(lia)) as [I1 I2].
  pose proof (body j Hj I1 (NS _ _ I1 I2)) as V. rewrite state_S. split; [apply (valid_radius _ _ _ _ _ _ _ V); auto|apply V].
Qed.

Lemma valid_rep : valid E C sh B F (Rep K i f a).
Proof.
  set (Dom := fun j x u => on_domain C (fst (st j)) (snd (st j)) (len E sh) x u).
  set (fj := fun j => fwd v (Ej j) sh f). set (Hj := fun j => adm v (Ej j) sh f).
  assert (V : forall j, (j < dval E K)%nat -> valid (Ej j) C sh (fst (st j)) (sup j) f).
  { intros j Hk. destruct (states_nonneg j ltac:(lia)). apply body; auto. unfold sup. destruct (snd (st j)); auto. }
  assert (D : forall j n x u, on_domain C (fst (st j)) (snd (st j)) n x u -> on_domain C (fst (st j)) (sup j) n x u).
  { intros j n x u (D1 & D2 & D3). split; [exact D1|]. split; [apply in_sup_in; auto|exact D3]. }
  assert (D0 : forall x u, on_domain C B F (len E sh) x u -> Dom 0%nat x u).
  { intros x u (D1 & D2 & D3). split; [exact D1|]. split; [apply in_sup_in; auto|exact D3]. }
  assert (next : forall j x t u, (j < dval E K)%nat -> Dom j x u -> Hj j x t u -> Dom (S j) (fj j x t u) u).
  { intros j x t u Hk HD HA. unfold Dom in *. rewrite state_S.
    rewrite <- (len_in j Hk) in HD. rewrite <- (len_out j Hk). apply (valid_domain A _ _ _ _ _ f x t u (V j Hk) (D _ _ _ _ HD) HA). }
  set (dj := fun j => dist gd (Ej j) sh f). set (Gj := fun j => dist_ge0 A f (Ej j) sh). set (Rj := fun j => dist_refl A f (Ej j) sh).
  assert (VS : forall j, (j < dval E K)%nat -> sat (len E sh) (len E sh) (pj (params f) dj Gj Rj j) (tspace ng gd)
    (fun x t u => Dom j x u /\ Hj j x t u) (fj j) (fst (step j (st j)))).
  { intros j Hk. destruct (V j Hk) as (Sf & _ & _). rewrite (len_in j Hk), (len_out j Hk) in Sf.
    eapply sat_weaken; [| |exact Sf]; [intros x t u [H1 H2]; split; [apply D, H1|exact H2]|repeat split; apply Rle_refl]. }
  pose proof (rule_iterate (len E sh) ng gd (params f) dj Gj Rj Dom Hj fj (fun j => fst (step j (st j))) (dval E K) next VS) as Q.
  split; [|split].
  - apply (sat_through _ _ (pfamily (params f) dj Rj (dval E K)) (psp E sh (Rep K i f a)) _ _ _ _ _ (fun t => t)
      (fun a b => Rle_refl _)) with (2 := Q).
    intros x t u [HD HA]. split; [apply D0, HD|exact HA].
  - apply (states_nonneg (dval E K)); auto.
  - intros x t u HD HA.
    apply (iterate_domain (params f) Dom Hj fj (dval E K) x t u next (D0 _ _ HD) HA (dval E K)); auto.
Qed.
End Iterations.
End Cases.

(** ** Soundness: every summary that the calculus computes for a well-formed network is valid *)
Lemma summ_valid (A : Type) (f : net A) : forall E C sh B F, nonneg_env E -> nonneg_opt B -> nonneg_opt F ->
  wf v ng gd E C sh B F f -> valid E C sh B F f.
Proof.
  induction f as [a|r a|l a|f IHf g IHg a|f IHf g IHg a|f IHf g IHg a|d1 d2 f IHf g IHg a|neg c f IHf a|f IHf g IHg a
    |K i f IHf a|g h IHh f IHf a|gs f IHf a]; intros E C sh B F HE HB HF W.
  - apply valid_skip; auto.
  - apply valid_ball; auto.
  - apply valid_leaf; auto.
  - destruct W as [W1 W2]. pose proof (IHf E C sh B F HE HB HF W1) as Vf. apply valid_series; auto.
    apply IHg; auto; [apply (valid_radius A E C sh B F f); auto|apply Vf].
  - destruct W as (W1 & W2 & W3). apply valid_sum; auto.
  - destruct W as (W1 & W2 & W3). apply valid_concat; auto.
  - destruct W as (W1 & W2 & W3 & W4). apply valid_parallel; auto.
  - apply valid_scale; auto.
  - destruct W as (W1 & W2 & W3 & W4 & W5). apply valid_product; auto.
  - apply valid_rep; auto; intros j Hj; destruct (W j Hj) as (W1 & W2 & W3); auto.
    intros. apply IHf; auto. apply set_index_nonneg; auto.
  - destruct W as (W1 & W2 & W3 & W4 & W5 & W6 & W7). apply valid_capture; auto.
  - destruct W as (W1 & W2 & W3). apply valid_close; auto.
Qed.

Theorem summ_sound (A : Type) (f : net A) : forall E C sh B F, nonneg_env E -> nonneg_opt B -> nonneg_opt F ->
  wf v ng gd E C sh B F f ->
  sat (len E sh) (len E (oshape sh f)) (psp E sh f) (tspace ng gd)
    (fun x t u => on_domain C B F (len E sh) x u /\ adm v E sh f x t u) (fwd v E sh f) (fst (summ v E sh B F f)) /\
  (forall M, snd (summ v E sh B F f) = Some M -> forall x t u, on_domain C B F (len E sh) x u -> adm v E sh f x t u ->
    sup_le (len E (oshape sh f)) (fwd v E sh f x t u) M).
Proof.
  intros E C sh B F HE HB HF W. destruct (summ_valid A f E C sh B F HE HB HF W) as (Sf & _ & Uf). split; [exact Sf|].
  intros M EM x t u HD HA. specialize (Uf x t u HD HA). rewrite EM in Uf. exact Uf.
Qed.

(** ** What this means for a network on its domain *)
Section Users.
Variables (A : Type) (f : net A) (E : env) (C : captured) (sh : shape) (B F : option R).
Hypothesis HE : nonneg_env E.
Hypothesis HB : nonneg_opt B.
Hypothesis HF : nonneg_opt F.
Hypothesis W : wf v ng gd E C sh B F f.
Let s := fst (summ v E sh B F f).
Let n := len E sh.
Let m := len E (oshape sh f).
Let admitted x t u := on_domain C B F n x u /\ adm v E sh f x t u.

(** Two inputs, the same parameters. *)
Theorem network_input x x' t u : admitted x t u -> admitted x' t u ->
  nrm m (vsub (fwd v E sh f x t u) (fwd v E sh f x' t u)) <= sL s * nrm n (vsub x x').
Proof.
  intros H H'. destruct (summ_sound A f E C sh B F HE HB HF W) as [Sf _].
  exact (summary_input _ _ (psp E sh f) (tspace ng gd) _ _ _ Sf t u x x' H H').
Qed.

(** One input of norm at most r, two values of the parameters, the same shared tensors. *)
Theorem network_parameters r x t t' u : admitted x t u -> admitted x t' u -> nrm n x <= r ->
  nrm m (vsub (fwd v E sh f x t u) (fwd v E sh f x t' u)) <= sqrt (P2 s r) * dist gd E sh f t t'.
Proof.
  intros H H' Hr. destruct (summ_sound A f E C sh B F HE HB HF W) as [Sf _].
  pose proof (sat_two _ _ (psp E sh f) (tspace ng gd) _ _ _ Sf x t u x t' u r H H' Hr) as Q.
  rewrite nrm_sub_self, Rmult_0_r, Rplus_0_l in Q.
  rewrite (sm_ext _ _ (fun _ => 0)), sm_0, Rplus_0_r in Q by (intros; rewrite sd_refl; ring). exact Q.
Qed.

(** The same when the shared tensors change too: squares add over the groups. *)
Theorem network_shared_parameters r x t t' u u' : admitted x t u -> admitted x t' u' -> nrm n x <= r ->
  nrm m (vsub (fwd v E sh f x t u) (fwd v E sh f x t' u')) <=
  sqrt (P2 s r + dot ng (fun g => Summary.cS s g r) (fun g => Summary.cS s g r))
  * h2 (dist gd E sh f t t') (nrm ng (fun g => tdist (gd g) (u g) (u' g))).
Proof.
  intros H H' Hr. destruct (summ_sound A f E C sh B F HE HB HF W) as [Sf _].
  exact (summary_parameters _ _ (psp E sh f) (tspace ng gd) _ _ _ Sf x r t u t' u' H H' Hr).
Qed.

(** Two inputs and two values of the parameters at once; the norm of the second input is at most r. *)
Lemma network_joint r x x' t t' u : admitted x t u -> admitted x' t' u -> nrm n x' <= r ->
  nrm m (vsub (fwd v E sh f x t u) (fwd v E sh f x' t' u)) <= sL s * nrm n (vsub x x') + sqrt (P2 s r) * dist gd E sh f t t'.
Proof.
  intros H H' Hr. destruct (summ_sound A f E C sh B F HE HB HF W) as [Sf _].
  pose proof (sat_two _ _ (psp E sh f) (tspace ng gd) _ _ _ Sf x t u x' t' u r H H' Hr) as Q.
  rewrite (sm_ext _ _ (fun _ => 0)), sm_0, Rplus_0_r in Q by (intros; rewrite sd_refl; ring). exact Q.
Qed.

Theorem network_radius x t u : admitted x t u -> nrm m (fwd v E sh f x t u) <= sb s + sG s * nrm n x.
Proof.
  intros H. destruct (summ_sound A f E C sh B F HE HB HF W) as [Sf _].
  exact (sat_env _ _ (psp E sh f) (tspace ng gd) _ _ _ Sf x t u H).
Qed.

Lemma network_entries M x t u : snd (summ v E sh B F f) = Some M -> admitted x t u -> sup_le m (fwd v E sh f x t u) M.
Proof. intros EM [H1 H2]. destruct (summ_sound A f E C sh B F HE HB HF W) as [_ U]. apply (U M EM); auto. Qed.
End Users.

(** *** The whole space, and a ball: the two domains on which a calculation starts *)
Lemma domain_all n x u : on_domain [] None None n x u.
Proof. repeat split. constructor. Qed.

(** A network that begins with the ball of radius r: inputs in the ball are all that [adm] allows. The growth ratio and
    the coefficients of the radius vanish: sb bounds the output, sq0 is the squared sensitivity. *)
Section OnBall.
Variables (A : Type) (r : bound) (a b : A) (f : net A) (E : env) (sh : shape).
Hypothesis HE : nonneg_env E.
Let g := Series (Ball r a) f b.
Hypothesis W : wf v ng gd E [] sh (Some (v E r)) None g.
Let s := fst (summ v E sh (Some (v E r)) None g).
Let n := len E sh.
Let m := len E (oshape sh g).

Lemma ball_domain x t u : adm v E sh g x t u -> on_domain [] (Some (v E r)) None n x u /\ adm v E sh g x t u.
Proof. intros H. split; [|exact H]. split; [apply H|split; [exact I|constructor]]. Qed.
Lemma ball_summary : sG s = 0 /\ sq2 s = 0 /\ sq1 s = 0.
Proof. unfold s, g. simpl. repeat split; ring. Qed.
Lemma ball_P2 B : P2 s B = sq0 s.
Proof. destruct ball_summary as (_ & E2 & E1). unfold P2. rewrite E2, E1. ring. Qed.
Let HB : nonneg_opt (Some (v E r)).
Proof. apply v_nonneg; auto. Qed.

Lemma ball_input x x' t u : adm v E sh g x t u -> adm v E sh g x' t u ->
  nrm m (vsub (fwd v E sh g x t u) (fwd v E sh g x' t u)) <= sL s * nrm n (vsub x x').
Proof. intros H H'. apply (network_input A g E [] sh (Some (v E r)) None HE HB I W); apply ball_domain; auto. Qed.

Lemma ball_parameters x t t' u : adm v E sh g x t u -> adm v E sh g x t' u ->
  nrm m (vsub (fwd v E sh g x t u) (fwd v E sh g x t' u)) <= sqrt (sq0 s) * dist gd E sh g t t'.
Proof.
  intros H H'. rewrite <- (ball_P2 (v E r)).
  apply (network_parameters A g E [] sh (Some (v E r)) None HE HB I W); try apply ball_domain; auto. apply H.
Qed.

Lemma ball_radius x t u : adm v E sh g x t u -> nrm m (fwd v E sh g x t u) <= sb s.
Proof.
  intros H. pose proof (network_radius A g E [] sh (Some (v E r)) None HE HB I W x t u (ball_domain x t u H)) as Q.
  fold s in Q. rewrite (proj1 ball_summary) in Q. fold m in Q. lra.
Qed.

Lemma ball_entries M x t u : snd (summ v E sh (Some (v E r)) None g) = Some M -> adm v E sh g x t u ->
  sup_le m (fwd v E sh g x t u) M.
Proof. intros EM H. apply (network_entries A g E [] sh (Some (v E r)) None HE HB I W); auto. apply ball_domain; auto. Qed.
End OnBall.

(** ** The statements are not empty: with floors of value 0, zero tensors are admitted at every input *)
Definition zmat : mat := fun _ _ => 0.
Fixpoint zero_params {A} (f : net A) : params f :=
  match f return params f with
  | Skip _ | Ball _ _ => tt
  | Leaf _ _ => fun _ => zmat
  | Series f g _ | Sum f g _ | Concat f g _ | Parallel _ _ f g _ | Product f g _ => (zero_params f, zero_params g)
  | Scale _ _ f _ => zero_params f
  | Rep _ _ f _ => fun _ => zero_params f
  | Capture _ h f _ => (zero_params f, zero_params h)
  | Close _ f _ => (zero_params f, fun _ => zmat)
  end.

(** What a layer demands of its tensors alone. *)
Definition tensors_ok E sh (l : layer) (t : nat -> mat) : Prop :=
  match l with
  | Normalize _ _ _ _ _ a => adm_affine v E (dval E (features sh)) a t
  | Assumed k _ _ _ _ _ => forall x, eadm E k x t
  | _ => ladm v E sh l v0 t
  end.
Definition floor_zero E (l : layer) : Prop := match l with Normalize _ _ _ (Some f) _ _ => v E f = 0 | _ => True end.
(** All tensors are trained; the layer makes no assumption of its own. *)
Definition trained (l : layer) : Prop :=
  match l with Standardize _ _ _ | Assumed _ _ _ _ _ _ => False | _ => Forall (fun x => ~ is_fixed x) (uses l) end.
(** Shared groups g with Z g are zero. Tensors that do not change have to be admissible. *)
Definition layer_zero E sh (Z : nat -> Prop) (l : layer) : Prop :=
  floor_zero E l /\
  match l with Outside _ _ _ => True | _ =>
    (trained l /\ (forall g, In (Shared g) (uses l) -> Z g)) \/
    (forall t u, (forall i, t i = zmat) -> (forall g, Z g -> u g = zmat) -> tensors_ok E sh l (read E (uses l) t u)) end.
Fixpoint zero_ok {A} E sh (Z : nat -> Prop) (f : net A) : Prop :=
  match f with
  | Skip _ => True
  | Ball _ _ => False
  | Leaf l _ => layer_zero E sh Z l
  | Series f g _ => zero_ok E sh Z f /\ zero_ok E (oshape sh f) Z g
  | Sum f g _ | Concat f g _ | Product f g _ => zero_ok E sh Z f /\ zero_ok E sh Z g
  | Parallel d1 d2 f g _ => zero_ok E (with_features sh d1) Z f /\ zero_ok E (with_features sh d2) Z g
  | Scale _ _ f _ => zero_ok E sh Z f
  | Rep K i f _ => forall j, (j < dval E K)%nat -> zero_ok (set_index E i (S j)) sh Z f
  | Capture g h f _ => zero_ok E sh Z h /\ zero_ok E sh (fun k => Z k /\ k <> g) f
  | Close gs f _ => zero_ok E sh (fun k => Z k \/ In k gs) f
  end.

Lemma read_zero E us (Z : nat -> Prop) t u i : Forall (fun x => ~ is_fixed x) us -> (forall g, In (Shared g) us -> Z g) ->
  (forall i, t i = zmat) -> (forall g, Z g -> u g = zmat) -> read E us t u i = zmat.
Proof.
  intros HF HZ Ht Hu. unfold read. destruct (nth_in_or_default i us Once) as [Hin|Hd]; [|rewrite Hd; auto].
  rewrite Forall_forall in HF. specialize (HF _ Hin). destruct (nth i us Once) as [|g|k ix] eqn:EN; auto.
  exfalso. apply HF. exact I.
Qed.

Lemma opn_zero m n s : 0 <= s -> opn m n zmat s.
Proof.
  intros Hs x. rewrite (nrm_ext m _ v0), nrm_0.
  - apply Rmult_le_pos; auto. apply nrm_ge0.
  - intros i _. unfold mv, dot, zmat. rewrite (sm_ext n _ (fun _ => 0)), sm_0 by (intros; ring). reflexivity.
Qed.
Lemma adm_affine_zero E D a t : nonneg_env E -> (forall i, t i = zmat) -> adm_affine v E D a t.
Proof.
  intros HE Ht. assert (Z : nrm D (fun _ => 0) = 0) by apply nrm_0.
  destruct a; split; simpl; auto; rewrite ?Ht; unfold zmat; try (intros; rewrite Rabs_R0; auto); rewrite Z; auto.
Qed.
Lemma tensors_zero E sh l t : nonneg_env E -> trained l -> (forall i, t i = zmat) -> tensors_ok E sh l t.
Proof.
  intros HE HT Ht. assert (Z : forall D, nrm D (zmat 0%nat) = 0) by (intros; apply nrm_0).
  destruct l as [out w b r|a|a|x| |p c d f e a|m s e|a|a|x| | | |g out b|k out ts L b G]; simpl in *; auto;
    try contradiction; try (apply adm_affine_zero; auto); rewrite ?Ht.
  - split; [apply opn_zero; auto|]. split.
    + destruct b; auto. rewrite Z. auto.
    + destruct r; auto. intros i _. change (zmat i) with (zmat 0%nat). rewrite Z. auto.
  - unfold zmat. rewrite Rabs_R0. auto.
  - unfold zmat. rewrite Rabs_R0. auto.
Qed.

Lemma deviation2_ge0 E sh p c d g x : 0 <= deviation2 E sh p c d g x.
Proof.
  unfold deviation2, varG, var, Rdiv. apply Rmult_le_pos; [apply dot_self_ge0|].
  assert (D : 0 <= divisor E sh p d) by (destruct d; simpl; try apply pos_INR; lra).
  destruct D as [D|D]; [apply Rlt_le, Rinv_0_lt_compat; auto|rewrite <- D, Rinv_0; lra].
Qed.

Lemma ladm_split E sh l x t : floor_zero E l -> tensors_ok E sh l t -> ladm v E sh l x t.
Proof.
  destruct l as [out w b r|a|a|y| |p c d f e a|m s e|a|a|y| | | |g out b|k out ts L b G]; simpl; intros HZ HT; auto.
  split; [|exact HT]. destruct f as [f|]; [|exact I]. intros g _. rewrite HZ, Rmult_0_l. apply deviation2_ge0.
Qed.
Lemma ladm_zero E sh Z l x t u : nonneg_env E -> layer_zero E sh Z l -> (forall i, t i = zmat) ->
  (forall g, Z g -> u g = zmat) -> ladm v E sh l x (read E (uses l) t u).
Proof.
  intros HE [HZ HL] Ht Hu. apply ladm_split; [exact HZ|]. destruct l; try exact I;
  destruct HL as [[HT HS]|HT]; auto; apply tensors_zero; auto; intros i; apply (read_zero _ _ Z); auto;
  unfold trained in HT; try contradiction; auto.
Qed.

(** Every input is admitted with zero tensors. *)
Theorem adm_zero A (f : net A) : forall E sh Z x u, nonneg_env E -> zero_ok E sh Z f -> (forall g, Z g -> u g = zmat) ->
  adm v E sh f x (zero_params f) u.
Proof.
  induction f as [a|r a|l a|f IHf g IHg a|f IHf g IHg a|f IHf g IHg a|d1 d2 f IHf g IHg a|neg c f IHf a|f IHf g IHg a
    |K i f IHf a|g h IHh f IHf a|gs f IHf a]; intros E sh Z x u HE HZ Hu; simpl in *; auto; try contradiction.
  - apply (ladm_zero E sh Z); auto.
  - destruct HZ. split; [apply (IHf E sh Z)|apply (IHg E (oshape sh f) Z)]; auto.
  - destruct HZ. split; [apply (IHf E sh Z)|apply (IHg E sh Z)]; auto.
  - destruct HZ. split; [apply (IHf E sh Z)|apply (IHg E sh Z)]; auto.
  - destruct HZ. split; [apply (IHf E _ Z)|apply (IHg E _ Z)]; auto.
  - apply (IHf E sh Z); auto.
  - destruct HZ. split; [apply (IHf E sh Z)|apply (IHg E sh Z)]; auto.
  - intros j Hj. apply (IHf _ sh Z); auto. apply set_index_nonneg; auto.
  - destruct HZ as [HZ1 HZ2]. split; [apply (IHh E sh Z); auto|].
    apply (IHf E sh _ _ _ HE HZ2). intros k [Hk Nk]. rewrite put_out by auto. auto.
  - apply (IHf E sh _ _ _ HE HZ). clear IHf HZ. induction gs as [|h gs IH]; intros k [Hk|Hk]; simpl in *; auto; try contradiction.
    + destruct (Nat.eqb h k); auto.
    + destruct (Nat.eqb_spec h k); [reflexivity|]. apply IH. right. destruct Hk; [contradiction|assumption].
Qed.

(** In particular the origin and inputs in the ball of a network that begins with one. *)
Lemma adm_zero_ball A (f : net A) E sh r a b x u : nonneg_env E -> zero_ok E sh (fun g => u g = zmat) f ->
  nrm (len E sh) x <= v E r -> adm v E sh (Series (Ball r a) f b) x (tt, zero_params f) u.
Proof. intros HE HZ Hx. split; [exact Hx|]. apply (adm_zero A f E sh (fun g => u g = zmat)); auto. Qed.
Corollary adm_zero_origin A (f : net A) E sh r a b : nonneg_env E -> zero_ok E sh (fun _ => True) f ->
  adm v E sh (Series (Ball r a) f b) v0 (tt, zero_params f) (fun _ => zmat).
Proof.
  intros HE HZ. split; [simpl; rewrite nrm_0; auto|]. apply (adm_zero A f E sh (fun _ => True)); auto.
Qed.
End Sound.
