"""One cause is one line: on the terminal above the question, in ``--json`` and in Summary."""

import shlex

import pytest
from commanding import ROOT, ROSTER, user

MAPPING = (
    ROSTER
    + """\
  user_type_id: {column: Kind, lookup: {Full time staff: "1", Part time staff: "2", Student: "3"}}
  province: {column: Prov, convert: [province]}
"""
)
MEND = "To have the new values proposed: opscom-import map --mapping mappings/roster.yaml"
KINDS = ["F", "P", "S", "Fulltime staff", *(f"K{n}" for n in range(8))]
"""Twelve that no mapping knows."""


@pytest.fixture
def desk(desk):
    desk.write("mappings/roster.yaml", MAPPING)
    return desk


def lay(desk, rows, **columns):
    """Write a roster in which each of ``columns``, a list of values, repeats."""
    given = {"Kind": ["Student"], "Prov": ["ON"], **columns}
    table = [
        user(n) | {name: values[n % len(values)] for name, values in given.items()}
        for n in range(rows)
    ]
    return desk.table("inbox/roster.csv", table)


def problems(desk):
    return desk.do("check")["files"][0]["problems"]


def summary(desk, stem="roster"):
    return "\n".join(str(cell) for line in desk.summary(stem, "checked") for cell in line)


def test_a_lookup_that_misses_twelve_values_in_98_rows_is_one_line_that_says_to_change_the_mapping(
    desk,
):
    lay(desk, 98, Kind=KINDS)
    [problem] = problems(desk)
    values = problem.pop("values")
    assert problem == {
        "column": "Kind",
        "field": "user_type_id",
        "code": "9033",
        "severity": "error",
        "message": "the mapping's `lookup` does not know this value.",
        "remedy": "All 98 rows fail alike, so change the mapping, not the cells. Add it to `lookup` in the "
        f"mapping. {MEND} inbox/roster.csv",
        "rows": 98,
    }
    assert values[0] == {"value": "F", "rows": 9}
    assert (len(values), sum(each["rows"] for each in values)) == (12, 98)
    [line] = [line for line in desk.told.splitlines() if "`lookup`" in line]
    assert line.startswith(
        '  Error in 98 rows (9033), first at roster.csv, row 2 "Kind": the mapping\'s `lookup` does not '
        'know this value. "F" (9 rows'
    )
    assert '"Fulltime staff" (8 rows, nearest "Full time staff")' in line
    assert line.endswith(problem["remedy"])
    told = summary(desk)
    assert "1.  Change the mapping: most rows fail alike in this column: Kind." in told
    assert '"Fulltime staff" (8 rows, nearest "Full time staff")' in told
    assert problem["remedy"] in told


def test_the_command_that_mends_a_lookup_quotes_names_with_blanks_and_works(desk):
    (desk.folder / "mappings" / "roster.yaml").rename(desk.folder / "mappings" / "our staff.yaml")
    lay(desk, 3, Kind=["Visitor"]).rename(desk.inbox / "fall roster.csv")
    [problem] = problems(desk)
    command = "opscom-import map --mapping 'mappings/our staff.yaml' 'inbox/fall roster.csv'"
    assert problem["remedy"].endswith(f" To have the new values proposed: {command}")
    assert command in summary(desk, "fall roster")
    desk.do(*shlex.split(command)[1:], "-o", "new.yaml")
    assert "Visitor" in (desk.folder / "new.yaml").read_text(encoding="utf-8")


def test_a_mapping_that_came_with_the_program_is_copied_before_it_is_changed(desk):
    for path in (desk.folder / "mappings").iterdir():
        path.unlink()
    staff = (ROOT / "samples" / "banner-staff.csv").read_text(encoding="latin-1")
    (desk.inbox / "staff.csv").write_text(staff.replace("Temps plein", "Contrat"), "latin-1")
    problem = next(each for each in problems(desk) if each["column"] == "Régime")
    assert problem["remedy"].endswith(
        " To have the new values proposed, copy the mapping first (opscom-import init), then: opscom-import "
        "map --mapping mappings/banner-staff.yaml inbox/staff.csv"
    )


@pytest.mark.parametrize(
    ("cells", "way"),
    [
        ({"Last": ["x" * 51]}, "Have it cut with `truncate: true` in the mapping."),
        (
            {"Id": ["1" * 51 + f"{n}" for n in range(6)]},
            "If it names the right column, have that corrected where it comes from.",
        ),
        ({"Last": ["#REF!"]}, "If it names the right column: correct the formula or type the value."),
        (
            {"Id": [f"1.0055{n}E+11" for n in range(6)]},
            ("If it names the right column: format the column as text or as a number without decimals in the "
             "source, and export it again."),
        ),
    ],
    ids=["of the mapping", "of the source", "of the cell", "of the export"],
)  # fmt: skip
def test_of_a_whole_column_the_line_always_says_what_to_do(desk, cells, way):
    lay(desk, 6, **cells)
    [problem] = problems(desk)
    fail = "All 6 rows fail alike, so change the mapping, not the cells."
    assert problem["remedy"] == f"{fail} {way}"


def test_a_few_wrong_cells_are_corrected_not_the_mapping(desk):
    lay(desk, 20, Kind=["Student"] * 9 + ["Staff"])
    [problem] = problems(desk)
    assert problem["rows"] == 2
    assert problem["remedy"] == (
        f"Add it to `lookup` in the mapping, or correct the cell. {MEND} inbox/roster.csv"
    )
    assert "Change the mapping" not in summary(desk)


PRIVATE = {
    "e-mail": ("Mail", "{}-no-address", "email"),
    "name": ("Last", "Quill\x01{}", "last_name"),
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_values_of_people_are_in_no_line_and_no_json(desk, kind):
    column, form, field = PRIVATE[kind]
    lay(desk, 9, **{column: [form.format(n) for n in range(3)]})
    [problem] = problems(desk)
    assert (problem["field"], problem["values"]) == (field, [])
    assert form[:4].format(0) not in desk.told


def test_of_a_list_of_more_than_twenty_values_none_is_told(desk):
    lay(desk, 63, Kind=[f"Surname{n}" for n in range(21)])
    [problem] = problems(desk)
    assert (problem["rows"], problem["values"]) == (63, [])
    assert "Surname" not in desk.told


def test_what_differs_in_a_number_alone_is_one_cause(desk):
    lay(desk, 30, Last=["x" * (51 + n) for n in range(3)] + ["Quill"] * 7)
    assert [(each["code"], each["rows"]) for each in problems(desk)] == [("9030", 9)]


def test_what_opscom_refuses_for_one_field_is_told_at_its_column(desk):
    lay(desk, 1)
    assert desk.do("push", "--sandbox")["exit_code"] == 0
    other = user(2) | {"Mail": user(0)["Mail"], "Kind": "Student", "Prov": "ON"}
    desk.table("inbox/roster.csv", [other])
    (file,) = desk.do("push", "--sandbox")["files"]
    (problem,) = file["problems"]
    assert (problem["column"], problem["field"], problem["code"]) == ("Mail", "email", "9019")


def test_causes_stand_above_the_question(desk, monkeypatch):
    lay(desk, 20, Kind=["Student"] * 9 + ["Staff"])
    done = desk.calling(monkeypatch)("push", typed=["n"])
    above = done.err[: done.err.index("Send 18 rows?")]
    assert "Error in 2 rows (9033), first at roster.csv" in above
    assert '"Staff" (2 rows' in above
