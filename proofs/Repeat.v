(** Repeated blocks: closed forms of radius, input constant and sensitivities
    in divided differences; untied, tied, nested, and with a first iteration
    that differs. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD Lips Summary.
Import ListNotations.
Open Scope R_scope.

(** ** Identities between divided differences used by the closed forms *)
Lemma dd_sq_pow K G : dd K [G] * dd K [G] = dd K [G * G].
Proof. rewrite !dd_pow, Rpow_mult_distr. reflexivity. Qed.

Lemma dd_cross K G : dd K [G; 1] * dd K [G] = G * dd K [G * G; G].
Proof.
  induction K; [simpl; ring|]. rewrite !dd_S, !dd_nil, (dd_pow K 1), pow1.
  replace ((G * dd K [G; 1] + 1) * (G * dd K [G] + 0))
    with (G * G * (dd K [G; 1] * dd K [G]) + G * dd K [G]) by ring.
  rewrite IHK. ring.
Qed.

Lemma dd_sq_geom K G : dd K [G; 1] * dd K [G; 1] = dd K [G * G; 1] + 2 * G * dd K [G * G; G; 1].
Proof.
  induction K; [simpl; ring|]. rewrite !dd_S, (dd_pow K 1), pow1.
  replace ((G * dd K [G; 1] + 1) * (G * dd K [G; 1] + 1))
    with (G * G * (dd K [G; 1] * dd K [G; 1]) + 2 * G * dd K [G; 1] + 1) by ring.
  rewrite IHK. ring.
Qed.

(** ** The summary of K iterations *)
Definition s_repeat (K : nat) (s : summary) : summary :=
  let G := sG s in let b := sb s in let L := sL s in let l := sL s * sL s in
  {| sL := dd K [L];
     sb := b * dd K [G; 1];
     sG := dd K [G];
     sq2 := sq2 s * dd K [l; G * G];
     sq1 := sq2 s * (2 * G * b * dd K [l; G * G; G]) + sq1 s * dd K [l; G];
     sq0 := sq2 s * (b * b * (dd K [l; G * G; 1] + 2 * G * dd K [l; G * G; G; 1]))
            + sq1 s * (b * dd K [l; G; 1]) + sq0 s * dd K [l; 1];
     sl1 := fun g => sl1 s g * dd K [L; G];
     sl0 := fun g => sl1 s g * (b * dd K [L; G; 1]) + sl0 s g * dd K [L; 1] |}.

Definition s_eq (s s' : summary) : Prop :=
  (sL s = sL s' /\ sb s = sb s' /\ sG s = sG s') /\
  (sq2 s = sq2 s' /\ sq1 s = sq1 s' /\ sq0 s = sq0 s') /\
  (forall g, sl1 s g = sl1 s' g /\ sl0 s g = sl0 s' g).

Lemma s_eq_le s s' : s_eq s s' -> s_le s s'.
Proof.
  intros ((A1 & A2 & A3) & (A4 & A5 & A6) & A7).
  repeat split; try (right; assumption); destruct (A7 g); right; assumption.
Qed.
Lemma s_eq_sym s s' : s_eq s s' -> s_eq s' s.
Proof.
  intros ((A1 & A2 & A3) & (A4 & A5 & A6) & A7).
  repeat split; auto; destruct (A7 g); auto.
Qed.
Lemma s_eq_trans a b c : s_eq a b -> s_eq b c -> s_eq a c.
Proof.
  intros ((A1 & A2 & A3) & (A4 & A5 & A6) & A7) ((B1 & B2 & B3) & (B4 & B5 & B6) & B7).
  repeat split; try congruence; destruct (A7 g), (B7 g); congruence.
Qed.
Lemma s_series_eq g g' f f' : s_eq g g' -> s_eq f f' -> s_eq (s_series g f) (s_series g' f').
Proof.
  intros ((A1 & A2 & A3) & (A4 & A5 & A6) & A7) ((B1 & B2 & B3) & (B4 & B5 & B6) & B7).
  repeat split; simpl; try (destruct (A7 g0), (B7 g0)); congruence.
Qed.
(** Series is associative on summaries. *)
Theorem s_series_assoc h g f : s_eq (s_series h (s_series g f)) (s_series (s_series h g) f).
Proof. repeat split; simpl; ring. Qed.

Theorem s_repeat_S K s : s_eq (s_series s (s_repeat K s)) (s_repeat (S K) s).
Proof.
  repeat split; simpl sL; simpl sb; simpl sG; simpl sq2; simpl sq1; simpl sq0; simpl sl1; simpl sl0;
  rewrite ?dd_S, ?dd_nil, ?(dd_pow K 1), ?pow1; try ring.
  - rewrite <- (dd_sq_pow K (sG s)). ring.
  - transitivity (sL s * sL s * (sq2 s * (2 * sG s * sb s * dd K [sL s * sL s; sG s * sG s; sG s]) +
      sq1 s * dd K [sL s * sL s; sG s]) + (2 * sq2 s * sb s * (dd K [sG s; 1] * dd K [sG s]) + sq1 s * dd K [sG s]));
      [ring|]. rewrite dd_cross. ring.
  - transitivity (sL s * sL s *
     (sq2 s * (sb s * sb s * (dd K [sL s * sL s; sG s * sG s; 1] + 2 * sG s * dd K [sL s * sL s; sG s * sG s; sG s; 1])) +
      sq1 s * (sb s * dd K [sL s * sL s; sG s; 1]) + sq0 s * dd K [sL s * sL s; 1]) +
     (sq2 s * (sb s * sb s * (dd K [sG s; 1] * dd K [sG s; 1])) + sq1 s * (sb s * dd K [sG s; 1]) + sq0 s)); [ring|].
    rewrite dd_sq_geom. ring.
Qed.

Theorem s_repeat_0 s : s_eq (s_plain 1 0 1) (s_repeat 0 s).
Proof. repeat split; simpl; ring. Qed.

(** ** Iterating a block *)
Section Iterate.
Variables (n : nat) (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop)
  (f : vec -> T -> S -> vec) (s : summary).
Hypothesis Hs : sat n n T S H f s.

Fixpoint rep (K : nat) (x : vec) (t : nat -> T) (u : S) : vec :=
  match K with O => x | Datatypes.S k => f (rep k x t u) (t k) u end.
(** The hypotheses hold at every iteration. *)
Definition repH (K : nat) (x : vec) (t : nat -> T) (u : S) : Prop :=
  forall j, (j < K)%nat -> H (rep j x t u) (t j) u.

(** Untied parameters differ at each iteration; shared groups are the same at each iteration. *)
Theorem rule_repeat K : sat n n (pfam K T) S (repH K) (rep K) (s_repeat K s).
Proof.
  induction K.
  - eapply sat_weaken; [| |apply (sat_identity n (pfam 0 T) S)].
    + intros; exact I.
    + apply s_eq_le, s_repeat_0.
  - pose proof (rule_series _ _ _ _ _ _ _ _ _ _ _ _ IHK Hs) as Q.
    pose proof (fun hp => sat_param _ _ _ (pfam (Datatypes.S K) T) S _ _ _
      (fun t : nat -> T => ((t, t K) : pprod (pfam K T) T)) hp Q) as Q'.
    eapply sat_weaken; [| |apply Q'].
    + intros x t u HH. simpl. split; [intros j Hj; apply HH; lia|apply HH; lia].
    + apply s_eq_le, s_repeat_S.
    + intros a b. simpl. unfold h2. rewrite nrm_sq. right. reflexivity.
Qed.
End Iterate.

(** Tied: every parameter of the body is a shared group. *)
Theorem rule_repeat_tied n (S : sspace) (H : vec -> punit -> S -> Prop) f s K : sat n n punit S H f s ->
  sat n n punit S (fun x _ u => repH punit S H f K x (fun _ => tt) u)
    (fun x _ u => rep punit S f K x (fun _ => tt) u) (s_repeat K s).
Proof.
  intros Hs. pose proof (rule_repeat n punit S H f s Hs K) as Q.
  apply (sat_param _ _ _ punit S _ _ _ (fun _ : punit => ((fun _ => tt) : pfam K punit))) in Q.
  - exact Q.
  - intros a b. simpl. change (fun _ : nat => 0) with v0. rewrite nrm_0. lra.
Qed.

(** The tied constant, per group: c_K = l1 [B0 dd(K;L,G) + b dd(K;L,G,1)] + l0 dd(K;L,1). *)
Theorem repeat_tied_closed K s g B0 : cS (s_repeat K s) g B0 =
  sl1 s g * (B0 * dd K [sL s; sG s] + sb s * dd K [sL s; sG s; 1]) + sl0 s g * dd K [sL s; 1].
Proof. unfold cS. simpl sl1. simpl sl0. ring. Qed.

(** The untied squared constant. *)
Theorem repeat_untied_closed K s B0 :
  let l := sL s * sL s in let G := sG s in let b := sb s in
  P2 (s_repeat K s) B0 =
  sq2 s * (B0 * B0 * dd K [l; G * G] + 2 * G * b * B0 * dd K [l; G * G; G]
           + b * b * (dd K [l; G * G; 1] + 2 * G * dd K [l; G * G; G; 1]))
  + sq1 s * (B0 * dd K [l; G] + b * dd K [l; G; 1]) + sq0 s * dd K [l; 1].
Proof. intros. unfold P2. simpl sq2. simpl sq1. simpl sq0. unfold l, G, b. ring. Qed.

(** Both closed forms solve their recursions. *)
Definition radius (K : nat) (s : summary) (B0 : R) : R := sb (s_repeat K s) + sG (s_repeat K s) * B0.

Theorem radius_rec K s B0 : radius 0 s B0 = B0 /\ radius (S K) s B0 = sG s * radius K s B0 + sb s.
Proof.
  unfold radius. split; [simpl; ring|].
  destruct (s_repeat_S K s) as ((_ & E1 & E2) & _). rewrite <- E1, <- E2.
  cbn [sl1 sl0 sG sb sL s_series s_repeat]. ring.
Qed.

Theorem P2_series g f B : P2 (s_series g f) B = sL g * sL g * P2 f B + P2 g (sb f + sG f * B).
Proof. unfold P2. simpl. ring. Qed.
Lemma P2_eq s s' B : s_eq s s' -> P2 s B = P2 s' B.
Proof. intros (_ & (E1 & E2 & E3) & _). unfold P2. rewrite E1, E2, E3. reflexivity. Qed.

Theorem repeat_P_rec K s B0 : P2 (s_repeat 0 s) B0 = 0 /\
  P2 (s_repeat (S K) s) B0 = sL s * sL s * P2 (s_repeat K s) B0 + P2 s (radius K s B0).
Proof.
  split; [unfold P2; simpl; ring|].
  rewrite <- (P2_eq _ _ B0 (s_repeat_S K s)), P2_series. reflexivity.
Qed.

Theorem repeat_c_rec K s g B0 : cS (s_repeat 0 s) g B0 = 0 /\
  cS (s_repeat (S K) s) g B0 = sL s * cS (s_repeat K s) g B0 + cS s g (radius K s B0).
Proof.
  split; [unfold cS; simpl; ring|].
  destruct (s_repeat_S K s) as (_ & _ & E). destruct (E g) as [E1 E0].
  unfold cS at 1. rewrite <- E1, <- E0. unfold cS, radius.
  cbn [sl1 sl0 sG sb sL s_series s_repeat]. ring.
Qed.

(** Any solution of B' = G B + b, P' = l P + q2 B^2 + q1 B + q0, P_0 = 0 has the closed form. *)
Theorem dd_sensitivity_rec (L G b q2 q1 q0 B0 : R) (B P : nat -> R) :
  B O = B0 -> P O = 0 ->
  (forall i, B (S i) = G * B i + b) ->
  (forall i, P (S i) = L * L * P i + (q2 * (B i * B i) + q1 * B i + q0)) ->
  forall K, P K = q2 * (B0 * B0 * dd K [L * L; G * G] + 2 * G * b * B0 * dd K [L * L; G * G; G]
           + b * b * (dd K [L * L; G * G; 1] + 2 * G * dd K [L * L; G * G; G; 1]))
  + q1 * (B0 * dd K [L * L; G] + b * dd K [L * L; G; 1]) + q0 * dd K [L * L; 1].
Proof.
  intros EB EP HB HP K.
  set (s := {| sL := L; sb := b; sG := G; sq2 := q2; sq1 := q1; sq0 := q0; sl1 := fun _ => 0; sl0 := fun _ => 0 |}).
  transitivity (P2 (s_repeat K s) B0); [|exact (repeat_untied_closed K s B0)].
  assert (R : forall i, B i = radius i s B0).
  { induction i; [rewrite EB; symmetry; apply (radius_rec 0)|].
    rewrite HB, (proj2 (radius_rec i s B0)), IHi. reflexivity. }
  induction K; [rewrite EP; symmetry; apply (repeat_P_rec 0)|].
  rewrite HP, (proj2 (repeat_P_rec K s B0)), IHK, <- R. reflexivity.
Qed.

Theorem dd_tied_rec (L G b l1 l0 B0 : R) (B c : nat -> R) :
  B O = B0 -> c O = 0 -> (forall i, B (S i) = G * B i + b) ->
  (forall i, c (S i) = L * c i + (l1 * B i + l0)) ->
  forall K, c K = l1 * (B0 * dd K [L; G] + b * dd K [L; G; 1]) + l0 * dd K [L; 1].
Proof.
  intros EB EC HB HC K.
  set (s := {| sL := L; sb := b; sG := G; sq2 := 0; sq1 := 0; sq0 := 0; sl1 := fun _ => l1; sl0 := fun _ => l0 |}).
  transitivity (cS (s_repeat K s) 0%nat B0); [|exact (repeat_tied_closed K s 0%nat B0)].
  assert (R : forall i, B i = radius i s B0).
  { induction i; [rewrite EB; symmetry; apply (radius_rec 0)|].
    rewrite HB, (proj2 (radius_rec i s B0)), IHi. reflexivity. }
  induction K; [rewrite EC; symmetry; apply (repeat_c_rec 0 s 0)|].
  rewrite HC, (proj2 (repeat_c_rec K s 0%nat B0)), IHK, <- R. reflexivity.
Qed.

(** ** Nesting *)
Lemma s_repeat_add J K s : s_eq (s_series (s_repeat J s) (s_repeat K s)) (s_repeat (J + K) s).
Proof.
  induction J.
  - simpl Nat.add. repeat split; simpl; ring.
  - eapply s_eq_trans.
    + apply s_series_eq; [apply s_eq_sym, s_repeat_S|repeat split; reflexivity].
    + eapply s_eq_trans; [apply s_eq_sym, s_series_assoc|].
      eapply s_eq_trans; [apply s_series_eq; [repeat split; reflexivity|exact IHJ]|].
      apply s_repeat_S.
Qed.

(** Repeating J times K iterations has the same summary as J K iterations. *)
Theorem s_repeat_mul J K s : s_eq (s_repeat J (s_repeat K s)) (s_repeat (J * K) s).
Proof.
  induction J.
  - repeat split; simpl; ring.
  - eapply s_eq_trans; [apply s_eq_sym, s_repeat_S|].
    eapply s_eq_trans; [apply s_series_eq; [repeat split; reflexivity|exact IHJ]|].
    apply (s_repeat_add K (J * K)).
Qed.

Theorem rule_repeat_nested n (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s J K :
  sat n n T S H f s ->
  sat n n (pfam J (pfam K T)) S
    (repH (pfam K T) S (repH T S H f K) (rep T S f K) J)
    (rep (pfam K T) S (rep T S f K) J) (s_repeat (J * K) s).
Proof.
  intros Hs. eapply sat_weaken; [intros; eassumption|apply s_eq_le, s_repeat_mul|].
  apply rule_repeat, rule_repeat, Hs.
Qed.

(** ** A first iteration that differs *)
Theorem dd_first_iteration K L L1 :
  dd 0 [0] + L1 * dd 0 [L; 0] = 1 /\ dd (S K) [0] + L1 * dd (S K) [L; 0] = L1 * L ^ K.
Proof.
  split; [simpl; ring|]. rewrite dd_swap, dd_zero_node, dd_zero_node, dd_nil, dd_pow. ring.
Qed.

Definition rep1 (T1 T : pspace) (S : sspace) (f1 : vec -> T1 -> S -> vec) (f : vec -> T -> S -> vec)
  (K : nat) (x : vec) (t1 : T1) (t : nat -> T) (u : S) : vec :=
  match K with O => x | Datatypes.S k => rep T S f k (f1 x t1 u) t u end.
Definition rep1H (T1 T : pspace) (S : sspace) H1 H (f1 : vec -> T1 -> S -> vec) (f : vec -> T -> S -> vec)
  (K : nat) (x : vec) (t1 : T1) (t : nat -> T) (u : S) : Prop :=
  match K with O => True | Datatypes.S k => H1 x t1 u /\ repH T S H f k (f1 x t1 u) t u end.

Definition s_repeat1 (K : nat) (s s1 : summary) : summary :=
  match K with O => s_plain 1 0 1 | S k => s_series (s_repeat k s) s1 end.

Theorem rule_repeat_first n (T1 T : pspace) (S : sspace) (H1 : vec -> T1 -> S -> Prop)
  (H : vec -> T -> S -> Prop) f1 f s1 s K : sat n n T1 S H1 f1 s1 -> sat n n T S H f s ->
  sat n n (pprod T1 (pfam (K - 1) T)) S
    (fun x t u => rep1H T1 T S H1 H f1 f K x (fst t) (snd t) u)
    (fun x t u => rep1 T1 T S f1 f K x (fst t) (snd t) u) (s_repeat1 K s s1)
  /\ sL (s_repeat1 K s s1) = dd K [0] + sL s1 * dd K [sL s; 0].
Proof.
  intros S1 Sf. destruct K as [|k].
  - split; [|simpl; ring]. simpl. eapply sat_weaken; [| |apply sat_identity].
    + intros; exact I.
    + apply s_eq_le. repeat split; reflexivity.
  - split.
    + simpl s_repeat1. replace (Datatypes.S k - 1)%nat with k by lia.
      exact (rule_series _ _ _ _ _ _ _ _ _ _ _ _ S1 (rule_repeat n T S H f s Sf k)).
    + rewrite (proj2 (dd_first_iteration k (sL s) (sL s1))). simpl. rewrite dd_pow. ring.
Qed.

(** A range bound |out| <= M is the envelope with G = 0: after one iteration the radius is M. *)
Theorem repeat_range K s B0 : sG s = 0 -> radius (S K) s B0 = sb s.
Proof. intros E. rewrite (proj2 (radius_rec K s B0)), E. ring. Qed.

(** ** Displayed closed forms of plain stacks *)
(** K equal blocks, B' = a B + c: a <> 1 and a = 1. *)
Theorem display_radius K a c B0 : a <> 1 ->
  dd K [a] * B0 + c * dd K [a; 1] = a ^ K * B0 + c * ((a ^ K - 1) / (a - 1)).
Proof. intros. rewrite dd_pow, display_geom by auto. reflexivity. Qed.
Theorem display_radius_1 K c B0 : dd K [1] * B0 + c * dd K [1; 1] = B0 + INR K * c.
Proof. rewrite dd_pow, pow1, display_geom_1. ring. Qed.

(** Bias-free: P_K = rho B0 sqrt K a^(K-1). *)
Theorem display_biasfree K a B0 rho : 0 <= a -> 0 <= B0 -> 0 <= rho ->
  sqrt (rho * rho * (B0 * B0 * dd K [a * a; a * a])) = rho * B0 * sqrt (INR K) * a ^ (K - 1).
Proof.
  intros. rewrite dd_pair_same. assert (0 <= a ^ (K - 1)) by (apply pow_le; auto).
  rewrite Rpow_mult_distr.
  replace (rho * rho * (B0 * B0 * (INR K * (a ^ (K - 1) * a ^ (K - 1)))))
    with ((rho * B0 * a ^ (K - 1)) * (rho * B0 * a ^ (K - 1)) * INR K) by ring.
  assert (0 <= rho * B0) by (apply Rmult_le_pos; auto).
  rewrite sqrt_mult_alt, sqrt_square by (try apply Rmult_le_pos; nra). ring.
Qed.

(** a <> 1, with the fixed point x* = c/(1-a) and u = B0 - x*. *)
Theorem display_plain (a c B0 tau : R) (B P : nat -> R) : a <> 1 -> a * a <> 1 ->
  B O = B0 -> P O = 0 -> (forall i, B (S i) = a * B i + c) ->
  (forall i, P (S i) = a * a * P i + (B i * B i + tau)) ->
  let xs := c / (1 - a) in let u := B0 - xs in
  forall K, P (S K) = INR (S K) * a ^ (2 * K) * (u * u)
     + 2 * u * xs * a ^ K * ((a ^ (S K) - 1) / (a - 1))
     + (xs * xs + tau) * ((a ^ (2 * S K) - 1) / (a * a - 1)).
Proof.
  intros H1 H2 EB EP HB HP xs u K.
  assert (FB : forall i, B i = a ^ i * u + xs).
  { induction i; [simpl; rewrite EB; unfold u; ring|].
    rewrite HB, IHi. unfold xs. simpl. field. lra. }
  induction K.
  - rewrite HP, EP, FB. simpl. field. split; lra.
  - rewrite HP, IHK, FB. rewrite !S_INR.
    replace (2 * S (S K))%nat with (S (S (S (S (2 * K))))) by lia.
    replace (2 * S K)%nat with (S (S (2 * K))) by lia.
    replace (2 * K)%nat with (K + K)%nat by lia. simpl. rewrite pow_add.
    field. split; lra.
Qed.

(** a = 1. *)
Theorem display_plain_1 (c B0 tau : R) (B P : nat -> R) :
  B O = B0 -> P O = 0 -> (forall i, B (S i) = B i + c) ->
  (forall i, P (S i) = P i + (B i * B i + tau)) ->
  forall K, P K = INR K * (B0 * B0 + tau) + B0 * c * INR K * (INR K - 1)
     + c * c * ((INR K - 1) * INR K * (2 * INR K - 1) / 6).
Proof.
  intros EB EP HB HP K.
  assert (FB : forall i, B i = B0 + INR i * c).
  { induction i; [simpl; rewrite EB; ring|]. rewrite HB, IHi, S_INR. ring. }
  induction K; [rewrite EP; simpl; field|]. rewrite HP, IHK, FB, S_INR. field.
Qed.
