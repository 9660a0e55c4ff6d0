"""Which system rows go to: the journal's records of one OPSCOM, and whether a new name is the same one."""

from __future__ import annotations

import click

from importer.cli.options import Options
from importer.cli.setting import Access
from importer.cli.terminal import is_interactive, say
from importer.compare import Past
from importer.delivery.http import is_loopback
from importer.delivery.journal import Journal
from importer.delivery.memory import SANDBOX, Memory, System
from importer.errors import UsageError


def find_past(journal: Journal, access: Access, options: Options) -> Past:
    """Return the system whose records count, asking where host or client code are new to the journal."""
    system = SANDBOX if access.sandbox else System(access.host.rstrip("/"), access.client)
    memory = journal.memory
    if not options.new_system:
        for other in _maybe_same(memory, system):
            if options.same_system or _is_same(system, other):
                return Past(system, memory.system(other), memory, journal, same_as=other)
    return Past(system, memory.system(system), memory, journal)


def new_names(memory: Memory, system: System) -> tuple[str, ...]:
    """Return what a push would ask about host and client code, as a note."""
    asks = "A push asks whether that is the same OPSCOM; here all rows count as new."
    return tuple(
        f"{_difference(system, other)} {asks}" for other in _maybe_same(memory, system)[:1]
    )


def _maybe_same(memory: Memory, system: System) -> tuple[System, ...]:
    """Return the systems that may be this one under another name, the most alike first.

    Nothing was sent to this one yet. Loopback addresses are other OPSCOMs for each port.
    """
    used = memory.used()
    if system == SANDBOX or system in used:
        return ()
    spelled = [other for other in used if other.is_spelled_like(system)]
    here = [other for other in spelled if other.host == system.host]
    away = [other for other in spelled if other.host != system.host]
    remote = [o for o in away if not (is_loopback(o.host) or is_loopback(system.host))]
    others = [other for other in used if other.host == system.host and other not in here]
    return (*here, *remote, *others)


def _difference(system: System, other: System) -> str:
    """Say what is new about a system beside one that the journal knows."""
    changed = [f"the host is {system.host}"] if system.host != other.host else []
    if system.client != other.client:
        only = ", which differs only in dashes, underscores or capitals"
        like = only if system.is_spelled_like(other) else ""
        changed.append(f"the client code is {system.client}{like}")
    return f"{other.client} was pushed to {other.host} before, and now {' and '.join(changed)}."


def _is_same(system: System, other: System) -> bool:
    question = _difference(system, other)
    if not is_interactive():
        raise UsageError(
            f"{question} Nobody is here to say whether that is the same OPSCOM.",
            hint="Give `push` --same-system (what was sent there counts here) or --new-system (it does not).",
        )
    say(question)
    return click.confirm("Is that the same OPSCOM, so that what was sent there counts?", err=True)
