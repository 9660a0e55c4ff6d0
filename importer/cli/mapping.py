"""What ``map`` does: look, propose, let a person answer in one of three ways, write the mapping."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from importer.cli.dialogue import choose_rows, converse
from importer.cli.terminal import emit, is_interactive, say, say_error
from importer.errors import ImporterError, InputError
from importer.mapping import load_mapping
from importer.mapping.document import read_document
from importer.prepare import CHECK, prepare
from importer.prepare import Request as Order
from importer.proposing.answers import COLUMNS, Answers, load_glossary, save_glossary
from importer.proposing.filled import answers_of, is_answers, read_workbook
from importer.proposing.mapping_file import mapping_text, questions_of
from importer.proposing.mending import propose_anew
from importer.proposing.proposal import Confidence
from importer.proposing.propose import look_at, propose, rival
from importer.proposing.telling import as_json, nothing
from importer.proposing.workbook import write_workbook
from importer.pulls.user_types import kept_user_types
from importer.reading import read_source
from importer.text import quoted
from importer.workspace import GLOSSARY, MAPPINGS, find_workspace, free_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from importer.cli.options import Options
    from importer.model import Source
    from importer.prepare import Job
    from importer.proposing.proposal import Proposal
    from importer.proposing.propose import Seen
    from importer.pulls.user_types import UserType
    from importer.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Request:
    """What was typed."""

    file: Path
    output: Path | None
    endpoint: str | None
    options: Options
    workbook: bool


@dataclass(frozen=True, slots=True)
class Office:
    """What the office brings: its folders, its user types and what it confirmed before."""

    workspace: Workspace
    types: tuple[UserType, ...]
    glossary: Mapping[str, Answers]

    @property
    def mappings(self) -> Path:
        """Where mappings and the glossary are."""
        return self.workspace.folder / MAPPINGS

    def answers(self, endpoint: str) -> Answers:
        """Return what the office confirmed of an endpoint."""
        return self.glossary.get(endpoint, Answers())


def run_map(request: Request) -> int:
    """Propose a mapping; return 0 where it has no open questions, else 1, and 5 where nothing fits.

    Raises:
        InputError: The file cannot be read, fits nothing, or its answers are not complete.
    """
    if not request.options.as_json:
        return _run(request)
    try:
        return _run(request)
    except ImporterError as error:
        say_error(str(error))
        emit(nothing(request.file, str(error), error.exit_code))
        return error.exit_code


def _run(request: Request) -> int:
    workspace = find_workspace(request.options.workspace, Path.cwd())
    kept = kept_user_types(workspace.keeping_folder)
    office = Office(
        workspace,
        () if kept is None else kept.types,
        load_glossary(workspace.folder / MAPPINGS / GLOSSARY),
    )
    if request.output is not None and request.output.exists():
        raise InputError(
            f"{request.output} is there already.",
            hint="Name another file with -o; a mapping is never overwritten.",
        )
    if is_answers(request.file):
        return _from_workbook(request, office)
    source = read_source(request.file, encoding=request.options.encoding)
    asking = is_interactive() and not request.options.as_json and not request.workbook
    unsure: tuple[str, ...] = ()
    if request.options.mapping:
        endpoint, proposer = _mending(request, office, source)
    else:
        seen = look_at(
            source, sheet=request.options.sheet, endpoint=request.endpoint, glossary=office.glossary
        )
        chosen, endpoint = seen[0], seen[0].readings[0].endpoint
        unsure = _unsure(seen, request)
        if asking and unsure:
            chosen, endpoint = choose_rows(seen, sure=request.endpoint is not None)
            unsure = ()
        proposer = partial(propose, chosen.look, endpoint, types=office.types)
    if asking:
        answers, proposal = converse(proposer, office.answers(endpoint))
        return _finish(request, office, proposal, answers)
    proposal = proposer(office.answers(endpoint))
    if request.workbook:
        return _to_workbook(request, office, proposal)
    code = 1 if questions_of(proposal) or unsure else 0
    path = target(request, office, request.file.stem)
    _write(path, mapping_text(proposal, more=unsure))
    _tell(request, proposal, path, code)
    return code


def _mending(
    request: Request, office: Office, source: Source
) -> tuple[str, Callable[[Answers], Proposal]]:
    """Return what the rows of a mapping that nearly fits are, and what proposes only what it lacks."""
    path = request.options.mapping[0]
    if not path.is_file():
        path = office.mappings / path.name
    mapping, document = load_mapping(path), read_document(path)
    seen = look_at(source, sheet=request.options.sheet, endpoint=mapping.endpoint)
    if not seen[0].readings[0].score:
        raise InputError(
            f"{request.file.name} has nothing of {path.name}.",
            hint="Leave --mapping out to have a mapping proposed.",
        )
    look, types = seen[0].look, office.types
    return mapping.endpoint, lambda said: propose_anew(look, mapping, document, said, types)


def _unsure(seen: Sequence[Seen], request: Request) -> tuple[str, ...]:
    """Return what is unsure about the rows themselves, a question each."""
    asked = []
    second = rival(seen[0])
    if second is not None and request.endpoint is None:
        asked.append(f"Are the rows {seen[0].readings[0].endpoint} or {second.endpoint}?")
    if len(seen) > 1 and request.options.sheet is None:
        one, two = seen[0].look.sheet, seen[1].look.sheet
        asked.append(f"Is the sheet {one.name} meant, or {two.name}?")
    return tuple(asked)


def target(request: Request, office: Office, stem: str) -> Path:
    """Return where the mapping goes: where the person says, else a name that is free."""
    return request.output or free_name(office.mappings / f"{stem}.yaml")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}).", hint="Name another place with -o."
        ) from error


def _tell(request: Request, proposal: Proposal, path: Path | None, code: int) -> None:
    """Say what was made and what to type next; print the object where it is wished."""
    count = len({place.profile.column.position for place in proposal.places})
    say(
        f"{proposal.look.name}: {proposal.endpoint}, {len(proposal.look.sheet.frame)} rows, {proposal.recognised} of {count} columns recognised."
    )
    secret = [f'"{p.profile.column.header}"' for p in proposal.places if p.secret]
    if secret:
        say(f"Never sent, and shown nowhere: {', '.join(dict.fromkeys(secret))}.")
    if path is not None:
        say(f"Mapping: {path}")
    asked = len(proposal.questions)
    if code and path is not None:
        what = "1 question is" if asked == 1 else f"{asked} questions are"
        say(f"{what} open in it (# ASK). Answer them on a terminal, in the file, or in a workbook:")
        say(f"    opscom-import map {quoted(request.file)} --workbook")
    elif path is not None:
        say("Now see what would be sent:")
        checked = quoted(proposal.look.source.path)
        say(f"    opscom-import check {checked} --mapping {quoted(path)}")
    if request.options.as_json:
        emit(as_json(proposal, path, code))


def _to_workbook(request: Request, office: Office, proposal: Proposal) -> int:
    folder = request.options.results or office.workspace.results
    path = folder / f"{request.file.stem}-mapping.xlsx"
    try:
        write_workbook(proposal, path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}).",
            hint="Close it in Excel, then run the command again.",
        ) from error
    code = 1 if proposal.questions else 0
    _tell(request, proposal, None, code)
    say(f"Workbook: {path}")
    say("Fill in the yellow cells, save it, and then:")
    say(f"    opscom-import map {quoted(path)}")
    return code


def _from_workbook(request: Request, office: Office) -> int:
    filled = read_workbook(request.file)
    path = filled.source
    if not path.is_file():
        beside = [
            folder / path.name
            for folder in (request.file.parent, office.workspace.inbox, Path.cwd())
        ]
        path = next((other for other in beside if other.is_file()), path)
    source = read_source(path, encoding=request.options.encoding)
    look = look_at(source, sheet=filled.sheet, endpoint=filled.endpoint)[0].look
    before = office.answers(filled.endpoint)
    proposal = propose(look, filled.endpoint, before, types=office.types)
    answers, faults = answers_of(filled, proposal, before)
    if not faults:
        proposal = propose(look, filled.endpoint, answers, types=office.types)
        faults = _still_open(proposal, filled.values)
    if faults:
        raise InputError(
            f"{request.file.name}: nothing was written.", *(f"  {fault}" for fault in faults)
        )
    return _finish(request, office, proposal, answers)


def _still_open(proposal: Proposal, values: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Return what is not answered once the columns are, at its cell where it has one."""
    cells = {(header, value): cell for cell, header, value, _ in values}
    faults = []
    for question in questions_of(proposal):
        cell = cells.get((question.column, question.value))
        faults.append(
            f"{cell}: not answered. {question.text}"
            if cell
            else f"Rows: not answered. {question.text}"
        )
    return faults


def _finish(request: Request, office: Office, proposal: Proposal, answers: Answers) -> int:
    """Write the mapping and keep what was confirmed; say how many rows are ready with it."""
    path = target(request, office, proposal.look.source.path.stem)
    _write(path, mapping_text(proposal))
    glossary = {**office.glossary, proposal.endpoint: confirmed(proposal, answers)}
    try:
        office.mappings.mkdir(parents=True, exist_ok=True)
        save_glossary(office.mappings / GLOSSARY, glossary)
    except OSError as error:
        say(
            f"What you confirmed could not be kept in {GLOSSARY} ({error.strerror}); it will be asked again."
        )
    checked = try_mapping(proposal, path)
    say(counted(checked))
    code = 1 if questions_of(proposal) else 0
    _tell(request, proposal, path, code)
    return code


def confirmed(proposal: Proposal, answers: Answers) -> Answers:
    """Return the answers, and every column that was shown as likely and left so."""
    for place in proposal.places:
        plain = place.field is not None and place.how == "direct" and proposal.alone(place)
        header = proposal.look.headers[place.profile.column.position]
        if plain and place.confidence is Confidence.LIKELY and answers.get(COLUMNS, header) is None:
            answers = answers.put((COLUMNS, header), place.field or "")
    return answers


def try_mapping(proposal: Proposal, path: Path) -> Job:
    """Check the file with a mapping; opens no socket."""
    order = Order(
        command=CHECK, files=(proposal.look.source.path,), mappings=(path,), named=True, results=Path(),
        today=dt.datetime.now().astimezone().date(), sheet=proposal.look.only_sheet,
    )  # fmt: skip
    return prepare(order)[0]


def try_text(proposal: Proposal) -> Job:
    """Check the file with a mapping that is not written yet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proposed.yaml"
        path.write_text(mapping_text(proposal), encoding="utf-8")
        return try_mapping(proposal, path)


def counted(job: Job) -> str:
    """Return in words how many rows are ready."""
    if job.error is not None:
        return f"check says: {job.error}"
    rows = sum(len(sheet.batch.frame) for sheet in job.sheets)
    skipped = sum(int(sheet.batch.skipped.sum()) for sheet in job.sheets)
    held = sum(len(sheet.held) for sheet in job.sheets)
    return f"check: {rows - skipped - held} rows are ready, {held} are held back, {skipped} are no records."
