"""What the values of a column become: one function for each kind of field, each adding to its rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from importer.proposing.answers import FIELDS, VALUES
from importer.proposing.dating import proven_form, read_dates
from importer.proposing.meanings import means, user_type
from importer.proposing.profiles import folded, province_of
from importer.proposing.proposal import Confidence, Question, Value
from importer.schema import Kind, Need
from importer.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from importer.proposing.answers import Answers
    from importer.proposing.dating import Dates
    from importer.proposing.profiles import Profile
    from importer.proposing.proposal import Draft, Look, Place
    from importer.pulls.user_types import UserType
    from importer.schema import Field, Table

BLANK: Final = "leave blank"
HOLD: Final = "hold the row"
PROVINCES: Final = (
    *("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"),
)
_ZONES: Final = (
    *(
        "America/Toronto",
        "America/Halifax",
        "America/Winnipeg",
        "America/Edmonton",
        "America/Vancouver",
    ),
    *(
        "America/St_Johns",
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
    ),
)
_WHOLE_DAY, _AT_MIDNIGHT = "to the end of that day", "it ends at 00:00"
_DAY, _MONTH = "the day first", "the month first"
_MARKS: Final = ("CAD", "USD", "CA$", "US$", "C$", "€")
_MOST_STRANGE, _LOOKED_AT, _LONGEST = 12, 5000, 20
_YEAR: Final = r"\b((?:19|20)[0-9]{2})\b"


@dataclass(slots=True)
class Drafting:
    """What is drafted, field by field."""

    look: Look
    table: Table
    answers: Answers
    types: Sequence[UserType]
    drafts: list[Draft] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    dated: Sequence[Profile] = ()
    """Columns of dates, those that are sent first."""
    _sister: str | None = None

    @property
    def sister(self) -> str:
        """The form of dates of the first column that leaves no doubt."""
        if self._sister is None:
            self._sister = proven_form(self.dated)
        return self._sister

    def ref(self, place: Place) -> str:
        """Return the name by which the mapping knows a column."""
        return self.look.headers[place.profile.column.position]


@dataclass(slots=True)
class Turn:
    """One field on its way: the column that gives it and the rule that grows."""

    drafting: Drafting
    known: Field
    place: Place
    ref: str
    rule: dict[str, object]
    blanks: list[str] = field(default_factory=list)
    why: str = ""

    def said(self, text: str) -> str | None:
        """Return what a person said of a value."""
        return self.drafting.answers.get(VALUES, self.ref, text)

    def value(
        self, text: str, rows: int, becomes: str | None, choices: tuple[str, ...], *, sure: bool
    ) -> None:
        """Note what a value becomes."""
        known = Confidence.SURE if sure else Confidence.LIKELY if becomes else Confidence.ASK
        self.drafting.values.append(
            Value(self.ref, self.known.name, text, rows, becomes, known, choices)
        )

    def ask(
        self,
        text: str,
        question: str,
        choices: tuple[str, ...],
        *,
        free: bool = True,
        held: bool = True,
    ) -> None:
        """Ask what a value becomes."""
        self.drafting.questions.append(
            Question(
                "value", (VALUES, self.ref, text), question, choices, column=self.ref,
                field=self.known.name, value=text, free=free, held=held,
            )
        )  # fmt: skip

    def replace(self, text: str, becomes: str) -> None:
        """Let a text stand for another."""
        pieces = self.rule.setdefault("replace", {})
        if isinstance(pieces, dict):
            pieces[text] = becomes


def turn(made: Turn, *, asked: bool) -> str:
    """Let the rule of a field grow by what its values need; return why.

    Args:
        made: The field and its column.
        asked: Whether the column is used; else only the values of a user type are listed.
    """
    name, kind = made.known.name, made.known.kind
    if name == "user_type_id":
        _user_types(made, asked=asked)
    elif asked:
        _extracted(made)
        step = _STEPS.get(name) or _STEPS.get(kind)
        if step is not None:
            step(made)
    if made.blanks:
        made.rule["blank_if"] = made.blanks
    longest = made.known.max_length
    texts = made.place.profile.counts
    if (
        kind is Kind.TEXT
        and longest
        and made.known.may_be_cut
        and any(len(t) > longest for t in texts)
    ):
        made.rule["truncate"] = True
    return made.why or made.place.reason


def _extracted(made: Turn) -> None:
    """Split a whole name, take a year out, or drop a sign that every value begins with."""
    values = list(made.place.profile.counts)
    if made.place.how == "split":
        comma = sum("," in text for text in values) > len(values) / 2
        first = made.known.name == "first_name"
        patterns = (r"^[^,]+,\s*(.+)$", r"^([^,]+),") if comma else (r"^(\S+)", r"^\S+\s+(.+)$")
        made.rule["extract"] = patterns[0 if first else 1]
    elif made.place.how == "extract":
        made.rule["extract"] = (
            _YEAR if made.known.name == "year" else r"^(?:(?:19|20)[0-9]{2}\s+)?(\S+)"
        )
    elif values and all(text[:1] == "#" and len(text) > 1 for text in values):
        made.rule["extract"] = "^#(.+)$"


def _dated(made: Turn) -> None:
    dates = read_dates(made.place.profile.counts)
    form = _day_or_month(made, dates) if dates.other else dates.form
    for name, english in (dates.months or {}).items():
        made.replace(name, english)
    if form:
        made.rule["date"] = form
    if made.known.kind is Kind.DATETIME:
        _clock(made, dates)
    _strange(made, dates)
    if dates.first:
        proof = (
            f"{dates.proof} rows prove the form"
            if dates.proof
            else "in a form that leaves no doubt"
        )
        proof = "in a form that nothing proves" if dates.other else proof
        made.why = f"{made.place.reason}; {proof}, {dates.first} to {dates.last}"


def _day_or_month(made: Turn, dates: Dates) -> str:
    """Return which of two forms is meant: another column proves it, a person says so, or it is asked."""
    drafting, forms = made.drafting, (dates.form, dates.other)
    if drafting.sister in forms:
        return drafting.sister
    day, month = forms if dates.form.startswith("%d") else reversed(forms)
    said = drafting.answers.get(FIELDS, "dates")
    if said is not None:
        return month if said == _MONTH else day
    if not any(question.key == (FIELDS, "dates") for question in drafting.questions):
        texts = ", ".join(made.place.profile.examples)
        text = f'In the dates of "{made.ref}" ({texts}), what comes first? No value proves it.'
        drafting.questions.append(
            Question(
                "value",
                (FIELDS, "dates"),
                text,
                (_DAY, _MONTH),
                column=made.ref,
                field=made.known.name,
            )
        )
    return day


def _clock(made: Turn, dates: Dates) -> None:
    """The time of day of dates alone, and whether ends at midnight mean the whole day."""
    last = made.known.name == "endTime"
    if not dates.timed:
        made.rule["time"] = "23:59:59" if last else "00:00:00"
    elif last and dates.midnight:
        said = made.drafting.answers.get(FIELDS, "midnight")
        if said is None:
            text = f'All times of "{made.ref}" are 00:00. Does the last day count to its end?'
            made.drafting.questions.append(
                Question(
                    "field", (FIELDS, "midnight"), text, (_WHOLE_DAY, _AT_MIDNIGHT), _WHOLE_DAY,
                    column=made.ref, field=made.known.name,
                )
            )  # fmt: skip
        elif said != _AT_MIDNIGHT:
            made.rule |= {"time": "23:59:59", "midnight": "date"}
    if dates.zoned:
        _zone(made)


def _zone(made: Turn) -> None:
    said = made.drafting.answers.get(FIELDS, "timezone")
    if said:
        made.rule["timezone"] = said
    elif not any(question.key == (FIELDS, "timezone") for question in made.drafting.questions):
        text = f'The times of "{made.ref}" name a zone. Which one is your campus in?'
        made.drafting.questions.append(
            Question(
                "field",
                (FIELDS, "timezone"),
                text,
                _ZONES,
                column=made.ref,
                field=made.known.name,
                free=True,
            )
        )


def _strange(made: Turn, dates: Dates) -> None:
    """Texts among dates: blank where they say so or a person does, else held."""
    required = made.known.need is Need.REQUIRED
    choices = (HOLD,) if required else (BLANK, HOLD)
    for text in dates.strange[:_MOST_STRANGE]:
        rows = made.place.profile.counts[text]
        said = made.said(text)
        none = means("none", text) is not None and not required
        becomes = said or (BLANK if none else None)
        made.value(text, rows, becomes, choices, sure=said is not None)
        if becomes == BLANK:
            made.blanks.append(text)
        elif becomes is None:
            made.ask(
                text,
                f'"{text}" in "{made.ref}" is not a date ({count(rows, "row")}). Which date is it?',
                choices,
            )
        elif becomes != HOLD:
            made.replace(text, becomes)


def _provinces(made: Turn) -> None:
    """Names become codes; what no table knows is asked, or left out where nobody says."""
    made.rule["convert"] = ["province"]
    optional = made.known.kind is Kind.PROVINCE
    choices = (*PROVINCES, BLANK)
    unknown = False
    for text, rows in folded(made.place.profile.counts).items():
        said = made.said(text)
        code = province_of(text)
        becomes = said or code or (BLANK if means("none", text) else None)
        if becomes == BLANK and (said or optional):
            made.blanks.append(text)
        elif said and said not in {HOLD, code}:
            made.replace(text, said)
        unknown = unknown or becomes is None
        if becomes is None and not made.place.profile.few:
            continue
        made.value(text, rows, becomes, choices, sure=bool(said or code))
        if becomes is None and (optional or len(text) <= 3):  # noqa: PLR2004 - a vehicle's may be a full name
            question = (
                f'Which province or state is "{text}" in "{made.ref}" ({count(rows, "row")})?'
            )
            made.ask(text, question, choices, held=False)
    if unknown and optional:
        made.rule["if_invalid"] = "omit"


def _user_types(made: Turn, *, asked: bool) -> None:
    """Every value becomes the number of one of OPSCOM's user types."""
    types = made.drafting.types
    choices = (*(f"{known.id} {known.type_name}" for known in types), BLANK)
    lookup: dict[str, str] = {}
    for text, rows in folded(made.place.profile.counts).items():
        said = made.said(text)
        found = user_type(text, types)
        exact = found is not None and found.type_name.casefold() == text.casefold()
        becomes = (
            said if said == BLANK else said.split(" ")[0] if said else found.id if found else None
        )
        made.value(text, rows, becomes, choices, sure=bool(said) or exact)
        if becomes == BLANK:
            made.blanks.append(text)
        elif becomes:
            lookup[text] = becomes
        elif asked:
            more = "" if types else " `opscom-import pull user-types` brings the list of numbers."
            made.ask(
                text,
                f'Which user type of OPSCOM is "{text}" in "{made.ref}" ({count(rows, "row")})?{more}',
                choices,
            )
    if lookup:
        made.rule["lookup"] = lookup


def _amounts(made: Turn) -> None:
    """The decimal sign, what is free, and names of currencies beside the amount."""
    counts = made.place.profile.counts
    ends = [text.rstrip(" $€CAD")[-3:-2] for text in counts]
    if ends.count(",") > ends.count("."):
        made.rule["decimal"] = ","
    free = [t for t in counts if means("free", t) or means("none", t) or _nothing(t)]
    for text in free:
        said = made.said(text)
        becomes = said or BLANK
        made.value(text, counts[text], becomes, (BLANK, HOLD), sure=said is not None)
        if becomes == BLANK:
            made.blanks.append(text)
        elif becomes != HOLD:
            made.replace(text, becomes)
    for mark in _MARKS:
        if any(mark in text for text in counts if text not in free):
            made.replace(mark, "")


def _nothing(text: str) -> bool:
    digits = {c for c in text if c.isdigit()}
    return digits == {"0"}


def _currencies(made: Turn) -> None:
    choices = ("CAD", "USD")
    lookup: dict[str, str] = {}
    for text, rows in folded(made.place.profile.counts).items():
        becomes = made.said(text) or means("currencies", text)
        made.value(text, rows, becomes, choices, sure=text in choices)
        if becomes:
            lookup[text] = becomes
        else:
            made.ask(
                text,
                f'Is "{text}" in "{made.ref}" ({count(rows, "row")}) CAD or USD?',
                choices,
                free=False,
            )
    if any(text != becomes for text, becomes in lookup.items()):
        made.rule["lookup"] = lookup


def _ids(made: Turn) -> None:
    """Length and lost zeros of numbers, and what an export wraps round them."""
    counts = made.place.profile.counts
    if any(text[:1] in "'=" or text.endswith(".0") for text in counts):
        made.rule["convert"] = ["unwrap"]
    digits = [text for text in counts if text.isdigit()]
    if made.known.name == "permitNo" or not digits or len(digits) < len(counts):
        return
    lengths = {len(text) for text in digits}
    most = max(lengths, key=lambda length: sum(len(text) == length for text in digits))
    if len(lengths) == 1 or most != max(lengths):
        made.why = f"{made.place.reason}; {most} digits each" if len(lengths) == 1 else ""
        return
    short = sum(counts[text] for text in digits if len(text) < most)
    fill, keep = f"fill up to {most} digits", "leave them as they are"
    said = made.drafting.answers.get(FIELDS, f"{made.ref} zeros")
    if said is not None and said != keep:
        made.rule["pad"] = most
    elif said is None and made.known.name == "unique_id":
        zeros = any(text.startswith("0") for text in digits)
        question = f'In "{made.ref}" {count(short, "row")} {"has" if short == 1 else "have"} fewer than {most} digits. Has the export lost zeros at the left?'
        made.drafting.questions.append(
            Question(
                "value", (FIELDS, f"{made.ref} zeros"), question, (fill, keep), fill if zeros else "",
                column=made.ref, field=made.known.name,
            )
        )  # fmt: skip


def _phones(made: Turn) -> None:
    _none_words(made)
    longest = made.known.max_length or 0
    if any(len(text) > longest for text in made.place.profile.counts):
        made.rule["convert"] = ["phone"]


def _plates(made: Turn) -> None:
    made.rule["convert"] = ["plate"]


def _plate_types(made: Turn) -> None:
    for text, rows in folded(made.place.profile.counts).items():
        made.value(text, rows, text, (), sure=False)


def _none_words(made: Turn) -> None:
    texts = list(made.place.profile.counts)[:_LOOKED_AT]
    made.blanks += [text for text in texts if len(text) < _LONGEST and means("none", text)]


_STEPS: Final[Mapping[str, Callable[[Turn], None]]] = {
    Kind.DATE: _dated,
    Kind.DATETIME: _dated,
    Kind.PROVINCE: _provinces,
    "prov": _provinces,
    Kind.AMOUNT: _amounts,
    Kind.CURRENCY: _currencies,
    "plate": _plates,
    "plateType": _plate_types,
    Kind.ID: _ids,
    Kind.EMAIL: _none_words,
    Kind.PHONE: _phones,
    Kind.POSTAL: _none_words,
    Kind.YEAR: _none_words,
    Kind.VIN: _none_words,
}
"""A field's name, or its kind → what its values need."""
