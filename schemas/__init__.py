"""The vendor's tables as data: one file per documented page, one line per documented attribute.

The names, limits and needs are those of the vendor's API documentation; where it is silent or
contradicts itself, a comment on the line says what was decided. Importing this loads no pandas.
"""

from collections.abc import Mapping
from types import MappingProxyType

from importer.schema import Policy, Table
from schemas.permits import PERMIT_DELETES, PERMIT_UPDATES, PERMITS
from schemas.plates import PLATES
from schemas.users import USERS
from schemas.vehicles import VEHICLES

__all__ = ["POLICIES", "TABLES"]

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.endpoint: table
        for table in (USERS, VEHICLES, PERMITS, PERMIT_UPDATES, PERMIT_DELETES, PLATES)
    }
)
"""Endpoint → page, for the endpoints that take rows, in the order in which several files are sent."""

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {table.endpoint: table.policy for table in TABLES.values() if table.policy is not None}
)
"""Endpoint → policy, for the endpoints that rows are pushed to, in the same order."""
