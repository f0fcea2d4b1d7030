"""How weights are spread in one layer, and how large they are in every one."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from explorer.base.language import _
from explorer.base.units import exact
from explorer.figures.charts import (
    BLUE,
    VERMILION,
    Settings,
    axis,
    frame,
    layer_axis,
    line,
)
from explorer.ui.charts import show_chart
from explorer.ui.inside.sum_words import number
from explorer.ui.model_picker.weight_sources import epoch_title
from explorer.weights import Model
from pages.inside.kernels import layer_view
from pages.inside.kernels.figures import BINS, Floats, Layer, Statistics
from pages.inside.kernels.overview import histogram, overview
from pages.inside.kernels.state import STATE

# The last side is the one that was picked, the first stands beside it.
STYLES = ((BLUE, "dash", "diamond"), (VERMILION, "solid", "circle"))


@dataclass(frozen=True, eq=False)
class Spread:
    """How often which weights occur: `counts` (BINS,) in equal bins from −most to most."""

    title: str
    counts: Floats
    statistics: Statistics

    def __str__(self) -> str:
        words = _("{title}: {count} weights, mean {mean}, standard deviation {deviation}, from "
                  "{least} to {most}")  # fmt: skip
        names = ("mean", "deviation", "least", "most")
        values = {name: number(getattr(self.statistics, name)) for name in names}
        return words.format(title=self.title, count=exact(self.statistics.count), **values)


def show(models: Sequence[Model], place: int) -> None:
    """Both charts; the layer shown is number `place` of each network."""
    networks = [overview(model) for model in models]
    layers, titles = networks[-1].layers, [epoch_title(model.source) for model in models]
    left, right = st.columns(2, gap="medium")
    with left:
        most = max(each.statistics[place].farthest for each in networks)
        sides = [
            Spread(title, histogram(model, layers[place], most), network.statistics[place])
            for title, model, network in zip(titles, models, networks, strict=True)
        ]
        words = _("**How the weights of {layer} are spread**")
        st.markdown(words.format(layer=layers[place].name))
        if most > 0:
            show_chart(spread(sides, most), "kernels_spread")
        st.caption("  \n".join(map(str, sides)))
    with right:
        st.markdown(_("**How large weights are, layer by layer**"))
        measure = STATE.pick_one("measure", _("How large"))
        lines = [(title, each.statistics) for title, each in zip(titles, networks, strict=True)]
        show_chart(sizes(layers, lines, measure, place), "kernels_sizes")
        layer_view.save_table(models[-1])


def spread(sides: Sequence[Spread], most: float) -> go.Figure:
    """The share of weights in each bin, one line for each side."""
    width = 2 * most / BINS
    middles = [(place - BINS // 2) * width for place in range(BINS)]
    figure = _frame(axis(_("weight")), axis(_("share of the layer's weights (%)")))
    for side, (color, dash, _symbol) in zip(sides, STYLES[-len(sides) :], strict=True):
        figure.add_scatter(
            x=middles,
            y=100 * side.counts / side.statistics.count,
            customdata=[exact(int(each)) for each in side.counts],
            name=side.title,
            line={"color": color, "dash": dash, "shape": "hvh", "width": 2},
            fill="tozeroy" if dash == "solid" else None,
            hovertemplate=_("%{{x:.3g}} ± {half}: %{{y:.2f}} % (%{{customdata}})").format(
                half=f"{width / 2:.2g}"
            ),
        )
    return figure


def sizes(
    layers: Sequence[Layer],
    sides: Sequence[tuple[str, Sequence[Statistics]]],
    measure: str,
    at: int,
) -> go.Figure:
    """One point for each layer; `measure` is "size" or "norm", layer number `at` is marked."""
    names = [layer.name for layer in layers]
    words = {"size": _("root mean square of the weights"), "norm": _("norm of all weights")}
    x = layer_axis(_("layer, from first to last"), len(names), level=8)
    figure = _frame(x, axis(words[measure], rangemode="tozero"))
    sized = [13 if place == at else 7 for place in range(len(names))]
    for (title, statistics), style in zip(sides, STYLES[-len(sides) :], strict=True):
        values = [getattr(each, measure) for each in statistics]
        figure.add_trace(
            line(title, names, values, style, width=1.5, size=sized, hovertemplate="%{x}: %{y:.4g}")
        )
    return figure


def _frame(x: Settings, y: Settings) -> go.Figure:
    more = {"showlegend": True, "hoverlabel": {"align": "left"}}
    return frame(320, x, y, legend={}, **more)
