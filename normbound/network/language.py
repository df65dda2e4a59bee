"""The composition language as text, read by a closed grammar and printed back.

    network  := sum ('>>' sum)*                                 series, in order of application
    sum      := product (('+' | '-') product)*                  blocks on the same input
    product  := ['-'] operand (('*' | '/') operand)*            number * block scales, block * block is entrywise
    operand  := 'x' | layer | combinator | scalar | '(' network ')'
    layer    := name ['(' [parameter '='] value, ... ')']       any registered layer: Linear(s, bias=b), ReLU
    combinator := residual(f) | concat(f, g, ...) | parallel(f, g, ...) | scale(a, f)
                | Repeat(f, K, tied=true, index=i, start=f0, capture=(u = g, v = h))
    value    := expression | 'none' | 'true' | 'false' | word | "word" | matrix
    matrix   := '[' exact number, ... ']' | '[' '[' ... ']', ... ']'

``x`` is the identity, so that ``x + (Linear(s) >> ReLU)`` reads like a residual block; ``residual(f)`` is x + f.
Expressions and scalars are those of ``terms/grammar.py``; a scale factor may carry a minus sign, and so may the entries
of a matrix. ``bias=none`` means that there is no bias parameter.

Text is data: nothing is evaluated. Length, nesting, the size of numbers and of expressions are capped. An error names
the column (line and column where there are several lines), what was found, and what is accepted.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Any, NamedTuple, NoReturn

import normbound.layers as _layers
from normbound.contracts.block import Block, Composite, Layer, Repeat, concat, parallel
from normbound.contracts.registry import LAYERS, Entry, lookup
from normbound.errors import NetworkError, NormboundError, TermError
from normbound.layers.normalization import Affine, Normalize, Standardize
from normbound.network.program import Input, Network, parts_of_series
from normbound.terms.exact import exact
from normbound.terms.grammar import Cursor, Token
from normbound.terms.names import FUNCTIONS
from normbound.terms.store import Exact, Op, Store, Term, current
from normbound.terms.text import to_lines

MAX_TEXT = 1_000_000
MAX_FACTORS = 64  # scalars or blocks in one product, scalars in one sum
MAX_ATOMS = 500  # numbers and names in one expression
MAX_BITS = 4096  # size of a number that the text spells out
MAX_EXPONENT = 10**6
IDENTITY = "x"
COMBINATORS = ("residual", "concat", "parallel", "scale", "Repeat")
_NONE, _TRUE, _FALSE = ("none", "None"), ("true", "True"), ("false", "False")
_KEYWORDS = frozenset((*_NONE, *_TRUE, *_FALSE))
_ANYTHING = "expected '>>', '+', '-', '*' or the end"


def parse_block(text: str, store: Store | None = None) -> Block:
    """The block that ``text`` denotes, over the current store. Raises NormboundError at the first problem."""
    if not isinstance(text, str):
        raise NetworkError(f"found {type(text).__name__} where the text of a network is needed")
    try:
        reader = _Reader(text, store or current())
        block = reader.network()
        if reader.cursor.token.kind != "end":
            reader.cursor.fail(_ANYTHING)
        return block
    except TermError as error:
        raise NetworkError(_in_lines(str(error), text)) from None
    except NormboundError as error:
        raise type(error)(_in_lines(str(error), text)) from None


def parse_network(text: str, input: Input, title: str = "") -> Network:
    """The network ``text`` on the domain ``input``."""
    return Network(input, parse_block(text, input.features.store), title)


def _in_lines(message: str, text: str) -> str:
    """``message`` with its column counted from the start of its line, where the text has several lines."""
    if "\n" not in text:
        return message

    def place(match: re.Match[str]) -> str:
        at = min(int(match[1]) - 1, len(text))
        return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"

    return re.sub(r"\Acolumn (\d+)", place, message)


@contextmanager
def _placed(token: Token) -> Iterator[None]:
    """Put the column of ``token`` in front of an error that names none."""
    try:
        yield
    except TermError as error:
        if str(error).startswith("column "):
            raise
        raise TermError(f"column {token.column}: {error}") from None


class _Scalar(NamedTuple):
    """A number that multiplies a block; ``sign`` is 1 or -1."""

    term: Term
    sign: int


class _Cursor(Cursor):
    """Expressions inside a network: names of layers are not numbers, and sizes are capped."""

    atoms = 0

    def whole(self) -> Term:
        """One expression."""
        self.atoms = 0
        return self.expression()

    def atom(self) -> Term:
        self.atoms += 1
        if self.atoms > MAX_ATOMS:
            self.fail(f"more than {MAX_ATOMS} numbers and names in one expression")
        token = self.token
        if token.kind == "name" and not self.indexed():
            if token.text in _KEYWORDS:
                self.fail("expected an expression")
            if token.text in LAYERS or token.text in COMBINATORS:
                self.fail("expected an expression, not a layer")
        with _placed(token):
            return super().atom()

    def indexed(self) -> bool:
        return self.peek().kind == "op" and self.peek().text == "["

    def power(self) -> Term:
        with _placed(self.token):
            return self.sized(super().power())

    def product(self) -> Term:
        with _placed(self.token):
            return self.sized(super().product())

    def expression(self) -> Term:
        with _placed(self.token):
            return self.sized(super().expression())

    def sized(self, term: Term) -> Term:
        node = term.node
        bits = _bits(node[1]) if node[0] == Op.NUM else 0
        if node[0] == Op.POW:  # powers of powers multiply their exponents
            if abs(node[2]) > MAX_EXPONENT:
                self.fail(f"an exponent beyond {MAX_EXPONENT} stands before this place; expected a smaller one")
            base = term.store.nodes[node[1]]
            bits = _bits(base[1]) * abs(node[2]) if base[0] == Op.NUM else 0
        if bits > MAX_BITS:
            self.fail(f"a number of more than {MAX_BITS} bits stands before this place; expected smaller numbers")
        return term


def _bits(value: Exact) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


class _Reader:
    """Recursive descent over one text; the cursor caps the nesting."""

    def __init__(self, text: str, store: Store):
        self.cursor = _Cursor(text, store, MAX_TEXT)
        self.store = store

    # -- composition ------------------------------------------------------------------------------------------
    def network(self) -> Block:
        """A chain that denotes a block."""
        token = self.cursor.token
        return self._block(self.chain(), token)

    def chain(self) -> Block | _Scalar:
        self.cursor.enter()
        token = self.cursor.token
        left = self.total()
        while self.cursor.accept(">>"):
            block = self._block(left, token)
            token = self.cursor.token
            left = block >> self._block(self.total(), token)
        self.cursor.leave()
        return left

    def total(self) -> Block | _Scalar:
        cursor = self.cursor
        token = cursor.token
        first = self.product()
        if not (cursor.at("+") or cursor.at("-")):
            return first
        if isinstance(first, _Scalar):
            return self._scalar_total(first, token)
        parts = [first]
        while cursor.at("+") or cursor.at("-"):
            negative = cursor.advance().text == "-"
            token = cursor.token
            parts.append(self._block(self.product(negative), token, "added to a block"))
        return Composite("sum", tuple(parts))

    def _scalar_total(self, left: _Scalar, token: Token) -> _Scalar:
        cursor = self.cursor
        count = 1
        while cursor.at("+") or cursor.at("-"):
            op = cursor.advance().text
            after = cursor.token
            right = self.product()
            count += 1
            if not isinstance(right, _Scalar):
                self._at(token, "found a number added to a layer; expected layers on both sides ('*' scales a layer)")
            if left.sign < 0 or right.sign < 0:
                self._at(after, "found a sum with a negative number; a minus sign stands before a scale factor alone")
            if count > MAX_FACTORS:
                self._at(after, f"found more than {MAX_FACTORS} scalars in one sum")
            with _placed(after):
                term = left.term + right.term if op == "+" else self.store.monus(left.term, right.term)
            left = _Scalar(cursor.sized(term), 1)
        return left

    def product(self, negative: bool = False) -> Block | _Scalar:
        cursor = self.cursor
        if cursor.accept("-"):
            negative = not negative
        left = self.operand()
        if negative:
            left = _Scalar(left.term, -left.sign) if isinstance(left, _Scalar) else \
                Composite("scale", (left,), self.store.one, -1)
        count = 1
        while cursor.at("*") or cursor.at("/"):
            divide = cursor.advance().text == "/"
            token = cursor.token
            right = self.operand()
            count += 1
            if count > MAX_FACTORS:
                self._at(token, f"found more than {MAX_FACTORS} factors in one product")
            if isinstance(right, _Scalar):
                if divide and not right.term:
                    self._at(token, "division by zero")
                factor = right.term**-1 if divide else right.term
                if isinstance(left, _Scalar):
                    left = _Scalar(cursor.sized(left.term * factor), left.sign * right.sign)
                else:
                    left = Composite("scale", (left,), factor, right.sign)
            elif divide:
                self._at(token, "found a layer below a fraction bar; expected a number")
            elif isinstance(left, _Scalar):
                left = Composite("scale", (right,), left.term, left.sign)
            else:
                left = Composite("product", (left, right))
        return left

    def operand(self) -> Block | _Scalar:
        cursor = self.cursor
        token = cursor.token
        if token.kind == "name" and not cursor.indexed():
            name = token.text
            if name == IDENTITY:
                cursor.advance()
                return _layers.Identity()
            if name in COMBINATORS:
                cursor.advance()
                return self.combinator(token)
            if name in LAYERS:
                cursor.advance()
                return self.layer(token, LAYERS[name])
            called = cursor.peek().kind == "op" and cursor.peek().text == "("
            if called and name not in FUNCTIONS:
                self._unknown(token)
            if name in _KEYWORDS:
                cursor.fail("expected a layer, a number or '('")
        if cursor.at("("):
            start = cursor.position
            cursor.advance()
            inner = self.chain()
            cursor.expect(")")
            if not isinstance(inner, _Scalar) or inner.sign < 0:
                if cursor.at("^"):
                    cursor.fail("expected '>>', '+', '-' or '*': only nonnegative numbers have powers")
                return inner
            cursor.position = start  # a scalar in parentheses: the grammar of expressions reads its powers too
        elif token.kind not in ("number", "name"):
            cursor.fail("expected a layer, a number or '('")
        cursor.atoms = 0
        return _Scalar(cursor.power(), 1)

    def _block(self, value: Block | _Scalar, token: Token, where: str = "") -> Block:
        if isinstance(value, _Scalar):
            hint = ""
            if token.kind == "name":
                close = _closest(token.text)
                hint = f"; did you mean {' or '.join(close)}?" if close else ""
            self._at(token, f"found a number or a symbol {where or 'alone'} at {token.text[:40]!r}; "
                            f"expected a layer or a composition of layers{hint}")
        return value

    def _at(self, token: Token, message: str) -> NoReturn:
        raise TermError(f"column {token.column}: {message}")

    def _unknown(self, token: Token) -> None:
        close = [c for c in _closest(token.text) if c in COMBINATORS]
        if close:
            self._at(token, f"unknown layer {token.text[:60]!r}; did you mean {' or '.join(close)}?")
        try:
            lookup(token.text)
        except NetworkError as error:
            raise NetworkError(f"column {token.column}: {error}") from None

    # -- combinators ------------------------------------------------------------------------------------------
    def combinator(self, token: Token) -> Block:
        cursor = self.cursor
        name = token.text
        if not cursor.at("("):
            cursor.fail(f"expected '(' after {name}")
        if name == "Repeat":
            return self._built(token, Repeat, self._repeat_arguments(token))
        cursor.expect("(")
        if name == "scale":
            return self._scale(token)
        parts = [self._part(name)]
        while cursor.accept(","):
            parts.append(self._part(name))
        self._close(name)
        if name == "residual":
            if len(parts) != 1:
                self._at(token, f"residual takes one block, found {len(parts)}")
            return _layers.Identity() + parts[0]
        return (concat if name == "concat" else parallel)(*parts)

    def _part(self, name: str) -> Block:
        cursor = self.cursor
        if cursor.at(")"):
            cursor.fail(f"{name} needs blocks between its parentheses")
        if cursor.token.kind == "name" and cursor.peek().kind == "op" and cursor.peek().text == "=":
            cursor.fail(f"{name} takes blocks, without names")
        return self.network()

    def _close(self, name: str) -> None:
        if not self.cursor.accept(")"):
            self.cursor.fail(f"expected ',' or ')' in {name}(...)")

    def _scale(self, token: Token) -> Block:
        cursor = self.cursor
        sign = -1 if cursor.accept("-") else 1
        cursor.atoms = 0
        factor = cursor.product() if sign < 0 else cursor.whole()
        if not cursor.accept(","):
            cursor.fail("expected ',' and a block: write scale(a, f)")
        part = self._part("scale")
        if not cursor.at(")"):
            cursor.fail("expected ')': scale takes a number and one block")
        cursor.advance()
        return Composite("scale", (part,), factor, sign)

    def _repeat_arguments(self, token: Token) -> tuple[list[Any], dict[str, Any]]:
        kinds: dict[str, Callable[[], Any]] = {
            "body": self.network, "depth": self._expression, "tied": self._flag, "index": self._word,
            "start": self._optional_network, "capture": self._captures}
        return self._arguments(token, list(kinds), lambda p: kinds[p](), positional=2, required=("body", "depth"))

    def _optional_network(self) -> Block | None:
        return None if self._none() else self.network()

    def _captures(self) -> dict[str, Block]:
        cursor = self.cursor
        if not cursor.at("("):
            cursor.fail("expected captured networks: capture=(u = network, v = network)")
        cursor.enter()
        cursor.advance()
        found: dict[str, Block] = {}
        while True:
            token = cursor.token
            name = self._word()
            if name is None or name in found:
                self._at(token, f"found {token.text!r}; expected a new name for a captured network")
            if not cursor.accept("="):
                cursor.fail("expected '=' and a network")
            assert name is not None
            found[name] = self.network()
            if not cursor.accept(","):
                break
        if not cursor.accept(")"):
            cursor.fail("expected ',' or ')' after a captured network")
        cursor.leave()
        return found

    # -- layers -----------------------------------------------------------------------------------------------
    def layer(self, token: Token, entry: Entry) -> Block:
        parameters = _signature(entry.build)
        names = [_shown(p) for p in parameters]
        required = tuple(_shown(p) for p in parameters if p.default is p.empty)
        by_name = dict(zip(names, parameters, strict=True))
        positional, named = self._arguments(token, names, lambda n: self._kind(by_name[n])(), len(names), required)
        return self._built(token, entry.build, (positional, {by_name[n].name: v for n, v in named.items()}))

    def _kind(self, parameter: inspect.Parameter) -> Callable[[], Any]:
        annotation = str(parameter.annotation)
        if re.search(r"\bstr\b", annotation):
            return self._word
        return self._flag if re.search(r"\bbool\b", annotation) else self._value

    def _arguments(self, token: Token, names: list[str], read: Callable[[str], Any], positional: int,
                   required: tuple[str, ...]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments between parentheses, each read as its parameter wants it."""
        cursor = self.cursor
        accepted = f"accepted: {', '.join(names)}" if names else "it takes none"
        values: list[Any] = []
        named: dict[str, Any] = {}
        called = cursor.accept("(")
        cursor.enter()
        while called and not cursor.at(")"):
            at = cursor.token
            if at.kind == "name" and cursor.peek().kind == "op" and cursor.peek().text == "=":
                name = at.text
                if name not in names:
                    close = get_close_matches(name, names, 1, 0.5)
                    hint = f"; did you mean {close[0]}?" if close else ""
                    self._at(at, f"{token.text} has no parameter {name[:60]!r}{hint}; {accepted}")
                if name in named or name in names[:len(values)]:
                    self._at(at, f"{token.text}: parameter {name!r} is given twice")
                cursor.advance()
                cursor.advance()
                named[name] = read(name)
            else:
                if named:
                    self._at(at, f"{token.text}: found a value without a name after named ones; write parameter=value")
                if len(values) >= min(positional, len(names)):
                    self._at(at, f"{token.text}: found more than {len(values)} values without a name; {accepted}")
                values.append(read(names[len(values)]))
            if not cursor.accept(","):
                break
        if called:
            self._close(token.text)
        cursor.leave()
        missing = [n for n in required if n not in named and n not in names[:len(values)]]
        if missing:
            self._at(token, f"{token.text} needs {' and '.join(missing)}; {accepted}")
        return values, named

    def _built(self, token: Token, build: Callable[..., Any], arguments: tuple[list[Any], dict[str, Any]]) -> Block:
        try:
            return build(*arguments[0], **arguments[1])
        except NormboundError as error:
            title = "" if str(error).startswith(token.text) else f"{token.text}: "
            raise type(error)(f"column {token.column}: {title}{error}") from None

    # -- values -----------------------------------------------------------------------------------------------
    def _none(self) -> bool:
        token = self.cursor.token
        if token.kind == "name" and token.text in _NONE:
            self.cursor.advance()
            return True
        return False

    def _expression(self) -> Term:
        token = self.cursor.token
        if token.kind != "text":
            return self.cursor.whole()
        self.cursor.advance()
        inner = _Cursor(token.text[1:-1], self.store)
        try:
            term = inner.whole()
            if inner.token.kind != "end":
                inner.fail("expected an operator or the end")
        except TermError as error:
            raise TermError(f"column {token.column}: in the quoted expression, {error}") from None
        return term

    def _value(self) -> Any:
        """An expression, none, or a list or matrix of exact numbers."""
        if self._none():
            return None
        return self._entries() if self.cursor.at("[") else self._expression()

    def _flag(self) -> bool:
        token = self.cursor.token
        if token.kind == "name" and token.text in (*_TRUE, *_FALSE):
            self.cursor.advance()
            return token.text in _TRUE
        self.cursor.fail("expected true or false")

    def _word(self) -> str | None:
        if self._none():
            return None
        cursor = self.cursor
        token = cursor.token
        if token.kind not in ("name", "text") or token.text in _KEYWORDS:
            cursor.fail("expected a word")
        word = token.text[1:-1] if token.kind == "text" else token.text
        if not _WORD.fullmatch(word):
            cursor.fail("expected a word of at most 60 letters, digits, '_' and '-' that begins with a letter")
        cursor.advance()
        return word

    def _entries(self) -> list[Any]:
        """A list of exact numbers, or of such lists."""
        cursor = self.cursor
        start = cursor.token
        cursor.expect("[")
        rows: list[Any] = []
        common = 1
        nested = cursor.at("[")
        while True:
            if nested:
                if not cursor.accept("["):
                    cursor.fail("expected a row '[...]', as before")
                row: list[Exact] = []
                rows.append(row)
            else:
                row = rows
            while True:
                number = self._exact()
                common = lcm(common, number.denominator)
                if common.bit_length() > MAX_BITS:
                    self._at(start, f"the common denominator of this list has more than {MAX_BITS} bits")
                row.append(number)
                if not cursor.accept(","):
                    break
            if not cursor.accept("]"):
                cursor.fail("expected ',' or ']' in a list of exact numbers")
            if not nested:
                return rows
            if not cursor.accept(","):
                break
        if not cursor.accept("]"):
            cursor.fail("expected ',' or ']' in a list of rows")
        return rows

    def _exact(self) -> Exact:
        cursor = self.cursor
        sign = -1 if cursor.accept("-") else 1
        token = cursor.token
        if token.kind != "number":
            cursor.fail("expected an exact number such as 1, -1/2 or 0.5")
        cursor.advance()
        with _placed(token):
            value: Exact = exact(token.text)
            if cursor.accept("/"):
                below = cursor.token
                if below.kind != "number":
                    cursor.fail("expected an exact number below the fraction bar")
                cursor.advance()
                divisor = exact(below.text)
                if not divisor:
                    self._at(below, "division by zero")
                value = Fraction(value) / divisor
        if _bits(value) > MAX_BITS:
            self._at(token, f"found a number of more than {MAX_BITS} bits")
        value = sign * value
        return value.numerator if value.denominator == 1 else value


_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}", re.ASCII)


def _closest(name: str) -> list[str]:
    known = {n.lower(): n for n in (*COMBINATORS, *LAYERS)}
    return [known[n] for n in get_close_matches(name.lower(), known, 2, 0.6)]


@lru_cache(maxsize=512)
def _signature(build: Callable[..., Block]) -> tuple[inspect.Parameter, ...]:
    return tuple(inspect.signature(build).parameters.values())


def _shown(parameter: inspect.Parameter) -> str:
    """The name of a parameter in the language; a trailing underscore only avoids a clash in Python."""
    return parameter.name.rstrip("_")


# -- printing -------------------------------------------------------------------------------------------------------

_SERIES, _SUM, _PRODUCT, _ATOM = range(4)


def to_text(block: Block) -> str:
    """``block`` in the language: ``parse_block(to_text(b))`` derives the same bounds as ``b``.

    Raises NetworkError where the language has no words for a part (a layer that is not registered, a norm bound that
    is itself a recurrence), or when the text exceeds what ``parse_block`` reads. Terms are printed in normal form; the
    norm of a concrete matrix, where it is a scale factor, by its name in the store.
    """
    pieces: list[str] = []
    size = 0
    for piece in _pieces(block):
        size += len(piece)
        if size > MAX_TEXT:
            raise NetworkError(f"the network has more than {MAX_TEXT} characters as text; `excerpt` shows a part")
        pieces.append(piece)
    return "".join(pieces)


def excerpt(block: Block, limit: int = 2000) -> str:
    """The text of ``block`` for display, cut after ``limit`` characters; never raises for its size."""
    pieces: list[str] = []
    size = 0
    for piece in _pieces(block):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return "".join(pieces)[:limit] + " ..."
    return "".join(pieces)


def described(network: Network) -> str:
    """The network in one line, with its input."""
    i = network.input
    return f"{excerpt(network.body)} on {i.samples} x {i.positions} x {i.features}, |x| <= {i.radius}"


def _pieces(root: Block) -> Iterable[str]:
    """The text of ``root`` piece by piece: a loop over a stack of blocks and strings."""
    stack: list[Any] = [(root, _SERIES)]
    write = _Writer()
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
            continue
        block, level = item
        parts, own = write.parts(block)
        if own < level:
            yield "("
            stack.append(")")
        stack.extend(reversed(parts))


class _Writer:
    """Prints one block as strings and (part, level) pairs; remembers the texts of terms."""

    def __init__(self) -> None:
        self.terms: dict[Term, str] = {}

    def parts(self, block: Block) -> tuple[list[Any], int]:
        if isinstance(block, Layer):
            return [self.layer(block)], _ATOM
        if isinstance(block, Repeat):
            return self.repeat(block), _ATOM
        if not isinstance(block, Composite):
            raise NetworkError(f"{type(block).__name__} cannot be written in the language")
        rule = block.rule
        if rule == "series":
            return _between(" >> ", [(b, _ATOM) for b in parts_of_series(block)]), _SERIES
        if rule == "sum":
            out: list[Any] = [(block.parts[0], _SUM)]
            for b in block.parts[1:]:
                if isinstance(b, Composite) and self._is_product(b) and b.sign < 0:
                    out += [" - ", *self.scaled(b, 1)]
                else:
                    out += [" + ", (b, _PRODUCT)]
            return out, _SUM
        if rule == "product":
            f, g = block.parts
            return [(f, _PRODUCT), " * ", (g, _ATOM)], _PRODUCT
        if rule == "scale":
            if self._is_product(block):
                return self.scaled(block, block.sign), _PRODUCT
            assert block.factor is not None
            text = self.term(block.factor)
            return [f"scale({f'-({text})' if block.sign < 0 else text}, ", (block.parts[0], _SERIES), ")"], _ATOM
        return [f"{rule}(", *_between(", ", [(b, _SERIES) for b in block.parts]), ")"], _ATOM

    def _is_product(self, block: Composite) -> bool:
        """Whether a scaled block prints as ``a * f``: a number or a symbol that no layer is called by."""
        if block.rule != "scale" or block.factor is None:
            return False
        node = block.factor.node
        return node[0] == Op.NUM or (node[0] == Op.SYM and not (
            node[1] == IDENTITY or node[1] in COMBINATORS or node[1] in LAYERS))

    def scaled(self, block: Composite, sign: int) -> list[Any]:
        assert block.factor is not None
        return [f"{'-' if sign < 0 else ''}{self.term(block.factor)} * ", (block.parts[0], _ATOM)]

    def repeat(self, block: Repeat) -> list[Any]:
        out: list[Any] = ["Repeat(", (block.body, _SERIES), f", {self.term(block.depth)}"]
        if block.tied:
            out.append(", tied=true")
        if block.index is not None:
            out.append(f", index={block.index}")
        if block.start is not None:
            out += [", start=", (block.start, _SERIES)]
        if block.capture:
            out.append(", capture=(")
            for k, (name, b) in enumerate(block.capture.items()):
                out += [f"{', ' if k else ''}{self.word(name)} = ", (b, _SERIES)]
            out.append(")")
        return [*out, ")"]

    def layer(self, layer: Layer) -> str:
        if isinstance(layer, _layers.Identity):
            return IDENTITY
        entry = LAYERS.get(layer.name)
        if entry is None:
            raise NetworkError(f"{layer.name or type(layer).__name__} is not a registered layer; "
                               "it cannot be written in the language")
        given = arguments(layer)
        shown: list[str] = []
        bare = isinstance(layer, (_layers.Elementwise, _layers.Dropout))  # their argument needs no name
        for k, p in enumerate(_signature(entry.build)):
            name = _shown(p)
            if name not in given:
                continue
            value = given[name]
            if p.default is not p.empty and _is_default(value, p.default):
                continue
            text = self.value(value)
            shown.append(text if p.default is p.empty or (bare and not k) else f"{name}={text}")
        return f"{layer.name}({', '.join(shown)})" if shown else layer.name

    def value(self, value: Any) -> str:
        if value is None or isinstance(value, bool):
            return {None: "none", True: "true", False: "false"}[value]
        if isinstance(value, Term):
            return self.term(value)
        if isinstance(value, str):
            return self.word(value)
        if isinstance(value, tuple):
            return f"[{', '.join(self.value(v) for v in value)}]"
        return str(value)

    def word(self, word: str) -> str:
        if not _WORD.fullmatch(word):
            raise NetworkError(f"the name {word[:60]!r} cannot be written in the language; a word begins with a letter "
                               "and has at most 60 letters, digits, '_' and '-'")
        return word if "-" not in word and word not in _KEYWORDS else f'"{word}"'

    def term(self, term: Term) -> str:
        node = term.node
        if node[0] == Op.SYM and "." not in node[1]:
            return node[1]
        known = self.terms.get(term)
        if known is None:
            known = self.terms[term] = _expression(term)
        return known


def _expression(term: Term) -> str:
    nodes = term.store.nodes
    if any(nodes[i][0] == Op.REC for i in term.store.reachable([term])):
        raise NetworkError("a norm bound that is a recurrence cannot be written in the language")
    lines = to_lines(term, inline=10_000)
    if len(lines) != 1:
        raise NetworkError("a norm bound of more than 10000 nodes cannot be written in the language")
    return lines[0][1]


def _between(separator: str, items: list[Any]) -> list[Any]:
    out: list[Any] = []
    for k, item in enumerate(items):
        out += [separator, item] if k else [item]
    return out


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(value, Term):
        node = value.node
        return not isinstance(default, bool) and default is not None and (
            (node[0] == Op.SYM and node[1] == default) or (node[0] == Op.NUM and _same_number(node[1], default)))
    return value is default or (isinstance(value, (str, bool)) and value == default)


def _same_number(value: Exact, default: Any) -> bool:
    try:
        return value == exact(default)
    except TermError:
        return False


def arguments(layer: Layer) -> Mapping[str, Any]:
    """The arguments that build ``layer`` again, by parameter: terms, exact entries, words, flags or None.

    A layer with its own ``arguments()`` method answers itself; otherwise its attributes are read by parameter name.
    """
    own = getattr(layer, "arguments", None)
    if own is not None:
        return own()
    if isinstance(layer, _layers.Linear):
        return {"norm": layer.norm if layer.weight_value is None else layer.weight_value,
                "bias": layer.bias if layer.bias_value is None else layer.bias_value,
                "out": layer.out if layer.weight_value is None else None,
                "row_norm": None if layer.weight_value is not None or layer.row_norm == layer.norm else layer.row_norm,
                "share": layer.share}
    if isinstance(layer, _layers.Elementwise):
        return {} if layer.argument is None else {"a": layer.argument}
    if isinstance(layer, _layers.Dropout):
        return {"probability": layer.probability, "mode": "eval"}
    parts = layer.expand()
    if parts is not None and layer.name in LAYERS and LAYERS[layer.name].origin == "built in":
        return _of_parts(parts)
    names = [_shown(p) for p in _signature(lookup(layer.name).build)]
    missing = [n for n in names if not hasattr(layer, n)]
    if missing:
        raise NetworkError(f"{layer.name} cannot be written in the language: it has no attribute {missing[0]!r}; "
                           "define arguments() on the layer")
    return {n: getattr(layer, n) for n in names}


def _of_parts(parts: tuple[Layer, ...]) -> dict[str, Any]:
    """The arguments of a normalizer, read off the primitive layers it stands for."""
    given: dict[str, Any] = {}
    for p in parts:
        if isinstance(p, Normalize):
            given |= {"floor": p.floor, "eps": p.eps, "groups": p.groups}
            if p.variance != "sum":
                given["variance"] = p.variance
            if p.partition == "channel":
                given["mode"] = "train"
        elif isinstance(p, Standardize):
            given |= {"mean": p.mean, "var": p.var, "eps": p.eps, "mode": "eval"}
        elif isinstance(p, _layers.LearnedScale):
            given |= {"gain": p.bound, "alpha": p.bound, "share": p.share}
        elif isinstance(p, Affine):
            given |= {"gamma": p.gain if p.gain_value is None else p.gain_value,
                      "beta": p.shift if p.shift_value is None else p.shift_value, "share": p.share}
    return given


__all__ = ["COMBINATORS", "IDENTITY", "MAX_TEXT", "arguments", "excerpt", "parse_block", "parse_network", "to_text"]
