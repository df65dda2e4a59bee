"""The wall of refuted rules: wrong folklore about Lipschitz constants, each with a witness that is replayed exactly.

An entry holds a claim as people say it, the correct statement, and a witness: exact tensors and points. The verdict is
never stored. ``replay`` runs the witness in ball arithmetic and compares enclosures: the claim is refuted when what is
measured lies strictly beyond the claimed number. The corrected statement is evaluated on the same witness, where it
has to hold; for networks it is the bound that this package derives, so a contract that falls for the folklore fails
here.

Before anything is measured the witness must belong to the statement: points inside the radius, tensors inside the
parameter set (decided in rational arithmetic), floors met at every point (decided in balls).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from normbound.calculus.bound import derive
from normbound.check.balls import Ball, enclose_spectral, largest, to_arb, to_balls, top
from normbound.check.balls import norm as euclidean
from normbound.contracts.block import Composite, Layer, Parameter, Repeat
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES
from normbound.errors import NetworkError, NormboundError
from normbound.layers.normalization import Normalize
from normbound.network.language import parse_network
from normbound.network.program import CLOSE, LEAF, NEXT, OPEN, Input, Network, Program, place
from normbound.terms.evaluate import evaluate, precision
from normbound.terms.exact import exact
from normbound.terms.grammar import parse
from normbound.terms.store import Op, Store, Term, current
from normbound.terms.text import to_text
from normbound.theory import losses

BITS = 192
TIGHT = 100  # relative accuracy in bits from which two enclosures that overlap are printed as equal
MAX_BYTES = 1_000_000
MAX_ENTRIES = 4096  # numbers in one tensor
MAX_DEPTH = 64
KINDS = ("network", "matrix", "loss")
SIDES = ("upper", "lower")
TEXTS = ("claim", "believed", "measures", "why", "correct")
KEYS = ("id", *TEXTS, "use", "kind", "claimed", "side", "bound", "bound_side", "values", "witness", "facts")
WITNESS_KEYS = {"network": ("network", "x", "y", "tensors", "moved", "measure", "norm", "rows"),
                "matrix": ("matrices",), "loss": ("loss", "label", "x", "y")}
FACT_KEYS = ("of", "network", "points", "x", "matrix")
Exact = Fraction
Matrix = list[list[Fraction]]
Array = Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One refuted claim; claim, believed, measures, why and correct are TeX prose.

    use         names of layers, rules or losses of the registries that hold the correct statement
    kind        "network" (tensors and points), "matrix" (a product of matrices), "loss" (two logit vectors)
    claimed     the claimed number as a term in ``values`` and ``facts``; ``side`` says whether it is claimed to be an
                "upper" or a "lower" bound of what is measured
    bound       the corrected number, where the witness has no derived one; ``bound_side`` likewise
    values      exact numbers of the symbols
    facts       further symbols of the claim, measured on the witness
    """

    id: str
    claim: str
    believed: str
    measures: str
    why: str
    correct: str
    use: tuple[str, ...]
    kind: str
    claimed: str
    witness: Mapping[str, Any]
    side: str = "upper"
    bound: str | None = None
    bound_side: str = "upper"
    values: Mapping[str, Exact] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Corrected(NamedTuple):
    """A corrected number on the witness.

    standing  "holds" (certainly), "attained" (equal to all digits), "contradicted" (neither)
    derived   whether a contract or a registered loss gave it, rather than the entry
    """

    term: str
    value: Any
    side: str
    standing: str
    derived: bool


class Replay(NamedTuple):
    """What a witness shows: enclosures of the claimed and of the measured number, and the verdict they force.

    verdict  "refuted": the measured number lies strictly beyond the claimed one; "not refuted" otherwise
    """

    entry: Entry
    claimed: Any
    measured: Any
    corrected: tuple[Corrected, ...]
    verdict: str


# -- reading ----------------------------------------------------------------------------------------------------------

def read(text: str, where: str = "refuted.toml") -> tuple[Entry, ...]:
    """The entries that ``text`` (TOML) holds. Raises NetworkError naming the entry and the key."""
    def inexact(number: str) -> NoReturn:
        raise NetworkError(f"{where}: found {number}; numbers are integers or strings such as '{number}'")
    if len(text) > MAX_BYTES:
        raise NetworkError(f"{where}: found {len(text)} characters; at most {MAX_BYTES} are read")
    try:
        table = tomllib.loads(text, parse_float=inexact)
    except tomllib.TOMLDecodeError as error:
        raise NetworkError(f"{where}: {error}") from None
    except RecursionError:
        raise NetworkError(f"{where}: nested too deeply") from None
    found = table.pop("entry", None)
    if table or not isinstance(found, list) or not found or not all(isinstance(e, dict) for e in found):
        raise NetworkError(f"{where}: expected [[entry]] tables and nothing else"
                           + (f"; found {next(iter(table))!r}" if table else ""))
    entries = tuple(_entry(e, f"{where}: entry {k + 1}") for k, e in enumerate(found))
    seen: set[str] = set()
    for e in entries:
        if e.id in seen:
            raise NetworkError(f"{where}: two entries are called {e.id!r}")
        seen.add(e.id)
    return entries


@lru_cache(maxsize=1)
def wall() -> tuple[Entry, ...]:
    """The entries that ship with the package."""
    return read(Path(__file__).with_name("refuted.toml").read_text(encoding="utf-8"))


def about(name: str = "") -> tuple[Entry, ...]:
    """The entries called ``name`` or about the layer, rule or loss of that name; all without one."""
    found = tuple(e for e in wall() if not name or name == e.id or name in e.use)
    if not found:
        known = ", ".join(sorted({u for e in wall() for u in e.use}))
        raise NetworkError(f"no refuted rule is about {name[:60]!r}; there are some about {known}")
    return found


def _known(where: str, table: Mapping[str, Any], keys: Sequence[str]) -> None:
    for key in table:
        if key not in keys:
            raise NetworkError(f"{where}: unknown key {key!r}; accepted: {', '.join(keys)}")


def _text(where: str, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise NetworkError(f"{where}: {key}: found {value!r}; a text is needed")
    return value.strip()


def _choice(where: str, table: Mapping[str, Any], key: str, accepted: Sequence[str], default: str | None = None) -> str:
    value = table.get(key, default)
    if value not in accepted:
        raise NetworkError(f"{where}: {key}: found {value!r}; accepted: {', '.join(accepted)}")
    return value


def _entry(table: Mapping[str, Any], where: str) -> Entry:
    name = _text(where, table, "id")
    where = f"{where} ({name})"
    _known(where, table, KEYS)
    kind = _choice(where, table, "kind", KINDS, "network")
    texts = {k: " ".join(_text(where, table, k).split()) for k in TEXTS}
    use = table.get("use")
    if not isinstance(use, list) or not all(isinstance(u, str) for u in use):
        raise NetworkError(f"{where}: use: found {use!r}; a list of names is needed")
    for u in use:
        if u not in LAYERS and u not in RULES and u not in losses.LOSSES:
            raise NetworkError(f"{where}: use: no layer, rule or loss is called {u!r}")
    witness, facts = table.get("witness"), table.get("facts", {})
    if not isinstance(witness, dict):
        raise NetworkError(f"{where}: witness: found {witness!r}; a table is needed")
    _known(f"{where}: witness", witness, WITNESS_KEYS[kind])
    if not isinstance(facts, dict) or not all(isinstance(f, dict) for f in facts.values()):
        raise NetworkError(f"{where}: facts: found {facts!r}; tables are needed")
    for symbol, fact in facts.items():
        _known(f"{where}: facts: {symbol}", fact, FACT_KEYS)
    values = table.get("values", {})
    if not isinstance(values, dict):
        raise NetworkError(f"{where}: values: found {values!r}; a table is needed")
    bound = None if "bound" not in table else _text(where, table, "bound")
    return Entry(id=name, **texts, use=tuple(use), kind=kind, witness=witness,
                 claimed=" ".join(_text(where, table, "claimed").split()),
                 side=_choice(where, table, "side", SIDES, "upper"), bound=bound,
                 bound_side=_choice(where, table, "bound_side", SIDES, table.get("side", "upper")),
                 values={k: _exact(f"{where}: values: {k}", v) for k, v in values.items()}, facts=facts)


def _exact(where: str, value: Any) -> Exact:
    try:
        return Fraction(exact(value))
    except NormboundError as error:
        raise NetworkError(f"{where}: {error}") from None


def _vector(where: str, value: Any) -> list[Exact]:
    """A list of exact numbers; the text "a x n" stands for n times a."""
    if not isinstance(value, list) or not value:
        raise NetworkError(f"{where}: found {value!r}; a list of exact numbers is needed")
    out: list[Exact] = []
    for item in value:
        number, times, count = item.partition(" x ") if isinstance(item, str) else (item, "", "")
        if times and not (count.isascii() and count.isdigit() and 0 < int(count[:9]) <= MAX_ENTRIES):
            raise NetworkError(f"{where}: found {item!r}; '1/2 x 3' stands for three entries, at most "
                               f"{MAX_ENTRIES} are accepted")
        out += [_exact(where, number)] * (int(count) if times else 1)
    if len(out) > MAX_ENTRIES:
        raise NetworkError(f"{where}: found {len(out)} numbers; at most {MAX_ENTRIES} are accepted")
    return out


def _matrix(where: str, value: Any) -> list[list[Exact]]:
    """A list of rows of one length; one plain list is one row."""
    if isinstance(value, list) and value and not isinstance(value[0], list):
        return [_vector(where, value)]
    if not isinstance(value, list) or not value:
        raise NetworkError(f"{where}: found {value!r}; a list of rows of exact numbers is needed")
    rows = [_vector(where, r) for r in value]
    if len({len(r) for r in rows}) != 1:
        raise NetworkError(f"{where}: rows of different lengths")
    return rows


# -- replay -----------------------------------------------------------------------------------------------------------

def replay(entry: Entry) -> Replay:
    """Run the witness of ``entry`` in ball arithmetic.

    Raises NormboundError if the witness does not fit the statement.
    """
    with precision(BITS), Store():
        try:
            measured, symbols, derived = _MEASURES[entry.kind](entry)
            claimed = evaluate(parse(entry.claimed), symbols, BITS)
            found = [(parse(entry.bound), entry.bound_side, False)] if entry.bound is not None else []
            found += derived
            corrected = tuple(_corrected(t, side, measured, symbols, ours) for t, side, ours in found)
        except NormboundError as error:
            raise type(error)(f"{entry.id}: {error}") from None
        if not corrected:
            raise NetworkError(f"{entry.id}: this witness has no derived bound; give the corrected number as "
                               'bound = "..."')
        beyond = measured > claimed if entry.side == "upper" else measured < claimed
        return Replay(entry, claimed, measured, corrected, "refuted" if beyond else "not refuted")


def _corrected(term: Term, side: str, measured: Any, symbols: Mapping[str, Any], ours: bool) -> Corrected:
    value = evaluate(term, symbols, BITS)
    if measured <= value if side == "upper" else measured >= value:
        standing = "attained" if measured == value else "holds"
    elif value.overlaps(measured) and min(value.rel_accuracy_bits(), measured.rel_accuracy_bits()) >= TIGHT:
        standing = "attained"
    else:
        standing = "contradicted"
    return Corrected(to_text(term), value, side, standing, ours)


Derived = list[tuple[Term, str, bool]]
Measured = tuple[Any, dict[str, Any], Derived]


def _array(value: Any) -> Array:
    """An array of balls from an exact number, a vector or a matrix."""
    return to_balls(np.array(value, dtype=object))


def _size(values: Array, norm: str) -> Any:
    return largest(values) if norm == "linf" else euclidean(values)


def _measure_network(entry: Entry) -> Measured:
    w, values = entry.witness, entry.values
    x = _matrix("x", w.get("x"))
    y = x if "y" not in w else _matrix("y", w["y"])
    if (len(x), len(x[0])) != (len(y), len(y[0])):
        raise NetworkError("x and y differ in shape")
    what = _choice("witness", w, "measure", ("quotient", "norm"), "quotient")
    norm = _choice("witness", w, "norm", ("l2", "linf"), "l2")
    network = _network(_text("witness", w, "network"), x, values)
    program = network.program()
    for name, point in (("x", x), ("y", y)):
        if network.input.radius is not None and sum(v * v for r in point for v in r) > values["R"] ** 2:
            raise NetworkError(f"{name} lies outside of the radius R = {values['R']}")
    tensors = _tensors(program, w.get("tensors", {}), values)
    other = _tensors(program, {**w.get("tensors", {}), **w.get("moved", {})}, values)
    first = _forward(program, tensors, x, values)
    if what == "norm":
        measured = _size(_chosen(first, w), norm)
        wrt = "radius"
    else:
        second = _forward(program, other, y, values)
        moved = _size(_array([[a - b for a, b in zip(r, s, strict=True)] for r, s in zip(x, y, strict=True)]), norm)
        change = _parameter_distance(program, tensors, other)
        if change and norm != "l2":
            raise NetworkError("parameters are measured in l2; accepted: norm = \"l2\"")
        distance = (moved * moved + to_arb(change)).sqrt() if change else moved
        if not distance > 0:
            raise NetworkError("the witness moves neither the input nor the parameters")
        measured = _size(_chosen(first - second, w), norm) / distance
        wrt = "parameters" if x == y else "joint" if change else "input"
    symbols = {**values, **{s: _fact(s, f, entry, program, tensors) for s, f in entry.facts.items()}}
    derived: Derived = []
    if norm == "l2" and wrt != "joint" and entry.bound_side == "upper":
        bound = derive(network, wrt)
        value = bound.at({k: v for k, v in values.items() if k in bound.symbols()}, BITS)
        if value.status != "holds":
            raise NetworkError(f"the derived bound does not apply: {'; '.join(value.reasons)}")
        derived.append((bound.term, "upper", True))
    return measured, symbols, derived


def _chosen(rows: Array, w: Mapping[str, Any]) -> Array:
    chosen = w.get("rows")
    if chosen is None:
        return rows
    if not isinstance(chosen, list) or not all(isinstance(k, int) and 1 <= k <= len(rows) for k in chosen):
        raise NetworkError(f"rows: found {chosen!r}; a list of row numbers from 1 to {len(rows)} is needed")
    return rows[[k - 1 for k in chosen]]


def _network(text: str, x: Sequence[Sequence[Exact]], values: Mapping[str, Exact]) -> Network:
    """The network ``text`` on inputs shaped like ``x`` (rows are samples), with radius R where R has a value."""
    store = current()
    radius = store.symbol("R") if "R" in values else None
    return parse_network(text, Input(radius, len(x[0]), len(x)))


def _fact(symbol: str, fact: Mapping[str, Any], entry: Entry, program: Program, tensors: list[dict[str, Any]]) -> Any:
    """A measured symbol: a norm or the least deviation of the rows of a network's output, or the norm of a matrix."""
    of = _choice(f"facts: {symbol}", fact, "of", ("norm", "deviation", "matrix"))
    if of == "matrix":
        return _spectral(_matrix(f"facts: {symbol}: matrix", fact.get("matrix")))
    points = [fact["x"]] if "x" in fact else [entry.witness[p] for p in fact.get("points", ["x"])]
    found = []
    for point in points:
        x = _matrix(f"facts: {symbol}", point)
        if "network" in fact:
            program = _network(_text(f"facts: {symbol}", fact, "network"), x, entry.values).program()
            tensors = _tensors(program, {}, entry.values)
        y = _forward(program, tensors, x, entry.values)
        if of == "norm":
            found.append(euclidean(y))
        else:
            centred = y - y.mean(axis=-1, keepdims=True)
            found += [euclidean(row) / to_arb(y.shape[-1]).sqrt() for row in centred]
    least = found[0]
    for v in found[1:]:
        least = least.min(v)
    return least


def _measure_matrix(entry: Entry) -> Measured:
    matrices = entry.witness.get("matrices")
    if not isinstance(matrices, list) or not matrices:
        raise NetworkError(f"witness: matrices: found {matrices!r}; a list of matrices is needed")
    product = _matrix("matrices", matrices[0])
    for m in matrices[1:]:
        left = _matrix("matrices", m)
        if len(left[0]) != len(product):
            raise NetworkError("witness: matrices: sizes do not fit for a product")
        columns = list(zip(*product, strict=True))
        product = [[sum((a * b for a, b in zip(row, c, strict=True)), Fraction(0)) for c in columns] for row in left]
    symbols: dict[str, Any] = dict(entry.values)
    for symbol, fact in entry.facts.items():
        _choice(f"facts: {symbol}", fact, "of", ("matrix",))
        symbols[symbol] = _spectral(_matrix(f"facts: {symbol}: matrix", fact.get("matrix")))
    return _spectral(product), symbols, []


def _spectral(matrix: Matrix) -> Any:
    """The spectral norm: exact where it is a rational number of small denominator, an enclosure otherwise."""
    ball = enclose_spectral(matrix, BITS)
    near = top(ball).limit_denominator(1000)
    if ball.overlaps(to_arb(near)) and _sign_of_gap(matrix, near) == 0:
        return to_arb(near)
    return ball


def _measure_loss(entry: Entry) -> Measured:
    w = entry.witness
    name = _choice("witness", w, "loss", ("cross-entropy",))
    x, y = _vector("x", w.get("x")), _vector("y", w.get("y"))
    label = w.get("label")
    if len(x) != len(y) or not isinstance(label, int) or not 1 <= label <= len(x) or x == y:
        raise NetworkError("witness: two different logit vectors of one length and a label from 1 to that length are "
                           "needed")

    def value(z: Sequence[Exact]) -> Any:
        return sum((to_arb(v - z[label - 1]).exp() for v in z), to_arb(0)).log()

    measured = abs(value(x) - value(y)) / euclidean(_array([a - b for a, b in zip(x, y, strict=True)]))
    return measured, dict(entry.values), [(losses.lookup(name)(len(x)).lipschitz, "upper", True)]


_MEASURES: dict[str, Callable[[Entry], Measured]] = {
    "network": _measure_network, "matrix": _measure_matrix, "loss": _measure_loss}


# -- tensors ----------------------------------------------------------------------------------------------------------

def _number(term: Term, values: Mapping[str, Exact]) -> Exact:
    """The exact value of a bound that is a number or a symbol."""
    found = term.literal()
    if found is None and term.node[0] == Op.SYM:
        found = values.get(term.node[1])
    if found is None:
        raise NetworkError(f"{term} has no exact value; a bound of a witness is a number or a symbol of values")
    return Fraction(found)


def _tensors(program: Program, given: Mapping[str, Any], values: Mapping[str, Exact]) -> list[dict[str, Any]]:
    """For each instruction its tensors by name, exact and inside the parameter set.

    Keys of ``given`` are a tensor's name with the layer's place in front ("1.2.W"), or the name alone where one layer
    has it. A gain that is not given equals its bound everywhere; constants equal theirs.
    """
    out: list[dict[str, Any]] = []
    left = dict(given)
    homes = [(at, p) for at, i in enumerate(program.code) if isinstance(i.block, Layer)
             for p in i.block.parameters(i.shape)]
    for at, instruction in enumerate(program.code):
        found: dict[str, Any] = {}
        for p in (q for k, q in homes if k == at):
            key = f"{'.'.join(map(str, instruction.path))}.{p.name}"
            if key not in left and sum(q.name == p.name for _, q in homes) == 1:
                key = p.name
            found[p.name] = _tensor(p, left.pop(key, None), values, f"{place(instruction.path)}, {p.name}")
        out.append(found)
    if left:
        raise NetworkError(f"tensors: {next(iter(left))!r} names no tensor of the network, or several")
    return out


def _tensor(p: Parameter, value: Any, values: Mapping[str, Exact], where: str) -> Any:
    dims = tuple(_number(d, values) for d in p.dims)
    size = _number(p.bound, values) if p.value is None else None
    if value is None and p.value is not None:
        value = [list(r) if isinstance(r, tuple) else r for r in p.value]
    if value is None:
        if p.norm not in ("sup", "least", "exact"):
            raise NetworkError(f"{where}: the witness gives no value")
        assert size is not None
        return size if not dims else [size] * int(dims[0])
    if not dims:
        entry = _exact(where, value)
        if size is not None and (abs(entry) > size or (p.norm == "exact" and entry != size)):
            raise NetworkError(f"{where}: {entry} is outside of the parameter set (bound {size})")
        return entry
    tensor: Any = _matrix(where, value) if len(dims) == 2 else _vector(where, value)
    shape = (len(tensor), len(tensor[0])) if len(dims) == 2 else (len(tensor),)
    if shape != dims:
        raise NetworkError(f"{where}: found the shape {shape}; {tuple(int(d) for d in dims)} is needed")
    if size is None:
        return tensor
    inside = {"spectral": lambda: _sign_of_gap(tensor, size) >= 0, "sup": lambda: all(abs(v) <= size for v in tensor),
              "euclidean": lambda: sum(v * v for v in tensor) <= size**2,
              "least": lambda: all(v >= size for v in tensor),
              "exact": lambda: all(v == size for v in tensor)}[p.norm]()
    if inside and p.row_bound is not None:
        inside = all(sum(v * v for v in row) <= _number(p.row_bound, values) ** 2 for row in tensor)
    if not inside:
        raise NetworkError(f"{where}: the tensor is outside of the parameter set (bound {size})")
    return tensor


def _sign_of_gap(matrix: Matrix, bound: Exact) -> Exact:
    """The sign of s - ||W||, decided exactly: negative, 0 or positive.

    s^2 - W W^T is positive semidefinite iff symmetric elimination meets no negative pivot and no zero pivot with a
    nonzero rest of its row; it is singular iff some pivot is zero.
    """
    rows = list(matrix) if len(matrix) <= len(matrix[0]) else [list(c) for c in zip(*matrix, strict=True)]
    n = len(rows)
    m = [[(bound**2 if i == j else Fraction(0)) - sum(a * b for a, b in zip(rows[i], rows[j], strict=True))
          for j in range(n)] for i in range(n)]
    least = bound**2
    for k in range(n):
        least = min(least, m[k][k])
        if m[k][k] < 0 or (m[k][k] == 0 and any(m[k][k + 1:])):
            return Fraction(-1)
        if m[k][k]:
            for i in range(k + 1, n):
                factor = m[i][k] / m[k][k]
                for j in range(k, n):
                    m[i][j] -= factor * m[k][j]
    return least


def _parameter_distance(program: Program, a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Exact:
    """The squared Euclidean distance of two parameter vectors; tensors of a tied Repeat count once."""
    total = Fraction(0)
    opened: list[Any] = []
    for at, instruction in enumerate(program.code):
        if instruction.op == OPEN:
            opened.append(instruction.block)
        elif instruction.op == CLOSE:
            opened.pop()
        elif instruction.op == LEAF:
            change = Fraction(0)
            for name, tensor in a[at].items():
                change += sum((u - v) ** 2 for u, v in zip(_flat(tensor), _flat(b[at][name]), strict=True))
            if change and (getattr(instruction.block, "share", None)
                           or any(isinstance(o, Repeat) and not o.tied and o.depth.literal() != 1 for o in opened)):
                raise NetworkError(f"{place(instruction.path)}: here a witness moves parameters in a tied Repeat or "
                                   "outside of any, and none that is shared")
            total += change
    return total


def _flat(tensor: Any) -> list[Exact]:
    if not isinstance(tensor, list):
        return [tensor]
    return [v for row in tensor for v in row] if isinstance(tensor[0], list) else tensor


# -- forward passes in balls ------------------------------------------------------------------------------------------

class _Open:
    """A bracket being run: its input, the outputs of its finished branches, iterations left, where the body begins."""

    def __init__(self, block: Composite | Repeat, x: Array, left: int):
        self.block, self.x, self.left = block, x, left
        self.outs: list[Array] = []
        self.body = 0


def _forward(program: Program, tensors: list[dict[str, Any]], point: Matrix, values: Mapping[str, Exact]) -> Array:
    """The output of the network at ``point``, enclosed: the layers' own forward passes run on balls.

    The rows of the point are samples. Every floor on the way is verified.
    """
    x = _array(point)[:, None, :]
    frames: list[_Open] = []
    at = 0
    while at < len(program.code):
        op, block, _, _, path, branch = program.code[at]
        if op == LEAF:
            assert isinstance(block, Layer)
            _meets_floor(block, x, values, path)
            x = to_balls(block.forward({name: _array(t) for name, t in tensors[at].items()}, x))
        elif op == OPEN:
            assert isinstance(block, (Composite, Repeat))
            left = 1
            if isinstance(block, Repeat):
                depth = _number(block.depth, values)
                if block.capture or not 1 <= depth <= MAX_DEPTH:
                    raise NetworkError(f"{place(path)}: a witness repeats from 1 to {MAX_DEPTH} times, without capture")
                left = int(depth)
            frames.append(_Open(block, x, left))
            x = _enter(frames[-1], branch)
        elif op == NEXT:
            frame = frames[-1]
            frame.outs.append(x)
            frame.body = at + 1
            x = x if isinstance(frame.block, Repeat) else _enter(frame, branch)
        else:
            frame = frames[-1]
            frame.left -= 1
            if frame.left:
                at = frame.body
                continue
            frames.pop()
            frame.outs.append(x)
            x = x if isinstance(frame.block, Repeat) else _joined(frame, values)
        at += 1
    return x


def _meets_floor(layer: Layer, x: Array, values: Mapping[str, Exact], path: tuple[int, ...]) -> None:
    if not isinstance(layer, Normalize) or layer.floor is None:
        return
    floor = to_arb(_number(layer.floor, values))
    for deviation in np.ravel(layer.deviations(x)):
        if not deviation.arb >= floor:
            raise NetworkError(f"{place(path)}, {layer.title}: the witness is not known to meet the floor "
                               f"{layer.floor}")


def _enter(frame: _Open, branch: int) -> Array:
    if not isinstance(frame.block, Composite) or frame.block.rule != "parallel":
        return frame.x
    width = frame.x.shape[-1] // len(frame.block.parts)
    return frame.x[..., branch * width:(branch + 1) * width]


def _joined(frame: _Open, values: Mapping[str, Exact]) -> Array:
    block, outs = frame.block, frame.outs
    assert isinstance(block, Composite)
    if block.rule in ("concat", "parallel"):
        return np.concatenate(outs, axis=-1)
    if block.rule == "scale":
        assert block.factor is not None
        return Ball(block.sign * _number(block.factor, values)) * outs[0]
    y = outs[0]
    for x in outs[1:]:
        y = y + x if block.rule == "sum" else y * x
    return y


# -- plain data -------------------------------------------------------------------------------------------------------

def data(found: Replay) -> dict[str, Any]:
    """A replay as plain data: TeX prose, and numbers as decimals rounded so that the printed inequality is true."""
    e = found.entry
    upper = e.side == "upper"
    far, near = (found.measured, found.claimed) if upper else (found.claimed, found.measured)
    low, high = _apart(far, near) if found.verdict == "refuted" else (_rounded(far, 5, False), _rounded(near, 5, True))
    return {"id": e.id, "verdict": found.verdict, "claim": e.claim, "believed": e.believed, "measures": e.measures,
            "why": e.why, "correct": e.correct, "use": list(e.use), "side": e.side,
            "claimed": {"term": e.claimed, "value": high if upper else low},
            "measured": {"value": low if upper else high, "enclosure": found.measured.str(25)},
            "corrected": [{"term": c.term, "value": _rounded(c.value, 5, c.side == "upper"), "side": c.side,
                           "standing": c.standing, "derived": c.derived} for c in found.corrected],
            "witness": _described(e)}


def _apart(far: Any, near: Any) -> tuple[str, str]:
    """Decimals between two separated balls: the first at most ``far``, the second at least ``near``, first > second."""
    for digits in range(4, 40):
        low, high = _rounded(far, digits, False), _rounded(near, digits, True)
        if Fraction(low) > Fraction(high):
            return low, high
    raise NetworkError("the two sides agree to 40 digits")


def _rounded(ball: Any, digits: int, up: bool) -> str:
    """A decimal of the upper end of a ball, rounded up, or of the lower end, rounded down."""
    if not ball.is_finite():
        return "unbounded"
    mantissa, exponent = (int(v) for v in (ball.upper() if up else ball.lower()).man_exp())
    q = Fraction(mantissa) * Fraction(2) ** exponent
    value = Context(prec=digits, rounding=ROUND_CEILING if up else ROUND_FLOOR).divide(q.numerator, q.denominator)
    if not value:
        return "0"
    value = value.normalize()
    return f"{value:f}" if -6 <= value.adjusted() <= 9 else f"{value:e}"


def _described(e: Entry) -> list[list[str]]:
    """The witness as pairs of a name and a text."""
    w = e.witness
    out: list[list[str]] = []
    if "network" in w:
        out.append(["f", w["network"]])
    if "loss" in w:
        out.append(["f", f"{w['loss']}, label {w['label']}"])
    if e.values:
        out.append(["with", ", ".join(f"{k} = {v}" for k, v in e.values.items())])
    for prime, key in (("", "tensors"), ("'", "moved")):
        out += [[name + prime, _shown(value)] for name, value in w.get(key, {}).items()]
    out += [[f"W{k + 1}" if len(w["matrices"]) > 1 else "W", _shown(m)] for k, m in enumerate(w.get("matrices", ()))]
    out += [[name, _shown(w[key])] for name, key in (("x", "x"), ("x'", "y")) if key in w]
    for symbol, fact in e.facts.items():
        of = fact.get("network", "f")
        names = ", ".join("x'" if p == "y" else "x" for p in fact.get("points", ["x"]))
        at = _shown(fact["x"]) if "x" in fact else names
        said = {"norm": f"norm of the output of {of} at {at}",
                "deviation": f"least deviation of the output of {of} at {at}",
                "matrix": f"norm of {_shown(fact.get('matrix'))}"}[fact["of"]]
        out.append([symbol, said])
    return out


def _shown(value: Any) -> str:
    """3/5, (1, -1) or [[1, 0], [0, 1]]; a single number stands alone."""
    if not isinstance(value, list):
        return str(value)
    if len(value) == 1 and (isinstance(value[0], list) or " x " not in str(value[0])):
        return _shown(value[0])
    if isinstance(value[0], list):
        return "[" + ", ".join("[" + ", ".join(map(str, row)) + "]" for row in value) + "]"
    return "(" + ", ".join(map(str, value)) + ")"
