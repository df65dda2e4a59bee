"""Rates and limits of divided differences (``checker.rules_rates``): lemmas of ``proofs/ClaimDepths.v``, for two nodes."""

from __future__ import annotations

from normbound.claims.checker.rules_rates import ONE, ZERO, chosen
from normbound.claims.replay.premises import Facts
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.scripts_limits import Limit, about_k, from_start
from normbound.claims.replay.statement import coq_name, sort_name
from normbound.claims.syntax import Node, Op, number

LIBRARY = ("ClaimLimits", "ClaimRates", "ClaimDifferences", "ClaimDepths")


class Depth:
    """dd(d; a, b) with d(k) = p k + q for large k: line__0 and natural__0 say so."""

    def __init__(self, step: Step, op: str):
        self.step, self.scene, self.facts = step, Limit(step, op), Facts(step)
        scene = self.scene
        depth, *nodes = scene.e.args
        if len(nodes) != 2:
            raise Unreplayed(f"a divided difference of {len(nodes)} nodes; the library has lemmas for 2")
        self.nodes = nodes
        self.p = scene.free(step.data["slope"], ZERO)
        self.q = scene.free(step.data.get("offset", "0"), ZERO)
        k, s = coq_name(scene.k.value), sort_name(scene.k.value)
        at = scene.at(depth)
        line = Node(Op.ADD, (Node(Op.MUL, (self.p, scene.k)), self.q))
        premise = about_k(scene, from_start(step, scene, Node(Op.EQ, (at, line))))
        start = Node(Op.GE, (scene.k, number(scene.start)))
        inner = self.facts.context.extended({scene.k.value: scene.large.sorts[scene.k.value]}, [(start, "l__0")])
        f = scene.function(depth)
        self.lines = [f"assert (natural__0 : forall {k} : R, {scene.sort} {k} -> {k} >= {scene.start} -> isnat {step.term(at)}).",
                      f"{{ intros {k} {s} l__0.\n{inner.natural(at)} }}"]
        self.rising = self.facts.of(Node(Op.LT, (ZERO, self.p)))
        a, b = (step.term(x) for x in nodes)
        self.known = (f"{scene.sort} {f} {step.term(self.p)} {step.term(self.q)} {scene.start} {a} {b} {premise} natural__0 {self.rising}")
        self.single = f"{scene.sort} {f} {step.term(self.p)} {step.term(self.q)} {scene.start} {premise} natural__0 {self.rising}"

    def script(self, proof: str) -> str:
        return "\n".join([*self.facts.lines, *self.lines, f"exact ({proof})."])


@script("rate_dd")
def rate_dd(step: Step) -> str:
    d = Depth(step, Op.RATE)
    top, conditions = chosen(d.nodes, step.data)
    names = [d.facts.of(c) for c in conditions]
    signs = [d.facts.of(Node(Op.LE, (ZERO, x))) for x in d.nodes]
    w = top if d.p == ONE else Node(Op.POW, (top, d.p))
    value = d.facts.of(Node(Op.EQ, (d.scene.v, w)))
    a, b = (step.term(x) for x in d.nodes)
    one = "rewrite pw_1; " if d.p == ONE else "f_equal; "
    d.lines.append(f"assert (w__0 : {step.term(w)} = pw (Rmax {a} {b}) {step.term(d.p)}).\n"
                   f"{{ {one}clear{' - ' + ' '.join(names) if names else ''}; unfold Rmax; repeat (destruct (Rle_dec _ _)); lra. }}")
    return d.script(f"rate_dd {d.known} _ _ {' '.join(signs)} {value} w__0")


@script("limit_dd")
def limit_dd(step: Step) -> str:
    d = Depth(step, Op.LIMIT)
    case = step.data["case"]

    def below_one(x: Node) -> str:
        low, high = Node(Op.LT, (Node(Op.NEG, (ONE,)), x)), Node(Op.LT, (x, ONE))
        return f"{d.facts.of(low)} {d.facts.of(high)}"

    if case == "zero":
        value = d.facts.of(Node(Op.EQ, (d.scene.v, ZERO)))
        return d.script(f"limit_vanish {d.known} _ {below_one(d.nodes[0])} {below_one(d.nodes[1])} {value}")
    j = step.data["node"]
    x, other = d.nodes[j], d.nodes[1 - j]
    if case == "one":
        lemma = "limit_one_right" if j == 1 else "limit_one_left"
        value = d.facts.of(Node(Op.EQ, (d.scene.v, Node(Op.DIV, (ONE, Node(Op.SUB, (ONE, other)))))))
        one = d.facts.of(Node(Op.EQ, (x, ONE)))
        return d.script(f"{lemma} {d.single} {step.term(other)} {step.term(x)} _ {below_one(other)} {one} {value}")
    if "second" in step.data:
        ones = " ".join(d.facts.of(Node(Op.LE, (ONE, y))) for y in d.nodes)
        return d.script(f"limit_ones {d.known} {ones}")
    signs = " ".join(d.facts.of(Node(Op.LE, (ZERO, y))) for y in d.nodes)
    lemma = "limit_growing" if j == 0 else "limit_growing_right"
    return d.script(f"{lemma} {d.known} {signs} {d.facts.of(Node(Op.LT, (ONE, x)))}")


__all__ = ["Depth", "limit_dd", "rate_dd"]
