"""Elementary functions of forward passes, on arrays of doubles and on object arrays of exact-arithmetic numbers.

A forward pass is written once. On doubles it calls NumPy; on an object array every entry is a number of its own
arithmetic (a ball that encloses a real number), which brings the methods sqrt, exp, tanh, ..., and those used here: max,
min, choose, softplus, normal_cdf, and the class method constant. Nothing here approximates such a number by a double.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

Array = Any

_erf = np.frompyfunc(math.erf, 1, 1)
_max = np.frompyfunc(lambda x, y: x.max(y), 2, 1)
_min = np.frompyfunc(lambda x, y: x.min(y), 2, 1)
_choose = np.frompyfunc(lambda x, yes, no: x.choose(yes, no), 3, 1)
_exact_cdf = np.frompyfunc(lambda x: x.normal_cdf(), 1, 1)
_exact_softplus = np.frompyfunc(lambda x: x.softplus(), 1, 1)

_DOUBLES = {"selu_scale": 1.0507009873554804934193349852946, "selu_alpha": 1.6732632423543772848170429916717,
            "sqrt(2/pi)": math.sqrt(2 / math.pi)}


def is_exact(x: Array) -> bool:
    """Whether ``x`` is an array of exact-arithmetic numbers."""
    return bool(getattr(x, "dtype", None) == np.dtype(object))


def maximum(x: Array, y: float) -> Array:
    """The larger of every entry and a number."""
    return _max(x, y) if is_exact(x) else np.maximum(x, y)


def minimum(x: Array, y: float) -> Array:
    """The smaller of every entry and a number."""
    return _min(x, y) if is_exact(x) else np.minimum(x, y)


def clip(x: Array, low: float, high: float) -> Array:
    """The projection of every entry onto [low, high]."""
    return minimum(maximum(x, low), high) if is_exact(x) else np.clip(x, low, high)


def where_positive(x: Array, yes: Array, no: Array) -> Array:
    """``yes`` where x > 0, else ``no``; complex x decides by its real part, an undecided ball gives both values' hull."""
    return _choose(x, yes, no) if is_exact(x) else np.where(x.real > 0, yes, no)


def normal_cdf(x: Array) -> Array:
    """The distribution function of the standard normal law."""
    return _exact_cdf(x) if is_exact(x) else 0.5 * (1 + _erf(x / math.sqrt(2)).astype(float))


def softplus(x: Array) -> Array:
    """log(1 + exp(x))."""
    return _exact_softplus(x) if is_exact(x) else np.logaddexp(0.0, x)


def number(x: Array, value: str | Fraction) -> Any:
    """A fixed number in the arithmetic of ``x``: a decimal, a fraction, or the name of a constant."""
    if isinstance(value, str) and value in _DOUBLES:
        return x.flat[0].constant(value) if is_exact(x) and x.size else _DOUBLES[value]
    return Fraction(value) if is_exact(x) else float(Fraction(value))
