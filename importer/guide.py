"""The guide for the first day, as a page of its own that any browser shows: text and pictures in one file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

PAGE = "first-day.html"
_TEXT = "first-day.md"
_STYLE = (
    "body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.5 sans-serif}"
    "pre{background:#f3f3f3;padding:.7em 1em;overflow-x:auto}img{max-width:100%}"
    "td,th{border:1px solid #ccc;padding:.3em .7em;text-align:left}table{border-collapse:collapse}"
)


def page() -> str:
    """Return the page; pictures stand in it, so that it can be copied anywhere."""
    from markdown_it import MarkdownIt

    folder = next(f for f in _places() if (f / _TEXT).is_file())
    text = (folder / _TEXT).read_text(encoding="utf-8")
    body = MarkdownIt("commonmark").enable("table").render(text)
    # The other pages are not in a workspace.
    body = re.sub(r'<a href="[^"]*\.md[^"]*">(.*?)</a>', r"\1", body)
    body = re.sub(
        r'src="(pictures/first-day/[^"]+)"', lambda found: _inside(folder / found[1]), body
    )
    head = f'<meta charset="utf-8"><title>First day</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _places() -> tuple[Path, ...]:
    """Return where the guide is: installed, or in a checkout beside the package."""
    return Path(__file__).parent / "docs", Path(__file__).parents[1] / "docs"


def _inside(picture: Path) -> str:
    return f'src="data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"'
