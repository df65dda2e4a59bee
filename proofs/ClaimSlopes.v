(** Derivatives of expressions, and what their signs say about differences. *)
From Coq Require Import Reals Lra Lia ZArith.
From Normbound Require Import MeanValue Claims ClaimOrder ClaimLimits ClaimRates.
Open Scope R_scope.

(** ** Derivatives by the form of an expression; the last argument states the value as it is written *)
Lemma D_same f x d d' : derivable_pt_lim f x d -> d = d' -> derivable_pt_lim f x d'.
Proof. intros H <-. exact H. Qed.
Lemma D_const c x : derivable_pt_lim (fun _ => c) x 0.
Proof. apply derivable_pt_lim_const. Qed.
Lemma D_id x : derivable_pt_lim (fun y => y) x 1.
Proof. apply derivable_pt_lim_id. Qed.
Lemma D_add f g x a b : derivable_pt_lim f x a -> derivable_pt_lim g x b -> derivable_pt_lim (fun y => f y + g y) x (a + b).
Proof. apply derivable_pt_lim_plus. Qed.
Lemma D_sub f g x a b : derivable_pt_lim f x a -> derivable_pt_lim g x b -> derivable_pt_lim (fun y => f y - g y) x (a - b).
Proof. apply derivable_pt_lim_minus. Qed.
Lemma D_opp f x a : derivable_pt_lim f x a -> derivable_pt_lim (fun y => - f y) x (- a).
Proof. apply derivable_pt_lim_opp. Qed.
Lemma D_mul f g x a b : derivable_pt_lim f x a -> derivable_pt_lim g x b -> derivable_pt_lim (fun y => f y * g y) x (a * g x + f x * b).
Proof. apply derivable_pt_lim_mult. Qed.
Lemma pw_two x : pw x 2 = x * x.
Proof. rewrite pw_pos_lit. simpl. ring. Qed.
Lemma D_div f g x a b : g x <> 0 -> derivable_pt_lim f x a -> derivable_pt_lim g x b ->
  derivable_pt_lim (fun y => f y / g y) x (a / g x - f x * b / pw (g x) 2).
Proof.
  intros N A B. apply (D_same _ _ ((a * g x - b * f x) / Rsqr (g x))); [apply derivable_pt_lim_div; auto|].
  rewrite pw_two. unfold Rsqr. field. exact N.
Qed.
Lemma D_comp f g x a b : derivable_pt_lim f x a -> derivable_pt_lim g (f x) b -> derivable_pt_lim (fun y => g (f y)) x (b * a).
Proof. intros A B. apply (derivable_pt_lim_comp f g x a b A B). Qed.
Lemma D_exp f x a : derivable_pt_lim f x a -> derivable_pt_lim (fun y => exp (f y)) x (exp (f x) * a).
Proof. intros A. apply (D_comp f exp); [exact A|apply derivable_pt_lim_exp]. Qed.
Lemma D_sqrt f x a : 0 < f x -> derivable_pt_lim f x a -> derivable_pt_lim (fun y => sqrt (f y)) x (a / (2 * sqrt (f x))).
Proof.
  intros P A. apply (D_same _ _ (/ (2 * sqrt (f x)) * a)); [apply (D_comp f sqrt); [exact A|apply derivable_pt_lim_sqrt, P]|].
  unfold Rdiv. ring.
Qed.
Lemma D_log_at x : 0 < x -> derivable_pt_lim log x (/ x).
Proof.
  intros P eps E. set (d := Rmin (x / 2) (eps * (x * x) / 2)). assert (D : 0 < d) by (apply Rmin_pos; [lra|assert (0 < x * x) by nra; nra]).
  assert (D1 : d <= x / 2) by apply Rmin_l. assert (D2 : d <= eps * (x * x) / 2) by apply Rmin_r. exists (mkposreal d D).
  intros h N H. simpl in H. apply Rabs_def2 in H. assert (Q : 0 < x + h) by lra.
  pose proof (log_line ((x + h) / x) ltac:(apply Rdiv_lt_0_compat; lra)) as A. pose proof (log_line (x / (x + h)) ltac:(apply Rdiv_lt_0_compat; lra)) as B.
  rewrite log_div in A, B by lra. set (z := log (x + h) - log x) in *.
  assert (A' : z <= h * / x). { replace (h * / x) with ((x + h) / x - 1) by (field; lra). exact A. }
  assert (B' : h * / (x + h) <= z). { replace (h * / (x + h)) with (- (x / (x + h) - 1)) by (field; lra). unfold z. lra. }
  assert (I : / (x + h) = / x - h * (/ x * / (x + h))) by (field; lra).
  assert (C : / x * / (x + h) <= 2 / (x * x)).
  { rewrite <- Rinv_mult. replace (2 / (x * x)) with (/ (x * (x / 2))) by (field; lra). apply Rinv_le_contravar; nra. }
  assert (C0 : 0 < / x * / (x + h)) by (apply Rmult_lt_0_compat; apply Rinv_0_lt_compat; lra).
  set (c := / x * / (x + h)) in *. assert (S : Rabs h * c < eps).
  { assert (Rabs h < d) by (apply Rabs_def1; lra). pose proof (Rabs_pos h). assert (2 / (x * x) * (eps * (x * x) / 2) = eps) by (field; lra).
    assert (0 < 2 / (x * x)) by (apply Rdiv_lt_0_compat; nra). nra. }
  assert (Z : z / h - / x = (z - h * / x) / h) by (field; split; lra). rewrite Z. apply Rle_lt_trans with (Rabs h * c); [|exact S].
  unfold Rdiv. rewrite Rabs_mult, Rabs_inv. assert (K : Rabs (z - h * / x) <= h * h * c) by (apply Rabs_le; rewrite I in B'; split; nra).
  pose proof (Rabs_pos_lt h N) as HP. apply (Rmult_le_reg_r (Rabs h)); [exact HP|]. rewrite Rmult_assoc, Rinv_l by lra.
  replace (Rabs h * c * Rabs h) with (Rabs h * Rabs h * c) by ring. rewrite <- Rabs_mult, (Rabs_pos_eq (h * h)) by nra. lra.
Qed.
Lemma D_log f x a : 0 < f x -> derivable_pt_lim f x a -> derivable_pt_lim (fun y => log (f y)) x (a / f x).
Proof.
  intros P A. apply (D_same _ _ (/ f x * a)); [apply (D_comp f log); [exact A|apply D_log_at, P]|]. unfold Rdiv. ring.
Qed.
Lemma D_ext f g x d r : 0 < r -> (forall y, Rabs (y - x) < r -> f y = g y) -> derivable_pt_lim g x d -> derivable_pt_lim f x d.
Proof.
  intros R0 E H eps P. destruct (H eps P) as [[e e0] K]. set (m := Rmin e r). assert (M : 0 < m) by (apply Rmin_pos; auto).
  exists (mkposreal m M). intros h N L. simpl in L, K. assert (m <= e) by apply Rmin_l. assert (m <= r) by apply Rmin_r.
  rewrite !E; [apply K; [exact N|lra]| |]; [rewrite Rminus_eq_0, Rabs_R0; exact R0|].
  replace (x + h - x) with h by ring. lra.
Qed.
(** Powers of positive bases, the exponent varying too *)
Lemma D_positive f x a : 0 < f x -> derivable_pt_lim f x a -> exists r, 0 < r /\ forall y, Rabs (y - x) < r -> 0 < f y.
Proof.
  intros P A. assert (C : continuity_pt f x) by (apply derivable_continuous_pt; exists a; exact A).
  destruct (C (f x) P) as [r [R0 K]]. exists r. split; [exact R0|]. intros y Y. destruct (Req_EM_T y x) as [->|N]; [exact P|].
  specialize (K y (conj (conj I (not_eq_sym N)) Y)). simpl in K. unfold R_dist in K. apply Rabs_def2 in K. lra.
Qed.
Lemma D_pw_both f g x a b : 0 < f x -> derivable_pt_lim f x a -> derivable_pt_lim g x b ->
  derivable_pt_lim (fun y => pw (f y) (g y)) x (pw (f x) (g x) * (b * log (f x) + g x * a / f x)).
Proof.
  intros P A B. destruct (D_positive f x a P A) as [r [R0 K]]. apply (D_ext _ (fun y => exp (g y * log (f y))) x _ r R0).
  - intros y Y. apply pw_exp, K, Y.
  - rewrite (pw_exp (f x)) by exact P. eapply D_same; [apply (D_exp (fun y => g y * log (f y))); apply D_mul; [exact B|apply D_log; [exact P|exact A]]|].
    simpl. unfold Rdiv. ring.
Qed.
Lemma D_pw f x a q : 0 < f x -> derivable_pt_lim f x a -> derivable_pt_lim (fun y => pw (f y) q) x (q * pw (f x) (q - 1) * a).
Proof.
  intros P A. eapply D_same; [apply (D_pw_both f (fun _ => q) x a 0 P A), D_const|]. simpl. rewrite pw_sub, pw_1 by exact P. field. lra.
Qed.
Lemma D_pow f x a n : derivable_pt_lim f x a -> derivable_pt_lim (fun y => f y ^ S n) x (INR (S n) * f x ^ n * a).
Proof.
  intros A. induction n as [|n IH].
  - simpl. apply (D_same _ _ (a * 1 + f x * 0)); [apply (D_mul f (fun _ => 1)); [exact A|apply D_const]|ring].
  - apply (D_same _ _ (a * f x ^ S n + f x * (INR (S n) * f x ^ n * a))); [apply (D_mul f (fun y => f y ^ S n)); auto|].
    rewrite (S_INR (S n)). simpl. ring.
Qed.
Lemma D_pw_nat f x a q : isnat (q - 1) -> derivable_pt_lim f x a -> derivable_pt_lim (fun y => pw (f y) q) x (q * pw (f x) (q - 1) * a).
Proof.
  intros [n N] A. assert (E : q = INR (S n)) by (rewrite S_INR; lra). rewrite N, E, pw_nat.
  apply (D_ext _ (fun y => f y ^ S n) x _ 1 Rlt_0_1); [intros; apply pw_nat|apply D_pow, A].
Qed.
(** Negative integer exponents: x^q = 1/x^-q *)
Lemma D_pw_neg f x a q : isnat (- q - 1) -> f x <> 0 -> derivable_pt_lim f x a ->
  derivable_pt_lim (fun y => pw (f y) q) x (q * pw (f x) (q - 1) * a).
Proof.
  intros [n N] Z A. assert (E : q = IZR (- Z.of_nat (S n))). { rewrite opp_IZR, <- INR_IZR_INZ, S_INR. lra. }
  assert (E1 : q - 1 = IZR (- Z.of_nat (S (S n)))). { rewrite opp_IZR, <- INR_IZR_INZ, !S_INR. lra. }
  assert (W : forall y m, pw y (IZR (- Z.of_nat m)) = / y ^ m). { intros y m. rewrite pw_Z, powerRZ_neg'. now rewrite <- pow_powerRZ. }
  rewrite E1, W, E. apply (D_ext _ (fun y => 1 / f y ^ S n) x _ 1 Rlt_0_1); [intros; rewrite W; unfold Rdiv; ring|].
  pose proof (pow_nonzero _ n Z) as Y. eapply D_same.
  - apply (D_div (fun _ => 1) (fun y => f y ^ S n)); [apply pow_nonzero, Z|apply D_const|apply D_pow, A].
  - rewrite pw_two, opp_IZR, <- INR_IZR_INZ. simpl pow. field. auto.
Qed.
Lemma root_positive u : 0 <= u -> 2 * sqrt u <> 0 -> 0 < u.
Proof. intros [H|<-] N; [exact H|]. rewrite sqrt_0 in N. lra. Qed.

(** ** Continuity, where the derivative may not exist *)
Lemma C_const c x : continuity_pt (fun _ => c) x.
Proof. apply derivable_continuous_pt. exists 0. apply D_const. Qed.
Lemma C_of f x d : derivable_pt_lim f x d -> continuity_pt f x.
Proof. intros H. apply derivable_continuous_pt. exists d. exact H. Qed.
Lemma C_add f g x : continuity_pt f x -> continuity_pt g x -> continuity_pt (fun y => f y + g y) x.
Proof. apply continuity_pt_plus. Qed.
Lemma C_sub f g x : continuity_pt f x -> continuity_pt g x -> continuity_pt (fun y => f y - g y) x.
Proof. apply continuity_pt_minus. Qed.
Lemma C_opp f x : continuity_pt f x -> continuity_pt (fun y => - f y) x.
Proof. apply continuity_pt_opp. Qed.
Lemma C_mul f g x : continuity_pt f x -> continuity_pt g x -> continuity_pt (fun y => f y * g y) x.
Proof. apply continuity_pt_mult. Qed.
Lemma C_div f g x : g x <> 0 -> continuity_pt f x -> continuity_pt g x -> continuity_pt (fun y => f y / g y) x.
Proof. intros N A B. apply (continuity_pt_div f g x A B N). Qed.
Lemma C_comp f g x : continuity_pt f x -> continuity_pt g (f x) -> continuity_pt (fun y => g (f y)) x.
Proof. intros A B. apply (continuity_pt_comp f g x A B). Qed.
Lemma C_exp f x : continuity_pt f x -> continuity_pt (fun y => exp (f y)) x.
Proof. intros A. apply (C_comp f exp); [exact A|apply derivable_continuous_pt, derivable_pt_exp]. Qed.
Lemma C_sqrt f x : 0 <= f x -> continuity_pt f x -> continuity_pt (fun y => sqrt (f y)) x.
Proof. intros P A. apply (C_comp f sqrt); [exact A|apply continuity_pt_sqrt, P]. Qed.
Lemma C_log f x : 0 < f x -> continuity_pt f x -> continuity_pt (fun y => log (f y)) x.
Proof. intros P A. apply (C_comp f log); [exact A|apply continuity_log, P]. Qed.
Lemma C_pw f x q : 0 < f x -> continuity_pt f x -> continuity_pt (fun y => pw (f y) q) x.
Proof.
  intros P A. apply (C_comp f (fun z => pw z q)); [exact A|]. apply (C_of _ _ (q * pw (f x) (q - 1) * 1)).
  apply (D_pw (fun z => z)); [exact P|apply D_id].
Qed.
Lemma C_pw_both f g x : 0 < f x -> continuity_pt f x -> continuity_pt g x -> continuity_pt (fun y => pw (f y) (g y)) x.
Proof.
  intros P A B. assert (C : continuity_pt (fun y => exp (g y * log (f y))) x) by (apply C_exp, C_mul; [exact B|apply C_log; auto]).
  intros eps E. destruct (C eps E) as [d [D K]]. destruct (A (f x) P) as [r [R0 L]]. exists (Rmin d r). split; [apply Rmin_pos; auto|].
  intros y [Y Z]. simpl in *. assert (0 < f y).
  { specialize (L y (conj Y (Rlt_le_trans _ _ _ Z (Rmin_r _ _)))). unfold R_dist in L. apply Rabs_def2 in L. lra. }
  rewrite !pw_exp by auto. apply K. split; [exact Y|apply (Rlt_le_trans _ _ _ Z (Rmin_l _ _))].
Qed.
Lemma C_pw_nat f x q : isnat q -> continuity_pt f x -> continuity_pt (fun y => pw (f y) q) x.
Proof.
  intros [n ->] A. assert (P : continuity_pt (fun y => f y ^ n) x).
  { induction n as [|n IH]; simpl; [apply C_const|apply (C_mul f (fun y => f y ^ n)); auto]. }
  intros eps E. destruct (P eps E) as [d [D K]]. exists d. split; [exact D|]. intros y Y. rewrite !pw_nat. apply K, Y.
Qed.

(** ** Signs of derivatives *)
Definition inner (f f' : R -> R) (p x : R) : Prop := forall y, p < y -> y < x -> derivable_pt_lim f y (f' y).
Definition whole (f : R -> R) (p x : R) : Prop := forall y, p <= y -> y <= x -> continuity_pt f y.

Lemma rises f f' p x : p <= x -> inner f f' p x -> whole f p x -> (forall y, p < y -> y < x -> 0 <= f' y) -> f p <= f x.
Proof.
  intros [L|<-] D C S; [|lra]. apply Rnot_lt_le. intros N. set (e := (f p - f x) / 2). assert (E : 0 < e) by (unfold e; lra).
  destruct (C p ltac:(lra) ltac:(lra) e E) as [a [A KA]]. destruct (C x ltac:(lra) ltac:(lra) e E) as [b [B KB]].
  set (m := Rmin (Rmin a b / 2) ((x - p) / 3)). assert (M0 : 0 < Rmin a b) by (apply Rmin_pos; auto).
  assert (M : 0 < m) by (apply Rmin_pos; lra). assert (M1 : m <= Rmin a b / 2) by apply Rmin_l. assert (M2 : m <= (x - p) / 3) by apply Rmin_r.
  pose proof (Rmin_l a b). pose proof (Rmin_r a b).
  assert (P1 : f (p + m) > f p - e).
  { assert (Q : R_dist (f (p + m)) (f p) < e). { apply KA. split; [split; [exact I|lra]|]. simpl. unfold R_dist.
    replace (p + m - p) with m by ring. rewrite Rabs_pos_eq; lra. } unfold R_dist in Q. apply Rabs_def2 in Q. lra. }
  assert (P2 : f (x - m) < f x + e).
  { assert (Q : R_dist (f (x - m)) (f x) < e). { apply KB. split; [split; [exact I|lra]|]. simpl. unfold R_dist.
    replace (x - m - x) with (- m) by ring. rewrite Rabs_Ropp, Rabs_pos_eq; lra. } unfold R_dist in Q. apply Rabs_def2 in Q. lra. }
  assert (f (p + m) <= f (x - m)); [|unfold e in *; lra].
  apply (mean_value_increasing f f'); [lra| |]; intros c K; [apply D|apply S]; lra.
Qed.
Lemma part_inner f f' p x a b : inner f f' p x -> p <= a -> b <= x -> inner f f' a b.
Proof. intros H A B y Y Z. apply H; lra. Qed.
Lemma part_whole f p x a b : whole f p x -> p <= a -> b <= x -> whole f a b.
Proof. intros H A B y Y Z. apply H; lra. Qed.
Lemma rises_strictly f f' p x : p < x -> inner f f' p x -> whole f p x -> (forall y, p < y -> y < x -> 0 < f' y) -> f p < f x.
Proof.
  intros L D C S. set (m := (p + x) / 2). assert (M : p < m < x) by (unfold m; lra). pose proof (S m ltac:(lra) ltac:(lra)) as P.
  destruct (D m ltac:(lra) ltac:(lra) (f' m) P) as [[d d0] K]. simpl in K. set (h := Rmin (d / 2) ((x - m) / 2)).
  assert (H : 0 < h) by (apply Rmin_pos; lra). assert (H1 : h <= d / 2) by apply Rmin_l. assert (H2 : h <= (x - m) / 2) by apply Rmin_r.
  assert (U : f m < f (m + h)).
  { specialize (K h ltac:(lra) ltac:(rewrite Rabs_pos_eq; lra)). apply Rabs_def2 in K. assert (0 < (f (m + h) - f m) / h) by lra.
    assert ((f (m + h) - f m) / h * h = f (m + h) - f m) by (field; lra). nra. }
  assert (f p <= f m). { apply (rises f f'); [lra|apply (part_inner _ _ p x); auto; lra|apply (part_whole _ p x); auto; lra|].
    intros; apply Rlt_le, S; lra. }
  assert (f (m + h) <= f x). { apply (rises f f'); [lra|apply (part_inner _ _ p x); auto; lra|apply (part_whole _ p x); auto; lra|].
    intros; apply Rlt_le, S; lra. }
  lra.
Qed.
Lemma inner_opp f f' p x : inner f f' p x -> inner (fun y => - f y) (fun y => - f' y) p x.
Proof. intros H y A B. apply D_opp, H; auto. Qed.
Lemma whole_opp f p x : whole f p x -> whole (fun y => - f y) p x.
Proof. intros H y A B. apply C_opp, H; auto. Qed.
Lemma falls_off f f' p x : p <= x -> inner f f' p x -> whole f p x -> (forall y, p < y -> y < x -> f' y <= 0) -> f x <= f p.
Proof.
  intros L D C S. pose proof (rises _ _ p x L (inner_opp _ _ _ _ D) (whole_opp _ _ _ C)) as H. simpl in H.
  assert (- f p <= - f x); [|lra]. apply H. intros y A B. specialize (S y A B). lra.
Qed.
Lemma falls_strictly f f' p x : p < x -> inner f f' p x -> whole f p x -> (forall y, p < y -> y < x -> f' y < 0) -> f x < f p.
Proof.
  intros L D C S. pose proof (rises_strictly _ _ p x L (inner_opp _ _ _ _ D) (whole_opp _ _ _ C)) as H. simpl in H.
  assert (- f p < - f x); [|lra]. apply H. intros y A B. specialize (S y A B). lra.
Qed.
(** Roots and other powers q > 0 at 0 *)
Lemma pw_abs_le z q : Rabs (pw z q) <= pw (Rabs z) q.
Proof.
  destruct (Req_EM_T q (IZR (Int_part q))) as [E|E]; [rewrite (pw_abs z q); [lra|right; rewrite E; apply isint_Z]|].
  destruct (Rlt_dec 0 z) as [h|h]; [rewrite !Rabs_pos_eq; [lra|lra|apply pw_ge0; lra]|].
  assert (Z : pw z q = 0) by (unfold pw; destruct (Req_EM_T q (IZR (Int_part q))); [contradiction|]; destruct (Rlt_dec 0 z); [contradiction|reflexivity]).
  rewrite Z, Rabs_R0. apply pw_ge0, Rabs_pos.
Qed.
Lemma C_pw_root f x q : 0 < q -> 0 <= f x -> continuity_pt f x -> continuity_pt (fun y => pw (f y) q) x.
Proof.
  intros Q [P|Z] A; [apply C_pw; auto|]. apply (C_comp f (fun z => pw z q)); [exact A|]. rewrite <- Z. intros eps E.
  exists (pw eps (/ q)). split; [apply pw_pos, E|]. intros y [_ Y]. simpl in *. unfold R_dist in *. rewrite pw_base_0, Rminus_0_r in * by lra.
  apply Rle_lt_trans with (1 := pw_abs_le y q). replace eps with (pw (pw eps (/ q)) q) by (rewrite pw_pw, Rinv_l, pw_1; lra).
  apply pw_base_lt; [apply Rabs_pos|exact Y|exact Q].
Qed.
Lemma C_pw_neg f x q : isnat (- q - 1) -> f x <> 0 -> continuity_pt f x -> continuity_pt (fun y => pw (f y) q) x.
Proof.
  intros N Z A. apply (C_comp f (fun z => pw z q)); [exact A|]. apply (C_of _ _ (q * pw (f x) (q - 1) * 1)).
  apply (D_pw_neg (fun z => z)); [exact N|exact Z|apply D_id].
Qed.
