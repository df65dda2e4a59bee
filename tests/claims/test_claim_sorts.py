"""Sorts: declarations, and statements that do not fit them."""

import pytest

from normbound.claims.errors import ClaimError, SortError
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.sorts import Sort, check, declared, is_integer, is_natural, parse_sort

VARS = declared({"K": "natural", "m": "integer", "x": "real", "a": "positive", "b": "nonnegative", "s": "positive[K]",
                 "t": "real[3]", "n": "natural[K+1]"})


def test_declarations():
    assert VARS["x"] == Sort("real") and not VARS["x"].is_family
    assert VARS["n"] == Sort("natural", parse_expression("K+1")) and VARS["n"].is_family
    assert str(VARS["n"]) == "natural[K + 1]" and str(VARS["a"]) == "positive"


@pytest.mark.parametrize(("text", "message", "column"), [
    ("pos", "found 'pos'; did you mean positive?; accepted: positive, nonnegative, real, natural, integer", 1),
    ("", "found an empty text", 1),
    ("positive[K", "found no ']'", 11),
    ("positive[]", "found the end; accepted: a number", 10),
    ("positive [K+]", "found the end", 13),
    ("positive[K]]", "found ']'", 11),
    ("positive[\u0136]", "U+0136", 10),
])
def test_malformed_sorts(text, message, column):
    with pytest.raises(ClaimError) as caught:
        parse_sort(text)
    assert message in caught.value.finding
    assert caught.value.column == column


@pytest.mark.parametrize(("texts", "message"), [
    ({"s": "positive[K]"}, "unknown name 'K'"),
    ({"K": "integer", "s": "positive[K]"}, "found the length 'K'; accepted: a natural number"),
    ({"K": "natural", "s": "positive[K-1]"}, "found the length 'K - 1'"),
    ({"K": "natural", "s": "positive[1.5]"}, "found the length '1.5'"),
    ({"K": "natural", "s": "positive[K/2]"}, "found the length 'K/2'"),
    ({"s": "natural[3]", "t": "real[s]"}, "s is a family"),
    ({"a__b": "real"}, "double underscores"), ({"log": "real"}, "a word of the language"), ({"pi": "real"}, "a constant of normbound"),
    ({"2x": "real"}, "accepted: a name"), ({"x" * 61: "real"}, "at most 60"), ({"x": "reel"}, "x: found 'reel'; did you mean real?"),
])
def test_malformed_declarations(texts, message):
    with pytest.raises(ClaimError) as caught:
        declared(texts)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", [
    "sum(i, 0, K - 1, a^i) == (a^K - 1)/(a - 1)", "forall(i, 1, K, s[i] <= a^i)", "dd(K - 1; a, b) >= 0", "t[3] <= x^(1/2)",
    "sum(i, 1, K, sum(j, i, m, i*j)) <= 1", "s[min(K, 1 + abs(m))] <= 1", "sum(i, 1, K, i) + prod(i, 1, K, i) == K",
    "n[K+1] <= dd(n[1]; 2)",
    "increasing(a*s[1], s)", "decreasing(1/a, a)", "limit(1/K, K) == 0", "rate(a^K, K) == a", "limit(1/x, x) == 0",
    "recurrence y(0) = 1, y(i+1) = a*y(i) + i has closed form y(i) = a^i", "bound(net) <= a", "dd(2^K; a, b) <= pi",
])
def test_well_sorted(text):
    check(parse_statement(text), VARS, {"net"})


@pytest.mark.parametrize(("text", "message", "column"), [
    ("a <= y", "found the unknown name 'y'; accepted: K, m, x, a, b, s, t, n", 6),
    ("a <= u[1]", "found the unknown name 'u'", 6),
    ("s <= 1", "s is a family, positive[K]; accepted: a member such as s[1]", 1),
    ("a[1] <= 1", 'a is one number, positive; accepted: a without [...], or a declaration such as "positive[K]"', 1),
    ("sum(i, 1, K, i[1]) <= 1", "i is an index", 14),
    ("sum(i, 1, K, a) <= i", "unknown name 'i'", 20),
    ("sum(i, 1, i, a) <= 1", "unknown name 'i'", 11),
    ("sum(K, 1, 3, a) <= 1", "K is a variable and bound by sum", 1),
    ("prod(s, 1, 3, a) <= 1", "s is a family and bound by prod", 1),
    ("forall(net, 1, 3, a <= 1)", "net is a network and bound by forall", 1),
    ("sum(i, 1, 3, sum(i, 1, 3, a)) <= 1", "i is the index of an outer sum", 14),
    ("recurrence a(0) = 1, a(i+1) = 2 has closed form a(i) = 1", "a is a variable and bound by recurrence", 1),
    ("recurrence y(0) = 1, y(K+1) = 2 has closed form y(K) = 1", "K is a variable and bound by recurrence", 1),
    ("recurrence y(0) = i, y(i+1) = 2 has closed form y(i) = 1", "unknown name 'i'", 19),
    ("recurrence y(0) = 1, y(i+1) = 2 has closed form y(i) = y", "unknown name 'y'", 56),
    ("dd(a; b) <= 1", "the depth of dd is 'a', which need not be an integer", 4),
    ("dd(K/2; b) <= 1", "the depth of dd is 'K/2'", 4),
    ("s[x] <= 1", "the index of s is 'x'", 3),
    ("s[0] <= 1", "found the index 0; accepted: from 1 to K", 3),
    ("t[4] <= 1", "found the index 4; accepted: from 1 to 3", 3),
    ("s[-1] <= 1", "found the index -1", 3),
    ("sum(i, a, K, i) <= 1", "the lower end of sum is 'a'", 8),
    ("prod(i, 1, sqrt(K), i) <= 1", "the upper end of prod is 'sqrt(K)'", 12),
    ("increasing(a, y)", "unknown name 'y'", 1),
    ("sum(i, 1, 3, 1) == 3 and forall(i, 1, 3, increasing(a*i, i))", "increasing speaks of the index i", 42),
    ("increasing(sum(i, 1, K, s[i]), K)", "K, the length of the family s", 1),
    ("limit(a, s) == 1", "limit speaks of s, a family", 1),
    ("rate(a^x, x) == 1", "rate speaks of x, declared real; accepted: a natural variable", 1),
    ("limit(1/K, K) == 1/K", "the value of the limit contains K", 18),
    ("bound(nett) <= 1", "found the unknown network 'nett'; did you mean net?; accepted: net", 1),
    ("net <= 1", "net is a network; accepted: bound(net)", 1),
])
def test_badly_sorted(text, message, column):
    with pytest.raises(SortError) as caught:
        check(parse_statement(text), VARS, {"net"})
    assert message in caught.value.finding
    assert caught.value.column == column


@pytest.mark.parametrize(("text", "integer", "natural"), [
    ("K", True, True), ("m", True, False), ("x", False, False), ("K-1", True, False), ("2*K+1", True, True), ("-m", True, False),
    ("abs(m)", True, True), ("K^2", True, True), ("K^m", False, False), ("K/2", False, False), ("1.5", False, False), ("2.0", True, True),
    ("max(K, m)", True, False), ("dd(K; 1, 2)", True, True), ("sum(i, 1, K, i)", True, False), ("n[1]", True, True),
    ("s[1]", False, False),
    ("2^K", True, True), ("m^K", True, False), ("bound(net)", False, False), ("sqrt(4)", False, False),
])
def test_integers_by_form(text, integer, natural):
    node = parse_expression(text)
    assert (is_integer(node, VARS), is_natural(node, VARS)) == (integer, natural)
