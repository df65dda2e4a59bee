"""Gradient bounds: iteration by iteration they add up to the whole, and the claims that need more say so."""

from itertools import pairwise
from math import sqrt

import pytest

from normbound import GELU, Input, LayerNorm, Linear, ReLU, Repeat, Tanh, derive
from normbound.errors import UnsupportedError
from normbound.render import prose
from normbound.terms.evaluate import evaluate_floats
from normbound.theory.attainment import attainment
from normbound.theory.landscape import gradient_bound, landscape
from normbound.theory.losses import loss_bound

VALUES = {"R": 2, "d": 5, "s": "6/5", "b": "1/2", "g": "7/10", "sigma": "3/2", "eps": "1/100", "K": 6, "w": 3, "c": 1, "C": 4}
NORMED = Linear("s", bias="b") >> LayerNorm(gamma="g", floor="sigma") >> ReLU()


def at(term, **more):
    names = term.store.symbols(term)
    return evaluate_floats([term], {k: v for k, v in {**VALUES, **more}.items() if k in names})[0]


def texts(theorem):
    return (theorem.statement, *theorem.hypotheses, *theorem.proof, theorem.sharpness, *theorem.warnings,
            *(m for _, m in theorem.symbols))


@pytest.mark.parametrize("body", [NORMED, Linear("s") >> ReLU(), Linear("s", bias="b") >> GELU(),
                                  Linear("s", bias="b") >> Repeat(Linear("g") >> Tanh(), 2)])
@pytest.mark.parametrize("tail", [Linear("w", bias="c", out="C"), Linear("w", out="C")])
def test_the_squares_of_all_iterations_and_of_the_tail_are_the_whole(body, tail):
    network = Input("R", "d") >> Linear("w") >> Repeat(body, "K") >> tail
    theorem = landscape(network, "cross-entropy")
    squares = sum(at(theorem.terms["iteration"], **{theorem.index: j}) ** 2 for j in range(1, 7))
    head = at(derive(Input("R", "d") >> Linear("w"), "parameters").term)
    head *= at(derive(Input(None, "d") >> Repeat(body, "K") >> tail).term)
    reach = at(derive(Input("R", "d") >> Linear("w") >> Repeat(body, "K"), "radius").term)
    last = sqrt(reach**2 + (tail.bias is not None))
    total = squares + 2 * (head**2 + last**2)
    assert at(theorem.value) == pytest.approx(sqrt(total), rel=1e-9)
    assert at(theorem.value) == pytest.approx(at(gradient_bound(network, "cross-entropy").value))


def test_early_iterations_of_a_normalized_network_decay_at_the_rate_and_the_last_does_not():
    theorem = landscape(Input("R", "d") >> Repeat(NORMED, "K") >> Linear("w", bias="c", out="C"), "cross-entropy")
    rate = at(theorem.terms["rate"])
    assert rate == pytest.approx(1.2 * 0.7 / sqrt(2.25 + 0.01)) and rate < 1
    own = [at(theorem.terms["iteration"], j=j, K=20) for j in range(2, 21)]
    assert [b / a for a, b in pairwise(own)] == pytest.approx([1 / rate] * 18)
    assert own == pytest.approx([at(theorem.terms["uniform"], j=j, K=20) for j in range(2, 21)])
    last = [at(theorem.terms["iteration"], j=K, K=K) for K in (2, 10, 300)]
    assert last == pytest.approx([last[0]] * 3) and last[0] > 1
    assert at(theorem.terms["least"]) == pytest.approx(sqrt(3 / 4))
    assert "(iii)" in theorem.statement and "does not depend on the depth" in theorem.statement


def test_without_a_bias_at_the_end_nothing_is_claimed_about_decay():
    bare = Input("R", "d") >> Repeat(NORMED, "K") >> Linear("w", out="C")
    with_bias = Input("R", "d") >> Repeat(NORMED, "K") >> Linear("w", bias="c", out="C")
    ends = Input("R", "d") >> Repeat(NORMED, "K") >> Linear("w", bias="c", out="C") >> ReLU()
    for theorem in (landscape(bare, "cross-entropy"), landscape(ends, "cross-entropy"),
                    landscape(with_bias, "ramp"), landscape(with_bias, "cross-entropy", trainable=("weight",))):
        assert "least" not in theorem.terms and "(iii)" not in theorem.statement
        assert any("not claimed" in w and "vanish" in w for w in theorem.warnings)
    assert "least" in landscape(with_bias, "cross-entropy", trainable=("bias",)).terms


def test_kinks_and_curvature_are_said():
    smooth = gradient_bound(Input("R", "d") >> Linear("s") >> Tanh(), "cross-entropy")
    assert len(smooth.warnings) == 1 and "curvature" in smooth.warnings[0]
    kinked = gradient_bound(Input("R", "d") >> Linear("s") >> ReLU(), "margin")
    assert [w.split(":")[0] for w in kinked.warnings[:1]] == ["ReLU"] and "margin" in kinked.warnings[1]


def test_iteration_index_avoids_symbols_of_the_network():
    theorem = landscape(Input("R", "d") >> Repeat(Linear("j") >> ReLU(), "k"), "margin")
    assert theorem.index == "l"


def test_an_iteration_that_resets_the_radius_has_two_cases():
    theorem = landscape(Input("R", "d") >> Linear("w") >> Repeat(NORMED, "K") >> Linear("w", out="C"), "cross-entropy")
    rate = 1.2 * 0.7 / sqrt(2.25 + 0.01)
    for K in (1, 2, 9):
        first = at(theorem.terms["first"], K=K)
        squared = (0.7 * 6) ** 2 / 2.26 + 0.7**2 / 2.26 + 4  # the Repeat reads norms up to 3 * 2, gains sqrt(d - 1)
        assert first == pytest.approx(sqrt(2) * 3 * rate ** (K - 1) * sqrt(squared), rel=1e-9)
        assert first == pytest.approx(at(theorem.terms["iteration"], K=K, j=1))
        for j in range(2, K + 1):
            assert at(theorem.terms["uniform"], K=K, j=j) == pytest.approx(at(theorem.terms["iteration"], K=K, j=j))
    text = prose.to_text(theorem.statement, theorem.terms)
    assert "0^(j" not in text and "for j = 1 and" in text and "for j ≥ 2" in text
    assert all("0^(j" not in prose.to_text(step, theorem.terms) for step in theorem.proof)
    plain = landscape(Input("R", "d") >> Repeat(Linear("s") >> ReLU(), "K"), "margin")
    assert "first" not in plain.terms and plain.title.endswith("without normalization") and plain.title != theorem.title
    assert not theorem.title.endswith("without normalization")


@pytest.mark.parametrize("build", [landscape, gradient_bound, lambda *a, **k: loss_bound(*a, wrt="parameters", **k)])
def test_statements_say_which_tensors_are_trained(build):
    network = Input("R", "d") >> Repeat(NORMED, "K") >> Linear("w", bias="c", out="C")
    part, whole = build(network, "cross-entropy", trainable=("bias", "gain")), build(network, "cross-entropy")
    assert r"Let $\theta$ be the trained tensors of the network (biases, gains); all its other tensors are fixed" in part.statement
    assert r"Let $\theta$ be all parameters of the network." in whole.statement and "fixed" not in whole.statement
    assert dict(part.symbols)[r"\theta"] == "the trained tensors (biases, gains); all others are fixed"
    assert dict(part.symbols).get(r"\nabla_\theta", "the trained tensors").endswith("the trained tensors")
    if part.name == "loss-parameters":
        assert "fixed, the same in both networks" in part.statement


@pytest.mark.parametrize("build", [landscape, gradient_bound])
def test_sharpness_is_that_of_this_network(build):
    relu = build(Input("R", "d") >> Repeat(Linear("s") >> ReLU(), "K"), "margin")
    normed = build(Input("R", "d") >> Repeat(NORMED, "K"), "margin")
    assert attainment(relu.bound).exact and "cannot be lowered" in relu.sharpness
    assert not attainment(normed.bound).exact and "not claimed" in normed.sharpness
    for theorem in (relu, normed):
        assert "order cannot" not in theorem.sharpness and "among others" not in theorem.sharpness
    conditions = attainment(relu.bound).conditions
    text = prose.to_text(relu.sharpness, relu.terms)
    assert all(str(left) in text for left, *_ in conditions) and (" where " in text) == bool(conditions)


def test_letters_have_one_meaning():
    network = Input("R", "d") >> Repeat(Linear("P") >> ReLU(), "K") >> Linear("q", bias="p", out="j")
    for theorem in (landscape(network, "cross-entropy"), gradient_bound(network, "cross-entropy"),
                    loss_bound(network, "cross-entropy", "parameters")):
        text = " ".join(texts(theorem))
        assert "$P$-Lipschitz" not in text and "where $p$ is" not in text and "$q$ the one-hot" not in text
        assert "sum_{j=1}" not in text
    assert r"\sum_{j=1}" not in landscape(Input("R", "d") >> Repeat(Linear("s"), "K"), "cross-entropy").statement


@pytest.mark.parametrize("theorem", [
    lambda: landscape(Input("R", "d") >> Repeat(NORMED, "K") >> Linear("w", bias="c", out="C"), "cross-entropy"),
    lambda: landscape(Input("R", "d") >> Repeat(Linear("s") >> ReLU(), "K"), "margin"),
    lambda: gradient_bound(Input("R", "d") >> Repeat(NORMED, "K"), "kl")])
def test_texts_are_prose(theorem):
    found = theorem()
    for text in texts(found):
        prose.check(text)
        prose.to_text(text, found.terms)


@pytest.mark.parametrize(("body", "arguments", "words"), [
    (Linear("s") >> ReLU(), {}, "no Repeat at the top level"),
    (Repeat(Linear("s"), "K") >> Repeat(Linear("t"), "J"), {}, "2 Repeats"),
    (Repeat(Linear("s"), "K"), {"depth": "J"}, "no Repeat at the top level of the network of depth J"),
    (Repeat(Linear("s"), "K", tied=True), {}, "is tied"),
    (Repeat(Linear("s[i]"), "K", index="i"), {}, "change along its iterations"),
    (Repeat(Linear("s", share="a"), "K"), {}, "shares a.W"),
])
def test_refusals(body, arguments, words):
    with pytest.raises(UnsupportedError, match=words):
        landscape(Input("R", "d") >> body, "margin", **arguments)


def test_one_of_several_repeats_can_be_named():
    network = Input("R", "d") >> Repeat(Linear("s"), "K") >> Repeat(Linear("t"), "J")
    assert str(landscape(network, "margin", depth="J").terms["rate"]) == "t"
