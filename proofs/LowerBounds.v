(** How small a certificate can be: bias-free layer normalization, and batch
    normalization whose statistics are those of the data. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Acts Norm Groups Layers Params.
Open Scope R_scope.

(** ** Layer normalization without bias *)

(** std(Wx) <= s |x| / sqrt n. *)
Theorem std_bound n m W s x : (0 < n)%nat -> opn n m W s ->
  sqrt (V n (mv m W x)) * sqrt (INR n) <= s * nrm m x.
Proof.
  intros Hn H. pose proof (INR_pos n Hn) as P. rewrite <- sqrt_mult_alt by (apply var_ge0; auto).
  replace (V n (mv m W x) * INR n) with (dot n (C n (mv m W x)) (C n (mv m W x))) by (unfold V, var; field; lra).
  eapply Rle_trans; [apply C_contraction; auto|apply H].
Qed.

(** Telescoping: with x_i <= rho_i g_i sqrt(d_i) and std_i sqrt(d_i) <= s_i x_(i-1), the product
    of rho_i g_i s_i / std_i is at least rho_K g_K sqrt(d_K) / x_0. *)
Theorem certificate_floor (K : nat) (x rho g s d std : nat -> R) : 0 < x O ->
  (forall i, (i <= K)%nat -> 0 < std i /\ 0 <= s i /\ 0 < d i /\ 0 <= rho i * g i) ->
  (forall i, (i <= K)%nat -> std i * sqrt (d i) <= s i * x i) ->
  (forall i, (i <= K)%nat -> x (S i) <= rho i * g i * sqrt (d i)) ->
  rho K * g K * sqrt (d K) / x O <= prodr (fun i => rho i * g i * (s i / std i)) 0 (S K).
Proof.
  intros H0 HP H1 H2.
  assert (ST : forall i, (i <= K)%nat -> sqrt (d i) <= s i / std i * x i).
  { intros i Hi. destruct (HP i Hi) as (A & B & C & D). specialize (H1 i Hi).
    apply (Rmult_le_reg_r (std i)); auto. replace (s i / std i * x i * std i) with (s i * x i) by (field; lra). lra. }
  induction K.
  - simpl. rewrite Rmult_1_l. specialize (ST 0%nat (Nat.le_refl 0)). destruct (HP 0%nat (Nat.le_refl 0)) as (A & B & C & D).
    unfold Rdiv at 1. rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
    apply (Rmult_le_reg_r (x 0%nat)); auto. rewrite Rmult_assoc, Rinv_l; lra.
  - assert (IH := IHK (fun i Hi => HP i ltac:(lia)) (fun i Hi => H1 i ltac:(lia)) (fun i Hi => H2 i ltac:(lia)) (fun i Hi => ST i ltac:(lia))).
    change (prodr (fun i => rho i * g i * (s i / std i)) 0 (S (S K))) with
      (prodr (fun i => rho i * g i * (s i / std i)) 0 (S K) * (rho (S K) * g (S K) * (s (S K) / std (S K)))).
    destruct (HP (S K) (Nat.le_refl _)) as (A & B & C & D). specialize (ST (S K) (Nat.le_refl _)).
    specialize (H2 K ltac:(lia)).
    assert (F : 0 <= s (S K) / std (S K)) by (apply Rmult_le_pos; auto; apply Rlt_le, Rinv_0_lt_compat; auto).
    assert (F2 : 0 < / x 0%nat) by (apply Rinv_0_lt_compat; auto).
    apply Rle_trans with (rho K * g K * sqrt (d K) / x 0%nat * (rho (S K) * g (S K) * (s (S K) / std (S K)))).
    + replace (rho K * g K * sqrt (d K) / x 0%nat * (rho (S K) * g (S K) * (s (S K) / std (S K))))
        with (rho (S K) * g (S K) * (s (S K) / std (S K) * (rho K * g K * sqrt (d K))) / x 0%nat) by (unfold Rdiv; ring).
      unfold Rdiv at 1 2. apply Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; auto.
      eapply Rle_trans; [exact ST|]. apply Rmult_le_compat_l; auto.
    + apply Rmult_le_compat_r; auto. apply Rmult_le_pos; auto.
Qed.

(** The actual chain: x_(i+1) = phi_i(g_i LN(W_i x_i)), epsilon = 0, phi_i with growth rho_i. *)
Section Chain.
Variables (w : nat -> nat) (W : nat -> mat) (s g rho : nat -> R) (phi : nat -> R -> R).
Hypothesis w_pos : forall i, (0 < w i)%nat.
Hypothesis W_s : forall i, opn (w (S i)) (w i) (W i) (s i).
Hypothesis s_ge0 : forall i, 0 <= s i.
Hypothesis g_ge0 : forall i, 0 <= g i.
Hypothesis rho_ge0 : forall i, 0 <= rho i.
Hypothesis phi_growth : forall i a, Rabs (phi i a) <= rho i * Rabs a.

Fixpoint bfc (K : nat) (x : vec) : vec :=
  match K with O => x | S k => ew (phi k) (vscal (g k) (LN (w (S k)) 0 (mv (w k) (W k) (bfc k x)))) end.

Theorem biasfree_certificate_floor K x : 0 < nrm (w 0) x ->
  (forall i, (i <= K)%nat -> 0 < V (w (S i)) (mv (w i) (W i) (bfc i x))) ->
  rho K * g K * sqrt (INR (w (S K))) / nrm (w 0) x <=
  prodr (fun i => rho i * g i * (s i / sqrt (V (w (S i)) (mv (w i) (W i) (bfc i x))))) 0 (S K).
Proof.
  intros Hx HV.
  apply (certificate_floor K (fun i => nrm (w i) (bfc i x)) rho g s (fun i => INR (w (S i)))
    (fun i => sqrt (V (w (S i)) (mv (w i) (W i) (bfc i x))))); auto.
  - intros i Hi. repeat split; auto.
    + apply sqrt_lt_R0; auto.
    + apply INR_pos; auto.
    + apply Rmult_le_pos; auto.
  - intros i Hi. apply std_bound; auto.
  - intros i Hi. simpl bfc.
    apply Rle_trans with (rho i * nrm (w (S i)) (vscal (g i) (LN (w (S i)) 0 (mv (w i) (W i) (bfc i x))))).
    + apply nrm_bound; auto. intros j _. unfold ew. apply phi_growth.
    + rewrite nrm_scal, Rabs_pos_eq, Rmult_assoc by auto. apply Rmult_le_compat_l; auto. apply Rmult_le_compat_l; auto.
      apply LN_bound; auto; [lra|]. specialize (HV i Hi). lra.
Qed.
End Chain.

(** ** Batch normalization with matched statistics: finitely many data points *)
Section Matched.
(** N data points x_1..x_N; the statistics are over these points, biased variance. *)
Variables (Np n m : nat).
Hypothesis N_pos : (0 < Np)%nat.

(** Total variance of a data set in R^k. *)
Definition dmean (X : nat -> vec) : vec := fun i => sm Np (fun j => X j i) / INR Np.
Definition trcov (k : nat) (X : nat -> vec) : R :=
  sm Np (fun j => dot k (vsub (X j) (dmean X)) (vsub (X j) (dmean X))) / INR Np.

Lemma pairs_sum1 (z : nat -> R) :
  sm Np (fun j => sm Np (fun l => (z j - z l) * (z j - z l))) =
  2 * INR Np * sm Np (fun j => (z j - sm Np z / INR Np) * (z j - sm Np z / INR Np)).
Proof.
  pose proof (lt_0_INR Np N_pos) as P. set (S1 := sm Np z). set (S2 := sm Np (fun j => z j * z j)).
  assert (A : sm Np (fun j => sm Np (fun l => (z j - z l) * (z j - z l))) = 2 * INR Np * S2 - 2 * (S1 * S1)).
  { rewrite (sm_ext Np _ (fun j => INR Np * (z j * z j) + (S2 - 2 * S1 * z j))).
    - rewrite sm_plus, sm_scal, sm_minus, sm_const, sm_scal. fold S1 S2. ring.
    - intros j _. rewrite (sm_ext Np _ (fun l => z j * z j + (z l * z l - 2 * z j * z l))) by (intros; ring).
      rewrite sm_plus, sm_const, sm_minus, sm_scal. fold S1 S2. ring. }
  rewrite A. rewrite (sm_ext Np (fun j => (z j - S1 / INR Np) * (z j - S1 / INR Np))
    (fun j => z j * z j - (2 * (S1 / INR Np) * z j - S1 / INR Np * (S1 / INR Np)))) by (intros; ring).
  rewrite sm_minus, sm_minus, sm_scal, sm_const. fold S1 S2. field. lra.
Qed.

Lemma pairs_trcov k X : sm Np (fun j => sm Np (fun l => dot k (vsub (X j) (X l)) (vsub (X j) (X l))))
  = 2 * INR Np * INR Np * trcov k X.
Proof.
  pose proof (lt_0_INR Np N_pos) as P. unfold trcov.
  replace (2 * INR Np * INR Np * (sm Np (fun j => dot k (vsub (X j) (dmean X)) (vsub (X j) (dmean X))) / INR Np))
    with (2 * INR Np * sm Np (fun j => dot k (vsub (X j) (dmean X)) (vsub (X j) (dmean X)))) by (field; lra).
  unfold dot. rewrite (sm_swap Np k (fun j i => vsub (X j) (dmean X) i * vsub (X j) (dmean X) i)), <- sm_scal.
  rewrite (sm_ext Np (fun j => sm Np (fun l => sm k (fun i => vsub (X j) (X l) i * vsub (X j) (X l) i)))
    (fun j => sm k (fun i => sm Np (fun l => vsub (X j) (X l) i * vsub (X j) (X l) i)))) by (intros; apply sm_swap).
  rewrite sm_swap. apply sm_ext. intros i _. unfold vsub. apply (pairs_sum1 (fun j => X j i)).
Qed.

(** A map that is L-Lipschitz on the data multiplies the total variance by at most L^2. *)
Theorem trcov_lip L X Y : 0 <= L ->
  (forall j l, (j < Np)%nat -> (l < Np)%nat -> nrm m (vsub (Y j) (Y l)) <= L * nrm n (vsub (X j) (X l))) ->
  trcov m Y <= L * L * trcov n X.
Proof.
  intros HL H. pose proof (lt_0_INR Np N_pos) as P.
  apply (Rmult_le_reg_l (2 * INR Np * INR Np)); [nra|].
  replace (2 * INR Np * INR Np * (L * L * trcov n X)) with (L * L * (2 * INR Np * INR Np * trcov n X)) by ring.
  rewrite <- !pairs_trcov, <- sm_scal. apply sm_le. intros j Hj. rewrite <- sm_scal. apply sm_le. intros l Hl.
  rewrite <- !nrm_sq. specialize (H j l Hj Hl). pose proof (nrm_ge0 m (vsub (Y j) (Y l))).
  replace (L * L * (nrm n (vsub (X j) (X l)) * nrm n (vsub (X j) (X l))))
    with ((L * nrm n (vsub (X j) (X l))) * (L * nrm n (vsub (X j) (X l)))) by ring.
  apply Rmult_le_compat; auto.
Qed.

(** The output of a batch-normalization layer with the statistics of its own data. *)
Definition chvar (Z : nat -> vec) (c : nat) : R :=
  sm Np (fun j => (Z j c - dmean Z c) * (Z j c - dmean Z c)) / INR Np.
Definition BNm (ga be : vec) (e : R) (Z : nat -> vec) (j : nat) : vec :=
  fun c => ga c * ((Z j c - dmean Z c) * / sqrt (chvar Z c + e)) + be c.

Lemma chvar_ge0 Z c : 0 <= chvar Z c.
Proof.
  pose proof (lt_0_INR Np N_pos) as P. apply Rmult_le_pos; [apply sm_ge0; intros i _; apply (Rle_0_sqr (Z i c - dmean Z c))|apply Rlt_le, Rinv_0_lt_compat; auto].
Qed.

Theorem BN_matched_trace ga be e Z : 0 <= e -> (forall c, (c < m)%nat -> 0 < chvar Z c + e) ->
  trcov m (BNm ga be e Z) = sm m (fun c => ga c * ga c * (chvar Z c / (chvar Z c + e))).
Proof.
  intros He Hc. pose proof (lt_0_INR Np N_pos) as P. unfold trcov, dot.
  rewrite (sm_swap Np m (fun j i => vsub (BNm ga be e Z j) (dmean (BNm ga be e Z)) i * vsub (BNm ga be e Z j) (dmean (BNm ga be e Z)) i)).
  unfold Rdiv at 1. rewrite Rmult_comm, <- sm_scal. apply sm_ext. intros c Hcm. specialize (Hc c Hcm).
  set (q := / sqrt (chvar Z c + e)).
  assert (Hs : 0 < sqrt (chvar Z c + e)) by (apply sqrt_lt_R0; auto).
  assert (Eq : q * q = / (chvar Z c + e)).
  { unfold q. rewrite <- Rinv_mult, sqrt_sqrt by lra. reflexivity. }
  assert (M0 : sm Np (fun j => Z j c - dmean Z c) = 0).
  { rewrite sm_minus, sm_const. unfold dmean. field. lra. }
  assert (EM : dmean (BNm ga be e Z) c = be c).
  { unfold dmean, BNm. fold q. rewrite (sm_ext Np _ (fun j => ga c * q * (Z j c - dmean Z c) + be c)) by (intros; unfold q; ring).
    rewrite sm_plus, sm_scal, M0, sm_const. field. lra. }
  rewrite (sm_ext Np _ (fun j => ga c * ga c * (q * q) * ((Z j c - dmean Z c) * (Z j c - dmean Z c))))
    by (intros; unfold vsub; rewrite EM; unfold BNm; fold q; ring).
  rewrite sm_scal, Eq.
  replace (sm Np (fun i => (Z i c - dmean Z c) * (Z i c - dmean Z c))) with (INR Np * chvar Z c) by (unfold chvar; field; lra).
  field. split; lra.
Qed.

(** No absolute decay: whatever the network before it, a batch normalization matched to the data forces
    L^2 tr Cov(x) >= sum of gamma^2 sigma^2/(sigma^2+eps). *)
Theorem no_absolute_decay L X Z ga be e : 0 <= L -> 0 <= e -> (forall c, (c < m)%nat -> 0 < chvar Z c + e) ->
  (forall j l, (j < Np)%nat -> (l < Np)%nat ->
     nrm m (vsub (BNm ga be e Z j) (BNm ga be e Z l)) <= L * nrm n (vsub (X j) (X l))) ->
  sm m (fun c => ga c * ga c * (chvar Z c / (chvar Z c + e))) <= L * L * trcov n X.
Proof. intros HL He Hc H. rewrite <- (BN_matched_trace ga be e Z He Hc). apply trcov_lip; auto. Qed.

(** In the form of a lower bound on L, with epsilon = 0: L >= |gamma| / sqrt(tr Cov x). *)
Theorem no_absolute_decay_eps0 L X Z ga be : 0 <= L -> 0 < trcov n X -> (forall c, (c < m)%nat -> 0 < chvar Z c) ->
  (forall j l, (j < Np)%nat -> (l < Np)%nat ->
     nrm m (vsub (BNm ga be 0 Z j) (BNm ga be 0 Z l)) <= L * nrm n (vsub (X j) (X l))) ->
  nrm m ga / sqrt (trcov n X) <= L.
Proof.
  intros HL HT Hc H.
  pose proof (no_absolute_decay L X Z ga be 0 HL ltac:(lra) ltac:(intros c Hm; specialize (Hc c Hm); lra) H) as Q.
  rewrite (sm_ext m _ (fun c => ga c * ga c)) in Q by (intros c Hm; specialize (Hc c Hm); field; lra).
  assert (R : 0 < sqrt (trcov n X)) by (apply sqrt_lt_R0; auto).
  apply (Rmult_le_reg_r (sqrt (trcov n X))); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  apply nrm_le_of_sq; [apply Rmult_le_pos; lra|].
  replace (L * sqrt (trcov n X) * (L * sqrt (trcov n X))) with (L * L * (sqrt (trcov n X) * sqrt (trcov n X))) by ring.
  rewrite sqrt_sqrt by lra. exact Q.
Qed.
End Matched.

(** One matched channel: gamma |w| / sigma >= gamma / sqrt(lambda), lambda any bound of the
    covariance form, sigma^2 = <w, S w>. *)
Theorem matched_channel n (Sg : mat) w ga lam : 0 <= ga -> 0 < dot n w (mv n Sg w) -> 0 < lam ->
  dot n w (mv n Sg w) <= lam * dot n w w ->
  ga / sqrt lam <= ga * nrm n w / sqrt (dot n w (mv n Sg w)).
Proof.
  intros Hg Hs Hl H. set (v := dot n w (mv n Sg w)) in *.
  assert (R1 : 0 < sqrt lam) by (apply sqrt_lt_R0; auto). assert (R2 : 0 < sqrt v) by (apply sqrt_lt_R0; auto).
  unfold Rdiv. rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
  apply (Rmult_le_reg_r (sqrt lam * sqrt v)); [apply Rmult_lt_0_compat; auto|].
  replace (/ sqrt lam * (sqrt lam * sqrt v)) with (sqrt v) by (field; lra).
  replace (nrm n w * / sqrt v * (sqrt lam * sqrt v)) with (sqrt lam * nrm n w) by (field; lra).
  apply sqrt_le_of_sq; [apply Rmult_le_pos; [lra|apply nrm_ge0]|].
  replace (sqrt lam * nrm n w * (sqrt lam * nrm n w)) with ((sqrt lam * sqrt lam) * (nrm n w * nrm n w)) by ring.
  rewrite sqrt_sqrt, nrm_sq by lra. exact H.
Qed.
