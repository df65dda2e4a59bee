"""From a bound to the data of its certificate: the network, the terms and the claims that the proof checker decides.

Every block of the network carries the numbers of the terms of its summary, and lines of rewriting lead from the term that
the rules built to the normal form that is printed. Nothing of it is trusted: the checker of the library (``Checker.v``)
recomputes each claim from those of the parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from normbound.calculus.bound import Bound, bound_of
from normbound.calculus.derivation import Derivation
from normbound.calculus.derive import Engine, Frame, outside
from normbound.contracts import rules
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.contracts.context import Context, Contract, Sensitivity, Shape
from normbound.contracts.summary import Summary, identity
from normbound.errors import UnsupportedError
from normbound.formal.layers import ACTIVATION_CONSTANTS, Leaf, Piece, joins, least_dimensions, multiples, proved, shape_text, write
from normbound.formal.nodes import Symbols, Table, dim, listed
from normbound.formal.reading import readable
from normbound.layers.activations import Elementwise
from normbound.layers.linear import Outside
from normbound.layers.normalization import Standardize
from normbound.network.program import Program, group_name, natural_symbols, place
from normbound.terms.normal import Normal
from normbound.terms.store import INF_ID, Op, Term, sqrt

_CONSTANTS = {
    "GELU": "Phi in GELU is the normal distribution function",
    "SELU": "the factors of SELU are at least 0 and 1",
    "SiLU": "the constant of SiLU is 1/2 + x/4, where x > 0 and x tanh(x/2) = 2",
}  # what the checker asks of named constants
PART = 100  # layers of a chain in one definition
INLINE = 12


@dataclass(slots=True)
class Text:
    """Text with ids of terms in between: their numbers in the table are known when the whole is."""

    pieces: list[Piece] = field(default_factory=list)

    def __init__(self, *parts: Text | Piece):
        self.pieces = []
        self.add(*parts)

    def add(self, *parts: Text | Piece) -> Text:
        for p in parts:
            if isinstance(p, Text):
                self.pieces += p.pieces
            else:
                self.pieces.append(p)
        return self

    def ids(self) -> Iterator[int]:
        return (p for p in self.pieces if isinstance(p, int))

    def with_numbers(self, table: Table) -> str:
        return "".join(p if isinstance(p, str) else table(p) for p in self.pieces)


def _note(path: tuple[int, ...], name: str) -> str:
    """A comment before a block: where it is, for people and for the diagnosis of a rejected certificate."""
    return f"(* {place(path)} {re.sub(r'[^A-Za-z0-9_ .-]', '', name)} *) "


class _Chain:
    """A branch being written: its first block, and functions that append to it."""

    __slots__ = ("done", "pending", "start", "steps")

    def __init__(self, start: Text | None = None):
        self.start = start
        self.steps: list[Text] = []
        self.done: list[Text] = []  # the finished branches of the bracket
        self.pending: tuple[Layer, bool] | None = None  # a normalizer whose affine map follows; whether it begins the branch


@dataclass(frozen=True, slots=True)
class Export:
    """What a certificate states, as text; ``certificate.v.j2`` puts it together.

    symbols      name of each symbol -> its number; naturals, indices (of iterations) and states (of recursions) are some of them
    rows         the table of terms, oldest first
    definitions  (name, type, body) of the parts of long chains
    network      the network with the claims of its blocks
    shape        of the input
    groups       dimensions of the shared tensors
    positive     what is assumed of terms: the numbers of those that are positive
    least        what is assumed of dimensions: a lower bound of some,
    divides      and which is a multiple of which
    constants    activations with a named constant, about which something is assumed
    conditions   what is assumed of dimensions, constants and indices, in words
    assumed      places of layers whose contract is a hypothesis
    lines        pairs of equal terms, each one following from those before
    stop         terms that stay whole in normal forms
    raw, root    numbers of the bound as the rules built it, and in normal form
    term         the normal form
    """

    symbols: dict[str, int]
    naturals: frozenset[str]
    indices: tuple[str, ...]
    states: tuple[str, ...]
    rows: list[str]
    definitions: list[tuple[str, str, str]]
    network: str
    shape: str
    groups: list[str]
    positive: list[str]
    least: list[str]
    divides: list[str]
    constants: frozenset[str]
    conditions: tuple[str, ...]
    assumed: tuple[str, ...]
    lines: list[str]
    stop: list[str]
    raw: str
    root: str
    term: Term

    @property
    def small(self) -> bool:
        """Whether the bound can be written out for people."""
        return readable(self.term)


class _Writer(Engine):
    """Derives the bound once more and writes the network down on the way, block by block."""

    def __init__(self, program: Program, bound: Bound):
        d = bound.derivation
        super().__init__(program, d.trainable, d.floors, d.dropped)
        self.symbols = Symbols(set(natural_symbols(program)))
        captures = any(isinstance(i.block, Repeat) and i.block.capture for i in program.code)
        self.full = bound.wrt == "parameters" or captures  # then sensitivities are claimed
        families = any(isinstance(i.block, Repeat) and i.block.index is not None for i in program.code)
        self.radii = self.full or self.wants_sup or families or bound.wrt == "radius"
        self.groups: dict[str, int] = {}
        self.dims: list[str] = []
        self.loops: list[str] = []
        self.indices: dict[str, None] = {}
        self.positive: dict[int, None] = {}
        self.least: dict[tuple[str, int], None] = {}
        self.multiples: dict[tuple[str, str], None] = {}
        self.constants: set[str] = set()
        self.conditions: dict[str, None] = {}
        self.assumed: list[str] = []
        self.definitions: list[tuple[str, str, Text]] = []
        self.chains: list[_Chain] = []
        self.kept: tuple[Sensitivity, ...] = ()
        self.untrained = 0
        self.path: tuple[int, ...] = ()

    def write(self) -> tuple[Derivation, Text]:
        """The derivation and the network with its claims."""
        radius = self.program.network.input.radius
        store = self.store
        ground = identity(store.one, store.zero) if radius is None else \
            Summary(store.one, radius, store.zero, store.zero, store.zero, store.zero)
        claim = self.claim(ground)
        self.chains.append(_Chain(Text("(Skip ", claim, ")") if radius is None else Text("(Ball ", radius.id, " ", claim, ")")))
        derivation = self.run()
        text = self._finish(self.chains[0])
        names = list(self.top_run.shared)
        if names and self.full:
            text = Text(f"(Close {listed(f'{self.groups[n]}%nat' for n in names)} ", text, " ", self.claim(derivation.summary), ")")
        for use in derivation.uses:
            h = use.hypothesis
            if h.kind in ("floor", "positive"):
                self.positive[h.terms[-1 if h.kind == "floor" else 0].id] = None
        return derivation, text

    # -- claims ---------------------------------------------------------------------------------------------------
    def claim(self, s: Summary, under: Term | None = None) -> Text:
        """The annotation of a block with summary ``s``: what the checker has to confirm."""
        if s.L.id == INF_ID:
            raise UnsupportedError(f"{place(self.path)}: the constant is unbounded, so the bound has no certificate")
        mark = Text("d1") if under is None else Text(under.id)
        if not self.radii:
            return Text("(cl ", s.L.id, " ", mark, ")")
        known = s.b0.id != INF_ID and s.G.id != INF_ID
        out = Text("(Ann (Some (Claim ", s.L.id, " ", *(("(Some (", s.b0.id, ", ", s.G.id, ")) ") if known else ("None ",)))
        if self.full:
            if any(t.id == INF_ID for t in s.coefficients()):
                raise UnsupportedError(f"{place(self.path)}: a sensitivity is unbounded, so the bound has no certificate")
            out.add("(Some (", s.q2.id, ", ", s.q1.id, ", ", s.q0.id, ")) [")
            for k, (name, c) in enumerate(s.shared.items()):
                if c.binders:
                    raise UnsupportedError("an untied Repeat inside a tied one has no certificate; tie the inner or untie the outer")
                out.add("; " if k else "", f"({self.groups[name]}%nat, ", c.l1.id, ", ", c.l0.id, ")")
            out.add("] ")
        else:
            out.add("None [] ")
        out.add(*(("(Some ", s.sup.id, ")") if self.wants_sup and s.sup is not None and s.sup.id != INF_ID else ("None",)))
        return out.add(")) ", mark, ")")

    # -- tensors --------------------------------------------------------------------------------------------------
    def _trained(self, contract: Contract, layer: Layer, path: tuple[int, ...]) -> tuple[Sensitivity, ...]:
        self.kept = super()._trained(contract, layer, path)
        return self.kept

    def use(self, layer: Layer, name: str, dims: tuple[Term, ...]) -> str:
        """Where the checker reads a tensor. "gamma, beta" asks for the two as one; "" says that they are separate."""
        joint = {s.parameter for s in self.kept if ", " in s.parameter}
        if ", " in name:
            if name not in joint:
                return ""
            dims = (self.store.number(2), *dims)
        if isinstance(layer, Standardize) or (self.full and name not in {s.parameter for s in self.kept}):
            self.untrained += 1
            self.indices.update(dict.fromkeys(self.loops))
            return f"(Fixed {self.untrained}%nat {listed(self.symbols(i) for i in self.loops)})"
        if not self.tied and layer.share is None:
            return "Once"
        return f"(Shared {self._group(group_name(layer, self.path, name), dims)}%nat)"

    def _group(self, name: str, dims: tuple[Term, ...]) -> int:
        if name not in self.groups:
            self.groups[name] = len(self.groups)
            sizes = [dim(t, self.symbols) for t in dims]
            self.dims.append(f"({', '.join(['DNum 1'] * (2 - len(sizes)) + sizes)})")
        return self.groups[name]

    # -- leaves ---------------------------------------------------------------------------------------------------
    def _leaf(self, frame: Frame, at: int, layer: Layer, shape: Shape, path: tuple[int, ...], context: Context) -> None:
        began = frame.step is None
        self.kept = ()
        super()._leaf(frame, at, layer, shape, path, context)
        self.path = path
        chain = self.chains[-1]
        code = self.program.code
        following = code[at + 1].block if at + 1 < len(code) else None
        if joins(layer, following):
            chain.pending = (layer, began)
            return
        parts: tuple[Layer, ...] = (layer,)
        if chain.pending is not None:
            normalizer, began = chain.pending
            parts, chain.pending = (normalizer, layer), None
        leaf = Leaf(parts, shape, code[at].out)
        floors = context.floors
        if isinstance(layer, Outside):
            text = self._outside(layer, leaf)
        elif proved(leaf.parts[0]):
            text = Text(*write(leaf, self.symbols, self.use, floors))
        else:
            text = self._assumed(layer, leaf, context)
        under = leaf.under(floors)
        if under is not None:
            self.positive[under.id] = None
        for t, n in least_dimensions(leaf):
            if t.literal() is None:
                self.least[dim(t, self.symbols), n] = None
                self.conditions[f"{t} >= {n}"] = None
        for a, b in multiples(leaf):
            self.multiples[dim(a, self.symbols), dim(b, self.symbols)] = None
            if a.literal() is None or b.literal() is None:
                self.conditions[f"{a} is a multiple of {b}"] = None
        if isinstance(layer, Elementwise):
            self.constants |= {layer.kind.name} & ACTIVATION_CONSTANTS
        note = _note(path, getattr(leaf.parts[0], "title", leaf.parts[0].name))
        self._append(chain, began, Text(note, "(Leaf ", text, " ", self.claim(frame.run, under), ")"),
                     Text(note, "st ", text, " ", self.claim(frame.run)) if under is None else
                     Text(note, "su ", under.id, " ", text, " ", self.claim(frame.run)))

    def _append(self, chain: _Chain, began: bool, alone: Text, step: Text) -> None:
        if began:
            chain.start = alone
        else:
            chain.steps.append(step)

    def _outside(self, layer: Outside, leaf: Leaf) -> Text:
        frame = self._capturing(layer.source)
        size = leaf.out
        group = self._group(outside(frame.path, layer.source), (size.samples * size.positions * size.features,))
        return Text(f"(Outside {group}%nat {shape_text(size, self.symbols)} ", self._captured(layer.source).id, ")")

    def _assumed(self, layer: Layer, leaf: Leaf, context: Context) -> Text:
        """A layer without a proved contract: what it promises becomes a hypothesis."""
        contract = layer.contract(context)
        root = sqrt(leaf.shape.rows) if layer.rowwise and leaf.shape.rows.id != 1 else self.store.one
        out = Text(f"(Assumed {len(self.assumed)}%nat {shape_text(leaf.out, self.symbols)} [")
        dims = {p.name: p.dims for p in layer.parameters(leaf.shape)}
        for k, s in enumerate(contract.parameters):
            sizes = [dim(t, self.symbols) for t in dims[s.parameter]]
            if len(sizes) > 2:
                raise UnsupportedError(f"{place(self.path)} ({layer.name}): a tensor of {len(sizes)} axes has no certificate")
            pair = ", ".join(["DNum 1"] * (2 - len(sizes)) + sizes)
            l0 = s.l0 if not s.l0 else root * s.l0
            out.add("; " if k else "", f"({pair}, {self.use(layer, s.parameter, dims[s.parameter])}, ", s.l1.id, ", ", l0.id, ")")
        offset = contract.offset if not contract.offset else root * contract.offset
        self.assumed.append(f"{place(self.path)} ({layer.name})")
        return out.add("] ", contract.lip.id, " ", offset.id, " ", contract.growth.id, ")")

    # -- brackets -------------------------------------------------------------------------------------------------
    def _open(self, block: Composite | Repeat, path: tuple[int, ...]) -> Frame:
        self.chains.append(_Chain())
        return super()._open(block, path)

    def _next(self, frame: Frame, branch: int) -> None:
        chain = self.chains[-1]
        chain.done.append(self._finish(chain))
        chain.start, chain.steps = None, []
        super()._next(frame, branch)

    def _enter_body(self, frame: Frame, block: Repeat) -> None:
        super()._enter_body(frame, block)
        index = block.index if block.index is not None else f"i.{len(self.out.scopes)}"
        self.symbols.naturals.add(index)
        self.loops.append(index)

    def _close(self, at: int, path: tuple[int, ...]) -> Frame:
        frame = self.frames[-1]
        chain = self.chains.pop()
        chain.done.append(self._finish(chain))
        parent = self.frames[-2]
        began = parent.step is None
        super()._close(at, path)
        self.path = path
        block = frame.block
        if isinstance(block, Repeat):
            text = self._repeated(frame, block, chain)
        else:
            assert isinstance(block, Composite)
            text = self._combined(at, frame, block, chain)
        claim = self.claim(parent.run)
        text = Text(_note(path, "Repeat" if isinstance(block, Repeat) else block.rule), text)
        self._append(self.chains[-1], began, text, Text("sb ", text, " ", claim))
        return parent

    def _combined(self, at: int, frame: Frame, block: Composite, chain: _Chain) -> Text:
        outs = [s for s, _ in frame.outs]
        if block.rule == "product":
            outs = [s if s.sup is not None else s._replace(sup=s.radius(frame.base)) for s in outs]
        if block.rule == "scale":
            assert block.factor is not None
            return Text(f"(Scale {'true' if block.sign < 0 else 'false'} ", block.factor.id, " ", chain.done[0], " ",
                        self.claim(rules.compose("scale", outs, block.factor)), ")")
        text = chain.done[0]
        for k in range(1, len(outs)):
            split = ""
            if block.rule == "parallel":
                split = self._split(at, len(outs), k)
            text = Text(f"({block.rule.capitalize()} {split}", text, " ", chain.done[k], " ",
                        self.claim(rules.compose(block.rule, outs[:k + 1])), ")")
        return text

    def _split(self, at: int, count: int, k: int) -> str:
        width = self.program.code[at].shape.features
        literal = width.literal()
        part = f"(DNum {literal // count})" if isinstance(literal, int) else f"(DDiv {dim(width, self.symbols)} (DNum {count}))"
        first = part
        for _ in range(k - 1):
            first = f"(DAdd {first} {part})"
        return f"{first} {part} "

    def _stages(self, frame: Frame, block: Repeat, summary: Summary) -> list[Summary]:
        self.stages = super()._stages(frame, block, summary)
        return self.stages

    def _repeated(self, frame: Frame, block: Repeat, chain: _Chain) -> Text:
        index = self.loops.pop()
        repeated, closed, started, *released = self.stages
        body = chain.done[-1]
        if block.index is not None:
            self.indices[index] = None
        named = f"(Some {self.symbols(index)})" if index in self.indices else "None"
        scope = self.out.scopes[frame.scope]
        assert scope.iteration is not None
        recursion = scope.iteration.form() == "recurrence"
        text = Text(f"(Rep {dim(block.depth, self.symbols)} {named} ", body, " ",
                    self.claim(repeated, scope.state if recursion else None), ")")
        if self.full:
            names = [g for g in repeated.shared if g not in closed.shared]
            if names:
                text = Text(f"(Close {listed(f'{self.groups[n]}%nat' for n in names)} ", text, " ", self.claim(closed), ")")
        if block.start is not None:
            text = Text("(Series ", chain.done[0], " ", text, " ", self.claim(started), ")")
        for k, name in enumerate(block.capture):
            group = self.groups.get(outside(frame.path, name))
            if group is not None:  # otherwise the body never reads it
                text = Text(f"(Capture {group}%nat ", chain.done[1 + k], " ", text, " ", self.claim(released[k]), ")")
        return text

    def _finish(self, chain: _Chain) -> Text:
        """The block of a chain; long chains become definitions of PART steps each."""
        assert chain.start is not None
        text = chain.start
        if len(chain.steps) <= INLINE:
            for step in chain.steps:
                text = Text("(", step, " ", text, ")")
            return text
        for k in range(0, len(chain.steps), PART):
            part = Text("[")
            for j, step in enumerate(chain.steps[k:k + PART]):
                part.add(";\n  " if j else "", step)
            number = len(self.definitions) // 2 + 1
            self.definitions.append((f"part_{number}", "list (net ann -> net ann)", part.add("]")))
            self.definitions.append((f"chain_{number}", "net ann", Text(f"run part_{number} ", text)))
            text = Text(f"chain_{number}")
        return text


def export(bound: Bound) -> Export:
    """The data of the certificate of ``bound``.

    Raises UnsupportedError for a bound that is unbounded or that the checker has no form for.
    """
    if bound.unbounded:
        raise UnsupportedError("the bound is unbounded: there is nothing to prove")
    writer = _Writer(bound.derivation.program, bound)
    derivation, network = writer.write()
    again = bound_of(bound.network, derivation, bound.wrt)
    store = again.term.store
    for t in again._denominators():
        writer.positive[t.id] = None
    forms = Normal(store)
    root, lines = forms.trace(again.term)
    stop = sorted(forms.opaque)
    ids = [*network.ids(), *(p for _, _, text in writer.definitions for p in text.ids()), *writer.positive, again.term.id, root.id,
           *(i for line in lines for i in line), *stop]
    table = Table(store, writer.symbols)
    table.add(ids)
    symbols = writer.symbols
    shape = shape_text(bound.network.input.shape, symbols)  # the last that may meet a new symbol
    nodes = store.nodes
    found = store.reachable([Term(store, i) for i in ids])
    states = dict.fromkeys(nodes[x][1] for i in found if nodes[i][0] == Op.REC for x in nodes[i][4])
    bound_indices = dict.fromkeys(nodes[nodes[i][1 if nodes[i][0] != Op.REC else 3]][1] for i in found
                                  if nodes[i][0] in (Op.PROD, Op.SUM, Op.REC))
    positive = store.reachable([Term(store, p) for p in writer.positive])
    varying = set(writer.indices) & {nodes[i][1] for i in positive if nodes[i][0] == Op.SYM}
    conditions = [*writer.conditions, *(_CONSTANTS[name] for name in sorted(writer.constants)),
                  *(f"what is positive is positive for every natural number {i}" for i in sorted(varying))]
    return Export(
        symbols=symbols.numbers, naturals=frozenset(symbols.naturals),
        indices=tuple(n for n in {**writer.indices, **bound_indices} if n in symbols.numbers), states=tuple(states),
        rows=table.rows, definitions=[(name, kind, text.with_numbers(table)) for name, kind, text in writer.definitions],
        network=network.with_numbers(table), shape=shape, groups=writer.dims,
        positive=[table(i) for i in writer.positive], least=[f"({d}, {n}%N)" for d, n in writer.least],
        divides=[f"({a}, {b})" for a, b in writer.multiples], constants=frozenset(writer.constants), conditions=tuple(conditions),
        assumed=tuple(writer.assumed), lines=[f"({table(a)}, {table(b)})" for a, b in lines], stop=[table(i) for i in stop],
        raw=table(again.term), root=table(root), term=root)
