"""What is installed: every package by name and exact version, on whatever machine."""

import re
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from explorer.ui.entries import ROOT

SETUP = {"pip", "setuptools", "wheel"}  # a virtual environment brings its own


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if re.match(r"\w", line)]


def pinned(name: str) -> dict[str, str]:
    parsed = [line.split("==") for line in lines(name)]
    return {canonicalize_name(package): version for package, version in parsed}


def brought(names: set[str]) -> set[str]:
    """These packages and all that they ask for on this machine, however indirectly."""
    every: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name in every or name in SETUP:
            continue
        every.add(name)
        for text in distribution(name).requires or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                todo.append(canonicalize_name(needed.name))
    return every


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_all_that_the_requirements_bring_has_its_exact_version(name: str):
    constraints = pinned("constraints.txt")
    needed = brought(set(pinned(name)))
    assert needed - constraints.keys() == set(), "run `make constraints`"
    installed = {each: Version(distribution(each).version).public for each in needed}
    assert installed == {each: constraints[each] for each in needed}


def test_the_constraints_agree_with_the_pins_and_name_no_build():
    constraints = pinned("constraints.txt")
    pins = pinned("requirements.txt") | pinned("requirements-dev.txt")
    assert {name: constraints[name] for name in pins} == pins
    assert not [version for version in constraints.values() if "+" in version]
