"""Looking into a run that gains an epoch or is deleted meanwhile: one epoch, or a sentence."""

import json
import re
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect
from streamlit.testing.v1.element_tree import Selectbox
from torch import nn

from explorer import weights
from explorer.base import reasons
from explorer.base.tasks import Task
from explorer.data import datasets
from explorer.inside import attribution, comparison
from explorer.inside import feature_visualization as engine
from explorer.inside.feature_visualization import Ascent, Gallery, Settings, TopPictures
from explorer.networks import NetworkSpec, get
from explorer.runs import artifacts, store
from explorer.runs.records import Status
from explorer.training import checkpoints, recipes
from explorer.training.checkpoints import NETWORK, Card
from explorer.ui import model_picker
from explorer.ui.inside import recordings
from pages.inside.compare import answers, computation
from pages.inside.feature_visualization import subjects
from pages.inside.kernels import overview
from pages.inside.why import mistakes, results
from pages.inside.why.results import Question
from tests import shipped_weights
from tests.conftest import settled
from tests.opened_pages import boards, grey_input, opened, text
from tests.pages.inside.test_compare import ended, html
from tests.serving import server
from tests.shipped_weights import digit_answers

OTHERS = "lenet:untrained:1,bn_lenet:untrained:0"


pytestmark = pytest.mark.usefixtures("shipped")
forget = partial(shipped_weights.forget, tasks=False)


@pytest.fixture
def run(shipped: Path) -> int:
    """A run of LeNet on the digits that has done one epoch."""
    return add_run()


def add_run() -> int:
    number = store.add(json.dumps(recipes.as_json(recipes.Recipe("lenet"))), "LeNet", "cpu")
    assert store.move(number, [Status.QUEUED], Status.STOPPED)
    epoch_ends(number, 1)
    return number


def epoch_ends(run: int, epoch: int) -> nn.Module:
    """Weights that no other epoch has, in the file that the worker would write."""
    time.sleep(0.01)  # files written at the same moment could not be told apart
    architecture = get("lenet")
    torch.manual_seed(epoch)
    network = architecture.build(**architecture.resolve()).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.copy_(torch.randn(parameter.shape) * 0.3)
    save(network, artifacts.checkpoint_file(run, epoch), epoch)
    return network


def save(network: nn.Module, path: Path, epoch: int) -> None:
    card = Card(
        "lenet", get("lenet").resolve(), "digits", datasets.get("digits").classes, size=28,
        epoch=epoch, test_accuracy=0.1 * epoch,
    )  # fmt: skip
    tensors = {NETWORK + name: value for name, value in network.state_dict().items()}
    checkpoints.save(path, tensors, card)


def delete(run: int) -> None:
    """As the page Runs does it."""
    assert store.remove(run)
    artifacts.remove(run)


def network_of(known: weights.Model) -> nn.Module:
    """What its file held when this was asked."""
    assert known.path
    tensors, card = checkpoints.load(known.path)
    return checkpoints.build(card, tensors)


# -- work that has begun goes on with the epoch that it began with ------------------------------


def test_a_count_is_of_one_epoch_though_the_run_goes_on(run: int) -> None:
    model = comparison.model(f"lenet:run:{run}")
    first = network_of(model)
    count = count_of(model)
    count.run(0)
    assert 0 < count.done < 150
    second = epoch_ends(run, 2)
    forget()
    count.run()
    assert torch.equal(count.result().predicted, digit_answers(first).predicted[:300])
    later = comparison.model(f"lenet:run:{run}")
    assert later != model
    count = count_of(later)
    count.run()
    assert torch.equal(count.result().predicted, digit_answers(second).predicted[:300])


def count_of(model: weights.Model) -> Task[comparison.Answers]:
    task: Task[comparison.Answers] = Task()
    task.queue(comparison.count(model, "digits", 300, 1_000_000_000))
    return task


def test_a_count_ends_where_its_file_is_written_anew(run: int) -> None:
    model = comparison.model(f"lenet:run:{run}")
    count = count_of(model)
    count.run(0)
    done = count.done
    epoch_ends(run, 1)  # taken up again from the state before it
    forget()
    count.run()
    assert "written anew" in count.sentence
    assert count.done == done
    delete(run)
    count.queue(comparison.count(model, "digits", 300, 1_000_000_000))
    count.run()
    assert "deleted a moment ago" in count.sentence


def test_a_search_and_an_ascent_are_of_one_epoch(run: int) -> None:
    known = weights.model(NetworkSpec.parse("lenet"), f"run:{run}")
    network = network_of(known)
    subject = subjects.Subject(known, "conv2", Gallery("digits", (1, 28, 28)), 200)
    settings = Settings(steps=16)
    search: Task[TopPictures] = Task()
    ascent: Task[Ascent] = Task()
    search.queue(partial(subjects._search_steps, subject))
    ascent.queue(partial(subjects._ascent_steps, subject, 0, settings))
    for task in (search, ascent):
        task.run(0)
        assert not task.finished
    epoch_ends(run, 2)
    weights._cache.clear()
    for task in (search, ascent):
        task.run(60)
        assert task.finished
    alone = list(engine.strongest(network, "conv2", subject.gallery, 200, batch=64))[-1]
    assert search.latest
    assert torch.equal(search.latest.pictures, alone.pictures)
    drawn = list(engine.ascend(network, "conv2", 0, (1, 28, 28), settings))[-1]
    assert ascent.latest
    torch.testing.assert_close(ascent.latest.picture, drawn.picture)


def test_an_explanation_is_of_one_epoch(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    known = weights.model(NetworkSpec.parse("lenet"), f"run:{run}")
    network = network_of(known)
    subject = recordings.Subject(known, "digit", False, grey_input())
    question = Question(subject, 3, results.Settings("conv2", 7, 7, 5, "black", "none"))
    pieces = results.pieces(question, None)
    epoch_ends(run, 2)
    forget()
    task = results.TASKS.ask(results.key(pieces), results.steps(pieces))
    assert task.wait(60)
    heat = attribution.grad_cam(network, grey_input(), 3, layer="conv2")
    torch.testing.assert_close(results.explanation(task, pieces).heats("map")["grad_cam"], heat)
    delete(run)
    forget()
    results.TASKS.clear()
    task = results.TASKS.ask(results.key(pieces), results.steps(pieces))
    assert task.wait(60)
    errors = results.explanation(task, pieces).errors
    assert set(errors) == {piece.name for piece in pieces}
    assert all("deleted a moment ago" in str(reason) for reason in errors.values())
    monkeypatch.setattr(reasons, "_", lambda words: f"auf Deutsch: {words}")  # who reads it later
    assert all(str(reason).startswith("auf Deutsch: The weights") for reason in errors.values())


def test_feature_maps_are_kept_for_the_epoch_that_gave_them(run: int) -> None:
    known = weights.model(NetworkSpec.parse("lenet"), f"run:{run}")
    subject = recordings.Subject(known, "digit", False, grey_input())
    epoch_ends(run, 2)
    later = recordings.Subject(
        weights.model(NetworkSpec.parse("lenet"), f"run:{run}"), "digit", False, grey_input()
    )
    for each in (subject, later):
        with torch.no_grad():
            alone = network_of(each.model).get_submodule("conv1")(grey_input())
        torch.testing.assert_close(recordings.recorded(each, "conv1").maps("conv1"), alone[0])


# -- a run that is deleted while somebody looks ----------------------------------------------------


def during(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, happens: Callable[[], None]
) -> None:
    """From now on `happens` just before `where.name` is called for the first time."""
    function, left = getattr(where, name), [happens]

    def called(*args: Any, **kwargs: Any) -> Any:
        if left:
            left.pop()()
        return function(*args, **kwargs)

    monkeypatch.setattr(where, name, called)


def gone(run: int) -> Callable[[], None]:
    """The run is deleted, and nothing of it is kept anywhere."""

    def happens() -> None:
        delete(run)
        forget()

    return happens


def test_a_run_deleted_as_it_is_counted_is_said_and_the_others_go_on(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computation, "MOMENT", 20.0)
    during(monkeypatch, computation, "_advance", gone(run))
    at = opened("compare", nets=f"lenet:run:{run},{OTHERS}")
    assert not at.exception
    assert f"A: The weights run:{run} were deleted a moment ago. Choose others." in text(at)
    assert html(at).count('scope="row"') == 2
    at = ended(at.run())
    assert f"There is no run {run}. It may have been deleted." in text(at)
    assert html(at).count('scope="row"') == 2
    assert "\u202fms" in html(at)


def test_a_run_whose_epoch_is_written_anew_is_counted_anew(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computation, "MOMENT", 20.0)

    def happens() -> None:
        epoch_ends(run, 1)
        forget()

    during(monkeypatch, computation, "_advance", happens)
    at = opened("compare", nets=f"lenet:run:{run},lenet:run:{run}@0")
    assert not at.exception
    assert "were written anew a moment ago" in text(at)
    at = ended(at.run())
    assert "written anew" not in text(at)
    known = weights.model(NetworkSpec.parse("lenet"), f"run:{run}")
    assert f"{100 * digit_answers(network_of(known)).accuracy:.1f}\u202f%" in html(at)


def test_one_picture_and_a_run_deleted_as_it_is_asked(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ended(opened("compare", nets=f"{OTHERS},lenet:run:{run}"))
    cards = html(at).count("<section>")
    forget()
    at = ended(at.run())
    answers._guesses.clear()
    during(monkeypatch, answers, "_reply", gone(run))
    at.run()
    assert not at.exception
    assert html(at).count("<section>") == cards == 3
    assert html(at).count(f"<p>The weights run:{run} were deleted a moment ago") == 1
    assert "gree" in text(at) or "different answers" in text(at)  # the other two


def test_a_network_without_an_answer_says_why_and_the_others_answer(run: int) -> None:
    network = epoch_ends(run, 2)
    for parameter in network.get_submodule("fc3").parameters():
        parameter.fill_(3e38)
    save(network, artifacts.checkpoint_file(run, 2), 2)
    at = ended(opened("compare", nets=f"{OTHERS},lenet:run:{run}"))
    assert html(at).count("answer is no number") == 1
    assert html(at).count("<section>") == 3


PAGES = {
    "feature-maps": (recordings, "overview"),
    "kernels": (overview, "overview"),
    "excites": (subjects, "search"),
    "why": (results, "answer"),
}


def held(plain: property, box: Selectbox) -> int:
    """A browser holds the label that it was sent; AppTest looks for what it would be by now."""
    try:
        return int(plain.__get__(box))
    except ValueError:
        (place,) = [place for place, label in enumerate(box.options) if label.startswith("run ")]
        return place


@pytest.mark.parametrize("page", PAGES)
def test_a_run_deleted_as_a_page_is_drawn_is_a_sentence(
    page: str, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Selectbox, "index", property(partial(held, Selectbox.index)))
    during(monkeypatch, *PAGES[page], gone(run))
    at = opened(page, weights=f"run:{run}", picture="digits:test:3")
    assert f"The weights run:{run} were deleted a moment ago. Choose others." in text(at)
    at.run()  # a poll, a click
    assert not at.exception
    assert f"There is no run {run}. It may have been deleted." in text(at)
    # Nothing else is shown in its place.
    assert at.selectbox(key=f"{page}.weights").value == f"run:{run}"
    at.selectbox(key=f"{page}.weights").set_value("untrained:0").run()
    assert not at.exception
    assert not at.error


@pytest.mark.parametrize("page", ["feature-maps", "kernels"])
def test_a_moment_that_gave_way_is_a_sentence_beside_what_is_there(
    page: str, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch_ends(run, 2)
    at = opened(page, weights=f"run:{run}", beside="moments", moment2=f"run:{run}@1")
    assert not at.error
    first = artifacts.checkpoint_file(run, 1)
    during(monkeypatch, model_picker, "at_epoch", first.unlink)
    at.run()
    assert not at.exception
    assert f"Run {run} has no weights of epoch 1" in text(at)
    assert boards(at)  # the other side is shown


def test_a_mistake_of_a_deleted_run_is_a_sentence(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = opened("why", weights=f"run:{run}", picture="digits:test:3")
    during(monkeypatch, mistakes, "after", gone(run))
    at.button(key="why_mistake").click().run()
    assert not at.exception
    assert "deleted a moment ago" in at.toast[0].value
    assert f"There is no run {run}" in text(at)


def test_a_folder_that_is_lost_is_a_sentence_on_every_page(run: int) -> None:
    shutil.rmtree(artifacts.folder(run))
    for page in (*PAGES, "compare"):
        address = {"nets": f"lenet:run:{run},{OTHERS}"} if page == "compare" else {}
        at = opened(page, weights=f"run:{run}", **address)
        assert "has kept no weights" in text(at)


# -- in a real browser ------------------------------------------------------------------------


@pytest.mark.browser
def test_what_is_chosen_stays_chosen_while_a_run_goes_on(page: Page, run: int) -> None:
    """A browser holds labels and places in lists; both change with an epoch."""
    add_run()  # what a list would fall back to
    with server() as address:
        page.goto(f"{address}/feature-maps?weights=run:{run}&picture=digits:test:3")
        chosen = page.locator(".st-key-feature-maps-weights input")
        expect(chosen).to_have_value(re.compile(r"10\.0\s%"), timeout=20_000)
        settled(page)
        epoch_ends(run, 2)  # two moments become three: another widget
        for _click in range(2):
            page.get_by_text("Training mode", exact=True).click()
            settled(page)
            expect(chosen).to_have_value(re.compile(r"20\.0\s%"))
        epoch_ends(run, 3)  # the third place is the fourth now
        for _click in range(2):
            page.get_by_text("Training mode", exact=True).click()
            settled(page)
            expect(chosen).to_have_value(re.compile(r"30\.0\s%"))
        page.wait_for_url(re.compile(rf"weights=run(:|%3A){run}(&|$)"))
        page.goto(f"{address}/compare?nets=lenet:run:{run},lenet:untrained:1")
        nets = page.locator(".st-key-compare_controls")
        expect(nets).to_contain_text("30.0", timeout=20_000)
        settled(page)
        epoch_ends(run, 4)
        for tab in ("Layer budgets", "Where they disagree"):
            page.get_by_role("tab", name=tab).click()
            settled(page)
            expect(nets).to_contain_text("40.0")
        page.goto(f"{address}/feature-maps?weights=run:{run}&picture=digits:test:3")
        expect(chosen).to_have_value(re.compile(r"40\.0\s%"), timeout=20_000)
        settled(page)
        delete(run)
        page.get_by_text("Training mode", exact=True).click()
        expect(
            page.get_by_text(f"There is no run {run}. It may have been deleted.")
        ).to_be_visible()
        chosen.click()
        page.get_by_text("random, before training").click()
        expect(page.get_by_text(f"There is no run {run}.")).to_have_count(0)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
