"""What networks gave for pictures, kept for all visitors of this process, in bounded memory.

Everything is found by plain values: a network's name, its options and weights, the digest of the
picture that it got. Two visitors who look at the same share the numbers; nobody else finds them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from explorer.analysis.operations import INPUT, Operation
from explorer.analysis.summary import Summary, measure
from explorer.base import compute_slots
from explorer.base.cache import SizedCache
from explorer.base.inputs import InputSize
from explorer.base.units import times
from explorer.data.pictures import Picture, prepare
from explorer.figures.maps import photograph
from explorer.inside import activations
from explorer.inside.activations import Recording, Thumbnails
from explorer.inside.unit_arithmetic import RULES, points
from explorer.ui import picture_picker
from explorer.ui.model_picker.weight_sources import epoch_title
from explorer.weights import Model

MOST_KEPT = 1_500_000_000  # bytes of all recordings together, with the weights that they hold
MOST_WHOLE = 400_000_000  # of one: a larger network's layers are recorded one by one
MOST_OVERVIEWS = 30_000_000
FEW = 20  # networks of so few operations show every one in their strip
MOST_AFTER = 4
# What works number by number.
IN_PLACE = {name for name, rule in RULES.items() if rule in (points.activation, points.batch_norm)}


@dataclass(frozen=True)
class Subject:
    """A network with its weights, and the picture that it is given."""

    model: Model
    digest: str  # of `picture`
    training: bool  # batch norm and dropout as in training
    picture: Tensor = field(compare=False, repr=False)  # (N, C, H, W); the first is looked at
    png: bytes = field(default=b"", compare=False, repr=False)  # the same, to be seen
    title: str = field(default="", compare=False)  # what tells it from another beside it

    @classmethod
    def of(cls, model: Model, picture: Picture, fit: str, *batch: Picture) -> "Subject":
        """A picture made to fit as `fit` says; with the rest of a `batch` in training mode."""
        prepared = [
            prepare(each, model.size, fit, model.normalisation) for each in (picture, *batch)
        ]
        return cls(
            model,
            f"{picture.key} {fit} {times(model.size)} {model.normalisation}",
            bool(batch),
            torch.cat([each.tensor for each in prepared]),
            photograph(prepared[0].pixels.numpy()),
            f"{picture_picker.title(picture)} · {epoch_title(model.source)}",
        )


@dataclass(frozen=True, eq=False)
class Overview:
    """A whole network at a glance."""

    operations: tuple[Operation, ...]  # those that the picture has a part in
    stages: Mapping[str, Thumbnails]  # "input", then some of them, in running order
    span: tuple[float, float]  # the least and the largest number of all operations

    @property
    def nbytes(self) -> int:
        """Roughly what it takes to keep it."""
        return sum(stage.maps.nbytes for stage in self.stages.values()) + 600 * len(self.operations)


_recordings: SizedCache[Recording] = SizedCache(MOST_KEPT, lambda each: each.memory)
_overviews: SizedCache[Overview] = SizedCache(MOST_OVERVIEWS, lambda each: each.nbytes)


def recorded(subject: Subject, layer: str) -> Recording:
    """A recording in which `layer` is kept, and what belongs to its arithmetic (see `chain`).

    Raises:
        ValueError: the network cannot take the picture, or has no such layer; its weights have
            been deleted meanwhile.
    """
    if _fits(subject):
        return _recordings.get((subject, ""), lambda: _record(subject, None))
    nodes = [] if layer == INPUT else chain(_operations(subject), layer)
    return _recordings.get((subject, layer), lambda: _record(subject, nodes))


def chain(operations: Sequence[Operation], name: str) -> list[str]:
    """`name`, and norms and activations around it that change its numbers, each in its place.

    It begins with what made the numbers (a convolution, say) and ends where several operations
    read them, or where they meet others.
    """
    by_name = {each.name: each for each in operations}
    names = [name]
    while by_name[names[0]].type in IN_PLACE and by_name[names[0]].inputs[0] in by_name:
        names.insert(0, by_name[names[0]].inputs[0])
    for _step in range(MOST_AFTER):
        readers = [each for each in operations if names[-1] in each.inputs]
        if len(readers) != 1 or readers[0].type not in IN_PLACE:
            break
        names.append(readers[0].name)
    return names


def summary(subject: Subject) -> Summary:
    """What the network is made of, for its picture."""
    return measure(subject.model.spec, InputSize(*subject.picture.shape[1:]))


def _fits(subject: Subject) -> bool:
    """Whether all that the network gives can be kept at once."""
    return summary(subject).totals.activation_bytes * len(subject.picture) <= MOST_WHOLE


def _operations(subject: Subject) -> list[Operation]:
    return [layer.operation for layer in summary(subject).layers if layer.status == "ok"]


def _record(subject: Subject, nodes: list[str] | None) -> Recording:
    network = subject.model.load()
    with compute_slots.turn(None):
        return activations.record(network, subject.picture, nodes, training=subject.training)


def overview(subject: Subject) -> Overview:
    """The network at a glance.

    Raises:
        ValueError: the network cannot take the picture, or its weights have been deleted meanwhile.
    """
    return _overviews.get(subject, lambda: _overview(subject))


def _overview(subject: Subject) -> Overview:
    operations = tuple(
        each for each in _operations(subject) if each.reads_picture and each.output_shape
    )
    few = len(operations) <= FEW
    names = [each.name for each in operations] if few else activations.stages(operations)
    if _fits(subject):
        recording = recorded(subject, "")
        small = {name: activations.small(recording.maps(name)) for name in (INPUT, *names)}
        ends = [torch.aminmax(recording.values(each.name)[0]) for each in operations]
        span = float(min(each.min for each in ends)), float(max(each.max for each in ends))
        return Overview(operations, small, span)
    network = subject.model.load()
    with compute_slots.turn(None):
        every = activations.thumbnails(network, subject.picture, training=subject.training)
    pictures = [every[each.name] for each in operations]
    return Overview(
        operations,
        {name: every[name] for name in (INPUT, *names)},
        (min(each.low for each in pictures), max(each.high for each in pictures)),
    )
