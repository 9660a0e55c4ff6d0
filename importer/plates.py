"""A spreadsheet of plates: read → map → check. Opens no socket."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from importer.checking import check
from importer.choosing import choose
from importer.errors import InputError
from importer.mapping import Mapping, apply_mapping, load_mapping
from importer.mapping.conversions import plate
from importer.mapping.rules import Filled, Rule
from importer.pulls.plates import FIELD, PlateFile
from importer.reading import read_source
from schemas.plates import PLATES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the plates stand in a file."""

    mappings: tuple[Path, ...]
    """To choose from; those of other endpoints are passed over unless they were named."""
    named: bool
    column: str | None = None
    """A header, instead of a mapping; ``Plate#2`` is the second column of that header."""
    sheet: str | None = None
    encoding: str | None = None


def read_plate_file(path: Path, choice: Choice, *, today: dt.date) -> PlateFile:
    """Read, map and check a file.

    Raises:
        InputError: The file cannot be read, or nothing says which column holds the plates.
        MappingError: A mapping has faults.
    """
    source = read_source(path, encoding=choice.encoding)
    found = choose(source, _mappings(path, choice), named=True, sheet=choice.sheet)
    batches = [apply_mapping(found.mapping, sheet) for sheet in found.sheets]
    checked = tuple(check(batch, PLATES, today=today) for batch in batches)
    doubts = [doubt for each in checked for doubt in (*each.batch.sheet.doubts, *each.doubts)]
    return PlateFile(
        path,
        found.mapping.name,
        checked,
        tuple(dict.fromkeys((*source.doubts, *doubts))),
        None if choice.column is None else _other_form,
    )


def _other_form(text: str) -> str:
    """Return a plate without blanks and dashes; what is none stays."""
    made = plate(text)
    return made if isinstance(made, str) else text


def _mappings(path: Path, choice: Choice) -> Sequence[Mapping]:
    if choice.column is not None:
        name = f"--column {choice.column}"
        rule = Rule(FIELD, PLATES.fields[0], Filled((choice.column,)))
        return [Mapping(Path(name.replace("/", " ")), name, PLATES, (rule,), duplicates="first")]
    mappings = [load_mapping(each) for each in choice.mappings]
    plates = [mapping for mapping in mappings if mapping.endpoint == PLATES.endpoint]
    if choice.named and len(plates) < len(mappings):
        other = next(mapping for mapping in mappings if mapping not in plates)
        raise InputError(
            f"{other.path.name} is a mapping for {other.endpoint}, not for plates.",
            hint="Name a mapping whose endpoint is plates, or the column with --column.",
        )
    if not plates:
        raise InputError(
            f"Nothing says which column of {path.name} holds the plates.",
            hint="Name its header with --column, or a mapping whose endpoint is plates with "
            "--mapping.",
        )
    return plates
