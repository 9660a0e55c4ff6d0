"""A spreadsheet of plates → what OPSCOM knows of each: read → map → check → ask → workbook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.checking import check
from importer.choosing import choose
from importer.delivery.reads import Found
from importer.errors import InputError
from importer.mapping import Mapping as Rules
from importer.mapping import apply_mapping, load_mapping
from importer.mapping.convert import plate as plain_plate
from importer.mapping.rules import Filled, Rule
from importer.pulls.asking import Answered, Questions, ask_plates
from importer.pulls.book import Facts, write_book
from importer.pulls.plate_answers import plate_facts, read_plate
from importer.pulls.plate_pages import (
    PlateAnswer,
    PlateRow,
    PlateSheet,
    PlateState,
    count_states,
    pages_of,
    to_ask,
)
from importer.reading import read_source
from importer.report import PROBLEMS, SETTLED, STOPPED
from schemas import TABLES

if TYPE_CHECKING:
    from importer.model import Checked
    from importer.pulls.lists import Asked
    from importer.pulls.plate_store import PlateStore

ENDPOINT = "plates"
FIELD = "plate"


@dataclass(frozen=True, slots=True)
class PlateFile:
    """A spreadsheet with plates, read and checked."""

    path: Path
    mapping: str
    """The mapping's name, or the column, for people."""
    sheets: tuple[PlateSheet, ...]
    doubts: tuple[str, ...] = ()
    as_written: bool = False
    """Whether the plates are asked for as people wrote them, so that another form may be known; a
    mapping says the form itself."""

    @property
    def plates(self) -> list[str]:
        """Every plate to ask for, once."""
        return to_ask(self.sheets)


@dataclass(frozen=True, slots=True)
class PlateReport:
    """What a batch of plates came to."""

    run: str
    source: Path
    mapping: str
    plates: int
    """Different plates."""
    resumed: int
    """Of these, how many an interrupted run had asked already."""
    states: Mapping[PlateState, int]
    """They add up to the rows."""
    stopped: str | None
    results: Path

    @property
    def exit_code(self) -> int:
        """The first that applies: stopped, problems, settled."""
        if self.stopped is not None:
            return STOPPED
        bad = self.states.get(PlateState.INVALID) or self.states.get(PlateState.REFUSED)
        return PROBLEMS if bad else SETTLED

    def as_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return {
            "run": self.run,
            "exit_code": self.exit_code,
            "stopped": self.stopped,
            "source": str(self.source),
            "mapping": self.mapping,
            "rows": sum(self.states.values()),
            "plates": self.plates,
            "resumed": self.resumed,
            "states": {state.value: count for state, count in self.states.items()},
            "results": str(self.results),
            "error": None,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the plates stand in a file."""

    mappings: tuple[Path, ...]
    """To choose from; those of other endpoints are passed over unless they were named."""
    named: bool
    column: str | None = None
    """A header, instead of a mapping; ``Plate#2`` is the second column of that header."""
    sheet: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """What a batch is called and where its workbook goes."""

    run: str
    asked: Asked
    wanted: Path
    watch: Callable[[int, int], None]
    """Told how many of how many plates are done; once more for those asked in another form."""


def read_plate_file(path: Path, choice: Choice, *, today: dt.date) -> PlateFile:
    """Read, map and check a file; opens no socket.

    Raises:
        InputError: The file cannot be read, or nothing says which column holds the plates.
        MappingError: A mapping has faults.
    """
    source = read_source(path, encoding=choice.encoding)
    found = choose(source, _mappings(path, choice), named=True, sheet=choice.sheet)
    table = TABLES[ENDPOINT]
    batches = [apply_mapping(found.mapping, sheet) for sheet in found.sheets]
    checked = [check(batch, table, today=today) for batch in batches]
    doubts = [doubt for each in checked for doubt in (*each.batch.sheet.doubts, *each.doubts)]
    return PlateFile(
        path,
        found.mapping.name,
        tuple(map(_sheet, checked)),
        tuple(dict.fromkeys((*source.doubts, *doubts))),
        as_written=choice.column is not None,
    )


def pull_plates(
    file: PlateFile,
    questions: Questions,
    store: PlateStore,
    aim: Aim,
) -> PlateReport:
    """Ask for all plates that an interrupted run has not asked for, then write the workbook.

    Where nothing says the plates' form, those of which nothing is known are asked for once more in
    capitals, without blanks and dashes.

    Args:
        file: The plates.
        questions: How to ask.
        store: Keeps each answer until the batch has come to its end.
        aim: The run and its workbook.
    """
    plates = file.plates
    answers = {
        plate: _understood(body, dt.datetime.fromisoformat(when))
        for plate, (when, body) in store.answers().items()
    }
    resumed = sum(plate in answers for plate in plates)
    answers |= _ask_all([plate for plate in plates if plate not in answers], questions, store, aim)
    forms = _other_forms(plates, answers) if file.as_written else {}
    missing = [form for form in dict.fromkeys(forms.values()) if form not in answers]
    answers |= _ask_all(missing, questions, store, aim)
    answers |= {plate: _under(form, answers.get(form)) for plate, form in forms.items()}
    states = count_states(file.sheets, answers)
    stopped = _stopped(questions.stopper.reason, states)
    results = write_book(
        aim.wanted, _facts(file, aim.asked, states, stopped), pages_of(file.sheets, answers)
    )
    if stopped is None:
        store.finish()
    return PlateReport(
        aim.run, file.path, file.mapping, len(plates), resumed, states, stopped, results
    )


def _ask_all(
    plates: Sequence[str], questions: Questions, store: PlateStore, aim: Aim
) -> dict[str, PlateAnswer]:
    """Ask for plates and keep each answer before the next is taken."""
    answers: dict[str, PlateAnswer] = {}
    for done, answered in enumerate(ask_plates(plates, questions), start=1):
        if answered.body:
            store.keep(answered.plate, answered.asked, answered.body)
        answers[answered.plate] = _answer(answered)
        aim.watch(done, len(plates))
    return answers


def _other_forms(plates: Sequence[str], answers: Mapping[str, PlateAnswer]) -> dict[str, str]:
    """Return plates of which nothing is known as written → how OPSCOM may know them.

    The vendor documents no form: people write ``xyz 001`` and ``XYZ-001`` for ``XYZ001``.
    """
    unknown = [at for at in plates if at in answers and answers[at].state is PlateState.NOTHING]
    forms = {plate: plain_plate(plate) for plate in unknown}
    return {plate: form for plate, form in forms.items() if form and form != plate}


def _under(form: str, answer: PlateAnswer | None) -> PlateAnswer:
    """Return what is known of a plate under another form, which the answer names."""
    if answer is None:
        return PlateAnswer(
            PlateState.NOT_ASKED, message=f"Nothing is known as written; {form} is not asked yet."
        )
    how = "Found as" if answer.state is PlateState.FOUND else "Nothing as written; also asked as"
    said = f"{how} {form}. {answer.message}".rstrip()
    return replace(answer, message=said)


def _mappings(path: Path, choice: Choice) -> Sequence[Rules]:
    table = TABLES[ENDPOINT]
    if choice.column is not None:
        known = table.field(FIELD)
        if known is None:
            raise AssertionError
        name = f"--column {choice.column}"
        rule = Rule(FIELD, known, Filled((choice.column,)))
        return [Rules(Path(name.replace("/", " ")), name, table, (rule,), duplicates="first")]
    mappings = [load_mapping(each) for each in choice.mappings]
    if choice.named:
        others = [rules for rules in mappings if rules.endpoint != ENDPOINT]
        if others:
            raise InputError(
                f"{others[0].path.name} is a mapping for {others[0].endpoint}, not for plates.",
                hint="Name a mapping whose endpoint is plates, or the column with --column.",
            )
    plates = [rules for rules in mappings if rules.endpoint == ENDPOINT]
    if not plates:
        raise InputError(
            f"Nothing says which column of {path.name} holds the plates.",
            hint="Name its header with --column, or a mapping whose endpoint is plates with "
            "--mapping.",
        )
    return plates


def _sheet(checked: Checked) -> PlateSheet:
    batch = checked.batch
    sheet = batch.sheet
    problems: dict[int, str] = {}
    for problem in checked.problems:
        if problem.holds:
            place = sheet.place(problem.row, problem.columns[0] if problem.columns else None)
            problems.setdefault(problem.position, f"{place}: {problem.message} {problem.remedy}")
    return PlateSheet(
        sheet.title,
        [column.header for column in sheet.columns],
        list(_rows(checked, problems)),
    )


def _rows(checked: Checked, problems: Mapping[int, str]) -> Iterator[PlateRow]:
    batch = checked.batch
    sheet = batch.sheet
    columns = [sheet.frame.iloc[:, at].tolist() for at in range(len(sheet.columns))]
    plates = batch.frame[FIELD].tolist()
    skipped = batch.skipped.tolist()
    rows = sheet.rows.tolist()
    for at, values in enumerate(zip(*columns, strict=True)):
        yield PlateRow(rows[at], plates[at], values, problems.get(at, ""), skipped[at])


def _answer(answered: Answered) -> PlateAnswer:
    if answered.body:
        return _understood(answered.body, answered.asked)
    state = PlateState.REFUSED if answered.code else PlateState.NO_ANSWER
    return PlateAnswer(state, answered.asked, message=answered.why)


def _understood(body: bytes, when: dt.datetime) -> PlateAnswer:
    found = read_plate(body)
    if not isinstance(found, Found):
        return PlateAnswer(PlateState.NO_ANSWER, when)
    facts = plate_facts(found.content)
    return PlateAnswer(PlateState.NOTHING if facts.empty else PlateState.FOUND, when, facts)


def _stopped(reason: str | None, states: Mapping[PlateState, int]) -> str | None:
    left = states.get(PlateState.NOT_ASKED, 0) + states.get(PlateState.NO_ANSWER, 0)
    if not left:
        return None
    rows = "1 row has" if left == 1 else f"{left} rows have"
    said = f"{reason} " if reason else ""
    return f"{said}{rows} no answer yet; run the same command again to go on."


def _facts(
    file: PlateFile, asked: Asked, states: Mapping[PlateState, int], stopped: str | None
) -> Facts:
    more = [
        ("File", file.path.name),
        ("Plates from", file.mapping),
        *((state.value, f"{count:,}") for state, count in states.items()),
    ]
    notes = tuple(text for text in (stopped, *file.doubts) if text)
    banner = asked.banner
    return Facts("Plates", banner, False, asked.facts(*more), notes)  # noqa: FBT003
