"""Where columns go: by header, by value, by neighbour, and where they never go."""

import csv
import sys

import pytest

from importer.proposing.naming import read_headers
from importer.proposing.profiles import profile
from importer.proposing.proposal import Confidence
from importer.proposing.sheets import readings
from importer.proposing.vocabulary import languages
from importer.reading import read_source, take_sheet

PEOPLE = {
    "Student ID": ("90012345", "90012377", "90020911", "90034418"),
    "First Name": ("Marisol", "Devon", "Priyanka", "Callum"),
    "Last Name": ("Ferrante", "Whitlock", "Raghunath", "MacGillis"),
    "Email": ("m.ferrante@uni.example", "d.whitlock@uni.example", "p@uni.example", "c@uni.example"),
}
UNMAILED = {header: PEOPLE[header] for header in ("Student ID", "First Name", "Last Name")}
MAILS = ("a@mail.example", "b@mail.example", "c@mail.example", "d@mail.example")
PHONES = ("(607) 555-0114", "(315) 555-0137", "(570) 555-0162", "(802) 555-0178")
BIRTHS = ("2003-02-14", "2004-11-30", "2002-07-05", "2001-01-22")
WORDS = ("Marisol Ferrante", "Devon Whitlock", "Priyanka Raghunath", "Callum MacGillis")
NUMBERS = ("4711", "4712", "4713", "4714")
CARS = {
    "Plate": ("KYA1935", "RMN5327", "EHR8708", "FMS5750"),
    "Make": ("Ford", "Kia", "Honda", "Ford"),
}


@pytest.mark.parametrize(
    ("header", "values", "field"),
    [
        ("STU_DOB", BIRTHS, "date_of_birth"),
        ("Date de naissance (jj/mm/aaaa)", BIRTHS, "date_of_birth"),
        ("FECHA NAC.", BIRTHS, "date_of_birth"),
        ("Tél. cell.", PHONES, "phone_cell"),
        ("Téléphone au travail", PHONES, "employee_phone"),
        ("WhatsApp Number", PHONES, "phone_cell"),
        ("Phone (Work)", PHONES, "employee_phone"),
        ("Geb.-Datum", BIRTHS, "date_of_birth"),
        ("Straße, Hausnr.", ("Lindenweg 4", "Am Markt 12", "Schulstr. 7a", "Ring 1"), "street"),
        ("MA_STAT_CODE", ("NY", "VT", "NY", "PA"), "province"),
        ("Code Post.", ("K1A 0B1", "H2X 1Y4", "J4B 2C3", "G1R 4P5"), "postal_code"),
        ("Permis de conduire", ("D48-1", "S22-2", "Q88-3", "B77-4"), "driver_licence_num"),
        ("mobilePhone", PHONES, "phone_cell"),
        ("Zip / Postal Code", ("14901", "14850", "18503", "05401"), "postal_code"),
        ("C.P.", ("K1A 0B1", "H2X 1Y4", "J4B 2C3", "G1R 4P5"), "postal_code"),
        ("Prov.", ("ON", "QC", "Qué.", "T.-N.-L."), "province"),
        ("sAMAccountName", ("mferrante", "dwhitlock", "praghu", "cmac"), "user_name"),
        ("Adress", ("118 Larkmoor Ave", "22 Quarry Rd", "7 Fennel Ct", "9 Ferry Ln"), "street"),
    ],
)
def test_a_header_of_an_office_leads_to_its_field(place, header, values, field):
    found = place({**PEOPLE, header: values})[header]
    assert (found.field, found.used) == (field, True)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Hire Date", BIRTHS),
        ("Date d'embauche", BIRTHS),
        ("Fecha de ingreso", BIRTHS),
        ("Admission Date", BIRTHS),
        ("Emergency Contact Phone", PHONES),
        ("Phone (Emergency)", PHONES),
        ("Employee No. (SSN)", NUMBERS),
        ("Notfallkontakt", WORDS),
        ("Téléphone d'urgence", PHONES),
        ("Guardian 1 Cell", PHONES),
        ("Parent Email", MAILS),
        ("Courriel de la mère", MAILS),
        ("Advisor Email", MAILS),
        ("Supervisor", WORDS),
        ("Spouse First Name", PEOPLE["First Name"]),
        ("Nom du conjoint", PEOPLE["Last Name"]),
        ("SSN", ("976-05-1548", "919-52-2578", "969-99-4127", "908-74-6220")),
        ("NAS", NUMBERS),
        ("Password", ("hunter2", "swordfish", "pass1", "abc")),
        ("Mot de passe", ("hunter2", "swordfish", "pass1", "abc")),
        ("SPRIDEN_PIDM", NUMBERS),
        ("Birth City", ("Elmira", "Ithaca", "Scranton", "Ottawa")),
        ("Department ID", NUMBERS),
        ("Preferred First Name", PEOPLE["First Name"]),
        ("Estado civil", ("soltero", "casada", "soltero", "casada")),
    ],
)
def test_what_is_about_others_or_other_things_is_neither_sent_nor_asked(place, header, values):
    found = place({**PEOPLE, header: values})[header]
    assert (found.field, found.confidence) == (None, Confidence.NONE)


@pytest.mark.parametrize(
    ("header", "values", "reason"),
    [
        ("", MAILS, "the column has no header; write one to have it sent"),
        ("Date of Birth", WORDS, "the header may mean date_of_birth, but the values are not dates"),
        (
            "DOB", ("2026-01-05", "2026-02-05", "2026-03-05", "2026-04-05"),
            "the header may mean date_of_birth, but the dates are of the last years, not births",
        ),
    ],
)  # fmt: skip
def test_neither_values_without_a_header_nor_a_header_against_its_values_is_a_field(
    place, header, values, reason
):
    found = place({**UNMAILED, header: values})[header]
    assert (found.field, found.reason) == (None, reason)


def test_of_two_e_mails_the_campus_one_is_likely_and_the_other_is_named(place):
    columns = dict(PEOPLE)
    del columns["Email"]
    found = place({**columns, "Personal Email": MAILS, "Work Email": PEOPLE["Email"]})
    assert found["Work Email"].confidence is Confidence.LIKELY
    assert found["Work Email"].reason.endswith('rather than "Personal Email"')
    assert found["Personal Email"].field is None
    assert "it could be used where that is blank" in found["Personal Email"].reason


def test_address_lines_are_joined_and_a_whole_name_is_split(place):
    people = {
        "ID": PEOPLE["Student ID"],
        "Name": ("Ferrante, Marisol", "Whitlock, Devon", "Roy, Jo", "Poe, Al"),
    }
    lines = {
        "Address 1": ("1 Elm St", "2 Oak Rd", "3 Ash Ln", "4 Yew Ct"),
        "Address 2": ("Apt 3", "", "", "Unit 9"),
    }
    found = place({**people, **lines})
    assert [found[name].how for name in lines] == ["join", "join"]
    assert (found["Name"].how, found["Name"].reason) == (
        "split",
        "the whole name is split: last name, comma, first name",
    )


def test_beside_a_first_name_nom_is_the_last_name(place):
    found = place(
        {
            "Matricule": PEOPLE["Student ID"],
            "Nom": PEOPLE["Last Name"],
            "Prénom": PEOPLE["First Name"],
        }
    )
    assert (found["Nom"].field, found["Prénom"].field) == ("last_name", "first_name")


def test_an_internal_key_gives_way_to_the_number_that_a_person_knows(place):
    found = place({**PEOPLE, "Record ID": NUMBERS})
    assert found["Student ID"].field in {"unique_id", "student_no"}
    assert (
        found["Record ID"].reason == 'another number of the person; "Student ID" is the better id'
    )


@pytest.mark.parametrize(
    ("columns", "endpoint"),
    [
        (PEOPLE, "users"),
        (CARS, "vehicles"),
        (
            {"Permit #": NUMBERS, "Plate": CARS["Plate"], "Start Date": BIRTHS, "End Date": BIRTHS},
            "permits",
        ),
        (
            {
                "Citation #": NUMBERS,
                "Plate": CARS["Plate"],
                "Issued": BIRTHS,
                "Violation": WORDS,
                "Fine": ("1.00", "2.00", "3.00", "4.00"),
            },
            None,
        ),
        (
            {
                "Student ID": PEOPLE["Student ID"],
                "Name": WORDS,
                "Course": WORDS,
                "Grade": ("A", "B", "A", "C"),
            },
            None,
        ),
        ({**PEOPLE, "Grade": ("9", "10", "9", "11")}, "users"),
        ({"Item": WORDS, "Price": ("1.00", "2.00", "3.00", "4.00")}, None),
        ({"Name": WORDS, "Grade": ("A", "B", "A", "C")}, None),
        (
            {"Summons": NUMBERS, "RP State Plate": ("CA", "NV", "CA", "AZ"), "Make": CARS["Make"]},
            None,
        ),
    ],
)
def test_what_the_rows_are_is_told_from_all_columns(tmp_path, columns, endpoint):
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    source = read_source(path)
    found = readings(profile(take_sheet(source, source.grids[0], 1)))
    assert (found[0].endpoint if found else None) == endpoint


@pytest.mark.parametrize("language", languages().values(), ids=lambda language: language.name)
def test_every_phrase_of_the_vocabulary_has_words_and_no_two_fields_share_one(language):
    for endpoint, phrases in language.fields.items():
        meant = {}
        for phrase in phrases:
            if phrase.sure and phrase.words:
                meant.setdefault(phrase.words, set()).add(phrase.field)
        shared = {words: fields for words, fields in meant.items() if len(fields) > 1}
        allowed = [{"unique_id", "student_no"}, {"unique_id", "employ_no"}]
        assert [f for f in shared.values() if f not in allowed] == [], endpoint


def test_an_address_with_its_number_first_is_no_password(place):
    streets = ("14, rue des Érables", "2209, boul. Laurier", "77, ch. Ste-Foy", "9, av. Cartier")
    found = place({**PEOPLE, "Adresse": streets})["Adresse"]
    assert (found.field, found.confidence, found.secret) == ("street", Confidence.SURE, False)


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


def test_a_databases_own_key_is_no_number_of_an_employee(place):
    found = place({**PEOPLE, "EmployeeID_GUID": ("8KQ2P0", "8KQ2P1", "8KQ2P2", "8KQ2P3")})
    assert not found["EmployeeID_GUID"].used


def test_a_surer_name_counts_more_than_the_word_primary(place):
    found = place(
        {"PRIMARY_ID": PEOPLE["Student ID"], "PER_NUMBER": ("F1", "F2", "F3", "F4"), "Plate": CARS["Plate"],
         "PER_EFFECTIVE_START_DATE": BIRTHS, "PER_EFFECTIVE_END_DATE": BIRTHS}, "permits",
    )  # fmt: skip
    assert {h: p.field for h, p in found.items() if p.field} == {
        "PER_NUMBER": "permitNo", "Plate": "plate",
        "PER_EFFECTIVE_START_DATE": "startTime", "PER_EFFECTIVE_END_DATE": "endTime",
    }  # fmt: skip


def test_an_empty_column_gives_way_to_one_that_is_filled(place):
    found = place({**UNMAILED, "New Primary Email": ("", "", "", ""), "Email Address": MAILS})
    assert (found["New Primary Email"].field, found["Email Address"].field) == (None, "email")


def test_the_parts_of_a_legal_name_are_first_and_last_name(place):
    found = place({
        "ID": PEOPLE["Student ID"], "Legal Name - Last Name": PEOPLE["Last Name"], "Legal Name - First Name": PEOPLE["First Name"],
    })  # fmt: skip
    assert [p.field for p in found.values()] == ["unique_id", "last_name", "first_name"]


def test_a_user_id_may_be_the_id_or_the_name_of_an_account(place):
    columns = {"user_id": ("a1", "b2", "c3", "d4"), "name": PEOPLE["Last Name"], "email": MAILS}
    assert place(columns)["user_id"].confidence is not Confidence.SURE


@pytest.mark.parametrize(
    ("header", "values", "field"),
    [
        ("New End", BIRTHS, "endTime"), ("End Date", BIRTHS, "endTime"), ("Nouvelle fin", BIRTHS, "endTime"),
        ("New Plate", CARS["Plate"], "plate"), ("New Price", ("1.00", "2.00", "3.00", "4.00"), "amount"),
    ],
)  # fmt: skip
def test_what_changes_of_a_permit_is_known_in_a_list_of_updates(place, header, values, field):
    found = place({"Reference ID": NUMBERS, header: values}, "permit-updates")
    assert (found["Reference ID"].field, found[header].field) == ("referenceID", field)
    assert found[header].used


LONG = (
    "a " * 8000,
    "1 " * 8000,
    "a" * 8000 + "1" * 8000,
    "ab , " * 3000 + "!",
    "p o " * 4000,
    "$" * 16000 + "a",
)


@pytest.mark.parametrize(
    "header", ["Address", "Name", "Plate", "Phone", "lastname" * 200 + "q", "$" * 16000 + "a"]
)
def test_an_endless_cell_or_header_is_looked_at_once(place, header):
    # Patterns that can be read in two ways would take longer than anybody lives.
    assert header in place({"Student ID": [str(at) for at, _ in enumerate(LONG)], header: LONG})


def test_however_many_columns_there_are_each_header_is_looked_up_once():
    """Each is asked for as every endpoint, and in every row that may be the header."""
    headers = [f"Extra Field {n}" for n in range(1500)]

    def calls():
        number = 0

        def count(_frame, event, _argument):
            nonlocal number
            number += event == "call"

        sys.setprofile(count)
        try:
            read_headers(headers, "users")
        finally:
            sys.setprofile(None)
        return number

    first = calls()
    assert calls() < first / 10
