"""What a bound says about itself: hypotheses, vacuity, rates, alternatives, contributions, refusals."""

from fractions import Fraction as F
from math import exp

import pytest

from normbound import (
    GELU,
    BatchNorm,
    Dropout,
    HypothesisError,
    Identity,
    Input,
    LayerNorm,
    Linear,
    NetworkError,
    NormboundError,
    Outside,
    ReLU,
    Repeat,
    ShapeError,
    Store,
    TermError,
    UnsupportedError,
    builtin,
    concat,
    derive,
    derive_all,
    parallel,
    residual,
)
from normbound.calculus.rate import rate
from normbound.network.builtins import names
from normbound.terms.evaluate import evaluate
from normbound.terms.grammar import parse
from normbound.terms.store import term


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


def block():
    return Linear("s", bias="b") >> LayerNorm(gamma="g", beta="h", floor="sigma") >> ReLU()


NUMBERS = {"R": 2, "d": 4, "K": 3, "s": "6/5", "b": 1, "g": 1, "h": "1/2", "sigma": "1/2", "eps": "1/10"}


def net():
    return Input("R", "d") >> Repeat(block(), "K")


# -- hypotheses ---------------------------------------------------------------------------------------------------
def test_every_hypothesis_is_stated_once_with_its_binder():
    stated = derive(net(), "parameters").hypotheses
    assert [h.id for h in stated] == ["F1", "E1", "R"]
    assert stated[0].binder == "i = 1..K" and "at least sigma" in stated[0].statement


def test_the_radius_is_listed_only_where_it_is_used():
    assert "R" not in [h.id for h in derive(net()).hypotheses]
    assert "R" in [h.id for h in derive(net(), "radius").hypotheses]
    plain = Input(3, 4) >> Linear("s")
    assert [h.id for h in derive(plain).hypotheses] == []
    assert [h.id for h in derive(plain, "parameters").hypotheses] == ["R"]
    gated = Input(3, 4) >> Linear("s") * Linear("t")
    assert [h.id for h in derive(gated).hypotheses] == ["R"]


def test_dropping_a_floor_leaves_the_unconditional_constant():
    bound = derive(net())
    assert bound.drop("F1").term == derive(net(), floors=False).term
    assert str(bound.drop("F1").term) == "(s*g/sqrt(eps))^K"
    assert bound.drop("E1").unbounded
    assert "1/sqrt(eps)" in bound.witness("F1")


def test_one_floor_of_several_can_be_dropped():
    two = Input("R", "d") >> LayerNorm(floor="f") >> Linear("s") >> LayerNorm(floor="k")
    bound = derive(two)
    assert str(bound.drop("F1").term) == "s/(sqrt(eps)*sqrt(k^2 + eps))"
    assert str(bound.drop("F2").term) == "s/(sqrt(f^2 + eps)*sqrt(eps))"


def test_dropping_the_radius():
    assert derive(net(), "parameters").drop("R").unbounded
    normalized_first = Input("R", "d") >> LayerNorm(gamma="g", floor="f") >> Linear("s", bias="b")
    bound = derive(normalized_first, "parameters")
    assert not bound.needs_radius and not derive(Input(None, "d") >> normalized_first.body, "parameters").unbounded
    with pytest.raises(HypothesisError, match="F1"):
        bound.drop("R")


def test_no_floor_and_no_epsilon_is_unbounded_with_the_missing_hypothesis():
    bound = derive(Input("R", "d") >> Linear("s") >> LayerNorm(eps=0))
    assert bound.unbounded and "declare floor" in bound.hypotheses[0].statement
    assert "unbounded" in str(bound)


def test_alternatives_and_tightest():
    bound = derive(net())
    (other,) = bound.alternatives
    assert other.term == derive(net(), floors=False).term and not other.alternatives
    values = {k: v for k, v in NUMBERS.items() if k in bound.symbols()}
    for sigma in ("1/100", 3):
        low = evaluate(bound.tightest, {**values, "sigma": sigma})
        pair = [b.at({**values, "sigma": sigma}).ball for b in (bound, other)]
        assert all(low <= x or low.overlaps(x) for x in pair)


# -- numbers ------------------------------------------------------------------------------------------------------
def test_vacuous_at_the_first_iteration():
    value = derive(net()).at({**NUMBERS, "sigma": 3})
    assert value.status == "vacuous" and "i = 1" in value.reasons[0] and "6.000" in value.reasons[0]


def test_vacuous_at_a_later_iteration_only():
    # the input is large, but what the normalizer before returns is not
    value = derive(net()).at({**NUMBERS, "R": 1000, "sigma": 3, "b": 0, "h": 0})
    assert value.status == "vacuous" and all("i = 3" in r or "i = K" in r for r in value.reasons)


def test_no_floor_is_checked_at_depth_zero():
    assert derive(net()).at({**NUMBERS, "sigma": 100, "K": 0}).status == "holds"
    assert derive(net()).at({**NUMBERS, "sigma": 100, "K": 0}).ball == 1


def test_unmet_positivity():
    value = derive(net()).at({**NUMBERS, "sigma": 0, "eps": 0})
    assert value.status == "unmet"
    family = derive(Input("R", "d") >> Repeat(Linear("s[i]", bias=1) >> LayerNorm(floor="f[i]", eps=0), "K", index="i"))
    assert family.at(R=1, d=2, K=2, s=[1, 1], f=["1/2", 0]).status == "unmet"
    assert family.at(R=1, d=2, K=2, s=[1, 1], f=["1/2", "1/2"]).status == "holds"


def test_nested_repeats_have_corner_conditions():
    nested = Input("R", "d") >> Repeat(Repeat(block(), "m") >> Linear("t"), "K")
    bound = derive(nested)
    stated = {c.iteration: tuple(least for _, least in c.guard) for _, c in bound.conditions()}
    # later inner iterations start from what the normalizer before them returns, so i = 1, j = m speaks for i = K, j = m
    assert stated == {"i = 1, j = 1": (1, 1), "i = 1, j = m": (2, 1), "i = K, j = 1": (1, 1)}
    assert bound.at({**NUMBERS, "t": 1, "m": 2}).status == "holds"


def test_values_are_exact_and_known():
    bound = derive(net())
    for bad, message in (({"s": 0.5}, "exact"), ({"q": 1}, "unknown symbol"), ({"K": "5/2"}, "natural"), ({"s": -1}, "nonneg")):
        with pytest.raises(TermError, match=message):
            bound.at({**NUMBERS, **bad})
    with pytest.raises(TermError, match="no value for"):
        bound.at(s=1)


def test_huge_values_print_as_powers_of_ten():
    bound = derive(Input("R", "d") >> Repeat(Linear("s"), "K"))
    assert "e+900" in str(bound.at(s=10, K=900, R=1, d=1))


# -- form and rate ------------------------------------------------------------------------------------------------
def test_forms():
    forms = {name: {b.form for b in derive_all(builtin(name).network).values()} for name in names()}
    assert forms["mlp"] == {"closed"} and forms["gated"] == {"recurrence"}
    assert forms["indexed"] == {"product", "recurrence"}


def test_rates_of_the_builtins():
    expected = {"mlp": "s", "mlp-layernorm": "s*g/sqrt(sigma^2 + eps)", "gelu": "s*gelu_lip", "recurrent": "s",
                "dense": "sqrt(1 + s^2)*t", "pre-norm": "1 + g*s*t/sqrt(sigma^2 + eps)", "injected": "max(s, 1)"}
    for name, text in expected.items():
        assert str(derive(builtin(name).network).rate("K").rate) == text


@pytest.mark.parametrize("name", ["mlp", "mlp-layernorm", "pre-norm", "stages", "dyt", "recurrent", "gelu", "two-layer"])
@pytest.mark.parametrize("wrt", ["input", "parameters", "radius"])
def test_the_rate_is_the_growth(name, wrt):
    """value(2K)/value(K) tends to rate^K, up to the polynomial order."""
    a = builtin(name)
    bound = derive(a.network, wrt)
    values = {k: v for k, v in a.values.items() if k in bound.symbols()}
    r = evaluate(bound.rate("K").rate, values)
    first, second = (bound.at({**values, "K": k}).ball for k in (2000, 4000))
    growth = ((second / first).log() / 2000).exp()
    assert abs(float((growth / r).mid()) - 1) < 0.01


def test_order_at_criticality():
    bound = derive(Input("R", "d") >> Repeat(Linear("s", bias="b"), "K"), "parameters")
    assert bound.rate("K").order == F(3, 2)
    values = {"R": 1, "s": 1, "b": 1, "d": 1}
    low, high = (bound.at({**values, "K": k}).ball for k in (10**5, 10**6))
    assert abs(float((high / low).mid()) / 10**1.5 - 1) < 0.01


def test_depth_scaled_residual_has_a_limit():
    bound = derive(Input("R", "d") >> Repeat(residual(Linear("s"), "1/K"), "K"))
    found = bound.rate("K")
    assert found.rate is None and str(found.limit) == "exp(s)"
    assert float(bound.at(s=2, K=10**6, R=1, d=1)) == pytest.approx(exp(2), rel=1e-5)


def test_rate_refusals():
    for name, message in (("gated", "recurrence"), ("indexed", "indexed product")):
        with pytest.raises(UnsupportedError, match=message):
            derive(builtin(name).network).rate("K")
    with pytest.raises(UnsupportedError, match="not a depth"):
        derive(net()).rate("s")
    with pytest.raises(UnsupportedError, match="number"):
        derive(net()).rate(5)


@pytest.mark.parametrize(("text", "expected"), [("a^K", "a"), ("K*a^K", "a"), ("a^(2*K)", "a^2"), ("a^K + b^K", "max(a, b)"),
                                                ("dd(K; a, b, 1)", "max(a, b, 1)"), ("sqrt(dd(K; a, 0))", "sqrt(a)"),
                                                ("a^K*b^K", "a*b"), ("max(a^K, 7)", "max(a, 1)"), ("5", "1")])
def test_rates_of_terms(text, expected):
    assert str(rate(parse(text), term("K")).rate) == expected


# -- contributions ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", names())
def test_contributions_add_up(name):
    a = builtin(name)
    bound = derive(a.network, "parameters")
    rows = bound.contributions(a.values)
    assert sum(r.share for r in rows if r.level == 0) == pytest.approx(1)
    inner = [r for r in rows if r.level == 1]
    if inner and name != "shared":
        assert sum(r.share for r in inner) == pytest.approx(1, abs=1e-6)
    total = derive(a.network).at({k: v for k, v in a.values.items() if k in derive(a.network).symbols()}).ball
    assert sum(r.log10_lip for r in rows if r.level == 0) == pytest.approx(float((total.log() / total.const_log10()).mid()))


def test_contributions_name_the_layer_to_blame():
    chain = Input("R", "d") >> Linear("s") >> ReLU() >> Linear("t") >> Linear(3)
    rows = derive(chain, "parameters").contributions(R=1, s=100, t="1/2", d=2)
    assert max(rows, key=lambda r: r.log10_lip).where == "layer 1"
    assert max(rows, key=lambda r: r.share).where == "layer 3"


# -- refusals -----------------------------------------------------------------------------------------------------
BAD = [
    (lambda: Linear(-1), TermError, "nonnegative"),
    (lambda: Linear(0.5), TermError, "write the string '0.5'"),
    (lambda: LayerNorm(eps="-1/10"), TermError, "column"),
    (lambda: LayerNorm(eps=-1), TermError, "nonnegative"),
    (lambda: LayerNorm(variance="population"), NetworkError, "biased"),
    (lambda: BatchNorm(gamma="g"), NetworkError, "mode is required"),
    (lambda: BatchNorm(mode="eval", gamma="g"), NetworkError, "needs var"),
    (lambda: BatchNorm(mode="train", var="v"), NetworkError, "eval"),
    (lambda: Dropout("1/2"), NetworkError, "mode is required"),
    (lambda: Dropout("1/2", mode="train"), UnsupportedError, "train"),
    (lambda: Linear([[1, 2], [3]]), NetworkError, "different lengths"),
    (lambda: Linear([[1, 2]], bias=[1, 2]), NetworkError, "2 entries"),
    (lambda: Linear([[0.1]]), NetworkError, "not exact"),
    (lambda: Input("R", 0), NetworkError, "at least 1"),
    (lambda: Repeat(Linear("s"), "5/2"), NetworkError, "natural"),
    (lambda: Repeat(Linear("s[i]"), "K", tied=True, index="i"), NetworkError, "tied"),
    (lambda: Linear("s") >> 3, NetworkError, "int"),
    (lambda: derive(Input("R", 3) >> Linear([[1, 2]])), ShapeError, "2 columns"),
    (lambda: derive(Input("R", "d") >> Repeat(Linear("s", out="k"), "K")), ShapeError, "keep the shape"),
    (lambda: derive(Input("R", "d") >> Linear("s") + Linear("t", out=3)), ShapeError, "must agree"),
    (lambda: derive(Input("R", 5) >> parallel(Linear("s"), Linear("t"))), ShapeError, "split 5"),
    (lambda: derive(Input("R", "d") >> Outside("u")), NetworkError, "captures"),
    (lambda: derive(Input("R", "d") >> Linear("s", share="w") >> Linear("t", share="w")), NetworkError, "shared tensor"),
    (lambda: derive(Input("R", "d") >> Linear("s", share="w", out=3) >> Linear("s", share="w", out=2)), NetworkError, "shared"),
    (lambda: derive(Input("R", "d") >> Linear("s", share="1")), NetworkError, "not a name"),
    (lambda: derive(net(), "parameters", trainable=["weights"]), NetworkError, "accepted"),
    (lambda: derive(net(), norm=("l2", "linf")), UnsupportedError, "l2"),
    (lambda: derive(net(), "weights"), UnsupportedError, "accepted"),
]


@pytest.mark.parametrize(("build", "error", "message"), BAD)
def test_bad_input(build, error, message):
    with pytest.raises(error, match=message) as found:
        build()
    assert isinstance(found.value, NormboundError) and "\n" not in str(found.value)


def test_concat_and_identity_shapes():
    bound = derive(Input("R", "d") >> concat(Identity(), Linear("s", out="k")) >> GELU())
    assert str(bound.term) == "sqrt(1 + s^2)*gelu_lip"
    assert str(bound.derivation.program.out.features) == "d + k"


def test_printed_values_are_upper_bounds():
    from decimal import Decimal
    chain = derive(Input("R", "d") >> Repeat(Linear("s"), "K"))
    for s, K in (("2/3", 1), ("6/5", 7), ("1/3", 50), ("7/3", 300), ("99/100", 3000)):
        upper = chain.at(s=s, K=K, R=1, d=1).upper
        assert "+-" not in upper and F(Decimal(upper)) >= F(s) ** K > F(Decimal(upper)) * F(99999, 100001)
    assert chain.at(s="2/3", K=1, R=1, d=1).upper == "0.666667"
    assert chain.at(s="1/3", K=1, R=1, d=1).upper == "0.333334"
    assert chain.at(s="1/100", K=1, R=1, d=1).upper.startswith("0.01 +-")
    assert chain.at(s=7, K=0, R=1, d=1).upper == "1"


def test_rates_of_maxima():
    """The border of max(a, c) is where the maximum is 1, and dominated candidates do not count."""
    both = derive(Input("R", "d") >> Repeat(Linear("a"), "K") + Repeat(Linear("c"), "K")).rate("K")
    assert "max(a, c) = 1" in str(both)
    gelu = derive(builtin("gelu").network, "parameters").rate("K")
    assert str(gelu.rate) == "max(s*gelu_lip, 1)" and gelu.order == F(1, 2)
    assert str(derive(builtin("stages").network).rate("m").rate) == "(1 + s)^K"
    with pytest.raises(UnsupportedError, match="not computed"):
        derive(builtin("stages").network, "parameters").rate("m")


def test_other_tensors_must_agree():
    bound = derive(net(), "parameters", trainable="weight")
    assert "agree in every other tensor (bias, gain, shift)" in str(bound)
    assert "agree" not in str(derive(net(), "parameters"))


def test_digest_tells_statements_apart():
    digests = {derive(n).digest for n in (
        net(), Input("R", "d") >> Repeat(block() >> GELU(), "K"), Input("R", "d", samples=7) >> Repeat(block(), "K"),
        Input("R", "d") >> Repeat(Linear("s") >> LayerNorm(gamma="g", floor="sigma"), "K"))}
    assert len(digests) == 4 and derive(net()).digest == derive(net()).digest


def test_what_prints():
    bound = derive(net())
    assert repr(bound).startswith("Bound(input: (s*g") and len(repr(bound.derivation)) < 60
    assert "repeat from" in str(bound.derivation) and "Repeat(" in str(net())
