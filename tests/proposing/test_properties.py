"""What must hold for every header row and every values."""

import contextlib
import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importer.errors import InputError
from importer.mapping import load_mapping
from importer.proposing.answers import Answers
from importer.proposing.columns import fit
from importer.proposing.proposal import Confidence
from importer.proposing.propose import Office, propose, propose_file
from importer.proposing.sheets import ENDPOINTS, look_at
from importer.proposing.yaml_files import mapping_text
from importer.reading import read_source

HEADERS = st.one_of(
    st.sampled_from([
        "ID", "Student ID", "First Name", "Nom", "Prénom", "Name", "Email", "E-mail 2", "Address 1", "Address 2", "City",
        "Prov.", "Zip", "Phone", "Cell", "DOB", "Hire Date", "Status", "Type", "Plate", "Make", "State", "Start Date",
        "End Date", "Permit #", "Zone", "Price", "Password", "Matrícula", "Apellido Paterno", "Reference ID", "Year",
    ]),
    st.text(max_size=20),
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([
        "", "12", "A-77", "ada@uni.example", "03/04/2002", "2002-04-03", "ON", "Qué.", "K1A 0B1", "613-555-0101",
        "ABC 123", "1M8GDM9AXKP042788", "comp", "$14.50", "14,50", "Full Time", "W", "tobedeleted", "Quill, Ada", "Ada Quill",
        "Total", "12 Elm St", "=1+1", "#77", "n/a", "2015 Honda Civic",
    ]),
    st.text(max_size=12),
)  # fmt: skip


@st.composite
def tables(draw):
    headers = draw(st.lists(HEADERS, min_size=2, max_size=8))
    row = st.lists(VALUES, min_size=len(headers), max_size=len(headers))
    return [headers, *draw(st.lists(row, min_size=1, max_size=6))]


def written(table, folder):
    path = Path(folder) / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(table)
    return path


@contextlib.contextmanager
def looked_at(table, endpoint=None):
    """Yield the looks at a table as a file, and a file beside it; none where it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        path, looks = written(table, folder), ()
        with contextlib.suppress(InputError):
            looks = look_at(read_source(path), endpoint=endpoint)
        yield looks, path.with_suffix(".yaml")


def loaded(text, path):
    """Return a mapping's text as it is read, without its open questions."""
    path.write_text(text.partition("\nask:")[0] + "\n", encoding="utf-8")
    return load_mapping(path)


@settings(max_examples=30)
@given(tables())
@example([["ID", "ID", "ID", "ID", "Reference ID", ""], ["", "", "", "", "", "12"]])
@example([["", "ID", "ID", "First Name"], ["Total", "", "12", ""], ["inactive", "", "", ""]])
def test_a_file_of_any_content_is_proposed_or_refused_and_what_is_proposed_is_read(table):
    with looked_at(table) as (looks, path):
        for look in looks:
            proposal = propose(look, look.readings[0].endpoint, Answers())
            made = {d.field for d in proposal.drafts}
            text = mapping_text(proposal)
            assert not made or {rule.field.name for rule in loaded(text, path).rules} == made


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@settings(max_examples=15)
@given(table=tables())
@example(table=[["ID", "ID", "ID", "ID", "Nom", "First Name"], ["", "", "", "", "=1+1", ""]])
def test_no_column_is_sure_without_evidence_and_none_gives_two_fields_without_a_how(
    endpoint, table
):
    with looked_at(table, endpoint) as (looks, _):
        places = [place for look in looks for place in look.readings[0].places]
    for place in places:
        if place.confidence is Confidence.SURE:
            assert fit(place.field, place.profile)[0] or place.how == "join"
        assert (place.field is None) == (place.confidence is Confidence.NONE)
        same = [other for other in places if other.profile is place.profile and other.used]
        assert len({other.field for other in same}) == len(same)
    fields = [p.field for p in places if p.used and p.how not in {"join", "first_of"}]
    assert len(fields) == len(set(fields))


@settings(max_examples=30)
@given(tables())
@example([
    ["ID", "Plate", "ID", "ID", "ID", "Apellido Paterno", "ID", "ID"],
    ["", "", "", "", "", "12", "A-77", "A-77"], ["", "ada@uni.example", "", "", "", "", "", ""],
])  # fmt: skip
def test_a_secret_is_in_no_example_no_value_and_no_mapping(table):
    marked = [["Password", *table[0]], *([f"s3cret-{n}", *row] for n, row in enumerate(table[1:]))]
    with looked_at(marked) as (looks, _):
        for look in looks:
            proposal = propose(look, look.readings[0].endpoint, Answers())
            asked = [question.text for question in proposal.questions]
            assert "s3cret" not in "\n".join([mapping_text(proposal), *asked])


@settings(max_examples=30)
@given(tables(), st.integers(0, 3))
def test_answers_lead_to_a_mapping_without_open_questions_whatever_is_answered(table, which):
    with looked_at(table) as (looks, path):
        said = Answers()
        if not looks:
            return
        for _ in range(60):
            proposal = propose_file(looks, said, Office())
            question = next((q for q in proposal.held if said.get(*q.key) is None), None)
            if question is None:
                break
            typed = "2027-01-01" if question.field in {"startTime", "endTime"} else "OPSCOM"
            choices = question.choices
            answer = choices[which % len(choices)] if choices else typed
            assert question.refusal(answer, proposal.endpoint) == ""
            said = Answers({question.key: answer}).over(said)
        else:
            raise AssertionError(f"it asks for ever: {question}")
        # What is left is asked of a column that a person gave to something else.
        assert {q.field for q in proposal.held} <= {"unique_id", "plate", "referenceID"}
        if proposal.drafts and not proposal.held:
            assert loaded(mapping_text(proposal), path).open_questions == ()
