"""The page on feature maps: what it shows is what the network computes, and links restore it."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest
from torch import nn

from explorer import weights
from explorer.data import datasets
from explorer.figures.maps import photograph
from explorer.inside import unit_arithmetic
from explorer.inside.activations import own_copy, record
from explorer.networks import NetworkSpec
from explorer.ui import picture_picker, selection
from explorer.ui.boards import component
from explorer.ui.inside import recordings, sum_words
from explorer.ui.inside.recordings import Subject
from explorer.ui.picture_picker import browse, drawing
from explorer.ui.picture_picker.browse import Place
from pages.inside.feature_maps import arithmetic as arithmetic_board
from pages.inside.feature_maps import channels
from tests.conftest import box_of, settled
from tests.opened_pages import boards, grey_input, numbers, opened, text
from tests.run_processes import own_pictures
from tests.shipped_weights import trained, untrained

pytestmark = pytest.mark.usefixtures("shipped")
LAYERS = "input conv1 act1 pool1 conv2 act2 pool2 flatten fc1 act3 fc2 act4 fc3".split()


def board(at: AppTest, kind: str, which: int = 0) -> dict[str, Any]:
    """What one of the page's boards was sent, told by what it alone has."""
    mark = {"strip": "stages", "mosaic": "tile", "channel": "values", "sum": "steps"}[kind]
    return [sent for sent in boards(at) if mark in sent][which]


def words(sent: dict[str, Any]) -> str:
    """All lines of a written sum."""
    lines = [line for step in sent["steps"] for line in step["lines"]]
    return "\n".join("".join(token[0] for token in line) for line in lines)


# -- what is shown ----------------------------------------------------------------------------


def test_boards_and_the_written_sum_are_what_the_network_computes() -> None:
    at = opened("feature-maps", picture="digits:test:0", layer="conv2", channel="7", at="3.4")
    network = untrained()
    with torch.no_grad():
        expected = network.conv2(network.pool1(network.act1(network.conv1(grey_input()))))[0]
    channel = board(at, "channel")
    assert np.allclose(numbers(channel["values"]), expected[7].flatten(), atol=1e-6)
    where = {"size": [10, 10], "at": [3, 4], "axes": [[-2, 14, 2]] * 2, "field": [4, 17, 6, 19]}
    assert channel.items() >= where.items()
    mosaic = board(at, "mosaic")
    assert (mosaic["count"], mosaic["tile"]) == (16, [10, 10])
    stats = numbers(mosaic["stats"]).reshape(4, 16)
    assert np.allclose(stats[0], expected.mean((1, 2)), atol=1e-6)
    assert np.allclose(stats[3], expected.var((1, 2), correction=0), atol=1e-6)
    assert mosaic["legend"]["high"] == pytest.approx(float(expected.abs().max()), abs=1e-6)
    assert [stage["name"] for stage in board(at, "strip")["stages"]] == LAYERS
    sent = board(at, "sum")
    weighted = sent["weighted"]
    total = float(numbers(weighted["subtotals"]).sum()) + float(network.conv2.bias[7])
    value = float(expected[7, 3, 4])
    assert total == pytest.approx(value, abs=1e-5)
    assert weighted["size"] == [5, 5]
    assert weighted["goals"][0] == ["pool1", 0, 5, 6]
    assert [step["chosen"] for step in sent["steps"]] == [True, False]
    assert sum_words.number(value) in words(sent)
    assert "Sigmoid(" in words(sent), "it goes on after it"


@pytest.mark.parametrize(
    ("network", "layer", "line"),
    [
        ("bn_lenet", "bn1", "μ and σ² are this channel's moving averages"),
        ("bn_lenet", "pool1", "the largest of 4 numbers"),
        ("lenet", "pool1", "the mean: the sum of 4 numbers"),
        ("lenet", "flatten", "moved, not changed: it is pool2, channel 1"),
        ("lenet", "input", "the picture's own numbers"),
    ],
)
def test_every_kind_of_layer_is_written_out(network: str, layer: str, line: str) -> None:
    at = opened("feature-maps", network=network, picture="digits:test:3", layer=layer)
    assert line in (text(at) if layer == "input" else words(board(at, "sum")))


def test_sums_read_as_people_write_them() -> None:
    torch.manual_seed(0)
    part = nn.Sequential(nn.Conv2d(20, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU()).eval()
    recording = record(part, torch.randn(1, 20, 5, 5))
    arithmetic = unit_arithmetic.pixel(recording, "0", 1, 0, 0)
    line = "".join(token[0] for token in sum_words.lines(arithmetic)[0])
    assert line.startswith("0 = ")
    assert "(14 others)" in line
    assert line.endswith(sum_words.number(arithmetic.value))
    lines = sum_words.text([arithmetic])
    assert lines.count("channel") >= 20
    assert "-" not in lines  # a true minus everywhere
    assert sum_words.number(-0.00003) == "−3e−5"
    assert sum_words.number(1.0) == "1"
    assert "ReLU(x) = max(0, x)" in sum_words.text([unit_arithmetic.pixel(recording, "2", 1, 0, 0)])
    drawn = arithmetic_board._drawn(arithmetic)["weighted"]  # padding is marked, and shown as zero
    assert drawn["inside"] == [False] * 3 + [False, True, True] * 2
    assert numbers(drawn["patches"]).reshape(-1, 9)[:, :3].tolist() == [[0] * 3] * 20


def test_silent_channels_are_marked_nin_s_dead_answers_too() -> None:
    at = opened("feature-maps", network="nin", picture="digits:test:0", layer="flatten")
    network = untrained("nin")
    with torch.no_grad():
        answers = network(grey_input(side=224))[0]
    silent = [n for n, answer in enumerate(answers.tolist()) if answer == 0]
    assert silent
    assert board(at, "mosaic")["silent"] == silent
    assert board(at, "strip")["stages"][-1]["silent"]


# -- links ------------------------------------------------------------------------------------


def test_a_block_s_name_leads_to_its_last_operation() -> None:
    at = opened("feature-maps", network="nin", picture="digits:test:0", layer="block2")
    assert board(at, "strip")["chosen"] == "block2.relu3"
    assert at.query_params["layer"] == "block2.relu3"


def liveliest(at: AppTest) -> int:
    """The channel whose numbers vary most from place to place: it is shown at first."""
    mosaic = board(at, "mosaic")
    return int(numbers(mosaic["stats"]).reshape(4, mosaic["count"])[3].argmax())


def test_what_a_link_cannot_have_is_told_with_what_there_is() -> None:
    at = opened("feature-maps", layer="zzz", channel="9999", at="99.99", fit="![x](http://a.b)`")
    place = ".".join(map(str, board(at, "channel")["at"]))
    assert at.warning[0].value.split("  \n") == [
        f"The link says `{query}`, but it can only be {choices}; `{used}` is used instead."
        for query, choices, used in (
            ("fit=![x](http://a.b)", "`squeeze`, `crop`, `pad`", "squeeze"),
            ("layer=zzz", ", ".join(f"`{layer}`" for layer in LAYERS), "conv1"),
            ("channel=9999", "`0` to `5`", str(liveliest(at))),
            ("at=99.99", "`0.0` to `27.27` (row.column)", place),
        )
    ]


def test_weights_that_were_trained_cannot_be_built_otherwise(shipped: Path) -> None:
    trained(shipped)
    at = opened("feature-maps", activation="relu", pooling="avg", side="31")
    warning = at.warning[0].value
    sentence = "`activation=relu`, but these weights were trained with `activation=sigmoid`."
    assert sentence in warning
    assert "`side=31`" in warning
    assert "pooling" not in warning
    assert set(at.query_params) == {"pooling"}
    at = opened("feature-maps", activation="relu", side="31", weights="untrained:0")
    assert not at.warning


@pytest.mark.skipif(not datasets.at_hand("fashion_mnist"), reason="needs the real Fashion-MNIST")
def test_order_colours_and_mode_come_from_the_link() -> None:
    where = {"network": "bn_lenet", "picture": "digits:test:0", "layer": "bn1", "channel": "0"}
    plain = opened("feature-maps", **where)
    assert "Evaluation mode" in text(plain)
    assert board(plain, "mosaic")["legend"]["signed"]
    at = opened("feature-maps", **where, training="true", sort="max", scale="channel", signs="up")
    assert "Training mode" in text(at)
    mosaic = board(at, "mosaic")
    assert (mosaic["sort"], mosaic["legend"]["ends"]) == ("max", ["its least", "its largest"])
    network = own_copy(untrained("bn_lenet"), training=True)
    batch = torch.cat([grey_input(), *(grey_input(f"fashion_mnist:test:{n}") for n in range(31))])
    with torch.no_grad():
        expected = network.bn1(network.conv1(batch))[0, 0]
    assert np.allclose(numbers(board(at, "channel")["values"]), expected.flatten(), atol=1e-5)
    without = opened("feature-maps", network="lenet", picture="digits:test:0", training="true")
    assert "both modes give the same" in text(without)


def test_published_weights_that_are_not_here_are_offered_not_fetched() -> None:
    at = opened("feature-maps", network="torchvision/resnet18", weights="published")
    assert "not on this machine yet" in text(at)
    assert at.button(key="feature-maps.download").label == "Download them"
    assert not boards(at)
    plain = opened("feature-maps", network="torchvision/squeezenet1_1")
    # What is here comes first.
    assert plain.selectbox(key="feature-maps.weights").value == "untrained:0"


# -- beside each other ------------------------------------------------------------------------


def test_two_pictures_stand_in_one_range_of_colours() -> None:
    at = opened(
        "feature-maps", picture="digits:test:0", picture2="digits:test:5", beside="pictures",
        layer="conv1", channel="2", scale="channel",
    )  # fmt: skip
    network = untrained()
    with torch.no_grad():
        expected = [network.conv1(grey_input(f"digits:test:{n}"))[0, 2] for n in (0, 5)]
    both = [board(at, "channel", which) for which in (0, 1)]
    for channel, right in zip(both, expected, strict=True):
        assert np.allclose(numbers(channel["values"]), right.flatten(), atol=1e-6)
    high = max(float(each.abs().max()) for each in expected)
    assert [channel["high"] for channel in both] == [pytest.approx(high, abs=1e-6)] * 2
    assert both[0]["at"] == both[1]["at"]


def test_a_batch_is_no_larger_than_a_set_of_few_pictures(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = datasets.keep(own_pictures(home / "few"))
    monkeypatch.setattr(picture_picker, "first", lambda _dataset="": f"{name}:test:0")
    at = opened("feature-maps", network="bn_lenet", picture="digits:test:0", training="true")
    assert f"and {datasets.get(name).test_count} others" in text(at)


def test_what_was_chosen_in_another_layer_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[dict[str, str]] = []
    monkeypatch.setattr(selection, "go", lambda _state, *_layer, **where: went.append(where))
    choice = {"at": {"of": "conv1", "at": [2, 3]}, "go": {"of": "conv1", "to": ["input", 0, 4, 5]}}
    monkeypatch.setattr(component.st, "session_state", {"map": choice})
    for of in ("conv2", "conv1"):
        channels._pointed("map", of)
        arithmetic_board._went("map", of)
    assert went == [{"at": "2.3"}, {"channel": "0", "at": "4.5"}]


def test_trained_weights_stand_beside_those_before_training(shipped: Path) -> None:
    network = trained(shipped)
    at = opened(
        "feature-maps", picture="digits:test:0", layer="conv1", channel="0", beside="moments"
    )
    assert at.selectbox(key="feature-maps.weights").value == "shipped:lenet"
    assert "before training" in text(at)
    with torch.no_grad():
        right = network.conv1(grey_input())[0, 0]
    before, after = (numbers(board(at, "channel", which)["values"]) for which in (0, 1))
    assert np.allclose(after, right.flatten(), atol=1e-6)
    assert not np.allclose(before, after, atol=0.01)
    ranges = [board(at, "mosaic", which)["legend"]["high"] for which in (0, 1)]
    assert ranges[0] < ranges[1] / 3, "before training, in its own range, there is something to see"
    at.toggle(key="feature-maps.both").set_value(True).run()
    assert [board(at, "mosaic", which)["legend"]["high"] for which in (0, 1)] == ranges[1:] * 2
    last = opened("feature-maps", weights="shipped:lenet@0", layer="fc3")
    assert board(last, "mosaic")["classes"] == list(datasets.get("digits").classes)


# -- pictures ---------------------------------------------------------------------------------


def test_a_drawing_fits_into_a_link() -> None:
    cells = bytes(int(17 * (n % 16)) for n in range(drawing.CELLS))
    assert drawing.read(drawing.spell(cells)) == cells
    noise = np.random.default_rng(0).integers(0, 256, drawing.CELLS, np.uint8).tobytes()
    spelled = drawing.spell(noise)
    assert len(spelled) <= drawing.LONGEST
    back = np.frombuffer(drawing.read(spelled), np.uint8).astype(int)
    assert np.abs(back - np.frombuffer(noise, np.uint8)).max() <= 8
    at = opened("feature-maps", picture=f"drawing:{drawing.spell(cells)}", layer="input")
    assert np.allclose(numbers(board(at, "channel")["values"]), [c / 255 for c in cells])
    for broken in ("", "A", "ä", spelled[:-40], spelled + spelled, "eJzt" * 100):
        with pytest.raises(ValueError, match="Draw it again"):
            drawing.read(broken)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ("photograph:china", ["1.5 times narrower", "67 % of the picture", "33 % of what"]),
        ("digits:test:0", ["all three fits give the same"]),
    ],
)
def test_which_fit_is_best_is_answered_with_the_picture_s_numbers(
    picture: str, words: list[str]
) -> None:
    words = ["The network takes one shape, and my picture has another", "ratio of the sides kept",
             "average its answers", *words]  # fmt: skip
    page = text(opened("feature-maps", picture=picture))
    assert [each for each in words if each not in page] == []


def test_leafing_goes_from_one_picture_of_a_class_to_the_next() -> None:
    place = Place("digits", "test", 0)
    labels = datasets.load("digits").test.labels
    fours = browse.among(place, "4", None)
    assert set(labels[list(fours)].tolist()) == {4}
    assert browse.neighbour(fours, fours[0], 1) == fours[1]
    assert browse.neighbour(fours, fours[-1], 1) == fours[0]
    assert browse.neighbour(fours, -1, 0) == fours[0]
    wrong = browse.Mistakes("digits", (9, 3, 7))
    assert browse.neighbour(browse.among(place, "worst", wrong), 3, 1) == 7
    assert len(browse.among(place, "any", None)) == len(labels)
    assert Place.read(place.spelled) == place
    assert Place.read("photograph:china") is None


# -- what is kept -----------------------------------------------------------------------------


def subject(seed: int, network: str = "lenet", side: int = 28) -> Subject:
    picture = grey_input(f"digits:test:{seed}", side)
    model = weights.model(NetworkSpec.parse(network), f"untrained:{seed}")
    return Subject(model, f"{seed} {side}", False, picture)


def test_what_is_kept_is_bounded_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    plain = recordings.activations.record
    monkeypatch.setattr(
        recordings.activations, "record", lambda *a, **k: calls.append(1) or plain(*a, **k)
    )
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _n: recordings.recorded(subject(1), "conv1"), range(16)))
    assert len(calls) == 1
    monkeypatch.setattr(recordings._recordings, "_most", 200_000)
    for seed in range(6):
        recordings.recorded(subject(seed), "conv1")
        assert recordings._recordings.bytes_kept <= 200_000


def test_a_network_too_large_to_keep_is_recorded_layer_by_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = recordings.overview(subject(1, "bn_lenet"))
    everything = recordings.recorded(subject(1, "bn_lenet"), "conv2")
    monkeypatch.setattr(recordings, "MOST_WHOLE", 0)
    recordings._overviews.clear()
    parts = recordings.overview(subject(1, "bn_lenet"))
    assert parts.span == pytest.approx(whole.span)
    assert parts.stages.keys() == whole.stages.keys()
    for name, stage in parts.stages.items():
        assert stage.shape == whole.stages[name].shape
        assert np.allclose(stage.maps, whole.stages[name].maps, atol=1e-6)
    one = recordings.recorded(subject(1, "bn_lenet"), "bn2")
    assert set(one.steps) == {"conv2", "bn2", "act2"}  # what its arithmetic needs
    assert torch.equal(one.maps("conv2"), everything.maps("conv2"))


# -- in a real browser ------------------------------------------------------------------------


@pytest.mark.browser
def test_from_the_strip_to_the_sum_and_back_by_the_link(page: Page, app_server: str) -> None:
    page.goto(f"{app_server}/feature-maps?weights=untrained:0&picture=digits:test:0")
    settled(page)
    strip, mosaic = page.locator(".maps-strip"), page.locator(".channel-mosaic")
    channel, written = page.locator(".maps-channel"), page.locator(".maps-sum")
    expect(page.locator("[data-sum-painted]")).to_be_visible()
    strip.locator('.stage[data-layer="conv2"]').click()
    expect(channel.locator(".title")).to_have_text(re.compile(r"conv2, channel \d+ of 16, 10 × 10"))

    mosaic.locator("canvas").click(position={"x": 150, "y": 40})  # the second
    expect(channel.locator(".title")).to_contain_text("channel 2 of 16")
    mosaic.locator(".box").press("ArrowRight")
    expect(channel.locator(".title")).to_contain_text("channel 3 of 16")
    page.wait_for_url("**channel=2*")

    large = channel.locator(".map canvas")
    box = box_of(large)
    large.hover(position={"x": box["width"] * 0.05, "y": box["height"] * 0.05})
    expect(channel.locator(".words")).to_contain_text("row 1, column 1:")
    large.click(position={"x": box["width"] * 0.35, "y": box["height"] * 0.25})
    expect(written.locator(".head")).to_contain_text("conv2, channel 3, row 3, column 4")
    expect(written.locator(".card")).to_have_count(6)
    value = written.locator(".chosen .t-total").inner_text()
    assert channel.locator(".words").inner_text().split(": ")[1].startswith(value[:5])
    page.wait_for_url("**at=2.3*")

    with page.expect_download() as saved:
        page.get_by_role("button", name="Channel (CSV)").click()
    rows = np.loadtxt(saved.value.path(), delimiter=",")
    assert rows.shape == (10, 10)
    assert sum_words.number(float(rows[2, 3])) == value
    with page.expect_download() as saved:
        mosaic.get_by_role("button", name="Save this picture (PNG)").click()
    assert saved.value.suggested_filename == "lenet-conv2.png"

    page.reload()
    settled(page)
    expect(written.locator(".head")).to_contain_text("conv2, channel 3, row 3, column 4")
    written.locator(".card .title").first.click()  # to where the first patch was read
    expect(channel.locator(".title")).to_have_text("pool1, channel 1 of 6, 14 × 14")


@pytest.mark.browser
def test_a_visitor_draws_and_brings_a_picture(page: Page, app_server: str, tmp_path: Path) -> None:
    page.goto(f"{app_server}/feature-maps?weights=untrained:0&picture=digits:test:0")
    settled(page)
    page.locator(".st-key-feature-maps-picture_opened button").first.click()
    page.get_by_role("radio", name="Draw").click()
    grid = page.locator(".drawing canvas")
    expect(grid).to_be_visible()
    grid.hover(position={"x": 60, "y": 60})
    page.mouse.down()
    grid.hover(position={"x": 200, "y": 200})
    page.mouse.up()
    page.wait_for_url("**picture=drawing*")
    expect(page.locator("[data-drawing-painted]")).to_be_visible()  # it stays open
    drawing, channel = (
        box_of(page.locator(each)) for each in ("[data-testid=stPopoverBody]", ".maps-channel")
    )
    assert drawing["x"] + drawing["width"] < channel["x"], "what it becomes is seen beside it"

    page.get_by_role("radio", name="Upload").click()
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(300_000_000)
    bad = {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
    good = bad | {"name": "boots.png", "buffer": photograph(np.full((3, 40, 60), 200, np.uint8))}
    chooser = page.locator(
        ".st-key-feature-maps-picture_file [data-testid=stFileUploaderDropzoneInput]"
    )
    chooser.set_input_files(files=[bad])
    expect(page.get_by_text("cannot be read as a PNG or JPEG")).to_be_visible()
    chooser.set_input_files(large)
    refused = page.get_by_text("File must be 10.0MB or smaller")
    box = box_of(refused)
    assert box["height"] > 12, "in sight, not only to who hovers over its sign"
    assert refused.evaluate("element => getComputedStyle(element).clipPath") == "none"
    chooser.set_input_files(files=[good])
    expect(page.get_by_text("boots", exact=True)).to_be_visible()
    page.wait_for_url("**picture=own*")

    page.get_by_role("radio", name="Camera").click()
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    page.get_by_role("button", name="Take Photo").click()
    expect(page.get_by_text("from the camera", exact=True)).to_be_visible(timeout=15_000)
    expect(page.get_by_text("▸ 1 × 28 × 28")).to_be_visible()
