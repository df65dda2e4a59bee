"""Which texts may name a variable, a family, an index, a sequence or a network of a claim."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from normbound.claims.errors import ClaimError
from normbound.claims.syntax import NET_FUNCTIONS
from normbound.terms.constants import CONSTANTS

MAX_NAME = 60
FUNCTIONS = ("sqrt", "exp", "log", "abs", "min", "max", "dd", "sum", "prod")
PREDICATES = ("forall", "increasing", "decreasing", "limit", "rate")
WORDS = ("and", "or", "not", "iff", "implies", "recurrence", "has", "inf", "nan", "true", "false", "unbounded")
RESERVED = frozenset((*FUNCTIONS, *PREDICATES, *NET_FUNCTIONS, *WORDS))
_NAME = re.compile(rf"(?!.*__)[A-Za-z_][A-Za-z0-9_]{{0,{MAX_NAME - 1}}}", re.ASCII)


def is_name(text: str) -> bool:
    """Whether ``text`` may be chosen as a name."""
    return not fault(text)


def fault(text: str) -> str:
    """Why ``text`` may not be chosen as a name; empty when it may."""
    if _NAME.fullmatch(text[:MAX_NAME + 1]) is None:
        if "__" in text:
            return f"found the name {shown(text)}; accepted: names without double underscores"
        if len(text) > MAX_NAME:
            return f"found a name of {len(text)} characters, {shown(text)}; accepted: at most {MAX_NAME}"
        return f"found {shown(text)}; accepted: a name, which is a letter or _ followed by letters, digits and _ (ASCII)"
    if text in RESERVED:
        return f"found {text!r}, a word of the language; accepted: any other name"
    if text in CONSTANTS:
        return f"found {text!r}, a constant of normbound; accepted: any other name"
    return ""


def check_name(text: str) -> None:
    """Raise ClaimError unless ``text`` may be chosen as a name."""
    why = fault(text)
    if why:
        raise ClaimError(why)


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint "; did you mean x?", or nothing."""
    names = list(known)[:500]
    close = [x for x in names if len(name) > 2 and x.startswith(name)] or get_close_matches(name[:MAX_NAME], names, 1, 0.6)
    return f"; did you mean {close[0]}?" if close else ""


def shown(text: str, most: int = 40) -> str:
    """``text`` quoted in ASCII, cut where it is long."""
    return ascii(text if len(text) <= most else text[:most] + "...")
