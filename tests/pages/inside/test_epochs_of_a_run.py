"""A real run, looked into epoch by epoch: every number on the pages is that epoch's own."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from streamlit.testing.v1 import AppTest
from torch import nn

from explorer import runs, weights
from explorer.base import storage
from explorer.networks import get
from explorer.runs import store
from explorer.runs.records import Status
from explorer.training import recipes
from explorer.training.checkpoints import NETWORK
from explorer.training.recipes import Recipe
from pages.inside.feature_maps import parts
from tests.explorer.runs.played import work
from tests.opened_pages import boards, grey_input, in_address, numbers, opened, text
from tests.run_processes import folder
from tests.shipped_weights import digit_answers, forget

EPOCHS = 3
RECIPE = Recipe("lenet", {"activation": "relu"}, dataset="digits", epochs=EPOCHS, batch_size=64,
                train_subset=512, seed=4)  # fmt: skip
PICTURE = "digits:test:0"


@dataclass(frozen=True)
class Trained:
    """A run that has ended, and where it is kept."""

    home: Path
    number: int

    @property
    def moments(self) -> list[str]:
        """Sources, from before the first step to the end."""
        base = f"run:{self.number}"
        return [*(f"{base}@{epoch}" for epoch in range(EPOCHS)), base]

    def network(self, epoch: int) -> nn.Module:
        """What its file holds, read by others than us; before training, what its seed gives."""
        torch.manual_seed(RECIPE.seed)
        architecture = get(RECIPE.network)
        built: nn.Module = architecture.build(**architecture.resolve(RECIPE.options))
        if epoch:
            tensors = load_file(runs.checkpoint(self.number, epoch)).items()
            built.load_state_dict({name.removeprefix(NETWORK): each for name, each in tensors})
        return built.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """LeNet on the digits, trained by a worker; in this process, which has imported torch."""
    threads = torch.get_num_threads()
    with folder(tmp_path_factory.mktemp("home")) as home:
        number = store.add(json.dumps(recipes.as_json(RECIPE)), "LeNet", "cpu")
        assert work(number).status is Status.FINISHED
    torch.set_num_threads(threads)
    return Trained(home, number)


@pytest.fixture(autouse=True)
def run(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trained]:
    """Its home, no shipped weights beside it, and nothing kept by tests before this one."""
    monkeypatch.setenv(storage.VARIABLE, str(trained.home))
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    forget()
    yield trained
    forget()


def values(at: AppTest, which: int = 0) -> np.ndarray:
    """Those of the page's nth board that shows some: a channel, a sheet of kernels."""
    return numbers([sent for sent in boards(at) if "values" in sent][which]["values"])


def moved(at: AppTest, source: str, slider: str) -> AppTest:
    """The scrubber moved to a moment."""
    at.select_slider(key=slider).set_value(source).run()
    assert not at.exception
    return at


def all_differ(arrays: list[np.ndarray]) -> bool:
    pairs = itertools.combinations(arrays, 2)
    return all(float(np.abs(one - other).max()) > 1e-4 for one, other in pairs)


# -- scrubbing --------------------------------------------------------------------------------


def test_feature_maps_follow_the_scrubber(run: Trained) -> None:
    at = opened("feature-maps", picture=PICTURE, layer="conv2", channel="3", at="4.4")
    assert len(at.select_slider(key="feature-maps.moment").options) == EPOCHS + 1
    assert at.select_slider(key="feature-maps.moment").value == f"run:{run.number}"
    maps = []
    for epoch, source in enumerate(run.moments):
        maps.append(values(moved(at, source, "feature-maps.moment")))
        network = run.network(epoch)
        expected = network.conv2(network.pool1(network.act1(network.conv1(grey_input()))))[0, 3]
        assert np.allclose(maps[-1], expected.flatten(), atol=1e-5), source
        (written,) = [sent["check"] for sent in boards(at) if "steps" in sent]
        value = written.partition(";")[0].rpartition(" ")[2].replace("−", "-")
        assert float(value) == pytest.approx(float(expected[4, 4]), abs=1e-5), source
    assert all_differ(maps)
    assert "weights" not in at.query_params  # the end is where it began


def test_kernels_follow_the_scrubber(run: Trained) -> None:
    at = opened("kernels", layer="conv1", channel="2")
    sheets = []
    for epoch, source in enumerate(run.moments):
        sheets.append(values(moved(at, source, "kernels.moment")))
        expected = run.network(epoch).conv1.weight
        assert np.array_equal(sheets[-1], expected.flatten()), source
        assert np.array_equal(values(at, 1), expected[2].flatten()), source
        assert ("look for nothing yet" in text(at)) == (epoch == 0)
    assert all_differ(sheets)


# -- moments beside each other ------------------------------------------------------------------


def test_a_kernel_through_all_epochs_is_each_epoch_s_own(run: Trained) -> None:
    at = opened("kernels", layer="conv2", channel="5", through="true")
    film = [sent for sent in boards(at) if "values" in sent][-1]
    assert film["captions"] == ["before training", "epoch 1", "epoch 2", "trained"]
    assert film["shape"] == [EPOCHS + 1, 6, 5, 5]
    frames = numbers(film["values"]).reshape(film["shape"])
    for epoch, frame in enumerate(frames):
        assert np.array_equal(frame, run.network(epoch).conv2.weight[5]), epoch
    assert all_differ(list(frames))
    assert film["most"] == [pytest.approx(float(np.abs(frames).max()), rel=1e-5)]


def test_any_two_moments_stand_beside_each_other(run: Trained) -> None:
    before, after = run.moments[1], run.moments[2]
    maps = opened("feature-maps", picture=PICTURE, layer="conv1", channel="0", weights=after,
                  beside="moments", moment2=before)  # fmt: skip
    kernels = opened("kernels", layer="conv1", weights=after, beside="moments", moment2=before)
    for which, epoch in enumerate((1, 2)):
        network = run.network(epoch)
        assert np.allclose(
            values(maps, which), network.conv1(grey_input())[0, 0].flatten(), atol=1e-6
        )
        assert np.array_equal(values(kernels, which), network.conv1.weight.flatten())
    moved(maps, run.moments[0], "feature-maps.moment2")
    expected = run.network(0).conv1(grey_input())[0, 0]
    assert np.allclose(values(maps), expected.flatten(), atol=1e-6)
    assert in_address(maps, "weights") == after


# -- its mistakes -----------------------------------------------------------------------------


@pytest.mark.parametrize("epoch", [1, 3])
def test_its_worst_mistakes_are_leafed_through(run: Trained, epoch: int) -> None:
    answers = digit_answers(run.network(epoch))  # and how sure it was of each
    wrong = {int(n): float(answers.confidence[n]) for n in (~answers.right).nonzero()}
    assert len(wrong) > parts.WORST
    at = opened("feature-maps", picture=PICTURE, weights=run.moments[epoch])
    at.session_state["feature-maps.picture_opened"] = True
    at.run()
    at.selectbox(key="feature-maps.picture_among").select("worst").run()
    numbers = []
    for _click in range(4):
        numbers.append(int(in_address(at, "picture").rpartition(":")[2]))
        at.button(key="feature-maps.picture_step_1").click().run()
        assert not at.exception
    assert len(set(numbers)) == 4
    surest = sorted(wrong.values(), reverse=True)[:4]
    assert [wrong[number] for number in numbers] == pytest.approx(surest, abs=2e-3)
