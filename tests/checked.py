"""One sheet checked by itself, as most tests of checking want it."""

from importer import checking


def check(batch, table, **terms):
    """Return a batch that stands alone in its file with everything that is wrong with it."""
    (found,) = checking.check([batch], table, **terms)
    return found
