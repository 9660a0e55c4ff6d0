"""The conversions that a mapping may name. Each drops the signs that it names and no others.

What is left over beside them is refused by name; none returns something at any price.
"""

import html
import re
import unicodedata
from collections import abc
from dataclasses import replace

from importer.model import Refusal, Warned
from importer.schema import Kind
from schemas.kinds import CHECK, CORRECT, NOTHING, WRAPPED, judge
from schemas.provinces import province
from schemas.signs import ADDRESS_RE, DASHES, EXTENSION_RE, POINTS, is_nothing, plain_address

Converted = str | Refusal | Warned
Conversion = abc.Callable[[str], Converted]

_WORD_RE = re.compile(
    r"[0-9]*[^\W\d_][^\W\d_\u0300-\u036f]*(?:['\u2019][^\W\d_][^\W\d_\u0300-\u036f]*)*"
)
_ORDINAL_RE = re.compile(r"[0-9]+(?:st|nd|rd|th|e|er|re)", re.IGNORECASE)
_TURKISH_RE = re.compile(r"[İı]|[ŞşĞğ].*[Ii]|[Ii].*[ŞşĞğ]")
_GUESSED_RE = re.compile(
    r"\bMc[a-z]\w*|\bMac[a-z]{4}\w*|(?<= )(?:Ii|Iii|Iv|Vi|Vii|Viii|Ix)\b"
    r"|\b(?:Van|Von|De|Der|Den|Del|Di|Da|Du|La|Le|Ter|Ten|Mc|Mac) \w+"
)
_ZEROS_RE = re.compile(r"([0-9]+)[.,]0{1,2}")
_GROUPED_RE = re.compile(r"[1-9][0-9]{0,2}(?:[,'\u2019\u00a0\u202f][0-9]{3})+(?:\.0+)?")
_FORMULA_RE = re.compile(
    r'="([^"]*)"|=([0-9][0-9.,]*)|[\'\u2018\u2019`\u00b4\u02bc\uff07](.*)', re.DOTALL
)
_HALF_RE = re.compile(r"=.*|(?<=.)['\u2019`\"]$", re.DOTALL)
"""What is left of a wrapper that is none of those that ``unwrap`` takes off."""
_NUMBER_SIGNS = r"0-9+().\-/\s"
_USUAL_PHONE_RE = re.compile(r"\(?([0-9][0-9]{2})\)?[ .-]?([0-9]{3})[ .-]?([0-9]{4})")
_BEFORE_PLATE_RE = re.compile(
    r"(?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT)-(?=.*[A-Za-z])(?=.*[0-9])"
)
_BEFORE_PLATE = Refusal("a province seems to stand before this plate.", CHECK)


def of(name: str, kind: Kind) -> Conversion:
    """Return a conversion of the mapping's ``convert`` for a field of this kind."""
    return _OF_KINDS.get((name, kind)) or _PLAIN[name]


def unwrap(text: str) -> Converted:
    """Take off what an export has put around a value, and turn signs of a web page into letters."""
    while (plain := html.unescape(text).strip()) != text:
        text = plain
    found = _FORMULA_RE.fullmatch(text)
    if found is not None:
        text = next(part for part in found.groups() if part is not None).strip()
    if _GROUPED_RE.fullmatch(text):
        text = re.sub("[^0-9.]", "", text)
    zeros = _ZEROS_RE.fullmatch(text)
    text = text if zeros is None else zeros[1]
    left = _HALF_RE.match(text) if found is None else _HALF_RE.search(text)
    if left is not None or WRAPPED.find(text):
        left_over = text if left is None else left[0]
        return _left_over(left_over, "`unwrap` takes off no such wrapper.", CORRECT)
    return text


def digits(text: str) -> Converted:
    """Drop blanks and ``+ ( ) . - /``; digits of every script become 0 to 9."""
    if _ZEROS_RE.fullmatch(text):
        return WRAPPED.refusal()
    plain = _in_ascii(text)
    left = re.search(f"[^{_NUMBER_SIGNS}].*", plain, re.DOTALL)
    if left is None:
        return re.sub("[^0-9]", "", plain) or _nothing_left("digits")
    return _left_over(
        left[0],
        "this holds more than digits, blanks and + ( ) . - /.",
        "Correct the cell, or keep the digits alone with `extract` in the mapping.",
    )


def _in_ascii(text: str) -> str:
    """Return a text with 0 to 9 in the place of all other digits."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _digits_of_a_phone(text: str) -> Converted:
    """Do the same for a phone, where two numbers would become one."""
    made = _held(Kind.PHONE, text) or digits(text)
    if isinstance(made, Refusal) and isinstance(phone(text), str):  # which refuses two as well
        said = "an extension" if EXTENSION_RE.search(text) else "signs that `digits` does not drop"
        remedy = "Say `convert: [phone]` in the mapping, which takes it as it is."
        return replace(made, message=f"this phone number has {said}.", remedy=remedy)
    return made


def phone(text: str) -> Converted:
    """Write a phone number in one form: Canada and the US by ten digits, others internationally."""
    import phonenumbers

    text = re.sub(f"[{DASHES}]", "-", _in_ascii(text))
    usual = _USUAL_PHONE_RE.fullmatch(text)
    refused = None if usual else _held(Kind.PHONE, text)
    if usual or refused:
        return refused or "-".join(usual.groups() if usual else ())
    extension = re.search(f"{EXTENSION_RE.pattern}$", text, re.IGNORECASE)
    number = text if extension is None else text[: extension.start()]
    left = re.search(f"[^{_NUMBER_SIGNS}].*", number)
    if left is not None:
        why = "this holds more than a phone number."
        return _left_over(left[0], why, "Keep the number alone in the cell.")
    behind = "" if extension is None else f" x{extension[1]}"
    try:
        parsed = phonenumbers.parse(number, "CA")
    except phonenumbers.NumberParseException:
        parsed = None
    why = "this is not a possible phone number."
    if parsed and number[:1] == "+" and sum(map(str.isdigit, number)) == 10:  # noqa: PLR2004 - of Canada
        # +613 555 0101 would be a number of Australia, where there is none such.
        parsed = parsed if phonenumbers.is_valid_number(parsed) else None
        why = "this phone number has a + and no country's code."
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        return Refusal(why, CORRECT)
    if parsed.country_code != 1:
        form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return f"{phonenumbers.format_number(parsed, form)}{behind}"
    dialled = _USUAL_PHONE_RE.fullmatch(str(parsed.national_number))
    if dialled is None:
        return Refusal("this phone number has not ten digits.", "Write it with its area code.")
    return f"{'-'.join(dialled.groups())}{behind}"


def email(text: str) -> Converted:
    """Take the one address out of ``Name <a@b>``, ``mailto:a@b`` and quotation marks."""
    if ADDRESS_RE.fullmatch(text):
        return text
    address = plain_address(text)
    if address is not None:
        return address
    refused = _held(Kind.EMAIL, text) or _nothing_left("email")
    inside = ADDRESS_RE.findall(text)
    if len(inside) == 1:
        left = text.replace(inside[0], "").strip()
        return _left_over(left, refused.message, refused.remedy)
    return refused


def _province_of_a_vehicle(text: str) -> Converted:
    """Do the same where OPSCOM takes names, too: a name of elsewhere goes, with a warning."""
    if is_nothing(text) or not any(c.isalpha() for c in text):
        return NOTHING.refusal()
    made = province(text)
    return made if isinstance(made, str) else Warned(text, Refusal(made.message, CHECK))


def plate(text: str) -> Converted:
    """Write a plate in capitals without blanks, dashes and points; full width becomes ordinary."""
    refused = _held(Kind.PLATE, text)
    if refused is not None:
        return refused
    narrow = "".join(
        unicodedata.normalize("NFKC", c) if "\uff00" <= c <= "\uffef" else c for c in text
    )
    bare = re.sub(rf"[\s{DASHES}{POINTS}]", "", narrow)
    left = re.search(r"[^\w]|_", bare)
    if left is not None:
        why = "this holds more than letters, digits, blanks, dashes and points."
        return _left_over(left[0], why, "Keep the plate alone in the cell.")
    made = _in_case(bare, bare.upper()) or _nothing_left("plate")
    if isinstance(made, str) and _BEFORE_PLATE_RE.match(text):
        return Warned(made, _BEFORE_PLATE)
    return made


def title(text: str) -> Converted:
    """Put a capital at the head of each word that is all in capitals or all in small letters."""
    made = _in_case(text, _WORD_RE.sub(lambda word: _capitals(word[0]), text))
    if isinstance(made, str) and made != text and (guess := _GUESSED_RE.search(made)):
        why = "the capitals that `title` has given this are a guess."
        return Warned(made, Refusal(why, CHECK, f"`{guess[0].strip()}` in `{made}`."))
    return made


def _capitals(word: str) -> str:
    if word[0].isdigit():
        return word.lower() if _ORDINAL_RE.fullmatch(word) else word
    if word not in {word.upper(), word.lower()}:
        return word
    first, *rest = re.split(r"(['\u2019])", word)
    pieces = (piece.lower() if len(piece) == 1 else piece.capitalize() for piece in rest)
    return first.capitalize() + "".join(pieces)


def _in_case(before: str, after: str) -> Converted:
    """Return a text in other capitals, unless a letter stands in it that was not there."""
    if before == after:
        return after
    if len(before) != len(after) or _TURKISH_RE.search(before):
        return Refusal(
            "this has letters whose capitals depend on the language.",
            "Write the cell as it is to be sent, and take the conversion out of the mapping.",
        )
    return after


def pad(width: int, text: str) -> Converted:
    """Return digits with leading zeros; an id of letters and digits stays."""
    if re.fullmatch("[0-9]+", text):
        return text.zfill(width)
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*[0-9][A-Za-z0-9]*", text):
        return text
    if unwrap(text) != text:
        remedy = "Take off what stands around it with `convert: [unwrap]` in the mapping."
    else:
        remedy = "Correct the cell, or skip the row with `skip_rows` in the mapping."
    return Refusal("`pad` puts zeros before digits alone.", remedy)


def _held(kind: Kind, text: str) -> Refusal | None:
    """Return why a text is nothing of its kind before anything is dropped from it."""
    held = (rule.refusal(text, detail) for rule, detail in judge(kind, text) if rule.holds)
    return next(held, None)


def _left_over(left: str, message: str, remedy: str) -> Refusal:
    return Refusal(message, remedy, f"`{left}` is left over.")


def _nothing_left(name: str) -> Refusal:
    return Refusal(
        f"nothing is left of this value after `convert: [{name}]`.",
        "Correct the cell, or list it under `blank_if` in the mapping.",
    )


_OF_KINDS: abc.Mapping[tuple[str, Kind], Conversion] = {
    ("digits", Kind.PHONE): _digits_of_a_phone,
    ("province", Kind.TEXT): _province_of_a_vehicle,
}
_PLAIN: abc.Mapping[str, Conversion] = {
    "upper": lambda text: _in_case(text, text.upper()),
    "lower": lambda text: _in_case(text, text.lower()),
    "unwrap": unwrap,
    "digits": digits,
    "phone": phone,
    "email": email,
    "plate": plate,
    "title": title,
    "province": province,
}
