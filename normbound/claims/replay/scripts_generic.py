"""The rule ``generic``: rational functions that agree at points in general position agree (``proofs/ClaimGeneric.v``).

The point of the certificate and the point of the sequent are joined by a line. Along it both sides are rational functions of one
variable whose denominators are not 0 at the end; just after its beginning the conditions hold and the premise says that they agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from normbound.claims.checker.obligations import obligations
from normbound.claims.checker.sequent import Sequent, rational
from normbound.claims.checker.signs import NOUGHT
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.statement import coq_name, hypothesis_text, introduced, ordered, sort_name, term
from normbound.claims.replay.statement import rational as number_text
from normbound.claims.sorts import is_integer, is_natural
from normbound.claims.syntax import Node, Op, free_names, literal, postorder, rebuild

LIBRARY = ("ClaimGeneric",)
_MARK = re.compile(r"\b(\w+)__moving\b")


class Line:
    """The line from the numbers of the certificate to the values of the variables; ``t__`` is the place on it."""

    def __init__(self, step: Step, point: Mapping[str, str]):
        self.step = step
        self.point = {x: number_text(rational(q))[0] for x, q in point.items()}
        self.names = frozenset(point)

    def moved(self, node: Node) -> Node:
        """The expression or statement with the variables on the line."""
        return rebuild(node, lambda n, args: Node(Op.VAR, (), f"{n.value}__moving") if n.op == Op.VAR and n.value in self.names else None)

    def text(self, text: str, at: str = "t__") -> str:
        return _MARK.sub(lambda m: f"(line ({self.point[m[1]]}) {coq_name(m[1])} {at})", text)

    def expression(self, node: Node) -> str:
        return self.text(term(self.moved(node)))

    def function(self, node: Node) -> str:
        return f"(fun t__ : R => {self.expression(node)})"

    def varies(self, node: Node) -> bool:
        return bool(free_names(node) & self.names)

    # -- proofs ----------------------------------------------------------------------------------------------------------
    def polynomial(self, node: Node) -> str:
        """A term: the function is a polynomial. For conditions: numbers, variables, + - * and powers."""
        if not self.varies(node):
            return f"(poly_const ({self.expression(node)}))"
        if node.op == Op.VAR:
            return f"(poly_line ({self.point[node.value]}) {coq_name(node.value)})"
        if node.op == Op.NEG:
            return f"(poly_opp {self.function(node.args[0])} {self.polynomial(node.args[0])})"
        if node.op == Op.POW:
            return f"(poly_pw {self.function(node.args[0])} _ {self.natural_literal(node.args[1])} {self.polynomial(node.args[0])})"
        lemma = {Op.ADD: "poly_add", Op.SUB: "poly_sub", Op.MUL: "poly_mul"}[node.op]
        a, b = node.args
        return f"({lemma} {self.function(a)} {self.function(b)} {self.polynomial(a)} {self.polynomial(b)})"

    @staticmethod
    def natural_literal(e: Node) -> str:
        q = literal(e)
        return "isnat_0" if q == 0 else f"(isnat_pos {q})"

    def rational(self, node: Node) -> str:
        """A script: the function is rational, with denominators that are not 0 at 1."""
        if not self.varies(node):
            return f"exact (rat_const ({self.expression(node)}))."
        op, args = node.op, node.args
        if op == Op.VAR:
            return f"exact (rat_line ({self.point[node.value]}) {coq_name(node.value)})."
        if op == Op.NEG:
            return f"refine (rat_opp {self.function(args[0])} _).\n{self.rational(args[0])}"
        if op in (Op.ADD, Op.SUB, Op.MUL):
            lemma = {Op.ADD: "rat_add", Op.SUB: "rat_sub", Op.MUL: "rat_mul"}[op]
            return (f"refine ({lemma} {self.function(args[0])} {self.function(args[1])} _ _).\n"
                    f"{{ {self.rational(args[0])} }}\n{{ {self.rational(args[1])} }}")
        if op == Op.DIV:
            return (f"refine (rat_div {self.function(args[0])} {self.function(args[1])} _ _ _).\n"
                    f"{{ {self.rational(args[0])} }}\n{{ {self.rational(args[1])} }}\n{{ {self.nonzero(args[1])} }}")
        if op == Op.POW:
            return self.power(node)
        if op == Op.DD:
            functions = "; ".join(self.function(a) for a in args[1:])
            each = "\n".join(f"apply Forall_cons.\n{{ {self.rational(a)} }}" for a in args[1:])
            return f"refine (rat_dd ({self.expression(args[0])}) [{functions}] _).\n{each}\napply Forall_nil."
        raise Unreplayed(f"{op} along a line")

    def power(self, node: Node) -> str:
        base, exponent = node.args
        sorts = self.step.sequent.sorts
        e = self.expression(exponent)
        if is_natural(exponent, sorts):
            return (f"refine (rat_pw {self.function(base)} ({e}) _ _).\n{{ {self.rational(base)} }}\n"
                    f"{{ {self.step.natural(exponent)} }}")
        if not is_integer(exponent, sorts):
            raise Unreplayed(f"the exponent {str(exponent)[:60]}")
        return (f"refine (rat_pw_int {self.function(base)} ({e}) _ _ _).\n{{ {self.rational(base)} }}\n"
                f"{{ {self.step.integer(exponent)} }}\n{{ {self.nonzero(base)} }}")

    def nonzero(self, node: Node) -> str:
        """A script: the function is not 0 at 1, where the line is at the variables."""
        statement = Node(Op.NE, (node, NOUGHT))
        known = next((self.step.c(k) for k, c in enumerate(self.step.conditions) if c.goal == statement), None)
        known = known or next((self.step.h(k) for k, h in enumerate(self.step.sequent.given) if h == statement), None)
        end = f"exact {known}." if known else self.step.evident(statement)
        return f"cbv beta. rewrite ?line_1.\n{end}"

    def eventually(self, statement: Node) -> str:
        """A script: the comparison holds just after the beginning."""
        a, b = statement.args
        lemma = {Op.NE: "near_ne", Op.LT: "near_lt", Op.GT: "near_gt"}[statement.op]
        return (f"refine ({lemma} {self.function(a)} {self.function(b)} {self.polynomial(a)} {self.polynomial(b)} _).\nat_zero.")


@script("generic")
def generic(step: Step) -> str:
    """See the head of the module."""
    line = Line(step, step.data["point"])
    (premise,) = step.premises
    if any(n.op in (Op.SUM, Op.PROD) and line.varies(n) for n in postorder(*step.goal.args)):
        raise Unreplayed("sums and products over an index along a line")
    a, b = step.goal.args
    names = list(step.data["variables"])
    facts = [Node(Op.LT, (NOUGHT, Node(Op.VAR, (), x))) for x in names]
    conditions = [h for h in premise.given if line.varies(h)]
    needed = [o.goal for o in obligations(premise)]
    further = [s for s in dict.fromkeys(needed) if line.varies(s) and s not in conditions]
    if any(s.op != Op.NE or s.args[1] != NOUGHT for s in further):
        raise Unreplayed("the premise is defined under a condition that is not a denominator")
    stated = [*facts, *conditions, *further]
    lines = []
    for k, s in enumerate(stated):
        proof = line.eventually(s) if s not in further else (
            f"refine (near_nonzero {line.function(s.args[0])} _ _).\n{{ {line.rational(s.args[0])} }}\n{{ {line.nonzero(s.args[0])} }}")
        text = line.text(hypothesis_text(line.moved(s), premise.sorts))
        lines.append(f"assert (e__{k + 1} : just_above (fun t__ : R => {text})).\n{{ {proof} }}")
    whole = f"e__{len(stated)}"
    for k in range(len(stated) - 2, -1, -1):
        whole = f"(near_and _ _ e__{k + 1} {whole})"
    pattern = f"f__{len(stated)}"
    for k in range(len(stated) - 2, -1, -1):
        pattern = f"[f__{k + 1} {pattern}]"
    known = {s: f"f__{k + 1}" for k, s in enumerate(stated)}
    use = (f"refine (near_mono _ _ _ {whole}).\nintros t__ {pattern}.\ncbv beta.\n{_applied(step, line, premise, known, names)}")
    left, right = line.function(a), line.function(b)
    return "\n".join([
        *lines, f"assert (q__1 : {left} 1 = {right} 1).",
        f"{{ refine (generic {left} {right} _ _ _).\n{{ {line.rational(a)} }}\n{{ {line.rational(b)} }}\n{{ {use} }} }}",
        "cbv beta in q__1. rewrite ?line_1 in q__1. exact q__1."])


def _applied(step: Step, line: Line, premise: Sequent, known: Mapping[Node, str], names: list[str]) -> str:
    """The lemma of the premise at the variables on the line."""
    arguments = [f"(line ({line.point[x]}) {coq_name(x)} t__)" if x in names else coq_name(x) for x in ordered(premise)]
    moved = {sort_name(x): known[Node(Op.LT, (NOUGHT, Node(Op.VAR, (), x)))] for x in names}
    sorts = [moved.get(s, s) for s in introduced(premise.sorts, ordered(premise))[len(arguments):]]
    called = {h: step.h(k) for k, h in reversed(list(enumerate(step.sequent.given)))}
    given = [known.get(h) or called[h] for h in premise.given]
    holes = []
    for o in obligations(premise):
        if o.goal in known:
            holes.append(known[o.goal])
        elif o.goal in called:
            holes.append(called[o.goal])
        else:
            raise Unreplayed(f"no proof that {str(o.goal)[:60]} at hand")
    return f"exact ({' '.join([step.lemmas[0], *arguments, *sorts, *given, *holes])})."


__all__ = ["Line"]
