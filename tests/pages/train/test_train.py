"""The pages of section Train, as Streamlit runs them, on real runs in a folder of their own."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import pytest
import torch
import uvicorn
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from explorer import networks, runs, training
from explorer.base import device
from explorer.base.units import duration, exact, percent, size
from explorer.data import datasets
from explorer.runs import Status, confusion, learned, measure, process, store
from explorer.runs import artifacts as run_folder
from explorer.runs.protocols import Ended
from explorer.runs.writer import StoreWriter
from explorer.server.runs import ROUTES
from explorer.training import checkpoints, recipes
from explorer.training.recipes import PRESETS, Recipe
from explorer.training.recipes import beside_course as figures
from explorer.ui.entries import entry
from explorer.ui.runs import run_words
from pages.train.new_run import measured
from pages.train.new_run.form import FIRST
from pages.train.runs import run_table
from tests.explorer.runs.played import SETTINGS, STARTED, begun, epoch
from tests.opened_pages import boards, opened, press, text, untold
from tests.run_processes import SHORT, folder, over, until
from tests.serving import any_port


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """Two runs that have ended, with different learning rates."""
    with folder(tmp_path_factory.mktemp("home")):
        numbers = [runs.launch(SHORT), runs.launch(replace(SHORT, learning_rate=0.01, seed=7))]
        assert [over(number).status for number in numbers] == [Status.FINISHED] * 2
        yield numbers


@pytest.fixture
def nothing(tmp_path: Path) -> Iterator[None]:
    """No run was ever launched."""
    with folder(tmp_path):
        yield


@dataclass(frozen=True)
class Answer:
    """What a web server answered."""

    status: int
    content: bytes
    headers: Message

    def json(self) -> Any:
        return json.loads(self.content)


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """Where the addresses that the boards ask are served, by this very process."""
    port = any_port()
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=ROUTES), port=port, log_level="error"))
    thread = Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{port}/api/runs"
    server.should_exit = True
    thread.join()


def asked(web: str, path: str, **question: object) -> Answer:
    address = web + path + ("?" + urlencode(question) if question else "")
    try:
        with urlopen(address) as answer:
            return Answer(answer.status, answer.read(), answer.headers)
    except HTTPError as error:
        with error:
            return Answer(error.code, error.read(), error.headers)


# -- New run ------------------------------------------------------------------------------------


def values(at: AppTest) -> dict[str, object]:
    widgets = [*at.selectbox, *at.number_input, *at.text_input, *at.toggle]
    return {(each.key or "").rpartition(".")[2]: each.value for each in widgets}


def html(at: AppTest, holding: str) -> str:
    """The piece of HTML on the page that holds this text."""
    bodies = [str(block.proto.body) for block in at.get("html")]
    return next(body for body in bodies if holding in body)


def test_it_begins_with_a_run_of_the_course(nothing: None) -> None:
    at = opened("new-run")
    shown = values(at)
    assert shown["start"] == FIRST
    assert (shown["network"], shown["epochs"], shown["batch_size"]) == ("lenet", 10, 256)
    assert percent(0.811) in text(at)
    assert "exactly this recipe" in text(at)
    table = html(at, 'class="budget"')
    assert "61.7 k" in table
    assert "2\u202f350" in table  # 10 × ⌈60 000 / 256⌉


@pytest.mark.parametrize("name", [n for n, p in PRESETS.items() if p.reported])
def test_every_run_of_the_course_is_a_preset(nothing: None, name: str) -> None:
    at = opened("new-run", preset=name)
    recipe, shown = PRESETS[name].recipes[0], values(at)
    assert shown["start"] == name
    for field in ("network", "size", "epochs", "batch_size", "optimizer", "initialisation"):
        assert shown[field] == getattr(recipe, field), field
    assert float(str(shown["learning_rate"])) == recipe.learning_rate
    assert not at.error
    reported = PRESETS[name].reported
    assert reported
    assert percent(reported.test_accuracy) in text(at)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU to choose, as torch would tell of it."""
    found = device.Device("cuda:0", "cuda", "NVIDIA H200", 141 * 10**9)
    monkeypatch.setattr(device, "_accelerators", lambda: iter([found]))


def test_where_a_small_card_limited_the_courses_batch_a_larger_one_is_offered(
    nothing: None, card: None
) -> None:
    at = opened("new-run", preset="googlenet")
    assert "batch of 21 is what its small graphics card could hold" in text(at)
    press(at, "Use 128 a batch")
    assert values(at)["batch_size"] == 128
    assert "small graphics card" not in text(at)
    assert "small graphics card" not in text(opened("new-run", preset="bn_lenet"))  # 28 × 28


def test_a_change_departs_from_the_course_and_says_in_what(nothing: None) -> None:
    at = opened("new-run")
    at.text_input(key="new-run.learning_rate").set_value("0.01").run()
    assert values(at)["start"] == ""
    assert "learning rate 0.001 there, 0.01 here" in text(at)


def test_another_network_brings_its_recipe(nothing: None) -> None:
    at = opened("new-run")
    at.selectbox(key="new-run.dataset").set_value("digits").run()
    at.selectbox(key="new-run.network").set_value("resnet18").run()
    recipe, shown = recipes.course_recipe("resnet18"), values(at)
    assert (shown["size"], shown["batch_size"]) == (recipe.size, recipe.batch_size)
    assert shown["dataset"] == "digits", "the data stay"


def test_a_link_restores_every_field(nothing: None) -> None:
    given = "network=vgg11 conv_ratio=4 size=64 epochs=2 flip=true learning_rate=0.05"
    given += " optimizer=sgd momentum=0.9 dataset=digits"
    at = opened("new-run", **dict(pair.split("=") for pair in given.split()))
    shown = values(at)
    assert (shown["network"], shown["conv_ratio"], shown["size"]) == ("vgg11", 4, 64)
    assert (shown["optimizer"], shown["momentum"], shown["learning_rate"]) == ("sgd", "0.9", "0.05")
    assert shown["flip"] is True
    assert shown["batch_size"] == 256, "what the link does not say is as by default"


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("learning_rate", "fast", "Learning rate: “fast” is not a number"),
        ("learning_rate", "-1", "learning rate"),
        ("learning_rate", "nan", "Learning rate: “nan” is not a number"),
        ("epochs", "1000000000", "number of epochs"),
        ("epochs", "0", "number of epochs"),
        ("batch_size", "0", "batch size"),
        ("size", "0", "size"),
        ("momentum", "0.9", "Adam has a momentum of its own"),
        ("train_subset", "99999", "99999"),
    ],
)
def test_nonsense_gets_a_sentence(nothing: None, field: str, value: str, word: str) -> None:
    at = opened("new-run", dataset="digits", **{field: value})
    assert word in at.error[0].value
    launch = next(each for each in at.button if each.key == "new-run.launch")
    assert launch.disabled


def test_what_a_link_cannot_have_is_told(nothing: None, done: list[int]) -> None:
    address = {"optimizer": "zz", "epochs": "q", "flip": "7", "activation": "?", "method": "x"}
    address |= {"learning_rate": "abc", "momentum": "!", "weight_decay": "-"}
    assert not untold(opened("new-run", **address), address)
    assert not untold(opened("new-run", preset="nothing"), ["preset"])


def test_a_link_can_begin_with_a_run_of_the_course_and_depart_from_it(nothing: None) -> None:
    at = opened("new-run", preset="vgg11", epochs="2", conv_ratio="8", network="lenet")
    shown, preset = values(at), PRESETS["vgg11"].recipes[0]
    assert (shown["network"], shown["epochs"], shown["conv_ratio"]) == ("vgg11", 2, 8)
    assert (shown["size"], shown["batch_size"]) == (preset.size, preset.batch_size)
    assert "`network=lenet`" in at.warning[0].value


@pytest.mark.parametrize("page", ["live", "runs"])
def test_pages_on_runs_tell_what_a_link_cannot_have(done: list[int], page: str) -> None:
    address = {"by": "?", "at": "9", "epoch": "3"}
    at = opened(page, **address)
    assert not untold(at, address)
    named = opened(page, run="77") if page == "live" else opened(page, runs="77,1")
    assert "There is no run" in named.warning[0].value


@pytest.mark.parametrize("value", ["inf", "-1e999", "9" * 5000])
@pytest.mark.parametrize(("page", "field"), [("new-run", "size"), ("layers", "batch")])
def test_an_endless_number_in_a_link_is_left_out(
    nothing: None, page: str, field: str, value: str
) -> None:
    at = opened(page, **{field: value})
    assert field in at.warning[0].value
    assert field not in at.query_params


def test_an_endless_run_is_none(done: list[int]) -> None:
    assert live(opened("live", run="9" * 1000))["run"] == done[-1]


def test_a_size_that_does_not_fit_is_a_lesson(nothing: None) -> None:
    at = opened("new-run", network="alexnet", dataset="digits", size="28")
    assert "pool2's window is 3 cells long" in text(at)
    assert next(each for each in at.button if each.key == "new-run.launch").disabled
    press(at, "Use 193 × 193")
    assert values(at)["size"] == 193
    assert not at.error


def test_data_that_are_not_here_are_fetched_elsewhere(nothing: None) -> None:
    missing = next(name for name in datasets.names() if not datasets.at_hand(name))
    at = opened("new-run", dataset=missing, network="lenet")
    assert "is not here yet" in text(at)
    assert next(each for each in at.button if each.key == "new-run.launch").disabled


def test_what_a_run_will_take_is_measured_before_and_stands_beside_what_it_took(
    nothing: None,
) -> None:
    size_of_it = {"epochs": "1", "train_subset": "320", "test_subset": "32"}
    at = opened("new-run", dataset="digits", batch_size="64", **size_of_it)
    measure_on(at)
    table = html(at, 'class="budget"')
    assert re.search(r"\d s \(\d.* pictures/s\)", table), table
    assert [each.label for each in at.button if each.key == "new-run.measure"] == ["Measure again"]
    press(at, "Launch")
    assert at.title[0].value == "Is it learning?"
    (run,) = runs.listed()
    assert live(at)["run"] == run.id
    assert run.recipe.train_subset == 320
    assert run.estimate == pytest.approx(seconds(table), abs=0.06)
    run = over(run.id)
    assert run.status is Status.FINISHED
    assert run.estimate
    facts = run.metadata
    assert balance(opened("live", run=str(run.id))) == (
        f"Training took **{duration(run.progress.seconds)}**; **{duration(run.estimate)}** had "
        f"been estimated. Training took up to **{size(facts['peak_memory'])}** of memory, buffers "
        f"included; one step alone was thought to need **{size(facts['memory'])}**. 61.7 k "
        f"parameters; {facts['precision']}, threads: {facts['threads']}, torch "
        f"{torch.__version__}. " + run_words.numbers(facts["precision"], facts["precision_reason"])
    )


def measure_on(at: AppTest) -> None:
    """Press the button, and wait for the other process, as a browser does."""
    press(at, "Measure the time")
    while [each for each in at.button if each.key == "measure_stop"]:
        at.run()


def balance(at: AppTest) -> str:
    """What the page says of estimate and truth."""
    return next(each.value for each in at.markdown if "of memory" in each.value)


def test_an_experiment_says_what_all_of_it_will_take(nothing: None) -> None:
    at = opened("new-run", preset="batch-norm", dataset="digits", all_epochs="2")
    steps = 6 * 2 * -(-datasets.get("digits").train_count // 256)
    table = html(at, 'class="budget"')
    assert f"<td>{exact(steps)}</td>" in table
    assert "not measured yet" in table
    measure_on(at)
    plan = [replace(each, dataset="digits", epochs=2) for each in PRESETS["batch-norm"].recipes]
    found = [measured.budget(each) for each in plan]
    assert all(found)
    whole = sum(each.seconds for each in found if each)
    assert f"about {duration(whole)}" in html(at, 'class="budget"')
    like = {"dataset": "digits", "epochs": "2", "batch_size": "256"}
    one = opened("new-run", network="lenet", pooling="max", first_padding="0", **like)
    other = opened("new-run", network="bn_lenet", **like)
    for page, budget in zip((one, other), found, strict=False):  # measured by now
        assert budget
        assert duration(budget.seconds) in html(page, 'class="budget"')
    assert whole == pytest.approx(3 * sum(each.seconds for each in found[:2] if each))
    more = opened(
        "new-run", preset="batch-norm", dataset="digits", all_epochs="2", train_subset="9"
    )
    assert f"<td>{exact(12)}</td>" in html(more, 'class="budget"')


class Clicked(BaseException):
    """Streamlit ends a page's script by such an exception at its next call."""


def click(_seconds: float) -> None:
    raise Clicked


def test_a_click_ends_a_measurement_and_its_process(
    nothing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []
    begin = subprocess.Popen

    def recorded(*given: Any, **settings: Any) -> "subprocess.Popen[str]":
        started.append(begin(*given, **settings))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", recorded)
    with pytest.raises(Clicked):
        measure.measure(SHORT, click)
    assert [each.returncode for each in started] == [-signal.SIGKILL]
    assert measure.measure(SHORT, lambda _seconds: None).seconds > 0  # nothing is held


def test_who_stops_measuring_ends_its_process(
    nothing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []
    begin = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *a, **k: started.append(begin(*a, **k)) or started[-1]
    )
    at = opened("new-run", dataset="digits", batch_size="48")
    press(at, "Measure the time")
    assert "Training a few steps to measure them" in at.get("progress")[0].proto.text
    press(at, "Stop")
    assert "Stopped." in text(at)
    assert "not measured yet" in html(at, 'class="budget"')
    assert started[-1].wait(5) == -signal.SIGKILL  # nobody else watches


def test_a_measurement_waits_for_the_run_that_trains_on_its_device(
    nothing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(json.dumps(recipes.as_json(SHORT)), "on another device", "cuda:0")
    assert store.claim("cuda:0", process.own())
    assert measure.measure(SHORT, lambda _seconds: None).seconds > 0
    number = store.add(json.dumps(recipes.as_json(SHORT)), "trains", "cpu")
    assert store.claim("cpu", process.own())  # this process: it lives
    monkeypatch.setattr(measure, "PATIENCE", 0.1)
    with pytest.raises(ValueError, match=r"A run is being trained on .*this one then waits"):
        measure.measure(SHORT, lambda _seconds: None)
    monkeypatch.setattr(measure, "PATIENCE", 60)
    waited: list[float] = []

    def meanwhile(since: float) -> None:
        waited.append(since)
        if len(waited) == 2:
            StoreWriter(store.get(number), process.own()).tell(Ended(Status.FINISHED))

    assert measure.measure(SHORT, meanwhile).seconds > 0
    assert len(waited) > 2


def seconds(table: str) -> float:
    """What the budget says of the time."""
    found = re.search(r">(?:about )?([\d.]+) s\b", table)
    assert found, table
    return float(found[1])


def test_an_experiment_keeps_its_own_number_of_pictures(nothing: None) -> None:
    at = opened("new-run", preset="depth")
    next(each for each in at.button if each.key == "new-run.launch").click().run()
    launched = runs.listed()
    for run in launched:
        runs.stop(run.id)
    wanted = sorted(each.train_subset for each in PRESETS["depth"].recipes)
    assert sorted(run.recipe.train_subset for run in launched) == wanted
    assert 0 not in wanted


def test_an_experiment_is_several_runs(nothing: None) -> None:
    at = opened("new-run", preset="batch-norm", dataset="digits")
    assert "Which learning rates does batch norm make possible?" in text(at)
    assert "6" in next(each for each in at.button if each.key == "new-run.launch").label
    at.number_input(key="new-run.all_epochs").set_value(1).run()
    next(each for each in at.button if each.key == "new-run.launch").click().run()
    launched = runs.listed()
    assert len(launched) == 6
    assert {run.recipe.epochs for run in launched} == {1}
    assert {run.recipe.dataset for run in launched} == {"digits"}
    assert len({run.name.partition(" · ")[0] for run in launched}) > 1, "told apart by name"
    assert "Which run did better" in at.title[0].value
    assert next(board for board in boards(at) if "chosen" in board)["chosen"] == sorted(
        run.id for run in launched
    )


# -- Live ---------------------------------------------------------------------------------------


def live(at: AppTest) -> dict[str, object]:
    return next(board for board in boards(at) if "course" in board)


def test_without_runs_every_page_says_what_to_do(nothing: None) -> None:
    assert "Nothing has been trained here yet" in text(opened("live"))
    assert "There are no runs yet" in text(opened("runs"))


def test_a_finished_run_shows_what_came_of_it(done: list[int]) -> None:
    at = opened("live", run=str(done[0]))
    assert live(at)["run"] == done[0]
    assert live(at)["status"] == "finished"
    assert "LeNet-5 on Digits" in str(live(at)["place"])
    shown = next(board for board in boards(at) if "shown" in board)["shown"]
    assert [(each["id"], each["epochs"]) for each in shown] == [(done[0], 2)]
    assert shown[0]["classes"] == list(datasets.get("digits").classes)
    files = next(
        block.proto.body for block in at.get("html") if "files/steps.csv" in block.proto.body
    )
    assert f"/api/runs/{done[0]}/files/weights.safetensors" in files


def test_the_newest_run_is_shown_without_a_link(done: list[int]) -> None:
    assert live(opened("live"))["run"] == done[-1]
    at = opened("live", run="77")
    assert "There is no run `77`" in text(at)
    assert live(at)["run"] == done[-1]


def test_runs_of_one_name_are_told_apart_and_renaming_keeps_what_is_chosen(
    nothing: None,
) -> None:
    numbers = [store.add(SETTINGS, "Same", "cpu") for _each in range(3)]
    assert all(store.move(number, [Status.QUEUED], Status.STOPPED) for number in numbers)
    at = opened("live", run=str(numbers[0]))
    chosen = at.selectbox(key="live.picked")
    assert chosen.options == [f"Same, run {number}" for number in reversed(numbers)]
    sent = at._tree.get_widget_states()  # what a browser sends until it hears of new labels
    for names in (["Same", "Other", "Third"], ["First", "Other", "Third"]):
        for number, name in zip(numbers, names, strict=True):
            runs.rename(number, name)
        for _click in range(2):
            at._run(sent)
            assert live(at)["run"] == at.selectbox(key="live.picked").value == numbers[0]
    runs.delete(numbers[0])
    at._run(sent)
    assert live(at)["run"] == numbers[-1]
    assert f"There is no run {numbers[0]}. Here is another one." in text(at)


def test_a_run_that_waits_is_on_the_device_that_will_train_it(nothing: None) -> None:
    waits = store.get(store.add(SETTINGS, "waits", "cpu"))
    title = device.named("cpu").title
    assert run_words.device_of(waits) == title
    assert live(opened("live", run=str(waits.id)))["place"].endswith(title)
    assert run_words.device_of(replace(waits, device="cuda")) == "cuda", "none of these is here"


def test_large_batches_are_offered_where_an_accelerator_trains(
    nothing: None, request: pytest.FixtureRequest
) -> None:
    key = "new-run.use_spacious_batch"
    offer = recipes.course_recipe("alexnet")
    address = {"network": "alexnet", "batch_size": str(offer.batch_size)}
    shown = [opened("new-run", **address)]
    request.getfixturevalue("card")
    shown += [opened("new-run", **address), opened("new-run", device="cpu", **address)]
    found = [[each.key for each in at.button].count(key) for at in shown]
    assert found == [0, 1, 0]


def test_the_courses_curve_stands_behind_its_network() -> None:
    given = figures.course(recipes.course_recipe("bn_lenet"))
    assert given
    assert given["test_accuracy"][-1] == 0.87
    assert not figures.departures(
        replace(recipes.course_recipe("bn_lenet"), seed=3, device="cpu"),
        recipes.course_recipe("bn_lenet"),
    )
    assert figures.course(replace(recipes.course_recipe("bn_lenet"), dataset="digits")) is None
    assert figures.course(Recipe("torchvision/resnet18")) is None
    assert figures.course(Recipe("lenet", {"activation": "relu"})) is None


def test_every_field_of_a_recipe_has_a_word() -> None:
    fields = recipes.as_json(SHORT).keys() - {"options"}
    assert fields == figures.FIELDS.keys()
    for network in networks.course():
        assert figures.title(recipes.course_recipe(network))


# -- Runs ---------------------------------------------------------------------------------------


def test_chosen_runs_are_laid_over_each_other(done: list[int]) -> None:
    at = opened("runs", runs=",".join(map(str, done)))
    table, overlay = boards(at)[:2]
    assert table["chosen"] == done
    assert [each["id"] for each in overlay["shown"]] == done
    assert overlay["shown"][0]["line"] == table["signs"][str(done[0])]
    assert len({json.dumps(each["line"]) for each in overlay["shown"]}) == 2
    differences = at.table[0].value
    assert list(differences["learning rate"]) == ["0.001", "0.01"]
    assert list(differences["seed"]) == ["0", "7"]
    assert "epochs" not in differences, "what is the same is left out"


def test_a_link_to_runs_that_are_gone_shows_the_others(done: list[int]) -> None:
    at = opened("runs", runs=f"99,{done[0]},x")
    assert boards(at)[0]["chosen"] == [done[0]]


def test_more_runs_than_fit_side_by_side_are_counted(nothing: None) -> None:
    for _ in range(6):  # written by hand, as by a worker
        store.add(SETTINGS, "a run", "cuda:0")
        writer = begun(device="cuda:0")
        writer.tell(STARTED)
        writer.tell(epoch(1))
        writer.tell(Ended(Status.STOPPED))
    at = opened("runs", runs="1,2,3,4,5,6")
    shown = [[each["id"] for each in board["shown"]] for board in boards(at) if "shown" in board]
    assert shown == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4]], "curves of all, epochs of the first four"
    assert "The first 4 runs stand side by side here; 2 more are left out." in text(at)


def test_weights_that_made_room_are_told_where_epochs_are_chosen(done: list[int]) -> None:
    first, second = map(str, done)
    assert "deleted" not in text(opened("live", run=second))
    run_folder.make_room(done[1], 1)  # all but the last
    told = "The weights of these epochs are kept: 2. Those of 1 are not: a run keeps at most"
    assert told in text(opened("live", run=second))
    assert told in text(opened("runs", runs=second))
    assert told in text(opened("compare", nets=f"lenet:run:{second},lenet:run:{first}"))
    inside = opened("kernels", network="lenet", weights=f"run:{second}")
    assert "Weights of epoch 1 were deleted." in text(inside)
    assert told in next(each.help for each in inside.caption if "deleted" in each.value)


def test_signs_differ_for_many_runs() -> None:
    signs = [json.dumps(run_table.sign(place)) for place in range(30)]
    assert len(set(signs)) == 30


def test_runs_are_repeated_and_deleted_with_confirmation(done: list[int]) -> None:
    at = opened("runs", runs=str(done[0]))
    press(at, "Train again")
    again = runs.listed()[0]
    assert again.parent == done[0]
    assert over(again.id).status is Status.FINISHED
    at = opened("runs", runs=str(again.id))
    press(at, "Delete …")
    assert again.id in [run.id for run in runs.listed()], "not before it is confirmed"
    press(at, "Delete")
    assert [run.id for run in runs.listed()] == done[::-1]


def test_runs_are_named_and_noted(done: list[int]) -> None:
    at = opened("runs", runs=str(done[1]))
    at.text_input[0].set_value("Ten times faster")
    at.text_area[0].set_value("at ten times the rate")
    press(at, "Keep")
    run = runs.get(done[1])
    assert (run.name, run.note) == ("Ten times faster", "at ten times the rate")
    at = opened("runs", runs=str(done[1]))
    at.text_input[0].set_value("  ")
    press(at, "Keep")
    assert "at least one character" in text(at)


# -- the addresses that the boards ask ----------------------------------------------------------


def test_a_curve_is_told_in_pieces_that_fit_together(done: list[int], web: str) -> None:
    whole = asked(web, f"/{done[0]}").json()
    assert whole["status"] == "finished"
    assert whole["points"]["step"] == list(range(1, 33))
    assert [row["epoch"] for row in whole["epochs"]] == [1, 2]
    stored = runs.curves(done[0])
    assert whole["points"]["loss"] == pytest.approx(stored.loss, rel=1e-3)
    rest = asked(web, f"/{done[0]}", since=20, epochs=1, session=whole["session"]).json()
    assert rest["points"]["step"] == list(range(21, 33))
    assert [row["epoch"] for row in rest["epochs"]] == [2]
    other = asked(web, f"/{done[0]}", since=20, epochs=1, session="of another time").json()
    assert other["points"] == whole["points"], "a curve that was cut back is told anew"


def test_without_news_there_is_no_answer(done: list[int], web: str) -> None:
    seen = asked(web, f"/{done[0]}").json()["seen"]
    answer = asked(web, f"/{done[0]}", seen=seen)
    assert (answer.status, answer.content) == (204, b"")
    table = asked(web, "").json()
    assert [row["id"] for row in table["rows"]] == table["all"] == done[::-1]
    assert asked(web, "", seen=table["seen"]).status == 204


def test_the_table_tells_only_what_has_changed(done: list[int], web: str) -> None:
    seen = asked(web, "").json()["seen"]
    runs.note(done[0], "seen again")
    until(lambda: asked(web, "", seen=seen).status == 200)
    table = asked(web, "", seen=seen).json()
    assert [row["id"] for row in table["rows"]] == [done[0]]
    assert table["all"] == done[::-1]


def test_a_matrix_agrees_with_the_weights(done: list[int], web: str) -> None:
    """Against the checkpoint itself, run over the test pictures."""
    tensors, card = checkpoints.load(runs.checkpoint(done[0], 2))
    network = checkpoints.build(card, tensors)
    test = datasets.load("digits").test
    rows = training.chosen(len(test), SHORT.test_subset)
    pictures = torch.nn.functional.interpolate(
        test.pictures[rows], (28, 28), mode="bilinear", antialias=False
    )
    with torch.no_grad():
        predicted = network(pictures / 255).argmax(1)
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (test.labels[rows].numpy(), predicted.numpy()), 1)
    shown = asked(web, f"/{done[0]}/epochs/2").json()
    assert shown["matrix"]["counts"] == counts.tolist()
    right = int(counts.diagonal().sum())
    assert runs.get(done[0]).test_accuracy == pytest.approx(right / 64)
    for item in shown["worst"]:
        assert item["label"] != item["predicted"]
        assert item["png"].startswith("data:image/png;base64,")
    assert len(shown["worst"]) == min(64 - right, 24)


def test_a_cells_pictures_are_those_that_it_counts(done: list[int], web: str) -> None:
    counts = asked(web, f"/{done[0]}/epochs/1").json()["matrix"]["counts"]
    label, predicted = max(
        ((i, j) for i in range(10) for j in range(10)), key=lambda at: counts[at[0]][at[1]]
    )
    shown = asked(web, f"/{done[0]}/cell", epoch=1, label=label, predicted=predicted).json()
    assert len(shown) == min(counts[label][predicted], 24)
    labels = datasets.load("digits").test.labels
    assert {int(labels[item["row"]]) for item in shown} == {label}
    assert {item["predicted"] for item in shown} == {predicted}


def test_before_training_there_are_only_kernels_and_guesses(done: list[int], web: str) -> None:
    shown = asked(web, f"/{done[0]}/epochs/0").json()
    assert "matrix" not in shown
    assert shown["kernels"]["shape"] == [6, 1, 5, 5]
    assert len(shown["answers"]) == 10
    samples = asked(web, f"/{done[0]}/samples").json()
    assert [item["label"] for item in samples["items"]] == list(range(10))


@pytest.mark.parametrize(
    "path", ["/99", "/{run}/epochs/9", "/{run}/cell", "/{run}/files/passwd",
             "/{run}/files/weights.safetensors?epoch=9"]
)  # fmt: skip
def test_what_is_not_there_is_said_in_a_sentence(done: list[int], web: str, path: str) -> None:
    answer = asked(web, path.format(run=done[0]))
    assert answer.status == 404
    assert re.search(r"\.$", answer.json()["error"])


@pytest.mark.parametrize(
    "question", ["since=-5", "since=x", "epochs=1e99", "seen=%00", "since=" + "9" * 400]
)
def test_strange_questions_get_the_whole_curve(done: list[int], web: str, question: str) -> None:
    answer = asked(web, f"/{done[0]}?{question}")
    assert answer.status == 200
    assert len(answer.json()["points"]["step"]) == 32


def test_files_can_be_taken_along(done: list[int], web: str, tmp_path: Path) -> None:
    steps = asked(web, f"/{done[0]}/files/steps.csv")
    assert steps.content.count(b"\n") == 33
    assert "run-" in steps.headers["content-disposition"]
    card = asked(web, f"/{done[0]}/files/card.json").json()
    assert (card["network"], card["epoch"]) == ("lenet", 2)
    weights = asked(web, f"/{done[0]}/files/weights.safetensors", epoch=1)
    (tmp_path / "weights").write_bytes(weights.content)
    assert checkpoints.read_card(tmp_path / "weights").epoch == 1
    assert asked(web, f"/{done[0]}/files/events.zip").content[:2] == b"PK"


# -- what is drawn ------------------------------------------------------------------------------


def test_kernels_are_rounded_to_a_hundredth_of_the_largest() -> None:
    weights = torch.randn(6, 3, 5, 5, generator=torch.Generator().manual_seed(0)).numpy()
    sent = learned.kernels(weights)
    assert sent
    cells = np.frombuffer(__import__("base64").b64decode(sent["cells"]), np.int8).reshape(
        6, 3, 5, 5
    )
    assert np.abs(cells / 127 * sent["scale"] - weights).max() < sent["scale"] / 200
    assert np.array_equal(
        np.sign(cells)[np.abs(weights) > 0.05], np.sign(weights)[np.abs(weights) > 0.05]
    )


def test_too_many_kernels_are_cut_and_counted() -> None:
    sent = learned.kernels(np.ones((768, 3, 16, 16), np.float32))
    assert sent
    assert (sent["shape"], sent["total"]) == ([31, 3, 16, 16], 768)
    assert len(sent["cells"]) < 40_000
    assert learned.kernels(None) is None
    broken = learned.kernels(np.full((2, 1, 3, 3), np.nan, np.float32))
    assert broken
    assert broken["scale"] == 0, "a network that diverged is drawn white"


def test_a_matrix_by_hand() -> None:
    given = confusion.Answers(
        rows=np.array([4, 5, 6, 7]),
        labels=np.array([0, 0, 1, 1]),
        predicted=np.array([0, 1, 1, 0]),
        confidence=np.array([0.9, 0.6, 0.8, 0.95], np.float32),
        true_probability=np.array([0.9, 0.4, 0.8, 0.05], np.float32),
        classes=3,
    )
    assert confusion.matrix(given) == {
        "counts": [[1, 1, 0], [1, 1, 0], [0, 0, 0]],
        "accuracy": [0.5, 0.5, None],
    }
    assert [each["row"] for each in confusion.worst(given, 9)] == [7, 5]
    assert [each["row"] for each in confusion.cell(given, 0, 1, 9)] == [5]


def test_a_second_visit_follows_its_link(done: list[int]) -> None:
    at = opened("runs", runs=str(done[0]))
    at.switch_page(str(entry("live").path)).run()
    at.query_params["runs"] = str(done[1])
    at.switch_page(str(entry("runs").path)).run()
    assert boards(at)[0]["chosen"] == [done[1]]


@pytest.mark.parametrize("page", ["new-run", "live", "runs"])
def test_a_folder_that_cannot_be_written_is_no_crash(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CONVSCOPE_HOME", str(tmp_path / "file"))
    at = opened(page, dataset="digits")
    if page == "new-run":
        press(at, "Launch")
        assert "cannot be" in text(at)
    else:
        assert "yet" in text(at)
