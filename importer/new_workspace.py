"""What ``init`` makes: folders, settings, mappings, a guide for the first day, and files to double-click."""

import base64
import os
import re
import shlex
import sys
from pathlib import Path

from importer.errors import InputError
from importer.workspace import (
    ARCHIVE,
    INBOX,
    MAPPINGS,
    RESULTS,
    SETTINGS_FILE,
    shipped,
    shipped_mappings,
)

SETTINGS_TEMPLATE = """\
# Settings of this office. Lines that begin with # are comments.
# The API token does not stand here: keep it with `opscom-import login`.

# host: https://controller.operationscommander.io   # where your OPSCOM is
# plate_host: https://plates.example                 # where plate validation is; it has no default
# client: OC_YOURS                                   # your client code, exactly as OPSCOM gave it
# token_file: token.txt                              # holds the API token and nothing else
# workers: 4                                         # rows under way at once
# rate: 10                                           # rows per second at most
# timeout: 60                                        # seconds for the answer to one row

# users:
#   required: [email, first_name, last_name]         # hold a row back where one of these is blank
"""

PAGE = "first-day.html"
_STYLE = (
    "body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}"
    "pre{background:#f3f3f3;padding:.7em 1em;overflow-x:auto}img{max-width:100%}"
    "td,th{border:1px solid #ccc;padding:.3em .7em;text-align:left}table{border-collapse:collapse}"
)

COMMANDS = ("Check", "Push", "Map")
"""Names of the files; in small letters the commands that they run."""
_ASK = "Drag the spreadsheet into this window, then press Enter: "

_WINDOWS = """\
@echo off
rem Runs opscom-import {command} in the folder that this file lies in.
chcp 65001 >nul
rem Where this is a network share, cmd gives it a letter until popd.
pushd "%~dp0"
{ask}"{python}" -m importer {command}{argument}
popd
echo.
pause
"""
_WINDOWS_ASK = """\
set "file=%~1"
if not defined file set /p "file={question}"
if defined file set "file=%file:"=%"
"""
_POSIX = """\
#!/bin/sh
# Runs opscom-import {command} in the folder that this file lies in.
cd "$(dirname "$0")" || exit 1
{ask}{python} -m importer {command}{argument}
printf '\\nPress Enter to close this window. '
read -r _
"""
_POSIX_ASK = """\
file=$1
if [ -z "$file" ]; then
  printf '{question}'
  # Without -r: a terminal writes the blanks of a name that is dragged into it with backslashes.
  # shellcheck disable=SC2162
  read file
  file=${{file# }}; file=${{file% }}; file=${{file#\\'}}; file=${{file%\\'}}
fi
"""


def make_workspace(
    folder: Path, *, system: str = sys.platform, python: str = sys.executable
) -> tuple[Path, ...]:
    """Make a workspace, never overwriting anything; return what was made.

    ``system`` is as ``sys.platform``: files to double-click are ``.cmd`` on Windows, ``.command`` on macOS, else
    ``.sh``. ``python`` is the one that this program is installed in.

    Raises:
        InputError: The folder cannot be made.
    """
    made = []
    try:
        for name in ("", INBOX, RESULTS, ARCHIVE, MAPPINGS):
            path = folder / name
            if not path.is_dir():
                path.mkdir(parents=True)
                made.append(path)
        texts = {SETTINGS_FILE: SETTINGS_TEMPLATE, PAGE: page()}
        for mapping in shipped_mappings():
            texts[f"{MAPPINGS}/{mapping.name}"] = mapping.read_text(encoding="utf-8")
        launchers = _launchers(system, python)
        for name, text in (texts | launchers).items():
            path = folder / name
            if not path.exists():
                path.write_text(text, encoding="utf-8", newline="")
                if name in launchers and os.name == "posix":
                    path.chmod(0o755)
                made.append(path)
    except OSError as error:
        raise InputError(
            f"The workspace {folder} cannot be made ({error.strerror}).",
            hint="Name a folder in which you may write.",
        ) from error
    return tuple(made)


def page() -> str:
    """Return the page; pictures stand in it, so that it can be copied anywhere."""
    from markdown_it import MarkdownIt

    folder = shipped("docs")
    text = (folder / "first-day.md").read_text(encoding="utf-8")
    body = MarkdownIt("commonmark").enable("table").render(text)
    # The other pages are not in a workspace.
    body = re.sub(r'<a href="[^"]*\.md[^"]*">(.*?)</a>', r"\1", body)
    body = re.sub(
        r'src="(pictures/first-day/[^"]+)"', lambda found: _inside(folder / found[1]), body
    )
    head = f'<meta charset="utf-8"><title>First day</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _inside(picture: Path) -> str:
    return f'src="data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"'


def _launchers(system: str, python: str) -> dict[str, str]:
    """Return the files to double-click on a system: name → text."""
    windows = system == "win32"
    ending = ".cmd" if windows else ".command" if system == "darwin" else ".sh"
    text, ask = (_WINDOWS, _WINDOWS_ASK) if windows else (_POSIX, _POSIX_ASK)
    quoted = python.replace("%", "%%") if windows else shlex.quote(python)
    made = {}
    for name in COMMANDS:
        file, asked = "", ""
        if name == "Map":
            file, asked = ' "%file%"' if windows else ' "$file"', ask.format(question=_ASK)
        content = text.format(command=name.lower(), python=quoted, ask=asked, argument=file)
        made[name + ending] = content.replace("\n", "\r\n") if windows else content
    return made
