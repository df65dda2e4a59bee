"""Bounds of networks inside claims: terms as syntax, and what bound(net), param_bound(net), radius(net) stand for.

bound(net)        the derived bound on the Lipschitz constant in the input, over the domain of the network
param_bound(net)  the same in all parameters together
radius(net)       the derived bound on the norm of the output
Lip(net), param_Lip(net)  the constants themselves: the least numbers that would do for every network of the architecture
                  whose parameters and inputs meet the hypotheses of the bound. They are not computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Point, Undefined
from normbound.claims.names import fault, nearest, shown
from normbound.claims.syntax import Node, Op, number
from normbound.errors import TermError, UnsupportedError
from normbound.network.files import Architecture
from normbound.terms.store import Op as Kind
from normbound.terms.store import Store, Term

if TYPE_CHECKING:
    from normbound.calculus.bound import Bound

_WRT = {"bound": "input", "param_bound": "parameters", "radius": "radius"}
_INDICES = ("i", "j", "k", "l", "p", "q", "r")


def from_term(term: Term) -> Node:
    """The term as an expression; subterms that the term shares are one object in the expression too.

    Raises UnsupportedError for recurrences, norms of given matrices and unbounded terms, which have no expression.
    """
    store = term.store
    ids = store.reachable([term])
    taken = set(store.symbols(term))
    bound: dict[int, str] = {}
    for i in ids:
        node = store.nodes[i]
        if node[0] in (Kind.SUM, Kind.PROD) and node[1] not in bound:
            stem = store.nodes[node[1]][1].split(".")[0]
            name = next(x for x in (stem, *_INDICES, *(f"i{n}" for n in range(len(ids) + len(taken) + 1)))
                        if x not in taken and not fault(x))
            taken.add(name)
            bound[node[1]] = name
    image: dict[int, Node] = {}
    for i in ids:
        image[i] = _convert(store, i, image, bound)
    return image[term.id]


def _convert(store: Store, i: int, image: Mapping[int, Node], bound: Mapping[int, str]) -> Node:
    node = store.nodes[i]
    kind = node[0]
    if kind == Kind.NUM:
        return number(node[1])
    if kind in (Kind.SYM, Kind.ELT) and i not in bound and fault(node[1]):
        raise UnsupportedError(f"the symbol {node[1]!r} cannot be named in a claim: {fault(node[1])}")
    if kind == Kind.SYM:
        return Node(Op.VAR, (), bound.get(i, node[1]))
    if kind == Kind.CONST:
        return Node(Op.CONST, (), node[1])
    if kind == Kind.ELT:
        return Node(Op.ELT, (image[node[2]],), node[1])
    if kind == Kind.ADD:
        return Node(Op.ADD, (image[node[1]], image[node[2]]))
    if kind == Kind.MUL:
        factor = store.nodes[node[2]]
        if factor[0] == Kind.POW and factor[2] < 0:
            return Node(Op.DIV, (image[node[1]], _power(image[factor[1]], -factor[2])))
        return Node(Op.MUL, (image[node[1]], image[node[2]]))
    if kind == Kind.POW:
        if node[2] < 0:
            return Node(Op.DIV, (number(1), _power(image[node[1]], -node[2])))
        return _power(image[node[1]], node[2])
    if kind in (Kind.MAX, Kind.MIN):
        return Node(Op.MAX if kind == Kind.MAX else Op.MIN, tuple(image[c] for c in node[1:]))
    if kind == Kind.DD:
        if len(node) == 3:
            return Node(Op.POW, (image[node[2]], image[node[1]]))
        return Node(Op.DD, tuple(image[c] for c in node[1:]))
    if kind == Kind.EXP:
        return Node(Op.EXP, (image[node[1]],))
    if kind == Kind.SUB:
        return Node(Op.SUB, (image[node[1]], image[node[2]]))
    if kind in (Kind.PROD, Kind.SUM):
        return Node(Op.PROD if kind == Kind.PROD else Op.SUM, (number(1), image[node[2]], image[node[3]]), bound[node[1]])
    what = {Kind.REC: "a recurrence without a closed form", Kind.OPNORM: "the norm of a given matrix",
            Kind.INF: "an unbounded part"}[kind]
    raise UnsupportedError(f"found {what}; accepted in expressions of claims: everything else that bounds are made of")


def _power(base: Node, exponent: int | Fraction) -> Node:
    if exponent == 1:
        return base
    return Node(Op.SQRT, (base,)) if exponent == Fraction(1, 2) else Node(Op.POW, (base, number(exponent)))


@dataclass(frozen=True, slots=True)
class Derived:
    """The resolver of a file: what the functions of networks stand for, derived on demand and remembered."""

    networks: Mapping[str, Architecture]
    _bounds: dict[tuple[str, str], Bound] = field(default_factory=dict, repr=False)

    def derived(self, function: str, network: str) -> Bound:
        """The bound behind ``function(network)``, with its hypotheses and its derivation."""
        if function not in _WRT:
            raise ClaimError(f"{function}({network}) is no derived bound; accepted: {', '.join(_WRT)}")
        if network not in self.networks:
            raise ClaimError(f"found the unknown network {shown(network)}{nearest(network, self.networks)}; accepted: "
                             f"{', '.join(self.networks) or 'none is declared'}")
        key = function, network
        if key not in self._bounds:
            from normbound.calculus.bound import derive
            net = self.networks[network].network
            with net.input.features.store:
                self._bounds[key] = derive(net, wrt=_WRT[function])
        return self._bounds[key]

    def __call__(self, function: str, network: str) -> Node | Callable[[Point, int], Any] | None:
        """An expression where the term has one, else a function of (point, bits); None for Lip and param_Lip."""
        if function not in _WRT:
            return None
        term = self.derived(function, network).term
        try:
            return from_term(term)
        except UnsupportedError:
            return lambda point, bits: _value(term, point, bits)


def _value(term: Term, point: Point, bits: int) -> Any:
    from normbound.terms.evaluate import evaluate
    try:
        found = evaluate(term, {k: list(v) if not isinstance(v, int | Fraction) else v for k, v in point.items()}, bits)
    except TermError as error:
        return Undefined(str(error))
    return found if found.is_finite() else Undefined("the bound is unbounded at this point")


__all__ = ["Derived", "from_term"]
