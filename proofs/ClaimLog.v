(** Logarithms and linear combinations: what the replay of the rule loglinear uses.

    A script rewrites every expression into a rational expression over atoms (powers with symbolic exponents, roots, exponentials,
    logarithms, sums over an index), step by step with the equations below, and ends with one identity that field decides. *)
From Coq Require Import Reals Lra Lia ZArith List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Claims.
Import ListNotations.
Open Scope R_scope.

(** Side conditions of field: the script has stated each denominator *)
Ltac nonzeros := repeat split; first [assumption | apply pow_nonzero; assumption | lra | apply Rgt_not_eq, exp_pos].

(** ** Facts, rows and goals *)
Lemma fact_le a b A B : a <= b -> a = A -> b = B -> 0 <= B - A.
Proof. intros. lra. Qed.
Lemma fact_lt a b A B : a < b -> a = A -> b = B -> 0 < B - A.
Proof. intros. lra. Qed.
Lemma fact_eq a b A B : a = b -> a = A -> b = B -> B - A = 0.
Proof. intros. lra. Qed.
Lemma log_fact_le a b A B : 0 < a -> a <= b -> log a = A -> log b = B -> 0 <= B - A.
Proof. intros P H. pose proof (log_le a b P H). lra. Qed.
Lemma log_fact_lt a b A B : 0 < a -> a < b -> log a = A -> log b = B -> 0 < B - A.
Proof. intros P H. pose proof (log_lt a b P H). lra. Qed.
Lemma log_fact_eq a b A B : 0 < a -> a = b -> log a = A -> log b = B -> B - A = 0.
Proof. intros P <- <- <-. ring. Qed.
Lemma goal_le a b A B s : a = A -> b = B -> B - A = s -> 0 <= s -> a <= b.
Proof. lra. Qed.
Lemma goal_lt a b A B s : a = A -> b = B -> B - A = s -> 0 < s -> a < b.
Proof. lra. Qed.
Lemma goal_eq a b A B s : a = A -> b = B -> B - A = s -> s = 0 -> a = b.
Proof. lra. Qed.
Lemma log_goal_le a b A B s : 0 < a -> 0 < b -> log a = A -> log b = B -> B - A = s -> 0 <= s -> a <= b.
Proof. intros. apply log_le_back; lra. Qed.
Lemma log_goal_lt a b A B s : 0 < a -> 0 < b -> log a = A -> log b = B -> B - A = s -> 0 < s -> a < b.
Proof. intros. apply log_lt_back; lra. Qed.
Lemma log_goal_eq a b A B s : 0 < a -> 0 < b -> log a = A -> log b = B -> B - A = s -> s = 0 -> a = b.
Proof. intros. apply log_inj; lra. Qed.
Lemma eq_ge0 a : a = 0 -> 0 <= a.
Proof. lra. Qed.
Lemma null_l a b : a = 0 -> a * b = 0.
Proof. intros ->. ring. Qed.
Lemma null_r a b : b = 0 -> a * b = 0.
Proof. intros ->. ring. Qed.
Lemma null_add a b : a = 0 -> b = 0 -> a + b = 0.
Proof. lra. Qed.
Lemma exp_line h : 1 + h <= exp h.
Proof.
  destruct (Rle_lt_dec 0 h) as [C|C]; [apply exp_ge_line, C|].
  pose proof (mean_value_increasing (fun t => t - exp t) (fun t => 1 - exp t) h 0 ltac:(lra)) as Q.
  enough (h - exp h <= 0 - exp 0) by (rewrite exp_0 in *; lra). apply Q.
  - intros c _. apply (derivable_pt_lim_minus id exp); [apply derivable_pt_lim_id|apply derivable_pt_lim_exp].
  - intros c [_ K]. apply exp_mono in K. rewrite exp_0 in K. lra.
Qed.
Lemma log_line u : 0 < u -> log u <= u - 1.
Proof. intros H. pose proof (exp_line (log u)) as L. rewrite exp_log in L by exact H. lra. Qed.
Lemma fact_exp t T F : exp t = F -> t = T -> 0 <= F - 1 - T.
Proof. intros <- <-. pose proof (exp_line t). lra. Qed.
Lemma fact_log u U L : 0 < u -> u = U -> log u = L -> 0 <= U - 1 - L.
Proof. intros P <- <-. pose proof (log_line u P). lra. Qed.
Lemma fact_pos u U : 0 < u -> u = U -> 0 < U.
Proof. intros H <-. exact H. Qed.
Lemma fact_ge0 u U : 0 <= u -> u = U -> 0 <= U.
Proof. intros H <-. exact H. Qed.
Lemma above_one u L : 1 < u -> log u = L -> 0 < L.
Proof. intros H <-. rewrite <- log_1. apply log_lt; lra. Qed.

(** ** Denominators *)
Lemma nz_eq a b : a = b -> a <> 0 -> b <> 0.
Proof. intros <-. auto. Qed.
Lemma nz_pos a : 0 < a -> a <> 0.
Proof. lra. Qed.
Lemma nz_left a b : a * b <> 0 -> a <> 0.
Proof. intros H E. apply H. rewrite E. ring. Qed.
Lemma nz_right a b : a * b <> 0 -> b <> 0.
Proof. intros H E. apply H. rewrite E. ring. Qed.
Lemma nz_div a b : a / b <> 0 -> a <> 0.
Proof. apply nz_left. Qed.
Lemma nz_opp a : - a <> 0 -> a <> 0.
Proof. lra. Qed.
Lemma nz_pow a n : a ^ S n <> 0 -> a <> 0.
Proof. apply nz_left. Qed.
Lemma nz_inv_pow a n : / a ^ S n <> 0 -> a <> 0.
Proof. intros H E. apply H. rewrite E. simpl. rewrite Rmult_0_l. apply Rinv_0. Qed.

(** ** Positive numbers *)
Lemma pos_eq a b : a = b -> 0 < a -> 0 < b.
Proof. intros <-. auto. Qed.
Lemma pos_second a b : 0 < a -> 0 < a * b -> 0 < b.
Proof. intros A H. apply (Rmult_lt_reg_l a); lra. Qed.
Lemma pos_first a b : 0 < b -> 0 < a * b -> 0 < a.
Proof. intros A H. apply (Rmult_lt_reg_r b); lra. Qed.
Lemma pos_over a b : 0 < a -> 0 < a / b -> 0 < b.
Proof. intros A H. apply (pos_second a (/ b) A) in H. apply Rinv_0_lt_compat in H. rewrite Rinv_inv in H. exact H. Qed.
Lemma pos_top a b : 0 < b -> 0 < a / b -> 0 < a.
Proof. intros A H. apply (pos_first a (/ b)); auto using Rinv_0_lt_compat. Qed.
Lemma pos_div a b : 0 < a -> 0 < b -> 0 < a / b.
Proof. exact (Rdiv_lt_0_compat a b). Qed.
Lemma pos_root u : 0 < sqrt u -> 0 < u.
Proof. intros H. apply Rnot_le_lt. intros C. rewrite sqrt_neg_0 in H; lra. Qed.
Lemma pos_inv_pow a n : 0 < a -> 0 < / a ^ n.
Proof. intros. apply Rinv_0_lt_compat, pow_lt. auto. Qed.

(** ** Logarithms of products, powers, roots *)
Lemma log_sqrt u : 0 < u -> log (sqrt u) = 1 / 2 * log u.
Proof. intros H. rewrite <- pw_half, log_pw by lra. reflexivity. Qed.
Lemma log_pow u n : 0 < u -> log (u ^ n) = INR n * log u.
Proof. intros H. rewrite <- pw_nat. apply log_pw, H. Qed.
Lemma log_pow_lit u p : 0 < u -> log (u ^ Pos.to_nat p) = IZR (Zpos p) * log u.
Proof. intros H. rewrite log_pow, INR_IZR_INZ, positive_nat_Z by exact H. reflexivity. Qed.
Lemma log_inv_pow_lit u p : 0 < u -> log (/ u ^ Pos.to_nat p) = - IZR (Zpos p) * log u.
Proof. intros H. rewrite log_inv, log_pow_lit by auto using pow_lt. ring. Qed.
Lemma log_dd y a : isnat y -> 0 < a -> log (dd y [a]) = y * log a.
Proof. intros Y H. rewrite dd_single by exact Y. apply log_pw, H. Qed.
Lemma log_rprod lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 < f i) ->
  log (rprod lo hi f) = rsum lo hi (fun i => log (f i)).
Proof.
  intros A B H. unfold rprod, rsum. assert (P : forall k, (k < count lo hi)%nat -> 0 < f (lo + INR k)).
  { intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. }
  induction (count lo hi) as [|n IH]; [apply log_1|]. simpl. rewrite log_mul, IH; auto.
  apply pm_pos. intros. apply P. lia.
Qed.

(** ** Exponentials *)
Lemma exp_times u p : exp (IZR (Zpos p) * u) = exp u ^ Pos.to_nat p.
Proof. rewrite exp_pow_nat, INR_IZR_INZ, positive_nat_Z. reflexivity. Qed.
Lemma exp_minus_times u p : exp (- (IZR (Zpos p) * u)) = / exp u ^ Pos.to_nat p.
Proof. rewrite exp_Ropp, exp_times. reflexivity. Qed.

(** ** Powers *)
Lemma pw_lit x y p : y = IZR (Zpos p) -> pw x y = x ^ Pos.to_nat p.
Proof. intros ->. apply pw_pos_lit. Qed.
Lemma pw_neg x y p : y = - IZR (Zpos p) -> pw x y = / x ^ Pos.to_nat p.
Proof. intros ->. rewrite <- opp_IZR. apply pw_neg_lit. Qed.
Lemma pw_null x y : y = 0 -> pw x y = 1.
Proof. intros ->. apply pw_0. Qed.
Lemma pw_one x y : x = 1 -> pw x y = 1.
Proof. intros ->. apply pw_base_1. Qed.
Lemma isnat_lit y p : y = IZR (Zpos p) -> isnat y.
Proof. intros ->. apply isnat_pos. Qed.
Lemma pw_times_nat x m p : isnat m -> pw x (IZR (Zpos p) * m) = pw x m ^ Pos.to_nat p.
Proof. intros H. rewrite Rmult_comm, <- pw_pw_nat, pw_pos_lit; auto using isnat_pos. Qed.
Lemma pw_times x m p : 0 < x -> pw x (IZR (Zpos p) * m) = pw x m ^ Pos.to_nat p.
Proof. intros H. rewrite Rmult_comm, <- pw_pw, pw_pos_lit; auto. Qed.
Lemma pw_minus_times x m p : 0 < x -> pw x (- (IZR (Zpos p) * m)) = / pw x m ^ Pos.to_nat p.
Proof. intros H. rewrite pw_opp, pw_times; auto. Qed.
Lemma pw_pow_nat x n m : isnat m -> pw (x ^ n) m = pw x m ^ n.
Proof. intros [k ->]. rewrite !pw_nat, <- !pow_mult. f_equal. apply Nat.mul_comm. Qed.
Lemma pw_inv_pow_nat x n m : isnat m -> pw (/ x ^ n) m = / pw x m ^ n.
Proof. intros H. rewrite pw_inv_nat, pw_pow_nat; auto. Qed.
Lemma pw_opp_nat x m : isnat m -> pw (- x) m = pw (- (1)) m * pw x m.
Proof. intros H. rewrite <- pw_mul_nat by exact H. f_equal. ring. Qed.
Lemma pw_pow x n m : 0 < x -> pw (x ^ n) m = pw x m ^ n.
Proof. intros H. rewrite <- !(pw_nat _ n), !pw_pw by auto. f_equal. ring. Qed.
Lemma pw_inv_pow x n m : 0 < x -> pw (/ x ^ n) m = / pw x m ^ n.
Proof. intros H. rewrite pw_inv, pw_pow; auto using pow_lt. Qed.
Lemma pw_nz x m : 0 < x -> pw x m <> 0.
Proof. intros H. apply nz_pos, pw_pos, H. Qed.
Lemma pw_nat_nz x m : isnat m -> x <> 0 -> pw x m <> 0.
Proof. intros H. apply pw_nonzero, isnat_isint, H. Qed.
Lemma pw_nat_nz_back x m : isnat m -> m <> 0 -> pw x m <> 0 -> x <> 0.
Proof. intros H E N Z. apply N. rewrite Z. apply pw_base_0, E. Qed.

(** ** Roots *)
Lemma root_square u : 0 <= u -> sqrt u * sqrt u = u.
Proof. apply sqrt_sqrt. Qed.

(** ** Sums over an index *)
Lemma rsum_null lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> f i = 0) -> rsum lo hi f = 0.
Proof. intros A B H. rewrite (rsum_ext lo hi f (fun _ => 0 * 0)) by (auto; intros; rewrite H; auto; ring).
  rewrite rsum_scal. ring. Qed.
Lemma rsum_ends lo hi l h f : lo = l -> hi = h -> rsum lo hi f = rsum l h f.
Proof. intros -> ->. reflexivity. Qed.
Lemma rprod_ends lo hi l h f : lo = l -> hi = h -> rprod lo hi f = rprod l h f.
Proof. intros -> ->. reflexivity. Qed.
Lemma rsum_count lo hi c : isint lo -> isint hi -> lo <= hi + 1 -> rsum lo hi (fun _ => c * 1) = c * (hi - lo + 1).
Proof. intros. rewrite rsum_scal, rsum_const; auto. ring. Qed.

(** ** Naturals, nodes *)
Lemma isnat_eq a b : a = b -> isnat a -> isnat b.
Proof. intros <-. auto. Qed.
Lemma isnat_pow a n : isnat a -> isnat (a ^ n).
Proof. intros [k ->]. exists (k ^ n)%nat. symmetry. apply pow_INR. Qed.
Lemma dd_order y l m : Permutation l m -> dd y l = dd y m.
Proof. intros P. unfold dd. apply dd_perm, P. Qed.
