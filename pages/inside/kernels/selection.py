"""Which layer and which of its kernels are looked at: by clicks, and in the address.

A kernel is named by the channel that it makes, as the page on feature maps does; the page says
"kernel 1" of the first.
"""

from collections.abc import Sequence

from explorer.ui import selection
from pages.inside.kernels.state import STATE


def arrive() -> None:
    """Take what the address says, where it wins."""
    selection.arrive(STATE, "layer", "channel")


def go(layer: str | None = None, kernel: int | None = None) -> None:
    """Choose; what is None stays, but another layer begins at its first kernel."""
    if layer is not None and layer != selection.said(STATE, "layer"):
        STATE["layer"], STATE["channel"] = layer, ""
    if kernel is not None:
        STATE["channel"] = str(kernel)


def layer(names: Sequence[str]) -> int:
    """The place in `names` of the layer that was chosen; of a block, its first; else 0."""
    return names.index(selection.layer(STATE, names, names[0], of_block=0))


def kernel(count: int) -> int:
    """The kernel that was chosen, if there is such, else the first."""
    return selection.index(STATE, "channel", count)
