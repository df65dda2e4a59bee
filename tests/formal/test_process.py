"""Limits of time and of memory, and that nothing survives."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from normbound.formal.process import SHOWN, limited

pytestmark = pytest.mark.skipif(os.name != "posix", reason="groups of processes and limits of memory are POSIX")


def ended(child):
    """Whether a process is no more, or dead and not yet collected."""
    for _ in range(100):
        try:
            with open(f"/proc/{child}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_output_and_code(tmp_path):
    done = limited(["/bin/sh", "-c", "pwd; echo x >&2; exit 3"], tmp_path, 20)
    assert (done.code, done.stdout.strip(), done.stderr) == (3, str(tmp_path), "x\n")
    assert 0 <= done.seconds < 20


def test_time_limit_ends_the_whole_group(tmp_path):
    begun = time.monotonic()
    done = limited(["/bin/sh", "-c", "sleep 300 & echo $! > child; wait"], tmp_path, 0.5)
    assert done.code is None and time.monotonic() - begun < 20
    assert ended(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_leaves_nothing(tmp_path, number):
    """Neither the program nor the folders of the callers, which are made to be removed."""
    code = ("import pathlib, sys, tempfile\nfrom normbound.formal.process import limited\n"
            "with tempfile.TemporaryDirectory(dir=sys.argv[1]):\n    limited(sys.argv[2:], pathlib.Path(sys.argv[1]), 100)\n")
    program = "sleep 300 & echo $! > child.part; mv child.part child; wait"
    whole = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), "/bin/sh", "-c", program])
    for _ in range(400):
        if (tmp_path / "child").is_file():
            break
        time.sleep(0.05)
    whole.send_signal(number)
    assert whole.wait(20) == 128 + number
    assert ended(int((tmp_path / "child").read_text()))
    assert [p.name for p in tmp_path.iterdir()] == ["child"]


def test_what_a_killed_process_leaves_ends_by_itself(tmp_path):
    """Nothing runs when a process is killed: the limit of processor time is the program's own."""
    done = limited(["/bin/sh", "-c", "ulimit -t"], tmp_path, 7.5)
    assert int(done.stdout) == 13
    assert limited(["/bin/sh", "-c", "ulimit -t"], tmp_path, float("inf")).code == 0


def test_handlers_of_signals_are_put_back(tmp_path):
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    limited(["/bin/sh", "-c", "true"], tmp_path, 20)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    found = []
    thread = threading.Thread(target=lambda: found.append(limited(["/bin/sh", "-c", "exit 4"], tmp_path, 20)))
    thread.start()
    thread.join()
    assert found[0].code == 4  # only the main thread may set handlers


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS ignores limits of address space")
def test_memory_limit(tmp_path):
    code = "x = bytearray(600 * 2**20); print(len(x))"
    assert limited([sys.executable, "-c", code], tmp_path, 60, 400).code == 1
    assert limited([sys.executable, "-c", code], tmp_path, 60).code == 0


def test_a_flood_of_output_is_cut(tmp_path):
    done = limited([sys.executable, "-c", f"import sys; s = 'a' * {3 * SHOWN}; print(s); print(s + 'end', file=sys.stderr)"],
                   tmp_path, 60)
    assert done.code == 0 and len(done.stdout) == SHOWN and len(done.stderr) == SHOWN and done.stderr.endswith("end\n")


def test_a_missing_program_is_an_error_of_the_shell(tmp_path):
    assert limited([str(tmp_path / "nothing")], tmp_path, 20).code == 127
