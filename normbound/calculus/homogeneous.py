r"""Parts of networks without biases: where every layer is 0 at 0 and grows no faster than its Lipschitz constant.

There $\abs{F(z)} \le L_F \abs{z}$ for every layer, also for normalizers under their floors, so a product of constants cannot
be smaller than the growth that it bounds. The structural test stands here; the theorem and the caution both read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from normbound.calculus.derivation import Derivation, Step
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.summary import Summary
from normbound.errors import UnsupportedError
from normbound.layers.linear import Linear
from normbound.layers.normalization import Affine, Normalize, Squash, Standardize
from normbound.network.program import LEAF, OPEN, place
from normbound.terms.evaluate import evaluate_many
from normbound.terms.normal import same
from normbound.terms.store import Term, sqrt


class Offence(NamedTuple):
    """A part that need not satisfy |F(z)| <= L_F |z|: its instruction, and what is wrong, in words."""

    at: int
    words: str


class BiasFree(NamedTuple):
    """A part of a network, from the input on, under which there is a floor that no depth changes.

    For an input x_0 that meets the floors the constant of the part is at least after * sqrt(total) * tau/|x_0|, with tau =
    sigma/sqrt(sigma^2 + eps) at the last normalizer.

    end     the instruction where the part ends; None for the whole network
    at      the instruction of its last normalizer
    least   after * sqrt(total) * tau
    depths  depths of the Repeats around the normalizer, which must be at least 1
    """

    end: int | None
    at: int
    least: Term
    depths: tuple[Term, ...]


def bias_free(d: Derivation) -> BiasFree | None:
    """The longest such part that ends between elements of the main chain, or None where there is none."""
    first = min((o.at for o in offences(d)), default=len(d.program.code))
    whole = chain(d, len(d.steps) - 1)
    elements = [s for s in whole if s.at < first]
    while elements:
        where = Place(d)
        try:
            at, after = last_normalizer(d, where, list(elements))
            floor, under, total = floor_of(d, at)
            sigma, below = where.read(floor, "floor"), where.read(under, "floor")
        except _Cut as cut:
            elements = [s for s in elements if s.at < cut.at]
            continue
        except UnsupportedError:
            return None
        end = None if len(elements) == len(whole) else elements[-1].at
        return BiasFree(end, at, after * sqrt(total) * deviation_kept(sigma, below), tuple(where.depths))
    return None


def deviation_kept(sigma: Term, below: Term) -> Term:
    """sigma/sqrt(sigma^2 + eps): the deviation behind a normalizer whose input has deviation sigma."""
    return sigma.store.one if same(sigma**2, below) else sigma / sqrt(below)


# -- chains of a derivation ---------------------------------------------------------------------------------------

def chain(d: Derivation, last: int) -> list[Step]:
    """The elements of the chain that ends with step ``last``, in order."""
    found: list[Step] = []
    step = d.steps[last]
    while step.rule in ("series", "sharing"):
        if step.rule == "series":
            found.append(d.steps[step.premises[1]])
        step = d.steps[step.premises[0]]
    if step.rule != "domain":
        found.append(step)
    found.reverse()
    return found


class Place:
    """A place in a network, with what is inside of which Repeats there: families are read at the last iteration."""

    def __init__(self, d: Derivation):
        self.d = d
        self.depths: list[Term] = []
        self.mapping: dict[Term, Term] = {}
        self.states: list[Term] = []

    def enter(self, step: Step) -> list[Step]:
        """The chain of the body of a Repeat."""
        scope = next(s for s in self.d.scopes if s.repeat is not None and s.path == self.d.program.code[step.at].path)
        assert scope.repeat is not None and scope.state is not None
        self.depths.append(scope.repeat.depth)
        self.states.append(scope.state)
        if scope.index is not None:
            self.mapping[scope.index] = scope.repeat.depth
        return chain(self.d, step.premises[-1])

    def read(self, term: Term, where: str) -> Term:
        """``term`` in the last iteration."""
        found = term.store.substitute([term], self.mapping)[0] if self.mapping else term
        reached = found.store.reachable([found])
        if any(s.id in reached for s in self.states):
            raise UnsupportedError(f"{where}: its constant depends on the radius along the iterations")
        return found


# -- the structural test ------------------------------------------------------------------------------------------

class _Cut(UnsupportedError):
    """No floor is known under what follows the main chain's element that contains instruction ``at``."""

    def __init__(self, at: int, words: str):
        super().__init__(words)
        self.at = at


def offences(d: Derivation) -> Iterator[Offence]:
    """What need not satisfy |F(z)| <= L_F |z|: products and captures first, then layers, each in program order."""
    for k, i in enumerate(d.program.code):
        if i.op != OPEN:
            continue
        if isinstance(i.block, Composite) and i.block.rule == "product":
            yield Offence(k, f"{place(i.path)}: an entrywise product, whose factor in the product depends on ranges; "
                             "the theorem is about networks without products")
        if isinstance(i.block, Repeat) and i.block.capture:
            yield Offence(k, f"{place(i.path)}: a Repeat with captured tensors, which enter like biases")
    known: dict[tuple[int, int], bool] = {}
    for step in d.steps:
        if step.rule != "contract":
            continue
        i = d.program.code[step.at]
        layer = i.block
        assert isinstance(layer, Layer)
        if isinstance(layer, (Normalize, Squash)):
            continue  # their envelope is their range; |N(z)| <= |z|/sqrt(sigma^2 + eps) and |tanh z| <= |z| hold as well
        where = f"{place(i.path)} ({layer.name})"
        if step.summary.b0:
            what = ("a bias" if isinstance(layer, Linear) else "a shift beta" if isinstance(layer, Affine) else
                    "running means" if isinstance(layer, Standardize) else "a value other than 0 at 0")
            yield Offence(step.at, f"{where} has {what}; the theorem is about networks whose layers are all 0 at 0")
        elif not isinstance(layer, Affine):  # linear; a constant below |gamma|_inf is that on the centred rows that reach it
            key = step.summary.G.id, step.summary.L.id
            if key not in known:
                known[key] = _at_most(step.summary)
            if not known[key]:
                yield Offence(step.at, f"{where} grows like {step.summary.G} |z| with a Lipschitz constant of "
                                       f"{step.summary.L}; the theorem needs a growth of at most the Lipschitz constant")


def _at_most(s: Summary) -> bool:
    """Whether G <= L is certain."""
    G, L = s.G, s.L
    if not G or G == L or same(G, L):
        return True
    if G.store.symbols(G, L):
        return False
    low, high = evaluate_many([G, L], {})
    return bool(low <= high)


def last_normalizer(d: Derivation, where: Place, elements: list[Step]) -> tuple[int, Term]:
    """The last normalizer of a chain and the constant of what follows it; ``where`` notes the Repeats around it."""
    after = d.program.network.input.features.store.one
    while elements:
        step = elements.pop()
        i = d.program.code[step.at]
        if isinstance(i.block, Normalize):
            return step.at, after
        inside = [] if i.op == LEAF else [
            k for k, other in enumerate(d.program.code) if other.op == LEAF and isinstance(other.block, Normalize)
            and other.path[:len(i.path)] == i.path]
        if not inside:
            after = after * where.read(step.summary.L, place(i.path))
        elif isinstance(i.block, Repeat):
            elements = where.enter(step)
        else:
            raise _Cut(inside[0], f"{place(d.program.code[inside[-1]].path)}: the last normalizer stands in a branch "
                                  f"({i.block.rule}), where its output can be cancelled; "  # type: ignore[attr-defined]
                                  "the theorem needs one on the main chain")
    raise UnsupportedError("the network has no normalizer on its main chain (LayerNorm, RMSNorm, ...); the theorem is about "
                           "normalized networks")


def floor_of(d: Derivation, at: int) -> tuple[Term, Term, Term]:
    """Floor, sigma^2 + eps and the total divisor of the normalizer at an instruction."""
    found: Hypothesis | None = next((u.hypothesis for u in d.uses if u.at == at and u.hypothesis.kind == "floor"), None)
    if found is None or found.divisor is None:
        raise _Cut(at, f"{place(d.program.code[at].path)}: the last normalizer declares no floor; the theorem compares "
                       "products under floors, so give floor=...")
    return found.terms[0], found.terms[1], found.divisor


__all__ = ["BiasFree", "Offence", "Place", "bias_free", "chain", "deviation_kept", "floor_of", "last_normalizer", "offences"]
