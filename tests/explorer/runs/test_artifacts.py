"""A run's files: found by epoch, told where they are gone, swept away."""

import json
from pathlib import Path

import pytest

from explorer import runs
from explorer.cli.main import main
from explorer.runs import (
    artifacts,
)
from tests.explorer.runs.played import added, epoch, started

pytestmark = pytest.mark.usefixtures("home")


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
    assert main(["runs", "show", str(number), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weights"] == {"kept": [2, 3], "gone": [1]}


def test_rising_numbers_are_told_as_spans():
    assert artifacts.spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10"
    assert artifacts.spans([4]) == "4"
    assert artifacts.spans([]) == "–"


def test_what_a_dead_worker_had_begun_to_write_is_taken_away():
    place = artifacts.checkpoint_file(7, 1)
    place.parent.mkdir(parents=True)
    for name in (place.name, f".{place.name}.4711"):
        place.with_name(name).touch()
    artifacts.forget_after(7, 1)
    assert list(place.parent.iterdir()) == [place]
