"""The page on what excites channels shows what the network answers to, and links restore it."""

import base64
import csv
import io
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from explorer import weights
from explorer.analysis.summary import measure
from explorer.base import compute_slots
from explorer.base.inputs import InputSize
from explorer.base.tasks import COMPUTING
from explorer.data import datasets
from explorer.inside import feature_visualization as engine
from explorer.inside.feature_visualization import Gallery
from explorer.networks import NetworkSpec
from pages.inside.feature_visualization import subjects
from pages.inside.feature_visualization import top as best
from pages.inside.feature_visualization.subjects import Subject
from tests.conftest import settled
from tests.opened_pages import boards, ended, html, numbers, opened, text
from tests.shipped_weights import ship, trained, untrained

HERE = {"weights": "untrained:0", "data": "digits", "steps": "16"}


pytestmark = pytest.mark.usefixtures("shipped")


def mosaic(at: AppTest) -> dict[str, Any]:
    """What the board of all channels was sent."""
    return next(sent for sent in boards(at) if "tile" in sent)


def searched(at: AppTest) -> int:
    """Pictures that have been gone through."""
    return int(mosaic(at)["state"].split()[-1])


def ascent(at: AppTest) -> dict[str, Any]:
    """What the board of the drawn picture was sent."""
    return next(sent for sent in boards(at) if "frame" in sent)


def decoded(address: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGBA"))


def maps(count: int = 359) -> torch.Tensor:
    """conv2 of the untrained LeNet for the digits, (N, 16, 10, 10)."""
    network = untrained()
    batch = Gallery("digits", (1, 28, 28)).tensors(0, count)
    with torch.no_grad():
        answers: torch.Tensor = network.conv2(network.pool1(network.act1(network.conv1(batch))))
    return answers


# -- what is shown ----------------------------------------------------------------------------


def test_it_shows_what_the_network_answers_to_most_and_draws_beside_it() -> None:
    at = ended(opened("excites", **HERE, channel="7"))
    sent, right = mosaic(at), maps()
    assert (sent["count"], sent["chosen"], sent["tile"]) == (16, 7, [14, 14])
    best = right.flatten(2).amax(2)
    assert np.allclose(numbers(sent["stats"]), best.amax(0), atol=1e-5)
    first = int(best[:, 7].argmax())
    label = datasets.get("digits").classes[int(datasets.load("digits").test.labels[first])]
    assert sent["titles"][7] == f"{label}, picture {first}"
    unit = divmod(int(right[first, 7].argmax()), 10)
    top = html(at, "excites-top")
    assert top.count("<figure>") == 9
    link = top.partition('href="')[2].partition('"')[0]
    parts = [f"picture=digits%3Atest%3A{first}", f"at={unit[0]}.{unit[1]}", "weights=untrained%3A0"]
    assert set(parts) < set(link.partition("?")[2].split("&amp;"))
    assert "conv2, channel 8 of 16" in text(at)
    sent = ascent(at)
    values = numbers(sent["values"])
    assert len(values) == 17
    assert values[-1] > values[0]
    assert sent["best"] == pytest.approx(float(best[:, 7].max()), abs=1e-5)
    drawn = torch.from_numpy(decoded(sent["png"])[..., 0] / 255).float()[None, None]
    network = untrained()
    with torch.no_grad():
        answer = network.conv2(network.pool1(network.act1(network.conv1(drawn))))[0, 7, 5, 5]
    assert float(answer) == pytest.approx(float(values[-1]), abs=5e-3)  # the PNG has 256 greys
    top_, bottom, left, right = sent["frame"]
    assert (bottom - top_ + 1, right - left + 1) == (14, 14)
    whole = ended(opened("excites", **HERE, channel="7", goal="mean"))
    assert ascent(whole)["frame"] is None
    assert ascent(whole)["best"] is None


def test_the_classes_of_a_trained_network_are_its_last_channels(shipped: Path) -> None:
    trained(shipped)
    at = ended(opened("excites", layer="fc3", channel="3", steps="8"))
    assert mosaic(at)["classes"] == list(datasets.get("digits").classes)
    assert "fc3: the class “3”" in text(at)
    assert "Every class's strongest picture" in text(at)
    assert at.selectbox(key="excites.data").value == "digits"  # what it learned from


def test_a_silent_channel_is_told(shipped: Path) -> None:
    network = NetworkSpec.parse("bn_lenet").build()
    network.conv1.weight.data[2] = 0
    ship(shipped, "bn_lenet", network)
    at = ended(opened("excites", network="bn_lenet", layer="conv1", channel="2"))
    assert mosaic(at)["silent"] == [2]
    assert "none excites it" in text(at)
    assert "The gradient is 0" in ascent(at)["note"]


# -- links and what is asked for wrongly ------------------------------------------------------


def test_everything_chosen_stands_in_the_link() -> None:
    at = ended(opened("excites", **HERE, noise="4", l2="0.3"))
    at.selectbox(key="excites.layer").select("pool1").run()
    at.selectbox(key="excites.sort").select("value").run()
    ended(at)
    address = {key: str(value) for key, value in at.query_params.items()}
    assert address["layer"] == "pool1"
    again = ended(opened("excites", **{k: v.strip("[]'") for k, v in address.items()}))
    assert mosaic(again) == mosaic(at)
    assert ascent(again) == ascent(at)
    assert "seed=4" in ascent(again)["of"]
    assert mosaic(again)["sort"] == "value"


def test_a_block_s_name_leads_to_its_last_operation() -> None:
    at = opened("excites", network="nin", weights="untrained:0", side="64", layer="block2",
                data="digits", steps="8")  # fmt: skip
    assert at.selectbox(key="excites.layer").value == "block2.relu3"


def test_a_costly_network_draws_when_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "AT_ONCE", 1.0)  # picture by picture
    assert measure(NetworkSpec.parse("vgg11"), InputSize(1, 224, 224)).totals.macs > subjects.CHEAP
    monkeypatch.setattr(subjects, "CHEAP", 0)
    at = opened("excites", network="vgg11", weights="untrained:0", data="digits", conv_ratio="2",
                fc_ratio="8", layer="block1.conv1", steps="8")  # fmt: skip
    assert searched(at) < 359
    assert not [sent for sent in boards(at) if "frame" in sent]
    at.button(key="search_stop").click().run()
    (search,) = COMPUTING.tasks
    assert search.wait(30)  # nobody else watches
    before = searched(at.run())
    at.button(key="begin_ascent").click().run()
    while len(numbers(ascent(at)["values"])) < 3:
        at.run()
    assert searched(at) == before  # stopped is stopped
    assert "stopped" in at.get("progress")[0].proto.text
    (ascending,) = COMPUTING.tasks
    at.session_state["excites.channel"] = "5"
    at.run()
    assert ascending.wait(10), "what was drawn for another channel is wanted no more"


# -- work that is shared ----------------------------------------------------------------------


def subject(total: int = 50) -> Subject:
    model = weights.model(NetworkSpec.parse("lenet"), "untrained:0")
    return Subject(model, "conv2", Gallery("digits", (1, 28, 28)), total)


def test_who_asks_for_the_same_finds_it_done(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, begun = engine.strongest, []
    monkeypatch.setattr(engine, "strongest", lambda *a, **k: begun.append(1) or plain(*a, **k))
    assert subjects.search(subject()).wait(60)
    before = len(begun)
    for _visitor in range(30):
        assert subjects.search(subject()).result().done
    assert len(begun) == before
    assert subjects.search(subject(60)).result().total == 60


def test_who_finds_no_turn_free_is_told_and_served_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as hasty, ExitStack() as others:
        for _each in range(compute_slots.MOST):
            assert others.enter_context(compute_slots.turn(30))
        hasty.setattr(subjects, "PATIENCE", 0.05)
        hasty.setattr(subjects, "LONGEST", 0.05)
        at = opened("excites", **HERE, channel="7")
        assert "Waiting for other visitors" in text(at)
        assert not [sent for sent in boards(at) if "tile" in sent]
    assert subjects.search(subject(359)).latest
    at.run()
    assert "Waiting for other visitors" not in text(at)
    assert mosaic(at)["chosen"] == 7  # what the link asked for
    assert ascent(at)


def test_files_tell_what_is_shown() -> None:
    pictures = subjects.search(subject()).result()
    rows = list(csv.reader(io.StringIO(best.table(subject(), pictures))))
    assert len(rows) == 1 + 16 * 9
    right = maps(50)
    for channel, place, value, number, _label, row, column, *_box in rows[1:20]:
        expected = right[int(number), int(channel), int(row), int(column)]
        assert float(value) == pytest.approx(float(expected), abs=1e-5)
        assert 1 <= int(place) <= 9
    with Image.open(io.BytesIO(best.board(subject(), pictures, 0))) as board:
        assert board.size == (3 * 118 + 6, 3 * 118 + 6)


# -- in a real browser ------------------------------------------------------------------------


@pytest.mark.browser
def test_from_all_channels_to_one_and_on_to_its_feature_map(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/excites?weights=untrained:0&data=digits&steps=32&show=patches")
    settled(page)
    board = page.locator(".channel-mosaic")
    expect(page.locator('[data-mosaic-painted$=" 359 0"]')).to_be_visible()
    board.locator("canvas").click(position={"x": 130, "y": 40})  # the second
    expect(page.get_by_text("conv2, channel 2 of 16")).to_be_visible()
    board.locator(".box").press("ArrowRight")
    expect(page.get_by_text("conv2, channel 3 of 16")).to_be_visible()
    page.wait_for_url("**channel=2*")
    page.wait_for_url("**show=patches*")  # redrawn meanwhile, it keeps what the link says
    expect(page.locator(".excites-ascent .words")).to_contain_text("after 32 steps")
    with page.expect_download() as saved:
        page.get_by_role("button", name="All channels (CSV)").click()
    assert len(Path(saved.value.path()).read_text(encoding="utf-8").splitlines()) == 145

    page.reload()
    settled(page)
    expect(page.get_by_text("conv2, channel 3 of 16")).to_be_visible()
    first = page.locator(".excites-top a").first
    value = first.locator("b").inner_text()
    link = parse_qs(urlsplit(first.get_attribute("href") or "").query)
    first.click()
    page.wait_for_url("**/feature-maps?*")
    settled(page)
    channel = page.locator(".maps-channel")
    expect(channel.locator(".title")).to_contain_text("conv2, channel 3 of 16")
    row, column = (int(each) + 1 for each in link["at"][0].split("."))
    words = channel.locator(".words").inner_text()
    assert words.startswith(f"row {row}, column {column}: {value[:5]}")
