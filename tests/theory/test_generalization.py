"""Gaps against formulas written out here; exact evaluation, per-cell constants, refusals."""

from fractions import Fraction
from math import exp, log, sqrt

import pytest

from normbound import Input, LayerNorm, Linear, ReLU, Repeat, derive
from normbound.errors import HypothesisError, NetworkError, NormboundError, TermError, UnsupportedError
from normbound.network.builtins import get
from normbound.render import prose
from normbound.terms.evaluate import evaluate_floats
from normbound.theory.generalization import concentration, parametric_bound, partition_bound, robustness_bound
from normbound.theory.losses import LOSSES, residual_of

NUMBERS = {"R": 2, "d": 16, "s": "6/5", "b": 8, "g": 1, "sigma": "3/2", "eps": "1/100000", "K": 3, "w": 1, "c": 1}
ROOT = (1.5**2 + 1e-5) ** 0.5


def net(**more):
    return Input("R", "d") >> Repeat(Linear("s", bias="b") >> LayerNorm(gamma="g", floor="sigma") >> ReLU(), "K") >> Linear(
        "w", bias="c", out="C")


def test_partition_gap():
    gap = partition_bound(net(), LOSSES["ramp"]("C", width="1/2")).at(NUMBERS, delta="1/20", n=10_000, N=100, D="1/4")
    expected = 2 * sqrt(2) * (1.2 / ROOT) ** 3 / 4 + sqrt((100 * log(2) + log(20)) / 20_000)
    assert float(gap) == pytest.approx(expected, rel=1e-12) and gap.status == "holds"


def test_the_symbol_t_is_the_logarithm():
    theorem = partition_bound(net(), "ramp")
    same = theorem.at(NUMBERS, n=100, N=7, D=1, t=3), theorem.at(NUMBERS, n=100, N=7, D=1, delta=1)
    assert float(same[0]) - float(same[1]) == pytest.approx(sqrt((7 * log(2) + 3) / 200) - sqrt(7 * log(2) / 200))
    tight = theorem.at(NUMBERS, delta="1e-9", n=100, N=7, D=1, bits=300).ball
    assert tight.rad() < 1e-60


def test_unbounded_losses_have_a_range_symbol():
    theorem = partition_bound(net(), "cross-entropy")
    assert str(theorem.terms["M"]) == "M"
    gap = theorem.at(NUMBERS, delta="1/10", n=50, N=2, D=0, M=3)
    assert float(gap) == pytest.approx(3 * sqrt((2 * log(2) + log(10)) / 100))


def test_cells_with_their_own_floors_diameters_and_counts():
    theorem = partition_bound(net(), "ramp", per_cell={"sigma": "S"})
    numbers = {k: v for k, v in NUMBERS.items() if k != "sigma"}
    given = {"S": ["3/2", 2, 1], "D": ["1/2", 1, 2], "n_c": [10, 30, 60], "N": 3, "n": 100}
    gap = theorem.at({**numbers, "sigma": 1}, delta="1/20", **given)
    inside = sum(c / 100 * sqrt(2) * (1.2 / sqrt(s * s + 1e-5)) ** 3 * D for c, s, D in ((10, 1.5, 0.5), (30, 2, 1), (60, 1, 2)))
    assert float(gap) == pytest.approx(inside + sqrt((3 * log(2) + log(20)) / 200), rel=1e-12)
    assert gap.status == "holds"
    impossible = theorem.at({**numbers, "b": 0, "sigma": 1}, delta="1/20", **{**given, "S": ["1/10", 100, "1/10"]})
    assert impossible.status == "vacuous" and impossible.reasons[0].startswith("cell 2: ")


def test_vacuity_of_the_network_is_reported():
    gap = partition_bound(net(), "ramp").at({**NUMBERS, "b": 1}, delta="1/20", n=100, N=7, D=1)
    assert gap.status == "vacuous" and "floor" in gap.reasons[0]


def test_robustness_is_half_of_the_original_form():
    theorem = robustness_bound(net(), "ramp")
    values = {"s": 1, "g": 1, "sigma": 1, "eps": 0, "K": 2, "w": 1, "N": 5, "n": 40, "t": 2, "D": "1/2"}
    value, original, epsilon = evaluate_floats([theorem.terms[k] for k in ("value", "original", "epsilon")], values)
    assert epsilon == pytest.approx(sqrt(2) / 2) and value - epsilon == pytest.approx((original - epsilon) / 2)
    assert value == pytest.approx(evaluate_floats([partition_bound(net(), "ramp").value], values)[0])


def test_parametric_gap_holds_the_constant_inside_the_logarithm():
    network = net()
    theorem = parametric_bound(network, "cross-entropy")
    P = float(derive(network, "parameters").at(NUMBERS))
    at = {**NUMBERS, "n": 5000, "p": 90, "r": 3, "M": 2}
    h = log(1 + 2 * 3 * 5000 * sqrt(2) * P / 2)
    gap = theorem.at(at, delta="1/20")
    assert float(gap) == pytest.approx(2 * (2 / 5000 + sqrt((90 * h + log(20)) / 10_000)), rel=1e-12)
    deep = [float(theorem.at({**at, "s": 4, "K": K}, delta="1/20")) - 2 * 2 / 5000 for K in (10, 20, 40)]
    squares = [g * g for g in deep]
    assert (squares[2] - squares[1]) / (squares[1] - squares[0]) == pytest.approx(2, rel=1e-2)  # linear in the depth


def test_trainable_parameters_are_those_that_count():
    fewer = parametric_bound(net(), "ramp", trainable=("bias",))
    assert fewer.trainable == {"bias"}
    sizes = [float(parametric_bound(net(), "ramp", trainable=roles).at({**NUMBERS, "n": 50, "p": 9, "r": 3}, delta=1))
             for roles in (("bias",), ("weight", "bias"))]
    assert sizes[0] < sizes[1]


def test_concentration():
    for N, n, t in ((2, 30, "1/5"), (7, 100, "3/10"), (1, 5, "1/2")):
        bound = evaluate_floats([concentration().value], {"N": N, "n": n, "t": t})[0]
        x = float(Fraction(t))
        assert bound == pytest.approx((2**N - 2) * exp(-2 * n * x * x))


def test_names_avoid_those_of_the_network():
    network = Input("N", "n") >> Linear("t") >> Linear("D", bias="M", out="C")
    theorem = partition_bound(network, "cross-entropy")
    added = [str(theorem.terms[k]) for k in ("n", "cells", "t", "diameter", "M")]
    assert added == ["n_s", "N_c", "t_c", "D_c", "M_l"]
    assert theorem.confidence == "t_c"
    assert str(parametric_bound(Input("h", "p") >> Linear("r", out="C"), "ramp").terms["h"]) == "h_e"


@pytest.mark.parametrize("build", [
    concentration, lambda: concentration(12, 100), lambda: partition_bound(net(), "ramp"),
    lambda: partition_bound(net(), "cross-entropy", per_cell={"sigma": "S"}),
    lambda: partition_bound(Input("R", 3) >> Linear("s"), LOSSES["half-squared"](3, residual="E"), cells=5, n=10, diameters="1/2"),
    lambda: robustness_bound(net(), "ramp"), lambda: parametric_bound(net(), "bce", p=100, r="sqrt(K)*s", n=1000)])
def test_texts_are_prose(build):
    theorem = build()
    for text in (theorem.statement, *theorem.hypotheses, *theorem.proof, theorem.sharpness, *theorem.warnings,
                 *(m for _, m in theorem.symbols)):
        prose.check(text)
        assert "<<" not in prose.to_text(text, theorem.terms)


def test_the_floor_hypothesis_is_about_whole_cells():
    assert any("points of the sample is not enough" in h for h in partition_bound(net(), "ramp").hypotheses)
    assert not any("not enough" in h for h in partition_bound(Input("R", 3) >> Linear("s"), "ramp").hypotheses)
    assert any("void" in h for h in parametric_bound(net(), "ramp").hypotheses)


def shown(theorem):
    """Everything a reader sees, as text."""
    return [prose.to_text(text, theorem.terms) for text in (theorem.statement, *theorem.hypotheses, *theorem.proof,
                                                            theorem.sharpness, *theorem.warnings)]


def test_the_index_of_the_cells_is_not_that_of_the_layers():
    theorem = partition_bound(get("indexed").network, "ramp", per_cell={"eps": "e"})
    numbers = {"s": [1, "3/2"], "g": [1, "4/5"], "sigma": [0, "1/2"], "K": 2, "N": 2, "n": 3, "n_c": [1, 2], "D": [1, "1/3"],
               "e": [100, "1/4"], "t": 1}
    value = evaluate_floats([theorem.terms["inside"]], {k: v for k, v in numbers.items() if k != "t"})[0]
    direct = 0.0
    for count, diameter, e in ((1, 1, 100), (2, 1 / 3, 0.25)):
        constant = 1.0
        for s, g, sigma in ((1, 1, 0), (1.5, 0.8, 0.5)):
            constant *= s * g / sqrt(sigma**2 + e)
        direct += count / 3 * sqrt(2) * constant * diameter
    assert value == pytest.approx(direct, rel=1e-12)
    small = {"K": 1, "N": 2, "n": 2, "s": [1, 1], "g": [1, 1], "sigma": [0, 0], "n_c": [1, 1], "D": [1, 1], "e": [100, 1]}
    assert evaluate_floats([theorem.terms["inside"]], small)[0] == pytest.approx(0.777817, rel=1e-6)
    assert theorem.terms["index"].node[1] != "i"


def test_hypotheses_of_a_cell_speak_of_its_own_numbers():
    theorem = partition_bound(net(), "ramp", per_cell={"sigma": "S", "R": "B"})
    texts = shown(theorem)
    (floor,) = [h for h in texts if "standard deviation" in h]
    assert "at least S[i]" in floor and floor.endswith("on cell i.") and "for i =" not in floor
    assert any("S[i]^2 + eps > 0" in h for h in texts)
    assert any("x of cell i with |x| ≤ B[i]" in h for h in texts)
    assert any("S[i] in the place of sigma" in h for h in texts) and any("B[i] in the place of R" in h for h in texts)
    assert "S[i]" in str(theorem.terms["network"]) and "sigma" not in str(theorem.terms["network"])
    cell = [h for h in theorem.hypotheses if "in the place" not in h]
    assert not any("sigma" in prose.to_text(h, theorem.terms) for h in (*cell, *theorem.proof, theorem.statement))
    loss = LOSSES["half-squared"](3, residual=residual_of(Input("R", 3) >> Linear("s"), "Y"))
    own = partition_bound(Input("R", 3) >> Linear("s"), loss, per_cell={"R": "B"})
    assert "|z - y| ≤ s*B[i] + Y for all logits z and targets y that are compared, on cell i." in shown(own)


SQUARED = LOSSES["half-squared"]


@pytest.mark.parametrize("build", [
    lambda: partition_bound(net(), "ramp", per_cell={"sigma": "D"}), lambda: partition_bound(net(), "ramp", per_cell={"sigma": "n_c"}),
    lambda: partition_bound(net(), "ramp", n="N"),
    *(lambda letter=letter: partition_bound(net(), SQUARED("C", residual=letter)) for letter in ("D", "M", "n", "N", "t")),
    *(lambda letter=letter: partition_bound(net(), SQUARED("C", residual=letter), indexed=True) for letter in ("i", "D", "n_c")),
    *(lambda letter=letter: parametric_bound(net(), LOSSES["ramp"]("C", width=letter)) for letter in ("h", "t", "p", "r", "n")),
    lambda: parametric_bound(net(), "cross-entropy", n="p"), lambda: parametric_bound(net(), "cross-entropy", n="h")])
def test_default_names_avoid_everything_on_the_page(build):
    theorem = build()
    own = [theorem.terms[k] for k in ("n", "t", "M", "cells", "diameter", "count", "p", "r", "h") if k in theorem.terms]
    names = [x.node[1] for x in own if x.literal() is None]
    names += [*theorem.per_cell.values(), *([theorem.terms["index"].node[1]] if "index" in theorem.terms else [])]
    assert len(set(names)) == len(names)
    assert theorem.loss is not None
    of_loss = theorem.value.store.symbols(*theorem.loss.terms.values())
    assert not set(names) & (set(of_loss) | set(theorem.bound.symbols()))


@pytest.mark.parametrize(("run", "words"), [
    (lambda: partition_bound(net(), "ramp", cells="n"), "cells: n is already the n of the theorem"),
    (lambda: partition_bound(net(), "ramp", confidence="n"), "confidence: n is already"),
    (lambda: partition_bound(net(), "ramp", diameters="t"), "diameters: t is already the confidence"),
    (lambda: partition_bound(net(), "ramp", top="n"), "top: n is already"),
    (lambda: partition_bound(net(), "ramp", indexed=True, diameters="E", counts="E"), "counts: E is already the diameters"),
    (lambda: partition_bound(net(), "ramp", per_cell={"sigma": "N"}), "per_cell sigma: N is already the cells"),
    (lambda: partition_bound(net(), "ramp", per_cell={"sigma": "S", "R": "S"}), "per_cell R: S is already"),
    (lambda: partition_bound(net(), SQUARED("C", residual="E"), diameters="E"), "E is already a symbol of the loss"),
    (lambda: partition_bound(net(), SQUARED("C", residual="E"), indexed=True, counts="E"), "E is already a symbol of the loss"),
    (lambda: partition_bound(net(), "ramp", cells="y"), "cells: y is already the target"),
    (lambda: partition_bound(get("indexed").network, "ramp", cells="i"), "cells: i is already an index of the network"),
    (lambda: parametric_bound(net(), "ramp", r="n"), "r: n is already"),
    (lambda: parametric_bound(net(), "ramp", r="sqrt(p)"), "r: p is already"),
    (lambda: parametric_bound(net(), "ramp", p="t"), "p: t is already the confidence"),
    (lambda: partition_bound(get("indexed").network, "ramp", per_cell={"sigma": "S"}), "sigma is a family"),
    (lambda: partition_bound(net(), "ramp", per_cell={"K": "S"}), "K is a dimension or a depth"),
    (lambda: partition_bound(net(), "cross-entropy", top="R + 1", per_cell={"R": "B"}), "R occurs in the range"),
    (lambda: parametric_bound(net(), "cross-entropy", top=0), "top = 0"),
    (lambda: partition_bound(net(), "cross-entropy", top=0), "top = 0"),
])
def test_names_that_clash_are_refused(run, words):
    with pytest.raises((HypothesisError, NetworkError), match=words):
        run()


def test_counts_add_up_to_the_sample():
    theorem = partition_bound(net(), "ramp", indexed=True)
    given = {**NUMBERS, "N": 2, "n": 2, "D": [1, 1]}
    assert float(theorem.at(given, n_c=[2, 0], delta="1/20")) > 0
    assert float(theorem.at({**given, "n": "2", "N": "2"}, n_c=("1", "1"), delta="1/20")) > 0
    for counts, words in (([0, 0], "the 2 cells hold 0 samples, the sample has 2"), ([3, 0], "hold 3 samples"),
                          (["1/2", "3/2"], "found 1/2 samples in a cell"), ([3, -1], "found -1 samples")):
        with pytest.raises(TermError, match=words):
            theorem.at(given, n_c=counts, delta="1/20")


def test_parametric_bounds_say_which_tensors_are_trained():
    part, whole = parametric_bound(net(), "ramp", trainable=("bias",)), parametric_bound(net(), "ramp")
    assert "trained tensors of the network (biases); all its other tensors are fixed, before the data" in part.statement
    assert "Let $\\theta$ be all parameters of the network." in whole.statement
    assert dict(part.symbols)[r"\theta"].endswith("all others are fixed")
    head = parametric_bound(net(), "ramp", trainable=("2.W", "shift"))
    assert "(W at layer 2)" in head.statement
    assert "(none)" in parametric_bound(net(), "ramp", trainable=()).statement


def test_trivial_hypotheses_and_divisors_are_left_out():
    ramp = parametric_bound(net(), "ramp")
    assert not any("1 > 0" in text or "/1" in text or "0 ≤ ℓ" in text for text in shown(ramp))
    assert "If Λ = 0" in " ".join(shown(ramp)) and any("classes: C ≥ 2" in h for h in shown(ramp))
    general = shown(parametric_bound(net(), "cross-entropy"))
    assert "M > 0." in general and any("0 ≤ ℓ(f(x;θ), y) ≤ M" in h for h in general) and "Λ/M)" in " ".join(general)
    assert not any("classes" in h for h in shown(parametric_bound(Input("R", "d") >> Linear("s", out=3), "ramp")))
    assert not any("factor linear" in text for text in shown(ramp)) and any("a term that is linear" in text for text in shown(ramp))
    still = parametric_bound(net(), "ramp", trainable=())
    assert not still.terms["Lambda"]
    gap = still.at({**NUMBERS, "n": 100, "p": 1, "r": 1}, delta="1/20")
    assert float(gap) == pytest.approx(2 / 100 + sqrt(log(20) / 200))


@pytest.mark.parametrize("build", [lambda: parametric_bound(net(), "cross-entropy"), lambda: partition_bound(net(), "cross-entropy"),
                                   lambda: robustness_bound(net(), "cross-entropy")])
def test_the_risk_is_not_the_radius_and_letters_have_one_meaning(build):
    theorem = build()
    texts = " ".join((theorem.statement, *theorem.proof, *theorem.hypotheses))
    assert r"\mathcal{R}(\theta)" in texts and "$R" not in texts and r"\hat R" not in texts and "- R" not in texts
    if "p" in theorem.terms:  # the number of parameters is p, so the softmax is not
        assert str(theorem.terms["p"]) == "p" and "where $p$ is" not in theorem.statement and r"\ln p_" not in theorem.statement


@pytest.mark.parametrize(("run", "error", "words"), [
    (lambda: partition_bound(net(), "ramp", cells="K"), HypothesisError, "K is already a symbol of the network"),
    (lambda: partition_bound(net(), "ramp", n=0), NetworkError, "n = 0"),
    (lambda: partition_bound(net(), "ramp", cells="1/2"), NetworkError, "cells = 1/2"),
    (lambda: partition_bound(net(), "ramp", confidence=3), NetworkError, "give delta"),
    (lambda: partition_bound(net(), "ramp", diameters="K"), HypothesisError, "already a symbol"),
    (lambda: partition_bound(net(), "ramp", per_cell={"tau": "S"}), NetworkError, "tau is no symbol of the network"),
    (lambda: partition_bound(net(), "ramp", per_cell={"sigma": "K"}), NetworkError, "K is already a symbol"),
    (lambda: partition_bound(net(), "ramp", top=0.5), TermError, "top: found the float"),
    (lambda: partition_bound(Input("R", 3, samples=4) >> Linear("s"), "ramp"), UnsupportedError, "one row"),
    (lambda: parametric_bound(Input(None, 3) >> Linear("s"), "ramp"), UnsupportedError, "no radius"),
    (lambda: concentration(0), NetworkError, "cells = 0"),
    (lambda: concentration("n"), HypothesisError, "n: n already has another meaning"),
    (lambda: concentration(t="N"), HypothesisError, "t: N already has another meaning"),
    (lambda: concentration("1/2"), NetworkError, "cells = 1/2"),
    (lambda: partition_bound(net(), "ramp").at(NUMBERS, delta=0, n=1, N=1, D=1), TermError, "delta = 0"),
    (lambda: partition_bound(net(), "ramp").at(NUMBERS, delta=0.05, n=1, N=1, D=1), TermError, "delta: found the float"),
    (lambda: partition_bound(net(), "ramp").at(NUMBERS, delta="1/2", t=1, n=1, N=1, D=1), TermError, "both given"),
    (lambda: partition_bound(net(), "ramp").at({"s": 1}, delta="1/2", n=1, N=1, D=1), TermError, "value"),
])
def test_refusals(run, error, words):
    with pytest.raises(error, match=words) as caught:
        run()
    assert isinstance(caught.value, NormboundError)
