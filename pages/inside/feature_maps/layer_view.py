"""One layer's maps, for one picture or for two side by side, with their colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.analysis.operations import INPUT, Graph
from explorer.base.cache import SizedCache
from explorer.base.language import current
from explorer.figures import maps as figures
from explorer.figures.maps import Maps, Scale, Span
from explorer.inside import unit_arithmetic
from explorer.inside.activations import Recording, Statistics
from explorer.inside.unit_arithmetic import Sum
from explorer.ui.inside import recordings
from explorer.ui.inside.recordings import Subject
from pages.inside.feature_maps import map_mosaic
from pages.inside.feature_maps.map_mosaic import Data
from pages.inside.feature_maps.selection import Place

MOST_MOSAICS = 60_000_000  # bytes of all together
MOST_STATISTICS = 10_000_000
_mosaics: SizedCache[Data] = SizedCache(
    MOST_MOSAICS, lambda each: len(each["png"]) + len(each["stats"])
)
_statistics: SizedCache[Statistics] = SizedCache(
    MOST_STATISTICS, lambda each: 5 * each.mean.nbytes + 400
)


@dataclass(frozen=True, eq=False)
class Layer:
    """What one subject gives at one layer."""

    subject: Subject
    name: str
    recording: Recording
    maps: Maps
    found: Statistics

    @property
    def graph(self) -> Graph:
        """The network up to this layer: all that its units can see through."""
        given = self.recording
        places = {each.name: place for place, each in enumerate(given.operations, 1)}
        until = given.operations[: places.get(self.name, 0)]
        return Graph(tuple(given.picture.shape), until, None, "", (), {})

    @property
    def is_last(self) -> bool:
        """Whether these are the network's answers: one number for each class."""
        return self.name == self.recording.operations[-1].name and self.maps[0].size == 1

    @property
    def first(self) -> int:
        """The channel to begin with: of the network's answers the largest, else the liveliest.

        That is the one whose numbers vary most from place to place; of a vector, channel 0.
        """
        return int((self.maps if self.is_last else self.found.variance).argmax())

    def peak(self, channel: int) -> Place:
        """Row and column of the channel's number farthest from zero."""
        row, column = divmod(int(np.abs(self.maps[channel]).argmax()), self.maps.shape[2])
        return row, column

    @property
    def made_by(self) -> str:
        """The operation that made these numbers, before norms and activations."""
        if self.name == INPUT:
            return INPUT
        return recordings.chain(self.recording.operations, self.name)[0]

    def sums(self, channel: int, at: Place) -> list[Sum]:
        """The arithmetic of one number: what made it, this layer's part, what becomes of it."""
        if self.name == INPUT:
            return []
        names = recordings.chain(self.recording.operations, self.name)
        return [unit_arithmetic.pixel(self.recording, name, channel, *at) for name in names]


def layer(subject: Subject, name: str) -> Layer:
    """The layer `name` of a network that can take its picture.

    Raises:
        ValueError: there is no such layer.
    """
    recording = recordings.recorded(subject, name)
    found = _statistics.get((subject, name), lambda: recording.statistics(name))
    return Layer(subject, name, recording, recording.maps(name).numpy(), found)


def span(layers: Sequence[Layer], scale: Scale, signs: str) -> Span:
    """One range of colours for all of `layers`, the same layer on different sides."""
    lows = np.minimum.reduce([each.found.minimum.numpy() for each in layers])
    highs = np.maximum.reduce([each.found.maximum.numpy() for each in layers])
    overviews = [recordings.overview(each.subject) for each in layers]
    ends = min(each.span[0] for each in overviews), max(each.span[1] for each in overviews)
    signed = signs == "signed" or (signs == "auto" and float(lows.min()) < 0)
    return figures.span(lows, highs, scale, signed=signed, network=ends)


def mosaic(shown: Layer, among: Sequence[Layer], colours: Span, scale: Scale, signs: str) -> Data:
    """The mosaic of a layer in the range of colours of those that it stands `among`, kept."""
    subjects = tuple(each.subject for each in among)
    key = (shown.subject, subjects, shown.name, scale, signs, current())
    file = f"{shown.subject.model.spec.stem}-{shown.name}"
    return _mosaics.get(
        key,
        lambda: map_mosaic.content(
            shown.maps, shown.found, colours, scale, of=identity(shown), file=file
        ),
    )


def identity(shown: Layer) -> str:
    """A name for exactly what is on screen."""
    subject = shown.subject
    mode = " training" if subject.training else ""
    return f"{subject.model.spelled} {subject.digest[:8]} {shown.name}{mode}"
