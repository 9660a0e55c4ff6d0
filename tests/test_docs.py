"""The documentation is held to the code."""

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packages import saved

from importer.cli import COMMANDS, cli
from importer.mapping import load_mapping
from importer.mapping.dates import compile_format, parse_datetime
from importer.model import State
from importer.schema import Need

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAPPINGS = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def test_the_generated_pages_are_what_the_code_writes():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_and_state_is_in_the_docs():
    for command in COMMANDS:
        assert f"### {command}\n" in REFERENCE
        assert cli.get_command(None, command).help
    assert [state for state in State if f"| `{state.value}` |" not in README] == []


IN_DOCS = {
    yaml.safe_load(text)["name"]: text
    for text in re.findall(r"```yaml\n(.*?)```", MAPPINGS, re.DOTALL)
}


def test_users_vehicles_and_permits_have_an_example_in_the_docs():
    endpoints = [yaml.safe_load(text)["endpoint"] for text in IN_DOCS.values()]
    assert endpoints == ["users", "vehicles", "permits"]
    assert MAPPINGS.count("```yaml") == len(IN_DOCS)


@pytest.mark.parametrize(("name", "text"), IN_DOCS.items(), ids=IN_DOCS)
def test_a_mapping_in_the_docs_is_one_and_gives_every_required_field(tmp_path, name, text):
    mapping = load_mapping(saved(tmp_path, text, "example.yaml"))
    assert mapping.name == name
    given = {known.name for known in mapping.fields} | {known.group for known in mapping.fields}
    for known in mapping.table.fields:
        if known.need in {Need.REQUIRED, Need.ONE_OF}:
            assert known.name in given or (known.group and known.group in given)


DATES = re.findall(r'^\| `(.+?)`(?: \(.*\))? \| `"(%.+)"` \|$', MAPPINGS, re.MULTILINE)


@pytest.mark.parametrize(("text", "form"), DATES, ids=[form for _, form in DATES])
def test_a_date_form_in_the_docs_reads_its_example(text, form):
    moment = parse_datetime(text, [compile_format(form)], time=dt.time())
    assert moment[:10] == "2026-09-03"
    assert moment[11:] in {"00:00:00", "14:05:00", "14:05:09"}


def test_the_date_forms_in_the_docs_use_every_code_of_their_table():
    codes = set(re.findall(r"^\| `(%.)`(?: and `(%.)`)? \|", MAPPINGS, re.MULTILINE))
    known = {code for pair in codes for code in pair if code}
    assert known == {f"%{letter}" for letter in "dmYybBHIMSp"}
    assert {code for _, form in DATES for code in re.findall("%.", form)} == known


def test_every_option_of_a_rule_is_in_the_docs():
    schema = yaml.safe_load((ROOT / "docs" / "mapping.schema.json").read_text(encoding="utf-8"))
    names = {
        name for model in schema.get("$defs", {}).values() for name in model.get("properties", {})
    } | set(schema["properties"])
    missing = {name for name in names if f"{name}:" not in MAPPINGS and f"`{name}" not in MAPPINGS}
    assert missing == set()


@pytest.mark.parametrize("link", re.findall(r"\]\(((?:docs|samples)/[^)#]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize(
    "page", sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))), ids=lambda p: p.name
)
def test_no_page_names_a_command_that_is_not_there(page):
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"opscom-import ([a-z][a-z-]*)", text)) <= set(COMMANDS)
