"""The engine with provers made for the test: what is open gets closed, what fails is not a proof."""

import time

from claim_proofs import sequent

from normbound.claims.budget import Budget
from normbound.claims.checker import node, replay
from normbound.claims.engine import Engine, Prover, provers

AND = sequent({"a": "positive", "b": "positive"}, [], "a > 0 and a*b > 0")


def splits(s, b):
    return node("split", {}, [None, None]) if s.goal.op == "and" else None


def evident(s, b):
    return node("evident") if s.signs.holds(s.goal) else None


def engine(*functions, seconds=2.0):
    return Engine(Budget.of(seconds), [Prover(f.__name__, f, None) for f in functions])


def test_open_premises_are_closed_by_other_provers():
    found = engine(splits, evident).solve(AND)
    replay(AND, found)
    assert [p["rule"] for p in found["premises"]] == ["evident", "evident"]


def test_nothing_where_a_premise_stays_open():
    assert engine(splits).solve(AND) is None
    assert engine(splits, evident).solve(sequent({"a": "positive", "b": "real"}, [], "a > 0 and b > 0")) is None


def test_a_prover_that_fails_is_noted_and_the_others_go_on():
    def broken(s, b):
        raise ValueError("no idea")
    e = engine(broken, splits, evident)
    assert e.solve(AND) is not None and "no idea" in e.failures["broken"]


def test_a_node_that_its_rule_refuses_is_no_proof():
    def wrong(s, b):
        return node("intro", {}, [None])
    e = engine(wrong)
    assert e.solve(AND) is None and "refused" in e.failures["rule intro"]


def test_nothing_is_proved_by_itself():
    def circular(s, b):
        return node("weaken", {"keep": []}, [None])
    assert engine(circular).solve(AND) is None


def test_the_deadline_holds():
    def slow(s, b):
        time.sleep(0.02)
        return node("cut", {"lemma": f"0 < {len(s.given) + 1}"}, [None, None])
    begun = time.monotonic()
    assert engine(slow, seconds=0.3).solve(AND) is None
    assert time.monotonic() - begun < 1.5


def test_the_provers_of_the_package():
    names = [p.name for p in provers()]
    assert names[0] == "logic" and "loglinear" in names and len(set(names)) == len(names)
    s = sequent({"x": "positive", "n": "natural"}, ["x <= 1"], "x^n <= 1 and 0 < x")
    replay(s, Engine(Budget.of(5)).solve(s))
