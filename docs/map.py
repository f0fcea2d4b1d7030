"""Write `docs/map.md`: every file with its job, as the first sentence of the file itself says it.

`python -m docs.map` (part of `make messages`); a test holds the page to be up to date.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "map.md"
FOLDERS = ("pages", "explorer", "benchmarks")
OPENING = """# Every file, and its job

Written by `python -m docs.map` from the files' own first sentences; the rooms stand in the README.
"""


def job(path: Path) -> str:
    """The first sentence of a file's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


def rows(folder: Path) -> list[str]:
    """A table of the files that lie in `folder` itself; none, if there is none."""
    found = [path for path in sorted(folder.glob("*.py")) if path.read_text(encoding="utf-8")]
    if not found:
        return []
    lines = [f"| [`{path.name}`](../{path.relative_to(ROOT)}) | {job(path)} |" for path in found]
    name = folder.relative_to(ROOT)
    return ["", f"## `{name}/`", "", "| file | job |", "|:--|:--|", *lines]


def page() -> str:
    """The whole page."""
    folders = [
        inner
        for name in FOLDERS
        for inner in (
            ROOT / name,
            *sorted(path for path in (ROOT / name).rglob("*") if path.is_dir()),
        )
    ]
    lines = [line for folder in folders for line in rows(folder)]
    return "\n".join([OPENING.rstrip(), *lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
