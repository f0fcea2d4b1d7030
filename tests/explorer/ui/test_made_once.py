"""What is the same for every visitor and every click is made once, and anew when it changes."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.training import checkpoints
from explorer.training.checkpoints import Card
from explorer.ui import entries, language_picker
from pages.learn.convolution import photo
from tests.opened_pages import opened


class Counted:
    """A function that counts how often it is called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *given: Any) -> Any:
        self.calls += 1
        return self.function(*given)


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> Counted:
    found = Counted(getattr(owner, name))
    monkeypatch.setattr(owner, name, found)
    return found


def test_the_readers_language_is_looked_up_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened("pooling")
    lookups = counted(monkeypatch, language_picker, "_of_browser")
    for run in (1, 2):
        at.run()
        assert lookups.calls == run


def test_definitions_and_photographs_are_made_at_the_first_visit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo._ours.cache_clear()
    opened("convolution")
    read = counted(monkeypatch, inspect, "getsource")
    convolved = counted(monkeypatch, photo, "convolve")
    again = opened("convolution")
    assert read.calls == convolved.calls == 0
    again.number_input(key="conv_dilation").set_value(2).run()
    assert convolved.calls == 1


def test_the_list_of_pages_is_made_once() -> None:
    opened("pooling")
    made = entries.translated.cache_info().misses
    opened("batch-norm")
    assert entries.translated.cache_info().misses == made


def test_a_card_is_read_once_as_long_as_its_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.safetensors"
    checkpoints.save(path, {"network.weight": torch.zeros(2, 2)}, Card("lenet", {}, epoch=1))
    reads = counted(monkeypatch, checkpoints, "_card")
    assert checkpoints.read_card(path) is checkpoints.read_card(path)
    assert reads.calls == 1
    checkpoints.save(path, {"network.weight": torch.zeros(2, 2)}, Card("lenet", {}, epoch=2))
    assert checkpoints.read_card(path).epoch == 2
