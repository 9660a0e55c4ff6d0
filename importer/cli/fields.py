"""``opscom-import fields``."""

from dataclasses import asdict

import click
from rich import box
from rich.console import Console
from rich.table import Table as Shown

from importer.cli.options import Options, taking
from importer.cli.terminal import emit
from importer.codes import CODES
from importer.schema import Field, Kind, Table
from schemas import TABLES

_WIDTH = 80
_OF_KIND = {
    Kind.ID: "S0012345", Kind.NAME: "Ada", Kind.TEXT: "blue", Kind.PLATE: "ABCD 123", Kind.EMAIL: "ada@uni.example",
    Kind.PHONE: "613 555 0123", Kind.PROVINCE: "ON", Kind.POSTAL: "K1A 0B1", Kind.NUMBER: "7", Kind.YEAR: "2021",
    Kind.DATE: "2004-02-29", Kind.DATETIME: "2026-09-01T08:00:00", Kind.AMOUNT: "14.50", Kind.CURRENCY: "CAD",
    Kind.VIN: "1HGCM82633A004352",
}  # fmt: skip
_OF_NAME = {
    "login_source": "OPSCOM", "last_name": "Quill", "user_name": "aquill", "street": "12 Main St", "street2": "Unit 4",
    "city": "Ottawa", "city2": "Gatineau", "plateType": "Passenger", "prov": "ON", "make": "Honda", "type": "Sedan",
    "zone": "Lot 4", "endTime": "2026-12-20T18:00:00",
}  # fmt: skip


@click.command()
@click.argument("endpoint", required=False, type=click.Choice(list(TABLES)), metavar="[ENDPOINT]")
@click.option("--codes", is_flag=True, help="Show OPSCOM's error codes and what to do about each.")
@taking("as_json")
def fields(options: Options, *, endpoint: str | None, codes: bool) -> int:
    """Show the fields that OPSCOM documents: limits, codes, an example, and names that a mapping may use.

    ENDPOINT is users, vehicles, permits, permit-updates, permit-deletes or plates; without one all
    are shown.
    """
    tables = [table for name, table in TABLES.items() if endpoint in {None, name}]
    if options.as_json:
        shapes: dict[object, object] = {table.endpoint: _as_json(table) for table in tables}
        emit({number: asdict(code) for number, code in CODES.items()} if codes else shapes)
        return 0
    paper = Console(highlight=False, width=_WIDTH)
    for shown in [_codes()] if codes else map(_show, tables):
        paper.print(shown)
    return 0


def example(known: Field) -> str:
    """Return a value that a field takes."""
    return _OF_NAME.get(known.name) or _OF_KIND[known.kind]


def _as_json(table: Table) -> dict[str, object]:
    names = ("name", "aliases", "title", "limit", "codes")
    lines = [
        {n: getattr(known, n) for n in names}
        | {"need": table.need_of(known), "example": example(known)}
        for known in table.fields
    ]
    return {"path": table.path, "source": table.source, "fields": lines}


def _show(table: Table) -> Shown:
    title = f"{table.endpoint}  POST {table.path}"
    shown = Shown(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=True)
    # Names are copied into a mapping: they stand in one piece, whatever becomes of the others.
    shown.add_column("field, or", no_wrap=True)
    shown.add_column("what it is", ratio=1)
    shown.add_column("example", no_wrap=True)
    shown.add_column("codes", width=9)
    for known in table.fields:
        what = f"{known.title}: {table.need_of(known)}, {known.limit}"
        names = "\n".join((known.name, *known.aliases))
        shown.add_row(names, what, example(known), " ".join(map(str, known.codes)))
    return shown


def _codes() -> Shown:
    shown = Shown(title="OPSCOM's error codes", title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("code", "means", "what to do", "what a push makes of it"):
        shown.add_column(heading, overflow="fold")
    for code in CODES.values():
        shown.add_row(str(code.number), code.means, code.remedy, code.effect.value)
    return shown
