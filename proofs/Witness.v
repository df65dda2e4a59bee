(** Networks without normalization whose constant is exactly the product of
    the weight norms, and that there are uncountably many of them. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Acts Norm Groups Layers Params.
Open Scope R_scope.

Section Product.
Variables (w : nat -> nat) (u : nat -> vec) (s : nat -> R).
(** Unit vectors with nonnegative entries, one per layer boundary. *)
Hypothesis u_unit : forall i, dot (w i) (u i) (u i) = 1.
Hypothesis u_ge0 : forall i j, 0 <= u i j.
Hypothesis s_ge0 : forall i, 0 <= s i.

(** W_i = s_i u_(i+1) u_i^T. *)
Definition Wp (i : nat) : mat := fun a b => s i * u (S i) a * u i b.
Fixpoint pnet (K : nat) (x : vec) : vec :=
  match K with O => x | S k => ew relu (mv (w k) (Wp k) (pnet k x)) end.

Lemma mv_Wp i x a : mv (w i) (Wp i) x a = s i * dot (w i) (u i) x * u (S i) a.
Proof.
  unfold mv, Wp, dot. rewrite (sm_ext (w i) _ (fun j => s i * u (S i) a * (u i j * x j))) by (intros; ring).
  rewrite sm_scal. ring.
Qed.
Lemma nrm_u i : nrm (w i) (u i) = 1.
Proof. unfold nrm. rewrite u_unit. apply sqrt_1. Qed.
Lemma Wp_norm i : opn (w (S i)) (w i) (Wp i) (s i).
Proof.
  intros x. rewrite (nrm_ext (w (S i)) _ (vscal (s i * dot (w i) (u i) x) (u (S i)))) by (intros; apply mv_Wp).
  rewrite nrm_scal, nrm_u, Rmult_1_r, Rabs_mult, (Rabs_pos_eq (s i)) by auto.
  apply Rmult_le_compat_l; auto. pose proof (cauchy_schwarz (w i) (u i) x) as Q. rewrite nrm_u in Q. lra.
Qed.

Theorem product_exact_network K : LipExact (w 0) (w K) all (pnet K) (prodr s 0 K).
Proof.
  split.
  - induction K; [apply lip_id|]. simpl. rewrite Rmult_comm, <- (Rmult_1_l (s K)).
    apply (lip_compose (w 0) (w K) (w (S K)) all all (pnet K) (fun x => ew relu (mv (w K) (Wp K) x))); auto.
    + rewrite Rmult_1_l; auto.
    + apply (lip_compose (w K) (w (S K)) (w (S K)) all all (mv (w K) (Wp K)) (ew relu)); try lra.
      * intros; exact I.
      * intros x y _ _. rewrite (nrm_ext _ _ (mv (w K) (Wp K) (vsub x y))) by (intros; unfold vsub at 1; rewrite mv_sub; reflexivity).
        apply Wp_norm.
      * apply (act_lip _ _ _ all (fun _ => True)); auto; [lra|intros; apply act_relu].
  - intros L' H. specialize (H (u 0%nat) v0 I I).
    rewrite (nrm_ext (w 0) (vsub (u 0%nat) v0) (u 0%nat)), nrm_u, Rmult_1_r in H by (intros; unfold vsub, v0; ring).
    assert (P : forall k, 0 <= prodr s 0 k) by (intros; apply prodr_ge0; auto).
    assert (E : forall k a, pnet k (u 0%nat) a = prodr s 0 k * u k a).
    { induction k; intros a; simpl; [ring|]. unfold ew. rewrite mv_Wp.
      rewrite (dot_ext (w k) (u k) (pnet k (u 0%nat)) (u k) (vscal (prodr s 0 k) (u k))) by (intros; try reflexivity; apply IHk).
      rewrite dot_scal_r, u_unit. unfold relu. rewrite Rmax_left; [ring|].
      apply Rmult_le_pos; auto. apply Rmult_le_pos; auto. specialize (P k). lra. }
    assert (E0 : forall k a, pnet k v0 a = 0).
    { induction k; intros a; simpl; [reflexivity|]. unfold ew. rewrite mv_Wp.
      rewrite (dot_ext (w k) (u k) (pnet k v0) (u k) v0) by (intros; try reflexivity; apply IHk).
      assert (Z : dot (w k) (u k) v0 = 0) by (unfold dot, v0; rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; ring); reflexivity).
      rewrite Z. unfold relu. rewrite Rmax_left; lra. }
    rewrite (nrm_ext (w K) _ (vscal (prodr s 0 K) (u K))), nrm_scal, nrm_u, Rmult_1_r, Rabs_pos_eq in H; auto.
    intros a _. unfold vsub, vscal. rewrite E, E0. ring.
Qed.
End Product.

(** ** Uncountably many *)
Section Nested.
Variable F : nat -> R.
(** Nested intervals avoiding the first terms of a sequence. *)
Fixpoint box (k : nat) : R * R :=
  match k with
  | O => (2, 3)
  | S j => let '(a, b) := box j in
      if Rle_dec (F j) ((a + b) / 2) then (b - (b - a) / 3, b) else (a, a + (b - a) / 3)
  end.
Lemma box_lt k : fst (box k) < snd (box k).
Proof.
  induction k; simpl; [lra|]. destruct (box k) as [a b]. simpl in IHk.
  destruct (Rle_dec _ _); simpl; lra.
Qed.
Lemma box_step k : fst (box k) <= fst (box (S k)) /\ snd (box (S k)) <= snd (box k) /\
  (F k < fst (box (S k)) \/ snd (box (S k)) < F k).
Proof.
  pose proof (box_lt k) as H. simpl. destruct (box k) as [a b]. simpl in H.
  destruct (Rle_dec _ _); simpl; repeat split; try lra.
Qed.
Lemma box_mono k j : fst (box k) <= fst (box (k + j)) /\ snd (box (k + j)) <= snd (box k).
Proof.
  induction j; [rewrite Nat.add_0_r; lra|]. rewrite Nat.add_succ_r. pose proof (box_step (k + j)). lra.
Qed.
Lemma box_cross i j : fst (box i) <= snd (box j).
Proof.
  destruct (Nat.le_ge_cases i j) as [H|H].
  - replace j with (i + (j - i))%nat by lia. pose proof (box_mono i (j - i)). pose proof (box_lt (i + (j - i))). lra.
  - replace i with (j + (i - j))%nat by lia. pose proof (box_mono j (i - j)). pose proof (box_lt (j + (i - j))). lra.
Qed.
(** No sequence enumerates the reals of [2,3]. *)
Theorem reals_not_enumerable : exists y, 2 <= y <= 3 /\ forall k, F k <> y.
Proof.
  destruct (completeness (fun z => exists i, z = fst (box i))) as [y [U L]].
  - exists 3. intros z [i ->]. apply (box_cross i 0).
  - exists 2. exists 0%nat. reflexivity.
  - exists y. assert (A : forall i, fst (box i) <= y <= snd (box i)).
    { intros i. split; [apply U; exists i; auto|]. apply L. intros z [j ->]. apply box_cross. }
    split; [apply (A 0%nat)|]. intros k E. pose proof (A (S k)). pose proof (box_step k). lra.
Qed.
End Nested.

(** A one-parameter family of width-n ReLU networks: equal scales s > 1 along the first axis. *)
Definition fam (n K : nat) (s : R) : vec -> vec := pnet (fun _ => n) (fun _ => e0) (fun _ => s) K.

Theorem family_constant n K s : (0 < n)%nat -> 0 <= s -> LipExact n n all (fam n K s) (s ^ K).
Proof.
  intros Hn Hs. rewrite <- (prodr_const s 0 K).
  apply (product_exact_network (fun _ => n) (fun _ => e0) (fun _ => s)); auto.
  - intros _. apply dot_e0; auto.
  - intros _ j. unfold e0. destruct (Nat.eqb j 0); lra.
Qed.

Lemma fam_value n K s : (0 < n)%nat -> 0 <= s -> fam n K s e0 0%nat = s ^ K.
Proof.
  intros Hn Hs. unfold fam.
  assert (E : forall k a, pnet (fun _ => n) (fun _ => e0) (fun _ => s) k e0 a = s ^ k * e0 a).
  { induction k; intros a; simpl; [ring|]. unfold ew. rewrite (mv_Wp (fun _ => n) (fun _ => e0) (fun _ => s) k).
    rewrite (dot_ext n e0 _ e0 (vscal (s ^ k) e0)) by (intros; try reflexivity; apply IHk).
    rewrite dot_scal_r, dot_e0 by auto. unfold relu. rewrite Rmax_left; [ring|].
    assert (0 <= s ^ k) by (apply pow_le; auto). unfold e0. destruct (Nat.eqb a 0); nra. }
  rewrite E. unfold e0. simpl. ring.
Qed.

Theorem family_injective n K s s' : (0 < n)%nat -> (0 < K)%nat -> 1 < s -> 1 < s' ->
  (forall x, fam n K s x 0%nat = fam n K s' x 0%nat) -> s = s'.
Proof.
  intros Hn HK H1 H2 E. specialize (E e0). rewrite !fam_value in E by (auto; lra).
  destruct (Rtotal_order s s') as [h|[h|h]]; auto.
  - assert (s ^ K < s' ^ K); [|lra].
    clear E. induction K as [|[|k] IH]; [lia|simpl; lra|].
    change (s * s ^ S k < s' * s' ^ S k). apply Rmult_le_0_lt_compat; try lra; [apply pow_le; lra|apply IH; lia].
  - assert (s' ^ K < s ^ K); [|lra].
    clear E. induction K as [|[|k] IH]; [lia|simpl; lra|].
    change (s' * s' ^ S k < s * s ^ S k). apply Rmult_le_0_lt_compat; try lra; [apply pow_le; lra|apply IH; lia].
Qed.

(** No sequence of maps lists the members with s > 1, each of which has constant s^K > 1. *)
Theorem family_uncountable n K (Phi : nat -> vec -> vec) : (0 < n)%nat -> (0 < K)%nat ->
  exists s, 1 < s /\ LipExact n n all (fam n K s) (s ^ K) /\
    forall k, exists x, Phi k x 0%nat <> fam n K s x 0%nat.
Proof.
  intros Hn HK. destruct (reals_not_enumerable (fun k => Phi k e0 0%nat)) as (y & Hy & Hk).
  assert (Root : exists s, 1 < s /\ s ^ K = y).
  { destruct (IVT (fun z => z ^ K - y) 1 4) as [z [Hz Ez]].
    - intros z. apply (continuity_pt_minus (fun z => z ^ K) (fct_cte y)).
      + apply derivable_continuous_pt. apply derivable_pt_pow.
      + apply continuity_pt_const. intros u v; reflexivity.
    - lra.
    - rewrite pow1. lra.
    - assert (4 ^ 1 <= 4 ^ K) by (apply Rle_pow; [lra|lia]). lra.
    - exists z. split; [|lra]. destruct (Req_dec z 1) as [->|N]; [rewrite pow1 in Ez; lra|lra]. }
  destruct Root as (s & Hs & E).
  exists s. split; auto. split; [apply family_constant; auto; lra|].
  intros k. exists e0. rewrite fam_value by (auto; lra). rewrite E. apply Hk.
Qed.

(** ** The parameter constant sqrt K s^(K-1) B0 is attained by the scalar chain *)
Fixpoint schain (K : nat) (t : nat -> R) (x : R) : R := match K with O => x | S k => t k * schain k t x end.

Lemma bernoulli k z : 0 <= z <= 1 -> 1 - INR k * z <= (1 - z) ^ k.
Proof.
  intros H. induction k; [simpl; lra|]. rewrite S_INR. simpl.
  assert (0 <= INR k) by apply pos_INR.
  apply Rle_trans with ((1 - z) * (1 - INR k * z));
  [assert (0 <= INR k * (z * z)) by (apply Rmult_le_pos; nra); lra|]. apply Rmult_le_compat_l; lra.
Qed.

Lemma pow_diff_ge K a b : 0 <= a <= b -> INR (S K) * a ^ K * (b - a) <= b ^ S K - a ^ S K.
Proof.
  intros H. induction K; [simpl; lra|]. rewrite S_INR.
  assert (P : 0 <= a ^ K) by (apply pow_le; lra). assert (P' : 0 <= b ^ S K - a ^ S K).
  { assert (a ^ S K <= b ^ S K) by (apply pow_incr; auto). lra. }
  change (b ^ S (S K) - a ^ S (S K)) with (b * b ^ S K - a * a ^ S K).
  apply Rle_trans with (a * (b ^ S K - a ^ S K) + (b - a) * b ^ S K); [|lra].
  assert (Q : a ^ S K <= b ^ S K) by lra.
  apply Rmult_le_compat_l with (r := a) in IHK; [|lra].
  apply Rmult_le_compat_l with (r := b - a) in Q; [|lra].
  change (a ^ S K) with (a * a ^ K) at 1. change (a ^ S K) with (a * a ^ K) in Q at 1. lra.
Qed.

Theorem parameter_constant_attained K s B0 P : 0 < s -> 0 <= B0 ->
  (forall t t', (forall i, 0 <= t i <= s) -> (forall i, 0 <= t' i <= s) ->
    Rabs (schain (S K) t B0 - schain (S K) t' B0) <= P * nrm (S K) (vsub t t')) ->
  sqrt (INR (S K)) * s ^ K * B0 <= P.
Proof.
  intros Hs HB H.
  assert (Sc : forall k a, schain k (fun _ => a) B0 = a ^ k * B0) by (induction k; intros; simpl; [ring|rewrite IHk; ring]).
  assert (HK : 0 < INR (S K)) by (apply lt_0_INR; lia).
  assert (HR : 0 < sqrt (INR (S K))) by (apply sqrt_lt_R0; auto).
  assert (EK : sqrt (INR (S K)) * sqrt (INR (S K)) = INR (S K)) by (apply sqrt_sqrt; lra).
  assert (A : forall z, 0 < z <= 1 -> sqrt (INR (S K)) * s ^ K * B0 * (1 - INR K * z) <= P).
  { intros z Hz. set (t := s * (1 - z)). assert (Ht : 0 <= t < s) by (unfold t; nra).
    specialize (H (fun _ => s) (fun _ => t) ltac:(intros; lra) ltac:(intros; lra)). rewrite !Sc in H.
    rewrite (nrm_ext (S K) (vsub _ _) (fun _ => s - t)), nrm_const, (Rabs_pos_eq (s - t)) in H by (try lra; intros; reflexivity).
    rewrite <- Rmult_minus_distr_r in H.
    pose proof (pow_diff_ge K t s ltac:(lra)) as D.
    pose proof (Rle_abs ((s ^ S K - t ^ S K) * B0)) as Q.
    apply Rmult_le_compat_r with (r := B0) in D; auto.
    assert (D2 : INR (S K) * t ^ K * B0 * (s - t) <= P * sqrt (INR (S K)) * (s - t)) by lra.
    apply Rmult_le_reg_r in D2; [|lra].
    assert (D3 : sqrt (INR (S K)) * t ^ K * B0 <= P).
    { apply (Rmult_le_reg_r (sqrt (INR (S K)))); auto.
      replace (sqrt (INR (S K)) * t ^ K * B0 * sqrt (INR (S K)))
        with (sqrt (INR (S K)) * sqrt (INR (S K)) * t ^ K * B0) by ring. rewrite EK. exact D2. }
    eapply Rle_trans; [|exact D3]. unfold t. rewrite Rpow_mult_distr.
    pose proof (bernoulli K z ltac:(lra)) as Bz. assert (0 <= s ^ K) by (apply pow_le; lra).
    assert (0 <= sqrt (INR (S K)) * s ^ K * B0) by (repeat apply Rmult_le_pos; lra).
    replace (sqrt (INR (S K)) * (s ^ K * (1 - z) ^ K) * B0) with (sqrt (INR (S K)) * s ^ K * B0 * (1 - z) ^ K) by ring.
    apply Rmult_le_compat_l; auto. }
  set (M := sqrt (INR (S K)) * s ^ K * B0) in *.
  assert (HM : 0 <= M) by (unfold M; repeat apply Rmult_le_pos; try lra; apply pow_le; lra).
  apply Rnot_lt_le. intros C. assert (HI : 0 <= INR K) by apply pos_INR.
  set (y := (M - P) / (2 * (M * INR K + M + 1))).
  assert (Den : 0 < 2 * (M * INR K + M + 1)) by nra.
  assert (Hy : 0 < y) by (apply Rdiv_lt_0_compat; lra).
  set (z := Rmin 1 y). assert (z <= 1) by apply Rmin_l. assert (z <= y) by apply Rmin_r.
  assert (0 < z) by (apply Rmin_glb_lt; lra).
  specialize (A z ltac:(lra)).
  assert (Ey : y * (2 * (M * INR K + M + 1)) = M - P) by (unfold y; field; lra).
  assert (M * INR K * z <= M * INR K * y) by (apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|lra]).
  assert (0 <= M * y) by (apply Rmult_le_pos; lra). nra.
Qed.
