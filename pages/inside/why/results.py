"""What the page "Why this class?" computes: heat maps, curves that check them, and a control."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import Tensor

from explorer.base.cache import SizedCache
from explorer.inside import attribution
from explorer.inside.attribution import METHODS, STEPS, Deletion, Guess, Progress
from explorer.ui.inside.recordings import Subject
from pages.inside.why import computation
from pages.inside.why.computation import Piece, Result, Work

ORDERS = 5  # of chance
CHANCE = "chance"
FEW = 0.05  # of probability: there is little to lose
MOST_ANSWERS = 20_000_000  # bytes
BYTES = 120  # of a guess, roughly

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
    return _answers.get(subject, lambda: attribution.top(subject.load(), subject.picture, count))


def identity(subject: Subject) -> tuple[Hashable, ...]:
    """What results are kept by: the subject, with its picture's digest and not its numbers."""
    return subject.known, subject.digest


# -- the pieces -------------------------------------------------------------------------------


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
    return METHODS[method].explain(question.subject.load(), picture, question.target, **options)


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
    order = computation.result(heat, tell)
    assert isinstance(order, Tensor)
    subject, target = question.subject, question.target
    empty = _empty(question)
    return attribution.deletion(
        subject.load(), subject.picture, target, order, baseline=empty, progress=tell
    )


def _chance(question: Question) -> Piece:
    subject, target = question.subject, question.target
    return Piece(
        CHANCE,
        (CHANCE, identity(subject), target, question.settings.baseline),
        ORDERS * (STEPS + 1),
        lambda tell: attribution.by_chance(
            subject.load(),
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


def explained(work: Work) -> Explained:
    """The results so far."""
    found = dict(work.found)  # the work goes on
    curves = {each: found.get(name("deletion", each)) for each in METHODS}
    chance = found.get(CHANCE, ())
    return Explained(
        _heats(found, "map"),
        _heats(found, "control"),
        {method: curve[0] for method, curve in curves.items() if isinstance(curve, tuple)},
        chance if isinstance(chance, tuple) else (),
        dict(work.errors),
    )


def _heats(found: Mapping[str, Result], kind: str) -> dict[str, Tensor]:
    heats = {method: found.get(name(kind, method)) for method in METHODS}
    return {method: heat for method, heat in heats.items() if isinstance(heat, Tensor)}
