"""Replays of rational identities from points in general position, and of bounds on divided differences."""

import pytest

from normbound.claims.budget import Budget
from normbound.claims.checker import check, from_json, node, rules
from normbound.claims.checker.registry import RULES
from normbound.claims.checker.sequent import Sequent
from normbound.claims.engine import Engine
from normbound.claims.replay.replay import replay, write
from normbound.claims.replay.scripts import scripts
from normbound.claims.replay.statement import Unreplayed
from normbound.formal.coq import run
from normbound.formal.sentences import header

V = {"K": "natural", "u": "nonnegative", "v": "nonnegative", "w": "real"}
EVIDENT = node("evident")


def sequent(goal, *given, sorts=None):
    rules()
    return from_json({"sorts": sorts or V, "given": list(given), "goal": goal})


RIGHT = [
    ("dd(K; u, 1) <= K", node("difference", {"bound": "small", "term": "dd(K; u, 1)"},
                              [node("hypothesis", {"number": 1})]), ["u <= 1"]),
    ("dd(K; u, 1) <= 1/(1 - u)", node("difference", {"bound": "geometric", "term": "dd(K; u, 1)", "node": 1},
                                      [node("hypothesis", {"number": 1})]), ["u < 1"]),
    ("dd(K; 1, u) <= 1/(1 - u)", node("difference", {"bound": "geometric", "term": "dd(K; 1, u)", "node": 0},
                                      [node("hypothesis", {"number": 1})]), ["u < 1"]),
    ("dd(K; u, v, 1) <= dd(K; v, v, 2)", node("difference", {"bound": "ordered", "term": "dd(K; u, v, 1)", "nodes": ["v", "v", "2"]},
                                              [node("hypothesis", {"number": 1})]), ["u <= v"]),
    ("dd(K; v, v) >= dd(K; u, v)", node("difference", {"bound": "reversed", "term": "dd(K; v, v)", "nodes": ["u", "v"]},
                                        [node("flip", {}, [node("hypothesis", {"number": 1})])]), ["u <= v"]),
]
TWO = [("member", 0, "u^(K - 1) <= dd(K; u, v)", []), ("member", 1, "v^(K - 1) <= dd(K; u, v)", []),
       ("above", 0, "dd(K; u, v) <= K*u^(K - 1)", ["v <= u"]), ("above", 1, "dd(K; u, v) <= K*v^(K - 1)", ["u <= v"]),
       ("below", 0, "K*u^(K - 1) <= dd(K; u, v)", ["u <= v"]), ("below", 1, "K*v^(K - 1) <= dd(K; u, v)", ["v <= u"]),
       ("positive", 0, "dd(K; u, v) > 0", ["u > 0"]), ("positive", 1, "dd(K; u, v) > 0", ["v > 0"])]


def two(name, number, goal, given):
    """A bound of two nodes at a depth of at least 1; what it returns as premises is what the rule asks for."""
    s = sequent(goal, "K >= 1", *given)
    data = {"bound": name, "term": "dd(K; u, v)", "node": number}
    premises = RULES["difference"](s, data)
    last = premises[-1].given.index(premises[-1].given[-1])
    return s, node("difference", data, [*(EVIDENT for _ in premises[:-1]), node("hypothesis", {"number": last})])


def together(made):
    lines = dict.fromkeys(line for m in made for line in header(m.source).splitlines())
    bodies = [m.source[m.source.index("Lemma n"):] for m in made]
    return "\n".join(lines) + "\n" + "\n".join(f"Module M{k}.\n{b}End M{k}." for k, b in enumerate(bodies))


def test_bounds_are_proved(coq):
    cases = [(sequent(goal, *given), certificate) for goal, certificate, given in RIGHT]
    for s, certificate in cases:
        check(s, certificate)
    rules()
    cases += [two(*case) for case in TWO]
    found = run(together([write(s, c) for s, c in cases]), 120)
    assert found.status == "ok", (found.place, found.message)


def test_three_nodes_are_not_replayed_for_powers():
    s = sequent("u^(K - 2) <= dd(K; u, v, 1)", "K >= 2")
    data = {"bound": "member", "term": "dd(K; u, v, 1)", "node": 0}
    premises = RULES["difference"](s, data)
    certificate = node("difference", data, [*(EVIDENT for _ in premises[:-1]), node("hypothesis", {"number": 1})])
    with pytest.raises(Unreplayed, match="3 nodes"):
        write(s, certificate)


@pytest.mark.parametrize("goal", ["dd(K + 1; u, v) == u*dd(K; u, v) + v^K", "dd(K; u, v, w) == dd(K; v, w, u)",
                                  "w*dd(K; u, 1)*(u - 1) == w*(u^K - 1)"])
def test_identities_are_proved(coq, goal):
    """With the certificates that the provers find."""
    s = sequent(goal)
    certificate = Engine(Budget.of(10)).solve(s)
    assert certificate is not None and certificate["rule"] == "generic"
    check(s, certificate)
    found = replay(s, certificate)
    assert found.verdict == "proved (kernel)", found.reason


@pytest.mark.parametrize(("goal", "point"), [
    ("dd(K; u, v) == dd(K; v, u) + 1", {"u": "2", "v": "3"}),
    ("abs(u - v) == v - u", {"u": "2", "v": "3"}),
    ("u/u == 1", {"u": "2", "v": "3"}),
])
def test_false_identities_are_not_proved(coq, monkeypatch, goal, point):
    """The checker is bypassed: the premise is what suits the claim, and is assumed."""
    s = sequent(goal)
    data = {"variables": ["u", "v"], "conditions": ["u - v < 0"], "point": point}
    scripts()
    sorts = {**s.sorts, "u": from_json({"sorts": {"u": "positive"}, "given": [], "goal": "0 <= 1"}).sorts["u"]}
    sorts["v"] = sorts["u"]
    premise = Sequent(sorts, (s.statement("u - v < 0"),), s.goal)
    monkeypatch.setitem(RULES, "generic", lambda sequent, data: [premise])
    monkeypatch.setitem(RULES, "algebra", lambda sequent, data: [])
    found = replay(s, node("generic", data, [node("algebra")]))
    assert found.status in ("rejected", "not replayed"), found
