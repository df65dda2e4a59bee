"""From a network to its derivation: one loop over the program.

The chain at the top is grounded: its envelope starts at the radius of the domain, so every radius below is an absolute
one. Branches and bodies are derived relative to their own input and then composed.
"""

from __future__ import annotations

from collections.abc import Collection

from normbound.calculus.derivation import Derivation, Scope, Use
from normbound.calculus.reach import MAX_AFTER, Source, reach
from normbound.calculus.repeat import Iteration, close_groups, release
from normbound.contracts import rules
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.contracts.context import ROLES, Context, Contract, Sensitivity, Shape
from normbound.contracts.summary import NO_SHARED, Shared, Summary, identity
from normbound.errors import NetworkError
from normbound.layers.activations import Elementwise
from normbound.layers.linear import Dropout, Identity, Linear, Outside
from normbound.layers.normalization import Normalize
from normbound.network.program import CLOSE, LEAF, NEXT, OPEN, Network, Program, branches, group_name, place
from normbound.terms.evaluate import collector_paused
from normbound.terms.store import Store, Term, sqrt


class Frame:
    """One branch being derived."""

    __slots__ = ("base", "block", "entry_sup", "input_radius", "outs", "path", "run", "scope", "source", "step")

    def __init__(self, block: Composite | Repeat | None, path: tuple[int, ...], base: Term, scope: int,
                 entry_sup: Term | None):
        self.block = block
        self.path = path
        self.base = base  # radius at the input of the branch: the state symbol inside the body of a Repeat
        self.input_radius = base  # radius at the input of the block
        self.scope = scope
        self.entry_sup = entry_sup
        self.outs: list[tuple[Summary, int]] = []
        self.run: Summary
        self.step: int | None = None
        self.source: Source | None = None  # what bounds the tensor here by itself, for the floors

    def radius(self) -> Term:
        return self.run.radius(self.base)


def analyse(network: Network, trainable: Collection[str] = ROLES, floors: bool = True,
            dropped: frozenset[tuple[int, ...]] = frozenset()) -> Derivation:
    """Derive the summary of ``network``.

    trainable  roles ("weight", "bias", "gain", "shift", "scale", "slope") and names of groups whose change counts
    floors     use the declared variance floors; False derives the unconditional variant of every normalizer
    dropped    paths of layers whose floor is not used although ``floors`` is True
    """
    with collector_paused():
        return Engine(network.program(), frozenset(trainable), floors, dropped).run()


class Engine:
    """One derivation in progress; ``normbound.formal`` listens to it."""

    def __init__(self, program: Program, trainable: frozenset[str], floors: bool, dropped: frozenset[tuple[int, ...]]):
        self.program = program
        self.store: Store = program.network.input.features.store
        self.roles = trainable & frozenset(ROLES)
        self.names = trainable - self.roles
        self.floors = floors
        self.dropped = dropped
        self.tied = 0
        self.known: set[type] = set()
        self.out = Derivation(program, trainable, floors, dropped)
        self.frames: list[Frame] = []
        self.top_run: Summary  # before shared tensors are closed
        self.wants_sup = any((isinstance(i.block, Composite) and i.block.rule == "product")
                             or (isinstance(i.block, Layer) and i.block.name == "SquaredReLU") for i in program.code)

    def run(self) -> Derivation:
        store, out = self.store, self.out
        radius = self.program.network.input.radius
        base = store.unbounded if radius is None else radius
        out.scopes.append(Scope(None, 0, ()))
        top = Frame(None, (), base, 0, None)
        ground = Summary(store.one, base, store.zero, store.zero, store.zero, store.zero)
        out.steps.add("domain", 0, (), ground, 0)
        top.run, top.step = ground, 0
        self.frames.append(top)
        context = Context(store, self.program.network.input.shape, ground, base, self.floors, self._captured,
                          not self.roles and not self.names)
        frame = top
        for at, instruction in enumerate(self.program.code):
            op = instruction.op
            if op == LEAF:
                self._leaf(frame, at, instruction.block, instruction.shape, instruction.path, context)  # type: ignore
            elif op == OPEN:
                frame = self._open(instruction.block, instruction.path)  # type: ignore[arg-type]
            elif op == NEXT:
                self._next(frame, instruction.branch)
            elif op == CLOSE:
                frame = self._close(at, instruction.path)
        self.top_run = top.run
        final = close_groups(top.run, ())
        if final is not top.run:
            out.steps.add("sharing", len(self.program.code) - 1, (top.step,), final, 0)
        self._check_trainable()
        return out

    # -- leaves -----------------------------------------------------------------------------------------------
    def _leaf(self, frame: Frame, at: int, layer: Layer, shape: Shape, path: tuple[int, ...], context: Context) -> None:
        context.shape, context.run, context.base = shape, frame.run, frame.base
        if self.dropped:
            context.floors = self.floors and path not in self.dropped
        contract = layer.contract(context)
        if layer.__class__ not in self.known:
            self._introduce(layer, contract, shape, path)
        out = self.out
        if contract.hypotheses:
            radius = context.radius() if frame.run.G else frame.run.b0
            for h in contract.hypotheses:
                tight = radius if h.kind != "floor" or frame.source is None else reach(frame.source, layer, radius)
                out.uses.append(Use(h, at, frame.scope, tight))
        sup = layer.sup(context) if self.wants_sup else None
        summary = self._lift(layer, contract, shape, path, sup)
        source = self._source(frame, at, layer, shape, summary, context)
        steps = out.steps
        leaf = steps.add("contract", at, (), summary, frame.scope)
        if frame.step is None:
            frame.run, frame.step = summary, leaf
        else:
            frame.run = rules.series(frame.run, summary)
            frame.step = steps.add("series", at, (frame.step, leaf), frame.run, frame.scope)
        frame.source = source

    def _source(self, frame: Frame, at: int, layer: Layer, shape: Shape, summary: Summary, context: Context) -> Source | None:
        """Remember what bounds the output of ``layer`` by itself, where a floor soon asks for it: nothing is computed here."""
        code = self.program.code
        following = code[at + 1] if at + 1 < len(code) else None
        if following is None or following.op != LEAF or isinstance(following.block, Linear):
            return None
        if isinstance(layer, Linear):
            concrete = layer.weight_value is not None and context.fixed
            return Source(layer, shape, frame.run, frame.base) if concrete else None
        if isinstance(layer, Normalize):  # without a radius its range is all that is known
            return None if self.program.network.input.radius is None else Source(
                layer, shape, frame.run, frame.base, layer.floor if context.floors else None)
        if isinstance(layer, Elementwise) and layer.kind.sup is not None:
            return Source(layer, shape, frame.run, frame.base)
        old = frame.source
        if old is None or isinstance(layer, (Identity, Dropout)):
            return old
        if isinstance(old.layer, Linear) or len(old.after) == MAX_AFTER:
            return None
        if not summary.b0 and summary.G is self.store.one:
            return old
        return old._replace(after=(*old.after, summary))

    def _introduce(self, layer: Layer, contract: Contract, shape: Shape, path: tuple[int, ...]) -> None:
        """Refuse a layer that declares a tensor without saying how sensitive its output is to it, or the converse."""
        if not isinstance(contract, Contract) or not all(isinstance(t, Term) for t in contract[:3]):
            raise NetworkError(f"{place(path)} ({layer.name}): contract() must return a Contract whose lip, offset and growth "
                               "are terms, e.g. context.store.one or term(\"g\")")
        declared = {p.name for p in layer.parameters(shape) if p.role != "constant"}
        stated = {s.parameter for s in contract.parameters}
        if declared != stated:
            odd = ", ".join(sorted(declared ^ stated))
            raise NetworkError(f"{place(path)} ({layer.name}): tensor {odd} must be both in parameters() and in the contract "
                               f"(Sensitivity); parameters has {sorted(declared)}, the contract {sorted(stated)}")
        if layer.__class__.__module__.startswith("normbound."):
            self.known.add(layer.__class__)  # the tests of the registry cover every instance

    def _lift(self, layer: Layer, contract: Contract, shape: Shape, path: tuple[int, ...], sup: Term | None) -> Summary:
        """The summary of a layer on all rows: a row-wise contract is lifted, sensitivities of one use are squared."""
        store = self.store
        zero = store.zero
        factor = sqrt(shape.rows) if layer.rowwise and shape.rows.id != 1 else None
        offset = contract.offset if factor is None or not contract.offset else factor * contract.offset
        q2 = q1 = q0 = zero
        shared: dict[str, Shared] | None = None
        if isinstance(layer, Outside):
            shared = {outside(self._capturing(layer.source).path, layer.source): Shared(zero, store.one)}
        elif contract.parameters:
            for s in self._trained(contract, layer, path):
                l1, l0 = s.l1, s.l0 if factor is None or not s.l0 else factor * s.l0
                if self.tied or layer.share is not None:
                    shared = shared or {}
                    shared[group_name(layer, path, s.parameter)] = Shared(l1, l0)
                    continue
                if l1:
                    q2 = q2 + (l1 if l1 is store.one else l1**2)
                    if l0:
                        q1 = q1 + 2 * l1 * l0
                if l0:
                    q0 = q0 + (l0 if l0 is store.one else l0**2)
        return Summary(contract.lip, offset, contract.growth, q2, q1, q0, shared or NO_SHARED, sup)

    def _trained(self, contract: Contract, layer: Layer, path: tuple[int, ...]) -> tuple[Sensitivity, ...]:
        roles = self.roles
        if self.names:
            wanted = []
            for s in contract.parameters:
                name = group_name(layer, path, s.parameter)
                self.out.groups[name] = s.role
                if s.role in roles or name in self.names:
                    wanted.append(s)
            kept = tuple(wanted)
        elif len(roles) == len(ROLES):
            kept = contract.parameters
        else:
            kept = tuple(s for s in contract.parameters if s.role in roles)
        if contract.joint and layer.share is None and len(kept) == len(contract.parameters):
            return contract.joint  # a shared tensor may meet layers without a joint constant: its uses stay apart
        return kept

    def _check_trainable(self) -> None:
        unknown = self.names - set(self.out.groups)
        if unknown:
            raise NetworkError(f"trainable: unknown {', '.join(sorted(unknown))}; accepted: the roles {', '.join(ROLES)} "
                               f"and the groups {', '.join(list(self.out.groups)[:20]) or '(none)'}")

    # -- brackets ---------------------------------------------------------------------------------------------
    def _start(self, frame: Frame) -> None:
        frame.run = identity(self.store.one, self.store.zero)._replace(sup=frame.entry_sup)
        frame.step = frame.source = None

    def _open(self, block: Composite | Repeat, path: tuple[int, ...]) -> Frame:
        parent = self.frames[-1]
        frame = Frame(block, path, parent.radius(), parent.scope, parent.run.sup)
        self.frames.append(frame)
        self._start(frame)
        return frame

    def _next(self, frame: Frame, branch: int) -> None:
        self._finish_branch(frame)
        self._start(frame)
        block = frame.block
        if isinstance(block, Repeat) and branch == len(branches(block)) - 1:
            self._enter_body(frame, block)

    def _finish_branch(self, frame: Frame) -> None:
        assert frame.step is not None
        frame.outs.append((frame.run, frame.step))

    def _enter_body(self, frame: Frame, block: Repeat) -> None:
        store = self.store
        state = store.fresh(f"B{len(self.out.scopes)}")
        entry = frame.outs[0][0].radius(frame.base)
        index = store.symbol(block.index) if block.index is not None else None
        sup = store.fresh(f"F{len(self.out.scopes)}") if self.wants_sup else None
        first = frame.outs[0][0]
        self.out.scopes.append(Scope(block, frame.scope, frame.path, state, entry, index, sup,
                                     entry if first.sup is None else first.sup))
        frame.base = state
        frame.scope = len(self.out.scopes) - 1
        frame.run = frame.run._replace(sup=sup)
        self.tied += block.tied

    def _capturing(self, name: str) -> Frame:
        """The innermost Repeat, now in its body, that captures ``name``."""
        for frame in reversed(self.frames):
            block = frame.block
            if isinstance(block, Repeat) and name in block.capture and len(frame.outs) == len(branches(block)) - 1:
                return frame
        raise NetworkError(f"Outside({name}) stands outside of a Repeat that captures {name!r}")

    def _captured(self, name: str) -> Term:
        frame = self._capturing(name)
        assert isinstance(frame.block, Repeat)
        source, _ = frame.outs[1 + list(frame.block.capture).index(name)]
        return source.radius(frame.input_radius)

    def _close(self, at: int, path: tuple[int, ...]) -> Frame:
        frame = self.frames.pop()
        self._finish_branch(frame)
        parent = self.frames[-1]
        parent.source = None
        block = frame.block
        premises = tuple(step for _, step in frame.outs)
        if isinstance(block, Repeat):
            rule, summary = self._repeat(frame, block, path)
        else:
            assert isinstance(block, Composite)
            rule, summary = block.rule, self._combine(frame, block)
        steps = self.out.steps
        closed = steps.add(rule, at, premises, summary, parent.scope)
        if parent.step is None:
            parent.run, parent.step = summary, closed
        else:
            parent.run = rules.series(parent.run, summary)
            parent.step = steps.add("series", at, (parent.step, closed), parent.run, parent.scope)
        return parent

    def _combine(self, frame: Frame, block: Composite) -> Summary:
        outs = [s for s, _ in frame.outs]
        if block.rule == "product":  # an entry is at most the norm
            outs = [s if s.sup is not None else s._replace(sup=s.radius(frame.base)) for s in outs]
        return rules.compose(block.rule, outs, block.factor)

    def _repeat(self, frame: Frame, block: Repeat, path: tuple[int, ...]) -> tuple[str, Summary]:
        self.tied -= block.tied
        body = frame.outs[-1][0]
        scope = self.out.scopes[frame.scope]
        assert scope.state is not None and scope.entry is not None
        local = _local(body.shared)
        once = frozenset(local) if self.tied and not block.tied else frozenset()
        iteration = Iteration(body, block.depth, scope.state, scope.entry, scope.index, once, scope.sup_state, scope.sup_entry)
        scope.iteration = iteration
        summary = self._stages(frame, block, iteration.close())[-1]
        rule = "repeat-tied" if block.tied else "repeat"
        return ("repeat-family" if iteration.form() == "recurrence" else rule), summary

    def _stages(self, frame: Frame, block: Repeat, summary: Summary) -> list[Summary]:
        """What stands around the iterations, from the inside out: the iterations themselves, their tied groups closed, the
        start in front of them, and each captured tensor replaced by its network.
        """
        closed = summary
        if block.tied and not self.tied:
            local = _local(summary.shared)
            closed = close_groups(summary, [g for g in summary.shared if g not in local])
        stages = [summary, closed, rules.series(frame.outs[0][0], closed)]
        for k, name in enumerate(block.capture):
            stages.append(release(stages[-1], outside(frame.path, name), frame.outs[1 + k][0], frame.input_radius))
        return stages


def _local(shared: Collection[str]) -> set[str]:
    """Groups named by place: those of the enclosing tied Repeat. Shared names and captures begin with letters."""
    return {g for g in shared if g[:1].isdigit()}


def outside(path: tuple[int, ...], name: str) -> str:
    """The group that stands for a tensor captured by the Repeat at ``path`` while it is open."""
    return f"outside {'.'.join(map(str, path))} {name}"
