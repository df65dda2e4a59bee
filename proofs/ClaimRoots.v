(** Roots as units u with u^n = x, and what is the root of something. *)
From Coq Require Import Reals Lra Lia ZArith.
From Normbound Require Import MeanValue Claims.
Open Scope R_scope.

Lemma sqrt_unit x : 0 <= x -> sqrt x ^ 2 = x.
Proof. intros. simpl. rewrite Rmult_1_r. apply sqrt_sqrt, H. Qed.
Lemma pw_unit x n : 0 <= x -> pw x (1 / IZR (Zpos n)) ^ Pos.to_nat n = x.
Proof.
  intros [H|<-].
  - rewrite pw_exp by exact H. rewrite exp_pow_nat. rewrite <- (exp_log x H) at 2. f_equal.
    rewrite INR_IZR_INZ, positive_nat_Z. field. apply IZR_neq. lia.
  - rewrite pw_base_0; [apply pow_i; lia|]. assert (0 < 1 / IZR (Zpos n)); [|lra].
    apply Rdiv_lt_0_compat; [lra|apply IZR_lt; lia].
Qed.
Lemma pow_inj_nonneg n a b : (0 < n)%nat -> 0 <= a -> 0 <= b -> a ^ n = b ^ n -> a = b.
Proof.
  intros N A B H. destruct (Rtotal_order a b) as [L|[E|L]]; auto; exfalso.
  - assert (a ^ n < b ^ n); [|lra]. clear H. induction n as [|[|n] IH]; [lia|simpl; lra|].
    change (a * a ^ S n < b * b ^ S n). specialize (IH ltac:(lia)). pose proof (pow_le a (S n) A). nra.
  - assert (b ^ n < a ^ n); [|lra]. clear H. induction n as [|[|n] IH]; [lia|simpl; lra|].
    change (b * b ^ S n < a * a ^ S n). specialize (IH ltac:(lia)). pose proof (pow_le b (S n) B). nra.
Qed.
(** e and m in the forms E and M that ring works with *)
Lemma sqrt_is e m E M : 0 <= e -> 0 <= m -> e = E -> m = M -> M ^ 2 = E ^ 1 -> sqrt e = M.
Proof. intros P Q <- <- H. apply sqrt_lem_1; auto. simpl in H. lra. Qed.
Lemma pw_is e m E M y p n : y = IZR (Zpos p) / IZR (Zpos n) -> 0 <= e -> 0 <= m -> e = E -> m = M ->
  M ^ Pos.to_nat n = E ^ Pos.to_nat p -> pw e y = M.
Proof.
  intros -> P Q <- <- H. apply (pow_inj_nonneg (Pos.to_nat n)); [lia|apply pw_ge0, P|exact Q|]. rewrite H.
  assert (N : 0 < IZR (Zpos n)) by (apply IZR_lt; lia). assert (Z : 0 < IZR (Zpos p)) by (apply IZR_lt; lia).
  destruct P as [P|<-].
  - rewrite pw_exp, exp_pow_nat by exact P. rewrite <- (exp_log e P) at 2. rewrite exp_pow_nat. f_equal.
    rewrite !INR_IZR_INZ, !positive_nat_Z. field. lra.
  - rewrite pw_base_0; [rewrite !pow_i by lia; reflexivity|]. assert (0 < IZR (Zpos p) / IZR (Zpos n)); [|lra].
    apply Rdiv_lt_0_compat; lra.
Qed.
Lemma pw_is_inverse e m E M y p n : y = - IZR (Zpos p) / IZR (Zpos n) -> 0 <= e -> 0 <= m -> e = E -> m = M ->
  M ^ Pos.to_nat n = / E ^ Pos.to_nat p -> pw e y = M.
Proof.
  intros -> P Q <- <- H. apply (pow_inj_nonneg (Pos.to_nat n)); [lia|apply pw_ge0, P|exact Q|]. rewrite H.
  assert (N : 0 < IZR (Zpos n)) by (apply IZR_lt; lia). assert (Z : 0 < IZR (Zpos p)) by (apply IZR_lt; lia).
  destruct P as [P|<-].
  - rewrite pw_exp, exp_pow_nat by exact P. rewrite <- (exp_log e P) at 2. rewrite exp_pow_nat, <- exp_Ropp. f_equal.
    rewrite !INR_IZR_INZ, !positive_nat_Z. field. lra.
  - assert (0 < IZR (Zpos p) / IZR (Zpos n)) by (apply Rdiv_lt_0_compat; lra).
    rewrite pw_base_0; [rewrite !pow_i by lia; symmetry; apply Rinv_0|]. unfold Rdiv in *. lra.
Qed.
Lemma abs_root u : Rabs u = sqrt (pw u 2).
Proof. rewrite pw_pos_lit. symmetry. simpl. rewrite Rmult_1_r. apply sqrt_Rsqr_abs. Qed.

(** Denominators are not 0: by hypothesis, or evidently of one sign *)
Ltac exponentials := repeat match goal with
  | |- context [exp ?x] => lazymatch goal with H : 0 < exp x |- _ => fail | _ => pose proof (exp_pos x) end
  end.
Ltac nonnulls := exponentials; repeat split;
  first [assumption | apply pow_nonzero; assumption | lra | apply Rgt_not_eq; lra | apply Rgt_not_eq; timeout 5 nra
        | apply Rlt_not_eq; timeout 5 nra].

(** ** Short ranges, term by term *)
Lemma rsum_step a b f : Z.leb a b = true -> rsum (IZR a) (IZR b) f = f (IZR a) + rsum (IZR (a + 1)) (IZR b) f.
Proof. intros H. apply Z.leb_le in H. rewrite plus_IZR. apply rsum_first; try apply isint_Z. apply IZR_le, H. Qed.
Lemma rsum_none a b f : Z.ltb b a = true -> rsum (IZR a) (IZR b) f = 0.
Proof. intros H. apply Z.ltb_lt in H. apply rsum_empty; try apply isint_Z. apply IZR_lt, H. Qed.
Lemma rprod_step a b f : Z.leb a b = true -> rprod (IZR a) (IZR b) f = f (IZR a) * rprod (IZR (a + 1)) (IZR b) f.
Proof. intros H. apply Z.leb_le in H. rewrite plus_IZR. apply rprod_first; try apply isint_Z. apply IZR_le, H. Qed.
Lemma rprod_none a b f : Z.ltb b a = true -> rprod (IZR a) (IZR b) f = 1.
Proof. intros H. apply Z.ltb_lt in H. apply rprod_empty; try apply isint_Z. apply IZR_lt, H. Qed.
