"""Summaries: what a block promises relative to its own input.

A summary asserts ONE inequality, for any two pairs (x, theta), (x', theta') in D x Theta that meet the hypotheses:

    |f(x; theta) - f(x'; theta')| <= L |x - x'| + p(B) |d theta_once| + sum_s c_s(B) |d theta_s|,
    |f(x; theta)| <= b0 + G |x|,

where B bounds |x'| (one of the two points is enough, which is what lifting to rows uses), p(B)^2 = q2 B^2 + q1 B + q0
covers the parameters used once, and c_s(B) = l1 B + l0 covers the parameter group s that may be used several times.
(b0, G) is an envelope: b0 is not |f(0)|, and only envelopes compose. Norms are Euclidean over all entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import sqrt as _float_sqrt
from types import MappingProxyType
from typing import Any, NamedTuple

from normbound.terms.store import HALF, Term, rational_power

Number = Any  # a Term, or any number with + and *: rules are one algebra, tested on exact fractions too


class Shared(NamedTuple):
    """Sensitivity l1 B + l0 to one shared group; ``binders`` are (index, depth) pairs of a family of groups."""

    l1: Number
    l0: Number
    binders: tuple[tuple[Term, Term], ...] = ()


NO_SHARED: Mapping[str, Shared] = MappingProxyType({})


class Summary(NamedTuple):
    """The promise of a block; see the module text. ``sup`` bounds the largest entry of the output, if known."""

    L: Number
    b0: Number
    G: Number
    q2: Number
    q1: Number
    q0: Number
    shared: Mapping[str, Shared] = NO_SHARED
    sup: Number | None = None

    def radius(self, B: Number) -> Number:
        """The bound on |f(x)| for |x| <= B."""
        return self.b0 + self.G * B

    def p_squared(self, B: Number) -> Number:
        """The squared sensitivity to the parameters used once, for |x| <= B."""
        total = self.q0
        if self.q1:
            total = self.q1 * B + total
        return self.q2 * B**2 + total if self.q2 else total

    def coefficients(self) -> tuple[Number, ...]:
        """Every coefficient, shared ones included."""
        return (*self[:6], *(x for s in self.shared.values() for x in s[:2]))


def identity(one: Number, zero: Number) -> Summary:
    """The summary of x -> x."""
    return Summary(one, zero, one, zero, zero, zero)


def root(x: Number) -> Number:
    """Square root of a term, of a perfect-square fraction, or of a float."""
    if isinstance(x, Term):
        return x.store.power(x, HALF)
    if isinstance(x, (int, Fraction)):
        exact = rational_power(x, HALF)
        return exact if exact is not None else _float_sqrt(x)
    return _float_sqrt(x)


def largest(a: Number, b: Number) -> Number:
    """Maximum of two terms or numbers."""
    if isinstance(a, Term):
        return a.store.maximum((a, b))
    return max(a, b)


def hypotenuse(a: Number, b: Number) -> Number:
    """sqrt(a^2 + b^2), exact when one side is absent."""
    if not a:
        return b
    if not b:
        return a
    return root(a**2 + b**2)
