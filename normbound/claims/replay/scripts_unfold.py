"""Scripts of the rule ``unfold``: one equation, a lemma of ``proofs/ClaimPowers.v``, and its use in goal and hypotheses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normbound.claims.checker.rules_expoly import EQUATIONS, after, before
from normbound.claims.checker.rules_logic import rewritten
from normbound.claims.checker.signs import rational_value
from normbound.claims.replay.equations import Scope
from normbound.claims.replay.scripts import Step, script
from normbound.claims.replay.statement import Unreplayed, coq_name, relative
from normbound.claims.sorts import is_natural
from normbound.claims.syntax import Node, Op, free_names, number, variable

LIBRARY = ("ClaimLog", "ClaimPowers")
ZERO, ONE = number(0), number(1)
Data = Mapping[str, Any]
MAX_NODES = 12  # of a divided difference


def function(scope: Scope, term: Node) -> str:
    """The body of a sum or a product as a function of the index."""
    name = str(term.value)
    return f"(fun {coq_name(name)} : R => {scope.text(term.args[2])})"


def ends(scope: Scope, term: Node) -> str:
    lo, hi, _ = term.args
    return f"{scope.text(lo)} {scope.text(hi)}"


def whole(scope: Scope, term: Node) -> str:
    lo, hi, _ = term.args
    return f"{scope.integer(lo)} {scope.integer(hi)}"


def linear(scope: Scope, statement: str) -> str:
    """An equation between numbers and depths."""
    return scope.have(statement, "lra.", "a")


def last(scope: Scope, term: Node, data: Data) -> str:
    lo, hi, _ = term.args
    less = before(hi)
    fact = scope.require(Node(Op.LE, (lo, hi)))
    step = linear(scope, f"{scope.text(hi)} - 1 = {scope.text(less)}")
    lemma = "rsum_upto" if term.op == Op.SUM else "rprod_upto"
    return f"({lemma} {ends(scope, term)} {scope.text(less)} {function(scope, term)} {whole(scope, term)} {fact} {step})"


def first(scope: Scope, term: Node, data: Data) -> str:
    lo, hi, _ = term.args
    more = after(lo)
    fact = scope.require(Node(Op.LE, (lo, hi)))
    step = linear(scope, f"{scope.text(lo)} + 1 = {scope.text(more)}")
    lemma = "rsum_from" if term.op == Op.SUM else "rprod_from"
    return f"({lemma} {ends(scope, term)} {scope.text(more)} {function(scope, term)} {whole(scope, term)} {fact} {step})"


def empty(scope: Scope, term: Node, data: Data) -> str:
    lo, hi, _ = term.args
    lemma = "rsum_empty" if term.op == Op.SUM else "rprod_empty"
    return f"({lemma} {ends(scope, term)} {function(scope, term)} {whole(scope, term)} {scope.require(Node(Op.LT, (hi, lo)))})"


def listed(scope: Scope, term: Node, data: Data) -> str:
    """The last term, then the last but one, ..."""
    lo, hi, _ = term.args
    p, q = rational_value(lo), rational_value(hi)
    assert p is not None and q is not None
    kind = "rsum" if term.op == Op.SUM else "rprod"
    f = function(scope, term)
    low, high = number(p), number(q)
    start = (f"({kind}_ends {ends(scope, term)} {scope.text(low)} {scope.text(high)} {f} "
             f"{linear(scope, f'{scope.text(lo)} = {scope.text(low)}')} {linear(scope, f'{scope.text(hi)} = {scope.text(high)}')})")
    if q < p:
        smaller = scope.have(f"{scope.text(high)} < {scope.text(low)}", "lra.", "a")
        nothing = f"({kind}_empty {scope.text(low)} {scope.text(high)} {f} {scope.integer(low)} {scope.integer(high)} {smaller})"
        return f"(eq_trans {start} {nothing})"
    a = scope.text(low)
    whole_low = scope.integer(low)
    proof = f"({kind}_one {a} {a} {f} {whole_low} {whole_low} eq_refl)"
    join = "Rplus" if term.op == Op.SUM else "Rmult"
    for k in range(int(p) + 1, int(q) + 1):
        here, earlier = scope.text(number(k)), scope.text(number(k - 1))
        order = scope.have(f"{a} <= {here}", "lra.", "a")
        step = linear(scope, f"{here} - 1 = {earlier}")
        upto = f"({kind}_upto {a} {here} {earlier} {f} {whole_low} {scope.integer(number(k))} {order} {step})"
        proof = f"(eq_trans {upto} (f_equal2 {join} {proof} eq_refl))"
    return f"(eq_trans {start} {proof})"


# -- divided differences -----------------------------------------------------------------------------------------------------
def parted(term: Node) -> tuple[Node, list[Node]]:
    return term.args[0], list(term.args[1:])


def texts(scope: Scope, nodes: list[Node]) -> list[str]:
    if len(nodes) > MAX_NODES:
        raise Unreplayed(f"found {len(nodes)} nodes; accepted: at most {MAX_NODES}")
    return [scope.step.term(x) for x in nodes]


def as_list(items: list[str]) -> str:
    return f"[{'; '.join(items)}]"


def forward(items: list[str], k: int) -> str:
    """Permutation of the list and the one with item k in front."""
    return f"(Permutation_sym (Permutation_middle {as_list(items[:k])} {as_list(items[k + 1:])} {items[k]}))"


def less_one(scope: Scope, d: Node, e: Node) -> tuple[str, str]:
    """That e is natural, and d = e + 1."""
    equation = linear(scope, f"{scope.text(d)} = {scope.text(e)} + 1")
    fact = scope.require(Node(Op.LE, (ONE, d)))
    return f"(isnat_before {scope.text(d)} {scope.text(e)} {scope.natural(d)} {fact} {equation})", equation


def depth(scope: Scope, term: Node, data: Data) -> str:
    d, nodes = parted(term)
    k = data.get("node", len(nodes) - 1)
    e = before(d)
    natural, equation = less_one(scope, d, e)
    items = texts(scope, nodes)
    if len(items) == 1:
        return f"(dd_depth_one {scope.text(d)} {scope.text(e)} {items[0]} {natural} {equation})"
    move = forward(items, k)
    rest = items[:k] + items[k + 1:]
    return (f"(dd_depth {scope.text(d)} {scope.text(e)} {as_list(items)} {items[k]} {as_list(rest)} {as_list(items)} {natural} {equation} "
            f"{move} (Permutation_sym {move}))")


def short(scope: Scope, term: Node, data: Data) -> str:
    d, nodes = parted(term)
    q = rational_value(d)
    assert q is not None
    n = int(q)
    equation = scope.have(f"{scope.text(d)} = INR {n}", "simpl; lra.", "a")
    items = as_list(texts(scope, nodes))
    if n == len(nodes) - 1:
        return f"(dd_short_one {scope.text(d)} {items} {n} {equation} eq_refl)"
    return f"(dd_short_zero {scope.text(d)} {items} {n} {equation} ltac:(simpl; lia))"


def single(scope: Scope, term: Node, data: Data) -> str:
    d, (a,) = parted(term)
    return f"(dd_single {scope.text(d)} {scope.text(a)} {scope.natural(d)})"


def distinct(scope: Scope, term: Node, data: Data) -> str:
    d, nodes = parted(term)
    j, k = data["nodes"]
    items = texts(scope, nodes)
    a, b = items[j], items[k]
    rest = items[:j] + items[j + 1:]
    second = k if k < j else k - 1
    both = f"(perm_trans {forward(items, j)} (perm_skip {a} {forward(rest, second)}))"
    without_b, without_a = items[:k] + items[k + 1:], rest
    left = [x for m, x in enumerate(items) if m not in (j, k)]
    gap = scope.require(Node(Op.NE, (Node(Op.SUB, (nodes[j], nodes[k])), ZERO)))
    place_a = j if j < k else j - 1
    return (f"(dd_apart {scope.text(d)} {a} {b} {as_list(left)} {as_list(items)} {as_list(without_b)} {as_list(without_a)} "
            f"{scope.natural(d)} {both} (Permutation_sym {forward(without_b, place_a)}) "
            f"(Permutation_sym {forward(without_a, second)}) {gap})")


def equal(scope: Scope, term: Node, data: Data) -> str:
    d, nodes = parted(term)
    m = len(nodes) - 1
    a = texts(scope, nodes[:1])[0]
    product, less = d, before(d)
    for _ in range(1, m):
        product, less = Node(Op.MUL, (product, less)), before(less)
    y = scope.text(d)
    factorial = 1
    for k in range(2, m + 1):
        factorial *= k
    falls = scope.have(f"falling {y} {m} = {scope.text(product)}", "simpl; ring.", "a")
    exponent = scope.have(f"{scope.text(less)} = {y} - INR {m}", "simpl; lra.", "a")
    if scope.step.sequent.signs.is_nonzero(nodes[0]):
        fact = f"(or_introl {scope.require(Node(Op.NE, (nodes[0], ZERO)))})"
    else:
        enough = scope.require(Node(Op.LE, (number(m), d)))
        at_least = scope.have(f"INR {m} <= {y}", f"pose proof {enough}; simpl; lra.", "a")
        fact = f"(or_intror {at_least})"
    lemma = (f"(dd_equal {y} {a} {as_list(texts(scope, nodes))} {m} {scope.text(product)} {scope.text(less)} {scope.natural(d)} eq_refl "
             f"{falls} {exponent} {fact})")
    size = scope.have(f"{scope.text(product)} / INR (fact {m}) = {scope.text(product)}{f' / {factorial}' if factorial > 1 else ''}",
                      "simpl; field.", "a")
    return f"(eq_trans {lemma} (f_equal2 Rmult {size} eq_refl))"


def order(scope: Scope, term: Node, data: Data) -> str:
    d, nodes = parted(term)
    items = texts(scope, nodes)
    proof, places = "", list(range(len(items)))
    for done, wanted in enumerate(data["order"]):
        here = places.index(wanted, done)
        rest = [items[p] for p in places[done:]]
        step = forward(rest, here - done)
        for p in reversed(places[:done]):
            step = f"(perm_skip {items[p]} {step})"
        places.insert(done, places.pop(here))
        proof = step if not proof else f"(perm_trans {proof} {step})"
    return f"(dd_order {scope.text(d)} {as_list(items)} {as_list([items[p] for p in places])} {proof})"


def terms(scope: Scope, term: Node, data: Data) -> str:
    d, nodes = parted(term)
    i = scope.step.sequent.fresh("i")
    less = before(d)
    a, b = texts(scope, nodes)
    product = Node(Op.MUL, (Node(Op.POW, (nodes[0], variable(i))), Node(Op.POW, (nodes[1], Node(Op.SUB, (less, variable(i)))))))
    y = scope.text(d)
    gap = linear(scope, f"{scope.text(less)} = {y} - 1")
    x = coq_name(i)
    body = f"fun {x} : R => {scope.text(product)}"
    same = scope.have(f"forall {x} : R, isint {x} -> 0 <= {x} -> {x} <= {scope.text(less)} -> "
                      f"pw {a} {x} * pw {b} ({y} - 1 - {x}) = {scope.text(product)}",
                      f"intros. first [reflexivity | rewrite {gap}; reflexivity].", "a")
    return f"(dd_terms {y} {a} {b} {scope.text(less)} ({body}) {scope.natural(d)} {gap} {same})"


def nought(scope: Scope, term: Node, data: Data) -> str:
    base, d = term.args
    fact = scope.require(Node(Op.LE, (ONE, d)))
    nonzero = scope.have(f"{scope.text(d)} <> 0", f"pose proof {fact}; lra.", "a")
    zero = scope.have(f"{scope.text(base)} = 0", "lra.", "a")
    return f"(eq_trans (f_equal (fun t__ : R => pw t__ {scope.text(d)}) {zero}) (pw_base_0 {scope.text(d)} {nonzero}))"


def factor(scope: Scope, term: Node, data: Data) -> str:
    x, (e, f) = term.args[0], term.args[1].args
    sorts = scope.step.sequent.sorts
    three = f"{scope.text(x)} {scope.text(e)} {scope.text(f)}"
    if is_natural(e, sorts) and is_natural(f, sorts):
        return f"(pw_add_nat {three} {scope.natural(e)} {scope.natural(f)})"
    return f"(pw_add {three} {scope.require(Node(Op.LT, (ZERO, x)))})"


PROOFS: dict[str, Callable[[Scope, Node, Data], str]] = {
    "last": last, "first": first, "empty": empty, "listed": listed, "depth": depth, "short": short, "single": single,
    "distinct": distinct, "equal": equal, "order": order, "terms": terms, "nought": nought, "factor": factor}


def replaced(step: Step, scope: Scope, old: Node, new: Node, equation: str, premise: int) -> str:
    """The goal from the premise in which ``new`` stands for ``old``."""
    sequent = step.sequent
    name = sequent.fresh("t")
    hole = variable(name)
    proof = step.p(premise)
    names, given = relative(step.premises[premise], sequent)
    if names:
        raise Unreplayed("the premise has new variables")
    for wanted in given:
        k = next(j for j, h in enumerate(sequent.given) if rewritten(h, old, new) == wanted)
        context = rewritten(sequent.given[k], old, hole)
        predicate = f"(fun {coq_name(name)} : R => {step.prop(context)})"
        proof += f" (eq_ind {scope.text(old)} {predicate} {step.h(k)} {scope.text(new)} {equation})"
    goal = rewritten(sequent.goal, old, hole)
    if not free_names(goal) & {name}:
        return f"exact ({proof})."
    return (f"exact (eq_ind_r (fun {coq_name(name)} : R => {step.prop(goal)}) ({proof}) {equation}).")


@script("unfold")
def unfold(step: Step) -> str:
    """See the head of the module."""
    scope = Scope(step)
    data = step.data
    term = step.sequent.expression(data["term"])
    name = data["equation"]
    if name not in PROOFS:
        raise Unreplayed(f"the equation {name} has no proof in Coq")
    _, other = EQUATIONS[name](step.sequent, term, data)
    equation = scope.have(f"{scope.text(term)} = {scope.text(other)}", PROOFS[name](scope, term, data))
    last_premise = len(step.premises) - 1
    return f"{scope.script()}\n{replaced(step, scope, term, other, equation, last_premise)}"


__all__ = ["PROOFS", "replaced", "unfold"]
