"""Mapping files, and what becomes of a sheet under one."""

from importer.mapping.apply import apply_mapping
from importer.mapping.load import load_mapping
from importer.mapping.model import json_schema
from importer.mapping.rules import Mapping, missing_headers

__all__ = ["Mapping", "apply_mapping", "json_schema", "load_mapping", "missing_headers"]
