"""Users: ``POST /api/{client}/v1/profiles/push``."""

from importer.schema import Field, Kind, Need, Policy, Resend, Table

DATE, EMAIL, ID, NAME, NUMBER = Kind.DATE, Kind.EMAIL, Kind.ID, Kind.NAME, Kind.NUMBER
PHONE, POSTAL, PROVINCE, TEXT = Kind.PHONE, Kind.POSTAL, Kind.PROVINCE, Kind.TEXT
REQUIRED, EXPECTED, OPTIONAL = Need.REQUIRED, Need.EXPECTED, Need.OPTIONAL

# fmt: off
USERS = Table(
    endpoint="users",
    path="/api/{client}/v1/profiles/push",
    source='API Documentation, "Push API: User Create/Update", table "Request Object Attributes"',
    fields=(
        #     vendor's key           vendor's name                form      need     limit  other names                 codes
        # apiToken, String, 50 characters, required: comes from the settings and is never mapped
        Field("unique_id",           "Unique ID",                 ID,       REQUIRED,   50,                             missing=9013),
        Field("login_source",        "Login Source",              TEXT,     REQUIRED,   20,                             missing=9014),
        Field("first_name",          "First Name",                NAME,     EXPECTED,   50,                             missing=9017),
        Field("last_name",           "Last Name",                 NAME,     EXPECTED,   50,                             missing=9018),
        Field("user_name",           "User Name",                 TEXT,     OPTIONAL,   50,                             repeated=9020),
        Field("email",               "Email",                     EMAIL,    EXPECTED,  100,                             missing=9016, repeated=9019),  # the vendor's row has lost both names; the samples have "email"
        Field("street",              "Street - address 1",        TEXT,     OPTIONAL, None),  # the vendor names no limit here, and 20 for street2
        Field("city",                "City - address 1",          TEXT,     OPTIONAL,   50),
        Field("province",            "Province - address 1",      PROVINCE, OPTIONAL,    2, ("state",)),
        Field("postal_code",         "Postal Code - address 1",   POSTAL,   OPTIONAL,   20, ("zip",)),
        Field("street2",             "Street - address 2",        TEXT,     OPTIONAL,   20),
        Field("city2",               "City - address 2",          TEXT,     OPTIONAL,   50),
        Field("province2",           "Province - address 2",      PROVINCE, OPTIONAL,    2, ("state2",)),
        Field("postal_code2",        "Postal_Code - address 2",   POSTAL,   OPTIONAL,   20, ("zip2",)),
        Field("phone_cell",          "Cell phone number",         PHONE,    OPTIONAL,   20),
        Field("user_type_id",        "User Type ID",              NUMBER,   OPTIONAL, None),
        Field("employ_no",           "Employee Number",           ID,       OPTIONAL,   50),
        Field("employee_phone",      "Employee phone number",     PHONE,    OPTIONAL,   50),
        Field("student_no",          "Student number",            ID,       OPTIONAL,   50),
        Field("student_phone",       "Student phone number",      PHONE,    OPTIONAL,   50),
        Field("driver_licence_num",  "Driver licence number",     ID,       OPTIONAL,  255, ("driver_license_num",)),
        Field("date_of_birth",       "Date of Birth",             DATE,     OPTIONAL,   10),
        Field("locker_user_type_id", "Locker User Type ID",       NUMBER,   OPTIONAL, None),
        Field("driver_licence_prov", "Driver's licence province", PROVINCE, OPTIONAL,    2, ("driver_license_state",)),
    ),
    key=(("unique_id",),),
    policy=Policy(Resend.FREELY, "user", upsert=True),
)
# fmt: on
