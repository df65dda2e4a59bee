"""Syntax as text: what is printed is read back as the same syntax, with the fewest parentheses."""

from datetime import timedelta
from fractions import Fraction

import pytest
from claim_trees import EXPRESSIONS, STATEMENTS
from hypothesis import HealthCheck, given, settings

from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.syntax import Node, Op, variable
from normbound.claims.text import decimal, to_text

QUICK = settings(max_examples=300, deadline=timedelta(seconds=5), derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(EXPRESSIONS)
def test_expressions_are_read_back(node):
    assert parse_expression(to_text(node)) == node


@QUICK
@given(STATEMENTS)
def test_statements_are_read_back(node):
    assert parse_statement(to_text(node)) == node


def _without(text, k):
    """The text without the parenthesis at k and the one that closes it; None when there is none at k."""
    if text[k] != "(" or (k and (text[k - 1].isalnum() or text[k - 1] == "_")):
        return None
    depth = 0
    for end in range(k, len(text)):
        depth += (text[end] == "(") - (text[end] == ")")
        if not depth:
            return text[:k] + " " + text[k + 1: end] + " " + text[end + 1:]
    return None


@QUICK
@given(STATEMENTS)
def test_no_parenthesis_is_superfluous(node):
    """Without any one pair of parentheses the text has another meaning or none; exponents keep theirs around a minus sign."""
    text = to_text(node)
    for k in range(len(text)):
        shorter = _without(text, k)
        if shorter is None or text[k - 1: k + 2] == "^(-":
            continue
        try:
            other = parse_statement(shorter)
        except ValueError:
            continue
        assert other != node, (text, shorter)


@pytest.mark.parametrize("text", [
    "a <= b <= c < d", "a <= b and c <= d", "a <= b < c and d == 1", "-a*b - c", "a - (b - c)", "a/(b*c)", "a*(b/c)", "(-a)*b",
    "a*(-b)", "a + (-b)", "-(-a)", "a^(-2)", "(a + b)^(c/2)", "dd(K - 1; a, b)", "s[i + 1]", "(a <= b iff c <= d) iff a == 1",
    "a <= b iff c <= d implies d <= e", "(a <= b implies c <= d) implies d <= e", "limit(a/K, K) == -1 and a != 2",
    "recurrence x(0) = 1, x(i+1) = x(i)*s[i] has closed form x(i) = prod(j, 1, i, s[j]) and a <= b",
])
def test_canonical_texts_print_as_they_are(text):
    parse = parse_statement if any(x in text for x in ("<", "=")) else parse_expression
    assert to_text(parse(text)) == text


def test_shared_parts_print_in_place():
    a = variable("a")
    twice = Node(Op.ADD, (a, a))
    assert to_text(Node(Op.MUL, (twice, Node(Op.SUB, (twice, Node(Op.NEG, (twice,))))))) == "(a + a)*(a + a - (-(a + a)))"


@pytest.mark.parametrize(("q", "text"), [("0", "0"), ("7", "7"), ("1/8", "0.125"), ("1/20", "0.05"), ("3/2", "1.5"), ("1/40", "0.025"),
                                         ("100", "100"), ("12345/1000", "12.345"), ("1/1000", "0.001")])
def test_decimals(q, text):
    assert decimal(Fraction(q)) == text
