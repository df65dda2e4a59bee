"""Sequents: what a certificate proves; and the reading of the data that a certificate carries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any

from normbound.claims.checker.registry import reject
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.names import RESERVED
from normbound.claims.sorts import Sort, check, parse_sort
from normbound.claims.syntax import Node, Op, free_names, postorder
from normbound.terms.constants import CONSTANTS

MAX_DIGITS = 2_000  # of a number in a certificate
_RATIONAL = re.compile(r"-?[0-9]+(?:/[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Sequent:
    """Variables with sorts, hypotheses, a goal. ``normbound.claims.checker`` says when a sequent is valid.

    sorts  name -> Sort of every variable and family; other names in ``given`` and ``goal`` are bound indices
    given  statements; a conjunction stands for its parts
    goal   a statement
    """

    sorts: Mapping[str, Sort]
    given: tuple[Node, ...]
    goal: Node

    def __post_init__(self) -> None:
        object.__setattr__(self, "sorts", MappingProxyType(dict(self.sorts)))
        object.__setattr__(self, "given", tuple(self.given))

    def __hash__(self) -> int:
        return hash((frozenset(self.sorts), self.given, self.goal))

    def __str__(self) -> str:
        names = ", ".join(f"{name}: {sort}" for name, sort in self.sorts.items())
        return f"[{names}] {'; '.join(str(g) for g in self.given)} |- {self.goal}"

    @cached_property
    def signs(self) -> Any:
        """``signs.Signs(self)``: what the signs of expressions evidently are."""
        from normbound.claims.checker.signs import Signs
        return Signs(self)

    @cached_property
    def algebra(self) -> Any:
        """``algebra.Algebra(self)``: normal forms of expressions."""
        from normbound.claims.checker.algebra import Algebra
        return Algebra(self)

    # -- other sequents ----------------------------------------------------------------------------------------------
    def aim(self, goal: Node) -> Sequent:
        """The same variables and hypotheses with another goal."""
        other = Sequent(self.sorts, self.given, goal)
        for name in ("signs", "algebra"):  # they do not depend on the goal
            if name in self.__dict__:
                other.__dict__[name] = self.__dict__[name]
        return other

    def assume(self, *hypotheses: Node) -> Sequent:
        """With further hypotheses, at the end."""
        return Sequent(self.sorts, (*self.given, *hypotheses), self.goal)

    def replace(self, given: Iterable[Node]) -> Sequent:
        """With other hypotheses."""
        return Sequent(self.sorts, tuple(given), self.goal)

    def declare(self, name: str, sort: Sort | str) -> Sequent:
        """With a further variable, whose name must be new; see ``fresh``."""
        if name in self.names():
            raise ValueError(f"{name} occurs in the sequent")
        return Sequent({**self.sorts, name: parse_sort(sort) if isinstance(sort, str) else sort}, self.given, self.goal)

    # -- names -------------------------------------------------------------------------------------------------------
    def names(self) -> frozenset[str]:
        """Every name that occurs anywhere, free or bound."""
        return self._names

    @cached_property
    def _names(self) -> frozenset[str]:
        lengths = [s.length for s in self.sorts.values() if s.length is not None]
        found = set(self.sorts)
        for node in postorder(*self.given, self.goal, *lengths):
            if isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node.value, tuple):
                for part in node.value:
                    found.update((part,) if isinstance(part, str) else part)
        return frozenset(found)

    def fresh(self, like: str = "i") -> str:
        """A name like ``like`` that occurs nowhere in the sequent. Deterministic, so that provers know it in advance."""
        return next(n for n in candidates(like) if n not in self._names)

    def lengths(self) -> dict[str, Node]:
        """The lengths of the families."""
        return {name: s.length for name, s in self.sorts.items() if s.length is not None}

    # -- data of certificates ----------------------------------------------------------------------------------------
    def statement(self, data: object) -> Node:
        """The statement that a text in a certificate denotes, its sorts checked. Rejected otherwise."""
        node = parse_statement(string(data))
        check(node, self.sorts)
        return node

    def expression(self, data: object) -> Node:
        """The expression that a text in a certificate denotes, its sorts checked. Rejected otherwise."""
        node = parse_expression(string(data))
        check(node, self.sorts)
        return node

    def hypothesis(self, data: object) -> Node:
        """The hypothesis with the number that the certificate gives. Rejected otherwise."""
        return self.given[number_below(data, len(self.given))]


def candidates(like: str) -> Iterator[str]:
    """Names like ``like``: itself, then with growing numbers."""
    stem = like.rstrip("0123456789").rstrip("_")[:40] or "i"
    if like not in RESERVED and like not in CONSTANTS and len(like) <= 40:
        yield like
    k = 1
    while True:
        yield f"{stem}_{k}"
        k += 1


def mentions(node: Node, name: str) -> bool:
    """Whether the value of ``node`` depends on the variable or family."""
    return name in free_names(node)


def members(node: Node) -> frozenset[str]:
    """The families of which ``node`` has members."""
    return frozenset(n.value for n in postorder(node) if n.op == Op.ELT)


# -- reading data: malformed data is a rejection, never another exception --------------------------------------------------
def string(data: object) -> str:
    """A text."""
    if not isinstance(data, str):
        reject(f"found {type(data).__name__}; accepted: a text")
    return data


def rational(data: object) -> Fraction:
    """A number, written "p" or "p/q" with integers p and q > 0 (an int is accepted as well)."""
    if isinstance(data, int) and not isinstance(data, bool):
        return Fraction(data)
    text = string(data)
    if len(text) > MAX_DIGITS or not _RATIONAL.fullmatch(text):
        reject(f"found the number {text[:40]!r}; accepted: p/q with at most {MAX_DIGITS} characters")
    top, _, bottom = text.partition("/")
    if bottom and int(bottom) == 0:
        reject(f"found the number {text[:40]!r}; its denominator is zero")
    return Fraction(int(top), int(bottom or 1))


def number_below(data: object, end: int, what: str = "hypothesis") -> int:
    """An int from 0 to ``end`` - 1."""
    if not isinstance(data, int) or isinstance(data, bool) or not 0 <= data < end:
        reject(f"found {what} number {str(data)[:40]}; accepted: from 0 to {end - 1}")
    return data


def listing(data: object, most: int = 10_000) -> list[Any]:
    """A list of at most ``most`` items."""
    if not isinstance(data, list):
        reject(f"found {type(data).__name__}; accepted: a list")
    if len(data) > most:
        reject(f"found a list of {len(data)} items; accepted: at most {most}")
    return data


def entry(data: Mapping[str, Any], key: str) -> Any:
    """The datum with the name ``key``."""
    if key not in data:
        reject(f"found no datum {key!r}")
    return data[key]


def to_json(sequent: Sequent) -> dict[str, Any]:
    """The sequent as JSON."""
    return {"sorts": {name: str(sort) for name, sort in sequent.sorts.items()},
            "given": [str(g) for g in sequent.given], "goal": str(sequent.goal)}


def from_json(data: Mapping[str, Any]) -> Sequent:
    """The sequent that JSON denotes; ClaimError or Rejected otherwise."""
    from normbound.claims.sorts import declared
    sorts = declared({name: string(text) for name, text in entry(data, "sorts").items()})
    empty = Sequent(sorts, (), parse_statement("0 == 0"))
    return Sequent(sorts, tuple(empty.statement(g) for g in listing(entry(data, "given"))), empty.statement(entry(data, "goal")))


__all__ = ["Sequent", "candidates", "entry", "from_json", "listing", "members", "mentions", "number_below", "rational",
           "string", "to_json"]
