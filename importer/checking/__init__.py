"""A batch → the same batch with everything that is wrong with it."""

from importer.checking.files import overrule
from importer.checking.rows import check
from importer.checking.sheets import check_sheets

__all__ = ["check", "check_sheets", "overrule"]
