(** Signs of expressions: what normbound.claims.checker.signs computes, proved for each operator.

    A mask says which signs a number may have. The tables are the checker's, with one difference: functions are total here, so x / 0
    and sqrt of a negative number have the sign 0. *)
From Coq Require Import Reals Lra Lia ZArith List Bool.
From Normbound Require Import MeanValue Vec DD Claims.
Import ListNotations.
Open Scope R_scope.

Definition sgn (x : R) : comparison := if Rlt_dec x 0 then Lt else if Rlt_dec 0 x then Gt else Eq.
Definition mask := comparison -> bool.
Definition Mask (minus zero plus : bool) : mask := fun c => match c with Lt => minus | Eq => zero | Gt => plus end.
Definition sg (m : mask) (x : R) : Prop := m (sgn x) = true.
Definition never : mask := Mask false false false.
Definition neg : mask := Mask true false false.
Definition null : mask := Mask false true false.
Definition nonpos : mask := Mask true true false.
Definition pos : mask := Mask false false true.
Definition nonnull : mask := Mask true false true.
Definition nonneg : mask := Mask false true true.
Definition any : mask := Mask true true true.
Definition sub (a b : mask) : bool := implb (a Lt) (b Lt) && implb (a Eq) (b Eq) && implb (a Gt) (b Gt).
Definition meet (a b : mask) : mask := Mask (a Lt && b Lt) (a Eq && b Eq) (a Gt && b Gt).
Definition only (c : comparison) : mask := fun d => match c, d with Lt, Lt => true | Eq, Eq => true | Gt, Gt => true | _, _ => false end.
Definition lift1 (f : comparison -> comparison) (a : mask) : mask := fun c => existsb (fun i => a i && only (f i) c) [Lt; Eq; Gt].
Definition lift2 (f : comparison -> comparison -> mask) (a b : mask) : mask := fun c =>
  existsb (fun i => existsb (fun j => a i && b j && f i j c) [Lt; Eq; Gt]) [Lt; Eq; Gt].

Lemma only_refl c : only c c = true.
Proof. destruct c; reflexivity. Qed.
Lemma lift1_ok f a i : a i = true -> lift1 f a (f i) = true.
Proof. intros H. apply existsb_exists. exists i. split; [destruct i; simpl; auto|]. rewrite H, only_refl. reflexivity. Qed.
Lemma lift2_ok f a b i j c : a i = true -> b j = true -> f i j c = true -> lift2 f a b c = true.
Proof. intros H K L. unfold lift2. apply existsb_exists. exists i. split; [destruct i; simpl; auto|].
  apply existsb_exists. exists j. split; [destruct j; simpl; auto|]. rewrite H, K, L. reflexivity. Qed.

Lemma sgn_lt x : x < 0 -> sgn x = Lt.
Proof. intros. unfold sgn. destruct (Rlt_dec x 0); [reflexivity|lra]. Qed.
Lemma sgn_gt x : 0 < x -> sgn x = Gt.
Proof. intros. unfold sgn. destruct (Rlt_dec x 0); [lra|]. destruct (Rlt_dec 0 x); [reflexivity|lra]. Qed.
Lemma sgn_eq x : x = 0 -> sgn x = Eq.
Proof. intros. unfold sgn. destruct (Rlt_dec x 0); [lra|]. destruct (Rlt_dec 0 x); [lra|reflexivity]. Qed.
Lemma sgn_cases x : x < 0 /\ sgn x = Lt \/ x = 0 /\ sgn x = Eq \/ 0 < x /\ sgn x = Gt.
Proof. destruct (Rtotal_order x 0) as [H|[H|H]]; [left|right; left|right; right]; split; auto using sgn_lt, sgn_eq, sgn_gt. Qed.
Ltac signs x := let H := fresh "s" in let E := fresh "e" in destruct (sgn_cases x) as [[H E]|[[H E]|[H E]]]; rewrite ?E.
Ltac subset := match goal with S : sub ?a ?b = true |- _ => unfold sub in S; rewrite !andb_true_iff in S end.

(** ** Masks *)
Lemma sg_weaken a b x : sg a x -> sub a b = true -> sg b x.
Proof. unfold sg. intros H S. subset. destruct S as [[A B] C]. destruct (sgn x); [destruct (a Eq)|destruct (a Lt)|destruct (a Gt)];
  simpl in *; congruence. Qed.
Lemma sg_meet a b c x : sg a x -> sg b x -> sub (meet a b) c = true -> sg c x.
Proof. intros H K. apply sg_weaken. unfold sg, meet, Mask in *. destruct (sgn x); rewrite H, K; reflexivity. Qed.
Lemma sg_any x : sg any x.
Proof. unfold sg. destruct (sgn x); reflexivity. Qed.
Lemma sg_never x (P : Prop) : sg never x -> P.
Proof. unfold sg. destruct (sgn x); discriminate. Qed.
Lemma sg_pos x : 0 < x -> sg pos x.
Proof. intros. unfold sg. rewrite sgn_gt; auto. Qed.
Lemma sg_neg x : x < 0 -> sg neg x.
Proof. intros. unfold sg. rewrite sgn_lt; auto. Qed.
Lemma sg_null x : x = 0 -> sg null x.
Proof. intros. unfold sg. rewrite sgn_eq; auto. Qed.
Lemma sg_nonneg x : 0 <= x -> sg nonneg x.
Proof. intros. unfold sg. signs x; auto; lra. Qed.
Lemma sg_nonpos x : x <= 0 -> sg nonpos x.
Proof. intros. unfold sg. signs x; auto; lra. Qed.
Lemma sg_nonnull x : x <> 0 -> sg nonnull x.
Proof. intros. unfold sg. signs x; auto; lra. Qed.
Lemma sg_isnat x : isnat x -> sg nonneg x.
Proof. intros H. apply sg_nonneg, isnat_ge0, H. Qed.
(** What a mask says *)
Lemma is_pos m x : sg m x -> sub m pos = true -> 0 < x.
Proof. intros H S. pose proof (sg_weaken _ _ _ H S) as K. unfold sg in K. destruct (sgn_cases x) as [[A E]|[[A E]|[A E]]];
  rewrite E in K; [discriminate|discriminate|exact A]. Qed.
Lemma is_neg m x : sg m x -> sub m neg = true -> x < 0.
Proof. intros H S. pose proof (sg_weaken _ _ _ H S) as K. unfold sg in K. destruct (sgn_cases x) as [[A E]|[[A E]|[A E]]];
  rewrite E in K; [exact A|discriminate|discriminate]. Qed.
Lemma is_null m x : sg m x -> sub m null = true -> x = 0.
Proof. intros H S. pose proof (sg_weaken _ _ _ H S) as K. unfold sg in K. destruct (sgn_cases x) as [[A E]|[[A E]|[A E]]];
  rewrite E in K; [discriminate|exact A|discriminate]. Qed.
Lemma is_nonneg m x : sg m x -> sub m nonneg = true -> 0 <= x.
Proof. intros H S. pose proof (sg_weaken _ _ _ H S) as K. unfold sg in K. destruct (sgn_cases x) as [[A E]|[[A E]|[A E]]];
  rewrite E in K; [discriminate|lra|lra]. Qed.
Lemma is_nonpos m x : sg m x -> sub m nonpos = true -> x <= 0.
Proof. intros H S. pose proof (sg_weaken _ _ _ H S) as K. unfold sg in K. destruct (sgn_cases x) as [[A E]|[[A E]|[A E]]];
  rewrite E in K; [lra|lra|discriminate]. Qed.
Lemma is_nonnull m x : sg m x -> sub m nonnull = true -> x <> 0.
Proof. intros H S. pose proof (sg_weaken _ _ _ H S) as K. unfold sg in K. destruct (sgn_cases x) as [[A E]|[[A E]|[A E]]];
  rewrite E in K; [lra|discriminate|lra]. Qed.

(** ** Differences *)
Lemma sg_minus_0 m x : sg m x -> sg m (x - 0).
Proof. rewrite Rminus_0_r. auto. Qed.
Lemma sg_swap m c a b : sg m (a - b) -> sub (lift1 CompOpp m) c = true -> sg c (b - a).
Proof. intros H. apply sg_weaken. unfold sg in *. replace (sgn (b - a)) with (CompOpp (sgn (a - b))) by
  (signs (a - b); signs (b - a); simpl; auto; lra). apply lift1_ok, H. Qed.
Lemma of_eq a b : a = b -> sg null (a - b).
Proof. intros. apply sg_null. lra. Qed.
Lemma of_ne a b : a <> b -> sg nonnull (a - b).
Proof. intros. apply sg_nonnull. lra. Qed.
Lemma of_le a b : a <= b -> sg nonpos (a - b).
Proof. intros. apply sg_nonpos. lra. Qed.
Lemma of_lt a b : a < b -> sg neg (a - b).
Proof. intros. apply sg_neg. lra. Qed.
Lemma of_ge a b : a >= b -> sg nonneg (a - b).
Proof. intros. apply sg_nonneg. lra. Qed.
Lemma of_gt a b : a > b -> sg pos (a - b).
Proof. intros. apply sg_pos. lra. Qed.
Lemma to_eq m a b : sg m (a - b) -> sub m null = true -> a = b.
Proof. intros H S. pose proof (is_null _ _ H S). lra. Qed.
Lemma to_ne m a b : sg m (a - b) -> sub m nonnull = true -> a <> b.
Proof. intros H S. pose proof (is_nonnull _ _ H S). lra. Qed.
Lemma to_le m a b : sg m (a - b) -> sub m nonpos = true -> a <= b.
Proof. intros H S. pose proof (is_nonpos _ _ H S). lra. Qed.
Lemma to_lt m a b : sg m (a - b) -> sub m neg = true -> a < b.
Proof. intros H S. pose proof (is_neg _ _ H S). lra. Qed.
Lemma to_ge m a b : sg m (a - b) -> sub m nonneg = true -> a >= b.
Proof. intros H S. pose proof (is_nonneg _ _ H S). lra. Qed.
Lemma to_gt m a b : sg m (a - b) -> sub m pos = true -> a > b.
Proof. intros H S. pose proof (is_pos _ _ H S). lra. Qed.
Lemma sg_same a : sg null (a - a).
Proof. apply sg_null. ring. Qed.
(** An integer > 0 is at least 1 *)
Lemma sg_integer m a : isint a -> sg m a -> sub m pos = true -> sg nonneg (a - 1).
Proof. intros I H S. apply sg_nonneg. pose proof (isint_lt 0 a (isint_Z 0) I (is_pos _ _ H S)). lra. Qed.

(** ** What a comparison says about one side *)
Lemma right_le a b m : a <= b -> sg m a -> sub m nonneg = true -> sg nonneg b.
Proof. intros L H S. apply sg_nonneg. pose proof (is_nonneg _ _ H S). lra. Qed.
Lemma right_le_pos a b m : a <= b -> sg m a -> sub m pos = true -> sg pos b.
Proof. intros L H S. apply sg_pos. pose proof (is_pos _ _ H S). lra. Qed.
Lemma right_lt a b m : a < b -> sg m a -> sub m nonneg = true -> sg pos b.
Proof. intros L H S. apply sg_pos. pose proof (is_nonneg _ _ H S). lra. Qed.
Lemma left_le a b m : a <= b -> sg m b -> sub m nonpos = true -> sg nonpos a.
Proof. intros L H S. apply sg_nonpos. pose proof (is_nonpos _ _ H S). lra. Qed.
Lemma left_le_neg a b m : a <= b -> sg m b -> sub m neg = true -> sg neg a.
Proof. intros L H S. apply sg_neg. pose proof (is_neg _ _ H S). lra. Qed.
Lemma left_lt a b m : a < b -> sg m b -> sub m nonpos = true -> sg neg a.
Proof. intros L H S. apply sg_neg. pose proof (is_nonpos _ _ H S). lra. Qed.
Lemma right_eq a b m : a = b -> sg m a -> sg m b.
Proof. intros <-. auto. Qed.
Lemma left_eq a b m : a = b -> sg m b -> sg m a.
Proof. intros ->. auto. Qed.
Lemma left_ne a b m : a <> b -> sg m b -> sub m null = true -> sg nonnull a.
Proof. intros L H S. apply sg_nonnull. pose proof (is_null _ _ H S). lra. Qed.
Lemma right_ne a b m : a <> b -> sg m a -> sub m null = true -> sg nonnull b.
Proof. intros L H S. apply sg_nonnull. pose proof (is_null _ _ H S). lra. Qed.
Lemma ge_le a b : a >= b -> b <= a.
Proof. lra. Qed.
Lemma gt_lt a b : a > b -> b < a.
Proof. lra. Qed.

(** ** Operators: masks of the parts, of the result, and that the table gives it *)
Definition add_table (i j : comparison) : mask :=
  match i, j with
  | Eq, Lt => neg | Eq, Eq => null | Eq, Gt => pos | Lt, Eq => neg | Gt, Eq => pos | Lt, Lt => neg | Gt, Gt => pos | _, _ => any
  end.
Definition mul_sign (i j : comparison) : comparison := match i, j with Eq, _ => Eq | _, Eq => Eq | Lt, j => CompOpp j | Gt, j => j end.
Definition max_sign (i j : comparison) : comparison :=
  match i, j with Gt, _ => Gt | _, Gt => Gt | Eq, _ => Eq | _, Eq => Eq | _, _ => Lt end.
Definition min_sign (i j : comparison) : comparison :=
  match i, j with Lt, _ => Lt | _, Lt => Lt | Eq, _ => Eq | _, Eq => Eq | _, _ => Gt end.
Definition square_sign (i : comparison) : comparison := match i with Eq => Eq | _ => Gt end.
Definition root_sign (i : comparison) : comparison := match i with Gt => Gt | _ => Eq end.
Definition plus_mask := lift2 add_table.
Definition minus_mask (a b : mask) := lift2 add_table a (lift1 CompOpp b).
Definition times_mask := lift2 (fun i j => only (mul_sign i j)).

Lemma sg_opp a c x : sg a x -> sub (lift1 CompOpp a) c = true -> sg c (- x).
Proof. intros H. apply sg_weaken. unfold sg in *. replace (sgn (- x)) with (CompOpp (sgn x)) by
  (signs x; signs (- x); simpl; auto; lra). apply lift1_ok, H. Qed.
Lemma sg_add a b c x y : sg a x -> sg b y -> sub (plus_mask a b) c = true -> sg c (x + y).
Proof. intros H K. apply sg_weaken. unfold sg in *. apply (lift2_ok _ _ _ (sgn x) (sgn y)); auto.
  signs x; signs y; signs (x + y); simpl; auto; lra. Qed.
Lemma sg_sub a b c x y : sg a x -> sg b y -> sub (minus_mask a b) c = true -> sg c (x - y).
Proof. intros H K. apply (sg_add _ _ _ _ _ H). apply (sg_opp _ _ _ K). unfold sub.
  destruct (lift1 CompOpp b Lt), (lift1 CompOpp b Eq), (lift1 CompOpp b Gt); reflexivity. Qed.
Lemma sgn_mul x y : sgn (x * y) = mul_sign (sgn x) (sgn y).
Proof.
  signs x; signs y; simpl; first [apply sgn_eq; subst; ring | apply sgn_gt | apply sgn_lt]; nra.
Qed.
Lemma sg_mul a b c x y : sg a x -> sg b y -> sub (times_mask a b) c = true -> sg c (x * y).
Proof. intros H K. apply sg_weaken. unfold sg in *. rewrite sgn_mul. apply (lift2_ok _ _ _ (sgn x) (sgn y)); auto using only_refl. Qed.
Lemma sgn_inv x : sgn (/ x) = sgn x.
Proof. signs x; [apply sgn_lt, Rinv_lt_0_compat, s|apply sgn_eq; rewrite s; apply Rinv_0|apply sgn_gt, Rinv_0_lt_compat, s]. Qed.
Lemma sg_div a b c x y : sg a x -> sg b y -> sub (times_mask a b) c = true -> sg c (x / y).
Proof. intros H K. unfold Rdiv. apply sg_mul; auto. unfold sg in *. rewrite sgn_inv. exact K. Qed.
Lemma sg_square a c x : sg a x -> sub (lift1 square_sign a) c = true -> sg c (x * x).
Proof. intros H. apply sg_weaken. unfold sg in *. rewrite sgn_mul. replace (mul_sign (sgn x) (sgn x)) with (square_sign (sgn x))
  by (destruct (sgn x); reflexivity). apply lift1_ok, H. Qed.
Lemma sg_abs a c x : sg a x -> sub (lift1 square_sign a) c = true -> sg c (Rabs x).
Proof. intros H. apply sg_weaken. unfold sg in *. replace (sgn (Rabs x)) with (square_sign (sgn x)); [apply lift1_ok, H|].
  unfold Rabs. signs x; destruct (Rcase_abs x); simpl; symmetry; first [apply sgn_gt; lra|apply sgn_eq; lra|lra]. Qed.
Lemma sg_sqrt a c x : sg a x -> sub (lift1 root_sign a) c = true -> sg c (sqrt x).
Proof. intros H. apply sg_weaken. unfold sg in *. replace (sgn (sqrt x)) with (root_sign (sgn x)); [apply lift1_ok, H|].
  signs x; simpl; symmetry; [apply sgn_eq, sqrt_neg_0; lra|apply sgn_eq; rewrite s; apply sqrt_0|apply sgn_gt, sqrt_lt_R0, s]. Qed.
Lemma sg_exp x : sg pos (exp x).
Proof. apply sg_pos, exp_pos. Qed.
Lemma sg_log a m x : sg a x -> sub a pos = true -> sg m (x - 1) -> sg m (log x).
Proof. intros H S K. pose proof (is_pos _ _ H S) as P. unfold sg in *. replace (sgn (log x)) with (sgn (x - 1)); [exact K|].
  signs (x - 1); symmetry.
  - apply sgn_lt. rewrite <- log_1. apply log_lt; lra.
  - apply sgn_eq. rewrite <- log_1. f_equal. lra.
  - apply sgn_gt. rewrite <- log_1. apply log_lt; lra. Qed.
Lemma sg_max a b c x y : sg a x -> sg b y -> sub (lift2 (fun i j => only (max_sign i j)) a b) c = true -> sg c (Rmax x y).
Proof. intros H K. apply sg_weaken. unfold sg in *. replace (sgn (Rmax x y)) with (max_sign (sgn x) (sgn y)).
  - apply (lift2_ok _ _ _ (sgn x) (sgn y)); auto using only_refl.
  - unfold Rmax. destruct (Rle_dec x y); signs x; signs y; simpl; auto; lra. Qed.
Lemma sg_min a b c x y : sg a x -> sg b y -> sub (lift2 (fun i j => only (min_sign i j)) a b) c = true -> sg c (Rmin x y).
Proof. intros H K. apply sg_weaken. unfold sg in *. replace (sgn (Rmin x y)) with (min_sign (sgn x) (sgn y)).
  - apply (lift2_ok _ _ _ (sgn x) (sgn y)); auto using only_refl.
  - unfold Rmin. destruct (Rle_dec x y); signs x; signs y; simpl; auto; lra. Qed.

(** ** Powers *)
Lemma sg_pw_pos a x y : sg a x -> sub a pos = true -> sg pos (pw x y).
Proof. intros H S. apply sg_pos, pw_pos, (is_pos _ _ H S). Qed.
Lemma sg_pw_nonneg a x y : sg a x -> sub a nonneg = true -> sg nonneg (pw x y).
Proof. intros H S. apply sg_nonneg, pw_ge0, (is_nonneg _ _ H S). Qed.
Lemma sg_pw_0 x y : y = 0 -> sg pos (pw x y).
Proof. intros ->. rewrite pw_0. apply sg_pos. lra. Qed.
Lemma sgn_pow_S x n : sgn (x ^ S n) = if Nat.even n then sgn x else square_sign (sgn x).
Proof.
  induction n as [|n IH]; [simpl; rewrite Rmult_1_r; reflexivity|].
  change (x ^ S (S n)) with (x * x ^ S n). rewrite sgn_mul, IH, Nat.even_succ, <- Nat.negb_even.
  destruct (Nat.even n), (sgn x); reflexivity.
Qed.
Definition power_sign (p : positive) (i : comparison) : comparison := if Z.even (Zpos p) then square_sign i else i.
Lemma sgn_pow_pos x p : sgn (x ^ Pos.to_nat p) = power_sign p (sgn x).
Proof.
  destruct (Pos2Nat.is_succ p) as [n E]. rewrite E, sgn_pow_S. unfold power_sign.
  assert (Q : Nat.even n = negb (Z.even (Zpos p))).
  { replace (Z.even (Zpos p)) with (Nat.even (S n)).
    - rewrite Nat.even_succ, <- Nat.negb_even, negb_involutive. reflexivity.
    - rewrite <- E. destruct p; [rewrite Pos2Nat.inj_xI|rewrite Pos2Nat.inj_xO|reflexivity];
      rewrite ?Nat.even_succ, <- ?Nat.negb_even, Nat.even_mul; reflexivity. }
  rewrite Q. destruct (Z.even (Zpos p)); reflexivity.
Qed.
Lemma sg_pw_lit a c x y p : y = IZR (Zpos p) -> sg a x -> sub (lift1 (power_sign p) a) c = true -> sg c (pw x y).
Proof. intros -> H. apply sg_weaken. unfold sg in *. rewrite pw_pos_lit, sgn_pow_pos. apply lift1_ok, H. Qed.
Lemma sg_pw_inv a c x y p : y = IZR (Zneg p) -> sg a x -> sub (lift1 (power_sign p) a) c = true -> sg c (pw x y).
Proof. intros -> H. apply sg_weaken. unfold sg in *. rewrite pw_neg_lit, sgn_inv, sgn_pow_pos.
  apply lift1_ok, H. Qed.
(** A base >= 0 and an exponent other than 0 *)
Lemma sg_pw_base a x y : sg a x -> sub a nonneg = true -> y <> 0 -> sg a (pw x y).
Proof. intros H S E. pose proof (is_nonneg _ _ H S) as [P|P]; unfold sg in *.
  - rewrite (sgn_gt (pw x y)) by (apply pw_pos, P). rewrite (sgn_gt x P) in H. exact H.
  - rewrite <- P, pw_base_0 by exact E. rewrite <- P in H. exact H. Qed.

(** ** Divided differences, sums and products *)
Lemma sg_dd y l : Forall (fun a => 0 <= a) l -> sg nonneg (dd y l).
Proof. intros. apply sg_nonneg. unfold dd. apply dd_nonneg. auto. Qed.
Lemma sg_sum a lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a nonneg = true -> sg nonneg (rsum lo hi f).
Proof. intros A B H S. apply sg_nonneg, rsum_ge0; auto. intros i I L U. exact (is_nonneg _ _ (H i I L U) S). Qed.
Lemma sg_sum_nonpos a lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a nonpos = true -> sg nonpos (rsum lo hi f).
Proof. intros A B H S. apply sg_nonpos. assert (rsum lo hi f <= rsum lo hi (fun _ => 0 * 0)).
  - apply rsum_le; auto. intros i I L U. pose proof (is_nonpos _ _ (H i I L U) S). lra.
  - rewrite rsum_scal in H0. lra. Qed.
Lemma sg_sum_null a lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a null = true -> sg null (rsum lo hi f).
Proof. intros A B H S. apply sg_null, Rle_antisym.
  - apply (is_nonpos nonpos); [|reflexivity]. apply (sg_sum_nonpos null); auto. intros i I L U. apply (sg_weaken a); auto.
  - apply rsum_ge0; auto. intros i I L U. pose proof (is_null _ _ (H i I L U) S). lra. Qed.
Lemma sg_sum_pos a lo hi f : isint lo -> isint hi -> lo <= hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a pos = true -> sg pos (rsum lo hi f).
Proof. intros A B L H S. apply sg_pos, rsum_pos; auto. intros i I M U. exact (is_pos _ _ (H i I M U) S). Qed.
Lemma sg_sum_neg a lo hi f : isint lo -> isint hi -> lo <= hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a neg = true -> sg neg (rsum lo hi f).
Proof. intros A B L H S. apply sg_neg. assert (rsum lo hi f < rsum lo hi (fun _ => 0 * 0)).
  - apply rsum_lt; auto. intros i I M U. pose proof (is_neg _ _ (H i I M U) S). lra.
  - rewrite rsum_scal in H0. lra. Qed.
Lemma sg_prod_pos a lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a pos = true -> sg pos (rprod lo hi f).
Proof. intros A B H S. apply sg_pos, rprod_pos; auto. intros i I M U. exact (is_pos _ _ (H i I M U) S). Qed.
Lemma sg_prod a lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> sg a (f i)) ->
  sub a nonneg = true -> sg nonneg (rprod lo hi f).
Proof. intros A B H S. apply sg_nonneg, rprod_ge0; auto. intros i I M U. exact (is_nonneg _ _ (H i I M U) S). Qed.

(** ** Constants *)
Lemma sg_PI : sg pos PI.
Proof. apply sg_pos, PI_RGT_0. Qed.
Lemma sg_log_2 : sg pos (log 2).
Proof. apply sg_pos. rewrite <- log_1. apply log_lt; lra. Qed.
Lemma sg_gelu_curvature : sg pos (2 / sqrt (2 * PI)).
Proof. apply sg_pos, Rdiv_lt_0_compat; [lra|]. apply sqrt_lt_R0. pose proof PI_RGT_0. lra. Qed.
Lemma sg_sigmoid_curvature : sg pos (1 / (6 * sqrt 3)).
Proof. apply sg_pos, Rdiv_lt_0_compat; [lra|]. pose proof (sqrt_lt_R0 3). lra. Qed.
Lemma sg_tanh_curvature : sg pos (4 / (3 * sqrt 3)).
Proof. apply sg_pos, Rdiv_lt_0_compat; [lra|]. pose proof (sqrt_lt_R0 3). lra. Qed.
