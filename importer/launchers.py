"""Files to double-click in a workspace, for people who never open a terminal."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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


def make_launchers(
    folder: Path, *, system: str = sys.platform, python: str = sys.executable
) -> tuple[Path, ...]:
    """Write the files of this system into a workspace, never over anything; return what was made.

    ``system`` is as ``sys.platform``: ``.cmd`` for Windows, ``.command`` for macOS, else ``.sh``. ``python`` is
    the one that this program is installed in.

    Raises:
        OSError: They cannot be written.
    """
    windows = system == "win32"
    ending = ".cmd" if windows else ".command" if system == "darwin" else ".sh"
    text, ask = (_WINDOWS, _WINDOWS_ASK) if windows else (_POSIX, _POSIX_ASK)
    file = ' "%file%"' if windows else ' "$file"'
    made = []
    for name in COMMANDS:
        path, command = folder / f"{name}{ending}", name.lower()
        if path.exists():
            continue
        takes_file = command == "map"
        content = text.format(
            command=command,
            python=python.replace("%", "%%") if windows else shlex.quote(python),
            ask=ask.format(question=_ASK) if takes_file else "",
            argument=file if takes_file else "",
        )
        path.write_text(content, encoding="utf-8", newline="\r\n" if windows else "\n")
        if not windows and os.name == "posix":
            path.chmod(0o755)
        made.append(path)
    return tuple(made)
