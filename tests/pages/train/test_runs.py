"""The pages on runs: what they show of one and of several, and what can be done with them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from explorer import runs
from explorer.base import device
from explorer.base.units import percent
from explorer.data import datasets
from explorer.runs import Status, outcome, store, verdict
from explorer.runs import artifacts as run_folder
from explorer.runs.protocols import Ended
from explorer.server.runs import FILES
from explorer.training import recipes
from explorer.training.recipes import Recipe
from explorer.training.recipes import beside_course as figures
from explorer.ui.entries import entry
from explorer.ui.runs import run_actions, run_words
from tests.explorer.runs.played import SETTINGS, STARTED, begun, epoch
from tests.opened_pages import boards, html, live, opened, press, text, untold


@pytest.mark.parametrize("page", ["live", "runs"])
def test_pages_on_runs_tell_what_a_link_cannot_have(done: list[int], page: str) -> None:
    address = {"by": "?", "at": "9", "epoch": "3"}
    at = opened(page, **address)
    assert not untold(at, address)
    assert "There is no run" in opened(page, run="77", runs="77,1").warning[0].value


def test_without_runs_every_page_says_what_to_do(nothing: None) -> None:
    assert "Nothing has been trained here yet" in text(opened("live"))
    assert "There are no runs yet" in text(opened("runs"))


def test_a_finished_run_shows_what_came_of_it(done: list[int]) -> None:
    at = opened("live", run=str(done[0]))
    assert live(at)["run"] == done[0]
    assert live(at)["status"] == "finished"
    assert "LeNet-5 on Digits" in str(live(at)["place"])
    panels = next(board for board in boards(at) if "shown" in board)["shown"]
    assert [(each["id"], each["epochs"]) for each in panels] == [(done[0], 2)]
    assert panels[0]["classes"] == list(datasets.get("digits").classes)
    links = re.findall(r'<a href="/api/runs/(\d+)/files/([\w.]+)" download>', html(at, "steps.csv"))
    assert sorted(links) == sorted((str(done[0]), name) for name in FILES)


def test_the_newest_run_is_shown_without_a_link(done: list[int]) -> None:
    assert live(opened("live"))["run"] == done[-1]
    for missing, words in (("77", "There is no run `77`"), ("9" * 1000, "too large for any field")):
        at = opened("live", run=missing)
        assert words in text(at)
        assert live(at)["run"] == done[-1]


def test_runs_of_one_name_are_told_apart_and_renaming_keeps_what_is_chosen(
    nothing: None,
) -> None:
    numbers = [store.add(SETTINGS, "Same", "cpu") for _each in range(3)]
    assert all(store.move(number, [Status.QUEUED], Status.STOPPED) for number in numbers)
    at = opened("live", run=str(numbers[0]))
    picker = at.selectbox(key="live.picked")
    assert picker.options == [f"Same, run {number}" for number in reversed(numbers)]
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


def test_the_courses_curve_stands_behind_its_network() -> None:
    curve = figures.course(recipes.course_recipe("bn_lenet"))
    assert curve
    assert curve["test_accuracy"][-1] == 0.87
    assert curve["steps"] == 1875, "of an epoch: 60 000 pictures in batches of 32"
    assert not figures.departures(
        replace(recipes.course_recipe("bn_lenet"), seed=3, device="cpu"),
        recipes.course_recipe("bn_lenet"),
    )
    assert figures.course(replace(recipes.course_recipe("bn_lenet"), dataset="digits")) is None
    assert figures.course(Recipe("torchvision/resnet18")) is None
    assert figures.course(Recipe("lenet", {"activation": "relu"})) is None


def test_chosen_runs_are_laid_over_each_other(done: list[int]) -> None:
    at = opened("runs", runs=",".join(map(str, (99, *done, "x"))))
    table, overlay = boards(at)[:2]
    assert table["chosen"] == done
    assert [each["id"] for each in overlay["shown"]] == done
    assert overlay["shown"][0]["line"] == table["signs"][str(done[0])]
    assert len({json.dumps(each["line"]) for each in overlay["shown"]}) == 2
    differences = at.table[0].value.set_index("setting")
    assert list(differences.loc["learning rate"]) == ["0.001", "0.01"]
    assert list(differences.loc["seed"]) == ["0", "7"]
    assert "epochs" not in differences.index, "what is the same is left out"
    best = max(row.test_accuracy or 0 for row in runs.epochs(done[0]))
    assert percent(best) in differences.loc["at best"].iloc[0]


def test_which_run_did_better_is_said_with_its_error_and_the_setting_that_differs(
    done: list[int],
) -> None:
    at = opened("runs", runs=",".join(map(str, done)))
    (sentence,) = [each.value for each in at.markdown if "percentage points" in each.value]
    right = [
        answers.labels == answers.predicted
        for answers in (outcome.answers(runs.get(number), 2) for number in done)
    ]
    difference = verdict.paired(*right)
    share, error = abs(100 * difference.share), 100 * difference.error
    assert f"{share:.1f} ± {error:.1f} percentage points" in sentence
    assert ("No difference that counts" in sentence) != difference.counts
    assert "One setting differs: learning rate," in sentence
    assert "Their seeds differ, too." in sentence
    assert "Tick two runs" in text(opened("runs", runs=str(done[0])))


def test_a_run_leads_into_its_network_and_to_the_same_recipe(done: list[int]) -> None:
    at = opened("live", run=str(done[1]))
    links = {link.proto.page: parse_qs(link.proto.query_string) for link in at.get("page_link")}
    weights = {"network": ["lenet"], "weights": [f"run:{done[1]}"]}
    for url in run_actions.INSIDE:
        assert links[url] == weights
    assert links["compare"] == {"nets": [f"lenet:run:{done[1]}"]}
    again = {name: values[0] for name, values in links["new-run"].items()}
    page = opened("new-run", **again)
    assert not page.warning
    assert page.session_state["new-run.recipe"] == runs.get(done[1]).recipe
    inside = opened("why", **{name: values[0] for name, values in weights.items()})
    assert not inside.warning
    panel = next(board for board in boards(at) if "shown" in board)["shown"][0]
    link = panel["why"].format(epoch=2, row=5)
    assert link == f"/why?network=lenet&weights=run:{done[1]}@2&picture=digits:test:5"
    assert panel["kept"] == [1, 2]


def test_more_runs_than_fit_side_by_side_are_counted(nothing: None) -> None:
    for _ in range(6):  # written by hand, as by a worker
        store.add(SETTINGS, "a run", "cuda:0")
        writer = begun(device="cuda:0")
        writer.tell(STARTED)
        writer.tell(epoch(1))
        writer.tell(Ended(Status.STOPPED))
    at = opened("runs", runs="1,2,3,4,5,6")
    panels = [[each["id"] for each in board["shown"]] for board in boards(at) if "shown" in board]
    assert panels == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4]], "curves of all, epochs of the first four"
    assert "The first 4 runs stand side by side here; 2 more are left out." in text(at)


def test_weights_that_made_room_are_told_where_epochs_are_chosen(done: list[int]) -> None:
    first, second = map(str, done)
    assert "deleted" not in text(opened("live", run=second))
    run_folder.make_room(done[1], 1)  # all but the last
    sentence = "The weights of these epochs are kept: 2. Those of 1 are not: a run keeps at most"
    assert sentence in text(opened("live", run=second))
    assert sentence in text(opened("runs", runs=second))
    assert sentence in text(opened("compare", nets=f"lenet:run:{second},lenet:run:{first}"))
    inside = opened("kernels", network="lenet", weights=f"run:{second}")
    assert "Weights of epoch 1 were deleted." in text(inside)
    assert sentence in next(each.help for each in inside.caption if "deleted" in each.value)


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
