"""Where a comparison of two bounds can mislead: named cautions, each fired by the structure that makes it true.

Texts are TeX prose; ``<<name>>`` inside mathematics stands for a term of the caution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from normbound.calculus.bound import Bound
from normbound.calculus.derivation import Use
from normbound.calculus.rate import at_least_one
from normbound.contracts.block import Block, Composite, Layer, Repeat
from normbound.errors import NormboundError
from normbound.layers.activations import CReLU, Elementwise, MaxMin
from normbound.layers.linear import Identity, Linear
from normbound.layers.normalization import Affine, Normalize, Standardize
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
    return Caution("other-differences", "both", "without their normalizers the two networks are not the same network",
                   "The networks differ in more than normalizers, so the quotient is not the effect of normalization alone.")


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


def _after_linear(bound: Bound) -> list[tuple[Use, Linear]]:
    """The floors of normalizers that read a Linear layer directly."""
    code = bound.derivation.program.code
    found = []
    for use in _floor_uses(bound):
        before = code[use.at - 1] if use.at else None
        if before is not None and before.op == LEAF and isinstance(before.block, Linear):
            found.append((use, before.block))
    return found


def _scale(bound: Bound, about: str) -> Caution | None:
    pairs = _after_linear(bound)
    if not pairs or bound.wrt != "input":
        return None
    use, linear = pairs[0]
    return Caution(
        "scale-invariance", about,
        f"a normalizer with a floor reads a Linear layer directly ({_places(bound, [u.at for u, _ in pairs])})",
        r"For $\varepsilon = 0$ the factor $t > 0$ in $N(t W x + t b) = N(W x + b)$ multiplies $<<s>>$ and $<<sigma>>$ alike, so "
        r"only their quotient means something: a floor that is large because the weights are large reduces nothing.",
        {"s": linear.norm, "sigma": use.hypothesis.term})


def _room(bound: Bound, about: str) -> Caution | None:
    """Floors after a Linear layer without bias: |W x| <= s |x| leaves no room for them on small inputs."""
    pairs = [(u, layer) for u, layer in _after_linear(bound) if layer.bias is None and u.hypothesis.divisor is not None]
    if not pairs:
        return None
    use, linear = pairs[0]
    assert use.hypothesis.divisor is not None
    return Caution(
        "floor-without-bias", about,
        f"a floor stands after a Linear layer without bias ({_places(bound, [u.at for u, _ in pairs])})",
        r"Without a bias the deviations of $W x$ shrink with $x$: the floor $<<sigma>>$ excludes every input of the Linear "
        r"layer with $<<s>> \abs{x} < <<needed>>$, among them $x = 0$ whenever the floor is positive.",
        {"s": linear.norm, "sigma": use.hypothesis.term, "needed": use.hypothesis.term * sqrt(use.hypothesis.divisor)})


def _keeps_norm(layer: Layer, store: Store) -> bool:
    """An activation with phi(0) = 0, so that |phi(z)| <= rho |z|."""
    if isinstance(layer, Elementwise):
        return not layer.kind.at_zero(store, store.one if layer.argument is None else layer.argument)
    return isinstance(layer, (CReLU, Identity, MaxMin))


def _plain_repeat(i: Instruction) -> bool:
    return isinstance(i.block, Repeat) and not i.block.capture and i.block.start is None


def _bias_free_units(bound: Bound) -> int:
    """How many units Linear without bias, normalizer of rows with a floor, gain without shift, activations with
    phi(0) = 0 the network begins with; the body of a Repeat counts when it consists of such units alone.
    """
    code = bound.derivation.program.code
    floors = {u.at for u in _floor_uses(bound)}
    k = units = whole = level = 0
    while k < len(code):
        i = code[k]
        if i.op != LEAF:
            if not _plain_repeat(i):
                break
            level += (i.op == OPEN) - (i.op == CLOSE)
            k += 1
        elif isinstance(i.block, Identity):
            k += 1
        else:
            after = _unit(code, k, floors, bound.term.store)
            if after is None:
                break
            k, units = after, units + 1
        if level == 0:
            whole = units
    return whole


def _unit(code: Sequence[Instruction], k: int, floors: set[int], store: Store) -> int | None:
    """Where the unit that begins at instruction ``k`` ends, or None when there is none."""
    leaves = [i.block if i.op == LEAF else None for i in code[k:k + 3]]
    linear, norm = leaves[0], leaves[1] if len(leaves) > 1 else None
    if not isinstance(linear, Linear) or linear.bias is not None or k + 1 not in floors:
        return None
    if not isinstance(norm, Normalize) or norm.partition != "row" or norm.variance != "biased":
        return None
    k += 2
    affine = leaves[2] if len(leaves) > 2 else None
    if isinstance(affine, Affine):
        if affine.shift is not None or (affine.gain_value is not None and len(set(affine.gain_value)) > 1):
            return None
        k += 1
    while k < len(code) and code[k].op == LEAF and _keeps_norm(code[k].block, store):  # type: ignore[arg-type]
        k += 1
    return k


def _certificate_floor(bound: Bound, about: str) -> Caution | None:
    """sigma_i <= s_i |x_(i-1)|/sqrt(d_i) at every input that meets the floors and |x_i| <= rho_i g_i sqrt(d_i), so the
    product of rho_i g_i s_i/sigma_i telescopes to at least rho_n g_n sqrt(d_n)/|x_0|.
    """
    if bound.wrt != "input" or not _bias_free_units(bound):
        return None
    return Caution(
        "certificate-floor", about,
        r"the network begins with Linear layers without bias, each followed by LayerNorm or RMSNorm without shift and by "
        r"activations with $\varphi(0) = 0$",
        r"Over the layers without bias that the network begins with, the product of $\rho_i g_i s_i/\sigma_i$ is at least "
        r"$\rho_n g_n \sqrt{d_n}/\abs{x_0}$ for every input $x_0$ that meets the floors ($n$ the last of these layers), so it "
        r"does not decay with the depth unless $\rho_n g_n$ does, and only the factors $\sigma_i/\sqrt{\sigma_i^2 + \varepsilon}$ "
        r"can.")


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
