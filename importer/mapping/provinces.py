"""Names of Canadian provinces and American states → postal codes, in English and French."""

from __future__ import annotations

import re
import unicodedata

from importer.text import fold

_NAMES = {
    # Canada
    "AB": "Alberta|Alta",
    "BC": "British Columbia|Colombie-Britannique|Colombie Brit",
    "MB": "Manitoba|Man",
    "NB": "New Brunswick|Nouveau-Brunswick",
    "NL": "Newfoundland and Labrador|Terre-Neuve-et-Labrador|Newfoundland|Terre-Neuve|Labrador|Nfld",
    "NS": "Nova Scotia|Nouvelle-Écosse",
    "NT": "Northwest Territories|Territoires du Nord-Ouest|NWT",
    "NU": "Nunavut",
    "ON": "Ontario|Ont",
    "PE": "Prince Edward Island|Île-du-Prince-Édouard|PEI|ÎPÉ",
    "QC": "Quebec|Québec|Que|PQ",
    "SK": "Saskatchewan|Sask",
    "YT": "Yukon|Yukon Territory|Territoire du Yukon",
    # United States
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California|Californie",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "District of Columbia|District de Columbia|Washington DC",
    "FL": "Florida|Floride",
    "GA": "Georgia|Géorgie",
    "HI": "Hawaii|Hawaï",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana|Louisiane",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico|Nouveau-Mexique",
    "NY": "New York",
    "NC": "North Carolina|Caroline du Nord",
    "ND": "North Dakota|Dakota du Nord",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania|Pennsylvanie",
    "RI": "Rhode Island",
    "SC": "South Carolina|Caroline du Sud",
    "SD": "South Dakota|Dakota du Sud",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia|Virginie",
    "WA": "Washington|Washington State",
    "WV": "West Virginia|Virginie-Occidentale",
    "WI": "Wisconsin",
    "WY": "Wyoming",
    "AS": "American Samoa",
    "GU": "Guam",
    "MP": "Northern Mariana Islands",
    "PR": "Puerto Rico|Porto Rico",
    "VI": "US Virgin Islands|Virgin Islands",
}


def _squeeze(name: str) -> str:
    """Return a name without accents, points, dashes and blanks."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", fold(name)) if not unicodedata.combining(c)
    )
    return re.sub(r"[\W_]+", "", bare)


_CODES = {_squeeze(name): code for code, names in _NAMES.items() for name in names.split("|")}


def province_code(text: str) -> str:
    """Return the two-letter code of a province or state, upper-cased; an unknown name as it is.

    >>> province_code("Île-du-Prince-Édouard")
    'PE'
    """
    squeezed = _squeeze(text)
    if squeezed in _CODES:
        return _CODES[squeezed]
    code = squeezed.upper()
    return code if code in _NAMES else text
