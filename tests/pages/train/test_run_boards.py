"""What the boards of the training pages ask the server for, and what they draw."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
import torch
import uvicorn
from playwright.sync_api import Page, Route, expect
from starlette.applications import Starlette

from explorer import runs
from explorer.runs import outcome
from explorer.server.runs import ROUTES
from explorer.training import checkpoints
from pages.train.runs import parts
from tests import accessibility
from tests.explorer.ui.mounted import mounted
from tests.opened_pages import opened
from tests.run_processes import until
from tests.serving import Answer, any_port, ask


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


def fetch(web: str, path: str, **question: object) -> Answer:
    return ask(web + path + ("?" + urlencode(question) if question else ""))


def test_signs_differ_for_many_runs() -> None:
    signs = [json.dumps(parts.sign(place)) for place in range(30)]
    assert len(set(signs)) == 30


def test_a_curve_is_told_in_pieces_that_fit_together(done: list[int], web: str) -> None:
    whole = fetch(web, f"/{done[0]}").json()
    assert whole["status"] == "finished"
    assert whole["points"]["step"] == list(range(1, 33))
    assert [row["epoch"] for row in whole["epochs"]] == [1, 2]
    stored = runs.curves(done[0])
    assert whole["points"]["loss"] == pytest.approx(stored.loss, rel=1e-3)
    rest = fetch(web, f"/{done[0]}", since=20, epochs=1, session=whole["session"]).json()
    assert rest["points"]["step"] == list(range(21, 33))
    assert [row["epoch"] for row in rest["epochs"]] == [2]
    other = fetch(web, f"/{done[0]}", since=20, epochs=1, session="of another time").json()
    assert other["points"] == whole["points"], "a curve that was cut back is told anew"


def test_a_page_opened_before_an_update_is_refused(done: list[int], web: str) -> None:
    """A Live page is then drawn anew, with the script that belongs to the server."""
    answer = fetch(web, f"/{done[0]}", since=20, epochs=1, sitting="1.000", seen="", snapshot="")
    assert answer.status == 404
    assert "load it again" in answer.json()["error"]


def test_without_news_there_is_no_answer(done: list[int], web: str) -> None:
    before = fetch(web, f"/{done[0]}").json()["seen"]
    answer = fetch(web, f"/{done[0]}", seen=before)
    assert (answer.status, answer.content) == (204, b"")
    table = fetch(web, "").json()
    assert [row["id"] for row in table["rows"]] == table["all"] == done[::-1]
    assert fetch(web, "", seen=table["seen"]).status == 204


def test_the_table_tells_only_what_has_changed(done: list[int], web: str) -> None:
    before = fetch(web, "").json()["seen"]
    runs.note(done[0], "seen again")
    until(lambda: fetch(web, "", seen=before).status == 200)
    table = fetch(web, "", seen=before).json()
    assert [row["id"] for row in table["rows"]] == [done[0]]
    assert table["all"] == done[::-1]


def test_before_training_there_are_only_kernels_and_guesses(done: list[int], web: str) -> None:
    untrained = fetch(web, f"/{done[0]}/epochs/0").json()
    assert "matrix" not in untrained
    assert untrained["kernels"]["shape"] == [6, 1, 5, 5]
    assert len(untrained["answers"]) == 10
    samples = fetch(web, f"/{done[0]}/samples").json()
    assert [item["label"] for item in samples["items"]] == list(range(10))


@pytest.mark.parametrize(
    "path", ["/99", "/{run}/epochs/9", "/{run}/cell", "/{run}/files/passwd",
             "/{run}/files/weights.safetensors?epoch=9"]
)  # fmt: skip
def test_what_is_not_there_is_said_in_a_sentence(done: list[int], web: str, path: str) -> None:
    answer = fetch(web, path.format(run=done[0]))
    assert answer.status == 404
    assert re.search(r"\.$", answer.json()["error"])


@pytest.mark.parametrize(
    "question", ["since=-5", "since=x", "epochs=1e99", "seen=%00", "since=" + "9" * 400]
)
def test_strange_questions_get_the_whole_curve(done: list[int], web: str, question: str) -> None:
    answer = fetch(web, f"/{done[0]}?{question}")
    assert answer.status == 200
    assert len(answer.json()["points"]["step"]) == 32


def test_files_can_be_taken_along(done: list[int], web: str, tmp_path: Path) -> None:
    steps = fetch(web, f"/{done[0]}/files/steps.csv")
    assert steps.content.count(b"\n") == 33
    assert "run-" in steps.headers["content-disposition"]
    card = fetch(web, f"/{done[0]}/files/card.json").json()
    assert (card["network"], card["epoch"]) == ("lenet", 2)
    weights = fetch(web, f"/{done[0]}/files/weights.safetensors", epoch=1)
    (tmp_path / "weights").write_bytes(weights.content)
    assert checkpoints.read_card(tmp_path / "weights").epoch == 1
    assert fetch(web, f"/{done[0]}/files/events.zip").content[:2] == b"PK"


def test_kernels_are_rounded_to_a_hundredth_of_the_largest() -> None:
    weights = torch.randn(6, 3, 5, 5, generator=torch.Generator().manual_seed(0)).numpy()
    sent = outcome.kernels(weights)
    assert sent
    cells = np.frombuffer(base64.b64decode(sent["cells"]), np.int8).reshape(weights.shape)
    assert np.abs(cells / 127 * sent["scale"] - weights).max() < sent["scale"] / 200
    assert np.array_equal(
        np.sign(cells)[np.abs(weights) > 0.05], np.sign(weights)[np.abs(weights) > 0.05]
    )


def test_too_many_kernels_are_cut_and_counted() -> None:
    sent = outcome.kernels(np.ones((768, 3, 16, 16), np.float32))
    assert sent
    assert (sent["shape"], sent["total"]) == ([31, 3, 16, 16], 768)
    assert len(sent["cells"]) < 40_000
    assert outcome.kernels(None) is None
    broken = outcome.kernels(np.full((2, 1, 3, 3), np.nan, np.float32))
    assert broken
    assert broken["scale"] == 0, "a network that diverged is drawn white"


def test_a_matrix_by_hand() -> None:
    answers = outcome.Answers(
        rows=np.array([4, 5, 6, 7]),
        labels=np.array([0, 0, 1, 1]),
        predicted=np.array([0, 1, 1, 0]),
        confidence=np.array([0.9, 0.6, 0.8, 0.95], np.float32),
        true_probability=np.array([0.9, 0.4, 0.8, 0.05], np.float32),
        classes=3,
    )
    assert outcome.matrix(answers) == {
        "counts": [[1, 1, 0], [1, 1, 0], [0, 0, 0]],
        "accuracy": [0.5, 0.5, None],
    }
    assert [each["row"] for each in outcome.worst(answers, 9)] == [7, 5]
    assert [each["row"] for each in outcome.cell(answers, 0, 1, 9)] == [5]


# -- in a real browser ------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize(
    ("address", "kind", "target", "result"),
    [
        ("live?run={}", "live", ".loss .plot", ".loss .tip"),
        ("live?run={}", "learned", "td[data-at] >> nth=1", ".pictures h4"),
        ("runs?runs={},{}", "overlay", ".loss .plot", ".loss .tip"),
        ("runs?runs={}", "table", "tbody tr:first-child .pick", "tbody tr:first-child .pick"),
    ],
)
def test_a_board_on_runs_answers_a_tap_and_a_screen_reader(
    done: list[int], web: str, phone: Page, address: str, kind: str, target: str, result: str
) -> None:
    def answer(route: Route) -> None:
        path = route.request.url.partition("/api/runs")[2]
        route.fulfill(response=route.fetch(url=web + path))

    phone.route(re.compile("/api/runs"), answer)
    path, _mark, query = address.format(*done).partition("?")
    board = mounted(phone, opened(path, **dict(parse_qsl(query))), kind).board
    place = board.locator(result)
    content = (
        "place => place.outerHTML + [...place.querySelectorAll('input')].map(each => each.checked)"
    )
    before = place.evaluate(content)
    board.locator(target).tap()
    phone.wait_for_timeout(150)
    assert place.evaluate(content) != before
    board.evaluate(  # with more pictures than there is room for
        "board => board.querySelector('.pictures .grid')?.style.setProperty('max-height', '40px')"
    )
    assert accessibility.faults(phone, "main") == []
    if kind in {"live", "overlay"}:
        board.locator(target).tap()
        expect(place).to_be_visible()
