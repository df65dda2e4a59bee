(** Enclosures by fixed-point numbers, computed by the kernel: lo/s <= x <= hi/s for integers lo, hi and a fixed s > 0. *)
From Coq Require Import Reals Lra Lia ZArith List.
From Normbound Require Import MeanValue Claims ClaimOrder ClaimLimits.
Import ListNotations.
Open Scope R_scope.

Definition interval : Set := (Z * Z)%type.
Section Enclosures.
Variables (s : Z) (steps : nat).
Hypothesis s_pos : (0 < s)%Z.
Let S : R := IZR s.
Lemma S_pos : 0 < S.
Proof. apply IZR_lt, s_pos. Qed.
Definition inside (i : interval) (x : R) : Prop := IZR (fst i) <= x * S /\ x * S <= IZR (snd i).

(** Quotients rounded down and up *)
Definition down (a b : Z) : Z := Z.div a b.
Definition up_ (a b : Z) : Z := (- Z.div (- a) b)%Z.
Lemma down_le a b : (0 < b)%Z -> IZR (down a b) * IZR b <= IZR a.
Proof. intros H. rewrite <- mult_IZR. apply IZR_le. unfold down. rewrite Z.mul_comm. apply Z.mul_div_le, H. Qed.
Lemma up_ge a b : (0 < b)%Z -> IZR a <= IZR (up_ a b) * IZR b.
Proof.
  intros H. pose proof (down_le (- a) b H) as D. unfold up_, down in *. rewrite opp_IZR in *. lra.
Qed.
Lemma down_bound a b x : (0 < b)%Z -> IZR a <= x * IZR b -> IZR (down a b) <= x.
Proof.
  intros H L. assert (B : 0 < IZR b) by (apply IZR_lt, H). pose proof (down_le a b H). apply (Rmult_le_reg_r (IZR b)); lra.
Qed.
Lemma up_bound a b x : (0 < b)%Z -> x * IZR b <= IZR a -> x <= IZR (up_ a b).
Proof.
  intros H L. assert (B : 0 < IZR b) by (apply IZR_lt, H). pose proof (up_ge a b H). apply (Rmult_le_reg_r (IZR b)); lra.
Qed.

(** ** Operators *)
Definition i_add (i j : interval) : interval := ((fst i + fst j)%Z, (snd i + snd j)%Z).
Definition i_neg (i : interval) : interval := ((- snd i)%Z, (- fst i)%Z).
Definition i_mul (i j : interval) : interval :=
  let (a, b) := i in let (c, d) := j in
  (down (Z.min (Z.min (a * c) (a * d)) (Z.min (b * c) (b * d))) s, up_ (Z.max (Z.max (a * c) (a * d)) (Z.max (b * c) (b * d))) s).
Definition i_inv (i : interval) : option interval :=
  let (a, b) := i in
  if (0 <? a)%Z then Some (down (s * s) b, up_ (s * s) a)
  else if (b <? 0)%Z then Some ((- up_ (s * s) (- b))%Z, (- down (s * s) (- a))%Z) else None.
Definition i_sqrt (i : interval) : interval := (Z.sqrt (Z.max 0 (fst i) * s), (Z.sqrt (Z.max 0 (snd i) * s) + 1)%Z).
Definition i_abs (i : interval) : interval :=
  let (a, b) := i in (Z.max 0 (Z.max a (- b)), Z.max b (- a)).
Definition i_min (i j : interval) : interval := (Z.min (fst i) (fst j), Z.min (snd i) (snd j)).
Definition i_max (i j : interval) : interval := (Z.max (fst i) (fst j), Z.max (snd i) (snd j)).
(** exp x = (exp (x/2^n))^(2^n), 1 + t <= exp t <= 1/(1 - t) *)
Fixpoint square_down (n : nat) (x : Z) : Z := match n with O => x | Datatypes.S m => square_down m (down (x * x) s) end.
Fixpoint square_up (n : nat) (x : Z) : Z := match n with O => x | Datatypes.S m => square_up m (up_ (x * x) s) end.
Definition part : Z := Z.pow 2 (Z.of_nat steps).
Definition exp_low (x : Z) : Z := square_down steps (Z.max 0 (s + down x part)).
Definition exp_high (x : Z) : option Z :=
  let t := up_ x part in if (t <? s)%Z then Some (square_up steps (up_ (s * s) (s - t))) else None.
Definition i_exp (i : interval) : option interval :=
  match exp_high (snd i) with Some h => Some (exp_low (fst i), h) | None => None end.
(** log x = 2^n log (x^(1/2^n)), 1 - 1/t <= log t <= t - 1 *)
Fixpoint root_down (n : nat) (x : Z) : Z := match n with O => x | Datatypes.S m => root_down m (Z.sqrt (x * s)) end.
Fixpoint root_up (n : nat) (x : Z) : Z := match n with O => x | Datatypes.S m => root_up m (Z.sqrt (x * s) + 1) end.
Definition i_log (i : interval) : option interval :=
  let (a, b) := i in
  let r := root_down steps a in
  if ((0 <? a) && (0 <? r))%Z%bool then Some ((part * (s - up_ (s * s) r))%Z, (part * (root_up steps b - s))%Z) else None.
Fixpoint i_pow (n : nat) (i : interval) : interval :=
  match n with O => (s, s) | Datatypes.S m => i_mul i (i_pow m i) end.

Lemma in_add i j x y : inside i x -> inside j y -> inside (i_add i j) (x + y).
Proof. unfold inside, i_add. cbn [fst snd]. rewrite !plus_IZR. lra. Qed.
Lemma in_neg i x : inside i x -> inside (i_neg i) (- x).
Proof. unfold inside, i_neg. cbn [fst snd]. rewrite !opp_IZR. lra. Qed.
Lemma IZR_min a b : IZR (Z.min a b) = Rmin (IZR a) (IZR b).
Proof.
  unfold Rmin. destruct (Rle_dec (IZR a) (IZR b)) as [h|h]; f_equal; [apply le_IZR in h; lia|apply Rnot_le_lt, lt_IZR in h; lia].
Qed.
Lemma IZR_max a b : IZR (Z.max a b) = Rmax (IZR a) (IZR b).
Proof.
  unfold Rmax. destruct (Rle_dec (IZR a) (IZR b)) as [h|h]; f_equal; [apply le_IZR in h; lia|apply Rnot_le_lt, lt_IZR in h; lia].
Qed.
(** The product of numbers between bounds is between the products of bounds *)
Lemma products a b c d x y : a <= x <= b -> c <= y <= d ->
  Rmin (Rmin (a * c) (a * d)) (Rmin (b * c) (b * d)) <= x * y <= Rmax (Rmax (a * c) (a * d)) (Rmax (b * c) (b * d)).
Proof.
  intros X Y. pose proof (Rmin_l (Rmin (a * c) (a * d)) (Rmin (b * c) (b * d))). pose proof (Rmin_r (Rmin (a * c) (a * d)) (Rmin (b * c) (b * d))).
  pose proof (Rmin_l (a * c) (a * d)). pose proof (Rmin_r (a * c) (a * d)). pose proof (Rmin_l (b * c) (b * d)). pose proof (Rmin_r (b * c) (b * d)).
  pose proof (Rmax_l (Rmax (a * c) (a * d)) (Rmax (b * c) (b * d))). pose proof (Rmax_r (Rmax (a * c) (a * d)) (Rmax (b * c) (b * d))).
  pose proof (Rmax_l (a * c) (a * d)). pose proof (Rmax_r (a * c) (a * d)). pose proof (Rmax_l (b * c) (b * d)). pose proof (Rmax_r (b * c) (b * d)).
  set (lo := Rmin (Rmin _ _) _) in *. set (hi := Rmax (Rmax _ _) _) in *.
  (* x y is between a y and b y, and these between the four products *)
  assert (A : lo <= a * y <= hi) by (destruct (Rle_lt_dec 0 a); split; nra). assert (B : lo <= b * y <= hi) by (destruct (Rle_lt_dec 0 b); split; nra).
  destruct (Rle_lt_dec 0 y); split; nra.
Qed.
Lemma in_mul i j x y : inside i x -> inside j y -> inside (i_mul i j) (x * y).
Proof.
  destruct i as [a b], j as [c d]. unfold inside, i_mul. cbn [fst snd]. intros X Y. pose proof (products _ _ _ _ _ _ X Y) as [L H].
  rewrite <- !mult_IZR, <- !IZR_min, <- !IZR_max in *. split; [apply down_bound|apply up_bound]; auto; fold S; lra.
Qed.
Lemma in_inv i j x : i_inv i = Some j -> inside i x -> inside j (/ x).
Proof.
  pose proof S_pos as SP. destruct i as [a b]. unfold i_inv, inside. destruct (Z.ltb_spec 0 a) as [h|h]; [|destruct (Z.ltb_spec b 0) as [g|g]; [|discriminate]];
    intros E [L H]; injection E as <-; cbn [fst snd] in *.
  - apply IZR_lt in h. assert (X : 0 < x) by nra. assert (B : (0 < b)%Z) by (apply lt_IZR; lra).
    split; [apply down_bound; [exact B|]|apply up_bound; [apply lt_IZR, h|]]; rewrite mult_IZR; fold S; apply (Rmult_le_reg_r x); auto.
    + replace (/ x * S * IZR b * x) with (S * IZR b) by (field; lra). nra.
    + replace (/ x * S * IZR a * x) with (S * IZR a) by (field; lra). nra.
  - apply IZR_lt in g. assert (X : 0 < - x) by nra. assert (A : (0 < - a)%Z) by (apply lt_IZR; rewrite opp_IZR; lra).
    assert (B : (0 < - b)%Z) by (apply lt_IZR; rewrite opp_IZR; lra). rewrite !opp_IZR.
    assert (U : - (/ x * S) <= IZR (up_ (s * s) (- b))).
    { apply up_bound; [exact B|]. rewrite mult_IZR, opp_IZR. fold S. apply (Rmult_le_reg_r (- x)); auto.
      replace (- (/ x * S) * - IZR b * - x) with (- (S * IZR b)) by (field; lra). nra. }
    assert (D : IZR (down (s * s) (- a)) <= - (/ x * S)).
    { apply down_bound; [exact A|]. rewrite mult_IZR, opp_IZR. fold S. apply (Rmult_le_reg_r (- x)); auto.
      replace (- (/ x * S) * - IZR a * - x) with (- (S * IZR a)) by (field; lra). nra. }
    lra.
Qed.
Lemma sqrt_down z r : (0 <= z)%Z -> 0 <= r -> IZR z <= r * r -> IZR (Z.sqrt z) <= r.
Proof.
  intros Z0 R0 H. apply Rnot_lt_le. intros C. destruct (Z.sqrt_spec z Z0) as [A _]. apply IZR_le in A. rewrite mult_IZR in A.
  pose proof (Rmult_le_0_lt_compat r _ r _ R0 R0 C C). lra.
Qed.
Lemma sqrt_up z r : (0 <= z)%Z -> 0 <= r -> r * r <= IZR z -> r <= IZR (Z.sqrt z + 1).
Proof.
  intros Z0 R0 H. apply Rnot_lt_le. intros C. destruct (Z.sqrt_spec z Z0) as [_ A]. apply IZR_lt in A. rewrite mult_IZR in A.
  pose proof (Z.sqrt_nonneg z) as N. assert (P : 0 <= IZR (Z.sqrt z + 1)) by (apply IZR_le; lia). unfold Z.succ in A.
  pose proof (Rmult_le_0_lt_compat _ r _ r P P C C). lra.
Qed.
Lemma in_sqrt i x : inside i x -> inside (i_sqrt i) (sqrt x).
Proof.
  pose proof S_pos as SP. unfold inside, i_sqrt. intros [L H]. cbn [fst snd]. pose proof (sqrt_pos x) as Q. assert (Q' : 0 <= sqrt x * S) by nra.
  assert (M : forall a : Z, (0 <= Z.max 0 a * s)%Z) by (intros; apply Z.mul_nonneg_nonneg; lia).
  destruct (Rle_lt_dec 0 x) as [h|h].
  - pose proof (sqrt_sqrt x h) as E. assert (W : sqrt x * S * (sqrt x * S) = x * S * S) by (rewrite <- E at 3; ring).
    assert (0 <= x * S) by nra.
    split; [apply sqrt_down|apply sqrt_up]; auto; rewrite W, mult_IZR, IZR_max; fold S; apply Rmult_le_compat_r; try lra.
    + apply Rmax_lub; lra.
    + apply Rle_trans with (2 := Rmax_r _ _). exact H.
  - rewrite (sqrt_neg_0 x) by lra. rewrite Rmult_0_l. assert (fst i <= 0)%Z by (apply le_IZR; nra). rewrite Z.max_l by lia. cbn.
    split; [lra|]. apply IZR_le. pose proof (Z.sqrt_nonneg (Z.max 0 (snd i) * s)). lia.
Qed.
Lemma in_abs i x : inside i x -> inside (i_abs i) (Rabs x).
Proof.
  pose proof S_pos as SP. destruct i as [a b]. unfold inside, i_abs. cbn [fst snd]. intros [L H]. rewrite !IZR_max, !opp_IZR.
  assert (E : Rabs x * S = Rabs (x * S)) by (rewrite Rabs_mult, (Rabs_pos_eq S); lra). rewrite E. unfold Rabs. destruct (Rcase_abs (x * S)).
  - split; [repeat apply Rmax_lub; lra|apply Rle_trans with (2 := Rmax_r _ _); lra].
  - split; [repeat apply Rmax_lub; lra|apply Rle_trans with (2 := Rmax_l _ _); lra].
Qed.
Lemma in_min i j x y : inside i x -> inside j y -> inside (i_min i j) (Rmin x y).
Proof.
  pose proof S_pos as SP. unfold inside, i_min. cbn [fst snd]. rewrite !IZR_min. intros X Y. unfold Rmin.
  destruct (Rle_dec x y), (Rle_dec (IZR (fst i)) (IZR (fst j))), (Rle_dec (IZR (snd i)) (IZR (snd j))); nra.
Qed.
Lemma in_max i j x y : inside i x -> inside j y -> inside (i_max i j) (Rmax x y).
Proof.
  pose proof S_pos as SP. unfold inside, i_max. cbn [fst snd]. rewrite !IZR_max. intros X Y. unfold Rmax.
  destruct (Rle_dec x y), (Rle_dec (IZR (fst i)) (IZR (fst j))), (Rle_dec (IZR (snd i)) (IZR (snd j))); nra.
Qed.
Lemma in_pow n i x : inside i x -> inside (i_pow n i) (x ^ n).
Proof.
  intros X. induction n as [|n IH]; [unfold inside; simpl; fold S; lra|]. exact (in_mul _ _ _ _ X IH).
Qed.

Lemma part_pos : (0 < part)%Z.
Proof. apply Z.pow_pos_nonneg; lia. Qed.
Lemma part_twice n : IZR (2 ^ Z.of_nat (Datatypes.S n)) = IZR (2 ^ Z.of_nat n) * 2.
Proof. rewrite Nat2Z.inj_succ, Z.pow_succ_r, mult_IZR by lia. lra. Qed.
Lemma squares_down n x y : (0 <= x)%Z -> IZR x <= exp y * S -> IZR (square_down n x) <= exp (y * IZR (2 ^ Z.of_nat n)) * S.
Proof.
  revert x y. induction n as [|n IH]; intros x y X H; cbn [square_down].
  - change (2 ^ Z.of_nat 0)%Z with 1%Z. rewrite Rmult_1_r. exact H.
  - rewrite part_twice. replace (y * (IZR (2 ^ Z.of_nat n) * 2)) with ((y + y) * IZR (2 ^ Z.of_nat n)) by ring. apply IH.
    + apply Z.div_pos; nia.
    + apply down_bound; [exact s_pos|]. rewrite mult_IZR, exp_plus. fold S. apply IZR_le in X.
      replace (exp y * exp y * S * S) with (exp y * S * (exp y * S)) by ring. apply Rmult_le_compat; auto.
Qed.
Lemma squares_up n x y : exp y * S <= IZR x -> exp (y * IZR (2 ^ Z.of_nat n)) * S <= IZR (square_up n x).
Proof.
  revert x y. induction n as [|n IH]; intros x y H; cbn [square_up].
  - change (2 ^ Z.of_nat 0)%Z with 1%Z. rewrite Rmult_1_r. exact H.
  - rewrite part_twice. replace (y * (IZR (2 ^ Z.of_nat n) * 2)) with ((y + y) * IZR (2 ^ Z.of_nat n)) by ring. apply IH.
    apply up_bound; [exact s_pos|]. rewrite mult_IZR, exp_plus. fold S. pose proof S_pos. pose proof (exp_pos y).
    replace (exp y * exp y * S * S) with (exp y * S * (exp y * S)) by ring. apply Rmult_le_compat; nra.
Qed.
Lemma in_exp i j x : i_exp i = Some j -> inside i x -> inside j (exp x).
Proof.
  pose proof S_pos as SP. pose proof part_pos as PP. assert (PR : 0 < IZR part) by (apply IZR_lt, PP).
  unfold i_exp, exp_high. destruct (Z.ltb_spec (up_ (snd i) part) s) as [h|h]; [|discriminate]. intros E [L H]. injection E as <-.
  set (t := x / IZR part). assert (T : x = t * IZR part) by (unfold t; field; lra). unfold inside. cbn [fst snd]. rewrite T. split.
  - apply squares_down; [lia|]. rewrite IZR_max. apply Rmax_lub; [pose proof (exp_pos t); nra|]. rewrite plus_IZR. fold S.
    pose proof (exp_line t). assert (IZR (down (fst i) part) <= t * S).
    { apply down_bound; [exact PP|]. rewrite T in L. lra. } nra.
  - apply squares_up. assert (B : (0 < s - up_ (snd i) part)%Z) by lia. apply up_bound; [exact B|]. rewrite mult_IZR, minus_IZR. fold S.
    assert (U : t * S <= IZR (up_ (snd i) part)) by (apply up_bound; [exact PP|]; rewrite T in H; lra).
    apply IZR_lt in B. rewrite minus_IZR in B. fold S in B. pose proof (exp_line (- t)) as X. rewrite exp_Ropp in X. pose proof (exp_pos t) as EP.
    assert (I : exp t * / exp t = 1) by (apply Rinv_r; lra). assert (W : exp t * (1 - t) <= 1) by nra.
    assert (V : exp t * (S - IZR (up_ (snd i) part)) <= exp t * (S - t * S)) by (apply Rmult_le_compat_l; lra).
    assert (exp t * (S - t * S) <= S) by nra. nra.
Qed.
Lemma roots_down n z y : 0 < y -> (0 < z)%Z -> IZR z <= y * S -> IZR (root_down n z) <= exp (log y / IZR (2 ^ Z.of_nat n)) * S.
Proof.
  revert z y. induction n as [|n IH]; intros z y Y Z0 H; cbn [root_down].
  - change (2 ^ Z.of_nat 0)%Z with 1%Z. rewrite over_1, exp_log by exact Y. exact H.
  - pose proof S_pos as SP. assert (PP : 0 < IZR (2 ^ Z.of_nat n)) by (apply IZR_lt, Z.pow_pos_nonneg; lia).
    rewrite part_twice. pose proof (sqrt_lt_R0 y Y) as Q. assert (E : log y = log (sqrt y) * 2).
    { rewrite <- (sqrt_sqrt y) at 1 by lra. rewrite log_mul by exact Q. ring. }
    replace (log y / (IZR (2 ^ Z.of_nat n) * 2)) with (log (sqrt y) / IZR (2 ^ Z.of_nat n)) by (rewrite E; field; lra).
    assert (D : IZR (Z.sqrt (z * s)) <= sqrt y * S).
    { apply sqrt_down; [nia|nra|]. rewrite mult_IZR. fold S. replace (sqrt y * S * (sqrt y * S)) with (sqrt y * sqrt y * S * S) by ring.
      rewrite sqrt_sqrt by lra. nra. }
    destruct (Z_lt_le_dec 0 (Z.sqrt (z * s))) as [h|h]; [apply IH; auto|].
    assert (Z.sqrt (z * s) = 0)%Z by (pose proof (Z.sqrt_nonneg (z * s)); lia). exfalso.
    assert (0 < Z.sqrt (z * s))%Z by (apply Z.sqrt_pos; nia). lia.
Qed.
Lemma roots_up n z y : 0 < y -> y * S <= IZR z -> exp (log y / IZR (2 ^ Z.of_nat n)) * S <= IZR (root_up n z).
Proof.
  revert z y. induction n as [|n IH]; intros z y Y H; cbn [root_up].
  - change (2 ^ Z.of_nat 0)%Z with 1%Z. rewrite over_1, exp_log by exact Y. exact H.
  - pose proof S_pos as SP. assert (PP : 0 < IZR (2 ^ Z.of_nat n)) by (apply IZR_lt, Z.pow_pos_nonneg; lia).
    rewrite part_twice. pose proof (sqrt_lt_R0 y Y) as Q. assert (E : log y = log (sqrt y) * 2).
    { rewrite <- (sqrt_sqrt y) at 1 by lra. rewrite log_mul by exact Q. ring. }
    replace (log y / (IZR (2 ^ Z.of_nat n) * 2)) with (log (sqrt y) / IZR (2 ^ Z.of_nat n)) by (rewrite E; field; lra).
    apply IH; [exact Q|]. assert (Z0 : (0 < z)%Z) by (apply lt_IZR; nra). apply sqrt_up; [nia|nra|]. rewrite mult_IZR. fold S.
    replace (sqrt y * S * (sqrt y * S)) with (sqrt y * sqrt y * S * S) by ring. rewrite sqrt_sqrt by lra. nra.
Qed.
Lemma in_log i j x : i_log i = Some j -> inside i x -> inside j (log x).
Proof.
  pose proof S_pos as SP. pose proof part_pos as PP. assert (PR : 0 < IZR part) by (apply IZR_lt, PP). destruct i as [a b]. unfold i_log.
  destruct (Z.ltb_spec 0 a) as [A|]; [|discriminate]. destruct (Z.ltb_spec 0 (root_down steps a)) as [RD|]; [|discriminate].
  cbn [andb]. intros E [L H]. injection E as <-. cbn [fst snd] in *. assert (X : 0 < x). { apply IZR_lt in A. nra. }
  pose proof (roots_down steps a x X A L) as D. pose proof (roots_up steps b x X H) as U. fold part in D, U. set (t := log x / IZR part) in *.
  assert (T : log x = t * IZR part) by (unfold t; field; lra). rewrite T. unfold inside. cbn [fst snd]. rewrite !mult_IZR, !minus_IZR. fold S.
  pose proof (exp_pos t) as EP. split.
  - assert (B : / exp t * S <= IZR (up_ (s * s) (root_down steps a))).
    { apply up_bound; [exact RD|]. rewrite mult_IZR. fold S. apply (Rmult_le_reg_r (exp t)); [exact EP|].
      replace (/ exp t * S * IZR (root_down steps a) * exp t) with (S * IZR (root_down steps a)) by (field; lra). nra. }
    pose proof (exp_line (- t)) as Q. rewrite exp_Ropp in Q. replace (t * IZR part * S) with (IZR part * (t * S)) by ring.
    apply Rmult_le_compat_l; [lra|]. assert ((1 + - t) * S <= / exp t * S) by (apply Rmult_le_compat_r; lra). lra.
  - pose proof (exp_line t) as Q. replace (t * IZR part * S) with (IZR part * (t * S)) by ring.
    apply Rmult_le_compat_l; [lra|]. assert ((1 + t) * S <= exp t * S) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** ** Programs: each operation names earlier results, the last one is number 0 *)
Inductive op : Set :=
  | ONeg (i : nat) | OAdd (i j : nat) | OSub (i j : nat) | OMul (i j : nat) | ODiv (i j : nat) | OSqrt (i : nat) | OExp (i : nat) | OLog (i : nat)
  | OAbs (i : nat) | OMin (i j : nat) | OMax (i j : nat) | OPow (i : nat) (p : positive) | OPowNeg (i : nat) (p : positive).
Definition apply_r (o : op) (e : list R) : R :=
  let v k := nth k e 0 in
  match o with
  | ONeg i => - v i | OAdd i j => v i + v j | OSub i j => v i - v j | OMul i j => v i * v j | ODiv i j => v i / v j | OSqrt i => sqrt (v i)
  | OExp i => exp (v i) | OLog i => log (v i) | OAbs i => Rabs (v i) | OMin i j => Rmin (v i) (v j) | OMax i j => Rmax (v i) (v j)
  | OPow i p => pw (v i) (IZR (Zpos p)) | OPowNeg i p => pw (v i) (IZR (Zneg p))
  end.
Definition zero : interval := (0%Z, 0%Z).
Definition apply_i (o : op) (e : list interval) : option interval :=
  let v k := nth k e zero in
  match o with
  | ONeg i => Some (i_neg (v i)) | OAdd i j => Some (i_add (v i) (v j)) | OSub i j => Some (i_add (v i) (i_neg (v j)))
  | OMul i j => Some (i_mul (v i) (v j)) | ODiv i j => option_map (i_mul (v i)) (i_inv (v j)) | OSqrt i => Some (i_sqrt (v i))
  | OExp i => i_exp (v i) | OLog i => i_log (v i) | OAbs i => Some (i_abs (v i)) | OMin i j => Some (i_min (v i) (v j))
  | OMax i j => Some (i_max (v i) (v j)) | OPow i p => Some (i_pow (Pos.to_nat p) (v i)) | OPowNeg i p => i_inv (i_pow (Pos.to_nat p) (v i))
  end.
Fixpoint run_r (p : list op) (e : list R) : R := match p with [] => hd 0 e | o :: q => run_r q (apply_r o e :: e) end.
Fixpoint run_i (p : list op) (e : list interval) : option interval :=
  match p with [] => Some (hd zero e) | o :: q => match apply_i o e with Some i => run_i q (i :: e) | None => None end end.

Lemma in_zero : inside zero 0.
Proof. unfold inside, zero. simpl. lra. Qed.
Lemma in_nth e x k : Forall2 inside e x -> inside (nth k e zero) (nth k x 0).
Proof. intros F. revert k. induction F; intros [|k]; simpl; auto using in_zero. Qed.
Lemma in_apply o e x i : Forall2 inside e x -> apply_i o e = Some i -> inside i (apply_r o x).
Proof.
  intros F. pose proof (fun k => in_nth e x k F) as V. destruct o; cbn [apply_i apply_r]; intros E; try (injection E as <-).
  - apply in_neg; auto.
  - apply in_add; auto.
  - apply in_add; auto using in_neg.
  - apply in_mul; auto.
  - destruct (i_inv (nth j e zero)) as [k|] eqn:D; [|discriminate]. injection E as <-. apply in_mul; [apply V|apply (in_inv _ _ _ D), V].
  - apply in_sqrt; auto.
  - apply (in_exp _ _ _ E); auto.
  - apply (in_log _ _ _ E); auto.
  - apply in_abs; auto.
  - apply in_min; auto.
  - apply in_max; auto.
  - rewrite pw_pos_lit. apply in_pow; auto.
  - rewrite pw_neg_lit. apply (in_inv _ _ _ E), in_pow; auto.
Qed.
Lemma in_run p e x i : Forall2 inside e x -> run_i p e = Some i -> inside i (run_r p x).
Proof.
  revert e x. induction p as [|o p IH]; intros e x F E; simpl in *.
  - injection E as <-. destruct F; simpl; auto using in_zero.
  - destruct (apply_i o e) as [k|] eqn:A; [|discriminate]. apply (IH (k :: e)); [|exact E]. constructor; [apply (in_apply o e x k F A)|exact F].
Qed.

(** ** Boxes cut into parts; on each the value is at least least/s *)
Inductive tree : Set := Direct | Mean (c : Z) | Cut (k : nat) (c : Z) (low high : tree).
Fixpoint change (k : nat) (i : interval) (e : list interval) : list interval :=
  match k, e with O, _ :: r => i :: r | Datatypes.S m, x :: r => x :: change m i r | _, [] => [] end.
Section Trees.
Variables (f f' : list op) (constants : list interval) (least : Z).
Definition at_least (i : option interval) : bool := match i with Some (a, _) => (least <=? a)%Z | None => false end.
Definition mean (box : list interval) (c : Z) : bool :=
  match box with
  | [(a, b)] => match run_i f ((c, c) :: constants), run_i f' ((a, b) :: constants) with
                | Some v, Some d => ((a <=? c) && (c <=? b))%Z%bool && at_least (Some (i_add (fst v, fst v) (i_mul d (a - c, b - c)%Z)))
                | _, _ => false end
  | _ => false
  end.
Fixpoint covered (t : tree) (box : list interval) : bool :=
  match t with
  | Direct => at_least (run_i f (box ++ constants))
  | Mean c => mean box c
  | Cut k c low high => let (a, b) := nth k box zero in
    ((a <=? c) && (c <=? b))%Z%bool && (covered low (change k (a, c) box) && covered high (change k (c, b) box))
  end.
Fixpoint means (t : tree) : bool := match t with Direct => false | Mean _ => true | Cut _ _ l h => means l || means h end.
Variable values : list R.
Hypothesis constants_in : Forall2 inside constants values.
(** the derivative, where a mean value form is used *)
Definition derived (box : list interval) : Prop :=
  forall i, box = [i] -> forall y, inside i y -> derivable_pt_lim (fun z => run_r f (z :: values)) y (run_r f' (y :: values)).

Lemma change_in k i box x : Forall2 inside box x -> inside i (nth k x 0) -> Forall2 inside (change k i box) x.
Proof.
  intros F. revert k. induction F as [|a y box x A F IH]; intros [|k] H; simpl in *; constructor; auto.
Qed.
Definition within (i j : interval) : Prop := (fst j <= fst i)%Z /\ (snd i <= snd j)%Z.
Lemma derived_part k i box : derived box -> within i (nth k box zero) -> derived (change k i box).
Proof.
  intros D W j E y Y. destruct box as [|o r]; [destruct k; discriminate|]. destruct k as [|k]; simpl in E; injection E as E1 E2.
  - subst j r. apply (D o eq_refl). destruct W as [W1 W2], Y as [Y1 Y2]. simpl in W1, W2. apply IZR_le in W1, W2. split; lra.
  - destruct r as [|q r]; [|destruct k; discriminate]. subst j. apply (D o eq_refl), Y.
Qed.
Lemma mean_sound box x c : derived box -> mean box c = true -> Forall2 inside box x -> IZR least <= run_r f (x ++ values) * S.
Proof.
  pose proof S_pos as SP. unfold mean. destruct box as [|[a b] [|q r]]; try discriminate. intros D M F. inversion F as [|i y bx xs X G]; subst. inversion G; subst.
  destruct (run_i f ((c, c) :: constants)) as [v|] eqn:V; [|discriminate]. destruct (run_i f' ((a, b) :: constants)) as [d|] eqn:W; [|discriminate].
  apply andb_prop in M. destruct M as [AC M]. apply andb_prop in AC. destruct AC as [AC CB]. apply Z.leb_le in AC, CB.
  set (z := IZR c / S). assert (ZS : z * S = IZR c) by (unfold z; field; lra).
  assert (ZI : inside (a, b) z) by (split; cbn [fst snd]; rewrite ZS; apply IZR_le; auto).
  set (g := fun t => run_r f (t :: values)). set (g' := fun t => run_r f' (t :: values)).
  assert (VZ : inside v (g z)). { apply (in_run f ((c, c) :: constants)); [constructor; [split; cbn [fst snd]; lra|exact constants_in]|exact V]. }
  assert (DD : forall t, inside (a, b) t -> derivable_pt_lim g t (g' t)) by (intros; apply (D (a, b) eq_refl); auto).
  assert (DV : forall t, inside (a, b) t -> inside d (g' t)). { intros t T. apply (in_run f' ((a, b) :: constants)); [constructor; auto|exact W]. }
  assert (between : forall t, Rmin z y <= t <= Rmax z y -> inside (a, b) t).
  { intros t T. unfold inside in *. cbn [fst snd] in *. destruct ZI, X. unfold Rmin, Rmax in T. destruct (Rle_dec z y); split; nra. }
  assert (E : exists m, inside d m /\ g z + m * (y - z) <= g y).
  { pose proof (DV z ZI) as [DL DH]. destruct (Rle_lt_dec z y) as [h|h].
    - exists (IZR (fst d) / S). split; [unfold inside; replace (IZR (fst d) / S * S) with (IZR (fst d)) by (field; lra); lra|].
      pose proof (mean_value_ineq (fun t => - g t) (fun t => - g' t) (- (IZR (fst d) / S)) z y h) as Q.
      assert (B : forall t, z <= t <= y -> inside (a, b) t) by (intros t T; apply between; rewrite Rmin_left, Rmax_right by lra; exact T).
      assert (- g y - - g z <= - (IZR (fst d) / S) * (y - z)); [|lra]. apply Q; intros t T; [apply (derivable_pt_lim_opp g), DD, B, T|].
      destruct (DV t (B t T)) as [L _]. assert (IZR (fst d) / S <= g' t); [|lra]. apply (Rmult_le_reg_r S); [exact SP|].
      replace (IZR (fst d) / S * S) with (IZR (fst d)) by (field; lra). exact L.
    - exists (IZR (snd d) / S). split; [unfold inside; replace (IZR (snd d) / S * S) with (IZR (snd d)) by (field; lra); lra|].
      pose proof (mean_value_ineq g g' (IZR (snd d) / S) y z ltac:(lra)) as Q.
      assert (B : forall t, y <= t <= z -> inside (a, b) t) by (intros t T; apply between; rewrite Rmin_right, Rmax_left by lra; exact T).
      assert (g z - g y <= IZR (snd d) / S * (z - y)); [|lra]. apply Q; intros t T; [apply DD, B, T|].
      destruct (DV t (B t T)) as [_ U]. apply (Rmult_le_reg_r S); [exact SP|].
      replace (IZR (snd d) / S * S) with (IZR (snd d)) by (field; lra). exact U. }
  destruct E as [m [MI ME]]. assert (YI : inside (a - c, b - c)%Z (y - z)).
  { destruct X as [X1 X2]. unfold inside. cbn [fst snd] in *. rewrite !minus_IZR, Rmult_minus_distr_r, ZS. lra. }
  assert (VI : inside (fst v, fst v) (IZR (fst v) / S)).
  { unfold inside. cbn [fst snd]. replace (IZR (fst v) / S * S) with (IZR (fst v)) by (field; lra). lra. }
  pose proof (in_add _ _ _ _ VI (in_mul _ _ _ _ MI YI)) as T. unfold at_least in M. destruct (i_add (fst v, fst v) (i_mul d (a - c, b - c)%Z)) as [l u].
  apply Z.leb_le, IZR_le in M. destruct T as [T _], VZ as [VL _]. cbn [fst] in T. change ([y] ++ values) with (y :: values). fold (g y).
  assert (IZR (fst v) / S <= g z). { apply (Rmult_le_reg_r S); [exact SP|]. replace (IZR (fst v) / S * S) with (IZR (fst v)) by (field; lra). exact VL. }
  nra.
Qed.
Lemma covered_sound t box x : (means t = true -> derived box) -> covered t box = true -> Forall2 inside box x -> IZR least <= run_r f (x ++ values) * S.
Proof.
  revert box. induction t as [|c|k c low IHl high IHh]; intros box D H F; cbn [covered] in H.
  - destruct (run_i f (box ++ constants)) as [[a b]|] eqn:E; [|discriminate]. apply Z.leb_le, IZR_le in H.
    apply Rle_trans with (1 := H). apply (in_run f (box ++ constants) (x ++ values) (a, b)); [apply Forall2_app; auto|exact E].
  - apply mean_sound with box c; auto using eq_refl.
  - pose proof (in_nth box x k F) as N. destruct (nth k box zero) as [a b] eqn:E. apply andb_prop in H. destruct H as [L U]. destruct N as [N1 N2].
    cbn [fst snd] in *.
    apply andb_prop in L. destruct L as [AC CB]. apply Z.leb_le in AC, CB. apply andb_prop in U. destruct U as [L U].
    destruct (Rle_lt_dec (nth k x 0 * S) (IZR c)) as [h|h].
    + apply (IHl (change k (a, c) box)); [|exact L|apply change_in; [exact F|split; cbn [fst snd]; lra]].
      intros M; apply derived_part; [apply D; cbn [means]; rewrite M; reflexivity|]. rewrite E. split; cbn [fst snd]; lia.
    + apply (IHh (change k (c, b) box)); [|exact U|apply change_in; [exact F|split; cbn [fst snd]; lra]].
      intros M; apply derived_part; [apply D; cbn [means]; rewrite M; apply Bool.orb_true_r|]. rewrite E. split; cbn [fst snd]; lia.
Qed.
End Trees.
End Enclosures.
