"""What theorems about a network take over from its bound: the domain, the hypotheses as prose, names that are still free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from normbound.calculus.bound import Bound, Stated, derive
from normbound.contracts.context import ROLES
from normbound.errors import HypothesisError, NetworkError, TermError, UnsupportedError
from normbound.network.program import Network
from normbound.terms.store import Term, TermLike
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


def free_name(*wanted: str, taken: Mapping[str, Term]) -> str:
    """The first of the wanted names that no symbol of the network has."""
    for name in (*wanted, *(f"{wanted[0]}_{k}" for k in range(1, len(taken) + 2))):
        if name not in taken:
            return name
    raise AssertionError("more names than symbols were tried")


def own_symbol(given: TermLike | None, what: str, *wanted: str, bound: Bound, shared: bool = False) -> Term:
    """The term of a quantity that the theorem adds to those of the network.

    ``given`` None takes the first wanted name that is free. A symbol of the network is refused where it cannot mean the
    same quantity (``shared`` False).
    """
    store, taken = bound.term.store, bound.symbols()
    if given is None:
        return store.symbol(free_name(*wanted, taken=taken))
    try:
        found = store.term(given)
    except TermError as error:
        raise type(error)(f"{what}: {error}") from None
    clash = [] if shared else [name for name in store.symbols(found) if name in taken]
    if clash:
        raise HypothesisError(f"{what}: {clash[0]} is already a symbol of the network; choose another name, or a number")
    return found


class Assumptions:
    """The hypotheses of a bound and its domain as prose, with the terms that they mention."""

    def __init__(self, bound: Bound):
        self.bound = bound
        self.terms: dict[str, Term] = {}
        self.names: dict[int, str] = {}
        self._denominators = iter(bound._denominators())
        self.texts = tuple(self._text(h) for h in bound.hypotheses if h.kind != "domain")

    @property
    def domain(self) -> str:
        """Where the inputs lie."""
        radius = self.bound.network.input.radius
        return r"every input $x$" if radius is None else rf"every input $x$ with $\abs{{x}} \le {self.place(radius)}$"

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
        """The place that stands for ``term`` in prose."""
        name = self.names.get(term.id)
        if name is None:
            name = self.names[term.id] = f"h{len(self.names) + 1}"
            self.terms[name] = term
        return f"<<{name}>>"

    def _text(self, h: Stated) -> str:
        if not h.uses:
            return rf"${self.place(next(self._denominators))} > 0$."
        use = h.uses[0]
        where = f"{use.hypothesis.title}, {h.where}"
        if h.kind == "positive":
            under = use.hypothesis.terms[1 if use.hypothesis.kind == "floor" else 0]
            said = rf"${self.place(under)} > 0$"
        else:
            said = "".join(spelled(text) + (f"${self.place(use.hypothesis.terms[int(field)])}$" if field else "")
                           for text, field, _, _ in Formatter().parse(use.hypothesis.template))
        binder = self.binder(use.scope)
        return f"{spelled(where)}: {said}{', for ' + binder if binder else ''}."

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
            index = _LETTERS[level % 10] if s.index is None else self.place(s.index)
            parts.append(rf"${index} = 1, \ldots, {self.place(s.repeat.depth)}$")
        return " and ".join(parts)


def spelled(text: str) -> str:
    """Plain text as prose."""
    return "".join(_SPELLED.get(c, c) for c in text)
