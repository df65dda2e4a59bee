"""Time for searches: a deadline that every search looks at. The limit that holds whatever happens is the pool's (``pool``)."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Budget:
    """A deadline in the time of ``time.monotonic``."""

    deadline: float

    @classmethod
    def of(cls, seconds: float) -> Budget:
        """From now on."""
        return cls(monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds, 0 when none are."""
        return max(0.0, self.deadline - monotonic())

    @property
    def over(self) -> bool:
        return monotonic() >= self.deadline

    def share(self, seconds: float) -> Budget:
        """At most so many seconds of what is left."""
        return Budget(min(self.deadline, monotonic() + seconds))


__all__ = ["Budget"]
