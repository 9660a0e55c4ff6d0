"""OPSCOM's user types, kept in the workspace so that a mapping can look them up without a network."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from importer.errors import InputError
from importer.results.files import write_draft
from importer.text import fold
from importer.workspace import move

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILE, SANDBOX_FILE = "user-types.json", "user-types-sandbox.json"


@dataclass(frozen=True, slots=True)
class UserType:
    """One user type. Source: API documentation, "Pull API: UserType", "Successful Response"."""

    id: str
    type_name: str
    ext_info: str
    """The group that it belongs to."""


@dataclass(frozen=True, slots=True)
class KeptTypes:
    """The user types as they were when they were pulled."""

    pulled: dt.datetime
    """With its offset."""
    host: str
    client: str
    types: tuple[UserType, ...]

    @property
    def ids(self) -> dict[str, str]:
        """Name → id. A name that two types share stands for neither, and is left out."""
        counts = Counter(fold(each.type_name) for each in self.types)
        return {e.type_name: e.id for e in self.types if counts[fold(e.type_name)] == 1 and e.id}

    @property
    def shared_names(self) -> tuple[str, ...]:
        """Names that several types have, so that none of them can be looked up."""
        counts = Counter(fold(each.type_name) for each in self.types)
        names = {fold(e.type_name): e.type_name for e in self.types}
        return tuple(name for folded, name in names.items() if counts[folded] > 1)

    def is_of(self, host: str, client: str) -> bool:
        """Whether they are those of this OPSCOM."""
        return (self.host, self.client) == (host.rstrip("/"), client)


def keep_user_types(
    folder: Path, types: Sequence[UserType], *, host: str, client: str, sandbox: bool = False
) -> Path:
    """Keep the user types in a folder, whole or not at all, readable by their owner alone.

    Args:
        folder: The workspace, or where there is none the folder of the journal.
        types: In OPSCOM's order.
        host: Where they are from.
        client: Whose they are.
        sandbox: Keeps them apart from those of the real OPSCOM.

    Returns:
        Where they are.

    Raises:
        InputError: They could not be written; what was kept before stays.
    """
    path = folder / (SANDBOX_FILE if sandbox else FILE)
    shape = {
        "pulled": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        "host": host.rstrip("/"),
        "client": client,
        "types": [asdict(each) for each in types],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(shape, ensure_ascii=False, indent=1) + "\n"
        move(write_draft(path, lambda file: file.write(text.encode())), path)
    except OSError as error:
        raise InputError(
            f"The user types could not be kept in {path} ({error.strerror or error}).",
            hint="Make room or give the folder write permission, then run the command again.",
        ) from error
    return path


def kept_user_types(folder: Path, *, sandbox: bool = False) -> KeptTypes | None:
    """Return the user types that were pulled last; ``None`` where they never were.

    Raises:
        InputError: The file is damaged.
    """
    path = folder / (SANDBOX_FILE if sandbox else FILE)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        types = tuple(UserType(**each) for each in found["types"])
        pulled = dt.datetime.fromisoformat(found["pulled"]).astimezone()
        return KeptTypes(pulled, str(found["host"]), str(found["client"]), types)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read.", hint="Run `opscom-import pull user-types` again."
        ) from error
