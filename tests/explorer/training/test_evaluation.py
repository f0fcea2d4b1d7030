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
from explorer.training.learner import optimizer
from explorer.training.machine import GAINS_BY_BFLOAT16, numbers, repeatable
from explorer.training.recipes import Recipe
from explorer.training.records import Diverged, Epoch, Finished, Snapshot, Started, Steps
from explorer.training.setting import Setting, answered, fitting_batch
from explorer.ui.runs import run_words
from tests.explorer.training.recipes import BATCH_NORM, CPU, DROPOUT, LENET, SGD, only, run
from tests.opened_pages import opened
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


def test_snapshots_show_kernels_and_answers_as_they_are(digits: Data):
    begun = Training(LENET, digits, CPU)
    seen: list[Snapshot] = []
    for record in begun.records():
        if isinstance(record, Snapshot):
            seen.append(record)
            kernels = begun.state().tensors["network.conv1.weight"]
            assert record.kernels is not None
            assert torch.equal(record.kernels, kernels)
            assert record.probabilities.shape == (10, 10)
            assert torch.allclose(record.probabilities.sum(1), torch.ones(10))
    assert [(s.epoch, s.step) for s in seen] == [(0, 0), (1, 5), (2, 10)]
    assert not torch.equal(seen[0].probabilities, seen[-1].probabilities)


def test_the_samples_are_one_of_each_class_out_of_the_whole_split(digits: Data):
    recipe = replace(LENET, test_subset=200)
    samples = only(Started, [next(Training(recipe, digits, CPU).records())])[0].samples
    assert [int(digits.test.labels[index]) for index in samples] == list(range(10))


def test_a_subset_is_the_same_for_every_seed():
    assert training.chosen(10, 0).tolist() == list(range(10))
    some = training.chosen(60_000, 500)
    assert len(set(some.tolist())) == 500
    assert torch.equal(some, some.sort().values)
    assert torch.equal(some, training.chosen(60_000, 500))
    assert int(some.max()) > 50_000  # from the whole split, not from its beginning


# Testing leaves nothing behind
def test_testing_uses_evaluation_mode_and_puts_the_mode_back(digits: Data):
    begun = Training(replace(BATCH_NORM, options={"norm": "nn"}), digits, CPU)
    network, learner = begun.learner.network, begun.learner
    modes: list[bool] = []
    network.register_forward_pre_hook(lambda module, _inputs: modes.append(module.training))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pictures = torch.rand(8, 1, 28, 28)
    assert torch.allclose(learner.answers(pictures)[:4], learner.answers(pictures[:4]), atol=1e-5)
    assert modes == [False, False]
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    network.eval()
    learner.answers(pictures)
    assert not network.training


def test_dropout_is_off_while_testing(digits: Data):
    learner = Training(DROPOUT, digits, CPU).learner
    pictures = torch.rand(4, 1, 32, 32)
    assert torch.equal(learner.answers(pictures), learner.answers(pictures))


def test_the_mode_is_put_back_after_an_error_too(digits: Data):
    learner = Training(LENET, digits, CPU).learner
    with pytest.raises(RuntimeError):
        learner.answers(torch.rand(1, 1, 99, 99))
    assert learner.network.training
    assert all(layer.training for layer in learner.network.modules())


def test_side_classifiers_do_not_count():
    answers = torch.ones(2, 3)
    assert networks.main_answer(answers) is answers
    assert networks.main_answer((answers, torch.zeros(2, 3))) is answers


# Refusals
def test_data_that_the_network_cannot_take_is_refused_with_a_sentence(digits: Data):
    with pytest.raises(ValueError, match="fc1 wants 400 numbers"):
        Training(replace(LENET, size=50), digits, CPU)
    with pytest.raises(ValueError, match="single picture"):
        Training(replace(BATCH_NORM, options={"norm": "nn"}, train_subset=33), digits, CPU)


def test_what_cannot_fit_is_refused_before_it_starts(digits: Data):
    huge = Recipe("torchvision/vgg19", dataset="digits", size=1024, batch_size=4096)
    with pytest.raises(OutOfMemory, match=r"1024 × 1024 in batches of 4096.* TB.* Try"):
        Training(huge, digits, CPU)


def test_the_batch_that_would_fit_really_would(digits: Data):
    setting = Setting.of(replace(LENET, batch_size=1024), digits, CPU)
    free = setting.memory(100)
    batch = fitting_batch(setting, free)
    assert batch == 64
    assert setting.memory(batch) <= 0.8 * free
    assert fitting_batch(setting, 1000) == 0


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)",
    ],
)
def test_libraries_words_for_want_of_memory_are_understood(said: str, digits: Data):
    with pytest.raises(OutOfMemory, match="needs about"), answered(Setting.of(LENET, digits, CPU)):
        raise RuntimeError(said)


@pytest.mark.parametrize("said", ["CUDNN_STATUS_EXECUTION_FAILED", "device-side assert triggered"])
def test_other_errors_of_a_device_stay_what_they_are(said: str, digits: Data):
    with pytest.raises(RuntimeError, match=said), answered(Setting.of(LENET, digits, CPU)):
        raise RuntimeError(said)


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
    found = training.estimate(recipe, digits, CPU)
    memory = training_memory(
        NetworkSpec.parse("lenet", {"activation": "relu"}), (1, 28, 28), 32, "adam"
    )
    assert found.parameters == 61_706
    assert found.memory == memory.total
    assert found.images_per_second > 500
    images = 3 * (len(digits.train) + len(digits.test) / 3)
    assert found.saving > 0  # 3 times 247 kB copied, once written
    assert found.seconds == pytest.approx(images / found.images_per_second + found.saving)


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

    def slowly(*given: Any) -> object:
        clock[0] += 32.0
        return save(*given)

    monkeypatch.setattr(checkpoints, "save", slowly)
    monkeypatch.setattr(budget.time, "perf_counter", lambda: clock[0])
    measured = Training(LENET, digits, CPU)
    assert budget._seconds_to_save(measured, 5, working) == pytest.approx(waited + 32.0)
    assert not list(tmp_path.iterdir())


def test_a_blow_up_in_the_last_step_is_noticed(digits):
    recipe = replace(
        LENET, **{**SGD, "learning_rate": 1000.0}, epochs=1, train_subset=32, batch_size=32
    )
    records = list(Training(recipe, digits, CPU).records())
    assert isinstance(records[-1], Diverged)
    assert "Try a learning rate of 100" in str(records[-1].reason)
    assert not [each for each in records if isinstance(each, Epoch | Finished)]


def test_optimisers_are_fused_and_told_everything():
    network = networks.get("lenet").build()
    adam = optimizer(replace(LENET, learning_rate=0.1, weight_decay=0.01), network)
    assert isinstance(adam, torch.optim.Adam)
    told = {key: adam.defaults[key] for key in ("lr", "weight_decay", "fused")}
    assert told == {"lr": 0.1, "weight_decay": 0.01, "fused": True}
    sgd = optimizer(replace(LENET, **SGD), network)
    assert isinstance(sgd, torch.optim.SGD)
    assert (sgd.defaults["momentum"], sgd.defaults["fused"]) == (0.9, True)


def test_the_environment_names_variables_that_a_process_reads_at_its_start():
    told = training.environment()
    assert {name for name in told if name.startswith("MALLOC_")} == {
        "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_",
    }  # fmt: skip
    assert int(told["GOMP_SPINCOUNT"]) < 10_000
    assert all(value.isdigit() for value in told.values())


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


def test_every_step_is_computed_so(digits: Data) -> None:
    begun = Training(BRIEF, digits, CPU)
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
    precision, where, fast, flops, name, reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "fast_bfloat16", lambda _device: fast)
    chosen = numbers(precision, where, flops, 32)
    assert (chosen.name, chosen.reason) == (name, reason)
    said = run_words.numbers(name, reason)
    assert name in said
    assert said.endswith(".")


def test_the_first_record_says_it(digits: Data) -> None:
    started = next(Training(replace(BRIEF, precision="auto"), digits, CPU).records())
    assert isinstance(started, Started)
    assert started.precision == "float32"
    assert started.precision_reason == ("small" if device.fast_bfloat16(CPU) else "slow")


def test_new_run_says_beforehand_what_is_taken() -> None:
    at = opened("new-run", precision="bfloat16")
    table = next(str(b.proto.body) for b in at.get("html") if 'class="budget"' in str(b.proto.body))
    assert "<td>bfloat16</td>" in table
    assert run_words.numbers("bfloat16", "asked") in table
