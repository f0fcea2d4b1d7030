"""What the tests of visitors share: browsers, limits, runs of theirs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from explorer.base import access
from explorer.base.access import IN_CLASS, Rules, Visitor, teachers
from explorer.runs import Run, Status, store
from explorer.server import owner_cookie
from explorer.training.recipes import as_json
from explorer.ui.entries import entry
from tests.run_processes import SHORT

DATA, NEW_RUN, RUNS = (entry(url).state for url in ("data", "new-run", "runs"))
KEY = "correct horse battery"
HASH = teachers.hash_key(KEY)
ANNA, BERT = owner_cookie.new_cookie(), owner_cookie.new_cookie()
AS_ANNA = Visitor(access.owner_of(ANNA), teacher=False, limits=IN_CLASS)


@dataclass
class Browser:
    """What Streamlit knows of the connection that a page is drawn for."""

    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    remote_ip: str = "192.0.2.7"

    def be(self, cookie: str) -> None:
        self.cookies = {owner_cookie.NAME: cookie}


def share(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Start the server for a class anew, with other options."""
    rules = Rules(shared=True, limits=IN_CLASS, key=HASH)
    environment = replace(rules, **changes).environment()
    monkeypatch.setenv(access.VARIABLE, environment[access.VARIABLE])


def stored_run(name: str = "LeNet", who: Visitor = AS_ANNA, status: Status | None = None) -> Run:
    """A run in the store that no process works on."""
    number = store.add(json.dumps(as_json(SHORT)), name, "nowhere", visitor=who)
    if status:
        assert store.move(number, tuple(Status), status)
    return store.get(number)
