"""The training loop against plain PyTorch, itself, and numbers worked out by hand."""

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from explorer import networks, training
from explorer.analysis.memory import training_memory
from explorer.base import device, storage
from explorer.data import datasets
from explorer.data.datasets import Data
from explorer.networks import NetworkSpec
from explorer.training import (
    Diverged,
    Epoch,
    Finished,
    OutOfMemory,
    Record,
    Snapshot,
    Started,
    State,
    Steps,
    Training,
    budget,
    burst,
    checkpoints,
)
from explorer.training.checkpoints import Card
from explorer.training.initialisation import initialise
from explorer.training.memory import answered, fitting_batch
from explorer.training.optimisation import optimizer, rate
from explorer.training.recipes import Recipe
from explorer.training.setting import Setting

CPU = device.named("cpu")
AnyRecord = TypeVar("AnyRecord", bound=Record)

# Small enough for seconds: digits of 8 × 8, resized to what each network takes.
LENET = Recipe(
    "lenet",
    {"activation": "relu"},
    dataset="digits",
    epochs=2,
    batch_size=32,
    train_subset=150,
    test_subset=60,
)
BATCH_NORM = replace(LENET, network="bn_lenet", options={}, weight_decay=0.0005)
DROPOUT = replace(LENET, network="torchvision/squeezenet1_1", options={}, size=32, batch_size=16)
CHANNELS_LAST = replace(LENET, network="densenet", options={}, size=32, train_subset=64)
SGD = {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.01}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def digits() -> Data:
    return datasets.load("digits")


def run(recipe: Recipe, data: Data, state: State | None = None) -> list[Record]:
    return list(Training(recipe, data, CPU, state).records())


def only(kind: type[AnyRecord], records: list[Record]) -> list[AnyRecord]:
    return [record for record in records if isinstance(record, kind)]


def curve(records: list[Record]) -> list[tuple[float, ...]]:
    """Loss, accuracy, gradient norm and learning rate of every step, however they were cut."""
    return [
        row
        for steps in only(Steps, records)
        for row in zip(
            steps.loss, steps.accuracy, steps.gradient_norm, steps.learning_rate, strict=True
        )
    ]


def figures(records: list[Record]) -> list[tuple[Any, ...]]:
    """What each epoch reports, but its times."""
    return [
        (
            *(e.epoch, e.step, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy),
            *(t.tolist() for t in (e.predicted, e.confidence, e.true_probability)),
        )
        for e in only(Epoch, records)
    ]


def trained(training_: Training, data: Data) -> nn.Module:
    """The network as it is now, rebuilt from its state by another way."""
    card = Card(
        training_.recipe.network,
        {
            **training_.recipe.options,
            "in_channels": data.shape[0],
            "num_classes": len(data.classes),
        },
    )
    return checkpoints.build(card, training_.state().tensors)


# Against plain PyTorch


@pytest.mark.parametrize("changes", [{}, SGD, {"weight_decay": 0.01}], ids=["adam", "sgd", "decay"])
def test_losses_are_those_of_an_ordinary_loop(changes: dict[str, Any], digits: Data):
    """The same start, the same order; everything else as a textbook writes it."""
    recipe = replace(LENET, **changes)
    ours = Training(recipe, digits, CPU)
    network = trained(ours, digits).train()
    chosen = training.chosen(len(digits.train), recipe.train_subset)
    pictures = nn.functional.interpolate(
        digits.train.pictures[chosen], (28, 28), mode="bilinear"
    ).float().div(255)  # fmt: skip
    labels = digits.train.labels[chosen]
    order = ours._train._order.order
    weights = network.parameters()
    plain: torch.optim.Optimizer
    if recipe.optimizer == "sgd":
        plain = torch.optim.SGD(weights, 0.01, momentum=0.9, fused=False)
    else:
        plain = torch.optim.Adam(
            weights, 0.001, weight_decay=recipe.weight_decay, fused=False, foreach=False
        )
    expected = []
    for batch in order.split(32):
        plain.zero_grad()
        output = network(pictures[batch])
        loss = nn.CrossEntropyLoss()(output, labels[batch])
        loss.backward()
        gradients = [p.grad.flatten() for p in network.parameters() if p.grad is not None]
        right = (output.argmax(1) == labels[batch]).float().mean()
        expected.append((loss.item(), right.item(), torch.cat(gradients).norm().item()))
        plain.step()
    found = [row[:3] for row in curve(list(ours.records()))[: len(expected)]]
    assert torch.allclose(torch.tensor(found), torch.tensor(expected), rtol=1e-4, atol=1e-5)
    assert len(expected) == 5  # 150 pictures: the last batch has 22


def test_an_epochs_figures_are_means_over_pictures_not_over_batches(digits: Data):
    first = Training(LENET, digits, CPU)
    records = []
    for record in first.records():
        records.append(record)
        if isinstance(record, Epoch):
            break
    epoch = records[-1]
    assert isinstance(epoch, Epoch)
    rows, sizes = curve(records), torch.tensor([32, 32, 32, 32, 22.0])
    losses, accuracies = (torch.tensor([row[i] for row in rows]) for i in (0, 1))
    assert epoch.train_loss == pytest.approx(float((losses * sizes).sum() / 150), rel=1e-6)
    assert epoch.train_accuracy == pytest.approx(float((accuracies * sizes).sum() / 150))
    # The test figures, worked out on all pictures at once by the network as it was saved.
    chosen = training.chosen(len(digits.test), LENET.test_subset)
    pictures = nn.functional.interpolate(digits.test.pictures[chosen], (28, 28), mode="bilinear")
    with torch.no_grad():
        logits = trained(first, digits)(pictures.float() / 255)
    labels = digits.test.labels[chosen]
    assert epoch.test_loss == pytest.approx(float(cross_entropy(logits, labels)), rel=1e-5)
    assert epoch.test_accuracy == float((logits.argmax(1) == labels).double().mean())
    assert torch.equal(epoch.predicted, logits.argmax(1).to(torch.int16))
    probabilities = logits.softmax(1)
    assert torch.allclose(epoch.confidence.float(), probabilities.max(1).values, atol=1e-3)
    of_truth = probabilities.gather(1, labels[:, None])[:, 0]
    assert torch.allclose(epoch.true_probability.float(), of_truth, atol=1e-3)


@pytest.mark.parametrize(
    ("schedule", "torchs"),
    [
        ("constant", lambda o: torch.optim.lr_scheduler.ConstantLR(o, factor=1)),
        ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=40)),
        ("step", lambda o: torch.optim.lr_scheduler.MultiStepLR(o, milestones=[20, 30])),
    ],
)
def test_schedules_are_torchs(schedule: str, torchs: Any):
    recipe = replace(LENET, schedule=schedule, learning_rate=0.3)
    own = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = torchs(own)
    for step in range(40):
        assert rate(recipe, step, 40) == pytest.approx(scheduler.get_last_lr()[0])
        own.step()
        scheduler.step()


@pytest.mark.parametrize(
    ("method", "torchs"),
    [
        ("xavier", nn.init.xavier_uniform_),
        ("kaiming", lambda weights: nn.init.kaiming_normal_(weights, nonlinearity="relu")),
    ],
)
def test_initialisations_are_torchs_and_leave_biases_alone(method: str, torchs: Any):
    torch.manual_seed(0)
    plain = networks.get("lenet").build()
    biases = {name: p.clone() for name, p in plain.named_parameters() if "bias" in name}
    torch.manual_seed(1)
    initialise(plain, method)
    torch.manual_seed(1)
    for name, parameter in plain.named_parameters():
        if "bias" in name:
            assert torch.equal(parameter, biases[name])
        else:
            assert torch.equal(parameter, torchs(torch.empty(parameter.shape)))


def test_kaiming_keeps_a_deep_networks_signal_where_xavier_loses_it():
    """He et al. 2015, section 2.2: under ReLU, Xavier's weights lose a factor of √2 a layer."""
    pictures = torch.rand(4, 1, 224, 224, generator=torch.Generator().manual_seed(0))
    spread = {}
    for method in ("xavier", "kaiming"):
        torch.manual_seed(0)
        network = networks.get("vgg19").build(conv_ratio=8, fc_ratio=8).eval()
        with torch.no_grad():
            spread[method] = float(initialise(network, method)(pictures).std(dim=0).mean())
    assert spread["kaiming"] > 20 * spread["xavier"]


# Learning, and not learning


def test_a_short_run_learns(digits: Data):
    recipe = replace(LENET, train_subset=0, test_subset=0, epochs=4)
    last = only(Epoch, run(recipe, digits))[-1]
    assert last.test_accuracy > 0.8
    assert last.train_loss < 1


def test_zeros_never_get_beyond_chance(digits: Data):
    recipe = replace(LENET, initialisation="zeros", train_subset=0, test_subset=0, epochs=2)
    for epoch in only(Epoch, run(recipe, digits)):
        assert epoch.test_accuracy < 0.15
        assert epoch.test_loss == pytest.approx(math.log(10), abs=0.05)


@pytest.mark.parametrize("recipe", [LENET, CHANNELS_LAST], ids=["lenet", "densenet"])
def test_bfloat16_learns_too(recipe: Recipe, digits: Data):
    half = replace(recipe, precision="bfloat16", epochs=2)
    records = run(half, digits)
    started = only(Started, records)[0]
    assert (started.precision, started.channels_last) == ("bfloat16", recipe is CHANNELS_LAST)
    first, last = only(Epoch, records)
    assert last.train_loss < first.train_loss
    assert all(
        t.dtype == torch.float32 for t in Training(half, digits, CPU).learner.network.parameters()
    )


def test_augmentation_trains(digits: Data):
    plain, changed = (
        curve(run(replace(LENET, epochs=1, flip=on, crop=2 * on), digits)) for on in (False, True)
    )
    assert len(plain) == len(changed)
    assert plain != changed


def test_a_rate_that_is_too_large_ends_the_run_with_an_explanation(digits: Data):
    recipe = replace(LENET, optimizer="sgd", learning_rate=1000.0, epochs=5)
    records = run(recipe, digits)
    last = records[-1]
    assert isinstance(last, Diverged)
    assert "learning rate of 1000" in str(last.reason)
    assert "Try a learning rate of 100" in str(last.reason)
    assert not only(Finished, records)
    rows = curve(records)
    assert len(rows) == last.step
    assert all(math.isfinite(number) for row in rows for number in row)


# The same seed, the same curve


@pytest.mark.parametrize(
    "recipe", [LENET, BATCH_NORM, DROPOUT], ids=["lenet", "batch norm", "dropout"]
)
def test_the_same_seed_gives_the_same_curve_bit_for_bit(recipe: Recipe, digits: Data):
    recipe = replace(recipe, epochs=1)
    first, again = run(recipe, digits), run(recipe, digits)
    other = run(replace(recipe, seed=1), digits)
    assert curve(first) == curve(again)
    assert figures(first) == figures(again)
    assert curve(first)[0] != curve(other)[0]


def test_a_run_neither_feels_nor_changes_what_others_draw(digits: Data):
    alone = curve(run(DROPOUT, digits))
    torch.manual_seed(123)
    disturbed = []
    for record in Training(DROPOUT, digits, CPU).records():
        disturbed.append(record)
        torch.rand(7)
    theirs = torch.rand(3)
    assert curve(disturbed) == alone
    torch.manual_seed(123)
    for _record in disturbed:
        torch.rand(7)
    assert torch.equal(theirs, torch.rand(3))


def test_whoever_pulls_may_have_gradients_off(digits: Data):
    with torch.no_grad():
        assert curve(run(LENET, digits)) == curve(run(LENET, digits))


# Resuming


def interrupted(recipe: Recipe, data: Data, step: int) -> tuple[list[Record], State]:
    """What comes until `step` steps are done, and the state there."""
    begun = Training(recipe, data, CPU)
    records: list[Record] = []
    for record in begun.records():
        records.append(record)
        if len(curve(records)) >= step:
            return records, begun.state()
    raise AssertionError(f"{step} steps were never reached")


@pytest.mark.parametrize("step", [3, 5, 8], ids=["within an epoch", "at its end", "in the second"])
@pytest.mark.parametrize(
    "recipe",
    [
        LENET,
        replace(LENET, **SGD),
        replace(LENET, flip=True, crop=1, schedule="cosine"),
        BATCH_NORM,
        replace(BATCH_NORM, **SGD),
        replace(DROPOUT, batch_size=32),
        replace(CHANNELS_LAST, batch_size=13),
        replace(CHANNELS_LAST, batch_size=13, precision="bfloat16", **SGD),
    ],
    ids=lambda recipe: f"{recipe.network}-{recipe.optimizer}-{recipe.precision}-{recipe.crop}",
)
def test_a_resumed_run_is_the_unbroken_one_bit_for_bit(
    recipe: Recipe, step: int, digits: Data, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(burst, "MOST_STEPS", 2)
    whole = Training(recipe, digits, CPU)
    unbroken = list(whole.records())
    before, state = interrupted(recipe, digits, step)
    resumed = Training(recipe, digits, CPU, state)
    after = list(resumed.records())
    assert curve(before) + curve(after) == curve(unbroken)
    assert figures(before) + figures(after) == figures(unbroken)
    ends = whole.state(), resumed.state()
    assert ends[0].tensors.keys() == ends[1].tensors.keys()
    for name, tensor in ends[0].tensors.items():
        assert torch.equal(tensor, ends[1].tensors[name]), name
    assert (ends[0].step, ends[0].epoch) == (ends[1].step, ends[1].epoch)


def test_a_state_taken_while_testing_or_after_the_end_goes_on_rightly(
    digits: Data, monkeypatch: pytest.MonkeyPatch
):
    recipe = replace(LENET, epochs=1)
    begun = Training(recipe, digits, CPU)
    unbroken: list[Record] = []
    while_testing = None
    for record in begun.records():
        unbroken.append(record)
        if isinstance(record, training.Testing):
            while_testing = begun.state()
    assert while_testing is not None
    again = run(recipe, digits, while_testing)
    assert not only(Steps, again)
    assert figures(again) == figures(unbroken)
    assert [type(r) for r in run(recipe, digits, begun.state())] == [Started, Finished]


def test_totals_go_on_after_a_resume(digits: Data, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(burst, "MOST_STEPS", 2)
    _before, state = interrupted(LENET, digits, 7)
    after = run(LENET, digits, state)
    first = only(Steps, after)[0]
    assert first.first_step == state.step == 7
    assert first.images == 150 + 2 * 32 + 32
    assert first.seconds > state.seconds > 0
    assert only(Epoch, after)[0].epoch == 2


def test_a_state_is_a_copy(digits: Data):
    begun = Training(LENET, digits, CPU)
    records = begun.records()
    next(records)
    state = begun.state()
    before = {name: tensor.clone() for name, tensor in state.tensors.items()}
    for _record in records:
        pass
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.tensors.items())


# Records


def test_records_come_in_order_and_say_what_is_trained(digits: Data):
    records = run(LENET, digits)
    kinds = [type(record) for record in records]
    assert kinds[:2] == [Started, Snapshot]
    assert kinds[-2:] == [Epoch, Finished]
    started = only(Started, records)[0]
    assert started.parameters == 61_706
    assert (started.train_images, started.test_images) == (150, 60)
    assert (started.steps_per_epoch, started.total_steps, started.epochs) == (5, 10, 2)
    assert started.forward_flops == 833_040  # 2 · 416 520 multiply-adds
    assert started.first_kernels == "conv1"
    assert started.threads == 1
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
    with pytest.raises(OutOfMemory) as caught:
        Training(huge, digits, CPU)
    assert "1024 × 1024 in batches of 4096" in str(caught.value)
    assert "TB" in str(caught.value)
    assert "Try" in str(caught.value)


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
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
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
