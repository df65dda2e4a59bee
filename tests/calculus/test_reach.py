"""What the layers just before a floor say about the norm that it needs: true, and seen where radii see nothing."""

from math import sqrt

import numpy as np
import pytest

from normbound import Input, Store, derive, parse_block
from normbound.calculus.comparison import compare
from normbound.terms.evaluate import evaluate_floats


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


NUMBERS = {"R": 9, "d": 4, "s": 9, "b": 9, "g": 1, "h": 0, "r": 1, "eps": 1, "K": 3}


@pytest.mark.parametrize(("text", "sigma", "status"), [
    ("Linear(s, bias=b) >> Tanh >> LayerNorm(floor=sigma)", 2, "vacuous"),
    ("Linear(s, bias=b) >> Tanh >> LayerNorm(floor=sigma)", "999/1000", "holds"),
    ("Linear(s, bias=b) >> Tanh >> ReLU >> Dropout(1/2, mode=eval) >> LayerNorm(floor=sigma)", 2, "vacuous"),
    ("Linear(s, bias=b) >> Sin(3) >> x >> RMSNorm(floor=sigma)", "1001/1000", "vacuous"),
    ("Linear(s, bias=b) >> ReLU6 >> LayerNorm(floor=sigma)", 2, "holds"),
    ("Linear(s, bias=b) >> Tanh >> Linear(s, bias=b) >> LayerNorm(floor=sigma)", 2, "holds"),
    ("LayerNorm(floor=r) >> LayerNorm(floor=sigma)", 1, "vacuous"),          # the first one leaves less than 1
    ("LayerNorm(floor=r) >> LayerNorm(floor=sigma)", "9/10", "holds"),
    ("LayerNorm(floor=r, gamma=g, beta=h) >> ReLU >> LayerNorm(floor=sigma)", 1, "vacuous"),
    ("LayerNorm(floor=r, gamma=g, beta=b) >> ReLU >> LayerNorm(floor=sigma)", 1, "holds"),
    ("LayerNorm(floor=r, eps=0) >> LayerNorm(floor=sigma)", 1, "holds"),     # attained
    ("Repeat(LayerNorm(floor=r) >> LayerNorm(floor=sigma), K)", 1, "vacuous"),
    ("Repeat(Linear(s, bias=b) >> Tanh >> LayerNorm(floor=sigma), K, tied=true)", 2, "vacuous"),
    ("x + Tanh >> LayerNorm(floor=sigma)", 2, "holds"),
])
def test_vacuity(text, sigma, status):
    bound = derive(Input("R", "d") >> parse_block(text))
    values = {k: v for k, v in {**NUMBERS, "sigma": sigma}.items() if k in bound.symbols()}
    assert bound.at(values).status == status
    if status == "vacuous":
        c = compare(bound.network)
        assert c.regime({k: v for k, v in {**NUMBERS, "sigma": sigma}.items() if k in c.symbols()}).verdict == "vacuous"


@pytest.mark.parametrize(("text", "sigma", "wrt", "status"), [
    ("Linear([[1, 1], [1, 1]]) >> LayerNorm(floor=sigma)", "1/1000", "input", "vacuous"),
    ("Linear([[1, 1], [1, 1]]) >> x >> LayerNorm(floor=sigma)", "1/1000", "input", "vacuous"),
    ("Linear([[1, 1], [1, 1]]) >> RMSNorm(floor=sigma)", 1, "input", "holds"),            # not centred
    ("Linear([[1, 1], [1, 1]]) >> LayerNorm(floor=sigma)", 1, "parameters", "holds"),     # the matrix may move
    ("Linear([[1, 1], [1, 1]], bias=[1, 2]) >> LayerNorm(floor=sigma)", "1/2", "input", "holds"),
    ("Linear([[1, 1], [1, 1]], bias=[1, 2]) >> LayerNorm(floor=sigma)", "501/1000", "input", "vacuous"),
    ("Linear([[1, 1], [1, 1]], bias=b) >> LayerNorm(floor=sigma)", 1, "input", "holds"),
    ("Linear([[1, 0], [0, -1]]) >> LayerNorm(floor=sigma)", 1, "input", "holds"),
])
def test_given_matrices(text, sigma, wrt, status):
    bound = derive(Input("R", 2) >> parse_block(text), wrt)
    values = {k: v for k, v in {**NUMBERS, "sigma": sigma}.items() if k in bound.symbols()}
    assert bound.at(values).status == status


def test_no_radius_and_no_width_say_nothing_false():
    for text in ("Repeat(LayerNorm(floor=r) >> LayerNorm(floor=sigma), K)", "LayerNorm(floor=r) >> LayerNorm(floor=sigma)",
                 "Repeat(LayerNorm(floor=r) >> Tanh >> LayerNorm(floor=sigma), K)"):
        bound = derive(Input(None, "d") >> parse_block(text))
        values = {k: v for k, v in {**NUMBERS, "r": "1/2", "sigma": "1/2", "eps": "1/100"}.items() if k in bound.symbols()}
        assert bound.at(values).status == "holds"
    zero = derive(Input("R", "d") >> parse_block("LayerNorm(floor=r) >> LayerNorm(floor=sigma)"))
    assert zero.at({"R": 0, "d": 4, "r": 1, "sigma": 1, "eps": 0}).status == "vacuous"
    assert zero.at({"R": 0, "d": 4, "r": 0, "sigma": 0, "eps": 1}).status == "holds"


@pytest.mark.parametrize("text", [
    "LayerNorm(floor=r, eps=eps) >> ReLU >> LayerNorm(floor=sigma)", "Tanh >> RMSNorm(floor=sigma)",
    "InstanceNorm(floor=r, eps=eps, gamma=g, beta=h) >> LayerNorm(floor=sigma)",
    "GroupNorm(2, floor=r, eps=eps) >> x >> RMSNorm(floor=sigma)", "LayerNorm(floor=r, variance=unbiased) >> RMSNorm(floor=sigma)",
    "BatchNorm(mode=train, floor=r, eps=eps) >> RMSNorm(floor=sigma)", "ScaleNorm(g, floor=r, eps=eps) >> RMSNorm(floor=sigma)",
    "Linear([[1, 2, 0, 1], [1, 1, 1, 1], [0, -1, 0, 3]], bias=[1, 0, 4]) >> LayerNorm(floor=sigma)"])
def test_the_conditions_are_necessary(text):
    """On random inputs the deviations that occur satisfy every condition."""
    from normbound.check.forward import execute
    from normbound.check.realization import draw, plan
    from normbound.layers.normalization import Normalize
    net = Input("R", 4, samples=2, positions=3) >> parse_block(text)
    bound = derive(net)
    conditions = {use.at: c for use, c in bound.conditions()}
    rng = np.random.default_rng(0)
    tightest = 0.0
    for trial in range(30):
        size = float(10 ** rng.uniform(-2, 2))
        values = {k: v for k, v in {"R": repr(size), "r": 0, "sigma": 0, "eps": "1/4", "g": "3/2", "h": "1/10"}.items()
                  if k in bound.symbols()}
        r = draw(plan(net, (), True), trial, "gaussian", 1, values)
        x = rng.normal(size=(1, 2, 3, 4))
        r.points = x * size / np.linalg.norm(x)
        for rec in execute(r, derivatives=False).records:
            step = bound.derivation.steps[rec.step]
            layer = bound.derivation.program.code[step.at].block
            if step.rule == "contract" and isinstance(layer, Normalize) and step.at in conditions:
                left, right = conditions[step.at][:2]
                found = float(layer.deviations(rec.before[0, 0]).min())
                names = bound.term.store.symbols(left, right)
                top, reach = evaluate_floats([left, right], {k: v for k, v in {**values, "sigma": repr(found), "r": repr(found)
                                                                               }.items() if k in names})
                assert top <= reach * (1 + 1e-9) + 1e-12
                tightest = max(tightest, top / reach)
    assert tightest > 0.05, "the inputs must come near the conditions"


def test_long_chains_stay_linear():
    import time
    chain = "Linear(s, bias=b) >> LayerNorm(floor=sigma) >> Tanh"
    def seconds(n):
        net = Input("R", "d") >> parse_block(" >> ".join([chain] * n))
        start = time.perf_counter()
        bound = derive(net)
        return time.perf_counter() - start, bound
    seconds(50)
    few, _ = seconds(400)
    many, bound = seconds(1600)
    assert many < 12 * few + 0.2
    assert sqrt(len(bound.derivation.steps)) > 50
