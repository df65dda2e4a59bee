"""Induction, recurrences, monotonicity in a variable; sums and divided differences taken apart."""

import random

import pytest
from claim_proofs import budget, changed, counterexample, false_at, nodes, points, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.evaluate import Undefined, truth, value
from normbound.claims.prove import expoly, induction
from normbound.claims.prove.expoly import complete

K = {"K": "natural"}
TRUE = [
    (K, [], "2^K >= K^2 - 1"),
    (K, ["K >= 4"], "2^K >= K^2"),
    (K, ["K >= 10"], "2^K >= K^3"),
    (K, [], "2^K > K"),
    (K, [], "(3/2)^K >= K"),
    (K, [], "sum(i,1,K,i) == K*(K+1)/2"),
    (K, [], "sum(i,1,K,i^2) == K*(K+1)*(2*K+1)/6"),
    ({**K, "q": "real"}, ["q != 1"], "sum(i,0,K-1,q^i) == (q^K-1)/(q-1)"),
    ({**K, "q": "real"}, [], "sum(i,0,K-1,q^i) == dd(K; q, 1)"),
    ({**K, "a": "real", "b": "real"}, [], "dd(K; a, b)*(a-b) == a^K-b^K"),
    ({**K, "a": "positive"}, [], "dd(K; a, a) == K*a^(K-1)"),
    ({**K, "s": "nonnegative[K]"}, [], "prod(i,1,K,1+s[i]) >= 1 + sum(i,1,K,s[i])"),
    ({"a": "real", "b": "real", "c": "real"}, [],
     "recurrence x(0) = c, x(i+1) = a*x(i)+b has closed form x(i) = a^i*c + b*dd(i; a, 1)"),
    ({"a": "real", "b": "real", "c": "real"}, ["a != 1"],
     "recurrence x(0) = c, x(i+1) = a*x(i)+b has closed form x(i) = a^i*c + b*(a^i-1)/(a-1)"),
    ({"a": "real", "b": "real", "c": "real", "d": "real"}, [],
     "recurrence x(0) = c, x(i+1) = a*x(i), y(0) = d, y(i+1) = b*y(i)+x(i) has closed form x(i) = a^i*c, y(i) = b^i*d + c*dd(i; a, b)"),
    ({**K, "s": "positive"}, ["s >= 1"], "increasing(s^K, K)"),
    ({**K, "s": "positive"}, ["s < 1", "K >= 2"], "decreasing(s^K, K)"),
    ({**K, "s": "positive"}, [], "increasing(dd(K; s, 1), K)"),
    ({"x": "positive"}, [], "decreasing(1/x, x)"),
    ({"x": "real"}, [], "increasing(exp(2*x), x)"),
]
EXPOLY = [
    ({**K, "a": "real", "b": "real"}, ["a != b"], "dd(K; a, b) == (a^K-b^K)/(a-b)"),
    ({**K, "a": "real", "b": "real", "c": "real"}, ["a != b", "b != c", "a != c"],
     "dd(K; a, b, c)*(a-b)*(a-c)*(b-c) == a^K*(b-c) - b^K*(a-c) + c^K*(a-b)"),
    ({"a": "real", "b": "real"}, [], "dd(3; a, b) == a^2 + a*b + b^2"),
    ({"a": "real"}, [], "sum(i,1,3,a^i) == a + a^2 + a^3"),
    ({"a": "real"}, [], "prod(i,1,3,a*i) == 6*a^3"),
]
FALSE = [
    (K, [], "2^K >= K^2"),
    (K, ["K >= 4"], "2^K > K^2"),
    (K, [], "sum(i,1,K,i) == K*(K-1)/2"),
    ({**K, "q": "real"}, [], "sum(i,0,K,q^i) == dd(K; q, 1)"),
    ({**K, "a": "real", "b": "real"}, [], "dd(K; a, b)*(a-b) == a^K+b^K"),
    ({**K, "s": "nonnegative[K]"}, [], "prod(i,1,K,1+s[i]) <= 1 + sum(i,1,K,s[i])"),
]


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[2])
def test_true_statements_are_proved(case):
    s = sequent(*case)
    found = induction.attempt(s, budget())
    assert found is not None and complete(found)
    replay(s, found)
    assert counterexample(s, 400) is None


@pytest.mark.parametrize("case", EXPOLY, ids=lambda c: c[2])
def test_identities_are_proved(case):
    s = sequent(*case)
    found = expoly.attempt(s, budget())
    assert found is not None and complete(found)
    replay(s, found)
    assert counterexample(s, 400) is None


@pytest.mark.parametrize("case", FALSE, ids=lambda c: c[2])
def test_false_statements_are_not(case):
    s = sequent(*case)
    assert counterexample(s) is not None
    for prover in (induction, expoly):
        found = prover.attempt(s, budget(2))
        assert found is None or not complete(found)


@pytest.mark.parametrize("case", TRUE + EXPOLY, ids=lambda c: c[2])
def test_altered_certificates_are_rejected(case):
    s = sequent(*case)
    found = (induction if case in TRUE else expoly).attempt(s, budget())
    for way, node in nodes(found):
        altered = [changed(found, way, lambda n: n["premises"].append({"rule": "evident", "data": {}, "premises": []}))]
        if node["premises"]:
            altered.append(changed(found, way, lambda n: n["premises"].pop()))
        if node["rule"] == "induction":
            altered.append(changed(found, way, lambda n: n["data"].__setitem__("variable", "j")))
            altered.append(changed(found, way, lambda n: n["data"].__setitem__("from", -1)))
        if node["rule"] == "unfold":
            altered.append(changed(found, way, lambda n: n["data"].__setitem__("equation", "factor")))
        for certificate in altered:
            with pytest.raises(Rejected):
                replay(s, certificate)


@pytest.mark.parametrize(("sorts", "given", "goal", "variable"), [
    ({"x": "real"}, [], "x^2 >= 0", "x"), ({"x": "integer"}, [], "x >= 0", "x"), (K, [], "increasing(2^K, K)", "K"),
    ({**K, "s": "positive[K]"}, [], "s[1] > 0", "s"), (K, [], "K >= 0", "M")])
def test_induction_is_over_natural_variables(sorts, given, goal, variable):
    s = sequent(sorts, given, goal)
    with pytest.raises(Rejected):
        replay(s, {"rule": "induction", "data": {"variable": variable}, "premises": []})


def test_an_undefined_induction_hypothesis_proves_nothing():
    """1/(K-2) has no value at K = 2; the step from 2 to 3 must not be lost there."""
    s = sequent(K, ["K != 2"], "1/(K-2) <= 0")
    premises = rules()["induction"](s, {"variable": "K", "from": 0})
    assert any(p.goal.op == "implies" or p.given[-1].op == "implies" for p in premises)
    t = sequent(K, [], "1/(K-2) <= 0")  # not defined at 2: a premise says so
    assert any(counterexample(p) is not None for p in rules()["induction"](t, {"variable": "K", "from": 0}))


def test_hypotheses_about_members_travel_with_the_length():
    s = sequent({**K, "s": "real[K]"}, ["s[1] <= 2"], "1 <= 0")
    premises = rules()["induction"](s, {"variable": "K", "from": 0})
    assert any(counterexample(p) is not None for p in premises)


def test_steps_need_an_interval():
    s = sequent(K, ["(K-1)*(K-5) == 0"], "increasing((K-3)^2, K)")
    with pytest.raises(Rejected):
        replay(s, {"rule": "steps", "data": {}, "premises": []})
    wrong = sequent({"x": "real"}, [], "increasing(x^2, x)")
    premise, *_ = rules()["two_points"](wrong, {})
    assert counterexample(premise) is not None


def test_wrong_closed_forms_leave_a_false_premise():
    for form in ("a^i*c + b*dd(i+1; a, 1)", "a^(i+1)*c", "a^i*c + b*i"):
        s = sequent({"a": "real", "b": "real", "c": "real"}, [],
                    f"recurrence x(0) = c, x(i+1) = a*x(i)+b has closed form x(i) = {form}")
        assert any(counterexample(p) is not None for p in rules()["recurrence"](s, {}))
        assert not complete(induction.attempt(s, budget(2)))


TERMS = ["sum(i,n,m,x*i)", "prod(i,1,n,x+i)", "sum(i,1,n+1,x^i)", "sum(i,2,4,i)", "sum(i,3,2,i)", "dd(n; x, y)", "dd(n+1; x, y, 1)",
         "dd(2; x, y, 1)", "dd(1; x, y, 1)", "dd(n; x)", "x^(n+m)", "x^(n+1)", "dd(n; x, x)", "dd(n; x, x, x)", "0^n", "0^(x*x)"]
EQUATIONS = [("last", {}), ("first", {}), ("empty", {}), ("listed", {}), ("depth", {}), ("depth", {"node": 0}), ("short", {}),
             ("single", {}), ("distinct", {"nodes": [0, 1]}), ("distinct", {"nodes": [1, 0]}), ("order", {"order": [1, 0]}),
             ("order", {"order": [2, 0, 1]}), ("factor", {}), ("equal", {}), ("nought", {}), ("terms", {})]


@pytest.mark.parametrize("equation", EQUATIONS, ids=str)
def test_equations_keep_values(equation):
    """At every point the term has the value of the other side, or a condition of the equation fails."""
    name, more = equation
    sorts = {"x": "real", "y": "real", "n": "natural", "m": "natural"}
    applied = 0
    for term in TERMS:
        s = sequent(sorts, [], f"{term} <= 0")
        try:
            *conditions, new = rules()["unfold"](s, {"equation": name, "term": term, **more})
        except Rejected:
            continue
        for point in points(s, 400):
            if any(truth(c.goal, point) is not True for c in conditions):
                continue
            before, after = (value(g.args[0], point) for g in (s.goal, new.goal))
            assert not isinstance(before, Undefined) and before == after, (term, point)
            applied += 1
    assert applied >= 50


def test_equations_refuse_what_they_do_not_speak_of():
    s = sequent({"x": "real", "n": "natural"}, [], "sum(i,1,n,x) + dd(n; x, 1) <= x^n")
    for data in ({"equation": "depth", "term": "sum(i,1,n,x)"}, {"equation": "last", "term": "dd(n; x, 1)"},
                 {"equation": "single", "term": "dd(n; x, 1)"}, {"equation": "distinct", "term": "dd(n; x, 1)", "nodes": [0, 0]},
                 {"equation": "short", "term": "dd(n; x, 1)"}, {"equation": "order", "term": "dd(n; x, 1)", "order": [0, 0]},
                 {"equation": "listed", "term": "sum(i,1,n,x)"}, {"equation": "listed", "term": "sum(i,1,1000,x)"},
                 {"equation": "nothing", "term": "x"}, {"equation": "last"}, {"equation": "last", "term": "sum(i,1,n,z)"},
                 {"equation": "depth", "term": "dd(n; x, 1)", "node": 2}, {"equation": "equal", "term": "dd(n; x, 1)"},
                 {"equation": "nought", "term": "x^n"}, {"equation": "terms", "term": "dd(n; x)"}):
        with pytest.raises(Rejected):
            replay(s, {"rule": "unfold", "data": data, "premises": []})


def test_induction_is_sound_on_random_goals():
    """Random goals in K: where the prover closes everything, no small K is a counterexample."""
    draw = random.Random(9)
    parts = ["K", "2^K", "K^2", "sum(i,1,K,i)", "dd(K; 2, 1)", "3", "1", "sum(i,0,K,2^i)", "2*K", "prod(i,1,K,i)"]
    proved = 0
    for _ in range(24):
        a, b, c = (draw.choice(parts) for _ in range(3))
        s = sequent(K, draw.choice(([], ["K >= 1"], ["K >= 3"])), f"{a} + {b} {draw.choice(('>=', '>', '=='))} {c}")
        found = induction.attempt(s, budget(0.5))
        if found is None or not complete(found):
            continue
        replay(s, found)
        proved += 1
        assert not any(false_at(s, {"K": k}) for k in range(30)), str(s)
    assert proved >= 4
