(** Lipschitz constants on arbitrary (not necessarily convex) domains, envelopes. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import Vec DD.
Import ListNotations.
Open Scope R_scope.

Definition Lip (n m : nat) (D : vec -> Prop) (f : vec -> vec) (L : R) : Prop :=
  forall x y, D x -> D y -> nrm m (vsub (f x) (f y)) <= L * nrm n (vsub x y).
Definition Env (n m : nat) (D : vec -> Prop) (f : vec -> vec) (c G : R) : Prop :=
  forall x, D x -> nrm m (f x) <= c + G * nrm n x.
Definition all : vec -> Prop := fun _ => True.
Definition ball (n : nat) (B : R) : vec -> Prop := fun x => nrm n x <= B.
(** L is the exact Lipschitz constant: valid, and no smaller number is valid. *)
Definition LipExact (n m : nat) (D : vec -> Prop) (f : vec -> vec) (L : R) : Prop :=
  Lip n m D f L /\ forall L', Lip n m D f L' -> L <= L'.

Theorem lip_id n D : Lip n n D (fun x => x) 1.
Proof. intros x y _ _. lra. Qed.

Theorem lip_weaken n m (D D' : vec -> Prop) f L L' : (forall x, D' x -> D x) -> L <= L' ->
  Lip n m D f L -> Lip n m D' f L'.
Proof.
  intros HD HL H x y Hx Hy. eapply Rle_trans; [apply H; auto|].
  apply Rmult_le_compat_r; [apply nrm_ge0|auto].
Qed.

Theorem lip_compose n m k (D E : vec -> Prop) f g Lf Lg : 0 <= Lg ->
  (forall x, D x -> E (f x)) -> Lip n m D f Lf -> Lip m k E g Lg ->
  Lip n k D (fun x => g (f x)) (Lg * Lf).
Proof.
  intros HL HD Hf Hg x y Hx Hy. eapply Rle_trans; [apply Hg; auto|].
  rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
Qed.

Theorem lip_sum n m D f g Lf Lg a b : Lip n m D f Lf -> Lip n m D g Lg ->
  Lip n m D (fun x => vadd (vscal a (f x)) (vscal b (g x))) (Rabs a * Lf + Rabs b * Lg).
Proof.
  intros Hf Hg x y Hx Hy.
  rewrite (nrm_ext m _ (vadd (vscal a (vsub (f x) (f y))) (vscal b (vsub (g x) (g y)))))
    by (intros; unfold vsub, vadd, vscal; ring).
  eapply Rle_trans; [apply nrm_triangle|]. rewrite !nrm_scal.
  specialize (Hf x y Hx Hy). specialize (Hg x y Hx Hy).
  pose proof (Rabs_pos a). pose proof (Rabs_pos b).
  apply Rmult_le_compat_l with (r := Rabs a) in Hf; auto.
  apply Rmult_le_compat_l with (r := Rabs b) in Hg; auto. lra.
Qed.

Theorem lip_residual n D f L a : Lip n n D f L ->
  Lip n n D (fun x => vadd x (vscal a (f x))) (1 + Rabs a * L).
Proof.
  intros Hf x y Hx Hy.
  rewrite (nrm_ext n _ (vadd (vsub x y) (vscal a (vsub (f x) (f y)))))
    by (intros; unfold vsub, vadd, vscal; ring).
  eapply Rle_trans; [apply nrm_triangle|]. rewrite !nrm_scal.
  specialize (Hf x y Hx Hy). pose proof (Rabs_pos a).
  apply Rmult_le_compat_l with (r := Rabs a) in Hf; auto. lra.
Qed.

(** The lower bound for a residual block: it moves points by at least 1 - |a| L. *)
Theorem residual_lower n (D : vec -> Prop) f L a : Lip n n D f L -> forall x y, D x -> D y ->
  (1 - Rabs a * L) * nrm n (vsub x y) <=
  nrm n (vsub (vadd x (vscal a (f x))) (vadd y (vscal a (f y)))).
Proof.
  intros Hf x y Hx Hy. set (z := vsub (vadd x (vscal a (f x))) (vadd y (vscal a (f y)))).
  assert (E : nrm n (vsub x y) = nrm n (vsub z (vscal a (vsub (f x) (f y)))))
    by (apply nrm_ext; intros; unfold z, vsub, vadd, vscal; ring).
  pose proof (nrm_sub_le n z (vscal a (vsub (f x) (f y)))) as T. rewrite <- E, nrm_scal in T.
  specialize (Hf x y Hx Hy). pose proof (Rabs_pos a).
  apply Rmult_le_compat_l with (r := Rabs a) in Hf; auto. lra.
Qed.

Theorem lip_concat n m k D f g Lf Lg : 0 <= Lf -> 0 <= Lg -> Lip n m D f Lf -> Lip n k D g Lg ->
  Lip n (m + k) D (fun x => vcat m (f x) (g x)) (h2 Lf Lg).
Proof.
  intros H1 H2 Hf Hg x y Hx Hy. rewrite nrm_cat_sub.
  specialize (Hf x y Hx Hy). specialize (Hg x y Hx Hy).
  eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Hf|apply nrm_ge0|apply Hg]|].
  rewrite !(Rmult_comm _ (nrm n (vsub x y))), h2_scal by apply nrm_ge0. lra.
Qed.

Theorem lip_parallel n1 n2 m1 m2 (D1 D2 : vec -> Prop) f g Lf Lg :
  0 <= Lf -> 0 <= Lg -> Lip n1 m1 D1 f Lf -> Lip n2 m2 D2 g Lg ->
  Lip (n1 + n2) (m1 + m2) (fun x => D1 x /\ D2 (vdrop n1 x))
    (fun x => vcat m1 (f x) (g (vdrop n1 x))) (Rmax Lf Lg).
Proof.
  intros H1 H2 Hf Hg x y [Hx1 Hx2] [Hy1 Hy2]. rewrite nrm_cat_sub.
  specialize (Hf x y Hx1 Hy1). specialize (Hg _ _ Hx2 Hy2).
  rewrite (nrm_split n1 n2 (vsub x y)).
  pose proof (Rmax_l Lf Lg). pose proof (Rmax_r Lf Lg).
  rewrite <- h2_scal by lra. apply h2_mono; split; try apply nrm_ge0.
  - eapply Rle_trans; [apply Hf|]. apply Rmult_le_compat_r; [apply nrm_ge0|auto].
  - eapply Rle_trans; [apply Hg|]. apply Rmult_le_compat_r; [apply nrm_ge0|auto].
Qed.

(** Elementwise product: |a.b|_2 <= |a|_inf |b|_2. *)
Lemma nrm_mul_le n F a b : 0 <= F -> (forall i, (i < n)%nat -> Rabs (a i) <= F) ->
  nrm n (vmul a b) <= F * nrm n b.
Proof.
  intros HF H. apply nrm_bound; auto. intros i Hi. unfold vmul. rewrite Rabs_mult.
  apply Rmult_le_compat_r; [apply Rabs_pos|auto].
Qed.

Theorem lip_product n m (D : vec -> Prop) f g Lf Lg F Ga : 0 <= F -> 0 <= Ga ->
  (forall x i, D x -> (i < m)%nat -> Rabs (f x i) <= F) ->
  (forall x i, D x -> (i < m)%nat -> Rabs (g x i) <= Ga) ->
  Lip n m D f Lf -> Lip n m D g Lg ->
  Lip n m D (fun x => vmul (f x) (g x)) (F * Lg + Ga * Lf).
Proof.
  intros HF HG Bf Bg Hf Hg x y Hx Hy.
  rewrite (nrm_ext m _ (vadd (vmul (f x) (vsub (g x) (g y))) (vmul (g y) (vsub (f x) (f y)))))
    by (intros; unfold vsub, vadd, vmul; ring).
  eapply Rle_trans; [apply nrm_triangle|].
  pose proof (nrm_mul_le m F (f x) (vsub (g x) (g y)) HF (fun i => Bf x i Hx)).
  pose proof (nrm_mul_le m Ga (g y) (vsub (f x) (f y)) HG (fun i => Bg y i Hy)).
  specialize (Hf x y Hx Hy). specialize (Hg x y Hx Hy).
  apply Rmult_le_compat_l with (r := F) in Hg; auto.
  apply Rmult_le_compat_l with (r := Ga) in Hf; auto. lra.
Qed.

(** The product rule is exact: x*x on [-R,R] has constant 2R. *)
Theorem product_exact r : 0 < r ->
  LipExact 1 1 (fun x => Rabs (x 0%nat) <= r) (fun x => vmul x x) (2 * r).
Proof.
  intros Hr.
  assert (E1 : forall v, nrm 1 v = Rabs (v 0%nat)).
  { intros v. unfold nrm, dot. simpl. rewrite Rplus_0_l. apply sqrt_Rsqr_abs. }
  split.
  - intros x y Hx Hy. rewrite !E1. unfold vmul, vsub.
    replace (x 0%nat * x 0%nat - y 0%nat * y 0%nat)
      with ((x 0%nat + y 0%nat) * (x 0%nat - y 0%nat)) by ring.
    rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|].
    eapply Rle_trans; [apply Rabs_triang|]. lra.
  - intros L' H. apply Rnot_lt_le. intros C.
    set (h := Rmin r ((2 * r - L') / 2)).
    assert (h <= r) by apply Rmin_l. assert (h <= (2 * r - L') / 2) by apply Rmin_r.
    assert (0 < h) by (apply Rmin_glb_lt; lra).
    specialize (H (fun _ => r) (fun _ => r - h)). rewrite !E1 in H. unfold vmul, vsub in H.
    rewrite (Rabs_pos_eq r), (Rabs_pos_eq (r - h)) in H by lra.
    replace (r - (r - h)) with h in H by ring.
    replace (r * r - (r - h) * (r - h)) with ((2 * r - h) * h) in H by ring.
    rewrite Rabs_mult, (Rabs_pos_eq h), (Rabs_pos_eq (2 * r - h)) in H by lra.
    assert (2 * r - h <= L') by (apply Rmult_le_reg_r with h; [auto|apply H; lra]). lra.
Qed.

Theorem env_compose n m k (D E : vec -> Prop) f g cf Gf cg Gg : 0 <= Gg ->
  (forall x, D x -> E (f x)) -> Env n m D f cf Gf -> Env m k E g cg Gg ->
  Env n k D (fun x => g (f x)) (cg + Gg * cf) (Gg * Gf).
Proof.
  intros HG HD Hf Hg x Hx. eapply Rle_trans; [apply Hg; auto|].
  specialize (Hf x Hx). apply Rmult_le_compat_l with (r := Gg) in Hf; auto. lra.
Qed.

(** An envelope always follows from a Lipschitz constant and the value at zero. *)
Theorem env_of_lip n m (D : vec -> Prop) f L : D v0 -> Lip n m D f L -> Env n m D f (nrm m (f v0)) L.
Proof.
  intros H0 H x Hx. specialize (H x v0 Hx H0).
  rewrite (nrm_ext n (vsub x v0) x) in H by (intros; unfold vsub, v0; ring).
  rewrite (nrm_ext m (f x) (vadd (f v0) (vsub (f x) (f v0)))) by (intros; unfold vadd, vsub; ring).
  eapply Rle_trans; [apply nrm_triangle|]. lra.
Qed.

(** ** Iteration and lists of layers *)
Fixpoint iter (K : nat) (f : vec -> vec) (x : vec) : vec :=
  match K with O => x | S k => f (iter k f x) end.

Theorem lip_iter n (D : vec -> Prop) f L : 0 <= L -> (forall x, D x -> D (f x)) -> Lip n n D f L ->
  forall K, Lip n n D (iter K f) (L ^ K).
Proof.
  intros HL HD H K.
  assert (I : forall k x, D x -> D (iter k f x)) by (induction k; simpl; auto).
  induction K; simpl.
  - apply lip_id.
  - apply (lip_compose n n n D D (iter K f) f); auto.
Qed.

(** Product over a list of layers, each a map with its own widths and domain. *)
Record layer := { l_in : nat; l_out : nat; l_dom : vec -> Prop; l_f : vec -> vec; l_c : R }.
Definition layer_ok (l : layer) : Prop := 0 <= l_c l /\ Lip (l_in l) (l_out l) (l_dom l) (l_f l) (l_c l).
Fixpoint net_f (ls : list layer) (x : vec) : vec :=
  match ls with nil => x | l :: r => net_f r (l_f l x) end.
Fixpoint net_dom (ls : list layer) (x : vec) : Prop :=
  match ls with nil => True | l :: r => l_dom l x /\ net_dom r (l_f l x) end.
Fixpoint net_fits (n : nat) (ls : list layer) : Prop :=
  match ls with nil => True | l :: r => l_in l = n /\ net_fits (l_out l) r end.
Fixpoint net_width (n : nat) (ls : list layer) : nat :=
  match ls with nil => n | l :: r => net_width (l_out l) r end.
Fixpoint net_c (ls : list layer) : R := match ls with nil => 1 | l :: r => l_c l * net_c r end.

Lemma net_c_ge0 ls : Forall layer_ok ls -> 0 <= net_c ls.
Proof. induction 1 as [|l r [H1 _] _ IH]; simpl; [lra|apply Rmult_le_pos; auto]. Qed.

Theorem lip_network ls : forall n, net_fits n ls -> Forall layer_ok ls ->
  Lip n (net_width n ls) (net_dom ls) (net_f ls) (net_c ls).
Proof.
  induction ls as [|l r IH]; intros n HF HO; simpl.
  - apply lip_id.
  - destruct HF as [E HF]. inversion HO as [|? ? [H1 H2] HO']; subst.
    intros x y [Hx Hx'] [Hy Hy']. eapply Rle_trans; [apply (IH _ HF HO'); auto|].
    specialize (H2 x y Hx Hy). rewrite (Rmult_comm (l_c l)), Rmult_assoc.
    apply Rmult_le_compat_l; [apply net_c_ge0; auto|auto].
Qed.
