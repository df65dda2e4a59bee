"""The errors a user can meet. Each says where, what was found, and what is accepted."""


class NormboundError(Exception):
    """Base of every error that input can provoke; the command line prints it and exits with 2."""


class TermError(NormboundError, ValueError):
    """A term cannot be built, read or evaluated."""


class ShapeError(NormboundError, ValueError):
    """A layer does not accept the shape that reaches it."""


class NetworkError(NormboundError, ValueError):
    """A network, a layer or a declaration is malformed."""


class HypothesisError(NormboundError, ValueError):
    """Hypotheses contradict each other, or a named hypothesis does not exist."""


class UnsupportedError(NormboundError, NotImplementedError):
    """The mathematics asked for has no contract here; nothing is guessed in its place."""
