"""Shapes, contexts and contracts: what a layer may ask, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.summary import Summary, identity
from normbound.errors import NetworkError
from normbound.terms.store import Store, Term, sqrt

ROLES = ("weight", "bias", "gain", "shift", "scale", "slope")


class Shape(NamedTuple):
    """samples x positions x features; norms are Euclidean over all entries, rows = samples * positions."""

    samples: Term
    positions: Term
    features: Term
    rows: Term

    @classmethod
    def of(cls, samples: Term, positions: Term, features: Term) -> Shape:
        return cls(samples, positions, features, samples * positions)

    def with_features(self, features: Term) -> Shape:
        return Shape(self.samples, self.positions, features, self.rows)

    def __str__(self) -> str:
        return f"{self.samples} x {self.positions} x {self.features}"


class Sensitivity(NamedTuple):
    """|f(x; t) - f(x; t')| <= (l1 B + l0) |t - t'| for one parameter tensor t and |x| <= B."""

    parameter: str
    role: str
    l1: Term
    l0: Term


class Context:
    """What a contract may ask about the place where its layer stands.

    shape    the input shape
    run      the summary from the start of the enclosing block to here, relative to the input of that block
    base     bound on the Euclidean norm of the input of the enclosing block
    floors   whether declared variance floors are used
    fixed    whether no parameter changes: then concrete tensors are exactly the given ones
    """

    __slots__ = ("base", "captured", "fixed", "floors", "memo", "run", "shape", "store")

    def __init__(self, store: Store, shape: Shape, run: Summary, base: Term, floors: bool = True,
                 captured: Callable[[str], Term] | None = None, fixed: bool = False):
        self.store = store
        self.shape = shape
        self.run = run
        self.base = base
        self.floors = floors
        self.captured = captured
        self.fixed = fixed
        self.memo: dict[tuple, Any] = {}

    @classmethod
    def alone(cls, shape: Shape, radius: Term, floors: bool = True) -> Context:
        """The context of a layer that reads the network's input, of norm at most ``radius``."""
        store = radius.store
        return cls(store, shape, identity(store.one, store.zero), radius, floors)

    def radius(self) -> Term:
        """Bound on the Euclidean norm of the layer's input, over all entries."""
        return self.run.radius(self.base)

    def sup(self) -> Term:
        """Bound on the largest entry of the layer's input."""
        return self.radius() if self.run.sup is None else self.run.sup

    def accumulated(self) -> Term:
        """Lipschitz constant from the start of the enclosing block to the layer's input."""
        return self.run.L

    def outside(self, name: str) -> Term:
        """Bound on the norm of the tensor captured under ``name``."""
        if self.captured is None:
            raise NetworkError(f"Outside({name}) stands outside of a Repeat that captures {name!r}")
        return self.captured(name)

    def once(self, compute: Callable[..., Any], *arguments: Any) -> Any:
        """compute(shape, *arguments), remembered: many layers of a chain ask the same of one shape."""
        key = (compute, id(self.shape), *arguments)
        found = self.memo.get(key)
        if found is None:
            found = self.memo[key] = (self.shape, compute(self.shape, *arguments))  # keeps the shape, and so its id
        return found[1]

    @property
    def width_root(self) -> Term:
        """sqrt(features)."""
        return sqrt(self.shape.features)


class Contract(NamedTuple):
    """One layer's promise on its input; row-wise layers state it for one row and are lifted.

    ``parameters`` lists the sensitivity to each tensor; ``joint`` replaces the entries of the tensors it covers
    when all of them are trainable (their effects are orthogonal, so the joint constant is smaller).
    """

    lip: Term
    offset: Term
    growth: Term
    parameters: tuple[Sensitivity, ...] = ()
    joint: tuple[Sensitivity, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
