(** The meaning of claims over R, and the facts that replayed certificates use.

    A claim is a proposition about real numbers. Naturals and integers are the real numbers that isnat and isint select, so that one
    sort of variables suffices; families are functions R -> R of which the members at 1, ..., length matter. All functions are
    total: x / 0, sqrt (-1), log 0 have some value, and that the claim does not speak of it is a theorem of its own (definedness). *)
From Coq Require Import Reals Lra Lia ZArith List PeanoNat.
From Normbound Require Import MeanValue Vec DD.
Import ListNotations.
Open Scope R_scope.

(** ** Definitions: nothing but these and those of R give claims their meaning *)
Definition isnat (x : R) : Prop := exists n : nat, x = INR n.
Definition isint (x : R) : Prop := exists z : Z, x = IZR z.

(** x^y: for an integer y the power by multiplication (x^0 = 1, also for x = 0); otherwise exp (y log x) for x > 0, and 0 for x = 0.
    log is MeanValue.log, the inverse of exp: Coq's own ln rests on a further axiom. *)
Definition pw (x y : R) : R :=
  if Req_EM_T y (IZR (Int_part y)) then powerRZ x (Int_part y) else if Rlt_dec 0 x then exp (y * log x) else 0.

(** Sums and products over the integers lo, ..., hi; empty when hi < lo *)
Definition count (lo hi : R) : nat := Z.to_nat (Int_part hi - Int_part lo + 1).
Fixpoint pm (n : nat) (f : nat -> R) : R := match n with O => 1 | S m => pm m f * f m end.
Definition rsum (lo hi : R) (f : R -> R) : R := sm (count lo hi) (fun k => f (lo + INR k)).
Definition rprod (lo hi : R) (f : R -> R) : R := pm (count lo hi) (fun k => f (lo + INR k)).

(** The divided difference of z^y at the nodes, y natural; DD.dd has the depth as nat *)
Definition dd (y : R) (nodes : list R) : R := DD.dd (Z.to_nat (Int_part y)) nodes.

(** Limits along the numbers x of a sort P that grow beyond all bounds *)
Definition limit_to (P : R -> Prop) (f : R -> R) (v : R) : Prop :=
  forall eps, 0 < eps -> exists N : nat, forall x, P x -> INR N <= x -> Rabs (f x - v) < eps.
Definition limit_inf (P : R -> Prop) (f : R -> R) : Prop :=
  forall M, exists N : nat, forall x, P x -> INR N <= x -> M < f x.

(** ** Integers *)
Lemma Int_part_IZR z : Int_part (IZR z) = z.
Proof. unfold Int_part. rewrite <- (tech_up (IZR z) (z + 1)); [lia| |]; rewrite plus_IZR; lra. Qed.
Lemma isnat_isint x : isnat x -> isint x.
Proof. intros [n ->]. exists (Z.of_nat n). apply INR_IZR_INZ. Qed.
Lemma isint_isnat x : isint x -> 0 <= x -> isnat x.
Proof. intros [z ->] H. exists (Z.to_nat z). apply le_IZR in H. rewrite INR_IZR_INZ, Z2Nat.id; auto. Qed.
Lemma isnat_ge0 x : isnat x -> 0 <= x.
Proof. intros [n ->]. apply pos_INR. Qed.
Lemma isint_Z z : isint (IZR z).
Proof. exists z. reflexivity. Qed.
Lemma isnat_0 : isnat 0.
Proof. exists 0%nat. reflexivity. Qed.
Lemma isnat_pos p : isnat (IZR (Zpos p)).
Proof. exists (Pos.to_nat p). rewrite INR_IZR_INZ, positive_nat_Z. reflexivity. Qed.
Lemma isnat_INR n : isnat (INR n).
Proof. exists n. reflexivity. Qed.
Lemma isnat_add x y : isnat x -> isnat y -> isnat (x + y).
Proof. intros [n ->] [m ->]. exists (n + m)%nat. rewrite plus_INR. reflexivity. Qed.
Lemma isnat_mul x y : isnat x -> isnat y -> isnat (x * y).
Proof. intros [n ->] [m ->]. exists (n * m)%nat. rewrite mult_INR. reflexivity. Qed.
Lemma isint_add x y : isint x -> isint y -> isint (x + y).
Proof. intros [n ->] [m ->]. exists (n + m)%Z. rewrite plus_IZR. reflexivity. Qed.
Lemma isint_sub x y : isint x -> isint y -> isint (x - y).
Proof. intros [n ->] [m ->]. exists (n - m)%Z. rewrite minus_IZR. reflexivity. Qed.
Lemma isint_mul x y : isint x -> isint y -> isint (x * y).
Proof. intros [n ->] [m ->]. exists (n * m)%Z. rewrite mult_IZR. reflexivity. Qed.
Lemma isint_opp x : isint x -> isint (- x).
Proof. intros [n ->]. exists (- n)%Z. rewrite opp_IZR. reflexivity. Qed.
Lemma isint_abs x : isint x -> isint (Rabs x).
Proof. intros H. unfold Rabs. destruct (Rcase_abs x); auto using isint_opp. Qed.
Lemma isnat_abs x : isint x -> isnat (Rabs x).
Proof. intros H. apply isint_isnat; [apply isint_abs, H|apply Rabs_pos]. Qed.
Lemma isint_min x y : isint x -> isint y -> isint (Rmin x y).
Proof. intros. unfold Rmin. destruct (Rle_dec x y); auto. Qed.
Lemma isint_max x y : isint x -> isint y -> isint (Rmax x y).
Proof. intros. unfold Rmax. destruct (Rle_dec x y); auto. Qed.
Lemma isnat_min x y : isnat x -> isnat y -> isnat (Rmin x y).
Proof. intros. unfold Rmin. destruct (Rle_dec x y); auto. Qed.
Lemma isnat_max x y : isnat x -> isnat y -> isnat (Rmax x y).
Proof. intros. unfold Rmax. destruct (Rle_dec x y); auto. Qed.

(** Between integers, a < b is a + 1 <= b *)
Lemma isint_lt x y : isint x -> isint y -> x < y -> x + 1 <= y.
Proof. intros [n ->] [m ->] H. apply lt_IZR in H. rewrite <- plus_IZR. apply IZR_le. lia. Qed.
Lemma isint_le x y : isint x -> isint y -> x < y + 1 -> x <= y.
Proof. intros Hx Hy H. pose proof (isint_lt x (y + 1) Hx (isint_add _ _ Hy (isint_Z 1)) H). lra. Qed.
Lemma isnat_cases x : isnat x -> x = 0 \/ 1 <= x.
Proof. intros H. destruct (Rle_lt_dec x 0) as [h|h]; [left; apply isnat_ge0 in H; lra|right].
  pose proof (isint_lt 0 x (isint_Z 0) (isnat_isint _ H) h). lra. Qed.

(** ** Powers *)
Lemma log_1 : log 1 = 0.
Proof. symmetry. apply log_unique; [lra|apply exp_0]. Qed.
Lemma log_exp x : log (exp x) = x.
Proof. symmetry. apply log_unique; [apply exp_pos|reflexivity]. Qed.
Lemma exp_inj a b : exp a = exp b -> a = b.
Proof. intros H. apply Rle_antisym; apply exp_le_back; lra. Qed.
Lemma exp_lt_back a b : exp a < exp b -> a < b.
Proof. intros H. apply Rnot_le_lt. intros C. apply exp_mono in C. lra. Qed.
Lemma log_mul x y : 0 < x -> 0 < y -> log (x * y) = log x + log y.
Proof. intros Hx Hy. apply exp_inj. rewrite exp_plus, !exp_log; auto. apply Rmult_lt_0_compat; auto. Qed.
Lemma log_inv x : 0 < x -> log (/ x) = - log x.
Proof. intros H. apply exp_inj. rewrite exp_Ropp, !exp_log; auto. apply Rinv_0_lt_compat, H. Qed.
Lemma log_div x y : 0 < x -> 0 < y -> log (x / y) = log x - log y.
Proof. intros Hx Hy. unfold Rdiv. rewrite log_mul, log_inv; auto using Rinv_0_lt_compat. Qed.
Lemma log_le x y : 0 < x -> x <= y -> log x <= log y.
Proof. intros Hx H. apply exp_le_back. rewrite !exp_log; lra. Qed.
Lemma log_lt x y : 0 < x -> x < y -> log x < log y.
Proof. intros Hx H. apply exp_lt_back. rewrite !exp_log; lra. Qed.
Lemma log_le_back x y : 0 < x -> 0 < y -> log x <= log y -> x <= y.
Proof. intros Hx Hy H. rewrite <- (exp_log x), <- (exp_log y); auto. apply exp_mono, H. Qed.
Lemma log_lt_back x y : 0 < x -> 0 < y -> log x < log y -> x < y.
Proof. intros Hx Hy H. rewrite <- (exp_log x), <- (exp_log y); auto. apply exp_strict, H. Qed.
Lemma log_inj x y : 0 < x -> 0 < y -> log x = log y -> x = y.
Proof. intros Hx Hy H. rewrite <- (exp_log x), <- (exp_log y), H; auto. Qed.

Lemma pw_Z x z : pw x (IZR z) = powerRZ x z.
Proof. unfold pw. rewrite Int_part_IZR. destruct (Req_EM_T (IZR z) (IZR z)); [reflexivity|congruence]. Qed.
Lemma pw_nat x n : pw x (INR n) = x ^ n.
Proof. rewrite INR_IZR_INZ, pw_Z. symmetry. apply pow_powerRZ. Qed.
Lemma pw_0 x : pw x 0 = 1.
Proof. rewrite pw_Z. reflexivity. Qed.
Lemma pw_1 x : pw x 1 = x.
Proof. rewrite pw_Z. apply powerRZ_1. Qed.
Lemma pw_pos_lit x p : pw x (IZR (Zpos p)) = x ^ Pos.to_nat p.
Proof. rewrite pw_Z. reflexivity. Qed.
Lemma pw_neg_lit x p : pw x (IZR (Zneg p)) = / x ^ Pos.to_nat p.
Proof. rewrite pw_Z. reflexivity. Qed.
Lemma exp_pow_nat a n : exp a ^ n = exp (INR n * a).
Proof. induction n; [rewrite Rmult_0_l, exp_0; reflexivity|].
  rewrite S_INR, Rmult_plus_distr_r, Rmult_1_l, Rplus_comm, exp_plus, <- IHn. reflexivity. Qed.
(** One formula for positive bases, whatever the exponent *)
Lemma pw_exp x y : 0 < x -> pw x y = exp (y * log x).
Proof.
  intros H. unfold pw. destruct (Req_EM_T y (IZR (Int_part y))) as [E|E].
  - rewrite E at 2. set (z := Int_part y). rewrite <- (exp_log x H) at 1. destruct z as [|p|p]; simpl powerRZ.
    + rewrite Rmult_0_l, exp_0. reflexivity.
    + rewrite exp_pow_nat, INR_IPR. reflexivity.
    + rewrite exp_pow_nat, INR_IPR, <- exp_Ropp. f_equal. change (IZR (Zneg p)) with (- IPR p). ring.
  - destruct (Rlt_dec 0 x); [reflexivity|lra].
Qed.
Lemma pw_base_1 y : pw 1 y = 1.
Proof. rewrite pw_exp, log_1, Rmult_0_r, exp_0; lra. Qed.
Lemma pw_pos x y : 0 < x -> 0 < pw x y.
Proof. intros. rewrite pw_exp; auto. apply exp_pos. Qed.
Lemma pw_base_0 y : y <> 0 -> pw 0 y = 0.
Proof.
  intros H. unfold pw. destruct (Req_EM_T y (IZR (Int_part y))) as [E|E].
  - destruct (Int_part y) as [|p|p]; simpl; [congruence| |].
    + apply pow_ne_zero. lia.
    + rewrite pow_ne_zero by lia. apply Rinv_0.
  - destruct (Rlt_dec 0 0); [lra|reflexivity].
Qed.
Lemma pw_ge0 x y : 0 <= x -> 0 <= pw x y.
Proof.
  intros [H|<-]; [apply Rlt_le, pw_pos, H|]. destruct (Req_EM_T y 0) as [->|E]; [rewrite pw_0; lra|rewrite pw_base_0; [lra|auto]].
Qed.
Lemma pw_nonzero x y : isint y -> x <> 0 -> pw x y <> 0.
Proof. intros [z ->] H. rewrite pw_Z. apply powerRZ_NOR, H. Qed.
(** Laws for positive bases *)
Lemma pw_add x a b : 0 < x -> pw x (a + b) = pw x a * pw x b.
Proof. intros. rewrite !pw_exp, <- exp_plus by auto. f_equal. ring. Qed.
Lemma pw_opp x a : 0 < x -> pw x (- a) = / pw x a.
Proof. intros. rewrite !pw_exp, <- exp_Ropp by auto. f_equal. ring. Qed.
Lemma pw_sub x a b : 0 < x -> pw x (a - b) = pw x a / pw x b.
Proof. intros. unfold Rminus, Rdiv. rewrite pw_add, pw_opp; auto. Qed.
Lemma pw_pw x a b : 0 < x -> pw (pw x a) b = pw x (a * b).
Proof. intros H. rewrite (pw_exp (pw x a)) by (apply pw_pos, H). rewrite !(pw_exp x), log_exp by auto. f_equal. ring. Qed.
Lemma pw_mul x y a : 0 < x -> 0 < y -> pw (x * y) a = pw x a * pw y a.
Proof. intros. rewrite !pw_exp, log_mul, <- exp_plus; auto using Rmult_lt_0_compat. f_equal. ring. Qed.
Lemma pw_inv x a : 0 < x -> pw (/ x) a = / pw x a.
Proof. intros. rewrite !pw_exp, log_inv, <- exp_Ropp; auto using Rinv_0_lt_compat. f_equal. ring. Qed.
Lemma pw_div x y a : 0 < x -> 0 < y -> pw (x / y) a = pw x a / pw y a.
Proof. intros. unfold Rdiv. rewrite pw_mul, pw_inv; auto using Rinv_0_lt_compat. Qed.
Lemma pw_of_exp a b : pw (exp a) b = exp (a * b).
Proof. rewrite pw_exp, log_exp by apply exp_pos. f_equal. ring. Qed.
Lemma log_pw x y : 0 < x -> log (pw x y) = y * log x.
Proof. intros. rewrite pw_exp, log_exp; auto. Qed.
(** Laws for natural exponents and any base *)
Lemma pw_add_nat x a b : isnat a -> isnat b -> pw x (a + b) = pw x a * pw x b.
Proof. intros [n ->] [m ->]. rewrite <- plus_INR, !pw_nat. apply pow_add. Qed.
Lemma pw_mul_nat x y a : isnat a -> pw (x * y) a = pw x a * pw y a.
Proof. intros [n ->]. rewrite !pw_nat. apply Rpow_mult_distr. Qed.
Lemma pw_pw_nat x a b : isnat a -> isnat b -> pw (pw x a) b = pw x (a * b).
Proof. intros [n ->] [m ->]. rewrite <- mult_INR, !pw_nat. symmetry. apply pow_mult. Qed.
Lemma pw_inv_nat x a : isnat a -> pw (/ x) a = / pw x a.
Proof. intros [n ->]. rewrite !pw_nat. apply pow_inv. Qed.
Lemma pw_div_nat x y a : isnat a -> pw (x / y) a = pw x a / pw y a.
Proof. intros H. unfold Rdiv. rewrite pw_mul_nat, pw_inv_nat; auto. Qed.
(** Roots *)
Lemma pw_half x : 0 <= x -> pw x (1 / 2) = sqrt x.
Proof.
  intros [H|<-]; [|rewrite pw_base_0, sqrt_0; lra].
  rewrite pw_exp by auto. symmetry. apply sqrt_lem_1; [lra|apply Rlt_le, exp_pos|].
  rewrite <- exp_plus. rewrite <- (exp_log x H) at 3. f_equal. field.
Qed.

(** ** Sums and products *)
Lemma count_Z a b : count (IZR a) (IZR b) = Z.to_nat (b - a + 1).
Proof. unfold count. rewrite !Int_part_IZR. reflexivity. Qed.
Lemma count_empty lo hi : isint lo -> isint hi -> hi < lo -> count lo hi = 0%nat.
Proof. intros [a ->] [b ->] H. apply lt_IZR in H. rewrite count_Z. lia. Qed.
Lemma count_last lo hi : isint lo -> isint hi -> lo <= hi -> count lo hi = S (count lo (hi - 1)) /\ hi = lo + INR (count lo (hi - 1)).
Proof.
  intros [a ->] [b ->] H. apply le_IZR in H. rewrite <- minus_IZR, !count_Z. split; [lia|].
  rewrite INR_IZR_INZ, <- plus_IZR. f_equal. lia.
Qed.
Lemma count_first lo hi : isint lo -> isint hi -> lo <= hi -> count lo hi = S (count (lo + 1) hi).
Proof. intros [a ->] [b ->] H. apply le_IZR in H. rewrite <- plus_IZR, !count_Z. lia. Qed.
Lemma count_INR lo hi : isint lo -> isint hi -> lo <= hi + 1 -> INR (count lo hi) = hi - lo + 1.
Proof. intros [a ->] [b ->] H. rewrite <- plus_IZR in H. apply le_IZR in H. rewrite count_Z, INR_IZR_INZ, Z2Nat.id by lia.
  rewrite plus_IZR, minus_IZR. reflexivity. Qed.
Lemma count_below lo hi k : isint lo -> isint hi -> (k < count lo hi)%nat -> isint (lo + INR k) /\ lo <= lo + INR k <= hi.
Proof.
  intros [a ->] [b ->] H. rewrite count_Z in H. rewrite INR_IZR_INZ, <- plus_IZR. split; [apply isint_Z|].
  split; apply IZR_le; lia.
Qed.
Lemma count_pos lo hi : isint lo -> isint hi -> lo <= hi -> (0 < count lo hi)%nat.
Proof. intros A B H. rewrite (proj1 (count_last lo hi A B H)). lia. Qed.

Lemma pm_ext n f g : (forall i, (i < n)%nat -> f i = g i) -> pm n f = pm n g.
Proof. intros H. induction n; [reflexivity|]. simpl. rewrite IHn, H; auto with arith. Qed.
Lemma pm_first n f : pm (S n) f = f 0%nat * pm n (fun i => f (S i)).
Proof. induction n; [simpl; ring|]. change (pm (S (S n)) f) with (pm (S n) f * f (S n)). rewrite IHn. simpl. ring. Qed.
Lemma sm_first n f : sm (S n) f = f 0%nat + sm n (fun i => f (S i)).
Proof. induction n; [simpl; ring|]. change (sm (S (S n)) f) with (sm (S n) f + f (S n)). rewrite IHn. simpl. ring. Qed.
Lemma pm_ge0 n f : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= pm n f.
Proof. intros H. induction n; [simpl; lra|]. simpl. apply Rmult_le_pos; auto. Qed.
Lemma pm_pos n f : (forall i, (i < n)%nat -> 0 < f i) -> 0 < pm n f.
Proof. intros H. induction n; [simpl; lra|]. simpl. apply Rmult_lt_0_compat; auto. Qed.
Lemma pm_mult n f g : pm n (fun i => f i * g i) = pm n f * pm n g.
Proof. induction n; simpl; [ring|]. rewrite IHn. ring. Qed.
Lemma pm_inv n f : pm n (fun i => / f i) = / pm n f.
Proof. induction n; simpl; [field|]. rewrite IHn, Rinv_mult. reflexivity. Qed.
Lemma pm_const n c : pm n (fun _ => c) = c ^ n.
Proof. induction n; simpl; [reflexivity|]. rewrite IHn. ring. Qed.
Lemma pm_le n f g : (forall i, (i < n)%nat -> 0 <= f i <= g i) -> pm n f <= pm n g.
Proof.
  intros H. induction n; [simpl; lra|]. simpl. apply Rmult_le_compat; [apply pm_ge0; intros; apply H; lia|apply H; lia| |apply H; lia].
  apply IHn. intros. apply H. lia.
Qed.
Lemma sm_pos n f : (0 < n)%nat -> (forall i, (i < n)%nat -> 0 < f i) -> 0 < sm n f.
Proof. intros N H. destruct n; [lia|]. simpl. assert (0 <= sm n f) by (apply sm_ge0; intros; apply Rlt_le, H; lia).
  specialize (H n ltac:(lia)). lra. Qed.
Lemma sm_lt n f g : (0 < n)%nat -> (forall i, (i < n)%nat -> f i < g i) -> sm n f < sm n g.
Proof. intros N H. assert (0 < sm n (fun i => g i - f i)); [apply sm_pos; auto; intros i Hi; specialize (H i Hi); lra|].
  rewrite sm_minus in H0. lra. Qed.

Lemma rsum_empty lo hi f : isint lo -> isint hi -> hi < lo -> rsum lo hi f = 0.
Proof. intros. unfold rsum. rewrite count_empty; auto. Qed.
Lemma rprod_empty lo hi f : isint lo -> isint hi -> hi < lo -> rprod lo hi f = 1.
Proof. intros. unfold rprod. rewrite count_empty; auto. Qed.
Lemma rsum_last lo hi f : isint lo -> isint hi -> lo <= hi -> rsum lo hi f = rsum lo (hi - 1) f + f hi.
Proof. intros A B H. unfold rsum. destruct (count_last lo hi A B H) as [-> E]. simpl. rewrite <- E. reflexivity. Qed.
Lemma rprod_last lo hi f : isint lo -> isint hi -> lo <= hi -> rprod lo hi f = rprod lo (hi - 1) f * f hi.
Proof. intros A B H. unfold rprod. destruct (count_last lo hi A B H) as [-> E]. simpl. rewrite <- E. reflexivity. Qed.
Lemma rsum_first lo hi f : isint lo -> isint hi -> lo <= hi -> rsum lo hi f = f lo + rsum (lo + 1) hi f.
Proof.
  intros A B H. unfold rsum. rewrite (count_first lo hi), sm_first by auto. change (INR 0) with 0. rewrite Rplus_0_r. f_equal.
  apply sm_ext. intros i _. rewrite S_INR. f_equal. ring.
Qed.
Lemma rprod_first lo hi f : isint lo -> isint hi -> lo <= hi -> rprod lo hi f = f lo * rprod (lo + 1) hi f.
Proof.
  intros A B H. unfold rprod. rewrite (count_first lo hi), pm_first by auto. change (INR 0) with 0. rewrite Rplus_0_r. f_equal.
  apply pm_ext. intros i _. rewrite S_INR. f_equal. ring.
Qed.
Lemma rsum_ext lo hi f g : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> f i = g i) -> rsum lo hi f = rsum lo hi g.
Proof. intros A B H. apply sm_ext. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rprod_ext lo hi f g : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> f i = g i) -> rprod lo hi f = rprod lo hi g.
Proof. intros A B H. apply pm_ext. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rsum_le lo hi f g : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> f i <= g i) -> rsum lo hi f <= rsum lo hi g.
Proof. intros A B H. apply sm_le. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rsum_lt lo hi f g : isint lo -> isint hi -> lo <= hi -> (forall i, isint i -> lo <= i -> i <= hi -> f i < g i) ->
  rsum lo hi f < rsum lo hi g.
Proof. intros A B L H. apply sm_lt; [apply count_pos; auto|]. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rprod_le lo hi f g : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 <= f i) ->
  (forall i, isint i -> lo <= i -> i <= hi -> f i <= g i) -> rprod lo hi f <= rprod lo hi g.
Proof. intros A B P H. apply pm_le. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. split; [apply P|apply H]; auto. Qed.
Lemma rsum_ge0 lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 <= f i) -> 0 <= rsum lo hi f.
Proof. intros A B H. apply sm_ge0. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rsum_pos lo hi f : isint lo -> isint hi -> lo <= hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 < f i) -> 0 < rsum lo hi f.
Proof. intros A B L H. apply sm_pos; [apply count_pos; auto|]. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rprod_ge0 lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 <= f i) -> 0 <= rprod lo hi f.
Proof. intros A B H. apply pm_ge0. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rprod_pos lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 < f i) -> 0 < rprod lo hi f.
Proof. intros A B H. apply pm_pos. intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rsum_scal lo hi c f : rsum lo hi (fun i => c * f i) = c * rsum lo hi f.
Proof. apply sm_scal. Qed.
Lemma rsum_add lo hi f g : rsum lo hi (fun i => f i + g i) = rsum lo hi f + rsum lo hi g.
Proof. apply sm_plus. Qed.
Lemma rsum_sub lo hi f g : rsum lo hi (fun i => f i - g i) = rsum lo hi f - rsum lo hi g.
Proof. apply sm_minus. Qed.
Lemma rsum_const lo hi c : isint lo -> isint hi -> lo <= hi + 1 -> rsum lo hi (fun _ => c) = (hi - lo + 1) * c.
Proof. intros. unfold rsum. rewrite sm_const, count_INR; auto. Qed.
Lemma rprod_mul lo hi f g : rprod lo hi (fun i => f i * g i) = rprod lo hi f * rprod lo hi g.
Proof. apply pm_mult. Qed.
Lemma rprod_inv lo hi f : rprod lo hi (fun i => / f i) = / rprod lo hi f.
Proof. apply pm_inv. Qed.
Lemma rprod_const lo hi c : isint lo -> isint hi -> lo <= hi + 1 -> rprod lo hi (fun _ => c) = pw c (hi - lo + 1).
Proof. intros. unfold rprod. rewrite pm_const, <- pw_nat, count_INR; auto. Qed.
Lemma rprod_pw lo hi f e : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 < f i) ->
  rprod lo hi (fun i => pw (f i) e) = pw (rprod lo hi f) e.
Proof.
  intros A B H. unfold rprod. assert (P : forall k, (k < count lo hi)%nat -> 0 < f (lo + INR k)).
  { intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. }
  induction (count lo hi) as [|n IH]; [symmetry; apply pw_base_1|]. simpl. rewrite IH by (intros; apply P; lia).
  symmetry. apply pw_mul; [apply pm_pos; intros|]; apply P; lia.
Qed.

(** ** Divided differences *)
Lemma dd_nat n l : dd (INR n) l = DD.dd n l.
Proof. unfold dd. rewrite INR_IZR_INZ, Int_part_IZR, Nat2Z.id. reflexivity. Qed.
Lemma dd_single y a : isnat y -> dd y [a] = pw a y.
Proof. intros [n ->]. rewrite dd_nat, pw_nat. apply dd_pow. Qed.
Lemma dd_difference y a b r : isnat y -> (a - b) * dd y (a :: b :: r) = dd y (a :: r) - dd y (b :: r).
Proof. intros [n ->]. rewrite !dd_nat. apply dd_diff. Qed.
Lemma dd_next y a r : isnat y -> dd (y + 1) (a :: r) = a * dd y (a :: r) + dd y r.
Proof. intros [n ->]. rewrite <- S_INR, !dd_nat. apply dd_S. Qed.
