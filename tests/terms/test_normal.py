from fractions import Fraction

import pytest
from hypothesis import given
from term_reference import FEWER, NATURALS, REALS, ROOTED, STABLE, TREES, VALUES, NotRational, build, value

from normbound.errors import TermError
from normbound.terms.evaluate import evaluate
from normbound.terms.grammar import parse
from normbound.terms.normal import normal, same
from normbound.terms.store import Op, Store


def both(a: str, b: str) -> bool:
    with Store() as store:
        return same(parse(a, store), parse(b, store))


@pytest.mark.parametrize(("a", "b"), [
    ("a + b", "b + a"), ("(a + b) + c", "a + (b + c)"), ("a*b", "b*a"), ("(a*b)*c", "a*(b*c)"),
    ("x + x", "2*x"), ("x + x + 3*x", "5*x"), ("x/2 + x/2", "x"), ("2*x*3", "6*x"),
    ("x*x*x", "x^3"), ("x/x^2", "1/x"), ("sqrt(x)*sqrt(x)", "x"), ("(x*y)^2", "x^2*y^2"),
    ("sqrt(x^4*y)", "x^2*sqrt(y)"),
    ("dd(K; a)*dd(K; b)", "dd(K; a*b)"), ("dd(K; dd(m; a))", "dd(m*K; a)"), ("dd(K; a)^2", "dd(K; a^2)"),
    ("(a^K)^2*a^K", "a^K*a^K*a^K"), ("a^K/a^K", "1"), ("2^K*(3/2)^K", "3^K"), ("2^K*(1/2)^K*x", "x"),
    ("max(a, b)", "max(b, a)"), ("max(a, max(b, c))", "max(max(c, a), b)"), ("max(2, a, 3)", "max(a, 3)"),
    ("min(a, min(b, 2), 5)", "min(2, a, b)"), ("max(a, 0)", "a"), ("min(a, 0)", "0"), ("max(a, a)", "a"),
    ("(a + b)*(a + b)", "(b + a)^2"), ("dd(K; a, b, 1)", "dd(K; 1, b, a)"), ("dd(2*K/K; a, b)", "b + a"),
    ("(K - 1) + 1/2 + 1/2", "K"), ("x + (K - c) + y + c", "x + y + K"), ("4*sqrt(2)", "2*(2*sqrt(2))"),
    ("sqrt(1/2)", "1/sqrt(2)"), ("sum(i, K, w[i]*a)", "sum(j, K, a*w[j])"),
    ("sum(i, 3, sum(j, 2, w[i]*v[j]))", "sum(j, 3, sum(i, 2, v[i]*w[j]))"),
    ("prod(i, K, 2*w[i])", "prod(k, K, w[k] + w[k])"), ("0*unbounded", "0"), ("exp(a + b)", "exp(b + a)"),
])
def test_equal_forms(a: str, b: str) -> None:
    assert both(a, b)


@pytest.mark.parametrize(("a", "b"), [
    ("a + b", "a*b"), ("x^2", "x^3"), ("x^(2^K)", "x"), ("0^K", "0"), ("0^K", "1"), ("(0*a + 0)^K*b", "b"),
    ("dd(K; a, b)", "dd(K; a, a)"), ("max(a, b)", "min(a, b)"), ("max(a, 2)", "max(a, 3)"), ("1/dd(K/K; a, b, c)", "0"),
    ("sum(i, 3, sum(j, 2, w[i]*v[j]))", "sum(i, 3, sum(j, 2, w[j]*v[i]))"),
    ("sum(i, 2, sum(j, 2, w[i]*w[i]))", "sum(i, 2, sum(j, 2, w[i]*w[j]))"), ("i*sum(i, 3, i)", "sum(i, 3, i*i)"),
])
def test_different_functions_have_different_forms(a: str, b: str) -> None:
    assert not both(a, b)


def test_zero_to_a_symbolic_power() -> None:
    """0^K is 1 at K = 0 and absorbs its group otherwise."""
    with Store() as store:
        t = normal(parse("0^K*a^K*b", store))
        assert value(t, {"K": 0, "a": 5, "b": 7}) == 7
        assert value(t, {"K": 2, "a": 5, "b": 7}) == 0
        inverse = normal(store.power(store.dd(store.symbol("K"), [store.zero]), -1))
        assert evaluate(inverse, {"K": 0}) == 1
        assert not evaluate(inverse, {"K": 1}).is_finite()


@STABLE
@given(TREES)
def test_exact_values_are_kept(tree: object) -> None:
    with Store() as store:
        term = build(store, tree)
        try:
            expected = value(term, VALUES)
        except NotRational:
            return
        found = normal(term)
        assert value(found, VALUES) == expected


@STABLE
@given(ROOTED)
def test_balls_are_kept_and_forms_are_idempotent(tree: object) -> None:
    with Store() as store:
        term = build(store, tree)
        found = normal(term)
        assert normal(found) == found
        try:
            expected = evaluate(term, VALUES)
        except TermError:
            return
        if expected.is_finite():
            assert evaluate(found, VALUES).overlaps(expected)


@FEWER
@given(ROOTED, ROOTED, ROOTED)
def test_laws_on_random_terms(p: object, q: object, r: object) -> None:
    with Store() as store:
        x, y, z = (build(store, t) for t in (p, q, r))
        assert same(x + y, y + x)
        assert same((x + y) + z, x + (y + z))
        assert same(x * y, y * x)
        assert same((x * y) * z, x * (y * z))
        if normal(x).kind != Op.ADD:  # products are not distributed over sums
            assert same(x + x, 2 * x)
        assert same(x * x, x**2)
        assert same(store.maximum([x, y, z]), store.maximum([z, store.maximum([y, x])]))
        if y.id != store.zero.id:
            assert same((x * y) ** 2, x**2 * y**2)
        k = store.symbol("K")
        if x * y and not (x * y).is_unbounded:  # 0^K absorbs powers to K, not those to K*K
            assert same(store.dd(k, [x]) * store.dd(k, [y]), store.dd(k, [x * y]))


def test_forms_of_one_pass_agree_with_separate_passes() -> None:
    with Store() as store:
        a = parse("(a + b)*c + a + b", store)
        b = parse("b + a + c*(b + a)", store)
        assert normal(a) == normal(b)


def test_nested_residuals_stay_small() -> None:
    with Store() as store:
        x = y = store.symbol("x")
        for k in range(40):
            x = x + store.symbol(f"s{k}") * x
            y = y * (1 + store.symbol(f"s{k}"))
        assert len(store.reachable([y])) <= 125
        before = len(store)
        normal(x)
        assert len(store) - before < 1500
        assert len(str(y)) < 1000
        assert len(str(x)) < 4000
        values = {f"s{k}": Fraction(1, k + 1) for k in range(40)} | {"x": 3}
        assert evaluate(normal(x), values).overlaps(evaluate(y, values))


def test_long_shared_chains_take_linear_room() -> None:
    for step in ("x + s*x", "prefix", "max"):
        with Store() as store:
            y, total = store.symbol("x"), store.zero
            for k in range(3000):
                s = store.symbol(f"s{k}")
                if step == "prefix":
                    y = y * s
                    total = total + y
                elif step == "max":
                    total = y = store.maximum([y + s, y])
                else:
                    total = y = y + s * y
            before = len(store)
            normal(total)
            assert len(store) - before < 80 * 3000


def test_values_at_zero_depth() -> None:
    with Store() as store:
        for text in ("a^K*b^K", "dd(K; a, b) + dd(K; a)", "prod(i, K, w[i])*2", "sum(i, K, w[i])"):
            term = parse(text, store)
            point = {**REALS, **NATURALS, "K": 0, "w": []}
            assert evaluate(term, point).overlaps(evaluate(normal(term), point))
