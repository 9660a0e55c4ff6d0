"""An office of its own for each test of a command."""

import pytest
from commanding import Office


@pytest.fixture
def office(tmp_path, controller):
    return Office(tmp_path, controller.url)


@pytest.fixture
def call(office, monkeypatch):
    """Make a function that calls the command inside this process: quicker, and otherwise the same."""
    return office.calling(monkeypatch)
