"""``opscom-import fields``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from importer.schema import Table

_WIDE = 160
"""Characters of a line where the output goes into a file or another program."""


@click.command(short_help="Show OPSCOM's fields and error codes.")
@click.argument("endpoint", required=False)
@click.option("--codes", is_flag=True, help="Show OPSCOM's error codes and what to do about each.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for other programs.")
def fields(endpoint: str | None, *, codes: bool, as_json: bool) -> int:
    """Show the fields that OPSCOM documents: limits, codes, and names that a mapping may use.

    ENDPOINT is users, vehicles, permits, permit-updates, permit-deletes or plates; without one all
    are shown.
    """
    from importer.errors import UsageError
    from importer.text import nearest
    from schemas import TABLES

    if endpoint is not None and endpoint not in TABLES:
        near = nearest(endpoint, TABLES)
        raise UsageError(
            f"There is no endpoint {endpoint}.",
            hint=f"Did you mean {near}?" if near else f"There are {', '.join(TABLES)}.",
        )
    if codes:
        _show_codes(as_json=as_json)
    elif as_json:
        names = [endpoint] if endpoint else list(TABLES)
        click.echo(json.dumps({name: _as_json(TABLES[name]) for name in names}, indent=1))
    else:
        for name, table in TABLES.items():
            if endpoint in {None, name}:
                _show_table(table)
    return 0


def _as_json(table: Table) -> dict[str, object]:
    from importer.schema import describe

    return {
        "path": table.path,
        "source": table.source,
        "fields": [
            {
                "name": line.name,
                "aliases": list(line.aliases),
                "title": line.title,
                "need": line.need,
                "limit": line.limit,
                "codes": list(line.codes),
            }
            for line in describe(table)
        ],
    }


def _show_table(table: Table) -> None:
    from rich.table import Table as Shown

    from importer.schema import describe

    shown = Shown(title=f"{table.endpoint}  POST {table.path}", title_justify="left")
    # These are copied into a mapping: they stand in one piece, whatever becomes of the others.
    for heading in ("field", "also accepted"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("OPSCOM's name", "need", "limit", "codes"):
        shown.add_column(heading, overflow="fold")
    for line in describe(table):
        codes = " ".join(map(str, line.codes))
        names = "\n".join(line.aliases)
        shown.add_row(line.name, names, line.title, line.need, line.limit, codes)
    _paper().print(shown)


def _paper() -> Console:
    """Return where tables are printed: as wide as the terminal, or wide where there is none."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def _show_codes(*, as_json: bool) -> None:
    from importer.codes import CODES

    if as_json:
        entries = {
            number: {
                "means": code.means,
                "whose": code.whose.value,
                "remedy": code.remedy,
                "effect": code.effect.value,
            }
            for number, code in CODES.items()
        }
        click.echo(json.dumps(entries, indent=1))
        return
    from rich.table import Table as Shown

    shown = Shown(title="OPSCOM's error codes", title_justify="left")
    for heading in ("code", "means", "whose", "what to do", "what a push makes of it"):
        shown.add_column(heading, overflow="fold")
    for code in CODES.values():
        shown.add_row(
            str(code.number), code.means, code.whose.value, code.remedy, code.effect.value
        )
    _paper().print(shown)
