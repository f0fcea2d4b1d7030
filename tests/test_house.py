"""The house's rules that no linter knows: sizes of files, folders and rooms; what stands alone."""

import ast
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.lines import HERE, Kind, counted
from tests.processes import printed
from tests.serving import ROOT

FILES_IN_A_FOLDER = 30
LARGEST_ROOM = 0.25  # of the house
LINES = {Kind.PYTHON: 350, Kind.BOARDS: 350, Kind.OTHER: 350, Kind.TESTS: 500}
HOUSE = counted(HERE)


def test_no_file_is_longer_than_a_reader_keeps_in_mind():
    long = {file.name: file.lines for file in HOUSE if file.lines > LINES[file.kind]}
    assert not long


def test_no_folder_has_more_files_than_a_reader_overlooks():
    folders = Counter(str(Path(file.name).parent) for file in HOUSE)
    assert not {name: n for name, n in folders.items() if n > FILES_IN_A_FOLDER}


# A noun names a thing; these could name any.
NO_NAMES = set(
    "asked came chosen found gave given gone kept known made meant said says seen shown taken "
    "tells there told wanted".split()
)


def identifiers(tree: ast.Module) -> Iterator[str]:
    """What a module defines: classes, functions, their parameters, names that are set."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.arg(arg=name)
                | ast.Name(id=name, ctx=ast.Store())
                | ast.Attribute(attr=name, ctx=ast.Store())
            ):
                yield name


def test_names_are_nouns_of_the_field():
    modules = [file for file in HOUSE if file.name.endswith(".py")]
    names = ((file.name, name) for file in modules for name in identifiers(ast.parse(file.text)))
    assert not {(file, name) for file, name in names if name.strip("_") in NO_NAMES}


def test_no_file_is_hidden_from_git_and_so_from_linters():
    names = "\n".join(file.name for file in HOUSE)
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    hidden = subprocess.run(
        command, cwd=HERE, input=names, capture_output=True, text=True, check=False
    )
    assert (hidden.returncode, hidden.stdout) == (1, "")  # none of them is ignored


def test_no_room_is_half_of_the_house():
    rooms: Counter[str] = Counter()
    for file in HOUSE:
        if file.kind in {Kind.PYTHON, Kind.BOARDS}:
            rooms["/".join(Path(file.name).parts[:2])] += file.lines
    assert len(rooms) > 15
    assert not {
        name: lines for name, lines in rooms.items() if lines > LARGEST_ROOM * rooms.total()
    }


def test_the_runs_host_reaches_no_torch():
    code = "import sys, explorer.runs.engines.local.host; print(*sys.modules)"
    loaded = set(printed("-W", "error", "-c", code).split())
    assert "explorer.runs.engines.local.host" in loaded
    assert not loaded & {"torch", "torchvision", "streamlit", "plotly"}


EVERY_ROOM = """
import importlib, pathlib, sys
for path in sorted(pathlib.Path("explorer").rglob("*.py")):
    name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    if not name.startswith("explorer.ui") and name != "explorer.__main__":
        importlib.import_module(name)
print("streamlit" in sys.modules)
"""
COMMANDS = """
from explorer.__main__ import main
assert not main(["list"])
assert not main(["layers", "lenet"])
"""


def test_explorer_is_usable_without_pages(tmp_path: Path):
    """Its rooms, which do without Streamlit, too, and its command line."""
    shutil.copytree(ROOT / "explorer", tmp_path / "explorer")
    assert printed("-W", "error", "-c", EVERY_ROOM, home=tmp_path) == "False\n"
    out = printed("-W", "error", "-c", COMMANDS, home=tmp_path)
    assert "resnet18" in out
    assert "Conv2d" in out
