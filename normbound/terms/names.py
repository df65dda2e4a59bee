"""Which texts may name a symbol."""

from __future__ import annotations

import re

from normbound.errors import TermError
from normbound.terms.constants import CONSTANTS

MAX_NAME = 60
FUNCTIONS = ("sqrt", "max", "min", "exp", "dd", "prod", "sum")
RESERVED = frozenset(FUNCTIONS) | {"unbounded", "inf", "nan"}
NORM_NAME = re.compile(r"opnorm\d+_\d+x\d+", re.ASCII)  # how the spectral norm of a given matrix prints
_NAME = re.compile(rf"(?!.*__)[A-Za-z_][A-Za-z0-9_]{{0,{MAX_NAME - 1}}}", re.ASCII)
_TAKEN = RESERVED | frozenset(CONSTANTS)


def is_name(text: str) -> bool:
    """Whether ``text`` may name a symbol."""
    return (_NAME.fullmatch(text) is not None and text not in _TAKEN
            and not (text.startswith("opnorm") and NORM_NAME.fullmatch(text)))


def check_name(name: str) -> None:
    """Raise TermError unless ``name`` may name a symbol."""
    if is_name(name):
        return
    if _NAME.fullmatch(name) is None:
        raise TermError(f"{name[:40]!r} is not a name; a name is an ASCII identifier of at most {MAX_NAME} "
                        "characters without double underscores")
    raise TermError(f"{name!r} is reserved; choose another name")
