"""What the tests of data sets and pictures share."""

from pathlib import Path

import pytest

from explorer.base import storage
from explorer.data.datasets import idx


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for everything that the program keeps, and no Debian package."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    monkeypatch.setattr(idx, "DEBIAN", tmp_path / "no such package")
    return tmp_path
