"""The composition tree: a block is a layer, a rule applied to blocks, or a repeated block.

Operators build the tree and nothing else:  f >> g (g after f), f + g, a * f, f * g (entrywise product).
Trees may be deep; every pass over them is a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from normbound.contracts.context import ROLES, Context, Contract, Shape
from normbound.errors import NetworkError, TermError, UnsupportedError
from normbound.terms.store import Term, TermLike, current


class Block:
    """Anything that can be composed."""

    __slots__ = ()

    def __rshift__(self, other: Block) -> Block:
        return Composite("series", (self, other if isinstance(other, Block) else as_block(other)))

    def __add__(self, other: Block) -> Block:
        return Composite("sum", (self, as_block(other)))

    def __mul__(self, other: Any) -> Block:
        if isinstance(other, Block):
            return Composite("product", (self, other))
        return scaled(other, self)

    def __rmul__(self, factor: TermLike) -> Block:
        return scaled(factor, self)


def as_block(value: Any) -> Block:
    if not isinstance(value, Block):
        raise NetworkError(f"found {type(value).__name__} where a layer or a network is needed")
    return value


def bound(value: TermLike, *what: str) -> Term:
    """A nonnegative norm bound given as symbol text, exact number or term; ``what`` names it in errors."""
    try:
        return current().term(value)
    except TermError as error:
        raise type(error)(f"{' '.join(what)}: {error}") from None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Composite(Block):
    """A composition rule applied to parts. ``factor`` is |a| for the rule "scale", ``sign`` the sign of a."""

    rule: str
    parts: tuple[Block, ...]
    factor: Term | None = None
    sign: int = 1

    def __repr__(self) -> str:
        return f"<{self.rule} of {len(self.parts)} parts>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Repeat(Block):
    """``body`` applied ``depth`` times to ``start`` of the input (``start`` defaults to the identity).

    depth     a natural number, symbol or expression; 0 gives ``start`` alone
    tied      True: the same parameters in every iteration; False: fresh ones, with the same bounds
    index     name of the iteration index 1..depth that families such as ``s[i]`` in the body refer to
    capture   outside tensors {name: network}: each network reads the input of the Repeat once, and the body
              reads the result through ``Outside(name)`` in every iteration
    """

    body: Block
    depth: Term
    tied: bool = False
    index: str | None = None
    capture: Mapping[str, Block] = field(default_factory=dict)
    start: Block | None = None

    def __init__(self, body: Block, depth: TermLike, tied: bool = False, index: str | None = None,
                 capture: Mapping[str, Block] | None = None, start: Block | None = None):
        set_field = object.__setattr__
        set_field(self, "body", as_block(body))
        set_field(self, "depth", natural(depth, "Repeat depth"))
        set_field(self, "tied", bool(tied))
        set_field(self, "index", index)
        set_field(self, "capture", {name: as_block(b) for name, b in (capture or {}).items()})
        set_field(self, "start", None if start is None else as_block(start))
        if index is not None:
            current().symbol(index)
        if tied and index is not None:
            raise NetworkError("Repeat: tied=True uses the same parameters in every iteration, so an index makes no sense")

    def __repr__(self) -> str:
        return f"<Repeat of depth {self.depth}{', tied' if self.tied else ''}>"


TENSOR_NORMS = ("spectral", "euclidean", "sup", "least", "exact")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One tensor of a layer: its role, dimensions and what is known about it.

    norm   "spectral", "euclidean", "sup" (largest entry), "least" (every entry at least the bound) or "exact"
    row_bound  bound on the Euclidean norm of every row of a matrix, where one is assumed
    value  the exact entries when the tensor is given concretely, else None
    role   one of ROLES, or "constant" for tensors that are never trained (running statistics)
    """

    name: str
    role: str
    dims: tuple[Term, ...]
    norm: str
    bound: Term
    value: Any = None
    row_bound: Term | None = None

    def __post_init__(self) -> None:
        for what, value, accepted in (("norm", self.norm, TENSOR_NORMS), ("role", self.role, (*ROLES, "constant"))):
            if value not in accepted:
                raise NetworkError(f"tensor {self.name}: found {what}={value!r}; accepted: {', '.join(accepted)}")

    def statement(self, trained: bool = True) -> str:
        """The constraint that puts the tensor into Theta; a given tensor that is not trained is itself."""
        name = "bias" if self.role == "bias" else self.name
        shown = {"spectral": f"||{name}|| <= {self.bound}", "euclidean": f"|{name}| <= {self.bound}",
                 "sup": f"|{name}|_inf <= {self.bound}", "least": f"{name} >= {self.bound}",
                 "exact": f"{name} = {self.bound}"}[self.norm]
        if self.row_bound is not None:
            shown += f" and every row of {name} has norm <= {self.row_bound}"
        return shown if trained or self.value is None else f"{name} as given ({shown})"


def extreme(parameter: Parameter, dims: tuple[int, ...], number: Callable[[Term], float]) -> Any:
    """The tensor at its bound that witnesses use: first entry of a matrix or a vector, every entry for "sup"."""
    if parameter.value is not None:
        return np.array(parameter.value, dtype=float)
    size = number(parameter.bound)
    if parameter.norm in ("sup", "least", "exact"):
        return np.full(dims, size)
    tensor = np.zeros(dims)
    tensor[(0,) * len(dims)] = size
    return tensor


class Layer(Block):
    """A leaf. Subclasses are frozen dataclasses registered by name; see ``registry.py`` for what each declares.

    name        the name in the language and in print
    rowwise     True: acts on each row alone, the contract is stated for one row and lifted
    normalizer  True: removed by ``without_normalization``
    why         for layers that are not registered (parts of one that is): why the constants hold, as TeX prose
    """

    __slots__ = ()
    name = ""
    rowwise = True
    normalizer = False
    share: str | None = None
    why = ""

    def expand(self) -> tuple[Layer, ...] | None:
        """The primitive layers this one abbreviates, or None when it is primitive."""
        return None

    def output_shape(self, shape: Shape) -> Shape:
        """The output shape; raises ShapeError when the input shape is not accepted."""
        return shape

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """The tensors of the layer on inputs of ``shape``."""
        return ()

    def contract(self, context: Context) -> Contract:
        """The promise of the layer; pure terms, no side effects."""
        raise UnsupportedError(f"{type(self).__name__} defines no contract")

    def sup(self, context: Context) -> Term | None:
        """A bound on the largest entry of the output; asked for only where an entrywise product needs it."""
        return None

    def entry_bound(self, shape: Shape) -> Term | None:
        """A bound on every entry of the output that holds for every input, if there is one."""
        return None

    def witness(self, shape: tuple[int, int, int], number: Callable[[Term], float], t: float) -> tuple[Any, Any]:
        """Two inputs of the given shape whose quotient attains the constant, or approaches it as t -> 0, when every
        tensor is ``extreme``. ``number`` gives the value of a term. The default is a unit vector and 0.
        """
        x = np.zeros(shape)
        x[0, 0, 0] = 1.0
        return x, np.zeros(shape)

    def forward(self, tensors: Mapping[str, Any], x: Any) -> Any:
        """The layer on an array of shape (..., samples, positions, features), real or complex.

        Complex input carries a tangent in its imaginary part (the complex-step derivative), so the function must
        be analytic where it is smooth and decide branches by the real part.
        """
        raise UnsupportedError(f"{type(self).__name__} defines no forward pass")


def natural(value: TermLike, what: str) -> Term:
    """A natural number given as int, symbol or expression."""
    t = bound(value, what)
    number = t.literal()
    if isinstance(number, Fraction):
        raise NetworkError(f"{what}: found {number}; a natural number, a symbol or an expression in naturals is needed")
    return t


def scaled(factor: TermLike, block: Block) -> Block:
    """a * f for an exact number (possibly negative), a symbol or a nonnegative term a."""
    sign = 1
    if isinstance(factor, (int, Fraction)) and not isinstance(factor, bool) and factor < 0:
        factor, sign = -factor, -1
    elif isinstance(factor, str) and factor.strip().startswith("-"):
        factor, sign = _one_product(factor.strip()[1:]), -1
    return Composite("scale", (as_block(block),), bound(factor, "scale factor"), sign)


def _one_product(text: str) -> Term:
    """The product after a leading minus; a sum there would need parentheses."""
    from normbound.terms.grammar import Cursor
    cursor = Cursor(text, current())
    product = cursor.product()
    if cursor.token.kind != "end":
        cursor.fail("after a leading minus write one product, e.g. -1/2 or -(a + b); expected the end")
    return product


def concat(*parts: Block) -> Block:
    """(f(x), g(x), ...) joined along the features."""
    return _joined("concat", parts)


def parallel(*parts: Block) -> Block:
    """(f(x1), g(x2), ...) on an input split along the features into as many equal parts."""
    return _joined("parallel", parts)


def _joined(rule: str, parts: tuple[Block, ...]) -> Block:
    if not parts:
        raise NetworkError(f"{rule} needs at least one part")
    return parts[0] if len(parts) == 1 else Composite(rule, tuple(as_block(p) for p in parts))
