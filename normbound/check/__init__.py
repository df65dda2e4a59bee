"""Random networks that try to break every step of a derivation."""

from normbound.check.falsify import Report, Violation, check, replay

__all__ = ["Report", "Violation", "check", "replay"]
