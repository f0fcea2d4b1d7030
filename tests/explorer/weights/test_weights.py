"""Weights from every source, against plain ways to make the same; and the cache that keeps them."""

import hashlib
import json
import re
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer import networks, weights
from explorer.base.cache import SizedCache
from explorer.base.torchvision_import import models
from explorer.data.datasets.downloads import CHUNK, Remote
from explorer.data.pictures import STATISTICS
from explorer.networks import NetworkSpec, get
from explorer.runs import artifacts, store
from explorer.training import checkpoints, recipes
from explorer.training.checkpoints import NETWORK, Card
from explorer.training.learner import initialise
from explorer.weights import published

pytestmark = pytest.mark.usefixtures("shipped")
LENET = NetworkSpec.parse("lenet")


def trained(name: str, **options: Any) -> tuple[nn.Module, Card]:
    """A network with weights that no seed gives, and its card."""
    architecture = get(name)
    resolved = architecture.resolve(options)
    network = architecture.build(**resolved).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.1)
    recipe = recipes.as_json(recipes.Recipe(name, options, initialisation="xavier", seed=5))
    card = Card(
        name, resolved, "fashion_mnist", ("a", "b"), size=28, recipe=recipe, epoch=2, seed=5
    )
    return network, card


def save(network: nn.Module, card: Card, path: Path) -> None:
    checkpoints.save(path, {NETWORK + k: v for k, v in network.state_dict().items()}, card)


def same(one: nn.Module, other: nn.Module) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def plain(name: str, seed: int, **options: Any) -> nn.Module:
    """What everybody would write."""
    architecture = get(name)
    torch.manual_seed(seed)
    return architecture.build(**architecture.resolve(options))


# Untrained


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("lenet", {"activation": "relu"}),
        ("bn_lenet", {}),
        ("nin", {}),
        ("googlenet", {}),
        ("resnet18", {"in_channels": 3}),
        ("densenet", {"growth_rate": 8}),
        ("vgg11", {"conv_ratio": 8, "fc_ratio": 8}),
        ("torchvision/googlenet", {}),
        ("torchvision/squeezenet1_1", {}),
        ("torchvision/mobilenet_v3_small", {}),
        ("torchvision/shufflenet_v2_x0_5", {}),
    ],
)
def test_untrained_weights_are_those_of_a_plain_seed(name: str, options: dict[str, Any]):
    for seed in (0, 3):
        network = weights.load(NetworkSpec.parse(name, options), f"untrained:{seed}")
        assert same(network, plain(name, seed, **options))
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_a_seed_gives_the_same_weights_whatever_others_draw():
    expected = plain("densenet", 7)
    before = torch.get_rng_state()
    stop = threading.Event()

    def draw() -> None:
        while not stop.is_set():
            torch.rand(10)

    with ThreadPoolExecutor(4) as threads:
        noise = threads.submit(draw)
        network = weights.load(NetworkSpec.parse("densenet"), "untrained:7")
        stop.set()
        noise.result()
    assert same(network, expected)
    torch.set_rng_state(before)
    weights._cache.clear()
    weights.load(NetworkSpec.parse("densenet"), "untrained:7")
    assert torch.equal(torch.get_rng_state(), before)  # nobody else's numbers are used up


# Shipped, and runs


def test_shipped_weights_bring_their_options_and_facts():
    network, card = trained("vgg11", conv_ratio=8, fc_ratio=8)
    save(network, replace(card, size=64), weights.FOLDER / "vgg11.safetensors")
    model = weights.model(NetworkSpec.parse("vgg11", {"conv_ratio": 1}), "shipped:vgg11")
    assert (model.spec.values["conv_ratio"], model.size) == (8, (1, 64, 64))
    assert (model.classes, model.epoch, model.trained) == (("a", "b"), 2, True)
    assert model.card is not None
    assert model.card.dataset == "fashion_mnist"
    assert same(weights.load(NetworkSpec.parse("vgg11"), "shipped:vgg11"), network)


def test_a_network_before_its_first_step():
    network, card = trained("lenet")
    save(network, card, weights.FOLDER / "lenet.safetensors")
    model = weights.model(LENET, "shipped:lenet@0")
    assert (model.epoch, model.trained, model.size) == (0, False, (1, 28, 28))
    before = initialise(plain("lenet", 5), "xavier")  # its seed and way are on the card
    assert same(weights.load(LENET, "shipped:lenet@0"), before)
    assert weights.through_training("shipped:lenet") == ("shipped:lenet@0", "shipped:lenet")


def another_epoch(run: int, epoch: int) -> None:
    """The run's next epoch, or one written anew; the last biases tell which it is."""
    network, card = trained("lenet")
    nn.init.constant_(network.get_submodule("fc3").bias, epoch)
    time.sleep(0.01)
    save(network, replace(card, epoch=epoch), artifacts.checkpoint_file(run, epoch))


@pytest.fixture
def run() -> int:
    """A run of LeNet that has kept the weights of two epochs."""
    text = recipes.as_json(recipes.Recipe("lenet", seed=5, initialisation="xavier"))
    number = store.add(json.dumps(text), "LeNet", "cpu", engine="local", parent=None)
    for epoch in (1, 2):
        another_epoch(number, epoch)
    return number


def test_every_epoch_of_a_run(run: int):
    assert weights.through_training(f"run:{run}") == tuple(f"run:{run}@{n}" for n in (0, 1, 2))
    for epoch in (1, 2):
        network = weights.load(LENET, f"run:{run}@{epoch}")
        assert network.get_submodule("fc3").bias.tolist() == [epoch] * 10
        assert weights.model(LENET, f"run:{run}@{epoch}").epoch == epoch
    assert same(weights.load(LENET, f"run:{run}"), network)


def test_what_there_is_for_a_network(run: int):
    network, card = trained("lenet")
    save(network, card, weights.FOLDER / "lenet-long.safetensors")
    (weights.FOLDER / "broken.safetensors").write_bytes(b"not weights")
    assert weights.sources("lenet") == ("shipped:lenet-long", f"run:{run}", "untrained:0")
    assert weights.sources("nin") == ("untrained:0",)
    assert weights.sources("torchvision/resnet18") == ("published", "untrained:0")


# A run that changes while it is looked at


def test_what_is_loaded_is_what_was_asked_for_though_the_run_goes_on(run: int):
    asked_for = [weights.model(LENET, f"run:{run}{epoch}") for epoch in ("", "@0")]
    another_epoch(run, 3)
    weights._cache.clear()
    now, before = (weights.model(LENET, f"run:{run}{epoch}") for epoch in ("", "@0"))
    assert asked_for[0].load().get_submodule("fc3").bias.tolist() == [2] * 10
    assert (asked_for[0].epoch, now.epoch) == (2, 3)
    assert asked_for[0] != now
    assert now.load().get_submodule("fc3").bias.tolist() == [3] * 10
    assert asked_for[0].stamp == artifacts.checkpoint_file(run, 2).stat().st_mtime_ns
    assert asked_for[1] == before
    artifacts.remove(run)  # before its training it needs no file: seed and way are known
    assert same(before.load(), initialise(plain("lenet", 5), "xavier"))


def test_equal_weights_are_one_key(run: int):
    sources = (f"run:{run}", f"run:{run}@1", f"run:{run}@0", "untrained:0")
    models = [weights.model(LENET, source) for source in sources]
    assert models == [weights.model(LENET, source) for source in sources]
    assert len({*models, *(weights.model(LENET, source) for source in sources)}) == 4
    assert models[0].load() is weights.load(LENET, f"run:{run}")
    assert models[-1].stamp == 0


def test_weights_that_changed_meanwhile_are_a_sentence(run: int, monkeypatch: pytest.MonkeyPatch):
    model, path = weights.model(LENET, f"run:{run}"), artifacts.checkpoint(run)
    another_epoch(run, 2)
    with pytest.raises(ValueError, match=f"run:{run} were written anew a moment ago"):
        model.load()
    artifacts.remove(run)
    with pytest.raises(ValueError, match=f"run:{run} were deleted a moment ago. Choose others"):
        model.load()
    monkeypatch.setattr(weights.runs, "checkpoint", lambda *_which: path)  # as it is asked for
    with pytest.raises(ValueError, match=f"run:{run} were deleted a moment ago"):
        weights.model(LENET, f"run:{run}")


# What is not there


@pytest.mark.parametrize(
    ("network", "source", "expected"),
    [
        ("lenet", "", "names no weights. Write untrained:0, published"),
        ("lenet", "untrained", "names no weights"),
        ("lenet", "untrained:x", "“x” is not a whole number"),
        ("lenet", "untrained:-1", "“-1” is not a whole number"),
        ("lenet", "untrained:1@2", "names no weights"),
        ("lenet", "untrained:1234567", "seeds go from 0 to 999999"),
        ("lenet", "untrained:99999999999999999999", "not a whole number"),
        ("lenet", "shipped:../../secret", "names no weights"),
        ("lenet", "shipped:..", "no weights “..” in checkpoints/"),
        ("lenet", "shipped:alexnet", "no weights “alexnet” in checkpoints/. There are: lenet"),
        ("lenet", "shipped:lenet@3", "kept at their end only, not after epoch 3"),
        ("nin", "shipped:lenet", "are those of lenet, not of nin"),
        ("lenet", "run:x", "not a whole number"),
        ("lenet", "run:999", "There is no run 999"),
        ("lenet", "published", "torchvision's networks, not for lenet"),
        ("cheese", "untrained:0", "no network “cheese”"),
    ],
)
def test_weights_that_are_not_there_are_a_sentence(network: str, source: str, expected: str):
    save(*trained("lenet"), weights.FOLDER / "lenet.safetensors")
    with pytest.raises(ValueError, match=expected):
        weights.load(NetworkSpec.parse(network), source)


def test_published_weights_have_their_own_options():
    with pytest.raises(ValueError, match="for 3 channels and 1000 classes"):
        weights.model(NetworkSpec.parse("torchvision/resnet18", {"num_classes": 10}), "published")


def test_a_too_large_network_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "MOST_BYTES", 100_000_000)
    with pytest.raises(ValueError, match="alexnet has 187 MB of weights; at most 100 MB are"):
        weights.load(NetworkSpec.parse("alexnet"), "untrained:0")


# Published


def publish(name: str, state: Mapping[str, Tensor], monkeypatch: pytest.MonkeyPatch) -> Remote:
    """Have these as the network's published weights, at an address that needs no network."""
    file = published.remote(name)
    source = file.path.with_name("published.pth")
    source.parent.mkdir(parents=True)
    torch.save(state, source)
    digits = hashlib.sha256(source.read_bytes()).hexdigest()[:8]
    file = replace(file, urls=(source.as_uri(),), sha256=digits)
    monkeypatch.setattr(published, "remote", lambda _name: file)
    return file


def test_the_published_files_names_and_checksums():
    file = published.remote("torchvision/resnet18")
    assert file.urls == ("https://download.pytorch.org/models/resnet18-f37072fd.pth",)
    assert file.sha256 == "f37072fd"
    assert file.path.name == "resnet18-f37072fd.pth"
    assert not published.at_hand("torchvision/resnet18")
    model = weights.model(NetworkSpec.parse("torchvision/resnet18"), "published")
    assert (model.size, model.normalisation, model.trained) == ((3, 224, 224), "imagenet", True)
    assert model.classes[207] == "golden retriever"
    half = weights.model(NetworkSpec.parse("torchvision/efficientnet_v2_l"), "published")
    assert half.normalisation == "half"


@pytest.mark.parametrize("name", [each for each in networks.names() if published.exist(each)])
def test_every_published_file_has_a_checksum_and_torchvision_s_statistics(name: str):
    assert len(published.remote(name).sha256) >= 8
    assert int(published.remote(name).sha256, 16)
    own = published._entry(name).transforms()
    assert STATISTICS[published.normalisation(name)] == (tuple(own.mean), tuple(own.std))


def test_a_file_that_is_not_the_published_one_is_never_opened(monkeypatch: pytest.MonkeyPatch):
    """It lies in its place already, by whatever hand."""
    name = "torchvision/squeezenet1_1"
    state = models.get_model("squeezenet1_1").state_dict()
    file = replace(publish(name, state, monkeypatch), urls=("http://127.0.0.1:1/",), sha256="0" * 8)
    torch.save(state, file.path)  # right but for its sum
    monkeypatch.setattr(published, "remote", lambda _name: file)
    monkeypatch.setattr(torch, "load", None)
    with pytest.raises(ValueError, match="could not be downloaded"):
        weights.load(NetworkSpec.parse(name), "published")


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet", "swin_t"])
def test_published_weights_are_fetched_and_loaded(name: str, monkeypatch: pytest.MonkeyPatch):
    options = {"init_weights": False} if name == "googlenet" else {}
    original = models.get_model(name, weights=None, **options)
    file = publish("torchvision/" + name, original.state_dict(), monkeypatch)
    heard: list[tuple[int, int]] = []
    published.fetch("torchvision/" + name, lambda *bytes_: heard.append(bytes_))
    network = weights.load(NetworkSpec.parse("torchvision/" + name), "published")
    size, total = file.path.stat().st_size, heard[0][1]
    assert total == pytest.approx(size, rel=0.03)  # as large as the one that is published
    assert {each for _done, each in heard} == {total}
    done = [each for each, _total in heard]
    assert done == sorted(done)
    assert done[0] == CHUNK
    assert done[-1] == min(size, total)
    expected = {k: v for k, v in original.state_dict().items() if k in network.state_dict()}
    assert network.state_dict().keys() == expected.keys()
    assert all(torch.equal(v, expected[k]) for k, v in network.state_dict().items())
    assert getattr(network, "transform_input", True)
    picture = torch.rand(1, 3, 96, 96)
    if hasattr(original, "transform_input"):
        original.transform_input = True
    with torch.no_grad():
        assert torch.equal(network(picture), original.eval()(picture))


def test_a_dense_layers_old_names(monkeypatch: pytest.MonkeyPatch):
    original = models.get_model("densenet121")
    named = r"(denselayer\d+\.(?:norm|relu|conv))([12])\."
    old = {re.sub(named, r"\1.\2.", k): v for k, v in original.state_dict().items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    publish("torchvision/densenet121", old, monkeypatch)
    network = weights.load(NetworkSpec.parse("torchvision/densenet121"), "published")
    assert same(network, original)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"urls": ("http://127.0.0.1:1/alexnet.pth",)},
            r"could not be downloaded: .*by hand.*untrained",
        ),
        ({"sha256": "0" * 8}, "its checksum differs"),
    ],
)
def test_a_download_that_fails_is_a_sentence(
    changes: dict[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
):
    name = "torchvision/alexnet"
    file = replace(publish(name, {}, monkeypatch), **changes)
    monkeypatch.setattr(published, "remote", lambda _name: file)
    with pytest.raises(ValueError, match=expected):
        weights.load(NetworkSpec.parse(name), "published")
    assert not file.path.exists()


def test_a_download_can_be_stopped(monkeypatch: pytest.MonkeyPatch):
    def stop(_done: int, _total: int) -> None:
        raise RuntimeError

    name = "torchvision/squeezenet1_1"
    file = publish(name, models.get_model("squeezenet1_1").state_dict(), monkeypatch)
    with pytest.raises(RuntimeError):
        published.fetch(name, stop)
    assert not file.path.exists()
    weights.load(NetworkSpec.parse(name), "published")
    assert published.at_hand(name)


def test_networks_are_shared_and_given_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(weights, "_cache", SizedCache(3_000_000, weights._nbytes))
    first = weights.load(LENET, "untrained:0")
    assert weights.load(LENET, "untrained:0") is first
    for seed in range(1, 15):
        weights.load(LENET, f"untrained:{seed}")
        assert weights._cache.bytes_kept <= 3_000_000
    assert weights.load(LENET, "untrained:0") is not first
