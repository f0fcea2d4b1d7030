"""Records, testing, what cannot be trained; float32 is float32, "auto" says what it took."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import networks, training
from explorer.analysis.summary import training_memory
from explorer.base import device, storage
from explorer.base.device import Device
from explorer.data.datasets import Data
from explorer.networks import NetworkSpec
from explorer.training import OutOfMemory, Training, budget, checkpoints, machine
from explorer.training.machine import GAINS_BY_BFLOAT16, numbers, repeatable
from explorer.training.recipes import Recipe
from explorer.training.records import Epoch, Finished, Snapshot, Started, Steps
from explorer.training.setting import Setting, answered, fitting_batch
from explorer.ui.runs import run_words
from tests.explorer.training.recipes import BATCH_NORM, CPU, LENET, only, run
from tests.processes import ended


# Records
def test_records_come_in_order_and_say_what_is_trained(digits: Data):
    records = run(LENET, digits)
    kinds = [type(record) for record in records]
    assert kinds[:2] == [Started, Snapshot]
    assert kinds[-2:] == [Epoch, Finished]
    started = only(Started, records)[0]
    assert (started.parameters, started.first_kernels, started.threads) == (61_706, "conv1", 1)
    assert (started.train_images, started.test_images) == (150, 60)
    assert (started.steps_per_epoch, started.total_steps, started.epochs) == (5, 10, 2)
    assert started.forward_flops == 833_040  # 2 · 416 520 multiply-adds
    assert only(Steps, records)[0].first_step == 0
    assert sum(len(s.loss) for s in only(Steps, records)) == 10
    assert only(Steps, records)[-1].images == 300
    assert [e.step for e in only(Epoch, records)] == [5, 10]
    assert digits.test.labels[[*started.samples]].tolist() == list(range(10))  # of the whole split
    assert started.precision == "float32"
    assert started.precision_reason == ("small" if device.fast_bfloat16(CPU) else "slow")


def test_snapshots_show_kernels_and_answers_as_they_are(digits: Data):
    begun = Training(LENET, digits, CPU)
    snapshots: list[Snapshot] = []
    for record in begun.records():
        if isinstance(record, Snapshot):
            snapshots.append(record)
            kernels = begun.state().tensors["network.conv1.weight"]
            assert record.kernels is not None
            assert torch.equal(record.kernels, kernels)
            assert record.probabilities.shape == (10, 10)
            assert torch.allclose(record.probabilities.sum(1), torch.ones(10))
    assert [(s.epoch, s.step) for s in snapshots] == [(0, 0), (1, 5), (2, 10)]
    assert not torch.equal(snapshots[0].probabilities, snapshots[-1].probabilities)


def test_a_subset_is_the_same_for_every_seed():
    assert training.subset_indices(10, 0).tolist() == list(range(10))
    some = training.subset_indices(60_000, 500)
    assert len(set(some.tolist())) == 500
    assert torch.equal(some, some.sort().values)
    assert torch.equal(some, training.subset_indices(60_000, 500))
    assert int(some.max()) > 50_000  # from the whole split, not from its beginning


# Testing leaves nothing behind
def test_testing_uses_evaluation_mode_and_puts_the_mode_back_after_an_error_too(digits: Data):
    learner = Training(replace(BATCH_NORM, options={"norm": "nn"}), digits, CPU).learner
    network = learner.network
    modes: list[bool] = []
    for layer in network.modules():
        layer.register_forward_pre_hook(lambda layer, _inputs: modes.append(layer.training))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pictures = torch.rand(8, 1, 28, 28)
    assert torch.allclose(learner.answers(pictures)[:4], learner.answers(pictures[:4]), atol=1e-5)
    with pytest.raises(RuntimeError):
        learner.answers(torch.rand(1, 1, 99, 99))
    assert not any(modes)
    assert all(layer.training for layer in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.eval()
    learner.answers(pictures)
    assert not network.training


def test_side_classifiers_do_not_count():
    answers = torch.ones(2, 3)
    assert networks.main_answer(answers) is answers
    assert networks.main_answer((answers, torch.zeros(2, 3))) is answers


# Refusals
@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (replace(LENET, size=50), "fc1 wants 400 numbers"),
        (replace(BATCH_NORM, options={"norm": "nn"}, train_subset=33), "single picture"),
        (
            Recipe("torchvision/vgg19", dataset="digits", size=1024, batch_size=4096),
            r"1024 × 1024 in batches of 4096.* TB.* Try",
        ),
    ],
    ids=["size", "last batch", "memory"],
)
def test_what_cannot_be_trained_is_refused_with_a_sentence(
    recipe: Recipe, words: str, digits: Data
):
    with pytest.raises(ValueError, match=words):
        Training(recipe, digits, CPU)


def test_the_batch_that_would_fit_really_would(digits: Data):
    setting = Setting.of(replace(LENET, batch_size=1024), digits, CPU)
    free = setting.memory(100)
    batch = fitting_batch(setting, free)
    assert batch == 64
    assert setting.memory(batch) <= 0.8 * free
    assert fitting_batch(setting, 1000) == 0


WANT_OF_MEMORY = (
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)",
)


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        *((message, "needs about") for message in WANT_OF_MEMORY),
        ("CUDNN_STATUS_EXECUTION_FAILED", "^CUDNN_STATUS_EXECUTION_FAILED$"),
        ("device-side assert triggered", "^device-side assert triggered$"),
    ],
)
def test_libraries_words_for_want_of_memory_are_understood_and_others_stay_what_they_are(
    message: str, answer: str, digits: Data
):
    error = OutOfMemory if message in WANT_OF_MEMORY else RuntimeError
    with pytest.raises(error, match=answer), answered(Setting.of(LENET, digits, CPU)):
        raise RuntimeError(message)


def test_running_out_of_memory_is_answered_with_an_estimate():
    """In a process that may not have more than a little: the real allocator's own refusal."""
    script = """
import resource, torch
from dataclasses import replace
from explorer.data import datasets
from explorer.base import device
from explorer.training.recipes import Recipe
from explorer.training import OutOfMemory, Training
torch.set_num_threads(1)
recipe = Recipe("resnet18", dataset="digits", size=128, batch_size=256)
begun = Training(recipe, datasets.load("digits"), device.named("cpu"))
records = begun.records()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, -1))
try:
    for record in records:
        pass
except OutOfMemory as error:
    print(error)
"""
    done = ended("-c", script)
    assert "resnet18 at 128 × 128 in batches of 256 needs about" in done.stdout, done.stderr[-2000:]
    assert "Try batches of 128." in done.stdout


# The budget
def test_a_budget_is_measured_and_counted(digits: Data):
    recipe = replace(LENET, train_subset=0, test_subset=0, epochs=3)
    budget = training.estimate(recipe, digits, CPU)
    memory = training_memory(
        NetworkSpec.parse("lenet", {"activation": "relu"}), (1, 28, 28), 32, "adam"
    )
    assert budget.parameters == 61_706
    assert budget.tensors == memory.total < budget.memory
    assert 0 < budget.fastest <= 1 <= budget.slowest
    assert budget.images_per_second > 500
    images = 3 * (len(digits.train) + len(digits.test) / 3)
    assert budget.saving > 0  # 3 times 247 kB copied, once written
    assert budget.seconds == pytest.approx(images / budget.images_per_second + budget.saving)


@pytest.mark.parametrize(
    ("working", "waited"),
    [(600.0, 0.0), (150.0, 4 * 2.0), (50.0, 50 / 9), (1.0, 1.0)],
    ids=["faster than an epoch", "slower", "epochs left out", "seconds"],
)
def test_a_budget_counts_how_long_a_slow_disk_is_waited_for(
    digits: Data, working: float, waited: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that take 32 s to write; five epochs."""
    monkeypatch.setenv(storage.VARIABLE, str(tmp_path))
    save, clock = checkpoints.save, [0.0]

    def slowly(*arguments: Any) -> object:
        clock[0] += 32.0
        return save(*arguments)

    monkeypatch.setattr(checkpoints, "save", slowly)
    monkeypatch.setattr(budget.time, "perf_counter", lambda: clock[0])
    measured = Training(LENET, digits, CPU)
    assert budget._seconds_to_save(measured, 5, working) == pytest.approx(waited + 32.0)
    assert not list(tmp_path.iterdir())


# -- the format of numbers ------------------------------------------------------------------------

GPU = Device("cuda:0", "cuda", "some card", 2**34)
SMALL, LARGE = GAINS_BY_BFLOAT16 / 2, GAINS_BY_BFLOAT16 * 2
BRIEF = Recipe("lenet", dataset="digits", epochs=1, train_subset=64, test_subset=16)


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
def test_within_a_training_float32_is_float32_and_after_the_last_as_before(before: str) -> None:
    products = torch.backends.cuda.matmul
    products.fp32_precision = before
    first, second = ExitStack(), ExitStack()
    try:
        outside = settings()
        assert outside["convolutions"] == "tf32"  # torch's own default
        first.enter_context(repeatable)
        inside = settings()
        second.enter_context(repeatable)
        first.close()
        assert settings() == inside
        second.close()
        assert settings() == outside
    finally:
        products.fp32_precision = "none"
    assert inside["convolutions"] != "tf32"
    assert inside["products"] == "ieee"
    assert not inside["convolutions, old"]
    assert inside["deterministic"]
    assert not inside["benchmark"]


def test_every_step_is_computed_so(digits: Data) -> None:
    begun = Training(BRIEF, digits, CPU)
    during: list[dict[str, Any]] = []
    begun.learner.network.register_forward_hook(lambda *_pass: during.append(settings()))
    for _record in begun.records():
        assert settings()["convolutions"] == "tf32"
    assert len(during) > 2  # a step, two looks, a test
    assert all(each["convolutions"] != "tf32" and each["products"] == "ieee" for each in during)


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
    precision, where, fast, flops, name, reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "fast_bfloat16", lambda _device: fast)
    format_ = numbers(precision, where, flops, 32)
    assert (format_.name, format_.reason) == (name, reason)
    sentence = run_words.numbers(name, reason)
    assert name in sentence
    assert sentence.endswith(".")
