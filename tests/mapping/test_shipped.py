"""The mappings that are shipped: they load, say what they serve, and do what they say."""

import re
from pathlib import Path

import pytest
from checked import sheet_of

from importer.mapping import apply_mapping, load_mapping
from schemas import TABLES

FOLDER = Path(__file__).parents[2] / "mappings"
SHIPPED = sorted(FOLDER.glob("*.yaml"))


def test_there_is_a_mapping_for_every_endpoint_that_takes_rows_from_an_export():
    assert {load_mapping(path).endpoint for path in SHIPPED} == set(TABLES) - {"plates"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_mapping_says_what_it_serves_and_gives_every_required_field(path):
    assert re.match(r"# Serves: .*\.\n", path.read_text(encoding="utf-8"))
    mapping = load_mapping(path)
    required = {known.name for known in mapping.table.fields if known.need == "required"}
    assert required <= {known.name for known in mapping.fields}


def test_the_templates_have_every_documented_field_of_users_by_name_and_by_title():
    users = TABLES["users"].fields
    assert load_mapping(FOLDER / "opscom-template.yaml").headers == tuple(
        known.name for known in users
    )
    titles = load_mapping(FOLDER / "opscom-template-titles.yaml")
    assert titles.headers == tuple(known.title for known in users)
    assert titles.fields == users


@pytest.mark.parametrize(
    ("file", "expected"),
    [("students-2026.xlsx", "banner-students"), ("Staff.csv", "banner-staff"), ("vehicles.csv", "parking-vehicles"), ("permits.xlsx", "parking-permits")],
)  # fmt: skip
def test_one_file_name_is_for_one_mapping(file, expected):
    mappings = [load_mapping(path) for path in SHIPPED]
    fits = [each.path.stem for each in mappings if each.file.match and each.is_for(file)]
    assert fits == [expected]


REFERENCE = "1a9b5375-cb75-4c71-9939-eeae550b09ac"
ROWS = {
    "banner-students.yaml": (
        {
            "SPRIDEN_ID": "A00012345", "SPRIDEN_LAST_NAME": "O'Brien", "SPRIDEN_FIRST_NAME": "Zoë",
            "GOREMAL_EMAIL_ADDRESS": "zoe.obrien@example.edu", "SPRADDR_STREET_LINE1": "12 Main St",
            "SPRADDR_STREET_LINE2": "Unit 4", "SPRADDR_CITY": "Ottawa", "SPRADDR_STAT_CODE": "on",
            "SPRADDR_ZIP": "K1A 0B1", "SPRTELE_PHONE_AREA": "613", "SPRTELE_PHONE_NUMBER": "555-0142",
            "SPBPERS_BIRTH_DATE": "03-FEB-2004", "SGBSTDN_STYP_DESC": "Part Time",
        },
        {
            "unique_id": "A00012345", "login_source": "OPSCOM", "first_name": "Zoë", "last_name": "O'Brien",
            "email": "zoe.obrien@example.edu", "street": "12 Main St, Unit 4", "city": "Ottawa", "province": "ON",
            "postal_code": "K1A 0B1", "phone_cell": "6135550142", "user_type_id": "9", "student_no": "A00012345",
            "date_of_birth": "2004-02-03",
        },
    ),
    "banner-staff.yaml": (
        {
            "Matricule": "1234567", "Prénom": "Élise", "Nom": "Côté", "Courriel personnel": "elise@example.ca",
            "Province": "Québec", "Date de naissance": "31/12/1980", "Régime": "Temps plein",
        },
        {
            "unique_id": "001234567", "login_source": "OPSCOM", "first_name": "Élise", "last_name": "Côté",
            "email": "elise@example.ca", "province": "QC", "user_type_id": "7", "employ_no": "001234567",
            "date_of_birth": "1980-12-31",
        },
    ),
    "parking-vehicles.yaml": (
        {"Plate": "abcd-123", "Plate Type": "Passenger", "Province": "Ontario", "VIN": "n/a"},
        {"plate": "ABCD123", "plateType": "Passenger", "prov": "ON"},
    ),
    "parking-permits.yaml": (
        {"Licence Plate": "pl8 rdr", "Valid From": "02/07/2018 09:00", "Valid To": "2018-07-02", "Price": "$14.5"},
        {
            "amount": "14.50", "currency": "CAD", "startTime": "2018-07-02T09:00:00", "endTime": "2018-07-02T23:59:59",
            "plate": "PL8RDR",
        },
    ),
    "permit-changes.yaml": (
        {"Reference ID": REFERENCE, "New End": "02/07/2018 09:30"},
        {"referenceID": REFERENCE, "endTime": "2018-07-02T09:30:00"},
    ),
    "permit-cancellations.yaml": ({"Reference ID": REFERENCE}, {"referenceID": REFERENCE}),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_a_shipped_mapping_makes_of_a_row(name):
    cells, expected = ROWS[name]
    mapping = load_mapping(FOLDER / name)
    assert cells.keys() <= {*mapping.headers}
    values = [cells.get(header, "") for header in mapping.headers]
    batch = apply_mapping(mapping, sheet_of(mapping.headers, [values]))
    assert batch.problems == ()
    [row] = batch.frame.to_dict("records")
    assert {field: value for field, value in row.items() if value} == expected
