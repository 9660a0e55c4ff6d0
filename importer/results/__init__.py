"""Outcomes and sheet → results workbook."""

from importer.results.parts import About, Part
from importer.results.workbook import write_workbook

__all__ = ["About", "Part", "write_workbook"]
