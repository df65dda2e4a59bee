"""Realizations: laws that are what they say, inputs inside the domain, the same numbers from the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from normbound.check.forward import execute
from normbound.check.laws import CONDITION, INPUTS, WEIGHTS, Ball, Units, Wanted
from normbound.check.passes import Pass, Visit
from normbound.check.realization import LAWS, MAX_ENTRIES, MAX_ROWS, draw, plan
from normbound.errors import NetworkError, NormboundError, UnsupportedError
from normbound.layers import LayerNorm, Linear, activation
from normbound.network.builtins import get, names
from normbound.network.program import Input

RELU = activation("ReLU")


def matrix(law, seed=0, dims=(5, 4), norm="spectral"):
    rng = np.random.default_rng(seed)
    return WEIGHTS[law].draw(rng, Units(rng), Wanted(norm, "weight", dims))


def test_weight_laws_are_what_they_say():
    values = {law: np.linalg.svd(matrix(law), compute_uv=False) for law in LAWS}
    assert np.allclose(values["orthogonal"], 1)
    assert values["low-rank"][2] < 1e-12 and values["aligned"][1] < 1e-12 and values["equal"][1] < 1e-12
    assert np.isclose(values["near-singular"][0] / values["near-singular"][-1], CONDITION, rtol=1e-3)
    assert values["spiked"][1] < 0.3 * values["spiked"][0]
    assert not values["zero"].any() and set(np.abs(matrix("signs")).ravel()) == {1.0}
    heavy = [np.abs(matrix("heavy-tailed", s)).max() / np.median(np.abs(matrix("heavy-tailed", s))) for s in range(50)]
    light = [np.abs(matrix("gaussian", s)).max() / np.median(np.abs(matrix("gaussian", s))) for s in range(50)]
    assert max(heavy) > 5 * max(light)
    assert all(WEIGHTS[law].says for law in LAWS)


@pytest.mark.parametrize("law", INPUTS)
def test_inputs_stay_in_a_given_ball(law):
    rng = np.random.default_rng(1)
    x = INPUTS[law](rng, 12, Ball((2, 3, 4), 1.5, np.ones(4) / 2, False))
    size = np.sqrt((x**2).sum(axis=(1, 2, 3)))
    assert x.shape == (12, 2, 3, 4) and np.isfinite(x).all() and size.max() <= 1.5 * (1 + 1e-12) and size.max() > 0
    if law == "antipodal":
        assert np.array_equal(x[0], -x[1])
    if law == "nearly constant":
        assert (np.abs(x - x.mean(-1, keepdims=True)).max(axis=(1, 2, 3)) < 0.5 * np.abs(x).max(axis=(1, 2, 3))).all()
    if law == "equal rows":
        assert np.ptp(x, axis=(1, 2)).max() == 0
    if law == "scales":
        assert size.max() / size.min() > 100


def test_seeds_choose_the_input_law_and_draw_the_same_again():
    p = plan(get("mlp-layernorm").network)
    drawn = [draw(p, seed, "gaussian") for seed in range(60)]
    assert {r.inputs for r in drawn} == set(INPUTS)
    for r in drawn[:12]:
        again = draw(p, r.seed, r.law)
        assert np.array_equal(again.points, r.points) and again.values == r.values and again.inputs == r.inputs


def test_points_near_the_floor_are_just_above_it():
    p = plan(Input(radius=3, features=4) >> Linear(1) >> LayerNorm(floor="1/2", eps="eps"))
    near = 0
    for seed in range(400):
        r = draw(p, seed, "orthogonal")
        if r.inputs == "floor":
            x = Pass(r, {k: t[0] for k, t in r.tensors.items() if k[0] == "1.W"})
            z = x.run(r.points, 0, 1)
            d = z.std(axis=-1).ravel()
            near += int(((d >= 0.5) & (d < 0.52)).sum())
    assert near > 20


def test_many_rows_are_drawn_up_to_the_cap():
    p = plan(get("groupnorm").network)
    rows = [r.shapes[0][0] * r.shapes[0][1] for r in (draw(p, s, "gaussian", 1) for s in range(150))]
    assert max(rows) > 4 * 4 / 2 and max(rows) <= MAX_ROWS
    assert max(int(np.prod(s)) for s in draw(p, 3, "gaussian", 1).shapes) <= MAX_ENTRIES


@pytest.mark.parametrize("name", names())
def test_light_passes_agree_with_the_recording_one(name):
    p = plan(get(name).network)
    for seed in range(3):
        r = draw(p, seed, "gaussian", 3)
        visits: list[Visit] = []
        with np.errstate(all="ignore"):
            trace = execute(r, derivatives=False)
            Pass(r, r.tensors).run(np.broadcast_to(r.points, (4, *r.points.shape)), visits=visits)
        steps = {(v.step, v.iterations): v.after for v in visits}
        for rec in trace.records:
            assert (steps[rec.step, rec.iterations] == rec.after).all(), rec.step


@pytest.mark.parametrize("value", [float("nan"), "nan", "inf", -1, "1e", None])
def test_values_that_are_no_numbers_are_refused(value):
    with pytest.raises(NormboundError):
        draw(plan(get("mlp").network), 0, "gaussian", fixed={"s": value})


def test_refusals_name_sizes_and_caps():
    with pytest.raises(NetworkError, match=r"accepted: gaussian, .*heavy-tailed"):
        draw(plan(get("mlp").network), 0, "cauchy")
    with pytest.raises(UnsupportedError, match=f"1000 entries, the checker samples at most {MAX_ENTRIES}"):
        draw(plan(Input(radius=1, features=1000) >> RELU), 0, "gaussian")
