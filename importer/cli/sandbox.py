"""``opscom-import sandbox``."""

from pathlib import Path

import click

from importer.cli.options import Options, taking
from importer.cli.setting import SANDBOX_CLIENT, STORE
from importer.cli.terminal import emit, say
from importer.delivery.journal import Journal
from importer.delivery.memory import SANDBOX
from importer.sandbox.controller import parse_fault
from importer.sandbox.server import Sandbox
from importer.sandbox.store import Store
from importer.workspace import find_workspace
from schemas import POLICIES


@click.command()
@taking("workspace", "as_json")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="0 takes any free one.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="KIND[:every=N|:row=N]",
    help="Misbehave: 500, 429, close, html, lost or slow (slow:seconds=1 makes all answers slow); every Nth "
    "request, or the Nth.",
)
@click.option(
    "--forget",
    is_flag=True,
    help="Delete the records that are kept, so that the next rehearsal begins afresh, and end.",
)
def sandbox(options: Options, *, port: int, faults: tuple[str, ...], forget: bool) -> int:
    """Run an OPSCOM controller on this machine to rehearse with, until Ctrl-C.

    It checks rows as OPSCOM documents it, keeps what it accepted between runs, and can be told to
    misbehave. Push to it from another window, under its own client code, so that it is a rehearsal like
    push --sandbox: `opscom-import push --host http://127.0.0.1:8765 --client SANDBOX`.
    """
    journal = find_workspace(options.workspace, Path.cwd()).journal
    store = journal.with_name(STORE)
    if forget:
        if journal.exists():
            with Journal(journal, POLICIES) as opened:
                opened.forget(SANDBOX)
        if store.exists():
            records = Store(store)  # a sandbox that runs forgets too
            records.forget()
            records.close()
        if options.as_json:
            emit({"url": None, "store": str(store)})
        say(
            f"What was rehearsed is forgotten; {store} is empty. Workbooks stay in results/sandbox."
        )
        return 0
    store.parent.mkdir(parents=True, exist_ok=True)
    planned = [parse_fault(text) for text in faults]
    with Sandbox(store, port=port, faults=planned) as running:
        if options.as_json:
            emit({"url": running.url, "store": str(store)})
        say(f"An OPSCOM to rehearse with is at {running.url}. Ctrl-C ends it.")
        say(f"Rehearse with: opscom-import push --host {running.url} --client {SANDBOX_CLIENT}")
        say(f"Its records are in {store}.")
        running.serve_forever()
    return 0
