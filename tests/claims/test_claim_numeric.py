"""Margins in floating point agree with exact truth, in both arithmetics."""

from fractions import Fraction

import numpy as np
import pytest

from normbound.claims import sorts
from normbound.claims.evaluate import Undefined, truth, value
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.numeric import LOGARITHMIC, PLAIN, Batch, NotNumeric, margins, structural
from normbound.claims.sampling import Row, combinations, neighbours, rounded, sample

VALUES = [Fraction(1, 2), Fraction(1), Fraction(2), Fraction(7, 3), Fraction(1, 1000)]
INTEGERS = {"K": 3}
EXPRESSIONS = [
    "x + y", "x - y", "x*y", "x/y", "x^K", "x^y", "x^(0-2)", "x^(1/2)", "-x", "sqrt(x)", "exp(x)", "log(x)", "abs(x - y)",
    "min(x, y, 1)", "max(x, y, 1)", "dd(K; x)", "dd(K; x, y)", "dd(K+4; x, y, 1, x)", "dd(1; x, y, 1)", "dd(0; x)",
    "sum(i, 1, K, x^i/i)", "prod(i, 0, K, x + i)", "sum(i, 1, K, sum(j, i, K, x*j))", "sum(i, 2, 1, x)", "s[K]", "s[K-1]*s[1]",
    "sum(i, 1, K, s[i]^2)", "gelu_lip*x", "exp(0-x)*(1+x)^K", "x - x", "0^K + x", "(x-x)^0",
]


def arrays():
    x = np.array([float(v) for v in VALUES for _ in VALUES], dtype=np.longdouble)
    y = np.array([float(w) for _ in VALUES for w in VALUES], dtype=np.longdouble)
    return {"x": x, "y": y}, {"s": [x, y, x]}


@pytest.mark.parametrize("algebra", [PLAIN, LOGARITHMIC], ids=["plain", "logarithmic"])
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values(text, algebra):
    e = parse_expression(text)
    found = Batch(algebra, INTEGERS, *arrays()).value(e)
    if algebra is LOGARITHMIC:
        found = found[0] * np.exp(np.where(found[0] == 0, 0.0, found[1]))
    found = np.broadcast_to(np.asarray(found, dtype=float), 25)
    k = 0
    for v in VALUES:
        for w in VALUES:
            exact = value(e, {"x": v, "y": w, "s": (v, w, v), **INTEGERS})
            assert float(exact) == pytest.approx(found[k], rel=1e-9, abs=1e-12)
            k += 1


@pytest.mark.parametrize("text", [
    "x <= y", "x < y", "x >= y", "x > y", "x == y", "x != y", "x <= y and y <= 2", "x <= y implies x^2 <= 1", "x <= 1 iff y <= 1",
    "forall(i, 1, K, s[i] <= 1)", "x <= 1 and y <= 1 and x + y <= 1", "log(x-1) <= y", "x/(y-1) <= 2", "x >= 3 implies sqrt(x-3) >= 0"])
def test_the_sign_of_a_margin_is_the_truth(text):
    s = parse_statement(text)
    found = margins([s], INTEGERS, *arrays(), 25)[0]
    k = 0
    for v in VALUES:
        for w in VALUES:
            exact = truth(s, {"x": v, "y": w, "s": (v, w, v), **INTEGERS})
            if isinstance(exact, Undefined):
                assert np.isnan(found[k])
            elif exact:
                assert found[k] >= 0
            else:
                assert found[k] <= 0
            k += 1


def test_logarithms_take_over_where_numbers_overflow():
    s = parse_statement("x^n <= (x + 1)^n")
    found = margins([s], {}, {"x": np.array([2.0, 5.0], dtype=np.longdouble), "n": np.array([2.0, 1e6], dtype=np.longdouble)}, {}, 2)[0]
    assert found[0] == pytest.approx(5 / 13)
    assert found[1] == pytest.approx(1)
    found = margins([parse_statement("x^n >= (x + 1)^n")], {}, {"x": np.array([5.0]), "n": np.array([1e6])}, {}, 1)[0]
    assert found[0] == pytest.approx(-1)


def test_structural_names():
    names = sorts.declared({"K": "natural", "L": "natural", "n": "natural", "x": "real", "s": "real[L]"})
    assert structural([parse_statement("sum(i, 1, K, x^i) <= dd(n; x, 1)")], names) == {"K", "n"}
    assert structural([parse_statement("s[1] <= x^K")], names) == {"L"}
    assert structural([parse_statement("x^n <= 1")], names) == set()


@pytest.mark.parametrize("text", ["sum(i, 1, 10^6, dd(i; x)) <= 1", "increasing(x, x)",
                                  "z <= 1", "bound(net) <= 1", "sum(i, 1, K/2, x) <= 1"])
def test_what_is_left_out(text):
    with pytest.raises(NotNumeric):
        Batch(PLAIN, INTEGERS, *arrays()).margin(parse_statement(text))


def test_samples_fit_their_sorts():
    rows = [Row("a", 0, "positive"), Row("b", 0, "nonnegative"), Row("c", 0, "real"), Row("n", 0, "natural"), Row("m", 0, "integer"),
            Row("s", 1, "positive"), Row("s", 2, "positive")]
    for seed in (0, 1, 2):
        x = sample(rows, 200, seed)
        assert (x[[0, 5, 6]] > 0).all() and (x[[1, 3]] >= 0).all() and (x[[3, 4]] == np.round(x[[3, 4]])).all()
        assert (x[2] < 0).any() and (x[4] < 0).any() and (x[1] == 0).any() and (x[5] == x[6]).any() and (x[0] > 1e3).any()
        assert np.array_equal(x, sample(rows, 200, seed))
    assert sample([], 100, 0).shape == (0, 1)
    moved = neighbours(rows, x[:, :3], np.random.default_rng(0))
    assert (moved[3] == np.round(moved[3])).all() and (moved[3] >= 0).all() and (moved[0] > 0).all()


def test_numbers_are_rounded_to_simple_ones():
    assert rounded(np.longdouble(1) / 3, 6) == Fraction(1, 3)
    assert rounded(0.1, 3) == Fraction(1, 10)
    assert rounded(3.14159265, 3) == Fraction(314, 100)
    assert rounded(1e-6, 4) == Fraction(1, 10**6)
    assert rounded(0.12345678901, 0) == Fraction(0.12345678901)
    assert rounded(-2.5, 2) == Fraction(-5, 2)


def test_combinations_begin_small():
    found = list(combinations({"K": (1, 2, 0, 100), "m": (1, 2, 0, 100)}))
    assert found[0] == {"K": 1, "m": 1}
    assert {"K": 100, "m": 2} in found
    assert {"K": 2, "m": 100} in found
    assert list(combinations({})) == [{}]
    assert [c["K"] for c in combinations({"K": (1, 5, 9)})] == [1, 5, 9]
