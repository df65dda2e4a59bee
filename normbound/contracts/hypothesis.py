"""Hypotheses: conditions a bound needs. They are data, carried by the derivation and printed with every bound."""

from __future__ import annotations

from typing import NamedTuple

from normbound.terms.store import Term


class Hypothesis(NamedTuple):
    """One condition.

    kind        "floor" (variance floor), "positive" (a term is > 0), "domain" (input radius), "missing" (what would
                make an unbounded bound finite)
    statement   in words, with the symbols in it
    floor       for "floor": sigma; the deviation of every normalized group is at least this
    divisor     for "floor": (number of groups) * (divisor of the variance): sigma sqrt(divisor) <= |input| is
                necessary, otherwise no input meets the hypothesis and the bound is vacuous
    term        for "positive": the term that must be > 0
    witness     what happens without it: a statement with the sequence of inputs along which the bound fails
    """

    kind: str
    statement: str
    floor: Term | None = None
    divisor: Term | None = None
    term: Term | None = None
    witness: str = ""
