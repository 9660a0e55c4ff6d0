"""A spreadsheet of plates: read → map → check. Opens no socket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.mapping import Mapping, load_mapping
from importer.mapping.load import Rule
from importer.mapping.model import RulePart
from importer.prepare import Job, Request, check_file
from importer.pulls.plates import FIELD
from schemas.plates import PLATES

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_plate_file(path: Path, request: Request, column: str | None) -> Job:
    """Read, map and check a file.

    Args:
        path: The file.
        request: The mappings to choose from; those of other endpoints are passed over unless they
            were named.
        column: A header, instead of a mapping; ``Plate#2`` is the second column of that header.

    Raises:
        InputError: The file cannot be read, or nothing says which column holds the plates.
        MappingError: A mapping has faults.
    """
    mappings = _mappings(path, request, column)
    job = check_file(path, mappings, replace(request, named=True))
    sheets = [(*each.batch.sheet.notes, *each.notes) for each in job.sheets]
    notes = dict.fromkeys((*job.notes, *(note for each in sheets for note in each)))
    return replace(job, notes=tuple(notes))


def _mappings(path: Path, request: Request, column: str | None) -> Sequence[Mapping]:
    if column is not None:
        name = f"--column {column}"
        rule = Rule(FIELD, PLATES.fields[0], RulePart(column=column))
        return [Mapping(Path(name.replace("/", " ")), name, PLATES, (rule,), duplicates="first")]
    mappings = [load_mapping(each) for each in request.mappings]
    plates = [mapping for mapping in mappings if mapping.endpoint == PLATES.endpoint]
    if request.named and len(plates) < len(mappings):
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
