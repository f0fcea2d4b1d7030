"""Blocks: Inception with and without its reductions, and the nine of GoogLeNet."""

import streamlit as st

from explorer.base.language import _
from explorer.lessons import blocks
from explorer.lessons.blocks import Savings, Widths
from explorer.ui.charts import show_chart
from explorer.ui.tables import show_table
from pages.learn.blocks import charts, drawing, settings
from pages.learn.blocks.board import block_cards
from pages.learn.blocks.state import STATE, WIDTHS


def _block_chosen() -> None:
    """The widths of the block that was picked go into the fields."""
    chosen = blocks.googlenets()[st.session_state["blocks_which"]]
    st.session_state.update(width_setting(chosen))


def width_setting(chosen: Savings) -> dict[str, object]:
    values = {f"blocks_{name}": getattr(chosen.widths, name) for name in WIDTHS}
    return {**values, "blocks_wide_in": chosen.in_channels, "blocks_map": chosen.side}


def _pick_widths() -> tuple[int, Widths, int, bool]:
    """Input channels, the paths' widths, the map's side, and whether reductions are on."""
    nine = blocks.googlenets()
    which = STATE.one_of("blocks_which", _("GoogLeNet's block"), on_change=_block_chosen)
    start = nine[which]
    with st.popover(_("Change the widths"), icon=":material/tune:"):
        c_in = STATE.number("blocks_wide_in", _("Input channels"), default=start.in_channels)
        side = STATE.number("blocks_map", _("Height and width"), default=start.side)
        labels = (
            _("1 × 1 path"),
            _("reduction before 3 × 3"),
            _("3 × 3 path"),
            _("reduction before 5 × 5"),
            _("5 × 5 path"),
            _("1 × 1 after the pooling"),
        )
        values = [
            STATE.number(f"blocks_{name}", label, default=getattr(start.widths, name))
            for name, label in zip(WIDTHS, labels, strict=True)
        ]
    reduced = STATE.toggle("blocks_reduced", _("1 × 1 reductions"))
    return c_in, Widths(*values), side, reduced


@st.cache_resource(max_entries=64, show_spinner=False)
def _savings(c_in: int, widths: tuple[int, ...], side: int) -> Savings:
    return blocks.savings(c_in, Widths(*widths), side)


def inception() -> None:
    """One block with and without its reductions; then the nine of GoogLeNet."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="blocks_controls"):
        c_in, widths, side, reduced = _pick_widths()
    saving = _savings(c_in, tuple(getattr(widths, name) for name in WIDTHS), side)
    shown = saving.block if reduced else saving.unreduced
    picture, text = st.columns([1, 1], gap="medium")
    with picture:
        title = _("With reductions") if reduced else _("Without reductions")
        most_parameters = max(saving.block.parameters, saving.unreduced.parameters)
        block_cards(
            [drawing.card("inception", title, shown, most_parameters)], key="blocks_inception"
        )
    with text:
        _inception_text(saving)
        show_chart(charts.weight_bars(saving), "blocks_weights", file="blocks_weights")
    _nine()


def _inception_text(saving: Savings) -> None:
    ratio = saving.times_fewer(saving.unreduced)
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
            c=saving.in_channels,
            a=saving.widths.reduce2,
            b=saving.widths.reduce3,
            r=f"{ratio:.2f}",
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
    settings.table(rows, "inception.csv")
