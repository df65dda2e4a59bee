(** Divided differences of z^K: the one primitive of symbolic depth. *)
From Coq Require Import Reals Lra Lia List Permutation PeanoNat.
From Normbound Require Import Vec.
Import ListNotations.
Open Scope R_scope.

(** dd(0;l) = 1, dd(0;l1..lm) = 0 for m > 1, dd(K+1;l,r) = l dd(K;l,r) + dd(K;r). *)
Fixpoint dd (K : nat) (l : list R) : R :=
  match l with
  | nil => 0
  | a :: r =>
      match K with
      | O => match r with nil => 1 | _ => 0 end
      | S k => a * dd k l + dd k r
      end
  end.

Lemma dd_nil K : dd K [] = 0.
Proof. destruct K; reflexivity. Qed.
Theorem dd_0_one a : dd 0 [a] = 1.
Proof. reflexivity. Qed.
Theorem dd_0_more a b r : dd 0 (a :: b :: r) = 0.
Proof. reflexivity. Qed.
Theorem dd_S K a r : dd (S K) (a :: r) = a * dd K (a :: r) + dd K r.
Proof. reflexivity. Qed.

(** The divided-difference identity, without division: nodes may coincide. *)
Theorem dd_diff K a b r : (a - b) * dd K (a :: b :: r) = dd K (a :: r) - dd K (b :: r).
Proof.
  revert a b r. induction K; intros a b r.
  - simpl. destruct r; ring.
  - rewrite (dd_S K a (b :: r)), (dd_S K a r), (dd_S K b r).
    replace ((a - b) * (a * dd K (a :: b :: r) + dd K (b :: r)))
      with (a * ((a - b) * dd K (a :: b :: r)) + (a - b) * dd K (b :: r)) by ring.
    rewrite IHK. ring.
Qed.

Theorem dd_swap K a b r : dd K (a :: b :: r) = dd K (b :: a :: r).
Proof.
  revert a b r. induction K; intros a b r; [reflexivity|].
  rewrite !dd_S, (IHK b a r). pose proof (dd_diff K a b r). lra.
Qed.

Theorem dd_perm K l l' : Permutation l l' -> dd K l = dd K l'.
Proof.
  intros P. revert K. induction P; intros K.
  - reflexivity.
  - induction K as [|K IHK].
    + pose proof (Permutation_length P) as E. destruct l, l'; simpl in *; congruence.
    + rewrite !dd_S, IHK, IHP. reflexivity.
  - apply dd_swap.
  - rewrite IHP1. apply IHP2.
Qed.

Theorem dd_pow K a : dd K [a] = a ^ K.
Proof. induction K; [reflexivity|]. rewrite dd_S, dd_nil, IHK. simpl. ring. Qed.

Theorem dd_zero_low : forall K l, (K + 1 < length l)%nat -> dd K l = 0.
Proof.
  induction K; intros l H.
  - destruct l as [|a [|b r]]; simpl in *; try lia. reflexivity.
  - destruct l as [|a r]; [reflexivity|]. rewrite dd_S, !IHK; simpl in *; try lia. ring.
Qed.

Theorem dd_one_at_length : forall K l, length l = S K -> dd K l = 1.
Proof.
  induction K; intros l H; destruct l as [|a r]; simpl in H; try lia.
  - destruct r; [reflexivity|simpl in H; lia].
  - rewrite dd_S, (dd_zero_low K (a :: r)), (IHK r) by (simpl; lia). ring.
Qed.

Theorem dd_nonneg : forall K l, Forall (fun a => 0 <= a) l -> 0 <= dd K l.
Proof.
  induction K; intros l H; destruct H as [|a r Ha Hr]; simpl; try lra.
  - destruct r; lra.
  - apply Rplus_le_le_0_compat; [apply Rmult_le_pos; auto; apply (IHK (a :: r)); constructor; auto|].
    apply IHK; auto.
Qed.

(** A zero node lowers the power by one. *)
Theorem dd_zero_node K r : dd (S K) (0 :: r) = dd K r.
Proof. rewrite dd_S. ring. Qed.

Theorem dd_geom K a : dd K [a; 1] = sm K (fun i => a ^ i).
Proof.
  induction K; [reflexivity|].
  rewrite dd_swap, dd_S, dd_pow, dd_swap, IHK. simpl. ring.
Qed.

Theorem dd_coinciding K a : dd (S K) [a; a] = INR (S K) * a ^ K.
Proof.
  induction K; [simpl; ring|].
  rewrite dd_S, IHK, dd_pow. rewrite (S_INR (S K)). simpl. ring.
Qed.

Theorem dd_coinciding_one K : dd K [1; 1] = INR K.
Proof. destruct K; [reflexivity|]. rewrite dd_coinciding, pow1. ring. Qed.

(** K a^(K-1), any K. *)
Theorem dd_pair_same K a : dd K [a; a] = INR K * a ^ (K - 1).
Proof.
  destruct K; [simpl; ring|]. rewrite dd_coinciding. simpl. rewrite Nat.sub_0_r. reflexivity.
Qed.

Theorem dd_two_sum K a b : dd K [a; b] = sm K (fun i => a ^ i * b ^ (K - 1 - i)).
Proof.
  induction K; [reflexivity|].
  rewrite dd_swap, dd_S, dd_pow, dd_swap, IHK, <- sm_scal.
  change (sm (S K) (fun i => a ^ i * b ^ (S K - 1 - i)))
    with (sm K (fun i => a ^ i * b ^ (S K - 1 - i)) + a ^ K * b ^ (S K - 1 - K)).
  replace (S K - 1 - K)%nat with 0%nat by lia. rewrite pow_O, Rmult_1_r. f_equal.
  apply sm_ext. intros i Hi. replace (S K - 1 - i)%nat with (S (K - 1 - i)) by lia. simpl. ring.
Qed.

(** ** Complete homogeneous symmetric polynomials *)
Fixpoint hom (l : list R) (j : nat) : R :=
  match l with
  | nil => match j with O => 1 | _ => 0 end
  | a :: r => sm (S j) (fun i => a ^ i * hom r (j - i))
  end.

Lemma hom_0 l : hom l 0 = 1.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. ring. Qed.

Lemma sm_shift n f : sm (S n) f = f O + sm n (fun i => f (S i)).
Proof. induction n; [simpl; ring|]. change (sm (S (S n)) f) with (sm (S n) f + f (S n)). rewrite IHn. simpl. ring. Qed.

Lemma hom_S a r j : hom (a :: r) (S j) = a * hom (a :: r) j + hom r (S j).
Proof.
  unfold hom at 1; fold hom. rewrite sm_shift. rewrite Nat.sub_0_r, pow_O, Rmult_1_l, Rplus_comm. f_equal.
  unfold hom at 2; fold hom. rewrite <- sm_scal. apply sm_ext. intros i Hi.
  replace (S j - S i)%nat with (j - i)%nat by lia. simpl. ring.
Qed.

(** dd(K; l1..lm) is the complete homogeneous symmetric polynomial of degree K-m+1. *)
Theorem dd_hom : forall j l, l <> [] -> dd (length l - 1 + j) l = hom l j.
Proof.
  induction j; intros l.
  - intros N. rewrite hom_0. apply dd_one_at_length. destruct l; [congruence|simpl; lia].
  - induction l as [|a r IHr]; intros N; [congruence|].
    simpl length. replace (S (length r) - 1 + S j)%nat with (S (length r + j)) by lia.
    rewrite dd_S, hom_S. f_equal.
    + f_equal. rewrite <- IHj by discriminate. f_equal. simpl. lia.
    + destruct r as [|b r]; [rewrite dd_nil; reflexivity|].
      rewrite <- IHr by discriminate. f_equal. simpl. lia.
Qed.

(** ** Recurrences solved by dd *)

(** x' = a x + f_i with f_i = sum of dd: the right-hand sides telescope. *)
Theorem dd_radius_rec K G b B0 (B : nat -> R) :
  B O = B0 -> (forall i, (i < K)%nat -> B (S i) = G * B i + b) ->
  B K = dd K [G] * B0 + b * dd K [G; 1].
Proof.
  intros H0. induction K; intros H.
  - rewrite H0. simpl. ring.
  - rewrite H by lia. rewrite IHK by (intros; apply H; lia).
    rewrite !dd_S, (dd_pow K 1), pow1, dd_nil. ring.
Qed.

(** ** Display rewritings *)
Theorem display_geom K a : a <> 1 -> dd K [a; 1] = (a ^ K - 1) / (a - 1).
Proof.
  intros H. pose proof (dd_diff K a 1 []) as E. rewrite !dd_pow, pow1 in E.
  assert (a - 1 <> 0) by lra. apply (Rmult_eq_reg_l (a - 1)); auto. rewrite E. field. auto.
Qed.
Theorem display_geom_1 K : dd K [1; 1] = INR K.
Proof. apply dd_coinciding_one. Qed.
Theorem display_geom_sq K a : a * a <> 1 -> dd K [a * a; 1] = (a ^ (2 * K) - 1) / (a * a - 1).
Proof. intros H. rewrite display_geom by auto. rewrite pow_mult. simpl (a ^ 2). rewrite Rmult_1_r. reflexivity. Qed.
Theorem display_two K a b : a <> b -> dd K [a; b] = (a ^ K - b ^ K) / (a - b).
Proof.
  intros H. pose proof (dd_diff K a b []) as E. rewrite !dd_pow in E.
  assert (a - b <> 0) by lra. apply (Rmult_eq_reg_l (a - b)); auto. rewrite E. field. auto.
Qed.
Theorem display_three K a b c : a <> b -> dd K [a; b; c] = (dd K [a; c] - dd K [b; c]) / (a - b).
Proof.
  intros H. pose proof (dd_diff K a b [c]) as E.
  assert (a - b <> 0) by lra. apply (Rmult_eq_reg_l (a - b)); auto. rewrite E. field. auto.
Qed.
Theorem display_same K a : dd K [a; a] = INR K * a ^ (K - 1).
Proof. apply dd_pair_same. Qed.
Theorem display_double_one K a : a <> 1 ->
  dd K [a; 1; 1] = ((a ^ K - 1) / (a - 1) - INR K) / (a - 1).
Proof. intros H. rewrite display_three, display_geom, display_geom_1 by auto. reflexivity. Qed.
(** Halves: 2 dd(K;1,1,1) = K(K-1). *)
Theorem display_triple_one K : 2 * dd K [1; 1; 1] = INR K * (INR K - 1).
Proof.
  induction K; [simpl; ring|]. rewrite dd_S, dd_coinciding_one, S_INR. lra.
Qed.
Theorem display_quad_one K : 6 * dd K [1; 1; 1; 1] = INR K * (INR K - 1) * (INR K - 2).
Proof.
  induction K; [simpl; ring|]. rewrite dd_S. pose proof (display_triple_one K). rewrite S_INR. nra.
Qed.

(** Growth: with a node of largest value a, dd(K;a,1) lies between a^(K-1) and K a^(K-1) for a >= 1. *)
Theorem dd_geom_bounds K a : 1 <= a -> a ^ K <= dd (S K) [a; 1] <= INR (S K) * a ^ K.
Proof.
  intros Ha. rewrite dd_geom. split.
  - apply (sm_term (S K) (fun i => a ^ i)); [intros; apply pow_le; lra|lia].
  - rewrite <- sm_const. apply sm_le. intros i Hi. apply Rle_pow; [auto|lia].
Qed.
(** For 0 <= a < 1 the geometric sum is bounded independently of depth. *)
Theorem dd_geom_sub K a : 0 <= a < 1 -> dd K [a; 1] <= 1 / (1 - a).
Proof.
  intros Ha. rewrite display_geom by lra.
  replace ((a ^ K - 1) / (a - 1)) with ((1 - a ^ K) * (1 / (1 - a))) by (field; lra).
  assert (0 <= a ^ K) by (apply pow_le; lra).
  assert (0 < 1 / (1 - a)) by (apply Rdiv_lt_0_compat; lra). nra.
Qed.
