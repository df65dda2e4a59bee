"""Loss constants against hand-computed values, finite differences and brute force."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from normbound import Input, LayerNorm, Linear, ReLU, Repeat, derive
from normbound.errors import HypothesisError, NetworkError, NormboundError, ShapeError, UnsupportedError
from normbound.render import prose
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.normal import same
from normbound.terms.store import Store
from normbound.theory.losses import LOSSES, TARGETS, lookup, loss_bound, loss_on, residual_of, weighted_mean_factor


def number(term, **values):
    return evaluate_floats([term], values)[0]


def built(name, logits=4, samples=1):
    kind = LOSSES[name]
    return kind(logits, samples, **{a.name: "1/4" if a.exact else "3/2" for a in kind.arguments})


def numbers(loss):
    return {n: number(t) for n, t in loss.arguments.items()}


def net(out="C"):
    return Input("R", "d") >> Repeat(Linear("s", bias="b") >> LayerNorm(gamma="g", floor="sigma") >> ReLU(), "K") >> Linear(
        "w", bias="c", out=out)


CONSTANTS = [  # name, logits, arguments, Lipschitz, smoothness
    ("cross-entropy", "C", {}, sqrt(2), 1 / 2), ("cross-entropy", 7, {"temperature": "1/2"}, 2 * sqrt(2), 2),
    ("cross-entropy", 5, {"smoothing": "1/10"}, 1.344618905, 1 / 2), ("cross-entropy", 2, {"smoothing": 1}, sqrt(1 / 2), 1 / 2),
    ("kl", 6, {"temperature": 3}, sqrt(2) / 3, 1 / 18), ("bce", 1, {}, 1, 1 / 4), ("bce", 1, {"pos_weight": 5}, 5, 5 / 4),
    ("bce", 4, {"pos_weight": "1/5"}, 2, 1 / 4), ("soft-bce", 1, {"target": "3/10"}, 0.7, 1 / 4),
    ("soft-bce", 1, {"target": "3/10", "pos_weight": 4}, 1.2, (0.3 * 4 + 0.7) / 4), ("margin", "C", {}, sqrt(2), None),
    ("ramp", 3, {"width": "1/4"}, 4 * sqrt(2), None), ("crammer-singer", 3, {}, sqrt(2), None),
    ("weston-watkins", 5, {}, sqrt(20), None), ("multi-margin", 5, {}, sqrt(4 / 5), None),
    ("half-squared", 9, {"residual": 3}, 3, 1), ("mse", 8, {"residual": 3}, 3 / 4, 1 / 4),
    ("huber", 9, {"delta": "1/2"}, 3 / 2, 1), ("smooth-l1", 9, {"beta": "1/2"}, 3, 2)]


@pytest.mark.parametrize(("name", "logits", "arguments", "lipschitz", "smoothness"), CONSTANTS)
def test_constants(name, logits, arguments, lipschitz, smoothness):
    loss = LOSSES[name](logits, **arguments)
    assert number(loss.lipschitz) == pytest.approx(lipschitz, rel=1e-9)
    assert (None if loss.smoothness is None else number(loss.smoothness)) == (smoothness and pytest.approx(smoothness))


def test_every_loss_is_in_the_list_of_constants():
    assert {c[0] for c in CONSTANTS} == set(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_those_of_the_values(name):
    loss, rng = built(name), np.random.default_rng(3)
    a = numbers(loss)
    z = 0.4 * rng.normal(size=(50, 4))
    y = {"class": rng.integers(4, size=50), "distribution": rng.dirichlet(np.ones(4), 50), "fractions": rng.random((50, 4)),
         "vector": 0.4 * rng.normal(size=(50, 4))}[loss.kind.targets]
    h = 1e-6
    differences = np.stack([(loss.value(z + h * e, y, a) - loss.value(z - h * e, y, a)) / (2 * h) for e in np.eye(4)], axis=-1)
    assert differences == pytest.approx(loss.gradient(z, y, a), abs=1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_means_over_samples(name):
    loss, single, rng = built(name, 4, 6), built(name), np.random.default_rng(4)
    assert number(loss.lipschitz) == pytest.approx(number(single.lipschitz) / sqrt(6))
    a, z = numbers(loss), rng.normal(size=(6, 4))
    y = {"class": rng.integers(4, size=6), "distribution": rng.dirichlet(np.ones(4), 6), "fractions": rng.random((6, 4)),
         "vector": rng.normal(size=(6, 4))}[loss.kind.targets]
    assert loss.value(z, y, a) == pytest.approx(np.mean([single.value(z[k], y[k], a) for k in range(6)]))
    assert loss.gradient(z, y, a)[2] == pytest.approx(single.gradient(z[2], y[2], a) / 6)
    assert loss.least is None


@pytest.mark.parametrize(("name", "arguments"), [
    ("cross-entropy", {}), ("cross-entropy", {"smoothing": "3/10", "temperature": 2}), ("kl", {}), ("bce", {"pos_weight": 3}),
    ("margin", {})])
def test_some_target_has_a_large_gradient(name, arguments):
    loss, rng = LOSSES[name](3, **arguments), np.random.default_rng(5)
    a, least = numbers(loss), number(loss.least)
    z = rng.normal(size=(4000, 3)) * 10.0 ** rng.uniform(-2, 1, (4000, 1))
    w = np.log(a.get("pos_weight", 1.0))
    z = np.concatenate([z, np.full((1, 3), w)])  # where the minimum lies
    targets = {"class": list(range(3)), "distribution": list(np.eye(3)),
               "fractions": [np.array(y) for y in np.ndindex(2, 2, 2)]}[loss.kind.targets]
    sizes = []
    for y in targets:
        y = np.broadcast_to(y, (len(z), *np.shape(y)))
        sizes.append(np.linalg.norm(loss.gradient(z, y.astype(float) if y.ndim > 1 else y, a), axis=-1))
    largest = np.max(sizes, axis=0)
    assert largest.min() == pytest.approx(least, rel=1e-9)


def test_range_of_the_ramp():
    assert [number(t) for t in LOSSES["ramp"](3).range] == [0, 1] and LOSSES["margin"](3).range is None


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("wrt", ["input", "parameters"])
def test_loss_bound_is_the_product_and_reads_well(name, wrt):
    network = net(4)
    loss = built(name)
    theorem = loss_bound(network, loss, wrt)
    assert same(theorem.value, loss.lipschitz * derive(network, wrt).term)
    for text in (theorem.statement, *theorem.hypotheses, *theorem.proof, theorem.sharpness, *theorem.warnings):
        prose.check(text)
        assert "<<" not in prose.to_text(text, theorem.terms)
    assert len(theorem.hypotheses) == 2 + (loss.domain() is not None)
    assert ("meet the hypotheses" in theorem.statement) and (r"\theta" in theorem.statement) == (wrt == "parameters")


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
def test_entries_are_complete(kind):
    assert kind.sharpness in ("attained", "supremum") and kind.targets in TARGETS
    assert (kind.smoothness is None) == (kind.bend is None) == (kind.smooth_reason is None)
    for loss in (built(kind.name), kind(4, **{a.name: 1 if a.default is None else a.default for a in kind.arguments})):
        for words in (kind.formula, kind.reason, kind.witness_text, kind.smooth_reason or kind.reason):
            text = words(loss.places())
            prose.check(text)
            assert "<<" not in prose.to_text(text, loss.terms) and set(prose.places(text)) <= set(loss.terms)


def test_names_are_built_for_the_outputs_of_the_network():
    assert str(loss_on(net(), "weston-watkins").logits) == "C"
    rows = Input("R", "d", samples="m", positions="n") >> Linear("s", out=5)
    loss = loss_on(rows, "cross-entropy")
    assert str(loss.samples) in ("m*n", "n*m") and number(loss.lipschitz, m=2, n=4) == pytest.approx(1 / 2)
    assert number(loss_on(net(), "ramp", width="1/3").lipschitz) == pytest.approx(3 * sqrt(2))


def test_residuals_and_weights():
    assert number(residual_of(Input("R", 3) >> Linear("s", bias="b"), "Y"), R=2, s=3, b=1, Y=5) == 12
    weights = [1, "1/2", 0, 3]
    rng = np.random.default_rng(6)
    w = np.array([float(Fraction(x)) for x in weights])
    g = rng.normal(size=(4, 7))
    g *= sqrt(2) / np.linalg.norm(g, axis=1, keepdims=True)
    assert np.linalg.norm(g * w[:, None] / w.sum()) == pytest.approx(sqrt(2) * number(weighted_mean_factor(weights)))
    assert number(weighted_mean_factor([1] * 9)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("run", "error", "words"), [
    (lambda: lookup("cross entropy"), NetworkError, "did you mean cross-entropy"),
    (lambda: LOSSES["ramp"](3, margin=1), NetworkError, "unknown argument 'margin'; it has width"),
    (lambda: LOSSES["ramp"](3, width=0), NetworkError, "width = 0; a number above 0"),
    (lambda: LOSSES["ramp"](3, width=0.5), NetworkError, "width: found the float 0.5"),
    (lambda: LOSSES["ramp"](1), NetworkError, "found 1 logits"),
    (lambda: LOSSES["half-squared"](1), NetworkError, "residual is missing"),
    (lambda: LOSSES["cross-entropy"](3, smoothing=2), NetworkError, "at most 1"),
    (lambda: LOSSES["cross-entropy"](3, smoothing="a"), NetworkError, "an exact number is needed"),
    (lambda: LOSSES["cross-entropy"]("C", smoothing="1/2"), UnsupportedError, "number of classes must be a number"),
    (lambda: LOSSES["huber"](3, 0), NetworkError, "found 0 samples"),
    (lambda: loss_bound(net(), LOSSES["ramp"](7)), ShapeError, "reads 7 logits, the network puts out C"),
    (lambda: loss_bound(Input("R", 3, samples=2) >> Linear("s"), LOSSES["ramp"](3)), ShapeError, "reads 1 rows"),
    (lambda: loss_bound(net(), "ramp", "radius"), UnsupportedError, "accepted: input, parameters"),
    (lambda: loss_bound(Input(None, 3) >> Linear("s"), "ramp", "parameters"), UnsupportedError, "the input has no radius"),
    (lambda: loss_bound(Input("R", 3) >> LayerNorm(eps=0), "ramp"), UnsupportedError, "declare floor"),
    (lambda: loss_bound(Linear("s"), "ramp"), NetworkError, "a network is needed"),
    (lambda: loss_bound(net(), 3), NetworkError, "a loss is needed"),
    (lambda: loss_bound(net(), LOSSES["ramp"]("C"), width=2), NetworkError, "part of the loss"),
    (lambda: weighted_mean_factor([0]), NetworkError, "not all 0"),
])
def test_refusals(run, error, words):
    with pytest.raises(error, match=words) as caught:
        run()
    assert isinstance(caught.value, NormboundError)


def test_two_stores_are_refused():
    with Store():
        other = LOSSES["ramp"](3)
    with pytest.raises(HypothesisError, match="two stores"):
        loss_bound(Input("R", 3) >> Linear("s"), other)
