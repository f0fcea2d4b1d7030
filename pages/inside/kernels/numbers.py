"""How weights are spread in one layer, and how large they are in every one."""

from collections.abc import Sequence

import streamlit as st

from explorer.base.language import _
from explorer.base.units import exact
from explorer.ui.charts import show_chart
from explorer.ui.inside.sum_words import number
from pages.inside.kernels import charts, kept, take_along
from pages.inside.kernels.charts import Spread
from pages.inside.kernels.layer_view import Shown
from pages.inside.kernels.state import STATE


def show(layers: Sequence[Shown], titles: Sequence[str], place: int) -> None:
    """Both charts; the layer shown is number `place` of the network."""
    left, right = st.columns(2, gap="medium")
    with left:
        _spread(layers, titles)
    with right:
        _sizes(layers, titles, place)


def _spread(layers: Sequence[Shown], titles: Sequence[str]) -> None:
    most = max(each.statistics.farthest for each in layers)
    sides = [
        Spread(title, kept.histogram(each.model, each.layer, most), each.statistics)
        for each, title in zip(layers, titles, strict=True)
    ]
    st.markdown(_("**How the weights of {layer} are spread**").format(layer=layers[-1].layer.name))
    if most > 0:
        show_chart(charts.histogram(sides, most), "kernels_spread")
    st.caption("  \n".join(_told(side) for side in sides))


def _told(side: Spread) -> str:
    found = side.statistics
    words = _("{title}: {count} weights, mean {mean}, standard deviation {deviation}, from {least} "
              "to {most}")  # fmt: skip
    return words.format(
        title=side.title,
        count=exact(found.count),
        mean=number(found.mean),
        deviation=number(found.deviation),
        least=number(found.least),
        most=number(found.most),
    )


def _sizes(layers: Sequence[Shown], titles: Sequence[str], place: int) -> None:
    st.markdown(_("**How large weights are, layer by layer**"))
    measure = STATE.pick_one(
        "measure", _("How large"), {"size": _("root mean square"), "norm": _("norm")}
    )
    found = [kept.overview(each.model) for each in layers]
    sides = [(title, each.statistics) for title, each in zip(titles, found, strict=True)]
    figure = charts.sizes(found[-1].layers, sides, measure, place)
    show_chart(figure, "kernels_sizes")
    take_along.show_table(layers[-1].model)
