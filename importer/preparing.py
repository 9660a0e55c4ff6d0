"""The first half of the line, for every file: read → map → check. Opens no socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.checking import check, check_sheets, overrule
from importer.choosing import choose
from importer.errors import ImporterError, InputError, MappingError, failure
from importer.mapping import apply_mapping, load_mapping
from importer.reading import read_source
from importer.text import count
from schemas import TABLES

if TYPE_CHECKING:
    from importer.mapping import Mapping as Rules
    from importer.model import Checked, Origin

PUSHED_ENDPOINTS = ("users", "vehicles", "permits", "permit-updates", "permit-deletes")
"""In the order in which they are pushed: what others lean on goes first."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the person asked for."""

    files: tuple[Path, ...]
    mappings: tuple[Path, ...]
    named: bool
    """Whether the person named the mappings."""
    results: Path
    """The folder for workbooks."""
    sheet: str | None = None
    encoding: str | None = None
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    user_types: Mapping[str, str] | None = None
    """Name → id of OPSCOM's user types, as kept; ``None`` where they were never pulled."""
    limit: int | None = None
    again: bool = False
    archive: Path | None = None
    """Where files of ``inbox`` go that are done; ``None`` keeps them."""
    inbox: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way along the line."""

    path: Path
    digest: str = ""
    """SHA-256 of the source; of the first source where this is a results workbook."""
    mapping: Rules | None = None
    sheets: tuple[Checked, ...] = ()
    doubts: tuple[str, ...] = ()
    origin: Origin | None = None
    """Only for a results workbook that is given back."""
    error: str | None = None
    """Why the file cannot be read or mapped; then there are no sheets."""
    content: str = ""
    """SHA-256 of the bytes that were read."""

    @property
    def first(self) -> Path:
        """The first source's path; of a results workbook only its name is right."""
        file = self.origin.file if self.origin else ""
        if self.path.stem.casefold().endswith(("-results", "-checked")):
            # A name that we gave holds the first stem already, also where two files share one.
            return self.path
        return self.path.with_name(Path(file).name) if file else self.path

    @property
    def endpoint(self) -> str:
        """The endpoint its rows go to; empty for a file in error."""
        return "" if self.mapping is None else self.mapping.endpoint


def prepare(order: Order, *, today: dt.date) -> tuple[Job, ...]:
    """Read, map and check all files, in the order in which they are pushed. Opens no socket.

    A file that cannot be read or mapped becomes a job with its error, and so does a mapping with
    faults; the others go on.

    Raises:
        MappingError: All mappings that the person named have faults.
    """
    mappings: list[Rules] = []
    faults: list[tuple[Path, MappingError]] = []
    for path in order.mappings:
        try:
            mappings.append(load_mapping(path))
        except MappingError as error:
            faults.append((path, error))
    if order.named and not mappings:
        raise MappingError(*(line for _, error in faults for line in str(error).split("\n")))
    jobs = [Job(path, error=str(error)) for path, error in faults]
    jobs += [_prepare_file(path, mappings, order, today) for path in order.files]
    ranks = {endpoint: rank for rank, endpoint in enumerate(("", *PUSHED_ENDPOINTS))}
    sources = {job.digest for job in jobs if job.origin is None}
    # What a person corrected in the workbook of a file counts more than the file itself.
    corrects = {job.path: job.origin is not None and job.digest in sources for job in jobs}
    return tuple(sorted(jobs, key=lambda job: (ranks[job.endpoint], corrects[job.path])))


def overrule_files(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Mark the rows whose record a later file of the run holds with other values, and note both files.

    Args:
        jobs: All files in the order in which they are pushed, those in error as such.
    """
    found = list(jobs)
    for endpoint in PUSHED_ENDPOINTS:
        places = [at for at, job in enumerate(jobs) if job.sheets and job.endpoint == endpoint]
        if not places[1:]:
            continue
        sheets, counts = overrule([jobs[at].sheets for at in places], TABLES[endpoint])
        for at, marked in zip(places, sheets, strict=True):
            found[at] = replace(jobs[at], sheets=marked)
        for (earlier, later), rows in sorted(counts.items()):
            pair = [found[places[earlier]], found[places[later]]]
            names = [job.path.name for job in pair]
            note = (
                f"{names[0]} and {names[1]} hold {count(rows, 'record')} with different values: "
                f"{names[1]} is the later file and counts; the other values are not sent."
            )
            for at, job in zip((earlier, later), pair, strict=True):
                found[places[at]] = replace(job, doubts=(*job.doubts, note))
    return tuple(found)


def _prepare_file(path: Path, mappings: Sequence[Rules], order: Order, today: dt.date) -> Job:
    """Read, map and check a file; whatever fails is that file's error."""
    try:
        return _checked_file(path, mappings, order, today)
    except ImporterError as error:
        return Job(path, error=str(error))
    except MemoryError:
        why = "this machine has too little memory for the file. Close other programs, or split it into several."
        return Job(path, error=f"{path.name}: {why}")
    except Exception as error:  # noqa: BLE001 - a file costs itself alone, whatever it is
        why = f"this program failed at the file ({failure(error)}). Open it in Excel, save it as a new "
        why += "workbook (.xlsx) and try that; if it fails too, report this line."
        return Job(path, error=f"{path.name}: {why}")


def _checked_file(path: Path, mappings: Sequence[Rules], order: Order, today: dt.date) -> Job:
    source = read_source(path, encoding=order.encoding)
    chosen = choose(source, mappings, named=order.named, sheet=order.sheet)
    rules = chosen.mapping
    if rules.encoding and not order.encoding and source.container == "text":
        source = read_source(path, encoding=rules.encoding)
        chosen = choose(source, mappings, named=order.named, sheet=order.sheet)
    if rules.endpoint not in PUSHED_ENDPOINTS:
        raise InputError(
            f"{path.name} fits {rules.path.name}, whose endpoint {rules.endpoint} takes no rows "
            "to push.",
            hint="Ask for them with `opscom-import pull plates`.",
        )
    table, required = TABLES[rules.endpoint], order.required.get(rules.endpoint, ())
    types = order.user_types
    batches = [
        apply_mapping(rules, sheet, user_types=types, today=today) for sheet in chosen.sheets
    ]
    checked = check_sheets(
        [check(batch, table, required=required, today=today) for batch in batches], table
    )
    digest = source.origin.digest if source.origin and source.origin.digest else source.digest
    doubts = (*source.doubts, *chosen.doubts)
    return Job(path, digest, rules, checked, doubts, source.origin, content=source.digest)
