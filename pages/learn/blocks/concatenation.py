"""Blocks that lay channels side by side: Inception and its reductions, dense and transition."""

import streamlit as st

from explorer.analysis import wording
from explorer.base.language import _
from explorer.base.units import exact
from explorer.lessons import blocks
from explorer.lessons.blocks import Savings, Widths
from explorer.ui import lesson
from explorer.ui.charts import show_chart
from explorer.ui.lesson import Setting
from explorer.ui.save_buttons import save_button
from explorer.ui.tables import show_table
from pages.learn.blocks import charts
from pages.learn.blocks.board import block_cards, card
from pages.learn.blocks.state import STATE, to


def of_googlenet(name: str) -> Setting:
    """One of GoogLeNet's blocks, with its reductions."""
    return {**to(part="inception", which=name, reduced=True), **_widths(name)}


def _widths(name: str) -> Setting:
    saving = blocks.googlenets()[name]
    _n, c_in, side, _side = saving.block.input
    return to(wide_in=c_in, map=side, **saving.widths._asdict())


def _put_widths() -> None:
    """The widths of the block that was picked go into the fields."""
    lesson.put(_widths(STATE["blocks_which"]))


def _pick_widths() -> tuple[int, Widths, int, bool]:
    """Input channels, the paths' widths, the map's side, and whether reductions are on."""
    which = STATE.one_of("blocks_which", _("GoogLeNet's block"), on_change=_put_widths)
    start = _widths(which)
    with st.popover(_("Change the widths"), icon=":material/tune:"):
        c_in = STATE.number("blocks_wide_in", _("Input channels"), default=start["blocks_wide_in"])
        side = STATE.number("blocks_map", _("Height and width"), default=start["blocks_map"])
        labels = (
            _("1 × 1 path"),
            _("reduction before 3 × 3"),
            _("3 × 3 path"),
            _("reduction before 5 × 5"),
            _("5 × 5 path"),
            _("1 × 1 after the pooling"),
        )
        values = [
            STATE.number(f"blocks_{name}", label, default=start[f"blocks_{name}"])
            for name, label in zip(Widths._fields, labels, strict=True)
        ]
    reduced = STATE.toggle("blocks_reduced", _("1 × 1 reductions"))
    return c_in, Widths(*values), side, reduced


def inception() -> None:
    """One block with and without its reductions; then the nine of GoogLeNet."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="blocks_controls"):
        c_in, widths, side, reduced = _pick_widths()
    saving = blocks.savings(c_in, widths, side)
    block = saving.block if reduced else saving.unreduced
    picture, text = st.columns([1, 1], gap="medium")
    with picture:
        title = _("With reductions") if reduced else _("Without reductions")
        most_macs = max(saving.block.macs, saving.unreduced.macs)
        block_cards([card("inception", title, block, most_macs)], key="blocks_inception")
    with text:
        _inception_text(saving)
        show_chart(charts.weight_bars(saving), "blocks_weights", file="blocks_weights")
    _nine()


def _inception_text(saving: Savings) -> None:
    paths = " + ".join(map(str, saving.widths.paths))
    st.markdown(
        _("Output channels: {paths} = **{n}**").format(paths=paths, n=saving.widths.out_channels)
    )
    st.markdown(
        _(
            "A 1 × 1 convolution first narrows {c} channels to {a} and to {b}; the expensive 3 × 3 "
            "and 5 × 5 kernels then read few. Without that the block has **{r} times the "
            "weights**, a plain 3 × 3 convolution of the same input and output {p3} times, a "
            "plain 5 × 5 one {p5} times."
        ).format(
            c=saving.block.input[1],
            a=saving.widths.reduce2,
            b=saving.widths.reduce3,
            r=f"{saving.times_fewer(saving.unreduced):.2f}",
            p3=f"{saving.times_fewer(saving.plain3):.2f}",
            p5=f"{saving.times_fewer(saving.plain5):.2f}",
        )
    )


def _nine() -> None:
    nine = blocks.googlenets()
    st.subheader(_("The nine blocks of GoogLeNet, on pictures of 224 × 224"), anchor=False)
    show_chart(charts.path_widths(nine), "blocks_widths", file="blocks_widths")
    rows = charts.savings_table(nine)
    show_table(rows)
    save_button(_("Table (CSV)"), rows, "inception.csv")


# -- dense ------------------------------------------------------------------------------------


def dense() -> None:
    """Channels that accumulate, and the transition that makes them fewer."""
    first = to(part="dense", d_in=64, layers=4, growth=32, d_side=56, d_out=96)
    lesson.try_this(
        {
            _("The course's: 3 + 2·10"): to(
                part="dense", d_in=3, layers=2, growth=10, d_side=8, d_out=10
            ),
            _("DenseNet's first: 64 + 4·32"): first,
            _("Thin and deep"): to(part="dense", d_in=16, layers=8, growth=4, d_side=32, d_out=24),
        }
    )
    controls, picture = lesson.controls_and_picture()
    with controls, st.container(key="blocks_controls"):
        c_in, layers, rate, side, c_out = lesson.in_columns(
            [1] * 5,
            lambda: STATE.slider("blocks_d_in", _("Input channels")),
            lambda: STATE.slider("blocks_layers", _("Layers")),
            lambda: STATE.slider("blocks_growth", _("Growth rate")),
            lambda: STATE.slider("blocks_d_side", _("Height and width")),
            lambda: STATE.slider("blocks_d_out", _("Channels after the transition")),
        )
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
    words = _("**{n} parameters** = {terms}") if layers > 1 else _("**{n} parameters**")
    st.markdown(words.format(n=exact(growth.block.parameters), terms=terms))
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
    numbers = zip(growth.channels, (0, *growth.parameters), strict=True)
    rows = [
        {"after_layer": n, "channels": channels, "parameters": parameters}
        for n, (channels, parameters) in enumerate(numbers)
    ]
    save_button(_("Table (CSV)"), rows, "dense_block.csv")
