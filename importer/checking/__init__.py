"""Everything that is wrong with the rows of a file, and of several."""

from importer.checking.repeats import overrule
from importer.checking.rows import check

__all__ = ["check", "overrule"]
