"""The parser: what texts mean, what is refused, where, and how fast."""

import time
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normbound.claims.errors import ParseError
from normbound.claims.grammar import MAX_LENGTH, parse_expression, parse_statement
from normbound.claims.names import FUNCTIONS, PREDICATES, WORDS
from normbound.claims.syntax import Node, Op, number, variable

a, b, c = (variable(x) for x in "abc")


def N(op, *args, value=None):
    return Node(op, args, value)


@pytest.mark.parametrize(("text", "expected"), [
    ("a+b*c", N(Op.ADD, a, N(Op.MUL, b, c))),
    ("a-b-c", N(Op.SUB, N(Op.SUB, a, b), c)),
    ("a-(b-c)", N(Op.SUB, a, N(Op.SUB, b, c))),
    ("a/b/c", N(Op.DIV, N(Op.DIV, a, b), c)),
    ("a/b*c", N(Op.MUL, N(Op.DIV, a, b), c)),
    ("-a*b", N(Op.NEG, N(Op.MUL, a, b))),
    ("-a+b", N(Op.ADD, N(Op.NEG, a), b)),
    ("-a^b", N(Op.NEG, N(Op.POW, a, b))),
    ("a^-b", N(Op.POW, a, N(Op.NEG, b))),
    ("a^(b^c)", N(Op.POW, a, N(Op.POW, b, c))),
    ("(a^b)^c", N(Op.POW, N(Op.POW, a, b), c)),
    ("2*a^b", N(Op.MUL, number(2), N(Op.POW, a, b))),
    ("1.5", N(Op.NUM, value=Fraction(3, 2))),
    (".5e1", N(Op.NUM, value=Fraction(5))),
    ("12E-3", N(Op.NUM, value=Fraction(12, 1000))),
    ("9^(9^9)", N(Op.POW, number(9), N(Op.POW, number(9), number(9)))),
])
def test_precedence(text, expected):
    assert parse_expression(text) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("a <= b < c", N(Op.AND, N(Op.LE, a, b), N(Op.LT, b, c))),
    ("a <= b and b <= c implies a <= c", N(Op.IMPLIES, N(Op.AND, N(Op.LE, a, b), N(Op.LE, b, c)), N(Op.LE, a, c))),
    ("((a <= (b)))", N(Op.LE, a, b)),
    ("(a) <= b", N(Op.LE, a, b)),
    ("(a+b)*c <= c", N(Op.LE, N(Op.MUL, N(Op.ADD, a, b), c), c)),
])
def test_statements(text, expected):
    assert parse_statement(text) == expected


def test_positions_are_those_of_the_text():
    node = parse_statement("a\n  <= sqrt(b +\tc)")
    assert node.at == (1, 1)
    root = node.args[1]
    assert root.at == (2, 6) and root.args[0].at == (2, 11) and root.args[0].args[1].at == (2, 15)


def test_a_step_may_use_a_sequence_introduced_later():
    r = parse_statement("recurrence x(0)=0, x(n+1)=x(n)+y(n), y(0)=1, y(n+1)=2*y(n) has closed form x(n)=2^n-1, y(n)=2^n")
    assert r.op == Op.RECURRENCE and r.value == ("n", ("x", "y"))


def test_nothing_is_evaluated():
    start = time.perf_counter()
    parse_statement("9^(9^(9^(9^9))) <= dd(10^(10^10); 2, 3) and 1/0 == log(0) and sum(i, 1, 10^(10^10), i) > 0")
    assert time.perf_counter() - start < 1


REFUSED = {
    "9**9**9 <= 1": "found '**'; accepted: ^",
    "9^9^9 <= 1": "a tower of powers needs parentheses",
    "1e99999999 <= 1": "decimal exponents from -400 to 400",
    "1e401 <= 1": "decimal exponents",
    "1" * 401 + " <= 1": "found a number of 401 characters",
    "9" * 395 + "e9 <= 1": "digits; accepted: at most 400",
    "(" * 1_000_000: "found a text of 1000000 characters; accepted: at most 20000",
    "(" * 15_000: "found more than 200 nested parentheses",
    "a" * 10_000_000: "found a text of 10000000 characters",
    "a <= " + "+".join("a" * 5000): "more than 200 levels",
    "a <= " + "-(" * 190 + "a" + "^b)" * 190: "more than 200 levels",
    "-" * 15_000 + "a <= 1": "parentheses around a negative factor",
    "sqrt(" * 4000: "nested parentheses",
    "__import__('os').system('true')": "found the name '__import__'; accepted: names without double underscores",
    "a__b <= 1": "double underscores",
    "a.b <= 1": "attributes do not exist",
    "().__class__": "attributes do not exist",
    "() <= 1": "found ')'; accepted: a number, a name, a function",
    "'a' <= 1": "strings do not exist",
    '"a" <= 1': "strings do not exist",
    "lambda x: x": "found ':'",
    "lambda x <= 1": "found 'x'; accepted: an operator",
    "a if b <= 1 else c": "found 'if'; accepted: an operator",
    "eval(a) <= 1": "unknown function 'eval'",
    "\u0430 <= 1": "U+0430 (CYRILLIC SMALL LETTER A); accepted: ASCII",
    "a \u2264 1": "U+2264 (LESS-THAN OR EQUAL TO); accepted: ASCII",
    "a \u2212 1 <= 0": "U+2212 (MINUS SIGN)",
    "\uff11 <= 2": "U+FF11 (FULLWIDTH DIGIT ONE)",
    "\u0661 <= 2": "U+0661 (ARABIC-INDIC DIGIT ONE)",
    "a\u00a0<= 2": "U+00A0 (NO-BREAK SPACE)",
    "a <= 1\0": "U+0000",
    "a <= \U0001d44e": "U+1D44E",
    "2a <= 1": "found 'a'; accepted: an operator (a product is written with *)",
    "a b <= 1": "a product is written with *",
    "a(b) <= 1": "found the unknown function 'a'",
    "srt(a) <= 1": "did you mean sqrt?",
    "a = b": "found '='; accepted: == for equality",
    "a <= b = c": "found '='; accepted: == for equality",
    "a =< b": "found '='",
    "a <= ": "found the end; accepted: a number, a name",
    "": "found the end",
    "   ": "found the end",
    "a": "found an expression; accepted: a statement",
    "a and b <= c": "found an expression; accepted: a statement",
    "(a <= b) + 1 <= 2": "found a statement; accepted: an expression",
    "sqrt(a <= b) <= 1": "found a statement; accepted: an expression",
    "(a <= b": "found the end; accepted: ')' or an operator",
    "a <= b)": "found ')'; accepted: and, implies, iff or the end",
    "a <= b iff b <= a iff a == b": "iff does not chain",
    "a <= b implies b <= a implies a == b": "implies does not chain",
    "a <= b or b <= a": "accepted: and, implies, iff",
    "not a <= b": "joined by and, implies, iff",
    "a*-b <= 1": "parentheses around a negative factor",
    "a^b^c <= 1": "a^(b^c) or (a^b)^c",
    "inf <= 1": "inf only as the value",
    "a <= (inf)": "inf only as the value",
    "limit(a, K)": "accepted: '==' after limit(e, K)",
    "limit(a, K) <= 2": "accepted: '==' after limit(e, K)",
    "2 == limit(a, K)": "'==' after limit(e, K)",
    "(limit(a, K)) == 2": "without a value",
    "limit(a, K) == inf + 1": "inf only as the value",
    "limit(a) == 2": "accepted: ',': limit takes an expression and a variable",
    "rate(a, 2) == 2": "accepted: the name of a variable",
    "increasing(a, a+b)": "')' or an operator",
    "max(a) <= 1": "max takes at least two arguments",
    "sqrt(a, b) <= 1": "accepted: ')' after the arguments of sqrt",
    "sqrt <= 1": "accepted: '(' after sqrt",
    "dd(K, a) <= 1": "dd(K; a, b, ...)",
    "dd(K; ) <= 1": "accepted: a number",
    "sum(1, 2, 3, 4) <= 1": "the name of the index of sum(i, lo, hi, body)",
    "sum(i, 1, K) <= 1": "accepted: ',' in sum(i, lo, hi, body)",
    "sum(pi, 1, K, 1) <= 1": "found 'pi', a constant of normbound",
    "sum(log, 1, K, 1) <= 1": "found 'log', a word of the language",
    "forall(i, 1, K, i)": "found an expression; accepted: a statement",
    "bound(a+b) <= 1": "accepted: ')'",
    "bound() <= 1": "accepted: the name of a network",
    "s[i <= 2": "accepted: an expression",
    "s[] <= 2": "found ']'",
    "1. <= 2": "a decimal has digits after the point",
    "0x10 <= 1": "found 'x10'",
    "1_000 <= 1": "found '_000'",
    "and <= 1": "found 'and'; accepted: a number",
    "a & b": "write and",
    "|a| <= 1": "write abs(x)",
    r"\frac{a}{b} <= 1": "LaTeX is not read",
    "a" * 61 + " <= 1": "found a name of 61 characters",
    "x(0) == 1": "unknown function 'x'",
    "recurrence": "accepted: a sequence, as in recurrence x(0) = a",
    "recurrence x(0) = 1 has closed form x(i) = 1": "found no step",
    "recurrence x(i+1) = x(i) has closed form x(i) = 1": "found no x(0) = ...",
    "recurrence x(1) = 1, x(i+1) = x(i) has closed form x(i) = 1": "accepted: 0 or i+1",
    "recurrence x(0) = 1, x(i+2) = x(i) has closed form x(i) = 1": "accepted: 1, as in x(i+1)",
    "recurrence x(0) = 1, x(i+1) = x(i+1) has closed form x(i) = 1": "a step may use the values before it",
    "recurrence x(0) = 1, x(i+1) = x(i), x(0) = 2 has closed form x(i) = 1": "found a second x(0)",
    "recurrence x(0) = x(i), x(i+1) = x(i) has closed form x(i) = 1": "unknown function 'x'",
    "recurrence x(0) = 1, x(i+1) = x(i) has closed form y(i) = 1": "found the sequence 'y'",
    "recurrence x(0) = 1, x(i+1) = x(i) has closed form x(j) = 1": "accepted: the index i",
    "recurrence x(0) = 1, x(i+1) = x(i) has form x(i) = 1": "accepted: 'closed'",
    "recurrence x(0) = 1, x(x+1) = x(x) has closed form x(x) = 1": "different names",
    "recurrence x(0) = 1, y(0) = 1, x(i+1) = y(i), y(i+1) = 1 has closed form x(i) = 1": "found no closed form of y",
    "recurrence x(0) == 1, x(i+1) = x(i) has closed form x(i) = 1": "found '=='; accepted: '='",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda t: ascii(t)[:50])
def test_refused_within_a_second(text):
    start = time.perf_counter()
    with pytest.raises(ParseError) as caught:
        parse_statement(text)
    assert time.perf_counter() - start < 1
    assert REFUSED[text] in str(caught.value)
    assert caught.value.line >= 1 and caught.value.column >= 1
    assert str(caught.value).isascii() and len(str(caught.value)) < 600


@pytest.mark.parametrize(("text", "line", "column"), [
    ("a <=\n  b + )", 2, 7), ("a <= b c", 1, 8), ("a <= 1 and\n\n (b", 3, 4), ("a + (b <= c) <= 1", 1, 5), ("max(a,\n1 $ 2)", 2, 3),
])
def test_errors_have_the_place(text, line, column):
    with pytest.raises(ParseError) as caught:
        parse_statement(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_statement_where_an_expression_is_needed():
    with pytest.raises(ParseError, match="found a statement; accepted: an expression"):
        parse_expression("a <= b")
    with pytest.raises(ParseError, match="found bytes"):
        parse_expression(b"a")


def test_long_texts_within_the_cap_are_fast():
    text = "max(" + ", ".join(["a*b + 1"] * 1900) + ") <= 1"
    assert len(text) < MAX_LENGTH
    start = time.perf_counter()
    assert len(parse_statement(text).args[0].args) == 1900
    assert time.perf_counter() - start < 1


SOUP = st.lists(st.sampled_from(["a", "s", "x", "i", "0", "1", "2.5", "1e3", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", ";", "=",
                                 "==", "<=", "<", "!=", " ", "\n", "has", "closed", "form", "recurrence", "has closed form",
                                 "x(0)=1", "x(i+1)=x(i)", ", ", *FUNCTIONS, *PREDICATES, *WORDS, "bound", "Lip", "**", ".", "'"]),
                max_size=40).map(" ".join)
QUICK = settings(max_examples=400, deadline=timedelta(seconds=5), derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(st.one_of(SOUP, st.text(max_size=60), st.binary(max_size=200).map(lambda x: x.decode("latin-1")),
                 st.text("abi01()[]+-*/^<=,;. \n", max_size=60)))
def test_every_text_is_syntax_or_a_parse_error(text):
    for parse in (parse_statement, parse_expression):
        try:
            node = parse(text)
        except ParseError as error:
            assert error.line >= 1 and error.column >= 1
        else:
            assert isinstance(node, Node) and parse(str(node)) == node


@QUICK
@given(st.data())
def test_mutilated_claims_are_syntax_or_a_parse_error(data):
    text = data.draw(st.sampled_from([
        "forall(i, 1, K, s[i] <= L) implies prod(i, 1, K, s[i]) <= L^K",
        "recurrence x(0) = b, x(i+1) = a*x(i) + y(i), y(0) = 1, y(i+1) = 2*y(i) has closed form x(i) = dd(i; a, 2), y(i) = 2^i",
        "limit((1 - 1/K)^K, K) == exp(-1) and rate(dd(K; a, b), K) == max(a, b) and -a < (b - c)*2 <= inf",
    ]))
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 6)))
    text = text[:at] + data.draw(st.text("ab i(0)[]+-*/^<=,;x1.", max_size=3)) + text[end:]
    try:
        node = parse_statement(text)
    except ParseError:
        return
    assert parse_statement(str(node)) == node
