"""Mutants of promises: every small change of a bound must be refuted by something that was measured.

A claim is one promise, a term in the symbols of a class of networks (norm bounds, floors, dimensions, the norm ``B`` of
the input), beside a table of cells: values of the symbols and what was measured there. A mutant is the promise with one
place changed. It is killed

  falsified   in some cell more was measured than it promises
  attained    in some cell the original promise is attained, and the mutant promises more

and otherwise it survives. A survivor needs a reason that follows from facts: an upper bound that is attained nowhere
stays valid when it is loosened, and a function that agrees with the original at all numbers is the original.
Floating point searches here; it certifies nothing. ``Claim.instance`` names the cell for a rigorous confirmation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from normbound.errors import TermError
from normbound.terms.evaluate import Floats
from normbound.terms.normal import Normal
from normbound.terms.store import Op, Store, Term, children

Array = Any
ALLOWANCE = 1e-9  # relative; of the floating-point search
NOISE = 1e-13  # absolute rounding of quantities that are exactly 0
NEAR = 1e-3  # a promise is approached where this much of it is missing
EQUAL = 1e-12
STATUSES = ("exact", "supremum", "upper")
RANDOM = 200  # random assignments that decide whether two terms that agree in all cells are one function
ENOUGH = 12  # how many of them must have a value
_LOWER, _UPPER = Fraction(99, 100), Fraction(101, 100)
_BINDERS = (Op.PROD, Op.SUM, Op.REC)


# -- claims -------------------------------------------------------------------------------------------------------
@dataclass(slots=True, eq=False)
class Claim:
    """One promise with the cells that test it.

    name      which quantity: input, radius, sup, all, pair, or a role of parameters
    status    claimed: exact (attained), supremum (approached) or upper
    promise   the term; ``variants`` are further terms that a wrong rule would give, by description
    naturals  names of symbols that stand for natural numbers
    columns   the value of every symbol in every cell (families: lists)
    measured  what was measured in every cell
    groups    number of the sequence of witnesses a cell belongs to, or -1: every sequence must attain the promise
    """

    name: str
    status: str
    promise: Term
    variants: Sequence[tuple[str, Term]] = ()
    naturals: frozenset[str] = frozenset()
    columns: dict[str, list[Any]] = field(default_factory=dict)
    measured: list[float] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    mutate: bool = True

    def note(self, values: Mapping[str, Any], measured: float, group: int = -1) -> None:
        """Add a cell."""
        self.groups.append(group)
        for name in self.columns:
            self.columns[name].append(values[name])
        self.measured.append(measured)

    def want(self, store: Store) -> None:
        """Fix the symbols that cells must give."""
        self.columns = {n: [] for n in store.symbols(self.promise, *(t for _, t in self.variants))}

    def instance(self, cell: int) -> dict[str, Any]:
        """The values of the symbols in one cell."""
        return {n: c[cell] for n, c in self.columns.items()}


class Table:
    """Values of terms of one store in all cells of one claim; values of common subterms are kept."""

    def __init__(self, store: Store, columns: Mapping[str, Sequence[Any]], cells: int):
        self.store = store
        self.cells = cells
        self.families = {n: c for n, c in columns.items() if c and isinstance(c[0], (list, tuple))}
        self.columns = {n: np.array(c, dtype=float) for n, c in columns.items() if n not in self.families}
        self.known: dict[int, Array] = {}
        self.floats = Floats()

    def __call__(self, term: Term) -> Array:
        """One value per cell; nan where the term has none."""
        nodes, known = self.store.nodes, self.known
        stack = [term.id]
        with np.errstate(all="ignore"):
            while stack:
                i = stack[-1]
                if i in known:
                    stack.pop()
                    continue
                node = nodes[i]
                missing = [] if node[0] in _BINDERS else [c for c in children(node) if c not in known]
                if missing:
                    stack.extend(missing)
                    continue
                known[i] = np.broadcast_to(self._apply(i, node), (self.cells,))
                stack.pop()
        return known[term.id]

    def _apply(self, i: int, node: Any) -> Array:
        kind, known = node[0], self.known
        if kind == Op.NUM:
            return float(node[1])
        if kind == Op.SYM:
            return self.columns[node[1]]
        if kind == Op.CONST:
            return self.floats.constant(node[1])
        if kind == Op.OPNORM:
            return self.floats.operator_norm(self.store.matrices[node[1]])
        if kind == Op.INF:
            return np.inf
        if kind in _BINDERS:
            return self._bound(node)
        parts = [known[c] for c in children(node)]
        if kind == Op.ADD:
            return parts[0] + parts[1]
        if kind == Op.MUL:
            return parts[0] * parts[1]
        if kind == Op.POW:
            return np.power(parts[0], float(node[2]))
        if kind in (Op.MAX, Op.MIN):
            return (np.maximum if kind == Op.MAX else np.minimum).reduce(parts)
        if kind == Op.ELT:
            return self._member(node[1], parts[0])
        if kind == Op.EXP:
            return np.exp(parts[0])
        if kind == Op.SUB:
            return np.where(parts[0] < parts[1], np.nan, parts[0] - parts[1])
        assert kind == Op.DD
        return self._divided(parts[0], parts[1:])

    def _divided(self, depth: Array, nodes: list[Array]) -> Array:
        """dd(K + 1; l, r) = l dd(K; l, r) + dd(K; r), run to the largest depth."""
        m = len(nodes)
        state = [np.zeros(self.cells) for _ in range(m)] + [np.zeros(self.cells)]
        state[m - 1] = np.ones(self.cells)
        whole = (depth >= 0) & (depth == np.floor(depth))
        out = np.where(whole, state[0], np.nan)
        for k in range(1, int(np.max(depth[whole], initial=0)) + 1):
            state = [nodes[j] * state[j] + (state[j + 1] if j + 1 < m else 0.0) for j in range(m)]
            out = np.where(depth == k, state[0], out)
        return out

    # -- terms that bind symbols ----------------------------------------------------------------------------------
    def _with(self, columns: Mapping[str, Array]) -> Table:
        """The same cells with values for bound symbols."""
        inner = Table(self.store, {}, self.cells)
        inner.columns = {**self.columns, **columns}
        inner.families = self.families
        return inner

    def _bound(self, node: Any) -> Array:
        """Products, sums and recurrences over an index, for all cells at once."""
        nodes, kind = self.store.nodes, node[0]
        depth = self(Term(self.store, node[2]))
        whole = (depth >= 0) & (depth == np.floor(depth))
        steps = int(np.max(depth[whole], initial=0))
        if kind == Op.REC:
            _, component, _, index, states, starts, after = node
            state = [self(Term(self.store, s)) for s in starts]
        else:
            index, states, after = node[1], (), (node[3],)
            component, state = 0, [np.full(self.cells, float(kind == Op.PROD))]
        names = [nodes[s][1] for s in states]
        out = np.where(whole, state[component], np.nan)
        for t in range(1, steps + 1):
            inner = self._with({nodes[index][1]: np.full(self.cells, float(t)), **dict(zip(names, state, strict=False))})
            new = [inner(Term(self.store, s)) for s in after]
            if kind != Op.REC:
                new = [state[0] * new[0] if kind == Op.PROD else state[0] + new[0]]
            state = new
            out = np.where(depth == t, state[component], out)
        return out

    def _member(self, name: str, index: Array) -> Array:
        """One member of a family per cell."""
        found = np.full(self.cells, np.nan)
        for k, members in enumerate(self.families[name]):
            if index[k] == index[k] and 1 <= index[k] <= len(members):
                found[k] = float(members[int(index[k]) - 1])
        return found


# -- mutation -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed promise and the change in words."""

    change: str
    term: Term


def mutants(claim: Claim) -> tuple[list[Mutant], int]:
    """All mutants of a promise that are other functions, each once, and the number of those that are the same one."""
    store = claim.promise.store
    forms = Normal(store)
    seen = {forms(claim.promise).id}
    found: list[Mutant] = []
    equivalent = 0
    for change, t in _candidates(claim, store):
        try:
            form = forms(t).id
        except TermError:
            continue
        if form in seen:
            equivalent += form == forms(claim.promise).id
            continue
        seen.add(form)
        found.append(Mutant(change, t))
    return found, equivalent


def _candidates(claim: Claim, store: Store) -> Iterable[tuple[str, Term]]:
    promise = claim.promise
    yield "the whole promise times 99/100", promise * _LOWER
    yield "the whole promise times 101/100", promise * _UPPER
    yield "the square root of the whole promise", store.power(promise, Fraction(1, 2))
    yield from claim.variants
    ids = store.reachable([promise])
    depths = _depths(store, ids)
    image = {j: Term(store, j) for j in ids}
    for at, i in enumerate(ids):
        for change, new in _changes(store, i, claim.naturals, depths):
            try:
                yield change, _replaced(store, ids, at, new, image)[promise.id]
            except TermError:  # the change makes no term, e.g. a negative natural difference
                continue


def _depths(store: Store, ids: Iterable[int]) -> set[int]:
    """Everything that counts iterations or entries: there only whole numbers make sense."""
    tops = [node[1] for i in ids if (node := store.nodes[i])[0] in (Op.DD, Op.SUB)]
    tops += [node[2] for i in ids if (node := store.nodes[i])[0] in (Op.PROD, Op.SUM, Op.REC, Op.ELT)]
    tops += [node[1] for i in ids if (node := store.nodes[i])[0] in (Op.PROD, Op.SUM)]
    for i in ids:
        node = store.nodes[i]
        if node[0] == Op.REC:
            tops += [node[3], *node[4]]
        if node[0] == Op.SUB:
            tops.append(node[2])
    return set(store.few(tops) or ()) if tops else set()


def _replaced(store: Store, ids: Sequence[int], at: int, new: Term, image: Mapping[int, Term]) -> dict[int, Term]:
    """The terms of ``ids`` with the one at position ``at`` replaced; ``image`` has the terms as they are."""
    found = {**image, ids[at]: new}
    for j in ids[at + 1:]:
        found[j] = store.rebuild(j, found)
    return found


def _changes(store: Store, i: int, naturals: frozenset[str], depths: set[int]) -> Iterable[tuple[str, Term]]:
    """Other terms for one node."""
    node = store.nodes[i]
    kind = node[0]
    old = Term(store, i)
    if kind == Op.SYM and (node[1] in naturals or i in depths):
        if node[1] in naturals:
            yield f"{old} + 1 for {old}", old + 1
            yield f"{old} - 1 for {old}", store.monus(old, 1)
            yield f"1 for {old}", store.one
        return
    if i in depths:
        return
    parts = [Term(store, c) for c in children(node)] if kind not in (*_BINDERS, Op.ELT) else []
    if kind in (Op.NUM, Op.CONST, Op.SYM, Op.OPNORM):
        yield f"{old} times 99/100", old * _LOWER
        yield f"{old} times 101/100", old * _UPPER
    if kind in (Op.NUM, Op.CONST, Op.SYM):
        yield f"{old}^2 for {old}", old**2
    if kind == Op.NUM:
        yield f"{old} + 1 for {old}", old + 1
    if kind == Op.MUL:
        for k in (0, 1):
            yield f"factor {parts[k]} dropped", parts[1 - k]
    elif kind == Op.ADD:
        for k in (0, 1):
            yield f"summand {parts[k]} dropped", parts[1 - k]
        yield f"maximum for the sum {old}", store.maximum(parts)
        yield f"root of the sum of squares for {old}", store.power(parts[0]**2 + parts[1]**2, Fraction(1, 2))
    elif kind == Op.POW:
        base, e = parts[0], Fraction(node[2])
        for other in (e + 1, e - 1, e / 2, 2 * e):
            yield f"exponent {other} for {e} in {old}", store.power(base, other)
    elif kind in (Op.MAX, Op.MIN):
        word = "maximum" if kind == Op.MAX else "minimum"
        for p in parts:
            yield f"{p} for the {word} {old}", p
            rest = [q for q in parts if q.id != p.id]
            yield f"argument {p} dropped from {old}", (store.maximum if kind == Op.MAX else store.minimum)(rest)
        yield f"sum for the {word} {old}", sum(parts[1:], parts[0])
        yield f"other extremum for {old}", (store.minimum if kind == Op.MAX else store.maximum)(parts)
    elif kind == Op.DD:
        depth, rest = parts[0], parts[1:]
        yield f"one iteration more in {old}", store.dd(depth + 1, rest)
        yield f"one iteration less in {old}", store.dd(store.monus(depth, 1), rest)
        for k in range(len(rest)):
            less = rest[:k] + rest[k + 1:]
            if less:
                yield f"node {rest[k]} dropped from {old}", store.dd(depth, less)
            yield f"node {rest[k]} squared in {old}", store.dd(depth, [*less, rest[k]**2])
            yield f"node {rest[k]} replaced by its root in {old}", \
                store.dd(depth, [*less, store.power(rest[k], Fraction(1, 2))])
    elif kind == Op.SUB:
        yield f"{parts[0]} for {old}", parts[0]
        yield f"{parts[0] + parts[1]} for {old}", parts[0] + parts[1]
    elif kind in (Op.PROD, Op.SUM):
        index, depth, body = (Term(store, c) for c in node[1:])
        again = store.sum if kind == Op.PROD else store.product
        yield f"other operation for {old}", again(index, depth, body)
    elif kind == Op.ELT:
        yield f"{old} times 99/100", old * _LOWER
        yield f"{old} times 101/100", old * _UPPER
        yield f"{old}^2 for {old}", old**2


# -- verdicts -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that nothing killed; without a reason it is a defect of the contract or of the audit."""

    claim: str
    change: str
    reason: str  # "" when there is none

    @property
    def explained(self) -> bool:
        return bool(self.reason)


@dataclass(slots=True)
class Outcome:
    """What happened to one claim.

    best     largest measured/promised over the cells
    reached  the smallest, over the sequences of witnesses, of the largest measured/promised (without witnesses: best)
    falsified  description of the worst violation, or ""
    """

    claim: str
    status: str
    promise: str
    cells: int
    unbounded: int
    best: float
    reached: float = 0.0
    falsified: str = ""
    attained: bool = True
    total: int = 0
    equivalent: int = 0
    by_falsification: int = 0
    by_attainment: int = 0
    survivors: list[Survivor] = field(default_factory=list)

    @property
    def killed(self) -> int:
        return self.by_falsification + self.by_attainment


Confirm = Callable[[Claim, int, Term], bool]


def examine(claim: Claim, confirm: Confirm | None = None) -> Outcome:
    """Falsify the claim, check that it is as sharp as it says, and kill its mutants.

    ``confirm`` may decide a violation of the promise rigorously: it gets the claim, the cell and the promise, and a
    violation that it does not confirm does not count.
    """
    store = claim.promise.store
    measured = np.array(claim.measured, dtype=float)
    table = Table(store, claim.columns, len(measured))
    promised = table(claim.promise)
    finite = np.isfinite(promised) & ~np.isnan(measured)
    with np.errstate(all="ignore"):
        nothing = np.where(promised <= NOISE, 1.0, 0.0)
        ratio = np.where(finite, np.where(measured <= NOISE, nothing, measured / promised), 0.0)
    clear = ratio[measured > NOISE] if (measured > NOISE).any() else ratio
    out = Outcome(claim.name, claim.status, str(claim.promise), int(finite.sum()), int((~finite).sum()),
                  float(clear.max(initial=0.0)))
    wrong = finite & _exceeds(measured, promised)
    for cell in np.flatnonzero(wrong)[np.argsort(-ratio[wrong], kind="stable")]:
        if confirm is None or confirm(claim, int(cell), claim.promise):
            out.falsified = (f"{claim.name}: measured {measured[cell]:.9g} exceeds {promised[cell]:.9g} = "
                             f"{claim.promise} at {_shown(claim.instance(int(cell)))}")
            break
    level = {"exact": 1 - ALLOWANCE, "supremum": 1 - NEAR, "upper": 0.0}[claim.status]
    groups = np.array(claim.groups)
    witnesses = [ratio[finite & (groups == g)].max() for g in np.unique(groups[finite & (groups >= 0)])]
    out.reached = float(min(witnesses, default=out.best))
    out.attained = out.reached >= level
    if not claim.mutate:
        return out
    found, out.equivalent = mutants(claim)
    gap = np.maximum(promised - measured, 0.0)
    close = finite & (gap <= NEAR * promised)
    allowed = promised + 2 * np.maximum(gap, ALLOWANCE * promised) + NOISE
    for mutant in found:
        changed = table(mutant.term)
        out.total += 1
        with np.errstate(invalid="ignore"):
            if (finite & ~np.isnan(changed) & _exceeds(measured, changed)).any():
                out.by_falsification += 1
            elif (close & (changed > allowed)).any():
                out.by_attainment += 1
            else:
                reason = _reason(claim, mutant.term, out, promised, changed, finite)
                out.survivors.append(Survivor(claim.name, mutant.change, reason))
    return out


def _exceeds(measured: Array, promised: Array) -> Array:
    return measured > promised * (1 + ALLOWANCE) + NOISE


def _reason(claim: Claim, mutant: Term, out: Outcome, promised: Array, changed: Array, finite: Array) -> str:
    """Why a mutant cannot be killed, from the numbers; "" when nothing explains it."""
    both = finite & ~np.isnan(changed)
    differs = both & (np.abs(changed - promised) > EQUAL * promised)
    if not differs.any():
        undefined = int((finite & np.isnan(changed)).sum())
        if undefined:
            return f"it has no value in {undefined} of {int(finite.sum())} cells, and equals the promise in the others"
        return "equal on all reachable values: the same function in every cell and at random numbers" \
            if _equal(claim, mutant) else ""
    if claim.status != "upper":
        return ""
    if (changed[differs] > promised[differs]).all():
        return f"upper bound only (best {out.best:.4f}): loosening an upper bound keeps it valid"
    return f"upper bound only (best {out.best:.4f}): what was measured stays below the smaller promise, too"


def _equal(claim: Claim, mutant: Term) -> bool:
    """Whether the mutant and the promise agree at random numbers, apart from those that were measured."""
    rng = np.random.default_rng(len(claim.columns))
    columns: dict[str, list[Any]] = {}
    for name, column in claim.columns.items():
        if name in claim.naturals:
            columns[name] = rng.integers(0, 8, RANDOM).tolist()
        elif column and isinstance(column[0], (list, tuple)):
            columns[name] = [rng.exponential(1.0, 8).tolist() for _ in range(RANDOM)]
        else:
            columns[name] = rng.exponential(1.0, RANDOM).tolist()
    table = Table(mutant.store, columns, RANDOM)
    old, new = table(claim.promise), table(mutant)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(old)
        return bool(known.sum() >= ENOUGH and (np.abs(new - old) <= 1e-9 * old)[known].all())


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{n} = {v:.6g}" if isinstance(v, (float, int)) else f"{n} = {v}" for n, v in values.items())
