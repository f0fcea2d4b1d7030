"""The commands `train` and `runs`: the same store and workers as the pages', without one."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from explorer import runs
from explorer.base import device, storage
from explorer.cli import watch_run
from explorer.data import datasets
from explorer.runs import Status, store
from explorer.training import checkpoints, recipes
from tests import run_processes
from tests.explorer.cli.conftest import Command
from tests.run_processes import SHORT, going, over, until

SMALL = ("--dataset", "digits", "--subset", "512", "--test-subset", "64", "--batch-size", "32")
KEYS = {"epoch", "train_loss", "train_accuracy", "test_accuracy", "images_per_second", "seconds"}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder and one warm host for all of these tests."""
    with run_processes.folder(tmp_path_factory.mktemp("home")) as home:
        over(runs.launch(SHORT))
        yield home


def newest() -> runs.Run:
    return store.listed()[0]


def typed(*arguments: str, **how: Any) -> "subprocess.Popen[str]":
    """The command as somebody would type it, going on by itself."""
    command = [sys.executable, "-W", "error", "-m", "explorer", *arguments]
    return subprocess.Popen(command, cwd=storage.PROJECT, text=True, **how)


# train


def test_training_prints_one_line_of_json_per_epoch(command: Command):
    status, out, err = command("train", "lenet", *SMALL, "--epochs", "3", "--json")
    assert (status, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert all(line.keys() == KEYS for line in lines)
    assert all(0 <= line["train_accuracy"] <= 1 and line["images_per_second"] > 0 for line in lines)
    assert lines[0]["seconds"] < lines[1]["seconds"] < lines[2]["seconds"]
    run = newest()
    assert run.status is Status.FINISHED  # as a page shows it, too
    assert [row.train_loss for row in runs.epochs(run.id)] == [line["train_loss"] for line in lines]


def test_without_options_it_is_the_courses_recipe(command: Command):
    assert command("train", "bn_lenet", "--detach")[0] == 0
    run = newest()
    runs.stop(run.id)
    assert run.recipe == recipes.check(recipes.course_recipe("bn_lenet"))
    assert over(run.id).status in (Status.STOPPED, Status.CANCELLED)


def test_every_option_reaches_the_recipe(command: Command):
    arguments = (
        "train lenet --dataset digits --epochs 2 --seed 5 --batch-size 16 --lr 0.01 "
        "--optimizer sgd --momentum 0.9 --weight-decay 0.001 --schedule cosine --init xavier "
        "--resize 30 --crop 1 --flip --subset 64 --test-subset 32 --device cpu "
        "--precision float32 --set pooling=max --set activation=relu --name mine --json --detach"
    ).split()
    status, out, _err = command(*arguments)
    assert status == 0
    run = runs.get(json.loads(out)["run"])
    assert run.name == "mine"
    assert run.recipe == recipes.Recipe(
        network="lenet",
        options={"pooling": "max", "activation": "relu"},
        dataset="digits",
        size=30,
        epochs=2,
        batch_size=16,
        optimizer="sgd",
        learning_rate=0.01,
        momentum=0.9,
        weight_decay=0.001,
        schedule="cosine",
        initialisation="xavier",
        flip=True,
        crop=1,
        train_subset=64,
        test_subset=32,
        seed=5,
        device="cpu",
        precision="float32",
    )
    assert over(run.id).status is Status.FINISHED


def test_own_pictures_are_found_from_here_and_named_in_the_recipe(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = run_processes.own_pictures(tmp_path / "own").parent
    monkeypatch.chdir(folder)  # not the one that workers work in
    arguments = ("train", "lenet", "--path", "own", "--epochs", "1", "--batch-size", "2")
    assert command(*arguments)[0] == 0
    recipe = newest().recipe
    assert recipe.dataset.startswith("images/own-")
    assert recipe.path == ""
    assert datasets.get(recipe.dataset).classes == ("dark", "light")
    status, _out, err = command(*arguments, "--dataset", "digits")
    assert status == 2
    assert "not for digits" in err


def test_a_run_that_fails_is_told(command: Command):
    rate = ("--lr", "1000", "--optimizer", "sgd", "--set", "activation=relu", "--init", "xavier")
    status, _out, err = command("train", "lenet", *SMALL, *rate)
    assert status == 1
    assert "diverged" in err
    assert "learning rate" in err
    assert "Traceback" not in err


# As typed


def test_ctrl_c_stops_the_run_and_it_can_be_taken_up(command: Command):
    before = newest().id
    process = typed(
        "train", "lenet", *SMALL, "--epochs", "200",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    until(lambda: newest().id > before)
    number = newest().id
    going(number, 40)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=run_processes.PATIENCE)
    assert process.returncode == 130
    assert out.startswith(f"Run {number}:")
    assert "epoch   1/200" in out
    assert f"runs resume {number}" in err
    assert "Traceback" not in err
    run = store.get(number)
    assert run.status is Status.STOPPED
    assert len(runs.curves(number, most=10**6).loss) == run.progress.step >= 40
    assert command("runs", "resume", str(number), "--detach")[0] == 0
    assert going(number, run.progress.step + 1).status is Status.RUNNING
    status, out, _err = command("runs", "stop", str(number))
    assert status == 0
    assert "is stopped" in out
    assert f"runs resume {number}" in out


def test_a_terminal_shows_a_bar_with_rate_and_time_left():
    screen, ours = pty.openpty()
    process = typed("train", "lenet", *SMALL, "--epochs", "30", stdout=ours, stderr=ours)
    os.close(ours)
    output = b""
    with suppress(OSError):  # Linux says so when the other end has been closed
        while True:
            output += os.read(screen, 4096)
    os.close(screen)
    assert process.wait() == 0
    for words in ("█", " left", "images/s", "epoch 30/30"):
        assert words in output.decode()


# runs


def test_runs_are_listed_and_shown(command: Command):
    status, out, _err = command("runs", "list")
    rows = out.splitlines()
    assert status == 0
    assert len(rows) == 2 + len(store.listed())
    assert rows[2].split()[0] == str(newest().id)
    listed = json.loads(command("runs", "list", "--json")[1])
    assert [run["id"] for run in listed] == [run.id for run in store.listed()]
    finished = next(run for run in listed if run["status"] == "finished")
    assert (finished["device_title"], finished["device_uuid"]) == (device.named("cpu").title, "")
    status, out, _err = command("runs", "show", str(finished["id"]), "--json")
    run = json.loads(out)
    assert run["recipe"]["network"] == "lenet"
    assert run["epochs"][-1]["test_accuracy"] == run["test_accuracy"]
    status, out, _err = command("runs", "show", str(finished["id"]))
    assert status == 0
    assert "is finished" in out
    assert f"trained on: {finished['device_title']}" in out
    lines = dict(re.findall(r"^  ([a-z ,]+): (.+)$", out, re.MULTILINE))
    assert {*run["recipe"]["options"], "batch size"} <= lines.keys()
    assert lines["flip"] == "no"
    assert not re.search(r"[{}']|: $", out, re.MULTILINE)  # no Python, nothing empty


def test_pausing_resuming_and_deleting(
    command: Command, monkeypatch: pytest.MonkeyPatch, home: Path
):
    assert command("train", "lenet", *SMALL, "--epochs", "20", "--detach")[0] == 0
    number = newest().id
    going(number, 20)
    assert command("runs", "delete", str(number), "--yes")[0] == 2
    assert "is paused" in command("runs", "pause", str(number))[1]
    status, out, _err = command("runs", "resume", str(number), "--json")
    assert status == 0
    assert [json.loads(line)["epoch"] for line in out.splitlines()][-1] == 20
    checkpoints.load(runs.checkpoint(number, 20))
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert command("runs", "delete", str(number))[0] == 1
    assert runs.get(number).status is Status.FINISHED
    assert command("runs", "delete", str(number), "--yes")[0] == 0
    assert command("runs", "show", str(number))[0] == 2
    assert not (home / "runs" / str(number)).exists()


def test_exports_are_written_where_they_were_asked_for(command: Command, tmp_path: Path):
    number = next(run.id for run in store.listed() if run.status is Status.FINISHED)
    arguments = ("runs", "export", str(number), "--csv", "--tensorboard", "--to", str(tmp_path))
    status, out, _err = command(*arguments)
    assert status == 0
    assert len(out.splitlines()) == 3
    assert all(Path(line).exists() for line in out.splitlines())
    (tmp_path / "file").touch()
    status, _out, err = command(*arguments[:-1], str(tmp_path / "file" / "below"))
    assert status == 2
    assert "Name another folder" in err


# What is shown


def test_bars():
    bars = [watch_run.bar(share, 4) for share in (0, 0.5, 0.28125, 2)]
    assert bars == ["    ", "██  ", "█▏  ", "████"]
