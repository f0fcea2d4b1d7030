"""One layer's kernels on one side or on two, in one range of colours, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from explorer.base.language import _, ngettext
from explorer.base.units import exact, times
from explorer.ui.inside.sum_words import number
from explorer.weights import Model
from pages.inside.kernels import figures, kept
from pages.inside.kernels.figures import Kind, Layer, Sheet, Statistics


@dataclass(frozen=True, eq=False)
class Shown:
    """A layer on one side, without its weights: a visitor's session keeps it for its next run."""

    model: Model
    layer: Layer
    statistics: Statistics
    farthest: tuple[float, float]  # the largest weight and the largest norm of the whole network

    @property
    def of(self) -> str:
        """A name for exactly these weights."""
        return f"{self.model.spelled} {self.layer.name}"

    @property
    def file(self) -> str:
        """Beginning of the names of files to keep."""
        parts = (self.model.spec.name, self.layer.name)
        return "-".join(part.replace("/", "-") for part in parts)

    def load(self) -> "Loaded":
        """Its weights.

        Raises:
            ValueError: they cannot be had, or are others by now.
        """
        network = kept.network(self.model)
        return Loaded(self, figures.weights(network, self.layer), figures.bias(network, self.layer))


@dataclass(frozen=True, eq=False)
class Loaded:
    """A layer with its weights, in hand during one run of the page.

    Nothing that outlives the run may hold it, neither a fragment's arguments nor a file to keep:
    it keeps numbers alive that the cache of all networks has let go.
    """

    shown: Shown
    weights: Tensor  # (K, C, h, w), only to be read
    bias: Tensor | None  # (K,), if it has any


def shown(model: Model, place: int) -> Shown:
    """The layer at a place of the strip."""
    found = kept.overview(model)
    statistics = found.statistics
    ends = max(each.farthest for each in statistics), max(each.slice_norm for each in statistics)
    return Shown(model, found.layers[place], statistics[place], ends)


def most(sides: Sequence[Shown], kind: Kind, scale: str) -> float:
    """The number at the end of the colours, the same on all sides."""
    norms = kind == "norms"
    if scale == "network":
        return max(side.farthest[1 if norms else 0] for side in sides)
    found = [side.statistics for side in sides]
    return max(each.slice_norm if norms else each.farthest for each in found)


def order(given: Loaded, sheet: Sheet, sort: str) -> list[int]:
    """The order of kernels on a sheet: by number, or the largest norm first."""
    count = len(sheet.values)
    if sort == "index" or sheet.rows * sheet.columns > 1:
        return list(range(count))
    norms = given.weights.flatten(1).norm(dim=1).numpy()
    found: list[int] = np.argsort(-norms, kind="stable").tolist()
    return found


def one(given: Loaded, kernel: int, kind: Kind) -> Sheet:
    """A single kernel, each of its slices by itself, or in colour."""
    return Sheet("rgb" if kind == "rgb" else "kernels", given.weights[kernel][None].numpy())


# -- words ------------------------------------------------------------------------------------


def headline(given: Shown) -> str:
    """What kernels the layer has."""
    layer = given.layer
    count, channels, height, width = layer.shape
    if layer.on_map:
        words = _("{layer}: {count} rows of weights, each as {channels} maps of {size}, as it "
                  "receives them")  # fmt: skip
    elif height * width == 1:
        words = _("{layer}: each of {count} outputs mixes {channels} inputs")
    else:
        words = ngettext(
            "{layer}: {count} kernels of one slice, {size}",
            "{layer}: {count} kernels, each of {channels} slices of {size}",
            channels,
        )
    return words.format(
        layer=layer.name, count=exact(count), channels=exact(channels), size=times((height, width))
    )


def kernel_title(given: Loaded, kernel: int) -> str:
    """Which kernel this is, and its norm and bias."""
    layer = given.shown.layer
    head = (
        _("{layer}, output {n} of {count}") if layer.linear else _("{layer}, kernel {n} of {count}")
    )
    words = [head.format(layer=layer.name, n=exact(kernel + 1), count=exact(layer.shape[0]))]
    if layer.groups > 1:
        words.append(_reads(layer, kernel))
    norm = float(given.weights[kernel].norm())
    words.append(_("norm {norm}").format(norm=number(norm)))
    if given.bias is not None:
        words.append(_("bias {bias}").format(bias=number(float(given.bias[kernel]))))
    return " · ".join(words)


def _reads(layer: Layer, kernel: int) -> str:
    read = layer.reads(kernel)
    if len(read) == 1:
        return _("reads channel {n} alone").format(n=exact(read.start + 1))
    return _("reads channels {first} to {last}").format(
        first=exact(read.start + 1), last=exact(read.stop)
    )


def note(given: Shown, sheet: Sheet) -> str:
    """What has to be known to read a sheet."""
    layer = given.layer
    if sheet.rows * sheet.columns > 1:
        words = _("Too large for a screen: each point stands for {rows} kernels × {columns} "
                  "channels, by its number farthest from zero.")  # fmt: skip
        return words.format(rows=sheet.rows, columns=sheet.columns)
    if sheet.kind == "norms":
        told = _(
            "Rows: kernels. Columns: the channels they read. A point is the norm of one slice."
        )
        if "kernels" not in layer.kinds:
            told += " " + _("{n} weights are too many to show one by one: choose a row.").format(
                n=exact(layer.count)
            )
        return told
    if sheet.kind == "matrix":
        return _("Rows: outputs. Columns: the inputs that they mix.")
    if sheet.kind == "rgb":
        return _("A kernel in the colours that it answers to; grey is 0.")
    return ""
