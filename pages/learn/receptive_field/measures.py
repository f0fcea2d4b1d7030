"""The receptive field measured: what counts in it, what it costs, and in real networks."""

from typing import Any, Literal

import streamlit as st

from explorer.analysis.summary import Summary, measure
from explorer.base.language import _
from explorer.base.units import exact, percent
from explorer.lessons import field_stack
from explorer.lessons.field_stack import Effective, Level
from explorer.networks import NetworkSpec
from explorer.ui import lesson
from explorer.ui.charts import show_chart
from explorer.ui.entries import entry
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.receptive_field import charts
from pages.learn.receptive_field.field_board import layers_of
from pages.learn.receptive_field.parts import MOST_SIDE, SIDE, STACK
from pages.learn.receptive_field.state import STATE


@st.cache_resource(max_entries=64, show_spinner=False)
def _effective(text: str, side: int, weighted: Literal["ones", "random"], relu: bool) -> Effective:
    """`field_stack.effective`, kept."""
    return field_stack.effective(field_stack.parse(text), side, weighted=weighted, relu=relu)


def effective(stack: tuple[Level, ...]) -> None:
    """Theory and measurement side by side, and how much of it lies in the middle."""
    with st.container(horizontal=True, vertical_alignment="center", key="field_effective"):
        weighted = STATE.pick_one("field_weights", _("Weights"))
        relu = STATE.toggle("field_relu", _("ReLU after each convolution"))
    text = field_stack.spell(layers_of(stack))
    field = lesson.last_good(
        "field_effective",
        lambda: _effective(text, stack[0].units, weighted, relu),
        lambda: _effective(STACK, SIDE, weighted, relu),
    )
    st.markdown(
        _(
            "**{share} % of the gradient falls into the centre quarter** (dashed) of the "
            "{side} × {side} field; if every pixel counted equally it would be 25 %."
        ).format(share=round(100 * field.within), side=field.box[1] - field.box[0] + 1)
    )
    names = (_("In theory: every pixel of the box"), _("Measured: how much each pixel counts"))
    for column, name, measured in zip(st.columns(2), names, (False, True), strict=True):
        with column:
            st.markdown(name)
            show_chart(
                charts.effective(field, measured=measured),
                f"field_heat_{'measured' if measured else 'theory'}",
                alt=name,
            )
    st.markdown(
        _(
            "The box says which pixels *can* change the unit. How strongly they do is the "
            "gradient, here its mean size over 32 networks with random weights. A pixel in the "
            "middle reaches the unit on many paths, one at the edge on few: the *effective* field "
            "is a bright spot that grows only with the square root of the depth "
            "([Luo et al., 2016](https://arxiv.org/abs/1701.04128))."
        )
    )
    save_button(_("Pixels (CSV)"), pixel_rows(field), "effective-field.csv")


def pixel_rows(field: Effective) -> list[dict[str, object]]:
    """One row for each pixel, from 1: its share of all gradient, as measured."""
    return [
        {"row": i + 1, "column": j + 1, "share": f"{share:.6g}"}
        for i, line in enumerate(field.strength.tolist())
        for j, share in enumerate(line)
    ]


def why_small() -> None:
    """The same field at fewer weights and with more non-linearities."""
    number = STATE.number("field_channels", _("Channels C, in and out"), width=190)
    channels = lesson.last_good("field_channels", lambda: read_channels(number), lambda: 64)
    rows = stack_rows(channels)
    two, one = (row["weights"] for row in rows[:2])
    st.markdown(
        _(
            "**Two 3 × 3 see 5 × 5 pixels like one 5 × 5, with 18C² weights instead of 25C²: "
            "{two} against {one}, {saved} % fewer**, and with two non-linearities instead of one."
        ).format(two=exact(two), one=exact(one), saved=round(100 * (1 - two / one)))
    )
    show_table([_compared(row, rows[number | 1]) for number, row in enumerate(rows)])
    st.caption(_("Weights of the convolutions, without biases; one activation behind each."))
    save_button(_("Table (CSV)"), rows, "two-or-one.csv")
    st.markdown(
        _(
            "This is VGG's argument for small kernels (Simonyan & Zisserman, 2014). The cost: "
            "twice as many layers run one after the other, and twice as many maps are kept for "
            "training. Which of them classifies better is a question for a training run, not for "
            "this table."
        )
    )


def read_channels(channels: int) -> int:
    """The number of channels.

    Raises:
        ValueError: not from 1 to 4096.
    """
    if not 1 <= channels <= 4096:
        raise ValueError(
            _("The number of channels is {n}; it must be from 1 to 4096, for example 64.").format(
                n=f"{channels:.6g}"
            )
        )
    return channels


def stack_rows(channels: int) -> list[dict[str, Any]]:
    """One row for each stack: several small kernels, then the large one that sees as much."""
    stacks = [(text, field_stack.parse(text)) for text in ("c3 c3", "c5", "c3 c3 c3", "c7")]
    return [
        {
            "stack": text,
            "field_pixels": field_stack.levels(layers, MOST_SIDE)[-1].axis.size,
            "channels": channels,
            "weights": field_stack.weights(layers, channels),
            "nonlinearities": field_stack.nonlinearities(layers),
        }
        for text, layers in stacks
    ]


def _compared(row: dict[str, Any], large: dict[str, Any]) -> dict[str, str]:
    """A stack in words, beside the one with the `large` kernel."""
    layers = field_stack.parse(row["stack"])
    n, kernel, field = len(layers), layers[0].kernel, row["field_pixels"]
    share = row["weights"] / large["weights"] - 1
    return {
        _("stack"): f"{n} × ({kernel} × {kernel})",
        _("field (pixels)"): f"{field} × {field}",
        _("weights"): f"{n}·{kernel}²·C² = {n * kernel**2}C²",
        _("with C = {c}").format(c=row["channels"]): exact(row["weights"]),
        _("against the large one"): percent(share, "+.0f") if share else _("–"),
        _("non-linearities"): str(row["nonlinearities"]),
    }


def networks() -> None:
    """The field of every layer with a window of a chosen network, against its picture."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="field_pick"):
        name = STATE.select("field_network", _("Network"), width=260)
        st.page_link(
            entry("layers").path,
            label=_("Layer by layer"),
            icon=entry("layers").icon,
            query_params={"network": name},
        )
    spec = NetworkSpec.parse(name)
    summary = measure(spec, spec.input_size)
    st.markdown(_sight(spec.architecture.title, summary))
    show_chart(charts.growth(summary), "field_growth")
    save_button(_("Layers (CSV)"), layer_rows(summary), "fields.csv")


def layer_rows(summary: Summary) -> list[dict[str, object]]:
    """One row for each layer with a window: its field, height and width, in pixels."""
    return [
        {
            "layer": layer.operation.name,
            "type": layer.operation.type,
            "field_height": layer.ungated.size[0],
            "field_width": layer.ungated.size[1],
        }
        for layer in charts.windows(summary)
        if layer.ungated
    ]


def _sight(title: str, summary: Summary) -> str:
    """How much of the picture the last map's units see, and from where on all of it."""
    side, field = max(summary.input[-2:]), summary.totals.receptive_field
    if not field:
        return _("{network} has no layer with a window.").format(network=title)
    last = _("In **{network}** a unit of the last map sees {field} × {field} pixels").format(
        network=title, field=max(field)
    )
    if max(field) < side:
        return last + _(": {share} % of the {side} of the picture's side.").format(
            share=round(100 * max(field) / side), side=side
        )
    first = next(
        layer.operation.name
        for layer in charts.windows(summary)
        if layer.ungated and max(layer.ungated.size) >= side
    )
    return last + _("; from layer **{layer}** on, the field is as large as the picture.").format(
        layer=first
    )
