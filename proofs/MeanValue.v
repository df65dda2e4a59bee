(** The mean value inequality from completeness alone, and elementary facts on
    the exponential and the logarithm, so that no further axiom enters. *)
From Coq Require Import Reals Lra Lia Psatz.
Open Scope R_scope.

(** If f' <= M everywhere on [a,b] then f(b)-f(a) <= M(b-a). *)
Theorem mean_value_ineq (f f' : R -> R) M a b : a <= b ->
  (forall c, a <= c <= b -> derivable_pt_lim f c (f' c)) -> (forall c, a <= c <= b -> f' c <= M) ->
  f b - f a <= M * (b - a).
Proof.
  intros Hab Hd HM.
  assert (W : forall e, 0 < e -> f b - f a <= (M + e) * (b - a)).
  { intros e He.
    set (E := fun x => a <= x <= b /\ forall y, a <= y <= x -> f y - f a <= (M + e) * (y - a)).
    destruct (completeness E) as [s [U L]].
    - exists b. intros x [Hx _]. lra.
    - exists a. split; [lra|]. intros y Hy. replace y with a by lra. lra.
    - assert (Hs : a <= s <= b).
      { split; [apply U; split; [lra|]; intros y Hy; replace y with a by lra; lra|].
        apply L. intros x [Hx _]. lra. }
      assert (B1 : forall y, a <= y < s -> f y - f a <= (M + e) * (y - a)).
      { intros y Hy. apply Rnot_lt_le. intros C. assert (s <= y); [|lra].
        apply L. intros x [Hx Q]. apply Rnot_lt_le. intros C2. specialize (Q y ltac:(lra)). lra. }
      destruct (Hd s Hs e He) as [dl H]. pose proof (cond_pos dl) as P. specialize (HM s Hs).
      assert (SL : forall y, s - dl < y < s -> f s - f y <= (M + e) * (s - y)).
      { intros y Hy. specialize (H (y - s) ltac:(lra) ltac:(apply Rabs_def1; lra)).
        replace (s + (y - s)) with y in H by ring. apply Rabs_def2 in H. destruct H as [H _].
        assert (Q : (f y - f s) / (y - s) * (s - y) <= (M + e) * (s - y)) by (apply Rmult_le_compat_r; lra).
        replace ((f y - f s) / (y - s) * (s - y)) with (f s - f y) in Q by (field; lra). exact Q. }
      assert (SR : forall y, s < y < s + dl -> f y - f s <= (M + e) * (y - s)).
      { intros y Hy. specialize (H (y - s) ltac:(lra) ltac:(apply Rabs_def1; lra)).
        replace (s + (y - s)) with y in H by ring. apply Rabs_def2 in H. destruct H as [H _].
        assert (Q : (f y - f s) / (y - s) * (y - s) <= (M + e) * (y - s)) by (apply Rmult_le_compat_r; lra).
        replace ((f y - f s) / (y - s) * (y - s)) with (f y - f s) in Q by (field; lra). exact Q. }
      assert (AT : f s - f a <= (M + e) * (s - a)).
      { destruct (Rle_lt_dec s a) as [h|h]; [replace s with a by lra; lra|].
        set (y := Rmax a (s - dl / 2)). assert (a <= y) by apply Rmax_l. assert (s - dl / 2 <= y) by apply Rmax_r.
        assert (y < s) by (apply Rmax_lub_lt; lra).
        specialize (SL y ltac:(lra)). specialize (B1 y ltac:(lra)). lra. }
      assert (s = b); [|subst; exact AT].
      apply Rle_antisym; [lra|]. apply Rnot_lt_le. intros C.
      set (z := Rmin b (s + dl / 2)). assert (z <= b) by apply Rmin_l. assert (z <= s + dl / 2) by apply Rmin_r.
      assert (s < z) by (apply Rmin_glb_lt; lra). assert (z <= s); [|lra]. apply U. split; [lra|].
      intros y Hy. destruct (Rtotal_order y s) as [h|[h|h]]; [apply B1; lra|subst; exact AT|].
      specialize (SR y ltac:(lra)). lra. }
  apply Rnot_lt_le. intros C. destruct (Rle_lt_dec b a) as [h|h].
  - replace b with a in C by lra. lra.
  - set (e := (f b - f a - M * (b - a)) / (2 * (b - a))).
    assert (He : 0 < e) by (apply Rdiv_lt_0_compat; lra). specialize (W e He).
    assert (e * (b - a) = (f b - f a - M * (b - a)) / 2) by (unfold e; field; lra). lra.
Qed.

Theorem mean_value_increasing (f f' : R -> R) a b : a <= b ->
  (forall c, a <= c <= b -> derivable_pt_lim f c (f' c)) -> (forall c, a <= c <= b -> 0 <= f' c) -> f a <= f b.
Proof.
  intros Hab Hd H. pose proof (mean_value_ineq (fun x => - f x) (fun x => - f' x) 0 a b Hab) as Q.
  assert (- f b - - f a <= 0 * (b - a)); [|lra]. apply Q.
  - intros c Hc. apply (derivable_pt_lim_opp f). auto.
  - intros c Hc. specialize (H c Hc). lra.
Qed.

(** ** The exponential *)
Lemma exp_mono a b : a <= b -> exp a <= exp b.
Proof.
  intros H. apply (mean_value_increasing exp exp); auto.
  - intros; apply derivable_pt_lim_exp.
  - intros; apply Rlt_le, exp_pos.
Qed.
Lemma exp_ge_line h : 0 <= h -> 1 + h <= exp h.
Proof.
  intros H. pose proof (mean_value_ineq (fun x => x - exp x) (fun x => 1 - exp x) 0 0 h H) as Q.
  pose proof exp_0 as E0. assert (h - exp h - (0 - exp 0) <= 0 * (h - 0)); [|lra]. apply Q.
  - intros c Hc. apply (derivable_pt_lim_minus id exp); [apply derivable_pt_lim_id|apply derivable_pt_lim_exp].
  - intros c Hc. pose proof (exp_mono 0 c ltac:(lra)) as E. rewrite exp_0 in E. lra.
Qed.
Lemma exp_strict a b : a < b -> exp a < exp b.
Proof.
  intros H. replace b with (a + (b - a)) by ring. rewrite exp_plus.
  pose proof (exp_ge_line (b - a) ltac:(lra)). pose proof (exp_pos a). nra.
Qed.
Lemma exp_le_back a b : exp a <= exp b -> a <= b.
Proof. intros H. apply Rnot_lt_le. intros C. apply exp_strict in C. lra. Qed.

(** ** The logarithm of a positive real *)
Lemma log_exists y : 0 < y -> {z : R | exp z = y}.
Proof.
  intros Hy.
  assert (A : y < exp (y + 1)) by (pose proof (exp_ge_line (y + 1) ltac:(lra)); lra).
  assert (B : exp (- (/ y + 1)) < y).
  { rewrite exp_Ropp. assert (Q : / y < exp (/ y + 1)).
    { assert (0 < / y) by (apply Rinv_0_lt_compat; auto). pose proof (exp_ge_line (/ y + 1) ltac:(lra)). lra. }
    pose proof (exp_pos (/ y + 1)) as P. apply (Rmult_lt_reg_r (exp (/ y + 1))); auto. rewrite Rinv_l by lra.
    apply Rmult_lt_compat_l with (r := y) in Q; auto. rewrite Rinv_r in Q by lra. exact Q. }
  destruct (IVT (fun x => exp x - y) (- (/ y + 1)) (y + 1)) as [z [_ Ez]].
  - intros x. apply (continuity_pt_minus exp (fct_cte y)).
    + apply derivable_continuous_pt. exists (exp x). apply derivable_pt_lim_exp.
    + apply continuity_pt_const. intros u v; reflexivity.
  - assert (0 < / y) by (apply Rinv_0_lt_compat; auto). lra.
  - lra.
  - lra.
  - exists z. lra.
Qed.
Definition log (y : R) : R := match Rlt_dec 0 y with left H => proj1_sig (log_exists y H) | right _ => 0 end.
Theorem exp_log y : 0 < y -> exp (log y) = y.
Proof.
  intros H. unfold log. destruct (Rlt_dec 0 y) as [h|h]; [|lra]. destruct (log_exists y h) as [z Hz]. exact Hz.
Qed.
Theorem log_unique y z : 0 < y -> exp z = y -> z = log y.
Proof. intros H E. pose proof (exp_log y H). apply Rle_antisym; apply exp_le_back; lra. Qed.
