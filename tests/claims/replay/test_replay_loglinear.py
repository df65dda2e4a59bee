"""Scripts of loglinear and unequal: every kind of fact, every equation of the forms, and what Coq must refuse."""

import pytest
from replay_many import together

from normbound.claims.checker import check, from_json, node, rules
from normbound.claims.checker.registry import RULES
from normbound.claims.replay.rendering import power, render
from normbound.claims.replay.replay import replay, write
from normbound.claims.replay.scripts import scripts
from normbound.claims.replay.statement import Unreplayed
from normbound.claims.syntax import Node, Op, number, variable

V = {"K": "natural", "m": "natural", "x": "positive", "y": "positive", "a": "nonnegative", "u": "real", "v": "real", "s": "positive[K]"}
EVIDENT = node("evident")


def sequent(goal, *given, sorts=V):
    return from_json({"sorts": sorts, "given": list(given), "goal": goal})


def L(facts=(), rows=(), mode="plain", premises=()):
    return node("loglinear", {"mode": mode, "facts": list(facts), "rows": [list(r) for r in rows]}, premises)


def H(k):
    return node("hypothesis", {"number": k})


HIGHER = L([{"sign": "1"}], [["1", [0]]])  # x <= x + 1
RIGHT = {
    # facts
    "log": ("x^m <= 1", ["x <= 1"], L([{"given": 0, "mode": "log"}, {"sign": "m"}], [["1", [0, 1]]], "log")),
    "strict": ("x^K < y^K", ["x < y", "K >= 1"], L([{"given": 0, "mode": "log"}, {"given": 1}], [["1", [0, 1]], ["1", [0]]], "log")),
    "part": ("u <= 3", ["v <= 1 and u <= v + 2"], L([{"given": 0, "part": 0}, {"given": 0, "part": 1}], [["1", [0]], ["1", [1]]])),
    "each": ("prod(i, 2, K, s[i]) <= 1", ["forall(i, 1, K, s[i] <= 1)"], L([{"each": 0, "mode": "log", "lo": "2"}], [["1", [0]]], "log")),
    "each-equal": ("sum(i, 1, K, s[i]) == 2*K", ["forall(i, 1, K, s[i] == 2)"], L([{"each": 0}], [["1", [0]]])),
    "instance": ("s[1] < 2", ["forall(i, 1, K, s[i] < i + 1)", "1 <= K"],
                 L([{"instance": 0, "at": "1"}], [["1", [0]]])),
    "stated": ("log(x) <= log(x + 1)", [], L([{"stated": "x <= x + 1", "mode": "log"}], [["1", [0]]], "plain", [HIGHER])),
    "stated-forall": ("sum(i, 1, K, s[i]) <= sum(i, 1, K, s[i] + 1)", [],
                      L([{"stated": "forall(i, 1, K, s[i] <= s[i] + 1)"}], [["1", [0]]], "plain",
                      [node("intro", {}, [L([{"sign": "1"}], [["1", [0]]])])])),
    "square": ("2*u*v <= u^2 + v^2", [], L([{"square": "u - v"}], [["1", [0]]])),
    "exp": ("exp(-u)*(1 + u) <= 1", [], L([{"exp": "u"}, {"sign": "1/exp(u)"}], [["1", [0, 1]]])),
    "line": ("log(x*y) <= x - 1 + log(y)", [], L([{"log": "x"}], [["1", [0]]])),
    "lines": ("sum(i, 1, K, log(s[i])) <= sum(i, 1, K, s[i]) - K", [], L([{"logs": "sum(i, 1, K, s[i])"}], [["1", [0]]])),
    "above": ("log(4) < log(9)", [], L([{"above": "9/4"}], [["1", [0]]])),
    "factor": ("u*x == v*x", ["u == v"], L([{"given": 0}], [["1", [0], "x"]])),
    "at-least": ("x^2 >= y^2", ["x >= y"], L([{"given": 0, "mode": "log"}], [["2", [0]]], "log")),
    # forms
    "root": ("x/sqrt(x) == sqrt(x)", [], L()),
    "roots": ("sqrt(x + y)*sqrt(x + y)/(x + y) == 1", [], L()),
    "exponents": ("u^(2*K + 1) == (u^K)^2*u", [], L()),
    "negative": ("x^(K - 2) == x^K/x^2", [], L()),
    "factors": ("(6*u*x)^K == 2^K*3^K*u^K*x^K", [], L()),
    "content": ("(2*u + 4)^K == 2^K*(u + 2)^K", [], L()),
    "nested": ("(u^K)^m == u^(K*m)", [], L()),
    "fraction": ("(x/y)^K*y^K == x^K", [], L()),
    "real-exponents": ("(x*y)^(1 + a) == x*y*(x^a*y^a)", [], L()),
    "powers-of-one": ("1^(K + 1) + 0*u == u^0", [], L()),
    "exponentials": ("exp(2*u - v)*exp(v) == exp(u)^2", [], L()),
    "logarithms": ("log(sqrt(12*x^3)/y) == log(2) + log(3)/2 + 3*log(x)/2 - log(y)", [], L()),
    "known": ("log(x*u) == log(x) + log(u)", ["u > 0"], L()),
    "product": ("log(prod(i, 1, K, s[i]^2*x)) == 2*sum(i, 1, K, log(s[i])) + K*log(x)", [], L()),
    "sum": ("sum(j, 1, K, 2*s[j]*x + 3*j) == 2*x*sum(i, 1, K, s[i]) + 3*sum(k, 1, K, k)", [], L()),
    "sums-of-sums": ("sum(i, 1, K, sum(j, 1, m, i*j)) == sum(i, 1, K, i*sum(j, 1, m, j))", [], L()),
    "inner-product": ("prod(i, 1, K, x + s[i]) == prod(j, 1, K, s[j] + x)", [], L()),
    "order": ("max(u, v) + min(u, v) == min(v, u) + max(v, u)", [], L()),
    "nodes": ("dd(K; 1, u, x) == dd(K; u, x, 1)", [], L()),
    "denominators": ("1/(2*x + 4*y) + 1/(x + 2*y) == 3/(2*(x + 2*y))", [], L()),
    "unequal": ("u != v", ["u + 1 != v + 1"], node("unequal", {"number": 0}, [L([{"given": 1}], [["1", [0], "1"]])])),
}


def test_right_certificates_are_proved(coq):
    made = []
    for goal, given, certificate in RIGHT.values():
        s = sequent(goal, *given)
        check(s, certificate)
        made.append(write(s, certificate))
    found = together(made)
    assert found.status == "proved", (found.place, found.reason)


FALSE = {
    "a row with the wrong number": ("x^2 >= 3*y", ["x >= y"], L([{"given": 0, "mode": "log"}], [["3", [0]]], "log")),
    "a row too few": ("u <= 2", ["u <= v", "v <= 1"], L([{"given": 0}], [["1", [0]]])),
    "a negative row": ("u <= v", ["v <= u"], L([{"given": 0}], [["-1", [0]]])),
    "a strict goal": ("u < v", ["u <= v"], L([{"given": 0}], [["1", [0]]])),
    "a factor without an equality": ("u*v <= 0", ["u <= 0"], L([{"given": 0}], [["1", [0], "v"]])),
    "a sign that is none": ("u >= 0", [], L([{"sign": "u"}], [["1", [0]]])),
    "a logarithm of a number of unknown sign": ("u^2 <= 1", ["u <= 1"], L([{"given": 0, "mode": "log"}], [["2", [0]]], "log")),
    "a power of a negative base": ("(u*v)^a == u^a*v^a", [], L()),
    "a quotient by zero": ("u/u == 1", [], L()),
    "a range that is empty": ("sum(i, 1, K - 1, 1) == K - 1", [], L()),
    "an index out of range": ("s[1] <= 2", ["forall(i, 1, K, s[i] <= 2)"], L([{"instance": 0, "at": "1"}], [["1", [0]]])),
    "a stated comparison without a proof": ("log(x) <= 0", [], L([{"stated": "x <= 1", "mode": "log"}], [["1", [0]]])),
    "unequal numbers": ("u != v", ["u != 1"], node("unequal", {"number": 0}, [])),
}


@pytest.mark.parametrize("name", FALSE)
def test_wrong_certificates_are_refused_when_the_checker_is_bypassed(coq, monkeypatch, name):
    goal, given, certificate = FALSE[name]
    s = sequent(goal, *given)
    rules()
    scripts()
    monkeypatch.setitem(RULES, certificate["rule"], lambda sequent, data: [])
    found = replay(s, certificate)
    assert found.status in ("rejected", "not replayed"), found
    assert found.reason


def test_canonical_expressions_are_written_for_ring():
    k = variable("%0")
    total = Node(Op.SUM, (number(1), variable("K"), Node(Op.MUL, (Node(Op.POW, (variable("x"), number(2))), k))), "%0")
    assert render(total) == "(rsum 1 K (fun k__0 : R => ((x ^ 2) * k__0)))"
    assert render(Node(Op.POW, (variable("x"), number(-1)))) == "(/ x ^ 1)"
    assert render(Node(Op.POW, (variable("x"), variable("K")))) == "(pw x K)"


def test_cases_that_scripts_cannot_do_say_so():
    with pytest.raises(Unreplayed, match="found the exponent 300; accepted: at most 200"):
        power("x", 300)
    with pytest.raises(Unreplayed, match="gelu_lip has no definition in Coq"):
        render(Node(Op.CONST, (), "gelu_lip"))
    deep = "+".join("u" for _ in range(190))
    s = sequent(f"{deep} == 190*u")
    with pytest.raises(Unreplayed, match="rule loglinear at node the root: found more than 150 operators inside each other"):
        write(s, L())
