"""Programs that stand for Coq, for the tests of the prover."""

import pytest


@pytest.fixture
def program(tmp_path):
    """A shell script with this body, as a program."""
    def write(body, name="coqc"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path
    return write
