"""A journal opened in a process of its own: killed at any statement, or by somebody without rights."""

import multiprocessing
import os
import sqlite3
import sys
from pathlib import Path

from importer.delivery.journal import Journal
from importer.delivery.journal_file import look_up
from schemas import POLICIES

KILLED = 9
"""Exit code of a process that ended itself at its statement."""
NOBODY = 65534


def open_until(path, fatal):
    """Open and close a journal, and end this process as its n-th statement begins, counted from 1."""
    left = fatal
    connect = sqlite3.connect

    def count(_statement):
        nonlocal left
        left -= 1
        if left == 0:
            os._exit(KILLED)

    def connect_and_count(*args, **more):
        connection = connect(*args, **more)
        connection.set_trace_callback(count)
        return connection

    sqlite3.connect = connect_and_count
    Journal(Path(path), POLICIES).close()


def open_as_nobody(told, path):
    """Open a journal as a person who may do only what everybody may; tell what was said."""
    _tell_as_nobody(told, lambda: Journal(Path(path), POLICIES).close())


def look_as_nobody(told, path):
    """Look something up in a journal as such a person; tell what was said."""

    def look():
        with look_up(Path(path)) as memory:
            memory.used()

    _tell_as_nobody(told, look)


def _tell_as_nobody(told, act):
    if hasattr(os, "getuid") and os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        act()
    except Exception as error:  # noqa: BLE001 - the test reads what it was
        told.send((type(error).__name__, str(error)))
    else:
        told.send(("", ""))
    told.close()


def run(target, *arguments):
    """Run one of these in a process of its own; return its exit code."""
    process = _context().Process(target=target, args=arguments)
    process.start()
    process.join(60)
    code = process.exitcode
    process.close()
    return code


def tell(target, *arguments):
    """Run one of these in a process of its own; return what it told."""
    told, tells = _context().Pipe(duplex=False)
    process = _context().Process(target=target, args=(tells, *arguments))
    process.start()
    tells.close()
    said = told.recv() if told.poll(60) else None
    told.close()
    process.join(60)
    process.close()
    return said


def _context():
    """Return how processes are made: forked from one that has everything imported, where that can be."""
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(["journal_process", "pushing_process"])
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return context
