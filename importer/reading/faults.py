"""Why a cell, or a whole record, has no value that may be trusted.

Each fault is one sentence on what is wrong and one on what to do. They name no value, so that they
may be shown anywhere.
"""

from dataclasses import dataclass

from importer.model import Flaw


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell and what to do about it."""

    message: str
    """One sentence that begins in lower case, because the place stands before it."""
    remedy: str
    """One sentence."""
    no_record: bool = False

    def at(self, position: int, column: int | None) -> Flaw:
        """Return the flaw at this position; ``column`` is ``None`` for the whole row."""
        return Flaw(position, column, self.message, self.remedy, self.no_record)


EXCEL_ERROR = Fault(
    "this is an Excel error, not a value.",
    "Correct the formula or type the value.",
)
NOT_CALCULATED = Fault(
    "this formula has no stored value.",
    "Open the workbook in Excel, press F9, save it.",
)
TALLY = Fault(
    "this row counts or adds up other rows, by a formula of the spreadsheet program.",
    "Delete the row, or name it under skip_rows in the mapping; if it is a record, type its numbers in place "
    "of the formulas.",
    no_record=True,
)
TOO_MANY_DIGITS = Fault(
    "this number has more digits than Excel keeps.",
    "Format the column as text and type the number again.",
)
NO_NUMBER = Fault(
    "this cell is marked as a number and holds none.",
    "Type the value again.",
)
UNREADABLE_FORMAT = Fault(
    "this cell's number format cannot be read here.",
    "Format the cell as text, and type the value that is meant; a date or a plain number may stay one.",
)
HIDDEN_BY_FORMAT = Fault(
    "this cell's number format hides its value.",
    "Give the cell another number format, or clear it.",
)
NO_SUCH_DATE = Fault(
    "this number is no date that Excel can show.",
    "Type the date again.",
)
HOLDS_CONTROLS = Fault(
    "this cell holds control characters, which no text has.",
    "Export the file again, or type the value again.",
)
SWALLOWED = Fault(
    "a cell of this record holds tabs and line breaks, as if whole records had got into it.",
    "Remove the stray double quote in the source, and export the file again.",
)


def other_encoding(label: str, codec: str) -> Fault:
    """Return the fault of letters that were probably written in another encoding."""
    return Fault(
        f"this cell's letters with accents were read as Windows-1252, and the file looks like {label}.",
        f"Say encoding: {codec} in the mapping, or --encoding {codec}, and compare the accents.",
    )


def wrong_length(cells: int, expected: int) -> Fault:
    """Return the fault of a text record that has too many or too few cells."""
    noun = "cell" if cells == 1 else "cells"
    return Fault(
        f"this record has {cells} {noun} where the header has {expected}.",
        "Put a value that holds the delimiter or a line break in double quotes, "
        "and give the record as many cells as the header.",
    )
