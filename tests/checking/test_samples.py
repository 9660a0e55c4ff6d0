"""The samples come to what README promises of them."""

import pytest
from commanding import ROOT, Office, read_results

SAMPLES = ROOT / "samples"
CLEAN = ("banner-students.xlsx", "banner-staff.csv")


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """Push all samples to the sandbox, with the shipped mappings and nothing set up."""
    office = Office(tmp_path_factory.mktemp("push"), token=None, client=None, mappings={})
    clean = office.run("push", "--sandbox", "--json", *map(SAMPLES.joinpath, CLEAN))
    faulty = office.run("push", "--sandbox", "--json", SAMPLES / "students-with-problems.xlsx")
    return clean, faulty


def test_the_clean_samples_end_with_0_and_keep_their_leading_zeros(pushed):
    clean, _ = pushed
    assert clean.code == 0, clean.err
    assert clean.states == {
        "banner-students.xlsx": {"pushed": 60, "skipped": 1},
        "banner-staff.csv": {"pushed": 24},
    }
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
    told = ("opscom_status", "SPRIDEN_LAST_NAME", "opscom_error_code", "opscom_message")
    assert [tuple(row[name].split(": ")[0] for name in told) for row in rows] == EXPECTED
    assert [int(row["opscom_row"]) for row in rows] == list(range(5, 24))
