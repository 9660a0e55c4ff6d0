"""Reading, mapping and checking against bare readers and what people use instead.

    python benchmarks/reading.py --rows 10 10000 100000 --runs 3 --peers FOLDER/bin

Every measurement is a process of its own, imports included. What it took is what the system counted
for it: CPU seconds (user and system) and the largest resident memory. The medians are printed as a
table. Modules are compiled before, as an installed program's are. Ten rows cost what starting costs.
Times depend on the machine, so nothing here is a test.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
WORKBOOK, TEXT = ".xlsx", ".csv"
OURS = "ours: read, map, check"
WHOLE = "ours: the whole command `check`"
SINGLE_RUN = 1_000_000
"""From so many rows on, everything is measured once, and no results workbook is written."""
FEW = 10
"""So few rows take no time of their own; they have everything compiled."""


def ours(path: Path) -> None:
    """Do what ``check`` does before it writes a workbook."""
    from importer.prepare import CHECK, Request, prepare

    mapping = path.with_suffix(path.suffix + ".yaml")
    today = dt.datetime.now(dt.UTC).date()
    request = Request(CHECK, (path,), (mapping,), named=True, results=path.parent, today=today)
    (job,) = prepare(request)
    if job.error is not None:
        raise SystemExit(job.error)


def ours_reading(path: Path) -> None:
    """Read only."""
    from importer.reading import read_source

    read_source(path)


def ours_whole(path: Path) -> None:
    """Run the command ``check``, its workbook included."""
    from importer.cli import main

    with tempfile.TemporaryDirectory() as folder:
        mapping = path.with_suffix(path.suffix + ".yaml")
        sys.argv = ["opscom-import", "check", str(path), "--mapping", str(mapping)]
        sys.argv += ["--workspace", folder, "--results", folder]
        main()


def calamine(path: Path) -> None:
    """Read a workbook with bare python-calamine, row by row."""
    from python_calamine import CalamineWorkbook

    for _ in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows():
        pass


def openpyxl(path: Path) -> None:
    """Read a workbook with openpyxl's quickest way."""
    from openpyxl import load_workbook

    for _ in load_workbook(path, read_only=True, data_only=True).worksheets[0].values:
        pass


def pandas_openpyxl(path: Path) -> None:
    """Read a workbook as a script would that wants its zeros: pandas over openpyxl, everything as text."""
    import pandas as pd

    pd.read_excel(path, dtype=str, engine="openpyxl")


def csv_reader(path: Path) -> None:
    """Read records and give them the fields' names; nothing is checked."""
    import csv

    from people import COLUMNS

    fields = [(position, field) for position, (_, _, field) in enumerate(COLUMNS) if field]
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        width = len(next(reader))
        fields = [(position, field) for position, field in fields if position < width]
        people = [{field: record[position] for position, field in fields} for record in reader]
    if not people:
        raise SystemExit("nothing was read")


EARTHMOVER = """\
version: 2
config: {{output_dir: {folder}, show_stacktrace: true, state_file: {folder}/state.csv}}
sources:
  people: {{file: {path}, header_rows: 1}}
destinations:
  users: {{source: $sources.people, template: {folder}/user.jsont, extension: jsonl, linearize: true}}
"""


def earthmover(path: Path, peers: Path) -> None:
    """Map records to JSON lines; nothing is checked."""
    import json

    from people import COLUMNS, TEXT_COLUMNS

    folder = path.parent / "earthmover"
    folder.mkdir(exist_ok=True)
    (folder / "earthmover.yaml").write_text(EARTHMOVER.format(folder=folder, path=path), "utf-8")
    template = {field: f"{{{{{header}}}}}" for header, _, field in COLUMNS[:TEXT_COLUMNS] if field}
    (folder / "user.jsont").write_text(json.dumps(template), "utf-8")
    command = [str(peers / "earthmover"), "run", "-f", "-c", str(folder / "earthmover.yaml")]
    os.execv(command[0], command)


def frictionless(path: Path, peers: Path) -> None:
    """Validate records; nothing is mapped."""
    code = (
        "import sys, frictionless as f; s = f.Schema.describe(sys.argv[1]);"
        "s.set_field_type('STUDENT_ID', 'string');"
        "r = f.Resource(path=sys.argv[2], schema=s).validate(); sys.exit(not r.valid)"
    )
    os.chdir(path.parent)
    command = [str(peers / "python"), "-c", code, path.name, path.name]
    os.execv(command[0], command)


MEASURED = {
    OURS: (WORKBOOK, ours),
    "ours: read only": (WORKBOOK, ours_reading),
    WHOLE: (WORKBOOK, ours_whole),
    "python-calamine, `iter_rows`": (WORKBOOK, calamine),
    "openpyxl, read-only": (WORKBOOK, openpyxl),
    "pandas + openpyxl, all as text": (WORKBOOK, pandas_openpyxl),
    f"{OURS} ": (TEXT, ours),
    "`csv.reader` and dicts": (TEXT, csv_reader),
}
PEERS = {"earthmover (maps)": earthmover, "frictionless (validates)": frictionless}


def measure(name: str, path: Path, peers: Path | None) -> tuple[float, float]:
    """Run one measurement as a process; return CPU seconds and the peak of memory in MiB."""
    command = [sys.executable, __file__, "--one", name, "--file", str(path)]
    command += ["--peers", str(peers)] if peers else []
    silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    environment = os.environ | {
        "PYTHONPATH": str(HERE.parent),
        "PYTHONPYCACHEPREFIX": str(path.parent / "compiled"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    child = os.posix_spawn(sys.executable, command, environment, file_actions=silent)
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{name} failed for {path.name}: {' '.join(command)}")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return used.ru_utime + used.ru_stime, used.ru_maxrss / unit


def prepared(folder: Path, count: int) -> None:
    """Write the files of one size, unless they are there."""
    from people import COLUMNS, TEXT_COLUMNS, write_mapping, write_text, write_workbook

    for ending, write in ((WORKBOOK, write_workbook), (TEXT, write_text)):
        path = folder / f"people-{count}{ending}"
        if not path.exists():
            write(path, count)
        columns = len(COLUMNS) if ending == WORKBOOK else TEXT_COLUMNS
        write_mapping(path.with_suffix(f"{ending}.yaml"), columns=columns)


def table(folder: Path, counts: Sequence[int], runs: int, peers: Path | None) -> None:
    """Measure everything, the runs of one size by turns, and print the medians."""
    prepared(folder, FEW)
    endings = {name: ending for name, (ending, _) in MEASURED.items()}
    for name, ending in endings.items():
        measure(name, folder / f"people-{FEW}{ending}", peers)
    if peers is not None:
        endings |= dict.fromkeys(PEERS, TEXT)
    print("| rows | file | what | CPU s | peak MiB |\n| ---: | --- | --- | ---: | ---: |")
    for count in counts:
        prepared(folder, count)
        large = count >= SINGLE_RUN
        found: dict[str, list[tuple[float, float]]] = {
            name: [] for name in endings if not (large and name == WHOLE)
        }
        for _ in range(1 if large else runs):
            for name, taken in found.items():
                path = folder / f"people-{count}{endings[name]}"
                taken.append(measure(name, path, peers))
        for name, taken in found.items():
            cpu = statistics.median(seconds for seconds, _ in taken)
            peak = statistics.median(memory for _, memory in taken)
            print(
                f"| {count:,} | {endings[name]} | {name.strip()} | {cpu:.2f} | {peak:.0f} |",
                flush=True,
            )


def main() -> None:
    """Measure, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[FEW, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="bin folder with earthmover and frictionless")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "opscom-bench")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one in PEERS:
        PEERS[told.one](told.file, told.peers)
    elif told.one:
        MEASURED[told.one][1](told.file)
    else:
        told.folder.mkdir(exist_ok=True)
        table(told.folder, told.rows, told.runs, told.peers)


if __name__ == "__main__":
    main()
