"""The layers and weights of networks, and what was worked out about them, kept for all visitors.

Networks themselves are kept by `weights`. Here are their layers, small pictures and numbers, found
by plain values: a network's name, its options and where its weights come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from explorer.analysis.summary import measure
from explorer.base.cache import SizedCache
from explorer.figures import maps, pictures
from explorer.weights import Model
from pages.inside.kernels import figures
from pages.inside.kernels.figures import Floats, Kind, Layer, Sheet, Statistics

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
_sheets: SizedCache[Sheet] = SizedCache(20_000_000, lambda each: each.values.nbytes)


def network(model: Model) -> nn.Module:
    """The network, only to be read.

    Raises:
        ValueError: its weights cannot be had, or are others by now.
    """
    return model.load()


def overview(model: Model) -> Overview:
    """What there is to look at.

    Raises:
        ValueError: the weights cannot be had, or the network has no kernels at all.
    """
    return _overviews.get(model, lambda: _overview(model))


def _overview(model: Model) -> Overview:
    loaded = network(model)
    measured = measure(model.spec, model.size)
    found = figures.layers(loaded, [each.operation for each in measured.layers])
    given = [figures.weights(loaded, each) for each in found]
    statistics = tuple(map(figures.statistics, given))
    return Overview(found, statistics, _pictures(found, given))


def _pictures(found: Sequence[Layer], given: Sequence[Tensor]) -> tuple[str, ...]:
    made = []
    for layer, each in zip(found, given, strict=True):
        kind = layer.kinds[0]
        small = figures.small(each, kind, CELLS)
        most = float(abs(small).max())
        png = maps.thumbnail(small, 0.0 if kind == "norms" else -most, most)
        made.append(pictures.address(png))
    return tuple(made)


def histogram(model: Model, layer: Layer, most: float) -> Floats:
    """How often which weights occur in a layer, from −most to most."""
    return _histograms.get(
        (model, layer.name, most),
        lambda: figures.histogram(figures.weights(network(model), layer), most),
    )


def sheet(model: Model, layer: Layer, given: Tensor, kind: Kind) -> Sheet:
    """All kernels (K, C, h, w) of a layer; what takes computing is kept, so that a click need not.

    What shows the weights themselves is made anew: kept, it would keep their network.
    """
    if figures.computed(given, kind):
        return _sheets.get((model, layer.name, kind), lambda: figures.sheet(given, kind))
    return figures.sheet(given, kind)
