"""Limits that hold: processes are killed, deaths are noted, the other claims go on."""

import os
import sys
import time

import pytest
from claim_files import claims

from normbound.claims.pool import Limits, Task, Worker, run

READY = "import sys, json, os, time, signal; print(json.dumps({'ready': True}), flush=True)\n"


def worker(script, seconds=1.0):
    return Worker(Limits(seconds), [sys.executable, "-c", READY + script])


def test_judged_in_processes():
    document = claims("power", "false", "vacuous")
    found = dict(run([Task(document, c) for c in document.claims], 2, Limits(20)))
    assert [found[k].kind for k in range(3)] == ["proved", "refuted", "vacuous"]


def test_a_claim_at_its_limit_is_killed_with_its_children(tmp_path):
    document = claims("power")
    note = tmp_path / "child"
    w = worker("for line in sys.stdin:\n print(json.dumps({'stage': 'deep thought'}), flush=True)\n"
               f" pid = os.fork()\n if pid: open({str(note)!r}, 'w').write(str(pid))\n time.sleep(60)")
    begun = time.monotonic()
    outcome = w.judge(Task(document, document.claims[0]))
    assert time.monotonic() - begun < 10 and outcome.verdict == "undecided"
    assert "1 s was reached, while it looked at: deep thought" in outcome.reason
    assert w.process is None
    for _ in range(50):
        if not _alive(int(note.read_text())):
            return
        time.sleep(0.1)
    pytest.fail("a child survived")


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(("script", "said"), [
    ("for line in sys.stdin: sys.exit('broken')", "exit code 1: broken"),
    ("for line in sys.stdin: os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
    ("for line in sys.stdin: print('nonsense', flush=True); time.sleep(60)", "no proper answer"),
    ("for line in sys.stdin: print('{\"outcome\": {\"verdict\": \"true\"}}', flush=True); time.sleep(60)", "no proper answer")])
def test_a_process_that_dies_is_an_error_of_its_claim_alone(script, said):
    document = claims("power", "false")
    w = worker(script, 20.0)
    for claim in document.claims:
        outcome = w.judge(Task(document, claim))
        assert outcome.verdict == "error" and said in outcome.reason and outcome.id == claim.id
    w.stop()


def test_a_process_that_cannot_start():
    document = claims("power")
    outcome = Worker(Limits(1.0), [sys.executable, "-c", "raise SystemExit('no')"]).judge(Task(document, document.claims[0]))
    assert outcome.verdict == "error" and "could be started" in outcome.reason


def test_what_was_proved_before_coq_remains():
    document = claims("power")
    w = Worker(Limits(0.5), [sys.executable, "-c", READY + (
        "for line in sys.stdin:\n print(json.dumps({'interim': {'id': 'power', 'verdict': 'proved (certificate)'}}), flush=True)\n"
        " time.sleep(60)")])
    outcome = w.judge(Task(document, document.claims[0]))
    assert outcome.verdict == "proved (certificate)" and "Coq" in outcome.notes[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of address space is that of Linux")
def test_memory():
    import subprocess
    code = "from normbound.claims.worker import limit_memory; limit_memory(300); x = bytearray(10**9)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 1 and "MemoryError" in found.stderr


def test_what_libraries_print_does_not_disturb():
    document = claims("power")
    code = "import os; from normbound.claims import pipeline, worker\n" \
           "old = pipeline.judge\n" \
           "def judge(*a):\n print('hello'); os.write(1, b'hello'); return old(*a)\n" \
           "pipeline.judge = judge; worker.main()"
    w = Worker(Limits(20.0), [sys.executable, "-c", code])
    assert w.judge(Task(document, document.claims[0])).kind == "proved"
    w.stop()


def test_memory_used_up_is_undecided():
    document = claims("power")
    code = "from normbound.claims import pipeline, worker\n" \
           "def full(claim): raise MemoryError\n" \
           "pipeline.sequent_of = full; worker.main()"
    w = Worker(Limits(20.0), [sys.executable, "-c", code, "2000"])
    outcome = w.judge(Task(document, document.claims[0]))
    assert outcome.verdict == "undecided" and outcome.reason == "the memory limit of 2000 MB was reached"
    w.stop()
