"""README and docs against the code: files, links, commands, options, numbers, packages, terms."""

import argparse
import ast
import re
from functools import cache
from pathlib import Path

import pytest

from benchmarks import course_accuracy, short_runs
from docs import map as files
from explorer import networks
from explorer.cli import access_options
from explorer.server.serve import add_arguments
from explorer.training.recipes.course import CURVES
from explorer.ui.entries import PAGES, ROOT
from tests.processes import printed
from tests.test_house import identifiers

PAPERS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
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


def test_it_is_short_and_names_every_page() -> None:
    assert README.count("\n") <= 150
    titles = [page.title for page in PAGES if page.url]
    assert [title for title in titles if f"*{title}*" not in README] == []


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


def _anchors(text: str) -> set[str]:
    """What a page's headings are linked by, as GitHub makes it of their words."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{name}" for name in sorted(PAPERS))])
def test_every_link_leads_somewhere_and_every_module_that_is_run_exists(name: str) -> None:
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    for module in set(re.findall(r"python -m ([\w.]+)", text)):
        file = ROOT / module.replace(".", "/")
        assert file.with_suffix(".py").exists() or (file / "__main__.py").exists(), module
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if not link.startswith("https://"):
            file, _hash, anchor = link.partition("#")
            target = path.parent / file
            assert target.exists(), link
            assert not anchor or anchor in _anchors(target.read_text(encoding="utf-8")), link


def test_the_tour_has_pictures_and_every_picture_is_in_it() -> None:
    pictures = set(re.findall(r"\]\(docs/screenshots/([^)]+)", README))
    assert {path.name for path in (ROOT / "docs" / "screenshots").iterdir()} - pictures <= {
        "home.png"
    }
    assert len(pictures) >= 5


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets


def test_every_package_is_pinned_and_earns_a_line() -> None:
    pinned = re.findall(r"^([\w-]+)==\d\S+$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    table = PAPERS["dependencies.md"]
    assert pinned
    assert all(f"| {name} |" in table for name in pinned)


def test_every_option_of_a_class_is_told_with_its_default() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    access_options.add_arguments(parser)
    rows = "\n".join(re.findall(r"^\| `--.*", PAPERS["class.md"], re.MULTILINE))
    flags = {flag for action in parser._actions for flag in action.option_strings}
    assert set(re.findall(r"--[a-z-]+", rows)) == flags
    defaults = dict(re.findall(r"^\| `(--[a-z-]+) .*\| ([\d.]+) \|$", rows, re.MULTILINE))
    for flag, (name, unit, _meaning) in access_options._LIMITS.items():
        assert defaults[flag] == f"{getattr(access_options.IN_CLASS, name) / unit:g}", flag


def test_the_courses_numbers_are_its_own_and_every_seed_is_judged_by_its_accuracies() -> None:
    course = list(CURVES["bn_lenet", 32].test_accuracy)
    rows = re.findall(
        r"^\| (course|seed \d+) \| ([\d. ]+) \|.*$", PAPERS["course.md"], re.MULTILINE
    )
    assert len(rows) == 16
    for name, accuracies in rows:
        values = [float(each) for each in accuracies.split()]
        assert course_accuracy.row(name, values, course[-1]) in PAPERS["course.md"]
        assert name != "course" or values == course
    assert f"the course {CURVES['lenet', 256].test_accuracy[-1]}" in PAPERS["course.md"]


def test_every_network_that_was_measured_is_one_and_every_short_run_is_told() -> None:
    firsts = re.findall(
        r"^\| (?:\*without bfloat16:\* )?([a-z]\w+(?:/\w+)?)\b", PAPERS["benchmarks.md"], re.M
    )
    names = {name for name in firsts if name not in {"network", "visitors", "run", "all"}}
    assert len(names) >= 8
    assert names <= set(networks.names())
    short = re.findall(r"^\| ([a-z]+\d*)(?: \(.*\))? \| \d+ \|", PAPERS["course.md"], re.MULTILINE)
    assert short == list(short_runs.RUNS)


TERM = re.compile(r"^\| ([^|`]+) \| [^|]+ \| `([\w/]+)` `(\w+)` \|$", re.MULTILINE)


@cache
def _defined(room: str) -> frozenset[str]:
    paths: list[Path] = sorted((ROOT / room).rglob("*.py"))
    modules = {path.stem for path in paths} | {path.parent.name for path in paths}
    names = (name for path in paths for name in identifiers(ast.parse(path.read_text("utf-8"))))
    return frozenset(modules.union(names))


def test_every_term_has_one_meaning_and_its_name_in_the_code() -> None:
    glossary = PAPERS["glossary.md"]
    terms = TERM.findall(glossary)
    rows = re.findall(r"^\| (?!term )[^|]+ \|.*$", glossary, re.MULTILINE)
    assert len(terms) == len(rows) >= 50, "a row is not of the form term, meaning, code"
    names = [term for term, _room, _name in terms]
    assert len(set(names)) == len(names), "a term has two meanings"
    assert [(term, name) for term, room, name in terms if name not in _defined(room)] == []


def test_every_command_line_runs() -> None:
    """One process for all of them: each would spend most of its time on importing torch."""
    commands = re.findall(r"^\.venv/bin/python -m explorer ((?:list|layers).*)$", README, re.M)
    assert len(commands) >= 4
    answers = printed("-c", EVERY, *commands).split(END)[:-1]
    assert len(answers) == len(commands)
    assert all(answer.strip() for answer in answers)


def test_what_a_stranger_tried_is_tried_by_the_test_that_is_named() -> None:
    named = re.findall(r"`((?:[\w/]+/)?[\w]+\.py)(?:::(\w+)[^`]*)?`", PAPERS["strangers.md"])
    assert len(named) > 60
    for path, test in named:
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"
