"""Values of terms: rigorous enclosures (balls) and floats for searching.

One pass over the nodes, children first. Recurrences and indexed products run in O(depth): what depends on the
index alone is computed column-wise, what depends on the state in a scan.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from math import exp, inf
from numbers import Rational
from typing import Any, Protocol

from normbound.errors import TermError
from normbound.terms.exact import exact
from normbound.terms.store import KIND_NAMES, MINUS_HALF, Exact, Node, Op, Store, Term, bound_symbols, children

DEFAULT_BITS = 108  # plus GUARD_BITS: two machine words, which balls store without a heap block
GUARD_BITS = 20
MAX_ITERATIONS = 2_000_000  # of all recurrences of one evaluation together
MAX_PRECISION = 100_000
MAX_BITS = 100_000  # of a depth
Values = Mapping[str, object]
_SPECIAL = frozenset((Op.SYM, Op.ELT, Op.DD, Op.SUB, Op.PROD, Op.SUM, Op.REC))


class Algebra(Protocol):
    """The numbers that terms are evaluated in; + and * are the numbers' own."""

    infinity: Any

    def number(self, value: object) -> Any: ...
    def power(self, x: Any, e: Exact) -> Any: ...
    def maximum(self, xs: Sequence[Any]) -> Any: ...
    def minimum(self, xs: Sequence[Any]) -> Any: ...
    def exp(self, x: Any) -> Any: ...
    def dd(self, depth: int, nodes: Sequence[Any]) -> Any: ...
    def constant(self, name: str) -> Any: ...
    def operator_norm(self, matrix: Any) -> Any: ...


class Balls:
    """Ball arithmetic: every result encloses the exact value."""

    def __init__(self, bits: int = DEFAULT_BITS):
        from flint import arb, arb_mat, fmpq
        self.bits = bits
        self._arb, self._mat, self._fmpq = arb, arb_mat, fmpq
        self.infinity = arb.pos_inf()
        self._numbers: dict[tuple[type, object], Any] = {}

    def number(self, value: object) -> Any:
        try:
            return self._numbers[value.__class__, value]
        except (KeyError, TypeError, ValueError):  # new, or not hashable
            pass
        if isinstance(value, self._arb):
            if not value >= 0:
                raise TermError(f"the value {value} is not known to be nonnegative")
            return value
        q = exact(value)
        if q < 0:
            raise TermError(f"found the value {q}; symbols are nonnegative")
        found = self._arb(q) if isinstance(q, int) else self._arb(self._fmpq(q.numerator, q.denominator))
        if len(self._numbers) < 10_000:
            self._numbers[value.__class__, value] = found
        return found

    def power(self, x: Any, e: Exact) -> Any:
        if e is MINUS_HALF and x > 0:
            return x.rsqrt()
        if e < 0:
            if x == 0:
                return self.infinity
            if not x > 0:
                raise TermError("a denominator is not separated from zero at this precision")
            return 1 / self.power(x, -e)
        if isinstance(e, int):
            return self._whole_power(x, e)
        if x > 0 or x == 0:
            root = x.sqrt() if e.denominator == 2 else x.root(e.denominator)
        else:  # the library's root of a ball that reaches zero is nan
            top = x.upper()
            root = (top.sqrt() if e.denominator == 2 else top.root(e.denominator)).union(self._arb(0))
        return root if e.numerator == 1 else self._whole_power(root, e.numerator)

    def _whole_power(self, x: Any, n: int) -> Any:
        """x^n by repeated squaring (the library's power of a ball with a zero end is nan)."""
        result = self._arb(1)
        while n:
            if n & 1:
                result = result * x
            n >>= 1
            if n:
                x = x * x
        return result

    def maximum(self, xs: Sequence[Any]) -> Any:
        result = xs[0]
        for x in xs[1:]:
            result = result.max(x)
        return result

    def minimum(self, xs: Sequence[Any]) -> Any:
        result = xs[0]
        for x in xs[1:]:
            result = result.min(x)
        return result

    def exp(self, x: Any) -> Any:
        return x.exp()

    def dd(self, depth: int, nodes: Sequence[Any]) -> Any:
        """Opitz: the corner of the depth-th power of the bidiagonal matrix. No subtraction occurs."""
        m = len(nodes)
        if depth < m - 1:
            return self._arb(0)
        if m == 1:
            return self._whole_power(nodes[0], depth)
        if any(x == self.infinity for x in nodes):
            return self._arb(1) if depth == m - 1 else self.infinity
        matrix = self._mat(m, m, [nodes[i] if i == j else int(j == i + 1) for i in range(m) for j in range(m)])
        result = None
        while True:
            if depth & 1:
                result = matrix if result is None else result * matrix
            depth >>= 1
            if not depth:
                break
            matrix = matrix * matrix
        return result[0, m - 1] if result is not None else self._arb(int(m == 1))

    def constant(self, name: str) -> Any:
        from normbound.terms.constants import enclosure
        return enclosure(name, self.bits)

    def operator_norm(self, matrix: Any) -> Any:
        return _norm_ball(matrix, self.bits)


@cache
def _norm_ball(matrix: Any, bits: int) -> Any:
    from normbound.terms.norms import spectral_norm
    return spectral_norm(matrix, bits)


class Floats:
    """Double precision, for searching only."""

    infinity = inf

    def number(self, value: object) -> float:
        try:
            return float(value) if isinstance(value, (int, float, Fraction)) else float(exact(value))
        except OverflowError:
            return inf

    def power(self, x: float, e: Exact) -> float:
        if x == 0 and e < 0:
            return inf
        try:
            return float(x) ** float(e)
        except OverflowError:
            return inf

    def maximum(self, xs: Sequence[float]) -> float:
        return max(xs)

    def minimum(self, xs: Sequence[float]) -> float:
        return min(xs)

    def exp(self, x: float) -> float:
        try:
            return exp(x)
        except OverflowError:
            return inf

    def dd(self, depth: int, nodes: Sequence[float]) -> float:
        """The recursion dd(K+1; l, r) = l dd(K; l, r) + dd(K; r), all nonnegative."""
        m = len(nodes)
        if depth > 100_000:
            return float(Balls(64).dd(depth, [Balls(64).number(Fraction(x)) for x in nodes]))
        row = [0.0] * (m - 1) + [1.0]  # row[i] = dd(k; nodes[i:])
        for _ in range(depth):
            for i in range(m):
                row[i] = row[i] * nodes[i] + (row[i + 1] if i + 1 < m else 0.0)
        return row[0]

    def constant(self, name: str) -> float:
        from normbound.terms.constants import enclosure
        return float(enclosure(name, 64).mid())

    def operator_norm(self, matrix: Any) -> float:
        return float(_norm_ball(matrix, 64).mid())


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Set the working precision of balls, and restore it."""
    from flint import ctx
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause cyclic garbage collection around work that allocates many small objects and no garbage in cycles.

    Afterwards what was allocated counts as old (frozen and unfrozen, both constant time), so that the collector does
    not scan millions of live terms at the next opportunity. A process that uses ``gc.freeze`` itself is left alone.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def evaluate(term: Term, values: Values, bits: int = DEFAULT_BITS) -> Any:
    """An enclosure of ``term`` where symbols take ``values`` (exact numbers; families take sequences).

    Raises TermError when a symbol has no value, a depth is not a natural number, or the value is not defined.
    """
    return evaluate_many([term], values, bits)[0]


def evaluate_many(terms: Sequence[Term], values: Values, bits: int = DEFAULT_BITS) -> list[Any]:
    """``evaluate`` for several terms of one store in one pass."""
    if not terms:
        return []
    if not isinstance(bits, int) or not 2 <= bits <= MAX_PRECISION:
        raise TermError(f"found bits={bits!r}; a whole number from 2 to {MAX_PRECISION} is needed")
    with collector_paused(), precision(bits + GUARD_BITS):
        return _Pass(terms, values, Balls(bits + GUARD_BITS)).results()


def evaluate_exact(term: Term, values: Values) -> Exact:
    """The exact value of a term in naturals (a depth or a dimension); parts may be fractions."""
    run = _Pass([term], values, Floats())
    nodes = run.store.nodes
    ids = run.store.reachable([term])
    run.binders = {}
    run._require(ids)
    found: dict[int, Exact] = {}
    for i in ids:
        found[i] = run._natural(nodes[i], found)
    return found[term.id]


def evaluate_floats(terms: Sequence[Term], values: Values) -> list[float]:
    """Approximate values, for searching; overflow gives inf."""
    return _Pass(terms, values, Floats()).results()


class _Pass:
    def __init__(self, terms: Sequence[Term], values: Values, algebra: Algebra):
        if not terms:
            self.store = Store()
        else:
            self.store = terms[0].store
            for t in terms:
                if t.store is not self.store:
                    self.store.refuse(t)
        self.terms = terms
        self.values = values
        self.algebra = algebra
        self.families: dict[str, Any] = {}
        self.iterations = 0
        self.scope = 0  # the binders whose symbols have values now
        self.tables: dict[tuple[int, int], tuple[dict[int, list[Any]], dict[int, list[Exact]]]] = {}

    def results(self) -> list[Any]:
        nodes = self.store.nodes
        tops = [t.id for t in self.terms]
        few = self.store.few(tops)
        if few is None:
            ids, special, last = self.store.sweep(tops)
        else:
            ids, last = few, None
            special = ids
        special = [i for i in special if nodes[i][0] in _SPECIAL]
        self.binders = {b: 1 << k for k, b in enumerate(sorted({b for i in special for b in bound_symbols(nodes[i])}))}
        self.masks: dict[int, int] = self._bound_masks(ids) if self.binders else {}
        self._require(special)
        self.exact = self._exact_ids(special)
        naturals: dict[int, Exact] = {}
        if last is not None and not self.binders:
            return self._checked(self._long_chain(ids, last))
        values: Any = {}
        masks, exact_ids, apply, power = self.masks, self.exact, self.apply, self.algebra.power
        for i in ids:
            if masks and masks[i]:
                continue
            node = nodes[i]
            if i in exact_ids:
                naturals[i] = self._natural(node, naturals)
            kind = node[0]
            if kind == Op.MUL:
                values[i] = values[node[1]] * values[node[2]]
            elif kind == Op.ADD:
                values[i] = values[node[1]] + values[node[2]]
            elif kind == Op.POW:
                x, e = values[node[1]], node[2]
                values[i] = x * x if e.__class__ is int and e == 2 else power(x, e)
            else:
                values[i] = apply(node, values, naturals)
        return self._checked(values)

    def _long_chain(self, ids: Sequence[int], last: bytearray) -> Any:
        """The same pass for many nodes: values in a list, each dropped after its last use."""
        nodes = self.store.nodes
        naturals: dict[int, Exact] = {}
        for i in sorted(self.exact):
            naturals[i] = self._natural(nodes[i], naturals)
        values: list[Any] = [None] * (ids[-1] + 1)
        apply, power, given, number = self.apply, self.algebra.power, self.values, self.algebra.number
        for i in ids:
            node = nodes[i]
            kind = node[0]
            if kind == Op.MUL:
                values[i] = values[node[1]] * values[node[2]]
            elif kind == Op.ADD:
                values[i] = values[node[1]] + values[node[2]]
            elif kind == Op.POW:
                x, e = values[node[1]], node[2]
                values[i] = x * x if e.__class__ is int and e == 2 else power(x, e)
            elif kind == Op.SYM and given[node[1]].__class__ in (int, str, Fraction):
                values[i] = number(given[node[1]])
                continue
            else:
                values[i] = apply(node, values, naturals)  # type: ignore[arg-type]
                continue
            done = last[i]
            if done:
                if done & 1:
                    values[node[1]] = None
                if done & 2:
                    values[node[2]] = None
        return values

    def _checked(self, values: Any) -> list[Any]:
        out = []
        for t in self.terms:
            if self.masks and self.masks[t.id]:
                raise TermError("an index is used outside the sum, product or recurrence that binds it")
            v = values[t.id]
            if v != v or (isinstance(self.algebra, Balls) and v.is_nan()):
                raise TermError("the value is not defined at these numbers (zero times an unbounded factor)")
            out.append(v)
        return out

    def _bound_masks(self, ids: Iterable[int]) -> dict[int, int]:
        """For each id, the bound symbols that its value depends on, as bits."""
        nodes = self.store.nodes
        masks: dict[int, int] = {}
        for i in ids:
            mask = self.binders.get(i, 0)
            for c in children(nodes[i]):
                mask |= masks[c]
            for b in bound_symbols(nodes[i]):
                mask &= ~self.binders[b]
            masks[i] = mask
        return masks

    def _require(self, special: Iterable[int]) -> None:
        nodes = self.store.nodes
        missing: dict[str, None] = {}
        for i in special:
            node = nodes[i]
            if node[0] in (Op.SYM, Op.ELT) and i not in self.binders and node[1] not in self.values:
                missing[node[1]] = None
        if missing:
            names = list(missing)
            shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
            raise TermError(f"no value for {shown}")

    def _exact_ids(self, special: Iterable[int]) -> set[int]:
        """Ids whose exact natural value is needed: depths, family indices, natural differences."""
        nodes = self.store.nodes
        wanted: set[int] = set()
        stack: list[int] = []
        for i in special:
            node = nodes[i]
            kind = node[0]
            if kind == Op.DD:
                stack.append(node[1])
            elif kind in (Op.ELT, Op.PROD, Op.SUM, Op.REC):
                stack.append(node[2])
            elif kind == Op.SUB:
                stack.append(i)
        while stack:
            i = stack.pop()
            if i not in wanted:
                wanted.add(i)
                stack.extend(children(nodes[i]))
        return wanted

    def _natural(self, node: Node, below: Mapping[int, Exact]) -> Exact:
        """The exact value of a node in a natural position; parts of it may be fractions (half of the features)."""
        kind = node[0]
        value: Exact
        if kind == Op.NUM:
            value = node[1]
        elif kind == Op.SYM:
            given = self._plain(node[1])
            if not isinstance(given, int) or given < 0:
                raise TermError(f"{node[1]} = {given} must be a natural number")
            value = given
        elif kind == Op.ADD:
            value = below[node[1]] + below[node[2]]
        elif kind == Op.MUL:
            value = below[node[1]] * below[node[2]]
        elif kind == Op.SUB:
            value = below[node[1]] - below[node[2]]
            if value < 0:
                raise TermError(f"natural difference {below[node[1]]} - {below[node[2]]} is negative")
        elif kind == Op.POW and isinstance(node[2], int) and (node[2] > 0 or below[node[1]]):
            base = below[node[1]]
            if abs(node[2]) * max(Fraction(base).numerator.bit_length(), Fraction(base).denominator.bit_length()) > MAX_BITS:
                raise TermError(f"a depth or an index of more than {MAX_BITS} bits")
            value = Fraction(base) ** node[2]
        elif kind in (Op.MAX, Op.MIN):
            value = (max if kind == Op.MAX else min)(below[c] for c in node[1:])
        else:
            raise TermError(f"a depth or an index must be a natural number, found a {KIND_NAMES[kind]}")
        return value.numerator if value.denominator == 1 else value

    def _plain(self, name: str) -> object:
        value = self.values[name]
        if isinstance(value, (list, tuple)):
            raise TermError(f"{name} is one symbol, its value must be one number")
        return exact(value) if value.__class__ is not int and isinstance(value, (str, Rational)) else value

    def _member(self, name: str, index: int) -> Any:
        """Member ``index`` (from 1) of a family."""
        column = self.families.get(name)
        if column is None:
            value = self.values[name]
            if isinstance(value, (list, tuple)):
                column = [self.algebra.number(v) for v in value]
            else:
                column = self.algebra.number(value)
            self.families[name] = column
        if not isinstance(column, list):
            return column
        if not 1 <= index <= len(column):
            raise TermError(f"{name}[{index}] has no value; {len(column)} members are given, from index 1")
        return column[index - 1]

    def apply(self, node: Node, v: Mapping[int, Any], n: Mapping[int, Exact]) -> Any:
        """The value of one node over the values ``v`` and natural values ``n`` of its children."""
        kind = node[0]
        algebra = self.algebra
        if kind == Op.MUL:
            return v[node[1]] * v[node[2]]
        if kind == Op.ADD:
            return v[node[1]] + v[node[2]]
        if kind == Op.POW:
            return algebra.power(v[node[1]], node[2])
        if kind == Op.SYM:
            return algebra.number(self._plain(node[1]))
        if kind == Op.NUM:
            return algebra.number(node[1])
        if kind == Op.ELT:
            return self._member(node[1], _whole(n[node[2]]))
        if kind == Op.DD:
            return algebra.dd(_whole(n[node[1]]), [v[c] for c in node[2:]])
        if kind == Op.MAX:
            return algebra.maximum([v[c] for c in node[1:]])
        if kind == Op.MIN:
            return algebra.minimum([v[c] for c in node[1:]])
        if kind == Op.CONST:
            return algebra.constant(node[1])
        if kind == Op.OPNORM:
            return algebra.operator_norm(self.store.matrices[node[1]])
        if kind == Op.EXP:
            return algebra.exp(v[node[1]])
        if kind == Op.SUB:
            return algebra.number(n[node[1]] - n[node[2]])
        if kind == Op.INF:
            return algebra.infinity
        if kind == Op.PROD:
            result = algebra.number(1)
            for x in self._iterate(node[1], _whole(n[node[2]]), (), (), (node[3],), v, n)[0]:
                result = result * x
            return result
        if kind == Op.SUM:
            result = algebra.number(0)
            for x in self._iterate(node[1], _whole(n[node[2]]), (), (), (node[3],), v, n)[0]:
                result = result + x
            return result
        _, component, depth, index, states, starts, steps = node
        return self._iterate(index, _whole(n[depth]), states, [v[s] for s in starts], steps, v, n)[component]

    def _iterate(self, index: int, depth: int, states: Sequence[int], starts: Sequence[Any], steps: Sequence[int],
                 v: Mapping[int, Any], n: Mapping[int, Exact]) -> list[Any]:
        """Run ``steps`` for index = 1..depth.

        Without states: the columns of the steps. With states: the final state.
        """
        self.iterations += depth
        if self.iterations > MAX_ITERATIONS:
            raise TermError(f"the recurrences take {self.iterations} steps or more, beyond {MAX_ITERATIONS}")
        index_bit = self.binders[index]
        state_bits = 0
        for s in states:
            state_bits |= self.binders[s]
        own = index_bit | state_bits
        outer, self.scope = self.scope, self.scope | own
        try:
            return self._run(index, depth, states, starts, steps, own, v, n)
        finally:
            self.scope = outer

    def _run(self, index: int, depth: int, states: Sequence[int], starts: Sequence[Any], steps: Sequence[int],
             own: int, v: Mapping[int, Any], n: Mapping[int, Exact]) -> list[Any]:
        nodes, masks, foreign = self.store.nodes, self.masks, ~self.scope
        state_bits = own & ~self.binders[index]
        # What depends on the symbols of an inner binder as well is left to the inner one.
        body = [i for i in self.store.reachable([Term(self.store, s) for s in steps])
                if masks[i] & own and not masks[i] & foreign]
        columns: dict[int, list[Any]] = {}
        exact_columns: dict[int, list[Exact]] = {}
        if self.scope == own:  # outermost: columns are the same for every term with this index and depth
            columns, exact_columns = self.tables.setdefault((index, depth), (columns, exact_columns))
        exact_columns.setdefault(index, list(range(1, depth + 1)))
        if index not in columns and (index in steps or any(_reads_number(nodes[i], index) for i in body)):
            columns[index] = [self.algebra.number(k) for k in range(1, depth + 1)]
        scan: list[int] = []
        for i in body:
            if masks[i] & state_bits:
                scan.append(i)
            elif i not in columns and i != index:
                columns[i] = self._column(i, nodes[i], depth, index, columns, exact_columns, v, n)
        if not states:
            return [columns[s] if s in columns else [v[s]] * depth for s in steps]
        return self._scan(scan, depth, states, starts, steps, columns, exact_columns, v, n)

    def _column(self, i: int, node: Node, depth: int, index: int, columns: dict[int, list[Any]],
                exact_columns: dict[int, list[Exact]], v: Mapping[int, Any], n: Mapping[int, Exact]) -> list[Any]:
        below = children(node)
        if i in self.exact and all(c in exact_columns or c in n for c in below):
            ints = [exact_columns[c] if c in exact_columns else [n[c]] * depth for c in below]
            exact_columns[i] = [self._natural(node, dict(zip(below, row, strict=True)))
                                for row in zip(*ints, strict=True)]
        kind = node[0]
        if kind in (Op.MUL, Op.ADD):
            a, b = (columns[c] if c in columns else [v[c]] * depth for c in below)
            if kind == Op.MUL:
                return [x * y for x, y in zip(a, b, strict=True)]
            return [x + y for x, y in zip(a, b, strict=True)]
        if kind == Op.POW:
            power, e = self.algebra.power, node[2]
            if e == 2:
                return [x * x for x in columns[node[1]]]
            return [power(x, e) for x in columns[node[1]]]
        if kind == Op.ELT:
            if depth and node[2] == index:
                self._member(node[1], depth)  # converts the family, and refuses one that is too short
                family = self.families[node[1]]
                return family[:depth] if isinstance(family, list) else [family] * depth
            return [self._member(node[1], _whole(k)) for k in exact_columns[node[2]]]
        rows = []
        for t in range(depth):
            local_v = _Layered({c: columns[c][t] for c in columns}, v) if kind in (Op.PROD, Op.SUM, Op.REC) else \
                {c: columns[c][t] if c in columns else v.get(c) for c in below}
            local_n = _Layered({c: exact_columns[c][t] for c in exact_columns}, n)
            rows.append(self.apply(node, local_v, local_n))
        return rows

    def _scan(self, scan: list[int], depth: int, states: Sequence[int], starts: Sequence[Any], steps: Sequence[int],
              columns: dict[int, list[Any]], exact_columns: dict[int, list[Exact]], v: Mapping[int, Any],
              n: Mapping[int, Exact]) -> list[Any]:
        nodes = self.store.nodes
        slots: dict[int, int] = {}
        registers: list[Any] = []

        def slot(i: int) -> int:
            if i not in slots:
                slots[i] = len(registers)
                registers.append(v.get(i))
            return slots[i]

        for s, a in zip(states, starts, strict=True):
            registers_index = slot(s)
            registers[registers_index] = a
        program: list[tuple[int, int, int, int, Node]] = []
        for i in scan:
            node = nodes[i]
            if node[0] == Op.SYM:
                continue
            below = children(node)
            first = slot(below[0])
            second = slot(below[1]) if len(below) > 1 else first
            kind = node[0]
            if kind in (Op.PROD, Op.SUM, Op.REC):  # an inner body may read anything that is known here
                below = tuple(c for c in self.store.reachable([Term(self.store, c) for c in below])
                              if c in columns or (self.masks[c] and not self.masks[c] & ~self.scope))
            for c in below:
                slot(c)
            if kind == Op.POW and node[2] == 2:
                kind, second = Op.MUL, first
            program.append((kind, slot(i), first, second, node))
        out = [slot(s) for s in steps]
        state_slots = [slots[s] for s in states]
        feeds = [(slots[c], column) for c, column in columns.items() if c in slots]
        for t in range(depth):
            for where, column in feeds:
                registers[where] = column[t]
            for kind, where, a, b, node in program:
                if kind == Op.MUL:
                    registers[where] = registers[a] * registers[b]
                elif kind == Op.ADD:
                    registers[where] = registers[a] + registers[b]
                elif kind == Op.POW:
                    registers[where] = self.algebra.power(registers[a], node[2])
                else:
                    local = {c: registers[s] for c, s in slots.items()}
                    ints = {c: column[t] for c, column in exact_columns.items()}
                    registers[where] = self.apply(node, _Layered(local, v), _Layered(ints, n))
            new = [registers[s] for s in out]
            for where, value in zip(state_slots, new, strict=True):
                registers[where] = value
        return [registers[s] for s in state_slots]


def _reads_number(node: Node, index: int) -> bool:
    """Whether a node may need the index as a number, and not only as the index of a family."""
    return node[0] in (Op.PROD, Op.SUM, Op.REC) or (node[0] != Op.ELT and index in children(node))


def _whole(value: Exact) -> int:
    if not isinstance(value, int):
        raise TermError(f"a depth or an index must be a natural number, found {value}")
    return value


class _Layered(dict):
    """Values of an inner scope in front of those of the outer one."""

    __slots__ = ("outer",)

    def __init__(self, inner: Mapping[int, Any], outer: Mapping[int, Any]):
        super().__init__(inner)
        self.outer = outer

    def __missing__(self, key: int) -> Any:
        return self.outer[key]

    def get(self, key: int, default: Any = None) -> Any:
        if key in self:
            return dict.__getitem__(self, key)
        return self.outer.get(key, default)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or key in self.outer


def format_upper(x: Any, digits: int = 6) -> str:
    """A decimal that is at least every number of the ball, rounded up in its last digit.

    Where the nearest short decimal lies inside the ball (an exact value, say), it is printed with the radius.
    """
    if not x.is_finite():
        return "unbounded" if x > 0 else "undefined"
    from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_HALF_EVEN, Context, Decimal
    wide = Context(prec=60, rounding=ROUND_CEILING, Emax=MAX_EMAX, Emin=MIN_EMIN)

    def decimal(exact_ball: Any) -> Decimal:
        mantissa, exponent = (int(part) for part in exact_ball.man_exp())
        if abs(exponent) > 10**9:
            raise TermError("the value is too large to print; its logarithm is not")
        return wide.multiply(Decimal(mantissa), wide.power(Decimal(2), exponent))

    # The power of two is exact or off by one unit in the 60th digit; the factor covers that, upwards.
    top = wide.multiply(decimal(x.upper()), Decimal("1." + "0" * 55 + "1"))
    near = decimal(x.mid()).normalize(Context(prec=digits, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN))
    if x.rad() == 0 and near == decimal(x.mid()):
        return _plain_decimal(near)
    if x.overlaps(x.__class__(str(near))):
        return f"{_plain_decimal(near)} +- {x.rad().str(1, radius=False)}"
    return _plain_decimal(top.normalize(Context(prec=digits, rounding=ROUND_CEILING, Emax=MAX_EMAX, Emin=MIN_EMIN)))


def _plain_decimal(value: Any) -> str:
    """Positional for moderate sizes, with an exponent otherwise."""
    if not value:
        return "0"
    return f"{value:f}" if -5 <= value.adjusted() <= 9 else f"{value:e}".replace("E", "e")


def format_ball(x: Any, digits: int = 6) -> str:
    """A short decimal of a ball: as many digits as are certain, up to ``digits``; huge values as powers of ten."""
    if not x.is_finite():
        return "unbounded" if x > 0 else "undefined"
    return x.str(digits, radius=False)
