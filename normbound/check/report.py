"""What a run of the checker found, as plain data: violations, one row per step, tightness as distributions.

Reports of batches of one run merge into the report of the whole run: counts add, largest ratios are compared, the first
violations are kept. Merged in the order of the batches the result does not depend on how the run was cut. ``to_data`` and
``from_data`` carry a report as JSON values; there are no times in it, so equal runs give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np

from normbound.errors import HypothesisError, NormboundError
from normbound.version import VERSION

BINS = 200  # cells of a distribution of measured/bound between 0 and 1
MAX_STORED = 2  # violations proved and kept per step, kind and group; further suspicions are counted only
COUNTS = ("executed", "unmet", "overflow", "unbounded", "survived", "suspected", "undecided", "violated")


class ReportError(NormboundError, ValueError):
    """A stored report or violation cannot be read."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation with everything needed to see it again: ``replay`` draws and proves it anew from seed, law and fixed.

    measured, bound  what doubles saw, the reason to look; they decide nothing
    confirmation     what ball arithmetic proved: both sides of the failing inequality at the witness, and the precision
    """

    step: int
    rule: str
    label: str
    binder: str
    iterations: tuple[int, ...]
    kind: str
    group: str
    measured: float
    bound: float
    seed: int
    law: str
    points: int
    fixed: Mapping[str, Any]
    values: Mapping[str, Any]
    witness: Mapping[str, Any]
    confirmation: Mapping[str, Any]

    def __str__(self) -> str:
        where = f", iteration {self.iterations}" if self.iterations else ""
        group = f" {self.group}" if self.group else ""
        return (f"step {self.step} ({self.rule}) at {self.label}{where}: {self.kind}{group} measured "
                f"{self.measured:.9g} exceeds {self.bound:.9g} (seed {self.seed}, law {self.law}; proved with "
                f"{self.confirmation.get('bits')} bits)")

    def to_data(self) -> dict[str, Any]:
        """JSON values."""
        return dict(plain(asdict(self)))

    @classmethod
    def from_data(cls, data: Any) -> Violation:
        """The violation that ``to_data`` wrote; ReportError if ``data`` is something else."""
        return cls(**_entries(cls, data, "a violation"))


@dataclass(slots=True)
class Tightness:
    """Per network the largest measured/bound of one quantity: how often which size, and the network that came closest.

    Only networks that executed every repeat are counted: the identity attains every bound.
    """

    count: int = 0
    cells: dict[int, int] = field(default_factory=dict)  # floor(ratio * BINS) -> networks
    best: float = 0.0
    network: int = -1
    seed: int = 0
    law: str = ""

    def note(self, ratio: float, network: int, seed: int, law: str) -> None:
        cell = int(ratio * BINS)
        self.count += 1
        self.cells[cell] = self.cells.get(cell, 0) + 1
        if ratio > self.best:
            self.best, self.network, self.seed, self.law = ratio, network, seed, law

    def add(self, other: Tightness) -> None:
        """Count the networks of a later batch too."""
        self.count += other.count
        for cell, n in other.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + n
        if other.best > self.best:
            self.best, self.network, self.seed, self.law = other.best, other.network, other.seed, other.law

    def quantile(self, share: float) -> float:
        """The ratio that a ``share`` of the networks stays below, rounded down to the cells; 0 without networks."""
        left = share * self.count
        for cell in sorted(self.cells):
            left -= self.cells[cell]
            if left <= 0:
                return cell / BINS
        return 0.0

    @property
    def median(self) -> float:
        """Half of the networks came closer than this, half did not (rounded down to 1/BINS)."""
        return self.quantile(0.5)

    def to_data(self) -> dict[str, Any]:
        return {"count": self.count, "best": self.best, "network": self.network, "seed": self.seed, "law": self.law,
                "median": self.median, "cells": [[cell, self.cells[cell]] for cell in sorted(self.cells)]}

    @classmethod
    def from_data(cls, data: Any) -> Tightness:
        found = _entries(cls, {k: v for k, v in data.items() if k != "median"} if isinstance(data, Mapping) else data,
                         "a distribution")
        try:
            return cls(**{**found, "cells": {int(cell): int(n) for cell, n in found["cells"]}})
        except (TypeError, ValueError):
            raise ReportError("found cells that are not pairs of numbers in a distribution") from None


@dataclass(slots=True)
class Row:
    """What happened to one step.

    executed = survived + suspected + unbounded counts instances (one iteration of one network): no test failed, doubles
    exceed a bound, no bound is a number. violated counts the violations that ball arithmetic proved among the suspected;
    it is asked until ``MAX_STORED`` of each kind and group are proved. undecided counts suspicions about layers that
    cannot be evaluated on balls: nothing clears them. unmet and overflow count points (of one network) left
    out: below a given floor, or with numbers that doubles cannot hold. triples counts the
    pairs of a drawn network and one of its points at which at least one bound of the step was a number and was tested;
    further networks near a drawn one, and further iterations of the step, do not count again.

    ratios      the largest measured/bound of each kind of test
    tightness   the same per network as distributions: of the quantities "radius", "L", "P" (all parameters of the block),
                "pair" (two points and two networks at once) and "rule" (rule fed with what its premises show)
    """

    step: int
    rule: str
    label: str
    binder: str
    executed: int = 0
    unmet: int = 0
    overflow: int = 0
    unbounded: int = 0
    survived: int = 0
    suspected: int = 0
    undecided: int = 0
    violated: int = 0
    triples: int = 0
    ratios: dict[str, float] = field(default_factory=dict)
    tightness: dict[str, Tightness] = field(default_factory=dict)

    @property
    def best(self) -> float:
        """The largest measured/bound over all tests of the step against its own bound (rules excluded)."""
        return max((v for k, v in self.ratios.items() if k != "rule"), default=0.0)

    def add(self, other: Row) -> None:
        """Count a later batch too."""
        for name in (*COUNTS, "triples"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for kind, ratio in other.ratios.items():
            self.ratios[kind] = max(ratio, self.ratios.get(kind, 0.0))
        for quantity, found in other.tightness.items():
            self.tightness.setdefault(quantity, Tightness()).add(found)

    def to_data(self) -> dict[str, Any]:
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        found["ratios"] = {k: self.ratios[k] for k in sorted(self.ratios)}
        found["tightness"] = {k: self.tightness[k].to_data() for k in sorted(self.tightness)}
        return {**found, "best": self.best}

    @classmethod
    def from_data(cls, data: Any) -> Row:
        found = _entries(cls, {k: v for k, v in data.items() if k != "best"} if isinstance(data, Mapping) else data, "a row")
        found["tightness"] = {k: Tightness.from_data(v) for k, v in found["tightness"].items()}
        return cls(**found)


@dataclass(slots=True)
class Report:
    """What ``check`` found. It has a ``verdict``, never a truth value.

    networks  how many networks were asked for; the first one has number ``first``
    executed  how many were drawn and run
    met       how many of them had a point that met the hypotheses
    digest    names the network (see ``source.digest``); empty where it cannot be written as text
    """

    title: str
    steps: list[Row]
    premises: list[tuple[int, ...]]
    networks: int
    points: int
    seed: int
    laws: tuple[str, ...]
    executed: int = 0
    violations: list[Violation] = field(default_factory=list)
    first: int = 0
    met: int = 0
    hypotheses: tuple[str, ...] = ()
    digest: str = ""

    def __bool__(self) -> NoReturn:
        raise TypeError("a report has no truth value; compare report.verdict with 'survived', 'violated', "
                        "'undecided' or 'nothing checked'")

    @property
    def verdict(self) -> str:
        """"violated" if a violation is proved, "undecided" if a suspicion is about a layer that cannot be evaluated on balls,
        "survived" if tests ran and neither is the case, else "nothing checked".

        Other suspicions that ball arithmetic did not confirm are no violations; ``suspected`` lists them.
        """
        if any(r.violated for r in self.steps):
            return "violated"
        if any(r.undecided for r in self.steps):
            return "undecided"
        return "survived" if any(r.survived for r in self.steps if r.rule != "domain") else "nothing checked"

    @property
    def unchecked(self) -> list[Row]:
        """Steps that no sampled network tested (not executed, unbounded, or hypothesis never met)."""
        return [r for r in self.steps if not r.survived and not r.suspected]

    @property
    def suspected(self) -> list[Row]:
        """Steps at which doubles exceed a bound and no violation is proved."""
        return [r for r in self.steps if r.suspected and not r.violated]

    @property
    def culprits(self) -> list[Row]:
        """Violated steps none of whose premises is violated: where the error is, not where it spreads to."""
        bad = {r.step for r in self.steps if r.violated}
        return [r for r in self.steps if r.violated and not bad & set(self.premises[r.step])]

    @property
    def totals(self) -> dict[str, int]:
        return {name: sum(getattr(r, name) for r in self.steps) for name in COUNTS}

    @property
    def triples(self) -> int:
        """Checked triples (drawn network, point, step); the domain is no step of the derivation here."""
        return sum(r.triples for r in self.steps if r.rule != "domain")

    @property
    def best_input(self) -> float:
        """Best measured/bound of the input constant of the whole network."""
        return self.tightness("L").best

    @property
    def best_parameters(self) -> float:
        """Best measured/bound of the parameter constant of the whole network."""
        return self.tightness("P").best

    def tightness(self, quantity: str) -> Tightness:
        """How close the sampled networks come to the bound of the whole network ("radius", "L", "P", "pair")."""
        return self.steps[-1].tightness.get(quantity) or Tightness()

    def require_met(self) -> Report:
        """This report; HypothesisError if no sampled point met the hypotheses, which says what was tried."""
        if not self.met and self.verdict != "violated" and not self.totals["overflow"]:
            stated = "; ".join(self.hypotheses) or "none stated"
            raise HypothesisError(f"{self.title}: no sampled point met the hypotheses ({stated}): {self.networks} networks "
                                  f"with {self.points} points were tried under the laws {', '.join(self.laws)}; free or lower "
                                  "fixed floors")
        return self

    def to_data(self) -> dict[str, Any]:
        """JSON values: what was run, what came out, and the rest derived from it for readers of the file."""
        stamp = {"version": VERSION, "digest": self.digest}
        body = {"title": self.title, **stamp, "verdict": self.verdict, "networks": self.networks, "first": self.first,
                "points": self.points, "seed": self.seed, "laws": list(self.laws), "executed": self.executed,
                "met": self.met, "triples": self.triples, "totals": self.totals, "best_input": self.best_input,
                "best_parameters": self.best_parameters, "hypotheses": list(self.hypotheses),
                "unchecked": [r.step for r in self.unchecked], "culprits": [r.step for r in self.culprits],
                "premises": [list(p) for p in self.premises], "steps": [r.to_data() for r in self.steps],
                "violations": [{**stamp, **v.to_data()} for v in self.violations]}
        return dict(plain(body))

    @classmethod
    def from_data(cls, data: Any) -> Report:
        """The report that ``to_data`` wrote; ReportError if ``data`` is something else."""
        if not isinstance(data, Mapping):
            raise ReportError(f"found {type(data).__name__}; a report as a JSON object is needed")
        derived = ("version", "verdict", "triples", "totals", "best_input", "best_parameters", "unchecked", "culprits")
        found = _entries(cls, {k: v for k, v in data.items() if k not in derived}, "a report")
        found["steps"] = [Row.from_data(r) for r in found["steps"]]
        if not all(isinstance(p, list) and all(isinstance(x, int) for x in p) for p in found["premises"]):
            raise ReportError("premises: lists of step numbers are needed")
        found["premises"] = [tuple(p) for p in found["premises"]]
        found["violations"] = [Violation.from_data(without_stamp(v)) for v in found["violations"]]
        return cls(**found)

    def to_json(self) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_data(), indent=1, allow_nan=False)

    def __str__(self) -> str:
        head = (f"{self.title}: {self.verdict} ({self.executed} networks, {self.points} points each, seed {self.seed}; "
                f"{self.triples:,} triples; best measured/bound: input {self.best_input:.4f}, parameters "
                f"{self.best_parameters:.4f})")
        lines = [head, f"{'step':>4} {'rule':<13} {'where':<28} {'executed':>8} {'triples':>8} {'unmet':>6} {'overflow':>8} "
                       f"{'survived':>8} {'suspected':>9} {'violated':>8} {'best':>7}"]
        lines += [f"{r.step:>4} {r.rule:<13} {r.label[:28]:<28} {r.executed:>8} {r.triples:>8} {r.unmet:>6} {r.overflow:>8} "
                  f"{r.survived:>8} {r.suspected:>9} {r.violated:>8} {r.best:>7.4f}" for r in self.steps]
        return "\n".join([*lines, *map(str, self.violations[:10])])


def merge(reports: Sequence[Report]) -> Report:
    """The report of all batches of one run, given in order; ValueError for reports that are not such batches."""
    if not reports:
        raise ValueError("no report to merge")
    whole = deepcopy(reports[0])
    stored: dict[tuple[int, str, str], int] = {}
    for v in whole.violations:
        stored[v.step, v.kind, v.group] = stored.get((v.step, v.kind, v.group), 0) + 1
    for part in reports[1:]:
        same = (part.title, part.digest, part.points, part.seed, part.laws) == (
            whole.title, whole.digest, whole.points, whole.seed, whole.laws)
        if not same or part.first != whole.first + whole.networks or len(part.steps) != len(whole.steps):
            raise ValueError("the reports are not consecutive batches of one run")
        whole.networks += part.networks
        whole.executed += part.executed
        whole.met += part.met
        for row, other in zip(whole.steps, part.steps, strict=True):
            row.add(other)
        for v in part.violations:
            seen = stored.get((v.step, v.kind, v.group), 0)
            if seen < MAX_STORED:
                stored[v.step, v.kind, v.group] = seen + 1
                whole.violations.append(v)
    for row in whole.steps:  # every batch proves its own first ones
        row.violated = sum(v.step == row.step for v in whole.violations)
    return whole


def without_stamp(data: Any) -> Any:
    """A stored violation without version and digest."""
    return {k: v for k, v in data.items() if k not in ("version", "digest")} if isinstance(data, Mapping) else data


def _entries(cls: Any, data: Any, what: str) -> dict[str, Any]:
    """The entries of a dataclass from JSON values, each of the type that the dataclass declares."""
    if not isinstance(data, Mapping):
        raise ReportError(f"found {type(data).__name__}; {what} as a JSON object is needed")
    out: dict[str, Any] = {}
    for f in fields(cls):
        if f.name not in data:
            raise ReportError(f"{what} lacks {f.name!r}")
        value, kind = data[f.name], str(f.type)
        if kind == "float" and isinstance(value, str) and value in ("nan", "inf", "-inf"):
            value = float(value)
        if value is None and kind.endswith("| None"):
            out[f.name] = None
            continue
        accepted: Any = {"int": int, "float": (int, float), "str": str, "bool": bool}.get(kind.removesuffix(" | None"))
        if accepted is None:
            accepted = list if kind.startswith(("list", "tuple")) or f.name == "cells" else Mapping
        if not isinstance(value, accepted) or (isinstance(value, bool) and kind != "bool"):
            raise ReportError(f"{what}: {f.name} is {str(value)[:60]!r}; a value of type {kind} is needed")
        out[f.name] = tuple(value) if kind.startswith("tuple") else float(value) if kind == "float" else value
    unknown = sorted(set(data) - set(out))
    if unknown:
        raise ReportError(f"{what} has unknown entries: {', '.join(map(repr, unknown[:5]))}")
    return out


def plain(value: Any) -> Any:
    """Only what JSON knows: non-finite numbers and fractions become text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else str(float(value))
    if isinstance(value, np.integer):
        return int(value)
    return str(value) if isinstance(value, Fraction) else value
