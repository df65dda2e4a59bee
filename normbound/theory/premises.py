"""What theorems about a network take over from its bound: the domain, the hypotheses as prose, the trained tensors, free names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import NamedTuple

from normbound.calculus.bound import Bound, Stated, derive
from normbound.contracts.block import Layer
from normbound.contracts.context import ROLES
from normbound.errors import HypothesisError, NetworkError, TermError, UnsupportedError
from normbound.network.program import Network, group_name, place
from normbound.terms.names import check_name
from normbound.terms.store import Term, TermLike, bound_symbols
from normbound.theory.theorem import Theorem

_LETTERS = "ijklmnopqr"  # of the iterations of nested repeats, as derivations name them
_SPELLED = {"<": "$<$", ">": "$>$", "|": "$|$", "_": r"\_", "#": r"\#", "%": r"\%", "&": r"\&", "^": " to the power ",
            '"': "'", "~": " "}


@dataclass(frozen=True, slots=True)
class NetworkTheorem(Theorem):
    """A theorem about one network, with what it was derived from: checks read these objects.

    network  the network
    bound    the bound of the network that the theorem builds on
    """

    network: Network | None = None
    bound: Bound | None = None


def bounded(network: Network, wrt: str, trainable: object = None, floors: bool = True) -> Bound:
    """The bound of a network that a theorem builds on; an unbounded one is an error that says what is missing."""
    if not isinstance(network, Network):
        raise NetworkError(f"found {type(network).__name__}; a network is needed, e.g. Input(\"R\", \"d\") >> layers")
    roles = None if wrt != "parameters" else ROLES if trainable is None else trainable
    bound = derive(network, wrt, roles, floors)  # type: ignore[arg-type]
    if not bound.unbounded:
        return bound
    missing = [h.statement for h in bound.hypotheses if h.kind == "missing"]
    if not missing and network.input.radius is None:
        missing = ["the input has no radius; write Input(\"R\", ...)"]
    raise UnsupportedError(f"the network has no finite bound with respect to its {wrt}: "
                           f"{missing[0] if missing else 'some layer has no finite constant'}")


_GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "kappa", "lambda", "mu", "nu", "xi", "pi",
          "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Lambda", "Gamma", "Delta", "Phi", "Psi", "Omega")
#: What these letters mean in every statement; no quantity of a theorem may be called so.
_FIXED = {"f": "the network", "x": "the input", "y": "the target", "z": "the logits", "theta": "the parameters",
          "Theta": "the parameter set", "ell": "the loss"}
_NETWORK, _LOSS = "a symbol of the network", "a symbol of the loss"


class Quantities:
    """The names on the page of one theorem: those of the network and the loss, then its own ones, each with one meaning.

    taken  name -> what it means
    """

    def __init__(self, bound: Bound, *terms: Term):
        """``terms`` are those of the loss."""
        self.store = bound.term.store
        self.network = bound.symbols()
        self.taken: dict[str, str] = dict.fromkeys(self.network, _NETWORK)
        nodes = self.store.nodes
        for i in self.store.reachable([bound.term]):
            for b in bound_symbols(nodes[i]):
                self.taken.setdefault(nodes[b][1], "an index of the network")
        for s in bound.derivation.scopes:
            if s.index is not None:
                self.taken.setdefault(s.index.node[1], "an index of the network")
        for name in self.store.symbols(*terms):
            self.taken.setdefault(name, _LOSS)
        for name, meaning in _FIXED.items():
            self.taken.setdefault(name, f"{meaning} in the statement")

    def free(self, *wanted: str) -> str:
        """The first of the wanted names that nothing on the page has."""
        for name in (*wanted, *(f"{wanted[0]}_{k}" for k in range(1, len(self.taken) + 2))):
            if name not in self.taken:
                return name
        raise AssertionError("more names than symbols were tried")

    def symbol(self, what: str, *wanted: str) -> Term:
        """A new symbol with the first wanted name that is free."""
        name = self.free(*wanted)
        self.taken[name] = f"the {what} of the theorem"
        return self.store.symbol(name)

    def own(self, given: TermLike | None, what: str, *wanted: str, shared: bool = False) -> Term:
        """The term of a quantity that the theorem adds to those of the network.

        ``given`` None takes the first wanted name that is free. A name that means something else already is refused;
        with ``shared`` the term may be made of symbols of the network and of the loss.
        """
        if given is None:
            return self.symbol(what, *wanted)
        try:
            found = self.store.term(given)
        except TermError as error:
            raise type(error)(f"{what}: {error}") from None
        for name in self.store.symbols(found):
            meaning = self.taken.get(name)
            if meaning is not None and not (shared and meaning in (_NETWORK, _LOSS)):
                raise HypothesisError(f"{what}: {name} is already {meaning}; choose another name, or a number")
        for name in self.store.symbols(found):
            self.taken.setdefault(name, f"the {what} of the theorem")
        return found

    def family(self, given: object, what: str, *wanted: str) -> str:
        """The name of a family that the theorem adds; None takes the first wanted name that is free."""
        if given is None:
            name = self.free(*wanted)
        else:
            if not isinstance(given, str):
                raise NetworkError(f"{what}: found {given!r}; the name of a family is needed")
            name = given
            check_name(name)
            if name in self.taken:
                raise NetworkError(f"{what}: {name} is already {self.taken[name]}; choose another name for the family")
        self.taken[name] = f"the {what} of the theorem"
        return name

    def letter(self, *wanted: str) -> str:
        """The TeX of a letter for a text, the first of the wanted ones that means nothing else on the page."""
        everything = (*wanted, *"abcdeghijklmnopqrstuvwABCDEFGHIJKLMNOPQRSTUVWXYZ", *_GREEK)
        name = next((x for x in everything if x not in self.taken), None)
        if name is None:
            return rf"\mathrm{{{wanted[0]}}}"
        self.taken[name] = "a letter of the texts"
        return name if len(name) == 1 else rf"\{name}"


_ROLE_WORDS = {"weight": "weights", "bias": "biases", "gain": "gains", "shift": "shifts", "scale": "scales", "slope": "slopes"}


class Trained(NamedTuple):
    """Which tensors a bound in the parameters lets change.

    partial  whether some tensor of the network is fixed
    words    the trained tensors, prose
    """

    partial: bool
    words: str

    def sentence(self, fixed: str) -> str:
        r"""What $\theta$ is; ``fixed`` says how the other tensors are fixed."""
        if not self.partial:
            return r"Let $\theta$ be all parameters of the network."
        return (rf"Let $\theta$ be the trained tensors of the network ({self.words}); all its other tensors are fixed, {fixed}.")

    @property
    def symbols(self) -> tuple[tuple[str, str], ...]:
        """The notation."""
        if self.partial:
            return ((r"\theta", f"the trained tensors ({self.words}); all others are fixed"),
                    (r"\Theta", r"the values of $\theta$ that the declared norm bounds allow; Euclidean norm of all entries"))
        return ((r"\theta", "all parameters of the network"),
                (r"\Theta", "the parameters that the declared norm bounds allow; Euclidean norm of all entries"))

    @property
    def gradient(self) -> tuple[str, str]:
        """The notation of gradients."""
        return r"\nabla_\theta", f"the gradient with respect to {'the trained tensors' if self.partial else 'all parameters'}"


def trained(bound: Bound) -> Trained:
    """The tensors whose change a bound in the parameters counts."""
    allowed = bound.derivation.trainable
    roles: dict[str, None] = {}
    groups: dict[str, tuple[str, list[str]]] = {}
    partial = False
    for i in bound.derivation.program.layers():
        layer = i.block
        assert isinstance(layer, Layer)
        for p in layer.parameters(i.shape):
            group = group_name(layer, i.path, p.name)
            if p.role not in ROLES:
                continue  # a number of the layer, such as the epsilon of a normalizer
            if p.role in allowed:
                roles[p.role] = None
            elif group in allowed:
                groups.setdefault(group, (spelled(p.name), []))[1].append(place(i.path))
            else:
                partial = True
    words = [_ROLE_WORDS.get(r, r) for r in ROLES if r in roles]
    words += [f"{name} at {' and '.join(dict.fromkeys(places))}" for name, places in groups.values()]
    return Trained(partial, ", ".join(words) or "none")


class Assumptions:
    """The hypotheses of a bound and its domain as prose, with the terms that they mention."""

    def __init__(self, bound: Bound, page: Quantities | None = None, mapping: Mapping[Term, Term] | None = None,
                 cell: Term | None = None):
        """With ``mapping`` the terms are those of cell ``cell``, where symbols have other values than in the bound."""
        self.bound = bound
        self.page = page or Quantities(bound)
        self.mapping = dict(mapping or {})
        self.cell = cell
        self.terms: dict[str, Term] = {}
        self.names: dict[int, str] = {}
        self._levels: dict[int, str] = {}
        self._denominators = iter(bound._denominators())
        self.texts = tuple(self._text(h) for h in bound.hypotheses if h.kind != "domain")

    def here(self, term: Term) -> Term:
        """``term`` on the cell."""
        return term.store.substitute([term], self.mapping)[0] if self.mapping else term

    @property
    def domain(self) -> str:
        """Where the inputs lie."""
        radius = self.bound.network.input.radius
        if radius is None:
            return r"every input $x$"
        return rf"every input $x${self.on(radius)} with $\abs{{x}} \le {self.place(radius)}$"

    def on(self, *terms: Term, comma: str = " of") -> str:
        """" of cell i" where one of the terms belongs to the cell."""
        if self.cell is None or all(self.here(t) == t for t in terms):
            return ""
        return f"{comma} cell ${self._put(self.cell)}$"

    @property
    def pair(self) -> str:
        """Where two inputs lie."""
        radius = self.bound.network.input.radius
        return "all inputs $x, x'$" if radius is None else \
            rf"all inputs $x, x'$ with $\abs{{x}}, \abs{{x'}} \le {self.place(radius)}$"

    @property
    def met(self) -> str:
        """That everything compared meets the hypotheses, where there are any."""
        return " that meet the hypotheses" if self.texts else ""

    def place(self, term: Term) -> str:
        """The place that stands for ``term``, on its cell, in prose."""
        return self._put(self.here(term))

    def as_given(self, term: Term) -> str:
        """The place that stands for ``term`` itself, also where it has another value on the cell."""
        return self._put(term)

    def _put(self, term: Term) -> str:
        name = self.names.get(term.id)
        if name is None:
            name = self.names[term.id] = f"h{len(self.names) + 1}"
            self.terms[name] = term
        return f"<<{name}>>"

    def _text(self, h: Stated) -> str:
        if not h.uses:
            denominator = next(self._denominators)
            return rf"${self.place(denominator)} > 0${self.on(denominator, comma=', on')}."
        use = h.uses[0]
        where = f"{use.hypothesis.title}, {h.where}"
        if h.kind == "positive":
            under = use.hypothesis.terms[1 if use.hypothesis.kind == "floor" else 0]
            said = rf"${self.place(under)} > 0$"
        else:
            said = "".join(spelled(text) + (f"${self.place(use.hypothesis.terms[int(field)])}$" if field else "")
                           for text, field, _, _ in Formatter().parse(use.hypothesis.template))
        binder = self.binder(use.scope)
        return f"{spelled(where)}: {said}{', for ' + binder if binder else ''}" \
               f"{self.on(*use.hypothesis.terms, comma=', on')}."

    def binder(self, scope: int) -> str:
        """The iterations that a statement in ``scope`` ranges over."""
        scopes = self.bound.derivation.scopes
        chain: list[int] = []
        while scope:
            chain.append(scope)
            scope = scopes[scope].parent
        parts: list[str] = []
        for level, k in enumerate(reversed(chain)):
            s = scopes[k]
            assert s.repeat is not None
            if s.index is None and level not in self._levels:
                self._levels[level] = self.page.letter(*_LETTERS)
            index = self._levels[level] if s.index is None else self.place(s.index)
            parts.append(rf"${index} = 1, \ldots, {self.place(s.repeat.depth)}$")
        return " and ".join(parts)


def spelled(text: str) -> str:
    """Plain text as prose."""
    return "".join(_SPELLED.get(c, c) for c in text)
