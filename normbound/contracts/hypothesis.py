"""Hypotheses: conditions a bound needs. They are data, carried by the derivation and printed with every bound."""

from __future__ import annotations

from typing import NamedTuple

from normbound.terms.store import Term


class Hypothesis(NamedTuple):
    """One condition.

    kind        "floor" (variance floor), "positive" (a term is > 0), "assumption" (a convention), "missing" (what
                would make an unbounded bound finite)
    title       the layer that needs it
    template    the condition in words, with {0}, {1}, ... for ``terms``; put together only when it is printed
    floor       for "floor": sigma; the deviation of every normalized group is at least this
    divisor     for "floor": (number of groups) * (divisor of the variance): sigma sqrt(divisor) <= |input| is
                necessary, otherwise no input meets the hypothesis and the bound is vacuous
    witness     what happens without it: the sequence of inputs along which the bound fails
    """

    kind: str
    title: str
    template: str
    terms: tuple[Term, ...] = ()
    divisor: Term | None = None
    witness: str = ""

    @property
    def statement(self) -> str:
        return self.template.format(*self.terms)

    @property
    def term(self) -> Term:
        """The floor, or the term that must be positive."""
        return self.terms[0]
