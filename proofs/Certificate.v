(** Certificates: a network, its terms and claims as data; three statements that an accepted certificate proves. *)
From Coq Require Import Reals Lra Lia List PeanoNat BinPos NArith ZArith FMapPositive.
From Normbound Require Import Vec DD Lips Summary Networks Summaries Domains Normalizers NetworkSound Terms Checker CheckerSound
  CheckerNet Rewriting.
Import ListNotations.
Open Scope R_scope.

(** What a certificate states.
    c_nodes   the terms, oldest first; c_facts: the hypotheses about the symbols
    c_groups  the dimensions of the shared tensors
    c_lines   equalities of terms, each from those before it, that lead from [c_raw] to [c_root]; [c_stop]: terms that
              they do not open
    c_raw     the bound as the rules build it; c_root: the bound in normal form, as it is printed *)
Record certificate := {
  c_nodes : list node; c_facts : facts; c_groups : list (dim * dim); c_shape : shape; c_network : net ann;
  c_lines : list (positive * positive); c_stop : list positive; c_raw : positive; c_root : positive }.

Definition c_table (c : certificate) : table := rev (c_nodes c).
(** The value of a term of the certificate. *)
Definition term_value (c : certificate) (E : env) (i : positive) : R := tval (c_table c) E i.
(** The layers whose contract is not proved, each with the shape of its input. *)
Definition contracts (c : certificate) : list (shape * layer) := assumed_layers (c_shape c) (c_network c) [].
(** The facts hold, and the assumed layers keep their promises (whatever the indices of iterations and the states). *)
Definition hypotheses (c : certificate) (E : env) : Prop :=
  meets (c_table c) (c_facts c) E /\ contracts_hold (c_table c) (c_facts c) (contracts c) E.
Definition entries_in (c : certificate) (E : env) : nat := len E (c_shape c).
Definition entries_out (c : certificate) (E : env) : nat := len E (oshape (c_shape c) (c_network c)).
Definition inputs := vec.
Definition tensors (c : certificate) := params (c_network c).
(** The network as a map of the input, the tensors used once and the shared tensors. *)
Definition network_map (c : certificate) (E : env) := fwd (tval (c_table c)) E (c_shape c) (c_network c).
(** Inputs and tensors that meet the bounds on the tensors, the floors and the radius of the domain. *)
Definition admitted (c : certificate) (E : env) := adm (tval (c_table c)) E (c_shape c) (c_network c).
Definition group_dims (gs : list (dim * dim)) (E : env) (g : nat) : nat * nat :=
  match nth_error gs g with Some (a, b) => (dval E a, dval E b) | None => (0, 0)%nat end.
(** The Euclidean distance of two values of the tensors used once. *)
Definition tensor_distance (c : certificate) (E : env) := dist (group_dims (c_groups c) E) E (c_shape c) (c_network c).

Definition input_statement (c : certificate) : Prop := forall E, hypotheses c E ->
  forall x y t u, admitted c E x t u -> admitted c E y t u ->
  nrm (entries_out c E) (vsub (network_map c E x t u) (network_map c E y t u))
    <= term_value c E (c_root c) * nrm (entries_in c E) (vsub x y).
Definition parameters_statement (c : certificate) : Prop := forall E, hypotheses c E ->
  forall x t t' u, admitted c E x t u -> admitted c E x t' u ->
  nrm (entries_out c E) (vsub (network_map c E x t u) (network_map c E x t' u))
    <= term_value c E (c_root c) * tensor_distance c E t t'.
Definition radius_statement (c : certificate) : Prop := forall E, hypotheses c E ->
  forall x t u, admitted c E x t u -> nrm (entries_out c E) (network_map c E x t u) <= term_value c E (c_root c).

(** ** The decision *)
Definition index_list (l : list positive) : PositiveMap.t unit := fold_left (fun m i => PositiveMap.add i tt m) l (PositiveMap.empty unit).
(** The radius of the domain: that of the ball at the head of the chain, if there is one. *)
Fixpoint first_ball {A} (f : net A) : option positive :=
  match f with Ball r _ => Some r | Series f _ _ | Close _ f _ => first_ball f | _ => None end.
Definition p_bound_of_input (s : psum) (B : option positive) : option pat := Some (pL s).
Definition p_bound_of_radius (s : psum) (B : option positive) : option pat :=
  match pA s, B with
  | Some (b, G), Some r => Some (PAdd b (PMul G (PId r)))
  | _, _ => None
  end.
Definition p_bound_of_parameters (s : psum) (B : option positive) : option pat :=
  match pQ s, B with
  | Some q, Some r => Some (PSqrt (PAdd (PMul (q2 q) (PSq (PId r))) (PAdd (PMul (q1 q) (PId r)) (q0 q))))
  | _, _ => None
  end.
(** The claims hold, the bound [c_raw] is what they give, and the lines lead from it to [c_root]. *)
Definition accepted (bound_of : psum -> option positive -> option pat) (c : certificate) : bool :=
  let m := map_of_list (c_nodes c) in
  ordered (c_nodes c) 1 &&
  match check_network_at (c_nodes c) (c_facts c) (c_groups c) (first_ball (c_network c)) (c_shape c) (c_network c) with
  | None => false
  | Some r => match bound_of (flat r) (first_ball (c_network c)) with None => false | Some p => matches m (c_facts c) (c_raw c) p end
  end &&
  match check_lines m (c_facts c) (index_list (c_stop c)) (c_lines c) with
  | None => false
  | Some rep => Pos.eqb (representative rep (c_raw c)) (representative rep (c_root c))
  end.

Lemma first_ball_adm {A} v E (f : net A) : forall sh r x t u, first_ball f = Some r -> adm v E sh f x t u -> nrm (len E sh) x <= v E r.
Proof.
  induction f; intros sh r0 x t u Hr H; simpl in *; try discriminate.
  - congruence.
  - destruct H as [H _]. eapply IHf1; eauto.
  - eapply IHf; eauto.
Qed.

Section Accepted.
Variable c : certificate.
Variable E : env.
Hypothesis HE : hypotheses c E.
Let v := tval (c_table c).
Let gd := group_dims (c_groups c) E.
Let B := first_ball (c_network c).
Let b := option_map (v E) B.
Let s := fst (summ v E (c_shape c) b None (c_network c)).

Lemma values_nonneg F i : nonneg_env F -> 0 <= v F i.
Proof. intros H. apply tval_nonneg; apply H. Qed.

Lemma groups_are : groups_at (c_groups c) gd E.
Proof. intros g a d H. unfold gd, group_dims. rewrite H. reflexivity. Qed.

Lemma accepted_sound bound_of : accepted bound_of c = true ->
  wf v (length (c_groups c)) gd E [] (c_shape c) b None (c_network c) /\
  exists p q, (sL s = pval v E (pL q) /\ forall i, B = Some i -> relg v E q (v E i) s) /\ bound_of q B = Some p /\
    v E (c_root c) = pval v E p.
Proof.
  unfold accepted. intros H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  destruct (check_network_at _ _ _ _ _ _) as [r|] eqn:Hr; [|discriminate].
  destruct (bound_of (flat r) (first_ball (c_network c))) as [p|] eqn:Hp; [|discriminate].
  destruct (check_lines _ _ _ _) as [rep|] eqn:Hl; [|discriminate].
  pose proof (table_map _ H1) as T.
  destruct (check_network_at_sound _ _ _ _ _ _ _ H1 Hr E gd HE groups_are) as (W & _ & Q1 & _ & Q2).
  pose proof (conj Q1 Q2) as Q.
  split; [exact W|]. exists p, (flat r). split; [exact Q|]. split; [exact Hp|].
  apply Pos.eqb_eq in H3.
  pose proof (representative_sound _ _ _ _ _ _ T Hl (c_raw c) E (proj1 HE)) as R1.
  pose proof (representative_sound _ _ _ _ _ _ T Hl (c_root c) E (proj1 HE)) as R2.
  pose proof (matches_sound _ _ _ _ _ _ T H2 (proj1 HE)) as R3. unfold v, c_table in *. congruence.
Qed.

Let Gs := length (c_groups c).
Let f := c_network c.
Let sh := c_shape c.
Let NE : nonneg_env E := m_nonneg _ _ _ (proj1 HE).
Lemma ball_nonneg : nonneg_opt b.
Proof. unfold b. destruct B; simpl; auto. apply values_nonneg, NE. Qed.
Lemma in_domain x t u : admitted c E x t u -> on_domain [] b None (len E sh) x u /\ adm v E sh f x t u.
Proof.
  intros H. split; [|exact H]. split; [|split; [exact I|constructor]]. unfold b, B.
  destruct (first_ball (c_network c)) as [r|] eqn:Hr; simpl; [|exact I]. exact (first_ball_adm _ _ _ _ _ _ _ _ Hr H).
Qed.

Lemma accepted_input : accepted p_bound_of_input c = true -> forall x y t u, admitted c E x t u -> admitted c E y t u ->
  nrm (entries_out c E) (vsub (network_map c E x t u) (network_map c E y t u))
    <= term_value c E (c_root c) * nrm (entries_in c E) (vsub x y).
Proof.
  intros H x y t u Hx Hy. destruct (accepted_sound _ H) as (W & p & q & Q & Hp & R). injection Hp as <-.
  unfold term_value. fold v. rewrite R, <- (proj1 Q).
  exact (network_input v Gs gd values_nonneg _ f E [] sh b None NE ball_nonneg I W x y t u (in_domain _ _ _ Hx) (in_domain _ _ _ Hy)).
Qed.

Lemma accepted_radius : accepted p_bound_of_radius c = true -> forall x t u, admitted c E x t u ->
  nrm (entries_out c E) (network_map c E x t u) <= term_value c E (c_root c).
Proof.
  intros H x t u Hx. destruct (accepted_sound _ H) as (W & p & q & Q & Hp & R). destruct Q as [_ Q]. unfold p_bound_of_radius in Hp.
  destruct (pA q) as [[b0 G]|] eqn:HA; [|discriminate]. unfold B in Hp.
  destruct (first_ball (c_network c)) as [r|] eqn:Hr in Hp; [|discriminate]. injection Hp as <-. destruct (Q r Hr) as (_ & Q1 & _).
    rewrite HA in Q1.
  unfold term_value. fold v. rewrite R. simpl. rewrite <- Q1.
  eapply Rle_trans; [exact (network_radius v Gs gd values_nonneg _ f E [] sh b None NE ball_nonneg I W x t u (in_domain _ _ _ Hx))|].
  apply Rplus_le_compat_l. apply Rmult_le_compat_l.
  - destruct (summ_sound v Gs gd values_nonneg _ f E [] sh b None NE ball_nonneg I W) as [Sf _]. apply (sat_nn _ _ _ _ _ _ _ Sf).
  - exact (first_ball_adm _ _ _ _ _ _ _ _ Hr Hx).
Qed.

Lemma accepted_parameters : accepted p_bound_of_parameters c = true -> forall x t t' u, admitted c E x t u -> admitted c E x t' u ->
  nrm (entries_out c E) (vsub (network_map c E x t u) (network_map c E x t' u))
    <= term_value c E (c_root c) * tensor_distance c E t t'.
Proof.
  intros H x t t' u Hx Hy. destruct (accepted_sound _ H) as (W & p & q & Q & Hp & R). destruct Q as [_ Q].
  unfold p_bound_of_parameters in Hp. destruct (pQ q) as [a|] eqn:HQ; [|discriminate]. unfold B in Hp.
  destruct (first_ball (c_network c)) as [r|] eqn:Hr in Hp; [|discriminate].
  injection Hp as <-. destruct (Q r Hr) as (_ & _ & Q1). rewrite HQ in Q1. destruct Q1 as [Q1 _]. unfold term_value. fold v. rewrite R.
    simpl.
  match goal with |- _ <= sqrt ?x * _ => replace x with (P2 s (v E r)) by (rewrite Q1; ring) end.
  exact (network_parameters v Gs gd values_nonneg _ f E [] sh b None NE ball_nonneg I W (v E r) x t t' u (in_domain _ _ _ Hx)
    (in_domain _ _ _ Hy) (first_ball_adm _ _ _ _ _ _ _ _ Hr Hx)).
Qed.
End Accepted.

(** ** What an accepted certificate proves *)
Theorem input_sound c : accepted p_bound_of_input c = true -> input_statement c.
Proof. intros H E HE. exact (accepted_input c E HE H). Qed.
Theorem parameters_sound c : accepted p_bound_of_parameters c = true -> parameters_statement c.
Proof. intros H E HE. exact (accepted_parameters c E HE H). Qed.
Theorem radius_sound c : accepted p_bound_of_radius c = true -> radius_statement c.
Proof. intros H E HE. exact (accepted_radius c E HE H). Qed.
