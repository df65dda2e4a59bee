"""Terms as rows of a table, the form in which the proof checker reads them.

The checker (``Terms.v``) knows a term by its number in a table whose rows refer to earlier rows. Natural numbers (depths and
dimensions) are expressions of their own there, because they count iterations and entries.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from normbound.errors import UnsupportedError
from normbound.terms.store import KIND_NAMES, Op, Store, Term

CONSTANTS = {"gelu_lip": "CGelu", "silu_lip": "CSilu", "selu_lip": "CSelu", "log2": "CLog2"}
DIGITS = 255


def number(n: int) -> str:
    """A positive number over the names d1 ... d255 that the library defines: far cheaper for Coq to read than a numeral."""
    if n <= DIGITS:
        return f"d{n}"
    high, low = divmod(n - 1, DIGITS)
    return f"(w {number(high)} d{low + 1})"


def listed(items: Iterable[str]) -> str:
    return "[" + "; ".join(items) + "]"


@dataclass(slots=True)
class Symbols:
    """The symbols of a certificate: each name of the network gets a number.

    naturals  names that stand for natural numbers
    """

    naturals: set[str]
    numbers: dict[str, int] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        return number(self.numbers.setdefault(name, len(self.numbers) + 1))


def dim(term: Term, symbols: Symbols) -> str:
    """A natural number as the checker writes it.

    Raises UnsupportedError for an expression that is not a sum, difference, product or exact quotient of naturals.
    """
    store, done = term.store, {}
    for i in store.reachable([term]):
        kind, *rest = store.nodes[i]
        if kind == Op.NUM:
            done[i] = f"(DNum {rest[0]})" if isinstance(rest[0], int) else None
        elif kind == Op.SYM:
            symbols.naturals.add(rest[0])
            done[i] = f"(DSym {symbols(rest[0])})"
        elif kind in (Op.ADD, Op.SUB) and done[rest[0]] and done[rest[1]]:
            done[i] = f"({'DAdd' if kind == Op.ADD else 'DSub'} {done[rest[0]]} {done[rest[1]]})"
        elif kind == Op.MUL:
            done[i] = _quotient(store, rest[0], rest[1], done) or _quotient(store, rest[1], rest[0], done)
        else:
            done[i] = None  # an inverse, used by a product above
    found = done[term.id]
    if found is None:
        raise UnsupportedError(f"the natural number {term} has no certificate; sums, differences, products and quotients have")
    return found


def _quotient(store: Store, a: int, b: int, done: dict[int, str | None]) -> str | None:
    """a * b, or a / n where b is 1/n."""
    if done[a] is None:
        return None
    if done[b] is not None:
        return f"(DMul {done[a]} {done[b]})"
    kind, *rest = store.nodes[b]
    if kind == Op.NUM and Fraction(rest[0]).numerator == 1:
        return f"(DDiv {done[a]} (DNum {Fraction(rest[0]).denominator}))"
    if kind == Op.POW and rest[1] == -1 and done[rest[0]]:
        return f"(DDiv {done[a]} {done[rest[0]]})"
    return None


@dataclass(slots=True)
class Table:
    """The rows of a certificate, in the order of the store, so that rows refer to earlier ones."""

    store: Store
    symbols: Symbols
    places: dict[int, int] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)

    def add(self, ids: Iterable[int]) -> None:
        """Make the table, from every id that a certificate mentions."""
        terms = [Term(self.store, i) for i in dict.fromkeys(ids)]
        nodes = self.store.nodes
        for i in self.store.reachable(terms):  # iteration indices are natural
            if nodes[i][0] in (Op.PROD, Op.SUM):
                self.symbols.naturals.add(nodes[nodes[i][1]][1])
            elif nodes[i][0] == Op.REC:
                self.symbols.naturals.add(nodes[nodes[i][3]][1])
        for i in self.store.reachable(terms):
            self.rows.append(self._row(i))
            self.places[i] = len(self.rows)

    def __call__(self, term: Term | int) -> str:
        """The number of a term of the table."""
        return number(self.places[term if isinstance(term, int) else term.id])

    def _row(self, i: int) -> str:
        store, at = self.store, self
        kind, *rest = store.nodes[i]
        if kind == Op.NUM:
            value = Fraction(rest[0])
            return f"TNum {value.numerator} {value.denominator}"
        if kind == Op.SYM:
            name = rest[0]
            return f"TNat (DSym {self.symbols(name)})" if name in self.symbols.naturals else f"TReal {self.symbols(name)}"
        if kind == Op.SUB:
            return f"TNat {dim(Term(store, i), self.symbols)}"
        if kind == Op.ELT:
            return f"TFam {self.symbols(rest[0])} {dim(Term(store, rest[1]), self.symbols)}"
        if kind == Op.CONST:
            return f"TConst {CONSTANTS[rest[0]]}" if rest[0] in CONSTANTS else f"TReal {self.symbols('constant ' + rest[0])}"
        if kind == Op.OPNORM:
            return f"TReal {self.symbols(f'norm of matrix {rest[0]}')}"
        if kind in (Op.ADD, Op.MUL):
            return f"{'TAdd' if kind == Op.ADD else 'TMul'} {at(rest[0])} {at(rest[1])}"
        if kind == Op.POW:
            halves = 2 * Fraction(rest[1])
            if halves.denominator != 1:
                raise UnsupportedError(f"the power {Term(store, i)} has no certificate; exponents are multiples of 1/2")
            return f"TPow {at(rest[0])} ({halves.numerator})"
        if kind in (Op.MAX, Op.MIN):
            return f"{'TMax' if kind == Op.MAX else 'TMin'} {listed(at(c) for c in rest)}"
        if kind == Op.DD:
            return f"TDD {dim(Term(store, rest[0]), self.symbols)} {listed(at(c) for c in rest[1:])}"
        if kind in (Op.PROD, Op.SUM):
            index = store.nodes[rest[0]][1]
            depth = dim(Term(store, rest[1]), self.symbols)
            return f"{'TProd' if kind == Op.PROD else 'TSum'} {self.symbols(index)} {depth} {at(rest[2])}"
        if kind == Op.REC:
            component, depth, index, states, starts, steps = rest
            names = [self.symbols(store.nodes[s][1]) for s in (index, *states)]
            return (f"TRec {component} {dim(Term(store, depth), self.symbols)} {names[0]} {listed(names[1:])} "
                    f"{listed(map(at, starts))} {listed(map(at, steps))}")
        raise UnsupportedError(f"{KIND_NAMES[kind]} ({Term(store, i)}) has no certificate")
