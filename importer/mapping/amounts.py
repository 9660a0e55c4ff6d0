"""Text → dollars and cents. Money is never rounded."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from importer.model import Refusal
from schemas.kinds import BLANK_IF
from schemas.signs import DASHES

_MOST_CHARACTERS = 40
_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_NOISE = Decimal("1e-9")
_CENT = Decimal("0.01")
_BLANKS = " \u00a0\u202f"
_SIGN_RE = re.compile(rf"\$[{_BLANKS}]?(?P<before>[^$]+)|(?P<after>[^$]+?)[{_BLANKS}]?\$")
_OTHER = {".": ",", ",": "."}
_FORMS = {
    sign: re.compile(
        rf"(?:[0-9]{{1,3}}(?:([{_OTHER[sign]}{_BLANKS}])[0-9]{{3}}(?:\1[0-9]{{3}})*)?|[0-9]+)?(?:[{sign}][0-9]+)?"
    )
    for sign in _OTHER
}
_PLAIN_POINT_RE = re.compile(r"[0-9]+\.[0-9]+")
_THOUSANDS_OR_THREE_RE = re.compile(r"[0-9]{1,3}\.[0-9]{3}")

_NO = "this is not an amount in dollars and cents."
_WRITE = {".": "Write it like 14.50.", ",": "Write it like 14,50."}
# fmt: off
_NEGATIVE = Refusal("this amount is below zero.", "Correct the cell, or leave it blank.")
_TOO_FINE = Refusal("this amount has parts of a cent, and money is never rounded here.", "Correct the cell to two decimals.")
_TWO_WAYS = Refusal("the point in this amount can be read in two ways.", "Write the cents too, like 1.234,00.")
_A_WORD = Refusal("this is a word or a sign in the place of an amount.", BLANK_IF)
_FOREIGN = Refusal("this amount is in another currency than CAD or USD.", "Write the amount in one of them.")
_COMMA = Refusal("a comma stands before the cents of this amount.", 'Say `decimal: ","` in the mapping.')
# fmt: on
OTHERWISE = (
    "this cell shows another amount than the one that it stores.",
    "Give the column a plain number format, look at the amounts, and save it.",
)
"""What is wrong with a cell of money whose format adds a sign, a currency or digits, and the remedy."""
_NEGATIVE_RE = re.compile(
    rf"\$?[{_BLANKS}]*[{DASHES}(].*|.*(?:[{DASHES})]|CR|DR)[{_BLANKS}]*\$?", re.IGNORECASE
)
_CURRENCY_RE = re.compile(
    r"(?P<before>CAD|USD|CA?\$|US\$)(?P<rest>.+)|(?P<other>.+?)(?P<behind>CAD|USD|CA?\$|US\$)"
)
_FOREIGN_RE = re.compile(r"[€£¥₹]|\b(?:EUR|GBP)\b")


def parse_amount(text: str, *, decimal: str = ".", numbers: bool = False) -> str | Refusal:
    """Return an amount as digits, a point and two decimals.

    A dollar sign before or behind is dropped; blanks, and the one of comma and point that is not
    ``decimal``, may group thousands. What lies within 1e-9 of a cent is that cent (float noise).

    Args:
        text: The cleaned text of a cell, or the number that a workbook stores.
        decimal: The character before the cents, ``.`` or ``,``.
        numbers: Whether the text may be a number of a workbook, which has a point whatever
            ``decimal`` says.

    >>> parse_amount("$1,014.5")
    '1014.50'
    """
    if len(text) > _MOST_CHARACTERS:
        return Refusal(_NO, _WRITE[decimal])
    bare, plain = _without_dollar(text), ""
    if decimal == "," and numbers and _THOUSANDS_OR_THREE_RE.fullmatch(bare):
        return _TWO_WAYS
    if _FORMS[decimal].fullmatch(bare):
        plain = re.sub(rf"[{_OTHER[decimal]}{_BLANKS}]", "", bare).replace(decimal, ".")
    elif decimal == "," and _PLAIN_POINT_RE.fullmatch(bare):
        # A point that cannot group thousands (14.5, 1234.567) is a workbook's own decimal point.
        plain = bare
    if not plain:
        return _cause(text, decimal)
    exact = _CONTEXT.create_decimal(plain)
    cents = exact.quantize(_CENT, context=_CONTEXT)
    return f"{cents:f}" if abs(exact - cents) <= _NOISE else _TOO_FINE


def _without_dollar(text: str) -> str:
    signed = _SIGN_RE.fullmatch(text)
    return text if signed is None else signed["before"] or signed["after"]


def same_amount(shown: str, stored: str, decimal: str) -> bool:
    """Whether a cell shows the number that it stores: hidden decimals are no difference.

    >>> same_amount("$15", "14.5", "."), same_amount("14.50CR", "14.5", ".")
    (True, False)
    """
    number = _CONTEXT.create_decimal(stored)
    below = re.fullmatch(rf"\$?[{DASHES}](.*)|\$?\((.*)\)", shown)
    positive = shown if below is None else (below[1] or below[2] or "").strip()
    # Whether the row says the same currency the checks find out.
    positive = re.sub(r"CAD|USD|CA?\$|US\$", "$", positive, count=1)
    if set(positive.replace("$", "").strip()) <= {*"-.", *_BLANKS}:
        return number == 0
    if (number < 0) != (below is not None):
        return False
    bare = _without_dollar(positive)
    grouping, point = (".", ",") if decimal == "," and "," in bare else (",", ".")
    groups = rf"(?<=[0-9])[{grouping}{_BLANKS}](?=[0-9]{{3}}(?![0-9]))"
    plain = re.sub(groups, "", bare).replace(point, ".")
    if not re.fullmatch(r"[0-9]*\.?[0-9]*", plain) or not any(c.isdigit() for c in plain):
        return False
    said = _CONTEXT.create_decimal(plain)
    digits = len(plain.partition(".")[2])
    return abs(said - abs(number)) <= Decimal(5).scaleb(-digits - 1) + _NOISE


def _cause(text: str, decimal: str) -> Refusal:
    word = not any(c.isdigit() for c in text)
    if word or _FOREIGN_RE.search(text):
        return _A_WORD if word else _FOREIGN
    found = _CURRENCY_RE.fullmatch(text)
    if found is not None and _is_amount((found["rest"] or found["other"]).strip(), decimal):
        sign = found["before"] or found["behind"]
        name = "USD" if sign.startswith("US") else "CAD"
        return Refusal(
            f"{sign} stands beside this amount.",
            f'Take it off with `replace: {{"{sign}": ""}}` in the mapping; the field currency takes {name}.',
        )
    bare = re.sub(rf"[{DASHES}()]|CR|DR", "", text, flags=re.IGNORECASE).strip()
    if _NEGATIVE_RE.fullmatch(text) and _is_amount(bare, decimal):
        return _NEGATIVE
    if decimal == "." and re.search(r",[0-9]{1,2}\D*$", text) and _is_amount(text, ","):
        return _COMMA
    left = re.search(rf"(?<=[0-9])[{_BLANKS}]*[^0-9.,{_BLANKS}].*", text)
    if left is None:
        return Refusal(_NO, _WRITE[decimal])
    detail = f"`{left[0].strip()}` is left over."
    return Refusal("this holds more than an amount.", "Keep the amount alone in the cell.", detail)


def _is_amount(text: str, decimal: str) -> bool:
    return not isinstance(parse_amount(text, decimal=decimal), Refusal)
