(** Wrong on purpose: the tied constant with the untied ratio L^2.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat Acts Norm Groups Layers Params.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem Ctied_const L p K : Ctied (fun _ => L) (fun _ => p) K = p * dd K [L; 1].
(*END*)
(*WRONG*)
Theorem Ctied_const L p K : Ctied (fun _ => L) (fun _ => p) K = p * dd K [L * L; 1].
(*END*)
Proof.
  induction K; [simpl; ring|]. simpl Ctied. rewrite IHK, dd_S, dd_pow, pow1. ring.
Qed.
