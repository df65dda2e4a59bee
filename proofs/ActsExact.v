(** Exactness of further activation constants, and the exponential linear unit. *)
From Coq Require Import Reals Lra Lia Psatz PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts SmoothActs.
Open Scope R_scope.

Theorem leaky_exact n s : (0 < n)%nat -> LipExact n n all (ew (leaky s)) (Rmax 1 (Rabs s)).
Proof.
  intros Hn. destruct (act_leaky s) as (H1 & H2 & _). apply act_exact; auto; [apply H1|].
  intros r Hr. unfold Rmax in Hr. destruct (Rle_dec 1 (Rabs s)).
  - exists (-1), 0. split; [lra|]. unfold leaky. destruct (Rle_dec 0 (-1)), (Rle_dec 0 0); try lra.
    replace (s * -1 - 0) with (- s) by ring. replace (-1 - 0) with (- (1)) by ring. rewrite !Rabs_Ropp, Rabs_R1. lra.
  - exists 1, 0. split; [lra|]. unfold leaky. destruct (Rle_dec 0 1), (Rle_dec 0 0); try lra.
    replace (1 - 0) with 1 by ring. rewrite Rabs_R1. lra.
Qed.

Theorem hardtanh_exact n lo hi : (0 < n)%nat -> lo < hi -> LipExact n n all (ew (hardtanh lo hi)) 1.
Proof.
  intros Hn H. destruct (act_hardtanh lo hi ltac:(lra)) as (H1 & H2 & _). apply act_exact; auto; [lra|].
  intros r Hr. exists hi, lo. split; [lra|]. unfold hardtanh, Rmax, Rmin.
  repeat destruct (Rle_dec _ _); try lra; rewrite Rabs_pos_eq by lra; nra.
Qed.

Lemma tanh_deriv0 : derivable_pt_lim tanh 0 1.
Proof.
  assert (E : 2 * (sigmoid (2 * 0) * (1 - sigmoid (2 * 0)) * 2) - 0 = 1) by (rewrite Rmult_0_r, sigmoid_0; field).
  rewrite <- E. apply (derivable_pt_lim_ext tanhf); [apply tanhf_tanh|]. unfold tanhf.
  apply (derivable_pt_lim_minus (fun a => 2 * sigmoid (2 * a)) (fct_cte 1)); [|apply derivable_pt_lim_const].
  apply (derivable_pt_lim_scal (fun a => sigmoid (2 * a))).
  apply (derivable_pt_lim_comp (fun a => 2 * a) sigmoid); [apply deriv_linear|apply sigmoid_deriv].
Qed.
Theorem tanh_exact n : (0 < n)%nat -> LipExact n n all (ew tanh) 1.
Proof.
  intros Hn. destruct act_tanh as (H1 & H2 & _). apply act_exact; auto; [lra|]. intros r Hr.
  apply (slope_needed tanh 0 1 r tanh_deriv0). rewrite Rabs_R1. lra.
Qed.

Theorem sin_exact n w : (0 < n)%nat -> LipExact n n all (ew (fun a => sin (w * a))) (Rabs w).
Proof.
  intros Hn. destruct (act_sin w) as (H1 & H2 & _). apply act_exact; auto; [apply Rabs_pos|]. intros r Hr.
  apply (slope_needed (fun a => sin (w * a)) 0 w r); auto.
  assert (E : cos (w * 0) * w = w) by (rewrite Rmult_0_r, cos_0; ring).
  pose proof (derivable_pt_lim_comp (fun a => w * a) sin 0 w (cos (w * 0)) (deriv_linear w 0) (derivable_pt_lim_sin _)) as Q.
  rewrite E in Q. exact Q.
Qed.

Theorem softsign_exact n : (0 < n)%nat -> LipExact n n all (ew softsign) 1.
Proof.
  intros Hn. destruct act_softsign as (H1 & H2 & _). apply act_exact; auto; [lra|]. intros r Hr.
  set (h := (1 - r) / (1 + Rabs r)). pose proof (Rabs_pos r) as Pr. pose proof (Rle_abs r) as Ar.
  assert (Hh : 0 < h) by (apply Rdiv_lt_0_compat; lra).
  assert (Eh : h * (1 + Rabs r) = 1 - r) by (unfold h; field; lra).
  clearbody h. exists h, 0. split; [lra|]. unfold softsign. rewrite Rabs_R0, (Rabs_pos_eq h) by lra.
  replace (h / (1 + h) - 0 / (1 + 0)) with (h * / (1 + h)) by (field; lra). rewrite Rminus_0_r.
  assert (Hi : 0 < / (1 + h)) by (apply Rinv_0_lt_compat; lra).
  rewrite (Rabs_pos_eq h), (Rabs_pos_eq (h * / (1 + h))) by (try apply Rmult_le_pos; lra). rewrite (Rmult_comm r).
  apply Rmult_lt_compat_l; auto. apply (Rmult_lt_reg_r (1 + h)); [lra|]. rewrite Rinv_l by lra.
  assert (r * h <= Rabs r * h) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** ** ELU with parameter s *)
Definition elu (s a : R) : R := if Rle_dec 0 a then a else s * (exp a - 1).

Theorem act_elu s : act_ok (elu s) (Rmax 1 (Rabs s)) 0 (Rmax 1 (Rabs s)).
Proof.
  set (M := Rmax 1 (Rabs s)).
  assert (M1 : 1 <= M) by apply Rmax_l. assert (M2 : Rabs s <= M) by apply Rmax_r.
  assert (X : forall a b, a <= b -> b <= 0 -> Rabs (s * (exp b - 1) - s * (exp a - 1)) <= M * (b - a)).
  { intros a b Hab Hb. replace (s * (exp b - 1) - s * (exp a - 1)) with (s * (exp b - exp a)) by ring.
    rewrite Rabs_mult. pose proof (exp_mono a b Hab) as E. rewrite (Rabs_pos_eq (exp b - exp a)) by lra.
    pose proof (mean_value_ineq exp exp 1 a b Hab (fun c _ => derivable_pt_lim_exp c)) as Q.
    assert (Q' : exp b - exp a <= 1 * (b - a)).
    { apply Q. intros c Hc. pose proof (exp_mono c 0 ltac:(lra)) as E'. rewrite exp_0 in E'. exact E'. }
    apply Rmult_le_compat; try lra. apply Rabs_pos. }
  assert (W : forall a b, a <= b -> Rabs (elu s b - elu s a) <= M * (b - a)).
  { intros a b Hab. unfold elu. destruct (Rle_dec 0 b) as [hb|hb], (Rle_dec 0 a) as [ha|ha].
    - rewrite Rabs_pos_eq by lra. nra.
    - pose proof (X a 0 ltac:(lra) ltac:(lra)) as Q. rewrite exp_0 in Q.
      replace (s * (1 - 1) - s * (exp a - 1)) with (- (s * (exp a - 1))) in Q by ring.
      replace (b - s * (exp a - 1)) with (b + - (s * (exp a - 1))) by ring.
      eapply Rle_trans; [apply Rabs_triang|]. rewrite (Rabs_pos_eq b) by lra.
      assert (b <= M * b) by nra. lra.
    - lra.
    - apply X; lra. }
  assert (H : forall a b, Rabs (elu s a - elu s b) <= M * Rabs (a - b)).
  { intros a b. destruct (Rle_dec a b).
    - rewrite (Rabs_minus_sym a b), (Rabs_pos_eq (b - a)), Rabs_minus_sym by lra. apply W; auto.
    - rewrite (Rabs_pos_eq (a - b)) by lra. apply W; lra. }
  assert (E : elu s 0 = 0) by (unfold elu; destruct (Rle_dec 0 0); lra).
  pose proof (act_of_lip (elu s) M ltac:(lra) H) as Q. rewrite E, Rabs_R0 in Q. exact Q.
Qed.

(** ReLU into both signs: (relu x, relu(-x)) preserves the norm and has constant 1. *)
Definition crelu (n : nat) (x : vec) : vec := vcat n (ew relu x) (fun i => relu (- x i)).
Theorem crelu_lip n : Lip n (n + n) all (crelu n) 1.
Proof.
  intros x y _ _. rewrite Rmult_1_l. unfold crelu. rewrite nrm_cat_sub. unfold h2. rewrite !nrm_sq.
  apply sqrt_le_1_alt. unfold dot. rewrite <- sm_plus. apply sm_le. intros i _. unfold vsub, ew, relu.
  set (a := x i). set (b := y i).
  assert (S : forall p q, 0 <= p -> 0 <= q -> p * p + q * q <= (p + q) * (p + q)).
  { intros p q Hp Hq. assert (0 <= p * q) by (apply Rmult_le_pos; auto). lra. }
  destruct (Rle_lt_dec 0 a) as [ha|ha], (Rle_lt_dec 0 b) as [hb|hb].
  - rewrite (Rmax_left a), (Rmax_left b), (Rmax_right (- a)), (Rmax_right (- b)) by lra. lra.
  - rewrite (Rmax_left a), (Rmax_right b), (Rmax_right (- a)), (Rmax_left (- b)) by lra.
    pose proof (S a (- b) ltac:(lra) ltac:(lra)). lra.
  - rewrite (Rmax_right a), (Rmax_left b), (Rmax_left (- a)), (Rmax_right (- b)) by lra.
    pose proof (S (- a) b ltac:(lra) ltac:(lra)). lra.
  - rewrite (Rmax_right a), (Rmax_right b), (Rmax_left (- a)), (Rmax_left (- b)) by lra. lra.
Qed.
