"""The closed grammar of expressions: numbers, names, + * / ^, and a fixed list of functions.

    expression := term ('+' term)* | natural '-' natural
    term       := factor (('*' | '/') factor)*
    factor     := atom ['^' exponent]
    atom       := number | name | name '[' expression ']' | function '(' arguments ')' | '(' expression ')'

Text is data: nothing is evaluated, names are ASCII identifiers, and length, nesting and literals are capped, so
that no text can run code or exhaust the machine. Errors name the column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from normbound.errors import TermError
from normbound.terms.exact import exact
from normbound.terms.names import FUNCTIONS, NORM_NAME, check_name, is_name
from normbound.terms.store import Op, Store, Term, current

MAX_LENGTH = 20_000
MAX_NESTING = 60
MAX_BITS = 200_000

_TOKEN = re.compile(r"\s*(?:(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
                    r"|(?P<text>\"[^\"\n]*\")|(?P<op>>>|[-+*/^()\[\],;=]))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # number, name, text, op, end
    text: str
    column: int


def tokenize(text: str, limit: int = MAX_LENGTH) -> list[Token]:
    """The tokens of ``text``, ending with one of kind ``end``."""
    if len(text) > limit:
        raise TermError(f"the expression has {len(text)} characters; at most {limit} are read")
    tokens: list[Token] = []
    position = depth = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise TermError(f"column {at + 1}: unexpected {text[at]!r} in {_excerpt(text, at)}")
        kind = match.lastgroup or "op"
        if kind == "op":
            depth += (match["op"] in "([") - (match["op"] in ")]")
            if depth > 4 * MAX_NESTING:  # long before the parsers would say so
                raise TermError(f"column {match.start(kind) + 1}: more than {4 * MAX_NESTING} nested parentheses")
        tokens.append(Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    tokens.append(Token("end", "end of text", end + 1))
    return tokens


def _excerpt(text: str, at: int) -> str:
    return repr(text[max(0, at - 15): at + 15])


@contextmanager
def _located(column: int) -> Iterator[None]:
    """Say at which column of the text a term could not be built."""
    try:
        yield
    except TermError as error:
        raise TermError(f"column {column}: {error}") from None


class Cursor:
    """A position in a token list, shared by the parsers of expressions and of networks."""

    def __init__(self, text: str, store: Store, limit: int = MAX_LENGTH):
        self.text = text
        self.store = store
        self.tokens = tokenize(text, limit)
        self.position = 0
        self.nesting = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def peek(self) -> Token:
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        self.position += 1
        return token

    def at(self, op: str) -> bool:
        return self.token.kind == "op" and self.token.text == op

    def accept(self, op: str) -> bool:
        if self.at(op):
            self.position += 1
            return True
        return False

    def expect(self, op: str) -> None:
        if not self.accept(op):
            self.fail(f"expected {op!r}")

    def fail(self, message: str) -> NoReturn:
        t = self.token
        raise TermError(f"column {t.column}: {message}, found {t.text[:60]!r} in {_excerpt(self.text, t.column - 1)}")

    def enter(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail(f"more than {MAX_NESTING} nested parentheses")

    def leave(self) -> None:
        self.nesting -= 1

    # -- expressions ------------------------------------------------------------------------------------------
    def expression(self) -> Term:
        self.enter()
        left = self.product()
        while self.at("+") or self.at("-"):
            if self.advance().text == "+":
                left = left + self.product()
            else:
                column = self.token.column
                right = self.product()
                with _located(column):
                    left = self.store.monus(left, right)
        self.leave()
        return left

    def product(self) -> Term:
        left = self.power()
        while self.at("*") or self.at("/"):
            if self.advance().text == "*":
                left = left * self.power()
            else:
                column = self.token.column
                right = self.power()
                if not right:
                    raise TermError(f"column {column}: division by zero")
                left = left * right**-1
            node = left.node
            if node[0] == Op.NUM and max(node[1].numerator, node[1].denominator).bit_length() > MAX_BITS:
                self.fail(f"a number of more than {MAX_BITS} bits")
        return left

    def power(self) -> Term:
        base = self.atom()
        if not self.accept("^"):
            return base
        negative = self.accept("-")
        column = self.token.column
        exponent = self.atom()
        node = exponent.node
        if self.at("^"):
            self.fail("towers of powers need parentheses; expected an operator")
        if node[0] == Op.NUM:
            value = -node[1] if negative else node[1]
            if abs(value) > 10**6 or Fraction(value).denominator > 10**3:
                raise TermError(f"column {column}: exponent {value} is beyond 10^6 or its denominator beyond 10^3")
            return self.store.power(base, value)
        if negative:
            base = base**-1
        return self.store.dd(exponent, [base])

    def atom(self) -> Term:
        token = self.token
        if token.kind == "number":
            self.advance()
            with _located(token.column):
                return self.store.number(exact(token.text))
        if token.kind == "name":
            self.advance()
            if token.text in FUNCTIONS and self.at("("):
                return self.function(token)
            if token.text == "unbounded":
                return self.store.unbounded
            if self.accept("["):
                with _located(token.column):
                    check_name(token.text)
                index = self.expression()
                self.expect("]")
                return self.store.element(token.text, index)
            from normbound.terms.constants import CONSTANTS
            if token.text in CONSTANTS:
                return self.store.constant(token.text)
            if NORM_NAME.fullmatch(token.text):
                return self.operator_norm(token)
            with _located(token.column):
                return self.store.symbol(token.text)
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        self.fail("expected a number, a name, a function or '('")

    def operator_norm(self, token: Token) -> Term:
        """The norm of a matrix of this store, by the name that printers give it."""
        for i, rows in enumerate(self.store.matrices):
            if token.text == f"opnorm{i}_{len(rows)}x{len(rows[0])}":
                return self.store.operator_norm(rows)
        raise TermError(f"column {token.column}: {token.text!r} names no matrix that is known here")

    def function(self, name: Token) -> Term:
        self.enter()
        self.expect("(")
        arguments = [self.expression()]
        separators: list[str] = []
        while self.at(",") or self.at(";"):
            separators.append(self.advance().text)
            arguments.append(self.expression())
        self.expect(")")
        self.leave()
        store, count = self.store, len(arguments)
        wanted = {"sqrt": 1, "exp": 1, "prod": 3, "sum": 3}.get(name.text)
        if wanted is not None and count != wanted:
            raise TermError(f"column {name.column}: {name.text} takes {wanted} arguments, found {count}")
        if name.text == "dd" and (count < 2 or separators[0] != ";" or ";" in separators[1:]):
            raise TermError(f"column {name.column}: write dd(K; node, node, ...)")
        if name.text == "sqrt":
            return store.power(arguments[0], Fraction(1, 2))
        if name.text == "exp":
            return store.exp(arguments[0])
        if name.text == "max":
            return store.maximum(arguments)
        if name.text == "min":
            return store.minimum(arguments)
        if name.text == "dd":
            with _located(name.column):
                return store.dd(arguments[0], arguments[1:])
        index, depth, body = arguments
        if index.node[0] != Op.SYM:
            raise TermError(f"column {name.column}: the first argument of {name.text} is the index, a plain name")
        bound = store.fresh(index.node[1])  # the index is local: the same name outside is another symbol
        body = store.substitute([body], {index: bound})[0]
        return (store.product if name.text == "prod" else store.sum)(bound, depth, body)


def parse(text: str, store: Store | None = None) -> Term:
    """The term that ``text`` denotes. Raises TermError with the column of the first problem."""
    store = current() if store is None else store
    if is_name(text):
        return store.symbol(text)
    cursor = Cursor(text, store)
    result = cursor.expression()
    if cursor.token.kind != "end":
        cursor.fail("expected an operator or the end")
    return result
