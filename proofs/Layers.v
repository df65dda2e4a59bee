(** Contracts of layers with parameters: affine layer, elementwise affine,
    normalizers, batch normalization in eval mode, DyT, dropout in eval mode. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Acts Norm Groups.
Open Scope R_scope.

(** ** Parameter spaces *)
Definition pmat (m n : nat) : pspace.
Proof.
  refine {| pt := mat; pd := fun a b => frob m n (msub a b) |}.
  - intros; apply frob_ge0.
  - intros. unfold frob. rewrite (sm_ext m _ (fun _ => 0)), sm_0; [apply sqrt_0|].
    intros i _. unfold msub. rewrite <- nrm_sq, nrm_sub_self. ring.
Defined.
Definition pvec (k : nat) : pspace.
Proof.
  refine {| pt := vec; pd := fun a b => nrm k (vsub a b) |}.
  - intros; apply nrm_ge0.
  - intros; apply nrm_sub_self.
Defined.
Definition pscalar : pspace.
Proof.
  refine {| pt := R; pd := fun a b => Rabs (a - b) |}.
  - intros; apply Rabs_pos.
  - intros. rewrite Rminus_diag_eq, Rabs_R0; reflexivity.
Defined.

(** ** Affine layer *)
Definition linear (n : nat) (W : mat) (b : vec) (x : vec) : vec := vadd (mv n W x) b.

Theorem linear_lip n m W b s D : opn m n W s -> Lip n m D (linear n W b) s.
Proof.
  intros H x y _ _. rewrite (nrm_ext m _ (mv n W (vsub x y))); [apply H|].
  intros i _. unfold vsub at 1, linear, vadd. rewrite mv_sub. ring.
Qed.

Lemma linear_two n m W b W' b' s x x' : opn m n W s ->
  nrm m (vsub (linear n W b x) (linear n W' b' x')) <=
  s * nrm n (vsub x x') + (frob m n (msub W W') * nrm n x' + nrm m (vsub b b')).
Proof.
  intros H.
  rewrite (nrm_ext m _ (vadd (mv n W (vsub x x')) (vadd (mv n (msub W W') x') (vsub b b')))).
  - eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat; [apply H|].
    eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat_r. apply frob_bounds_op.
  - intros i _. unfold linear, vadd. rewrite mv_sub. unfold vsub, mv, msub. rewrite dot_sub_l. ring.
Qed.

Lemma linear_env n m W b s be x : opn m n W s -> nrm m b <= be -> nrm m (linear n W b x) <= be + s * nrm n x.
Proof. intros H Hb. eapply Rle_trans; [apply nrm_triangle|]. specialize (H x). lra. Qed.

(** Weights and bias used once: p^2 = B^2 + 1. *)
Theorem sat_linear n m (S : sspace) s be : 0 <= s -> 0 <= be ->
  sat n m (pprod (pmat m n) (pvec m)) S
    (fun _ t _ => opn m n (fst t) s /\ nrm m (snd t) <= be)
    (fun x t _ => linear n (fst t) (snd t) x)
    {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros Hs Hb. split.
  - repeat split; simpl; lra.
  - intros x [W b] u x' [W' b'] u' B [H1 H2] [H1' H2'] HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply linear_two; eauto|]. rewrite Rplus_assoc. apply Rplus_le_compat_l.
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    replace (P2 _ B) with (B * B + 1 * 1) by (unfold P2; simpl; ring). simpl pd.
    pose proof (h2_cs B 1 (frob m n (msub W W')) (nrm m (vsub b b'))) as Q.
    unfold h2 at 1 in Q. pose proof (frob_ge0 m n (msub W W')).
    apply Rmult_le_compat_l with (r := frob m n (msub W W')) in HB; auto. lra.
  - intros x [W b] u [H1 H2]. simpl in *. apply linear_env; auto.
Qed.

(** Without bias: p^2 = B^2. *)
Theorem sat_linear_nobias n m (S : sspace) s : 0 <= s ->
  sat n m (pmat m n) S (fun _ t _ => opn m n t s) (fun x t _ => mv n t x)
    {| sL := s; sb := 0; sG := s; sq2 := 1; sq1 := 0; sq0 := 0; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros Hs. split.
  - repeat split; simpl; lra.
  - intros x W u x' W' u' B H1 H1' HB.
    pose proof (linear_two n m W v0 W' v0 s x x' H1) as Q. rewrite nrm_sub_self, Rplus_0_r in Q.
    rewrite (nrm_ext m _ (vsub (linear n W v0 x) (linear n W' v0 x')))
      by (intros; unfold vsub, linear, vadd, v0; ring).
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring).
    replace (P2 _ B) with (B * B) by (unfold P2; simpl; ring).
    pose proof (B_ge0 _ _ _ HB). rewrite sqrt_square by auto. simpl sL. simpl pd.
    pose proof (frob_ge0 m n (msub W W')).
    apply Rmult_le_compat_l with (r := frob m n (msub W W')) in HB; auto. lra.
  - intros x W u H1. simpl. specialize (H1 x). lra.
Qed.

(** Shared weights and bias: group 0 is the matrix (sensitivity B), group 1 the bias (sensitivity 1). *)
Definition s_linear (m n : nat) : sspace.
Proof.
  refine {| st := (mat * vec)%type; sn := 2;
    sd := fun g a b => match g with O => frob m n (msub (fst a) (fst b)) | _ => nrm m (vsub (snd a) (snd b)) end |}.
  - intros [|g] a b; [apply frob_ge0|apply nrm_ge0].
  - intros [|g] a; [apply (pd_refl (pmat m n))|apply nrm_sub_self].
Defined.

Theorem sat_linear_shared n m (T : pspace) s be : 0 <= s -> 0 <= be ->
  sat n m T (s_linear m n)
    (fun _ _ u => opn m n (fst u) s /\ nrm m (snd u) <= be)
    (fun x _ u => linear n (fst u) (snd u) x)
    {| sL := s; sb := be; sG := s; sq2 := 0; sq1 := 0; sq0 := 0;
       sl1 := fun g => match g with O => 1 | _ => 0 end; sl0 := fun g => match g with O => 0 | _ => 1 end |}.
Proof.
  intros Hs Hb. split.
  - repeat split; simpl; try lra; destruct g; lra.
  - intros x t [W b] x' t' [W' b'] B [H1 H2] [H1' H2'] HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply linear_two; eauto|].
    assert (0 <= sqrt (P2 {| sL := s; sb := be; sG := s; sq2 := 0; sq1 := 0; sq0 := 0;
       sl1 := fun g => match g with O => 1 | _ => 0 end; sl0 := fun g => match g with O => 0 | _ => 1 end |} B) * pd T t t')
      by (apply Rmult_le_pos; [apply sqrt_pos|apply pd_ge0]).
    simpl in *. unfold cS. simpl. pose proof (frob_ge0 m n (msub W W')).
    apply Rmult_le_compat_l with (r := frob m n (msub W W')) in HB; auto. lra.
  - intros x t [W b] [H1 H2]. simpl in *. apply linear_env; auto.
Qed.

(** Joint sensitivity of (W,b,x) -> Wx+b: sqrt(s^2 + B^2 + 1). *)
Theorem linear_joint n m s be x x' B W b W' b' : 0 <= s -> 0 <= be -> opn m n W s -> opn m n W' s ->
  nrm m b <= be -> nrm m b' <= be -> nrm n x' <= B ->
  nrm m (vsub (linear n W b x) (linear n W' b' x')) <=
  sqrt (s * s + (B * B + 1)) * h2 (nrm n (vsub x x')) (h2 (frob m n (msub W W')) (nrm m (vsub b b'))).
Proof.
  intros Hs Hb H1 H2 H3 H4 HB.
  pose proof (summary_joint _ _ _ _ _ _ _ (sat_linear n m sunit s be Hs Hb) x x' B (W, b) tt (W', b') tt
    (conj H1 H3) (conj H2 H4) HB) as Q.
  simpl in Q. unfold P2, dot in Q. simpl in Q. eapply Rle_trans; [apply Q|]. right.
  f_equal; [f_equal; ring|]. f_equal. unfold h2 at 1. unfold nrm at 3, dot. simpl.
  rewrite sqrt_0, Rmult_0_l, Rplus_0_r. apply sqrt_square, h2_ge0.
Qed.

(** Weights applied to r rows: p <= sqrt(B^2 + r), not sqrt(B^2 + 1). *)
Theorem sat_linear_rows r n m (S : sspace) s be : 0 <= s -> 0 <= be ->
  sat (r * n) (r * m) (pprod (pmat m n) (pvec m)) S
    (fun x t u => forall k, (k < r)%nat -> opn m n (fst t) s /\ nrm m (snd t) <= be)
    (fun x t u => liftrows n m (linear n (fst t) (snd t)) x)
    (s_rows r {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |})
  /\ forall B, P2 (s_rows r {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}) B
     = B * B + INR r.
Proof.
  intros Hs Hb. split.
  - exact (rule_rows r n m _ S _ _ _ (sat_linear n m S s be Hs Hb)).
  - intros B. unfold P2. simpl. ring.
Qed.

(** ** Elementwise affine gamma.z + beta *)
Lemma aff_two n ga be ga' be' z z' g nu : 0 <= g -> 0 <= nu ->
  (forall i, (i < n)%nat -> Rabs (ga i) <= g) -> (forall i, (i < n)%nat -> Rabs (z' i) <= nu) ->
  nrm n (vsub (aff ga be z) (aff ga' be' z')) <=
  g * nrm n (vsub z z') + (nu * nrm n (vsub ga ga') + nrm n (vsub be be')).
Proof.
  intros Hg Hn H1 H2.
  rewrite (nrm_ext n _ (vadd (vmul ga (vsub z z')) (vadd (vmul z' (vsub ga ga')) (vsub be be'))))
    by (intros; unfold vsub, aff, vadd, vmul; ring).
  eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat; [apply nrm_mul_le; auto|].
  eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat_r. apply nrm_mul_le; auto.
Qed.

Lemma nu_cs nu a b : nu * a + b <= sqrt (nu * nu + 1) * h2 a b.
Proof. pose proof (h2_cs nu 1 a b) as Q. unfold h2 at 1 in Q. rewrite Rmult_1_r in Q. lra. Qed.

(** On any input: p^2 = B^2 + 1 (the sup norm is at most the Euclidean one). *)
Theorem sat_affine n (S : sspace) g b : 0 <= g -> 0 <= b ->
  sat n n (pvec2 n) S
    (fun _ t _ => (forall i, (i < n)%nat -> Rabs (fst t i) <= g) /\ nrm n (snd t) <= b)
    (fun z t _ => aff (fst t) (snd t) z)
    {| sL := g; sb := b; sG := g; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros Hg Hb. split.
  - repeat split; simpl; lra.
  - intros x [ga be] u x' [ga' be'] u' B [H1 H2] [H1' H2'] HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply (aff_two n ga be ga' be' x x' g B); auto|].
    + eapply B_ge0; eauto.
    + intros i Hi. eapply Rle_trans; [apply (abs_coord_le n); auto|auto].
    + rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
      simpl sL. simpl pd. apply Rplus_le_compat_l.
      replace (P2 _ B) with (B * B + 1) by (unfold P2; simpl; ring). apply nu_cs.
  - intros x [ga be] u [H1 H2]. simpl in *.
    eapply Rle_trans; [apply (aff_bound n ga be g x (nrm n x)); auto; lra|]. lra.
Qed.

(** On inputs bounded by nu in sup norm: p^2 = nu^2 + 1. *)
Theorem sat_affine_sup n (S : sspace) g b nu : 0 <= g -> 0 <= b -> 0 <= nu ->
  sat n n (pvec2 n) S
    (fun z t _ => (forall i, (i < n)%nat -> Rabs (z i) <= nu) /\
      (forall i, (i < n)%nat -> Rabs (fst t i) <= g) /\ nrm n (snd t) <= b)
    (fun z t _ => aff (fst t) (snd t) z)
    {| sL := g; sb := b; sG := g; sq2 := 0; sq1 := 0; sq0 := nu * nu + 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros Hg Hb Hn. split.
  - repeat split; simpl; nra.
  - intros x [ga be] u x' [ga' be'] u' B (H0 & H1 & H2) (H0' & H1' & H2') HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply (aff_two n ga be ga' be' x x' g nu); auto|].
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    simpl sL. simpl pd. apply Rplus_le_compat_l.
    replace (P2 _ B) with (nu * nu + 1) by (unfold P2; simpl; ring). apply nu_cs.
  - intros x [ga be] u (H0 & H1 & H2). simpl in *.
    eapply Rle_trans; [apply (aff_bound n ga be g x (nrm n x)); auto; lra|]. lra.
Qed.

(** ** The parameter-free normalizer as a summary *)
Theorem sat_normalize_groups n m gr (T : pspace) (S : sspace) e s :
  (forall i, (i < n)%nat -> (gr i < m)%nat) -> (forall g, (g < m)%nat -> 0 < cnt n gr g) ->
  0 <= e -> 0 < s * s + e ->
  sat n n T S (fun z _ _ => forall g, (g < m)%nat -> s * s <= varG n gr (cnt n gr) g z)
    (fun z _ _ => NG n gr (cnt n gr) e z) (s_plain (/ sqrt (s * s + e)) (sqrt (INR n)) 0).
Proof.
  intros Hg Hc He Hs.
  apply (sat_plain n n T S (fun z => forall g, (g < m)%nat -> s * s <= varG n gr (cnt n gr) g z)
     (NG n gr (cnt n gr) e)); try lra.
  - apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto.
  - apply sqrt_pos.
  - apply (normalize_floor n m); auto.
  - intros z Hz. rewrite Rmult_0_l, Rplus_0_r. apply (normalize_bound_entries n m gr); auto.
    intros g Hm. specialize (Hz g Hm). lra.
Qed.

Theorem sat_LN_core n (T : pspace) (S : sspace) e s : (0 < n)%nat -> 0 <= e -> 0 < s * s + e ->
  sat n n T S (fun x _ _ => s * s <= V n x) (fun x _ _ => LN n e x)
    (s_plain (/ sqrt (s * s + e)) (sqrt (INR n)) 0).
Proof.
  intros Hn He Hs. apply (sat_plain n n T S (fun x => s * s <= V n x) (LN n e)); try lra.
  - apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto.
  - apply sqrt_pos.
  - apply LN_floor; auto.
  - intros x Hx. rewrite Rmult_0_l, Rplus_0_r. apply LN_bound; auto. lra.
Qed.
Theorem sat_LN_core_global n (T : pspace) (S : sspace) e : (0 < n)%nat -> 0 < e ->
  sat n n T S (fun _ _ _ => True) (fun x _ _ => LN n e x) (s_plain (/ sqrt e) (sqrt (INR n)) 0).
Proof.
  intros Hn He. pose proof (sat_LN_core n T S e 0 Hn ltac:(lra) ltac:(lra)) as Q.
  replace (0 * 0 + e) with e in Q by ring. eapply sat_weaken; [| |exact Q].
  - intros x t u _. rewrite Rmult_0_l. apply var_ge0, INR_pos; auto.
  - repeat split; simpl; lra.
Qed.
Theorem sat_RMS_core n (T : pspace) (S : sspace) e s : (0 < n)%nat -> 0 <= e -> 0 < s * s + e ->
  sat n n T S (fun x _ _ => s * s <= var n (INR n) x) (fun x _ _ => RMS n e x)
    (s_plain (/ sqrt (s * s + e)) (sqrt (INR n)) 0).
Proof.
  intros Hn He Hs. apply (sat_plain n n T S (fun x => s * s <= var n (INR n) x) (RMS n e)); try lra.
  - apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto.
  - apply sqrt_pos.
  - apply N_floor; auto. apply INR_pos; auto.
  - intros x Hx. rewrite Rmult_0_l, Rplus_0_r. apply RMS_bound; auto. lra.
Qed.

(** ** LayerNorm and RMSNorm with gamma, beta: L = g/sqrt(s^2+e), p^2 = nu^2 + 1, output g sqrt n + |beta| *)
Definition s_norm (n : nat) (e s g b nu : R) : summary :=
  {| sL := g * / sqrt (s * s + e); sb := b + g * sqrt (INR n); sG := 0;
     sq2 := 0; sq1 := 0; sq0 := nu * nu + 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.

Lemma sat_norm_affine n (S : sspace) (D : vec -> Prop) f e s g b nu : 0 <= g -> 0 <= b -> 0 <= nu ->
  sat n n punit S (fun x _ _ => D x) (fun x _ _ => f x) (s_plain (/ sqrt (s * s + e)) (sqrt (INR n)) 0) ->
  (forall x i, D x -> (i < n)%nat -> Rabs (f x i) <= nu) ->
  sat n n (pvec2 n) S
    (fun x t _ => D x /\ (forall i, (i < n)%nat -> Rabs (fst t i) <= g) /\ nrm n (snd t) <= b)
    (fun x t _ => aff (fst t) (snd t) (f x)) (s_norm n e s g b nu).
Proof.
  intros Hg Hb Hnu Hf Hsup.
  pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ Hf (sat_affine_sup n S g b nu Hg Hb Hnu)) as Q.
  pose proof (sat_param _ _ _ (pvec2 n) S _ _ _ (fun t : pvec2 n => ((tt, t) : pprod punit (pvec2 n)))
    ltac:(intros; simpl; apply h2_le; [apply h2_ge0|lra]) Q) as Q'.
  simpl in Q'. eapply sat_weaken; [| |exact Q'].
  - intros x t u (H1 & H2 & H3). simpl. repeat split; auto.
  - repeat split; simpl; lra.
Qed.

Theorem sat_LayerNorm n (S : sspace) e s g b : (0 < n)%nat -> 0 <= e -> 0 < s * s + e -> 0 <= g -> 0 <= b ->
  sat n n (pvec2 n) S
    (fun x t _ => s * s <= V n x /\ (forall i, (i < n)%nat -> Rabs (fst t i) <= g) /\ nrm n (snd t) <= b)
    (fun x t _ => aff (fst t) (snd t) (LN n e x)) (s_norm n e s g b (sqrt (INR n - 1))).
Proof.
  intros Hn He Hs Hg Hb. apply (sat_norm_affine n S (fun x => s * s <= V n x)); auto.
  - apply sqrt_pos.
  - apply sat_LN_core; auto.
  - intros x i Hx Hi. apply LN_sup; auto. lra.
Qed.
Theorem sat_RMSNorm n (S : sspace) e s g b : (0 < n)%nat -> 0 <= e -> 0 < s * s + e -> 0 <= g -> 0 <= b ->
  sat n n (pvec2 n) S
    (fun x t _ => s * s <= var n (INR n) x /\ (forall i, (i < n)%nat -> Rabs (fst t i) <= g) /\ nrm n (snd t) <= b)
    (fun x t _ => aff (fst t) (snd t) (RMS n e x)) (s_norm n e s g b (sqrt (INR n))).
Proof.
  intros Hn He Hs Hg Hb. apply (sat_norm_affine n S (fun x => s * s <= var n (INR n) x)); auto.
  - apply sqrt_pos.
  - apply sat_RMS_core; auto.
  - intros x i Hx Hi. apply N_sup; auto; [apply INR_pos; auto|lra].
Qed.

(** ** Batch normalization in eval mode: fixed statistics mu, v per channel *)
Definition BNe (ch : nat -> nat) (ga be mu v : vec) (e : R) (x : vec) : vec :=
  fun i => ga (ch i) * ((x i - mu (ch i)) * / sqrt (v (ch i) + e)) + be (ch i).

Theorem BN_eval_lip n ch ga be mu v e L : 0 <= L ->
  (forall i, (i < n)%nat -> 0 < v (ch i) + e /\ Rabs (ga (ch i)) * / sqrt (v (ch i) + e) <= L) ->
  Lip n n all (BNe ch ga be mu v e) L.
Proof.
  intros HL H x y _ _. apply nrm_bound; auto. intros i Hi. destruct (H i Hi) as [H1 H2].
  assert (R : 0 < / sqrt (v (ch i) + e)) by (apply Rinv_0_lt_compat, sqrt_lt_R0; auto).
  unfold vsub, BNe.
  replace (ga (ch i) * ((x i - mu (ch i)) * / sqrt (v (ch i) + e)) + be (ch i) -
     (ga (ch i) * ((y i - mu (ch i)) * / sqrt (v (ch i) + e)) + be (ch i)))
    with (ga (ch i) * / sqrt (v (ch i) + e) * (x i - y i)) by ring.
  rewrite Rabs_mult, (Rabs_mult (ga _)), (Rabs_pos_eq (/ _)) by lra.
  apply Rmult_le_compat_r; [apply Rabs_pos|auto].
Qed.

(** It is exact: the channel with the largest factor attains it. *)
Theorem BN_eval_exact n ch ga be mu v e L k : (k < n)%nat ->
  (forall i, (i < n)%nat -> 0 < v (ch i) + e /\ Rabs (ga (ch i)) * / sqrt (v (ch i) + e) <= L) ->
  Rabs (ga (ch k)) * / sqrt (v (ch k) + e) = L ->
  LipExact n n all (BNe ch ga be mu v e) L.
Proof.
  intros Hk H E.
  assert (HL : 0 <= L).
  { rewrite <- E. apply Rmult_le_pos; [apply Rabs_pos|]. apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0. apply H; auto. }
  split; [apply BN_eval_lip; auto|].
  intros L' HL'. set (ek := (fun i => if Nat.eqb i k then 1 else 0) : vec).
  specialize (HL' ek v0 I I).
  assert (N1 : nrm n (vsub ek v0) = 1).
  { rewrite <- sqrt_1. unfold nrm. f_equal. unfold dot.
    rewrite (sm_ext n _ (fun i => if Nat.eqb i k then 1 else 0)); [apply sm_delta; auto|].
    intros i _. unfold vsub, ek, v0. destruct (Nat.eqb i k); ring. }
  rewrite N1, Rmult_1_r in HL'. eapply Rle_trans; [|exact HL'].
  pose proof (abs_coord_le n (vsub (BNe ch ga be mu v e ek) (BNe ch ga be mu v e v0)) k Hk) as Q.
  eapply Rle_trans; [|exact Q]. right. rewrite <- E.
  assert (R : 0 < / sqrt (v (ch k) + e)) by (apply Rinv_0_lt_compat, sqrt_lt_R0; apply H; auto).
  unfold vsub, BNe, ek, v0. rewrite Nat.eqb_refl.
  replace (ga (ch k) * ((1 - mu (ch k)) * / sqrt (v (ch k) + e)) + be (ch k) -
     (ga (ch k) * ((0 - mu (ch k)) * / sqrt (v (ch k) + e)) + be (ch k)))
    with (ga (ch k) * / sqrt (v (ch k) + e)) by ring.
  rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by lra. reflexivity.
Qed.

Theorem sat_BN_eval n (T : pspace) (S : sspace) ch ga be mu v e L : 0 <= L ->
  (forall i, (i < n)%nat -> 0 < v (ch i) + e /\ Rabs (ga (ch i)) * / sqrt (v (ch i) + e) <= L) ->
  sat n n T S (fun _ _ _ => True) (fun x _ _ => BNe ch ga be mu v e x)
    (s_plain L (nrm n (BNe ch ga be mu v e v0)) L).
Proof.
  intros HL H. pose proof (BN_eval_lip n ch ga be mu v e L HL H) as Q.
  apply (sat_plain n n T S all (BNe ch ga be mu v e)); auto using nrm_ge0.
  apply env_of_lip; auto. exact I.
Qed.

(** ** DyT: gamma.tanh(alpha x) + beta *)
Definition DyT (al : R) (ga be x : vec) : vec := aff ga be (fun i => tanh (al * x i)).

Lemma tanh_scaled a b : Rabs (tanh a - tanh b) <= Rabs (a - b).
Proof. pose proof (proj1 (proj2 act_tanh) a b). lra. Qed.

Theorem DyT_lip n al ga be g : 0 <= g -> (forall i, (i < n)%nat -> Rabs (ga i) <= g) ->
  Lip n n all (DyT al ga be) (g * Rabs al).
Proof.
  intros Hg H x y _ _. apply nrm_bound; [apply Rmult_le_pos; auto using Rabs_pos|].
  intros i Hi. unfold vsub, DyT, aff.
  replace (ga i * tanh (al * x i) + be i - (ga i * tanh (al * y i) + be i))
    with (ga i * (tanh (al * x i) - tanh (al * y i))) by ring.
  rewrite Rabs_mult, Rmult_assoc. apply Rmult_le_compat; auto using Rabs_pos.
  eapply Rle_trans; [apply tanh_scaled|]. rewrite <- Rmult_minus_distr_l, Rabs_mult. lra.
Qed.

(** Output: |gamma|_2 + |beta|, whatever the input. *)
Theorem DyT_output n al ga be x : nrm n (DyT al ga be x) <= nrm n ga + nrm n be.
Proof.
  apply Rle_trans with (nrm n (vadd (vmul (fun i => tanh (al * x i)) ga) be)).
  - right. apply nrm_ext. intros. unfold DyT, aff, vadd, vmul. ring.
  - eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat_r.
    rewrite <- (Rmult_1_l (nrm n ga)). apply nrm_mul_le; [lra|]. intros; apply tanh_sup.
Qed.

Lemma DyT_two n al ga be al' ga' be' x x' g A : 0 <= g -> 0 <= A -> Rabs al <= A ->
  (forall i, (i < n)%nat -> Rabs (ga i) <= g) ->
  nrm n (vsub (DyT al ga be x) (DyT al' ga' be' x')) <=
  g * A * nrm n (vsub x x') +
  (g * nrm n x' * Rabs (al - al') + (nrm n (vsub ga ga') + nrm n (vsub be be'))).
Proof.
  intros Hg HA Ha H.
  eapply Rle_trans; [apply (nrm_sub_triangle n _ (DyT al ga be x'))|]. apply Rplus_le_compat.
  - eapply Rle_trans; [apply (DyT_lip n al ga be g Hg H x x' I I)|].
    apply Rmult_le_compat_r; [apply nrm_ge0|]. apply Rmult_le_compat_l; auto.
  - eapply Rle_trans; [apply (nrm_sub_triangle n _ (DyT al' ga be x'))|]. apply Rplus_le_compat.
    + replace (g * nrm n x' * Rabs (al - al')) with (g * Rabs (al - al') * nrm n x') by ring.
      apply nrm_bound; [apply Rmult_le_pos; auto using Rabs_pos|]. intros i Hi. unfold vsub, DyT, aff.
      replace (ga i * tanh (al * x' i) + be i - (ga i * tanh (al' * x' i) + be i))
        with (ga i * (tanh (al * x' i) - tanh (al' * x' i))) by ring.
      rewrite Rabs_mult, Rmult_assoc. apply Rmult_le_compat; auto using Rabs_pos.
      eapply Rle_trans; [apply tanh_scaled|]. rewrite <- Rmult_minus_distr_r, Rabs_mult. lra.
    + rewrite (nrm_ext n _ (vadd (vmul (fun i => tanh (al' * x' i)) (vsub ga ga')) (vsub be be')))
        by (intros; unfold vsub, DyT, aff, vadd, vmul; ring).
      eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat_r.
      rewrite <- (Rmult_1_l (nrm n (vsub ga ga'))). apply nrm_mul_le; [lra|]. intros; apply tanh_sup.
Qed.

(** alpha, gamma, beta used once: p^2 = g^2 B^2 + 2. *)
Theorem sat_DyT n (S : sspace) A g b G2 : 0 <= A -> 0 <= g -> 0 <= b -> 0 <= G2 ->
  sat n n (pprod pscalar (pvec2 n)) S
    (fun _ t _ => Rabs (fst t) <= A /\ (forall i, (i < n)%nat -> Rabs (fst (snd t) i) <= g) /\
       nrm n (fst (snd t)) <= G2 /\ nrm n (snd (snd t)) <= b)
    (fun x t _ => DyT (fst t) (fst (snd t)) (snd (snd t)) x)
    {| sL := g * A; sb := G2 + b; sG := 0; sq2 := g * g; sq1 := 0; sq0 := 2;
       sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
Proof.
  intros HA Hg Hb HG. split.
  - repeat split; simpl; try lra; try nra; apply Rmult_le_pos; auto.
  - intros x [al [ga be]] u x' [al' [ga' be']] u' B (H1 & H2 & H3 & H4) (H1' & H2' & H3' & H4') HB.
    simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply (DyT_two n al ga be al' ga' be' x x' g A); auto|].
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    simpl sL. apply Rplus_le_compat_l. simpl pd.
    pose proof (B_ge0 _ _ _ HB) as B0.
    replace (P2 _ B) with ((g * B) * (g * B) + (1 * 1 + 1 * 1)) by (unfold P2; simpl; ring).
    set (a := Rabs (al - al')). set (c := nrm n (vsub ga ga')). set (d := nrm n (vsub be be')).
    pose proof (sqrt_cs ((g * B) * (g * B)) (1 * 1 + 1 * 1) a (h2 c d) ltac:(nra) ltac:(lra)) as Q.
    rewrite sqrt_square in Q by (apply Rmult_le_pos; auto).
    pose proof (h2_cs 1 1 c d) as Q2. unfold h2 at 1 in Q2.
    assert (0 <= a) by apply Rabs_pos.
    assert (g * nrm n x' * a <= g * B * a) by (apply Rmult_le_compat_r; auto; apply Rmult_le_compat_l; auto). lra.
  - intros x [al [ga be]] u (H1 & H2 & H3 & H4). simpl in *. pose proof (DyT_output n al ga be x). lra.
Qed.

(** ** Dropout in eval mode is the identity *)
Theorem sat_dropout_eval n (T : pspace) (S : sspace) :
  sat n n T S (fun _ _ _ => True) (fun x _ _ => x) (s_plain 1 0 1).
Proof. apply sat_identity. Qed.

(** Dropout with one mask for both inputs, kept entries scaled by 1/(1-p): almost surely 1/(1-p). *)
Theorem dropout_mask_lip n p (keep : nat -> bool) : 0 <= p < 1 ->
  Lip n n all (fun x i => if keep i then x i / (1 - p) else 0) (/ (1 - p)).
Proof.
  intros Hp x y _ _. assert (0 < / (1 - p)) by (apply Rinv_0_lt_compat; lra).
  apply nrm_bound; [lra|]. intros i Hi. unfold vsub. destruct (keep i).
  - replace (x i / (1 - p) - y i / (1 - p)) with (/ (1 - p) * (x i - y i)) by (unfold Rdiv; ring).
    rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by lra. lra.
  - rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. apply Rmult_le_pos; [lra|apply Rabs_pos].
Qed.

(** L2 normalization g x / sqrt(|x|^2 + e): normaliser 1. *)
Theorem scalenorm_lip n e r g : 0 <= g -> 0 <= e -> 0 < r * r + e ->
  Lip n n (fun x => r * r <= dot n x x) (fun x => vscal g (N n 1 e x)) (g * / sqrt (r * r + e)).
Proof.
  intros Hg He Hr x y Hx Hy.
  rewrite (nrm_ext n _ (vscal g (vsub (N n 1 e x) (N n 1 e y)))) by (intros; unfold vsub, vscal; ring).
  rewrite nrm_scal, Rabs_pos_eq, Rmult_assoc by auto. apply Rmult_le_compat_l; auto.
  apply (N_floor n 1 e r); auto; try lra; unfold var; lra.
Qed.
