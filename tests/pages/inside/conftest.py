"""What the tests of the pages that look into networks share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.inside.compare import computation
from tests.shipped_weights import empty_folder


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of shipped weights, in an empty home."""
    with empty_folder(tmp_path, monkeypatch) as folder:
        yield folder
        for task in computation._ALONE.tasks:  # nothing is counted or timed any more
            task.stop()
            assert task.wait(30)
