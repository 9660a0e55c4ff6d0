"""What the cell of a field may hold, by what the field is for: one table for all endpoints.

A ``Rule`` finds in a text what is wrong with it. One that *holds* keeps the row back, because the value
is known to be ruined or is not of its kind; the others warn. What a cell of a workbook *is* (a true date,
a percentage) is judged by ``unfit``. Importing this loads no pandas.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from importer.model import MADE, UNCORRECTED, CellType, Refusal
from importer.schema import Field, Kind, Need
from schemas import signs
from schemas.provinces import PROVINCES
from schemas.signs import Find, holding, is_nothing, matching, misread

CORRECT: Final = "Correct the cell."
BLANK_IF: Final = "Leave the cell blank, or list what stands in it under `blank_if` in the mapping."
FILL: Final = "Write the value, or pass such rows over with `skip_rows` in the mapping."
LEFT_OUT: Final = "It is left out, as the mapping says; correct the cell to have it sent."
UNWRAP: Final = "Take off what stands around it with `convert: [unwrap]` in the mapping."
CHECK: Final = "Check it; this holds no row back."
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = f"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_EXPORT: Final = (
    "Format the column as text or as a number without decimals in the source, and export it again."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    name: str
    """Unique within a kind."""
    find: Find
    message: str
    """What is wrong, one sentence that begins with ``{this}`` and names no value."""
    remedy: str
    holds: bool = True
    ruined: bool = False
    """Whether the person may vouch for it with ``as_shown``."""

    def refusal(self, text: str = "", detail: str = "") -> Refusal:
        """Return the same as why a cell cannot be converted."""
        return Refusal(self.message.format(this="this", length=len(text)), self.remedy, detail)


def _form(pattern: str, message: str, remedy: str) -> tuple[Rule, ...]:
    """Return the rules of a kind whose form leaves no room for anything else."""
    whole = re.compile(pattern).fullmatch
    return (NOTHING, Rule("form", lambda text: not whole(text), message, remedy))


# fmt: off
EVERY: Final = (
    Rule("marked", lambda text: UNCORRECTED in text, "{this} was marked in a results workbook and is not corrected yet.", "Type the right value over it, without the mark."),
    Rule("control", lambda text: re.search(r"[\x00-\x1f\x7f-\x9f]", text) is not None, "{this} holds a control character, a tab for example.", "Delete what the cell holds and type it anew."),
    Rule("lost letter", lambda text: "�" in text, "{this} has lost a letter: � stands in its place.", "Type the letter, or export the file again as UTF-8.", ruined=True),
    Rule("garbled", signs.garbled, "{this} holds letters that were read in a wrong encoding, such as Ã© for é.", f"Export the file again as UTF-8. {CHECK}", holds=False),
    Rule("html", holding(rf"&(?:#[0-9]{{1,6}}|#[xX][0-9a-fA-F]{{1,5}}|{signs.ENTITIES});"), "{this} holds signs of a web page, such as &amp; for &.", f"Turn them into letters with `convert: [unwrap]` in the mapping. {CHECK}", holds=False),
    Rule("tag", holding(r"</?[A-Za-z][A-Za-z0-9]{0,9}(?:\s[^<>]*)?/?>"), "{this} holds marks of a web page, such as <br>.", f"Take them off with `replace` in the mapping. {CHECK}", holds=False),
    Rule("quoted", matching(r"[\"“„«].*[\"”“»]"), "{this} stands in quotation marks as a whole.", f"Remove them if they are not a part of it. {CHECK}", holds=False),
)

_MISREAD: Final = Rule("misread", misread(signs.SIGNS), "{this} holds a sign that no name has, as where a letter was read in a wrong encoding.", "Type the letter, or say the file's encoding with `encoding` in the mapping.", ruined=True)
_QUESTION: Final = Rule("question", holding(r"[^\W\d_]\?"), "{this} holds a question mark behind a letter, as where a letter with an accent was lost.", f"Type the letter, or export the file again as UTF-8. {CHECK}", holds=False)
NOTHING: Final = Rule("nothing", is_nothing, "{this} is a word for nothing, not a value.", BLANK_IF, ruined=True)
_EXPONENT: Final = Rule("exponent", matching(r"[0-9]+(?:[.,][0-9]+)?[Ee]\+[0-9]{1,3}|[0-9]+[.,][0-9]+[Ee]-?[0-9]{1,3}"), "{this} is a number of which the spreadsheet program has kept the first digits only.", _EXPORT, ruined=True)
WRAPPED: Final = Rule("wrapped", matching(r"[0-9]+[.,]0{1,2}|[0-9]{1,3}(?:,[0-9]{3})+(?:\.0+)?|['‘’`´ʼ＇=].+"), "{this} is wrapped in what an export has put around it.", UNWRAP, ruined=True)
_DATED: Final = Rule("dated", matching(rf"{_DAY}(?:[T ][0-9:.]+)?|[0-9]{{1,2}}/[0-9]{{1,2}}/[0-9]{{4}}|[0-9]{{1,2}}-(?:{_MONTHS})|(?:{_MONTHS})-[0-9]{{2}}"), "{this} is a date, which the spreadsheet program has made of it.", "Format the column as text and type the value.", ruined=True)
_NUMBERS: Final = (
    NOTHING,
    _EXPONENT,
    WRAPPED,
    # Thousands as French and Swiss formats part them.
    replace(WRAPPED, find=matching(r"[0-9]{1,3}(?:['\u2019\u00a0\u202f][0-9]{3})+(?:[.,]0+)?")),
    _DATED,
    Rule("percent", matching(r"[0-9.,]+\s?%"), "{this} is a percentage, and the field takes a number or a name.", _EXPORT, ruined=True),
    Rule("boolean", matching(r"(?i:TRUE|FALSE|VRAI|FAUX|WAHR|FALSCH)"), "{this} is a truth value, and the field takes a number or a name.", CORRECT, ruined=True),
)

_PLATES: Final = (
    _EXPONENT,
    _DATED,
    replace(WRAPPED, find=matching(r"[0-9]+\.0{1,2}|[1-9][0-9]{0,2}(?:,[0-9]{3})+")),
    Rule("none", lambda text: signs.stands_for_nothing(signs.NO_PLATE)(text) or set(text) == {"0"}, "{this} is a remark in the place of a plate.", BLANK_IF),
    Rule("two", signs.two_plates, "{this} is more than one plate.", "Keep one plate, and give each other vehicle a row of its own."),
    Rule("brackets", holding(r"[()\[\]{}].*"), "{this} holds more than a plate.", "Keep the plate alone in the cell."),
    Rule("remark", signs.remark, "{this} holds more than a plate.", "Keep the plate alone in the cell."),
    Rule("signs", lambda text: (found := signs.ON_PLATE_RE.search(text)) and found[0], "{this} holds signs that plates have not.", CHECK, holds=False),
    Rule("letters", signs.foreign_letters, "{this} holds letters of another alphabet, which may look like ours.", CHECK, holds=False),
)

_EMAILS: Final = (
    NOTHING,
    Rule("several", lambda text: text.count("@") > 1 and bool(re.search(r"\S@\S+?[\s,;/|#]+.*\S@\S", text)), "{this} is more than one e-mail address.", "Keep one address in the cell."),
    Rule("around", lambda text: not signs.ADDRESS_RE.fullmatch(text) and signs.plain_address(text) is not None, "{this} is more than an e-mail address alone.", "Take the address out with `convert: [email]` in the mapping."),
    Rule("form", lambda text: not signs.ADDRESS_RE.fullmatch(text), "{this} is not an e-mail address, which has one @ and no blanks, brackets or commas.", CORRECT),
    Rule("host", matching(rf"{signs.LOCAL}@[^.]+"), "{this} is an e-mail address whose host has no dot.", CHECK, holds=False),
)

_PHONES: Final = (
    NOTHING,
    _EXPONENT,
    WRAPPED,
    Rule("none", signs.stands_for_nothing(signs.NO_NUMBER), "{this} is a remark in the place of a phone number.", BLANK_IF),
    Rule("two", signs.two_phones, "{this} is more than one phone number.", "Keep one number in the cell."),
    Rule("letters", lambda text: (found := re.search(r"[^\W\d_]+", signs.EXTENSION_RE.sub("", text))) and found[0], "{this} is a phone number with letters in it.", CHECK, holds=False),
    Rule("impossible", signs.impossible, "{this} is not a possible phone number.", CHECK, holds=False),
)

_POSTALS: Final = (
    NOTHING,
    _EXPONENT,
    WRAPPED,
    Rule("none", signs.stands_for_nothing(signs.NO_NUMBER), "{this} is a remark in the place of a postal code.", BLANK_IF),
    Rule("two", signs.two_codes, "{this} is more than one postal code.", "Keep one code in the cell."),
    Rule("canadian", signs.nearly_canadian, "{this} looks like a Canadian postal code and is not one.", CHECK, holds=False),
    Rule("american", lambda text: (re.fullmatch(r"[0-9][0-9 -]*", text) is not None and re.fullmatch(r"[0-9]{5}(?:[ -]?[0-9]{4})?", text) is None), "{this} is a postal code of digits that has not 5 or 9 of them.", CHECK, holds=False),
)

# The sign of a lost letter stands here as itself: the library of pandas takes no escape for it.
_SIGNS: Final = rf'?#\[�ÃÂÄÅÆÎÏÐÑâº»√├&<"“„«:\x00-\x1f\x7f-\x9f{signs.SIGNS}'
_FREE: Final = f"[^{_SIGNS}]*[^{_SIGNS}.]"
RULES: Mapping[Kind, tuple[Rule, ...]] = MappingProxyType({
    Kind.NAME: (_MISREAD, _QUESTION),
    Kind.TEXT: (
        Rule("misread", misread(re.sub("[²³¼½¾]", "", signs.SIGNS)), "{this} holds a sign beside a letter, as where a letter was read in a wrong encoding.", f"Type the letter, or say the file's encoding with `encoding` in the mapping. {CHECK}", holds=False),
        _QUESTION,
    ),
    Kind.ID: (
        *_NUMBERS,
        Rule("hash", matching("#.+"), "{this} begins with #, as lines do that are not records.", CHECK, holds=False),
    ),
    Kind.PLATE: _PLATES,
    Kind.EMAIL: _EMAILS,
    Kind.PHONE: _PHONES,
    Kind.POSTAL: _POSTALS,
    Kind.PROVINCE: (
        *_form("[A-Za-z]{2}", "{this} is not a postal abbreviation of two letters, such as ON or NY.", "Write the two letters, or let the mapping convert names with `convert: [province]`."),
        Rule("nowhere", lambda text: text.upper() not in PROVINCES, "{this} is the abbreviation of no province of Canada and no state of the US.", CHECK, holds=False),
    ),
    Kind.NUMBER: (WRAPPED, *_form("[0-9]+", "{this} is not the number of a record in OPSCOM, which has digits only.", "Write the number, or give this value one under `lookup` in the mapping.")),
    Kind.DATE: _form(_DAY, "{this} is not a date in the form yyyy-mm-dd.", "Correct the cell, or name the form that it has with `date` in the mapping."),
    Kind.DATETIME: _form(_MOMENT, "{this} is not a date and time in the form yyyy-mm-ddThh:mm:ss.", "Correct the cell, or give the mapping the `date`, `time` or `timezone` that it needs."),
    Kind.AMOUNT: (
        *_form(r"[0-9]{1,6}\.[0-9]{2}", "{this} is not an amount from 0.01 to 999999.99, such as 14.50.", "Write dollars and cents."),
        Rule("zero", matching(r"0{1,6}\.00"), "{this} is an amount of 0, and OPSCOM takes 0.01 at least.", "Leave the cell blank where nothing was paid, or list it under `blank_if` in the mapping."),
    ),
    Kind.CURRENCY: _form("CAD|USD", "{this} is neither CAD nor USD, and OPSCOM takes no other currency.", "Write CAD or USD, or leave the cell blank."),
    Kind.YEAR: (WRAPPED, *_form("[0-9]{4}", "{this} is not a year of four digits.", CORRECT)),
    Kind.VIN: (
        *_NUMBERS,
        Rule("usual", lambda text: len(text) != 17, "{this} has {length} characters, and the number of a vehicle has 17 as a rule.", CHECK, holds=False),  # noqa: PLR2004 - ISO 3779
    ),
})
"""Kind → its rules, in the order in which they are tried; those of every field come first."""

PLAIN: Mapping[Kind, str] = MappingProxyType({
    Kind.NAME: _FREE,
    Kind.TEXT: _FREE,
    Kind.ID: r"[0-9]+|[A-Za-z]{1,3}[0-9]+(?:-[0-9]+)*|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    Kind.PLATE: r"[A-Z]{1,4}[ -]?[0-9]{2,5}|[1-9][0-9]{0,3}[ -]?[A-Z]{2,4}",
    Kind.PHONE: r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-]?)[0-9]{3}[ .-]?[0-9]{4}(?: (?:x|ext\.) ?[0-9]{1,6})?|x?[0-9]{3,5}",
    Kind.POSTAL: r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z] [0-9][ABCEGHJ-NPRSTV-Z][0-9]|[0-9]{5}",
    Kind.EMAIL: r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]+",
    Kind.PROVINCE: "|".join(sorted(PROVINCES)),
    Kind.NUMBER: "[0-9]+",
    Kind.DATE: _DAY,
    Kind.DATETIME: _MOMENT,
    Kind.AMOUNT: r"[1-9][0-9]{0,5}\.[0-9]{2}",
    Kind.CURRENCY: "CAD|USD",
    Kind.YEAR: "[0-9]{4}",
    Kind.VIN: "[A-Z]{3}[0-9A-Z]{14}",
})
"""Kind → texts that surely break no rule, so that whole columns of them need no closer look."""
# fmt: on


def remedy_for(known: Field, remedy: str) -> str:
    """Return the remedy for a field: what OPSCOM requires cannot be left blank."""
    required = known.need in {Need.REQUIRED, Need.ONE_OF}
    return FILL if required and remedy == BLANK_IF else remedy


def judge(kind: Kind, text: str, *, as_shown: bool = False) -> Iterator[tuple[Rule, str]]:
    """Yield what a filled text of this kind breaks: the first rule that holds, or else all warnings.

    Beside each rule stands what of the text is meant, as a sentence; empty where it is the whole. With
    ``as_shown`` the person vouches for what looks ruined.
    """
    warnings: list[tuple[Rule, str]] = []
    for rule in (*EVERY, *RULES[kind]):
        found = None if as_shown and rule.ruined else rule.find(text)
        if not found:
            continue
        where = "is left over" if rule.holds else "stands in it"
        what = rule, "" if found is True or found == text else f"`{found}` {where}."
        if rule.holds:
            yield what
            return
        warnings.append(what)
    yield from warnings


_WHOLE: Final = frozenset({Kind.ID, Kind.VIN, Kind.PLATE})
_DATES: Final = frozenset({Kind.DATE, Kind.DATETIME})
_DECIMALS: Final = r"[0-9,]*\.[0-9]*[1-9][0-9]*$"
_RETYPE: Final = "Format the column as text and type the value."
# fmt: off
_UNFIT: Final = (
    (CellType.DATE, frozenset(Kind) - _DATES, "", f"{MADE}date of it."),
    (CellType.TIME, frozenset(Kind) - _DATES, "", f"{MADE}time of it."),
    (CellType.PERCENT, _WHOLE | {Kind.AMOUNT}, "", "this cell is a percentage."),
    (CellType.BOOLEAN, _WHOLE, "", "this cell is a truth value."),
    (CellType.NUMBER, _WHOLE - {Kind.PLATE}, rf"^-?{_DECIMALS}", "this cell is a number with decimals or a sign."),
    (CellType.NUMBER, {Kind.PLATE}, rf"^-|^{_DECIMALS}", "this cell is a number with decimals or a sign."),
)
# fmt: on


def unfit(kind: Kind, cell: CellType) -> tuple[str, tuple[str, str]] | None:
    """Return what is wrong with cells of this type in a field of this kind, ``None`` where nothing is.

    It is a pattern that is found in what such a cell shows, then the sentence and the remedy.
    """
    for wrong, kinds, pattern, message in _UNFIT:
        if cell is wrong and kind in kinds:
            return pattern, (message, _RETYPE)
    return None
