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
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

from normbound.errors import TermError
from normbound.terms.exact import exact
from normbound.terms.store import NUM, Store, Term, current

MAX_LENGTH = 20_000
MAX_NESTING = 60
MAX_NAME = 60
FUNCTIONS = ("sqrt", "max", "min", "exp", "dd", "prod", "sum")
RESERVED = frozenset(FUNCTIONS) | {"unbounded", "inf", "nan"}

_TOKEN = re.compile(r"\s*(?:(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
                    r"|(?P<text>\"[^\"\n]*\")|(?P<op>>>|[-+*/^()\[\],;=]))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # number, name, text, op, end
    text: str
    column: int


def check_name(name: str) -> None:
    """Raise unless ``name`` may name a symbol."""
    if not (name.isascii() and name.isidentifier()) or len(name) > MAX_NAME or "__" in name:
        raise TermError(f"{name[:40]!r} is not a name; a name is an ASCII identifier of at most {MAX_NAME} "
                        "characters without double underscores")
    from normbound.terms.constants import CONSTANTS
    if name in RESERVED or name in CONSTANTS:
        raise TermError(f"{name!r} is reserved; choose another name")


def tokenize(text: str, limit: int = MAX_LENGTH) -> list[Token]:
    """The tokens of ``text``, ending with one of kind ``end``."""
    if len(text) > limit:
        raise TermError(f"the expression has {len(text)} characters; at most {limit} are read")
    tokens: list[Token] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise TermError(f"column {at + 1}: unexpected {text[at]!r} in {_excerpt(text, at)}")
        kind = match.lastgroup or "op"
        tokens.append(Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    tokens.append(Token("end", "end of text", end + 1))
    return tokens


def _excerpt(text: str, at: int) -> str:
    return repr(text[max(0, at - 15): at + 15])


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
        raise TermError(f"column {t.column}: {message}, found {t.text!r} in {_excerpt(self.text, t.column - 1)}")

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
                left = self.store.monus(left, self.product())
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
        if node[0] == NUM:
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
            return self.store.number(exact(token.text))
        if token.kind == "name":
            self.advance()
            if token.text in FUNCTIONS and self.at("("):
                return self.function(token)
            if token.text == "unbounded":
                return self.store.unbounded
            if self.accept("["):
                check_name(token.text)
                index = self.expression()
                self.expect("]")
                return self.store.element(token.text, index)
            from normbound.terms.constants import CONSTANTS
            if token.text in CONSTANTS:
                return self.store.constant(token.text)
            try:
                return self.store.symbol(token.text)
            except TermError as error:
                raise TermError(f"column {token.column}: {error}") from None
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        self.fail("expected a number, a name, a function or '('")

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
            return store.dd(arguments[0], arguments[1:])
        index, depth, body = arguments
        if index.node[0] != 1:  # SYM
            raise TermError(f"column {name.column}: the first argument of {name.text} is the index, a plain name")
        return (store.product if name.text == "prod" else store.sum)(index, depth, body)


def parse(text: str, store: Store | None = None) -> Term:
    """The term that ``text`` denotes. Raises TermError with the column of the first problem."""
    store = store or current()
    if text.isidentifier() and len(text) <= MAX_NAME and text.isascii() and text not in RESERVED:
        from normbound.terms.constants import CONSTANTS
        return store.constant(text) if text in CONSTANTS else store.symbol(text)
    cursor = Cursor(text, store)
    result = cursor.expression()
    if cursor.token.kind != "end":
        cursor.fail("expected an operator or the end")
    return result
