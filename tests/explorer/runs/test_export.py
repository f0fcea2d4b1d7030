"""Figures that leave: CSV as a spreadsheet reads it, event files as TensorBoard does."""

import csv
import io
import struct
import tracemalloc
from pathlib import Path
from threading import Thread

import pytest
from tensorboardX.crc32c import crc32c
from tensorboardX.proto.event_pb2 import Event

from explorer import runs
from explorer.runs import Status, export
from explorer.runs.database import database
from explorer.runs.protocols import Ended
from tests.explorer.runs.played import epoch, started, steps


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
    first, second = export.to_csv(number, tmp_path / "a" / "b")
    table = rows(first)
    assert [int(row["step"]) for row in table] == list(range(1, 21))
    assert [float(row["loss"]) for row in table[:10]] == [1 / n for n in range(1, 11)]
    assert {row["loss"] for row in table[10:]} == {""}
    assert [float(row["epoch"]) for row in table] == [n / 10 for n in range(1, 21)]
    epochs = rows(second)
    assert [float(row["test_accuracy"]) for row in epochs] == [0.25, 0.5]
    assert {row["test_loss"] for row in epochs} == {""}


def test_a_long_run_leaves_in_pieces_and_holds_up_nobody(number: int, tmp_path: Path):
    """Neither its rows nor its text are ever all in memory, and the shared connection is free."""
    count = 60_000
    rows_of_steps = (
        (number, step, step / 10, 32, 1.0, 0.5, 0.5, 2.0, 0.1) for step in range(21, count + 1)
    )
    with database().writing() as connection:
        connection.executemany(
            "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows_of_steps
        )
    written, pieces = tmp_path / "steps.csv", export.steps_csv(number)
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
    assert written.stat().st_size > 2_000_000
    assert peak < 1_600_000, peak
    assert written.read_bytes().count(b"\n") == count + 1


def test_what_is_read_slowly_keeps_no_old_state_alive(number: int):
    """A reader who has stopped in the middle lets the write-ahead log be emptied."""
    pieces = export.steps_csv(number)
    next(pieces)
    with database().writing() as connection:
        connection.execute("UPDATE runs SET note = 'new'")
    writer = database()._writer.connection()
    busy, log, done = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, log, done) == (0, 0, 0)
    pieces.close()


def masked(data: bytes) -> int:
    """The checksum as the format has it: rotated by 15 bits, plus a constant."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def events(path: Path) -> list[Event]:
    """Every record of an event file: length, its checksum, the event, its checksum."""
    data, found = path.read_bytes(), []
    while data:
        length, check = struct.unpack("<QI", data[:12])
        assert check == masked(data[:8])
        body, (end,) = data[12 : 12 + length], struct.unpack("<I", data[12 + length : 16 + length])
        assert end == masked(body)
        found.append(Event.FromString(body))
        data = data[16 + length :]
    return found


def test_event_files_hold_the_same_figures(number: int, tmp_path: Path):
    path = export.to_tensorboard(number, tmp_path)
    assert path.parent == tmp_path / f"run-{number}"
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


def test_a_second_export_takes_the_place_of_the_first(number: int, tmp_path: Path):
    others = tmp_path / f"run-{number}" / "events.out.tfevents.1.elsewhere"
    others.parent.mkdir()
    others.touch()
    for _ in range(2):
        path = export.to_tensorboard(number, tmp_path)
        assert set(path.parent.iterdir()) == {path, others}


def test_a_run_that_is_not_there_cannot_be_exported(number: int, tmp_path: Path):
    for write in (export.to_csv, export.to_tensorboard):
        with pytest.raises(ValueError, match="no run 99"):
            write(99, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]
    assert runs.get(number).status is Status.STOPPED
