"""Names of Coq that the scripts use: a variable of a claim that has one of them is called otherwise, or it would hide them."""

from __future__ import annotations

import re
from functools import cache

from normbound.formal.library import sources

_DEFINED = re.compile(r"^(?:Lemma|Theorem|Definition|Fixpoint|Inductive|Ltac)\s+(\w+)", re.ASCII | re.MULTILINE)
_FILES = ("Claim*.v", "MeanValue.v")
_STANDARD = frozenset((
    "Forall_cons", "Forall_nil", "I", "INR", "Lemma", "O", "Permutation", "Permutation_middle", "Permutation_sym", "Pos", "Proof",
    "Qed", "Rabs_Ropp", "Rabs_pos_eq", "Rdiv", "Rge_le", "Rge_refl", "Rgt_lt", "Rle_abs", "Rle_antisym", "Rle_dec", "Rle_ge",
    "Rle_lt_dec", "Rle_refl", "Rle_trans", "Rlt_0_1", "Rlt_gt", "Rlt_irrefl", "Rlt_le", "Rlt_le_dec", "Rmax_comm", "Rmax_l", "Rmax_lub",
    "Rmax_r", "Rmin_comm", "Rmin_l", "Rmin_r", "Rminus", "Rmult", "Rmult_le_pos", "Rmult_lt_0_compat", "Ropp", "Rplus",
    "Rplus_le_le_0_compat", "Rplus_le_lt_0_compat", "Rplus_lt_le_0_compat", "S", "Vec", "all", "conj", "constructor", "continuity_pt",
    "derivable_pt_lim", "eq_ind", "eq_ind_r", "eq_refl", "eq_sym", "eq_trans", "ex", "exp_0", "exp_plus", "exp_pos", "f_equal",
    "f_equal2", "fact", "fold_left", "length", "list", "ltac", "nat", "nth", "or_introl", "or_intror", "perm_skip", "perm_swap",
    "perm_trans", "pow", "pow2_ge_0", "pow_lt", "powerRZ", "proj1", "proj2", "sm", "sqrt_le_1_alt", "sqrt_lt_R0", "sum", "to_nat"))


@cache
def taken() -> frozenset[str]:
    """What the part of the library on claims defines, and what scripts use of Coq's own."""
    found = set(_STANDARD)
    for pattern in _FILES:
        for path in sources().glob(pattern):
            found.update(_DEFINED.findall(path.read_text(encoding="utf-8")))
    return frozenset(found)


__all__ = ["taken"]
