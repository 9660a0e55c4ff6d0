"""Somebody who pulls, for each test."""

import pytest
from pulling import Office


@pytest.fixture
def office(tmp_path, capsys, monkeypatch):
    return Office(tmp_path, capsys, monkeypatch)
