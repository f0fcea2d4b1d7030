"""The page on data: what it shows, what it does when nothing is there, a visitor's own zip."""

import base64
import csv
import io
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect
from sklearn.metrics import pairwise_distances_argmin
from streamlit.testing.v1 import AppTest

from explorer.base import storage
from explorer.base.tasks import ProcessPool
from explorer.base.torchvision_import import torchvision
from explorer.base.units import exact, percent
from explorer.data import datasets
from explorer.data.datasets import idx, own
from explorer.data.datasets.averages import (
    averages,
    mean_and_spread,
    most_frequent_share,
    nearest_average_accuracy,
)
from explorer.data.datasets.records import Split
from explorer.data.decoding import pools
from explorer.figures import pictures
from explorer.ui import downloads, progress
from pages.explore.data import parts
from tests.conftest import box_of, settled
from tests.explorer.data.own_pictures import cats_and_dogs, zipped
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import boards, opened, text
from tests.serving import server

ADDRESS = re.compile(r"data:image/png;base64,([\w+/=]+)")


def sheet(at: AppTest) -> np.ndarray:
    """The sheet that the page shows, (height, width, 4)."""
    (board,) = boards(at)
    (address,) = ADDRESS.findall(board["png"])
    with Image.open(io.BytesIO(base64.b64decode(address))) as picture:
        return np.asarray(picture)


def waited(at: AppTest) -> AppTest:
    """Run the page until no work is going on."""
    end = time.monotonic() + 20
    working = {"data.stop_download", "own_stop"}
    while any(button.key in working for button in at.button) and time.monotonic() < end:
        time.sleep(0.05)
        at.run()
    assert not at.exception
    return at


def pets(number: int = 12) -> bytes:
    """A zip of red cats and blue dogs."""
    return zipped(cats_and_dogs(number)).getvalue()


def bring(at: AppTest, content: bytes, name: str = "pets.zip") -> AppTest:
    """Give the page a file, which it begins to read."""
    return at.file_uploader(key="data.own_zip").set_value((name, content, "application/zip")).run()


# -- figures ----------------------------------------------------------------------------------


def test_a_sheet_shows_every_cell_as_it_is() -> None:
    cells = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8), np.uint8)
    drawn = pictures.sheet([cells[:3], cells[3:]], side=16, gap=2)
    assert drawn.shape == (2 * 18, 3 * 18, 4)
    second = drawn[1:17, 19:35]
    assert (second[..., 3] == 255).all()
    assert np.array_equal(second[::2, ::2, :3], cells[1].transpose(1, 2, 0))
    assert np.array_equal(second[1::2, 1::2, :3], cells[1].transpose(1, 2, 0))
    assert not drawn[18:, 36:].any()  # there is no sixth: see-through
    assert not drawn[:, 17:19, 3].any()  # nor is there anything between two


def test_grey_pictures_and_large_ones_fit_on_a_sheet_too() -> None:
    grey = np.full((2, 1, 8, 8), 77, np.uint8)
    assert (pictures.tiles(grey, 8)[..., :3] == 77).all()
    large = np.full((1, 3, 224, 112), 9, np.uint8)
    assert pictures.tiles(large, 56).shape == (1, 56, 28, 4)
    assert pictures.sheet([]).shape == pictures.sheet([grey[:0]]).shape == (1, 1, 4)


def test_averages_and_what_is_to_be_beaten_are_scikit_learns() -> None:
    data = datasets.load("digits")
    train, test = (part.pictures.flatten(1).double().numpy() for part in (data.train, data.test))
    centres = np.stack([train[data.train.labels == label].mean(axis=0) for label in range(10)])
    assert np.abs(averages(data.train, 10).flatten(1).numpy() - centres).max() < 1e-3
    right = pairwise_distances_argmin(test, centres) == data.test.labels.numpy()
    assert nearest_average_accuracy(data) == pytest.approx(right.mean())
    commonest = np.bincount(data.train.labels).argmax()
    expected = (data.test.labels.numpy() == commonest).mean()
    assert most_frequent_share(data) == pytest.approx(expected)


def test_the_chart_of_counts_holds_every_class() -> None:
    counts = [{"class": "a", "train": 3, "test": 1}, {"class": "<b>", "train": 20, "test": 5}]
    bars = parts.counts_chart(counts).data
    assert [(list(bar.x), list(bar.y)) for bar in bars] == [
        ([3, 20], ["a", "&lt;b&gt;"]),
        ([1, 5], ["a", "&lt;b&gt;"]),
    ]


# -- the page ---------------------------------------------------------------------------------


@pytest.mark.skipif(not datasets.at_hand("fashion_mnist"), reason="needs the real Fashion-MNIST")
def test_fashion_mnist_is_what_the_page_opens_with() -> None:
    at = opened("data")
    for words in (
        "60\u202f000",
        "10\u202f000",
        "1\u00a0×\u00a028\u00a0×\u00a028",
        "54.9 MB",
        "Licence: MIT",
        percent(0.677),
    ):
        assert words in text(at)
    assert str(datasets.where("fashion_mnist")) in text(at)
    assert not at.error
    first = datasets.load("fashion_mnist").train
    trouser = first.pictures[(first.labels == 1).nonzero()[0]].numpy()
    cell = sheet(at)[60 + 2 : 120 - 2, 60 + 12 + 2 : 60 + 12 + 58]  # past the average and a gap
    assert np.array_equal(cell, pictures.tiles(trouser)[0])


def test_a_link_restores_part_and_place_and_buttons_leaf_through() -> None:
    at = opened("data", data="digits", part="test", turn="2")
    assert "Pictures 21 to 30 of each class" in text(at)
    data = datasets.load("digits").test
    zeros = data.pictures[data.labels == 0][20:30].numpy()
    assert np.array_equal(sheet(at)[2:58, 74:130], pictures.tiles(zeros[:1])[0])
    at.button(key="data.forth").click().run()
    assert at.query_params["turn"] == "3"
    counts = data.labels.bincount()
    assert f"Pictures 31 to {counts.max()} of each class, where there are so many" in text(at)
    assert f"classes have {counts.min()} to {counts.max()}" in text(at)
    at.button(key="data.forth").click().run()  # a class has 37 at most: the first ones come again
    assert "Pictures 1 to 10" in text(at)
    assert "turn" not in at.query_params
    at.button(key="data.back").click().run()
    assert "Pictures 31 to 37" in text(at)


@pytest.mark.parametrize("name", ["digits", "fashion_mnist"])
def test_what_a_network_learns_from_is_said_in_numbers(name: str) -> None:
    if not datasets.at_hand(name):
        pytest.skip("is not here")
    at, data = opened("data", data=name), datasets.load(name)
    numbers, each = data.train.pictures.numpy() / 255, data.train.labels.bincount()
    for words in (
        f"From {exact(len(data.train))} pictures",
        f"{data.train.pictures[0].numel()} numbers from 0 to 1",
        f"{numbers.mean():.3f} on average, with a spread of {numbers.std():.3f}",
        "Each of 10 classes comes",
        exact(int(each.max())),
    ):
        assert words in text(at)
    (link,) = [link.proto for link in at.get("page_link") if link.proto.page == "new-run"]
    assert link.query_string == f"dataset={name}"


def test_mean_and_spread_are_of_each_channel() -> None:
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (9, 3, 4, 5), np.uint8))
    mean, spread = mean_and_spread(Split(pictures, torch.zeros(9, dtype=torch.int64)))
    each = pictures.numpy().transpose(1, 0, 2, 3).reshape(3, -1) / 255
    assert mean == pytest.approx(each.mean(1))
    assert spread == pytest.approx(each.std(1))


def test_a_picture_is_shown_in_numbers_and_left_again() -> None:
    at = opened("data", data="digits", part="test", picture="7")
    (board,) = boards(at)
    picture = datasets.load("digits").test.pictures[7]
    assert base64.b64decode(board["numbers"]) == picture.numpy().tobytes()
    assert board["shape"] == [*picture.shape]
    assert board["of"] == "digits:test:7"
    (link,) = [link.proto for link in at.get("page_link") if link.proto.page == "feature-maps"]
    assert parse_qs(link.query_string) == {"picture": [board["of"]]}
    at.button(key="data.all").click().run()
    assert "png" in boards(at)[0]
    assert "picture" not in at.query_params


def test_another_part_begins_with_its_sheet() -> None:
    at = opened("data", data="digits", part="test", picture="7")
    at.button_group(key="data.part").set_value("train").run()
    assert "png" in boards(at)[0]
    assert "picture" not in at.query_params


@pytest.mark.parametrize("picture", ["-1", "x", "99999", "1e3"])
def test_a_picture_that_there_is_not_is_told(picture: str) -> None:
    at = opened("data", data="digits", picture=picture)
    assert f"picture={picture}" in at.warning[0].value
    assert "png" in boards(at)[0]


@pytest.mark.parametrize("turn", ["-1", "x", "1e9", "99999999999", "12345"])
def test_nonsense_in_the_link_does_no_harm(turn: str) -> None:
    at = opened("data", data="digits", part="nonsense", turn=turn, own="images/../../etc/passwd")
    assert "Pictures" in text(at)
    assert not at.error
    assert opened("data", data="nothing").title


def test_a_set_of_ones_own_that_is_not_shown_is_told_and_leaves_the_link(home: Path) -> None:
    for data in ("nope", "digits", "images"):
        at = opened("data", data=data, own="../../x")
        assert "own=../../x" in at.warning[0].value
        assert "own" not in at.query_params
        assert "own" not in at.run().query_params
    name = datasets.keep(io.BytesIO(pets()), "pets")
    at = opened("data", data="images", own="../../x")
    assert "own=../../x" in at.warning[0].value
    assert name in at.warning[0].value
    assert at.query_params["own"] == name


def test_a_download_that_fails_says_so_and_can_be_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://no-such-host.invalid/"])
    downloads.TASKS.clear()
    at = opened("data", data="mnist")
    assert "MNIST is not on this machine yet" in text(at)
    assert "60\u202f000" in text(at)  # what is known is said all the same
    button = at.button(key="data.download")
    assert button.label == "Download MNIST (11.6 MB)"
    waited(button.click().run())
    assert "no internet here" in at.error[0].value
    assert "At hand without a download: Digits (digits)." in at.error[0].value
    assert at.button(key="data.download")
    again = opened("data", data="mnist")  # whoever looks sees it
    assert "no internet here" in again.error[0].value
    downloads.TASKS.clear()


def test_a_download_shows_how_far_it_is_and_can_be_stopped(home: Path) -> None:
    stopped = threading.Event()

    def work(progress: datasets.Progress) -> str:
        try:
            while True:  # as long as nobody stops it
                progress(4_000_000, 11_594_722)
                time.sleep(0.01)
        finally:
            stopped.set()

    downloads.Download("download mnist", 11_594_722, work).begin("")
    at = opened("data", data="mnist")
    (bar,) = at.get("progress")
    assert bar.proto.value == 34
    assert re.match(r"4.00 MB of 11.6 MB · .* a second · \d+ s left", bar.proto.text)
    assert "60\u202f000" in text(at)
    at.button(key="data.stop_download").click().run()
    assert stopped.wait(5)
    waited(at)
    assert "The download was stopped; nothing of it is kept" in text(at)
    assert at.button(key="data.download")
    downloads.TASKS.clear()


def test_a_damaged_file_is_named_and_can_be_fetched_anew(home: Path) -> None:
    folder = home / "data" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for name in idx.FILES:
        (folder / name).write_bytes(b"damaged")
    at = opened("data", data="mnist")
    assert "train-images-idx3-ubyte is damaged" in at.error[0].value
    assert at.button(key="data.download")


def test_a_damaged_set_of_ones_own_is_named_and_can_be_deleted(home: Path) -> None:
    name = datasets.keep(io.BytesIO(pets()), "pets")
    where = datasets.where(name)
    assert where
    where.write_bytes(b"damaged")
    at = opened("data", data="images", own=name)
    assert f"{where.name} is damaged" in at.error[0].value
    next(each for each in at.button if each.label == "Delete it").click().run()
    assert not at.exception
    assert name not in datasets.names()


def test_a_zip_becomes_a_data_set_that_can_be_deleted(home: Path) -> None:
    at = opened("data", data="images")
    assert "in one folder for each class" in text(at)
    waited(bring(at, pets(), "My pets.zip"))
    assert not at.error
    (name,) = [each for each in datasets.names() if each.startswith("images/")]
    assert name.startswith("images/my-pets-")
    assert at.query_params["own"] == name
    assert "3\u00a0×\u00a016\u00a0×\u00a016" in text(at)
    assert percent(1.0) in text(at)  # red and blue are told apart by their averages
    assert sheet(at).shape == (2 * 68, 68 + 12 + 10 * 68, 4)  # 16 cells of 4 pixels, gaps of 4
    again = opened("data", data="images", own=name)
    assert again.selectbox(key="data.own").value == name
    again.button(key="data.delete_own").click().run()
    assert not again.exception
    assert name not in datasets.names()
    assert not again.selectbox


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip at all", "no zip archive"),
        (b"", "no zip archive"),
        (pets(1), "has one picture"),
    ],
)
def test_an_upload_that_is_not_taken_says_why(home: Path, content: bytes, words: str) -> None:
    at = waited(bring(opened("data", data="images"), content))
    assert words in at.error[0].value
    assert not at.selectbox


def test_reading_is_watched_stopped_and_waited_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes longer says how far it is; whoever comes second is told that somebody is first."""
    one = ProcessPool(pools.SPARE, at_once=1, most=4, most_each=2, most_bytes=10**6)
    monkeypatch.setattr(pools, "ARCHIVES", one)
    monkeypatch.setattr(own, "_DECODE", "tests.task_functions:linger")
    first = bring(opened("data", data="images"), pets())
    assert re.search(r"^25 % of 20 pictures · \d+ s left$", bar(first))
    monkeypatch.undo()
    monkeypatch.setenv(storage.VARIABLE, str(home))
    monkeypatch.setattr(pools, "ARCHIVES", one)
    second = bring(opened("data", data="images"), pets())
    assert bar(second) == "Waiting: this file is next"
    first.button(key="own_stop").click().run()
    assert "That was stopped; nothing is kept." in text(waited(first))
    waited(second)
    assert [name[:12] for name in own.names()] == ["images/pets-"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (3599, "1 hour"), (3700, "2 hours")],
)
def test_a_bound_of_time_is_said_in_round_words(seconds: float, words: str) -> None:
    assert progress.in_round_words(seconds) == words


def bar(at: AppTest) -> str:
    """What stands at the bar that shows how far the work is."""
    return str(at.get("progress")[0].proto.text)


# -- in a real browser ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that keeps its files in a folder of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(storage.VARIABLE, str(tmp_path_factory.mktemp("home")))
        with server() as address:
            yield address


@pytest.mark.browser
def test_a_click_or_the_keys_choose_the_picture_under_them(page: Page) -> None:
    sheet = mounted(page, opened("data", data="digits", part="test"), "sheet")
    places = {(row, column): number for number, row, column in sheet.data["places"]}
    picture = box_of(sheet.board.locator("img"))
    across = (sheet.data["left"] + 4.5 * sheet.data["step"]) / 100  # the middle of the fifth
    page.mouse.click(
        picture["x"] + across * picture["width"], picture["y"] + 0.35 * picture["height"]
    )
    sheet.sends("picture", places[3, 4])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    sheet.sends("picture", places[4, 4])


@pytest.mark.browser
def test_every_number_of_a_picture_can_be_read(page: Page) -> None:
    grid = mounted(page, opened("data", data="digits", part="test", picture="7"), "picture-numbers")
    value = int(datasets.load("digits").test.pictures[7, 0, 2, 3])
    cell = box_of(grid.board.locator("canvas"))["width"] / grid.data["shape"][2]
    grid.board.locator("canvas").hover(position={"x": 3.5 * cell, "y": 2.5 * cell})
    words = f"Row 3, column 4: {value}. A network gets {value / 255:.3f}."
    expect(grid.board.locator(".words")).to_have_text(words)


@pytest.mark.browser
def test_a_visitor_brings_pictures_and_takes_the_sheet_along(page: Page, own_server: str) -> None:
    page.goto(f"{own_server}/data?data=digits")
    settled(page)
    image = page.locator(".sheet img")
    expect(image).to_be_visible()
    names, rows = page.locator(".sheet .names span"), box_of(image)
    for place in (0, 9):  # each name stands beside the middle of its row
        box = box_of(names.nth(place))
        middle = rows["y"] + rows["height"] * (place + 0.5) / 10
        assert abs(box["y"] + box["height"] / 2 - middle) < 4
    assert rows["y"] + rows["height"] < 768  # all classes are in sight
    with page.expect_download() as saved:
        page.get_by_role("button", name="Counts (CSV)").click()
    table = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))
    assert [*table[0]] == ["class", "train", "test"]
    assert sum(int(row["train"]) + int(row["test"]) for row in table) == 1797

    page.get_by_role("radio", name="Own pictures").click()
    zip_ = {"name": "pets.zip", "mimeType": "application/zip", "buffer": pets()}
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(files=[zip_])
    expect(names).to_have_text(["cats", "dogs"], timeout=20_000)
    page.wait_for_url("**own=images%2Fpets-*")
    page.reload()
    expect(names).to_have_text(["cats", "dogs"])
    page.get_by_role("button", name="Delete these pictures").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".sheet")).to_have_count(0)
