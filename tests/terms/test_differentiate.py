from fractions import Fraction
from typing import Any

import pytest
import sympy
from flint import arb
from hypothesis import given
from term_reference import FEWER, SMOOTH, VALUES, build

from normbound.errors import TermError
from normbound.terms.bridge import to_sympy
from normbound.terms.differentiate import Difference, differentiate
from normbound.terms.evaluate import evaluate, precision
from normbound.terms.grammar import parse
from normbound.terms.store import Op, Store, Term

BITS = 600
STEP = Fraction(1, 10**30)


def central(term: Term, name: str, values: dict[str, Any]) -> arb:
    """(f(x + h) - f(x - h)) / 2h with h = 10^-30; its error is about f''' h^2."""
    up = evaluate(term, {**values, name: values[name] + STEP}, BITS)
    down = evaluate(term, {**values, name: values[name] - STEP}, BITS)
    with precision(BITS):
        return (up - down) * 10**30 / 2


@FEWER
@given(SMOOTH)
def test_against_central_differences(tree: object) -> None:
    with Store() as store:
        term = build(store, tree)
        for name in ("a", "c"):
            try:
                expected = central(term, name, VALUES)
                found = differentiate(term, name).at(VALUES, BITS)
            except TermError as error:
                assert "differentiable" not in str(error)
                continue
            if expected.is_finite():
                with precision(BITS):
                    assert abs(found - expected) < (1 + abs(found)) * arb("1e-35")


@pytest.mark.parametrize("text", [
    "a", "5", "a + b*a", "a^3*b", "1/a", "b/(a + c)", "sqrt(a^2 + b)", "1/sqrt(a*b + c)", "exp(a*b)", "a^(2/3)",
    "(a + b)^-3",
    "dd(3; a, b)", "dd(4; a, a, b)", "dd(5; a*b, a, 1/a)", "pi*a", "dd(0; a)", "dd(1; a, b)",
])
def test_against_sympy(text: str) -> None:
    with Store() as store:
        term = parse(text, store)
        expr = to_sympy(term).doit()
        symbol = sympy.Symbol("a", nonnegative=True)
        point = {"a": Fraction(2, 3), "b": Fraction(5, 4), "c": Fraction(1, 7)}
        subs = {sympy.Symbol(n, nonnegative=True): sympy.Rational(v.numerator, v.denominator) for n, v in point.items()}
        expected = sympy.N(sympy.diff(expr, symbol).subs(subs), 40)
        found = differentiate(term, "a").at(point)
        with precision(BITS):
            assert abs(found - arb(str(expected))) < arb("1e-28") * (1 + abs(found))


@pytest.mark.parametrize(("text", "loop"), [
    ("a^K", lambda a, k: k * a ** (k - 1) if k else Fraction(0)),
    ("prod(i, K, 1 + a*w[i])", lambda a, k: _product_slope(a, k)),
    ("sum(i, K, a^i)", lambda a, k: sum((i * a ** (i - 1) for i in range(1, k + 1)), Fraction(0))),
    ("dd(K; a, 1)", lambda a, k: sum((i * a ** (i - 1) for i in range(1, k)), Fraction(0))),
    ("prod(i, K, 1/a)", lambda a, k: -k * a ** (-k - 1)),
])
@pytest.mark.parametrize("k", [0, 1, 4])
def test_symbolic_depth(text: str, loop: Any, k: int) -> None:
    a = Fraction(2, 3)
    with Store() as store:
        found = differentiate(parse(text, store), "a").at({"a": a, "K": k, "w": [1, 2, 3, 4]})
        q = Fraction(loop(a, k))
        assert abs(found - arb(q.numerator) / q.denominator) < arb("1e-14") * (1 + abs(found))
        assert found.overlaps(arb(q.numerator) / q.denominator)


def _product_slope(a: Fraction, k: int) -> Fraction:
    x, d = Fraction(1), Fraction(0)
    for w in range(1, k + 1):
        x, d = x * (1 + a * w), d * (1 + a * w) + x * w
    return d


def test_nested_recurrences_with_two_states() -> None:
    with Store() as store:
        i, j, x, y, z = (store.fresh(n) for n in "ijxyz")
        a = store.symbol("a")
        inner = store.recurrence(0, store.symbol("M"), j, [z], [x], [z * a + y / (a + j)])
        term = store.recurrence(1, store.symbol("K"), i, [x, y], [a, store.one], [inner + i, y / a + x**2])
        values = {"a": Fraction(3, 2), "K": 3, "M": 2}
        found, expected = differentiate(term, "a").at(values, BITS), central(term, "a", values)
        with precision(BITS):
            assert abs(found - expected) < (1 + abs(found)) * arb("1e-35")


def test_size_is_linear() -> None:
    sizes = []
    for n in (200, 400):
        with Store() as store:
            y, s = store.symbol("x"), store.symbol("s")
            for k in range(n):
                y = y * s + store.symbol(f"b{k}") / (y + s)
            before = len(store)
            differentiate(y, "s")
            sizes.append(len(store) - before)
    assert sizes[1] < 2.1 * sizes[0]


def test_negative_part_only_with_negative_powers() -> None:
    with Store() as store:
        assert not differentiate(parse("a^2*b + sqrt(a) + exp(a)*dd(K; a, b)", store), "a").negative
        d = differentiate(parse("1/a", store), "a")
        assert not d.positive and str(d) == "-(1/a^2)"
        assert str(differentiate(parse("a + b/a", store), "a")) == "1 - (b/a^2)"
        assert str(differentiate(parse("b", store), "a")) == "0"
        assert differentiate(parse("max(b, c)*a", store), "a").positive == parse("max(b, c)", store)
        assert differentiate(store.operator_norm([[1, 2]]), "a").positive.kind == Op.NUM


@pytest.mark.parametrize(("text", "symbol", "message"), [
    ("a^K", "K", r"used as a natural number \(the depth of dd\)"), ("sum(i, K, a)", "K", "depth of an indexed sum"),
    ("prod(i, K, a)", "K", "depth of an indexed product"), ("w[K]", "K", "index of a family"),
    ("K - 1", "K", "difference"),
    ("w[K]", "w", "w is a family"), ("a*max(a, b)", "a", r"max is not differentiable .*found max\(a, b\)"),
    ("min(b, a^2)", "a", "min is not differentiable"), ("unbounded", "a", "unbounded term"), ("a", "pi", "reserved"),
    ("a", "a b", "is not a name"),
])
def test_errors(text: str, symbol: str, message: str) -> None:
    with Store() as store, pytest.raises(TermError, match=message):
        differentiate(parse(text, store), symbol)


def test_only_symbols_of_the_same_store() -> None:
    with Store() as store:
        x = store.symbol("x")
        with pytest.raises(TermError, match="derivatives are taken by a symbol"):
            differentiate(x, x + 1)
        i = store.fresh("i")
        with pytest.raises(TermError, match="is bound"):
            differentiate(store.sum(i, x, i * x), i)
    with Store() as other, pytest.raises(TermError, match="two different stores"):
        differentiate(other.symbol("x"), x)


def test_unbounded_minus_unbounded_is_an_error() -> None:
    with Store() as store:
        d = Difference(parse("1/e", store), parse("2/e", store))
        with pytest.raises(TermError, match="unbounded minus unbounded"):
            d.at({"e": 0})
