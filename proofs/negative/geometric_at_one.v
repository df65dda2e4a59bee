(** Wrong on purpose: the hypothesis a <> 1 dropped.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem display_geom K a : a <> 1 -> dd K [a; 1] = (a ^ K - 1) / (a - 1).
(*END*)
(*WRONG*)
Theorem display_geom K a : True -> dd K [a; 1] = (a ^ K - 1) / (a - 1).
(*END*)
Proof.
  intros H. pose proof (dd_diff K a 1 []) as E. rewrite !dd_pow, pow1 in E.
  assert (a - 1 <> 0) by lra. apply (Rmult_eq_reg_l (a - 1)); auto. rewrite E. field. auto.
Qed.
