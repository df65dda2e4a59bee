"""Claims judged in processes of their own, so that time and memory limits hold whatever a library does.

A process judges one claim after the other and is killed, with its children, when one takes longer than its limit; the next
claim gets a new process. A process that dies gives the verdict error to the claim it was at, and to no other.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any, NamedTuple

from normbound.claims.document import Claim, Document
from normbound.claims.verdict import ERROR, UNDECIDED, Outcome, from_data

SECONDS, MEGABYTES = 20.0, 3000
START = 60.0  # seconds for a process to start
SOFT = 0.9  # of the time limit, told to the process; at the limit it is killed
KERNEL = 120.0  # further seconds for a claim when Coq is asked
MAX_STDERR = 2_000
_END = None


class Limits(NamedTuple):
    """Seconds for a claim that names none, megabytes for a process (0: no limit), whether Coq is asked."""

    seconds: float = SECONDS
    megabytes: int = MEGABYTES
    kernel: bool = False


class Task(NamedTuple):
    """One claim of a file; ``stored``: an outcome of the cache that is to be checked again; ``certificate``: content of a certificate
    file that alone is to be checked."""

    document: Document
    claim: Claim
    stored: Mapping[str, Any] | None = None
    certificate: Mapping[str, Any] | None = None


class Worker:
    """One process, started when it is needed."""

    def __init__(self, limits: Limits = Limits(), command: list[str] | None = None):  # noqa: B008
        self.limits = limits
        self.command = command or [sys.executable, "-m", "normbound.claims.worker", str(limits.megabytes)]
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.errors: list[str] = []

    def judge(self, task: Task) -> Outcome:
        """The outcome of a claim. Takes at most the time limit of the claim, and the start of a process."""
        claim = task.claim
        seconds = claim.seconds if claim.seconds is not None else self.limits.seconds
        kernel = KERNEL if self.limits.kernel else 0.0
        try:
            self.start()
        except (OSError, RuntimeError) as error:
            self.stop()
            return Outcome(claim.id, ERROR, claim.expect, f"no process could be started: {error}")
        assert self.process is not None and self.process.stdin is not None
        begun = monotonic()
        stages: list[str] = []
        interim: Outcome | None = None
        question = {"text": task.document.text, "where": task.document.where, "id": claim.id, "expect": claim.expect,
                    "seconds": seconds * SOFT, "kernel": kernel * SOFT, "recheck": task.stored, "certificate": task.certificate}
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            while True:
                line = self.lines.get(timeout=max(0.0, begun + seconds + kernel - monotonic()))
                if line is _END:
                    raise BrokenPipeError
                answer = json.loads(line)
                if "stage" in answer:
                    stages.append(answer["stage"])
                    continue
                if "interim" in answer:
                    interim = from_data(answer["interim"])
                    continue
                return replace(from_data(answer["outcome"]), seconds=monotonic() - begun)
        except queue.Empty:
            self.stop()
            if interim is not None:
                notes = (*interim.notes, f"Coq: the time limit of {kernel:g} s was reached")
                return replace(interim, notes=notes, seconds=monotonic() - begun)
            at = f", while it looked at: {stages[-1]}" if stages else ""
            return Outcome(claim.id, UNDECIDED, claim.expect, f"the time limit of {seconds:g} s was reached{at}",
                           tuple(dict.fromkeys(stages)), seconds=monotonic() - begun)
        except (OSError, ValueError, KeyError) as error:
            reason = self.epitaph(error)
            at = f", while it looked at: {stages[-1]}" if stages else ""
            return Outcome(claim.id, ERROR, claim.expect, reason + at, tuple(dict.fromkeys(stages)), seconds=monotonic() - begun)

    def start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        self.stop()
        self.lines, self.errors = queue.Queue(), []
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
                       "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        encoding="utf-8", errors="replace", env=environment, start_new_session=True)
        threading.Thread(target=_pump, args=(self.process.stdout, self.lines), daemon=True).start()
        threading.Thread(target=_drain, args=(self.process.stderr, self.errors), daemon=True).start()
        try:
            line = self.lines.get(timeout=START)
        except queue.Empty:
            raise RuntimeError(f"it did not answer within {START:g} s") from None
        if line is _END or json.loads(line) != {"ready": True}:
            raise RuntimeError(self.epitaph(None))

    def stop(self) -> None:
        """Kill the process and its children, if there is one."""
        process, self.process = self.process, None
        if process is None:
            return
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError, ValueError):
                    stream.close()

    def epitaph(self, error: Exception | None) -> str:
        """How the process ended."""
        process = self.process
        code = None
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=1.0)
        last = "".join(self.errors).strip().splitlines()[-1:]
        self.stop()
        if code is None:
            return f"the process gave no proper answer ({type(error).__name__}: {error})"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the process ended with {how}" + (f": {last[0][:300]}" if last else "")


def _pump(stream: Any, lines: queue.Queue[str | None]) -> None:
    with suppress(OSError, ValueError):
        for line in stream:
            lines.put(line)
    lines.put(_END)


def _drain(stream: Any, kept: list[str]) -> None:
    with suppress(OSError, ValueError):
        for line in stream:
            kept.append(line[:MAX_STDERR])
            del kept[:-20]


def checker(limits: Limits) -> Worker:
    """A process that checks certificates and imports no prover."""
    return Worker(limits, [sys.executable, "-m", "normbound.claims.worker", str(limits.megabytes), "check"])


def run(tasks: Iterable[Task], jobs: int = 1, limits: Limits = Limits(),  # noqa: B008
        make: Callable[[Limits], Worker] = Worker) -> Iterator[tuple[int, Outcome]]:
    """The outcomes with the numbers of their tasks, in the order in which they come. Processes end with the iteration."""
    waiting: queue.Queue[tuple[int, Task]] = queue.Queue()
    count = 0
    for k, task in enumerate(tasks):
        waiting.put((k, task))
        count += 1
    done: queue.Queue[tuple[int, Outcome]] = queue.Queue()
    workers = [make(limits) for _ in range(max(1, min(jobs, count)))]
    stopped = threading.Event()

    def loop(worker: Worker) -> None:
        while not stopped.is_set():
            try:
                k, task = waiting.get_nowait()
            except queue.Empty:
                break
            try:
                outcome = worker.judge(task)
            except Exception as error:
                worker.stop()
                outcome = Outcome(task.claim.id, ERROR, task.claim.expect, f"{type(error).__name__}: {error}")
            done.put((k, outcome))
        worker.stop()

    threads = [threading.Thread(target=loop, args=(w,), daemon=True) for w in workers]
    for t in threads:
        t.start()
    try:
        for _ in range(count):
            yield done.get()
    finally:
        stopped.set()
        for w in workers:
            w.stop()
        for t in threads:
            t.join()


__all__ = ["MEGABYTES", "SECONDS", "Limits", "Task", "Worker", "checker", "run"]
