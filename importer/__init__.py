"""Bring spreadsheets into OPSCOM: every row once, nothing altered, everything said."""

__version__ = "0.1.0"
