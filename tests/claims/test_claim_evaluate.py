"""Values and truth at points, against an independent evaluation, and at the edges."""

import time
from datetime import timedelta
from fractions import Fraction

import pytest
from claim_trees import EXPRESSIONS, STATEMENTS
from flint import arb, ctx
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import iv, mp, mpf

from normbound.claims import evaluate
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Undefined, misfit, resolved, truth, value
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.sorts import declared
from normbound.claims.syntax import Node, Op, literal, number, rebuild

F = Fraction
POINT = {"a": F(1, 2), "b": 2, "K": 5, "s": [1, F(1, 2), 3], "z": 0, "m": -8, "N": 10**6, "i0": 1}
QUICK = settings(max_examples=120, deadline=timedelta(seconds=30), derandomize=True,
                 suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@pytest.mark.parametrize(("text", "expected"), [
    ("a + b", F(5, 2)), ("a - b", F(-3, 2)), ("a*b", 1), ("a/b", F(1, 4)), ("-a", F(-1, 2)), ("b^3", 8), ("b^-3", F(1, 8)), ("m^3", -512),
    ("sqrt(4/9)", F(2, 3)), ("8^(1/3)", 2), ("32^(2/5)", 4), ("(4/9)^(-1/2)", F(3, 2)), ("1^(1/7)", 1), ("0^(1/2)", 0), ("4^1.5", 8),
    ("z^0", 1), ("0^a", 0), ("log(1)", 0), ("exp(0)", 1), ("abs(m)", 8), ("abs(a)", F(1, 2)), ("min(a, b, m)", -8),
    ("max(sqrt(2), a, 7)", 7),
    ("sum(i, 1, 3, s[i])", F(9, 2)), ("prod(i, 1, 3, s[i]^i)", F(27, 4)), ("s[1+2]", 3), ("sum(i, 1, 0, 1/z)", 0),
    ("prod(i, 5, 2, log(z))", 1),
    ("sum(i, 1, K, b)", 10), ("prod(i, 1, K, b)", 32), ("sum(i, 0, K, sum(j, 1, i, i*j))", 140), ("sum(i, -2, 2, i^2)", 10),
    ("sum(i, 1, 3, prod(j, 1, i, s[j]))", 3), ("dd(K; a, b)", F(341, 16)), ("dd(K; a, a)", F(5, 16)), ("dd(K; m, a, 1)", F(-3425, 8)),
    ("dd(0; a)", 1), ("dd(0; a, b)", 0), ("dd(1; a, b)", 1), ("dd(2; z, z, z)", 1), ("dd(3; z)", 0), ("dd(0; z)", 1),
    ("sum(i, 1, 10^9, 1/2)", F(10**9, 2)), ("prod(i, 1, 10^9, 1)", 1), ("(-1)^(10^30 + 1)", -1), ("0*sqrt(2)", 0), ("sqrt(2)^0", 1),
])
def test_exact_values(text, expected):
    found = value(parse_expression(text), POINT)
    assert type(found) is Fraction and found == expected


@pytest.mark.parametrize(("text", "why", "part"), [
    ("a + 1/z", "division by zero", "1/z"), ("z^-1", "zero to a negative power", "z^(-1)"),
    ("z^(-1/2)", "zero to a negative power", "z^(-1/2)"),
    ("log(z)", "the logarithm of 0", "log(z)"), ("log(m)", "the logarithm of -8", "log(m)"),
    ("log(-sqrt(2))", "not positive", "log(-sqrt(2))"),
    ("sqrt(m)", "the root of -8, which is negative", "sqrt(m)"), ("m^(1/3)", "the root of -8", "m^(1/3)"),
    ("sqrt(-exp(1))", "root", "sqrt(-exp(1))"),
    ("m^sqrt(2)", "a negative number to a power that is not an integer", "m^sqrt(2)"),
    ("z^(-sqrt(2))", "zero to a negative", "z^(-sqrt(2))"),
    ("s[4]", "s[4] does not exist; s has the members 1 to 3", "s[4]"), ("s[0]", "s[0] does not exist", "s[0]"),
    ("s[a]", "s[1/2] does not", "s[a]"),
    ("dd(-1; a, b)", "dd with the depth -1", "dd(-1; a, b)"), ("dd(a; b)", "dd with the depth 1/2", "dd(a; b)"),
    ("sum(i, 1, a, i)", "the upper end of sum is 1/2", "sum(i, 1, a, i)"), ("sum(i, 1, 3, 1/(i-2))", "division by zero", "1/(i - 2)"),
])
def test_undefined_values(text, why, part):
    found = value(parse_expression(text), POINT)
    assert isinstance(found, Undefined) and why in found.why and str(found.node) == part
    with pytest.raises(TypeError):
        bool(found)
    assert isinstance(truth(parse_statement(f"{text} <= 1"), POINT), Undefined)


@pytest.mark.parametrize(("text", "expected"), [
    ("sqrt(2) <= 1.5", True), ("sqrt(2) <= 1.4", False), ("a < a", False), ("a <= a", True), ("a <= b <= K", True),
    ("a <= m <= K", False),
    ("sqrt(2) == 7/5", False), ("sqrt(2) != 7/5", True), ("sqrt(2)^2 == 2", None), ("sqrt(2)^2 <= 2", None),
    ("sqrt(2)*sqrt(3) <= sqrt(6)", None),
    ("sqrt(2) - 1.41421356237309504880168872420969807856967187537694 < 10^(-49)", True),
    ("exp(1) <= 2.718281828459045235360287471352662497757247093699959574966967627724", False),
    ("exp(1)*10^1000 - 1 < exp(1)*10^1000", True), ("exp(1)*10^2000 - 1 < exp(1)*10^2000", None),
    ("b^N < b^N", False), ("b^N <= b^N", True), ("b^N != b^N", False), ("m^(N + 1) < 0", True), ("m^N > 0", True), ("m^(-N-1) < 0", True),
    ("1.15 < sqrt(4/3) < 1.16", True), ("0.86 < sqrt(3/4) < 0.87", True),
    ("4^(1/2) == 2", True), ("1/3 + 1/3 + 1/3 == 1", True), ("0.1 + 0.2 == 0.3", True), ("b^N <= 3^N", True), ("3^N <= b^N", False),
    ("(1 + 1/N)^N <= exp(1)", True), ("2^N >= N^2 - 1", True), ("2^N/2 <= dd(N; a, 1, 2) <= 2^N", True), ("9^(9^9) > 8^(9^9)", True),
    ("forall(i, 1, 3, s[i] <= 3)", True), ("forall(i, 1, 3, s[i] < 3)", False), ("forall(i, 1, 0, 1/z > 0)", True),
    ("forall(i, 1, 2, forall(j, 1, i, i*j <= 4))", True), ("forall(i, 1, 2, forall(j, 1, i, i*j < 4))", False),
    ("z > 0 implies log(z) <= 0", True), ("z > 0 and 1/z > 0", False), ("a > 1 and 1/z > 0 and s[9] > 1", False),
    ("sqrt(2)^2 == 2 and a > 1 and 1/z > 0", False), ("a > 0 implies a > 1", False), ("a > 1 iff b < 1", True),
    ("a > 1 iff b > 1", False),
    ("sqrt(2)^2 == 2 and a > 1", False), ("sqrt(2)^2 == 2 implies a < 1", True), ("sqrt(2)^2 == 2 implies a > 1", None),
    ("sqrt(2)^2 == 2 and a < 1", None),
    ("sqrt(2)^2 == 2 iff a < 1", None), ("forall(i, 1, 2, sqrt(i + 1)^2 == i + 1)", None),
    ("increasing(a, a)", None), ("decreasing(a, a)", None), ("limit(1/K, K) == 0", None), ("rate(2^K, K) == 3", None),
    ("increasing(a, a) and a > 1", None),
    ("recurrence x(0) = 1, x(i+1) = a*x(i) has closed form x(i) = a^i", None),
    ("recurrence x(0) = 1, x(i+1) = a*x(i) + i has closed form x(i) = a^i", False),
    ("recurrence x(0) = 0, x(i+1) = x(i) + y(i), y(0) = 1, y(i+1) = 2*y(i) has closed form x(i) = 2^i - 1, y(i) = 2^i", None),
    ("recurrence x(0) = 0, x(i+1) = x(i) + y(i), y(0) = 1, y(i+1) = 2*y(i) has closed form x(i) = 2^i, y(i) = 2^i", False),
    ("recurrence x(0) = 0, x(i+1) = sum(j, 0, i, x(i) + j) has closed form x(i) = 0", False),
    ("forall(k, 0, 2, recurrence x(0) = k, x(i+1) = x(i) + k has closed form x(i) = k*(i + 1))", None),
])
def test_truth(text, expected):
    assert truth(parse_statement(text), POINT) is expected


@pytest.mark.parametrize("text", [
    "1/(sqrt(2)^2 - 2) > 0 and a > 1", "0*(1/(sqrt(2)^2 - 2)) == 0", "(1/(sqrt(2)^2 - 2))^0 == 1", "dd(0; 1/(sqrt(2)^2 - 2), 1) == 0",
    "1/(sqrt(2)^2 - 2) > 0 implies a > 0", "log(sqrt(2)^2 - 2) > 0 iff a > 1", "forall(i, 1, 2, 1/(sqrt(i)^2 - 2) > 0 and a > 1)",
    "forall(i, 1, sqrt(2)^2, a > 1)", "prod(i, 1, 2, (i - 1)/(sqrt(2)^2 - 2)) == 0", "0/(sqrt(2)^2 - 2) == 0",
    "min(a, 1/(sqrt(2)^2 - 2)) <= a", "0*sqrt(sqrt(2)^2 - 2) == 0", "sqrt(2)^2 == 2 implies 1/z > 0",
    "Lip(n) > 0 and a > 1", "0*Lip(n) == 0", "sqrt(2)^2 == 2 and 1/z > 0", "a < 1 and sqrt(2)^2 == 2 and 1/z > 0"])
def test_nothing_is_claimed_where_a_value_may_not_exist(text):
    """The sides divide by something that is zero, or take its root or logarithm, and no ball can know it."""
    assert truth(parse_statement(text), POINT) is None


@pytest.mark.parametrize("text", ["a < 1 and 1/z > 0", "forall(i, 1, 5, s[i] <= 2)", "forall(i, 0, 2, 1/i < 1)",
                                  "1/z > 0 and a > 1", "1/z > 0 implies a > 0",
                                  "a < 1 implies 1/z > 0", "a > 1 iff 1/z > 0", "forall(i, 1, 4, s[i] <= 3)",
                                  "forall(i, 1, a, a <= 1)", "recurrence x(0) = 1/z, x(i+1) = 1 has closed form x(i) = 1",
                                  "recurrence x(0) = -1/3, x(i+1) = 1/(i - 2) has closed form x(i) = 1/(i - 3)"])
def test_truth_is_undefined(text):
    assert isinstance(truth(parse_statement(text), POINT), Undefined)


@pytest.mark.parametrize("text", [
    "9^(9^(9^9)) <= 1", "sum(i, 1, 10^6, sqrt(i)) <= 1", "sum(i, 1, 10^12, 1/i) <= 1", "dd(10^(10^3); a, b, 1) <= 1",
    "dd(10^(10^9); a, b, 1) <= 1",
    "prod(i, 1, N, 1 + 1/i) <= 1", "exp(exp(exp(exp(exp(exp(b)))))) <= 1", "forall(i, 1, 10^9, sqrt(i) >= 1)", "(10^10)^(10^10) == 1",
    "sum(i, 1, 1000, sum(j, 1, 1000, i*j)) <= 1", "dd(N; " + ", ".join(["a"] * 3000) + ") <= 1", "0.1^(10^(10^5)) <= 1",
    "log(10^(10^18)) >= 1",
    "prod(i, 1, 5000, 10^i + 1/i) >= 1",
])
def test_large_numbers_do_not_hang(text):
    start = time.perf_counter()
    assert truth(parse_statement(text), POINT) in (True, False, None)
    assert time.perf_counter() - start < 10


def test_the_cap_on_work_is_the_callers():
    node = parse_statement("sum(i, 1, 1000, i) == 500500")
    assert truth(node, {}) is True and truth(node, {}, steps=500) is None
    assert value(node.args[0], {}, steps=500).is_nan()


def test_nested_deeply():
    text = "".join(f"sum(i{k}, 1, 1, " for k in range(150)) + "2" + ")" * 150
    assert value(parse_expression(text), {}) == 2
    text = "".join(f"forall(i{k}, 1, 1, " for k in range(150)) + "a <= 1" + ")" * 150
    assert truth(parse_statement(text), POINT) is True


def test_values_that_are_missing_or_not_exact():
    for text, message in (("y", "found no value for y"), ("y[1]", "no value for the family y"),
    ("s", "found a sequence as the value of s"),
                          ("a[1]", "found one number as the value of the family a")):
        with pytest.raises(ClaimError, match=message):
            value(parse_expression(text), POINT)
    with pytest.raises(ClaimError, match=r"found the value 0\.5; accepted: int and Fraction"):
        value(parse_expression("a"), {"a": 0.5})
    with pytest.raises(ClaimError, match="truth takes a statement"):
        truth(parse_expression("a"), POINT)
    with pytest.raises(ClaimError, match="value takes an expression"):
        value(parse_statement("a <= 1"), POINT)


def test_precision_grows_until_the_value_is_known():
    node = parse_expression("(exp(1)*10^60 - 2718281828459045235360287471352662497757247093699959574966967) + 0")
    found = value(node, {}, bits=100)
    with ctx.workprec(2000):
        reference = arb(1).exp() * arb(10)**60 - arb(2718281828459045235360287471352662497757247093699959574966967)
    assert found.rel_accuracy_bits() >= 100 and found.overlaps(reference)


def test_the_callers_precision_is_kept():
    before = ctx.prec
    value(parse_expression("sqrt(2)"), {})
    value(parse_expression("1/z"), POINT)
    truth(parse_statement("sqrt(2)^2 <= 2"), POINT)
    assert ctx.prec == before


# -- against an independent evaluation ----------------------------------------------------------------------------------
class _None(Exception):
    pass


def reference(node, point):
    """By recursion on interval arithmetic of mpmath with 300 digits; _None where there is no value or it is not clear."""
    op, args = node.op, node.args
    if op in ("sum", "prod"):
        lo, hi = (exact(a, point) for a in args[:2])
        if hi - lo > 30:
            raise _None
        result = iv.mpf(0 if op == "sum" else 1)
        for k in range(int(lo), int(hi) + 1):
            each = reference(args[2], {**point, node.value: F(k)})
            result = result + each if op == "sum" else result * each
        return result
    if op == "elt":
        k = exact(args[0], point)
        if not 1 <= k <= len(point[node.value]):
            raise _None
        return ratio(point[node.value][int(k) - 1])
    if op == Op.NUM:
        return ratio(node.value)
    if op == Op.VAR:
        return ratio(F(point[node.value]))
    if op == "const":
        return iv.pi
    if op == Op.DD:
        k = exact(args[0], point)
        if not 0 <= k <= 40:
            raise _None
        xs = [reference(a, point) for a in args[1:]]
        row = [iv.mpf(0)] * (len(xs) - 1) + [iv.mpf(1)]
        for _ in range(int(k)):
            row = [row[j] * xs[j] + (row[j + 1] if j + 1 < len(xs) else 0) for j in range(len(xs))]
        return row[0]
    v = [reference(a, point) for a in args]
    if any(abs(x.a) > 10**6 or abs(x.b) > 10**6 for x in v):
        raise _None
    if op in ("add", "sub", "mul", "neg", "abs"):
        return {"add": lambda: v[0] + v[1], "sub": lambda: v[0] - v[1], "mul": lambda: v[0] * v[1], "neg": lambda: -v[0],
                "abs": lambda: abs(v[0])}[op]()
    if op in ("min", "max"):
        pick = min if op == "min" else max
        return iv.mpf([pick(x.a for x in v), pick(x.b for x in v)])
    if op == "exp":
        return iv.exp(v[0])
    positive = v[0].a > 0
    if (op == "div" and 0 in v[1]) or (op in ("sqrt", "log") and not positive):
        raise _None
    if op == "div":
        return v[0] / v[1]
    if op in ("sqrt", "log"):
        return getattr(iv, op)(v[0])
    assert op == "pow"
    e = literal(args[1])
    if e is not None and e.denominator == 1 and 0 <= e <= 1000:
        result = iv.mpf(1)
        for _ in range(int(e)):
            result = result * v[0]
        return result
    if not positive:
        raise _None
    return iv.exp(v[1] * iv.log(v[0]))


def ratio(q):
    return iv.mpf(q.numerator) / q.denominator


def exact(node, point):
    found = value(node, point)
    if not isinstance(found, Fraction) or found.denominator != 1:
        raise _None
    return found


POINTS = st.fixed_dictionaries({n: st.fractions(-3, 3, max_denominator=4) for n in ("a", "b", "sigma_1", "lambda")}
                               | {"K": st.integers(0, 6).map(F),
                                  "s": st.lists(st.fractions(0, 3, max_denominator=4), min_size=3, max_size=6),
                                  "i": st.integers(-2, 3).map(F), "j": st.integers(-2, 3).map(F)})


def small(node):
    """The tree with literals at most 8 and without networks, so that most values exist."""
    return rebuild(node, lambda n, args: number(n.value % 9) if n.op == Op.NUM else variable_of(n) if n.op == "net" else None)


def variable_of(node):
    return Node(Op.VAR, (), "K" if len(node.value[0]) % 2 else "a")


@QUICK
@given(EXPRESSIONS.map(small), POINTS)
def test_values_against_intervals_of_mpmath(node, point):
    digits = mp.dps, iv.dps
    mp.dps = iv.dps = 300
    try:
        try:
            expected = reference(node, point)
        except (_None, OverflowError, ZeroDivisionError):
            assume(False)
        assume(abs(expected.b) < mpf(10)**1000)
        found = value(node, point)
        assert not isinstance(found, Undefined), found.why
        if isinstance(found, Fraction):
            assert ratio(found).a <= expected.b and expected.a <= ratio(found).b
        elif not found.is_nan():
            low, high = (mpf(str(x.str(250, radius=False))) for x in (found.lower(), found.upper()))
            slack = mpf(10)**-240 * (1 + abs(low))
            assert low - slack <= expected.b and expected.a <= high + slack
    finally:
        mp.dps, iv.dps = digits


@QUICK
@given(STATEMENTS, POINTS)
def test_every_statement_has_a_truth(node, point):
    found = truth(node, point)
    assert found in (True, False, None) or isinstance(found, Undefined)


@QUICK
@given(STATEMENTS, POINTS)
def test_precision_never_changes_the_answer(node, point):
    """What 128 bits decide, 4000 bits decide in the same way."""
    before = evaluate.LADDER
    answers = []
    try:
        for ladder in ((128,), (4000,)):
            evaluate.LADDER = ladder
            answers.append(truth(node, point))
    finally:
        evaluate.LADDER = before
    low, high = answers
    if low in (True, False):
        assert high is low


# -- networks and sorts --------------------------------------------------------------------------------------------------
def test_resolver():
    def resolver(function, network):
        if function == "bound":
            return parse_expression("a^K")
        if function == "radius":
            return lambda point, bits: F(point["K"], 7)
        if function == "param_bound":
            return lambda point, bits: Undefined("unbounded")
        return None

    node = parse_statement("bound(n) == a^K and radius(n) < 1")
    assert truth(node, POINT, resolver) is True
    assert truth(parse_statement("Lip(n) <= bound(n)"), POINT, resolver) is None
    assert truth(parse_statement("Lip(n) <= bound(n)"), POINT) is None
    found = truth(parse_statement("param_bound(n) <= 1"), POINT, resolver)
    assert isinstance(found, Undefined) and found.why == "unbounded"
    assert resolved(node, resolver) == parse_statement("a^K == a^K and radius(n) < 1")
    assert value(parse_expression("radius(n)"), POINT, resolver) == F(5, 7)


@pytest.mark.parametrize(("point", "why"), [
    ({}, "x has no value"), ({"x": F(1, 2)}, ""), ({"x": 0}, "x = 0 is not positive"),
    ({"x": 0.5}, "x has the value 0.5, which is not exact"),
    ({"x": True}, "which is not exact"), ({"x": 1, "K": F(3, 2)}, "K = 3/2 is not natural"), ({"x": 1, "K": -1}, "K = -1 is not natural"),
    ({"x": 1, "s": [1]}, "s has 1 members where its length K is 2"), ({"x": 1, "s": [1, -1]}, "s = -1 is not nonnegative"),
    ({"x": 1, "s": 3}, "s is a family and has one number"), ({"x": 1, "m": F(1, 2)}, "m = 1/2 is not integer"),
])
def test_misfit(point, why):
    variables = declared({"x": "positive", "K": "natural", "m": "integer", "s": "nonnegative[K]"})
    full = {"K": 2, "s": [0, 1], "m": -1, **point} if point else {}
    found = misfit(full, variables)
    assert why in found and bool(found) == bool(why)
