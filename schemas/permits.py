"""Permits: ``POST /api/{client}/v1/permits/push``, ``/update`` and ``/delete``.

Of the vendor's several names for a field the first, lower-case one is the key, as in the samples; the
others are accepted in a mapping. The vendor prints 20 characters for times beside a form that has 19:
the form is what is checked.
"""

from importer.schema import Field, Kind, Need, Policy, Resend, Table

AMOUNT, CURRENCY, DATETIME, ID = Kind.AMOUNT, Kind.CURRENCY, Kind.DATETIME, Kind.ID
PLATE, TEXT = Kind.PLATE, Kind.TEXT
REQUIRED, OPTIONAL = Need.REQUIRED, Need.OPTIONAL

# fmt: off
PERMITS = Table(
    endpoint="permits",
    path="/api/{client}/v1/permits/push",
    source='API Documentation, "Push API: Permit Create", table "Request Object Attributes"',
    fields=(
        #     vendor's key   vendor's name    form      need     limit  other names                      codes
        # apiToken, String, 50 characters, required: comes from the settings and is never mapped
        Field("amount",      "Amount",        AMOUNT,   OPTIONAL,    9, ("Amount",)),
        Field("currency",    "Currency",      CURRENCY, OPTIONAL,   10, ("CurrencyID",)),
        Field("startTime",   "Start Date",    DATETIME, REQUIRED,   20, ("StartDateUtc",),               invalid=9007),
        Field("endTime",     "End Date",      DATETIME, REQUIRED,   20, ("EndDateUtc",),                 missing=9004, invalid=9005),
        Field("plate",       "License Plate", PLATE,    REQUIRED,   25, ("LicencePlate",),               missing=9006),
        Field("permitNo",    "Ticket Number", ID,       OPTIONAL,   50, ("TicketNumber",)),
        Field("zone",        "Zone Name",     TEXT,     OPTIONAL,  200, ("ParkingZoneName",)),
    ),
    key=(),  # every push makes another permit, whatever it holds
    alike=("plate", "zone", "startTime", "endTime", "permitNo"),
    upper_key=True,
    policy=Policy(
        Resend.NEVER,
        "permit",
        creates=True,
        exists=frozenset({9022}),
        alike=(("~permitNo",), ("~plate", "startTime")),
        changed_by="permit-updates",
        deleted_by="permit-deletes",
    ),
)

PERMIT_UPDATES = Table(
    endpoint="permit-updates",
    path="/api/{client}/v1/permits/update",
    source='API Documentation, "Push API: Permit Update", table "Request Object Attributes"',
    fields=(
        #     vendor's key   vendor's name    form      need     limit  other names                      codes
        # apiToken, String, 50 characters, required: comes from the settings and is never mapped
        Field("referenceID", "Reference ID",  ID,       REQUIRED,   50, ("referenceid", "reference_id"), missing=9008),
        Field("endTime",     "End Date",      DATETIME, OPTIONAL,   20, ("EndDateUtc",),                 invalid=9005),
        Field("plate",       "License Plate", PLATE,    OPTIONAL,   25, ("LicencePlate",)),
        Field("amount",      "Amount",        AMOUNT,   OPTIONAL,    9, ("Amount",)),
        Field("currency",    "Currency",      CURRENCY, OPTIONAL,   10, ("CurrencyID",)),
    ),
    key=(("referenceID",),),
    fold_key=True,
    policy=Policy(
        Resend.FREELY, "permit", done=("is up to date in", "are up to date in"), upsert=True, of="permits"
    ),
)

PERMIT_DELETES = Table(
    endpoint="permit-deletes",
    path="/api/{client}/v1/permits/delete",
    source='API Documentation, "Push API: Permit Delete", table "Request Object Attributes"',
    fields=(
        #     vendor's key   vendor's name    form      need     limit  other names                      codes
        # apiToken, String, 50 characters, required: comes from the settings and is never mapped
        Field("referenceID", "Reference ID",  ID,       REQUIRED,   50, ("referenceid", "reference_id"), missing=9008),
    ),
    key=(("referenceID",),),
    fold_key=True,
    policy=Policy(
        Resend.FREELY, "permit", done=("is deleted from", "are deleted from"), of="permits", deletes=True
    ),
)
# fmt: on
