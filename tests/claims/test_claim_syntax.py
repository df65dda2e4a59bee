"""Nodes: immutability, hash, equality and passes over shared parts; conversions of numbers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import value
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.syntax import (
    Node,
    Op,
    Position,
    build,
    conjunction,
    free_names,
    literal,
    networks,
    number,
    parts,
    postorder,
    substitute,
    tree_size,
    variable,
)


def doubled(levels):
    node = variable("a")
    for _ in range(levels):
        node = Node(Op.ADD, (node, node))
    return node


def test_nodes_cannot_be_changed():
    node = variable("a")
    with pytest.raises(AttributeError, match="immutable"):
        node.op = "num"
    with pytest.raises(AttributeError, match="immutable"):
        del node.args


def test_position_is_not_part_of_equality_and_hash():
    a, b = parse_expression("a+b"), parse_expression("  a \n + b")
    assert a == b and hash(a) == hash(b) and a.at != b.at
    assert b.args[1].at == Position(2, 4)
    assert a != parse_expression("b+a") and a != "a+b"


def test_passes_are_linear_in_distinct_nodes():
    x, y = doubled(5000), doubled(5000)  # 2^5000 nodes as trees, and far beyond the recursion limit of Python
    assert x == y and hash(x) == hash(y)
    assert len(postorder(x)) == 5001
    assert free_names(x) == {"a"}
    assert tree_size(x, 1000) == 1001
    assert value(doubled(3000), {"a": 1}) == 2**3000
    replaced = substitute(x, {"a": variable("b")})
    assert len(postorder(replaced)) == 5001 and free_names(replaced) == {"b"}
    with pytest.raises(ClaimError, match="parts"):
        str(x)
    assert "depth 5001" in repr(x)


def test_depth_is_counted():
    assert variable("a").depth == 1 and doubled(7).depth == 8


@given(st.fractions())
def test_numbers_go_there_and_back(q):
    node = number(q)
    assert literal(node) == q
    assert literal(parse_expression(str(node))) == q
    assert value(node, {}) == q


@pytest.mark.parametrize(("text", "expected"), [("3", 3), ("-3", -3), ("1/3", Fraction(1, 3)), ("-(2/-3)" "", None), ("1/0", None),
                                                ("1+1", None), ("a", None), ("2*3", None)])
def test_literals_are_not_evaluated(text, expected):
    if text == "-(2/-3)":
        text, expected = "-(2/(-3))", Fraction(2, 3)
    assert literal(parse_expression(text)) == expected


def test_free_names_know_binders():
    s = parse_statement("sum(i, i0, K, s[i]*a) <= L and forall(j, 1, K, s[j] <= b) and increasing(1, z)")
    assert free_names(s) == {"i0", "K", "s", "a", "L", "b", "z"}
    r = parse_statement("recurrence x(0) = u, x(i+1) = v*x(i)+i has closed form x(i) = w*i")
    assert free_names(r) == {"u", "v", "w"}
    assert networks(parse_statement("bound(n1) <= Lip(n2)")) == {"n1", "n2"}


def test_substitution_refuses_capture():
    body = parse_expression("sum(i, 1, K, a*i)")
    assert substitute(body, {"a": parse_expression("b+1")}) == parse_expression("sum(i, 1, K, (b+1)*i)")
    for mapping in ({"a": variable("i")}, {"i": variable("b")}):
        with pytest.raises(ClaimError, match="collides"):
            substitute(body, mapping)
    with pytest.raises(ClaimError, match="collides"):
        substitute(parse_statement("increasing(a*x, x)"), {"x": number(2)})


def test_conjunctions_are_flat():
    p, q, r = (parse_statement(t) for t in ("a <= b", "b <= c", "c <= d"))
    assert conjunction([conjunction([p, q]), r]) == parse_statement("a <= b <= c <= d") == parse_statement("(a<=b and b<=c) and c<=d")
    assert conjunction([p]) == p
    with pytest.raises(ClaimError, match="at least one"):
        conjunction([])


def test_parts_of_a_recurrence():
    r = parse_statement("recurrence y(0) = 1, x(0) = 2, x(k+1) = y(k), y(k+1) = 3 has closed form y(k) = 4, x(k) = 5")
    index, sequences = parts(r)
    assert index == "k"
    assert [(s.name, str(s.start), str(s.form)) for s in sequences] == [("y", "1", "4"), ("x", "2", "5")]


@pytest.mark.parametrize(("make", "message"), [
    (lambda: build("nonsense"), "found the operator"),
    (lambda: build(Op.ADD, variable("a")), "add has 2 parts, found 1"),
    (lambda: build(Op.AND, build(Op.LE, number(1), number(2))), "at least 2"),
    (lambda: build(Op.AND, number(1), number(2)), "joins statements"),
    (lambda: build(Op.MUL, build(Op.LE, number(1), number(2)), number(2)), "takes expressions"),
    (lambda: build(Op.ADD, build("inf"), number(1)), "inf is accepted only"),
    (lambda: build(Op.NUM, value=Fraction(1, 3)), "finite decimal"),
    (lambda: build(Op.NUM, value=0.5), "finite decimal"),
    (lambda: build(Op.VAR, value=""), "needs a name"),
    (lambda: build("net", value=("Lop", "n")), "is needed with a function of"),
    (lambda: build("recurrence", number(1), value=("i", ("x",))), "a recurrence has"),
    (lambda: build(Op.ADD, number(1), number(2), value=3), "has no datum"),
    (lambda: build("forall", number(1), number(2), number(3), value="i"), "two expressions and a statement"),
    (lambda: number(10**500), "digits"),
])
def test_malformed_nodes_are_refused(make, message):
    with pytest.raises(ClaimError, match=message):
        make()
