"""The Jinja2 templates of the folder ``templates``, with delimiters that TeX leaves alone.

A value that is not ``Tex`` is escaped: a template cannot put unsafe text on a page by accident.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from normbound.files import environment
from normbound.render.prose import escape


class Tex(str):
    """Text that is TeX already."""

    __slots__ = ()


@lru_cache(maxsize=1)
def _environment() -> Any:
    return environment(finalize=_safe)


def _safe(value: Any) -> str:
    return value if isinstance(value, Tex) else escape(str(value))


def render(template: str, **values: Any) -> str:
    """The text of a template with these values."""
    return _environment().get_template(template).render(**values)
