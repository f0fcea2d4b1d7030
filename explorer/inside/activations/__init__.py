"""A network and a picture → what every operation gave, in one forward pass.

The operations have the names that the layer table gives them (`graph.record`). A visitor's pass
runs on a copy of the network that shares its weights and nothing else, so that hooks and the
choice of training or evaluation mode belong to this one pass.
"""

from collections.abc import Collection

from torch import Tensor, nn

from explorer.inside.activations.keeper import Chosen, Everything, Keeper, run
from explorer.inside.activations.own_copy import own_copy
from explorer.inside.activations.records import Recording, Statistics, Step, statistics, unknown
from explorer.inside.activations.thumbnails import Thumbnails, small, stages, thumbnails

MOST_BYTES = 1_000_000_000  # what one recording may keep


def record(
    network: nn.Module,
    picture: Tensor,
    nodes: Collection[str] | None = None,
    *,
    training: bool = False,
    most_bytes: int = MOST_BYTES,
) -> Recording:
    """Run `network` on `picture` (N, C, H, W) and keep what the operations `nodes` read and gave.

    Without `nodes` everything is kept. `network` and `picture` may be shared by all visitors: they
    are only read.
    In `training` batch norm takes the statistics of this picture and dropout drops.

    Raises:
        ValueError: the network cannot take the picture, there is no such operation, or more than
            `most_bytes` would have to be kept.
    """
    own, own_picture = own_copy(network, training=training, hooks=False), picture.clone()
    keeper: Keeper = (
        Everything(own, own_picture, most_bytes)
        if nodes is None
        else Chosen(own, own_picture, nodes, most_bytes)
    )
    output = run(keeper, own_picture)
    names = {operation.name for operation in keeper.operations}
    for name in nodes or ():
        if name not in names:
            raise unknown(name, keeper.operations)
    return Recording(picture, output, training, keeper.recorded)
