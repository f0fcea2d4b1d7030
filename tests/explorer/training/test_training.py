"""Training does what an ordinary loop does, and says it in records."""

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from explorer import networks, training
from explorer.data.datasets import Data
from explorer.training import Training, burst, checkpoints
from explorer.training.checkpoints import Card
from explorer.training.learner import initialise, rate
from explorer.training.recipes import Recipe
from explorer.training.records import Diverged, Epoch, Finished, Record, Started, State, Steps
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


def trained(training_: Training, data: Data) -> nn.Module:
    """The network as it is now, rebuilt from its state by another way."""
    spec = training_.recipe.spec(data.shape[0], len(data.classes))
    return checkpoints.build(Card(spec.name, spec.values), training_.state().tensors)


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
    plain: torch.optim.Optimizer = torch.optim.Adam(
        weights, 0.001, weight_decay=recipe.weight_decay, fused=False, foreach=False
    )
    if recipe.optimizer == "sgd":
        plain = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, fused=False)
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
