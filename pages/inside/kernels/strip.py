"""Every layer that has kernels as a strip of small pictures (`network_strip.js`).

What comes back is `at` {"layer"}. The element to wait for in a test:
`[data-strip-painted="<of>"]`.
"""

from functools import partial
from typing import Any

from explorer.base.language import _
from explorer.base.units import exact, times
from explorer.ui.boards import component
from explorer.ui.boards.network_strip import STRIP
from explorer.ui.inside.sum_words import number
from pages.inside.kernels import selection
from pages.inside.kernels.figures import Layer, Statistics
from pages.inside.kernels.kept import Overview

KEY = "kernels_strip"


def show(overview: Overview, chosen: str, of: str) -> None:
    """Draw the strip, with one layer chosen; `of` names the network and its weights."""
    parts = zip(overview.layers, overview.statistics, overview.pictures, strict=True)
    STRIP(
        key=KEY,
        data={
            "of": of,
            "chosen": chosen,
            "stages": [_stage(*each) for each in parts],
            "labels": {
                "strip": _("The layers that have weights, from first to last; arrow keys choose"),
                "parts": "",
            },
        },
        on_at_change=partial(component.chosen, KEY, "layer", str, selection.go),
    )


def _stage(layer: Layer, statistics: Statistics, picture: str) -> dict[str, Any]:
    words = _("{name} ({type}): {count} weights, {shape}; root mean square {size}")
    return {
        "name": layer.name,
        "label": layer.name,
        "title": words.format(
            name=layer.name,
            type=layer.type,
            count=exact(layer.count),
            shape=times(layer.shape),
            size=number(statistics.size),
        ),
        "shape": shape(layer),
        "png": picture,
        "silent": "",
        "parts": [{"name": layer.name, "label": layer.name, "title": ""}],
    }


def shape(layer: Layer) -> str:
    """As short as it can be told: "16·6·5·5"."""
    kernels, channels, height, width = layer.shape
    if height * width == 1:
        return times((kernels, channels))
    return "·".join(map(str, (kernels, channels, height, width)))
