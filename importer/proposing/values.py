"""What the values of a column become: one function for each kind of field, each adding to its rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from importer.proposing.answers import BLANK, FIELDS, HOLD, VALUES, Key, Question
from importer.proposing.dating import Dates, proven_form, read_date, read_dates
from importer.proposing.profiles import folded, province_of
from importer.proposing.proposal import Confidence, Place, Proposal, Value
from importer.proposing.vocabulary import means, user_types
from importer.schema import Field, Kind, Need
from importer.text import count, fold

PROVINCES: Final = ("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT")
PLATE_TYPES: Final = ("Passenger", "Commercial", "Motorcycle")
_ZONES: Final = (
    "America/Toronto", "America/Halifax", "America/Winnipeg", "America/Edmonton", "America/Vancouver",
    "America/St_Johns", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
)  # fmt: skip
_WHOLE_DAY, _AT_MIDNIGHT = "to the end of that day", "it ends at 00:00"
_DAY, _MONTH = "the day first", "the month first"
_CURRENCIES: Final = ("CAD", "USD")
_MARKS: Final = (*_CURRENCIES, "CA$", "US$", "C$", "€")
_DATED: Final = {"date_of_birth", "startTime", "endTime"}
_MOSTLY: Final = 0.9
_MOST_STRANGE, _LOOKED_AT, _LONGEST, _CODE = 12, 5000, 20, 3
_ZIP: Final = 5
_ZEROS: Final = {"CT", "MA", "ME", "NH", "NJ", "RI", "VT"}
"""States all of whose postal codes begin with a zero."""
_YEAR: Final = r"\b((?:19|20)[0-9]{2})\b"
_MAKE: Final = r"(?i)^(?:(?:19|20)[0-9]{2}\s+)?((?:Alfa|Aston|Land|Rolls)\s+\S+|[^\s/]+)"


@dataclass(slots=True)
class Turn:
    """One field on its way: the column that gives it and the rule that grows."""

    proposal: Proposal
    known: Field
    place: Place
    ref: str
    """The name by which the mapping knows the column."""
    rule: dict[str, Any]
    used: bool
    """Whether the column is used; of one that is itself asked the values are listed, and not asked."""
    blanks: list[str] = field(default_factory=list)
    why: str = ""

    @property
    def counts(self) -> Mapping[str, int]:
        """Value → rows."""
        return self.place.profile.counts

    def decide(  # noqa: PLR0913 - what is known of one value
        self, text: str, rows: int, guess: str | None, choices: Sequence[str], question: str = "", *, sure: bool = False,
        **more: Any,  # noqa: ANN401 - of Question
    ) -> str | None:  # fmt: skip
        """Return what a value becomes: as a person said, else as guessed, else ``None``, and it is asked."""
        key: Key = (VALUES, self.ref, text)
        said = self.proposal.answers.get(*key)
        becomes = said or guess
        how = Confidence.SURE if said or sure else Confidence.LIKELY
        how = how if becomes is not None else Confidence.ASK
        value = Value(self.ref, self.known.name, text, rows, becomes, how, tuple(choices))
        self.proposal.values.append(value)
        if becomes is None and question:
            asked = question.format(f'"{text}" in "{self.ref}"', count(rows, "row"))
            self._ask(key, asked, choices, value=text, **more)
        if becomes == BLANK:
            self.blanks.append(text)
        return becomes

    def fact(self, name: str, question: str, *choices: str, **more: Any) -> str | None:  # noqa: ANN401 - of Question
        """Return what a person said of the whole column or file; ``None`` where it is asked, once."""
        said = self.proposal.answers.get(FIELDS, name)
        if said is None:
            self._ask((FIELDS, name), question, choices, **more)
        return said

    def _ask(self, key: Key, text: str, choices: Sequence[str], **more: Any) -> None:  # noqa: ANN401 - of Question
        asked = self.proposal.questions
        if self.used and all(question.key != key for question in asked):
            more |= {"column": self.ref, "field": self.known.name}
            asked.append(Question("value", key, text, tuple(choices), **more))

    def look_up(self, text: str, becomes: str | None) -> None:
        """Let a whole value stand for another, but for one that is blank or holds its row; others stay."""
        if becomes is not None and becomes not in {BLANK, HOLD}:
            for piece, other in self.rule.get("replace", {}).items():
                text = text.replace(piece, other).strip()
            self.rule.setdefault("lookup", {})[text] = becomes
            self.rule["else"] = "keep"

    def replace(self, text: str, becomes: str | None) -> None:
        """Do the same before a conversion, where pieces are replaced, the longest first: values that hold it stay."""
        if becomes is not None and becomes not in {BLANK, HOLD}:
            given = self.rule.setdefault("replace", {})
            for each in self.counts:
                if fold(each) == fold(text):
                    given[each] = becomes
                elif text in each:
                    given.setdefault(each, each)


def turn(made: Turn) -> str:
    """Let the rule of a field grow by what its values need; return why."""
    known = made.known
    _extracted(made)
    if step := _STEPS.get(known.name) or _STEPS.get(known.kind):
        step(made)
    if made.blanks:
        made.rule["blank_if"] = made.blanks
    longest = known.max_length if known.may_be_cut and known.kind is Kind.TEXT else None
    if longest and any(len(text) > longest for text in made.counts):
        made.rule["truncate"] = True
        why = made.why or made.place.reason
        made.why = f"{why}; what is longer than {longest} characters is cut"
    return made.why or made.place.reason


def _extracted(made: Turn) -> None:
    """Split a whole name, take a year out, or drop a sign that every value begins with."""
    name, values = made.known.name, made.place.profile
    if made.place.how == "split":
        comma = values.share("comma") > 1 / 2
        patterns = (r"^[^,]+,\s*(.+)$", r"^([^,]+),") if comma else (r"^(\S+)", r"^\S+\s+(.+)$")
        made.rule["extract"] = patterns[0 if name == "first_name" else 1]
    elif made.place.how == "extract":
        made.rule["extract"] = _YEAR if name == "year" else _MAKE
    elif made.counts and all(text[:1] == "#" and len(text) > 1 for text in made.counts):
        made.rule["extract"] = "^#(.+)$"


def _dated(made: Turn) -> None:
    dates = read_dates(made.counts)
    first, last = dates.first, dates.last
    form, proof = dates.form, "in a form that leaves no doubt"
    if dates.other:
        form, proof = _day_or_month(made, dates)
        days = [day for text in made.counts if (day := read_date(text, form)[:10])]
        first, last = min(days), max(days)
    elif dates.proof:
        proof = f"{count(dates.proof, 'row')} prove the form"
    for name, english in dates.months.items():
        made.rule.setdefault("replace", {})[name] = english
    if form:
        made.rule["date"] = form
    if made.known.kind is Kind.DATETIME:
        _clock(made, dates)
    _strange(made, dates)
    if first:
        made.why = f"{made.place.reason}; {proof}, {first} to {last}"


def _day_or_month(made: Turn, dates: Dates) -> tuple[str, str]:
    """Return which of two forms is meant, and why: another column proves it, a person says so, or it is asked."""
    look, places = made.proposal.look, made.proposal.places
    sent = [p.profile for p in places if p.field in _DATED]
    proven = proven_form([*sent, *(p for p in look.profiles if p.share("date") > _MOSTLY)])
    if proven in {dates.form, dates.other}:
        return proven, "in the form that another column proves"
    texts = ", ".join(made.place.profile.examples)
    text = f'In the dates of "{made.ref}" ({texts}), what comes first? No value proves it.'
    day, month = sorted((dates.form, dates.other))
    # An answer of before is one about this header: other systems write dates in another order.
    said = made.proposal.answers.get(FIELDS, f"{made.ref} dates")
    said = said or made.fact("dates", text, _DAY, _MONTH)
    why = "in the form that you said" if said else "in a form that nothing proves"
    return month if said == _MONTH else day, why


def _clock(made: Turn, dates: Dates) -> None:
    """The time of day of dates alone, and whether ends at midnight mean the whole day."""
    last = made.known.name == "endTime"
    if not dates.timed:
        made.rule["time"] = "23:59:59" if last else "00:00:00"
    elif last and dates.midnight:
        text = f'All times of "{made.ref}" are 00:00. Does the last day count to its end?'
        if made.fact("midnight", text, _WHOLE_DAY, _AT_MIDNIGHT, proposal=_WHOLE_DAY) == _WHOLE_DAY:
            made.rule |= {"time": "23:59:59", "midnight": "date"}
    if dates.zoned:
        text = f'The times of "{made.ref}" name a zone. Which one is your campus in?'
        said = made.fact("timezone", text, *_ZONES, free=True)
        made.rule |= {"timezone": said} if said else {}


def _strange(made: Turn, dates: Dates) -> None:
    """Texts among dates: blank where they say so or a person does, else held."""
    required = made.known.need is Need.REQUIRED
    choices = (HOLD,) if required else (BLANK, HOLD)
    asked = "{} is not a date ({}). Which date is it?"
    for text in dates.strange[:_MOST_STRANGE]:
        guess = BLANK if means("none", text) and not required else None
        rows = made.counts[text]
        made.look_up(text, made.decide(text, rows, guess, choices, asked, free=True))


def _provinces(made: Turn) -> None:
    """Names become codes; what no table knows is asked, or left out where nobody says."""
    made.rule["convert"] = ["province"]
    optional = made.known.kind is Kind.PROVINCE
    choices, question = (*PROVINCES, BLANK), "Which province or state is {} ({})?"
    for text, rows in folded(made.counts).items():
        code = province_of(text)
        guess = code or (BLANK if means("none", text) and optional else None)
        # A vehicle's may be a full name, so that only what looks like a code is asked.
        likely = made.place.profile.few and (optional or len(text) <= _CODE)
        asked = question if likely else ""
        more = {"sure": bool(code), "free": True, "held": False}
        becomes = made.decide(text, rows, guess, choices, asked, **more)
        if becomes is None and optional:
            made.rule["if_invalid"] = "omit"
        elif becomes != code:
            made.replace(text, becomes)


def _user_types(made: Turn) -> None:
    """Every value becomes the number of one of OPSCOM's user types."""
    types = made.proposal.types
    lookup: dict[str, str] = {}
    for text, rows in folded(made.counts).items():
        found = user_types(text, types)
        # Those that the value may name are offered first.
        offered = dict.fromkeys(f"{known.id} {known.type_name}" for known in (*found, *types))
        asked = "Which user type of OPSCOM is {} ({})?"
        if not types:
            asked += " `opscom-import pull user-types` brings the list of numbers."
        elif len(found) > 1:
            asked += f" It may be {' or '.join(list(offered)[: len(found)])}."
        guess = found[0].id if len(found) == 1 else None
        exact = guess is not None and found[0].type_name.casefold() == text.casefold()
        becomes = made.decide(text, rows, guess, (*offered, BLANK), asked, sure=exact, free=True)
        if becomes and becomes != BLANK:
            lookup[text] = becomes.split(" ")[0]
    if lookup:
        made.rule["lookup"] = lookup


def _amounts(made: Turn) -> None:
    """The decimal sign, what is free, and names of currencies beside the amount."""
    ends = [text.rstrip(" $€CAD")[-3:-2] for text in made.counts]
    if ends.count(",") > ends.count("."):
        made.rule["decimal"] = ","
    free = [t for t in made.counts if means("free", t) or means("none", t) or _is_zero(t)]
    for mark in _MARKS:
        if any(mark in text for text in made.counts if text not in free):
            made.rule.setdefault("replace", {})[mark] = ""
    for text in free:
        made.look_up(text, made.decide(text, made.counts[text], BLANK, (BLANK, HOLD)))


def _is_zero(text: str) -> bool:
    return {c for c in text if c.isdigit()} == {"0"}


def _looked_up(made: Turn) -> None:
    """Currencies become codes, plate types what a person says; where all stay as they are nothing is looked up."""
    money = made.known.kind is Kind.CURRENCY
    choices = (*(_CURRENCIES if money else PLATE_TYPES), HOLD)
    question = "Is {} ({}) CAD or USD?" if money else ""
    lookup: dict[str, str] = {}
    for text, rows in folded(made.counts).items():
        guess = means("currencies", text) if money else text
        sure = text in choices
        becomes = made.decide(text, rows, guess, choices, question, sure=sure, free=not money)
        lookup |= {text: becomes} if becomes else {}
    if any(text != becomes for text, becomes in lookup.items()):
        made.rule["lookup"] = {text: to for text, to in lookup.items() if to not in {BLANK, HOLD}}


def _ids(made: Turn) -> None:
    """What an export wraps round numbers, their length, and lost zeros, which of an id are asked."""
    if any(text[:1] in "'=" or text.endswith(".0") for text in made.counts):
        made.rule["convert"] = ["unwrap"]
    digits = [text for text in made.counts if text.isdigit()]
    if made.known.name == "permitNo" or not digits or len(digits) < len(made.counts):
        return
    lengths = [len(text) for text in digits]
    most = max(sorted(set(lengths)), key=lengths.count)
    fill, keep = f"fill up to {most} digits", "leave them as they are"
    name = f"{made.ref} zeros"
    said = made.proposal.answers.get(FIELDS, name)
    if set(lengths) == {most}:
        made.why = f"{made.place.reason}; {most} digits each"
    elif most < max(lengths):
        return
    elif made.known.name == "unique_id":
        short = sum(made.counts[text] for text in digits if len(text) < most)
        likely = any(text.startswith("0") for text in digits)
        text = (
            f'In "{made.ref}" {count(short, "row")} {"has" if short == 1 else "have"} fewer than {most} digits. '
            "Has the export lost zeros at the left?"
        )
        said = made.fact(name, text, fill, keep, proposal=fill if likely else "")
    if said not in {None, keep} and len(set(lengths)) > 1:
        made.rule["pad"] = most


def _postal_codes(made: Turn) -> None:
    """US codes that lost their zero, those of New England and New Jersey, get it back."""
    _none_words(made)
    codes = [text for text in made.counts if text not in made.blanks]
    fives = sum(len(text) == _ZIP for text in codes)
    states = [p.profile.counts for p in made.proposal.places if p.field == "province" and p.used]
    lost = bool(states) and {province_of(text) for text in states[0]} <= _ZEROS
    short = len(codes) > fives and all(text.isdigit() for text in codes)
    if short and (lost or 2 * fives > len(codes)):
        made.rule["pad"] = _ZIP


def _phones(made: Turn) -> None:
    _none_words(made)
    if any(len(text) > (made.known.max_length or 0) for text in made.counts):
        made.rule["convert"] = ["phone"]


def _plates(made: Turn) -> None:
    made.rule["convert"] = ["plate"]


def _none_words(made: Turn) -> None:
    texts = list(made.counts)[:_LOOKED_AT]
    made.blanks += [text for text in texts if len(text) < _LONGEST and means("none", text)]


_STEPS: Final[Mapping[str, Callable[[Turn], None]]] = {
    **dict.fromkeys((Kind.DATE, Kind.DATETIME), _dated),
    **dict.fromkeys((Kind.PROVINCE, "prov"), _provinces),
    **dict.fromkeys((Kind.EMAIL, Kind.YEAR, Kind.VIN), _none_words),
    Kind.POSTAL: _postal_codes,
    Kind.AMOUNT: _amounts,
    **dict.fromkeys((Kind.CURRENCY, "plateType"), _looked_up),
    Kind.ID: _ids,
    Kind.PHONE: _phones,
    "plate": _plates,
    "user_type_id": _user_types,
}
"""A field's name, or its kind → what its values need."""
