"""What the page "Why this class?" computes: heat maps, curves that check them, and a control."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from torch import Tensor

from explorer.base import reasons
from explorer.base.cache import SizedCache
from explorer.base.reasons import Reason
from explorer.base.tasks import COMPUTING, Progress, SharedTasks, Steps, Task
from explorer.inside import attribution
from explorer.inside.attribution import METHODS, STEPS, Deletion, Guess
from explorer.ui.inside.recordings import Subject

ORDERS = 5  # of chance
CHANCE = "chance"
FEW = 0.05  # of probability: there is little to lose
MOST_BYTES = 120_000_000  # of all results that are kept, and once more by the questions
MOST_ANSWERS = 20_000_000  # bytes
BYTES = 120  # of a guess, roughly
ALL = 10**6  # classes

Result = Tensor | tuple[Deletion, ...]
Value = TypeVar("Value")

_answers: SizedCache[tuple[Guess, ...]] = SizedCache(MOST_ANSWERS, lambda each: BYTES * len(each))


def answer(subject: Subject) -> tuple[Guess, ...]:
    """All classes, the most probable first.

    Raises:
        ValueError: the network cannot take the picture, or its weights cannot be had.
    """
    network = subject.model.load
    return _answers.get(subject, lambda: attribution.top(network(), subject.picture, ALL))


@dataclass(frozen=True)
class Settings:
    """How the maps are made. An empty `layer` is the last convolution."""

    layer: str
    patch: int
    stride: int
    steps: int
    baseline: str  # one of `attribution.BASELINES`
    normalisation: str


@dataclass(frozen=True)
class Question:
    """Why does this network give this picture this class, `target`?"""

    subject: Subject
    target: int
    settings: Settings

    @property
    def key(self) -> Hashable:
        """What results are kept by, whatever the settings: a digest of the picture's numbers."""
        return self.subject.model, self.subject.digest, self.target

    def passes(self, method: str) -> int:
        """Forward passes, roughly: a gradient takes three times as long as an answer."""
        if method == "integrated_gradients":
            return 3 * self.settings.steps
        if method == "occlusion":
            _n, _c, height, width = self.subject.picture.shape
            patch, stride = self.settings.patch, self.settings.stride
            return len(attribution.patches((height, width), patch, stride))
        return 3

    def ask(self, function: Callable[..., Value], *args: Any, **options: Any) -> Value:
        """What a function of `attribution` says of this network, picture and class."""
        picture = self.subject.picture
        if "baseline" in options:
            name, normalisation = self.settings.baseline, self.settings.normalisation
            options["baseline"] = attribution.baseline(name, picture, normalisation)
        return function(self.subject.model.load(), picture, self.target, *args, **options)


# -- the pieces ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A part of the work, whose result is kept by itself."""

    name: str
    key: Hashable  # equal for equal results
    passes: int  # its share in the time
    make: Callable[[Progress], Result] = field(compare=False)


def _nbytes(result: Result) -> int:
    if isinstance(result, Tensor):
        return result.nbytes
    return sum(each.fraction.nbytes + each.probability.nbytes for each in result)


_cache: SizedCache[Result] = SizedCache(MOST_BYTES, _nbytes)


def result(piece: Piece, tell: Progress) -> Result:
    """What a piece gives: kept, or made now."""
    return _cache.get(piece.key, lambda: piece.make(tell))


def name(kind: str, method: str) -> str:
    """Under which a result is found: `kind` is "map", "control" or "deletion"."""
    return f"{kind} {method}"


def pieces(question: Question, control: Subject | None) -> list[Piece]:
    """The maps, then the curves, then the maps of the `control` network for the same class."""
    maps = [_map(question, method, "map") for method in METHODS]
    curves = [_deletion(question, *each) for each in zip(METHODS, maps, strict=True)]
    empty = question.settings.baseline
    chance = Piece(
        CHANCE, (CHANCE, question.key, empty), ORDERS * (STEPS + 1),
        lambda tell: question.ask(
            attribution.by_chance, orders=ORDERS, baseline=empty, progress=tell
        ),
    )  # fmt: skip
    beside = []
    if control:
        same = Question(control, question.target, question.settings)
        beside = [_map(same, method, "control") for method in METHODS]
    return [*_quickest_first(maps), *curves, chance, *_quickest_first(beside)]


def _quickest_first(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: piece.passes)


def _map(question: Question, method: str, kind: str) -> Piece:
    about = METHODS[method]
    own = {each: value for each, value in vars(question.settings).items() if each in about.options}

    def make(tell: Progress) -> Tensor:
        progress = {"progress": tell} if "progress" in about.options else {}
        return question.ask(about.explain, **own, **progress)

    key = ("map", method, question.key, tuple(sorted(own.items())))
    return Piece(name(kind, method), key, question.passes(method), make)


def _deletion(question: Question, method: str, heat: Piece) -> Piece:
    def make(tell: Progress) -> tuple[Deletion, ...]:
        order = result(heat, tell)
        assert isinstance(order, Tensor)
        return (question.ask(attribution.deletion, order, baseline=empty, progress=tell),)

    empty = question.settings.baseline
    key = ("deletion", heat.key, empty)
    return Piece(name("deletion", method), key, STEPS + 1, make)


# -- what has come of them --------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Explanation:
    """What there is of the pieces so far, by their names, and why others failed."""

    results: Mapping[str, Result] = field(default_factory=dict)
    errors: Mapping[str, Reason] = field(default_factory=dict)

    def heats(self, kind: str) -> dict[str, Tensor]:
        """Maps by their methods: "map" are the network's, "control" those of random weights."""
        return self._by_method(kind, Tensor)

    @cached_property
    def curves(self) -> dict[str, Deletion]:
        """The deletion curve of each of the network's maps."""
        return {method: each[0] for method, each in self._by_method("deletion", tuple).items()}

    def _by_method(self, kind: str, type_: type[Value]) -> dict[str, Value]:
        results = {method: self.results.get(name(kind, method)) for method in METHODS}
        return {method: each for method, each in results.items() if isinstance(each, type_)}

    @property
    def chance(self) -> tuple[Deletion, ...]:
        """The curves of random orders."""
        curves = self.results.get(CHANCE, ())
        return curves if isinstance(curves, tuple) else ()

    @cached_property
    def agreement(self) -> dict[str, float | None]:
        """How far each map and that of the control put the pixels in the same order."""
        maps, control = self.heats("map"), self.heats("control")
        both = maps.keys() & control.keys()
        return {each: attribution.agreement(maps[each], control[each]) for each in both}

    @property
    def telling(self) -> bool:
        """Whether the class is likely enough for its loss to be seen."""
        return bool(self.chance) and float(self.chance[0].probability[0]) >= FEW

    def beats_chance(self, method: str) -> bool:
        """Whether the class is lost sooner than in each of the random orders."""
        return self.curves[method].area < min(each.area for each in self.chance)


TASKS: SharedTasks[Explanation] = SharedTasks(COMPUTING, MOST_BYTES)


def key(pieces: Sequence[Piece]) -> Hashable:
    """Equal for works that do the same."""
    return tuple(piece.key for piece in pieces)


def steps(pieces: Sequence[Piece]) -> Steps[Explanation]:
    """Do them one after the other; what is there of them is not done again, what failed is."""
    errors: dict[str, Reason] = {}
    total = sum(piece.passes for piece in pieces)

    def run(task: Task[Explanation]) -> Iterator[Explanation]:
        results, before = dict(task.latest.results if task.latest else {}), 0
        for piece in pieces:
            if piece.name not in results and piece.name not in errors:
                try:
                    results[piece.name] = result(piece, _telling(task, before, piece.passes, total))
                except ValueError as error:
                    errors[piece.name] = reasons.of(error)
                yield Explanation(dict(results), dict(errors))
            before += piece.passes
        if errors:
            raise ValueError("; ".join(map(str, errors.values())))

    return run


def _telling(task: Task[Explanation], before: int, passes: int, total: int) -> Progress:
    """Progress of all, from that of one that has so many `passes`."""

    def tell(done: int, of: int) -> None:
        task.tell(before + passes * done // of, total)

    tell(0, 1)
    return tell


def explanation(task: Task[Explanation], pieces: Sequence[Piece]) -> Explanation:
    """What there is so far."""
    latest = task.latest or Explanation()
    if not task.failed:
        return latest
    missing = [piece.name for piece in pieces if piece.name not in latest.results]
    fault = dict.fromkeys(missing, reasons.sentence(task.sentence))
    return Explanation(latest.results, fault | dict(latest.errors))
