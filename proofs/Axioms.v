(** Prints the axioms below a few main theorems, for a reader; the check of every
    exported theorem against the allowlist is `make check-axioms`. *)
From Normbound Require Import MeanValue Vec DD Lips Summary Repeat Acts SmoothActs ActsExact Norm Groups
  Layers Params Reduction Exact Explosion BatchExplosion Witness LowerBounds
  Outputs Sup Zoo.
Print Assumptions rule_series.
Print Assumptions rule_repeat.
Print Assumptions N_two_point.
Print Assumptions reduction.
Print Assumptions exact_family_ReLU.
Print Assumptions family_uncountable.
