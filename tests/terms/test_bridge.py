import time
from fractions import Fraction

import pytest
import sympy
from flint import arb
from hypothesis import given
from term_reference import FEWER, ROOTED, VALUES, build

from normbound.errors import TermError, UnsupportedError
from normbound.terms import bridge
from normbound.terms.bridge import NamedConstant, OperatorNorm, Recurrence, from_sympy, to_sympy
from normbound.terms.constants import CONSTANTS
from normbound.terms.evaluate import evaluate, precision
from normbound.terms.grammar import parse
from normbound.terms.normal import same
from normbound.terms.store import Store, sqrt

x, y = sympy.symbols("x y", nonnegative=True)
K = sympy.Symbol("K", integer=True, nonnegative=True)


@pytest.mark.parametrize("text", [
    "x", "7/3", "x + 2*y", "x*y/3", "x^2/y^3", "sqrt(x + y)", "x^(2/3)", "max(x, y, 1)", "min(x, y)", "exp(x*y)", "x^K",
    "(x*y)^K", "dd(K; x, y, 1)", "dd(K + 1; x, x)", "w[K]*x", "sum(i, K, w[i]*x^i)", "prod(i, K, 1 + w[i])", "pi*x",
    "log2 + x", "gelu_lip*x + y", "silu_lip", "mish_min + 1", "K - 1", "x*(K - 1)", "sum(i, K, sum(j, i, w[i]*w[j]))",
    "unbounded", "x^(K + 1)", "1/x^K", "exp(x)^-1", "i*sum(i, 3, i*x)",
])
def test_round_trip(text: str) -> None:
    with Store() as store:
        term = parse(text, store)
        back = from_sympy(to_sympy(term, closed=False), store)
        if not same(back, term):
            values = {"x": Fraction(2, 3), "y": Fraction(5, 4), "K": 3, "w": [1, 2, 3], "i": 4}
            assert text in ("x^(K + 1)", "exp(x)^-1", "x*(K - 1)", "1/x^K"), str(back)
            assert evaluate(back, values).overlaps(evaluate(term, values))


@FEWER
@given(ROOTED)
def test_round_trip_keeps_values(tree: object) -> None:
    with Store() as store:
        term = build(store, tree)
        expr = to_sympy(term)
        if expr.has(sympy.nan, sympy.zoo):
            return  # 1/0 has no meaning in SymPy
        try:
            expected = evaluate(term, VALUES)
            back = evaluate(from_sympy(expr, store), VALUES)
        except TermError as error:
            assert "erf" not in str(error)
            return
        if expected.is_finite() and back.is_finite():
            assert back.overlaps(expected)


def test_symbols_and_assumptions() -> None:
    with Store() as store:
        store.symbol("p", positive=True)
        expr = to_sympy(parse("p*x^K + n", store), naturals={"n"})
        facts = {s.name: s for s in expr.free_symbols}
        assert facts["p"].is_positive and facts["x"].is_nonnegative and not facts["x"].is_integer
        assert facts["K"].is_integer and facts["K"].is_nonnegative and facts["n"].is_integer


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants(name: str) -> None:
    with Store() as store:
        term = store.constant(name)
        ball = evaluate(term, {})
        with precision(160):
            for expr in (to_sympy(term), to_sympy(term, closed=False)):
                assert abs(arb(str(sympy.N(expr, 40))) - ball) < arb("1e-28")
        assert from_sympy(to_sympy(term, closed=False), store) == term
    assert sympy.latex(NamedConstant(name)) == CONSTANTS[name].tex
    assert NamedConstant(name) == NamedConstant(name) and NamedConstant(name).is_positive
    assert (2 * NamedConstant(name) + x).subs(x, 0) == 2 * NamedConstant(name)


def test_gelu_is_closed() -> None:
    with Store() as store:
        expected = (1 + sympy.erf(1)) / 2 + sympy.exp(-1) / sympy.sqrt(sympy.pi)
        assert to_sympy(store.constant("gelu_lip")) == expected


def test_dd_function() -> None:
    a, b, c = sympy.symbols("a b c", nonnegative=True)
    assert bridge.dd(K, a) == a**K and bridge.dd(K, a, b) == bridge.dd(K, b, a)
    assert bridge.dd(0, a, b) == 0 and bridge.dd(1, a, b) == 1 and bridge.dd(3, a, b).doit() == a**2 + a * b + b**2
    assert bridge.dd(4, a, b, c).doit() == sympy.expand(sum(a**i * b**j * c ** (2 - i - j)
                                                           for i in range(3) for j in range(3 - i)))
    assert bridge.dd(5, a, a).doit() == 5 * a**4
    assert bridge.dd(K, a, b).diff(a) == bridge.dd(K, a, a, b)
    assert bridge.dd(K, a, a).diff(a) == 2 * bridge.dd(K, a, a, a)
    assert bridge.dd(K, a, b).is_nonnegative
    assert sympy.latex(bridge.dd(K, a, b)) == r"\operatorname{dd}_{K}\!\left(a, b\right)"
    assert sympy.latex(bridge.dd(K, a, b) ** 2) == r"\operatorname{dd}_{K}\!\left(a, b\right)^{2}"
    with pytest.raises(UnsupportedError, match="no derivative by its depth"):
        bridge.dd(K, a, b).diff(K)


@pytest.mark.parametrize("depth", range(6))
def test_dd_as_a_sum(depth: int) -> None:
    a, b, c = sympy.symbols("a b c", nonnegative=True)
    for nodes in ((a, b), (a, b, c)):
        total = bridge.dd(K, *nodes).rewrite(sympy.Sum)
        assert total.has(sympy.Sum)
        point = {a: sympy.Rational(2, 3), b: sympy.Integer(5), c: sympy.Rational(1, 7)}
        assert total.subs(K, depth).subs(point).doit() == bridge.dd(sympy.Integer(depth), *nodes).doit().subs(point)


def test_dd_at_a_large_depth() -> None:
    a = 1 + sympy.Rational(1, 10**7)
    start = time.perf_counter()
    found = sympy.N(bridge.dd(10**6, a, 1), 30)
    assert time.perf_counter() - start < 1
    exact = (a**10 - 1) * 10**7  # the same quotient at depth 10 checks the small case
    assert abs(sympy.N(bridge.dd(10, a, 1), 30) - sympy.N(exact, 30)) < 1e-27
    with Store() as store:
        ball = evaluate(parse("dd(K; a, 1)", store), {"K": 10**6, "a": 1 + Fraction(1, 10**7)})
    with precision(160):
        assert abs(arb(str(found)) - ball) < arb("1e-22")


def test_recurrences() -> None:
    with Store() as store:
        i, s = store.fresh("i"), store.fresh("B")
        term = store.recurrence(0, store.symbol("K"), i, [s], [store.symbol("x")], [s**2 + i * store.symbol("y")])
        expr = to_sympy(term)
        assert isinstance(expr, Recurrence) and expr.doit() == expr and expr.free_symbols == {K, x, y}
        done = expr.subs(K, 2).doit()
        assert sympy.expand(done - ((x**2 + y) ** 2 + 2 * y)) == 0
        assert sympy.N(expr.subs({K: 2, x: 1, y: 1})) == 6.0
        assert same(from_sympy(expr, store), term)
        assert expr.subs(x, 3).args[4] == sympy.Tuple(3)
        assert "B_{i} = B^{2} + i y" in sympy.latex(expr)
        bound = expr.bound_symbols[1]
        with pytest.raises(UnsupportedError, match="binds"):
            expr.subs(x, bound)


def test_operator_norms() -> None:
    with Store() as store:
        term = store.operator_norm([[3, 4], [0, Fraction(1, 2)]])
        expr = to_sympy(term)
        assert isinstance(expr, OperatorNorm) and from_sympy(expr, store) == term
        assert abs(float(sympy.N(expr)) - float(evaluate(term, {}).mid())) < 1e-12


def test_sizes_are_limited() -> None:
    with Store() as store:
        t = store.symbol("x")
        for k in range(40):
            t = t + store.symbol(f"s{k}") * t
        with pytest.raises(UnsupportedError, match=r"without sharing the term has 4.4e.12 nodes"):
            to_sympy(t)
        with pytest.raises(UnsupportedError, match=r"the term has 121 nodes; to_sympy converts at most 100"):
            to_sympy(t, limit=100)


@pytest.mark.parametrize(("expr", "message"), [
    (-x, "negative coefficient -1"), (x - y, "negative summand -y"), (sympy.Integer(-2), "negative number -2"),
    (sympy.sin(x), "sin is not accepted"), (sympy.erf(x) + 1, "erf is not accepted"),
    (sympy.Float("0.5") * x, "the float"),
    (x**y, "exponent y"), (sympy.I * x, "ImaginaryUnit is not accepted"), (2 - x, "negative summand -x"),
    (sympy.Symbol("a b"), "is not a name"), (sympy.Sum(x, (sympy.Symbol("i"), 0, K)), "run over"),
    ("x + 1", "found str"),
    (2.5, "found float"), (sympy.Matrix([[1]]), "expected|not accepted"), (sympy.Symbol("f__g"), "is not a name"),
    (sympy.nan, "not accepted|nan"), (sympy.zoo, "not accepted"), (sympy.Eq(x, y), "not accepted"),
])
def test_errors(expr: object, message: str) -> None:
    with Store() as store, pytest.raises(TermError, match=message):
        from_sympy(expr, store)


def test_deep_terms_and_expressions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with Store() as store:
        term = store.symbol("x")
        for _ in range(50):
            term = sqrt(term + 1)
        expr = to_sympy(term)
        assert same(from_sympy(expr, store), term)
        with pytest.raises(UnsupportedError, match="nested 102 deep"):
            to_sympy(sqrt(term + 1))
        monkeypatch.setattr(bridge, "MAX_READ_NESTING", 40)
        with pytest.raises(TermError, match="nested deeper than 40"):
            from_sympy(expr, store)
