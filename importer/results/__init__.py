"""Outcomes and sheet → results workbook."""

from importer.files import prove_writable
from importer.results.parts import About, Page
from importer.results.workbook import write_workbook

__all__ = ["About", "Page", "prove_writable", "write_workbook"]
