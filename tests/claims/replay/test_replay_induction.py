"""Scripts of induction, successor, recurrence, steps and two_points, and what Coq must refuse."""

import pytest
from replay_many import together

from normbound.claims.checker import check, from_json, node, rules
from normbound.claims.checker.registry import RULES
from normbound.claims.replay.replay import replay, write
from normbound.claims.replay.scripts import scripts

V = {"K": "natural", "m": "natural", "x": "positive", "a": "nonnegative", "u": "real", "v": "real"}
EVIDENT = node("evident")
FORM = node("loglinear", {"facts": [], "rows": []})


def sequent(goal, *given, **sorts):
    return from_json({"sorts": {**V, **sorts}, "given": list(given), "goal": goal})


def H(k):
    return node("hypothesis", {"number": k})


def L(*rows, facts=()):
    """Rows over the facts, each a hypothesis by its number or a sign."""
    listed_facts = [{"given": f} if isinstance(f, int) else {"sign": f} for f in facts]
    return node("loglinear", {"facts": listed_facts, "rows": [list(r) for r in rows]})


def listed(term, then):
    return node("unfold", {"equation": "listed", "term": term}, [then])


def last(term, then):
    return node("unfold", {"equation": "last", "term": term}, [then])


def member(number, at, *premises):
    """The goal from a hypothesis on all members, at an index."""
    return node("loglinear", {"facts": [{"instance": number, "at": at}], "rows": [["1", [0]]]}, list(premises))


def I(*premises, start=0):  # noqa: E743
    return node("induction", {"variable": "K", "from": start}, list(premises))


RIGHT = {
    "induction": ("2^K >= K + 1", [], {}, I(L(), L(["1", [0]], ["2", [1]], facts=[0, 1]))),
    "a fixed hypothesis": ("u*K <= v*K", ["u <= v"], {}, I(L(), L(["1", [0]], ["1", [1]], facts=[0, 2]))),
    "a start": ("2^K >= K^2", ["K >= 4"], {}, I(
        L(["1", []]), L(["1", []]), L(), node("absurd", {"number": 0}), L(),
        L(["1/4", [0]], ["2", [1]], ["9/16", [0, 2]], ["7/16", [2, 2]], facts=[0, 2, "K"]), start=4)),
    "a guard": ("K*u <= m*u", ["K <= m", "u >= 0"], {}, I(
        L(["1", [0, 1]], facts=[0, 1]), L(["1", [0, 1]], facts=[2, 0]))),
    "a family": ("prod(i, 1, K, s[i]) < 1", ["K >= 1", "forall(i, 1, K, s[i] < 1)", "s[K] < 1"], {"s": "positive[K]"}, I(
        node("absurd", {"number": 0}), listed("prod(i, 1, 1, s[i])", EVIDENT),
        node("apply", {"number": 4}, [
            node("intro", {}, [member(2, "i_1", L(["1", []], ["1", [0]], facts=[6]))]),
            node("apply", {"number": 5}, [
                member(2, "K", L(["1", []])),
                last("prod(i, 1, K + 1, s[i])", node("loglinear", {
                    "mode": "log", "facts": [{"instance": 2, "at": "K + 1", "mode": "log"}, {"given": 6, "mode": "log"}],
                    "rows": [["1", [0]], ["1", [1]]]}))])]), start=1)),
    "successor": ("K*(K - 1) >= 0", ["K >= 1"], {}, node("successor", {"variable": "K"}, [L(["1", [0]], ["1", [0, 0]], facts=["K"])])),
    "recurrence": ("recurrence X(0) = u, X(i+1) = X(i) + v has closed form X(i) = u + i*v", [], {}, node("recurrence", {}, [FORM, FORM])),
    "recurrences": ("recurrence X(0) = 1, X(i+1) = 2*X(i), Y(0) = u, Y(i+1) = Y(i) + i*X(i), Z(0) = 0, Z(i+1) = Z(i) + 1 has closed form "
                    "X(i) = 2^i, Y(i) = u + 2 + (i - 2)*2^i, Z(i) = i", [], {}, node("recurrence", {}, [FORM] * 6)),
    "steps": ("increasing(x^K, K)", ["x >= 1", "K >= 2", "K <= 9"], {}, node("steps", {}, [
        node("loglinear", {"mode": "log", "facts": [{"given": 0, "mode": "log"}], "rows": [["1", [0]]]})])),
    "steps down": ("decreasing(x^K, K)", ["x <= 1"], {}, node("steps", {}, [
        node("loglinear", {"mode": "log", "facts": [{"given": 0, "mode": "log"}], "rows": [["1", [0]]]})])),
    "two points": ("increasing(x*a, a)", ["a <= 5"], {}, node("two_points", {}, [L(["1", [0, 1]], facts=[2, "x"])])),
    "two points of a family": ("decreasing(0 - sum(i, 1, m, s[i]), s)", ["forall(i, 1, m, s[i] <= u)"], {"s": "nonnegative[m]"},
                               node("two_points", {}, [node("loglinear", {"facts": [{"each": 2}], "rows": [["1", [0]]]})])),
    "two real points": ("increasing(u + v, u)", [], {}, node("two_points", {}, [L(["1", [0]], facts=[0])])),
}

def test_right_certificates_are_proved(coq):
    made = []
    for goal, given, sorts, certificate in RIGHT.values():
        s = sequent(goal, *given, **sorts)
        check(s, certificate)
        made.append(write(s, certificate))
    found = together(made)
    assert found.status == "proved", (found.place, found.reason)


FALSE = {
    "no step": ("K <= 3", [], {}, I(EVIDENT, EVIDENT), ["0 <= 3", "K + 1 <= 3 + 1"]),
    "no start": ("K >= 1", [], {}, I(EVIDENT, EVIDENT), ["1 >= 1", "K + 1 >= 1"]),
    "a step for one value": ("K <= m", ["K >= 0"], {}, I(EVIDENT, EVIDENT), ["0 <= m", "K + 1 <= K + 1"]),
    "successor at 0": ("K >= 1", [], {}, node("successor", {"variable": "K"}, [EVIDENT]), ["K + 1 >= 1"]),
    "steps": ("increasing(x^K, K)", [], {}, node("steps", {}, [EVIDENT]), ["x^K <= x^K"]),
    "two points": ("increasing(u^2, u)", [], {}, node("two_points", {}, [EVIDENT]), ["u^2 <= u^2"]),
    "recurrence": ("recurrence X(0) = 1, X(i+1) = 2*X(i) has closed form X(i) = 3^i", [], {}, node("recurrence", {}, [EVIDENT, EVIDENT]),
                   ["1 == 1", "2 == 2"]),
}


@pytest.mark.parametrize("name", FALSE)
def test_wrong_premises_prove_nothing_when_the_checker_is_bypassed(coq, monkeypatch, name):
    goal, given, sorts, certificate, premises = FALSE[name]
    s = sequent(goal, *given, **sorts)
    rules()
    scripts()
    wanted = [s.aim(s.statement(p)) for p in premises]
    monkeypatch.setitem(RULES, certificate["rule"], lambda sequent, data: wanted)
    monkeypatch.setitem(RULES, "evident", lambda sequent, data: [])
    found = replay(s, certificate)
    assert found.status in ("rejected", "not replayed"), found
    assert found.reason
