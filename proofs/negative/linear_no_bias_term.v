(** Wrong on purpose: p^2 = B^2 + 1 lowered to B^2 with a trainable bias.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts Norm Groups Layers.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem sat_linear n m (S : sspace) s be : 0 <= s -> 0 <= be ->
  sat n m (pprod (pmat m n) (pvec m)) S
    (fun _ t _ => opn m n (fst t) s /\ nrm m (snd t) <= be)
    (fun x t _ => linear n (fst t) (snd t) x)
    {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
(*END*)
(*WRONG*)
Theorem sat_linear n m (S : sspace) s be : 0 <= s -> 0 <= be ->
  sat n m (pprod (pmat m n) (pvec m)) S
    (fun _ t _ => opn m n (fst t) s /\ nrm m (snd t) <= be)
    (fun x t _ => linear n (fst t) (snd t) x)
    {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 0; sl1 := fun _ => 0; sl0 := fun _ => 0 |}.
(*END*)
Proof.
  intros Hs Hb. split.
  - repeat split; simpl; lra.
  - intros x [W b] u x' [W' b'] u' B [H1 H2] [H1' H2'] HB. simpl fst in *. simpl snd in *.
    eapply Rle_trans; [apply linear_two; eauto|]. rewrite Rplus_assoc. apply Rplus_le_compat_l.
    rewrite (sm_ext _ _ (fun _ => 0)), sm_0 by (intros; unfold cS; simpl; ring). rewrite Rplus_0_r.
    replace (P2 _ B) with (B * B + 1 * 1) by (unfold P2; simpl; ring). simpl pd.
    pose proof (h2_cs B 1 (frob m n (msub W W')) (nrm m (vsub b b'))) as Q.
    unfold h2 at 1 in Q. pose proof (frob_ge0 m n (msub W W')).
    apply Rmult_le_compat_l with (r := frob m n (msub W W')) in HB; auto. lra.
  - intros x [W b] u [H1 H2]. simpl in *. apply linear_env; auto.
Qed.
