"""Mutants: all of them are made, killed by falsification or attainment, and survivors have reasons that hold."""

import math

import numpy as np
import pytest

from normbound.check.mutants import Claim, Table, examine, mutants
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.grammar import parse
from normbound.terms.normal import normal
from normbound.terms.store import Store


@pytest.fixture
def store():
    with Store() as fresh:
        yield fresh


def claim(store, text, status, truth, cells, naturals=()):
    """A claim about a function of the symbols whose true value in a cell is ``truth(**values)``."""
    c = Claim("toy", status, parse(text, store), naturals=frozenset(naturals))
    c.want(store)
    for values in cells:
        c.note(values, truth(**values))
    return c


def grid(**axes):
    names = list(axes)
    return [dict(zip(names, v, strict=True)) for v in np.array(np.meshgrid(*axes.values())).reshape(len(names), -1).T.tolist()]


CELLS = grid(s=[0.3, 1.7, 2.0], e=[0.0, 0.5, 3.0], n=[1, 2, 3])


def exact(s, e, n):
    return math.sqrt(n) * s / math.sqrt(s * s + e)


def test_every_mutant_of_an_exact_promise_is_killed(store):
    out = examine(claim(store, "sqrt(n)*s/sqrt(s^2 + e)", "exact", exact, CELLS, "n"))
    assert out.attained and not out.falsified and out.best == pytest.approx(1)
    assert out.killed == out.total > 20 and not out.survivors
    assert out.by_falsification and out.by_attainment


def test_the_mutants_that_people_make_are_among_them(store):
    found, _ = mutants(claim(store, "sqrt(n)*s/sqrt(s^2 + e)", "exact", exact, CELLS, "n"))
    made = {normal(m.term).id for m in found}
    wrong = ["sqrt(n)*s/sqrt(s^2)", "s/sqrt(s^2 + e)", "sqrt(n)*s/(s^2 + e)", "sqrt(n)/sqrt(s^2 + e)", "n*s/sqrt(s^2 + e)",
             "sqrt(n)*s/sqrt(e)", "sqrt(n - 1)*s/sqrt(s^2 + e)", "sqrt(n + 1)*s/sqrt(s^2 + e)", "sqrt(n)*s/sqrt(max(e, s^2))"]
    assert [text for text in wrong if normal(parse(text, store)).id not in made] == []
    assert any("99/100" in m.change for m in found) and any("101/100" in m.change for m in found)


def test_extrema_and_sums_are_exchanged(store):
    cells = grid(a=[0.2, 1.0, 3.0], b=[0.1, 2.0, 3.0])
    c = claim(store, "max(a, b)", "exact", lambda a, b: max(a, b), cells)
    texts = {str(m.term) for m in mutants(c)[0]}
    assert {"a", "b", "a + b", "min(a, b)"} <= texts
    assert examine(c).killed == examine(c).total


def test_divided_differences_lose_nodes_and_iterations(store):
    cells = grid(K=[0, 1, 2, 5], a=[0.5, 1.0, 2.0], b=[0.3, 1.0])
    c = claim(store, "dd(K; a, b)", "exact", lambda K, a, b: sum(a**j * b**(K - 1 - j) for j in range(int(K))), cells, "K")
    out = examine(c)
    assert out.total > 8 and out.killed == out.total


def test_a_wrong_promise_is_falsified_with_its_cell(store):
    out = examine(claim(store, "s/sqrt(s^2 + e)", "exact", exact, CELLS, "n"))
    assert "exceeds" in out.falsified and "s = " in out.falsified


def test_a_violation_must_be_confirmed_where_someone_can(store):
    c = claim(store, "s/sqrt(s^2 + e)", "exact", exact, CELLS, "n")
    asked = []
    out = examine(c, lambda claim, cell, promise: asked.append(claim.instance(cell)) or False)
    assert not out.falsified and asked and set(asked[0]) == {"s", "e"}
    assert examine(c, lambda claim, cell, promise: True).falsified


def test_a_loose_promise_is_not_attained_and_its_mutants_are_unexplained(store):
    out = examine(claim(store, "2*sqrt(n)*s/sqrt(s^2 + e)", "exact", exact, CELLS, "n"))
    assert not out.attained and not out.falsified
    assert any(not s.explained for s in out.survivors)


def test_every_sequence_of_witnesses_must_attain(store):
    c = Claim("toy", "exact", parse("1/sigma", store))
    c.want(store)
    for group, (sigma, eps) in enumerate([(1.0, 0.0), (1.0, 0.5)]):
        c.note({"sigma": sigma}, 1 / math.sqrt(sigma**2 + eps), group)
    out = examine(c)
    assert out.best == 1 and out.reached == pytest.approx(math.sqrt(2 / 3)) and not out.attained


def test_survivors_of_an_upper_bound_say_so(store):
    out = examine(claim(store, "2*sqrt(n)*s/sqrt(s^2 + e)", "upper", exact, CELLS, "n"))
    assert out.attained and out.survivors and all("upper bound only" in s.reason for s in out.survivors)


def test_equal_in_all_cells_is_a_reason_only_if_equal_everywhere(store):
    never = claim(store, "max(s, 1)", "exact", lambda s: max(s, 1.0), [{"s": v} for v in np.linspace(1.5, 4, 20)])
    left = {s.change: s.reason for s in examine(never).survivors}
    assert left["s for the maximum max(s, 1)"] == ""  # the cells never ask where it matters
    same = claim(store, "dd(K; 0)*a + dd(K; b, 0)", "exact", lambda K, a, b: a if K == 0 else b**(K - 1),
                 grid(K=[0, 1, 2, 3, 4], a=[0.5, 2.0], b=[0.5, 1.5]), "K")
    reasons = [s.reason for s in examine(same).survivors]
    assert reasons and all("same function" in r for r in reasons)


@pytest.mark.parametrize("text", ["s^2 + e", "sqrt(s)/e", "max(s, e, 1)*min(s, 2)", "exp(s)", "dd(K; s, e, 1)", "s^K",
                                  "sum(i, K, s*dd(i; e))", "prod(i, K, f[i] + s)", "sum(j, K, prod(i, j, f[i]))",
                                  "sqrt(K + 1)*gelu_lip"])
def test_the_table_agrees_with_evaluation(store, text):
    t = parse(text, store)
    rng = np.random.default_rng(3)
    rows = [{"s": float(rng.exponential()), "e": float(rng.exponential()), "K": int(rng.integers(0, 6)),
             "f": rng.exponential(1, 8).tolist()} for _ in range(25)]
    columns = {n: [r[n] for r in rows] for n in rows[0]}
    expected = [evaluate_floats([t], {n: r[n] for n in store.symbols(t)})[0] for r in rows]
    assert Table(store, columns, 25)(t) == pytest.approx(expected, rel=1e-12)


def test_the_table_runs_recurrences(store):
    K, s, i, a = (store.symbol(n) for n in ("K", "s", "i", "a"))
    t = store.recurrence(0, K, i, [a], [s], [a * s + store.element("f", i)])
    rows = [{"K": k, "s": 0.5 + k, "f": [1.0, 0.25, 3.0, 1.5]} for k in range(5)]
    columns = {n: [r[n] for r in rows] for n in rows[0]}
    assert Table(store, columns, 5)(t) == pytest.approx([evaluate_floats([t], r)[0] for r in rows], rel=1e-12)
