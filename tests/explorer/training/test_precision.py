"""float32 is float32, "auto" says what it took, and nothing of it stays in the process."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
import torch

from explorer.base import device
from explorer.base.device import Device
from explorer.data import datasets
from explorer.training import Started, Training, machine
from explorer.training.machine import GAINS_BY_BFLOAT16, numbers, repeatable
from explorer.training.recipes import Recipe
from explorer.ui.runs import run_words
from tests.opened_pages import opened

CPU = device.named("cpu")
GPU = Device("cuda:0", "cuda", "some card", 2**34)
SMALL, LARGE = GAINS_BY_BFLOAT16 / 2, GAINS_BY_BFLOAT16 * 2
LENET = Recipe("lenet", dataset="digits", epochs=1, train_subset=64, test_subset=16)


def settings() -> dict[str, Any]:
    """All that torch is told about float32 on NVIDIA's cards, and how it chooses there."""
    cudnn = torch.backends.cudnn
    return {
        "convolutions": cudnn.conv.fp32_precision,
        "convolutions, old": cudnn.allow_tf32,
        "products": torch.backends.cuda.matmul.fp32_precision,
        "deterministic": cudnn.deterministic,
        "benchmark": cudnn.benchmark,
    }


@pytest.mark.parametrize("before", ["none", "tf32"])
def test_within_a_training_float32_is_float32_and_afterwards_as_before(before: str) -> None:
    products = torch.backends.cuda.matmul
    products.fp32_precision = before
    try:
        outside = settings()
        assert outside["convolutions"] == "tf32"  # torch's own default
        with repeatable:
            inside = settings()
        assert settings() == outside
    finally:
        products.fp32_precision = "none"
    assert inside["convolutions"] != "tf32"
    assert inside["products"] == "ieee"
    assert not inside["convolutions, old"]
    assert inside["deterministic"]
    assert not inside["benchmark"]


def test_of_two_trainings_at_once_the_last_one_out_puts_it_back() -> None:
    outside = settings()
    first, second = ExitStack(), ExitStack()
    first.enter_context(repeatable)
    inside = settings()
    second.enter_context(repeatable)
    first.close()
    assert settings() == inside != outside
    second.close()
    assert settings() == outside


def test_every_step_is_computed_so() -> None:
    begun = Training(LENET, datasets.load("digits"), CPU)
    seen: list[dict[str, Any]] = []
    begun.learner.network.register_forward_hook(lambda *_given: seen.append(settings()))
    for _record in begun.records():
        assert settings()["convolutions"] == "tf32"
    assert len(seen) > 2  # a step, two looks, a test
    assert all(each["convolutions"] != "tf32" and each["products"] == "ieee" for each in seen)


@pytest.mark.parametrize(
    ("precision", "where", "fast", "flops", "name", "reason"),
    [
        ("float32", GPU, True, LARGE, "float32", "asked"),
        ("bfloat16", GPU, False, SMALL, "bfloat16", "asked"),
        ("auto", GPU, True, LARGE, "bfloat16", "gains"),
        ("auto", GPU, True, SMALL, "float32", "small"),
        ("auto", GPU, False, LARGE, "float32", "old"),
        ("auto", CPU, False, LARGE, "float32", "slow"),
    ],
)
def test_auto_says_what_it_took_and_why(
    precision: str,
    where: Device,
    fast: bool,
    flops: float,
    name: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "fast_bfloat16", lambda _device: fast)
    chosen = numbers(precision, where, flops, 32)
    assert (chosen.name, chosen.reason) == (name, reason)
    said = run_words.numbers(name, reason)
    assert name in said
    assert said.endswith(".")


def test_the_first_record_says_it() -> None:
    started = next(
        Training(replace(LENET, precision="auto"), datasets.load("digits"), CPU).records()
    )
    assert isinstance(started, Started)
    assert started.precision == "float32"
    assert started.precision_reason == ("small" if device.fast_bfloat16(CPU) else "slow")


def test_new_run_says_beforehand_what_is_taken() -> None:
    at = opened("new-run", precision="bfloat16")
    table = next(str(b.proto.body) for b in at.get("html") if 'class="budget"' in str(b.proto.body))
    assert "<td>bfloat16</td>" in table
    assert run_words.numbers("bfloat16", "asked") in table
