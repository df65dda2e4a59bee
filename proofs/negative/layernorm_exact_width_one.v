(** Wrong on purpose: width at least 2 weakened to width at least 1.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Norm.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem LN_floor_exact n e s : (2 <= n)%nat -> 0 <= e -> 0 < s ->
  LipExact n n (fun x => s * s <= V n x) (LN n e) (/ sqrt (s * s + e)).
(*END*)
(*WRONG*)
Theorem LN_floor_exact n e s : (1 <= n)%nat -> 0 <= e -> 0 < s ->
  LipExact n n (fun x => s * s <= V n x) (LN n e) (/ sqrt (s * s + e)).
(*END*)
Proof.
  intros Hn He Hs. split; [apply LN_floor; auto; try lia; nra|].
  intros L' H. destruct (e01_facts n Hn) as [W1 W2].
  destruct (N_antipodal n (INR n) e e01 s (INR_pos n ltac:(lia)) He Hs ltac:(lra))
    as (u & v & V1 & V2 & P & U1 & U2 & E).
  pose proof (centred_line n e01 u W1 U1) as Cu. pose proof (centred_line n e01 v W1 U2) as Cv.
  assert (Du : s * s <= V n u) by (rewrite V_centred by auto; lra).
  assert (Dv : s * s <= V n v) by (rewrite V_centred by auto; lra).
  specialize (H u v Du Dv).
  rewrite (nrm_ext n _ (vsub (N n (INR n) e u) (N n (INR n) e v))) in H
    by (intros; unfold vsub; rewrite !LN_centred by auto; reflexivity).
  rewrite E in H. apply (Rmult_le_reg_r (nrm n (vsub u v))); auto.
Qed.
