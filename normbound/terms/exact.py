"""Exact literals: what may enter a term as a number."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from numbers import Rational

from normbound.errors import TermError

MAX_DIGITS = 400
MAX_EXPONENT = 10_000
_NUMBER = re.compile(r"(?P<num>\d+(?:\.\d+)?|\.\d+)(?:[eE](?P<exp>[+-]?\d+))?(?:/(?P<den>\d+))?", re.ASCII)


def exact(value: object) -> int | Fraction:
    """The exact nonnegative-or-negative rational that ``value`` denotes, as int where integral.

    Accepted: int, Fraction, and decimal or fraction strings such as ``"6/5"``, ``"0.1"``, ``"1e-5"``.
    A Python float is refused, because 0.1 is not one tenth; the message shows the string to write.
    """
    if isinstance(value, bool):
        raise TermError(f"found {value!r}; a number is an int, a Fraction or a string such as '6/5'")
    if isinstance(value, int):
        return value
    if isinstance(value, Rational):
        q = Fraction(int(value.numerator), int(value.denominator))
    elif isinstance(value, float):
        raise TermError(f"found the float {value!r}, which is not exact; write the string '{value!r}' "
                        "or a fraction such as '1/10'")
    elif isinstance(value, str):
        q = _from_text(value)
    else:
        raise TermError(f"found {type(value).__name__}; a number is an int, a Fraction or a string such as '6/5'")
    return q.numerator if q.denominator == 1 else q


@lru_cache(maxsize=4096)
def _from_text(text: str) -> Fraction:
    body = text.strip()
    sign = 1
    if body[:1] in "+-" and body:
        sign = -1 if body[0] == "-" else 1
        body = body[1:]
    match = _NUMBER.fullmatch(body[: MAX_DIGITS + 1])
    if match is None or len(body) > MAX_DIGITS:
        raise TermError(f"{text[:40]!r} is not an exact number; write an integer, '6/5', '0.1' or '1e-5' "
                        f"(at most {MAX_DIGITS} characters)")
    exponent = int(match["exp"] or 0)
    if abs(exponent) > MAX_EXPONENT:
        raise TermError(f"the exponent of {text[:40]!r} is beyond {MAX_EXPONENT}")
    den = int(match["den"] or 1)
    if den == 0:
        raise TermError(f"{text[:40]!r} has denominator 0")
    return sign * Fraction(match["num"]) * Fraction(10) ** exponent / den
