"""The README against the code: files, commands, pictures and packages are as it says."""

import re
import subprocess
import sys

from docs import map as files
from explorer.ui.entries import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
END = "-- end of a command --"
EVERY = f"""
import shlex, sys
from explorer.cli.main import main
for command in sys.argv[1:]:
    assert not main(shlex.split(command)), command
    print({END!r})
"""
MAP = README[README.index("## The map") : README.index("## Adding to it")]


def test_it_opens_with_one_sentence_one_picture_and_two_commands() -> None:
    title, sentence, picture, commands, *_rest = README.split("\n\n")
    assert title == "# Convscope"
    assert sentence.count(".") == 1
    assert picture.startswith("![")
    assert re.findall(r"make \w+", commands) == ["make run", "make test"]


def test_every_room_on_the_map_exists_and_every_room_is_on_it() -> None:
    listed = set(re.findall(r"`((?:explorer|pages)/[^`]*|app\.py)`", MAP))
    assert all((ROOT / name).exists() for name in listed), "a room on the map is gone"
    folders = {
        f"{path.relative_to(ROOT)}/"
        for path in (ROOT / "explorer").iterdir()
        if (path / "__init__.py").exists()
    }
    assert folders - listed == set(), "write its job on the map in the README"


def test_every_file_has_its_job_on_the_page_of_files() -> None:
    assert files.page() == files.PAGE.read_text(encoding="utf-8"), "run `python -m docs.map`"
    assert not re.search(r"\|  \|$", files.page(), re.MULTILINE), "a file does not say its job"


def test_every_picture_exists() -> None:
    pictures = re.findall(r'(?:\]\(|src=")(docs/[^")]+)', README)
    assert len(pictures) >= 5
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets


def test_every_package_is_pinned_and_earns_a_line() -> None:
    pinned = re.findall(r"^([\w-]+)==\d\S+$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    table = README[README.index("## What it stands on") :]
    assert pinned
    assert all(f"| {name} |" in table for name in pinned)


def test_every_command_line_runs() -> None:
    """One process for all of them: each would spend most of its time on importing torch."""
    commands = re.findall(r"^\.venv/bin/python -m explorer ((?:list|layers).*)$", README, re.M)
    assert len(commands) >= 4
    done = subprocess.run(
        [sys.executable, "-c", EVERY, *commands],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split(END)[:-1]
    assert len(answers) == len(commands)
    assert all(answer.strip() for answer in answers)
