"""Rates of compound expressions, rates and limits of divided differences."""

import math
import random
import time
from fractions import Fraction

import pytest
from claim_proofs import budget, changed, counterexample, nodes, sequent

from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.document import read
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import value
from normbound.claims.grammar import parse_expression
from normbound.claims.pipeline import judge
from normbound.claims.prove import limits
from normbound.claims.prove.expoly import complete
from normbound.claims.syntax import Node, Op

K = {"K": "natural"}
P = {**K, "x": "positive", "y": "positive", "z": "positive", "H": "positive", "a": "nonnegative", "b": "nonnegative"}
R = {**K, "s": "real", "t": "real"}
# sorts, hypotheses, kind, expression, value, wrong values
TRUE = [
    (P, ["x > 1"], "rate", "H*dd(K; x, x^2)", "x^2", ["x", "H*x^2", "x^3"]),
    (P, [], "rate", "dd(K; x, y)", "max(x, y)", ["x", "x + y", "min(x, y)"]),
    (P, [], "rate", "dd(K; a, b, a)", "max(a, b)", ["a", "a + b"]),
    (P, ["x <= y", "z <= y"], "rate", "dd(K + 2; x, y, z)", "y", ["x", "y^2"]),
    (P, [], "rate", "H*K^2*dd(2*K; x, y) + 3", "max(max(x, y)^2, 1)", ["max(x, y)^2", "max(x, y)"]),
    (P, [], "rate", "dd(K; x, 1)*dd(K; 1, y)", "max(x, 1)*max(1, y)", ["max(x, y)", "x*y"]),
    (P, ["x > y"], "rate", "dd(K; x, 1)^3/(dd(K; x, y)*x^K)", "max(x, 1)^3/x^2", ["max(x, 1)^3/x", "y"]),
    (P, ["x > 1"], "rate", "sqrt(dd(K; x^2, 1)*dd(K; x^2, x))", "x^2", ["x", "x^4"]),
    (P, ["x > y", "y >= 1"], "rate", "dd(K; x, 1) - dd(K; y, 1)", "x", ["x - y", "y"]),
    (P, [], "rate", "max(dd(K; x, x), y^K, 1)", "max(x, y, 1)", ["max(x, y)"]),
    (P, [], "rate", "min(x^K, dd(K; y, y))", "min(x, y)", ["x", "max(x, y)"]),
    (P, [], "rate", "sum(i, 0, K-1, x^i)", "max(x, 1)", ["x", "1"]),
    (P, [], "rate", "sum(i, 0, K-1, x^i*y^(K-1-i))", "max(x, y)", ["x", "x + y"]),
    (P, [], "rate", "dd(K; x, y) - dd(K; y, x)", "0", ["max(x, y)", "1"]),
    (P, [], "rate", "dd(K; x, 1, 1)*(x^K - x^K + 1)", "max(x, 1)", ["x", "1"]),
    (P, [], "rate", "sum(i, 1, K, x^i) + y^K", "max(x, 1, y)", ["max(x, 1)", "x + y"]),
    (P, [], "rate", "(K + 5 + 1/(K + 1))*dd(K - 3; x, x)", "x", ["1"]),
    (K, [], "rate", "(1 + 1/K)^K", "1", ["exp(1)"]),
    (P, ["x < 1", "y < 1"], "limit", "H*dd(K; x, y, 1)", "H/((1 - x)*(1 - y))", ["0", "H/(1 - x)", "inf"]),
    (P, ["x < 1", "y < 1"], "limit", "dd(K; x, x, y)", "0", ["1", "1/(1 - x)"]),
    (R, ["s > -1", "s < 1", "t*t < 1", "t < 1", "t > -1"], "limit", "dd(K; s, 1, t)", "1/((1 - s)*(1 - t))", ["1/(1 - s)"]),
    (P, [], "limit", "dd(K; 1, x, 1)", "inf", ["1"]),
    (P, ["x > 1"], "limit", "dd(K; a, x)", "inf", ["x"]),
    (P, ["x < y", "y < z"], "limit", "dd(K; x, y, z)/z^K", "1/((z - x)*(z - y))", ["1/(z - x)", "1"]),
    (P, [], "limit", "dd(K; x, x, x)/(K^2*x^K)", "1/(2*x^2)", ["1/x^2", "0"]),
]


def claim(case, wanted=None):
    sorts, given, kind, e, v, _ = case
    return sequent(sorts, given, f"{kind}({e}, K) == {wanted or v}")


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[3])
def test_proved_and_wrong_values_are_not(case):
    s = claim(case)
    start = time.process_time()
    found = limits.attempt(s, budget())
    assert found is not None and complete(found) and time.process_time() - start < 4
    replay(s, found)
    for wrong in case[5]:
        other = claim(case, wrong)
        right = limits.attempt(other, budget(3))
        assert right is None or not complete(right)
        with pytest.raises(Rejected):
            replay(other, found)
        named, certificate = limits.true_limit(other, budget())
        replay(other.aim(Node(other.goal.op, (other.goal.args[0], named), "K")), certificate)
        if Op.INF not in (named.op, other.goal.args[1].op):  # what is named differs from what was claimed
            differs = other.aim(Node(Op.EQ, (named, other.goal.args[1])))
            assert counterexample(differs, 20000) is not None


CHANGES = {
    "largest": [0, 1, 2, -1, True], "values": [["1"], ["1", "1"], ["K", "K"], ["x", "x"]], "value": ["2", "K", "x"],
    "case": ["zero", "one", "infinite"],
    "node": [0, 1, 7], "second": [0, 1], "slope": ["0", "-1", "K", "2"], "offset": ["1", "K"], "other": ["K", "1"], "from": [0, "1"]}


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[3])
def test_changed_certificates_prove_no_wrong_value(case):
    whole = limits.attempt(claim(case), budget())
    tried = 0
    for way, n in nodes(whole):
        altered = [changed(whole, way, lambda m, key=key, new=new: m["data"].__setitem__(key, new))
                   for key in n["data"] for new in CHANGES.get(key, [])]
        for bad in altered:
            for wrong in case[5]:
                tried += 1
                with pytest.raises(Rejected):
                    replay(claim(case, wrong), bad)
        if n["premises"]:
            with pytest.raises(Rejected):
                replay(claim(case), changed(whole, way, lambda m: m["premises"].pop()))
    assert tried > 0


@pytest.mark.parametrize(("sorts", "given", "goal"), [
    (R, [], "rate(dd(K; s, 1), K) == max(s, 1)"),  # s may be negative
    (P, [], "rate(a*dd(K; x, 1), K) == max(x, 1)"),  # a may be 0
    (P, [], "rate(x^K - y^K, K) == x"), (P, ["x >= y"], "rate(x^K - y^K, K) == x"), (P, [], "rate(dd(K; x, y) - dd(K; x, z), K) == 0"),
    (P, [], "rate(1/dd(K; x, a), K) == 1/max(x, 0)"), (P, [], "rate(dd(5; x, y), K) == 2"), (P, [], "rate(dd(K; x^K, y), K) == x"),
    (P, [], "limit(dd(K; x, y), K) == 0"), (P, ["x <= 1"], "limit(dd(K; x, 1), K) == 1/(1 - x)"),
    (P, ["x <= 1"], "limit(dd(K; x, y), K) == 0"),
    (R, ["s < 1"], "limit(dd(K; s, 1), K) == 1/(1 - s)"), (R, ["s > 1"], "limit(dd(K; s, t), K) == inf"),
    ({**K, "n": "natural"}, [], "rate(dd(n*K; 2, 1), K) == 2^n"),
])
def test_left_open(sorts, given, goal):
    found = limits.attempt(sequent(sorts, given, goal), budget(2.0))
    assert found is None or not complete(found)


REFUSED = [
    (P, "rate(x^K + y^K, K) == x", "rate_parts", {"values": ["x", "y"], "largest": 0}),
    (P, "rate(x^K - y^K, K) == x", "rate_parts", {"values": ["x", "y"]}),
    (P, "rate(1/a^K, K) == 1/a", "rate_parts", {"values": ["1", "a"]}),
    (P, "rate(x^K*y^K, K) == x", "rate_parts", {"values": ["x", "y"]}),
    (P, "rate(min(x^K, y^K), K) == x", "rate_parts", {"values": ["x", "y"]}),
    (P, "rate(sqrt(x^K), K) == x", "rate_parts", {"values": ["x"]}), (P, "rate((x^K)^K, K) == x", "rate_parts", {"values": ["x"]}),
    (P, "rate(exp(K), K) == exp(1)", "rate_parts", {"values": ["1"]}), (P, "rate(x^K*y^K, K) == x*y", "rate_parts", {"values": ["x"]}),
    (P, "rate(x^K*y^K, K) == x*y", "rate_parts", {"values": ["x", "K"]}), (P, "rate(a^K, K) == 0", "rate_parts", {"values": ["a"]}),
    (P, "limit(x^K, K) == x", "rate_same", {"value": "x"}), (P, "rate(x^K, K) == 1", "rate_same", {"value": "x"}),
    (P, "rate(x^K, K) == 1", "rate_same", {"other": "1"}), (P, "rate(a^K, K) == 1", "rate_limit", {"value": "0"}),
    (P, "rate(2^K, K) == 2", "rate_limit", {"value": "2"}), (P, "rate(1/(K+1), K) == 1", "rate_limit", {"value": "a"}),
    (R, "rate(dd(K; s, t), K) == max(s, t)", "rate_dd", {"slope": "1"}),
    (P, "rate(dd(K; x, y), K) == x", "rate_dd", {"slope": "1", "largest": 0}),
    (P, "rate(dd(K; x, y), K) == max(x, y)^2", "rate_dd", {"slope": "2"}),
    (P, "rate(dd(2*K; x, y), K) == max(x, y)", "rate_dd", {"slope": "1"}),
    (P, "rate(dd(5; x, y), K) == 1", "rate_dd", {"slope": "0", "offset": "5"}), (P, "rate(dd(K; x, K), K) == 1", "rate_dd", {"slope": "1"}),
    (P, "rate(x^K, K) == x", "rate_dd", {"slope": "1"}), (P, "rate(dd(K*K; x, 1), K) == 1", "rate_dd", {"slope": "1"}),
    (P, "limit(dd(K; a, b), K) == 0", "limit_dd", {"slope": "1", "case": "zero"}),
    (P, "limit(dd(K; 1, 1), K) == 1", "limit_dd", {"slope": "1", "case": "one", "node": 0}),
    (P, "limit(dd(K; x, y), K) == 1", "limit_dd", {"slope": "1", "case": "one", "node": 0}),
    (P, "limit(dd(K; x, 1), K) == inf", "limit_dd", {"slope": "1", "case": "infinite", "node": 1}),
    (P, "limit(dd(K; x, 1), K) == inf", "limit_dd", {"slope": "1", "case": "infinite", "node": 1, "second": 1}),
    (R, "limit(dd(K; s, 2), K) == inf", "limit_dd", {"slope": "1", "case": "infinite", "node": 1}),
    (P, "limit(dd(K; 2, 3), K) == 0", "limit_dd", {"slope": "1", "case": "infinite", "node": 1}),
    (P, "limit(dd(K; 2, 3), K) == 0", "limit_dd", {"slope": "1", "case": "two", "node": 1}),
]


@pytest.mark.parametrize(("sorts", "goal", "rule", "data"), REFUSED, ids=lambda c: c if isinstance(c, str) else "")
def test_rejected(sorts, goal, rule, data):
    """By the rule itself, or because one of its premises is false: a comparison at a point, or a rate or limit at a large depth."""
    try:
        wanted = rules()[rule](sequent(sorts, [], goal), data)
    except (Rejected, ClaimError):
        return
    assert any(counterexample(p) is not None if p.goal.op not in (Op.RATE, Op.LIMIT) else _far(p) for p in wanted)


def _far(p):
    """Whether values at a large depth are far from the claimed rate or limit, at one of a few points."""
    e, v = p.goal.args
    for x, y, a in ((2, 3, Fraction(1, 2)), (3, 2, 0)):
        point = {"x": x, "y": y, "z": 1, "H": 1, "a": a, "b": 0, "K": 60}
        found, claimed = value(e, point), value(v, point)
        if p.goal.op == Op.RATE:
            found = float(found) ** (1 / 60)
        if abs(float(found) - float(claimed)) > 0.3:
            return True
    return False


def test_random_rates_agree_with_values_at_a_large_depth():
    """What the rules of divided differences accept at numbers, beside exact values."""
    draw = random.Random(5)
    numbers = ["0", "1", "2", "3", "1/2", "1/3", "5/4"]
    rates = proved = 0
    for _ in range(60):
        names = [draw.choice(numbers) for _ in range(draw.randrange(1, 5))]
        p, q = draw.randrange(1, 3), draw.randrange(3)
        e = f"dd({p}*K + {q}; {', '.join(names)})"
        s = sequent(K, [], f"rate({e}, K) == 1")
        found = limits.true_limit(s, budget())
        if found is not None:
            replay(s.aim(Node(Op.RATE, (s.goal.args[0], found[0]), "K")), found[1])
            exact = value(parse_expression(e), {"K": 600})
            near = math.exp((math.log(exact.numerator) - math.log(exact.denominator)) / 600) if exact else 0.0
            assert abs(near - float(value(found[0], {}))) < 0.12 * (1 + near), (e, near)
            rates += 1
        s = sequent(K, [], f"limit({e}, K) == 1")
        found = limits.true_limit(s, budget())
        if found is not None:
            replay(s.aim(Node(Op.LIMIT, (s.goal.args[0], found[0]), "K")), found[1])
            exact = Fraction(value(parse_expression(e), {"K": 200}))
            if found[0].op == Op.INF:
                assert exact > 100, e
            else:
                assert abs(exact - Fraction(value(found[0], {}))) < Fraction(1, 10**6), e
            proved += 1
    assert rates >= 50 and proved >= 45


WHOLE = """
schema = 1
vars = {K = "natural", x = "positive", y = "positive", a = "nonnegative", L = "positive", H = "positive"}
[[claim]]
id = "below-one"
given = ["L <= 1"]
show = "rate(H*dd(K; L, L^2), K) == L"
[[claim]]
id = "by-cases"
show = "rate(dd(K; x, y), K) == (x + y + abs(x - y))/2"
[[claim]]
id = "may-vanish"
show = "rate(a*dd(K; x, y), K) == max(x, y)"
expect = "refuted"
[[claim]]
id = "one-node-only"
show = "rate(dd(K; x, y), K) == x"
expect = "refuted"
[[claim]]
id = "sum-for-maximum"
show = "rate(dd(K; x, x^2, 1), K) == 1 + x^2"
expect = "refuted"
[[claim]]
id = "one-factor-forgotten"
given = ["x < 1"]
show = "limit(dd(K; x, x, 1), K) == 1/(1 - x)"
expect = "refuted"
"""


def test_claims(tmp_path):
    (tmp_path / "rates.claims.toml").write_text(WHOLE)
    document = read(tmp_path / "rates.claims.toml")
    assert len(document.claims) == 6
    for claim in document.claims:
        outcome = judge(claim, 20)
        assert outcome.verdict == ("refuted (certificate)" if claim.expect == "refuted" else "proved (certificate)"), claim.id


def test_hypotheses_about_the_depth_do_not_narrow_the_rate():
    found = limits.attempt(sequent(P, ["K == 1"], "rate(dd(K; x, y), K) == 1"), budget(2))
    assert found is None or not complete(found)
    s = sequent(P, ["K == 1"], "rate(dd(K; x, y), K) == max(x, y)")
    replay(s, limits.attempt(s, budget()))
