"""All that ``settle`` needs before it may ask OPSCOM."""

from __future__ import annotations

import dataclasses
import datetime as dt
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from importer.annotating import Place, prove_workbooks
from importer.cli.access import Access, find_system, interruptible, open_access
from importer.cli.running import Setting, order_for, settle_setting
from importer.cli.terminal import progress
from importer.comparing import compare, recognise, remembered
from importer.delivery.http import Connection, Controller, address, trust
from importer.delivery.journal import Journal
from importer.delivery.pace import Pace
from importer.delivery.pusher import Conditions
from importer.delivery.questions import Found, ask, text_of
from importer.delivery.stops import Breaker, Stopper
from importer.lost_runs import learn
from importer.preparing import prepare
from importer.pulls.plate_answers import plate_facts, read_plate, understands_plate
from importer.report import Report
from importer.run import Delivery
from importer.settings import Given
from importer.settling import Inquiry, LookUp, settle
from schemas.plates import PLATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.cli.options import Common, Pacing
    from importer.delivery.journal import Unsettled


def settle_files(
    paths: tuple[Path, ...],
    common: Common,
    pacing: Pacing,
    *,
    plate_host: str | None,
    sandbox: bool,
) -> Report:
    """Settle the rows of results workbooks, or all that the journal knows of."""
    given = Given(
        host=common.host,
        client=common.client,
        plate_host=plate_host,
        workers=pacing.workers,
        rate=pacing.rate,
        timeout=pacing.timeout,
    )
    setting = settle_setting(paths, common, given, may_lack_files=True)
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=sandbox)
        journal = stack.enter_context(Journal(setting.journal))
        chosen = find_system(journal, access)
        number = chosen.enter(journal)
        files, rest = setting.files, Report("", ())
        if not paths:
            files, rest = _workbooks(
                journal.memory.unsettled(number), journal.memory.unsettled_elsewhere(number)
            )
        if not files:
            return rest
        order = order_for(setting, common, sandbox=access.sandbox, files=files)
        jobs = prepare(order, today=dt.datetime.now().astimezone().date())
        jobs = recognise(jobs, journal.memory, chosen.system, number)
        if common.sheet is None:
            learn(jobs, journal, number)
        jobs = remembered(jobs, journal.memory, number)
        jobs = prove_workbooks(jobs, order.results)
        compared = compare(jobs, journal.memory, number)
        controller = Controller(
            access.host, access.client, access.token, timeout=setting.settings.timeout
        )
        stopper = Stopper()
        pace = Pace(rate=setting.settings.rate)
        conditions = Conditions(
            controller, pace, stopper, Breaker(stopper), setting.settings.workers
        )
        place = Place(
            access.host, access.client, sandbox=access.sandbox, moment=journal.memory.moment
        )
        watch = stack.enter_context(progress())
        stack.enter_context(interruptible(stopper))
        delivery = Delivery(journal, chosen.system, number, conditions, place, watch)
        inquiry = Inquiry(_look_up(setting, access, pace, stopper), stopper.wait)
        report = settle(order.results, jobs, compared, delivery, inquiry)
    return dataclasses.replace(report, notes=rest.notes + report.notes, unknown=rest.unknown)


def _workbooks(
    unsettled: Sequence[Unsettled], elsewhere: Sequence[tuple[str, str, int]]
) -> tuple[tuple[Path, ...], Report]:
    """Return the workbooks of the rows that are unknown, and of the others how each goes on."""
    if not unsettled and not elsewhere:
        return (), Report("", (), notes=("No row is unknown; there is nothing to settle.",))
    notes: list[str] = []
    if not unsettled:
        for host, client, count in elsewhere:
            rows = "1 row is" if count == 1 else f"{count} rows are"
            notes.append(
                f"{rows} unknown at {host}, client code {client}: give --host and --client."
            )
        return (), Report("", (), notes=tuple(notes), unknown=sum(count for *_, count in elsewhere))
    found: dict[Path, None] = {}
    for each in unsettled:
        where = f"{each.source}, row {each.row} ({each.endpoint}, sent {each.sent[:16]})"
        path = None if each.results is None else Path(each.results)
        if each.endpoint not in {"vehicles", "permits"}:
            notes.append(f"{where}: push the file again; that settles it.")
        elif path is None or not path.is_file():
            notes.append(
                f"{where}: its workbook is not there. Push the file again without changing it, and "
                "settle the workbook that is written."
            )
        else:
            found[path] = None
    return tuple(found), Report("", (), notes=tuple(notes), unknown=len(notes))


def _look_up(setting: Setting, access: Access, pace: Pace, stopper: Stopper) -> LookUp | None:
    """Return the question for a plate's permits, ``None`` where no plate host is set."""
    host = access.host if access.sandbox else setting.settings.plate_host
    if host is None:
        return None
    connection = Connection(
        address(host, PLATES.path),
        timeout=setting.settings.timeout,
        trusted=trust(host),
        understands=understands_plate,
    )

    def look_up(plate: str) -> list[tuple[str, str]] | None:
        body = {"api_token": access.token, "client": access.client, "plate": plate}
        verdict = ask(lambda: connection.send(body), read_plate, pace, stopper)
        if not isinstance(verdict, Found):
            return None
        permits = plate_facts(verdict.content).permits
        return [(text_of(each.get("shortName")), text_of(each.get("expires"))) for each in permits]

    return look_up
