"""``opscom-import pull``: the read endpoints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_FILE = click.Path(path_type=Path)
Command = Callable[..., Any]

JSON_SHAPES = """`pull` prints an object of its own for each endpoint:

```json
{"exit_code": 0, "user_types": [{"id": "1", "type_name": "Full Time Student", "ext_info": "Student"}],
 "kept": "user-types.json", "results": "results/user-types.xlsx"}
{"exit_code": 0, "data": [{"type": "standard", "zone": "Lot 4", "total": "4"}], "missing_zones": [],
 "results": "results/permit-stats.xlsx"}
{"run": "20261122-140509-3f2a", "exit_code": 0, "stopped": null, "source": "cars.xlsx",
 "mapping": "--column Plate", "rows": 600, "plates": 580, "resumed": 0,
 "states": {"found": 590, "nothing known": 10}, "results": "results/cars-plates.xlsx", "error": null}
{"exit_code": 0, "saved": "results/overdue-violations 2026-11-22 14-05-09.json",
 "results": "results/overdue-violations 2026-11-22 14-05-09.xlsx",
 "counts": {"Violations": 12, "Details": 12, "Vehicles": 11, "Drivers": 13, "Attachments": 4}, "error": null}
```

`plates` counts the rows in `states`: `found`, `nothing known`, `refused`, `no answer`, `not asked`,
`invalid`, `skipped`; they add up to `rows`, and `plates` are the different ones among them, of which
`resumed` had been asked by an interrupted run. `overdue-violations` names under `saved` the bytes as they
arrived (`null` where nothing was asked) and says under `error` what is missing and what to do. Where
nothing could start, the object is that of `check` and `push` with `error` at the top.
"""
"""For the reference: what ``--json`` prints."""


def _shared(host: str) -> Callable[[Command], Command]:
    """Return what gives a command the options of all pulls; ``host`` names the one for the host."""
    options = (
        click.option(
            "--workspace",
            type=_FILE,
            metavar="DIR",
            help="Folder to work in. Default: the nearest one upwards with an opscom.yaml, else this "
            "one.",
        ),
        click.option(host, metavar="URL", help="Where to ask."),
        click.option(
            "--client", metavar="CODE", help="Client code of your OPSCOM, exactly as given."
        ),
        click.option(
            "--results", type=_FILE, metavar="DIR", help="Folder for workbooks. Default: results/."
        ),
        click.option(
            "--sandbox",
            is_flag=True,
            help="Ask an OPSCOM that runs inside this command, to rehearse. Needs no token.",
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON object, for other programs."
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            help="Longest wait for the whole answer. Default: 60; for overdue-violations the longest "
            "wait for its next byte, by default 600.",
        ),
    )

    def give(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return give


@click.group()
def pull() -> None:
    """Ask OPSCOM for what it holds, and write a workbook of it."""


@pull.command("user-types")
@_shared("--host")
def user_types(**options: Any) -> int:  # noqa: ANN401 - click's own
    """List OPSCOM's user types, and keep them in the workspace.

    A mapping with `lookup: user-types` finds their ids by name, without a network.
    """
    from importer.cli.pulling import Wishes, pull_user_types

    return pull_user_types(Wishes(**options))


@pull.command("permit-stats")
@_shared("--host")
@click.option("--zones", default="", metavar='"A,B"', help="Only these zones, separated by commas.")
def permit_stats(zones: str, **options: Any) -> int:  # noqa: ANN401 - click's own
    """Count the permits in OPSCOM by type and zone."""
    from importer.cli.pulling import Wishes, pull_permit_stats

    return pull_permit_stats(Wishes(**options), zones)


@pull.command("overdue-violations")
@_shared("--host")
@click.option("--yes", is_flag=True, help="Do not ask: mark them as sent to collections.")
@click.option(
    "--from",
    "saved",
    type=_FILE,
    metavar="FILE",
    help="Ask nothing; make the workbook once more from the bytes that an earlier call saved.",
)
def overdue_violations(*, yes: bool, saved: Path | None, **options: Any) -> int:  # noqa: ANN401
    """Take over the overdue violations. OPSCOM marks them as SENT TO COLLECTIONS.

    No later call returns them again, so the answer is saved byte by byte before it is read, under a
    name that is never overwritten, and nothing is ever asked twice.
    """
    from importer.cli.pulling import Wishes, pull_overdue, rebuild_overdue

    wishes = Wishes(**options)
    return pull_overdue(wishes, yes=yes) if saved is None else rebuild_overdue(wishes, saved)


@pull.command("plates")
@click.argument("file", type=_FILE)
@_shared("--plate-host")
@click.option(
    "--mapping",
    type=_FILE,
    metavar="FILE",
    help="Mapping whose endpoint is plates. Default: the one that fits.",
)
@click.option("--column", metavar="NAME", help="Header of the column with the plates, instead.")
@click.option("--sheet", metavar="NAME", help="Take only this sheet of the workbook.")
@click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of a text file, where it is not found rightly by itself (cp1252, utf-8, …).",
)
@click.option(
    "--journal",
    type=_FILE,
    metavar="FILE",
    help="Answers of an unfinished batch lie beside it. Default: journal.sqlite in the workspace.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Plates under way at once. Default: 4.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Plates per second at most, repeats included.",
)
def plates(
    file: Path,
    mapping: Path | None,
    column: str | None,
    **options: Any,  # noqa: ANN401 - click's own
) -> int:
    """Look up the plates of a spreadsheet: permits, expiry, alarm, do-not-ticket notes.

    FILE is a workbook or text file. Every plate is asked for once, many side by side. Run the same
    command again after an interruption: plates that have an answer are not asked for again.
    """
    from importer.cli.pulling import Wishes, pull_plates

    return pull_plates(file, mapping, column, Wishes(**options))
