"""Checkpoints: weights come back as they were, and what is no checkpoint is noticed."""

import json
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from explorer import networks
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
    path = tmp_path / "lenet.safetensors"
    checkpoints.save(path, weights(), CARD)
    return path


# There and back


def test_tensors_and_card_come_back(saved: Path):
    tensors, card = checkpoints.load(saved)
    assert tensors.keys() == weights().keys()
    assert all(torch.equal(tensors[name], tensor) for name, tensor in weights().items())
    assert replace(card, sha256="") == CARD
    assert len(card.sha256) == 64
    assert checkpoints.read_card(saved) == card


def test_the_network_answers_as_before(saved: Path):
    torch.manual_seed(0)
    before = networks.get("lenet").build(activation="relu").eval()
    tensors, card = checkpoints.load(saved)
    after = checkpoints.build(card, tensors)
    pictures = torch.rand(4, 1, 28, 28)
    assert torch.equal(after(pictures), before(pictures))
    assert not after.training


def test_building_draws_no_random_numbers(saved: Path):
    tensors, card = checkpoints.load(saved)
    torch.manual_seed(5)
    checkpoints.build(card, tensors)
    drawn = torch.rand(2)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(2))


def test_the_same_weights_and_card_make_the_same_bytes(saved: Path, tmp_path: Path):
    other = tmp_path / "again.safetensors"
    mixed = dict(reversed(weights().items()))
    checkpoints.save(other, mixed, replace(CARD, options=dict(reversed(CARD.options.items()))))
    assert other.read_bytes() == saved.read_bytes()


def test_any_layout_and_every_type_of_a_state_is_kept(tmp_path: Path):
    given = weights() | {
        "network.conv2.weight": torch.rand(16, 6, 5, 5).to(memory_format=torch.channels_last),
        "network.fc3.weight": torch.rand(84, 10).T,
        "network.fc3.bias": torch.rand(10).bfloat16(),
        "optimizer.step": torch.tensor(7),
        "rng.cpu": torch.get_rng_state(),
    }
    path = tmp_path / "state"
    checkpoints.save(path, given, CARD)
    tensors, _card = checkpoints.load(path)
    assert all(torch.equal(tensors[name], tensor) for name, tensor in given.items())
    assert all(tensors[name].dtype == tensor.dtype for name, tensor in given.items())


def test_others_can_read_the_file(saved: Path):
    with safe_open(saved, framework="numpy") as file:
        assert list(file.metadata()) == ["card"]
        assert json.loads(file.metadata()["card"])["network"] == "lenet"
        assert file.get_tensor("network.conv1.weight").shape == (6, 1, 5, 5)


def test_a_network_of_the_zoo_too(tmp_path: Path):
    name = "torchvision/squeezenet1_1"
    options = {"in_channels": 1, "num_classes": 10}
    network = networks.get(name).build(**options)
    tensors = {f"network.{key}": value for key, value in network.state_dict().items()}
    path = tmp_path / "zoo"
    checkpoints.save(path, tensors, Card(name, options))
    loaded, card = checkpoints.load(path)
    assert checkpoints.build(card, loaded)(torch.rand(1, 1, 32, 32)).shape == (1, 10)


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


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.001, 0.01, 0.5, 0.999999])
def test_a_file_that_is_cut_short(saved: Path, share: float):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    refused(saved, "not a checkpoint that can be used")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 10) + b"not json!!",
    ],
    ids=["picture", "huge header", "no card", "a list", "no json"],
)
def test_another_kind_of_file(content: bytes, tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(content)
    refused(path, "not a checkpoint that can be used")


@pytest.mark.parametrize("card", ["", "[]", "{}", '"lenet"', '{"network": "lenet"}'])
def test_a_card_that_says_nothing(card: str, tmp_path: Path):
    path = tmp_path / "file"
    save_file(weights(), path, {"card": card})
    refused(path, "no card that says what it is")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path):
    spoiled = weights()
    spoiled["network.fc1.weight"][7, 7] = value
    path = tmp_path / "file"
    checkpoints.save(path, spoiled, CARD)
    with pytest.raises(ValueError, match=r"network\.fc1\.weight holds NaN or infinity"):
        checkpoints.load(path)


def test_a_type_that_weights_do_not_have(tmp_path: Path):
    path = tmp_path / "file"
    other = {"network.fc3.bias": torch.zeros(10, dtype=torch.complex64)}
    checkpoints.save(path, weights() | other, CARD)
    with pytest.raises(ValueError, match=r"network\.fc3\.bias is of type torch\.complex64"):
        checkpoints.load(path)


def test_a_single_changed_bit(saved: Path):
    content = bytearray(saved.read_bytes())
    content[-1000] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ValueError, match="not those that were saved"):
        checkpoints.load(saved)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("network.fc3.bias"), r"fc3\.bias is missing, but the network needs 10"),
        (lambda t: t.update({"network.extra": torch.ones(3)}), "extra is 3, .* needs missing"),
        (
            lambda t: t.update({"network.conv1.weight": torch.ones(6, 3, 5, 5)}),
            r"conv1\.weight is 6 × 3 × 5 × 5, but the network needs 6 × 1 × 5 × 5",
        ),
        (lambda t: t.clear(), "is missing"),
    ],
)
def test_weights_of_another_network(change, words: str):
    tensors = weights()
    change(tensors)
    with pytest.raises(ValueError, match=words):
        checkpoints.build(CARD, tensors)


def test_a_card_of_an_unknown_network_or_option():
    with pytest.raises(ValueError, match="no network “letnet”"):
        checkpoints.build(replace(CARD, network="letnet"), weights())
    with pytest.raises(ValueError, match="no option “depth”"):
        checkpoints.build(replace(CARD, options={"depth": 3}), weights())


# Writing


def test_the_folder_is_made(tmp_path: Path):
    path = tmp_path / "runs" / "7" / "epoch-1.safetensors"
    checkpoints.save(path, weights(), CARD)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


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
