"""How much is written here, and how well: `python -m benchmarks.lines [COMMIT]`.

Lines of the product's Python, of its boards (JavaScript with CSS), of the tests and of the rest;
functions, and for each the comments and docstrings that it has; beside a commit's, if one is named.
What others wrote (a folder `vendor`) does not count.
"""

import argparse
import ast
import io
import subprocess
import tarfile
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


class Kind(StrEnum):
    """Whose lines they are."""

    PYTHON = "Python of the product"
    BOARDS = "JavaScript and CSS"
    TESTS = "tests"
    OTHER = "benchmarks, checkpoints, docs"


ROOMS = {"app.py": Kind.PYTHON, "explorer": Kind.PYTHON, "pages": Kind.PYTHON, "tests": Kind.TESTS,
         "benchmarks": Kind.OTHER, "checkpoints": Kind.OTHER, "docs": Kind.OTHER}  # fmt: skip
SUFFIXES = {".py", ".js", ".css"}


@dataclass(frozen=True)
class File:
    """A file of ours: its name from the top folder, and what it says."""

    name: str
    text: str

    @property
    def kind(self) -> Kind:
        room = ROOMS[Path(self.name).parts[0]]
        boards = room is Kind.PYTHON and not self.name.endswith(".py")
        return Kind.BOARDS if boards else room

    @property
    def lines(self) -> int:
        return self.text.count("\n")


def ours(name: str) -> bool:
    """Whether a file of this name, from the top folder, is one that we write."""
    path = Path(name)
    return path.parts[0] in ROOMS and path.suffix in SUFFIXES and "vendor" not in path.parts


def counted(home: Path) -> list[File]:
    """Every file of ours in a folder."""
    every = (path.relative_to(home) for room in ROOMS for path in _below(home / room))
    return [File(str(path), (home / path).read_text("utf-8")) for path in every if ours(str(path))]


def _below(place: Path) -> Iterator[Path]:
    return place.rglob("*.*") if place.is_dir() else iter([place])


def at_commit(commit: str) -> list[File]:
    """Every file of ours as it was."""
    packed = subprocess.run(["git", "archive", commit], cwd=HERE, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        return [
            File(member.name, read.read().decode("utf-8"))
            for member in archive
            if member.isfile() and ours(member.name) and (read := archive.extractfile(member))
        ]


@dataclass(frozen=True)
class Written:
    """What Python files have: functions, lines with a comment, docstrings of functions."""

    functions: int
    comments: int
    docstrings: int


def written(files: Sequence[File]) -> Written:
    """Of all of them together."""
    functions = comments = docstrings = 0
    for file in files:
        nodes = [
            node
            for node in ast.walk(ast.parse(file.text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        functions += len(nodes)
        docstrings += sum(ast.get_docstring(node) is not None for node in nodes)
        tokens = tokenize.generate_tokens(io.StringIO(file.text).readline)
        comments += sum(token.type == tokenize.COMMENT for token in tokens)
    return Written(functions, comments, docstrings)


def rows(files: Sequence[File]) -> Iterator[tuple[str, float]]:
    """A name and a number each."""
    for kind in Kind:
        yield f"lines, {kind}", sum(file.lines for file in files if file.kind is kind)
    for kind in (Kind.PYTHON, Kind.TESTS):
        counts = written([f for f in files if f.kind is kind and f.name.endswith(".py")])
        yield f"functions, {kind}", counts.functions
        yield f"comments a function, {kind}", counts.comments / counts.functions
        yield f"docstrings a function, {kind}", counts.docstrings / counts.functions


def _number(n: float) -> str:
    return f"{n:,.2f}" if n % 1 else f"{n:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commit", nargs="?", help="counted beside what is here")
    commit = parser.parse_args().commit
    before = dict(rows(at_commit(commit))) if commit else {}
    for name, now in rows(counted(HERE)):
        then = before.get(name)
        change = f"{_number(then):>10} → " if then is not None else ""
        percent = f"  {100 * (now / then - 1):+.1f} %" if then else ""
        print(f"{name:<52}{change}{_number(now):>8}{percent}")


if __name__ == "__main__":
    main()
