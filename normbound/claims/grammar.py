"""The parser of claims: text to syntax, in one pass, by hand. GRAMMAR.md has the grammar with examples.

Text is data: nothing is evaluated while parsing, only ASCII is read, and length, nesting and literals are capped. Every
error is a ParseError with line and column, what was found and what is accepted.

Binding, from loose to tight: iff, implies, and, comparisons, + and -, * and /, ^. A minus sign begins a sum. ``iff``,
``implies`` and ``^`` do not chain without parentheses. One loop runs the rules, which are generators, so no nesting of the
text nests calls of Python.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

from normbound.claims.errors import ClaimError, ParseError
from normbound.claims.names import FUNCTIONS, PREDICATES, fault, nearest, shown
from normbound.claims.syntax import MAX_DEPTH, MAX_DIGITS, NET_FUNCTIONS, Node, Op, Position, conjunction
from normbound.claims.text import decimal
from normbound.terms.constants import CONSTANTS

MAX_LENGTH = 20_000
MAX_NESTING = 200
MAX_EXPONENT = 400
_IFF, _IMPLIES, _AND, _COMPARE, _ADD, _MUL, _POW = range(1, 8)
_LEVEL = {"iff": _IFF, "implies": _IMPLIES, "and": _AND, "==": _COMPARE, "!=": _COMPARE, "<=": _COMPARE, "<": _COMPARE,
          ">=": _COMPARE, ">": _COMPARE, "+": _ADD, "-": _ADD, "*": _MUL, "/": _MUL, "^": _POW}
_OPS = {"==": Op.EQ, "!=": Op.NE, "<=": Op.LE, "<": Op.LT, ">=": Op.GE, ">": Op.GT, "+": Op.ADD, "-": Op.SUB, "*": Op.MUL,
        "/": Op.DIV, "^": Op.POW, "iff": Op.IFF, "implies": Op.IMPLIES}
_ONE = {"sqrt": Op.SQRT, "exp": Op.EXP, "log": Op.LOG, "abs": Op.ABS}
_TOKEN = re.compile(r"(?P<space>[ \t\r\n]+)|(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
                    r"|(?P<op>\*\*|==|!=|<=|>=|[-+*/^()\[\],;=<>])", re.ASCII)
_NUMBER = re.compile(r"(?P<whole>\d*)(?:\.(?P<part>\d+))?(?:[eE](?P<exponent>[+-]?\d+))?", re.ASCII)
_HINTS = {".": "attributes do not exist here, and a decimal has digits after the point",
          "'": "strings do not exist here", '"': "strings do not exist here", "&": "write and", "|": "write abs(x) for an "
          "absolute value", "!": "write != for unequal", "~": "write not as the opposite comparison", "%": "write a quotient",
          "{": "write ( )", "}": "write ( )", "\\": "LaTeX is not read", "`": "", "@": "", "#": "comments belong into the TOML file",
          "$": "LaTeX is not read", ":": "", "?": ""}
_START = "a number, a name, a function, '(' or '-'"
Rule = Generator[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # number, name, op, end
    text: str
    at: Position


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text``, the last one of kind ``end``. Raises ParseError."""
    if len(text) > MAX_LENGTH:
        raise ParseError(f"found a text of {len(text)} characters; accepted: at most {MAX_LENGTH}", 1, 1)
    tokens: list[Token] = []
    position, line, start, nesting, end = 0, 1, 0, 0, len(text)
    while position < end:
        match = _TOKEN.match(text, position)
        at = Position(line, position - start + 1)
        if match is None:
            raise ParseError(_strange(text[position]), *at)
        kind, found = match.lastgroup or "op", match[0]
        position = match.end()
        if kind == "space":
            if "\n" in found:
                line += found.count("\n")
                start = match.start() + found.rindex("\n") + 1
            continue
        if kind == "op":
            if found == "**":
                raise ParseError("found '**'; accepted: ^ for powers", *at)
            nesting += (found in "([") - (found in ")]")
            if nesting > MAX_NESTING:
                raise ParseError(f"found more than {MAX_NESTING} nested parentheses; accepted: at most {MAX_NESTING}", *at)
        elif kind == "name" and "__" in found:
            raise ParseError(fault(found), *at)
        tokens.append(Token(kind, found, at))
    tokens.append(Token("end", "", Position(line, end - start + 1)))
    return tokens


def _strange(char: str) -> str:
    if ord(char) > 126 or ord(char) < 32:
        from unicodedata import name
        title = name(char, "")
        return f"found U+{ord(char):04X}{' (' + title + ')' if title else ''}; accepted: ASCII"
    hint = _HINTS.get(char, "")
    return f"found {char!r}{'; ' + hint if hint else ''}; accepted: numbers, names and + - * / ^ ( ) [ ] , ; = == != < <= > >="


def parse_statement(text: str) -> Node:
    """The statement that ``text`` denotes. Raises ParseError with line and column."""
    return _Parser(text).whole(True)


def parse_expression(text: str) -> Node:
    """The expression that ``text`` denotes. Raises ParseError with line and column."""
    return _Parser(text).whole(False)


class _Parser:
    def __init__(self, text: str):
        if not isinstance(text, str):
            raise ParseError(f"found {type(text).__name__}; accepted: a text")
        self.tokens = tokenize(text)
        self.position = 0
        self.nesting = 0
        self.sequences: tuple[str, tuple[str, ...]] | None = None  # index and names, inside the steps of a recurrence

    # -- running ----------------------------------------------------------------------------------------------------
    def whole(self, statement: bool) -> Node:
        node = self.run(self.level(_IFF))
        if self.token.kind != "end":
            self.fail(self.after(node))
        if node.is_statement != statement:
            first = self.tokens[0].at
            if statement:
                raise ParseError("found an expression; accepted: a statement, for instance a comparison such as a <= b", *first)
            raise ParseError("found a statement; accepted: an expression", *first)
        if node.op == Op.INF:
            raise ParseError("found 'inf'; accepted: inf only as the value of a limit or a rate", *self.tokens[0].at)
        return node

    @staticmethod
    def run(rule: Rule) -> Node:
        """Run a rule; what it yields are the rules it needs, whose results are sent back."""
        stack, result = [rule], None
        while stack:
            try:
                stack.append(stack[-1].send(result))
                result = None
            except StopIteration as stop:
                stack.pop()
                result = stop.value
        assert isinstance(result, Node)
        return result

    # -- tokens -----------------------------------------------------------------------------------------------------
    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def advance(self) -> Token:
        token = self.token
        self.position += 1
        return token

    def at(self, text: str) -> bool:
        return self.token.text == text and self.token.kind != "number"

    def accept(self, text: str) -> bool:
        if self.at(text):
            self.position += 1
            return True
        return False

    def expect(self, text: str, otherwise: str = "") -> None:
        if not self.accept(text):
            self.fail(f"{text!r}{otherwise}")

    def fail(self, accepted: str) -> NoReturn:
        token = self.token
        found = "the end" if token.kind == "end" else shown(token.text)
        raise ParseError(f"found {found}; accepted: {accepted}", *token.at)

    def make(self, op: str, args: tuple[Node, ...], value: Any, at: Position) -> Node:
        node = Node(op, args, value, at)
        if node.depth > MAX_DEPTH:
            raise ParseError(f"found an expression of more than {MAX_DEPTH} levels (each operator of a chain is one); "
                             f"accepted: at most {MAX_DEPTH}", *at)
        return node

    def after(self, node: Node) -> str:
        """What may follow a complete operand."""
        if self.at("=") and not node.is_statement:
            return "== for equality"
        if self.token.kind in ("name", "number") and not node.is_statement and self.token.text not in _LEVEL:
            return "an operator (a product is written with *) or the end"
        if self.at("("):
            return "an operator (a product is written with *) or the end"
        if node.is_statement:
            return "and, implies, iff or the end"
        return "an operator or the end"

    # -- operators --------------------------------------------------------------------------------------------------
    def level(self, least: int) -> Rule:
        """Operators that bind at least as tightly as ``least``."""
        start = self.token.at
        if self.at("-"):
            if least > _ADD:
                self.fail("parentheses around a negative factor, such as a*(-b)")
            self.advance()
            operand = yield self.level(_MUL)
            left = self.make(Op.NEG, (self.expression(operand, start),), None, start)
            tightest = _ADD  # what follows a negated product is + or - or looser
        else:
            left = yield self.atom()
            tightest = _POW
        while True:
            token = self.token
            bind = _LEVEL.get(token.text, 0) if token.kind in ("op", "name") else 0
            if bind < least or bind > tightest:
                return left
            if bind == _POW:
                left = yield self.power(left, start)
                tightest = _MUL
            elif bind in (_MUL, _ADD):
                self.advance()
                right_at = self.token.at
                right = yield self.level(bind + 1)
                pair = (self.expression(left, start), self.expression(right, right_at))
                left = self.make(_OPS[token.text], pair, None, start)
                tightest = bind
            elif bind == _COMPARE:
                left = yield self.comparison(left, start)
                tightest = _AND
            else:
                left = yield self.connective(left, start, bind)
                tightest = bind - 1

    def power(self, base: Node, start: Position) -> Rule:
        self.expression(base, start)
        self.advance()
        at = self.token.at
        negative = self.accept("-")
        inner = self.token.at
        exponent = self.expression((yield self.atom()), inner)
        if self.at("^"):
            self.fail("an operator or the end; a tower of powers needs parentheses, a^(b^c) or (a^b)^c")
        if negative:
            exponent = self.make(Op.NEG, (exponent,), None, at)
        return self.make(Op.POW, (base, exponent), None, start)

    def comparison(self, left: Node, start: Position) -> Rule:
        """A chain a <= b <= c, or limit(e, K) == v."""
        if left.op in (Op.LIMIT, Op.RATE):
            if not self.accept("=="):
                self.fail("'=='")
            at = self.token.at
            value = yield self.level(_ADD)
            value = value if value.op == Op.INF else self.expression(value, at)
            return self.make(left.op, (left.args[0], value), left.value, start)
        operands, ops, at = [self.expression(left, start)], [], start
        places = [start]
        while self.token.kind == "op" and _LEVEL.get(self.token.text) == _COMPARE:
            ops.append(_OPS[self.advance().text])
            at = self.token.at
            operand = yield self.level(_ADD)
            if operand.op in (Op.LIMIT, Op.RATE):
                raise ParseError(f"found {operand.op}(...) on the right; accepted: {operand.op}(...) == value", *at)
            operands.append(self.expression(operand, at))
            places.append(at)
        if self.at("="):
            self.fail("== for equality")
        pairs = [self.make(op, (operands[k], operands[k + 1]), None, places[k]) for k, op in enumerate(ops)]
        return pairs[0] if len(pairs) == 1 else self.make(Op.AND, tuple(pairs), None, start)

    def connective(self, left: Node, start: Position, bind: int) -> Rule:
        items = [self.statement(left, start)]
        word = self.token.text
        while self.accept(word):
            at = self.token.at
            items.append(self.statement((yield self.level(bind + 1)), at))
            if bind != _AND and self.at(word):
                self.fail(f"the end; {word} does not chain, write parentheses")
        if bind == _AND:
            both = conjunction(items, start)
            return self.make(both.op, both.args, None, start)
        return self.make(_OPS[word], tuple(items), None, start)

    def expression(self, node: Node, at: Position) -> Node:
        if node.is_statement:
            if node.op in (Op.LIMIT, Op.RATE) and len(node.args) == 1:
                raise ParseError(f"found {node.op}(...) without a value; accepted: {node.op}(e, K) == value", *at)
            raise ParseError("found a statement; accepted: an expression", *at)
        if node.op == Op.INF:
            raise ParseError("found 'inf'; accepted: inf only as the value of a limit or a rate", *at)
        return node

    def statement(self, node: Node, at: Position) -> Node:
        if not node.is_statement:
            raise ParseError("found an expression; accepted: a statement, for instance a comparison such as a <= b", *at)
        if node.op in (Op.LIMIT, Op.RATE) and len(node.args) == 1:
            raise ParseError(f"found {node.op}(...) without a value; accepted: {node.op}(e, K) == value", *at)
        return node

    # -- atoms ------------------------------------------------------------------------------------------------------
    def atom(self) -> Rule:
        token = self.token
        if token.kind == "number":
            self.advance()
            return Node(Op.NUM, (), self.literal(token), token.at)
        if token.kind == "name":
            result = yield self.named(token)
            return result
        if self.accept("("):
            inner = yield self.level(_IFF)
            if not self.at(")"):
                self.fail("')' or an operator" if self.token.kind == "end" or not self.at("=") else "== for equality")
            self.advance()
            if inner.op in (Op.LIMIT, Op.RATE) and len(inner.args) == 1:
                raise ParseError(f"found {inner.op}(...) without a value; accepted: {inner.op}(e, K) == value", *token.at)
            return self.expression(inner, token.at) if inner.op == Op.INF else inner
        self.fail(_START)

    def literal(self, token: Token) -> Fraction:
        if len(token.text) > MAX_DIGITS:
            raise ParseError(f"found a number of {len(token.text)} characters; accepted: at most {MAX_DIGITS}", *token.at)
        match = _NUMBER.fullmatch(token.text)
        assert match is not None
        exponent = match["exponent"] or "0"
        if len(exponent) > 6 or abs(int(exponent)) > MAX_EXPONENT:
            raise ParseError(f"found the number {shown(token.text)}; accepted: decimal exponents from -{MAX_EXPONENT} to "
                             f"{MAX_EXPONENT}", *token.at)
        part = match["part"] or ""
        value = int((match["whole"] or "0") + part) * Fraction(10) ** (int(exponent) - len(part))
        if len(decimal(value)) > MAX_DIGITS:
            raise ParseError(f"found a number of {len(decimal(value))} digits; accepted: at most {MAX_DIGITS}", *token.at)
        return value

    def name(self, role: str) -> Token:
        """A name that the text introduces or refers to."""
        token = self.token
        if token.kind != "name":
            self.fail(f"the name of {role}")
        why = fault(token.text)
        if why:
            raise ParseError(why, *token.at)
        return self.advance()

    def named(self, token: Token) -> Rule:
        text = token.text
        calls = self.peek().kind == "op" and self.peek().text == "("
        if text in FUNCTIONS or text in NET_FUNCTIONS or text in PREDICATES:
            self.advance()
            self.expect("(", f" after {text}")
            if text in ("sum", "prod", "forall"):
                node = yield self.binder(token)
            elif text in NET_FUNCTIONS:
                node = Node(Op.NET, (), (text, self.name("a network").text), token.at)
                self.close(text)
            elif text in ("increasing", "decreasing", "limit", "rate"):
                node = yield self.predicate(token)
            else:
                node = yield self.function(token)
            return node
        if text == "recurrence":
            node = yield self.recurrence()
            return node
        if text == "inf":
            self.advance()
            return Node(Op.INF, (), None, token.at)
        if text in CONSTANTS and not calls:
            self.advance()
            return Node(Op.CONST, (), text, token.at)
        if text in ("or", "not"):
            raise ParseError(f"found {text!r}; accepted: comparisons joined by and, implies, iff", *token.at)
        if text in ("and", "iff", "implies", "has", "nan", "true", "false", "unbounded"):
            self.fail(_START)
        self.name("a variable")
        if self.accept("["):
            at = self.token.at
            index = self.expression((yield self.level(_IFF)), at)
            self.expect("]", " or an operator")
            return self.make(Op.ELT, (index,), text, token.at)
        if calls:
            if self.sequences is not None and text in self.sequences[1]:
                return self.state(token)
            known = (*FUNCTIONS, *NET_FUNCTIONS, *PREDICATES)
            hint = nearest(text, known)
            raise ParseError(f"found the unknown function {shown(text)}{hint}; accepted: {', '.join(known)} "
                             "(a product is written with *)", *token.at)
        return Node(Op.VAR, (), text, token.at)

    def state(self, token: Token) -> Node:
        assert self.sequences is not None
        index = self.sequences[0]
        self.expect("(")
        if not (self.at(index) and self.peek().text == ")"):
            self.fail(f"the index, {token.text}({index}): a step may use the values before it, nothing else")
        self.position += 2
        return Node(Op.STATE, (), token.text, token.at)

    def close(self, function: str) -> None:
        if not self.accept(")"):
            self.fail(f"')' after the arguments of {function}" if self.at(",") or self.at(";") else "')' or an operator")

    def argument(self) -> Rule:
        at = self.token.at
        node = yield self.level(_IFF)
        return self.expression(node, at)

    def function(self, token: Token) -> Rule:
        text = token.text
        arguments = [(yield self.argument())]
        if text in _ONE:
            self.close(text)
            return self.make(_ONE[text], tuple(arguments), None, token.at)
        if text == "dd":
            self.expect(";", " after the depth: dd(K; a, b, ...)")
            arguments.append((yield self.argument()))
        else:
            self.expect(",", f": {text} takes at least two arguments")
            arguments.append((yield self.argument()))
        while self.accept(","):
            arguments.append((yield self.argument()))
        if not self.accept(")"):
            self.fail("',' or ')'")
        return self.make({"dd": Op.DD, "min": Op.MIN, "max": Op.MAX}[text], tuple(arguments), None, token.at)

    def binder(self, token: Token) -> Rule:
        text = token.text
        shape = f"{text}(i, lo, hi, {'P' if text == 'forall' else 'body'})"
        index = self.name(f"the index of {shape}").text
        self.expect(",", f" in {shape}")
        low = yield self.argument()
        self.expect(",", f" in {shape}")
        high = yield self.argument()
        self.expect(",", f" in {shape}")
        at = self.token.at
        body = yield self.level(_IFF)
        body = self.statement(body, at) if text == "forall" else self.expression(body, at)
        self.close(text)
        return self.make({"sum": Op.SUM, "prod": Op.PROD, "forall": Op.FORALL}[text], (low, high, body), index, token.at)

    def predicate(self, token: Token) -> Rule:
        text = token.text
        body = yield self.argument()
        self.expect(",", f": {text} takes an expression and a variable")
        name = self.name(f"a variable{' or a family' if text.endswith('creasing') else ''}").text
        self.close(text)
        op = {"increasing": Op.INCREASING, "decreasing": Op.DECREASING, "limit": Op.LIMIT, "rate": Op.RATE}[text]
        if op in (Op.LIMIT, Op.RATE) and not self.at("==") and not self.at(")"):
            self.fail(f"'==' after {text}(e, K)")
        return self.make(op, (body,), name, token.at)

    # -- recurrences ------------------------------------------------------------------------------------------------
    def recurrence(self) -> Rule:
        """recurrence x(0) = e, x(i+1) = step, y(0) = ..., ... has closed form x(i) = f, y(i) = ..."""
        start = self.advance().at
        if self.sequences is not None:
            raise ParseError("found a recurrence inside a recurrence; accepted: expressions", *start)
        index, names = self.survey(start)
        begins: dict[str, Node] = {}
        steps: dict[str, Node] = {}
        forms: dict[str, Node] = {}
        while True:
            token = self.name("a sequence")
            name = token.text
            self.expect("(")
            if self.token.kind == "number":
                if self.token.text != "0":
                    self.fail(f"0 or {index}+1, as in {name}(0) = ... or {name}({index}+1) = ...")
                self.advance()
                table, shown_as = begins, f"{name}(0)"
            else:
                self.index(index, name)
                self.expect("+", f": {name}({index}+1)")
                if not (self.token.kind == "number" and self.token.text == "1"):
                    self.fail(f"1, as in {name}({index}+1)")
                self.advance()
                table, shown_as = steps, f"{name}({index}+1)"
            self.expect(")")
            self.expect("=")
            if name in table:
                raise ParseError(f"found a second {shown_as}; accepted: one", *token.at)
            self.sequences = (index, names) if table is steps else None
            at = self.token.at
            table[name] = self.expression((yield self.level(_ADD)), at)
            self.sequences = None
            if self.accept(","):
                continue
            if not self.at("has"):
                self.fail("',' or has closed form")
            for word in ("has", "closed", "form"):
                self.expect(word, ": has closed form x(i) = ...")
            break
        for name in names:
            for table, what in ((begins, f"{name}(0) = ..."), (steps, f"{name}({index}+1) = ...")):
                if name not in table:
                    raise ParseError(f"found no {what}; accepted: a start and a step for each sequence", *start)
        while True:
            token = self.name("a sequence")
            name = token.text
            if name not in names:
                raise ParseError(f"found the sequence {shown(name)}{nearest(name, names)}; accepted: {', '.join(names)}", *token.at)
            self.expect("(")
            self.index(index, name)
            self.expect(")", f": {name}({index})")
            self.expect("=")
            if name in forms:
                raise ParseError(f"found a second closed form of {name}; accepted: one", *token.at)
            at = self.token.at
            forms[name] = self.expression((yield self.level(_ADD)), at)
            if not self.accept(","):
                break
        for name in names:
            if name not in forms:
                raise ParseError(f"found no closed form of {name}; accepted: one for each sequence", *start)
        args = tuple(table[n] for table in (begins, steps, forms) for n in names)
        return self.make(Op.RECURRENCE, args, (index, names), start)

    def survey(self, start: Position) -> tuple[str, tuple[str, ...]]:
        """The index and the names of the sequences, read ahead: a step may use sequences that are introduced later."""
        index, names, depth, k = "", [], 0, self.position
        begins = True  # whether a definition may begin here
        while self.tokens[k].kind != "end" and self.tokens[k].text != "has" and depth >= 0:
            token = self.tokens[k]
            if begins and token.kind == "name" and self.tokens[k + 1].text == "(":
                if token.text not in names:
                    names.append(token.text)
                inner = self.tokens[k + 2]
                if inner.kind == "name" and not index:
                    index = inner.text
            begins = token.text == "," and depth == 0
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            k += 1
        if not names:
            self.fail("a sequence, as in recurrence x(0) = a, x(i+1) = b*x(i) has closed form x(i) = a*b^i")
        for name in (*names, *([index] if index else [])):
            why = fault(name)
            if why:
                raise ParseError(why, *start)
        if not index:
            raise ParseError("found no step x(i+1) = ...; accepted: a start and a step for each sequence", *start)
        if index in names:
            raise ParseError(f"found {index!r} as index and as sequence; accepted: different names", *start)
        return index, tuple(names)

    def index(self, index: str, name: str) -> None:
        if not self.at(index):
            self.fail(f"the index {index}, as in {name}({index})")
        self.advance()


__all__ = ["MAX_LENGTH", "MAX_NESTING", "ClaimError", "ParseError", "parse_expression", "parse_statement"]
