"""The engine: provers in order of cost, and again for every premise that one of them leaves open.

A search in rounds: each round allows more steps on a way from the root and more time for a call. Within a round a sequent that
failed is not tried again from the same depth or deeper, and a sequent is not proved by itself. What comes out is
complete; whether it is right is the checker's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple

from normbound.claims import prove
from normbound.claims.budget import Budget
from normbound.claims.checker import Rejected, Sequent
from normbound.claims.errors import ClaimError, TooLongError
from normbound.claims.syntax import Op, literal, postorder
from normbound.errors import NormboundError

ORDER = (  # by cost; a prover that is not named comes after these
    "logic", "identities", "differences", "telescopes", "products", "orders", "monotone", "terms", "loglinear", "powers", "expoly",
    "exponents", "shifts", "denominators", "termwise", "ends", "induction", "limits", "derivative", "integers", "boxes", "cases",
)
ROUNDS = ((0.12, 4), (0.5, 8), (3.0, 14), (30.0, 20))  # seconds for a call, steps on a way
LOGARITHMIC = ("logic", "loglinear", "monotone")  # first for goals with symbolic exponents, products, exp or log
MAX_CALLS = 4_000  # in a round
MAX_NODES = 20_000  # of a certificate
Node = dict[str, Any]


class Prover(NamedTuple):
    """A module of ``claims.prove``. ``alternatives``: its function attempts, where it has several answers."""

    name: str
    attempt: Any
    alternatives: Any


def provers() -> list[Prover]:
    """The provers that are installed, cheapest first."""
    found = []
    for info in iter_modules(prove.__path__):
        module = import_module(f"{prove.__name__}.{info.name}")
        if hasattr(module, "attempt"):
            found.append(Prover(info.name, module.attempt, getattr(module, "attempts", None)))
    return sorted(found, key=lambda p: (ORDER.index(p.name) if p.name in ORDER else len(ORDER), p.name))


class Engine:
    """One search. ``failures``: what provers raised, which is a fault of theirs; ``calls``: how often each was asked."""

    def __init__(self, budget: Budget, available: list[Prover] | None = None, progress: Any = None):
        self.budget = budget
        self.provers = provers() if available is None else available
        self.progress = progress or (lambda stage: None)
        self.failures: dict[str, str] = {}
        self.calls: dict[str, int] = {}
        self._failed: dict[Sequent, int] = {}
        self._proved: dict[Sequent, Node] = {}
        self._open: set[Sequent] = set()
        self._slice = 0.0
        self._count = 0

    def solve(self, sequent: Sequent) -> Node | None:
        """A complete node for the sequent, or None."""
        for seconds, steps in ROUNDS:
            self._slice, self._count = seconds, 0
            self._failed.clear()
            found = self._solve(sequent, steps)
            if found is not None or self.budget.over:
                return found
        return None

    def close(self, sequent: Sequent, node: Mapping[str, Any]) -> Node | None:
        """The node with its open premises proved, or None."""
        for seconds, steps in ROUNDS:
            self._slice, self._count = seconds, 0
            self._failed.clear()
            found = self._closed(sequent, node, steps)
            if found is not None or self.budget.over:
                return found
        return None

    def _solve(self, sequent: Sequent, steps: int) -> Node | None:
        """Recursion is at most as deep as a round allows steps."""
        known = self._proved.get(sequent)
        if known is not None:
            return known
        if sequent in self._open or self._failed.get(sequent, -1) >= steps:
            return None
        if steps <= 0 or self._count > MAX_CALLS or self.budget.over:
            return None
        self._open.add(sequent)
        try:
            for node in self._answers(sequent):
                closed = self._closed(sequent, node, steps)
                if closed is not None:
                    self._proved[sequent] = closed
                    return closed
                if self.budget.over:
                    return None
        finally:
            self._open.discard(sequent)
        self._failed[sequent] = steps
        return None

    def _answers(self, sequent: Sequent) -> Iterator[Mapping[str, Any]]:
        available = self.provers
        if _logarithmic(sequent.goal):
            available = sorted(available, key=lambda p: LOGARITHMIC.index(p.name) if p.name in LOGARITHMIC else len(LOGARITHMIC))
        for prover in available:
            if self.budget.over:
                return
            self._count += 1
            self.calls[prover.name] = self.calls.get(prover.name, 0) + 1
            self.progress(prover.name)
            share = self.budget.share(self._slice)
            try:
                if prover.alternatives is not None:
                    yield from list(prover.alternatives(sequent, share))
                else:
                    node = prover.attempt(sequent, share)
                    if node is not None:
                        yield node
            except TooLongError:  # a certificate cannot speak of it; the prover has no answer
                continue
            except (NormboundError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, AssertionError,
                    RecursionError) as error:
                self.failures.setdefault(prover.name, f"{type(error).__name__}: {str(error)[:200]}")

    def _closed(self, sequent: Sequent, root: Mapping[str, Any], steps: int) -> Node | None:
        """A copy of the node with its open premises proved; None when one of them is not."""
        top: list[Any] = [None]
        stack: list[tuple[Mapping[str, Any] | None, Sequent | None, list[Any], int]] = [(root, sequent, top, 0)]
        count = 0
        while stack:
            node, here, place, k = stack.pop()
            count += 1
            if count > MAX_NODES:
                return None
            if node is None:
                assert here is not None
                found = self._solve(here, steps - 1)
                if found is None:
                    return None
                place[k] = found
                continue
            wanted: list[Any] = [None] * len(node["premises"])
            copy = {"rule": node["rule"], "data": node["data"], "premises": wanted}
            place[k] = copy
            if _is_open(node):
                assert here is not None
                try:
                    below: list[Any] = prove.premises(here, node)
                except (Rejected, ClaimError, ArithmeticError, LookupError, TypeError, ValueError) as error:
                    self.failures.setdefault(f"rule {node['rule']}", f"a prover's node is refused: {str(error)[:200]}")
                    return None
                if len(below) != len(wanted):
                    return None
            else:
                below = [None] * len(wanted)
            # last in, first out: the premise that is most likely to fail, the last one, is asked first
            stack.extend((p, s, wanted, j) for j, (p, s) in enumerate(zip(node["premises"], below, strict=True)))
        return top[0]  # type: ignore[no-any-return]


def _logarithmic(goal: Any) -> bool:
    return any(n.op in (Op.PROD, Op.EXP, Op.LOG) or (n.op == Op.POW and literal(n.args[1]) is None) for n in postorder(goal))


def _is_open(root: Mapping[str, Any]) -> bool:
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if node is None:
            return True
        stack.extend(node["premises"])
    return False


__all__ = ["Engine", "Prover", "provers"]
