"""The templates of certificates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from normbound.files import environment


@lru_cache(maxsize=1)
def _environment() -> Any:
    return environment(keep_trailing_newline=True)


def render(template: str, **values: Any) -> str:
    """The text of a template with these values, which are put there as they are."""
    return _environment().get_template(template).render(**values)
