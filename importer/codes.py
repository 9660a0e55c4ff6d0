"""OPSCOM's error codes: what each means, whose it is and what to do.

The numbers and facts are those of the vendor's API documentation, "API Error Codes", table "Error
Codes"; what to do, and what a run makes of a code, is ours. A code that is not here is treated like
any other refusal of one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Whose(StrEnum):
    """Where the fault is, so who can mend it."""

    ROW = "row"
    """One row of the spreadsheet."""
    FILE = "file"
    """Rows of one file that contradict each other or what OPSCOM holds."""
    SETTINGS = "settings"
    """The token, the client code or the host: every row would fail."""
    OPSCOM = "OPSCOM"
    """The answer is about our request as such."""


class Effect(StrEnum):
    """What a run makes of the answer."""

    REJECTS = "the row is rejected"
    STOPS = "the run stops and the row is not sent"
    THRICE = "the row is rejected; three in a row stop the run"
    GONE = "the row is rejected; after a lost answer to a delete it means done"
    THERE = "a new vehicle or permit is there already; any other row is rejected"


@dataclass(frozen=True, slots=True)
class Code:
    """One documented error code."""

    number: int
    means: str
    """The vendor's fact in our words, one sentence."""
    whose: Whose
    remedy: str
    """What to do, one sentence or two."""
    effect: Effect = Effect.REJECTS


# fmt: off
_ALL = (
    Code(9000, "The request names no client code.",                                 Whose.SETTINGS, "Set the client code: `client:` in opscom.yaml, OPSCOM_CLIENT or --client.", Effect.STOPS),
    Code(9001, "The request has no API token.",                                     Whose.SETTINGS, "Set OPSCOM_API_TOKEN, or name a file that only you can read as `token_file:` in opscom.yaml.", Effect.STOPS),
    Code(9002, "The API token has no permission for this request.",                 Whose.SETTINGS, "Ask your OPSCOM administrator to allow this endpoint for your token (OPSCOM_API_TOKEN, or `token_file:` in opscom.yaml).", Effect.STOPS),
    Code(9003, "OPSCOM could not read the request.",                                Whose.OPSCOM,   "Look for unusual characters in the row; where all is plain, report it with the run's number.", Effect.THRICE),
    Code(9004, "The end of the permit is missing.",                                 Whose.ROW,      "Fill the end."),
    Code(9005, "The end of the permit is invalid.",                                 Whose.ROW,      "Write the end as a date and time after the start."),
    Code(9006, "The plate is missing.",                                             Whose.ROW,      "Fill the plate."),
    Code(9007, "The start of the permit is invalid.",                               Whose.ROW,      "Write the start as a date and time."),
    Code(9008, "The reference id is missing.",                                      Whose.ROW,      "Take the reference id from the results workbook of the push that created the permit."),
    Code(9009, "OPSCOM has no such record.",                                        Whose.ROW,      "Compare the reference id with the results workbook of the push that created the record; it may be deleted.", Effect.GONE),
    Code(9010, "The plate type is missing.",                                        Whose.ROW,      "Fill the plate type, by name or by id."),
    Code(9011, "The province or state is missing.",                                 Whose.ROW,      "Fill the province or state, by name or by id."),
    Code(9012, "The vehicle is in OPSCOM already.",                                 Whose.ROW,      "Nothing is to be done; OPSCOM offers no way to change a vehicle through this interface.", Effect.THERE),
    Code(9013, "The user's unique id is missing.",                                  Whose.ROW,      "Fill the unique id."),
    Code(9014, "The login source is missing.",                                      Whose.ROW,      "Give login_source a value in the mapping."),
    Code(9015, "OPSCOM does not know this login source.",                           Whose.ROW,      "Ask your OPSCOM administrator how the login sources are spelled and correct it in the mapping."),
    Code(9016, "The user's e-mail address is missing.",                             Whose.ROW,      "Fill the e-mail address."),
    Code(9017, "The user's first name is missing.",                                 Whose.ROW,      "Fill the first name."),
    Code(9018, "The user's last name is missing.",                                  Whose.ROW,      "Fill the last name."),
    Code(9019, "Another user has this e-mail address.",                             Whose.FILE,     "Find out whose address it is and correct the other row, or the other user in OPSCOM."),
    Code(9020, "Another user has this username.",                                   Whose.FILE,     "Give each user their own username, or leave it out."),
    Code(9021, "The vehicle's plate is longer than 50 characters.",                 Whose.ROW,      "Shorten the plate."),
    Code(9022, "A record with these details exists already.",                       Whose.FILE,     "Keep one row for the record; to change a permit, push it as one of the permit-updates.", Effect.THERE),
    Code(9030, "A value has more characters than OPSCOM takes.",                    Whose.ROW,      "Shorten it, or let the mapping cut it with `truncate: true`."),
    Code(9031, "A required value is missing.",                                      Whose.ROW,      "Fill the cell."),
    Code(9032, "A value has fewer characters than OPSCOM takes.",                   Whose.ROW,      "Write the value in full."),
    Code(9033, "A value is invalid.",                                               Whose.ROW,      "Correct the cell; `opscom-import fields` says what each field takes."),
    Code(9034, "The API token does not belong to this client code.",                Whose.SETTINGS, "Compare the client code (`client:` in opscom.yaml, OPSCOM_CLIENT or --client), the token (OPSCOM_API_TOKEN, or `token_file:` in opscom.yaml) and the host (`host:`, OPSCOM_HOST or --host) with what OPSCOM gave you; they must belong together.", Effect.STOPS),
)
# fmt: on

CODES: Mapping[int, Code] = MappingProxyType({code.number: code for code in _ALL})
"""Number → code, for all that the vendor documents."""
_ANSWERED = {str(number): code for number, code in CODES.items()}


def code_of(answered: str) -> Code | None:
    """Return what is known of a code as OPSCOM answered it."""
    return _ANSWERED.get(answered)


# fmt: off
FIELDS: Mapping[int, tuple[str, ...]] = MappingProxyType({
    9004: ("endTime",), 9005: ("endTime",), 9006: ("plate",), 9007: ("startTime",), 9008: ("referenceID",),
    9009: ("referenceID",), 9010: ("plateTypeID", "plateType"), 9011: ("provID", "prov"), 9013: ("unique_id",),
    9014: ("login_source",), 9015: ("login_source",), 9016: ("email",), 9017: ("first_name",),
    9018: ("last_name",), 9019: ("email",), 9020: ("user_name",), 9021: ("plate",),
})
# fmt: on
"""Number → the fields that a code is about, for those that are about some: their cells are marked."""

SETTINGS_CODES = frozenset(str(code.number) for code in _ALL if code.whose is Whose.SETTINGS)
"""As answered. Every row would fail: the run stops, and the rows are not sent."""

NOT_PARSED = "9003"
"""The row is rejected; three in a row stop the run."""

NOT_FOUND = "9009"
"""On a delete whose earlier attempt was lost it means that this attempt was applied."""

EXISTS = "9022"
"""A record with these details exists already."""
