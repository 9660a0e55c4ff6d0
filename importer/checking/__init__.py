"""A batch → the same batch with everything that is wrong with it."""

from importer.checking.files import overrule
from importer.checking.repeats import find_repeats
from importer.checking.rows import check, check_rows

__all__ = ["check", "check_rows", "find_repeats", "overrule"]
