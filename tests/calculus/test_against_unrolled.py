"""Closed forms of the built-in architectures against unrolled recurrences in plain fractions, in balls.

The recurrences (``unrolled.py``) share no code with the package; they were written from the mathematics alone.
"""

from fractions import Fraction as F

import pytest
import unrolled
from flint import arb, fmpq

from normbound import Store, builtin, derive, derive_all
from normbound.terms.constants import enclosure
from normbound.terms.evaluate import evaluate_many
from normbound.terms.store import sqrt

DEPTHS = range(11)
# Points with rational roots: sigma^2 + eps = 1 and v + eps = 1, d and n squares. s and t put the ratio at 0, 1, near 1,
# below and above; the other numbers are generic.
BASE = {"R": F(7, 3), "d": 4,
        "b": F(1, 3), "c": F(1, 7), "g": F(5, 4), "h": F(1, 5), "u": F(1, 2), "a": F(5, 4), "r": F(9, 2), "m": 2}
RATIOS = [F(0), F(4, 5), F(1), 1 + F(1, 10**7), F(6, 5), F(7, 3)]
SIGMA, EPS = F(3, 5), F(16, 25)


ARGUMENTS = {"mlp": "sb", "mlp-layernorm": "sbgh", "bias-dominated": "sbg", "post-norm": "sbgh", "pre-norm": "sbtcgh",
             "stages": "msbtcgh", "batchnorm-eval": "sghu", "batchnorm-train": "sgh", "dyt": "sbagh", "dense": "sbtc",
             "recurrent": "sb", "injected": "sbtc", "gelu": "sb", "two-layer": "sbtc", "gated": "rst"}
NORMALIZED = ("mlp-layernorm", "bias-dominated", "post-norm", "pre-norm", "stages", "batchnorm-train")


def oracle(name, point, K, n):
    """The unrolled recurrence of an architecture and its arguments; the roots are rational by the choice of points."""
    given = {"R": point["R"], "K": K, "n": n, "root_n": F({1: 1, 4: 2, 9: 3}[n])}
    given |= {k: point[k] for k in ARGUMENTS[name]}
    if name in (*NORMALIZED, "dyt"):
        given |= {"d": 4, "root_d": F(2)}
    if name in NORMALIZED:
        given["ell"] = F(1)
    if name == "batchnorm-eval":
        given["root_v"] = F(1)
    return getattr(unrolled, name.replace("-", "_")), given


def numbers(point, K, n=1):
    return {**point, "K": K, "n": n, "sigma": SIGMA, "eps": EPS, "v": F(9, 25), "k": 3}


def derived(name, values):
    """Radius, input bound and squared parameter bound of a built-in architecture, as balls."""
    with Store():
        bounds = derive_all(builtin(name).network)
        known = bounds["radius"].symbols()
        terms = [bounds["radius"].term, bounds["input"].term, bounds["parameters"].term ** 2]
        return evaluate_many(terms, {k: v for k, v in values.items() if k in known})


def agree(ball, exact):
    """The ball contains the exact fraction and is thin."""
    target = arb(fmpq(exact.numerator, exact.denominator))
    assert ball.overlaps(target), (ball, float(exact))
    assert ball.rad() <= abs(ball.mid()) * F(1, 10**20).__float__() + 1e-25


def check_point(name, point, K, n=1):
    function, given = oracle(name, point, K, n)
    for ball, exact in zip(derived(name, numbers(point, K, n)), function(**given), strict=True):
        agree(ball, F(exact))


PLAIN = ["mlp", "mlp-layernorm", "bias-dominated", "post-norm", "pre-norm", "stages", "dyt", "recurrent",
         "injected", "two-layer"]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("s", RATIOS, ids=str)
def test_plain(name, s):
    for t in (F(1), F(2, 3)):
        for K in DEPTHS:
            check_point(name, {**BASE, "s": s, "t": t, "g": F(1) if s == 1 else BASE["g"]}, K)


@pytest.mark.parametrize("name", ["batchnorm-eval", "batchnorm-train"])
@pytest.mark.parametrize("n", [1, 4, 9])
def test_batch(name, n):
    for s in RATIOS:
        for K in DEPTHS:
            check_point(name, {**BASE, "s": s}, K, n)


def test_gated():
    # r B >= 2 at every iteration, so that the sup of the sigmoid branch is 1, as in the oracle
    for s, t in ((F(1), F(1)), (F(1, 2), F(2, 3)), (F(6, 5), F(1))):
        for K in range(7):
            check_point("gated", {**BASE, "s": s, "t": t}, K)


def test_dense():
    for t in (F(1), F(4, 5), F(2, 3), F(0)):
        for K in DEPTHS:
            point = {**BASE, "s": F(3, 4), "t": t}
            function, given = oracle("dense", point, K, 1)
            for ball, exact in zip(derived("dense", numbers(point, K)), function(**given, hyp=F(5, 4)), strict=True):
                agree(ball, F(exact))


def test_gelu():
    """The constant of GELU is bracketed between two fractions; the oracle is increasing in it."""
    ball = enclosure("gelu_lip", 200)
    low, high = (F(*fraction_of(e)) for e in (ball.lower(), ball.upper()))
    for s in RATIOS:
        for K in DEPTHS:
            point = {**BASE, "s": s}
            function, given = oracle("gelu", point, K, 1)
            ends = zip(*(function(**given, rho=r) for r in (low, high)), strict=True)
            for value, (a, b) in zip(derived("gelu", numbers(point, K)), ends, strict=True):
                bracket = arb(fmpq(a.numerator, a.denominator)).union(arb(fmpq(b.numerator, b.denominator)))
                assert value.overlaps(bracket)
                assert bracket.rad() <= max(1.0, float(abs(bracket.mid()))) * 1e-14


def fraction_of(x):
    mantissa, exponent = x.man_exp()
    m, e = int(mantissa), int(exponent)
    return (m * 2**e, 1) if e >= 0 else (m, 2**-e)


def test_indexed():
    for K in DEPTHS:
        members = {k: [BASE[k] * F(j + 2, 3) for j in range(K)] for k in "bgh"}
        members["s"] = [F(j + 1, 2) for j in range(K)]
        expected = unrolled.indexed(R=BASE["R"], K=K, n=1, root_n=F(1), d=4, root_d=F(2), ell=[F(1)] * K, **members)
        values = {"R": BASE["R"], "d": 4, "K": K, "eps": EPS, "sigma": [SIGMA] * K, **members}
        for ball, exact in zip(derived("indexed", values), expected, strict=True):
            agree(ball, F(exact))


def test_trainable_subsets():
    for kinds in ({"weight"}, {"bias", "shift"}, {"gain"}, {"weight", "bias", "shift"}):
        for name, n in (("mlp-layernorm", 1), ("batchnorm-train", 4), ("batchnorm-eval", 4), ("pre-norm", 1), ("dyt", 1)):
            point = {**BASE, "s": F(6, 5), "t": F(2, 3)}
            with Store():
                architecture = builtin(name)
                bound = derive(architecture.network, "parameters", trainable=kinds)
                values = numbers(point, 3, n)
                ball = evaluate_many([bound.term ** 2], {s: values[s] for s in bound.symbols()})[0]
            function, given = oracle(name, point, 3, n)
            agree(ball, F(function(**given, trainable=kinds).param_sq))


def test_closed_forms_of_the_literature():
    """Equal plain layers: the published closed form away from ratio 1, and the polynomial at ratio 1."""
    with Store():
        bound = derive_all(builtin("mlp").network)["parameters"]
        for a, K in ((F(3, 2), 5), (F(1, 3), 4)):
            B0, c = F(2), F(1, 3)
            fixed = c / (1 - a)
            u = B0 - fixed
            expected = (K * a ** (2 * K - 2) * u**2 + 2 * u * fixed * a ** (K - 1) * (a**K - 1) / (a - 1)
                        + (fixed**2 + 1) * (a ** (2 * K) - 1) / (a**2 - 1))
            values = {"R": B0, "s": a, "b": c, "K": K, "d": 4}
            agree(evaluate_many([bound.term**2], {k: v for k, v in values.items() if k in bound.symbols()})[0], expected)
        B0, c, K = F(2), F(7, 10), 12
        expected = K * (B0**2 + 1) + B0 * c * K * (K - 1) + c**2 * (K - 1) * K * (2 * K - 1) / 6
        agree(evaluate_many([bound.term**2], {"R": B0, "s": 1, "b": c, "K": K, "d": 4})[0], expected)
        assert sqrt(bound.term**2) == bound.term
