"""What places columns, what proposes, and an office with an export that no mapping fits."""

import csv

import pytest
from asking import Desk
from packages import saved, table

from importer.mapping import apply_mapping, load_mapping
from importer.proposing.answers import Answers
from importer.proposing.columns import place_columns
from importer.proposing.profiles import profile
from importer.proposing.propose import propose
from importer.proposing.sheets import look_at
from importer.proposing.yaml_files import mapping_text
from importer.reading import read_source


@pytest.fixture
def profiled(tmp_path):
    """Return what profiles columns, given as header → values."""

    def profiling(columns):
        path = tmp_path / "export.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
        return profile(table(path))

    return profiling


@pytest.fixture
def place(profiled):
    """Return what places columns, given as header → values, under an endpoint."""

    def placing(columns, endpoint="users"):
        return {p.profile.column.header: p for p in place_columns(profiled(columns), endpoint)}

    return placing


@pytest.fixture
def proposed(tmp_path):
    """Return what proposes for a text, with answers."""

    def proposing(text, answers=None, endpoint=None, types=()):
        source = read_source(saved(tmp_path, text, "export.csv"))
        look = look_at(source, endpoint=endpoint)[0]
        return propose(look, look.readings[0].endpoint, Answers(answers or {}), types=types)

    return proposing


@pytest.fixture
def sent(tmp_path):
    """Return what maps a proposal's sheet with the mapping that it writes: a frame under OPSCOM's names."""

    def mapped(made):
        path = saved(tmp_path, mapping_text(made), "made.yaml")
        return apply_mapping(load_mapping(path), made.look.sheet).frame

    return mapped


@pytest.fixture
def desk(tmp_path, monkeypatch):
    return Desk(tmp_path, monkeypatch)
