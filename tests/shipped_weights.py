"""Weights that a test ships: an empty folder for them, networks that lie in it, and forgetting."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from torch import nn

from explorer import weights
from explorer.base.cache import SizedCache
from explorer.base.tasks import Pool, SharedTasks
from explorer.data import datasets
from explorer.inside.comparison import Answers
from explorer.networks import NetworkSpec, get
from explorer.training import checkpoints
from explorer.training.checkpoints import NETWORK, Card

Kind = TypeVar("Kind")


@contextmanager
def empty_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home, and an empty folder of shipped weights; what was kept is forgotten then."""
    monkeypatch.setenv("CONVSCOPE_HOME", str(home / "home"))
    monkeypatch.setattr(weights, "FOLDER", home / "checkpoints")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(home / "hub"))
    (home / "checkpoints").mkdir()
    yield home / "checkpoints"
    for pool in _every(Pool):
        for task in pool.tasks:
            task.stop()
            assert task.wait(30)
    forget()


def forget(*, tasks: bool = True) -> None:
    """As if much else had been looked at since: no cache keeps anything, no task is known.

    Without `tasks` those that somebody holds go on.
    """
    for cache in _every(SizedCache):
        cache.clear()
    for shared in _every(SharedTasks):
        (shared if tasks else shared._cache).clear()


def _every(kind: type[Kind]) -> Iterator[Kind]:
    """All of this kind that modules of ours have."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("explorer.", "pages.")):
            yield from (each for each in vars(module).values() if isinstance(each, kind))


def digit_answers(network: nn.Module) -> Answers:
    """What it says to all test pictures of the digits, in one go."""
    split = datasets.load("digits").test
    with torch.no_grad():
        pictures = nn.functional.interpolate(split.pictures, (28, 28), mode="bilinear") / 255
        best = network(pictures).softmax(1).max(1)
    return Answers(best.indices, best.values, split.labels)


def ship(
    folder: Path,
    name: str,
    network: nn.Module,
    dataset: str = "digits",
    file: str = "",
    **facts: Any,
) -> nn.Module:
    """Save it as weights that `name` learned from `dataset`, shipped with the program."""
    card = Card(
        name, dataset=dataset, classes=datasets.get(dataset).classes,
        **{"options": get(name).resolve(), "size": 28, "epoch": 3, "test_accuracy": 0.5, **facts},
    )  # fmt: skip
    tensors = {NETWORK + key: value for key, value in network.state_dict().items()}
    checkpoints.save(folder / f"{file or name}{weights.SUFFIX}", tensors, card)
    return network.requires_grad_(requires_grad=False)


def trained(
    folder: Path, name: str = "lenet", dataset: str = "digits", file: str = ""
) -> nn.Module:
    """A network with weights that no seed gives, shipped as `name`."""
    architecture = get(name)
    network = architecture.build(**architecture.resolve()).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.linspace(-0.5, 0.5, parameter.numel()).view(parameter.shape))
    return ship(folder, name, network, dataset, file)


def untrained(name: str = "lenet", seed: int = 0) -> nn.Module:
    """The network that pages show as `untrained:<seed>`."""
    return weights.load(NetworkSpec.parse(name), f"untrained:{seed}")
