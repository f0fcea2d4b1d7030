"""What is looked at: a network's layer, and the pictures that it is shown; and what was found.

Everything is found by plain values, so that visitors who ask the same share the work.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from explorer.analysis.summary import Layer, measure
from explorer.base.cache import SizedCache
from explorer.base.inputs import InputSize
from explorer.base.tasks import COMPUTING, Refused, SharedTasks, Steps, Task
from explorer.inside import feature_visualization
from explorer.inside.feature_visualization import (
    BEST,
    Ascent,
    Fields,
    Gallery,
    Settings,
    TopPictures,
)
from explorer.networks import NetworkSpec
from explorer.weights import Model
from pages.inside.feature_visualization.figures import Pixels

MOST_SEARCHES, MOST_ASCENTS, MOST_PICTURES = 60_000_000, 60_000_000, 60_000_000  # bytes
AT_ONCE = 4e9  # multiply-adds of one batch: about a fifth of a second of one core
MOST_BATCH = 64
MOST_ACTIVATIONS = 120_000_000  # bytes of one batch
PATIENCE = 2.0  # seconds that a page waits for a first result, while others are served,
LONGEST = 10.0  # and while it is worked on
CHEAP = 1e9  # multiply-adds of a pass: up to here an ascent begins by itself

T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """A layer of a network with its weights, and where pictures for it come from."""

    model: Model
    layer: str
    gallery: Gallery
    total: int  # pictures to go through

    @property
    def shape(self) -> InputSize:
        """(C, H, W) of its pictures."""
        return self.gallery.shape

    @property
    def of(self) -> str:
        """A name for exactly what is looked at."""
        return f"{self.model.spelled} {self.layer} {self.gallery.dataset}"

    @property
    def file(self) -> str:
        """Beginning of the names of files to keep."""
        return f"{self.model.spec.stem}-{self.layer}"

    @property
    def classes(self) -> tuple[str, ...]:
        """What the channels stand for: of a network that has learned classes the last ones'."""
        last = layers(self.model.spec, self.shape)[-1].operation.name
        fitting = len(self.model.classes) == self.model.spec.num_classes
        return self.model.classes if self.layer == last and fitting else ()

    @property
    def cheap(self) -> bool:
        """Whether a pass takes so little that nobody need be asked."""
        return measure(self.model.spec, self.shape).totals.macs <= CHEAP


_searches: SharedTasks[TopPictures] = SharedTasks(COMPUTING, MOST_SEARCHES)
_ascents: SharedTasks[Ascent] = SharedTasks(COMPUTING, MOST_ASCENTS)
_fields: SizedCache[Fields] = SizedCache(64_000_000, lambda _each: 500_000)
_pictures: SizedCache[Pixels] = SizedCache(MOST_PICTURES, lambda each: each.nbytes + 200)


def layers(spec: NetworkSpec, shape: InputSize) -> list[Layer]:
    """The operations that the picture has a part in, in running order."""
    ran = (each for each in measure(spec, shape).layers if each.status == "ok")
    operations = ((each, each.operation) for each in ran)
    return [each for each, ran in operations if ran.output_shape and ran.reads_picture]


def search(subject: Subject, *, go_on: bool = True) -> Task[TopPictures]:
    """The strongest pictures of all channels, as far as they have been found.

    Raises:
        Refused: the weights cannot be had, or are others by now; the network takes no such
            pictures.
    """
    numbers = 30 * BEST + 4 * len(subject.gallery.classes) + 8
    nbytes = map_shape(subject)[0] * numbers + 2000
    return _task(_searches, subject, partial(_search_steps, subject), nbytes, go_on=go_on)


def _task(
    tasks: SharedTasks[T], key: Hashable, steps: Steps[T], nbytes: int, *, go_on: bool
) -> Task[T]:
    """A task with a first result, unless others are served all the while."""
    task = tasks.find(key, nbytes)
    if task.latest is None or (go_on and not task.failed) or task.may_try_again:
        tasks.ask(key, steps)
        if task.latest is None and not task.wait(PATIENCE, first=True) and not task.waiting:
            task.wait(LONGEST, first=True)
    if task.failed:
        raise Refused(task.sentence)
    return task


def map_shape(subject: Subject) -> tuple[int, int, int]:
    """(C, H, W) of the layer's maps; of a vector (K, 1, 1), of tokens (D, L, 1)."""
    every = layers(subject.model.spec, subject.shape)
    layer = next(each for each in every if each.operation.name == subject.layer)
    if layer.map_shape:
        return layer.map_shape
    *places, channels = (layer.operation.output_shape or (1, 1))[1:]
    return channels, int(np.prod(places)), 1


def _search_steps(subject: Subject, task: Task[TopPictures]) -> Iterator[TopPictures]:
    totals = measure(subject.model.spec, subject.shape).totals
    in_memory = MOST_ACTIVATIONS // max(totals.activation_bytes, 1)
    batch = min(AT_ONCE // max(totals.macs, 1), in_memory, MOST_BATCH)
    for top in feature_visualization.strongest(
        subject.model.load(), subject.layer, subject.gallery, subject.total,
        batch=max(int(batch), 1), since=task.latest,
    ):  # fmt: skip
        task.tell(top.searched, top.total)
        yield top


def ascent(
    subject: Subject, channel: int, settings: Settings, *, go_on: bool = True
) -> Task[Ascent]:
    """The picture drawn for a channel, as far as it has come. The gallery has no part in it.

    Raises:
        Refused: as `feature_visualization.ascend`; the weights cannot be had, or are others by now.
    """
    key = _ascent_key(subject, channel, settings)
    steps = partial(_ascent_steps, subject, channel, settings)
    nbytes = 4 * int(np.prod(subject.shape)) + 40 * settings.steps + 2000
    return _task(_ascents, key, steps, nbytes, go_on=go_on)


def begun(subject: Subject, channel: int, settings: Settings) -> bool:
    """Whether there is something of that ascent."""
    task = _ascents.get(_ascent_key(subject, channel, settings))
    return task is not None and task.latest is not None


def _ascent_key(subject: Subject, channel: int, settings: Settings) -> Hashable:
    return subject.model, subject.layer, subject.shape, channel, settings


def _ascent_steps(
    subject: Subject, channel: int, settings: Settings, task: Task[Ascent]
) -> Iterator[Ascent]:
    for drawn in feature_visualization.ascend(
        subject.model.load(), subject.layer, channel, subject.shape, settings,
        normalisation=subject.gallery.normalisation, since=task.latest,
    ):  # fmt: skip
        task.tell(drawn.step, settings.steps)
        yield drawn


def fields(subject: Subject) -> Fields:
    """What the layer's units see."""
    spec, shape, name = subject.model.spec, subject.shape, subject.layer

    def make() -> Fields:
        operations = [each.operation for each in measure(spec, shape).layers]
        return Fields(operations, shape, name, map_shape(subject)[1:])

    return _fields.get((spec, shape, name), make)


def picture(subject: Subject, number: int) -> Pixels:
    """A picture of the gallery as the network gets it, (1 or 3, H, W)."""
    gallery = subject.gallery
    return _pictures.get((gallery, number), lambda: np.asarray(gallery.prepared(number).pixels))
