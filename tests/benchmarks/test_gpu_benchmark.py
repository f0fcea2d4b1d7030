"""The check that runs where a GPU is lent, run small on the CPU."""

import re
import sys
import time
from itertools import takewhile
from pathlib import Path

import psutil
import pytest
import torch

from benchmarks import gpu
from explorer.base import device
from explorer.data import datasets
from explorer.training import capture
from explorer.training.recipes import PRESETS
from tests.explorer.training.test_capture import Refusing

CPU = device.named("cpu")


def table(output: str, head: str) -> list[list[str]]:
    """The rows under a table's head, cell by cell."""
    lines = output.partition(head.strip().splitlines()[0])[2].strip().splitlines()[1:]
    rows = takewhile(lambda line: line.startswith("|"), lines)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


def test_small_it_measures_everything_on_a_cpu_with_pictures_made_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "at_hand", lambda _name: False)  # nothing but the repository
    monkeypatch.setattr(gpu, "SMALL", ("lenet",))
    gpu.pictures.cache_clear()
    threads = torch.get_num_threads()
    try:
        gpu.report(CPU, small=True, end=time.monotonic() + 60)
    finally:
        torch.set_num_threads(threads)
        gpu.pictures.cache_clear()
    output = capsys.readouterr().out
    assert output.startswith(f"{CPU.title}, torch {torch.__version__}\n")
    (paused,) = table(output, gpu.PAUSED_HEAD)
    # The two at once learn Fashion-MNIST where it is here: they are equal to each other.
    assert paused[:4] == ["lenet", "32", "0", "0"]
    (steps,) = table(output, gpu.STEPS_HEAD)
    assert re.fullmatch(r"\d+\.\d\d ms", steps[1])
    assert steps[2] == "not on this device"
    (epoch,) = table(output, gpu.EPOCHS_HEAD)
    assert epoch[:3] == ["lenet", "28, 32", "float32"]
    assert epoch[7] == "ordinary"
    for heads in (gpu.PAUSED_HEAD, gpu.STEPS_HEAD, gpu.EPOCHS_HEAD):
        titles, line = heads.strip().splitlines()
        assert titles.count("|") == line.count("|")
    assert (len(paused), len(steps), len(epoch)) == (5, 4, 9)


def test_made_up_pictures_have_the_real_ones_size_and_can_be_learned() -> None:
    facts = datasets.get("fashion_mnist")
    assert tuple(name for name, preset in PRESETS.items() if preset.reported) == gpu.COURSE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "at_hand", lambda _name: False)
        gpu.pictures.cache_clear()
        data = gpu.pictures()
    gpu.pictures.cache_clear()
    assert data.train.pictures.shape == (facts.train_count, *facts.shape)
    assert data.test.pictures.shape == (facts.test_count, *facts.shape)
    assert data.train.pictures.dtype == torch.uint8
    means = torch.stack([data.train.pictures[data.train.labels == k].float().mean(0)
                         for k in range(10)])  # fmt: skip
    nearest = torch.cdist(data.test.pictures[:200].float().flatten(1), means.flatten(1)).argmin(1)
    assert torch.equal(nearest, data.test.labels[:200])


def test_when_the_time_is_up_it_says_what_was_not_reached_and_a_failure_ends_only_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu.report(CPU, small=False, end=0)
    output = capsys.readouterr().out
    assert [row[0] for row in table(output, gpu.EPOCHS_HEAD)] == list(gpu.COURSE)
    assert all(row[1] == "not reached" for row in table(output, gpu.EPOCHS_HEAD))

    def fail(*_arguments: object) -> None:
        raise RuntimeError("CUDA\nerror")

    monkeypatch.setattr(gpu, "one_epoch", fail)
    row = gpu._row(gpu.epoch_row, "lenet", CPU, small=True)
    assert row == "RuntimeError: CUDA error |"


def test_a_recording_that_breaks_off_is_told_with_how_far_the_run_then_is_from_ordinary_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert gpu.broken_row("lenet", CPU, small=True) == "not on this device | |"
    monkeypatch.setattr(capture, "recorder", lambda _device: Refusing())
    refused, apart = gpu.broken_row("lenet", CPU, small=True).rstrip("| ").split(" | ")
    assert refused == "refused (operation not permitted when stream is capturing)"
    assert float(apart) < 1e-3


def test_of_two_runs_at_once_one_that_fails_is_told_and_the_other_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text(
        f"#!/bin/sh\necho $$ >> {tmp_path}/pids\nmkdir {tmp_path}/second || exit 3\n"
        "sleep 3\necho []\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(RuntimeError, match="ended with status 3"):
        gpu.at_once("lenet", CPU, small=True)
    assert not any(psutil.pid_exists(int(pid)) for pid in (tmp_path / "pids").read_text().split())
