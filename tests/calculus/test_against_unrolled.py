"""Closed forms of the built-in architectures against unrolled recurrences in plain fractions, in balls.

The recurrences (``unrolled.py``) share no code with the package; they were written from the mathematics alone.
"""

from fractions import Fraction as F

import pytest
import unrolled

from normbound import Store, builtin, derive_all
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


def oracle(name, point, K, n):
    function = getattr(unrolled, name.replace("-", "_"))
    root = {1: 1, 4: 2, 9: 3}[n]
    given = {"R": point["R"], "K": K, "n": n, "root_n": F(root)}
    if name not in ("mlp", "batchnorm-eval", "dense", "recurrent", "injected", "gelu", "two-layer", "gated"):
        given |= {"d": 4, "root_d": F(2)}
    wanted = {"mlp": "sb", "mlp-layernorm": "sbgh", "bias-dominated": "sbg", "post-norm": "sbgh", "pre-norm": "sbtcgh",
              "stages": "msbtcgh", "batchnorm-eval": "sghu", "batchnorm-train": "sgh", "dyt": "sbagh", "dense": "sbtc",
              "recurrent": "sb", "injected": "sbtc", "gelu": "sb", "two-layer": "sbtc", "gated": "rst"}[name]
    given |= {k: point[k] for k in wanted}
    if "ell" in function.__kwdefaults__ or name in ("mlp-layernorm", "bias-dominated", "post-norm", "pre-norm", "stages",
                                                    "batchnorm-train"):
        given["ell"] = F(1)
    if name == "batchnorm-eval":
        given["root_v"] = F(1)
    return function, given


def values_of(network, point, K, n):
    known = {**point, "K": K, "n": n, "sigma": SIGMA, "eps": EPS, "v": F(9, 25), "k": 3}
    store = network.input.features.store
    program = network.program()
    names = set(store.symbols(*[t for i in program.code for t in i.shape]))
    return known, names


def agree(ball, exact):
    """The ball contains the exact fraction and is thin."""
    from flint import arb, fmpq
    target = arb(fmpq(exact.numerator, exact.denominator))
    assert ball.overlaps(target), (ball, float(exact))
    assert ball.rad() <= abs(ball.mid()) * F(1, 10**20).__float__() + 1e-25


def check_point(name, point, K, n=1, rho=None):
    with Store():
        architecture = builtin(name)
        bounds = derive_all(architecture.network)
        known, _ = values_of(architecture.network, point, K, n)
        values = {s: known[s] for s in bounds["radius"].symbols()}
        squared = bounds["parameters"].term ** 2
        got = evaluate_many([bounds["radius"].term, bounds["input"].term, squared], values)
    function, given = oracle(name, point, K, n)
    if rho is None:
        for ball, exact in zip(got, function(**given), strict=True):
            agree(ball, F(exact))
    else:  # the oracle is increasing in rho: bracket it
        low, high = (function(**given, rho=r) for r in rho)
        for ball, a, b in zip(got, low, high, strict=True):
            assert float(a) * (1 - 1e-25) <= ball <= float(b) * (1 + 1e-12) or ball.overlaps(ball.__class__(float(a)))
            assert float(b - a) <= 1e-9 * max(1.0, float(b))


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
            with Store():
                architecture = builtin("dense")
                bounds = derive_all(architecture.network)
                values = {k: v for k, v in {**BASE, "s": F(3, 4), "t": t, "K": K, "k": 3}.items()
                          if k in bounds["radius"].symbols()}
                got = evaluate_many([bounds["radius"].term, bounds["input"].term, bounds["parameters"].term ** 2], values)
            expected = unrolled.dense(R=BASE["R"], K=K, n=1, root_n=F(1), s=F(3, 4), b=BASE["b"], t=t, c=BASE["c"], hyp=F(5, 4))
            for ball, exact in zip(got, expected, strict=True):
                agree(ball, F(exact))


def test_gelu():
    ball = enclosure("gelu_lip", 200)
    low, high = (F(*divmod_exact(e)) for e in (ball.lower(), ball.upper()))
    for s in RATIOS:
        for K in DEPTHS:
            function, given = oracle("gelu", {**BASE, "s": s}, K, 1)
            expected = [function(**given, rho=r) for r in (low, high)]
            with Store():
                bounds = derive_all(builtin("gelu").network)
                values = {k: v for k, v in {**BASE, "s": s, "K": K}.items() if k in bounds["radius"].symbols()}
                got = evaluate_many([bounds["radius"].term, bounds["input"].term, bounds["parameters"].term ** 2], values)
            for value, a, b in zip(got, *expected, strict=True):
                from flint import arb, fmpq
                bracket = arb(fmpq(a.numerator, a.denominator)).union(arb(fmpq(b.numerator, b.denominator)))
                assert value.overlaps(bracket)
                assert bracket.rad() <= max(1.0, float(abs(bracket.mid()))) * 1e-14


def divmod_exact(x):
    mantissa, exponent = x.man_exp()
    m, e = int(mantissa), int(exponent)
    return (m * 2**e, 1) if e >= 0 else (m, 2**-e)


def test_indexed():
    for K in DEPTHS:
        members = {k: [BASE[k] * F(j + 2, 3) for j in range(K)] for k in "bgh"}
        members["s"] = [F(j + 1, 2) for j in range(K)]
        expected = unrolled.indexed(R=BASE["R"], K=K, n=1, root_n=F(1), d=4, root_d=F(2), ell=[F(1)] * K, **members)
        with Store():
            bounds = derive_all(builtin("indexed").network)
            values = {"R": BASE["R"], "d": 4, "K": K, "eps": EPS, "sigma": [SIGMA] * K, **members}
            got = evaluate_many([bounds["radius"].term, bounds["input"].term, bounds["parameters"].term ** 2], values)
        for ball, exact in zip(got, expected, strict=True):
            agree(ball, F(exact))


def test_trainable_subsets():
    for kinds in ({"weight"}, {"bias", "shift"}, {"gain"}, {"weight", "bias", "shift"}):
        for name, n in (("mlp-layernorm", 1), ("batchnorm-train", 4), ("batchnorm-eval", 4), ("pre-norm", 1), ("dyt", 1)):
            from normbound import derive
            point = {**BASE, "s": F(6, 5), "t": F(2, 3)}
            with Store():
                architecture = builtin(name)
                bound = derive(architecture.network, "parameters", trainable=kinds)
                known, _ = values_of(architecture.network, point, 3, n)
                ball = evaluate_many([bound.term ** 2], {s: known[s] for s in bound.symbols()})[0]
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
