"""Intervals in exact integer arithmetic hold the values, and the rule ``boxes`` accepts what they show and nothing else."""

import copy
import random
import time
from fractions import Fraction

import mpmath
import pytest
from claim_proofs import budget, counterexample, sequent
from claim_random import expression
from hypothesis import given, settings
from hypothesis import strategies as st

from normbound.claims.checker import Rejected, replay
from normbound.claims.checker import enclosure as enc
from normbound.claims.checker.enclosure import NotEnclosed, Program
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Undefined, value
from normbound.claims.grammar import parse_expression
from normbound.claims.prove import boxes

SLOPE = "1/(1 + exp(-x)) + x*1/(1 + exp(-x))*(1 - 1/(1 + exp(-x)))"
RATIONALS = st.fractions(min_value=-30, max_value=30, max_denominator=10**6)


def holds(interval, exact, bits):
    with mpmath.workprec(4 * bits + 200):
        return mpmath.ldexp(interval[0], -bits) <= exact <= mpmath.ldexp(interval[1], -bits)


@given(RATIONALS, st.sampled_from((16, 53, 80, 200)))
@settings(max_examples=150, deadline=None)
def test_exp_and_log_hold_the_value_and_are_narrow(q, bits):
    x = enc.of_rational(q, bits)[0]
    with mpmath.workprec(4 * bits + 200):
        exact = mpmath.exp(mpmath.ldexp(x, -bits))
    found = enc.exponential((x, x), bits)
    assert holds(found, exact, bits) and found[1] - found[0] <= 2 + (found[1] >> (bits + 20))
    if x > 0:
        with mpmath.workprec(4 * bits + 200):
            exact = mpmath.log(mpmath.ldexp(x, -bits))
        found = enc.logarithm((x, x), bits)
        assert holds(found, exact, bits) and found[1] - found[0] <= 2
        with mpmath.workprec(4 * bits + 200):
            exact = mpmath.sqrt(mpmath.ldexp(x, -bits))
        assert holds(enc.root((x, x), bits, True), exact, bits)


def test_exact_points():
    one = 1 << 80
    assert enc.exponential((0, 0), 80) == (one, one)
    assert enc.logarithm((one, one), 80) == (0, 0)
    assert enc.root((4 * one, 4 * one), 80, True) == (2 * one, 2 * one)


@pytest.mark.parametrize("name", ["pi", "log2", "gelu_lip"])
def test_constants(name):
    low, high = enc.constant(name, 120)
    ball = value(parse_expression(name), {}, 400)
    assert high - low <= 4 and Fraction(low, 2**120) <= _rational(ball.upper()) and Fraction(high, 2**120) >= _rational(ball.lower())


def _rational(end):
    mantissa, exponent = end.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def test_random_expressions_hold_their_values():
    """Over a random box, at random points of it; also for ``strict``, where nothing may be left out."""
    rng = random.Random(5)
    compared = 0
    for _ in range(1500):
        e = parse_expression(expression(rng, 3, ("x", "u", "1", "2", "(1/2)", "0", "x", "u")))
        box = {}
        for name, low in (("x", Fraction(1, 8)), ("u", Fraction(-3))):
            a = low + Fraction(rng.randrange(40), 8)
            box[name] = a, a + Fraction(rng.randrange(20), 8)
        try:
            program = Program([e])
        except NotEnclosed:
            continue
        for strict in (False, True):
            try:
                found = program.run(box, 60, strict)[0]
            except NotEnclosed:
                continue
            for _ in range(4):
                point = {n: a + (b - a) * Fraction(rng.randrange(9), 8) for n, (a, b) in box.items()}
                exact = value(e, point)
                if isinstance(exact, Undefined):
                    assert not strict, (str(e), point)
                    continue
                if isinstance(exact, Fraction):
                    low = high = exact
                else:
                    low, high = _rational(exact.lower()), _rational(exact.upper())
                assert Fraction(found[0], 2**60) <= high and low <= Fraction(found[1], 2**60), (str(e), point)
                compared += 1
    assert compared > 1500


TRUE = [
    ({"x": "real"}, ["-8 <= x", "x <= 8"], f"{SLOPE} <= 11/10"),
    ({"x": "real"}, ["-8 <= x", "x <= 8"], f"{SLOPE} <= 1.0998393203"),
    ({"x": "positive"}, ["x <= 4"], "sqrt(x) <= 2"),
    ({"x": "nonnegative"}, ["x <= 4"], "log(1 + x) <= x"),
    ({"x": "positive", "y": "positive"}, ["x <= 1", "1 >= y"], "x*y <= (x + y)/2"),
    ({"x": "positive", "y": "positive"}, ["x <= 1", "y <= 1", "x >= 1/4"], "x*y*exp(-x) < 1/2"),
    ({"x": "real"}, ["x == 1/3"], "3*x > 0.99"),
    ({"x": "real"}, ["x <= 1", "x >= -1"], "max(x, -x) <= abs(x) + 1/10"),
    ({}, [], "exp(1) < 2.7182818285"),
    ({}, [], "log(2) < log2 + 1e-20"),
    ({}, [], "exp(100)*exp(-100) <= 1 + 1e-20"),
    ({}, [], "gelu_lip <= 1.1289041458"),
]
FALSE = [
    ({"x": "real"}, ["-8 <= x", "x <= 8"], f"{SLOPE} <= 1.0998"),
    ({"x": "real"}, ["-8 <= x", "x <= 8"], f"{SLOPE} <= 1.09983932"),
    ({"x": "positive"}, ["x <= 4"], "sqrt(x) < 2"),
    ({"x": "nonnegative"}, ["x <= 4"], "log(1 + x) < x"),
    ({}, [], "exp(1) <= 2.718281828"),
    ({}, [], "log(2) < log2"),
    ({"x": "real"}, ["x <= 1"], "x >= -5"),
    ({"x": "real"}, ["x <= 1", "x >= -1"], "1/x <= 2"),
]


@pytest.mark.parametrize(("sorts", "given_", "goal"), TRUE, ids=[t[2][:60] for t in TRUE])
def test_boxes_prove(sorts, given_, goal):
    s = sequent(sorts, given_, goal)
    found = boxes.attempt(s, budget())
    assert found is not None
    replay(s, found)
    assert found["data"]["balls"] == ("log2" in goal or "gelu" in goal)


@pytest.mark.parametrize(("sorts", "given_", "goal"), FALSE, ids=[t[2][:60] for t in FALSE])
def test_boxes_do_not_prove_what_is_false_or_not_bounded(sorts, given_, goal):
    start = time.process_time()
    assert boxes.attempt(sequent(sorts, given_, goal), budget()) is None
    assert time.process_time() - start < 4


def test_a_certificate_of_another_goal_is_rejected():
    """The certificates of true goals, replayed on the false ones."""
    for sorts, given_, goal in FALSE:
        s = sequent(sorts, given_, goal)
        for other in TRUE:
            if set(other[0]) == set(sorts):
                certificate = boxes.attempt(sequent(*other), budget())
                with pytest.raises(Rejected):
                    replay(s, certificate)


def test_changed_certificates_are_rejected():
    s = sequent({"x": "real"}, ["-8 <= x", "x <= 8"], f"{SLOPE} <= 11/10")
    whole = boxes.attempt(s, budget())
    changes = {
        "not covered": lambda d: d["tree"].pop(),
        "another box": lambda d: d["tree"].append("direct"),
        "cut outside": lambda d: d["tree"].__setitem__(0, [0, "9"]),
        "no such variable": lambda d: d["tree"].__setitem__(0, [1, "0"]),
        "no cuts": lambda d: d.__setitem__("tree", ["direct"]),
        "few bits": lambda d: d.__setitem__("bits", 3),
        "no variables": lambda d: d.__setitem__("variables", []),
        "unknown way": lambda d: d.__setitem__("tree", ["trust"]),
        "no tree": lambda d: d.pop("tree"),
        "a number as text": lambda d: d.__setitem__("bits", "80"),
    }
    for name, change in changes.items():
        bad = copy.deepcopy(whole)
        change(bad["data"])
        with pytest.raises(Rejected):
            replay(s, bad)
            pytest.fail(name)
    with pytest.raises(Rejected):
        replay(s.replace(s.given[:1]), whole)
    constant = sequent({}, [], "gelu_lip <= 2")
    silent = {"rule": "boxes", "data": {"bits": 80, "variables": [], "tree": ["direct"], "balls": False}, "premises": []}
    with pytest.raises(Rejected, match="balls"):
        replay(constant, silent)


def test_mean_value_forms_need_a_derivative_on_the_whole_box():
    """sqrt has none at 0; abs and max have none by the rules."""
    for goal in ("-sqrt(x) >= -2", "abs(x - 1) <= 4", "max(x, 1) <= 4"):
        s = sequent({"x": "nonnegative"}, ["x <= 4"], goal)
        for way in ("mean", "corner", "second"):
            with pytest.raises(Rejected):
                replay(s, {"rule": "boxes", "data": {"bits": 60, "variables": ["x"], "tree": [way], "balls": False}, "premises": []})


def test_boxes_are_sound_on_random_goals():
    """Whatever the tree is: an accepted goal has no counterexample among small points."""
    rng = random.Random(11)
    accepted = 0
    for _ in range(2500):
        sides = [expression(rng, 2, ("x", "u", "1", "2", "(1/2)")) for _ in range(2)]
        goal = f"{sides[0]} {rng.choice(('<=', '<', '>=', '>', '!='))} {sides[1]}"
        try:
            s = sequent({"x": "positive", "u": "real"}, ["x <= 5/2", "-1/2 <= u", "u <= 3"], goal)
        except ClaimError:
            continue
        names = [n for n in ("x", "u") if n in goal.replace("exp", "").replace("max", "")]
        tree = rng.choice((["direct"], ["mean"], ["corner"], ["second"], [[0, "1"], "direct", "corner"], [[0, "1"], "mean", "mean"]))
        try:
            replay(s, {"rule": "boxes", "data": {"bits": 60, "variables": names, "tree": tree, "balls": False}, "premises": []})
        except Rejected:
            continue
        accepted += 1
        assert counterexample(s) is None, str(s)
    assert accepted > 60
