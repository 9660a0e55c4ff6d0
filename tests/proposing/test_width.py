"""Twice as many columns are twice the work."""

import sys

from importer.proposing.rows import judge_rows

PEOPLE = "Student ID,First Name,Last Name,Email"


def wide(proposed, columns):
    """Return a proposal for people with as many columns more."""
    headers = [PEOPLE, *(f"Attribute {n}" for n in range(columns))]
    cells = ["90012,Ann,Roe,a@uni.example", *("active" for _ in range(columns))]
    return proposed("\n".join([",".join(headers), *[",".join(cells)] * 6]), endpoint="users")


def test_rows_are_judged_by_a_work_that_grows_as_the_columns(proposed):
    def lines_run(rows):
        run = 0

        def trace(frame, event, _):
            nonlocal run
            run += event == "line"
            return trace if frame.f_globals["__name__"] == "importer.proposing.rows" else None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            judge_rows(rows)
        finally:
            sys.settrace(before)
        return run

    few, many = (lines_run(wide(proposed, columns)) for columns in (60, 240))
    assert few > 60
    assert many < 5 * few
