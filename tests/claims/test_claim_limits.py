"""Limits and rates: which are found, that wrong ones are not, and what the rules reject."""

import copy
import random
import time
from fractions import Fraction

import pytest
from claim_proofs import budget, counterexample, nodes, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import value
from normbound.claims.grammar import parse_expression
from normbound.claims.prove import limits
from normbound.claims.prove.expoly import complete
from normbound.claims.syntax import Node, Op

K = {"K": "natural"}
Q = {**K, "q": "nonnegative"}
S = {**K, "s": "real"}
R = {"x": "real"}
# sorts, hypotheses, kind, expression, variable, value, other values that are wrong
TRUE = [
    (K, [], "limit", "1/K", "K", "0", ["1", "inf"]), (K, [], "limit", "(2*K^2 + 1)/(K^2 + K)", "K", "2", ["1", "inf", "0"]),
    (K, [], "limit", "K", "K", "inf", ["0"]), (Q, ["q < 1"], "limit", "q^K", "K", "0", ["q", "1"]),
    (Q, ["q < 1"], "limit", "K^3*q^K", "K", "0", ["inf"]), (Q, ["q < 1"], "limit", "sum(i, 0, K-1, q^i)", "K", "1/(1 - q)", ["1/(1 + q)"]),
    (Q, ["q < 1"], "limit", "dd(K; q, 1)", "K", "1/(1 - q)", ["q/(1 - q)"]), (S, ["s > 1"], "limit", "s^K/K^2", "K", "inf", ["0", "s"]),
    (S, ["s > 1"], "limit", "K^5/s^K", "K", "0", ["1"]), (S, ["s > 1"], "rate", "K^2*s^K + 3", "K", "s", ["s^2", "1"]),
    ({**S, "t": "real"}, ["s > 1", "t > s"], "rate", "s^K + t^K", "K", "t", ["s", "s + t"]),
    ({**S, "t": "real"}, ["s > 1", "t > s"], "limit", "(s^K + t^K)/(t^K + 3*s^K)", "K", "1", ["1/3"]),
    ({**K, "x": "real"}, [], "limit", "(1 + x/K)^K", "K", "exp(x)", ["1", "x", "inf"]),
    ({**K, "a": "positive", "s": "positive"}, [], "limit", "(1 + a*s/K)^K", "K", "exp(a*s)", ["exp(a)"]),
    (K, [], "limit", "sqrt(K + 1) - sqrt(K)", "K", "0", ["1/2"]), (K, [], "limit", "sqrt(K^2 + K) - K", "K", "1/2", ["0", "1"]),
    (K, [], "limit", "log(K)/K", "K", "0", ["1"]), (K, [], "limit", "K^(1/2)/log(K)", "K", "inf", ["0"]),
    (K, [], "limit", "2^K/3^K", "K", "0", ["2/3"]), (K, [], "limit", "(-1/2)^K", "K", "0", ["1"]),
    (K, [], "limit", "K^(1/K)", "K", "1", ["0"]),
    (K, [], "limit", "log(1 + 1/K)*K", "K", "1", ["0"]), ({**K, "s": "positive"}, [], "limit", "s^(1/K)", "K", "1", ["s", "0"]),
    (R, [], "limit", "1/(1 + exp(-x))", "x", "1", ["0", "1/2"]), (R, [], "limit", "x*exp(-x)", "x", "0", ["1"]),
    (R, [], "limit", "(exp(x) - exp(-x))/(exp(x) + exp(-x))", "x", "1", ["-1"]),
    ({"x": "positive"}, [], "limit", "x^2*exp(-x) + sqrt(1 + 1/x)", "x", "1", ["0"]),
    ({"x": "positive", "e": "positive"}, [], "limit", "x/sqrt(e + x^2)", "x", "1", ["1/e", "0"]),
    ({**K, "g": "positive", "q": "positive"}, ["q < 1"], "limit", "g*(1 - q^K)/(1 - q)", "K", "g/(1 - q)", ["g", "1/(1 - q)"]),
    ({**K, "g": "positive"}, [], "limit", "g + 1", "K", "1 + g", ["g"]),
    ({**K, "s": "positive", "t": "positive"}, ["s <= t"], "rate", "s^K + t^K", "K", "t", ["s", "s + t", "2*t"]),
]


def claim(case, wanted=None):
    sorts, given, kind, e, x, v, _ = case
    return sequent(sorts, given, f"{kind}({e}, {x}) == {wanted or v}")


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[3])
def test_proved(case):
    s = claim(case)
    start = time.process_time()
    found = limits.attempt(s, budget())
    assert found is not None and complete(found) and time.process_time() - start < 2
    replay(s, found)


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[3])
def test_wrong_values_are_not_proved_and_the_true_one_is_named(case):
    right = limits.attempt(claim(case), budget())
    for wrong in case[6]:
        s = claim(case, wrong)
        assert limits.attempt(s, budget()) is None
        with pytest.raises(Rejected):
            replay(s, right)
        named, certificate = limits.true_limit(s, budget())
        replay(s.aim(Node(s.goal.op, (s.goal.args[0], named), s.goal.value)), certificate)
        assert (named.op == Op.INF) == (case[5] == "inf")


@pytest.mark.parametrize(("sorts", "given", "goal"), [
    (Q, [], "limit(q^K, K) == 0"),  # q may be 1
    (Q, ["q <= 1"], "limit(q^K, K) == 0"), (S, ["s >= 1"], "limit(s^K, K) == inf"),
    (S, ["s < 1"], "limit(s^K, K) == 0"),  # s may be -2
    ({**S, "t": "real"}, ["s > 1", "t > 1"], "rate(s^K + t^K, K) == t"), (K, [], "limit((-1)^K, K) == 0"), (K, [], "limit((-1)^K, K) == 1"),
    ({**K, "c": "real"}, [], "limit(c*K, K) == inf"), (R, [], "limit(abs(x)^x/exp(x), x) == 0"), (S, ["s > 1"], "rate(3 - s^K, K) == s"),
    ({**K, "s": "positive", "t": "positive"}, ["s <= t"], "rate(t^K - s^K, K) == t"),  # 0 where s = t
    ({**K, "s": "positive", "t": "positive"}, ["s <= t"], "limit((t^K + s^K)/t^K, K) == 1"),  # 2 where s = t
    ({**K, "f": "positive[K]"}, [], "limit(prod(i, 1, K, f[i]), K) == 0"), ({**K, "n": "natural"}, ["n >= K"], "limit(K/n, K) == 0"),
])
def test_left_open(sorts, given, goal):
    found = limits.attempt(sequent(sorts, given, goal), budget(2.0))
    assert found is None or not complete(found)


CHANGES = {
    "case": ["equal", "zero", "infinite"], "way": ["base", "power", "log"], "top_ways": [["base"], ["power"], []],
    "bottom_ways": [["base"], ["power"], []], "ways": [["base"], ["power"], ["log"], []],
    "top": [[{}], [{"a": "2"}], [{"b": "2"}], [{"c": "0"}]],
    "bottom": [[{}], [{"a": "2"}], [{"c": "0"}], [{"l": 3}]], "from": [0, -1, True, "2"],
    "values": [["1"], ["inf"], ["0", "0"], ["inf", "inf"]],
    "exponent": ["0", "K", "7"], "other": ["K", "0"], "value": ["5", "K"]}


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[3])
def test_changed_certificates_prove_nothing_new(case):
    """One datum or premise is changed in every node: what the checker then accepts is the true goal or nothing."""
    whole = limits.attempt(claim(case), budget())
    goals = [claim(case, wrong) for wrong in case[6]]
    tried = 0
    for way, n in nodes(whole):
        for key in n["data"]:
            for new in CHANGES.get(key, []):
                bad = copy.deepcopy(whole)
                target = bad
                for k in way:
                    target = target["premises"][k]
                target["data"][key] = new
                for s in goals:
                    tried += 1
                    with pytest.raises(Rejected):
                        replay(s, bad)
    for way, n in nodes(whole):
        if n["premises"]:
            bad = copy.deepcopy(whole)
            target = bad
            for k in way:
                target = target["premises"][k]
            target["premises"].pop()
            with pytest.raises(Rejected):
                replay(claim(case), bad)
    assert tried > 0


@pytest.mark.parametrize(("sorts", "given", "goal", "rule", "data"), [
    (S, [], "limit(s^K, K) == 0", "limit_terms", {"top": [{"b": "s"}], "case": "zero", "ways": ["power"]}),
    (K, [], "limit(K, K) == 0", "limit_terms", {"top": [{"a": "K"}], "case": "equal", "top_ways": [], "bottom": [{"a": "K"}]}),
    (K, [], "limit(log(K), K) == inf", "limit_terms", {"top": [{"l": 1}], "case": "infinite", "way": "log", "top_ways": []}),
    ({**K, "f": "positive[K]"}, [], "limit(f[1], K) == 1", "limit_parts", {"values": []}),
    (K, [], "limit(K - K^2, K) == 0", "limit_parts", {"values": ["inf", "inf"]}),
    (K, [], "limit(1/K*K, K) == 0", "limit_parts", {"values": ["0", "inf"]}),
    (K, [], "limit((1/K)^(1/K), K) == 1", "limit_parts", {"values": ["0", "0"]}),
    (K, [], "limit(K, K) == 1", "limit_same", {"other": "L"}),
    (K, [], "limit(K, K) == 1", "limit_power", {"exponent": "0"}),
    (K, [], "K >= 0", "limit_same", {"value": "0"}),
    ({**K, "s": "positive", "t": "positive"}, ["s <= t"], "rate(t^K - s^K, K) == t", "rate_terms",
     {"top": [{"b": "t"}, {"c": "-1", "b": "s"}], "top_ways": ["level"]}),
    ({**K, "s": "positive", "t": "positive"}, ["s <= t"], "limit((t^K + s^K)/t^K, K) == 1", "limit_terms",
     {"top": [{"b": "t"}, {"b": "s"}], "top_ways": ["level"], "bottom": [{"b": "t"}], "bottom_ways": [], "case": "equal"}),
    (R, [], "limit(x, x) == inf", "rate_terms", {"top": [{"a": "1"}], "top_ways": []}),
])
def test_rejected(sorts, given, goal, rule, data):
    """By the rule itself, or because one of its premises is false."""
    s = sequent(sorts, given, goal)
    try:
        wanted = rules()[rule](s, data)
    except (Rejected, ClaimError):
        return
    assert any(p.goal.op != "limit" and counterexample(p) is not None for p in wanted)


def test_squeeze():
    s = sequent(K, [], "limit(min(1/K, 2/K), K) == 0")
    wanted = [str(p.goal) for p in rules()["squeeze"](s, {"lower": "0", "upper": "1/K", "from": 1})]
    assert wanted == ["0 <= min(1/K_1, 2/K_1)", "min(1/K_1, 2/K_1) <= 1/K_1", "limit(0, K) == 0", "limit(1/K, K) == 0"]
    s = sequent(K, [], "limit(K + min(K, 3), K) == inf")
    wanted = [str(p.goal) for p in rules()["squeeze"](s, {"lower": "K"})]
    assert wanted == ["K_1 <= K_1 + min(K_1, 3)", "limit(K, K) == inf"]


def test_hypotheses_on_the_variable_do_not_narrow_the_limit():
    """K == 1 holds at the point, and says nothing of large K."""
    assert limits.attempt(sequent(K, ["K == 1"], "limit(1/K, K) == 1"), budget(1.0)) is None
    s = sequent(K, ["K == 1"], "limit(1/K, K) == 0")
    replay(s, limits.attempt(s, budget()))


def test_random_limits_agree_with_values_at_a_large_depth():
    rng = random.Random(23)
    proved = 0
    for _ in range(60):
        def term():
            return f"{rng.choice(('1', '2', '3', '1/2'))}*K^{rng.randrange(4)}*({rng.choice(('1', '2', '3', '1/2'))})^K"
        top, bottom = (f"({term()} {rng.choice('+-')} {term()})" for _ in range(2))
        e = f"{top}/{bottom.replace('-', '+')}"
        found = limits.true_limit(sequent(K, [], f"limit({e}, K) == 0"), budget())
        if found is None:
            continue
        named, certificate = found
        s = sequent(K, [], f"limit({e}, K) == {named}")
        replay(s, certificate)
        proved += 1
        exact = value(parse_expression(e), {"K": 300})
        assert isinstance(exact, Fraction)
        near = float(min(exact, Fraction(10**9)))
        if named.op == Op.INF:
            assert near > 100, (e, near)
        else:
            assert abs(near - float(value(named, {}))) < 0.05 * (1 + abs(near)), (e, near, str(named))
    assert proved > 30
