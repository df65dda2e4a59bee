(** Wrong on purpose: the q1 term of the closed form dropped.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem dd_sensitivity_rec (L G b q2 q1 q0 B0 : R) (B P : nat -> R) :
  B O = B0 -> P O = 0 ->
  (forall i, B (S i) = G * B i + b) ->
  (forall i, P (S i) = L * L * P i + (q2 * (B i * B i) + q1 * B i + q0)) ->
  forall K, P K = q2 * (B0 * B0 * dd K [L * L; G * G] + 2 * G * b * B0 * dd K [L * L; G * G; G]
           + b * b * (dd K [L * L; G * G; 1] + 2 * G * dd K [L * L; G * G; G; 1]))
  + q1 * (B0 * dd K [L * L; G] + b * dd K [L * L; G; 1]) + q0 * dd K [L * L; 1].
(*END*)
(*WRONG*)
Theorem dd_sensitivity_rec (L G b q2 q1 q0 B0 : R) (B P : nat -> R) :
  B O = B0 -> P O = 0 ->
  (forall i, B (S i) = G * B i + b) ->
  (forall i, P (S i) = L * L * P i + (q2 * (B i * B i) + q1 * B i + q0)) ->
  forall K, P K = q2 * (B0 * B0 * dd K [L * L; G * G] + 2 * G * b * B0 * dd K [L * L; G * G; G]
           + b * b * (dd K [L * L; G * G; 1] + 2 * G * dd K [L * L; G * G; G; 1]))
  + q0 * dd K [L * L; 1].
(*END*)
Proof.
  intros EB EP HB HP K.
  set (s := {| sL := L; sb := b; sG := G; sq2 := q2; sq1 := q1; sq0 := q0; sl1 := fun _ => 0; sl0 := fun _ => 0 |}).
  transitivity (P2 (s_repeat K s) B0); [|exact (repeat_untied_closed K s B0)].
  assert (R : forall i, B i = radius i s B0).
  { induction i; [rewrite EB; symmetry; apply (radius_rec 0)|].
    rewrite HB, (proj2 (radius_rec i s B0)), IHi. reflexivity. }
  induction K; [rewrite EP; symmetry; apply (repeat_P_rec 0)|].
  rewrite HP, (proj2 (repeat_P_rec K s B0)), IHK, <- R. reflexivity.
Qed.
