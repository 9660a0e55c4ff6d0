"""Outcomes and sheet → results workbook."""

from importer.results.files import prove_writable
from importer.results.parts import About, Against, Part
from importer.results.workbook import write_workbook

__all__ = ["About", "Against", "Part", "prove_writable", "write_workbook"]
