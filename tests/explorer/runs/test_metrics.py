"""What a run leaves: curves, epochs and snapshots as they were told, files, and what leaves."""

import csv
import dataclasses
import io
import json
import shutil
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from tensorboardX.proto.event_pb2 import Event

from explorer import runs
from explorer.base.reasons import Reason
from explorer.cli.main import main
from explorer.runs import Status, artifacts, metrics, outcome, store
from explorer.runs.database import database
from explorer.runs.protocols import Ended, Held, Loading, Resumed
from explorer.training import Capture, Snapshot
from explorer.training.recipes import Recipe, as_json
from tests.explorer.runs.played import STARTED, added, begun, epoch, started, steps, work
from tests.run_processes import own_pictures

pytestmark = pytest.mark.usefixtures("home")


def test_every_step_is_kept_and_points_are_means_that_come_once_whatever_the_rhythm_of_asking():
    number, writer = started(dataclasses.replace(STARTED, total_steps=1000))
    points: list[int] = []
    losses: list[float | None] = []
    for first in range(0, 1000, 7):
        writer.tell(steps(first, min(7, 1000 - first)))
        curve = runs.curves(number, points[-1] if points else 0, most=130)
        points += curve.step
        losses += curve.loss
    writer.tell(Ended(Status.FINISHED))
    thinned = runs.curves(number, most=130)
    assert (points, losses) == (thinned.step, thinned.loss)
    assert (thinned.stride, points) == (8, list(range(8, 1001, 8)))
    np.testing.assert_allclose(losses, (1 / np.arange(1, 1001)).reshape(-1, 8).mean(axis=1))
    every = runs.curves(number)
    assert (every.stride, every.step) == (1, list(range(1, 1001)))
    assert every.loss == [1 / n for n in every.step]
    assert every.images == [32 * n for n in every.step]
    assert every.epoch == [n / 10 for n in every.step]
    np.testing.assert_allclose(every.seconds, [0.5 * n for n in every.step])


def test_resuming_replaces_what_came_after_the_state():
    number, writer = started()
    writer.tell(steps(0, 10))
    writer.tell(epoch(1))
    writer.tell(steps(10, 4))
    writer.tell(Snapshot(2, 14, None, torch.zeros(2, 10)))
    store.lost(runs.get(number), Reason("lost"))
    runs.resume(number)
    again = begun(resumed=Resumed(12, 6.0))
    run = runs.get(number)
    assert (run.progress.step, run.progress.epoch, run.progress.seconds) == (12, 1, 6.0)
    assert run.test_accuracy == 0.25
    assert runs.curves(number).step == list(range(1, 13))
    assert runs.snapshots(number) == []
    again.tell(STARTED)
    again.tell(steps(12, 8))
    again.tell(epoch(2))
    assert runs.curves(number).step == list(range(1, 21))
    assert runs.curves(number).images == [32 * n for n in range(1, 21)]
    assert [row.epoch for row in runs.epochs(number)] == [1, 2]
    assert runs.get(number).test_accuracy == 0.5


def test_what_an_earlier_session_told_of_memory_and_launching_stands():
    number, writer = started()
    writer.tell(Capture(captured=False, reason="differs", excess=2.5))
    writer.tell(Held(100, 700))
    store.lost(runs.get(number), Reason("lost"))
    runs.resume(number)
    again = begun(resumed=Resumed(4, 2.0))
    again.tell(Loading(3, 9))
    facts = runs.get(number).metadata
    assert (facts["loading"], facts["train_images"]) == ([3, 9], 320)
    again.tell(dataclasses.replace(STARTED, threads=2))
    facts = runs.get(number).metadata
    assert not facts["loading"]
    assert (facts["threads"], facts["samples"], facts["sitting"]) == (2, [0, 1], [4, 2.0])
    assert (facts["channels_last"], facts["first_kernels"]) == (False, "conv1")
    again.tell(Held(90, 600))  # the new one has held less by now
    facts = runs.get(number).metadata
    assert (facts["memory"], facts["peak_memory"]) == (90, 700)
    assert facts["capture"]["excess"] == 2.5


def test_epochs_snapshots_and_predictions_come_back_as_they_were():
    number, writer = started()
    kernels, probabilities = torch.rand(6, 1, 5, 5), torch.rand(2, 10)
    for at, step in enumerate((0, 3, 10)):
        writer.tell(Snapshot(min(at, 1), step, kernels + at, probabilities))
    writer.tell(epoch(1))
    assert runs.snapshots(number) == [0, 1]
    first, last, none = (runs.snapshot(number, which) for which in (0, None, 7))
    assert (last.epoch, last.step) == (1, 10)
    np.testing.assert_array_equal(last.kernels, (kernels + 2).numpy())
    np.testing.assert_array_equal(first.probabilities, probabilities.numpy())
    assert none is None
    (row,) = runs.epochs(number)
    assert (row.epoch, row.test_loss, row.test_accuracy) == (1, None, 0.25)
    answers = runs.predictions(number)
    assert answers.predicted.tolist() == [0, 1, 2, 1, 9]
    assert answers.true_probability.tolist() == [0.5, 0.125, 1, 0, 0.5]
    with pytest.raises(ValueError, match="no predictions of epoch 2"):
        runs.predictions(number, 2)
    assert runs.get(number).metadata["samples"] == [0, 1]


# -- a run's files --------------------------------------------------------------------------------


def test_checkpoints_are_found_by_epoch_and_the_oldest_give_way(home: Path):
    number = added()
    with pytest.raises(ValueError, match="no epoch of it is done"):
        runs.checkpoint(number)
    for which in (1, 2, 3):
        path = artifacts.checkpoint_file(number, which)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(100))
    assert runs.checkpoint(number).name == "epoch-0003.safetensors"
    assert runs.checkpoint(number, 2) == home / "runs" / str(number) / "epoch-0002.safetensors"
    artifacts.make_room(number, 250)
    assert runs.checkpoints(number) == [2, 3]
    artifacts.make_room(number, 10)
    assert runs.checkpoints(number) == [3]
    with pytest.raises(ValueError, match="It has those of 3"):
        runs.checkpoint(number, 1)


def test_epochs_whose_weights_made_room_are_told(capsys: pytest.CaptureFixture[str]):
    number, writer = started()
    artifacts.checkpoint_file(number, 1).parent.mkdir()
    for which in (1, 2, 3):
        writer.tell(epoch(which))
        artifacts.checkpoint_file(number, which).write_bytes(bytes(100))
        artifacts.make_room(number, 200)
        if which == 2:
            assert not str(runs.weights(number))
    assert main(["runs", "show", str(number)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The weights of these epochs are kept: 2–3. Those of 1 are not: a run keeps at most "
        "2.00 GB, and saves no more often than the disk can follow."
    )
    assert artifacts.spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert main(["runs", "show", str(number), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weights"] == {"kept": [2, 3], "gone": [1]}


def test_what_a_dead_worker_had_begun_to_write_is_taken_away():
    place = artifacts.checkpoint_file(7, 1)
    place.parent.mkdir(parents=True)
    for name in (place.name, f".{place.name}.4711"):
        place.with_name(name).touch()
    artifacts.forget_after(7, 1)
    assert list(place.parent.iterdir()) == [place]


# -- figures that leave: CSV as a spreadsheet reads it, event files as TensorBoard does -----------


@pytest.fixture
def number(home: Path) -> int:
    """A run of two epochs, the second of which has a loss that is no number."""
    number, writer = started()
    writer.tell(steps(0, 10))
    writer.tell(epoch(1))
    writer.tell(steps(10, 10, loss=float("nan")))
    writer.tell(epoch(2))
    writer.tell(Ended(Status.STOPPED))
    return number


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_tables_hold_every_step_and_epoch(number: int, tmp_path: Path):
    first, second = metrics.to_csv(number, tmp_path / "a" / "b")
    table = rows(first)
    assert runs.curves(number).loss == [*(1 / n for n in range(1, 11)), *[None] * 10]
    assert [int(row["step"]) for row in table] == list(range(1, 21))
    assert [float(row["loss"]) for row in table[:10]] == [1 / n for n in range(1, 11)]
    assert {row["loss"] for row in table[10:]} == {""}
    assert [float(row["epoch"]) for row in table] == [n / 10 for n in range(1, 21)]
    epochs = rows(second)
    assert [float(row["test_accuracy"]) for row in epochs] == [0.25, 0.5]
    assert {row["test_loss"] for row in epochs} == {""}


def test_a_long_run_leaves_in_pieces_and_holds_up_nobody(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Neither its rows nor its text are ever all in memory, and the shared connection is free."""
    assert metrics.CHUNK <= 2000
    monkeypatch.setattr(metrics, "CHUNK", 500)
    count = 20_000
    rows_of_steps = (
        (number, step, step / 10, 32, 1.0, 0.5, 0.5, 2.0, 0.1) for step in range(21, count + 1)
    )
    with database().writing() as connection:
        connection.executemany(
            "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows_of_steps
        )
    written, pieces = tmp_path / "steps.csv", metrics.csv(number, "steps")
    tracemalloc.start()
    try:
        with database()._reader.lock, written.open("w", encoding="utf-8") as file:
            away = Thread(target=lambda: file.writelines(pieces))
            away.start()
            away.join(60)
            assert not away.is_alive()
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written.stat().st_size > 600_000
    assert peak < 500_000, peak
    assert written.read_bytes().count(b"\n") == count + 1


def test_what_is_read_slowly_keeps_no_old_state_alive(number: int):
    """A reader who has stopped in the middle lets the write-ahead log be emptied."""
    pieces = metrics.csv(number, "steps")
    next(pieces)
    with database().writing() as connection:
        connection.execute("UPDATE runs SET note = 'new'")
    writer = database()._writer.connection()
    busy, log, done = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, log, done) == (0, 0, 0)
    pieces.close()


def events(path: Path) -> Iterator[Event]:
    """Every record of an event file: length, its checksum, the event, its checksum (the library's,
    which it writes)."""
    data = path.read_bytes()
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        yield Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]


def test_event_files_hold_the_same_figures(number: int, tmp_path: Path):
    other = tmp_path / f"run-{number}" / "events.out.tfevents.1.elsewhere"
    other.parent.mkdir()
    other.touch()
    for _export in range(2):  # the second takes the first one's place
        path = metrics.to_tensorboard(number, tmp_path)
        assert set(path.parent.iterdir()) == {path, other}
    first, *others = events(path)
    assert first.file_version == "brain.Event:2"
    scalars: dict[str, list[tuple[int, float]]] = {}
    for event in others:
        for value in event.summary.value:
            scalars.setdefault(value.tag, []).append((event.step, value.simple_value))
    assert [step for step, _ in scalars["train/loss"]] == list(range(1, 11))  # NaN is left out
    assert scalars["train/loss"][3] == (4, 0.25)
    assert scalars["test/accuracy"] == [(10, 0.25), (20, 0.5)]
    assert "test/loss" not in scalars
    run = runs.get(number)
    assert run.started
    assert others[0].wall_time == pytest.approx(run.started + 0.5)


def test_a_run_that_is_not_there_cannot_be_exported(number: int, tmp_path: Path):
    for write in (metrics.to_csv, metrics.to_tensorboard):
        with pytest.raises(ValueError, match="no run 99"):
            write(99, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]
    assert runs.get(number).status is Status.STOPPED


# -- its answers, beside the pictures that they were to -------------------------------------------


def rename(own: Path) -> None:
    """As many pictures as before, but the classes change places."""
    (own / "dark").rename(own / "murky")


def add(own: Path) -> None:
    shutil.copytree(own / "dark", own / "grey")


@pytest.mark.parametrize(
    ("change", "facts"),
    [(rename, "facts"), (add, "json_remove(facts, '$.test_digest')")],
)
def test_answers_are_not_told_beside_pictures_that_have_changed(
    tmp_path: Path, change: Callable[[Path], None], facts: str
):
    own = own_pictures(tmp_path / "own")
    recipe = Recipe("lenet", dataset="images", path=str(own), batch_size=2, epochs=1)
    number = store.add(json.dumps(as_json(recipe)), "mine", "cpu")
    run = work(number)
    assert outcome.answers(run, 1).labels.tolist() == [0, 1]
    with database().writing() as connection:  # a run of earlier has no digest
        connection.execute(f"UPDATE runs SET facts = {facts}")  # noqa: S608 (as it stands here)
    change(own)
    outcome._answers.cache_clear()
    outcome._own_data.cache_clear()
    run = store.get(number)
    for ask in (outcome.samples, lambda run: outcome.of_epoch(run, 1)):
        with pytest.raises(ValueError, match="have changed since mine was trained"):
            ask(run)
    assert outcome.answers(work(store.add(run.recipe_json, "anew", "cpu")), 1)
