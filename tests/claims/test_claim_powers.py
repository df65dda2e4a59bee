"""Named inequalities: each is true at many points, proves what it should, and refuses where a condition fails."""

import random

import pytest
from claim_proofs import budget, changed, counterexample, false_at, nodes, points, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.checker.rules_powers import LEMMAS
from normbound.claims.evaluate import truth
from normbound.claims.prove import powers
from normbound.claims.prove.expoly import complete

AB = {"K": "natural", "a": "real[K]", "b": "real[K]", "c": "nonnegative[K]"}
TRUE = [
    ({"K": "natural", "a": "real"}, ["a >= -1"], "(1+a)^K >= 1+K*a"),
    (AB, [], "sum(i,1,K,a[i]*b[i])^2 <= sum(i,1,K,a[i]^2)*sum(i,1,K,b[i]^2)"),
    (AB, [], "sum(i,1,K,a[i]*b[i]) <= sqrt(sum(i,1,K,a[i]^2))*sqrt(sum(i,1,K,b[i]^2))"),
    (AB, [], "sum(i,1,K,a[i])^2 <= K*sum(i,1,K,a[i]^2)"),
    (AB, [], "abs(sum(i,1,K,a[i])) <= sum(i,1,K,abs(a[i]))"),
    ({**AB, "j": "natural"}, ["1 <= j", "j <= K"], "c[j] <= sum(i,1,K,c[i])"),
    ({"x": "nonnegative", "y": "nonnegative"}, [], "sqrt(x*y) <= (x+y)/2"),
    ({"x": "nonnegative", "y": "nonnegative", "z": "nonnegative"}, [], "27*x*y*z <= (x+y+z)^3"),
    (AB, ["K >= 1"], "prod(i,1,K,c[i]) <= (sum(i,1,K,c[i])/K)^K"),
    ({"x": "real"}, [], "exp(x) >= 1+x"),
    ({"x": "real"}, ["x < 1"], "exp(x) <= 1/(1-x)"),
    ({"q": "positive", "K": "natural"}, ["q < 1"], "sum(i,0,K,q^i) <= 1/(1-q)"),
    ({"q": "real", "K": "natural"}, ["q != 1"], "sum(i,0,K,q^i) == (q^(K+1)-1)/(q-1)"),
]
FALSE = [
    ({"K": "natural", "a": "real"}, [], "(1+a)^K >= 1+K*a"),
    ({"K": "natural", "a": "real"}, ["a >= -1"], "(1+a)^K > 1+K*a"),
    (AB, [], "sum(i,1,K,a[i]*b[i])^2 <= sum(i,1,K,a[i])*sum(i,1,K,b[i])"),
    (AB, [], "sum(i,1,K,a[i])^2 <= sum(i,1,K,a[i]^2)"),
    ({**AB, "j": "natural"}, ["1 <= j", "j <= K"], "a[j] <= sum(i,1,K,a[i])"),
    ({"x": "nonnegative", "y": "nonnegative"}, [], "x*y <= (x+y)/2"),
    ({"x": "real"}, [], "exp(x) <= 1/(1-x)"),
    ({"q": "positive", "K": "natural"}, ["q < 1"], "sum(i,0,K,q^i) <= 1"),
]
ARGUMENTS = {  # sorts, arguments, and the conclusion must be true at all small points where the conditions hold
    "bernoulli": ({"x": "real", "n": "natural"}, ["x", "n"]),
    "exp": ({"x": "real"}, ["x"]),
    "log": ({"x": "real"}, ["x"]),
    "log_above": ({"x": "real"}, ["x"]),
    "amgm": ({"x": "real", "y": "real", "z": "real"}, ["x", "y", "z"]),
    "cauchy": (AB, ["sum(i,1,K,a[i])", "sum(j,1,K,b[j]-c[j])"]),
    "triangle": (AB, ["sum(i,1,K,a[i]*i)"]),
    "means": (AB, ["sum(i,1,K,a[i]+1)"]),
    "member": ({**AB, "n": "natural"}, ["sum(i,1,K,a[i]+2)", "n"]),
    "geometric": ({"x": "real", "n": "natural", "m": "natural"}, ["sum(i,m,n,x^i)"]),
    "powersum": ({"n": "integer"}, ["sum(i,1,n,i^3)"]),
    "small": ({"x": "real", "n": "natural"}, ["x", "n"]),
    "large": ({"x": "real", "n": "natural"}, ["x", "n"]),
    "ordered": ({"x": "real", "y": "real", "n": "natural"}, ["x", "y", "n"]),
    "exp_ordered": ({"x": "real", "y": "real"}, ["x", "y"]),
    "dd_above": ({"x": "real", "y": "real", "n": "natural"}, ["dd(n; x, y)"]),
    "dd_below": ({"x": "real", "y": "real", "n": "natural"}, ["dd(n; x, y)"]),
    "dd_small": ({"x": "real", "y": "real", "n": "natural"}, ["dd(n; x, y)"]),
    "dd_member": ({"x": "real", "y": "real", "n": "natural"}, ["dd(n; x, y)", "y"]),
}


@pytest.mark.parametrize("e", ["i", "i^2", "i^3"])
@pytest.mark.parametrize("lo", [0, 1])
def test_power_sums(e, lo):
    s = sequent({"n": "natural"}, [], "0 <= 0")
    *conditions, last = rules()["lemma"](s, {"name": "powersum", "args": [f"sum(i,{lo},n,{e})"]})
    assert not conditions and all(truth(last.given[-1], {"n": n}) is True for n in range(9))


@pytest.mark.parametrize("name", sorted(LEMMAS))
def test_lemmas_hold_where_their_conditions_do(name):
    sorts, args = ARGUMENTS[name]
    s = sequent(sorts, [], "0 <= 0")
    *conditions, last = rules()["lemma"](s, {"name": name, "args": args})
    seen = 0
    for point in points(s, 400):
        if all(truth(c.goal, point) is True for c in conditions if set(c.sorts) <= set(point)) and not _fails_inside(conditions, point):
            value = truth(last.given[-1], point)
            assert value is True or (value is None and name not in ("member", "cauchy")), (name, point)
            seen += 1
    assert seen >= 2
    if conditions:  # and some point violates them
        assert any(truth(c.goal, p) is not True for c in conditions for p in points(s, 400) if set(c.sorts) <= set(p))


def _fails_inside(conditions, point):
    """Whether a condition about a new index fails for some value of it."""
    for c in conditions:
        extra = [n for n in c.sorts if n not in point]
        if extra and any(false_at(c, {**point, extra[0]: k}) for k in range(6)):
            return True
    return False


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[2])
def test_true_statements_are_proved(case):
    s = sequent(*case)
    found = powers.attempt(s, budget())
    assert found is not None and complete(found)
    replay(s, found)
    assert counterexample(s, 400) is None


@pytest.mark.parametrize("case", FALSE, ids=lambda c: c[2])
def test_false_statements_are_not(case):
    s = sequent(*case)
    assert counterexample(s) is not None
    assert powers.attempt(s, budget(1)) is None


@pytest.mark.parametrize("case", TRUE[:6], ids=lambda c: c[2])
def test_altered_certificates_are_rejected(case):
    s = sequent(*case)
    found = powers.attempt(s, budget())
    for way, node in nodes(found):
        if node["rule"] != "lemma":
            continue
        others = [n for n in LEMMAS if n != node["data"]["name"]]
        altered = [changed(found, way, lambda n, o=o: n["data"].__setitem__("name", o)) for o in others]
        altered.append(changed(found, way, lambda n: n["data"]["args"].append("1")))
        altered.append(changed(found, way, lambda n: n["data"].__setitem__("args", [])))
        altered.append(changed(found, way, lambda n: n["premises"].pop()))
        for certificate in altered:
            with pytest.raises(Rejected):
                replay(s, certificate)


@pytest.mark.parametrize(("name", "args"), [
    ("bernoulli", ["x", "y"]), ("bernoulli", ["x"]), ("cauchy", ["sum(i,1,2,x)", "sum(i,1,3,x)"]), ("cauchy", ["x", "x"]),
    ("geometric", ["sum(i,0,2,i^i)"]), ("geometric", ["sum(i,0,2,i)"]), ("geometric", ["sum(i,-1,2,x^i)"]), ("amgm", ["x"]),
    ("member", ["sum(i,1,2,i)", "x"]), ("unknown", ["x"]), ("exp", ["z"]), ("exp", ["x)"]), ("log", [3]),
    ("small", ["x", "y"]), ("large", ["x", "1/2"]), ("ordered", ["x", "y", "-1"]), ("powersum", ["sum(i,2,3,i)"]),
    ("powersum", ["sum(i,1,3,i^4)"]), ("powersum", ["sum(i,1,3,x)"]), ("dd_above", ["dd(3; x, y, 1)"]), ("dd_member", ["dd(3; x, y)", "1"]),
], ids=str)
def test_malformed_lemmas_are_rejected(name, args):
    s = sequent({"x": "real", "y": "real"}, [], "x <= y")
    with pytest.raises(Rejected):
        replay(s, {"rule": "lemma", "data": {"name": name, "args": args}, "premises": []})


def test_squared_needs_a_nonnegative_right_side():
    s = sequent({"x": "real", "y": "real"}, ["x^2 <= y^2"], "x <= y")
    wanted = rules()["squared"](s, {})
    draw = random.Random(3)
    for point in draw.sample(list(points(s)), 20):
        if false_at(s, point):
            assert any(truth(w.goal, point) is False for w in wanted)
