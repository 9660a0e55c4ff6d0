"""The folders of an office: inbox, results, archive, mappings; the names of files in them; the user types kept there."""

import datetime as dt
import errno
import hashlib
import itertools
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from importer.errors import InputError, UsageError
from importer.files import free_name, move, write_whole
from importer.text import fold, typed, units

GLOSSARY = "glossary.yaml"
"""What an office confirmed about its spreadsheets; it lies among the mappings and is none."""
INBOX, RESULTS, ARCHIVE, MAPPINGS = "inbox", "results", "archive", "mappings"
JOURNAL = "journal.sqlite"
SETTINGS_FILE = "opscom.yaml"

_KEPT_RE = re.compile(
    r"(.+-(?:results|checked)) \d{4}-\d\d-\d\d \d\d-\d\d-\d\d(?: \(\d+\))?(\.xlsx)"
)
"""The name of an older workbook that was kept (see ``importer.files``), and in it that of the newest."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder to work in. It is an office's own where an ``opscom.yaml`` lies in it or a person named it."""

    folder: Path
    own: bool

    @property
    def inbox(self) -> Path:
        """Where exports are dropped."""
        return self.folder / INBOX

    @property
    def keeping_folder(self) -> Path:
        """Where journal and user types are kept: the workspace, or without one the user's data folder."""
        if self.own:
            return self.folder
        from platformdirs import user_data_path

        return user_data_path("opscom-importer", appauthor=False)

    @property
    def journal(self) -> Path:
        """The memory of all runs."""
        return self.keeping_folder / JOURNAL

    def misnamed_mappings(self) -> Iterator[str]:
        """Yield a sentence for each mapping that Notepad has given a second ending, ``staff.yaml.txt``."""
        for path in sorted((self.folder / MAPPINGS).glob("*.y*ml.txt")) if self.own else ():
            yield (
                f"{MAPPINGS}/{path.name} is no mapping by its name and was passed over. Rename it to "
                f"{path.stem}; where the .txt is not seen, let the file explorer show endings of file names."
            )

    def mapping_files(self) -> tuple[Path, ...]:
        """Return the mappings to choose from: the workspace's, or the shipped ones without any."""
        own = sorted((self.folder / MAPPINGS).glob("*.y*ml")) if self.own else []
        # Network drives put files like ._banner.yaml beside those of a Mac.
        return (
            tuple(path for path in own if not path.name.startswith(".") and path.name != GLOSSARY)
            or shipped_mappings()
        )


def find_workspace(option: Path | None, here: Path) -> Workspace:
    """Return the workspace: the option's, the nearest upwards with an ``opscom.yaml``, or ``here``.

    Raises:
        UsageError: The option names a file.
    """
    if option is not None:
        if option.exists() and not option.is_dir():
            raise UsageError(
                f"--workspace {option} is a file.", hint="Name the folder that it lies in."
            )
        return Workspace(option, own=True)
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return Workspace(folder, own=True)
    return Workspace(here, own=False)


def home_of(file: Path) -> str:
    """Return what a command typed here says of the workspace of a mapping or workbook, behind a blank.

    Nothing where that is the workspace here anyway, or the file lies in none.
    """
    folder = file.absolute().parent.parent
    at_home = file.parent.name not in {MAPPINGS, RESULTS} or file in shipped_mappings()
    if at_home or folder == find_workspace(None, Path.cwd()).folder:
        return ""
    return f" --workspace {typed(folder)}"


_SYNCHRONISED = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "mobile documents")
"""How the folders begin that these programs keep in step with others. Sources: the makers' help pages."""


def synchronised(folder: Path) -> str | None:
    """Return a sentence about a workspace that a program copies to other computers; ``None`` for others."""
    parts = folder.absolute().parts
    name = next((part for part in parts if part.casefold().startswith(_SYNCHRONISED)), None)
    if name is None:
        return None
    return (
        f"The workspace lies in {name}, which is copied to other computers: people's data with it, and a "
        "journal that is written on two of them forgets what was sent. Move the workspace out of it."
    )


def shipped_mappings() -> tuple[Path, ...]:
    """Return the mappings that come with this program."""
    return tuple(sorted(shipped(MAPPINGS).glob("*.yaml")))


def shipped(name: str) -> Path:
    """Return a folder that comes with this program: installed, or in a checkout beside it."""
    installed = Path(__file__).parent / name
    return installed if installed.is_dir() else Path(__file__).parents[1] / name


def find_inputs(paths: Iterable[Path]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the files that paths name, and a sentence for each that is passed over.

    Folders are read one level deep; lock files of Excel, hidden files and older results workbooks in them are
    passed over.

    Raises:
        InputError: A path is not there, or a folder cannot be read.
    """
    files: dict[Path, Path] = {}
    passed: list[str] = []
    for path in paths:
        listed = _listed(path)
        names = {file.name for file in listed}
        for file in listed:
            if file != path and (reason := _passed_over(file.name, names)):
                passed.append(f"{file.name} was passed over: {reason}")
            else:
                files.setdefault(file.resolve(), file)
    return tuple(files.values()), tuple(passed)


def _listed(path: Path) -> list[Path]:
    try:
        if path.is_dir():
            return sorted(file for file in path.iterdir() if file.is_file())
    except OSError as error:
        raise InputError(f"The folder {path} cannot be read ({error.strerror}).") from error
    if not path.exists():
        raise InputError(
            f"There is no file or folder {path}.",
            hint="Check the name (one with blanks stands in quotes), then run the command again.",
        )
    return [path]


def _passed_over(name: str, names: Collection[str]) -> str | None:
    """Return why a file of a folder is no input; ``names`` are those of all its files."""
    if name.startswith("~$"):
        return f"it says that {name[2:]} is open in Excel. Save it there before you push it."
    if name.startswith(".") or name.casefold() in {"thumbs.db", "desktop.ini"}:
        return "it is a hidden file."
    kept = _KEPT_RE.fullmatch(name)
    if kept and kept[1] + kept[2] in names:
        return f"{kept[1]}{kept[2]} is newer."
    return None


def archive(file: Path, digest: str, folder: Path, now: dt.datetime) -> Path | None:
    """Move an imported file into the archive, with the time in its name; return where it is.

    ``digest`` is the SHA-256 of what was read. Another file that was saved under the name meanwhile stays: then
    ``None`` is returned.

    Raises:
        OSError: It cannot be moved (open in Excel, say).
    """
    if _digest(file) != digest:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    rest = f" {now:%Y-%m-%d %H-%M-%S}{file.suffix}"
    target = free_name(folder / (fitting(folder, file.stem, rest) + rest))
    try:
        move(file, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The archive lies on another disk: a file beside the target is moved instead.
        try:
            shutil.copy2(file, target)
            if same := _digest(target) == digest == _digest(file):
                file.unlink()
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        if not same:
            target.unlink()
        return target if same else None
    if _digest(target) == digest:
        return target
    # It was saved between the two looks. What nobody has read belongs into no archive.
    move(target, free_name(file))
    return None


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


LONGEST_NAME = 255
"""Bytes of a file name in UTF-8 that the usual file systems hold; on Windows UTF-16 units."""
LONGEST_PATH = 259
"""UTF-16 units of a path that programs on Windows hold."""


def fitting(folder: Path, stem: str, rest: str) -> str:
    """Return a stem, shortened where its name with ``rest`` behind would be too long.

    A shortened one ends in eight digits of its SHA-256, so that two stems never become one and one
    stem always becomes the same. Room is left for what is put before and behind later: the time of
    a kept workbook, the signs of a draft and of a lock file.
    """
    room = LONGEST_NAME
    if os.name == "nt":
        room = min(room, LONGEST_PATH - _length(str(folder.absolute())) - 1)
    room -= _length(rest) + _ROOM
    if _length(stem) <= room:
        return stem
    end = f"-{hashlib.sha256(stem.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    while stem and _length(stem + end) > room:
        stem = stem[:-1]
    return stem.rstrip() + end


_ROOM = 32


def _length(name: str) -> int:
    return units(name) if os.name == "nt" else len(os.fsencode(name))


def results_path(folder: Path, source: Path, kind: str, taken: Iterable[Path]) -> Path:
    """Return the name of a source's workbook: ``STEM-results.xlsx`` or ``STEM-checked.xlsx``.

    A results or checked workbook keeps the first stem. ``taken`` are names that other files of the run have.
    """
    stem = re.sub(r"(-checked)?(-results)?\Z", "", source.stem, count=1, flags=re.IGNORECASE)
    ending = source.suffix.replace(".", "-", 1)
    numbered = (f"{stem} ({number})" for number in itertools.count(2))
    stems = itertools.chain(dict.fromkeys([stem, stem + ending]), numbered)
    # Windows and macOS hold A.xlsx and a.xlsx for one file.
    used = {path.name.casefold() for path in taken}
    rest = f"-{kind}.xlsx"
    names = (fitting(folder, other, rest) + rest for other in stems)
    return folder / next(name for name in names if name.casefold() not in used)


_TYPES, _SANDBOX_TYPES = "user-types.json", "user-types-sandbox.json"


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


def keep_user_types(folder: Path, kept: KeptTypes, *, sandbox: bool = False) -> Path:
    """Keep user types, whole or not at all, readable by their owner alone; return where they are.

    Args:
        folder: The workspace, or where there is none the folder of the journal.
        kept: In OPSCOM's order.
        sandbox: Keeps them apart from those of the real OPSCOM.

    Raises:
        InputError: They could not be written; what was kept before stays.
    """
    path = folder / (_SANDBOX_TYPES if sandbox else _TYPES)
    pulled = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    text = json.dumps({"pulled": pulled, **asdict(kept)}, ensure_ascii=False, indent=1) + "\n"
    try:
        return write_whole(path, text)
    except OSError as error:
        raise InputError(
            f"The user types could not be kept in {path} ({error.strerror or error}).",
            hint="Make room or give the folder write permission, then run the command again.",
        ) from error


def kept_user_types(folder: Path, *, sandbox: bool = False) -> KeptTypes | None:
    """Return the user types that were pulled last; ``None`` where they never were.

    Raises:
        InputError: The file is damaged.
    """
    path = folder / (_SANDBOX_TYPES if sandbox else _TYPES)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        types = tuple(UserType(**each) for each in found["types"])
        return KeptTypes(str(found["host"]), str(found["client"]), types)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read.", hint="Run `opscom-import pull user-types` again."
        ) from error
