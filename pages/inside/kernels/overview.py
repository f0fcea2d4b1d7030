"""All layers of a network that have kernels: kept for all visitors, and drawn as a strip.

Networks themselves are kept by `weights`. Here are their layers, small pictures and numbers, found
by plain values: a network's name, its options and where its weights come from. What comes back
from the strip (`network_strip.js`) is `at` {"layer"}. The element to wait for in a test:
`[data-strip-painted="<of>"]`.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from explorer.analysis.summary import measure
from explorer.base.cache import SizedCache
from explorer.base.language import _
from explorer.base.units import exact, times
from explorer.figures import maps, pictures
from explorer.ui import selection
from explorer.ui.boards import network_strip
from explorer.ui.inside.sum_words import number
from explorer.weights import Model
from pages.inside.kernels import figures
from pages.inside.kernels.figures import Floats, Layer, Statistics
from pages.inside.kernels.state import STATE

CELLS = 64  # of a small picture's side, in numbers


@dataclass(frozen=True, eq=False)
class Overview:
    """All layers of a network that have kernels, at a glance."""

    layers: tuple[Layer, ...]
    statistics: tuple[Statistics, ...]
    pictures: tuple[str, ...]  # a small one of each, as its address


_overviews: SizedCache[Overview] = SizedCache(
    20_000_000, lambda each: sum(len(png) + 800 for png in each.pictures)
)
_histograms: SizedCache[Floats] = SizedCache(2_000_000, lambda each: each.nbytes)


def overview(model: Model) -> Overview:
    """What there is to look at.

    Raises:
        ValueError: the weights cannot be had, or the network has no kernels at all.
    """
    return _overviews.get(model, lambda: _overview(model))


def _overview(model: Model) -> Overview:
    network = model.load()
    operations = [each.operation for each in measure(model.spec, model.size).layers]
    layers = figures.layers(network, operations)
    if not layers:
        raise ValueError(_("This network has no layer with kernels. Choose another one."))
    weights = [figures.weights(network, each) for each in layers]
    small = tuple(map(_picture, layers, weights))
    return Overview(layers, tuple(map(figures.statistics, weights)), small)


def _picture(layer: Layer, weights: Tensor) -> str:
    kind = layer.kinds[0]
    small = figures.small(weights, kind, CELLS)
    most = float(abs(small).max())
    return pictures.address(maps.thumbnail(small, 0.0 if kind == "norms" else -most, most))


def histogram(model: Model, layer: Layer, most: float) -> Floats:
    """How often which weights occur in a layer, from −most to most."""
    return _histograms.get(
        (model, layer.name, most),
        lambda: figures.histogram(figures.weights(model.load(), layer), most),
    )


# -- the strip --------------------------------------------------------------------------------


def show_strip(model: Model, layer: str) -> None:
    """A small picture of each layer, with one chosen."""
    network = overview(model)
    parts = zip(network.layers, network.statistics, network.pictures, strict=True)
    content = {
        "of": model.spelled,
        "stages": [_stage(*each) for each in parts],
        "labels": {
            "strip": _("The layers that have weights, from first to last; arrow keys choose"),
            "parts": "",
        },
    }
    network_strip.show(content, layer, key="kernels_strip", on_choice=partial(selection.go, STATE))


def _stage(layer: Layer, statistics: Statistics, picture: str) -> dict[str, Any]:
    words = _("{name} ({type}): {count} weights, {shape}; root mean square {size}")
    kernels, channels, height, width = layer.shape
    lone = height * width == 1
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
        "shape": times((kernels, channels))
        if lone
        else _("{n} of {size}").format(n=kernels, size=times(layer.shape[1:])),
        "png": picture,
        "silent": "",
        "parts": [{"name": layer.name, "label": layer.name, "title": ""}],
    }
