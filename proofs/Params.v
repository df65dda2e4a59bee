(** Parameter sensitivity of chains: the master rule, tying, mixed pairs,
    blocks with a parameter-free normalizer. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Repeat Acts Norm Groups Layers.
Import ListNotations.
Open Scope R_scope.

(** ** Products over later layers *)
Fixpoint prodr (a : nat -> R) (i K : nat) : R := (* product of a over i <= j < i+K *)
  match K with O => 1 | S k => prodr a i k * a (i + k)%nat end.
Lemma prodr_ge0 a i K : (forall j, 0 <= a j) -> 0 <= prodr a i K.
Proof. intros H. induction K; simpl; [lra|apply Rmult_le_pos; auto]. Qed.
Lemma prodr_const c i K : prodr (fun _ => c) i K = c ^ K.
Proof. induction K; simpl; [reflexivity|rewrite IHK; ring]. Qed.

(** The recursion P_{i+1}^2 = L_i^2 P_i^2 + p_i^2 and its sum. *)
Fixpoint Prec (L p : nat -> R) (K : nat) : R :=
  match K with O => 0 | S k => L k * L k * Prec L p k + p k * p k end.
Lemma Prec_ge0 L p K : 0 <= Prec L p K.
Proof.
  induction K; simpl; [lra|]. assert (0 <= L K * L K * Prec L p K) by (apply Rmult_le_pos; [nra|auto]).
  assert (0 <= p K * p K) by nra. lra.
Qed.

Theorem Prec_sum L p K : Prec L p K =
  sm K (fun i => prodr (fun j => L j * L j) (S i) (K - 1 - i) * (p i * p i)).
Proof.
  induction K; [reflexivity|]. simpl Prec. rewrite IHK.
  change (sm (S K) (fun i => prodr (fun j => L j * L j) (S i) (S K - 1 - i) * (p i * p i)))
    with (sm K (fun i => prodr (fun j => L j * L j) (S i) (S K - 1 - i) * (p i * p i))
      + prodr (fun j => L j * L j) (S K) (S K - 1 - K) * (p K * p K)).
  f_equal.
  - rewrite <- sm_scal. apply sm_ext. intros i Hi.
    replace (S K - 1 - i)%nat with (S (K - 1 - i)) by lia. cbn [prodr].
    replace (S i + (K - 1 - i))%nat with K by lia. ring.
  - replace (S K - 1 - K)%nat with 0%nat by lia. cbn [prodr]. ring.
Qed.

(** ** The master rule *)
Section Master.
Variables (w : nat -> nat) (T : pspace) (f : nat -> vec -> T -> vec).
Fixpoint chain (K : nat) (x : vec) (t : nat -> T) : vec :=
  match K with O => x | S k => f k (chain k x t) (t k) end.

Variables (L p : nat -> R).
Hypothesis L_ge0 : forall i, 0 <= L i.
Hypothesis p_ge0 : forall i, 0 <= p i.

(** Real-number step shared by all versions. *)
Lemma master_step D d1 d2 l P q : 0 <= l -> 0 <= P -> 0 <= q ->
  D <= l * (sqrt P * d1) + q * d2 -> D <= sqrt (l * l * P + q * q) * h2 d1 d2.
Proof.
  intros Hl HP Hq H. eapply Rle_trans; [exact H|].
  rewrite <- Rmult_assoc, mul_sqrt by auto.
  eapply Rle_trans; [|apply sqrt_cs; [apply Rmult_le_pos; nra|nra]]. rewrite (sqrt_square q) by auto. lra.
Qed.

(** Two parameter families, one input. Contracts are used at the mixed pair:
    the second trajectory with the first parameters. *)
Theorem master_rule K x (t t' : nat -> T) :
  (forall i, (i < K)%nat -> nrm (w (S i)) (vsub (f i (chain i x t) (t i)) (f i (chain i x t') (t i)))
     <= L i * nrm (w i) (vsub (chain i x t) (chain i x t'))) ->
  (forall i, (i < K)%nat -> nrm (w (S i)) (vsub (f i (chain i x t') (t i)) (f i (chain i x t') (t' i)))
     <= p i * pd T (t i) (t' i)) ->
  nrm (w K) (vsub (chain K x t) (chain K x t')) <= sqrt (Prec L p K) * pd (pfam K T) t t'.
Proof.
  induction K; intros H1 H2.
  - simpl. rewrite nrm_sub_self, sqrt_0, Rmult_0_l. lra.
  - assert (IH : nrm (w K) (vsub (chain K x t) (chain K x t')) <= sqrt (Prec L p K) * pd (pfam K T) t t')
      by (apply IHK; intros; auto).
    assert (E : pd (pfam (S K) T) t t' = h2 (pd (pfam K T) t t') (pd T (t K) (t' K))).
    { simpl. unfold h2. rewrite nrm_sq. reflexivity. }
    rewrite E. simpl Prec. apply master_step; auto using Prec_ge0.
    eapply Rle_trans; [apply (nrm_sub_triangle _ _ (f K (chain K x t') (t K)))|].
    apply Rplus_le_compat; [|apply H2; lia].
    eapply Rle_trans; [apply H1; lia|]. apply Rmult_le_compat_l; auto.
Qed.

(** Tied parameters (the same parameter in each block): the linear sum. *)
Fixpoint Ctied (K : nat) : R := match K with O => 0 | S k => L k * Ctied k + p k end.
Theorem tied_rule K x (a a' : T) :
  (forall i, (i < K)%nat -> nrm (w (S i)) (vsub (f i (chain i x (fun _ => a)) a) (f i (chain i x (fun _ => a')) a))
     <= L i * nrm (w i) (vsub (chain i x (fun _ => a)) (chain i x (fun _ => a')))) ->
  (forall i, (i < K)%nat -> nrm (w (S i)) (vsub (f i (chain i x (fun _ => a')) a) (f i (chain i x (fun _ => a')) a'))
     <= p i * pd T a a') ->
  nrm (w K) (vsub (chain K x (fun _ => a)) (chain K x (fun _ => a'))) <= Ctied K * pd T a a'.
Proof.
  induction K; intros H1 H2.
  - simpl. rewrite nrm_sub_self. lra.
  - simpl. eapply Rle_trans; [apply (nrm_sub_triangle _ _ (f K (chain K x (fun _ => a')) a))|].
    assert (IH := IHK (fun i Hi => H1 i ltac:(lia)) (fun i Hi => H2 i ltac:(lia))).
    specialize (H1 K ltac:(lia)). specialize (H2 K ltac:(lia)).
    apply Rmult_le_compat_l with (r := L K) in IH; auto. lra.
Qed.
End Master.

(** Equal blocks: untied p sqrt(dd(K;L^2,1)), tied p dd(K;L,1). *)
Theorem Prec_const L p K : Prec (fun _ => L) (fun _ => p) K = p * p * dd K [L * L; 1].
Proof.
  induction K; [simpl; ring|]. simpl Prec. rewrite IHK, dd_S, dd_pow, pow1. ring.
Qed.
Theorem Ctied_const L p K : Ctied (fun _ => L) (fun _ => p) K = p * dd K [L; 1].
Proof.
  induction K; [simpl; ring|]. simpl Ctied. rewrite IHK, dd_S, dd_pow, pow1. ring.
Qed.

(** Why mixed pairs matter: f(x;t) = sign x on {t x >= 1} has both section
    constants 0, and still two points of the set differ by 2. *)
Definition sgn (x : R) : R := if Rle_dec 0 x then 1 else - (1).
Theorem mixed_pairs_needed :
  (forall t x x', 1 <= t * x -> 1 <= t * x' -> Rabs (sgn x - sgn x') <= 0) /\
  (forall x t t', 1 <= t * x -> 1 <= t' * x -> Rabs (sgn x - sgn x) <= 0) /\
  (1 <= 1 * 1 /\ 1 <= -1 * -1 /\ Rabs (sgn 1 - sgn (-1)) = 2).
Proof.
  split; [|split].
  - intros t x x' H H'. unfold sgn. destruct (Rle_dec 0 x) as [h|h], (Rle_dec 0 x') as [h'|h'];
    rewrite ?Rminus_diag_eq, ?Rabs_R0 by reflexivity; try lra; exfalso; destruct (Rle_dec 0 t); nra.
  - intros. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - split; [lra|split; [lra|]]. unfold sgn. destruct (Rle_dec 0 1), (Rle_dec 0 (-1)); try lra.
    replace (1 - - (1)) with 2 by ring. apply Rabs_pos_eq. lra.
Qed.

(** ** A block with a normalizer: phi(gamma.LN(Wx+b)+beta), all parameters used once *)
Definition s_nblock (n : nat) (e sg s bw g b rho c G nu : R) : summary :=
  let l := / sqrt (sg * sg + e) in
  {| sL := rho * (g * l * s);
     sb := sqrt (INR n) * c + G * (b + g * sqrt (INR n)); sG := 0;
     sq2 := rho * rho * (g * l * (g * l)); sq1 := 0;
     sq0 := rho * rho * (g * l * (g * l) + (nu * nu + 1));
     sl1 := fun _ => 0; sl0 := fun _ => 0 |}.

Theorem normalized_block n m (S : sspace) phi rho c G e sg s bw g b :
  act_ok phi rho c G -> (0 < m)%nat -> 0 <= e -> 0 < sg * sg + e -> 0 <= s -> 0 <= bw -> 0 <= g -> 0 <= b ->
  sat n m (pprod (pprod (pprod (pmat m n) (pvec m)) (pvec2 m)) punit) S
    (fun x t _ =>
       let W := fst (fst (fst t)) in let bb := snd (fst (fst t)) in
       let ga := fst (snd (fst t)) in let be := snd (snd (fst t)) in
       (opn m n W s /\ nrm m bb <= bw) /\ sg * sg <= V m (linear n W bb x) /\
       (forall i, (i < m)%nat -> Rabs (ga i) <= g) /\ nrm m be <= b)
    (fun x t _ =>
       ew phi (aff (fst (snd (fst t))) (snd (snd (fst t))) (LN m e (linear n (fst (fst (fst t))) (snd (fst (fst t))) x))))
    (s_nblock m e sg s bw g b rho c G (sqrt (INR m - 1))).
Proof.
  intros Ha Hm He Hs Hs0 Hbw Hg Hb.
  pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ (sat_linear n m S s bw Hs0 Hbw) (sat_LayerNorm m S e sg g b Hm He Hs Hg Hb)) as Q1.
  pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ Q1 (sat_act m punit S phi rho c G Ha)) as Q2.
  eapply sat_weaken; [| |exact Q2].
  - intros x t u (H1 & H2 & H3 & H4). simpl. repeat split; auto; apply H1.
  - apply s_eq_le. repeat split; simpl; ring.
Qed.

(** Stacks of normalized blocks: the radius after one block is free of depth,
    weights and input; P_K^2 = a^(2(K-1)) P_1^2 + A dd(K-1; a^2, 1). *)
Theorem normalized_stack_P (s : summary) K B0 : sG s = 0 -> sq1 s = 0 ->
  P2 (s_repeat (S K) s) B0 = (sL s * sL s) ^ K * P2 s B0 + P2 s (sb s) * dd K [sL s * sL s; 1].
Proof.
  intros HG Hq. induction K.
  - rewrite (proj2 (repeat_P_rec 0 s B0)), (proj1 (repeat_P_rec 0 s B0)), (proj1 (radius_rec 0 s B0)).
    simpl. ring.
  - rewrite (proj2 (repeat_P_rec (S K) s B0)), IHK, (repeat_range K s B0 HG), dd_S, dd_pow, pow1. simpl pow. ring.
Qed.
Theorem normalized_stack_bounded (s : summary) K B0 : sG s = 0 -> sq1 s = 0 -> sL s * sL s < 1 ->
  0 <= P2 s (sb s) ->
  P2 (s_repeat (S K) s) B0 <= Rmax (P2 s B0) (P2 s (sb s) / (1 - sL s * sL s)).
Proof.
  intros HG Hq Ha HA. set (a := sL s * sL s) in *. assert (0 <= a) by (unfold a; nra).
  set (M := Rmax (P2 s B0) (P2 s (sb s) / (1 - a))).
  assert (M1 : P2 s B0 <= M) by apply Rmax_l. assert (M2 : P2 s (sb s) / (1 - a) <= M) by apply Rmax_r.
  assert (M3 : P2 s (sb s) <= M * (1 - a)).
  { replace (P2 s (sb s)) with (P2 s (sb s) / (1 - a) * (1 - a)) by (field; lra).
    apply Rmult_le_compat_r; lra. }
  induction K.
  - rewrite (proj2 (repeat_P_rec 0 s B0)), (proj1 (repeat_P_rec 0 s B0)), (proj1 (radius_rec 0 s B0)). lra.
  - rewrite (proj2 (repeat_P_rec (S K) s B0)), (repeat_range K s B0 HG). fold a.
    apply Rmult_le_compat_l with (r := a) in IHK; auto. lra.
Qed.
