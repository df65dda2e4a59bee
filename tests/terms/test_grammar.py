import time
from fractions import Fraction

import pytest
from term_reference import contains

from normbound.errors import TermError
from normbound.terms.evaluate import evaluate
from normbound.terms.grammar import parse
from normbound.terms.store import Store

VALUES = {"a": 2, "b": 3, "c": 5, "K": 4, "w": [1, 2, 3, 4]}


@pytest.mark.parametrize(("text", "expected"), [
    ("a + b*c", 17), ("(a + b)*c", 25), ("a/b/c", Fraction(2, 15)), ("a/(b*c)", Fraction(2, 15)),
    ("a/b*c", Fraction(10, 3)),
    ("a^2*b", 12), ("2*a^2", 8), ("(2*a)^2", 16), ("(a/b)^2", Fraction(4, 9)), ("a/b^2", Fraction(2, 9)), ("1/2*a", 1),
    ("a^-1", Fraction(1, 2)), ("(a^2)^3", 64), ("4^(1/2)", 2), ("a^K", 16), ("a^-K", Fraction(1, 16)),
    ("a^(K + 1)", 32), ("9^0.5", 3), ("K - 1 - 2", 1), ("K - 1 + 2", 5), ("max(a, b, 1)", 3), ("min(a, b)", 2),
    ("dd(K; a, b)", 65), ("sqrt(a*8)", 4), ("sum(i, K, w[i])", 10), ("prod(i, 3, w[i + 1])", 24),
    ("sum(i, K, w[K - i + 1]*i)", 20), ("i*sum(i, 3, i)", 42), ("sum(i, i, i)", 28), ("sum(i, 2, sum(i, 3, i))", 12),
    ("sum(i, 2, i*sum(j, 2, i*j))", 15), ("1e2", 100), (".5*a", 1), ("exp(0)", 1), (" a\t+\nb ", 5), ("w[2]*w[K]", 8),
    ("0*unbounded", 0), ("2^3", 8), ("0^0", 1),
])
def test_values(text: str, expected: object) -> None:
    with Store() as store:
        assert contains(evaluate(parse(text, store), {**VALUES, "i": 7}), expected)


ERRORS = [
    ("", 1, "expected"), ("   ", 1, "expected"), ("a +", 4, "expected"), ("(a", 3, r"expected '\)'"),
    ("a)", 2, "the end"),
    ("a b", 3, "the end"), ("a..b", 2, "unexpected '.'"), ("a.__class__", 2, r"unexpected '\.'"),
    ("__import__('os')", 12, "unexpected"), ("__import__", 1, "is not a name"), ("x.y", 2, r"unexpected"),
    ("os.system", 3, "unexpected"),
    ("lambda: 0", 7, "unexpected ':'"), ("a[1", 4, r"expected '\]'"), ("[1]", 1, "expected"), ("{}", 1, "unexpected"),
    ("9**9**9", 3, "expected"), ("9^9^9", 4, "towers"), ("2^10000000", 3, "beyond"), ("2^(1/7919)", 3, "denominator"),
    ("-a", 1, "expected"), ("a - - b", 5, "expected"), ("1/0", 3, "division by zero"),
    ("a/(b*0)", 3, "division by zero"),
    ("sqrt(a, b)", 1, "takes 1"), ("dd(K, a)", 1, "write dd"), ("dd(K; a; b)", 1, "write dd"),
    ("sum(1, K, a)", 1, "index"),
    ("sum(i, K)", 1, "takes 3"), ("max()", 5, "expected"), ("sqrt", 1, "reserved"), ("inf", 1, "reserved"),
    ("nan + 1", 1, "reserved"), ("π*2", 1, "unexpected 'π'"), ("аlpha", 1, "unexpected"), ("a−b", 2, "unexpected"),
    ("a×b", 2, "unexpected"), ("２*a", 1, "unexpected"), ("a\u200b", 2, "unexpected"), ("a;b", 2, "the end"),
    ("a\x00b", 2, "unexpected"), ("1e99999", 1, "beyond"), ("9" * 401, 1, "not an exact number"), ("a=b", 2, "the end"),
    ("opnorm7_2x2", 1, "names no matrix"), ("x__y + 1", 1, "is not a name"), ("a" * 61 + "+1", 1, "is not a name"),
    ("pi[1]", 1, "reserved"), ("3 - 5", 5, "negative"), ("f(a)", 2, "the end"), ('"a"', 1, "expected"),
]


def rejected(text: str, message: str) -> pytest.ExceptionInfo[TermError]:
    """The error of ``text``, which comes within 0.1 s (the best of three, since the machine may be busy)."""
    times = []
    for _ in range(3):
        with Store() as store:
            start = time.perf_counter()
            with pytest.raises(TermError, match=message or None) as caught:
                parse(text, store)
            times.append(time.perf_counter() - start)
    assert min(times) < 0.1
    return caught


@pytest.mark.parametrize(("text", "column", "message"), ERRORS, ids=[repr(e[0][:20]) for e in ERRORS])
def test_every_error_has_its_column(text: str, column: int, message: str) -> None:
    caught = rejected(text, message)
    assert str(caught.value).startswith(f"column {column}: "), caught.value
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", [
    "(" * 10**6, "a" * 10**6, "9" * 10**6, "a+" * 10**6, "(" * 9000 + ")" * 9000, "sqrt(" * 3000, "a[" * 5000,
    "^" * 15000,
    "max(" * 4000, "-" * 19000, "dd(" * 5000, "9^" * 9000 + "9", "2^(" * 3000, "\n" * 10**6 + "(", '"' * 19_999,
], ids=range(15))
def test_no_text_exhausts_the_machine(text: str) -> None:
    caught = rejected(text, "")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["+".join(["a"] * 9000), "*".join(["a"] * 9000), "/".join(["a"] * 9000)])
def test_long_flat_text_is_read(text: str) -> None:
    with Store() as store:
        assert evaluate(parse(text, store), {"a": 1}) > 0


def test_literals_do_not_grow_without_bound() -> None:
    with Store() as store, pytest.raises(TermError, match=r"column \d+: a number of more than 200000 bits"):
        parse("*".join(["1e9999"] * 2000), store)


def test_indices_are_local() -> None:
    with Store() as store:
        t = parse("sum(i, K, w[i]*i)", store)
        assert list(store.symbols(t)) == ["K", "w"]
        u = store.substitute([t], {store.symbol("K"): store.symbol("i")})[0]
        assert evaluate(u, {"i": 3, "w": [1, 1, 1]}) == 6
