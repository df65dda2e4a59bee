"""Rules of linear combinations (``checker.rules_linear``): the sign of each product, then one identity over atoms."""

from __future__ import annotations

from normbound.claims.checker.rules_linear import fact
from normbound.claims.checker.rules_logic import compared
from normbound.claims.checker.sequent import rational
from normbound.claims.checker.signs import MINUS, NOUGHT, PLUS, ZERO
from normbound.claims.replay.equations import chain
from normbound.claims.replay.roots import Rooted
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.scripts_logic import extremum_facts
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import proposition, relative
from normbound.claims.syntax import Node, Op, number

LIBRARY = ("ClaimLog", "ClaimRoots")
_SIGNS = {ZERO: Op.EQ, PLUS: Op.GT, MINUS: Op.LT, ZERO | PLUS: Op.GE, ZERO | MINUS: Op.LE, PLUS | MINUS: Op.NE}


def known(step: Step) -> Context:
    """The context with the premises that speak of no new variable: they say that new expressions are defined."""
    given = [(p.goal, step.p(k)) for k, p in enumerate(step.premises) if relative(p, step.sequent) == ([], [])]
    return step.context.extended({}, given) if given else step.context


def identity(scope: Rooted, left: Node, right: Node, name: str) -> None:
    """State left = right, which ring or field decide over atoms."""
    a, b = scope.flat(left), scope.flat(right)
    back = None if b.proof is None else f"(eq_sym {b.proof})"
    proof = chain(a.proof, scope.same(a.text, b.text), back) or "eq_refl"
    scope.lines.append(f"assert ({name} : {proposition(Node(Op.EQ, (left, right)))}).\n{{ exact {proof}. }}")


@script("algebra")
def algebra(step: Step) -> str:
    _, a, b = compared(step.goal)
    difference = step.sequent.algebra.difference(b, a).constant
    if difference is None:
        raise Unreplayed("the normal forms differ")
    scope = Rooted(step, known(step), (a, b))
    identity(scope, Node(Op.SUB, (b, a)), number(difference), "q__1")
    return f"{scope.script()}\nclear - q__1; lra."


@script("products")
def products(step: Step) -> str:
    op, a, b = compared(step.goal)
    if op == Op.NE and step.data.get("negative") is True:
        a, b = b, a
    context = known(step)
    lines: list[str] = []
    facts: list[Node] = []
    given: list[tuple[Node, str]] = []
    for k, data in enumerate(step.data["facts"]):
        e, mask, _ = fact(step.sequent, data)
        facts.append(e)
        if "sign" not in data and mask in _SIGNS:
            statement = Node(_SIGNS[mask], (e, NOUGHT))
            lines.append(_stated(step, data, statement, f"f__{k}"))
            given.append((statement, f"f__{k}"))
    context = context.extended({}, given)
    total: Node | None = None
    names: list[str] = []
    for c, factors in step.data["terms"]:
        q = rational(c)
        product = number(q)
        for k, e in factors:
            power = facts[k] if e == 1 else Node(Op.POW, (facts[k], number(e)))
            product = power if product == number(1) else Node(Op.MUL, (product, power))
        sign = context.sign(product)
        if sign.mask not in _SIGNS:
            raise Unreplayed(f"the sign of {str(product)[:80]} is not known in Coq")
        names.append(f"t__{len(names)}")
        statement = Node(_SIGNS[sign.mask], (product, NOUGHT))
        lines.append(f"assert ({names[-1]} : {proposition(statement)}).\n{{ {context.evident(statement)} }}")
        total = product if total is None else Node(Op.ADD, (total, product))
    scope = Rooted(step, context, (a, b, *(facts if total is None else (*facts, total))))
    identity(scope, Node(Op.SUB, (b, a)), number(0) if total is None else total, "q__1")
    return "\n".join([*lines, scope.script(), _end(step, op, names)])


def _end(step: Step, op: str, names: list[str]) -> str:
    keep = f"clear - {' '.join(['q__1', *names])}; "
    if op == Op.NE:
        return f"{keep}intros n__1; lra."
    if op == Op.EQ:
        return f"{keep}apply Rle_antisym; lra."
    return f"{keep}lra."


def _stated(step: Step, data: dict[str, object], statement: Node, name: str) -> str:
    """A fact as a comparison with 0."""
    return f"assert ({name} : {proposition(statement)}).\n{{ {_proof(step, data)}lra. }}"


def _proof(step: Step, data: dict[str, object]) -> str:
    """What lra needs for a fact."""
    if "hypothesis" in data:
        return f"clear - {step.h(int(str(data['hypothesis'])))}; "
    if "gap" in data:
        k = int(str(data["gap"]))
        a, b = step.sequent.given[k].args if step.sequent.given[k].op == Op.LT else step.sequent.given[k].args[::-1]
        integers = "\n".join(f"assert (z__{j} : isint {step.term(x)}).\n{{ {step.integer(x)} }}" for j, x in enumerate((a, b)))
        order = f"assert (z__2 : {step.term(a)} < {step.term(b)}) by (clear - {step.h(k)}; lra)"
        return f"{integers}\n{order}.\npose proof (isint_lt _ _ z__0 z__1 z__2); "
    whole = step.sequent.expression(data["part"])
    if whole.op == Op.ABS:
        x = step.term(whole.args[0])
        return f"pose proof (Rle_abs {x}). pose proof (Rle_abs (- {x})). rewrite Rabs_Ropp in *. "
    return f"{extremum_facts(step, whole)}\n"
