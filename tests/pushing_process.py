"""A push in a process of its own, which can be killed at any step and whose disk can be full."""

import importlib
import multiprocessing
import os
import sys
import threading
from contextlib import contextmanager

import delivering

FATAL = 9
"""Exit code of a process that ended itself at its step."""


class Steps:
    """Counts what a push does with its journal and its wire, and ends the process at one step."""

    def __init__(self, fatal):
        self._left = fatal
        self._lock = threading.Lock()

    def step(self):
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os._exit(FATAL)

    def around(self, place, name):
        """Count a step before and one after each call of a function."""
        act = getattr(place, name)

        def counted(*args, **more):
            self.step()
            result = act(*args, **more)
            self.step()
            return result

        setattr(place, name, counted)


def count_steps(fatal):
    """End this process at that step, counted from 1: of the journal, of the wire, of a recovery."""
    steps = Steps(fatal)
    module = {
        name: importlib.import_module(f"importer.delivery.{name}")
        for name in ("attempts", "http", "journal")
    }
    for name in ("intend", "answered", "conclude"):
        steps.around(module["attempts"], name)
    steps.around(module["attempts"].Writer, "_commit")
    steps.around(module["http"].Connection, "send")
    steps.around(module["journal"], "settle_killed")


def main(told, rows, *, fatal, longest_file, **more):
    """Push, and say through ``told`` what was said of the rows, or what kept it from pushing."""
    if fatal:
        count_steps(fatal)
    if longest_file is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (longest_file, longest_file))
    try:
        done = delivering.push(*rows, **more)
    except Exception as error:  # noqa: BLE001 - the test reads what it was
        told.send((type(error).__name__, str(error)))
    else:
        told.send(done)
    told.close()


@contextmanager
def processes():
    """Give a function that starts such a process: (process, what it will tell).

    Where the system can, processes are forked from one that has everything imported and no threads.
    """
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if forks:
        context.set_forkserver_preload(["pushing_process", "importer.delivery.pusher"])

    def start(
        url, journal, endpoint, payloads, *, fatal=0, longest_file=None, **more,
    ):  # fmt: skip
        told, tells = context.Pipe(duplex=False)
        settings = {"fatal": fatal, "longest_file": longest_file, **more}
        rows = (url, journal, endpoint, payloads)
        process = context.Process(target=main, args=(tells, rows), kwargs=settings)
        process.start()
        tells.close()
        return process, told

    try:
        yield start
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def end(process, told):
    """Wait for the end of a process; return its exit code and what it told."""
    try:
        said = told.recv() if told.poll(40) else None
    except EOFError:
        said = None
    told.close()
    process.join(20)
    code = process.exitcode
    process.close()
    return code, said
