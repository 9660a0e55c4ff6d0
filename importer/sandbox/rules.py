"""How an attribute of the vendor's pages may look, and with which code a body is refused. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT = r"(?s:.*)"
EMAIL = r"[^\s@]+@[^\s@]+"
TWO_LETTERS = r"[A-Za-z]{2}"
DIGITS = r"[0-9]+"
YEAR = r"[0-9]{4}"
CURRENCY = r"CAD|USD"
MONEY = r"(?![0.]+$)[0-9]{1,6}\.[0-9]{2}"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
MOMENT = DAY + r"T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
"""Forms of an attribute's text, as expressions; the last two are real dates besides."""

# Controls, and halves of surrogate pairs, which are no characters at all.
_CONTROLS_RE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TOKEN_RE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,50}")


class Blank(StrEnum):
    """What an attribute may lack."""

    REFUSED = "refused"
    """Required: neither left out nor empty."""
    KEPT = "kept"
    """May be left out (then what is stored stays), but not sent empty."""
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of a "Request Object Attributes" table."""

    names: tuple[str, ...]
    """All possible names; records are stored under the first."""
    most: int | None = None
    """Characters at most (code points after NFC); ``None`` where the page sets no limit."""
    form: str = TEXT
    blank: Blank = Blank.ALLOWED
    missing: int = 9031
    too_long: int = 9030
    invalid: int = 9033
    cut: bool = False
    """Whether a longer text is cut with a warning instead of being refused."""
    instead: str = ""
    """The attribute that may be filled in its place; one of the two must be."""


class Refusal(Exception):  # noqa: N818 - it is what OPSCOM answers, no failure of ours
    """What the controller answers instead of taking a body."""

    def __init__(self, code: int, name: str = "") -> None:
        """Take one of the codes that "API Error Codes" lists, and the attribute that it is about."""
        super().__init__(code, name)
        self.code, self.name = code, name


def judge_token(token: object) -> None:
    """Refuse what is no token; any of 1 to 50 characters without blanks will do."""
    if token is None or token == "":
        raise Refusal(9001)
    if not isinstance(token, str) or not _TOKEN_RE.fullmatch(token):
        raise Refusal(9034)


def judge(
    attributes: Sequence[Attribute], body: Mapping[str, object], today: date
) -> tuple[dict[str, str], list[str]]:
    """Hold a body without its token against the attributes of its page; the first breach decides.

    Names are case-sensitive. Where one attribute is sent under two names both texts are held
    against the page and the first name counts. Unknown names are passed over with a warning.

    Returns:
        Texts as sent under the first possible name, in the order of the page, empty where the body blanks
        an attribute; attributes that were not sent are not there. And the warnings.

    Raises:
        Refusal: The body breaks a rule.
    """
    values: dict[str, str] = {}
    warnings: list[str] = []
    for attribute in attributes:
        first, sent = attribute.names[0], [name for name in attribute.names if name in body]
        texts = [_text(attribute, name, body[name], today) for name in sent]
        text = next(filter(str.strip, texts), "")
        kept = attribute.blank is Blank.KEPT and not sent
        if not text and not kept and attribute.blank is not Blank.ALLOWED:
            raise Refusal(attribute.missing, first)
        if attribute.cut and _length(text) > (attribute.most or 0):
            text = unicodedata.normalize("NFC", text)[: attribute.most]
            warnings.append(f"The {first} was too long and was cut.")
        if sent:
            values[first] = text
    for attribute in attributes:
        one, other = attribute.names[0], attribute.instead
        if other and not values.get(one) and not values.get(other):
            raise Refusal(attribute.missing, f"{one} or {other}")
    known = {name for attribute in attributes for name in attribute.names}
    judge_times(values)
    return values, warnings + [_unknown(name) for name in body if name not in known]


def judge_times(values: Mapping[str, str]) -> None:
    """Refuse an ``endTime`` that is not after the ``startTime``, where both are there."""
    start, end = values.get("startTime"), values.get("endTime")
    if start and end and end <= start:
        raise Refusal(9005, "endTime")


def _text(attribute: Attribute, name: str, text: object, today: date) -> str:
    """Return the text that is sent for an attribute under one of its names, if it may be."""
    if not isinstance(text, str):
        raise Refusal(attribute.invalid, name)
    if text.strip():
        if attribute.most is not None and _length(text) > attribute.most and not attribute.cut:
            raise Refusal(attribute.too_long, name)
        if _CONTROLS_RE.search(text) or not _has_form(attribute.form, text, today):
            raise Refusal(attribute.invalid, name)
    return text


def _has_form(form: str, text: str, today: date) -> bool:
    if not re.fullmatch(form, text):
        return False
    if form not in {DAY, MOMENT}:
        return True
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return False
    return form == MOMENT or when.date() <= today


def _length(text: str) -> int:
    return len(unicodedata.normalize("NFC", text))


def _unknown(name: str) -> str:
    """Return a warning that cannot be made to carry a person's value: names only, and short ones."""
    shown = name if re.fullmatch(r"\w{1,40}", name) else "with an odd name"
    return f"The attribute {shown} is not documented and was passed over."
