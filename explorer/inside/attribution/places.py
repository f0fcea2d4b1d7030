"""Where Grad-CAM can look: convolutions, and whole blocks that end in maps."""

from collections.abc import Iterator, Sequence

from explorer.analysis.summary import Block, Layer, Summary

MapShape = tuple[int, int, int]

# What a block may end with, so that its output is surely (N, C, H, W).
_ENDS = frozenset(
    "Conv2d BatchNorm2d ReLU relu ReLU6 SiLU Hardswish add cat MaxPool2d AvgPool2d".split()
)
_MERGES = frozenset({"add", "cat"})


def places(summary: Summary) -> dict[str, MapShape]:
    """Name → (C, H, W), the last first, but before all of them the one to begin with.

    That is the last convolution; where its maps are only a part of what goes on (they are added
    to, or stacked with, others), the largest block around it. Empty without any convolution.
    """
    convolutions = [each for each in summary.layers if _convolves(each) and each.map_shape]
    if not convolutions:
        return {}
    blocks = list(_blocks(summary.tree))
    last = convolutions[-1]
    around = [block.name for block in blocks if _merges(block, last)]
    ends = {block.name: _end(block) for block in blocks}
    ends |= {layer.operation.name: layer for layer in convolutions}
    order = {layer.operation.name: place for place, layer in enumerate(summary.layers)}
    listed = sorted(ends, key=lambda name: -order[ends[name].operation.name])
    first = (around or [last.operation.name])[0]
    shapes = {name: ends[name].map_shape for name in (first, *listed)}
    return {name: shape for name, shape in shapes.items() if shape}


def _convolves(layer: Layer) -> bool:
    return layer.operation.type == "Conv2d" and layer.status == "ok"


def _end(block: Block) -> Layer:
    """The last operation of a block."""
    return list(block.leaves())[-1]


def _blocks(parts: Sequence[Block | Layer]) -> Iterator[Block]:
    """Every block that has a convolution and ends in maps, the outer before the inner."""
    for part in parts:
        if isinstance(part, Block):
            end = _end(part)
            maps = end.map_shape and end.status == "ok" and end.operation.type in _ENDS
            if maps and any(map(_convolves, part.leaves())):
                yield part
            yield from _blocks(part.parts)


def _merges(block: Block, convolution: Layer) -> bool:
    """Whether this block merges what `convolution` gives with something else."""
    leaves = list(block.leaves())
    after = leaves[leaves.index(convolution) + 1 :] if convolution in leaves else []
    return any(leaf.operation.type in _MERGES for leaf in after)
