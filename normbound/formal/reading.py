"""Terms as expressions of Coq: what a certificate states, to be read by people and compared by the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from normbound.errors import UnsupportedError
from normbound.formal.nodes import CONSTANTS, Symbols, dim
from normbound.terms.store import Op, Term, children

if TYPE_CHECKING:
    from normbound.formal.export import Export

LIMIT = 400  # nodes of the tree of a term that is written out


def tree_size(term: Term) -> int:
    """Nodes of ``term`` written out as a tree; LIMIT + 1 stands for all larger numbers."""
    nodes = term.store.nodes
    sizes: dict[int, int] = {}
    for i in term.store.reachable([term]):
        sizes[i] = min(1 + sum(sizes[c] for c in children(nodes[i])), LIMIT + 1)
    return sizes[term.id]


def readable(term: Term) -> bool:
    """Whether the term is short, and free of products, sums and recursions over an index (their bodies have no name in Coq)."""
    nodes = term.store.nodes
    return tree_size(term) <= LIMIT and not any(nodes[i][0] in (Op.PROD, Op.SUM, Op.REC) for i in term.store.reachable([term]))


def expression(term: Term, data: Export, names: Mapping[str, int]) -> str:
    """``term`` in the environment E, in the notions of the library (half_power x e = x^(e/2))."""
    by_number = {k: n for n, k in names.items()}
    symbols = Symbols(set(data.naturals), dict(data.symbols))
    store = term.store
    done: dict[int, str] = {}

    def name(text: str) -> str:
        k = data.symbols[text]
        return by_number.get(k, f"{k}%positive")

    for i in store.reachable([term]):
        kind, *rest = store.nodes[i]
        if kind == Op.NUM:
            value = Fraction(rest[0])
            done[i] = f"num {value.numerator}%N {value.denominator}%positive"
        elif kind == Op.SYM:
            done[i] = f"INR (enat E {name(rest[0])})" if rest[0] in data.naturals else f"ereal E {name(rest[0])}"
        elif kind == Op.SUB:
            done[i] = f"INR (dval E {dim(Term(store, i), symbols)})"
        elif kind == Op.ELT:
            done[i] = f"efam E {name(rest[0])} (dval E {dim(Term(store, rest[1]), symbols)})"
        elif kind == Op.CONST and rest[0] in CONSTANTS:
            done[i] = f"cval E {CONSTANTS[rest[0]]}"
        elif kind in (Op.CONST, Op.OPNORM):
            done[i] = f"ereal E {name(f'constant {rest[0]}' if kind == Op.CONST else f'norm of matrix {rest[0]}')}"
        elif kind in (Op.ADD, Op.MUL):
            done[i] = f"({done[rest[0]]}) {'+' if kind == Op.ADD else '*'} ({done[rest[1]]})"
        elif kind == Op.POW:
            done[i] = f"half_power ({done[rest[0]]}) ({int(2 * Fraction(rest[1]))})%Z"
        elif kind == Op.MAX:
            done[i] = _nested("Rmax", [done[c] for c in rest], "0")
        elif kind == Op.MIN:
            done[i] = _nested("Rmin", [done[c] for c in rest], done[rest[0]])
        elif kind == Op.DD:
            nodes = "; ".join(f"({done[c]})%R" for c in rest[1:])
            done[i] = f"dd (dval E {dim(Term(store, rest[0]), symbols)}) [{nodes}]"
        else:
            raise UnsupportedError(f"{Term(store, i)} is not written out")
    return done[term.id]


def _nested(function: str, parts: list[str], last: str) -> str:
    text = last
    for part in reversed(parts):
        text = f"{function} ({part}) ({text})"
    return text
