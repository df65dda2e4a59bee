"""Sums of roots and fractions by induction, one term of a sum in the place of the sum, and polynomials modulo equations."""

import random
from fractions import Fraction

import pytest
from claim_proofs import budget, changed, counterexample, nodes, sequent

from normbound.claims.budget import Budget
from normbound.claims.checker import Rejected, check, replay
from normbound.claims.checker.algebra import Quotient
from normbound.claims.engine import Engine
from normbound.claims.prove import OPEN, premises, telescopes, terms
from normbound.claims.prove.equations import Rewriting, divided, square_root

K = {"K": "natural", "x": "positive"}
D = {"K": "natural", "x": "positive", "a": "nonnegative", "b": "nonnegative", "d": "nonnegative"}
TRUE = [
    (K, [], "sum(i, 1, K, 1/sqrt(i)) <= 2*sqrt(K)"),
    (K, [], "sum(i, 1, K, 1/sqrt(i)) >= 2*sqrt(K + 1) - 2"),
    (K, [], "sum(i, 1, K, sqrt(i)) >= 2/3*K*sqrt(K)"),
    (K, [], "sum(i, 1, K, 1/(sqrt(i) + sqrt(i + 1))) == sqrt(K + 1) - 1"),
    (K, ["K >= 1"], "sum(i, 1, K, 1/i^2) <= 2 - 1/K"),
    (K, [], "sum(i, 1, K, 1/i^2) <= 2"),
    (K, [], "sum(i, 1, K, 1/i^3) <= 3/2"),
    (K, [], "sum(i, 1, K, 1/(i*(i + 1))) <= 1"),
    (K, [], "2*x >= sum(i, 1, K, x/i^2)"),
    (K, [], "x + sum(i, 1, K, 1/i^2) < 2 + x"),
    (K, ["K >= 1"], "sum(i, 1, K, 1/i) <= 1 + log(K)"),
    (K, [], "sum(i, 1, K, 1/i) >= log(K + 1)"),
    (K, [], "prod(i, 1, K, 1 + x/sqrt(i)) <= exp(2*x*sqrt(K))"),
    (K, [], "prod(i, 1, K, 1 + x/i^2) <= exp(2*x)"),
    (K, ["K >= 1", "x < 1"], "(1 - x/sqrt(K))^K <= exp(-x*sqrt(K))"),
    (K, [], "x/sqrt(x^2 + 3) < 1/2 iff x < 1"),
]
FALSE = [
    (K, [], "sum(i, 1, K, 1/sqrt(i)) <= 2*sqrt(K) - 1"),
    (K, [], "sum(i, 1, K, 1/sqrt(i)) <= 5/4*sqrt(K)"),
    (K, [], "sum(i, 1, K, 1/sqrt(i)) >= 2*sqrt(K)"),
    (K, ["K >= 1"], "sum(i, 1, K, 1/i^2) <= 2 - 2/K"),
    (K, [], "sum(i, 1, K, 1/i^2) <= 6/5"),
    (K, [], "sum(i, 1, K, 1/i) <= 2"),
    (K, [], "sum(i, 1, K, x/i^2) <= 2"),
    (K, [], "x + sum(i, 1, K, 1/i^2) <= 2*x + 1"),
    (K, [], "2*sum(i, 1, K, 1/i^2) <= 2"),
    (K, ["K >= 1"], "sum(i, 1, K, 1/i) <= log(K) + 1/2"),
    (K, [], "sum(i, 1, K, 1/i) >= log(K + 1) + 1/4"),
    (K, [], "prod(i, 1, K, 1 + x/sqrt(i)) <= exp(x*sqrt(K))"),
]
SUMS = [
    (D, ["K >= 1"], "sqrt(a*dd(K; 0, x^2) + (b*dd(K; 0, 1, x^2) + (x + d)*dd(K; 1, x^2))) >= sqrt(d)"),
    (D, ["K >= 1"], "sqrt(d) <= sqrt(a*x + d*dd(K; x, 1))"),
    (D, ["K >= 1"], "x^(K - 1) <= a + b*x + dd(K; x, d)"),
    (D, ["K >= 1"], "d < a + (b + d + 1)*dd(K; 1, x)"),
]
FALSE_SUMS = [
    (D, [], "sqrt(a*x + d*dd(K; x, 1)) >= sqrt(d)"),
    (D, ["K >= 1"], "sqrt(a*x + d*dd(K; x, 1)) > sqrt(d)"),
    (D, ["K >= 1"], "2*d <= a + d*dd(K; 1, x)"),
    (D, ["K >= 1"], "d <= a + b*dd(K; 1, x)"),
]


@pytest.mark.parametrize("case", TRUE + SUMS, ids=lambda c: c[2])
def test_true_statements_are_proved(case):
    s = sequent(*case)
    assert counterexample(s, 100) is None
    found = Engine(Budget.of(15)).solve(s)
    assert found is not None
    replay(s, found)
    for way, item in nodes(found):  # a premise too few; an induction that starts elsewhere
        if item["premises"]:
            with pytest.raises(Rejected):
                replay(s, changed(found, way, lambda n: n["premises"].pop()))
        if item["rule"] == "induction":
            with pytest.raises(Rejected):
                replay(s, changed(found, way, lambda n: n["data"].update({"from": n["data"]["from"] + 1})))


@pytest.mark.parametrize("case", FALSE + FALSE_SUMS, ids=lambda c: c[2])
def test_false_statements_keep_a_false_premise(case):
    s = sequent(*case)
    assert counterexample(s) is not None
    for module in (telescopes, terms):
        for node in module.attempts(s, budget(1)):
            assert any(part is OPEN or not _complete(part) for part in node["premises"])
    assert Engine(Budget.of(1)).solve(s) is None


def _complete(root):
    stack = [root]
    while stack:
        node = stack.pop()
        if node is OPEN:
            return False
        stack.extend(node["premises"])
    return True


def test_what_does_not_fit_is_left_alone():
    for case in ((K, [], "sum(i, 1, K, i) <= K^2"), (K, [], "x <= 2*x"), (K, [], "increasing(x^K, K)"),
                 (K, [], "sum(i, 1, 2*K, 1/sqrt(i)) <= 2*sqrt(2*K)"), (K, ["sum(i, 1, K, 1/i) <= x"], "sum(i, 1, K, 1/i) <= x + 1")):
        assert telescopes.attempt(sequent(*case), budget(1)) is None
    for case in ((D, [], "x <= a - x"), (D, [], "a + b <= x"), (D, [], "a == b + x")):
        assert terms.attempt(sequent(*case), budget(1)) is None


def test_the_last_term_is_taken_off():
    s = sequent(K, ["sum(i, 1, K, 1/sqrt(i)) <= x"], "sum(i, 1, K + 1, 1/sqrt(i)) <= 2*x")
    node = telescopes.attempt(s, budget(1))
    assert node["rule"] == "unfold"
    assert str(premises(s, node)[-1].goal) == "sum(i, 1, K, 1/sqrt(i)) + 1/sqrt(K + 1) <= 2*x"
    assert telescopes.attempt(sequent(K, ["sum(i, 1, K, 1/i) <= x"], "sum(i, 1, K + 1, 1/sqrt(i)) <= x"), budget(1)) is None


def test_a_term_that_is_too_small_somewhere_is_not_tried():
    s = sequent(D, [], "d <= a + d*(1 + x)")
    (node,) = terms.attempts(s, budget(1))
    assert node["data"]["lemma"] == "d <= d*(1 + x)"


# -- equations ---------------------------------------------------------------------------------------------------------------
def _polynomial(draw, algebra, s):
    text = " + ".join(f"({draw.randint(-3, 3)})*x^{draw.randint(0, 3)}*u^{draw.randint(0, 3)}*q^{draw.randint(0, 2)}" for _ in range(4))
    return algebra.normal(s.expression(text)).top


def test_division_is_exact():
    s = sequent({"x": "positive", "u": "real", "q": "nonnegative"}, [], "x >= 0")
    algebra, draw = s.algebra, random.Random(4)
    for _ in range(60):
        p, f = _polynomial(draw, algebra, s), _polynomial(draw, algebra, s)
        if not f:
            continue
        product = algebra.multiply(Quotient(p, {}), Quotient(f, {})).top
        assert divided(product, f) == p
        one_more = algebra.add(Quotient(product, {}), Quotient({(): Fraction(1)}, {})).top
        if len(f) > 1:
            assert divided(one_more, f) is None
    assert divided({((0, -1),): Fraction(1)}, {((0, 1),): Fraction(1)}) is None
    assert divided({(): Fraction(1)}, {}) is None


def test_square_roots_are_exact():
    s = sequent({"x": "positive", "u": "real", "q": "nonnegative"}, [], "x >= 0")
    algebra, draw, found = s.algebra, random.Random(6), 0
    for _ in range(60):
        p = _polynomial(draw, algebra, s)
        if not p:
            continue
        c = Fraction(draw.choice((-3, 1, 2)), 5)
        square = algebra.scaled(algebra.power(Quotient(p, {}), 2), c)
        root = square_root(square.top)
        again = algebra.power(Quotient(root, {}), 2).top
        ratios = {square.top[m] / again.get(m, Fraction(0)) for m in square.top}
        assert len(ratios) == 1 and set(again) == set(square.top)
        one_more = algebra.add(square, Quotient({(): Fraction(1, 7)}, {})).top
        if len(p) > 1 and () not in p:
            found += 1
            assert square_root(one_more) is None
    assert found > 5
    assert square_root({}) is None and square_root({((0, 1),): Fraction(1)}) is None


def test_rewriting_is_an_identity():
    s = sequent({"x": "positive", "u": "real", "q": "nonnegative"}, [], "x >= 0")
    algebra, draw = s.algebra, random.Random(5)
    equation = algebra.normal(s.expression("2*x^2 - u^2 - q")).top
    rules = Rewriting(algebra, [(7, equation)])
    ((lead, power),) = next(iter(rules.powers()))
    assert algebra.keys[lead] == ("var", "u") and power == 2  # of no known sign: eliminated first
    for _ in range(40):
        p = _polynomial(draw, algebra, s)
        rest, cofactors = rules.reduce(p)
        assert all(e < power for m in rest for g, e in m if g == lead)
        total = Quotient(rest, {})
        for (k, m), c in cofactors.items():
            assert k == 7
            total = algebra.add(total, algebra.multiply(Quotient({m: c}, {}), Quotient(equation, {})))
        assert total.top == p


def test_rules_do_not_go_round():
    s = sequent({"x": "positive", "u": "real", "q": "nonnegative"}, [], "x >= 0")
    algebra = s.algebra
    tops = [algebra.normal(s.expression(t)).top for t in ("x^2 - u", "u^2 - x", "x*u - 1", "x - sqrt(x)*u")]
    rules = Rewriting(algebra, enumerate(tops))
    assert len(rules.rules) == 1
    assert rules.reduce(algebra.normal(s.expression("x^5*u^3")).top) is not None


def test_certificates_from_equations():
    s = sequent({"x": "positive", "u": "real", "q": "nonnegative"}, ["x^2 == u^2 + q"], "u <= x and u^2 <= x^2")
    found = Engine(Budget.of(5)).solve(s)
    check(s, found)
