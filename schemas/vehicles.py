"""Vehicles: ``POST /api/{client}/v1/vehicles/push``."""

from importer.schema import Field, Kind, Need, Policy, Resend, Table

NUMBER, PLATE, TEXT, VIN, YEAR = Kind.NUMBER, Kind.PLATE, Kind.TEXT, Kind.VIN, Kind.YEAR
REQUIRED, ONE_OF, OPTIONAL = Need.REQUIRED, Need.ONE_OF, Need.OPTIONAL

# fmt: off
VEHICLES = Table(
    endpoint="vehicles",
    path="/api/{client}/v1/vehicles/push",
    source='API Documentation, "Push API: Vehicle Create", table "Request Object Attributes"',
    fields=(
        #     vendor's key   vendor's name  form    need     limit  codes                       stand for each other
        # apiToken, String, 50 characters, required: comes from the settings and is never mapped
        Field("plate",       "plate",       PLATE,  REQUIRED,   50, missing=9006, too_long=9021),
        Field("plateTypeID", "plateTypeID", NUMBER, ONE_OF,   None, missing=9010,                group="plate type"),
        Field("plateType",   "plateType",   TEXT,   ONE_OF,     50, missing=9010,                group="plate type"),
        Field("provID",      "provID",      NUMBER, ONE_OF,   None, missing=9011,                group="province"),
        Field("prov",        "prov",        TEXT,   ONE_OF,     50, missing=9011,                group="province"),  # a full name or a postal abbreviation
        Field("makeID",      "makeID",      NUMBER, OPTIONAL, None),
        Field("make",        "make",        TEXT,   OPTIONAL,   50),
        Field("typeID",      "typeID",      NUMBER, OPTIONAL, None),
        Field("type",        "type",        TEXT,   OPTIONAL,   50),
        Field("colourID",    "colourID",    NUMBER, OPTIONAL, None),
        Field("colour",      "colour",      TEXT,   OPTIONAL,   50),
        Field("year",        "year",        YEAR,   OPTIONAL,    4),
        Field("vin",         "vin",         VIN,    OPTIONAL,   25),
    ),
    key=(("plate",), ("provID", "prov"), ("plateTypeID", "plateType")),
    upper_key=True,
    policy=Policy(Resend.ONCE, "vehicle", creates=True, exists=frozenset({9012, 9022})),
)
# fmt: on
