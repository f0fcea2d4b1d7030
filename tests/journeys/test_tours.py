"""From page to page, as lessons go: every page after every other one, each left as nobody finds it.

One closed tour through all ordered pairs of pages, once by the sidebar and once by links. Whatever
stood on the page before, the next one shows what its address says, or what was left there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, pairwise

import pytest
from streamlit.testing.v1 import AppTest

from explorer.ui.entries import PAGES, entry
from explorer.ui.language_picker import CHOICE
from tests.opened_pages import SHELL

pytestmark = pytest.mark.usefixtures("two_runs")

NET = "bn_lenet"  # the same on all pages: it is carried from one to the next
# What each page is left with, as its address says it; on every page something else than at first.
LEFT: Mapping[str, Mapping[str, str]] = {
    "": {},  # nothing can be chosen there
    "convolution": {"conv_dilation": "2"},
    "edge-kernel": {"edge_loss": "mean"},
    "padding-stride": {"pad_view": "same", "pad_same_size": "6"},
    "channels": {"channels_outputs": "2"},
    "pooling": {"pool_mode": "avg"},
    "receptive-field": {"field_view": "why"},
    "batch-norm": {"bn_mode": "prediction"},
    "blocks": {"blocks_part": "dense", "blocks_layers": "4"},
    "check": {"quiz_seed": "7", "quiz_number": "2"},
    "layers": {"network": NET, "batch": "3", "view": "costs", "show": "memory", "picture": "svg"},
    "data": {"data": "digits", "part": "test", "turn": "2"},
    "feature-maps": {"network": NET, "layer": "conv2", "sort": "mean", "training": "true"},
    "kernels": {"network": NET, "layer": "conv2", "channel": "3", "scale": "kernel"},
    "excites": {"network": NET, "layer": "conv1", "sort": "value", "steps": "8"},
    "why": {"network": NET, "class": "3", "control": "false", "picture": "digits:test:4"},
    "compare": {"nets": "lenet:untrained:1,bn_lenet:untrained:2", "view": "budgets"},
    "new-run": {"network": NET, "dataset": "digits", "epochs": "3", "seed": "5"},
    "live": {"run": "1"},
    "runs": {"runs": "1"},
}
# The defaults that are left out of the address.
FIRST = {"network": "lenet", "pad_view": "one", "field_view": "stack", "bn_mode": "training",
         "edge_loss": "sum", "pool_mode": "max", "channel": "0", "quiz_number": "1"}  # fmt: skip
# And where a link leads every other time; the same names say something else.
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "": {},
    "convolution": {"conv_flip": "true"},
    "edge-kernel": {"edge_loss": "sum", "edge_image": "photo"},
    "padding-stride": {"pad_view": "two"},
    "channels": {"channels_outputs": "3"},
    "pooling": {"pool_mode": "max"},
    "receptive-field": {"field_view": "stack"},
    "batch-norm": {"bn_mode": "training", "bn_layer": "conv"},
    "blocks": {"blocks_part": "dense", "blocks_layers": "3"},
    "check": {"quiz_seed": "8", "quiz_number": "3"},
    "layers": {"network": "lenet", "batch": "2", "view": "costs", "show": "MACs"},
    "data": {"data": "digits", "turn": "1"},
    "feature-maps": {"network": "lenet", "layer": "pool1", "sort": "max"},
    "kernels": {"network": "lenet", "layer": "fc1", "channel": "2", "scale": "network"},
    "excites": {"network": "lenet", "layer": "pool1", "steps": "16"},
    "why": {"network": "lenet", "class": "5", "picture": "digits:test:6", "control": "false"},
    "compare": {"nets": "lenet:untrained:3,lenet:untrained:4", "view": "differ"},
    "new-run": {"network": "lenet", "dataset": "digits", "epochs": "4"},
    "live": {"run": "2"},
    "runs": {"runs": "2"},
}


def closed_tour(places: Sequence[str]) -> Iterator[str]:
    """A way that takes every step from one of `places` to another once, and ends where it began."""
    for number, first in enumerate(places):
        for other in places[number + 1 :]:
            yield first
            yield other
    yield places[0]


def test_a_tour_takes_every_step_once() -> None:
    way = [*closed_tour([page.url for page in PAGES])]
    steps = [*pairwise(way)]
    assert len({*steps}) == len(steps) == len(PAGES) * (len(PAGES) - 1)
    assert way[0] == way[-1]


def go(at: AppTest, url: str, address: Mapping[str, str]) -> None:
    """To the page at /url?…; the language goes along, as in a browser."""
    language = at.query_params.get(CHOICE)
    at.query_params.clear()
    at.query_params |= {**address, **({CHOICE: language} if language else {})}
    at.switch_page(str(entry(url).path)).run()


def value_of(at: AppTest, name: str) -> str:
    """What the page has under a name of its address: there, or in the widget of that name.

    A browser spells widgets that are bound to the address itself; no browser is here.
    """
    held = name in at.session_state["the visit"].page.bound or name not in at.query_params
    value = at.session_state.get(name, "") if held else at.query_params[name]
    return str(value).lower() if isinstance(value, bool) else str(value)


def wrong(at: AppTest, url: str, address: Mapping[str, str]) -> str:
    """What is not as it should be on the page at this address; "" if all is."""
    if at.exception:
        return f"{at.exception[0].message}"
    if at.error or at.warning:
        return " ".join(each.value for each in (*at.error, *at.warning))
    values = {name: value_of(at, name) or FIRST.get(name, "") for name in address}
    return "" if values == address else f"{values} instead of {address}"


@pytest.mark.parametrize("by", ["sidebar", "link"])
def test_every_page_after_every_other_one(by: str) -> None:
    at, failed = AppTest.from_file(SHELL, default_timeout=60).run(), []
    for url in LEFT:
        go(at, url, LEFT[url])
    links = {url: cycle((LEFT[url], ELSEWHERE[url])) for url in LEFT}
    for before, url in pairwise(closed_tour([*LEFT])):
        address = next(links[url]) if by == "link" else LEFT[url]
        go(at, url, address if by == "link" else {})
        if fault := wrong(at, url, address):
            failed.append(f"{before or 'home'} → {url or 'home'}: {fault}")
    assert not failed, "\n".join(failed)


# What pages share on purpose: the frame's own, buttons that hold nothing, where a page scrolls to,
# and what is carried. All that look inside see one network's weights under the same labels.
SHARED = re.compile(
    r"the visit|language_of_browser|(try|show)_\d+|into_view"
    r"|labels of old, weights of .*|picture chosen"
)


def test_no_page_has_a_key_of_another_one() -> None:
    of: dict[str, set[str]] = {}
    for url in LEFT:
        at = AppTest.from_file(SHELL, default_timeout=60).run()
        for address in (LEFT[url], ELSEWHERE[url]):
            go(at, url, address)
            for key in at._session_state.filtered_state:
                of.setdefault(key, set()).add(url)
    shared = {key: pages for key, pages in of.items() if len(pages) > 1}
    assert not [key for key in shared if not SHARED.fullmatch(key)]
    assert len(of) > 200, "the pages' keys are seen at all"


# -- what is carried along ----------------------------------------------------------------------


NETWORK_PAGES = [page.url for page in PAGES if "network" in page.state.fields]


@pytest.mark.parametrize("chosen_on", NETWORK_PAGES)
def test_a_network_chosen_on_one_page_is_offered_on_the_next(chosen_on: str) -> None:
    at = AppTest.from_file(SHELL, default_timeout=60).run()
    for url in NETWORK_PAGES:  # each begins with its own
        go(at, url, {})
    go(at, chosen_on, {})
    at.selectbox(key=f"{chosen_on}.network").set_value("bn_lenet").run()
    for url in NETWORK_PAGES:
        go(at, url, {})
        assert not at.exception
        assert at.selectbox(key=f"{url}.network").value == "bn_lenet", url
        assert "weights" not in at.query_params, "trained, as on the page before"
    go(at, "new-run", {})
    assert at.number_input(key="new-run.batch_size").value == 32, "with the course's recipe for it"


def test_a_form_is_left_as_it_is_while_nobody_chooses_another_network() -> None:
    at = AppTest.from_file(SHELL, default_timeout=60).run()
    go(at, "new-run", {})
    at.number_input(key="new-run.epochs").set_value(7).run()
    for url in ("layers", "kernels", "pooling"):
        go(at, url, {})
    go(at, "new-run", {})
    assert at.number_input(key="new-run.epochs").value == 7
    assert at.selectbox(key="new-run.network").value == "lenet"


def test_weights_go_along_where_there_are_such() -> None:
    at = AppTest.from_file(SHELL, default_timeout=60).run()
    go(at, "feature-maps", {"network": NET, "weights": "untrained:3", "num_classes": "7"})
    for url in ("kernels", "excites", "why"):
        go(at, url, {})
        assert not at.warning
        assert at.query_params["weights"] in ("untrained:3", ["untrained:3"]), url
        assert at.number_input(key=f"{url}.num_classes").value == 7
