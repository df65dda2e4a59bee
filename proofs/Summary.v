(** Block summaries: one inequality for two pairs of input and parameters.

    A block maps an input, parameters used once, and shared parameters to an
    output. Its summary holds L, the envelope b0 + G|x|, the squared
    sensitivity q2 B^2 + q1 B + q0 of the parameters used once, and one
    sensitivity l1 B + l0 per shared group. B bounds the second input only. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips.
Import ListNotations.
Open Scope R_scope.

(** Parameters used once: a set with a distance. *)
Record pspace := { pt :> Type; pd : pt -> pt -> R;
  pd_ge0 : forall a b, 0 <= pd a b; pd_refl : forall a, pd a a = 0 }.
(** Shared parameters: finitely many groups, each with its distance. *)
Record sspace := { st :> Type; sn : nat; sd : nat -> st -> st -> R;
  sd_ge0 : forall g a b, 0 <= sd g a b; sd_refl : forall g a, sd g a a = 0 }.

Definition punit : pspace.
Proof. refine {| pt := unit; pd := fun _ _ => 0 |}; intros; lra. Defined.
Definition sunit : sspace.
Proof. refine {| st := unit; sn := 0; sd := fun _ _ _ => 0 |}; intros; lra. Defined.
(** Independent parameters: the Euclidean norm of the concatenation. *)
Definition pprod (A B : pspace) : pspace.
Proof.
  refine {| pt := (A * B)%type; pd := fun a b => h2 (pd A (fst a) (fst b)) (pd B (snd a) (snd b)) |}.
  - intros; apply h2_ge0.
  - intros. rewrite !pd_refl. apply h2_00.
Defined.
Definition pfam (K : nat) (A : pspace) : pspace.
Proof.
  refine {| pt := nat -> A; pd := fun a b => nrm K (fun i => pd A (a i) (b i)) |}.
  - intros; apply nrm_ge0.
  - intros. rewrite (nrm_ext _ _ v0) by (intros; apply pd_refl). apply nrm_0.
Defined.
(** Shared groups regarded as one parameter used once. *)
Definition pclose (A : pspace) (S : sspace) : pspace.
Proof.
  refine {| pt := (A * S)%type;
    pd := fun a b => h2 (pd A (fst a) (fst b)) (nrm (sn S) (fun g => sd S g (snd a) (snd b))) |}.
  - intros; apply h2_ge0.
  - intros. rewrite pd_refl, (nrm_ext _ _ v0), nrm_0 by (intros; apply sd_refl). apply h2_00.
Defined.

Record summary := { sL : R; sb : R; sG : R; sq2 : R; sq1 : R; sq0 : R; sl1 : nat -> R; sl0 : nat -> R }.
Definition P2 (s : summary) (B : R) : R := sq2 s * (B * B) + sq1 s * B + sq0 s.
Definition cS (s : summary) (g : nat) (B : R) : R := sl1 s g * B + sl0 s g.
Definition nonneg (s : summary) : Prop :=
  (0 <= sL s /\ 0 <= sb s /\ 0 <= sG s) /\ (0 <= sq2 s /\ 0 <= sq1 s /\ 0 <= sq0 s) /\
  (forall g, 0 <= sl1 s g /\ 0 <= sl0 s g).

Record sat (n m : nat) (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop)
  (f : vec -> T -> S -> vec) (s : summary) : Prop := {
  sat_nn : nonneg s;
  sat_two : forall x t u x' t' u' B, H x t u -> H x' t' u' -> nrm n x' <= B ->
    nrm m (vsub (f x t u) (f x' t' u')) <=
      sL s * nrm n (vsub x x') + sqrt (P2 s B) * pd T t t'
      + sm (sn S) (fun g => cS s g B * sd S g u u');
  sat_env : forall x t u, H x t u -> nrm m (f x t u) <= sb s + sG s * nrm n x }.

(** ** Tools *)
Lemma P2_ge0 s B : nonneg s -> 0 <= B -> 0 <= P2 s B.
Proof.
  intros (_ & (H1 & H2 & H3) & _) HB. unfold P2.
  assert (0 <= sq2 s * (B * B)) by (apply Rmult_le_pos; nra).
  assert (0 <= sq1 s * B) by (apply Rmult_le_pos; auto). lra.
Qed.
Lemma cS_ge0 s g B : nonneg s -> 0 <= B -> 0 <= cS s g B.
Proof.
  intros (_ & _ & H) HB. destruct (H g) as [H1 H2]. unfold cS.
  assert (0 <= sl1 s g * B) by (apply Rmult_le_pos; auto). lra.
Qed.
Lemma B_ge0 n x B : nrm n x <= B -> 0 <= B.
Proof. pose proof (nrm_ge0 n x). lra. Qed.

Lemma sqrt_cs P Q a b : 0 <= P -> 0 <= Q -> sqrt P * a + sqrt Q * b <= sqrt (P + Q) * h2 a b.
Proof.
  intros HP HQ. pose proof (h2_cs (sqrt P) (sqrt Q) a b) as H.
  unfold h2 at 1 in H. rewrite !sqrt_sqrt in H by auto. exact H.
Qed.
Lemma mul_sqrt L P : 0 <= L -> L * sqrt P = sqrt (L * L * P).
Proof. intros. rewrite sqrt_mult_alt by nra. rewrite sqrt_square by auto. reflexivity. Qed.

(** ** What a summary gives *)
Section Gives.
Variables (n m : nat) (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop)
  (f : vec -> T -> S -> vec) (s : summary).
Hypothesis Hs : sat n m T S H f s.

(** The input constant, on the set of inputs that meet the hypotheses. *)
Theorem summary_input t u : Lip n m (fun x => H x t u) (fun x => f x t u) (sL s).
Proof.
  intros x y Hx Hy.
  pose proof (sat_two _ _ _ _ _ _ _ Hs x t u y t u _ Hx Hy (Rle_refl _)) as Q.
  rewrite pd_refl in Q. rewrite (sm_ext _ _ (fun _ => 0)), sm_0 in Q by (intros; rewrite sd_refl; ring).
  lra.
Qed.

(** The parameter constant at inputs in a ball: P^2 = p^2 + sum of c_g^2. *)
Theorem summary_parameters x B t u t' u' : H x t u -> H x t' u' -> nrm n x <= B ->
  nrm m (vsub (f x t u) (f x t' u')) <=
  sqrt (P2 s B + dot (sn S) (fun g => cS s g B) (fun g => cS s g B)) * pd (pclose T S) (t, u) (t', u').
Proof.
  intros Hx Hy HB.
  pose proof (sat_two _ _ _ _ _ _ _ Hs x t u x t' u' B Hx Hy HB) as Q.
  rewrite nrm_sub_self, Rmult_0_r, Rplus_0_l in Q. eapply Rle_trans; [apply Q|].
  pose proof (B_ge0 _ _ _ HB) as B0. pose proof (sat_nn _ _ _ _ _ _ _ Hs) as NN.
  eapply Rle_trans; [|apply sqrt_cs; [apply P2_ge0; auto|apply dot_self_ge0]].
  simpl. apply Rplus_le_compat_l.
  apply (cs_le (sn S) (fun g => cS s g B) (fun g => sd S g u u')).
Qed.

(** Input and parameters jointly: J^2 = L^2 + P^2. *)
Theorem summary_joint x x' B t u t' u' : H x t u -> H x' t' u' -> nrm n x' <= B ->
  nrm m (vsub (f x t u) (f x' t' u')) <=
  sqrt (sL s * sL s + (P2 s B + dot (sn S) (fun g => cS s g B) (fun g => cS s g B)))
  * h2 (nrm n (vsub x x')) (pd (pclose T S) (t, u) (t', u')).
Proof.
  intros Hx Hy HB.
  pose proof (sat_two _ _ _ _ _ _ _ Hs x t u x' t' u' B Hx Hy HB) as Q.
  eapply Rle_trans; [apply Q|].
  pose proof (B_ge0 _ _ _ HB) as B0. pose proof (sat_nn _ _ _ _ _ _ _ Hs) as NN.
  pose proof (P2_ge0 s B NN B0). pose proof (dot_self_ge0 (sn S) (fun g => cS s g B)).
  assert (LL : 0 <= sL s) by apply NN.
  eapply Rle_trans; [|apply sqrt_cs; [nra|lra]].
  rewrite sqrt_square by auto. rewrite Rplus_assoc. apply Rplus_le_compat_l.
  eapply Rle_trans; [|apply sqrt_cs; [auto|apply dot_self_ge0]].
  simpl. apply Rplus_le_compat_l.
  apply (cs_le (sn S) (fun g => cS s g B) (fun g => sd S g u u')).
Qed.
End Gives.

(** ** Weakening and change of parameters *)
Definition s_le (s s' : summary) : Prop :=
  (sL s <= sL s' /\ sb s <= sb s' /\ sG s <= sG s') /\
  (sq2 s <= sq2 s' /\ sq1 s <= sq1 s' /\ sq0 s <= sq0 s') /\
  (forall g, sl1 s g <= sl1 s' g /\ sl0 s g <= sl0 s' g).

Lemma P2_mono s s' B : s_le s s' -> 0 <= B -> P2 s B <= P2 s' B.
Proof.
  intros (_ & (H1 & H2 & H3) & _) HB. unfold P2.
  assert (sq2 s * (B * B) <= sq2 s' * (B * B)) by (apply Rmult_le_compat_r; nra).
  assert (sq1 s * B <= sq1 s' * B) by (apply Rmult_le_compat_r; auto). lra.
Qed.
Lemma cS_mono s s' g B : s_le s s' -> 0 <= B -> cS s g B <= cS s' g B.
Proof.
  intros (_ & _ & H) HB. destruct (H g) as [H1 H2]. unfold cS.
  assert (sl1 s g * B <= sl1 s' g * B) by (apply Rmult_le_compat_r; auto). lra.
Qed.

Theorem sat_weaken n m (T : pspace) (S : sspace) (H H' : vec -> T -> S -> Prop) f s s' :
  (forall x t u, H' x t u -> H x t u) -> s_le s s' -> sat n m T S H f s -> sat n m T S H' f s'.
Proof.
  intros HH Hle Hs. pose proof (sat_nn _ _ _ _ _ _ _ Hs) as NN.
  pose proof Hle as ((A1 & A2 & A3) & (A4 & A5 & A6) & A7).
  split.
  - destruct NN as ((N1 & N2 & N3) & (N4 & N5 & N6) & N7).
    repeat split; try lra; destruct (A7 g), (N7 g); lra.
  - intros. assert (B0 : 0 <= B) by (eapply B_ge0; eauto).
    eapply Rle_trans; [apply (sat_two _ _ _ _ _ _ _ Hs _ _ _ _ _ _ B); auto|].
    repeat apply Rplus_le_compat.
    + apply Rmult_le_compat_r; [apply nrm_ge0|auto].
    + apply Rmult_le_compat_r; [apply pd_ge0|]. apply sqrt_le_1_alt. apply P2_mono; auto.
    + apply sm_le. intros. apply Rmult_le_compat_r; [apply sd_ge0|]. apply cS_mono; auto.
  - intros. eapply Rle_trans; [apply (sat_env _ _ _ _ _ _ _ Hs); eauto|].
    apply Rplus_le_compat; auto. apply Rmult_le_compat_r; [apply nrm_ge0|auto].
Qed.

(** Parameters read through a map that does not expand distances. *)
Theorem sat_param n m (T T' : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s (phi : T' -> T) :
  (forall a b, pd T (phi a) (phi b) <= pd T' a b) -> sat n m T S H f s ->
  sat n m T' S (fun x t u => H x (phi t) u) (fun x t u => f x (phi t) u) s.
Proof.
  intros Hp Hs. split; [apply Hs| |].
  - intros. assert (B0 : 0 <= B) by (eapply B_ge0; eauto).
    eapply Rle_trans; [apply (sat_two _ _ _ _ _ _ _ Hs _ _ _ _ _ _ B); eauto|].
    apply Rplus_le_compat_r, Rplus_le_compat_l. apply Rmult_le_compat_l; [apply sqrt_pos|auto].
  - intros. apply (sat_env _ _ _ _ _ _ _ Hs); auto.
Qed.

(** Equal functions on the hypotheses, coordinate by coordinate. *)
Theorem sat_ext n m (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f f' s :
  (forall x t u i, H x t u -> (i < m)%nat -> f x t u i = f' x t u i) ->
  sat n m T S H f s -> sat n m T S H f' s.
Proof.
  intros E Hs. split; [apply Hs| |].
  - intros. rewrite (nrm_ext m _ (vsub (f x t u) (f x' t' u'))) by (intros; unfold vsub; rewrite !E by auto; reflexivity).
    apply Hs; auto.
  - intros. rewrite (nrm_ext m _ (f x t u)) by (intros; rewrite E by auto; reflexivity). apply Hs; auto.
Qed.

(** ** Parameter-free blocks *)
Definition s_plain (L b G : R) : summary :=
  {| sL := L; sb := b; sG := G; sq2 := 0; sq1 := 0; sq0 := 0; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.

Theorem sat_plain n m (T : pspace) (S : sspace) (D : vec -> Prop) f L b G : 0 <= L -> 0 <= b -> 0 <= G ->
  Lip n m D f L -> Env n m D f b G ->
  sat n m T S (fun x _ _ => D x) (fun x _ _ => f x) (s_plain L b G).
Proof.
  intros HL Hb HG Hf He. split.
  - repeat split; simpl; lra.
  - intros. specialize (Hf x x' H H0). simpl.
    assert (0 <= sqrt (P2 (s_plain L b G) B) * pd T t t') by (apply Rmult_le_pos; [apply sqrt_pos|apply pd_ge0]).
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). lra.
  - intros. apply He; auto.
Qed.

Theorem sat_identity n (T : pspace) (S : sspace) : sat n n T S (fun _ _ _ => True) (fun x _ _ => x) (s_plain 1 0 1).
Proof.
  apply (sat_plain n n T S all (fun x => x)); try lra.
  - apply lip_id.
  - intros x _. lra.
Qed.

(** ** Series *)
Definition s_series (g f : summary) : summary :=
  {| sL := sL g * sL f; sb := sb g + sG g * sb f; sG := sG g * sG f;
     sq2 := sL g * sL g * sq2 f + sq2 g * (sG f * sG f);
     sq1 := sL g * sL g * sq1 f + (2 * sq2 g * sb f * sG f + sq1 g * sG f);
     sq0 := sL g * sL g * sq0 f + (sq2 g * (sb f * sb f) + sq1 g * sb f + sq0 g);
     sl1 := fun k => sL g * sl1 f k + sl1 g k * sG f;
     sl0 := fun k => sL g * sl0 f k + (sl1 g k * sb f + sl0 g k) |}.

Ltac nn := repeat first [apply Rplus_le_le_0_compat | apply Rmult_le_pos]; auto; try lra.

Theorem rule_series n m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n m Tf S Hf f sf -> sat m k Tg S Hg g sg ->
  sat n k (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg (f x (fst t) u) (snd t) u)
    (fun x t u => g (f x (fst t) u) (snd t) u) (s_series sg sf).
Proof.
  intros Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - repeat split; simpl; try (destruct (F7 g0), (G7 g0)); nn.
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0.
    assert (HR : nrm m (f x' t1' u') <= sb sf + sG sf * B).
    { eapply Rle_trans; [apply (sat_env _ _ _ _ _ _ _ Sf); auto|].
      apply Rplus_le_compat_l, Rmult_le_compat_l; auto. }
    pose proof (B_ge0 _ _ _ HR) as R0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t1 u x' t1' u' B H1 H1' HB) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg _ t2 u _ t2' u' _ H2 H2' HR) as Q2.
    set (R := sb sf + sG sf * B) in *.
    apply Rmult_le_compat_l with (r := sL sg) in Q1; auto.
    simpl fst; simpl snd. simpl pd. simpl (sL (s_series sg sf)).
    pose proof (P2_ge0 sf B Nf B0) as Pf. pose proof (P2_ge0 sg R Ng R0) as Pg.
    pose proof (sqrt_cs (sL sg * sL sg * P2 sf B) (P2 sg R) (pd Tf t1 t1') (pd Tg t2 t2')) as Q3.
    rewrite <- mul_sqrt in Q3 by auto.
    replace (sL sg * sL sg * P2 sf B + P2 sg R) with (P2 (s_series sg sf) B) in Q3
      by (unfold P2, R; simpl; ring).
    assert (Q4 : sm (sn S) (fun g0 => cS (s_series sg sf) g0 B * sd S g0 u u')
      = sL sg * sm (sn S) (fun g0 => cS sf g0 B * sd S g0 u u') + sm (sn S) (fun g0 => cS sg g0 R * sd S g0 u u')).
    { rewrite <- sm_scal, <- sm_plus. apply sm_ext. intros. unfold cS, R. simpl. ring. }
    rewrite Q4. assert (0 <= sL sg * sL sg * P2 sf B) by nn. specialize (Q3 H Pg). lra.
  - intros x [t1 t2] u [H1 H2]. simpl in *.
    pose proof (sat_env _ _ _ _ _ _ _ Sf x t1 u H1) as Q1.
    pose proof (sat_env _ _ _ _ _ _ _ Sg _ t2 u H2) as Q2.
    apply Rmult_le_compat_l with (r := sG sg) in Q1; auto. lra.
Qed.

(** ** Sum, scale, residual *)
Definition s_sum (f g : summary) : summary :=
  {| sL := sL f + sL g; sb := sb f + sb g; sG := sG f + sG g;
     sq2 := sq2 f + sq2 g; sq1 := sq1 f + sq1 g; sq0 := sq0 f + sq0 g;
     sl1 := fun k => sl1 f k + sl1 g k; sl0 := fun k => sl0 f k + sl0 g k |}.

Theorem rule_sum n m (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n m Tf S Hf f sf -> sat n m Tg S Hg g sg ->
  sat n m (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg x (snd t) u)
    (fun x t u => vadd (f x (fst t) u) (g x (snd t) u)) (s_sum sf sg).
Proof.
  intros Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - repeat split; simpl; try (destruct (F7 g0), (G7 g0)); nn.
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t1 u x' t1' u' B H1 H1' HB) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg x t2 u x' t2' u' B H2 H2' HB) as Q2.
    simpl fst; simpl snd. simpl pd. simpl (sL (s_sum sf sg)).
    rewrite (nrm_ext m _ (vadd (vsub (f x t1 u) (f x' t1' u')) (vsub (g x t2 u) (g x' t2' u'))))
      by (intros; unfold vsub, vadd; ring).
    eapply Rle_trans; [apply nrm_triangle|].
    pose proof (P2_ge0 sf B Nf B0) as Pf. pose proof (P2_ge0 sg B Ng B0) as Pg.
    pose proof (sqrt_cs (P2 sf B) (P2 sg B) (pd Tf t1 t1') (pd Tg t2 t2') Pf Pg) as Q3.
    replace (P2 sf B + P2 sg B) with (P2 (s_sum sf sg) B) in Q3 by (unfold P2; simpl; ring).
    assert (Q4 : sm (sn S) (fun g0 => cS (s_sum sf sg) g0 B * sd S g0 u u')
      = sm (sn S) (fun g0 => cS sf g0 B * sd S g0 u u') + sm (sn S) (fun g0 => cS sg g0 B * sd S g0 u u')).
    { rewrite <- sm_plus. apply sm_ext. intros. unfold cS. simpl. ring. }
    rewrite Q4. lra.
  - intros x [t1 t2] u [H1 H2]. simpl in *. eapply Rle_trans; [apply nrm_triangle|].
    pose proof (sat_env _ _ _ _ _ _ _ Sf x t1 u H1) as Q1.
    pose proof (sat_env _ _ _ _ _ _ _ Sg _ t2 u H2) as Q2. lra.
Qed.

Definition s_scale (a : R) (f : summary) : summary :=
  {| sL := a * sL f; sb := a * sb f; sG := a * sG f;
     sq2 := a * a * sq2 f; sq1 := a * a * sq1 f; sq0 := a * a * sq0 f;
     sl1 := fun k => a * sl1 f k; sl0 := fun k => a * sl0 f k |}.

Theorem rule_scale n m (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s a : sat n m T S H f s ->
  sat n m T S H (fun x t u => vscal a (f x t u)) (s_scale (Rabs a) s).
Proof.
  intros Sf. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (Rabs_pos a) as Ha.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  split.
  - repeat split; simpl; try (destruct (F7 g)); nn.
  - intros x t u x' t' u' B H1 H1' HB.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t u x' t' u' B H1 H1' HB) as Q1.
    rewrite (nrm_ext m _ (vscal a (vsub (f x t u) (f x' t' u')))) by (intros; unfold vsub, vscal; ring).
    rewrite nrm_scal. apply Rmult_le_compat_l with (r := Rabs a) in Q1; auto.
    eapply Rle_trans; [apply Q1|]. right.
    replace (P2 (s_scale (Rabs a) s) B) with (Rabs a * Rabs a * P2 s B) by (unfold P2; simpl; ring).
    rewrite <- mul_sqrt by auto.
    rewrite (sm_ext (sn S) (fun g => cS (s_scale (Rabs a) s) g B * sd S g u u')
      (fun g => Rabs a * (cS s g B * sd S g u u'))) by (intros; unfold cS; simpl; ring).
    rewrite sm_scal. simpl. ring.
  - intros. rewrite nrm_scal. pose proof (sat_env _ _ _ _ _ _ _ Sf x t u H0) as Q1.
    apply Rmult_le_compat_l with (r := Rabs a) in Q1; auto. simpl. lra.
Qed.

Definition s_residual (a : R) (f : summary) : summary :=
  {| sL := 1 + a * sL f; sb := a * sb f; sG := 1 + a * sG f;
     sq2 := a * a * sq2 f; sq1 := a * a * sq1 f; sq0 := a * a * sq0 f;
     sl1 := fun k => a * sl1 f k; sl0 := fun k => a * sl0 f k |}.

Theorem rule_residual n (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s a : sat n n T S H f s ->
  sat n n T S H (fun x t u => vadd x (vscal a (f x t u))) (s_residual (Rabs a) s).
Proof.
  intros Sf. pose proof (rule_scale _ _ _ _ _ _ _ a Sf) as Sa.
  pose proof (rule_sum _ _ punit _ _ _ _ _ _ _ _ (sat_identity n punit S) Sa) as Q.
  pose proof (sat_param _ _ _ T S _ _ _ (fun t : T => ((tt, t) : pprod punit T)) ltac:(intros; simpl; apply h2_le; [apply pd_ge0|lra]) Q) as Q'.
  simpl in Q'. eapply sat_weaken; [| |exact Q'].
  - intros. simpl. auto.
  - repeat split; simpl; lra.
Qed.

(** ** Concatenation *)
Definition s_concat (f g : summary) : summary :=
  {| sL := h2 (sL f) (sL g); sb := h2 (sb f) (sb g); sG := h2 (sG f) (sG g);
     sq2 := Rmax (sq2 f) (sq2 g); sq1 := Rmax (sq1 f) (sq1 g); sq0 := Rmax (sq0 f) (sq0 g);
     sl1 := fun k => h2 (sl1 f k) (sl1 g k); sl0 := fun k => h2 (sl0 f k) (sl0 g k) |}.

Lemma P2_max f g s B : sq2 s = Rmax (sq2 f) (sq2 g) -> sq1 s = Rmax (sq1 f) (sq1 g) ->
  sq0 s = Rmax (sq0 f) (sq0 g) -> 0 <= B -> P2 f B <= P2 s B /\ P2 g B <= P2 s B.
Proof.
  intros E2 E1 E0 HB. unfold P2. rewrite E2, E1, E0.
  assert (0 <= B * B) by nra.
  split; apply Rplus_le_compat; try apply Rmax_l; try apply Rmax_r;
  apply Rplus_le_compat; apply Rmult_le_compat_r; auto; try apply Rmax_l; apply Rmax_r.
Qed.

Lemma h2_triangle3 a b c a' b' c' : h2 (a + b + c) (a' + b' + c') <= h2 a a' + h2 b b' + h2 c c'.
Proof. eapply Rle_trans; [apply h2_triangle|]. pose proof (h2_triangle a a' b b'). lra. Qed.

Lemma h2_max_le p q M a b : 0 <= p <= M -> 0 <= q <= M -> 0 <= a -> 0 <= b ->
  h2 (p * a) (q * b) <= M * h2 a b.
Proof.
  intros. rewrite <- h2_scal by lra.
  apply h2_mono; split; try (apply Rmult_le_pos; lra); apply Rmult_le_compat_r; lra.
Qed.

(** Both parts of a two-part output, for concatenation and parallel blocks. *)
Lemma shared_h2 (S : sspace) cf cg c u u' : (forall g, 0 <= cf g) -> (forall g, 0 <= cg g) ->
  (forall g, h2 (cf g) (cg g) <= c g) ->
  h2 (sm (sn S) (fun g => cf g * sd S g u u')) (sm (sn S) (fun g => cg g * sd S g u u'))
  <= sm (sn S) (fun g => c g * sd S g u u').
Proof.
  intros. eapply Rle_trans; [apply h2_sum|]. apply sm_le. intros g Hg.
  rewrite !(Rmult_comm _ (sd S g u u')), h2_scal by apply sd_ge0.
  apply Rmult_le_compat_l; [apply sd_ge0|auto].
Qed.

Lemma cS_h2 sf sg s g B : 0 <= B -> nonneg sf -> nonneg sg ->
  sl1 s g = h2 (sl1 sf g) (sl1 sg g) -> sl0 s g = h2 (sl0 sf g) (sl0 sg g) ->
  h2 (cS sf g B) (cS sg g B) <= cS s g B.
Proof.
  intros HB Nf Ng E1 E0. unfold cS. rewrite E1, E0.
  eapply Rle_trans; [apply h2_triangle|]. rewrite !(Rmult_comm _ B), h2_scal by auto. lra.
Qed.

Lemma Rmax_ge0 a b : 0 <= a -> 0 <= Rmax a b.
Proof. intros. eapply Rle_trans; [eassumption|apply Rmax_l]. Qed.

Lemma two_ge0 n m (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s x t u x' t' u' B : sat n m T S H f s -> H x t u -> H x' t' u' ->
  nrm n x' <= B -> 0 <= sL s * nrm n (vsub x x') + sqrt (P2 s B) * pd T t t'
      + sm (sn S) (fun g => cS s g B * sd S g u u').
Proof.
  intros Hs H1 H2 HB. eapply Rle_trans; [apply nrm_ge0|].
  apply (sat_two _ _ _ _ _ _ _ Hs x t u x' t' u' B); auto.
Qed.

Theorem rule_concat n m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n m Tf S Hf f sf -> sat n k Tg S Hg g sg ->
  sat n (m + k) (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg x (snd t) u)
    (fun x t u => vcat m (f x (fst t) u) (g x (snd t) u)) (s_concat sf sg).
Proof.
  intros Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - repeat split; simpl; try apply h2_ge0; try (apply Rmax_ge0; auto).
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t1 u x' t1' u' B H1 H1' HB) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg x t2 u x' t2' u' B H2 H2' HB) as Q2.
    simpl fst; simpl snd. simpl pd. rewrite nrm_cat_sub.
    eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Q1|apply nrm_ge0|apply Q2]|].
    eapply Rle_trans; [apply h2_triangle3|].
    destruct (P2_max sf sg (s_concat sf sg) B eq_refl eq_refl eq_refl B0) as [M1 M2].
    apply sqrt_le_1_alt in M1. apply sqrt_le_1_alt in M2.
    repeat apply Rplus_le_compat.
    + rewrite !(Rmult_comm _ (nrm n (vsub x x'))), h2_scal by apply nrm_ge0. simpl. lra.
    + apply h2_max_le; try split; auto using sqrt_pos, pd_ge0.
    + apply shared_h2; intros; try (apply cS_ge0; auto). apply cS_h2; auto.
  - intros x [t1 t2] u [H1 H2]. simpl in *. rewrite nrm_cat.
    pose proof (sat_env _ _ _ _ _ _ _ Sf x t1 u H1) as Q1.
    pose proof (sat_env _ _ _ _ _ _ _ Sg _ t2 u H2) as Q2.
    eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Q1|apply nrm_ge0|apply Q2]|].
    eapply Rle_trans; [apply h2_triangle|]. apply Rplus_le_compat_l.
    rewrite !(Rmult_comm _ (nrm n x)), h2_scal by apply nrm_ge0. lra.
Qed.

(** ** Parallel blocks on separate inputs *)
Definition s_parallel (f g : summary) : summary :=
  {| sL := Rmax (sL f) (sL g); sb := h2 (sb f) (sb g); sG := Rmax (sG f) (sG g);
     sq2 := Rmax (sq2 f) (sq2 g); sq1 := Rmax (sq1 f) (sq1 g); sq0 := Rmax (sq0 f) (sq0 g);
     sl1 := fun k => h2 (sl1 f k) (sl1 g k); sl0 := fun k => h2 (sl0 f k) (sl0 g k) |}.

Theorem rule_parallel n1 n2 m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n1 m Tf S Hf f sf -> sat n2 k Tg S Hg g sg ->
  sat (n1 + n2) (m + k) (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg (vdrop n1 x) (snd t) u)
    (fun x t u => vcat m (f x (fst t) u) (g (vdrop n1 x) (snd t) u)) (s_parallel sf sg).
Proof.
  intros Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  assert (SP : forall z, nrm n1 z <= nrm (n1 + n2) z /\ nrm n2 (vdrop n1 z) <= nrm (n1 + n2) z).
  { intros z. rewrite (nrm_split n1 n2 z). split; [apply h2_l, nrm_ge0|].
    rewrite h2_sym. apply h2_l, nrm_ge0. }
  split.
  - repeat split; simpl; try apply h2_ge0; try (apply Rmax_ge0; auto).
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0. destruct (SP x') as [SP1 SP2].
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t1 u x' t1' u' B H1 H1' (Rle_trans _ _ _ SP1 HB)) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg _ t2 u _ t2' u' B H2 H2' (Rle_trans _ _ _ SP2 HB)) as Q2.
    simpl fst; simpl snd. simpl pd. rewrite nrm_cat_sub.
    eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Q1|apply nrm_ge0|apply Q2]|].
    eapply Rle_trans; [apply h2_triangle3|].
    destruct (P2_max sf sg (s_parallel sf sg) B eq_refl eq_refl eq_refl B0) as [M1 M2].
    apply sqrt_le_1_alt in M1. apply sqrt_le_1_alt in M2.
    repeat apply Rplus_le_compat.
    + rewrite (nrm_split n1 n2 (vsub x x')). simpl sL.
      apply h2_max_le; try split; auto using nrm_ge0; [apply Rmax_l|apply Rmax_r].
    + apply h2_max_le; try split; auto using sqrt_pos, pd_ge0.
    + apply shared_h2; intros; try (apply cS_ge0; auto). apply cS_h2; auto.
  - intros x [t1 t2] u [H1 H2]. simpl in *. rewrite nrm_cat.
    pose proof (sat_env _ _ _ _ _ _ _ Sf x t1 u H1) as Q1.
    pose proof (sat_env _ _ _ _ _ _ _ Sg _ t2 u H2) as Q2.
    eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Q1|apply nrm_ge0|apply Q2]|].
    eapply Rle_trans; [apply h2_triangle|]. apply Rplus_le_compat_l.
    rewrite (nrm_split n1 n2 x).
    apply h2_max_le; try split; auto using nrm_ge0; [apply Rmax_l|apply Rmax_r].
Qed.

(** ** Product of two blocks on the same input, bounded in sup norm *)
Definition supb (m : nat) (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop)
  (f : vec -> T -> S -> vec) (F : R) : Prop :=
  forall x t u i, H x t u -> (i < m)%nat -> Rabs (f x t u i) <= F.

Definition s_product (F Ga : R) (f g : summary) : summary :=
  {| sL := F * sL g + Ga * sL f; sb := F * sb g; sG := F * sG g;
     sq2 := F * F * sq2 g + Ga * Ga * sq2 f; sq1 := F * F * sq1 g + Ga * Ga * sq1 f;
     sq0 := F * F * sq0 g + Ga * Ga * sq0 f;
     sl1 := fun k => F * sl1 g k + Ga * sl1 f k; sl0 := fun k => F * sl0 g k + Ga * sl0 f k |}.

Theorem rule_product n m (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg F Ga :
  0 <= F -> 0 <= Ga -> supb m Tf S Hf f F -> supb m Tg S Hg g Ga ->
  sat n m Tf S Hf f sf -> sat n m Tg S Hg g sg ->
  sat n m (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg x (snd t) u)
    (fun x t u => vmul (f x (fst t) u) (g x (snd t) u)) (s_product F Ga sf sg).
Proof.
  intros HF HG Bf Bg Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - repeat split; simpl; try (destruct (F7 g0), (G7 g0)); nn.
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t1 u x' t1' u' B H1 H1' HB) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg x t2 u x' t2' u' B H2 H2' HB) as Q2.
    simpl fst; simpl snd. simpl pd. simpl (sL (s_product F Ga sf sg)).
    rewrite (nrm_ext m _ (vadd (vmul (f x t1 u) (vsub (g x t2 u) (g x' t2' u')))
      (vmul (g x' t2' u') (vsub (f x t1 u) (f x' t1' u'))))) by (intros; unfold vsub, vadd, vmul; ring).
    eapply Rle_trans; [apply nrm_triangle|].
    pose proof (nrm_mul_le m F (f x t1 u) (vsub (g x t2 u) (g x' t2' u')) HF (fun i => Bf x t1 u i H1)) as U1.
    pose proof (nrm_mul_le m Ga (g x' t2' u') (vsub (f x t1 u) (f x' t1' u')) HG (fun i => Bg x' t2' u' i H2')) as U2.
    apply Rmult_le_compat_l with (r := Ga) in Q1; auto.
    apply Rmult_le_compat_l with (r := F) in Q2; auto.
    pose proof (P2_ge0 sf B Nf B0) as Pf. pose proof (P2_ge0 sg B Ng B0) as Pg.
    pose proof (sqrt_cs (Ga * Ga * P2 sf B) (F * F * P2 sg B) (pd Tf t1 t1') (pd Tg t2 t2')
       ltac:(nn) ltac:(nn)) as Q3.
    rewrite <- !mul_sqrt in Q3 by auto.
    replace (Ga * Ga * P2 sf B + F * F * P2 sg B) with (P2 (s_product F Ga sf sg) B) in Q3
      by (unfold P2; simpl; ring).
    assert (Q4 : sm (sn S) (fun g0 => cS (s_product F Ga sf sg) g0 B * sd S g0 u u')
      = F * sm (sn S) (fun g0 => cS sg g0 B * sd S g0 u u') + Ga * sm (sn S) (fun g0 => cS sf g0 B * sd S g0 u u')).
    { rewrite <- !sm_scal, <- sm_plus. apply sm_ext. intros. unfold cS. simpl. ring. }
    rewrite Q4. lra.
  - intros x [t1 t2] u [H1 H2]. simpl in *.
    eapply Rle_trans; [apply (nrm_mul_le m F); auto; intros; apply (Bf x t1 u); auto|].
    pose proof (sat_env _ _ _ _ _ _ _ Sg x t2 u H2) as Q2.
    apply Rmult_le_compat_l with (r := F) in Q2; auto. lra.
Qed.

(** ** Row lift: the same block on each of r rows *)
Definition liftrows (d e : nat) (f : vec -> vec) (x : vec) : vec :=
  fun i => f (row d (i / e) x) (i mod e)%nat.

Lemma row_lift d e f x r i : (i < e)%nat -> row e r (liftrows d e f x) i = f (row d r x) i.
Proof.
  intros Hi. unfold row, liftrows.
  rewrite Nat.add_comm, Nat.mod_add, Nat.mod_small, Nat.div_add, Nat.div_small by lia.
  reflexivity.
Qed.

Definition s_rows (N : nat) (s : summary) : summary :=
  let r := sqrt (INR N) in
  {| sL := sL s; sb := r * sb s; sG := sG s;
     sq2 := sq2 s; sq1 := r * sq1 s; sq0 := INR N * sq0 s;
     sl1 := sl1 s; sl0 := fun g => r * sl0 s g |}.

Lemma rows_P2 N d s x' B : nonneg s -> nrm (N * d) x' <= B ->
  nrm N (fun r => sqrt (P2 s (nrm d (row d r x')))) <= sqrt (P2 (s_rows N s) B).
Proof.
  intros NN HB. pose proof (B_ge0 _ _ _ HB) as B0. apply sqrt_le_1_alt. unfold dot.
  rewrite (sm_ext N _ (fun r => sq2 s * (nrm d (row d r x') * nrm d (row d r x')) +
      (sq1 s * nrm d (row d r x') + sq0 s))).
  2:{ intros. rewrite sqrt_sqrt by (apply P2_ge0; auto using nrm_ge0). unfold P2. ring. }
  rewrite sm_plus, sm_scal, sm_plus, sm_scal, sm_const. unfold P2. simpl.
  destruct NN as (_ & (N4 & N5 & N6) & _).
  assert (E : sm N (fun i => nrm d (row d i x') * nrm d (row d i x')) <= B * B).
  { change (sm N (fun i => nrm d (row d i x') * nrm d (row d i x')))
      with (dot N (fun i => nrm d (row d i x')) (fun i => nrm d (row d i x'))).
    rewrite <- nrm_sq, <- nrm_rows. pose proof (nrm_ge0 (N * d) x'). nra. }
  assert (E' : sm N (fun i => nrm d (row d i x')) <= sqrt (INR N) * B).
  { eapply Rle_trans; [apply sum_le_sqrt_nrm|]. rewrite <- nrm_rows.
    apply Rmult_le_compat_l; [apply sqrt_pos|auto]. }
  apply Rmult_le_compat_l with (r := sq2 s) in E; auto.
  apply Rmult_le_compat_l with (r := sq1 s) in E'; auto. lra.
Qed.

Lemma rows_cS N d s g x' B : nonneg s -> nrm (N * d) x' <= B ->
  nrm N (fun r => cS s g (nrm d (row d r x'))) <= cS (s_rows N s) g B.
Proof.
  intros NN HB. destruct NN as (_ & _ & N7). destruct (N7 g) as [A1 A0].
  eapply Rle_trans; [apply (nrm_triangle N (fun r => sl1 s g * nrm d (row d r x')) (fun _ => sl0 s g))|].
  rewrite nrm_const, (Rabs_pos_eq _ A0). unfold cS. simpl. apply Rplus_le_compat_r.
  change (fun r => sl1 s g * nrm d (row d r x')) with (vscal (sl1 s g) (fun r => nrm d (row d r x'))).
  rewrite nrm_scal, Rabs_pos_eq, <- nrm_rows by auto. apply Rmult_le_compat_l; auto.
Qed.

Theorem rule_rows N d e (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s : sat d e T S H f s ->
  sat (N * d) (N * e) T S (fun x t u => forall r, (r < N)%nat -> H (row d r x) t u)
    (fun x t u => liftrows d e (fun y => f y t u) x) (s_rows N s).
Proof.
  intros Sf. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof (sqrt_pos (INR N)) as HN. pose proof (pos_INR N) as HN'.
  split.
  - repeat split; simpl; try (destruct (F7 g)); nn.
  - intros x t u x' t' u' B H1 H1' HB. rewrite nrm_rows.
    set (c := fun r => sm (sn S) (fun g => cS s g (nrm d (row d r x')) * sd S g u u')).
    eapply Rle_trans.
    + apply (minkowski3 N (vscal (sL s) (fun r => nrm d (row d r (vsub x x'))))
        (fun r => sqrt (P2 s (nrm d (row d r x'))) * pd T t t') c).
      intros r Hr. split; [apply nrm_ge0|].
      rewrite (nrm_ext e _ (vsub (f (row d r x) t u) (f (row d r x') t' u'))).
      * apply (sat_two _ _ _ _ _ _ _ Sf); auto. lra.
      * intros i Hi.
        change (row e r (liftrows d e (fun y => f y t u) x) i - row e r (liftrows d e (fun y => f y t' u') x') i
          = f (row d r x) t u i - f (row d r x') t' u' i).
        rewrite !row_lift by auto. reflexivity.
    + repeat apply Rplus_le_compat.
      * rewrite nrm_scal, Rabs_pos_eq, <- nrm_rows by auto. simpl. lra.
      * rewrite (nrm_ext N _ (vscal (pd T t t') (fun r => sqrt (P2 s (nrm d (row d r x'))))))
          by (intros; unfold vscal; ring).
        rewrite nrm_scal, Rabs_pos_eq, Rmult_comm by apply pd_ge0.
        apply Rmult_le_compat_r; [apply pd_ge0|]. apply rows_P2; auto.
      * eapply Rle_trans; [apply (nrm_sum N (sn S) (fun g r => cS s g (nrm d (row d r x')) * sd S g u u'))|].
        apply sm_le. intros g Hg.
        rewrite (nrm_ext N _ (vscal (sd S g u u') (fun r => cS s g (nrm d (row d r x')))))
          by (intros; unfold vscal; ring).
        rewrite nrm_scal, Rabs_pos_eq, Rmult_comm by apply sd_ge0.
        apply Rmult_le_compat_r; [apply sd_ge0|]. apply rows_cS; auto.
  - intros x t u H1. rewrite nrm_rows.
    apply Rle_trans with (nrm N (vadd (fun _ => sb s) (vscal (sG s) (fun r => nrm d (row d r x))))).
    + apply nrm_mono. intros r Hr. rewrite Rabs_pos_eq by apply nrm_ge0.
      rewrite (nrm_ext e _ (f (row d r x) t u)) by (intros i Hi; apply (row_lift d e (fun y => f y t u)); auto).
      eapply Rle_trans; [apply (sat_env _ _ _ _ _ _ _ Sf); auto|]. apply Rle_abs.
    + eapply Rle_trans; [apply nrm_triangle|]. rewrite nrm_const, nrm_scal, !Rabs_pos_eq, <- nrm_rows by auto.
      simpl. lra.
Qed.

(** ** Closing a sharing scope: shared groups become parameters used once *)
Definition s_close (N : nat) (s : summary) : summary :=
  {| sL := sL s; sb := sb s; sG := sG s;
     sq2 := sq2 s + sm N (fun g => sl1 s g * sl1 s g);
     sq1 := sq1 s + sm N (fun g => 2 * (sl1 s g * sl0 s g));
     sq0 := sq0 s + sm N (fun g => sl0 s g * sl0 s g);
     sl1 := fun _ => 0; sl0 := fun _ => 0 |}.

Theorem rule_close n m (T : pspace) (S S' : sspace) (H : vec -> T -> S -> Prop) f s : sat n m T S H f s ->
  sat n m (pclose T S) S' (fun x t _ => H x (fst t) (snd t)) (fun x t _ => f x (fst t) (snd t))
    (s_close (sn S) s).
Proof.
  intros Sf. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  split.
  - repeat split; simpl; nn; apply sm_ge0; intros; destruct (F7 i); nn.
  - intros x [t u] w x' [t' u'] w' B H1 H1' HB. cbv beta in *. simpl fst in *. simpl snd in *.
    pose proof (B_ge0 _ _ _ HB) as B0.
    eapply Rle_trans; [apply (sat_two _ _ _ _ _ _ _ Sf x t u x' t' u' B H1 H1' HB)|].
    rewrite (sm_ext (sn S') _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring).
    rewrite Rplus_0_r, Rplus_assoc. apply Rplus_le_compat_l.
    replace (P2 (s_close (sn S) s) B) with (P2 s B + dot (sn S) (fun g => cS s g B) (fun g => cS s g B)).
    + eapply Rle_trans; [|apply sqrt_cs; [apply P2_ge0; auto|apply dot_self_ge0]].
      simpl. apply Rplus_le_compat_l. apply (cs_le (sn S) (fun g => cS s g B) (fun g => sd S g u u')).
    + unfold P2, dot, cS. simpl.
      rewrite (sm_ext (sn S) (fun i => (sl1 s i * B + sl0 s i) * (sl1 s i * B + sl0 s i))
        (fun i => (B * B) * (sl1 s i * sl1 s i) + (B * (2 * (sl1 s i * sl0 s i)) + sl0 s i * sl0 s i)))
        by (intros; ring).
      rewrite !sm_plus, !sm_scal. ring.
  - intros. apply (sat_env _ _ _ _ _ _ _ Sf); auto.
Qed.
