"""The endpoints that take no rows: permit-stats, user-types and overdue-violations.

Each request holds ``apiToken`` (String, 50 characters, required), which comes from the settings.
"""

from importer.schema import Field, Kind, Need, Read

PERMIT_STATS = Read(
    endpoint="permit-stats",
    path="/api/{client}/v1/permits/stats",
    source='API Documentation, "Pull API: Permit Stats", table "Request Object Attributes"',
    fields=(Field("zones", "zones", Kind.TEXT, Need.OPTIONAL),),  # comma delimited, no limit named
    records="data",
    columns=("type", "zone", "total"),
)

USER_TYPES = Read(
    endpoint="user-types",
    path="/api/{client}/v1/profiles/types/list",
    source='API Documentation, "Pull API: UserType", table "Request Object Attributes"',
    fields=(),
    records="user_types",
    columns=("id", "type_name", "ext_info"),
)

# fmt: off
OVERDUE_VIOLATIONS = Read(
    endpoint="overdue-violations",
    path="/api/{client}/v1/violations/send_overdue_to_collections",
    source='API Documentation, "Pull API: Overdue Violations", table "Request Object Attributes"',
    fields=(),
    records="records",
    columns=(
        "ViolationID", "SemPermitID", "Ticket", "VehicleID", "Spoiled", "TicketType", "Issued",
        "convNotice", "Due", "ViolationTypeID", "Fine", "AdjustedFine", "Towing", "taxAmount",
        "Writer", "LocationID", "Comment", "TicketAppeal", "appealType", "appealFormat",
        "AccessAdminID", "ActionedPer", "Created", "AppealUserID", "AppealProcessDate",
        "AppealAdminID", "AppealComment", "AppealAdminComment", "AutoNotice",
        "ProcessedByCollection", "SentToCollections", "PrivateComments", "DriveAway", "UUID",
        "VioNotice", "latitude", "longitude", "Warning", "userid", "incidentID", "failToIdentify",
        "pin", "duplicate", "AdjustmentReason", "user", "vehicle", "location", "details",
        "attachments", "category",
    ),
)
# fmt: on
