"""What the page "Why this class?" computes: heat maps, curves that check them, and a control."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from explorer.base.cache import SizedCache
from explorer.base.tasks import COMPUTING, SharedTasks, Steps, Task
from explorer.inside import attribution
from explorer.inside.attribution import METHODS, STEPS, Deletion, Guess, Progress
from explorer.ui.inside.recordings import Subject

ORDERS = 5  # of chance
CHANCE = "chance"
FEW = 0.05  # of probability: there is little to lose
MOST_BYTES = 120_000_000  # of all results that are kept, and once more by the questions
MOST_ANSWERS = 20_000_000  # bytes
BYTES = 120  # of a guess, roughly

Result = Tensor | tuple[Deletion, ...]

_answers: SizedCache[tuple[Guess, ...]] = SizedCache(MOST_ANSWERS, lambda each: BYTES * len(each))


@dataclass(frozen=True)
class Settings:
    """How the maps are made. An empty `layer` is the last convolution."""

    layer: str
    patch: int
    stride: int
    steps: int
    baseline: str  # one of `attribution.BASELINES`
    normalisation: str

    def options(self, method: str) -> dict[str, Any]:
        """Those that this method has."""
        known = METHODS[method].options
        return {name: value for name, value in vars(self).items() if name in known}


@dataclass(frozen=True)
class Question:
    """Why does this network give this picture this class, `target`?"""

    subject: Subject
    target: int
    settings: Settings


def answer(subject: Subject) -> tuple[Guess, ...]:
    """All classes, the most probable first.

    Raises:
        ValueError: the network cannot take the picture, or its weights cannot be had.
    """
    count = 10**6
    return _answers.get(
        subject, lambda: attribution.top(subject.model.load(), subject.picture, count)
    )


def identity(subject: Subject) -> tuple[Hashable, ...]:
    """What results are kept by: the subject, with its picture's digest and not its numbers."""
    return subject.model, subject.digest


# -- the pieces ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A part of the work, whose result is kept by itself."""

    name: str
    key: Hashable  # equal for equal results
    passes: int  # roughly, forward passes: its share in the time
    make: Callable[[Progress], Result] = field(compare=False)


@dataclass(frozen=True, eq=False)
class Parts:
    """What pieces have given so far, by their names, and a sentence for each that failed."""

    found: Mapping[str, Result]
    errors: Mapping[str, str]


def _nbytes(result: Result) -> int:
    if isinstance(result, Tensor):
        return result.nbytes
    return sum(each.fraction.nbytes + each.probability.nbytes for each in result)


TASKS: SharedTasks[Parts] = SharedTasks(COMPUTING, MOST_BYTES)
_cache: SizedCache[Result] = SizedCache(MOST_BYTES, _nbytes)


def key(pieces: Sequence[Piece]) -> Hashable:
    """Equal for works that do the same."""
    return tuple(piece.key for piece in pieces)


def steps(pieces: Sequence[Piece]) -> Steps[Parts]:
    """Do them one after the other; what is there of them is not done again, what failed is."""
    errors: dict[str, str] = {}
    total = sum(piece.passes for piece in pieces)

    def run(task: Task[Parts]) -> Iterator[Parts]:
        found, before = dict(task.latest.found if task.latest else {}), 0
        for piece in pieces:
            if piece.name not in found and piece.name not in errors:
                try:
                    found[piece.name] = result(piece, _telling(task, before, piece.passes, total))
                except ValueError as error:
                    errors[piece.name] = str(error)
                yield Parts(dict(found), dict(errors))
            before += piece.passes
        if errors:
            raise ValueError("; ".join(errors.values()))

    return run


def _telling(task: Task[Parts], before: int, passes: int, total: int) -> Progress:
    """Progress of all, from that of one that has so many `passes`."""

    def tell(done: int, of: int) -> None:
        task.tell(before + passes * done // of, total)

    tell(0, 1)
    return tell


def result(piece: Piece, tell: Progress) -> Result:
    """What a piece gives: kept, or made now."""
    return _cache.get(piece.key, lambda: piece.make(tell))


def pieces(question: Question, control: Subject | None) -> list[Piece]:
    """The maps, then the curves, then the maps of the `control` network for the same class."""
    found = _maps(question, "map")
    found += [_deletion(question, method) for method in METHODS]
    found.append(_chance(question))
    if control:
        same = Question(control, question.target, question.settings)
        found += _maps(same, "control")
    return found


def _maps(question: Question, kind: str) -> list[Piece]:
    """All methods' maps, the quickest first."""
    found = [_map(question, method, kind) for method in METHODS]
    return sorted(found, key=lambda piece: piece.passes)


def name(kind: str, method: str) -> str:
    """Under which a result is found: `kind` is "map", "control" or "deletion"."""
    return f"{kind} {method}"


def _map(question: Question, method: str, kind: str = "map") -> Piece:
    options = question.settings.options(method)
    subject, target = question.subject, question.target
    key = ("map", method, identity(subject), target, tuple(sorted(options.items())))
    return Piece(
        name(kind, method),
        key,
        _passes(question, method),
        lambda tell: _heat(question, method, tell),
    )


def _heat(question: Question, method: str, tell: Progress) -> Tensor:
    known = METHODS[method].options
    options = question.settings.options(method)
    if "baseline" in known:
        options["baseline"] = _empty(question)
    if "progress" in known:
        options["progress"] = tell
    picture = question.subject.picture
    return METHODS[method].explain(
        question.subject.model.load(), picture, question.target, **options
    )


def _empty(question: Question) -> Tensor:
    settings = question.settings
    return attribution.baseline(settings.baseline, question.subject.picture, settings.normalisation)


def _passes(question: Question, method: str) -> int:
    """Roughly: a gradient takes three times as long as an answer."""
    settings = question.settings
    if method == "integrated_gradients":
        return 3 * settings.steps
    if method == "occlusion":
        _n, _c, height, width = question.subject.picture.shape
        return len(attribution.patches((height, width), settings.patch, settings.stride))
    return 3


def _deletion(question: Question, method: str) -> Piece:
    heat = _map(question, method)
    return Piece(
        name("deletion", method),
        ("deletion", heat.key, question.settings.baseline),
        STEPS + 1,
        lambda tell: (_curve(question, heat, tell),),
    )


def _curve(question: Question, heat: Piece, tell: Progress) -> Deletion:
    order = result(heat, tell)
    assert isinstance(order, Tensor)
    subject, target = question.subject, question.target
    empty = _empty(question)
    return attribution.deletion(
        subject.model.load(), subject.picture, target, order, baseline=empty, progress=tell
    )


def _chance(question: Question) -> Piece:
    subject, target = question.subject, question.target
    return Piece(
        CHANCE,
        (CHANCE, identity(subject), target, question.settings.baseline),
        ORDERS * (STEPS + 1),
        lambda tell: attribution.by_chance(
            subject.model.load(),
            subject.picture,
            target,
            orders=ORDERS,
            baseline=_empty(question),
            progress=tell,
        ),
    )


# -- what has come of it ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Explained:
    """What is there of an explanation; methods whose part is still to come are missing."""

    maps: Mapping[str, Tensor]
    control: Mapping[str, Tensor]
    curves: Mapping[str, Deletion]
    chance: tuple[Deletion, ...]
    errors: Mapping[str, str]  # by the name of the piece

    @cached_property
    def agreement(self) -> dict[str, float | None]:
        """How far each map and that of the control put the pixels in the same order."""
        return {
            method: attribution.agreement(heat, self.control[method])
            for method, heat in self.maps.items()
            if method in self.control
        }

    @property
    def telling(self) -> bool:
        """Whether the class is likely enough for its loss to be seen."""
        return bool(self.chance) and float(self.chance[0].probability[0]) >= FEW

    def beats_chance(self, method: str) -> bool:
        """Whether the class is lost sooner than in each of the random orders."""
        return self.curves[method].area < min(each.area for each in self.chance)


def explained(task: Task[Parts], pieces: Sequence[Piece]) -> Explained:
    """The results so far."""
    parts = task.latest or Parts({}, {})
    found, errors = parts.found, dict(parts.errors)
    if task.failed:
        missing = [piece.name for piece in pieces if piece.name not in found]
        errors = dict.fromkeys(missing, task.sentence) | errors
    curves = {each: found.get(name("deletion", each)) for each in METHODS}
    chance = found.get(CHANCE, ())
    return Explained(
        _heats(found, "map"),
        _heats(found, "control"),
        {method: curve[0] for method, curve in curves.items() if isinstance(curve, tuple)},
        chance if isinstance(chance, tuple) else (),
        errors,
    )


def _heats(found: Mapping[str, Result], kind: str) -> dict[str, Tensor]:
    heats = {method: found.get(name(kind, method)) for method in METHODS}
    return {method: heat for method, heat in heats.items() if isinstance(heat, Tensor)}
