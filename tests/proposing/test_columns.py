"""Where columns go: by header, by value, by neighbour, and where they never go."""

import datetime as dt

import pytest

from importer.proposing.columns import place_columns
from importer.proposing.dating import read_dates
from importer.proposing.proposal import Confidence
from importer.proposing.sheets import readings

PEOPLE = {
    "Student ID": ("90012345", "90012377", "90020911", "90034418"),
    "First Name": ("Marisol", "Devon", "Priyanka", "Callum"),
    "Last Name": ("Ferrante", "Whitlock", "Raghunath", "MacGillis"),
    "Email": ("m.ferrante@uni.example", "d.whitlock@uni.example", "p@uni.example", "c@uni.example"),
}
UNMAILED = {header: PEOPLE[header] for header in ("Student ID", "First Name", "Last Name")}
MAILS = ("a@mail.example", "b@mail.example", "c@mail.example", "d@mail.example")
PHONES = ("(607) 555-0114", "(315) 555-0137", "(570) 555-0162", "(802) 555-0178")
LOCAL = ("555-0110", "5550111", "555-0112", "555-0113")
POSTALS = ("K1A 0B1", "H2X 1Y4", "J4B 2C3", "G1R 4P5")
CITIES = ("Elmira", "Ithaca", "Scranton", "Ottawa")
BIRTHS = ("2003-02-14", "2004-11-30", "2002-07-05", "2001-01-22")
WORDS = ("Marisol Ferrante", "Devon Whitlock", "Priyanka Raghunath", "Callum MacGillis")
STREETS = ("14, rue des Érables", "2209, boul. Laurier", "77, ch. Ste-Foy", "9, av. Cartier")
PRICES = ("1.00", "2.00", "3.00", "4.00")
NUMBERS = ("4711", "4712", "4713", "4714")
STARTS = ("7c9e6679", "a3f0c1d2", "FEDCBAAB", "00000001")
UUIDS = tuple(f"{start}-1b2c-4d3e-8f4a-0a1b2c3d4e5f" for start in STARTS)
NAMELESS = {
    "Student ID": NUMBERS,
    "Email": MAILS,
    "DOB": BIRTHS,
    "Cell": PHONES,
    "Address": STREETS,
}
CARS = {
    "Plate": ("KYA1935", "RMN5327", "EHR8708", "FMS5750"),
    "Make": ("Ford", "Kia", "Honda", "Ford"),
}
LICENCES = ("D48-1", "S22-2", "Q88-3", "B77-4")
ACCOUNTS = ("mferrante", "dwhitlock", "praghu", "cmac")
FOUND = {
    "users": [
        ("date_of_birth", BIRTHS, ("STU_DOB", "Date de naissance (jj/mm/aaaa)", "FECHA NAC.", "Geb.-Datum", "DoB", "Bdt", "Fec. Nacim.")),
        ("phone_cell", PHONES, ("Tél. cell.", "WhatsApp Number", "mobilePhone", "Wireless")),
        (
            "employee_phone", PHONES,
            ("Téléphone au travail", "Phone (Work)", "Bus. Ph.", "Phone (W)", "Tél. prof.", "Tfno. trabajo"),
        ),
        ("street", ("Lindenweg 4", "Am Markt 12", "Schulstr. 7a", "Ring 1"), ("Straße, Hausnr.",)),
        ("street", STREETS, ("Adresse", "Adress", "Mail Address 1")),
        ("email", MAILS, ("Mail Address 1", "SMTP Address")),
        ("email", tuple(f"Ann.Roe{at}@Uni.example" for at in range(4)), ("Email",)),
        ("province", ("NY", "VT", "NY", "PA"), ("MA_STAT_CODE", "Region 2", "Rg")),
        ("province", ("ON", "QC", "Qué.", "T.-N.-L."), ("Prov.",)),
        ("postal_code", POSTALS, ("Code Post.", "C.P.", "PC", "cdpostal")),
        ("province", ("NY", "VT", "NY", "PA"), ("Prov/St",)),
        ("postal_code", ("14901", "14850", "18503", "05401"), ("Zip / Postal Code",)),
        ("driver_licence_num", LICENCES, ("Permis de conduire", "DLN", "DRV_LIC_NO", "Licencia de conducir")),
        ("user_name", ACCOUNTS, ("sAMAccountName", "Logon")),
    ],
    "vehicles": [
        ("prov", ("ON", "QC", "ON", "NS"), ("REG_STATE", "REG_ST", "LP State", "Tag St", "PLATE_ST_CD", "Prov/St", "Reg Prov")),
        ("plateType", ("Passenger", "Commercial", "Passenger", "Passenger"), ("PLATE_TYPE_CD", "PLATE_CLASS_CD", "LP Type", "PLT_TYP", "Type", "Vehicle Type")),
        ("year", ("2015", "2019", "2021", "2008"), ("MODEL_YR", "Veh Yr")),
        ("make", CARS["Make"], ("Fabricant", "Constructeur", "Fabricante")),
        ("colour", ("Red", "Blue", "Red", "Grey"), ("Ext. Colour", "Ext Color", "VEH_COL")),
        ("type", ("SUV", "Sedan", "SUV", "Truck"), ("BODY_CD",)),
        ("vin", ("1M8GDM9AXKP042788",) * 4, ("Vehicle Identification Number",)),
        # Plates of California are no dates, and those of Germany may have an umlaut.
        ("plate", ("8ABC123", "0YCX156", "8FZL441", "9TKW685"), ("Plate", "Plate 1", "Tag", "LPN", "VRN", "License Plate Number")),
        ("plate", ("GÖ-AB 123", "TÜ-XY 7", "WÜ-K 99", "KÖT-A 12"), ("Plate", "Tag", "Amtl. Kennzeichen")),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("endpoint", "header", "values", "field"),
    [
        (endpoint, header, values, field)
        for endpoint, rows in FOUND.items()
        for field, values, headers in rows
        for header in headers
    ],
)
def test_a_header_of_an_office_leads_to_its_field(place, endpoint, header, values, field):
    beside = UNMAILED if endpoint == "users" else CARS
    known = {name: texts for name, texts in beside.items() if name.casefold() != field}
    if field == "employee_phone":
        known["Employee ID"] = known.pop("Student ID")
    found = place({**known, header: values}, endpoint)[header]
    assert (found.field, found.used) == (field, True)


NOT_OURS = {
    BIRTHS: ("Hire Date", "Date d'embauche", "Fecha de ingreso", "Admission Date"),
    PHONES: ("Emg Contact Cell", "EC1 Mobile", "Emergency Contact Phone", "Phone (Emergency)", "Téléphone d'urgence", "Guardian 1 Cell", "Grd 1 Cell Phone", "P1 Cell", "Urg. tél.", "Emer Contact Phone", "High School Phone", "PG1 Cell", "RESP1_TEL_PORTABLE"),
    MAILS: ("Referred By Email", "Notify Email", "Parent Email", "Courriel de la mère", "Advisor Email", "Fam1 Guard1 Email", "Gd 1 Email", "RL1 Courriel"),
    WORDS: ("Notfallkontakt", "Supervisor", "Spouse First Name", "Nom du conjoint", "Preferred First Name"),
    STREETS: ("School Address", "High School Address", "Adresse de l'école", "Dirección de la escuela"),
    ("NY", "VT", "NY", "PA"): ("High School State",),
    ("14901", "14850", "18503", "05401"): ("School Zip",),
    CITIES: ("Birth City",),
    ("soltero", "casada", "soltero", "casada"): ("Estado civil",),
    NUMBERS: ("Govt ID", "Employee No. (SSN)", "NAS", "SPRIDEN_PIDM", "State_StudentNumber", "Department ID", "Mot de passe"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "values"),
    [(header, values) for values, headers in NOT_OURS.items() for header in headers],
)
def test_what_is_about_others_or_other_things_is_neither_sent_nor_asked(place, header, values):
    found = place({**PEOPLE, header: values})[header]
    assert (found.field, found.confidence) == (None, Confidence.NONE)


@pytest.mark.parametrize(
    ("beside", "header", "values", "field", "reason"),
    [
        ({}, "", MAILS, None, "the column has no header; write one to have it sent"),
        ({}, "Preferred First Name", WORDS, None, "a preferred name; another column gives the legal one"),
        ({}, "Date of Birth", WORDS, None, "the header may mean date_of_birth, but the values are not dates"),
        (
            {}, "DOB", ("2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05"), None,
            "the header may mean date_of_birth, but the dates are of the last years, not births",
        ),
        (
            {}, "Type", ("Cell", "Home", "Work", "Home"), None,
            "the header may mean user_type_id, but the values are kinds of phones or addresses",
        ),
        *(
            ({}, header, values, None, f"the header may mean {field}, but the values are {what}")
            for header, field, values, what in (
                ("City", "city", POSTALS, "postal codes"), ("City", "city", PHONES, "phone numbers"),
                ("City", "city", ("12 Elm St", "4 Oak Ave", "77-A Pine Rd", "9 Main St"), "addresses"),
                ("Province", "province", CITIES, "not provinces or states"), ("Province", "province", POSTALS, "postal codes"),
                ("Street", "street", PHONES, "phone numbers"), ("Postal Code", "postal_code", PHONES, "phone numbers"),
                ("Last", "last_name", PHONES, "phone numbers"),
            )
        ),
        ({"Major": CITIES, "Cell": PHONES}, "Phone", PHONES, "student_phone", 'a phone of no kind; "Cell" is the cell phone'),
        ({"Department": CITIES, "Job": CITIES, "Cell": PHONES}, "Phone", PHONES, "employee_phone", 'a phone of no kind; "Cell" is the cell phone'),
        ({}, "Cell Phone", LOCAL, "phone_cell", "the header says so; all values are phone numbers, without an area code"),
        ({}, "Home Phone", PHONES, "student_phone", "a home phone: OPSCOM has a student's phone for it"),
        ({"Program": CITIES}, "Work Phone", PHONES, "employee_phone", "a phone at work, in a list of students"),
        ({"Hire Date": BIRTHS, "Job": CITIES}, "Home Phone", PHONES, None, "a home phone: OPSCOM has a field for a student's alone"),
        ({"Job": CITIES, "Poste": CITIES}, "Tél. rés.", PHONES, None, "a home phone: OPSCOM has a field for a student's alone"),
        ({}, "City 2", CITIES, "city2", "a second address without a first"),
        ({"Street": STREETS, "City": CITIES, "City 2": CITIES}, "Address 2", STREETS, "street2", "the file has a second address"),
        ({}, "Apt", NUMBERS, None, "a second line of an address without its first"),
        ({}, "Street No.", NUMBERS, None, "a part of street, whose first part is missing"),
        ({"Relationship": WORDS}, "Contact Phone", PHONES, None, "it is about another person"),
        ({"Status": ("FT", "PT", "FT", "FT")}, "Employee Type", ("x", "y", "x", "y"), None, '"Status" rather tells the type of a person'),
        ({}, "Member ID", MAILS, "unique_id", "the header says so; the values are e-mail addresses"),
        ({}, "Person ID", NUMBERS, "unique_id", 'the header says so; all values are different; rather than "Student ID"'),
        ({}, "DOB", ("36194", "37225", "35500", "36001"), "date_of_birth",
         "the header says so; the values are Excel's numbers for days: give the column the format of dates and export it again"),
    ],
)  # fmt: skip
def test_values_and_neighbours_decide_with_the_header_what_a_column_is(
    place, beside, header, values, field, reason
):
    names = ("First Name", "Last Name", *(() if header == "Member ID" else ("Student ID",)))
    found = place({**{name: PEOPLE[name] for name in names}, **beside, header: values})[header]
    assert (found.field, found.reason) == (field, reason)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (
            {"Email": MAILS, "Emergency Contact Name": WORDS, "Relationship": WORDS, "Home Phone": PHONES, "Cell Phone": PHONES},
            [("email", "sure"), (None, "none"), (None, "none"), ("student_phone", "ask"), ("phone_cell", "ask")],
        ),
        (
            {"Personne contact": WORDS, "Lien": WORDS, "Téléphone": PHONES, "Courriel": MAILS},
            [(None, "none"), (None, "none"), ("phone_cell", "ask"), ("email", "ask")],
        ),
        (
            {"Eltern": WORDS, "Telefon": PHONES, "E-Mail": MAILS},
            [(None, "none"), ("phone_cell", "ask"), ("email", "ask")],
        ),
        (
            {"Relationship": WORDS, "Has Alert": WORDS, "Contact Priority": NUMBERS, "Contact Address": STREETS, "Contact Email": MAILS, "Work Phone": PHONES},
            [*[(None, "none")] * 5, ("employee_phone", "ask")],
        ),
        # Where the person has an own one that of the parent is not even a second choice.
        (
            {"Cell Phone": PHONES, "Parent/Guardian": WORDS, "Phone": PHONES, "City": CITIES},
            [("phone_cell", "sure"), (None, "none"), (None, "none"), ("city", "sure")],
        ),
        ({"Manager": WORDS, "Email": MAILS}, [(None, "none"), ("email", "sure")]),
    ],
)  # fmt: skip
def test_a_plain_header_right_of_a_contact_is_theirs_or_asked(place, more, found):
    placed = place({**UNMAILED, **more})
    assert [(placed[header].field, placed[header].confidence) for header in more] == found
    assert not any(placed[header].offered for header in more)


def test_an_e_mail_that_many_rows_share_is_nobodys_own(place):
    found = place({"ID": [f"9001{n}" for n in range(6)], "Email": MAILS[:2] * 3})["Email"]
    reason = "the header may mean email, but the values are shared by many rows"
    assert (found.field, found.reason) == (None, reason)


@pytest.mark.parametrize("header", ["Badge Number", "Locker #", "ISO Number", "SchoolID"])
def test_the_number_of_a_card_or_the_like_is_asked_and_gives_way_to_an_id(place, header):
    people = {name: PEOPLE[name] for name in ("First Name", "Last Name", "Email")}
    alone = place({header: NUMBERS, **people})[header]
    assert (alone.field, alone.confidence) == ("unique_id", "ask")
    for better in ("Person Ref", "Other ID", "CUSTNUM", "B-Number", "Pers.No.", "Customer Number"):
        beside = place({header: NUMBERS, better: NUMBERS, **people})
        assert (beside[header].field, beside[better].field) == (None, "unique_id")


def test_an_id_is_asked_among_what_may_be_one_and_an_e_mail(proposed):
    text = "First Name,Last Name,Email,PIN,DOB,Guardian Phone,City,Xq\n"
    text += "Ann,Roe,a@uni.example,4711,2001-02-03,607-555-0114,Ajax,90011\nJo,Poe,,4712,2002-02-03,607-555-0115,Ajax,90012\n"
    asked = {q.field: q.choices for q in proposed(text).questions}
    assert asked["unique_id"] == ("Email", "Xq")


def test_where_one_column_is_refused_as_user_type_no_other_is_asked_instead(profiled):
    columns = profiled({**PEOPLE, "Status": ("x", "y", "x", "y"), "Load": ("p", "q", "p", "q")})
    found = place_columns(columns, "users", {"status": "not sent"})
    assert [(place.field, place.reason) for place in found[-2:]] == [
        (None, "you said so"),
        (None, "you said that another column does not tell the type of a person"),
    ]


def test_what_is_said_of_one_column_of_an_address_leaves_the_others_as_they_were(profiled):
    columns = profiled({
        **UNMAILED, "Home Street": STREETS, "Home City": CITIES, "Home Zip": POSTALS, "Mailing Street": STREETS,
        "Mailing City": CITIES, "Mailing Zip": POSTALS,
    })  # fmt: skip
    home = {"mailing city": "not sent", "home city": "city"}
    for said, cities in (
        ({}, (None, "city")),
        (home, ("city", None)),
        ({"mailing street": "street"}, (None, "city")),
    ):
        found = {p.profile.column.header: p.field for p in place_columns(columns, "users", said)}
        assert (found["Mailing Street"], found["Mailing Zip"]) == ("street", "postal_code")
        assert (found["Home City"], found["Mailing City"]) == cities


@pytest.mark.parametrize(
    ("columns", "field", "confidence", "reason"),
    [
        ({"Name": WORDS, "ID": LICENCES, "Campus ID": NUMBERS}, "unique_id", "likely", 'the header says so; all values are different; rather than "ID"'),
        # A badge may be lost, so that it is no rival.
        ({"Name": WORDS, "Badge ID": LICENCES, "Campus ID": NUMBERS}, "unique_id", "sure", "the header says so; all values are different"),
        (
            {"Plate": CARS["Plate"], "Start Date": BIRTHS, "End Date": BIRTHS, "Permit Reference": UUIDS},
            "permitNo", "ask", "the values are written as reference ids of permits that are in OPSCOM",
        ),
    ],
)  # fmt: skip
def test_how_sure_an_id_is(place, columns, field, confidence, reason):
    found = place(columns, "permits" if field == "permitNo" else "users")[[*columns][-1]]
    assert (found.field, found.confidence, found.reason) == (field, confidence, reason)


def test_user_names_that_are_e_mail_addresses_are_both(profiled):
    found = place_columns(profiled({**UNMAILED, "Username": MAILS}), "users")
    assert [place.field for place in found[-2:]] == ["user_name", "email"]


@pytest.mark.parametrize(
    ("better", "other"),
    [
        ("Work Email", "Personal Email"), ("University E-mail", "Alternate E-mail"), ("Email", "Secondary Email"),
        ("Courriel", "Autre courriel"), ("Correo", "Correo alternativo"),
    ],
)  # fmt: skip
def test_of_two_e_mails_the_better_is_used_and_the_other_is_named_and_offered(place, better, other):
    found = place({**UNMAILED, other: MAILS, better: PEOPLE["Email"]})
    first, second = found[better], found[other]
    said = f'a second column for email; "{better}" is better known; it could be used where that is blank'
    assert (first.field, second.field, second.reason) == ("email", None, said)
    assert second.offered == "email (second choice)"
    rather = first.reason.endswith(f'rather than "{other}"')
    known = "likely" if other == "Personal Email" else "sure"
    assert (first.confidence, rather) == (known, known == "likely")


def test_address_lines_are_joined_and_a_whole_name_is_split(place):
    names = ("Ferrante, Marisol", "Whitlock, Devon", "Roy, Jo", "Poe, Al")
    lines = {"Address 1": STREETS, "Address 2": ("Apt 3", "", "", "Unit 9")}
    reason = "the whole name is split: last name, comma, first name"
    for header in ("Name", "LastFirst"):
        found = place({"ID": PEOPLE["Student ID"], header: names, **lines})
        assert [found[name].how for name in lines] == ["join", "join"]
        assert (found[header].how, found[header].reason) == ("split", reason)


@pytest.mark.parametrize(
    ("columns", "endpoint", "fields"),
    [
        ({"STUID": NUMBERS, "First Name": WORDS}, "users", ["student_no", "first_name"]),
        # The two names of a person are found whatever they are called.
        *(
            ({"Matricule": NUMBERS, last: PEOPLE["Last Name"], first: PEOPLE["First Name"]}, "users", ["unique_id", "last_name", "first_name"])
            for first, last in (
                ("FName", "LName"), ("F_Name", "L_Name"), ("1st Name", "2nd Name"), ("First/Given Name", "Last/Family Name"),
                ("Prénom usuel", "Nom"), ("Prénom usuel", "Nom usuel"), ("Preferred First Name", "Preferred Last Name"),
                ("Preferred Given Name", "Surname"),
            )
        ),
        # A preferred name gives way to the legal one, however that is called.
        ({"Nom": CITIES, "Prénom légal": CITIES, "Prénom usuel": CITIES}, "users", ["last_name", "first_name", None]),
        ({"Full Name": WORDS, "Preferred First Name": CITIES}, "users", ["last_name", None]),
        (
            {"ID": NUMBERS, "Legal Name - Last Name": PEOPLE["Last Name"], "Legal Name - First Name": PEOPLE["First Name"]},
            "users", ["unique_id", "last_name", "first_name"],
        ),
        # OPSCOM's own ids are UUIDs, and so may be those of its people.
        ({**PEOPLE, "UserUUID": UUIDS}, "users", ["student_no", "first_name", "last_name", "email", "unique_id"]),
        # A database's own key is no number of a person, and gives way to a student's, which is unique_id and student_no.
        ({**PEOPLE, "Record ID": NUMBERS}, "users", ["student_no", "first_name", "last_name", "email", None]),
        ({**PEOPLE, "EmployeeID_GUID": LICENCES}, "users", ["student_no", "first_name", "last_name", "email", None]),
        (
            {"Placard #": NUMBERS, "Vehicle ID": PEOPLE["Student ID"], "Plate": CARS["Plate"], "Arrival Date": BIRTHS, "Return Date": BIRTHS},
            "permits", ["permitNo", None, "plate", "startTime", "endTime"],
        ),
        # A surer name counts more than the word "primary", and a filled column more than an empty one.
        (
            {"PRIMARY_ID": PEOPLE["Student ID"], "PER_NUMBER": ("F1", "F2", "F3", "F4"), "Plate": CARS["Plate"],
             "PER_EFFECTIVE_START_DATE": BIRTHS, "PER_EFFECTIVE_END_DATE": BIRTHS},
            "permits", [None, "permitNo", "plate", "startTime", "endTime"],
        ),
        (
            {**UNMAILED, "New Primary Email": ("", "", "", ""), "Email Address": MAILS},
            "users", ["student_no", "first_name", "last_name", None, "email"],
        ),
        *(
            ({"Email": MAILS, area: ("613", "343", "613", "519"), phone: numbers}, "users", ["email", *fields])
            for area, phone in (("Area Code", "Phone"), ("PHONE_AREA", "PHONE_NUMBER"), ("Ind. rég.", "Tél."))
            for numbers, fields in (
                (LOCAL, ["phone_cell", "phone_cell"]),
                (PHONES, [None, "phone_cell"]),
            )
        ),
        # An area code belongs to the phone right of it, and stays out where that is asked.
        (
            {"Home Area": ("613", "343", "613", "519"), "Home Phone": LOCAL, "Work Area": ("613", "343", "613", "519"), "Work Phone": LOCAL},
            "users", [None, None, "employee_phone", "employee_phone"],
        ),
        # A ministry's number and a program's own key give way to the school's number.
        ({"Code permanent": LICENCES, "Fiche": NUMBERS}, "users", [None, "unique_id"]),
        ({"INE": LICENCES, "N° étudiant": NUMBERS, "Prénom": WORDS}, "users", [None, "student_no", "first_name"]),
        ({"id": UUIDS, "credentials.bannerId": NUMBERS, "credentials.bannerUserName": ACCOUNTS}, "users", [None, "unique_id", "user_name"]),
        ({"Campus ID": UUIDS, "Unique ID": UUIDS}, "users", [None, None]),
        ({"student.studentNumber": NUMBERS, "student.personID": LICENCES}, "users", ["student_no", None]),
        ({"EmplID": NUMBERS, "Program": CITIES, "Degree": CITIES, "Email": MAILS}, "users", ["unique_id", None, None, "email"]),
        ({"CourrielEtablissement": MAILS, "CourrielPersonnel": MAILS}, "users", ["email", None]),
        ({"PersonContact_BusinessEmail": MAILS, "PersonContact_Mobile": PHONES}, "users", ["email", "phone_cell"]),
        ({"STU.ID": NUMBERS, "STU.LN": PEOPLE["Last Name"], "STU.FN": PEOPLE["First Name"]}, "users", ["student_no", "last_name", "first_name"]),
        # An empty column of legal names gives way to the filled one of preferred names.
        ({"Matricule": NUMBERS, "Nom usuel": CITIES, "Nom de naissance": ("",) * 4, "Prénom": CITIES}, "users", ["unique_id", "last_name", None, "first_name"]),
        # Postal codes of Britain and Ireland are no names, whatever stands above.
        *(({"Student ID": NUMBERS, "Student": codes}, "users", ["student_no", None]) for codes in (("S10 2TN", "LL57 2DG", "DH1 3LE", "EX4 4QJ"), ("H91 TK33", "D6W XY00", "T12 K8AF", "W23 F2H6"))),
        ({"Student ID": NUMBERS, "Eircode": ("H91 TK33", "D6W XY00", "T12 K8AF", "W23 F2H6")}, "users", ["student_no", "postal_code"]),
        # A private address and a date of issue give way, abbreviated too.
        ({"COURRIEL PERS.": MAILS, "COURRIEL INST.": MAILS}, "users", [None, "email"]),
        ({"CORREO_PERS": MAILS, "CORREO_INST": MAILS}, "users", [None, "email"]),
        ({"Courriel perso": MAILS, "Courriel UdeM": MAILS}, "users", [None, "email"]),
        ({"Fecha emisión": BIRTHS, "Matrícula": CARS["Plate"], "Válido desde": BIRTHS, "Válido hasta": BIRTHS}, "permits", [None, "plate", "startTime", "endTime"]),
        ({"Heimatort": CITIES, "Wohnort": CITIES}, "users", [None, "city"]),
        # In PeopleSoft's list of students EMPLID is no number of staff.
        ({"Empl ID": NUMBERS, "Career": CITIES, "Campus Email": MAILS}, "users", ["unique_id", None, "email"]),
        # An address is sent as a whole: of two the fuller, then the better known.
        (
            {"Mailing_Street": STREETS, "Mailing_City": CITIES, "Street": STREETS, "City": CITIES, "State": ("NY", "VT", "NY", "PA")},
            "users", [None, None, "street", "city", "province"],
        ),
        (
            {"Perm Addr 1": STREETS, "Perm Addr 2": STREETS, "Perm PC": POSTALS, "Term Addr 1": STREETS, "Term PC": POSTALS, "Term Addr 2": STREETS},
            "users", [None, None, None, "street", "postal_code", "street"],
        ),
        (
            {"Home Address": STREETS, "Mailing Address": STREETS, "City": CITIES, "Postal Code": POSTALS},
            "users", [None, "street", "city", "postal_code"],
        ),
        # A tag is the plate, but beside a plate it is the permit's number; OPSCOM's own name counts more than another.
        *(
            ({tag: NUMBERS, "Plate": CARS["Plate"], "End Date": BIRTHS, **more}, "permits", fields)
            for tag in ("Tag #", "Tag No.", "Tag Number")
            for more, fields in (
                ({}, ["permitNo", "plate", "endTime"]),
                ({"Permit #": NUMBERS}, [None, "plate", "endTime", "permitNo"]),
            )
        ),
        ({"Tag #": CARS["Plate"], "End Date": BIRTHS}, "permits", ["plate", "endTime"]),
        ({"Plate Number": CARS["Plate"], "Plate": CARS["Plate"], "Make": CARS["Make"]}, "vehicles", [None, "plate", "make"]),
        # What changes of a permit is known in a list of updates; of two ends the new one is meant, or it is asked.
        ({"Reference ID": UUIDS, "End Date": BIRTHS, "Extended To": BIRTHS}, "permit-updates", ["referenceID", None, "endTime"]),
        ({"Reference ID": UUIDS, "End Date": BIRTHS, "Valid To": BIRTHS}, "permit-updates", ["referenceID", None, None]),
        *(
            ({id_: values_, header: values}, "permit-updates", ["referenceID", field])
            for id_, values_ in (("Reference ID", NUMBERS), ("Reference ID", UUIDS), ("OPSCOM Reference ID", UUIDS), ("Permit UUID", UUIDS))
            for header, values, field in (
                ("Current Plate", CARS["Plate"], None), ("Original End Date", BIRTHS, None), ("Date de fin actuelle", BIRTHS, None),
                ("New End", BIRTHS, "endTime"), ("End Date", BIRTHS, "endTime"), ("Nouvelle fin", BIRTHS, "endTime"),
                ("New Plate", CARS["Plate"], "plate"), ("New Price", PRICES, "amount"),
            )
        ),
    ],
)  # fmt: skip
def test_columns_know_of_each_other(place, columns, endpoint, fields):
    found = place(columns, endpoint)
    used = [found[header].field if found[header].used else None for header in columns]
    assert used == fields


@pytest.mark.parametrize(
    ("columns", "endpoint"),
    [
        (PEOPLE, "users"),
        (CARS, "vehicles"),
        ({"Permit #": NUMBERS, "Plate": CARS["Plate"], "Start Date": BIRTHS, "End Date": BIRTHS}, "permits"),
        ({"Name": WORDS, "Plate": CARS["Plate"], "Expires": BIRTHS}, "permits"),
        ({**PEOPLE, "Grade": ("9", "10", "9", "11")}, "users"),
        ({"Citation #": NUMBERS, "Plate": CARS["Plate"], "Issued": BIRTHS, "Violation": WORDS, "Fine": PRICES}, None),
        ({"Student ID": PEOPLE["Student ID"], "Name": WORDS, "Course": WORDS, "Grade": ("A", "B", "A", "C")}, None),
        # Where many columns are known, one that is not is asked for.
        ({**NAMELESS, "Xq": WORDS}, "users"),
        ({"Zone": WORDS, "Permit #": NUMBERS, "Start Date": BIRTHS, "End Date": BIRTHS, "Xq": CARS["Plate"]}, "permits"),
        ({"Make": CARS["Make"], "Year": ("2015",) * 4, "Colour": ("Red",) * 4, "Province": ("ON",) * 4, "Xq": CARS["Plate"]}, "vehicles"),
        (
            {"Family Address": STREETS, "Student First Name": WORDS, "Student Last Name": WORDS, "Student DOB": BIRTHS, "Parent 1 Email": MAILS},
            "users",
        ),
        ({"Student ID": NUMBERS, "Xq": WORDS}, None),
        # OPSCOM's own reference ids are of permits that are there, whatever stands above.
        *(({header: UUIDS, "New End": BIRTHS, "New Plate": CARS["Plate"]}, "permit-updates") for header in ("Permit Reference", "Permit ID", "Permit #")),
        *(
            ({header: UUIDS, "Permit Number": NUMBERS, "Plate": CARS["Plate"], "Start Date": BIRTHS, "End Date": BIRTHS}, "permit-updates")
            for header in ("InternalReferenceID", "OPSCOM Reference ID", "reference_id", "ID de référence")
        ),
        # Another program's reference is none of OPSCOM's.
        ({"Reference ID": NUMBERS, "Permit Number": NUMBERS, "Plate": CARS["Plate"], "Start Date": BIRTHS, "End Date": BIRTHS}, "permits"),
        # A list of permits to cancel is deleted, and neither created nor changed.
        *(
            ({"InternalReferenceID": UUIDS, "Permit Number": NUMBERS, "Plate": CARS["Plate"], "Lot": WORDS, header: BIRTHS}, None)
            for header in ("Cancel Date", "Cancelled On", "Date d'annulation", "Returned", "Withdrawn", "Refund Date")
        ),
        (
            {"Violation": WORDS, "Fine": PRICES, "Make": CARS["Make"], "Body Style": CARS["Make"], "Year": ("2015",) * 4,
             "Colour": ("Red",) * 4},
            None,
        ),
        ({"Part No": NUMBERS, "Make": CARS["Make"], "Model": WORDS, "Year": ("2015",) * 4}, None),
        # A ticket has a number and a plate, and no end.
        ({"Ticket No": NUMBERS, "Plate": CARS["Plate"], "Offence": WORDS, "Issued": BIRTHS, "Fine": PRICES, "Lot": WORDS}, None),
        ({"Name": WORDS, "Grade": ("A", "B", "A", "C")}, None),
        ({"Summons": NUMBERS, "RP State Plate": ("CA", "NV", "CA", "AZ"), "Make": CARS["Make"]}, None),
    ],
)  # fmt: skip
def test_what_the_rows_are_is_told_from_all_columns(profiled, columns, endpoint):
    found = readings(profiled(columns))
    assert (found[0].endpoint if found else None) == endpoint


def test_names_that_no_header_tells_are_asked_for_among_the_columns_of_words(proposed):
    head = "Student ID,Email,DOB,Cell Phone,Xq,Zq,Mother,Password\n"
    text = head + "90012345,a@uni.example,2003-02-14,607-555-0114,Ann,Roe,Ida,Abc1!defg\n"
    asked = {q.field: (q.text, q.choices) for q in proposed(text).questions}
    choices = ("Xq", "Zq", "Mother", "not sent")
    assert [asked["first_name"], asked["last_name"]] == [
        ("No column is surely the first name. Which is it?", choices),
        ("No column is surely the last name. Which is it?", choices),
    ]
    said = {("fields", "first_name"): "Xq", ("fields", "last_name"): "not sent"}
    made = proposed(text, said)
    assert {d.field: d.rule for d in made.drafts}["first_name"] == "Xq"
    assert [q.field for q in made.questions] == ["login_source"]


@pytest.mark.parametrize(
    "form",
    [
        "%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y", "%d-%B-%y", "%d/%b/%Y", "%d/%b/%y", "%d%b%Y", "%d %b %Y", "%d %b %y",
        "%b-%d-%Y", "%b/%d/%Y", "%Y-%b-%d",
    ],
)  # fmt: skip
@pytest.mark.parametrize("capitals", [str, str.upper])
def test_a_date_with_a_named_month_is_a_date_and_no_password(place, form, capitals):
    days = [dt.date(1980, 3, 5) + dt.timedelta(days=397 * at) for at in range(4)]
    texts = [capitals(day.strftime(form)) for day in days]
    births = place({**PEOPLE, "D.O.B.": texts})["D.O.B."]
    assert (births.field, births.confidence, births.secret) == ("date_of_birth", "sure", False)
    assert not place({**PEOPLE, "Xq": texts})["Xq"].secret
    dates = read_dates(dict.fromkeys(texts, 1))
    assert (dates.strange, dates.first) == ((), "1980-03-05")


@pytest.mark.parametrize(
    "header",
    [
        "Password", "SIN", "IBAN", "Allergies", "CURP", "Code d'accès", "GOBTPAC_PIN", "SPBPERS_SSN", "National ID", "NATIONAL_ID", "Soc Sec No",
        "Soc. Ins. #", "No sécu", "Direct Deposit Account", "Institution bancaire",
    ],
)  # fmt: skip
def test_a_secret_is_never_sent_and_never_shown(place, header):
    found = place({**PEOPLE, header: NUMBERS})[header]
    assert (found.field, found.secret) == (None, True)


@pytest.mark.parametrize(
    ("values", "secret"),
    [
        (("976-05-1548", "919-52-2578", "969-99-4127", "908-74-6220"), True),
        (("046 454 286", "130 692 544", "046-454-286", "130-692-544"), True),
        (("GOMC960212HDFLRR04", "ROHA010130MJCDNN01", "PEXJ991231HNLRXS09", "LUAM020505MDFNRRA2"), True),
        (("Mar-Lin1999!", "05-Mar1980#", "P@ssw0rd1", "Xq9-Zm4-Tr7"), True),
        # No national ids by their check digits or form, and no passwords.
        (("046 454 287", "130 692 543", "900 123 456", "900 123 457"), False),
        (("046454286",) * 4, False),
        (tuple(f"Ann.Roe{at}@Uni.example" for at in range(4)), False),
        (STREETS, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", ["Employee ID", "Matricule", "User ID", "Xq", "", "Adresse"])
def test_what_is_written_as_a_secret_is_never_sent_whatever_stands_above(
    place, header, values, secret
):
    found = place({"First Name": PEOPLE["First Name"], "Email": MAILS, header: values})[header]
    assert found.secret is secret
    assert found.field is None or not secret


def test_a_user_id_may_be_the_id_or_the_name_of_an_account(place):
    columns = {"user_id": ("a1", "b2", "c3", "d4"), "name": PEOPLE["Last Name"], "email": MAILS}
    assert place(columns)["user_id"].confidence is not Confidence.SURE


LONG = ("a " * 8000, "1 " * 8000, "a" * 8000 + "1" * 8000, "ab , " * 3000 + "!", "p o " * 4000, "$" * 16000 + "a")  # fmt: skip


@pytest.mark.parametrize(
    "header", ["Address", "Name", "Plate", "Phone", "lastname" * 200 + "q", "$" * 16000 + "a"]
)
def test_an_endless_cell_or_header_is_looked_at_once(place, header):
    # Patterns that can be read in two ways would take longer than anybody lives.
    assert header in place({"Student ID": [str(at) for at, _ in enumerate(LONG)], header: LONG})
