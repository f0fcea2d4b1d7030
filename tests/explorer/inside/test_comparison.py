"""Networks beside each other: counts, times, costs and cells, against plain loops and sums."""

import csv
import io
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from torch import nn

from explorer import networks
from explorer.analysis import summary
from explorer.base.tasks import Steps, Task
from explorer.data.datasets import Split
from explorer.inside import comparison
from explorer.inside.comparison import Answers, Timing, counting
from explorer.inside.comparison import timing as timings
from explorer.networks import NetworkSpec
from pages.inside.compare import budget_charts, charts
from pages.inside.compare.charts import Row
from tests.shipped_weights import digit_answers, trained

T = TypeVar("T")
pytestmark = pytest.mark.usefixtures("shipped")


def finished(steps: Steps[T]) -> T:
    task: Task[T] = Task()
    task.queue(steps)
    while not task.finished:  # however short the turns
        task.run(0)
    return task.result()


# -- which networks ---------------------------------------------------------------------------


def test_links_name_networks_and_what_cannot_be_had_is_said(shipped: Path) -> None:
    trained(shipped, "lenet")
    text = "lenet:shipped:lenet,vgg11:untrained:7,torchvision/resnet18:published"
    models, wrong = comparison.read(text)
    assert (comparison.spell(models), wrong) == (text, [])
    assert [each.learned for each in models] == ["digits", "", ""]
    models, wrong = comparison.read(
        "lenet:shipped:lenet,,lenet:shipped:lenet,lenet,nothing:untrained:0,vgg11:run:99@5,"
        "bn_lenet:shipped:lenet,lenet:shipped:../../x"
    )
    assert comparison.spell(models) == "lenet:shipped:lenet"
    assert len(wrong) == 5
    assert "Write, for example, lenet:untrained:0" in wrong[0]
    models, wrong = comparison.read(",".join(f"lenet:untrained:{n}" for n in range(50)))
    assert len(models) == comparison.MOST
    assert "the link names 50" in wrong[0]
    assert comparison.read("x" * 1_000_000)[0] == []


def test_every_offer_can_be_read(shipped: Path) -> None:
    trained(shipped, "lenet")
    (shipped / "broken.safetensors").write_bytes(b"nothing")
    offers = comparison.offers()
    assert offers[0] == "lenet:shipped:lenet"
    assert {f"{name}:untrained:0" for name in networks.course()} < set(offers)
    for spelled in offers[:12]:
        assert comparison.model(spelled).spelled == spelled


def test_shared_data_or_why_there_is_none(shipped: Path) -> None:
    trained(shipped, "lenet")
    trained(shipped, "bn_lenet", file="bn")
    trained(shipped, "bn_lenet", "mnist", "other")
    a, b, other, plain, colour = (
        comparison.model(text)
        for text in (
            "lenet:shipped:lenet", "bn_lenet:shipped:bn", "bn_lenet:shipped:other",
            "vgg11:untrained:0", "torchvision/resnet18:untrained:0",
        )
    )  # fmt: skip
    assert comparison.shared([a, b, plain]).dataset == "digits"
    assert "different data: Digits, MNIST" in comparison.shared([a, other]).reason
    assert "learned anything" in comparison.shared([plain, colour]).reason
    assert "reads 3 channels" in comparison.shared([a, colour]).reason
    before = comparison.model("lenet:shipped:lenet@0")
    assert not before.learned
    assert comparison.shared([a, before]).dataset == "digits"


# -- what they answer -------------------------------------------------------------------------


def test_a_count_is_that_of_all_at_once_in_whatever_pieces(shipped: Path) -> None:
    network = trained(shipped, "lenet")
    model, macs = comparison.model("lenet:shipped:lenet"), 400_000
    answers = finished(comparison.count(model, "digits", 150, macs))
    share = float(digit_answers(network).right[:150].double().mean())
    assert answers.accuracy == share
    assert answers.uncertainty == pytest.approx((share * (1 - share) / 150) ** 0.5)
    everything = finished(comparison.count(model, "digits", 10_000, macs))
    assert torch.equal(everything.predicted, digit_answers(network).predicted)


def test_a_large_network_gets_few_pictures_at_once() -> None:
    batches = []

    class Watched(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
            batches.append(len(x))
            return x.flatten(1)[:, :3], None  # as GoogLeNet's side classifiers do

    split = Split(torch.zeros(10, 1, 4, 4, dtype=torch.uint8), torch.zeros(10, dtype=torch.long))
    answers = finished(counting.steps(split, (1, 4, 4), 10, counting.MACS_AT_ONCE // 4, Watched))
    assert batches == [4, 4, 2]
    assert answers.accuracy == 1.0


def answers(predicted: list[int], labels: list[int]) -> Answers:
    return Answers(torch.tensor(predicted), torch.ones(len(labels)), torch.tensor(labels))


def test_cells_by_hand() -> None:
    labels = [0, 1, 2, 3, 4, 5]
    one, other = answers([0, 1, 0, 0, 4, 9], labels), answers([0, 0, 2, 3, 4, 8], labels)
    cells = {cell: each.tolist() for cell, each in comparison.pair(one, other).pictures.items()}
    assert cells == {"both": [0, 4], "first": [1], "second": [2, 3], "neither": [5]}
    assert comparison.differing([one, other]).tolist() == [1, 2, 3, 5]
    assert comparison.differing([one, one, one]).tolist() == []


def test_chance_is_the_exact_binomial() -> None:
    def chance(first: int, second: int) -> float:
        one, labels = [0] * first + [1] * second, [0] * (first + second)
        other = [1 - label for label in one]
        return comparison.pair(answers(one, labels), answers(other, labels)).chance

    assert chance(9, 1) == pytest.approx(2 * (1 + 10) / 2**10)  # of ten coins, at most one
    assert chance(0, 0) == chance(1500, 1500) == 1.0
    assert chance(3000, 0) == 0.0  # and no overflow


# -- what they cost ---------------------------------------------------------------------------


def test_a_time_is_what_an_idle_machine_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = (50, 1, 60, 2, 3, 4, 70, 5, 6, 7, 8, 80)  # others work beside four of them
    ticks = iter([0, 9, 9, 10, *(tick for took in runs for tick in (0, took))])
    monkeypatch.setattr("explorer.inside.comparison.timing.time.perf_counter", lambda: next(ticks))
    timing = finished(timings.steps((1, 2, 2), nn.Identity))
    assert timing.runs == len(runs)
    assert timing.for_one == 4  # the fourth of twelve


def test_budgets_are_the_anatomy_s_layer_by_layer() -> None:
    measured = summary.measure(spec := NetworkSpec.parse("bn_lenet"), (1, 28, 28))
    parameters = sum(each.numel() for each in spec.build().parameters())
    for quantity, total in (("parameters", parameters), ("macs", measured.totals.macs)):
        parts = budget_charts.slices(measured, quantity)
        assert sum(much for _layer, _at, much in parts) == total
        assert [at for _layer, at, _much in parts][:2] == [0, parts[0][2]]
        figure = budget_charts.budgets([("A x", measured)], quantity, shares=False)
        bars = [bar for bar in figure.data if bar.type == "bar"]
        assert sum(sum(bar.x) for bar in bars) == total
        shares = budget_charts.budgets([("A x", measured)], quantity, shares=True)
        ends = [b + x for bar in shares.data if bar.type == "bar"
                for b, x in zip(bar.base, bar.x, strict=True)]  # fmt: skip
        assert max(ends) == pytest.approx(1)


# -- figures ----------------------------------------------------------------------------------


def line(letter: str, **values: float | None) -> Row:
    plain = dict(parameters=100, macs=400, weight_bytes=400, accuracy=0.8, uncertainty=0.01,
                 pictures=1000, card_accuracy=0.81, seconds=0.002)  # fmt: skip
    return Row(letter, f"net {letter}", "trained", f"net{letter}:shipped:x", (1, 28, 28),
               **{**plain, **values})  # type: ignore[arg-type]  # fmt: skip


def test_bubbles_have_areas_as_their_macs() -> None:
    figure = charts.bubbles([line("A"), line("B", macs=1600, accuracy=0.9)], "parameters")
    bubbles, letters = figure.data[:2], figure.data[2:]
    small, large = (trace.marker.size[0] for trace in bubbles)
    assert bubbles[0].zorder > bubbles[1].zorder  # not hidden by it
    assert (large / small) ** 2 == pytest.approx(4)
    assert [trace.y[0] for trace in bubbles] == [0.8, 0.9]
    assert [trace.text[0] for trace in letters] == ["<b>A</b>", "<b>B</b>"]
    assert figure.data[0].error_y.array[0] == 0.02


def test_bubbles_without_accuracies_compare_time_with_costs() -> None:
    rows = [line("A", accuracy=None), line("B", accuracy=None, seconds=None)]
    figure = charts.bubbles(rows, "seconds")
    first, second = figure.data[:2]
    assert (first.x[0], first.y[0], second.y[0]) == (100, 2, None)  # the last not measured yet
    assert "milliseconds" in figure.layout.yaxis.title.text


def test_the_file_has_every_number_exactly() -> None:
    rows = [line("A"), line("B", accuracy=None, seconds=None, card_accuracy=None)]
    text = charts.csv(rows, "digits", Timing((1,), 1, "a processor", 1))
    first, second = csv.DictReader(io.StringIO(text))
    exact = dict(network="netA", weights="shipped:x", accuracy="0.8", macs_per_picture="400",
                 input="1x28x28", device="a processor", threads="1", data="digits")  # fmt: skip
    assert first.items() >= exact.items()
    assert second.items() >= dict(accuracy="", seconds_per_picture="", device="").items()
