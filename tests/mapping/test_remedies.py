"""Whoever does what a message says has a row that is right; and no message says what is done already.

Each case is a mapping's rule, a cell that is held under it, what is said, and what following it makes of
the cell or of the rule.
"""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from checked import check, sheet_of
from packages import saved

from importer.mapping import apply_mapping, load_mapping
from importer.model import CellType
from schemas import kinds

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2026, 9, 1)
OTHERS = {
    "users": "{unique_id: {value: s1}, login_source: {value: OPSCOM}, first_name: {value: Ann}, last_name: {value: Roy}, email: {value: a@b.ca}}",
    "vehicles": "{plate: {value: ABC 123}, plateType: {value: Passenger}, prov: {value: 'ON'}}",
    "permits": "{startTime: {value: 2026-09-01 00:00}, endTime: {value: 2027-04-30 00:00}, plate: {value: ABC 123}}",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One cell of a field, what is said of it, and what whoever follows it does."""

    field: str
    rule: str
    """Keys of the field's rule beside ``column: X``."""
    cell: str
    message: str
    remedy: str
    then_rule: str | None = None
    then_cell: str | None = None
    value: str = ""
    endpoint: str = "users"
    cell_type: CellType = CellType.TEXT
    stored: str | None = None
    others: tuple[str, ...] = ()
    """More cells of the column, above."""


TURNED = (
    "the spreadsheet program has probably taken day and month of this date for each other: all texts of the column have a day above 12, and no true date has one.",
    "Format the column as text in the source and export it again, or say `as_shown: true` in the mapping if the dates are right.",
)
WRITE_ISO = "Write it as yyyy-mm-dd, or say its form with `date` in the mapping."
ZEROS = "Give it back with `pad: {}` in the mapping."
CASES = [
    # ids
    Case("student_no", "", "204,411", "this is wrapped in what an export has put around it.", kinds.UNWRAP, "convert: [unwrap]", value="204411"),
    Case("student_no", "", "NULL", "this is a word for nothing, not a value.", kinds.BLANK_IF, "blank_if: 'NULL'"),
    Case("unique_id", "", "NULL", "this is a word for nothing, not a value.", kinds.FILL, then_cell="0042", value="0042"),
    Case("student_no", "", "1.2E+11", "this is a number of which the spreadsheet program has kept the first digits only.", "Format the column as text or as a number without decimals in the source, and export it again.", then_cell="120000000001", value="120000000001"),
    *(Case("student_no", key, "1.2E+11", "this is a number of which the spreadsheet program has kept the first digits only.", "Format the column as text or as a number without decimals in the source, and export it again.", then_cell="120000000001", value="120000000001") for key in ("extract: '([0-9]+)'", "replace: {E+11: ''}")),
    Case("city", "extract: '([0-9]+)'", "Zo\ufffd 5", "this has lost a letter: \ufffd stands in its place.", "Type the letter, or export the file again as UTF-8.", then_cell="Zo\u00eb 5", value="5"),
    Case("student_no", "", "Vrai", "this is a truth value, and the field takes a number or a name.", "Correct the cell.", then_cell="7", value="7"),
    Case("student_no", "pad: 9", "204411.0", "`pad` puts zeros before digits alone.", kinds.UNWRAP, "pad: 9, convert: [unwrap]", value="000204411"),
    Case("student_no", "pad: 9", "see HR", "`pad` puts zeros before digits alone.", "Correct the cell, or skip the row with `skip_rows` in the mapping.", then_cell="42", value="000000042"),
    Case("student_no", "", "MAR", "this cell is a truth value.", "Format the column as text and type the value.", then_cell="0042", value="0042", cell_type=CellType.BOOLEAN),
    Case("city", "", "2026-03-10", "the spreadsheet program has made a date of it.", "Format the column as text and type the value.", then_cell="10-12", value="10-12", cell_type=CellType.DATE),
    Case("first_name", "", "Andr�", "this has lost a letter: � stands in its place.", "Type the letter, or export the file again as UTF-8.", then_cell="André", value="André"),
    Case("first_name", "", "\u00a3ukasz", "this holds a sign that no name has, as where a letter was read in a wrong encoding.", "Type the letter, or say the file's encoding with `encoding` in the mapping.", then_cell="\u0141ukasz", value="\u0141ukasz"),
    Case("city", "", "Elm [correct this]", "this was marked in a results workbook and is not corrected yet.", "Type the right value over it, without the mark.", then_cell="Elm", value="Elm"),
    Case("city", "", "El\x01m", "this holds a control character, a tab for example.", "Delete what the cell holds and type it anew.", then_cell="Elm", value="Elm"),
    # plates
    Case("plate", "", "ABC 123 / DEF 456", "this is more than one plate.", "Keep one plate, and give each other vehicle a row of its own.", then_cell="ABC 123", value="ABC 123", endpoint="vehicles"),
    Case("plate", "convert: [plate]", "ABC 123 (old)", "this holds more than a plate.", "Keep the plate alone in the cell.", "convert: [plate]", "ABC 123", "ABC123", endpoint="vehicles"),
    Case("plate", "convert: [plate]", "ABC*123", "this holds more than letters, digits, blanks, dashes and points.", "Keep the plate alone in the cell.", "convert: [plate]", "ABC 123", "ABC123", endpoint="vehicles"),
    Case("plate", "convert: [plate]", "unknown", "this is a remark in the place of a plate.", kinds.FILL, "convert: [plate]", "abc-123", "ABC123", endpoint="vehicles"),
    Case("plate", "convert: [plate]", "12345.0", "this is wrapped in what an export has put around it.", kinds.UNWRAP, "convert: [unwrap, plate]", value="12345", endpoint="vehicles"),
    Case("prov", "convert: [province]", "N/A", "this is a word for nothing, not a value.", kinds.FILL, "convert: [province]", "Ont.", "ON", endpoint="vehicles"),
    # e-mails and phones
    Case("employ_no", "convert: [digits]", "204411.0", "this is wrapped in what an export has put around it.", kinds.UNWRAP, "convert: [unwrap, digits]", value="204411"),
    Case("email", "", "Ann <ann@b.ca>", "this is more than an e-mail address alone.", "Take the address out with `convert: [email]` in the mapping.", "convert: [email]", value="ann@b.ca"),
    Case("email", "", "a@b.ca; c@d.ca", "this is more than one e-mail address.", "Keep one address in the cell.", then_cell="c@d.ca", value="c@d.ca"),
    Case("email", "convert: [email]", "ann(at)b.ca", "this is not an e-mail address, which has one @ and no blanks, brackets or commas.", "Correct the cell.", "convert: [email]", "ann@b.ca", "ann@b.ca"),
    Case("phone_cell", "convert: [digits]", "613-555-0142 x234", "this phone number has an extension.", "Say `convert: [phone]` in the mapping, which takes it as it is.", "convert: [phone]", value="613-555-0142 x234"),
    Case("phone_cell", "convert: [digits]", "613–555–0142", "this phone number has signs that `digits` does not drop.", "Say `convert: [phone]` in the mapping, which takes it as it is.", "convert: [phone]", value="613-555-0142"),
    Case("phone_cell", "convert: [phone]", "+613 555 0142", "this phone number has a + and no country's code.", "Correct the cell.", "convert: [phone]", "+1 613 555 0142", "613-555-0142"),
    Case("user_type_id", "lookup: {Staff: '7'}", "N/A", "this is a word for nothing, not a value.", kinds.BLANK_IF, "lookup: {Staff: '7'}, blank_if: N/A"),
    Case("user_type_id", "", "7.0", "this is wrapped in what an export has put around it.", kinds.UNWRAP, "convert: [unwrap]", value="7"),
    Case("employ_no", "convert: [digits]", "E-204", "this holds more than digits, blanks and + ( ) . - /.", "Correct the cell, or keep the digits alone with `extract` in the mapping.", "extract: '([0-9]+)', convert: [digits]", value="204"),
    Case("phone_cell", "convert: [phone]", "613-555-0142 (after 5)", "this holds more than a phone number.", "Keep the number alone in the cell.", "convert: [phone]", "613-555-0142", "613-555-0142"),
    Case("phone_cell", "convert: [phone]", "613-555-014", "this is not a possible phone number.", "Correct the cell.", "convert: [phone]", "613-555-0142", "613-555-0142"),
    Case("phone_cell", "convert: [phone]", "555-0142", "this phone number has not ten digits.", "Write it with its area code.", "convert: [phone]", "613-555-0142", "613-555-0142"),
    Case("student_phone", "", "613-555-0142 / 613-555-0143", "this is more than one phone number.", "Keep one number in the cell.", then_cell="613-555-0142", value="613-555-0142"),
    Case("phone_cell", "", "*", "this is a remark in the place of a phone number.", kinds.BLANK_IF, "blank_if: '*'"),
    Case("postal_code", "", "K1A 0B1, K1A 0B2", "this is more than one postal code.", "Keep one code in the cell.", then_cell="K1A 0B2", value="K1A 0B2"),
    # provinces, records, amounts
    Case("province", "", "Ontario", "this is not a postal abbreviation of two letters, such as ON or NY.", "Write the two letters, or let the mapping convert names with `convert: [province]`.", "convert: [province]", value="ON"),
    Case("province", "convert: [province]", "Ontari", 'this is not the name of a province of Canada or a state of the US; the nearest known name is "Ontario".', "Correct the cell, or write its code for it with `replace` in the mapping.", "replace: {Ontari: 'ON'}, convert: [province]", value="ON"),
    Case("province", "convert: [province]", "Overseas", "this is not the name of a province of Canada or a state of the US.", "Correct the cell, or leave such values out with `if_invalid: omit` in the mapping.", "convert: [province], if_invalid: omit"),
    Case("user_type_id", "", "Staff", "this is not the number of a record in OPSCOM, which has digits only.", "Write the number, or give this value one under `lookup` in the mapping.", "lookup: {Staff: 7}", value="7"),
    Case("user_type_id", "lookup: {Staff: 7, Student: 1}", "Stafff", "the mapping's `lookup` does not know this value; the nearest of the 2 known is \"Staff\".", "Add it to `lookup` in the mapping, or correct the cell.", "lookup: {Staff: 7, Student: 1, Stafff: 7}", value="7"),
    Case("year", "", "20", "this is not a year of four digits.", "Correct the cell.", then_cell="2020", value="2020", endpoint="vehicles"),
    Case("currency", "", "EUR", "this is neither CAD nor USD, and OPSCOM takes no other currency.", "Write CAD or USD, or leave the cell blank.", then_cell="cad", value="CAD", endpoint="permits"),
    Case("amount", "", "14,50", "a comma stands before the cents of this amount.", 'Say `decimal: ","` in the mapping.', 'decimal: ","', value="14.50", endpoint="permits"),
    Case("amount", "", "CAD 14.50", "CAD stands beside this amount.", 'Take it off with `replace: {"CAD": ""}` in the mapping; the field currency takes CAD.', 'replace: {"CAD": ""}', value="14.50", endpoint="permits"),
    Case("amount", "", "14.50 US$", "US$ stands beside this amount.", 'Take it off with `replace: {"US$": ""}` in the mapping; the field currency takes USD.', 'replace: {"US$": ""}', value="14.50", endpoint="permits"),
    Case("amount", "", "14.50-", "this amount is below zero.", "Correct the cell, or leave it blank.", then_cell="", endpoint="permits"),
    Case("amount", "", "-", "this is a word for nothing, not a value.", kinds.BLANK_IF, "blank_if: '-'", endpoint="permits"),
    Case("amount", "", "free", "this is a word or a sign in the place of an amount.", kinds.BLANK_IF, "blank_if: free", endpoint="permits"),
    Case("amount", "", "0.00", "this is an amount of 0, and OPSCOM takes 0.01 at least.", "Leave the cell blank where nothing was paid, or list it under `blank_if` in the mapping.", "blank_if: '0.00'", endpoint="permits"),
    Case("amount", "", "€14.50", "this amount is in another currency than CAD or USD.", "Write the amount in one of them.", then_cell="21.75", value="21.75", endpoint="permits"),
    Case("amount", "", "14.50 + tax", "this holds more than an amount.", "Keep the amount alone in the cell.", then_cell="14.50", value="14.50", endpoint="permits"),
    Case("amount", "", "14..50", "this is not an amount in dollars and cents.", "Write it like 14.50.", then_cell="14.50", value="14.50", endpoint="permits"),
    Case("amount", "", "14.505", "this amount has parts of a cent, and money is never rounded here.", "Correct the cell to two decimals.", then_cell="14.51", value="14.51", endpoint="permits"),
    Case("amount", 'decimal: ","', "1.234", "the point in this amount can be read in two ways.", "Write the cents too, like 1.234,00.", 'decimal: ","', "1.234,00", "1234.00", endpoint="permits"),
    Case("amount", "", "1234567.00", "this is not an amount from 0.01 to 999999.99, such as 14.50.", "Write dollars and cents.", then_cell="1234.00", value="1234.00", endpoint="permits"),
    Case("amount", "", "14.50CR", "this cell shows another amount than the one that it stores.", "Give the column a plain number format, look at the amounts, and save it.", then_cell="14.50", value="14.50", endpoint="permits", stored="14.5"),
    # dates and times
    Case("date_of_birth", "", "03/04/2001", "this date can be read in two ways.", "Say its form with `date` in the mapping, or write it as yyyy-mm-dd.", "date: '%d/%m/%Y'", value="2001-04-03"),
    Case("date_of_birth", "", "3 May 2001", "this is not a date in the form yyyy-mm-dd.", WRITE_ISO, "date: '%d %b %Y'", value="2001-05-03"),
    Case("date_of_birth", "date: '%d/%m/%Y'", "3 May 2001", "this date has none of the forms that the mapping names.", "Correct the cell, or add its form to `date` in the mapping.", "date: ['%d/%m/%Y', '%d %b %Y']", value="2001-05-03"),
    Case("date_of_birth", "date: '%d%m%Y'", "3052001", "this date has lost the zero at its front.", ZEROS.format(8), "date: '%d%m%Y', pad: 8", value="2001-05-03"),
    Case("date_of_birth", "date: '%m%d%y'", "50301", "this date has lost the zero at its front.", ZEROS.format(6), "date: '%m%d%y', pad: 6", value="2001-05-03"),
    Case("date_of_birth", "", "37014", "this is a number, not a date.", "Give the column a date format in the spreadsheet and save it, or write yyyy-mm-dd.", then_cell="2001-05-03", value="2001-05-03"),
    Case("date_of_birth", "", "2001-05-03T04:00:00Z", "this is a moment with its zone (Z or an offset), and the field takes a date alone.", "Say your campus's zone with `timezone` in the mapping, or keep the date alone with `extract: \"^(.{10})\"`.", "timezone: America/Toronto", value="2001-05-03"),
    Case("date_of_birth", "timezone: America/Toronto", "2001-05-02T22:00:00Z", "this moment is not midnight in the zone that the mapping names.", 'Correct `timezone`, or keep the date alone with `extract: "^(.{10})"` in the mapping.', "timezone: Europe/Paris", value="2001-05-03"),
    Case("date_of_birth", "", "2001-05-03 14:30", "this has a time of day, and the field takes a date alone.", 'Remove the time from the cell, or keep the date alone with `extract: "^(.{10})"` in the mapping.', 'extract: "^(.{10})"', value="2001-05-03"),
    Case("date_of_birth", "", "2001-02-30", "there is no such day or time.", "Correct the cell.", then_cell="2001-02-28", value="2001-02-28"),
    *(
        Case("date_of_birth", rule, "03/04/2000", "day and month of this date were read the other way round than others of the column prove.", "Give the form that those have with `date` in the mapping, or say `as_shown: true` there if this is right.", then, value=value, others=("25/12/1999",))
        for rule in ("date: '%m/%d/%Y'", "date: ['%m/%d/%Y', '%d/%m/%Y']")
        for then, value in (("date: '%d/%m/%Y'", "2000-04-03"), (f"{rule}, as_shown: true", "2000-03-04"))
    ),
    Case("date_of_birth", "date: ['%m/%d/%Y', '%d/%m/%Y']", "03/04/2000", "others of the column prove that the day comes first, and others that the month does, so that this date may be either.", "Export the column again as yyyy-mm-dd, or say `as_shown: true` in the mapping if the dates are right.", then_cell="2000-04-03", value="2000-04-03", others=("25/12/1999", "12/25/1999")),
    Case("date_of_birth", "", "2062-05-03", "this is a date in the future.", "Correct the cell.", then_cell="1962-05-03", value="1962-05-03"),
    Case("date_of_birth", "", ".", "this is a word for nothing, not a value.", kinds.BLANK_IF, "blank_if: '.'"),
    Case("endTime", "", "2027-04-30", "this date has no time of day.", "Add the time to the cell, or say one for all with `time` in the mapping.", 'time: "23:59:59"', value="2027-04-30T23:59:59", endpoint="permits"),
    Case("endTime", "", "2027-04-30T10:00:00Z", "this time names its zone (Z or an offset), and OPSCOM takes times without one.", "Say your campus's zone with `timezone` in the mapping, or write the local time.", "timezone: America/Toronto", value="2027-04-30T06:00:00", endpoint="permits"),
    Case("endTime", "", "2027-04-30T10:00:00.5", "this time has fractions of a second, and OPSCOM takes whole seconds.", "Remove the fractions from the cell.", then_cell="2027-04-30T10:00:00", value="2027-04-30T10:00:00", endpoint="permits"),
    Case("endTime", "", "2027-04-30 24:00", "there is no hour 24.", "Write 00:00 of the next day.", then_cell="2027-05-01 00:00", value="2027-05-01T00:00:00", endpoint="permits"),
    Case("endTime", 'time: "23:59:59"', "2027-04-30 00:00:00", "every time of this column is midnight, so that the `time` of the mapping counts for nothing.", "Say `midnight: date` in the mapping if the cells mean days, or `midnight: time` if they mean midnight.", 'time: "23:59:59", midnight: date', value="2027-04-30T23:59:59", endpoint="permits", others=("soon", "9999-12-31T23:59:59")),
    Case("endTime", 'time: "23:59:59", timezone: America/Toronto', "2027-05-01T04:00:00Z", "every time of this column is midnight, so that the `time` of the mapping counts for nothing.", "Say `midnight: date` in the mapping if the cells mean days, or `midnight: time` if they mean midnight.", 'time: "23:59:59", timezone: America/Toronto, midnight: date', value="2027-05-01T23:59:59", endpoint="permits"),
    Case("endTime", 'time: "23:59:59"', "2027-04-30 00:00:00", "every time of this column is midnight, so that the `time` of the mapping counts for nothing.", "Say `midnight: date` in the mapping if the cells mean days, or `midnight: time` if they mean midnight.", 'time: "23:59:59", midnight: time', value="2027-04-30T00:00:00", endpoint="permits"),
    Case("endTime", "", "03/04/2027 08:00", "this date can be read in two ways.", "Say its form with `date` in the mapping, or write it like 2026-09-01 08:30:00.", "date: '%d/%m/%Y %H:%M'", value="2027-04-03T08:00:00", endpoint="permits"),
    Case("endTime", "", "soon", "this is not a date and time in the form yyyy-mm-dd hh:mm:ss.", "Write it like 2026-09-01 08:30:00, or say its form with `date` in the mapping.", then_cell="2027-04-03 08:30:00", value="2027-04-03T08:30:00", endpoint="permits"),
    Case("endTime", "", "46266.5", "this is a number, not a date and time.", "Give the column a date format in the spreadsheet and save it, or write it like 2026-09-01 08:30:00.", then_cell="2027-04-03 08:30:00", value="2027-04-03T08:30:00", endpoint="permits"),
    Case("endTime", "", "3027-04-30 08:00", "this is before 1990 or more than 50 years ahead.", "Correct the cell.", then_cell="2027-04-30 08:00", value="2027-04-30T08:00:00", endpoint="permits"),
    Case("date_of_birth", "date: '%d/%m/%Y'", "2004-01-08", *TURNED, "date: '%d/%m/%Y', as_shown: true", value="2004-01-08", cell_type=CellType.DATE, others=("20/05/2003", "24/11/1996", "16/04/1992", "2003-08-01", "1988-07-07")),
    Case("date_of_birth", "date: '%m/%d/%Y'", "2004-01-08", *TURNED, "date: '%m/%d/%Y', as_shown: true", value="2004-01-08", cell_type=CellType.DATE, others=("05/20/2003", "2004", "unknown")),
    Case("startTime", "date: '%d/%m/%Y %H:%M'", "2026-01-09 08:00:00", *TURNED, "date: '%d/%m/%Y %H:%M', as_shown: true", value="2026-01-09T08:00:00", endpoint="permits", cell_type=CellType.DATE, others=("15/09/2026 08:00", "28/08/2026 08:00", "2026-02-09 08:00:00")),
    # steps
    Case("last_name", "extract: '^([^,]+),'", "Roy Ann", "this has not the form that `extract` in the mapping looks for.", "Correct the cell, or widen `extract` in the mapping.", "extract: '^([^, ]+)'", value="Roy"),
    Case("first_name", "extract: ',(.*)$'", "Roy, Ann (Annie)", "`extract` has found more than a name.", "Correct the cell, or narrow `extract` in the mapping.", "extract: ', *([^ ]+)'", value="Ann"),
    Case("city", "convert: [upper]", "Straße", "this has letters whose capitals depend on the language.", "Write the cell as it is to be sent, and take the conversion out of the mapping.", "", value="Straße"),
    Case("city", "", "x" * 51, "this has 51 characters, and OPSCOM takes 50.", "Shorten it, or have it cut with `truncate: true` in the mapping.", "truncate: true", value="x" * 50),
    Case("student_no", "", "7" * 51, "this has 51 characters, and OPSCOM takes 50.", "Shorten it.", then_cell="7" * 50, value="7" * 50),
]  # fmt: skip
IDS = [f"{number} {case.field} {case.cell[:20]!a}" for number, case in enumerate(CASES)]


@pytest.fixture
def outcome(tmp_path):
    """Return the value and the problems of a case's field."""

    def run(case, rule, cell, cell_type=CellType.TEXT):
        fields = OTHERS[case.endpoint][:-1]
        fields = re.sub(rf"{case.field}: \{{[^}}]*\}}(, )?", "", fields).rstrip(", ")
        text = f"{fields}, {case.field}: {{column: X{', ' if rule else ''}{rule}}}}}"
        more = "duplicates: last" if case.others else ""
        head = f"version: 1\nendpoint: {case.endpoint}\n{more}\n"
        cells = [*case.others, cell]
        types = [CellType.DATE if re.match(r"\d{4}-", other) else 0 for other in case.others]
        mapping = load_mapping(saved(tmp_path, f"{head}fields: {text}\n", "m.yaml"))
        sheet = sheet_of(
            ["X"],
            [[text] for text in cells],
            types={0: np.array([*types, cell_type], np.int8)},
            stored={0: {len(case.others): case.stored}} if case.stored else {},
        )
        checked = check(apply_mapping(mapping, sheet, today=TODAY), today=TODAY)
        last = len(case.others)
        found = [problem for problem in checked.problems if problem.position == last]
        return checked.batch.frame[case.field][last], found

    return run


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_cell_is_held_with_its_cause_and_whoever_follows_the_remedy_has_a_row_that_is_right(
    outcome, case
):
    _, found = outcome(case, case.rule, case.cell, case.cell_type)
    held = [problem for problem in found if problem.holds and problem.field == case.field]
    assert [(problem.message, problem.remedy) for problem in held] == [(case.message, case.remedy)]
    assert f'"{case.cell}"' not in held[0].message
    for said in re.findall(r"`([a-z_]+: ?[^`]*)`", case.remedy):
        assert said not in case.rule  # what the mapping says already is no remedy
    rule = case.rule if case.then_rule is None else case.then_rule
    cell = case.cell if case.then_cell is None else case.then_cell
    kept = CellType.TEXT if case.then_cell is not None else case.cell_type
    value, found = outcome(case, rule, cell, kept)
    assert ([problem.message for problem in found if problem.holds], value) == ([], case.value)
