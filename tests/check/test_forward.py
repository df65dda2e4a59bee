"""Jacobians: the pushes against complex steps and differences, whole networks against recorded runs, norms against SVD."""

from __future__ import annotations

import numpy as np
import pytest

import normbound.layers  # noqa: F401 - registers the layers
from normbound import Input
from normbound.check import jacobian
from normbound.check.forward import execute
from normbound.check.jacobian import Flow, flow, input_norms, largest, push, stepped
from normbound.check.realization import draw, plan
from normbound.contracts.block import Repeat, concat, parallel, scaled
from normbound.contracts.registry import LAYERS
from normbound.layers import Identity, LayerNorm, Linear, Normalize, Outside, activation
from normbound.network.builtins import get, names
from normbound.network.language import parse_block

EXAMPLES = [e.example for e in LAYERS.values() if e.name != "Outside"] + [
    "LayerNorm(gamma=g)", 'RMSNorm(eps="1/10")', 'LayerNorm(gamma=g, floor=sigma, variance="unbiased")',
    'GroupNorm(1, gamma=g, variance="unbiased")', "L2Norm()",
    'BatchNorm(mode="eval", gamma=g, beta=h, var=sigma, mean=b)', "Linear(s)", "Linear(s, out=6)",
    "Linear(s, out=6) >> LayerNorm(gamma=g)"]
OF_SEVERAL_ROWS = ("InstanceNorm", "GroupNorm(2", 'BatchNorm(mode="train"')
SHAPES = [(1, 1, 4), (2, 3, 4)]
TANH, RELU = activation("Tanh"), activation("ReLU")
RESIDUAL = Identity() + (LayerNorm(gamma="g", beta="h", floor="sigma") >> Linear("s", bias="b") >> TANH)
NETWORKS = {
    "residual": Repeat(RESIDUAL, "K") >> Linear("t", out=3),
    "concat and product": concat(Linear("s", out=2), Linear("t", bias="c", out=2)) * (Linear("q") >> activation("Sigmoid")),
    "nested sums": (Linear("s") + (TANH + Identity())) + scaled(-2, Linear("t") >> RELU),
    "parallel": parallel(Linear("s", bias="b"), Linear("t") >> RELU) >> LayerNorm(floor="sigma"),
    "captured": Repeat(Repeat(Linear("s") + Outside("u"), 2) >> TANH + Outside("v"), 3, tied=True,
                       capture={"u": Linear("t", "c"), "v": TANH}),
    "start": Repeat(Outside("u") + Linear("s"), 2, start=Linear("t", "c"), capture={"u": Identity()}),
    "depth 0": Repeat(Linear("s") >> RELU, 0, start=LayerNorm(floor="sigma")) >> Linear("t"),
    "normalizers in a row": LayerNorm(floor="sigma") >> LayerNorm(gamma="g", floor="f") >> Linear("s") >> LayerNorm(floor="r")
                            >> LayerNorm(floor="q") >> TANH >> LayerNorm(gamma="g", floor="z"),
}


def alone(example, shape):
    samples, positions, features = shape
    return draw(plan(Input("R", features, samples, positions) >> parse_block(example)), 3, "gaussian", 5)


def leaves(r):
    """(layer, tensors) in order of execution."""
    for event in r.schedule:
        if event.at in r.plan.slots:
            slots = r.plan.slots[event.at]
            yield r.layers[event.at], {s.parameter.name: r.tensors[r.key(event.at, s, event.iterations)] for s in slots}


def close(a, b, accuracy):
    assert a.shape == b.shape
    return np.abs(a - b).max() <= accuracy * (np.abs(b).max() + 1e-300)


@pytest.mark.parametrize(("example", "shape"), [(e, s) for e in EXAMPLES for s in SHAPES
                                               if s[0] > 1 or not e.startswith(OF_SEVERAL_ROWS)])
def test_push_is_the_complex_step_and_the_difference(example, shape):
    """From the identity, and along directions with a rank and scales still pending."""
    r = alone(example, shape)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, *r.points.shape))
    for layer, tensors in leaves(r):
        n = int(np.prod(x.shape[2:]))
        rough = Flow(x, rng.normal(size=(*x.shape[:2], 3, n)), rng.normal(size=(*x.shape[:2], n)),
                     rng.normal(size=(*x.shape[:2], n, 2)), rng.normal(size=(*x.shape[:2], 2, n)),
                     rng.normal(size=(*x.shape[:2], n)))
        for start in (Flow(x), rough):
            fast, slow = push(layer, tensors, start), stepped(layer, tensors, start)
            assert close(fast.x, slow.x, 1e-14) and np.array_equal(slow.x, layer.forward(tensors, x))
            assert close(fast.matrix(), slow.matrix(), 1e-13)
        d = start.matrix()
        h = 1e-6
        lifted = {k: t[:, :, None] for k, t in tensors.items()}
        moved = [layer.forward(lifted, x[:, :, None] + s * h * d.reshape(*d.shape[:3], *x.shape[2:])) for s in (1, -1)]
        difference = (moved[0] - moved[1]) / (2 * h)
        assert close(fast.matrix(), difference.reshape(fast.matrix().shape), 1e-6)
        x = fast.x


def test_every_layer_with_a_formula_is_reached():
    found = {type(layer) for e in EXAMPLES for layer, _ in leaves(alone(e, (2, 3, 4)))}
    assert found >= set(jacobian._PUSHES)


@pytest.mark.parametrize("name", [*names(), *NETWORKS])
def test_flow_is_the_recorded_derivative(name):
    """Pushed directions and the chain rule over local complex steps are two ways to the same matrix."""
    network = Input("R", 4, positions="n") >> NETWORKS[name] if name in NETWORKS else get(name).network
    p = plan(network)
    for seed, law in enumerate(("gaussian", "orthogonal", "aligned")):
        r = draw(p, seed, law, 4)
        trace = execute(r)
        last = trace.records[-1]
        end = flow(r)
        met = trace.valid[0] & (np.abs(last.tangents.matrix).max(axis=(1, 2)) < 1e100)
        recorded = last.tangents.matrix[:, :last.tangents.inputs]
        if trace.valid.any():
            assert close(end.x[trace.valid], last.after[trace.valid], 1e-11)
        if met.any():
            assert close(end.matrix()[0][met], recorded[met], 1e-9)
        if trace.valid.all() and len(trace.valid) > 2:
            assert close(flow(r, networks=slice(2, 3)).matrix()[0], end.matrix()[2], 1e-9)


def test_flow_at_other_points_and_for_all_networks():
    r = draw(plan(get("pre-norm").network), 1, "gaussian", 4)
    points = np.random.default_rng(1).normal(size=(4, 7, *r.points.shape[1:]))
    norms = input_norms(r, points)
    for k in range(4):
        alone = np.linalg.svd(flow(r, points[k], slice(k, k + 1)).matrix()[0], compute_uv=False)[:, 0]
        assert close(norms[k], alone, 1e-11)
    assert len(set(norms.ravel())) == norms.size


@pytest.mark.parametrize("size", [1, 2, 9, 16, 33])
def test_largest_is_that_of_the_svd(size):
    rng = np.random.default_rng(size)
    stacks = [rng.normal(size=(40, size, size + 3)), rng.normal(size=(40, size + 7, size)) * 1e-120,
              rng.normal(size=(3, size, size))]
    orthogonal = np.linalg.qr(rng.normal(size=(6, size, size)))[0]
    for gap in (1e-1, 1e-3, 1e-6, 1e-9, 0.0):  # two nearly equal singular values, and all of them equal
        values = np.concatenate([np.linspace(0.1, 0.9, size), [1 - gap, 1]])
        stacks.append(orthogonal * values[-size:] @ orthogonal.swapaxes(1, 2)[::-1])
    stacks += [orthogonal, np.ones((4, size, size))]
    stacks += [rng.normal(size=(5, size, 1)) * rng.normal(size=(5, 1, size)) * 1e80]
    for m in stacks:
        assert np.abs(largest(m) / np.linalg.svd(m, compute_uv=False)[:, 0] - 1).max() < 1e-11


def test_largest_of_what_has_none():
    m = np.random.default_rng(0).normal(size=(6, 12, 12))
    m[1], m[2, 3, 4], m[3, 0, 0] = 0, np.nan, np.inf
    m[4] *= 1e-200
    m[5] *= 1e200
    top = largest(m)
    assert top[1] == 0 and np.isnan(top[2:4]).all()
    scale = np.array([1, 1e-200, 1e200])
    exact = scale * np.linalg.svd(m[[0, 4, 5]] / scale[:, None, None], compute_uv=False)[:, 0]
    assert np.abs(top[[0, 4, 5]] / exact - 1).max() < 1e-11
    assert largest(np.empty((0, 3, 3))).shape == (0,) and (largest(np.empty((2, 0, 3))) == 0).all()


def test_scaled_formula_dies():
    """A push that is off by a factor is not within the accuracy asked above."""
    r = alone("LayerNorm(gamma=g)", (1, 1, 4))
    (layer, tensors), *_ = leaves(r)
    assert isinstance(layer, Normalize)
    start = Flow(np.broadcast_to(r.points, (4, *r.points.shape)))
    assert not close(1.000001 * push(layer, tensors, start).matrix(), stepped(layer, tensors, start).matrix(), 1e-13)
