"""Outcomes and sheet → results workbook."""

from importer.results.parts import About, Against, Part
from importer.results.workbook import write_workbook

__all__ = ["About", "Against", "Part", "write_workbook"]
