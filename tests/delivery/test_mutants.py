"""The rig itself is proved: two wrong pushers, made from the right one, do not pass it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUSHER = Path("importer/delivery/pusher.py")

INTENT = "        attempt = self._intend(planned, intent, lost=lost)\n"
START = "        started = time.monotonic()\n"
SEND = "        reply = connection.send(planned.record.payload)\n"
JUDGE = "        decision = judge(self._target.policy, reply, lost_before=lost, attempt=number)\n"
UNKNOWN = """\
        if isinstance(decision, Outcome) and decision.state is State.UNKNOWN:
            decision = Again(applied_maybe=True, why=decision.message)
"""
# The intent is written down after the send.
WRITTEN_LATE = ((INTENT + START + SEND, START + SEND + INTENT),)
# A row goes again after every failure, whatever the endpoint.
SENT_AGAIN = ((JUDGE, JUDGE + UNKNOWN),)
MUTANTS = {"written-late": WRITTEN_LATE, "sent-again": SENT_AGAIN}
LOSSES = "(lost-lost or lost-cut-in-body or lost-500)"
ROWS = "(users or permits) and not whole"
# Parts of the rig that are quick and hold the fault.
PROOFS = {
    "faults": ("test_faults.py", f"finishes and {LOSSES} and once and {ROWS}"),
    "kills": ("test_kills.py", "any_step_is_finished and permits-1-well"),
    "properties": ("test_properties.py", "under_every_plan"),
}
# A fault that Hypothesis finds, it also makes small, and that takes time.
SHRINKING = pytest.mark.exhaustive
CAUGHT = [
    pytest.param("written-late", "faults", id="written-late-by-faults"),
    pytest.param("written-late", "kills", id="written-late-by-kills"),
    pytest.param("sent-again", "faults", id="sent-again-by-faults"),
    pytest.param("written-late", "properties", id="written-late-by-properties", marks=SHRINKING),
    pytest.param("sent-again", "properties", id="sent-again-by-properties", marks=SHRINKING),
]


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Make a copy of the program and its tests for each mutant."""
    folders = {}
    for name, changes in MUTANTS.items():
        folder = folders[name] = tmp_path_factory.mktemp(name)
        for part in ("importer", "schemas", "tests", "mappings"):
            leave = shutil.ignore_patterns("__pycache__", "vendor_tables")
            shutil.copytree(ROOT / part, folder / part, ignore=leave)
        shutil.copy(ROOT / "pyproject.toml", folder)
        text = (ROOT / PUSHER).read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, f"{name} does not fit the pusher any more"
            text = text.replace(old, new)
        (folder / PUSHER).write_text(text, encoding="utf-8")
    return folders


# What the right pusher comes to, the suite itself says.
@pytest.mark.parametrize(("mutant", "proof"), CAUGHT)
def test_a_wrong_pusher_is_caught(copies, mutant, proof):
    file, words = PROOFS[proof]
    folder = copies[mutant]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", f"tests/delivery/{file}", "-k", words),
            *("-q", "-x", "-p", "no:cacheprovider", "--tb=line"),
        ],
        cwd=folder, capture_output=True, text=True, timeout=110,
        env={**os.environ, "PYTHONPATH": str(folder), "HYPOTHESIS_PROFILE": "plain"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "AssertionError" in done.stdout
