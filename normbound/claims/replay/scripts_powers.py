"""Scripts of the rules ``lemma`` and ``squared``: named inequalities, each a lemma of ``proofs/ClaimPowers.v``."""

from __future__ import annotations

from collections.abc import Callable

from normbound.claims.checker.rules_powers import LEMMAS
from normbound.claims.checker.rules_powers import ONE as UNITY
from normbound.claims.replay.equations import Scope
from normbound.claims.replay.scripts import Step, script
from normbound.claims.replay.statement import Unreplayed, coq_name, relative
from normbound.claims.syntax import Node, Op, literal, number, substitute, variable

LIBRARY = ("ClaimLog", "ClaimPowers")
ZERO, ONE, TWO = number(0), number(1), number(2)


def function(scope: Scope, total: Node) -> str:
    """The body of a sum as a function of the index."""
    return f"(fun {coq_name(str(total.value))} : R => {scope.text(total.args[2])})"


def ends(scope: Scope, total: Node) -> str:
    return f"{scope.text(total.args[0])} {scope.text(total.args[1])}"


def whole(scope: Scope, total: Node) -> str:
    return f"{scope.integer(total.args[0])} {scope.integer(total.args[1])}"


def below(scope: Scope, a: Node, b: Node) -> str:
    """A proof of a <= b."""
    return scope.require(Node(Op.LE, (a, b)))


def terms_nonnegative(scope: Scope, total: Node) -> str:
    """A proof that all terms of a sum are >= 0."""
    lo, hi, body = total.args
    index = str(total.value)
    stated = scope.prove(Node(Op.FORALL, (lo, hi, Node(Op.LE, (ZERO, body))), index))
    if stated is not None:
        return stated
    inner = scope.inside(index, lo, hi)
    opened = substitute(body, {index: variable(inner.index)})
    fact = inner.require(Node(Op.LE, (ZERO, opened)))
    return scope.each(inner, lo, hi, f"0 <= {inner.text(opened)}", fact)


def bernoulli(scope: Scope, args: list[Node]) -> str:
    t, n = args
    return f"(bernoulli {scope.text(t)} {scope.text(n)} {scope.natural(n)} {below(scope, number(-1), t)})"


def exponential(scope: Scope, args: list[Node]) -> str:
    return f"(exp_line {scope.text(args[0])})"


def logarithm(scope: Scope, args: list[Node]) -> str:
    return f"(log_line {scope.text(args[0])} {scope.positive(args[0])})"


def logarithm_above(scope: Scope, args: list[Node]) -> str:
    return f"(log_above {scope.text(args[0])} {scope.positive(args[0])})"


def amgm(scope: Scope, args: list[Node]) -> str:
    count = len(args)
    total = product = args[0]
    for a in args[1:]:
        total, product = Node(Op.ADD, (total, a)), Node(Op.MUL, (product, a))
    listed = f"[{'; '.join(scope.step.term(a) for a in args)}]"
    facts = "I"
    for a in reversed(args):
        facts = f"(conj {below(scope, ZERO, a)} {facts})"
    p = scope.have(f"pm (length {listed}) (fun i => nth i {listed} 0) = {scope.text(product)}", "simpl; ring.", "a")
    s = scope.have(f"Vec.sm (length {listed}) (fun i => nth i {listed} 0) = {scope.text(total)}", "simpl; ring.", "a")
    n = scope.have(f"{count} = INR (length {listed})", "simpl; lra.", "a")
    return f"(amgm {listed} {scope.text(product)} {scope.text(total)} {count} {facts} ltac:(discriminate) {p} {s} {n})"


def cauchy(scope: Scope, args: list[Node]) -> str:
    return f"(cauchy {ends(scope, args[0])} {function(scope, args[0])} {function(scope, args[1])})"


def triangle(scope: Scope, args: list[Node]) -> str:
    return f"(triangle {ends(scope, args[0])} {function(scope, args[0])})"


def means(scope: Scope, args: list[Node]) -> str:
    lo, hi, _ = args[0].args
    count = hi if lo == UNITY else Node(Op.ADD, (Node(Op.SUB, (hi, lo)), ONE))
    size = scope.have(f"{scope.text(count)} = {scope.text(hi)} - {scope.text(lo)} + 1", "ring.", "a")
    return (f"(means {ends(scope, args[0])} {function(scope, args[0])} {scope.text(count)} {whole(scope, args[0])} {below(scope, lo, hi)} "
            f"{size} {terms_nonnegative(scope, args[0])})")


def member(scope: Scope, args: list[Node]) -> str:
    lo, hi, _ = args[0].args
    e = args[1]
    return (f"(member {ends(scope, args[0])} {scope.text(e)} {function(scope, args[0])} {whole(scope, args[0])} {scope.integer(e)} "
            f"{below(scope, lo, e)} {below(scope, e, hi)} {terms_nonnegative(scope, args[0])})")


def geometric(scope: Scope, args: list[Node]) -> str:
    lo, hi, body = args[0].args
    q = body.args[0]
    gap = scope.require(Node(Op.NE, (Node(Op.SUB, (ONE, q)), ZERO)))
    return (f"(geometric {ends(scope, args[0])} {scope.text(q)} {scope.natural(lo)} {scope.integer(hi)} "
            f"{below(scope, lo, Node(Op.ADD, (hi, ONE)))} {gap})")


def powersum(scope: Scope, args: list[Node]) -> str:
    lo, n, body = args[0].args
    start = f"(or_intro{'l' if lo == ZERO else 'r'} eq_refl)"
    power = literal(body.args[1]) if body.op == Op.POW else 1
    half = "x__ * (x__ + 1) / 2"
    closed = {1: half, 2: f"{half} * (2 * x__ + 1) / 3", 3: f"pw ({half}) 2"}.get(int(power or 0))
    if closed is None:
        raise Unreplayed(f"found the term {str(body)[:60]}; accepted: i, i^2, i^3")
    f = function(scope, args[0])
    value = f"(fun x__ : R => {closed})"
    proof = "intros; cbv beta; rewrite ?pw_pos_lit; change (Pos.to_nat 2) with 2%nat; change (Pos.to_nat 3) with 3%nat; field."
    facts = " ".join(scope.have(text, proof, "a") for text in (
        f"{value} 0 = 0", f"{f} 0 = 0", f"forall k__ : R, {value} (k__ + 1) = {value} k__ + {f} (k__ + 1)"))
    return f"(powersum {ends(scope, args[0])} {f} {value} {start} {scope.integer(n)} {below(scope, ZERO, n)} {facts})"


def small(scope: Scope, args: list[Node]) -> str:
    x, n = args
    return f"(pw_small {scope.text(x)} {scope.text(n)} {scope.natural(n)} {below(scope, ZERO, x)} {below(scope, x, ONE)})"


def large(scope: Scope, args: list[Node]) -> str:
    x, n = args
    return f"(pw_large {scope.text(x)} {scope.text(n)} {scope.natural(n)} {below(scope, ONE, x)})"


def ordered(scope: Scope, args: list[Node]) -> str:
    x, y, n = args
    return f"(pw_mono {scope.text(x)} {scope.text(y)} {scope.text(n)} {scope.natural(n)} {below(scope, ZERO, x)} {below(scope, x, y)})"


def exp_ordered(scope: Scope, args: list[Node]) -> str:
    x, y = args
    return f"(exp_mono {scope.text(x)} {scope.text(y)} {below(scope, x, y)})"


def _two_nodes(scope: Scope, lemma: str, node: Node, facts: list[tuple[Node, Node]]) -> str:
    n, x, y = node.args
    e = Node(Op.SUB, (n, ONE))
    proofs = " ".join(below(scope, *f) for f in facts)
    return f"({lemma} {scope.text(n)} {scope.text(x)} {scope.text(y)} {scope.text(e)} {scope.natural(n)} eq_refl {proofs})"


def dd_above(scope: Scope, args: list[Node]) -> str:
    n, x, y = args[0].args
    return _two_nodes(scope, "dd_above", args[0], [(ZERO, x), (x, y), (ONE, n)])


def dd_below(scope: Scope, args: list[Node]) -> str:
    n, x, y = args[0].args
    return _two_nodes(scope, "dd_below", args[0], [(ZERO, x), (x, y), (ONE, n)])


def dd_small(scope: Scope, args: list[Node]) -> str:
    n, x, y = args[0].args
    facts = " ".join(below(scope, *f) for f in ((ZERO, x), (x, ONE), (ZERO, y), (y, ONE)))
    return f"(dd_small {scope.text(n)} {scope.text(x)} {scope.text(y)} {scope.natural(n)} {facts})"


def dd_member(scope: Scope, args: list[Node]) -> str:
    n, x, y = args[0].args
    return _two_nodes(scope, "dd_member" if args[1] == x else "dd_member_second", args[0], [(ZERO, x), (ZERO, y), (ONE, n)])


PROOFS: dict[str, Callable[[Scope, list[Node]], str]] = {
    "bernoulli": bernoulli, "exp": exponential, "log": logarithm, "log_above": logarithm_above, "amgm": amgm, "cauchy": cauchy,
    "triangle": triangle, "means": means, "member": member, "geometric": geometric,
    "powersum": powersum, "small": small, "large": large, "ordered": ordered,
    "exp_ordered": exp_ordered, "dd_above": dd_above, "dd_below": dd_below, "dd_small": dd_small, "dd_member": dd_member}


@script("lemma")
def lemma(step: Step) -> str:
    """The conclusion, then the last premise, which has it among its hypotheses."""
    scope = Scope(step)
    name = step.data["name"]
    if name not in PROOFS:
        raise Unreplayed(f"the lemma {name} has no proof in Coq")
    args = [step.sequent.expression(t) for t in step.data["args"]]
    _, conclusion = LEMMAS[name](step.sequent, args)
    last = len(step.premises) - 1
    fact = scope.have(step.prop(conclusion), PROOFS[name](scope, args), "q")
    _, new = relative(step.premises[last], step.sequent)
    return f"{scope.script()}\nexact ({step.p(last)}{' ' + fact if new else ''})."


@script("squared")
def squared(step: Step) -> str:
    """a <= b from 0 <= b and a^2 <= b^2."""
    goal = step.goal
    turned = {Op.GE: "apply Rle_ge; ", Op.GT: "apply Rlt_gt; "}.get(goal.op, "")
    strict = goal.op in (Op.LT, Op.GT)
    return f"{turned}exact (below_squared{'_strict' if strict else ''} _ _ {step.p(0)} {step.p(1)})."


__all__ = ["PROOFS", "lemma", "squared"]
