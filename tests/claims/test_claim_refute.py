"""The refuter finds what is false, and nothing that is true; every witness stands in arithmetic of its own."""

import json
import random
import time
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import pytest
from claim_trees import STATEMENTS
from hypothesis import HealthCheck, given, settings

from normbound.claims import sorts
from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import SortError
from normbound.claims.evaluate import value
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.reductions import reductions, two_points, unrolled
from normbound.claims.refute import Witness, refute, search, verify
from normbound.claims.syntax import Op, parts
from normbound.claims.witness import failing


def sequent(names, hypotheses, show):
    return Sequent(sorts.declared(names), tuple(map(parse_statement, hypotheses)), parse_statement(show))


def number(node, point):
    """An evaluator of this test alone, at 60 digits, by recursion on the definition."""
    op, args = node.op, node.args
    if op == Op.NUM:
        return mpmath.mpf(node.value.numerator) / node.value.denominator
    if op == Op.VAR:
        q = Fraction(point[node.value])
        return mpmath.mpf(q.numerator) / q.denominator
    if op == Op.ELT:
        q = Fraction(point[node.value][int(number(args[0], point)) - 1])
        return mpmath.mpf(q.numerator) / q.denominator
    if op in (Op.SUM, Op.PROD):
        low, high = (int(number(a, point)) for a in args[:2])
        found = [number(args[2], {**point, node.value: i}) for i in range(low, high + 1)]
        return mpmath.fsum(found) if op == Op.SUM else mpmath.fprod(found)
    v = [number(a, point) for a in args]
    if op == Op.DD:
        k, nodes = int(v[0]), v[1:]
        h = [mpmath.mpf(1)] + [mpmath.mpf(0)] * max(0, k - len(nodes) + 1)
        for x in nodes:  # complete homogeneous polynomials, one node after the other
            for j in range(1, len(h)):
                h[j] += x * h[j - 1]
        return h[k - len(nodes) + 1] if k >= len(nodes) - 1 else mpmath.mpf(0)
    return {Op.ADD: lambda: v[0] + v[1], Op.SUB: lambda: v[0] - v[1], Op.MUL: lambda: v[0] * v[1], Op.DIV: lambda: v[0] / v[1],
            Op.POW: lambda: mpmath.mpf(1) if v[1] == 0 else v[0] ** v[1], Op.NEG: lambda: -v[0], Op.SQRT: lambda: mpmath.sqrt(v[0]),
            Op.EXP: lambda: mpmath.exp(v[0]), Op.LOG: lambda: mpmath.log(v[0]), Op.MIN: lambda: min(v), Op.MAX: lambda: max(v),
            "abs": lambda: abs(v[0])}[op]()


def holds(node, point):
    if node.op == "recurrence":
        node = unrolled(node)
    if node.op == "and":
        return all(holds(p, point) for p in node.args)
    if node.op == "implies":
        return not holds(node.args[0], point) or holds(node.args[1], point)
    if node.op == "iff":
        return holds(node.args[0], point) == holds(node.args[1], point)
    if node.op == "forall":
        low, high = (int(number(a, point)) for a in node.args[:2])
        return all(holds(node.args[2], {**point, node.value: i}) for i in range(low, high + 1))
    a, b = (number(x, point) for x in node.args)
    near = abs(a - b) <= mpmath.mpf(10) ** -50 * (abs(a) + abs(b))
    return {"le": near or a < b, "lt": not near and a < b, "ge": near or a > b, "gt": not near and a > b,
            "eq": near, "ne": not near}[node.op]


X, XY, K = {"x": "positive"}, {"x": "positive", "y": "positive"}, {"K": "natural"}
FALSE = [
    (XY, [], "sqrt(x+y) >= sqrt(x)+sqrt(y)"),
    ({"gamma": "positive", "sigma": "positive", "eps": "positive", "m": "natural"}, [], "(gamma/sqrt(sigma^2+eps))^m <= 1"),
    (K, [], "2^K >= K^2"),
    (K, ["K >= 1"], "(1+1/K)^K <= 2.718"),
    ({**K, "s": "positive[K]", "L": "positive"}, ["forall(i, 1, K, s[i] <= L)"], "prod(i, 1, K, s[i]) <= 0.999*L^K"),
    ({**K, "s": "positive[K]", "t": "positive"}, ["forall(i, 1, K, s[i] == t)"], "prod(i, 1, K, s[i]) <= 5"),
    ({**K, "s": "positive[K]"}, ["K >= 1"], "forall(i, 1, K, s[i] <= sum(j, 1, K, s[j])/K)"),
    ({**K, "s": "positive[K]"}, ["K >= 2", "prod(i, 1, K, s[i]) == 1"], "sum(i, 1, K, s[i]) <= K"),
    ({**K, "a": "real[K]", "b": "real[K]"}, [], "sum(i,1,K,a[i]*b[i])^2 <= 0.99*sum(i,1,K,a[i]^2)*sum(i,1,K,b[i]^2)"),
    (X, [], "increasing(x + 1/x, x)"),
    ({**X, **K}, ["x < 1"], "decreasing(K*x^K, K)"),
    ({**K, "s": "positive[K]"}, [], "decreasing(prod(i, 1, K, s[i]), s)"),
    ({"a": "real"}, [], "recurrence x(0) = 1, x(i+1) = a*x(i) + 1 has closed form x(i) = a^i + i"),
    ({"r": "positive"}, ["r != 1"], "recurrence x(0) = 0, x(i+1) = r*x(i)+1 has closed form x(i) = (r^i-1)/(r-1) + 0.001*i"),
    (XY, ["x*y == 1"], "x + y <= 100"),
    (XY, ["x + y == 1"], "x*y <= 0.2499999"),
    ({"x": "real", "y": "real"}, ["x^2 + y^2 == 1"], "x + y <= 1"),
    ({"x": "real", "y": "real"}, ["x^2 + y^2 <= 1"], "x + y <= 1.41"),
    (X, [], "x*exp(1-x) < 1"),
    (X, [], "x*exp(1-x) <= 0.9999"),
    ({"s": "positive", **K}, ["s < 1"], "dd(K; s, 1) <= 50"),
    (XY, [], "x^2 <= y iff x <= y"),
    ({"m": "natural", **K, "q": "positive", "s": "positive"}, ["q < 1", "m*log(1/q) >= 0.99*K*log(s)"], "q^m*s^K <= 1"),
    ({"q": "positive", "m": "natural", "n": "natural"}, ["m <= n"], "q^n <= q^m"),
    ({"x": "real"}, [], "x^4 - 2*x^2 + 0.999 >= 0"),
    ({"x": "real"}, [], "x/(1+exp(-x)) <= 0.9*max(0, x)"),
    (K, ["K >= 1"], "sum(i, 1, K, 1/i) <= 7"),
    (K, [], "1.00001^K <= 10"),
    ({"L": "positive", **K}, ["L >= 1", "L^K <= 2"], "K*log(L) <= 0.69"),
    ({"x": "real"}, ["x >= 1/7", "x <= 1/7"], "x > 1/7"),
    ({**X, **K}, ["x*K == 1"], "(1+x)^K <= 2.71"),
    ({"K": "natural", "L": "natural"}, ["K >= 1", "L >= K+3", "L <= K+3"], "2^L <= 100*K^3"),
    (XY, ["x != y"], "x^y != y^x"),
    ({"a": "integer"}, [], "a^2 > a"),
    (XY, [], "x > 0 and y < 5"),
    (XY, [], "x <= 1 implies x*y <= 1"),
]
TRUE = [
    ({"gamma": "positive", "sigma": "positive", "eps": "positive", "m": "natural"}, ["gamma <= sigma"],
     "(gamma/sqrt(sigma^2+eps))^m <= 1"),
    (K, [], "2^K >= K^2 - 1"),
    ({**K, "s": "positive[K]", "L": "positive"}, ["forall(i, 1, K, s[i] <= L)"], "prod(i, 1, K, s[i]) <= L^K"),
    ({**K, "a": "real[K]", "b": "real[K]"}, [], "sum(i,1,K,a[i]*b[i])^2 <= sum(i,1,K,a[i]^2)*sum(i,1,K,b[i]^2)"),
    (X, ["x >= 1"], "increasing(x + 1/x, x)"),
    (XY, ["x + y == 1"], "x*y <= 1/4"),
    (X, [], "x*exp(1-x) <= 1"),
    ({"m": "natural", **K, "q": "positive", "s": "positive"}, ["q < 1", "m*log(1/q) >= K*log(s)"], "q^m*s^K <= 1"),
    ({"n": "natural", "m": "natural"}, ["n >= 1", "m >= 1"], "n^2 != 2*m^2"),
    ({"r": "positive"}, ["r != 1"], "recurrence x(0) = 0, x(i+1) = r*x(i)+1 has closed form x(i) = (r^i-1)/(r-1)"),
    ({"x": "real"}, ["x > 1", "x < 0"], "x == 5"),
    ({"x": "real"}, [], "sqrt(x) <= sqrt(x) + 1"),  # undefined for x < 0: no counterexample
    (X, [], "limit(1/x, x) == 0"),
    ({"x": "real"}, ["x^2 == 2"], "x^4 == 4"),
    ({"s": "nonnegative", **K}, [], "(1+s)^K <= exp(s*K)"),
]


@pytest.mark.parametrize("case", FALSE, ids=[c[2] for c in FALSE])
def test_false_statements_are_refuted(case):
    s = sequent(*case)
    begun = time.monotonic()
    found = search(s)
    assert found.witness is not None
    assert time.monotonic() - begun < 2
    w = found.witness
    assert verify(w.sequent, w.point)
    with mpmath.workdps(80):
        assert all(holds(g, w.point) for g in w.sequent.given)
        assert not holds(w.sequent.goal, w.point)


@pytest.mark.parametrize("case", TRUE, ids=[c[2] for c in TRUE])
def test_true_statements_are_not(case):
    found = search(sequent(*case))
    assert found.witness is None
    assert found.margin is None or found.margin > -1e-9  # rounding at most


def test_a_search_is_the_same_every_time():
    s = sequent({"x": "real", "y": "real"}, ["x^2 + y^2 <= 1"], "x + y <= 1.41")
    assert search(s).witness.point == search(s).witness.point


def test_the_smallest_margin_is_reported():
    found = search(sequent(X, [], "x*exp(1-x) <= 1.001"))
    assert found.witness is None
    assert found.margin == pytest.approx(0.001 / 2.001, abs=1e-6)
    assert float(found.nearest["x"]) == pytest.approx(1, abs=0.05)
    assert found.points > 100


def test_counterexamples_are_simple():
    w = refute(sequent({"g": "positive", "sigma": "positive", "eps": "positive", "m": "natural"}, [], "(g/sqrt(sigma^2+eps))^m <= 1"))
    assert max(Fraction(v).numerator * Fraction(v).denominator for v in w.point.values()) <= 4


@pytest.mark.parametrize(("names", "hypotheses", "show", "point", "why"), [
    ({"K": "natural"}, [], "2^K >= K^2", {"K": 3}, ""),
    ({"K": "natural"}, [], "2^K >= K^2", {"K": Fraction(5, 2)}, "not natural"),
    ({"K": "natural"}, [], "2^K >= K^2", {"K": 2}, "true there"),
    ({"K": "natural"}, [], "2^K >= K^2", {}, "no value"),
    ({"K": "natural"}, [], "2^K >= K^2", {"K": 3.0}, "a float"),
    ({"x": "positive"}, [], "x >= 1", {"x": Fraction(1, 2)}, ""),
    ({"x": "positive"}, [], "x >= 1", {"x": 0}, "not positive"),
    ({"x": "real"}, ["x >= 1"], "x >= 2", {"x": 0}, "hypothesis false"),
    ({"x": "real"}, ["sqrt(x) >= 0"], "x >= 2", {"x": -1}, "hypothesis undefined"),
    ({"x": "real"}, [], "1/x >= 2", {"x": 0}, "goal undefined"),
    ({"x": "real"}, [], "exp(log(x)) > x", {"x": 2}, "equal, and balls cannot tell"),
    ({"K": "natural", "s": "positive[K]"}, [], "prod(i, 1, K, s[i]) <= 1", {"K": 1, "s": (2,)}, ""),
    ({"K": "natural", "s": "positive[K]"}, [], "prod(i, 1, K, s[i]) <= 1", {"K": 1, "s": (2, 2)}, "too long"),
    ({"K": "natural", "s": "positive[K]"}, [], "prod(i, 1, K, s[i]) <= 1", {"K": 2, "s": (2, -2)}, "member not positive"),
    ({"x": "real"}, [], "limit(x, x) == 3", {"x": 2}, "not about a point"),
])
def test_what_counts_as_a_counterexample(names, hypotheses, show, point, why):
    assert verify(sequent(names, hypotheses, show), point) is (not why)


def test_no_wrong_counterexample_among_random_polynomials():
    """Squares are nonnegative; one of them lowered by a little somewhere is not."""
    rng = random.Random(3)
    refuted = 0
    for _ in range(25):
        a, b, c = (rng.randint(-3, 3) for _ in range(3))
        square = f"({a})^2*x^2 + ({b})^2*y^2 + ({c})^2 + 2*({a * b})*x*y + 2*({a * c})*x + 2*({b * c})*y"
        names = {"x": "real", "y": "real"}
        assert refute(sequent(names, [], f"{square} >= 0"), SimpleNamespace(deadline=time.monotonic() + 0.1)) is None
        w = refute(sequent(names, [], f"{square} >= 1/1000"))
        if w is not None:
            refuted += 1
            assert (a * w.point["x"] + b * w.point["y"] + c) ** 2 < Fraction(1, 1000)
        else:
            assert a == b == 0 and c
    assert refuted > 15


def test_the_deadline_is_kept():
    s = sequent({"K": "natural", "a": "real[K]", "b": "real[K]"}, [], "sum(i,1,K,a[i]*b[i])^2 <= sum(i,1,K,a[i]^2)*sum(i,1,K,b[i]^2)")
    search(s)  # imports
    begun = time.monotonic()
    assert refute(s, SimpleNamespace(deadline=begun + 0.05)) is None
    assert time.monotonic() - begun < 0.6
    assert refute(s, SimpleNamespace(deadline=begun)) is None


def test_two_points_take_the_hypotheses_along():
    s, note = two_points(sequent(X, ["x >= 1"], "increasing(x + 1/x, x)"))
    assert [str(g) for g in s.given] == ["x >= 1", "x_1 >= 1", "x <= x_1"]
    assert str(s.goal) == "x + 1/x <= x_1 + 1/x_1"
    assert "x and x_1" in note
    s, _ = two_points(sequent({"K": "natural", "s": "positive[K]"}, ["s[1] <= 2"], "decreasing(sum(j, 1, K, s[j]), s)"))
    assert [str(g) for g in s.given] == ["s[1] <= 2", "s_1[1] <= 2", "forall(i, 1, K, s[i] <= s_1[i])"]
    assert str(s.goal) == "sum(j, 1, K, s_1[j]) <= sum(j, 1, K, s[j])"


def test_iterates_are_written_out():
    r = parse_statement("recurrence x(0) = 2, x(i+1) = a*x(i) + i, y(0) = 1, y(i+1) = x(i) + y(i) has closed form x(i) = 1, y(i) = i")
    assert len(parts(r)[1]) == 2
    goal = unrolled(r, 3)
    assert len(goal.args) == 8
    point = {"a": 3}
    x, y = [2], [1]
    for i in range(3):
        x, y = [*x, 3 * x[-1] + i], [*y, x[-1] + y[-1]]
    assert [value(p.args[0], point) for p in goal.args] == [v for pair in zip(x, y, strict=True) for v in pair]
    assert [value(p.args[1], point) for p in goal.args] == [v for i in range(4) for v in (1, i)]


def test_parts_of_a_goal_are_taken_apart():
    notes = []
    found = list(reductions(sequent(XY, [], "(x <= 1 implies increasing(x*y, x)) and limit(x, x) == inf and x < y"), notes))
    assert [str(s.goal) for s, _ in found] == ["x*y <= x_1*y", "x < y"]
    assert [str(g) for g in found[0][0].given] == ["x <= 1", "x_1 <= 1", "x <= x_1"]
    assert len(notes) == 1 and notes[0].startswith("limit is not refuted by points")
    found = list(reductions(sequent({**X, "K": "natural"}, [], "forall(n, 1, K, increasing(x^n, x))"), []))
    assert [str(g) for g in found[0][0].given] == ["1 <= n_1", "n_1 <= K", "x <= x_1"]


def test_limits_are_left_undecided_with_their_course():
    found = search(sequent({"K": "natural", "x": "positive"}, ["K >= 1"], "limit((1 + x/K)^K, K) == 3"))
    assert found.witness is None
    assert found.notes == ["limit is not refuted by points; for x = 1 the values are 2.5937425 at K = 10, 2.7169239 at K = 1000, "
                           "2.7182682 at K = 100000, and 3 is claimed"]
    found = search(sequent({"K": "natural"}, [], "rate(3*2^K, K) == 2 and limit(K^2, K) == inf"))
    assert found.witness is None and len(found.notes) == 2
    assert "2.0000220 at K = 100000, and 2 is claimed" in found.notes[0]
    assert "10000000000 at K = 100000, and inf is claimed" in found.notes[1]
    found = search(sequent({"K": "natural", "x": "positive"}, ["x > 5"], "limit(x/K, K) == 1"))
    assert found.notes == ["limit is not refuted by points"]  # x = 1 does not meet the hypothesis


def test_texts():
    w = refute(sequent(K, [], "2^K >= K^2"))
    assert str(w) == "K = 3: 2^K >= K^2 is false, where the left side is 8 and the right side is 9"
    w = refute(sequent({}, [], "1 + 1 == 3"))
    assert str(w) == "every point: 1 + 1 == 3 is false, where the left side is 2 and the right side is 3"
    assert failing(parse_statement("1 == 1 and 2 == 3"), {}) == parse_statement("2 == 3")
    w = Witness({"x": 4, "d": 2, "z": 1}, sequent({"x": "real", "d": "real", "z": "real"}, [], "x <= 1"), "why", ("d",))
    assert str(w) == "x = 4, d = 2: x <= 1 is false, where the left side is 4 and the right side is 1 (why)"


def test_a_witness_as_data():
    w = Witness({"x": Fraction(1, 2), "K": 1, "s": (Fraction(2, 3),)}, sequent({"x": "real", "K": "natural", "s": "real[K]"}, [], "x > 1"))
    data = json.loads(json.dumps(w.to_data()))
    assert data == {"point": {"x": "1/2", "K": "1", "s": ["2/3"]}, "note": "", "sequent": {
        "sorts": {"x": "real", "K": "natural", "s": "real[K]"}, "given": [], "goal": "x > 1"}}


def test_unused_variables_get_values():
    w = refute(sequent({"x": "real", "K": "natural", "s": "positive[2*K+1]"}, [], "x <= 1"))
    assert w.point["s"] == (1, 1, 1)


def test_a_resolver_stands_for_networks():
    s = Sequent(sorts.declared({"t": "positive"}), (), parse_statement("bound(net) <= 5"))
    w = refute(s, None, lambda function, net: parse_expression("t^2"))
    assert w.point["t"] ** 2 > 5
    w = refute(s, None, lambda function, net: lambda point, bits: point["t"] ** 2)  # no expression: points only
    assert w.point["t"] ** 2 > 5


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(STATEMENTS)
def test_whatever_the_statement_only_verified_witnesses_come_out(statement):
    names = {"a": "positive", "b": "real", "K": "natural", "sigma_1": "nonnegative", "lambda": "integer", "s": "real[K]"}
    s = Sequent(sorts.declared(names), (), statement)
    try:
        sorts.check(statement, s.sorts, ("net",))
    except SortError:
        return
    begun = time.monotonic()
    found = search(s, SimpleNamespace(deadline=begun + 0.1))
    if found.witness is not None:
        assert verify(found.witness.sequent, found.witness.point)
        assert found.witness.sequent.sorts.keys() >= s.sorts.keys()
    assert time.monotonic() - begun < 5
