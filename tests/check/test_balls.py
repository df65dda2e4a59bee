"""Balls in object arrays: exact entry of doubles, enclosures, comparisons that refuse to guess."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import normbound.layers  # noqa: F401 - registers the layers
from normbound import Input, Store
from normbound.check.balls import Ball, Undecided, Undefined, bottom, enclose_spectral, largest, norm, to_balls, top
from normbound.check.realization import draw, plan
from normbound.check.walk import walk
from normbound.contracts.registry import LAYERS
from normbound.layers.activations import KINDS
from normbound.network.language import parse_block
from normbound.terms.evaluate import precision

EXAMPLES = [e.example for e in LAYERS.values() if e.name != "Outside"] + [
    "LayerNorm(gamma=g, floor=sigma, variance=\"unbiased\")", "GroupNorm(2, gamma=g, beta=h, floor=sigma)",
    "BatchNorm(mode=\"eval\", gamma=g, beta=h, var=sigma, mean=b)", "L2Norm()"]


@pytest.fixture(autouse=True)
def bits():
    with precision(128):
        yield


def third():
    """A ball of positive width around 1/3."""
    return Ball(Fraction(1, 3))


def test_doubles_enter_exactly_and_ends_are_rational():
    for x in (0.1, -3.5, 5e-324, 1.7976931348623157e308, 0.0):
        b = Ball(x)
        assert b.arb.rad() == 0 and top(b.arb) == bottom(b.arb) == Fraction(x)
    assert bottom(third().arb) < Fraction(1, 3) < top(third().arb)
    with pytest.raises(Undefined):
        Ball(float("nan"))
    with pytest.raises(TypeError):
        float(Ball(1))  # no silent return to doubles
    with pytest.raises(TypeError):
        Ball("1/3")


def test_comparisons_decide_or_raise():
    assert Ball(1) < 2 and Ball(2) >= Ball(2) and not Ball(2) > 2 and Ball(0.5) == Fraction(1, 2) and bool(Ball(3))
    assert third() < Fraction(1, 2) and third() != 1
    for undecided in (lambda: third() * 3 > 1, lambda: third() * 3 == 1, lambda: bool(third() * 3 - 1),
                      lambda: third() * 3 <= 1, lambda: 1 / (third() * 3 - 1)):
        with pytest.raises(Undecided):
            undecided()


def test_what_has_no_value_is_undefined():
    for undefined in (lambda: Ball(1) / 0, lambda: Ball(-1).sqrt(), lambda: Ball(0).log(), lambda: 1 / Ball(0),
                      lambda: Ball(1) * float("inf")):
        with pytest.raises(Undefined):
            undefined()


def test_kinks_give_the_hull_of_both_sides():
    zero = third() * 3 - 1  # contains 0 and has positive width
    with pytest.raises(Undecided):
        assert zero > 0
    for y in (zero.max(0), zero.choose(zero, 0), abs(zero), zero.min(0), (zero * zero).sqrt()):
        assert y.arb.contains(0) and y.arb.rad() < 1e-18
    relu = next(k for k in KINDS if k.name == "ReLU")
    found = relu.phi(np.array([zero, Ball(-1), Ball(2)], dtype=object), None)
    assert found[0].arb.contains(0) and found[1] == 0 and found[2] == 2


def test_norms_of_arrays():
    rows = [[3, 0], [0, Fraction(-4, 3)]]
    assert norm(to_balls(np.array([3.0, -4.0]))) == 5
    assert largest(to_balls(np.array([3.0, -4.0]))) == 4 and largest(np.zeros(0)) == 0
    assert enclose_spectral(rows, 100).contains(3) and enclose_spectral([[0, 0]], 100) == 0
    assert to_balls(np.array([[0.5]])).shape == (1, 1)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
def test_activations_on_balls_follow_the_exact_function(kind):
    """Narrow at 128 bits, and next to what doubles give; the kinks are among the points."""
    x = np.array([-30.0, -6, -3, -1, -0.3, 0, 1e-9, 0.4, 1, 1.5, 3, 6, 25]).reshape(1, 1, 13)
    a = np.full((1, 1, 1), 0.75) if kind.argument else None
    plain = kind.phi(x, a).ravel()
    exact = kind.phi(to_balls(x), None if a is None else to_balls(a)).ravel()
    for b, y in zip(exact, plain, strict=True):
        assert b.arb.rad() < 1e-33
        assert abs(float(b.arb.mid()) - y) <= 1e-13 * (1 + abs(y))


@pytest.mark.parametrize("example", EXAMPLES)
def test_ball_pass_of_a_layer_is_next_to_the_double_pass(example):
    """Every registered layer runs on balls: narrow enclosures, within rounding of the doubles, and wider input balls
    contain what exact inputs give.
    """
    with Store():
        p = plan(Input("R", 4, 2, 3) >> parse_block(example))
        last = len(p.derivation.steps) - 1
        for law in ("gaussian", "zero"):
            r = draw(p, 5, law)
            x = r.points[:3, None]
            base = {k: np.broadcast_to(t[:1], (3, *t.shape[1:])) for k, t in r.tensors.items()}
            refuse = None  # no scaled block here
            plain = walk(r, base, x, last, (), refuse).passage.after
            balls = {k: to_balls(t) for k, t in base.items()}
            exact = walk(r, balls, to_balls(x), last, (), refuse).passage.after
            wide = to_balls(x) + (third() * 3 - 1)
            wider = walk(r, balls, wide, last, (), refuse).passage.after
            assert exact.shape == plain.shape
            for b, w, y in zip(exact.ravel(), wider.ravel(), plain.ravel(), strict=True):
                assert b.arb.rad() < 1e-25 and w.arb.contains(b.arb.mid())
                assert abs(float(b.arb.mid()) - y) <= 1e-11 * (1 + abs(y))
