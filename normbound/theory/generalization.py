r"""Generalization: how far the risk can be from the empirical risk, for the loss of a network.

Three theorems on n independent samples of one distribution, all of the form risk <= empirical risk + gap with probability at
least 1 - e^(-t), where t = ln(1/delta):

  partition_bound   gap = sum_i (n_i/n) Lambda_i diam_i + M sqrt((N ln 2 + t)/(2n)) for N cells fixed in advance, Lambda_i the
                    constant of the loss of the network on cell i; for all hypotheses at once
  robustness_bound  the same for cells of one diameter, in the form of algorithmic robustness
  parametric_bound  gap = M (2/n + sqrt((p ln(1 + 2 r n Lambda/M) + t)/(2n))) for p parameters in a ball of radius r, Lambda
                    the constant of the loss in the parameters: it stands inside the logarithm

Terms have no logarithm: t, and h = ln(1 + 2 r n Lambda/M), are symbols of the term and ``at`` computes them in balls.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from normbound.calculus.bound import Bound, Value
from normbound.errors import NetworkError, TermError, UnsupportedError
from normbound.network.program import Network
from normbound.terms.evaluate import DEFAULT_BITS, evaluate_many, precision
from normbound.terms.exact import exact
from normbound.terms.store import Term, TermLike, current, sqrt
from normbound.theory.losses import Loss, LossTheorem, loss_on
from normbound.theory.premises import Assumptions, bounded, free_name, own_symbol
from normbound.theory.theorem import Theorem

MAX_CELLS = 256  # cells whose floors ``at`` examines one by one

_RISKS = ((r"R(\theta)", r"the risk, the expectation of $\ell(f(x;\theta), y)$"),
          (r"\hat R(\theta)", "the empirical risk, the mean over the sample"))


@dataclass(frozen=True, slots=True)
class RiskTheorem(LossTheorem):
    """A bound on the gap between risk and empirical risk; ``value`` is the gap.

    confidence  the symbol t with delta = e^(-t)
    logs        further symbols that stand for logarithms: name -> the term whose logarithm it is
    per_cell    symbols of the network that differ from cell to cell: name -> family
    cells       the number of cells, where the theorem is about cells
    """

    confidence: str = "t"
    logs: Mapping[str, Term] = field(default_factory=dict)
    per_cell: Mapping[str, str] = field(default_factory=dict)
    cells: Term | None = None

    def at(self, values: Mapping[str, object] | None = None, delta: object = None, bits: int = DEFAULT_BITS,
           **more: object) -> Value:
        """The gap where symbols take exact ``values`` (families: sequences), in balls, with the status of the hypotheses.

        delta   the failure probability, an exact number in (0, 1]; otherwise the symbol t needs a value

        Raises TermError for a missing, inexact, negative or non-natural value.
        """
        numbers: dict[str, object] = {**(values or {}), **more}
        with precision(bits + 40):
            if delta is not None:
                if self.confidence in numbers:
                    raise TermError(f"delta and {self.confidence} = ln(1/delta) are both given; one of them is needed")
                numbers[self.confidence] = _log_inverse(delta)
            for name, argument in self.logs.items():
                numbers[name] = evaluate_many([argument], numbers, bits + 40)[0].log()
        ball = evaluate_many([self.value], numbers, bits)[0]
        status, reasons = self._status(numbers)
        return Value(ball, status, reasons)

    def _status(self, numbers: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
        """Whether the hypotheses of the network can hold at these numbers; with families, on every cell."""
        assert self.bound is not None
        known = self.bound.symbols()
        fixed = {k: v for k, v in numbers.items() if k in known}
        choices = [fixed]
        if self.per_cell:
            families = {name: numbers[family] for name, family in self.per_cell.items()}
            count = min(len(v) for v in families.values())  # type: ignore[arg-type]
            choices = [{**fixed, **{name: v[i] for name, v in families.items()}}  # type: ignore[index]
                       for i in range(min(count, MAX_CELLS))]
        reasons: dict[str, None] = {}
        status = "holds"
        for k, choice in enumerate(choices):
            try:
                found = self.bound.at(choice)
            except TermError as error:
                raise TermError(f"{error}; the hypotheses of the network are examined too") from None
            if found.status == "holds":
                continue
            status = found.status
            where = f"cell {k + 1}: " if self.per_cell else ""
            reasons.update(dict.fromkeys(where + r for r in found.reasons))
        return status, tuple(reasons)[:4]


def _log_inverse(delta: object) -> Any:
    from flint import arb, fmpq
    try:
        q = Fraction(exact(delta))
    except TermError as error:
        raise TermError(f"delta: {error}") from None
    if not 0 < q <= 1:
        raise TermError(f"delta = {q}; a probability above 0 and at most 1 is needed")
    return -arb(fmpq(q.numerator, q.denominator)).log() if q < 1 else arb(0)


def concentration(cells: TermLike = "N", n: TermLike = "n", t: TermLike = "t") -> Theorem:
    """How far empirical frequencies of fixed cells fall short of their probabilities, in sum."""
    store = current()
    N, count, excess = (_count(cells, "cells"), _count(n, "n"), store.term(t))
    # 2^N - 2 = 2 (1 + 2 + ... + 2^(N-2)), without subtraction
    value = 2 * store.dd(store.monus(N, 1), [store.number(2), store.one]) * store.exp(2 * count * excess**2) ** -1
    return Theorem(
        "concentration", "Empirical frequencies of fixed cells",
        r"Let $C_1, \ldots, C_{<<cells>>}$ be disjoint measurable cells that cover the space, fixed before the data. For "
        r"$<<n>>$ "
        r"independent draws of one distribution with cell probabilities $p_i$ and empirical frequencies $\hat p_i$, and for "
        r"every $<<t>> > 0$, $\Pr\left(\sum_{i=1}^{<<cells>>} \max(p_i - \hat p_i, 0) \ge <<t>>\right) \le "
        r"(2^{<<cells>>} - 2) e^{-2 <<n>> <<t>>^2}$.",
        ("The cells do not depend on the sample.", "The draws are independent and identically distributed."),
        (r"$\sum_i \max(p_i - \hat p_i, 0)$ is the largest $P(A) - \hat P(A)$ over unions $A$ of cells.",
         r"For one such $A$ the difference reaches $<<t>>$ with probability at most $e^{-2 <<n>> <<t>>^2}$ (Hoeffding).",
         r"It is 0 for the empty and the full union; the union bound over the other $2^{<<cells>>} - 2$ of them ends the "
         r"proof."),
        {"value": value, "cells": N, "n": count, "t": excess}, (),
        "For two cells it is Hoeffding's inequality, for both sides at once. In general the union bound is not tight.",
        (), ("hoeffding1963",))


def _count(given: TermLike, what: str) -> Term:
    """A natural number of at least 1, or a symbol for one."""
    try:
        t = current().term(given)
    except TermError as error:
        raise NetworkError(f"{what}: {error}") from None
    number = t.literal()
    if number is not None and (not isinstance(number, int) or number < 1):
        raise NetworkError(f"{what} = {number}: a natural number of at least 1 is needed")
    return t


@dataclass(slots=True)
class _Setting:
    """What the theorems about risks share."""

    loss: Loss
    bound: Bound
    n: Term
    t: Term
    M: Term
    said: Assumptions

    @property
    def hypotheses(self) -> list[str]:
        own = self.loss.domain()
        return [rf"$0 \le \ell(f(x;\theta), y) \le {self.said.place(self.M)}$ for all inputs of the domain, targets and "
                r"$\theta \in \Theta$.", *([own] if own else [])]


def _setting(network: Network, loss: Loss | str, wrt: str, n: TermLike | None, confidence: TermLike | None,
             top: TermLike | None, trainable: Collection[str] | None, floors: bool) -> _Setting:
    loss = loss_on(network, loss)
    if not loss.single:
        raise UnsupportedError(f"the network puts out {loss.samples} rows per input; a risk needs one row: Input(...) without "
                               "samples and positions")
    bound = bounded(network, wrt, trainable, floors)
    count = own_symbol(n, "n", "n", "n_s", bound=bound)
    number = count.literal()
    if number is not None and (not isinstance(number, int) or number < 1):
        raise NetworkError(f"n = {number}: a natural number of at least 1 is needed")
    t = own_symbol(confidence, "confidence", "t", "t_c", bound=bound)
    if t.store.nodes[t.id] != t.node or t.literal() is not None or str(t) not in t.store.symbols(t):
        raise NetworkError(f"confidence = {t}: a symbol is needed; give delta to at(...)")
    if top is not None:
        M = own_symbol(top, "top", "M", bound=bound, shared=True)
    elif loss.range is not None:
        M = loss.range[1]
    else:
        M = own_symbol(None, "top", "M", "M_l", bound=bound)
    return _Setting(loss, bound, count, t, M, Assumptions(bound))


def partition_bound(network: Network, loss: Loss | str, cells: TermLike | None = None, n: TermLike | None = None,
                    confidence: TermLike | None = None, diameters: TermLike | None = None, indexed: bool = False,
                    counts: str | None = None, top: TermLike | None = None, per_cell: Mapping[str, str] | None = None,
                    floors: bool = True) -> RiskTheorem:
    """Risk against empirical risk for every network of Theta at once, from the constants on fixed cells.

    cells       number of cells (a cell is a region of inputs with one target)
    n           sample size
    confidence  the symbol t with delta = e^(-t)
    diameters   largest diameter of a cell; with ``indexed`` the name of the family of the diameters of the cells
    counts      with ``indexed``: the name of the family of the numbers of samples in the cells
    top         M with 0 <= l <= M; default: the range of the loss, else a symbol
    per_cell    symbols of the network (floors, radius) that take their own value on every cell: name -> family
    """
    s = _setting(network, loss, "input", n, confidence, top, None, floors)
    bound, store = s.bound, s.bound.term.store
    N = own_symbol(cells, "cells", "N", "N_c", bound=bound)
    number = N.literal()
    if number is not None and (not isinstance(number, int) or number < 1):
        raise NetworkError(f"cells = {number}: a natural number of at least 1 is needed")
    Lambda = s.loss.lipschitz * bound.term
    families = dict(per_cell or {})
    indexed = indexed or bool(families)
    known = bound.symbols()
    unknown = sorted(set(families) - set(known))
    if unknown:
        raise NetworkError(f"per_cell: {unknown[0]} is no symbol of the network; it has {', '.join(known) or 'none'}")
    terms = {"n": s.n, "cells": N, "t": s.t, "loss": s.loss.lipschitz, "network": bound.term, "M": s.M}
    if indexed:
        taken = {**known, **dict.fromkeys((str(s.n), str(N), str(s.t), str(s.M)), s.n)}
        name = free_name("i", "j", "k", taken=taken)
        index = store.symbol(name)
        D = free_name("D", "D_c", taken=taken) if diameters is None else _family(diameters, "diameters", taken)
        c = free_name("n_c", "n_i", taken=taken) if counts is None else _family(counts, "counts", taken)
        mapping = {}
        for symbol, family in families.items():
            mapping[known[symbol]] = store.element(_family(family, f"per_cell {symbol}", taken), index)
        own = store.substitute([Lambda], mapping)[0] if mapping else Lambda
        share = store.element(c, index) / s.n
        inside = store.sum(index, N, share * own * store.element(D, index))
        terms |= {"index": index, "count": store.element(c, index), "diameter": store.element(D, index), "Lambda": own}
        where = (r"Cell $<<index>>$ has diameter at most $<<diameter>>$ and holds $<<count>>$ points of the sample, and the "
                 r"constant of the loss on it is at most $\Lambda = <<Lambda>>$, $1 \le <<index>> \le <<cells>>$.")
    else:
        diameter = own_symbol(diameters, "diameters", "D", "D_c", bound=bound)
        inside = Lambda * diameter
        terms |= {"diameter": diameter, "Lambda": Lambda}
        where = (r"Every cell that holds a point of the sample has diameter at most $<<diameter>>$, and the constant of the "
                 r"loss on it is at most $\Lambda = <<Lambda>>$.")
    deviation = s.M * sqrt((N * store.constant("log2") + s.t) / (2 * s.n))
    times = "" if s.M.literal() == 1 else r"<<M>> \, "
    floor_text = (r"The hypotheses on the network hold at every input of every cell that holds a point of the sample, for "
                  r"every $\theta \in \Theta$ that is considered; holding at the points of the sample is not enough.")
    statement = (rf"Let $\ell(z, y)$ be the {s.loss.title}: {s.loss.formula()}. Let the inputs and targets be covered by "
                 r"$<<cells>>$ disjoint measurable cells fixed before the data, each with a single target. " + where +
                 r" For every $<<t>> > 0$, with probability at least $1 - e^{-<<t>>}$ over $<<n>>$ independent samples, "
                 r"simultaneously for all $\theta \in \Theta$: $R(\theta) \le \hat R(\theta) + <<value>>$. On the same event "
                 r"$\hat R(\theta) \le R(\theta) + <<value>>$.")
    hypotheses = (*s.hypotheses, "The samples are independent and identically distributed; the cells do not depend on them.",
                  *s.said.texts, *([floor_text] if s.said.texts else []), f"The inputs: {s.said.domain}.")
    return RiskTheorem(
        "partition-bound", "Generalization from the constants on fixed cells", statement, hypotheses,
        (r"With $p_i$, $\hat p_i$ the probabilities and frequencies of the cells, $E_i$ the mean of $\ell$ on cell $i$ and "
         r"$\hat E_i$ its mean over the sample there, $R - \hat R = \sum_i (p_i - \hat p_i) E_i + \sum_i \hat p_i (E_i - \hat "
         r"E_i)$.",
         rf"The first sum is at most ${times}\sum_i \max(p_i - \hat p_i, 0)$ because $0 \le E_i \le <<M>>$.",
         r"$\sum_i \max(p_i - \hat p_i, 0)$ exceeds $u = \sqrt{(<<cells>> \ln 2 + <<t>>)/(2 <<n>>)}$ with probability at most "
         r"$2^{<<cells>>} e^{-2 <<n>> u^2} = e^{-<<t>>}$ (concentration of the frequencies). The event speaks of the "
         r"cells alone, "
         r"hence of all $\theta$ at once.",
         r"In an occupied cell $\abs{E_i - \hat E_i} \le \Lambda \, \mathrm{diam}(C_i)$; $\Lambda$ is the constant "
         r"$<<loss>>$ of the loss times that of the network, $<<network>>$.",
         r"$\sum_i \max(p_i - \hat p_i, 0) = \sum_i \max(\hat p_i - p_i, 0)$ gives the reverse inequality on the same event."),
        {"value": inside + deviation, "inside": inside, **terms, **s.loss.terms, **s.said.terms}, _RISKS,
        "An upper bound. It needs no measure of the size of the class: the event does not involve the hypotheses.",
        ("The number of cells of a given diameter is exponential in the dimension of the data.",
         "Floors that hold at the points of the sample only, or cells chosen after seeing the sample, void the theorem.",
         "A smaller constant of the network shrinks the first term alone; the second one depends on the cells."),
        ("xu2012robustness", "than2024gentle"), None, network, bound, s.loss, frozenset(), str(s.t), {}, families, N)


def _family(given: object, what: str, taken: Mapping[str, Term]) -> str:
    from normbound.terms.names import check_name
    if not isinstance(given, str):
        raise NetworkError(f"{what}: found {given!r}; the name of a family is needed")
    check_name(given)
    if given in taken:
        raise NetworkError(f"{what}: {given} is already a symbol; choose another name for the family")
    return given


def robustness_bound(network: Network, loss: Loss | str, cells: TermLike | None = None, n: TermLike | None = None,
                     confidence: TermLike | None = None, diameter: TermLike | None = None, top: TermLike | None = None,
                     floors: bool = True) -> RiskTheorem:
    """Algorithmic robustness: cells of one diameter D make the loss of the network (N, Lambda D)-robust."""
    base = partition_bound(network, loss, cells, n, confidence, diameter, top=top, floors=floors)
    store = base.value.store
    terms = dict(base.terms)
    terms["epsilon"] = terms["Lambda"] * terms["diameter"]
    terms["original"] = terms["epsilon"] + terms["M"] * sqrt(
        (2 * terms["cells"] * store.constant("log2") + 2 * terms["t"]) / terms["n"])
    assert base.loss is not None and base.bound is not None
    return RiskTheorem(
        "robustness-bound", "Generalization from robustness",
        rf"Let $\ell(z, y)$ be the {base.loss.title}: {base.loss.formula()}. Let the inputs and targets be covered by "
        r"$<<cells>>$ disjoint measurable cells fixed before the data, each with a single target and of diameter at most "
        r"$<<diameter>>$. Then for every $\theta \in \Theta$ two points of one cell that holds a point of the sample "
        r"have losses that differ by at most $<<epsilon>>$. For every $<<t>> > 0$, with probability at least $1 - e^{-<<t>>}$ "
        r"over $<<n>>$ independent samples, simultaneously for all $\theta \in \Theta$: $\abs{R(\theta) - \hat "
        r"R(\theta)} \le <<value>>$.",
        base.hypotheses,
        (r"Two points of one cell have the same target and inputs at most $<<diameter>>$ apart; the loss of the network is "
         r"$<<Lambda>>$-Lipschitz.", *base.proof),
        terms, _RISKS,
        r"The deviation is half of that in the original form of the theorem, whose bound is $<<original>>$: only one side of "
        "the frequencies is needed.",
        base.warnings, base.sources, None, network, base.bound, base.loss, frozenset(), base.confidence, {}, {}, base.cells)


def parametric_bound(network: Network, loss: Loss | str, p: TermLike | None = None, r: TermLike | None = None,
                     n: TermLike | None = None, confidence: TermLike | None = None, top: TermLike | None = None,
                     trainable: Collection[str] | None = None, floors: bool = True) -> RiskTheorem:
    """Risk against empirical risk from the constant in the parameters, which enters through its logarithm alone.

    p  number of trainable parameters
    r  radius of a ball that contains them all
    """
    s = _setting(network, loss, "parameters", n, confidence, top, trainable, floors)
    bound, store = s.bound, s.bound.term.store
    P = own_symbol(p, "p", "p", "p_t", bound=bound, shared=True)
    radius = own_symbol(r, "r", "r", "r_t", bound=bound, shared=True)
    taken = {**bound.symbols(), **dict.fromkeys(map(str, (s.n, s.t, s.M, P, radius)), s.n)}
    entropy = free_name("h", "h_e", taken=taken)
    h = store.symbol(entropy)
    Lambda = s.loss.lipschitz * bound.term
    times = "" if s.M.literal() == 1 else r"<<M>> \, "
    cover = 1 + 2 * radius * s.n * Lambda / s.M
    value = s.M * (2 / s.n + sqrt((P * h + s.t) / (2 * s.n)))
    floor_text = (r"Every $\theta \in \Theta$ meets the hypotheses on the network at every input of the domain; floors "
                  r"measured on the sample void the theorem.")
    hypotheses = (*s.hypotheses, rf"${s.said.place(s.M)} > 0$.", "The samples are independent and identically distributed.",
                  r"$\Theta$ lies in a Euclidean ball of radius $<<r>>$ in $<<p>>$ dimensions, and is fixed before the data.",
                  *s.said.texts, *([floor_text] if s.said.texts else []), f"The inputs: {s.said.domain}.")
    statement = (rf"Let $\ell(z, y)$ be the {s.loss.title}: {s.loss.formula()}. For every $<<t>> > 0$, with probability at "
                 r"least $1 - e^{-<<t>>}$ over $<<n>>$ independent samples, simultaneously for all $\theta \in \Theta$: "
                 r"$R(\theta) \le \hat R(\theta) + <<value>>$, where $<<h>> = \ln(1 + 2 <<r>> <<n>> \Lambda/<<M>>)$ and "
                 r"$\Lambda "
                 r"= <<Lambda>>$ is the constant of the loss of the network in its parameters.")
    return RiskTheorem(
        "parametric-bound", "Generalization from the constant in the parameters", statement, hypotheses,
        (r"Let $\eta = <<M>>/(<<n>> \Lambda)$. Points of $\Theta$ with mutual distances above $\eta$ have disjoint balls "
         r"of radius "
         r"$\eta/2$ in a ball of radius $<<r>> + \eta/2$: there are at most $(1 + 2 <<r>>/\eta)^{<<p>>} = e^{<<p>> <<h>>}$ of "
         r"them. A largest such set has a point within $\eta$ of every $\theta$.",
         rf"For each of these points $R - \hat R$ exceeds ${times}\sqrt{{u/(2 <<n>>)}}$ with probability at most $e^{{-u}}$ "
         r"(Hoeffding); $u = <<p>> <<h>> + <<t>>$ and the union bound leave $e^{-<<t>>}$.",
         r"Moving from $\theta$ to the nearest of them changes $R$ and $\hat R$ by at most $\Lambda \eta = <<M>>/<<n>>$ each."),
        {"value": value, "n": s.n, "t": s.t, "M": s.M, "p": P, "r": radius, "h": h, "Lambda": Lambda, "cover": cover,
         "loss": s.loss.lipschitz, "network": bound.term, **s.loss.terms, **s.said.terms},
        (*_RISKS, (r"\Theta", "the parameters that the declared norm bounds allow; Euclidean norm of all entries")),
        "An upper bound: the union bound over a net is not tight.",
        (r"$\Lambda$ stands inside the logarithm. Multiplying it by $c^K$, $c \ge 1$, raises $<<h>>$ by at most $K \ln c$: an "
         "exponential reduction of the constant in the parameters buys a factor linear in the depth inside the square root, "
         "not an exponential one.",
         r"Where $<<p>> <<h>> \ge 2 <<n>>$ the gap exceeds the range of the loss, and the theorem says nothing."),
        ("hoeffding1963",), None, network, bound, s.loss, bound.derivation.trainable, str(s.t), {entropy: cover})
