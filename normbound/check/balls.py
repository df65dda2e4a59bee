"""Balls as entries of NumPy object arrays: forward passes in arithmetic that encloses the exact result.

A ``Ball`` wraps ``flint.arb`` at the context precision. Every operation returns an enclosure of the exact result. A
comparison that the two enclosures do not settle raises ``Undecided`` instead of answering, so no branch of a forward
pass is ever taken by luck; whoever runs the pass repeats it with more bits. An operation that has no value at all
(division by zero, a double that is not a number) raises ``Undefined``. There is no conversion to float.

Doubles enter exactly: each is a rational number with a power of two as denominator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, ctx, fmpq

from normbound.errors import NormboundError

Array = Any
_ZERO = arb(0)


class Undecided(NormboundError, ArithmeticError):
    """The balls overlap at this precision, so a comparison or a division has no certain outcome."""


class Undefined(NormboundError, ArithmeticError):
    """The operation has no value: division by zero, a root or logarithm of a negative number, not a number."""


def to_arb(value: Any) -> arb:
    """An enclosure of an exact number; exact where the context precision holds all its bits."""
    kind = value.__class__
    if kind is Ball:
        return value.arb
    if kind is arb or kind is int:
        return value if kind is arb else arb(value)
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return arb(int(value))
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            raise Undefined(f"found {float(value)}, which is no real number")
        return arb(float(value))
    raise TypeError(f"no ball from {kind.__name__}")


class Ball:
    """An enclosure of one real number."""

    __slots__ = ("arb",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any = 0):
        self.arb = to_arb(value)

    def __repr__(self) -> str:
        return f"Ball({self.arb.str(12)})"

    # -- arithmetic ---------------------------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Ball:
        if other.__class__ is np.ndarray:
            return NotImplemented  # the array goes through its entries
        return _ball(self.arb + _operand(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Ball:
        if other.__class__ is np.ndarray:
            return NotImplemented  # the array goes through its entries
        return _ball(self.arb - _operand(other))

    def __rsub__(self, other: Any) -> Ball:
        if other.__class__ is np.ndarray:
            return NotImplemented  # the array goes through its entries
        return _ball(_operand(other) - self.arb)

    def __mul__(self, other: Any) -> Ball:
        if other.__class__ is np.ndarray:
            return NotImplemented  # the array goes through its entries
        return _ball(self.arb * _operand(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Ball:
        if other.__class__ is np.ndarray:
            return NotImplemented  # the array goes through its entries
        return _ball(_quotient(self.arb, _operand(other)))

    def __rtruediv__(self, other: Any) -> Ball:
        if other.__class__ is np.ndarray:
            return NotImplemented  # the array goes through its entries
        return _ball(_quotient(_operand(other), self.arb))

    def __pow__(self, exponent: Any) -> Ball:
        if exponent == 0.5:
            return self.sqrt()
        n = int(exponent)
        if n != exponent:
            raise TypeError(f"power of a ball: found the exponent {exponent}; whole numbers and 1/2 are accepted")
        result = arb(1)
        for _ in range(abs(n)):
            result = result * self.arb
        return _ball(result if n >= 0 else _quotient(arb(1), result))

    def __neg__(self) -> Ball:
        return _ball(-self.arb)

    def __pos__(self) -> Ball:
        return self

    def __abs__(self) -> Ball:
        return _ball(abs(self.arb))

    # -- comparisons: certain, or an error --------------------------------------------------------------------------
    def _less(self, other: Any, strict: bool) -> bool:
        a, b = self.arb, _operand(other)
        if (a < b) if strict else (a <= b):
            return True
        if (a >= b) if strict else (a > b):
            return False
        raise Undecided(f"{a.str(8)} and {b.str(8)} overlap")

    def __lt__(self, other: Any) -> bool:
        return self._less(other, True)

    def __le__(self, other: Any) -> bool:
        return self._less(other, False)

    def __gt__(self, other: Any) -> bool:
        return not self._less(other, False)

    def __ge__(self, other: Any) -> bool:
        return not self._less(other, True)

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, (Ball, int, float, Fraction, np.integer, np.floating)):
            return NotImplemented
        a, b = self.arb, to_arb(other)
        if a == b:  # both exact
            return True
        if not a.overlaps(b):
            return False
        raise Undecided(f"{a.str(8)} and {b.str(8)} overlap")

    def __ne__(self, other: Any) -> bool:
        return not self == other

    def __bool__(self) -> bool:
        return self != 0

    # -- functions: NumPy calls these on object arrays ---------------------------------------------------------------
    def sqrt(self) -> Ball:
        """The root; of a ball that reaches below zero, the root of its part above: less has no root."""
        x = self.arb
        if x >= 0:
            return _ball(x.sqrt())
        if x < 0:
            raise Undefined(f"the root of the negative number {x.str(8)}")
        if not x.is_finite():
            raise Undecided("the root of an unbounded enclosure")
        return _ball(x.upper().sqrt().union(_ZERO))

    def log(self) -> Ball:
        if self.arb <= 0:
            raise Undefined(f"the logarithm of {self.arb.str(8)}")
        if not self.arb > 0:
            raise Undecided(f"the logarithm of {self.arb.str(8)}, not separated from zero")
        return _ball(self.arb.log())

    def exp(self) -> Ball:
        return _ball(self.arb.exp())

    def expm1(self) -> Ball:
        return _ball(self.arb.expm1())

    def tanh(self) -> Ball:
        return _ball(self.arb.tanh())

    def sin(self) -> Ball:
        return _ball(self.arb.sin())

    def cos(self) -> Ball:
        return _ball(self.arb.cos())

    def erf(self) -> Ball:
        return _ball(self.arb.erf())

    def square(self) -> Ball:
        return _ball(self.arb * self.arb)

    def max(self, other: Any) -> Ball:
        """The larger of two numbers, as an enclosure: no comparison is decided."""
        return _ball(self.arb.max(_operand(other)))

    def min(self, other: Any) -> Ball:
        """The smaller of two numbers, as an enclosure."""
        return _ball(self.arb.min(_operand(other)))

    def choose(self, yes: Any, no: Any) -> Ball:
        """``yes`` where this number is positive, else ``no``; the hull of both where that is not decided."""
        if self.arb > 0:
            return Ball(yes)
        if self.arb <= 0:
            return Ball(no)
        return _ball(to_arb(yes).union(to_arb(no)))

    def softplus(self) -> Ball:
        """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))."""
        return _ball(self.arb.max(_ZERO) + (-abs(self.arb)).exp().log1p())

    def normal_cdf(self) -> Ball:
        """(1 + erf(x/sqrt 2))/2, without cancellation for negative x."""
        return _ball((-self.arb / arb(2).sqrt()).erfc() / 2)

    @classmethod
    def constant(cls, name: str) -> Ball:
        """A named constant of the activations, or "sqrt(2/pi)"."""
        if name == "sqrt(2/pi)":
            return cls((2 / arb.pi()).sqrt())
        from normbound.terms.constants import enclosure
        return cls(enclosure(name, ctx.prec))

    # -- ends ----------------------------------------------------------------------------------------------------------
    @property
    def finite(self) -> bool:
        return bool(self.arb.is_finite())


def _ball(value: arb) -> Ball:
    new = Ball.__new__(Ball)
    new.arb = value
    return new


def _operand(value: Any) -> arb:
    return value.arb if value.__class__ is Ball else to_arb(value)


def _quotient(a: arb, b: arb) -> arb:
    if b > 0 or b < 0:
        return a / b
    if b.is_zero():
        raise Undefined("division by zero")
    raise Undecided(f"the divisor {b.str(8)} is not separated from zero")


_each: Callable[[Array], Array] = np.frompyfunc(Ball, 1, 1)


def to_balls(values: Any) -> Array:
    """An object array of balls from an array of exact numbers (doubles, fractions, balls)."""
    array = values if isinstance(values, np.ndarray) else np.asarray(values, dtype=object)
    found = np.empty(array.shape, dtype=object)
    found[...] = _each(array)
    return found


def norm(values: Array) -> arb:
    """An enclosure of the Euclidean norm of all entries."""
    total = arb(0)
    for b in np.ravel(values):
        x = _operand(b)
        total = total + x * x
    return _ball(total).sqrt().arb


def largest(values: Array) -> arb:
    """An enclosure of the largest modulus of the entries; 0 for no entry."""
    top = arb(0)
    for b in np.ravel(values):
        top = top.max(abs(_operand(b)))
    return top


def top(x: arb) -> Fraction:
    """A rational number that is at least every number of the ball."""
    return _rational(x.upper())


def bottom(x: arb) -> Fraction:
    """A rational number that is at most every number of the ball."""
    return _rational(x.lower())


def _rational(x: arb) -> Fraction:
    if not x.is_finite():
        raise Undecided("an enclosure without a finite end")
    mantissa, exponent = (int(part) for part in x.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def enclose_spectral(matrix: Sequence[Sequence[Fraction]] | Array, bits: int) -> arb:
    """An enclosure of the spectral norm of a matrix of exact numbers; 0 for an empty one."""
    return _spectral(tuple(tuple(Fraction(x) for x in row) for row in matrix), bits)


@lru_cache(maxsize=4096)
def _spectral(rows: tuple[tuple[Fraction, ...], ...], bits: int) -> arb:
    from normbound.terms.norms import spectral_norm
    if not rows or not rows[0] or not any(x for row in rows for x in row):
        return arb(0)
    return spectral_norm(rows, bits)
