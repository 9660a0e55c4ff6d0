"""The samples are what their maker makes, and come to what README promises of them."""

import openpyxl
import pytest
from commanding import ROOT, Office, read_results
from make_samples import main as make_samples

SAMPLES = ROOT / "samples"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    make_samples(folder)
    return folder


def cells(path):
    """Return every cell with its number format, sheet by sheet."""
    book = openpyxl.load_workbook(path)
    found = {
        sheet.title: [[(cell.value, cell.number_format) for cell in row] for row in sheet.rows]
        for sheet in book
    }
    book.close()
    return found


def test_the_folder_holds_what_the_maker_makes_and_nothing_else(made):
    assert {path.name for path in SAMPLES.iterdir()} == {path.name for path in made.iterdir()}


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_sample_is_what_the_maker_makes(made, path):
    if path.suffix == ".xlsx":
        assert cells(path) == cells(made / path.name)
    else:
        assert path.read_bytes() == (made / path.name).read_bytes()


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """Push all samples to the sandbox, with the shipped mappings and nothing set up."""
    office = Office(tmp_path_factory.mktemp("push"), token=None, client=None, mappings={})
    clean = office.run("push", "--sandbox", "--json", *map(SAMPLES.joinpath, CLEAN))
    faulty = office.run("push", "--sandbox", "--json", SAMPLES / "students-with-problems.xlsx")
    return clean, faulty


CLEAN = ("banner-students.xlsx", "banner-staff.csv")


def test_the_clean_samples_end_with_0(pushed):
    clean, _ = pushed
    assert clean.code == 0, clean.err
    assert clean.states == {
        "banner-students.xlsx": {"pushed": 60, "skipped": 1},
        "banner-staff.csv": {"pushed": 24},
    }


def test_leading_zeros_of_the_samples_are_kept(pushed):
    clean, _ = pushed
    students = next(file for file in clean.json["files"] if file["sheet"] == "Students")
    ids = [row["SPRIDEN_ID"] for row in read_results(students["results"], "Students")[:-1]]
    assert {len(number) for number in ids} == {9}
    assert all(number.startswith("000") for number in ids)


EXPECTED = [
    ("pushed", "Allright", "", "new"),
    ("invalid", "Noid", "9013", "SPRIDEN_ID"),
    ("invalid", "X" * 51, "9030", "SPRIDEN_LAST_NAME"),
    ("invalid", "Badmail", "9033", "GOREMAL_EMAIL_ADDRESS"),
    ("pushed", "Nomail", "", "new\nGOREMAL_EMAIL_ADDRESS (warning)"),
    ("invalid", "Samemail", "9019", "GOREMAL_EMAIL_ADDRESS"),
    ("invalid", "Badprovince", "9033", "SPRADDR_STAT_CODE"),
    ("pushed", "Abroad", "", "new\nSPRADDR_STAT_CODE (warning)"),
    ("invalid", "Badbirthday", "9033", "SPBPERS_BIRTH_DATE"),
    ("invalid", "Ambiguousbirthday", "9033", "SPBPERS_BIRTH_DATE"),
    ("invalid", "Unborn", "9033", "SPBPERS_BIRTH_DATE"),
    ("invalid", "Unknowntype", "9033", "SGBSTDN_STYP_DESC"),
    ("invalid", "Longpostal", "9030", "SPRADDR_ZIP"),
    ("invalid", "Sameid", "9022", "SPRIDEN_ID"),
    ("duplicate", "Allright", "", "The same record as in row 5."),
    ("invalid", "Errorcell", "9033", "SPRADDR_CITY"),
    ("invalid", "Longnumber", "9033", "SPRIDEN_ID"),
    ("pushed", "=HYPERLINK(1)", "", "new"),
    ("skipped", "", "", ""),
]


def test_the_sample_with_problems_shows_one_of_each_row_by_row(pushed):
    _, faulty = pushed
    assert faulty.code == 1
    rows = read_results(faulty.json["files"][0]["results"], "Students")
    assert [
        (
            row["opscom_status"],
            row["SPRIDEN_LAST_NAME"],
            row["opscom_error_code"],
            row["opscom_message"].split(": ")[0],
        )
        for row in rows
    ] == EXPECTED
    assert [int(row["opscom_row"]) for row in rows] == list(range(5, 24))
    assert faulty.states == {
        "students-with-problems.xlsx": {
            "pushed": 4,
            "duplicate": 1,
            "invalid": 13,
            "skipped": 1,
        }
    }
