"""The plugin for pytest: files named *.claims.toml are collected, one test for each claim.

A test passes when the verdict is the one that the file expects; a claim that no verdict was reached for fails. Options in the
configuration of pytest: ``claims_seconds`` (time limit for a claim that names none), ``claims_cache`` (keep certificates between
runs). The fixture ``claim_outcomes`` judges the claims of a file: ``claim_outcomes(path)["id"].verdict``.

Projects without such files notice nothing: until one is collected only pytest is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from normbound.claims.document import Claim, Document
    from normbound.claims.verdict import Outcome

SUFFIX = ".claims.toml"
_JUDGE = pytest.StashKey["Judge"]()


class Judge:
    """One process for the claims of a session, started with the first of them."""

    def __init__(self, seconds: float, cached: bool):
        self.seconds, self.cached = seconds, cached
        self.worker: Any = None

    def judge(self, document: Document, claim: Claim) -> Outcome:
        from normbound.claims.cache import Cache
        from normbound.claims.pool import Limits, Task, Worker
        if self.worker is None:
            self.worker = Worker(Limits(self.seconds))
        cache = Cache() if self.cached else None
        outcome: Outcome = self.worker.judge(Task(document, claim, cache.get(claim) if cache else None))
        if cache:
            cache.put(claim, outcome)
        return outcome

    def stop(self) -> None:
        if self.worker is not None:
            self.worker.stop()


class Unexpected(Exception):
    """The verdict is not the one that the file expects; the text says what was found."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("claims_seconds", "time limit for a claim that names none, in seconds", default="20")
    parser.addini("claims_cache", "keep certificates and counterexamples of claims between runs", type="bool", default=True)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimFile | None:
    if file_path.name.endswith(SUFFIX):
        return ClaimFile.from_parent(parent, path=file_path)  # type: ignore[no-any-return]
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    if _JUDGE in config.stash:
        config.stash[_JUDGE].stop()


def _judge(config: pytest.Config) -> Judge:
    if _JUDGE not in config.stash:
        text = config.getini("claims_seconds")
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= 3600:
            raise pytest.UsageError(f"claims_seconds: found {text!r}; accepted: a number, more than 0 and at most 3600")
        config.stash[_JUDGE] = Judge(seconds, bool(config.getini("claims_cache")))
    return config.stash[_JUDGE]


class ClaimFile(pytest.File):
    """A file of claims."""

    def collect(self) -> Iterator[ClaimItem]:
        from normbound.claims.document import read
        from normbound.claims.errors import ClaimError
        try:
            document = read(self.path)
        except ClaimError as error:
            raise self.CollectError(str(error)) from None
        for claim in document.claims:
            yield ClaimItem.from_parent(self, name=claim.id, document=document, claim=claim)


class ClaimItem(pytest.Item):
    """One claim."""

    def __init__(self, *, document: Document, claim: Claim, **more: Any):
        super().__init__(**more)
        self.document, self.claim = document, claim
        self.outcome: Outcome | None = None

    def runtest(self) -> None:
        self.outcome = _judge(self.config).judge(self.document, self.claim)
        if not self.outcome.as_expected:
            from normbound.claims.report import remarks
            lines = [f"{self.outcome.verdict}, expected {self.claim.expect}: {self.claim.show}", *remarks(self.outcome, details=True)]
            raise Unexpected("\n".join(lines))
        self.user_properties.append(("verdict", self.outcome.verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, Unexpected) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.claim.line - 1, f"claim {self.claim.id}"


@pytest.fixture(scope="session")
def claim_outcomes(request: pytest.FixtureRequest) -> Callable[[str | Path], Mapping[str, Outcome]]:
    """A function from the path of a file of claims to the outcomes of its claims, by id."""
    def outcomes(path: str | Path) -> Mapping[str, Outcome]:
        from normbound.claims.document import read
        document = read(path)
        judge = _judge(request.config)
        return {claim.id: judge.judge(document, claim) for claim in document.claims}

    return outcomes
