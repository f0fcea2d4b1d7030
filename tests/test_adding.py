"""`docs/adding.md`, followed to the letter in a copy of the project: what is added is there."""

import re
import shutil
from pathlib import Path

import pytest

from tests.processes import printed
from tests.serving import ROOT

GUIDE = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^(?:New file `(?P<new>[^`]+)`|In `(?P<old>[^`]+)`, `(?P<before>[^`]+)` becomes):\n\n"
    r"```python\n(?P<text>.*?)```$",
    re.MULTILINE | re.DOTALL,
)
CHANGED = ("explorer", "pages", "tests")
ADDED = ("dilation", "lenet1", "bars", "gradient_times_input")
CONTRACTS = (
    "tests/added_things.py",
    "tests/pages/learn/test_links.py",
    "tests/explorer/networks/test_networks.py",
    "tests/explorer/data/test_datasets.py",
    "tests/explorer/inside/test_attribution.py",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with all that the guide adds."""
    copy = tmp_path_factory.mktemp("copy")
    for each in ROOT.iterdir():
        if each.name in CHANGED:
            shutil.copytree(each, copy / each.name)
        elif each.name not in {".git", "local", "build"}:
            (copy / each.name).symlink_to(each)
    for step in STEP.finditer(GUIDE):
        follow(copy, step)
    return copy


def follow(copy: Path, step: re.Match[str]) -> None:
    path = copy / (step["new"] or step["old"])
    if step["new"]:
        assert not path.exists()
        path.parent.mkdir(exist_ok=True)
        path.write_text(step["text"], encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    assert step["before"] in text, path
    after = step["text"].removesuffix("\n")
    path.write_text(text.replace(step["before"], after, 1), encoding="utf-8")


def test_every_code_in_the_guide_is_a_step():
    assert len(STEP.findall(GUIDE)) == GUIDE.count("```python") == GUIDE.count(":\n\n```")


def test_what_is_added_has_the_projects_style(copy: Path):
    written = [step["new"] or step["old"] for step in STEP.finditer(GUIDE)]
    for command in (["check"], ["format", "--check"]):
        printed("-m", "ruff", *command, *written, home=copy)


def test_it_is_in_the_frame_the_pickers_the_command_line_and_the_contracts(
    copy: Path, tmp_path: Path
):
    """One process for all: its own tests (`added_things`), and those that walk what there is."""
    out = printed(
        *("-m", "pytest", "-v", "-p", "no:cacheprovider", *CONTRACTS, "-m", "not browser"),
        *("-k", " or ".join(("added_things", *ADDED))),
        home=copy, CONVSCOPE_HOME=str(tmp_path),
    )  # fmt: skip
    for name in ADDED:
        assert re.search(rf"\[(\w+-)*{name}(-\w+)*\] PASSED", out), f"{name} is not walked"
