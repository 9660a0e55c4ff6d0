"""A batch → the same batch with everything that is wrong with it."""

from importer.checking.rows import check

__all__ = ["check"]
