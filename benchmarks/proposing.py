"""Measure how well columns are placed: `python benchmarks/proposing.py [--held-out | --more] [--show]`.

``headers.jsonl`` holds header rows of real systems with invented values and what a careful person would
do with each column. A third of them (``HELD_OUT``) was not looked at while words and weights were first
written. ``headers-more.jsonl`` holds 97 rows that were written later, 27 by a clerk, and scored once
before anything was mended for them.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from importer.proposing.profiles import profile
from importer.proposing.sheets import readings
from importer.reading import read_source, take_sheet
from schemas import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FOLDER = Path(__file__).parent
HELD_OUT = frozenset((
    "workday-job-report", "legal-leads", "philippine-shs-list", "illuminate-enrollment", "toastmasters-roster",
    "koha-borrowers", "hr-bulk-upload", "openedx-profile-report", "jenzabar-candidates", "google-admin-users",
))  # fmt: skip
Proposal = dict[int, list[tuple[str, str]]]
"""Column position → (field, confidence)."""


def entries(*, held_out: bool, more: bool) -> list[dict]:
    data = FOLDER / ("headers-more.jsonl" if more else "headers.jsonl")
    rows = [json.loads(line) for line in data.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if more or (row["id"] in HELD_OUT) is held_out]


def ours(entry: dict, folder: Path) -> tuple[str, Proposal, dict[int, str]]:
    path = folder / f"{entry['id']}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=entry.get("delimiter", ","))
        writer.writerow([c["header"] for c in entry["columns"]])
        writer.writerows(zip(*(c["values"] for c in entry["columns"]), strict=True))
    source = read_source(path)
    profiles = profile(take_sheet(source.grids[0], 1))
    found = readings(profiles)
    if not found:
        each = [readings(profiles, endpoint=e)[0] for e in ("users", "vehicles", "permits")]
        best = max(each, key=lambda reading: reading.score)
        return "none", {}, {p.profile.column.position: p.reason for p in best.places}
    made: Proposal = {}
    for place in found[0].places:
        if place.field:
            made.setdefault(place.profile.column.position, []).append(
                (place.field, place.confidence.value)
            )
    return found[0].endpoint, made, {p.profile.column.position: p.reason for p in found[0].places}


def by_name(
    entry: dict, match: Callable[[str, list[str]], str | None]
) -> tuple[str, Proposal, dict[int, str]]:
    """A tool that compares names alone; it is told the endpoint."""
    table = TABLES.get(entry["endpoint"])
    if table is None:
        return "none", {}, {}
    names = {
        name: known.name
        for known in table.fields
        for name in (known.name, known.title, *known.aliases)
    }
    made: Proposal = {}
    for at, column in enumerate(entry["columns"]):
        found = match(column["header"], list(names))
        if found is not None and not any(
            f == names[found] for each in made.values() for f, _ in each
        ):
            made[at] = [(names[found], "likely")]
    return entry["endpoint"], made, {}


def squeeze(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def exactly(header: str, names: list[str]) -> str | None:
    return next((name for name in names if squeeze(name) == squeeze(header)), None)


def nearly(header: str, names: list[str]) -> str | None:
    found = process.extractOne(header, names, scorer=fuzz.ratio, processor=squeeze, score_cutoff=85)
    return found[0] if found else None


def score(
    rows: Iterable[tuple[dict, tuple[str, Proposal, dict[int, str]]]], *, show: bool
) -> tuple[Counter, Counter]:
    total: Counter = Counter()
    confused: Counter = Counter()
    for entry, (endpoint, made, reasons) in rows:
        right = endpoint == entry["endpoint"] or endpoint in (entry.get("accept_endpoints") or ())
        total["files"] += 1
        total["endpoint right"] += right
        if show and not right:
            print(f"** {entry['id']}: endpoint {endpoint}, not {entry['endpoint']}")
        for at, column in enumerate(entry["columns"]):
            total["columns"] += 1
            proposed = made.get(at, [])
            if endpoint != entry["endpoint"] and right:
                total["right or asked"] += 1
                continue
            verdict = judge(column, proposed)
            total[verdict] += 1
            asked = any(confidence == "ask" for _, confidence in proposed)
            total["asked"] += asked
            total["right or asked"] += verdict in {"right", "found", "asked"}
            if column["expect"]:
                total["expected"] += 1
                total["found of expected"] += verdict == "found"
                total["found or asked of expected"] += verdict in {"found", "right"} or asked
            if column.get("trap") and verdict.startswith("wrong"):
                total["traps proposed"] += 1
            if verdict not in {"right", "found"}:
                fields = " and ".join(sorted({field for field, _ in proposed})) or "nothing"
                confused[column["expect"] or "nothing", f"{fields}, {verdict}"] += 1
            if show and verdict not in {"right", "found"}:
                print(
                    f"{verdict:13}{entry['id']}: {column['header']!r} {column['values'][:2]} -> {proposed}, "
                    f"not {column['expect']} {column['accept']} ({reasons.get(at, '')})"
                )
    return total, confused


def judge(column: dict, proposed: list[tuple[str, str]]) -> str:
    fields = [field for field, confidence in proposed if confidence != "ask"]
    accepted = {column["expect"], *column["accept"]}
    if any(field not in accepted for field in fields):
        sure = any(c == "sure" and f not in accepted for f, c in proposed)
        return "wrong sure" if sure else "wrong likely"
    if fields:
        return "found" if column["expect"] else "right"
    if None in accepted and not proposed:
        return "right"
    return "asked" if proposed else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--more", action="store_true")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    chosen = entries(held_out=given.held_out, more=given.more)
    with tempfile.TemporaryDirectory() as folder:
        ways = {
            "map": [(e, ours(e, Path(folder))) for e in chosen],
            "same name (as Data Loader)": [(e, by_name(e, exactly)) for e in chosen],
            "rapidfuzz at 85": [(e, by_name(e, nearly)) for e in chosen],
        }
    lines = (
        "files",
        "endpoint right",
        "columns",
        "expected",
        "found of expected",
        "found or asked of expected",
        "right or asked",
        "asked",
        "missed",
        "wrong likely",
        "wrong sure",
        "traps proposed",
    )
    scores = {name: score(rows, show=given.show and name == "map") for name, rows in ways.items()}
    print(f"{'':28}" + "".join(f"{name:>28}" for name in scores))
    for line in lines:
        print(f"{line:28}" + "".join(f"{total[line]:>28}" for total, _ in scores.values()))
    print("\nwas, became")
    for (was, became), columns in scores["map"][1].most_common():
        print(f"{columns:4} {was}: {became}")


if __name__ == "__main__":
    main()
