(** SiLU with its exact constant 1/2 + x*/4, where x* tanh(x*/2) = 2; and the
    Gaussian-gated unit x Phi(x), with its exact constant at sqrt 2. *)
From Coq Require Import Reals Lra Lia Psatz PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts.
Open Scope R_scope.

(** ** Tools *)
Lemma sigmoid_incr a b : a <= b -> sigmoid a <= sigmoid b.
Proof.
  intros H. unfold sigmoid. pose proof (exp_pos (- a)). pose proof (exp_pos (- b)).
  apply Rinv_le_contravar; [lra|]. apply Rplus_le_compat_l.
  apply exp_mono. lra.
Qed.
Lemma sigmoid_0 : sigmoid 0 = 1 / 2.
Proof. unfold sigmoid. rewrite Ropp_0, exp_0. lra. Qed.
Lemma sigmoid_neg a : sigmoid (- a) = 1 - sigmoid a.
Proof.
  unfold sigmoid. rewrite Ropp_involutive. pose proof (exp_pos a). pose proof (exp_pos (- a)).
  assert (E : exp a * exp (- a) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  apply (Rmult_eq_reg_r ((1 + exp a) * (1 + exp (- a)))).
  2:{ apply Rgt_not_eq, Rmult_lt_0_compat; lra. }
  replace (/ (1 + exp a) * ((1 + exp a) * (1 + exp (- a)))) with (1 + exp (- a)) by (field; lra).
  replace ((1 - / (1 + exp (- a))) * ((1 + exp a) * (1 + exp (- a)))) with ((1 + exp a) * exp (- a)) by (field; lra).
  lra.
Qed.

(** A function with a single peak: increasing derivative sign before p, decreasing after. *)
Lemma peak (f f' : R -> R) (lo p : R) : (forall c, derivable_pt_lim f c (f' c)) ->
  (forall c, lo <= c <= p -> 0 <= f' c) -> (forall c, p <= c -> f' c <= 0) ->
  forall x, lo <= x -> f x <= f p.
Proof.
  intros Hd H1 H2 x Hx. destruct (Rle_lt_dec x p) as [h|h].
  - apply (mean_value_increasing f f'); auto. intros c Hc. apply H1; lra.
  - pose proof (mean_value_ineq f f' 0 p x ltac:(lra) (fun c _ => Hd c) (fun c Hc => H2 c (proj1 Hc))). lra.
Qed.

(** The derivative at a point is a lower bound of every Lipschitz constant. *)
Lemma slope_needed (f : R -> R) c l r : derivable_pt_lim f c l -> r < Rabs l ->
  exists a b, a <> b /\ r * Rabs (a - b) < Rabs (f a - f b).
Proof.
  intros Hd Hr. destruct (Hd (Rabs l - r) ltac:(lra)) as [dl H].
  pose proof (cond_pos dl) as P. set (h := dl / 2). assert (Hh : 0 < h) by (unfold h; lra).
  specialize (H h ltac:(lra) ltac:(rewrite Rabs_pos_eq; unfold h; lra)).
  exists (c + h), c. split; [lra|]. replace (c + h - c) with h by ring. rewrite (Rabs_pos_eq h) by lra.
  set (D := f (c + h) - f c) in *.
  assert (T : Rabs l <= Rabs (D / h) + Rabs (D / h - l)).
  { replace l with (D / h - (D / h - l)) at 1 by ring. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp. lra. }
  assert (E : Rabs D = Rabs (D / h) * h).
  { unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ h)) by (apply Rlt_le, Rinv_0_lt_compat; lra). field. lra. }
  rewrite E. apply Rmult_lt_compat_r; lra.
Qed.

(** ** SiLU *)
Definition silu (a : R) : R := a * sigmoid a.
Definition silu' (a : R) : R := sigmoid a * (1 + a * (1 - sigmoid a)).
Definition silu'' (a : R) : R := sigmoid a * (1 - sigmoid a) * (2 - a * (2 * sigmoid a - 1)).

Lemma silu_deriv c : derivable_pt_lim silu c (silu' c).
Proof.
  unfold silu'. replace (sigmoid c * (1 + c * (1 - sigmoid c)))
    with (1 * sigmoid c + c * (sigmoid c * (1 - sigmoid c))) by ring.
  apply (derivable_pt_lim_mult id sigmoid); [apply derivable_pt_lim_id|apply sigmoid_deriv].
Qed.
Lemma silu_deriv2 c : derivable_pt_lim silu' c (silu'' c).
Proof.
  set (s := sigmoid c). set (d := s * (1 - s)).
  assert (D1 : derivable_pt_lim (fun a => 1 - sigmoid a) c (- d)).
  { replace (- d) with (0 - d) by ring. apply (derivable_pt_lim_minus (fct_cte 1) sigmoid);
    [apply derivable_pt_lim_const|apply sigmoid_deriv]. }
  assert (D2 : derivable_pt_lim (fun a => a * (1 - sigmoid a)) c (1 * (1 - s) + c * - d))
    by (apply (derivable_pt_lim_mult id (fun a => 1 - sigmoid a)); [apply derivable_pt_lim_id|exact D1]).
  assert (D3 : derivable_pt_lim (fun a => 1 + a * (1 - sigmoid a)) c (0 + (1 * (1 - s) + c * - d)))
    by (apply (derivable_pt_lim_plus (fct_cte 1) (fun a => a * (1 - sigmoid a))); [apply derivable_pt_lim_const|exact D2]).
  replace (silu'' c) with (d * (1 + c * (1 - s)) + s * (0 + (1 * (1 - s) + c * - d)))
    by (unfold silu'', d, s; ring).
  apply (derivable_pt_lim_mult sigmoid (fun a => 1 + a * (1 - sigmoid a))); [apply sigmoid_deriv|exact D3].
Qed.

Lemma gate_mono a b : 0 <= a <= b -> a * (2 * sigmoid a - 1) <= b * (2 * sigmoid b - 1).
Proof.
  intros H. pose proof (sigmoid_incr 0 a ltac:(lra)) as H1. pose proof (sigmoid_incr a b ltac:(lra)) as H2.
  rewrite sigmoid_0 in H1. apply Rmult_le_compat; lra.
Qed.

(** The equation x tanh(x/2) = 2 has a positive solution (tanh(x/2) = 2 sigmoid x - 1). *)
Theorem silu_peak_exists : exists xs, 0 < xs /\ xs * (2 * sigmoid xs - 1) = 2.
Proof.
  set (f := fun x => x * (2 * sigmoid x - 1) - 2).
  assert (Cs : continuity sigmoid).
  { intros x. apply derivable_continuous_pt. exists (sigmoid x * (1 - sigmoid x)). apply sigmoid_deriv. }
  assert (Cf : continuity f).
  { unfold f. apply (continuity_minus (fun x => x * (2 * sigmoid x - 1)) (fct_cte 2)).
    - apply (continuity_mult id (fun x => 2 * sigmoid x - 1)).
      + apply derivable_continuous, derivable_id.
      + apply (continuity_minus (fun x => 2 * sigmoid x) (fct_cte 1)).
        * apply (continuity_scal sigmoid 2); auto.
        * apply continuity_const. intros a b; reflexivity.
    - apply continuity_const. intros a b; reflexivity. }
  destruct (IVT f 2 4 Cf ltac:(lra)) as [z [Hz Ez]].
  - unfold f. pose proof (sigmoid_range 2). lra.
  - unfold f. assert (3 / 4 < sigmoid 4); [|lra]. unfold sigmoid.
    assert (E : exp (- (4)) < 1 / 3).
    { rewrite exp_Ropp. apply (Rmult_lt_reg_r (exp 4)); [apply exp_pos|]. rewrite Rinv_l by (pose proof (exp_pos 4); lra).
      pose proof (exp_ge_line 4 ltac:(lra)). lra. }
    pose proof (exp_pos (- (4))).
    apply (Rmult_lt_reg_r (1 + exp (- (4)))); [lra|]. rewrite Rinv_l; lra.
  - exists z. split; [lra|]. unfold f in Ez. lra.
Qed.

Section Silu.
Variable xs : R.
Hypothesis xs_pos : 0 < xs.
Hypothesis xs_eq : xs * (2 * sigmoid xs - 1) = 2.

Lemma silu_peak_value : silu' xs = 1 / 2 + xs / 4.
Proof.
  assert (E : sigmoid xs = (1 + 2 / xs) / 2).
  { apply (Rmult_eq_reg_l (2 * xs)); [|lra]. replace (2 * xs * ((1 + 2 / xs) / 2)) with (xs + 2) by (field; lra). lra. }
  unfold silu'. rewrite E. field. lra.
Qed.

Lemma silu_slope_pos x : 0 <= x -> silu' x <= 1 / 2 + xs / 4.
Proof.
  intros Hx. rewrite <- silu_peak_value. apply (peak silu' silu'' 0 xs silu_deriv2); auto.
  - intros c Hc. unfold silu''. pose proof (sigmoid_range c). pose proof (gate_mono c xs ltac:(lra)).
    apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra].
  - intros c Hc. unfold silu''. pose proof (sigmoid_range c). pose proof (gate_mono xs c ltac:(lra)).
    assert (0 <= sigmoid c * (1 - sigmoid c)) by (apply Rmult_le_pos; lra).
    assert (0 <= sigmoid c * (1 - sigmoid c) * (c * (2 * sigmoid c - 1) - 2)) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma silu_slope_sym x : silu' (- x) = 1 - silu' x.
Proof. unfold silu'. rewrite sigmoid_neg. ring. Qed.
Lemma silu_slope_ge0 x : 0 <= x -> 0 <= silu' x.
Proof.
  intros Hx. unfold silu'. pose proof (sigmoid_range x). apply Rmult_le_pos; [lra|].
  assert (0 <= x * (1 - sigmoid x)) by (apply Rmult_le_pos; lra). lra.
Qed.

(** SiLU: constant 1/2 + x*/4, growth ratio 1. *)
Theorem act_silu : act_ok silu (1 / 2 + xs / 4) 0 1.
Proof.
  split; [lra|split].
  - apply (mvt_lip_all silu silu'); [apply silu_deriv|]. intros c. apply Rabs_le.
    destruct (Rle_dec 0 c) as [h|h].
    + pose proof (silu_slope_pos c h). pose proof (silu_slope_ge0 c h). lra.
    + pose proof (silu_slope_pos (- c) ltac:(lra)) as A. pose proof (silu_slope_ge0 (- c) ltac:(lra)) as B.
      rewrite silu_slope_sym in A, B.
      assert (silu' c <= 1 / 2); [|lra]. unfold silu'. pose proof (sigmoid_range c).
      pose proof (sigmoid_incr c 0 ltac:(lra)) as I. rewrite sigmoid_0 in I.
      assert (0 <= - c * (1 - sigmoid c)) by (apply Rmult_le_pos; lra). nra.
  - intros a. unfold silu. rewrite Rabs_mult, Rplus_0_l, Rmult_comm.
    apply Rmult_le_compat_r; [apply Rabs_pos|apply sigmoid_sup].
Qed.
Theorem silu_exact n : (0 < n)%nat -> LipExact n n all (ew silu) (1 / 2 + xs / 4).
Proof.
  intros Hn. apply act_exact; auto; [lra|apply act_silu|]. intros r Hr.
  apply (slope_needed silu xs (silu' xs)); [apply silu_deriv|]. rewrite silu_peak_value, Rabs_pos_eq; lra.
Qed.
End Silu.

(** Exactness of sigmoid and tanh: the slope at 0. *)
Theorem sigmoid_exact n : (0 < n)%nat -> LipExact n n all (ew sigmoid) (1 / 4).
Proof.
  intros Hn. apply act_exact; auto; [lra|apply act_sigmoid|]. intros r Hr.
  apply (slope_needed sigmoid 0 _ _ (sigmoid_deriv 0)). rewrite sigmoid_0, Rabs_pos_eq; lra.
Qed.

(** ** x Phi(x) for a Gaussian distribution function Phi *)
Section Gauss.
(** Phi is a distribution function whose density is Z^-1 exp(-x^2/2). *)
Variables (Phi : R -> R) (Z : R).
Hypothesis Z_pos : 0 < Z.
Definition dens (x : R) : R := / Z * exp (- (x * x / 2)).
Hypothesis Phi_deriv : forall c, derivable_pt_lim Phi c (dens c).
Hypothesis Phi_range : forall x, 0 <= Phi x <= 1.
Hypothesis Phi_sym : forall x, Phi (- x) = 1 - Phi x.

Definition gelu (a : R) : R := a * Phi a.
Definition gelu' (a : R) : R := Phi a + a * dens a.
Definition gelu'' (a : R) : R := (2 - a * a) * dens a.

Lemma dens_pos x : 0 < dens x.
Proof. unfold dens. apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat; auto|apply exp_pos]. Qed.
Lemma dens_deriv c : derivable_pt_lim dens c (- c * dens c).
Proof.
  assert (D0 : derivable_pt_lim (fun x => x * x) c (1 * c + c * 1))
    by (apply (derivable_pt_lim_mult id id); apply derivable_pt_lim_id).
  assert (D1 : derivable_pt_lim (fun x => - (x * x / 2)) c (- c)).
  { apply (derivable_pt_lim_ext (mult_real_fct (- / 2) (fun x => x * x))); [intros z; unfold mult_real_fct; field|].
    replace (- c) with (- / 2 * (1 * c + c * 1)) by field. apply derivable_pt_lim_scal; auto. }
  unfold dens. replace (- c * (/ Z * exp (- (c * c / 2)))) with (/ Z * (exp (- (c * c / 2)) * - c)) by ring.
  apply (derivable_pt_lim_scal (fun x => exp (- (x * x / 2)))).
  apply (derivable_pt_lim_comp (fun x => - (x * x / 2)) exp); [exact D1|apply derivable_pt_lim_exp].
Qed.
Lemma gelu_deriv c : derivable_pt_lim gelu c (gelu' c).
Proof.
  unfold gelu'. replace (Phi c + c * dens c) with (1 * Phi c + c * dens c) by ring.
  apply (derivable_pt_lim_mult id Phi); [apply derivable_pt_lim_id|apply Phi_deriv].
Qed.
Lemma gelu_deriv2 c : derivable_pt_lim gelu' c (gelu'' c).
Proof.
  replace (gelu'' c) with (dens c + (1 * dens c + c * (- c * dens c))) by (unfold gelu''; ring).
  apply (derivable_pt_lim_plus Phi (fun a => a * dens a)); [apply Phi_deriv|].
  apply (derivable_pt_lim_mult id dens); [apply derivable_pt_lim_id|apply dens_deriv].
Qed.
Lemma dens_even x : dens (- x) = dens x.
Proof. unfold dens. replace (- x * - x) with (x * x) by ring. reflexivity. Qed.
Lemma gelu_slope_sym x : gelu' (- x) = 1 - gelu' x.
Proof. unfold gelu'. rewrite Phi_sym, dens_even. ring. Qed.
Lemma gelu_slope_pos x : 0 <= x -> gelu' x <= gelu' (sqrt 2).
Proof.
  assert (S2 : sqrt 2 * sqrt 2 = 2) by (apply sqrt_sqrt; lra). assert (Sp : 0 < sqrt 2) by (apply sqrt_lt_R0; lra).
  intros Hx. apply (peak gelu' gelu'' 0 (sqrt 2) gelu_deriv2); auto.
  - intros c Hc. unfold gelu''. pose proof (dens_pos c). apply Rmult_le_pos; [nra|lra].
  - intros c Hc. unfold gelu''. pose proof (dens_pos c).
    assert (0 <= (c * c - 2) * dens c) by (apply Rmult_le_pos; [nra|lra]). lra.
Qed.

(** Constant Phi(sqrt 2) + sqrt 2 dens(sqrt 2), growth ratio 1. *)
Theorem act_gelu : act_ok gelu (Phi (sqrt 2) + sqrt 2 * dens (sqrt 2)) 0 1.
Proof.
  change (Phi (sqrt 2) + sqrt 2 * dens (sqrt 2)) with (gelu' (sqrt 2)).
  assert (G0 : forall x, 0 <= x -> 0 <= gelu' x).
  { intros x Hx. unfold gelu'. pose proof (Phi_range x). pose proof (dens_pos x).
    assert (0 <= x * dens x) by (apply Rmult_le_pos; lra). lra. }
  assert (Sp : 0 <= sqrt 2) by apply sqrt_pos.
  split; [pose proof (G0 (sqrt 2) Sp); lra|split].
  - apply (mvt_lip_all gelu gelu'); [apply gelu_deriv|]. intros c. apply Rabs_le.
    pose proof (Phi_sym 0) as P0. rewrite Ropp_0 in P0.
    assert (H0 : gelu' 0 = 1 / 2) by (unfold gelu'; lra).
    pose proof (gelu_slope_pos 0 ltac:(lra)) as M0.
    destruct (Rle_dec 0 c) as [h|h].
    + pose proof (gelu_slope_pos c h). pose proof (G0 c h). lra.
    + pose proof (gelu_slope_pos (- c) ltac:(lra)) as A. rewrite gelu_slope_sym in A.
      assert (gelu' c <= 1 / 2); [|lra].
      unfold gelu'. pose proof (dens_pos c).
      assert (Phi c <= Phi 0).
      { apply (mean_value_increasing Phi dens); [lra|intros; apply Phi_deriv|intros; apply Rlt_le, dens_pos]. }
      assert (0 <= - c * dens c) by (apply Rmult_le_pos; lra). lra.
  - intros a. unfold gelu. rewrite Rabs_mult, Rplus_0_l, Rmult_comm.
    apply Rmult_le_compat_r; [apply Rabs_pos|]. pose proof (Phi_range a). rewrite Rabs_pos_eq; lra.
Qed.
Theorem gelu_exact n : (0 < n)%nat -> LipExact n n all (ew gelu) (Phi (sqrt 2) + sqrt 2 * dens (sqrt 2)).
Proof.
  intros Hn. pose proof act_gelu as A. apply act_exact; auto; [apply A|apply A|]. intros r Hr.
  apply (slope_needed gelu (sqrt 2) (gelu' (sqrt 2))); [apply gelu_deriv|].
  rewrite Rabs_pos_eq; [exact Hr|]. apply A.
Qed.
End Gauss.
