"""How divided differences ``dd(K; l1, ..., lm)`` are written in print: equalities as data, each with its lemma.

``dd`` of z^K at m nodes is the complete homogeneous symmetric polynomial H of degree K - m + 1 of its nodes (0 for a
negative degree). Short ones have a more familiar form. Every rule here is an equality of the two sides for all
nonnegative nodes, coinciding and zero nodes included, under the condition it states (0^0 = 1, empty sums are 0); each
names the theorem of the proof library that says so. Rules whose right side is again a term of a simpler kind are
carried out on terms (``lowered``); the others (sums over an index of their own, binomials, H) are left to the printer.

No rule of the form (a^K - 1)/(a - 1) is here: it fails at a = 1, where the regimes of the bounds meet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from math import comb, prod

from normbound.terms.normal import Normal
from normbound.terms.store import ONE_ID, ZERO_ID, Op, Store, Term, bound_symbols

Values = Sequence[Fraction]


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One equality: ``left`` = ``right`` under ``condition`` (TeX prose; "" when it always holds).

    name   identifier
    lemma  the theorem of the proof library, as File.theorem
    value  the right side at an exact depth and exact nodes, as it is written
    """

    name: str
    left: str
    right: str
    condition: str
    lemma: str
    value: Callable[[int, Values], Fraction]


def _homogeneous(depth: int, nodes: Values) -> Fraction:
    degree = depth - len(nodes) + 1
    if degree < 0:
        return Fraction(0)
    return sum((Fraction(prod(m)) for m in combinations_with_replacement(nodes, degree)), Fraction(0))


_POSITIVE = r"$K \ge 1$"

ZERO_POWER = Rewriting("zero_power", r"\mathrm{dd}(K; 0)", "0", _POSITIVE, "DD.dd_pow", lambda k, n: Fraction(0))
ZERO_NODE = Rewriting("zero_node", r"\mathrm{dd}(K; 0, l_1, \dots, l_m)", r"\mathrm{dd}(K-1; l_1, \dots, l_m)", _POSITIVE,
                      "DD.dd_zero_node", lambda k, n: _homogeneous(k - 1, _without_zero(n)))
ONES = Rewriting("ones", r"\mathrm{dd}(K; 1, 1)", "K", "", "DD.dd_coinciding_one", lambda k, n: Fraction(k))
PAIR_SAME = Rewriting("pair_same", r"\mathrm{dd}(K; a, a)", "K a^{K-1}", _POSITIVE, "DD.dd_pair_same",
                      lambda k, n: k * n[0] ** (k - 1))
BINOMIAL = Rewriting("binomial", r"\mathrm{dd}(K; 1, 1, 1)", r"\binom{K}{2}", "", "DD.display_triple_one",
                     lambda k, n: Fraction(comb(k, 2)))
BINOMIAL_3 = Rewriting("binomial_3", r"\mathrm{dd}(K; 1, 1, 1, 1)", r"\binom{K}{3}", "", "DD.display_quad_one",
                       lambda k, n: Fraction(comb(k, 3)))
GEOMETRIC = Rewriting("geometric", r"\mathrm{dd}(K; a, 1)", r"\sum_{i=0}^{K-1} a^{i}", "", "DD.dd_geom",
                      lambda k, n: sum((max(n, key=lambda x: x != 1) ** i for i in range(k)), Fraction(0)))
TWO_NODES = Rewriting("two_nodes", r"\mathrm{dd}(K; a, b)", r"\sum_{i=0}^{K-1} a^{i} b^{K-1-i}", "", "DD.dd_two_sum",
                      lambda k, n: sum((n[0] ** i * n[1] ** (k - 1 - i) for i in range(k)), Fraction(0)))
HOMOGENEOUS = Rewriting("homogeneous", r"\mathrm{dd}(K; l_1, \dots, l_m)", r"\mathrm{H}_{K-m+1}(l_1, \dots, l_m)", "",
                        "DD.dd_hom", _homogeneous)

REWRITINGS = (ZERO_POWER, ZERO_NODE, ONES, PAIR_SAME, BINOMIAL, BINOMIAL_3, GEOMETRIC, TWO_NODES, HOMOGENEOUS)
"""All rules, in the order in which they are tried."""


def _without_zero(nodes: Values) -> Values:
    rest = list(nodes)
    rest.remove(Fraction(0))
    return rest


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule at one divided difference.

    result    the right side as a term, or None when the printer writes it (sum, binomial, H)
    positive  names of the natural symbols that must be at least 1 for the two sides to agree
    """

    rule: Rewriting
    result: Term | None = None
    positive: tuple[str, ...] = ()


def rewrite(store: Store, i: int, conditional: bool = True, indices: Collection[int] = (),
            same: Callable[[int], int] = int) -> Applied | None:
    """The first rule that applies to node ``i``; None unless it is a ``dd`` of two nodes or more, or dd(K; 0).

    With ``conditional`` false only rules without a condition apply. A condition is accepted when it follows from
    K >= 1 for symbols K; ``indices`` are the ids of bound indices, which run from 1. ``same`` maps an id to what
    stands for its value, so that nodes may be compared by their normal forms.
    """
    node = store.nodes[i]
    if node[0] != Op.DD:
        return None
    depth, nodes = Term(store, node[1]), [same(c) for c in node[2:]]
    m, ones, zeros = len(nodes), nodes.count(ONE_ID), nodes.count(ZERO_ID)
    if zeros or (m == 2 and nodes[0] == nodes[1] and not ones):
        needs = _positivity(depth, indices) if conditional else None
        if needs is not None:
            if m == 1:
                return Applied(ZERO_POWER, store.zero, needs)
            below = store.monus(depth, 1)
            if zeros:
                rest = [Term(store, c) for c in node[2:]]
                del rest[nodes.index(ZERO_ID)]
                return Applied(ZERO_NODE, store.dd(below, rest), needs)
            return Applied(PAIR_SAME, depth * store.dd(below, [Term(store, node[2])]), needs)
    if m == 1:
        return None
    if ones == m and m <= 4:
        return (Applied(ONES, depth), Applied(BINOMIAL), Applied(BINOMIAL_3))[m - 2]
    if m == 2:
        return Applied(GEOMETRIC if ones else TWO_NODES)
    return Applied(HOMOGENEOUS)


def _positivity(depth: Term, indices: Collection[int]) -> tuple[str, ...] | None:
    """Symbols that make ``depth`` >= 1 when they are >= 1; None when it may be 0 even then."""
    store = depth.store
    known: dict[int, tuple[str, ...] | None] = {}
    for i in store.reachable([depth]):
        node = store.nodes[i]
        kind = node[0]
        found: tuple[str, ...] | None = None
        if kind == Op.NUM:
            found = () if node[1] >= 1 else None
        elif kind == Op.SYM:
            found = (node[1],) if "." not in node[1] else () if i in indices else None
        elif kind in (Op.MUL, Op.ADD):
            left, right = known[node[1]], known[node[2]]
            if kind == Op.MUL:
                found = None if left is None or right is None else tuple(dict.fromkeys(left + right))
            else:
                options = [x for x in (left, right) if x is not None]
                found = min(options, key=len) if options else None
        elif (kind == Op.POW and node[2] > 0) or (kind == Op.DD and len(node) == 3):
            found = known[node[1] if kind == Op.POW else node[2]]
        known[i] = found
    return known[depth.id]


def lowered(term: Term, conditional: bool = True) -> tuple[Term, list[Applied]]:
    """``term`` after every rule whose right side is a term, in the order in which it was built, and the rules used."""
    store = term.store
    forms = Normal(store)
    used: dict[tuple[str, tuple[str, ...]], Applied] = {}

    def same(i: int) -> int:
        return forms(Term(store, i)).id

    while True:
        ids = store.reachable([term])
        if not any(store.nodes[i][0] == Op.DD for i in ids):
            return term, list(used.values())
        indices = {bound_symbols(store.nodes[i])[0] for i in ids if store.nodes[i][0] in (Op.PROD, Op.SUM, Op.REC)}
        image: dict[int, Term] = {}
        changed = False
        for i in ids:
            new = store.rebuild(i, image)
            while (rule := rewrite(store, new.id, conditional, indices, same)) is not None and rule.result is not None:
                used.setdefault((rule.rule.name, rule.positive), rule)
                new, changed = rule.result, True
            image[i] = new
        if not changed:
            return term, list(used.values())
        term = image[term.id]
