(** Wrong on purpose: the absolute value of the scale dropped.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem lip_residual n D f L a : Lip n n D f L ->
  Lip n n D (fun x => vadd x (vscal a (f x))) (1 + Rabs a * L).
(*END*)
(*WRONG*)
Theorem lip_residual n D f L a : Lip n n D f L ->
  Lip n n D (fun x => vadd x (vscal a (f x))) (1 + a * L).
(*END*)
Proof.
  intros Hf x y Hx Hy.
  rewrite (nrm_ext n _ (vadd (vsub x y) (vscal a (vsub (f x) (f y)))))
    by (intros; unfold vsub, vadd, vscal; ring).
  eapply Rle_trans; [apply nrm_triangle|]. rewrite !nrm_scal.
  specialize (Hf x y Hx Hy). pose proof (Rabs_pos a).
  apply Rmult_le_compat_l with (r := Rabs a) in Hf; auto. lra.
Qed.
