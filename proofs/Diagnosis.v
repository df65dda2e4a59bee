(** Where a certificate is wrong: for messages only, nothing rests on it. *)
From Coq Require Import List BinPos NArith FMapPositive Bool.
From Normbound Require Import Networks Summaries Terms Checker Rewriting Certificate.
Import ListNotations.

(** The table refers to later rows; the block at the end of this path (0: first part, 1: second part) does not follow from its
    parts; the bound is not what the claims give; line number k does not follow from those before; the lines do not reach the end. *)
Inductive fault := Sound | Table | Block (path : list nat) | Bound | Line (k : nat) | End_.

Section Blame.
Variable check_at : context -> shape -> net ann -> option result.
Variable groups : list (dim * dim).
Variable body_at : context -> ann -> context.                 (* what is known of the input of an iteration *)
(** The smallest block that is rejected although its parts are accepted. *)
Fixpoint blame (c : context) (sh : shape) (f : net ann) : list nat :=
  let two sh1 sh2 f g := match check_at c sh1 f with
    | None => 0 :: blame c sh1 f
    | Some _ => match check_at c sh2 g with None => 1 :: blame c sh2 g | Some _ => [] end end%nat in
  match f with
  | Skip _ | Ball _ _ | Leaf _ _ => []
  | Series f g _ => match check_at c sh f with
      | None => 0%nat :: blame c sh f
      | Some x => let c' := {| cB := p_radius (flat x) (cB c); cF := r_sup x; cC := cC c |} in
          match check_at c' (r_shape x) g with None => 1%nat :: blame c' (r_shape x) g | Some _ => [] end end
  | Sum f g _ | Concat f g _ | Product f g _ => two sh sh f g
  | Parallel d1 d2 f g _ => two (with_features sh d1) (with_features sh d2) f g
  | Scale _ _ f _ | Close _ f _ => match check_at c sh f with None => 0%nat :: blame c sh f | Some _ => [] end
  | Rep _ _ f a => match check_at (inside c) sh f with
      | Some _ => []
      | None => let c' := body_at c a in match check_at c' sh f with None => 0%nat :: blame c' sh f | Some _ => [] end end
  | Capture g h f _ => match check_at c sh h with
      | None => 0%nat :: blame c sh h
      | Some y => match p_radius (flat y) (cB c) with
          | Known r => let c' := {| cB := cB c; cF := cF c; cC := (g, r_shape y, r) :: cC c |} in
              match check_at c' sh f with None => 1%nat :: blame c' sh f | Some _ => [] end
          | _ => [] end end
  end.
End Blame.

(** As the checker does: the radius and the largest entry are symbols in recurrences, unknown elsewhere. *)
Definition body_context (l : list node) (F : facts) (c : context) (a : ann) : context :=
  let m := map_of_list l in let R := real_ids l 1 (PositiveMap.empty positive) in
  match claimed a, get m (under a) with
  | Some k, Some (TReal x) => {| cB := Known (PId (under a)); cC := cC c;
      cF := sup_known (sup_state (get m) (fun y => existsb (Pos.eqb y) (f_state F)) (fun y => PositiveMap.find y R) x k) |}
  | _, _ => inside c
  end.

Definition lines_pass (c : certificate) (l : list (positive * positive)) : bool :=
  match check_lines (map_of_list (c_nodes c)) (c_facts c) (index_list (c_stop c)) l with Some _ => true | None => false end.
(** The least k such that the first k lines do not pass, between lo (they pass) and hi (they do not). *)
Fixpoint first_bad (c : certificate) (fuel lo hi : nat) : nat :=
  match fuel with
  | O => hi
  | S n => if Nat.leb hi (S lo) then hi else
      let k := Nat.div2 (lo + hi) in if lines_pass c (firstn k (c_lines c)) then first_bad c n k hi else first_bad c n lo k
  end.
Definition diagnose (bound_of : psum -> option positive -> option pat) (c : certificate) : fault :=
  let m := map_of_list (c_nodes c) in let F := c_facts c in let f := c_network c in
  let check_at := check_table (c_nodes c) F (c_groups c) (assumed_layers (c_shape c) f []) in
  if negb (ordered (c_nodes c) 1) then Table else
  match check_network_at (c_nodes c) F (c_groups c) (first_ball f) (c_shape c) f with
  | None => Block (blame check_at (body_context (c_nodes c) F) {| cB := match first_ball f with Some r => Known (PId r) | None => Absent end; cF := Absent; cC := [] |}
      (c_shape c) f)
  | Some r => match bound_of (flat r) (first_ball f) with
      | None => Bound
      | Some p => if negb (matches m F (c_raw c) p) then Bound
                  else if negb (lines_pass c (c_lines c)) then Line (first_bad c 64 0 (length (c_lines c)))
                  else if accepted bound_of c then Sound else End_
      end
  end.
