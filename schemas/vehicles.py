"""Vehicles: ``POST /api/{client}/v1/vehicles/push``."""

from importer.schema import Field, Kind, Need, Table

DIGITS, TEXT, VIN, YEAR = Kind.DIGITS, Kind.TEXT, Kind.VIN, Kind.YEAR
REQUIRED, ONE_OF, OPTIONAL = Need.REQUIRED, Need.ONE_OF, Need.OPTIONAL

# fmt: off
VEHICLES = Table(
    endpoint="vehicles",
    path="/api/{client}/v1/vehicles/push",
    title="Push API: Vehicle Create",
    source='API Documentation, "Push API: Vehicle Create", table "Request Object Attributes"',
    fields=(
        #     vendor's key   vendor's name  form    need     limit  codes                       stand for each other
        # apiToken, String, 50 characters, required: comes from the settings and is never mapped
        Field("plate",       "plate",       TEXT,   REQUIRED,   50, missing=9006, too_long=9021),
        Field("plateTypeID", "plateTypeID", DIGITS, ONE_OF,   None, missing=9010,                group="plate type"),
        Field("plateType",   "plateType",   TEXT,   ONE_OF,     50, missing=9010,                group="plate type"),
        Field("provID",      "provID",      DIGITS, ONE_OF,   None, missing=9011,                group="province"),
        Field("prov",        "prov",        TEXT,   ONE_OF,     50, missing=9011,                group="province"),  # a full name or a postal abbreviation
        Field("makeID",      "makeID",      DIGITS, OPTIONAL, None),
        Field("make",        "make",        TEXT,   OPTIONAL,   50),
        Field("typeID",      "typeID",      DIGITS, OPTIONAL, None),
        Field("type",        "type",        TEXT,   OPTIONAL,   50),
        Field("colourID",    "colourID",    DIGITS, OPTIONAL, None),
        Field("colour",      "colour",      TEXT,   OPTIONAL,   50),
        Field("year",        "year",        YEAR,   OPTIONAL,    4),
        Field("vin",         "vin",         VIN,    OPTIONAL,   25),
    ),
    key=(("plate",), ("provID", "prov"), ("plateTypeID", "plateType")),
    upper_key=True,
)
# fmt: on
