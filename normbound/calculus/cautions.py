"""Where a comparison of two bounds can mislead: named cautions, each fired by the structure that makes it true.

Texts are TeX prose; ``<<name>>`` inside mathematics stands for a term of the caution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from normbound.calculus.bound import Bound
from normbound.calculus.derivation import Use
from normbound.calculus.homogeneous import bias_free
from normbound.calculus.rate import at_least_one
from normbound.contracts.block import Block, Composite, Layer, Repeat
from normbound.errors import NormboundError
from normbound.layers.activations import CReLU, Elementwise, MaxMin, PReLU
from normbound.layers.linear import Dropout, Identity, LearnedScale, Linear, Scaling
from normbound.layers.normalization import Normalize, Standardize
from normbound.network.language import to_text
from normbound.network.program import (
    CLOSE,
    LEAF,
    OPEN,
    Instruction,
    Network,
    children_of,
    equal_shapes,
    group_name,
    parts_of_series,
    place,
    strip_normalizers,
)
from normbound.terms.store import Store, Term, sqrt


@dataclass(frozen=True, slots=True)
class Caution:
    """One way in which a comparison misleads.

    name       identifier, e.g. "whose-sigma"
    about      "first", "second" or "both": the network that it speaks of
    condition  when it applies: what was found in the networks
    text       what to keep in mind, one sentence
    terms      the terms that ``<<name>>`` stands for
    """

    name: str
    about: str
    condition: str
    text: str
    terms: Mapping[str, Term] = field(default_factory=dict)


def cautions(first: Bound, second: Bound) -> tuple[Caution, ...]:
    """Every caution that applies to the quotient first/second."""
    found = [_ratio(), *_domains(first, second)]
    if (other := _other_differences(first.network, second.network)) is not None:
        found.append(other)
    if (sets := _parameter_sets(first, second)) is not None:
        found.append(sets)
    for about, bound in (("first", first), ("second", second)):
        for detect in (_scale, _room, _certificate_floor, _matched_batch, _without_floor, _last_layer, _radius):
            caution = detect(bound, about)
            if caution is not None:
                found.append(caution)
    return tuple(_merged(found))


def _merged(found: Sequence[Caution]) -> list[Caution]:
    """What is said of both networks in the same words, once."""
    kept: dict[tuple, Caution] = {}
    for c in found:
        key = (c.name, c.text, *((n, t.id) for n, t in c.terms.items()))
        kept[key] = c if key not in kept else replace(kept[key], about="both")
    return list(kept.values())


# -- about the pair ----------------------------------------------------------------------------------------------------

def _ratio() -> Caution:
    return Caution("ratio", "both", "always",
                   r"Each number is an upper bound; their quotient bounds the quotient of the two Lipschitz constants "
                   r"neither from above nor from below.")


def _floor_uses(bound: Bound) -> list[Use]:
    return [u for u in bound.derivation.uses if u.hypothesis.kind == "floor"]


def _domains(first: Bound, second: Bound) -> list[Caution]:
    found = []
    floors = [bool(_floor_uses(b)) for b in (first, second)]
    if floors[0] != floors[1]:
        about, other = ("first", "second") if floors[0] else ("second", "first")
        found.append(Caution(
            "whose-sigma", about, f"only the bound of the {about} network assumes floors",
            f"The bound of the {about} network holds on $D_\\sigma$, the inputs whose deviations inside that network meet the "
            f"floors; the floors say nothing about the tensors of the {other} network, whose bound holds on the whole "
            "domain."))
    elif floors[0] and _floor_texts(first) != _floor_texts(second):
        found.append(Caution(
            "different-floors", "both", "both bounds assume floors, at different places or of different sizes",
            r"Each bound holds on the inputs that meet the floors inside its own network; the two sets can differ, and a "
            r"$\sigma$ of one network says nothing about the other."))
    a, b = first.network.input, second.network.input
    if not equal_shapes(a.shape, b.shape) or a.radius != b.radius:
        found.append(Caution(
            "different-inputs", "both", "the two networks have different input domains",
            "The two bounds range over different sets of inputs, so their quotient does not compare the two networks on one "
            "set."))
    return found


def _floor_texts(bound: Bound) -> list[str]:
    return [str(h) for h in bound.hypotheses if h.kind == "floor"]


def _other_differences(first: Network, second: Network) -> Caution | None:
    bodies = [strip_normalizers(n.body) for n in (first, second)]
    texts = [_text(b) for b in bodies]
    differ = texts[0] != texts[1] if None not in texts else _differ(*bodies)
    if not differ:
        return None
    if not any(map(_normalized, (first.body, second.body))):
        return Caution("other-differences", "both", "the two networks differ, and neither has normalizers",
                       "Neither network has a normalizer, so the quotient says nothing about normalization.")
    return Caution("other-differences", "both", "without their normalizers the two networks are not the same network",
                   "The networks differ in more than normalizers, so the quotient is not the effect of normalization alone.")


def _normalized(body: Block) -> bool:
    stack = [body]
    while stack:
        block = stack.pop()
        if isinstance(block, Layer):
            if block.normalizer:
                return True
        else:
            stack += children_of(block)
    return False


def _text(block: Block) -> str | None:
    """A block as text of the language, or None where the language has no words for it."""
    try:
        return to_text(block)
    except NormboundError:
        return None


def _differ(first: Block, second: Block) -> bool:
    """Whether two blocks certainly differ, part by part; layers of one class that have no text are not told apart."""
    stack = [(first, second)]
    while stack:
        a, b = stack.pop()
        if a is b:
            continue
        if type(a) is not type(b):
            return True
        if isinstance(a, Composite) and isinstance(b, Composite):
            one, two = ((parts_of_series(a), parts_of_series(b)) if a.rule == "series" else (list(a.parts), list(b.parts)))
            if (a.rule, a.sign, a.factor, len(one)) != (b.rule, b.sign, b.factor, len(two)):
                return True
            stack += zip(one, two, strict=True)
        elif isinstance(a, Repeat) and isinstance(b, Repeat):
            one, two = list(children_of(a)), list(children_of(b))
            if (a.depth, a.tied, a.index, list(a.capture), len(one)) != (b.depth, b.tied, b.index, list(b.capture), len(two)):
                return True
            stack += zip(one, two, strict=True)
        elif (text := _text(a)) is not None and text != _text(b):
            return True
    return False


def _trained_tensors(bound: Bound) -> list[tuple[str, str]]:
    """(kind of layer, role) of every trained tensor in the order of the network."""
    d = bound.derivation
    return [(i.block.name, p.role) for i in d.program.code if i.op == LEAF and isinstance(i.block, Layer)
            for p in i.block.parameters(i.shape)
            if p.role != "constant" and not d.trainable.isdisjoint((p.role, group_name(i.block, i.path, p.name)))]


def _parameter_sets(first: Bound, second: Bound) -> Caution | None:
    if first.wrt != "parameters" or _trained_tensors(first) == _trained_tensors(second):
        return None
    return Caution("different-parameters", "both", "the trained tensors of the two networks are not the same",
                   r"The two constants refer to different parameter vectors $\theta$: tensors that only one network has, such "
                   r"as $\gamma$ and $\beta$ of normalizers, enter that network's constant alone.")


# -- about one network -------------------------------------------------------------------------------------------------

def _places(bound: Bound, at: list[int]) -> str:
    paths = list(dict.fromkeys(place(bound.derivation.program.code[k].path) for k in at))
    return ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")


class _Behind(NamedTuple):
    """A floor whose normalizer reads a Linear layer, directly or through layers that are 0 at 0.

    reach    the product of the growth ratios of Linear and these layers: |z| <= reach |x| + ..., without a bias reach |x|
    between  whether layers that change their input stand between
    scaled   whether these are positively homogeneous: F(t z) = t F(z) for t > 0
    """

    use: Use
    linear: Linear
    reach: Term
    between: bool
    scaled: bool


_HOMOGENEOUS = ("ReLU", "LeakyReLU", "Abs")


def _growth(layer: Layer, store: Store) -> tuple[Term, bool] | None:
    """G with |F(z)| <= G |z| and whether F is positively homogeneous, for layers without memory of a place; None for others."""
    one = store.one
    if isinstance(layer, Elementwise):
        a = one if layer.argument is None else layer.argument
        return None if layer.kind.at_zero(store, a) else (layer.kind.growth(store, a), layer.kind.name in _HOMOGENEOUS)
    if isinstance(layer, Scaling):
        return layer.factor, True
    if isinstance(layer, LearnedScale):
        return layer.bound, True
    if isinstance(layer, PReLU):
        return store.maximum((one, layer.bound)), True
    return (one, True) if isinstance(layer, (CReLU, Dropout, Identity, MaxMin)) else None


def _behind_linear(bound: Bound) -> list[_Behind]:
    code, store = bound.derivation.program.code, bound.term.store
    found = []
    for use in _floor_uses(bound):
        k, reach, between, scaled = use.at - 1, store.one, False, True
        while k >= 0 and code[k].op == LEAF:
            layer = code[k].block
            assert isinstance(layer, Layer)
            if isinstance(layer, Linear):
                found.append(_Behind(use, layer, layer.norm * reach, between, scaled))
                break
            passed = _growth(layer, store)
            if passed is None:
                break
            if not isinstance(layer, (Dropout, Identity)):
                reach, between, scaled = reach * passed[0], True, scaled and passed[1]
            k -= 1
    return found


def _scale(bound: Bound, about: str) -> Caution | None:
    found = [b for b in _behind_linear(bound) if b.scaled]
    if not found or bound.wrt != "input":
        return None
    direct = [b for b in found if not b.between]
    first = (direct or found)[0]
    terms = {"s": first.linear.norm, "sigma": first.use.hypothesis.term}
    only = (r" multiplies $<<s>>$ and $<<sigma>>$ alike, so only their quotient means something: a floor that is large because "
            "the weights are large reduces nothing.")
    if direct:
        return Caution(
            "scale-invariance", about,
            f"a normalizer with a floor reads a Linear layer directly ({_places(bound, [b.use.at for b in direct])})",
            r"For $\varepsilon = 0$ the factor $t > 0$ in $N(t W x + t b) = N(W x + b)$" + only, terms)
    return Caution(
        "scale-invariance", about,
        "a normalizer with a floor reads a Linear layer through positively homogeneous layers "
        f"({_places(bound, [b.use.at for b in found])})",
        r"For $\varepsilon = 0$ the factor $t > 0$ in $N(h(t W x + t b)) = N(h(W x + b))$, with $h$ the positively homogeneous "
        "layers between," + only, terms)


def _room(bound: Bound, about: str) -> Caution | None:
    """Floors after a Linear layer without bias: |W x| <= s |x| leaves no room for them on small inputs."""
    found = [b for b in _behind_linear(bound) if not b.linear.bias and b.use.hypothesis.divisor is not None]
    if not found:
        return None
    first = found[0]
    hypothesis = first.use.hypothesis
    assert hypothesis.divisor is not None
    through = " and layers that are 0 at 0" if any(b.between for b in found) else ""
    what = "behind $W x$" if first.between else "of $W x$"
    return Caution(
        "floor-without-bias", about,
        f"a floor stands after a Linear layer without bias{through} ({_places(bound, [b.use.at for b in found])})",
        rf"Without a bias the deviations {what} shrink with $x$: the floor $<<sigma>>$ excludes every input of the Linear "
        r"layer with $<<s>> \abs{x} < <<needed>>$, among them $x = 0$ whenever the floor is positive.",
        {"s": first.reach, "sigma": hypothesis.term, "needed": hypothesis.term * sqrt(hypothesis.divisor)})


def _certificate_floor(bound: Bound, about: str) -> Caution | None:
    """Where no layer has a bias the product of the constants is at least the growth of the tensors, which a floor bounds."""
    part = bias_free(bound.derivation) if bound.wrt == "input" and not bound.unbounded else None
    if part is None:
        return None
    code = bound.derivation.program.code
    what = "the bound" if part.end is None else f"the constant of the network up to {place(code[part.end].path)}"
    depths = [k for k in bound.depths() if k.id in bound.term.store.reachable([part.least])]
    once = "" if all((k.literal() or 0) >= 1 for k in part.depths) else " (at least 1)"
    close = " and it does not decay with the depth" if not depths else " whatever the weights"
    whatever = f", whatever the depth{once} and the weights," if not depths else ","
    return Caution(
        "certificate-floor", about,
        f"the network {'has' if part.end is None else 'begins with'} layers without biases that are all 0 at 0, and a floor "
        f"({_places(bound, [part.at])})",
        rf"Without biases every layer $F$ has $\abs{{F(z)}} \le L_F \abs{{z}}$ where the floors are met, so {what} is at least "
        rf"$<<least>>/\abs{{x_0}}$ for every input $x_0 \ne 0$ that meets them{whatever}{close}.", {"least": part.least})


def _matched_batch(bound: Bound, about: str) -> Caution | None:
    """The last BatchNorm on the main chain: E|f(x) - f(x')|^2 = 2 tr Cov f <= Lip^2 2 tr Cov x for the map up to it."""
    if bound.wrt != "input":
        return None
    last: Instruction | None = None
    foreign = 0
    for i in bound.derivation.program.code:
        if i.op in (OPEN, CLOSE) and not (isinstance(i.block, Repeat) and not i.block.capture):
            foreign += (i.op == OPEN) - (i.op == CLOSE)
        elif i.op == LEAF and not foreign and i.shape.positions.literal() == 1 and (
                isinstance(i.block, Standardize)
                or (isinstance(i.block, Normalize) and i.block.partition == "channel" and i.block.variance == "biased")):
            last = i
    if last is None:
        return None
    when = "With" if isinstance(last.block, Normalize) else "If the running statistics are those of the data, then with"
    mode = "training" if isinstance(last.block, Normalize) else "evaluation"
    return Caution(
        "matched-batchnorm", about, f"BatchNorm in {mode} mode stands on the main chain ({place(last.path)})",
        when + r" statistics frozen at those of the data (variances $\sigma_c^2 > 0$ over the samples) the network up to its "
        r"last BatchNorm has on the data a Lipschitz constant of at least "
        r"$\sqrt{\sum_c \gamma_c^2 \sigma_c^2/((\sigma_c^2 + \varepsilon) T)}$ at every depth, $T$ the total variance of the "
        "inputs, so a reduction there is relative to the other network and no decay to zero.")


def _without_floor(bound: Bound, about: str) -> Caution | None:
    code = bound.derivation.program.code
    floors = {u.at for u in _floor_uses(bound)}
    bare = {k: i.block.eps for k, i in enumerate(code) if i.op == LEAF and isinstance(i.block, Normalize) and k not in floors
            and i.block.eps and not (i.block.center and i.block.size(i.shape).literal() == 1)}
    if not bare:
        return None
    eps = next(iter(bare.values()))
    return Caution(
        "no-floor", about, f"normalizers are used without a floor ({_places(bound, list(bare))})",
        r"Without a floor a normalizer with gain $g$ contributes $g/\sqrt{<<eps>>}$, above 1 where $g^2 > <<eps>>$: there "
        r"the bound gets exponentially worse with the number of normalizers, and such growth is attained, as the $K$-th "
        r"iterate of $x \mapsto g N(s x)$ has Lipschitz constant exactly $(g s/\sqrt{<<eps>>})^K$.", {"eps": eps})


def _last_layer(bound: Bound, about: str) -> Caution | None:
    if bound.wrt != "parameters" or bound.unbounded or not any(
            isinstance(i.block, Layer) and i.block.normalizer for i in bound.derivation.program.code if i.op == LEAF):
        return None
    for depth in bound.depths():
        try:
            found = bound.rate(depth)
        except NormboundError:
            continue
        if found.rate is not None and any(map(at_least_one, found.candidates)) and any(
                c.literal() is None for c in found.candidates):
            return Caution(
                "last-layer", about, r"the rate in $<<K>>$ of the bound in the parameters is at least 1, whatever the numbers",
                r"The bound does not decay exponentially with $<<K>>$: every layer contributes its own sensitivity, multiplied "
                r"by the constants of the layers after it alone, so a reduction makes the share of the early layers "
                r"exponentially small (their gradients too) and leaves that of the last ones.", {"K": depth})
    return None


def _radius(bound: Bound, about: str) -> Caution | None:
    radius = bound.network.input.radius
    if bound.wrt != "parameters" or radius is None or not bound.needs_radius or not bound.drop("R").unbounded:
        return None
    return Caution(
        "input-radius", about, "the bound in the parameters uses the radius of the domain",
        r"The sensitivity to a weight is the norm of what it multiplies, so the bound holds for $\abs{x} \le <<R>>$ only, and "
        r"there is none on an unbounded domain.", {"R": radius})
