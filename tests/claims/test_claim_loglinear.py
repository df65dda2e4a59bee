"""Comparisons after taking logarithms: what is found is accepted, what is altered or false is not."""

import random
from fractions import Fraction

import pytest
from claim_proofs import budget, changed, counterexample, false_at, nodes, points, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.checker.logforms import Forms, to_node
from normbound.claims.checker.rules_loglinear import loglinear as rule
from normbound.claims.checker.sequent import Sequent
from normbound.claims.evaluate import truth
from normbound.claims.prove import loglinear
from normbound.claims.prove.expoly import complete
from normbound.claims.prove.farkas import nonnegative
from normbound.claims.syntax import Node, Op, number

S_K = {"s": "positive[K]", "q": "positive[K]", "K": "natural", "L": "positive"}
TRUE = [
    ({"q": "positive", "n": "natural", "m": "natural"}, ["m <= n", "q <= 1"], "q^n <= q^m"),
    ({"q": "positive", "n": "natural", "m": "natural"}, ["m < n", "q < 1"], "q^n < q^m"),
    ({"s": "positive", "q": "positive", "K": "natural", "m": "natural"}, ["m*log(1/q) >= K*log(s)"], "s^K*q^m <= 1"),
    ({"s": "positive", "q": "positive", "K": "natural", "m": "natural"}, ["s^K*q^m <= 1"], "m*log(1/q) >= K*log(s)"),
    ({"s": "positive", "q": "positive", "K": "natural"}, ["s*q == 1"], "s^K*q^K == 1"),
    ({"gamma": "positive", "sigma": "positive", "eps": "positive", "m": "natural"}, ["gamma <= sigma"],
     "(gamma/sqrt(sigma^2+eps))^m <= 1"),
    ({"a": "positive", "s": "positive", "K": "natural"}, [], "(1+a*s)^K <= exp(a*s*K)"),
    ({"K": "natural"}, ["K >= 1"], "(1+1/K)^K <= exp(1)"),
    ({"K": "natural", "s": "positive"}, ["K >= 1"], "(1 + s/sqrt(K))^K <= exp(s*sqrt(K))"),
    ({"K": "natural", "s": "positive"}, ["K >= 1"], "K*log(1 + s/sqrt(K)) <= s*sqrt(K)"),
    ({"K": "natural", "s": "positive"}, ["K >= 1"], "(1 + s/sqrt(K + 1))^K <= exp(s*K/sqrt(K + 1))"),
    ({"K": "natural", "s": "positive", "x": "positive"}, [], "(1 + s/sqrt(x))^(2*K) <= exp(2*s*K*sqrt(x)/x)"),
    ({"x": "positive"}, [], "x*exp(1-x) <= 1"),
    ({"x": "positive"}, [], "log(x) <= x - 1"),
    (S_K, ["forall(i, 1, K, s[i]*q[i] <= 1)"], "prod(i, 1, K, s[i]*q[i]) <= 1"),
    (S_K, ["forall(i, 1, K, s[i] <= L)"], "prod(j, 1, K, s[j]) <= L^K"),
    (S_K, ["forall(i, 1, K, s[i] <= L)"], "sum(j, 1, K, s[j]) <= K*L"),
    (S_K, [], "prod(i, 1, K, 1 + s[i]) <= exp(sum(i, 1, K, s[i]))"),
    ({"g": "positive[K]", "sigma": "positive[K]", "eps": "positive", "K": "natural"}, ["forall(i, 1, K, g[i] <= sigma[i])"],
     "prod(i, 1, K, g[i]/sqrt(sigma[i]^2+eps)) <= 1"),
    ({"s": "positive", "K": "natural"}, ["s > 1", "K >= 2"], "s^K > s"),
    ({"K": "natural"}, ["K >= 4", "2^K >= K^2"], "2^(K+1) >= (K+1)^2"),
    ({"K": "natural"}, [], "2*3^K >= 2^K"),
    ({"s": "positive", "g": "positive", "sigma": "positive", "K": "natural"}, ["s*g/sqrt(sigma) <= 1"], "(s*g)^K <= sigma^(K/2)"),
    ({"a": "real", "K": "natural"}, ["a != 1", "dd(K; a, 1) == (a^K-1)/(a-1)"], "a*dd(K; a, 1)+1^K == (a^(K+1)-1)/(a-1)"),
]
FALSE = [
    ({"q": "positive", "n": "natural", "m": "natural"}, ["m <= n"], "q^n <= q^m"),
    ({"q": "positive", "n": "natural", "m": "natural"}, ["m <= n", "q <= 1"], "q^n < q^m"),
    ({"q": "positive", "n": "natural", "m": "natural"}, ["m <= n", "q <= 1"], "q^m <= q^n"),
    ({"x": "positive"}, [], "x*exp(1-x) < 1"),
    ({"x": "real"}, [], "x*exp(1-x) >= 1"),
    ({"a": "positive", "s": "positive", "K": "natural"}, [], "(1+a*s)^K < exp(a*s*K)"),
    (S_K, ["forall(i, 1, K, s[i] <= L)"], "prod(j, 1, K, s[j]) < L^K"),
    (S_K, ["forall(i, 2, K, s[i] <= L)"], "prod(j, 1, K, s[j]) <= L^K"),
    (S_K, ["forall(i, 1, K, s[i] <= L)"], "prod(j, 1, K, s[j]) <= L^(K+1)"),
    ({"s": "positive", "K": "natural"}, ["s > 1"], "s^K > 1"),
    ({"K": "natural", "s": "positive"}, ["K >= 1"], "(1 + s/sqrt(K))^K <= exp(s)"),
    ({"K": "natural", "s": "positive"}, ["K >= 1"], "(1 + s/sqrt(K))^K <= exp(s*sqrt(K)/2)"),
    ({"K": "natural", "s": "positive"}, ["K >= 1"], "(1 + s/sqrt(K))^(2*K) <= exp(s*sqrt(K))"),
    ({"x": "real", "n": "natural"}, [], "x^n <= (x^2)^n"),
    ({"x": "real"}, [], "sqrt(x^2) == x"),
]


def proof(case, seconds=5.0):
    s = sequent(*case)
    found = loglinear.attempt(s, budget(seconds))
    return s, found


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[2])
def test_true_comparisons_are_proved(case):
    s, found = proof(case)
    assert found is not None and complete(found)
    replay(s, found)
    assert counterexample(s) is None


@pytest.mark.parametrize("case", FALSE, ids=lambda c: c[2])
def test_false_comparisons_are_not(case):
    s, found = proof(case)
    assert counterexample(s) is not None
    assert found is None or not complete(found)


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[2])
def test_altered_certificates_are_rejected(case):
    s, found = proof(case)
    altered = []
    for way, node in nodes(found):
        if node["rule"] != "loglinear":
            continue
        for k in range(len(node["data"]["rows"])):
            if s.goal.op == "eq":  # a row of a fact that is 0 may be dropped or scaled only where its form is not 0
                continue
            altered.append(changed(found, way, lambda n, k=k: n["data"]["rows"][k].__setitem__(0, "-1")))
            altered.append(changed(found, way, lambda n, k=k: n["data"]["rows"][k].__setitem__(0, n["data"]["rows"][k][0] + "7")))
            altered.append(changed(found, way, lambda n, k=k: n["data"]["rows"].pop(k)))
        if node["data"]["facts"]:
            altered.append(changed(found, way, lambda n: n["data"]["facts"].pop()))
        if node["premises"]:
            altered.append(changed(found, way, lambda n: n["premises"].pop()))
        altered.append(changed(found, way, lambda n: n["premises"].append({"rule": "evident", "data": {}, "premises": []})))
    assert altered
    for certificate in altered:
        with pytest.raises(Rejected):
            replay(s, certificate)


@pytest.mark.parametrize("data", [
    {"mode": "plain"}, {"mode": "log", "facts": []}, {"mode": "sideways", "facts": [], "rows": []},
    {"mode": "plain", "facts": [{"given": 3}], "rows": []}, {"mode": "plain", "facts": [{"sign": "x - 2"}], "rows": [["1", [0]]]},
    {"mode": "plain", "facts": [{"above": "1"}], "rows": [["1", [0]]]}, {"mode": "plain", "facts": [{}], "rows": []},
    {"mode": "plain", "facts": [{"each": 0}], "rows": []}, {"mode": "plain", "facts": [{"given": 0}], "rows": [["1", [1]]]},
    {"mode": "plain", "facts": [{"given": 0}], "rows": [["-1", [0]]]}, {"mode": "plain", "facts": [{"given": 0}], "rows": [["x", [0]]]},
    {"mode": "plain", "facts": [{"given": 0}], "rows": [["1", [0], "x"]]}, {"mode": "plain", "facts": [{"log": "1/0"}], "rows": []},
], ids=str)
def test_malformed_data_are_rejected(data):
    s = sequent({"x": "positive"}, ["x >= 2"], "x >= 3")
    with pytest.raises(Rejected):
        replay(s, {"rule": "loglinear", "data": data, "premises": []})


def test_unequal():
    s = sequent({"a": "real"}, ["a != 1"], "a - 1 != 0")
    inner = loglinear.attempt(rules()["unequal"](s, {"number": 0})[0], budget())
    replay(s, {"rule": "unequal", "data": {"number": 0}, "premises": [inner]})
    with pytest.raises(Rejected):
        replay(sequent({"a": "real"}, ["a <= 1"], "a - 1 != 0"), {"rule": "unequal", "data": {"number": 0}, "premises": [inner]})


ATOMS = ["x", "y", "z", "n", "m", "2", "1", "x^n", "y^m", "z^2", "x^(n+1)", "log(x)", "exp(z)", "sqrt(y)", "x*y", "1/x", "n*m", "x+1",
         "z^n"]
SORTS = {"x": "positive", "y": "nonnegative", "z": "real", "n": "natural", "m": "natural"}
SIGNS = ["<=", "<", ">=", ">", "=="]


def comparison(draw, atoms=ATOMS):
    sides = []
    for _ in range(2):
        parts = draw.sample(atoms, draw.choice((1, 1, 2)))
        sides.append(draw.choice((" + ", "*", " - ")).join(f"({p})" for p in parts))
    return f"{sides[0]} {draw.choice(SIGNS)} {sides[1]}"


def test_nothing_with_a_counterexample_is_proved():
    """Random comparisons of monomials with symbolic exponents: whatever is proved has no counterexample among small points."""
    draw, proved = random.Random(5), 0
    sorts = {"x": "positive", "n": "natural", "m": "natural"}
    atoms = ["x", "x^n", "x^m", "x^(n+1)", "1", "2", "n", "2^n", "x+1"]
    for _ in range(40):
        s = sequent(sorts, [comparison(draw, atoms) for _ in range(draw.choice((1, 2)))], comparison(draw, atoms))
        found = loglinear.attempt(s, budget(0.2))
        if found is None or not complete(found):
            continue
        replay(s, found)
        proved += 1
        assert counterexample(s) is None, str(s)
    assert proved >= 2


def test_a_false_goal_needs_a_false_premise():
    """Random certificates with stated facts for sequents that are false at a point: what the rule accepts has a premise that
    is false there."""
    draw, accepted = random.Random(7), 0
    for _ in range(60):
        s = sequent(SORTS, [comparison(draw)], comparison(draw))
        point = next((p for p in points(s, 12) if false_at(s, p)), None)
        if point is None:
            continue
        data = _with_stated(s, [comparison(draw) for _ in range(3)], draw.choice(("plain", "log")))
        if data is None:
            continue
        premises = rule(s, data)
        accepted += 1
        assert any(false_at(p, {**point, **{n: 1 for n in p.sorts if n not in point}}) for p in premises) or _undefined(premises, point)
    assert accepted >= 1


def _undefined(premises, point):
    """Whether some premise has no value at the point: then another premise, that it is defined, is false or has none."""
    from normbound.claims.evaluate import Undefined, truth
    return any(isinstance(truth(p.goal, point), Undefined) for p in premises if set(p.sorts) <= set(point))


def _with_stated(s, texts, mode):
    """Data that prove the goal from the stated comparisons and x >= 0, if there are any."""
    from normbound.claims.checker.rules_loglinear import Reader, difference
    from normbound.claims.prove.loglinear import REFUSED
    reader = Reader(s)
    facts, forms = [], []
    for data in ([{"stated": t, "mode": mode} for t in texts] + [{"stated": str(s.goal), "mode": mode}]
                 + [{"given": 0, "mode": mode}, {"sign": "x"}, {"sign": "n"}]):
        try:
            fact = reader.fact(data)
        except REFUSED:
            continue
        facts.append(data)
        forms.append(fact.form)
    try:
        wanted, _ = difference(reader.forms, s.goal, mode)
        weights = nonnegative(forms, wanted)
        if weights is None:
            return None
        data = {"mode": mode, "facts": facts, "rows": [[str(w), [k]] for k, w in enumerate(weights) if w]}
        rule(s, data)
    except REFUSED:
        return None
    return data


def test_roots_have_one_form():
    names = {"x": "positive", "y": "positive", "z": "nonnegative"}
    draw = random.Random(3)
    same = 0
    for _ in range(150):
        a, b = ("*".join(draw.choice(("x", "y", "(1/x)", "sqrt(x)", "(1/sqrt(x))", "(2/sqrt(x*y))", "sqrt(x*y)", "(z/sqrt(4*y))", "3"))
                         for _ in range(draw.randint(1, 4))) for _ in range(2))
        s = sequent(names, [], f"{a} == {b}")
        forms = Forms(s)
        found = forms.plain(s.goal.args[0])
        assert all(k in (0, 1) for m in found for x, k in m if x.op == Op.SQRT)
        assert not forms.demands
        for point in ({"x": 4, "y": 9, "z": 0}, {"x": Fraction(1, 4), "y": 1, "z": 3}, {"x": 9, "y": Fraction(4, 25), "z": Fraction(1, 2)}):
            assert truth(Node(Op.EQ, (s.goal.args[0], to_node(found))), point) is True
            if found == forms.plain(s.goal.args[1]):
                same += 1
                assert truth(s.goal, point) is True
    assert same > 10
    assert Forms(s).plain(s.expression("y/sqrt(y)")) == Forms(s).plain(s.expression("sqrt(y)"))
    assert Forms(s).plain(s.expression("1/sqrt(x + y)")) != Forms(s).plain(s.expression("sqrt(x + y)"))


def test_deep_expressions_end_in_a_refusal():
    deep = Node("var", (), "x")
    for _ in range(60):
        deep = Node("log", (Node("add", (deep, number(1))),))
    s = Sequent(sequent({"x": "positive"}, [], "x <= 1").sorts, (), Node(Op.LE, (deep, number(1))))
    assert loglinear.attempt(s, budget(2)) is None
