"""Sequents as propositions of Coq, over the definitions of ``proofs/Claims.v``.

Every variable is a real number with a hypothesis that says its sort, a family is a function R -> R whose members at 1, ..., length
have the sort. The names are those of the claim; a name that Coq or the statement itself uses gets two underscores at its end, which
no name of a claim has.

    K natural        forall (K : R), isnat K -> ...
    s positive[K]    forall (s : R -> R), (forall i : R, isint i -> 1 <= i -> i <= K -> 0 < s i) -> ...
    a^b              pw a b
    sum(i, l, h, e)  rsum l h (fun i : R => e)
    dd(K; a, b)      dd K [a; b]
    log(a)           log a, the inverse of exp (MeanValue.log)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from normbound.claims.checker import Sequent
from normbound.claims.checker.obligations import obligations
from normbound.claims.replay.names import taken
from normbound.claims.sorts import Sort
from normbound.claims.syntax import Node, Op, free_names, parts, postorder, rebuild
from normbound.errors import NormboundError

CONSTANTS = {  # what normbound.terms.constants defines in closed form
    "pi": ("PI", 0),
    "log2": ("log 2", 10),
    "gelu_curvature": ("2 / sqrt (2 * PI)", 40),
    "sigmoid_curvature": ("1 / (6 * sqrt 3)", 40),
    "tanh_curvature": ("4 / (3 * sqrt 3)", 40),
}
MAX_TEXT = 200_000  # characters of a statement
# Names that statements use, and words of Coq; a variable that has one of them gets another name.
_WORDS = frozenset((
    "R", "Rmin", "Rmax", "Rabs", "IZR", "INR", "PI", "exp", "sqrt", "log", "pw", "rsum", "rprod", "dd", "isnat", "isint", "limit_to",
    "limit_inf", "line", "True", "False", "nil", "cons", "as", "at", "by", "cofix", "else", "end", "exists", "exists2", "fix", "for",
    "forall", "fun", "if", "IF", "in", "let", "match", "mod", "return", "Set", "Prop", "SProp", "Type", "then", "using", "where", "with"))
_OURS = re.compile(r"[cfghnp][0-9]+\Z", re.ASCII)  # names in the context of scripts
_SORTS = {"positive": "0 < {}", "nonnegative": "0 <= {}", "natural": "isnat {}", "integer": "isint {}"}
_RELATIONS = {Op.EQ: "=", Op.NE: "<>", Op.LE: "<=", Op.LT: "<", Op.GE: ">=", Op.GT: ">"}
_APPLIED = {Op.SQRT: "sqrt", Op.EXP: "exp", Op.LOG: "log", Op.ABS: "Rabs"}
_ARGUMENT, _APPLICATION, _PRODUCT, _SUM, _TERM = 9, 10, 40, 50, 200
Text = tuple[str, int]  # and the level of its outermost operator


class Unreplayed(NormboundError):
    """A certificate, or a part of it, has no counterpart in Coq: why."""


def coq_name(name: str) -> str:
    """What a variable, a family, an index or a sequence is called in Coq."""
    return f"{name}__" if name in _WORDS or _OURS.match(name) or name in taken() else name


def sort_name(name: str) -> str:
    """What the hypothesis is called that says the sort of a variable."""
    return f"{name}__s"


# -- expressions -----------------------------------------------------------------------------------------------------------
def rational(q: Fraction) -> Text:
    """A number."""
    if q < 0:
        return f"- {_within(rational(-q), _APPLICATION)}", _SUM
    return (str(q.numerator), 0) if q.denominator == 1 else (f"{q.numerator} / {q.denominator}", _PRODUCT)


def term(root: Node, argument: bool = False) -> str:
    """An expression as text of Coq; as an ``argument`` in parentheses where it needs them. Raises Unreplayed."""
    texts = _texts(root)
    return _within(texts[id(root)], _ARGUMENT if argument else _TERM)


def _within(text: Text, level: int) -> str:
    return text[0] if text[1] <= level else f"({text[0]})"


def _texts(*roots: Node) -> dict[int, Text]:
    """The texts of the expressions below the roots, by id."""
    found: dict[int, Text] = {}
    for n in postorder(*roots):
        if not n.is_statement and n.op != Op.INF:
            found[id(n)] = _expression(n, found)
            if len(found[id(n)][0]) > MAX_TEXT:
                raise Unreplayed("the statement is too long")
    return found


def _expression(n: Node, found: Mapping[int, Text]) -> Text:
    op = n.op

    def part(k: int, level: int = _ARGUMENT) -> str:
        return _within(found[id(n.args[k])], level)

    if op == Op.NUM:
        return rational(n.value)
    if op == Op.VAR:
        return coq_name(n.value), 0
    if op == Op.ELT:
        return f"{coq_name(n.value)} {part(0)}", _APPLICATION
    if op == Op.CONST:
        if n.value not in CONSTANTS:
            raise Unreplayed(f"the constant {n.value} has no definition in Coq")
        return CONSTANTS[n.value]
    if op in (Op.ADD, Op.SUB):
        return f"{part(0, _SUM)} {'+' if op == Op.ADD else '-'} {part(1, _PRODUCT)}", _SUM
    if op in (Op.MUL, Op.DIV):
        return f"{part(0, _PRODUCT)} {'*' if op == Op.MUL else '/'} {part(1, _APPLICATION)}", _PRODUCT
    if op == Op.NEG:
        return f"- {part(0, _APPLICATION)}", _SUM
    if op == Op.POW:
        return f"pw {part(0)} {part(1)}", _APPLICATION
    if op in _APPLIED:
        return f"{_APPLIED[op]} {part(0)}", _APPLICATION
    if op in (Op.MIN, Op.MAX):
        function = "Rmin" if op == Op.MIN else "Rmax"
        text = part(0)
        for k in range(1, len(n.args)):
            text = f"{function} {text} {part(k)}"
            text = text if k == len(n.args) - 1 else f"({text})"
        return text, _APPLICATION
    if op == Op.DD:
        return f"dd {part(0)} [{'; '.join(part(k, _TERM) for k in range(1, len(n.args)))}]", _APPLICATION
    if op in (Op.SUM, Op.PROD):
        function = "rsum" if op == Op.SUM else "rprod"
        return f"{function} {part(0)} {part(1)} (fun {coq_name(n.value)} : R => {part(2, _TERM)})", _APPLICATION
    if op == Op.STATE:
        return f"{coq_name(n.value)} {_INDEX}", _APPLICATION
    if op == Op.NET:
        raise Unreplayed(f"{n.value[0]}({n.value[1]}) has no expression")
    raise Unreplayed(f"{op} has no counterpart in Coq")


_INDEX = "\0"  # stands for the index of a recurrence, which only the recurrence knows


# -- statements ------------------------------------------------------------------------------------------------------------
_FORALL, _IFF, _IMPLIES, _AND, _COMPARISON = 200, 95, 99, 80, 70


def proposition(root: Node) -> str:
    """A statement as text of Coq; not for increasing and decreasing, which speak of the hypotheses too (``goal_text``)."""
    return _proposition(root, {})[0]


def _proposition(root: Node, sorts: Mapping[str, Sort]) -> Text:
    expressions = _texts(root)
    found: dict[int, Text] = {}
    for n in postorder(root):
        if n.is_statement:
            found[id(n)] = _statement(n, expressions, found, sorts)
    return found[id(root)]


def _statement(n: Node, expressions: Mapping[int, Text], found: Mapping[int, Text], sorts: Mapping[str, Sort]) -> Text:
    op, args = n.op, n.args
    if op in _RELATIONS:
        return f"{_within(expressions[id(args[0])], _SUM)} {_RELATIONS[op]} {_within(expressions[id(args[1])], _SUM)}", _COMPARISON
    if op == Op.AND:
        return " /\\ ".join(_within(found[id(a)], _COMPARISON) for a in args), _AND
    if op == Op.IMPLIES:
        return f"{_within(found[id(args[0])], _AND)} -> {_within(found[id(args[1])], _AND)}", _IMPLIES
    if op == Op.IFF:
        return f"{_within(found[id(args[0])], _AND)} <-> {_within(found[id(args[1])], _AND)}", _IFF
    if op == Op.FORALL:
        i = coq_name(n.value)
        ends = [_within(expressions[id(a)], _SUM) for a in args[:2]]
        return f"forall {i} : R, isint {i} -> {ends[0]} <= {i} -> {i} <= {ends[1]} -> {_within(found[id(args[2])], _FORALL)}", _FORALL
    if op in (Op.LIMIT, Op.RATE):
        return _limit(n, expressions, sorts)
    if op == Op.RECURRENCE:
        return _recurrence(n, expressions)
    raise Unreplayed(f"{op} stands inside another statement")


def _limit(n: Node, expressions: Mapping[int, Text], sorts: Mapping[str, Sort]) -> Text:
    kind = sorts[n.value].kind if n.value in sorts else "natural"
    where = {"natural": "isnat", "integer": "isint", "real": "(fun _ => True)"}.get(kind) or f"(fun x : R => {_SORTS[kind].format('x')})"
    x = coq_name(n.value)
    e = expressions[id(n.args[0])]
    body = e[0] if n.op == Op.LIMIT else f"pw {_within(e, _ARGUMENT)} (1 / {x})"
    if n.args[1].op == Op.INF:
        return f"limit_inf {where} (fun {x} : R => {body})", _APPLICATION
    return f"limit_to {where} (fun {x} : R => {body}) {_within(expressions[id(n.args[1])], _ARGUMENT)}", _APPLICATION


def _recurrence(n: Node, expressions: Mapping[int, Text]) -> Text:
    index, sequences = parts(n)
    i = coq_name(index)

    def text(e: Node) -> str:
        return _within(expressions[id(e)], _SUM).replace(_INDEX, i)

    names = [coq_name(s.name) for s in sequences]
    starts = [f"{x} 0 = {text(s.start)}" for x, s in zip(names, sequences, strict=True)]
    steps = [f"(forall {i} : R, isnat {i} -> {x} ({i} + 1) = {text(s.step)})" for x, s in zip(names, sequences, strict=True)]
    forms = " /\\ ".join(f"{x} {i} = {text(s.form)}" for x, s in zip(names, sequences, strict=True))
    return f"forall {' '.join(names)} : R -> R, {' -> '.join((*starts, *steps))} -> forall {i} : R, isnat {i} -> {forms}", _FORALL


def goal_text(sequent: Sequent) -> str:
    """The goal, in parentheses where it needs them between arrows. increasing and decreasing: at any two points that differ in
    the variable alone and at both of which the hypotheses hold."""
    goal = sequent.goal
    goals = goal.args if goal.op == Op.AND else (goal,)
    if not any(g.op in (Op.INCREASING, Op.DECREASING) for g in goals):
        return _within(_proposition(goal, sequent.sorts), _IMPLIES if goal.op == Op.IMPLIES else _FORALL)
    found = []
    for g in goals:
        text = _varying(sequent, g) if g.op in (Op.INCREASING, Op.DECREASING) else _proposition(g, sequent.sorts)
        found.append(_within(text, _COMPARISON if len(goals) > 1 else _FORALL))
    return " /\\ ".join(found)


def _varying(sequent: Sequent, goal: Node) -> Text:
    name = goal.value
    sort, other = sequent.sorts[name], f"{coq_name(name)}'"
    second = _Renamed(name, other)
    (e,) = goal.args
    if sort.length is not None:
        i, length = _index_beside(sort.length, name), _within(_texts(sort.length)[id(sort.length)], _SUM)
        order = f"(forall {i} : R, isint {i} -> 1 <= {i} -> {i} <= {length} -> {coq_name(name)} {i} <= {other} {i})"
    else:
        order = f"{coq_name(name)} <= {other}"
    arrows = [*_sort_texts(other, sort), order]
    arrows += [_within(second.statement(h, sequent.sorts), _AND) for h in sequent.given if name in free_names(h)]
    sides = [_within(_texts(e)[id(e)], _SUM), _within(second.expression(e), _SUM)]
    if goal.op == Op.DECREASING:
        sides.reverse()
    kind = "R -> R" if sort.is_family else "R"
    return f"forall {other} : {kind}, {' -> '.join(arrows)} -> {sides[0]} <= {sides[1]}", _FORALL


class _Renamed:
    """Texts in which a variable has the name of its second value. The name, with a prime, is none of the grammar, so the texts are
    made with a name that no claim has and that is replaced in them."""

    def __init__(self, name: str, other: str):
        self.name, self.other, self.stand_in = name, other, f"{name}__other"

    def _change(self, root: Node) -> Node:
        return rebuild(root, lambda n, args: Node(n.op, args, self.stand_in, n.at)
                       if n.op in (Op.VAR, Op.ELT) and n.value == self.name else None)

    def statement(self, root: Node, sorts: Mapping[str, Sort]) -> Text:
        text, level = _proposition(self._change(root), sorts)
        return text.replace(self.stand_in, self.other), level

    def expression(self, root: Node) -> Text:
        changed = self._change(root)
        text, level = _texts(changed)[id(changed)]
        return text.replace(self.stand_in, self.other), level


# -- sorts and sequents ------------------------------------------------------------------------------------------------------
def _sort_texts(x: str, sort: Sort) -> list[str]:
    """What says that x, a name of Coq, has the sort: one proposition, or none for real numbers."""
    if sort.kind == "real":
        return []
    if sort.length is None:
        return [_SORTS[sort.kind].format(x)]
    length = _within(_texts(sort.length)[id(sort.length)], _SUM)
    i = _index_beside(sort.length, x)
    member = f"({x} {i})" if sort.kind in ("natural", "integer") else f"{x} {i}"
    return [f"(forall {i} : R, isint {i} -> 1 <= {i} -> {i} <= {length} -> {_SORTS[sort.kind].format(member)})"]


def _index_beside(length: Node, family: str) -> str:
    """An index that is neither the family nor in its length."""
    return "i__" if family == "i" or "i" in free_names(length) else "i"


def binder(sorts: Mapping[str, Sort], names: Iterable[str]) -> str:
    """``forall`` of the variables and, as arrows, their sorts; empty without variables."""
    listed = list(names)
    if not listed:
        return ""
    groups = [f"({coq_name(x)} : {'R -> R' if sorts[x].is_family else 'R'})" for x in listed]
    arrows = [t for x in listed for t in _sort_texts(coq_name(x), sorts[x])]
    return f"forall {' '.join(groups)}, " + "".join(f"{t} -> " for t in arrows)


def introduced(sorts: Mapping[str, Sort], names: Iterable[str]) -> list[str]:
    """The names that ``intros`` gives to what ``binder`` binds."""
    listed = list(names)
    return [*map(coq_name, listed), *(sort_name(x) for x in listed if sorts[x].kind != "real")]


def hypothesis_text(statement: Node, sorts: Mapping[str, Sort]) -> str:
    """A statement as the left side of an arrow."""
    return _within(_proposition(statement, sorts), _AND)


def ordered(sequent: Sequent) -> list[str]:
    """The variables, in the order in which they are bound: those that lengths speak of first."""
    lengths = {n for s in sequent.sorts.values() if s.length is not None for n in free_names(s.length)}
    return [*(x for x in sequent.sorts if x in lengths), *(x for x in sequent.sorts if x not in lengths)]


def relative(sequent: Sequent, base: Sequent) -> tuple[list[str], list[Node]]:
    """What a sequent has and ``base`` has not: variables, hypotheses. A variable with another sort is another variable; what speaks
    of it is new too."""
    fresh = {x for x, s in sequent.sorts.items() if base.sorts.get(x) != s}
    while True:
        more = {x for x, s in sequent.sorts.items() if x not in fresh and s.length is not None and free_names(s.length) & fresh}
        if not more:
            break
        fresh |= more
    known = {h for h in base.given if not free_names(h) & fresh}
    seen: set[Node] = set()
    new = []
    for h in sequent.given:
        if h not in known and h not in seen:
            seen.add(h)
            new.append(h)
    return [x for x in ordered(sequent) if x in fresh], new


def relative_text(sequent: Sequent, base: Sequent) -> str:
    """The sequent as a proposition in the context of ``base``."""
    names, given = relative(sequent, base)
    return binder(sequent.sorts, names) + "".join(f"{hypothesis_text(h, sequent.sorts)} -> " for h in given) + goal_text(sequent)


def sequent_text(sequent: Sequent, conditional: bool = False) -> str:
    """The whole sequent as a proposition; ``conditional``: under the conditions that make it defined."""
    arrows = [hypothesis_text(h, sequent.sorts) for h in sequent.given]
    if conditional:
        arrows += [f"({relative_text(o, sequent)})" for o in obligations(sequent)]
    text = binder(sequent.sorts, ordered(sequent)) + "".join(f"{a} -> " for a in arrows) + goal_text(sequent)
    if len(text) > MAX_TEXT:
        raise Unreplayed("the statement is too long")
    return text


__all__ = ["CONSTANTS", "Unreplayed", "binder", "coq_name", "goal_text", "hypothesis_text", "introduced", "ordered",
           "proposition", "rational", "relative", "relative_text", "sequent_text", "sort_name", "term"]
