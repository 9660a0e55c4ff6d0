"""Bytes of a file become sheets: what kind of file it is, what its cells show, where its header is."""

from importer.reading.header import find_header, take_sheet
from importer.reading.resubmitted import results_header, told_by, told_gone
from importer.reading.sniffing import is_lock_file
from importer.reading.source import read_source, read_summary

__all__ = [
    "find_header",
    "is_lock_file",
    "read_source",
    "read_summary",
    "results_header",
    "take_sheet",
    "told_by",
    "told_gone",
]
