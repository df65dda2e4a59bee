"""Derivations: the steps that lead to a bound, the scopes they stand in, and the hypotheses they use.

Every output (statement, closed form, LaTeX, checks, proofs) reads this object and nothing else.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from normbound.calculus.repeat import Iteration
from normbound.contracts.block import Layer, Parameter, Repeat
from normbound.contracts.context import ROLES
from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.summary import Summary
from normbound.network.program import LEAF, Program, group_name, place
from normbound.terms.store import Term


class Step(NamedTuple):
    """One judgement: the summary of a block, by a rule (or a layer's contract) from earlier steps.

    rule       "domain", "contract", or a name in ``RULES``
    at         the instruction where the block ends
    premises   earlier steps
    summary    what is promised, relative to the input of the enclosing scope's block
    scope      index of the enclosing scope (0 is the network)
    """

    rule: str
    at: int
    premises: tuple[int, ...]
    summary: Summary
    scope: int


class Steps(Sequence[Step]):
    """The steps of a derivation, stored in columns: long chains keep every step at a fifth of the memory."""

    __slots__ = ("_many", "_places", "_rules", "_summaries")

    def __init__(self) -> None:
        self._rules: list[str] = []
        self._summaries: list[Summary] = []
        self._places = array("q")  # four numbers a step: instruction, scope and up to two premises (-1: none)
        self._many: dict[int, tuple[int, ...]] = {}  # premises of the steps that have more

    def add(self, rule: str, at: int, premises: tuple[int, ...], summary: Summary, scope: int) -> int:
        """Append a step and return its number."""
        number = len(self._rules)
        self._rules.append(rule)
        self._summaries.append(summary)
        if len(premises) == 2:
            self._places.extend((at, scope, premises[0], premises[1]))
        elif not premises:
            self._places.extend((at, scope, -1, -1))
        else:
            self._places.extend((at, scope, -1, -1))
            self._many[number] = premises
        return number

    def __len__(self) -> int:
        return len(self._rules)

    @overload
    def __getitem__(self, k: int) -> Step: ...
    @overload
    def __getitem__(self, k: slice) -> list[Step]: ...
    def __getitem__(self, k: int | slice) -> Step | list[Step]:
        if isinstance(k, slice):
            return [self[j] for j in range(*k.indices(len(self)))]
        if k < 0:
            k += len(self)
        if not 0 <= k < len(self):
            raise IndexError(k)
        at, scope, *premises = self._places[4 * k:4 * k + 4]
        known = self._many.get(k) or tuple(p for p in premises if p >= 0)
        return Step(self._rules[k], at, known, self._summaries[k], scope)


@dataclass(slots=True)
class Scope:
    """The body of one Repeat: steps inside are schematic in its iteration index.

    state is the symbol for the radius at the start of an iteration; entry its value at the first one, in terms of the
    parent scope's state. sup_state and sup_entry are the same for the largest entry, where products need it.
    """

    repeat: Repeat | None
    parent: int
    path: tuple[int, ...]
    state: Term | None = None
    entry: Term | None = None
    index: Term | None = None
    sup_state: Term | None = None
    sup_entry: Term | None = None
    iteration: Iteration | None = None


class Use(NamedTuple):
    """A hypothesis at a place, with a bound on the norm it speaks about (in the scope's state): the radius of the tensor, or
    what the layers just before a floor say.
    """

    hypothesis: Hypothesis
    at: int
    scope: int
    radius: Term


class Tensor(NamedTuple):
    """A tensor of a layer at a place, whether its change counts, and the scope it stands in."""

    parameter: Parameter
    layer: Layer
    path: tuple[int, ...]
    trained: bool
    scope: int


@dataclass(slots=True, repr=False)
class Derivation:
    """All steps for one network under one policy."""

    program: Program
    trainable: frozenset[str]
    floors: bool
    dropped: frozenset[tuple[int, ...]] = frozenset()
    steps: Steps = field(default_factory=Steps)
    scopes: list[Scope] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    letters: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<derivation of {len(self.steps)} steps>"

    @property
    def summary(self) -> Summary:
        """The summary of the whole network on its domain."""
        return self.steps[-1].summary

    def layer(self, step: Step) -> Layer:
        block = self.program.code[step.at].block
        assert isinstance(block, Layer)
        return block

    def label(self, step: int) -> str:
        """Where a step stands, in words."""
        s = self.steps[step]
        if s.rule == "domain":
            return "domain"
        instruction = self.program.code[s.at]
        name = f" ({instruction.block.name})" if instruction.op == LEAF and isinstance(instruction.block, Layer) else ""
        return f"{place(instruction.path)}{name}"

    def binder(self, scope: int) -> str:
        """The indices that range over the enclosing repeats, e.g. "i = 1..K, j = 1..m"."""
        parts: list[str] = []
        while scope:
            s = self.scopes[scope]
            assert s.repeat is not None
            name = s.repeat.index or self._letters()[self._level(scope) - 1]
            parts.append(f"{name} = 1..{s.repeat.depth}")
            scope = s.parent
        return ", ".join(reversed(parts))

    def _letters(self) -> list[str]:
        """Names for the iterations of nested repeats, outermost first, that no symbol of the network has."""
        if not self.letters:
            terms: dict[int, Term] = {}
            for i in self.program.code:
                if isinstance(i.block, Layer):
                    terms |= {p.bound.id: p.bound for p in i.block.parameters(i.shape)}
                elif isinstance(i.block, Repeat):
                    terms[i.block.depth.id] = i.block.depth
                terms |= {t.id: t for t in (i.shape.rows, i.shape.features)}
            terms |= {t.id: t for u in self.uses for t in u.hypothesis.terms}
            radius = self.program.network.input.radius
            roots = [*terms.values(), *([] if radius is None else [radius])]
            taken = set(self.program.out.rows.store.symbols(*roots))
            depth = 1 + max((self._level(k) for k in range(len(self.scopes))), default=0)
            names = [x for x in (*"ijklmnopqr", *(f"i{k}" for k in range(1, len(taken) + depth + 1))) if x not in taken]
            self.letters = names[:max(depth, 1)]
        return self.letters

    def _level(self, scope: int) -> int:
        level = 0
        while scope:
            level += 1
            scope = self.scopes[scope].parent
        return level

    def tensors(self) -> Iterator[Tensor]:
        """Each tensor of the network: the set Theta."""
        scope_of = self.scope_of_instructions()
        for k, i in enumerate(self.program.code):
            if i.op == LEAF and isinstance(i.block, Layer):
                for p in i.block.parameters(i.shape):
                    if p.role != "constant":
                        trained = not self.trainable.isdisjoint((p.role, group_name(i.block, i.path, p.name)))
                        yield Tensor(p, i.block, i.path, trained, scope_of[k])

    def parameters(self) -> Iterator[tuple[str, str, str]]:
        """(place, constraint, binder) for each tensor of the network."""
        for t in self.tensors():
            yield place(t.path), t.parameter.statement(t.trained), self.binder(t.scope)

    def fixed_tensors(self) -> list[str]:
        """Tensors that are parameters but not trainable here, by role; layers are named where only groups are."""
        found: dict[str, None] = {}
        for i in self.program.code:
            if i.op == LEAF and isinstance(i.block, Layer):
                for p in i.block.parameters(i.shape):
                    name = group_name(i.block, i.path, p.name)
                    if p.role != "constant" and self.trainable.isdisjoint((p.role, name)):
                        found[p.role if self.trainable <= frozenset(ROLES) else name] = None
        return list(found)

    def scope_of_instructions(self) -> list[int]:
        """The scope each instruction stands in."""
        from normbound.network.program import CLOSE, NEXT, OPEN, branches
        by_path = {s.path: k for k, s in enumerate(self.scopes) if k}
        out: list[int] = []
        stack = [0]
        for i in self.program.code:
            if isinstance(i.block, Repeat):
                body = len(branches(i.block)) - 1
                if i.op in (OPEN, NEXT) and i.branch == body:
                    out.append(stack[-1])
                    stack.append(by_path[i.path])
                    continue
                if i.op == CLOSE:
                    stack.pop()
            out.append(stack[-1])
        return out
