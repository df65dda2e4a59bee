(** Wrong on purpose: the constant 1/sqrt(s^2+e) lowered to 1/(s^2+e).
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Norm.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem N_floor n d e s : 0 < d -> 0 <= e -> 0 < s * s + e ->
  Lip n n (fun z => s * s <= var n d z) (N n d e) (/ sqrt (s * s + e)).
(*END*)
(*WRONG*)
Theorem N_floor n d e s : 0 < d -> 0 <= e -> 0 < s * s + e ->
  Lip n n (fun z => s * s <= var n d z) (N n d e) (/ (s * s + e)).
(*END*)
Proof.
  intros Hd He Hs u v Hu Hv. pose proof (N_two_floors n d e u v s s Hd He Hs Hs Hu Hv) as Q.
  rewrite sqrt_square in Q by apply sqrt_pos. exact Q.
Qed.
