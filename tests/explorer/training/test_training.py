"""Training does what an ordinary loop does, and says it in records."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from explorer import networks, training
from explorer.data.datasets import Data, Split
from explorer.training import Training, burst, checkpoints
from explorer.training.checkpoints import Card
from explorer.training.learner import initialise, rate
from explorer.training.recipes import Recipe
from explorer.training.records import Diverged, Epoch, Finished, Record, Started, Steps
from tests.explorer.training.recipes import (
    BATCH_NORM,
    CHANNELS_LAST,
    CPU,
    DROPOUT,
    LENET,
    SGD,
    curve,
    only,
    run,
)
from tests.processes import printed


def trained(training_: Training, data: Data) -> nn.Module:
    """The network as it is now, rebuilt from its state by another way."""
    spec = training_.recipe.spec(data.shape[0], len(data.classes))
    return checkpoints.build(Card(spec.name, spec.values), training_.state().tensors)


def prepared(split: Split, subset: int) -> tuple[Tensor, Tensor]:
    """A subset's pictures, resized in float, and their labels."""
    indices = training.subset_indices(len(split), subset)
    resized = nn.functional.interpolate(split.pictures[indices], (28, 28), mode="bilinear")
    return resized.float() / 255, split.labels[indices]


# Against plain PyTorch
@pytest.mark.parametrize("changes", [{}, SGD, {"weight_decay": 0.01}], ids=["adam", "sgd", "decay"])
def test_losses_are_those_of_an_ordinary_loop(changes: dict[str, Any], digits: Data):
    """The same start, the same order; everything else as a textbook writes it."""
    recipe = replace(LENET, **changes)
    ours = Training(recipe, digits, CPU)
    assert ours.learner.optimiser.defaults["fused"]
    network = trained(ours, digits).train()
    pictures, labels = prepared(digits.train, recipe.train_subset)
    plain: torch.optim.Optimizer = torch.optim.Adam(
        network.parameters(), 0.001, weight_decay=recipe.weight_decay, fused=False, foreach=False
    )
    if recipe.optimizer == "sgd":
        plain = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, fused=False)
    expected = []
    for batch in ours._train._order.order.split(32):
        plain.zero_grad()
        output = network(pictures[batch])
        loss = nn.CrossEntropyLoss()(output, labels[batch])
        loss.backward()
        gradients = [p.grad.flatten() for p in network.parameters() if p.grad is not None]
        right = (output.argmax(1) == labels[batch]).float().mean()
        expected.append((loss.item(), right.item(), torch.cat(gradients).norm().item()))
        plain.step()
    rows = [row[:3] for row in curve(list(ours.records()))[: len(expected)]]
    assert torch.allclose(torch.tensor(rows), torch.tensor(expected), rtol=1e-4, atol=1e-5)
    assert len(expected) == 5  # 150 pictures: the last batch has 22


def test_an_epochs_figures_are_means_over_pictures_not_over_batches(digits: Data):
    first = Training(replace(LENET, epochs=1), digits, CPU)
    records = list(first.records())
    (epoch,) = only(Epoch, records)
    losses, accuracies, *_others = torch.tensor(curve(records)).T
    sizes = torch.tensor([32, 32, 32, 32, 22.0])
    assert epoch.train_loss == pytest.approx(float((losses * sizes).sum() / 150), rel=1e-6)
    assert epoch.train_accuracy == pytest.approx(float((accuracies * sizes).sum() / 150))
    # The test figures, worked out on all pictures at once by the network as it was saved.
    pictures, labels = prepared(digits.test, LENET.test_subset)
    with torch.no_grad():
        logits = trained(first, digits)(pictures)
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
def test_a_short_run_learns_but_never_from_zeros(digits: Data):
    whole = replace(LENET, train_subset=0, test_subset=0, epochs=4)
    last = only(Epoch, run(whole, digits))[-1]
    assert last.test_accuracy > 0.8
    assert last.train_loss < 1
    for epoch in only(Epoch, run(replace(whole, initialisation="zeros", epochs=2), digits)):
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


@pytest.mark.parametrize(
    "changes", [{}, {"epochs": 1, "train_subset": 32}], ids=["while training", "in the last step"]
)
def test_a_rate_that_is_too_large_ends_the_run_with_an_explanation(
    changes: dict[str, Any], digits: Data
):
    recipe = replace(LENET, optimizer="sgd", learning_rate=1000.0, **changes)
    records = run(recipe, digits)
    last, rows = records[-1], curve(records)
    assert isinstance(last, Diverged)
    assert "learning rate of 1000" in str(last.reason)
    assert "Try a learning rate of 0.1, " in str(last.reason)
    assert not only(Epoch, records)
    assert len(rows) == last.step
    assert all(math.isfinite(number) for row in rows for number in row)


# -- the same seed and a kept state give the same curve bit for bit -------------------------------


def figures(records: list[Record]) -> list[tuple[Any, ...]]:
    """What each epoch reports, but its times."""
    return [
        (
            *(e.epoch, e.step, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy),
            *(t.tolist() for t in (e.predicted, e.confidence, e.true_probability)),
        )
        for e in only(Epoch, records)
    ]


# The same seed, the same curve
@pytest.mark.parametrize(
    "recipe", [LENET, BATCH_NORM, DROPOUT], ids=["lenet", "batch norm", "dropout"]
)
def test_the_same_seed_gives_the_same_curve_bit_for_bit(recipe: Recipe, digits: Data):
    recipe = replace(recipe, epochs=1)
    first, again = run(recipe, digits), run(recipe, digits)
    assert curve(first) == curve(again)
    assert figures(first) == figures(again)
    for changes in ({"seed": 1}, {"flip": True, "crop": 2}):
        records = Training(replace(recipe, **changes), digits, CPU).records()
        assert curve(first)[0] != curve([*islice(records, 3)])[0]  # the third tells of steps


def test_a_run_neither_feels_nor_changes_what_others_draw(digits: Data):
    alone = curve(run(DROPOUT, digits))
    torch.manual_seed(123)
    disturbed = []
    with torch.no_grad():  # whoever pulls may have gradients off
        for record in Training(DROPOUT, digits, CPU).records():
            disturbed.append(record)
            torch.rand(7)
    theirs = torch.rand(3)
    assert curve(disturbed) == alone
    torch.manual_seed(123)
    for _record in disturbed:
        torch.rand(7)
    assert torch.equal(theirs, torch.rand(3))


# Resuming
def steps_done(count: int) -> Callable[[list[Record]], bool]:
    return lambda records: len(curve(records)) >= count


@pytest.mark.parametrize(
    "reached",
    [
        steps_done(3),
        steps_done(5),
        lambda records: isinstance(records[-1], training.Testing),
        steps_done(8),
    ],
    ids=["within an epoch", "at its end", "while testing", "in the second"],
)
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
    recipe: Recipe,
    reached: Callable[[list[Record]], bool],
    digits: Data,
    monkeypatch: pytest.MonkeyPatch,
):
    """From a copy of its state: the run that it was taken of has gone on meanwhile."""
    monkeypatch.setattr(burst, "MOST_STEPS", 2)
    whole = Training(recipe, digits, CPU)
    unbroken, before, state = list[Record](), list[Record](), None
    for record in whole.records():
        unbroken.append(record)
        if state is None and reached(unbroken):
            before, state = list(unbroken), whole.state()
    assert state is not None
    resumed = Training(recipe, digits, CPU, state)
    after = list(resumed.records())
    assert curve(before) + curve(after) == curve(unbroken)
    assert figures(before) + figures(after) == figures(unbroken)
    steps = only(Steps, after)
    assert steps[0].first_step == state.step == len(curve(before))
    assert steps[-1].images == only(Steps, unbroken)[-1].images
    assert steps[0].seconds > state.seconds > 0
    ends = whole.state(), resumed.state()
    assert ends[0].tensors.keys() == ends[1].tensors.keys()
    for name, tensor in ends[0].tensors.items():
        assert torch.equal(tensor, ends[1].tensors[name]), name
    assert (ends[0].step, ends[0].epoch) == (ends[1].step, ends[1].epoch)
    assert [type(record) for record in run(recipe, digits, ends[1])] == [Started, Finished]


def test_the_environment_names_variables_that_a_process_reads_at_its_start() -> None:
    variables = training.environment()
    assert {name for name in variables if name.startswith("MALLOC_")} == {
        "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_",
    }  # fmt: skip
    assert int(variables["GOMP_SPINCOUNT"]) < 10_000
    assert all(value.isdigit() for value in variables.values())


def test_what_a_process_takes_is_not_what_its_parent_took() -> None:
    large = torch.ones(2**26)  # 256 MiB, which `ru_maxrss` of a child would count
    code = (
        "from explorer.base import device; from explorer.training.setting import Peak;"
        "peak = Peak(device.named('cpu')); print(peak.growth())"
    )
    assert int(printed("-c", code)) < 2**26 < large.nbytes
