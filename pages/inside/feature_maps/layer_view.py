"""One layer's maps, for one picture or for two side by side, and their range of colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.analysis.operations import INPUT, Graph
from explorer.base.cache import SizedCache
from explorer.figures import maps as figures
from explorer.figures.maps import Maps, Scale, Span
from explorer.inside import unit_arithmetic
from explorer.inside.activations import Recording, Statistics
from explorer.inside.unit_arithmetic import Sum
from explorer.ui.inside import recordings
from explorer.ui.inside.recordings import Subject

Position = tuple[int, int]  # row and column of a unit
_statistics: SizedCache[Statistics] = SizedCache(
    10_000_000, lambda each: 5 * each.mean.nbytes + 400
)


@dataclass(frozen=True, eq=False)
class Layer:
    """What one subject gives at one layer."""

    subject: Subject
    name: str
    recording: Recording
    maps: Maps
    statistics: Statistics

    @property
    def of(self) -> str:
        """A name for exactly what is on screen."""
        subject = self.subject
        mode = " training" if subject.training else ""
        return f"{subject.model.spelled} {subject.digest[:8]} {self.name}{mode}"

    @property
    def file(self) -> str:
        """Beginning of the names of files to keep."""
        return f"{self.subject.model.spec.stem}-{self.name}"

    @property
    def graph(self) -> Graph:
        """The network up to this layer: all that its units can see through."""
        operations = self.recording.operations
        places = {each.name: place for place, each in enumerate(operations, 1)}
        until = operations[: places.get(self.name, 0)]
        return Graph(tuple(self.recording.picture.shape), until, None, "", (), {})

    @property
    def is_last(self) -> bool:
        """Whether these are the network's answers: one number for each class."""
        return self.name == self.recording.operations[-1].name and self.maps[0].size == 1

    @property
    def classes(self) -> tuple[str, ...]:
        """What the answers stand for, if the network has learned to tell them apart; else none."""
        model = self.subject.model
        fitting = len(model.classes) == model.spec.num_classes
        return model.classes if self.is_last and fitting else ()

    @property
    def first(self) -> int:
        """The channel to begin with: of the network's answers the largest, else the liveliest.

        That is the one whose numbers vary most from place to place; of a vector, channel 0.
        """
        return int((self.maps if self.is_last else self.statistics.variance).argmax())

    def peak(self, channel: int) -> Position:
        """Row and column of the channel's number farthest from zero."""
        row, column = divmod(int(np.abs(self.maps[channel]).argmax()), self.maps.shape[2])
        return row, column

    @property
    def chain(self) -> list[str]:
        """What made these numbers, this layer, and what becomes of them; nothing of the input."""
        if self.name == INPUT:
            return []
        return recordings.chain(self.recording.operations, self.name)

    def sums(self, channel: int, at: Position) -> list[Sum]:
        """The arithmetic of one number: that of each operation of the chain."""
        return [unit_arithmetic.pixel(self.recording, name, channel, *at) for name in self.chain]


def layer(subject: Subject, name: str) -> Layer:
    """The layer `name` of a network that can take its picture.

    Raises:
        ValueError: there is no such layer.
    """
    recording = recordings.recorded(subject, name)
    statistics = _statistics.get((subject, name), lambda: recording.statistics(name))
    return Layer(subject, name, recording, recording.maps(name).numpy(), statistics)


def span(layers: Sequence[Layer], scale: Scale, signs: str) -> Span:
    """One range of colours for all of `layers`, the same layer on different sides."""
    lows = np.minimum.reduce([each.statistics.minimum.numpy() for each in layers])
    highs = np.maximum.reduce([each.statistics.maximum.numpy() for each in layers])
    overviews = [recordings.overview(each.subject) for each in layers]
    ends = min(each.span[0] for each in overviews), max(each.span[1] for each in overviews)
    signed = signs == "signed" or (signs == "auto" and float(lows.min()) < 0)
    return figures.span(lows, highs, scale, signed=signed, network=ends)
