"""All that a push asks for before the first row is sent."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.annotating import Place, prove_workbooks
from importer.causes import causes_of
from importer.cli.access import Access, find_system, interruptible, open_access
from importer.cli.running import Setting, order_for, settle_setting
from importer.cli.terminal import is_interactive, progress, say, say_causes
from importer.comparing import Compared, compare, guard, recognise, remembered
from importer.delivery.http import Controller
from importer.delivery.journal import Journal
from importer.delivery.pace import Pace
from importer.delivery.policy import MANNERS
from importer.delivery.pusher import Conditions
from importer.delivery.stops import Breaker, Stopper
from importer.errors import PushStopped, UsageError, plain
from importer.lost_runs import Lost, find_lost, hold_creates, learn, leave_aside
from importer.preparing import Job, Order, overrule_files, prepare
from importer.run import Delivery
from importer.run import push as push_rows
from importer.settings import Given

if TYPE_CHECKING:
    from importer.cli.options import Common, Pacing
    from importer.report import Report
DELETES = "permit-deletes"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What only a push can wish; see the help of each option."""

    pacing: Pacing
    sandbox: bool = False
    yes: bool = False
    limit: int | None = None
    again: bool = False
    keep: bool = False
    same_system: bool = False
    new_system: bool = False
    different_file: bool = False


def push_files(paths: tuple[Path, ...], common: Common, wishes: Wishes) -> Report:
    """Check spreadsheets, ask, and send."""
    if not (wishes.yes or wishes.sandbox or is_interactive()):
        raise UsageError(
            "Nobody is here to be asked before rows are sent.",
            hint="Give --yes to send without asking, or --sandbox to rehearse.",
        )
    given = Given(
        host=common.host,
        client=common.client,
        workers=wishes.pacing.workers,
        rate=wishes.pacing.rate,
        timeout=wishes.pacing.timeout,
    )
    setting = settle_setting(paths, common, given)
    named = {path.resolve() for path in paths if path.is_file()}
    with ExitStack() as stack:
        access = open_access(setting, stack, sandbox=wishes.sandbox)
        order = _order(setting, common, wishes, sandbox=access.sandbox)
        jobs = prepare(order, today=dt.datetime.now().astimezone().date())
        _refuse_again(order, [job.endpoint for job in jobs])
        journal = stack.enter_context(Journal(setting.journal))
        if journal.lost:
            lost = (
                "answer to 1 row is" if journal.lost == 1 else f"answers to {journal.lost} rows are"
            )
            say(f"An earlier run was ended by force; the {lost} lost.")
        chosen = find_system(journal, access, same=wishes.same_system, new=wishes.new_system)
        number = chosen.number
        jobs = recognise(jobs, journal.memory, chosen.system, number)
        if common.sheet is None and any(job.origin for job in jobs):
            number = chosen.enter(journal)
            learn(jobs, journal, number)
        jobs = remembered(jobs, journal.memory, number)
        if not wishes.different_file:
            jobs = guard(jobs, journal.memory, number)
        jobs = prove_workbooks(jobs, order.results)
        jobs = overrule_files(jobs)
        planned = compare(jobs, journal.memory, number, again=order.again)
        unknown: Lost = ()
        if not access.sandbox and any(MANNERS[each.job.endpoint].creates for each in planned):
            unknown = find_lost(order.results, journal.memory, chosen.system, number)
        if not wishes.new_system:
            jobs, planned = hold_creates(jobs, planned, unknown, chosen.system)
        if not (wishes.sandbox or is_interactive()):
            jobs, planned = _hold_deletes(jobs, planned, named)
        _say_plan(access, jobs, planned, wishes.limit)
        _confirm(planned, wishes, named)
        number = chosen.enter(journal)
        if wishes.new_system:
            leave_aside(unknown, journal, number)
        controller = Controller(
            access.host, access.client, access.token, timeout=setting.settings.timeout
        )
        stopper = Stopper()
        conditions = Conditions(
            controller,
            Pace(rate=setting.settings.rate),
            stopper,
            Breaker(stopper),
            setting.settings.workers,
        )
        place = Place(
            access.host, access.client, sandbox=access.sandbox, moment=journal.memory.moment
        )
        watch = stack.enter_context(progress())
        stack.enter_context(interruptible(stopper))
        return push_rows(
            order, jobs, planned, Delivery(journal, chosen.system, number, conditions, place, watch)
        )


def _order(setting: Setting, common: Common, wishes: Wishes, *, sandbox: bool) -> Order:
    order = order_for(setting, common, sandbox=sandbox)
    keep = wishes.keep or sandbox or not setting.workspace.own
    return dataclasses.replace(
        order,
        limit=wishes.limit,
        again=wishes.again,
        archive=None if keep else setting.workspace.archive,
        inbox=setting.workspace.inbox,
    )


def _refuse_again(order: Order, endpoints: Sequence[str]) -> None:
    others = {endpoint for endpoint in endpoints if endpoint} - {"users", "permit-updates"}
    if order.again and others:
        raise UsageError(
            f"--again is for users and permit-updates only; {', '.join(sorted(others))} would be "
            "created or deleted twice."
        )


def _say_plan(
    access: Access, jobs: Sequence[Job], planned: Sequence[Compared], limit: int | None
) -> None:
    """Say what is about to be sent and where."""
    where = "the sandbox on this machine" if access.sandbox else access.host
    say(f"To {where}, client code {access.client}:")
    for job in jobs:
        if job.error is not None:
            say(f"  {job.path.name}: left out, see below")
    told: set[tuple[Path, str]] = set()
    for each in planned:
        sheet = each.checked.batch.sheet
        name = sheet.source.name if sheet.name is None else f"{sheet.source.name}, {sheet.name}"
        mapping, endpoint = each.checked.batch.mapping, each.job.endpoint
        rows = "1 row" if len(sheet.frame) == 1 else f"{len(sheet.frame)} rows"
        say(f"  {name}: {len(each.plan.send)} of {rows} to send as {endpoint} (mapping {mapping})")
        for note in each.notes:
            if (each.job.path, note) not in told:
                say(f"  Note: {note}")
            told.add((each.job.path, note))
        say_causes(causes_of([each.checked]))
    if limit is not None and limit < sum(len(each.plan.send) for each in planned):
        say(f"  Of these only the first {limit}, as --limit says")


def _confirm(planned: Sequence[Compared], wishes: Wishes, named: Collection[Path]) -> None:
    """Ask before the first row is sent.

    Raises:
        PushStopped: The person said no.
        UsageError: Permits are to be deleted and nobody is here to be asked.
    """
    total = deletes = 0
    for each in planned:
        send = len(each.plan.send)
        total += send
        if each.job.endpoint == DELETES and not (wishes.yes and each.job.path.resolve() in named):
            deletes += send
    if wishes.limit is not None:
        total, deletes = min(total, wishes.limit), min(deletes, wishes.limit)
    if wishes.sandbox or not total:
        return
    if deletes:
        _confirm_deletes(deletes)
    if not wishes.yes and not click.confirm(
        "Send 1 row?" if total == 1 else f"Send {total} rows?", err=True
    ):
        raise PushStopped("Nothing was sent.", hint="Run the command again when you are ready.")


def _hold_deletes(
    jobs: Sequence[Job], planned: Sequence[Compared], named: Collection[Path]
) -> tuple[tuple[Job, ...], tuple[Compared, ...]]:
    """Put files of deletes that nobody named in error, where nobody can type the number.

    The other files go on; a run that has nothing else to do is refused as a whole (see ``_confirm``).
    """
    held = {
        each.job.path: len(each.plan.send)
        for each in planned
        if each.job.endpoint == DELETES and each.plan.send and each.job.path.resolve() not in named
    }
    if all(job.path in held or job.error is not None for job in jobs):
        return tuple(jobs), tuple(planned)
    spared = tuple(
        Job(job.path, error=plain(f"{job.path.name}: {_nobody_deletes(held[job.path])}"))
        if job.path in held
        else job
        for job in jobs
    )
    return spared, tuple(each for each in planned if each.job.path not in held)


def _nobody_deletes(number: int) -> str:
    permits = "1 permit" if number == 1 else f"{number} permits"
    return (
        f"{permits} would be deleted, and nobody is here to be asked. Name the file itself as PATH and "
        "give --yes."
    )


def _confirm_deletes(number: int) -> None:
    """Have the person type how many permits are to be deleted."""
    permits = "1 permit" if number == 1 else f"{number} permits"
    if not is_interactive():
        raise UsageError(_nobody_deletes(number))
    say(f"{permits} will be deleted in OPSCOM. That cannot be undone.")
    typed = click.prompt(f"Type {number} to delete them", default="", show_default=False, err=True)
    if str(typed).strip() != str(number):
        raise PushStopped("Nothing was sent.", hint="Run the command again when you are ready.")
