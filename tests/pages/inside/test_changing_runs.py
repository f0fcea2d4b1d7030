"""Looking into a run that gains an epoch or is deleted meanwhile: one epoch, or a sentence."""

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
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
from explorer.base.tasks import Steps, Task
from explorer.data import datasets
from explorer.inside import comparison
from explorer.inside.attribution import METHODS
from explorer.inside.feature_visualization import Gallery, Settings
from explorer.networks import NetworkSpec, get
from explorer.runs import artifacts, store
from explorer.runs.records import Status
from explorer.training import checkpoints, recipes
from explorer.training.checkpoints import NETWORK, Card
from explorer.ui import model_picker
from explorer.ui.inside import recordings
from explorer.weights import Model
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


def lenet_of(run: int) -> Model:
    return weights.model(NetworkSpec.parse("lenet"), f"run:{run}")


def network_of(model: Model) -> nn.Module:
    """What its file held when this was asked."""
    assert model.path
    tensors, card = checkpoints.load(model.path)
    return checkpoints.build(card, tensors)


# -- work that has begun goes on with the epoch that it began with ------------------------------


TENSORS: Mapping[str, Callable[[Any], torch.Tensor]] = {  # of what each kind of work gives
    "count": lambda answers: answers.predicted,
    "search": lambda top: top.pictures,
    "ascent": lambda ascent: ascent.picture,
    "explanation": lambda explanation: explanation.heats("map")["occlusion"],
}


def work(name: str, model: Model) -> Steps[Any]:
    """What a page computes of a run's network, as it is now."""
    subject = subjects.Subject(model, "conv2", Gallery("digits", (1, 28, 28)), 200)
    settings = results.Settings("conv2", 7, 7, 5, "black", "none")
    question = Question(recordings.Subject(model, "digit", False, grey_input()), 3, settings)
    return {
        "count": comparison.count(model, "digits", 300, 1_000_000_000),
        "search": partial(subjects._search_steps, subject),
        "ascent": partial(subjects._ascent_steps, subject, 0, Settings(steps=16)),
        "explanation": results.steps(results.pieces(question, None)),
    }[name]


def queued(steps: Steps[Any]) -> Task[Any]:
    task: Task[Any] = Task()
    task.queue(steps)
    return task


@pytest.mark.parametrize("name", TENSORS)
def test_work_is_of_the_epoch_that_it_began_with(run: int, name: str) -> None:
    model = lenet_of(run)
    first = network_of(model)
    whole, broken, waiting = (queued(work(name, model)) for _task in range(3))
    whole.run()
    forget()
    broken.run(0)
    assert not broken.finished
    epoch_ends(run, 2)
    later = queued(work(name, lenet_of(run)))
    for task in (broken, waiting, later):
        forget()
        task.run()
    expected, *same, other = (
        TENSORS[name](task.result()) for task in (whole, broken, waiting, later)
    )
    for result in same:
        torch.testing.assert_close(result, expected)
    assert not torch.equal(other, expected)
    if name == "count":
        assert torch.equal(expected, digit_answers(first).predicted[:300])
    delete(run)
    forget()
    late = queued(work(name, model))
    late.run()
    assert "deleted a moment ago" in late.sentence


def test_what_fails_is_worded_for_who_reads_it(run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = queued(work("explanation", lenet_of(run)))
    delete(run)
    explanation.run()
    monkeypatch.setattr(reasons, "_", lambda words: f"auf Deutsch: {words}")
    errors = explanation.latest.errors.values()
    assert all(str(reason).startswith("auf Deutsch: The weights") for reason in errors)
    assert len(errors) == 2 * len(METHODS) + 1


def test_feature_maps_are_kept_for_the_epoch_that_gave_them(run: int) -> None:
    before = lenet_of(run)
    epoch_ends(run, 2)
    for model in (before, lenet_of(run)):
        subject = recordings.Subject(model, "digit", False, grey_input())
        with torch.no_grad():
            alone = network_of(model).get_submodule("conv1")(grey_input())
        torch.testing.assert_close(recordings.recorded(subject, "conv1").maps("conv1"), alone[0])


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


def deleted(run: int) -> Callable[[], None]:
    """The run is deleted, and nothing of it is kept anywhere."""

    def happens() -> None:
        delete(run)
        forget()

    return happens


def test_a_run_deleted_as_it_is_counted_is_said_and_the_others_go_on(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computation, "MOMENT", 20.0)
    during(monkeypatch, computation, "_advance", deleted(run))
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
    assert f"{100 * digit_answers(network_of(lenet_of(run))).accuracy:.1f}\u202f%" in html(at)


def test_one_picture_and_a_run_deleted_as_it_is_asked(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ended(opened("compare", nets=f"{OTHERS},lenet:run:{run}"))
    cards = html(at).count("<section>")
    forget()
    at = ended(at.run())
    answers._guesses.clear()
    during(monkeypatch, answers, "_reply", deleted(run))
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
    during(monkeypatch, *PAGES[page], deleted(run))
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
    during(monkeypatch, mistakes, "after", deleted(run))
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
        page.goto(f"{address}/compare?nets=lenet:run:{run},lenet:untrained:1")
        nets = page.locator(".st-key-compare_controls")
        expect(nets).to_contain_text("10.0", timeout=20_000)
        settled(page)
        epoch_ends(run, 2)
        for tab in ("Layer budgets", "Where they disagree"):
            page.get_by_role("tab", name=tab).click()
            settled(page)
            expect(nets).to_contain_text("20.0")
        page.goto(f"{address}/feature-maps?weights=run:{run}&picture=digits:test:3")
        weights_box = page.locator(".st-key-feature-maps-weights input")
        expect(weights_box).to_have_value(re.compile(r"20\.0\s%"), timeout=20_000)
        settled(page)
        mode = page.get_by_text("Training mode", exact=True)
        for epoch in (3, 4):  # one moment more: another widget, and another place for the last
            epoch_ends(run, epoch)
            for _click in range(2):
                mode.click()
                settled(page)
                expect(weights_box).to_have_value(re.compile(rf"{epoch}0\.0\s%"))
        page.wait_for_url(re.compile(rf"weights=run(:|%3A){run}(&|$)"))
        delete(run)
        mode.click()
        missing = page.get_by_text(f"There is no run {run}. It may have been deleted.")
        expect(missing).to_be_visible()
        weights_box.click()
        page.get_by_text("random, before training").click()
        expect(missing).to_have_count(0)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
