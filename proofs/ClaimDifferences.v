(** Bounds on divided differences of nodes >= 0: between powers, geometric series, larger nodes. *)
From Coq Require Import Reals Lra Lia ZArith List PeanoNat.
From Normbound Require Import MeanValue Vec DD Claims ClaimOrder.
Import ListNotations.
Open Scope R_scope.

Lemma dd_swap_two d a b : dd d [a; b] = dd d [b; a].
Proof. unfold dd. apply DD.dd_swap. Qed.
(** d equal nodes 1 deep: the sum of all monomials of a degree *)
Lemma dd_same d x : isnat d -> 1 <= d -> dd d [x; x] = d * pw x (d - 1).
Proof.
  intros [n ->] H. assert (N : (1 <= n)%nat) by (apply INR_le; exact H). rewrite dd_nat, dd_pair_same.
  replace (INR n - 1) with (INR (n - 1)) by (rewrite minus_INR; [reflexivity|exact N]). rewrite pw_nat. reflexivity.
Qed.
Lemma dd_ones d : isnat d -> dd d [1; 1] = d.
Proof. intros [n ->]. rewrite dd_nat. apply dd_coinciding_one. Qed.
Ltac two_nodes := repeat (apply Forall2_cons; [lra|]); apply Forall2_nil.
Lemma dd_above d x a b : isnat d -> 1 <= d -> 0 <= a -> a <= x -> 0 <= b -> b <= x -> dd d [a; b] <= d * pw x (d - 1).
Proof. intros D H A B C E. rewrite <- (dd_same d x D H). apply dd_mono. two_nodes. Qed.
Lemma dd_below d x a b : isnat d -> 1 <= d -> 0 <= x -> x <= a -> x <= b -> d * pw x (d - 1) <= dd d [a; b].
Proof. intros D H X A B. rewrite <- (dd_same d x D H). apply dd_mono. two_nodes. Qed.
Lemma dd_small d a b : isnat d -> 0 <= a -> a <= 1 -> 0 <= b -> b <= 1 -> dd d [a; b] <= d.
Proof. intros D A B C E. rewrite <- (dd_ones d D) at 2. apply dd_mono. two_nodes. Qed.
Lemma dd_member d a b : isnat d -> 1 <= d -> 0 <= a -> 0 <= b -> pw a (d - 1) <= dd d [a; b].
Proof.
  intros D H A B. apply Rle_trans with (dd d [a; 0]); [|apply dd_mono; two_nodes]. rewrite dd_swap_two.
  destruct D as [n ->]. assert (N : (1 <= n)%nat) by (apply INR_le; exact H). destruct n as [|n]; [lia|].
  rewrite dd_nat, dd_zero_node, dd_pow, S_INR. replace (INR n + 1 - 1) with (INR n) by ring. rewrite pw_nat. lra.
Qed.
Lemma dd_positive d a b : isnat d -> 1 <= d -> 0 < a -> 0 <= b -> 0 < dd d [a; b].
Proof. intros D H A B. pose proof (dd_member d a b D H ltac:(lra) B). pose proof (pw_pos a (d - 1) A). lra. Qed.
Lemma dd_geometric d a b : isnat d -> 0 <= a -> a < 1 -> b = 1 -> dd d [a; b] <= 1 / (1 - a).
Proof. intros [n ->] A B ->. rewrite dd_nat. apply dd_geom_sub. lra. Qed.
(** The same with the nodes exchanged *)
Lemma dd_member_right d a b : isnat d -> 1 <= d -> 0 <= b -> 0 <= a -> pw a (d - 1) <= dd d [b; a].
Proof. intros. rewrite dd_swap_two. apply dd_member; assumption. Qed.
Lemma dd_positive_right d a b : isnat d -> 1 <= d -> 0 <= b -> 0 < a -> 0 < dd d [b; a].
Proof. intros. rewrite dd_swap_two. apply dd_positive; assumption. Qed.
Lemma dd_geometric_right d a b : isnat d -> 0 <= a -> a < 1 -> b = 1 -> dd d [b; a] <= 1 / (1 - a).
Proof. intros. rewrite dd_swap_two. apply dd_geometric; assumption. Qed.
