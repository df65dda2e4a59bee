"""Scripts of unfold, lemma and squared: every equation and every named inequality, and what Coq must refuse."""

import pytest
from replay_many import together

from normbound.claims.checker import check, from_json, node, rules
from normbound.claims.checker.registry import RULES
from normbound.claims.checker.rules_expoly import EQUATIONS
from normbound.claims.checker.rules_powers import LEMMAS
from normbound.claims.replay import scripts_powers, scripts_unfold
from normbound.claims.replay.replay import replay, write
from normbound.claims.replay.scripts import scripts

V = {"K": "natural", "x": "positive", "y": "positive", "a": "nonnegative", "b": "nonnegative", "u": "real", "v": "real",
     "s": "nonnegative[K]", "t": "real[K]"}
EVIDENT = node("evident")
FORM = node("loglinear", {"facts": [], "rows": []})


def sequent(goal, *given):
    return from_json({"sorts": V, "given": list(given), "goal": goal})


def U(equation, term, *premises, **data):
    return node("unfold", {"equation": equation, "term": term, **data}, list(premises))


def H(k):
    return node("hypothesis", {"number": k})


UNFOLD = {
    "last": ("sum(i, 1, K + 1, i) == sum(i, 1, K, i) + (K + 1)", [], U("last", "sum(i, 1, K + 1, i)", FORM)),
    "last-product": ("prod(i, 1, K, x + i) == prod(i, 1, K - 1, x + i)*(x + K)", ["1 <= K"], U("last", "prod(i, 1, K, x + i)", FORM)),
    "first": ("sum(i, 0, K, u^i) == 1 + sum(i, 1, K, u^i)", [], U("first", "sum(i, 0, K, u^i)", FORM)),
    "first-product": ("prod(i, 2, K, x + i) == (x + 2)*prod(i, 3, K, x + i)", ["2 <= K"], U("first", "prod(i, 2, K, x + i)", FORM)),
    "empty": ("sum(i, K + 1, K, u) == 0", ["K < K + 1"], U("empty", "sum(i, K + 1, K, u)", FORM)),
    "empty-product": ("prod(i, 1, 0, u) == 1", [], U("empty", "prod(i, 1, 0, u)", FORM)),
    "listed": ("sum(i, 1, 3, u^i) == u + u^2 + u^3", [], U("listed", "sum(i, 1, 3, u^i)", FORM)),
    "listed-product": ("prod(i, -1, 1, u + i) == u^3 - u", [], U("listed", "prod(i, -1, 1, u + i)", FORM)),
    "listed-empty": ("sum(i, 2, 1, u^i) == 0", [], U("listed", "sum(i, 2, 1, u^i)", FORM)),
    "depth": ("dd(K + 1; u, v, x) == v*dd(K; u, v, x) + dd(K; u, x)", [], U("depth", "dd(K + 1; u, v, x)", FORM, node=1)),
    "depth-one": ("dd(K + 1; u) == u*dd(K; u)", [], U("depth", "dd(K + 1; u)", FORM)),
    "short": ("dd(2; u, v, x) + dd(1; u, v, x) == 1", [], U("short", "dd(2; u, v, x)", U("short", "dd(1; u, v, x)", FORM))),
    "single": ("dd(K; u) == u^K", [], U("single", "dd(K; u)", FORM)),
    "distinct": ("dd(K; u, x, v) == (dd(K; u, v) - dd(K; u, x))/(v - x)", ["v - x != 0"],
                 U("distinct", "dd(K; u, x, v)", FORM, nodes=[2, 1])),
    "equal": ("dd(K; x, x) == K*x^(K - 1)", [], U("equal", "dd(K; x, x)", FORM)),
    "equal-three": ("dd(K; u, u, u) == K*(K - 1)/2*u^(K - 2)", ["2 <= K"], U("equal", "dd(K; u, u, u)", FORM)),
    "terms": ("dd(K; u, v) == sum(i, 0, K - 1, u^i*v^(K - 1 - i))", [], U("terms", "dd(K; u, v)", FORM)),
    "order": ("dd(K; u, v, x) == dd(K; x, u, v)", [], U("order", "dd(K; u, v, x)", EVIDENT, order=[2, 0, 1])),
    "nought": ("0^K == 0", ["1 <= K"], U("nought", "0^K", EVIDENT)),
    "factor": ("u^(K + 3) == u^K*u^3", [], U("factor", "u^(K + 3)", EVIDENT)),
    "factor-real": ("x^(a + u) == x^a*x^u", [], U("factor", "x^(a + u)", EVIDENT)),
    "in a hypothesis": ("u^K <= 2", ["dd(K; u) <= 2", "v <= dd(K; u)"], U("single", "dd(K; u)", H(0))),
}


def M(name, *args, premises=None, last=0):
    return node("lemma", {"name": name, "args": list(args)}, [*(premises or []), H(last)])


LEMMA = {
    "bernoulli": ("1 + K*u <= (1 + u)^K", ["-1 <= u"], M("bernoulli", "u", "K", last=1)),
    "exp": ("1 + u <= exp(u)", [], M("exp", "u")),
    "log": ("log(x) <= x - 1", [], M("log", "x")),
    "log_above": ("1 - 1/x <= log(x)", [], M("log_above", "x")),
    "amgm": ("a*x*b*y <= ((a + x + b + y)/4)^4", [], M("amgm", "a", "x", "b", "y")),
    "cauchy": ("sum(i, 1, K, s[i]*t[i])^2 <= sum(i, 1, K, s[i]^2)*sum(i, 1, K, t[i]^2)", [],
               M("cauchy", "sum(i, 1, K, s[i])", "sum(j, 1, K, t[j])")),
    "triangle": ("abs(sum(i, 1, K, t[i])) <= sum(i, 1, K, abs(t[i]))", [], M("triangle", "sum(i, 1, K, t[i])")),
    "means": ("prod(i, 1, K, s[i]) <= (sum(i, 1, K, s[i])/K)^K", ["1 <= K"],
              M("means", "sum(i, 1, K, s[i])", premises=[node("intro", {}, [EVIDENT])], last=1)),
    "member": ("s[K] <= sum(i, 1, K, s[i])", ["1 <= K"],
               M("member", "sum(i, 1, K, s[i])", "K", premises=[node("intro", {}, [EVIDENT])], last=1)),
    "geometric": ("sum(i, 2, K, u^i) == (u^2 - u^(K + 1))/(1 - u)", ["1 - u != 0", "2 <= K + 1"],
                  M("geometric", "sum(i, 2, K, u^i)", last=2)),
    "powersum": ("sum(i, 0, K, i^3) == (K*(K + 1)/2)^2", [], M("powersum", "sum(i, 0, K, i^3)")),
    "small": ("a^K <= 1", ["a <= 1"], M("small", "a", "K", last=1)),
    "large": ("1 <= x^K", ["1 <= x"], M("large", "x", "K", last=1)),
    "ordered": ("a^K <= b^K", ["a <= b"], M("ordered", "a", "b", "K", last=1)),
    "exp_ordered": ("exp(u) <= exp(v)", ["u <= v"], M("exp_ordered", "u", "v", last=1)),
    "dd_above": ("dd(K; a, b) <= K*b^(K - 1)", ["a <= b", "1 <= K"], M("dd_above", "dd(K; a, b)", last=2)),
    "dd_below": ("K*a^(K - 1) <= dd(K; a, b)", ["a <= b", "1 <= K"], M("dd_below", "dd(K; a, b)", last=2)),
    "dd_small": ("dd(K; a, b) <= K", ["a <= 1", "b <= 1"], M("dd_small", "dd(K; a, b)", last=2)),
    "dd_member": ("b^(K - 1) <= dd(K; a, b)", ["1 <= K"], M("dd_member", "dd(K; a, b)", "b", last=1)),
}
SQUARED = {
    "squared": ("u <= x", ["u^2 <= x^2"], node("squared", {}, [EVIDENT, H(0)])),
    "squared-strict": ("x > u", ["u^2 < x^2"], node("squared", {}, [EVIDENT, H(0)])),
}
RIGHT = {**UNFOLD, **LEMMA, **SQUARED}


def test_every_equation_and_every_inequality_has_a_script_and_a_test():
    assert set(scripts_unfold.PROOFS) == set(EQUATIONS) == {c["data"]["equation"] for _, _, c in UNFOLD.values()}
    assert set(scripts_powers.PROOFS) == set(LEMMAS) == set(LEMMA)


def test_right_certificates_are_proved(coq):
    made = []
    for goal, given, certificate in RIGHT.values():
        s = sequent(goal, *given)
        check(s, certificate)
        made.append(write(s, certificate))
    found = together(made)
    assert found.status == "proved", (found.place, found.reason)


FALSE = {
    "an empty range has no last term": ("sum(i, 1, K, 1) == 5", [], U("last", "sum(i, 1, K, 1)"), "sum(i, 1, K - 1, 1) + 1 == 5"),
    "a range that is not empty": ("sum(i, 1, K, 1) == 5", [], U("empty", "sum(i, 1, K, 1)"), "0 == 5"),
    "depth at 0": ("dd(K; u, v) == 5", [], U("depth", "dd(K; u, v)"), "v*dd(K - 1; u, v) + dd(K - 1; u) == 5"),
    "equal nodes": ("dd(K; u, v) == 5", [], U("distinct", "dd(K; u, v)", nodes=[0, 1]), "(dd(K; u) - dd(K; v))/(u - v) == 5"),
    "0^0": ("0^K == 5", [], U("nought", "0^K"), "0 == 5"),
    "bernoulli": ("(1 + u)^K >= 0", [], node("lemma", {"name": "bernoulli", "args": ["u", "K"]}), None),
    "amgm": ("u*v >= 0", [], node("lemma", {"name": "amgm", "args": ["u", "v"]}), None),
    "member": ("t[1] >= 0", ["1 <= K"], node("lemma", {"name": "member", "args": ["sum(i, 1, K, t[i])", "1"]}), None),
    "geometric": ("u >= 0", [], node("lemma", {"name": "geometric", "args": ["sum(i, 0, K, u^i)"]}), None),
    "ordered": ("u >= 0", [], node("lemma", {"name": "ordered", "args": ["u", "v", "K"]}), None),
    "squared": ("u <= v", ["u^2 <= v^2"], node("squared"), "u^2 <= v^2"),
}


@pytest.mark.parametrize("name", FALSE)
def test_conditions_cannot_be_left_out_when_the_checker_is_bypassed(coq, monkeypatch, name):
    """The rule returns the sequent after the step without the conditions, and the certificate assumes that it is proved."""
    goal, given, certificate, after = FALSE[name]
    s = sequent(goal, *given)
    rules()
    scripts()
    last = s.aim(s.statement(after or goal))
    monkeypatch.setitem(RULES, certificate["rule"], lambda sequent, data: [last])
    monkeypatch.setitem(RULES, "evident", lambda sequent, data: [])
    found = replay(s, {**certificate, "premises": [EVIDENT]})
    assert found.status in ("rejected", "not replayed"), found
    assert found.reason
