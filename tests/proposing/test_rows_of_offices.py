"""Columns of other offices' header rows that were once misplaced."""

import pytest

from importer.proposing.proposal import Confidence

PEOPLE = {
    "Student ID": ("90012345", "90012377", "90020911", "90034418"),
    "First Name": ("Marisol", "Devon", "Priyanka", "Callum"),
    "Last Name": ("Ferrante", "Whitlock", "Raghunath", "MacGillis"),
}
MAILS = ("a@mail.example", "b@mail.example", "c@mail.example", "d@mail.example")
DATES = ("2026-09-01", "2026-09-02", "2026-09-03", "2026-09-04")
PLATES = ("KYA1935", "RMN5327", "EHR8708", "FMS5750")
SECRETS = ("8841", "2230", "9917", "0038")


def test_an_address_with_its_number_first_is_no_password(place):
    streets = ("14, rue des Érables", "2209, boul. Laurier", "77, ch. Ste-Foy", "9, av. Cartier")
    found = place({**PEOPLE, "Adresse": streets})["Adresse"]
    assert (found.field, found.confidence, found.secret) == ("street", Confidence.SURE, False)


@pytest.mark.parametrize(
    "header",
    [
        "Code d'accès", "GOBTPAC_PIN", "SPBPERS_SSN", "National ID", "NATIONAL_ID", "Soc Sec No",
        "Soc. Ins. #", "No sécu", "Direct Deposit Account", "Institution bancaire",
    ],
)  # fmt: skip
def test_a_secret_is_never_sent_and_never_shown(place, header):
    found = place({**PEOPLE, header: SECRETS})[header]
    assert (found.field, found.secret) == (None, True)


def test_a_databases_own_key_is_no_number_of_an_employee(place):
    found = place({**PEOPLE, "EmployeeID_GUID": ("8KQ2P0", "8KQ2P1", "8KQ2P2", "8KQ2P3")})
    assert not found["EmployeeID_GUID"].used


def test_a_surer_name_counts_more_than_the_word_primary(place):
    found = place(
        {"PRIMARY_ID": PEOPLE["Student ID"], "PER_NUMBER": ("F1", "F2", "F3", "F4"), "Plate": PLATES,
         "PER_EFFECTIVE_START_DATE": DATES, "PER_EFFECTIVE_END_DATE": DATES}, "permits",
    )  # fmt: skip
    assert {h: p.field for h, p in found.items() if p.field} == {
        "PER_NUMBER": "permitNo", "Plate": "plate",
        "PER_EFFECTIVE_START_DATE": "startTime", "PER_EFFECTIVE_END_DATE": "endTime",
    }  # fmt: skip


def test_an_empty_column_gives_way_to_one_that_is_filled(place):
    found = place({**PEOPLE, "New Primary Email": ("", "", "", ""), "Email Address": MAILS})
    assert (found["New Primary Email"].field, found["Email Address"].field) == (None, "email")


def test_the_parts_of_a_legal_name_are_first_and_last_name(place):
    found = place({
        "ID": PEOPLE["Student ID"], "Legal Name - Last Name": PEOPLE["Last Name"], "Legal Name - First Name": PEOPLE["First Name"],
    })  # fmt: skip
    assert [p.field for p in found.values()] == ["unique_id", "last_name", "first_name"]


def test_a_user_id_may_be_the_id_or_the_name_of_an_account(place):
    columns = {"user_id": ("a1", "b2", "c3", "d4"), "name": PEOPLE["Last Name"], "email": MAILS}
    assert place(columns)["user_id"].confidence is not Confidence.SURE
