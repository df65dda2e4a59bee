"""Networks as programs: the composition tree laid out as a flat list of instructions with shapes.

Everything that walks a network (derivation, forward passes, checks) is a loop over this list with a stack, so trees of
any depth and chains of any length are fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from normbound.contracts.block import Block, Composite, Layer, Parameter, Repeat, as_block, bound, natural
from normbound.contracts.context import Shape
from normbound.errors import NetworkError, NormboundError, ShapeError, TermError
from normbound.layers.linear import Identity, Outside
from normbound.terms.names import check_name
from normbound.terms.normal import same
from normbound.terms.store import Op, Store, Term, TermLike, current

LEAF, OPEN, NEXT, CLOSE = range(4)


class Instruction(NamedTuple):
    """One step of the program.

    OPEN and CLOSE bracket a composite or a Repeat, NEXT stands between its branches. The branches of a Repeat are, in
    order: its start, its captured networks, its body. ``path`` is the position in the tree; ``branch`` counts the
    branches of the bracket for NEXT.
    """

    op: int
    block: Block
    shape: Shape
    out: Shape
    path: tuple[int, ...]
    branch: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """The domain: tensors of samples x positions x features with Euclidean norm at most ``radius`` over all entries.

    radius None is all of space: bounds that need a radius are then unbounded. The centre is 0.
    """

    radius: Term | None
    features: Term
    samples: Term
    positions: Term

    def __init__(self, radius: TermLike | None = None, features: TermLike = "d", samples: TermLike = 1,
                 positions: TermLike = 1):
        put = object.__setattr__
        put(self, "radius", None if radius is None else bound(radius, "Input radius"))
        for name, value in (("features", features), ("samples", samples), ("positions", positions)):
            t = natural(value, f"Input {name}")
            if not t:
                raise NetworkError(f"Input {name}: found 0; at least 1 is needed")
            put(self, name, t)

    @property
    def shape(self) -> Shape:
        return Shape.of(self.samples, self.positions, self.features)

    def __rshift__(self, block: Block) -> Network:
        return Network(self, as_block(block))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Network:
    """A block on a domain."""

    input: Input
    body: Block
    title: str = ""

    def __rshift__(self, block: Block) -> Network:
        return Network(self.input, self.body >> block, self.title)

    def __repr__(self) -> str:
        return f"<network {self.title or self.body!r}>"

    def without_normalization(self) -> Network:
        """The same network with whole normalizers removed; weights, biases and activations stay."""
        return Network(self.input, strip_normalizers(self.body), self.title)

    def program(self) -> Program:
        return compile_network(self)


class Program(NamedTuple):
    """Instructions of a network, and what its symbols are."""

    network: Network
    code: list[Instruction]
    out: Shape

    def layers(self) -> Iterator[Instruction]:
        return (i for i in self.code if i.op == LEAF)


def parts_of_series(block: Block) -> list[Block]:
    """The maximal chain at ``block``, in order of application."""
    chain: list[Block] = []
    stack = [block]
    while stack:
        b = stack.pop()
        if isinstance(b, Composite) and b.rule == "series":
            stack.extend(reversed(b.parts))
        else:
            chain.append(b)
    return chain


def branches(block: Composite | Repeat) -> tuple[Block, ...]:
    """The parts that a bracket runs, in order."""
    if isinstance(block, Repeat):
        return (block.start or Identity(), *block.capture.values(), block.body)
    return block.parts


def compile_network(network: Network) -> Program:
    """Lay the tree out, infer shapes, and check what can be checked without numbers.

    Raises ShapeError or NetworkError naming the place (layer number along each nesting level).
    """
    code: list[Instruction] = []
    shape = network.input.shape
    tasks: list[tuple] = [("series", network.body, ())]
    opened: list[tuple[Composite | Repeat, Shape, list[Shape], tuple[int, ...]]] = []
    while tasks:
        task = tasks.pop()
        if task[0] == "series":
            tasks.append(("chain", parts_of_series(task[1]), 0, task[2]))
        elif task[0] == "chain":  # the layers up to the next bracket
            _, chain, k, prefix = task
            while k < len(chain) and isinstance(chain[k], Layer):
                path = (*prefix, k + 1) if len(chain) > 1 else prefix or (1,)  # a chain of one needs no number of its own
                if isinstance(chain[k], Outside):
                    out = _captured_shape(chain[k], opened, path)
                    code.append(Instruction(LEAF, chain[k], shape, out, path))
                    shape = out
                else:
                    shape = _lay_leaf(code, chain[k], shape, path)
                k += 1
            if k == len(chain):
                continue
            block, path = chain[k], (*prefix, k + 1) if len(chain) > 1 else prefix or (1,)
            if not isinstance(block, (Composite, Repeat)):
                raise NetworkError(f"{place(path)}: found {type(block).__name__}, which is not a layer or a composition")
            tasks.append(("chain", chain, k + 1, prefix))
            runs = branches(block)
            opened.append((block, shape, [], path))
            tasks.append(("close",))
            for k in range(len(runs) - 1, -1, -1):
                tasks.append(("series", runs[k], (*path, k + 1)))
                tasks.append(("branch", k))
        elif task[0] == "branch":
            block, before, outs, path = opened[-1]
            k = task[1]
            if k:
                outs.append(shape)
            branch_shape = _branch_shape(block, before, outs, k, path)
            code.append(Instruction(OPEN if k == 0 else NEXT, block, before, branch_shape, path, k))
            shape = branch_shape
        else:
            block, before, outs, path = opened.pop()
            outs.append(shape)
            shape = _joined_shape(block, before, outs, path)
            code.append(Instruction(CLOSE, block, before, shape, path, len(outs)))
    program = Program(network, code, shape)
    _check_names(program)
    return program


def _captured_shape(layer: Outside, opened: list[tuple[Composite | Repeat, Shape, list[Shape], tuple[int, ...]]],
                    path: tuple[int, ...]) -> Shape:
    """The shape of the tensor that the innermost enclosing Repeat, in its body, captures under the layer's name."""
    for block, _, outs, _ in reversed(opened):
        if isinstance(block, Repeat) and layer.source in block.capture and len(outs) == len(block.capture) + 1:
            return outs[1 + list(block.capture).index(layer.source)]
    raise NetworkError(f"{place(path)}: Outside({layer.source}) must stand in the body of a Repeat that captures "
                       f"{layer.source!r}")


def _lay_leaf(code: list[Instruction], layer: Layer, shape: Shape, path: tuple[int, ...]) -> Shape:
    primitives = layer.expand() or (layer,)
    for primitive in primitives:
        try:
            out = primitive.output_shape(shape)
        except NormboundError as error:
            raise type(error)(f"{place(path)}: {error}") from None
        code.append(Instruction(LEAF, primitive, shape, out, path))
        shape = out
    return shape


def _branch_shape(block: Composite | Repeat, before: Shape, outs: list[Shape], k: int, path: tuple[int, ...]) -> Shape:
    if isinstance(block, Repeat):
        return outs[0] if k == len(branches(block)) - 1 and outs else before
    if block.rule != "parallel":
        return before
    width, count = before.features.literal(), len(block.parts)
    if width is not None and (not isinstance(width, int) or width % count):
        raise ShapeError(f"{place(path)}: parallel of {count} parts cannot split {width} features equally")
    return before.with_features(before.features * current().number(Fraction(1, count)))


def _joined_shape(block: Composite | Repeat, before: Shape, outs: list[Shape], path: tuple[int, ...]) -> Shape:
    if isinstance(block, Repeat):
        if not equal_shapes(outs[0], outs[-1]):
            raise ShapeError(f"{place(path)}: the body of a Repeat must keep the shape; it maps {outs[0]} to {outs[-1]}")
        return outs[-1]
    if block.rule in ("concat", "parallel"):
        total = outs[0].features
        for o in outs[1:]:
            total = total + o.features
        return outs[0].with_features(total)
    for o in outs[1:]:
        if not equal_shapes(outs[0], o):
            raise ShapeError(f"{place(path)}: the parts of a {block.rule} have shapes {outs[0]} and {o}; they must agree")
    return outs[0]


def equal_shapes(a: Shape, b: Shape) -> bool:
    return a is b or all(x == y or same(x, y) for x, y in zip(a[:3], b[:3], strict=True))


def place(path: tuple[int, ...]) -> str:
    """A position in words: layer numbers from the outside in."""
    return "layer " + ".".join(map(str, path)) if path else "network"


def group_name(layer: Layer, path: tuple[int, ...], parameter: str) -> str:
    """The identity of a parameter group: the shared name where there is one, else the place."""
    return f"{layer.share if layer.share is not None else '.'.join(map(str, path))}.{parameter}"


def _check_names(program: Program) -> None:
    """Shared names must denote one tensor; a symbol must not be natural and family, or index and symbol."""
    shared: dict[str, tuple[Parameter, tuple[int, ...]]] = {}
    store = program.out.rows.store
    naturals: dict[str, Term] = {}
    scopes: list[Repeat] = []
    seen_shapes: set[int] = set()
    for i in program.code:
        for t in (i.shape.rows, i.shape.features):
            if t.id not in seen_shapes:
                seen_shapes.add(t.id)
                naturals.update(store.symbols(t))
        if i.op == OPEN and isinstance(i.block, Repeat):
            scopes.append(i.block)
            naturals.update(store.symbols(i.block.depth))
            index = i.block.index
            if index is not None and any(s.index == index for s in scopes[:-1]):
                raise NetworkError(f"{place(i.path)}: index {index!r} is already the index of an enclosing Repeat")
        elif i.op == CLOSE and isinstance(i.block, Repeat):
            scopes.pop()
        elif i.op == LEAF:
            layer = i.block
            assert isinstance(layer, Layer)
            if layer.share is None:
                continue
            if not isinstance(layer.share, str):
                raise NetworkError(f"{place(i.path)}: found share={layer.share!r}; a name is needed")
            try:
                check_name(layer.share)
            except TermError as error:
                raise NetworkError(f"{place(i.path)}: share={error}") from None
            for p in layer.parameters(i.shape):
                key = f"{layer.share}.{p.name}"
                old = shared.setdefault(key, (p, i.path))[0]
                same_rows = old.row_bound == p.row_bound
                if not (len(old.dims) == len(p.dims) and all(same(x, y) for x, y in zip(old.dims, p.dims, strict=True))
                        and old.bound == p.bound and old.value == p.value and old.norm == p.norm and same_rows):
                    raise NetworkError(f"{place(i.path)}: shared tensor {key!r} has {_dims(p)} and {p.statement()}, but "
                                       f"{_dims(old)} and {old.statement()} at {place(shared[key][1])}")
    _check_indices(program, naturals)
    for s in naturals.values():
        if s.kind not in (Op.SYM, Op.NUM):
            raise NetworkError(f"{s} is a family; a depth or a width must be one natural number")


def _check_indices(program: Program, naturals: dict[str, Term]) -> None:
    """The index of a Repeat must not also name a symbol outside of its body."""
    indices = {i.block.index for i in program.code if isinstance(i.block, Repeat)} - {None}
    if not indices:
        return
    store = program.out.rows.store
    radius = program.network.input.radius
    roots = [*program.network.input.shape, *([] if radius is None else [radius])]
    outside = dict.fromkeys(store.symbols(*roots), "a dimension or the input")
    active: list[str | None] = []
    for i in program.code:
        terms: list[Term] = [i.shape.features]
        if isinstance(i.block, Repeat):
            body = len(branches(i.block)) - 1
            if i.op == CLOSE:
                active.pop()
            if i.op == OPEN:
                terms.append(i.block.depth)
            if i.op in (OPEN, NEXT) and i.branch == body:
                active.append(i.block.index)
        elif isinstance(i.block, Composite):
            terms += [i.block.factor] if i.block.factor is not None else []
        elif isinstance(i.block, Layer):
            terms += [p.bound for p in i.block.parameters(i.shape)]
            terms += [t for t in (getattr(i.block, "floor", None),) if isinstance(t, Term)]
        for name in store.symbols(*terms):
            if name not in active:
                outside.setdefault(name, place(i.path))
    clash = sorted(str(name) for name in indices if name in outside)
    if clash:
        raise NetworkError(f"the index {clash[0]!r} of a Repeat also names a symbol outside of its body ({outside[clash[0]]}); "
                           "choose another name for the index")


def _dims(p: Parameter) -> str:
    return "shape " + (" x ".join(map(str, p.dims)) or "()")


def strip_normalizers(block: Block) -> Block:
    """``block`` with every normalizer replaced by the identity (dropped inside chains)."""
    done: dict[int, Block] = {}
    order: list[Block] = []
    stack: list[Block] = [block]
    while stack:
        b = stack.pop()
        order.append(b)
        stack.extend(children_of(b))
    for b in reversed(order):
        if isinstance(b, Layer):
            done[id(b)] = Identity() if b.normalizer else b
        elif isinstance(b, Repeat):
            done[id(b)] = Repeat(done[id(b.body)], b.depth, b.tied, b.index,
                                 {n: done[id(c)] for n, c in b.capture.items()},
                                 None if b.start is None else done[id(b.start)])
        elif isinstance(b, Composite):
            parts = [done[id(p)] for p in b.parts]
            if b.rule == "series":
                parts = [p for p in parts if not isinstance(p, Identity)] or [Identity()]
            done[id(b)] = parts[0] if b.rule == "series" and len(parts) == 1 else \
                Composite(b.rule, tuple(parts), b.factor, b.sign)
    return done[id(block)]


def children_of(block: Block) -> tuple[Block, ...]:
    if isinstance(block, Composite):
        return block.parts
    if isinstance(block, Repeat):
        return tuple(b for b in (block.start, *block.capture.values(), block.body) if b is not None)
    return ()


def natural_symbols(program: Program) -> set[str]:
    """Names of symbols that stand for natural numbers (depths and dimensions)."""
    store: Store = program.out.rows.store
    found: set[str] = set()
    for i in program.code:
        if i.op == OPEN and isinstance(i.block, Repeat):
            found |= set(store.symbols(i.block.depth))
    for t in {t.id: t for shape in (*(i.shape for i in program.code), program.out) for t in shape[:3]}.values():
        found |= set(store.symbols(t))
    return found
