"""Parallel, reproducible runs: many architectures, a fixed cut into batches, results merged in order.

Every batch depends on nothing but its own data: a network as text, the numbers of the first network and of their count, the
seed. It is read into a fresh store, with one thread for linear algebra. So a run gives the same report, byte for byte, with any
number of workers, and under any backend of joblib (loky by default; the user's ``joblib.parallel_config``, or ``backend="dask"``).

With ``sink`` a run is also written as JSON Lines while it proceeds:

  run            first line: format, version, seed, networks, points, laws, the architectures as data
  batch          one line per batch: its report
  architecture   one line per architecture: the merged report
  times          seconds, workers, backend: the only line in which two equal runs differ
  summary        last line; a file without it was interrupted
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

import joblib
from threadpoolctl import threadpool_limits

from normbound import errors
from normbound.check.falsify import MAX_SAMPLES, Batch, batches, examine, replay, validate
from normbound.check.realization import LAWS, Plan, fixed_values
from normbound.check.report import COUNTS, Report, ReportError, Violation, merge, plain, without_stamp
from normbound.check.source import pack, unpack
from normbound.contracts.context import ROLES
from normbound.errors import NetworkError, NormboundError, UnsupportedError
from normbound.network import builtins
from normbound.network.files import Architecture
from normbound.network.program import Network
from normbound.terms.store import Store
from normbound.version import VERSION

FORMAT = 1
BACKENDS = ("loky", "dask")
MAX_WORKERS = 256
MAX_BYTES = 2_000_000_000
MAX_LINE = 100_000_000

_ONE = Lock()  # the current store belongs to the process: a backend with threads takes turns


def run(architectures: Iterable[Architecture | Network], networks: int = 200, points: int = 8, seed: int = 0, workers: int = 1,
        backend: str | None = None, sink: TextIO | None = None, progress: Callable[[Report], None] | None = None, *,
        laws: Sequence[str] = LAWS, values: Mapping[str, Any] | None = None, trainable: Collection[str] = ROLES,
        floors: bool = True) -> list[Report]:
    """``check`` for several architectures, in parallel: the reports in their order.

    workers   processes; -1 for one per core (the user's Dask cluster has its own number)
    backend   None: what ``joblib.parallel_config`` says, else loky. "dask": the current Dask client, or else a local
              cluster of ``workers`` processes
    sink      a text stream that receives JSON Lines
    progress  called with the report of every batch, in order
    The other arguments are those of ``check``. Networks travel as text, so a layer must be registered in the workers too.

    Raises what ``check`` raises, with the name of the architecture in front, and UnsupportedError for a backend that is
    unknown or not installed.
    """
    validate(networks, points, seed, laws)
    given = list(architectures)
    if not given:
        raise NetworkError("check: no architecture given, nothing would be checked")
    if not isinstance(workers, int) or isinstance(workers, bool) or not (workers == -1 or 1 <= workers <= MAX_WORKERS):
        raise UnsupportedError(f"found workers = {workers!r}; 1 to {MAX_WORKERS} are accepted, or -1 for one per core")
    if backend not in (None, *BACKENDS):
        raise UnsupportedError(f"found the backend {backend!r}; accepted: {', '.join(BACKENDS)}")
    fixed = {k: [str(x) for x in v] if isinstance(v, (list, tuple)) else str(v) for k, v in (values or {}).items()}
    packed = [_packed(a, trainable, floors, fixed) for a in given]
    writer = _Writer(sink)
    writer.write("run", {"format": FORMAT, "version": VERSION, "seed": seed, "networks": networks, "points": points,
                         "laws": list(laws), "values": fixed, "architectures": packed})
    parts = batches(networks)
    common = {"seed": seed, "laws": list(laws), "points": points, "values": fixed}
    tasks = ({"source": data, "first": first, "count": count, **common} for data in packed for first, count in parts)
    reports: list[Report] = []
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    with _backend(backend, workers), closing(_results(tasks, workers)) as results:
        for data in packed:
            found = []
            for result in islice(results, len(parts)):
                report = _report(result, data["name"])
                seconds[data["name"]] = seconds.get(data["name"], 0.0) + float(result["seconds"])
                found.append(report)
                writer.write("batch", result["report"])
                if progress is not None:
                    progress(report)
            whole = merge(found).require_met()
            writer.write("architecture", whole.to_data())
            reports.append(whole)
    writer.write("times", {"seconds": time.perf_counter() - begun, "workers": workers, "backend": backend,
                           "seconds_of": seconds})
    writer.write("summary", summary(reports))
    return reports


def summary(reports: Sequence[Report]) -> dict[str, Any]:
    """The figures of a finished run, as JSON values."""
    totals = {name: sum(r.totals[name] for r in reports) for name in COUNTS}
    return {"finished": True, "architectures": len(reports), "networks": sum(r.executed for r in reports),
            "triples": sum(r.triples for r in reports), "totals": totals,
            "verdicts": {r.title: r.verdict for r in reports}}


# -- batches --------------------------------------------------------------------------------------------------------
def _packed(given: Any, trainable: Collection[str], floors: bool, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The architecture as data, after it and the fixed values were read here once: errors come before any work."""
    name = getattr(given, "name", "") or getattr(given, "title", "") or "network"
    try:
        data = pack(given, trainable, floors)
        with Store():
            fixed_values(unpack(data), fixed)
    except NormboundError as error:
        raise type(error)(f"{name}: {error}") from None
    return data


def _work(task: Mapping[str, Any]) -> dict[str, Any]:
    """One batch, from data to data. Errors that input provokes are data too: every backend brings them back alike."""
    begun = time.perf_counter()
    try:
        with _ONE, threadpool_limits(1), Store():
            batch = Batch(task["first"], task["count"], task["seed"], tuple(task["laws"]), task["points"], task["values"])
            source = task["source"]
            found = {"report": examine(_plan(source), batch, source["name"], source["digest"]).to_data()}
    except NormboundError as error:
        found = {"error": {"kind": type(error).__name__, "message": str(error)}}
    return {**found, "seconds": time.perf_counter() - begun}


def _plan(source: Mapping[str, Any]) -> Plan:
    try:
        return unpack(source)
    except NormboundError as error:  # the caller's process could read it
        raise type(error)(f"a worker cannot read the network: {error}; layers that only the calling process has registered need "
                          "workers=1") from None


def _results(tasks: Iterable[dict[str, Any]], workers: int) -> Generator[dict[str, Any], None, None]:
    """The results in the order of the tasks, each as soon as it and all before it are there."""
    results = joblib.Parallel(n_jobs=workers, return_as="generator", batch_size=1)(joblib.delayed(_work)(t) for t in tasks)
    try:
        for result in results:  # noqa: UP028 (`yield from` would close it outside of the filter)
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # after an error joblib says that it gives up what is left
            results.close()


def _report(result: Mapping[str, Any], name: str) -> Report:
    if "error" in result:
        error = result["error"]
        raise getattr(errors, error["kind"], NormboundError)(f"{name}: {error['message']}")
    return Report.from_data(result["report"])


@contextmanager
def _backend(backend: str | None, workers: int) -> Iterator[None]:
    """joblib's configuration for a named backend; with dask also a client, if there is none."""
    if backend is None:
        yield
        return
    with _client(workers) if backend == "dask" else nullcontext(), joblib.parallel_config(backend=backend):
        yield


@contextmanager
def _client(workers: int) -> Iterator[None]:
    try:
        import distributed
    except ImportError:
        raise UnsupportedError('the backend dask needs the packages dask and distributed: pip install "normbound[cluster]"') from None
    try:
        distributed.get_client()
    except ValueError:
        with distributed.LocalCluster(n_workers=None if workers == -1 else workers, threads_per_worker=1, processes=True,
                                      dashboard_address=None) as cluster, distributed.Client(cluster):
            yield
    else:
        yield


# -- JSON Lines -----------------------------------------------------------------------------------------------------
class _Writer:
    def __init__(self, sink: TextIO | None):
        self.sink = sink

    def write(self, kind: str, data: Mapping[str, Any]) -> None:
        if self.sink is not None:
            self.sink.write(json.dumps({"normbound": kind, **data}, allow_nan=False, separators=(",", ":")) + "\n")
            self.sink.flush()


@dataclass(slots=True)
class Record:
    """A stored run, or a single stored violation.

    finished    whether the summary is there
    sources     digest -> the architecture as data; empty for a single violation
    violations  (digest, violation), in order
    """

    finished: bool
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    violations: list[tuple[str, Violation]] = field(default_factory=list)


def read_record(path: str | Path) -> Record:
    """The violations in a file that ``run`` wrote, or in the JSON text of one violation.

    Raises ReportError if the file cannot be read, is something else, or comes from another version.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ReportError(f"{path}: no such file")
        if path.stat().st_size > MAX_BYTES:
            raise ReportError(f"{path}: more than {MAX_BYTES} bytes; no run writes so much")
        with path.open(encoding="utf-8") as stream:
            return _read(stream, str(path))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ReportError(f"{path}: not UTF-8; a file written by `normbound check --jsonl`, or the JSON of one violation, is "
                          "needed") from None


def _read(stream: TextIO, where: str) -> Record:
    first = _line(stream, where, 1)
    if first is None:
        raise ReportError(f"{where}: the file is empty")
    kind = first.get("normbound") if isinstance(first, dict) else None
    if kind is None:
        stream.seek(0)
        return _single(_parsed(stream.read(MAX_LINE), where, 1, whole=True), where)
    if kind != "run":
        raise ReportError(f"{where}, line 1: found {str(kind)[:40]!r}; a run begins with the line 'run'")
    _same_version(first, where)
    if first.get("format") != FORMAT:
        raise ReportError(f"{where}: found format {str(first.get('format'))[:20]}; this version reads format {FORMAT}")
    listed = first.get("architectures")
    kinds = {"digest": str, "name": str, "trainable": list, "floors": bool}
    if not isinstance(listed, list) or not all(isinstance(a, dict) and all(isinstance(a.get(k), t) for k, t in kinds.items())
                                               for a in listed):
        raise ReportError(f"{where}, line 1: the list of architectures is missing or damaged")
    found = Record(False, {a["digest"]: a for a in listed})
    parts: list[list[Report]] = [[]]
    number = 1
    while True:
        number += 1
        data = _line(stream, where, number, tolerant=True)
        if data is None:
            break
        if found.finished or not isinstance(data, dict) or data.get("normbound") not in ("batch", "architecture", "times",
                                                                                         "summary"):
            raise ReportError(f"{where}, line {number}: not a line of a run")
        if data["normbound"] != "batch":
            found.finished |= data["normbound"] == "summary"
            if data["normbound"] == "architecture":
                parts.append([])
            continue
        try:
            report = Report.from_data({k: v for k, v in data.items() if k != "normbound"})
        except ReportError as error:
            raise ReportError(f"{where}, line {number}: {error}") from None
        if report.digest not in found.sources:
            raise ReportError(f"{where}, line {number}: the architecture {report.digest!r} is not among those of line 1")
        parts[-1].append(report)
    for reports in filter(None, parts):
        try:
            found.violations += [(reports[0].digest, v) for v in merge(reports).violations]
        except ValueError as error:
            raise ReportError(f"{where}: {error}") from None
    return found


def _single(data: Any, where: str) -> Record:
    if not isinstance(data, dict) or "witness" not in data or not isinstance(data.get("digest"), str):
        raise ReportError(f"{where}: neither a run written by `normbound check --jsonl` nor the JSON of one violation")
    _same_version(data, where)
    try:
        return Record(True, {}, [(data["digest"], Violation.from_data(without_stamp(data)))])
    except ReportError as error:
        raise ReportError(f"{where}: {error}") from None


def _same_version(data: Mapping[str, Any], where: str) -> None:
    found = data.get("version")
    if found != VERSION:
        raise ReportError(f"{where}: written by normbound {str(found)[:40]}; this is {VERSION}, which may draw other networks: "
                          "replay it with the version that wrote it")


def _line(stream: TextIO, where: str, number: int, tolerant: bool = False) -> Any:
    """The next line as JSON, None at the end; an unfinished last line is the end, where that is tolerated."""
    text = stream.readline(MAX_LINE)
    if not text or (tolerant and not text.endswith("\n")):
        return None
    return _parsed(text, where, number) if number > 1 or text.rstrip().endswith("}") else {}


def _parsed(text: str, where: str, number: int, whole: bool = False) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        place = where if whole else f"{where}, line {number}"
        raise ReportError(f"{place}: not JSON; a file written by `normbound check --jsonl`, or the JSON of one violation, is "
                          "needed") from None


# -- replay ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Replayed:
    """A stored violation and what its network shows when it is drawn again.

    again  the violation of the same step, kind, group and iteration, proved anew; None if there is none now
    """

    title: str
    violation: Violation
    again: Violation | None

    @property
    def same_numbers(self) -> bool:
        """Whether measured value and bound are the stored ones."""
        return self.again is not None and repr((self.again.measured, self.again.bound)) == repr(
            (self.violation.measured, self.violation.bound))

    def __str__(self) -> str:
        if self.again is None:
            return f"not confirmed again: {self.title}: {self.violation}"
        numbers = "the same numbers" if self.same_numbers else (
            f"now measured {self.again.measured:.9g}, bound {self.again.bound:.9g}")
        return f"confirmed again ({numbers}): {self.title}: {self.violation}"


def replay_record(record: Record, architectures: Iterable[Architecture | Network] = (), where: str = "record") -> list[Replayed]:
    """Draw the network of every stored violation again.

    architectures  what the record is about; by default what it contains, or the built-in it names
    Raises ReportError if there is nothing to replay, or if the record is about other architectures.
    """
    if not record.violations:
        raise ReportError(f"{where}: holds no violation; there is nothing to replay"
                          + ("" if record.finished else " (the run was interrupted)"))
    known: dict[str, dict[str, Any]] = {}
    given = list(architectures)
    for a in given:
        for data in record.sources.values() or [{}]:
            try:
                found = pack(a, data.get("trainable", ROLES), data.get("floors", True))
            except NormboundError:
                continue  # other names of groups: another architecture
            known[found["digest"]] = found
    if not given:
        known = record.sources or {d["digest"]: d for d in map(_builtin, builtins.names())}
    out = []
    shown: dict[tuple[Any, ...], tuple[int, list[Violation]]] = {}  # several violations can come from one network
    for digest, violation in record.violations:
        source = known.get(digest)
        if source is None:
            named = f"{', '.join(sorted(d['name'] for d in known.values()))} " if given else "no built-in architecture "
            raise ReportError(f"{where}: a violation of the architecture with digest {digest or '(none)'}; {named}"
                              f"{'has another' if given else 'has it'}: name the architecture it was found in")
        drawn = digest, violation.seed, violation.law, violation.points, json.dumps(plain(violation.fixed))
        if drawn not in shown:
            shown[drawn] = _draw_again(source, violation, where)
        steps, seen = shown[drawn]
        if not 0 <= violation.step < steps:
            raise ReportError(f"{where}: the violation of step {violation.step} does not fit {source['name']}, which has {steps}")
        place = (violation.step, violation.kind, violation.group, violation.iterations)
        there = [Replayed(source["name"], violation, v) for v in seen if (v.step, v.kind, v.group, v.iterations) == place]
        # one place can fail at several points: the stored one, if it is among them
        out.append(next((r for r in there if r.same_numbers), there[0] if there else Replayed(source["name"], violation, None)))
    return out


def _draw_again(source: Mapping[str, Any], violation: Violation, where: str) -> tuple[int, list[Violation]]:
    """The number of steps, and every violation that the network of ``violation`` shows now."""
    if violation.law not in LAWS or violation.seed < 0 or not 1 <= violation.points <= MAX_SAMPLES["points"]:
        raise ReportError(f"{where}: the violation with seed {violation.seed}, {violation.points} points and the law "
                          f"{violation.law[:40]!r} does not fit {source['name']}: no run draws such a network")
    with _ONE, threadpool_limits(1), Store():
        p = unpack(source)
        return len(p.derivation.steps), replay(p.network, violation, p.derivation.trainable, p.derivation.floors)


def _builtin(name: str) -> dict[str, Any]:
    with Store():
        return pack(builtins.get(name))
