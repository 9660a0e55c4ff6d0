"""The arrows of the house go one way; this holds the table that says which step never knows what."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from schemas import POLICIES

ROOT = Path(__file__).parents[1]
STEPS = {
    "reading", "mapping", "checking", "delivery", "results", "sandbox", "cli", "run", "pulls",
}  # fmt: skip
NEVER = {
    "importer/reading": {"importer.mapping", "pandera", "requests", "schemas", "importer.checking"},
    "importer/mapping": {"requests", "openpyxl", "pandera", "importer.delivery"},
    "importer/schema.py": {"importer.reading", "importer.mapping", "requests", "schemas"},
    "schemas": {"importer.reading", "importer.mapping", "requests", "pandas", "pandera"},
    "importer/checking": {"requests", "openpyxl", "xlsxwriter", "importer.delivery"},
    "importer/delivery": {
        "pandas",
        "pandera",
        "openpyxl",
        "xlsxwriter",
        "importer.mapping",
        "schemas",
    },
    "importer/results": {"requests", "pandera", "importer.mapping", "importer.delivery"},
    "importer/sandbox": {"schemas", "pandas", "requests", "click"}
    | {
        f"importer.{path.stem}"
        for path in (ROOT / "importer").iterdir()
        if path.stem not in {"sandbox", "errors"}
    },
    "importer/pulls": {"importer.mapping", "importer.checking", "pandera", "importer.cli"},
    "importer/run.py": {"click", "rich", "importer.cli"},
    "importer/report.py": {"click", "rich", "pandas"},
    **{
        f"importer/{noun}.py": {f"importer.{step}" for step in STEPS} | {"schemas"}
        for noun in ("model", "files", "credentials", "errors")
    },
    "importer/text.py": {"importer", "pandas"},
}
"""Place → what its modules never import, at any depth of a function."""


def imported(path, *, types=False):
    """Yield every module that a file imports; those for type checkers only where they are asked for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if not types and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(place):
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("place", NEVER, ids=str)
def test_no_step_imports_what_it_is_not_to_know(place):
    found = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(place)
        for name in imported(path)
        for never in NEVER[place]
        if name == never or name.startswith(never + ".")
    }
    assert found == set()


def test_no_files_import_each_other_in_a_circle_not_even_for_their_types():
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in ("importer", "schemas")
        for path in files(folder)
    }
    graph = {}
    for name, path in modules.items():
        found = {each for each in imported(path, types=True) if each in modules}
        # Who takes a module out of a package does not use what its face holds.
        graph[name] = found - {each.rpartition(".")[0] for each in found} - {name}
    TopologicalSorter(graph).prepare()


def test_no_file_of_the_product_is_longer_than_500_lines():
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("importer", "schemas")
        for path in files(folder)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_only_the_commands_print_or_exit():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files("importer")
        if path.parent.name != "cli" and path.name != "__main__.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id in {"print", "exit", "SystemExit"})
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.exit", "click.echo"})
    ]
    assert found == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]], ids=" ".join)
def test_help_answers_without_importing_what_is_heavy(arguments):
    code = (
        "import sys\nfrom importer.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'pandas', 'pandera', 'requests', 'numpy', 'pyarrow', 'openpyxl', 'xlsxwriter', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


NAMES_OF_THEIR_OWN = {
    "importer/cli/map.py": "what `map` can propose",
    "importer/proposing": "what tells the rows of one endpoint from those of another",
    "importer/pulls": "keys of the vendor's answers",
    "importer/sandbox": "a reading of the vendor's pages of its own",
    "importer/settings.py": "a key of opscom.yaml",
}
"""Where an endpoint's name may be a literal outside ``schemas``, and what it is there."""


def test_an_endpoints_name_is_a_literal_in_the_tables_and_the_sandbox_alone():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in files("importer")
        if not str(path.relative_to(ROOT).as_posix()).startswith(tuple(NAMES_OF_THEIR_OWN))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in POLICIES
    ]
    assert found == []


ENTERED = """\
import sys
import tomllib
from importer.cli import main
def check():
    try: main(["check", "--workspace", ".", "--mapping", "people.yaml", "people.csv"])
    except SystemExit as end: assert end.code == 0, end.code
check()  # what is loaded is not entered
entered = set()
def called(frame, event, _):
    # Functions alone: a module and a class run too.
    if frame.f_code.co_flags & 1: entered.add(frame.f_code.co_filename)
sys.setprofile(called)
check()
sys.setprofile(None)
print("\\n".join(entered))
"""


def test_one_row_enters_at_most_45_files_in_check(tmp_path):
    (tmp_path / "people.csv").write_text("Id,First,Last\n000001,Ann,Lee\n", encoding="utf-8")
    (tmp_path / "people.yaml").write_text(
        "version: 1\nname: People\nendpoint: users\n"
        "fields: {unique_id: Id, login_source: {value: OPSCOM}, first_name: First, last_name: Last}\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", ENTERED],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    homes = {ROOT / "importer", ROOT / "schemas"}
    ours = [name for name in done.stdout.splitlines() if homes.intersection(Path(name).parents)]
    assert 30 < len(ours) <= 45, sorted(ours)


CALLED = {"markdown-it-py": "markdown_it", "PyYAML": "yaml"}
NOT_IMPORTED = {"tzdata"}
"""What is declared for others: the time zones that Windows lacks, which ``zoneinfo`` reads."""
PART_OF_ANOTHER = {"pydantic_core"}
"""What a declared package brings, of one version with it."""


def test_what_is_declared_is_imported_and_what_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split("[<>=]", each)[0] for each in project["dependencies"]} - NOT_IMPORTED
    modules = {
        name.partition(".")[0]
        for place in ("importer", "schemas")
        for path in files(place)
        for name in imported(path)
    }
    ours = {"importer", "schemas", *sys.stdlib_module_names, *PART_OF_ANOTHER}
    assert modules - ours == {CALLED.get(name, name).lower() for name in names}
