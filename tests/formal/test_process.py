"""Limits of time and of memory, and that nothing survives."""

import os
import sys
import time

import pytest

from normbound.formal.process import SHOWN, limited

pytestmark = pytest.mark.skipif(os.name != "posix", reason="groups of processes and limits of memory are POSIX")


def test_output_and_code(tmp_path):
    done = limited(["/bin/sh", "-c", "pwd; echo x >&2; exit 3"], tmp_path, 20)
    assert (done.code, done.stdout.strip(), done.stderr) == (3, str(tmp_path), "x\n")
    assert 0 <= done.seconds < 20


def test_time_limit_ends_the_whole_group(tmp_path):
    begun = time.monotonic()
    done = limited(["/bin/sh", "-c", "sleep 300 & echo $! > child; wait"], tmp_path, 0.5)
    assert done.code is None and time.monotonic() - begun < 20
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        try:
            with open(f"/proc/{child}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return  # dead, not yet collected
        except FileNotFoundError:
            return
        time.sleep(0.05)
    pytest.fail("the child of the program is still running")


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
