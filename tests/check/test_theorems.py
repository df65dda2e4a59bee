"""The checks of theorems pass on what is true, and refute what is broken."""

from dataclasses import replace
from fractions import Fraction
from math import comb

import pytest

from normbound import GELU, BatchNorm, Input, LayerNorm, Linear, ReLU, Repeat, RMSNorm, Tanh
from normbound.check import theorems
from normbound.check.theorems import binomial_tail, check, check_loss, check_losses, least_rate, without_uniformity
from normbound.errors import NetworkError, UnsupportedError
from normbound.network.builtins import get
from normbound.theory.floors import certificate_floor, matched_batchnorm
from normbound.theory.generalization import concentration, parametric_bound, partition_bound, robustness_bound
from normbound.theory.landscape import gradient_bound, landscape
from normbound.theory.losses import LOSSES, loss_bound, residual_of
from normbound.theory.theorem import Theorem

NORMED = Input("R", "d") >> Repeat(Linear("s", bias="b") >> LayerNorm(gamma="g", floor="sigma") >> ReLU(), "K") >> Linear(
    "w", bias="c", out="C")
BARE = Input("R", "d") >> Repeat(Linear("s") >> ReLU(), "K") >> Linear("w", out="C")
ROWS = Input("R", "d", positions="n") >> Linear("s", bias="b") >> GELU() >> Linear("w", bias="c", out="C")
CHAIN = Input("R", "d") >> Repeat(Linear("s") >> RMSNorm(gamma="g", floor="sigma", eps=0) >> ReLU(), "K")
BATCH = Input("R", "d", samples="m") >> Repeat(
    Linear("s", bias="b") >> Tanh() >> BatchNorm(mode="train", gamma="g", beta="h", floor="sigma"), "K")
EVAL = Input("R", "d") >> Linear("s", bias="b") >> ReLU() >> Linear("t") >> BatchNorm(
    mode="eval", gamma="g", beta="h", var="v", mean="mu")


def scaled(theorem, factor, name="value"):
    """The theorem with one of its terms multiplied by an exact factor."""
    term = theorem.terms[name]
    return replace(theorem, terms={**theorem.terms, name: term * term.store.term(factor)})


TRUE = {
    "loss in the input": lambda: loss_bound(NORMED, "cross-entropy"),
    "loss in the parameters": lambda: loss_bound(BARE, "margin", "parameters"),
    "mean over rows": lambda: loss_bound(ROWS, "cross-entropy", "parameters"),
    "half squared": lambda: loss_bound(BARE, LOSSES["half-squared"]("C", residual="E")),
    "half squared, derived residual": lambda: loss_bound(NORMED, LOSSES["mse"]("C", residual=residual_of(NORMED, "Y"))),
    "symbolic temperature": lambda: loss_bound(NORMED, LOSSES["cross-entropy"]("C", temperature="tau"), "parameters"),
    "gradients": lambda: gradient_bound(NORMED, "kl"),
    "gradients of rows": lambda: gradient_bound(ROWS, "bce"),
    "some parameters": lambda: gradient_bound(NORMED, "ramp", trainable=("bias",)),
    "landscape": lambda: landscape(NORMED, "cross-entropy"),
    "landscape, some parameters": lambda: landscape(NORMED, "cross-entropy", trainable=("bias", "gain")),
    "landscape without normalizers": lambda: landscape(BARE, "margin"),
    "landscape of binary losses": lambda: landscape(NORMED, LOSSES["bce"]("C", pos_weight="7/2")),
    "concentration": concentration,
    "partition": lambda: partition_bound(NORMED, "ramp"),
    "partition, measured range": lambda: partition_bound(BARE, "cross-entropy", cells=40, n=500),
    "partition by cells of an indexed network": lambda: partition_bound(get("indexed").network, "ramp", per_cell={"eps": "e"}),
    "parametric, some parameters": lambda: parametric_bound(NORMED, "ramp", trainable=("gain",)),
    "partition by cells": lambda: partition_bound(NORMED, "ramp", per_cell={"sigma": "S"}),
    "robustness": lambda: robustness_bound(BARE, "ramp"),
    "parametric": lambda: parametric_bound(NORMED, "cross-entropy"),
    "certificate floor": lambda: certificate_floor(CHAIN),
    "certificate floor, readout": lambda: certificate_floor(CHAIN >> Linear("w", out="C")),
    "matched BatchNorm, training": lambda: matched_batchnorm(BATCH),
    "matched BatchNorm, evaluation": lambda: matched_batchnorm(EVAL),
}


@pytest.mark.parametrize("name", TRUE)
def test_true_theorems_survive(name):
    finding = check(TRUE[name](), seed=1, networks=48)
    assert finding.passed, finding.says


@pytest.mark.parametrize("name", ["loss in the parameters", "landscape without normalizers", "certificate floor",
                                  "matched BatchNorm, training", "matched BatchNorm, evaluation"])
def test_sharp_theorems_are_attained(name):
    assert check(TRUE[name](), networks=48).verdict == "attained"


@pytest.mark.parametrize(("name", "term", "factor"), [
    ("loss in the parameters", "value", "9/10"), ("mean over rows", "value", "1/2"), ("half squared", "value", "9/10"),
    ("loss in the input", "value", "2/5"), ("symbolic temperature", "value", "1/2"),
    ("gradients", "value", "1/2"), ("gradients of rows", "value", "1/2"), ("some parameters", "value", "1/10"),
    ("landscape", "value", "1/2"), ("landscape", "iteration", "1/3"), ("landscape", "first", "1/4"),
    ("landscape", "uniform", "1/3"), ("landscape, some parameters", "uniform", "1/3"),
    ("landscape without normalizers", "iteration", "2/3"),
    ("landscape", "least", "11/10"), ("landscape of binary losses", "least", "3/2"),
    ("concentration", "value", "1/1000"),
    ("partition", "value", "1/2"), ("partition, measured range", "value", "1/2"), ("partition by cells", "value", "1/2"),
    ("robustness", "value", "1/2"), ("robustness", "Lambda", "1/2"), ("partition", "Lambda", "1/10"),
    ("partition by cells", "Lambda", "1/10"),
    ("parametric", "value", "1/10"), ("parametric", "Lambda", "1/4"),
    ("certificate floor", "value", "11/10"), ("certificate floor, readout", "value", "11/10"),
    ("certificate floor", "certificate", "9/10"),
    ("matched BatchNorm, training", "value", "11/10"), ("matched BatchNorm, evaluation", "value", "11/10"),
])
def test_broken_theorems_are_refuted(name, term, factor):
    rare = term == "least" or name == "loss in the input"  # few sampled networks come close
    finding = check(scaled(TRUE[name](), factor, term), networks=None if rare else 48)
    assert finding.verdict == "refuted" and not finding.passed and finding.says


@pytest.mark.parametrize("name", ["partition", "partition by cells", "robustness", "parametric"])
def test_the_price_of_uniformity_cannot_be_dropped(name):
    theorem = TRUE[name]()
    finding = check(without_uniformity(theorem), networks=12)
    assert finding.verdict == "refuted" and "draws" in finding.says
    figures = check(theorem, networks=12).figures
    assert figures["violations of the wrong variant"] > 500 and figures["p-value of the wrong variant"] < 1e-6
    assert figures["violations"] <= 50 and figures["least rate of the wrong variant"] > 0.05


def test_union_bound_cannot_be_dropped_from_the_concentration():
    theorem = concentration()
    store = theorem.value.store
    broken = replace(theorem, terms={**theorem.terms, "value": store.exp(2 * store.term("n") * store.term("t") ** 2) ** -1})
    assert check(broken).verdict == "refuted"


def test_a_check_without_power_is_no_pass():
    finding = check(partition_bound(NORMED, "ramp", cells=2))
    assert finding.verdict == "not checked" and "no power" in finding.says and not finding.passed


@pytest.mark.parametrize("name", ["loss in the input", "landscape", "partition", "parametric", "certificate floor"])
def test_nothing_sampled_is_no_pass(name):
    assert check(TRUE[name](), networks=0).verdict == "not checked"


# -- losses -----------------------------------------------------------------------------------------------------------

def test_every_loss_is_attained():
    finding = check_losses()
    assert finding.verdict == "attained", finding.says
    assert set(finding.series["losses"]["loss"]) == set(LOSSES)


def default(kind, **changes):
    return replace(kind, **changes)(4, 1, **{a.name: "1/4" if a.exact else "3/2" for a in kind.arguments})


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
def test_a_smaller_constant_is_refuted(kind):
    smaller = default(kind, lipschitz=lambda store, C, a: kind.lipschitz(store, C, a) * store.term("99/100"))
    assert check_loss(smaller).verdict == "refuted"
    larger = default(kind, lipschitz=lambda store, C, a: kind.lipschitz(store, C, a) * store.term("11/10"))
    assert check_loss(larger).verdict == "survived"


@pytest.mark.parametrize("kind", [k for k in LOSSES.values() if k.smoothness], ids=lambda k: k.name)
def test_a_smaller_smoothness_is_refuted(kind):
    smaller = default(kind, smoothness=lambda store, C, a: kind.smoothness(store, C, a) * store.term("99/100"))
    finding = check_loss(smaller)
    assert finding.verdict == "refuted" and "gradients" in finding.says


def test_one_broken_loss_is_found_among_all(monkeypatch):
    kind = LOSSES["huber"]
    monkeypatch.setitem(LOSSES, "huber", replace(kind, lipschitz=lambda store, C, a: store.one))
    assert check_losses().verdict == "refuted"


# -- the test ---------------------------------------------------------------------------------------------------------

def test_binomial_tails_are_exact():
    for n, p in ((7, Fraction(1, 3)), (12, Fraction(9, 10))):
        for k in range(n + 2):
            tail = sum((comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(k, n + 1)), Fraction(0))
            assert binomial_tail(n, p, k) == tail
    rate = least_rate(1000, 100)
    assert binomial_tail(1000, rate, 100) <= theorems.REJECT < binomial_tail(1000, rate + Fraction(1, 2**14), 100)
    assert least_rate(1000, 0) == 0


def test_findings_are_reproducible():
    first, second, other = (check(TRUE["gradients"](), seed, 12) for seed in (5, 5, 6))
    assert first == second and first.figures != other.figures


def test_bad_arguments():
    with pytest.raises(UnsupportedError, match="'mine' has no check here; those with one: loss-input"):
        check(Theorem("mine", "", ""))
    for arguments in ({"seed": -1}, {"seed": True}, {"networks": 1.5}):
        with pytest.raises(NetworkError, match="a natural number is needed"):
            check(TRUE["gradients"](), **arguments)
    with pytest.raises(UnsupportedError, match="too many to draw"):
        check(partition_bound(NORMED, "ramp", cells=10**6))
