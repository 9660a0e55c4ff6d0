"""Provinces of Canada and states of the US ↔ postal codes: English, French, short, old and dotted forms.

A text with points, dashes or accents becomes only what stands in this table: ``N.-É.`` is Nova Scotia,
and neither it nor ``N.E.``, which may be either, is ever Nebraska.
"""

import re
import unicodedata
from typing import Final

from importer.model import Refusal
from importer.text import fold, nearest

# fmt: off
_NAMES: Final = {
    # Canada
    "AB": "Alberta|Alta|Alb",
    "BC": "British Columbia|Colombie-Britannique|Colombie Brit|C.-B.|C.B.",
    "MB": "Manitoba|Man",
    "NB": "New Brunswick|Nouveau-Brunswick|N.-B.",
    "NL": "Newfoundland and Labrador|Terre-Neuve-et-Labrador|Newfoundland|Terre-Neuve|Labrador|Newfoundland & Labrador|Terre-Neuve et Labrador|Nfld|Nfld & Lab|T.-N.|T.-N.-L.|T.N.-L.|N.-L.|T.N.L.",
    "NS": "Nova Scotia|Nouvelle-Écosse|N.-É.|N.É.|N.-E.",
    "NT": "Northwest Territories|Territoires du Nord-Ouest|NWT|T.N.-O.|T.N.O.|TNO",
    "NU": "Nunavut|Nun",
    "ON": "Ontario|Ont",
    "PE": "Prince Edward Island|Île-du-Prince-Édouard|Prince Edward Is|PEI|ÎPÉ|Î.-P.-É.|I.P.E.",
    "QC": "Quebec|Québec|Que|Qué",
    "SK": "Saskatchewan|Sask",
    "YT": "Yukon|Yukon Territory|Territoire du Yukon|Yuk",
    # United States
    "AL": "Alabama|Ala",
    "AK": "Alaska",
    "AZ": "Arizona|Ariz",
    "AR": "Arkansas|Ark",
    "CA": "California|Californie|Calif",
    "CO": "Colorado|Colo",
    "CT": "Connecticut|Conn",
    "DE": "Delaware|Del",
    "DC": "District of Columbia|District de Columbia|Washington DC",
    "FL": "Florida|Floride|Fla",
    "GA": "Georgia|Géorgie",
    "HI": "Hawaii|Hawaï",
    "ID": "Idaho",
    "IL": "Illinois|Ill",
    "IN": "Indiana|Ind",
    "IA": "Iowa",
    "KS": "Kansas|Kan|Kans",
    "KY": "Kentucky",
    "LA": "Louisiana|Louisiane",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts|Mass",
    "MI": "Michigan|Mich",
    "MN": "Minnesota|Minn",
    "MS": "Mississippi|Miss",
    "MO": "Missouri",
    "MT": "Montana|Mont",
    "NE": "Nebraska|Neb|Nebr",
    "NV": "Nevada|Nev",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico|Nouveau-Mexique",
    "NY": "New York",
    "NC": "North Carolina|Caroline du Nord",
    "ND": "North Dakota|Dakota du Nord",
    "OH": "Ohio",
    "OK": "Oklahoma|Okla",
    "OR": "Oregon|Ore",
    "PA": "Pennsylvania|Pennsylvanie|Penn|Penna",
    "RI": "Rhode Island",
    "SC": "South Carolina|Caroline du Sud",
    "SD": "South Dakota|Dakota du Sud",
    "TN": "Tennessee|Tenn",
    "TX": "Texas|Tex",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia|Virginie",
    "WA": "Washington|Washington State|Wash",
    "WV": "West Virginia|Virginie-Occidentale",
    "WI": "Wisconsin|Wis|Wisc",
    "WY": "Wyoming|Wyo",
    "AS": "American Samoa",
    "GU": "Guam",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico|Porto Rico",
    "VI": "US Virgin Islands|Virgin Islands",
    "AA": "Armed Forces Americas",
    "AE": "Armed Forces Europe",
    "AP": "Armed Forces Pacific",
}
# fmt: on

PROVINCES = frozenset(_NAMES)
"""Canada's provinces; the states, the district, the territories and the military post of the US."""
_OLD = {"NF": "NL", "PQ": "QC", "YK": "YT", "YN": "YT", "CB": "BC"}
"""Two letters that were codes once, or are in French."""
_AMBIGUOUS = frozenset({"NE", "TN"})
"""Codes whose dotted form is that of a French name too: Nouvelle-Écosse, Terre-Neuve."""
_SHORT = 4
"""Characters of short forms, to which anything short is near."""
_COUNTRIES = frozenset({"canada", "usa", "us", "unitedstates", "etatsunis"})


def _squeeze(name: str) -> str:
    """Return a name without accents, points, dashes and blanks."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", fold(name)) if not unicodedata.combining(c)
    )
    return re.sub(r"[\W_]+", "", bare)


_CODES = {_squeeze(name): code for code, names in _NAMES.items() for name in names.split("|")}


def province(text: str) -> str | Refusal:
    """Return the two-letter code of a province or state; two letters stay, in capitals.

    >>> province("Île-du-Prince-Édouard"), province("N.-É."), province("CA-ON")
    ('PE', 'NS', 'ON')
    """
    code = _code(text)
    if code is not None:
        return code
    # Code and name side by side, in brackets, or beside the country.
    parts = [part for part in re.split(r"\s+-\s+|[,()/]|(?<=^CA)-|(?<=^US)-", text) if part.strip()]
    country = parts[:1] in (["CA"], ["US"]) and len(parts) > 1
    told = [part for part in parts[country:] if _squeeze(part) not in _COUNTRIES]
    codes = {_code(part) for part in told}
    if len(parts) > 1 and len(codes) == 1 and (found := codes.pop()) in PROVINCES:
        return str(found)
    names = [name for names in _NAMES.values() for name in names.split("|") if len(name) > _SHORT]
    near = nearest(text, names)
    if near is None:
        return Refusal(
            "this is not the name of a province of Canada or a state of the US.",
            "Correct the cell, or leave such values out with `if_invalid: omit` in the mapping.",
        )
    return Refusal(
        "this is not the name of a province of Canada or a state of the US; the nearest known name "
        f'is "{near}".',
        "Correct the cell, or write its code for it with `replace` in the mapping.",
    )


def _code(text: str) -> str | None:
    text = text.strip()
    if re.fullmatch("[A-Za-z]{2}", text):
        return _OLD.get(text.upper(), text.upper())
    if re.fullmatch(r"[A-Za-z]\.\s?[A-Za-z]\.?|[A-Za-z]{2}\.", text):
        code = re.sub(r"[\s.]", "", text).upper()
        return _OLD.get(code, code if code in PROVINCES - _AMBIGUOUS else None)
    squeezed = _squeeze(text)
    # Two letters that are left of more are a French short form, by its dash or its accent.
    if len(squeezed) > 2 or not text.isascii() or "-" in text:  # noqa: PLR2004
        return _CODES.get(squeezed)
    return None
