(** Induction over the natural numbers among the reals: what the replay of the rules induction, successor, steps and recurrence uses. *)
From Coq Require Import Reals Lra Lia.
From Normbound Require Import MeanValue Vec DD Claims.
Open Scope R_scope.

Lemma nat_induction (Q : R -> Prop) a : isnat a -> Q a -> (forall K, isnat K -> K >= a -> Q K -> Q (K + 1)) ->
  forall K, isnat K -> K >= a -> Q K.
Proof.
  intros [m ->] B S K [n ->] H. apply Rge_le, INR_le in H. induction n as [|n IH].
  - replace m with 0%nat in * by lia. exact B.
  - destruct (Nat.eq_dec m (Datatypes.S n)) as [<-|E]; [exact B|]. rewrite S_INR. apply S; [apply isnat_INR| |apply IH; lia].
    apply Rle_ge, le_INR. lia.
Qed.
(** A natural number below a + 1 is a or below a *)
Lemma nat_below K a : isnat K -> isint a -> K = a \/ K < a \/ K >= a + 1.
Proof.
  intros H I. destruct (Rtotal_order K a) as [L|[E|G]]; auto. right; right. apply Rle_ge, isint_lt; auto using isnat_isint.
Qed.
Lemma nat_or K a : isnat K -> isint a -> K >= a -> K = a \/ K >= a + 1.
Proof. intros H I L. destruct (nat_below K a H I) as [E|[E|E]]; auto. lra. Qed.
Lemma nat_successor K : isnat K -> 1 <= K -> exists m, isnat m /\ K = m + 1.
Proof.
  intros H L. exists (K - 1). split; [|ring]. apply isint_isnat; [apply isint_sub; auto using isnat_isint, isint_Z|lra].
Qed.
Lemma nat_steps (f : R -> R) K : isnat K -> forall L, isnat L -> K <= L ->
  (forall m, isnat m -> K <= m -> m + 1 <= L -> f m <= f (m + 1)) -> f K <= f L.
Proof.
  intros HK L HL H S.
  assert (I : forall M, isnat M -> M >= K -> M <= L -> f K <= f M); [|apply I; auto; lra].
  apply (nat_induction (fun M => M <= L -> f K <= f M)); [exact HK|lra|].
  intros M HM G IH U. apply Rle_trans with (f M); [apply IH; lra|]. apply S; [exact HM|lra|exact U].
Qed.
Lemma nat_steps_down (f : R -> R) K : isnat K -> forall L, isnat L -> K <= L ->
  (forall m, isnat m -> K <= m -> m + 1 <= L -> f m >= f (m + 1)) -> f L <= f K.
Proof.
  intros HK L HL H S. apply Ropp_le_cancel. apply (nat_steps (fun x => - f x) K HK L HL H).
  intros m A B C. specialize (S m A B C). lra.
Qed.
