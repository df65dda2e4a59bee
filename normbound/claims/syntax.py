"""The abstract syntax of claims: immutable nodes of expressions and statements.

THE API, for those who build on it
    Node(op, args, value, at)  a node: operator, children, datum, position in the text (line, column) or None
        node.op      one of the members of Op       node.args    a tuple of nodes
        node.value   a Fraction, a name or names       node.at      not part of equality and hash
        node.depth   1 for a leaf; at most MAX_DEPTH (200) in what the parser returns
        node.is_statement
    Hash is computed once, at construction. Equality, ``postorder``, ``rebuild``, ``free_names``, ``substitute`` are loops
    over distinct nodes (objects), so terms that share subterms are safe. Write passes the same way: no recursion.

Expressions
    NUM       value = Fraction >= 0 with a finite decimal expansion; every other number is built from these (``number``)
    VAR       value = name: a variable, or the index of an enclosing SUM, PROD, FORALL or RECURRENCE
    ELT       value = name of a family, args = (index,)
    CONST     value = name of a constant of normbound.terms.constants
    ADD SUB MUL DIV POW   args = (a, b)          NEG SQRT EXP LOG ABS   args = (a,)
    MIN MAX   args = two or more expressions
    DD        args = (depth, node, ...): the divided difference of z^depth at one or more nodes
    SUM PROD  value = index name, args = (lo, hi, body): index = lo, ..., hi; empty when hi < lo
    NET       value = (function, network), function one of NET_FUNCTIONS
    STATE     value = name of a sequence: x(i) inside the step of a RECURRENCE
Statements
    EQ NE LE LT GE GT     args = (a, b), expressions
    AND       args = two or more statements, none of them an AND (``conjunction`` flattens)
    IMPLIES IFF           args = (P, Q)
    FORALL    value = index name, args = (lo, hi, P)
    INCREASING DECREASING value = name of a variable or a family (then: in every member), args = (e,); not strictly
    LIMIT     value = name of a variable, args = (e, v): e -> v as the variable tends to infinity; v may be INF
    RATE      value = name of a variable, args = (e, v): e^(1/K) -> v as K tends to infinity; v may be INF
    RECURRENCE  value = (index, names), args = (starts..., steps..., forms...), one of each per name:
              x(0) = start, x(i+1) = step, and the claim x(i) = form for every natural i
    INF       an expression that occurs only as the v of LIMIT and RATE

``a <= b <= c`` is AND(LE(a, b), LE(b, c)). ``number(q)`` and ``literal(node)`` convert rationals, ``parts(recurrence)`` and
``build`` take a RECURRENCE apart and check arities. Texts: ``grammar.parse_statement``, ``grammar.parse_expression``,
``text.to_text``, ``tex.to_tex``. Sorts: ``sorts.check``. Values: ``evaluate.value``, ``evaluate.truth``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from normbound.claims.errors import ClaimError


class Op:
    """The kinds of nodes, as texts; without the wrapping of an Enum, since every pass over a tree compares them."""

    NUM, VAR, ELT, CONST, INF, STATE, NET = "num", "var", "elt", "const", "inf", "state", "net"
    ADD, SUB, MUL, DIV, POW, NEG = "add", "sub", "mul", "div", "pow", "neg"
    SQRT, EXP, LOG, ABS, MIN, MAX, DD, SUM, PROD = "sqrt", "exp", "log", "abs", "min", "max", "dd", "sum", "prod"
    EQ, NE, LE, LT, GE, GT = "eq", "ne", "le", "lt", "ge", "gt"
    AND, IMPLIES, IFF, FORALL = "and", "implies", "iff", "forall"
    INCREASING, DECREASING, LIMIT, RATE, RECURRENCE = "increasing", "decreasing", "limit", "rate", "recurrence"


COMPARISONS = (Op.EQ, Op.NE, Op.LE, Op.LT, Op.GE, Op.GT)
STATEMENTS = frozenset((*COMPARISONS, Op.AND, Op.IMPLIES, Op.IFF, Op.FORALL, Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE,
                        Op.RECURRENCE))
NET_FUNCTIONS = ("bound", "param_bound", "radius", "Lip", "param_Lip")
BINDERS = (Op.SUM, Op.PROD, Op.FORALL)  # value is the index, args = (lo, hi, body)
MAX_DEPTH = 200  # of what the parser returns
MAX_DIGITS = 400  # of a literal
_ARITY = {
    **dict.fromkeys((Op.NUM, Op.VAR, Op.CONST, Op.INF, Op.STATE, Op.NET), 0),
    **dict.fromkeys((Op.ELT, Op.NEG, Op.SQRT, Op.EXP, Op.LOG, Op.ABS, Op.INCREASING, Op.DECREASING), 1),
    **dict.fromkeys((Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.POW, *COMPARISONS, Op.IMPLIES, Op.IFF, Op.LIMIT, Op.RATE), 2),
    **dict.fromkeys(BINDERS, 3),
}
_LEAST = {Op.MIN: 2, Op.MAX: 2, Op.DD: 2, Op.AND: 2}
_NAMES = frozenset((Op.VAR, Op.ELT, Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE))  # of variables and families
_NAMED = _NAMES | {Op.CONST, Op.STATE, *BINDERS}


class Position(NamedTuple):
    """A place in a text, both from 1."""

    line: int
    column: int


class Node:
    """One expression or statement; see the head of this module. Immutable; built by ``build`` or directly."""

    __slots__ = ("_hash", "args", "at", "depth", "op", "value")
    __match_args__ = ("op", "args", "value")

    op: str
    args: tuple[Node, ...]
    value: Any
    at: Position | None
    depth: int
    _hash: int

    def __init__(self, op: str, args: tuple[Node, ...] = (), value: Any = None, at: Position | None = None):
        put = object.__setattr__
        put(self, "op", op)
        put(self, "args", args)
        put(self, "value", value)
        put(self, "at", at)
        put(self, "depth", 1 + max((a.depth for a in args), default=0))
        put(self, "_hash", hash((op, value, tuple(a._hash for a in args))))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Node is immutable; {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Node is immutable; {name} cannot be deleted")

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node):
            return NotImplemented
        stack, seen = [(self, other)], set()
        while stack:
            a, b = stack.pop()
            if a is b or (id(a), id(b)) in seen:
                continue
            if a._hash != b._hash or a.op != b.op or a.value != b.value or len(a.args) != len(b.args):
                return False
            seen.add((id(a), id(b)))
            stack.extend(zip(a.args, b.args, strict=True))
        return True

    @property
    def is_statement(self) -> bool:
        return self.op in STATEMENTS

    def __str__(self) -> str:
        from normbound.claims.text import to_text
        return to_text(self)

    def __repr__(self) -> str:
        if tree_size(self, 2_000) > 2_000:
            return f"<claims.Node {self.op}, depth {self.depth}>"
        return f"<claims.Node {self}>"


# -- construction --------------------------------------------------------------------------------------------------------
def build(op: str, *args: Node, value: Any = None, at: Position | None = None) -> Node:
    """The node, after a check of arity and of the kind of its parts. Raises ClaimError."""
    if op in _ARITY:
        if len(args) != _ARITY[op]:
            raise ClaimError(f"{op} has {_ARITY[op]} parts, found {len(args)}")
    elif op in _LEAST:
        if len(args) < _LEAST[op]:
            raise ClaimError(f"{op} has at least {_LEAST[op]} parts, found {len(args)}")
    elif op != Op.RECURRENCE:
        raise ClaimError(f"found the operator {op!r}; accepted: {', '.join((*_ARITY, *_LEAST, Op.RECURRENCE))}")
    kinds = [a.is_statement for a in args]
    if op in (Op.AND, Op.IMPLIES, Op.IFF) and not all(kinds):
        raise ClaimError(f"{op} joins statements; found an expression")
    if op == Op.FORALL and kinds != [False, False, True]:
        raise ClaimError("forall takes two expressions and a statement")
    if op not in (Op.AND, Op.IMPLIES, Op.IFF, Op.FORALL) and any(kinds):
        raise ClaimError(f"{op} takes expressions; found a statement")
    if any(a.op == Op.INF for a in (args if op not in (Op.LIMIT, Op.RATE) else args[:1])):
        raise ClaimError("inf is accepted only as the value of a limit or a rate")
    if op == Op.NUM:
        if not isinstance(value, Fraction) or value < 0 or _decimal_places(value) is None:
            raise ClaimError(f"found the literal {value!r}; a Fraction >= 0 with a finite decimal expansion is needed; use number()")
    elif op in _NAMED:
        if not isinstance(value, str) or not value:
            raise ClaimError(f"{op} needs a name, found {value!r}")
    elif op == Op.NET:
        if not (isinstance(value, tuple) and len(value) == 2 and value[0] in NET_FUNCTIONS and isinstance(value[1], str)):
            raise ClaimError(f"found {value!r}; (function, network) is needed with a function of {', '.join(NET_FUNCTIONS)}")
    elif op == Op.RECURRENCE:
        if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], tuple)
                and value[1] and len(args) == 3 * len(value[1])):
            raise ClaimError("a recurrence has an index, names, and a start, a step and a closed form for each name")
    elif value is not None:
        raise ClaimError(f"{op} has no datum, found {value!r}")
    if op == Op.AND:
        return conjunction(args, at)
    return Node(op, args, value, at)


def conjunction(statements: Iterable[Node], at: Position | None = None) -> Node:
    """The statements joined by ``and``, flat: a conjunction among them is replaced by its parts."""
    flat: list[Node] = []
    for s in statements:
        flat.extend(s.args if s.op == Op.AND else (s,))
    if not flat:
        raise ClaimError("a conjunction needs at least one statement")
    return flat[0] if len(flat) == 1 else Node(Op.AND, tuple(flat), None, at)


def variable(name: str) -> Node:
    return Node(Op.VAR, (), name)


def number(value: int | Fraction, at: Position | None = None) -> Node:
    """The rational as a node: a literal where its decimal expansion is finite and short, else a quotient, negated when < 0."""
    q = Fraction(value)
    size = abs(q)
    if max(size.numerator, size.denominator).bit_length() > 3.3 * (MAX_DIGITS - 1):
        raise ClaimError(f"found a number of more than {MAX_DIGITS} digits")
    places = _decimal_places(size)
    if places is not None and places <= 40:
        node = Node(Op.NUM, (), size, at)
    else:
        node = Node(Op.DIV, (Node(Op.NUM, (), Fraction(size.numerator), at), Node(Op.NUM, (), Fraction(size.denominator), at)), None, at)
    return Node(Op.NEG, (node,), None, at) if q < 0 else node


def literal(node: Node) -> Fraction | None:
    """The rational that a literal, its negation, or a quotient of two of these denotes; None for everything else."""
    sign = 1
    while node.op == Op.NEG:
        node, sign = node.args[0], -sign
    if node.op == Op.NUM:
        return sign * node.value
    if node.op == Op.DIV and all(a.op == Op.NUM or (a.op == Op.NEG and a.args[0].op == Op.NUM) for a in node.args):
        top, bottom = (a.value if a.op == Op.NUM else -a.args[0].value for a in node.args)
        return sign * top / bottom if bottom else None
    return None


def _decimal_places(q: Fraction) -> int | None:
    """How many digits follow the point; None when the expansion does not end."""
    d, twos, fives = q.denominator, 0, 0
    twos = (d & -d).bit_length() - 1
    d >>= twos
    while d % 5 == 0:
        d, fives = d // 5, fives + 1
    return max(twos, fives) if d == 1 else None


class Sequence(NamedTuple):
    """One sequence of a RECURRENCE: name(0) = start, name(index+1) = step, claimed name(index) = form."""

    name: str
    start: Node
    step: Node
    form: Node


def parts(recurrence: Node) -> tuple[str, tuple[Sequence, ...]]:
    """The index and the sequences of a RECURRENCE."""
    index, names = recurrence.value
    n = len(names)
    a = recurrence.args
    return index, tuple(Sequence(names[k], a[k], a[n + k], a[2 * n + k]) for k in range(n))


# -- passes ----------------------------------------------------------------------------------------------------------------
def postorder(*roots: Node) -> list[Node]:
    """The distinct nodes (objects) below the roots, children before parents."""
    order: list[Node] = []
    seen: set[int] = set()
    for root in roots:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((a, False) for a in reversed(node.args))
    return order


def tree_size(node: Node, cap: int = 10**9) -> int:
    """How many nodes the tree has when shared parts are counted each time; counting stops growing at ``cap`` + 1."""
    sizes: dict[int, int] = {}
    for n in postorder(node):
        sizes[id(n)] = min(cap + 1, 1 + sum(sizes[id(a)] for a in n.args))
    return sizes[id(node)]


def rebuild(root: Node, change: Callable[[Node, tuple[Node, ...]], Node | None]) -> Node:
    """The root with every node replaced, children first: ``change(node, new children)`` returns the new node, or None to
    keep the node (over its new children). Binders are not special here."""
    image: dict[int, Node] = {}
    for n in postorder(root):
        args = tuple(image[id(a)] for a in n.args)
        new = change(n, args)
        if new is None:
            same = all(a is b for a, b in zip(args, n.args, strict=True))
            new = n if same else Node(n.op, args, n.value, n.at)
        image[id(n)] = new
    return image[id(root)]


def bound_name(node: Node, part: int) -> str | None:
    """The index that ``node`` binds in its part number ``part``, if any."""
    if node.op in BINDERS:
        return str(node.value) if part == 2 else None
    if node.op == Op.RECURRENCE and part >= len(node.value[1]):
        return str(node.value[0])
    return None


def free_names(root: Node) -> frozenset[str]:
    """The variables and families that the value depends on: bound indices, sequences, constants and networks excluded."""
    found: dict[int, frozenset[str]] = {}
    for n in postorder(root):
        names = frozenset((n.value,) if n.op in _NAMES else ())
        for k, a in enumerate(n.args):
            inner = found[id(a)]
            bound = bound_name(n, k)
            names |= inner - {bound} if bound in inner else inner
        found[id(n)] = names
    return found[id(root)]


def networks(*roots: Node) -> frozenset[str]:
    """The networks that the roots mention."""
    return frozenset(n.value[1] for n in postorder(*roots) if n.op == Op.NET)


def substitute(root: Node, mapping: Mapping[str, Node]) -> Node:
    """The root with variables replaced by expressions. An index that would capture a name of a replacement, or that has the
    name of a replaced variable, and a variable that increasing, decreasing, limit or rate speaks of, are errors."""
    taken = frozenset(mapping).union(*(free_names(e) for e in mapping.values()))

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op == Op.VAR:
            return mapping.get(n.value)
        if n.op == Op.RECURRENCE:
            names = (n.value[0], *n.value[1])
        else:
            names = (n.value,) if n.op in (*BINDERS, Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE) else ()
        for name in names:
            if name in taken:
                raise ClaimError(f"the index or variable {name!r} of {n.op} collides with the substitution")
        return None

    return rebuild(root, change)
