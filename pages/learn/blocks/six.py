"""Blocks: the six side by side."""

from collections.abc import Mapping

import streamlit as st

from explorer.analysis import wording
from explorer.base.language import N_, _
from explorer.base.units import count, exact
from explorer.lessons import blocks
from explorer.ui import lesson
from explorer.ui.save_buttons import save_button
from pages.learn.blocks.board import block_cards, card
from pages.learn.blocks.state import STATE, to

TITLES = {
    "vgg": N_("VGG block"),
    "nin": N_("NiN block"),
    "inception": N_("Inception block"),
    "residual": N_("Residual block"),
    "dense": N_("Dense block"),
    "transition": N_("Transition"),
}


def side_by_side() -> None:
    """The six blocks on the same input, towards the same output."""
    lesson.try_this(
        {
            _("GoogLeNet's first: 192 → 256"): to(c_in=192, c_out=256, side=28),
            _("As many out as in"): to(c_in=64, c_out=64, side=28),
            _("Wide: 512 → 512"): to(c_in=512, c_out=512, side=14),
            _("Narrowing: 256 → 64"): to(c_in=256, c_out=64, side=28),
        }
    )
    controls, picture = lesson.controls_and_picture()
    with controls, st.container(key="blocks_controls"):
        columns = st.columns([3, 3, 3, 2], vertical_alignment="bottom")
        with columns[0]:
            c_in = STATE.slider("blocks_c_in", _("Input channels"))
        with columns[1]:
            c_out = STATE.slider("blocks_c_out", _("Output channels asked for"))
        with columns[2]:
            side = STATE.slider("blocks_side", _("Height and width"))
        six = blocks.side_by_side(c_in, c_out, side)
        with columns[3]:
            save_button(_("Table (CSV)"), rows(six), "blocks.csv")
    most_macs = max(block.macs for block in six.values())
    notes = _notes(six, c_in, c_out)
    cards = [
        card(name, _(TITLES[name]), block, most_macs, notes.get(name, ""))
        for name, block in six.items()
    ]
    with picture:
        block_cards(cards, key="blocks_six")
    _side_text(six, c_in, c_out, side)


def rows(six: Mapping[str, blocks.Block]) -> list[dict[str, object]]:
    """Shapes and costs of each block."""
    return [
        {"block": name, "input": wording.shape(block.input), "output": wording.shape(block.output),
         "parameters": block.parameters, "macs": block.macs}
        for name, block in six.items()
    ]  # fmt: skip


def _notes(six: Mapping[str, blocks.Block], c_in: int, c_out: int) -> dict[str, str]:
    """What a block could not do as it was asked."""
    added = _("{c} + 2·{g} = {n}") if c_out > c_in else _("{c} + 2·1: it can only add")
    growth, channels = blocks.growth_to(c_in, c_out, 2), six["dense"].output[1]
    return {
        "dense": added.format(c=c_in, g=growth, n=channels),
        "transition": _("half of {c}").format(c=c_in),
    }


def _side_text(six: Mapping[str, blocks.Block], c_in: int, c_out: int, side: int) -> None:
    plain = blocks.plain(c_in, c_out, 3, side)
    st.markdown(
        _(
            "**VGG** repeats 3 × 3 convolutions, then halves the map. **NiN** mixes the channels "
            "of every pixel with 1 × 1 convolutions. **Inception** looks with several kernels at "
            "once and lays the results side by side. **Residual** adds its input to what it "
            "learned; **dense** keeps its input and lays new channels beside it; a **transition** "
            "makes channels and maps smaller again. For comparison: one plain 3 × 3 convolution "
            "from {c_in} to {c_out} channels has {n} parameters and makes {m} MACs."
        ).format(c_in=c_in, c_out=c_out, n=exact(plain.parameters), m=count(plain.macs))
    )
