"""What the pages that look inside share: links and sizes that mean nothing, and the mode."""

from functools import cache

import pytest
from streamlit.testing.v1 import AppTest

from explorer.analysis import summary
from explorer.networks import NetworkSpec
from explorer.ui import progress
from explorer.ui.model_picker import mode
from pages.inside.compare import computation
from tests.opened_pages import boards, in_address, opened, text, untold

NORM = "Evaluation mode, as a network is used: batch norm takes its moving averages."
PAGES = {
    "why": {"picture": "digits:test:0", "control": "false"},
    "excites": {"data": "digits", "steps": "16"},
    "feature-maps": {"picture": "digits:test:0"},
}


pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page waits for what takes longer."""
    monkeypatch.setattr(computation, "MOMENT", 0.01)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)


# -- links and sizes that mean nothing --------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("feature-maps", {"layer": "nothing", "channel": "-1", "at": "x"}),
        ("feature-maps", {"sort": "?", "scale": "?", "signs": "?", "activation": "?"}),
        ("feature-maps", {"channel": "999999", "at": "99999.0", "side": "10000000"}),
        ("feature-maps", {"picture": "nothing:test:1", "fit": "?"}),
        ("feature-maps", {"picture": "fashion_mnist:test:99999999"}),
        ("feature-maps", {"picture": "drawing:AAAA"}),
        ("feature-maps", {"picture": "own", "weights": "run:99"}),
        ("feature-maps", {"network": "nothing", "weights": "shipped:../../etc/passwd"}),
        ("feature-maps", {"method": "nothing", "epoch": "3", "training": "perhaps", "beside": "?"}),
        ("kernels", {"layer": "nothing", "channel": "-1", "sort": "?", "scale": "?"}),
        ("kernels", {"channel": "999999", "measure": "?", "show": "?", "through": "?"}),
        ("kernels", {"weights": "run:99", "beside": "moments"}),
        ("kernels", {"network": "nothing", "method": "nothing"}),
        ("excites", {"layer": "nothing", "channel": "-1", "sort": "?", "show": "?", "goal": "?"}),
        ("excites", {"channel": "999999", "among": "12", "data": "nothing", "rate": "99"}),
        ("why", {"class": "99", "cam": "nothing", "patch": "-1", "move": "?", "path": "0"}),
        ("why", {"opacity": "9999", "control": "?", "method": "nothing", "empty": "?"}),
        ("why", {"picture": "nothing:test:1", "weights": "shipped:../../etc/passwd"}),
    ],
)
def test_nonsense_in_a_link_does_no_harm(page: str, address: dict[str, str]) -> None:
    few = {"steps": "8"} if page == "excites" else {}
    at = opened(page, **few, **address)
    assert [each.keys() for each in boards(at)] == [each.keys() for each in boards(plain(page))]
    for name in ("chosen", "channel", "at", "opacity"):
        both = [[each.get(name) for each in boards(opening)] for opening in (at, plain(page))]
        assert both[0] == both[1], "what is not chosen is as without a link"
    assert not untold(at, address)
    at.run()
    assert not untold(at, address), "it stays while nothing is chosen"
    address = {name: in_address(at, name) for name in at.query_params}
    assert not opened(page, **address).warning, "its address is in order by then"


@cache
def plain(page: str) -> AppTest:
    return opened(page)


@pytest.mark.parametrize("page", ["feature-maps", "excites", "why"])
def test_a_size_that_does_not_fit_is_a_lesson_with_a_way_out(page: str) -> None:
    at = opened(page, weights="untrained:0", side="40")
    assert "fc1 wants 400 numbers, but 1\u202f024 arrive" in text(at)
    assert not boards(at)
    at.button(key=f"{page}.use_nearest").click().run()
    assert not at.exception
    assert boards(at)
    assert at.query_params["side"] == "31"


# -- the mode ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("lenet", ()),
        ("resnet18", ("batch norm",)),
        ("alexnet", ("dropout",)),
        ("torchvision/convnext_tiny", ("dropout",)),  # whole blocks: stochastic depth
        ("torchvision/efficientnet_b0", ("batch norm", "dropout")),
    ],
)
def test_the_sentence_names_what_the_network_has(name: str, parts: tuple[str, ...]) -> None:
    spec = NetworkSpec.parse(name)
    measured = summary.measure(spec, spec.input_size)
    evaluation, training = mode.evaluation(measured), mode.training(measured, 9)
    assert bool(parts) == bool(evaluation)
    for sentence in (evaluation, training):
        assert tuple(each for each in ("batch norm", "dropout") if each in sentence) == parts
    assert ("9 others" in training) == ("batch norm" in parts)
    modules = {type(module).__name__ for module in spec.build_on_meta().modules()}
    assert ("batch norm" in parts) == any("BatchNorm" in each for each in modules)
    assert ("dropout" in parts) == any(each.startswith(("Drop", "Stoch")) for each in modules)


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_it_where_it_makes_a_difference(page: str) -> None:
    assert NORM in text(opened(page, network="bn_lenet", **PAGES[page]))
    assert "Evaluation mode" not in text(opened(page, network="lenet", **PAGES[page]))


def test_comparisons_say_it_where_it_makes_a_difference_for_one() -> None:
    assert NORM in text(opened("compare", nets="lenet:untrained:0,bn_lenet:untrained:0"))
    plain = opened("compare", nets="lenet:untrained:0,lenet:untrained:1")
    assert "Evaluation mode" not in text(plain)
