(** The hypotheses of a certificate can be met: numbers for its symbols, and an input with tensors that are admitted.

    The numbers are data of the certificate ([assignment]); [witness_ok] decides that they meet the hypotheses. Tensors are
    zero, floors have to be 0 at the assignment, and running variances are a constant that is large enough. *)
From Coq Require Import Reals Lra Lia List PeanoNat BinPos NArith ZArith Bool FMapPositive Ranalysis.
From Normbound Require Import Vec DD Lips Summary MeanValue Acts SmoothActs Networks Summaries Checker CheckerNet NetworkSound.
From Normbound Require Import Terms Certificate.
Import ListNotations.
Open Scope R_scope.

(** Real symbols and families are 1, but 0 where they are a floor or listed in [a_zero]; natural symbols are 2, but those of
    [a_nat] have the number that stands there. *)
Record assignment := { a_zero : list sym; a_nat : list (sym * BinNums.N) }.
Definition listing := PositiveMap.t unit.
Definition has (l : listing) (x : positive) : bool := PositiveMap.mem x l.
Definition listing_of (l : list sym) : listing := fold_left (fun m x => PositiveMap.add x tt m) l (PositiveMap.empty unit).
Definition numbers_of (l : list (sym * BinNums.N)) : PositiveMap.t BinNums.N :=
  fold_left (fun m x => PositiveMap.add (fst x) (snd x) m) l (PositiveMap.empty BinNums.N).
Definition key (k : nat) : positive := Pos.of_succ_nat k.

(** ** Environments of an assignment *)
Section Environment.
Variables (ones fams : listing) (nats : PositiveMap.t BinNums.N).
Definition natural (x : sym) : BinNums.N := match PositiveMap.find x nats with Some n => n | None => 2%N end.
Fixpoint ndim (d : dim) : BinNums.N :=
  match d with
  | DNum n => n | DSym x => natural x
  | DAdd a b => ndim a + ndim b | DMul a b => ndim a * ndim b | DSub a b => ndim a - ndim b | DDiv a b => ndim a / ndim b
  end%N.
Definition unit_if (b : bool) : R := if b then 1 else 0.
(** Constant tensors: those of [vars] (running variances) have all entries M, the others are zero. *)
Definition environment (vars : listing) (M : R) (Phi : R -> R) (z peak : R) : env := {|
  ereal := fun x => unit_if (has ones x); enat := fun x => N.to_nat (natural x); efam := fun f _ => unit_if (has fams f);
  etensor := fun k _ => if has vars (key k) then fun _ _ => M else zmat;
  elayer := fun _ _ _ => v0; eadm := fun _ _ _ => True; ecdf := Phi; ez := z; epeak := peak; eselu := (1, 1) |}.

Lemma dval_ndim vars M Phi z peak d : dval (environment vars M Phi z peak) d = N.to_nat (ndim d).
Proof.
  induction d; simpl; rewrite ?IHd1, ?IHd2; auto.
  - rewrite N2Nat.inj_add. reflexivity.
  - rewrite N2Nat.inj_mul. reflexivity.
  - rewrite N2Nat.inj_sub. reflexivity.
  - rewrite N2Nat.inj_div. reflexivity.
Qed.
Lemma unit_if_ge0 b : 0 <= unit_if b.
Proof. destruct b; simpl; lra. Qed.

(** ** Hypotheses about symbols *)
Section Facts.
Variable F : facts.
Definition closed_dim (d : dim) : bool := no_syms (dim_names (f_index F) d).
Definition is_state (x : sym) : bool := existsb (Pos.eqb x) (f_state F).
(** Leaves that are positive, whatever the indices and states. *)
Definition positive_leaf (n : node) : bool :=
  match n with
  | TReal x => has ones x && negb (is_state x)
  | TFam f _ => has fams f
  | TNat d => closed_dim d && N.leb 1 (ndim d)
  | _ => false
  end.
Fixpoint positive_leaves (l : list node) (i : positive) (P : listing) : listing :=
  match l with [] => P | n :: r => positive_leaves r (Pos.succ i) (if positive_leaf n then PositiveMap.add i tt P else P) end.
(** What is left of the hypotheses: leaves are positive. The checker's own search finds the terms that are positive then. *)
Definition leaf_facts (l : list node) : facts := {| f_index := f_index F; f_state := f_state F;
  f_pos := positive_leaves l 1 (PositiveMap.empty unit); f_least := []; f_divides := []; f_gelu := false; f_silu := false;
    f_selu := false |}.
Definition symbols_ok (m : map_of) (l : list node) : bool :=
  let P := positive_map m (leaf_facts l) l in
  forallb (fun x => has P (fst x)) (PositiveMap.elements (f_pos F)) &&
  forallb (fun x => closed_dim (fst x) && N.leb (snd x) (ndim (fst x))) (f_least F) &&
  forallb (fun x => closed_dim (fst x) && closed_dim (snd x) && N.eqb (ndim (fst x)) (ndim (snd x) * (ndim (fst x) / ndim (snd x))))
    (f_divides F).

(** A term that is 0, whatever the indices and states. *)
Fixpoint zero_term (m : map_of) (fuel : nat) (i : positive) : bool :=
  match fuel with
  | O => false
  | S fuel => match get m i with
      | Some (TNum p _) => N.eqb p 0
      | Some (TReal x) => negb (has ones x) && negb (is_state x)
      | Some (TFam f _) => negb (has fams f)
      | Some (TAdd a b) => if zero_term m fuel a then zero_term m fuel b else false
      | Some (TMul a b) => if zero_term m fuel a then true else zero_term m fuel b
      | Some (TPow a (Zpos _)) => zero_term m fuel a
      | _ => false
      end
  end.
Definition is_zero (m : map_of) (i : positive) : bool := zero_term m 20 i.
(** A term with one value whatever the indices and states: it mentions none, or only as the member of a family. *)
Fixpoint steady_term (m : map_of) (M : PositiveMap.t names) (fuel : nat) (i : positive) : bool :=
  match fuel with
  | O => false
  | S fuel => if no_names (names_at M i) then true else
      match get m i with
      | Some (TFam _ _) => true
      | Some (TAdd a b) | Some (TMul a b) => if steady_term m M fuel a then steady_term m M fuel b else false
      | Some (TPow a _) => steady_term m M fuel a
      | _ => false
      end
  end.
Definition steady (m : map_of) (M : PositiveMap.t names) (i : positive) : bool := steady_term m M 20 i.
End Facts.
End Environment.

(** ** Networks *)
(** The tensors that are running variances. *)
Fixpoint variances {A} (f : net A) (V : listing) : listing :=
  match f with
  | Leaf (Standardize _ s _) _ => match tu s with Fixed k _ => PositiveMap.add (key k) tt V | _ => V end
  | Skip _ | Ball _ _ | Leaf _ _ => V
  | Series f g _ | Sum f g _ | Concat f g _ | Parallel _ _ f g _ | Product f g _ => variances f (variances g V)
  | Capture _ h f _ => variances f (variances h V)
  | Scale _ _ f _ | Rep _ _ f _ | Close _ f _ => variances f V
  end.
(** Symbols and families that are floors. *)
Fixpoint floors {A} (m : map_of) (f : net A) (Z : listing) : listing :=
  match f with
  | Leaf (Normalize _ _ _ (Some b) _ _) _ =>
      match get m b with Some (TReal x) | Some (TFam x _) => PositiveMap.add x tt Z | _ => Z end
  | Skip _ | Ball _ _ | Leaf _ _ => Z
  | Series f g _ | Sum f g _ | Concat f g _ | Parallel _ _ f g _ | Product f g _ => floors m f (floors m g Z)
  | Capture _ h f _ => floors m f (floors m h Z)
  | Scale _ _ f _ | Rep _ _ f _ | Close _ f _ => floors m f Z
  end.
(** The real symbols and the families of a table that are not 0. *)
Fixpoint ones_of (l : list node) (Z ones : listing) : listing :=
  match l with [] => ones | TReal x :: r => ones_of r Z (if has Z x then ones else PositiveMap.add x tt ones) | _ :: r =>
    ones_of r Z ones end.
Fixpoint families_of (l : list node) (Z fams : listing) : listing :=
  match l with [] => fams | TFam x _ :: r => families_of r Z (if has Z x then fams else PositiveMap.add x tt fams)
  | _ :: r => families_of r Z fams end.
Section Network.
Variables (zero steady : positive -> bool) (indices : list sym) (V : listing).
(** The tensor is zero; shared groups of [out] hold captured outputs. *)
Definition zero_use (out : list nat) (u : use) : bool :=
  match u with Once => true | Shared g => negb (existsb (Nat.eqb g) out) | Fixed k _ => negb (has V (key k)) end.
Definition large (s : tensor) : bool := match tu s with Fixed k _ => if has V (key k) then steady (tb s) else false | _ => false end.
Definition layer_met (out : list nat) (l : layer) : bool :=
  match l with
  | Outside _ _ _ | Assumed _ _ _ _ _ _ => true
  | Standardize m s _ => if zero_use out (tu m) then large s else false
  | Normalize _ _ _ (Some f) _ _ => if zero f then forallb (zero_use out) (uses l) else false
  | _ => forallb (zero_use out) (uses l)
  end.
Fixpoint network_met {A} (out : list nat) (f : net A) : bool :=
  match f with
  | Skip _ => true
  | Ball _ _ => false
  | Leaf l _ => layer_met out l
  | Series f g _ | Sum f g _ | Concat f g _ | Parallel _ _ f g _ | Product f g _ =>
      if network_met out f then network_met out g else false
  | Scale _ _ f _ | Close _ f _ => network_met out f
  | Rep _ i f _ => if match i with None => true | Some x => existsb (Pos.eqb x) indices end then network_met out f else false
  | Capture g h f _ => if network_met out h then network_met (g :: out) f else false
  end.
(** The ball of the domain is at the head of the chain; it contains the origin. *)
Fixpoint chain_met {A} (f : net A) : bool :=
  match f with
  | Ball _ _ => true
  | Series f g _ => if chain_met f then network_met [] g else false
  | Close _ f _ => chain_met f
  | _ => network_met [] f
  end.
End Network.

Definition witness_ok {A} (l : list node) (F : facts) (f : net A) (a : assignment) : bool :=
  let m := map_of_list l in let M := free_map (f_index F) (f_state F) l in
  let Z := floors m f (listing_of (a_zero a)) in let nats := numbers_of (a_nat a) in
  let ones := ones_of l Z (PositiveMap.empty unit) in let fams := families_of l Z (PositiveMap.empty unit) in
  ordered l 1 && symbols_ok ones fams nats F m l &&
  chain_met (is_zero ones fams F m) (steady m M) (f_index F) (variances f (PositiveMap.empty unit)) f.

(** ** Soundness *)
(** The symbols that [meets] speaks of. *)
Lemma in_existsb x l : existsb (Pos.eqb x) l = true -> In x l.
Proof. apply existsb_eqb. Qed.
Lemma variant_trans ix xs E E' E'' : variant ix xs E E' -> variant ix xs E' E'' -> variant ix xs E E''.
Proof. intros [] []. split; intros; try congruence; auto; rewrite ?v_real1, ?v_real0, ?v_nat1, ?v_nat0; auto. Qed.
Lemma variant_index ix xs E E' i k : nonneg_env E' -> match i with None => true | Some x => existsb (Pos.eqb x) ix end = true ->
  variant ix xs E E' -> variant ix xs E (set_index E' i k).
Proof.
  intros HE H V. eapply variant_trans; [exact V|]. destruct HE as [HE _]. destruct i as [x|]; [|simpl; split; auto]. split; simpl; auto.
  intros y Hy. simpl. destruct (Pos.eqb_spec y x) as [Q|]; auto. apply in_existsb in H. destruct Hy. rewrite Q. exact H.
Qed.
Lemma is_state_false F x : is_state F x = false -> ~ In x (f_state F).
Proof. apply existsb_eqb_false. Qed.
Lemma bounded_table t E : exists M, 1 <= M /\ forall i, tval t E i <= M.
Proof.
  induction t as [|n t (M & M1 & H)]; simpl.
  - exists 1. split; [lra|]. intros; lra.
  - exists (Rmax M (nval (tval t) E n)). split; [eapply Rle_trans; [exact M1|apply Rmax_l]|].
    intros i. destruct (Pos.eqb i (size t)); [apply Rmax_r|]. eapply Rle_trans; [apply H|apply Rmax_l].
Qed.
Lemma mem_elements {T} (m : PositiveMap.t T) i : PositiveMap.mem i m = true -> exists u, In (i, u) (PositiveMap.elements m).
Proof.
  rewrite PositiveMap.mem_find. destruct (PositiveMap.find i m) as [u|] eqn:Q; [|discriminate]. intros _. exists u.
  apply PositiveMap.elements_correct, Q.
Qed.

Section Sound.
Variables (l : list node) (F : facts) (ones fams V : listing) (nats : PositiveMap.t BinNums.N) (Phi : R -> R) (z peak M : R).
Hypothesis O : ordered l 1 = true.
Hypothesis Phi0 : forall x, 0 <= Phi x.
Hypothesis z0 : 0 < z.
Hypothesis peak0 : 0 <= peak.
Let E := environment ones fams nats V M Phi z peak.
Let m := map_of_list l.
Let T : of_table m (rev l) := table_map l O.
Let ix := f_index F.
Let xs := f_state F.

Lemma environment_nonneg : nonneg_env E.
Proof.
  repeat split; simpl; intros; auto using unit_if_ge0; lra.
Qed.
Lemma dval_closed E' d : variant ix xs E E' -> closed_dim F d = true -> dval E' d = N.to_nat (ndim nats d).
Proof. intros H C. rewrite (dval_variant ix xs E E'); auto. apply dval_ndim. Qed.
Lemma variant_one E' x : variant ix xs E E' -> is_state F x = false -> ereal E' x = unit_if (has ones x).
Proof. intros H C. rewrite (v_real _ _ _ _ H); auto. apply is_state_false, C. Qed.
Lemma variant_fam E' f j : variant ix xs E E' -> efam E' f j = unit_if (has fams f).
Proof. intros H. rewrite (v_fam _ _ _ _ H). reflexivity. Qed.

Lemma positive_leaf_sound t E' n : variant ix xs E E' -> positive_leaf ones fams nats F n = true -> 0 < nval (tval t) E' n.
Proof.
  intros H. destruct n; simpl; try discriminate; intros P.
  - apply andb_prop in P. destruct P as [P Q]. apply negb_true_iff in Q. rewrite variant_one, P by auto. simpl. lra.
  - apply andb_prop in P. destruct P as [P Q]. rewrite dval_closed by auto. apply N.leb_le in Q. apply lt_0_INR. lia.
  - rewrite variant_fam, P by auto. simpl. lra.
Qed.
Lemma positive_leaves_sound r : forall t P, (forall E' i, variant ix xs E E' -> PositiveMap.mem i P = true -> 0 < tval t E' i) ->
  (forall i, PositiveMap.mem i P = true -> (i < size t)%positive) ->
  forall E' i, variant ix xs E E' -> PositiveMap.mem i (positive_leaves ones fams nats F r (size t) P) = true -> 0 < tval (rev r ++ t) E' i.
Proof.
  induction r as [|n r IH]; intros t P H B E' i HV Hi; simpl in *; [auto|]. rewrite <- app_assoc. simpl.
  apply (IH (n :: t)) with (P := if positive_leaf ones fams nats F n then PositiveMap.add (size t) tt P else P); auto.
  - intros E2 j HV2 Hj. simpl. destruct (Pos.eqb_spec j (size t)) as [->|N].
    + destruct (positive_leaf ones fams nats F n) eqn:Q; [apply positive_leaf_sound; auto|]. apply B in Hj. lia.
    + apply H; auto. destruct (positive_leaf ones fams nats F n); auto.
      rewrite PositiveMap.mem_find, PositiveMap.gso, <- PositiveMap.mem_find in Hj by auto. exact Hj.
  - intros j Hj. simpl. destruct (Pos.eq_dec j (size t)) as [->|N]; [lia|].
    assert (PositiveMap.mem j P = true).
    { destruct (positive_leaf ones fams nats F n); auto.
      rewrite PositiveMap.mem_find, PositiveMap.gso, <- PositiveMap.mem_find in Hj by auto. exact Hj. }
    apply B in H0. lia.
Qed.
Lemma leaf_facts_met : meets (rev l) (leaf_facts ones fams nats F l) E.
Proof.
  pose proof environment_nonneg as NE. constructor; simpl; try discriminate; try contradiction; auto.
  - apply NE.
  - intros E' i HV Hi. rewrite <- (app_nil_r (rev l)).
    apply (positive_leaves_sound l [] (PositiveMap.empty unit)); auto;
      intros; rewrite PositiveMap.mem_find, PositiveMap.gempty in *; discriminate.
Qed.
Lemma symbols_sound : symbols_ok ones fams nats F m l = true ->
  (f_gelu F = true -> normal_cdf E) ->
  (f_silu F = true -> 0 < peak /\ peak * (2 * sigmoid peak - 1) = 2) -> meets (rev l) F E.
Proof.
  intros H G1 G2. pose proof environment_nonneg as NE. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H.
    destruct H as [H1 H2].
  rewrite forallb_forall in H1, H2, H3. constructor; auto.
  - apply NE.
  - intros E' i HV Hi. apply mem_elements in Hi. destruct Hi as [u Hi]. apply H1 in Hi. simpl in Hi.
    apply (positive_map_sound m (rev l) (leaf_facts ones fams nats F l) l); auto.
    apply (meets_variant _ (leaf_facts ones fams nats F l) E); auto. apply leaf_facts_met.
  - intros E' d n HV Hd. apply H2 in Hd. simpl in Hd. apply andb_prop in Hd. destruct Hd as [C L].
    rewrite dval_closed by auto. apply N.leb_le in L. lia.
  - intros E' a k HV Hd. apply H3 in Hd. simpl in Hd. apply andb_prop in Hd. destruct Hd as [Hd L]. apply andb_prop in Hd.
    destruct Hd as [C1 C2]. rewrite !dval_closed by auto. apply N.eqb_eq in L. exists (N.to_nat (ndim nats a / ndim nats k)).
    rewrite <- N2Nat.inj_mul. congruence.
  - intros _. simpl. lra.
Qed.

Lemma is_zero_sound E' i : variant ix xs E E' -> is_zero ones fams F m i = true -> tval (rev l) E' i = 0.
Proof.
  intros HV. unfold is_zero. generalize 20%nat. intros fuel. revert i. induction fuel as [|fuel IH]; intros i H; [discriminate|].
  simpl in H. destruct (get m i) as [n|] eqn:G; [|discriminate]. rewrite (T _ _ _ G). destruct n; try discriminate; simpl.
  - apply N.eqb_eq in H. subst p. unfold num. simpl. unfold Rdiv. ring.
  - apply andb_prop in H. destruct H as [H Q]. apply negb_true_iff in H, Q. rewrite variant_one, H by auto. reflexivity.
  - apply negb_true_iff in H. rewrite variant_fam, H by auto. reflexivity.
  - destruct (zero_term ones fams F m fuel a) eqn:Q; [|discriminate]. rewrite !IH by auto. ring.
  - destruct (zero_term ones fams F m fuel a) eqn:Q; rewrite (IH _ ltac:(eassumption)); ring.
  - destruct e; try discriminate. rewrite IH by auto. apply half_power_0. discriminate.
Qed.

(** The value of a steady term is at most M. *)
Hypothesis M1 : 1 <= M.
Hypothesis HM : forall i, tval (rev l) E i <= M.
Lemma steady_value E' i : variant ix xs E E' -> steady m (free_map ix xs l) i = true -> tval (rev l) E' i = tval (rev l) E i.
Proof.
  intros HV. unfold steady. generalize 20%nat. intros fuel. revert i. induction fuel as [|fuel IH]; intros i H; [discriminate|].
  simpl in H. destruct (no_names (names_at (free_map ix xs l) i)) eqn:Q.
  - apply (tval_variant ix xs l E E' i O); auto. destruct (names_at _ i) as [[|] [|]]; try discriminate. reflexivity.
  - destruct (get m i) as [n|] eqn:G; [|discriminate]. destruct n; try discriminate; rewrite !(T _ _ _ G); cbn [nval].
    + rewrite variant_fam by auto. reflexivity.
    + destruct (steady_term m _ fuel a) eqn:Qa; [|discriminate]. rewrite !IH by auto. reflexivity.
    + destruct (steady_term m _ fuel a) eqn:Qa; [|discriminate]. rewrite !IH by auto. reflexivity.
    + rewrite IH by auto. reflexivity.
Qed.
Lemma steady_sound E' i : variant ix xs E E' -> steady m (free_map ix xs l) i = true -> tval (rev l) E' i <= M.
Proof. intros HV H. rewrite (steady_value E') by auto. apply HM. Qed.

Let v := tval (rev l).
Lemma v_nonneg F' i : nonneg_env F' -> 0 <= v F' i.
Proof. intros H. apply tval_nonneg; apply H. Qed.
Local Hint Resolve v_nonneg : core.
Lemma variant_nonneg E' : variant ix xs E E' -> nonneg_env E'.
Proof. intros HV. apply (m_nonneg _ _ _ (meets_variant _ (leaf_facts ones fams nats F l) E E' HV leaf_facts_met)). Qed.
Lemma zero_tensors E' sh lr t : nonneg_env E' -> match lr with Standardize _ _ _ | Assumed _ _ _ _ _ _ => False | _ => True end ->
  (forall i, t i = zmat) -> tensors_ok v E' sh lr t.
Proof.
  intros HE HT Ht. assert (Z : forall D, nrm D (zmat 0%nat) = 0) by (intros; apply nrm_0).
  destruct lr as [out w b r|a|a|x| |p c d f e a|ms s e|a|a|x| | | |g out b|k out ts L b G]; simpl in *; auto;
    try contradiction; try (apply adm_affine_zero; auto; fail); rewrite ?Ht.
  - split; [apply opn_zero; auto|]. split.
    + destruct b; auto. rewrite Z. auto.
    + destruct r; auto. intros i _. change (zmat i) with (zmat 0%nat). rewrite Z. auto.
  - unfold zmat. rewrite Rabs_R0. auto.
  - unfold zmat. rewrite Rabs_R0. auto.
Qed.
Lemma read_use E' us out t u i : variant ix xs E E' -> (i < length us)%nat -> zero_use V out (nth i us Once) = true ->
  (forall i, t i = zmat) -> (forall g, ~ In g out -> u g = zmat) -> read E' us t u i = zmat.
Proof.
  intros HV Hi H Ht Hu. unfold read. destruct (nth i us Once) as [|g|k ixs]; simpl in H; auto.
  - apply Hu. intros I. apply negb_true_iff in H. rewrite (proj2 (existsb_exists (Nat.eqb g) out)) in H; [discriminate|].
    exists g. split; [exact I|apply Nat.eqb_refl].
  - rewrite (v_tensor _ _ _ _ HV). simpl. apply negb_true_iff in H. rewrite H. reflexivity.
Qed.
Lemma read_uses E' us out t u : variant ix xs E E' -> forallb (zero_use V out) us = true ->
  (forall i, t i = zmat) -> (forall g, ~ In g out -> u g = zmat) -> forall i, read E' us t u i = zmat.
Proof.
  intros HV H Ht Hu i. rewrite forallb_forall in H. destruct (Nat.lt_ge_cases i (length us)) as [L|L].
  - apply (read_use E' us out); auto. apply H, nth_In, L.
  - unfold read. rewrite nth_overflow by auto. apply Ht.
Qed.
Lemma layer_met_sound E' sh out lr : variant ix xs E E' -> layer_met (is_zero ones fams F m) (steady m (free_map ix xs l)) V out lr =
  true ->
  layer_zero v E' sh (fun g => ~ In g out) lr.
Proof.
  intros HV H. pose proof (variant_nonneg E' HV) as NE. split.
  - destruct lr; simpl in *; auto. destruct floor; auto. destruct (is_zero ones fams F m b) eqn:Q; [|discriminate].
    apply is_zero_sound; auto.
  - assert (G : forallb (zero_use V out) (uses lr) = true -> match lr with Standardize _ _ _ | Assumed _ _ _ _ _ _ => False | _ =>
    True end ->
      forall t u, (forall i, t i = zmat) -> (forall g, ~ In g out -> u g = zmat) -> tensors_ok v E' sh lr (read E' (uses lr) t u)).
    { intros U NS t u Ht Hu. apply zero_tensors; auto. apply (read_uses E' _ out); auto. }
    destruct lr; auto; right; try (apply G; auto; fail).
    + apply G; auto. simpl in H. destruct floor as [fl|]; auto. destruct (is_zero ones fams F m fl); [exact H|discriminate].
    + intros t u Ht Hu. simpl in H. destruct (zero_use V out (tu mean)) eqn:Q; [|discriminate]. simpl. split.
      * rewrite (read_use E' _ out); auto; [|simpl; lia]. rewrite nrm_0. auto.
      * intros j _. unfold large in H. unfold read. simpl. destruct (tu var) as [|g|k ixs]; try discriminate.
        destruct (has V (key k)) eqn:K; [|discriminate]. rewrite (v_tensor _ _ _ _ HV). simpl. rewrite K. apply steady_sound; auto.
    + intros t u Ht Hu x. simpl. rewrite (v_adm _ _ _ _ HV). exact I.
Qed.
Lemma layer_zero_weaken E' sh (Z Z' : nat -> Prop) lr : (forall g, Z g -> Z' g) -> layer_zero v E' sh Z lr -> layer_zero v E' sh Z' lr.
Proof.
  intros HZ [H1 H2]. split; auto. destruct lr; auto; (destruct H2 as [[H2 H3]|H2]; [left; split; auto|right; intros; apply H2; auto]).
Qed.
Lemma network_met_sound A (f : net A) : forall E' sh out (Z : nat -> Prop), variant ix xs E E' ->
  network_met (is_zero ones fams F m) (steady m (free_map ix xs l)) ix V out f = true ->
  (forall g, ~ In g out -> Z g) -> zero_ok v E' sh Z f.
Proof.
  assert (two : forall a b : bool, (if a then b else false) = true -> a = true /\ b = true) by (intros [|] [|]; auto).
  induction f as [a|r a|lr a|f IHf g IHg a|f IHf g IHg a|f IHf g IHg a|d1 d2 f IHf g IHg a|neg c f IHf a|f IHf g IHg a
    |K i f IHf a|g h IHh f IHf a|gs f IHf a]; intros E' sh out Z HV H HZ; simpl in *; try discriminate; auto;
    try (apply two in H; destruct H as [H1 H2]); try (split; eauto; fail).
  - apply (layer_zero_weaken E' sh (fun g => ~ In g out)); auto. apply layer_met_sound; auto.
  - eauto.
  - intros j _. apply (IHf _ sh out); auto. apply variant_index; auto. apply variant_nonneg, HV.
  - split; [eauto|]. apply (IHf E' sh (g :: out)); auto. intros k Hk. simpl in Hk. split; [apply HZ|]; intuition.
  - apply (IHf E' sh out); auto.
Qed.
(** The zero map keeps every promise. *)
Lemma contract_zero E' sh lr : variant ix xs E E' -> contract_met v E' sh lr.
Proof.
  intros HV. pose proof (variant_nonneg E' HV) as NE. destruct lr as [| | | | | | | | | | | | | |k out ts L b G]; simpl; auto.
  assert (N : forall i, 0 <= fst (nth i (map (fun x => let '(_, _, _, l1, l0) := x in (v E' l1, v E' l0)) ts) (0, 0)) /\
    0 <= snd (nth i (map (fun x => let '(_, _, _, l1, l0) := x in (v E' l1, v E' l0)) ts) (0, 0))).
  { induction ts as [|[[[[a1 a2] a3] a4] a5] ts IH]; intros [|i]; simpl; auto; split; auto; lra. }
  assert (NN : nonneg {| sL := v E' L; sb := v E' b; sG := v E' G; sq2 := 0; sq1 := 0; sq0 := 0;
    sl1 := fun i => fst (nth i (map (fun x => let '(_, _, _, l1, l0) := x in (v E' l1, v E' l0)) ts) (0, 0));
    sl0 := fun i => snd (nth i (map (fun x => let '(_, _, _, l1, l0) := x in (v E' l1, v E' l0)) ts) (0, 0)) |}).
  { repeat split; simpl; auto; try apply N; lra. }
  split; [exact NN| |].
  - intros x t u x' t' u' B _ _ HB. rewrite (v_layer _ _ _ _ HV). simpl elayer.
    rewrite (nrm_ext _ _ v0) by (intros i _; unfold vsub, v0; ring). rewrite nrm_0.
    apply Rplus_le_le_0_compat; [apply Rplus_le_le_0_compat|].
    + apply Rmult_le_pos; [apply NN|apply nrm_ge0].
    + apply Rmult_le_pos; [apply sqrt_pos|apply pd_ge0].
    + apply sm_ge0. intros g _. apply Rmult_le_pos; [apply cS_ge0; auto; apply (B_ge0 _ _ _ HB)|apply sd_ge0].
  - intros x t u _. rewrite (v_layer _ _ _ _ HV). simpl elayer. rewrite nrm_0. simpl.
    apply Rplus_le_le_0_compat; auto. apply Rmult_le_pos; auto. apply nrm_ge0.
Qed.
Lemma contracts_zero hyps : contracts_hold (rev l) F hyps E.
Proof. intros E' HV. apply Forall_forall. intros x _. apply contract_zero, HV. Qed.
Lemma chain_met_sound A (f : net A) : forall sh u, chain_met (is_zero ones fams F m) (steady m (free_map ix xs l)) ix V f = true ->
  (forall g, u g = zmat) -> adm v E sh f v0 (zero_params f) u.
Proof.
  assert (VE : variant ix xs E E) by (constructor; auto using unit_if_ge0; intros; apply unit_if_ge0).
  pose proof environment_nonneg as NE.
  assert (G : forall g sh x u, network_met (is_zero ones fams F m) (steady m (free_map ix xs l)) ix V [] g = true ->
    (forall k, u k = zmat) -> adm (A := A) v E sh g x (zero_params g) u).
  { intros g sh x u H Hu. apply (adm_zero v v_nonneg A g E sh (fun _ => True)); auto. apply (network_met_sound A g E sh []); auto. }
  induction f; intros sh u H Hu; try (apply G; auto; fail).
  - simpl. rewrite nrm_0. auto.
  - simpl in H. destruct (chain_met _ _ _ _ f1) eqn:Q; [|discriminate]. split; [apply IHf1; auto|apply G; auto].
  - simpl. apply IHf; auto. intros k. simpl. clear - Hu. induction gs as [|h gs IH]; simpl; auto. destruct (Nat.eqb h k); auto.
Qed.
End Sound.

(** ** The normal distribution function exists
    The integral of exp(-x^2/2) from 0 is the least upper bound of its lower sums. (The integral of the standard library
    rests on more than the classical reals.) *)
Section Normal.
Definition bell (x : R) : R := exp (- (x * x / 2)).
Lemma Rabs_le_inv a b : Rabs a <= b -> - b <= a <= b.
Proof. unfold Rabs. destruct (Rcase_abs a); lra. Qed.
Lemma bell_pos x : 0 < bell x.
Proof. apply exp_pos. Qed.
Lemma bell_0 : bell 0 = 1.
Proof. unfold bell. replace (- (0 * 0 / 2)) with 0 by field. apply exp_0. Qed.
Lemma bell_decreasing x y : 0 <= x <= y -> bell y <= bell x.
Proof. intros H. apply exp_mono. nra. Qed.
Lemma bell_even x : bell (- x) = bell x.
Proof. unfold bell. replace (- x * - x) with (x * x) by ring. reflexivity. Qed.
Lemma exp_line h : 1 + h <= exp h.
Proof.
  destruct (Rle_lt_dec 0 h) as [C|C]; [apply exp_ge_line, C|].
  pose proof (mean_value_increasing (fun t => t - exp t) (fun t => 1 - exp t) h 0 ltac:(lra)) as Q.
  enough (h - exp h <= 0 - exp 0) by (rewrite exp_0 in *; lra). apply Q.
  - intros c _. apply (derivable_pt_lim_minus id exp); [apply derivable_pt_lim_id|apply derivable_pt_lim_exp].
  - intros c [_ K]. apply exp_mono in K. rewrite exp_0 in K. lra.
Qed.
(** The slope |x| exp(-x^2/2) is at most 1. *)
Lemma bell_slope x y : 0 <= x <= y -> bell x - bell y <= (y - x).
Proof.
  intros [H0 H]. assert (D : forall c, derivable_pt_lim bell c (- c * bell c)).
  { intros c. unfold bell. replace (- c * exp (- (c * c / 2))) with (exp (- (c * c / 2)) * - c) by ring.
    apply (derivable_pt_lim_comp (fun x => - (x * x / 2)) exp); [|apply derivable_pt_lim_exp].
    apply (derivable_pt_lim_ext (mult_real_fct (- / 2) (fun x => x * x))); [intros t; unfold mult_real_fct; field|].
    replace (- c) with (- / 2 * (1 * c + c * 1)) by field. apply derivable_pt_lim_scal.
    apply (derivable_pt_lim_mult id id); apply derivable_pt_lim_id. }
  enough (Q : bell x + x <= bell y + y) by lra.
  apply (mean_value_increasing (fun t => bell t + t) (fun t => - t * bell t + 1)); auto.
  - intros c _. apply (derivable_pt_lim_plus bell id); [apply D|apply derivable_pt_lim_id].
  - intros c [C _]. assert (c * bell c <= 1); [|lra].
    assert (P : bell c * exp (c * c / 2) = 1) by (unfold bell; rewrite <- exp_plus; replace (- (c * c / 2) + c * c / 2) with 0 by ring;
      apply exp_0).
    rewrite <- P, Rmult_comm. apply Rmult_le_compat_l; [apply Rlt_le, bell_pos|].
    eapply Rle_trans; [|apply exp_line]. pose proof (Rle_0_sqr (c - 1)) as S. unfold Rsqr in S. nra.
Qed.

Inductive lower : R -> R -> Prop :=
  | lower_0 : lower 0 0
  | lower_next x s y : lower x s -> x <= y -> lower y (s + (y - x) * bell y).
Lemma lower_ge0 x s : lower x s -> 0 <= x.
Proof. induction 1; lra. Qed.
Lemma lower_bound y s : lower y s -> s <= exp (1 / 2) - exp (1 / 2 - y).
Proof.
  induction 1 as [|x s y L IH H]; [replace (1 / 2 - 0) with (1 / 2) by ring; lra|].
  assert (B : bell y <= exp (1 / 2 - y)).
  { apply exp_mono. pose proof (Rle_0_sqr (y - 1)) as S. unfold Rsqr in S. nra. }
  pose proof (exp_line (y - x)) as Q. pose proof (exp_pos (1 / 2 - y)) as P.
  assert (X : exp (1 / 2 - x) = exp (1 / 2 - y) * exp (y - x)) by (rewrite <- exp_plus; f_equal; ring).
  assert ((y - x) * bell y <= (y - x) * exp (1 / 2 - y)) by (apply Rmult_le_compat_l; lra).
  assert (exp (1 / 2 - y) * (1 + (y - x)) <= exp (1 / 2 - x)) by (rewrite X; apply Rmult_le_compat_l; lra). nra.
Qed.
Lemma lower_le y s : lower y s -> s <= exp (1 / 2).
Proof. intros H. apply lower_bound in H. pose proof (exp_pos (1 / 2 - y)). lra. Qed.
Definition area_lub (t : R) : {a | is_lub (lower (Rabs t)) a}.
Proof.
  apply completeness.
  - exists (exp (1 / 2)). intros s. apply lower_le.
  - exists (0 + (Rabs t - 0) * bell (Rabs t)). apply lower_next; [constructor|apply Rabs_pos].
Defined.
Definition area (t : R) : R := proj1_sig (area_lub t).
Lemma area_upper x s : lower x s -> s <= area x.
Proof.
  intros H. unfold area. destruct (area_lub x) as [a [U L]]. simpl. apply U. rewrite Rabs_pos_eq by apply (lower_ge0 _ _ H). exact H.
Qed.
Lemma area_least x b : 0 <= x -> (forall s, lower x s -> s <= b) -> area x <= b.
Proof.
  intros Hx H. unfold area. destruct (area_lub x) as [a [U L]]. simpl. apply L. intros s Hs. rewrite Rabs_pos_eq in Hs by auto. auto.
Qed.
Lemma area_more x y : 0 <= x <= y -> area x + (y - x) * bell y <= area y.
Proof.
  intros [H0 H]. enough (Q : area x <= area y - (y - x) * bell y) by lra. apply area_least; auto. intros s Hs.
  pose proof (area_upper y _ (lower_next x s y Hs H)). lra.
Qed.
Lemma area_less x y : 0 <= x <= y -> area y <= area x + (y - x) * bell x.
Proof.
  intros [H0 H]. apply area_least; [lra|]. intros s Hs. revert x H0 H. induction Hs as [|y s w Hs IH Hw]; intros x H0 H.
  - assert (x = 0) as -> by lra. pose proof (area_upper 0 0 lower_0). lra.
  - destruct (Rle_lt_dec x y) as [C|C].
    + specialize (IH x H0 C). pose proof (bell_decreasing x w ltac:(lra)) as D. pose proof (Rmult_le_compat_l (w - y) _ _ ltac:(lra) D).
      lra.
    + pose proof (area_upper x _ (lower_next y s x Hs ltac:(lra))) as U. pose proof (lower_ge0 _ _ Hs).
      pose proof (bell_decreasing x w ltac:(lra)) as D. pose proof (Rmult_le_compat_l (w - y) _ _ ltac:(lra) D). lra.
Qed.
Lemma area_0 : area 0 = 0.
Proof.
  apply Rle_antisym; [|apply area_upper, lower_0]. apply area_least; [lra|]. intros s Hs. apply lower_bound in Hs.
  replace (1 / 2 - 0) with (1 / 2) in Hs by ring. lra.
Qed.
Lemma area_near x y : 0 <= x -> 0 <= y -> Rabs (area y - area x - (y - x) * bell x) <= (y - x) * (y - x).
Proof.
  intros Hx Hy. destruct (Rle_lt_dec x y) as [C|C].
  - pose proof (area_more x y ltac:(lra)). pose proof (area_less x y ltac:(lra)). pose proof (bell_slope x y ltac:(lra)) as S.
    pose proof (Rmult_le_compat_l (y - x) _ _ ltac:(lra) S). pose proof (Rle_0_sqr (y - x)) as Q. unfold Rsqr in Q. apply Rabs_le. lra.
  - pose proof (area_more y x ltac:(lra)). pose proof (area_less y x ltac:(lra)). pose proof (bell_slope y x ltac:(lra)) as S.
    pose proof (Rmult_le_compat_l (x - y) _ _ ltac:(lra) S). pose proof (Rle_0_sqr (y - x)) as Q. unfold Rsqr in Q. apply Rabs_le. lra.
Qed.
(** The odd extension. *)
Definition signed (x : R) : R := if Rle_dec 0 x then area x else - area (- x).
Lemma signed_pos x : 0 <= x -> signed x = area x.
Proof. intros H. unfold signed. destruct (Rle_dec 0 x); [reflexivity|contradiction]. Qed.
Lemma signed_neg x : x <= 0 -> signed x = - area (- x).
Proof.
  intros H. unfold signed. destruct (Rle_dec 0 x); [|reflexivity]. assert (x = 0) as -> by lra. rewrite Ropp_0, area_0. ring.
Qed.
Lemma signed_odd x : signed (- x) = - signed x.
Proof. destruct (Rle_lt_dec 0 x); [rewrite (signed_neg (- x)), signed_pos, Ropp_involutive by lra|rewrite (signed_pos (- x)), signed_neg
  by lra]; ring. Qed.
Lemma signed_near_up x y : 0 <= x -> Rabs (signed y - signed x - (y - x) * bell x) <= 2 * ((y - x) * (y - x)).
Proof.
  intros Hx. pose proof (Rle_0_sqr (y - x)) as Q. unfold Rsqr in Q. destruct (Rle_lt_dec 0 y) as [C|C].
  - rewrite !signed_pos by lra. pose proof (area_near x y Hx C). lra.
  - rewrite (signed_pos x), (signed_neg y) by lra. pose proof (area_near 0 x ltac:(lra) Hx) as A1.
    pose proof (area_near 0 (- y) ltac:(lra) ltac:(lra)) as A2.
    rewrite bell_0, area_0 in A1, A2. apply Rabs_le_inv in A1, A2. pose proof (bell_slope 0 x ltac:(lra)) as S. rewrite bell_0 in S.
    pose proof (bell_decreasing 0 x ltac:(lra)) as D. rewrite bell_0 in D.
    pose proof (Rmult_le_compat_l (x - y) _ _ ltac:(lra) S) as S1. pose proof (Rmult_le_compat_l (x - y) _ _ ltac:(lra) D) as D1.
    assert (0 <= x * - y) by (apply Rmult_le_pos; lra). assert (0 <= - y * - y) by (apply Rmult_le_pos; lra). apply Rabs_le. lra.
Qed.
Lemma signed_near x y : Rabs (signed y - signed x - (y - x) * bell x) <= 2 * ((y - x) * (y - x)).
Proof.
  destruct (Rle_lt_dec 0 x) as [C|C]; [apply signed_near_up, C|]. pose proof (signed_near_up (- x) (- y) ltac:(lra)) as H.
  rewrite !signed_odd, bell_even in H. rewrite <- Rabs_Ropp.
  replace (- (signed y - signed x - (y - x) * bell x)) with (- signed y - - signed x - (- y - - x) * bell x) by ring. nra.
Qed.
Lemma signed_deriv x : derivable_pt_lim signed x (bell x).
Proof.
  intros e He. assert (D : 0 < e / 2) by lra. exists (mkposreal _ D). intros h Nh Hh. simpl in Hh.
  pose proof (signed_near x (x + h)) as H. replace (x + h - x) with h in H by ring.
  replace ((signed (x + h) - signed x) / h - bell x) with ((signed (x + h) - signed x - h * bell x) * / h) by (field; auto).
  rewrite Rabs_mult, Rabs_inv. pose proof (Rabs_pos_lt h Nh) as P.
  apply Rle_lt_trans with (2 * (h * h) * / Rabs h).
  - apply Rmult_le_compat_r; [apply Rlt_le, Rinv_0_lt_compat, P|exact H].
  - replace (h * h) with (Rabs h * Rabs h) by (rewrite <- Rabs_mult; apply Rabs_pos_eq; nra). field_simplify; lra.
Qed.
Lemma area_increasing x y : 0 <= x <= y -> area x <= area y.
Proof. intros H. pose proof (area_more x y H). pose proof (bell_pos y). nra. Qed.
Lemma whole_area : exists L, 0 < L /\ forall x, Rabs (signed x) <= L.
Proof.
  exists (exp (1 / 2)). split; [apply exp_pos|]. assert (B : forall x, 0 <= x -> 0 <= area x <= exp (1 / 2)).
  { intros x Hx. split; [rewrite <- area_0; apply area_increasing; lra|]. apply area_least; auto. intros s. apply lower_le. }
  intros x. destruct (Rle_lt_dec 0 x).
  - rewrite signed_pos by auto. pose proof (B x r). apply Rabs_le. lra.
  - rewrite signed_neg by lra. pose proof (B (- x) ltac:(lra)). apply Rabs_le. lra.
Qed.
Theorem normal_exists : exists Phi Z, 0 < Z /\ (forall x, 0 <= Phi x <= 1) /\ (forall x, Phi x + Phi (- x) = 1) /\
  forall x, derivable_pt_lim Phi x (dens Z x).
Proof.
  destruct whole_area as (L & L0 & H). exists (fun x => 1 / 2 + / (2 * L) * signed x), (2 * L).
  assert (I : 0 < / (2 * L)) by (apply Rinv_0_lt_compat; lra).
  split; [lra|]. split; [|split].
  - intros x. pose proof (Rabs_le_inv _ _ (H x)) as B. assert (J : / (2 * L) * L = 1 / 2) by (field; lra). nra.
  - intros x. rewrite signed_odd. field. lra.
  - intros x. unfold dens. fold (bell x). replace (/ (2 * L) * bell x) with (0 + / (2 * L) * bell x) by ring.
    apply (derivable_pt_lim_plus (fct_cte (1 / 2)) (mult_real_fct (/ (2 * L)) signed)); [apply derivable_pt_lim_const|].
    apply derivable_pt_lim_scal, signed_deriv.
Qed.
End Normal.

(** ** The theorem *)
Theorem witness_sound {A} (l : list node) (F : facts) (sh : shape) (f : net A) (a : assignment) : witness_ok l F f a = true ->
  exists E x t u, (meets (rev l) F E /\ contracts_hold (rev l) F (assumed_layers sh f []) E) /\ adm (tval (rev l)) E sh f x t u.
Proof.
  unfold witness_ok. intros H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [O H2].
  destruct normal_exists as (Phi & z & Z0 & P1 & P2 & P3). destruct silu_peak_exists as (peak & K0 & K1).
  set (ones := ones_of l _ _) in *. set (fams := families_of l _ _) in *. set (nats := numbers_of (a_nat a)) in *.
  set (V := variances f (PositiveMap.empty unit)) in *.
  destruct (bounded_table (rev l) (environment ones fams nats V 0 Phi z peak)) as (M & M1 & HM).
  exists (environment ones fams nats V M Phi z peak), v0, (zero_params f), (fun _ => zmat).
  assert (Phi0 : forall x, 0 <= Phi x) by apply P1. split.
  - split; [|apply (contracts_zero l F ones fams V nats Phi z peak M); auto; lra].
    apply symbols_sound; auto; try lra. intros _. repeat split; auto; apply P1.
  - apply (chain_met_sound l F ones fams V nats Phi z peak M); auto; try lra. intros i.
    rewrite (tval_agree [] [] l (environment ones fams nats V 0 Phi z peak)); auto.
Qed.

(** Some numbers, an input and tensors meet everything that the statements of a certificate assume. *)
Definition satisfiable_statement (c : certificate) : Prop := exists E x t u, hypotheses c E /\ admitted c E x t u.
Theorem satisfiable_sound (c : certificate) (a : assignment) : witness_ok (c_nodes c) (c_facts c) (c_network c) a = true ->
  satisfiable_statement c.
Proof. apply witness_sound. Qed.

(** ** Examples *)
Module Examples.
Local Open Scope positive_scope.
(* 1: s, 2: sigma, 3: eps, 4: sigma^2, 5: sigma^2 + eps, 6: 1/2, 7: v_i, 8: v_i + eps, 9: 0, 10: n *)
Definition nodes : list node := [TReal 1; TReal 2; TReal 3; TPow 2 4; TAdd 4 3; TNum 1 2; TFam 4 (DSym 5); TAdd 7 3; TNum 0 1;
  TNat (DSym 6)].
Definition hyp (pos : list positive) : facts := {| f_index := [5]; f_state := []; f_pos := listing_of pos; f_least := [(DSym 6, 1%N)];
  f_divides := [(DSym 6, DNum 3)]; f_gelu := true; f_silu := true; f_selu := true |}.
Definition linear : net unit := Leaf (Linear (DSym 6) {| tb := 1; tu := Once |} None None) tt.
Definition layernorm (floor eps : positive) : net unit := Leaf (Normalize PRow true Biased (Some floor) eps ANone) tt.
Definition batchnorm (k : nat) : net unit :=
  Leaf (Standardize {| tb := 1; tu := Fixed 1 [5] |} {| tb := 7; tu := Fixed k [5] |} 3) tt.
Definition repeated (f : net unit) : net unit := Series (Ball 1 tt) (Rep (DSym 6) (Some 5) (Series linear f tt) tt) tt.
Definition ok pos (f : net unit) n := witness_ok nodes (hyp pos) f {| a_zero := []; a_nat := [(6, n)] |}.
Example met : forallb (fun b => b)
  [ok [5; 10] (repeated (layernorm 2 3)) 6%N; ok [3; 8] (repeated (batchnorm 2)) 3%N;
    ok [5] (repeated (Series (layernorm 2 3) (batchnorm 2) tt)) 3%N]
  = true.
Proof. vm_compute. reflexivity. Qed.
(* 3 does not divide 4; 0 is too small; no eps; a floor of 1/2; mean and variance one tensor; a ball inside *)
Example not_met : existsb (fun b => b)
  [ok [5] (repeated (layernorm 2 3)) 4%N; ok [5] (repeated (layernorm 2 3)) 0%N; ok [4] (repeated (layernorm 2 9)) 6%N;
   ok [5] (repeated (layernorm 6 3)) 6%N; ok [8] (repeated (batchnorm 1)) 6%N; ok [5] (repeated (Ball 1 tt)) 6%N] = false.
Proof. vm_compute. reflexivity. Qed.
End Examples.
