"""Floors under constants: exact cases in plain NumPy, and a refusal for every hypothesis that a layer breaks."""

from math import sqrt

import numpy as np
import pytest

from normbound import (
    GELU,
    BatchNorm,
    DyT,
    GroupNorm,
    Input,
    LayerNorm,
    Linear,
    PReLU,
    ReLU,
    Repeat,
    RMSNorm,
    Sigmoid,
    Softplus,
    SquaredReLU,
    concat,
    parse_block,
)
from normbound.errors import HypothesisError, UnsupportedError
from normbound.render import prose
from normbound.terms.evaluate import evaluate_floats
from normbound.theory.floors import certificate_floor, matched_batchnorm


def at(term, **values):
    names = term.store.symbols(term)
    return evaluate_floats([term], {k: v for k, v in values.items() if k in names})[0]


BLOCK = Linear("s") >> RMSNorm(gamma="g", floor="sigma", eps="eps")


def test_value_and_certificate_of_a_chain():
    theorem = certificate_floor(Input("R", "d") >> Repeat(BLOCK >> ReLU(), "K") >> Linear("w", out="C"))
    v = {"R": 3, "d": 7, "s": 2, "g": "1/2", "sigma": "3/4", "eps": "1/4", "K": 5, "w": "1/3"}
    q = sqrt(0.75**2 + 0.25)
    assert at(theorem.value, **v) == pytest.approx(1 / 3 * 0.5 * sqrt(7) * 0.75 / q / 3)
    assert at(theorem.terms["certificate"], **v) == pytest.approx((2 * 0.5 / q) ** 5 / 3)


@pytest.mark.parametrize("K", [1, 4])
@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_orthogonal_weights_attain_it_for_eps_0_and_one_layer_in_general(K, eps):
    rng, d, s, g = np.random.default_rng(0), 6, 1.7, 0.6
    x0 = x = rng.normal(size=d)
    certificate, deviations = 1.0, []
    for _ in range(K):
        z = s * np.linalg.qr(rng.normal(size=(d, d)))[0] @ x
        deviations.append(np.sqrt((z * z).mean()))
        x = g * z / np.sqrt(deviations[-1] ** 2 + eps)
        certificate *= g * s / sqrt(deviations[-1] ** 2 + eps)
    chain = certificate_floor(Input("R", "d") >> Repeat(Linear("s") >> RMSNorm(gamma="g", floor="sigma", eps="eps"), "K"))
    value = at(chain.value, g=repr(g), d=d, sigma=repr(float(deviations[-1])), eps=repr(eps), R=repr(float(np.linalg.norm(x0))))
    assert value == pytest.approx(certificate, rel=1e-9)
    assert value == pytest.approx(np.linalg.norm(x) / np.linalg.norm(x0), rel=1e-9)


def test_any_weights_stay_above():
    rng = np.random.default_rng(1)
    chain = certificate_floor(Input("R", "d") >> Repeat(
        Linear("s[i]") >> LayerNorm(gamma="g[i]", floor="sigma[i]", eps=0) >> ReLU(), "K", index="i"))
    for _ in range(200):
        K, d = int(rng.integers(1, 6)), int(rng.integers(3, 8))
        x = rng.normal(size=d)
        R = np.linalg.norm(x)
        found = {"s": [], "g": [], "sigma": []}
        for _ in range(K):
            W = rng.normal(size=(d, d)) * 10.0 ** rng.uniform(-2, 2)
            g = rng.uniform(0.1, 2)
            z = W @ x
            z = z - z.mean()
            sigma = np.sqrt((z * z).mean())
            x = np.maximum(g * z / sigma, 0)
            for name, number in (("s", np.linalg.norm(W, 2)), ("g", g), ("sigma", sigma)):
                found[name].append(float(number))
        values = {**found, "K": K, "d": d, "R": float(R)}
        certificate, value = evaluate_floats([chain.terms["certificate"], chain.value], values)
        assert certificate >= value * (1 - 1e-9) and value == pytest.approx(found["g"][-1] * sqrt(d) / R)


def test_concrete_gains_branches_and_other_normalizers_are_covered():
    gains = certificate_floor(Input("R", 3) >> Linear("s") >> LayerNorm(gamma=[1, 0, 0], floor="sigma", eps=0))
    assert at(gains.value, R=2) == pytest.approx(sqrt(1 - 1 / 3) * sqrt(3) / 2)
    wide = concat(Linear("s") >> GELU(), DyT("a", gamma="h")) >> Linear("t", out=4) >> RMSNorm(floor="sigma")
    assert "certificate" in certificate_floor(Input("R", 4) >> wide).terms
    groups = certificate_floor(Input("R", 4, samples=3, positions=2) >> Linear("s") >> GroupNorm(2, floor="sigma", eps=0))
    assert at(groups.value, R=5) == pytest.approx(sqrt(24) / 5)
    last = BatchNorm(mode="train", floor="sigma", eps=0) >> PReLU("a")
    batch = certificate_floor(Input("R", 2, samples=5) >> Linear("s") >> last)
    assert at(batch.value, R=5, a=3) == pytest.approx(3 * sqrt(10) / 5)


def test_a_domain_without_radius_gets_a_symbol():
    theorem = certificate_floor(Input(None, "d") >> BLOCK)
    assert str(theorem.terms["size"]) == "r" and r"\abs{x_0} = <<size>>" in theorem.statement


def test_depths_must_be_at_least_1():
    assert any(r"\ge 1" in h for h in certificate_floor(Input("R", "d") >> Repeat(BLOCK, "K")).hypotheses)
    assert not any(r"\ge 1" in h for h in certificate_floor(Input("R", "d") >> Repeat(BLOCK, 3)).hypotheses)


RESIDUAL = parse_block("x + (LayerNorm(floor=sigma) >> Linear(s))")


@pytest.mark.parametrize(("body", "words"), [
    (Linear("s", bias="b") >> LayerNorm(floor="f"), r"layer 1 \(Linear\) has a bias"),
    (Linear("s") >> LayerNorm(gamma="g", beta="h", floor="f"), r"layer 2 \(Affine\) has a shift beta"),
    (Linear("s") >> Sigmoid() >> LayerNorm(floor="f"), r"layer 2 \(Sigmoid\) has a value other than 0 at 0"),
    (Softplus() >> LayerNorm(floor="f"), r"layer 1 \(Softplus\) has a value other than 0"),
    (BatchNorm(mode="eval", var="v", mean="m") >> LayerNorm(floor="f"), r"layer 1 \(Standardize\) has running means"),
    (SquaredReLU() * Linear("s") >> LayerNorm(floor="f"), "entrywise product"),
    (Linear("s") >> ReLU(), "no normalizer on its main chain"),
    (Linear("s") >> LayerNorm(), "declares no floor"),
    (RESIDUAL, r"stands in a branch \(sum\)"),
])
def test_broken_hypotheses_are_named(body, words):
    with pytest.raises(UnsupportedError, match=words):
        certificate_floor(Input("R", 4) >> body)


def test_captured_tensors_are_refused():
    body = Repeat(parse_block("x + Outside(u)") >> LayerNorm(floor="f"), "K", capture={"u": Linear("t")})
    with pytest.raises(UnsupportedError, match="captured tensors"):
        certificate_floor(Input("R", 4) >> body)


# -- BatchNorm matched to the data ----------------------------------------------------------------------------------

def bn(z, gamma, eps=0.0):
    return gamma * (z - z.mean(0)) / np.sqrt(z.var(0) + eps)


def quotient(x, f):
    k = np.triu_indices(len(x), 1)
    return (np.linalg.norm(f[:, None] - f[None], axis=-1)[k] / np.linalg.norm(x[:, None] - x[None], axis=-1)[k]).max()


@pytest.mark.parametrize(("m", "eps"), [(2, 0.0), (5, 0.0), (5, 0.4), (40, 0.1)])
def test_any_network_stays_above_and_two_samples_attain(m, eps):
    theorem = matched_batchnorm(Input("R", "d") >> Linear("s", bias="b", out="k") >> BatchNorm(
        mode="eval", gamma="g", var="v", mean="mu", eps="eps"))
    rng = np.random.default_rng(2)
    for _ in range(100):
        x = rng.normal(size=(m, 4)) * 10.0 ** rng.uniform(-2, 2)
        z = x
        for _ in range(int(rng.integers(0, 4))):
            z = np.tanh(bn(z @ rng.normal(size=(4, 4)), rng.uniform(0.1, 3)))
        z = z @ rng.normal(size=(4, 3)) * 10.0 ** rng.uniform(-2, 2)
        gamma = rng.uniform(0.1, 3, 3)
        measured = quotient(x, bn(z, gamma, eps))
        value = at(theorem.value, gamma_2=float(np.linalg.norm(gamma)), v=float(z.var(0).min()), eps=eps,
                   T=float(x.var(0).sum()))
        assert measured >= value * (1 - 1e-9)
        if m == 2 and not eps:
            assert measured == pytest.approx(value, rel=1e-9)


def test_values_for_each_way_to_give_the_gain():
    def value(layer, **values):
        return at(matched_batchnorm(Input("R", 3, samples=8) >> Linear("s", out=4) >> layer).value, T=4, **values)

    eval_ = {"mode": "eval", "var": "v", "mean": "m"}
    assert value(BatchNorm(**eval_, eps=0)) == pytest.approx(sqrt(4) / 2)
    assert value(BatchNorm(**eval_, gamma=[3, 0, 4, 0], eps=0)) == pytest.approx(5 / 2)
    assert value(BatchNorm(**eval_, gamma="g", beta="h", eps=1), gamma_2=5, v=3) == pytest.approx(5 * sqrt(3 / 4) / 2)
    assert value(BatchNorm(mode="train", gamma="g", floor="f", eps=1), gamma_2=5, f="1/2") == pytest.approx(5 * sqrt(0.2) / 2)
    assert value(BatchNorm(mode="train", eps=1), sigma_c="1/2") == pytest.approx(2 * sqrt(0.2) / 2)
    given = matched_batchnorm(Input("R", 3) >> BatchNorm(**eval_, gamma="g", eps=0), trace=9, gain=6)
    assert at(given.value) == 2


def test_the_last_batchnorm_of_a_repeated_family():
    network = Input("R", "d", samples="m") >> Repeat(
        Linear("s[i]") >> ReLU() >> Linear("t[i]") >> BatchNorm(mode="train", gamma="g", floor="f[i]", eps="eps"), "K", index="i")
    theorem = matched_batchnorm(network)
    assert str(theorem.terms["variance"]) == "f[K]^2" and any(r"\ge 1" in h for h in theorem.hypotheses)


@pytest.mark.parametrize(("network", "words"), [
    (Input("R", 3) >> BatchNorm(mode="eval", var="v", mean="m") >> ReLU(), r"layer 2 \(ReLU\): the network must end"),
    (Input("R", 3) >> BatchNorm(mode="train"), "one sample has no variance"),
    (Input("R", 3) >> Linear("s"), "must end with BatchNorm"),
    (Input("R", 3) >> LayerNorm(floor="f"), "must end with BatchNorm"),
    (Input("R", 3, positions=2) >> BatchNorm(mode="train", floor="f"), "pools its statistics over 2 positions"),
    (Input("R", 3, samples="m") >> BatchNorm(mode="train", floor="f", variance="unbiased"), "unbiased variance"),
])
def test_refusals(network, words):
    with pytest.raises(UnsupportedError, match=words):
        matched_batchnorm(network)


@pytest.mark.parametrize("build", [
    lambda: certificate_floor(Input("R", "d") >> Repeat(BLOCK, "K")), lambda: certificate_floor(Input(None, "d") >> BLOCK),
    lambda: matched_batchnorm(Input("R", "d", samples="m") >> BatchNorm(mode="train", gamma="g", beta="h", floor="f")),
    lambda: matched_batchnorm(Input("R", 3) >> BatchNorm(mode="eval", gamma=[1, 2, 3], var="v", mean="m", eps=0))])
def test_texts_are_prose(build):
    theorem = build()
    for text in (theorem.statement, *theorem.hypotheses, *theorem.proof, theorem.sharpness, *theorem.warnings,
                 *(m for _, m in theorem.symbols)):
        prose.check(text)
        assert "<<" not in prose.to_text(text, theorem.terms)


def test_names_of_the_theorem_avoid_each_other():
    network = Input("R", "d") >> BatchNorm(mode="eval", gamma="g", var="v", mean="m", eps=0)
    theorem = matched_batchnorm(network, gain="T")
    assert str(theorem.terms["gain"]) == "T" and str(theorem.terms["trace"]) == "T_x"
    with pytest.raises(HypothesisError, match="trace: T is already the gain of the theorem"):
        matched_batchnorm(network, gain="T", trace="T")


def test_letters_of_the_proof_are_free():
    theorem = certificate_floor(Input("V", "F") >> Linear("N") >> RMSNorm(gamma="L", floor="sigma"))
    text = " ".join((*theorem.hypotheses, *theorem.proof))
    assert "L_" not in text and "F(z)" not in text and "N(z)" not in text and "$V" not in text
    assert "G(z)" in text
