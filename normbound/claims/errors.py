"""What can be wrong with a claim or a file of claims."""

from __future__ import annotations

from normbound.errors import NormboundError


class ClaimError(NormboundError, ValueError):
    """A claim, a declaration or a file of claims is malformed, or asks for what the language does not have.

    finding  what was found and what is accepted, without the place
    line, column  where, from 1; 0 when the error has no place in a text
    """

    def __init__(self, finding: str, line: int = 0, column: int = 0, where: str = ""):
        self.finding = finding
        self.line = line
        self.column = column
        place = f"line {line}, column {column}" if line else ""
        if where and line:
            place = f"{where}:{line}:{column}"
        elif where:
            place = where
        super().__init__(f"{place}: {finding}" if place else finding)


class ParseError(ClaimError):
    """A text is not in the language of claims."""


class SortError(ClaimError):
    """A text is in the language, but a name or a sort does not fit."""


class TooLongError(ClaimError):
    """A statement with shared parts would be longer than any text, written out."""
