"""Named real constants of activation functions, each defined by an equation and enclosed to any precision.

Every constant is a supremum (a Lipschitz constant ``sup |phi'|``, a curvature ``sup |phi''|``, the depth of a
minimum) or a plain number such as pi. Enclosures are computed in ball arithmetic (python-flint ``arb``):
roots of equations are bracketed by dyadic rationals with rigorous sign changes, without floating point.

Notation: s is the logistic function, p and Phi are the standard normal density and distribution function.
Sources of the activations: GELU and its tanh form, Hendrycks and Gimpel, arXiv 1606.08415; SiLU, Elfwing,
Uchibe and Doya, arXiv 1702.03118; Mish, Misra, arXiv 1908.08681; SELU, Klambauer et al., arXiv 1706.02515;
DyT, Zhu et al., arXiv 2503.10622. The proofs are elementary; each constant carries its own in ``argument``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flint import arb

__all__ = ["CONSTANTS", "Constant", "enclosure"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A real number with its TeX name, its definition (TeX prose), a proof sketch and its enclosure.

    ``enclose(bits)`` works at ``bits`` bits and returns a ball that contains the constant, of whatever radius
    came out (ArithmeticError if, below 8 bits, a sign is not decided); use ``enclosure`` for a guaranteed
    relative radius. It leaves ``flint.ctx.prec`` as it was.
    """

    name: str
    tex: str
    definition: str
    argument: str
    enclose: Callable[[int], arb]


def _constant(name: str, tex: str, definition: str, argument: str, body: Callable[[], arb]) -> Constant:
    """Constant from a ``body`` that encloses it at the current working precision."""

    def enclose(bits: int) -> arb:
        from flint import ctx

        with ctx.workprec(bits):
            return body()

    return Constant(name, tex, definition, argument, enclose)


def _ball(numerator: int, denominator: int = 1) -> arb:
    from flint import arb

    return arb(numerator) / denominator


def _pi() -> arb:
    from flint import arb

    return arb.pi()


def _sign(y: arb) -> int:
    """Sign that all numbers of the ball share; 0 if undecided."""
    return (y > 0) - (y < 0)


def _root(f: Callable[[arb], arb], n: int) -> arb:
    """Ball around a zero of the continuous ``f`` in (n, n + 1), by bisection with rigorous signs.

    The cell [low, low + 1] / 2**scale has certified opposite signs at its exact end points at every moment;
    bisection stops at the working precision, or where a sign stays undecided (the cell is wider, but valid).
    """
    from flint import arb, ctx

    left, right = _sign(f(arb(n))), _sign(f(arb(n + 1)))
    if left * right != -1:
        raise ArithmeticError(f"no certified sign change on [{n}, {n + 1}] at {ctx.prec} bits")
    low, scale = n, 0
    while scale < ctx.prec and (sign := _sign(f(arb((2 * low + 1, -scale - 1))))):
        low, scale = 2 * low + (sign == left), scale + 1
    return arb((2 * low + 1, -scale - 1), (1, -scale - 1))


def _cdf(x: arb) -> arb:
    """Phi(x)."""
    return (-x / _ball(2).sqrt()).erfc() / 2


def _gelu_slope(x: arb) -> arb:
    return _cdf(x) + x * (-x * x / 2).exp() / (2 * _pi()).sqrt()


def _gelu_tanh_v(x: arb) -> tuple[arb, arb, arb]:
    """The v with GELU_tanh(x) = x s(v), and its two derivatives."""
    a, c = _ball(44715, 10**6), (8 / _pi()).sqrt()
    return c * (x + a * x**3), c * (1 + 3 * a * x**2), 6 * a * c * x


def _gelu_tanh_slope(x: arb) -> arb:
    v, dv, _ = _gelu_tanh_v(x)
    s = 1 / (1 + (-v).exp())
    return s * (1 + x * (1 - s) * dv)


def _gelu_tanh_turn(x: arb) -> arb:
    """-phi''/s'(v)."""
    v, dv, ddv = _gelu_tanh_v(x)
    return x * dv**2 * (v / 2).tanh() - 2 * dv - x * ddv


def _mish_parts(x: arb) -> tuple[arb, arb, arb]:
    """w = e^x, D = w^2 + 2w + 2 and q: Mish = x T with T = 1 - 2/D, T' = 4w(w + 1)/D^2, T'' = 4wq/D^3."""
    w = x.exp()
    return w, w**2 + 2 * w + 2, 2 + 2 * w - 3 * w**2 - 2 * w**3


def _mish_slope(x: arb) -> arb:
    w, d, _ = _mish_parts(x)
    return w * ((w + 2) * d + 4 * x * (w + 1)) / d**2


def _mish_bend(x: arb) -> arb:
    """phi''."""
    w, d, q = _mish_parts(x)
    return 4 * w * (2 * (w + 1) * d + x * q) / d**3


def _mish_jerk(x: arb) -> arb:
    """phi''' D^4/(4w)."""
    w, d, q = _mish_parts(x)
    return 3 * q * d + x * (4 - 32 * w**2 - 24 * w**3 + 5 * w**4 + 4 * w**5)


def _selu_alpha() -> arb:
    return (2 / _pi()).sqrt() / (1 - 2 * _ball(1, 2).exp() * _cdf(_ball(-1)))


def _selu_scale() -> arb:
    square = _ball(2).exp() * _cdf(_ball(-2)) - 2 * _ball(1, 2).exp() * _cdf(_ball(-1)) + _ball(1, 2)
    return 1 / (_ball(1, 2) + _selu_alpha() ** 2 * square).sqrt()


_GELU_TANH = "phi(x) = x s(v), v = 2 sqrt(2/pi) (x + a x^3), a = 0.044715"
_MISH = "phi(x) = x tanh(ln(1 + e^x))"
_SELU = "selu(x) = lambda x for x > 0, lambda alpha (e^x - 1) for x <= 0"

# fmt: off
_TABLE = (
    _constant("pi", r"\pi", r"the least positive zero of $\sin$", "definition; enclosed by flint's const_pi.", _pi),
    _constant("log2", r"\ln 2", r"$e^y = 2$ at $y = \ln 2$, the value of softplus at 0",
        "exp is increasing, so the root is unique; enclosed as the logarithm of the exact ball 2.",
        lambda: _ball(2).log()),
    _constant("gelu_lip", r"\rho_{\mathrm{GELU}}",
        r"$\sup \abs{\phi'}$ for $\phi(x) = x \Phi(x)$, which is $\phi'(\sqrt{2})$",
        "phi'' = (2 - x^2) p(x), so phi', with limits 0 at -oo and 1 at oo, rises only on [-sqrt 2, sqrt 2]: "
        "its sup is phi'(sqrt 2) > 1, and phi'(-x) = 1 - phi'(x) gives inf phi' = 1 - sup phi' > -sup phi'.",
        lambda: (1 + _ball(1).erf()) / 2 + _ball(-1).exp() / _pi().sqrt()),
    _constant("gelu_curvature", r"\kappa_{\mathrm{GELU}}",
        r"$\sup \abs{\phi''}$ for $\phi(x) = x \Phi(x)$, which is $\phi''(0) = \frac{2}{\sqrt{2 \pi}}$",
        "phi'' = (2 - x^2) p(x) tends to 0 and phi''' = (x^3 - 4x) p(x) vanishes only at 0 and +-2, where "
        "phi'' equals 2/sqrt(2 pi) and -2 exp(-2)/sqrt(2 pi).",
        lambda: (2 / _pi()).sqrt()),
    _constant("gelu_min", r"m_{\mathrm{GELU}}",
        r"$-\min \phi$ for $\phi(x) = x \Phi(x)$",
        "phi >= 0 on x >= 0, and on x <= 0 phi' falls from 0 up to -sqrt 2 and then rises to 1/2 (see "
        "gelu_lip), so it has one zero z, and phi falls before and rises after z.",
        lambda: -(z := _root(_gelu_slope, -1)) * _cdf(z)),
    _constant("gelu_tanh_lip", r"\rho_{\mathrm{GELU,tanh}}",
        r"$\sup \abs{\phi'}$ for $\phi(x) = x s(v)$ with the logistic function $s$ and $v = 2 \sqrt{2/\pi}\, (x + a x^3)$, $a = 0.044715$",
        "phi'' has the sign of -g, g = x v' tanh(v/2) - 4 + 2/(1 + 3a x^2), and for x > 0, T = tanh(v/2), "
        "g' >= 2 sqrt(2/pi) T + (4/pi) x (1 - T^2) - 12a x/(1 + 3a x^2)^2 > 0 (split at T^2 = 1/2), so phi' "
        "rises on [0, y] and then falls to 1, and phi'(-x) = 1 - phi'(x) gives inf phi' = 1 - sup phi'.",
        lambda: _gelu_tanh_slope(_root(_gelu_tanh_turn, 1))),
    _constant("gelu_tanh_min", r"m_{\mathrm{GELU,tanh}}",
        r"$-\min \phi$ for $\phi(x) = x s(v)$ with the logistic function $s$ and $v = 2 \sqrt{2/\pi}\, (x + a x^3)$, $a = 0.044715$",
        "phi >= 0 on x >= 0, and on x <= 0 phi' falls from 0 up to -y and then rises to 1/2 (y > 1 as in "
        "gelu_tanh_lip), so it has one zero z, and phi falls before and rises after z.",
        lambda: -(z := _root(_gelu_tanh_slope, -1)) / (1 + (-_gelu_tanh_v(z)[0]).exp())),
    _constant("silu_lip", r"\rho_{\mathrm{SiLU}}",
        r"$\sup \abs{\phi'}$ for $\phi(x) = x s(x)$ with the logistic function $s$, which is $\frac{1}{2} + \frac{y}{4}$ "
        r"where $y \tanh(y/2) = 2$",
        "phi'' = s' (2 - x tanh(x/2)) and x tanh(x/2) is even and rises on x > 0, so phi' rises on [0, y], "
        "falls to 1 after y, s(y) = (1 + 2/y)/2 gives phi'(y), and phi'(-x) = 1 - phi'(x) gives the infimum.",
        lambda: _ball(1, 2) + _root(lambda x: x * (x / 2).tanh() - 2, 2) / 4),
    _constant("silu_min", r"m_{\mathrm{SiLU}}",
        r"$-\min \phi$ for $\phi(x) = x s(x)$ with the logistic function $s$, the $w$ with $w e^w = e^{-1}$",
        "phi' = s (1 - s) (1 + e^x + x) has an increasing last factor, so its one zero x = -1 - w is the "
        "global minimiser, and there e^x = w and phi = -(1 + w)/(1 + 1/w) = -w.",
        lambda: _root(lambda w: w * (w + 1).exp() - 1, 0)),
    _constant("mish_lip", r"\rho_{\mathrm{Mish}}",
        r"$\sup \abs{\phi'}$ for $\phi(x) = x \tanh(\ln(1 + e^x))$",
        "phi'' has the sign of 1 - x r(e^x), r(w) = 1 - (3w^2 + 10w + 6)/(2w^3 + 6w^2 + 8w + 4) rising from "
        "-1/2 to 1 and r(1) > 0, so x r rises on x > 0 and, where positive, falls on x < 0: phi' falls from "
        "0, rises up to y and falls to 1, and on x < 0, with T = phi/x, phi' >= x T' >= x e^x >= -1/e.",
        lambda: _mish_slope(_root(_mish_bend, 1))),
    _constant("mish_min", r"m_{\mathrm{Mish}}",
        r"$-\min \phi$ for $\phi(x) = x \tanh(\ln(1 + e^x))$",
        "phi >= 0 on x >= 0, and on x <= 0 phi' falls from 0 and then rises to phi'(0) = 3/5 (see mish_lip), "
        "so it has one zero z, and phi falls before and rises after z.",
        lambda: -(z := _root(_mish_slope, -2)) * (1 - 2 / _mish_parts(z)[1])),
    _constant("mish_curvature", r"\kappa_{\mathrm{Mish}}",
        r"$\sup \abs{\phi''}$ for $\phi(x) = x \tanh(\ln(1 + e^x))$",
        "with T = phi/x, phi'' = 2T' + x T'': for x <= -1/2 |phi''| <= max(2T', |x| T'') < 0.61, on "
        "[-1/2, 0] phi''' is positive times a decreasing function and vanishes once, on [0, y] (y > 1.49, "
        "see mish_lip) phi'' falls from 0.64 to 0, and then 0 >= phi'' >= -x |T''| >= -8x exp(-2x) > -0.61.",
        lambda: _mish_bend(_root(_mish_jerk, -1))),
    _constant("selu_alpha", r"\alpha_{\mathrm{SELU}}",
        r"the $\alpha$ for which $\lambda x$ ($x > 0$), $\lambda \alpha (e^x - 1)$ ($x \le 0$) has mean 0 at a standard normal $x$",
        "E selu(Z)/lambda = 1/sqrt(2 pi) + alpha (exp(1/2) Phi(-1) - 1/2) is linear in alpha with slope < 0, "
        "so the fixed point (mean 0, variance 1) determines alpha.",
        _selu_alpha),
    _constant("selu_scale", r"\lambda_{\mathrm{SELU}}",
        r"the $\lambda$ for which $\lambda x$ ($x > 0$), $\lambda \alpha (e^x - 1)$ ($x \le 0$) has variance 1 at a standard normal $x$",
        "E selu(Z)^2 = lambda^2 (1/2 + alpha^2 (exp(2) Phi(-2) - 2 exp(1/2) Phi(-1) + 1/2)), so the fixed "
        "point (mean 0, variance 1) determines lambda > 0.",
        _selu_scale),
    _constant("selu_lip", r"\rho_{\mathrm{SELU}}",
        r"$\sup \abs{\phi'}$ for $\phi(x) = \lambda x$ ($x > 0$), $\lambda \alpha (e^x - 1)$ ($x \le 0$), which is $\lambda \alpha$",
        "the slope is lambda for x > 0 and lambda alpha e^x < lambda alpha for x < 0, and alpha > 1, so the "
        "supremum is the limit of the slope as x -> 0- and is not attained.",
        lambda: _selu_scale() * _selu_alpha()),
    _constant("sigmoid_curvature", r"\kappa_{\sigma}",
        r"$\sup \abs{s''}$ for the logistic function $s$, which is $\frac{1}{6 \sqrt{3}}$",
        "s'' = s (1 - s) (1 - 2s) is a cubic in s in (0, 1), odd about 1/2, zero at 0, 1/2 and 1, and "
        "stationary only at s = (3 +- sqrt 3)/6.",
        lambda: 1 / (6 * _ball(3).sqrt())),
    _constant("tanh_curvature", r"\kappa_{\tanh}",
        r"$\sup \abs{\tanh''}$, which is $\frac{4}{3 \sqrt{3}}$",
        "tanh'' = -2T (1 - T^2) is an odd cubic in T = tanh in (-1, 1), zero at 0 and +-1, and stationary "
        "only at T = +-1/sqrt 3.",
        lambda: 4 / (3 * _ball(3).sqrt())),
    _constant("dyt_scale", r"\tau_{\mathrm{DyT}}",
        r"$\sup \abs{t}/\cosh(t)^2$, which is $y - \frac{1}{4 y}$ where $y \tanh(y) = \frac{1}{2}$",
        "the derivative is (1 - 2t tanh t)/cosh(t)^2 and t tanh t rises on t > 0, so the odd t/cosh(t)^2 "
        "rises on [0, y] and then falls to 0, and y (1 - tanh(y)^2) = y - 1/(4y).",
        lambda: (y := _root(lambda t: 2 * t * t.tanh() - 1, 0)) - 1 / (4 * y)),
)
# fmt: on

CONSTANTS: dict[str, Constant] = {c.name: c for c in _TABLE}
"""All constants by name."""


def enclosure(name: str, bits: int) -> arb:
    """Ball that contains the constant, of relative radius below ``2**-(bits - 8)``.

    The result depends on the arguments alone and contains the result for any larger ``bits``: a ball of
    relative radius below ``2**-(bits + 4)`` is multiplied by ``1 +- 2**-bits``. Results are cached.

    Raises:
        ValueError: unknown name, or ``bits < 1``.
        ArithmeticError: no working precision that was tried sufficed (happens for no constant of this table).
    """
    if name not in CONSTANTS:
        raise ValueError(f"unknown constant {name!r}; known: {', '.join(sorted(CONSTANTS))}")
    if bits < 1:
        raise ValueError(f"bits must be at least 1, got {bits}")
    return _enclosure(name, bits)


@lru_cache(maxsize=1024)
def _enclosure(name: str, bits: int) -> arb:
    from flint import arb, ctx

    for extra in (32, 128, 1024, 8192):
        tight = CONSTANTS[name].enclose(bits + extra)
        with ctx.workprec(bits + extra):
            if tight.rad() * 2 ** (bits + 4) < tight.abs_lower():
                return tight * arb(1, (1, -bits))
    raise ArithmeticError(f"{name}: relative radius 2**-{bits + 4} not reached")
