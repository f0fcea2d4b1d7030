"""A whole network at a glance: small pictures of every operation's first maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn

from explorer.analysis import receptive_field
from explorer.analysis.operations import INPUT, Operation
from explorer.analysis.receptive_field import Axis, Field
from explorer.inside.activations.keeper import Chosen, run
from explorer.inside.activations.own_copy import own_copy
from explorer.inside.activations.records import layout

CHANNELS, SIDE = 16, 32  # as many maps of one operation, so many numbers of a side


@dataclass(frozen=True, eq=False)
class Thumbnails:
    """An operation's maps, small: enough for a strip over the whole network."""

    shape: tuple[int, int, int]  # (C, H, W) of one picture
    maps: Tensor  # the first channels, (k, h, w); of a vector its first numbers, (k, 1, 1)
    low: float  # of all channels
    high: float
    dead: int  # channels that are 0 at every place


def thumbnails(
    network: nn.Module,
    picture: Tensor,
    *,
    training: bool = False,
) -> dict[str, Thumbnails]:
    """The small maps of "input" and of every operation; of a batch, those of the first picture.

    Each tensor is let go as soon as the network needs it no more, so that this takes little memory
    for the largest networks too.

    Raises:
        ValueError: the network cannot take the picture.
    """
    pictures: dict[str, Thumbnails] = {}
    pixel = Axis(0, 1, 1)
    fields: dict[str, Field | None] = {INPUT: Field((2, 3), pixel, pixel)}

    def look(operation: Operation, output: Tensor) -> None:
        field = receptive_field.field_after(operation, fields, gates=False)
        fields[operation.name] = field
        maps = layout(tuple(output.shape), field.dims if field else None).maps(output[0])
        pictures[operation.name] = small(maps)

    own, own_picture = own_copy(network, training=training, hooks=False), picture.clone()
    run(Chosen(own, own_picture, nodes=(), most_bytes=0, look=look), own_picture)
    return {INPUT: small(picture[0]), **pictures}


def small(maps: Tensor) -> Thumbnails:
    """The first `CHANNELS` of an operation's maps (C, H, W), averaged down to `SIDE` × `SIDE`."""
    low, high = torch.aminmax(maps.flatten(1), dim=1)
    count, height, width = maps.shape
    first = maps[:CHANNELS]
    if max(height, width) > SIDE:
        first = nn.functional.adaptive_avg_pool2d(first, (min(height, SIDE), min(width, SIDE)))
    return Thumbnails(
        shape=(count, height, width),
        maps=first.clone(),  # a view would keep all channels alive
        low=float(low.min()),
        high=float(high.max()),
        dead=int(((low == 0) & (high == 0)).sum()),
    )


def stages(operations: Sequence[Operation], enough: int = 9, most: int = 20) -> tuple[str, ...]:
    """The operations that a strip over the whole network shows, in running order.

    Neighbours in one block, or of one shape outside of blocks, are shown by their last. Blocks
    inside blocks are opened until there are `enough`; where there would be more than `most`,
    neighbouring blocks of one shape are shown by their last too.
    """
    ran = [each for each in operations if each.reads_picture and each.output_shape is not None]
    ends = _ends(ran, 1)
    for depth in range(2, max((len(each.path) for each in ran), default=0) + 2):
        if len(ends) >= enough:
            break
        finer = _ends(ran, depth)
        if len(finer) > most:
            alike = groupby(finer, lambda each: each.output_shape)
            finer = [list(run)[-1] for _shape, run in alike]
        if not len(ends) <= len(finer) <= most:
            break
        ends = finer
    return tuple(each.name for each in ends)


def _ends(operations: Sequence[Operation], depth: int) -> list[Operation]:
    def together(operation: Operation) -> object:
        inside = len(operation.path) >= depth
        return operation.path[:depth], None if inside else operation.output_shape

    return [list(run)[-1] for _key, run in groupby(operations, together)]
