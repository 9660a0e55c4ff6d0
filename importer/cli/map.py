"""``opscom-import map``: look, propose, let a person answer in one of three ways, write the mapping."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer.cli.dialogue import converse
from importer.cli.options import Options, taking
from importer.cli.terminal import emit, is_interactive, say, say_error
from importer.errors import ImporterError, InputError, MappingError
from importer.files import free_name, write_whole
from importer.mapping import load_mapping
from importer.mapping.choosing import choose
from importer.mapping.document import read_document
from importer.prepare import CHECK, prepare
from importer.prepare import Request as Order
from importer.proposing.answers import BLANK, COLUMNS, FIELDS, HOLD, ROWS, VALUES, Answers
from importer.proposing.proposal import Confidence, as_json, nothing
from importer.proposing.propose import (
    BESIDE,
    OF_A_LIST,
    Office,
    of_list,
    propose_anew,
    propose_file,
)
from importer.proposing.sheets import ENDPOINTS, look_at
from importer.proposing.workbook import (
    Filled,
    answers_of,
    is_answers,
    read_workbook,
    write_workbook,
)
from importer.proposing.yaml_files import is_untouched, load_glossary, mapping_text, save_glossary
from importer.reading import read_source
from importer.report import causes_of
from importer.schema import Kind
from importer.text import count, fold, quoted
from importer.workspace import GLOSSARY, MAPPINGS, RESULTS, find_workspace, kept_user_types, shipped
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from importer.mapping import Mapping as Known
    from importer.prepare import Job
    from importer.proposing.answers import Key
    from importer.proposing.proposal import Proposal
    from importer.workspace import Workspace

_CAUSES = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What was typed, and the office where it was typed."""

    file: Path
    output: Path | None
    endpoint: str | None
    options: Options
    workbook: bool
    workspace: Workspace
    office: Office
    mappings: Path
    """Where mappings and the glossary are."""


@click.command("map")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="MAPPING",
    help="Where the mapping goes. Default: mappings/, under the file's name.",
)
@click.option("--endpoint", type=click.Choice(ENDPOINTS), help="What the rows are, if you know.")
@click.option("--workbook", is_flag=True, help="Write the questions as a workbook for Excel.")
@taking("workspace", "mapping", "sheet", "results", "encoding", "as_json")
def map_(
    options: Options, file: Path, output: Path | None, endpoint: str | None, *, workbook: bool
) -> int:
    """Look at a spreadsheet and propose what its rows are, where each column goes and what values become.

    On a terminal it asks what is unsure, one question at a time; with --workbook it writes
    results/STEM-mapping.xlsx, and `map results/STEM-mapping.xlsx` reads your answers. Nothing is sent and
    no network is used. With --mapping it proposes only what that mapping lacks.
    """
    try:
        workspace = find_workspace(options.workspace, Path.cwd())
        mappings = workspace.folder / MAPPINGS
        kept = kept_user_types(workspace.keeping_folder)
        office = Office(kept.types if kept else (), load_glossary(mappings / GLOSSARY))
        return _run(Request(file, output, endpoint, options, workbook, workspace, office, mappings))
    except ImporterError as error:
        if not options.as_json:
            raise
        say_error(str(error))
        emit(nothing(file, str(error), error.exit_code))
        return error.exit_code


def _run(request: Request) -> int:
    if request.output is not None and request.output.exists():
        raise InputError(
            f"{request.output} is there already.",
            hint="Name another file with -o; a mapping is never overwritten.",
        )
    if is_answers(request.file):
        return _from_workbook(request)
    proposer = _proposer(request)
    proposal = proposer(Answers())
    if request.workbook or (is_interactive() and not request.options.as_json):
        for known in _fitting(request, proposal):
            if not known.open_questions and proposal.like is None:
                fits = f"{known.path.name} fits this file already"
                say(f"{fits}; `check` and `push` can take it as it is.")
        if request.workbook:
            return _to_workbook(request, proposal)
        return _finish(request, converse(proposer, _try))
    return _tell(request, proposal, _write(request, proposal))


def _proposer(request: Request, filled: Filled | None = None) -> Callable[[Answers], Proposal]:
    """Return what makes a proposal of answers; the file is read and looked at once."""
    file = request.file
    if filled is not None:
        file = _there(filled.source, file.parent, request.workspace.inbox, Path.cwd())
    options = request.options
    named = options.mapping or ((Path(filled.mapping),) if filled and filled.mapping else ())
    # What a workbook asks and what it says is as it was when it was written, whatever was confirmed since.
    office = request.office if filled is None else Office(request.office.types)
    if not named:
        endpoint, source = request.endpoint, read_source(file, encoding=options.encoding)
        looks = look_at(source, sheet=options.sheet, endpoint=endpoint, glossary=office.glossary)
        return lambda said: propose_file(looks, said, office, endpoint=endpoint)
    homes = (request.mappings, find_workspace(None, file.parent).folder / MAPPINGS)
    path = _there(named[0], *homes)
    mapping, document = load_mapping(path), read_document(path)
    if mapping.open_questions:
        raise MappingError(*mapping.open_questions)
    if mapping.deletes:
        raise InputError(
            f"{path.name} deletes what a file lists; nothing is proposed for that.",
            hint="Correct the file or the mapping by hand (docs/mappings.md says how).",
        )
    source = read_source(file, encoding=options.encoding or mapping.file.encoding)
    first = look_at(source, sheet=options.sheet, endpoint=mapping.endpoint)[0]
    return lambda said: propose_anew(first, mapping, document, said, office)


def _there(path: Path, *homes: Path) -> Path:
    """Return a file as it was named, or of this name in one of the folders; as named where it is in none."""
    return next(filter(os.path.isfile, (path, *(home / path.name for home in homes))), path)


def _fitting(request: Request, proposal: Proposal) -> list[Known]:
    """Return the mappings of the workspace that take the file already, or would but for their open questions."""
    source, found = proposal.look.source, []
    for path in sorted({*request.mappings.glob("*.y*ml"), *request.workspace.mapping_files()}):
        with suppress(ImporterError):
            known = load_mapping(path)
            if known.is_for(source.path.name):
                with suppress(MappingError):  # its open questions
                    choose(source, [known], named=False)
                found.append(known)
    return found


def _gives_way(known: Known, proposal: Proposal) -> bool:
    """Whether ``map`` wrote it about these rows, or this proposal goes on with it, and nobody has changed it."""
    look, sheets = proposal.look, set(map(fold, known.file.sheet))
    goes_on = proposal.like is not None and known.path.samefile(proposal.like)
    text = known.path.read_bytes().decode(errors="replace")
    if not is_untouched(text, None if goes_on else look.source.path):
        return False
    same = known.endpoint == proposal.endpoint and sheets <= {fold(look.sheet.name or "")}
    return same or bool(known.open_questions)


def _write(request: Request, proposal: Proposal, *, answered: bool = False) -> Path:
    """Write the mapping where the person says, else under a name that is free or whose mapping gives way to answers.

    Where another mapping takes the file already the new one has no ``match``, so that never two take it.
    """
    path = request.output or request.mappings / f"{proposal.look.source.path.stem}.yaml"
    beside = path.parent.resolve() == request.mappings.resolve()
    there = _fitting(request, proposal) if beside else []
    may_go = answered and not request.output
    old = [each.path for each in there if may_go and _gives_way(each, proposal)]
    taking = [each.path for each in there if each.file.match and each.path not in old]
    if old:
        path = path if path in old else old[0]
    elif not request.output:
        path = free_name(path)
    try:
        if beside and request.workspace.own and not request.mappings.exists():
            # A mapping alone in its folder would take the place of the shipped ones.
            shutil.copytree(shipped(MAPPINGS), request.mappings)
        write_whole(path, mapping_text(proposal, matched=not taking))
        for each in old:
            if each != path:
                each.unlink()
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}).", hint="Name another place with -o."
        ) from error
    for each in old:
        say(f"It replaces {each.name}, which nobody has changed since `map` wrote it.")
    for each in taking:
        goes = "has no `match`, so that it is taken only where you name it"
        say(f"{each.name} fits this file already. The new mapping {goes}.")
    return path


def _tell(
    request: Request, proposal: Proposal, path: Path | None, workbook: Path | None = None
) -> int:
    """Say what was made and what to type next; print the object where it is wished; return the exit code."""
    look, asked, options = proposal.look, len(proposal.held), request.options
    rows, known = count(len(look.sheet.frame), "row"), look.recognised(proposal.places)
    say(f"{look.name}: {proposal.endpoint}, {rows}, {known}.")
    secret = [f'"{p.profile.column.header}"' for p in proposal.places if p.secret]
    if secret:
        say(f"Never sent, and shown nowhere: {', '.join(dict.fromkeys(secret))}.")
    if path is not None:
        say(f"Mapping: {path}")
        if asked:
            asks = f"{count(asked, 'question')} {'is' if asked == 1 else 'are'} open in it (# ASK)"
            say(f"{asks}. Answer on a terminal, in the file, or in a workbook:")
            named = "".join(f" --mapping {quoted(path)}" for path in options.mapping)
            named += f" --sheet {quoted(options.sheet)}" if options.sheet else ""
            say(f"    opscom-import map {quoted(request.file)} --workbook{named}{_again(options)}")
        else:
            say("Now see what would be sent:")
            command = f"opscom-import check {quoted(look.source.path)} --mapping {quoted(path)}"
            say(f"    {command}{options.at}")
    code = 1 if asked else 0
    if options.as_json:
        book = {} if workbook is None else {"workbook": str(workbook)}
        emit(as_json(proposal, path, code) | book)
    return code


def _to_workbook(request: Request, proposal: Proposal) -> int:
    folder = request.options.results or request.workspace.folder / RESULTS
    path = folder / f"{proposal.look.source.path.stem}-mapping.xlsx"
    if request.file.exists() and path.exists() and path.samefile(request.file):
        path = free_name(path)
    try:
        write_workbook(proposal, path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}).",
            hint="Close it in Excel, then run the command again.",
        ) from error
    code = _tell(request, proposal, None, path)
    say(f"Workbook: {path}")
    say("Fill in the yellow cells, save it, and then:")
    say(f"    opscom-import map {quoted(path)}{_again(request.options)}")
    return code


def _again(options: Options) -> str:
    """Return how the file is to be read once more, and where, as a person types it behind a command."""
    return (f" --encoding {quoted(options.encoding)}" if options.encoding else "") + options.at


def _from_workbook(request: Request) -> int:
    """Make the mapping of a workbook that a person filled in; what its answers open anew is asked in another."""
    filled = read_workbook(request.file)
    proposer = _proposer(request, filled)
    # What it does not ask is as it was when it was written.
    made: dict[Key, str] = {(ROWS, "sheet"): filled.sheet, (ROWS, "endpoint"): filled.endpoint}
    made |= {key: answer for _, key, answer in filled.lines if key in made and answer}
    said = Answers(made).over(filled.before)
    proposal = proposer(said)
    if (proposal.look.sheet.name or "", proposal.endpoint) == (filled.sheet, filled.endpoint):
        answers, faults = answers_of(filled, proposal, said)
        cells = {key: cell for cell, key, _ in filled.lines}
        proposal = proposal if faults else proposer(answers)
        for question in () if faults else proposal.held:
            if question.key in cells:
                faults[cells[question.key]] = f"this is not answered. {question.text}"
        if faults:
            lines = [f"  {cell}: {faults[cell]}" for cell, _, _ in filled.lines if cell in faults]
            raise InputError(f"{request.file.name}: nothing was written.", *lines)
        if not proposal.held:
            for line in _try(proposal)[1]:
                say(line)
            return _finish(request, proposal)
    say("What you answered asks for more. Your answers are kept in a new workbook.")
    return _to_workbook(request, proposal)


def _finish(request: Request, proposal: Proposal) -> int:
    """Write the mapping and keep what was confirmed."""
    path = _write(request, proposal, answered=True)
    glossary = dict(request.office.glossary)
    before = glossary.get(proposal.endpoint, Answers())
    glossary[proposal.endpoint] = _confirmed(proposal).over(before)
    try:
        save_glossary(request.mappings / GLOSSARY, glossary)
    except OSError as error:
        lost = f"What you confirmed could not be kept in {GLOSSARY}"
        say(f"{lost} ({error.strerror}); it will be asked again.")
    return _tell(request, proposal, path)


def _confirmed(proposal: Proposal) -> Answers:
    """Return what is kept: the answers, but for dates, which are others next time, and what was left as likely."""
    table = TABLES[proposal.endpoint]
    dated = {field.name for field in table.fields if field.kind in {Kind.DATE, Kind.DATETIME}}
    passing: set[Key] = {(FIELDS, name) for name in dated}
    passing |= {(VALUES, v.column, v.value) for v in proposal.values if v.field in dated}
    # What a workbook says of itself nobody was asked.
    passing |= set() if proposal.look.sheet.name else {(ROWS, "sheet")}
    passing |= set() if proposal.look.endpoints[1:] else {(ROWS, "endpoint")}
    given = proposal.answers.given.items()
    kept = {key: text for key, text in given if key not in passing or text in {BLANK, HOLD}}
    if order := kept.pop((FIELDS, "dates"), ""):
        # It is that of the columns that it was said of, not of every list to come.
        headers = [proposal.look.header(p) for p in proposal.places if p.used and p.field in dated]
        kept |= {(FIELDS, f"{header} dates"): order for header in headers}
    for part, name in OF_A_LIST & kept.keys():
        # What the rows of this list are, and all vehicles in it, those of another list need not be.
        kept[part, of_list(proposal.look, name)] = kept.pop((part, name))
    # What "F" or "L" means in a column, it means in lists of the same people: those with this id.
    types = {v.column for v in proposal.values if v.field == "user_type_id"}
    for key in [k for k in kept if k[2:] and (k[0] == ROWS or k[1] in types)]:
        for position in proposal.told_by[:1]:
            about = f"{key[1]}{BESIDE}{proposal.look.headers[position]}"
            kept[key[0], about, key[2]] = kept.pop(key)
    likely: dict[Key, str] = {
        (COLUMNS, proposal.look.header(place)): place.field or ""
        for place in proposal.places
        if place.how == "direct" and place.confidence is Confidence.LIKELY and proposal.alone(place)
    }
    return Answers(kept).over(Answers(likely))


def _try(proposal: Proposal) -> tuple[Job, list[str]]:
    """Check the file with the mapping, written or not; return the job, and in words what is ready and why not all."""
    source = proposal.look.source.path
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proposed.yaml"
        path.write_text(mapping_text(proposal), encoding="utf-8")
        order = Order(
            command=CHECK, files=(source,), mappings=(path,), named=True, results=Path(),
            today=dt.datetime.now().astimezone().date(), sheet=proposal.look.only_sheet,
        )  # fmt: skip
        job = prepare(order)[0]
    if job.error is not None:
        return job, [f"check says: {job.error}"]
    skipped = sum(int(sheet.batch.skipped.sum()) for sheet in job.sheets)
    held = sum(len(sheet.held) for sheet in job.sheets)
    ready = sum(len(sheet.batch.frame) for sheet in job.sheets) - skipped - held
    said = f"check: {count(ready, 'row')} ready, {held:,} held back, {skipped:,} passed over."
    causes = [cause for cause in causes_of(job.sheets) if cause.holds]
    return job, [said, *map(str, causes[:_CAUSES])]
