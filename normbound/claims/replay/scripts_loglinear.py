"""Scripts of the rules ``loglinear`` and ``unequal``: facts as inequalities between rational expressions over atoms, then one identity.

Every fact of the certificate becomes ``0 <= F`` (or <, =) with F over atoms, every row a product of facts, and the goal follows from
large - small = sum of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from normbound.claims.checker.logforms import ZERO, Form, add, constant, flatten
from normbound.claims.checker.rules_loglinear import NONNEGATIVE, NULL, POSITIVE, oriented
from normbound.claims.checker.sequent import rational
from normbound.claims.replay.equations import Scope
from normbound.claims.replay.logarithms import logarithm, of_number
from normbound.claims.replay.rendering import render
from normbound.claims.replay.scripts import Step, script
from normbound.claims.replay.statement import Unreplayed
from normbound.claims.syntax import Node, Op, number, substitute, variable

LIBRARY = ("ClaimLog",)
_SUFFIX = {NONNEGATIVE: "le", POSITIVE: "lt", NULL: "eq"}
_SIGN = {NONNEGATIVE: "0 <= {}", POSITIVE: "0 < {}", NULL: "{} = 0"}


class Fact(NamedTuple):
    """A text over atoms, what is known of it, and the name of the proof."""

    text: str
    sign: str
    proof: str


class Difference(NamedTuple):
    """large - small over atoms, its sign, the proof of it from a comparison, and its form."""

    text: str
    sign: str
    proof: str
    form: Form


def difference(scope: Scope, comparison: Node, mode: str, fact: str) -> Difference:
    """What a comparison that ``fact`` proves says of the difference of its sides."""
    small, large, sign = oriented(comparison)
    if comparison.op in (Op.GE, Op.GT):
        fact = f"({'Rge_le' if comparison.op == Op.GE else 'Rgt_lt'} _ _ {fact})"
    forms = scope.forms
    if mode == "log":
        a, b = logarithm(scope, small), logarithm(scope, large)
        return Difference(f"({b.value} - {a.value})", sign, f"(log_fact_{_SUFFIX[sign]} _ _ _ _ {a.fact} {fact} {a.proof} {b.proof})",
                          add(forms.log(large), forms.log(small), -1))
    x, y = scope.flat(small), scope.flat(large)
    return Difference(f"({y.text} - {x.text})", sign, f"(fact_{_SUFFIX[sign]} _ _ _ _ {fact} {x.equation} {y.equation})",
                      add(forms.plain(large), forms.plain(small), -1))


def conjunct(hypothesis: Node, name: str, part: int) -> tuple[Node, str]:
    """A part of a hypothesis with its proof."""
    parts = flatten(hypothesis)
    if len(parts) == 1:
        return parts[0], name
    for _ in range(part):
        name = f"(proj2 {name})"
    return parts[part], name if part == len(parts) - 1 else f"(proj1 {name})"


class Writer:
    """The facts of a node."""

    def __init__(self, step: Step):
        self.step = step
        self.scope = Scope(step)

    def fact(self, data: Mapping[str, Any]) -> Fact:
        scope, s = self.scope, self.step.sequent
        mode = data.get("mode", "plain")
        if "given" in data:
            statement, name = conjunct(s.hypothesis(data["given"]), self.step.h(data["given"]), data.get("part", 0))
            return self.named(difference(scope, statement, mode, name))
        if "instance" in data:
            return self.instance(data, mode)
        if "each" in data:
            return self.each(data, mode)
        if "stated" in data:
            statement = s.statement(data["stated"])
            name = scope.require(statement)
            if statement.op == Op.FORALL:
                return self.summed(statement, statement.args[2], statement.args[0], statement.args[1], mode, name, 0)
            return self.named(difference(scope, statement, mode, name))
        if "sign" in data:
            e = s.expression(data["sign"])
            flat = scope.flat(e)
            strict = scope.prove(Node(Op.LT, (ZERO, e)))
            if strict:
                return Fact(flat.text, POSITIVE, scope.have(f"0 < {flat.text}", f"(fact_pos _ _ {strict} {flat.equation})", "f"))
            weak = scope.require(Node(Op.LE, (ZERO, e)))
            return Fact(flat.text, NONNEGATIVE, scope.have(f"0 <= {flat.text}", f"(fact_ge0 _ _ {weak} {flat.equation})", "f"))
        if "square" in data:
            text = f"({scope.flat(s.expression(data['square'])).text} ^ 2)"
            return Fact(text, NONNEGATIVE, scope.have(f"0 <= {text}", "apply pow2_ge_0.", "f"))
        if "exp" in data:
            t = s.expression(data["exp"])
            whole, flat = scope.flat(Node(Op.EXP, (t,))), scope.flat(t)
            text = f"({whole.text} - 1 - {flat.text})"
            return Fact(text, NONNEGATIVE, scope.have(f"0 <= {text}", f"(fact_exp _ _ _ {whole.equation} {flat.equation})", "f"))
        if "log" in data:
            found = self.line(scope, s.expression(data["log"]))
            return Fact(found.text, NONNEGATIVE, scope.have(f"0 <= {found.text}", found.proof, "f"))
        if "logs" in data:
            total = s.expression(data["logs"])
            lo, hi, u = total.args
            inner = scope.inside(str(total.value), lo, hi)
            return self.over(inner, lo, hi, self.line(inner, substitute(u, {str(total.value): variable(inner.index)})))
        if "above" in data:
            q = rational(data["above"])
            log = of_number(scope, q)
            text = render(number(q))
            equation = scope.same(text, log.text)
            proof = f"(eq_trans (f_equal log {equation}) {log.proof})" if equation else log.proof
            above = scope.have(f"1 < {text}", "lra.", "q")
            return Fact(log.value, POSITIVE, scope.have(f"0 < {log.value}", f"(above_one _ _ {above} {proof})", "f"))
        raise Unreplayed("found an unknown kind of fact")

    def named(self, d: Difference) -> Fact:
        return Fact(d.text, d.sign, self.scope.have(_SIGN[d.sign].format(d.text), d.proof, "f"))

    def line(self, scope: Scope, u: Node) -> Difference:
        """u - 1 - log u >= 0."""
        known = scope.prove(Node(Op.LT, (ZERO, u))) or scope.positive(u)
        flat, log = scope.flat(u), logarithm(scope, u, known)
        form = add(add(scope.forms.plain(u), constant(1), -1), scope.forms.log(u, defined=True), -1)
        return Difference(f"({flat.text} - 1 - {log.value})", NONNEGATIVE, f"(fact_log _ _ _ {known} {flat.equation} {log.proof})", form)

    def instance(self, data: Mapping[str, Any], mode: str) -> Fact:
        scope, s = self.scope, self.step.sequent
        k = data["instance"]
        whole = s.hypothesis(k)
        at = s.expression(data["at"])
        low, high = scope.require(Node(Op.LE, (whole.args[0], at))), scope.require(Node(Op.LE, (at, whole.args[1])))
        proof = f"({self.step.h(k)} {self.step.term(at)} {scope.integer(at)} {low} {high})"
        body, name = conjunct(whole.args[2], proof, data.get("part", 0))
        return self.named(difference(scope, substitute(body, {str(whole.value): at}), mode, name))

    def each(self, data: Mapping[str, Any], mode: str) -> Fact:
        s = self.step.sequent
        k = data["each"]
        whole = s.hypothesis(k)
        lo, hi, body = whole.args
        ends = [s.expression(data[name]) if name in data else end for name, end in (("lo", lo), ("hi", hi))]
        return self.summed(whole, body, ends[0], ends[1], mode, self.step.h(k), data.get("part", 0))

    def summed(self, whole: Node, body: Node, lo: Node, hi: Node, mode: str, name: str, part: int) -> Fact:
        """The sum over the range of what a forall states."""
        scope = self.scope
        inner = scope.inside(str(whole.value), lo, hi)
        x = inner.index
        low, high = f"l__{x}", f"u__{x}"
        if lo != whole.args[0]:
            low = f"(Rle_trans _ _ _ {scope.require(Node(Op.LE, (whole.args[0], lo)))} {low})"
        if hi != whole.args[1]:
            high = f"(Rle_trans _ _ _ {high} {scope.require(Node(Op.LE, (hi, whole.args[1])))})"
        proof = f"({name} {self.step.name(x)} i__{self.step.name(x)} {low} {high})"
        statement, proof = conjunct(substitute(body, {str(whole.value): variable(x)}), proof, part)
        found = difference(inner, statement, mode, proof)
        return self.over(inner, lo, hi, found)

    def over(self, inner: Scope, lo: Node, hi: Node, d: Difference) -> Fact:
        """The sum over the index of the inner scope of a difference."""
        scope = self.scope
        terms, linear = scope.linear(inner, lo, hi, d.form)
        sign = NULL if d.sign == NULL else NONNEGATIVE
        proof = d.proof if d.sign != POSITIVE else f"(Rlt_le _ _ {d.proof})"
        equation = inner.same(d.text, terms)
        fact = {NULL: "eq_trans (eq_sym {e}) {p}", NONNEGATIVE: "fact_ge0 _ _ {p} {e}"}[sign].format(e=equation or "eq_refl", p=proof)
        each = scope.each(inner, lo, hi, _SIGN[sign].format(terms), f"({fact})")
        x = self.step.name(inner.index)
        lemma = "rsum_null" if sign == NULL else "rsum_ge0"
        whole = (f"({lemma} {scope.text(lo)} {scope.text(hi)} (fun {x} : R => {terms}) {scope.integer(lo)} {scope.integer(hi)} {each})")
        final = f"(eq_trans (eq_sym {linear.equation}) {whole})" if sign == NULL else f"(fact_ge0 _ _ {whole} {linear.equation})"
        return Fact(linear.text, sign, scope.have(_SIGN[sign].format(linear.text), final, "f"))

    def row(self, facts: list[Fact], row: list[Any]) -> Fact | None:
        """One row: a number times a product of facts, and a further factor where one of them is 0."""
        q = rational(row[0])
        if q == 0:
            return None
        chosen = [facts[k] for k in row[1]]
        size = Fact(render(number(q)), POSITIVE, "")
        if any(f.sign == NULL for f in chosen):
            if len(row) > 2:
                chosen.append(Fact(self.scope.flat(self.step.sequent.expression(row[2])).text, "", ""))
            found = size._replace(sign="")
        else:
            found = size._replace(proof=self.scope.have(f"0 < {size.text}", "lra.", "q"))
        for f in chosen:
            found = multiplied(found, f)
        return found


def multiplied(a: Fact, b: Fact) -> Fact:
    """A product; the sign "" says that nothing is known."""
    text = f"({a.text} * {b.text})"
    if NULL in (a.sign, b.sign):
        return Fact(text, NULL, f"(null_l _ _ {a.proof})" if a.sign == NULL else f"(null_r {a.text} _ {b.proof})")
    if "" in (a.sign, b.sign):
        return Fact(text, "", "")
    if a.sign == b.sign == POSITIVE:
        return Fact(text, POSITIVE, f"(Rmult_lt_0_compat _ _ {a.proof} {b.proof})")
    return Fact(text, NONNEGATIVE, f"(Rmult_le_pos _ _ {weak(a)} {weak(b)})")


def weak(a: Fact) -> str:
    return a.proof if a.sign == NONNEGATIVE else f"({'Rlt_le _ _' if a.sign == POSITIVE else 'eq_ge0 _'} {a.proof})"


def added(a: Fact, b: Fact) -> Fact:
    text = f"({a.text} + {b.text})"
    if a.sign == b.sign == NULL:
        return Fact(text, NULL, f"(null_add _ _ {a.proof} {b.proof})")
    if a.sign == POSITIVE:
        return Fact(text, POSITIVE, f"(Rplus_lt_le_0_compat _ _ {a.proof} {weak(b)})")
    if b.sign == POSITIVE:
        return Fact(text, POSITIVE, f"(Rplus_le_lt_0_compat _ _ {weak(a)} {b.proof})")
    return Fact(text, NONNEGATIVE, f"(Rplus_le_le_0_compat _ _ {weak(a)} {weak(b)})")


@script("loglinear")
def loglinear(step: Step) -> str:
    """See the head of the module."""
    writer = Writer(step)
    scope = writer.scope
    data = step.data
    facts = [writer.fact(f) for f in data["facts"]]
    rows = [r for r in (writer.row(facts, row) for row in data["rows"]) if r is not None]
    total = rows[0] if rows else Fact("0", NULL, "eq_refl")
    for r in rows[1:]:
        total = added(total, r)
    small, large, sign = oriented(step.goal)
    if data.get("mode", "plain") == "log":
        a, b = logarithm(scope, small), logarithm(scope, large)
        left, right, start = a.value, b.value, f"log_goal_{_SUFFIX[sign]} _ _ _ _ _ {a.fact} {b.fact} {a.proof} {b.proof}"
    else:
        x, y = scope.flat(small), scope.flat(large)
        left, right, start = x.text, y.text, f"goal_{_SUFFIX[sign]} _ _ _ _ _ {x.equation} {y.equation}"
    identity = scope.same(f"({right} - {left})", total.text)
    end = weak(total) if sign == NONNEGATIVE else total.proof
    if sign != NONNEGATIVE and total.sign != sign:
        raise Unreplayed("the rows do not have the sign of the goal")
    turned = {Op.GE: "apply Rle_ge.\n", Op.GT: "apply Rlt_gt.\n"}.get(step.goal.op, "")
    return f"{scope.script()}\n{turned}exact ({start} {identity or 'eq_refl'} {end})."


@script("unequal")
def unequal(step: Step) -> str:
    """From a == b the hypothesis c != d would be false."""
    return f"intros e__e. apply {step.h(step.data['number'])}. exact (p1 e__e)."


__all__ = ["loglinear", "unequal"]
