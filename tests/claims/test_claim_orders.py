"""Orders of variables: the rule ``ordered`` and the prover of inequalities that need one."""

import itertools
import random
from fractions import Fraction

import pytest
from claim_proofs import budget, changed, counterexample, false_at, nodes, points, sequent

from normbound.claims.checker import Rejected, node, replay, rules
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import truth
from normbound.claims.prove import orders

SORTS = {"a": "nonnegative", "b": "nonnegative", "c": "nonnegative", "x": "positive", "y": "positive", "z": "positive", "w": "positive",
         "u": "real", "v": "real", "n": "natural", "m": "natural", "s": "positive[n]"}
SCHUR = "a*(a - b)*(a - c) + b*(b - a)*(b - c) + c*(c - a)*(c - b)"
TRUE = [
    ([], SCHUR + " >= 0"),
    ([], "a^2*(a - b)*(a - c) + b^2*(b - a)*(b - c) + c^2*(c - a)*(c - b) >= 0"),
    ([], "x/(y + z) + y/(x + z) + z/(x + y) >= 3/2"),
    ([], "a^4*b + a^4*c + b^4*a + b^4*c + c^4*a + c^4*b >= 2*(a^2*b^2*c + b^2*c^2*a + c^2*a^2*b)"),
    ([], "4*(x^3 + y^3 + z^3 + w^3) >= (x + y + z + w)*(x^2 + y^2 + z^2 + w^2)"),
    ([], "(x + y + z)*(1/x + 1/y + 1/z) >= 9"),
    ([], "x/y + y/z + z/x >= 3"),
    (["u > 0"], "u*(a - b)*(a^2 - b^2) >= 0"),
    ([], "(u - v)*(u - v) >= 0"),
    ([], "(n + 1)*(x - y)*(x^3 - y^3) >= 0"),
]
FALSE = [
    ([], SCHUR + " >= 0.001*(a + b + c)"),
    ([], "x/(y + z) + y/(x + z) + z/(x + y) >= 1.6"),
    ([], SCHUR + " > 0"),
    ([], "(u - v)*(u^2 - v^2) >= 0"),
    ([], "(x + y + z)*(1/x + 1/y + 1/z) > 9"),
    ([], "x/y + y/z + z/x >= 3.01"),
    ([], "u*(a - b)*(a^2 - b^2) >= 0"),
]


@pytest.mark.parametrize(("given", "goal"), TRUE)
def test_inequalities_by_orders(given, goal):
    s = sequent(SORTS, given, goal)
    found = orders.attempt(s, budget())
    assert found is not None
    replay(s, found)
    assert counterexample(s, 600) is None


@pytest.mark.parametrize(("given", "goal"), FALSE)
def test_what_is_false_is_not_proved(given, goal):
    s = sequent(SORTS, given, goal)
    found = orders.attempt(s, budget())
    assert found is None
    assert counterexample(s, 3000) is not None


def test_the_premises_of_ordered():
    s = sequent(SORTS, ["a + b + c <= 1", "c + b + a <= 1", "b + a + c <= 1", "a + c + b <= 1", "b + c + a <= 1", "c + a + b <= 1"],
                SCHUR + " >= 0")
    (last,) = rules()["ordered"](s, {"variables": ["b", "a", "c"]})
    assert [str(h) for h in last.given[-2:]] == ["b <= a", "a <= c"]
    found = rules()["ordered"](sequent(SORTS, [], "x/(x + u - v) + y/(y + u - v) <= 5"), {"variables": ["x", "y"]})
    assert [str(p.goal) for p in found[:-1]] == ["y + u - v != 0", "x + u - v != 0"]


@pytest.mark.parametrize(("given", "goal", "names"), [
    ([], "a*b^2 >= 0", ["a", "b"]), ([], "a + b - c >= 0", ["a", "b", "c"]), (["a <= 1"], "a + b >= 0", ["a", "b"]),
    (["a + b <= 1"], "a*b >= 0", ["a", "b"]), ([], "a*x >= 0", ["a", "x"]), ([], "a + b >= 0", ["a"]), ([], "a + b >= 0", ["a", "a"]),
    ([], "n + m >= 0", ["n", "m"]), ([], "a + b >= 0", ["a", "s"]), ([], "a + b >= 0", "ab"), ([], "a + b >= 0", ["a", 1]),
    ([], "increasing(a + b, a)", ["a", "b"]), ([], "a + b >= 0 and a*b >= 0", ["a", "b"]), ([], "a^2 - b >= b^2 - a", ["a", "b"]),
    ([], "a - b == 0", ["a", "b"]), ([], "a < b", ["a", "b"]),
])
def test_what_ordered_rejects(given, goal, names):
    with pytest.raises((Rejected, ClaimError)):
        rules()["ordered"](sequent(SORTS, given, goal), {"variables": names})


def test_corrupted_certificates_are_rejected():
    s = sequent(SORTS, [], SCHUR + " >= 0")
    found = orders.attempt(s, budget())
    for way, inner in nodes(found):
        if inner["rule"] == "products":
            for k in range(len(inner["data"]["terms"])):
                with pytest.raises(Rejected):
                    replay(s, changed(found, way, lambda n, k=k: n["data"]["terms"].pop(k)))
            for fact in ({"hypothesis": 2}, {"sign": "b"}, {"sign": "c - b"}):
                with pytest.raises(Rejected):
                    replay(s, changed(found, way, lambda n, f=fact: n["data"]["facts"].__setitem__(1, f)))
        if inner["rule"] == "ordered":
            for names in (["a", "b"], ["a", "b", "x"], []):
                with pytest.raises(Rejected):
                    replay(s, changed(found, way, lambda n, v=names: n["data"].__setitem__("variables", v)))
            with pytest.raises(Rejected):
                replay(s, changed(found, way, lambda n: n["premises"].pop()))


def test_symmetric_goals_that_need_more_stay_open():
    s = sequent(SORTS, [], "sqrt(x*y) <= max(x, y)")
    found = orders.symmetric(s)
    assert found["rule"] == "ordered" and found["premises"] == [None]
    assert orders.symmetric(sequent(SORTS, [], "x*y^2 <= max(x, y)")) is None


def test_ordered_is_sound():
    """Where a symmetric goal is false at a point, the premise is false at the point with its values in order."""
    rng = random.Random(5)
    atoms = ("{0}", "{1}", "{0}*{1}", "{0}^2", "{1}^2", "{0}*{1}^2", "2", "sqrt({0} + {1})", "abs({0} - {1})", "max({0}, {1})",
             "1/({0} + 1)", "1/({1} + 1)", "({0} - {1})^3", "w")
    accepted = false = 0
    for _ in range(400):
        shape = " + ".join(f"{rng.choice(('', '2*', '0 - '))}{rng.choice(atoms)}" for _ in range(rng.randrange(1, 4)))
        if rng.random() < 0.8:
            shape = f"{shape} + {shape.replace('{0}', '#').replace('{1}', '{0}').replace('#', '{1}')}"
        text = shape.format("x", "y")
        given = [] if rng.random() < 0.6 else ["x + y <= w"] if rng.random() < 0.5 else ["x*y <= 2", "y*x <= 2"]
        s = sequent(SORTS, given, f"{text} {rng.choice(('<=', '<', '>=', '>', '!='))} {rng.choice(('1', 'w', 'x*y', '0'))}")
        try:
            *defined, last = rules()["ordered"](s, {"variables": ["x", "y"]})
        except (Rejected, ClaimError):
            continue
        accepted += 1
        small = {"w": "positive", "x": "positive", "y": "positive"}
        for p in itertools.islice((p for p in points(sequent(small, [], "x + y + w > 0")) if false_at(s, p)), 5):
            false += 1
            ways = [p, {**p, "x": p["y"], "y": p["x"]}]
            assert any(false_at(last, q) for q in ways) or any(truth(d.goal, q) is not True for d in defined for q in ways), (str(s), p)
    assert accepted > 60 and false > 40


def test_the_ladder_writes_a_polynomial_in_the_steps():
    s = sequent(SORTS, ["a <= b", "b <= c"], "a + 2*b <= 3*c")
    found = orders.ladder(s, ["a", "b", "c"])
    replay(s, found)
    assert {Fraction(c) for c, _ in found["data"]["terms"]} == {Fraction(1), Fraction(3)}
    assert orders.ladder(sequent(SORTS, ["a <= b"], "a + 2*b <= 3*c"), ["a", "b", "c"]) is None
    assert orders.ladder(s.aim(sequent(SORTS, [], "3*c <= a + 2*b").goal), ["a", "b", "c"]) is None
    replay(s, node("products", found["data"]))
