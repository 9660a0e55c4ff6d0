"""Somebody who pulls, for each test."""

import pytest
from pulling import Office


@pytest.fixture
def office(tmp_path, monkeypatch):
    return Office(tmp_path, monkeypatch)
