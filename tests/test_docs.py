"""The documentation is held to the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from importer.cli import cli
from importer.codes import CODES
from importer.mapping import load_mapping
from importer.model import State
from schemas import TABLES

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


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_reference_with_help_of_its_own(command):
    assert f"### {command}\n" in REFERENCE
    assert cli.commands[command].help


@pytest.mark.parametrize("state", list(State), ids=str)
def test_every_state_is_explained_in_the_readme(state):
    assert f"| `{state.value}` |" in README


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_in_the_reference(code):
    assert f"\n| {code} |" in REFERENCE


@pytest.mark.parametrize("endpoint", sorted(TABLES))
def test_every_field_is_in_the_reference(endpoint):
    for field in TABLES[endpoint].fields:
        assert f"| `{field.name}` |" in REFERENCE


def test_the_mapping_in_the_docs_is_one(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", MAPPINGS, re.DOTALL)
    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    assert load_mapping(path).name == "Banner students"


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
