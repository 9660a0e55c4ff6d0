"""A push, or a look into a journal, in a process of its own: killed at any step, or without rights."""

import multiprocessing
import os
import sqlite3
import sys
import threading
from pathlib import Path

import delivering

from importer.delivery import attempts, http
from importer.delivery import journal as opening
from importer.delivery.journal import Journal
from importer.delivery.journal_file import look_up
from schemas import POLICIES

FATAL = 9
"""Exit code of a process that ended itself at its step."""
NOBODY = 65534


class Steps:
    """Counts what a process does, and ends it at one step, counted from 1."""

    def __init__(self, fatal):
        self._left = fatal
        self._lock = threading.Lock()

    def step(self, *_):
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


def push(*arguments, fatal, **more):
    """Push; end at a step of the journal, the wire or a recovery."""
    steps = Steps(fatal)
    for name in ("intend", "answered", "conclude"):
        steps.around(attempts, name)
    steps.around(attempts.Writer, "_commit")
    steps.around(http.Connection, "send")
    steps.around(opening, "settle_killed")
    return delivering.push(*arguments, **more)


def open_until(path, fatal):
    """Open and close a journal, and end this process as its n-th statement begins."""
    steps, connect = Steps(fatal), sqlite3.connect

    def connect_and_count(*args, **more):
        connection = connect(*args, **more)
        connection.set_trace_callback(steps.step)
        return connection

    sqlite3.connect = connect_and_count
    Journal(Path(path), POLICIES).close()


def as_nobody(what, path):
    """Open a journal, or look something up in it, as a person who may do only what everybody may."""
    if hasattr(os, "getuid") and os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if what == "open":
        Journal(path, POLICIES).close()
    else:
        with look_up(path) as memory:
            memory.used()


def run(target, *arguments, **more):
    """Run one of these to its end; return its exit code and what came of it, or its error.

    Where the system can, processes are forked from one that has everything imported and no threads.
    """
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    if forks:
        context.set_forkserver_preload(["own_process", "importer.delivery.pusher"])
    told, tells = context.Pipe(duplex=False)
    process = context.Process(target=_tell, args=(tells, target, arguments, more))
    process.start()
    tells.close()
    try:
        said = told.recv() if told.poll(60) else None
    except EOFError:
        said = None
    process.join(60)
    return process.exitcode, said


def _tell(tells, target, arguments, more):
    try:
        said = target(*arguments, **more)
    except Exception as error:  # noqa: BLE001 - the test reads what it was
        said = (type(error).__name__, str(error))
    tells.send(said)
