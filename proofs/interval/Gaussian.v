(** The Gaussian distribution function exists: the hypotheses of the theorem on
    x Phi(x) can be met. Uses the analysis library below the interval tactic. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Normbound Require Import MeanValue Vec Lips Acts SmoothActs.
Open Scope R_scope.

Definition bell (t : R) : R := exp (- (t * t / 2)).
Lemma bell_cont t : continuous bell t.
Proof.
  apply (ex_derive_continuous bell). unfold bell. auto_derive. exact I.
Qed.
Definition area (x : R) : R := RInt bell 0 x.
Lemma area_deriv x : derivable_pt_lim area x (bell x).
Proof.
  apply is_derive_Reals. apply (is_derive_RInt bell area 0 x).
  - exists (mkposreal 1 Rlt_0_1). intros y _. apply (RInt_correct bell).
    apply (ex_RInt_continuous bell). intros z _. apply bell_cont.
  - apply bell_cont.
Qed.
Lemma area_0 : area 0 = 0.
Proof. unfold area. rewrite RInt_point. reflexivity. Qed.
Lemma bell_pos t : 0 < bell t.
Proof. apply exp_pos. Qed.
Lemma area_incr a b : a <= b -> area a <= area b.
Proof.
  intros H. apply (mean_value_increasing area bell); auto.
  - intros; apply area_deriv.
  - intros; apply Rlt_le, bell_pos.
Qed.
Lemma area_odd x : area (- x) = - area x.
Proof.
  set (h := fun x => area x + area (- x)).
  assert (D : forall c, derivable_pt_lim h c 0).
  { intros c. replace 0 with (bell c + bell (- c) * - (1)).
    - apply (derivable_pt_lim_plus area (fun x => area (- x))); [apply area_deriv|].
      apply (derivable_pt_lim_comp (fun x => - x) area); [|apply area_deriv].
      apply (derivable_pt_lim_opp id). apply derivable_pt_lim_id.
    - unfold bell. replace (- c * - c) with (c * c) by ring. ring. }
  assert (E0 : h 0 = 0) by (unfold h; rewrite Ropp_0, area_0; ring).
  assert (E : forall a b, a <= b -> h a = h b).
  { intros a b H. apply Rle_antisym.
    - apply (mean_value_increasing h (fun _ => 0)); auto. intros; lra.
    - pose proof (mean_value_ineq h (fun _ => 0) 0 a b H (fun c _ => D c) (fun c _ => Rle_refl 0)). lra. }
  assert (h x = 0); [|unfold h in *; lra].
  destruct (Rle_dec x 0); [rewrite (E x 0); lra|rewrite <- (E 0 x); lra].
Qed.
Lemma area_bound x : area x <= exp (1 / 2).
Proof.
  assert (B : forall x, 0 <= x -> area x <= exp (1 / 2)).
  { intros z Hz.
    pose proof (mean_value_ineq (fun t => area t + exp (1 / 2) * exp (- t))
      (fun t => bell t + exp (1 / 2) * (exp (- t) * - (1))) 0 0 z Hz) as Q.
    assert (Q' : area z + exp (1 / 2) * exp (- z) - (area 0 + exp (1 / 2) * exp (- 0)) <= 0 * (z - 0)).
    { apply Q.
      - intros c Hc. apply (derivable_pt_lim_plus area (fun t => exp (1 / 2) * exp (- t))); [apply area_deriv|].
        apply (derivable_pt_lim_scal (fun t => exp (- t))).
        apply (derivable_pt_lim_comp (fun t => - t) exp); [|apply derivable_pt_lim_exp].
        apply (derivable_pt_lim_opp id). apply derivable_pt_lim_id.
      - intros c Hc. assert (bell c <= exp (1 / 2) * exp (- c)); [|lra].
        rewrite <- exp_plus. unfold bell. apply exp_mono.
        assert (0 <= (c - 1) * (c - 1)) by apply Rle_0_sqr. lra. }
    rewrite area_0, Ropp_0, exp_0 in Q'.
    assert (0 <= exp (1 / 2) * exp (- z)) by (apply Rmult_le_pos; apply Rlt_le, exp_pos). lra. }
  destruct (Rle_dec 0 x); [apply B; auto|].
  pose proof (area_incr x 0 ltac:(lra)) as I. rewrite area_0 in I. pose proof (exp_pos (1 / 2)). lra.
Qed.

Theorem gaussian_exists : exists (Phi : R -> R) (Z : R), 0 < Z /\
  (forall c, derivable_pt_lim Phi c (dens Z c)) /\ (forall x, 0 <= Phi x <= 1) /\
  (forall x, Phi (- x) = 1 - Phi x).
Proof.
  destruct (completeness (fun y => exists x, y = area x)) as [s [Us Ls]].
  - exists (exp (1 / 2)). intros y [x ->]. apply area_bound.
  - exists 0, 0. symmetry; apply area_0.
  - assert (A : forall x, - s <= area x <= s).
    { intros x. assert (area x <= s) by (apply Us; exists x; auto).
      assert (area (- x) <= s) by (apply Us; exists (- x); auto). rewrite area_odd in *. lra. }
    assert (Sp : 0 < s).
    { assert (area 1 <= s) by apply A. assert (bell 1 <= area 1); [|pose proof (bell_pos 1); lra].
      pose proof (mean_value_ineq (fun t => - area t) (fun t => - bell t) (- bell 1) 0 1 ltac:(lra)) as Q.
      assert (- area 1 - - area 0 <= - bell 1 * (1 - 0)); [|rewrite area_0 in *; lra]. apply Q.
      - intros c _. apply (derivable_pt_lim_opp area). apply area_deriv.
      - intros c Hc. assert (bell 1 <= bell c); [|lra]. unfold bell. apply exp_mono. nra. }
    exists (fun x => 1 / 2 + / (2 * s) * area x), (2 * s).
    assert (Hi : 0 < / (2 * s)) by (apply Rinv_0_lt_compat; lra).
    assert (Es : / (2 * s) * s = 1 / 2) by (field; lra).
    split; [lra|split; [|split]].
    + intros c. unfold dens. fold (bell c).
      replace (/ (2 * s) * bell c) with (0 + / (2 * s) * bell c) by ring.
      apply (derivable_pt_lim_plus (fct_cte (1 / 2)) (fun x => / (2 * s) * area x)); [apply derivable_pt_lim_const|].
      apply (derivable_pt_lim_scal area). apply area_deriv.
    + intros x. destruct (A x) as [A1 A2].
      apply Rmult_le_compat_l with (r := / (2 * s)) in A1; [|lra].
      apply Rmult_le_compat_l with (r := / (2 * s)) in A2; [|lra]. lra.
    + intros x. rewrite area_odd. lra.
Qed.
