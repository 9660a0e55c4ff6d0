"""``opscom-import settle``."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from importer.cli.options import PACING, READING, Options, taking
from importer.cli.setting import find_past, find_setting, open_access, open_journal
from importer.cli.terminal import show_report
from importer.delivery.memory import Unsettled
from importer.model import State
from importer.prepare import SETTLE
from importer.report import Report
from importer.run import run
from importer.schema import Resend
from importer.text import count
from schemas import POLICIES

LOOKED_UP = {e for e, policy in POLICIES.items() if policy.resend is Resend.NEVER}
"""The endpoints whose rows are looked up by their plate."""
NO_PLATE_HOST = (
    "No plate host is set, so permits could not be looked up by their plate. Ask OPSCOM for it, and write it "
    "as `plate_host:` into opscom.yaml, or give --plate-host."
)


@click.command()
@taking(*READING, "plate_host", "sandbox", *PACING)
def settle(options: Options) -> int:
    """Find out what became of rows that are unknown: sent, and the answer was lost.

    PATH is a results workbook; without one all that the journal knows of are settled. A vehicle is
    sent once more, because OPSCOM then says whether it is there; a permit is looked up by its plate;
    for the rest write the id, yes or no into opscom_answer of the results workbook and name it here.
    Nothing is created twice, and what is still to be sent only `push` sends.
    """
    return show_report(_settle(options), options, looked=True)


def _settle(options: Options) -> Report:
    setting = find_setting(options, only_named=True)
    with ExitStack() as stack:
        setting = open_access(setting, stack)
        journal = open_journal(setting, stack)
        past = find_past(journal, setting).entered()
        files, every = setting.files, not options.paths
        if every:
            unsettled = journal.memory.unsettled(past.known_number)
            if not unsettled:
                return _nothing(journal.memory.unsettled_elsewhere(past.known_number))
            files = _workbooks(unsettled)
        report = Report("", ())
        if files:
            request = replace(setting, files=files).request(SETTLE)
            report = run(request, lambda _: past, lambda *_: setting.deliver(stack, look_up=True))
        blind = not setting.settings.plate_host and any(
            dict(sheet.states).get(State.UNKNOWN, 0) > sheet.resent and sheet.endpoint in LOOKED_UP
            for sheet in report.sheets
        )
        rest = _left(journal.memory.unsettled(past.known_number), report) if every else ()
    notes = (*rest, *report.notes, *((NO_PLATE_HOST,) if blind else ()))
    return replace(report, notes=notes, unknown=len(rest))


def _nothing(elsewhere: Sequence[tuple[str, str, int]]) -> Report:
    """Report that nothing is unknown here, and what is at other hosts."""
    notes: list[str] = []
    for host, client, number in elsewhere:
        rows = f"{count(number, 'row')} {'is' if number == 1 else 'are'}"
        notes.append(f"{rows} unknown at {host}, client code {client}: give --host and --client.")
    lost = sum(number for *_, number in elsewhere)
    notes = notes or ["No row is unknown; there is nothing to settle."]
    return Report("", (), notes=tuple(notes), unknown=lost)


def _workbooks(unsettled: Sequence[Unsettled]) -> tuple[Path, ...]:
    """Return the workbooks, as far as they are there, of the rows that a look may settle."""
    paths = (
        Path(each.results) for each in unsettled if each.results and POLICIES[each.endpoint].creates
    )
    return tuple(dict.fromkeys(path for path in paths if path.is_file()))


def _left(unsettled: Sequence[Unsettled], report: Report) -> tuple[str, ...]:
    """Say of the rows that are unknown still and that no workbook of this run shows how each goes on."""
    shown = {(sheet.endpoint, identity) for sheet in report.sheets for identity in sheet.unknown}
    notes: list[str] = []
    for each in unsettled:
        where = f"{each.source}, row {each.row} ({each.endpoint}, sent {each.sent[:16]})"
        if not POLICIES[each.endpoint].creates:
            what = "the workbook that says update" if each.listed else "the file"
            notes.append(f"{where}: push {what} again; that settles it.")
        elif (each.endpoint, each.identity) not in shown:
            notes.append(
                f"{where}: no results workbook that is known here shows it. Settle an older one that does, "
                "or push the file again as it was then, and settle the workbook that is written."
            )
    return tuple(notes)
