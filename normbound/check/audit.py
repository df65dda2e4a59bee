"""The audit: every registered contract and every composition rule is falsified, attained, and its mutants are killed.

One row per layer, primitive part and rule. A row has one or more cases (modes, with and without gain, floors used and
not used); a case has one claim per quantity: the Lipschitz constant, the envelope, the largest entry, the sensitivity
to every role of parameters and to all of them. The audit fails where a claim is falsified, where a constant that is
claimed to be exact is not attained (one that is a supremum: not approached), and where a mutant survives without reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Any, NoReturn
from zlib import crc32

import normbound.layers  # noqa: F401 - registers the layers
from normbound.check.mutants import ALLOWANCE, NEAR, STATUSES, Confirm, Outcome, examine
from normbound.check.samples import Case, measure, probe, promises
from normbound.contracts.block import Block, Layer, Repeat, concat, parallel, scaled
from normbound.contracts.registry import LAYERS, Entry
from normbound.contracts.rules import RULES
from normbound.errors import NetworkError, NormboundError
from normbound.layers.linear import Linear, Outside
from normbound.layers.normalization import Affine, Normalize, Squash, Standardize
from normbound.network.language import parse_block
from normbound.terms.store import Store, current

PARTS = ("Normalize", "Affine", "Standardize", "Squash")

#: Further forms of registered layers, beside the example of the registry.
FORMS: dict[str, tuple[str, ...]] = {
    "Linear": ("Linear(s)",),
    "LayerNorm": ("LayerNorm(floor=sigma)", "LayerNorm(gamma=g, floor=sigma)", "LayerNorm(beta=h, floor=sigma)",
                  'LayerNorm(gamma=g, beta=h, floor=sigma, variance="unbiased")'),
    "RMSNorm": ("RMSNorm(gamma=g, beta=h, floor=sigma)",),
    "InstanceNorm": ("InstanceNorm(gamma=g)", 'InstanceNorm(gamma=g, beta=h, floor=sigma, variance="unbiased")'),
    "GroupNorm": ("GroupNorm(1, gamma=g, floor=sigma)",),
    "BatchNorm": ('BatchNorm(mode="eval", gamma=g, beta=h, var=v, mean=mu)', 'BatchNorm(mode="eval", var=v, mean=mu)',
                  'BatchNorm(mode="train", gamma=g, floor=sigma)'),
}
EVEN = ("MaxMin", "GroupNorm")
#: Quantities that are upper bounds only. A shift repeats over rows, and centred groups that lie across rows are
#: orthogonal to it, so their norms do not add; the tensors of DyT and of GroupNorm have no common worst case.
UPPER: dict[str, tuple[str, ...]] = {
    "InstanceNorm(gamma=g, beta=h, floor=sigma)": ("radius",),
    'InstanceNorm(gamma=g, beta=h, floor=sigma, variance="unbiased")': ("radius",),
    'BatchNorm(mode="train", gamma=g, beta=h, floor=sigma)': ("radius",),
    "GroupNorm(2, gamma=g, beta=h, floor=sigma)": ("all",),
    "DyT(a, gamma=g, beta=h)": ("all",),
}


class AuditError(NetworkError):
    """Something that cannot be audited."""


@dataclass(slots=True)
class Row:
    """What the audit found about one contract or rule."""

    name: str
    kind: str  # "layer", "part" or "rule"
    claimed: str
    networks: int = 0
    points: int = 0
    tests: int = 0
    unmet: int = 0
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def largest(self) -> float:
        """The largest measured/promised over all claims."""
        return max((o.best for _, o in self.outcomes), default=0.0)

    @property
    def attained(self) -> float:
        """The smallest measured/promised of the Lipschitz constant over all witnesses of all cases."""
        return min((o.reached for _, o in self.outcomes if o.claim == "input"), default=0.0)

    @property
    def killed(self) -> int:
        return sum(o.killed for _, o in self.outcomes)

    @property
    def total(self) -> int:
        return sum(o.total for _, o in self.outcomes)

    @property
    def survivors(self) -> int:
        return sum(len(o.survivors) for _, o in self.outcomes)

    @property
    def passed(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class Audit:
    """All rows. It has ``passed``, never a truth value."""

    rows: list[Row]
    seed: int
    quick: bool
    seconds: float

    def __bool__(self) -> NoReturn:
        raise TypeError("an audit has no truth value; ask for audit.passed")

    @property
    def passed(self) -> bool:
        return bool(self.rows) and all(r.passed for r in self.rows)

    def to_data(self) -> dict[str, Any]:
        """Plain data: what renderers print and JSON holds."""
        tight = sorted(r.attained for r in self.rows)
        return {
            "passed": self.passed, "seed": self.seed, "quick": self.quick, "seconds": round(self.seconds, 2),
            "networks": sum(r.networks for r in self.rows), "points": sum(r.points for r in self.rows),
            "tests": sum(r.tests for r in self.rows),
            "mutants": sum(r.total for r in self.rows), "killed": sum(r.killed for r in self.rows),
            "equivalent": sum(o.equivalent for r in self.rows for _, o in r.outcomes),
            "survivors": sum(r.survivors for r in self.rows),
            "unexplained": sum(not s.explained for r in self.rows for _, o in r.outcomes for s in o.survivors),
            "tightness": {"min": tight[0], "median": median(tight), "max": tight[-1]} if tight else {},
            "claims": self._sharpness(), "rows": [_row(r) for r in self.rows]}

    def _sharpness(self) -> dict[str, Any]:
        """How many promises are attained, approached, or stay away from what was measured, and which the most."""
        found = [(o.best, f"{r.name}, {o.claim}") for r in self.rows for _, o in r.outcomes if o.claim != "pair"]
        loosest = min(found, default=(0.0, ""))
        return {"attained": sum(b >= 1 - ALLOWANCE for b, _ in found),
                "approached": sum(1 - NEAR <= b < 1 - ALLOWANCE for b, _ in found),
                "upper": sum(b < 1 - NEAR for b, _ in found), "loosest": loosest[1], "smallest": _finite(loosest[0])}


def _finite(x: float) -> float:
    """A number that JSON knows; an output that is not a number was measured as unbounded."""
    return x if x < float("inf") else 1e308


def _row(r: Row) -> dict[str, Any]:
    return {
        "name": r.name, "kind": r.kind, "claimed": r.claimed, "passed": r.passed, "networks": r.networks,
        "points": r.points, "tests": r.tests, "unmet": r.unmet, "largest": _finite(r.largest),
        "attained": _finite(r.attained), "killed": r.killed,
        "mutants": r.total, "seconds": round(r.seconds, 2), "problems": r.problems,
        "claims": [{
            "case": case, "claim": o.claim, "status": o.status, "promise": o.promise, "cells": o.cells,
            "unbounded": o.unbounded, "best": _finite(o.best), "reached": _finite(o.reached), "mutants": o.total,
            "falsified": o.by_falsification,
            "attained": o.by_attainment, "equivalent": o.equivalent,
            "survivors": [{"change": s.change, "reason": s.reason} for s in o.survivors]} for case, o in r.outcomes]}


# -- what is audited ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Subject:
    """One row to be: what is claimed about its constants, and the cases."""

    name: str
    kind: str
    claimed: str
    cases: tuple[Case, ...]


def _layer_cases(entry: Entry) -> tuple[Case, ...]:
    even = entry.name in EVEN
    if entry.name == "Outside":
        return (Case("captured twice", lambda: Repeat(Linear("s") + Outside("u"), 2,
                                                      capture={"u": Linear("t", bias="b")})),)
    texts = (entry.example, *(FORMS.get(entry.name, ()) if entry.origin == "built in" else ()))
    return tuple(Case(text, partial(parse_block, text), even=even, upper=UPPER.get(text, ())) for text in texts)


def _normalize(partition: str, center: bool, variance: str) -> Case:
    def build() -> Block:
        store = current()
        return Normalize(partition, center, store.symbol("sigma"), store.symbol("eps"), variance,
                         store.number(2) if partition == "sample-group" else None)
    return Case(f"{partition}, {'' if center else 'not '}centred, {variance}", build, even=partition == "sample-group")


def _after(partition: str, center: bool) -> Callable[[], Block]:
    def build() -> Block:
        store = current()
        n = Normalize(partition, center, None, store.symbol("eps"))
        return n >> Affine(store.symbol("g"), store.symbol("h"), n)
    return build


def _part_cases() -> dict[str, tuple[Case, ...]]:
    def symbols(*names: str) -> list[Any]:
        return [current().symbol(n) for n in names]
    return {
        "Normalize": tuple(_normalize(*k) for k in (
            ("row", True, "biased"), ("row", False, "biased"), ("row", True, "unbiased"), ("row", False, "sum"),
            ("sample-channel", True, "biased"), ("sample-group", True, "biased"), ("channel", True, "biased"),
            ("channel", True, "unbiased"))),
        "Affine": (Case("gain and shift", lambda: Affine(*symbols("g", "h"))),
                   Case("gain", lambda: Affine(symbols("g")[0], None)),
                   Case("after rows", _after("row", True)),
                   Case("after channels", _after("channel", True), upper=("radius",))),
        "Standardize": (Case("mean and variance", lambda: Standardize(*symbols("mu", "v", "eps"))),),
        "Squash": (Case("tanh", Squash),)}


def _rule_cases() -> dict[str, tuple[Case, ...]]:
    def p(stem: str, tensors: int = 1, **more: Any) -> Layer:
        return probe(current(), stem, tensors, **more)

    two = ("f", "g")
    # Minkowski's inequality and the coefficientwise maximum are sharp for some parts only.
    partly = ("radius", "weight")
    few = (0, 1, 2, 3, 4)
    return {
        "series": (Case("two parts", lambda: p("f", 2) >> p("g", 2), two),
                   Case("three parts", lambda: p("f") >> p("g") >> p("h"), ("f", "g", "h")),
                   Case("shared tensor", lambda: p("f", share="w") >> p("g", share="w"), two)),
        "sum": (Case("two parts", lambda: p("f", 2) + p("g", 2), two),
                Case("shared tensor", lambda: p("f", share="w") + p("g", share="w"), two)),
        "concat": (Case("two parts", lambda: concat(p("f"), p("g")), two, partly=partly),
                   Case("shared tensor", lambda: concat(p("f", share="w"), p("g", share="w")), two, partly=partly)),
        "parallel": (Case("two parts", lambda: parallel(p("f"), p("g")), two, even=True, partly=partly),
                     Case("shared tensor", lambda: parallel(p("f", share="w"), p("g", share="w")), two, even=True,
                          upper=("weight",), partly=partly)),
        "scale": (Case("a factor", lambda: scaled("c", p("f", 2)), ("f",)),
                  Case("a negative factor", lambda: scaled("-c", p("f", share="w")), ("f",))),
        "product": (Case("two parts", lambda: p("f", entries=True) * p("g", entries=True), two),
                    Case("shared tensor",
                         lambda: p("f", entries=True, share="w") * p("g", entries=True, share="w"), two)),
        "rows": (Case("one layer", lambda: p("f", 2), ("f",)),
                 Case("shared tensor", lambda: p("f", share="w"), ("f",))),
        "repeat": (Case("one layer", lambda: Repeat(p("f", 2), "K"), ("f",)),
                   Case("two layers", lambda: Repeat(p("f") >> p("g"), "K"), two),
                   Case("nested", lambda: Repeat(Repeat(p("f"), "M") >> p("g"), "K"), two, depths=few),
                   Case("after a start", lambda: Repeat(p("f"), "K", start=p("g")), two),
                   Case("bounded range", lambda: Repeat((p("f") * p("g")) >> p("h", growth=False), "K"),
                        ("f", "g", "h"), scalar=True)),
        "repeat-tied": (Case("one layer", lambda: Repeat(p("f", 2), "K", tied=True), ("f",)),
                        Case("two layers", lambda: Repeat(p("f") >> p("g"), "K", tied=True), two),
                        Case("untied inside", lambda: Repeat(Repeat(p("f"), "M"), "K", tied=True), ("f",), depths=few)),
        "repeat-family": (Case("a family", lambda: Repeat(p("f", index="i"), "K", index="i"), ("f",)),
                          Case("products", lambda: Repeat(p("f") * p("g"), "K"), two, scalar=True, depths=few)),
        "capture": (Case("captured", lambda: Repeat(p("f") + (Outside("u") >> p("g")), "K", capture={"u": p("h")}),
                         ("f", "g", "h")),
                    Case("captured, tied", lambda: Repeat(p("f") + (Outside("u") >> p("g")), "K", tied=True,
                                                          capture={"u": p("h")}), ("f", "g", "h"))),
    }


def _claimed(text: str) -> str:
    """The first word of a statement about sharpness."""
    words = text.replace(":", " ").replace(",", " ").split()
    return words[0] if words and words[0] in STATUSES else "exact"


def subjects() -> dict[str, Subject]:
    """Everything that is audited, by name: layers, their primitive parts, rules."""
    found = {name: Subject(name, "layer", _declared(e), _layer_cases(e)) for name, e in LAYERS.items()}
    found |= {name: Subject(name, "part", "exact", cases) for name, cases in _part_cases().items()}
    cases = _rule_cases()
    found |= {name: Subject(name, "rule", _claimed(r.sharpness), cases[name]) for name, r in RULES.items()}
    return found


def _declared(entry: Entry) -> str:
    """The status of the constant; one that is exact for some arguments and a supremum for others is a supremum."""
    first = _claimed(entry.sharpness)
    return "supremum" if first == "exact" and "; supremum" in entry.sharpness else first


def status(subject: Subject, case: Case, claim: str) -> str:
    """What is claimed about one quantity: the Lipschitz constant is what the registry says, all others are at least
    approached, except where the case names them as upper bounds."""
    if claim in case.upper:
        return "upper"
    return subject.claimed if claim == "input" else "supremum"


def _statuses(subject: Subject, case: Case) -> Callable[[str], str]:
    return lambda claim: status(subject, case, claim)


# -- the run ------------------------------------------------------------------------------------------------------
def audit(names: Iterable[str] | None = None, quick: bool = False, seed: int = 0, confirm: Confirm | None = None,
          progress: Callable[[str], None] | None = None) -> Audit:
    """Audit the named layers, parts and rules (default: all of them).

    Raises AuditError for a name that is not one of ``subjects()``.
    """
    start = time.perf_counter()
    known = subjects()
    wanted = list(known) if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise AuditError(f"audit: found {name!r}; accepted: {', '.join(known)}")
    rows = []
    for name in wanted:
        rows.append(audit_subject(known[name], quick, seed, confirm))
        if progress is not None:
            progress(name)
    return Audit(rows, seed, quick, time.perf_counter() - start)


def audit_subject(subject: Subject, quick: bool = False, seed: int = 0, confirm: Confirm | None = None) -> Row:
    """One row of the audit."""
    start = time.perf_counter()
    row = Row(subject.name, subject.kind, subject.claimed)
    for case in subject.cases:
        try:
            _audit_case(row, subject, case, quick, seed, confirm)
        except NormboundError as error:  # a layer of the user whose forward pass or contract fails
            row.problems.append(f"{case.label}: cannot be measured: {error}")
    row.seconds = time.perf_counter() - start
    return row


def _audit_case(row: Row, subject: Subject, case: Case, quick: bool, seed: int, confirm: Confirm | None) -> None:
    with Store() as store:
        block = case.build()
        found = promises(case, block, store, _statuses(subject, case))
        counts = measure(case, block, found, store, crc32(f"{seed} {subject.name} {case.label}".encode()), quick)
        row.networks += counts.networks
        row.points += counts.points
        row.tests += counts.tests
        row.unmet += counts.unmet
        for promise in found:
            for claim in promise.claims.values():
                _judge(row, promise.label, examine(claim, confirm))


def _judge(row: Row, case: str, outcome: Outcome) -> None:
    row.outcomes.append((case, outcome))
    if not outcome.cells:
        row.problems.append(f"{case}: {outcome.claim}: nothing was measured")
        return
    if outcome.falsified:
        row.problems.append(f"{case}: falsified: {outcome.falsified}")
    if not outcome.attained:
        row.problems.append(f"{case}: {outcome.claim} is claimed {outcome.status}, but its witness measures only "
                            f"{outcome.reached:.6f} times {outcome.promise}")
    alive: Sequence[Any] = [s for s in outcome.survivors if not s.explained]
    row.problems += [f"{case}: {outcome.claim} = {outcome.promise}: unexplained mutant: {s.change}" for s in alive]
