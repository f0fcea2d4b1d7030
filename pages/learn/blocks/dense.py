"""Blocks: the dense one, whose channels accumulate, and the transition that makes them fewer."""

import streamlit as st

from explorer.analysis import wording
from explorer.base.language import _
from explorer.base.units import exact
from explorer.lessons import blocks
from explorer.ui import lesson
from explorer.ui.charts import show_chart
from pages.learn.blocks import charts, settings
from pages.learn.blocks.state import STATE


def dense() -> None:
    """Channels that accumulate, and the transition that makes them fewer."""
    lesson.try_this(
        {
            _("The course's: 3 + 2·10"): settings.to(
                "dense", d_in=3, layers=2, growth=10, d_side=8, d_out=10
            ),
            _("DenseNet's first: 64 + 4·32"): settings.to(
                "dense", d_in=64, layers=4, growth=32, d_side=56, d_out=96
            ),
            _("Thin and deep"): settings.to(
                "dense", d_in=16, layers=8, growth=4, d_side=32, d_out=24
            ),
        }
    )
    controls, picture = lesson.controls_and_picture()
    with controls, st.container(key="blocks_controls"):
        columns = st.columns(5)
        with columns[0]:
            c_in = STATE.slider("blocks_d_in", _("Input channels"))
        with columns[1]:
            layers = STATE.slider("blocks_layers", _("Layers"))
        with columns[2]:
            rate = STATE.slider("blocks_growth", _("Growth rate"))
        with columns[3]:
            side = STATE.slider("blocks_d_side", _("Height and width"))
        with columns[4]:
            c_out = STATE.slider("blocks_d_out", _("Channels after the transition"))
    growth = blocks.growth(c_in, layers, rate, side)
    chart, text = picture.columns([3, 2], gap="medium")
    with chart:
        show_chart(charts.accumulation(growth), "blocks_accumulation", file="blocks_accumulation")
    with text:
        _dense_text(growth, c_in, layers, rate, c_out, side)
    st.subheader(_("Up and down again: the channels of the whole DenseNet"), anchor=False)
    show_chart(
        charts.channel_track(blocks.densenets_channels()), "blocks_track", file="blocks_track"
    )


def _dense_text(
    growth: blocks.Growth, c_in: int, layers: int, rate: int, c_out: int, side: int
) -> None:
    total, transition = growth.channels[-1], blocks.transition(growth.channels[-1], c_out, side)
    st.markdown(
        _("Dense block: **{c} + {n}·{g} = {total} channels**, {shape}").format(
            c=c_in, n=layers, g=rate, total=total, shape=wording.shape(growth.block.output)
        )
    )
    terms = " + ".join(map(exact, growth.parameters))
    st.markdown(
        _("**{n} parameters** = {terms}").format(n=exact(growth.block.parameters), terms=terms)
        if layers > 1
        else _("**{n} parameters**").format(n=exact(growth.block.parameters))
    )
    st.markdown(
        _(
            "Each layer reads everything made before it in the block and adds {g} channels; the "
            "input itself stands first in the output, unchanged. So later layers cost more."
        ).format(g=rate)
    )
    st.markdown(
        _("Transition: **{a} → {b}**, **{n} parameters**").format(
            a=wording.shape(transition.input),
            b=wording.shape(transition.output),
            n=exact(transition.parameters),
        )
    )
    st.markdown(
        _(
            "A 1 × 1 convolution chooses how many channels go on (DenseNet: half of them), and an "
            "average pooling halves height and width."
        )
    )
    settings.table(_growth_rows(growth), "dense_block.csv")


def _growth_rows(growth: blocks.Growth) -> list[dict[str, object]]:
    numbers = (0, *growth.parameters)
    return [
        {"after_layer": n, "channels": channels, "parameters": parameters}
        for n, (channels, parameters) in enumerate(zip(growth.channels, numbers, strict=True))
    ]
