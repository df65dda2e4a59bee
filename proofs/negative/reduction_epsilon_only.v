(** Wrong on purpose: the exact constant of an instance lowered from 1/2 to 1/3.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts Norm Groups Layers Exact.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem exact_family_instance K :
  LipExact 3 3 all (iter K (fun x => vscal 1 (LN 3 0 (linear 3 (Wx v3 1) (bx 3 u3 2 0) x)))) ((1 / 2) ^ K).
(*END*)
(*WRONG*)
Theorem exact_family_instance K :
  LipExact 3 3 all (iter K (fun x => vscal 1 (LN 3 0 (linear 3 (Wx v3 1) (bx 3 u3 2 0) x)))) ((1 / 3) ^ K).
(*END*)
Proof.
  destruct exact_family_nonempty as (A1 & A2 & A3 & A4 & A5).
  pose proof (exact_family_LN 3 u3 v3 1 2 1 0 0 K ltac:(lia) A1 A2 A3 A4 A5 ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra)) as Q.
  rewrite Rplus_0_r, sqrt_square, Rmult_1_l in Q by lra. exact Q.
Qed.
