"""``opscom-import pull``: the read endpoints."""

from __future__ import annotations

from pathlib import Path

import click

from importer.cli.options import Common, Pacing, pacing, some_of_common, waiting

_FILE = click.Path(path_type=Path)

JSON_SHAPES = """`pull` prints an object of its own for each endpoint:

```json
{"exit_code": 0, "user_types": [{"id": "1", "type_name": "Full Time Student", "ext_info": "Student"}],
 "kept": "user-types.json", "results": "results/user-types.xlsx"}
{"exit_code": 0, "data": [{"type": "standard", "zone": "Lot 4", "total": "4"}], "missing_zones": [],
 "results": "results/permit-stats.xlsx"}
{"exit_code": 0, "stopped": null, "source": "cars.xlsx", "mapping": "--column Plate", "rows": 600,
 "plates": 580, "states": {"found": 590, "nothing known": 10}, "results": "results/cars-plates.xlsx",
 "error": null}
{"exit_code": 0, "saved": "results/overdue-violations 2026-11-22 14-05-09.json",
 "results": "results/overdue-violations 2026-11-22 14-05-09.xlsx",
 "counts": {"Violations": 12, "Details": 12, "Vehicles": 11, "Drivers": 13, "Attachments": 4}, "error": null}
```

`plates` counts the rows in `states`: `found`, `nothing known`, `refused`, `no answer`, `not asked`,
`invalid`, `skipped`; they add up to `rows`, and `plates` are the different ones among them.
`overdue-violations` names under `saved` the bytes as they arrived (`null` where nothing was asked) and says
under `error` what is missing and what to do. Where nothing could start, the object is that of `check` and
`push` with `error` at the top.
"""
"""For the reference: what ``--json`` prints."""

_sandbox = click.option(
    "--sandbox",
    is_flag=True,
    help="Ask an OPSCOM that runs inside this command, to rehearse. Needs no token.",
)
_asking = some_of_common("workspace", "host", "client", "results", "as_json")


@click.group()
def pull() -> None:
    """Ask OPSCOM for what it holds, and write a workbook of it."""


@pull.command("user-types")
@_asking
@waiting
@_sandbox
def user_types(common: Common, pacing: Pacing, *, sandbox: bool) -> int:
    """List OPSCOM's user types, and keep them in the workspace.

    A mapping with `lookup: user-types` finds their ids by name, without a network.
    """
    from importer.cli.pulling import calling, pull_user_types

    with calling(common, pacing, sandbox=sandbox) as call:
        return pull_user_types(call)


@pull.command("permit-stats")
@_asking
@waiting
@_sandbox
@click.option("--zones", default="", metavar='"A,B"', help="Only these zones, separated by commas.")
def permit_stats(common: Common, pacing: Pacing, *, sandbox: bool, zones: str) -> int:
    """Count the permits in OPSCOM by type and zone."""
    from importer.cli.pulling import calling, pull_permit_stats

    with calling(common, pacing, sandbox=sandbox) as call:
        return pull_permit_stats(call, zones)


@pull.command("overdue-violations")
@_asking
@waiting
@_sandbox
@click.option("--yes", is_flag=True, help="Do not ask: mark them as sent to collections.")
@click.option(
    "--from",
    "saved",
    type=_FILE,
    metavar="FILE",
    help="Ask nothing; make the workbook once more from the bytes that an earlier call saved.",
)
def overdue_violations(
    common: Common, pacing: Pacing, *, sandbox: bool, yes: bool, saved: Path | None
) -> int:
    """Take over the overdue violations. OPSCOM marks them as SENT TO COLLECTIONS.

    No later call returns them again, so the answer is saved byte by byte before it is read, under a
    name that is never overwritten, and nothing is ever asked twice. The call is given up where no byte
    comes for --timeout seconds, 600 unless you say otherwise.
    """
    from importer.cli.pulling import calling, may_mark, pull_overdue, rebuild_overdue

    if saved is not None:
        return rebuild_overdue(common, saved, sandbox=sandbox)
    may_mark(yes=yes or sandbox)
    with calling(common, pacing, sandbox=sandbox) as call:
        return pull_overdue(call, yes=yes or sandbox)


@pull.command("plates")
@click.argument("file", type=_FILE)
@some_of_common("workspace", "mapping", "sheet", "client", "encoding", "results", "as_json")
@click.option("--plate-host", metavar="URL", help="Where plates are validated.")
@click.option("--column", metavar="NAME", help="Header of the column with the plates, instead.")
@pacing
@_sandbox
def plates(  # noqa: PLR0913 - one parameter an option
    common: Common,
    pacing: Pacing,
    *,
    file: Path,
    plate_host: str | None,
    column: str | None,
    sandbox: bool,
) -> int:
    """Look up the plates of a spreadsheet: permits, expiry, alarm, do-not-ticket notes.

    FILE is a workbook or text file. Every plate is asked for once, many side by side. The mapping is
    one whose endpoint is plates; --column takes its place. After an interruption run the same command
    again: asking twice changes nothing.
    """
    from importer.cli.pulling import calling, pull_plates
    from importer.errors import UsageError

    if common.mapping and column is not None:
        raise UsageError("--mapping and --column both say where the plates are. Give one of them.")
    with calling(common, pacing, sandbox=sandbox, plate_host=plate_host, plates=True) as call:
        return pull_plates(call, file, column)
