"""Rules on the sign of a derivative (``checker.rules_derivative``): derivatives and continuity by the form of the expression, with lemmas
of ``proofs/ClaimSlopes.v``, then the mean value theorem."""

from __future__ import annotations

from collections.abc import Sequence as Listing

from normbound.claims.checker import Sequent
from normbound.claims.checker.differential import derivative
from normbound.claims.checker.obligations import obligations
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import mentions
from normbound.claims.replay.premises import Facts
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import coq_name, hypothesis_text, introduced, ordered, proposition, relative, sort_name, term
from normbound.claims.syntax import Node, Op, free_names, literal, number, postorder, substitute, variable

LIBRARY = ("ClaimLimits", "ClaimRates", "ClaimSlopes")
ZERO, TWO = number(0), number(2)
MAX_PARTS = 300


class Curve:
    """An expression as a function of one variable: scripts for its derivative and its continuity at a point of that name."""

    def __init__(self, root: Node, name: str, context: Context):
        self.root, self.name, self.context = root, name, context
        self.x = coq_name(name)
        self.lines: list[str] = []
        self.proved: dict[Node, str] = {}
        parts = list(dict.fromkeys(postorder(root)))
        if len(parts) > MAX_PARTS:
            raise Unreplayed(f"an expression with more than {MAX_PARTS} parts")

    def function(self, e: Node) -> str:
        return f"(fun {self.x} : R => {term(e)})"

    def fact(self, statement: Node) -> str:
        """The name of a fact that signs and premises give."""
        if statement not in self.proved:
            name = f"sign__{len(self.proved)}"
            self.lines.append(f"assert ({name} : {proposition(statement)}).\n{{ {self.context.evident(statement)} }}")
            self.proved[statement] = name
        return self.proved[statement]

    def known(self, statement: Node) -> bool:
        return self.context.holds(statement)

    def positive(self, u: Node) -> str:
        """0 < u; where only u >= 0 and 2 sqrt(u) != 0 are known, from these."""
        statement = Node(Op.LT, (ZERO, u))
        root = Node(Op.NE, (Node(Op.MUL, (TWO, Node(Op.SQRT, (u,)))), ZERO))
        if not self.known(statement) and self.known(root):
            return f"(root_positive _ {self.fact(Node(Op.LE, (ZERO, u)))} {self.fact(root)})"
        return self.fact(statement)

    def slopes(self, name: str) -> str:
        """Lines that end with the fact ``name``: the expression has the derivative that the checker writes."""
        found: dict[Node, str] = {}
        for n in dict.fromkeys(postorder(self.root)):
            if self.name not in free_names(n) or (n.op == Op.VAR and n is not self.root):
                continue
            own = name if n == self.root else f"d__{len(found)}"
            how = self._slope(n, found)
            value = term(derivative(n, self.name), argument=True)
            self.lines.append(f"assert ({own} : derivable_pt_lim {self.function(n)} {self.x} {value}).\n"
                              f"{{ eapply D_same; [{how}| cbv beta; {self._value(n)}]. }}")
            found[n] = own
        if not found:
            self.lines.append(f"assert ({name} : derivable_pt_lim {self.function(self.root)} {self.x} 0) by apply D_const.")
        return "\n".join(self.lines)

    def _slope(self, n: Node, found: dict[Node, str]) -> str:
        op = n.op

        def of(a: Node) -> str:
            if self.name not in free_names(a):
                return f"exact (D_const {term(a, argument=True)} {self.x})"
            return f"exact (D_id {self.x})" if a.op == Op.VAR else f"exact {found[a]}"

        f = [self.function(a) for a in n.args]
        if op == Op.VAR:
            return f"exact (D_id {self.x})"
        if op in (Op.ADD, Op.SUB, Op.MUL):
            lemma = {Op.ADD: "D_add", Op.SUB: "D_sub", Op.MUL: "D_mul"}[op]
            return f"apply ({lemma} {f[0]} {f[1]}); [{of(n.args[0])} | {of(n.args[1])}]"
        if op == Op.NEG:
            return f"apply (D_opp {f[0]}); {of(n.args[0])}"
        if op == Op.DIV:
            return f"apply (D_div {f[0]} {f[1]}); [exact {self.fact(Node(Op.NE, (n.args[1], ZERO)))} | {of(n.args[0])} | {of(n.args[1])}]"
        if op == Op.EXP:
            return f"apply (D_exp {f[0]}); {of(n.args[0])}"
        if op in (Op.SQRT, Op.LOG):
            return f"apply ({'D_sqrt' if op == Op.SQRT else 'D_log'} {f[0]}); [exact {self.positive(n.args[0])} | {of(n.args[0])}]"
        if op == Op.POW:
            u, v = n.args
            if self.name in free_names(v):
                return f"eapply (D_pw_both {f[0]} {f[1]}); [exact {self.positive(u)} | {of(u)} | {of(v)}]"
            e, q = literal(v), term(v, argument=True)
            if e is not None and e.denominator == 1 and e >= 1:
                return f"eapply (D_pw_nat {f[0]} _ _ {q}); [{_isnat(f'{q} - 1', e - 1)} | {of(u)}]"
            if e is not None and e.denominator == 1 and e <= -1:
                other = self.fact(Node(Op.NE, (u, ZERO)))
                return f"eapply (D_pw_neg {f[0]} _ _ {q}); [{_isnat(f'- {q} - 1', -e - 1)} | exact {other} | {of(u)}]"
            return f"eapply (D_pw {f[0]} _ _ {q}); [exact {self.positive(u)} | {of(u)}]"
        raise Unreplayed(f"the derivative of {op} has no lemma")

    def _value(self, n: Node) -> str:
        """The value of the lemma is the derivative as the checker writes it: without factors 1 and terms 0."""
        if n.op == Op.POW and self.name not in free_names(n.args[1]):
            e = literal(n.args[1])
            if e is not None:
                q, less = term(n.args[1], argument=True), term(number(e - 1), argument=True)
                return f"replace ({q} - 1) with {less} by lra; rewrite ?pw_1, ?pw_0; ring"
        return "unfold Rdiv; ring"

    def continuity(self, name: str) -> str:
        """Lines that end with the fact ``name``: the expression is continuous at the point."""
        found: dict[Node, str] = {}
        for n in dict.fromkeys(postorder(self.root)):
            if self.name not in free_names(n) or (n.op == Op.VAR and n is not self.root):
                continue
            own = name if n == self.root else f"d__{len(found)}"
            how = self._continuous(n, found)
            self.lines.append(f"assert ({own} : continuity_pt {self.function(n)} {self.x}).\n{{ {how}. }}")
            found[n] = own
        if not found:
            self.lines.append(f"assert ({name} : continuity_pt {self.function(self.root)} {self.x}) by apply C_const.")
        return "\n".join(self.lines)

    def _continuous(self, n: Node, found: dict[Node, str]) -> str:
        op = n.op

        def of(a: Node) -> str:
            if self.name not in free_names(a):
                return f"exact (C_const {term(a, argument=True)} {self.x})"
            return f"exact (C_of _ _ _ (D_id {self.x}))" if a.op == Op.VAR else f"exact {found[a]}"

        f = [self.function(a) for a in n.args]
        if op == Op.VAR:
            return f"exact (C_of _ _ _ (D_id {self.x}))"
        if op in (Op.ADD, Op.SUB, Op.MUL):
            lemma = {Op.ADD: "C_add", Op.SUB: "C_sub", Op.MUL: "C_mul"}[op]
            return f"apply ({lemma} {f[0]} {f[1]}); [{of(n.args[0])} | {of(n.args[1])}]"
        if op == Op.DIV:
            return f"apply (C_div {f[0]} {f[1]}); [exact {self.fact(Node(Op.NE, (n.args[1], ZERO)))} | {of(n.args[0])} | {of(n.args[1])}]"
        if op in (Op.NEG, Op.EXP):
            return f"apply ({'C_opp' if op == Op.NEG else 'C_exp'} {f[0]}); {of(n.args[0])}"
        if op == Op.SQRT:
            return f"apply (C_sqrt {f[0]}); [exact {self.fact(Node(Op.LE, (ZERO, n.args[0])))} | {of(n.args[0])}]"
        if op == Op.LOG:
            return f"apply (C_log {f[0]}); [exact {self.positive(n.args[0])} | {of(n.args[0])}]"
        if op == Op.POW:
            u, v = n.args
            if self.name in free_names(v):
                return f"eapply (C_pw_both {f[0]} {f[1]}); [exact {self.positive(u)} | {of(u)} | {of(v)}]"
            e, q = literal(v), term(v, argument=True)
            if e is not None and e.denominator == 1:
                if e >= 0:
                    return f"eapply (C_pw_nat {f[0]} _ {q}); [{_isnat(q, e)} | {of(u)}]"
                other = self.fact(Node(Op.NE, (u, ZERO)))
                return f"eapply (C_pw_neg {f[0]} _ {q}); [{_isnat(f'- {q} - 1', -e - 1)} | exact {other} | {of(u)}]"
            if self.known(Node(Op.LT, (ZERO, u))):
                return f"eapply (C_pw {f[0]} _ {q}); [exact {self.positive(u)} | {of(u)}]"
            signs = [f"exact {self.fact(s)}" for s in (Node(Op.LT, (ZERO, v)), Node(Op.LE, (ZERO, u)))]
            return f"eapply (C_pw_root {f[0]} _ {q}); [{' | '.join(signs)} | {of(u)}]"
        raise Unreplayed(f"the continuity of {op} has no lemma")


def _isnat(text: str, value: object) -> str:
    return f"replace ({text}) with {value} by lra; first [exact isnat_0 | apply isnat_pos]"


# -- the rule derivative -----------------------------------------------------------------------------------------------------
@script("derivative")
def by_derivative(step: Step) -> str:
    _, a, b = compared(step.goal, Op.LE, Op.LT)
    data, sequent = step.data, step.sequent
    name, at, right = data["variable"], sequent.expression(data["at"]), data["side"] == "right"
    strict = data.get("strict") is True
    fresh = sequent.fresh(name)
    x, y = variable(name), variable(fresh)
    moved = substitute(Node(Op.SUB, (b, a)), {name: y})
    low, high = (at, x) if right else (x, at)
    slope = derivative(moved, fresh)
    inner = sequent.declare(fresh, "real")
    closed = inner.assume(Node(Op.LE, (low, y)), Node(Op.LE, (y, high)))
    opened = inner.assume(Node(Op.LT, (low, y)), Node(Op.LT, (y, high)))
    sign = next((step.p(k) for k, p in enumerate(step.premises) if p.given == opened.given and fresh in p.sorts
                 and p.goal == Node(Op.LT if strict else Op.LE, (ZERO, slope) if right else (slope, ZERO))), None)
    if sign is None:
        raise Unreplayed("there is no premise on the sign of the derivative")
    facts = Facts(step)
    order = facts.of(Node(Op.LT if strict else Op.LE, (low, high)))
    lemma = (("falls_off", "falls_strictly"), ("rises", "rises_strictly"))[right][strict]
    ends = f"{step.term(low)} {step.term(high)}"
    curve = _curve(step, facts, moved, fresh, closed, None)
    f, variable_ = curve.function(moved), coq_name(fresh)
    lines = [*facts.lines, f"assert (whole__0 : whole {f} {ends}).",
             f"{{ intros {variable_} l__0 u__0.\n{curve.continuity('c__0')}\nexact c__0. }}"]
    curve = _curve(step, facts, moved, fresh, closed, opened)
    lines += [f"assert (inner__0 : inner {f} (fun {variable_} : R => {term(slope)}) {ends}).",
              f"{{ intros {variable_} l__0 u__0.\n{curve.slopes('c__0')}\nexact c__0. }}",
              f"pose proof ({lemma} _ _ {ends} {order} inner__0 whole__0 {sign}) as q__1; cbv beta in q__1.",
              f"clear - q__1 {step.p(len(step.premises) - 1)}; lra."]
    return "\n".join(lines)


def _curve(step: Step, facts: Facts, moved: Node, fresh: str, closed: Sequent, opened: Sequent | None) -> Curve:
    """The function at a point between the ends, with what the premises say there."""
    base = facts.context
    mine = closed if opened is None else opened
    given = [(mine.given[-2], "l__0"), (mine.given[-1], "u__0")]
    start: list[str] = []
    if opened is not None:
        given += [(closed.given[-2], "l__1"), (closed.given[-1], "u__1")]
        start += ["pose proof (Rlt_le _ _ l__0) as l__1.", "pose proof (Rlt_le _ _ u__0) as u__1."]
    for k, p in enumerate(step.premises):
        if fresh not in p.sorts or set(p.sorts) != set(closed.sorts):
            continue
        for other, names in ((closed, "l__0 u__0" if opened is None else "l__1 u__1"), (opened, "l__0 u__0")):
            if other is not None and p.given == other.given:
                start.append(f"pose proof ({step.p(k)} {coq_name(fresh)} {names}) as k__{k}.")
                given.append((p.goal, f"k__{k}"))
    curve = Curve(moved, fresh, base.extended({fresh: closed.sorts[fresh]}, given))
    curve.lines += start
    return curve


# -- the rule slope ----------------------------------------------------------------------------------------------------------
@script("slope")
def by_slope(step: Step) -> str:
    """The premises hold at every value of the variable that meets the hypotheses, so also between two of them."""
    goal, sequent = step.goal, step.sequent
    name, e = goal.value, goal.args[0]
    x, sort = coq_name(name), sequent.sorts[name].kind
    final = step.premises[-1]
    inside = final.given[len(sequent.given):]
    about = [k for k, h in enumerate(sequent.given) if mentions(h, name)]
    slope = derivative(e, name)
    other, s = f"{x}'", sort_name(name)
    # each statement about one point, for all points
    here = [h for k, h in enumerate(sequent.given) if k in about]
    arrows = {"positive": f"0 < {x} -> ", "nonnegative": f"0 <= {x} -> "}.get(sort, "")
    bound = f"forall {x} : R, {arrows}" + "".join(f"{hypothesis_text(h, sequent.sorts)} -> " for h in here)
    strictly = bound + "".join(f"{hypothesis_text(h, sequent.sorts)} -> " for h in inside)
    sorts = [s] if sort != "real" else []
    names = [step.h(k) for k in about]
    within = [f"i__{k}" for k in range(len(inside))]
    aside = "\n".join(f"rename {n} into {n}__old." for n in (x, *sorts, *names)) + "\n"
    lines = []
    plain = _known_at(step, sequent, range(len(step.premises) - 1), lambda p: p.given == sequent.given)
    curve = Curve(e, name, _context(step, sequent, [], plain))
    curve.lines += [line for _, _, line in plain]
    lines += [f"assert (whole__0 : {bound}continuity_pt {curve.function(e)} {x}).",
              f"{{ {aside}intros {' '.join((x, *sorts, *names))}.\n{curve.continuity('c__0')}\nexact c__0. }}"]
    deep = _known_at(step, final, range(len(step.premises) - 1), lambda p: p.given == final.given, within)
    curve = Curve(e, name, _context(step, sequent, list(zip(inside, within, strict=True)), [*plain, *deep]))
    curve.lines += [line for _, _, line in (*plain, *deep)]
    lines += [f"assert (inner__0 : {strictly}derivable_pt_lim {curve.function(e)} {x} {term(slope, argument=True)}).",
              f"{{ {aside}intros {' '.join((x, *sorts, *names, *within))}.\n{curve.slopes('c__0')}\nexact c__0. }}"]
    last = _known_at(step, final, [len(step.premises) - 1], lambda p: True, within, [*plain, *deep])
    lines += [f"assert (sign__0 : {strictly}{proposition(final.goal)}).",
              f"{{ {aside}intros {' '.join((x, *sorts, *names, *within))}.",
              *(line for _, _, line in (*plain, *deep, *last)), f"exact {last[0][1]}. }}"]
    far = [f"b__{k}" for k in range(len(about))]
    lemma = "rises" if goal.op == Op.INCREASING else "falls_off"
    lines.append(f"intros {' '.join((other, *(['s__1'] if sorts else []), 'o__0', *far))}.")
    slots = " ".join("_" for _ in (*sorts, *names))
    f, df = curve.function(e), f"(fun {x} : R => {term(slope)})"
    close = "try (repeat split; lra)"
    lines += [f"assert (whole__1 : whole {f} {x} {other}).",
              f"{{ intros y__0 l__0 u__0; refine (whole__0 y__0 {slots}); {close}. }}",
              f"assert (inner__1 : inner {f} {df} {x} {other}).",
              f"{{ intros y__0 l__0 u__0; refine (inner__0 y__0 {slots} {' '.join('_' for _ in within)}); {close}. }}",
              f"pose proof ({lemma} _ _ {x} {other} o__0 inner__1 whole__1) as q__1; cbv beta in q__1.",
              f"apply q__1; intros y__0 l__0 u__0; refine (sign__0 y__0 {slots} {' '.join('_' for _ in within)}); {close}."]
    return "\n".join(lines)


Known = tuple[Node, str, str]  # a fact, its name, the line that puts it into the context


def _context(step: Step, sequent: Sequent, more: Listing[tuple[Node, str]], known: Listing[Known]) -> Context:
    given = [(h, step.h(k)) for k, h in enumerate(sequent.given)]
    return Context(sequent.sorts, [*given, *more, *((g, name) for g, name, _ in known)])


def _known_at(step: Step, sequent: Sequent, numbers: Listing[int] | range, fits: object, within: Listing[str] = (),
              earlier: Listing[Known] = ()) -> list[Known]:
    """Premises at the point in the context, by their lemmas."""
    found: list[Known] = []
    for k in numbers:
        premise = step.premises[k]
        if set(premise.sorts) != set(sequent.sorts) or not fits(premise):  # type: ignore[operator]
            continue
        called = [step.h(j) for j in range(len(step.sequent.given))] + list(within)
        context = _context(step, step.sequent, list(zip(premise.given[len(step.sequent.given):], within, strict=False)), [*earlier, *found])
        proofs = []
        for o in obligations(premise):
            if relative(o, premise) != ([], []):
                raise Unreplayed(f"the condition {str(o.goal)[:60]} speaks of further variables")
            proofs.append(f"{{ {context.evident(o.goal)} }}")
        arguments = [*introduced(premise.sorts, ordered(premise)), *called[:len(premise.given)], *("_" for _ in proofs)]
        body = "\n".join([f"refine ({' '.join([step.lemmas[k], *arguments])}).", *proofs])
        found.append((premise.goal, f"k__{k}", f"assert (k__{k} : {proposition(premise.goal)}).\n{{ {body} }}"))
    return found


__all__ = ["Curve", "by_derivative", "by_slope"]
