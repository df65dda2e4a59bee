(** Wrong on purpose: the second term of the product rule dropped.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem lip_product n m (D : vec -> Prop) f g Lf Lg F Ga : 0 <= F -> 0 <= Ga ->
  (forall x i, D x -> (i < m)%nat -> Rabs (f x i) <= F) ->
  (forall x i, D x -> (i < m)%nat -> Rabs (g x i) <= Ga) ->
  Lip n m D f Lf -> Lip n m D g Lg ->
  Lip n m D (fun x => vmul (f x) (g x)) (F * Lg + Ga * Lf).
(*END*)
(*WRONG*)
Theorem lip_product n m (D : vec -> Prop) f g Lf Lg F Ga : 0 <= F -> 0 <= Ga ->
  (forall x i, D x -> (i < m)%nat -> Rabs (f x i) <= F) ->
  (forall x i, D x -> (i < m)%nat -> Rabs (g x i) <= Ga) ->
  Lip n m D f Lf -> Lip n m D g Lg ->
  Lip n m D (fun x => vmul (f x) (g x)) (F * Lg).
(*END*)
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
