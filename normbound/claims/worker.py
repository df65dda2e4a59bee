"""The process that judges claims: one line of JSON in, lines of JSON out. Started and killed by ``pool``.

    in    {"text": text of the file, "where": its name, "id": claim, "expect": verdict, "seconds": n, "kernel": seconds,
           "recheck": outcome or null, "certificate": content of a certificate file, which alone is checked, or null}
    out   {"ready": true} once; for a claim {"stage": text} any number of times, then {"outcome": ...} (``Outcome.to_data``);
          before Coq is asked {"interim": outcome}, which holds if Coq takes too long

Only texts cross the border. What libraries print goes to the standard error.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

from normbound.claims.document import Claim
from normbound.claims.verdict import ERROR, UNDECIDED, Outcome

MAX_STAGES = 200  # lines about progress per claim


def limit_memory(megabytes: int) -> None:
    """An upper bound for the memory of this process, where the system has one; 0: none."""
    if not megabytes:
        return
    try:
        import resource
    except ImportError:  # Windows
        return
    size = megabytes * 1024 * 1024
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
    resource.setrlimit(resource.RLIMIT_AS, (size, hard))


def serve(source: TextIO, sink: TextIO, megabytes: int = 0, proving: bool = True) -> None:
    """Answer until the source ends. ``proving``: load the provers before the first question."""
    if proving:
        from normbound.claims.engine import provers
        provers()
    limit_memory(megabytes)

    def say(data: dict[str, Any]) -> None:
        sink.write(json.dumps(data) + "\n")
        sink.flush()

    say({"ready": True})
    documents: dict[tuple[str, str], Any] = {}
    for line in source:
        task = json.loads(line)
        try:
            outcome = _answer(task, documents, say)
        except MemoryError:
            documents.clear()
            outcome = Outcome(task["id"], UNDECIDED, task["expect"], f"the memory limit of {megabytes} MB was reached")
        try:
            say({"outcome": outcome.to_data()})
        except (RecursionError, TypeError, ValueError) as error:
            say({"outcome": Outcome(task["id"], ERROR, task["expect"], f"the outcome cannot be written: {error}").to_data()})


def _answer(task: dict[str, Any], documents: dict[tuple[str, str], Any], say: Any) -> Outcome:
    from normbound.claims.document import read
    key = task["where"], task["text"]
    if key not in documents:
        documents.clear()
        documents[key] = read(task["text"] + "\n", task["where"])
    claim = documents[key].claim(task["id"])
    if task["certificate"] is not None:
        return _checked(claim, task)
    if task["recheck"] is not None:
        from normbound.claims.cache import recheck
        found = recheck(claim, task["recheck"], task["seconds"])
        if found is not None:
            return found
    last, count = "", 0

    def progress(stage: str) -> None:
        nonlocal last, count
        if stage != last and count < MAX_STAGES:
            last, count = stage, count + 1
            say({"stage": stage})

    from normbound.claims.pipeline import judge
    return judge(claim, task["seconds"], task["kernel"], progress, lambda outcome: say({"interim": outcome.to_data()}))


def _checked(claim: Claim, task: dict[str, Any]) -> Outcome:
    """What a certificate shows; the verdict error where it is rejected."""
    from normbound.claims.target import verify
    from normbound.errors import NormboundError
    try:
        verdict, notes = verify(claim, task["certificate"], task["seconds"])
    except NormboundError as error:  # Rejected among them
        return Outcome(claim.id, ERROR, claim.expect, str(error))
    return Outcome(claim.id, verdict, claim.expect, notes=notes)


def main() -> None:
    """The pipe to the parent is moved away from the standard output, which goes to the standard error from then on."""
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, sink, int(sys.argv[1]) if len(sys.argv) > 1 else 0, "check" not in sys.argv[2:])


if __name__ == "__main__":
    main()
