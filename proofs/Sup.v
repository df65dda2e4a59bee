(** Sup bounds, as products need them; elementwise maximum; products of two
    inputs; outside tensors captured by a repeated block; attained sensitivities. *)
From Coq Require Import Reals Lra Lia Psatz List PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat Acts Norm Groups Layers.
Import ListNotations.
Open Scope R_scope.

(** ** Sup bounds *)
Definition sup_le (n : nat) (x : vec) (F : R) : Prop := forall i, (i < n)%nat -> Rabs (x i) <= F.

Theorem sup_default n x B : nrm n x <= B -> sup_le n x B.
Proof. intros H i Hi. eapply Rle_trans; [apply (abs_coord_le n); auto|auto]. Qed.

(** Rows of the matrix of norm at most r: |Wx+b|_inf <= r |x| + |b|_inf. *)
Theorem sup_linear n m W b r be x : (forall i, (i < m)%nat -> nrm n (W i) <= r) -> sup_le m b be ->
  sup_le m (linear n W b x) (r * nrm n x + be).
Proof.
  intros HW Hb i Hi. unfold linear, vadd, mv. eapply Rle_trans; [apply Rabs_triang|].
  apply Rplus_le_compat; [|apply Hb; auto]. eapply Rle_trans; [apply cauchy_schwarz|].
  apply Rmult_le_compat_r; [apply nrm_ge0|apply HW; auto].
Qed.
Theorem sup_act n phi rho c G x F : act_ok phi rho c G -> sup_le n x F -> sup_le n (ew phi x) (c + G * F).
Proof.
  intros ((H1 & H2 & H3) & _ & H) Hx i Hi. unfold ew. eapply Rle_trans; [apply H|].
  apply Rplus_le_compat_l, Rmult_le_compat_l; auto.
Qed.
Theorem sup_act_range n phi M x : (forall a, Rabs (phi a) <= M) -> sup_le n (ew phi x) M.
Proof. intros H i _. apply H. Qed.
Theorem sup_affine n ga be z g b nu : 0 <= g -> sup_le n ga g -> sup_le n be b -> sup_le n z nu ->
  sup_le n (aff ga be z) (g * nu + b).
Proof.
  intros Hg H1 H2 H3 i Hi. unfold aff. eapply Rle_trans; [apply Rabs_triang|].
  apply Rplus_le_compat; [|apply H2; auto]. rewrite Rabs_mult.
  apply Rmult_le_compat; auto using Rabs_pos.
Qed.
Theorem sup_sum n x y F Ga : sup_le n x F -> sup_le n y Ga -> sup_le n (vadd x y) (F + Ga).
Proof.
  intros H1 H2 i Hi. unfold vadd. eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat; auto.
Qed.
Theorem sup_concat n m x y F Ga : sup_le n x F -> sup_le m y Ga -> sup_le (n + m) (vcat n x y) (Rmax F Ga).
Proof.
  intros H1 H2 i Hi. unfold vcat. destruct (Nat.ltb_spec i n).
  - eapply Rle_trans; [apply H1; auto|apply Rmax_l].
  - eapply Rle_trans; [apply H2; lia|apply Rmax_r].
Qed.
Theorem sup_product n x y F Ga : sup_le n x F -> sup_le n y Ga -> sup_le n (vmul x y) (F * Ga).
Proof. intros H1 H2 i Hi. unfold vmul. rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. Qed.
Theorem sup_scale n x F a : sup_le n x F -> sup_le n (vscal a x) (Rabs a * F).
Proof. intros H i Hi. unfold vscal. rewrite Rabs_mult. apply Rmult_le_compat_l; auto using Rabs_pos. Qed.
Theorem sup_rows N d e f x F : (forall r, (r < N)%nat -> sup_le e (f (row d r x)) F) ->
  sup_le (N * e) (liftrows d e f x) F.
Proof.
  intros H i Hi. assert (He : (0 < e)%nat) by (destruct e; lia).
  unfold liftrows. apply H.
  - apply Nat.div_lt_upper_bound; lia.
  - apply Nat.mod_upper_bound. lia.
Qed.

(** ** Elementwise maximum of two maps on one input *)
Lemma max_diff a b a' b' :
  (Rmax a b - Rmax a' b') * (Rmax a b - Rmax a' b') <= (a - a') * (a - a') + (b - b') * (b - b').
Proof.
  pose proof (Rle_0_sqr (a - a')) as S1. pose proof (Rle_0_sqr (b - b')) as S2. unfold Rsqr in *.
  assert (M : forall x y, 0 <= x <= y -> x * x <= y * y) by (intros; apply Rmult_le_compat; lra).
  unfold Rmax. destruct (Rle_dec a b), (Rle_dec a' b'); try lra.
  - destruct (Rle_dec b a').
    + pose proof (M (a' - b) (a' - a) ltac:(lra)). lra.
    + pose proof (M (b - a') (b - b') ltac:(lra)). lra.
  - destruct (Rle_dec a b').
    + pose proof (M (b' - a) (b' - b) ltac:(lra)). lra.
    + pose proof (M (a - b') (a - a') ltac:(lra)). lra.
Qed.
Theorem lip_max n m (D : vec -> Prop) f g Lf Lg : 0 <= Lf -> 0 <= Lg -> Lip n m D f Lf -> Lip n m D g Lg ->
  Lip n m D (fun x i => Rmax (f x i) (g x i)) (h2 Lf Lg).
Proof.
  intros H1 H2 Hf Hg x y Hx Hy. specialize (Hf x y Hx Hy). specialize (Hg x y Hx Hy).
  apply Rle_trans with (h2 (nrm m (vsub (f x) (f y))) (nrm m (vsub (g x) (g y)))).
  - unfold h2. rewrite !nrm_sq. apply sqrt_le_1_alt. unfold dot. rewrite <- sm_plus. apply sm_le.
    intros i _. apply max_diff.
  - eapply Rle_trans; [apply h2_mono; split; [apply nrm_ge0|apply Hf|apply nrm_ge0|apply Hg]|].
    rewrite !(Rmult_comm _ (nrm n (vsub x y))), h2_scal by apply nrm_ge0. lra.
Qed.

(** ** Product of two separate inputs bounded in sup norm: jointly sqrt(F^2 + Ga^2) *)
Theorem lip_product_inputs n u v u' v' F Ga : 0 <= F -> 0 <= Ga -> sup_le n u F -> sup_le n v' Ga ->
  nrm n (vsub (vmul u v) (vmul u' v')) <= h2 F Ga * h2 (nrm n (vsub u u')) (nrm n (vsub v v')).
Proof.
  intros HF HG Hu Hv.
  rewrite (nrm_ext n _ (vadd (vmul u (vsub v v')) (vmul v' (vsub u u'))))
    by (intros; unfold vsub, vmul, vadd; ring).
  eapply Rle_trans; [apply nrm_triangle|].
  pose proof (nrm_mul_le n F u (vsub v v') HF Hu). pose proof (nrm_mul_le n Ga v' (vsub u u') HG Hv).
  pose proof (h2_cs Ga F (nrm n (vsub u u')) (nrm n (vsub v v'))) as Q. rewrite (h2_sym Ga F) in Q. lra.
Qed.

(** ** A repeated block that captures an outside tensor *)
(** |x_(k+1)-x'_(k+1)| <= L|x_k-x'_k| + L1|u-u'|: after K iterations L^K and L1 dd(K;L,1). *)
Theorem repeat_captured (L L1 du : R) (d : nat -> R) : 0 <= L ->
  (forall k, d (S k) <= L * d k + L1 * du) -> forall K, d K <= L ^ K * d O + L1 * dd K [L; 1] * du.
Proof.
  intros HL H K. induction K; [simpl; lra|].
  eapply Rle_trans; [apply H|]. apply Rmult_le_compat_l with (r := L) in IHK; auto.
  rewrite dd_S, dd_pow, pow1. simpl pow. lra.
Qed.

(** ** The sensitivity sqrt(B^2+1) of an affine layer is attained *)
Theorem linear_params_attained n m W b x P : (0 < m)%nat ->
  (forall W' b', nrm m (vsub (linear n W b x) (linear n W' b' x)) <=
     P * h2 (frob m n (msub W W')) (nrm m (vsub b b'))) ->
  sqrt (nrm n x * nrm n x + 1) <= P.
Proof.
  intros Hm H. set (B2 := nrm n x * nrm n x). assert (HB : 0 <= B2) by (unfold B2; nra).
  set (W' := (fun i j => W i j - (if Nat.eqb i 0 then x j else 0)) : mat).
  set (b' := vsub b e0).
  specialize (H W' b').
  assert (E1 : frob m n (msub W W') = nrm n x).
  { unfold frob, nrm. f_equal. rewrite (sm_ext m _ (fun i => if Nat.eqb i 0 then dot n x x else 0)); [apply sm_delta; auto|].
    intros i _. destruct (Nat.eqb_spec i 0) as [->|N].
    - apply dot_ext; intros; unfold msub, W', vsub; simpl; ring.
    - unfold dot. rewrite (sm_ext n _ (fun _ => 0)), sm_0; [reflexivity|].
      intros j _. unfold msub, W', vsub. destruct (Nat.eqb_spec i 0); [lia|ring]. }
  assert (Ne0 : nrm m e0 = 1) by (unfold nrm; rewrite dot_e0 by auto; apply sqrt_1).
  assert (E2 : nrm m (vsub b b') = 1).
  { rewrite <- Ne0. apply nrm_ext. intros. unfold b', vsub. ring. }
  assert (E3 : nrm m (vsub (linear n W b x) (linear n W' b' x)) = B2 + 1).
  { rewrite (nrm_ext m _ (vscal (B2 + 1) e0)).
    - rewrite nrm_scal, Ne0, Rabs_pos_eq by lra. ring.
    - intros i _. unfold vsub at 1, linear, vadd, vscal, mv, b', vsub, B2. rewrite nrm_sq.
      unfold e0. destruct (Nat.eqb_spec i 0) as [->|N].
      + replace (dot n (W' 0%nat) x) with (dot n (W 0%nat) x - dot n x x); [ring|].
        unfold dot. rewrite <- sm_minus. apply sm_ext. intros; unfold W'; simpl; ring.
      + replace (dot n (W' i) x) with (dot n (W i) x); [ring|].
        apply dot_ext; intros; auto. unfold W'. destruct (Nat.eqb_spec i 0); [lia|ring]. }
  rewrite E1, E2, E3 in H. unfold h2 in H. fold B2 in H. rewrite Rmult_1_r in H.
  set (r := sqrt (B2 + 1)) in *. assert (Hr : 0 < r) by (apply sqrt_lt_R0; lra).
  assert (Er : r * r = B2 + 1) by (apply sqrt_sqrt; lra).
  apply (Rmult_le_reg_r r); auto. lra.
Qed.
