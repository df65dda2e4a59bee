r"""What normalization cannot do: floors under constants that hold at every depth and for all weights.

certificate_floor   in networks without biases the product of the layers' constants, at the deviations that occur, is at least
                    the norm of the last normalized tensor over the norm of the input, times what follows
matched_batchnorm   a network that ends with a BatchNorm whose statistics are those of the data has a Lipschitz constant of at
                    least sqrt(sum_c gamma_c^2 sigma_c^2/(sigma_c^2 + eps) / tr Cov x) on the data
"""

from __future__ import annotations

from dataclasses import dataclass

from normbound.calculus.bound import Bound
from normbound.calculus.homogeneous import Place, chain, deviation_kept, floor_of, last_normalizer, offences
from normbound.contracts.block import Layer, Repeat
from normbound.errors import UnsupportedError
from normbound.layers.normalization import Affine, Normalize, Standardize
from normbound.layers.tensors import euclidean
from normbound.network.program import Network, place
from normbound.terms.store import TermLike, sqrt
from normbound.theory.premises import Assumptions, NetworkTheorem, Quantities, bounded


@dataclass(frozen=True, slots=True)
class FloorTheorem(NetworkTheorem):
    """A floor under a constant.

    at  the instruction of the last normalizer
    """

    at: int = 0


# -- the floor under certificates ---------------------------------------------------------------------------------

def certificate_floor(network: Network) -> FloorTheorem:
    """The product of the constants of a network without biases cannot fall below a number that no depth changes.

    Raises UnsupportedError naming the layer that breaks a hypothesis: a bias or shift, a layer that is not 0 at 0, a growth
    above the Lipschitz constant, an entrywise product, no normalizer (with a floor) on the main chain.
    """
    bound = bounded(network, "input")
    d, page = bound.derivation, Quantities(bound)
    for offence in offences(d):
        raise UnsupportedError(offence.words)
    where = Place(d)
    at, after = last_normalizer(d, where, chain(d, len(d.steps) - 1))
    floor, under, total = floor_of(d, at)
    sigma, below = where.read(floor, "floor"), where.read(under, "floor")
    radius = network.input.radius
    size = page.symbol("radius", "r", "r_0") if radius is None else radius
    tau = deviation_kept(sigma, below)
    value = after * sqrt(total) * tau / size
    said = Assumptions(bound, page)
    F, L, N, V = (page.letter(*wanted) for wanted in ("FGH", "LMH", "NAZ", "VUW"))
    grows = rf"\abs{{{F}(z)}} \le {L}_{F} \abs{{z}}"
    title = place(d.program.code[at].path)
    depth = [rf"${said.place(k)} \ge 1$." for k in where.depths if not (k.literal() or 0) >= 1]
    within = r"\abs{x_0} = <<size>>" if radius is None else r"\abs{x_0} \le <<size>>"
    statement = (rf"Suppose that some $x_0 \ne 0$ with ${within}$ meets the floors. Then, whatever the depth and "
                 r"the weights within their norm bounds, "
                 r"the product of the constants of the layers satisfies $<<certificate>> \ge <<value>>$.")
    return FloorTheorem(
        "certificate-floor", "No certificate below a floor without biases", statement,
        ("No layer has a bias or a shift, every other layer is 0 at 0, and no layer grows faster than its Lipschitz constant: "
         rf"${grows}$ for a layer ${F}$ with constant ${L}_{F}$.", *depth, *said.texts),
        (rf"A normalizer ${N}$ with floor $\sigma$ has $\abs{{{N}(z)}} \le \abs{{z}}/\sqrt{{\sigma^2 + \varepsilon}}$ where its "
         rf"input meets the floor, so every layer ${F}$ satisfies ${grows}$ with its factor ${L}_{F}$ in the product; sums, "
         "concatenations, compositions and repeats inherit it.",
         rf"Hence the product up to the last normalizer, at {title}, is at least the norm of its output over $\abs{{x_0}}$.",
         rf"That output has squared norm $<<total>>$ times the mean of ${V}/({V} + \varepsilon)$ over its groups, ${V}$ their "
         rf"variances, which increases in ${V} \ge (<<sigma>>)^2$: the norm is at least $<<norm>>$.",
         r"The layers after it multiply the product by $<<after>>$."),
        {"value": value, "certificate": bound.term, "after": after, "total": total, "sigma": sigma,
         "norm": sqrt(total) * tau, "size": size, **said.terms},
        ((f"{L}_{F}", f"the Lipschitz constant of a layer ${F}$, as it enters the product"),),
        r"Attained: with $\varepsilon = 0$, RMSNorm after multiples of orthogonal matrices, and floors equal to the "
        r"deviations that "
        "occur.",
        ("The floor is one of certificates (products of layer constants). The Lipschitz constant of the network itself may be "
         "smaller.",
         r"Exponential reduction needs what this theorem excludes: biases that keep the deviations up while the weights stay "
         "small.",
         "It holds for the floors that are met. Floors that no input meets make every bound small, and say nothing."),
        (), None, network, bound, at)


# -- BatchNorm at the end, matched to the data --------------------------------------------------------------------

def matched_batchnorm(network: Network, trace: TermLike | None = None, gain: TermLike | None = None) -> FloorTheorem:
    """The Lipschitz constant of a network that ends with BatchNorm matched to the data is bounded below at every depth.

    trace  the trace of the covariance of the input (default: a symbol)
    gain   the Euclidean norm of gamma of the last BatchNorm, where its entries are not given (default: a symbol)

    Raises UnsupportedError naming the layer where the network does not end with a BatchNorm over samples.
    """
    bound = bounded(network, "input")
    d, store, page = bound.derivation, bound.term.store, Quantities(bound)
    _per_sample(bound)
    where = Place(d)
    elements = chain(d, len(d.steps) - 1)
    while elements and isinstance(d.program.code[elements[-1].at].block, Repeat):
        elements = where.enter(elements[-1])
    last = [d.program.code[s.at].block for s in elements[-2:]]
    affine = last[-1] if last and isinstance(last[-1], Affine) else None
    k = len(elements) - (1 if affine is None else 2)
    norm = d.program.code[elements[k].at].block if k >= 0 else None
    if not ((isinstance(norm, Normalize) and norm.partition == "channel") or isinstance(norm, Standardize)):
        i = d.program.code[elements[-1].at]
        name = i.block.name if isinstance(i.block, Layer) else type(i.block).__name__
        raise UnsupportedError(f"{place(i.path)} ({name}): the network must end with BatchNorm; no constant is claimed after "
                               "further layers, which can destroy variance")
    at = elements[k].at
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
            least = page.symbol("floor", "sigma_c") ** 2
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
        size = page.own(gain, "gain", "gamma_2", "gamma_norm", shared=True)
        meaning = r"$\gamma$"
    T = page.own(trace, "trace", "T", "T_x", shared=True)
    kept = store.one if not eps else least / (least + eps)
    value = size * sqrt(kept) / sqrt(T)
    said = Assumptions(bound, page)
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
