"""Fixtures that the tests of this folder share."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime import context

from explorer.base.access import teachers
from explorer.runs import Status, store
from explorer.training import recipes
from explorer.training.recipes import Recipe
from explorer.ui import visitor
from tests.journeys.visitors import Browser, share
from tests.run_processes import folder
from tests.serving import ROOT, Served, mortal


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with folder(tmp_path):
        yield tmp_path


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that the tests of a file share: what is trained there for one is there for all."""
    with folder(tmp_path_factory.mktemp("workshop")) as place:
        yield place


@pytest.fixture(scope="module")
def served(workshop: Path) -> Iterator[Served]:
    """The server of that folder; one that a test may kill."""
    with mortal(ROOT, workshop / "server.log") as running:
        yield running


@pytest.fixture(scope="module")
def server(served: Served) -> str:
    return served.address


@pytest.fixture
def browser_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A class's server, asked by one browser after the other."""
    browser = Browser()
    share(monkeypatch)
    monkeypatch.setattr(context, "_get_client_context", lambda: browser)
    monkeypatch.setattr(visitor, "_throttle", teachers.Throttle())
    return browser


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A store of two runs that were never begun."""
    with folder(tmp_path_factory.mktemp("home")):
        for network in ("lenet", "bn_lenet"):
            number = store.add(json.dumps(recipes.as_json(Recipe(network))), network, "cpu")
            assert store.move(number, [Status.QUEUED], Status.STOPPED)
        yield
