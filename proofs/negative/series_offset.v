(** Wrong on purpose: the offset of the outer block not scaled: b0 = bg + bf.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary.
Import ListNotations.
Open Scope R_scope.
Definition s_bad (g f : summary) : summary :=
  {| sL := sL g * sL f; sb := sb g + sb f; sG := sG g * sG f;
     sq2 := sq2 (s_series g f); sq1 := sq1 (s_series g f); sq0 := sq0 (s_series g f);
     sl1 := sl1 (s_series g f); sl0 := sl0 (s_series g f) |}.

(*RIGHT*)
Theorem rule_series n m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n m Tf S Hf f sf -> sat m k Tg S Hg g sg ->
  sat n k (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg (f x (fst t) u) (snd t) u)
    (fun x t u => g (f x (fst t) u) (snd t) u) (s_series sg sf).
(*END*)
(*WRONG*)
Theorem rule_series n m k (Tf Tg : pspace) (S : sspace) (Hf : vec -> Tf -> S -> Prop) (Hg : vec -> Tg -> S -> Prop) f g sf sg :
  sat n m Tf S Hf f sf -> sat m k Tg S Hg g sg ->
  sat n k (pprod Tf Tg) S
    (fun x t u => Hf x (fst t) u /\ Hg (f x (fst t) u) (snd t) u)
    (fun x t u => g (f x (fst t) u) (snd t) u) (s_bad sg sf).
(*END*)
Proof.
  intros Sf Sg. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as Nf. pose proof (sat_nn _ _ _ _ _ _ _ Sg) as Ng.
  pose proof Nf as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  pose proof Ng as ((G1 & G2 & G3) & (G4 & G5 & G6) & G7).
  split.
  - repeat split; simpl; try (destruct (F7 g0), (G7 g0)); nn.
  - intros x [t1 t2] u x' [t1' t2'] u' B [H1 H2] [H1' H2'] HB. simpl in H1, H2, H1', H2'.
    pose proof (B_ge0 _ _ _ HB) as B0.
    assert (HR : nrm m (f x' t1' u') <= sb sf + sG sf * B).
    { eapply Rle_trans; [apply (sat_env _ _ _ _ _ _ _ Sf); auto|].
      apply Rplus_le_compat_l, Rmult_le_compat_l; auto. }
    pose proof (B_ge0 _ _ _ HR) as R0.
    pose proof (sat_two _ _ _ _ _ _ _ Sf x t1 u x' t1' u' B H1 H1' HB) as Q1.
    pose proof (sat_two _ _ _ _ _ _ _ Sg _ t2 u _ t2' u' _ H2 H2' HR) as Q2.
    set (R := sb sf + sG sf * B) in *.
    apply Rmult_le_compat_l with (r := sL sg) in Q1; auto.
    simpl fst; simpl snd. simpl pd. simpl (sL (s_series sg sf)).
    pose proof (P2_ge0 sf B Nf B0) as Pf. pose proof (P2_ge0 sg R Ng R0) as Pg.
    pose proof (sqrt_cs (sL sg * sL sg * P2 sf B) (P2 sg R) (pd Tf t1 t1') (pd Tg t2 t2')) as Q3.
    rewrite <- mul_sqrt in Q3 by auto.
    replace (sL sg * sL sg * P2 sf B + P2 sg R) with (P2 (s_series sg sf) B) in Q3
      by (unfold P2, R; simpl; ring).
    assert (Q4 : sm (sn S) (fun g0 => cS (s_series sg sf) g0 B * sd S g0 u u')
      = sL sg * sm (sn S) (fun g0 => cS sf g0 B * sd S g0 u u') + sm (sn S) (fun g0 => cS sg g0 R * sd S g0 u u')).
    { rewrite <- sm_scal, <- sm_plus. apply sm_ext. intros. unfold cS, R. simpl. ring. }
    rewrite Q4. assert (0 <= sL sg * sL sg * P2 sf B) by nn. specialize (Q3 H Pg). lra.
  - intros x [t1 t2] u [H1 H2]. simpl in *.
    pose proof (sat_env _ _ _ _ _ _ _ Sf x t1 u H1) as Q1.
    pose proof (sat_env _ _ _ _ _ _ _ Sg _ t2 u H2) as Q2.
    apply Rmult_le_compat_l with (r := sG sg) in Q1; auto. lra.
Qed.
