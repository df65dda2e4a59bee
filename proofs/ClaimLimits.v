(** Limits and rates of sums of terms c k^a (log k)^l b^k, by the term that dominates. *)
From Coq Require Import Reals Lra Lia ZArith List.
From Normbound Require Import MeanValue Claims.
Import ListNotations.
Open Scope R_scope.
Implicit Types P : R -> Prop.

(** ** For all large k *)
Definition ev (Q : R -> Prop) : Prop := exists N, forall k, N <= k -> Q k.

Lemma ev_ge c : ev (fun k => c <= k).
Proof. exists c. auto. Qed.
Lemma ev_all (Q : R -> Prop) : (forall k, Q k) -> ev Q.
Proof. exists 0. auto. Qed.
Lemma ev_mono (Q Q' : R -> Prop) : ev Q -> (forall k, Q k -> Q' k) -> ev Q'.
Proof. intros [N H] I. exists N. auto. Qed.
Lemma ev_and (Q Q' : R -> Prop) : ev Q -> ev Q' -> ev (fun k => Q k /\ Q' k).
Proof.
  intros [N H] [N' H']. exists (Rmax N N'). intros k K. pose proof (Rmax_l N N'). pose proof (Rmax_r N N').
  split; [apply H|apply H']; lra.
Qed.
Lemma ev_use2 (A B Q : R -> Prop) : ev A -> ev B -> (forall k, A k -> B k -> Q k) -> ev Q.
Proof. intros HA HB I. apply (ev_mono _ _ (ev_and _ _ HA HB)). intros k [? ?]. auto. Qed.
Lemma ev_use3 (A B C Q : R -> Prop) : ev A -> ev B -> ev C -> (forall k, A k -> B k -> C k -> Q k) -> ev Q.
Proof. intros HA HB HC I. apply (ev_use2 _ _ _ HA (ev_and _ _ HB HC)). intros k ? [? ?]. auto. Qed.

Lemma above x : exists N : nat, x <= INR N.
Proof.
  exists (Z.to_nat (up x)). destruct (archimed x) as [H _]. destruct (Z_le_gt_dec 0 (up x)) as [h|h].
  - rewrite INR_IZR_INZ, Z2Nat.id; [lra|exact h].
  - pose proof (pos_INR (Z.to_nat (up x))). assert (IZR (up x) <= 0) by (apply IZR_le; lia). lra.
Qed.
Lemma lim_of_ev P f v : (forall eps, 0 < eps -> ev (fun k => P k -> Rabs (f k - v) < eps)) -> limit_to P f v.
Proof.
  intros H eps E. destruct (H eps E) as [x X]. destruct (above x) as [N HN]. exists N. intros k K L. apply X; [lra|exact K].
Qed.
Lemma ev_of_lim P f v eps : limit_to P f v -> 0 < eps -> ev (fun k => P k -> Rabs (f k - v) < eps).
Proof. intros H E. destruct (H eps E) as [N HN]. exists (INR N). auto. Qed.
Lemma inf_of_ev P f : (forall M, ev (fun k => P k -> M < f k)) -> limit_inf P f.
Proof. intros H M. destruct (H M) as [x X]. destruct (above x) as [N HN]. exists N. intros k K L. apply X; [lra|exact K]. Qed.
Lemma ev_of_inf P f M : limit_inf P f -> ev (fun k => P k -> M < f k).
Proof. intros H. destruct (H M) as [N HN]. exists (INR N). auto. Qed.

(** ** Limits *)
Lemma lim_ext P f g v : ev (fun k => P k -> f k = g k) -> limit_to P g v -> limit_to P f v.
Proof.
  intros E H. apply lim_of_ev. intros eps L. apply (ev_use2 _ _ _ E (ev_of_lim _ _ _ eps H L)). intros k A B K.
  rewrite (A K). apply B, K.
Qed.
Lemma lim_inf_ext P f g : ev (fun k => P k -> f k = g k) -> limit_inf P g -> limit_inf P f.
Proof. intros E H. apply inf_of_ev. intros M. apply (ev_use2 _ _ _ E (ev_of_inf _ _ M H)). intros k A B K. rewrite (A K). apply B, K. Qed.
Lemma lim_const P v : limit_to P (fun _ => v) v.
Proof. apply lim_of_ev. intros eps E. apply ev_all. intros k _. unfold Rminus. rewrite Rplus_opp_r, Rabs_R0. exact E. Qed.
Lemma lim_squeeze P f g h v : ev (fun k => P k -> g k <= f k <= h k) -> limit_to P g v -> limit_to P h v -> limit_to P f v.
Proof.
  intros E G H. apply lim_of_ev. intros eps L.
  apply (ev_use3 _ _ _ _ E (ev_of_lim _ _ _ eps G L) (ev_of_lim _ _ _ eps H L)). intros k A B C K.
  specialize (A K). specialize (B K). specialize (C K). apply Rabs_def2 in B, C. apply Rabs_def1; lra.
Qed.
Lemma lim_continuous P f v (F : R -> R) : continuity_pt F v -> limit_to P f v -> limit_to P (fun k => F (f k)) (F v).
Proof.
  intros C H. apply lim_of_ev. intros eps E. destruct (C eps E) as [d [D X]].
  apply (ev_mono _ _ (ev_of_lim _ _ _ d H D)). intros k B K. specialize (B K).
  destruct (Req_EM_T (f k) v) as [->|N]; [unfold Rminus; rewrite Rplus_opp_r, Rabs_R0; exact E|].
  apply (X (f k)). split; [split; [exact I|auto]|exact B].
Qed.
Lemma lim_add P f g v w : limit_to P f v -> limit_to P g w -> limit_to P (fun k => f k + g k) (v + w).
Proof.
  intros F G. apply lim_of_ev. intros eps E. assert (E2 : 0 < eps / 2) by lra.
  apply (ev_use2 _ _ _ (ev_of_lim _ _ _ _ F E2) (ev_of_lim _ _ _ _ G E2)). intros k A B K.
  specialize (A K). specialize (B K). apply Rabs_def2 in A, B. apply Rabs_def1; lra.
Qed.
Lemma lim_shift P g d : limit_to P g 0 -> limit_to P (fun k => d + g k) d.
Proof. intros G. pose proof (lim_add P _ _ _ _ (lim_const P d) G) as H. rewrite Rplus_0_r in H. exact H. Qed.
Lemma lim_opp P f v : limit_to P f v -> limit_to P (fun k => - f k) (- v).
Proof.
  intros F. apply lim_of_ev. intros eps E. apply (ev_mono _ _ (ev_of_lim _ _ _ _ F E)). intros k A K.
  specialize (A K). apply Rabs_def2 in A. apply Rabs_def1; lra.
Qed.
Lemma lim_sub P f g v w : limit_to P f v -> limit_to P g w -> limit_to P (fun k => f k - g k) (v - w).
Proof. intros F G. apply lim_add; [exact F|apply lim_opp, G]. Qed.
Lemma lim_mul P f g v w : limit_to P f v -> limit_to P g w -> limit_to P (fun k => f k * g k) (v * w).
Proof.
  intros F G. apply lim_of_ev. intros eps E. set (m := 1 + Rabs v + Rabs w).
  assert (M : 1 <= m) by (unfold m; pose proof (Rabs_pos v); pose proof (Rabs_pos w); lra).
  set (d := Rmin 1 (eps / m)). assert (D : 0 < d) by (apply Rmin_pos; [lra|apply Rdiv_lt_0_compat; lra]).
  assert (D1 : d <= 1) by apply Rmin_l. assert (D2 : d * m <= eps).
  { apply Rle_trans with (eps / m * m); [apply Rmult_le_compat_r; [lra|apply Rmin_r]|]. right. field. lra. }
  apply (ev_use2 _ _ _ (ev_of_lim _ _ _ _ F D) (ev_of_lim _ _ _ _ G D)). intros k A B K. specialize (A K). specialize (B K).
  replace (f k * g k - v * w) with ((f k - v) * (g k - w) + v * (g k - w) + w * (f k - v)) by ring.
  eapply Rle_lt_trans; [apply Rabs_triang|]. eapply Rle_lt_trans; [apply Rplus_le_compat_r, Rabs_triang|]. rewrite !Rabs_mult.
  pose proof (Rabs_pos (f k - v)). pose proof (Rabs_pos (g k - w)). pose proof (Rabs_pos v). pose proof (Rabs_pos w).
  unfold m in D2. nra.
Qed.
Lemma continuity_inv v : v <> 0 -> continuity_pt (fun x => / x) v.
Proof. intros H. apply (continuity_pt_inv (fun x => x)); [apply derivable_continuous_pt, derivable_pt_id|exact H]. Qed.
Lemma lim_inv P f v : v <> 0 -> limit_to P f v -> limit_to P (fun k => / f k) (/ v).
Proof. intros N F. apply (lim_continuous P f v (fun x => / x)); [apply continuity_inv, N|exact F]. Qed.
Lemma lim_div P f g v w : w <> 0 -> limit_to P f v -> limit_to P g w -> limit_to P (fun k => f k / g k) (v / w).
Proof. intros N F G. apply lim_mul; [exact F|apply lim_inv; auto]. Qed.
Lemma lim_exp P f v : limit_to P f v -> limit_to P (fun k => exp (f k)) (exp v).
Proof. apply (lim_continuous P f v exp). apply derivable_continuous_pt, derivable_pt_exp. Qed.
Lemma lim_positive P f v : 0 < v -> limit_to P f v -> ev (fun k => P k -> v / 2 < f k).
Proof.
  intros V F. assert (E : 0 < v / 2) by lra. apply (ev_mono _ _ (ev_of_lim _ _ _ _ F E)). intros k A K. specialize (A K).
  apply Rabs_def2 in A. lra.
Qed.
Lemma lim_nonzero P f v : v <> 0 -> limit_to P f v -> ev (fun k => P k -> f k <> 0).
Proof.
  intros V F. pose proof (Rabs_pos_lt v V) as E. apply (ev_mono _ _ (ev_of_lim _ _ _ _ F E)). intros k A K. specialize (A K).
  intros Z. rewrite Z in A. unfold Rminus in A. rewrite Rplus_0_l, Rabs_Ropp in A. lra.
Qed.

(** ** Growth of log *)
Lemma log_nonneg k : 1 <= k -> 0 <= log k.
Proof. intros H. rewrite <- log_1. apply log_le; lra. Qed.
Lemma log_positive k : 1 < k -> 0 < log k.
Proof. intros H. rewrite <- log_1. apply log_lt; lra. Qed.
Lemma exp_line x : 1 + x <= exp x.
Proof.
  destruct (Rle_lt_dec 0 x) as [h|h]; [apply exp_ge_line, h|].
  pose proof (mean_value_ineq exp exp 1 x 0 ltac:(lra)) as Q. rewrite exp_0 in Q. assert (1 - exp x <= 1 * (0 - x)); [|lra]. apply Q.
  - intros; apply derivable_pt_lim_exp.
  - intros c C. rewrite <- exp_0. apply exp_mono. lra.
Qed.
Lemma log_line y : 0 < y -> log y <= y - 1.
Proof. intros H. pose proof (exp_line (log y)) as E. rewrite exp_log in E by exact H. lra. Qed.
Lemma ev_log (Q : R -> Prop) : ev Q -> ev (fun k => Q (log k)).
Proof.
  intros [N H]. exists (exp N). intros k K. apply H. apply exp_le_back. rewrite exp_log; [exact K|]. pose proof (exp_pos N). lra.
Qed.
Lemma log_small C d : 0 < d -> ev (fun k => C * log k <= d * k).
Proof.
  intros D. set (r := 2 * Rabs C / d). assert (R0 : 0 <= r) by (unfold r; apply Rmult_le_pos; [pose proof (Rabs_pos C); lra|left; apply Rinv_0_lt_compat, D]).
  apply (ev_use2 _ _ _ (ev_ge 1) (ev_ge (r * r))). intros k K1 K2.
  set (s := sqrt k). assert (S0 : 1 <= s) by (unfold s; rewrite <- sqrt_1; apply sqrt_le_1; lra).
  assert (SS : s * s = k) by (apply sqrt_sqrt; lra). assert (S1 : r <= s).
  { apply Rnot_lt_le. intros h. pose proof (Rmult_le_0_lt_compat s r s r ltac:(lra) ltac:(lra) h h). lra. }
  assert (L : log k <= 2 * s). { rewrite <- SS, log_mul by lra. pose proof (log_line s ltac:(lra)). lra. }
  pose proof (log_nonneg k K1) as L0. assert (C * log k <= Rabs C * (2 * s)).
  { apply Rle_trans with (Rabs C * log k); [apply Rmult_le_compat_r; [exact L0|apply Rle_abs]|].
    apply Rmult_le_compat_l; [apply Rabs_pos|exact L]. }
  assert (2 * Rabs C = d * r) by (unfold r; field; lra). assert (d * (r * s) <= d * (s * s)) by (apply Rmult_le_compat_l; [lra|apply Rmult_le_compat_r; lra]).
  rewrite SS in *. replace (Rabs C * (2 * s)) with (2 * Rabs C * s) in * by ring. rewrite H0 in *. lra.
Qed.

(** r k + A log k + L log (log k) falls below every bound when the first of r, A, L that is not 0 is negative *)
Lemma falls r A L : r < 0 \/ (r <= 0 /\ A < 0) \/ (r <= 0 /\ A <= 0 /\ L < 0) -> forall M, ev (fun k => r * k + A * log k + L * log (log k) <= M).
Proof.
  intros [H|[[H0 H]|[H0 [H1 H]]]] M.
  - assert (D : 0 < - r / 3) by lra.
    apply (ev_use3 _ _ _ _ (log_small A _ D) (ev_log _ (log_small L 1 Rlt_0_1)) (ev_and _ _ (log_small 1 _ D) (ev_ge (- (3 * M / - r))))).
    intros k X Y [Z W]. assert (r / 3 * k <= M). { assert (r / 3 * - (3 * M / - r) = M) by (field; lra). nra. } lra.
  - assert (D : 0 < - A / 2) by lra.
    apply (ev_use3 _ _ _ _ (ev_log _ (log_small L _ D)) (ev_log _ (ev_ge (- (2 * M / - A)))) (ev_ge 0)).
    intros k X Y Z. assert (A / 2 * log k <= M). { assert (A / 2 * - (2 * M / - A) = M) by (field; lra). nra. } nra.
  - apply (ev_use3 _ _ _ _ (ev_log _ (ev_log _ (ev_ge (- (M / - L))))) (ev_ge 1) (ev_ge 1)). intros k X Y _.
    pose proof (log_nonneg k Y). assert (L * log (log k) <= M). { assert (L * - (M / - L) = M) by (field; lra). nra. } nra.
Qed.

(** ** Terms *)
Record term := Term { t_co : R; t_ex : R; t_lo : R; t_ba : R }.
Definition mono (t : term) (k : R) : R := pw k (t_ex t) * pw (log k) (t_lo t) * pw (t_ba t) k.
Definition value (t : term) (k : R) : R := t_co t * mono t k.
Definition tail (ts : list term) (k : R) : R := fold_right (fun t x => value t k + x) 0 ts.
Definition total (t : term) (ts : list term) (k : R) : R := fold_left (fun x s => x + value s k) ts (value t k).
Lemma total_tail t ts k : total t ts k = value t k + tail ts k.
Proof.
  unfold total, tail. generalize (value t k). induction ts as [|s ts IH]; intros x; simpl; [ring|]. rewrite IH. ring.
Qed.

(** t/t0 tends to 0 *)
Inductive below (P : R -> Prop) (t0 t : term) : Prop :=
  | by_base : 0 <= t_ba t -> t_ba t < t_ba t0 -> below P t0 t
  | by_base_int : (forall k, P k -> isint k) -> - t_ba t0 < t_ba t -> t_ba t < t_ba t0 -> below P t0 t
  | by_power : 0 <= t_ba t -> t_ba t <= t_ba t0 -> t_ex t < t_ex t0 -> below P t0 t
  | by_log : t_ba t = t_ba t0 -> t_ex t = t_ex t0 -> t_lo t < t_lo t0 -> below P t0 t.

Lemma mono_pos t k : 0 < t_ba t -> 1 < k -> 0 < mono t k.
Proof. intros B K. unfold mono. pose proof (log_positive k K). repeat apply Rmult_lt_0_compat; apply pw_pos; lra. Qed.
Lemma mono_exp t k : 0 < t_ba t -> 1 < k -> mono t k = exp (log (t_ba t) * k + t_ex t * log k + t_lo t * log (log k)).
Proof.
  intros B K. unfold mono. pose proof (log_positive k K). rewrite !pw_exp by lra. rewrite <- !exp_plus. f_equal. ring.
Qed.
Lemma mono_zero t k : t_ba t = 0 -> 1 < k -> mono t k = 0.
Proof. intros B K. unfold mono. rewrite B, (pw_base_0 k) by lra. ring. Qed.
Definition absolute (t : term) : term := Term (t_co t) (t_ex t) (t_lo t) (Rabs (t_ba t)).
Lemma pw_abs x k : 0 <= x \/ isint k -> Rabs (pw x k) = pw (Rabs x) k.
Proof.
  intros [H|[z ->]].
  - rewrite (Rabs_pos_eq x), Rabs_pos_eq; auto using pw_ge0.
  - rewrite !pw_Z. destruct z as [|p|p]; simpl; [apply Rabs_R1|symmetry; apply RPow_abs|].
    destruct (Req_EM_T (x ^ Pos.to_nat p) 0) as [E|E].
    + rewrite E, Rinv_0, Rabs_R0. rewrite RPow_abs, E, Rabs_R0, Rinv_0. reflexivity.
    + rewrite Rabs_inv, RPow_abs. reflexivity.
Qed.
Lemma mono_abs t k : 1 < k -> 0 <= t_ba t \/ isint k -> Rabs (mono t k) = mono (absolute t) k.
Proof.
  intros K H. unfold mono, absolute. cbn [t_ex t_lo t_ba]. pose proof (log_positive k K). rewrite !Rabs_mult, (pw_abs (t_ba t) k H).
  rewrite !(Rabs_pos_eq (pw _ _)); [reflexivity| |]; apply Rlt_le, pw_pos; lra.
Qed.

Lemma quotient_falls t0 t : 0 < t_ba t0 -> 0 < t_ba t ->
  t_ba t < t_ba t0 \/ (t_ba t <= t_ba t0 /\ t_ex t < t_ex t0) \/ (t_ba t <= t_ba t0 /\ t_ex t <= t_ex t0 /\ t_lo t < t_lo t0) ->
  forall eps, 0 < eps -> ev (fun k => 1 < k /\ mono t k / mono t0 k < eps).
Proof.
  intros B0 B H eps E.
  assert (L : forall M, ev (fun k => (log (t_ba t) - log (t_ba t0)) * k + (t_ex t - t_ex t0) * log k + (t_lo t - t_lo t0) * log (log k) <= M)).
  { apply falls. destruct H as [H|[[H0 H]|[H0 [H1 H]]]].
    - left. pose proof (log_lt _ _ B H). lra.
    - right. left. pose proof (log_le _ _ B H0). lra.
    - right. right. pose proof (log_le _ _ B H0). lra. }
  apply (ev_use2 _ _ _ (L (log eps - 1)) (ev_ge 2)). intros k X K. split; [lra|].
  rewrite !mono_exp by lra. unfold Rdiv. rewrite <- exp_Ropp, <- exp_plus. rewrite <- (exp_log eps E) at 1. apply exp_strict. lra.
Qed.
Lemma vanishes P t0 t : 0 < t_ba t0 -> below P t0 t -> limit_to P (fun k => mono t k / mono t0 k) 0.
Proof.
  intros B0 H. apply lim_of_ev. intros eps E.
  assert (S : forall k, P k -> 0 <= t_ba t \/ isint k).
  { intros k K. destruct H as [h _|h _ _|h _ _|h _ _]; [left; exact h|right; apply h, K|left; exact h|left; lra]. }
  destruct (Req_EM_T (t_ba t) 0) as [Z|Z].
  - apply (ev_mono _ _ (ev_ge 2)). intros k K _. rewrite (mono_zero t) by (auto; lra). unfold Rdiv. rewrite Rmult_0_l, Rminus_0_r, Rabs_R0. exact E.
  - assert (Q : ev (fun k => 1 < k /\ mono (absolute t) k / mono t0 k < eps)).
    { pose proof (Rabs_pos_lt _ Z) as A. apply quotient_falls; [exact B0|exact A| |exact E]. cbn [absolute t_ex t_lo t_ba].
      destruct H as [h i|h i j|h i j|h i j].
      - left. rewrite Rabs_pos_eq; auto.
      - left. apply Rabs_def1; lra.
      - right. left. rewrite Rabs_pos_eq; auto.
      - right. right. rewrite Rabs_pos_eq by lra. lra. }
    apply (ev_mono _ _ Q). intros k [K X] PK. rewrite Rminus_0_r. unfold Rdiv in *. rewrite Rabs_mult, mono_abs by auto.
    rewrite (Rabs_pos_eq (/ _)); [exact X|]. left. apply Rinv_0_lt_compat, mono_pos; auto.
Qed.
Lemma tail_vanishes P t0 ts : 0 < t_ba t0 -> Forall (below P t0) ts -> limit_to P (fun k => tail ts k / mono t0 k) 0.
Proof.
  intros B F. induction F as [|t ts H F IH]; simpl.
  - apply (lim_ext P _ (fun _ => 0)); [apply ev_all; intros; unfold Rdiv; ring|apply lim_const].
  - apply (lim_ext P _ (fun k => t_co t * (mono t k / mono t0 k) + tail ts k / mono t0 k)).
    + apply ev_all. intros k _. unfold value, Rdiv. ring.
    + replace 0 with (t_co t * 0 + 0) by ring. apply lim_add; [|exact IH]. apply lim_mul; [apply lim_const|apply vanishes; auto].
Qed.
Lemma total_leads P t ts : 0 < t_ba t -> Forall (below P t) ts -> limit_to P (fun k => total t ts k / mono t k) (t_co t).
Proof.
  intros B F. apply (lim_ext P _ (fun k => t_co t + tail ts k / mono t k)).
  - apply (ev_mono _ _ (ev_ge 2)). intros k K _. rewrite total_tail. unfold value. pose proof (mono_pos t k B ltac:(lra)). field. lra.
  - replace (t_co t) with (t_co t + 0) at 1 by ring. apply lim_add; [apply lim_const|apply tail_vanishes; auto].
Qed.

(** ** Limits of quotients of sums of terms, f being one from n on *)
Lemma over_1 x : x / 1 = x.
Proof. unfold Rdiv. rewrite Rinv_1, Rmult_1_r. reflexivity. Qed.
Lemma reduced x y m : m <> 0 -> x / y = x / m / (y / m).
Proof. intros H. unfold Rdiv. rewrite Rinv_mult, Rinv_inv. transitivity (x * / y * (/ m * m)); [rewrite Rinv_l by exact H|]; ring. Qed.
Section Quotient.
Variables (P : R -> Prop) (f : R -> R) (n : R) (t s : term) (ts ss : list term).
Hypothesis same : forall k, P k -> k >= n -> f k = total t ts k / total s ss k.
Hypotheses (bs : 0 < t_ba s) (below_s : Forall (below P s) ss) (cs : t_co s <> 0).

Lemma quotient_ext g : (forall k, 1 < k -> total t ts k / total s ss k = g k) -> ev (fun k => P k -> f k = g k).
Proof. intros H. apply (ev_use2 _ _ _ (ev_ge n) (ev_ge 2)). intros k A B K. rewrite same by (auto; lra). apply H. lra. Qed.

Lemma limit_zero v : Forall (below P s) (t :: ts) -> v = 0 -> limit_to P f v.
Proof.
  intros F ->. apply (lim_ext P _ (fun k => (tail (t :: ts) k / mono s k) / (total s ss k / mono s k))).
  - apply quotient_ext. intros k K. change (tail (t :: ts) k) with (value t k + tail ts k). rewrite <- total_tail.
    apply reduced. pose proof (mono_pos s k bs K). lra.
  - replace 0 with (0 / t_co s) by (unfold Rdiv; ring). apply lim_div; [exact cs|apply tail_vanishes; auto|apply total_leads; auto].
Qed.
Hypotheses (bt : 0 < t_ba t) (below_t : Forall (below P t) ts).
Lemma limit_equal v : t_ex t = t_ex s -> t_lo t = t_lo s -> t_ba t = t_ba s -> v = t_co t / t_co s -> limit_to P f v.
Proof.
  intros A L B ->. apply (lim_ext P _ (fun k => (total t ts k / mono t k) / (total s ss k / mono s k))).
  - apply quotient_ext. intros k K. assert (E : mono t k = mono s k) by (unfold mono; rewrite A, L, B; reflexivity). rewrite E.
    apply reduced. pose proof (mono_pos s k bs K). lra.
  - apply lim_div; [exact cs|apply total_leads; auto|apply total_leads; auto].
Qed.
Lemma limit_infinite : below P t s -> 0 < t_co t / t_co s -> limit_inf P f.
Proof.
  intros D C. pose proof (lim_div _ _ _ _ _ cs (total_leads P t ts bt below_t) (total_leads P s ss bs below_s)) as Q.
  pose proof (vanishes P t s bt D) as V. apply inf_of_ev. intros M.
  set (c := t_co t / t_co s) in *. set (e := c / 2 / (Rabs M + 1)). assert (M1 : 0 < Rabs M + 1) by (pose proof (Rabs_pos M); lra).
  assert (E : 0 < e) by (unfold e; apply Rdiv_lt_0_compat; lra).
  assert (F : ev (fun k => P k -> f k = (total t ts k / mono t k / (total s ss k / mono s k)) / (mono s k / mono t k))).
  { apply quotient_ext. intros k K. pose proof (mono_pos s k bs K). pose proof (mono_pos t k bt K). unfold Rdiv. rewrite !Rinv_mult, !Rinv_inv.
    transitivity (total t ts k * / total s ss k * (/ mono t k * mono t k) * (/ mono s k * mono s k)); [rewrite !Rinv_l by lra|]; ring. }
  apply (ev_use3 _ _ _ _ F (lim_positive _ _ _ C Q) (ev_and _ _ (ev_of_lim _ _ _ e V E) (ev_ge 2))). intros k X Y [Z W] K.
  rewrite (X K). specialize (Y K). specialize (Z K). rewrite Rminus_0_r in Z. apply Rabs_def2 in Z.
  pose proof (mono_pos s k bs ltac:(lra)) as ms. pose proof (mono_pos t k bt ltac:(lra)) as mt.
  pose proof (Rdiv_lt_0_compat _ _ ms mt) as q. set (g := total t ts k / mono t k / (total s ss k / mono s k)) in *. set (h := mono s k / mono t k) in *.
  apply Rle_lt_trans with (Rabs M); [apply Rle_abs|]. apply (Rmult_lt_reg_r h); [exact q|]. replace (g / h * h) with g by (field; lra).
  assert (Rabs M * h <= Rabs M * e) by (apply Rmult_le_compat_l; [apply Rabs_pos|lra]).
  assert ((Rabs M + 1) * e = c / 2) by (unfold e; field; lra). lra.
Qed.
End Quotient.

(** ** Rates *)
(** A further term that does not change the rate *)
Definition level (t0 t : term) : Prop := 0 <= t_co t /\ 0 <= t_ba t /\ t_ba t <= t_ba t0 /\ 0 < t_co t0.

Lemma log_over P : limit_to P (fun k => log k / k) 0.
Proof.
  apply lim_of_ev. intros eps E. assert (E2 : 0 < eps / 2) by lra.
  apply (ev_use2 _ _ _ (log_small 1 _ E2) (ev_ge 1)). intros k X K _. pose proof (log_nonneg k K) as L.
  assert (I : 0 < / k) by (apply Rinv_0_lt_compat; lra). unfold Rdiv. rewrite Rminus_0_r, Rabs_pos_eq by nra.
  apply (Rmult_lt_reg_r k); [lra|]. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.
Lemma loglog_over P : limit_to P (fun k => log (log k) / k) 0.
Proof.
  apply (lim_squeeze P _ (fun _ => 0) (fun k => log k / k)); [|apply lim_const|apply log_over].
  apply (ev_use2 _ _ _ (ev_log _ (ev_ge 1)) (ev_ge 1)). intros k X K _. assert (I : 0 < / k) by (apply Rinv_0_lt_compat; lra).
  pose proof (log_nonneg _ X). pose proof (log_line (log k) ltac:(lra)). unfold Rdiv. split; nra.
Qed.
Lemma constant_over P c : limit_to P (fun k => c / k) 0.
Proof.
  apply lim_of_ev. intros eps E. set (m := Rabs c + 1). assert (M : 0 < m) by (unfold m; pose proof (Rabs_pos c); lra).
  apply (ev_use2 _ _ _ (ev_ge (m / eps)) (ev_ge 1)). intros k X K _. assert (I : 0 < / k) by (apply Rinv_0_lt_compat; lra).
  unfold Rdiv. rewrite Rminus_0_r, Rabs_mult, (Rabs_pos_eq (/ k)) by lra. apply (Rmult_lt_reg_r k); [lra|].
  rewrite Rmult_assoc, Rinv_l by lra. assert (m <= eps * k). { replace m with (eps * (m / eps)) by (field; lra). nra. } unfold m in *. lra.
Qed.
Lemma all_over P a b c : limit_to P (fun k => (a + b * log k + c * log (log k)) / k) 0.
Proof.
  apply (lim_ext P _ (fun k => a / k + b * (log k / k) + c * (log (log k) / k))).
  - apply ev_all. intros k _. unfold Rdiv. ring.
  - replace 0 with (0 + b * 0 + c * 0) by ring. repeat apply lim_add; [apply constant_over| |];
      (apply lim_mul; [apply lim_const|]); [apply log_over|apply loglog_over].
Qed.

(** Sums of terms between multiples of the first one *)
Lemma sum_lower P t0 ts : 0 < t_ba t0 -> Forall (fun t => below P t0 t \/ level t0 t) ts ->
  forall eps, 0 < eps -> ev (fun k => P k -> - eps * mono t0 k <= tail ts k).
Proof.
  intros B F. induction F as [|t ts H F IH]; intros eps E.
  - apply (ev_mono _ _ (ev_ge 2)). intros k K _. simpl. pose proof (mono_pos t0 k B ltac:(lra)). nra.
  - assert (E2 : 0 < eps / 2) by lra. assert (T : ev (fun k => P k -> - (eps / 2) * mono t0 k <= value t k)).
    { destruct H as [H|[C [Bt [_ _]]]].
      - pose proof (tail_vanishes P t0 [t] B (Forall_cons _ H (Forall_nil _))) as V.
        apply (ev_use2 _ _ _ (ev_of_lim _ _ _ _ V E2) (ev_ge 2)). intros k X K PK. specialize (X PK). simpl in X.
        rewrite Rminus_0_r, Rplus_0_r in X. apply Rabs_def2 in X. pose proof (mono_pos t0 k B ltac:(lra)) as M.
        replace (value t k) with (value t k / mono t0 k * mono t0 k) by (field; lra). nra.
      - apply (ev_mono _ _ (ev_ge 2)). intros k K _. pose proof (mono_pos t0 k B ltac:(lra)) as M. unfold value.
        assert (0 <= mono t k). { unfold mono. pose proof (log_positive k ltac:(lra)). repeat apply Rmult_le_pos; apply pw_ge0; lra. } nra. }
    apply (ev_use2 _ _ _ T (IH _ E2)). intros k X Y PK. specialize (X PK). specialize (Y PK). simpl. lra.
Qed.
Lemma term_upper P t0 t : 0 < t_ba t0 -> below P t0 t \/ level t0 t ->
  exists q, ev (fun k => P k -> value t k <= exp (q * log k) * mono t0 k).
Proof.
  intros B [H|[C [Bt [Bt0 _]]]].
  - exists 0. pose proof (tail_vanishes P t0 [t] B (Forall_cons _ H (Forall_nil _))) as V.
    apply (ev_use2 _ _ _ (ev_of_lim _ _ _ 1 V Rlt_0_1) (ev_ge 2)). intros k X K PK. specialize (X PK). simpl in X.
    rewrite Rminus_0_r, Rplus_0_r in X. apply Rabs_def2 in X. pose proof (mono_pos t0 k B ltac:(lra)) as M.
    rewrite Rmult_0_l, exp_0. replace (value t k) with (value t k / mono t0 k * mono t0 k) by (field; lra). nra.
  - destruct (Req_EM_T (t_ba t) 0) as [Z|Z].
    { exists 0. apply (ev_mono _ _ (ev_ge 2)). intros k K _. unfold value. rewrite mono_zero by (auto; lra).
      pose proof (mono_pos t0 k B ltac:(lra)). rewrite Rmult_0_l, exp_0. lra. }
    assert (Bp : 0 < t_ba t) by lra. pose proof (log_le _ _ Bp Bt0) as LB.
    (* t_co t <= log k for large k, and (t_lo t - t_lo t0) log log k <= log k *)
    exists (t_ex t - t_ex t0 + 1 + 1).
    apply (ev_use3 _ _ _ _ (ev_log _ (log_small (t_lo t - t_lo t0) 1 Rlt_0_1)) (ev_ge (t_co t)) (ev_ge 2)). intros k X Y K _.
    unfold value. rewrite !mono_exp by lra. rewrite <- exp_plus.
    apply Rle_trans with (exp (log k) * exp (log (t_ba t) * k + t_ex t * log k + t_lo t * log (log k))).
    + rewrite exp_log by lra. apply Rmult_le_compat_r; [left; apply exp_pos|lra].
    + rewrite <- exp_plus. apply exp_mono. nra.
Qed.
Lemma exp_two q r u : 1 <= u -> exp (q * u) + exp (r * u) <= exp ((Rmax q r + 1) * u).
Proof.
  intros U. rewrite Rmult_plus_distr_r, Rmult_1_l, exp_plus. pose proof (Rmax_l q r). pose proof (Rmax_r q r).
  pose proof (exp_mono (q * u) (Rmax q r * u) ltac:(nra)). pose proof (exp_mono (r * u) (Rmax q r * u) ltac:(nra)).
  pose proof (exp_line u). pose proof (exp_pos (Rmax q r * u)). nra.
Qed.
Lemma sum_upper P t0 ts : 0 < t_ba t0 -> Forall (fun t => below P t0 t \/ level t0 t) ts ->
  exists q, ev (fun k => P k -> tail ts k <= exp (q * log k) * mono t0 k).
Proof.
  intros B F. induction F as [|t ts H F IH].
  - exists 0. apply (ev_mono _ _ (ev_ge 2)). intros k K _. simpl. pose proof (mono_pos t0 k B ltac:(lra)). pose proof (exp_pos (0 * log k)). nra.
  - destruct (term_upper P t0 t B H) as [q Q]. destruct IH as [r S]. exists (Rmax q r + 1).
    apply (ev_use3 _ _ _ _ Q S (ev_and _ _ (ev_log _ (ev_ge 1)) (ev_ge 2))). intros k X Y [Z W] PK. specialize (X PK). specialize (Y PK).
    simpl. pose proof (exp_two q r _ Z). pose proof (mono_pos t0 k B ltac:(lra)). nra.
Qed.
Lemma total_between P t ts : 0 < t_ba t -> 0 < t_co t -> Forall (fun s => below P t s \/ level t s) ts ->
  exists p q, 0 < p /\ ev (fun k => P k -> 1 < k /\ p * mono t k <= total t ts k <= exp (q * log k) * mono t k).
Proof.
  intros B C F. assert (H : 0 < t_co t / 2) by lra. pose proof (sum_lower P t ts B F _ H) as L. destruct (sum_upper P t ts B F) as [q U].
  exists (t_co t / 2), (Rmax q 1 + 1). split; [exact H|].
  apply (ev_use3 _ _ _ _ L U (ev_and _ _ (ev_log _ (ev_ge 1)) (ev_and _ _ (ev_ge 2) (ev_ge (t_co t))))). intros k X Y [Z [W V]] PK.
  specialize (X PK). specialize (Y PK). rewrite total_tail. unfold value. pose proof (mono_pos t k B ltac:(lra)) as M. split; [lra|].
  split; [lra|]. pose proof (exp_two q 1 _ Z) as T. rewrite Rmult_1_l, (exp_log k) in T by lra. nra.
Qed.

Lemma rate_positive P f t s ts ss : ev (fun k => P k -> f k = total t ts k / total s ss k) -> 0 < t_ba t -> 0 < t_ba s -> 0 < t_co t -> 0 < t_co s ->
  Forall (fun x => below P t x \/ level t x) ts -> Forall (fun x => below P s x \/ level s x) ss ->
  limit_to P (fun k => pw (f k) (1 / k)) (t_ba t / t_ba s).
Proof.
  intros E Bt Bs Ct Cs Ft Fs. destruct (total_between P t ts Bt Ct Ft) as [p [q [P0 T]]]. destruct (total_between P s ss Bs Cs Fs) as [p' [q' [P0' S]]].
  set (A := t_ex t - t_ex s). set (L := t_lo t - t_lo s).
  assert (W : limit_to P (fun k => log (f k) * (1 / k)) (log (t_ba t / t_ba s))).
  { rewrite log_div by auto. set (d := log (t_ba t) - log (t_ba s)).
    apply (lim_squeeze P _ (fun k => d + (log p + (A - q') * log k + L * log (log k)) / k)
                           (fun k => d + (- log p' + (A + q) * log k + L * log (log k)) / k)).
    - apply (ev_use3 _ _ _ _ E T S). intros k X Y Z PK. rewrite (X PK). destruct (Y PK) as [K [Y1 Y2]]. destruct (Z PK) as [_ [Z1 Z2]].
      pose proof (mono_pos t k Bt K) as M. pose proof (mono_pos s k Bs K) as N.
      pose proof (Rmult_lt_0_compat _ _ P0 M). pose proof (Rmult_lt_0_compat _ _ P0' N). rewrite log_div by lra.
      assert (V : 0 < total t ts k) by lra. assert (U : 0 < total s ss k) by lra.
      apply (log_le _ _ H) in Y1. apply (log_le _ _ H0) in Z1. apply (log_le _ _ V) in Y2. apply (log_le _ _ U) in Z2.
      rewrite log_mul in Y1, Y2, Z1, Z2 by (auto using exp_pos). rewrite log_exp in Y2, Z2. rewrite mono_exp, log_exp in Y1, Y2, Z1, Z2 by auto.
      unfold A, L, d. assert (I : 0 < / k) by (apply Rinv_0_lt_compat; lra).
      split; apply (Rmult_le_reg_r k); try lra; unfold Rdiv; rewrite Rmult_plus_distr_r, Rmult_1_l, !(Rmult_assoc _ (/ k) k), Rinv_l by lra; lra.
    - apply (lim_shift P (fun k => (log p + (A - q') * log k + L * log (log k)) / k) d), all_over.
    - apply (lim_shift P (fun k => (- log p' + (A + q) * log k + L * log (log k)) / k) d), all_over. }
  rewrite <- (exp_log (t_ba t / t_ba s)) by (apply Rdiv_lt_0_compat; auto).
  apply (lim_ext P _ (fun k => exp (log (f k) * (1 / k)))); [|apply lim_exp, W].
  apply (ev_use3 _ _ _ _ E T S). intros k X Y Z PK. rewrite pw_exp; [f_equal; ring|]. rewrite (X PK). destruct (Y PK) as [K [Y1 _]].
  destruct (Z PK) as [_ [Z1 _]]. pose proof (mono_pos t k Bt K). pose proof (mono_pos s k Bs K). apply Rdiv_lt_0_compat; nra.
Qed.

(** Both first coefficients negative: the same with all terms negated *)
Definition opposite (t : term) : term := Term (- t_co t) (t_ex t) (t_lo t) (t_ba t).
Lemma total_opposite t ts k : total (opposite t) (map opposite ts) k = - total t ts k.
Proof.
  rewrite !total_tail. unfold value at 1. assert (T : tail (map opposite ts) k = - tail ts k).
  { induction ts as [|s ts IH]; simpl; [ring|]. rewrite IH. unfold value, mono, opposite. cbn [t_co t_ex t_lo t_ba]. ring. }
  rewrite T. unfold value, mono, opposite. cbn [t_co t_ex t_lo t_ba]. ring.
Qed.
Lemma opposite_below P t ts : t_co t < 0 -> Forall (fun x => below P t x \/ level t x) ts ->
  Forall (fun x => below P (opposite t) x \/ level (opposite t) x) (map opposite ts).
Proof.
  intros C F. induction F as [|s ts H F IH]; simpl; constructor; [|exact IH]. left.
  destruct H as [[h i|h i j|h i j|h i j]|[_ [_ [_ h]]]]; [apply by_base|apply by_base_int|apply by_power|apply by_log|lra]; auto.
Qed.

Lemma rate_quotient P f n t s ts ss v : (forall k, P k -> k >= n -> f k = total t ts k / total s ss k) -> 0 < t_ba t -> 0 < t_ba s -> t_co s <> 0 ->
  Forall (fun x => below P t x \/ level t x) ts -> Forall (fun x => below P s x \/ level s x) ss ->
  0 < t_co t / t_co s -> v = t_ba t / t_ba s -> limit_to P (fun k => pw (f k) (1 / k)) v.
Proof.
  intros E Bt Bs Cs Ft Fs C ->. assert (EE : ev (fun k => P k -> f k = total t ts k / total s ss k)).
  { apply (ev_mono _ _ (ev_ge n)). intros k K PK. apply E; [exact PK|lra]. }
  destruct (Rlt_le_dec 0 (t_co s)) as [h|h].
  - apply rate_positive with ts ss; auto. replace (t_co t) with (t_co t / t_co s * t_co s) by (field; exact Cs). apply Rmult_lt_0_compat; auto.
  - assert (Ns : t_co s < 0) by lra. assert (Nt : t_co t < 0).
    { replace (t_co t) with (t_co t / t_co s * t_co s) by (field; exact Cs). nra. }
    apply (rate_positive P f (opposite t) (opposite s) (map opposite ts) (map opposite ss)); auto using opposite_below; cbn [opposite t_co]; try lra.
    apply (ev_mono _ _ EE). intros k H PK. rewrite (H PK), !total_opposite. unfold Rdiv. rewrite Rinv_opp. ring.
Qed.
