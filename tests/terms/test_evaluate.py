import time
from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from term_reference import STABLE, TREES, VALUES, NotRational, build, contains, homogeneous, value

from normbound.errors import TermError
from normbound.terms.evaluate import Balls, evaluate, evaluate_floats, evaluate_many, format_ball
from normbound.terms.grammar import parse
from normbound.terms.store import Store, sqrt

NODES = st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 2), Fraction(2), Fraction(7, 3), Fraction(101, 100)])


@settings(STABLE, max_examples=400)
@given(TREES)
def test_balls_contain_the_exact_value(tree: object) -> None:
    with Store() as store:
        term = build(store, tree)
        try:
            expected = value(term, VALUES)
        except NotRational:
            return
        ball = evaluate(term, VALUES)
        assert contains(ball, expected)
        approximate = evaluate_floats([term], VALUES)[0]
        if expected < 10**300:
            assert abs(approximate - float(expected)) <= 1e-9 * float(expected) + 1e-300


@STABLE
@given(st.integers(0, 8), st.lists(NODES, min_size=1, max_size=5))
def test_dd_against_the_definition(depth: int, nodes: list[Fraction]) -> None:
    def recursion(k: int, tail: list[Fraction]) -> Fraction:
        if k == 0:
            return Fraction(len(tail) == 1)
        return tail[0] * recursion(k - 1, tail) + (recursion(k - 1, tail[1:]) if len(tail) > 1 else 0)

    expected = recursion(depth, nodes)
    assert expected == homogeneous(depth - len(nodes) + 1, nodes)
    with Store() as store:
        symbols = [store.symbol(f"l{k}") for k in range(len(nodes))]
        values = {f"l{k}": v for k, v in enumerate(nodes)}
        for d in (store.symbol("K"), store.number(depth)):
            ball = evaluate(store.dd(d, symbols), {"K": depth, **values})
            assert contains(ball, expected)
        literal = store.dd(store.symbol("K"), [store.number(v) for v in nodes])
        assert contains(evaluate(literal, {"K": depth}), expected)


def test_dd_of_a_million_steps_near_ratio_one() -> None:
    with Store() as store:
        term = parse("dd(K; a, a, 1, b)", store)
        start = time.perf_counter()
        ball = evaluate(term, {"K": 10**6, "a": 1 + Fraction(1, 10**7), "b": 1})
        assert time.perf_counter() - start < 0.1
        assert ball.rad() < ball.mid() * arb("1e-25")
        low, high = homogeneous_bounds(10**6, 4, 1 + Fraction(1, 10**7))
        assert low < ball < high


def homogeneous_bounds(depth: int, m: int, top: Fraction) -> tuple[arb, arb]:
    """The number of monomials, and that times the largest monomial (at most e^(1/10))."""
    count = 1
    for k in range(1, m):
        count = count * (depth - m + 1 + k) // k
    return arb(count), arb(count) * arb("1.1052")


def test_huge_values_are_shown() -> None:
    with Store() as store:
        assert format_ball(evaluate(parse("a^K", store), {"a": 10, "K": 900})) == "1.00000e+900"
        assert format_ball(evaluate(parse("x", store), {"x": "5/4"})) == "1.25000"
        assert format_ball(evaluate(store.unbounded, {})) == "unbounded"
        assert evaluate(parse("a^K", store), {"a": 2, "K": 10**9}).is_finite()


LOOPS = [
    ("sum(i, K, w[i]*v[K - i + 1])", lambda w, v, k: sum(w[i] * v[k - 1 - i] for i in range(k))),
    ("prod(i, K, w[i] + v[i])", lambda w, v, k: _prod(w[i] + v[i] for i in range(k))),
    ("sum(i, K, sum(j, K, w[i]*v[j]))", lambda w, v, k: sum(w[:k]) * sum(v[:k])),
    ("sum(i, K, prod(j, i, w[j] + i))", lambda w, v,
    k: sum(_prod(w[j] + i + 1 for j in range(i + 1)) for i in range(k))),
    ("sum(i, K, v[i]*prod(j, K - i, w[j + i]))", lambda w, v, k: sum(v[i] * _prod(w[i + 1:k]) for i in range(k))),
    ("sum(i, K, 3)", lambda w, v, k: 3 * k), ("prod(i, K, x)", lambda w, v, k: Fraction(1, 2) ** k),
    ("sum(i, K, x*sum(j, i, 2))", lambda w, v, k: Fraction(k * (k + 1), 2)),
    ("sum(i, K, dd(i; x, 1))", lambda w, v, k: sum(homogeneous(i, [Fraction(1, 2), Fraction(1)]) for i in range(k))),
    ("sum(i, K, dd(K - i; x, w[i]))", lambda w, v, k: sum(homogeneous(k - i - 2, [Fraction(1, 2),
    w[i]]) for i in range(k))),
    ("sum(i, K, max(w[i], i, x))", lambda w, v, k: sum(max(w[i], i + 1, Fraction(1, 2)) for i in range(k))),
    ("sum(i, i, w[i])", lambda w, v, k: w[0] + w[1]), ("sum(i, K*K, x)", lambda w, v, k: Fraction(k * k, 2)),
]


def _prod(xs: object) -> Fraction:
    result = Fraction(1)
    for x in xs:  # type: ignore[attr-defined]
        result *= x
    return result


@pytest.mark.parametrize(("text", "loop"), LOOPS, ids=[t for t, _ in LOOPS])
@pytest.mark.parametrize("k", [0, 1, 4])
def test_sums_and_products_against_loops(text: str, loop: object, k: int) -> None:
    w = [Fraction(1, 3), Fraction(2), Fraction(0), Fraction(5, 4)]
    v = [Fraction(3), Fraction(1, 7), Fraction(2), Fraction(1)]
    with Store() as store:
        found = evaluate(parse(text, store), {"w": w, "v": v, "K": k, "x": "1/2", "i": 2})
        assert contains(found, loop(w, v, k))  # type: ignore[operator]


@pytest.mark.parametrize("k", [0, 1, 5])
def test_nested_recurrences_against_loops(k: int) -> None:
    with Store() as store:
        i, j, x, y, z = (store.fresh(n) for n in "ijxyz")
        depth, m = store.symbol("K"), store.symbol("M")
        inner = store.recurrence(0, m, j, [z], [x], [z * store.element("w", j) + y * i])
        tail = store.sum(j, i, store.element("w", j) * x)
        outer = store.recurrence(1, depth, i, [x, y], [store.symbol("a"), store.one], [inner + tail, y * 2 + x**2])
        w = [Fraction(1, 2), Fraction(3), Fraction(1), Fraction(1, 5), Fraction(2)]
        px, py = Fraction(1, 3), Fraction(1)
        for t in range(1, k + 1):
            pz = px
            for u in range(1, 4):
                pz = pz * w[u - 1] + py * t
            px, py = pz + sum(w[:t]) * px, py * 2 + px**2
        values = {"K": k, "M": 3, "a": "1/3", "w": w}
        assert contains(evaluate(outer, values), py)
        assert value(outer, values | {"a": Fraction(1, 3)}) == py


def test_a_constant_family_is_one_number() -> None:
    with Store() as store:
        assert evaluate(parse("prod(i, K, w[i])", store), {"w": 2, "K": 10}) == 1024


@pytest.mark.parametrize(("text", "values", "message"), [
    ("x + y*w[1]", {}, "no value for x, y, w"), ("x^K", {"x": 1, "K": "1/2"}, "natural number"),
    ("x^K", {"x": 1, "K": -1}, "natural number"), ("x^K", {"x": 1, "K": True}, "found True"),
    ("x", {"x": -1}, "found the value -1; symbols are nonnegative"), ("x", {"x": 0.5}, "float 0.5"),
    ("x", {"x": [1, 2]}, "one symbol"), ("w[3]", {"w": [1, 2]}, r"w\[3\] has no value; 2 members"),
    ("sum(i, K, w[i])", {"w": [1], "K": 2}, r"w\[2\] has no value"), ("w[0*x]", {"w": [1], "x": 1}, r"w\[0\]"),
    ("K - 3", {"K": 2}, "natural difference 2 - 3"), ("x*(1/y)", {"x": 0, "y": 0}, "not defined"),
    ("sum(i, K, x)", {"x": 1, "K": 10**8}, "beyond 2000000"), ("x^(K/2)", {"x": 1, "K": 3}, "natural number"),
    ("x", {"x": arb(0, 1)}, "not known to be nonnegative"), ("1/x", {"x": arb(1, 1)}, "not separated|nonnegative"),
])
def test_errors(text: str, values: dict[str, object], message: str) -> None:
    with Store() as store, pytest.raises(TermError, match=message):
        evaluate(parse(text, store), values)


def test_an_index_outside_its_scope_is_an_error() -> None:
    with Store() as store:
        i = store.fresh("i")
        term = i * store.sum(i, store.symbol("K"), i)
        with pytest.raises(TermError, match="outside the sum"):
            evaluate(term, {"K": 2})


def test_whole_fractions_are_naturals() -> None:
    with Store() as store:
        for k in (4, Fraction(4), "4", "8/2"):
            assert evaluate(parse("x^K", store), {"x": 2, "K": k}) == 16


def test_zero_denominators() -> None:
    with Store() as store:
        values = {"e": 0, "K": 3, "x": 2}
        for text in ("1/e", "x/sqrt(e)", "dd(K; 1/e, 1)", "max(1/e, 3)", "x + 1/e", "exp(1/e)"):
            assert evaluate(parse(text, store), values) == arb.pos_inf()
        assert evaluate(parse("min(1/e, 3)", store), values) == 3
        assert evaluate(parse("1/(1/e)", store), values) == 0
        assert evaluate(parse("dd(K; 1/e, 1)", store), {**values, "K": 1}) == 1


def test_roots_of_balls_that_reach_zero() -> None:
    for exponent in (Fraction(1, 2), Fraction(1, 3), Fraction(3, 2)):
        ball = Balls(64).power(arb(1, 1), exponent)
        assert ball.contains(0) and ball.contains(1) and ball.is_finite()
    with Store() as store:
        assert evaluate(sqrt(store.symbol("x")), {"x": 0}) == 0


def test_many_terms_at_once() -> None:
    with Store() as store:
        terms = [parse(t, store) for t in ("x", "x*x", "x + 1", "x^2")]
        assert [float(v) for v in evaluate_many(terms, {"x": 3})] == [3, 9, 4, 9]
        assert evaluate_many([], {}) == []
        assert evaluate(parse("sqrt(x)", store), {"x": 2}, bits=400).rad() < arb("1e-110")
