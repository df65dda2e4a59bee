(** Equations and inequalities of powers, sums and divided differences: what the replay of the rules unfold, lemma and squared uses. *)
From Coq Require Import Reals Lra Lia ZArith List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Claims ClaimLog.
Import ListNotations.
Open Scope R_scope.

(** ** Sums and products over an index *)
Lemma rsum_upto lo hi h f : isint lo -> isint hi -> lo <= hi -> hi - 1 = h -> rsum lo hi f = rsum lo h f + f hi.
Proof. intros A B H <-. apply rsum_last; auto. Qed.
Lemma rprod_upto lo hi h f : isint lo -> isint hi -> lo <= hi -> hi - 1 = h -> rprod lo hi f = rprod lo h f * f hi.
Proof. intros A B H <-. apply rprod_last; auto. Qed.
Lemma rsum_from lo hi l f : isint lo -> isint hi -> lo <= hi -> lo + 1 = l -> rsum lo hi f = f lo + rsum l hi f.
Proof. intros A B H <-. apply rsum_first; auto. Qed.
Lemma rprod_from lo hi l f : isint lo -> isint hi -> lo <= hi -> lo + 1 = l -> rprod lo hi f = f lo * rprod l hi f.
Proof. intros A B H <-. apply rprod_first; auto. Qed.
Lemma rsum_one lo hi f : isint lo -> isint hi -> hi = lo -> rsum lo hi f = f lo.
Proof. intros A B ->. rewrite rsum_last, rsum_empty by (auto using isint_sub, isint_Z; lra). ring. Qed.
Lemma rprod_one lo hi f : isint lo -> isint hi -> hi = lo -> rprod lo hi f = f lo.
Proof. intros A B ->. rewrite rprod_last, rprod_empty by (auto using isint_sub, isint_Z; lra). ring. Qed.

(** ** Divided differences *)
Lemma isnat_before d l : isnat d -> 1 <= d -> d = l + 1 -> isnat l.
Proof. intros H L E. replace l with (d - 1) by lra. apply isint_isnat; [apply isint_sub; auto using isnat_isint, isint_Z|lra]. Qed.
Lemma dd_depth d e l r s t : isnat e -> d = e + 1 -> Permutation l (r :: s) -> Permutation (r :: s) t ->
  dd d l = r * dd e t + dd e s.
Proof. intros E -> P Q. rewrite (dd_order _ l (r :: s)) by exact P. rewrite dd_next, (dd_order _ (r :: s) t) by auto. reflexivity. Qed.
Lemma dd_depth_one d e r : isnat e -> d = e + 1 -> dd d [r] = r * dd e [r].
Proof. intros [n ->] ->. rewrite dd_next by apply isnat_INR. rewrite !dd_nat, dd_nil. ring. Qed.
Lemma dd_short_one y l n : y = INR n -> length l = S n -> dd y l = 1.
Proof. intros -> H. rewrite dd_nat. apply dd_one_at_length, H. Qed.
Lemma dd_short_zero y l n : y = INR n -> (n + 1 < length l)%nat -> dd y l = 0.
Proof. intros -> H. rewrite dd_nat. apply dd_zero_low, H. Qed.
Lemma dd_apart y a b r l u v : isnat y -> Permutation l (a :: b :: r) -> Permutation (a :: r) u -> Permutation (b :: r) v -> a - b <> 0 ->
  dd y l = (dd y u - dd y v) / (a - b).
Proof.
  intros Y P U V N. rewrite (dd_order _ l (a :: b :: r)), <- (dd_order _ (a :: r) u), <- (dd_order _ (b :: r) v) by auto.
  rewrite <- (dd_difference y a b r Y). field. exact N.
Qed.
(** Falling products: y (y - 1) ... (y - m + 1) *)
Fixpoint falling (y : R) (m : nat) : R := match m with O => 1 | S k => falling y k * (y - INR k) end.
Lemma falling_next y m : (y + 1) * falling y m = falling (y + 1) (S m).
Proof. induction m; [simpl; ring|]. change (falling (y + 1) (S (S m))) with (falling (y + 1) (S m) * (y + 1 - INR (S m))).
  rewrite <- IHm, S_INR. simpl. ring. Qed.
Lemma falling_low n m : (n < m)%nat -> falling (INR n) m = 0.
Proof. intros H. induction m; [lia|]. simpl. destruct (Nat.eq_dec n m) as [->|E]; [ring|]. rewrite IHm by lia. ring. Qed.
Lemma dd_repeat n : forall m a, INR (fact m) * DD.dd n (repeat a (S m)) = falling (INR n) m * a ^ (n - m).
Proof.
  induction n as [|n IH]; intros m a.
  - destruct m; [simpl; ring|]. rewrite falling_low by lia. simpl. ring.
  - change (repeat a (S m)) with (a :: repeat a m). rewrite dd_S. change (a :: repeat a m) with (repeat a (S m)).
    destruct m as [|m]; [simpl repeat; rewrite dd_nil, dd_pow; simpl; ring|].
    rewrite Rmult_plus_distr_l. replace (INR (fact (S m)) * (a * DD.dd n (repeat a (S (S m)))))
      with (a * (INR (fact (S m)) * DD.dd n (repeat a (S (S m))))) by ring.
    rewrite IH. change (fact (S m)) with (S m * fact m)%nat. rewrite mult_INR, Rmult_assoc, (IH m a), S_INR.
    rewrite S_INR, <- falling_next. replace (S n - S m)%nat with (n - m)%nat by lia.
    destruct (Nat.le_gt_cases (S m) n) as [L|L].
    + replace (n - m)%nat with (S (n - S m)) by lia. simpl. ring.
    + rewrite (falling_low n (S m)) by lia. destruct (Nat.eq_dec n m) as [->|E].
      * replace (m - m)%nat with 0%nat by lia. simpl. ring.
      * rewrite (falling_low n m) by lia. ring.
Qed.
Lemma dd_equal y a l m p e : isnat y -> l = repeat a (S m) -> falling y m = p -> e = y - INR m -> a <> 0 \/ INR m <= y ->
  dd y l = p / INR (fact m) * pw a e.
Proof.
  intros [n ->] -> <- -> H. rewrite dd_nat. apply (Rmult_eq_reg_l (INR (fact m))); [|apply INR_fact_neq_0].
  rewrite dd_repeat. destruct (Nat.le_gt_cases m n) as [L|L].
  - rewrite <- minus_INR, pw_nat by exact L. field. apply INR_fact_neq_0.
  - rewrite falling_low by exact L. field. apply INR_fact_neq_0.
Qed.
Lemma dd_terms y a b h f : isnat y -> h = y - 1 -> (forall i, isint i -> 0 <= i -> i <= h -> pw a i * pw b (y - 1 - i) = f i) ->
  dd y [a; b] = rsum 0 h f.
Proof.
  intros [n ->] -> H. rewrite dd_nat, dd_two_sum. unfold rsum. replace (count 0 (INR n - 1)) with n.
  - apply sm_ext. intros i L. assert (INR i <= INR n - 1).
    { pose proof (le_INR (S i) n ltac:(lia)) as K. rewrite S_INR in K. lra. }
    rewrite <- H; [|rewrite Rplus_0_l; apply isnat_isint, isnat_INR|rewrite Rplus_0_l; apply pos_INR|lra].
    rewrite Rplus_0_l, pw_nat. f_equal. rewrite <- pw_nat. f_equal. rewrite minus_INR, minus_INR by lia. reflexivity.
  - rewrite INR_IZR_INZ, <- minus_IZR, count_Z. lia.
Qed.

(** ** Powers *)
Lemma pw_mono x y n : isnat n -> 0 <= x -> x <= y -> pw x n <= pw y n.
Proof. intros [k ->] A B. rewrite !pw_nat. apply pow_incr. auto. Qed.
Lemma pw_small x n : isnat n -> 0 <= x -> x <= 1 -> pw x n <= 1.
Proof. intros N A B. rewrite <- (pw_base_1 n). apply pw_mono; auto. Qed.
Lemma pw_large x n : isnat n -> 1 <= x -> 1 <= pw x n.
Proof. intros N A. rewrite <- (pw_base_1 n) at 1. apply pw_mono; auto. lra. Qed.
Lemma bernoulli t n : isnat n -> -1 <= t -> 1 + n * t <= pw (1 + t) n.
Proof.
  intros [k ->] H. rewrite pw_nat. induction k; [simpl; lra|]. rewrite S_INR. simpl.
  destruct (Rle_lt_dec 0 (1 + INR k * t)) as [P|P].
  - apply Rle_trans with ((1 + t) * (1 + INR k * t)); [|apply Rmult_le_compat_l; lra].
    pose proof (Rmult_le_pos _ _ (pos_INR k) (Rle_0_sqr t)). unfold Rsqr in *. lra.
  - assert (0 <= (1 + t) * (1 + t) ^ k) by (apply Rmult_le_pos; [lra|apply pow_le; lra]).
    assert (t < 0); [|lra]. apply Rnot_le_lt. intros C.
    pose proof (Rmult_le_pos _ _ (pos_INR k) C). lra.
Qed.
Lemma below_squared a b : 0 <= b -> pw a 2 <= pw b 2 -> a <= b.
Proof. rewrite !pw_pos_lit. change (Pos.to_nat 2) with 2%nat. simpl. intros. nra. Qed.
Lemma below_squared_strict a b : 0 <= b -> pw a 2 < pw b 2 -> a < b.
Proof. rewrite !pw_pos_lit. change (Pos.to_nat 2) with 2%nat. simpl. intros. nra. Qed.

(** ** The logarithm from below *)
Lemma log_above u : 0 < u -> 1 - 1 / u <= log u.
Proof. intros H. pose proof (log_line (/ u) (Rinv_0_lt_compat u H)) as L. rewrite log_inv in L by exact H. unfold Rdiv. lra. Qed.

(** ** Means *)
Lemma means_nat n f : (0 < n)%nat -> (forall i, (i < n)%nat -> 0 <= f i) -> pm n f <= (sm n f / INR n) ^ n.
Proof.
  intros N H. assert (P : 0 < INR n) by (apply lt_0_INR, N). assert (S0 : 0 <= sm n f) by (apply sm_ge0, H).
  destruct (Req_EM_T (sm n f) 0) as [Z|Z].
  - rewrite Z. unfold Rdiv. rewrite Rmult_0_l, pow_ne_zero by lia. destruct n as [|n]; [lia|]. simpl.
    rewrite (sm_zero_inv (S n) f H Z n) by lia. rewrite Rmult_0_r. lra.
  - set (mu := sm n f / INR n). assert (M : 0 < mu) by (apply Rdiv_lt_0_compat; lra).
    assert (E : pm n (fun i => / mu * f i) <= pm n (fun i => exp (/ mu * f i - 1))).
    { apply pm_le. intros i L. split; [apply Rmult_le_pos; [apply Rlt_le, Rinv_0_lt_compat, M|auto]|].
      pose proof (exp_line (/ mu * f i - 1)). lra. }
    assert (X : forall k g, pm k (fun i => exp (g i)) = exp (sm k g)).
    { induction k; intros g; simpl; [rewrite exp_0; reflexivity|]. rewrite IHk, exp_plus. reflexivity. }
    rewrite X, pm_mult, pm_const, sm_minus, sm_scal, sm_const, pow_inv in E.
    replace (/ mu * sm n f - INR n * 1) with 0 in E by (unfold mu; field; lra). rewrite exp_0 in E.
    pose proof (pow_lt mu n M) as Q. apply (Rmult_le_reg_l (/ mu ^ n)); [apply Rinv_0_lt_compat, Q|]. rewrite Rinv_l by lra. exact E.
Qed.
Lemma means lo hi f c : isint lo -> isint hi -> lo <= hi -> c = hi - lo + 1 -> (forall i, isint i -> lo <= i -> i <= hi -> 0 <= f i) ->
  rprod lo hi f <= pw (rsum lo hi f / c) c.
Proof.
  intros A B L -> H. rewrite <- (count_INR lo hi) by (auto; lra). rewrite pw_nat. apply means_nat; [apply count_pos; auto|].
  intros k K. destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto.
Qed.
Fixpoint nonnegatives (l : list R) : Prop := match l with nil => True | a :: r => 0 <= a /\ nonnegatives r end.
Lemma nonnegatives_nth l i : nonnegatives l -> 0 <= nth i l 0.
Proof. revert i. induction l; intros i H; destruct i; simpl in *; [lra|lra|tauto|apply IHl; tauto]. Qed.
Lemma amgm l p s c : nonnegatives l -> l <> nil -> pm (length l) (fun i => nth i l 0) = p -> sm (length l) (fun i => nth i l 0) = s ->
  c = INR (length l) -> p <= pw (s / c) c.
Proof.
  intros H N <- <- ->. rewrite pw_nat. apply means_nat; [destruct l; [congruence|simpl; lia]|]. intros. apply nonnegatives_nth, H.
Qed.

(** ** Sums *)
Lemma cauchy lo hi f g : pw (rsum lo hi (fun i => f i * g i)) 2 <= rsum lo hi (fun i => pw (f i) 2) * rsum lo hi (fun i => pw (g i) 2).
Proof.
  unfold rsum. pose proof (cauchy_schwarz_sq (count lo hi) (fun k => f (lo + INR k)) (fun k => g (lo + INR k))) as H. unfold dot in H.
  assert (Q : forall x, pw x 2 = x * x) by (intros; rewrite pw_pos_lit; simpl; ring). rewrite Q.
  rewrite (sm_ext _ (fun k => pw (f (lo + INR k)) 2) (fun k => f (lo + INR k) * f (lo + INR k))) by (intros; apply Q).
  rewrite (sm_ext _ (fun k => pw (g (lo + INR k)) 2) (fun k => g (lo + INR k) * g (lo + INR k))) by (intros; apply Q). exact H.
Qed.
Lemma triangle lo hi f : Rabs (rsum lo hi f) <= rsum lo hi (fun i => Rabs (f i)).
Proof. unfold rsum. induction (count lo hi) as [|n IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. lra. Qed.
Lemma member lo hi e f : isint lo -> isint hi -> isint e -> lo <= e -> e <= hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 <= f i) ->
  f e <= rsum lo hi f.
Proof.
  intros A B E L U H. destruct A as [a ->], E as [z ->]. apply le_IZR in L. set (k := Z.to_nat (z - a)).
  assert (Q : IZR z = IZR a + INR k) by (unfold k; rewrite INR_IZR_INZ, <- plus_IZR; f_equal; lia).
  assert (K : (k < count (IZR a) hi)%nat).
  { destruct B as [b ->]. apply le_IZR in U. rewrite count_Z. unfold k. lia. }
  rewrite Q. unfold rsum. apply (sm_term _ (fun k => f (IZR a + INR k))); [|exact K].
  intros j J. destruct (count_below (IZR a) hi j (isint_Z a) B J) as [? [? ?]]. apply H; auto.
Qed.
Lemma geometric lo hi q : isnat lo -> isint hi -> lo <= hi + 1 -> 1 - q <> 0 ->
  rsum lo hi (fun i => pw q i) = (pw q lo - pw q (hi + 1)) / (1 - q).
Proof.
  intros [n ->] B L N. pose proof (count_INR (INR n) hi (isnat_isint _ (isnat_INR n)) B L) as C. unfold rsum.
  replace (hi + 1) with (INR n + INR (count (INR n) hi)) by lra. set (c := count (INR n) hi). clearbody c.
  rewrite <- plus_INR, !pw_nat. induction c as [|c IH]; simpl; [rewrite Nat.add_0_r; field; exact N|].
  rewrite IH, <- plus_INR, pw_nat. replace (n + S c)%nat with (S (n + c)) by lia. simpl. field. exact N.
Qed.
Lemma powersum lo n f F : lo = 0 \/ lo = 1 -> isint n -> 0 <= n -> F 0 = 0 -> f 0 = 0 -> (forall k, F (k + 1) = F k + f (k + 1)) ->
  rsum lo n f = F n.
Proof.
  intros L N P F0 f0 S. destruct (isint_isnat n N P) as [k ->]. clear N P.
  assert (I : isint lo) by (destruct L as [-> | ->]; apply isint_Z). induction k as [|k IH].
  - change (INR 0) with 0. rewrite F0. destruct L as [-> | ->].
    + rewrite rsum_one by (auto using isint_Z). exact f0.
    + apply rsum_empty; auto using isint_Z. lra.
  - rewrite S_INR. pose proof (pos_INR k). rewrite (rsum_upto lo _ (INR k)); [rewrite IH, S; reflexivity|exact I| | |ring].
    + apply isint_add; [apply isnat_isint, isnat_INR|apply isint_Z].
    + destruct L as [-> | ->]; lra.
Qed.

(** ** Bounds of dd with two nodes *)
Lemma dd_above n x y e : isnat n -> e = n - 1 -> 0 <= x -> x <= y -> 1 <= n -> dd n [x; y] <= n * pw y e.
Proof.
  intros [k ->] -> A B L. rewrite dd_nat, dd_two_sum. destruct k; [simpl in L; lra|].
  replace (INR (S k) - 1) with (INR k) by (rewrite S_INR; ring). rewrite pw_nat, <- sm_const. apply sm_le. intros i I.
  replace (S k - 1 - i)%nat with (k - i)%nat by lia. replace (y ^ k) with (y ^ i * y ^ (k - i)) by (rewrite <- pow_add; f_equal; lia).
  apply Rmult_le_compat_r; [apply pow_le; lra|]. apply pow_incr. lra.
Qed.
Lemma dd_below n x y e : isnat n -> e = n - 1 -> 0 <= x -> x <= y -> 1 <= n -> n * pw x e <= dd n [x; y].
Proof.
  intros [k ->] -> A B L. rewrite dd_nat, dd_two_sum. destruct k; [simpl in L; lra|].
  replace (INR (S k) - 1) with (INR k) by (rewrite S_INR; ring). rewrite pw_nat, <- sm_const. apply sm_le. intros i I.
  replace (S k - 1 - i)%nat with (k - i)%nat by lia. replace (x ^ k) with (x ^ i * x ^ (k - i)) by (rewrite <- pow_add; f_equal; lia).
  apply Rmult_le_compat_l; [apply pow_le; lra|]. apply pow_incr. lra.
Qed.
Lemma dd_small n x y : isnat n -> 0 <= x -> x <= 1 -> 0 <= y -> y <= 1 -> dd n [x; y] <= n.
Proof.
  intros [k ->] A B C D. rewrite dd_nat, dd_two_sum. rewrite <- (Rmult_1_r (INR k)), <- sm_const. apply sm_le. intros i I.
  assert (P : forall z j, 0 <= z -> z <= 1 -> 0 <= z ^ j <= 1).
  { intros z j Z U. split; [apply pow_le, Z|]. rewrite <- (pow1 j). apply pow_incr. lra. }
  destruct (P x i A B), (P y (k - 1 - i)%nat C D). rewrite <- (Rmult_1_r 1). apply Rmult_le_compat; lra.
Qed.
Lemma dd_member n x y e : isnat n -> e = n - 1 -> 0 <= x -> 0 <= y -> 1 <= n -> pw x e <= dd n [x; y].
Proof.
  intros [k ->] -> A B L. rewrite dd_nat, dd_two_sum. destruct k; [simpl in L; lra|].
  replace (INR (S k) - 1) with (INR k) by (rewrite S_INR; ring). rewrite pw_nat.
  replace (x ^ k) with ((fun i => x ^ i * y ^ (S k - 1 - i)) k);
    [apply (sm_term (S k) (fun i => x ^ i * y ^ (S k - 1 - i))); [|lia]|].
  - intros. apply Rmult_le_pos; apply pow_le; auto.
  - replace (S k - 1 - k)%nat with 0%nat by lia. simpl. ring.
Qed.
Lemma dd_member_second n x y e : isnat n -> e = n - 1 -> 0 <= x -> 0 <= y -> 1 <= n -> pw y e <= dd n [x; y].
Proof. intros. rewrite (dd_order n [x; y] [y; x]) by apply perm_swap. apply dd_member; auto. Qed.
