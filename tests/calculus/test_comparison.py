"""Comparisons: the ratio, the exact condition for it to be below 1, rates, regimes, and cautions that fire only when true."""

import random
from fractions import Fraction as F
from itertools import product

import pytest

from normbound import (
    BatchNorm,
    Dropout,
    HypothesisError,
    Identity,
    Input,
    LayerNorm,
    Linear,
    NetworkError,
    NormboundError,
    ReLU,
    Repeat,
    RMSNorm,
    Scaling,
    Sigmoid,
    Store,
    TermError,
    UnsupportedError,
    builtin,
    derive,
    parse_block,
    residual,
    term,
)
from normbound.calculus.comparison import compare, normalizers
from normbound.calculus.inequality import below, quotient, sign
from normbound.layers.normalization import GroupNorm, ScaleNorm
from normbound.network.builtins import names
from normbound.terms.evaluate import evaluate_many
from normbound.terms.grammar import parse
from normbound.terms.normal import same as alike


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


def mlp(norm=None, bias="b", depth="K", **kw):
    norm = LayerNorm(gamma="g", beta="h", floor="sigma", eps="eps") if norm is None else norm
    return Input("R", "d", **kw) >> Repeat(Linear("s", bias=bias) >> norm >> ReLU(), depth)


def caution_names(c, about=None):
    return {w.name for w in c.warnings if about is None or w.about == about}


# -- ratio and condition ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "ratio", "left", "right"), [
    ("mlp-layernorm", "(g/sqrt(sigma^2 + eps))^K", "g", "sqrt(sigma^2 + eps)"),
    ("batchnorm-eval", "(g/sqrt(v + eps))^K", "g", "sqrt(v + eps)"),
    ("post-norm", "(g/sqrt(sigma^2 + eps))^K", "g", "sqrt(sigma^2 + eps)"),
    ("pre-norm", "((1 + g*s*t/sqrt(sigma^2 + eps))/(1 + s*t))^K", "g", "sqrt(sigma^2 + eps)"),
    ("stages", "(g/sqrt(sigma^2 + eps))^K", "g", "sqrt(sigma^2 + eps)"),
    ("dyt", "((1 + a*g*s)/(1 + s))^K", "a*g", "1"),
])
def test_ratio_and_solved_threshold(name, ratio, left, right):
    c = compare(builtin(name).network)
    assert str(c.ratio) == ratio
    assert (str(c.condition.left), str(c.condition.right), c.condition.solved) == (left, right, True)
    assert [str(g) for g in c.condition.guard] == ["K"]


def test_indexed_families_join_into_one_product():
    c = compare(builtin("indexed").network)
    assert str(c.ratio) == "prod(i, K, g[i]/sqrt(eps + sigma[i]^2))"
    assert not c.condition.solved and c.condition.always is None


def exact_value(bound, values):
    """The bound as an exact rational, through SymPy: an evaluator that shares no code with balls."""
    import sympy
    value = bound.sympy()
    value = value.subs({s: sympy.Rational(str(values[s.name])) for s in value.free_symbols})
    value = sympy.nsimplify(value) if not value.is_Rational else value
    assert value.is_Rational, value
    return F(int(value.p), int(value.q))


@pytest.mark.parametrize("name", ["mlp-layernorm", "pre-norm", "post-norm", "rms-residual"])
def test_condition_is_exactly_equivalent(name):
    """At rational points where sqrt(sigma^2 + eps) is rational, boundary and depths 0 and 1 included."""
    c = compare(builtin(name).network)
    seen = set()
    for K, q, g, s in product((0, 1, 2, 5), (F(1, 2), F(1), F(7, 5)), (F(1, 2), F(1), F(7, 5), F(3)), (F(1, 3), F(2))):
        sigma = q * F(3, 5)
        values = {"K": K, "sigma": sigma, "eps": q * q - sigma * sigma, "g": g, "s": s, "t": F(3, 4)}
        values = {n: v for n, v in values.items() if n in c.symbols()}
        one, two = exact_value(c.first, values), exact_value(c.second, values)
        expected = (one > two) - (one < two)
        assert c.condition.sign(values) == expected, values
        assert sign(c.first.term, c.second.term, values) == expected
        seen.add((expected, K > 0))
    assert seen == {(-1, True), (0, True), (1, True), (0, False)}


def random_values(c, rng):
    naturals = {n for n in c.symbols() if n in ("K", "m", "d", "n", "p")}
    values = {n: rng.randint(1, 4) if n in naturals else F(rng.randint(1, 30), rng.randint(1, 12)) for n in c.symbols()}
    return values


@pytest.mark.parametrize("wrt", ["input", "parameters"])
@pytest.mark.parametrize("name", [n for n in names() if n != "gated"])
def test_condition_agrees_with_the_bounds_on_random_points(name, wrt):
    a = builtin(name)
    c = compare(a.network, wrt=wrt)
    rng = random.Random(f"{name} {wrt}")
    for _ in range(12):
        values = random_values(c, rng)
        if "d" in values:
            values["d"] = 4
        one, two = evaluate_many([c.first.term, c.second.term], values, 400)
        expected = -1 if one < two else 1 if one > two else 0
        assert c.condition.sign(values) == expected
        if c.ratio is not None and two > 0:
            ratio, = evaluate_many([c.ratio], values, 400)
            assert ratio.overlaps(one / two)


@pytest.mark.parametrize(("first", "second", "left", "right", "solved", "guard"), [
    ("2*a^K", "b^K", "2*a^K", "b^K", True, []),
    ("a^(K*m)", "b^(K*m)", "a", "b", True, ["K", "m"]),
    ("(a^K)*c", "(b^K)*c", "a", "b", True, ["K"]),
    ("a^K*c^(K*m)", "b^K", "a*c^m", "b", True, ["K"]),
    ("sqrt(a + b)", "sqrt(a + c)", "b", "c", True, []),
    ("a + 2*b", "c + b", "a + b", "c", True, []),
    ("K*a", "K*b", "a", "b", True, ["K"]),
    ("dd(K; a, 1)*b", "dd(K; a, 1)*c", "b", "c", True, ["dd(K; a, 1)"]),
    ("4*a^2", "9*b^2", "2*a", "3*b", True, []),
    ("2*a^2", "3*b^2", "2*a^2", "3*b^2", True, []),
    ("2*sqrt(a)", "b", "4*a", "b^2", True, []),
    ("a*b", "sqrt(c)", "a*b", "sqrt(c)", True, []),
    ("max(a, b)*c", "max(a, 1)*c", "max(a, b)", "max(a, 1)", False, []),
    ("a + b*c", "c", "a + b*c", "c", False, []),
])
def test_cancelling(first, second, left, right, solved, guard):
    x = below(parse(first), parse(second), {"K", "m"})
    assert (parse(left), parse(right)) == (x.left, x.right) or (str(x.left), str(x.right)) == (left, right)
    assert x.solved is solved and sorted(map(str, x.guard)) == sorted(guard)
    rng = random.Random(first)
    for _ in range(40):
        values = {n: F(rng.randint(1, 9), rng.randint(1, 6)) for n in "abc"} | {"K": rng.randint(0, 3), "m": rng.randint(0, 3)}
        assert x.sign(values) == sign(parse(first), parse(second), values)


def test_decided_without_numbers():
    assert below(parse("1 + a"), term(1)).always is False
    assert below(parse("b"), parse("b + a")).always is True
    assert below(parse("a*b"), parse("b*a")).always is False
    assert below(parse("2*a"), parse("3*a")).always is True
    assert below(parse("a"), parse("b")).always is None


def test_conditions_without_symbols_are_decided():
    assert below(parse("a^K"), parse("(a*gelu_lip)^K"), {"K"}).always is True
    assert below(parse("a*gelu_lip"), parse("a")).always is False
    assert below(parse("sqrt(8)"), parse("2*sqrt(2)")).always is False
    assert below(parse("1 + sqrt(8)"), parse("1 + 2*sqrt(2)*1")).always in (False, None)  # equal: never "always"
    c = compare(builtin("mlp").network, builtin("gelu").network)
    assert c.condition.always is True and [str(g) for g in c.condition.guard] == ["K"]
    assert c.rates[0].threshold.always is True
    assert compare(builtin("gelu").network, builtin("mlp").network).condition.always is False


def test_differences_of_naturals_stop_at_zero():
    from normbound.calculus.inequality import _rationals
    store = term("m").store
    short = store.monus(store.term("m"), 3)
    for m in range(7):
        assert _rationals(store, [short.id], {"m": m})[short.id] == max(m - 3, 0)
    both = parse("sqrt(2)*b*c") * short
    for m in (4, 5, 6):  # balls overlap at the equality, exact arithmetic decides
        assert sign(both, parse("sqrt(8)*b*c"), {"m": m, "b": 7, "c": "1/3"}) == (m > 5) - (m < 5)


def test_exact_sign_where_balls_cannot_separate():
    assert sign(parse("sqrt(8)*a"), parse("2*sqrt(2)*a"), {"a": "1/3"}) == 0
    assert sign(parse("a^(1/3)"), parse("b"), {"a": F(27, 8), "b": F(3, 2)}) == 0
    assert sign(parse("1 + sqrt(8)*a"), parse("1 + 2*sqrt(2)*a"), {"a": 1}) is None  # equal, not seen: never guessed
    tiny = F(1, 10**400)
    assert sign(parse("a"), parse("b"), {"a": 1, "b": 1 + tiny}) == -1


def test_quotient_never_divides_by_what_cancels():
    assert str(quotient(parse("a^K*g^K"), parse("a^K"))) == "g^K"


# -- regimes ---------------------------------------------------------------------------------------------------------
NUMBERS = {"R": 2, "d": 4, "K": 24, "s": "6/5", "b": 4, "g": 1, "h": "1/2", "sigma": "3/2", "eps": "1/100000"}


@pytest.mark.parametrize(("changes", "verdict"), [
    ({}, "reduces"),
    ({"sigma": "3/5", "eps": "16/25"}, "neutral"),
    ({"sigma": "3/5", "eps": "16/25", "g": "1000001/1000000"}, "explodes"),
    ({"sigma": "1/2"}, "explodes"),
    ({"K": 0}, "neutral"),
    ({"s": 0}, "neutral"),
    ({"g": 0}, "reduces"),
    ({"b": "1/2"}, "vacuous"),
    ({"sigma": 0, "eps": 0}, "unmet"),
])
def test_regimes(changes, verdict):
    r = compare(mlp()).regime({**NUMBERS, **changes})
    assert r.verdict == verdict
    assert bool(r.reasons) == (verdict in ("vacuous", "unmet"))
    if verdict == "reduces":
        assert r.ratio < 1
    if verdict == "explodes":
        assert r.ratio > 1


def test_irrational_boundary_is_neutral():
    c = compare(mlp())
    assert c.regime({**NUMBERS, "g": 1, "sigma": "1/2", "eps": "3/4"}).verdict == "neutral"
    assert c.regime({**NUMBERS, "s": "1/3", "sigma": "1/2", "eps": "3/4", "K": 1}).verdict == "neutral"


def test_a_vacuous_bound_never_reduces():
    c = compare(mlp())
    for b in (0, 1, "3/2"):
        r = c.regime({**NUMBERS, "b": b, "sigma": 3})
        assert r.first.status == "vacuous" and r.verdict == "vacuous"
    assert compare(mlp().without_normalization(), mlp()).regime({**NUMBERS, "b": "1/2"}).verdict == "vacuous"


def test_regime_reads_exact_numbers_of_both_networks():
    c = compare(mlp())
    with pytest.raises(TermError, match="unknown symbol 'zz'"):
        c.regime({**NUMBERS, "zz": 1})
    with pytest.raises(TermError, match="not exact"):
        c.regime({**NUMBERS, "s": 0.5})
    with pytest.raises(TermError, match="no value for"):
        c.regime(K=3)
    other = compare(mlp(), Input("R", "d") >> Repeat(Linear("w") >> ReLU(), "K"))
    assert other.regime({**NUMBERS, "w": "1/100"}).verdict == "explodes"


def test_unbounded_and_zero_bounds_have_no_ratio():
    bare = mlp(LayerNorm(eps=0))
    c = compare(bare)
    assert c.ratio is None and c.condition is None and c.obstacle == "the bound of the first network is unbounded"
    assert c.regime({n: NUMBERS[n] for n in ("R", "d", "K", "s", "b")}).verdict == "unbounded"
    zero = compare(mlp(), Input("R", "d") >> Linear(0))
    assert zero.ratio is None and zero.obstacle == "the bound of the second network is 0"
    assert zero.condition.always is False
    assert zero.regime(NUMBERS).verdict == "explodes"


def test_refusals():
    with pytest.raises(UnsupportedError, match="accepted: input, parameters"):
        compare(mlp(), wrt="radius")
    with pytest.raises(NetworkError, match="found str; a network is needed"):
        compare("mlp")
    one = mlp()
    with Store(), pytest.raises(TermError, match="two different stores"):
        compare(one, mlp())
    assert issubclass(HypothesisError, NormboundError)


# -- rates -----------------------------------------------------------------------------------------------------------
def test_rates_and_critical_lines():
    r, = compare(mlp()).rates
    assert str(r.ratio) == "g/sqrt(sigma^2 + eps)" and r.normalizer == r.ratio
    assert [tuple(map(str, line)) for line in r.first.critical_lines()] == [("s*g", "sqrt(sigma^2 + eps)")]
    assert str(r.threshold) == "g < sqrt(sigma^2 + eps)"


def test_rate_per_normalizer_counts_normalizers():
    two = LayerNorm(gamma="g", floor="sigma") >> ReLU() >> Linear("t") >> LayerNorm(gamma="g", floor="sigma")
    c = compare(mlp(two))
    assert [str(t) for t in c.normalizers] == ["2*K", "0"]
    assert str(c.rates[0].ratio) == "g^2/(sigma^2 + eps)" and str(c.rates[0].normalizer) == "g/sqrt(sigma^2 + eps)"
    nested = Input("R", "d") >> Repeat(Repeat(Linear("s") >> RMSNorm(floor="sigma"), "m"), "K") >> LayerNorm(floor="sigma")
    assert str(normalizers(nested)) == "K*m + 1"
    assert normalizers(mlp(Identity())).literal() == 0
    assert compare(nested).rates[0].normalizer is None  # m of them for each unit of K


def test_a_recurrence_has_no_rate_and_says_so():
    r, = compare(builtin("indexed").network).rates
    assert r.ratio is None and len(r.notes) == 2


def test_sides_of_rates_are_exact():
    r, = compare(mlp()).regime({**NUMBERS, "sigma": "3/5", "eps": "16/25", "s": 1}).rates
    assert r.sides == (0, 0, 0)
    r, = compare(mlp()).regime(NUMBERS).rates
    assert r.sides == (-1, 1, -1)


# -- cautions: both ways ---------------------------------------------------------------------------------------------
def test_the_ratio_of_bounds_always_warns():
    for n in names():
        assert "ratio" in caution_names(compare(builtin(n).network))


def test_whose_sigma():
    assert "whose-sigma" in caution_names(compare(mlp()), "first")
    assert "whose-sigma" in caution_names(compare(mlp().without_normalization(), mlp()), "second")
    assert "whose-sigma" not in caution_names(compare(mlp(), floors=False))
    assert "whose-sigma" not in caution_names(compare(mlp(), mlp()))
    assert "whose-sigma" not in caution_names(compare(builtin("dyt").network))


def test_different_floors_and_inputs():
    assert "different-floors" in caution_names(compare(mlp(), mlp(RMSNorm(gamma="g", floor="tau"))))
    assert "different-floors" not in caution_names(compare(mlp(), mlp()))
    assert "different-inputs" in caution_names(compare(mlp(), mlp(positions="n")))
    other = Input("Q", "d") >> mlp().body
    assert "different-inputs" in caution_names(compare(mlp(), other))
    assert "different-inputs" not in caution_names(compare(mlp()))


def test_scale_invariance():
    assert "scale-invariance" in caution_names(compare(mlp()))
    assert "scale-invariance" not in caution_names(compare(mlp(), wrt="parameters"))  # that constant is not invariant
    assert "scale-invariance" not in caution_names(compare(builtin("pre-norm").network))
    assert "scale-invariance" not in caution_names(compare(builtin("batchnorm-eval").network))
    assert "scale-invariance" not in caution_names(compare(mlp(), floors=False))


def test_floor_without_bias():
    assert "floor-without-bias" in caution_names(compare(mlp(bias=None)))
    assert "floor-without-bias" not in caution_names(compare(mlp()))
    assert "floor-without-bias" not in caution_names(compare(mlp(bias=None), floors=False))
    c = compare(mlp(bias=None))
    w, = (w for w in c.warnings if w.name == "floor-without-bias")
    assert str(w.terms["needed"]) == "sigma*sqrt(d)"


@pytest.mark.parametrize("between", ["x", "Dropout(1/2, mode=eval)", "Scaling(3)", "LearnedScale(a)", "ReLU", "PReLU(a)", "MaxMin",
                                     "x >> Dropout(1/2, mode=eval) >> LeakyReLU(3)", "Tanh", "CReLU"])
def test_floors_that_read_a_linear_layer_through_others(between):
    net = Input("R", 4) >> parse_block(f"Linear(s, bias=0) >> {between} >> LayerNorm(floor=sigma)")
    found = compare(net)
    assert {"floor-without-bias", "certificate-floor", "whose-sigma"} <= caution_names(found)
    assert ("scale-invariance" in caution_names(found)) is (between != "Tanh")
    w, = (w for w in found.warnings if w.name == "floor-without-bias")
    growth = {"Scaling(3)": "3*s", "LearnedScale(a)": "s*a", "PReLU(a)": "s*max(1, a)"}.get(
        between, "3*s" if "(3)" in between else "s")
    assert alike(w.terms["s"], parse(growth))
    biased = compare(Input("R", 4) >> parse_block(f"Linear(s, bias=b) >> {between} >> LayerNorm(floor=sigma)"))
    assert not {"floor-without-bias", "certificate-floor"} & caution_names(biased)
    far = compare(Input("R", 4) >> parse_block(f"Linear(s) >> Sigmoid >> {between} >> LayerNorm(floor=sigma)"))
    assert not {"floor-without-bias", "scale-invariance", "certificate-floor"} & caution_names(far)


def test_networks_without_normalizers():
    from normbound.render.comparison import comparison_text
    c = compare(builtin("mlp").network, builtin("gelu").network)
    assert [t.literal() for t in c.normalizers] == [0, 0]
    w, = (w for w in c.warnings if w.name == "other-differences")
    assert "Neither network has a normalizer" in w.text
    text = comparison_text(c, dict.fromkeys(c.symbols(), 1))
    assert "reduces: L1 < L2, proved at these numbers; neither network has normalizers" in text


BARE = {"gamma": "g", "floor": "sigma"}


@pytest.mark.parametrize(("network", "fires"), [
    (lambda: mlp(LayerNorm(**BARE), bias=None), True),
    (lambda: mlp(RMSNorm(**BARE), bias=None), True),
    (lambda: mlp(LayerNorm(gamma=[2, 2, 2, 2], floor="sigma"), bias=None), True),
    (lambda: mlp(LayerNorm(**BARE), bias=None) >> Linear("t", out=1), True),
    (lambda: Input("R", "d") >> Linear("s") >> LayerNorm(**BARE) >> Linear("t"), True),
    (lambda: mlp(LayerNorm(**BARE)), False),                                  # a bias
    (lambda: mlp(LayerNorm(beta="h", **BARE), bias=None), False),             # a shift
    (lambda: mlp(LayerNorm(gamma=[1, 2, 1, 1], floor="sigma"), bias=None), True),
    (lambda: mlp(LayerNorm(gamma="g"), bias=None), False),                    # no floor
    (lambda: mlp(ScaleNorm("g", floor="sigma"), bias=None), True),            # another statistic
    (lambda: mlp(GroupNorm(2, floor="sigma"), bias=None), True),
    (lambda: mlp(LayerNorm(beta=0, **BARE), bias=0), True),                   # literally 0 is absent
    (lambda: Input("R", 2) >> Linear("s", bias=[0, 0]) >> LayerNorm(**BARE), True),
    (lambda: Input("R", "d") >> Linear("s") >> ReLU() >> LayerNorm(**BARE), True),
    (lambda: Input("R", "d") >> Linear("s") >> Identity() >> Scaling(2) >> LayerNorm(**BARE) >> Dropout(mode="eval"), True),
    (lambda: mlp(LayerNorm(**BARE), bias=None) >> Linear("t", bias="c") >> LayerNorm(**BARE), True),   # the part before
    (lambda: mlp(LayerNorm(**BARE), bias=None) >> residual(LayerNorm(**BARE) >> Linear("t")), True),
    (lambda: Input("R", "d") >> Repeat(Linear("s") >> LayerNorm(**BARE) >> Sigmoid(), "K"), False),  # phi(0) != 0, see below
    (lambda: Input("R", "d") >> Repeat(residual(Linear("s") >> LayerNorm(**BARE)), "K"), False),
    (lambda: Input("R", "d") >> Repeat(Linear("s") >> LayerNorm(**BARE) >> Linear("t"), "K"), True),
    (lambda: Input("R", "d") >> Repeat(Linear("s") * Linear("s") >> LayerNorm(**BARE), "K"), False),
])
def test_certificate_floor(network, fires):
    assert ("certificate-floor" in caution_names(compare(network()))) is fires


def test_certificate_floor_agrees_with_the_theorem():
    """Where the theorem holds the caution states its number for the whole network; elsewhere it speaks of a part at most."""
    from normbound.calculus.homogeneous import bias_free
    from normbound.theory.floors import certificate_floor
    bodies = ["Linear(s) >> LayerNorm(floor=r)", "Linear(s) >> ReLU >> LayerNorm(floor=r)", "LayerNorm(floor=r) >> GELU",
              "Linear(s, bias=0) >> RMSNorm(floor=r, gamma=g, beta=0)", "Linear(s, bias=b) >> LayerNorm(floor=r)",
              "Linear(s) >> LayerNorm(floor=r) >> Linear(t, bias=b)", "Linear(s) >> Sigmoid >> LayerNorm(floor=r)",
              "Repeat(Linear(s[i]) >> RMSNorm(floor=r[i]) >> Abs, K, index=i)", "x + (LayerNorm(floor=r) >> Linear(s))",
              "concat(Linear(s), 2*x) >> LayerNorm(floor=r) >> Repeat(Linear(t), K)", "LayerNorm(floor=r) >> LayerNorm",
              "Repeat(x + Outside(u) >> LayerNorm(floor=r), K, capture=(u = Linear(t)))", "Linear(s) * Linear(t)",
              "GroupNorm(2, floor=r) >> PReLU(a)", "BatchNorm(mode=eval, var=v, mean=u) >> LayerNorm(floor=r)", "Linear(s)"]
    whole = 0
    for text in bodies:
        net = Input("R", 4) >> parse_block(text)
        c = compare(net)
        part = bias_free(c.first.derivation)
        try:
            theorem = certificate_floor(net)
        except UnsupportedError:
            assert part is None or part.end is not None, text
        else:
            whole += 1
            assert part is not None and part.end is None, text
            w, = (w for w in c.warnings if w.name == "certificate-floor")
            assert alike(w.terms["least"] / net.input.radius, theorem.value), text
            assert ("does not decay" in w.text) is ("K" not in theorem.value.store.symbols(theorem.value)), text
        assert (part is not None) is ("certificate-floor" in caution_names(c)), text
    assert whole >= 7


def test_certificate_floor_is_true():
    """The claimed inequality on random bias-free networks with floors measured at one input."""
    import numpy as np
    rng = np.random.default_rng(0)
    for _ in range(50):
        d, depth = int(rng.integers(2, 7)), int(rng.integers(1, 6))
        x = x0 = rng.normal(size=d) * 10 ** rng.uniform(-2, 2)
        product_ = 1.0
        for _ in range(depth):
            w = rng.normal(size=(d, d)) * rng.uniform(0.1, 3)
            gain = rng.normal(size=d)
            z = w @ x
            z = z - z.mean()
            sigma = np.sqrt((z * z).mean())
            g = np.abs(gain).max()
            product_ *= g * np.linalg.norm(w, 2) / sigma
            x = np.maximum(gain * z / sigma, 0)
            if not x.any():
                break
        else:
            assert product_ >= g * np.sqrt(d) / np.linalg.norm(x0) * (1 - 1e-9)


@pytest.mark.parametrize(("network", "fires"), [
    (lambda: builtin("batchnorm-train").network, True),
    (lambda: builtin("batchnorm-eval").network, True),
    (lambda: mlp(BatchNorm(mode="train", floor="sigma"), samples="n"), True),
    (lambda: mlp(BatchNorm(mode="train", floor="sigma"), samples="n", positions="p"), False),  # pooled over positions
    (lambda: mlp(BatchNorm(mode="train", floor="sigma", variance="unbiased"), samples="n"), False),
    (lambda: Input("R", "d", samples="n") >> Repeat(residual(BatchNorm(mode="train", floor="sigma") >> Linear("s")), "K"),
     False),
    (lambda: mlp(), False),
])
def test_matched_batchnorm(network, fires):
    assert ("matched-batchnorm" in caution_names(compare(network()))) is fires
    assert "matched-batchnorm" not in caution_names(compare(network(), wrt="parameters"))


def test_matched_batchnorm_is_true():
    """Lip on the data >= sqrt(sum gamma^2 sigma^2/(sigma^2 + eps)/T): largest slope between data points, any weights."""
    import numpy as np
    rng = np.random.default_rng(1)
    for _ in range(30):
        n, d, depth, eps = 12, int(rng.integers(1, 5)), int(rng.integers(1, 6)), float(rng.uniform(0, 0.3))
        x = x0 = rng.normal(size=(n, d))
        for _ in range(depth):
            z = np.maximum(x, 0) @ rng.normal(size=(d, d)) if rng.random() < 0.5 else x @ rng.normal(size=(d, d))
            v = z.var(axis=0)
            gain = rng.uniform(0.2, 2, size=d)
            if not (v > 1e-9).all():
                break
            x = gain * (z - z.mean(axis=0)) / np.sqrt(v + eps) + rng.normal(size=d)
        else:
            gaps = [(np.linalg.norm(x[i] - x[j]), np.linalg.norm(x0[i] - x0[j])) for i in range(n) for j in range(i)]
            claimed = np.sqrt((gain**2 * v / (v + eps)).sum() / x0.var(axis=0).sum())
            assert max(a / b for a, b in gaps) >= claimed * (1 - 1e-9)


def test_no_floor():
    assert "no-floor" in caution_names(compare(mlp(), floors=False))
    assert "no-floor" in caution_names(compare(mlp(LayerNorm(gamma="g"))))
    assert "no-floor" not in caution_names(compare(mlp()))
    assert "no-floor" not in caution_names(compare(mlp(LayerNorm(eps=0))))  # unbounded: nothing is multiplied
    assert "no-floor" not in caution_names(compare(builtin("dyt").network))
    assert "no-floor" not in caution_names(compare(builtin("batchnorm-eval").network))


def test_parameters():
    c = compare(mlp(), wrt="parameters")
    assert {"last-layer", "different-parameters", "input-radius"} <= caution_names(c)
    assert [w.about for w in c.warnings if w.name == "input-radius"] == ["both"]
    assert not {"last-layer", "different-parameters", "input-radius"} & caution_names(compare(mlp()))
    same = compare(mlp(), wrt="parameters", trainable=("weight", "bias"))
    assert "different-parameters" not in caution_names(same)
    assert "last-layer" not in caution_names(compare(mlp(Identity(), bias=None), wrt="parameters"))
    first = Input(2, "d") >> LayerNorm(gamma="g", floor="sigma") >> Linear("s")
    assert "input-radius" not in caution_names(compare(first, wrt="parameters"), "first")  # a number, but not used
    pre = compare(builtin("pre-norm").network, wrt="parameters")
    assert [w.about for w in pre.warnings if w.name == "input-radius"] == ["second"]  # the normalizer comes first


def test_last_layer_is_true():
    """Where it fires, the bound has a floor that no depth removes."""
    c = compare(mlp(), wrt="parameters")
    small = {**NUMBERS, "s": "1/1000"}
    assert all(c.first.at({**small, "K": k}).ball > 1 for k in (1, 10, 100))
    bare = derive(mlp(Identity(), bias=None), "parameters")
    assert bare.at(R=2, s="1/1000", d=4, K=10).ball < F(1, 10**20).numerator / 10**20


def test_other_differences():
    assert "other-differences" not in caution_names(compare(mlp()))
    assert "other-differences" not in caution_names(compare(mlp(), mlp(RMSNorm(gamma="g", floor="sigma"))))
    assert "other-differences" in caution_names(compare(mlp(), mlp(bias=None)))
    assert "other-differences" in caution_names(compare(mlp(), mlp(depth="m")))
    tied = Input("R", "d") >> Repeat(Linear("s", bias="b") >> ReLU(), "K", tied=True)
    assert "other-differences" in caution_names(compare(mlp(), tied))


def test_networks_without_text_are_compared_part_by_part():
    """Registered layers have a text; what has none is compared as a tree, and never called different without proof."""
    from normbound.calculus.cautions import _differ
    a, b = mlp().without_normalization().body, mlp().without_normalization().body
    assert not _differ(a, b) and not _differ(a, a)
    assert _differ(a, mlp(bias=None).without_normalization().body)
    assert _differ(a, mlp(depth="m").without_normalization().body)
    assert _differ(residual(a), a) and _differ(residual(a), residual(a, "1/2")) and not _differ(residual(a), residual(b))


def test_cautions_are_prose():
    from normbound.render.prose import check, to_tex, to_text
    for n, wrt in product(names(), ("input", "parameters")):
        for floors in (True, False):
            for w in compare(builtin(n).network, wrt=wrt, floors=floors).warnings:
                for text in (w.text, w.condition):
                    check(text)
                    assert to_text(text, w.terms) and to_tex(text, w.terms)
                assert w.about in ("first", "second", "both") and w.text.count(". ") == 0 and w.text.endswith(".")
