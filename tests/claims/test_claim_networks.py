"""Bounds of networks inside claims: terms as syntax, with the same value, and derived on demand."""

from fractions import Fraction

import pytest
from flint import arb, fmpq

from normbound.claims.document import read
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Undefined, truth, value
from normbound.claims.grammar import parse_expression
from normbound.claims.networks import Derived, from_term
from normbound.claims.syntax import Node, Op, postorder
from normbound.errors import UnsupportedError
from normbound.network import builtins
from normbound.terms.evaluate import evaluate
from normbound.terms.store import Store, term


@pytest.fixture(autouse=True)
def fresh_store():
    with Store() as store:
        yield store


def ball(x):
    return arb(fmpq(x.numerator, x.denominator)) if isinstance(x, Fraction) else x


@pytest.mark.parametrize(("text", "expected"), [
    ("a*b/c + 1", "a*b/c + 1"), ("(a + b)^K", "(a + b)^K"), ("1/sqrt(a)", "1/sqrt(a)"), ("a^(3/2)", "a^1.5"), ("a^(1/3)", "a^(1/3)"),
    ("dd(K; a, 1)", "dd(K; 1, a)"), ("max(a, 2, b)", "max(a, b, 2)"), ("min(a, b)", "min(a, b)"), ("exp(a)", "exp(a)"),
    ("n - 1", "n - 1"),
    ("sum(i, K, s[i]*a)", "sum(i, 1, K, s[i]*a)"), ("prod(j, K - 1, s[j])", "prod(j, 1, K - 1, s[j])"), ("gelu_lip*a", "gelu_lip*a"),
    ("sum(i, K, s[i]) + sum(i, m, prod(i, K, s[i]))", None), ("i + sum(i, K, s[i])", "i + sum(j, 1, K, s[j])"),
])
def test_terms_as_syntax(text, expected):
    t = term(text)
    node = from_term(t)
    assert parse_expression(str(node)) == node
    if expected is not None:
        assert str(node) == expected
    point = {"a": Fraction(3, 2), "b": 2, "c": 3, "K": 3, "n": 4, "m": 2, "i": 5, "s": [1, Fraction(1, 2), 2]}
    assert ball(value(node, point)).overlaps(evaluate(t, point))


def test_shared_parts_stay_shared():
    t = term("a")
    for _ in range(3000):
        t = t + t * t
    node = from_term(t)
    assert len(postorder(node)) == 6001
    assert value(node, {"a": 0}) == 0


@pytest.mark.parametrize(("text", "message"), [("unbounded*a", "an unbounded part"), ("rate + 1", "'rate' cannot be named in a claim")])
def test_terms_without_syntax(text, message):
    with pytest.raises(UnsupportedError, match=message):
        from_term(term(text))


@pytest.mark.parametrize("name", builtins.names())
def test_built_in_networks(name):
    architecture = builtins.get(name)
    resolver = Derived({name: architecture})
    point = {k: list(v) if isinstance(v, tuple) else v for k, v in architecture.values.items()}
    for function in ("bound", "param_bound", "radius"):
        found = value(Node(Op.NET, (), (function, name)), point, resolver)
        assert not isinstance(found, Undefined)
        assert ball(found).overlaps(evaluate(resolver.derived(function, name).term, architecture.values))
        meaning = resolver(function, name)
        if isinstance(meaning, Node):
            assert parse_expression(str(meaning)) == meaning
    assert resolver("Lip", name) is None and resolver("param_Lip", name) is None


def test_claims_about_networks():
    d = read('''schema = 1
[vars]
K = "natural"
t = "nonnegative"
R = "nonnegative"
d = "natural"
[networks.plain]
network = "Repeat(Linear(t) >> ReLU, K)"
input = {radius = "R", features = "d"}
[[claim]]
id = "power"
show = "bound(plain) == t^K and bound(plain) >= 1"
''')
    resolver = Derived(d.networks)
    assert truth(d.claims[0].show, {"K": 3, "t": 2, "R": 1, "d": 1}, resolver) is True
    assert truth(d.claims[0].show, {"K": 3, "t": Fraction(1, 2), "R": 1, "d": 1}, resolver) is False
    with pytest.raises(ClaimError, match="unknown network 'plan'; did you mean plain"):
        resolver("bound", "plan")
    with pytest.raises(ClaimError, match="is no derived bound"):
        resolver.derived("Lip", "plain")
