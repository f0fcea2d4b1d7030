"""The benchmark of training: every network of the course, bound and run alike."""

import sys
from typing import Any

import pytest
import torch

from benchmarks import training as benchmark
from explorer import runs
from explorer.data import datasets
from explorer.training.learner import Learner
from explorer.training.recipes import Recipe

LENET = Recipe("lenet", dataset="digits", batch_size=32, train_subset=64, test_subset=16)


def test_a_network_that_is_no_case_is_answered_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["training", "--networks", "lenet,alexnat"])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    assert ended.value.code == 2
    assert "no case is called alexnat; there are: lenet, " in capsys.readouterr().err


@pytest.mark.parametrize("contender", [benchmark.ours, benchmark.bound])
def test_both_compute_under_the_same_settings(
    contender: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deterministic, and float32 as float32: what the bound leaves out must not be slow kernels."""
    settings: list[tuple[bool, str]] = []
    threads = torch.get_num_threads()
    update = Learner.update

    def watched(*arguments: Any) -> Any:
        cudnn = torch.backends.cudnn
        settings.append((cudnn.deterministic, cudnn.conv.fp32_precision))
        return update(*arguments)

    monkeypatch.setattr(Learner, "update", watched)
    steps = contender(LENET, datasets.load("digits"))
    while len(settings) < 2:
        next(steps)
    steps.close()
    torch.set_num_threads(threads)
    assert set(settings) == {(True, "none")}
    assert not torch.backends.cudnn.deterministic


def test_an_epoch_s_seconds_are_those_of_a_worker_in_a_home_of_its_own() -> None:
    before = runs.listed()
    assert 0 < benchmark.seconds_per_epoch(LENET) < 60
    assert runs.listed() == before
