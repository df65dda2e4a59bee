r"""Syntax as LaTeX, in the style of ``render.tex``: fractions, roots, \sum and \prod with limits, \operatorname{dd}.

The result is math mode without dollar signs. Parentheses follow the precedence of the printed form, so a fraction and a
root need none inside. Names print as ``render.names`` prints symbols.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from normbound.claims.errors import ClaimError
from normbound.claims.syntax import COMPARISONS, Node, Op, parts, postorder, tree_size
from normbound.claims.text import (
    AND_LEVEL,
    ATOM_LEVEL,
    COMPARE_LEVEL,
    IFF_LEVEL,
    IMPLIES_LEVEL,
    MAX_TREE,
    POWER_LEVEL,
    PRODUCT_LEVEL,
    SUM_LEVEL,
    chained,
    decimal,
)
from normbound.render.names import Names
from normbound.terms.constants import CONSTANTS

SIGNS = {"eq": "=", "ne": r"\neq", "le": r"\leq", "lt": "<", "ge": r"\geq", "gt": ">"}
_NET = {"bound": r"\overline{\operatorname{Lip}}", "param_bound": r"\overline{\operatorname{Lip}}_{\theta}",
        "radius": r"\operatorname{rad}", "Lip": r"\operatorname{Lip}", "param_Lip": r"\operatorname{Lip}_{\theta}"}


@dataclass(frozen=True, slots=True)
class _Tex:
    """A printed part. tall: fractions or large operators inside; digit: it begins with a digit; open: it ends in the scope of a
    large operator; raised: it has a superscript, or would seem to share one with its argument."""

    tex: str
    level: int = ATOM_LEVEL
    tall: bool = False
    digit: bool = False
    open: bool = False
    raised: bool = False

    def at(self, level: int) -> _Tex:
        return self if self.level >= level else parenthesized(self)

    def closed(self) -> _Tex:
        """In parentheses where what follows would be read into the scope of a large operator."""
        return parenthesized(self) if self.open else self


LONG = 100  # characters of a part at which it may be broken between lines: TeX breaks none under a root or between \left and \right
BREAK = r"\allowbreak "


def delimited(opening: str, inner: str, closing: str, tall: bool) -> str:
    """``inner`` between delimiters that grow with what is tall, if lines need not be broken between them."""
    sizes = ("", "") if not tall else (r"\left", r"\right") if len(inner) < LONG else (r"\bigl", r"\bigr")
    return f"{sizes[0]}{opening}{inner}{sizes[1]}{closing}"


def listed(texts: Sequence[str]) -> str:
    """With commas, after which long lists may be broken."""
    return (f", {BREAK}" if sum(map(len, texts)) >= LONG else ", ").join(texts)


def parenthesized(part: _Tex) -> _Tex:
    return _Tex(delimited("(", part.tex, ")", part.tall), ATOM_LEVEL, part.tall)


def to_tex(root: Node, names: Names | None = None) -> str:
    """The LaTeX of an expression or a statement. Raises ClaimError where shared parts would make it too long."""
    if tree_size(root, MAX_TREE) > MAX_TREE:
        raise ClaimError(f"the formula would have more than {MAX_TREE} parts; shared subterms have no formula")
    names = Names() if names is None else names
    order = postorder(root)
    families = {n.value for n in order if n.op in (Op.ELT, Op.STATE)}
    names.register([n.value for n in order if n.op == Op.VAR], families)
    done: dict[int, _Tex] = {}
    for node in order:
        done[id(node)] = _Printer(node, done, names, families).render()
    return done[id(root)].tex


@dataclass(frozen=True, slots=True)
class _Printer:
    node: Node
    done: dict[int, _Tex]
    names: Names
    families: set[str]

    def name(self, name: str) -> str:
        return (self.names.family(name) if name in self.families else self.names.symbol(name)).tex

    def member(self, family: str, index: str) -> _Tex:
        name = self.names.family(family).indexed(index, 1.0)
        return _Tex(name.tex, raised=bool(name.sup))

    def part(self, k: int) -> _Tex:
        return self.done[id(self.node.args[k])]

    def tall(self, *skip: int) -> bool:
        return any(self.part(k).tall for k in range(len(self.node.args)) if k not in skip)

    def render(self) -> _Tex:
        node, op = self.node, self.node.op
        if op == Op.NUM:
            text = decimal(node.value)
            return _Tex(text, digit=True)
        if op == Op.VAR:
            name = self.names.symbol(node.value)
            return _Tex(name.tex, SUM_LEVEL if name.loose else ATOM_LEVEL, raised=bool(name.sup))
        if op == Op.CONST:
            return _Tex(CONSTANTS[node.value].tex)
        if op == Op.INF:
            return _Tex(r"\infty")
        if op == Op.ELT:
            return self.member(node.value, self.part(0).tex)
        if op == Op.STATE:
            return self.member(node.value, ".")  # the recurrence puts the index there
        if op == Op.NET:
            return _Tex(rf"{_NET[node.value[0]]}(\mathtt{{{node.value[1].replace('_', chr(92) + '_')}}})")
        if op in (Op.ADD, Op.SUB, Op.NEG, Op.MUL, Op.DIV, Op.POW):
            return self.arithmetic()
        if op in COMPARISONS:
            return _Tex(f"{self.part(0).at(SUM_LEVEL).tex} {SIGNS[op]} {self.part(1).at(SUM_LEVEL).tex}", COMPARE_LEVEL, self.tall())
        if op in (Op.AND, Op.IMPLIES, Op.IFF, Op.FORALL, Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE):
            return self.statement()
        return self.function()

    def arithmetic(self) -> _Tex:
        op, a = self.node.op, self.part(0)
        if op == Op.NEG:
            inner = a.at(PRODUCT_LEVEL)
            return _Tex(f"-{inner.tex}", SUM_LEVEL, inner.tall, open=inner.open)
        b = self.part(1)
        if op in (Op.ADD, Op.SUB):
            left, right = a.at(SUM_LEVEL).closed(), b.at(PRODUCT_LEVEL if op == Op.SUB or b.tex.startswith("-") else SUM_LEVEL)
            sign = "+" if op == Op.ADD else "-"
            return _Tex(f"{left.tex} {sign} {right.tex}", SUM_LEVEL, left.tall or right.tall, left.digit, right.open)
        if op == Op.MUL:
            left, right = a.at(PRODUCT_LEVEL).closed(), b.at(POWER_LEVEL) if not b.open else b.at(PRODUCT_LEVEL)
            sep = r" \cdot " if right.digit else r"\,"
            return _Tex(f"{left.tex}{sep}{right.tex}", PRODUCT_LEVEL, left.tall or right.tall, left.digit, right.open)
        if op == Op.DIV:
            if len(a.tex) + len(b.tex) >= 2 * LONG:
                above, below = a.at(POWER_LEVEL).closed(), b.at(ATOM_LEVEL).closed()
                # as loose as a sum: what follows as a factor would be read into the denominator
                return _Tex(f"{above.tex}{BREAK}/{below.tex}", SUM_LEVEL, above.tall or below.tall, above.digit)
            return _Tex(rf"\frac{{{a.tex}}}{{{b.tex}}}", POWER_LEVEL, True)
        base = a.at(ATOM_LEVEL)
        if base.raised:
            base = parenthesized(base)
        return _Tex(f"{base.tex}^{{{self.script(1)}}}", POWER_LEVEL, base.tall, base.digit, raised=True)

    def script(self, k: int) -> str:
        """An exponent: a quotient of literals with a slash."""
        node = self.node.args[k]
        if node.op == Op.DIV and all(x.op == Op.NUM for x in node.args):
            return f"{decimal(node.args[0].value)}/{decimal(node.args[1].value)}"
        return self.part(k).tex

    def function(self) -> _Tex:
        node, op = self.node, self.node.op
        if op == Op.SQRT:
            inner = self.part(0)
            if len(inner.tex) >= LONG:
                return _Tex(f"{parenthesized(inner).tex}^{{1/2}}", POWER_LEVEL, inner.tall, raised=True)
            return _Tex(rf"\sqrt{{{inner.tex}}}", ATOM_LEVEL, inner.tall)
        if op == Op.ABS:
            return _Tex(delimited(r"\lvert ", self.part(0).tex + " ", r"\rvert", self.tall()), ATOM_LEVEL, self.tall())
        if op in (Op.SUM, Op.PROD):
            body = self.part(2).at(PRODUCT_LEVEL)
            return _Tex(rf"\{op}_{{{self.name(node.value)}={self.part(0).tex}}}^{{{self.part(1).tex}}} {body.tex}", PRODUCT_LEVEL, True,
                        open=True)
        head = {Op.EXP: r"\exp", Op.LOG: r"\log", Op.MIN: r"\min", Op.MAX: r"\max", Op.DD: r"\operatorname{dd}"}[op]
        texts = [self.part(k).tex for k in range(len(node.args))]
        between = rf"{texts[0]};\, {listed(texts[1:])}" if op == Op.DD else listed(texts)
        opening, closing = (r"\{", r"\}") if op in (Op.MIN, Op.MAX) else "()"
        return _Tex(head + delimited(opening, between, closing, self.tall()), ATOM_LEVEL, self.tall(), raised=op in (Op.EXP, Op.LOG))

    def statement(self) -> _Tex:
        node, op = self.node, self.node.op
        tall = self.tall()
        if op == Op.AND:
            texts, k = [], 0
            for run in chained(node):
                text = self.part(k).at(COMPARE_LEVEL).tex
                for link in run[1:]:
                    text += f" {SIGNS[link.op]} {self.done[id(link.args[1])].at(SUM_LEVEL).tex}"
                texts.append(text)
                k += len(run)
            return _Tex(r" \;\text{and}\; ".join(texts), AND_LEVEL if len(texts) > 1 else COMPARE_LEVEL, tall)
        if op in (Op.IMPLIES, Op.IFF):
            level = IMPLIES_LEVEL if op == Op.IMPLIES else IFF_LEVEL
            arrow = r"\implies" if op == Op.IMPLIES else r"\iff"
            return _Tex(f"{self.part(0).at(AND_LEVEL).tex} {arrow} {self.part(1).at(AND_LEVEL).tex}", level, tall)
        if op == Op.FORALL:
            low, high, inner = self.part(0).tex, self.part(1).tex, self.part(2).at(COMPARE_LEVEL).tex
            return _Tex(rf"{inner} \;\text{{for all}}\; {self.name(node.value)} = {low}, \dots, {high}", AND_LEVEL, tall)
        if op in (Op.INCREASING, Op.DECREASING):
            word = "nondecreasing" if op == Op.INCREASING else "nonincreasing"
            return _Tex(rf"{self.part(0).at(SUM_LEVEL).tex} \;\text{{is {word} in}}\; {self.name(node.value)}", COMPARE_LEVEL, tall)
        if op in (Op.LIMIT, Op.RATE):
            name = self.name(node.value)
            body = self.part(0).at(PRODUCT_LEVEL)
            if op == Op.RATE:
                body = body if body.level == ATOM_LEVEL and not body.raised and not body.open else parenthesized(body)
                body = _Tex(f"{body.tex}^{{1/{name}}}")
            return _Tex(rf"\lim_{{{name} \to \infty}} {body.tex} = {self.part(1).at(SUM_LEVEL).tex}", COMPARE_LEVEL, tall)
        index, sequences = parts(node)
        i, n = self.name(index), len(sequences)
        rows = []
        for c, s in enumerate(sequences):
            step = self.part(n + c).tex.replace(".}", f"{i}}}")
            rows.append(f"{self.member(s.name, '0').tex} = {self.part(c).tex},\\; {self.member(s.name, i + '+1').tex} = {step}")
        forms = ",\\; ".join(f"{self.member(s.name, i).tex} = {self.part(2 * n + c).tex}" for c, s in enumerate(sequences))
        return _Tex(",\\; ".join(rows) + rf" \implies {forms}", IMPLIES_LEVEL, tall)


__all__ = ["to_tex"]
