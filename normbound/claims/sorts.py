"""Sorts of variables, and whether a statement respects them.

A variable is a number of one of ``KINDS``; a family, declared as "positive[K]", has the members s[1], ..., s[K], each a
number of the kind. The length is an expression in natural numbers. Whether a value exists at all (no division by zero, a
depth that is not negative, an index within its range) is not a matter of sorts: ``evaluate`` finds out at a point, a prover
for all points.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from normbound.claims.errors import ClaimError, ParseError, SortError
from normbound.claims.grammar import parse_expression
from normbound.claims.names import fault, nearest, shown
from normbound.claims.syntax import BINDERS, Node, Op, bound_name, free_names, literal, postorder

KINDS = ("positive", "nonnegative", "real", "natural", "integer")
_REAL, _INTEGER, _NATURAL = range(3)


@dataclass(frozen=True, slots=True)
class Sort:
    """The sort of a variable, or of the members 1, ..., length of a family."""

    kind: str
    length: Node | None = None

    @property
    def is_family(self) -> bool:
        return self.length is not None

    def __str__(self) -> str:
        return self.kind if self.length is None else f"{self.kind}[{self.length}]"


Variables = Mapping[str, Sort]


def parse_sort(text: str) -> Sort:
    """The sort that a text such as "positive" or "positive[K+1]" denotes. Raises ClaimError."""
    head, bracket, rest = text.partition("[")
    kind = head.strip(" ")
    if kind not in KINDS:
        found = shown(text.strip(" ")) if text.strip(" ") else "an empty text"
        raise SortError(f"found {found}{nearest(kind, KINDS)}; accepted: {', '.join(KINDS)}, "
                        'and families such as "positive[K]"', 1, 1)
    if not bracket:
        return Sort(kind)
    inner = rest.rstrip(" ")
    if not inner.endswith("]"):
        raise SortError("found no ']' at the end; accepted: a family such as \"positive[K]\"", 1, len(text) + 1)
    offset = len(head) + 1
    try:
        return Sort(kind, parse_expression(inner[:-1]))
    except ParseError as error:
        column = error.column + offset if error.line == 1 else error.column
        raise ParseError(error.finding, error.line, column) from None


def check_length(name: str, variables: Variables) -> None:
    """Check the length of the family ``name``: natural numbers and natural variables with + and *. Raises SortError."""
    length = variables[name].length
    if length is None:
        return
    check(length, {x: sort for x, sort in variables.items() if not sort.is_family or x in free_names(length)})
    if not is_natural(length, variables):
        raise SortError(f"found the length {shown(str(length), 60)}; accepted: a natural number, made of literals and natural "
                        "variables with + and *", *(length.at or ()))


def check_lengths(variables: Variables) -> None:
    """``check_length`` for every family."""
    for name in variables:
        check_length(name, variables)


def is_integer(node: Node, variables: Variables) -> bool:
    """Whether the expression has only integer values, by its form."""
    return kinds(node, variables)[id(node)] >= _INTEGER


def is_natural(node: Node, variables: Variables) -> bool:
    """Whether the expression has only values 0, 1, 2, ..., by its form."""
    return kinds(node, variables)[id(node)] == _NATURAL


def kinds(root: Node, variables: Variables) -> dict[int, int]:
    """For the id of each node: 2 natural, 1 integer, 0 neither by its form. Names that are not declared are indices."""
    found: dict[int, int] = {}
    for n in postorder(root):
        below = [found[id(a)] for a in n.args]
        kind = _REAL
        if n.op == Op.NUM:
            kind = _NATURAL if n.value.denominator == 1 else _REAL
        elif n.op in (Op.VAR, Op.ELT):
            sort = variables.get(n.value)
            kind = _INTEGER if sort is None else {"natural": _NATURAL, "integer": _INTEGER}.get(sort.kind, _REAL)
        elif n.op in (Op.ADD, Op.MUL, Op.MIN, Op.MAX):
            kind = min(below)
        elif n.op in (Op.SUB, Op.NEG):
            kind = min(*below, _INTEGER)
        elif n.op == Op.ABS:
            kind = _NATURAL if below[0] else _REAL
        elif n.op == Op.POW:
            kind = below[0] if below[1] == _NATURAL else _REAL
        elif n.op == Op.DD:
            kind = min(below[1:])
        elif n.op in (Op.SUM, Op.PROD):
            kind = below[2]
        found[id(n)] = kind
    return found


def check(root: Node, variables: Variables, networks: Collection[str] = (), sequences: Collection[str] = ()) -> None:
    """Check the names and sorts of a statement or an expression. Raises SortError at the first node that does not fit."""
    whole = kinds(root, variables)

    def fail(node: Node, finding: str) -> None:
        raise SortError(finding, *(node.at or ()))

    def integer(node: Node, what: str) -> None:
        if whole[id(node)] == _REAL:
            fail(node, f"{what} is {shown(str(node), 60)}, which need not be an integer; accepted: literals, natural and integer "
                       "variables, indices, and + - * of these")

    seen: set[tuple[int, frozenset[str]]] = set()
    stack: list[tuple[Node, frozenset[str]]] = [(root, frozenset())]
    while stack:
        node, scope = stack.pop()
        if (id(node), scope) in seen:
            continue
        seen.add((id(node), scope))
        op, name = node.op, node.value
        if op == Op.VAR and name not in scope:
            sort = variables.get(name)
            if sort is None:
                fail(node, _unknown(name, variables, scope, networks))
            elif sort.is_family:
                fail(node, f"{name} is a family, {sort}; accepted: a member such as {name}[1]")
        elif op == Op.ELT:
            sort = variables.get(name)
            if sort is None:
                fail(node, f"{name} is an index; accepted: a member of a family" if name in scope else
                     _unknown(name, variables, scope, networks))
            elif not sort.is_family:
                fail(node, f"{name} is one number, {sort.kind}; accepted: {name} without [...], or a declaration such as "
                           f'"{sort.kind}[K]"')
            integer(node.args[0], f"the index of {name}")
            k, length = literal(node.args[0]), literal(sort.length) if sort and sort.length else None
            if k is not None and (k < 1 or (length is not None and k > length)):
                fail(node.args[0], f"found the index {k}; accepted: from 1 to {sort.length if sort else ''}")
        elif op == Op.DD:
            integer(node.args[0], "the depth of dd")
        elif op in BINDERS:
            _binds(fail, node, name, variables, scope, networks)
            for a, what in zip(node.args, ("lower", "upper"), strict=False):
                integer(a, f"the {what} end of {op}")
        elif op == Op.RECURRENCE:
            index, names = name
            for x in (index, *names):
                _binds(fail, node, x, variables, scope, networks)
        elif op in (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE):
            _speaks_of(fail, node, variables, scope, networks)
        elif op == Op.NET and name[1] not in networks:
            known = ", ".join(sorted(networks)[:20])
            fail(node, f"found the unknown network {shown(name[1])}{nearest(name[1], networks)}; accepted: "
                       f"{known or 'networks declared under [networks]; there is none'}")
        for part, a in enumerate(node.args):
            bound = bound_name(node, part)
            stack.append((a, scope | {bound} if bound else scope))


def _binds(fail: Callable[[Node, str], None], node: Node, name: str, variables: Variables, scope: Collection[str],
           networks: Collection[str]) -> None:
    """A new index or sequence must not be anything else."""
    if name in variables:
        kind = "a family" if variables[name].is_family else "a variable"
        fail(node, f"{name} is {kind} and bound by {node.op}; accepted: a name that is not declared")
    if name in scope:
        fail(node, f"{name} is the index of an outer sum, product, forall or recurrence and bound again by {node.op}; accepted: "
                   "another name")
    if name in networks:
        fail(node, f"{name} is a network and bound by {node.op}; accepted: another name")


def _speaks_of(fail: Callable[[Node, str], None], node: Node, variables: Variables, scope: Collection[str],
               networks: Collection[str]) -> None:
    name, op = node.value, node.op
    sort = variables.get(name)
    if sort is None:
        fail(node, f"{op} speaks of the index {name}; accepted: a declared variable" if name in scope else
             _unknown(name, variables, scope, networks))
        return
    if op in (Op.LIMIT, Op.RATE):
        if sort.is_family:
            fail(node, f"{op} speaks of {name}, a family; accepted: a variable")
        if op == Op.RATE and sort.kind != "natural":
            fail(node, f"rate speaks of {name}, declared {sort.kind}; accepted: a natural variable")
        if name in free_names(node.args[1]):
            fail(node.args[1], f"the value of the {op} contains {name}; accepted: a value free of it")
    elif op in (Op.INCREASING, Op.DECREASING):
        lengths = [f for f, s in variables.items() if s.length is not None and name in free_names(s.length)]
        used = [f for f in lengths if f in free_names(node.args[0])]
        if used:
            fail(node, f"{op} speaks of {name}, the length of the family {used[0]}; accepted: a variable that is no length")


def _unknown(name: str, variables: Variables, scope: Collection[str], networks: Collection[str]) -> str:
    if name in networks:
        return f"{name} is a network; accepted: bound({name}), param_bound({name}), radius({name}), Lip({name}), param_Lip({name})"
    known = [*variables, *sorted(scope)]
    names = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"found the unknown name {shown(name)}{nearest(name, known)}; accepted: {names or 'declared names; there is none'}"


def declared(texts: Mapping[str, str]) -> dict[str, Sort]:
    """Variables from texts, for instance {"K": "natural", "s": "positive[K]"}. Raises ClaimError naming the variable."""
    found: dict[str, Sort] = {}
    for name, text in texts.items():
        why = fault(name)
        if why:
            raise SortError(why)
        try:
            found[name] = parse_sort(text)
        except ClaimError as error:
            raise SortError(f"{name}: {error.finding}", error.line, error.column) from None
    check_lengths(found)
    return found


__all__ = ["KINDS", "Sort", "Variables", "check", "check_length", "check_lengths", "declared", "is_integer", "is_natural",
           "kinds", "parse_sort"]
