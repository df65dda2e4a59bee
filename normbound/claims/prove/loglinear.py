"""Comparisons as linear combinations of products of facts, after taking logarithms (rule ``loglinear``).

Facts are collected from hypotheses, sorts, log(u) <= u - 1, logarithms of numbers and parts of sums; products of up to three are
formed; rows that cannot cancel are dropped; a nonnegative solution is found in floating point and solved exactly.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

from normbound.claims.checker.logforms import INDEX, UNIT, Form, Forms, add, flatten, multiply, to_node
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import intro
from normbound.claims.checker.rules_loglinear import NONNEGATIVE, NULL, POSITIVE, Fact, Reader, difference, loglinear
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.sequent import candidates as sequent_names
from normbound.claims.errors import ClaimError
from normbound.claims.prove.farkas import nonnegative, solve
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, number, postorder, rebuild

REFUSED = (ArithmeticError, AttributeError, ClaimError, LookupError, TypeError, ValueError, Rejected)
MAX_SINGLE, MAX_ROWS, MAX_LENGTH, MAX_DEPTH = 60, 1500, 40, 3
MAX_FACTORS, MAX_FOR_TRIPLES = 3, 14
NEGATED = "negated"
SOLVING = 0.03  # seconds for a linear program once the time is over
ZERO, ONE = number(0), number(1)
Data = dict[str, Any]
Item = tuple[Data, Fact]


def attempt(sequent: Sequent, budget: Any, depth: int = 0) -> dict[str, Any] | None:
    """A node of the rule loglinear, premises that it can prove itself closed, the others open; None where nothing was found."""
    goal = sequent.goal
    if goal.op not in COMPARISONS or goal.op == Op.NE:
        return None
    fallback: dict[str, Any] | None = None
    for mode in modes(goal):
        if time.monotonic() > budget.deadline:
            return fallback
        found = search(sequent, mode, budget)
        if found is None:
            continue
        try:
            wanted = loglinear(sequent, found)
        except REFUSED:
            continue
        premises = [finish(p, budget, depth + 1) if depth < MAX_DEPTH else None for p in wanted]
        node = {"rule": "loglinear", "data": found, "premises": premises}
        if all(p is not None for p in premises):
            return node
        fallback = fallback or node
    return None if depth else fallback


def finish(sequent: Sequent, budget: Any, depth: int) -> dict[str, Any] | None:
    """A premise: quantifiers opened, then evident or proved by the same rule, with no premise left open."""
    if sequent.goal.op == Op.FORALL:
        inner = finish(intro(sequent, {})[0], budget, depth)
        return None if inner is None else {"rule": "intro", "data": {}, "premises": [inner]}
    if sequent.signs.holds(sequent.goal):
        return {"rule": "evident", "data": {}, "premises": []}
    return attempt(sequent, budget, depth)


def modes(goal: Node) -> tuple[str, ...]:
    """Which mode to try first: logarithms when a side is no sum and there is no logarithm yet."""
    ops = {n.op for n in postorder(goal)}
    if literal(goal.args[0]) == 0 or literal(goal.args[1]) == 0:
        return ("plain",)
    if goal.op == Op.EQ or "sum" in ops:
        return ("plain", "log")
    return ("plain", "log") if Op.LOG in ops or not ops & {"pow", "exp", "prod", "sqrt", "dd", "mul", "div"} else ("log", "plain")


def search(sequent: Sequent, mode: str, budget: Any) -> Data | None:
    """Data of the rule for the goal, or None."""
    reader = Reader(sequent)
    try:
        wanted, sign = difference(reader.forms, sequent.goal, mode)
    except REFUSED:
        return None
    if reader.forms.is_zero(wanted) and sign != POSITIVE:
        return {"mode": mode, "facts": [], "rows": []}
    items = facts(sequent, wanted, mode)
    if sign == NULL:
        return equality(sequent, reader, wanted, mode, items)
    numbered: dict[Node, int] = {}  # atoms as numbers, which compare faster
    target = _numbered(wanted, numbered)
    cheap = [(_numbered(fact.form, numbered), fact.sign) for _, fact in items]
    used: list[tuple[int, ...]] = []
    rows: list[tuple[Any, str]] = []
    for size in range(MAX_FACTORS + 1):
        if size == MAX_FACTORS and len(items) > MAX_FOR_TRIPLES:
            break
        for combination in combinations_with_replacement(range(len(items)), size):
            _append(combination, cheap, used, rows)
            if len(rows) > MAX_ROWS or time.monotonic() > budget.deadline:
                break
        kept = useful([r[0] for r in rows], target)
        until = max(budget.deadline, time.monotonic() + SOLVING)
        weights = combine([rows[k] for k in kept], target, sign == POSITIVE, until) if kept else None
        if weights is not None:
            break
    else:
        return None
    if weights is None:
        return None
    chosen = [(used[k], -w if rows[k][1] == NEGATED else w) for k, w in zip(kept, weights, strict=True) if w]
    needed = sorted({k for combination, _ in chosen for k in combination})
    place = {k: n for n, k in enumerate(needed)}
    return {"mode": mode, "facts": [items[k][0] for k in needed],
            "rows": [[str(w), [place[k] for k in combination]] for combination, w in chosen]}


def _numbered(form: Form, numbers: dict[Node, int]) -> Any:
    return {frozenset((numbers.setdefault(x, len(numbers)), k) for x, k in m): c for m, c in form.items()}


def _append(combination: tuple[int, ...], items: list[tuple[Any, str]], used: list[tuple[int, ...]], rows: list[tuple[Any, str]]) -> None:
    """Add the product of the facts to the rows; a product that is zero with both signs."""
    form: Any = {UNIT: Fraction(1)}
    try:
        for k in combination:
            form = multiply(form, items[k][0])
    except REFUSED:
        return
    if len(form) > MAX_LENGTH or not form:
        return
    kinds = {items[k][1] for k in combination}
    used.append(combination)
    rows.append((form, NULL if NULL in kinds else POSITIVE if kinds <= {POSITIVE} else NONNEGATIVE))
    if NULL in kinds:
        used.append(combination)
        rows.append(({m: -c for m, c in form.items()}, NEGATED))


def combine(rows: list[tuple[Form, str]], wanted: Form, strict: bool, deadline: float) -> list[Fraction] | None:
    """Nonnegative weights, with a positive row among those used where that is asked."""
    weights = nonnegative([r[0] for r in rows], wanted, deadline=deadline)
    if weights is not None and (not strict or any(w and r[1] == POSITIVE for w, r in zip(weights, rows, strict=True))):
        return weights
    if not strict:
        return None
    mark = "strict"
    columns: list[Mapping[Any, Fraction]] = [{**r[0], mark: Fraction(1)} if r[1] == POSITIVE else r[0] for r in rows]  # type: ignore[dict-item]
    columns.append({m: -c for m, c in wanted.items()})
    scaled = nonnegative(columns, {mark: Fraction(1)}, deadline=deadline)
    if scaled is None or not scaled[-1]:
        return None
    return [w / scaled[-1] for w in scaled[:-1]]


def useful(forms: list[Form], wanted: Form) -> list[int]:
    """The rows without those that contain a monomial which nothing can cancel."""
    kept = list(range(len(forms)))
    while True:
        signs: dict[Any, int] = {m: 2 if c > 0 else 1 for m, c in wanted.items()}
        for k in kept:
            for m, c in forms[k].items():
                signs[m] = signs.get(m, 0) | (1 if c > 0 else 2)
        left = [k for k in kept if all(signs[m] == 3 for m in forms[k])]
        if len(left) == len(kept):
            return kept
        kept = left


# -- facts -----------------------------------------------------------------------------------------------------------------
def facts(sequent: Sequent, wanted: Form, mode: str) -> list[Item]:
    """What may be used, each once."""
    found: list[Item] = []
    forms: list[Form] = []

    def take(data: Data, free: bool = True) -> None:
        reader = Reader(sequent)
        try:
            fact = reader.fact(data)
        except REFUSED:
            return
        if free and (reader.premises or reader.forms.demands):
            return
        if not fact.form or fact.form in forms or (set(fact.form) == {UNIT} and fact.sign != POSITIVE) or len(found) >= MAX_SINGLE:
            return
        forms.append(fact.form)
        found.append((data, fact))

    logs = mode == "log" or any(x.op == Op.LOG for m in wanted for x, _ in m)
    indices = {str(n.args[0]) for n in postorder(sequent.goal) if n.op == Op.ELT}
    for k, h in enumerate(sequent.given):
        for j, part in enumerate(flatten(h)):
            if part.op in COMPARISONS and part.op != Op.NE:
                take({"given": k, "part": j, "mode": "plain"}, free=False)
                if logs:
                    take({"given": k, "part": j, "mode": "log"}, free=ZERO in part.args)
        if h.op == Op.FORALL:
            for j, part in enumerate(flatten(h.args[2])):
                if part.op in COMPARISONS and part.op != Op.NE:
                    for m in ("plain", "log") if logs else ("plain",):
                        take({"each": k, "part": j, "mode": m}, free=False)
                        for at in sorted(indices):
                            take({"instance": k, "at": at, "part": j, "mode": m}, free=False)
    atoms = _atoms([wanted, *forms], sequent)
    for x in atoms:
        if x.op not in (Op.LOG, Op.NUM):
            take({"sign": str(x)}, free=False)
        if x.op == Op.EXP:
            take({"exp": str(x.args[0])}, free=False)
    for x in atoms:
        if x.op == Op.LOG:
            u = x.args[0]
            if u.op == Op.NUM:
                take({"above": str(u.value)})
            else:
                take({"log": str(u)}, free=False)
                take({"log": str(Node(Op.DIV, (ONE, u)))}, free=False)
                for part in _parts(Forms(sequent), u):
                    take({"stated": str(Node(Op.LE, (part, u))), "mode": "log"}, free=False)
    for total, index in _log_sums([wanted, *forms]):
        take({"logs": str(Node("sum", (*total.args[:2], _named(total.args[2].args[0], index, sequent)), _index(sequent)))}, free=False)
        u = _named(total.args[2].args[0], index, sequent)
        for part in _parts(Forms(sequent), u):
            statement = Node(Op.FORALL, (*total.args[:2], Node(Op.LE, (part, u))), _index(sequent))
            take({"stated": str(statement), "mode": "log"}, free=False)
    numbers = [int(x.args[0].value) for x in atoms if x.op == Op.LOG and x.args[0].op == Op.NUM]
    for p in numbers:
        for q in numbers:
            if p != q:
                for a in range(1, 6):
                    b = next((n for n in range(6, 0, -1) if q**n < p**a), 0)
                    if b:
                        take({"above": str(Fraction(p**a, q**b))})
    return found


def _log_sums(forms: list[Form]) -> list[tuple[Node, str]]:
    """The atoms that are sums of a logarithm over an index."""
    found = {x: x.value for form in forms for m in form for x, _ in m if x.op == "sum" and x.args[2].op == Op.LOG}
    return sorted(found.items(), key=lambda item: str(item[0]))[:6]


def _index(sequent: Sequent) -> str:
    return sequent.fresh("i")


def _named(body: Node, index: str, sequent: Sequent) -> Node:
    """The body of a canonical sum with an index that texts can name."""
    return rebuild(body, lambda n, args: Node(Op.VAR, (), _index(sequent)) if n.op == Op.VAR and n.value == index else None)


def _atoms(forms: list[Form], sequent: Sequent) -> list[Node]:
    """The atoms, and what they are below 1 where they divide, as certificates can name them, in a fixed order."""
    found: dict[Node, None] = {}
    for form in forms:
        for m in form:
            for x, k in m:
                found.setdefault(x if k > 0 else Node(Op.DIV, (ONE, x)))
    named = (_nameable(x, sequent) for x in sorted(found, key=str))
    return [x for x in named if x is not None]


def _nameable(x: Node, sequent: Sequent) -> Node | None:
    """The atom with names of the grammar for its canonical indices."""
    canonical = {str(n.value) for n in postorder(x) if isinstance(n.value, str) and n.value.startswith(INDEX)}
    if not canonical:
        return x
    names: dict[str, str] = {}
    for c in sorted(canonical):
        names[c] = next(n for n in sequent_names("i") if n not in sequent.names() and n not in names.values())

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if isinstance(n.value, str) and n.value in names:
            return Node(n.op, args, names[n.value])
        return None

    return rebuild(x, change)


def _parts(forms: Forms, u: Node) -> list[Node]:
    """The terms of a sum that is larger than each of them."""
    if u.op not in (Op.ADD, Op.SUB, Op.NEG):
        return []
    try:
        form = forms.plain(u)
    except REFUSED:
        return []
    return [to_node({m: c}) for m, c in form.items() if c > 0][:4]


# -- equalities -------------------------------------------------------------------------------------------------------------
def equality(sequent: Sequent, reader: Reader, wanted: Form, mode: str, items: list[Item]) -> Data | None:
    """The goal from equations among the facts: by elimination of a leading monomial, then by linear algebra."""
    nulls = [(data, reader.fact(data)) for data, fact in items if fact.sign == NULL]  # denominators known to one reader
    rest, rows = wanted, []
    for n, (_, fact) in enumerate(nulls):
        for m, c in sorted(fact.form.items(), key=lambda t: -len(t[0])):
            if len(m) != 1 or next(iter(m))[1] != 1 or sum(1 for other in fact.form if m <= other) != 1:
                continue
            (x, _), = m
            quotient: Form = {}
            for other, d in rest.items():
                if dict(other).get(x) == 1:
                    quotient[frozenset(f for f in other if f[0] != x)] = d / c
            if quotient and all(dict(other).get(x, 1) == 1 for other in rest):
                rest = add(rest, multiply(quotient, fact.form), -1)
                rows.append(["1", [n], str(to_node(quotient))])
                break
        if reader.forms.is_zero(rest):
            return {"mode": mode, "facts": [data for data, _ in nulls], "rows": rows}
    columns: list[Form] = []
    names: list[tuple[int, Form]] = []
    for n, (_, fact) in enumerate(nulls):
        quotients = dict.fromkeys((UNIT, *(_over(m, o) for m in wanted for o in fact.form)))
        for q in list(quotients)[:200]:
            multiplier: Form = {q: Fraction(1)}
            columns.append(multiply(multiplier, fact.form))
            names.append((n, multiplier))
    solved = solve(columns, wanted) if columns else None
    if solved is None:
        return None
    return {"mode": mode, "facts": [data for data, _ in nulls],
            "rows": [[str(w), [n], str(to_node(q))] for w, (n, q) in zip(solved, names, strict=True) if w]}


def _over(m: Any, n: Any) -> Any:
    powers = dict(m)
    for x, k in n:
        powers[x] = powers.get(x, 0) - k
    return frozenset((x, k) for x, k in powers.items() if k)


__all__ = ["attempt", "facts", "search"]
