"""Mapping files, and what becomes of a sheet under one."""

from importer.mapping.apply import apply_mapping
from importer.mapping.load import Mapping, load_mapping, missing_headers
from importer.mapping.model import json_schema

__all__ = ["Mapping", "apply_mapping", "json_schema", "load_mapping", "missing_headers"]
