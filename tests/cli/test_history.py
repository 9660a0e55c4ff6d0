"""``history``: what was imported when, by whom, and how it ended."""

import re

from commanding import CLIENT
from controller import Fault

RUN = r"(?m)^(\d{8}-\d{6}-[0-9a-f]{8})  \d{4}-\d\d-\d\d \d\d:\d\d  by registrar$"


def test_history_tells_each_run_in_a_few_lines_the_newest_first(office, controller, call):
    assert call("history").err == "Nothing was pushed yet.\n"
    call("push", "--sandbox", office.write("roster.pdf", "%PDF-1.7\n"))
    office.roster(2)
    call("push", "--yes", "--limit", 1)
    controller.plan["000001", 1] = Fault("hold")
    with office.start("push", "--yes") as killed:
        controller.wait_for(2)
        killed.kill()
    done = call("history")
    assert (done.code, done.out) == (0, "")
    to = f"To {CLIENT} at {controller.url}:"
    assert re.sub(RUN, "RUN", done.err).splitlines() == [
        "RUN",
        f"{to} not ended yet, or ended by force",
        "  roster.csv: nothing told yet",
        "",
        "RUN",
        f"{to} stopped. The limit of 1 row is reached. 1 row is left; run the same command again to go on.",
        "  roster.csv: 1 pushed, 1 not sent",
        "",
        "RUN",
        "To the sandbox: nothing started",
    ]
    newest, _, oldest = re.findall(RUN, done.err)
    said = call("history", newest).err.splitlines()
    assert said[1].endswith(": not ended yet, or ended by force")
    # No workbook was written.
    assert said[-1] == "  2 rows: nothing told yet; 1 request"
    assert call("history", oldest).err.splitlines()[2:] == ["To the sandbox"]
