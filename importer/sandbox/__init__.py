"""An OPSCOM controller on this machine, for rehearsals and for the tests.

It is the vendor's page read a second time: it shares nothing with ``schemas`` and the steps.
"""

from importer.sandbox.controller import parse_fault
from importer.sandbox.server import Sandbox

__all__ = ["Sandbox", "parse_fault"]
