(** The checker on the table of a certificate: what its acceptance means. *)
From Coq Require Import Reals Lra Lia List PeanoNat BinPos NArith ZArith Bool FMapPositive.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs MeanValue Networks Summaries Terms Checker CheckerSound.
Import ListNotations.
Open Scope R_scope.

(** A claim holds of a summary; shared groups that it does not list have 0. *)
Definition claimed_group (E : env) (v : value) (l : list (nat * positive * positive)) (g : nat) : R * R :=
  match find (fun x => Nat.eqb (fst (fst x)) g) l with Some (_, l1, l0) => (v E l1, v E l0) | None => (0, 0) end.
Definition holds (v : value) (E : env) (c : claim) (s : summary) : Prop :=
  sL s = v E (kL c) /\
  match kaff c with Some (b, G) => sb s = v E b /\ sG s = v E G | None => True end /\
  match kq c with
  | Some (a, b, d) => (sq2 s = v E a /\ sq1 s = v E b /\ sq0 s = v E d) /\
                      forall g, sl1 s g = fst (claimed_group E v (ks c) g) /\ sl0 s g = snd (claimed_group E v (ks c) g)
  | None => True end.
Definition annotation {A} (f : net A) : A :=
  match f with
  | Skip a | Ball _ a | Leaf _ a | Series _ _ a | Sum _ _ a | Concat _ _ a | Parallel _ _ _ _ a | Scale _ _ _ a | Product _ _ a
  | Rep _ _ _ a | Capture _ _ _ a | Close _ _ a => a
  end.
Lemma claims_at v E l g : let z := at_group (map (fun x => let '(g, l1, l0) := x in (g, (PId l1, PId l0))) l) g in
  pval v E (fst z) = fst (claimed_group E v l g) /\ pval v E (snd z) = snd (claimed_group E v l g).
Proof.
  unfold claimed_group. induction l as [|[[h l1] l0] l IH]; simpl; [rewrite p_zero; auto|].
  destruct (Nat.eqb h g); [split; reflexivity|]. exact IH.
Qed.
Lemma rel_holds v E c s : rel v E (psum_of c) s -> holds v E c s.
Proof.
  intros (H1 & H2 & H3). simpl in *. split; [exact H1|]. split.
  - destruct (kaff c) as [[b G]|]; exact H2.
  - destruct (kq c) as [[[a b] d]|]; auto. destruct H3 as [H3 H4]. split; [exact H3|]. intros g. destruct (H4 g) as [-> ->].
    apply claims_at.
Qed.

Lemma values_pat t F E : meets t F E -> forall p, 0 <= pval (tval t) E p.
Proof. intros H p. pose proof (m_nonneg _ _ _ H) as N. apply pval_nonneg; apply N. Qed.

(** *** Assumed layers *)
Lemma use_eqb_eq a b : use_eqb a b = true -> a = b.
Proof.
  destruct a, b; simpl; try discriminate; auto.
  - intros H. apply Nat.eqb_eq in H. congruence.
  - intros H. apply andb_true_iff in H. destruct H as [H1 H2]. apply Nat.eqb_eq in H1. destruct (list_eq_dec Pos.eq_dec ix ix0); congruence.
Qed.
Lemma dim_eqb_eq a : forall b, dim_eqb a b = true -> a = b.
Proof.
  induction a; intros b H; destruct b; simpl in H; try discriminate;
    try (apply andb_true_iff in H; destruct H as [H1 H2]; apply IHa1 in H1; apply IHa2 in H2; congruence).
  - apply N.eqb_eq in H. congruence.
  - apply Pos.eqb_eq in H. congruence.
Qed.
Lemma shape_eqb_eq a b : shape_eqb a b = true -> a = b.
Proof. unfold shape_eqb. intros H. split_andb. destruct a, b; simpl in *. f_equal; apply dim_eqb_eq; assumption. Qed.
Lemma tensors_eqb_eq l : forall r, tensors_eqb l r = true -> l = r.
Proof.
  induction l as [|[[[[a b] u] p] q] l IH]; intros [|[[[[a' b'] u'] p'] q'] r]; simpl; try discriminate; auto.
  intros H. split_andb. f_equal; [|apply IH; assumption].
  repeat match goal with H : Pos.eqb _ _ = true |- _ => apply Pos.eqb_eq in H | H : use_eqb _ _ = true |- _ => apply use_eqb_eq in H
    | H : dim_eqb _ _ = true |- _ => apply dim_eqb_eq in H end. congruence.
Qed.
Lemma assumed_eqb_eq a b : assumed_eqb a b = true -> a = b.
Proof.
  destruct a, b; simpl; try discriminate. intros H. split_andb.
  repeat match goal with H : Pos.eqb _ _ = true |- _ => apply Pos.eqb_eq in H | H : Nat.eqb _ _ = true |- _ => apply Nat.eqb_eq in H
    | H : tensors_eqb _ _ = true |- _ => apply tensors_eqb_eq in H | H : shape_eqb _ _ = true |- _ => apply shape_eqb_eq in H end.
      congruence.
Qed.
Lemma by_number_in l i x : PositiveMap.find i (by_number l) = Some x -> In x l.
Proof.
  induction l as [|y l IH]; simpl; [rewrite PositiveMap.gempty; discriminate|]. intros H.
  destruct (Pos.eq_dec i (number_of (snd y))) as [->|N].
  - rewrite PositiveMap.gss in H. left. congruence.
  - rewrite PositiveMap.gso in H by auto. auto.
Qed.
Lemma among_in l sh a : among (by_number l) sh a = true -> In (sh, a) l.
Proof.
  unfold among. destruct (PositiveMap.find _ _) as [[sh' a']|] eqn:Q; [|discriminate]. intros H. apply andb_true_iff in H.
  destruct H as [H1 H2]. rewrite (shape_eqb_eq _ _ H1), (assumed_eqb_eq _ _ H2). apply by_number_in in Q. exact Q.
Qed.
(** What a network rests on: the facts, and the contracts of assumed layers, whatever the indices and states. *)
Definition contracts_hold (t : table) (F : facts) (hyps : list (shape * layer)) (E : env) : Prop :=
  forall E', variant (f_index F) (f_state F) E E' -> Forall (fun x => contract_met (tval t) E' (fst x) (snd x)) hyps.
Definition rests (t : table) (F : facts) (hyps : list (shape * layer)) (E : env) : Prop := meets t F E /\ contracts_hold t F hyps E.
Lemma rests_variant t F hyps E E' : variant (f_index F) (f_state F) E E' -> rests t F hyps E -> rests t F hyps E'.
Proof.
  intros V [M H]. split; [apply (meets_variant t F E); auto|]. intros E'' V'. apply H. eapply variant_trans; eauto.
Qed.
Lemma rests_proved t F E : meets t F E -> rests t F [] E.
Proof. intros H. split; auto. intros E' _. constructor. Qed.

(** What acceptance means: the network is well-formed, and its summary is what it claims, at the radius of the input. *)
Lemma check_network_at_relx l F gs B sh f r : ordered l 1 = true -> check_network_at l F gs B sh f = Some r ->
  forall E gd, rests (rev l) F (assumed_layers sh f []) E -> groups_at gs gd E ->
  let v := tval (rev l) in let b := option_map (v E) B in
  wf v (length gs) gd E [] sh b None f /\ oshape sh f = r_shape r /\ relx v E r b (fst (summ v E sh b None f)).
Proof.
  intros HO H E gd HE HG v b. unfold check_network_at, check_table in H. pose proof (table_map l HO) as T.
  pose proof (check_sound v (rests (rev l) F (assumed_layers sh f [])) (matches (map_of_list l) F) (positive_term (map_of_list l) F)
    (dim_least (f_least F))
    (divides_in (f_divides F)) (f_gelu F) (f_silu F) (f_selu F) (fun x => existsb (Pos.eqb x) (f_index F))
    (fun x i => negb (mentions_nat (free_map (f_index F) (f_state F) l) x i)) (among (by_number (assumed_layers sh f []))) gs
    (get (map_of_list l)) (fun x => existsb (Pos.eqb x) (f_state F)) (fun x i => negb (mentions_real (free_map (f_index F) (f_state F) l)
      x i))
    (fun x => PositiveMap.find x (real_ids l 1 (PositiveMap.empty positive))) gd) as S.
  assert (Ix : forall l x, existsb (Pos.eqb x) l = true -> In x l).
  { intros l0 x Hx. apply existsb_exists in Hx. destruct Hx as [y [I Hy]]. apply Pos.eqb_eq in Hy. congruence. }
  edestruct S as (S1 & S2 & S3 & S4); [..|exact H|exact HE|exact HG| |].
  - intros E' i p M [K _]. exact (matches_sound _ _ _ _ _ _ T M K).
  - intros E' i M [K _]. exact (positive_term_sound _ _ _ _ _ T M K).
  - intros E' d [K _]. exact (dim_least_sound _ _ _ _ K).
  - intros E' a k M [K _]. unfold divides_in in M. apply existsb_exists in M. destruct M as [[a' k'] [I M]]. apply andb_true_iff in M.
    destruct M as [M1 M2]. rewrite (same_sound E' _ _ M1), (same_sound E' _ _ M2).
    exact (m_divides _ _ _ K E' a' k' (variant_refl _ _ _ (m_nonneg _ _ _ K)) I).
  - intros E' M [K _]. exact (m_gelu _ _ _ K M).
  - intros E' M [K _]. exact (m_silu _ _ _ K M).
  - intros E' M [K _]. exact (m_selu _ _ _ K M).
  - intros E' x k M K. apply (rests_variant _ _ _ E'); auto. apply (reindex_variant _ _ [x]); [apply K|intros y [<-|[]]; auto|].
    apply reindex_set_nat. left. reflexivity.
  - intros E' x k i M N K. apply negb_true_iff in M. apply (tval_set_nat (f_index F) (f_state F)); auto.
  - intros E' sh' a M [K K']. specialize (K' E' (variant_refl _ _ _ (m_nonneg _ _ _ K))). rewrite Forall_forall in K'.
    exact (K' _ (among_in _ _ _ M)).
  - intros E' i n M. exact (T i n E' M).
  - intros E' g M K. pose proof (proj1 (m_nonneg _ _ _ (proj1 K))) as N. apply (rests_variant _ _ _ E'); auto.
    split; try reflexivity; intros x Hx; simpl; destruct (M x) as [Q|[Q1 Q2]].
    + exact Q.
    + apply Ix in Q1. contradiction.
    + rewrite Q. auto.
    + exact Q2.
  - intros E' g i M. apply (tval_agree (f_index F) (f_state F)); auto. intros x Hx. simpl.
    destruct (M x) as [Q|[Q1 Q2]]; auto. apply Ix in Q1. apply negb_true_iff in Q2. apply existsb_eqb_false in Q2. tauto.
  - intros E' p [K _]. exact (values_pat _ _ _ K p).
  - instantiate (1 := []). instantiate (1 := None). instantiate (1 := b). split; [|split; reflexivity]. destruct B; reflexivity.
  - split; [exact S4|]. split; [exact S3|]. exact S1.
Qed.
Lemma check_network_at_sound l F gs B sh f r : ordered l 1 = true -> check_network_at l F gs B sh f = Some r ->
  forall E gd, rests (rev l) F (assumed_layers sh f []) E -> groups_at gs gd E ->
  let v := tval (rev l) in let b := option_map (v E) B in let s := fst (summ v E sh b None f) in
  wf v (length gs) gd E [] sh b None f /\ oshape sh f = r_shape r /\ sL s = pval v E (pL (flat r)) /\
  (r_exact r = true -> rel v E (flat r) s) /\ forall i, B = Some i -> relg v E (flat r) (v E i) s.
Proof.
  intros HO H E gd HE HG v b s. destruct (check_network_at_relx _ _ _ _ _ _ _ HO H E gd HE HG) as (W & O & R). fold v in R. fold b in R.
    fold s in R.
  split; [exact W|]. split; [exact O|]. split; [|split].
  - destruct (r_exact r) eqn:X; [apply (relx_exact v E r b s R X)|]. destruct (relx_radius v E r b s R X) as [q Q]. rewrite Q in R.
    apply (relx_g v E r q s R).
  - apply (relx_exact v E r b s R).
  - intros i ->. apply relx_g. exact R.
Qed.
(** The same where the coefficients are right at every radius. *)
Theorem check_network_sound l F gs B sh f r : ordered l 1 = true -> check_network l F gs B sh f = Some r ->
  forall E gd, rests (rev l) F (assumed_layers sh f []) E -> groups_at gs gd E ->
  let v := tval (rev l) in let b := option_map (v E) B in
  wf v (length gs) gd E [] sh b None f /\ oshape sh f = r_shape r /\ rel v E (flat r) (fst (summ v E sh b None f)).
Proof.
  intros HO H E gd HE HG. unfold check_network in H. destruct (check_network_at l F gs B sh f) as [r'|] eqn:Hr; [|discriminate].
  destruct (r_exact r') eqn:X; [|discriminate]. injection H as <-.
  destruct (check_network_at_sound _ _ _ _ _ _ _ HO Hr E gd HE HG) as (W & O & _ & R & _). auto.
Qed.
(** A block that makes a claim is described by it. *)
Lemma check_network_claim l F gs B sh f r c : check_network_at l F gs B sh f = Some r ->
  claimed (annotation f) = Some c -> flat r = psum_of c.
Proof.
  intros H HC. unfold check_network_at, check_table in H.
  assert (X : forall mt x r', settle mt (Some c) x = Some r' -> flat r' = psum_of c).
  { intros mt x r' S. unfold settle in S. destruct (claims_ok mt c (flat x)); [|discriminate].
    destruct (ksup c) as [i|].
    - destruct (r_sup x) as [| |q]; try (injection S as <-; reflexivity). destruct (mt i q); [|discriminate].
      injection S as <-; reflexivity.
    - injection S as <-; reflexivity. }
  destruct f; simpl in H, HC; rewrite HC in H;
    repeat first
    [ match type of H with settle _ (Some _) _ = Some _ => apply X in H; exact H end
    | match type of H with Some (block (psum_of c) _ _ _) = Some _ => injection H as <-; reflexivity end
    | match type of H with (match ?x with _ => _ end) = Some _ => let Q := fresh "Q" in destruct x eqn:Q; try discriminate end
    | match type of H with Some ?y = Some r => injection H as <- end
    | match goal with Q : settle _ (Some c) _ = Some ?z |- flat ?z = _ => apply X in Q; exact Q end
    | match goal with Q : (match ?x with _ => _ end) = Some ?z |- flat ?z = _ => destruct x; try discriminate end ].
Qed.

(** ** Examples: a chain of K layers with their own bounds s_1 ... s_K, checked as a recurrence; a wrong claim is rejected. *)
Module Examples.
Local Open Scope positive_scope.
(** Symbols: 1 the radius of the domain, 2 the radius in the recurrence, 3 its sensitivity, 4 the family, 5 the index, 6 the depth. *)
Definition nodes : list node := [TNum 0 1; TNum 1 1; TReal 1; TFam 4 (DSym 5); TProd 5 (DSym 6) 4; TReal 2; TMul 4 6;
  TRec 0 (DSym 6) 5 [2] [3] [7]; TReal 3; TPow 4 4; TMul 10 9; TPow 6 4; TAdd 11 12; TRec 0 (DSym 6) 5 [3; 2] [1; 3] [13; 7]].
Definition facts_of_example := {| f_index := [5]; f_state := [2; 3]; f_pos := PositiveMap.empty unit; f_least := []; f_divides := [];
  f_gelu := false; f_silu := false; f_selu := false |}.
Definition no_claim := Ann None 1.
Definition family (q : positive) : net ann :=
  let k := Some (Claim 5 (Some (8, 1)) (Some (1, 1, q)) [] None) in
  Series (Ball 3 no_claim) (Rep (DSym 6) (Some 5) (Leaf (Linear (DSym 7) {| tb := 4;
    tu := Once |} None None) no_claim) (Ann k 6)) (Ann k 1).
Definition accepts (f : net ann) : bool :=
  match check_network_at nodes facts_of_example [] (Some 3) {| samples := DNum 1; positions := DNum 1; features := DSym 7 |} f with
  | Some _ => true | None => false end.
Example family_accepted : ordered nodes 1 = true /\ accepts (family 14) = true.
Proof. split; vm_compute; reflexivity. Qed.
(** A chain of K equal layers that nobody proved: accepted under their contract, of which the statement says. *)
Definition nodes_assumed : list node := [TNum 0 1; TNum 1 1; TReal 1; TReal 4; TReal 2; TMul 4 5; TDD (DSym 6) [4]].
Definition mystery : layer :=
  Assumed 0 {| samples := DNum 1; positions := DNum 1; features := DSym 7 |} [(DNum 1, DSym 7, Once, 1, 2)] 4 1 4.
Definition unproved (L : positive) : net ann :=
  Series (Ball 3 no_claim) (Rep (DSym 6) None (Leaf mystery no_claim) (Ann (Some (Claim L None None [] None)) 1)) no_claim.
Definition square : shape := {| samples := DNum 1; positions := DNum 1; features := DSym 7 |}.
Example unproved_accepted : match check_network_at nodes_assumed facts_of_example [] (Some 3) square (unproved 7) with
  Some _ => true | None => false end = true /\ assumed_layers square (unproved 7) [] = [(square, mystery)].
Proof. split; vm_compute; reflexivity. Qed.
Example unproved_rejected : check_network_at nodes_assumed facts_of_example [] (Some 3) square (unproved 4) = None.
Proof. vm_compute. reflexivity. Qed.
Example family_rejected : accepts (family 8) = false.
Proof. vm_compute. reflexivity. Qed.
End Examples.
