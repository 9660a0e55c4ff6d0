"""Writing a workbook of N rows by 30 columns: ours, with all it says, against plain writers.

``python benchmarks/writing.py [--rows 10000 100000] [--repeats 3]`` prints the table of
``benchmarks/writing.md``. Every measurement is a process of its own: CPU of writing alone (user and
system), and the highest resident memory of the process while it writes, the frame with the rows in it.
Writers take turns, and the median of the repeats counts.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

COLUMNS = 30
FAULTY = 100
"""One row in so many has a problem, in the file with problems."""
UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in which the system tells resident memory."""


def frame_of(rows: int) -> pd.DataFrame:
    """Return invented columns of text: ids, names, addresses, blanks; column by column, in little memory."""
    import pandas as pd

    kinds = (
        lambda number, column: f"{number * 7 + column:09}",
        lambda number, _: f"Name{number % 997}",
        lambda number, column: f"person{number}.{column}@students.example",
        lambda number, _: f"{number % 9999} Invented Street",
        lambda number, _: "" if number % 3 else "Unit 4",
        lambda number, _: f"20{number % 10}0-0{1 + number % 9}-1{number % 10}",
    )
    columns = {}
    for column in range(COLUMNS):
        make = kinds[column % len(kinds)]
        columns[column] = pd.Series([make(number, column) for number in range(rows)], dtype="str")
    return pd.DataFrame(columns)


def rows_of(frame: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield the rows, a few thousand taken out of the frame at a time."""
    for start in range(0, len(frame), 4_000):
        chunk = frame.iloc[start : start + 4_000]
        yield from zip(*(chunk[at].tolist() for at in chunk), strict=True)


def ours(frame: pd.DataFrame, path: Path, *, faulty: bool) -> None:
    import numpy as np
    import pandas as pd

    from importer.model import (
        Batch,
        Checked,
        Column,
        Outcome,
        Problem,
        Severity,
        Sheet,
        State,
    )
    from importer.results import About, Page, write_workbook

    count = len(frame)
    headers = tuple(Column(at, f"COLUMN_{at}") for at in range(COLUMNS))
    rows = np.arange(2, count + 2)
    sheet = Sheet(Path("people.csv"), None, 1, headers, frame, rows)
    origins = {f"field_{at}": (at,) for at in range(20)}
    skipped = np.zeros(count, dtype=bool)
    batch = Batch(
        sheet, "users", "Benchmark", pd.DataFrame(index=frame.index), origins, skipped, {}
    )
    problems = tuple(
        Problem(
            at, at + 2, (2,), "email", "", 9033, Severity.ERROR,
            "this is no e-mail address.", "Correct the cell.",
        )
        for at in range(0, count if faulty else 0, FAULTY)
    )  # fmt: skip
    held = {problem.position for problem in problems}
    outcomes = [
        Outcome(State.INVALID) if at in held else Outcome(State.PUSHED, str(100_000 + at))
        for at in range(count)
    ]
    now = dt.datetime.now(dt.UTC)
    about = About(
        "run", "push", Path("people.csv"), "ab" * 32, "Benchmark", "users", "controller.example",
        "OC_BENCH", False, "benchmark", now, now, None, (),
    )  # fmt: skip
    write_workbook(path, about, [Page(Checked(batch, problems), outcomes)])


def xlsxwriter_bare(frame: pd.DataFrame, path: Path) -> None:
    """The floor: the source cells and nothing else, in constant memory."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for line, values in enumerate(rows_of(frame), 1):
            for column, value in enumerate(values):
                if value:
                    sheet.write_string(line, column, value)


def xlsxwriter_same(frame: pd.DataFrame, path: Path) -> None:
    """The cells that ours writes, each with its format: what of our time is XlsxWriter's own."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        text, state = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        for line, values in enumerate(rows_of(frame), 1):
            sheet.write_string(line, 0, "pushed", state)
            sheet.write_string(line, 1, str(100_000 + line), text)
            sheet.write_number(line, 5, line, state)
            for column, value in enumerate(values, 6):
                if value:
                    sheet.write_string(line, column, value, text)


def openpyxl_write_only(frame: pd.DataFrame, path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for values in rows_of(frame):
        sheet.append(values)
    book.save(path)


def pandas_to_excel(frame: pd.DataFrame, path: Path) -> None:
    frame.to_excel(path, index=False, engine="xlsxwriter")


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "XlsxWriter, constant memory, bare cells (the floor)": xlsxwriter_bare,
    "XlsxWriter, constant memory, the cells and formats of ours": xlsxwriter_same,
    "ours, all rows settled": lambda frame, path: ours(frame, path, faulty=False),
    "ours, one row in 100 with a problem": lambda frame, path: ours(frame, path, faulty=True),
    "openpyxl, write-only, bare cells": openpyxl_write_only,
    "pandas `to_excel`, bare cells": pandas_to_excel,
}


def measure(name: str, rows: int) -> dict[str, float]:
    """Write once, in this process; return CPU seconds, seconds, and MiB."""
    frame = frame_of(rows)
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "benchmark.xlsx"
        WRITERS[name](frame, path)
        size = path.stat().st_size
    took = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = after.ru_maxrss * UNIT / 2**20
    return {"cpu": cpu, "took": took, "peak": peak, "size": size / 2**20}


def run_child(name: str, rows: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", name, "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child, options.rows[0])))
        return
    for rows in options.rows:
        found: dict[str, list[dict[str, float]]] = {name: [] for name in WRITERS}
        for _ in range(options.repeats):
            for name in WRITERS:
                found[name].append(run_child(name, rows))
        medians = {
            name: {of: statistics.median(run[of] for run in runs) for of in runs[0]}
            for name, runs in found.items()
        }
        floor = medians[next(iter(WRITERS))]["cpu"]
        print(f"\n{rows:,} rows by {COLUMNS} columns\n")
        print("| writer | CPU s | of the floor | peak memory, MiB | file, MiB |")
        print("|---|---:|---:|---:|---:|")
        for name, median in medians.items():
            share = f"{median['cpu'] / floor:.2f}"
            print(
                f"| {name} | {median['cpu']:.2f} | {share} | {median['peak']:.0f} | {median['size']:.1f} |"
            )


if __name__ == "__main__":
    main()
