"""Bounds on divided differences: the rule ``difference`` and the prover that uses it."""

import random
from fractions import Fraction

import pytest
from claim_proofs import budget, changed, counterexample, nodes, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.checker.rules_differences import BOUNDS
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Undefined, truth
from normbound.claims.prove import differences
from normbound.claims.prove.expoly import complete

S = {"K": "natural", "x": "positive", "a": "nonnegative", "b": "nonnegative", "c": "nonnegative"}
R = {"n": "natural", "x": "real", "y": "real", "z": "real"}
# hypotheses, a true statement, false neighbours
CASES = [
    (["a <= 1", "b <= 1", "c <= 1"], "2*dd(K; a, b, c) <= K*(K - 1)", ["2*dd(K; a, b, c) <= K*(K - 2)", "4*dd(K; a, b, c) <= K*(K - 1)"]),
    (["a <= b", "b <= c", "K >= 2"], "dd(K; a, b, c) <= K*(K - 1)/2*c^(K - 2)", ["dd(K; a, b, c) <= K*(K - 1)/2*a^(K - 2)"]),
    (["a <= b", "b <= c", "K >= 2"], "K*(K - 1)/2*a^(K - 2) <= dd(K; a, b, c)", ["K*(K - 1)/2*c^(K - 2) <= dd(K; a, b, c)"]),
    (["K >= 2"], "b^(K - 2) <= dd(K; a, b, c)", ["b^(K - 1) <= dd(K; a, b, c)", "2*b^(K - 2) <= dd(K; a, b, c)"]),
    (["K >= 2"], "(a^(K - 2) + b^(K - 2))/2 <= dd(K; a, b, c)", ["a^(K - 2) + b^(K - 2) <= dd(K; a, b, c)"]),
    (["a < 1", "b < 1"], "dd(K; a, b, 1) <= 1/((1 - a)*(1 - b))", ["dd(K; a, b, 1) <= 1/(1 - a)"]),
    (["K >= 2"], "dd(K; x, a, b) > 0", ["dd(K; b, a, b) > 0", "dd(K; x, a, b) > 1"]),
    (["K >= 1"], "dd(K; a, x) != 0", ["dd(K; a, b) != 0"]),
    (["a <= 1", "b <= 1"], "x*dd(K; a, b) + c*dd(K; b, a) <= x*K + c*K", ["x*dd(K; a, b) <= x*(K - 1)", "x*dd(K; a, b) <= K"]),
    (["a <= b"], "dd(K; a, c, c) <= dd(K; b, c, c)", ["dd(K; b, c, c) <= dd(K; a, c, c)"]),
    (["a <= b"], "dd(K; a, c) + dd(K; a, a, c) <= dd(K; b, c) + dd(K; b, b, c)",
     ["dd(K; a, c) + dd(K; b, b, c) <= dd(K; b, c) + dd(K; a, a, c)"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[1])
def test_bounds_are_proved_and_false_neighbours_are_not(case):
    given, text, false = case
    s = sequent(S, given, text)
    found = differences.attempt(s, budget())
    assert found is not None and complete(found)
    replay(s, found)
    assert counterexample(s, 2000) is None
    for other in false:
        bad = sequent(S, given, other)
        assert counterexample(bad) is not None
        assert differences.attempt(bad, budget(1)) is None
        with pytest.raises(Rejected):
            replay(bad, found)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[1])
def test_altered_certificates_are_rejected(case):
    given, text, false = case
    s = sequent(S, given, text)
    found = differences.attempt(s, budget())
    goals = [sequent(S, given, f) for f in false]
    for way, node in nodes(found):
        if node["premises"]:
            with pytest.raises(Rejected):
                replay(s, changed(found, way, lambda n: n["premises"].pop()))
        if node["rule"] != "difference":
            continue
        for key, values in (("bound", [*BOUNDS, "best"]), ("node", [0, 1, 2, 9, -1]), ("term", ["dd(K; x, x)", "x", "dd(K+1; x)"])):
            for v in values:
                bad = changed(found, way, lambda n, key=key, v=v: n["data"].__setitem__(key, v))
                for g in goals:
                    with pytest.raises(Rejected):
                        replay(g, bad)


@pytest.mark.parametrize("bound", BOUNDS)
def test_conclusions_hold_where_the_conditions_do(bound):
    """At points with any signs: the conclusion is defined and true where all conditions are true."""
    draw = random.Random(BOUNDS.index(bound))
    values = [Fraction(-2), Fraction(-1, 2), Fraction(0), Fraction(1, 3), Fraction(1), Fraction(1), Fraction(3, 2), Fraction(4)]
    applied = 0
    for _ in range(400):
        names = [draw.choice(["x", "y", "z", "1"]) for _ in range(draw.randrange(1, 5))]
        data = {"bound": bound, "term": f"dd({draw.choice(['n', 'n + 1', 'n + 2'])}; {', '.join(names)})",
                "node": draw.randrange(len(names)),
                "nodes": [draw.choice(["x", "y", "z", "1", "x + y"]) for _ in names]}
        s = sequent(R, [], "n <= n")
        *conditions, last = rules()["difference"](s, data)
        for _ in range(30):
            point = {"n": draw.randrange(6), **{v: draw.choice(values) for v in "xyz"}}
            if any(truth(c.goal, point) is not True for c in conditions):
                continue
            applied += 1
            assert not isinstance(truth(last.given[-1], point), Undefined) and truth(last.given[-1], point) is True, (data, point)
    assert applied > 150


@pytest.mark.parametrize("data", [
    {"bound": "member", "term": "x", "node": 0}, {"bound": "member", "term": "dd(n; x, y)"},
    {"bound": "member", "term": "dd(n; x, y)", "node": 2},
    {"bound": "best", "term": "dd(n; x, y)", "node": 0}, {"bound": "small", "term": "dd(n; x, w)"}, {"term": "dd(n; x, y)"},
    {"bound": "ordered", "term": "dd(n; x, y)", "nodes": ["x"]}, {"bound": "ordered", "term": "dd(n; x, y)"},
    {"bound": "small", "term": "dd(n; x, x, x, x, x, x, x, x, x)"}, {"bound": "small", "term": "dd(x; y, z)"}])
def test_refused(data):
    with pytest.raises((Rejected, ClaimError)):
        rules()["difference"](sequent(R, [], "x <= y"), data)


@pytest.mark.parametrize("goal", ["a <= b", "dd(K; a, b) == 0", "dd(K; a) <= a^K", "sum(i, 0, K, dd(i; a, b)) <= 1"])
def test_the_prover_leaves_other_goals(goal):
    assert differences.attempt(sequent(S, [], goal), budget()) is None
