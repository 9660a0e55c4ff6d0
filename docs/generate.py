"""Write the parts of the documentation that the code knows best, or check that they are up to date.

``python docs/generate.py`` writes ``docs/reference.md`` and ``docs/mapping.schema.json``;
``python docs/generate.py --check`` says whether they are as the code would write them.
"""

import json
import sys
from pathlib import Path

import click

from importer.cli import cli
from importer.codes import CODES
from importer.mapping import json_schema
from schemas import TABLES
from schemas.reads import OVERDUE_VIOLATIONS, PERMIT_STATS, USER_TYPES

FOLDER = Path(__file__).parent


def commands() -> str:
    """Return the help of every command."""
    parts = ["## Commands\n"]
    root = click.Context(cli, info_name="opscom-import", max_content_width=100, terminal_width=100)
    parts.append(f"```text\n{cli.get_help(root)}\n```\n")
    for name in sorted(cli.list_commands(root)):
        parts += helps(name, cli.get_command(root, name), root)
    return "\n".join(parts)


def helps(name: str, command: click.Command, parent: click.Context) -> list[str]:
    """Return the help of a command and of those below it."""
    context = click.Context(
        command, info_name=name, parent=parent, max_content_width=100, terminal_width=100
    )
    title = context.command_path.removeprefix("opscom-import ")
    found = [f"### {title}\n\n```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for inner, each in sorted(command.commands.items()):
            found += helps(inner, each, context)
    return found


def fields() -> str:
    """Return the vendor's tables as we hold them."""
    parts = ["## Fields\n"]
    for table in TABLES.values():
        parts.append(f"### {table.endpoint}\n")
        parts.append(f"`POST {table.path}`. Source: {table.source}.\n")
        parts.append("| field | also accepted | OPSCOM's name | need | limit | codes |")
        parts.append("|---|---|---|---|---|---|")
        for known in table.fields:
            names = ", ".join(f"`{alias}`" for alias in known.aliases)
            marks = " ".join(map(str, known.codes))
            parts.append(
                f"| `{known.name}` | {names} | {known.title} | {table.need_of(known)} | {known.limit} | {marks} |"
            )
        parts.append("")
    parts.append("### Endpoints that take no rows\n")
    parts.append("| endpoint | path | one record of the answer |")
    parts.append("|---|---|---|")
    for read in (PERMIT_STATS, USER_TYPES, OVERDUE_VIOLATIONS):
        columns = ", ".join(f"`{name}`" for name in read.columns[:6])
        parts.append(f"| {read.endpoint} | `POST {read.path}` | {columns} |")
    return "\n".join(parts) + "\n"


def codes() -> str:
    """Return OPSCOM's error codes in the office's words."""
    parts = ["## Error codes\n", "| code | means | what to do | what a push makes of it |"]
    parts.append("|---|---|---|---|")
    parts += [f"| {c.number} | {c.means} | {c.remedy} | {c.effect.value} |" for c in CODES.values()]
    return "\n".join(parts) + "\n"


JSON = """## What `--json` prints

`check` and `push` print one object on standard output and nothing else, whatever the exit code:

```json
{"run": "20261122-140509-3f2a91c7", "exit_code": 1, "stopped": null, "files": [
  {"source": "inbox/students.xlsx", "sheet": "Students", "mapping": "Banner students", "endpoint": "users",
   "rows": 600, "states": {"pushed": 590, "invalid": 10}, "results": "results/students-results.xlsx",
   "error": null, "notes": [],
   "problems": [{"column": "Status", "field": "user_type_id", "code": "9033", "severity": "error",
                 "message": "the mapping's `lookup` does not know this value.",
                 "remedy": "Add it to `lookup` in the mapping, or correct the cell.", "rows": 10,
                 "values": [{"value": "L", "rows": 10}]}]}], "notes": []}
```

`files` holds an entry for each sheet; `sheet` is `null` for a text file. `error` says why a file could not
be read or mapped. `problems` tells each cause once; `values` are there for columns whose values are a list of
few (lookups, provinces, currencies, plate types, states), at most twenty. Where nothing could start, `files` is empty and `error` stands at the top. `init` prints
`exit_code`, `workspace` and `made`; `sandbox` prints `url` and `store`; `fields` prints the tables of this
page. `login` prints `client`, `host`, and `kept` (where the token is), `tested` or `forgotten`. `settle` prints the
object of `push`; its `notes` name the rows that it could not look into.

`map` prints what it proposes; `mapping` is `null` where none was written, `workbook` is there with `--workbook`, and `asks` are the open questions:

```json
{"file": "inbox/staff.csv", "sheet": null, "header_row": 1, "endpoint": "users", "rows": 8,
 "columns": [{"header": "Mobile", "letter": "E", "field": "phone_cell", "confidence": "sure",
              "reason": "the header says so; all values are phone numbers", "examples": ["(555) 210-4417"],
              "how": "direct"}],
 "values": [{"column": "Prov.", "field": "province", "value": "Qué.", "rows": 6, "becomes": "QC",
             "confidence": "sure"}],
 "skip_rows": [{"rule": {"column": "Status", "matches": "(?i)(Left)"}, "rows": [7], "why": "left, as you said"}],
 "asks": [{"about": "field", "column": null, "field": "plateType",
           "question": "No column gives the plate type. Which is it for all (as OPSCOM names it)?",
           "choices": ["Passenger", "Commercial", "Motorcycle"]}],
 "mapping": "mappings/staff.yaml", "exit_code": 1}
```

`history` prints the runs, the newest first, and with RUN that run and what it created:

```json
{"exit_code": 0, "runs": [
  {"run": "20261122-140509-3f2a91c7", "started": "2026-11-22T14:05:09+00:00", "ended": "2026-11-22T14:06:31+00:00",
   "person": "registrar", "machine": "office-7", "version": "0.1.0",
   "host": "https://controller.operationscommander.io", "client": "OC_YOURS", "stopped": null, "exit_code": 1,
   "files": [
     {"source": "permits.csv", "sheet": null, "digest": "6893fdb6…", "mapping": "Permits sold",
      "endpoint": "permits", "rows": 600, "states": {"pushed": 590, "rejected": 10}, "attempts": 600,
      "codes": {"9033": 10}, "results": "results/permits-results.xlsx"}]}]}
{"exit_code": 0, "run": {"run": "20261122-140509-3f2a91c7"}, "created": [
  {"reference_id": "1a9b5375-cb75-4c71-9939-eeae550b09ac", "endpoint": "permits", "key": "",
   "source": "permits.csv", "row": 2, "at": "2026-11-22T14:05:10+00:00", "deleted": false}]}
```

The `run` of the second has all keys of an entry of `runs`. With `--gone` there is `gone` alone, a list like `created`.
"""


PULLED = """`pull` prints an object of its own for each endpoint:

```json
{"exit_code": 0, "user_types": [{"id": "1", "type_name": "Full Time Student", "ext_info": "Student"}],
 "kept": "user-types.json", "results": "results/user-types.xlsx"}
{"exit_code": 0, "data": [{"type": "standard", "zone": "Lot 4", "total": "4"}],
 "results": "results/permit-stats.xlsx"}
{"exit_code": 0, "stopped": null, "source": "cars.xlsx", "mapping": "--column Plate", "rows": 600,
 "plates": 580, "states": {"found": 590, "nothing known": 10}, "results": "results/cars-plates.xlsx",
 "error": null}
{"exit_code": 0, "saved": "results/overdue-violations 2026-11-22 14-05-09.json",
 "results": "results/overdue-violations 2026-11-22 14-05-09.xlsx",
 "counts": {"Violations": 12, "Details": 12, "Drivers": 13, "Attachments": 4}, "error": null}
```

`plates` counts the rows in `states`: `found`, `nothing known`, `refused`, `no answer`, `not asked`,
`invalid`, `skipped`; they add up to `rows`, and `plates` are the different ones among them.
`overdue-violations` names under `saved` the bytes as they arrived (`null` where nothing was asked) and says
under `error` what is missing and what to do. Where nothing could start, the object is that of `check` and
`push` with `error` at the top.
"""


def documents() -> dict[Path, str]:
    """Return every generated file with its text."""
    intro = "# Reference\n\nGenerated from the code by `python docs/generate.py`; do not edit.\n"
    schema = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    return {
        FOLDER / "reference.md": f"{intro}\n{commands()}\n{fields()}\n{codes()}\n{JSON}\n{PULLED}",
        FOLDER / "mapping.schema.json": schema + "\n",
    }


def main() -> int:
    """Write or check; return the exit code."""
    stale = []
    for path, text in documents().items():
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        print(f"Out of date: {', '.join(stale)}. Run `python docs/generate.py`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
