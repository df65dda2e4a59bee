"""The certificate of a bound: a Coq file whose theorem is the bound of this network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from normbound.calculus.bound import Bound
from normbound.errors import HypothesisError
from normbound.formal.export import export
from normbound.formal.nodes import number
from normbound.formal.reading import expression
from normbound.formal.template import render
from normbound.formal.witness import assignment
from normbound.network.language import to_text as network_text
from normbound.terms.text import to_text
from normbound.version import VERSION

ROWS = 200  # rows of the table in one definition
LONGEST = 2_000  # characters of the bound in words
LISTED = 20  # hypotheses in the comment at the top
NAMED = 300  # symbols that get a name of their own
_WORDS = {
    "input": "|f(x; theta) - f(x'; theta)| <= {bound} |x - x'| for all admitted x, x' and theta",
    "parameters": "|f(x; theta) - f(x; theta')| <= {bound} |theta - theta'| for all admitted x, theta and theta'",
    "radius": "|f(x; theta)| <= {bound} for all admitted x and theta",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as text, and what it states.

    source      the Coq file
    words       the statement in words
    statement   the statement in Coq, over the library and the definitions of ``source``
    further     the other theorems of the file and their statements
    relative    contracts that the statement takes as hypotheses
    witness     numbers at which the hypotheses hold, or why there is none
    witnessed   whether the file proves that its hypotheses can be met
    conditions  what the statement assumes of symbols, dimensions and constants, in words
    nodes       rows of the table of terms
    """

    source: str
    words: str
    statement: str
    further: tuple[tuple[str, str], ...]
    relative: tuple[str, ...]
    witness: str
    witnessed: bool
    conditions: tuple[str, ...]
    nodes: int


def certificate(bound: Bound) -> Certificate:
    """The certificate of ``bound``.

    Raises UnsupportedError for what the checker has no form for, HypothesisError for a bound without symbols whose hypotheses no
    input meets.
    """
    _refuse_vacuous(bound)
    data = export(bound)
    where = assignment(bound, data)
    text = to_text(bound.term)
    short = text if len(text) <= LONGEST else f"the value of term {data.root}"
    words = _WORDS[bound.wrt].format(bound=short)
    statement = f"{bound.wrt}_statement the_certificate"
    names = coq_names(data.symbols)
    reads = expression(data.term, data, names) if data.small else ""
    further = [("closed_form", f"forall E : env, (term_value the_certificate E {data.root} =\n  {reads})%R")] if reads else []
    further += [("satisfiable", "satisfiable_statement the_certificate")] if where.found else []
    source = render(
        "certificate.v.j2", version=VERSION, network_text=_comment(network_text(bound.network.body)), words=_comment(words),
        hypotheses=[_comment(h) for h in _first(list(map(str, bound.hypotheses)))], names=[(n, number(k)) for n, k in names.items()],
        nodes=[";\n  ".join(data.rows[k:k + ROWS]) for k in range(0, len(data.rows), ROWS)],
        definitions=data.definitions, network=data.network, indices=[number(data.symbols[i]) for i in data.indices],
        states=[number(data.symbols[i]) for i in data.states], positive=data.positive, least=data.least, divides=data.divides,
        constants={name: str(name in data.constants).lower() for name in ("GELU", "SiLU", "SELU")}, groups=data.groups,
        shape=data.shape, lines=_lines(data.lines), stop=data.stop, raw=data.raw, root=data.root, reads=reads,
        assignment=where.coq(data) if where.found else "", statement=statement, lemma=f"{bound.wrt}_sound")
    return Certificate(source, words, statement, tuple(further), data.assumed, str(where), where.found,
                       ("all symbols are nonnegative; depths and dimensions are natural numbers", *data.conditions), len(data.rows))


def coq_names(symbols: Mapping[str, int]) -> dict[str, int]:
    """A Coq identifier for each symbol, where there are few: ``x_`` and its name with other characters replaced."""
    if len(symbols) > NAMED:
        return {}
    found: dict[str, int] = {}
    for name, k in symbols.items():
        stem = "x_" + re.sub(r"[^A-Za-z0-9_]", "_", name)
        found[stem if stem not in found else f"{stem}_{k}"] = k
    return found


def _refuse_vacuous(bound: Bound) -> None:
    """A bound whose hypotheses no input meets proves nothing. With symbols in it, that depends on their values."""
    if bound.symbols():
        return
    value = bound.at()
    if value.status != "holds":
        raise HypothesisError(f"no input meets the hypotheses: {'; '.join(value.reasons)}")


def _comment(text: str) -> str:
    """Text inside a comment of Coq: no delimiters of comments, no quotation marks."""
    return text.replace("(*", "( *").replace("*)", "* )").replace('"', "'")


def _first(hypotheses: list[str]) -> list[str]:
    more = len(hypotheses) - LISTED
    return hypotheses if more <= 0 else [*hypotheses[:LISTED], f"and {more} more hypotheses"]


def _lines(lines: list[str]) -> str:
    return ";\n  ".join("; ".join(lines[k:k + 8]) for k in range(0, len(lines), 8))
