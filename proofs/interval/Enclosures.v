(** Numeric enclosures of constants, with the interval tactic (these rest on
    primitive integers and floats in addition to the classical reals). *)
From Coq Require Import Reals Lra.
From Interval Require Import Tactic.
From Normbound Require Import Vec Lips Acts SmoothActs.
Open Scope R_scope.

Lemma gate_low : 2399357280 / 1000000000 * (2 * sigmoid (2399357280 / 1000000000) - 1) < 2.
Proof. unfold sigmoid. interval with (i_prec 80). Qed.
Lemma gate_high : 2 < 2399357281 / 1000000000 * (2 * sigmoid (2399357281 / 1000000000) - 1).
Proof. unfold sigmoid. interval with (i_prec 80). Qed.

(** The peak of the SiLU slope, and its constant. *)
Theorem silu_enclosure xs : 0 < xs -> xs * (2 * sigmoid xs - 1) = 2 ->
  2399357280 / 1000000000 < xs < 2399357281 / 1000000000 /\
  1099839320 / 1000000000 < 1 / 2 + xs / 4 < 1099839321 / 1000000000.
Proof.
  intros Hp He.
  assert (A : 2399357280 / 1000000000 < xs).
  { apply Rnot_le_lt. intros C. pose proof (gate_mono xs _ (conj (Rlt_le _ _ Hp) C)). pose proof gate_low. lra. }
  assert (B : xs < 2399357281 / 1000000000).
  { apply Rnot_le_lt. intros C. pose proof (gate_mono (2399357281 / 1000000000) xs ltac:(lra)). pose proof gate_high. lra. }
  lra.
Qed.

(** SiLU with a decimal constant. *)
Theorem act_silu_decimal : act_ok silu (1099839321 / 1000000000) 0 1.
Proof.
  destruct silu_peak_exists as (xs & Hp & He). destruct (silu_enclosure xs Hp He) as [_ H].
  destruct (act_silu xs Hp He) as (A & B & C). split; [lra|split; auto].
  intros a b. eapply Rle_trans; [apply B|]. apply Rmult_le_compat_r; [apply Rabs_pos|lra].
Qed.
