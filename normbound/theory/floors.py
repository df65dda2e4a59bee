r"""What normalization cannot do: floors under constants that hold at every depth and for all weights.

certificate_floor   in networks without biases the product of the layers' constants, at the deviations that occur, is at least
                    the norm of the last normalized tensor over the norm of the input, times what follows
matched_batchnorm   a network that ends with a BatchNorm whose statistics are those of the data has a Lipschitz constant of at
                    least sqrt(sum_c gamma_c^2 sigma_c^2/(sigma_c^2 + eps) / tr Cov x) on the data
"""

from __future__ import annotations

from dataclasses import dataclass

from normbound.calculus.bound import Bound
from normbound.calculus.derivation import Derivation, Step
from normbound.contracts.block import Composite, Layer, Repeat
from normbound.contracts.hypothesis import Hypothesis
from normbound.contracts.summary import Summary
from normbound.errors import UnsupportedError
from normbound.layers.linear import Linear
from normbound.layers.normalization import Affine, Normalize, Squash, Standardize
from normbound.layers.tensors import euclidean
from normbound.network.program import LEAF, OPEN, Network, place
from normbound.terms.evaluate import evaluate_many
from normbound.terms.normal import same
from normbound.terms.store import Term, TermLike, sqrt
from normbound.theory.premises import Assumptions, NetworkTheorem, bounded, own_symbol


@dataclass(frozen=True, slots=True)
class FloorTheorem(NetworkTheorem):
    """A floor under a constant.

    at  the instruction of the last normalizer
    """

    at: int = 0


# -- chains of a derivation ---------------------------------------------------------------------------------------

def _chain(d: Derivation, last: int) -> list[Step]:
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


class _Place:
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
        return _chain(self.d, step.premises[-1])

    def read(self, term: Term, where: str) -> Term:
        """``term`` in the last iteration."""
        found = term.store.substitute([term], self.mapping)[0] if self.mapping else term
        reached = found.store.reachable([found])
        if any(s.id in reached for s in self.states):
            raise UnsupportedError(f"{where}: its constant depends on the radius along the iterations")
        return found


# -- the floor under certificates ---------------------------------------------------------------------------------

def certificate_floor(network: Network) -> FloorTheorem:
    """The product of the constants of a network without biases cannot fall below a number that no depth changes.

    Raises UnsupportedError naming the layer that breaks a hypothesis: a bias or shift, a layer that is not 0 at 0, a growth
    above the Lipschitz constant, an entrywise product, no normalizer (with a floor) on the main chain.
    """
    bound = bounded(network, "input")
    d, store = bound.derivation, bound.term.store
    _homogeneous(d)
    at, after, where = _last_normalizer(d)
    floor, under, total = _floor_of(d, at)
    sigma, below = where.read(floor, "floor"), where.read(under, "floor")
    radius = network.input.radius
    size = own_symbol(None, "radius", "r", "r_0", bound=bound) if radius is None else radius
    exact_eps = same(sigma**2, below)
    tau = store.one if exact_eps else sigma / sqrt(below)
    value = after * sqrt(total) * tau / size
    said = Assumptions(bound)
    title = place(d.program.code[at].path)
    depth = [rf"${said.place(k)} \ge 1$." for k in where.depths if not (k.literal() or 0) >= 1]
    within = r"\abs{x_0} = <<size>>" if radius is None else r"\abs{x_0} \le <<size>>"
    statement = (rf"Suppose that some $x_0 \ne 0$ with ${within}$ meets the floors. Then, whatever the depth and "
                 r"the weights within their norm bounds, "
                 r"the product of the constants of the layers satisfies $<<certificate>> \ge <<value>>$.")
    return FloorTheorem(
        "certificate-floor", "No certificate below a floor without biases", statement,
        ("No layer has a bias or a shift, every other layer is 0 at 0, and no layer grows faster than its Lipschitz constant: "
         r"$\abs{F(z)} \le L_F \abs{z}$.", *depth, *said.texts),
        (r"A normalizer with floor $\sigma$ has $\abs{N(z)} \le \abs{z}/\sqrt{\sigma^2 + \varepsilon}$ where its input "
         r"meets the "
         r"floor, so every layer $F$ satisfies $\abs{F(z)} \le L_F \abs{z}$ with its factor $L_F$ in the product; sums, "
         "concatenations, compositions and repeats inherit it.",
         rf"Hence the product up to the last normalizer, at {title}, is at least the norm of its output over $\abs{{x_0}}$.",
         r"That output has squared norm $<<total>>$ times the mean of $V/(V + \varepsilon)$ over its groups, $V$ their variances, "
         r"which increases in $V \ge (<<sigma>>)^2$: the norm is at least $<<norm>>$.",
         r"The layers after it multiply the product by $<<after>>$."),
        {"value": value, "certificate": bound.term, "after": after, "total": total, "sigma": sigma,
         "norm": sqrt(total) * tau, "size": size, **said.terms},
        ((r"L_F", "the Lipschitz constant of a layer, as it enters the product"),),
        r"Attained: with $\varepsilon = 0$, RMSNorm after multiples of orthogonal matrices, and floors equal to the "
        r"deviations that "
        "occur.",
        ("The floor is one of certificates (products of layer constants). The Lipschitz constant of the network itself may be "
         "smaller.",
         r"Exponential reduction needs what this theorem excludes: biases that keep the deviations up while the weights stay "
         "small.",
         "It holds for the floors that are met. Floors that no input meets make every bound small, and say nothing."),
        (), None, network, bound, at)


def _homogeneous(d: Derivation) -> None:
    """Refuse what need not satisfy |F(z)| <= L_F |z|."""
    for i in d.program.code:
        if i.op != OPEN:
            continue
        if isinstance(i.block, Composite) and i.block.rule == "product":
            raise UnsupportedError(f"{place(i.path)}: an entrywise product, whose factor in the product depends on ranges; "
                                   "the theorem is about networks without products")
        if isinstance(i.block, Repeat) and i.block.capture:
            raise UnsupportedError(f"{place(i.path)}: a Repeat with captured tensors, which enter like biases")
    for step in d.steps:
        if step.rule != "contract":
            continue
        at = step.at
        layer = d.program.code[at].block
        assert isinstance(layer, Layer)
        if isinstance(layer, (Normalize, Squash)):
            continue  # their envelope is their range; |N(z)| <= |z|/sqrt(sigma^2 + eps) and |tanh z| <= |z| hold as well
        where = f"{place(d.program.code[at].path)} ({layer.name})"
        if step.summary.b0:
            what = ("a bias" if isinstance(layer, Linear) else "a shift beta" if isinstance(layer, Affine) else
                    "running means" if isinstance(layer, Standardize) else "a value other than 0 at 0")
            raise UnsupportedError(f"{where} has {what}; the theorem is about networks whose layers are all 0 at 0")
        if isinstance(layer, Affine):
            continue  # linear; where its constant is below |gamma|_inf it is that on the centred rows that reach it
        if not _at_most(step.summary):
            raise UnsupportedError(f"{where} grows like {step.summary.G} |z| with a Lipschitz constant of {step.summary.L}; "
                                   "the theorem needs a growth of at most the Lipschitz constant")


def _at_most(s: Summary) -> bool:
    """Whether G <= L is certain."""
    G, L = s.G, s.L
    if not G or G == L or same(G, L):
        return True
    if G.store.symbols(G, L):
        return False
    low, high = evaluate_many([G, L], {})
    return bool(low <= high)


def _last_normalizer(d: Derivation) -> tuple[int, Term, _Place]:
    """The last normalizer on the main chain, the constant of what follows it, and where it stands."""
    where = _Place(d)
    after = d.program.network.input.features.store.one
    chain = _chain(d, len(d.steps) - 1)
    while chain:
        step = chain.pop()
        i = d.program.code[step.at]
        if isinstance(i.block, Normalize):
            return step.at, after, where
        inside = [] if i.op == LEAF else [
            k for k, other in enumerate(d.program.code) if other.op == LEAF and isinstance(other.block, Normalize)
            and other.path[:len(i.path)] == i.path]
        if not inside:
            after = after * where.read(step.summary.L, place(i.path))
        elif isinstance(i.block, Repeat):
            chain = where.enter(step)
        else:
            raise UnsupportedError(f"{place(d.program.code[inside[-1]].path)}: the last normalizer stands in a branch "
                                   f"({i.block.rule}), where its output can be cancelled; "  # type: ignore[attr-defined]
                                   "the theorem needs one on the main chain")
    raise UnsupportedError("the network has no normalizer on its main chain (LayerNorm, RMSNorm, ...); the theorem is about "
                           "normalized networks")


def _floor_of(d: Derivation, at: int) -> tuple[Term, Term, Term]:
    """Floor, sigma^2 + eps and the total divisor of the normalizer at an instruction."""
    found: Hypothesis | None = next((u.hypothesis for u in d.uses if u.at == at and u.hypothesis.kind == "floor"), None)
    if found is None or found.divisor is None:
        raise UnsupportedError(f"{place(d.program.code[at].path)}: the last normalizer declares no floor; the theorem compares "
                               "products under floors, so give floor=...")
    return found.terms[0], found.terms[1], found.divisor


# -- BatchNorm at the end, matched to the data --------------------------------------------------------------------

def matched_batchnorm(network: Network, trace: TermLike | None = None, gain: TermLike | None = None) -> FloorTheorem:
    """The Lipschitz constant of a network that ends with BatchNorm matched to the data is bounded below at every depth.

    trace  the trace of the covariance of the input (default: a symbol)
    gain   the Euclidean norm of gamma of the last BatchNorm, where its entries are not given (default: a symbol)

    Raises UnsupportedError naming the layer where the network does not end with a BatchNorm over samples.
    """
    bound = bounded(network, "input")
    d, store = bound.derivation, bound.term.store
    _per_sample(bound)
    where = _Place(d)
    chain = _chain(d, len(d.steps) - 1)
    while chain and isinstance(d.program.code[chain[-1].at].block, Repeat):
        chain = where.enter(chain[-1])
    last = [d.program.code[s.at].block for s in chain[-2:]]
    affine = last[-1] if last and isinstance(last[-1], Affine) else None
    k = len(chain) - (1 if affine is None else 2)
    norm = d.program.code[chain[k].at].block if k >= 0 else None
    if not ((isinstance(norm, Normalize) and norm.partition == "channel") or isinstance(norm, Standardize)):
        i = d.program.code[chain[-1].at]
        name = i.block.name if isinstance(i.block, Layer) else type(i.block).__name__
        raise UnsupportedError(f"{place(i.path)} ({name}): the network must end with BatchNorm; no constant is claimed after "
                               "further layers, which can destroy variance")
    at = chain[k].at
    i = d.program.code[at]
    title = place(i.path)
    if i.shape.positions.literal() != 1:
        raise UnsupportedError(f"{title}: BatchNorm pools its statistics over {i.shape.positions} positions; the theorem needs "
                               "statistics over samples alone (positions 1)")
    if isinstance(norm, Normalize):
        if i.shape.samples.literal() == 1:
            raise UnsupportedError(f"{title}: one sample has no variance; the theorem needs a batch of at least 2, "
                                   "Input(..., samples=...)")
        if norm.variance != "biased":
            raise UnsupportedError(f"{title}: BatchNorm with {norm.variance} variance; the theorem is about the biased one")
        if norm.floor is None:
            least = own_symbol(None, "floor", "sigma_c", bound=bound) ** 2
        else:
            least = where.read(norm.floor, title) ** 2
    else:
        assert isinstance(norm, Standardize)
        least = where.read(norm.var, title)
    eps = where.read(norm.eps, title)
    width = i.shape.features
    if affine is None or affine.gain is None:
        size, meaning = sqrt(width), r"$\gamma = (1, \ldots, 1)$"
    elif affine.gain_value is not None:
        size, meaning = euclidean(affine.gain_value), r"the given $\gamma$"
    else:
        size = own_symbol(gain, "gain", "gamma_2", "gamma_norm", bound=bound, shared=gain is not None)
        meaning = r"$\gamma$"
    T = own_symbol(trace, "trace", "T", "T_x", bound=bound, shared=trace is not None)
    kept = store.one if not eps else least / (least + eps)
    value = size * sqrt(kept) / sqrt(T)
    said = Assumptions(bound)
    depth = [rf"${said.place(n)} \ge 1$." for n in where.depths if not (n.literal() or 0) >= 1]
    statement = (r"Let $f$ map one sample to one output, all statistics frozen at those of the data. Whatever the depth, the "
                 r"weights, the activations and the inner layers, its Lipschitz constant on the data is at least "
                 r"$\sqrt{\sum_c \gamma_c^2 \sigma_c^2/(\sigma_c^2 + \varepsilon)} / \sqrt{\mathrm{tr}\,\mathrm{Cov}\,x} \ge "
                 r"<<value>>$. Every valid upper bound is at least that, in particular the derived one: "
                 r"$<<certificate>> \ge <<value>>$.")
    return FloorTheorem(
        "matched-batchnorm", "No exponential decay under BatchNorm matched to the data", statement,
        (rf"BatchNorm at {title} uses the mean and the biased variance $\sigma_c^2$ of every channel $c$ of its input over the "
         r"distribution of the data (a population, or a batch).",
         *([] if not eps else [r"$\sigma_c^2 \ge <<variance>>$ for every channel."]),
         rf"$\sigma_c > 0$ for every channel; $<<gain>>$ is the Euclidean norm of {meaning}.",
         r"$0 < \mathrm{tr}\,\mathrm{Cov}\,x = <<trace>> < \infty$, the covariance over the same data.", *depth,
         *(f"For the derived bound: {text}" for text in said.texts)),
        (r"For independent samples $x, x'$ of the data the mean of $\abs{f(x) - f(x')}^2$ is "
         r"$2\,\mathrm{tr}\,\mathrm{Cov}\,f(x)$; "
         r"that of $\abs{x - x'}^2$ is $2\,\mathrm{tr}\,\mathrm{Cov}\,x$.",
         r"The first is at most the squared Lipschitz constant on the data times the second.",
         r"The output of channel $c$ has variance $\gamma_c^2 \sigma_c^2/(\sigma_c^2 + \varepsilon)$, because the "
         r"statistics are those "
         r"of the data; the shift changes nothing. The quotient increases in $\sigma_c^2$."),
        {"value": value, "certificate": bound.term, "gain": size, "variance": least, "trace": T, **said.terms},
        ((r"\gamma_c, \sigma_c^2", "gain and variance of channel c of the last BatchNorm"),),
        "On every batch of two samples both sides of the first inequality are equal.",
        (r"Only the last $\gamma$ matters. Reduction by BatchNorm is relative to the network without it, never absolute.",
         "Running statistics that are not those of the data are excluded; note that frameworks keep the unbiased variance.",
         "Nothing is claimed after further layers: a ReLU or a linear map can destroy variance."),
        (), None, network, bound, at)


def _per_sample(bound: Bound) -> None:
    """Refuse layers that mix samples in a way the frozen map does not see."""
    for i in bound.derivation.program.layers():
        layer = i.block
        assert isinstance(layer, Layer)
        if not layer.rowwise and not isinstance(layer, (Normalize, Affine)):
            raise UnsupportedError(f"{place(i.path)} ({layer.name}) acts on several rows at once; the theorem needs a map of "
                                   "single samples once the statistics are frozen")
