"""Tests of the named constants: decimals, nesting, and rigorous verification that each supremum is one.

The activations are written down here a second time, as power series in balls (``arb_series``), so that every
derivative is computed by automatic differentiation and not by the formulas of the module under test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import pytest
from flint import arb, arb_series, ctx, fmpq
from mpmath import mp, mpf  # type: ignore[import-untyped]

import normbound.terms.constants as constants
from normbound.terms.constants import CONSTANTS, Constant, enclosure

DECIMALS = {
    "pi": "3.14159265358979323846264338328",
    "log2": "0.693147180559945309417232121458",
    "gelu_lip": "1.128904145185154786340744442262",
    "gelu_curvature": "0.797884560802865355879892119869",
    "gelu_min": "0.169971207479903661693868470982",
    "gelu_tanh_lip": "1.128993068658771765455904470400",
    "gelu_tanh_min": "0.170040750571254050639067427988",
    "silu_lip": "1.099839320128866916958184924321",
    "silu_min": "0.278464542761073795109358739023",
    "mish_lip": "1.088498161251727861228293627392",
    "mish_min": "0.308843413017250406628760229042",
    "mish_curvature": "0.644204637236972429517659047057",
    "selu_alpha": "1.673263242354377284817042991672",
    "selu_scale": "1.050700987355480493419334985295",
    "selu_lip": "1.758099340847376859940217520812",
    "sigmoid_curvature": "0.096225044864937627418191463417",
    "tanh_curvature": "0.769800358919501019345531707336",
    "dyt_scale": "0.447743204694302849178324240970",
}

MISH_MIN_SLOPE = "0.112526122389462556407327901149"
BITS = (64, 128, 256, 1000)


@contextmanager
def working(bits: int) -> Iterator[None]:
    with ctx.workprec(bits):
        yield


def exact(x: Fraction | int | str) -> arb:
    q = Fraction(x)
    return arb(fmpq(q.numerator, q.denominator))


def hull(a: Fraction, b: Fraction) -> arb:
    """Ball containing [a, b]."""
    return exact(a).union(exact(b))


def agrees(value: arb, decimal: str) -> bool:
    """The decimal is within half a unit of its last digit of every number in the ball."""
    half_unit = Fraction(1, 2 * 10 ** len(decimal.partition(".")[2]))
    return abs(value - exact(decimal)) <= exact(half_unit)


# The activations, as power series ---------------------------------------------------------------------------

Series = Callable[[arb_series], arb_series]


def gelu(x: arb_series) -> arb_series:
    return x * (1 + (x / arb(2).sqrt()).erf()) / 2


def gelu_tanh(x: arb_series) -> arb_series:
    u = (2 / arb.pi()).sqrt() * (x + exact("0.044715") * x * x * x)
    return x * (1 - 1 / ((2 * u).exp() + 1))


def sigmoid(x: arb_series) -> arb_series:
    return 1 / (1 + (-x).exp())


def silu(x: arb_series) -> arb_series:
    return x * sigmoid(x)


def tanh(x: arb_series) -> arb_series:
    return 1 - 2 / ((2 * x).exp() + 1)


def mish(x: arb_series) -> arb_series:
    w = 1 + x.exp()
    return x * (1 - 2 / (w * w + 1))


def dyt_slope(t: arb_series) -> arb_series:
    u = tanh(t)
    return t * (1 - u * u)


def derivative(phi: Series, k: int, x: arb) -> arb:
    """phi^(k)(x), over the whole ball x; nan, which no comparison accepts, where the ball is too wide."""
    try:
        series = phi(arb_series([x, 1], k + 1))
    except ValueError as error:
        if "denominator" not in str(error):
            raise
        return arb.nan()
    assert series.prec > k, "truncated series: the coefficient would silently read 0"
    return series[k] * arb.fac_ui(k)


def stationary(phi: Series, k: int, low: Fraction, high: Fraction) -> arb:
    """Ball around a zero of phi^(k) in [low, high], by rigorous bisection at the working precision."""
    rising = bool(derivative(phi, k, exact(low)) < 0)
    assert derivative(phi, k, exact(high if rising else low)) > 0
    assert derivative(phi, k, exact(low if rising else high)) < 0
    for _ in range(ctx.prec - 16):
        middle = (low + high) / 2
        value = derivative(phi, k, exact(middle))
        if not (value < 0 or value > 0):
            break
        low, high = (middle, high) if bool(value < 0) == rising else (low, middle)
    return hull(low, high)


# Global suprema ------------------------------------------------------------------------------------------


def slope_tail(r: arb) -> arb:
    """|phi'| for |x| >= r >= 4, phi = x t(x) one of GELU, tanh-GELU, SiLU, Mish.

    |phi'| <= |t| + |x| t' with 0 <= t <= 1 and t' <= 4 (1 + x^2) e^-|x| for |x| >= 2. Indeed t' is
    p(x) <= e^-|x|; s'(v) v' <= e^-|v| v' with |v| >= 1.59 |x| and v' = 2 sqrt(2/pi) (1 + 3a x^2);
    s' <= e^-|x|; 4 w (w + 1)/D^2 <= min(w, 4/w^2), w = e^x. And x^k e^-x falls for x >= k.
    """
    return 1 + 4 * r * (1 + r**2) * (-r).exp()


def bend_tail(r: arb) -> arb:
    """|phi''| for |x| >= r >= 5, phi as in ``slope_tail``, or the logistic function or tanh themselves.

    |phi''| <= 2 t' + |x| |t''| with |t''| <= 8 (1 + x^2)^2 e^-|x| for |x| >= 2: |x| p(x); s''(v) v'^2 +
    s'(v) v'' <= e^-|v| (v'^2 + |v''|); |s''| <= s'; 4 w |q|/D^3 <= min(9 w/2, 8/w^2). And |s''| <= e^-|x|,
    |tanh''| <= 2 (1 - tanh^2) <= 8 e^-2|x|.
    """
    return 8 * (1 + r) * (1 + r**2) ** 2 * (-r).exp()


def depth_tail(r: arb) -> arb:
    """|phi| for x <= -r <= -2, phi as in ``slope_tail``: t <= 2 e^-|x| (Mish: (w^2 + 2w)/D <= 3w/2)."""
    return 2 * r * (-r).exp()


def dyt_tail(r: arb) -> arb:
    """|t|/cosh(t)^2 <= 4 |t| e^-2|t| for |t| >= r >= 1."""
    return 4 * r * (-2 * r).exp()


@dataclass(frozen=True)
class Supremum:
    """Claim: the constant is sup |f|, f = phi^(k), attained at the one stationary point of f in ``peak``.

    ``sign`` is the sign of f there. The search runs over ``side`` times [0, 24], or both sides; one side is
    enough if f is odd, and for the minima, because phi >= 0 for x >= 0.
    """

    name: str
    phi: Series
    k: int
    sign: int
    peak: tuple[str, str]
    tail: Callable[[arb], arb]
    argmax: str | None = None
    sides: tuple[int, ...] = (-1, 1)

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        return Fraction(self.peak[0]), Fraction(self.peak[1])


GELU_TANH_ARGMAX = "1.418504008790828355548033545600"
SUPREMA = [
    Supremum("gelu_lip", gelu, 1, 1, ("1.3", "1.5"), slope_tail, "1.4142135623730950488016887242"),
    Supremum("gelu_tanh_lip", gelu_tanh, 1, 1, ("1.3", "1.5"), slope_tail, GELU_TANH_ARGMAX),
    Supremum("silu_lip", silu, 1, 1, ("2.3", "2.5"), slope_tail, "2.399357280515467667832739697282"),
    Supremum("mish_lip", mish, 1, 1, ("1.4", "1.6"), slope_tail, "1.490571179485428459294418908198"),
    Supremum("gelu_min", gelu, 0, -1, ("-0.8", "-0.7"), depth_tail, sides=(-1,)),
    Supremum("gelu_tanh_min", gelu_tanh, 0, -1, ("-0.8", "-0.7"), depth_tail, sides=(-1,)),
    Supremum("silu_min", silu, 0, -1, ("-1.3", "-1.25"), depth_tail, sides=(-1,)),
    Supremum("mish_min", mish, 0, -1, ("-1.25", "-1.15"), depth_tail, sides=(-1,)),
    Supremum("gelu_curvature", gelu, 2, 1, ("-0.1", "0.15"), bend_tail),
    Supremum("gelu_curvature", gelu_tanh, 2, 1, ("-0.1", "0.15"), bend_tail),
    Supremum("mish_curvature", mish, 2, 1, ("-0.2", "0.05"), bend_tail, "-0.087934431314914211326685904456"),
    Supremum("sigmoid_curvature", sigmoid, 2, -1, ("1.2", "1.4"), bend_tail, sides=(1,)),
    Supremum("tanh_curvature", tanh, 2, -1, ("0.6", "0.7"), bend_tail, sides=(1,)),
    Supremum("dyt_scale", dyt_slope, 0, 1, ("0.7", "0.8"), dyt_tail, sides=(1,)),
]
REACH = 24


def claim_id(claim: Supremum) -> str:
    return f"{claim.name}-{claim.phi.__name__}"


def boxes_below(f: Callable[[arb], arb], low: Fraction, high: Fraction, bound: arb) -> int:
    """Prove f < bound on [low, high] by branch and bound; number of boxes used. Fails at width 2**-20."""
    count, stack = 0, [(low, high)]
    while stack:
        a, b = stack.pop()
        count += 1
        if not f(hull(a, b)) < bound:
            assert b - a > Fraction(1, 2**20), f"undecided on [{float(a)}, {float(b)}]"
            middle = (a + b) / 2
            stack += [(a, middle), (middle, b)]
    return count


@pytest.mark.parametrize("claim", SUPREMA, ids=claim_id)
def test_constant_is_the_value_at_the_stationary_point(claim: Supremum) -> None:
    with working(192):
        x = stationary(claim.phi, claim.k + 1, *claim.interval)
        value = claim.sign * derivative(claim.phi, claim.k, x)
        assert value.rad() < exact(Fraction(1, 2**128))
        assert value.overlaps(enclosure(claim.name, 128))
        if claim.argmax:
            assert agrees(x, claim.argmax)


@pytest.mark.parametrize("claim", SUPREMA, ids=claim_id)
def test_constant_is_the_global_supremum(claim: Supremum) -> None:
    """|f| is strictly below the constant off the peak, and sign f is strictly concave on it.

    With the value at the stationary point (previous test) this gives sup |f| <= upper end + 2**-127, and
    equality of the supremum and the constant since the latter is defined as that value.
    """
    low, high = claim.interval

    def size(x: arb) -> arb:
        return abs(derivative(claim.phi, claim.k, x))

    with working(64):
        bound = enclosure(claim.name, 128).lower()
        boxes_below(lambda x: claim.sign * derivative(claim.phi, claim.k + 2, x), low, high, arb(0))
        ends = {-1: Fraction(-REACH), 1: Fraction(REACH)}
        start = ends[-1] if -1 in claim.sides else Fraction(0)
        stop = ends[1] if 1 in claim.sides else Fraction(0)
        boxes_below(size, start, low, bound)
        boxes_below(size, high, stop, bound)
        assert claim.tail(arb(REACH)) < bound


def test_branch_and_bound_refutes_a_bound_that_is_too_small() -> None:
    with working(64), pytest.raises(AssertionError, match="undecided"):
        boxes_below(lambda x: derivative(mish, 1, x), Fraction(1), Fraction(2), exact("1.0884"))


def test_every_supremum_is_verified() -> None:
    plain = {"pi", "log2", "selu_alpha", "selu_scale", "selu_lip"}
    assert {claim.name for claim in SUPREMA} | plain == set(CONSTANTS)


def test_mish_curvature_argument() -> None:
    """On [-1/2, 0] phi''' D^4/w is decreasing; left of -1/2 and right of 1.49 |phi''| < 0.61."""

    def jerk_slope(x: arb) -> arb:
        t = arb_series([x, 1], 5)
        w = t.exp()
        d = w * w + 2 * w + 2
        jerk = mish(t).derivative().derivative().derivative() * d * d * d * d / w
        assert jerk.prec == 2
        return jerk[1]

    with working(64):
        boxes_below(jerk_slope, Fraction(-1, 2), Fraction(0), arb(0))
        assert derivative(mish, 3, exact("-0.5")) > 0 and derivative(mish, 3, arb(0)) < 0
        for low, high in (("-24", "-0.5"), ("1.49", "24")):
            boxes_below(lambda x: abs(derivative(mish, 2, x)), Fraction(low), Fraction(high), exact("0.61"))
        y = exact("1.49")
        assert derivative(mish, 2, y) > 0 and 8 * y * (-2 * y).exp() < exact("0.61")


def test_slopes_from_below() -> None:
    """Minimal slopes: 1 - rho for GELU; the one of Mish is smaller than rho in absolute value."""
    with working(192):
        assert agrees(-derivative(mish, 1, stationary(mish, 2, Fraction(-3), Fraction(-2))), MISH_MIN_SLOPE)
        x = stationary(gelu, 2, Fraction(-2), Fraction(-1))
        assert derivative(gelu, 1, x).overlaps(1 - enclosure("gelu_lip", 128))


# Decimals, precision, interface --------------------------------------------------------------------------


def test_decimals_cover_the_table() -> None:
    assert DECIMALS.keys() == CONSTANTS.keys()


@pytest.mark.parametrize("name", CONSTANTS)
def test_decimals(name: str) -> None:
    with working(192):
        assert agrees(enclosure(name, 160), DECIMALS[name])


@pytest.mark.parametrize("name", CONSTANTS)
def test_enclosures_are_nested_and_thin(name: str) -> None:
    balls = [enclosure(name, bits) for bits in BITS]
    with working(2048):
        for bits, ball in zip(BITS, balls, strict=True):
            assert ball.rad() < ball.abs_lower() * arb((1, 8 - bits))
        for outer, inner in pairwise(balls):
            assert outer.contains(inner)


@pytest.mark.parametrize("name", CONSTANTS)
def test_nesting_at_all_neighbouring_precisions(name: str) -> None:
    balls = [enclosure(name, bits) for bits in range(1, 130)]
    with working(512):
        assert all(outer.contains(inner) for outer, inner in pairwise(balls))


@pytest.mark.parametrize("name", CONSTANTS)
def test_raw_enclosures_contain_the_constant(name: str) -> None:
    fine = enclosure(name, 1000)
    with working(1200):
        assert all(CONSTANTS[name].enclose(bits).contains(fine) for bits in (24, 53, 113, 500))


def mp_values() -> dict[str, mpf]:
    """The constants from definitions, in mpmath: unrelated code, and roots of numerical derivatives."""

    def phi_gelu(x: mpf) -> mpf:
        return x * mp.ncdf(x)

    def phi_gelu_tanh(x: mpf) -> mpf:
        return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf(44715) / 10**6 * x**3)))

    def phi_silu(x: mpf) -> mpf:
        return x / (1 + mp.exp(-x))

    def phi_mish(x: mpf) -> mpf:
        return x * mp.tanh(mp.log(1 + mp.exp(x)))

    def extremum(phi: Callable[[mpf], mpf], k: int, start: str) -> mpf:
        x = mp.findroot(lambda t: mp.diff(phi, t, k + 1), mpf(start))
        return abs(mp.diff(phi, x, k))

    alpha = -mp.quad(lambda z: z * mp.npdf(z), [0, 4, 16, 32]) / mp.quad(
        lambda z: mp.expm1(z) * mp.npdf(z), [-32, -16, -4, 0]
    )
    scale = 1 / mp.sqrt(
        mpf(1) / 2 + alpha**2 * mp.quad(lambda z: mp.expm1(z) ** 2 * mp.npdf(z), [-32, -16, -4, 0])
    )
    return {
        "pi": 2 * mp.asin(1),
        "log2": mp.findroot(lambda y: mp.exp(y) - 2, mpf("0.7")),
        "gelu_lip": extremum(phi_gelu, 1, "1.4"),
        "gelu_curvature": abs(mp.diff(phi_gelu, 0, 2)),
        "gelu_min": extremum(phi_gelu, 0, "-0.75"),
        "gelu_tanh_lip": extremum(phi_gelu_tanh, 1, "1.4"),
        "gelu_tanh_min": extremum(phi_gelu_tanh, 0, "-0.75"),
        "silu_lip": extremum(phi_silu, 1, "2.4"),
        "silu_min": mp.lambertw(mp.exp(-1)).real,
        "mish_lip": extremum(phi_mish, 1, "1.5"),
        "mish_min": extremum(phi_mish, 0, "-1.2"),
        "mish_curvature": extremum(phi_mish, 2, "-0.09"),
        "selu_alpha": alpha,
        "selu_scale": scale,
        "selu_lip": scale * alpha,
        "sigmoid_curvature": extremum(lambda x: 1 / (1 + mp.exp(-x)), 2, "1.3"),
        "tanh_curvature": extremum(mp.tanh, 2, "0.65"),
        "dyt_scale": extremum(lambda t: t * mp.sech(t) ** 2, 0, "0.77"),
    }


def test_mpmath_agrees_to_60_digits() -> None:
    with mp.workdps(90):
        values = {name: mp.nstr(value, 75) for name, value in mp_values().items()}
    assert values.keys() == CONSTANTS.keys()
    with working(400):
        tolerance = exact(Fraction(1, 10**60))
        off = [name for name, v in values.items() if not abs(enclosure(name, 300) - exact(v)) < tolerance]
    assert off == []


def test_relations() -> None:
    c = {name: enclosure(name, 256) for name in CONSTANTS}
    with working(300):
        assert c["silu_min"].overlaps(arb(-1).exp().lambertw())
        assert c["selu_lip"].overlaps(c["selu_scale"] * c["selu_alpha"])
        assert c["selu_scale"] > 1 and c["selu_alpha"] > 1
        assert c["tanh_curvature"].overlaps(8 * c["sigmoid_curvature"])
        assert c["gelu_curvature"].overlaps((2 / c["pi"]).sqrt())


@pytest.mark.parametrize("name", ["", "gelu", "GELU_LIP", "hardswish_lip"])
def test_unknown_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"unknown constant .*; known: .*gelu_lip.*silu_lip"):
        enclosure(name, 64)


@pytest.mark.parametrize("bits", [0, -5])
def test_bits_must_be_positive(bits: int) -> None:
    with pytest.raises(ValueError, match="bits must be at least 1"):
        enclosure("pi", bits)


@pytest.mark.parametrize("name", CONSTANTS)
def test_precision_is_restored_and_does_not_matter(name: str) -> None:
    constants._enclosure.cache_clear()
    with working(77):
        low = enclosure(name, 200)
        CONSTANTS[name].enclose(90)
        assert ctx.prec == 77
    constants._enclosure.cache_clear()
    with working(999):
        high = enclosure(name, 200)
        assert ctx.prec == 999
        assert low.contains(high) and high.contains(low)
    assert enclosure(name, 200) is high


def test_precision_is_restored_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def wide() -> arb:
        return arb(1, 1)

    broken = constants._constant("broken", "", "", "", wide)
    missing = constants._constant("missing", "", "", "", lambda: constants._root(lambda x: x * x + 1, 0))
    monkeypatch.setitem(CONSTANTS, "broken", broken)
    monkeypatch.setitem(CONSTANTS, "missing", missing)
    with working(77):
        with pytest.raises(ArithmeticError, match="not reached"):
            enclosure("broken", 64)
        with pytest.raises(ArithmeticError, match="no certified sign change"):
            enclosure("missing", 64)
        assert ctx.prec == 77


def test_root_stays_valid_when_a_sign_is_undecided() -> None:
    """A root that is a dyadic rational stops the bisection with a valid, wide cell."""
    with working(64):
        ball = constants._root(lambda x: 4 * x - 1, 0)
        assert ball.contains(exact("0.25")) and hull(Fraction(0), Fraction(1)).contains(ball)
        assert constants._root(lambda x: 2 - x * x, 1).overlaps(arb(2).sqrt())


@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=lambda c: c.name)
def test_texts(constant: Constant) -> None:
    assert constant.name.isidentifier() and CONSTANTS[constant.name] is constant
    for text in (constant.tex, constant.definition, constant.argument):
        assert text and text == text.strip() and "\n" not in text and "  " not in text
    assert constant.argument.endswith(".") and constant.tex.count("{") == constant.tex.count("}")
