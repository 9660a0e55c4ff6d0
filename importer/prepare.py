"""What travels along the line, and the first half of it for every file: read → map → check. Opens no socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.checking import check, overrule
from importer.errors import ImporterError, InputError, MappingError, failure
from importer.mapping import Mapping as Rules
from importer.mapping import apply_mapping, load_mapping
from importer.mapping.choosing import choose, new_since
from importer.mapping.load import Rule
from importer.mapping.model import MappingFile, RulePart
from importer.model import RESULT_COLUMNS, Checked, Origin
from importer.reading import read_source, uncollected
from importer.report import Against
from importer.text import count
from schemas import POLICIES, TABLES
from schemas.plates import PLATES

if TYPE_CHECKING:  # `map` needs neither HTTP nor SQLite
    from importer.delivery.journal import Journal
    from importer.delivery.memory import Memory, System, Workbook
    from importer.delivery.planning import Plan

CHECK, PUSH, SETTLE = "check", "push", "settle"
"""The commands that run the line."""
MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384 - len(RESULT_COLUMNS)
"""Records below a header and source columns beside ours that one worksheet of a results workbook can hold
(Excel's specifications and limits)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the person asked for."""

    command: str
    """``check``, ``push`` or ``settle``."""
    files: tuple[Path, ...]
    mappings: tuple[Path, ...]
    named: bool
    """Whether the person named the mappings."""
    results: Path
    """The folder for workbooks."""
    today: dt.date
    host: str = ""
    """Where rows go; empty where a check has no host or client code to name."""
    client: str = ""
    sandbox: bool = False
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
    different_file: bool = False
    """Whether to go on although a file of users looks like a wrong one."""
    new_system: bool = False
    """Whether to create although results workbooks tell of runs that the journal does not know."""
    deletes: frozenset[Path] | None = None
    """Files whose permits may be deleted without asking; ``None`` where a person will be asked."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way along the line."""

    path: Path
    digest: str = ""
    """SHA-256 of the source; of the first source where this is a results workbook."""
    mapping: Rules | None = None
    sheets: tuple[Checked, ...] = ()
    notes: tuple[str, ...] = ()
    origin: Origin | None = None
    """Only for a results workbook that is given back."""
    error: str | None = None
    """Why the file cannot be read or mapped; then there are no sheets."""
    content: str = ""
    """SHA-256 of the bytes that were read."""
    workbook: Path = Path()
    """The name of the workbook that is to be written."""

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


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal knows of the system that a run goes to."""

    system: System
    number: int | None = None
    """The journal's number of it; ``None`` for one whose records are none yet."""
    memory: Memory | None = None
    """``None`` where there is no journal yet."""
    journal: Journal | None = None
    """Open for this run alone; ``None`` for a check."""
    same_as: System | None = None
    """The system under another name whose records count for it."""

    @property
    def opened(self) -> Journal:
        """The journal of a run that writes."""
        if self.journal is None:
            raise AssertionError("a check writes nothing into the journal")
        return self.journal

    @property
    def known_number(self) -> int:
        """The journal's number of a system that is entered."""
        if self.number is None:
            raise AssertionError("the system is not entered yet")
        return self.number

    def entered(self) -> Past:
        """Write the system down where it is new.

        Raises:
            JournalError: It cannot be written.
        """
        known = self.opened.memory.system(self.system)
        if known is None or (self.same_as is not None and known != self.number):
            known = self.opened.add_system(self.system, same_as=self.same_as)
        return replace(self, number=known)


@dataclass(frozen=True, slots=True)
class Compared:
    """One sheet with what the journal says of its rows."""

    job: Job
    checked: Checked
    plan: Plan
    standing: Mapping[str, bool] = field(default_factory=dict)
    """Identity of each permit that the file holds → whether this very file brought it before."""
    book: Workbook | None = None
    """Which sheet of which first source it is; only for a results workbook that is given back."""
    earlier: Mapping[int, str] = field(default_factory=dict)
    """Position → what earlier runs said of the row."""
    news: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Position of a row to be sent → the fields that change; none for a record that is new."""
    against: Against | None = None
    """Of a file's first sheet: the whole file against the last one of its mapping."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file and of this sheet before a row is sent."""
        against = () if self.against is None else self.against.notes
        sheet = self.checked.batch.sheet.notes
        return (*self.job.notes, *against, *sheet, *self.checked.notes)


@uncollected()
def prepare(request: Request) -> tuple[Job, ...]:
    """Read, map and check all files, in the order in which they are pushed. Opens no socket.

    A file that cannot be read or mapped becomes a job with its error, and so does a mapping with
    faults; the others go on.

    Raises:
        MappingError: All mappings that the person named have faults.
    """
    mappings: list[Rules] = []
    faults: list[tuple[Path, MappingError]] = []
    for path in request.mappings:
        try:
            mappings.append(load_mapping(path))
        except MappingError as error:
            faults.append((path, error))
    if request.named and not mappings:
        raise MappingError(*(line for _, error in faults for line in str(error).split("\n")))
    jobs = [Job(path, error=str(error)) for path, error in faults]
    faulty = tuple(path.name for path, _ in faults)
    jobs += [prepare_file(path, mappings, request, faulty) for path in request.files]
    # Of several results workbooks the newest is the last, which counts.
    started = {job.path: job.origin.started for job in jobs if job.origin}
    returned = iter(sorted((j for j in jobs if j.path in started), key=lambda j: started[j.path]))
    jobs = [next(returned) if job.path in started else job for job in jobs]
    ranks = {endpoint: rank for rank, endpoint in enumerate(("", *POLICIES))}
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
    for endpoint in POLICIES:
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
                found[places[at]] = replace(job, notes=(*job.notes, note))
    return tuple(found)


def prepare_file(
    path: Path, mappings: Sequence[Rules], request: Request, faulty: Sequence[str] = ()
) -> Job:
    """Read, map and check a file; whatever fails is that file's error."""
    try:
        job = check_file(path, mappings, request, faulty)
    except ImporterError as error:
        return Job(path, error=str(error))
    except MemoryError:
        why = "this machine has too little memory for the file. Close other programs, or split it into several."
        return Job(path, error=f"{path.name}: {why}")
    except Exception as error:  # noqa: BLE001 - a file costs itself alone, whatever it is
        why = f"this program failed at the file ({failure(error)}). Open it in Excel, save it as a new "
        why += "workbook (.xlsx) and try that; if it fails too, report this line."
        return Job(path, error=f"{path.name}: {why}")
    if job.mapping is not None and job.endpoint not in POLICIES:
        why = (
            f"{path.name} fits {job.mapping.path.name}, whose endpoint {job.endpoint} takes no rows to push. "
            "Ask for them with `opscom-import pull plates`."
        )
        return Job(path, error=why)
    return job


def check_file(
    path: Path, mappings: Sequence[Rules], request: Request, faulty: Sequence[str] = ()
) -> Job:
    """Read, map and check a file, whatever its endpoint; ``faulty`` names mappings that have faults.

    Raises:
        InputError: The file cannot be read, or no mapping fits it.
    """
    source = read_source(path, encoding=request.encoding)
    choosing = partial(
        choose, mappings=mappings, named=request.named, sheet=request.sheet, faulty=faulty
    )
    chosen = choosing(source)
    rules = chosen.mapping
    encoding = rules.file.encoding
    if encoding and not request.encoding and source.container in {"text", "html"}:
        source = read_source(path, encoding=encoding)
        chosen = choosing(source)
    for sheet in chosen.sheets:
        prove_fitting(path.name, len(sheet.frame), len(sheet.columns))
    table, required = TABLES[rules.endpoint], request.required.get(rules.endpoint, ())
    types = request.user_types
    batches = [
        apply_mapping(rules, sheet, user_types=types, today=request.today)
        for sheet in chosen.sheets
    ]
    checked = check(batches, table, required=required, today=request.today)
    digest = source.origin.digest if source.origin and source.origin.digest else source.digest
    news = () if source.origin else (new_since(rules, batch) for batch in batches)
    notes = (*source.notes, *chosen.notes, *dict.fromkeys(filter(None, news)))
    return Job(path, digest, rules, checked, notes, source.origin, content=source.digest)


def check_plates(path: Path, request: Request, column: str | None) -> Job:
    """Read, map and check a file of plates, under a mapping for plates or the column named.

    Args:
        path: The file.
        request: The mappings to choose from; those of other endpoints are passed over unless they
            were named.
        column: A header, instead of a mapping; ``Plate#2`` is the second column of that header.

    Raises:
        InputError: The file cannot be read, or nothing says which column holds the plates.
        MappingError: A mapping has faults.
    """
    mappings = [load_mapping(each) for each in request.mappings] if column is None else []
    plates = [mapping for mapping in mappings if mapping.endpoint == PLATES.endpoint]
    if column is not None:
        name, known = f"--column {column}", PLATES.fields[0]
        rule = Rule(known.name, known, RulePart(column=column))
        file = MappingFile.model_construct(name=name, duplicates="first")
        plates = [Rules(Path(name.replace("/", " ")), file, PLATES, (rule,))]
    elif request.named and len(plates) < len(mappings):
        other = next(mapping for mapping in mappings if mapping not in plates)
        raise InputError(
            f"{other.path.name} is a mapping for {other.endpoint}, not for plates.",
            hint="Name a mapping whose endpoint is plates, or the column with --column.",
        )
    elif not plates:
        raise InputError(
            f"Nothing says which column of {path.name} holds the plates.",
            hint="Name its header with --column, or a mapping whose endpoint is plates with "
            "--mapping.",
        )
    job = check_file(path, plates, replace(request, named=True))
    sheets = [(*each.batch.sheet.notes, *each.notes) for each in job.sheets]
    notes = dict.fromkeys((*job.notes, *(note for each in sheets for note in each)))
    return replace(job, notes=tuple(notes))


def prove_fitting(name: str, rows: int, columns: int) -> None:
    """Refuse a sheet that the results workbook could not hold whole: a text file can have more.

    Raises:
        InputError: It has too many rows or columns.
    """
    for number, noun, most in ((rows, "row", MOST_ROWS), (columns, "column", MOST_COLUMNS)):
        if number > most:
            raise InputError(
                f"{name} has {count(number, noun)}, and its results workbook can hold {most:,}.",
                hint="Split the file into several.",
            )
