"""Coq for the tests of the prover."""

import os

import pytest

from normbound.formal import coq as programs


@pytest.fixture(scope="session")
def folder_for_compiled(tmp_path_factory):
    """One cache for all tests, apart from the user's."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def coq(monkeypatch, folder_for_compiled):
    """Present where an accepted Coq is; elsewhere the test is skipped, and in CI it fails."""
    try:
        found = programs.find()
    except programs.CoqError as error:
        assert os.environ.get("CI") != "true", f"CI must have Coq: {error}"
        pytest.skip(str(error))
    monkeypatch.setenv("NORMBOUND_CACHE", str(folder_for_compiled))
    return found


@pytest.fixture
def program(tmp_path):
    """A shell script with this body, as a program."""
    def write(body, name="coqc"):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path
    return write
