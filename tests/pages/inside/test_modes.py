"""In which mode batch norm and dropout stand: pages that run networks say so, and are right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer import weights
from explorer.analysis import summary
from explorer.data import pictures
from explorer.networks import NetworkSpec
from explorer.ui import progress
from explorer.ui.model_picker import mode
from pages.inside.compare import computation
from tests.opened_pages import boards, opened, text
from tests.shipped_weights import untrained

NORM = "Evaluation mode, as a network is used: batch norm takes its moving averages."
PAGES = {
    "why": {"picture": "digits:test:0", "control": "false"},
    "excites": {"data": "digits", "steps": "16"},
    "feature-maps": {"picture": "digits:test:0"},
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty home, no trained weights."""
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    monkeypatch.setattr(computation, "MOMENT", 0.01)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    yield
    weights._cache.clear()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("lenet", ()),
        ("resnet18", ("batch norm",)),
        ("alexnet", ("dropout",)),
        ("torchvision/convnext_tiny", ("dropout",)),  # whole blocks: stochastic depth
        ("torchvision/efficientnet_b0", ("batch norm", "dropout")),
    ],
)
def test_the_sentence_names_what_the_network_has(name: str, kept: tuple[str, ...]) -> None:
    spec = NetworkSpec.parse(name)
    measured = summary.measure(spec, spec.input_size)
    told = mode.evaluation(measured)
    assert mode.matters(measured) == bool(kept) == bool(told)
    assert [each for each in ("batch norm", "dropout") if each in told] == list(kept)
    told = mode.training(measured, 9)
    assert [each for each in ("batch norm", "dropout") if each in told] == list(kept)
    assert ("9 others" in told) == ("batch norm" in kept)
    network = spec.build_on_meta()
    modules = {type(module).__name__ for module in network.modules()}
    assert ("batch norm" in kept) == any("BatchNorm" in each for each in modules)
    assert ("dropout" in kept) == any(each.startswith(("Drop", "Stoch")) for each in modules)


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_it_where_it_makes_a_difference(page: str) -> None:
    assert NORM in text(opened(page, network="bn_lenet", **PAGES[page]))
    assert "Evaluation mode" not in text(opened(page, network="lenet", **PAGES[page]))


def test_comparisons_say_it_where_it_makes_a_difference_for_one() -> None:
    assert NORM in text(opened("compare", nets="lenet:untrained:0,bn_lenet:untrained:0"))
    plain = opened("compare", nets="lenet:untrained:0,lenet:untrained:1")
    assert "Evaluation mode" not in text(plain)


def test_what_is_said_is_true_of_the_answer() -> None:
    at = opened("why", network="bn_lenet", **PAGES["why"])
    (sent,) = [sent for sent in boards(at) if "guesses" in sent]
    network = untrained("bn_lenet")
    picture = pictures.prepare(pictures.named("digits:test:0"), (1, 28, 28)).tensor
    expected = network.eval()(picture).softmax(1)[0].sort(descending=True).values
    shown = [guess["probability"] for guess in sent["guesses"]]
    assert shown == pytest.approx(expected[: len(shown)].tolist(), abs=1e-4)
