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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from normbound.calculus.bound import Bound, Value
from normbound.errors import HypothesisError, NetworkError, TermError, UnsupportedError
from normbound.network.program import Network, natural_symbols
from normbound.terms.evaluate import DEFAULT_BITS, evaluate_exact, evaluate_many, precision
from normbound.terms.exact import exact
from normbound.terms.store import Op, Term, TermLike, current, sqrt
from normbound.theory.losses import Loss, LossTheorem, loss_on
from normbound.theory.premises import Assumptions, Quantities, bounded, trained
from normbound.theory.theorem import Theorem

MAX_CELLS = 256  # cells whose floors ``at`` examines one by one

_RISKS = ((r"\mathcal{R}(\theta)", r"the risk, the expectation of $\ell(f(x;\theta), y)$"),
          (r"\hat{\mathcal{R}}(\theta)", "the empirical risk, the mean over the sample"))
_ALL = ((r"\theta", "all parameters of the network"),
        (r"\Theta", "any set of parameters within the declared norm bounds that meets the hypotheses"))


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

        Raises TermError for a missing, inexact, negative or non-natural value, and where the numbers of samples in the cells
        do not add up to the size of the sample.
        """
        numbers: dict[str, object] = {**(values or {}), **more}
        with precision(bits + 40):
            if delta is not None:
                if self.confidence in numbers:
                    raise TermError(f"delta and {self.confidence} = ln(1/delta) are both given; one of them is needed")
                numbers[self.confidence] = _log_inverse(delta)
            for name, argument in self.logs.items():
                numbers[name] = evaluate_many([argument], numbers, bits + 40)[0].log()
        self._check_counts(numbers)
        ball = evaluate_many([self.value], numbers, bits)[0]
        status, reasons = self._status(numbers)
        return Value(ball, status, reasons)

    def _check_counts(self, numbers: Mapping[str, object]) -> None:
        """The numbers of samples in the cells are natural and add up to n."""
        if "count" not in self.terms or self.cells is None:
            return
        family = self.terms["count"].node[1]
        given = numbers.get(family)
        if given is None or isinstance(given, str) or not isinstance(given, Sequence):
            return  # the evaluation says what is missing
        n, cells = (evaluate_exact(t, {k: v for k, v in numbers.items() if k in t.store.symbols(t)})
                    for t in (self.terms["n"], self.cells))
        counts = [exact(v) for v in given[:int(cells)]]
        wrong = next((c for c in counts if not isinstance(c, int) or c < 0), None)
        if wrong is not None:
            raise TermError(f"{family}: found {wrong} samples in a cell; natural numbers are needed")
        if len(counts) == cells and sum(counts) != n:
            raise TermError(f"{family}: the {cells} cells hold {sum(counts)} samples, the sample has {n}; every point of the "
                            "sample lies in one cell")

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
    for what, one, other in (("n", count, N), ("t", excess, N), ("t", excess, count)):
        clash = [name for name in store.symbols(one) if name in store.symbols(other)]
        if clash:
            raise HypothesisError(f"{what}: {clash[0]} already has another meaning in the theorem; choose another name")
    # 2^N - 2 = 2 (1 + 2 + ... + 2^(N-2)), without subtraction
    value = 2 * store.dd(store.monus(N, 1), [store.number(2), store.one]) * store.exp(2 * count * excess**2) ** -1
    return Theorem(
        "concentration", "Empirical frequencies of fixed cells",
        r"Let $C_1, \ldots, C_{<<cells>>}$ be disjoint measurable cells that cover the space, fixed before the data. For "
        r"$<<n>>$ "
        r"independent draws of one distribution with cell probabilities $p_i$ and empirical frequencies $\hat p_i$, and for "
        r"every $<<t>> > 0$, $\Pr\left(\sum_{i=1}^{<<cells>>} \max(p_i - \hat p_i, 0) \ge <<t>>\right) \le "
        r"(2^{<<cells>>} - 2) \exp(-2 <<n>> <<t>>^2)$.",
        ("The cells do not depend on the sample.", "The draws are independent and identically distributed."),
        (r"$\sum_i \max(p_i - \hat p_i, 0)$ is the largest $P(A) - \hat P(A)$ over unions $A$ of cells.",
         r"For one such $A$ the difference reaches $<<t>>$ with probability at most $\exp(-2 <<n>> <<t>>^2)$ (Hoeffding).",
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
    page: Quantities
    n: Term
    t: Term
    M: Term
    known_range: bool

    def ranged(self, said: Assumptions) -> tuple[str, ...]:
        """The range of the loss, where it is assumed."""
        if self.known_range:
            return ()
        return (rf"$0 \le \ell(f(x;\theta), y) \le {said.place(self.M)}$ for all inputs of the domain, targets and "
                r"$\theta \in \Theta$.",)

    @property
    def times(self) -> str:
        """The range as a factor."""
        return "" if self.M.literal() == 1 else r"<<M>> \, "

    @property
    def over(self) -> str:
        """The range as a divisor."""
        return "" if self.M.literal() == 1 else "/<<M>>"


def _setting(network: Network, loss: Loss | str, wrt: str, n: TermLike | None, confidence: TermLike | None,
             top: TermLike | None, trainable: Collection[str] | None, floors: bool) -> _Setting:
    loss = loss_on(network, loss)
    if not loss.single:
        raise UnsupportedError(f"the network puts out {loss.samples} rows per input; a risk needs one row: Input(...) without "
                               "samples and positions")
    bound = bounded(network, wrt, trainable, floors)
    page = Quantities(bound, *loss.terms.values())
    count = page.own(n, "n", "n", "n_s")
    number = count.literal()
    if number is not None and (not isinstance(number, int) or number < 1):
        raise NetworkError(f"n = {number}: a natural number of at least 1 is needed")
    t = page.own(confidence, "confidence", "t", "t_c")
    if t.kind != Op.SYM:
        raise NetworkError(f"confidence = {t}: a symbol is needed; give delta to at(...)")
    if top is not None:
        M = page.own(top, "top", "M", shared=True)
        if M.literal() == 0:
            raise NetworkError("top = 0: a number above 0 is needed, the largest value of the loss")
    elif loss.range is not None:
        M = loss.range[1]
    else:
        M = page.symbol("top", "M", "M_l")
    return _Setting(loss, bound, page, count, t, M, top is None and loss.range is not None)


def _own_cells(bound: Bound, loss: Loss, M: Term, per_cell: Mapping[str, str]) -> dict[str, Term]:
    """The symbols that differ from cell to cell; those that cannot are refused."""
    store, known = bound.term.store, bound.symbols()
    naturals = natural_symbols(bound.derivation.program)
    for name in per_cell:
        if name not in known:
            raise NetworkError(f"per_cell: {name} is no symbol of the network; it has {', '.join(known) or 'none'}")
        if known[name].kind != Op.SYM:
            raise NetworkError(f"per_cell: {name} is a family of the layers; a single symbol of the network is needed")
        if name in naturals:
            raise NetworkError(f"per_cell: {name} is a dimension or a depth, the same on all cells; a floor or a radius is needed")
        if name in store.symbols(M):
            raise NetworkError(f"per_cell: {name} occurs in the range {M} of the loss, which is one number for all cells")
    return {name: known[name] for name in per_cell}


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

    Raises HypothesisError or NetworkError where a name already means something else in the theorem.
    """
    s = _setting(network, loss, "input", n, confidence, top, None, floors)
    bound, store, page = s.bound, s.bound.term.store, s.page
    N = page.own(cells, "cells", "N", "N_c")
    number = N.literal()
    if number is not None and (not isinstance(number, int) or number < 1):
        raise NetworkError(f"cells = {number}: a natural number of at least 1 is needed")
    families = dict(per_cell or {})
    indexed = indexed or bool(families)
    own_cells = _own_cells(bound, s.loss, s.M, families)
    terms = {"n": s.n, "cells": N, "t": s.t, "M": s.M}
    mapping: dict[Term, Term] = {}
    index = None
    if indexed:
        given = [page.family(name, what) for name, what in ((diameters, "diameters"), (counts, "counts")) if name is not None]
        for symbol, family in families.items():
            page.family(family, f"per_cell {symbol}")
        D = page.family(None, "diameters", "D", "D_c") if diameters is None else given.pop(0)
        c = page.family(None, "counts", "n_c", "n_i") if counts is None else given.pop(0)
        # A name of its own, not one that products of the network bind: their members must stay those of the layers.
        index = page.symbol("index of the cells", "i", "j", "k")
        mapping = {own_cells[symbol]: store.element(family, index) for symbol, family in families.items()}
    said = Assumptions(bound, page, mapping, index)
    L, P = said.here(s.loss.lipschitz), said.here(bound.term)
    Lambda = L * P
    terms |= {"loss": L, "network": P, "Lambda": Lambda}
    if index is not None:
        terms |= {"index": index, "count": store.element(c, index), "diameter": store.element(D, index)}
        inside = store.sum(index, N, terms["count"] / s.n * Lambda * terms["diameter"])
        where = (r"Cell $<<index>>$ has diameter at most $<<diameter>>$ and holds $<<count>>$ points of the sample, and the "
                 r"constant of the loss on it is at most $\Lambda = <<Lambda>>$, $1 \le <<index>> \le <<cells>>$.")
    else:
        terms["diameter"] = page.own(diameters, "diameters", "D", "D_c")
        inside = Lambda * terms["diameter"]
        where = (r"Every cell that holds a point of the sample has diameter at most $<<diameter>>$, and the constant of the "
                 r"loss on it is at most $\Lambda = <<Lambda>>$.")
    deviation = s.M * sqrt((N * store.constant("log2") + s.t) / (2 * s.n))
    floor_text = (r"The hypotheses on the network hold at every input of every cell that holds a point of the sample, for "
                  r"every $\theta \in \Theta$ that is considered; holding at the points of the sample is not enough.")
    replaced = [rf"On cell $<<index>>$ everything that is assumed of the network holds with ${said.place(old)}$ in the place of "
                rf"${said.as_given(old)}$." for old in mapping]
    places = s.loss.places(page.letter)
    of_loss = list(s.loss.assumptions(places))
    if s.loss.domain(places):
        of_loss[-1] = of_loss[-1].removesuffix(".") + said.on(*s.loss.arguments.values(), comma=", on") + "."
    statement = (rf"Let $\ell(z, y)$ be the {s.loss.title}: {s.loss.formula(places)}. Let the inputs and targets be covered by "
                 r"$<<cells>>$ disjoint measurable cells fixed before the data, each with a single target. " + where +
                 r" For every $<<t>> > 0$, with probability at least $1 - \exp(-<<t>>)$ over $<<n>>$ independent samples, "
                 r"simultaneously for all $\theta \in \Theta$: $\mathcal{R}(\theta) \le \hat{\mathcal{R}}(\theta) + <<value>>$. On "
                 r"the same event $\hat{\mathcal{R}}(\theta) \le \mathcal{R}(\theta) + <<value>>$.")
    hypotheses = (*s.ranged(said), *of_loss,
                  "The samples are independent and identically distributed; the cells do not depend on them.",
                  *replaced, *said.texts, *([floor_text] if said.texts else []), f"The inputs: {said.domain}.")
    i = "<<index>>" if index is not None else page.letter("i", "j", "k")
    p, E, u, C = (page.letter(*wanted) for wanted in (("pi", "rho", "q"), "EF", "uw", "CAG"))
    hat_p = rf"\hat{{{p}}}"
    shortfall = rf"\sum_{{{i}}} \max({p}_{{{i}}} - {hat_p}_{{{i}}}, 0)"
    return RiskTheorem(
        "partition-bound", "Generalization from the constants on fixed cells", statement, hypotheses,
        (rf"With ${p}_{{{i}}}$, ${hat_p}_{{{i}}}$ the probabilities and frequencies of the cells ${C}_{{{i}}}$, "
         rf"${E}_{{{i}}}$ the mean of $\ell$ on cell ${i}$ and $\hat{{{E}}}_{{{i}}}$ its mean over the sample there, "
         rf"$\mathcal{{R}} - \hat{{\mathcal{{R}}}} = \sum_{{{i}}} ({p}_{{{i}}} - {hat_p}_{{{i}}}) {E}_{{{i}}} + \sum_{{{i}}} "
         rf"{hat_p}_{{{i}}} ({E}_{{{i}}} - \hat{{{E}}}_{{{i}}})$.",
         rf"The first sum is at most ${s.times}{shortfall}$ because $0 \le {E}_{{{i}}} \le <<M>>$.",
         rf"${shortfall}$ exceeds ${u} = \sqrt{{(<<cells>> \ln 2 + <<t>>)/(2 <<n>>)}}$ with probability at most "
         rf"$2^{{<<cells>>}} \exp(-2 <<n>> {u}^2) = \exp(-<<t>>)$ (concentration of the frequencies). The event speaks of the "
         r"cells alone, hence of all $\theta$ at once.",
         rf"In an occupied cell $\abs{{{E}_{{{i}}} - \hat{{{E}}}_{{{i}}}}} \le \Lambda \, \mathrm{{diam}}({C}_{{{i}}})$; $\Lambda$ is "
         r"the constant $<<loss>>$ of the loss times that of the network, $<<network>>$"
         + (", on the cell." if mapping else "."),
         rf"${shortfall} = \sum_{{{i}}} \max({hat_p}_{{{i}}} - {p}_{{{i}}}, 0)$ gives the reverse inequality on the same event."),
        {"value": inside + deviation, "inside": inside, **terms, **{k: said.here(v) for k, v in s.loss.terms.items()},
         **said.terms}, (*_RISKS, *_ALL),
        "An upper bound. It needs no measure of the size of the class: the event does not involve the hypotheses.",
        ("The number of cells of a given diameter is exponential in the dimension of the data.",
         "Floors that hold at the points of the sample only, or cells chosen after seeing the sample, void the theorem.",
         "A smaller constant of the network shrinks the first term alone; the second one depends on the cells."),
        ("xu2012robustness", "than2024gentle"), None, network, bound, s.loss, frozenset(), str(s.t), {}, families, N)


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
        base.statement.partition(" Let the inputs")[0]  # the loss
        + r" Let the inputs and targets be covered by "
        r"$<<cells>>$ disjoint measurable cells fixed before the data, each with a single target and of diameter at most "
        r"$<<diameter>>$. Then for every $\theta \in \Theta$ two points of one cell that holds a point of the sample "
        r"have losses that differ by at most $<<epsilon>>$. For every $<<t>> > 0$, with probability at least $1 - \exp(-<<t>>)$ "
        r"over $<<n>>$ independent samples, simultaneously for all $\theta \in \Theta$: $\abs{\mathcal{R}(\theta) - "
        r"\hat{\mathcal{R}}(\theta)} \le <<value>>$.",
        base.hypotheses,
        (r"Two points of one cell have the same target and inputs at most $<<diameter>>$ apart; the loss of the network is "
         r"$<<Lambda>>$-Lipschitz.", *base.proof),
        terms, base.symbols,
        r"The deviation is half of that in the original form of the theorem, whose bound is $<<original>>$: only one side of "
        "the frequencies is needed.",
        base.warnings, base.sources, None, network, base.bound, base.loss, frozenset(), base.confidence, {}, {}, base.cells)


def parametric_bound(network: Network, loss: Loss | str, p: TermLike | None = None, r: TermLike | None = None,
                     n: TermLike | None = None, confidence: TermLike | None = None, top: TermLike | None = None,
                     trainable: Collection[str] | None = None, floors: bool = True) -> RiskTheorem:
    """Risk against empirical risk from the constant in the parameters, which enters through its logarithm alone.

    p  number of trained parameters
    r  radius of a ball that contains all values of them
    """
    s = _setting(network, loss, "parameters", n, confidence, top, trainable, floors)
    bound, page = s.bound, s.page
    P = page.own(p, "p", "p", "p_t", shared=True)
    radius = page.own(r, "r", "r", "r_t", shared=True)
    h = page.symbol("logarithm", "h", "h_e")
    Lambda = s.loss.lipschitz * bound.term
    said, theta, places = Assumptions(bound, page), trained(bound), s.loss.places(page.letter)
    cover = 1 + 2 * radius * s.n * Lambda / s.M
    value = s.M * (2 / s.n + sqrt((P * h + s.t) / (2 * s.n)))
    floor_text = (r"Every $\theta \in \Theta$ meets the hypotheses on the network at every input of the domain; floors "
                  r"measured on the sample void the theorem.")
    positive = () if s.M.literal() is not None or s.M.is_positive else (rf"${said.place(s.M)} > 0$.",)
    hypotheses = (*s.ranged(said), *positive, *s.loss.assumptions(places),
                  "The samples are independent and identically distributed.",
                  r"$\Theta$ lies in a Euclidean ball of radius $<<r>>$ in $<<p>>$ dimensions, and is fixed before the data.",
                  *said.texts, *([floor_text] if said.texts else []), f"The inputs: {said.domain}.")
    statement = (rf"Let $\ell(z, y)$ be the {s.loss.title}: {s.loss.formula(places)}. {theta.sentence('before the data')} For every "
                 r"$<<t>> > 0$, with probability at least $1 - \exp(-<<t>>)$ over $<<n>>$ independent samples, simultaneously for "
                 r"all $\theta \in \Theta$: $\mathcal{R}(\theta) \le \hat{\mathcal{R}}(\theta) + <<value>>$, where $<<h>> = \ln(1 "
                 rf"+ 2 <<r>> <<n>> \Lambda{s.over})$ and $\Lambda = <<Lambda>>$ is the constant of the loss of the network in "
                 r"$\theta$.")
    eta, u, c = (page.letter(*wanted) for wanted in (("eta", "kappa", "xi"), "uw", "ca"))
    M = "1" if s.M.literal() == 1 else "<<M>>"
    return RiskTheorem(
        "parametric-bound", "Generalization from the constant in the parameters", statement, hypotheses,
        (r"If $\Lambda = 0$ the loss does not depend on $\theta$ and $<<h>> = 0$: one point of $\Theta$ stands for all. Otherwise "
         rf"let ${eta} = {M}/(<<n>> \Lambda)$. Points of $\Theta$ with mutual distances above ${eta}$ have disjoint balls of "
         rf"radius ${eta}/2$ in a ball of radius $<<r>> + {eta}/2$: there are at most $(1 + 2 <<r>>/{eta})^{{<<p>>}} = "
         rf"\exp(<<p>> \, <<h>>)$ of them. A largest such set has a point within ${eta}$ of every $\theta$.",
         rf"For each of these points $\mathcal{{R}} - \hat{{\mathcal{{R}}}}$ exceeds ${s.times}\sqrt{{{u}/(2 <<n>>)}}$ with "
         rf"probability at most $\exp(-{u})$ (Hoeffding); ${u} = <<p>> \, <<h>> + <<t>>$ and the union bound leave $\exp(-<<t>>)$.",
         r"Moving from $\theta$ to the nearest of them changes $\mathcal{R}$ and $\hat{\mathcal{R}}$ by at most "
         rf"${M}/<<n>>$ each."),
        {"value": value, "n": s.n, "t": s.t, "M": s.M, "p": P, "r": radius, "h": h, "Lambda": Lambda, "cover": cover,
         "loss": s.loss.lipschitz, "network": bound.term, **s.loss.terms, **said.terms},
        (*_RISKS, *theta.symbols),
        "An upper bound: the union bound over a net is not tight.",
        (rf"$\Lambda$ stands inside the logarithm. Multiplying it by ${c} \ge 1$ raises $<<h>>$ by at most $\ln {c}$: a reduction "
         r"of the constant in the parameters that is exponential in the depth removes a term that is linear in the depth under "
         "the square root, not an exponential factor.",
         r"Where $<<p>> \, <<h>> \ge 2 <<n>>$ the gap exceeds the range of the loss, and the theorem says nothing."),
        ("hoeffding1963",), None, network, bound, s.loss, bound.derivation.trainable, str(s.t), {h.node[1]: cover})
