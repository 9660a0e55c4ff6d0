"""An OPSCOM controller on this machine, for rehearsals.

It is the vendor's page read a second time: it shares nothing with ``schemas`` and the steps.
"""

from importer.sandbox.faults import Kind, Misbehaviour, parse_misbehaviour
from importer.sandbox.server import Sandbox

__all__ = ["Kind", "Misbehaviour", "Sandbox", "parse_misbehaviour"]
