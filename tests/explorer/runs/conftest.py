"""A store of its own for each test, without hosts: runs stay in the queue."""

from pathlib import Path

import pytest

from explorer.base import storage
from explorer.runs.engines.local import processes


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices for which local hosts are to be there; none is started."""
    names: list[str] = []
    monkeypatch.setattr(processes, "wake", names.append)
    return names


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, woken: list[str]) -> Path:
    """A folder of its own. No host is started here."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    return tmp_path
