"""Steps that change the form of a sequent: what they lead to, and that no counterexample is lost on the way."""

import random

import pytest
from claim_proofs import budget, counterexample, false_at, points, sequent

from normbound.claims.budget import Budget
from normbound.claims.checker import Rejected, replay, rules
from normbound.claims.checker.obligations import obligations
from normbound.claims.document import read
from normbound.claims.engine import Engine
from normbound.claims.pipeline import judge
from normbound.claims.prove import premises, shifts, termwise

K = {"K": "natural", "x": "nonnegative", "y": "nonnegative"}
FAMILY = {"m": "natural", "c": "nonnegative[m]", "L": "nonnegative"}
TRUE = [
    (K, ["K >= 1"], "0^K == 0"),
    (K, ["K >= 1"], "dd(K; 0, 1) == 1"),
    (K, ["K >= 1", "x > 0"], "sqrt(dd(K; x^2, x^2)) == sqrt(K)*x^(K-1)"),
    (K, ["K >= 1", "x^K <= y^K"], "x <= y"),
    (K, ["K >= 1", "x^K < y^K"], "x < y"),
    (K, ["x < 1"], "y*dd(K; x^2, 1) <= y/(1 - x^2)"),
    (K, [], "dd(K; x, y) == sum(i, 0, K - 1, x^i*y^(K - 1 - i))"),
    (K, ["x >= 1"], "log(1 + y*x^K) <= log(1 + y) + K*log(x)"),
    ({"u": "real", "v": "real"}, [], "log(exp(u) + exp(v)) <= max(u, v) + log(2)"),
    ({"u": "real", "v": "real"}, [], "4*exp(u)*exp(v) <= (exp(u) + exp(v))^2"),
    (FAMILY, ["forall(i, 1, m, c[i] <= L)"], "sqrt(sum(i, 1, m, c[i]^2)) <= sqrt(m)*L"),
    (FAMILY, ["forall(i, 1, m, L <= c[i])"], "m*L^2 <= sum(i, 1, m, c[i]^2)"),
    (FAMILY, [], "increasing(sum(i, 1, m, c[i]*L), c)"),
]
FALSE = [
    (K, [], "0^K == 0"),
    (K, ["x^K <= y^K"], "x <= y"),
    (K, ["K >= 1", "x^K <= y^K"], "x < y"),
    (K, ["K >= 1"], "dd(K; x^2, x^2) == K*x^(K-1)"),
    (K, ["x < 1"], "y*dd(K; x^2, 1) <= 1/(1 - x^2)"),
    (K, [], "dd(K; x, y) == sum(i, 0, K, x^i*y^(K - i))"),
    ({"u": "real", "v": "real"}, [], "log(exp(u) + exp(v)) <= max(u, v)"),
    (FAMILY, ["forall(i, 1, m, c[i] <= L)"], "sum(i, 1, m, c[i]^2) <= m*L"),
]


@pytest.mark.parametrize("case", TRUE, ids=lambda c: c[2])
def test_true_statements_are_proved(case):
    s = sequent(*case)
    found = Engine(Budget.of(12)).solve(s)
    assert found is not None
    replay(s, found)


@pytest.mark.parametrize("case", FALSE, ids=lambda c: c[2])
def test_false_statements_keep_a_false_premise(case):
    s = sequent(*case)
    assert counterexample(s) is not None
    for module in (shifts, termwise):
        for node in module.attempts(s, budget(1)):
            assert any(p.goal.op not in ("increasing",) and counterexample(p, 2000) is not None for p in premises(s, node)), node
    assert Engine(Budget.of(1)).solve(s) is None


@pytest.mark.parametrize(("rule", "data", "case"), [
    ("successor", {"variable": "x"}, (K, [], "x >= 0")), ("successor", {"variable": "z"}, (K, [], "x >= 0")),
    ("successor", {"variable": "K"}, (K, [], "increasing(x^K, K)")), ("contrapose", {"number": 0}, (K, [], "x <= y")),
    ("contrapose", {"number": 0}, (K, ["forall(i, 1, K, x <= 1)"], "x <= y")),
    ("generalize", {"of": "K"}, (K, [], "K >= 0")), ("generalize", {"of": "2"}, (K, [], "2 >= 0")),
    ("generalize", {"of": "x^K"}, (K, [], "increasing(x^K, K)")), ("two_points", {}, (FAMILY, [], "increasing(m*L, m)"))], ids=str)
def test_what_is_refused(rule, data, case):
    with pytest.raises(Rejected):
        replay(sequent(*case), {"rule": rule, "data": data, "premises": []})


def test_contraposition_asks_for_values():
    """Where the hypothesis fails the goal may have no value; its negation is no fact there."""
    s = sequent({"x": "real"}, ["x > 0"], "log(x) >= -1/x")
    wanted = rules()["contrapose"](s, {"number": 0})
    assert any(counterexample(p) is not None for p in wanted)


def test_a_generalized_statement_has_values():
    s = sequent({"x": "real"}, [], "1/(exp(x^2) - 1/2) >= 0")
    *wanted, last = rules()["generalize"](s, {"of": "exp(x^2)"})
    assert {o.goal for o in obligations(last)} <= {w.goal for w in wanted}


def test_the_rules_keep_counterexamples():
    """Random sequents and data: where a point refutes the conclusion, some premise is refuted as well."""
    draw = random.Random(4)
    sides = ["x^K", "y^K", "x", "y", "K", "1", "0^K", "dd(K; x, y)", "x^(K+1)", "x*y"]
    seen = 0
    for _ in range(60):
        given = draw.sample(["K >= 1", "x <= y", "x^K <= y", "y < 1", "x^K < y^K", "K == 2"], 2)
        s = sequent(K, given, f"{draw.choice(sides)} {draw.choice(('<=', '<', '==', '>='))} {draw.choice(sides)}")
        if counterexample(s) is None:
            continue
        for rule, data in (("successor", {"variable": "K"}), ("contrapose", {"number": draw.randrange(2)}),
                           ("generalize", {"of": "x^K"}), ("generalize", {"of": "y"})):
            try:
                wanted = rules()[rule](s, data)
            except Rejected:
                continue
            seen += 1
            if rule == "generalize":  # a power of x is one of the values of the new variable
                assert any(false_at(w, p) for w in wanted for p in _more(w)), (str(s), data)
            else:
                assert any(counterexample(w) is not None for w in wanted), (str(s), rule, data)
    assert seen >= 20


def _more(s):
    """Points at which new variables have the values of powers of old ones, too."""
    for p in points(s):
        yield p
        for new in set(s.sorts) - set(K):
            for k in range(3):
                yield {**p, new: p["x"] ** k} if "x" in p else p


@pytest.mark.parametrize(("show", "given"), [
    ("limit(x^K, K) == 0", '"x <= 1"'), ("rate(x^K + y^K, K) == x + y", ""), ("10^30 + x - 10^30 <= x/2", ""),
    ("sqrt(1 + 0.0000000000000000000000000000000000000001) == 1", ""), ("x*y == 0*y iff x == 0", "")])
def test_counterexamples_that_floating_point_does_not_see(show, given):
    used = "".join(f'{n} = "{s}"\n' for n, s in K.items() if n in show.replace("exp", "").replace("sqrt", "") + given)
    text = f'schema = 1\n[vars]\n{used}[[claim]]\nid = "a"\nshow = "{show}"\ngiven = [{given}]\n'
    assert judge(read(text).claims[0], 8).kind == "refuted"
