"""Outcomes and sheet → results workbook."""

from importer.results.parts import About, Page
from importer.results.workbook import write_workbook

__all__ = ["About", "Page", "write_workbook"]
