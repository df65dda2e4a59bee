(** Domains on which a network's summary is valid, and the space of the tensors that one layer owns. *)
From Coq Require Import Reals Lra Lia List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers Zoo Sup Networks Summaries.
Import ListNotations.
Open Scope R_scope.

(** The input has norm at most B and entries at most F, where these are known. *)
Definition in_ball (B : option R) (n : nat) (x : vec) : Prop := match B with None => True | Some r => nrm n x <= r end.
Definition in_sup (F : option R) (n : nat) (x : vec) : Prop := match F with None => True | Some r => sup_le n x r end.
Definition on_domain (C : captured) (B F : option R) (n : nat) (x : vec) (u : nat -> mat) : Prop :=
  in_ball B n x /\ in_sup F n x /\ captured_ok C u.

(** The tensors of one layer; only those used once count for the distance (that of [dist] for a [Leaf]). *)
Definition pown (us : list use) (dm : list (nat * nat)) : pspace.
Proof.
  refine {| pt := nat -> mat;
    pd := fun a b => nrm (length us) (fun i => if is_once us i then tdist (nth i dm (0, 0)%nat) (a i) (b i) else 0) |}.
  - intros; apply nrm_ge0.
  - intros. rewrite (nrm_ext _ _ v0), nrm_0; [reflexivity|]. intros i _. destruct (is_once us i); [|reflexivity].
    apply (pd_refl (pmat (fst (nth i dm (0, 0)%nat)) (snd (nth i dm (0, 0)%nat)))).
Defined.

(** A bound on the norm bounds the entries, so [sup_in] is valid on the domain. *)
Lemma in_sup_in B F n x : in_ball B n x -> in_sup F n x -> in_sup (sup_in B F) n x.
Proof.
  intros HB HF. destruct F as [F|]; simpl; [exact HF|]. destruct B as [B|]; simpl in *; [|exact I].
  apply sup_default; exact HB.
Qed.
Lemma in_sup_the B F n x : sup_in B F <> None -> in_ball B n x -> in_sup F n x -> sup_le n x (the (sup_in B F)).
Proof.
  intros N HB HF. pose proof (in_sup_in B F n x HB HF) as Q. destruct (sup_in B F); [exact Q|contradiction].
Qed.
Lemma in_sup_some B F M n x : sup_in B F = Some M -> in_ball B n x -> in_sup F n x -> sup_le n x M.
Proof. intros E HB HF. pose proof (in_sup_in B F n x HB HF) as Q. rewrite E in Q. exact Q. Qed.
Lemma in_ball_le r s n x : r <= s -> in_ball (Some r) n x -> in_ball (Some s) n x.
Proof. simpl; intros; lra. Qed.

(** Bounds that are known are nonnegative (needed for the promise of SquaredReLU, whose constant is 2F). *)
Definition nonneg_opt (B : option R) : Prop := match B with None => True | Some r => 0 <= r end.
Lemma nonneg_sup_in B F : nonneg_opt B -> nonneg_opt F -> 0 <= the (sup_in B F).
Proof. destruct F as [F|], B as [B|]; simpl; intros; lra. Qed.
