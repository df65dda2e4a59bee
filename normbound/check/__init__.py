"""Random networks that try to break every step of a derivation."""

from normbound.check.falsify import check, replay
from normbound.check.report import Report, Violation

__all__ = ["Report", "Violation", "check", "replay"]
