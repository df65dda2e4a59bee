"""Every registered layer: derives, prints, attains its constant at its witness, and survives falsification."""

from fractions import Fraction

import numpy as np
import pytest

import normbound.layers  # noqa: F401 - registers the layers
from normbound import Input, Store, derive, evaluate
from normbound.check import check
from normbound.contracts.block import extreme
from normbound.contracts.registry import LAYERS
from normbound.network.language import parse_block
from normbound.render.prose import describe, places
from normbound.terms.exact import exact

VALUES = {"s": "6/5", "b": "1/2", "g": "3/2", "h": "1/3", "sigma": "3/4", "eps": "1/10", "a": "7/5", "r": "3/4", "R": 2}
SHAPE = (2, 3, 4)
ALONE = [e for e in LAYERS.values() if e.name != "Outside"]
EXTRA = ["LeakyReLU(1/2)", "ELU(1/2)", "CELU(3)", "LayerNorm(gamma=g)", "RMSNorm(gamma=g, eps=eps)", "PReLU(1/2)",
         'BatchNorm(mode="eval", gamma=g, beta=h, var=sigma, mean=b)', 'BatchNorm(mode="train", gamma=g)',
         'LayerNorm(gamma=g, floor=sigma, variance="unbiased")', 'GroupNorm(2, gamma=g, variance="unbiased", floor=sigma)',
         "InstanceNorm(gamma=g)", "ScaleNorm(g)", "L2Norm()", "GroupNorm(1, gamma=g, beta=h)", "Linear(s)"]
EXAMPLES = [e.example for e in ALONE] + EXTRA


def numbers(bound):
    return {n: VALUES[n] for n in bound.symbols() if n in VALUES}


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


def network(example):
    samples, positions, features = SHAPE
    return Input("R", features, samples, positions) >> parse_block(example)


@pytest.mark.parametrize("example", EXAMPLES)
def test_derives_and_prints(example):
    for wrt in ("input", "parameters", "radius"):
        bound = derive(network(example), wrt)
        assert not bound.unbounded
        assert bound.at(numbers(bound)).ball > 0 or wrt == "parameters"
        assert "normbound" in str(bound) and "claim" in str(bound)


@pytest.mark.parametrize("example", EXAMPLES)
def test_constant_is_attained_at_the_witness(example):
    """The derived constant is at most 1e-4 above a measured quotient: no smaller one is valid."""
    net = network(example)
    bound = derive(net)
    values = numbers(bound)

    def number(term):
        return float(evaluate(term, {n: VALUES[n] for n in term.store.symbols(term)}).mid())

    block = parse_block(example)
    t = 1e-3
    x, y = block.witness(SHAPE, number, t)
    if example.startswith("SquaredReLU"):
        values["R"] = 1  # the witness has norm 1 in one entry
    fx, fy = x, y
    for i in net.program().layers():
        tensors = {p.name: extreme(p, tuple(int(number(n)) for n in p.dims), number) for p in i.block.parameters(i.shape)}
        fx, fy = i.block.forward(tensors, fx), i.block.forward(tensors, fy)
    quotient = np.linalg.norm(fx - fy) / np.linalg.norm(x - y)
    constant = float(bound.at(values).ball.mid())
    assert quotient <= constant * (1 + 1e-9)
    slack = {"SquaredReLU()": 1e-3, "CELU(a)": 1e-3, "CELU(3)": 1e-3, "SELU()": 1e-2, "SELU": 1e-2, "HardSwish()": 1e-3,
             "ELU(a)": 2e-3, "Softsign()": 2e-3}
    floorless = "floor" not in example and any(w in example for w in ("Norm(", 'mode="train"'))
    assert quotient >= constant * (1 - max(slack.get(example, 1e-4), 1e-3 if floorless else 0))


@pytest.mark.parametrize("example", EXAMPLES)
def test_survives_falsification(example):
    report = check(network(example), networks=6, seed=1)
    assert report.verdict == "survived", str(report)
    assert not report.unchecked


@pytest.mark.parametrize("entry", LAYERS.values(), ids=lambda e: e.name)
def test_catalogue_is_complete(entry):
    for text in (entry.constants, entry.sharpness, entry.source, entry.example, entry.mode, entry.hypotheses):
        assert text and text == text.strip()
    passages = describe(entry)
    for name in ("constants", "sharpness", "source", "mode", "hypotheses"):
        assert passages[name].prose and set(places(passages[name].raw)) <= set(entry.terms)
        assert "$" not in passages[name].text and "\\" not in passages[name].text
    assert entry.sharpness.split(" ")[0].rstrip(":") in ("exact", "supremum", "upper")
    assert entry.status == "cited" or entry.status.startswith("lemma ")


def test_values_are_exact():
    assert all(isinstance(exact(v), (int, Fraction)) for v in VALUES.values())
