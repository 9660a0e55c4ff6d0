"""``opscom-import settle``."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli.options import Common, Pacing, common, pacing, paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.delivery.memory import Unsettled
    from importer.report import Report
    from importer.run import Delivery


@click.command(short_help="Find out what became of rows whose answer was lost.")
@paths
@common
@click.option("--plate-host", metavar="URL", help="Where plate validation is, to look permits up.")
@click.option("--sandbox", is_flag=True, help="Settle rows that went to the sandbox.")
@pacing
def settle(
    paths: tuple[Path, ...],
    common: Common,
    pacing: Pacing,
    *,
    plate_host: str | None,
    sandbox: bool,
) -> int:
    """Find out what became of rows that are unknown: sent, and the answer was lost.

    PATH is a results workbook; without one all that the journal knows of are settled. A vehicle is
    sent once more, because OPSCOM then says whether it is there; a permit is looked up by its plate;
    for the rest write the id, yes or no into opscom_answer of the results workbook and name it here.
    Nothing is created twice, and what is still to be sent only `push` sends.
    """
    from importer.cli.terminal import options_again, show_report

    report = _settle(paths, common, pacing, plate_host=plate_host, sandbox=sandbox)
    again = options_again(common, sandbox=sandbox)
    show_report(report, as_json=common.as_json, again=again, looked=True)
    return report.exit_code


def _settle(
    paths: tuple[Path, ...],
    common: Common,
    pacing: Pacing,
    *,
    plate_host: str | None,
    sandbox: bool,
) -> Report:
    from importer.cli.access import find_past, open_access, open_journal
    from importer.cli.setting import find_setting, given_by, request_for
    from importer.prepare import SETTLE
    from importer.report import Report
    from importer.run import run

    given = replace(given_by(common, pacing), plate_host=plate_host)
    setting = find_setting(paths, common, given, may_lack_files=True)
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=sandbox)
        journal = open_journal(setting, stack)
        past = find_past(journal, access).entered()
        files, rest = setting.files, Report("", ())
        if not paths:
            unsettled = journal.memory.unsettled(past.known_number)
            elsewhere = journal.memory.unsettled_elsewhere(past.known_number)
            files, rest = _workbooks(unsettled, elsewhere)
        if not files:
            return rest
        request = request_for(SETTLE, setting, common, sandbox=access.sandbox, files=files)

        def begin(*_: object) -> Delivery:
            return access.deliver(setting, stack, look_up=True)

        report = run(request, access.place, lambda _: past, begin)
    return replace(report, notes=rest.notes + report.notes, unknown=rest.unknown)


def _workbooks(
    unsettled: Sequence[Unsettled], elsewhere: Sequence[tuple[str, str, int]]
) -> tuple[tuple[Path, ...], Report]:
    """Return the workbooks of the rows that are unknown, and of the others how each goes on."""
    from importer.report import Report
    from importer.text import count
    from schemas import POLICIES

    if not unsettled and not elsewhere:
        return (), Report("", (), notes=("No row is unknown; there is nothing to settle.",))
    notes: list[str] = []
    if not unsettled:
        for host, client, number in elsewhere:
            rows = f"{count(number, 'row')} {'is' if number == 1 else 'are'}"
            notes.append(
                f"{rows} unknown at {host}, client code {client}: give --host and --client."
            )
        return (), Report("", (), notes=tuple(notes), unknown=sum(n for *_, n in elsewhere))
    found: dict[Path, None] = {}
    for each in unsettled:
        where = f"{each.source}, row {each.row} ({each.endpoint}, sent {each.sent[:16]})"
        path = None if each.results is None else Path(each.results)
        if not POLICIES[each.endpoint].creates:
            notes.append(f"{where}: push the file again; that settles it.")
        elif path is None or not path.is_file():
            notes.append(
                f"{where}: its workbook is not there. Push the file again without changing it, and "
                "settle the workbook that is written."
            )
        else:
            found[path] = None
    return tuple(found), Report("", (), notes=tuple(notes), unknown=len(notes))
