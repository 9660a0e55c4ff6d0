"""OPSCOM's error codes: what each means and what to do.

The numbers and facts are those of the vendor's API documentation, "API Error Codes", table "Error
Codes"; what to do, and what a run makes of a code, is ours. A code that is not here is treated like
any other refusal of one row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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
    remedy: str
    """What to do, one sentence or two."""
    effect: Effect = Effect.REJECTS
    fields: tuple[str, ...] = ()
    """What it is about, where it is about some fields: their cells are marked."""


# fmt: off
_ALL = (
    Code(9000, "The request names no client code.", "Set the client code: `client:` in opscom.yaml, OPSCOM_CLIENT or --client.", Effect.STOPS),
    Code(9001, "The request has no API token.", "Keep it with `opscom-import login`, set OPSCOM_API_TOKEN, or name a file that only you can read as `token_file:` in opscom.yaml.", Effect.STOPS),
    Code(9002, "The API token has no permission for this request.", "Ask your OPSCOM administrator to allow this endpoint for your token (`opscom-import login`, OPSCOM_API_TOKEN, or `token_file:` in opscom.yaml).", Effect.STOPS),
    Code(9003, "OPSCOM could not read the request.", "Look for unusual characters in the row; where all is plain, report it with the run's number.", Effect.THRICE),
    Code(9004, "The end of the permit is missing.", "Fill the end.", fields=("endTime",)),
    Code(9005, "The end of the permit is invalid.", "Write the end as a date and time after the start.", fields=("endTime",)),
    Code(9006, "The plate is missing.", "Fill the plate.", fields=("plate",)),
    Code(9007, "The start of the permit is invalid.", "Write the start as a date and time.", fields=("startTime",)),
    Code(9008, "The reference id is missing.", "Take the reference id from the results workbook of the push that created the permit.", fields=("referenceID",)),
    Code(9009, "OPSCOM has no such record.", "Compare the reference id with the results workbook of the push that created the record; it may be deleted.", Effect.GONE, fields=("referenceID",)),
    Code(9010, "The plate type is missing.", "Fill the plate type, by name or by id.", fields=("plateTypeID", "plateType")),
    Code(9011, "The province or state is missing.", "Fill the province or state, by name or by id.", fields=("provID", "prov")),
    Code(9012, "The vehicle is in OPSCOM already.", "Nothing is to be done; OPSCOM offers no way to change a vehicle through this interface.", Effect.THERE),
    Code(9013, "The user's unique id is missing.", "Fill the unique id.", fields=("unique_id",)),
    Code(9014, "The login source is missing.", "Give login_source a value in the mapping.", fields=("login_source",)),
    Code(9015, "OPSCOM does not know this login source.", "Ask your OPSCOM administrator how the login sources are spelled and correct it in the mapping.", fields=("login_source",)),
    Code(9016, "The user's e-mail address is missing.", "Fill the e-mail address.", fields=("email",)),
    Code(9017, "The user's first name is missing.", "Fill the first name.", fields=("first_name",)),
    Code(9018, "The user's last name is missing.", "Fill the last name.", fields=("last_name",)),
    Code(9019, "Another user has this e-mail address.", "Find out whose address it is and correct the other row, or the other user in OPSCOM.", fields=("email",)),
    Code(9020, "Another user has this username.", "Give each user their own username, or leave it out.", fields=("user_name",)),
    Code(9021, "The vehicle's plate is longer than 50 characters.", "Shorten the plate.", fields=("plate",)),
    Code(9022, "A record with these details exists already.", "Keep one row for the record; to change a permit, push it as one of the permit-updates.", Effect.THERE),
    Code(9030, "A value has more characters than OPSCOM takes.", "Shorten it, or let the mapping cut it with `truncate: true`."),
    Code(9031, "A required value is missing.", "Fill the cell."),
    Code(9032, "A value has fewer characters than OPSCOM takes.", "Write the value in full."),
    Code(9033, "A value is invalid.", "Correct the cell; `opscom-import fields` says what each field takes."),
    Code(9034, "The API token does not belong to this client code.", "Compare the client code (`client:` in opscom.yaml, OPSCOM_CLIENT or --client), the token (`opscom-import login`, OPSCOM_API_TOKEN, or `token_file:` in opscom.yaml) and the host (`host:`, OPSCOM_HOST or --host) with what OPSCOM gave you; they must belong together.", Effect.STOPS),
)
# fmt: on

CODES: Mapping[int, Code] = MappingProxyType({code.number: code for code in _ALL})
"""Number → code, for all that the vendor documents."""
_ANSWERED = {str(number): code for number, code in CODES.items()}


def code_of(answered: str) -> Code | None:
    """Return what is known of a code as OPSCOM answered it."""
    return _ANSWERED.get(answered)


SETTINGS_CODES = frozenset(str(code.number) for code in _ALL if code.effect is Effect.STOPS)
"""As answered. Every row would fail: the run stops, and the rows are not sent."""

NOT_PARSED = "9003"
"""The row is rejected; three in a row stop the run."""

NOT_FOUND = "9009"
"""On a delete whose earlier attempt was lost it means that this attempt was applied."""

EXISTS = "9022"
"""A record with these details exists already."""
