"""Equations with divided differences: the rule ``generic``, the prover ``identities``, equal nodes."""

import random
from fractions import Fraction

import pytest
from claim_proofs import budget, changed, counterexample, false_at, nodes, points, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.evaluate import Undefined, truth, value
from normbound.claims.prove import identities, induction
from normbound.claims.prove.expoly import complete

REAL = {"K": "natural", "s": "real", "x": "real", "y": "real", "z": "real"}
# a true equation, and wrong neighbours of it
TRUE = [
    ("dd(K; s, 1)^2 == dd(K; 1, s^2) + 2*s*dd(K; 1, s, s^2)", ["dd(K; s, 1)^2 == dd(K; 1, s^2) + s*dd(K; 1, s, s^2)"]),
    ("dd(K+1; x, y, z) == x*dd(K; x, y, z) + dd(K; y, z)", ["dd(K+1; x, y, z) == x*dd(K; x, y, z) + dd(K; x, z)"]),
    ("dd(K+1; x, x, y, z) == y*dd(K; x, x, y, z) + dd(K; x, x, z)", ["dd(K+1; x, x, y, z) == y*dd(K; x, y, z) + dd(K; x, x, z)"]),
    ("dd(2*K; x, y) == (x^K + y^K)*dd(K; x, y)", ["dd(2*K; x, y) == (x^K - y^K)*dd(K; x, y)", "dd(2*K; x, y) == x^K*dd(K; x, y)"]),
    ("x*dd(K; x*y, x*z) == x^K*dd(K; y, z)", ["dd(K; x*y, x*z) == x^K*dd(K; y, z)"]),
    ("s*dd(K; s, s^2) == s^K*dd(K; 1, s)", ["dd(K; s, s^2) == s^K*dd(K; 1, s)"]),
    ("dd(K; x, y, z)*(x - z) == dd(K; x, y) - dd(K; y, z)", ["dd(K; x, y, z)*(x - z) == dd(K; x, y) - dd(K; x, z)"]),
    ("dd(K; x, x, x, y)*(x - y) == dd(K; x, x, x) - dd(K; x, x, y)", ["dd(K; x, x, x, y)*(x - y) == dd(K; x, x, x)"]),
    ("dd(K+1; x, 0, y) == dd(K; x, y)", ["dd(K; x, 0, y) == dd(K; x, y)"]),
    ("2*x^2*dd(K; x, x, x) == K*(K - 1)*x^K", ["x^2*dd(K; x, x, x) == K*(K - 1)*x^K"]),
    ("dd(K; -1, x)*(x + 1) == x^K - (-1)^K", ["dd(K; -1, x)*(x + 1) == x^K - 1"]),
    ("dd(K; x*x, y) == dd(K; x^2, y)", ["dd(K; x, y) == dd(K; x^2, y)"]),
]
RECURRENCES = [
    ("recurrence B(0) = s, P(0) = 0, B(i+1) = x*B(i) + y, P(i+1) = x^2*P(i) + B(i)^2 has closed form B(i) = x^i*s + y*dd(i; x, 1), "
     "P(i) = dd(i; x^2, x^2)*s^2 + 2*x*y*dd(i; x, x^2, x^2)*s + y^2*(dd(i; 1, x^2, x^2) + 2*x*dd(i; 1, x, x^2, x^2))",
     ("2*x*y*dd(i; x, x^2, x^2)*s", "x*y*dd(i; x, x^2, x^2)*s")),
    ("recurrence X(0) = 0, Y(0) = 0, Z(0) = 1, X(i+1) = x*X(i) + Y(i), Y(i+1) = y*Y(i) + Z(i), Z(i+1) = z*Z(i) "
     "has closed form X(i) = dd(i; x, y, z), Y(i) = dd(i; y, z), Z(i) = z^i", ("Y(i) = dd(i; y, z)", "Y(i) = dd(i; x, z)")),
    ("recurrence P(0) = 0, Q(0) = s, Q(i+1) = s*Q(i), P(i+1) = x*P(i) + (i + 1)*Q(i) "
     "has closed form Q(i) = s^(i+1), P(i) = s*dd(i+1; x, s, s)", ("P(i) = s*dd(i+1; x, s, s)", "P(i) = s*dd(i; x, s, s)")),
]


@pytest.mark.parametrize(("text", "wrong"), TRUE, ids=lambda c: c if isinstance(c, str) else "")
def test_identities(text, wrong):
    s = sequent(REAL, [], text)
    found = identities.attempt(s, budget())
    assert found is not None and complete(found)
    replay(s, found)
    assert counterexample(s, 300) is None
    for other in wrong:
        bad = sequent(REAL, [], other)
        assert counterexample(bad) is not None
        assert identities.attempt(bad, budget()) is None
        with pytest.raises(Rejected):
            replay(bad, found)


@pytest.mark.parametrize(("text", "change"), RECURRENCES, ids=lambda c: c[0][:30])
def test_steps_of_recurrences(text, change):
    sorts = {n: s for n, s in REAL.items() if n != "K"}
    s = sequent(sorts, [], text)
    found = induction.attempt(s, budget())
    assert found is not None and complete(found)
    replay(s, found)
    assert change[0] in text
    bad = sequent(sorts, [], text.replace(*change))
    assert not complete(induction.attempt(bad, budget(2)))
    with pytest.raises(Rejected):
        replay(bad, found)


@pytest.mark.parametrize(("text", "wrong"), TRUE, ids=lambda c: c if isinstance(c, str) else "")
def test_altered_certificates_prove_no_wrong_equation(text, wrong):
    s = sequent(REAL, [], text)
    found = identities.attempt(s, budget())
    for way, node in nodes(found):
        altered = [changed(found, way, lambda n: n["premises"].append({"rule": "evident", "data": {}, "premises": []}))]
        if node["premises"]:
            altered.append(changed(found, way, lambda n: n["premises"].pop()))
        if node["rule"] == "generic":
            altered += [changed(found, way, lambda n: n["data"].__setitem__("variables", ["K"])),
                        changed(found, way, lambda n: n["data"].__setitem__("point", {})),
                        changed(found, way, lambda n: n["data"]["conditions"].append(f"{n['data']['variables'][0]} < 1"))]
        for certificate in altered:
            with pytest.raises(Rejected):
                replay(s, certificate)
            for other in wrong:
                with pytest.raises(Rejected):
                    replay(sequent(REAL, [], other), certificate)


@pytest.mark.parametrize(("goal", "data", "reason"), [
    ("x <= y", {}, "=="), ("x == K", {"variables": ["K"], "point": {"K": "1"}}, "positive, nonnegative or real"),
    ("x == 1", {"variables": ["w"], "point": {"w": "1"}}, "not declared"),
    ("f[1] == 1", {"variables": ["f"], "point": {"f": "1"}}, "positive, nonnegative or real"),
    ("abs(x) == x", {}, "abs"), ("sqrt(x^2) == x", {}, "sqrt"), ("exp(x) == x", {}, "exp"), ("max(x, 1) == x", {}, "max"),
    ("2^x == x", {}, "the exponent"), ("x^y == x", {}, "the exponent"), ("x^(1/2) == x", {}, "the exponent"),
    ("x == 1", {"conditions": ["x == 1"]}, "!=, <, >"), ("x == 1", {"conditions": ["x <= 1"]}, "!=, <, >"),
    ("x == 1", {"conditions": ["x < 1"], "point": {"x": "2"}}, "not true at the point"),
    ("x == 1", {"conditions": ["x != x"]}, "not true at the point"), ("x == 1", {"conditions": ["x < K"]}, "polynomials"),
    ("x == 1", {"conditions": ["x < y"]}, "polynomials"), ("x == 1", {"conditions": ["sqrt(x) < 2"]}, "polynomials"),
    ("x == 1", {"conditions": ["x^K < 2"]}, "polynomials"), ("x == 1", {"conditions": ["1/x < 2"]}, "polynomials"),
    ("x == 1", {"point": {"x": "-1"}}, "not positive"), ("x == 1", {"point": {"x": "0"}}, "not positive"),
    ("x == 1", {"point": {}}, "a point"), ("x == 1", {"point": {"x": "1", "y": "1"}}, "a point"), ("x == 1", {"point": 3}, "a point"),
])
def test_generic_refuses(goal, data, reason):
    s = sequent({**REAL, "f": "real[K]"}, [], goal)
    with pytest.raises(Rejected) as error:
        rules()["generic"](s, {"variables": ["x"], "point": {"x": "1"}, **data})
    assert reason in str(error.value)


def test_what_is_true_only_for_positive_numbers_is_not_rational():
    """abs(x) == x holds on an open set and not everywhere; so does a statement under a hypothesis on x, which is dropped."""
    s = sequent(REAL, ["x == 1"], "x^K == 1")
    (premise,) = rules()["generic"](s, {"variables": ["x"], "point": {"x": "1"}})
    assert premise.given == () and counterexample(premise) is not None
    t = sequent(REAL, ["y == 1", "x > y"], "y*x == x")
    (premise,) = rules()["generic"](t, {"variables": ["x"], "conditions": ["x > 1"], "point": {"x": "2"}})
    assert [str(g) for g in premise.given] == ["y == 1", "x > 1"]


def test_a_false_equation_has_a_false_premise():
    """Random equations of rational functions: a counterexample to one is matched by one to its premise."""
    draw = random.Random(11)
    parts = ["x", "y", "1", "K", "x^K", "y^(K+1)", "(x - y)", "(1 - x)", "(x + y)", "dd(K; x, y)", "dd(K; x, 1)", "dd(K+1; x, y, 1)",
             "sum(i, 0, K, x^i)", "1/(1 + x^2)", "x^(-1)", "dd(K; x, x)", "prod(i, 1, K, x + i)", "dd(K; x^2, y)"]

    def expression():
        terms = []
        for _ in range(draw.randrange(1, 3)):
            terms.append("*".join(draw.choice(parts) for _ in range(draw.randrange(1, 3))))
        return " + ".join(terms)

    false, true = 0, 0
    for n in range(150):
        a = expression()
        b = a if n % 5 == 0 else expression()
        s = sequent({"K": "natural", "x": "real", "y": "real"}, [], f"{a} == {b}")
        (premise,) = rules()["generic"](s, {"variables": ["x", "y"], "conditions": ["x != y", "x != 1", "y > x"],
                                            "point": {"x": "2", "y": "3"}})
        assert premise.sorts["x"].kind == "positive"
        if counterexample(s) is None:
            true += 1
            continue
        false += 1
        general = ({"K": k, "x": Fraction(draw.randrange(1, 60), 7), "y": Fraction(draw.randrange(60, 90), 7)}
                   for k in range(5) for _ in range(4))
        assert any(false_at(premise, p) for p in general), str(s)
    assert false > 90 and true >= 20


@pytest.mark.parametrize("count", range(2, 9))
def test_equal_nodes(count):
    """The equation needs no condition where the node is not 0, and holds from depth 0 on."""
    for sort in ("positive", "real"):
        s = sequent({"n": "natural", "x": sort}, [], f"dd(n; {', '.join(['x']*count)}) <= 0")
        *conditions, new = rules()["unfold"](s, {"equation": "equal", "term": str(s.goal.args[0])})
        assert [str(c.goal) for c in conditions] == ([] if sort == "positive" else [f"{count - 1} <= n"])
        applied = 0
        for n in range(count + 4):
            for p in points(s, 30):
                point = {**p, "n": n}
                if all(truth(c.goal, point) is True for c in conditions):
                    before, after = (value(g.args[0], point) for g in (s.goal, new.goal))
                    assert not isinstance(before, Undefined) and before == after, point
                    applied += 1
        assert applied >= 9
    s = sequent({"n": "natural", "x": "real"}, [], f"dd(n; {', '.join(['x']*9)}) <= 0")
    with pytest.raises(Rejected):
        rules()["unfold"](s, {"equation": "equal", "term": str(s.goal.args[0])})


@pytest.mark.parametrize("goal", ["x <= y", "x^K == y", "dd(K; x) == x^K", "sum(i, 0, K, dd(i; x, y)) == 1", "abs(dd(K; x, y)) == 0"])
def test_the_prover_leaves_other_goals(goal):
    assert identities.attempt(sequent(REAL, [], goal), budget()) is None
