"""What visitors may have brought here from the web, and who stops it."""

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from explorer.base.access import Denied, RunLimits, Who
from explorer.data import datasets
from explorer.runs import quota
from explorer.ui import downloads, visitor
from explorer.ui.downloads import Download
from explorer.ui.entries import entry
from tests.journeys.visitors import ANNA, BERT, DATA, KEY, Browser, share
from tests.opened_pages import as_read, opened


def begun(
    key: str, size: int = 11_594_722, *, answered: bool = True
) -> tuple[Download, Callable[[], None]]:
    """A download that goes on until somebody stops it, begun by whoever is served; its end."""
    here, left, answer = Event(), Event(), Event()

    def work(progress: datasets.Progress) -> None:
        here.set()
        time.sleep(0.2)  # until the server's first bytes
        try:
            assert answered or answer.wait(5)
            while True:
                progress(size // 10, size)
                time.sleep(0.01)
        finally:
            left.set()

    def end() -> None:
        download.stop()
        answer.set()
        assert left.wait(5)
        downloads.TASKS.clear()

    download = Download(key, size, work)
    visitor.start_download(download)
    assert here.wait(5)
    return download, end


WEIGHTS = {"network": "torchvision/resnet18", "weights": "published"}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"train": Who.NOBODY}, "--train nobody"),
        ({"limits": RunLimits(free_bytes=10**18)}, "are to stay free"),
    ],
)
@pytest.mark.parametrize(
    ("page", "address"), [("data", {"data": "mnist"}), ("feature-maps", WEIGHTS)]
)
def test_what_may_not_be_downloaded(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch,
    page: str, address: dict[str, str], changes: dict[str, Any], refusal: str,
) -> None:  # fmt: skip
    browser_of.be(ANNA)
    at, key = opened(page, **address), entry(page).state.key("download")
    assert not at.button(key=key).disabled
    share(monkeypatch, **changes)
    at.button(key=key).click().run()  # pressed in spite of what holds by now
    assert refusal in as_read(at.toast[0])
    assert at.button(key=key).disabled
    assert refusal in at.button(key=key).help
    download = downloads.of_weights(WEIGHTS["network"])
    with pytest.raises(Denied, match=refusal):
        visitor.start_download(download)
    assert download.task is None


@pytest.mark.parametrize("answered", [False, True])
def test_two_downloads_do_not_find_room_for_one(
    browser_of: Browser, monkeypatch: pytest.MonkeyPatch, answered: bool
) -> None:
    browser_of.be(ANNA)
    share(monkeypatch, limits=RunLimits(free_bytes=1))
    most_of_it = int(0.7 * quota.free())
    assert visitor.may_not_download(most_of_it) == ""
    _download, end = begun("much", most_of_it, answered=answered)
    with pytest.raises(Denied, match="are to stay free"):
        begun("as much again", most_of_it)
    assert "stay free" in visitor.may_not_add_pictures(most_of_it)
    end()
    assert visitor.may_not_download(most_of_it) == ""


def test_a_download_is_stopped_by_whoever_began_it_and_the_teacher(browser_of: Browser) -> None:
    stop = DATA.key("stop_download")
    browser_of.be(ANNA)
    download, end = begun("download mnist")
    browser_of.be(BERT)
    visitor.start_download(download)  # who joins it is not who began it
    at = opened("data", data="mnist")
    assert at.button(key=stop).disabled
    assert "Another visitor has begun this download" in at.button(key=stop).help
    with pytest.raises(Denied, match="Another visitor has begun this download"):
        visitor.stop_download(download)
    assert download.going
    assert visitor.become_teacher(KEY)
    assert not opened("data", data="mnist").button(key=stop).disabled
    browser_of.be(ANNA)
    opened("data", data="mnist").button(key=stop).click().run()
    end()
