(** Rules of composition in the form that networks use: rows joined and split along their features, families of blocks whose
    distances and domains depend on the iteration, tensors captured at a shared group, lists of groups closed. *)
From Coq Require Import Reals Lra Lia List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Repeat Norm Groups Layers Zoo Sup Networks Summaries.
Import ListNotations.
Open Scope R_scope.

(** ** Spaces of parameters given by a distance on a set *)
Definition pdist (X : Type) (d : X -> X -> R) (H0 : forall a b, 0 <= d a b) (H1 : forall a, d a a = 0) : pspace :=
  {| pt := X; pd := d; pd_ge0 := H0; pd_refl := H1 |}.

Lemma tdist_ge0 dm a b : 0 <= tdist dm a b.
Proof. apply frob_ge0. Qed.
Lemma tdist_refl dm a : tdist dm a a = 0.
Proof. apply (pd_refl (pmat (fst dm) (snd dm))). Qed.
(** The distance of two tensors with one row is that of the rows. *)
Lemma tdist_row k a b : tdist (1%nat, k) a b = nrm k (vsub (a 0%nat) (b 0%nat)).
Proof. unfold tdist, frob, nrm. simpl. rewrite Rplus_0_l. reflexivity. Qed.

(** ** Rows joined and split along their features *)
Lemma rcat_l m k y z q c : (c < m)%nat -> rcat m k y z (q * (m + k) + c)%nat = y (q * m + c)%nat.
Proof.
  intros H. unfold rcat. rewrite Nat.add_comm, Nat.mod_add, Nat.mod_small, Nat.div_add, Nat.div_small by lia.
  destruct (Nat.ltb_spec c m); [reflexivity|lia].
Qed.
Lemma rcat_r m k y z q c : (c < k)%nat -> rcat m k y z (q * (m + k) + (m + c))%nat = z (q * k + c)%nat.
Proof.
  intros H. unfold rcat.
  rewrite (Nat.add_comm (q * (m + k))%nat), Nat.mod_add, Nat.mod_small, Nat.div_add, Nat.div_small by lia.
  destruct (Nat.ltb_spec (m + c) m); [lia|]. simpl. f_equal. lia.
Qed.
Lemma rfirst_at m k x q c : (c < m)%nat -> rfirst m k x (q * m + c)%nat = x (q * (m + k) + c)%nat.
Proof.
  intros H. unfold rfirst. rewrite (Nat.add_comm (q * m)%nat), Nat.mod_add, Nat.mod_small, Nat.div_add, Nat.div_small by lia.
  reflexivity.
Qed.
Lemma rsecond_at m k x q c : (c < k)%nat -> rsecond m k x (q * k + c)%nat = x (q * (m + k) + (m + c))%nat.
Proof.
  intros H. unfold rsecond. rewrite (Nat.add_comm (q * k)%nat), Nat.mod_add, Nat.mod_small, Nat.div_add, Nat.div_small by lia.
  f_equal. simpl. lia.
Qed.

(** The rows joined have the norm of both parts together. *)
Lemma nrm_rcat r m k y z : nrm (r * (m + k)) (rcat m k y z) = h2 (nrm (r * m) y) (nrm (r * k) z).
Proof.
  unfold nrm at 1, h2. rewrite !nrm_sq. f_equal. unfold dot. rewrite !sm_mul, <- sm_plus.
  apply sm_ext. intros q _. rewrite sm_app. f_equal; apply sm_ext; intros c Hc.
  - rewrite rcat_l by auto. reflexivity.
  - rewrite rcat_r by auto. reflexivity.
Qed.
Lemma nrm_rcat_sub r m k y z y' z' : nrm (r * (m + k)) (vsub (rcat m k y z) (rcat m k y' z'))
  = h2 (nrm (r * m) (vsub y y')) (nrm (r * k) (vsub z z')).
Proof.
  rewrite <- nrm_rcat. apply nrm_ext. intros i _. unfold vsub, rcat. cbv zeta. destruct (Nat.ltb _ m); reflexivity.
Qed.
Lemma nrm_rsplit r m k x : nrm (r * (m + k)) x = h2 (nrm (r * m) (rfirst m k x)) (nrm (r * k) (rsecond m k x)).
Proof.
  unfold nrm at 1, h2. rewrite !nrm_sq. f_equal. unfold dot. rewrite !sm_mul, <- sm_plus.
  apply sm_ext. intros q _. rewrite sm_app. f_equal; apply sm_ext; intros c Hc.
  - rewrite rfirst_at by auto. reflexivity.
  - rewrite rsecond_at by auto. reflexivity.
Qed.
Lemma nrm_rfirst r m k x : nrm (r * m) (rfirst m k x) <= nrm (r * (m + k)) x.
Proof. rewrite nrm_rsplit. apply h2_l, nrm_ge0. Qed.
Lemma nrm_rsecond r m k x : nrm (r * k) (rsecond m k x) <= nrm (r * (m + k)) x.
Proof. rewrite nrm_rsplit, h2_sym. apply h2_l, nrm_ge0. Qed.

(** Index i < r d is entry i mod d of row i / d < r. *)
Lemma split_index r d i : (i < r * d)%nat -> (i / d < r)%nat /\ (i mod d < d)%nat /\ i = (i / d * d + i mod d)%nat.
Proof.
  intros H. assert (d <> 0%nat) by (destruct d; lia). repeat split.
  - apply Nat.div_lt_upper_bound; lia.
  - apply Nat.mod_upper_bound; auto.
  - rewrite Nat.mul_comm. apply Nat.div_mod; auto.
Qed.
Lemma index_lt r d q c : (q < r)%nat -> (c < d)%nat -> (q * d + c < r * d)%nat.
Proof. nia. Qed.

Lemma sup_rcat r m k y z F G : sup_le (r * m) y F -> sup_le (r * k) z G -> sup_le (r * (m + k)) (rcat m k y z) (Rmax F G).
Proof.
  intros Hy Hz i Hi. destruct (split_index _ _ _ Hi) as (Q & M & E). rewrite E.
  destruct (Nat.lt_ge_cases (i mod (m + k)) m) as [L|L].
  - rewrite rcat_l by auto. eapply Rle_trans; [apply Hy, index_lt; auto|apply Rmax_l].
  - replace (i mod (m + k))%nat with (m + (i mod (m + k) - m))%nat by lia. rewrite rcat_r by lia.
    eapply Rle_trans; [apply Hz, index_lt; lia|apply Rmax_r].
Qed.
Lemma sup_rfirst r m k x F : sup_le (r * (m + k)) x F -> sup_le (r * m) (rfirst m k x) F.
Proof.
  intros H i Hi. destruct (split_index _ _ _ Hi) as (Q & M & E). rewrite E, rfirst_at by auto.
  apply H, index_lt; lia.
Qed.
Lemma sup_rsecond r m k x F : sup_le (r * (m + k)) x F -> sup_le (r * k) (rsecond m k x) F.
Proof.
  intros H i Hi. destruct (split_index _ _ _ Hi) as (Q & M & E). rewrite E, rsecond_at by auto.
  apply H, index_lt; lia.
Qed.

(** Outputs of equal norm and equal distances. *)
Lemma sat_output n m m' (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f f' s :
  (forall x t u x' t' u', nrm m' (vsub (f' x t u) (f' x' t' u')) = nrm m (vsub (f x t u) (f x' t' u'))) ->
  (forall x t u, nrm m' (f' x t u) = nrm m (f x t u)) -> sat n m T S H f s -> sat n m' T S H f' s.
Proof.
  intros E1 E2 Hs. split; [apply Hs| |].
  - intros. rewrite E1. apply Hs; auto.
  - intros. rewrite E2. apply Hs; auto.
Qed.

Theorem rule_rconcat n r m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n (r * m) Tf S Hf f sf -> sat n (r * k) Tg S Hg g sg ->
  sat n (r * (m + k)) (pprod Tf Tg) S (fun x t u => Hf x (fst t) u /\ Hg x (snd t) u)
    (fun x t u => rcat m k (f x (fst t) u) (g x (snd t) u)) (s_concat sf sg).
Proof.
  intros Sf Sg. pose proof (rule_concat _ _ _ _ _ _ _ _ _ _ _ _ Sf Sg) as Q. revert Q. apply sat_output.
  - intros. rewrite nrm_rcat_sub, nrm_cat_sub. reflexivity.
  - intros. rewrite nrm_rcat, nrm_cat. reflexivity.
Qed.

(** Two blocks, each on its features of every row. *)
Theorem rule_rparallel r r' n1 n2 m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat (r * n1) (r' * m) Tf S Hf f sf -> sat (r * n2) (r' * k) Tg S Hg g sg ->
  sat (r * (n1 + n2)) (r' * (m + k)) (pprod Tf Tg) S
    (fun x t u => Hf (rfirst n1 n2 x) (fst t) u /\ Hg (rsecond n1 n2 x) (snd t) u)
    (fun x t u => rcat m k (f (rfirst n1 n2 x) (fst t) u) (g (rsecond n1 n2 x) (snd t) u)) (s_parallel sf sg).
Proof.
  intros Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - repeat split; simpl; try apply h2_ge0; try (apply Rmax_ge0; auto).
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf _ t1 u _ t1' u' B H1 H1' (Rle_trans _ _ _ (nrm_rfirst r n1 n2 x') HB)) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg _ t2 u _ t2' u' B H2 H2' (Rle_trans _ _ _ (nrm_rsecond r n1 n2 x') HB)) as Q2.
    simpl fst; simpl snd. simpl pd. rewrite nrm_rcat_sub.
    eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Q1|apply nrm_ge0|apply Q2]|].
    eapply Rle_trans; [apply h2_triangle3|].
    destruct (P2_max sf sg (s_parallel sf sg) B eq_refl eq_refl eq_refl B0) as [M1 M2].
    apply sqrt_le_1_alt in M1. apply sqrt_le_1_alt in M2.
    repeat apply Rplus_le_compat.
    + rewrite (nrm_rsplit r n1 n2 (vsub x x')). simpl sL.
      change (rfirst n1 n2 (vsub x x')) with (vsub (rfirst n1 n2 x) (rfirst n1 n2 x')).
      change (rsecond n1 n2 (vsub x x')) with (vsub (rsecond n1 n2 x) (rsecond n1 n2 x')).
      apply h2_max_le; try split; auto using nrm_ge0; [apply Rmax_l|apply Rmax_r].
    + apply h2_max_le; try split; auto using sqrt_pos, pd_ge0.
    + apply shared_h2; intros; try (apply cS_ge0; auto). apply cS_h2; auto.
  - intros x [t1 t2] u [H1 H2]. simpl in *. rewrite nrm_rcat.
    pose proof (sat_env _ _ _ _ _ _ _ Sf _ t1 u H1) as Q1.
    pose proof (sat_env _ _ _ _ _ _ _ Sg _ t2 u H2) as Q2.
    eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Q1|apply nrm_ge0|apply Q2]|].
    eapply Rle_trans; [apply h2_triangle|]. apply Rplus_le_compat_l.
    rewrite (nrm_rsplit r n1 n2 x).
    apply h2_max_le; try split; auto using nrm_ge0; [apply Rmax_l|apply Rmax_r].
Qed.

(** ** Families of blocks. Iteration j has its own distance d j and its own domain: [Dom j] holds of its input. *)
Section Family.
Variables (n ng : nat) (gd : nat -> nat * nat) (X : Type) (d : nat -> X -> X -> R).
Hypothesis d_ge0 : forall j a b, 0 <= d j a b.
Hypothesis d_refl : forall j a, d j a a = 0.
Let S := tspace ng gd.
Variables (Dom : nat -> vec -> (nat -> mat) -> Prop) (H : nat -> vec -> X -> (nat -> mat) -> Prop)
  (f : nat -> vec -> X -> (nat -> mat) -> vec) (s : nat -> summary).
Definition pj (j : nat) : pspace := pdist X (d j) (d_ge0 j) (d_refl j).

Definition famdist (K : nat) (a b : nat -> X) : R := nrm K (fun j => d j (a j) (b j)).
Lemma famdist_ge0 K a b : 0 <= famdist K a b.
Proof. apply nrm_ge0. Qed.
Lemma famdist_refl K a : famdist K a a = 0.
Proof. unfold famdist. rewrite (nrm_ext _ _ v0) by (intros; apply d_refl). apply nrm_0. Qed.
Definition pfamily (K : nat) : pspace := pdist (nat -> X) (famdist K) (famdist_ge0 K) (famdist_refl K).

Definition iterH (K : nat) (x : vec) (t : nat -> X) (u : nat -> mat) : Prop :=
  forall j, (j < K)%nat -> H j (iterate f j x t u) (t j) u.

(** The domains along the iterations. *)
Lemma iterate_domain K x t u :
  (forall j x t u, (j < K)%nat -> Dom j x u -> H j x t u -> Dom (Datatypes.S j) (f j x t u) u) ->
  Dom 0%nat x u -> iterH K x t u -> forall j, (j <= K)%nat -> Dom j (iterate f j x t u) u.
Proof.
  intros step H0 HK j. induction j; intros Hj; [exact H0|].
  simpl. apply step; [lia|apply IHj; lia|apply HK; lia].
Qed.

Theorem rule_iterate K :
  (forall j x t u, (j < K)%nat -> Dom j x u -> H j x t u -> Dom (Datatypes.S j) (f j x t u) u) ->
  (forall j, (j < K)%nat -> sat n n (pj j) S (fun x t u => Dom j x u /\ H j x t u) (f j) (s j)) ->
  sat n n (pfamily K) S (fun x t u => Dom 0%nat x u /\ iterH K x t u) (iterate f K) (s_family_of s K).
Proof.
  induction K; intros step Hs.
  - eapply sat_weaken; [| |apply (sat_identity n (pfamily 0) S)].
    + intros; exact I.
    + repeat split; simpl; lra.
  - pose proof (IHK ltac:(intros; apply step; auto) ltac:(intros; apply Hs; auto)) as Q0.
    pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ Q0 (Hs K ltac:(lia))) as Q.
    pose proof (fun hp => sat_param _ _ _ (pfamily (Datatypes.S K)) S _ _ _
      (fun t : nat -> X => ((t, t K) : pprod (pfamily K) (pj K))) hp Q) as Q'.
    eapply sat_weaken; [| |apply Q'].
    + intros x t u [H0 HH]. simpl fst. simpl snd. split; [split|split].
      * exact H0.
      * intros j Hj. apply HH. lia.
      * apply (iterate_domain K); auto. intros j Hj. apply HH. lia.
      * apply HH. lia.
    + repeat split; simpl; lra.
    + intros a b. simpl. unfold h2, famdist. rewrite nrm_sq. right. reflexivity.
Qed.
End Family.

(** ** Sums over groups *)
Lemma sm_at n g F : (g < n)%nat -> sm n F = F g + sm n (fun i => if Nat.eqb i g then 0 else F i).
Proof.
  intros H. rewrite <- (sm_delta n g (F g) H) at 1. rewrite <- sm_plus. apply sm_ext. intros i _.
  destruct (Nat.eqb_spec i g) as [->|]; ring.
Qed.
Lemma existsb_in g gs : existsb (Nat.eqb g) gs = true <-> In g gs.
Proof.
  rewrite existsb_exists. split.
  - intros (x & Hx & E). apply Nat.eqb_eq in E. subst. exact Hx.
  - intros Hg. exists g. rewrite Nat.eqb_refl. auto.
Qed.
Lemma existsb_out g gs : existsb (Nat.eqb g) gs = false <-> ~ In g gs.
Proof. rewrite <- existsb_in. destruct (existsb _ _); split; intros; congruence. Qed.

(** A sum over all groups: those of a list without repetitions, then the others. *)
Lemma sm_list n gs : forall F, NoDup gs -> Forall (fun g => (g < n)%nat) gs ->
  sm n F = sm (length gs) (fun k => F (nth k gs 0%nat)) + sm n (fun g => if existsb (Nat.eqb g) gs then 0 else F g).
Proof.
  induction gs as [|h r IH]; intros F ND HF; [simpl; rewrite Rplus_0_l; reflexivity|].
  inversion ND as [|? ? N1 N2]; subst. inversion HF as [|? ? H1 H2]; subst.
  rewrite (sm_at n h F H1), (IH _ N2 H2). change (length (h :: r)) with (S (length r)). rewrite sm_shift.
  rewrite (sm_ext (length r) _ (fun k => F (nth (S k) (h :: r) 0%nat))).
  - rewrite (sm_ext n (fun g => if existsb (Nat.eqb g) (h :: r) then 0 else F g)
      (fun g => if existsb (Nat.eqb g) r then 0 else if Nat.eqb g h then 0 else F g)).
    + change (nth 0 (h :: r) 0%nat) with h. ring.
    + intros g _. simpl. destruct (Nat.eqb g h), (existsb (Nat.eqb g) r); reflexivity.
  - intros k Hk. simpl. destruct (Nat.eqb_spec (nth k r 0%nat) h) as [E|]; [|reflexivity].
    exfalso. apply N1. rewrite <- E. apply nth_In. exact Hk.
Qed.
Lemma lsum_sm x gs : forall acc, lsum x gs acc = acc + sm (length gs) (fun k => x (nth k gs 0%nat)).
Proof.
  induction gs as [|h r IH]; intros acc; [simpl; ring|].
  change (length (h :: r)) with (S (length r)). rewrite sm_shift. simpl lsum. rewrite IH. simpl nth. ring.
Qed.

(** ** Shared tensors replaced *)
Lemma replace_out gs g : forall w u, ~ In g gs -> replace_at gs w u g = u g.
Proof.
  induction gs as [|h r IH]; intros w u N; [reflexivity|]. simpl in *.
  destruct (Nat.eqb_spec h g); [tauto|]. apply IH. tauto.
Qed.
Lemma replace_nth gs : forall w u k, NoDup gs -> (k < length gs)%nat -> replace_at gs w u (nth k gs 0%nat) = w k.
Proof.
  induction gs as [|h r IH]; intros w u k ND Hk; simpl in Hk; [lia|].
  inversion ND as [|? ? N1 N2]; subst. destruct k as [|k]; simpl.
  - rewrite Nat.eqb_refl. reflexivity.
  - destruct (Nat.eqb_spec h (nth k r 0%nat)) as [E|].
    + exfalso. apply N1. rewrite E. apply nth_In. lia.
    + apply (IH (fun k => w (S k))); auto. lia.
Qed.
Lemma put_at g y u : put g y u g = fun _ => y.
Proof. unfold put. rewrite Nat.eqb_refl. reflexivity. Qed.
Lemma put_out g y u h : h <> g -> put g y u h = u h.
Proof. intros H. unfold put. destruct (Nat.eqb_spec h g); [congruence|reflexivity]. Qed.

Section Shared.
Variables (ng : nat) (gd : nat -> nat * nat).
Let S := tspace ng gd.

(** *** Groups of a list become tensors used once; the other groups stay *)
Definition closedist (T : pspace) (gs : list nat) (a b : T * (nat -> mat)) : R :=
  h2 (pd T (fst a) (fst b)) (nrm (length gs) (fun k => tdist (gd (nth k gs 0%nat)) (snd a k) (snd b k))).
Lemma closedist_ge0 T gs a b : 0 <= closedist T gs a b.
Proof. apply h2_ge0. Qed.
Lemma closedist_refl T gs a : closedist T gs a a = 0.
Proof.
  unfold closedist. rewrite pd_refl, (nrm_ext _ _ v0) by (intros; apply tdist_refl). rewrite nrm_0. apply h2_00.
Qed.
Definition pclosed (T : pspace) (gs : list nat) : pspace :=
  pdist (T * (nat -> mat)) (closedist T gs) (closedist_ge0 T gs) (closedist_refl T gs).

Lemma P2_closed gs s B : P2 (s_closed gs s) B = P2 s B
  + dot (length gs) (fun k => Summary.cS s (nth k gs 0%nat) B) (fun k => Summary.cS s (nth k gs 0%nat) B).
Proof.
  unfold P2, dot, Summary.cS, s_closed. cbn [sq2 sq1 sq0]. rewrite !lsum_sm.
  set (a := fun i => sl1 s (nth i gs 0%nat)). set (b := fun i => sl0 s (nth i gs 0%nat)).
  rewrite (sm_ext (length gs) (fun i => (sl1 s (nth i gs 0%nat) * B + sl0 s (nth i gs 0%nat)) * _)
    (fun i => B * B * (a i * a i) + (B * (2 * a i * b i) + b i * b i))) by (intros; unfold a, b; ring).
  unfold a, b.
  rewrite !sm_plus, !sm_scal. ring.
Qed.

Theorem rule_close_list n m gs (T : pspace) (H : vec -> T -> S -> Prop) f s :
  NoDup gs -> Forall (fun g => (g < ng)%nat) gs -> sat n m T S H f s ->
  sat n m (pclosed T gs) S (fun x t u => H x (fst t) (replace_at gs (snd t) u))
    (fun x t u => f x (fst t) (replace_at gs (snd t) u)) (s_closed gs s).
Proof.
  intros ND HF Sf. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  split.
  - unfold s_closed. repeat split; cbn [sL sb sG sq2 sq1 sq0 sl1 sl0]; auto; rewrite ?lsum_sm.
    1-3: apply Rplus_le_le_0_compat; auto; apply sm_ge0; intros; destruct (F7 (nth i gs 0%nat)); nn.
    all: destruct (existsb _ _); [lra|apply F7].
  - intros x [t w] u x' [t' w'] u' B H1 H1' HB. simpl fst in *. simpl snd in *.
    pose proof (B_ge0 _ _ _ HB) as B0.
    eapply Rle_trans; [apply (sat_two _ _ _ _ _ _ _ Sf _ _ _ _ _ _ B H1 H1' HB)|].
    change (sn S) with ng. rewrite (sm_list ng gs _ ND HF).
    rewrite (sm_ext (length gs) _ (fun k => Summary.cS s (nth k gs 0%nat) B * tdist (gd (nth k gs 0%nat)) (w k) (w' k)))
      by (intros k Hk; simpl sd; rewrite !replace_nth by auto; reflexivity).
    rewrite (sm_ext ng (fun g => if existsb (Nat.eqb g) gs then 0 else _) (fun g => Summary.cS (s_closed gs s) g B * sd S g u u')).
    2:{ intros g _. unfold Summary.cS, s_closed. cbn [sl1 sl0]. destruct (existsb (Nat.eqb g) gs) eqn:E; [ring|].
        apply existsb_out in E. simpl sd. rewrite !replace_out by auto. reflexivity. }
    rewrite <- Rplus_assoc. apply Rplus_le_compat_r. rewrite Rplus_assoc. apply Rplus_le_compat_l.
    rewrite P2_closed. eapply Rle_trans; [|apply sqrt_cs; [apply P2_ge0; auto|apply dot_self_ge0]].
    apply Rplus_le_compat_l.
    apply (cs_le (length gs) (fun k => Summary.cS s (nth k gs 0%nat) B) (fun k => tdist (gd (nth k gs 0%nat)) (w k) (w' k))).
  - intros x t u H1. apply (sat_env _ _ _ _ _ _ _ Sf); auto.
Qed.

(** *** Group g is the output h(x) of another block; c is its sensitivity at the radius B0 of the input *)
Theorem rule_capture_at n k m g (Tf Th : pspace) (Hf : vec -> Tf -> S -> Prop) (Hh : vec -> Th -> S -> Prop) f h sf sh B0 :
  0 <= B0 -> (g < ng)%nat -> gd g = (1%nat, k) -> sat n m Tf S Hf f sf -> sat n k Th S Hh h sh ->
  sat n m (pprod Tf Th) S
    (fun x t u => nrm n x <= B0 /\ Hh x (snd t) u /\ Hf x (fst t) (put g (h x (snd t) u) u))
    (fun x t u => f x (fst t) (put g (h x (snd t) u) u))
    (s_captured g (Summary.cS sf g B0) sf sh).
Proof.
  intros HB0 Hg Hd Sf Sh. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sh) as Nh.
  pose proof (cS_ge0 sf g B0 Nf HB0) as Hc. set (c := Summary.cS sf g B0) in *.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7). pose proof Nh as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  assert (Z : forall i, 0 <= (if Nat.eqb i g then 0 else sl1 sf i) /\ 0 <= (if Nat.eqb i g then 0 else sl0 sf i)).
  { intros i. destruct (F7 i). destruct (Nat.eqb i g); lra. }
  split.
  - clearbody c. split; [|split]; [repeat split; simpl; nn|repeat split; simpl; nn|].
    intros i. destruct (Z i), (G7 i). simpl. split; nn.
  - intros x [t r] u x' [t' r'] u' B (X0 & X1 & X2) (Y0 & Y1 & Y2) HB. simpl fst in *. simpl snd in *.
    pose proof (B_ge0 _ _ _ HB) as PB. set (b := nrm n x') in *.
    assert (Pb : 0 <= b) by apply nrm_ge0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t _ x' t' _ b X2 Y2 (Rle_refl _)) as Q.
    pose proof (sat_two _ _ _ _ _ _ _ Sh x r u x' r' u' b X1 Y1 (Rle_refl _)) as Q'.
    change (sn S) with ng in Q, Q'. rewrite (sm_at ng g _ Hg) in Q. simpl sd in Q at 1.
    rewrite !put_at, Hd, tdist_row in Q.
    rewrite (sm_ext ng (fun i => if Nat.eqb i g then 0 else _)
      (fun i => (if Nat.eqb i g then 0 else Summary.cS sf i b) * sd S i u u')) in Q.
    2:{ intros i _. destruct (Nat.eqb_spec i g) as [E|E]; [ring|]. simpl sd. rewrite !put_out by auto. reflexivity. }
    assert (Hcb : Summary.cS sf g b <= c).
    { unfold c, Summary.cS. destruct (F7 g) as [K1 _]. apply Rplus_le_compat_r, Rmult_le_compat_l; auto. }
    assert (Q2 : Summary.cS sf g b * nrm k (vsub (h x r u) (h x' r' u')) <= c * (sL sh * nrm n (vsub x x')
      + sqrt (P2 sh b) * pd Th r r' + sm ng (fun i => Summary.cS sh i b * sd S i u u'))).
    { apply Rmult_le_compat; auto; [apply cS_ge0; auto|apply nrm_ge0]. }
    assert (Hp : sqrt (P2 sf b) * pd Tf t t' + c * (sqrt (P2 sh b) * pd Th r r')
      <= sqrt (P2 (s_captured g c sf sh) B) * h2 (pd Tf t t') (pd Th r r')).
    { rewrite <- Rmult_assoc, mul_sqrt by auto.
      eapply Rle_trans; [apply sqrt_cs; [apply P2_ge0; auto|apply Rmult_le_pos; [nra|apply P2_ge0; auto]]|].
      apply Rmult_le_compat_r; [apply h2_ge0|]. apply sqrt_le_1_alt.
      replace (P2 sf b + c * c * P2 sh b) with (P2 (s_captured g c sf sh) b) by (unfold P2; simpl; ring).
      assert (b * b <= B * B) by (apply Rmult_le_compat; auto).
      assert (0 <= c * c * sq2 sh) by (apply Rmult_le_pos; auto; apply Rmult_le_pos; auto).
      assert (0 <= c * c * sq1 sh) by (apply Rmult_le_pos; auto; apply Rmult_le_pos; auto).
      unfold P2. apply Rplus_le_compat_r. cbn [sq2 sq1 s_captured].
      apply Rplus_le_compat; apply Rmult_le_compat_l; auto; lra. }
    assert (Hs : sm ng (fun i => (if Nat.eqb i g then 0 else Summary.cS sf i b) * sd S i u u')
        + c * sm ng (fun i => Summary.cS sh i b * sd S i u u')
      <= sm ng (fun i => Summary.cS (s_captured g c sf sh) i B * sd S i u u')).
    { rewrite <- sm_scal, <- sm_plus. apply sm_le. intros i _. rewrite <- Rmult_assoc, <- Rmult_plus_distr_r.
      apply Rmult_le_compat_r; [apply sd_ge0|].
      apply Rle_trans with (Summary.cS (s_captured g c sf sh) i b).
      - unfold Summary.cS. simpl. destruct (Nat.eqb i g); right; ring.
      - unfold Summary.cS. cbn [sl1 sl0 s_captured]. apply Rplus_le_compat_r, Rmult_le_compat_l; auto.
        destruct (Z i) as [A1 _], (G7 i) as [A2 _]. assert (0 <= c * sl1 sh i) by (apply Rmult_le_pos; auto). lra. }
    change (sn S) with ng. simpl pd. simpl sL. eapply Rle_trans; [exact Q|]. lra.
  - intros x [t r] u (X0 & X1 & X2). simpl in *. apply (sat_env _ _ _ _ _ _ _ Sf); auto.
Qed.
End Shared.
