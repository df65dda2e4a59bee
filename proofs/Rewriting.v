(** Checked rewriting of terms: lines (a, b) that say that two terms of a table are equal.

    A certificate lists for each head its normal form; a line is checked with the lines before it: by expanding both sides
    as products, by expanding both as sums of products, or by congruence. Expansions are run by machines with an explicit
    stack and a trie of the factors, so that a product of 10,000 factors is one fast line. Exponents count halves. *)
From Coq Require Import Reals Lra Lia List PeanoNat BinPos NArith ZArith FMapPositive Permutation.
From Normbound Require Import Vec DD Networks Summaries Terms.
Import ListNotations.
Open Scope bool_scope.
Open Scope R_scope.

(** The machinery is kept in a module, since its names are short; what is meant to be used follows it. *)
Module Rewrite.

(** ** Half powers: [half_power x e] is the integer power of the root, and 1/0 is 0 *)
Lemma half_power_eq x e : half_power x e = powerRZ (sqrt x) e.
Proof. destruct e; reflexivity. Qed.
Lemma powerRZ_0l e : e <> 0%Z -> powerRZ 0 e = 0.
Proof.
  intros N. destruct e as [|p|p]; simpl; [congruence| |]; rewrite pow_i by apply Pos2Nat.is_pos; [reflexivity|apply Rinv_0].
Qed.
Lemma powerRZ_plus x a b : (x <> 0 \/ (a + b <> 0)%Z \/ a = 0%Z) -> powerRZ x (a + b) = powerRZ x a * powerRZ x b.
Proof.
  intros H. destruct (Req_dec x 0) as [->|N]; [|apply powerRZ_add; exact N].
  destruct (Z.eq_dec a 0) as [->|Na]; [rewrite powerRZ_O; simpl Z.add; ring|].
  assert (a + b <> 0)%Z by (destruct H as [H|[H|H]]; [lra|exact H|congruence]).
  rewrite (powerRZ_0l (a + b)), (powerRZ_0l a) by assumption. ring.
Qed.
Lemma powerRZ_opp x a : powerRZ x (- a) = / powerRZ x a.
Proof. apply powerRZ_neg'. Qed.
Lemma powerRZ_pow x a n : powerRZ x a ^ n = powerRZ x (a * Z.of_nat n).
Proof.
  destruct (Z.eq_dec a 0) as [->|Na]; [rewrite Z.mul_0_l, !powerRZ_O, pow1; reflexivity|].
  induction n as [|n IH]; [rewrite Z.mul_0_r; reflexivity|].
  rewrite Nat2Z.inj_succ, <- Zmult_succ_r_reverse, Z.add_comm, powerRZ_plus by (right; nia). simpl. rewrite IH. ring.
Qed.
Lemma powerRZ_comp x a b : powerRZ (powerRZ x a) b = powerRZ x (a * b).
Proof.
  destruct b as [|b|b]; [rewrite Z.mul_0_r; reflexivity| |].
  - change (powerRZ (powerRZ x a) (Z.pos b)) with (powerRZ x a ^ Pos.to_nat b).
    rewrite powerRZ_pow, positive_nat_Z. reflexivity.
  - change (powerRZ (powerRZ x a) (Z.neg b)) with (/ powerRZ x a ^ Pos.to_nat b).
    rewrite powerRZ_pow, positive_nat_Z, <- powerRZ_opp. f_equal. lia.
Qed.
Lemma powerRZ_nn x a : 0 <= x -> 0 <= powerRZ x a.
Proof.
  intros H. destruct a as [|p|p]; simpl; [lra|apply pow_le; exact H|].
  assert (P : 0 <= x ^ Pos.to_nat p) by (apply pow_le; exact H).
  destruct P as [P| <-]; [left; apply Rinv_0_lt_compat; exact P|rewrite Rinv_0; lra].
Qed.
Lemma sqrt_pow_nn x n : 0 <= x -> sqrt (x ^ n) = sqrt x ^ n.
Proof.
  intros H. induction n as [|n IH]; [simpl; apply sqrt_1|]. simpl. rewrite sqrt_mult_alt, IH by exact H. reflexivity.
Qed.
Lemma sqrt_powerRZ x a : 0 <= x -> sqrt (powerRZ x a) = powerRZ (sqrt x) a.
Proof.
  intros H. destruct a as [|p|p]; simpl; [apply sqrt_1|apply sqrt_pow_nn; exact H|]. rewrite sqrt_inv, sqrt_pow_nn; auto.
Qed.
Lemma half_power_nn x e : 0 <= half_power x e.
Proof. rewrite half_power_eq. apply powerRZ_nn, sqrt_pos. Qed.
Lemma half_power_add x a b : 0 <= x -> (0 < x \/ (a + b <> 0)%Z \/ a = 0%Z) ->
  half_power x (a + b) = half_power x a * half_power x b.
Proof.
  intros N H. rewrite !half_power_eq. apply powerRZ_plus. destruct H as [H|H]; [left|right; exact H].
  apply Rgt_not_eq, sqrt_lt_R0, H.
Qed.
Lemma half_power_mul x y e : 0 <= x -> half_power (x * y) e = half_power x e * half_power y e.
Proof. intros H. rewrite !half_power_eq, sqrt_mult_alt by exact H. apply powerRZ_mult. Qed.
Lemma half_power_pow x e n : half_power x e ^ n = half_power x (e * Z.of_nat n).
Proof. rewrite !half_power_eq. apply powerRZ_pow. Qed.
Lemma half_power_of_pow x n e : 0 <= x -> half_power (x ^ n) e = half_power x e ^ n.
Proof.
  intros H. rewrite half_power_pow, !half_power_eq, sqrt_pow_nn, pow_powerRZ, powerRZ_comp by exact H. f_equal. lia.
Qed.
(** The exponent of a power of a power is the product, provided that it counts whole halves. *)
Lemma half_power_comp x e f g : 0 <= x -> (f * e = 2 * g)%Z -> half_power (half_power x e) f = half_power x g.
Proof.
  intros H Q. rewrite !half_power_eq, sqrt_powerRZ, powerRZ_comp by apply sqrt_pos.
  rewrite <- (sqrt_sqrt x H) at 2. rewrite sqrt_mult_alt by apply sqrt_pos.
  replace (e * f)%Z with (g + g)%Z by lia. set (y := sqrt (sqrt x)).
  destruct (Z.eq_dec g 0) as [->|N]; [reflexivity|].
  rewrite powerRZ_mult, powerRZ_plus by (right; lia). reflexivity.
Qed.
Lemma half_power_1 x : 0 <= x -> half_power x 2 = x.
Proof. intros H. rewrite half_power_eq. simpl. rewrite Rmult_1_r. apply sqrt_sqrt, H. Qed.

(** Expansions count quarters: [quarter_power x e] is x^(e/4), so that the root of a product of roots can be opened. *)
Definition quarter_power (x : R) (e : Z) : R := half_power (sqrt x) e.
Lemma sqrt_half_power x e : sqrt (half_power x e) = half_power (sqrt x) e.
Proof. rewrite !half_power_eq. apply sqrt_powerRZ, sqrt_pos. Qed.
Lemma quarter_power_nn x e : 0 <= quarter_power x e.
Proof. apply half_power_nn. Qed.
Lemma quarter_power_add x a b : 0 <= x -> (0 < x \/ (a + b <> 0)%Z \/ a = 0%Z) ->
  quarter_power x (a + b) = quarter_power x a * quarter_power x b.
Proof. intros N H. apply half_power_add; [apply sqrt_pos|]. destruct H as [H|H]; [left; apply sqrt_lt_R0, H|right; exact H]. Qed.
Lemma quarter_power_mul x y e : 0 <= x -> quarter_power (x * y) e = quarter_power x e * quarter_power y e.
Proof. intros H. unfold quarter_power. rewrite sqrt_mult_alt by exact H. apply half_power_mul, sqrt_pos. Qed.
Lemma quarter_power_pow x e n : quarter_power x e ^ n = quarter_power x (e * Z.of_nat n).
Proof. apply half_power_pow. Qed.
Lemma quarter_power_of_pow x n e : 0 <= x -> quarter_power (x ^ n) e = quarter_power x e ^ n.
Proof. intros H. unfold quarter_power. rewrite sqrt_pow_nn by exact H. apply half_power_of_pow, sqrt_pos. Qed.
Lemma quarter_power_comp x e f g : (f * e = 2 * g)%Z -> quarter_power (half_power x e) f = quarter_power x g.
Proof. intros Q. unfold quarter_power. rewrite sqrt_half_power. apply half_power_comp; [apply sqrt_pos|exact Q]. Qed.
Lemma quarter_power_1 x : 0 <= x -> quarter_power x 4 = x.
Proof.
  intros H. unfold quarter_power. change 4%Z with (2 + 2)%Z. rewrite half_power_add by (try apply sqrt_pos; right; left; discriminate).
  rewrite half_power_1 by apply sqrt_pos. apply sqrt_sqrt, H.
Qed.

(** ** Literals: nonnegative rationals, compared by cross multiplication *)
Definition lit := (BinNums.N * positive)%type.
Definition lv (l : lit) : R := num (fst l) (snd l).
Definition lmul (a b : lit) : lit := (N.mul (fst a) (fst b), Pos.mul (snd a) (snd b)).
Definition ladd (a b : lit) : lit :=
  if Pos.eqb (snd a) (snd b) then (N.add (fst a) (fst b), snd a)
  else (N.add (N.mul (fst a) (Npos (snd b))) (N.mul (fst b) (Npos (snd a))), Pos.mul (snd a) (snd b)).
Definition leq (a b : lit) : bool := N.eqb (N.mul (fst a) (Npos (snd b))) (N.mul (fst b) (Npos (snd a))).
Definition lle (a b : lit) : bool := N.leb (N.mul (fst a) (Npos (snd b))) (N.mul (fst b) (Npos (snd a))).
Definition lone (a : lit) : bool := N.eqb (fst a) (Npos (snd a)).
Definition lzero (a : lit) : bool := N.eqb (fst a) 0%N.
Definition lpow (l : lit) (e : Z) : lit :=
  match e with
  | Z0 => (1%N, 1%positive)
  | Zpos n => (N.pow (fst l) (Npos n), Pos.pow (snd l) n)
  | Zneg n => match fst l with N0 => (0%N, 1%positive) | Npos p => (Npos (Pos.pow (snd l) n), Pos.pow p n) end
  end.
Lemma lv_eq l : lv l = IZR (Z.of_N (fst l)) / IZR (Zpos (snd l)).
Proof. unfold lv, num. rewrite !INR_IZR_INZ, N_nat_Z, positive_nat_Z. reflexivity. Qed.
Lemma IZR_pos p : 0 < IZR (Zpos p).
Proof. apply IZR_lt. reflexivity. Qed.
Lemma lv_nn l : 0 <= lv l.
Proof.
  rewrite lv_eq. apply Rmult_le_pos; [apply IZR_le, N2Z.is_nonneg|left; apply Rinv_0_lt_compat, IZR_pos].
Qed.
Lemma lv_pos l : lzero l = false -> 0 < lv l.
Proof.
  unfold lzero. rewrite N.eqb_neq, lv_eq. intros H. apply Rmult_lt_0_compat; [apply IZR_lt; lia|apply Rinv_0_lt_compat, IZR_pos].
Qed.
Lemma lzero_lv l : lzero l = true -> lv l = 0.
Proof. unfold lzero. rewrite N.eqb_eq, lv_eq. intros ->. simpl. unfold Rdiv. ring. Qed.
Lemma lmul_lv a b : lv (lmul a b) = lv a * lv b.
Proof.
  rewrite !lv_eq. simpl. rewrite N2Z.inj_mul, Pos2Z.inj_mul, !mult_IZR. field. split; apply Rgt_not_eq, IZR_pos.
Qed.
Lemma ladd_lv a b : lv (ladd a b) = lv a + lv b.
Proof.
  pose proof (IZR_pos (snd a)); pose proof (IZR_pos (snd b)).
  unfold ladd. destruct (Pos.eqb_spec (snd a) (snd b)) as [Q|_]; rewrite !lv_eq; simpl fst; simpl snd.
  - rewrite <- Q, N2Z.inj_add, plus_IZR. field. lra.
  - rewrite N2Z.inj_add, !N2Z.inj_mul, Pos2Z.inj_mul, plus_IZR, !mult_IZR. simpl Z.of_N. field. lra.
Qed.
Lemma leq_lv a b : leq a b = true -> lv a = lv b.
Proof.
  pose proof (IZR_pos (snd a)); pose proof (IZR_pos (snd b)).
  unfold leq. rewrite N.eqb_eq. intros Q. apply (f_equal (fun n => IZR (Z.of_N n))) in Q.
  rewrite !N2Z.inj_mul, !mult_IZR in Q. simpl Z.of_N in Q. rewrite !lv_eq.
  apply (Rmult_eq_reg_r (IZR (Zpos (snd a)) * IZR (Zpos (snd b)))); [|nra].
  field_simplify; [|lra|lra]. nra.
Qed.
Lemma lle_lv a b : lle a b = true -> lv a <= lv b.
Proof.
  pose proof (IZR_pos (snd a)); pose proof (IZR_pos (snd b)).
  unfold lle. rewrite N.leb_le. intros Q.
  assert (Q' : IZR (Z.of_N (fst a)) * IZR (Zpos (snd b)) <= IZR (Z.of_N (fst b)) * IZR (Zpos (snd a))).
  { rewrite <- !mult_IZR. apply IZR_le. change (Zpos (snd b)) with (Z.of_N (Npos (snd b))).
    change (Zpos (snd a)) with (Z.of_N (Npos (snd a))). rewrite <- !N2Z.inj_mul. lia. }
  rewrite !lv_eq. apply (Rmult_le_reg_r (IZR (Zpos (snd a)) * IZR (Zpos (snd b)))); [nra|].
  replace (IZR (Z.of_N (fst a)) / IZR (Z.pos (snd a)) * (IZR (Z.pos (snd a)) * IZR (Z.pos (snd b))))
    with (IZR (Z.of_N (fst a)) * IZR (Zpos (snd b))) by (field; lra).
  replace (IZR (Z.of_N (fst b)) / IZR (Z.pos (snd b)) * (IZR (Z.pos (snd a)) * IZR (Z.pos (snd b))))
    with (IZR (Z.of_N (fst b)) * IZR (Zpos (snd a))) by (field; lra). exact Q'.
Qed.
Lemma lone_lv a : lone a = true -> lv a = 1.
Proof. unfold lone. rewrite N.eqb_eq, lv_eq. intros ->. simpl Z.of_N. apply Rinv_r, Rgt_not_eq, IZR_pos. Qed.
Lemma lv_pow_pos l n : lv (N.pow (fst l) (Npos n), Pos.pow (snd l) n) = lv l ^ Pos.to_nat n.
Proof.
  rewrite !lv_eq. cbn [fst snd]. unfold Rdiv. rewrite Rpow_mult_distr, pow_inv. f_equal; [|f_equal].
  - rewrite pow_IZR, positive_nat_Z, N2Z.inj_pow. reflexivity.
  - rewrite pow_IZR, positive_nat_Z, Pos2Z.inj_pow. reflexivity.
Qed.
Lemma lpow_lv l e : lv (lpow l e) = powerRZ (lv l) e.
Proof.
  destruct e as [|n|n]; [rewrite lv_eq; simpl; lra|apply lv_pow_pos|]. destruct l as [[|p] q].
    replace (lv (0%N, q)) with 0 by (symmetry; apply lzero_lv; reflexivity).
    rewrite powerRZ_0l by discriminate. apply lzero_lv; reflexivity.
  - change (lv (Npos (q ^ n), (p ^ n)%positive) = / lv (Npos p, q) ^ Pos.to_nat n).
    rewrite <- lv_pow_pos, !lv_eq. simpl fst; simpl snd. simpl Z.of_N. rewrite <- Rinv_div. reflexivity.
Qed.
(** The fourth root of a literal. *)
Definition lroot4 (l : lit) : R := sqrt (sqrt (lv l)).
Lemma lroot4_mul a b : lroot4 (lmul a b) = lroot4 a * lroot4 b.
Proof. unfold lroot4. rewrite lmul_lv, !sqrt_mult_alt; [reflexivity|apply sqrt_pos|apply lv_nn]. Qed.
Lemma lroot4_one l : lone l = true -> lroot4 l = 1.
Proof. intros H. unfold lroot4. rewrite (lone_lv _ H), !sqrt_1. reflexivity. Qed.
Lemma lroot4_zero l : lzero l = true -> lroot4 l = 0.
Proof. intros H. unfold lroot4. rewrite (lzero_lv _ H), !sqrt_0. reflexivity. Qed.
Lemma lroot4_eq a b : leq a b = true -> lroot4 a = lroot4 b.
Proof. intros H. unfold lroot4. rewrite (leq_lv _ _ H). reflexivity. Qed.
Lemma lpow_quarter l e : lroot4 (lpow l e) = quarter_power (lv l) e.
Proof.
  unfold lroot4, quarter_power. rewrite lpow_lv, sqrt_powerRZ, <- half_power_eq by apply lv_nn. apply sqrt_half_power.
Qed.
(** The rational root of a quotient of literals, if there is one. *)
Definition lroot (a b : lit) : option lit :=
  let x := N.mul (fst a) (Npos (snd b)) in let y := N.mul (fst b) (Npos (snd a)) in
  match y with
  | N0 => None
  | Npos z => let s := N.sqrt (N.mul x y) in if N.eqb (N.mul s s) (N.mul x y) then Some (s, z) else None
  end.
Lemma lroot_lv a b s : lroot a b = Some s -> sqrt (lv a) = lv s * sqrt (lv b).
Proof.
  unfold lroot. destruct (fst b * Npos (snd a))%N as [|z] eqn:Ey; [discriminate|].
  set (x := (fst a * Npos (snd b))%N).
  destruct (N.eqb_spec (N.sqrt (x * Npos z) * N.sqrt (x * Npos z)) (x * Npos z)) as [Q|]; [|discriminate].
  intros E; injection E as <-. set (r := N.sqrt (x * Npos z)) in *.
  assert (Q' : lv (r, z) * lv (r, z) * lv b = lv a).
  { pose proof (IZR_pos (snd a)); pose proof (IZR_pos (snd b)); pose proof (IZR_pos z).
    apply (f_equal (fun n => IZR (Z.of_N n))) in Q, Ey. unfold x in Q.
    rewrite !N2Z.inj_mul, !mult_IZR in Q. rewrite N2Z.inj_mul, mult_IZR in Ey. simpl Z.of_N in Q, Ey.
    rewrite !lv_eq. simpl fst; simpl snd.
    transitivity (IZR (Z.of_N r) * IZR (Z.of_N r) * IZR (Z.of_N (fst b)) / (IZR (Zpos z) * IZR (Zpos z) * IZR (Zpos (snd b))));
      [field; lra|]. rewrite Q. rewrite <- Ey at 1.
    transitivity (IZR (Z.of_N (fst a)) * (IZR (Z.of_N (fst b)) * IZR (Z.pos (snd a))) * IZR (Z.of_N (fst b))
       * / IZR (Zpos (snd a)) * IZR (Z.pos (snd a))
       / (IZR (Zpos z) * IZR (Zpos z))); [field; lra|].
    rewrite Ey. transitivity (IZR (Z.of_N (fst a)) / IZR (Zpos (snd a)) * ((IZR (Z.of_N (fst b)) * IZR (Z.pos (snd a))) / IZR (Zpos z)));
      [field; lra|]. rewrite Ey. field. lra. }
  rewrite <- Q', sqrt_mult_alt, sqrt_square; [reflexivity|apply lv_nn|]. apply Rmult_le_pos; apply lv_nn.
Qed.
Definition lratio (a b : lit) : option lit := match lroot a b with Some r => lroot r (1%N, 1%positive) | None => None end.
Lemma lratio_lv a b s : lratio a b = Some s -> lroot4 a = lv s * lroot4 b.
Proof.
  unfold lratio, lroot4. destruct (lroot a b) as [r|] eqn:Q; [|discriminate]. intros H.
  rewrite (lroot_lv _ _ _ Q), sqrt_mult_alt, (lroot_lv _ _ _ H) by apply lv_nn.
  rewrite (lone_lv (1%N, 1%positive)) by reflexivity. rewrite sqrt_1. ring.
Qed.

(** ** Dimensions as polynomials: sorted lists of monomials (sorted lists of atomic dimensions) with coefficients *)
Definition tag (d : dim) : BinNums.N :=
  match d with DNum _ => 0 | DSym _ => 1 | DAdd _ _ => 2 | DMul _ _ => 3 | DSub _ _ => 4 | DDiv _ _ => 5 end%N.
Fixpoint dim_cmp (a b : dim) : comparison :=
  match a, b with
  | DNum n, DNum k => N.compare n k
  | DSym x, DSym y => Pos.compare x y
  | DAdd a b, DAdd c d | DMul a b, DMul c d | DSub a b, DSub c d | DDiv a b, DDiv c d =>
      match dim_cmp a c with Eq => dim_cmp b d | r => r end
  | _, _ => N.compare (tag a) (tag b)
  end.
Lemma dim_cmp_eq a : forall b, dim_cmp a b = Eq -> a = b.
Proof.
  induction a; intros [] H; simpl in H; try discriminate.
  - apply N.compare_eq in H. congruence.
  - apply Pos.compare_eq in H. congruence.
  - destruct (dim_cmp a1 a) eqn:Q; try discriminate. f_equal; auto.
  - destruct (dim_cmp a1 a) eqn:Q; try discriminate. f_equal; auto.
  - destruct (dim_cmp a1 a) eqn:Q; try discriminate. f_equal; auto.
  - destruct (dim_cmp a1 a) eqn:Q; try discriminate. f_equal; auto.
Qed.
Definition mono := list dim.
Fixpoint mono_cmp (a b : mono) : comparison :=
  match a, b with
  | [], [] => Eq | [], _ => Lt | _, [] => Gt
  | d :: a, e :: b => match dim_cmp d e with Eq => mono_cmp a b | r => r end
  end.
Lemma mono_cmp_eq a : forall b, mono_cmp a b = Eq -> a = b.
Proof.
  induction a as [|d a IH]; intros [|e b] H; simpl in H; try discriminate; [reflexivity|].
  destruct (dim_cmp d e) eqn:Q; try discriminate. apply dim_cmp_eq in Q. f_equal; auto.
Qed.
Definition mono_eqb (a b : mono) : bool := match mono_cmp a b with Eq => true | _ => false end.
Lemma mono_eqb_eq a b : mono_eqb a b = true -> a = b.
Proof. unfold mono_eqb. destruct (mono_cmp a b) eqn:Q; try discriminate. intros _. apply mono_cmp_eq, Q. Qed.
Definition mval (E : env) (m : mono) : nat := fold_right (fun d n => dval E d * n)%nat 1%nat m.
Fixpoint minsert (d : dim) (m : mono) : mono :=
  match m with [] => [d] | e :: r => match dim_cmp d e with Gt => e :: minsert d r | _ => d :: m end end.
Definition mmul (a b : mono) : mono := fold_right minsert b a.
Lemma minsert_val E d m : mval E (minsert d m) = (dval E d * mval E m)%nat.
Proof. induction m as [|e m IH]; [reflexivity|]. simpl. destruct (dim_cmp d e); simpl; [lia|lia|]. rewrite IH. lia. Qed.
Lemma mmul_val E a b : mval E (mmul a b) = (mval E a * mval E b)%nat.
Proof. unfold mmul. induction a as [|d a IH]; simpl; [lia|]. rewrite minsert_val, IH. lia. Qed.

Definition poly := list (mono * BinNums.N).
Definition poval (E : env) (p : poly) : nat := fold_right (fun x n => N.to_nat (snd x) * mval E (fst x) + n)%nat 0%nat p.
Fixpoint pinsert (m : mono) (n : BinNums.N) (p : poly) : poly :=
  match p with
  | [] => [(m, n)]
  | (m', n') :: r => match mono_cmp m m' with Eq => (m', N.add n n') :: r | Lt => (m, n) :: p | Gt => (m', n') :: pinsert m n r end
  end.
Definition padd (a b : poly) : poly := fold_right (fun x p => pinsert (fst x) (snd x) p) b a.
Definition pscale (m : mono) (n : BinNums.N) (b : poly) : poly :=
  fold_right (fun x p => pinsert (mmul m (fst x)) (N.mul n (snd x)) p) [] b.
Definition pmul (a b : poly) : poly := fold_right (fun x p => padd (pscale (fst x) (snd x) b) p) [] a.
Definition of_mono (m : mono) : dim := match m with [] => DNum 1 | d :: r => fold_left DMul r d end.
Definition of_part (x : mono * BinNums.N) : dim := match fst x with [] => DNum (snd x)
  | m => if N.eqb (snd x) 1 then of_mono m else DMul (DNum (snd x)) (of_mono m) end.
Definition of_poly (p : poly) : dim := match p with [] => DNum 0 | x :: r => fold_left (fun d y => DAdd d (of_part y)) r (of_part x) end.
Fixpoint dpoly (d : dim) : poly :=
  match d with
  | DNum n => if N.eqb n 0 then [] else [([], n)]
  | DSym _ => [([d], 1%N)]
  | DAdd a b => padd (dpoly a) (dpoly b)
  | DMul a b => pmul (dpoly a) (dpoly b)
  | DSub a b => [([DSub (of_poly (dpoly a)) (of_poly (dpoly b))], 1%N)]
  | DDiv a b => [([DDiv (of_poly (dpoly a)) (of_poly (dpoly b))], 1%N)]
  end.
Lemma pinsert_val E m n p : poval E (pinsert m n p) = (N.to_nat n * mval E m + poval E p)%nat.
Proof.
  induction p as [|[m' n'] r IH]; [reflexivity|]. simpl. destruct (mono_cmp m m') eqn:Q; simpl.
  - apply mono_cmp_eq in Q as ->. lia.
  - lia.
  - rewrite IH. lia.
Qed.
Lemma padd_val E a b : poval E (padd a b) = (poval E a + poval E b)%nat.
Proof. unfold padd. induction a as [|x a IH]; [reflexivity|]. simpl. rewrite pinsert_val, IH. lia. Qed.
Lemma pscale_val E m n b : poval E (pscale m n b) = (N.to_nat n * mval E m * poval E b)%nat.
Proof.
  unfold pscale. induction b as [|x b IH]; [simpl; lia|]. simpl. rewrite pinsert_val, mmul_val, IH, N2Nat.inj_mul. lia.
Qed.
Lemma pmul_val E a b : poval E (pmul a b) = (poval E a * poval E b)%nat.
Proof. unfold pmul. induction a as [|x a IH]; [reflexivity|]. simpl. rewrite padd_val, pscale_val, IH. lia. Qed.
Lemma of_mono_val E m : dval E (of_mono m) = mval E m.
Proof.
  destruct m as [|d r]; [reflexivity|]. simpl. revert d. induction r as [|e r IH]; intros d; simpl; [lia|]. rewrite IH. simpl. lia.
Qed.
Lemma of_part_val E x : dval E (of_part x) = (N.to_nat (snd x) * mval E (fst x))%nat.
Proof.
  destruct x as [[|d m] n]; [simpl; lia|]. unfold of_part. cbn [fst snd]. destruct (N.eqb_spec n 1) as [->|_].
  - rewrite of_mono_val. lia.
  - cbn [dval]. rewrite of_mono_val. reflexivity.
Qed.
Lemma of_poly_val E p : dval E (of_poly p) = poval E p.
Proof.
  destruct p as [|x r]; [reflexivity|]. unfold of_poly. simpl poval. rewrite <- of_part_val.
  generalize (of_part x). induction r as [|y r IH]; intros d; simpl; [lia|]. rewrite IH. simpl. rewrite of_part_val. lia.
Qed.
Lemma dpoly_val E d : poval E (dpoly d) = dval E d.
Proof.
  induction d as [n| | | | |]; simpl.
  - destruct (N.eqb_spec n 0) as [->|_]; simpl; lia.
  - lia.
  - rewrite padd_val. congruence.
  - rewrite pmul_val. congruence.
  - rewrite !of_poly_val, IHd1, IHd2. lia.
  - rewrite !of_poly_val, IHd1, IHd2. lia.
Qed.
Fixpoint poly_eqb (p q : poly) : bool :=
  match p, q with [], [] => true | (m, n) :: p, (m', n') :: q => mono_eqb m m' && N.eqb n n' && poly_eqb p q | _, _ => false end.
Lemma poly_eqb_eq p : forall q, poly_eqb p q = true -> p = q.
Proof.
  induction p as [|[m n] p IH]; intros [|[m' n'] q] H; simpl in H; try discriminate; [reflexivity|].
  apply andb_prop in H as [H1 H2]. apply andb_prop in H1 as [H0 H1].
  apply mono_eqb_eq in H0. apply N.eqb_eq in H1. f_equal; [congruence|auto].
Qed.
Definition dim_same (d e : dim) : bool := match dim_cmp d e with Eq => true | _ => poly_eqb (dpoly d) (dpoly e) end.
Lemma dim_same_val E d e : dim_same d e = true -> dval E d = dval E e.
Proof.
  unfold dim_same. destruct (dim_cmp d e) eqn:Q; [apply dim_cmp_eq in Q; congruence| |];
    intros H; apply poly_eqb_eq in H; rewrite <- (dpoly_val E d), H; apply dpoly_val.
Qed.
(** A dimension that is a literal. *)
Definition dlit (d : dim) : option BinNums.N :=
  match d with DNum n => Some n | DSym _ => None | _ => match dpoly d with [] => Some 0%N | [([], n)] => Some n | _ => None end end.
Lemma dlit_val E d n : dlit d = Some n -> dval E d = N.to_nat n.
Proof.
  assert (P : forall p, match p with [] => Some 0%N | [([], n)] => Some n | _ => None end = Some n -> poval E p = N.to_nat n).
  { intros [|[[|? ?] k] [|? ?]] H; try discriminate; injection H as <-; simpl; lia. }
  rewrite <- dpoly_val. destruct d; try discriminate; try apply P.
  intros H; injection H as ->. simpl. destruct (N.eqb_spec n 0) as [->|_]; simpl; lia.
Qed.

(** ** Exponents: lists of monomials with the number of quarters *)
Definition expo := list (mono * Z).
Section Exponents.
Variable E : env.
Definition xval (x : R) (w : expo) : R := fold_right (fun t r => quarter_power x (snd t) ^ mval E (fst t) * r) 1 w.
Lemma xval_app x a b : xval x (a ++ b) = xval x a * xval x b.
Proof. induction a as [|t a IH]; simpl; [ring|]. rewrite IH. ring. Qed.
Lemma xval_nn x w : 0 <= xval x w.
Proof. induction w; simpl; [lra|]. apply Rmult_le_pos; [apply pow_le, quarter_power_nn|assumption]. Qed.
Lemma xval_mult x y w : 0 <= x -> xval (x * y) w = xval x w * xval y w.
Proof.
  intros H. induction w as [|t w IH]; simpl; [ring|]. rewrite IH, quarter_power_mul, Rpow_mult_distr by exact H. ring.
Qed.
(** Adding an entry; a cancelled entry needs a positive base (asked only then: evaluation is eager). *)
Fixpoint xinsert (pos : positive -> bool) (i : positive) (m : mono) (e : Z) (w : expo) : option expo :=
  match w with
  | [] => Some [(m, e)]
  | (m', e') :: r =>
      match mono_cmp m m' with
      | Eq => if Z.eqb (e + e') 0 then if pos i then Some r else None else Some ((m', e + e')%Z :: r)
      | Lt => Some ((m, e) :: w)
      | Gt => match xinsert pos i m e r with Some r' => Some ((m', e') :: r') | None => None end
      end
  end.
Lemma xinsert_val x pos i m e : 0 <= x -> (pos i = true -> 0 < x) -> forall w w', xinsert pos i m e w = Some w' ->
  xval x w' = xval x w * quarter_power x e ^ mval E m.
Proof.
  intros Hx Hp. induction w as [|[m' e'] r IH]; intros w' H; simpl in H.
  - injection H as <-. simpl. ring.
  - destruct (mono_cmp m m') eqn:Q.
    + apply mono_cmp_eq in Q as ->. destruct (Z.eqb_spec (e + e') 0) as [Q|Q].
      * destruct (pos i); [|discriminate]. injection H as <-. simpl.
        rewrite (Rmult_comm _ (xval x r)), Rmult_assoc, <- Rpow_mult_distr, <- quarter_power_add by (auto; left; auto).
        rewrite Z.add_comm, Q. simpl. rewrite pow1. ring.
      * injection H as <-. simpl. rewrite quarter_power_add, Rpow_mult_distr by auto. ring.
    + injection H as <-. simpl. ring.
    + destruct (xinsert pos i m e r) as [r'|]; [|discriminate]. injection H as <-. simpl. rewrite (IH r') by reflexivity. ring.
Qed.
Fixpoint xmerge (pos : positive -> bool) (i : positive) (a w : expo) : option expo :=
  match a with
  | [] => Some w
  | (m, e) :: r => if Z.eqb e 0 then xmerge pos i r w else
      match xinsert pos i m e w with Some w' => xmerge pos i r w' | None => None end
  end.
Lemma xmerge_val x pos i a : 0 <= x -> (pos i = true -> 0 < x) -> forall w w', xmerge pos i a w = Some w' ->
  xval x w' = xval x w * xval x a.
Proof.
  intros Hx Hp. induction a as [|[m e] r IH]; intros w w' H; simpl in H.
  - injection H as <-. simpl. ring.
  - destruct (Z.eqb_spec e 0) as [->|_].
    + simpl. rewrite pow1, (IH _ _ H). ring.
    + destruct (xinsert pos i m e w) as [w1|] eqn:Q; [|discriminate].
      rewrite (IH _ _ H), (xinsert_val x pos i m e Hx Hp _ _ Q). simpl. ring.
Qed.
(** The exponents of the base of a power. *)
Fixpoint xpower (w : expo) (e : Z) : option expo :=
  match w with
  | [] => Some []
  | (m, f) :: r => if Z.even (f * e) then match xpower r e with Some r' => Some ((m, Z.div2 (f * e)) :: r') | None => None end else None
  end.
Lemma xpower_val x e : 0 <= x -> forall w w', xpower w e = Some w' -> xval (half_power x e) w = xval x w'.
Proof.
  intros Hx. induction w as [|[m f] r IH]; intros w' H; simpl in H; [injection H as <-; reflexivity|].
  destruct (Z.even (f * e)) eqn:Ev; [|discriminate]. destruct (xpower r e) as [r'|]; [|discriminate]. injection H as <-.
  simpl. rewrite (IH r') by reflexivity. f_equal. f_equal. apply quarter_power_comp.
  rewrite (Z.div2_odd (f * e)) at 1. rewrite <- Z.negb_even, Ev. simpl. lia.
Qed.
Definition xtimes (p : poly) (w : expo) : expo :=
  flat_map (fun t => map (fun s => (mmul (fst t) (fst s), Z.mul (snd t) (Z.of_N (snd s)))) p) w.
Lemma xtimes_val x p w : 0 <= x -> xval (x ^ poval E p) w = xval x (xtimes p w).
Proof.
  intros Hx. induction w as [|[m e] w IH]; [reflexivity|]. simpl xtimes. rewrite xval_app, <- IH. simpl xval. f_equal.
  rewrite quarter_power_of_pow by exact Hx. clear IH. induction p as [|[m' n] p IH]; simpl; [apply pow1|].
  rewrite <- IH, mmul_val, pow_add, Rpow_mult_distr. f_equal.
  replace (Z.of_N n) with (Z.of_nat (N.to_nat n)) by apply N_nat_Z. rewrite <- quarter_power_pow, <- !pow_mult. f_equal. lia.
Qed.

(** ** Literals with exponents: the product of l^(m/4) *)
Definition lits := list (mono * lit).
Definition lsval (ls : lits) : R := fold_right (fun t r => lroot4 (snd t) ^ mval E (fst t) * r) 1 ls.
Fixpoint linsert (m : mono) (l : lit) (ls : lits) : lits :=
  match ls with
  | [] => [(m, l)]
  | (m', l') :: r =>
      match mono_cmp m m' with Eq => (m', lmul l l') :: r | Lt => (m, l) :: ls | Gt => (m', l') :: linsert m l r end
  end.
Lemma linsert_val m l ls : lsval (linsert m l ls) = lsval ls * lroot4 l ^ mval E m.
Proof.
  induction ls as [|[m' l'] r IH]; simpl; [ring|]. destruct (mono_cmp m m') eqn:Q; simpl.
  - apply mono_cmp_eq in Q as ->. rewrite lroot4_mul, Rpow_mult_distr. ring.
  - ring.
  - rewrite IH. ring.
Qed.
Definition add_lit (l : lit) (w : expo) (ls : lits) : lits :=
  if lone l then ls else fold_left (fun ls t => linsert (fst t) (lpow l (snd t)) ls) w ls.
Lemma quarter_power_one e : quarter_power 1 e = 1.
Proof. unfold quarter_power. rewrite half_power_eq, !sqrt_1. apply powerRZ_R1. Qed.
Lemma xval_one w : xval 1 w = 1.
Proof. induction w as [|t w IH]; simpl; [reflexivity|]. rewrite IH, quarter_power_one, pow1. ring. Qed.
Lemma add_lit_val l w : forall ls, lsval (add_lit l w ls) = lsval ls * xval (lv l) w.
Proof.
  unfold add_lit. destruct (lone l) eqn:Q; [intros; rewrite (lone_lv _ Q), xval_one; ring|]. clear Q.
  induction w as [|t w IH]; intros ls; simpl; [ring|]. rewrite IH, linsert_val, lpow_quarter. ring.
Qed.
Definition drop_ones (ls : lits) : lits := filter (fun t => negb (lone (snd t))) ls.
Lemma drop_ones_val ls : lsval (drop_ones ls) = lsval ls.
Proof.
  induction ls as [|t ls IH]; simpl; [reflexivity|]. destruct (lone (snd t)) eqn:Q; simpl; rewrite IH; [|reflexivity].
  rewrite (lroot4_one _ Q), pow1. ring.
Qed.
Fixpoint lits_eqb (a b : lits) : bool :=
  match a, b with [], [] => true | (m, l) :: a, (m', l') :: b => mono_eqb m m' && leq l l' && lits_eqb a b | _, _ => false end.
Lemma lits_eqb_val a : forall b, lits_eqb a b = true -> lsval a = lsval b.
Proof.
  induction a as [|[m l] a IH]; intros [|[m' l'] b] H; simpl in H; try discriminate; [reflexivity|].
  apply andb_prop in H as [H1 H2]. apply andb_prop in H1 as [H0 H1]. apply mono_eqb_eq in H0 as ->. apply lroot4_eq in H1.
  simpl. rewrite H1, (IH b H2). reflexivity.
Qed.
(** The literal without a symbolic exponent. *)
Definition lfirst (ls : lits) : lit * lits := match ls with ([], l) :: r => (l, r) | _ => ((1%N, 1%positive), ls) end.
Lemma lfirst_val ls : lsval ls = lroot4 (fst (lfirst ls)) * lsval (snd (lfirst ls)).
Proof.
  assert (O : lroot4 (1%N, 1%positive) = 1) by (apply lroot4_one; reflexivity).
  destruct ls as [|[[|d m] l] r]; cbn [lfirst fst snd]; rewrite ?O; simpl; ring.
Qed.
End Exponents.
Fixpoint expo_eqb (a b : expo) : bool :=
  match a, b with [], [] => true | (m, e) :: a, (m', e') :: b => Z.eqb e e' && mono_eqb m m' && expo_eqb a b | _, _ => false end.
Lemma expo_eqb_eq a : forall b, expo_eqb a b = true -> a = b.
Proof.
  induction a as [|[m e] a IH]; intros [|[m' e'] b] H; simpl in H; try discriminate; [reflexivity|].
  apply andb_prop in H as [H1 H2]. apply andb_prop in H1 as [H0 H1].
  apply Z.eqb_eq in H0. apply mono_eqb_eq in H1. f_equal; [congruence|auto].
Qed.

(** ** Tries over positive numbers *)
Inductive trie (A : Type) := Leaf_ | Node_ (l : trie A) (o : option A) (r : trie A).
Arguments Leaf_ {A}. Arguments Node_ {A}.
Fixpoint update {A} (p : positive) (g : option A -> option (option A)) (t : trie A) : option (trie A) :=
  let '(l, o, r) := match t with Leaf_ => (Leaf_, None, Leaf_) | Node_ l o r => (l, o, r) end in
  match p with
  | xH => match g o with Some o' => Some (Node_ l o' r) | None => None end
  | xO q => match update q g l with Some l' => Some (Node_ l' o r) | None => None end
  | xI q => match update q g r with Some r' => Some (Node_ l o r') | None => None end
  end.
Fixpoint blank {A} (t : trie A) : bool :=
  match t with Leaf_ => true | Node_ l None r => blank l && blank r | _ => false end.
Fixpoint trie_eqb {A} (eqb : A -> A -> bool) (t s : trie A) : bool :=
  match t, s with
  | Leaf_, _ => blank s
  | _, Leaf_ => blank t
  | Node_ l o r, Node_ l' o' r' =>
      match o, o' with None, None => true | Some a, Some b => eqb a b | _, _ => false end && trie_eqb eqb l l' && trie_eqb eqb r r'
  end.
(** Products and sums over a trie. *)
Section Fold.
Variable A : Type.
Variable op : R -> R -> R.
Variable u : R.
Hypothesis op_comm : forall x y, op x y = op y x.
Hypothesis op_assoc : forall x y z, op x (op y z) = op (op x y) z.
Hypothesis op_u : forall x, op x u = x.
Variable val : positive -> A -> R.
Definition oval (k : positive) (o : option A) : R := match o with None => u | Some a => val k a end.
Fixpoint tfold (key : positive -> positive) (t : trie A) : R :=
  match t with
  | Leaf_ => u
  | Node_ l o r => op (op (tfold (fun p => key (xO p)) l) (oval (key xH) o)) (tfold (fun p => key (xI p)) r)
  end.
Lemma op_swap a b c : op (op a b) c = op (op a c) b.
Proof. rewrite <- !op_assoc. f_equal. apply op_comm. Qed.
Lemma update_fold p g x : forall key t t', (forall o o', g o = Some o' -> oval (key p) o' = op (oval (key p) o) x) ->
  update p g t = Some t' -> tfold key t' = op (tfold key t) x.
Proof.
  induction p as [p IH|p IH|]; intros key t t' G H.
  - destruct t as [|l o r]; simpl in H.
    + destruct (update p g Leaf_) as [r'|] eqn:Q; [|discriminate]. injection H as <-. simpl.
      rewrite (IH (fun p => key (xI p)) _ _ G Q). simpl. rewrite !op_u, (op_comm u (op u x)), op_u. reflexivity.
    + destruct (update p g r) as [r'|] eqn:Q; [|discriminate]. injection H as <-. simpl.
      rewrite (IH (fun p => key (xI p)) _ _ G Q). apply op_assoc.
  - destruct t as [|l o r]; simpl in H.
    + destruct (update p g Leaf_) as [r'|] eqn:Q; [|discriminate]. injection H as <-. simpl.
      rewrite (IH (fun p => key (xO p)) _ _ G Q). simpl. rewrite !op_u. reflexivity.
    + destruct (update p g l) as [r'|] eqn:Q; [|discriminate]. injection H as <-. simpl.
      rewrite (IH (fun p => key (xO p)) _ _ G Q). rewrite (op_swap _ x (oval (key xH) o)), (op_swap _ x). reflexivity.
  - destruct t as [|l o r]; simpl in H.
    + destruct (g None) as [o'|] eqn:Q; [|discriminate]. injection H as <-. simpl. rewrite (G _ _ Q). simpl.
      rewrite op_u, op_assoc, op_u. reflexivity.
    + destruct (g o) as [o'|] eqn:Q; [|discriminate]. injection H as <-. simpl. rewrite (G _ _ Q), op_assoc. apply op_swap.
Qed.
Lemma blank_fold t : forall key, blank t = true -> tfold key t = u.
Proof.
  induction t as [|l IHl [a|] r IHr]; intros key H; simpl in *; try discriminate; [reflexivity|].
  apply andb_prop in H as [H1 H2]. rewrite IHl, IHr by assumption. rewrite !op_u. reflexivity.
Qed.
Lemma trie_eqb_fold eqb : (forall k a b, eqb a b = true -> val k a = val k b) ->
  forall t s key, trie_eqb eqb t s = true -> tfold key t = tfold key s.
Proof.
  intros Q. induction t as [|l IHl o r IHr]; intros s key H.
  - simpl in H. rewrite (blank_fold s key H). reflexivity.
  - destruct s as [|l' o' r']; [simpl trie_eqb in H; rewrite (blank_fold (Node_ l o r) key H); reflexivity|].
    simpl in H. apply andb_prop in H as [H H2]. apply andb_prop in H as [H0 H1].
    simpl. rewrite (IHl _ _ H1), (IHr _ _ H2). f_equal. f_equal.
    destruct o, o'; try discriminate; [apply Q, H0|reflexivity].
Qed.
End Fold.

(** ** Products: literals and atoms (terms that are not opened) with exponents *)
Record form := Form { flits : lits; fatoms : trie expo }.
Definition atoms_val (E : env) (ev : positive -> R) : trie expo -> R := tfold expo Rmult 1 (fun i w => xval E (ev i) w) (fun i => i).
Definition fval (E : env) (ev : positive -> R) (f : form) : R := lsval E (flits f) * atoms_val E ev (fatoms f).
(** 0^K absorbs what stands beside it under the same exponent. *)
Fixpoint absorb (m : mono) (t : trie expo) : trie expo :=
  match t with
  | Leaf_ => Leaf_
  | Node_ l o r => Node_ (absorb m l)
      (match o with None => None | Some w => match filter (fun t => negb (mono_eqb m (fst t))) w with [] => None | v => Some v end end)
      (absorb m r)
  end.
Definition absorb_all (ls : lits) (t : trie expo) : trie expo :=
  fold_right (fun x t => if lzero (snd x) then absorb (fst x) t else t) t ls.
Definition clean (f : form) : form := Form (flits f) (absorb_all (flits f) (fatoms f)).
Lemma zero_pow q k : 0 ^ k * q ^ k = 0 ^ k.
Proof. destruct k as [|k]; simpl; ring. Qed.
Lemma absorb_xval E m x w :
  0 ^ mval E m * xval E x (filter (fun t => negb (mono_eqb m (fst t))) w) = 0 ^ mval E m * xval E x w.
Proof.
  assert (C : forall t v, xval E x (t :: v) = quarter_power x (snd t) ^ mval E (fst t) * xval E x v) by reflexivity.
  induction w as [|[m' e] w IH]; [reflexivity|]. cbn [filter fst]. destruct (mono_eqb m m') eqn:Q; cbn [negb].
  - apply mono_eqb_eq in Q as <-. rewrite IH, C, <- Rmult_assoc. cbn [fst]. rewrite zero_pow. reflexivity.
  - rewrite !C. rewrite (Rmult_comm _ (xval E x (filter _ _))), <- Rmult_assoc, IH. ring.
Qed.
Lemma absorb_fold E ev m t : forall key,
  0 ^ mval E m * tfold expo Rmult 1 (fun i w => xval E (ev i) w) key (absorb m t)
  = 0 ^ mval E m * tfold expo Rmult 1 (fun i w => xval E (ev i) w) key t.
Proof.
  set (z := 0 ^ mval E m). induction t as [|l IHl o r IHr]; intros key; [reflexivity|]. cbn [absorb tfold].
  set (o' := match o with Some w => _ | None => None end).
  assert (O : z * oval expo 1 (fun i w => xval E (ev i) w) (key xH) o' = z * oval expo 1 (fun i w => xval E (ev i) w) (key xH) o).
  { unfold o'. destruct o as [w|]; [|reflexivity]. simpl oval at 2. unfold z. rewrite <- absorb_xval.
    destruct (filter (fun t => negb (mono_eqb m (fst t))) w); reflexivity. }
  specialize (IHl (fun p => key (xO p))). specialize (IHr (fun p => key (xI p))).
  generalize dependent (oval expo 1 (fun i w => xval E (ev i) w) (key xH) o').
  generalize dependent (oval expo 1 (fun i w => xval E (ev i) w) (key xH) o).
  generalize dependent (tfold expo Rmult 1 (fun i w => xval E (ev i) w) (fun p => key (xO p)) (absorb m l)).
  generalize dependent (tfold expo Rmult 1 (fun i w => xval E (ev i) w) (fun p => key (xI p)) (absorb m r)).
  generalize (tfold expo Rmult 1 (fun i w => xval E (ev i) w) (fun p => key (xO p)) l).
  generalize (tfold expo Rmult 1 (fun i w => xval E (ev i) w) (fun p => key (xI p)) r).
  intros c a c' C a' A b b' B.
  transitivity (z * a' * b' * c'); [ring|]. rewrite A. transitivity (z * b' * a * c'); [ring|]. rewrite B.
  transitivity (z * c' * a * b); [ring|]. rewrite C. ring.
Qed.
Lemma absorb_all_val E ev ls t : lsval E ls * atoms_val E ev (absorb_all ls t) = lsval E ls * atoms_val E ev t.
Proof.
  induction ls as [|[m l] ls IH]; [reflexivity|]. cbn [absorb_all fold_right fst snd lsval]. fold (lsval E ls) (absorb_all ls t).
  destruct (lzero l) eqn:Z.
  - rewrite (lroot4_zero _ Z). rewrite (Rmult_comm _ (lsval E ls)), !Rmult_assoc. unfold atoms_val at 1. rewrite absorb_fold.
    fold (atoms_val E ev (absorb_all ls t)). transitivity (0 ^ mval E m * (lsval E ls * atoms_val E ev (absorb_all ls t))); [ring|].
    rewrite IH. ring.
  - rewrite !Rmult_assoc, IH. reflexivity.
Qed.
Lemma clean_val E ev f : fval E ev (clean f) = fval E ev f.
Proof. unfold fval, clean. cbn [flits fatoms]. apply absorb_all_val. Qed.
Definition is_zero (f : form) : bool := lzero (fst (lfirst (flits f))).
Definition atoms_eqb : trie expo -> trie expo -> bool := trie_eqb expo_eqb.
Definition form_eqb (f g : form) : bool :=
  if is_zero f then is_zero g
  else if lits_eqb (drop_ones (flits f)) (drop_ones (flits g)) then atoms_eqb (fatoms f) (fatoms g) else false.
Lemma atoms_eqb_val E ev f g : atoms_eqb f g = true -> atoms_val E ev f = atoms_val E ev g.
Proof.
  apply trie_eqb_fold; [intros; ring|]. intros k a b H. apply expo_eqb_eq in H as ->. reflexivity.
Qed.
Lemma is_zero_val E ev f : is_zero f = true -> fval E ev f = 0.
Proof. unfold is_zero, fval. intros H. rewrite lfirst_val, (lroot4_zero _ H). ring. Qed.
Lemma form_eqb_val E ev f g : form_eqb f g = true -> fval E ev f = fval E ev g.
Proof.
  unfold form_eqb. intros H. destruct (is_zero f) eqn:Z; [rewrite !is_zero_val; auto|].
  destruct (lits_eqb _ _) eqn:H1; [|discriminate].
  - unfold fval. rewrite <- (drop_ones_val E (flits f)), <- (drop_ones_val E (flits g)).
    f_equal; [apply lits_eqb_val, H1|apply atoms_eqb_val, H].
Qed.

Section Checking.
Variable m : map_of.
Variable is_positive : positive -> bool.               (* terms known to be positive *)
Variables index_sym state_sym : sym -> bool.            (* symbols that binders may bind *)
Variable stop : PositiveMap.t unit.                     (* terms that are not opened *)
Variable steps : nat.                                    (* expansions take at most 2^steps steps *)
Variable ev : value.
Variable ok : env -> Prop.
Hypothesis ev_get : forall i n E, get m i = Some n -> ev E i = nval ev E n.
Hypothesis ev_nn : forall E i, ok E -> 0 <= ev E i.
Hypothesis ev_pos : forall E i, ok E -> is_positive i = true -> 0 < ev E i.
Hypothesis ok_nat : forall E x k, ok E -> index_sym x = true -> ok (set_nat E x k).
Hypothesis ok_real : forall E x r, ok E -> state_sym x = true -> 0 <= r -> ok (set_real E x r).

Section Line.
Variable rep : PositiveMap.t positive.
Definition canon (i : positive) : positive := match PositiveMap.find i rep with Some j => j | None => i end.
Definition rep_ok : Prop := forall a b, PositiveMap.find a rep = Some b -> forall E, ok E -> ev E a = ev E b.
Hypothesis Hrep : rep_ok.
Lemma canon_val E i : ok E -> ev E (canon i) = ev E i.
Proof. intros H. unfold canon. destruct (PositiveMap.find i rep) eqn:Q; [|reflexivity]. symmetry. apply Hrep; auto. Qed.

(** Literals, also those that a folding leaves. *)
Definition literal_of (i : positive) : option lit :=
  match get m i with
  | Some (TNum p q) => Some (p, q)
  | Some (TNat d) => match dlit d with Some n => Some (n, 1%positive) | None => None end
  | _ => None
  end.
Lemma literal_of_val E i l : literal_of i = Some l -> ev E i = lv l.
Proof.
  unfold literal_of. destruct (get m i) as [n|] eqn:G; [|discriminate]. rewrite (ev_get _ _ E G).
  destruct n; try discriminate.
  - intros H; injection H as <-. reflexivity.
  - destruct (dlit d) eqn:Q; [|discriminate]. intros H; injection H as <-. simpl. rewrite (dlit_val E _ _ Q).
    unfold lv, num. simpl. unfold Rdiv. rewrite Rinv_1. ring.
Qed.
(** Nodes that fold to a literal. *)
Definition folded (n : node) : option lit :=
  match n with
  | TNum p q => Some (p, q)
  | TNat d => match dlit d with Some n => Some (n, 1%positive) | None => None end
  | TDD k l => match dlit k with
      | None => None
      | Some n => let c := N.succ n in let s := N.of_nat (length l) in
        if N.ltb c s then Some (0%N, 1%positive) else if N.eqb c s then Some (1%N, 1%positive) else None end
  | TProd _ _ a => match literal_of (canon a) with Some l => if lone l then Some (1%N, 1%positive) else None | None => None end
  | TSum _ _ a => match literal_of (canon a) with Some l => if lzero l then Some (0%N, 1%positive) else None | None => None end
  | _ => None
  end.
Lemma prod_to_one k f : (forall j, f j = 1) -> prod_to k f = 1.
Proof. intros H. induction k as [|k IH]; simpl; [reflexivity|]. rewrite IH, H. ring. Qed.
Lemma sum_to_zero k f : (forall j, f j = 0) -> sum_to k f = 0.
Proof. intros H. induction k as [|k IH]; simpl; [reflexivity|]. rewrite IH, H. ring. Qed.
Lemma lv_1 : lv (1%N, 1%positive) = 1.
Proof. apply lone_lv. reflexivity. Qed.
Lemma lv_0 : lv (0%N, 1%positive) = 0.
Proof. apply lzero_lv. reflexivity. Qed.
Definition binder_ok (n : node) : bool :=
  match n with
  | TProd i _ _ | TSum i _ _ => index_sym i
  | TRec _ _ i xs _ _ => index_sym i && forallb state_sym xs
  | _ => true
  end.
Lemma folded_val E n l : ok E -> binder_ok n = true -> folded n = Some l -> nval ev E n = lv l.
Proof.
  intros HE B H. destruct n; simpl in H; try discriminate.
  - injection H as <-. reflexivity.
  - destruct (dlit d) eqn:Q; [|discriminate]. injection H as <-. simpl. rewrite (dlit_val E _ _ Q).
    unfold lv, num. simpl. unfold Rdiv. rewrite Rinv_1. ring.
  - destruct (dlit k) as [n|] eqn:Q; [|discriminate]. simpl. rewrite (dlit_val E _ _ Q).
    destruct (N.ltb_spec (N.succ n) (N.of_nat (length l0))); [|destruct (N.eqb_spec (N.succ n) (N.of_nat (length l0))); [|discriminate]];
      injection H as <-.
    + rewrite lv_0. apply dd_zero_low. rewrite map_length. lia.
    + rewrite lv_1. apply dd_one_at_length. rewrite map_length. lia.
  - destruct (literal_of (canon a)) as [l'|] eqn:Q; [|discriminate]. destruct (lone l') eqn:O; [|discriminate]. injection H as <-.
    simpl. rewrite lv_1. apply prod_to_one. intros j. assert (ok (set_nat E i j)) by (apply ok_nat; auto).
    rewrite <- canon_val, (literal_of_val _ _ _ Q) by assumption. apply lone_lv, O.
  - destruct (literal_of (canon a)) as [l'|] eqn:Q; [|discriminate]. destruct (lzero l') eqn:O; [|discriminate]. injection H as <-.
    simpl. rewrite lv_0. apply sum_to_zero. intros j. assert (ok (set_nat E i j)) by (apply ok_nat; auto).
    rewrite <- canon_val, (literal_of_val _ _ _ Q) by assumption. apply lzero_lv, O.
Qed.

(** The machine that opens a product. The roots of a line are opened even where they are in [stop]. *)
Definition work := list (bool * positive * expo).
Inductive outcome := Done (f : form) | Fail | More (s : work) (f : form).
Definition add_atom (i : positive) (w : expo) (f : form) : option form :=
  let put o := match xmerge is_positive i w (match o with Some v => v | None => [] end) with
    | Some [] => Some None | Some v => Some (Some v) | None => None end in
  match update i put (fatoms f) with Some t => Some (Form (flits f) t) | None => None end.
Definition as_atom (s : work) (i : positive) (w : expo) (f : form) : outcome :=
  match add_atom i w f with Some f' => More s f' | None => Fail end.
Definition step (s : work) (f : form) : outcome :=
  match s with
  | [] => Done f
  | (root, i0, w) :: s =>
      let i := if root : bool then i0 else canon i0 in
      if negb root && PositiveMap.mem i stop then as_atom s i w f else
      match get m i with
      | None => as_atom s i w f
      | Some n =>
          if binder_ok n then
            match folded n with
            | Some l => More s (Form (add_lit l w (flits f)) (fatoms f))
            | None =>
                match n with
                | TMul a b => More ((false, a, w) :: (false, b, w) :: s) f
                | TPow a e => match xpower w e with Some w' => More ((false, a, w') :: s) f | None => as_atom s i w f end
                | TDD k [a] => More ((false, a, xtimes (dpoly k) w) :: s) f
                | _ => as_atom s i w f
                end
            end
          else as_atom s i w f
      end
  end.
Fixpoint loop (n : nat) (s : work) (f : form) : outcome :=
  match n with O => step s f | S k => match loop k s f with More s' f' => loop k s' f' | r => r end end.
Definition empty_form := Form [] Leaf_.
Definition open_within (n : nat) (root : bool) (i : positive) : option form :=
  match loop n [(root, i, [([], 4%Z)])] empty_form with Done f => Some (clean f) | _ => None end.
Definition open_product (root : bool) (i : positive) : option form := open_within steps root i.

Section Machine.
Variable E : env.
Hypothesis HE : ok E.
Definition sval (s : work) : R := fold_right (fun t r => xval E (ev E (snd (fst t))) (snd t) * r) 1 s.
Definition outcome_ok (x : R) (o : outcome) : Prop :=
  match o with Done f => x = fval E (ev E) f | Fail => True | More s f => x = sval s * fval E (ev E) f end.
Lemma add_atom_val i w f f' : add_atom i w f = Some f' -> fval E (ev E) f' = xval E (ev E i) w * fval E (ev E) f.
Proof.
  unfold add_atom. destruct (update _ _ _) as [t|] eqn:Q; [|discriminate]. intros H; injection H as <-. unfold fval. simpl.
  unfold atoms_val. apply update_fold with (op := Rmult) (u := 1) (x := xval E (ev E i) w)
    (val := fun i w => xval E (ev E i) w) (key := fun i => i) in Q; [|intros; ring..|].
  - rewrite Q. ring.
  - intros o o' P. destruct (xmerge _ _ _) as [v|] eqn:M; [|discriminate].
    apply (xmerge_val E (ev E i)) in M; [|apply ev_nn, HE|apply ev_pos, HE].
    assert (O : oval expo 1 (fun i w => xval E (ev E i) w) i o = xval E (ev E i) (match o with Some v => v | None => [] end))
      by (destruct o; reflexivity).
    rewrite O, <- M. destruct v; injection P as <-; reflexivity.
Qed.
Lemma as_atom_ok x s i w f : x = xval E (ev E i) w * sval s * fval E (ev E) f -> outcome_ok x (as_atom s i w f).
Proof.
  intros ->. unfold as_atom. destruct (add_atom i w f) as [f'|] eqn:Q; simpl; [|exact I]. rewrite (add_atom_val _ _ _ _ Q). ring.
Qed.
Lemma step_ok s f : outcome_ok (sval s * fval E (ev E) f) (step s f).
Proof.
  destruct s as [|[[root i0] w] s]; simpl; [ring|].
  set (i := if root then i0 else canon i0).
  assert (V : ev E i0 = ev E i) by (unfold i; destruct root; [reflexivity|symmetry; apply canon_val, HE]). rewrite V.
  destruct (negb root && PositiveMap.mem i stop); [apply as_atom_ok; reflexivity|].
  destruct (get m i) as [n|] eqn:G; [|apply as_atom_ok; reflexivity].
  destruct (binder_ok n) eqn:B; [|apply as_atom_ok; reflexivity].
  destruct (folded n) as [l|] eqn:F.
  - simpl. rewrite (ev_get _ _ E G), (folded_val _ _ _ HE B F). unfold fval. simpl. rewrite add_lit_val. ring.
  - destruct n as [| | | | |a b|a b|a e| | |k [|a [|a2 l]]| | |]; try (apply as_atom_ok; reflexivity).
    + simpl. rewrite (ev_get _ _ E G). simpl. rewrite xval_mult by apply ev_nn, HE. ring.
    + destruct (xpower w e) as [w'|] eqn:P; [|apply as_atom_ok; reflexivity].
      simpl. rewrite (ev_get _ _ E G). simpl. rewrite (xpower_val E _ _ (ev_nn _ _ HE) _ _ P). ring.
    + simpl. rewrite (ev_get _ _ E G). cbn [nval map]. rewrite dd_pow, <- xtimes_val, dpoly_val by apply ev_nn, HE. ring.
Qed.
Lemma loop_ok n : forall s f, outcome_ok (sval s * fval E (ev E) f) (loop n s f).
Proof.
  induction n as [|n IH]; intros s f; [apply step_ok|]. simpl. specialize (IH s f) as H.
  destruct (loop n s f) as [f'| |s' f']; [exact H|exact I|]. simpl in H. rewrite H. apply IH.
Qed.
Lemma open_within_val n root i f : open_within n root i = Some f -> ev E i = fval E (ev E) f.
Proof.
  unfold open_within. pose proof (loop_ok n [(root, i, [([], 4%Z)])] empty_form) as H.
  destruct (loop n _ _) as [f'| |]; try discriminate. intros Q; injection Q as <-. unfold outcome_ok in H. rewrite clean_val, <- H.
  unfold sval, fval, atoms_val. cbn [fold_right fst snd flits fatoms empty_form lsval tfold xval mval].
  rewrite quarter_power_1 by apply ev_nn, HE. simpl. ring.
Qed.
Lemma open_product_val root i f : open_product root i = Some f -> ev E i = fval E (ev E) f.
Proof. apply open_within_val. Qed.
End Machine.

Definition same_product (a b : positive) : bool :=
  match open_product true a, open_product true b with Some f, Some g => form_eqb f g | _, _ => false end.
Lemma same_product_val E a b : ok E -> same_product a b = true -> ev E a = ev E b.
Proof.
  intros HE H. unfold same_product in H. destruct (open_product true a) as [f|] eqn:A; [|discriminate].
  destruct (open_product true b) as [g|] eqn:B; [|discriminate].
  rewrite (open_product_val E HE _ _ _ A), (open_product_val E HE _ _ _ B). apply form_eqb_val, H.
Qed.

(** ** Sums: groups of summands that differ by a rational coefficient; a group is coef * root^(1/4) * rest *)
Record group := Group { grest : form; groot : lit; gcoef : lit }.
Definition gval (E : env) (g : group) : R := lv (gcoef g) * lroot4 (groot g) * fval E (ev E) (grest g).
Definition gsval (E : env) (gs : list group) : R := fold_right (fun g r => gval E g + r) 0 gs.
Fixpoint ginsert (f : form) (l : lit) (gs : list group) : list group :=
  match gs with
  | [] => [Group f l (1%N, 1%positive)]
  | g :: r =>
      if form_eqb f (grest g) then
        match lratio l (groot g) with
        | Some s => Group (grest g) (groot g) (ladd s (gcoef g)) :: r
        | None => g :: ginsert f l r
        end
      else g :: ginsert f l r
  end.
Lemma ginsert_val E f l gs : gsval E (ginsert f l gs) = gsval E gs + lroot4 l * fval E (ev E) f.
Proof.
  induction gs as [|g r IH]; simpl.
  - unfold gval. cbn [grest groot gcoef]. rewrite lv_1. ring.
  - destruct (form_eqb f (grest g)) eqn:Q; [destruct (lratio l (groot g)) as [s|] eqn:S|]; simpl; rewrite ?IH; try ring.
    unfold gval. simpl. rewrite ladd_lv, (form_eqb_val E (ev E) _ _ Q), (lratio_lv _ _ _ S). ring.
Qed.
Definition gfourth (g : group) : lit := let s := lmul (gcoef g) (gcoef g) in lmul (lmul s s) (groot g).
Lemma gfourth_val g : lv (gcoef g) * lroot4 (groot g) = lroot4 (gfourth g).
Proof.
  unfold gfourth. rewrite !lroot4_mul, <- !lroot4_mul. rewrite lroot4_mul. f_equal. unfold lroot4. rewrite !lmul_lv.
  rewrite !sqrt_square; [reflexivity|apply lv_nn|]. apply Rmult_le_pos; apply lv_nn.
Qed.
Definition gsame1 (g h : group) : bool := leq (gfourth g) (gfourth h) && form_eqb (grest g) (grest h).
Lemma gsame1_val E g h : gsame1 g h = true -> gval E g = gval E h.
Proof.
  intros H. apply andb_prop in H as [H1 H2]. unfold gval. rewrite (form_eqb_val E (ev E) _ _ H2), !gfourth_val, (lroot4_eq _ _ H1).
  reflexivity.
Qed.
Fixpoint gremove (g : group) (gs : list group) : option (list group) :=
  match gs with
  | [] => None
  | h :: r => if gsame1 g h then Some r else match gremove g r with Some r' => Some (h :: r') | None => None end
  end.
Fixpoint gsame (a b : list group) : bool :=
  match a with
  | [] => match b with [] => true | _ => false end
  | g :: r => match gremove g b with Some b' => gsame r b' | None => false end
  end.
Lemma gremove_val E g : forall gs r, gremove g gs = Some r -> gsval E gs = gval E g + gsval E r.
Proof.
  induction gs as [|h gs IH]; intros r H; simpl in H; [discriminate|]. destruct (gsame1 g h) eqn:Q.
  - injection H as <-. simpl. rewrite (gsame1_val E _ _ Q). reflexivity.
  - destruct (gremove g gs) as [r'|]; [|discriminate]. injection H as <-. simpl. rewrite (IH r') by reflexivity. ring.
Qed.
Lemma gsame_val E a : forall b, gsame a b = true -> gsval E a = gsval E b.
Proof.
  induction a as [|g a IH]; intros b H; simpl in H; [destruct b; [reflexivity|discriminate]|].
  destruct (gremove g b) as [b'|] eqn:Q; [|discriminate]. simpl. rewrite (gremove_val E _ _ _ Q), (IH b' H). reflexivity.
Qed.
(** A key for groups, so that equal ones meet; any function would be sound. *)
Fixpoint expo_key (w : expo) : BinNums.N :=
  match w with [] => 0 | (d, e) :: r => N.add (N.add (Z.abs_N e) (N.mul 7 (N.of_nat (length d)))) (N.mul 3 (expo_key r)) end%N.
Fixpoint trie_key (t : trie expo) : BinNums.N :=
  match t with
  | Leaf_ => 0
  | Node_ l o r =>
      let k := match o with Some w => N.succ (expo_key w) | None => 0 end in
      match trie_key l, trie_key r with
      | 0, 0 => k
      | x, 0 => k + N.double x
      | 0, y => k + N.succ_double y
      | x, y => k + (5 * N.double x + 7 * N.succ_double y)
      end
  end%N.
Definition groups := trie (list group).
Definition groups_val (E : env) : groups -> R := tfold (list group) Rplus 0 (fun _ gs => gsval E gs) (fun i => i).
Definition add_summand (f : form) (t : groups) : option groups :=
  let (l, r) := lfirst (flits f) in
  if lzero l then Some t else
  update (N.succ_pos (trie_key (fatoms f)))
    (fun o => Some (Some (ginsert (Form r (fatoms f)) l (match o with Some gs => gs | None => [] end)))) t.
Inductive outcome_sum := SDone (t : groups) | SFail | SMore (s : list (bool * positive)) (t : groups).
Definition summand (s : list (bool * positive)) (root : bool) (i : positive) (t : groups) : outcome_sum :=
  match open_product root i with
  | Some f => match add_summand f t with Some t' => SMore s t' | None => SFail end
  | None => SFail
  end.
Definition sum_step (s : list (bool * positive)) (t : groups) : outcome_sum :=
  match s with
  | [] => SDone t
  | (root, i0) :: s =>
      let i := if root : bool then i0 else canon i0 in
      if negb root && PositiveMap.mem i stop then summand s root i0 t else
      match get m i with
      | Some (TAdd a b) => SMore ((false, a) :: (false, b) :: s) t
      | Some (TDD k l) =>
          match dlit k with
          | Some n => if N.eqb n (N.of_nat (length l)) then SMore (map (fun a => (false, a)) l ++ s) t else summand s root i0 t
          | None => summand s root i0 t
          end
      | _ => summand s root i0 t
      end
  end.
Fixpoint sum_loop (n : nat) (s : list (bool * positive)) (t : groups) : outcome_sum :=
  match n with O => sum_step s t | S k => match sum_loop k s t with SMore s' t' => sum_loop k s' t' | r => r end end.
Definition open_sum_within (n : nat) (i : positive) : option groups :=
  match sum_loop n [(true, i)] Leaf_ with SDone t => Some t | _ => None end.
Definition open_sum (i : positive) : option groups := open_sum_within steps i.
Definition same_sum (a b : positive) : bool :=
  match open_sum a, open_sum b with Some f, Some g => trie_eqb gsame f g | _, _ => false end.

Section SumMachine.
Variable E : env.
Hypothesis HE : ok E.
Definition ssval (s : list (bool * positive)) : R := fold_right (fun t r => ev E (snd t) + r) 0 s.
Definition outcome_sum_ok (x : R) (o : outcome_sum) : Prop :=
  match o with SDone t => x = groups_val E t | SFail => True | SMore s t => x = ssval s + groups_val E t end.
Lemma add_summand_val f t t' : add_summand f t = Some t' -> groups_val E t' = groups_val E t + fval E (ev E) f.
Proof.
  unfold add_summand. pose proof (lfirst_val E (flits f)) as L. destruct (lfirst (flits f)) as [l r]. simpl in L.
  assert (F : fval E (ev E) f = lroot4 l * fval E (ev E) (Form r (fatoms f))) by (unfold fval; simpl; rewrite L; ring).
  destruct (lzero l) eqn:Z.
  - intros H; injection H as <-. rewrite F, (lroot4_zero _ Z). ring.
  - intros Q. unfold groups_val.
    apply update_fold with (op := Rplus) (u := 0) (x := fval E (ev E) f) (val := fun _ gs => gsval E gs) (key := fun i => i) in Q;
      [exact Q|intros; ring..|].
    intros o o' H. injection H as <-. simpl. rewrite ginsert_val, F. destruct o; simpl; ring.
Qed.
Lemma summand_ok x s root i t : x = ev E i + ssval s + groups_val E t -> outcome_sum_ok x (summand s root i t).
Proof.
  intros ->. unfold summand. destruct (open_product root i) as [f|] eqn:Q; [|exact I].
  destruct (add_summand f t) as [t'|] eqn:A; [|exact I]. simpl.
  rewrite (add_summand_val _ _ _ A), (open_product_val E HE _ _ _ Q). ring.
Qed.
Lemma dd_sum : forall l, l <> [] -> dd (length l) l = fold_right Rplus 0 l.
Proof.
  induction l as [|a l IH]; intros N; [congruence|]. cbn [length fold_right]. rewrite dd_S.
  rewrite (dd_one_at_length (length l) (a :: l)) by reflexivity. rewrite Rmult_1_r. f_equal.
  destruct l as [|b l]; [reflexivity|]. apply IH. discriminate.
Qed.
Lemma ssval_app l s : ssval (map (fun a => (false, a)) l ++ s) = fold_right Rplus 0 (map (ev E) l) + ssval s.
Proof. induction l as [|a l IH]; simpl; [ring|]. rewrite IH. ring. Qed.
Lemma sum_step_ok s t : outcome_sum_ok (ssval s + groups_val E t) (sum_step s t).
Proof.
  destruct s as [|[root i0] s]; [simpl; ring|]. unfold sum_step.
  assert (D : outcome_sum_ok (ssval ((root, i0) :: s) + groups_val E t) (summand s root i0 t)) by (apply summand_ok; reflexivity).
  set (i := if root then i0 else canon i0).
  assert (V : ev E i0 = ev E i) by (unfold i; destruct root; [reflexivity|symmetry; apply canon_val, HE]).
  destruct (negb root && PositiveMap.mem i stop); [exact D|].
  destruct (get m i) as [n|] eqn:G; [|exact D]. destruct n; try exact D.
  - simpl. rewrite V, (ev_get _ _ E G). simpl. ring.
  - destruct (dlit k) as [n|] eqn:K; [|exact D]. destruct (N.eqb_spec n (N.of_nat (length l))) as [Q|]; [|exact D].
    simpl. rewrite V, (ev_get _ _ E G), ssval_app. simpl. rewrite (dlit_val E _ _ K), Q, Nat2N.id.
    destruct l as [|a l]; [simpl; rewrite ?dd_nil; ring|].
    rewrite <- (map_length (ev E)), dd_sum by discriminate. ring.
Qed.
Lemma sum_loop_ok n : forall s t, outcome_sum_ok (ssval s + groups_val E t) (sum_loop n s t).
Proof.
  induction n as [|n IH]; intros s t; [apply sum_step_ok|]. simpl. specialize (IH s t) as H.
  destruct (sum_loop n s t) as [t'| |s' t']; [exact H|exact I|]. simpl in H. rewrite H. apply IH.
Qed.
Lemma open_sum_within_val n i t : open_sum_within n i = Some t -> ev E i = groups_val E t.
Proof.
  unfold open_sum_within. pose proof (sum_loop_ok n [(true, i)] Leaf_) as H.
  destruct (sum_loop n _ _) as [t'| |]; try discriminate. intros Q; injection Q as <-. unfold outcome_sum_ok in H. rewrite <- H.
  unfold groups_val. simpl. ring.
Qed.
Lemma open_sum_val i t : open_sum i = Some t -> ev E i = groups_val E t.
Proof. apply open_sum_within_val. Qed.
End SumMachine.
Lemma same_sum_val E a b : ok E -> same_sum a b = true -> ev E a = ev E b.
Proof.
  intros HE H. unfold same_sum in H. destruct (open_sum a) as [f|] eqn:A; [|discriminate].
  destruct (open_sum b) as [g|] eqn:B; [|discriminate].
  rewrite (open_sum_val E HE _ _ A), (open_sum_val E HE _ _ B). unfold groups_val. apply trie_eqb_fold with (eqb := gsame).
  - intros; ring.
  - intros _ x y. apply gsame_val.
  - exact H.
Qed.

(** ** Maxima and minima as sets; maxima inside maxima are spliced in *)
Definition set_of (l : list positive) : PositiveMap.t unit := fold_right (fun a s => PositiveMap.add a tt s) (PositiveMap.empty unit) l.
Lemma set_of_in a l : PositiveMap.mem a (set_of l) = true -> In a l.
Proof.
  induction l as [|b l IH]; simpl; rewrite PositiveMap.mem_find.
  - rewrite PositiveMap.gempty. discriminate.
  - intros H. destruct (Pos.eq_dec a b) as [->|N]; [left; reflexivity|right; apply IH].
    rewrite PositiveMap.gso in H by exact N. rewrite PositiveMap.mem_find. exact H.
Qed.
Definition splice_max (i : positive) : list positive := match get m i with Some (TMax l) => map canon l | _ => [i] end.
Definition splice_min (i : positive) : list positive := match get m i with Some (TMin (a :: l)) => map canon (a :: l) | _ => [i] end.
Definition max_leaves (i : positive) := flat_map splice_max (splice_max i).
Definition min_leaves (i : positive) := flat_map splice_min (splice_min i).
Definition pick (better : lit -> lit -> bool) (l : list positive) : option lit :=
  fold_right (fun a best => match literal_of a, best with
    | Some x, Some y => if better x y then Some x else best | Some x, None => Some x | None, _ => best end) None l.
Lemma pick_in E better l t : pick better l = Some t -> exists a, In a l /\ ev E a = lv t.
Proof.
  induction l as [|a l IH]; simpl; [discriminate|]. fold (pick better l). intros H.
  destruct (literal_of a) as [x|] eqn:Q.
  - apply (literal_of_val E) in Q. destruct (pick better l) as [y|]; [destruct (better x y)|];
      try (injection H as <-; exists a; auto; fail). destruct (IH H) as (b & B & V). exists b. auto.
  - destruct (IH H) as (b & B & V). exists b. auto.
Qed.
Definition max_le (a b : list positive) : bool :=
  let s := set_of b in let top := pick (fun x y => lle y x) b in
  forallb (fun x => PositiveMap.mem x s || match literal_of x with
    | Some l => lzero l || match top with Some t => lle l t | None => false end | None => false end) a.
Definition min_le (a b : list positive) : bool :=
  let s := set_of a in let low := pick lle a in
  forallb (fun x => PositiveMap.mem x s || match low with
    | Some t => lzero t || match literal_of x with Some l => lle t l | None => false end | None => false end) b.
Definition same_max (a b : positive) : bool :=
  let l := max_leaves a in let r := max_leaves b in max_le l r && max_le r l.
Definition same_min (a b : positive) : bool :=
  let l := min_leaves a in let r := min_leaves b in min_le l r && min_le r l.
Section Extrema.
Variable E : env.
Hypothesis HE : ok E.
Definition is_max (i : positive) (l : list positive) : Prop :=
  (forall a, In a l -> ev E a <= ev E i) /\ (forall c, 0 <= c -> (forall a, In a l -> ev E a <= c) -> ev E i <= c).
Definition is_min (i : positive) (l : list positive) : Prop :=
  (forall a, In a l -> ev E i <= ev E a) /\ (forall c, (forall a, In a l -> c <= ev E a) -> c <= ev E i).
Lemma is_max_one i : is_max i [i].
Proof. split; [intros a [<-|[]]; lra|intros c _ H; apply H; left; reflexivity]. Qed.
Lemma is_min_one i : is_min i [i].
Proof. split; [intros a [<-|[]]; lra|intros c H; apply H; left; reflexivity]. Qed.
Lemma splice_max_ok i : is_max i (splice_max i).
Proof.
  unfold splice_max. destruct (get m i) as [n|] eqn:G; [|apply is_max_one]. destruct n as [| | | | | | | |l| | | | |]; try apply is_max_one.
  unfold is_max. rewrite (ev_get _ _ E G). simpl. clear G. split.
  - induction l as [|b l IH]; intros a H; [destruct H|]. simpl in H. simpl. destruct H as [<-|H].
    + rewrite canon_val by exact HE. apply Rmax_l.
    + apply Rle_trans with (2 := Rmax_r _ _). apply IH, H.
  - intros c Hc H. induction l as [|b l IH]; simpl; [exact Hc|]. apply Rmax_lub.
    + rewrite <- canon_val by exact HE. apply H. left. reflexivity.
    + apply IH. intros a Ha. apply H. right. exact Ha.
Qed.
Lemma splice_min_ok i : is_min i (splice_min i).
Proof.
  unfold splice_min. destruct (get m i) as [n|] eqn:G; [|apply is_min_one].
  destruct n as [| | | | | | | | |[|a0 l]| | | |]; try apply is_min_one.
  unfold is_min. rewrite (ev_get _ _ E G). simpl. clear G.
  assert (F : forall l, fold_right (fun a r => Rmin (ev E a) r) (ev E a0) l <= ev E a0).
  { induction l0 as [|b l' IH]; simpl; [lra|]. apply Rle_trans with (1 := Rmin_r _ _). exact IH. }
  split.
  - intros a [<-|H]; [rewrite canon_val by exact HE; apply F|].
    induction l as [|b l IH]; [destruct H|]. simpl in H. simpl. destruct H as [<-|H].
    + rewrite canon_val by exact HE. apply Rmin_l.
    + apply Rle_trans with (1 := Rmin_r _ _). apply IH, H.
  - intros c H. assert (H0 : c <= ev E a0) by (rewrite <- canon_val by exact HE; apply H; left; reflexivity).
    assert (H1 : forall a, In a (map canon l) -> c <= ev E a) by (intros a Ha; apply H; right; exact Ha). clear H.
    induction l as [|b l IH]; simpl; [exact H0|]. apply Rmin_glb.
    + rewrite <- canon_val by exact HE. apply H1. left. reflexivity.
    + apply IH. intros a Ha. apply H1. right. exact Ha.
Qed.
Lemma is_max_flat i l : is_max i l -> is_max i (flat_map splice_max l).
Proof.
  intros [H1 H2]. split.
  - intros a Ha. apply in_flat_map in Ha as (b & Hb & Ha). apply Rle_trans with (2 := H1 b Hb). exact (proj1 (splice_max_ok b) a Ha).
  - intros c Hc H. apply H2; [exact Hc|]. intros b Hb. apply (proj2 (splice_max_ok b)); [exact Hc|].
    intros a Ha. apply H. apply in_flat_map. exists b. auto.
Qed.
Lemma is_min_flat i l : is_min i l -> is_min i (flat_map splice_min l).
Proof.
  intros [H1 H2]. split.
  - intros a Ha. apply in_flat_map in Ha as (b & Hb & Ha). apply Rle_trans with (1 := H1 b Hb). exact (proj1 (splice_min_ok b) a Ha).
  - intros c H. apply H2. intros b Hb. apply (proj2 (splice_min_ok b)).
    intros a Ha. apply H. apply in_flat_map. exists b. auto.
Qed.
Lemma max_le_ok a b : max_le (max_leaves a) (max_leaves b) = true -> ev E a <= ev E b.
Proof.
  destruct (is_max_flat a _ (splice_max_ok a)) as [_ A]. destruct (is_max_flat b _ (splice_max_ok b)) as [B _].
  fold (max_leaves a) in A. fold (max_leaves b) in B.
  intros H. apply A; [apply ev_nn, HE|]. intros x Hx. unfold max_le in H. rewrite forallb_forall in H. specialize (H x Hx).
  apply Bool.orb_prop in H as [H|H]; [apply B, set_of_in, H|].
  destruct (literal_of x) as [l|] eqn:L; [|discriminate]. rewrite (literal_of_val _ _ _ L).
  apply Bool.orb_prop in H as [H|H]; [rewrite (lzero_lv _ H); apply ev_nn, HE|].
  destruct (pick _ _) as [t|] eqn:P; [|discriminate]. destruct (pick_in E _ _ _ P) as (c & C & V).
  apply Rle_trans with (1 := lle_lv _ _ H). rewrite <- V. apply B, C.
Qed.
Lemma min_le_ok a b : min_le (min_leaves a) (min_leaves b) = true -> ev E a <= ev E b.
Proof.
  destruct (is_min_flat a _ (splice_min_ok a)) as [A _]. destruct (is_min_flat b _ (splice_min_ok b)) as [_ B].
  fold (min_leaves a) in A. fold (min_leaves b) in B.
  intros H. apply B. intros x Hx. unfold min_le in H. rewrite forallb_forall in H. specialize (H x Hx).
  apply Bool.orb_prop in H as [H|H]; [apply A, set_of_in, H|].
  destruct (pick _ _) as [t|] eqn:P; [|discriminate]. destruct (pick_in E _ _ _ P) as (c & C & V).
  apply Rle_trans with (1 := A c C). rewrite V.
  apply Bool.orb_prop in H as [H|H]; [rewrite (lzero_lv _ H); apply ev_nn, HE|].
  destruct (literal_of x) as [l|] eqn:L; [|discriminate]. rewrite (literal_of_val _ _ _ L). apply lle_lv, H.
Qed.
End Extrema.
Lemma same_max_val E a b : ok E -> same_max a b = true -> ev E a = ev E b.
Proof. intros HE H. apply andb_prop in H as [H1 H2]. apply Rle_antisym; apply max_le_ok; auto. Qed.
Lemma same_min_val E a b : ok E -> same_min a b = true -> ev E a = ev E b.
Proof. intros HE H. apply andb_prop in H as [H1 H2]. apply Rle_antisym; apply min_le_ok; auto. Qed.

(** ** Congruence *)
Definition same_id (a b : positive) : bool := Pos.eqb (canon a) (canon b).
Lemma same_id_val E a b : ok E -> same_id a b = true -> ev E a = ev E b.
Proof. intros HE H. apply Pos.eqb_eq in H. rewrite <- (canon_val E a), <- (canon_val E b) by exact HE. congruence. Qed.
Fixpoint same_ids (a b : list positive) : bool :=
  match a, b with [], [] => true | x :: a, y :: b => same_id x y && same_ids a b | _, _ => false end.
Lemma same_ids_val E a : ok E -> forall b, same_ids a b = true -> map (ev E) a = map (ev E) b.
Proof.
  intros HE. induction a as [|x a IH]; intros [|y b] H; simpl in H; try discriminate; [reflexivity|].
  apply andb_prop in H as [H1 H2]. simpl. f_equal; [apply same_id_val; auto|auto].
Qed.
Fixpoint remove_one (a : positive) (l : list positive) : option (list positive) :=
  match l with
  | [] => None
  | b :: r => if Pos.eqb a b then Some r else match remove_one a r with Some r' => Some (b :: r') | None => None end
  end.
Fixpoint permuted (a b : list positive) : bool :=
  match a with
  | [] => match b with [] => true | _ => false end
  | x :: r => match remove_one x b with Some b' => permuted r b' | None => false end
  end.
Lemma remove_one_perm a : forall l r, remove_one a l = Some r -> Permutation l (a :: r).
Proof.
  induction l as [|b l IH]; intros r H; simpl in H; [discriminate|]. destruct (Pos.eqb_spec a b) as [->|_].
  - injection H as <-. reflexivity.
  - destruct (remove_one a l) as [r'|]; [|discriminate]. injection H as <-. rewrite (IH r') by reflexivity. apply perm_swap.
Qed.
Lemma permuted_perm a : forall b, permuted a b = true -> Permutation a b.
Proof.
  induction a as [|x a IH]; intros b H; simpl in H; [destruct b; [reflexivity|discriminate]|].
  destruct (remove_one x b) as [b'|] eqn:Q; [|discriminate]. rewrite (remove_one_perm _ _ _ Q). constructor. auto.
Qed.
Fixpoint same_syms (a b : list sym) : bool :=
  match a, b with [], [] => true | x :: a, y :: b => Pos.eqb x y && same_syms a b | _, _ => false end.
Lemma same_syms_eq a : forall b, same_syms a b = true -> a = b.
Proof.
  induction a as [|x a IH]; intros [|y b] H; simpl in H; try discriminate; [reflexivity|].
  apply andb_prop in H as [H1 H2]. apply Pos.eqb_eq in H1. f_equal; auto.
Qed.
Definition congruent (n n' : node) : bool :=
  match n, n' with
  | TNat d, TNat d' => dim_same d d'
  | TFam f i, TFam f' i' => Pos.eqb f f' && dim_same i i'
  | TPow a e, TPow a' e' => same_id a a' && Z.eqb e e'
  | TDD k l, TDD k' l' => dim_same k k' && permuted (map canon l) (map canon l')
  | TProd i k a, TProd i' k' a' | TSum i k a, TSum i' k' a' => Pos.eqb i i' && index_sym i && dim_same k k' && same_id a a'
  | TRec c k i xs s t, TRec c' k' i' xs' s' t' =>
      Nat.eqb c c' && dim_same k k' && (Pos.eqb i i' && index_sym i) && (same_syms xs xs' && forallb state_sym xs)
        && (same_ids s s' && same_ids t t')
  | _, _ => false
  end.
Lemma ok_reals E xs : forall rs, ok E -> forallb state_sym xs = true -> Forall (fun r => 0 <= r) rs -> ok (set_reals E xs rs).
Proof.
  induction xs as [|x xs IH]; intros rs HE H F; [exact HE|]. simpl in H. apply andb_prop in H as [H1 H2].
  destruct F as [|r rs Hr F]; simpl; [exact HE|]. apply ok_real; auto.
Qed.
Lemma nonneg_map E l : ok E -> Forall (fun r => 0 <= r) (map (ev E) l).
Proof. intros HE. apply Forall_forall. intros r H. apply in_map_iff in H as (a & <- & _). apply ev_nn, HE. Qed.
Lemma recursion_nonneg E i xs s t k : ok E -> index_sym i = true -> forallb state_sym xs = true ->
  Forall (fun r => 0 <= r) (recursion ev E i xs s t k).
Proof.
  intros HE Hi Hx. induction k as [|k IH]; simpl; [apply nonneg_map, HE|]. apply nonneg_map, ok_reals; auto.
Qed.
Lemma recursion_same E i xs s t s' t' k : ok E -> index_sym i = true -> forallb state_sym xs = true ->
  same_ids s s' = true -> same_ids t t' = true -> recursion ev E i xs s t k = recursion ev E i xs s' t' k.
Proof.
  intros HE Hi Hx Hs Ht. induction k as [|k IH]; simpl; [apply same_ids_val; auto|].
  rewrite IH. apply same_ids_val; [|exact Ht]. apply ok_reals; auto. apply recursion_nonneg; auto.
Qed.
Lemma prod_to_ext k f g : (forall j, f j = g j) -> prod_to k f = prod_to k g.
Proof. intros H. induction k as [|k IH]; simpl; [reflexivity|]. rewrite IH, H. reflexivity. Qed.
Lemma sum_to_ext k f g : (forall j, f j = g j) -> sum_to k f = sum_to k g.
Proof. intros H. induction k as [|k IH]; simpl; [reflexivity|]. rewrite IH, H. reflexivity. Qed.
Lemma map_canon E l : ok E -> map (ev E) (map canon l) = map (ev E) l.
Proof. intros HE. rewrite map_map. apply map_ext. intros a. apply canon_val, HE. Qed.
Lemma congruent_val E n n' : ok E -> congruent n n' = true -> nval ev E n = nval ev E n'.
Proof.
  intros HE H. destruct n, n'; simpl in H; try discriminate.
  - simpl. rewrite (dim_same_val E _ _ H). reflexivity.
  - apply andb_prop in H as [H1 H2]. apply Pos.eqb_eq in H1 as ->. simpl. rewrite (dim_same_val E _ _ H2). reflexivity.
  - apply andb_prop in H as [H1 H2]. apply Z.eqb_eq in H2 as ->. simpl. rewrite (same_id_val E _ _ HE H1). reflexivity.
  - apply andb_prop in H as [H1 H2]. simpl. rewrite (dim_same_val E _ _ H1), <- (map_canon E l), <- (map_canon E l0) by exact HE.
    apply dd_perm, Permutation_map, permuted_perm, H2.
  - apply andb_prop in H as [H H3]. apply andb_prop in H as [H H2]. apply andb_prop in H as [H0 H1]. apply Pos.eqb_eq in H0 as <-.
    simpl. rewrite (dim_same_val E _ _ H2). apply prod_to_ext. intros j. apply same_id_val; auto.
  - apply andb_prop in H as [H H3]. apply andb_prop in H as [H H2]. apply andb_prop in H as [H0 H1]. apply Pos.eqb_eq in H0 as <-.
    simpl. rewrite (dim_same_val E _ _ H2). apply sum_to_ext. intros j. apply same_id_val; auto.
  - apply andb_prop in H as [H H4]. apply andb_prop in H as [H H3]. apply andb_prop in H as [H H2]. apply andb_prop in H as [H0 H1].
    apply andb_prop in H2 as [H2 H2']. apply andb_prop in H3 as [H3 H3']. apply andb_prop in H4 as [H4 H4'].
    apply Nat.eqb_eq in H0 as <-. apply Pos.eqb_eq in H2 as <-. apply same_syms_eq in H3 as <-.
    simpl. rewrite (dim_same_val E _ _ H1). f_equal. apply recursion_same; auto.
Qed.

(** ** A line, checked with the lines before it *)
Definition same_node (a b : positive) : bool :=
  match get m a, get m b with
  | Some (TMax _), _ | _, Some (TMax _) => same_max a b
  | Some (TMin _), _ | _, Some (TMin _) => same_min a b
  | Some n, Some n' => congruent n n'
  | _, _ => false
  end.
Lemma same_node_val E a b : ok E -> same_node a b = true -> ev E a = ev E b.
Proof.
  intros HE. unfold same_node. destruct (get m a) as [n|] eqn:A, (get m b) as [n'|] eqn:B.
  - assert (C : congruent n n' = true -> ev E a = ev E b).
    { intros H. rewrite (ev_get _ _ E A), (ev_get _ _ E B). apply congruent_val; auto. }
    destruct n, n'; first [exact C | apply same_max_val, HE | apply same_min_val, HE].
  - destruct n; first [discriminate | apply same_max_val, HE | apply same_min_val, HE].
  - destruct n'; first [discriminate | apply same_max_val, HE | apply same_min_val, HE].
  - discriminate.
Qed.
Definition same (a b : positive) : bool :=
  if same_id a b then true else if same_product a b then true else if same_sum a b then true else same_node a b.
Lemma same_val E a b : ok E -> same a b = true -> ev E a = ev E b.
Proof.
  intros HE H. unfold same in H. destruct (same_id a b) eqn:Q; [apply same_id_val; auto|]. clear Q.
  destruct (same_product a b) eqn:Q; [apply same_product_val; auto|]. clear Q.
  destruct (same_sum a b) eqn:Q; [apply same_sum_val; auto|]. apply same_node_val; auto.
Qed.
End Line.

Fixpoint check_from (rep : PositiveMap.t positive) (ls : list (positive * positive)) : option (PositiveMap.t positive) :=
  match ls with
  | [] => Some rep
  | (a, b) :: r => if same rep a b then check_from (PositiveMap.add a b rep) r else None
  end.
Lemma check_from_ok ls : forall rep rep', rep_ok rep -> check_from rep ls = Some rep' -> rep_ok rep'.
Proof.
  induction ls as [|[a b] r IH]; intros rep rep' H C; simpl in C; [injection C as <-; exact H|].
  destruct (same rep a b) eqn:Q; [|discriminate]. refine (IH _ _ _ C).
  intros x y F E HE. destruct (Pos.eq_dec x a) as [->|N].
  - rewrite PositiveMap.gss in F. injection F as <-. apply (same_val rep H E a b HE Q).
  - rewrite PositiveMap.gso in F by exact N. apply (H x y F E HE).
Qed.
Lemma empty_rep_ok : rep_ok (PositiveMap.empty positive).
Proof. intros a b F. rewrite PositiveMap.gempty in F. discriminate. Qed.
End Checking.
End Rewrite.

(** ** The checker of a list of lines *)
Definition among (l : list sym) (x : sym) : bool := existsb (Pos.eqb x) l.
Lemma among_in l x : among l x = true -> In x l.
Proof. unfold among. rewrite existsb_exists. intros (y & H & Q). apply Pos.eqb_eq in Q as ->. exact H. Qed.
(** Asks [positive_term] only where needed: evaluation is eager. *)
Definition known_positive (m : map_of) (F : facts) (i : positive) : bool :=
  if PositiveMap.mem i (f_pos F) then true else positive_term m F i.
Lemma known_positive_sound m t F i E : of_table m t -> known_positive m F i = true -> meets t F E -> 0 < tval t E i.
Proof.
  unfold known_positive. intros T H M. destruct (PositiveMap.mem i (f_pos F)) eqn:Q; [|apply (positive_term_sound m t F i E T H M)].
  apply (m_pos _ _ _ M); [constructor; auto|exact Q].
  intros x _. apply (m_nonneg _ _ _ M).
Qed.
Definition check_lines_within (steps : nat) (m : map_of) (F : facts) (stop : PositiveMap.t unit) (ls : list (positive * positive)) :=
  Rewrite.check_from m (known_positive m F) (among (f_index F)) (among (f_state F)) stop steps (PositiveMap.empty positive) ls.
(** Expansions that take more than 2^22 steps are refused. *)
Definition check_lines (m : map_of) (F : facts) (stop : PositiveMap.t unit) (ls : list (positive * positive)) :
  option (PositiveMap.t positive) := check_lines_within 22 m F stop ls.
Lemma check_lines_within_sound steps m t F stop ls rep : of_table m t -> check_lines_within steps m F stop ls = Some rep ->
  forall a b, PositiveMap.find a rep = Some b -> forall E, meets t F E -> tval t E a = tval t E b.
Proof.
  intros T C. apply (Rewrite.check_from_ok m (known_positive m F) (among (f_index F)) (among (f_state F)) stop steps (tval t) (meets t F))
    with (ls := ls) (rep := PositiveMap.empty positive).
  - intros i n E G. apply T, G.
  - intros E i M. apply tval_nonneg; [apply (m_nonneg _ _ _ M)|apply (m_signs _ _ _ M)].
  - intros E i M P. apply (known_positive_sound m t F i E T P M).
  - intros E x k M I. apply meets_set_nat; [apply among_in, I|exact M].
  - intros E x r M I R. apply meets_set_real; [apply among_in, I|exact R|exact M].
  - apply Rewrite.empty_rep_ok.
  - exact C.
Qed.
Theorem check_lines_sound m t F stop ls rep : of_table m t -> check_lines m F stop ls = Some rep ->
  forall a b, PositiveMap.find a rep = Some b -> forall E, meets t F E -> tval t E a = tval t E b.
Proof. unfold check_lines. generalize 22%nat. intros steps. apply check_lines_within_sound. Qed.
(** The value of a term and of its representative. *)
Definition representative (rep : PositiveMap.t positive) (a : positive) : positive :=
  match PositiveMap.find a rep with Some b => b | None => a end.
Lemma representative_sound m t F stop ls rep : of_table m t -> check_lines m F stop ls = Some rep ->
  forall a E, meets t F E -> tval t E (representative rep a) = tval t E a.
Proof.
  intros T C a E M. unfold representative. destruct (PositiveMap.find a rep) as [b|] eqn:Q; [|reflexivity].
  symmetry. apply (check_lines_sound m t F stop ls rep T C a b Q E M).
Qed.
(** [a] leads to [b] in at most n lines (the normal form of a normal form may need a second line). *)
Fixpoint leads (n : nat) (rep : PositiveMap.t positive) (a b : positive) : bool :=
  if Pos.eqb a b then true else
  match n with
  | O => false
  | S n => match PositiveMap.find a rep with Some c => leads n rep c b | None => false end
  end.
Lemma leads_sound n m t F stop ls rep : of_table m t -> check_lines m F stop ls = Some rep ->
  forall a b, leads n rep a b = true -> forall E, meets t F E -> tval t E a = tval t E b.
Proof.
  intros T C. induction n as [|n IH]; intros a b H E M; simpl in H; destruct (Pos.eqb_spec a b) as [->|_]; try reflexivity; [discriminate|].
  destruct (PositiveMap.find a rep) as [c|] eqn:Q; [|discriminate].
  rewrite (check_lines_sound m t F stop ls rep T C a c Q E M). apply (IH c b H E M).
Qed.

(** ** Examples *)
Module Tests.
Import Rewrite.
Definition no_facts : facts := {| f_index := [9%positive]; f_state := [8%positive]; f_pos := PositiveMap.empty unit; f_least := [];
  f_divides := []; f_gelu := false; f_silu := false; f_selu := false |}.
Definition accepts_with (F : facts) (stop : list positive) (l : list node) (ls : list (positive * positive)) : bool :=
  ordered l 1 && match check_lines (map_of_list l) F (set_of stop) ls with Some _ => true | None => false end.
Definition accepts := accepts_with no_facts [].
Local Notation K := (DSym 7%positive).
Local Open Scope positive_scope.

(* (s * ((sigma^2 + eps)^(-1/2) * g))^K = s^K (sigma^2 + eps)^(-K/2) g^K, in another order *)
Definition norm_chain := [TReal 1; TReal 2; TReal 3; TReal 4; TPow 2 4; TAdd 5 3; TPow 6 (-1); TMul 7 4; TMul 1 8; TDD K [9];
  TAdd 3 5; (* 11 *) TMul 1 4; TPow 11 (-1); TMul 12 13; TDD K [14] (* 15 *)].
Example ex_chain : accepts norm_chain [(6, 11); (10, 15)] = true. Proof. vm_compute. reflexivity. Qed.
Example ex_chain_needs_line : accepts norm_chain [(10, 15)] = false. Proof. vm_compute. reflexivity. Qed.
(* dd(K; a) dd(K; b) = dd(K; ab), and dd(K+1; a) = a dd(K; a) *)
Example ex_depth : accepts [TReal 1; TReal 2; TDD K [1]; TDD K [2]; TMul 3 4; TMul 2 1; TDD K [6]; TDD (DAdd (DNum 1) K) [1]; TMul 1 3]
  [(5, 7); (8, 9)] = true. Proof. vm_compute. reflexivity. Qed.
(* sqrt(n) sqrt(n) q = n q *)
Example ex_roots : accepts [TNat (DSym 1); TReal 2; TPow 1 1; TMul 3 3; TMul 4 2; TMul 1 2; TPow 1 2] [(5, 6); (4, 1); (7, 1)] = true.
Proof. vm_compute. reflexivity. Qed.
(* 3x + 2x = 5x, and 2(xy) + 3(yx) + 1 = 1 + 5xy; 4x is wrong *)
Definition sums := [TReal 1; TReal 2; TNum 3 1; TNum 2 1; TMul 3 1; TMul 1 4; TAdd 5 6; TNum 5 1; TMul 8 1; (* 9 *)
  TMul 1 2; TMul 2 1; TMul 4 10; TMul 3 11; TAdd 12 13; TNum 1 1; TAdd 14 15; (* 16 *) TMul 8 10; TAdd 17 15; TNum 4 1; TMul 19 1].
Example ex_sums : accepts sums [(7, 9); (16, 18)] = true. Proof. vm_compute. reflexivity. Qed.
Example ex_wrong : accepts sums [(7, 20)] = false. Proof. vm_compute. reflexivity. Qed.
(* sqrt(2) x + sqrt(8) x = 3 sqrt(2) x; (4/9)^(1/2) = 2/3; 2^K (3/2)^K = 3^K *)
Example ex_literals : accepts [TReal 1; TNum 2 1; TNum 8 1; TPow 2 1; TPow 3 1; TMul 4 1; TMul 1 5; TAdd 6 7; TNum 3 1; TMul 9 6;
  TNum 4 9; TPow 11 1; TNum 2 3; TDD K [2]; TNum 3 2; TDD K [15]; TMul 14 16; TDD K [9]] [(8, 10); (12, 13); (17, 18)] = true.
Proof. vm_compute. reflexivity. Qed.
(* 0^K x^K = 0^K *)
Example ex_absorb : accepts [TNum 0 1; TReal 1; TDD K [1]; TDD K [2]; TMul 3 4; TAdd 5 2; TAdd 2 3] [(5, 3); (6, 7)] = true.
Proof. vm_compute. reflexivity. Qed.
(* (x^(3/2) x^(3/2))^(3/2) = x^(9/2) *)
Example ex_quarters : accepts [TReal 1; TPow 1 3; TMul 2 2; TPow 3 3; TPow 1 9] [(4, 5)] = true. Proof. vm_compute. reflexivity. Qed.
(* x x^(-1) = 1 only where x is positive *)
Definition inverse := [TReal 1; TPow 1 (-2); TMul 1 2; TNum 1 1; TNum 0 1; TMul 1 5].
Example ex_cancel : accepts inverse [(3, 4)] = false. Proof. vm_compute. reflexivity. Qed.
Example ex_cancel_positive : accepts_with {| f_index := []; f_state := []; f_pos := set_of [1]; f_least := []; f_divides := [];
  f_gelu := false; f_silu := false; f_selu := false |} [] inverse [(3, 4); (6, 5)] = true. Proof. vm_compute. reflexivity. Qed.
(* max(max(x, y), 1/2, 0, 2) = max(2, y, x); max(x, 0) = x; min(x, min(y, 1)) *)
Example ex_max : accepts [TReal 1; TReal 2; TMax [1; 2]; TNum 1 2; TNum 0 1; TNum 2 1; TMax [3; 4; 5; 6]; TMax [6; 2; 1]; TMax [1; 5];
  TNum 1 1; TMin [2; 10]; TMin [1; 11]; TMin [10; 1; 2]; TMin [1; 5]] [(7, 8); (9, 1); (12, 13); (14, 5)] = true.
Proof. vm_compute. reflexivity. Qed.
Example ex_max_wrong : accepts [TReal 1; TReal 2; TMax [1; 2]; TNum 1 2; TMax [1; 4; 2]] [(5, 3)] = false.
Proof. vm_compute. reflexivity. Qed.
(* dd(K; x, y, 1) in another order; dd(2; x, y) = x + y; dd(1; x, y) = 1; dd(0; x, y) = 0; dd(n + n; ...) = dd(2n; ...) *)
Example ex_dd : accepts [TReal 1; TReal 2; TNum 1 1; TDD K [1; 2; 3]; TDD K [3; 1; 2]; TDD (DNum 2) [1; 2]; TAdd 2 1; TDD (DNum 1) [1; 2];
  TDD (DNum 0) [1; 2]; TNum 0 1; TDD (DAdd K K) [1; 2]; TDD (DMul (DNum 2) K) [2; 1]] [(4, 5); (6, 7); (8, 3); (9, 10); (11, 12)] = true.
Proof. vm_compute. reflexivity. Qed.
(* products, sums and recurrences: bodies that earlier lines rewrite; the index is 9, the state is 8 *)
Definition binders := [TFam 1 (DSym 9); TReal 2; TMul 1 2; TMul 2 1; TProd 9 K 3; TProd 9 K 4; TSum 9 K 3; TSum 9 K 4; TReal 8; TMul 3 9;
  TMul 4 9; TRec 0 K 9 [8] [3] [10]; TRec 0 K 9 [8] [4] [11]; TNum 1 1; TProd 9 K 14; TNum 0 1; TSum 9 K 16; TMul 1 9; TMul 2 18].
Example ex_binders : accepts binders [(3, 4); (5, 6); (7, 8); (10, 11); (12, 13); (15, 14); (17, 16)] = true.
Proof. vm_compute. reflexivity. Qed.
Example ex_binders_wrong : accepts binders [(5, 7)] = false. Proof. vm_compute. reflexivity. Qed.
(* a long product that stays whole: 6 = 5 is opened as a root, but is an atom inside 7 and 8 *)
Example ex_stop : accepts_with no_facts [5] [TReal 1; TReal 2; TReal 3; TMul 1 2; TMul 4 3; TMul 2 1; TMul 3 6; TMul 7 1; TMul 1 5]
  [(7, 5); (8, 9)] = true. Proof. vm_compute. reflexivity. Qed.

(* 10,000 factors, multiplied from the left and from the right *)
Fixpoint leaves (n : nat) (i : positive) : list node := match n with O => [] | S n => TReal i :: leaves n (Pos.succ i) end.
Fixpoint left_chain (n : nat) (last i at_ : positive) : list node :=      (* nodes from number [at_]: last * i, .. * (i + 1), ... *)
  match n with O => [] | S n => TMul last i :: left_chain n at_ (Pos.succ i) (Pos.succ at_) end.
Fixpoint right_chain (n : nat) (last i at_ : positive) : list node :=
  match n with O => [] | S n => TMul i last :: right_chain n at_ (Pos.pred i) (Pos.succ at_) end.
Definition big := leaves (N.to_nat 10000) 1 ++ left_chain (N.to_nat 9999) 1 2 10001 ++ right_chain (N.to_nat 9999) 10000 9999 20000.
Example ex_big : accepts big [(19999, 29998)] = true. Proof. vm_compute. reflexivity. Qed.
Fixpoint sum_chain (l : list node) : list node :=
  match l with [] => [] | TMul a b :: r => TAdd a b :: sum_chain r | n :: r => n :: sum_chain r end.
Example ex_big_sum : accepts (sum_chain big) [(19999, 29998)] = true. Proof. vm_compute. reflexivity. Qed.
(* 3,000 small lines: x_i y -> y x_i *)
Fixpoint pairs (n : nat) (i : positive) : list node := match n with O => [] | S n => TMul i 1 :: TMul 1 i :: pairs n (Pos.succ i) end.
Fixpoint pair_lines (n : nat) (a : positive) : list (positive * positive) :=
  match n with O => [] | S n => (a, Pos.succ a) :: pair_lines n (Pos.succ (Pos.succ a)) end.
Definition small := leaves (N.to_nat 3000) 1 ++ pairs (N.to_nat 2999) 2.
Example ex_small : accepts small (pair_lines (N.to_nat 2999) 3001) = true. Proof. vm_compute. reflexivity. Qed.
End Tests.
