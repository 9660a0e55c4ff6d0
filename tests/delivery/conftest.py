"""A journal of its own for each test."""

import pytest


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.sqlite"
