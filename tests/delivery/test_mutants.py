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
JUDGE = "        decision = judge(target.policy, reply, lost_before=lost, attempt=number)\n"
UNKNOWN = """\
        if isinstance(decision, Outcome) and decision.state is State.UNKNOWN:
            decision = Again(applied_maybe=True, why=decision.message)
"""
# What the suite itself says of the right pusher, a wrong one does not come to: that writes the intent
# after the send, or sends a row again after every failure, whatever the endpoint.
MUTANTS = {
    "written-late": (INTENT + START + SEND, START + SEND + INTENT),
    "sent-again": (JUDGE, JUDGE + UNKNOWN),
}
LOSSES = "(lost-lost or lost-cut-in-body or lost-500)"
FAULTS = ("test_faults.py", f"finishes and {LOSSES} and once and (users or permits)")


# Parts of the rig that are quick and hold the fault.
@pytest.mark.parametrize(
    ("mutant", "file", "words"),
    [
        ("written-late", *FAULTS),
        ("written-late", "test_kills.py", "any_step and permits-1-well-2-0"),
        ("sent-again", *FAULTS),
    ],
)
def test_a_wrong_pusher_is_caught(tmp_path, mutant, file, words):
    for part in ("importer", "schemas", "tests", "mappings"):
        leave = shutil.ignore_patterns("__pycache__", "vendor_tables")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    text = (ROOT / PUSHER).read_text(encoding="utf-8")
    right, wrong = MUTANTS[mutant]
    assert text.count(right) == 1, f"{mutant} does not fit the pusher any more"
    (tmp_path / PUSHER).write_text(text.replace(right, wrong), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", f"tests/delivery/{file}", "-k", words),
            *("-q", "-x", "-p", "no:cacheprovider", "--tb=line"),
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=110,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "HYPOTHESIS_PROFILE": "plain"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "AssertionError" in done.stdout
