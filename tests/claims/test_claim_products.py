"""The provers logic, cases, products, monotone: what they prove is accepted, and nothing false is."""

import random
import time

import pytest
from claim_proofs import budget, changed, counterexample, nodes, sequent
from claim_random import RELATIONS, expression
from claim_random import sequent as random_sequent

from normbound.claims.checker import Rejected, check, node, obligations, replay
from normbound.claims.errors import ClaimError
from normbound.claims.prove import OPEN, cases, logic, monotone, premises, products
from normbound.claims.prove.lp import feasible

SORTS = {"x": "positive", "y": "positive", "z": "positive", "u": "real", "v": "real", "n": "natural", "m": "natural",
         "q": "nonnegative", "L1": "nonnegative", "L2": "nonnegative", "s": "positive[n]", "t": "positive[n]"}
POLYNOMIAL = [
    ([], "2*x*y <= x^2 + y^2"), (["x <= y"], "x*z <= y*z"), (["x <= y*z"], "x/z <= y"), (["x < y"], "x*z < y*z"),
    ([], "sqrt(x*y) <= (x+y)/2"), (["x <= y"], "x/sqrt(y^2+z) <= 1"), ([], "u*v <= (u^2+v^2)/2"), (["x <= 1", "y <= 1"], "x*y <= 1"),
    (["x >= 1", "y >= 1"], "x*y >= 1"), (["x >= 1"], "x^3 >= x^2"), (["u == v"], "u^2 == v^2"), ([], "x/(x+y) < 1"),
    (["x < 1"], "x/(1-x) > x"), (["n >= 1"], "n^2 >= n"), (["n < m"], "n + 1 <= m"), (["x >= 1"], "x^n*x >= x^n"),
    ([], "x + y <= 2*max(x, y)"), ([], "u <= abs(u)"), (["x <= y"], "x/(1+x) <= y/(1+y)"), ([], "sqrt(x+y) <= sqrt(x) + sqrt(y)"),
    (["x*y <= 1"], "1/x >= y"), (["x > y"], "x != y"), ([], "x + 1/x >= 2"), (["x < 1", "x > 1"], "1 <= 0"),
    ([], "(x+y)*(1/x+1/y) >= 4"), ([], "sqrt(x^2+y^2) <= x + y"), (["x >= 1"], "sqrt(x) <= x"), (["u^2 <= 1"], "u <= 1"),
    ([], "x^4 + y^4 >= x^3*y + x*y^3"), (["n >= 2"], "n*(n-1) >= 2"), ([], "sqrt(u^2+v^2) >= u"),
    ([], "sqrt(x) + sqrt(y) <= sqrt(2*(x+y))"), ([], "sqrt(x+y) - sqrt(x) <= sqrt(y)"), (["u <= v"], "u^3 <= v^3"),
    ([], "x^2 + y^2 + z^2 >= x*y + y*z + z*x"), ([], "x^3 + y^3 + z^3 >= 3*x*y*z"), (["x^2 <= y^2"], "x <= y"),
    (["q*x < 1"], "1/(1-q*x) >= 1"),
]
ROOTS = [
    (["x^2 == u^2 + q", "y^2 == v^2 + q"], "(u/x - v/y)^2 <= (u - v)^2/(x*y)"), (["x^2 == u^2 + q", "y^2 == v^2 + q"], "u*v + q <= x*y"),
    (["x^2 == y + 1"], "x^4 == y^2 + 2*y + 1"), (["x^3 == y"], "x^4 == x*y"), (["u^2 == q"], "u^3*v == u*v*q"),
    (["x/sqrt(y^2 + q) < 1"], "x^2 - q < y^2"), (["x/sqrt(y^2 + q) <= 1"], "x^2 - q <= y^2"), (["x^2 - q < y^2"], "x/sqrt(y^2 + q) < 1"),
    (["z*x < z*sqrt(y^2 + q)"], "x^2 < y^2 + q"), (["1/sqrt(x + q) > 1/y"], "x + q < y^2"),
    ([], "sqrt((u + x)^2 + (v + y)^2) <= sqrt(u^2 + v^2) + sqrt(x^2 + y^2)"),
    ([], "sqrt((u - x)^2 + (v - y)^2) <= sqrt(u^2 + v^2) + sqrt(x^2 + y^2)"),
    ([], "sqrt(u^2 + v^2) - sqrt(x^2 + y^2) <= sqrt((u - x)^2 + (v - y)^2)"),
    ([], "sqrt((u + x)^2 + (v + y)^2 + (q + z)^2) <= sqrt(u^2 + v^2 + q^2) + sqrt(x^2 + y^2 + z^2)"),
    ([], "u*x + v*y <= sqrt(u^2 + v^2)*sqrt(x^2 + y^2)"), ([], "2*(u*x - u*v + v*x) <= u^2 + v^2 + x^2"),
    ([], "sqrt((u - x)^2 + (v - y)^2) <= sqrt((u - q)^2 + (v - z)^2) + sqrt((q - x)^2 + (z - y)^2)"),
    ([], "(u/sqrt(u^2 + x) - v/sqrt(v^2 + x))^2 <= (u - v)^2/(sqrt(u^2 + x)*sqrt(v^2 + x))"),
    (["q <= 2*sqrt(n)"], "q + 1/sqrt(n + 1) <= 2*sqrt(n + 1)"), (["q >= 2*sqrt(n + 1) - 2"], "q + 1/sqrt(n + 1) >= 2*sqrt(n + 2) - 2"),
    (["q <= 2 - 1/x"], "q + 1/(x + 1)^2 <= 2 - 1/(x + 1)"), (["q <= 1/sqrt(x)"], "q^2*x <= 1"),
]
STRUCTURED = [
    (["L1 <= L2"], "L1^n*x + dd(n; L1, 1)*y <= L2^n*x + dd(n; L2, 1)*y"),
    (["L1 <= L2"], "sqrt(L1^2+x)*exp(L1) <= exp(L2)*sqrt(L2^2+x)"),
    (["forall(i, 1, n, s[i] <= t[i])"], "prod(i, 1, n, s[i]) <= prod(j, 1, n, t[j])"),
    (["forall(i, 1, n, s[i] <= 1)"], "prod(i, 1, n, s[i]) <= 1"), (["x >= 1"], "x^n >= 1"), (["x <= 1", "m <= n"], "x^n <= x^m"),
    (["q <= 1", "m <= n"], "q^n <= q^m"), (["m <= n", "forall(i, 1, n, s[i] >= 1)"], "prod(i, 1, m, s[i]) <= prod(i, 1, n, s[i])"),
    (["m <= n"], "sum(i, 1, m, s[i]) <= sum(i, 1, n, s[i])"), ([], "max(u, v) <= abs(u) + abs(v)"),
    ([], "abs(u+v) <= abs(u) + abs(v)"), ([], "abs(abs(u)-abs(v)) <= abs(u-v)"), ([], "x <= y iff x^2 <= y^2"), (["x < y"], "1/y < 1/x"),
    (["u < v"], "exp(u) < exp(v)"), (["x <= y"], "log(x) <= log(y)"), (["x == 2*y"], "x^2 == 4*y^2"),
    (["x <= 1 implies y <= 1", "x <= 1"], "y <= 1"), ([], "x <= 1 implies x^2 <= 1"), (["n == 0"], "x^n == 1"),
    ([], "min(x, y) <= sqrt(x*y)"), ([], "sqrt(x)*sqrt(y) <= max(x, y)"), (["x <= y", "0 <= u", "u <= v"], "x*u + n <= y*v + n"),
    (["x <= y"], "sum(i, 1, n, s[i]*x^i) <= sum(i, 1, n, s[i]*y^i)"), (["q <= 1"], "(q*x)^n <= x^n"), (["max(x, y) <= z"], "x + y <= 2*z"),
    ([], "forall(i, 1, n, s[i] <= t[i]) implies sum(i, 1, n, s[i]) <= sum(i, 1, n, t[i])"),
]
FALSE = [
    ([], "x*y <= x + y"), (["x <= y"], "x*u <= y*u"), ([], "x < x"), (["x >= 0"], "1 <= 0"), (["x <= y"], "y <= x"), ([], "sqrt(x) <= x"),
    (["u <= v"], "u^2 <= v^2"), (["m <= n"], "x^m <= x^n"), ([], "sum(i, 1, n, s[i]) > 0"), ([], "x^2 + y^2 >= 3*x*y"),
    (["forall(i, 1, n, s[i] <= 2)"], "prod(i, 1, n, s[i]) <= 1"), ([], "max(u, v) <= u"), ([], "u <= 1 iff u^2 <= 1"), ([], "q^n <= 1"),
    (["x^2 == u^2 + q", "y^2 == v^2 + q"], "(u/x - v/y)^2 <= (u - v)^2/(x*y)^2"),
    (["x^2 == u^2 + q", "y^2 == v^2 + q"], "u*v + 2*q <= x*y"),
    (["u^2 == q"], "u^3 == v*q"), (["x/sqrt(y^2 + q) <= 1"], "x^2 - q < y^2"), (["u/sqrt(y^2 + q) <= 1"], "u^2 - q <= y^2"),
    ([], "sqrt((u + x)^2 + (v + y)^2) < sqrt(u^2 + v^2) + sqrt(x^2 + y^2)"),
    ([], "sqrt(u^2 + v^2) + sqrt(x^2 + y^2) <= sqrt((u + x)^2 + (v + y)^2)"), ([], "sqrt(u^2 + v^2)*sqrt(x^2 + y^2) <= u*x + v*y"),
    (["q <= 2*sqrt(n)"], "q + 1/sqrt(n + 1) <= 2*sqrt(n)"), (["q <= 2 - 1/x"], "q + 1/(x + 1)^2 <= 2 - 2/(x + 1)"),
]


def proof(s, end, level=0):
    """A certificate by the four provers: depth first, open premises closed in turn."""
    if level > 12 or time.monotonic() > end:
        return None
    for prover in (logic, monotone, products, cases):
        found = prover.attempt(s, budget(min(1.0, max(0.0, end - time.monotonic()))))
        whole = None if found is None else filled(s, found, end, level)
        if whole is not None:
            return whole
    return None


def filled(s, found, end, level):
    parts = []
    for premise, part in zip(premises(s, found), found["premises"], strict=True):
        part = proof(premise, end, level + 1) if part is OPEN else filled(premise, part, end, level)
        if part is None:
            return None
        parts.append(part)
    return {**found, "premises": parts}


@pytest.mark.parametrize(("given", "goal"), POLYNOMIAL + ROOTS)
def test_products_prove(given, goal):
    s = sequent(SORTS, given, goal)
    assert counterexample(s, 60) is None
    certificate = products.attempt(s, budget(10))
    assert certificate is not None
    check(s, certificate)
    _corrupted(s, certificate)


def _corrupted(s, certificate):
    """A changed multiplier or a term left out is rejected in every node."""
    for way, item in nodes(certificate):
        for k in range(len(item["data"].get("terms", ()))):
            with pytest.raises(Rejected):
                replay(s, changed(certificate, way, lambda n, k=k: n["data"]["terms"][k].__setitem__(0, "7777/11")))
            with pytest.raises(Rejected):
                replay(s, changed(certificate, way, lambda n, k=k: n["data"]["terms"].pop(k)))


@pytest.mark.parametrize(("given", "goal"), STRUCTURED)
def test_trees_and_cases_prove(given, goal):
    s = sequent(SORTS, given, goal)
    assert counterexample(s, 100) is None
    certificate = proof(s, time.monotonic() + 20)
    assert certificate is not None
    assert obligations(s) == [] or "m <= n" in given
    replay(s, certificate)
    for way, item in nodes(certificate):  # one premise too few, one too many, another rule
        with pytest.raises(Rejected):
            replay(s, changed(certificate, way, lambda n: n["premises"].append(node("evident"))))
        if item["premises"]:
            with pytest.raises(Rejected):
                replay(s, changed(certificate, way, lambda n: n["premises"].pop()))
        with pytest.raises(Rejected):
            replay(s, changed(certificate, way, lambda n: n.update(rule="hypothesis", data={"number": 99})))


@pytest.mark.parametrize(("given", "goal"), FALSE)
def test_nothing_false_is_proved(given, goal):
    s = sequent(SORTS, given, goal)
    certificate = proof(s, time.monotonic() + 1.0)
    if certificate is not None:
        with pytest.raises(Rejected):
            replay(s, certificate)


def test_random_claims_are_proved_only_when_true():
    rng = random.Random(6)
    proved = 0
    for _ in range(60):
        try:
            s = random_sequent([], f"{expression(rng, 1)} {rng.choice(RELATIONS)} {expression(rng, 1)}")
        except ClaimError:
            continue
        certificate = products.attempt(s, budget(0.2)) or monotone.attempt(s, budget(0.2))
        if certificate is None or OPEN in [p for _, n in nodes_of(certificate) for p in n["premises"]]:
            continue
        replay(s, certificate)
        proved += 1
        assert counterexample(s, 200) is None, str(s)
    assert proved > 4


def nodes_of(certificate):
    stack = [((), certificate)]
    while stack:
        way, item = stack.pop()
        yield way, item
        stack.extend(((*way, k), p) for k, p in enumerate(item["premises"]) if p is not OPEN)


def test_provers_look_at_the_clock():
    s = sequent(SORTS, [f"x + {k}*y <= z^{k + 1} + u^{k}" for k in range(12)], "x^5*y^3 + u*v*x <= z^7 + y^9*x^2 + v^4")
    for prover in (products, monotone, logic, cases):
        start = time.monotonic()
        prover.attempt(s, budget(0.3))
        assert time.monotonic() - start < 2.0


def test_linear_programs():
    from fractions import Fraction
    one = Fraction(1)
    assert feasible([{"a": one}, {"a": -one, "b": one}], {"b": Fraction(2)}, time.monotonic() + 1) == [2, 2]
    assert feasible([{"a": one}, {"b": -one}], {"b": one}, time.monotonic() + 1) is None
    assert feasible([{"a": Fraction(10**400)}], {"a": one}, time.monotonic() + 1) is None
    assert feasible([], {"a": one}, time.monotonic() + 1) is None
