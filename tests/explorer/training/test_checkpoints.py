"""Checkpoints: weights come back as they were, and what is no checkpoint is noticed."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from explorer import networks
from explorer.networks.registry import Value
from explorer.training import checkpoints
from explorer.training.checkpoints import Card
from tests.processes import ended
from tests.serving import ROOT

CARD = Card(
    network="lenet",
    options={"activation": "relu", "pooling": "avg", "in_channels": 1, "num_classes": 10},
    dataset="fashion_mnist",
    classes=("t-shirt", "trouser"),
    size=28,
    recipe={"network": "lenet", "learning_rate": 0.001},
    epoch=3,
    test_accuracy=0.8125,
    state={"step": 705, "seconds": 12.5},
    date="2026-01-02T03:04:05+00:00",
)


def weights(seed: int = 0) -> dict[str, Tensor]:
    """A LeNet's, under the names that they have in a checkpoint."""
    torch.manual_seed(seed)
    network = networks.get("lenet").build(activation="relu")
    return {f"network.{name}": tensor for name, tensor in network.state_dict().items()}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "7" / "lenet.safetensors"  # folders that are made then
    checkpoints.save(path, weights(), CARD)
    return path


# There and back


def test_tensors_of_any_layout_and_every_type_and_the_card_come_back(tmp_path: Path):
    state = weights() | {
        "network.conv2.weight": torch.rand(16, 6, 5, 5).to(memory_format=torch.channels_last),
        "network.fc3.weight": torch.rand(84, 10).T,
        "network.fc3.bias": torch.rand(10).bfloat16(),
        "optimizer.step": torch.tensor(7),
        "rng.cpu": torch.get_rng_state(),
    }
    path = tmp_path / "state"
    checkpoints.save(path, state, CARD)
    tensors, card = checkpoints.load(path)
    assert tensors.keys() == state.keys()
    assert all(torch.equal(tensors[name], tensor) for name, tensor in state.items())
    assert all(tensors[name].dtype == tensor.dtype for name, tensor in state.items())
    assert replace(card, sha256="") == CARD
    assert len(card.sha256) == 64
    assert checkpoints.read_card(path) == card


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("lenet", CARD.options),
        ("torchvision/squeezenet1_1", {"in_channels": 1, "num_classes": 10}),
    ],
)
def test_a_network_answers_as_before_and_its_building_draws_no_random_numbers(
    name: str, options: Mapping[str, Value], tmp_path: Path
):
    before = networks.get(name).build(**options).eval()
    state = {f"network.{key}": value for key, value in before.state_dict().items()}
    checkpoints.save(tmp_path / "file", state, Card(name, options))
    tensors, card = checkpoints.load(tmp_path / "file")
    torch.manual_seed(5)
    pictures = torch.rand(4, 1, 28, 28)
    torch.manual_seed(5)
    after = checkpoints.build(card, tensors)
    assert torch.equal(pictures, torch.rand(4, 1, 28, 28))
    assert torch.equal(after(pictures), before(pictures))
    assert not after.training


def test_the_same_weights_and_card_make_the_same_bytes(saved: Path, tmp_path: Path):
    other = tmp_path / "again.safetensors"
    mixed = dict(reversed(weights().items()))
    checkpoints.save(other, mixed, replace(CARD, options=dict(reversed(CARD.options.items()))))
    assert other.read_bytes() == saved.read_bytes()


def test_others_can_read_the_file(saved: Path):
    with safe_open(saved, framework="numpy") as file:
        assert list(file.metadata()) == ["card"]
        assert json.loads(file.metadata()["card"])["network"] == "lenet"
        assert file.get_tensor("network.conv1.weight").shape == (6, 1, 5, 5)


def test_the_commit_is_the_repositorys_own():
    git = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False,
        cwd=ROOT / "tests",
    )  # fmt: skip
    if git.returncode:
        assert checkpoints.commit() == ""
    else:
        assert checkpoints.commit() == git.stdout.strip()


# What is no checkpoint


def refused(path: Path, words: str) -> None:
    for read in (checkpoints.load, checkpoints.read_card):
        with pytest.raises(ValueError, match=words):
            read(path)


def test_a_file_that_is_not_there(tmp_path: Path):
    refused(tmp_path / "none", "cannot be read")
    refused(tmp_path, "cannot be read")


@pytest.mark.parametrize("card", ["", "[]", "{}", '"lenet"', '{"network": "lenet"}'])
def test_a_card_that_says_nothing(card: str, tmp_path: Path):
    path = tmp_path / "file"
    save_file(weights(), path, {"card": card})
    refused(path, "no card that says what it is")


@pytest.mark.parametrize(
    ("facts", "change", "words"),
    [
        (
            {},
            lambda t: t.pop("network.fc3.bias"),
            r"fc3\.bias is missing, but the network needs 10",
        ),
        ({}, lambda t: t.update({"network.extra": torch.ones(3)}), "extra is 3, .* needs missing"),
        (
            {},
            lambda t: t.update({"network.conv1.weight": torch.ones(6, 3, 5, 5)}),
            r"conv1\.weight is 6 × 3 × 5 × 5, but the network needs 6 × 1 × 5 × 5",
        ),
        ({}, lambda t: t.clear(), "is missing"),
        ({"network": "letnet"}, None, "no network “letnet”"),
        ({"options": {"depth": 3}}, None, "no option “depth”"),
    ],
)
def test_weights_of_another_network(
    facts: dict[str, Any], change: Callable[[dict[str, Tensor]], object] | None, words: str
):
    tensors = weights()
    if change:
        change(tensors)
    with pytest.raises(ValueError, match=words):
        checkpoints.build(replace(CARD, **facts), tensors)


# Writing


def test_a_folder_that_cannot_be_written_to(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(ValueError, match="could not be written"):
        checkpoints.save(blocked / "lenet", weights(), CARD)


def test_a_disk_that_is_full_harms_nothing(saved: Path):
    """In a process whose files may not grow beyond a little: the system's own refusal."""
    before = saved.read_bytes()
    script = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from tests.explorer.training.test_checkpoints import CARD, weights
from explorer.training import checkpoints
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    checkpoints.save(Path({str(saved)!r}), weights(1), CARD)
except ValueError as error:
    print(error)
"""
    done = ended("-c", script, OMP_NUM_THREADS="1")
    assert "could not be written" in done.stdout, done.stderr[-1000:]
    assert saved.read_bytes() == before
    assert [each.name for each in saved.parent.iterdir()] == [saved.name]
