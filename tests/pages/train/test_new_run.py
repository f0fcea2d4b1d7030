"""The page that sets up a run: the course's presets, links, budgets, experiments."""

import re
import signal
import subprocess
from dataclasses import replace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer import networks, runs
from explorer.base import hardware
from explorer.base.units import duration, exact, percent, size
from explorer.data import datasets
from explorer.runs import Status
from explorer.training import Budget, recipes
from explorer.training.fitting import fitted, share
from explorer.training.recipes import PRESETS
from explorer.training.recipes import beside_course as figures
from explorer.ui.runs import run_words
from pages.train.new_run import budget, short
from pages.train.new_run.form import FIRST
from tests.opened_pages import boards, html, live, opened, press, text, untold
from tests.run_processes import SHORT, over


def values(at: AppTest) -> dict[str, object]:
    widgets = [*at.selectbox, *at.number_input, *at.text_input, *at.toggle]
    return {(each.key or "").rpartition(".")[2]: each.value for each in widgets}


def test_it_begins_with_a_run_of_the_course(nothing: None) -> None:
    at = opened("new-run")
    fields = values(at)
    assert fields["start"] == FIRST
    assert (fields["network"], fields["epochs"], fields["batch_size"]) == ("lenet", 10, 256)
    assert percent(0.811) in text(at)
    assert "exactly this recipe" in text(at)
    if not hardware.facts().devices:  # why there is no GPU here, as `doctor` says it
        assert run_words.literal(hardware.verdict().sentence) in text(at)
    table = html(at, 'class="budget"')
    assert "61.7 k" in table
    assert "2\u202f350" in table  # 10 × ⌈60 000 / 256⌉


@pytest.mark.parametrize("name", [n for n, p in PRESETS.items() if p.reported])
def test_every_run_of_the_course_is_a_preset(nothing: None, name: str) -> None:
    at = opened("new-run", preset=name)
    recipe, fields = PRESETS[name].recipes[0], values(at)
    assert fields["start"] == name
    for field in ("network", "size", "epochs", "batch_size", "optimizer", "initialisation"):
        assert fields[field] == getattr(recipe, field), field
    assert float(str(fields["learning_rate"])) == recipe.learning_rate
    assert not at.error
    assert (reported := PRESETS[name].reported)
    assert percent(reported.test_accuracy) in text(at)


def test_where_a_small_card_limited_the_courses_batch_a_larger_one_is_offered(
    nothing: None, request: pytest.FixtureRequest
) -> None:
    assert "small graphics card" not in text(opened("new-run", preset="googlenet"))  # on a CPU
    request.getfixturevalue("card")
    assert "small graphics card" not in text(opened("new-run", preset="googlenet", device="cpu"))
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
    recipe, fields = recipes.course_recipe("resnet18"), values(at)
    assert (fields["size"], fields["batch_size"]) == (recipe.size, recipe.batch_size)
    assert fields["dataset"] == "digits", "the data stay"


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
    assert at.button(key="new-run.launch").disabled


def test_what_a_link_cannot_have_is_told(nothing: None) -> None:
    address = {"optimizer": "zz", "epochs": "q", "flip": "7", "activation": "?", "method": "x"}
    address |= {"learning_rate": "abc", "momentum": "!", "weight_decay": "-"}
    endless = {"size": "inf", "seed": "-1e999", "batch_size": "9" * 5000}
    at = opened("new-run", **address, **endless)
    assert not untold(at, [*address, *endless])
    assert not endless.keys() & {*at.query_params}
    assert not untold(opened("new-run", preset="nothing"), ["preset"])


def test_a_link_can_begin_with_a_run_of_the_course_and_depart_from_it(nothing: None) -> None:
    at = opened("new-run", preset="vgg11", epochs="2", conv_ratio="8", network="lenet")
    fields, preset = values(at), PRESETS["vgg11"].recipes[0]
    assert (fields["network"], fields["epochs"], fields["conv_ratio"]) == ("vgg11", 2, 8)
    assert (fields["size"], fields["batch_size"]) == (preset.size, preset.batch_size)
    assert "`network=lenet`" in at.warning[0].value


def test_a_size_that_does_not_fit_is_a_lesson(nothing: None) -> None:
    at = opened("new-run", network="alexnet", dataset="digits", size="28")
    assert "pool2's window is 3 cells long" in text(at)
    assert at.button(key="new-run.launch").disabled
    press(at, "Use 193 × 193")
    assert values(at)["size"] == 193
    assert not at.error


def test_data_that_are_not_here_are_fetched_elsewhere(nothing: None) -> None:
    missing = next(name for name in datasets.names() if not datasets.at_hand(name))
    at = opened("new-run", dataset=missing, network="lenet")
    assert "is not here yet" in text(at)
    assert at.button(key="new-run.launch").disabled


def test_what_a_run_will_take_is_measured_before_and_stands_beside_what_it_took(
    nothing: None,
) -> None:
    size_of_it = {"epochs": "1", "train_subset": "320", "test_subset": "32"}
    at = opened("new-run", dataset="digits", batch_size="64", precision="bfloat16", **size_of_it)
    measure_on(at)
    table = html(at, 'class="budget"')
    assert "<td>bfloat16</td>" in table
    assert run_words.numbers("bfloat16", "asked") in table
    times = r">(?:about )?([\d.]+) s(?: to ([\d.]+) s)? \(\d.* pictures/s\)"
    ((least, most),) = re.findall(times, table)
    epoch = next(each for key, each in budget._epochs.items() if "bfloat16" in key)
    assert f"<td>about {size(epoch.memory)}</td>" in table
    assert [each.label for each in at.button if each.key == "new-run.measure"] == ["Measure again"]
    press(at, "Launch")
    assert at.title[0].value == "Is it learning?"
    (run,) = runs.listed()
    assert live(at)["run"] == run.id
    assert run.recipe.train_subset == 320
    assert float(least) - 0.06 <= run.estimate <= float(most or least) + 0.06
    run = over(run.id)
    assert run.status is Status.FINISHED
    assert run.estimate
    facts = run.metadata
    assert epoch.tensors == facts["memory"] < epoch.memory
    assert epoch.memory / 3 < facts["peak_memory"] < 3 * epoch.memory
    live_page = opened("live", run=str(run.id))
    (balance,) = [each.value for each in live_page.markdown if "of memory" in each.value]
    assert balance == (
        f"Training took **{duration(run.progress.seconds)}**; **{duration(run.estimate)}** had "
        f"been estimated. Training took up to **{size(facts['peak_memory'])}** of memory, "
        f"libraries and buffers included; the tensors of one step make "
        f"**{size(facts['memory'])}**. 61.7 k parameters; {facts['precision']}, threads: "
        f"{facts['threads']}, torch {torch.__version__}. "
        + run_words.numbers(facts["precision"], facts["precision_reason"])
    )


def measure_on(at: AppTest) -> None:
    """Press the button, and wait for the other process, as a browser does."""
    press(at, "Measure the time")
    while [each for each in at.button if each.key == "measure_stop"]:
        at.run()


def test_an_experiment_says_what_all_of_it_will_take(nothing: None) -> None:
    at = opened("new-run", preset="batch-norm", dataset="digits", all_epochs="2")
    steps = 6 * 2 * -(-datasets.get("digits").train_count // 256)
    table = html(at, 'class="budget"')
    assert f"<td>{exact(steps)}</td>" in table
    assert "not measured yet" in table
    measure_on(at)
    plan = [replace(each, dataset="digits", epochs=2) for each in PRESETS["batch-norm"].recipes]
    budgets = [budget.of_run(each) for each in plan]
    assert all(budgets)
    least = sum(each.seconds * each.fastest for each in budgets if each)
    most = sum(each.seconds * each.slowest for each in budgets if each)
    assert f">{duration(least)} to {duration(most)}<" in html(at, 'class="budget"')
    like = {"dataset": "digits", "epochs": "2", "batch_size": "256"}
    one = opened("new-run", network="lenet", pooling="max", first_padding="0", **like)
    other = opened("new-run", network="bn_lenet", **like)
    for page, of_one in zip((one, other), budgets, strict=False):  # measured by now
        assert of_one
        assert duration(of_one.seconds * of_one.slowest) in html(page, 'class="budget"')
    whole = sum(each.seconds for each in budgets if each)
    assert whole == pytest.approx(3 * sum(each.seconds for each in budgets[:2] if each))
    more = opened(
        "new-run", preset="batch-norm", dataset="digits", all_epochs="2", train_subset="9"
    )
    assert f"<td>{exact(12)}</td>" in html(more, 'class="budget"')


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
    press(at, "Stop measuring")
    assert "Stopped." in text(at)
    assert "not measured yet" in html(at, 'class="budget"')
    assert started[-1].wait(5) == -signal.SIGKILL  # nobody else watches


def test_an_experiment_keeps_its_own_number_of_pictures(nothing: None) -> None:
    at = opened("new-run", preset="depth")
    at.button(key="new-run.launch").click().run()
    subsets = sorted(run.recipe.train_subset for run in runs.listed())
    assert subsets == sorted(each.train_subset for each in PRESETS["depth"].recipes)
    assert 0 not in subsets


def test_an_experiment_is_several_runs(nothing: None) -> None:
    at = opened("new-run", preset="batch-norm", dataset="digits")
    assert "Which learning rates does batch norm make possible?" in text(at)
    assert "6" in at.button(key="new-run.launch").label
    at.number_input(key="new-run.all_epochs").set_value(1).run()
    at.button(key="new-run.launch").click().run()
    launched = runs.listed()
    assert len(launched) == 6
    assert {run.recipe.epochs for run in launched} == {1}
    assert {run.recipe.dataset for run in launched} == {"digits"}
    assert len({run.name.partition(" · ")[0] for run in launched}) > 1, "told apart by name"
    assert "Which run did better" in at.title[0].value
    assert next(board for board in boards(at) if "chosen" in board)["chosen"] == sorted(
        run.id for run in launched
    )


def test_every_field_of_a_recipe_has_a_word() -> None:
    fields = recipes.as_json(SHORT).keys() - {"options"}
    assert fields == figures.FIELDS.keys()
    for network in networks.course():
        assert figures.title(recipes.course_recipe(network))


# -- short runs --------------------------------------------------------------------------------


def test_a_small_run_is_one_click_away(nothing: None) -> None:
    at = press(opened("new-run"), "Train a small network now: half a minute")
    (run,) = runs.listed()
    runs.stop(run.id)
    assert run.recipe == short.quick()
    assert live(at)["run"] == run.id
    recipes.check(run.recipe)


def test_a_run_is_shortened_to_what_was_measured(
    nothing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = recipes.check(replace(SHORT, train_subset=0, test_subset=0, epochs=10))
    of_epoch = Budget(61_706, 10**6, 10**6, 30.0, 1000.0)
    link = {"dataset": "digits", "epochs": "10", "batch_size": "32"}
    monkeypatch.setitem(budget._epochs, budget._work(plan), of_epoch)
    at = press(opened("new-run", **link), "1 min")
    shorter = fitted(plan, 2, *counts("digits"))
    assert shorter
    fields = values(at)
    for name in ("epochs", "train_subset", "test_subset"):
        assert fields[name] == getattr(shorter, name)
    assert f"<td>about {duration(30 * share(shorter, *counts('digits')))} (" in html(at, "budget")
    at = press(opened("new-run", **link), "15 min")
    assert values(at)["epochs"] == 10, "it fits as it is"


def test_what_was_not_measured_is_measured_and_then_shortened(nothing: None) -> None:
    at = press(opened("new-run", dataset="digits", epochs="900", batch_size="40"), "1 min")
    while [each for each in at.button if each.key == "measure_stop"]:
        at.run()
    assert not at.error
    assert 0 < int(str(values(at)["epochs"])) <= 900
    plan = at.session_state["new-run.recipe"]
    assert (measured := budget.of_run(plan))
    assert measured.seconds <= 60


def test_a_launch_that_takes_hours_says_so(nothing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = replace(SHORT, train_subset=0, test_subset=0, epochs=10)
    of_epoch = Budget(61_706, 10**6, 10**6, 400.0, 10.0)
    monkeypatch.setitem(budget._epochs, budget._work(plan), of_epoch)
    at = opened("new-run", dataset="digits", epochs="10", batch_size="32")
    assert "It will take about 1 h 7 min" in text(at)
    launch = at.button(key="new-run.launch")
    assert launch.label == "Launch (1 h 7 min)"
    press(at, "5 min")
    assert at.button(key="new-run.launch").label == "Launch"
    assert "It will take about" not in text(at)


def counts(dataset: str) -> tuple[int, int]:
    facts = datasets.get(dataset)
    return facts.train_count, facts.test_count
