"""A store of its own for each test, without hosts: runs stay in the queue."""

from pathlib import Path

import pytest

from explorer.base import storage
from explorer.runs.engines.local import processes


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own. No host is started here."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    monkeypatch.setattr(processes, "wake", lambda _device: None)
    return tmp_path
