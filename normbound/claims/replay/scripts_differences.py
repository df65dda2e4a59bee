"""The rule ``difference``: bounds on divided differences (``proofs/ClaimDifferences.v``)."""

from __future__ import annotations

from collections.abc import Callable

from normbound.claims.checker.signs import NOUGHT, ONE
from normbound.claims.replay.premises import Facts
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.statement import hypothesis_text, relative
from normbound.claims.syntax import Node, Op

LIBRARY = ("ClaimDifferences",)


@script("difference")
def difference(step: Step) -> str:
    """The bound, then the last premise, which has it as a hypothesis."""
    data = step.data
    term = step.sequent.expression(data["term"])
    depth, nodes = term.args[0], term.args[1:]
    name = data["bound"]
    last = step.premises[-1]
    conclusion = last.given[-1]
    facts = Facts(step)

    def fact(op: str, a: Node, b: Node) -> str:
        return facts.of(Node(op, (a, b)))

    if name in ("ordered", "reversed"):
        others = tuple(step.sequent.expression(t) for t in data["nodes"])
        less, more = (nodes, others) if name == "ordered" else (others, nodes)
        pairs = "".join(f"constructor; [split; [exact {fact(Op.LE, NOUGHT, x)} | exact {fact(Op.LE, x, y)}] | ]. "
                        for x, y in zip(less, more, strict=True))
        proof = f"apply dd_mono. {pairs}constructor."
    elif len(nodes) != 2:
        raise Unreplayed(f"found dd with {len(nodes)} nodes; accepted for {name}: two")
    else:
        proof = f"exact ({' '.join(_two(name, step, depth, nodes, data.get('node', 0), fact))})."
    use = step.p(len(step.premises) - 1)
    end = f"exact ({use} q__1)." if relative(last, step.sequent)[1] else f"exact {use}."
    return "\n".join([f"assert (d__ : isnat {step.term(depth)}).\n{{ {step.natural(depth)} }}", *facts.lines,
                      f"assert (q__1 : {hypothesis_text(conclusion, step.sequent.sorts)}).\n{{ {proof} }}", end])


def _two(name: str, step: Step, depth: Node, nodes: tuple[Node, ...], j: int, fact: Callable[[str, Node, Node], str]) -> list[str]:
    """The lemma for two nodes and what it is applied to."""
    a, b = (step.term(x) for x in nodes)
    d = step.term(depth)
    if name == "small":
        return ["dd_small", d, a, b, "d__", *(fact(Op.LE, x, y) for n in nodes for x, y in ((NOUGHT, n), (n, ONE)))]
    node, other = nodes[j], nodes[1 - j]
    x, y = step.term(node), step.term(other)
    side = "" if j == 0 else "_right"
    if name == "geometric":  # the node is 1, the other one is < 1
        side = "_right" if j == 0 else ""
        return [f"dd_geometric{side}", d, y, x, "d__", fact(Op.LE, NOUGHT, other), fact(Op.LT, other, ONE), fact(Op.EQ, node, ONE)]
    deep = fact(Op.LE, ONE, depth)
    if name == "above":
        order = {j: "(Rle_refl _)", 1 - j: fact(Op.LE, other, node)}
        signs = [fact(Op.LE, NOUGHT, n) for n in nodes]
        return ["dd_above", d, x, a, b, "d__", deep, signs[0], order[0], signs[1], order[1]]
    if name == "below":
        order = {j: "(Rle_refl _)", 1 - j: fact(Op.LE, node, other)}
        return ["dd_below", d, x, a, b, "d__", deep, fact(Op.LE, NOUGHT, node), order[0], order[1]]
    first = fact(Op.LT if name == "positive" else Op.LE, NOUGHT, node)
    second = fact(Op.LE, NOUGHT, other)
    return [f"dd_{name}{side}", d, x, y, "d__", deep, *((first, second) if j == 0 else (second, first))]
