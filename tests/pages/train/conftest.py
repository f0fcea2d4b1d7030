"""Fixtures that the tests of this folder share."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from explorer import runs
from explorer.base import device
from explorer.runs import Status
from tests.run_processes import SHORT, folder, over


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """Two runs that have ended, with different learning rates."""
    with folder(tmp_path_factory.mktemp("home")):
        numbers = [runs.launch(SHORT), runs.launch(replace(SHORT, learning_rate=0.01, seed=7))]
        assert [over(number).status for number in numbers] == [Status.FINISHED] * 2
        yield numbers


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[None]:
    """No run was ever launched."""
    with folder(tmp_path):
        yield


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU to choose, as torch would tell of it."""
    gpu = device.Device("cuda:0", "cuda", "NVIDIA H200", 141 * 10**9)
    monkeypatch.setattr(device, "_accelerators", lambda: iter([gpu]))
