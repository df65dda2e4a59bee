"""What is long: sums of thousands of terms, recurrences written out, chains of equations, statements with shared parts."""

import random
import time
from fractions import Fraction
from math import fsum

import numpy as np
import pytest
from claim_proofs import budget, sequent
from flint import arb

from normbound.claims.checker import from_json, replay, to_json
from normbound.claims.document import read
from normbound.claims.errors import TooLongError
from normbound.claims.evaluate import LONG_SUM, Undefined, truth, value
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.numeric import LOGARITHMIC, PLAIN, Batch
from normbound.claims.pipeline import TOO_LONG, judge
from normbound.claims.prove import logic
from normbound.claims.reductions import first_difference, reductions
from normbound.claims.refute import search
from normbound.claims.syntax import Node, Op, variable
from normbound.claims.witness import digits, verify

K = {"K": "natural"}


# -- long sums ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("show", "k", "expected"), [
    ("sum(i, 1, K, 1/i) <= 9", 4_500, True), ("sum(i, 1, K, 1/i) <= 9", 4_600, False), ("sum(i, 1, K, 1/i) <= 9", 10**6, False),
    ("sum(i, 1, K, 1/i) <= 15", 10**6, True), ("sum(i, 1, K, 1/i) <= 30", 10**15, False), ("sum(i, 1, K, 1/i) <= 36", 10**15, True),
    ("sum(i, 1, K, 1/i^2) <= 1.6449", 10**6, False), ("sum(i, 1, K, 1/i^2) <= 1.644934", 10**6, True),
    ("sum(i, 1, K, 1/sqrt(i)) <= 1990", 10**6, False), ("prod(i, 1, K, 1 + 1/i^2) <= 3.7", 10**5, True),
    ("prod(i, 1, K, 1 + 1/i^2) <= 3.6", 10**5, False), ("sum(i, 0 - K, K, 1/(i^2 + 1)) <= 3.1", 10**5, False),
    ("sum(i, 1, K, sqrt(5 - i)) <= 9", 10**5, Undefined), ("sum(i, 1, K, 1/(2*i - 100001)) <= 1", 10**5, None),
    ("prod(i, 1, K, (i - 50000.5)/10^5) >= 0", 10**5, None), ("prod(i, 1, K, (i - 50000.5)/10^5) >= 0", 10**5 - 1, None),
    ("prod(i, 1, K, 1 - 2/(i + 2)) > 0", 10**5, True), ("prod(i, 1, K, 1/(i + 2) - 1) > 0", 10**5, True),
    ("prod(i, 1, K, 1/(i + 2) - 1) < 0", 10**5 + 1, True), ("prod(i, 1, K, 1/(2*i - 100001)) <= 1", 10**5, None),
    ("sum(i, 1, K, 0.5^i) == 1", 10**5, None), ("sum(i, 1, K, sum(j, 1, i, 1/j)) <= 3", 10**5, None),
])
def test_long_sums_are_enclosed(show, k, expected):
    begun = time.monotonic()
    found = truth(parse_statement(show), {"K": k})
    assert isinstance(found, Undefined) if expected is Undefined else found is expected
    assert time.monotonic() - begun < 10


def test_long_sums_contain_the_sum_of_their_terms():
    rng = random.Random(2)
    n = LONG_SUM + 777
    bodies = ["1/(i + 2)", "log(i + 5)", "sqrt(i + 3)", "exp(0 - i/1000)", "(i - 9000)/(i^2 + 1)", "max(1/(i + 9) - 0.0001, 0)",
              "abs(i - 500)",              "min(i, 100)", "0.9995^i", "(i + 1)^0.3"]
    for body in bodies:
        start = rng.randrange(0, 5)
        e = parse_expression(f"sum(i, {start}, K, {body})")
        found = value(e, {"K": n}, bits=20)
        inside = parse_expression(body)
        exact = fsum(_float(value(inside, {"i": i}, bits=60)) for i in range(start, n + 1))
        assert isinstance(found, arb)
        assert abs(float(found.mid()) - exact) <= float(found.rad()) + 1e-9 * abs(exact)
        assert float(found.rad()) < 0.02 * abs(exact) + 1


def _float(x):
    return float(x) if isinstance(x, Fraction) else float(x.mid())


@pytest.mark.parametrize("algebra", [PLAIN, LOGARITHMIC])
@pytest.mark.parametrize("text", ["sum(i, 1, K, x/i)", "prod(i, 1, K, 1 + x/i^2)", "sum(i, 3, K, (-x)^2/i - x/i^2)", "sum(i, 1, K, 1/i^2)"])
def test_floating_point_takes_long_sums_at_once(algebra, text):
    e = parse_expression(text)
    x = np.array([0.5, 1.0, 2.0], dtype=np.longdouble)
    for k, tolerance in ((100, 1e-12), (1_000, 1e-12), (30_000, 1e-4)):
        batch = Batch(algebra, {"K": k}, {"x": x}, {})
        found = batch.value(e)
        found = np.broadcast_to(found if algebra is PLAIN else found[0] * np.exp(found[1]), (3,))
        for j, q in enumerate((Fraction(1, 2), Fraction(1), Fraction(2))):
            exact = _float(value(e, {"K": k, "x": q}, bits=40))
            assert abs(float(found[j]) - exact) <= tolerance * abs(exact), (k, q)


@pytest.mark.parametrize("show", [
    "sum(i, 1, K, 1/i) <= 9", "sum(i, 1, K, 1/i) <= 30", "sum(i, 1, K, x/sqrt(i)) <= 500*x", "sum(i, 2, K, 1/(i*log(i))) <= 3",
    "prod(i, 1, K, 1 + 1/i) <= 5000", "sum(i, 1, K, 1/i^2) <= 1.6448", "sum(i, 1, K, 1/i) <= log(K + 1) + 0.577",
])
def test_counterexamples_far_out(show):
    s = sequent({**K, "x": "positive"}, [], show)
    found = search(s, budget(20)).witness
    assert found is not None
    assert verify(found.sequent, found.point)


@pytest.mark.parametrize("show", [
    "sum(i, 1, K, 1/i^2) <= 1.645", "sum(i, 1, K, 1/i) <= log(K + 1) + 0.578", "prod(i, 1, K, 1 + 1/i) <= K + 1",
    "sum(i, 1, K, 1/sqrt(i)) <= 2*sqrt(K)",
])
def test_no_counterexamples_to_what_is_true(show):
    assert search(sequent(K, [], show), budget(1)).witness is None


def test_fractions_of_thousands_of_digits_are_shown():
    assert digits(Fraction(10**5000 + 1, 3)).startswith("3.333333")
    assert digits(Fraction(22, 7)) == "22/7"


# -- recurrences --------------------------------------------------------------------------------------------------------------
RECURRENCES = [
    ("recurrence x(0) = a, x(i+1) = x(i)*x(i) + b has closed form x(i) = a^i", "the closed form gives 1"),
    ("recurrence x(0) = 0, x(i+1) = x(i)*x(i) + max(0, i - 15) has closed form x(i) = 0", "x(17) is 1, the closed form gives 0"),
    ("recurrence x(0) = 1, x(i+1) = x(i) + y(i), y(0) = 1, y(i+1) = x(i) + y(i) + x(i)*y(i)*max(0, i - 17) has closed form "
     "x(i) = 2^i, y(i) = 2^i", "y(19) is"),
    ("b > 1 implies (recurrence x(0) = a, x(i+1) = x(i)*x(i) + b has closed form x(i) = a^i)", "is"),
    ("(recurrence x(0) = a, x(i+1) = x(i)*x(i) + b has closed form x(i) = a^i) and a + b >= 0", "is"),
]


@pytest.mark.parametrize(("show", "said"), RECURRENCES)
def test_a_wrong_recurrence_is_refuted_in_its_own_words(tmp_path, show, said):
    path = tmp_path / "r.claims.toml"
    path.write_text(f'schema = 1\n[vars]\na = "nonnegative"\nb = "nonnegative"\nc = "real"\n[[claim]]\nid = "r"\n'
                    f'show = "({show}) and c == c"\nexpect = "refuted"\n')
    (claim,) = read(path).claims
    outcome = judge(claim, 10)
    assert outcome.verdict == "refuted (witness)", outcome.reason
    assert said in outcome.reason and len(outcome.reason) < 1_000
    assert outcome.sequent["goal"].startswith("recurrence")
    failing = from_json(outcome.sequent)
    point = {n: Fraction(v) for n, v in outcome.witness.items()}
    assert verify(failing, point)
    assert failing in [t for t, _ in reductions(sequent({"a": "nonnegative", "b": "nonnegative", "c": "real"}, [], f"({show}) and c == c"),
                                                [], unroll=False)]


def test_the_first_difference_of_a_recurrence():
    r = parse_statement("recurrence x(0) = a, x(i+1) = 2*x(i), y(0) = 0, y(i+1) = y(i) + x(i) has closed form x(i) = a*2^i, y(i) = a*i")
    assert first_difference(r, {"a": 1}) == "y(2) is 3, the closed form gives 2"
    assert first_difference(r, {"a": 0}) == ""


# -- chains of equations ------------------------------------------------------------------------------------------------------
def test_variables_that_hypotheses_define():
    sorts = dict.fromkeys(("x", "y", "z", "w", "c"), "positive")
    chain = ["x == 1", "y == x/c", "z == y + x", "w == z*c"]
    found = search(sequent(sorts, chain, "w^2 <= (1 + c)^2 - 0.01"), budget(5)).witness
    assert found is not None and found.point["w"] == found.point["c"] + 1
    assert search(sequent(sorts, chain, "w <= 1 + c"), budget(0.3)).witness is None
    # a value below 0 is none of the sort, and an irrational one is no exact point
    assert search(sequent({"x": "positive", "u": "real"}, ["x == u - 5"], "u > 5"), budget(0.5)).witness is None
    assert search(sequent({"x": "positive", "u": "positive"}, ["x == sqrt(u)"], "x <= 3"), budget(3)).witness is not None


def test_equations_are_replaced_in_one_step_and_not_in_circles():
    sorts = dict.fromkeys(("x", "y", "z", "w", "c"), "positive")
    s = sequent(sorts, ["x == 1", "y == x/c", "z == y + x", "w == z*c"], "w == 1 + c")
    found = logic.attempt(s, budget())
    depth, tip = 0, found
    while tip is not None and tip["rule"] == "replace":
        depth, tip = depth + 1, tip["premises"][0]
    assert depth == 4
    assert logic.attempt(sequent(sorts, ["x == y", "y == x", "y == z", "z == x"], "x^2 == z^2"), budget()) is not None


# -- statements with shared parts ---------------------------------------------------------------------------------------------
def doubled(times):
    e = variable("x")
    for _ in range(times):
        e = Node(Op.ADD, (e, e))
    return e


def test_a_statement_too_long_for_a_text():
    with pytest.raises(TooLongError):
        str(doubled(40))
    with pytest.raises(TooLongError):
        to_json(sequent({"x": "positive"}, [], "x > 0").aim(Node(Op.GT, (doubled(40), variable("x")))))


LAYER = "(Linear(s, bias=t) * Linear(s, bias=t))"
DEEP = f"""schema = 1
[vars]
s = "positive"
t = "positive"
R = "positive"
d = "natural"
[networks.deep]
network = "{' >> '.join([LAYER] * 13)}"
input = {{radius = "R", features = "d"}}
[[claim]]
id = "wrong"
show = "bound(deep) <= 2"
expect = "refuted"
[[claim]]
id = "right"
show = "radius(deep) + s >= 0"
"""


def test_bounds_with_shared_parts_reach_nobody_as_an_error(tmp_path):
    path = tmp_path / "deep.claims.toml"
    path.write_text(DEEP)
    wrong, right = (judge(c, 10) for c in read(path).claims)
    assert wrong.verdict == "refuted (witness)" and "with the bounds written out" in wrong.reason
    assert right.verdict == "undecided" and right.reason == TOO_LONG
    assert wrong.sequent is None and right.sequent is None


def test_the_certificate_of_a_chain_is_accepted():
    from normbound.claims.engine import Engine
    s = sequent(dict.fromkeys(("x", "y", "z", "w", "c"), "positive"), ["x == 1", "y == x/c", "z == y + x", "w == z*c"], "w^2 == (1 + c)^2")
    found = Engine(budget_of(5)).solve(s)
    replay(s, found)


def budget_of(seconds):
    from normbound.claims.budget import Budget
    return Budget.of(seconds)
