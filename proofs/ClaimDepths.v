(** Rates and limits of divided differences of two nodes whose depth grows like p k + q. *)
From Coq Require Import Reals Lra Lia ZArith List.
From Normbound Require Import MeanValue Vec DD Claims ClaimOrder ClaimLimits ClaimRates ClaimDifferences.
Import ListNotations.
Open Scope R_scope.

Lemma dd_abs n l : Rabs (DD.dd n l) <= DD.dd n (map Rabs l).
Proof.
  revert l. induction n as [|n IH]; intros l.
  - destruct l as [|a [|b r]]; simpl; rewrite ?Rabs_R0, ?Rabs_R1; lra.
  - destruct l as [|a r]; [simpl; rewrite Rabs_R0; lra|]. simpl map. rewrite !dd_S. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
    pose proof (IH (a :: r)) as A. pose proof (IH r). simpl map in A. pose proof (Rabs_pos a). nra.
Qed.
Section Depth.
Variables (P : R -> Prop) (d : R -> R) (p q n a b : R).
Hypotheses (line : forall k, P k -> k >= n -> d k = p * k + q) (natural : forall k, P k -> k >= n -> isnat (d k)) (rising : 0 < p).
Let t := Term p 1 0 1.
Lemma depth_grows M : ev (fun k => P k -> M <= d k /\ isnat (d k) /\ d k = p * k + q).
Proof.
  apply (ev_use2 _ _ _ (ev_ge n) (ev_ge ((M - q) / p))). intros k A B K. rewrite (line k K) by lra.
  split; [|split; [rewrite <- line by (auto; lra); apply natural; auto; lra|reflexivity]].
  assert ((M - q) / p * p = M - q) by (field; lra). nra.
Qed.
Lemma linear k : 1 < k -> p * k + q = total t [Term q 0 0 1] k / total (Term 1 0 0 1) [] k.
Proof.
  intros K. unfold total, t, value, mono. cbn [fold_left t_co t_ex t_lo t_ba]. rewrite !pw_0, pw_1, !pw_base_1. field.
Qed.
Lemma rate_linear : rates P (fun k => p * k + q) 1.
Proof.
  apply (rate_quotient P (fun k => p * k + q) 2 t (Term 1 0 0 1) [Term q 0 0 1] []); cbn [t t_co t_ba t_ex t_lo]; try lra.
  - intros k _ K. apply linear. lra.
  - constructor; [left; apply by_power; cbn; lra|constructor].
  - constructor.
Qed.
Lemma exponent : limit_to P (fun k => (p * k + q - 1) * (1 / k)) p.
Proof.
  apply (lim_ext P _ (fun k => p + (q - 1) / k)); [|apply (lim_shift P (fun k => (q - 1) / k) p), constant_over].
  apply (ev_mono _ _ (ev_ge 1)). intros k K _. field. lra.
Qed.
Lemma rate_power m : 0 < m -> rates P (fun k => pw m (d k - 1)) (pw m p).
Proof.
  intros M. unfold rates. apply (lim_ext P _ (fun k => pw m ((p * k + q - 1) * (1 / k)))).
  - apply (ev_mono _ _ (depth_grows 0)). intros k H K. destruct (H K) as [_ [_ ->]]. apply pw_pw, M.
  - apply (lim_pw P (fun _ => m)); [exact M|apply lim_const|apply exponent].
Qed.
(** The rate is the power of the larger node *)
Lemma rate_two : 0 <= a -> 0 <= b -> rates P (fun k => dd (d k) [a; b]) (pw (Rmax a b) p).
Proof.
  intros A B. set (m := Rmax a b). assert (M1 : a <= m) by apply Rmax_l. assert (M2 : b <= m) by apply Rmax_r.
  destruct (Req_EM_T m 0) as [Z|Z].
  - assert (a = 0) by lra. assert (b = 0) by lra. subst a b. rewrite Z, pw_base_0 by lra. unfold rates.
    apply (lim_ext P _ (fun _ => 0)); [|apply lim_const]. apply (ev_use2 _ _ _ (depth_grows 2) (root_pos P)). intros k H R0 K.
    destruct (H K) as [D [N _]]. specialize (R0 K). rewrite (dd_same (d k) 0 N ltac:(lra)), !pw_base_0, Rmult_0_r, pw_base_0 by lra. reflexivity.
  - assert (M : 0 < m) by lra. unfold rates.
    apply (lim_squeeze P _ (fun k => pw (pw m (d k - 1)) (1 / k)) (fun k => pw (p * k + q) (1 / k) * pw (pw m (d k - 1)) (1 / k))).
    + apply (ev_use2 _ _ _ (depth_grows 1) (root_pos P)). intros k H R0 K. destruct (H K) as [D [N E]]. specialize (R0 K).
      assert (G : 0 < pw m (d k - 1)) by (apply pw_pos, M). assert (L : pw m (d k - 1) <= dd (d k) [a; b]).
      { unfold m, Rmax. destruct (Rle_dec a b); [apply dd_member_right|apply dd_member]; auto. }
      assert (U : dd (d k) [a; b] <= d k * pw m (d k - 1)) by (apply dd_above; auto).
      split; [apply pw_base_le; lra|]. rewrite <- E, <- pw_mul by lra. apply pw_base_le; lra.
    + apply (rate_power m M).
    + replace (pw m p) with (1 * pw m p) by ring. apply lim_mul; [apply rate_linear|apply (rate_power m M)].
Qed.
Lemma rate_dd v w : 0 <= a -> 0 <= b -> v = w -> w = pw (Rmax a b) p -> rates P (fun k => dd (d k) [a; b]) v.
Proof. intros A B -> ->. apply rate_two; auto. Qed.

(** Powers of a number between 0 and 1 *)
Lemma shrinking m : 0 < m -> m < 1 -> limit_to P (fun k => d k * pw m (d k - 1)) 0.
Proof.
  intros M L. pose proof (pw_pos m (q - 1) M) as C. set (c := pw m (q - 1)) in *. set (r := pw m p).
  assert (R0 : 0 < r) by (apply pw_pos, M). assert (R1 : r < 1) by (rewrite <- (pw_0 m); apply pw_small_lt; lra).
  apply (lim_ext P _ (fun k => total (Term (p * c) 1 0 r) [Term (q * c) 0 0 r] k / total (Term 1 0 0 1) [] k)).
  - apply (ev_use2 _ _ _ (depth_grows 0) (ev_ge 2)). intros k H K PK. destruct (H PK) as [_ [_ ->]].
    unfold total, value, mono. cbn [fold_left t_co t_ex t_lo t_ba]. rewrite !pw_0, pw_1, !pw_base_1.
    replace (pw m (p * k + q - 1)) with (pw r k * c); [field|]. unfold r, c. rewrite pw_pw, <- pw_add by exact M. f_equal. ring.
  - apply (limit_zero P _ 0 (Term (p * c) 1 0 r) (Term 1 0 0 1) [Term (q * c) 0 0 r] []); cbn [t_co t_ba]; try lra; auto.
    repeat (constructor; [apply by_base; cbn; lra|]). constructor.
Qed.
Lemma limit_vanish v : - (1) < a -> a < 1 -> - (1) < b -> b < 1 -> v = 0 -> limit_to P (fun k => dd (d k) [a; b]) v.
Proof.
  intros A1 A2 B1 B2 ->. set (m := Rmax (1 / 2) (Rmax (Rabs a) (Rabs b))). assert (M0 : 1 / 2 <= m) by apply Rmax_l.
  assert (Ma : Rabs a <= m) by (eapply Rle_trans; [apply Rmax_l|apply Rmax_r]). assert (Mb : Rabs b <= m) by (eapply Rle_trans; [apply Rmax_r|apply Rmax_r]).
  assert (M1 : m < 1) by (unfold m; repeat apply Rmax_lub_lt; [lra|apply Rabs_def1; lra|apply Rabs_def1; lra]).
  apply (lim_squeeze P _ (fun k => - (d k * pw m (d k - 1))) (fun k => d k * pw m (d k - 1))).
  - apply (ev_mono _ _ (depth_grows 1)). intros k H K. destruct (H K) as [D [N _]].
    assert (E : Rabs (dd (d k) [a; b]) <= dd (d k) [Rabs a; Rabs b]) by (unfold dd; apply dd_abs).
    pose proof (dd_above (d k) m (Rabs a) (Rabs b) N D (Rabs_pos a) Ma (Rabs_pos b) Mb). pose proof (Rle_abs (dd (d k) [a; b])).
    pose proof (Rle_abs (- dd (d k) [a; b])) as F. rewrite Rabs_Ropp in F. lra.
  - rewrite <- Ropp_0. apply lim_opp, shrinking; lra.
  - apply shrinking; lra.
Qed.
Lemma power_vanish x : - (1) < x -> x < 1 -> limit_to P (fun k => pw x (d k)) 0.
Proof.
  intros A B. set (m := Rmax (1 / 2) (Rabs x)). assert (M0 : 1 / 2 <= m) by apply Rmax_l. assert (Mx : Rabs x <= m) by apply Rmax_r.
  assert (M1 : m < 1) by (apply Rmax_lub_lt; [lra|apply Rabs_def1; lra]).
  apply (lim_squeeze P _ (fun k => - (d k * pw m (d k - 1))) (fun k => d k * pw m (d k - 1))).
  - apply (ev_mono _ _ (depth_grows 1)). intros k H K. destruct (H K) as [D [N _]].
    assert (E : Rabs (pw x (d k)) = pw (Rabs x) (d k)) by (apply pw_abs; right; apply isnat_isint, N).
    assert (pw (Rabs x) (d k) <= pw m (d k)) by (apply pw_base_le; auto using Rabs_pos; lra).
    assert (pw m (d k) <= pw m (d k - 1)) by (apply pw_small_le; lra). pose proof (pw_pos m (d k - 1) ltac:(lra)).
    pose proof (Rle_abs (pw x (d k))). pose proof (Rle_abs (- pw x (d k))) as F. rewrite Rabs_Ropp in F. nra.
  - rewrite <- Ropp_0. apply lim_opp, shrinking; lra.
  - apply shrinking; lra.
Qed.
Lemma limit_one x v : - (1) < x -> x < 1 -> v = 1 / (1 - x) -> limit_to P (fun k => dd (d k) [x; 1]) v.
Proof.
  intros A B ->. apply (lim_ext P _ (fun k => (1 - pw x (d k)) / (1 - x))).
  - apply (ev_mono _ _ (depth_grows 0)). intros k H K. destruct (H K) as [_ [N _]]. pose proof (dd_difference (d k) x 1 [] N) as E.
    rewrite !dd_single, pw_base_1 in E by exact N. apply (Rmult_eq_reg_l (1 - x)); [|lra]. replace ((1 - x) * dd (d k) [x; 1]) with (- ((x - 1) * dd (d k) [x; 1])) by ring.
    rewrite E. field. lra.
  - replace (1 / (1 - x)) with ((1 - 0) / (1 - x)) by (f_equal; ring). apply lim_div; [lra| |apply lim_const].
    apply lim_sub; [apply lim_const|apply power_vanish; auto].
Qed.
Lemma limit_one_right x y v : - (1) < x -> x < 1 -> y = 1 -> v = 1 / (1 - x) -> limit_to P (fun k => dd (d k) [x; y]) v.
Proof. intros A B -> V. apply limit_one; auto. Qed.
Lemma limit_one_left x y v : - (1) < x -> x < 1 -> y = 1 -> v = 1 / (1 - x) -> limit_to P (fun k => dd (d k) [y; x]) v.
Proof.
  intros A B Y V. apply (limit_same P _ (fun k => dd (d k) [x; y]) _ 0); [intros; apply dd_swap_two|apply limit_one_right; auto].
Qed.
Lemma depth_infinite : limit_inf P d.
Proof. apply inf_of_ev. intros M. apply (ev_mono _ _ (depth_grows (M + 1))). intros k H K. destruct (H K). lra. Qed.
Lemma limit_growing : 0 <= a -> 0 <= b -> 1 < a -> limit_inf P (fun k => dd (d k) [a; b]).
Proof.
  intros A B L. apply inf_of_ev. intros M. pose proof (log_positive a L) as G.
  apply (ev_mono _ _ (depth_grows (Rmax 1 (1 + M / log a)))). intros k H K. destruct (H K) as [D [N _]].
  pose proof (Rmax_l 1 (1 + M / log a)). pose proof (Rmax_r 1 (1 + M / log a)).
  pose proof (dd_member (d k) a b N ltac:(lra) A B) as E. rewrite pw_exp in E by lra. pose proof (exp_line ((d k - 1) * log a)).
  assert (M / log a * log a = M) by (field; lra). assert (M <= (d k - 1) * log a) by nra. lra.
Qed.
Lemma limit_ones : 1 <= a -> 1 <= b -> limit_inf P (fun k => dd (d k) [a; b]).
Proof.
  intros A B. apply inf_of_ev. intros M. apply (ev_mono _ _ (depth_grows (Rmax 1 (M + 1)))). intros k H K. destruct (H K) as [D [N _]].
  pose proof (Rmax_l 1 (M + 1)). pose proof (Rmax_r 1 (M + 1)).
  pose proof (dd_below (d k) 1 a b N ltac:(lra) ltac:(lra) A B) as E. rewrite pw_base_1 in E. lra.
Qed.
End Depth.
Lemma limit_growing_right (P : R -> Prop) d p q n a b : (forall k, P k -> k >= n -> d k = p * k + q) -> (forall k, P k -> k >= n -> isnat (d k)) -> 0 < p ->
  0 <= a -> 0 <= b -> 1 < b -> limit_inf P (fun k => dd (d k) [a; b]).
Proof.
  intros L N R0 A B C. apply (limit_same_inf P _ (fun k => dd (d k) [b; a]) 0); [intros; apply dd_swap_two|].
  apply (limit_growing P d p q n b a L N R0); auto.
Qed.
