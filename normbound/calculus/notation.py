"""What every symbol of a bound stands for, read off the places where the network uses it."""

from __future__ import annotations

from typing import NamedTuple

from normbound.calculus.bound import Bound
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.network.program import LEAF, natural_symbols, place
from normbound.terms.store import Op, Term

WORDS = {"spectral": "bound on the spectral norm of {0}", "euclidean": "bound on the Euclidean norm of {0}",
         "sup": "bound on the entries of {0}", "least": "least entry of {0}", "exact": "{0}"}


class Meaning(NamedTuple):
    """A symbol, in words, and where it is used; ``norm`` and ``tensor`` where it bounds a tensor."""

    symbol: Term
    words: str
    natural: bool
    places: tuple[str, ...] = ()
    norm: str = ""
    tensor: str = ""


def notation(bound: Bound) -> list[Meaning]:
    """The symbols of the network in the order in which a reader meets them; each with its first meaning."""
    d, i = bound.derivation, bound.network.input
    found: dict[str, tuple[str, list[str], str, str]] = {}

    def say(term: Term | None, words: str, where: str = "", norm: str = "", tensor: str = "") -> None:
        if term is None or term.node[0] not in (Op.SYM, Op.ELT):
            return
        text, places, *_ = found.setdefault(term.node[1], (words, [], norm, tensor))
        if where and where not in places and text == words:
            places.append(where)

    say(i.radius, "bound on the Euclidean norm of the input")
    say(i.samples, "samples of the input")
    say(i.positions, "positions of the input")
    say(i.features, "features of the input")
    for instruction in d.program.code:
        block = instruction.block
        if isinstance(block, Repeat):
            say(block.depth, "number of iterations", place(instruction.path))
        if instruction.op == LEAF and isinstance(block, Layer):
            say(instruction.out.features, "features", place(instruction.path))
            for attribute, words in (("floor", "floor of the standard deviations"), ("eps", "epsilon of the normalizer"),
                                     ("var", "least running variance"), ("mean", "norm of the running means"),
                                     ("argument", "parameter of the activation"), ("factor", "factor")):
                value = getattr(block, attribute, None) if attribute != "floor" or d.floors else None
                say(value if isinstance(value, Term) else None, words, place(instruction.path))
            for p in block.parameters(instruction.shape):
                name = "bias" if p.role == "bias" else p.name
                say(p.bound, WORDS[p.norm].format(name), place(instruction.path), p.norm, name)
                say(p.row_bound, f"bound on the norms of the rows of {p.name}", place(instruction.path))
        elif isinstance(block, Composite):
            say(block.factor, "factor", place(instruction.path))
    naturals = natural_symbols(d.program)
    symbols = bound.symbols()
    known = [Meaning(symbols[name], words, name in naturals, tuple(places), norm, tensor)
             for name, (words, places, norm, tensor) in found.items() if name in symbols]
    floors = set() if d.floors else {n for i in d.program.code for f in (getattr(i.block, "floor", None),) if isinstance(f, Term)
                                     for n in f.store.symbols(f)}
    rest = [Meaning(t, "natural number" if n in naturals else "real number, at least 0", n in naturals)
            for n, t in symbols.items() if n not in found and n not in floors and t.node[0] != Op.CONST]
    return known + rest
