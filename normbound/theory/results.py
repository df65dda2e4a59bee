"""The nine results: what normalization does to Lipschitz constants, derived here from the calculus.

They restate and prove, in this library's own terms, what the abstract of K. Than (arXiv 2511.00958) announces, and the
opposite regime. Each result is built in the current store: its theorem in words, the derived bounds it rests on, and the
members of the exact families that show it cannot be improved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from normbound.calculus.bound import Bound, derive
from normbound.calculus.comparison import Comparison, compare
from normbound.network.builtins import get
from normbound.network.language import parse_block
from normbound.network.program import Input, Network
from normbound.terms.store import current, sqrt
from normbound.theory.families import (
    Family,
    aligned_relu,
    batch_explosion,
    exact_family,
    explosion,
    global_epsilon,
    parameter_explosion,
    positive_weights,
)
from normbound.theory.generalization import parametric_bound, partition_bound
from normbound.theory.landscape import landscape
from normbound.theory.theorem import Theorem

SOURCE = ("than2025hidden",)


@dataclass(frozen=True, slots=True)
class Result:
    """One of the nine.

    id        "R1" ... "R9"
    theorems  what is claimed; the first is the result, the others are its parts
    bounds    the derived bounds it rests on, each with a short title
    families  members of the families that attain it (each statement quantifies over the whole family)
    comparison  the two networks compared, where the result compares
    attained    whether the theorem claims that its constants are attained; else a check can at best survive
    library     theorems of the proof library that prove a part of it: (File.theorem, which part, in TeX prose)
    unproved    what of it is proved on paper only, in TeX prose
    """

    id: str
    title: str
    theorems: tuple[Theorem, ...]
    bounds: tuple[tuple[str, Bound], ...] = ()
    families: tuple[Family, ...] = ()
    comparison: Comparison | None = None
    attained: bool = True
    library: tuple[tuple[str, str], ...] = ()
    unproved: str = ""


def _plain() -> Network:
    """The MLP with bounds of their own in each layer, without normalizers."""
    network = get("indexed").network.without_normalization()
    return Network(network.input, network.body, "MLP, own bounds in each layer")


def _unnormalized(wrt: str, family: bool) -> Bound:
    return derive(_plain() if family else get("mlp").network, wrt)


def input_unnormalized() -> Result:
    bound, equal = _unnormalized("input", True), _unnormalized("input", False)
    theorem = Theorem(
        "R1", "Unnormalized networks, input",
        r"Let $f$ have $K$ layers $x_i=\phi(W_ix_{i-1}+b_i)$ with ReLU activations $\phi$ and $\norm{W_i}\le s_i$. Then $f$ is "
        r"Lipschitz on all of $\mathbb{R}^d$ with constant $<<value>>$, and with $<<equal>>$ if all $s_i$ equal $s$. No smaller "
        r"number bounds all these networks.",
        proof=(r"A linear map is $\norm{W_i}$-Lipschitz, adding a bias changes no difference, and ReLU is 1-Lipschitz.",
               r"Constants multiply under composition; over $K$ layers this is the product."),
        terms={"value": bound.term, "equal": equal.term},
        sharpness=r"Attained for all $s_1,\dots,s_K$ by aligned weights of rank one (see the explicit networks of the next section "
        r"but one).",
        sources=SOURCE)
    return Result("R1", "Upper bound in the input, without normalization", (theorem,),
                  (("input", bound), ("equal bounds", equal)),
                  library=(("Witness.product_exact_network", r"ReLU networks with the constant $s_1\cdots s_K$ exist for all $s_i$"),))


def parameters_unnormalized() -> Result:
    bound = _unnormalized("parameters", False)
    bare = derive(Input("R", "d") >> parse_block("Repeat(Linear(s) >> ReLU, K)"), "parameters")
    theorem = Theorem(
        "R2", "Unnormalized networks, parameters",
        r"Let $f$ have $K$ layers $x_i=\phi(W_ix_{i-1}+b_i)$ with ReLU activations, $\norm{W_i}\le s$ and $\abs{b_i}\le b$, and let "
        r"$\abs{x}\le R$. As a function of all weights and biases together, $f(x;\cdot)$ is Lipschitz with constant $P$, "
        r"$P^2=<<squared>>$. Without biases $P=<<bare>>$.",
        proof=(r"The recursion is $P_i^2=s^2P_{i-1}^2+B_{i-1}^2+1$ with $B_i=sB_{i-1}+b$: in $W_ix-W_i'x'=W_i(x-x')+(W_i-W_i')x'$ the "
               r"first part is what earlier layers cause, the second what this layer causes, and the parts add in squares by "
               r"Cauchy-Schwarz.",
               r"$(P^2,B^2,B,1)$ evolves linearly; divided differences of $z^K$ at $s^2$, $s$ and $1$ solve the recursion, also "
               r"where these numbers coincide."),
        terms={"value": bound.term, "squared": bound.term**2, "bare": bare.term},
        sharpness=r"Attained by scalar chains with $w_i=s$, $b_i=b$ at $x=R$.", sources=SOURCE)
    return Result("R2", "Upper bound in the parameters, without normalization", (theorem,),
                  (("with biases", bound), ("without biases", bare)),
                  library=(("Witness.parameter_constant_attained", "the constant without biases cannot be lowered"),),
                  unproved="that the constant with biases is attained")


def lower_bound() -> Result:
    families = (aligned_relu((2,) * 4, 2), positive_weights("3/10", 4))
    theorem = Theorem(
        "R3", "Exponential lower bounds",
        r"Let $K\ge1$, $d\ge2$ and $R>0$. For every $s>1$ there are uncountably many ReLU networks without biases, of depth $K$ and "
        r"width $d$, with $\norm{W_i}=s$, whose Lipschitz constant in the input on $\abs{x}\le R$ is exactly $s^K$ and whose derivative "
        r"in $(W_1,\dots,W_K)$ has norm $\sqrt{K}s^{K-1}R$ at some $x$ with $\abs{x}\le R$. For every $c>0$ the ReLU networks without "
        r"biases all of whose weights exceed $c$, an open set and so of positive Lebesgue measure, have Lipschitz constants in the "
        r"input of at least $(cd)^K$, which is exponential for $cd>1$.",
        proof=tuple(rf"\emph{{{f.name}:}} {f.proof}" for f in families),
        sharpness="The first family attains the upper bounds of the two sections before (without biases) at every depth.",
        sources=SOURCE)
    return Result("R3", "Exponential lower bounds and their continuum", (theorem,), (), families,
                  library=(("Witness.family_constant", "the constant of each member of a one-parameter family is exactly $s^K$"),
                           ("Witness.family_uncountable", "no sequence lists that family"),
                           ("Witness.parameter_constant_attained", r"the derivative in the weights has norm $\sqrt{K}s^{K-1}R$")),
                  unproved="the second family, with positive weights, and its measure")


def input_normalized() -> Result:
    bound, own = derive(get("mlp-layernorm").network), derive(get("indexed").network)
    free = derive(get("mlp-layernorm").network, floors=False)
    theorem = Theorem(
        "R4", "Normalized networks, input",
        r"Insert LayerNorm with gains $\abs{\gamma}_\infty\le g$ after every linear map. Any two inputs for which every normalizer "
        r"sees a standard deviation of at least $\sigma$ satisfy $\abs{f(x)-f(x')}\le L\abs{x-x'}$ with $L=<<value>>$; with numbers of "
        r"their own in each layer $L=<<own>>$. Without any floor $L=<<free>>$.",
        hypotheses=(r"The floor speaks of the deviations inside the normalized network, at both inputs.",
                    r"$\sigma^2+\varepsilon>0$ for the bound with a floor, $\varepsilon>0$ for the one without; the variance is the biased "
                    r"one."),
        proof=(r"For the normalizer $N$ and two points with $q(u)=a$, $q(v)=b$, where $q(z)^2$ is the variance plus $\varepsilon$: "
               r"$\abs{N(u)-N(v)}^2\le\abs{u-v}^2/(ab)$, because the difference of the two sides is a product of two factors of equal "
               r"sign. No convexity of the set of inputs is used.",
               r"With $a,b\ge\sqrt{\sigma^2+\varepsilon}$ the constant is $1/\sqrt{\sigma^2+\varepsilon}$; gains multiply by $g$, and "
               r"constants multiply along the network."),
        terms={"value": bound.term, "own": own.term, "free": free.term},
        sharpness=r"With a floor: no smaller constant holds for all these networks if $d\ge3$, $\sigma>0$ and $b\ge\sigma\sqrt{d}$, at "
        r"every depth (the proposition in the appendix names the networks; without activations they are the exact family of the "
        r"theorem on exponential reduction). Without a floor: attained by $x\mapsto gN(sx)$ iterated, without activations.",
        sources=SOURCE)
    return Result("R4", "Upper bound in the input, with normalization", (theorem,),
                  (("equal bounds", bound), ("without floors", free)),
                  library=(("Norm.N_two_point", "the inequality between two points"),
                           ("Exact.exact_family_LN", "the constant with a floor is attained at every depth, without activations"),
                           ("Explosion.epsilon_attained", "the constant without a floor is attained at every depth")),
                  unproved="attainment of the constant with a floor by networks with activations")


def parameters_normalized() -> Result:
    network = get("mlp-layernorm").network
    bound, fixed = derive(network, "parameters"), derive(network, "parameters", ("weight", "bias", "shift"))
    theorem = Theorem(
        "R5", "Normalized networks, parameters",
        r"For the network of result 4, two parameters and an input for which the floors hold under both parameters: "
        r"$\abs{f(x;\theta)-f(x;\theta')}\le P\abs{\theta-\theta'}$ with $P=<<value>>$, and with $P=<<fixed>>$ if the two parameters "
        r"have the same gains.",
        hypotheses=(r"The floors hold for both networks of the pair.",),
        proof=(r"The normalizer without parameters is followed by its gain and shift, so the recursion never compares a normalizer "
               r"across parameters: $P_i^2=a^2P_{i-1}^2+$ the layer's own part, with $a=gs/\sqrt{\sigma^2+\varepsilon}$.",
               r"The radius after a normalizer is at most $g\sqrt{d}+h$, whatever the depth and the weights; so for $a<1$ the constant "
               r"stays bounded in the depth."),
        terms={"value": bound.term, "fixed": fixed.term},
        sharpness=r"The first is an upper bound: with trainable gains the composition is not known to be attained. The last layer's "
        r"own part never vanishes, so $P$ does not tend to zero. The recursion behind the second is attained at $\varepsilon=0$ by the "
        r"exact family, whose weights are given: there the same steps give the norm of the derivative exactly.",
        sources=SOURCE)
    return Result("R5", "Upper bound in the parameters, with normalization", (theorem,), (("parameters", bound),), attained=False,
                  library=(("Params.normalized_block", "the recursion for one block, whose radius does not depend on the input"),
                           ("Params.normalized_stack_bounded", "for $a<1$ the constant stays bounded in the depth")),
                  unproved="the constant for equal gains and its attainment")


def exponential_reduction() -> Result:
    network = get("mlp-layernorm").network
    comparison = compare(network, network.without_normalization())
    ratio = comparison.first.term / comparison.second.term if comparison.ratio is None else comparison.ratio
    store = current()
    g, s, sigma, eps = (store.symbol(n) for n in ("g", "s", "sigma", "eps"))
    theorem = Theorem(
        "R6", "Exponential reduction",
        r"Inserting the normalizers multiplies the bound in the input by $<<ratio>>$. For $K\ge1$ and $s>0$ it is smaller if and only if "
        r"$g< <<root>>$, and then exponentially so in the number of normalizers, at the exact rate $<<rate>>$ each. The "
        r"normalized bound itself decays if and only if $<<left>>< <<root>>$. For all positive $s,\sigma,g$, all $\varepsilon\ge0$, "
        r"$d\ge3$ and $K\ge1$ there are networks without activations (a continuum for each choice) for which both statements hold for "
        r"the true Lipschitz constants: they equal $<<normalized>>$ with and $s^K$ without the normalizers, and the floor holds at "
        r"every input.",
        hypotheses=(r"$\sigma$ is the floor inside the normalized network: it is not the deviation of the unnormalized one.",
                    r"Floors are possible only with $\sigma\sqrt{d}\le sR+b$ and its analogues at later layers."),
        proof=("Divide the bound of the normalized network by that of the unnormalized one.", exact_family(1, 1, 1, 0, 1).proof),
        terms={"value": ratio, "ratio": ratio, "root": sqrt(sigma**2 + eps),
               "rate": g / sqrt(sigma**2 + eps), "left": g * s, "normalized": comparison.first.term},
        sharpness="Attained by the exact family, as a ratio of true constants, for reduction, neutrality and explosion alike.",
        warnings=(r"At $\varepsilon=0$ only $s/\sigma$ has a meaning: a large deviation that comes from a large weight is neutral.",
                  r"For chains without biases the bound itself is at least of the order $\sqrt{d}/\abs{x}$ at every input $x$ that "
                  r"meets the floors, and networks that end with "
                  r"BatchNorm matched to the data not below a floor independent of the depth: the reduction is relative to the "
                  r"unnormalized network."),
        sources=SOURCE, lemma="Reduction.certificate_ratio, Reduction.threshold, Exact.exact_ratio")
    return Result("R6", "Exponential reduction: rate, threshold, attainment", (theorem,), (),
                  (exact_family("4/5", "3/2", 1, "1/100", 4),), comparison,
                  library=(("Reduction.certificate_ratio", "the quotient of the two bounds"),
                           ("Reduction.threshold", "when a normalizer makes the bound smaller"),
                           ("Exact.exact_family", "the exact constants with the normalizers, at every depth"),
                           ("Exact.exact_ratio", "the quotient of the exact constants"),
                           ("Exact.exact_family_nonempty", "such networks exist in width 3")),
                  unproved="that there is a continuum of these networks for each choice")


def loss_landscape() -> Result:
    network = get("mlp-layernorm").network
    return Result("R7", "Consequence for the loss landscape",
                  (landscape(network, "cross-entropy"), landscape(get("mlp").network, "cross-entropy")), attained=False,
                  unproved="the theorem; the library does not speak of losses. The Lipschitz constants in it are bounds of the kind that "
                  "the sections before certify")


def generalization() -> Result:
    network = get("mlp-layernorm").network
    return Result("R8", "Consequence for generalization",
                  (partition_bound(network, "ramp"), parametric_bound(network, "ramp")), attained=False,
                  unproved="the theorem; the library does not speak of probabilities. The Lipschitz constants in it are bounds of the kind "
                  "that the sections before certify")


def opposite_regime() -> Result:
    network = get("mlp-layernorm").network
    comparison = compare(network, network.without_normalization())
    families = (explosion(2, 4), batch_explosion(2, 4), parameter_explosion(2, 3), global_epsilon(1, 1, "1/100", 3))
    store = current()
    theorem = Theorem(
        "R9", "The opposite regime and the border",
        r"Let $K\ge1$. At $\varepsilon=0$: for every $c>1$ there are networks (a continuum) with $\norm{W_i}=1$ whose Lipschitz constant "
        r"on the inputs at which every deviation is at least $\frac{1}{c}$ is 1 without normalizers and exactly $c^K$ with LayerNorm "
        r"after each linear map; likewise for BatchNorm in training mode, as a map of the whole batch; and there are such networks "
        r"with BatchNorm whose derivative in the first weight has norm at least $c^K\sqrt{m}$, $m$ the size of the batch. For all "
        r"$s,g,\varepsilon>0$ the map $x\mapsto gN(sx)$, iterated $K$ times, has Lipschitz constant $(gs/\sqrt{\varepsilon})^K$ on all of "
        r"space. The border is $g=<<root>>$ relative to the unnormalized network, and $gs=<<root>>$ for growth or decay of the "
        r"normalized network itself; on either side the exact family attains the bound.",
        hypotheses=(r"$d\ge3$ for LayerNorm, $m\ge3$ for BatchNorm. At $\varepsilon=0$ no constant holds on all of space: $N$ is not "
                    r"continuous where the deviation is 0.",),
        proof=tuple(rf"\emph{{{f.name}:}} {f.proof}" for f in families),
        terms={"value": comparison.first.term, "root": sqrt(store.symbol("sigma")**2 + store.symbol("eps"))},
        sharpness="All constants are attained by the explicit networks.", sources=("openreview2026uv1q",))
    return Result("R9", "The opposite regime and the border between the two", (theorem,), (), families,
                  library=(("Explosion.explosion_exact", "the constant $c^K$ with LayerNorm, on the circle of the family"),
                           ("Explosion.explosion_unnormalized", "the constant 1 of the same weights without LayerNorm"),
                           ("BatchExplosion.batch_explosion", "the constant $c^K$ with BatchNorm in training mode"),
                           ("Explosion.epsilon_attained", r"the constant $(gs/\sqrt{\varepsilon})^K$ on all of space"),
                           ("Exact.exact_ratio", "the border, as a quotient of exact constants")),
                  unproved="the derivative in the first weight with BatchNorm, and that these families are continua")


RESULTS: dict[str, Callable[[], Result]] = {
    f"R{k}": build for k, build in enumerate((
        input_unnormalized, parameters_unnormalized, lower_bound, input_normalized, parameters_normalized,
        exponential_reduction, loss_landscape, generalization, opposite_regime), 1)}


def results() -> list[Callable[[], Result]]:
    """The nine, unbuilt: each call builds one in the current store."""
    return [partial(build) for build in RESULTS.values()]
