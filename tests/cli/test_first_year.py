"""A clerk's first day, as the guide leads it, and the next semester: on a real terminal, with what is seen."""

import re

from commanding import CLIENT, POSIX, ROOT, TOKEN, Office, Terminal, read_results
from returning import edited, set_cell

GUIDE = (ROOT / "docs" / "first-day.md").read_text(encoding="utf-8")
FIRST_DAY = re.findall(r"^    opscom-import (.*)$", GUIDE, re.MULTILINE)
SAMPLE = (ROOT / "samples" / "new-staff.csv").read_text(encoding="utf-8")
CORRECTED = SAMPLE.replace("chidi.okafor at campus", "chidi.okafor@campus")
GONE = "204431,Björklund,Søren,soren.bjorklund@campus.example,(555) 210-4431,Registrar,2026-08-17,Active\n"
HIRED = (
    "204487,Vandenberg,Gwen,gwen.vandenberg@campus.example,(555) 210-4487,Library,2027-01-11,Active\n"
    "204494,Lind,Kavya,kavya.lind@campus.example,(555) 210-4494,Athletics,2027-01-11,Active\n"
)
NEXT = CORRECTED.replace("(555) 210-4417", "(555) 210-9999").replace(GONE, "") + HIRED


class Clerk(Office):
    """Somebody at a terminal, in one folder after the other."""

    def types(self, line, *answers, code=0):
        """Type a command, answer what it asks; return what was seen, without colours."""
        with Terminal(self, *line.split(" ")) as screen:
            for question, answer in answers:
                screen.wait_for(question)
                screen.type(answer)
            assert screen.end() == code, screen.screen
        text = re.sub("\x1b\\[[0-9;?]*[a-zA-Z]", "", screen.screen)
        return text.replace(str(self.folder), "…")


@POSIX
def test_a_first_day_and_a_second_semester(tmp_path, controller):
    office = clerk = Clerk(tmp_path, token=None, client=None, mappings={})
    assert [line.split(" ")[0] for line in FIRST_DAY] == ["init", "map", "check", "push", "push"]
    init, map_, check, rehearse, again = FIRST_DAY

    seen = clerk.types(init)
    assert "Next: type cd parking, drop an export into inbox, and open first-day.html" in seen
    office.folder /= "parking"
    office.write("inbox/new-staff.csv", SAMPLE)

    seen = clerk.types(
        map_,
        ("What is the login source of these people in OPSCOM", "OPSCOM"),
        ('"Status" is "Left" in 1 row. Are these not to be sent?', "1"),
        ("Save the mapping?", ""),
    )
    assert "check: 6 rows ready, 1 held back, 1 passed over." in seen

    problem = (
        '  Error in 1 row (9033), first at new-staff.csv, row 8 "Work Email": this is not an e-mail address, '
        "which has one @ and no blanks, brackets or commas. Correct the cell."
    )
    correct = "  Correct the marked cells in the workbook, or answer in it, as opscom_message says, save it, and push it"
    assert clerk.types(check, code=1).splitlines() == [
        "new-staff.csv: 6 ready, 1 invalid, 1 skipped (8 rows, mapping new staff)",
        problem,
        "  Workbook: …/results/new-staff-checked.xlsx",
        f"{correct}.",
    ]
    seen = clerk.types(rehearse, code=1).splitlines()
    assert seen[:3] == [
        "To the sandbox on this machine, client code SANDBOX:",
        "  new-staff.csv: 6 of 8 rows to send as users (mapping new staff)",
        problem,
    ]
    assert seen[-3:] == [
        "new-staff.csv: 6 pushed, 1 invalid, 1 skipped (8 rows, mapping new staff)",
        "  Workbook: …/results/sandbox/new-staff-results.xlsx",
        f"{correct} with --sandbox.",
    ]
    with edited(office.folder / "results/sandbox/new-staff-results.xlsx") as page:
        set_cell(page, "204473", "Work Email", "chidi.okafor@campus.example")
    seen = clerk.types(again)
    assert "new-staff-results.xlsx, Rows: 1 pushed, 6 unchanged, 1 skipped (8 rows" in seen

    office.write("opscom.yaml", f"client: {CLIENT}\nhost: {controller.url}\n")
    office.write("inbox/new-staff.csv", CORRECTED)
    seen = clerk.types("login", ("API token (it is not shown): ", TOKEN))
    assert TOKEN not in seen
    assert f"The API token of {CLIENT} at {controller.url} is kept in …/.opscom-token" in seen
    seen = clerk.types("push", ("Send 7 rows? [y/N]: ", "y"))
    assert f"To {controller.url}, client code {CLIENT}:" in seen
    assert "new-staff.csv: 7 pushed, 1 skipped (8 rows, mapping new staff)" in seen
    assert [path.name for path in office.inbox.iterdir()] == []

    # The next semester.
    office.write("inbox/new-staff-2027.csv", NEXT)
    seen = clerk.types("push", ("Send 3 rows? [y/N]: ", "y"))
    assert "  2 new, 1 changed, 5 unchanged, 1 gone since new-staff.csv\n" in seen
    assert "new-staff-2027.csv: 3 pushed, 5 unchanged, 1 skipped (9 rows" in seen
    assert len(controller.ledger) == 10
    rows = read_results(office.folder / "results" / "new-staff-2027-results.xlsx")
    said = {row["Last Name"]: row["opscom_message"].split(".")[0] for row in rows}
    assert {name: said[name] for name in ("Abernathy", "Lind", "Vandenberg", "Haddad")} == {
        "Abernathy": "changes phone_cell",
        "Lind": "new",
        "Vandenberg": "new",
        "Haddad": "",
    }
    lines = clerk.types("history").splitlines()
    runs = [line for line in lines if line and not re.match(r"\d{8}-\d{6}-", line)]
    live = f"To {CLIENT} at {controller.url}: came to its end"
    assert runs == [
        live,
        "  new-staff-2027.csv: 3 pushed, 5 unchanged, 1 skipped",
        live,
        "  new-staff.csv: 7 pushed, 1 skipped",
        "To the sandbox: came to its end",
        "  new-staff-results.xlsx, Rows: 1 pushed, 6 unchanged, 1 skipped",
        "To the sandbox: came to its end",
        "  new-staff.csv: 6 pushed, 1 invalid, 1 skipped",
    ]
