(* Parameters that are used once, seen as a shared group; the first iteration that differs.

   rule_share turns the promise about parameters used once into one about a shared group, so that tied repeats and
   shared tensors apply to every layer. repeat_first_P is the closed form of the squared sensitivity when every
   iteration but the first starts from the same radius. *)
From Coq Require Import Reals Lra Lia List PeanoNat.
From Normbound Require Import Vec DD Lips Summary Repeat Norm Groups Layers Acts Zoo.
Open Scope R_scope.

(* T becomes shared group 0 in front of those of S *)
Definition pcons (T : pspace) (S : sspace) : sspace.
Proof.
  refine {| st := (T * S)%type; sn := Datatypes.S (sn S);
    sd := fun g a b => match g with O => pd T (fst a) (fst b) | Datatypes.S h => sd S h (snd a) (snd b) end |}.
  - intros [|g] a b; [apply pd_ge0|apply sd_ge0].
  - intros [|g] a; [apply pd_refl|apply sd_refl].
Defined.

Theorem rule_share n m (T : pspace) (S : sspace) (H : vec -> T -> S -> Prop) f s a1 a0 : 0 <= a1 -> 0 <= a0 ->
  (forall B, 0 <= B -> P2 s B <= (a1 * B + a0) * (a1 * B + a0)) -> sat n m T S H f s ->
  sat n m punit (pcons T S) (fun x _ u => H x (fst u) (snd u)) (fun x _ u => f x (fst u) (snd u))
    {| sL := sL s; sb := sb s; sG := sG s; sq2 := 0; sq1 := 0; sq0 := 0;
       sl1 := fun g => match g with O => a1 | Datatypes.S h => sl1 s h end;
       sl0 := fun g => match g with O => a0 | Datatypes.S h => sl0 s h end |}.
Proof.
  intros H1 H0 HP Sf. pose proof (sat_nn _ _ _ _ _ _ _ Sf) as ((F1 & F2 & F3) & (F4 & F5 & F6) & F7).
  split.
  - split; [|split]; [repeat split; simpl; lra|repeat split; simpl; lra|]. intros [|g]; simpl; [lra|apply F7].
  - intros x t [p u] x' t' [p' u'] B A A' HB. simpl fst in *. simpl snd in *.
    pose proof (B_ge0 _ _ _ HB) as B0.
    eapply Rle_trans; [apply (sat_two _ _ _ _ _ _ _ Sf x p u x' p' u' B A A' HB)|].
    change (sn (pcons T S)) with (1 + sn S)%nat. rewrite sm_app.
    assert (Q : sqrt (P2 s B) <= a1 * B + a0).
    { rewrite <- (sqrt_square (a1 * B + a0)). apply sqrt_le_1_alt, HP; auto.
      apply Rplus_le_le_0_compat; auto. apply Rmult_le_pos; auto. }
    apply Rmult_le_compat_r with (r := pd T p p') in Q; [|apply pd_ge0].
    unfold cS. simpl. rewrite Rmult_0_r. lra.
  - intros x t [p u] A. simpl in *. apply (sat_env _ _ _ _ _ _ _ Sf); auto.
Qed.

Theorem repeat_first_P k s s1 B : sG s = 0 -> sG s1 = 0 -> sb s1 = sb s ->
  P2 (s_repeat1 (S k) s s1) B = P2 s1 B * dd (S k) (sL s * sL s :: 0 :: nil) + P2 s (sb s) * dd (S k) (sL s * sL s :: 1 :: 0 :: nil).
Proof.
  intros E E1 Eb. simpl s_repeat1. rewrite P2_series, E1, Eb, Rmult_0_l, Rplus_0_r.
  rewrite (dd_perm (S k) (sL s * sL s :: 0 :: nil) (0 :: sL s * sL s :: nil)) by (apply Permutation.perm_swap).
  rewrite dd_zero_node.
  rewrite (dd_perm (S k) (sL s * sL s :: 1 :: 0 :: nil) (0 :: sL s * sL s :: 1 :: nil))
    by (apply Permutation.Permutation_sym, (Permutation.Permutation_cons_append (sL s * sL s :: 1 :: nil) 0)).
  rewrite dd_zero_node, dd_pow.
  assert (HL : sL (s_repeat k s) = sL s ^ k) by (simpl; apply dd_pow).
  assert (HQ : P2 (s_repeat k s) (sb s) = P2 s (sb s) * dd k (sL s * sL s :: 1 :: nil)).
  { induction k as [|k IH]. - rewrite (proj1 (repeat_P_rec 0 s (sb s))), dd_0_more. ring.
    - rewrite (proj2 (repeat_P_rec k s (sb s))), IH by (simpl; apply dd_pow).
      assert (RR : radius k s (sb s) = sb s).
      { destruct k; [apply (radius_rec 0)|]. rewrite repeat_range; auto. }
      rewrite RR, dd_S, dd_pow, pow1. ring. }
  rewrite HQ, HL, Rpow_mult_distr. ring.
Qed.
