"""Write `docs/map.md`: every file with its job, as the first sentence of the file itself says it.

`python -m docs.map` (part of `make messages`); a test holds the page to be up to date.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from explorer.ui.entries import PAGES, ROOT, Entry

PAGE = ROOT / "docs" / "map.md"
FOLDERS = ("explorer", "benchmarks")
OPENING = """# Every page, every file, and its job

Written by `python -m docs.map` from the pages' entries and the files' own first sentences; the
rooms stand in the README.
"""


def job(path: Path) -> str:
    """The first sentence of a file's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


def table(folder: Path) -> list[str]:
    """A table of the files that lie in `folder` itself; none, if there is none."""
    paths = [path for path in sorted(folder.glob("*.py")) if path.read_text(encoding="utf-8")]
    rows = [f"| [`{path.name}`](../{path.relative_to(ROOT)}) | {job(path)} |" for path in paths]
    return ["", "| file | job |", "|:--|:--|", *rows] if rows else []


def of_page(page: Entry) -> Iterator[str]:
    """A page: its section and title, its question, its folder and address, its files."""
    yield from ("", f"## {page.section}{': ' if page.section else ''}{page.title}", "")
    yield f"{page.question} In `pages/{page.folder}/`, at the address `/{page.url}`."
    yield from table(page.path.parent)


def of_room(folder: Path) -> Iterator[str]:
    """A folder of the engine and all below it, each with its files."""
    for inner in (folder, *sorted(path for path in folder.rglob("*") if path.is_dir())):
        if lines := table(inner):
            yield from ("", f"## `{inner.relative_to(ROOT)}/`", *lines)


def page() -> str:
    """The whole page."""
    pages = [line for each in PAGES for line in of_page(each)]
    rooms = [line for name in FOLDERS for line in of_room(ROOT / name)]
    return "\n".join([OPENING.rstrip(), *pages, *rooms, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
