(** Wrong on purpose: p^2 = B^2 + r lowered to B^2 + 1 for weights applied to r rows.
    The statement below must fail with the proof script of the right one. *)
From Coq Require Import Reals Lra Lia Psatz List Permutation PeanoNat.
From Normbound Require Import MeanValue Vec DD Lips Summary Acts Norm Groups Layers.
Import ListNotations.
Open Scope R_scope.

(*RIGHT*)
Theorem sat_linear_rows r n m (S : sspace) s be : 0 <= s -> 0 <= be ->
  sat (r * n) (r * m) (pprod (pmat m n) (pvec m)) S
    (fun x t u => forall k, (k < r)%nat -> opn m n (fst t) s /\ nrm m (snd t) <= be)
    (fun x t u => liftrows n m (linear n (fst t) (snd t)) x)
    (s_rows r {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |})
  /\ forall B, P2 (s_rows r {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}) B
     = B * B + INR r.
(*END*)
(*WRONG*)
Theorem sat_linear_rows r n m (S : sspace) s be : 0 <= s -> 0 <= be ->
  sat (r * n) (r * m) (pprod (pmat m n) (pvec m)) S
    (fun x t u => forall k, (k < r)%nat -> opn m n (fst t) s /\ nrm m (snd t) <= be)
    (fun x t u => liftrows n m (linear n (fst t) (snd t)) x)
    (s_rows r {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |})
  /\ forall B, P2 (s_rows r {| sL := s; sb := be; sG := s; sq2 := 1; sq1 := 0; sq0 := 1; sl1 := fun _ => 0; sl0 := fun _ => 0 |}) B
     = B * B + 1.
(*END*)
Proof.
  intros Hs Hb. split.
  - exact (rule_rows r n m _ S _ _ _ (sat_linear n m S s be Hs Hb)).
  - intros B. unfold P2. simpl. ring.
Qed.
