from fractions import Fraction

import pytest

from normbound.errors import TermError
from normbound.terms.differentiate import differentiate
from normbound.terms.evaluate import evaluate
from normbound.terms.grammar import parse
from normbound.terms.normal import normal
from normbound.terms.store import Store, Term, current, sqrt, term


def test_units_and_absorbing_elements() -> None:
    with Store() as s:
        x = s.symbol("x")
        assert x + 0 == x and 0 + x == x and x * 1 == x and 1 * x == x and x / 1 == x
        assert x * 0 == s.zero and 0 * x == s.zero and not x * 0
        assert x + s.unbounded == s.unbounded and x * s.unbounded == s.unbounded
        assert s.zero * s.unbounded == s.zero and s.unbounded * 0 == s.zero and 0 + s.unbounded == s.unbounded
        assert s.unbounded**-1 == s.zero and s.zero**-1 == s.unbounded and sqrt(s.unbounded) == s.unbounded
        assert s.maximum([x, s.unbounded]) == s.unbounded and s.minimum([x, s.unbounded]) == x
        assert s.maximum([]) == s.zero and s.minimum([]) == s.unbounded and s.maximum([x, 0 * x]) == x
        assert s.exp(s.zero) == s.one and s.exp(s.unbounded) == s.unbounded
        assert s.dd(3, [x, s.unbounded]) == s.unbounded
        i = s.fresh("i")
        assert s.product(i, x, s.one) == s.one and s.sum(i, x, s.zero) == s.zero
        assert s.sum(i, x, s.unbounded) == s.unbounded


def test_equal_nodes_are_shared() -> None:
    with Store() as s:
        x, y = s.symbol("x"), s.symbol("y")
        assert (x + y * x).id == (x + y * x).id
        size = len(s)
        for _ in range(5):
            sqrt(x * x + y) ** 3
        assert len(s) == size + 4
        assert hash(x * y) == hash(x * y) and x * y != y * x


def test_literals_fold() -> None:
    with Store() as s:
        two = s.number(2)
        assert (two + Fraction(1, 2)).literal() == Fraction(5, 2) and (two * "3/2").literal() == 3
        assert sqrt("4/9").literal() == Fraction(2, 3) and (two**-3).literal() == Fraction(1, 8)
        assert sqrt(2).literal() is None and sqrt(2) ** 2 == two
        assert s.dd(0, [two]).literal() == 1 and s.dd(0, [two, two]).literal() == 0 and s.dd(1, [two, two]) == s.one
        assert s.dd(2, [two, s.one]).literal() == 3 and s.dd(5, [two]).literal() == 32
        assert s.monus(s.number(5), 3).literal() == 2
        x = s.symbol("x")
        assert (x**2) ** Fraction(1, 2) == x and (x**-1) ** -1 == x and x**0 == s.one
        assert s.monus(x, x) == s.zero and s.monus(x, 0) == x and s.monus(x, 1) + 1 == x
        assert (s.number(10) ** 100_000).literal() is None  # too large to fold


def test_zero_powers() -> None:
    with Store() as s:
        k = s.symbol("K")
        assert s.zero**0 == s.one
        zero_to_k = s.dd(k, [s.zero])
        assert zero_to_k.literal() is None
        assert evaluate(zero_to_k, {"K": 0}) == 1 and evaluate(zero_to_k, {"K": 4}) == 0


@pytest.mark.parametrize("bad", [0.5, True, -1, None, "-1", "x +", b"x"])
def test_operands_and_exponents_are_exact_and_nonnegative(bad: object) -> None:
    x = term("x")
    with pytest.raises((TermError, TypeError)):
        x + bad  # type: ignore[operator]
    with pytest.raises((TermError, TypeError)):
        x * bad  # type: ignore[operator]
    if bad != -1 and bad != "-1":
        with pytest.raises((TermError, TypeError)):
            x**bad  # type: ignore[operator]


def test_float_exponent_names_the_string_to_write() -> None:
    with pytest.raises(TermError, match=r"write the string '0\.5'"):
        term("x") ** 0.5  # type: ignore[operator]


def test_two_stores_do_not_mix() -> None:
    with Store() as s:
        x = s.symbol("x")
    with Store() as other:
        y = other.symbol("x")
        assert current() is other and x != y
        for combine in (lambda: x + y, lambda: x * y, lambda: y / x, lambda: other.term(x)):
            with pytest.raises(TermError, match="two different stores"):
                combine()


@pytest.mark.parametrize("name", ["", "1x", "x y", "a.b", "é", "x__y", "pi", "log2", "sqrt", "dd", "unbounded", "inf",
                                  "nan", "x" * 61, "opnorm0_2x2", "i.1", "x\n"])
def test_bad_names(name: str) -> None:
    with pytest.raises(TermError, match=r"is not a name|is reserved"):
        term("x").store.symbol(name)


def test_bound_symbols_have_no_text() -> None:
    with Store() as s:
        i = s.fresh("i")
        with pytest.raises(TermError):
            s.term(i.node[1])
        assert s.fresh("i") != i


def test_depths_of_dd() -> None:
    with Store() as s:
        x = s.symbol("x")
        with pytest.raises(TermError, match="at least one node"):
            s.dd(3, [])
        with pytest.raises(TermError, match="natural number, found 1/2"):
            s.dd("1/2", [x])
        with pytest.raises(TermError, match="2 - 3 is negative"):
            s.monus(s.number(2), 3)


def test_positive_flags() -> None:
    with Store() as s:
        x, p, k = s.symbol("x"), s.symbol("p", positive=True), s.symbol("K")
        assert p.is_positive and (x + p).is_positive and not (x * p).is_positive and sqrt(p).is_positive
        assert s.maximum([x, p]).is_positive and not s.minimum([x, p]).is_positive
        assert s.dd(k, [p]).is_positive and not s.dd(k, [p, p]).is_positive and s.exp(x).is_positive
        assert not s.sum(s.fresh("i"), k, p).is_positive  # the empty sum


def test_operator_norms() -> None:
    with Store() as s:
        assert s.operator_norm([[0, 0]]) == s.zero
        a = s.operator_norm([[1, 2], [3, 4]])
        assert s.operator_norm([[1, 2], [3, 4]]) == a and a != s.operator_norm([[1, 2]])


LENGTH = 200_000


def _chain(s: Store, kind: str) -> Term:
    x = y = s.symbol("x")
    a, b = s.symbol("a"), s.symbol("b")
    if kind == "affine":
        for _ in range(LENGTH // 2):
            y = y * a + b
    elif kind == "product":
        for k in range(LENGTH // 8):
            y = y * s.symbol(f"s{k}")
    else:
        for _ in range(LENGTH // 16):
            y = sqrt(y * y + x)
    return y


@pytest.mark.parametrize("kind", ["affine", "product", "roots"])
def test_long_chains_do_not_recurse(kind: str) -> None:
    with Store() as s:
        y = _chain(s, kind)
        assert len(s) > LENGTH // 8
        values = {"x": 1, "a": Fraction(1, 2), "b": 1, **{f"s{k}": 1 for k in range(LENGTH // 8)}}
        if kind == "affine":
            slope = differentiate(y, "b")
            assert abs(slope.at(values) - 2) < 1e-20
        elif kind == "product":
            assert evaluate(y, values) == 1
            renamed = s.substitute([y], {s.symbol("s7"): s.number(5)})[0]
            assert evaluate(renamed, values) == 5
        else:
            assert evaluate(y, values) > 1
        assert len(str(y)) < 20_000
        if kind == "product":
            assert evaluate(normal(y), values) == 1


def test_stores_nest() -> None:
    outer = current()
    with Store() as a:
        with Store() as b:
            assert current() is b and parse("x").store is b
        assert current() is a
    assert current() is outer
