"""One list of permits, term after term, on days when much goes wrong; a person answers what is asked."""

import shutil
import threading
from collections import Counter
from random import Random

import pytest
from commanding import DELETES, ENDS, permit
from proving import CASES, wait_for_quiet
from returning import ANSWER, CODE, MESSAGE, STATUS, column, edited

QUIET = {"fine", "lost", "throttled", "rejected", "foreign"}
FAULTS = [
    case.fault
    for case in CASES
    if case.effect in QUIET and case.timeout > 1 and len(case.fault.body) < 1000
]
FIELDS = {"Plate": "plate", "From": "startTime", "To": "endTime", "Number": "permitNo"}
CHANGED_SINCE = "changed after this row was accepted"


class Term:
    """An office with a list, an OPSCOM that fails at random, and a person who says what is true."""

    def __init__(self, desk, controller, seed):
        self.desk, self.controller, self.random = desk, controller, Random(seed)
        self.rows = [permit(n) for n in range(3)]
        self.kept = []
        desk.write("ends.yaml", ENDS)
        desk.write("deletes.yaml", DELETES)

    def perhaps(self, chance):
        return self.random.random() < chance

    def edit(self):
        """Change, add and drop rows, as an office does between two terms."""
        for row in self.rows:
            if self.perhaps(0.4):
                row["To"] = f"2027-0{self.random.randint(1, 9)}-28T18:00:00"
            if self.perhaps(0.2):
                row["Plate"] = f"Q{self.random.randint(100, 999)}"
        if self.perhaps(0.15):
            one, two = self.random.sample(self.rows, 2)
            one["Plate"], two["Plate"] = two["Plate"], one["Plate"]
        if self.perhaps(0.3):
            self.rows.append(permit(self.random.randint(10, 10**6)))
        if self.perhaps(0.2) and len(self.rows) > 2:
            self.rows.pop(self.random.randrange(len(self.rows)))

    def disturb(self):
        """Let some of the requests to come fail."""
        ids = [each["reference_id"] for each in self.controller.records("permits")]
        for name in ("*", *(row["Number"] for row in self.rows), *ids):
            for attempt in range(9):
                if self.perhaps(0.15 if attempt and name != "*" else 0.05):
                    self.controller.plan[name, attempt] = self.random.choice(FAULTS)

    def write(self):
        return self.desk.table("permits.csv", self.rows)

    def push(self, path=None):
        """Push the list as it is now, or its workbook."""
        said = self.desk.push(path or self.write())
        [file] = said["files"]
        assert file["error"] is None
        assert sum(file["states"].values()) == file["rows"]
        self.compare()
        return file["states"]

    def kill(self, path):
        """Push in a process that is killed after some requests."""
        wanted, moment = self.controller.requests + self.random.randint(1, 3), threading.Event()
        with self.desk.start("push", path, "--yes", "--json", "--workers", "2") as process:
            while self.controller.requests < wanted and process.poll() is None:
                moment.wait(0.001)
            moment.wait(self.random.random() / 100)
            process.kill()
            process.communicate()
        wait_for_quiet(self.controller)

    def update_elsewhere(self):
        """Change permits by a file of permit-updates, as another person does."""
        there = self.controller.records("permits")
        end = f"2028-0{self.random.randint(1, 9)}-28T18:00:00"
        some = self.random.sample(there, min(2, len(there)))
        if some:
            self.desk.table("ends.csv", [{"Id": each["reference_id"], "To": end} for each in some])
            self.desk.push("ends.csv", "--mapping", "ends.yaml")

    def delete_gone(self):
        """Delete what the list no longer holds, as its results workbook says."""
        gone = self.desk.folder / "gone.xlsx"
        gone.unlink(missing_ok=True)
        self.desk.do("history", "--gone", self.desk.results("permits"), "--as-deletes", gone)
        if gone.exists():
            self.desk.push(gone, "--mapping", "deletes.yaml")

    def answer(self, share=1.0):
        """Answer what the newest workbook asks, all of it or a share; return how much was answered."""
        answered = 0
        with edited(self.desk.results("permits")) as page:
            places = (STATUS, CODE, MESSAGE, ANSWER, column(page, "Number"))
            for line in range(2, page.max_row + 1):
                said = self.say(*(page.cell(line, at).value or "" for at in places))
                if said and self.perhaps(share):
                    page.cell(line, ANSWER).value = said
                    answered += 1
        return answered

    def say(self, status, code, message, answer, number):
        if status == "invalid" and code == "9022" and "write update" in message:
            return "update"
        if status == "unknown" and not answer:
            records = self.controller.records("permits")
            there = [each["reference_id"] for each in records if each["permitNo"] == number]
            return self.random.choice([*there, "yes"]) if there else "no"
        return ""

    def compare(self):
        """Compare the newest workbook with what OPSCOM holds."""
        records = self.controller.records("permits")
        by_number = {each["permitNo"]: each for each in records}
        assert len(by_number) == len(records), "a second permit of one number"
        by_id = {each["reference_id"]: each for each in records}
        for row in self.desk.table_of("permits"):
            # A permit that a person found, without its id, cannot be followed any further.
            if row["opscom_status"] in {"pushed", "unchanged"} and row["opscom_reference_id"]:
                record = by_id[row["opscom_reference_id"]]
                same = all(record.get(name) == row[header] for header, name in FIELDS.items())
                assert same or CHANGED_SINCE in row["opscom_message"], (row, record)


def live_through(term, *, kills, terms):
    for _ in range(terms):
        term.edit()
        term.controller.plan.clear()
        if term.perhaps(0.7):
            term.disturb()
        if term.perhaps(0.25):
            term.update_elsewhere()
        if kills and term.perhaps(0.3):
            term.kill(term.write())
        term.push()
        if term.perhaps(0.3):
            term.delete_gone()
        if term.perhaps(0.2):
            term.desk.do("settle")
        for _ in range(term.random.randint(0, 2)):
            kept = term.desk.folder / f"kept-{len(term.kept)}.xlsx"
            term.kept.append(shutil.copy(term.desk.results("permits"), kept))
            term.answer(0.7)
            if kills and term.perhaps(0.2):
                term.kill(term.desk.results("permits"))
            term.push(term.desk.results("permits"))
        if term.kept and term.perhaps(0.2):
            older = shutil.copy(term.random.choice(term.kept), term.desk.folder / "old.xlsx")
            term.desk.push(older)


def come_to_rest(term):
    """Let all go well and answer all; then the list is there and nothing more is sent."""
    term.controller.plan.clear()
    term.push()
    while term.answer():
        term.push(term.desk.results("permits"))
    term.push()
    for row in term.desk.table_of("permits"):
        asks = "write update" in row["opscom_message"]
        assert row["opscom_status"] == "unchanged" or not asks, row
    before = term.controller.requests
    assert set(Counter(term.push())) <= {"unchanged", "invalid"}
    assert term.controller.requests == before


@pytest.mark.parametrize(
    ("seed", "terms"),
    [(0, 2), (1, 2), *(pytest.param(n, 6, marks=pytest.mark.exhaustive) for n in range(100, 200))],
)
@pytest.mark.timeout(600)
def test_a_list_comes_to_rest_whatever_goes_wrong_between_two_terms(desk, controller, seed, terms):
    term = Term(desk, controller, seed)
    live_through(term, kills=terms > 2, terms=terms)
    come_to_rest(term)
