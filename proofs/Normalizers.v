(** The normalizing layers (Normalize, Squash) and the affine map on its own: their summaries hold.

    All four partitions are one grid: Sn blocks of Pn rows, each row K blocks of w features; the group of an entry is
    its block of rows and its block of features. From the grid: the size of a group, and what a normalized vector
    satisfies ([facts]): the squared norm of each group is at most the divisor, and the sum is 0 if centred. These facts
    bound entries and columns, hence the sensitivities to gain and shift. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups Layers Zoo Sup.
From Normbound Require Import Networks Summaries Domains LayerPromises.
Import ListNotations.
Open Scope R_scope.

(** ** Tools: division by rows, one term of a sum *)
Lemma div_row m a b : (b < m)%nat -> ((a * m + b) / m)%nat = a.
Proof. intros. rewrite Nat.div_add_l by lia. rewrite Nat.div_small by auto. lia. Qed.
Lemma mod_row m a b : (b < m)%nat -> ((a * m + b) mod m)%nat = b.
Proof. intros. rewrite Nat.add_comm, Nat.mod_add by lia. apply Nat.mod_small; auto. Qed.
Lemma pos_of_lt_mul i a D : (i < a * D)%nat -> (0 < D)%nat.
Proof. destruct D; lia. Qed.
Lemma row_split i a D : (i < a * D)%nat -> exists r j, (r < a)%nat /\ (j < D)%nat /\ i = (r * D + j)%nat.
Proof.
  intros H. pose proof (pos_of_lt_mul _ _ _ H). exists (i / D)%nat, (i mod D)%nat. repeat split.
  - apply Nat.div_lt_upper_bound; lia.
  - apply Nat.mod_upper_bound; lia.
  - pose proof (Nat.div_mod i D ltac:(lia)). lia.
Qed.
Lemma row_lt r a j D : (r < a)%nat -> (j < D)%nat -> (r * D + j < a * D)%nat.
Proof. intros. nia. Qed.

Lemma sm_pick n k F : (k < n)%nat -> (forall i, (i < n)%nat -> i <> k -> F i = 0) -> sm n F = F k.
Proof.
  intros Hk H. rewrite (sm_ext n F (fun i => if Nat.eqb i k then F k else 0)).
  - apply sm_delta; auto.
  - intros i Hi. destruct (Nat.eqb_spec i k) as [->|N]; auto.
Qed.
Lemma sq_ge0 a : 0 <= a * a.
Proof. apply Rle_0_sqr. Qed.
Lemma abs_le_sqrt a b : a * a <= b -> Rabs a <= sqrt b.
Proof. intros H. rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. exact H. Qed.

(** ** One group of a masked vector *)
Section Masks.
Variables (n : nat) (gr : nat -> nat).

Lemma mask_coord_le g y i : (i < n)%nat -> gr i = g -> y i * y i <= dot n (mask gr g y) (mask gr g y).
Proof.
  intros Hi Hg. pose proof (sm_term n (fun j => mask gr g y j * mask gr g y j) i (fun j _ => sq_ge0 _) Hi) as Q.
  unfold mask at 1 2 in Q. rewrite Hg, Nat.eqb_refl in Q. exact Q.
Qed.

(** An entry of a centred group is at most sqrt((m-1)/m) of the norm of its group. *)
Lemma centred_mask g y i : sm n (mask gr g y) = 0 -> (i < n)%nat -> gr i = g ->
  cnt n gr g * (y i * y i) <= (cnt n gr g - 1) * dot n (mask gr g y) (mask gr g y).
Proof.
  intros E Hi Hg. set (x := mask gr g y) in *.
  assert (Xi : x i = y i) by (unfold x, mask; rewrite Hg, Nat.eqb_refl; reflexivity). rewrite <- Xi.
  set (z := (fun j => if Nat.eqb j i then 0 else x j) : vec).
  set (o := (fun j => if Nat.eqb j i then 0 else mask gr g (fun _ => 1) j) : vec).
  assert (Es : sm n x = x i + sm n z).
  { rewrite <- (sm_delta n i (x i) Hi), <- sm_plus. apply sm_ext. intros j _. unfold z.
    destruct (Nat.eqb_spec j i); subst; ring. }
  assert (Ed : dot n x x = x i * x i + dot n z z).
  { unfold dot. rewrite <- (sm_delta n i (x i * x i) Hi), <- sm_plus. apply sm_ext. intros j _. unfold z.
    destruct (Nat.eqb_spec j i); subst; ring. }
  assert (Eo : dot n o o = cnt n gr g - 1).
  { pose proof (sm_delta n i 1 Hi) as S1. enough (cnt n gr g = dot n o o + 1) by lra.
    transitivity (dot n o o + sm n (fun j => if Nat.eqb j i then 1 else 0)); [|rewrite S1; reflexivity].
    unfold cnt, dot. rewrite <- sm_plus. apply sm_ext. intros j _. unfold o, mask.
    destruct (Nat.eqb_spec j i) as [->|]; [rewrite Hg, Nat.eqb_refl; ring|]. destruct (Nat.eqb (gr j) g); ring. }
  assert (Ey : dot n o z = sm n z).
  { unfold dot. apply sm_ext. intros j _. unfold o, z, x, mask. destruct (Nat.eqb j i); [ring|].
    destruct (Nat.eqb (gr j) g); ring. }
  pose proof (cauchy_schwarz_sq n o z) as Q. rewrite Ey, Eo in Q.
  replace (sm n z) with (- x i) in Q by lra. rewrite Ed. lra.
Qed.
End Masks.

(** ** The grid *)
Section Grid.
Variables (Sn Pn K w : nat) (gr : nat -> nat).
Definition idx (s p q c : nat) : nat := ((s * Pn + p) * (K * w) + (q * w + c))%nat.
Definition onto_grid : Prop := forall s p q c, (s < Sn)%nat -> (p < Pn)%nat -> (q < K)%nat -> (c < w)%nat ->
  gr (idx s p q c) = (s * K + q)%nat.
Hypothesis gr_idx : onto_grid.
Let n : nat := (Sn * Pn * (K * w))%nat.

Lemma idx_onto i : (i < n)%nat -> exists s p q c, (s < Sn)%nat /\ (p < Pn)%nat /\ (q < K)%nat /\ (c < w)%nat /\ i = idx s p q c.
Proof.
  intros Hi. destruct (row_split i (Sn * Pn) (K * w) Hi) as (r & j & Hr & Hj & ->).
  destruct (row_split r Sn Pn Hr) as (s & p & Hs & Hp & ->). destruct (row_split j K w Hj) as (q & c & Hq & Hc & ->).
  exists s, p, q, c. auto.
Qed.
Lemma grid_gr_lt i : (i < n)%nat -> (gr i < Sn * K)%nat.
Proof.
  intros Hi. destruct (idx_onto i Hi) as (s & p & q & c & Hs & Hp & Hq & Hc & ->). rewrite gr_idx by auto. apply row_lt; auto.
Qed.
Lemma sm_grid f : sm n f = sm Sn (fun s => sm Pn (fun p => sm K (fun q => sm w (fun c => f (idx s p q c))))).
Proof.
  unfold n. rewrite sm_mul, sm_mul. apply sm_ext. intros s _. apply sm_ext. intros p _. rewrite sm_mul. reflexivity.
Qed.
Lemma grid_group_sum s q f : (s < Sn)%nat -> (q < K)%nat ->
  sm n (mask gr (s * K + q) f) = sm Pn (fun p => sm w (fun c => f (idx s p q c))).
Proof.
  intros Hs Hq. rewrite sm_grid.
  assert (M : forall s' p q' c, (s' < Sn)%nat -> (p < Pn)%nat -> (q' < K)%nat -> (c < w)%nat ->
    mask gr (s * K + q) f (idx s' p q' c) = if Nat.eqb (s' * K + q') (s * K + q) then f (idx s' p q' c) else 0).
  { intros. unfold mask. rewrite gr_idx by auto. reflexivity. }
  rewrite (sm_pick Sn s); auto.
  - apply sm_ext. intros p Hp. rewrite (sm_pick K q); auto.
    + apply sm_ext. intros c Hc. rewrite M by auto. rewrite Nat.eqb_refl. reflexivity.
    + intros q' Hq' N. rewrite (sm_ext w _ (fun _ => 0)); [apply sm_0|]. intros c Hc. rewrite M by auto.
      destruct (Nat.eqb_spec (s * K + q') (s * K + q)); [lia|reflexivity].
  - intros s' Hs' N. rewrite (sm_ext Pn _ (fun _ => 0)); [apply sm_0|]. intros p Hp.
    rewrite (sm_ext K _ (fun _ => 0)); [apply sm_0|]. intros q' Hq'.
    rewrite (sm_ext w _ (fun _ => 0)); [apply sm_0|]. intros c Hc. rewrite M by auto.
    destruct (Nat.eqb_spec (s' * K + q') (s * K + q)) as [E|]; [|reflexivity]. exfalso. apply N.
    rewrite <- (div_row K s' q'), <- (div_row K s q) by auto. rewrite E. reflexivity.
Qed.
Lemma grid_cnt g : (g < Sn * K)%nat -> cnt n gr g = INR (Pn * w).
Proof.
  intros Hg. destruct (row_split g Sn K Hg) as (s & q & Hs & Hq & ->). unfold cnt. rewrite grid_group_sum by auto.
  rewrite (sm_ext Pn _ (fun _ => INR w)) by (intros; rewrite sm_const; ring). rewrite sm_const, mult_INR. reflexivity.
Qed.
(** The part of one feature that lies in one group. *)
Lemma grid_column_le s q c y : (s < Sn)%nat -> (q < K)%nat -> (c < w)%nat ->
  sm Pn (fun p => y (idx s p q c) * y (idx s p q c)) <= dot n (mask gr (s * K + q) y) (mask gr (s * K + q) y).
Proof.
  intros Hs Hq Hc. unfold dot. rewrite (sm_ext n _ (mask gr (s * K + q) (fun i => y i * y i)))
    by (intros i _; unfold mask; destruct (Nat.eqb (gr i) (s * K + q)); ring).
  rewrite grid_group_sum by auto. apply sm_le. intros p Hp.
  apply (sm_term w (fun c => y (idx s p q c) * y (idx s p q c)) c); auto. intros; apply sq_ge0.
Qed.
Lemma grid_column_zero s q y : w = 1%nat -> (s < Sn)%nat -> (q < K)%nat -> sm n (mask gr (s * K + q) y) = 0 ->
  sm Pn (fun p => y (idx s p q 0)) = 0.
Proof.
  intros W Hs Hq E. rewrite <- E, grid_group_sum by auto. apply sm_ext. intros p _.
  rewrite W. cbn [sm]. ring.
Qed.
End Grid.

(** ** The core on a partition: constant, groups of the output *)
Section Core.
Variables (n m : nat) (gr : nat -> nat) (d e : R) (c : bool).
Hypothesis gr_lt : forall i, (i < n)%nat -> (gr i < m)%nat.
Hypothesis cnt_pos : forall g, (g < m)%nat -> 0 < cnt n gr g.
Hypothesis d_pos : 0 < d.
Hypothesis e_ge0 : 0 <= e.
Let cen (z : vec) : vec := if c then CG n gr z else z.
Let core_map (z : vec) : vec := NG n gr (fun _ => d) e (cen z).

Lemma cen_contraction x y : nrm n (vsub (cen x) (cen y)) <= nrm n (vsub x y).
Proof.
  unfold cen. destruct c; [|lra].
  rewrite (nrm_ext n _ (CG n gr (vsub x y))) by (intros; unfold vsub at 1; rewrite CG_sub; reflexivity).
  rewrite <- (Rmult_1_l (nrm n (vsub x y))). apply (groups_bound n m gr gr_lt); [lra|].
  intros g Hm. rewrite Rmult_1_l. apply CG_group_le; auto.
Qed.
Lemma core_lip s : 0 < s * s + e ->
  Lip n n (fun z => forall g, (g < m)%nat -> s * s <= varG n gr (fun _ => d) g (cen z)) core_map (/ sqrt (s * s + e)).
Proof.
  intros Hs x y Hx Hy. unfold core_map.
  eapply Rle_trans; [apply (normalize_floor n m gr gr_lt (fun _ => d) e (fun _ _ => d_pos) e_ge0 s Hs); auto|].
  apply Rmult_le_compat_l; [apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto|apply cen_contraction].
Qed.
Lemma core_group_sq g z : (g < m)%nat -> 0 < varG n gr (fun _ => d) g (cen z) + e ->
  dot n (mask gr g (core_map z)) (mask gr g (core_map z)) <= d.
Proof.
  intros Hm Hv. unfold core_map.
  rewrite (dot_ext n _ _ (N n d e (mask gr g (cen z))) (N n d e (mask gr g (cen z)))) by (intros; apply mask_NG).
  pose proof (N_bound n d e (mask gr g (cen z)) d_pos e_ge0 Hv) as Q. pose proof (nrm_ge0 n (N n d e (mask gr g (cen z)))).
  rewrite <- nrm_sq. apply Rle_trans with (sqrt d * sqrt d); [apply Rmult_le_compat; auto|rewrite sqrt_sqrt; lra].
Qed.
Lemma core_group_zero g z : c = true -> (g < m)%nat -> sm n (mask gr g (core_map z)) = 0.
Proof.
  intros Hc Hm. unfold core_map, cen. rewrite Hc.
  rewrite (sm_ext n _ (fun i => / qn n d e (mask gr g (CG n gr z)) * mask gr g (CG n gr z) i))
    by (intros; rewrite mask_NG; reflexivity).
  rewrite sm_scal, CG_sum by auto. ring.
Qed.
End Core.

(** ** Affine map: gain and shift of each feature, repeated on R rows *)
Section Columns.
Variables (R D : nat).
Definition column_sq (y : vec) (j : nat) : Rdefinitions.R := sm R (fun r => y (r * D + j)%nat * y (r * D + j)%nat).

Lemma dot_columns y : dot (R * D) y y = sm D (column_sq y).
Proof. unfold dot, column_sq. rewrite sm_mul, sm_swap. reflexivity. Qed.

Lemma gain_columns M y De : 0 <= M -> (forall j, (j < D)%nat -> column_sq y j <= M * M) ->
  nrm (R * D) (fun i => De (i mod D)%nat * y i) <= M * nrm D De.
Proof.
  intros HM H. apply nrm_le_of_sq; [apply Rmult_le_pos; auto using nrm_ge0|].
  replace (M * nrm D De * (M * nrm D De)) with ((nrm D De * nrm D De) * (M * M)) by ring.
  rewrite nrm_sq, dot_columns, Rmult_comm. unfold dot. rewrite <- sm_scal. apply sm_le. intros j Hj.
  unfold column_sq. rewrite (sm_ext R _ (fun r => (De j * De j) * (y (r * D + j)%nat * y (r * D + j)%nat)))
    by (intros; rewrite mod_row by auto; ring).
  rewrite sm_scal. fold (column_sq y j). rewrite (Rmult_comm (M * M)). apply Rmult_le_compat_l; [apply sq_ge0|auto].
Qed.
Lemma shift_columns be : nrm (R * D) (fun i => be (i mod D)%nat) = sqrt (INR R) * nrm D be.
Proof.
  unfold nrm. rewrite <- sqrt_mult_alt by apply pos_INR. f_equal. rewrite dot_columns. unfold dot. rewrite <- sm_scal.
  apply sm_ext. intros j Hj. unfold column_sq.
  rewrite (sm_ext R _ (fun _ => be j * be j)) by (intros; rewrite mod_row by auto; reflexivity). apply sm_const.
Qed.
(** Where every feature sums to 0 over the rows, gain and shift act orthogonally. *)
Lemma joint_columns y De Be : (forall j, (j < D)%nat -> column_sq y j <= INR R) ->
  (forall j, (j < D)%nat -> sm R (fun r => y (r * D + j)%nat) = 0) ->
  nrm (R * D) (fun i => De (i mod D)%nat * y i + Be (i mod D)%nat) <= sqrt (INR R) * h2 (nrm D De) (nrm D Be).
Proof.
  intros H1 H0. apply nrm_le_of_sq; [apply Rmult_le_pos; [apply sqrt_pos|apply h2_ge0]|].
  replace (sqrt (INR R) * h2 (nrm D De) (nrm D Be) * (sqrt (INR R) * h2 (nrm D De) (nrm D Be)))
    with ((sqrt (INR R) * sqrt (INR R)) * (h2 (nrm D De) (nrm D Be) * h2 (nrm D De) (nrm D Be))) by ring.
  rewrite h2_sq, sqrt_sqrt, !nrm_sq, dot_columns by apply pos_INR. unfold dot. rewrite <- sm_plus, <- sm_scal.
  apply sm_le. intros j Hj. unfold column_sq.
  rewrite (sm_ext R _ (fun r => De j * De j * (y (r * D + j)%nat * y (r * D + j)%nat)
      + (2 * De j * Be j * y (r * D + j)%nat + Be j * Be j)))
    by (intros; rewrite mod_row by auto; ring).
  rewrite !sm_plus, !sm_scal, sm_const, H0 by auto. fold (column_sq y j).
  pose proof (Rmult_le_compat_l _ _ _ (sq_ge0 (De j)) (H1 j Hj)). lra.
Qed.
Lemma gain_norm g ga y : 0 <= g -> (forall j, (j < D)%nat -> Rabs (ga j) <= g) ->
  nrm (R * D) (fun i => ga (i mod D)%nat * y i) <= g * nrm (R * D) y.
Proof.
  intros Hg H. apply (nrm_mul_le (R * D) g (fun i => ga (i mod D)%nat) y); auto. intros i Hi. apply H.
  apply Nat.mod_upper_bound. pose proof (pos_of_lt_mul _ _ _ Hi). lia.
Qed.
Lemma gain_frob y De : nrm (R * D) (fun i => De (i mod D)%nat * y i) <= nrm (R * D) y * nrm D De.
Proof.
  rewrite Rmult_comm. apply gain_norm; [apply nrm_ge0|]. intros; apply abs_coord_le; auto.
Qed.

Lemma affine_two g ga be ga' be' y y' : 0 <= g -> (forall j, (j < D)%nat -> Rabs (ga j) <= g) ->
  nrm (R * D) (vsub (features_affine D ga be y) (features_affine D ga' be' y'))
  <= g * nrm (R * D) (vsub y y')
     + nrm (R * D) (fun i => vsub ga ga' (i mod D)%nat * y' i + vsub be be' (i mod D)%nat).
Proof.
  intros Hg H.
  rewrite (nrm_ext (R * D) _ (vadd (fun i => ga (i mod D)%nat * vsub y y' i)
    (fun i => vsub ga ga' (i mod D)%nat * y' i + vsub be be' (i mod D)%nat)))
    by (intros; unfold vadd, vsub, features_affine; ring).
  eapply Rle_trans; [apply nrm_triangle|]. apply Rplus_le_compat_r, gain_norm; auto.
Qed.
Lemma affine_env g ga be y : 0 <= g -> (forall j, (j < D)%nat -> Rabs (ga j) <= g) ->
  nrm (R * D) (features_affine D ga be y) <= sqrt (INR R) * nrm D be + g * nrm (R * D) y.
Proof.
  intros Hg H. eapply Rle_trans; [apply (nrm_triangle (R * D) (fun i => ga (i mod D)%nat * y i) (fun i => be (i mod D)%nat))|].
  rewrite shift_columns. pose proof (gain_norm g ga y Hg H). lra.
Qed.
End Columns.

Lemma tdist_1 D a b : tdist (1, D)%nat a b = nrm D (vsub (a 0%nat) (b 0%nat)).
Proof. unfold tdist, frob, nrm, msub. simpl. f_equal. ring. Qed.
Lemma tdist_2 D a b : tdist (2, D)%nat a b = h2 (nrm D (vsub (a 0%nat) (b 0%nat))) (nrm D (vsub (a 1%nat) (b 1%nat))).
Proof. unfold tdist, frob, h2, msub. simpl. rewrite !nrm_sq. f_equal. ring. Qed.

(** ** A partition is a grid *)
Definition norm_ok (E : env) (sh : shape) (p : partition) (d : variance) : Prop :=
  (1 <= dval E (samples sh))%nat /\ (1 <= dval E (positions sh))%nat /\ (1 <= dval E (features sh))%nat /\
  match p with PGroup k => exists w, dval E (features sh) = (dval E k * w)%nat | _ => True end /\
  match d with Unbiased => (2 <= gsize E sh p)%nat | _ => True end.

Lemma layout E sh p d : norm_ok E sh p d -> exists Sn Pn K w,
  rows E sh = (Sn * Pn)%nat /\ dval E (features sh) = (K * w)%nat /\
  gcount E sh p = (Sn * K)%nat /\ gsize E sh p = (Pn * w)%nat /\ (1 <= Pn * w)%nat /\ onto_grid Sn Pn K w (group E sh p) /\
  match p with
  | PRow => True
  | PSampleChannel => Sn = dval E (samples sh) /\ w = 1%nat
  | PChannel => Sn = 1%nat /\ w = 1%nat
  | PGroup _ => Sn = dval E (samples sh)
  end.
Proof.
  intros (H1 & H2 & H3 & H4 & _). unfold rows, gcount, gsize, group, gwidth, rows.
  set (S := dval E (samples sh)) in *. set (P := dval E (positions sh)) in *. set (D := dval E (features sh)) in *.
  destruct p as [| | |k].
  - exists (S * P)%nat, 1%nat, 1%nat, D. repeat split; try lia. intros s p q c Hs Hp Hq Hc. unfold idx.
    replace ((s * 1 + p) * (1 * D) + (q * D + c))%nat with (s * D + c)%nat by nia. rewrite div_row by auto. lia.
  - exists S, P, D, 1%nat. repeat split; try lia. intros s p q c Hs Hp Hq Hc. unfold idx.
    replace ((s * P + p) * (D * 1) + (q * 1 + c))%nat with (s * (P * D) + (p * D + q))%nat by nia.
    rewrite div_row by nia. replace (s * (P * D) + (p * D + q))%nat with ((s * P + p) * D + q)%nat by nia.
    rewrite mod_row by auto. reflexivity.
  - exists 1%nat, (S * P)%nat, D, 1%nat. repeat split; try lia; try nia. intros s p q c Hs Hp Hq Hc. unfold idx.
    replace ((s * (S * P) + p) * (D * 1) + (q * 1 + c))%nat with (p * D + q)%nat by nia. rewrite mod_row by auto. nia.
  - destruct H4 as [w Hw]. set (k' := dval E k) in *. assert (Hk : (1 <= k')%nat) by nia. assert (Hw1 : (1 <= w)%nat) by nia.
    assert (W : (D / k' = w)%nat) by (rewrite Hw, Nat.mul_comm; apply Nat.div_mul; lia). rewrite W.
    exists S, P, k', w. repeat split; try lia; try nia. intros s p q c Hs Hp Hq Hc. unfold idx. rewrite <- Hw.
    assert (Hj : (q * w + c < D)%nat) by (rewrite Hw; apply row_lt; auto).
    replace ((s * P + p) * D + (q * w + c))%nat with (s * (P * D) + (p * D + (q * w + c)))%nat by nia.
    rewrite div_row by (apply row_lt; auto).
    replace (s * (P * D) + (p * D + (q * w + c)))%nat with ((s * P + p) * D + (q * w + c))%nat by nia.
    rewrite mod_row, div_row by auto. reflexivity.
Qed.

(** ** What a normalized vector satisfies *)
Definition facts (E : env) (sh : shape) (p : partition) (c : bool) (d : variance) (y : vec) : Prop :=
  forall g, (g < gcount E sh p)%nat ->
    dot (len E sh) (mask (group E sh p) g y) (mask (group E sh p) g y) <= divisor E sh p d /\
    (c = true -> sm (len E sh) (mask (group E sh p) g y) = 0).

Lemma entry_bound_ge0 E sh p c d : 0 <= entry_bound E sh p c d.
Proof. unfold entry_bound. destruct c; [destruct d|]; apply sqrt_pos. Qed.
Lemma gain_sens_ge0 E sh p c d : 0 <= gain_sens E sh p c d.
Proof.
  unfold gain_sens. destruct p; try apply sqrt_pos. apply Rmult_le_pos; [apply sqrt_pos|apply entry_bound_ge0].
Qed.
(** The squared norm of a feature: rows times the largest entry, or the divisor for each of Sn blocks of rows. *)
Lemma gain_sens_sq E sh p c d Sn x : 0 < divisor E sh p d ->
  match p with
  | PRow => x <= INR (rows E sh) * (entry_bound E sh p c d * entry_bound E sh p c d)
  | PChannel => Sn = 1%nat
  | _ => Sn = dval E (samples sh)
  end -> x <= INR Sn * divisor E sh p d -> x <= gain_sens E sh p c d * gain_sens E sh p c d.
Proof.
  intros Dp X Q. assert (SQ : forall a, 0 <= a -> sqrt a * sqrt a = a) by (intros; apply sqrt_sqrt; auto).
  assert (P : 0 <= INR (dval E (samples sh)) * divisor E sh p d) by (apply Rmult_le_pos; [apply pos_INR|lra]).
  unfold gain_sens. destruct p.
  - replace (rroot E sh * entry_bound E sh PRow c d * (rroot E sh * entry_bound E sh PRow c d))
      with ((rroot E sh * rroot E sh) * (entry_bound E sh PRow c d * entry_bound E sh PRow c d)) by ring.
    unfold rroot. rewrite SQ by apply pos_INR. exact X.
  - rewrite SQ, <- X by auto. exact Q.
  - rewrite SQ by lra. rewrite X in Q. simpl INR in Q. lra.
  - rewrite SQ, <- X by auto. exact Q.
Qed.

Section Facts.
Variables (E : env) (sh : shape) (p : partition) (c : bool) (d : variance).
Hypothesis ok : norm_ok E sh p d.
Let gr := group E sh p.
Let n := len E sh.
Let D := dval E (features sh).

Lemma gsize_pos : (1 <= gsize E sh p)%nat.
Proof. destruct (layout E sh p d ok) as (Sn & Pn & K & w & _ & _ & _ & -> & H & _). exact H. Qed.
Lemma divisor_pos : 0 < divisor E sh p d.
Proof.
  pose proof gsize_pos as H. pose proof ok as (_ & _ & _ & _ & Hd). unfold divisor.
  destruct d; [apply lt_0_INR; lia|apply lt_0_INR; lia|lra].
Qed.
Lemma divisor_le : divisor E sh p d <= INR (gsize E sh p).
Proof.
  pose proof gsize_pos as H. unfold divisor. destruct d; [lra|apply le_INR; lia|].
  change 1 with (INR 1). apply le_INR; lia.
Qed.
Lemma gr_lt i : (i < n)%nat -> (gr i < gcount E sh p)%nat.
Proof.
  intros Hi. destruct (layout E sh p d ok) as (Sn & Pn & K & w & E1 & E2 & E3 & _ & _ & G & _).
  rewrite E3. apply (grid_gr_lt Sn Pn K w gr G). unfold n, len in Hi. rewrite E1, E2 in Hi. exact Hi.
Qed.
Lemma gr_cnt g : (g < gcount E sh p)%nat -> cnt n gr g = INR (gsize E sh p).
Proof.
  intros Hg. destruct (layout E sh p d ok) as (Sn & Pn & K & w & E1 & E2 & E3 & E4 & _ & G & _).
  unfold n, len. rewrite E1, E2, E4. apply (grid_cnt Sn Pn K w gr G). rewrite <- E3; auto.
Qed.
Lemma gr_cnt_pos g : (g < gcount E sh p)%nat -> 0 < cnt n gr g.
Proof. intros Hg. rewrite gr_cnt by auto. apply lt_0_INR. pose proof gsize_pos. lia. Qed.
Lemma gcount_gsize : (gcount E sh p * gsize E sh p = rows E sh * D)%nat.
Proof.
  destruct (layout E sh p d ok) as (Sn & Pn & K & w & E1 & E2 & E3 & E4 & _). unfold D. rewrite E1, E2, E3, E4. nia.
Qed.

Lemma facts_entry y i : facts E sh p c d y -> (i < n)%nat -> Rabs (y i) <= entry_bound E sh p c d.
Proof.
  intros F Hi. pose proof (gr_lt i Hi) as Hg. destruct (F (gr i) Hg) as [F1 F2]. unfold entry_bound.
  assert (C : c = true -> Rabs (y i) <= sqrt (divisor E sh p d * INR (gsize E sh p - 1) / INR (gsize E sh p))).
  { intros Hc. apply abs_le_sqrt. pose proof (centred_mask n gr (gr i) y i (F2 Hc) Hi eq_refl) as Q.
    rewrite gr_cnt in Q by auto. pose proof gsize_pos as Hs. rewrite minus_INR by auto. change (INR 1) with 1.
    assert (S1 : 1 <= INR (gsize E sh p)) by (change 1 with (INR 1); apply le_INR; auto).
    apply (Rmult_le_reg_l (INR (gsize E sh p))); [lra|].
    replace (INR (gsize E sh p) * (divisor E sh p d * (INR (gsize E sh p) - 1) / INR (gsize E sh p)))
      with ((INR (gsize E sh p) - 1) * divisor E sh p d) by (field; lra).
    eapply Rle_trans; [exact Q|]. apply Rmult_le_compat_l; [lra|exact F1]. }
  destruct c.
  - specialize (C eq_refl). pose proof gsize_pos as Hs. destruct d; auto. unfold divisor in C.
    assert (S1 : 0 < INR (gsize E sh p)) by (apply lt_0_INR; lia).
    replace (INR (gsize E sh p) * INR (gsize E sh p - 1) / INR (gsize E sh p)) with (INR (gsize E sh p - 1)) in C
      by (field; lra). exact C.
  - apply abs_le_sqrt. eapply Rle_trans; [apply (mask_coord_le n gr (gr i)); auto|exact F1].
Qed.

Lemma facts_norm y : facts E sh p c d y -> nrm n y <= sqrt (range2 E sh p d).
Proof.
  intros F. apply sqrt_le_1_alt. rewrite (dot_groups n (gcount E sh p) gr gr_lt).
  apply Rle_trans with (INR (gcount E sh p) * divisor E sh p d).
  - rewrite <- sm_const. apply sm_le. intros g Hg. apply (F g Hg).
  - pose proof gcount_gsize as Q. unfold range2, divisor. destruct d; try lra. rewrite <- !mult_INR, Q. apply Rle_refl.
Qed.

(** One feature over all rows: Sn groups, each with the divisor. *)
Lemma column_blocks Sn Pn K w j y : rows E sh = (Sn * Pn)%nat -> D = (K * w)%nat -> (j < D)%nat ->
  exists q b, (q < K)%nat /\ (b < w)%nat /\ j = (q * w + b)%nat /\
  column_sq (rows E sh) D y j = sm Sn (fun s => sm Pn (fun r => y (idx Pn K w s r q b) * y (idx Pn K w s r q b))) /\
  sm (rows E sh) (fun r => y (r * D + j)%nat) = sm Sn (fun s => sm Pn (fun r => y (idx Pn K w s r q b))).
Proof.
  intros E1 E2 Hj. rewrite E2 in Hj. destruct (row_split j K w Hj) as (q & b & Hq & Hb & ->).
  exists q, b. repeat split; auto; unfold column_sq; rewrite E1, E2, sm_mul; reflexivity.
Qed.
Lemma facts_column Sn Pn K w j y : facts E sh p c d y -> rows E sh = (Sn * Pn)%nat -> D = (K * w)%nat -> gcount E sh p = (Sn * K)%nat ->
  onto_grid Sn Pn K w gr -> (j < D)%nat -> column_sq (rows E sh) D y j <= INR Sn * divisor E sh p d.
Proof.
  intros F E1 E2 E3 G Hj. destruct (column_blocks Sn Pn K w j y E1 E2 Hj) as (q & b & Hq & Hb & _ & -> & _).
  rewrite <- sm_const. apply sm_le. intros s Hs.
  eapply Rle_trans; [apply (grid_column_le Sn Pn K w gr G s q b y); auto|].
  replace (Sn * Pn * (K * w))%nat with n by (unfold n, len; rewrite E1; fold D; rewrite E2; reflexivity).
  apply (F (s * K + q)%nat). rewrite E3. apply row_lt; auto.
Qed.

Lemma facts_gain y De : facts E sh p c d y -> nrm n (fun i => De (i mod D)%nat * y i) <= gain_sens E sh p c d * nrm D De.
Proof.
  intros F. apply gain_columns; [apply gain_sens_ge0|]. intros j Hj. fold D.
  destruct (layout E sh p d ok) as (Sn & Pn & K & w & E1 & E2 & E3 & E4 & E5 & G & X).
  apply (gain_sens_sq E sh p c d Sn); [apply divisor_pos| |apply (facts_column Sn Pn K w j y F E1 E2 E3 G Hj)].
  assert (ROW : column_sq (rows E sh) D y j <= INR (rows E sh) * (entry_bound E sh p c d * entry_bound E sh p c d)).
  { rewrite <- sm_const. apply sm_le. intros r Hr.
    pose proof (facts_entry y (r * D + j) F (row_lt _ _ _ _ Hr Hj)) as A.
    replace (y (r * D + j)%nat * y (r * D + j)%nat) with (Rabs (y (r * D + j)%nat) * Rabs (y (r * D + j)%nat))
      by (rewrite <- Rabs_mult; apply Rabs_pos_eq, sq_ge0).
    apply Rmult_le_compat; auto using Rabs_pos. }
  revert X ROW. case p; tauto.
Qed.
Lemma facts_joint y De Be : facts E sh p c d y -> c = true -> p = PSampleChannel \/ p = PChannel ->
  nrm n (fun i => De (i mod D)%nat * y i + Be (i mod D)%nat) <= rroot E sh * h2 (nrm D De) (nrm D Be).
Proof.
  intros F Hc Hp. destruct (layout E sh p d ok) as (Sn & Pn & K & w & E1 & E2 & E3 & E4 & E5 & G & X).
  assert (W : w = 1%nat) by (destruct Hp as [-> | ->]; apply X).
  apply joint_columns; intros j Hj; fold D.
  - eapply Rle_trans; [apply (facts_column Sn Pn K w j y F E1 E2 E3 G Hj)|]. rewrite E1, mult_INR.
    apply Rmult_le_compat_l; [apply pos_INR|]. eapply Rle_trans; [apply divisor_le|]. rewrite E4, W, Nat.mul_1_r. lra.
  - destruct (column_blocks Sn Pn K w j y E1 E2 Hj) as (q & b & Hq & Hb & _ & _ & ->).
    rewrite (sm_ext Sn _ (fun _ => 0)); [apply sm_0|]. intros s Hs. replace b with 0%nat by lia.
    apply (grid_column_zero Sn Pn K w gr G s q y W Hs Hq).
    replace (Sn * Pn * (K * w))%nat with n by (unfold n, len; rewrite E1, E2; reflexivity).
    apply (F (s * K + q)%nat); auto. rewrite E3. apply row_lt; auto.
Qed.

(** The core: its output has the facts, and its constant; s: floor, or 0. *)
Lemma core_facts s e x : 0 <= e -> 0 < s * s + e ->
  (forall g, (g < gcount E sh p)%nat -> s * s <= deviation2 E sh p c d g x) -> facts E sh p c d (normalized E sh p c d e x).
Proof.
  intros He Hs Hx g Hg. specialize (Hx g Hg). unfold deviation2, centred in Hx. split.
  - apply (core_group_sq n (gcount E sh p) gr (divisor E sh p d) e c divisor_pos He g x Hg).
    eapply Rlt_le_trans; [exact Hs|apply Rplus_le_compat_r; exact Hx].
  - intros Hc. apply (core_group_zero n (gcount E sh p) gr (divisor E sh p d) e c gr_cnt_pos g x Hc Hg).
Qed.
Lemma core_sat (T : pspace) (S : sspace) s e : 0 <= e -> 0 < s * s + e ->
  sat n n T S (fun x _ _ => forall g, (g < gcount E sh p)%nat -> s * s <= deviation2 E sh p c d g x)
    (fun x _ _ => normalized E sh p c d e x) (s_plain (/ sqrt (s * s + e)) (sqrt (range2 E sh p d)) 0).
Proof.
  intros He Hs.
  apply (sat_plain n n T S (fun x => forall g, (g < gcount E sh p)%nat -> s * s <= deviation2 E sh p c d g x)
    (normalized E sh p c d e)).
  - apply Rlt_le, Rinv_0_lt_compat, sqrt_lt_R0; auto.
  - apply sqrt_pos.
  - lra.
  - apply (core_lip n (gcount E sh p) gr (divisor E sh p d) e c gr_lt gr_cnt_pos divisor_pos He s Hs).
  - intros x Hx. rewrite Rmult_0_l, Rplus_0_r. apply facts_norm. apply (core_facts s e x He Hs Hx).
Qed.
End Facts.

(** ** Series where the second block relies on what the first gives, and nothing more *)
Lemma series_after n (T : pspace) (S : sspace) (Hx Y : vec -> Prop) (h : vec -> vec) (Ha : T -> S -> Prop) fa s1 sa :
  sat n n punit S (fun x _ _ => Hx x) (fun x _ _ => h x) s1 -> (forall x, Hx x -> Y (h x)) ->
  sat n n T S (fun y t u => Y y /\ Ha t u) fa sa ->
  sat n n T S (fun x t u => Hx x /\ Ha t u) (fun x t u => fa (h x) t u) (s_series sa s1).
Proof.
  intros S1 HY Sa. pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ S1 Sa) as Q.
  pose proof (sat_param _ _ _ T S _ _ _ (fun t : T => ((tt, t) : pprod punit T))
    ltac:(intros; simpl; apply h2_le; [apply pd_ge0|lra]) Q) as Q'.
  eapply sat_weaken; [| |exact Q'].
  - intros x t u [H1 H2]. simpl. auto.
  - repeat split; lra.
Qed.

(** ** Affine maps: each tensor its own group *)
Section Layers.
Variable v : env -> bound -> R.
Hypothesis v_nonneg : forall E i, nonneg_env E -> 0 <= v E i.
Variable ng : nat.
Variable gd : nat -> nat * nat.

Definition gain_value E (a : affine) : R := match gain_bound a with Some g => v E g | None => 1 end.
Definition shift_value E (a : affine) : R := match shift_bound a with Some b => v E b | None => 0 end.
Lemma gain_value_ge0 E a : nonneg_env E -> 0 <= gain_value E a.
Proof. intros H. unfold gain_value. destruct (gain_bound a); [auto|lra]. Qed.
Lemma shift_value_ge0 E a : nonneg_env E -> 0 <= shift_value E a.
Proof. intros H. unfold shift_value. destruct (shift_bound a); [auto|lra]. Qed.
Lemma adm_gain E D a t : adm_affine v E D a t -> forall j, (j < D)%nat -> Rabs (gain_of a t j) <= gain_value E a.
Proof.
  intros [H _] j Hj. unfold gain_value. destruct a; simpl in *; auto; rewrite Rabs_R1; lra.
Qed.
Lemma adm_shift E D a t : adm_affine v E D a t -> nrm D (shift_of a t) <= shift_value E a.
Proof.
  intros [_ H]. unfold shift_value. destruct a; simpl in *; auto; rewrite nrm_0; lra.
Qed.
Lemma apply_affine_all D a t y i : apply_affine D a t y i = features_affine D (gain_of a t) (shift_of a t) y i.
Proof. destruct a; try reflexivity. unfold features_affine. simpl. unfold v0. ring. Qed.

Lemma affine_sat E sh a g1 g0 (Y : vec -> Prop) : nonneg_env E -> 0 <= g1 -> 0 <= g0 ->
  (~ is_joint a -> forall y De, Y y -> nrm (len E sh) (fun i => De (i mod dval E (features sh))%nat * y i)
     <= (g1 * nrm (len E sh) y + g0) * nrm (dval E (features sh)) De) ->
  (is_joint a -> forall y De Be, Y y ->
     nrm (len E sh) (fun i => De (i mod dval E (features sh))%nat * y i + Be (i mod dval E (features sh))%nat)
     <= rroot E sh * h2 (nrm (dval E (features sh)) De) (nrm (dval E (features sh)) Be)) ->
  sat (len E sh) (len E sh) punit (lspace (affine_dims (dval E (features sh)) a))
    (fun y _ t => Y y /\ adm_affine v E (dval E (features sh)) a t)
    (fun y _ t => apply_affine (dval E (features sh)) a t y) (s_tensors (affine_promise v E sh a g1 g0)).
Proof.
  intros HE H1 H0. set (n := len E sh). set (D := dval E (features sh)). intros HG HJ.
  pose proof (gain_value_ge0 E a HE) as Gg. pose proof (shift_value_ge0 E a HE) as Gs.
  assert (Rr : 0 <= rroot E sh) by apply sqrt_pos.
  apply (sat_ext n n punit (lspace (affine_dims D a)) _ (fun y _ t => features_affine D (gain_of a t) (shift_of a t) y));
    [intros; symmetry; apply apply_affine_all|].
  split.
  - unfold gain_value, shift_value in *. repeat split; simpl; auto; try lra.
    + destruct (shift_bound a); [apply Rmult_le_pos; auto|lra].
    + destruct a; destruct g as [|[|[|]]]; simpl; lra.
    + destruct a; destruct g as [|[|[|]]]; simpl; lra.
  - intros y [] t y' [] t' B [HY Ht] [HY' Ht'] HB. pose proof (B_ge0 _ _ _ HB) as B0.
    eapply Rle_trans; [apply (affine_two (rows E sh) D (gain_value E a)); auto; apply adm_gain; auto|].
    simpl pd. rewrite Rmult_0_r, Rplus_0_r. apply Rplus_le_compat_l. change (rows E sh * D)%nat with n.
    assert (G : ~ is_joint a -> forall De, nrm n (fun i => De (i mod D)%nat * y' i) <= (g1 * B + g0) * nrm D De).
    { intros J De. eapply Rle_trans; [apply (HG J y' De HY')|]. apply Rmult_le_compat_r; [apply nrm_ge0|].
      apply Rplus_le_compat_r, Rmult_le_compat_l; auto. }
    assert (Sh : forall Be, nrm n (fun i => Be (i mod D)%nat) = rroot E sh * nrm D Be) by apply shift_columns.
    assert (Two : forall De Be, nrm n (fun i => De (i mod D)%nat * y' i + Be (i mod D)%nat)
      <= nrm n (fun i => De (i mod D)%nat * y' i) + nrm n (fun i => Be (i mod D)%nat)).
    { intros De Be. apply (nrm_triangle n (fun i => De (i mod D)%nat * y' i) (fun i => Be (i mod D)%nat)). }
    destruct a as [|g|b|g b|g b u]; simpl gain_of; simpl shift_of; unfold lspace, Summary.cS;
      cbn [affine_dims length sn sd tspace sm nth sl1 sl0 s_tensors affine_promise cS fst snd]; rewrite ?tdist_1, ?tdist_2.
    + rewrite (nrm_ext n _ v0), nrm_0; [lra|]. intros; unfold vsub, v0; ring.
    + rewrite (nrm_ext n _ (fun i => vsub (t 0%nat 0%nat) (t' 0%nat 0%nat) (i mod D)%nat * y' i))
        by (intros; unfold vsub, v0; ring). pose proof (G ltac:(simpl; auto) (vsub (t 0%nat 0%nat) (t' 0%nat 0%nat))). lra.
    + rewrite (nrm_ext n _ (fun i => vsub (t 0%nat 0%nat) (t' 0%nat 0%nat) (i mod D)%nat))
        by (intros; unfold vsub, v0; ring). rewrite Sh. lra.
    + pose proof (G ltac:(simpl; auto) (vsub (t 0%nat 0%nat) (t' 0%nat 0%nat))).
      eapply Rle_trans; [apply Two|]. rewrite Sh. lra.
    + pose proof (HJ I y' (vsub (t 0%nat 0%nat) (t' 0%nat 0%nat)) (vsub (t 0%nat 1%nat) (t' 0%nat 1%nat)) HY'). lra.
  - intros y [] t [HY Ht]. pose proof (adm_shift E D a t Ht) as Hs.
    eapply Rle_trans; [apply (affine_env (rows E sh) D (gain_value E a)); auto; apply adm_gain; auto|]. change (rows E sh * D)%nat with n.
    apply Rplus_le_compat.
    + apply Rle_trans with (rroot E sh * shift_value E a); [apply Rmult_le_compat_l; auto|].
      unfold shift_value. simpl. destruct (shift_bound a); [lra|]. rewrite Rmult_0_r. lra.
    + unfold gain_value. simpl. lra.
Qed.

Lemma affine_uses_len D a : length (affine_dims D a) = length (affine_uses a).
Proof. destruct a; reflexivity. Qed.
Lemma affine_promise_len E sh a g1 g0 : length (cS (affine_promise v E sh a g1 g0)) = length (affine_uses a).
Proof. destruct a; reflexivity. Qed.

(** The affine map with its tensors where they are read. *)
Lemma affine_read E sh a g1 g0 (Y : vec -> Prop) : nonneg_env E -> 0 <= g1 -> 0 <= g0 ->
  (forall i g, nth_error (affine_uses a) i = Some (Shared g) ->
     (g < ng)%nat /\ gd g = nth i (affine_dims (dval E (features sh)) a) (0, 0)%nat) ->
  (~ is_joint a -> forall y De, Y y -> nrm (len E sh) (fun i => De (i mod dval E (features sh))%nat * y i)
     <= (g1 * nrm (len E sh) y + g0) * nrm (dval E (features sh)) De) ->
  (is_joint a -> forall y De Be, Y y ->
     nrm (len E sh) (fun i => De (i mod dval E (features sh))%nat * y i + Be (i mod dval E (features sh))%nat)
     <= rroot E sh * h2 (nrm (dval E (features sh)) De) (nrm (dval E (features sh)) Be)) ->
  sat (len E sh) (len E sh) (pown (affine_uses a) (affine_dims (dval E (features sh)) a)) (tspace ng gd)
    (fun y t u => Y y /\ adm_affine v E (dval E (features sh)) a (read E (affine_uses a) t u))
    (fun y t u => apply_affine (dval E (features sh)) a (read E (affine_uses a) t u) y)
    (s_promise (affine_uses a) (affine_promise v E sh a g1 g0)).
Proof.
  intros HE H1 H0 Hu HG HJ.
  apply (promise_read ng gd (len E sh) (len E sh) (fun y t => Y y /\ adm_affine v E (dval E (features sh)) a t)
    (fun y t => apply_affine (dval E (features sh)) a t y)); auto.
  - apply affine_promise_len.
  - apply affine_uses_len.
  - apply affine_sat; auto.
Qed.

(** ** The layers *)
Definition normalizing (l : layer) : Prop :=
  match l with Normalize _ _ _ _ _ _ | Affine _ | Squash _ => True | _ => False end.

Lemma tanh_columns E sh x De : nrm (len E sh) (fun i => De (i mod dval E (features sh))%nat * ew tanh x i)
  <= rroot E sh * nrm (dval E (features sh)) De.
Proof.
  apply gain_columns; [apply sqrt_pos|]. intros j Hj. unfold rroot. rewrite sqrt_sqrt by apply pos_INR.
  rewrite <- (Rmult_1_r (INR _)), <- sm_const. apply sm_le. intros r Hr. unfold ew.
  pose proof (tanh_sup (x (r * dval E (features sh) + j)%nat)) as Q.
  set (z := tanh (x (r * dval E (features sh) + j)%nat)) in *.
  replace (z * z) with (Rabs z * Rabs z) by (rewrite <- Rabs_mult; apply Rabs_pos_eq, sq_ge0).
  pose proof (Rabs_pos z). nra.
Qed.
Lemma squash_sat E sh (T : pspace) (S : sspace) : sat (len E sh) (len E sh) T S (fun _ _ _ => True) (fun x _ _ => ew tanh x)
  (s_plain 1 (rroot E sh * sqrt (INR (dval E (features sh)))) 0).
Proof.
  apply (sat_plain _ _ T S all (ew tanh)); try lra.
  - apply Rmult_le_pos; apply sqrt_pos.
  - destruct act_tanh as (_ & L & _). apply (Acts.act_lip _ tanh 1 all (fun _ => True)); auto; lra.
  - intros x _. rewrite Rmult_0_l, Rplus_0_r. unfold rroot. rewrite <- sqrt_mult_alt by apply pos_INR.
    rewrite <- mult_INR. rewrite <- (Rmult_1_r (sqrt _)), <- Rabs_R1 at 1. rewrite <- nrm_const. apply nrm_mono.
    intros i _. rewrite Rabs_R1. apply tanh_sup.
Qed.

(** The core of Normalize, with its floor if there is one. *)
Definition floor_met E sh p c d (f : option bound) (x : vec) : Prop :=
  match f with Some f => forall g, (g < gcount E sh p)%nat -> v E f * v E f <= deviation2 E sh p c d g x | None => True end.
Definition floor_value E (f : option bound) : R := match f with Some f => v E f | None => 0 end.

Lemma floor_deviation E sh p c d f x : norm_ok E sh p d -> floor_met E sh p c d f x ->
  forall g, (g < gcount E sh p)%nat -> floor_value E f * floor_value E f <= deviation2 E sh p c d g x.
Proof.
  intros ok H g Hg. destruct f as [f|]; simpl in *; auto. rewrite Rmult_0_l. apply var_ge0, (divisor_pos E sh p d ok).
Qed.
Lemma floor_under E f e : match f with Some f => v E f * v E f + v E e | None => v E e end
  = floor_value E f * floor_value E f + v E e.
Proof. destruct f; simpl; ring. Qed.

Lemma wf_norm_ok E C sh p c d f e a B F : wf_layer v ng gd E C sh (Normalize p c d f e a) B F ->
  norm_ok E sh p d /\ 0 < floor_value E f * floor_value E f + v E e /\
  (is_joint a -> c = true /\ (p = PSampleChannel \/ p = PChannel)).
Proof.
  intros (_ & H0 & H1 & H2 & H3 & H4 & H5 & H6). rewrite <- floor_under. repeat split; auto; apply H6; auto.
Qed.
Lemma normalize_facts E sh p c d f e x : nonneg_env E -> norm_ok E sh p d -> 0 < floor_value E f * floor_value E f + v E e ->
  floor_met E sh p c d f x -> facts E sh p c d (normalized E sh p c d (v E e) x).
Proof. intros HE ok He Hx. apply (core_facts E sh p c d ok (floor_value E f)); auto using floor_deviation. Qed.
Lemma normalize_core E sh p c d f e a F (T : pspace) (S : sspace) : nonneg_env E -> norm_ok E sh p d ->
  0 < floor_value E f * floor_value E f + v E e ->
  sat (len E sh) (len E sh) T S (fun x _ _ => floor_met E sh p c d f x) (fun x _ _ => normalized E sh p c d (v E e) x)
    (s_promise [] (core v E sh (Normalize p c d f e a) F)).
Proof.
  intros HE ok He. pose proof (core_sat E sh p c d ok T S (floor_value E f) (v E e) (v_nonneg E e HE) He) as Q.
  eapply sat_weaken; [| |exact Q].
  - intros x t u Hx. exact (floor_deviation E sh p c d f x ok Hx).
  - repeat split; simpl; try lra. rewrite floor_under. lra.
Qed.

(** Domains and admitted parameters in the form of a layer. *)
Lemma sat_domain n m (T : pspace) (S : sspace) (H H' : vec -> T -> S -> Prop) f s :
  (forall x t u, H' x t u -> H x t u) -> sat n m T S H f s -> sat n m T S H' f s.
Proof. intros HH Hs. eapply sat_weaken; [exact HH| |exact Hs]. repeat split; lra. Qed.

Lemma layer_sat_norm E C sh l B F : nonneg_env E -> wf_layer v ng gd E C sh l B F -> normalizing l ->
  sat (len E sh) (len E (lshape sh l)) (pown (uses l) (dims E sh l)) (tspace ng gd)
    (fun x t u => on_domain C B F (len E sh) x u /\ ladm v E sh l x (read E (uses l) t u))
    (fun x t u => lfwd v E sh l x (read E (uses l) t u)) (s_layer v E sh l (the (sup_in B F))).
Proof.
  intros HE W N. pose proof W as [U W']. set (Fm := the (sup_in B F)). clearbody Fm.
  destruct l as [out w b r|a|a|t'| |p c d f e a|m s e|a|a|t'| | | |g out b|k out ts L b G]; try contradiction.
  - (* Normalize: the core, then the affine map on vectors with [facts] *)
    destruct (wf_norm_ok _ _ _ _ _ _ _ _ _ _ _ W) as (ok & He & J).
    assert (Sa : a = ANone \/ second v E sh (Normalize p c d f e a) = Some (affine_promise v E sh a 0 (gain_sens E sh p c d)))
      by (destruct a; auto).
    destruct Sa as [-> | Sa].
    + apply (sat_domain _ _ _ _ (fun x _ _ => floor_met E sh p c d f x)); [|apply normalize_core; auto].
      intros x t u [_ [H _]]. exact H.
    + unfold s_layer. rewrite Sa. simpl lshape. simpl uses. simpl dims.
      apply (sat_domain _ _ (pown _ _) (tspace ng gd) (fun x t u => floor_met E sh p c d f x /\
        adm_affine v E (dval E (features sh)) a (read E (affine_uses a) t u))); [intros x t u [_ H]; exact H|].
      apply (series_after _ (pown _ _) (tspace ng gd) (floor_met E sh p c d f) (facts E sh p c d) (normalized E sh p c d (v E e))
        (fun t u => adm_affine v E (dval E (features sh)) a (read E (affine_uses a) t u))
        (fun y t u => apply_affine (dval E (features sh)) a (read E (affine_uses a) t u) y)).
      * apply (normalize_core E sh p c d f e a Fm); auto.
      * intros x Hx. apply (normalize_facts E sh p c d f e x); auto.
      * apply affine_read; auto; [lra|apply gain_sens_ge0| |].
        -- intros _ y De Hy. rewrite Rmult_0_l, Rplus_0_l. apply (facts_gain E sh p c d ok); auto.
        -- intros Ja y De Be Hy. destruct (J Ja) as [J1 J2]. apply (facts_joint E sh p c d ok); auto.
  - (* Affine: the gain multiplies an arbitrary input *)
    apply (sat_domain _ _ (pown _ _) (tspace ng gd) (fun x t u =>
      True /\ adm_affine v E (dval E (features sh)) a (read E (affine_uses a) t u)));
      [intros x t u [_ H]; auto|].
    apply (affine_read E sh a 1 0 (fun _ => True)); auto; try lra.
    + intros _ y De _. rewrite Rmult_1_l, Rplus_0_r. apply gain_frob.
    + intros Ja. contradiction.
  - (* Squash: tanh, then the affine map on vectors with entries at most 1 *)
    assert (Sa : a = ANone \/ second v E sh (Squash a) = Some (affine_promise v E sh a 0 (rroot E sh))) by (destruct a; auto).
    destruct Sa as [-> | Sa].
    + apply (sat_domain _ _ _ _ (fun _ _ _ => True)); [auto|]. apply (squash_sat E sh).
    + unfold s_layer. rewrite Sa. simpl lshape. simpl uses. simpl dims.
      apply (sat_domain _ _ (pown _ _) (tspace ng gd) (fun x t u =>
      True /\ adm_affine v E (dval E (features sh)) a (read E (affine_uses a) t u)));
        [intros x t u [_ H]; auto|].
      apply (series_after _ (pown _ _) (tspace ng gd) (fun _ => True) (fun y => exists x, y = ew tanh x) (ew tanh)
        (fun t u => adm_affine v E (dval E (features sh)) a (read E (affine_uses a) t u))
        (fun y t u => apply_affine (dval E (features sh)) a (read E (affine_uses a) t u) y)).
      * apply (squash_sat E sh).
      * intros x _. exists x. reflexivity.
      * apply affine_read; auto; [lra|apply sqrt_pos| |].
        -- intros _ y De [x ->]. rewrite Rmult_0_l, Rplus_0_l. apply tanh_columns.
        -- intros Ja. contradiction.
Qed.

Lemma layer_sup_norm E C sh l B F M : nonneg_env E -> wf_layer v ng gd E C sh l B F -> normalizing l ->
  sup_layer v E sh l B F = Some M -> forall x t u, on_domain C B F (len E sh) x u -> ladm v E sh l x (read E (uses l) t u) ->
  sup_le (len E (lshape sh l)) (lfwd v E sh l x (read E (uses l) t u)) M.
Proof.
  intros HE W N EM x t u (HB & HF & _) A. set (y := read E (uses l) t u) in *. clearbody y.
  destruct l as [out w b r|a|a|t'| |p c d f e a|m s e|a|a|t'| | | |g out b|k out ts L b G]; try contradiction; simpl in EM.
  - injection EM as <-. destruct (wf_norm_ok _ _ _ _ _ _ _ _ _ _ _ W) as (ok & He & _). destruct A as [A1 A2].
    apply (sup_apply_affine v E (rows E sh)); auto. intros i Hi. apply (facts_entry E sh p c d ok); auto.
    apply (normalize_facts E sh p c d f e x); auto.
  - (* lone Affine: no bound at present, or that of its input *)
    first [discriminate EM | destruct (sup_in B F) as [F'|] eqn:EF; [injection EM as <-|discriminate EM];
      apply (sup_apply_affine v E (rows E sh)); auto; apply (in_sup_some B F F'); auto].
  - injection EM as <-. apply (sup_apply_affine v E (rows E sh)); auto. intros i _. apply tanh_sup.
Qed.

(** ** All layers *)
Theorem layer_sat E C sh l B F : nonneg_env E -> nonneg_opt B -> nonneg_opt F -> wf_layer v ng gd E C sh l B F ->
  sat (len E sh) (len E (lshape sh l)) (pown (uses l) (dims E sh l)) (tspace ng gd)
    (fun x t u => on_domain C B F (len E sh) x u /\ ladm v E sh l x (read E (uses l) t u))
    (fun x t u => lfwd v E sh l x (read E (uses l) t u)) (s_layer v E sh l (the (sup_in B F))).
Proof.
  intros HE HB HF W. assert (P : plain_layer l \/ normalizing l) by (destruct l; simpl; auto).
  destruct P; [apply layer_sat_plain|apply layer_sat_norm]; auto.
Qed.
Theorem layer_sup E C sh l B F M : nonneg_env E -> wf_layer v ng gd E C sh l B F -> sup_layer v E sh l B F = Some M ->
  forall x t u, on_domain C B F (len E sh) x u -> ladm v E sh l x (read E (uses l) t u) ->
  sup_le (len E (lshape sh l)) (lfwd v E sh l x (read E (uses l) t u)) M.
Proof.
  intros HE W EM. assert (P : plain_layer l \/ normalizing l) by (destruct l; simpl; auto).
  destruct P; [apply (layer_sup_plain v v_nonneg ng gd E C sh l B F M)|apply (layer_sup_norm E C sh l B F M)]; auto.
Qed.
End Layers.
