"""Whether the controller takes a body, and with which code it refuses one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from importer.sandbox.pages import CODES, Attribute, Blank, Form, Page

# Controls, and halves of surrogate pairs, which are no characters at all.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_LETTERS = re.compile(r"[A-Za-z]{2}")
_DIGITS = re.compile(r"[0-9]+")
_YEAR = re.compile(r"[0-9]{4}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}")
_MONEY = re.compile(r"[0-9]{1,6}\.[0-9]{2}")
_TOKEN = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,50}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the controller answers instead of taking a body."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that obeys its page."""

    values: Mapping[str, str]
    """Texts as sent under the first possible name, in the order of the page; empty where the body
    blanks an attribute. Attributes that were not sent are not here."""
    warnings: tuple[str, ...] = ()


def refuse(code: int, name: str = "") -> Refusal:
    """Return the refusal of that code; ``name`` is the attribute it is about."""
    return Refusal(code, f"{CODES[code]} ({name})" if name else CODES[code])


def judge_token(token: object, wanted: str | None) -> Refusal | None:
    """Say what is wrong with a token.

    Args:
        token: What the body holds under ``apiToken`` (``None`` where nothing).
        wanted: The only token that is known, ``None`` for any of 1 to 50 characters without
            blanks and controls.
    """
    if token is None or token == "":
        return refuse(9001)
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return refuse(9034)
    return refuse(9034) if wanted is not None and token != wanted else None


def judge(page: Page, body: Mapping[str, object], today: date) -> Taken | Refusal:
    """Hold a body against its page, in the page's order; the first breach decides.

    Names are case-sensitive. Where one attribute is sent under two names both texts are held
    against the page and the first name counts. Unknown names are passed over with a warning.

    Args:
        page: The page of the endpoint.
        body: The JSON object without its token.
        today: The day after which nobody can have been born.
    """
    values: dict[str, str] = {}
    warnings: list[str] = []
    for attribute in page.attributes:
        refusal = _judge_attribute(attribute, body, today)
        if refusal is not None:
            return refusal
        sent = [str(body[name]) for name in attribute.names if name in body]
        if not sent:
            continue
        text = next((text for text in sent if text.strip()), "")
        if attribute.cut and _length(text) > (attribute.most or 0):
            text = unicodedata.normalize("NFC", text)[: attribute.most]
            warnings.append(f"The {attribute.names[0]} was too long and was cut.")
        values[attribute.names[0]] = text
    for one, other, code in page.either:
        if not values.get(one) and not values.get(other):
            return refuse(code, f"{one} or {other}")
    known = {name for attribute in page.attributes for name in attribute.names}
    warnings += [_unknown(name) for name in body if name not in known]
    return judge_times(values) or Taken(values, tuple(warnings))


def judge_times(values: Mapping[str, str]) -> Refusal | None:
    """Refuse an ``endTime`` that is not after the ``startTime``, where both are there."""
    start, end = values.get("startTime"), values.get("endTime")
    return refuse(9005, "endTime") if start and end and end <= start else None


def _judge_attribute(
    attribute: Attribute, body: Mapping[str, object], today: date
) -> Refusal | None:
    first = attribute.names[0]
    filled = False
    for name in attribute.names:
        text = body.get(name, "")
        if not isinstance(text, str):
            return refuse(attribute.invalid, name)
        if not text.strip():
            continue
        filled = True
        too_long = attribute.most is not None and _length(text) > attribute.most
        if too_long and not attribute.cut:
            return refuse(attribute.too_long, name)
        if _CONTROLS.search(text) or not _FORMS[attribute.form](text, today):
            return refuse(attribute.invalid, name)
    if filled or attribute.blank is Blank.ALLOWED:
        return None
    if attribute.blank is Blank.KEPT and not any(name in body for name in attribute.names):
        return None
    return refuse(attribute.missing, first)


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(unicodedata.normalize("NFC", text))


def _unknown(name: str) -> str:
    """Return a warning that cannot be made to carry a person's value: names only, and short ones."""
    shown = name if re.fullmatch(r"\w{1,40}", name) else "with an odd name"
    return f"The attribute {shown} is not documented and was passed over."


def _day(text: str, today: date) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        return date.fromisoformat(text) <= today
    except ValueError:
        return False


def _moment(text: str, _today: date) -> bool:
    if not _MOMENT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_FORMS: Mapping[Form, Callable[[str, date], bool]] = {
    Form.TEXT: lambda _text, _today: True,
    Form.EMAIL: lambda text, _today: _EMAIL.fullmatch(text) is not None,
    Form.POSTAL: lambda text, _today: _LETTERS.fullmatch(text) is not None,
    Form.NUMBER: lambda text, _today: _DIGITS.fullmatch(text) is not None,
    Form.DAY: _day,
    Form.MOMENT: _moment,
    Form.MONEY: lambda text, _today: _MONEY.fullmatch(text) is not None and text.strip("0.") != "",
    Form.CURRENCY: lambda text, _today: text in {"CAD", "USD"},
    Form.YEAR: lambda text, _today: _YEAR.fullmatch(text) is not None,
}
