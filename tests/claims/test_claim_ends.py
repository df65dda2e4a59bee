"""Comparisons with parameters by a derivative from an end, powers like (1 + 1/K)^K, and sums of exponentials."""

import pytest
from claim_proofs import budget, changed, counterexample, nodes, sequent

from normbound.claims.checker import Rejected, replay
from normbound.claims.checker.obligations import needs
from normbound.claims.prove import ends, exponents
from normbound.claims.refute import search

SORTS = {"K": "natural", "m": "natural", "q": "positive", "a": "nonnegative", "x": "positive", "y": "positive", "t": "real",
         "u": "real", "v": "real", "w": "real"}
TRUE = [
    (["q <= 1"], "log(1 + q*a) >= q*log(1 + a)"),
    (["q >= 1"], "log(1 + q*a) <= q*log(1 + a)"),
    (["q <= 1"], "(1 + a)^q <= 1 + q*a"),
    (["q >= 1"], "(1 + a)^q >= 1 + q*a"),
    (["q <= 1"], "x^q*y^(1 - q) <= q*x + (1 - q)*y"),
    (["q >= 1"], "x^q >= 1 + q*(x - 1)"),
    (["q <= 1"], "q*exp(a) + 1 - q >= exp(q*a)"),
    ([], "log(1 + x + a) <= log(1 + x) + a"),
    (["1 <= K", "K <= m"], "(1 + 1/K)^K <= (1 + 1/m)^m"),
    ([], "increasing((1 + 1/(K + 1))^(K + 1), K)"),
    (["K >= 1"], "increasing((1 + x/K)^K, K)"),
    (["K >= 1"], "decreasing((1 + 1/K)^(K + 1), K)"),
    (["K >= 1"], "increasing(K*log(1 + x/K), K)"),
    (["K >= 2"], "increasing((1 - 1/K)^K, K)"),
    ([], "increasing((1 + 1/x)^x, x)"),
    (["K >= 3"], "decreasing(K^(1/K), K)"),
]
FALSE = [
    ([], "log(1 + q*a) >= q*log(1 + a)"),
    (["q <= 1"], "log(1 + q*a) > q*log(1 + a)"),
    (["q <= 1.1"], "(1 + a)^q <= 1 + q*a"),
    ([], "(1 + a)^q >= 1 + q*a"),
    ([], "x^q*y^(1 - q) <= q*x + (1 - q)*y"),
    (["q <= 1"], "x^q*y^(1 - q) < q*x + (1 - q)*y"),
    (["q <= 1"], "x^q*y^(1 - q) <= q*x + (1 - q)*y - 0.001"),
    (["q <= 1"], "q*exp(a) >= exp(q*a)"),
    (["1 <= K", "K <= m"], "(1 + 1/m)^m <= (1 + 1/K)^K"),
    ([], "decreasing((1 + 1/(K + 1))^(K + 1), K)"),
    (["K >= 1"], "decreasing((1 + x/K)^K, K)"),
    (["K >= 1"], "increasing((1 + 1/K)^(K + 1), K)"),
    (["K >= 2"], "decreasing(K^(1/K), K)"),
    (["K >= 3"], "increasing(K^(1/K), K)"),
]


@pytest.mark.parametrize(("given", "goal"), TRUE)
def test_what_is_true_is_proved(given, goal):
    s = sequent(SORTS, given, goal)
    found = ends.attempt(s, budget(20))
    assert found is not None
    replay(s, found)
    assert search(s, budget(0.2)).witness is None


@pytest.mark.parametrize(("given", "goal"), FALSE)
def test_what_is_false_is_not_proved(given, goal):
    s = sequent(SORTS, given, goal)
    assert search(s, budget(5)).witness is not None
    assert ends.attempt(s, budget(5)) is None


@pytest.mark.parametrize(("given", "goal"), [
    ([], "x + y <= 2*x"), ([], "sum(i, 1, K, log(x)) <= x"), ([], "log(max(x, y)) <= x + y"), ([], "x == log(y)"),
    ([], "dd(K; x, y) <= x^K"),
])
def test_other_goals_are_left_alone_at_once(given, goal):
    assert ends.attempt(sequent(SORTS, given, goal), budget(0.02)) is None


@pytest.mark.parametrize(("given", "goal"), [TRUE[0], TRUE[9]])
def test_corrupted_certificates_are_rejected(given, goal):
    s = sequent(SORTS, given, goal)
    found = ends.attempt(s, budget(20))
    changes = 0
    for way, inner in nodes(found):
        if inner["premises"]:
            with pytest.raises(Rejected):
                replay(s, changed(found, way, lambda n: n["premises"].pop()))
            changes += 1
        if inner["rule"] == "derivative":
            for key, value in (("at", "7"), ("side", "left" if inner["data"]["side"] == "right" else "right")):
                with pytest.raises(Rejected):
                    replay(s, changed(found, way, lambda n, k=key, v=value: n["data"].__setitem__(k, v)))
                changes += 1
        if inner["rule"] == "lemma":
            with pytest.raises(Rejected):
                replay(s, changed(found, way, lambda n: n["data"].__setitem__("name", "log")))
            changes += 1
    assert changes >= 3


def test_a_sign_that_seems_false_is_not_looked_at():
    sorts = {**SORTS, "z": "real"}
    assert ends.seems_false(sequent(sorts, ["0 < z", "z < x"], "z - 0.5*x <= 0"), "z")
    assert not ends.seems_false(sequent(sorts, ["0 < z", "z < x"], "z - x <= 0"), "z")


EXPONENTIALS = [
    (["u >= v", "u >= w"], "exp(u) + exp(v) + exp(w) <= 3*exp(u)"),
    ([], "exp(u) + exp(v) + exp(w) <= 3*exp(max(u, v, w))"),
    ([], "exp(u) + exp(v) + exp(w) >= 3*exp(min(u, v, w))"),
    (["u <= v", "v <= w"], "exp(w)/(exp(u) + exp(v) + exp(w)) >= 1/3"),
    (["u <= 0", "v <= 0"], "exp(u) + exp(v) <= 2"),
    (["u + 1 <= v"], "exp(u + 1) + exp(u) <= exp(v) + exp(u)"),
]


@pytest.mark.parametrize(("given", "goal"), EXPONENTIALS)
def test_sums_of_exponentials(given, goal):
    s = sequent(SORTS, given, goal)
    found = exponents.attempt(s, budget(10))
    assert found is not None
    replay(s, found)
    assert needs(s, s.goal) == []
    assert counterexample(s, 300) is None


@pytest.mark.parametrize(("given", "goal"), [
    (["u >= v"], "exp(u) + exp(v) + exp(w) <= 3*exp(u)"),
    ([], "exp(u) + exp(v) + exp(w) <= 2.9*exp(max(u, v, w))"),
    ([], "exp(u) + exp(v) <= 2*exp(min(u, v))"),
    (["u <= 0"], "exp(u) + exp(v) <= 2"),
    (["u <= v", "v <= w"], "exp(v)/(exp(u) + exp(v) + exp(w)) >= 1/3"),
])
def test_sums_of_exponentials_that_are_larger(given, goal):
    assert exponents.attempt(sequent(SORTS, given, goal), budget(5)) is None
