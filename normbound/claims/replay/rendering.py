"""Canonical atoms as text of Coq: the expressions that ``checker.logforms`` makes, with powers to literal integers as ``x ^ n``.

Every operator is in parentheses, so that a text may stand anywhere. Equal atoms have equal texts, which is what ring and field need.
"""

from __future__ import annotations

from normbound.claims.checker.logforms import INDEX
from normbound.claims.replay.statement import CONSTANTS, Unreplayed, coq_name, rational
from normbound.claims.syntax import Node, Op, literal, postorder

MAX_EXPONENT = 200  # of a power that field multiplies out
_OPERATORS = {Op.ADD: "+", Op.SUB: "-", Op.MUL: "*", Op.DIV: "/"}
_APPLIED = {Op.SQRT: "sqrt", Op.EXP: "exp", Op.LOG: "log", Op.ABS: "Rabs"}
_INDEXED = {Op.SUM: "rsum", Op.PROD: "rprod"}


def named(name: str) -> str:
    """What a variable, or a canonical index, is called."""
    return f"k__{name[len(INDEX):]}" if name.startswith(INDEX) else coq_name(name)


def power(base: str, exponent: int) -> str:
    """A power to an integer other than 0."""
    if abs(exponent) > MAX_EXPONENT:
        raise Unreplayed(f"found the exponent {exponent}; accepted: at most {MAX_EXPONENT}")
    return f"({base} ^ {exponent})" if exponent > 0 else f"(/ {base} ^ {-exponent})"


def render(root: Node) -> str:
    """An expression as text of Coq."""
    found: dict[int, str] = {}
    for n in postorder(root):
        found[id(n)] = _one(n, [found[id(a)] for a in n.args])
    return found[id(root)]


def _one(n: Node, parts: list[str]) -> str:
    op = n.op
    if op == Op.NUM:
        text, level = rational(n.value)
        return f"({text})" if level else text
    if op == Op.VAR:
        return named(n.value)
    if op == Op.CONST:
        if n.value not in CONSTANTS:
            raise Unreplayed(f"the constant {n.value} has no definition in Coq")
        return f"({CONSTANTS[n.value][0]})"
    if op == Op.ELT:
        return f"({coq_name(n.value)} {parts[0]})"
    if op in _OPERATORS:
        return f"({parts[0]} {_OPERATORS[op]} {parts[1]})"
    if op == Op.NEG:
        return f"(- {parts[0]})"
    if op == Op.POW:
        e = literal(n.args[1])
        if e is not None and e.denominator == 1 and e != 0:
            return power(parts[0], int(e))
        return f"(pw {parts[0]} {parts[1]})"
    if op in _APPLIED:
        return f"({_APPLIED[op]} {parts[0]})"
    if op in (Op.MIN, Op.MAX):
        text = parts[0]
        for p in parts[1:]:
            text = f"({'Rmin' if op == Op.MIN else 'Rmax'} {text} {p})"
        return text
    if op == Op.DD:
        return f"(dd {parts[0]} [{'; '.join(parts[1:])}])"
    if op in _INDEXED:
        return f"({_INDEXED[op]} {parts[0]} {parts[1]} (fun {named(n.value)} : R => {parts[2]}))"
    raise Unreplayed(f"{op} has no counterpart in Coq")


__all__ = ["MAX_EXPONENT", "named", "power", "render"]
