"""The shared graph of nonnegative terms.

A term denotes a nonnegative real (possibly +infinity, the value of a bound that does not exist). Nodes live in
one table with increasing ids, children before parents, so every pass over a term is a loop and nothing recurses
at depth. Equal nodes have equal ids. Construction only removes units and folds literals; ``normal`` (in
``normal.py``) computes the normal form when two terms are compared or printed, so composing n layers costs O(n)
and the order of the layers survives for display.

Subtraction exists only for naturals (``n - c`` where n >= c is known, checked at evaluation).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from itertools import compress
from math import isqrt

from normbound.errors import TermError
from normbound.terms.exact import exact
from normbound.terms.names import check_name, is_name

KIND_NAMES = ("number", "symbol", "family element", "constant", "operator norm", "sum", "product", "power",
              "maximum", "minimum", "dd", "exponential", "natural difference", "indexed product",
              "indexed sum", "recurrence", "unbounded")
ZERO_ID, ONE_ID, INF_ID = 0, 1, 2
MAX_FLAT = 32  # arguments up to which a maximum inside a maximum is spliced in; nests of n maxima stay O(n)


class Op:
    """The kinds of nodes, as small integers: the first entry of a node, and the number of its word in ``KIND_NAMES``."""

    NUM, SYM, ELT, CONST, OPNORM, ADD, MUL, POW, MAX, MIN, DD, EXP, SUB, PROD, SUM, REC, INF = range(17)


Exact = int | Fraction
Node = tuple  # (kind, *arguments)
_new_term = object.__new__


class _Exponent(Fraction):
    """A fraction that remembers its hash: exponents are part of nodes, and nodes are looked up all the time."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:  # type: ignore[override]
        return self._hash


@cache
def _make_exponent(numerator: int, denominator: int) -> _Exponent:
    value = _Exponent(numerator, denominator)
    value._hash = Fraction.__hash__(value)
    return value


def _exponent(value: Exact) -> Exact:
    return value if value.__class__ is _Exponent else _make_exponent(value.numerator, value.denominator)


HALF = _make_exponent(1, 2)
MINUS_HALF = _make_exponent(-1, 2)


class Term:
    """A handle on one node of a store. Arithmetic builds terms; ``==`` is identity of nodes."""

    __slots__ = ("id", "store")

    def __init__(self, store: Store, id: int):
        self.store = store
        self.id = id

    # -- arithmetic -----------------------------------------------------------------------------------------
    def __add__(self, other: TermLike) -> Term:
        store = self.store
        if other.__class__ is not Term:
            if not isinstance(other, _LITERALS):
                return NotImplemented
            other = store.term(other)
        elif other.store is not store:
            store.refuse(other)
        a, b = self.id, other.id
        if a == ZERO_ID:
            return other
        if b == ZERO_ID:
            return self
        if a == INF_ID or b == INF_ID:
            return store.unbounded
        nodes = store.nodes
        x, y = nodes[a], nodes[b]
        if y[0] == Op.NUM and x[0] == Op.NUM:
            return store.number(x[1] + y[1])
        if (x[0] == Op.SUB and x[2] == b) or (y[0] == Op.SUB and y[2] == a):  # (n - c) + c
            return Term(store, x[1] if x[0] == Op.SUB and x[2] == b else y[1])
        return store.index[Op.ADD, a, b]

    def __radd__(self, other: TermLike) -> Term:
        return self.store.term(other) + self

    def __mul__(self, other: TermLike) -> Term:
        store = self.store
        if other.__class__ is not Term:
            if not isinstance(other, _LITERALS):
                return NotImplemented
            other = store.term(other)
        elif other.store is not store:
            store.refuse(other)
        a, b = self.id, other.id
        if a < 3 or b < 3:
            if a == ONE_ID:
                return other
            if b == ONE_ID:
                return self
            if a == ZERO_ID or b == ZERO_ID:  # a part that is absent stays absent, even times an unbounded one
                return store.zero
            return store.unbounded
        nodes = store.nodes
        x, y = nodes[a], nodes[b]
        if x[0] == Op.NUM and y[0] == Op.NUM:
            return store.number(x[1] * y[1])
        return store.index[Op.MUL, a, b]

    def __rmul__(self, other: TermLike) -> Term:
        return self.store.term(other) * self

    def __truediv__(self, other: TermLike) -> Term:
        return self * self.store.term(other) ** -1

    def __rtruediv__(self, other: TermLike) -> Term:
        return self.store.term(other) * self**-1

    def __pow__(self, exponent: int | Fraction | Term) -> Term:
        if exponent.__class__ is Term:
            node = self.store.nodes[exponent.id]
            if node[0] != Op.NUM:
                return self.store.dd(exponent, [self])
            exponent = node[1]
        elif exponent.__class__ is not int and exponent.__class__ is not Fraction:
            exponent = exact(exponent)
        return self.store.power(self, exponent)  # type: ignore[arg-type]

    def __bool__(self) -> bool:
        """False for the literal zero only: the question contracts ask is whether a part is absent."""
        return self.id != ZERO_ID

    def __eq__(self, other: object) -> bool:
        return other.__class__ is Term and self.id == other.id and self.store is other.store  # type: ignore

    def __hash__(self) -> int:
        return hash((id(self.store), self.id))

    # -- inspection -----------------------------------------------------------------------------------------
    @property
    def node(self) -> Node:
        return self.store.nodes[self.id]

    @property
    def kind(self) -> int:
        return self.store.nodes[self.id][0]

    @property
    def is_unbounded(self) -> bool:
        return self.id == INF_ID

    @property
    def is_positive(self) -> bool:
        """True when the term is known to be strictly positive."""
        return self.store.known_positive(self.id)

    def literal(self) -> Exact | None:
        """The exact value when the term is a literal number."""
        node = self.node
        return node[1] if node[0] == Op.NUM else None

    def __str__(self) -> str:
        from normbound.terms.text import to_text
        return to_text(self)

    def __repr__(self) -> str:
        return f"Term({self})"


TermLike = Term | int | Fraction | str
_LITERALS = (int, Fraction, str, float)  # floats are refused with a message, other types may have operators of their own


_OF_TERMS = frozenset((Op.ADD, Op.MUL, Op.MAX, Op.MIN, Op.DD, Op.SUB, Op.PROD, Op.SUM))  # all their arguments are terms


def children(node: Node) -> tuple[int, ...]:
    """The ids a node refers to, including bound symbols and the bodies they range over."""
    kind = node[0]
    if kind in _OF_TERMS:
        return node[1:]
    if kind in (Op.POW, Op.EXP):
        return (node[1],)
    if kind == Op.ELT:
        return (node[2],)
    if kind == Op.REC:
        _, _, depth, index, states, starts, steps = node
        return (depth, index, *states, *starts, *steps)
    return ()


def bound_symbols(node: Node) -> tuple[int, ...]:
    """The symbols that a node binds: they have no value outside it."""
    if node[0] in (Op.PROD, Op.SUM):
        return (node[1],)
    if node[0] == Op.REC:
        return (node[3], *node[4])
    return ()


class _Index(dict):
    """Node -> term; a node that is not there yet gets the next id. Looking up is the hottest operation of all."""

    __slots__ = ("nodes", "store")

    def __init__(self, store: Store, nodes: list[Node]):
        super().__init__()
        self.store = store
        self.nodes = nodes

    def __missing__(self, node: Node) -> Term:
        term = self[node] = _new_term(Term)
        term.store = self.store
        term.id = len(self.nodes)
        self.nodes.append(node)
        return term


class Store:
    """One table of terms. ``with Store():`` makes a fresh one current, so that batches can free their terms."""

    __slots__ = ("_bound", "_matrix_numbers", "_previous", "_signs", "index", "matrices", "nodes", "one", "unbounded", "zero")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.index = _Index(self, self.nodes)
        self._signs: dict[int, bool] = {}
        self._matrix_numbers: dict[tuple[tuple[Exact, ...], ...], int] = {}
        self.matrices: list[tuple[tuple[Exact, ...], ...]] = []
        self._previous: list[Store] = []
        self._bound = 0
        self.zero = self.intern((Op.NUM, 0))
        self.one = self.intern((Op.NUM, 1))
        self.unbounded = self.intern((Op.INF,))

    def __len__(self) -> int:
        return len(self.nodes)

    def __enter__(self) -> Store:
        global _current
        self._previous.append(_current)
        _current = self
        return self

    def __exit__(self, *_: object) -> None:
        global _current
        _current = self._previous.pop()

    # -- construction ---------------------------------------------------------------------------------------
    def intern(self, node: Node) -> Term:
        """The term of a node; equal nodes have one term."""
        return self.index[node]

    def known_positive(self, i: int) -> bool:
        """Whether id ``i`` is known to be strictly positive; decided bottom-up on demand and remembered."""
        signs, nodes = self._signs, self.nodes
        stack = [i]
        while stack:
            top = stack[-1]
            if top in signs:
                stack.pop()
                continue
            kind, *arguments = nodes[top]
            if kind in (Op.ADD, Op.MUL, Op.MAX, Op.MIN):
                below = tuple(arguments)
            elif kind == Op.POW or (kind == Op.DD and len(arguments) == 2):
                below = (arguments[0] if kind == Op.POW else arguments[1],)
            elif kind == Op.PROD:
                below = (arguments[2],)
            else:
                signs[top] = arguments[0] > 0 if kind == Op.NUM else kind in (Op.CONST, Op.OPNORM, Op.EXP, Op.INF)
                continue
            missing = [c for c in below if c not in signs]
            if missing:
                stack.extend(missing)
            else:
                signs[top] = (any if kind in (Op.ADD, Op.MAX) else all)(signs[c] for c in below)
        return signs[i]

    def refuse(self, other: Term) -> None:
        raise TermError("terms of two different stores cannot be combined; build both under the same Store")

    def term(self, value: TermLike) -> Term:
        """``value`` as a term: a term of this store, an exact nonnegative number, or expression text."""
        if isinstance(value, Term):
            if value.store is not self:
                self.refuse(value)
            return value
        if isinstance(value, str):
            found = self.index.get((Op.SYM, value))
            if found is not None and "." not in value:  # a dot marks bound symbols, which no text names
                return found
            if is_name(value):
                return self.index[Op.SYM, value]
            from normbound.terms.grammar import parse
            return parse(value, store=self)
        return self.number(exact(value))

    def number(self, value: Exact) -> Term:
        if value < 0:
            raise TermError(f"found {value}; terms are nonnegative")
        if isinstance(value, Fraction) and value.denominator == 1:
            value = value.numerator
        return self.intern((Op.NUM, value))

    def symbol(self, name: str, positive: bool = False) -> Term:
        found = self.index.get((Op.SYM, name))
        if found is None:
            check_name(name)
            found = self.intern((Op.SYM, name))
            if positive:
                self._signs[found.id] = True
        return found

    def fresh(self, stem: str) -> Term:
        """A bound symbol that no text can name (its name contains a dot)."""
        self._bound += 1
        return self.intern((Op.SYM, f"{stem}.{self._bound}"))

    def element(self, family: str, index: Term) -> Term:
        """The member ``family[index]`` of a family indexed from 1."""
        check_name(family)
        return self.intern((Op.ELT, family, index.id))

    def constant(self, name: str) -> Term:
        from normbound.terms.constants import CONSTANTS
        if name not in CONSTANTS:
            raise TermError(f"unknown constant {name!r}; known: {', '.join(CONSTANTS)}")
        return self.intern((Op.CONST, name))

    def operator_norm(self, matrix: Sequence[Sequence[Exact]]) -> Term:
        """The spectral norm of an exact matrix, as a constant that is enclosed to any precision."""
        rows = tuple(tuple(row) for row in matrix)
        if all(x == 0 for row in rows for x in row):
            return self.zero
        number = self._matrix_numbers.setdefault(rows, len(self.matrices))
        if number == len(self.matrices):
            self.matrices.append(rows)
        return self.intern((Op.OPNORM, number))

    def power(self, base: Term, exponent: Exact) -> Term:
        i = base.id
        node = self.nodes[i]
        kind = node[0]
        if exponent.__class__ is int:
            if exponent == 2 and kind not in (Op.POW, Op.NUM, Op.INF):
                return self.index[Op.POW, i, 2]
            if exponent == 1:
                return base
            if exponent == 0:
                return self.one
        elif exponent.denominator == 1:
            return self.power(base, exponent.numerator)
        else:
            exponent = _exponent(exponent)
        if kind == Op.POW:  # valid because bases are nonnegative
            inner = node[2]
            if exponent == 2 and inner.__class__ is not int and inner.denominator == 2:
                return self.power(Term(self, node[1]), inner.numerator)
            return self.power(Term(self, node[1]), inner * exponent)
        if i < 3:
            if i == ONE_ID:
                return base
            return self.zero if (i == ZERO_ID) == (exponent > 0) else self.unbounded
        if kind == Op.NUM:
            folded = rational_power(node[1], exponent)
            if folded is not None:
                return self.number(folded)
        return self.index[Op.POW, i, exponent]

    def maximum(self, terms: Iterable[Term]) -> Term:
        return self._extremum(Op.MAX, terms)

    def minimum(self, terms: Iterable[Term]) -> Term:
        return self._extremum(Op.MIN, terms)

    def _extremum(self, kind: int, terms: Iterable[Term]) -> Term:
        absorbing, neutral = (INF_ID, ZERO_ID) if kind == Op.MAX else (ZERO_ID, INF_ID)
        pick = max if kind == Op.MAX else min
        seen: dict[int, None] = {}
        best: Exact | None = None
        for t in terms:
            node = self.nodes[t.id]
            if t.id == absorbing:
                return t
            if t.id == neutral:
                continue
            if node[0] == Op.NUM:
                best = node[1] if best is None else pick(best, node[1])
                continue
            for i in node[1:] if node[0] == kind and len(node) <= MAX_FLAT else (t.id,):
                if self.nodes[i][0] == Op.NUM:
                    best = self.nodes[i][1] if best is None else pick(best, self.nodes[i][1])
                else:
                    seen[i] = None
        ids = list(seen)
        if best is not None:
            ids.append(self.number(best).id)
        if not ids:
            return self.zero if kind == Op.MAX else self.unbounded
        if len(ids) == 1:
            return Term(self, ids[0])
        return self.intern((kind, *ids))

    def exp(self, t: Term) -> Term:
        if t.id == ZERO_ID:
            return self.one
        return t if t.id == INF_ID else self.intern((Op.EXP, t.id))

    def dd(self, depth: TermLike, nodes: Iterable[Term]) -> Term:
        """The divided difference of z^depth at ``nodes``: the complete homogeneous symmetric polynomial of
        degree depth - len(nodes) + 1. Defined for every natural depth; nodes may coincide or be zero.
        """
        depth = self.term(depth)
        ids = sorted(t.id for t in nodes)
        if not ids:
            raise TermError("dd needs at least one node")
        if INF_ID in ids:
            return self.unbounded
        m = len(ids)
        k = depth.literal()
        if k is not None:
            if not isinstance(k, int):
                raise TermError(f"the depth of dd is a natural number, found {k}")
            if k < m - 1:
                return self.zero
            if k == m - 1:
                return self.one
            if m == 1:
                return self.power(Term(self, ids[0]), k)
            if k == m:
                total = self.zero
                for i in ids:
                    total = total + Term(self, i)
                return total
        if m == 1 and ids[0] == ONE_ID:
            return self.one
        return self.intern((Op.DD, depth.id, *ids))

    def monus(self, n: Term, c: TermLike) -> Term:
        """``n - c`` for naturals with n >= c; a smaller n is an error at evaluation, never a negative value."""
        c = self.term(c)
        if c.id == ZERO_ID:
            return n
        if n.id == c.id:
            return self.zero
        x, y = n.literal(), c.literal()
        if x is not None and y is not None:
            if x < y:
                raise TermError(f"natural difference {x} - {y} is negative")
            return self.number(x - y)
        return self.intern((Op.SUB, n.id, c.id))

    def product(self, index: Term, depth: Term, body: Term) -> Term:
        """The product of ``body`` over index = 1..depth (1 when depth is 0)."""
        if body.id == ONE_ID or body.id == INF_ID:
            return body
        return self.intern((Op.PROD, index.id, depth.id, body.id))

    def sum(self, index: Term, depth: Term, body: Term) -> Term:
        """The sum of ``body`` over index = 1..depth (0 when depth is 0)."""
        if body.id == ZERO_ID or body.id == INF_ID:
            return body
        return self.intern((Op.SUM, index.id, depth.id, body.id))

    def recurrence(self, component: int, depth: Term, index: Term, states: Sequence[Term],
                   starts: Sequence[Term], steps: Sequence[Term]) -> Term:
        """Component ``component`` after ``depth`` steps of the simultaneous recursion states <- steps.

        ``steps`` may use the state symbols (values before the step) and ``index`` (1..depth).
        """
        if any(t.id == INF_ID for t in (*starts, *steps)):
            return self.unbounded
        return self.intern((Op.REC, component, depth.id, index.id, tuple(t.id for t in states),
                            tuple(t.id for t in starts), tuple(t.id for t in steps)))

    # -- passes ---------------------------------------------------------------------------------------------
    def reachable(self, roots: Iterable[Term]) -> Sequence[int]:
        """The ids below ``roots`` in increasing order."""
        tops = [t.id for t in roots]
        found = self.few(tops)
        return self.sweep(tops)[0] if found is None else found

    def few(self, tops: Sequence[int], limit: int = 20_000) -> list[int] | None:
        """``reachable`` when there are fewer than ``limit`` ids, else None."""
        nodes = self.nodes
        seen: set[int] = set()
        stack = list(tops)
        while stack:
            i = stack.pop()
            if i not in seen:
                if len(seen) == limit:
                    return None
                seen.add(i)
                stack.extend(children(nodes[i]))
        return sorted(seen)

    def sweep(self, tops: Sequence[int]) -> tuple[Sequence[int], list[int], bytearray]:
        """For large graphs, in one downward pass: the ids below ``tops`` in increasing order; those of them that are not
        sums, products or powers; and for each id, as bits, which of its first two children are used there last.
        """
        nodes = self.nodes
        top = max(tops)
        seen, last = bytearray(top + 1), bytearray(top + 1)
        for i in tops:
            seen[i] = 1
        others: list[int] = []
        for i in range(top, -1, -1):
            if not seen[i]:
                continue
            node = nodes[i]
            kind = node[0]
            if kind in (Op.MUL, Op.ADD):
                a, b = node[1], node[2]
                if not seen[a]:
                    seen[a] = last[i] = 1
                if not seen[b]:
                    seen[b] = 1
                    last[i] |= 2
            elif kind == Op.POW:
                a = node[1]
                if not seen[a]:
                    seen[a] = last[i] = 1
            else:
                others.append(i)
                for c in children(node):
                    seen[c] = 1
        others.reverse()
        return array("q", compress(range(top + 1), seen)), others, last

    def symbols(self, *roots: Term) -> dict[str, Term]:
        """The free symbols and families below ``roots``, by name, in order of creation."""
        ids = self.reachable(roots)
        bound = {b for i in ids for b in bound_symbols(self.nodes[i])}
        found: dict[str, Term] = {}
        for i in ids:
            node = self.nodes[i]
            if (node[0] == Op.SYM and i not in bound) or node[0] == Op.ELT:
                found.setdefault(node[1], Term(self, i))
        return found

    def substitute(self, roots: Sequence[Term], mapping: dict[Term, Term]) -> list[Term]:
        """``roots`` with symbols replaced; bound symbols are never replaced by callers of this method."""
        image: dict[int, Term] = {}
        table = {t.id: u for t, u in mapping.items()}
        for i in self.reachable(roots):
            image[i] = table[i] if i in table else self.rebuild(i, image)
        return [image[t.id] for t in roots]

    def rebuild(self, i: int, image: dict[int, Term]) -> Term:
        """Node ``i`` over the images of its children."""
        node = self.nodes[i]
        kind = node[0]
        if all(image[c].id == c for c in children(node)):
            return Term(self, i)
        if kind == Op.ADD:
            return image[node[1]] + image[node[2]]
        if kind == Op.MUL:
            return image[node[1]] * image[node[2]]
        if kind == Op.POW:
            return self.power(image[node[1]], node[2])
        if kind in (Op.MAX, Op.MIN):
            return self._extremum(kind, [image[c] for c in node[1:]])
        if kind == Op.DD:
            return self.dd(image[node[1]], [image[c] for c in node[2:]])
        if kind == Op.EXP:
            return self.exp(image[node[1]])
        if kind == Op.SUB:
            return self.monus(image[node[1]], image[node[2]])
        if kind == Op.ELT:
            return self.element(node[1], image[node[2]])
        if kind == Op.PROD:
            return self.product(image[node[1]], image[node[2]], image[node[3]])
        if kind == Op.SUM:
            return self.sum(image[node[1]], image[node[2]], image[node[3]])
        _, component, depth, index, states, starts, steps = node
        return self.recurrence(component, image[depth], image[index], [image[c] for c in states],
                               [image[c] for c in starts], [image[c] for c in steps])


def rational_power(value: Exact, exponent: Exact) -> Exact | None:
    """value**exponent when it is rational and small enough to fold, else None."""
    if value == 1 or value == 0:
        return value
    exponent = Fraction(exponent)
    size = max(Fraction(value).numerator.bit_length(), Fraction(value).denominator.bit_length())
    if size * abs(exponent.numerator) > 4096:
        return None
    powered = Fraction(value) ** exponent.numerator
    if exponent.denominator == 1:
        return powered
    if exponent.denominator == 2:
        n, d = isqrt(powered.numerator), isqrt(powered.denominator)
        if n * n == powered.numerator and d * d == powered.denominator:
            return Fraction(n, d)
    return None


_current = Store()


def current() -> Store:
    """The store that text and numbers become terms of."""
    return _current


def term(value: TermLike) -> Term:
    """``value`` as a term of the current store."""
    return _current.term(value)


def sqrt(x: TermLike) -> Term:
    """The square root of a term."""
    t = term(x) if not isinstance(x, Term) else x
    return t.store.power(t, HALF)
