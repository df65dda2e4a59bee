(** Rational functions that agree near one point of a line agree at another, where their denominators are not 0. *)
From Coq Require Import Reals Lra Lia ZArith List PeanoNat.
From Normbound Require Import MeanValue Vec DD Claims.
Import ListNotations.
Open Scope R_scope.

(** ** Polynomials in one variable, and what holds just above 0 *)
Fixpoint horner (l : list R) (t : R) : R := match l with [] => 0 | c :: r => c + t * horner r t end.
Definition polynomial (f : R -> R) : Prop := exists l, forall t, f t = horner l t.
Definition just_above (P : R -> Prop) : Prop := exists d, 0 < d /\ forall t, 0 < t < d -> P t.
Definition line (q x t : R) : R := q + t * (x - q).   (* from q at 0 to x at 1 *)

Lemma line_0 q x : line q x 0 = q.
Proof. unfold line. ring. Qed.
Lemma line_1 q x : line q x 1 = x.
Proof. unfold line. ring. Qed.
Lemma poly_const c : polynomial (fun _ => c).
Proof. exists [c]. intros. simpl. ring. Qed.
Lemma poly_line q x : polynomial (fun t => line q x t).
Proof. exists [q; x - q]. intros. unfold line. simpl. ring. Qed.
Fixpoint padd (a b : list R) : list R := match a, b with [], _ => b | _, [] => a | x :: r, y :: s => (x + y) :: padd r s end.
Lemma padd_ok a b t : horner (padd a b) t = horner a t + horner b t.
Proof. revert b. induction a as [|x r IH]; intros [|y s]; simpl; try ring. rewrite IH. ring. Qed.
Definition pscale (c : R) (a : list R) : list R := map (fun x => c * x) a.
Lemma pscale_ok c a t : horner (pscale c a) t = c * horner a t.
Proof. induction a as [|x r IH]; simpl; [ring|]. rewrite IH. ring. Qed.
Fixpoint pmul (a b : list R) : list R := match a with [] => [] | x :: r => padd (pscale x b) (0 :: pmul r b) end.
Lemma pmul_ok a b t : horner (pmul a b) t = horner a t * horner b t.
Proof. induction a as [|x r IH]; [simpl; ring|]. cbn [pmul]. rewrite padd_ok, pscale_ok. cbn [horner]. rewrite IH. ring. Qed.
Lemma poly_add f g : polynomial f -> polynomial g -> polynomial (fun t => f t + g t).
Proof. intros [a A] [b B]. exists (padd a b). intros. rewrite padd_ok, A, B. reflexivity. Qed.
Lemma poly_mul f g : polynomial f -> polynomial g -> polynomial (fun t => f t * g t).
Proof. intros [a A] [b B]. exists (pmul a b). intros. rewrite pmul_ok, A, B. reflexivity. Qed.
Lemma poly_opp f : polynomial f -> polynomial (fun t => - f t).
Proof. intros [a A]. exists (pscale (- (1)) a). intros. rewrite pscale_ok, A. ring. Qed.
Lemma poly_sub f g : polynomial f -> polynomial g -> polynomial (fun t => f t - g t).
Proof. intros F G. apply (poly_add f (fun t => - g t) F (poly_opp _ G)). Qed.
Lemma poly_pow f n : polynomial f -> polynomial (fun t => f t ^ n).
Proof. intros F. induction n as [|n IH]; [exact (poly_const 1)|]. apply (poly_mul f (fun t => f t ^ n) F IH). Qed.
Lemma poly_ext f g : (forall t, f t = g t) -> polynomial f -> polynomial g.
Proof. intros E [a A]. exists a. intros. rewrite <- E. apply A. Qed.
Lemma poly_pw f e : isnat e -> polynomial f -> polynomial (fun t => pw (f t) e).
Proof. intros [n ->] F. apply (poly_ext (fun t => f t ^ n)); [intros; symmetry; apply pw_nat|]. apply poly_pow, F. Qed.

(** A polynomial that is 0 just above 0 is 0 everywhere *)
Lemma divide l a : exists q, length q = pred (length l) /\ forall t, horner l t = horner l a + (t - a) * horner q t.
Proof.
  induction l as [|c r [q [L E]]]; [exists []; split; [reflexivity|intros; simpl; ring]|].
  destruct r as [|c' r']; [exists []; split; [reflexivity|intros; simpl; ring]|].
  exists (horner (c' :: r') a :: q). split; [simpl in *; lia|]. intros t. cbn [horner] in *. specialize (E t).
  replace (c + t * (c' + t * horner r' t)) with (c + t * (c' + a * horner r' a + (t - a) * horner q t)) by (rewrite <- E; ring). ring.
Qed.
Lemma horner_zero l : just_above (fun t => horner l t = 0) -> forall t, horner l t = 0.
Proof.
  intros [d [D H]]. remember (length l) as n eqn:N. revert l N d D H. induction n as [|n IH]; intros l N d D H t.
  - destruct l; [reflexivity|discriminate].
  - destruct (divide l (d / 2)) as [q [L E]]. assert (Z : horner l (d / 2) = 0) by (apply H; lra).
    rewrite E, Z, (IH q ltac:(lia) (d / 2) ltac:(lra)); [ring|]. intros s S. specialize (H s ltac:(lra)). rewrite E, Z in H.
    destruct (Rmult_integral (s - d / 2) (horner q s)) as [C|C]; lra.
Qed.
Lemma poly_zero f : polynomial f -> just_above (fun t => f t = 0) -> forall t, f t = 0.
Proof. intros [a A] [d [D H]] t. rewrite A. apply horner_zero. exists d. split; [exact D|]. intros s S. rewrite <- A. apply H, S. Qed.

(** ** Just above 0 *)
Lemma near_all (P : R -> Prop) : (forall t, P t) -> just_above P.
Proof. intros H. exists 1. split; [lra|auto]. Qed.
Lemma near_and (P Q : R -> Prop) : just_above P -> just_above Q -> just_above (fun t => P t /\ Q t).
Proof.
  intros [d [D H]] [e [E K]]. exists (Rmin d e). split; [apply Rmin_pos; auto|]. intros t T.
  pose proof (Rmin_l d e). pose proof (Rmin_r d e). split; [apply H|apply K]; lra.
Qed.
Lemma near_mono (P Q : R -> Prop) : (forall t, P t -> Q t) -> just_above P -> just_above Q.
Proof. intros I [d [D H]]. exists d. split; auto. Qed.
Fixpoint size (l : list R) : R := match l with [] => 0 | c :: r => Rabs c + size r end.
Lemma size_ge0 l : 0 <= size l.
Proof. induction l as [|c r IH]; simpl; [lra|]. pose proof (Rabs_pos c). lra. Qed.
Lemma horner_size l t : 0 <= t <= 1 -> Rabs (horner l t) <= size l.
Proof.
  intros T. induction l as [|c r IH]; simpl; [rewrite Rabs_R0; lra|]. eapply Rle_trans; [apply Rabs_triang|].
  rewrite Rabs_mult, (Rabs_pos_eq t) by lra. pose proof (Rabs_pos (horner r t)). nra.
Qed.
Lemma near_pos f : polynomial f -> 0 < f 0 -> just_above (fun t => 0 < f t).
Proof.
  intros [[|c r] A] H; rewrite A in H; simpl in H; [lra|]. pose proof (size_ge0 r) as S.
  exists (Rmin 1 (c / (size r + 1))). assert (0 < c / (size r + 1)) by (apply Rdiv_lt_0_compat; lra). split; [apply Rmin_pos; lra|].
  intros t T. pose proof (Rmin_l 1 (c / (size r + 1))). pose proof (Rmin_r 1 (c / (size r + 1))). rewrite A. simpl.
  pose proof (horner_size r t ltac:(lra)) as B. assert (- size r <= horner r t) by (pose proof (Rle_abs (- horner r t)) as C; rewrite Rabs_Ropp in C; lra).
  assert (t * (size r + 1) < c) by (apply (Rmult_lt_reg_r (/ (size r + 1))); [apply Rinv_0_lt_compat; lra|];
    rewrite Rmult_assoc, Rinv_r by lra; unfold Rdiv in *; lra). nra.
Qed.
Lemma near_lt f g : polynomial f -> polynomial g -> f 0 < g 0 -> just_above (fun t => f t < g t).
Proof. intros F G H. apply (near_mono (fun t => 0 < g t - f t)); [intros; lra|]. apply near_pos; [apply poly_sub; auto|lra]. Qed.
Lemma near_gt f g : polynomial f -> polynomial g -> f 0 > g 0 -> just_above (fun t => f t > g t).
Proof. intros F G H. apply (near_mono (fun t => g t < f t)); [intros; lra|]. apply near_lt; auto. Qed.
Lemma near_ne f g : polynomial f -> polynomial g -> f 0 <> g 0 -> just_above (fun t => f t <> g t).
Proof.
  intros F G H. destruct (Rtotal_order (f 0) (g 0)) as [L|[E|L]]; [|contradiction|].
  - apply (near_mono (fun t => f t < g t)); [intros; lra|]. apply near_lt; auto.
  - apply (near_mono (fun t => g t < f t)); [intros; lra|]. apply near_lt; auto.
Qed.
(** A polynomial that is not 0 at 1 is not 0 just above 0 *)
Lemma horner_nonzero l : horner l 1 <> 0 -> just_above (fun t => horner l t <> 0).
Proof.
  induction l as [|c r IH]; intros H; [simpl in H; lra|]. destruct (Req_dec c 0) as [->|C].
  - assert (K : horner r 1 <> 0) by (simpl in H; lra). destruct (IH K) as [d [D E]]. exists d. split; [exact D|].
    intros t T. specialize (E t T). simpl. rewrite Rplus_0_l. apply Rmult_integral_contrapositive. split; lra.
  - apply (near_ne (fun t => horner (c :: r) t) (fun _ => 0)); [exists (c :: r); reflexivity|apply poly_const|simpl; lra].
Qed.

(** ** Rational functions, their denominators not 0 at 1 *)
Definition rational (f : R -> R) : Prop :=
  exists n d, polynomial n /\ polynomial d /\ d 1 <> 0 /\ forall t, d t <> 0 -> f t = n t / d t.
Lemma rat_poly f : polynomial f -> rational f.
Proof. intros F. exists f, (fun _ => 1). repeat split; auto using poly_const; intros; field. Qed.
Lemma rat_const c : rational (fun _ => c).
Proof. apply rat_poly, poly_const. Qed.
Lemma rat_line q x : rational (fun t => line q x t).
Proof. apply rat_poly, poly_line. Qed.
Ltac open_rational := intros [n [d [N [D [Z E]]]]] [m [e [M [F [Y G]]]]].
Lemma product_nonzero a b : a * b <> 0 -> a <> 0 /\ b <> 0.
Proof. intros H. split; intros ->; apply H; ring. Qed.
Lemma rat_add f g : rational f -> rational g -> rational (fun t => f t + g t).
Proof.
  open_rational. exists (fun t => n t * e t + m t * d t), (fun t => d t * e t). split; [|split; [apply poly_mul; auto|split]].
  - apply (poly_add (fun t => n t * e t) (fun t => m t * d t)); apply poly_mul; auto.
  - apply Rmult_integral_contrapositive; auto.
  - intros t H. apply product_nonzero in H. destruct H. rewrite E, G by assumption. field. auto.
Qed.
Lemma rat_mul f g : rational f -> rational g -> rational (fun t => f t * g t).
Proof.
  open_rational. exists (fun t => n t * m t), (fun t => d t * e t). split; [apply poly_mul; auto|split; [apply poly_mul; auto|split]].
  - apply Rmult_integral_contrapositive; auto.
  - intros t H. apply product_nonzero in H. destruct H. rewrite E, G by assumption. field. auto.
Qed.
Lemma rat_opp f : rational f -> rational (fun t => - f t).
Proof.
  intros [n [d [N [D [Z E]]]]]. exists (fun t => - n t), d. repeat split; auto using poly_opp. intros t H. rewrite E by exact H. field. exact H.
Qed.
Lemma rat_sub f g : rational f -> rational g -> rational (fun t => f t - g t).
Proof. intros F G. apply (rat_add f (fun t => - g t) F (rat_opp _ G)). Qed.
Lemma rat_inv f : rational f -> f 1 <> 0 -> rational (fun t => / f t).
Proof.
  intros [n [d [N [D [Z E]]]]] H. rewrite E in H by exact Z. assert (K : n 1 <> 0) by (intros C; apply H; rewrite C; unfold Rdiv; ring).
  exists (fun t => d t * d t), (fun t => n t * d t). split; [apply poly_mul; auto|split; [apply poly_mul; auto|split]].
  - apply Rmult_integral_contrapositive; auto.
  - intros t T. apply product_nonzero in T. destruct T. rewrite E by assumption. field. auto.
Qed.
Lemma rat_div f g : rational f -> rational g -> g 1 <> 0 -> rational (fun t => f t / g t).
Proof. intros F G H. apply (rat_mul f (fun t => / g t) F (rat_inv _ G H)). Qed.
Lemma rat_ext f g : (forall t, f t = g t) -> rational f -> rational g.
Proof. intros E [n [d [N [D [Z H]]]]]. exists n, d. repeat split; auto. intros. rewrite <- E. auto. Qed.
Lemma rat_pow f n : rational f -> rational (fun t => f t ^ n).
Proof. intros F. induction n as [|n IH]; [exact (rat_const 1)|]. apply (rat_mul f (fun t => f t ^ n) F IH). Qed.
Lemma rat_pw f e : rational f -> isnat e -> rational (fun t => pw (f t) e).
Proof. intros F [n ->]. apply (rat_ext (fun t => f t ^ n)); [intros; symmetry; apply pw_nat|]. apply rat_pow, F. Qed.
Lemma rat_pw_int f e : rational f -> isint e -> f 1 <> 0 -> rational (fun t => pw (f t) e).
Proof.
  intros F [z ->] H. apply (rat_ext (fun t => powerRZ (f t) z)); [intros; symmetry; apply pw_Z|]. destruct z as [|p|p]; simpl.
  - exact (rat_const 1).
  - apply rat_pow, F.
  - apply rat_inv; [apply rat_pow, F|]. apply pow_nonzero, H.
Qed.
Lemma rat_DD n l : Forall rational l -> rational (fun t => DD.dd n (map (fun f => f t) l)).
Proof.
  intros F. revert n. induction F as [|f l A F IH]; intros n; [destruct n; exact (rat_const 0)|].
  induction n as [|n IN].
  - destruct l; [exact (rat_const 1)|exact (rat_const 0)].
  - apply (rat_add (fun t => f t * DD.dd n (map (fun g => g t) (f :: l))) (fun t => DD.dd n (map (fun g => g t) l)));
      [apply (rat_mul f (fun t => DD.dd n (map (fun g => g t) (f :: l))))|]; auto.
Qed.
Lemma rat_dd e l : Forall rational l -> rational (fun t => dd e (map (fun f => f t) l)).
Proof. intros F. unfold dd. apply rat_DD, F. Qed.
Lemma rat_sm n (f : R -> nat -> R) : (forall i, (i < n)%nat -> rational (fun t => f t i)) -> rational (fun t => sm n (f t)).
Proof. intros H. induction n as [|n IH]; [exact (rat_const 0)|]. apply (rat_add (fun t => sm n (f t)) (fun t => f t n)); auto. Qed.
Lemma rat_pm n (f : R -> nat -> R) : (forall i, (i < n)%nat -> rational (fun t => f t i)) -> rational (fun t => pm n (f t)).
Proof. intros H. induction n as [|n IH]; [exact (rat_const 1)|]. apply (rat_mul (fun t => pm n (f t)) (fun t => f t n)); auto. Qed.
Lemma rat_rsum lo hi (f : R -> R -> R) : isint lo -> isint hi ->
  (forall i, isint i -> lo <= i -> i <= hi -> rational (fun t => f t i)) -> rational (fun t => rsum lo hi (f t)).
Proof. intros A B H. apply (rat_sm (count lo hi) (fun t k => f t (lo + INR k))). intros k K.
  destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.
Lemma rat_rprod lo hi (f : R -> R -> R) : isint lo -> isint hi ->
  (forall i, isint i -> lo <= i -> i <= hi -> rational (fun t => f t i)) -> rational (fun t => rprod lo hi (f t)).
Proof. intros A B H. apply (rat_pm (count lo hi) (fun t k => f t (lo + INR k))). intros k K.
  destruct (count_below lo hi k A B K) as [? [? ?]]. apply H; auto. Qed.

(** A rational function that is not 0 at 1 is not 0 just above 0, and so with its denominators *)
Lemma near_nonzero f : rational f -> f 1 <> 0 -> just_above (fun t => f t <> 0).
Proof.
  intros [n [d [[a A] [[b B] [Z E]]]]] H. rewrite E in H by exact Z.
  assert (K : n 1 <> 0) by (intros C; apply H; rewrite C; unfold Rdiv; ring).
  apply (near_mono (fun t => horner a t <> 0 /\ horner b t <> 0)).
  - intros t [P Q]. rewrite <- A in P. rewrite <- B in Q. rewrite E by exact Q. unfold Rdiv. apply Rmult_integral_contrapositive.
    split; [exact P|apply Rinv_neq_0_compat, Q].
  - apply near_and; apply horner_nonzero; [rewrite <- A|rewrite <- B]; assumption.
Qed.
Lemma generic f g : rational f -> rational g -> just_above (fun t => f t = g t) -> f 1 = g 1.
Proof.
  open_rational. intros H.
  assert (P : polynomial (fun t => (n t * e t - m t * d t) * (d t * e t))).
  { apply (poly_mul (fun t => n t * e t - m t * d t) (fun t => d t * e t));
      [apply (poly_sub (fun t => n t * e t) (fun t => m t * d t))|]; apply poly_mul; auto. }
  assert (W : just_above (fun t => (n t * e t - m t * d t) * (d t * e t) = 0)).
  { apply (near_mono (fun t => f t = g t)); [|exact H]. intros t T.
    destruct (Req_dec (d t) 0) as [C|C]; [rewrite C; ring|]. destruct (Req_dec (e t) 0) as [C'|C']; [rewrite C'; ring|].
    rewrite E, G in T by assumption.
    assert (Q : n t * e t = m t * d t) by (transitivity (n t / d t * (d t * e t)); [field; auto|rewrite T; field; auto]).
    replace (n t * e t - m t * d t) with 0 by lra. ring. }
  pose proof (poly_zero _ P W 1) as K. simpl in K. rewrite E, G by assumption. destruct (Rmult_integral _ _ K) as [C|C].
  - apply (Rmult_eq_reg_r (d 1 * e 1)); [|apply Rmult_integral_contrapositive; auto].
    transitivity (n 1 * e 1); [field; auto|]. transitivity (m 1 * d 1); [lra|field; auto].
  - destruct (Rmult_integral _ _ C); contradiction.
Qed.

(** Values of polynomials at 0, where the line is at its numbers *)
Ltac at_zero := cbv beta; rewrite ?line_0; repeat match goal with
  | |- context [pw ?x (IZR (Zpos ?p))] => rewrite (pw_pos_lit x p); let n := eval compute in (Pos.to_nat p) in change (Pos.to_nat p) with n
  | |- context [pw ?x 0] => rewrite (pw_0 x)
  end; simpl; lra.
