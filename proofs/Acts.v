(** Elementwise activations: scalar facts lifted to vectors, then to summaries. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary.
Open Scope R_scope.

Definition ew (phi : R -> R) (x : vec) : vec := fun i => phi (x i).

(** A scalar activation with constant rho and envelope c + G|a|. *)
Definition act_ok (phi : R -> R) (rho c G : R) : Prop :=
  (0 <= rho /\ 0 <= c /\ 0 <= G) /\
  (forall a b, Rabs (phi a - phi b) <= rho * Rabs (a - b)) /\
  (forall a, Rabs (phi a) <= c + G * Rabs a).

Theorem act_lip n phi rho (D : vec -> Prop) (I : R -> Prop) : 0 <= rho ->
  (forall x i, D x -> (i < n)%nat -> I (x i)) ->
  (forall a b, I a -> I b -> Rabs (phi a - phi b) <= rho * Rabs (a - b)) ->
  Lip n n D (ew phi) rho.
Proof.
  intros Hr HI H x y Hx Hy. apply nrm_bound; auto. intros i Hi. unfold vsub, ew.
  apply H; apply HI; auto.
Qed.

Theorem act_env n phi c G : 0 <= c -> 0 <= G -> (forall a, Rabs (phi a) <= c + G * Rabs a) ->
  Env n n all (ew phi) (sqrt (INR n) * c) G.
Proof.
  intros Hc HG H x _.
  apply Rle_trans with (nrm n (vadd (fun _ => c) (vscal G (fun i => Rabs (x i))))).
  - apply nrm_mono. intros i Hi. unfold ew, vadd, vscal. pose proof (Rabs_pos (x i)).
    rewrite (Rabs_pos_eq (c + _)) by (apply Rplus_le_le_0_compat; auto; apply Rmult_le_pos; auto). apply H.
  - eapply Rle_trans; [apply nrm_triangle|]. rewrite nrm_const, nrm_scal, !Rabs_pos_eq by auto.
    apply Rplus_le_compat_l, Rmult_le_compat_l; auto.
    apply nrm_mono. intros. rewrite Rabs_Rabsolu. lra.
Qed.

(** The contract of an activation layer. *)
Theorem sat_act n (T : pspace) (S : sspace) phi rho c G : act_ok phi rho c G ->
  sat n n T S (fun _ _ _ => True) (fun x _ _ => ew phi x) (s_plain rho (sqrt (INR n) * c) G).
Proof.
  intros ((H1 & H2 & H3) & H4 & H5).
  apply (sat_plain n n T S all (ew phi)); auto.
  - apply Rmult_le_pos; [apply sqrt_pos|auto].
  - apply (act_lip n phi rho all (fun _ => True)); auto.
  - apply act_env; auto.
Qed.

(** The lifted constant is exact when the scalar one is (in the limit of pairs). *)
Theorem act_exact n phi rho : (0 < n)%nat -> 0 <= rho ->
  (forall a b, Rabs (phi a - phi b) <= rho * Rabs (a - b)) ->
  (forall r, r < rho -> exists a b, a <> b /\ r * Rabs (a - b) < Rabs (phi a - phi b)) ->
  LipExact n n all (ew phi) rho.
Proof.
  intros Hn Hr H W. split.
  - apply (act_lip n phi rho all (fun _ => True)); auto.
  - intros L' HL. apply Rnot_lt_le. intros C. destruct (W L' C) as (a & b & Hab & Hlt).
    set (e := fun c : R => (fun i => if Nat.eqb i 0 then c else 0) : vec).
    assert (E : forall c d, (forall i, (i < n)%nat -> d i = if Nat.eqb i 0 then c else 0) -> nrm n d = Rabs c).
    { intros c d Hd. unfold nrm. rewrite <- sqrt_Rsqr_abs. f_equal.
      unfold dot. rewrite (sm_ext n _ (fun i => if Nat.eqb i 0 then Rsqr c else 0)).
      - apply sm_delta; auto.
      - intros i Hi. rewrite Hd by auto. destruct (Nat.eqb i 0); unfold Rsqr; ring. }
    specialize (HL (e a) (e b) I I).
    rewrite (E (phi a - phi b)), (E (a - b)) in HL.
    + lra.
    + intros i Hi. unfold vsub, e. destruct (Nat.eqb i 0); ring.
    + intros i Hi. unfold vsub, ew, e. destruct (Nat.eqb i 0); ring.
Qed.

(** ** Mean-value lemma *)
Lemma mvt_lip (f f' : R -> R) (lo hi rho : R) :
  (forall c, lo <= c <= hi -> derivable_pt_lim f c (f' c)) ->
  (forall c, lo <= c <= hi -> Rabs (f' c) <= rho) ->
  forall a b, lo <= a <= hi -> lo <= b <= hi -> Rabs (f a - f b) <= rho * Rabs (a - b).
Proof.
  intros Hd Hb.
  assert (W : forall a b, lo <= a -> b <= hi -> a < b -> Rabs (f b - f a) <= rho * Rabs (b - a)).
  { intros a b Ha Hb' Hab. rewrite (Rabs_pos_eq (b - a)) by lra. apply Rabs_le. split.
    - pose proof (mean_value_ineq (fun x => - f x) (fun x => - f' x) rho a b ltac:(lra)) as Q.
      assert (- f b - - f a <= rho * (b - a)); [|lra]. apply Q.
      + intros c Hc. apply (derivable_pt_lim_opp f). apply Hd. lra.
      + intros c Hc. specialize (Hb c ltac:(lra)). pose proof (Rle_abs (- f' c)) as A. rewrite Rabs_Ropp in A. lra.
    - apply (mean_value_ineq f f'); [lra| |].
      + intros c Hc. apply Hd. lra.
      + intros c Hc. specialize (Hb c ltac:(lra)). pose proof (Rle_abs (f' c)). lra. }
  intros a b Ha Hb'. destruct (Rtotal_order a b) as [H|[H|H]].
  - rewrite (Rabs_minus_sym (f a)), (Rabs_minus_sym a). apply W; lra.
  - subst. rewrite !Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
  - apply W; lra.
Qed.

Lemma mvt_lip_all (f f' : R -> R) rho :
  (forall c, derivable_pt_lim f c (f' c)) -> (forall c, Rabs (f' c) <= rho) ->
  forall a b, Rabs (f a - f b) <= rho * Rabs (a - b).
Proof.
  intros Hd Hb a b. apply (mvt_lip f f' (Rmin a b) (Rmax a b) rho); auto;
  split; auto using Rmin_l, Rmin_r, Rmax_l, Rmax_r.
Qed.

Lemma deriv_linear b c : derivable_pt_lim (fun a => b * a) c b.
Proof.
  pose proof (derivable_pt_lim_scal id b c 1 (derivable_pt_lim_id c)) as Q.
  rewrite Rmult_1_r in Q. exact Q.
Qed.

(** An envelope with G = rho and c = |phi 0| always follows. *)
Lemma act_of_lip phi rho : 0 <= rho -> (forall a b, Rabs (phi a - phi b) <= rho * Rabs (a - b)) ->
  act_ok phi rho (Rabs (phi 0)) rho.
Proof.
  intros Hr H. split; [|split]; auto using Rabs_pos.
  intros a. specialize (H a 0). rewrite Rminus_0_r in H.
  replace (phi a) with (phi 0 + (phi a - phi 0)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

Ltac abs_cases := unfold Rabs; repeat match goal with |- context [Rcase_abs ?x] => destruct (Rcase_abs x) end.

(** ** Piecewise-linear activations *)
Definition relu (a : R) : R := Rmax a 0.
Theorem act_relu : act_ok relu 1 0 1.
Proof.
  split; [|split]; [lra| |]; intros; unfold relu, Rmax; repeat destruct (Rle_dec _ _); abs_cases; lra.
Qed.

Definition leaky (s a : R) : R := if Rle_dec 0 a then a else s * a.
Theorem act_leaky s : act_ok (leaky s) (Rmax 1 (Rabs s)) 0 (Rmax 1 (Rabs s)).
Proof.
  set (M := Rmax 1 (Rabs s)).
  assert (M1 : 1 <= M) by apply Rmax_l. assert (M2 : Rabs s <= M) by apply Rmax_r.
  assert (Hs : - M <= s <= M) by (revert M2; abs_cases; lra).
  assert (H : forall a b, Rabs (leaky s a - leaky s b) <= M * Rabs (a - b)).
  { assert (W : forall a b, a <= b -> Rabs (leaky s b - leaky s a) <= M * (b - a)).
    { intros a b Hab. unfold leaky. apply Rabs_le.
      destruct (Rle_dec 0 b), (Rle_dec 0 a); split; nra. }
    intros a b. destruct (Rle_dec a b).
    - rewrite (Rabs_minus_sym a b), (Rabs_pos_eq (b - a)), Rabs_minus_sym by lra. apply W; auto.
    - rewrite (Rabs_pos_eq (a - b)) by lra. apply W; lra. }
  assert (E : leaky s 0 = 0) by (unfold leaky; destruct (Rle_dec 0 0); lra).
  pose proof (act_of_lip (leaky s) M ltac:(lra) H) as Q. rewrite E, Rabs_R0 in Q. exact Q.
Qed.

Theorem act_abs : act_ok Rabs 1 0 1.
Proof.
  split; [|split]; [lra| |]; intros; abs_cases; lra.
Qed.

Definition hardtanh (lo hi a : R) : R := Rmax lo (Rmin hi a).
Theorem act_hardtanh lo hi : lo <= hi -> act_ok (hardtanh lo hi) 1 (Rabs (hardtanh lo hi 0)) 1.
Proof.
  intros H. apply act_of_lip; [lra|]. intros a b. unfold hardtanh, Rmax, Rmin.
  repeat destruct (Rle_dec _ _); abs_cases; lra.
Qed.
Theorem hardtanh_range lo hi a : lo <= hi -> lo <= hardtanh lo hi a <= hi.
Proof. intros H. unfold hardtanh, Rmax, Rmin. repeat destruct (Rle_dec _ _); lra. Qed.

(** ReLU6 is hardtanh on [0,6]; hard sigmoid is relu6(x+3)/6. *)
Definition hardsigmoid (a : R) : R := hardtanh 0 6 (a + 3) / 6.
Theorem act_hardsigmoid : act_ok hardsigmoid (1 / 6) (1 / 2) (1 / 6).
Proof.
  assert (H : forall a b, Rabs (hardsigmoid a - hardsigmoid b) <= 1 / 6 * Rabs (a - b)).
  { intros a b. unfold hardsigmoid, hardtanh, Rmax, Rmin. repeat destruct (Rle_dec _ _); abs_cases; lra. }
  pose proof (act_of_lip hardsigmoid (1 / 6) ltac:(lra) H) as Q.
  replace (Rabs (hardsigmoid 0)) with (1 / 2) in Q; [exact Q|].
  unfold hardsigmoid, hardtanh, Rmax, Rmin. repeat destruct (Rle_dec _ _); abs_cases; lra.
Qed.

(** Hard swish x*hardsigmoid(x): constant 3/2, growth ratio 1. *)
Definition hardswish (a : R) : R := a * hardsigmoid a.
Theorem act_hardswish : act_ok hardswish (3 / 2) 0 1.
Proof.
  assert (W : forall a b, a <= b -> Rabs (hardswish b - hardswish a) <= 3 / 2 * (b - a)).
  { intros a b H. unfold hardswish, hardsigmoid, hardtanh, Rmax, Rmin. apply Rabs_le.
    repeat destruct (Rle_dec _ _); split; try lra; try nra. }
  split; [lra|split].
  - intros a b. destruct (Rle_dec a b).
    + rewrite (Rabs_minus_sym a b), (Rabs_pos_eq (b - a)), Rabs_minus_sym by lra. apply W; auto.
    + rewrite (Rabs_pos_eq (a - b)) by lra. apply W; lra.
  - intros a. unfold hardswish. rewrite Rabs_mult, Rplus_0_l, Rmult_comm.
    apply Rmult_le_compat_r; [apply Rabs_pos|].
    unfold hardsigmoid. pose proof (hardtanh_range 0 6 (a + 3) ltac:(lra)). apply Rabs_le. lra.
Qed.

(** Absolute value, ReLU: the constant is exact in every positive width. *)
Theorem relu_exact n : (0 < n)%nat -> LipExact n n all (ew relu) 1.
Proof.
  intros Hn. apply act_exact; auto; [lra|apply act_relu|].
  intros r Hr. exists 1, 0. split; [lra|]. unfold relu, Rmax.
  repeat destruct (Rle_dec _ _); abs_cases; lra.
Qed.
Theorem abs_exact n : (0 < n)%nat -> LipExact n n all (ew Rabs) 1.
Proof.
  intros Hn. apply act_exact; auto; [lra|apply act_abs|].
  intros r Hr. exists 1, 0. split; [lra|]. abs_cases; lra.
Qed.

(** ** Smooth activations *)
Definition sigmoid (a : R) : R := / (1 + exp (- a)).

Lemma sigmoid_range a : 0 < sigmoid a < 1.
Proof.
  unfold sigmoid. pose proof (exp_pos (- a)). split.
  - apply Rinv_0_lt_compat; lra.
  - apply (Rmult_lt_reg_l (1 + exp (- a))); [lra|]. rewrite Rinv_r by lra. lra.
Qed.

Lemma sigmoid_deriv c : derivable_pt_lim sigmoid c (sigmoid c * (1 - sigmoid c)).
Proof.
  unfold sigmoid. pose proof (exp_pos (- c)).
  assert (D1 : derivable_pt_lim (fun a => 1 + exp (- a)) c (- exp (- c))).
  { replace (- exp (- c)) with (0 + exp (- c) * - 1) by ring.
    apply (derivable_pt_lim_plus (fct_cte 1) (fun a => exp (- a))).
    - apply derivable_pt_lim_const.
    - apply (derivable_pt_lim_comp (fun a => - a) exp).
      + apply (derivable_pt_lim_opp id). apply derivable_pt_lim_id.
      + apply derivable_pt_lim_exp. }
  replace (/ (1 + exp (- c)) * (1 - / (1 + exp (- c)))) with
    ((0 * (1 + exp (- c)) - - exp (- c) * 1) / Rsqr (1 + exp (- c))) by (unfold Rsqr; field; lra).
  apply (derivable_pt_lim_ext (fun a => 1 / (1 + exp (- a)))).
  - intros z. pose proof (exp_pos (- z)). field. lra.
  - apply (derivable_pt_lim_div (fct_cte 1) (fun a => 1 + exp (- a))); auto.
    + apply derivable_pt_lim_const.
    + lra.
Qed.

Theorem act_sigmoid : act_ok sigmoid (1 / 4) (1 / 2) (1 / 4).
Proof.
  assert (H : forall a b, Rabs (sigmoid a - sigmoid b) <= 1 / 4 * Rabs (a - b)).
  { apply (mvt_lip_all sigmoid (fun c => sigmoid c * (1 - sigmoid c))).
    - apply sigmoid_deriv.
    - intros c. pose proof (sigmoid_range c) as Q. pose proof (Rle_0_sqr (sigmoid c - 1 / 2)) as Q'.
      unfold Rsqr in Q'. rewrite Rabs_pos_eq; [lra|]. apply Rmult_le_pos; lra. }
  pose proof (act_of_lip sigmoid (1 / 4) ltac:(lra) H) as Q.
  replace (Rabs (sigmoid 0)) with (1 / 2) in Q; [exact Q|].
  unfold sigmoid. rewrite Ropp_0, exp_0, Rabs_pos_eq; lra.
Qed.
Theorem sigmoid_sup a : Rabs (sigmoid a) <= 1.
Proof. pose proof (sigmoid_range a). rewrite Rabs_pos_eq; lra. Qed.

(** tanh is 2 sigmoid(2a) - 1 and equals sinh/cosh. *)
Definition tanhf (a : R) : R := 2 * sigmoid (2 * a) - 1.
Theorem tanhf_tanh a : tanhf a = tanh a.
Proof.
  unfold tanhf, sigmoid, tanh, sinh, cosh.
  replace (- (2 * a)) with (- a + - a) by ring. rewrite exp_plus.
  pose proof (exp_pos a). pose proof (exp_pos (- a)).
  assert (E : exp a * exp (- a) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  assert (0 < exp (-a) * exp (-a)) by (apply Rmult_lt_0_compat; auto).
  apply (Rmult_eq_reg_r ((1 + exp (- a) * exp (- a)) * ((exp a + exp (- a)) / 2))).
  2:{ apply Rgt_not_eq. apply Rmult_lt_0_compat; lra. }
  replace ((2 * / (1 + exp (- a) * exp (- a)) - 1) * ((1 + exp (- a) * exp (- a)) * ((exp a + exp (- a)) / 2)))
    with ((1 - exp (-a) * exp (-a)) * ((exp a + exp (- a)) / 2)) by (field; lra).
  replace ((exp a - exp (- a)) / 2 / ((exp a + exp (- a)) / 2) * ((1 + exp (- a) * exp (- a)) * ((exp a + exp (- a)) / 2)))
    with ((exp a - exp (- a)) / 2 * (1 + exp (- a) * exp (- a))) by (field; lra).
  replace ((1 - exp (- a) * exp (- a)) * ((exp a + exp (- a)) / 2))
    with ((exp a + exp (-a) - (exp a * exp (-a)) * exp (-a) - exp (-a) * exp (-a) * exp (-a)) / 2) by field.
  replace ((exp a - exp (- a)) / 2 * (1 + exp (- a) * exp (- a)))
    with ((exp a - exp (-a) + (exp a * exp (-a)) * exp (-a) - exp (-a) * exp (-a) * exp (-a)) / 2) by field.
  rewrite E. field.
Qed.
Theorem act_tanh : act_ok tanh 1 0 1.
Proof.
  assert (H : forall a b, Rabs (tanh a - tanh b) <= 1 * Rabs (a - b)).
  { intros a b. rewrite <- !tanhf_tanh. unfold tanhf.
    pose proof (proj1 (proj2 act_sigmoid) (2 * a) (2 * b)) as Q.
    replace (2 * sigmoid (2 * a) - 1 - (2 * sigmoid (2 * b) - 1))
      with (2 * (sigmoid (2 * a) - sigmoid (2 * b))) by ring.
    replace (2 * a - 2 * b) with (2 * (a - b)) in Q by ring.
    rewrite Rabs_mult in *. rewrite (Rabs_pos_eq 2) in * by lra. lra. }
  pose proof (act_of_lip tanh 1 ltac:(lra) H) as Q.
  replace (tanh 0) with 0 in Q; [rewrite Rabs_R0 in Q; exact Q|].
  rewrite <- tanhf_tanh. unfold tanhf, sigmoid. rewrite Rmult_0_r, Ropp_0, exp_0. field.
Qed.
Theorem tanh_sup a : Rabs (tanh a) <= 1.
Proof. rewrite <- tanhf_tanh. unfold tanhf. pose proof (sigmoid_range (2 * a)). apply Rabs_le. lra. Qed.

(** Softplus with parameter b > 0. *)
Definition softplus (b a : R) : R := log (1 + exp (b * a)) / b.
Lemma softplus_incr b a c : 0 < b -> c <= a -> 0 <= softplus b a - softplus b c <= a - c.
Proof.
  intros Hb H. unfold softplus.
  pose proof (exp_pos (b * a)) as Pa. pose proof (exp_pos (b * c)) as Pc.
  pose proof (exp_mono (b * c) (b * a) ltac:(nra)) as M.
  assert (A : log (1 + exp (b * c)) <= log (1 + exp (b * a))) by (apply exp_le_back; rewrite !exp_log by lra; lra).
  assert (B : log (1 + exp (b * a)) <= log (1 + exp (b * c)) + b * (a - c)).
  { apply exp_le_back. rewrite exp_plus, !exp_log by lra.
    replace (b * a) with (b * c + b * (a - c)) by ring. rewrite exp_plus.
    pose proof (exp_ge_line (b * (a - c)) ltac:(nra)) as G. nra. }
  replace (log (1 + exp (b * a)) / b - log (1 + exp (b * c)) / b)
    with ((log (1 + exp (b * a)) - log (1 + exp (b * c))) / b) by (field; lra).
  split.
  - apply Rmult_le_pos; [lra|]. apply Rlt_le, Rinv_0_lt_compat; auto.
  - apply (Rmult_le_reg_r b); auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.
Theorem act_softplus b : 0 < b -> act_ok (softplus b) 1 (log 2 / b) 1.
Proof.
  intros Hb.
  assert (H : forall a c, Rabs (softplus b a - softplus b c) <= 1 * Rabs (a - c)).
  { intros a c. destruct (Rle_dec c a).
    - pose proof (softplus_incr b a c Hb ltac:(lra)). rewrite !Rabs_pos_eq; lra.
    - pose proof (softplus_incr b c a Hb ltac:(lra)). rewrite Rabs_minus_sym, (Rabs_minus_sym a c), !Rabs_pos_eq; lra. }
  pose proof (act_of_lip (softplus b) 1 ltac:(lra) H) as Q.
  replace (Rabs (softplus b 0)) with (log 2 / b) in Q; [exact Q|].
  unfold softplus. rewrite Rmult_0_r, exp_0. replace (1 + 1) with 2 by ring.
  assert (0 <= log 2) by (apply exp_le_back; rewrite exp_0, exp_log; lra).
  rewrite Rabs_pos_eq; [reflexivity|]. apply Rmult_le_pos; auto. apply Rlt_le, Rinv_0_lt_compat; auto.
Qed.

Definition softsign (a : R) : R := a / (1 + Rabs a).
Lemma softsign_pos a b : 0 <= a <= b -> 0 <= softsign b - softsign a <= b - a.
Proof.
  intros [Ha Hb]. unfold softsign. rewrite !Rabs_pos_eq by lra.
  replace (b / (1 + b) - a / (1 + a)) with ((b - a) / ((1 + a) * (1 + b))) by (field; lra).
  assert (P : 1 <= (1 + a) * (1 + b)) by nra. split.
  - apply Rmult_le_pos; [lra|]. apply Rlt_le, Rinv_0_lt_compat. lra.
  - apply (Rmult_le_reg_r ((1 + a) * (1 + b))); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.
Lemma softsign_odd a : softsign (- a) = - softsign a.
Proof. unfold softsign. rewrite Rabs_Ropp. pose proof (Rabs_pos a). field. lra. Qed.
Theorem act_softsign : act_ok softsign 1 0 1.
Proof.
  assert (E0 : softsign 0 = 0) by (unfold softsign; rewrite Rabs_R0; field).
  assert (W : forall a b, a <= b -> 0 <= softsign b - softsign a <= b - a).
  { intros a b H. destruct (Rle_dec 0 a) as [Ha|Ha]; [apply softsign_pos; lra|].
    destruct (Rle_dec b 0) as [Hb|Hb].
    - pose proof (softsign_pos (- b) (- a) ltac:(lra)) as Q. rewrite !softsign_odd in Q. lra.
    - pose proof (softsign_pos 0 (- a) ltac:(lra)) as Q1. pose proof (softsign_pos 0 b ltac:(lra)) as Q2.
      rewrite softsign_odd in Q1. rewrite E0 in *. lra. }
  assert (H : forall a b, Rabs (softsign a - softsign b) <= 1 * Rabs (a - b)).
  { intros a b. rewrite Rmult_1_l. destruct (Rle_dec a b).
    - pose proof (W a b r). rewrite (Rabs_minus_sym a b), Rabs_minus_sym, !Rabs_pos_eq; lra.
    - pose proof (W b a ltac:(lra)). rewrite !Rabs_pos_eq; lra. }
  pose proof (act_of_lip softsign 1 ltac:(lra) H) as Q. rewrite E0, Rabs_R0 in Q. exact Q.
Qed.
Theorem softsign_sup a : Rabs (softsign a) <= 1.
Proof.
  unfold softsign. pose proof (Rabs_pos a). unfold Rdiv. rewrite Rabs_mult, Rabs_inv, (Rabs_pos_eq (1 + Rabs a)) by lra.
  apply (Rmult_le_reg_r (1 + Rabs a)); [lra|]. rewrite Rmult_assoc, Rinv_l; lra.
Qed.

Theorem act_sin w : act_ok (fun a => sin (w * a)) (Rabs w) 0 (Rabs w).
Proof.
  assert (H : forall a b, Rabs (sin (w * a) - sin (w * b)) <= Rabs w * Rabs (a - b)).
  { apply (mvt_lip_all (fun a => sin (w * a)) (fun c => cos (w * c) * w)).
    - intros c. apply (derivable_pt_lim_comp (fun a => w * a) sin).
      + apply deriv_linear.
      + apply derivable_pt_lim_sin.
    - intros c. rewrite Rabs_mult. pose proof (Rabs_pos w). pose proof (COS_bound (w * c)).
      assert (Rabs (cos (w * c)) <= 1) by (apply Rabs_le; lra). nra. }
  pose proof (act_of_lip (fun a => sin (w * a)) (Rabs w) (Rabs_pos w) H) as Q.
  simpl in Q. rewrite Rmult_0_r, sin_0, Rabs_R0 in Q. exact Q.
Qed.

(** Log-sigmoid is -softplus(-a). *)
Theorem act_logsigmoid : act_ok (fun a => - softplus 1 (- a)) 1 (log 2 / 1) 1.
Proof.
  destruct (act_softplus 1 ltac:(lra)) as (H1 & H2 & H3). split; [auto|split].
  - intros a b. specialize (H2 (- a) (- b)).
    replace (- softplus 1 (- a) - - softplus 1 (- b)) with (- (softplus 1 (- a) - softplus 1 (- b))) by ring.
    replace (- a - - b) with (- (a - b)) in H2 by ring. rewrite !Rabs_Ropp in *. auto.
  - intros a. specialize (H3 (- a)). rewrite !Rabs_Ropp in *. auto.
Qed.

(** Squared ReLU on [-r, r]: 2r, on that interval only. *)
Theorem relu_sq_lip n r : 0 <= r ->
  Lip n n (fun x => forall i, (i < n)%nat -> Rabs (x i) <= r) (ew (fun a => relu a * relu a)) (2 * r).
Proof.
  intros Hr. apply (act_lip n _ _ _ (fun a => Rabs a <= r)); [lra|auto|].
  intros a b Ha Hb.
  replace (relu a * relu a - relu b * relu b) with ((relu a + relu b) * (relu a - relu b)) by ring.
  rewrite Rabs_mult. pose proof (proj1 (proj2 act_relu) a b) as Q. rewrite Rmult_1_l in Q.
  assert (Rabs (relu a + relu b) <= 2 * r).
  { revert Ha Hb. unfold relu, Rmax. repeat destruct (Rle_dec _ _); abs_cases; lra. }
  apply Rmult_le_compat; auto using Rabs_pos.
Qed.
