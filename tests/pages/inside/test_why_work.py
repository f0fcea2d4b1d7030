"""What the page "Why this class?" takes a while for: shared, in turns, stopped, given up."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from explorer import weights
from explorer.base import compute_slots
from explorer.base.cache import SizedCache
from explorer.base.tasks import Progress, Task
from explorer.data import datasets
from explorer.inside import attribution
from explorer.inside.attribution import METHODS
from explorer.networks import NetworkSpec
from explorer.ui import progress
from explorer.ui.inside.recordings import Subject
from explorer.ui.picture_picker.browse import Place
from explorer.weights import Model
from pages.inside.why import mistakes, results
from pages.inside.why.results import Explanation, Piece, Question
from tests.opened_pages import boards, given, opened, press, text
from tests.shipped_weights import trained

VISITORS = 30


@pytest.fixture(autouse=True)
def patient(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page waits for all of its results."""
    monkeypatch.setattr(progress, "PATIENCE", 60.0)


def board(at: AppTest, kind: str) -> dict[str, Any]:
    """What one of the page's boards was sent, told by what it alone has."""
    mark = {"answer": "guesses", "maps": "rows"}[kind]
    (sent,) = [each for each in boards(at) if mark in each]
    return sent


def picture_of(at: AppTest) -> str:
    """The picture's name in the address: AppTest gives a text or a list of one."""
    found = at.query_params["picture"]
    return found if isinstance(found, str) else found[0]


def test_the_next_mistake_is_one(shipped: Path) -> None:
    network = trained(shipped)
    at = opened("why", picture="digits:test:0")
    test = datasets.load("digits").test
    with torch.no_grad():
        found = [int(network(given(f"digits:test:{n}")).argmax()) for n in range(40)]
    wrong = [n for n in range(40) if found[n] != int(test.labels[n])]
    expected = next(n for n in wrong if n > 0)
    press(at, "Next mistake of this network")
    assert picture_of(at) == f"digits:test:{expected}"
    assert "**A mistake**: it is" in text(at)
    press(at, "Next mistake of this network")
    assert picture_of(at) == f"digits:test:{next(n for n in wrong if n > expected)}"
    untrained = opened("why", picture="digits:test:0", weights="untrained:0")
    assert not [each for each in untrained.button if each.label == "Next mistake of this network"]


def test_the_search_for_mistakes_is_bounded(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(shipped)
    at = opened("why", picture="digits:test:0")
    monkeypatch.setattr(mistakes, "SECONDS", -1.0)
    monkeypatch.setattr(mistakes, "_right", lambda *given: [True] * len(given[2]))
    press(at, "Next mistake of this network")
    assert picture_of(at) == "digits:test:16"
    assert "No mistake up to picture 16" in at.toast[0].value
    monkeypatch.setattr(mistakes, "SECONDS", 600.0)
    press(at, "Next mistake of this network")
    assert "gets every test picture of" in at.toast[0].value
    assert picture_of(at) == "digits:test:16"


def test_a_search_that_gets_no_turn_says_so(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(shipped)
    at = opened("why", picture="digits:test:3")
    with monkeypatch.context() as hasty, ExitStack() as others:
        hasty.setattr(mistakes, "SECONDS", 0.05)
        for _each in range(compute_slots.MOST):
            assert others.enter_context(compute_slots.turn(30))
        press(at, "Next mistake of this network")
    assert at.toast[0].value == "Others are being served first: press again in a moment."
    assert picture_of(at) == "digits:test:3"
    press(at, "Next mistake of this network")
    assert "**A mistake**: it is" in text(at)


@dataclass
class Watched:
    """Which pictures networks were shown, and how many networks at most at once."""

    seen: list[tuple[str, int]] = field(default_factory=list)
    most: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, model: Model, fit: str, numbers: list[int]) -> list[bool]:
        """As `inside_why_mistakes._right`, watched."""
        with self.lock:
            self.seen += [(model.source, number) for number in numbers]
            self.now += 1
            self.most = max(self.most, self.now)
        found = self.right(model, fit, numbers)
        with self.lock:
            self.now -= 1
        return found

    right = staticmethod(mistakes._right)


def test_thirty_who_search_share_what_is_known_and_take_turns(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = trained(shipped)
    for number in range(5):
        shutil.copy(shipped / f"lenet{weights.SUFFIX}", shipped / f"copy{number}{weights.SUFFIX}")
    watched = Watched()
    monkeypatch.setattr(mistakes, "_right", watched)
    monkeypatch.setattr(mistakes, "SECONDS", 600.0)
    gate = threading.Barrier(VISITORS)

    def visit(visitor: int) -> tuple[int, mistakes.Search]:
        known = weights.model(NetworkSpec.parse("lenet"), f"shipped:copy{visitor % 5}")
        place = Place("digits", "test", 11 * (visitor // 5))
        gate.wait(60)
        return place.number, mistakes.after(known, "squeeze", place)

    with ThreadPoolExecutor(VISITORS) as threads:
        searches = list(threads.map(visit, range(VISITORS)))
    test = datasets.load("digits").test
    with torch.no_grad():
        found = [int(network(given(f"digits:test:{n}")).argmax()) for n in range(100)]
    wrong = [n for n in range(100) if found[n] != int(test.labels[n])]
    for number, search in searches:
        assert search.ended == "mistake"
        assert search.place.number == next(n for n in wrong if n > number)
    assert len(watched.seen) == len(set(watched.seen))  # no picture twice
    assert watched.most <= compute_slots.MOST


def piece(name: str, make: Any, passes: int = 10) -> Piece:
    return Piece(name, name, passes, make)


def test_thirty_visitors_at_once_each_get_their_own() -> None:
    settings = results.Settings("conv2", 7, 7, 5, "black", "none")

    def question(visitor: int) -> Question:
        picture = given(f"digits:test:{visitor}")
        known = weights.model(NetworkSpec.parse("lenet"), f"untrained:{visitor}")
        subject = Subject(known, f"{visitor}", False, picture)
        return Question(subject, visitor % 10, settings)

    def visit(visitor: int) -> Explanation:
        pieces = results.pieces(question(visitor), None)
        task = results.TASKS.ask(results.key(pieces), results.steps(pieces))
        assert task.wait(60)
        return results.explanation(task, pieces)

    with ThreadPoolExecutor(VISITORS) as threads:
        found = list(threads.map(visit, range(VISITORS)))
    for visitor, explained in enumerate(found):
        network = weights.load(NetworkSpec.parse("lenet"), f"untrained:{visitor}")
        heat = attribution.grad_cam(
            network, given(f"digits:test:{visitor}"), visitor % 10, layer="conv2"
        )
        torch.testing.assert_close(explained.heats("map")["grad_cam"], heat)


def test_what_fails_is_a_sentence_of_its_own_and_tried_again_by_others() -> None:
    made: list[str] = []
    told: list[tuple[int, int]] = []

    def refuse(_tell: Progress) -> Tensor:
        made.append("refused")
        raise ValueError("Choose a smaller patch.")

    def fine(tell: Progress) -> Tensor:
        tell(1, 2)
        made.append("fine")
        return torch.ones(1)

    def fail(_tell: Progress) -> Tensor:
        raise RuntimeError("a fault of ours")

    pieces = [piece("map saliency", refuse), piece("map occlusion", fine, 30)]
    task: Task[Explanation] = Task()
    for _visitor in range(2):
        task.queue(results.steps(pieces))
        task.run(0)
        task.run(0)  # however short the turns
        task.run(0)
        explained = results.explanation(task, pieces)
        assert str(explained.errors["map saliency"]) == "Choose a smaller patch."
        assert set(explained.heats("map")) == {"occlusion"}
        told.append((task.done, task.total))
    assert told == [(25, 40), (0, 40)]  # 10 and half of 30; then only what failed is tried
    assert made == ["refused", "fine", "refused"]
    task.queue(results.steps([piece("map grad_cam", fail), *pieces]))
    task.run()
    errors = results.explanation(task, [piece("map grad_cam", fail)]).errors
    assert "our mistake" in str(errors["map grad_cam"])


def test_slow_work_shows_how_far_it_is_and_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()

    def slow(network: nn.Module, picture: Tensor, target: int, **options: Any) -> Tensor:
        options["progress"](1, 4)
        free.wait(20)
        heat: Tensor = occlusion.explain(network, picture, target, **options)
        return heat

    occlusion = METHODS["occlusion"]
    monkeypatch.setitem(METHODS, "occlusion", replace(occlusion, explain=slow))
    monkeypatch.setattr(progress, "PATIENCE", 0.5)
    at = opened("why", picture="digits:test:0")
    for _again in range(40):  # until the quick maps are there
        if sum(bool(each.get("values")) for each in board(at, "maps")["rows"][0]["maps"]) == 3:
            break
        at.run()
    cards = board(at, "maps")["rows"][0]["maps"]
    assert [bool(each.get("values")) for each in cards] == [True, True, True, False]
    at.button(key="why_stop").click().run()
    assert "Stopped" in text(at)
    free.set()
    monkeypatch.setattr(progress, "MOMENT", 20.0)
    at.button(key="why_go_on").click().run()
    assert not at.exception
    assert all(each["values"] for each in board(at, "maps")["rows"][0]["maps"])


def test_a_page_ends_though_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_cache", SizedCache(1, results._nbytes))
    monkeypatch.setattr(progress, "PATIENCE", 0.0)  # however fast: what is made comes later
    monkeypatch.setattr(progress, "MOMENT", 0.0)
    plain, made = METHODS["occlusion"], []

    def explain(*given: Any, **options: Any) -> Tensor:
        made.append(1)
        return plain.explain(*given, **options)

    monkeypatch.setitem(METHODS, "occlusion", replace(plain, explain=explain))
    at = opened("why", picture="digits:test:0")
    end = time.monotonic() + 60
    while at.get("progress") and time.monotonic() < end:
        at.run()
    assert not at.exception
    for row in board(at, "maps")["rows"]:
        assert all(card["values"] for card in row["maps"])
    assert at.get("plotly_chart")
    at.run()
    assert not at.get("progress")
    assert len(made) == 3  # the map, its deletion, which found none kept, and the control's map
