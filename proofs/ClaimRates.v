(** Limits and rates of compound expressions. *)
From Coq Require Import Reals Lra Lia ZArith List.
From Normbound Require Import MeanValue Claims ClaimOrder ClaimLimits.
Open Scope R_scope.
Implicit Types P : R -> Prop.

(** ** Large k, as premises say it *)
Lemma ev_from P (Q : R -> Prop) n : (forall k, P k -> k >= n -> Q k) -> ev (fun k => P k -> Q k).
Proof. intros H. apply (ev_mono _ _ (ev_ge n)). intros k K PK. apply H; [exact PK|lra]. Qed.
Lemma limit_same P f g v n : (forall k, P k -> k >= n -> f k = g k) -> limit_to P g v -> limit_to P f v.
Proof. intros H. apply lim_ext, (ev_from P (fun k => f k = g k) n H). Qed.
Lemma limit_same_inf P f g n : (forall k, P k -> k >= n -> f k = g k) -> limit_inf P g -> limit_inf P f.
Proof. intros H. apply lim_inf_ext, (ev_from P (fun k => f k = g k) n H). Qed.
Lemma limit_value P f v w : v = w -> limit_to P f w -> limit_to P f v.
Proof. intros ->. auto. Qed.
Lemma limit_squeeze P f g h v n : (forall k, P k -> k >= n -> g k <= f k) -> (forall k, P k -> k >= n -> f k <= h k) ->
  limit_to P g v -> limit_to P h v -> limit_to P f v.
Proof. intros A B. apply lim_squeeze. apply (ev_from P (fun k => g k <= f k <= h k) n). auto. Qed.
Lemma limit_above P f g n : (forall k, P k -> k >= n -> g k <= f k) -> limit_inf P g -> limit_inf P f.
Proof.
  intros A G. apply inf_of_ev. intros M. apply (ev_use2 _ _ _ (ev_from P _ n A) (ev_of_inf P g M G)). intros k X Y K.
  specialize (X K). specialize (Y K). simpl in *. lra.
Qed.

(** ** Continuous functions *)
Lemma lim_sqrt P f v : 0 <= v -> limit_to P f v -> limit_to P (fun k => sqrt (f k)) (sqrt v).
Proof. intros V. apply (lim_continuous P f v sqrt). apply continuity_pt_sqrt, V. Qed.
Lemma lim_abs P f v : limit_to P f v -> limit_to P (fun k => Rabs (f k)) (Rabs v).
Proof. apply (lim_continuous P f v Rabs), Rcontinuity_abs. Qed.
Lemma continuity_log v : 0 < v -> continuity_pt log v.
Proof.
  intros V eps E. set (d := Rmin (v / 2) (eps * v / 2)). assert (D : 0 < d) by (apply Rmin_pos; nra).
  assert (D1 : d <= v / 2) by apply Rmin_l. assert (D2 : d <= eps * v / 2) by apply Rmin_r. exists d. split; [exact D|].
  intros x [_ X]. simpl in X |- *. unfold R_dist in *. apply Rabs_def2 in X. assert (X0 : v / 2 < x) by lra.
  pose proof (log_line (x / v) ltac:(apply Rdiv_lt_0_compat; lra)) as A. pose proof (log_line (v / x) ltac:(apply Rdiv_lt_0_compat; lra)) as B.
  rewrite log_div in A, B by lra. assert (x / v - 1 < eps). { replace (x / v - 1) with ((x - v) / v) by (field; lra).
    apply (Rmult_lt_reg_r v); [exact V|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
  assert (v / x - 1 < eps). { replace (v / x - 1) with ((v - x) / x) by (field; lra).
    apply (Rmult_lt_reg_r x); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
  apply Rabs_def1; lra.
Qed.
Lemma lim_log P f v : 0 < v -> limit_to P f v -> limit_to P (fun k => log (f k)) (log v).
Proof. intros V. apply (lim_continuous P f v log), continuity_log, V. Qed.
Lemma Rmax_abs a b : Rmax a b = (a + b + Rabs (a - b)) / 2.
Proof. unfold Rmax, Rabs. destruct (Rle_dec a b); destruct (Rcase_abs (a - b)); lra. Qed.
Lemma Rmin_abs a b : Rmin a b = (a + b - Rabs (a - b)) / 2.
Proof. unfold Rmin, Rabs. destruct (Rle_dec a b); destruct (Rcase_abs (a - b)); lra. Qed.
Lemma lim_max P f g v w : limit_to P f v -> limit_to P g w -> limit_to P (fun k => Rmax (f k) (g k)) (Rmax v w).
Proof.
  intros F G. apply (limit_same P _ (fun k => (f k + g k + Rabs (f k - g k)) * / 2) _ 0); [intros; apply Rmax_abs|].
  rewrite Rmax_abs. apply lim_mul; [|apply lim_const]. apply lim_add; [apply lim_add; auto|apply lim_abs, lim_sub; auto].
Qed.
Lemma lim_min P f g v w : limit_to P f v -> limit_to P g w -> limit_to P (fun k => Rmin (f k) (g k)) (Rmin v w).
Proof.
  intros F G. apply (limit_same P _ (fun k => (f k + g k - Rabs (f k - g k)) * / 2) _ 0); [intros; apply Rmin_abs|].
  rewrite Rmin_abs. apply lim_mul; [|apply lim_const]. apply lim_sub; [apply lim_add; auto|apply lim_abs, lim_sub; auto].
Qed.
Lemma lim_pw P f g v w : 0 < v -> limit_to P f v -> limit_to P g w -> limit_to P (fun k => pw (f k) (g k)) (pw v w).
Proof.
  intros V F G. rewrite pw_exp by exact V. apply (lim_ext P _ (fun k => exp (g k * log (f k)))).
  - apply (ev_mono _ _ (lim_positive P f v V F)). intros k H K. apply pw_exp. specialize (H K). lra.
  - apply lim_exp, lim_mul; [exact G|apply lim_log; auto].
Qed.
Lemma lim_pow P f v n : limit_to P f v -> limit_to P (fun k => f k ^ n) (v ^ n).
Proof. intros F. induction n as [|n IH]; simpl; [apply lim_const|]. apply lim_mul; auto. Qed.
Lemma lim_pw_nat P f v q : isnat q -> limit_to P f v -> limit_to P (fun k => pw (f k) q) (pw v q).
Proof.
  intros [n ->] F. rewrite pw_nat. apply (limit_same P _ (fun k => f k ^ n) _ 0); [intros; apply pw_nat|apply lim_pow, F].
Qed.
Lemma lim_pw_neg P f v q : isnat (- q) -> v <> 0 -> limit_to P f v -> limit_to P (fun k => pw (f k) q) (pw v q).
Proof.
  intros [n N] V F. assert (E : forall x, pw x q = / x ^ n).
  { intros x. replace q with (IZR (- Z.of_nat n)) by (rewrite opp_IZR, <- INR_IZR_INZ; lra). rewrite pw_Z, powerRZ_neg'. now rewrite <- pow_powerRZ. }
  rewrite E. apply (limit_same P _ (fun k => / f k ^ n) _ 0); [intros; apply E|]. apply lim_inv; [apply pow_nonzero, V|apply lim_pow, F].
Qed.
(** x^q for q > 0 tends to 0 with x >= 0 *)
Lemma lim_pw_zero P f q : 0 < q -> ev (fun k => P k -> 0 <= f k) -> limit_to P f 0 -> limit_to P (fun k => pw (f k) q) 0.
Proof.
  intros Q N F. apply lim_of_ev. intros eps E. pose proof (pw_pos eps (/ q) E) as D.
  apply (ev_use2 _ _ _ N (ev_of_lim _ _ _ _ F D)). intros k A B K. specialize (A K). specialize (B K). rewrite Rminus_0_r in *.
  rewrite Rabs_pos_eq in * by (auto using pw_ge0). replace eps with (pw (pw eps (/ q)) q).
  - apply pw_base_lt; lra.
  - rewrite pw_pw by exact E. rewrite Rinv_l by lra. apply pw_1.
Qed.
Lemma lim_pw_root P f v q : 0 < q -> 0 <= v -> ev (fun k => P k -> 0 <= f k) -> limit_to P f v -> limit_to P (fun k => pw (f k) q) (pw v q).
Proof.
  intros Q [V|<-] N F; [apply (lim_pw P f (fun _ => q)); auto; apply lim_const|]. rewrite pw_base_0 by lra. apply lim_pw_zero; auto.
Qed.

(** ** Limits that are infinite *)
Lemma inf_add P f g v : limit_inf P f -> limit_to P g v -> limit_inf P (fun k => f k + g k).
Proof.
  intros F G. apply inf_of_ev. intros M. apply (ev_use2 _ _ _ (ev_of_inf P f (M + 1 - v) F) (ev_of_lim P g v 1 G Rlt_0_1)).
  intros k A B K. specialize (A K). specialize (B K). apply Rabs_def2 in B. lra.
Qed.
Lemma inf_add_inf P f g : limit_inf P f -> limit_inf P g -> limit_inf P (fun k => f k + g k).
Proof.
  intros F G. apply inf_of_ev. intros M. apply (ev_use2 _ _ _ (ev_of_inf P f (Rabs M) F) (ev_of_inf P g 0 G)).
  intros k A B K. specialize (A K). specialize (B K). pose proof (Rle_abs M). lra.
Qed.
Lemma inf_mul P f g v : 0 < v -> limit_inf P f -> limit_to P g v -> limit_inf P (fun k => f k * g k).
Proof.
  intros V F G. apply inf_of_ev. intros M. apply (ev_use2 _ _ _ (ev_of_inf P f (Rabs M / (v / 2)) F) (lim_positive P g v V G)).
  intros k A B K. specialize (A K). specialize (B K). apply Rle_lt_trans with (Rabs M); [apply Rle_abs|].
  assert (Rabs M / (v / 2) * (v / 2) = Rabs M) by (field; lra). pose proof (Rabs_pos M).
  assert (0 <= Rabs M / (v / 2)) by (apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]). nra.
Qed.
Lemma inf_mul_inf P f g : limit_inf P f -> limit_inf P g -> limit_inf P (fun k => f k * g k).
Proof.
  intros F G. apply inf_of_ev. intros M. apply (ev_use2 _ _ _ (ev_of_inf P f (Rabs M) F) (ev_of_inf P g 1 G)).
  intros k A B K. specialize (A K). specialize (B K). pose proof (Rle_abs M). pose proof (Rabs_pos M). nra.
Qed.
Lemma inf_inv P f : limit_inf P f -> limit_to P (fun k => / f k) 0.
Proof.
  intros F. apply lim_of_ev. intros eps E. pose proof (Rinv_0_lt_compat _ E) as D. apply (ev_mono _ _ (ev_of_inf P f (/ eps) F)).
  intros k A K. specialize (A K). rewrite Rminus_0_r, Rabs_pos_eq by (left; apply Rinv_0_lt_compat; lra).
  rewrite <- (Rinv_inv eps). apply Rinv_lt_contravar; [nra|exact A].
Qed.
Lemma inf_over P f g v : limit_to P f v -> limit_inf P g -> limit_to P (fun k => f k / g k) 0.
Proof. intros F G. replace 0 with (v * 0) by ring. apply lim_mul; [exact F|apply inf_inv, G]. Qed.
Lemma inf_over_neg P f g v : limit_to P f v -> limit_inf P (fun k => - g k) -> limit_to P (fun k => f k / g k) 0.
Proof.
  intros F G. apply (limit_same P _ (fun k => - f k / - g k) _ 0).
  - intros k _ _. unfold Rdiv. rewrite Rinv_opp. ring.
  - apply inf_over with (- v); [apply lim_opp, F|exact G].
Qed.
Lemma inf_exp P f : limit_inf P f -> limit_inf P (fun k => exp (f k)).
Proof.
  intros F. apply inf_of_ev. intros M. apply (ev_mono _ _ (ev_of_inf P f M F)). intros k A K. specialize (A K). pose proof (exp_line (f k)). lra.
Qed.
Lemma inf_exp_neg P f : limit_inf P (fun k => - f k) -> limit_to P (fun k => exp (f k)) 0.
Proof.
  intros F. apply (limit_same P _ (fun k => / exp (- f k)) _ 0); [intros; rewrite exp_Ropp, Rinv_inv; reflexivity|].
  apply inf_inv, (inf_exp P (fun k => - f k)), F.
Qed.
Lemma inf_log P f : limit_inf P f -> limit_inf P (fun k => log (f k)).
Proof.
  intros F. apply inf_of_ev. intros M. apply (ev_mono _ _ (ev_of_inf P f (exp M) F)). intros k A K. specialize (A K).
  rewrite <- (log_exp M). apply log_lt; [apply exp_pos|exact A].
Qed.
Lemma inf_pw P f q : 0 < q -> limit_inf P f -> limit_inf P (fun k => pw (f k) q).
Proof.
  intros Q F. apply (lim_inf_ext P _ (fun k => exp (log (f k) * q))).
  - apply (ev_mono _ _ (ev_of_inf P f 0 F)). intros k A K. specialize (A K). rewrite pw_exp by exact A. f_equal. ring.
  - apply (inf_exp P (fun k => log (f k) * q)), inf_mul with q; [exact Q|apply inf_log, F|apply lim_const].
Qed.
Lemma inf_pw_neg P f q : q < 0 -> limit_inf P f -> limit_to P (fun k => pw (f k) q) 0.
Proof.
  intros Q F. apply (lim_ext P _ (fun k => / pw (f k) (- q))).
  - apply (ev_mono _ _ (ev_of_inf P f 0 F)). intros k A K. specialize (A K). rewrite pw_opp, Rinv_inv by exact A. reflexivity.
  - apply inf_inv, inf_pw; [lra|exact F].
Qed.
Lemma inf_sqrt P f : limit_inf P f -> limit_inf P (fun k => sqrt (f k)).
Proof.
  intros F. apply (lim_inf_ext P _ (fun k => pw (f k) (1 / 2))); [|apply inf_pw; [lra|exact F]].
  apply (ev_mono _ _ (ev_of_inf P f 0 F)). intros k A K. specialize (A K). rewrite pw_half; lra.
Qed.
Lemma inf_max_left P f g : limit_inf P f -> limit_inf P (fun k => Rmax (f k) (g k)).
Proof. apply (limit_above P _ f 0). intros. apply Rmax_l. Qed.
Lemma inf_max_right P f g : limit_inf P g -> limit_inf P (fun k => Rmax (f k) (g k)).
Proof. apply (limit_above P _ g 0). intros. apply Rmax_r. Qed.

(** ** u^w with u -> 1 and w (u - 1) -> x: the limit is exp x *)
Lemma limit_power P u w x v : limit_to P u 1 -> limit_to P (fun k => w k * (u k - 1)) x -> v = exp x -> limit_to P (fun k => pw (u k) (w k)) v.
Proof.
  intros U W ->. apply (lim_ext P _ (fun k => exp (w k * log (u k)))).
  - apply (ev_mono _ _ (lim_positive P u 1 Rlt_0_1 U)). intros k H K. apply pw_exp. specialize (H K). lra.
  - apply lim_exp. set (phi := fun k => if Req_EM_T (u k) 1 then 1 else log (u k) / (u k - 1)).
    apply (limit_same P _ (fun k => w k * (u k - 1) * phi k) _ 0).
    + intros k _ _. unfold phi. destruct (Req_EM_T (u k) 1) as [->|N]; [rewrite log_1; ring|field; lra].
    + assert (Z : limit_to P (fun k => Rabs (/ u k - 1)) 0).
      { replace 0 with (Rabs (/ 1 - 1)) by (rewrite Rinv_1, Rminus_eq_0; apply Rabs_R0).
        apply (lim_abs P (fun k => / u k - 1)), lim_sub; [apply lim_inv; [lra|exact U]|apply lim_const]. }
      rewrite <- (Rmult_1_r x). apply lim_mul; [exact W|]. apply (lim_squeeze P _ (fun k => 1 - Rabs (/ u k - 1)) (fun k => 1 + Rabs (/ u k - 1))).
      * apply (ev_mono _ _ (lim_positive P u 1 Rlt_0_1 U)). intros k H K. specialize (H K). unfold phi. pose proof (Rabs_pos (/ u k - 1)).
        destruct (Req_EM_T (u k) 1) as [e|N]; [lra|]. set (y := u k) in *. assert (Y : 0 < y) by lra.
        pose proof (log_line y Y) as A. pose proof (log_line (/ y) (Rinv_0_lt_compat _ Y)) as B. rewrite log_inv in B by exact Y.
        assert (Q : log y / (y - 1) * (y - 1) = log y) by (field; lra). set (z := log y / (y - 1)) in *.
        assert (I : / y * y = 1) by (apply Rinv_l; lra). pose proof (Rle_abs (/ y - 1)) as C. pose proof (Rle_abs (- (/ y - 1))) as D. rewrite Rabs_Ropp in D.
        assert (E : 1 - / y = (y - 1) * / y) by (rewrite Rmult_minus_distr_r, Rmult_1_l, Rmult_comm, I; reflexivity).
        destruct (Rlt_le_dec y 1) as [h|h].
        -- assert (1 <= z) by nra. assert (z <= / y) by nra. lra.
        -- assert (z <= 1) by nra. assert (/ y <= z) by nra. lra.
      * apply (lim_shift P (fun k => - Rabs (/ u k - 1)) 1). rewrite <- Ropp_0. apply lim_opp, Z.
      * apply (lim_shift P (fun k => Rabs (/ u k - 1)) 1), Z.
Qed.

(** ** Rates: limits of e^(1/k) *)
Definition rates P (f : R -> R) (v : R) : Prop := limit_to P (fun k => pw (f k) (1 / k)) v.
Lemma root_pos P : ev (fun k => P k -> 0 < 1 / k).
Proof. apply (ev_mono _ _ (ev_ge 1)). intros k K _. apply Rdiv_lt_0_compat; lra. Qed.
Lemma root_zero P : limit_to P (fun k => 1 / k) 0.
Proof. apply constant_over. Qed.
Lemma rate_constant P c : 0 < c -> rates P (fun _ => c) 1.
Proof. intros C. apply (limit_value P _ 1 (pw c 0)); [symmetry; apply pw_0|]. apply (lim_pw P (fun _ => c)); [exact C|apply lim_const|apply root_zero]. Qed.
Lemma rate_same P f g v n : (forall k, P k -> k >= n -> f k = g k) -> rates P g v -> rates P f v.
Proof. intros H. apply (limit_same P _ _ v n). intros k A B. rewrite H; auto. Qed.
Lemma rate_limit P f v w : limit_to P f w -> 0 < w -> v = 1 -> rates P f v.
Proof. intros F W ->. apply (limit_value P _ 1 (pw w 0)); [symmetry; apply pw_0|]. apply (lim_pw P f); [exact W|exact F|apply root_zero]. Qed.
Lemma rate_zero P f v n : (forall k, P k -> k >= n -> f k = 0) -> v = 0 -> rates P f v.
Proof.
  intros F ->. unfold rates. apply (lim_ext P _ (fun _ => 0)); [|apply lim_const].
  apply (ev_use2 _ _ _ (ev_from P _ n F) (root_pos P)). intros k A B K. rewrite (A K). apply pw_base_0. specialize (B K). lra.
Qed.
Lemma pw_mul0 x y a : 0 <= x -> 0 <= y -> a <> 0 -> pw (x * y) a = pw x a * pw y a.
Proof.
  intros [X|<-] [Y|<-] A; [apply pw_mul; auto| | |]; rewrite ?Rmult_0_l, ?Rmult_0_r, ?pw_base_0 by exact A; ring.
Qed.
Lemma rate_mul P f g v w n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall k, P k -> k >= n -> 0 <= g k) ->
  rates P f v -> rates P g w -> rates P (fun k => f k * g k) (v * w).
Proof.
  intros F G A B. unfold rates. apply (lim_ext P _ (fun k => pw (f k) (1 / k) * pw (g k) (1 / k))); [|apply lim_mul; auto].
  apply (ev_use3 _ _ _ _ (ev_from P _ n F) (ev_from P _ n G) (root_pos P)). intros k X Y Z K. apply pw_mul0; auto. specialize (Z K). lra.
Qed.
Lemma rate_div P f g v w n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall k, P k -> k >= n -> 0 <= g k) -> 0 < w ->
  rates P f v -> rates P g w -> rates P (fun k => f k / g k) (v / w).
Proof.
  intros F G W A B. unfold rates. apply (lim_ext P _ (fun k => pw (f k) (1 / k) / pw (g k) (1 / k))); [|apply lim_div; auto; lra].
  apply (ev_use3 _ _ _ _ (ev_from P _ n F) (ev_from P _ n G) (ev_and _ _ (root_pos P) (lim_positive P _ _ W B))). intros k X Y [Z N] K.
  specialize (X K). specialize (Y K). specialize (Z K). specialize (N K). simpl in *. destruct Y as [Y|E].
  - unfold Rdiv. rewrite pw_mul0, pw_inv; auto; [left; apply Rinv_0_lt_compat, Y|lra].
  - rewrite <- E, pw_base_0 in N by lra. lra.
Qed.
Lemma pw_Rmax x y a : 0 <= x -> 0 <= y -> 0 <= a -> pw (Rmax x y) a = Rmax (pw x a) (pw y a).
Proof.
  intros X Y A. destruct (Rle_lt_dec x y) as [h|h].
  - rewrite (Rmax_right x) by exact h. rewrite Rmax_right; [reflexivity|apply pw_base_le; auto].
  - rewrite (Rmax_left x) by lra. rewrite Rmax_left; [reflexivity|apply pw_base_le; auto; lra].
Qed.
Lemma pw_Rmin x y a : 0 <= x -> 0 <= y -> 0 <= a -> pw (Rmin x y) a = Rmin (pw x a) (pw y a).
Proof.
  intros X Y A. destruct (Rle_lt_dec x y) as [h|h].
  - rewrite (Rmin_left x) by exact h. rewrite Rmin_left; [reflexivity|apply pw_base_le; auto].
  - rewrite (Rmin_right x) by lra. rewrite Rmin_right; [reflexivity|apply pw_base_le; auto; lra].
Qed.
Lemma rate_max P f g v w n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall k, P k -> k >= n -> 0 <= g k) ->
  rates P f v -> rates P g w -> rates P (fun k => Rmax (f k) (g k)) (Rmax v w).
Proof.
  intros F G A B. unfold rates. apply (lim_ext P _ (fun k => Rmax (pw (f k) (1 / k)) (pw (g k) (1 / k)))); [|apply lim_max; auto].
  apply (ev_use3 _ _ _ _ (ev_from P _ n F) (ev_from P _ n G) (root_pos P)). intros k X Y Z K. apply pw_Rmax; auto. specialize (Z K). lra.
Qed.
Lemma rate_min P f g v w n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall k, P k -> k >= n -> 0 <= g k) ->
  rates P f v -> rates P g w -> rates P (fun k => Rmin (f k) (g k)) (Rmin v w).
Proof.
  intros F G A B. unfold rates. apply (lim_ext P _ (fun k => Rmin (pw (f k) (1 / k)) (pw (g k) (1 / k)))); [|apply lim_min; auto].
  apply (ev_use3 _ _ _ _ (ev_from P _ n F) (ev_from P _ n G) (root_pos P)). intros k X Y Z K. apply pw_Rmin; auto. specialize (Z K). lra.
Qed.
(** Between two multiples of a sequence with a rate *)
Lemma rate_between P f g v c d n : 0 < c -> 0 < d -> (forall k, P k -> k >= n -> 0 <= g k) -> ev (fun k => P k -> c * g k <= f k <= d * g k) ->
  rates P g v -> rates P f v.
Proof.
  intros C D G H A. unfold rates in *. apply (lim_squeeze P _ (fun k => pw c (1 / k) * pw (g k) (1 / k)) (fun k => pw d (1 / k) * pw (g k) (1 / k))).
  - apply (ev_use3 _ _ _ _ (ev_from P _ n G) H (root_pos P)). intros k X Y Z K. specialize (X K). specialize (Y K). specialize (Z K). simpl in *.
    rewrite <- !pw_mul0 by (auto; lra). assert (0 <= c * g k) by nra. split; apply pw_base_le; lra.
  - replace v with (1 * v) by ring. apply lim_mul; [apply (rate_constant P c C)|exact A].
  - replace v with (1 * v) by ring. apply lim_mul; [apply (rate_constant P d D)|exact A].
Qed.
Lemma rate_add P f g v w n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall k, P k -> k >= n -> 0 <= g k) ->
  rates P f v -> rates P g w -> rates P (fun k => f k + g k) (Rmax v w).
Proof.
  intros F G A B. apply (rate_between P _ (fun k => Rmax (f k) (g k)) _ 1 2 n); try lra; [| |apply rate_max with n; auto].
  - intros k K L. apply Rle_trans with (f k); [apply F; auto|apply Rmax_l].
  - apply (ev_use2 _ _ _ (ev_from P _ n F) (ev_from P _ n G)). intros k X Y K. specialize (X K). specialize (Y K). simpl in *.
    unfold Rmax. destruct (Rle_dec (f k) (g k)); lra.
Qed.
Lemma rate_sqrt P f v n : (forall k, P k -> k >= n -> 0 <= f k) -> 0 <= v -> rates P f v -> rates P (fun k => sqrt (f k)) (sqrt v).
Proof.
  intros F V A. unfold rates. apply (lim_ext P _ (fun k => sqrt (pw (f k) (1 / k)))); [|apply lim_sqrt; auto].
  apply (ev_use2 _ _ _ (ev_from P _ n F) (root_pos P)). intros k X Y K. specialize (X K). specialize (Y K). simpl in *.
  rewrite <- !pw_half by (auto using pw_ge0). destruct X as [X|<-]; [rewrite !pw_pw by exact X; f_equal; ring|].
  rewrite !pw_base_0 by lra. reflexivity.
Qed.
Lemma rate_pw P f v q n : (forall k, P k -> k >= n -> 0 <= f k) -> 0 < v -> rates P f v -> rates P (fun k => pw (f k) q) (pw v q).
Proof.
  intros F V A. unfold rates. apply (lim_ext P _ (fun k => pw (pw (f k) (1 / k)) q)); [|apply (lim_pw P _ (fun _ => q)); auto; apply lim_const].
  apply (ev_use3 _ _ _ _ (ev_from P _ n F) (root_pos P) (lim_positive P _ _ V A)). intros k X Y Z K. specialize (X K). specialize (Y K). specialize (Z K).
  simpl in *. destruct X as [X|E]; [rewrite !pw_pw by exact X; f_equal; ring|]. rewrite <- E, pw_base_0 in Z by lra. lra.
Qed.
Lemma rate_pw_pos P f v q n : (forall k, P k -> k >= n -> 0 <= f k) -> 0 <= v -> 0 < q -> rates P f v -> rates P (fun k => pw (f k) q) (pw v q).
Proof.
  intros F V Q A. unfold rates. apply (lim_ext P _ (fun k => pw (pw (f k) (1 / k)) q)).
  - apply (ev_use2 _ _ _ (ev_from P _ n F) (root_pos P)). intros k X Y K. specialize (X K). specialize (Y K). simpl in *.
    destruct X as [X|<-]; [rewrite !pw_pw by exact X; f_equal; ring|]. rewrite (pw_base_0 q), (pw_base_0 (1 / k)), (pw_base_0 q) by lra. reflexivity.
  - apply lim_pw_root; auto. apply (ev_mono _ _ (ev_from P _ n F)). intros k X K. apply pw_ge0, X, K.
Qed.
(** A rate is not negative *)
Lemma rate_ge0 P f v n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall N : nat, exists k, P k /\ INR N <= k) -> rates P f v -> 0 <= v.
Proof.
  intros F U A. apply Rnot_lt_le. intros V. destruct (A (- v) ltac:(lra)) as [N H]. destruct (above n) as [M M'].
  destruct (U (Nat.max N M)) as [k [K L]]. assert (INR N <= INR (Nat.max N M)) by (apply le_INR; lia).
  assert (INR M <= INR (Nat.max N M)) by (apply le_INR; lia). specialize (H k K ltac:(lra)). apply Rabs_def2 in H.
  pose proof (pw_ge0 (f k) (1 / k) (F k K ltac:(lra))). lra.
Qed.
Lemma unbounded_nat (N : nat) : exists k, isnat k /\ INR N <= k.
Proof. exists (INR N). split; [apply isnat_INR|lra]. Qed.
(** A difference in which the first part grows faster *)
Lemma rate_sub P f g v w n : (forall k, P k -> k >= n -> 0 <= f k) -> (forall k, P k -> k >= n -> 0 <= g k) -> 0 <= w -> w < v ->
  rates P f v -> rates P g w -> rates P (fun k => f k - g k) v.
Proof.
  intros F G W L A B. apply (rate_between P _ f v (1 / 2) 1 n); try lra; auto.
  set (r := (v + w) / 2). assert (R0 : 0 < r) by (unfold r; lra). set (t := (r + v) / 2). assert (T0 : r < t < v) by (unfold t, r; lra).
  assert (Q : ev (fun k => 0 < k /\ exp (k * (log r - log t)) <= 1 / 2)).
  { assert (D : log r - log t < 0) by (pose proof (log_lt r t R0 ltac:(lra)); lra).
    apply (ev_use2 _ _ _ (ev_ge 1) (falls (log r - log t) 0 0 (or_introl D) (log (1 / 2)))). intros k K X. split; [lra|].
    rewrite <- (exp_log (1 / 2)) by lra. apply exp_mono. lra. }
  assert (E1 : 0 < v - t) by lra. assert (E2 : 0 < r - w) by (unfold r; lra).
  apply (ev_use3 _ _ _ _ (ev_and _ _ (ev_from P _ n F) (ev_from P _ n G)) Q (ev_and _ _ (ev_of_lim P _ _ _ A E1) (ev_of_lim P _ _ _ B E2))).
  intros k [X Y] [K0 Z] [S T] K. specialize (X K). specialize (Y K). specialize (S K). specialize (T K). simpl in *. apply Rabs_def2 in S, T.
  assert (S' : t < pw (f k) (1 / k)) by lra. assert (T' : pw (g k) (1 / k) < r) by lra.
  assert (back : forall x, 0 <= x -> pw (pw x (1 / k)) k = x).
  { intros x [H|<-]; [rewrite pw_pw by exact H; replace (1 / k * k) with 1 by (field; lra); apply pw_1|].
    rewrite (pw_base_0 (1 / k)); [apply pw_base_0; lra|]. assert (0 < 1 / k) by (apply Rdiv_lt_0_compat; lra). lra. }
  assert (FF : pw t k <= f k). { rewrite <- (back (f k) X). apply pw_base_le; lra. }
  assert (GG : g k <= pw r k). { rewrite <- (back (g k) Y). apply pw_base_le; [apply pw_ge0, Y|lra|lra]. }
  assert (RT : pw r k = exp (k * (log r - log t)) * pw t k). { rewrite !pw_exp by lra. rewrite <- exp_plus. f_equal. ring. }
  pose proof (pw_pos t k ltac:(lra)). nra.
Qed.
