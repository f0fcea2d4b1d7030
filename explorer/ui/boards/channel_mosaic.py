"""A tile for each channel of a layer, to choose one (`channel_mosaic.js`).

The tiles come as one PNG, numbers for each channel by name; order and layout are the browser's
affair. What comes back is `at` {"channel"}. The element to wait for in a test:
`[data-mosaic-painted="<state> <channel>"]`.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.figures import pictures
from explorer.figures.maps import Mosaic
from explorer.ui import selection
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from explorer.ui.state import State

MOSAIC = Component(Path(__file__).with_suffix(".js"), "channel-mosaic")
Data = dict[str, Any]


def show(state: State, content: Data, *, key: str, channel: int, **more: object) -> None:
    """Draw what `content` made, with one channel chosen.

    The state's `sort` is their order: by "index" or one of the numbers.

    Of `more`, `classes` are the channels' names, where each stands for one.
    """
    MOSAIC(
        key=key,
        data={**content, "chosen": channel, "sort": state["sort"], **more},
        on_at_change=partial(
            component.follow_choice, key, "channel", int,
            lambda number: selection.go(state, channel=str(number)), of=content["of"],
        ),
    )  # fmt: skip


def content(
    of: str, drawn: Mosaic, by_channel: Mapping[str, Tensor], silent: Tensor, **more: object
) -> Data:
    """What the mosaic shows of the layer `of`; `silent` channels (C,) are struck through.

    `more` are its `labels`, a `note`, the name of the `file` to save; the `sizes` of a tile (the
    gap, the least and the most pixels of its longer side); its `titles`, its `legend`, if any, and
    `see_through`, if tiles are.
    """
    return {
        "of": of,
        "state": of,
        "png": pictures.address(drawn.png),
        "columns": drawn.columns,
        "tile": drawn.tile,
        "count": len(silent),
        "names": list(by_channel),
        "stats": pictures.numbers(torch.stack([*by_channel.values()])),
        "silent": silent.nonzero().flatten().tolist(),
        "titles": [],
        "legend": None,
        **more,
    }


def nbytes(data: Data) -> int:
    """Roughly what it takes to keep what `content` made."""
    return len(data["png"]) + len(data["stats"]) + 100 * len(data["titles"]) + 2000
