(** Monotonicity of the operators of claims, and maps applied to both sides of a comparison. *)
From Coq Require Import Reals Lra Lia ZArith List.
From Normbound Require Import MeanValue Vec DD Claims.
Import ListNotations.
Open Scope R_scope.

(** ** Products and quotients *)
Lemma mul_le a b c d : 0 <= c -> a <= b -> 0 <= b -> c <= d -> a * c <= b * d.
Proof. intros. apply Rle_trans with (b * c); [apply Rmult_le_compat_r|apply Rmult_le_compat_l]; auto. Qed.
Lemma mul_le_l a b c : 0 <= c -> a <= b -> c * a <= c * b.
Proof. intros. apply Rmult_le_compat_l; auto. Qed.
Lemma mul_le_r a b c : 0 <= c -> a <= b -> a * c <= b * c.
Proof. intros. apply Rmult_le_compat_r; auto. Qed.
Lemma mul_lt_l a b c : 0 < c -> a < b -> c * a < c * b.
Proof. intros. apply Rmult_lt_compat_l; auto. Qed.
Lemma mul_lt_r a b c : 0 < c -> a < b -> a * c < b * c.
Proof. intros. apply Rmult_lt_compat_r; auto. Qed.
Lemma inv_le c d : 0 < d -> d <= c -> / c <= / d.
Proof. intros. apply Rinv_le_contravar; auto. Qed.
Lemma inv_lt c d : 0 < d -> d < c -> / c < / d.
Proof. intros. apply Rinv_lt_contravar; auto. apply Rmult_lt_0_compat; lra. Qed.
Lemma inv_pos c : 0 < c -> 0 < / c.
Proof. apply Rinv_0_lt_compat. Qed.
Lemma inv_ge0 c : 0 < c -> 0 <= / c.
Proof. intros. apply Rlt_le, inv_pos, H. Qed.
(** a/c <= b/d step by step: a/c <= b/c <= b/d, or a/c <= a/d <= b/d *)
Lemma div_top_le a b c : 0 < c -> a <= b -> a / c <= b / c.
Proof. intros. apply mul_le_r; auto using inv_ge0. Qed.
Lemma div_top_lt a b c : 0 < c -> a < b -> a / c < b / c.
Proof. intros. apply mul_lt_r; auto using inv_pos. Qed.
Lemma div_bottom_le a c d : 0 <= a -> 0 < d -> d <= c -> a / c <= a / d.
Proof. intros. apply mul_le_l; auto using inv_le. Qed.
Lemma div_bottom_lt a c d : 0 < a -> 0 < d -> d < c -> a / c < a / d.
Proof. intros. apply mul_lt_l; auto using inv_lt. Qed.
Lemma div_negative_le a b c : c < 0 -> b <= a -> a / c <= b / c.
Proof. intros. assert (0 < / - c) by (apply inv_pos; lra). rewrite Rinv_opp in H1. unfold Rdiv. nra. Qed.
Lemma div_negative_lt a b c : c < 0 -> b < a -> a / c < b / c.
Proof. intros. assert (0 < / - c) by (apply inv_pos; lra). rewrite Rinv_opp in H1. unfold Rdiv. nra. Qed.

(** ** Powers *)
Lemma pw_base_le a b e : 0 <= a -> a <= b -> 0 <= e -> pw a e <= pw b e.
Proof.
  intros A B E. destruct (Req_EM_T e 0) as [->|N]; [rewrite !pw_0; lra|]. destruct A as [A|<-].
  - rewrite !pw_exp by lra. apply exp_mono, Rmult_le_compat_l; [lra|]. apply log_le; lra.
  - rewrite pw_base_0 by exact N. apply pw_ge0; lra.
Qed.
Lemma pw_base_lt a b e : 0 <= a -> a < b -> 0 < e -> pw a e < pw b e.
Proof.
  intros A B E. destruct A as [A|<-].
  - rewrite !pw_exp by lra. apply exp_strict, Rmult_lt_compat_l; [lra|]. apply log_lt; lra.
  - rewrite pw_base_0 by lra. apply pw_pos; lra.
Qed.
Lemma pw_negative_le a b e : 0 < b -> b <= a -> e <= 0 -> pw a e <= pw b e.
Proof. intros A B E. rewrite !pw_exp by lra. apply exp_mono. pose proof (log_le b a A B). nra. Qed.
Lemma pw_negative_lt a b e : 0 < b -> b < a -> e < 0 -> pw a e < pw b e.
Proof. intros A B E. rewrite !pw_exp by lra. apply exp_strict. pose proof (log_lt b a A B). nra. Qed.
Lemma pw_large_le a d e : 1 <= a -> d <= e -> pw a d <= pw a e.
Proof. intros A B. rewrite !pw_exp by lra. apply exp_mono, Rmult_le_compat_r; [|exact B]. rewrite <- log_1. apply log_le; lra. Qed.
Lemma pw_large_lt a d e : 1 < a -> d < e -> pw a d < pw a e.
Proof. intros A B. rewrite !pw_exp by lra. apply exp_strict, Rmult_lt_compat_r; [|exact B]. rewrite <- log_1. apply log_lt; lra. Qed.
Lemma pw_small_le a d e : 0 <= a -> a <= 1 -> e <= d -> 0 <= e -> pw a d <= pw a e.
Proof.
  intros [A|<-] B E N.
  - rewrite !pw_exp by lra. apply exp_mono. assert (log a <= 0) by (rewrite <- log_1; apply log_le; lra). nra.
  - destruct (Req_EM_T d 0) as [->|D]; [replace e with 0 by lra; lra|]. rewrite (pw_base_0 d) by exact D. apply pw_ge0; lra.
Qed.
Lemma pw_small_lt a d e : 0 < a -> a < 1 -> e < d -> 0 <= e -> pw a d < pw a e.
Proof. intros A B E N. rewrite !pw_exp by lra. apply exp_strict. assert (log a < 0) by (rewrite <- log_1; apply log_lt; lra). nra. Qed.
Lemma pw_both_large a b d e : 0 <= a -> a <= b -> 0 <= d -> 1 <= b -> d <= e -> pw a d <= pw b e.
Proof. intros. apply Rle_trans with (pw b d); [apply pw_base_le|apply pw_large_le]; lra. Qed.
Lemma pw_both_small a b d e : 0 <= a -> a <= 1 -> e <= d -> 0 <= e -> a <= b -> pw a d <= pw b e.
Proof. intros. apply Rle_trans with (pw a e); [apply pw_small_le|apply pw_base_le]; lra. Qed.
Lemma pw_even a y n : y = INR (2 * n) -> pw a y = pw (Rabs a) y.
Proof.
  intros ->. rewrite !pw_nat, !pow_mult. f_equal. symmetry. apply pow2_abs.
Qed.
Lemma even_exponent e p : e = IZR (Zpos p) -> Z.even (Zpos p) = true -> exists n, e = INR (2 * n) /\ 0 < e.
Proof.
  intros -> E. apply Z.even_spec in E. destruct E as [k K]. exists (Z.to_nat k). rewrite K. split; [|apply IZR_lt; lia].
  rewrite INR_IZR_INZ. f_equal. lia.
Qed.
Lemma pw_even_le a b e p : e = IZR (Zpos p) -> Z.even (Zpos p) = true -> a <= b -> - b <= a -> pw a e <= pw b e.
Proof.
  intros E P A B. destruct (even_exponent e p E P) as [n [N Q]]. rewrite (pw_even a e n N).
  apply pw_base_le; [apply Rabs_pos|apply Rabs_le; lra|lra].
Qed.
Lemma pw_even_lt a b e p : e = IZR (Zpos p) -> Z.even (Zpos p) = true -> a < b -> - b < a -> pw a e < pw b e.
Proof.
  intros E P A B. destruct (even_exponent e p E P) as [n [N Q]]. rewrite (pw_even a e n N).
  apply pw_base_lt; [apply Rabs_pos|apply Rabs_def1; lra|lra].
Qed.
Lemma odd_exponent e p : e = IZR (Zpos p) -> Z.odd (Zpos p) = true -> 0 < e /\ forall x, pw (- x) e = - pw x e.
Proof.
  intros -> O. split; [apply IZR_lt; lia|]. intros x. apply Z.odd_spec in O. destruct O as [k K].
  assert (E : IZR (Zpos p) = INR (2 * Z.to_nat k + 1)) by (rewrite INR_IZR_INZ; f_equal; lia).
  rewrite E, !pw_nat, !pow_add, !pow_mult, !pow_1. replace ((- x) ^ 2) with (x ^ 2) by ring. ring.
Qed.
Lemma pw_odd_le a b e p : e = IZR (Zpos p) -> Z.odd (Zpos p) = true -> a <= b -> pw a e <= pw b e.
Proof.
  intros E P A. destruct (odd_exponent e p E P) as [Q O]. destruct (Rle_lt_dec 0 a) as [h|h]; [apply pw_base_le; lra|].
  assert (N : pw a e = - pw (- a) e) by (rewrite O; ring). destruct (Rle_lt_dec 0 b) as [g|g].
  - pose proof (pw_ge0 (- a) e ltac:(lra)). pose proof (pw_ge0 b e g). lra.
  - assert (M : pw b e = - pw (- b) e) by (rewrite O; ring). pose proof (pw_base_le (- b) (- a) e ltac:(lra) ltac:(lra) ltac:(lra)). lra.
Qed.
Lemma pw_odd_lt a b e p : e = IZR (Zpos p) -> Z.odd (Zpos p) = true -> a < b -> pw a e < pw b e.
Proof.
  intros E P A. destruct (odd_exponent e p E P) as [Q O]. destruct (Rle_lt_dec 0 a) as [h|h]; [apply pw_base_lt; lra|].
  assert (N : pw a e = - pw (- a) e) by (rewrite O; ring). destruct (Rle_lt_dec 0 b) as [g|g].
  - pose proof (pw_pos (- a) e ltac:(lra)). pose proof (pw_ge0 b e g). lra.
  - assert (M : pw b e = - pw (- b) e) by (rewrite O; ring). pose proof (pw_base_lt (- b) (- a) e ltac:(lra) ltac:(lra) ltac:(lra)). lra.
Qed.

(** ** Maps applied to both sides *)
Lemma square_le_back a b : 0 <= b -> pw a 2 <= pw b 2 -> a <= b.
Proof. intros B H. rewrite !pw_pos_lit in H. simpl in H. apply Rnot_lt_le. intros C. nra. Qed.
Lemma square_lt_back a b : 0 <= b -> pw a 2 < pw b 2 -> a < b.
Proof. intros B H. rewrite !pw_pos_lit in H. simpl in H. apply Rnot_le_lt. intros C. nra. Qed.
Lemma square_eq_back a b : 0 <= a -> 0 <= b -> pw a 2 = pw b 2 -> a = b.
Proof. intros A B H. apply Rle_antisym; apply square_le_back; lra. Qed.
Lemma sqrt_le_back a b : 0 <= a -> 0 <= b -> sqrt a <= sqrt b -> a <= b.
Proof. intros. apply sqrt_le_0; auto. Qed.
Lemma sqrt_lt_back a b : 0 <= a -> 0 <= b -> sqrt a < sqrt b -> a < b.
Proof. intros. apply sqrt_lt_0_alt; auto. Qed.
Lemma sqrt_eq_back a b : 0 <= a -> 0 <= b -> sqrt a = sqrt b -> a = b.
Proof. intros. apply sqrt_inj; auto. Qed.
Lemma reciprocal_le_back a b : 0 < a -> 0 < b -> 1 / b <= 1 / a -> a <= b.
Proof. intros A B H. apply Rnot_lt_le. intros C. pose proof (inv_lt a b B C). unfold Rdiv in H. lra. Qed.
Lemma reciprocal_lt_back a b : 0 < a -> 0 < b -> 1 / b < 1 / a -> a < b.
Proof. intros A B H. apply Rnot_le_lt. intros C. pose proof (inv_le a b B C). unfold Rdiv in H. lra. Qed.
Lemma reciprocal_eq_back a b : 0 < a -> 0 < b -> 1 / b = 1 / a -> a = b.
Proof. intros A B H. apply Rle_antisym; apply reciprocal_le_back; lra. Qed.

(** ** Sums and products over larger ranges *)
Lemma count_split lo mid hi : isint lo -> isint mid -> isint hi -> lo <= mid + 1 -> mid <= hi ->
  count lo hi = (count lo mid + count (mid + 1) hi)%nat.
Proof.
  intros [a ->] [m ->] [b ->] L H. rewrite <- plus_IZR in *. apply le_IZR in L, H. rewrite !count_Z. lia.
Qed.
Lemma rsum_split lo mid hi f : isint lo -> isint mid -> isint hi -> lo <= mid + 1 -> mid <= hi ->
  rsum lo hi f = rsum lo mid f + rsum (mid + 1) hi f.
Proof.
  intros A M B L H. unfold rsum. rewrite (count_split lo mid hi), sm_app by auto. f_equal. apply sm_ext. intros i _.
  rewrite plus_INR, count_INR by auto. f_equal. ring.
Qed.
Lemma pm_app n m f : pm (n + m) f = pm n f * pm m (fun i => f (n + i)%nat).
Proof. induction m as [|m IH]; [rewrite Nat.add_0_r; simpl; ring|]. rewrite Nat.add_succ_r. simpl. rewrite IH. ring. Qed.
Lemma rprod_split lo mid hi f : isint lo -> isint mid -> isint hi -> lo <= mid + 1 -> mid <= hi ->
  rprod lo hi f = rprod lo mid f * rprod (mid + 1) hi f.
Proof.
  intros A M B L H. unfold rprod. rewrite (count_split lo mid hi), pm_app by auto. f_equal. apply pm_ext. intros i _.
  rewrite plus_INR, count_INR by auto. f_equal. ring.
Qed.
Lemma rsum_range lo hi lo' hi' f : isint lo -> isint hi -> isint lo' -> isint hi' -> lo' <= lo -> hi <= hi' ->
  (forall i, isint i -> lo' <= i -> i <= hi' -> 0 <= f i) -> rsum lo hi f <= rsum lo' hi' f.
Proof.
  intros A B A' B' L U P. destruct (Rlt_le_dec hi lo) as [h|h].
  - rewrite (rsum_empty lo hi) by auto. apply rsum_ge0; auto.
  - pose proof (isint_Z 1) as I. pose proof (isint_sub _ _ A I) as S.
    rewrite (rsum_split lo' (lo - 1) hi') by (auto; lra). replace (lo - 1 + 1) with lo by ring.
    rewrite (rsum_split lo hi hi') by (auto; lra).
    assert (0 <= rsum lo' (lo - 1) f) by (apply rsum_ge0; auto; intros; apply P; auto; lra).
    assert (0 <= rsum (hi + 1) hi' f) by (apply rsum_ge0; auto using isint_add; intros; apply P; auto; lra). lra.
Qed.
Lemma rprod_ge1 lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 1 <= f i) -> 1 <= rprod lo hi f.
Proof.
  intros A B H. replace 1 with (rprod lo hi (fun _ => 1)).
  - apply rprod_le; auto. intros; lra.
  - unfold rprod. rewrite pm_const. apply pow1.
Qed.
Lemma rprod_le1 lo hi f : isint lo -> isint hi -> (forall i, isint i -> lo <= i -> i <= hi -> 0 <= f i) ->
  (forall i, isint i -> lo <= i -> i <= hi -> f i <= 1) -> rprod lo hi f <= 1.
Proof.
  intros A B P H. replace 1 with (rprod lo hi (fun _ => 1)).
  - apply rprod_le; auto.
  - unfold rprod. rewrite pm_const. apply pow1.
Qed.
Lemma rprod_range lo hi lo' hi' f : isint lo -> isint hi -> isint lo' -> isint hi' -> lo' <= lo -> hi <= hi' ->
  (forall i, isint i -> lo' <= i -> i <= hi' -> 1 <= f i) -> rprod lo hi f <= rprod lo' hi' f.
Proof.
  intros A B A' B' L U P. destruct (Rlt_le_dec hi lo) as [h|h].
  - rewrite (rprod_empty lo hi) by auto. apply rprod_ge1; auto.
  - pose proof (isint_Z 1) as I. pose proof (isint_sub _ _ A I) as S.
    rewrite (rprod_split lo' (lo - 1) hi') by (auto; lra). replace (lo - 1 + 1) with lo by ring.
    rewrite (rprod_split lo hi hi') by (auto; lra).
    assert (1 <= rprod lo' (lo - 1) f) by (apply rprod_ge1; auto; intros; apply P; auto; lra).
    assert (1 <= rprod (hi + 1) hi' f) by (apply rprod_ge1; auto using isint_add; intros; apply P; auto; lra).
    assert (1 <= rprod lo hi f) by (apply rprod_ge1; auto; intros; apply P; auto; lra).
    set (x := rprod lo hi f) in *. set (y := rprod (hi + 1) hi' f) in *. set (z := rprod lo' (lo - 1) f) in *.
    assert (x <= x * y) by nra. assert (x * y <= z * (x * y)) by nra. lra.
Qed.
Lemma rprod_shrink lo hi lo' hi' f : isint lo -> isint hi -> isint lo' -> isint hi' -> lo' <= lo -> hi <= hi' ->
  (forall i, isint i -> lo' <= i -> i <= hi' -> 0 <= f i) -> (forall i, isint i -> lo' <= i -> i <= hi' -> f i <= 1) ->
  rprod lo' hi' f <= rprod lo hi f.
Proof.
  intros A B A' B' L U P Q. destruct (Rlt_le_dec hi lo) as [h|h].
  - rewrite (rprod_empty lo hi) by auto. apply rprod_le1; auto.
  - pose proof (isint_Z 1) as I. pose proof (isint_sub _ _ A I) as S.
    rewrite (rprod_split lo' (lo - 1) hi') by (auto; lra). replace (lo - 1 + 1) with lo by ring.
    rewrite (rprod_split lo hi hi') by (auto; lra).
    assert (0 <= rprod lo' (lo - 1) f) by (apply rprod_ge0; auto; intros; apply P; auto; lra).
    assert (0 <= rprod (hi + 1) hi' f) by (apply rprod_ge0; auto using isint_add; intros; apply P; auto; lra).
    assert (rprod lo' (lo - 1) f <= 1) by (apply rprod_le1; auto; intros; [apply P|apply Q]; auto; lra).
    assert (rprod (hi + 1) hi' f <= 1) by (apply rprod_le1; auto using isint_add; intros; [apply P|apply Q]; auto; lra).
    assert (0 <= rprod lo hi f) by (apply rprod_ge0; auto; intros; apply P; auto; lra).
    set (x := rprod lo hi f) in *. set (y := rprod (hi + 1) hi' f) in *. set (z := rprod lo' (lo - 1) f) in *.
    assert (0 <= x * y <= x) by nra. assert (z * (x * y) <= x * y) by nra. lra.
Qed.
(** Divided differences grow with each node >= 0 *)
Lemma dd_node_le y a b r : 0 <= a -> a <= b -> Forall (fun c => 0 <= c) r -> DD.dd y (a :: r) <= DD.dd y (b :: r).
Proof.
  intros A B F. revert r F. induction y as [|y IH]; intros r F; [simpl; destruct r; lra|].
  rewrite !dd_S. assert (0 <= DD.dd y (a :: r)) by (apply dd_nonneg; constructor; auto). specialize (IH r F).
  assert (a * DD.dd y (a :: r) <= b * DD.dd y (b :: r)) by (apply Rmult_le_compat; auto). lra.
Qed.
Lemma dd_mono y l l' : Forall2 (fun a b => 0 <= a <= b) l l' -> dd y l <= dd y l'.
Proof.
  unfold dd. generalize (Z.to_nat (Int_part y)). intros n F. revert n. induction F as [|a b l l' [A B] F IH]; intros n; [lra|].
  assert (G : Forall (fun c => 0 <= c) l) by (clear - F; induction F; constructor; auto; lra).
  assert (G' : Forall (fun c => 0 <= c) l') by (clear - F; induction F; constructor; auto; lra).
  apply Rle_trans with (DD.dd n (b :: l)); [apply dd_node_le; auto|]. assert (h : 0 <= b) by lra. clear a A B. induction n as [|n N].
  - specialize (IH 0%nat). simpl in *. destruct F; simpl in *; lra.
  - rewrite !dd_S. specialize (IH n).
    pose proof (Rmult_le_compat_l b _ _ h N). lra.
Qed.
Lemma isnat_pw x y : isnat x -> isnat y -> isnat (pw x y).
Proof. intros [n ->] [m ->]. exists (n ^ m)%nat. rewrite pw_nat, pow_INR. reflexivity. Qed.

(** ** Absolute values *)
Lemma abs_le a c : a <= c -> - a <= c -> Rabs a <= c.
Proof. intros. apply Rabs_le. lra. Qed.
Lemma abs_lt a c : a < c -> - a < c -> Rabs a < c.
Proof. intros. apply Rabs_def1; lra. Qed.
Lemma le_abs_left a c : c <= a -> c <= Rabs a.
Proof. intros. pose proof (Rle_abs a). lra. Qed.
Lemma le_abs_right a c : c <= - a -> c <= Rabs a.
Proof. intros. pose proof (Rle_abs (- a)). rewrite Rabs_Ropp in H0. lra. Qed.
Lemma lt_abs_left a c : c < a -> c < Rabs a.
Proof. intros. pose proof (Rle_abs a). lra. Qed.
Lemma lt_abs_right a c : c < - a -> c < Rabs a.
Proof. intros. pose proof (Rle_abs (- a)). rewrite Rabs_Ropp in H0. lra. Qed.

(** ** Signs of logarithms *)
Lemma log_le_0 a : 0 < a -> a <= 1 -> log a <= 0.
Proof. intros. rewrite <- log_1. apply log_le; lra. Qed.
Lemma log_lt_0 a : 0 < a -> a < 1 -> log a < 0.
Proof. intros. rewrite <- log_1. apply log_lt; lra. Qed.
Lemma log_ge_0 a : 0 < a -> a >= 1 -> log a >= 0.
Proof. intros. rewrite <- log_1. apply Rle_ge, log_le; lra. Qed.
Lemma log_gt_0 a : 0 < a -> a > 1 -> log a > 0.
Proof. intros. rewrite <- log_1. apply log_lt; lra. Qed.
Lemma log_eq_0 a : 0 < a -> a = 1 -> log a = 0.
Proof. intros _ ->. apply log_1. Qed.
Lemma log_ne_0 a : 0 < a -> a <> 1 -> log a <> 0.
Proof. intros P N E. apply N, log_inj; try lra. rewrite E. symmetry. apply log_1. Qed.
(** ** Products with a common factor that is not positive *)
Lemma mul_negative_le_l a b c : c <= 0 -> b <= a -> c * a <= c * b.
Proof. intros. apply Rmult_le_compat_neg_l; auto. Qed.
Lemma mul_negative_le_r a b c : c <= 0 -> b <= a -> a * c <= b * c.
Proof. intros. rewrite !(Rmult_comm _ c). apply mul_negative_le_l; auto. Qed.
Lemma mul_negative_lt_l a b c : c < 0 -> b < a -> c * a < c * b.
Proof. intros. apply Rmult_lt_gt_compat_neg_l; auto. Qed.
Lemma mul_negative_lt_r a b c : c < 0 -> b < a -> a * c < b * c.
Proof. intros. rewrite !(Rmult_comm _ c). apply mul_negative_lt_l; auto. Qed.
