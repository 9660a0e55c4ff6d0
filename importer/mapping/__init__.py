"""Mapping files, and what becomes of a sheet under one."""

from importer.mapping.apply import apply_mapping
from importer.mapping.choose import (
    explain_missing,
    listed_up_to,
    matches_name,
    missing_headers,
)
from importer.mapping.load import load_mapping
from importer.mapping.model import json_schema
from importer.mapping.rules import Mapping

__all__ = [
    "Mapping",
    "apply_mapping",
    "explain_missing",
    "json_schema",
    "listed_up_to",
    "load_mapping",
    "matches_name",
    "missing_headers",
]
