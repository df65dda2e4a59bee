r"""The landscape of the loss over the parameters: how large gradients can be, layer by layer, and why they do not all vanish.

For a Repeat of depth K whose body has constant a and sensitivity p(B), the parameters of iteration j reach the output of the
Repeat through K - j further iterations: their part of the gradient is at most a^(K-j) p(B_(j-1)) times what follows. Under a
normalizer B_(j-1) is bounded whatever the depth, so a < 1 makes early iterations exponentially insensitive; the last one keeps
p(B_(K-1)), and a trainable bias at the end keeps the whole gradient of the loss in the logits.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from normbound.calculus.bound import Bound
from normbound.calculus.derivation import Step
from normbound.contracts.block import Layer, Repeat
from normbound.errors import UnsupportedError
from normbound.layers.activations import Elementwise
from normbound.layers.linear import Linear
from normbound.layers.normalization import Affine, Normalize, Standardize
from normbound.network.program import LEAF, Network, group_name, place
from normbound.terms.normal import same
from normbound.terms.store import Term, TermLike, sqrt
from normbound.theory.attainment import attainment
from normbound.theory.losses import Loss, LossTheorem, Places, loss_on
from normbound.theory.premises import Assumptions, Quantities, Trained, bounded, trained

#: Layers that are differentiable everywhere (a normalizer: where its denominator is positive, which its hypotheses say).
DIFFERENTIABLE = frozenset((
    "Identity", "Linear", "Scaling", "LearnedScale", "Outside", "Normalize", "Standardize", "Affine", "tanh", "CELU", "GELU",
    "GELUTanh", "SiLU", "Mish", "Softplus", "Sigmoid", "Tanh", "LogSigmoid", "Tanhshrink", "Softsign", "Sin", "SquaredReLU"))

_CURVATURE = ("Nothing is claimed about curvature: the bound is on gradients, and a small gradient bound does not make the "
              "landscape convex or its Hessian small.")
_AS_GIVEN = "at values within their norm bounds"
_RELATIVE = ("Where the bound for early iterations is small, this is also the vanishing gradient: those layers learn slowly. Smoother "
             "means smoother relative to the network without normalization, whose bound grows.")


@dataclass(frozen=True, slots=True)
class LandscapeTheorem(LossTheorem):
    """The landscape of a network with a Repeat at its top level.

    path   the place of the Repeat
    index  the symbol of the iteration in the term "iteration"
    """

    path: tuple[int, ...] = ()
    index: str = ""


def kinked_layers(bound: Bound) -> list[str]:
    """The names of the layers that are not differentiable everywhere, or not known to be."""
    found: dict[str, None] = {}
    for i in bound.derivation.program.layers():
        layer = i.block
        assert isinstance(layer, Layer)
        smooth = layer.name in DIFFERENTIABLE
        if isinstance(layer, Elementwise) and layer.name in ("ELU", "LeakyReLU"):  # no kink at 0 for the argument 1
            smooth = layer.argument is not None and layer.argument.literal() == 1
        if not smooth:
            found[layer.name] = None
    return list(found)


def _smooth_warnings(bound: Bound, loss: Loss) -> tuple[str, ...]:
    kinks = kinked_layers(bound)
    found = []
    if kinks:
        found.append(f"{', '.join(kinks)}: not differentiable everywhere. The gradient exists for almost all parameters "
                     "(Rademacher), and jumps across kinks.")
    if loss.smoothness is None:
        found.append(f"The {loss.title} is not differentiable everywhere.")
    return (*found, _CURVATURE)


def gradient_bound(network: Network, loss: Loss | str, trainable: Collection[str] | None = None,
                   floors: bool = True) -> LossTheorem:
    """The gradient of the loss in the parameters is at most L_loss P, wherever it exists."""
    loss = loss_on(network, loss)
    bound = bounded(network, "parameters", trainable, floors)
    page = Quantities(bound, *loss.terms.values())
    places, said, theta = loss.places(page.letter), Assumptions(bound, page), trained(bound)
    same_fixed = ", have the same fixed tensors" if theta.partial else ""
    sharp = _sharpness(bound, said, theta)
    return LossTheorem(
        "gradient-bound", "Gradients of the loss in the parameters",
        rf"Let $\ell(z, y)$ be the {loss.title}: {loss.formula(places)}. {theta.sentence(_AS_GIVEN)} For every target $y$, "
        rf"{said.domain} and every $\theta \in \Theta${said.met}, if $\theta \mapsto \ell(f(x;\theta), y)$ is differentiable at "
        r"$\theta$, then $\abs{\nabla_\theta \ell(f(x;\theta), y)} \le <<value>>$. The gradient of the mean of $\ell$ over any "
        "such inputs and targets has the same bound.",
        (*said.texts, *loss.assumptions(places)),
        (r"Between any two networks that meet the norm bounds and the "
         rf"hypotheses{same_fixed} and read the same input, the outputs differ by at most $<<network>> \abs{{\theta - \theta'}}$.",
         r"$<<network>>$ is a continuous function of the norm bounds and floors. Networks close to $\theta$ meet bounds and "
         r"floors that are arbitrarily little relaxed, so every difference quotient at $\theta$ has an upper limit of at most "
         r"$<<value>>$, the product with the Lipschitz constant $<<loss>>$ of $\ell$ in the logits.",
         "The norm of a gradient is the largest limit of difference quotients; a mean of gradients is no longer than the "
         "longest of them."),
        {"value": loss.lipschitz * bound.term, "loss": loss.lipschitz, "network": bound.term, **loss.terms, **said.terms},
        (("f", "the network"), (r"\ell", "the loss of one sample"), *theta.symbols, theta.gradient),
        rf"The product is an upper bound. The constant $<<loss>>$ is {_attained(loss)}. {sharp}",
        _smooth_warnings(bound, loss), (), None, network, bound, loss, bound.derivation.trainable)


def _attained(loss: Loss) -> str:
    return "attained by the loss" if loss.kind.sharpness == "attained" else "the supremum of the loss's gradient norms"


def _sharpness(bound: Bound, said: Assumptions, theta: Trained) -> str:
    """What is known about the constant of this network in its parameters, the term "network"."""
    found = attainment(bound)
    if not found.exact:
        return ("The constant $<<network>>$ of the network in its parameters is an upper bound; whether some network in "
                r"$\Theta$ comes close to it is not claimed.")
    relations = {">=": r"\ge", "<=": r"\le", ">": ">"}
    under = " and ".join(f"${said.place(left)} {relations[relation]} {said.place(right)}$"
                         for left, relation, right, _ in found.conditions)
    fixed = ", suitable fixed tensors" if theta.partial else ""
    return (rf"The constant $<<network>>$ of the network in its parameters cannot be lowered{' where ' + under if under else ''}: "
            rf"some $\theta \in \Theta${fixed} and an input $x$ have $\abs{{f(x;\theta) - f(x;\theta')}}/\abs{{\theta - \theta'}}$ "
            r"as close to it as desired.")


def elements(bound: Bound) -> list[Step]:
    """The derivation steps of the elements of the chain at the top, in order."""
    d = bound.derivation
    found: list[Step] = []
    last = 0
    for k, s in enumerate(d.steps):
        if s.rule == "series" and s.premises[0] == last:
            found.append(d.steps[s.premises[1]])
            last = k
    return found


def landscape(network: Network, loss: Loss | str, depth: TermLike | None = None, trainable: Collection[str] | None = None,
              floors: bool = True) -> LandscapeTheorem:
    """Gradients iteration by iteration for a network with a Repeat at its top level.

    depth  the depth of the Repeat that is meant; needed where the chain at the top has several

    Raises UnsupportedError where there is no such Repeat, where it is tied, or where its constants change along the
    iterations.
    """
    loss = loss_on(network, loss)
    bound = bounded(network, "parameters", trainable, floors)
    d, store = bound.derivation, bound.term.store
    chain = elements(bound)
    here = [k for k, s in enumerate(chain) if isinstance(d.program.code[s.at].block, Repeat)]
    if depth is not None:
        wanted = store.term(depth)
        here = [k for k in here if same(d.program.code[chain[k].at].block.depth, wanted)]  # type: ignore
    if len(here) != 1:
        what = "no Repeat" if not here else f"{len(here)} Repeats"
        raise UnsupportedError(f"landscape: {what} at the top level of the network"
                               f"{'' if depth is None else f' of depth {depth}'}; exactly one is needed, name it by depth=")
    own = chain[here[0]]
    instruction = d.program.code[own.at]
    where = place(instruction.path)
    scope = next(s for s in d.scopes if s.repeat is not None and s.path == instruction.path)
    iteration = scope.iteration
    assert isinstance(scope.repeat, Repeat) and iteration is not None and scope.entry is not None
    if scope.repeat.tied:
        raise UnsupportedError(f"landscape: {where} is tied, its iterations share their parameters; gradient_bound applies")
    if iteration.form() != "closed":
        raise UnsupportedError(f"landscape: the constants of {where} change along its iterations; gradient_bound applies")
    body = iteration.body
    shared = [g for g in body.shared if not g.startswith("outside ")]
    if shared:
        raise UnsupportedError(f"landscape: {where} shares {shared[0]} with other layers; gradient_bound applies")
    K = scope.repeat.depth
    page = Quantities(bound, *loss.terms.values())
    j = page.symbol("iteration", "j", "k", "l")
    index = j.node[1]
    before = iteration.radius_after(store.monus(j, 1))
    after = store.one
    for s in chain[here[0] + 1:]:
        after = after * s.summary.L
    L = loss.lipschitz
    resets = iteration.resets()

    def member(radius: Term, number: Term) -> Term:
        """The bound for an iteration that starts from ``radius``."""
        return L * after * store.dd(store.monus(K, number), [body.L]) * sqrt(body.p_squared(radius))

    tail = _last_bias(bound, loss)
    said, theta, places = Assumptions(bound, page), trained(bound), loss.places(page.letter)
    sharp = _sharpness(bound, said, theta)
    terms = {"value": L * bound.term, "loss": L, "network": bound.term, "iteration": member(before, j), "rate": body.L,
             "depth": K, "index": j, "before": before, "after": after, **loss.terms}
    gradient = r"$\abs{\nabla_{\theta_{<<index>>}} \ell(f(x;\theta), y)} \le "
    if resets:
        terms |= {"entry": scope.entry, "range": body.b0, "first": member(scope.entry, store.one), "uniform": member(body.b0, j)}
        claim = rf"{gradient}<<first>>$ for $<<index>> = 1$ and {gradient}<<uniform>>$ for $<<index>> \ge 2$"
        bounded_part = (r"For $<<index>> \ge 2$ the bound in (i) is exponentially small in $<<depth>> - <<index>>$ where "
                        r"$<<rate>> < 1$, and for $<<index>> = <<depth>>$ it does not depend on the depth.")
        reads = (r"The first iteration reads a tensor of norm at most $<<entry>>$, every later one a tensor of norm at most "
                 r"$<<range>>$, the range of the iteration before it")
    else:
        claim = rf"{gradient}<<iteration>>$"
        bounded_part = "Here the radius $<<before>>$ at the start of an iteration changes along the iterations."
        reads = r"Iteration $<<index>>$ reads a tensor of norm at most $<<before>>$"
    statement = (
        rf"Let $\ell(z, y)$ be the {loss.title}: {loss.formula(places)}. {theta.sentence(_AS_GIVEN)} Let $\theta_{{<<index>>}}$ be "
        rf"those of iteration $<<index>>$ of the Repeat of depth $<<depth>>$ ({where}), $1 \le <<index>> \le <<depth>>$. For every "
        rf"target $y$, {said.domain} and every $\theta \in \Theta${said.met} at which the gradient exists: (i) {claim}; (ii) for "
        rf"the whole gradient, $\abs{{\nabla_\theta \ell(f(x;\theta), y)}} \le <<value>>$. {bounded_part}")
    proof = [
        reads + r"; so $\theta_{<<index>>}$ moves its output by at most the sensitivity of the body there.",
        r"The $<<depth>> - <<index>>$ later iterations multiply by $<<rate>>$ each, the layers after the Repeat by "
        r"$<<after>>$, the loss by $<<loss>>$.",
        r"(ii) is the constant of the whole network in $\theta$, $<<network>>$, times that of the loss."]
    warnings = [*_smooth_warnings(bound, loss), _RELATIVE]
    if tail is not None:
        least, name = tail
        terms["least"] = least
        statement += (r" (iii) The gradients do not all vanish, whatever the depth: for every $x$ and $\theta$ (where the "
                      r"gradient exists) some target $y$ has $\abs{\nabla_\theta \ell(f(x;\theta), y)} \ge <<least>>$.")
        proof.append(rf"The bias at {name} is added to the logits, so the gradient in it is $\nabla_z \ell$ at the logits. At "
                     rf"every $z$ some target has $\abs{{\nabla_z \ell(z, y)}} \ge <<least>>$: {_least_reason(loss, places)}")
    else:
        warnings.append("Whether the whole gradient can vanish with the depth is not claimed: that needs a trainable bias "
                        "added to the logits and a loss whose gradients are bounded below.")
    terms |= said.terms
    normalized = any(isinstance(i.block, (Normalize, Standardize)) for i in d.program.layers())
    return LandscapeTheorem(
        "landscape", "Gradients of the loss, iteration by iteration" + ("" if normalized else ", without normalization"),
        statement, (*said.texts, *loss.assumptions(places)), tuple(proof), terms,
        (("f", "the network"), (r"\ell", "the loss of one sample"), *theta.symbols, theta.gradient),
        rf"(i) and (ii) are upper bounds. {sharp}" + (" (iii) holds as stated, and the term is the exact minimum over the logits."
                                                      if tail is not None else ""),
        tuple(warnings), (), None, network, bound, loss, d.trainable, instruction.path, index)


def _least_reason(loss: Loss, p: Places) -> str:
    if loss.name in ("cross-entropy", "kl"):
        P, target = p["p"], "y" if loss.name == "kl" else p["q"]
        return (rf"the targets are vertices of a regular simplex, and the mean over them of $\abs{{{P} - {target}}}^2$ is the "
                rf"squared circumradius plus the squared distance of ${P}$ to the centre.")
    if loss.name == "bce":
        s, w, z = p["s"], p["pos_weight"], f"z_{{{p['j']}}}"
        return (rf"with $y_{{{p['j']}}} \in \{{0, 1\}}$ the larger of ${w} {s}(-{z})$ and ${s}({z})$, ${s}$ the logistic function, is "
                rf"least where they are equal, at ${s}({z}) = {w or '1'}/(1+{w or '1'})$.")
    return "its gradient has this norm wherever it exists."


def _last_bias(bound: Bound, loss: Loss) -> tuple[Term, str] | None:
    """The least gradient norm, and the place of a trainable bias that is added to the logits, if there is one."""
    d = bound.derivation
    last = d.program.code[-1]
    layer, least = last.block, loss.least
    if least is None or last.op != LEAF or d.program.out.rows.literal() != 1:
        return None
    name = {Linear: "b", Affine: "beta"}.get(type(layer))
    if name is None or not isinstance(layer, Layer) or layer.share is not None:
        return None
    own = [p for p in layer.parameters(last.shape) if p.name == name]
    if not own or d.trainable.isdisjoint((own[0].role, group_name(layer, last.path, name))):
        return None
    return least, place(last.path)
