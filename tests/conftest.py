"""What all tests share: no network but loopback, quick Hypothesis, the folder on the path."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

# A shell that runs the tests in the background lets them ignore Ctrl-C, and nohup a hang-up; so would every
# process they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

settings.register_profile(
    "plain",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("exhaustive", parent=settings.get_profile("plain"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "plain"))


def pytest_xdist_auto_num_workers():
    """Run two tests more at once than there are cores, since many wait: for an answer, a pause, a process."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(config, items):
    """Leave the exhaustive tests out unless they are asked for by name."""
    if "exhaustive" in (config.option.markexpr or ""):
        return
    kept = [item for item in items if item.get_closest_marker("exhaustive") is None]
    left = [item for item in items if item.get_closest_marker("exhaustive") is not None]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and not str(address[0]).startswith(
            ("127.", "::1", "localhost")
        ):
            raise AssertionError(f"a test wanted to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in ("OPSCOM_HOST", "OPSCOM_CLIENT", "OPSCOM_API_TOKEN", "OPSCOM_PLATE_HOST"):
        monkeypatch.delenv(name, raising=False)
    # No test looks into the keychain of the person who runs it.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture
def controller():
    """Run a misbehaving OPSCOM without any fault planned yet."""
    from controller import Controller

    with Controller() as running:
        yield running


@pytest.fixture
def desk(tmp_path, monkeypatch, controller):
    """Give an office whose commands run in this process, against ``controller``."""
    from returning import Desk

    return Desk(tmp_path, monkeypatch, controller.url)
