(** Soundness of the checker: a network that it accepts is well-formed, and the claims are the coefficients of its summary. *)
From Coq Require Import Reals Lra Lia List PeanoNat BinPos NArith ZArith Bool FMapPositive.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs MeanValue Networks Summaries Terms Checker.
Import ListNotations.
Open Scope R_scope.

Ltac split_andb := repeat match goal with H : (_ && _)%bool = true |- _ => apply andb_true_iff in H; destruct H end.

(** ** Dimensions *)
Lemma deq_sound E a : forall b, deq a b = true -> dval E a = dval E b.
Proof.
  induction a; intros b Hb; destruct b; simpl in Hb; try discriminate.
  - apply N.eqb_eq in Hb. subst. reflexivity.
  - apply Pos.eqb_eq in Hb. subst. reflexivity.
  - apply orb_true_iff in Hb. destruct Hb as [Hb|Hb]; apply andb_true_iff in Hb; destruct Hb as [X Y];
      apply IHa1 in X; apply IHa2 in Y; simpl; lia.
  - apply orb_true_iff in Hb. destruct Hb as [Hb|Hb]; apply andb_true_iff in Hb; destruct Hb as [X Y];
      apply IHa1 in X; apply IHa2 in Y; simpl; rewrite X, Y; lia.
  - apply andb_true_iff in Hb. destruct Hb as [X Y]. apply IHa1 in X. apply IHa2 in Y. simpl. congruence.
  - apply andb_true_iff in Hb. destruct Hb as [X Y]. apply IHa1 in X. apply IHa2 in Y. simpl. congruence.
Qed.
Lemma same_sound E a b : same a b = true -> dval E a = dval E b.
Proof. intros H. rewrite <- (dsimp_sound E a), <- (dsimp_sound E b). apply deq_sound, H. Qed.
Lemma dfree_sound x k E d : dfree x d = true -> dval (set_nat E x k) d = dval E d.
Proof.
  induction d; simpl; intros H; try (apply andb_true_iff in H; destruct H; rewrite IHd1, IHd2 by auto); auto.
  rewrite negb_true_iff in H. rewrite H. reflexivity.
Qed.
Lemma dlen_sound E sh : dval E (dlen sh) = len E sh.
Proof. reflexivity. Qed.
Lemma same_rows_sound E a b : same_rows a b = true -> rows E a = rows E b.
Proof.
  unfold same_rows. rewrite orb_true_iff, andb_true_iff. intros [[H1 H2]|H].
  - unfold rows. rewrite (same_sound E _ _ H1), (same_sound E _ _ H2). reflexivity.
  - apply (same_sound E _ _ H).
Qed.
Lemma same_shape_sound E a b : same_shape a b = true -> len E a = len E b.
Proof.
  unfold same_shape. rewrite andb_true_iff. intros [H1 H2]. unfold len.
  rewrite (same_rows_sound E _ _ H1), (same_sound E _ _ H2). reflexivity.
Qed.
Lemma shape_free_sound x k E sh : shape_free x sh = true -> len (set_nat E x k) sh = len E sh.
Proof. unfold shape_free. intros H. split_andb. unfold len, rows. rewrite !dfree_sound by auto. reflexivity. Qed.

(** ** Shared groups *)
Lemma at_unlisted a g : listed a g = false -> at_group a g = (zero, zero).
Proof.
  induction a as [|[h x] a IH]; simpl; auto. intros H. apply orb_false_iff in H. destruct H as [H1 H2].
  simpl in H1. rewrite H1. auto.
Qed.
Lemma at_app a b g : at_group (a ++ b) g = if listed a g then at_group a g else at_group b g.
Proof.
  induction a as [|[h x] a IH]; simpl; auto. destruct (Nat.eqb h g); simpl; auto.
Qed.
Lemma at_map (F : nat -> pat * pat -> pat * pat) a g :
  at_group (map (fun x => (fst x, F (fst x) (snd x))) a) g = if listed a g then F g (at_group a g) else (zero, zero).
Proof.
  induction a as [|[h x] a IH]; simpl; auto. destruct (Nat.eqb h g) eqn:E; simpl; auto.
  apply Nat.eqb_eq in E. subst. reflexivity.
Qed.
Lemma listed_map (F : nat -> pat * pat -> pat * pat) a g : listed (map (fun x => (fst x, F (fst x) (snd x))) a) g = listed a g.
Proof. induction a as [|[h x] a IH]; simpl; auto. unfold listed in *. simpl. rewrite IH. reflexivity. Qed.
Lemma at_filter (p : nat -> bool) a g :
  at_group (filter (fun y => p (fst y)) a) g = if p g then at_group a g else (zero, zero).
Proof.
  induction a as [|[h x] a IH]; simpl; [destruct (p g); auto|].
  destruct (p h) eqn:Ph; simpl; destruct (Nat.eqb h g) eqn:E; auto; apply Nat.eqb_eq in E; subst; rewrite Ph in *; auto.
Qed.
Lemma listed_filter (p : nat -> bool) a g : listed (filter (fun y => p (fst y)) a) g = p g && listed a g.
Proof.
  unfold listed. induction a as [|[h x] a IH]; simpl; [destruct (p g); auto|].
  destruct (p h) eqn:Ph; simpl; rewrite IH; destruct (Nat.eqb h g) eqn:E; simpl; auto; apply Nat.eqb_eq in E; subst; rewrite Ph; auto.
Qed.
Lemma at_join j a b g : at_group (join j a b) g =
  if listed a g || listed b g then j (at_group a g) (at_group b g) else (zero, zero).
Proof.
  unfold join. rewrite at_app.
  rewrite (listed_map (fun h x => j x (at_group b h)) a g), (at_map (fun h x => j x (at_group b h)) a g).
  destruct (listed a g) eqn:La; simpl; auto.
  rewrite (at_map (fun _ y => j (zero, zero) y)).
  rewrite (listed_filter (fun h => negb (listed a h))), (at_filter (fun h => negb (listed a h))), La. simpl.
  rewrite (at_unlisted a g La). reflexivity.
Qed.
Lemma join_rel (Q : pat * pat -> pat * pat -> pat * pat -> Prop) j a b g : (forall x y, Q x y (j x y)) ->
  Q (zero, zero) (zero, zero) (zero, zero) -> Q (at_group a g) (at_group b g) (at_group (join j a b) g).
Proof.
  intros Hj H0. rewrite at_join. destruct (listed a g || listed b g) eqn:E; auto.
  apply orb_false_iff in E. destruct E as [E1 E2]. rewrite !at_unlisted by auto. exact H0.
Qed.
Lemma each_rel (Q : pat * pat -> pat * pat -> Prop) j a g : (forall x, Q x (j x)) ->
  Q (zero, zero) (zero, zero) -> Q (at_group a g) (at_group (each j a) g).
Proof.
  intros Hj H0. unfold each. rewrite (at_map (fun _ x => j x)). destruct (listed a g) eqn:E; auto.
  rewrite at_unlisted by auto. exact H0.
Qed.

(** ** Rules *)
Section Rules.
Variable v : value.
Notation P E := (pval v E).
Lemma p_zero E : P E zero = 0. Proof. unfold zero. simpl. unfold num. simpl. lra. Qed.
Lemma p_one E : P E one = 1. Proof. unfold one. simpl. unfold num. simpl. lra. Qed.
Lemma p_two E : P E two = 2. Proof. unfold two. simpl. unfold num. simpl. lra. Qed.
Global Opaque zero one two.

Definition rel E (p : psum) (s : summary) : Prop :=
  sL s = P E (pL p) /\
  match pA p with Some (b, G) => sb s = P E b /\ sG s = P E G | None => True end /\
  match pQ p with
  | Some a => (sq2 s = P E (q2 a) /\ sq1 s = P E (q1 a) /\ sq0 s = P E (q0 a)) /\
              (forall g, sl1 s g = P E (fst (at_group (qs a) g)) /\ sl0 s g = P E (snd (at_group (qs a) g)))
  | None => True end.
Definition rel_o E (p : opat) (x : option R) : Prop :=
  match p with Unknown => True | Absent => x = None | Known p => x = Some (P E p) end.

Lemma rel_eq E p s s' : rel E p s -> s_eq s s' -> rel E p s'.
Proof.
  intros (H1 & H2 & H3) ((A1 & A2 & A3) & (A4 & A5 & A6) & A7). split; [|split].
  - congruence.
  - destruct (pA p) as [[b G]|]; auto. destruct H2. split; congruence.
  - destruct (pQ p); auto. destruct H3 as [(X & Y & Z) W]. repeat split; try congruence; destruct (A7 g), (W g); congruence.
Qed.
Lemma s_eq_refl s : s_eq s s.
Proof. repeat split. Qed.

Ltac opened := repeat match goal with
  | H : match ?x with _ => _ end |- _ => destruct x eqn:?; try discriminate
  | |- match (match ?x with _ => _ end) with _ => _ end => destruct x eqn:?
  | H : _ /\ _ |- _ => destruct H
  | p : (_ * _)%type |- _ => destruct p
  end.
Ltac use_group := match goal with
  | g : nat, H : forall g : nat, sl1 ?s g = _ /\ _ |- _ => let X := fresh "X" in let Y := fresh "Y" in destruct (H g) as [X Y];
    rewrite ?X, ?Y; clear H
  end.

Lemma rel_plain E L b G : rel E (p_plain L b G) (s_plain (P E L) (P E b) (P E G)).
Proof. repeat split; simpl; rewrite ?p_zero; auto. Qed.

Lemma rel_series E p q f g : rel E p f -> rel E q g -> rel E (p_series p q) (s_series g f).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3). split; [|split]; simpl.
  - rewrite F1, G1. ring.
  - destruct (pA p) as [[fb fG]|], (pA q) as [[gb gG]|]; auto. destruct F2 as [-> ->], G2 as [-> ->]. simpl. split; ring.
  - destruct (pA p) as [[fb fG]|]; auto. destruct (pQ p) as [a|]; auto. destruct (pQ q) as [c|]; auto.
    destruct F2 as [-> ->]. destruct F3 as ((-> & -> & ->) & F3). destruct G3 as ((-> & -> & ->) & G3). rewrite G1.
    split; [simpl; rewrite ?p_two; repeat split; ring|]. intros k. simpl.
    destruct (F3 k) as [-> ->], (G3 k) as [-> ->].
    apply (join_rel (fun x y z => P E (pL q) * P E (fst x) + P E (fst y) * P E fG = P E (fst z) /\
      P E (pL q) * P E (snd x) + (P E (fst y) * P E fb + P E (snd y)) = P E (snd z))).
    + intros x y. simpl. split; ring.
    + simpl. rewrite p_zero. split; ring.
Qed.

Definition sj E (oL ob oG oq : pat -> pat -> pat) (j : pat * pat -> pat * pat -> pat * pat) (rL rb rG rq rj : R -> R -> R) : Prop :=
  (forall x y, P E (oL x y) = rL (P E x) (P E y)) /\ (forall x y, P E (ob x y) = rb (P E x) (P E y)) /\
  (forall x y, P E (oG x y) = rG (P E x) (P E y)) /\ (forall x y, P E (oq x y) = rq (P E x) (P E y)) /\
  (forall x y, P E (fst (j x y)) = rj (P E (fst x)) (P E (fst y)) /\ P E (snd (j x y)) = rj (P E (snd x)) (P E (snd y))) /\ rj 0 0 = 0.
Lemma rel_join E oL ob oG oq j rL rb rG rq rj p q f g : sj E oL ob oG oq j rL rb rG rq rj ->
  rel E p f -> rel E q g -> rel E (p_join oL ob oG oq j p q)
  {| sL := rL (sL f) (sL g); sb := rb (sb f) (sb g); sG := rG (sG f) (sG g); sq2 := rq (sq2 f) (sq2 g); sq1 := rq (sq1 f) (sq1 g);
     sq0 := rq (sq0 f) (sq0 g); sl1 := fun k => rj (sl1 f k) (sl1 g k); sl0 := fun k => rj (sl0 f k) (sl0 g k) |}.
Proof.
  intros (HL & Hb & HG & Hq & Hj & H0) (F1 & F2 & F3) (G1 & G2 & G3). split; [|split]; simpl.
  - rewrite HL. congruence.
  - destruct (pA p) as [[fb fG]|], (pA q) as [[gb gG]|]; auto. rewrite Hb, HG. destruct F2, G2. split; congruence.
  - destruct (pQ p) as [a|]; auto. destruct (pQ q) as [c|]; auto. simpl. rewrite !Hq.
    destruct F3 as ((-> & -> & ->) & F3). destruct G3 as ((-> & -> & ->) & G3). split; [auto|]. intros k.
    destruct (F3 k) as [-> ->], (G3 k) as [-> ->].
    apply (join_rel (fun x y z => rj (P E (fst x)) (P E (fst y)) = P E (fst z) /\ rj (P E (snd x)) (P E (snd y)) = P E (snd z))).
    + intros x y. destruct (Hj x y). split; congruence.
    + simpl. rewrite p_zero. auto.
Qed.
Lemma rel_sum E p q f g : rel E p f -> rel E q g -> rel E (p_sum p q) (s_sum f g).
Proof. apply (rel_join E PAdd PAdd PAdd PAdd plus2 Rplus Rplus Rplus Rplus Rplus). repeat split; simpl; intros; auto; lra. Qed.
Lemma rel_concat E p q f g : rel E p f -> rel E q g -> rel E (p_concat p q) (s_concat f g).
Proof. apply (rel_join E PHyp PHyp PHyp PMax hyp2 h2 h2 h2 Rmax h2). repeat split; simpl; intros; auto. apply h2_00. Qed.
Lemma rel_parallel E p q f g : rel E p f -> rel E q g -> rel E (p_parallel p q) (s_parallel f g).
Proof. apply (rel_join E PMax PHyp PMax PMax hyp2 Rmax h2 Rmax Rmax h2). repeat split; simpl; intros; auto. apply h2_00. Qed.

Lemma rel_scale E c p f : rel E p f -> rel E (p_scale c p) (s_scale (P E c) f).
Proof.
  intros (F1 & F2 & F3). split; [|split]; simpl.
  - congruence.
  - destruct (pA p) as [[b G]|]; auto. destruct F2 as [-> ->]. split; reflexivity.
  - destruct (pQ p) as [a|]; auto. destruct F3 as ((-> & -> & ->) & F3). split; [simpl; auto|]. intros k. simpl.
    destruct (F3 k) as [-> ->].
    apply (each_rel (fun x z => P E c * P E (fst x) = P E (fst z) /\ P E c * P E (snd x) = P E (snd z))).
    + intros x. split; reflexivity.
    + simpl. rewrite p_zero. split; ring.
Qed.
Lemma rel_product E F G p q f g : rel E p f -> rel E q g -> rel E (p_product F G p q) (s_product (P E F) (P E G) f g).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3). split; [|split]; simpl.
  - congruence.
  - destruct (pA q) as [[b H]|]; auto. destruct G2 as [-> ->]. split; reflexivity.
  - destruct (pQ p) as [a|]; auto. destruct (pQ q) as [c|]; auto.
    destruct F3 as ((-> & -> & ->) & F3). destruct G3 as ((-> & -> & ->) & G3).
    split; [simpl; repeat split; ring|]. intros k. simpl. destruct (F3 k) as [-> ->], (G3 k) as [-> ->].
    apply (join_rel (fun x y z => P E F * P E (fst y) + P E G * P E (fst x) = P E (fst z) /\
      P E F * P E (snd y) + P E G * P E (snd x) = P E (snd z))).
    + intros x y. simpl. split; ring.
    + simpl. rewrite p_zero. split; ring.
Qed.

Lemma rel_captured E g B p q f h r : rel E p f -> rel E q h -> p_captured g B p q = Some r ->
  rel E r (s_captured g (Summary.cS f g (P E B)) f h).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3) H. unfold p_captured in H. destruct (pQ p) as [a|]; [|discriminate].
  injection H as <-. destruct F3 as ((E2 & E1 & E0) & F3).
  assert (Hc : Summary.cS f g (P E B) = P E (PAdd (PMul (fst (at_group (qs a) g)) B) (snd (at_group (qs a) g)))).
  { unfold Summary.cS. destruct (F3 g) as [-> ->]. reflexivity. }
  rewrite Hc. set (c := PAdd _ _) in *. clearbody c. split; [|split]; simpl.
  - congruence.
  - destruct (pA p) as [[b G]|]; auto.
  - destruct (pQ q) as [d|]; auto. destruct G3 as ((-> & -> & ->) & G3). rewrite E2, E1, E0.
    split; [simpl; auto|]. intros k. simpl. destruct (G3 k) as [-> ->].
    assert (X : (if Nat.eqb k g then 0 else sl1 f k) = P E (fst (at_group (filter (fun x => negb (Nat.eqb (fst x) g)) (qs a)) k)) /\
                (if Nat.eqb k g then 0 else sl0 f k) = P E (snd (at_group (filter (fun x => negb (Nat.eqb (fst x) g)) (qs a)) k))).
    { rewrite (at_filter (fun h => negb (Nat.eqb h g))). destruct (Nat.eqb k g); simpl; [rewrite p_zero; auto|apply F3]. }
    destruct X as [-> ->].
    pose proof (each_rel (fun y z => P E c * P E (fst y) = P E (fst z) /\ P E c * P E (snd y) = P E (snd z))
      (fun y => (PMul c (fst y), PMul c (snd y))) (qs d) k (fun x => conj eq_refl eq_refl)) as Y.
    destruct Y as [-> ->]; [simpl; rewrite p_zero; split; ring|].
    apply (join_rel (fun x y z => P E (fst x) + P E (fst y) = P E (fst z) /\ P E (snd x) + P E (snd y) = P E (snd z))).
    + intros x y. split; reflexivity.
    + simpl. rewrite p_zero. split; ring.
Qed.

Lemma fold_lsum E (x : nat -> pat) (f : nat -> R) gs : (forall g, f g = P E (x g)) -> forall acc,
  lsum f gs (P E acc) = P E (fold_left (fun acc g => PAdd acc (x g)) gs acc).
Proof. intros H. induction gs; intros acc; simpl; auto. rewrite H. apply (IHgs (PAdd acc (x a))). Qed.
Lemma rel_closed E gs p f : rel E p f -> rel E (p_closed gs p) (s_closed gs f).
Proof.
  intros (F1 & F2 & F3). split; [|split]; simpl; auto.
  destruct (pQ p) as [a|]; auto. destruct F3 as ((-> & -> & ->) & F3). split.
  - repeat split; simpl; apply (fold_lsum E (fun g => _)); intros g; destruct (F3 g) as [X Y]; rewrite ?X, ?Y; simpl; rewrite ?p_two; ring.
  - intros k. simpl. rewrite (at_filter (fun h => negb (existsb (Nat.eqb h) gs))).
    destruct (existsb (Nat.eqb k) gs); simpl; [rewrite p_zero; auto|apply F3].
Qed.

(** K iterations *)
Definition agree (a q : bool) (s s' : summary) : Prop :=
  sL s = sL s' /\ (a = true -> sb s = sb s' /\ sG s = sG s') /\
  (q = true -> (sq2 s = sq2 s' /\ sq1 s = sq1 s' /\ sq0 s = sq0 s') /\ forall g, sl1 s g = sl1 s' g /\ sl0 s g = sl0 s' g).
Lemma agree_eq a q s s' : s_eq s s' -> agree a q s s'.
Proof. intros ((A1 & A2 & A3) & (A4 & A5 & A6) & A7). repeat split; auto; apply A7. Qed.
Lemma agree_trans a q r s t : agree a q r s -> agree a q s t -> agree a q r t.
Proof.
  intros (A & B & C) (A' & B' & C'). split; [congruence|]. split; intros H.
  - destruct (B H), (B' H). split; congruence.
  - destruct (C H) as ((? & ? & ?) & D), (C' H) as ((? & ? & ?) & D'). repeat split; try congruence;
      destruct (D g), (D' g); congruence.
Qed.
Lemma agree_series a q g g' f f' : (q = true -> a = true) -> agree a q g g' -> agree a q f f' -> agree a q (s_series g f) (s_series g' f').
Proof.
  intros Hqa (A & B & C) (A' & B' & C'). split; [simpl; congruence|]. split; intros H.
  - destruct (B H), (B' H). simpl. split; congruence.
  - pose proof (Hqa H) as Ha. destruct (B Ha), (B' Ha). destruct (C H) as ((? & ? & ?) & D), (C' H) as ((? & ? & ?) & D').
    repeat split; simpl; try congruence; destruct (D g0), (D' g0); congruence.
Qed.
Lemma agree_family a q (s : nat -> summary) s0 : (q = true -> a = true) -> forall K, (forall j, (j < K)%nat -> agree a q (s j) s0) ->
  agree a q (s_family_of s K) (s_repeat K s0).
Proof.
  intros Hqa. induction K; intros H.
  - simpl s_family_of. apply agree_eq, s_repeat_0.
  - simpl s_family_of. eapply agree_trans; [|apply agree_eq, s_repeat_S].
    apply agree_series; auto.
Qed.
Lemma rel_repeat E d p (s : nat -> summary) : (forall j, (j < dval E d)%nat -> rel E p (s j)) ->
  rel E (p_repeat d p) (s_family_of s (dval E d)).
Proof.
  intros H. set (K := dval E d) in *.
  set (oA := match pA p with Some _ => true | None => false end).
  set (oQ := match pA p, pQ p with Some _, Some _ => true | _, _ => false end).
  set (s0 := {| sL := P E (pL p); sb := match pA p with Some (b, _) => P E b | None => 0 end;
    sG := match pA p with Some (_, G) => P E G | None => 0 end;
    sq2 := match pQ p with Some a => P E (q2 a) | None => 0 end; sq1 := match pQ p with Some a => P E (q1 a) | None => 0 end;
    sq0 := match pQ p with Some a => P E (q0 a) | None => 0 end;
    sl1 := fun g => match pQ p with Some a => P E (fst (at_group (qs a) g)) | None => 0 end;
    sl0 := fun g => match pQ p with Some a => P E (snd (at_group (qs a) g)) | None => 0 end |}).
  assert (A : agree oA oQ (s_family_of s K) (s_repeat K s0)).
  { apply agree_family.
    - unfold oQ, oA. destruct (pA p); auto.
    - intros j Hj. destruct (H j Hj) as (F1 & F2 & F3). unfold agree, oA, oQ, s0. simpl. split; auto. split.
      + destruct (pA p) as [[b G]|]; auto. discriminate.
      + destruct (pA p) as [[b G]|]; [|discriminate]. destruct (pQ p); [|discriminate]. intros _. exact F3. }
  destruct A as (A1 & A2 & A3). split; [|split]; simpl.
  - rewrite A1. reflexivity.
  - unfold oA in A2. unfold s0 in A2. simpl in A2. destruct (pA p) as [[b G]|]; auto. destruct (A2 eq_refl) as [-> ->].
    simpl. rewrite p_one. split; reflexivity.
  - unfold oQ in A3. unfold s0 in A3. simpl in A3. destruct (pA p) as [[b G]|]; auto. destruct (pQ p) as [a|]; auto.
    destruct (A3 eq_refl) as ((-> & -> & ->) & A4). split.
    + simpl. rewrite ?p_one, ?p_two. fold K. repeat split; ring.
    + intros g. destruct (A4 g) as [-> ->]. simpl.
      apply (each_rel (fun x z => P E (fst x) * dd K [P E (pL p); P E G] = P E (fst z) /\
        P E (fst x) * (P E b * dd K [P E (pL p); P E G; 1]) + P E (snd x) * dd K [P E (pL p); 1] = P E (snd z))).
      * intros x. simpl. fold K. rewrite p_one. split; ring.
      * simpl. rewrite p_zero. split; ring.
Qed.

(** *** Coefficients that are right at the radius b of the input *)
Definition relg E (p : psum) (b : R) (s : summary) : Prop :=
  sL s = P E (pL p) /\
  match pA p with Some (c, G) => sb s + sG s * b = P E c + P E G * b | None => True end /\
  match pQ p with
  | Some a => P2 s b = P E (q2 a) * (b * b) + P E (q1 a) * b + P E (q0 a) /\
              forall g, Summary.cS s g b = P E (fst (at_group (qs a) g)) * b + P E (snd (at_group (qs a) g))
  | None => True end.
Lemma rel_relg E p b s : rel E p s -> relg E p b s.
Proof.
  intros (H1 & H2 & H3). split; [exact H1|split].
  - destruct (pA p) as [[c G]|]; auto. destruct H2 as [-> ->]. reflexivity.
  - destruct (pQ p) as [a|]; auto. destruct H3 as ((A & B & C) & H3). unfold P2, Summary.cS. rewrite A, B, C. split; auto.
    intros g. destruct (H3 g) as [-> ->]. reflexivity.
Qed.
Lemma relg_eq E p b s s' : relg E p b s -> s_eq s s' -> relg E p b s'.
Proof.
  intros (H1 & H2 & H3) Q. pose proof Q as ((A1 & A2 & A3) & _ & A7). split; [congruence|split].
  - destruct (pA p) as [[c G]|]; auto. congruence.
  - destruct (pQ p) as [a|]; auto. destruct H3 as [H3 H4]. rewrite <- (P2_eq _ _ b Q). split; auto. intros g. rewrite <- H4.
    unfold Summary.cS. destruct (A7 g). congruence.
Qed.
Lemma relg_series E p q b f g : relg E p b f -> relg E q (sb f + sG f * b) g -> relg E (p_series p q) b (s_series g f).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3). split; [|split].
  - simpl. rewrite F1, G1. ring.
  - simpl. destruct (pA p) as [[fb fG]|], (pA q) as [[gb gG]|]; auto. simpl. rewrite F2 in G2.
    transitivity (sb g + sG g * (sb f + sG f * b)); [ring|]. rewrite F2, G2. ring.
  - simpl pQ. destruct (pA p) as [[fb fG]|]; auto. destruct (pQ p) as [a|]; auto. destruct (pQ q) as [c|]; auto.
    destruct F3 as [F3 F4]. destruct G3 as [G3 G4]. split.
    + rewrite P2_series, F3, G3, F2, G1. simpl. rewrite p_two. ring.
    + intros k. simpl.
      assert (X : Summary.cS (s_series g f) k b = sL g * Summary.cS f k b + Summary.cS g k (sb f + sG f * b)).
      { unfold Summary.cS. simpl. ring. }
      rewrite X, F4, G4, F2, G1.
      apply (join_rel (fun x y z => P E (pL q) * (P E (fst x) * b + P E (snd x)) + (P E (fst y) * (P E fb + P E fG * b) + P E (snd y))
        = P E (fst z) * b + P E (snd z))).
      * intros x y. simpl. ring.
      * simpl. rewrite p_zero. ring.
Qed.
Lemma relg_sum E p q b f g : relg E p b f -> relg E q b g -> relg E (p_sum p q) b (s_sum f g).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3). split; [|split].
  - simpl. congruence.
  - simpl. destruct (pA p) as [[fb fG]|], (pA q) as [[gb gG]|]; auto. simpl.
    transitivity (sb f + sG f * b + (sb g + sG g * b)); [ring|]. rewrite F2, G2. ring.
  - simpl pQ. destruct (pQ p) as [a|]; auto. destruct (pQ q) as [c|]; auto. destruct F3 as [F3 F4]. destruct G3 as [G3 G4]. split.
    + transitivity (P2 f b + P2 g b); [unfold P2; simpl; ring|]. rewrite F3, G3. simpl. ring.
    + intros k. simpl. transitivity (Summary.cS f k b + Summary.cS g k b); [unfold Summary.cS; simpl; ring|]. rewrite F4, G4.
      apply (join_rel (fun x y z => P E (fst x) * b + P E (snd x) + (P E (fst y) * b + P E (snd y)) = P E (fst z) * b + P E (snd z))).
      * intros x y. simpl. ring.
      * simpl. rewrite p_zero. ring.
Qed.
Lemma relg_scale E c p b f : relg E p b f -> relg E (p_scale c p) b (s_scale (P E c) f).
Proof.
  intros (F1 & F2 & F3). split; [|split].
  - simpl. congruence.
  - simpl. destruct (pA p) as [[fb fG]|]; auto. simpl. transitivity (P E c * (sb f + sG f * b)); [ring|]. rewrite F2. ring.
  - simpl pQ. destruct (pQ p) as [a|]; auto. destruct F3 as [F3 F4]. split.
    + transitivity (P E c * P E c * P2 f b); [unfold P2; simpl; ring|]. rewrite F3. simpl. ring.
    + intros k. simpl. transitivity (P E c * Summary.cS f k b); [unfold Summary.cS; simpl; ring|]. rewrite F4.
      apply (each_rel (fun x z => P E c * (P E (fst x) * b + P E (snd x)) = P E (fst z) * b + P E (snd z))).
      * intros x. simpl. ring.
      * simpl. rewrite p_zero. ring.
Qed.
Lemma relg_product E F G p q b f g : relg E p b f -> relg E q b g -> relg E (p_product F G p q) b (s_product (P E F) (P E G) f g).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3). split; [|split].
  - simpl. congruence.
  - simpl. destruct (pA q) as [[gb gG]|]; auto. simpl. transitivity (P E F * (sb g + sG g * b)); [ring|]. rewrite G2. ring.
  - simpl pQ. destruct (pQ p) as [a|]; auto. destruct (pQ q) as [c|]; auto. destruct F3 as [F3 F4]. destruct G3 as [G3 G4]. split.
    + transitivity (P E F * P E F * P2 g b + P E G * P E G * P2 f b); [unfold P2; simpl; ring|]. rewrite F3, G3. simpl. ring.
    + intros k. simpl. transitivity (P E F * Summary.cS g k b + P E G * Summary.cS f k b); [unfold Summary.cS; simpl; ring|]. rewrite F4,
      G4.
      apply (join_rel (fun x y z => P E F * (P E (fst y) * b + P E (snd y)) + P E G * (P E (fst x) * b + P E (snd x))
        = P E (fst z) * b + P E (snd z))).
      * intros x y. simpl. ring.
      * simpl. rewrite p_zero. ring.
Qed.
Lemma relg_captured E g B p q f h r : relg E p (P E B) f -> relg E q (P E B) h -> p_captured g B p q = Some r ->
  relg E r (P E B) (s_captured g (Summary.cS f g (P E B)) f h).
Proof.
  intros (F1 & F2 & F3) (G1 & G2 & G3) H. unfold p_captured in H. destruct (pQ p) as [a|]; [|discriminate].
  injection H as <-. destruct F3 as [F3 F4].
  assert (Hc : Summary.cS f g (P E B) = P E (PAdd (PMul (fst (at_group (qs a) g)) B) (snd (at_group (qs a) g)))) by apply F4.
  rewrite Hc. set (c := PAdd _ _) in *. clearbody c. set (b := P E B) in *. clearbody b. split; [|split].
  - simpl. congruence.
  - simpl. exact F2.
  - simpl pQ. destruct (pQ q) as [d|]; auto. destruct G3 as [G3 G4]. split.
    + transitivity (P2 f b + P E c * P E c * P2 h b); [unfold P2; simpl; ring|]. rewrite F3, G3. simpl. ring.
    + intros k. simpl. transitivity ((if Nat.eqb k g then 0 else Summary.cS f k b) + P E c * Summary.cS h k b).
      { unfold Summary.cS. simpl. destruct (Nat.eqb k g); ring. }
      rewrite G4.
      pose proof (each_rel (fun y z => P E c * (P E (fst y) * b + P E (snd y)) = P E (fst z) * b + P E (snd z))
        (fun y => (PMul c (fst y), PMul c (snd y))) (qs d) k) as Y. rewrite Y; [|intros x; simpl; ring|simpl; rewrite p_zero; ring].
      assert (X : (if Nat.eqb k g then 0 else Summary.cS f k b) = let z := at_group (filter (fun x => negb (Nat.eqb (fst x) g)) (qs a)) k in
        P E (fst z) * b + P E (snd z)).
      { rewrite (at_filter (fun h => negb (Nat.eqb h g))). destruct (Nat.eqb k g); simpl; [rewrite p_zero; ring|apply F4]. }
      rewrite X. cbv zeta.
      apply (join_rel (fun x y z => P E (fst x) * b + P E (snd x) + (P E (fst y) * b + P E (snd y)) = P E (fst z) * b + P E (snd z))).
      * intros x y. simpl. ring.
      * simpl. rewrite p_zero. ring.
Qed.
Lemma lsum_squares (l1 l0 : nat -> R) b gs : forall a2 a1 a0,
  lsum (fun g => l1 g * l1 g) gs a2 * (b * b) + lsum (fun g => 2 * l1 g * l0 g) gs a1 * b + lsum (fun g => l0 g * l0 g) gs a0
  = lsum (fun g => (l1 g * b + l0 g) * (l1 g * b + l0 g)) gs (a2 * (b * b) + a1 * b + a0).
Proof. induction gs; intros; simpl; auto. rewrite IHgs. f_equal. ring. Qed.
Lemma lsum_ext f g gs : (forall k, f k = g k) -> forall acc, lsum f gs acc = lsum g gs acc.
Proof. intros H. induction gs; intros; simpl; auto. rewrite H. auto. Qed.
Lemma relg_closed E gs p b f : relg E p b f -> relg E (p_closed gs p) b (s_closed gs f).
Proof.
  intros (F1 & F2 & F3). split; [exact F1|split; [exact F2|]].
  simpl pQ. destruct (pQ p) as [a|]; auto. destruct F3 as [F3 F4]. split.
  - unfold P2. simpl. rewrite lsum_squares.
    rewrite <- (fold_lsum E (fun g => PSq (fst (at_group (qs a) g))) (fun g => P E (fst (at_group (qs a) g)) * P E (fst (at_group (qs a)
      g)))) by reflexivity.
    rewrite <- (fold_lsum E (fun g => PMul (PMul two (fst (at_group (qs a) g))) (snd (at_group (qs a) g)))
      (fun g => 2 * P E (fst (at_group (qs a) g)) * P E (snd (at_group (qs a) g)))) by (intros; simpl; rewrite p_two; reflexivity).
    rewrite <- (fold_lsum E (fun g => PSq (snd (at_group (qs a) g))) (fun g => P E (snd (at_group (qs a) g)) * P E (snd (at_group (qs a)
      g)))) by reflexivity.
    rewrite lsum_squares. change (sq2 f * (b * b) + sq1 f * b + sq0 f) with (P2 f b). rewrite F3. apply lsum_ext.
    intros k. change (sl1 f k * b + sl0 f k) with (Summary.cS f k b). rewrite F4. reflexivity.
  - intros k. unfold Summary.cS. simpl. rewrite (at_filter (fun h => negb (existsb (Nat.eqb h) gs))).
    destruct (existsb (Nat.eqb k) gs); simpl; [rewrite p_zero; ring|apply F4].
Qed.
End Rules.

(** The environment with other values of the real symbols. *)
Definition with_reals (E : env) (f : sym -> R) : env :=
  {| ereal := f; enat := enat E; efam := efam E; etensor := etensor E; elayer := elayer E; eadm := eadm E;
     ecdf := ecdf E; ez := ez E; epeak := epeak E; eselu := eselu E |}.
Lemma with_same E : with_reals E (ereal E) = E.
Proof. destruct E; reflexivity. Qed.
Lemma set_reals_with E xs : forall rs, set_reals E xs rs = with_reals E (ereal (set_reals E xs rs)).
Proof.
  induction xs as [|x xs IH]; intros [|r rs]; try (symmetry; apply with_same). simpl set_reals.
  transitivity (set_real (with_reals E (ereal (set_reals E xs rs))) x r); [rewrite <- IH; reflexivity|reflexivity].
Qed.
Lemma set_reals_in E xs (f : sym -> R) y : In y xs -> ereal (set_reals E xs (map f xs)) y = f y.
Proof.
  induction xs as [|x xs IH]; simpl; [intros []|]. intros H. destruct (Pos.eqb_spec y x) as [N|N]; [rewrite N; reflexivity|].
  destruct H as [H|H]; [destruct N; symmetry; exact H|auto].
Qed.
Lemma set_reals_out E xs (f : sym -> R) y : ~ In y xs -> ereal (set_reals E xs (map f xs)) y = ereal E y.
Proof.
  induction xs as [|x xs IH]; simpl; auto. intros H. destruct (Pos.eqb_spec y x) as [N|N]; [destruct H; left; symmetry; exact N|].
    apply IH. tauto.
Qed.
Lemma is_in_spec x l : is_in x l = true <-> In x l.
Proof.
  unfold is_in. rewrite existsb_exists. split; [intros (y & H & Q); apply Pos.eqb_eq in Q; rewrite Q; exact H|].
  intros H. exists x. split; [exact H|apply Pos.eqb_refl].
Qed.

(** ** Layers *)
Section Sound.
Variable v : value.
Variable ok : env -> Prop.                              (* the facts hold *)
Variable mt : positive -> pat -> bool.
Variable pos : positive -> bool.
Variable lower : dim -> BinNums.N.
Variable divides : dim -> dim -> bool.
Variables gelu silu selu : bool.
Variable isindex : sym -> bool.
Variable free : sym -> positive -> bool.
Variable assumed : shape -> layer -> bool.
Variable groups : list (dim * dim).
Variable look : positive -> option node.
Variable isstate : sym -> bool.
Variable rfree : sym -> positive -> bool.
Variable real_of : sym -> option positive.
Variable gd : nat -> nat * nat.
Notation P E := (pval v E).
Notation ng := (length groups).
Hypothesis mt_sound : forall E i p, mt i p = true -> ok E -> v E i = P E p.
Hypothesis pos_sound : forall E i, pos i = true -> ok E -> 0 < v E i.
Hypothesis lower_sound : forall E d, ok E -> (N.to_nat (lower d) <= dval E d)%nat.
Hypothesis divides_sound : forall E a k, divides a k = true -> ok E -> exists w, dval E a = (dval E k * w)%nat.
Hypothesis gelu_sound : forall E, gelu = true -> ok E -> normal_cdf E.
Hypothesis silu_sound : forall E, silu = true -> ok E -> 0 < epeak E /\ epeak E * (2 * sigmoid (epeak E) - 1) = 2.
Hypothesis selu_sound : forall E, selu = true -> ok E -> 0 <= fst (eselu E) /\ 1 <= snd (eselu E).
Hypothesis index_sound : forall E x k, isindex x = true -> ok E -> ok (set_nat E x k).
Hypothesis free_sound : forall E x k i, free x i = true -> isindex x = true -> ok E -> v (set_nat E x k) i = v E i.
Hypothesis assumed_sound : forall E sh l, assumed sh l = true -> ok E -> contract_met v E sh l.
Hypothesis look_sound : forall E i n, look i = Some n -> v E i = nval v E n.
Hypothesis state_sound : forall E f, (forall x, f x = ereal E x \/ (isstate x = true /\ 0 <= f x)) -> ok E -> ok (with_reals E f).
Hypothesis reals_sound : forall E f i, (forall x, f x = ereal E x \/ (isstate x = true /\ rfree x i = true)) ->
  v (with_reals E f) i = v E i.
Hypothesis nonneg_sound : forall E p, ok E -> 0 <= P E p.

Lemma rfree_sound E x r i : rfree x i = true -> isstate x = true -> v (set_real E x r) i = v E i.
Proof.
  intros H Hx. apply (reals_sound E (fun y => if Pos.eqb y x then r else ereal E y)). intros y.
  destruct (Pos.eqb_spec y x); [subst; auto|auto].
Qed.

Definition groups_at E : Prop := forall g a b, nth_error groups g = Some (a, b) -> gd g = (dval E a, dval E b).
Definition scope_at E (c : list (nat * shape * pat)) : captured := map (fun x => (fst (fst x), len E (snd (fst x)), P E (snd x))) c.
Definition context_at E c B F (C : captured) : Prop :=
  rel_o v E (cB c) B /\ rel_o v E (cF c) F /\ C = scope_at E (cC c).

Lemma low_sound E d : ok E -> (N.to_nat (low lower d) <= dval E d)%nat.
Proof.
  intros HE. induction d; simpl; pose proof (lower_sound E) as L;
    match goal with |- (N.to_nat (N.max (lower ?d) _) <= _)%nat => specialize (L d HE) end; simpl in L; rewrite N2Nat.inj_max;
    rewrite ?N2Nat.inj_add, ?N2Nat.inj_mul; change (N.to_nat 0) with 0%nat; apply Nat.max_lub; auto; try lia.
  apply Nat.mul_le_mono; auto.
Qed.
Lemma least_sound E n d : ok E -> least lower n d = true -> (N.to_nat n <= dval E d)%nat.
Proof. unfold least. intros HE H. apply N.leb_le in H. pose proof (low_sound E d HE). lia. Qed.
Lemma multiple_sound E a k : ok E -> multiple divides a k = true -> exists w, dval E a = (dval E k * w)%nat.
Proof.
  intros HE. induction a as [n|x|a IHa b IHb|a IHa b IHb|a IHa b IHb|a IHa b IHb]; simpl; intros H;
    rewrite !orb_true_iff in H; destruct H as [[H|H]|H]; try discriminate; try (apply (divides_sound E _ _ H HE));
    try (apply (same_sound E) in H; exists 1%nat; simpl in H; lia).
  - destruct k as [m|?|? ?|? ?|? ?|? ?]; try discriminate. apply andb_true_iff in H. destruct H as [H1 H2].
    rewrite negb_true_iff in H1. apply N.eqb_neq in H1. apply N.eqb_eq in H2. exists (N.to_nat (n / m)). simpl.
    rewrite <- N2Nat.inj_mul. f_equal. rewrite (N.div_mod n m) at 1 by auto. rewrite H2. lia.
  - apply andb_true_iff in H. destruct H as [H1 H2]. destruct (IHa H1) as [w1 E1], (IHb H2) as [w2 E2].
    exists (w1 + w2)%nat. rewrite E1, E2. lia.
  - destruct H as [H|H].
    + destruct (IHa H) as [w Ew]. exists (w * dval E b)%nat. rewrite Ew. lia.
    + destruct (IHb H) as [w Ew]. exists (dval E a * w)%nat. rewrite Ew. lia.
Qed.

Lemma pfree_sound E x k : isindex x = true -> ok E -> forall p, pfree free x p = true -> P (set_nat E x k) p = P E p.
Proof.
  intros Hx HE. fix IH 1. destruct p as [i|p q|d|c|d n|a b|a b|a|a|a|a|a b|a b|a b|d l]; simpl; intros H.
  - apply free_sound; assumption.
  - reflexivity.
  - rewrite dfree_sound by assumption. reflexivity.
  - reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite !dfree_sound by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H as [H1 H2]. rewrite dfree_sound by assumption. f_equal.
    induction l as [|a l IHl]; [reflexivity|]. simpl in H2 |- *. apply andb_true_iff in H2. destruct H2 as [H2 H3].
    rewrite (IH a) by assumption. f_equal. apply IHl. assumption.
Qed.
Lemma at_free x a g : isindex x = true -> forallb (fun y => pfree free x (fst (snd y)) && pfree free x (snd (snd y))) a = true ->
  pfree free x (fst (at_group a g)) = true /\ pfree free x (snd (at_group a g)) = true.
Proof.
  intros Hx. induction a as [|[h y] a IH]; simpl; intros H; [split; reflexivity|]. apply andb_true_iff in H. destruct H as [H1 H2].
  destruct (Nat.eqb h g); [apply andb_true_iff in H1; exact H1|auto].
Qed.
Lemma sfree_rel E x k p s : isindex x = true -> ok E -> sfree free x p = true -> rel v (set_nat E x k) p s -> rel v E p s.
Proof.
  intros Hx HE H (R1 & R2 & R3). unfold sfree in H. apply andb_true_iff in H. destruct H as [H HQ].
  apply andb_true_iff in H. destruct H as [HL HA]. split; [|split].
  - rewrite R1. apply pfree_sound; auto.
  - destruct (pA p) as [[b G]|]; auto. apply andb_true_iff in HA. destruct HA. destruct R2.
    rewrite <- !(pfree_sound E x k) by auto. auto.
  - destruct (pQ p) as [a|]; auto. split_andb. destruct R3 as (R4 & R5). rewrite <- !(pfree_sound E x k) by auto. split; auto.
    intros g. destruct (at_free x (qs a) g Hx) as [A1 A2]; auto. rewrite <- !(pfree_sound E x k) by auto. apply R5.
Qed.
Lemma ofree_rel E x k p s : isindex x = true -> ok E -> ofree free x p = true -> rel_o v (set_nat E x k) p s -> rel_o v E p s.
Proof. destruct p as [| |q]; simpl; auto. intros Hx HE H R. rewrite R, pfree_sound by auto. reflexivity. Qed.

(** *** Promises *)
Definition val2 E (x : pat * pat) : R * R := (P E (fst x), P E (snd x)).
Definition promised E (w : ppromise) (c : promise) : Prop :=
  P E (wL w) = cL c /\ P E (wb w) = cb c /\ P E (wG w) = cG c /\ map (val2 E) (wS w) = Summaries.cS c.
Lemma once_value E f pf : (forall x, f (val2 E x) = P E (pf x)) -> forall us se acc,
  once_sum f us (map (val2 E) se) (P E acc) = P E (p_once pf us se acc).
Proof.
  intros H. induction us as [|u us IH]; intros [|x se] acc; simpl; auto; destruct u; auto.
  rewrite H. apply (IH se (PAdd acc (pf x))).
Qed.
Lemma uses_value E g us : forall se acc,
  shared_sum g fst us (map (val2 E) se) (P E (fst (at_group acc g))) = P E (fst (at_group (p_uses us se acc) g)) /\
  shared_sum g snd us (map (val2 E) se) (P E (snd (at_group acc g))) = P E (snd (at_group (p_uses us se acc) g)).
Proof.
  induction us as [|u us IH]; intros [|x se] acc; simpl; try (destruct u); simpl; auto.
  match goal with |- context [join plus2 acc [(?h, x)]] => rename h into h0 end.
  destruct (IH se (join plus2 acc [(h0, x)])) as [A B]. rewrite <- A, <- B.
  assert (X : (if Nat.eqb h0 g then P E (fst (at_group acc g)) + P E (fst x) else P E (fst (at_group acc g)))
      = P E (fst (at_group (join plus2 acc [(h0, x)]) g)) /\
    (if Nat.eqb h0 g then P E (snd (at_group acc g)) + P E (snd x) else P E (snd (at_group acc g)))
      = P E (snd (at_group (join plus2 acc [(h0, x)]) g))).
  { assert (Y : P E (fst (at_group acc g)) + P E (fst (at_group [(h0, x)] g)) = P E (fst (at_group (join plus2 acc [(h0, x)]) g)) /\
      P E (snd (at_group acc g)) + P E (snd (at_group [(h0, x)] g)) = P E (snd (at_group (join plus2 acc [(h0, x)]) g))).
    { apply (join_rel (fun x y z => P E (fst x) + P E (fst y) = P E (fst z) /\ P E (snd x) + P E (snd y) = P E (snd z))).
      - intros; split; reflexivity.
      - simpl. rewrite p_zero. split; ring. }
    destruct Y as [<- <-]. simpl. destruct (Nat.eqb h0 g); auto. simpl. rewrite p_zero. split; ring. }
  destruct X as [<- <-]. auto.
Qed.
Lemma rel_promise E us w c : promised E w c -> rel v E (p_promise us w) (s_promise us c).
Proof.
  intros (A & B & C & D). split; [|split]; simpl; auto. split.
  - rewrite <- D, <- (p_zero v E). repeat split; apply once_value; intros x; simpl; rewrite ?p_two; auto.
  - intros g. rewrite <- D, <- (p_zero v E). apply (uses_value E g us (wS w) []).
Qed.

(** *** Sizes *)
Definition divided E sh (p : partition) : Prop :=
  match p with PGroup k => exists w, dval E (features sh) = (dval E k * w)%nat | _ => True end.
Lemma INR_div a k : (exists w, a = (k * w)%nat) -> INR (a / k) = INR a / INR k.
Proof.
  intros [w ->]. destruct k as [|k].
  - simpl. unfold Rdiv. ring.
  - rewrite (Nat.mul_comm (S k) w), Nat.div_mul by discriminate. rewrite mult_INR. field. apply not_0_INR. discriminate.
Qed.
Lemma dsize_value E sh p : dval E (dsize sh p) = gsize E sh p.
Proof. destruct p; reflexivity. Qed.
Lemma size_value E sh p : divided E sh p -> P E (p_size sh p) = INR (gsize E sh p).
Proof.
  destruct p; try reflexivity. intros H. simpl. rewrite mult_INR. unfold gwidth. rewrite (INR_div _ _ H). reflexivity.
Qed.
Lemma rest_value E sh p : P E (PDim (DSub (dsize sh p) (DNum 1))) = INR (gsize E sh p - 1).
Proof. simpl. rewrite dsize_value. reflexivity. Qed.
Lemma divisor_value E sh p d : divided E sh p -> P E (p_divisor sh p d) = divisor E sh p d.
Proof.
  intros H. destruct d; [apply size_value, H| |apply p_one]. unfold p_divisor, divisor. apply rest_value.
Qed.
Lemma entry_value E sh p c d : divided E sh p -> P E (p_entry sh p c d) = entry_bound E sh p c d.
Proof.
  intros H. unfold p_entry, entry_bound. cbv zeta. destruct c.
  - assert (X : forall d, P E (PSqrt (PMul (PMul (p_divisor sh p d) (PDim (DSub (dsize sh p) (DNum 1)))) (PInv (p_size sh p)))) =
      sqrt (divisor E sh p d * INR (gsize E sh p - 1) / INR (gsize E sh p))).
    { intros d'. rewrite <- rest_value, <- size_value, <- divisor_value by auto. reflexivity. }
    destruct d; auto. rewrite <- rest_value. reflexivity.
  - rewrite <- divisor_value by auto. reflexivity.
Qed.
Lemma rroot_value E sh : P E (p_rroot sh) = rroot E sh.
Proof. reflexivity. Qed.
Lemma gain_value E sh p c d : divided E sh p -> P E (p_gain_sens sh p c d) = gain_sens E sh p c d.
Proof.
  intros H. unfold gain_sens. destruct p; simpl pval; rewrite ?entry_value, ?divisor_value by auto; reflexivity.
Qed.
Lemma range_value E sh p d : divided E sh p -> P E (p_range2 sh p d) = range2 E sh p d.
Proof.
  intros H. assert (X : dval E (dcount sh p) = gcount E sh p) by (destruct p; reflexivity).
  assert (Y : forall d, P E (PMul (PDim (dcount sh p)) (p_divisor sh p d)) = INR (gcount E sh p) * divisor E sh p d).
  { intros d'. rewrite <- X, <- divisor_value by auto. reflexivity. }
  unfold range2, p_range2. destruct d; auto.
Qed.
Lemma act_lip_value E a : P E (p_act_lip a) = act_lip v E a.
Proof. destruct a; simpl; rewrite ?p_one; auto; unfold num; simpl; lra. Qed.
Lemma act_growth_value E a : P E (p_act_growth a) = act_growth v E a.
Proof. destruct a; simpl; rewrite ?p_one; auto; unfold num; simpl; lra. Qed.
Lemma act_offset_value E a : P E (p_act_offset a) = act_offset v E a.
Proof. destruct a; simpl; rewrite ?p_zero; auto; unfold num; simpl; lra. Qed.

Lemma affine_value E sh a g1 g0 r1 r0 : P E g1 = r1 -> P E g0 = r0 -> promised E (p_affine sh a g1 g0) (affine_promise v E sh a r1 r0).
Proof.
  intros <- <-. unfold promised, p_affine, affine_promise. simpl.
  repeat split; try (destruct a; simpl; unfold val2; simpl; rewrite ?p_zero, ?p_one; reflexivity).
Qed.
(** What a leaf needs for its promise: the sizes, the term below the root, the largest entry of the input. *)
Definition prepared E sh (l : layer) u : Prop :=
  match l with
  | Normalize p _ _ f e _ => divided E sh p /\ v E u = match f with Some f => v E f * v E f + v E e | None => v E e end
  | Standardize m s e => v E u = v E (tb s) + v E e
  | _ => True
  end.
Lemma core_value E sh l u F r : prepared E sh l u -> (l = SquaredReLU -> P E F = r) -> promised E (p_core sh l u F) (core v E sh l r).
Proof.
  intros HP HF. destruct l; try (simpl; apply affine_value; [apply p_one|apply p_zero]); unfold promised; simpl; repeat split;
    rewrite ?p_zero, ?p_one, ?p_two; auto;
    rewrite ?act_lip_value, ?act_growth_value, ?act_offset_value; auto; try (destruct b); simpl; unfold val2; simpl;
    rewrite ?p_zero, ?p_one; auto.
  - destruct HP as [_ ->]. reflexivity.
  - destruct HP as [HP _]. rewrite range_value by auto. reflexivity.
  - rewrite HP. reflexivity.
  - rewrite HP. reflexivity.
  - rewrite HP. reflexivity.
  - rewrite HF by auto. reflexivity.
  - rewrite map_map. apply map_ext. intros [[[[x1 x2] x3] x4] x5]. reflexivity.
Qed.
Lemma second_value E sh l u : prepared E sh l u ->
  match p_second sh l, second v E sh l with Some w, Some c => promised E w c | None, None => True | _, _ => False end.
Proof.
  intros HP. destruct l; simpl; auto.
  - destruct HP as [HP _]. destruct a; simpl; auto; apply affine_value; rewrite ?p_zero, ?gain_value by auto; reflexivity.
  - destruct a; simpl; auto; apply affine_value; rewrite ?p_zero; reflexivity.
Qed.

(** A result in two steps describes a summary. *)
Definition relr E (r : result) (s : summary) : Prop :=
  exists s1, rel v E (r_core r) s1 /\
    match r_aff r with None => s_eq s1 s | Some a => exists s2, rel v E a s2 /\ s_eq (s_series s2 s1) s end.
Lemma relr_flat E r s : relr E r s -> rel v E (flat r) s.
Proof.
  intros (s1 & H1 & H2). unfold flat. destruct (r_aff r).
  - destruct H2 as (s2 & H2 & H3). eapply rel_eq; [|exact H3]. apply rel_series; auto.
  - eapply rel_eq; eauto.
Qed.
Lemma relr_block E p s o sh e : rel v E p s -> relr E (block p o sh e) s.
Proof. intros H. exists s. split; [exact H|apply s_eq_refl]. Qed.
Lemma leaf_rel E sh l u F r x : prepared E sh l u -> (l = SquaredReLU -> P E F = r) ->
  x = match p_second sh l with
    | None => (p_promise (uses l) (p_core sh l u F), None)
    | Some a => (p_promise [] (p_core sh l u F), Some (p_promise (uses l) a)) end ->
  forall o s, relr E {| r_core := fst x; r_aff := snd x; r_sup := o; r_shape := s; r_exact := true |} (s_layer v E sh l r).
Proof.
  intros HP HF -> o s. pose proof (second_value E sh l u HP) as H2. pose proof (core_value E sh l u F r HP HF) as H1.
  unfold s_layer. destruct (p_second sh l), (second v E sh l); try contradiction.
  - eexists. split; [apply rel_promise, H1|]. simpl. eexists. split; [apply rel_promise, H2|apply s_eq_refl].
  - eexists. split; [apply rel_promise, H1|]. simpl. apply s_eq_refl.
Qed.

(** *** Largest entries *)
Lemma in_value E B F b f : rel_o v E B b -> rel_o v E F f -> rel_o v E (o_in B F) (sup_in b f).
Proof. destruct F; simpl; auto. - intros H ->. exact H. - intros H ->. reflexivity. Qed.
Lemma map_value E B b f g : (forall p, P E (f p) = g (P E p)) -> rel_o v E B b -> rel_o v E (o_map f B) (option_map g b).
Proof. destruct B; simpl; auto; intros H ->; simpl; auto. rewrite H. reflexivity. Qed.
Lemma sup_affine_value E a F : P E (p_sup_affine a F) = sup_affine v E a (P E F).
Proof. destruct a; reflexivity. Qed.
Lemma act_sup_value E a : match p_act_sup a, act_sup a with Some p, Some r => P E p = r | None, None => True | _, _ => False end.
Proof. destruct a; simpl; auto; try apply p_one. unfold num. simpl. lra. Qed.
Lemma sup_value E sh l u B F b f : prepared E sh l u -> rel_o v E B b -> rel_o v E F f ->
  rel_o v E (p_sup sh l u B F) (sup_layer v E sh l b f).
Proof.
  intros HP HB HF. pose proof (in_value E B F b f HB HF) as HI. destruct l; simpl; auto.
  - destruct B; simpl in HB |- *; auto; rewrite HB; simpl; auto. destruct b0, rows; reflexivity.
  - pose proof (act_sup_value E a) as HA. destruct (o_in B F); simpl in HI; auto; rewrite HI.
    + destruct (p_act_sup a), (act_sup a); try contradiction; simpl; auto. rewrite HA. reflexivity.
    + destruct (p_act_sup a), (act_sup a); try contradiction; simpl; rewrite act_offset_value, act_growth_value; rewrite ?HA; reflexivity.
  - apply map_value; auto.
  - apply map_value; auto.
  - destruct HP as [HP _]. rewrite sup_affine_value, entry_value by auto. reflexivity.
  - apply map_value; auto. intros p. simpl. rewrite HP. reflexivity.
  - apply map_value; auto. intros p. apply sup_affine_value.
  - rewrite sup_affine_value, p_one. reflexivity.
  - apply map_value; auto. intros p. simpl. rewrite p_one. reflexivity.
  - apply map_value; auto.
Qed.
Lemma radius_value E p s B b : rel v E p s -> rel_o v E B b -> rel_o v E (p_radius p B) (out_radius s b).
Proof.
  intros (_ & H & _) HB. unfold p_radius. destruct B; simpl in HB |- *; auto; subst; auto.
  destruct (pA p) as [[c G]|]; simpl; auto. destruct H as [-> ->]. reflexivity.
Qed.

(** *** Claims *)
Lemma in_keys k (l : list (nat * positive * positive)) : existsb (fun x => Nat.eqb (fst (fst x)) k) l = false ->
  at_group (map (fun x => let '(g, l1, l0) := x in (g, (PId l1, PId l0))) l) k = (zero, zero).
Proof. intros H. apply at_unlisted. rewrite <- H. unfold listed. rewrite <- (map_id l) at 2. induction l as [|[[g a] b] l IH];
  simpl in *; auto.
  apply orb_false_iff in H. destruct H as [-> H]. auto. Qed.
(** q says no more than p. *)
Definition weaker E (p q : psum) : Prop :=
  P E (pL p) = P E (pL q) /\
  match pA q with Some (b, G) => exists b' G', pA p = Some (b', G') /\ P E b' = P E b /\ P E G' = P E G | None => True end /\
  match pQ q with
  | Some a => exists a', pQ p = Some a' /\ (P E (q2 a') = P E (q2 a) /\ P E (q1 a') = P E (q1 a) /\ P E (q0 a') = P E (q0 a)) /\
      forall g, P E (fst (at_group (qs a') g)) = P E (fst (at_group (qs a) g)) /\
        P E (snd (at_group (qs a') g)) = P E (snd (at_group (qs a) g))
  | None => True end.
Lemma rel_weaker E p q s : weaker E p q -> rel v E p s -> rel v E q s.
Proof.
  intros (W1 & W2 & W3) (R1 & R2 & R3). split; [congruence|split].
  - destruct (pA q) as [[b G]|]; auto. destruct W2 as (b' & G' & E1 & <- & <-). rewrite E1 in R2. exact R2.
  - destruct (pQ q) as [a|]; auto. destruct W3 as (a' & E1 & (<- & <- & <-) & W). rewrite E1 in R3. destruct R3 as [R3 R4].
    split; [exact R3|]. intros g. destruct (W g) as [<- <-]. apply R4.
Qed.
Lemma relg_weaker E p q b s : weaker E p q -> relg v E p b s -> relg v E q b s.
Proof.
  intros (W1 & W2 & W3) (R1 & R2 & R3). split; [congruence|split].
  - destruct (pA q) as [[c G]|]; auto. destruct W2 as (b' & G' & E1 & <- & <-). rewrite E1 in R2. exact R2.
  - destruct (pQ q) as [a|]; auto. destruct W3 as (a' & E1 & (<- & <- & <-) & W). rewrite E1 in R3. destruct R3 as [R3 R4].
    split; [exact R3|]. intros g. destruct (W g) as [<- <-]. apply R4.
Qed.
Lemma claims_sound E c p : ok E -> claims_ok mt c p = true -> weaker E p (psum_of c).
Proof.
  intros HE H. unfold claims_ok in H. apply andb_true_iff in H. destruct H as [H HQ].
  apply andb_true_iff in H. destruct H as [HL HA]. split; [|split]; simpl.
  - symmetry. apply mt_sound; auto.
  - destruct (kaff c) as [[b G]|]; auto. destruct (pA p) as [[b' G']|]; [|discriminate].
    apply andb_true_iff in HA. destruct HA. exists b', G'. simpl. repeat split; symmetry; apply mt_sound; auto.
  - destruct (kq c) as [[[a b] d]|]; auto. destruct (pQ p) as [q|]; [|discriminate]. simpl.
    apply andb_true_iff in HQ. destruct HQ as [HQ HK]. apply andb_true_iff in HQ. destruct HQ as [HQ HS]. split_andb.
    exists q. split; [reflexivity|]. split; [repeat split; symmetry; apply mt_sound; auto|].
    intros k.
    assert (X : forall l, forallb (fun x => let '(g, l1, l0) := x in mt l1 (fst (at_group (qs q) g)) &&
      mt l0 (snd (at_group (qs q) g))) l = true ->
      existsb (fun x => Nat.eqb (fst (fst x)) k) l = true ->
      let z := at_group (map (fun x => let '(g, l1, l0) := x in (g, (PId l1, PId l0))) l) k in
      P E (fst (at_group (qs q) k)) = P E (fst z) /\ P E (snd (at_group (qs q) k)) = P E (snd z)).
    { induction l as [|[[g l1] l0] l IH]; simpl; [discriminate|]. intros X1 X2. apply andb_true_iff in X1. destruct X1 as [X1 X3].
      destruct (Nat.eqb g k) eqn:G; [|apply IH; auto]. apply Nat.eqb_eq in G. subst g. apply andb_true_iff in X1. destruct X1 as [X1 X4].
      simpl. split; symmetry; apply mt_sound; auto. }
    destruct (existsb (fun x => Nat.eqb (fst (fst x)) k) (ks c)) eqn:L; [apply (X (ks c)); auto|].
    rewrite in_keys by auto. assert (Y : at_group (qs q) k = (zero, zero)).
    { apply at_unlisted. unfold listed. rewrite <- not_true_iff_false, existsb_exists. intros [y [I Y]]. apply Nat.eqb_eq in Y. subst k.
      rewrite forallb_forall in HK. rewrite (HK y I) in L. discriminate. }
    rewrite Y. auto.
Qed.
(** What a result says of the summary of a block whose input has norm at most B. *)
Definition relx E (r : result) (B : option R) (s : summary) : Prop :=
  if r_exact r then relr E r s else exists b, B = Some b /\ r_aff r = None /\ relg v E (r_core r) b s.
Lemma relx_g E r b s : relx E r (Some b) s -> relg v E (flat r) b s.
Proof.
  unfold relx. destruct (r_exact r); [intros H; apply rel_relg, relr_flat, H|]. intros (b' & H1 & H2 & H3). injection H1 as <-.
  unfold flat. rewrite H2. exact H3.
Qed.
Lemma relx_exact E r B s : relx E r B s -> r_exact r = true -> rel v E (flat r) s.
Proof. unfold relx. intros H X. rewrite X in H. apply relr_flat, H. Qed.
Lemma relx_radius E r B s : relx E r B s -> r_exact r = false -> exists b, B = Some b.
Proof. unfold relx. intros H X. rewrite X in H. destruct H as (b & H & _). eauto. Qed.
(** A block of one or two parts: exact if they are, else right at the radius. *)
Lemma relx_block E p o sh e B s : (e = true -> rel v E p s) -> (e = false -> exists b, B = Some b /\ relg v E p b s) ->
  relx E (block p o sh e) B s.
Proof.
  unfold relx. intros H1 H2. destruct e; simpl; [apply relr_block; auto|]. destruct (H2 eq_refl) as (b & H3 & H4). exists b. auto.
Qed.
Lemma settle_sound E a r r' B s x : ok E -> settle mt a r = Some r' -> relx E r B s -> rel_o v E (r_sup r) x ->
  relx E r' B s /\ rel_o v E (r_sup r') x /\ r_shape r' = r_shape r.
Proof.
  intros HE H R RS. unfold settle in H. destruct a as [c|]; [|injection H as <-; auto].
  destruct (claims_ok mt c (flat r)) eqn:C; [|discriminate]. pose proof (claims_sound E c _ HE C) as K.
  assert (R' : forall o, relx E (block (psum_of c) o (r_shape r) (r_exact r)) B s).
  { intros o. apply relx_block; intros X.
    - eapply rel_weaker; [exact K|]. eapply relx_exact; eauto.
    - destruct (relx_radius E r B s R X) as [b ->]. exists b. split; auto. eapply relg_weaker; [exact K|]. apply relx_g; auto. }
  destruct (ksup c) as [i|].
  - destruct (r_sup r) as [| |p] eqn:Sr; try (injection H as <-; split; [apply R'|split; simpl; auto]; fail).
    destruct (mt i p) eqn:M; [|discriminate]. injection H as <-.
    split; [apply R'|]. simpl in *. split; auto. rewrite RS, (mt_sound E i p M HE). reflexivity.
  - injection H as <-. split; [apply R'|]. split; auto.
Qed.

(** *** Well-formed layers *)
Lemma pdims_value E sh l : map (fun x => (dval E (fst x), dval E (snd x))) (pdims sh l) = dims E sh l.
Proof.
  destruct l; simpl; auto; try (destruct a; reflexivity); try (destruct b; reflexivity).
  rewrite map_map. apply map_ext. intros [[[[x1 x2] x3] x4] x5]. reflexivity.
Qed.
Lemma tensors_sound E sh l : groups_at E -> tensors_ok groups (uses l) (pdims sh l) = true -> uses_ok ng gd E sh l.
Proof.
  intros HG H i g Hi. unfold tensors_ok in H. apply andb_true_iff in H. destruct H as [H HL]. apply Nat.leb_le in HL.
  rewrite <- pdims_value. rewrite forallb_forall in H.
  assert (Hl : (i < length (pdims sh l))%nat). { apply Nat.lt_le_trans with (length (uses l)); auto. apply nth_error_Some. congruence. }
  destruct (nth_error (pdims sh l) i) as [d|] eqn:Hd; [|apply nth_error_Some in Hl; contradiction].
  assert (I : In (Shared g, d) (combine (uses l) (pdims sh l))).
  { clear - Hi Hd. revert i Hi Hd. generalize (pdims sh l). induction (uses l) as [|u us IH]; intros ds [|i] Hi Hd; simpl in *;
    try discriminate;
      destruct ds; simpl in *; try discriminate.
    - left. congruence.
    - right. eapply IH; eauto. }
  specialize (H _ I). simpl in H. destruct (nth_error groups g) as [[a b]|] eqn:G; [|discriminate].
  split; [apply nth_error_Some; congruence|]. rewrite (HG _ _ _ G). apply andb_true_iff in H. destruct H as [H1 H2].
  rewrite (same_sound E _ _ H1), (same_sound E _ _ H2).
  erewrite nth_error_nth by (apply map_nth_error; exact Hd). reflexivity.
Qed.
Lemma joint_false a : joint a = false -> ~ is_joint a.
Proof. destruct a; simpl; auto. discriminate. Qed.
Lemma fixed_sound u : fixed u = true -> is_fixed u.
Proof. destruct u; simpl; auto; discriminate. Qed.
Lemma root_sound E u f e : ok E -> pos u = true -> mt u (match f with Some f => PAdd (PSq (PId f)) (PId e) | None => PId e end) = true ->
  v E u = match f with Some f => v E f * v E f + v E e | None => v E e end /\ 0 < v E u.
Proof. intros HE H1 H2. split; [|apply pos_sound; auto]. rewrite (mt_sound E _ _ H2 HE). destruct f; reflexivity. Qed.

Notation okay := (layer_ok mt pos lower divides gelu silu selu assumed groups).
Lemma okay_prepared E c sh l u : ok E -> okay c sh l u = true -> prepared E sh l u.
Proof.
  intros HE H. unfold layer_ok in H. apply andb_true_iff in H. destruct H as [_ H]. destruct l; simpl; auto; split_andb.
  - split; [|apply root_sound; auto]. unfold divided. destruct p; auto. apply multiple_sound; auto.
  - rewrite (mt_sound E u _ ltac:(eassumption) HE). reflexivity.
Qed.
Lemma okay_wf E c sh l u B F C : ok E -> groups_at E -> context_at E c B F C -> okay c sh l u = true -> wf_layer v ng gd E C sh l B F.
Proof.
  intros HE HG (HB & HF & HC) H. pose proof (okay_prepared E c sh l u HE H) as HP. unfold layer_ok in H. apply andb_true_iff in H.
  destruct H as [HT H]. pose proof (tensors_sound E sh l HG HT) as U.
  destruct l; try (split; [exact U|exact I]).
  - (* Act *) split; [exact U|]. unfold activation_ok in H. unfold wf_activation. destruct a; simpl; auto; split_andb; split; auto.
  - (* Normalize *) split; [exact U|]. split_andb. destruct HP as [HD HU].
    assert (S1 : (1 <= dval E (samples sh))%nat) by (apply (least_sound E 1); auto).
    assert (S2 : (1 <= dval E (positions sh))%nat) by (apply (least_sound E 1); auto).
    assert (S3 : (1 <= dval E (features sh))%nat) by (apply (least_sound E 1); auto).
    repeat split; auto.
    + rewrite <- HU. apply pos_sound; auto.
    + destruct v0; auto. match goal with X : least lower 2 _ || _ = true |- _ => apply orb_true_iff in X; destruct X as [X|X] end.
      * rewrite <- dsize_value. change 2%nat with (N.to_nat 2). apply least_sound; auto.
      * destruct p as [| | |k]; try discriminate. split_andb.
        match goal with X : least lower 2 _ = true |- _ => apply (least_sound E _ _ HE) in X; simpl dval in X;
          change (N.to_nat 2) with 2%nat in X end.
        simpl. unfold gwidth. nia.
    + match goal with X : is_joint _ |- _ => rename X into J end. match goal with X : negb (joint _) ||
      _ = true |- _ => apply orb_true_iff in X; destruct X as [X|X]; rename X into HJ end.
      * apply negb_true_iff in HJ. destruct (joint_false _ HJ J).
      * apply andb_true_iff in HJ. tauto.
    + match goal with X : is_joint _ |- _ => rename X into J end. match goal with X : negb (joint _) ||
      _ = true |- _ => apply orb_true_iff in X; destruct X as [X|X]; rename X into HJ end.
      * apply negb_true_iff in HJ. destruct (joint_false _ HJ J).
      * apply andb_true_iff in HJ. destruct HJ as [_ HJ]. destruct p; try discriminate; auto.
  - (* Standardize *) split; [exact U|]. split_andb. simpl in HP. rewrite <- HP. repeat split; try (apply fixed_sound; auto).
    apply pos_sound; auto.
  - split; [exact U|]. apply negb_true_iff in H. apply joint_false; auto.
  - split; [exact U|]. apply negb_true_iff in H. apply joint_false; auto.
  - (* MaxMin *) split; [exact U|]. destruct (multiple_sound E _ _ HE H) as [w Hw]. exists w. rewrite Hw. simpl. lia.
  - (* SquaredReLU *) split; [exact U|]. pose proof (in_value E _ _ _ _ HB HF) as X. destruct (o_in (cB c) (cF c)); try discriminate.
    simpl in X. rewrite X. discriminate.
  - (* Outside *) split; [exact U|]. apply existsb_exists in H. destruct H as [[[h s] r] [I H]]. split_andb.
    match goal with X : Nat.eqb _ _ = true |- _ => apply Nat.eqb_eq in X; subst h end.
    exists (P E r). split.
    + rewrite HC. unfold scope_at. apply in_map_iff. exists (g, s, r). split; auto. simpl.
      rewrite <- (dlen_sound E s), <- (dlen_sound E out), (same_sound E _ _ ltac:(eassumption)). reflexivity.
    + right. symmetry. apply mt_sound; auto.
  - (* Assumed *) split; [exact U|]. exact (assumed_sound E sh _ H HE).
Qed.

(** *** Networks *)
Notation chk := (check_block mt pos lower divides gelu silu selu isindex free assumed groups look isstate rfree real_of).
Lemma leaf_sound E c sh l u B F C r : ok E -> groups_at E -> context_at E c B F C ->
  leaf mt pos lower divides gelu silu selu assumed groups c sh l u = Some r ->
  relr E r (s_layer v E sh l (the (sup_in B F))) /\ rel_o v E (r_sup r) (sup_layer v E sh l B F) /\ lshape sh l = r_shape r
  /\ wf_layer v ng gd E C sh l B F.
Proof.
  intros HE HG HC H. unfold leaf in H. destruct (okay c sh l u) eqn:O; [|discriminate].
  pose proof (okay_prepared E c sh l u HE O) as HP. pose proof (okay_wf E c sh l u B F C HE HG HC O) as HW.
  destruct HC as (HB & HF & HC). pose proof (in_value E _ _ _ _ HB HF) as HI.
  assert (HS : l = SquaredReLU -> P E (o_the (o_in (cB c) (cF c))) = the (sup_in B F)).
  { intros ->. unfold layer_ok in O. apply andb_true_iff in O. destruct O as [_ O].
    destruct (o_in (cB c) (cF c)); try discriminate. simpl in HI. rewrite HI. reflexivity. }
  pose proof (leaf_rel E sh l u _ _ _ HP HS eq_refl) as R. injection H as <-.
  destruct (p_second sh l); simpl in *; (split; [apply R|split; [apply (sup_value E sh l u); auto|split; auto]]).
Qed.
Lemma absent_sound {A} g (f : net A) : absentb g f = true -> absent g f.
Proof.
  induction f; simpl; intros H; split_andb; auto.
  - rewrite negb_true_iff in H. intros I. rewrite <- not_true_iff_false, existsb_exists in H. apply H. exists (Shared g).
    split; auto. apply Nat.eqb_refl.
  - repeat split; auto. intros ->. rewrite Nat.eqb_refl in *. discriminate.
  - split; auto. rewrite negb_true_iff in *. intros I. rewrite <- not_true_iff_false, existsb_exists in *.
    match goal with X : ~ _ |- _ => apply X end. exists g. split; auto. apply Nat.eqb_refl.
Qed.
Lemma nodup_sound gs : nodup gs = true -> NoDup gs.
Proof.
  induction gs as [|g gs IH]; simpl; intros H; [constructor|]. apply andb_true_iff in H. destruct H as [H1 H2]. constructor; auto.
  rewrite negb_true_iff in H1. intros I. rewrite <- not_true_iff_false, existsb_exists in H1. apply H1. exists g. split; auto.
    apply Nat.eqb_refl.
Qed.
Lemma captures_sound E c g : captures c g = false -> ~ In g (map (fun x => fst (fst x)) (scope_at E (cC c))).
Proof.
  unfold captures, scope_at. rewrite map_map. simpl. intros H I. apply in_map_iff in I. destruct I as [y [Y I]].
  rewrite <- not_true_iff_false, existsb_exists in H. apply H. exists y. split; auto. apply Nat.eqb_eq. auto.
Qed.
Lemma scope_free E x k c : isindex x = true -> ok E ->
  forallb (fun y => shape_free x (snd (fst y)) && pfree free x (snd y)) c = true -> scope_at (set_nat E x k) c = scope_at E c.
Proof.
  intros Hx HE H. unfold scope_at. apply map_ext_in. intros y I. rewrite forallb_forall in H. specialize (H y I).
  apply andb_true_iff in H. destruct H as [H1 H2]. rewrite shape_free_sound, pfree_sound by auto. reflexivity.
Qed.
Lemma groups_free E x k : forallb (fun p => dfree x (fst p) && dfree x (snd p)) groups = true -> groups_at E -> groups_at (set_nat E x k).
Proof.
  intros H HG g a b N. rewrite forallb_forall in H. specialize (H (a, b) (nth_error_In _ _ N)). simpl in H. split_andb.
  rewrite !dfree_sound by auto. apply HG, N.
Qed.
Lemma state_at_S step s j : state_at step s (S j) =
  (out_radius (fst (step j (state_at step s j))) (fst (state_at step s j)), snd (step j (state_at step s j))).
Proof. simpl. destruct (step j (state_at step s j)). reflexivity. Qed.
Lemma o_join_value E f g x y a b : (forall p q, P E (f p q) = g (P E p) (P E q)) -> rel_o v E x a -> rel_o v E y b ->
  rel_o v E (o_join f x y) (match a, b with Some a, Some b => Some (g a b) | _, _ => None end).
Proof.
  intros H. destruct x, y; simpl; auto; intros A B; subst; auto; try (destruct a; auto; fail). rewrite H. reflexivity.
Qed.

Definition sound_at (f : net ann) : Prop := forall c sh r, chk c sh f = Some r ->
  forall E B F C, ok E -> groups_at E -> context_at E c B F C ->
  relx E r B (fst (summ v E sh B F f)) /\ rel_o v E (r_sup r) (snd (summ v E sh B F f)) /\ oshape sh f = r_shape r
  /\ wf v ng gd E C sh B F f.

Ltac parts S1 S2 S3 := split; [exact S1|]; split; [exact S2|]; split; [simpl; simpl in S3; congruence|]; simpl.

Lemma radius_x E r B b s : relx E r b s -> rel_o v E B b -> rel_o v E (p_radius (flat r) B) (out_radius s b).
Proof.
  intros H HB. unfold p_radius. destruct B; simpl in HB |- *; auto; subst; auto. apply relx_g in H. destruct H as (_ & H & _).
  destruct (pA (flat r)) as [[c G]|]; simpl; auto. rewrite H. reflexivity.
Qed.
(** Two results: if one is right at the radius only, the radius is known, and both are right there. *)
Lemma both E x y B s t : relx E x B s -> relx E y B t -> r_exact x && r_exact y = false ->
  exists b, B = Some b /\ relg v E (flat x) b s /\ relg v E (flat y) b t.
Proof.
  intros X Y H. assert (Hb : exists b, B = Some b).
  { apply andb_false_iff in H. destruct H as [H|H]; [exact (relx_radius _ _ _ _ X H)|exact (relx_radius _ _ _ _ Y H)]. }
  destruct Hb as [b ->]. exists b. split; auto. split; apply relx_g; auto.
Qed.
Lemma sound_series f g a : sound_at f -> sound_at g -> sound_at (Series f g a).
Proof.
  intros IHf IHg c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh f) as [x|] eqn:Hx; [|discriminate].
  destruct (chk _ (r_shape x) g) as [y|] eqn:Hy in H; [|discriminate].
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4).
  assert (HC' : context_at E {| cB := p_radius (flat x) (cB c); cF := r_sup x; cC := cC c |}
    (out_radius (fst (summ v E sh B F f)) B) (snd (summ v E sh B F f)) C).
  { destruct HC as (HB & HF & HC). split; [|split]; simpl; auto. apply radius_x; auto. }
  destruct (IHg _ _ _ Hy E _ _ C HE HG HC') as (G1 & G2 & G3 & G4). rewrite <- F3 in G1, G2, G3, G4.
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Series f g a))) (snd (summ v E sh B F (Series f g a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block.
    + intros X. apply andb_true_iff in X. destruct X as [X1 X2]. pose proof (relx_exact _ _ _ _ F1 X1) as FF. unfold relx in G1.
      rewrite X2 in G1. destruct G1 as (s1 & G1 & G1'). destruct (r_aff y) as [z|].
      * destruct G1' as (s2 & G1' & G1''). eapply rel_eq; [apply rel_series; [apply rel_series; [exact FF|exact G1]|exact G1']|].
        eapply s_eq_trans; [apply s_series_assoc|]. apply s_series_eq; [exact G1''|apply s_eq_refl].
      * eapply rel_eq; [apply rel_series; [exact FF|exact G1]|]. apply s_series_eq; [exact G1'|apply s_eq_refl].
    + intros X. assert (Hb : exists b, B = Some b).
      { apply andb_false_iff in X. destruct X as [X|X]; [exact (relx_radius _ _ _ _ F1 X)|]. destruct (relx_radius _ _ _ _ G1 X) as [b Hb].
        destruct B as [b'|]; [eauto|discriminate]. }
      destruct Hb as [b ->]. exists b. split; auto. pose proof (relx_g _ _ _ _ F1) as FF. simpl in G1. unfold relx in G1.
      destruct (r_exact y).
      * destruct G1 as (s1 & G1 & G1'). destruct (r_aff y) as [z|].
        -- destruct G1' as (s2 & G1' & G1''). eapply relg_eq; [apply relg_series; [apply relg_series; [exact FF|apply rel_relg,
          G1]|apply rel_relg, G1']|].
           eapply s_eq_trans; [apply s_series_assoc|]. apply s_series_eq; [exact G1''|apply s_eq_refl].
        -- eapply relg_eq; [apply relg_series; [exact FF|apply rel_relg, G1]|]. apply s_series_eq; [exact G1'|apply s_eq_refl].
      * destruct G1 as (b' & E1 & -> & G1). injection E1 as <-. apply relg_series; [exact FF|exact G1].
  - exact G2.
  - split; [exact S1|]; split; [exact S2|]; split; [rewrite S3; exact G3|]. simpl. split; assumption.
Qed.
Lemma sound_leaf l a : sound_at (Leaf l a).
Proof.
  intros c sh r H E B F C HE HG HC. simpl in H. destruct (leaf _ _ _ _ _ _ _ _ _ c sh l (under a)) as [x|] eqn:Hx; [|discriminate].
  destruct (leaf_sound E c sh l (under a) B F C x HE HG HC Hx) as (L1' & L2 & L3 & L4).
  assert (L1 : relx E x B (s_layer v E sh l (the (sup_in B F)))).
  { unfold relx. unfold leaf in Hx. destruct (layer_ok _ _ _ _ _ _ _ _ _ c sh l (under a)); [|discriminate]. injection Hx as Hx.
    destruct (p_second sh l); subst x; exact L1'. }
  destruct (settle_sound E _ _ _ B _ _ HE H L1 L2) as (S1 & S2 & S3). parts S1 S2 S3. exact L4.
Qed.
Lemma sound_skip a : sound_at (Skip a).
Proof.
  intros c sh r H E B F C HE HG HC. simpl in H. destruct HC as (_ & HF & _).
  destruct (settle_sound E _ _ _ B (s_plain 1 0 1) F HE H) as (S1 & S2 & S3); [|exact HF|parts S1 S2 S3; exact I].
  apply relx_block; [intros _|discriminate]. rewrite <- (p_one v E), <- (p_zero v E). apply rel_plain.
Qed.
Lemma sound_ball i a : sound_at (Ball i a).
Proof.
  intros c sh r H E B F C HE HG HC. simpl in H. destruct HC as (_ & HF & _).
  destruct (settle_sound E _ _ _ B (s_plain 1 (v E i) 0) F HE H) as (S1 & S2 & S3); [|exact HF|parts S1 S2 S3; exact I].
  apply relx_block; [intros _|discriminate]. rewrite <- (p_one v E), <- (p_zero v E). apply (rel_plain v E one (PId i) zero).
Qed.
Lemma sound_sum f g a : sound_at f -> sound_at g -> sound_at (Sum f g a).
Proof.
  intros IHf IHg c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh f) as [x|] eqn:Hx; [|discriminate].
  destruct (chk c sh g) as [y|] eqn:Hy; [|discriminate]. destruct (same_shape (r_shape x) (r_shape y)) eqn:HS; [|discriminate].
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4). destruct (IHg _ _ _ Hy E B F C HE HG HC) as (G1 & G2 & G3 & G4).
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Sum f g a))) (snd (summ v E sh B F (Sum f g a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block; intros X.
    + apply andb_true_iff in X. destruct X. apply rel_sum; eapply relx_exact; eauto.
    + destruct (both _ _ _ _ _ _ F1 G1 X) as (b & -> & X1 & X2). exists b. split; auto. apply relg_sum; auto.
  - simpl. apply o_join_value; auto.
  - parts S1 S2 S3. split; [exact F4|]. split; [exact G4|]. rewrite F3, G3. symmetry. apply same_shape_sound; auto.
Qed.
Lemma sound_concat f g a : sound_at f -> sound_at g -> sound_at (Concat f g a).
Proof.
  intros IHf IHg c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh f) as [x|] eqn:Hx; [|discriminate].
  destruct (chk c sh g) as [y|] eqn:Hy; [|discriminate]. destruct (same_rows (r_shape x) (r_shape y) && r_exact x && r_exact y) eqn:HS;
    [|discriminate]. split_andb.
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4). destruct (IHg _ _ _ Hy E B F C HE HG HC) as (G1 & G2 & G3 & G4).
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Concat f g a))) (snd (summ v E sh B F (Concat f g a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block; [intros _|discriminate]. apply rel_concat; eapply relx_exact; eauto.
  - simpl. apply o_join_value; auto.
  - split; [exact S1|]; split; [exact S2|]; split; [simpl; rewrite F3, G3; simpl in S3; congruence|]. simpl.
    split; [exact F4|]. split; [exact G4|]. rewrite F3, G3. symmetry. apply same_rows_sound; auto.
Qed.
Lemma sound_parallel d1 d2 f g a : sound_at f -> sound_at g -> sound_at (Parallel d1 d2 f g a).
Proof.
  intros IHf IHg c sh r H E B F C HE HG HC. simpl in H. destruct (chk c (with_features sh d1) f) as [x|] eqn:Hx; [|discriminate].
  destruct (chk c (with_features sh d2) g) as [y|] eqn:Hy; [|discriminate].
  destruct (same_rows (r_shape x) (r_shape y) && same (features sh) (DAdd d1 d2) && r_exact x && r_exact y) eqn:HS; [|discriminate].
    split_andb.
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4). destruct (IHg _ _ _ Hy E B F C HE HG HC) as (G1 & G2 & G3 & G4).
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Parallel d1 d2 f g a))) (snd (summ v E sh B F (Parallel d1 d2 f g a))) HE H) as
    (S1 & S2 & S3).
  - simpl. apply relx_block; [intros _|discriminate]. apply rel_parallel; eapply relx_exact; eauto.
  - simpl. apply o_join_value; auto.
  - split; [exact S1|]; split; [exact S2|]; split; [simpl; rewrite F3, G3; simpl in S3; congruence|]. simpl.
    split; [exact F4|]. split; [exact G4|]. split.
    + apply (same_sound E (features sh) (DAdd d1 d2)). assumption.
    + rewrite F3, G3. symmetry. apply same_rows_sound; auto.
Qed.
Lemma sound_scale n k f a : sound_at f -> sound_at (Scale n k f a).
Proof.
  intros IHf c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh f) as [x|] eqn:Hx; [|discriminate].
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4).
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Scale n k f a))) (snd (summ v E sh B F (Scale n k f a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block; intros X.
    + apply (rel_scale v E (PId k)). eapply relx_exact; eauto.
    + destruct (relx_radius _ _ _ _ F1 X) as [b ->]. exists b. split; auto. apply (relg_scale v E (PId k)), relx_g; auto.
  - simpl. apply map_value; auto.
  - parts S1 S2 S3. exact F4.
Qed.
Lemma sound_product f g a : sound_at f -> sound_at g -> sound_at (Product f g a).
Proof.
  intros IHf IHg c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh f) as [x|] eqn:Hx; [|discriminate].
  destruct (chk c sh g) as [y|] eqn:Hy; [|discriminate]. destruct (same_shape (r_shape x) (r_shape y)) eqn:HS; [|discriminate].
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4). destruct (IHg _ _ _ Hy E B F C HE HG HC) as (G1 & G2 & G3 & G4).
  assert (HB : rel_o v E (cB c) B) by apply HC.
  pose proof (in_value E _ _ _ _ (radius_x E _ _ _ _ F1 HB) F2) as X. pose proof (in_value E _ _ _ _ (radius_x E _ _ _ _ G1 HB) G2) as Y.
  fold (sup_or_radius (summ v E sh B F f) B) in X. fold (sup_or_radius (summ v E sh B F g) B) in Y.
  destruct (o_in (p_radius (flat x) (cB c)) (r_sup x)) as [| |p]; try discriminate.
  destruct (o_in (p_radius (flat y) (cB c)) (r_sup y)) as [| |q]; try discriminate. simpl in X, Y.
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Product f g a))) (snd (summ v E sh B F (Product f g a))) HE H) as (S1 & S2 & S3).
  - simpl. rewrite X, Y. simpl. apply relx_block; intros Z.
    + apply andb_true_iff in Z. destruct Z. apply rel_product; eapply relx_exact; eauto.
    + destruct (both _ _ _ _ _ _ F1 G1 Z) as (b & -> & X1 & X2). exists b. split; auto. apply relg_product; auto.
  - simpl. rewrite X, Y. reflexivity.
  - parts S1 S2 S3. split; [exact F4|]. split; [exact G4|]. split; [rewrite F3, G3; symmetry; apply same_shape_sound; auto|].
    split; [rewrite X; discriminate|rewrite Y; discriminate].
Qed.
Lemma sound_close gs f a : sound_at f -> sound_at (Close gs f a).
Proof.
  intros IHf c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh f) as [x|] eqn:Hx; [|discriminate].
  destruct (nodup gs && forallb (closable groups c) gs) eqn:HN; [|discriminate]. apply andb_true_iff in HN. destruct HN as [HN HD].
  destruct (IHf _ _ _ Hx E B F C HE HG HC) as (F1 & F2 & F3 & F4).
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Close gs f a))) (snd (summ v E sh B F (Close gs f a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block; intros X.
    + apply rel_closed. eapply relx_exact; eauto.
    + destruct (relx_radius _ _ _ _ F1 X) as [b ->]. exists b. split; auto. apply relg_closed, relx_g; auto.
  - exact F2.
  - split; [exact S1|]. split; [exact S2|]. split; [simpl; simpl in S3; congruence|]. simpl. split; [exact F4|]. split;
    [apply nodup_sound, HN|].
    apply Forall_forall. intros g I. rewrite forallb_forall in HD. specialize (HD g I). unfold closable in HD.
    destruct (nth_error groups g) eqn:G; [|discriminate]. split; [apply nth_error_Some; congruence|].
    destruct HC as (_ & _ & ->). apply captures_sound. rewrite negb_true_iff in HD. exact HD.
Qed.
Lemma sound_capture g h f a : sound_at h -> sound_at f -> sound_at (Capture g h f a).
Proof.
  intros IHh IHf c sh r H E B F C HE HG HC. simpl in H. destruct (chk c sh h) as [y|] eqn:Hy; [|discriminate].
  destruct (IHh _ _ _ Hy E B F C HE HG HC) as (H1 & H2 & H3 & H4). 
  destruct HC as (HB & HF & HC). pose proof (radius_x E _ _ _ _ H1 HB) as HR.
  destruct (p_radius (flat y) (cB c)) as [| |p]; try discriminate. destruct (cB c) as [| |b] eqn:Hb; try discriminate.
  destruct (chk _ sh f) as [x|] eqn:Hx in H; [|discriminate].
  destruct (p_captured g b (flat x) (flat y)) as [z|] eqn:Hz; [|discriminate].
  destruct (nth_error groups g) as [[d1 d2]|] eqn:Hg; [|discriminate].
  destruct (same d1 (DNum 1) && same d2 (dlen (r_shape y)) && absentb g h && negb (captures c g)) eqn:HK; [|discriminate]. split_andb.
  simpl in HB, HR. subst B. simpl in HR. injection HR as HR.
  set (rr := sb (fst (summ v E sh (Some (P E b)) F h)) + sG (fst (summ v E sh (Some (P E b)) F h)) * the (Some (P E b))).
  assert (HC' : context_at E {| cB := Known b; cF := cF c; cC := (g, r_shape y, p) :: cC c |} (Some (P E b)) F ((g, len E (oshape sh h),
    rr) :: C)).
  { split; [|split]; simpl; auto. unfold rr. simpl. rewrite HR, H3, HC. reflexivity. }
  destruct (IHf _ _ _ Hx E _ _ _ HE HG HC') as (F1 & F2 & F3 & F4).
  destruct (settle_sound E _ _ _ (Some (P E b)) (fst (summ v E sh (Some (P E b)) F (Capture g h f a))) (snd (summ v E sh (Some (P E b)) F
    (Capture g h f a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block; intros X.
    + apply andb_true_iff in X. destruct X. eapply rel_captured; [| |exact Hz]; eapply relx_exact; eauto.
    + exists (P E b). split; auto. eapply relg_captured; [| |exact Hz]; apply relx_g; auto.
  - exact F2.
  - split; [exact S1|]. split; [exact S2|]. split; [simpl; simpl in S3; congruence|]. simpl. split; [exact H4|]. split; [exact F4|].
    split; [apply absent_sound; auto|]. split; [apply nth_error_Some; congruence|].
    split; [rewrite HC; apply captures_sound; rewrite <- negb_true_iff; auto|]. split; [|discriminate].
    rewrite (HG _ _ _ Hg). rewrite (same_sound E d1 (DNum 1)), (same_sound E d2 (dlen (r_shape y))) by auto. rewrite H3. reflexivity.
Qed.

(** *** Real symbols that do not occur in a network do not matter *)
Lemma dval_real E x r d : dval (set_real E x r) d = dval E d.
Proof. induction d; simpl; congruence. Qed.
Lemma rows_real E x r sh : rows (set_real E x r) sh = rows E sh.
Proof. unfold rows. rewrite !dval_real. reflexivity. Qed.
Lemma len_real E x r sh : len (set_real E x r) sh = len E sh.
Proof. unfold len. rewrite rows_real, dval_real. reflexivity. Qed.
Lemma gsize_real E x r sh p : gsize (set_real E x r) sh p = gsize E sh p.
Proof. destruct p; unfold gsize, gwidth; rewrite ?rows_real, ?dval_real; reflexivity. Qed.
Lemma gcount_real E x r sh p : gcount (set_real E x r) sh p = gcount E sh p.
Proof. destruct p; unfold gcount; rewrite ?rows_real, ?dval_real; reflexivity. Qed.
Lemma divisor_real E x r sh p d : divisor (set_real E x r) sh p d = divisor E sh p d.
Proof. unfold divisor. rewrite !gsize_real. reflexivity. Qed.
Lemma entry_real E x r sh p c d : entry_bound (set_real E x r) sh p c d = entry_bound E sh p c d.
Proof. unfold entry_bound. rewrite !divisor_real, !gsize_real. reflexivity. Qed.
Lemma rroot_real E x r sh : rroot (set_real E x r) sh = rroot E sh.
Proof. unfold rroot. rewrite rows_real. reflexivity. Qed.
Lemma gain_real E x r sh p c d : gain_sens (set_real E x r) sh p c d = gain_sens E sh p c d.
Proof. unfold gain_sens. rewrite rroot_real, entry_real, divisor_real, dval_real. reflexivity. Qed.
Lemma range_real E x r sh p d : range2 (set_real E x r) sh p d = range2 E sh p d.
Proof. unfold range2. rewrite rows_real, gcount_real, divisor_real, dval_real. reflexivity. Qed.
Lemma dims_real E x r sh l : dims (set_real E x r) sh l = dims E sh l.
Proof. rewrite <- !pdims_value. apply map_ext. intros. rewrite !dval_real. reflexivity. Qed.
Ltac reals Hx := repeat match goal with
  | X : rfree ?x ?i = true |- _ => first [rewrite !(fun E r => rfree_sound E x r i X Hx) | idtac]; clear X end.
Ltac free_ids := repeat match goal with H : forallb _ _ = true |- _ => simpl in H | H : (_ &&
  _)%bool = true |- _ => apply andb_true_iff in H; destruct H end.
Lemma affine_real E x r sh a g1 g0 : isstate x = true ->
  forallb (rfree x) (match a with ANone => [] | AGain g => [tb g] | AShift b => [tb b] | ABoth g b => [tb g; tb b] | AJoint g b _ => [g;
    b] end) = true ->
  affine_promise v (set_real E x r) sh a g1 g0 = affine_promise v E sh a g1 g0.
Proof. intros Hx H. unfold affine_promise. rewrite rroot_real. destruct a; simpl in *; free_ids; reals Hx; reflexivity. Qed.
Lemma core_real E x r sh l F : isstate x = true -> forallb (rfree x) (layer_ids l) = true ->
  core v (set_real E x r) sh l F = core v E sh l F.
Proof.
  intros Hx H. destruct l; simpl in H; simpl; rewrite ?rroot_real, ?dval_real, ?range_real; try reflexivity.
  - destruct b as [b|], rows as [q|]; simpl in H; free_ids; reals Hx; reflexivity.
  - destruct a; simpl in H; free_ids; simpl; reals Hx; reflexivity.
  - free_ids; reals Hx; reflexivity.
  - free_ids; reals Hx; reflexivity.
  - destruct floor; simpl in H; free_ids; reals Hx; reflexivity.
  - free_ids; reals Hx; reflexivity.
  - apply affine_real; auto.
  - free_ids; reals Hx; reflexivity.
  - free_ids; reals Hx; reflexivity.
  - free_ids; reals Hx. f_equal. clear - H2 Hx reals_sound. induction ts as [|[[[[a1 a2] a3] a4] a5] ts IH]; simpl in *; auto.
    free_ids. rewrite IH by auto. reals Hx. reflexivity.
Qed.
Lemma affine_ids_norm x p c d f e a : forallb (rfree x) (layer_ids (Normalize p c d f e a)) = true ->
  forallb (rfree x) (match a with ANone => [] | AGain g => [tb g] | AShift b => [tb b] | ABoth g b => [tb g; tb b] | AJoint g b _ => [g;
    b] end) = true
  /\ rfree x e = true /\ match f with Some f => rfree x f = true | None => True end.
Proof. simpl. rewrite forallb_app. simpl. intros H. apply andb_true_iff in H. destruct H as [H1 H2]. apply andb_true_iff in H2. destruct H2.
  repeat split; auto. destruct f; auto. simpl in H1. apply andb_true_iff in H1. tauto. Qed.
Lemma second_real E x r sh l : isstate x = true -> forallb (rfree x) (layer_ids l) = true ->
  second v (set_real E x r) sh l = second v E sh l.
Proof.
  intros Hx H. destruct l; simpl; try reflexivity.
  - rewrite gain_real. apply affine_ids_norm in H. destruct H as [H _]. destruct a; auto; f_equal; apply affine_real; auto.
  - rewrite rroot_real. destruct a; auto; f_equal; apply affine_real; auto.
Qed.
Lemma s_layer_real E x r sh l F : isstate x = true -> forallb (rfree x) (layer_ids l) = true ->
  s_layer v (set_real E x r) sh l F = s_layer v E sh l F.
Proof. intros. unfold s_layer. rewrite second_real, core_real by auto. reflexivity. Qed.
Lemma sup_affine_real E x r a F : isstate x = true ->
  forallb (rfree x) (match a with ANone => [] | AGain g => [tb g] | AShift b => [tb b] | ABoth g b => [tb g; tb b] | AJoint g b _ => [g;
    b] end) = true ->
  sup_affine v (set_real E x r) a F = sup_affine v E a F.
Proof. intros Hx H. destruct a; unfold sup_affine; simpl in *; free_ids; reals Hx; reflexivity. Qed.
Lemma sup_layer_real E x r sh l B F : isstate x = true -> forallb (rfree x) (layer_ids l) = true ->
  sup_layer v (set_real E x r) sh l B F = sup_layer v E sh l B F.
Proof.
  intros Hx H. destruct l; simpl; try reflexivity.
  - destruct b as [b|], rows as [q|]; simpl in H; free_ids; reals Hx; reflexivity.
  - destruct a; simpl in H; free_ids; simpl; reals Hx; reflexivity.
  - simpl in H; free_ids; destruct (sup_in B F); simpl; reals Hx; reflexivity.
  - simpl in H; free_ids; destruct (sup_in B F); simpl; reals Hx; reflexivity.
  - apply affine_ids_norm in H. rewrite entry_real, sup_affine_real by tauto. reflexivity.
  - simpl in H; free_ids; destruct (sup_in B F); simpl; reals Hx; reflexivity.
  - destruct (sup_in B F); simpl; auto. rewrite sup_affine_real by auto. reflexivity.
  - rewrite sup_affine_real by auto. reflexivity.
  - simpl in H; free_ids; destruct (sup_in B F); simpl; reals Hx; reflexivity.
Qed.
Lemma wf_layer_real E x r C sh l B F : isstate x = true -> forallb (rfree x) (layer_ids l) = true ->
  wf_layer v ng gd (set_real E x r) C sh l B F -> wf_layer v ng gd E C sh l B F.
Proof.
  intros Hx H [U W]. split; [unfold uses_ok in *; rewrite dims_real in U; exact U|].
  destruct l; auto.
  - destruct W as [W1 W2]. split; [|destruct a; exact W2]. destruct a; simpl in *; free_ids;
      rewrite ?(fun i X => rfree_sound E x r i X Hx) in W1 by assumption; exact W1.
  - apply affine_ids_norm in H. destruct H as (_ & He & Hf). destruct W as (W1 & W2 & W3 & W4 & W5 & W6 & W7).
    rewrite !dval_real in *. rewrite gsize_real in W6. split; [|split; [|split; [|split; [|split; [|split]]]]]; auto.
    + destruct floor; rewrite ?(fun i X => rfree_sound E x r i X Hx) in W1 by assumption; exact W1.
    + destruct p; auto. rewrite !dval_real in W5. exact W5.
  - simpl in H. free_ids. rewrite ?(fun i X => rfree_sound E x r i X Hx) in W by assumption. exact W.
  - rewrite dval_real in W. exact W.
  - simpl in H. free_ids. rewrite len_real in W. rewrite ?(fun i X => rfree_sound E x r i X Hx) in W by assumption. exact W.
    - match type of H with forallb _ (layer_ids ?l) = true => set (la := l) in * end.
    assert (W' : contract_met v (set_real E x r) sh la) by exact W. clear W. change (contract_met v E sh la).
    pose proof (core_real E x r sh la 0 Hx H) as X. unfold contract_met, la in *. cbv beta iota zeta in W' |- *.
    rewrite !len_real, dims_real, X in W'. exact W'.
Qed.
Lemma family_ext s s' : (forall j, s j = s' j) -> forall K, s_family_of s K = s_family_of s' K.
Proof. intros H. induction K; simpl; auto. rewrite H, IHK. reflexivity. Qed.
Lemma state_ext (f g : nat -> state -> summary * option R) s : (forall j t, f j t = g j t) -> forall j, state_at f s j = state_at g s j.
Proof. intros H. induction j; simpl; auto. rewrite IHj, H. reflexivity. Qed.
Lemma index_real E x r i k : set_index (set_real E x r) i k = set_real (set_index E i k) x r.
Proof. destruct i; reflexivity. Qed.
Lemma summ_real {A} x r (f : net A) : isstate x = true -> forall E sh B F, netall (rfree x) f = true ->
  summ v (set_real E x r) sh B F f = summ v E sh B F f.
Proof.
  intros Hx. induction f; intros E sh B F H; simpl in H; split_andb; simpl;
    rewrite ?IHf1, ?IHf2 by auto; auto.
  - rewrite (rfree_sound E x r) by auto. reflexivity.
  - rewrite s_layer_real, sup_layer_real by auto. reflexivity.
  - rewrite IHf by auto. rewrite (rfree_sound E x r) by auto. reflexivity.
  - rewrite dval_real.
    assert (X : forall j t, summ v (set_index (set_real E x r) i (S j)) sh (fst t) (sup_in (fst t) (snd t)) f =
      summ v (set_index E i (S j)) sh (fst t) (sup_in (fst t) (snd t)) f).
    { intros. rewrite index_real. apply IHf; auto. }
    rewrite (state_ext _ _ _ X). f_equal. apply family_ext. intros j. rewrite (state_ext _ _ _ X), X. reflexivity.
  - rewrite IHf by auto. reflexivity.
Qed.
Lemma wf_real {A} x r (f : net A) : isstate x = true -> forall E C sh B F, netall (rfree x) f = true ->
  wf v ng gd (set_real E x r) C sh B F f -> wf v ng gd E C sh B F f.
Proof.
  intros Hx. induction f; intros E C sh B F H W; simpl in H; split_andb;
    simpl in W |- *; auto.
  - eapply wf_layer_real; eauto.
  - rewrite summ_real in W by auto. destruct W. split; auto.
  - rewrite !len_real in W. destruct W as (W1 & W2 & W3). split; [|split]; auto.
  - rewrite !rows_real in W. destruct W as (W1 & W2 & W3). split; [|split]; auto.
  - rewrite !rows_real, !dval_real in W. destruct W as (W1 & W2 & W3 & W4). split; [|split; [|split]]; auto.
  - rewrite !len_real, !summ_real in W by auto. destruct W as (W1 & W2 & W3 & W4 & W5). split; [|split; [|split; [|split]]]; auto.
  - rewrite dval_real in W.
    assert (X : forall j t, summ v (set_index (set_real E x r) i (S j)) sh (fst t) (sup_in (fst t) (snd t)) f =
      summ v (set_index E i (S j)) sh (fst t) (sup_in (fst t) (snd t)) f).
    { intros. rewrite index_real. apply summ_real; auto. }
    intros j Hj. specialize (W j Hj). cbv zeta in W. rewrite (state_ext _ _ _ X), index_real, !len_real in W. destruct W as (W1 & W2 & W3).
    split; [|split; auto]. apply IHf; auto.
  - rewrite summ_real in W by auto. rewrite len_real in W. destruct W as (W1 & W2 & W3). split; [|split; auto]; auto.
  - destruct W as (W1 & W2). auto.
Qed.

(** *** Recurrences *)
Lemma pclear_sound E x r : isstate x = true -> forall p, pclear rfree x p = true -> P (set_real E x r) p = P E p.
Proof.
  intros Hx. fix IH 1. destruct p as [i|p q|d|c|d n|a b|a b|a|a|a|a|a b|a b|a b|d l]; simpl; intros H.
  - apply rfree_sound; assumption.
  - reflexivity.
  - rewrite dval_real. reflexivity.
  - reflexivity.
  - rewrite !dval_real. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - rewrite (IH a) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - apply andb_true_iff in H. destruct H. rewrite (IH a), (IH b) by assumption. reflexivity.
  - rewrite dval_real. f_equal. induction l as [|a l IHl]; [reflexivity|]. simpl in H |- *. apply andb_true_iff in H. destruct H as [H2 H3].
    rewrite (IH a) by assumption. f_equal. apply IHl. assumption.
Qed.

Lemma dval_with E f d : dval (with_reals E f) d = dval E d.
Proof. induction d; simpl; congruence. Qed.
Lemma pclear_ext E f g p : (forall y, f y = g y \/ (isstate y = true /\ pclear rfree y p = true)) ->
  P (with_reals E f) p = P (with_reals E g) p.
Proof.
  assert (two : forall a b : bool, (a && b)%bool = true -> a = true /\ b = true) by (intros [|] [|]; auto).
  revert p. fix IH 1. destruct p as [i|p q|d|c|d n|a b|a b|a|a|a|a|a b|a b|a b|d l]; simpl; intros H; try reflexivity;
    try (rewrite (IH a), (IH b); [reflexivity| |]; intros y; destruct (H y) as [Y|[Y1 Y2]]; auto; apply two in Y2; tauto);
    try (rewrite (IH a); [reflexivity|assumption]).
  - apply (reals_sound (with_reals E g) f). exact H.
  - rewrite !dval_with. reflexivity.
  - rewrite !dval_with. reflexivity.
  - rewrite !dval_with. f_equal. induction l as [|a l IHl]; [reflexivity|]. simpl. f_equal.
    + apply IH. intros y. destruct (H y) as [Y|[Y1 Y2]]; auto. simpl in Y2. apply two in Y2. tauto.
    + apply IHl. intros y. destruct (H y) as [Y|[Y1 Y2]]; auto. simpl in Y2. apply two in Y2. tauto.
Qed.
Section Chain.
Variables (E : env) (i : option sym).
Hypothesis Hi : match i with Some x => isindex x = true | None => True end.
Hypothesis okE : ok E.
Lemma index_cases : (exists y, i = Some y /\ isindex y = true) \/ i = None.
Proof. generalize Hi. destruct i as [y|]; [left; exists y; auto|right; reflexivity]. Qed.
Lemma ok_index j : ok (set_index E i (S j)).
Proof. destruct index_cases as [(y & -> & Hy)| ->]; simpl; auto. Qed.
Lemma ereal_index j : ereal (set_index E i j) = ereal E.
Proof. destruct i; reflexivity. Qed.
(** The environment of iteration j + 1 where [cur j] are the values of the symbols. *)
Definition Ec (cur : nat -> sym -> R) j := with_reals (set_index E i (S j)) (cur j).
(** The states A have the values [cur j] at the start of iteration j + 1; other symbols keep theirs. *)
Record runs_as (A : states) (cur : nat -> sym -> R) : Prop := {
  c_out : forall j y, ~ In y (map state_of A) -> cur j y = ereal E y;
  c_state : forall y, In y (map state_of A) -> isstate y = true;
  c_start : forall x s t, In (x, s, t) A -> cur 0%nat x = P E s;
  c_step : forall j x s t, In (x, s, t) A -> ok (Ec cur j) -> cur (S j) x = P (Ec cur j) t }.
Lemma cur_ok A cur : runs_as A cur -> forall j, (forall x, In x (map state_of A) -> 0 <= cur j x) /\ ok (Ec cur j).
Proof.
  intros [C1 C2 C3 C4].
  assert (X : forall j, (forall x, In x (map state_of A) -> 0 <= cur j x) -> ok (Ec cur j)).
  { intros j H. apply state_sound; [|apply ok_index]. intros x. rewrite ereal_index.
    destruct (in_dec Pos.eq_dec x (map state_of A)) as [I|I]; [right; auto|left; auto]. }
  assert (M : forall x, In x (map state_of A) -> exists s t, In (x, s, t) A).
  { intros x I. apply in_map_iff in I. destruct I as ([[y s] t] & <- & I). exists s, t. exact I. }
  induction j as [|j [I1 I2]].
  - assert (Y : forall x, In x (map state_of A) -> 0 <= cur 0%nat x); [|auto].
    intros x I. destruct (M x I) as (s & t & I'). rewrite (C3 x s t I'). apply nonneg_sound, okE.
  - assert (Y : forall x, In x (map state_of A) -> 0 <= cur (S j) x); [|auto].
    intros x I. destruct (M x I) as (s & t & I'). rewrite (C4 j x s t I' I2). apply nonneg_sound, I2.
Qed.
Section Values.
Variables (A : states) (cur : nat -> sym -> R).
Hypothesis HA : runs_as A cur.
Lemma found x a : find (fun a => Pos.eqb (state_of a) x) A = Some a -> In a A /\ state_of a = x.
Proof. intros H. apply find_some in H. destruct H as [H1 H2]. apply Pos.eqb_eq in H2. auto. Qed.
Lemma chain_starts j own xs : forall ss ts, chain_in mt free rfree i j own A xs ss ts = true -> map (v E) ss = map (cur 0%nat) xs.
Proof.
  induction xs as [|x xs IH]; intros [|s ss] [|t ts] H; simpl in H |- *; try discriminate; auto.
  destruct (find _ A) as [[[y s'] t']|] eqn:Q; [|discriminate]. apply found in Q. destruct Q as [Q1 Q2]. unfold state_of in Q2. simpl in Q2.
  subst y. split_andb. f_equal; [|eapply IH; eassumption]. rewrite (c_start _ _ HA _ _ _ Q1). apply mt_sound; auto.
Qed.
Lemma chain_steps j own k : isindex j = true -> (forall x, In x own -> In x (map state_of A)) ->
  forall xs ss ts, chain_in mt free rfree i j own A xs ss ts = true ->
  map (v (set_reals (set_nat E j (S k)) own (map (cur k) own))) ts = map (cur (S k)) xs.
Proof.
  intros Hj Hown. set (E1 := set_reals _ _ _). destruct (cur_ok A cur HA k) as [N O].
  assert (EE : E1 = with_reals (set_nat E j (S k)) (ereal E1)) by apply set_reals_with.
  assert (O1 : ok E1).
  { rewrite EE. apply state_sound; auto. intros x. destruct (in_dec Pos.eq_dec x own) as [I|I].
    - right. split; [apply (c_state _ _ HA); auto|]. unfold E1. rewrite set_reals_in; auto.
    - left. unfold E1. rewrite set_reals_out; auto. }
  induction xs as [|x xs IH]; intros [|s ss] [|t ts] H; simpl in H |- *; try discriminate; auto.
  destruct (find _ A) as [[[y s'] t']|] eqn:Q; [|discriminate]. apply found in Q. destruct Q as [Q1 Q2]. unfold state_of in Q2. simpl in Q2.
  subst y. split_andb. f_equal; [|eapply IH; eassumption]. rewrite (c_step _ _ HA k _ _ _ Q1 O).
  match goal with X : mt t t' = true |- _ => rewrite (mt_sound E1 t t' X O1) end.
  match goal with X : forallb _ A = true |- _ => rewrite forallb_forall in X; rename X into Hc end.
  match goal with X : indexed _ _ _ _ = true |- _ => rename X into Hx end.
  rewrite EE. rewrite (pclear_ext (set_nat E j (S k)) (ereal E1) (cur k) t').
  - unfold Ec in O |- *. destruct index_cases as [(y & Ei & Hy)|Ei]; rewrite Ei in O, Hx |- *; simpl in Hx |- *.
    + apply Pos.eqb_eq in Hx. subst y. reflexivity.
    + exact (pfree_sound (with_reals E (cur k)) j (S k) Hj O t' Hx).
  - intros y. destruct (in_dec Pos.eq_dec y own) as [I|I]; [left; unfold E1; apply set_reals_in; auto|].
    destruct (in_dec Pos.eq_dec y (map state_of A)) as [J|J].
    + right. split; [apply (c_state _ _ HA); auto|]. apply in_map_iff in J. destruct J as (a & <- & J). specialize (Hc a J).
      apply orb_true_iff in Hc. destruct Hc as [Hc|Hc]; auto. apply is_in_spec in Hc. contradiction.
    + left. unfold E1. rewrite set_reals_out by auto. symmetry. apply (c_out _ _ HA), J.
Qed.
Lemma chain_keys j own xs : forall ss ts, chain_in mt free rfree i j own A xs ss ts = true -> forall x, In x xs -> In x (map state_of A).
Proof.
  induction xs as [|x xs IH]; intros [|s ss] [|t ts] H; simpl in H |- *; try discriminate; try contradiction.
  destruct (find _ A) as [[[y s'] t']|] eqn:Q; [|discriminate]. apply found in Q. destruct Q as [Q1 Q2]. split_andb.
  intros z [<-|I]; [rewrite <- Q2; apply in_map; auto|eapply IH; eauto].
Qed.
Lemma chain_value K x r : chain mt isindex free look rfree i K A x r = true -> v E r = cur (dval E K) x.
Proof.
  unfold chain. destruct (look r) as [n|] eqn:Hr; [|discriminate]. destruct n; try discriminate. destruct c; try discriminate.
  destruct xs as [|y xs]; try discriminate. intros H. split_andb.
  match goal with X : Pos.eqb x y = true |- _ => apply Pos.eqb_eq in X; subst y end.
  match goal with X : same k K = true |- _ => apply (same_sound E) in X; rename X into HK end.
  match goal with X : chain_in _ _ _ _ _ _ _ _ _ _ = true |- _ => rename X into HC end.
  match goal with X : isindex _ = true |- _ => rename X into Hj end.
  rewrite (look_sound E r _ Hr). cbn [nval]. rewrite HK.
  assert (G : forall n, recursion v E i0 (x :: xs) starts steps n = map (cur n) (x :: xs)).
  { induction n as [|n IH]; [cbn [recursion]; exact (chain_starts _ _ _ _ _ HC)|]. cbn [recursion]. rewrite IH.
    apply (chain_steps i0 (x :: xs) n Hj (chain_keys _ _ _ _ _ HC) (x :: xs) starts steps HC). }
  rewrite G. reflexivity.
Qed.
Lemma constant_value j p : constant free rfree i A p = true -> P (Ec cur j) p = P E p.
Proof.
  unfold constant. intros H. apply andb_true_iff in H. destruct H as [H1 H2]. rewrite forallb_forall in H1. unfold Ec.
  rewrite (pclear_ext _ (cur j) (ereal (set_index E i (S j)))).
  - rewrite with_same. destruct index_cases as [(y & Ei & Hy)|Ei]; rewrite Ei in H2 |- *; simpl; auto. apply pfree_sound; auto.
  - intros y. rewrite ereal_index. destruct (in_dec Pos.eq_dec y (map state_of A)) as [J|J]; [right|left; apply (c_out _ _ HA), J].
    split; [apply (c_state _ _ HA); auto|]. apply in_map_iff in J. destruct J as (a & <- & J). auto.
Qed.
End Values.
Lemma runs_value A cur (HA : runs_as A cur) K parts start step r (acc : nat -> R) :
  runs mt isindex free look isstate rfree real_of i A K parts start step r = true ->
  acc 0%nat = P E start ->
  (forall j E1 o, (forall p, In p parts -> P E1 p = P (Ec cur j) p) -> P E1 o = acc j -> P E1 (step o) = acc (S j)) ->
  v E r = acc (dval E K).
Proof.
  intros H H0 HS. unfold runs in H. destruct (look r) as [n|]; [|discriminate]. destruct n; try discriminate.
  destruct xs as [|own xs]; try discriminate. destruct (real_of own) as [o|]; [|discriminate]. split_andb.
  match goal with X : match look o with _ => _ end = true |- _ => rename X into Ho end.
  destruct (look o) as [n|] eqn:Lo; [|discriminate]. destruct n; try discriminate. apply Pos.eqb_eq in Ho. subst x.
  match goal with X : isstate own = true |- _ => rename X into Hown end.
  match goal with X : forallb (pclear rfree own) parts = true |- _ => rewrite forallb_forall in X; rename X into Cp end.
  match goal with X : forallb _ A = true |- _ => rewrite forallb_forall in X; rename X into Ca end.
  match goal with X : negb _ = true |- _ => apply negb_true_iff in X; rename X into Na end.
  assert (NA : ~ In own (map state_of A)) by (intros I; apply is_in_spec in I; congruence). clear Na.
  match goal with X : chain _ _ _ _ _ _ _ _ _ _ = true |- _ => rename X into HC end.
  set (A' := (own, start, step (PId o)) :: A) in *. set (cur' := fun j y => if Pos.eqb y own then acc j else cur j y).
  assert (Same : forall j p, pclear rfree own p = true -> P (Ec cur' j) p = P (Ec cur j) p).
  { intros j p Hp. apply pclear_ext. intros y. unfold cur'. destruct (Pos.eqb_spec y own); [subst; auto|auto]. }
  assert (HA' : runs_as A' cur').
  { split.
    - intros j y N. unfold cur'. simpl in N. destruct (Pos.eqb_spec y own) as [Q|Q]; [exfalso; apply N; left; auto|].
      apply (c_out _ _ HA). tauto.
    - intros y [<-|I]; [exact Hown|apply (c_state _ _ HA); auto].
    - intros x s t [Q|I].
      + injection Q as <- <- <-. unfold cur'. rewrite Pos.eqb_refl. exact H0.
      + unfold cur'. destruct (Pos.eqb_spec x own) as [->|_]; [destruct NA; apply (in_map state_of _ _ I)|apply (c_start _ _ HA _ _ _ I)].
    - intros j x s t [Q|I] O.
      + injection Q as <- <- <-. unfold cur' at 1. rewrite Pos.eqb_refl. symmetry. apply (HS j).
        * intros p I. apply Same; auto.
        * simpl. rewrite (look_sound _ o _ Lo). simpl. unfold cur'. rewrite Pos.eqb_refl. reflexivity.
      + unfold cur' at 1. destruct (Pos.eqb_spec x own) as [->|_]; [destruct NA; apply (in_map state_of _ _ I)|].
        rewrite Same by exact (Ca _ I). apply (c_step _ _ HA j _ _ _ I), (cur_ok A cur HA j). }
  assert (R : v E r = cur' (dval E K) own).
  { exact (chain_value A' cur' HA' K own r HC). }
  rewrite R. unfold cur'. rewrite Pos.eqb_refl. reflexivity.
Qed.
End Chain.
Section Recurrence.
Variables (E : env) (i : option sym) (xB : sym) (K : dim) (entry radius : pat) (A : states) (cur : nat -> sym -> R).
Hypothesis Hi : match i with Some x => isindex x = true | None => True end.
Hypothesis okE : ok E.
Hypothesis HA : runs_as E i A cur.
Hypothesis HB : In (xB, entry, radius) A.
Let rd j := cur j xB.
Let Eb j := Ec E i cur j.
Let Ok j : ok (Eb j) := proj2 (cur_ok E i Hi okE A cur HA j).

(** The iterations themselves: summary [s j] at radius [rd j] is what the body claims there. *)
Variables (p : psum) (s : nat -> summary).
Hypothesis body : forall j, relg v (Eb j) p (rd j) (s j).
Hypothesis rd_next : forall j, rd (S j) = sb (s j) + sG (s j) * rd j.
Let fam := s_family_of s.
Lemma fam_radius j : sb (fam j) + sG (fam j) * rd 0%nat = rd j.
Proof.
  induction j; [simpl; ring|]. change (fam (S j)) with (s_series (s j) (fam j)). rewrite rd_next, <- IHj. simpl. ring.
Qed.
Lemma fam_lip j : sL (fam (S j)) = P (Eb j) (pL p) * sL (fam j).
Proof. simpl. destruct (body j) as [-> _]. reflexivity. Qed.
Lemma fam_P2 j a : pQ p = Some a -> P2 (fam (S j)) (rd 0%nat) = P (Eb j) (pL p) * P (Eb j) (pL p) * P2 (fam j) (rd 0%nat)
  + (P (Eb j) (q2 a) * (rd j * rd j) + P (Eb j) (q1 a) * rd j + P (Eb j) (q0 a)).
Proof.
  intros Ha. destruct (body j) as (B1 & _ & B3). rewrite Ha in B3. destruct B3 as [B3 _].
  change (fam (S j)) with (s_series (s j) (fam j)). rewrite P2_series, fam_radius, B3, B1. reflexivity.
Qed.
Lemma fam_cS j a g : pQ p = Some a -> Summary.cS (fam (S j)) g (rd 0%nat) = P (Eb j) (pL p) * Summary.cS (fam j) g (rd 0%nat)
  + (P (Eb j) (fst (at_group (qs a) g)) * rd j + P (Eb j) (snd (at_group (qs a) g))).
Proof.
  intros Ha. destruct (body j) as (B1 & _ & B3). rewrite Ha in B3. destruct B3 as [_ B3]. rewrite <- B3, <- B1, <- (fam_radius j).
  unfold Summary.cS. simpl. fold fam. ring.
Qed.
Lemma zero_value E1 q : ok E1 -> zero_pat mt q = true -> P E1 q = 0.
Proof.
  intros O H. unfold zero_pat in H. destruct q; try discriminate.
  - simpl. rewrite (mt_sound E1 i0 zero H O). apply p_zero.
  - destruct p0; [|discriminate]. simpl. unfold num. simpl. unfold Rdiv. ring.
Qed.
Variable bid : positive.
Hypothesis bid_real : look bid = Some (TReal xB).
Lemma bid_value j : P (Eb j) (PId bid) = rd j.
Proof. simpl. rewrite (look_sound _ _ _ bid_real). reflexivity. Qed.
Hypothesis radius_is : match pA p with Some (b, G) => radius = PAdd b (PMul G (PId bid)) | None => False end.

Lemma recurrent_sound k : recurrent mt isindex free look isstate rfree real_of i A xB bid K entry p k = true ->
  relg v E (psum_of k) (rd 0%nat) (fam (dval E K)).
Proof.
  intros H. unfold recurrent in H. destruct (pA p) as [[b G]|] eqn:HpA; [|discriminate]. cbv zeta in H.
  apply andb_true_iff in H. destruct H as [H HQ]. apply andb_true_iff in H. destruct H as [HL HB']. split; [|split]; simpl.
  - unfold lip_runs in HL. apply orb_true_iff in HL. destruct HL as [HL|HL]; [apply orb_true_iff in HL; destruct HL as [HL|HL]|].
    + symmetry. apply (runs_value E i Hi okE A cur HA K _ _ _ _ (fun j => sL (fam j)) HL); [simpl; rewrite p_one; reflexivity|].
      intros j E1 o Hp Ho. change (Ec E i cur j) with (Eb j) in Hp. simpl. rewrite (Hp (pL p)) by (left; reflexivity). rewrite Ho.
        fold fam. rewrite <- fam_lip. reflexivity.
    + destruct (look (kL k)) as [n|] eqn:Lk; [|discriminate]. destruct n; try discriminate.
      destruct (index_cases i Hi) as [(y & Ei & Hy)|Ei];
      rewrite Ei in HL; [|discriminate]. split_andb.
      match goal with X : Pos.eqb _ _ = true |- _ => apply Pos.eqb_eq in X; subst y end.
      match goal with X : same _ K = true |- _ => apply (same_sound E) in X; rename X into HK end.
      rewrite (look_sound E _ _ Lk). simpl nval. rewrite HK. clear HK. induction (dval E K) as [|n IH]; [reflexivity|].
      rewrite fam_lip, IH. simpl prod_to.
      assert (X : v (set_nat E i0 (S n)) a = P (Eb n) (pL p)).
      { rewrite (mt_sound _ a (pL p)); auto. unfold Eb, Ec. rewrite Ei. simpl set_index.
        rewrite <- (with_same (set_nat E i0 (S n))) at 1. apply pclear_ext. intros y. simpl.
        match goal with X : forallb _ A = true |- _ => rewrite forallb_forall in X; rename X into Hc end.
        destruct (in_dec Pos.eq_dec y (map state_of A)) as [J|J]; [right|left; symmetry; apply (c_out _ _ _ _ HA), J].
        split; [apply (c_state _ _ _ _ HA); auto|]. apply in_map_iff in J. destruct J as (z & <- & J). auto. }
      rewrite X. ring.
    + apply andb_true_iff in HL. destruct HL as [HC HM]. rewrite (mt_sound E _ _ HM okE). simpl. rewrite dd_pow.
      induction (dval E K) as [|n IH]; [reflexivity|]. rewrite fam_lip, IH. unfold Eb.
        rewrite (constant_value E i Hi okE A cur HA) by auto. reflexivity.
  - destruct (kaff k) as [[kb kG]|]; [|exact I]. simpl. apply andb_true_iff in HB'. destruct HB' as [HG HB'].
    rewrite (mt_sound E kG zero HG okE), p_zero, fam_radius. apply orb_true_iff in HB'. destruct HB' as [HB'|HB'].
    + rewrite (chain_value E i Hi okE A cur HA K xB kb HB'). unfold rd. ring.
    + split_andb. rewrite (mt_sound E kb _ ltac:(eassumption) okE). simpl.
      assert (R0 : rd 0%nat = P E entry) by apply (c_start _ _ _ _ HA _ _ _ HB).
      rewrite p_one, <- R0, Rmult_0_l, Rplus_0_r, Rmult_comm.
      apply (dd_radius_rec _ (P E G) (P E b) (rd 0%nat) rd eq_refl). intros j _.
      assert (RS : rd (S j) = P (Eb j) radius) by apply (c_step _ _ _ _ HA j _ _ _ HB (Ok j)). rewrite RS, radius_is.
      change (P (Eb j) b + P (Eb j) G * P (Eb j) (PId bid) = P E G * rd j + P E b). rewrite bid_value. unfold Eb.
      rewrite !(constant_value E i Hi okE A cur HA) by auto. ring.
  - destruct (kq k) as [[[a2 a1] a0]|]; [|exact I]. destruct (pQ p) as [q|] eqn:Hq; [|discriminate]. split_andb. simpl.
    rewrite (mt_sound E a2 zero), (mt_sound E a1 zero), p_zero by auto.
    match goal with X : _ || runs _ _ _ _ _ _ _ _ _ _ _ _ _ a0 = true |- _ => rename X into HP end.
    match goal with X : forallb _ (ks k) = true |- _ => rename X into HS end.
    match goal with X : forallb _ (qs q) = true |- _ => rename X into HN end.
    split.
    + transitivity (v E a0); [|ring]. symmetry. apply orb_true_iff in HP. destruct HP as [HP|HP]; [apply orb_true_iff in HP;
      destruct HP as [HP|HP]|].
      * split_andb. rewrite (mt_sound E a0 zero), p_zero by auto. induction (dval E K) as [|n IH]; [unfold P2; simpl; ring|].
        rewrite (fam_P2 n q Hq), <- IH. pose proof (Ok n) as On. rewrite (zero_value (Eb n) (q2 q)), (zero_value (Eb n) (q1 q)),
          (zero_value (Eb n) (q0 q)) by auto. ring.
      * split_andb. match goal with X : runs _ _ _ _ _ _ _ _ _ _ _ _ _ a0 = true |- _ => rename X into HR end.
        apply (runs_value E i Hi okE A cur HA K _ _ _ _ (fun j => P2 (fam j) (rd 0%nat)) HR); [rewrite p_zero; unfold P2; simpl; ring|].
        intros j E1 o Hp Ho. change (Ec E i cur j) with (Eb j) in Hp. simpl. rewrite (Hp (pL p)), (Hp (q0 q)), Ho by (simpl; auto).
          fold fam.
        change (s_series (s j) (fam j)) with (fam (S j)). rewrite (fam_P2 j q Hq).
        pose proof (Ok j) as On. rewrite (zero_value (Eb j) (q2 q)), (zero_value (Eb j) (q1 q)) by auto. ring.
      * apply (runs_value E i Hi okE A cur HA K _ _ _ _ (fun j => P2 (fam j) (rd 0%nat)) HP); [rewrite p_zero; unfold P2; simpl; ring|].
        intros j E1 o Hp Ho. change (Ec E i cur j) with (Eb j) in Hp. pose proof (Hp (PId bid) ltac:(simpl; auto 8)) as Hb.
          rewrite bid_value in Hb. simpl in Hb. simpl.
        rewrite (Hp (pL p)), (Hp (q2 q)), (Hp (q1 q)), (Hp (q0 q)), Ho, Hb by (simpl; auto 8). fold fam.
        change (s_series (s j) (fam j)) with (fam (S j)). rewrite (fam_P2 j q Hq). ring.
    + intros g. set (c := at_group (qs q) g).
      destruct (existsb (fun x => Nat.eqb (fst (fst x)) g) (ks k)) eqn:Lg.
      * revert HS Lg. clear HN. induction (ks k) as [|[[h l1] l0] l IH]; [discriminate|]. simpl. intros X1 X2.
        apply andb_true_iff in X1. destruct X1 as [X1 X3]. destruct (Nat.eqb h g) eqn:Eh; [|apply IH; auto].
        apply Nat.eqb_eq in Eh. subst h. fold c in X1. apply andb_true_iff in X1. destruct X1 as [X1 X4]. simpl.
        rewrite (mt_sound E l1 zero), p_zero by auto. transitivity (v E l0); [|ring]. symmetry.
        apply orb_true_iff in X4. destruct X4 as [X4|X4].
        -- apply andb_true_iff in X4. destruct X4 as [Z X4].
           apply (runs_value E i Hi okE A cur HA K _ _ _ _ (fun j => Summary.cS (fam j) g (rd 0%nat)) X4); [rewrite p_zero;
             unfold Summary.cS; simpl; ring|].
           intros j E1 o Hp Ho. change (Ec E i cur j) with (Eb j) in Hp. simpl. rewrite (Hp (pL p)), (Hp (snd c)), Ho by (simpl; auto).
             fold fam.
           change (s_series (s j) (fam j)) with (fam (S j)). rewrite (fam_cS j q g Hq). fold c.
           pose proof (Ok j) as On. rewrite (zero_value (Eb j) (fst c)) by auto. ring.
        -- apply (runs_value E i Hi okE A cur HA K _ _ _ _ (fun j => Summary.cS (fam j) g (rd 0%nat)) X4); [rewrite p_zero;
          unfold Summary.cS; simpl; ring|].
           intros j E1 o Hp Ho. change (Ec E i cur j) with (Eb j) in Hp. pose proof (Hp (PId bid) ltac:(simpl; auto 8)) as Hb.
             rewrite bid_value in Hb. simpl in Hb. simpl.
           rewrite (Hp (pL p)), (Hp (fst c)), (Hp (snd c)), Ho, Hb by (simpl; auto 8). fold fam.
           change (s_series (s j) (fam j)) with (fam (S j)). rewrite (fam_cS j q g Hq). fold c. ring.
      * rewrite in_keys by auto. simpl. rewrite p_zero.
        assert (Y : c = (zero, zero)).
        { apply at_unlisted. unfold listed. rewrite <- not_true_iff_false, existsb_exists. intros [y [I Y]]. apply Nat.eqb_eq in Y. subst g.
          rewrite forallb_forall in HN. rewrite (HN y I) in Lg. discriminate. }
        transitivity 0; [|ring]. induction (dval E K) as [|n IH]; [unfold Summary.cS; simpl; ring|].
        rewrite (fam_cS n q g Hq), IH. fold c. rewrite Y. simpl. rewrite p_zero. ring.
Qed.
End Recurrence.
Lemma sound_closed_rep K i f a c sh x r : sound_at f -> chk (inside c) sh f = Some x ->
  same_shape (r_shape x) sh && index_ok isindex free groups c sh i x && r_exact x = true ->
  settle mt (claimed a) (block (p_repeat K (flat x)) (if least lower 1 K then r_sup x else Unknown) sh true) = Some r ->
  forall E B F C, ok E -> groups_at E -> context_at E c B F C ->
  relx E r B (fst (summ v E sh B F (Rep K i f a))) /\ rel_o v E (r_sup r) (snd (summ v E sh B F (Rep K i f a)))
  /\ oshape sh (Rep K i f a) = r_shape r /\ wf v ng gd E C sh B F (Rep K i f a).
Proof.
  intros IHf Hx HK H E B F C HE HG HC. apply andb_true_iff in HK. destruct HK as [HK HX]. apply andb_true_iff in HK.
  destruct HK as [HS HI]. set (step := fun j (st : state) => summ v (set_index E i (S j)) sh (fst st) (sup_in (fst st) (snd st)) f).
  assert (Hok : forall j, ok (set_index E i (S j)) /\ groups_at (set_index E i (S j))).
  { intros j. unfold index_ok in HI. destruct i as [s|]; simpl; auto. split_andb. split; [apply index_sound; auto|apply groups_free;
    auto]. }
  assert (Body : forall j st, rel v E (flat x) (fst (step j st)) /\ rel_o v E (r_sup x) (snd (step j st)) /\ oshape sh f = r_shape x
    /\ wf v ng gd (set_index E i (S j)) C sh (fst st) (sup_in (fst st) (snd st)) f).
  { intros j st. destruct (Hok j) as [O1 O2].
    assert (HC' : context_at (set_index E i (S j)) (inside c) (fst st) (sup_in (fst st) (snd st)) C).
    { split; [exact I|]. split; [exact I|]. destruct HC as (_ & _ & ->). unfold index_ok in HI. destruct i as [s|]; simpl; auto. split_andb.
      symmetry. apply scope_free; auto. }
    destruct (IHf _ _ _ Hx _ _ _ _ O1 O2 HC') as (F1 & F2 & F3 & F4). unfold step.
    split; [|split; [|split; auto]].
    - apply relx_exact in F1; auto. unfold index_ok in HI. destruct i as [s|]; simpl in *; auto. split_andb. eapply sfree_rel; eauto.
    - unfold index_ok in HI. destruct i as [s|]; simpl in *; auto. split_andb. eapply ofree_rel; eauto. }
  destruct (settle_sound E _ _ _ B (fst (summ v E sh B F (Rep K i f a))) (snd (summ v E sh B F (Rep K i f a))) HE H) as (S1 & S2 & S3).
  - simpl. apply relx_block; [intros _|discriminate]. apply rel_repeat. intros j Hj. apply Body.
  - simpl. destruct (least lower 1 K) eqn:L; simpl; auto. apply (least_sound E 1 K HE) in L. change (N.to_nat 1) with 1%nat in L.
    destruct (dval E K) as [|k]; [lia|]. fold step. rewrite state_at_S. apply Body.
  - split; [exact S1|]. split; [exact S2|]. split; [simpl in *; congruence|]. simpl. intros j Hj.
    destruct (Body j (state_at step (B, sup_in B F) j)) as (_ & _ & O & W). split; [exact W|].
    assert (Q : len (set_index E i (S j)) sh = len E sh).
    { unfold index_ok in HI. destruct i as [s|]; simpl; auto. split_andb. apply shape_free_sound; auto. }
    split; [exact Q|]. rewrite O, (same_shape_sound _ _ _ HS). exact Q.
Qed.


Lemma scope_real E x r c : isstate x = true -> forallb (fun z => pclear rfree x (snd z)) c = true ->
  scope_at (set_real E x r) c = scope_at E c.
Proof.
  intros Hx H. unfold scope_at. apply map_ext_in. intros y I. rewrite forallb_forall in H. specialize (H y I).
  rewrite len_real. f_equal. rewrite <- (with_same E) at 2. apply (pclear_ext E (ereal (set_real E x r)) (ereal E)).
  intros z. simpl. destruct (Pos.eqb_spec z x) as [->|]; auto.
Qed.
Lemma groups_real E x r : groups_at E -> groups_at (set_real E x r).
Proof. intros HG g a b N. rewrite !dval_real. apply HG, N. Qed.
Lemma sup_state_sound xB k x f : sup_state look isstate real_of xB k = Some (x, f) -> look f = Some (TReal x) /\ isstate x = true.
Proof.
  unfold sup_state. destruct (fold_right _ _ _) as [y|]; [|discriminate]. destruct (real_of y) as [g|]; [|discriminate].
  destruct (look g) as [n|] eqn:L; [|discriminate]. destruct n; try discriminate.
  destruct (Pos.eqb x0 y && isstate y) eqn:Q; [|discriminate]. intros H. injection H as <- <-. apply andb_true_iff in Q.
    destruct Q as [Q1 Q2].
  apply Pos.eqb_eq in Q1. subst x0. auto.
Qed.
Lemma sound_recurrent K i f c sh x entry bid xB k A b G : let F0 := sup_state look isstate real_of xB k in
  sound_at f -> cB c = Known entry -> look bid = Some (TReal xB) ->
  chk {| cB := Known (PId bid); cF := sup_known F0; cC := cC c |} sh f = Some x ->
  pA (flat x) = Some (b, G) ->
  states_of xB entry (PAdd b (PMul G (PId bid))) F0 (o_in (cB c) (cF c)) (r_sup x) = Some A ->
  same_shape (r_shape x) sh = true -> isstate xB = true -> forallb (fun a => netall (rfree (state_of a)) f) A = true ->
  match i with Some y => isindex y && shape_free y sh
    && forallb (fun p => dfree y (fst p) && dfree y (snd p)) groups
    && forallb (fun z => shape_free y (snd (fst z)) && pfree free y (snd z)) (cC c) | None => true end = true ->
  forallb (fun a => forallb (fun z => pclear rfree (state_of a) (snd z)) (cC c)) A = true ->
  recurrent mt isindex free look isstate rfree real_of i A xB bid K entry (flat x) k = true ->
  forall a E B F C, ok E -> groups_at E -> context_at E c B F C ->
  relx E (block (psum_of k) Unknown sh false) B (fst (summ v E sh B F (Rep K i f a)))
  /\ rel_o v E (sup_after mt lower isindex free look rfree i A K F0 (r_sup x) (ksup k)) (snd (summ v E sh B F (Rep K i f a)))
  /\ wf v ng gd E C sh B F (Rep K i f a).
Proof.
  intros F0 IHf Hentry Hbid Hx HA HA' HS HxB Hfree HI HCc HR a E B F C HE HG (HB & HF & HC).
  pose proof (in_value E _ _ _ _ HB HF) as HIn. rewrite Hentry in HB. simpl in HB. subst B.
  set (step := fun j (st : state) => summ v (set_index E i (S j)) sh (fst st) (sup_in (fst st) (snd st)) f).
  set (st := fun j => state_at step (Some (P E entry), sup_in (Some (P E entry)) F) j).
  set (rd := fun j => the (fst (st j))). set (fd := fun j => the (sup_in (fst (st j)) (snd (st j)))).
  set (sj := fun j => fst (step j (st j))).
  assert (St : forall j, fst (st j) = Some (rd j)).
  { assert (X : forall j, exists y, fst (st j) = Some y).
    { induction j as [|j [y Hy]]; [exists (P E entry); reflexivity|]. unfold st in *. rewrite state_at_S. simpl. rewrite Hy. simpl. eauto. }
    intros j. unfold rd. destruct (X j) as [y ->]. reflexivity. }
  assert (Sf : forall j, sup_in (fst (st j)) (snd (st j)) = Some (fd j)).
  { intros j. unfold fd. rewrite St. destruct (snd (st j)); reflexivity. }
  assert (StS : forall j, st (S j) = (out_radius (sj j) (Some (rd j)), snd (step j (st j)))).
  { intros j. unfold st at 1. rewrite state_at_S. fold (st j). rewrite St. reflexivity. }
  assert (Rn : forall j, rd (S j) = sb (sj j) + sG (sj j) * rd j).
  { intros j. unfold rd at 1. rewrite StS. reflexivity. }
  assert (Hi : match i with Some y => isindex y = true | None => True end).
  { destruct i as [y|]; auto. split_andb. assumption. }
  set (radius := PAdd b (PMul G (PId bid))) in *.
  (* the values of the states *)
  set (cur := fun j y => match F0 with Some (xF, _) => if Pos.eqb y xF then fd j else if Pos.eqb y xB then rd j else ereal E y
    | None => if Pos.eqb y xB then rd j else ereal E y end).
  set (Ej := fun j => match F0 with Some (xF, _) => set_real (set_real (set_index E i (S j)) xB (rd j)) xF (fd j)
    | None => set_real (set_index E i (S j)) xB (rd j) end).
  assert (EEj : forall j, Ec E i cur j = Ej j).
  { intros j. unfold Ec, Ej, cur. destruct F0 as [[xF f0]|], i as [y|]; reflexivity. }
  assert (HF0 : forall xF f0, F0 = Some (xF, f0) -> look f0 = Some (TReal xF) /\ isstate xF = true /\ xF <> xB).
  { intros xF f0 Q. destruct (sup_state_sound _ _ _ _ Q) as [Q1 Q2]. split; auto. split; auto. intros ->. rewrite Q in HA'. simpl in HA'.
    rewrite Pos.eqb_refl in HA'. discriminate. }
  assert (InA : In (xB, entry, radius) A).
  { unfold states_of in HA'. destruct F0 as [[xF f0]|]; [|injection HA' as <-; left; reflexivity].
    destruct (Pos.eqb xF xB); [discriminate|]. destruct (o_in _ _); try discriminate. destruct (r_sup x); try discriminate;
      injection HA' as <-; left; reflexivity. }
  assert (InF : forall xF f0, F0 = Some (xF, f0) -> exists s t, o_in (cB c) (cF c) = Known s /\ A = [(xB, entry, radius); (xF, s, t)] /\
    match r_sup x with Known q => t = q | Absent => t = radius | Unknown => False end).
  { intros xF f0 Q. unfold states_of in HA'. rewrite Q in HA'. destruct (Pos.eqb xF xB); [discriminate|].
    destruct (o_in _ _) as [| |s]; try discriminate. destruct (r_sup x) as [| |q]; try discriminate; injection HA' as <-; eauto. }
  assert (FN : F0 = None -> A = [(xB, entry, radius)]).
  { intros Q. unfold states_of in HA'. rewrite Q in HA'. injection HA' as <-. reflexivity. }
  assert (CB : forall j, cur j xB = rd j).
  { intros j. unfold cur. destruct F0 as [[xF f0]|] eqn:Q; rewrite Pos.eqb_refl; auto. destruct (HF0 _ _ eq_refl) as (_ & _ & N).
    destruct (Pos.eqb_spec xB xF) as [M|M]; auto. destruct N; symmetry; exact M. }
  assert (CF : forall j xF f0, F0 = Some (xF, f0) -> cur j xF = fd j).
  { intros j xF f0 Q. unfold cur. rewrite Q, Pos.eqb_refl. reflexivity. }
  rewrite forallb_forall in Hfree, HCc.
  (* the body in iteration j *)
  assert (Body : forall j, ok (Ec E i cur j) -> relg v (Ec E i cur j) (flat x) (rd j) (sj j) /\
    rel_o v (Ec E i cur j) (r_sup x) (snd (step j (st j))) /\ oshape sh f = r_shape x
    /\ wf v ng gd (set_index E i (S j)) C sh (fst (st j)) (sup_in (fst (st j)) (snd (st j))) f).
  { intros j O. assert (G1 : groups_at (set_index E i (S j))).
    { destruct i as [y|]; simpl; auto. split_andb. apply groups_free; auto. }
    assert (C1 : scope_at (set_index E i (S j)) (cC c) = C).
    { rewrite HC. destruct i as [y|]; simpl; auto. split_andb. apply scope_free; auto. }
    assert (HC' : context_at (Ec E i cur j) {| cB := Known (PId bid); cF := sup_known F0; cC := cC c |} (Some (rd j)) (Some (fd j)) C).
    { split; [|split]; simpl.
      - rewrite (look_sound _ _ _ Hbid). simpl. rewrite CB. reflexivity.
      - destruct F0 as [[xF f0]|] eqn:Q; simpl; auto. destruct (HF0 _ _ eq_refl) as (Lf & _). rewrite (look_sound _ _ _ Lf). simpl.
        rewrite (CF _ _ _ eq_refl). reflexivity.
      - rewrite EEj. unfold Ej. destruct F0 as [[xF f0]|] eqn:Q.
        + destruct (InF _ _ eq_refl) as (s & t & _ & QA & _). destruct (HF0 _ _ eq_refl) as (_ & SF & _).
          rewrite !scope_real; auto; [apply (HCc (xB, entry, radius)); auto|]. apply (HCc (xF, s, t)). rewrite QA. right. left. reflexivity.
        + rewrite scope_real; auto. apply (HCc (xB, entry, radius)); auto. }
    assert (GE : groups_at (Ec E i cur j)).
    { rewrite EEj. unfold Ej. destruct F0 as [[xF f0]|]; repeat apply groups_real; auto. }
    destruct (IHf _ _ _ Hx _ _ _ _ O GE HC') as (F1 & F2 & F3 & F4). apply relx_g in F1.
    assert (NB : netall (rfree xB) f = true) by apply (Hfree _ InA).
    assert (SE : summ v (Ec E i cur j) sh (Some (rd j)) (Some (fd j)) f = step j (st j)).
    { rewrite EEj. unfold step. rewrite Sf, St. unfold Ej. destruct F0 as [[xF f0]|] eqn:Q.
      - destruct (InF _ _ eq_refl) as (s & t & _ & QA & _). destruct (HF0 _ _ eq_refl) as (_ & SF & _).
        assert (NF : netall (rfree xF) f = true) by (apply (Hfree (xF, s, t)); rewrite QA; right; left; reflexivity).
        rewrite !summ_real; auto.
      - rewrite summ_real; auto. }
    rewrite SE in F1, F2. split; [exact F1|]. split; [exact F2|]. split; [exact F3|]. rewrite Sf, St.
    rewrite EEj in F4. unfold Ej in F4. destruct F0 as [[xF f0]|] eqn:Q.
    - destruct (InF _ _ eq_refl) as (s & t & _ & QA & _). destruct (HF0 _ _ eq_refl) as (_ & SF & _).
      assert (NF : netall (rfree xF) f = true) by (apply (Hfree (xF, s, t)); rewrite QA; right; left; reflexivity).
      apply wf_real in F4; auto. apply wf_real in F4; auto.
    - apply wf_real in F4; auto. }
  assert (RS : forall j, ok (Ec E i cur j) -> rd (S j) = P (Ec E i cur j) radius).
  { intros j O. destruct (Body j O) as ((_ & X & _) & _). rewrite HA in X. rewrite Rn, X. unfold radius. simpl.
    rewrite (look_sound _ _ _ Hbid). simpl. rewrite CB. reflexivity. }
  assert (HRA : runs_as E i A cur).
  { split.
    - intros j y N. unfold cur. destruct F0 as [[xF f0]|] eqn:Q.
      + destruct (InF _ _ eq_refl) as (s & t & _ & QA & _). rewrite QA in N. simpl in N. unfold state_of in N. simpl in N.
        destruct (Pos.eqb_spec y xF) as [M|_]; [exfalso; apply N; right; left; symmetry; exact M|].
        destruct (Pos.eqb_spec y xB) as [M|_]; [exfalso; apply N; left; symmetry; exact M|]. reflexivity.
      + rewrite (FN eq_refl) in N. simpl in N. unfold state_of in N. simpl in N.
        destruct (Pos.eqb_spec y xB) as [M|_]; [exfalso; apply N; left; symmetry; exact M|]. reflexivity.
    - intros y I. destruct F0 as [[xF f0]|] eqn:Q.
      + destruct (InF _ _ eq_refl) as (s & t & _ & QA & _). rewrite QA in I. destruct I as [<-|[<-|[]]]; [exact HxB|].
        apply (HF0 _ _ eq_refl).
      + rewrite (FN eq_refl) in I. destruct I as [<-|[]]. exact HxB.
    - intros y s t I. destruct F0 as [[xF f0]|] eqn:Q.
      + destruct (InF _ _ eq_refl) as (s' & t' & Qs & QA & _). rewrite QA in I. destruct I as [I|[I|[]]]; injection I as <- <- <-.
        * rewrite CB. reflexivity.
        * rewrite (CF _ _ _ eq_refl). rewrite Qs in HIn. simpl in HIn. unfold fd, st. simpl.
          destruct F; simpl in HIn |- *; injection HIn as HIn; exact HIn.
      + rewrite (FN eq_refl) in I. destruct I as [I|[]]; injection I as <- <- <-. rewrite CB. reflexivity.
    - intros j y s t I O. destruct F0 as [[xF f0]|] eqn:Q.
      + destruct (InF _ _ eq_refl) as (s' & t' & _ & QA & Qn). rewrite QA in I. destruct I as [I|[I|[]]]; injection I as <- <- <-.
        * rewrite CB. apply RS, O.
        * rewrite (CF _ _ _ eq_refl). destruct (Body j O) as (_ & X & _). unfold fd. rewrite StS. simpl.
          destruct (r_sup x) as [| |q]; [contradiction| |]; simpl in X; rewrite X; simpl; subst t'; auto.
          rewrite <- RS by auto. symmetry. apply Rn.
      + rewrite (FN eq_refl) in I. destruct I as [I|[]]; injection I as <- <- <-. rewrite CB. apply RS, O. }
  assert (Ok : forall j, ok (Ec E i cur j)) by (intros j; apply (cur_ok E i Hi HE A cur HRA j)).
  split; [|split].
  - apply relx_block; [discriminate|intros _]. exists (rd 0%nat). split; [reflexivity|].
    rewrite <- CB. apply (recurrent_sound E i xB K entry radius A cur Hi HE HRA InA (flat x) sj) with (bid := bid); auto.
    + intros j. rewrite CB. apply (Body j (Ok j)).
    + intros j. rewrite !CB. apply Rn.
    + rewrite HA. reflexivity.
  - simpl. fold step. change (rel_o v E (sup_after mt lower isindex free look rfree i A K F0 (r_sup x) (ksup k)) (snd (st (dval E K)))).
    unfold sup_after. destruct (ksup k) as [r|]; [|exact I]. destruct (r_sup x) as [| |q] eqn:Hq; try exact I.
    assert (SS : forall j, snd (st (S j)) = Some (P (Ec E i cur j) q)).
    { intros j. destruct (Body j (Ok j)) as (_ & X & _). rewrite StS. exact X. }
    destruct (match F0 with Some (x0, _) => _ | None => _ end) eqn:HC1.
    + destruct F0 as [[xF f0]|] eqn:Q; [|discriminate]. simpl. rewrite (chain_value E i Hi HE A cur HRA K xF r HC1).
      rewrite (CF _ _ _ eq_refl). destruct (dval E K) as [|j]; [unfold fd, st; simpl; destruct F; reflexivity|].
      unfold fd. rewrite !SS. reflexivity.
    + destruct (constant free rfree i A q && least lower 1 K && mt r q) eqn:HC2; [|exact I]. split_andb. simpl.
      match goal with X : least lower 1 K = true |- _ => apply (least_sound E 1 K HE) in X; change (N.to_nat 1) with 1%nat in X;
        rename X into HK end.
      destruct (dval E K) as [|j]; [lia|]. rewrite SS, (constant_value E i Hi HE A cur HRA) by auto. f_equal. symmetry. apply mt_sound;
        auto.
  - simpl. intros j Hj. destruct (Body j (Ok j)) as (_ & _ & O & W). split; [exact W|].
    assert (Q : len (set_index E i (S j)) sh = len E sh).
    { destruct i as [y|]; simpl; auto. split_andb. apply shape_free_sound; auto. }
    split; [exact Q|]. rewrite O, (same_shape_sound _ _ _ HS). exact Q.
Qed.
Lemma sound_rep K i f a : sound_at f -> sound_at (Rep K i f a).
Proof.
  intros IHf c sh r H. cbn [check_block] in H. cbv zeta in H.
  set (closed := match chk (inside c) sh f with Some x => _ | None => None end) in H.
  destruct closed as [r'|] eqn:Hc.
  - injection H as <-. unfold closed in Hc. destruct (chk (inside c) sh f) as [x|] eqn:Hx; [|discriminate].
    destruct (same_shape (r_shape x) sh && index_ok isindex free groups c sh i x && r_exact x) eqn:HK; [|discriminate].
    intros E B F C HE HG HC. eapply sound_closed_rep; eauto.
  - clear Hc closed. destruct (cB c) as [| |entry] eqn:HB; try discriminate. destruct (claimed a) as [k|]; [|discriminate].
    destruct (look (under a)) as [n|] eqn:Hb; [|discriminate]. destruct n as [? ?|xB|?|? ?|?|? ?|? ?|? ?|?|?|? ?|? ? ?|? ? ?|? ? ? ? ? ?];
      try discriminate.
    cbv zeta in H. destruct (chk _ sh f) as [x|] eqn:Hx in H; [|discriminate].
    destruct (pA (flat x)) as [[b G]|] eqn:HA; [|discriminate].
    destruct (states_of _ _ _ _ _ _) as [A|] eqn:HS' in H; [|discriminate].
    match type of H with (if ?c then _ else _) = _ => destruct c eqn:HK; [|discriminate] end. injection H as <-.
    apply andb_true_iff in HK. destruct HK as [HK HR]. apply andb_true_iff in HK. destruct HK as [HK HCc].
    apply andb_true_iff in HK. destruct HK as [HK HI]. apply andb_true_iff in HK. destruct HK as [HK Hfree].
    apply andb_true_iff in HK. destruct HK as [HS HxB].
    rewrite <- HB in HS'. intros E B F C HE HG HC. destruct (sound_recurrent K i f c sh x entry (under a) xB k A b G IHf HB Hb Hx HA HS'
      HS HxB Hfree HI HCc HR
      a E B F C HE HG HC) as (R & Rs & W).
    split; [exact R|]. split; [exact Rs|]. split; [reflexivity|exact W].
Qed.

(** What the checker accepts is well-formed, and its claims (or the expressions of its parts) are its summary. *)
Lemma check_sound f : sound_at f.
Proof.
  induction f; auto using sound_skip, sound_ball, sound_leaf, sound_series, sound_sum, sound_concat, sound_parallel, sound_scale,
    sound_product, sound_rep, sound_capture, sound_close.
Qed.
End Sound.
