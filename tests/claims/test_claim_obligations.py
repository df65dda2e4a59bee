"""Where a claim says nothing, and whether its hypotheses can hold."""

import time
from fractions import Fraction

import pytest
from claim_trees import EXPRESSIONS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normbound.claims import sorts
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.sequent import Sequent
from normbound.claims.consistency import absurd, meets, point_of
from normbound.claims.errors import SortError
from normbound.claims.evaluate import Undefined, misfit, truth
from normbound.claims.grammar import parse_statement
from normbound.claims.obligations import gap, obligations, undefined_at
from normbound.claims.syntax import Op, build, number, rebuild, variable


def _fitting(node, args):
    """Random syntax made fit for the sorts of the test: no networks, no indices, integers where they must be."""
    if node.op == Op.NET:
        return variable("b")
    if node.op in (Op.SUM, Op.PROD):
        return args[2]
    if node.op == Op.DD:
        return build(Op.DD, build(Op.SUB, variable("K"), number(1)), *args[1:])
    if node.op == Op.ELT:
        return build(Op.ELT, variable("K"), value="s")
    return None


COMPARED = st.builds(lambda op, a, b: rebuild(build(op, a, b), _fitting), st.sampled_from((Op.LE, Op.LT, Op.EQ, Op.NE)),
                     EXPRESSIONS, EXPRESSIONS)
STATEMENTS = st.one_of(COMPARED, st.builds(build, st.sampled_from((Op.AND, Op.IMPLIES)), COMPARED, COMPARED))


def sequent(names, hypotheses, show):
    return Sequent(sorts.declared(names), tuple(map(parse_statement, hypotheses)), parse_statement(show))


R, RR, K = {"x": "real"}, {"x": "real", "y": "real"}, {"K": "natural"}


@pytest.mark.parametrize(("names", "hypotheses", "show", "why"), [
    (R, [], "sqrt(x) <= sqrt(x) + 1", "the root of -1"),
    (RR, [], "x/(x - y) <= 1", "division by zero"),
    (R, ["1/x > 0"], "x > 0", "division by zero"),
    ({"x": "positive", **K}, [], "x/K <= x", "division by zero"),
    ({**R, **K}, [], "sum(i, 0, K, x/i) <= 1", "division by zero"),
    (R, [], "x^(0-1) >= 0", "zero to a negative power"),
    (R, [], "x^(1/2) >= 0", "root"),
    ({**K, "s": "positive[K]"}, [], "s[K] <= 1", "s[0] does not exist"),
    (K, [], "dd(K - 2; 1, 1) >= 0", "not a natural number"),
    (R, ["x >= 0"], "log(x) <= x", "logarithm of 0"),
    (R, [], "x > 0 implies log(x - 1) <= x", "logarithm"),
    ({"n": "integer"}, ["n != 0"], "1/(n + 3) <= 1", "division by zero"),
    ({}, [], "1/0 == 1", "division by zero"),
])
def test_gaps(names, hypotheses, show, why):
    s = sequent(names, hypotheses, show)
    found = gap(s)
    assert found is not None and why in found.why
    assert why in str(found)
    before = s.given[:s.given.index(found.statement)] if found.statement in s.given else s.given
    assert all(truth(g, found.point) is True for g in before)
    assert isinstance(truth(found.statement, found.point), Undefined)


@pytest.mark.parametrize(("names", "hypotheses", "show"), [
    (R, ["x >= 0"], "sqrt(x) <= sqrt(x) + 1"),
    (R, ["x > 0", "1/x > 0"], "x > 0"),
    (R, [], "x > 0 implies log(x) <= x"),
    (R, [], "x != 0 and 1/x <= 5"),
    ({**R, **K}, [], "sum(i, 1, K, x/i) <= 1"),
    ({"x": "positive"}, [], "x^(0-1) >= 0"),
    (R, ["x >= 2", "x <= 1"], "1/0 > 0"),  # no point at all
    ({"s": "positive", "d": "positive", "e": "nonnegative"}, [], "s/sqrt(d^2 + e) <= s/d"),
    (R, [], "x/(x^2 + 1) <= 1"),
])
def test_no_gaps(names, hypotheses, show):
    assert gap(sequent(names, hypotheses, show)) is None


def test_obligations_are_what_the_checker_wants():
    s = sequent(RR, ["y != 3"], "x/(y - 1) <= sqrt(x)")
    assert [str(o.goal) for o in obligations(s.goal, s)] == ["y - 1 != 0", "x >= 0"]
    assert all(o.given == s.given for o in obligations(s.goal, s))


def test_a_point_that_is_no_gap():
    s = sequent(R, ["x >= 0"], "1/(x - 1) <= 1")
    assert undefined_at(s, {"x": 1}).statement == s.goal
    assert undefined_at(s, {"x": 2}) is None
    assert undefined_at(s, {"x": -1}) is None  # the hypothesis is false
    assert undefined_at(sequent({"x": "positive"}, [], "1/x <= 1"), {"x": 0}) is None  # not positive


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(STATEMENTS, st.tuples(*[st.sampled_from([Fraction(0), Fraction(1), Fraction(-2), Fraction(1, 3), Fraction(3)])] * 3),
       st.integers(0, 3))
def test_where_all_obligations_hold_everything_has_a_value(statement, numbers, length):
    """The checker's walk against the evaluator's, at random points: nothing that has no value is missed."""
    names = {"a": "positive", "b": "real", "K": "natural", "sigma_1": "nonnegative", "lambda": "integer", "s": "real[K]"}
    s = Sequent(sorts.declared(names), (), statement)
    point = {"a": abs(numbers[0]) + 1, "b": numbers[1], "sigma_1": abs(numbers[2]), "K": length, "lambda": length - 1, "s": (-1,) * length}
    try:
        sorts.check(statement, s.sorts)
        wanted = obligations(statement, s)
    except (SortError, Rejected):
        return
    if misfit(point, s.sorts) or any(set(o.sorts) != set(s.sorts) for o in wanted):
        return  # an index is open
    if all(meets(o, point) is False or truth(o.goal, point) is True for o in wanted):
        assert not isinstance(truth(statement, point), Undefined)


# -- consistency -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("names", "hypotheses"), [
    (R, []),
    (R, ["x > 0", "x < 1/1000"]),
    (RR, ["x + y == 3", "x - y == 1/7"]),
    ({**K, "s": "positive[K]", "L": "positive"}, ["K >= 3", "forall(i, 1, K, s[i] <= L)", "L <= 1/2"]),
    ({"m": "natural", **K, "q": "positive", "s": "positive"}, ["q < 1", "s > 1", "K >= 5", "m*log(1/q) >= K*log(s)"]),
    ({"g": "positive", "sigma": "positive", "d": "natural", "R": "positive"}, ["sigma*sqrt(d) <= R", "d >= 2", "g <= sigma"]),
    ({"n": "integer"}, ["n < 0", "n^2 == 16"]),
    ({"x": "positive"}, ["abs(x - 4321/1000) <= 1/100"]),
    ({"a": "positive", "b": "positive", "c": "positive"}, ["a + b + c == 1", "a*b == 1/10"]),
])
def test_hypotheses_that_can_hold(names, hypotheses):
    s = sequent(names, hypotheses, "0 == 1")
    point = point_of(s)
    assert point is not None
    assert meets(s, point)


@pytest.mark.parametrize(("names", "hypotheses"), [
    (R, ["x > 1", "x < 0"]),
    ({"x": "positive"}, ["x <= 0"]),
    (K, ["K^2 == 2"]),
    (K, ["2*K == 3"]),
    (R, ["sqrt(x) >= 0", "x < 0"]),
    ({}, ["1 == 2"]),
])
def test_hypotheses_that_cannot(names, hypotheses):
    begun = time.monotonic()
    assert point_of(sequent(names, hypotheses, "0 == 0")) is None
    assert time.monotonic() - begun < 2


def test_what_proves_that_nothing_meets_the_hypotheses():
    s = absurd(sequent(R, ["x > 1", "x < 0"], "x == 5"))
    assert str(s.goal) == "0 >= 1"
    assert [str(g) for g in s.given] == ["x > 1", "x < 0"]


def test_whether_a_point_meets_them():
    s = sequent({"x": "positive"}, ["x <= 1"], "x == 5")
    assert meets(s, {"x": Fraction(1, 2)})
    assert not meets(s, {"x": 2})
    assert not meets(s, {"x": -1})
