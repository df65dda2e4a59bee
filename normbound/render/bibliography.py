"""The bibliography: keys and entries of ``references.bib``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from normbound.calculus.bound import Bound
from normbound.contracts.registry import LAYERS
from normbound.errors import UnsupportedError
from normbound.files import templates
from normbound.network.program import LEAF


@lru_cache(maxsize=1)
def entries() -> dict[str, str]:
    """Key -> BibTeX entry."""
    text = (templates() / "references.bib").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for match in re.finditer(r"^@\w+\{([^,\s]+),.*?^\}", text, re.S | re.M):
        found[match[1]] = match[0]
    return found


def references(bound: Bound) -> list[str]:
    """The keys of the papers that introduced the layers of a network, in the order of the layers."""
    found: dict[str, None] = {}
    for i in bound.derivation.program.code:
        if i.op == LEAF:
            for name in (i.block.name, str(getattr(i.block, "title", ""))):  # type: ignore[attr-defined]
                if name in LAYERS:
                    found |= dict.fromkeys(LAYERS[name].references)
    return list(found)


def bibtex(keys: Iterable[str]) -> str:
    """The entries of these keys as one BibTeX file."""
    known = entries()
    unknown = [k for k in keys if k not in known]
    if unknown:
        raise UnsupportedError(f"no entry {unknown[0]!r} in the bibliography; it has {', '.join(known)}")
    return "\n\n".join(known[k] for k in keys) + "\n"
