"""Recorded steps: on the CPU a recording is the same function over the same static tensors."""

import json
import re
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest
import torch

from explorer import runs
from explorer.data.datasets import Data
from explorer.runs import session, store
from explorer.training import Capture, Epoch, Record, State, Training, capture
from explorer.training.capture import COMPARED, WARM_UP, CudaRecorder, Replay, never, recorder
from explorer.training.learner import Learner, Step
from explorer.training.recipes import Recipe, as_json
from explorer.ui.runs import run_words
from tests.explorer.runs.played import work
from tests.explorer.training import recipes
from tests.explorer.training.recipes import CPU
from tests.opened_pages import opened, text

LENET = replace(recipes.LENET, batch_size=16, schedule="cosine")
SGD = replace(LENET, **recipes.SGD)
BATCH_NORM = replace(recipes.BATCH_NORM, options={"norm": "nn"}, batch_size=16, schedule="cosine")
DROPOUT = replace(recipes.DROPOUT, train_subset=120, schedule="cosine")
HALF = replace(LENET, precision="bfloat16")
STEPS = 10  # of an epoch of 150 pictures: the last batch has 6


class Recording:
    """What a graph of CUDA's does: the same work on the same tensors, results in the same places.

    `fault` is called before each replay: what a graph could get wrong.
    """

    generator = torch.default_generator

    def __init__(self, fault: Callable[[], None] = lambda: None) -> None:
        self.fault, self.replays = fault, 0

    def record(self, work: Callable[[], Step]) -> Replay:
        self._work, self._result = work, None
        return self.replay

    _result: Step | None

    def replay(self) -> Step:
        self.replays += 1
        self.fault()
        done = self._work()
        if self._result is None:
            self._result = done
        for name in ("loss", "logits", "gradient_norm"):
            getattr(self._result, name).copy_(getattr(done, name))
        return self._result


class Refusing(Recording):
    """A device that cannot record this step."""

    def record(self, work: Callable[[], Step]) -> Replay:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")


def training(
    recipe: Recipe, data: Data, recording: Recording | None, state: State | None = None
) -> Training:
    return Training(recipe, data, CPU, state, lambda _device: recording)


def curve(records: list[Record]) -> torch.Tensor:
    """Loss, accuracy, norm and rate of every step (steps, 4)."""
    return torch.tensor(recipes.curve(records))


def outcomes(records: list[Record]) -> list[Capture]:
    return recipes.only(Capture, records)


@pytest.mark.parametrize("recipe", [LENET, SGD, BATCH_NORM, DROPOUT, HALF],
                         ids=["adam", "sgd", "batch norm", "dropout", "bfloat16"])  # fmt: skip
def test_a_replayed_run_is_the_ordinary_one(recipe: Recipe, digits: Data) -> None:
    recording = Recording()
    replayed = list(training(recipe, digits, recording).records())
    ordinary = list(Training(recipe, digits, CPU, None, never).records())
    assert outcomes(replayed) == [Capture(captured=True)]
    assert not outcomes(ordinary)
    whole = 2 * (recipe.train_subset // recipe.batch_size)
    assert recording.replays == whole - WARM_UP  # the smaller last ones are ordinary
    # The rate is a float32 in a tensor there, and Python's own number here.
    assert torch.allclose(curve(replayed), curve(ordinary), rtol=2e-3, atol=1e-4)
    last = [each for each in replayed + ordinary if isinstance(each, Epoch) and each.epoch == 2]
    assert last[0].test_loss == pytest.approx(last[1].test_loss, rel=2e-3)


def old_pictures(begun: Training) -> None:
    begun._stepper._pictures.zero_()


def old_pictures_in_the_last_compared_step(begun: Training) -> None:
    if begun._stepper._whole == WARM_UP + COMPARED:
        old_pictures(begun)


def old_labels(begun: Training) -> None:
    begun._stepper._labels.zero_()


def fixed_rate(begun: Training) -> None:
    """The rate at which it was recorded."""
    begun.learner.set_rate(0.0)


def forgotten_memory(begun: Training) -> None:
    """Adam's moments start from nothing each time."""
    for tensors in (begun.learner.live()[kind] for kind in ("exp_avg", "exp_avg_sq")):
        for tensor in tensors:
            tensor.zero_()


def same_dropout(_begun: Training) -> None:
    torch.manual_seed(0)


def still_statistics(begun: Training) -> None:
    """Batch norm neither reads nor writes what the others do."""
    begun.learner.network.train(mode=False)


@pytest.mark.parametrize(
    ("recipe", "fault"),
    [
        (LENET, old_pictures),
        (LENET, old_pictures_in_the_last_compared_step),
        (LENET, old_labels),
        (LENET, fixed_rate),
        (SGD, fixed_rate),
        (LENET, forgotten_memory),
        (DROPOUT, same_dropout),
        (BATCH_NORM, still_statistics),
        (HALF, old_pictures),
    ],
    ids=lambda each: each.__name__ if callable(each) else each.network,
)
def test_a_graph_that_differs_is_noticed_and_changes_nothing(
    recipe: Recipe, fault: Callable[[Training], None], digits: Data
) -> None:
    if fault is still_statistics:  # the mode must not stay: it is the graph's own mistake
        recipe = replace(recipe, epochs=1)
    begun: list[Training] = []
    begun.append(training(recipe, digits, Recording(lambda: fault(begun[0]))))
    records = list(begun[0].records())
    (outcome,) = outcomes(records)
    assert not outcome.captured
    assert outcome.reason == "differs"
    assert outcome.excess > 1
    if fault is not still_statistics:
        refused = list(training(recipe, digits, Refusing()).records())
        assert torch.equal(curve(records), curve(refused))


def test_where_a_step_cannot_be_recorded_the_run_goes_on_and_says_so(digits: Data) -> None:
    records = list(training(LENET, digits, Refusing()).records())
    (outcome,) = outcomes(records)
    assert (outcome.captured, outcome.reason) == (False, "failed")
    assert "not permitted when stream is capturing" in outcome.error
    assert len(curve(records)) == 2 * STEPS
    ordinary = curve(list(Training(LENET, digits, CPU).records()))
    assert torch.allclose(curve(records), ordinary, rtol=2e-3, atol=1e-4)


class Stale(Recording):
    """Does the work rightly, and goes on telling what came of the first time."""

    def replay(self) -> Step:
        first = self._result
        told_first = first and Step(
            *(t.clone() for t in (first.loss, first.logits, first.labels)),
            first.gradient_norm.clone(),
        )
        now = super().replay()
        return told_first or now


def test_a_graph_that_tells_an_old_loss_is_noticed(digits: Data) -> None:
    (outcome,) = outcomes(list(training(LENET, digits, Stale()).records()))
    assert (outcome.captured, outcome.reason) == (False, "differs")


class Scarce(Recording):
    """Memory that does not suffice for the graph beside the rest, as one of the libraries says it.

    `held` is what filled it: the graph, copies, and tensors of the steps that were compared.
    """

    def __init__(self, error: RuntimeError) -> None:
        super().__init__()
        self.error, self.held = error, list[weakref.ref[object]]()

    def record(self, work: Callable[[], Step]) -> Replay:
        graph = Recording(self.fail)
        self.held.append(weakref.ref(graph))
        return graph.record(work)

    def fail(self) -> None:
        raise type(self.error)(*self.error.args)  # anew: an error holds the frames it came through

    def watch(self, begun: Training, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How much of it was still held at each step since it came to an end."""
        update, of, left = begun.learner.update, capture._Copy.of, list[int]()

        def updated(pictures: torch.Tensor, labels: torch.Tensor) -> Step:
            if begun._stepper.outcome is not None:
                left.append(sum(each() is not None for each in self.held))
            done = update(pictures, labels)
            if self.held and begun._stepper.outcome is None:
                self.held.append(weakref.ref(done.logits))
            return done

        def copied(learner: Learner, generator: torch.Generator) -> object:
            self.held.append(weakref.ref(copy := of(learner, generator)))
            return copy

        monkeypatch.setattr(begun.learner, "update", updated)
        monkeypatch.setattr(capture._Copy, "of", copied)
        return left


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=["torch", "cuBLAS"],
)
def test_where_memory_does_not_suffice_to_compare_the_run_goes_on_without(
    error: RuntimeError, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    scarce = Scarce(error)
    begun = training(LENET, digits, scarce)
    left = scarce.watch(begun, monkeypatch)
    records = list(begun.records())
    (outcome,) = outcomes(records)
    assert outcome.reason == "failed"
    assert str(error) in outcome.error
    assert len(scarce.held) == 6  # the graph; the start and two ends; two steps
    assert left == [0] * (2 * STEPS - WARM_UP)  # the very step that did not fit finds it free
    refused = list(training(LENET, digits, Refusing()).records())
    assert torch.equal(curve(records), curve(refused))


@pytest.mark.parametrize(("short", "captured"), [(0, True), (1, False)])
def test_nothing_is_recorded_where_a_graph_beside_ordinary_steps_would_not_fit(
    short: int, captured: bool, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps the memory of a step to itself; comparing takes four copies of what is learned."""
    recording = Recording()
    begun = training(replace(LENET, epochs=1), digits, recording)
    learned = 3 * 4 * 61_706 + 10 * 4  # with Adam's moments, and the count of steps of 10 tensors
    step = begun.setting.memory(LENET.batch_size) - learned
    room = 2 * step + 4 * learned - short
    monkeypatch.setattr(capture, "free_memory", lambda _device: room)
    (outcome,) = outcomes(list(begun.records()))
    assert outcome == Capture(captured, "" if captured else "no_room")
    assert (recording.replays > 0) == captured


@pytest.mark.parametrize(("allowed", "captured"), [(capture.NOISE, True), (0, False)])
def test_two_ordinary_steps_that_differ_widen_what_is_let_pass(
    allowed: float, captured: bool, digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some operations of a GPU add in an order of their own: here noise on some gradients."""
    monkeypatch.setattr(capture, "NOISE", allowed)
    begun = training(LENET, digits, Recording())
    noise = torch.Generator().manual_seed(0)  # which no step puts back
    weight = begun.learner.network.get_parameter("fc1.weight")
    weight.register_hook(lambda g: g * (1 + 0.3 * torch.randn(g.shape, generator=noise)))
    assert [each.captured for each in outcomes(list(begun.records()))] == [captured]


@pytest.mark.parametrize("recipe", [LENET, SGD], ids=["adam", "sgd"])
@pytest.mark.parametrize("recorded_first", [True, False])
def test_a_state_goes_from_recorded_to_ordinary_steps_and_back(
    recipe: Recipe, recorded_first: bool, digits: Data
) -> None:
    """A run is taken up on another device."""
    one = Recording() if recorded_first else None
    other = None if recorded_first else Recording()
    begun = training(recipe, digits, one)
    before: list[Record] = []
    for record in begun.records():
        before.append(record)
        if isinstance(record, Epoch):
            break
    after = list(training(recipe, digits, other, begun.state()).records())
    unbroken = list(Training(recipe, digits, CPU).records())
    both = torch.cat([curve(before), curve(after)])
    assert torch.allclose(both, curve(unbroken), rtol=5e-3, atol=2e-4)
    assert len(outcomes(before + after)) == 1


def test_nothing_is_recorded_on_a_cpu() -> None:
    assert recorder(CPU) is None


# -- what a visitor is told -----------------------------------------------------------------------


class Numberless(Recording):
    """Answers what is no number."""

    def replay(self) -> Step:
        done = super().replay()
        done.gradient_norm.fill_(torch.nan)
        return done


def worked(recipe: Recipe, recording: Recording, monkeypatch: pytest.MonkeyPatch) -> runs.Run:
    """A worker's own way: only what records on the device is this test's."""
    recorded = partial(Training, recorder_for=lambda _device: recording)
    monkeypatch.setattr(session, "Training", recorded)
    return work(store.add(json.dumps(as_json(recipe)), "LeNet", "cpu"))


def test_the_page_says_how_steps_were_launched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = worked(replace(LENET, epochs=1), Numberless(), monkeypatch)
    assert run.status is runs.Status.FINISHED
    words = text(opened("live", run=str(run.id)))
    assert run_words.launching(asdict(Capture(False, "differs", excess=None))) in words
    assert "Everything is computed in float32" in words


@pytest.mark.parametrize("rate", [3e2, 1e3, 1e20])
def test_a_run_that_runs_away_while_steps_are_compared_has_diverged(
    home: Path, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ordinary steps give no numbers then: nothing is wrong with the graph, nor with the disk."""
    run = worked(replace(SGD, learning_rate=rate), Recording(), monkeypatch)
    assert (run.status, run.reason.code) == (runs.Status.DIVERGED, "diverged")
    assert run.metadata.get("capture", {}).get("reason") != "differs"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Capture(captured=True), "Steps are replayed as one CUDA graph"),
        (
            Capture(False, "failed", error="Error: `no`"),
            r"could not be recorded .* \(`Error: 'no'`\)",
        ),
        (Capture(False, "no_room"), "does not suffice for one CUDA graph"),
        (Capture(False, "runaway"), r"they gave no numbers \(NaN or infinity\) before one CUDA"),
        (Capture(False, "differs", excess=12.34), r"\(12\.3 times what is let pass\)"),
        (Capture(False, "differs", excess=None), "as one CUDA graph they gave no numbers"),
    ],
    ids=lambda each: f"{each.reason} {each.excess}" if isinstance(each, Capture) else "",
)
def test_every_outcome_has_its_sentence(outcome: Capture, words: str) -> None:
    assert re.search(words, run_words.launching(asdict(outcome)))


# -- CUDA's recorder, when a recording breaks off -------------------------------------------------


class Card:
    """What torch keeps of a recording, as its CUDAGraph.cpp and CUDACachingAllocator.cpp have it:
    here in place of a graph, of the allocator and of a generator, where there is no card.

    An `invalid` recording ends with an error before any of them is told.
    """

    def __init__(self, *, invalid: bool) -> None:
        self.invalid, self.ended, self.capturing = invalid, False, False
        self.recording, self.held = list[object](), list[object]()

    def begin(self, graph: object, pool: object, _stream: object) -> "Card":
        assert graph is self
        self.recording.append(pool)
        self.held.append(pool)
        self.capturing = True
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_raised: object) -> None:
        if self.invalid:
            raise RuntimeError("operation failed due to a previous error during capture")
        self.end(0, self.recording[0])
        self.capturing, self.ended = False, True

    def pool(self) -> object:
        if not self.ended:
            raise RuntimeError("pool() without a preceding successful capture")
        return self.held[0]

    def end(self, _device: int, pool: object) -> None:
        if pool not in self.recording:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.recording.remove(pool)

    def release(self, _device: int, pool: object) -> None:
        self.held.remove(pool)

    def clone_state(self) -> str:
        return "not capturing"

    def graphsafe_set_state(self, state: str) -> None:
        self.capturing = state != "not capturing"


@pytest.mark.parametrize("invalid", [True, False])
def test_after_a_recording_that_broke_off_nothing_is_recorded_any_more(
    invalid: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(invalid=invalid)
    for name, value in {
        "init": lambda: None,
        "default_generators": [card],
        "CUDAGraph": lambda: card,
        "graph_pool_handle": lambda: (0, 1),
        "current_stream": lambda _device: None,
        "device": lambda _device: nullcontext(),
        "graph": card.begin,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value, raising=False)
    monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", card.end, raising=False)
    monkeypatch.setattr(torch._C, "_cuda_releasePool", card.release, raising=False)

    def fetched() -> Step:
        raise RuntimeError("operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match=r"capturing|previous error"):
        CudaRecorder(torch.device("cuda:0")).record(fetched)
    assert not card.recording
    assert not card.capturing
    assert card.held == ([] if invalid else [(0, 1)])  # a graph that ended releases it itself
