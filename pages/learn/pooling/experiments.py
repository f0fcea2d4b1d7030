"""Below the board of the page on pooling: a shifted picture, the gradient, several channels."""

from functools import cache

import streamlit as st
import torch

from explorer.base.language import N_, _
from explorer.networks import ops
from explorer.ui import lesson
from explorer.ui.boards.window_board import Sliding
from explorer.ui.lesson import Question
from explorer.ui.small_grid import Cell, SmallGrid, small_grids
from pages.learn.pooling.parts import gradient, layer_of, setting, window_of
from pages.learn.pooling.state import STATE

STRIDES = (1, 2)
SHIFTED = "pool_shifted"  # key of the place of the picture that moves


# -- shift ------------------------------------------------------------------------------------


def bars(shift: int) -> torch.Tensor:
    """The 6 × 8 image of bars, moved `shift` pixels to the right; white comes in at the left."""
    x = torch.ones(6, 8, dtype=torch.float64)
    x[:, 2 + shift : 6 + shift] = 0
    return x


@cache  # the few shifts of the slider, the same for everybody
def edges(shift: int) -> torch.Tensor:
    """What [1, −1] finds in it, (6, 7); all rows are equal."""
    return ops.corr2d(bars(shift), torch.tensor([[1.0, -1.0]], dtype=torch.float64))


@cache
def pooled(shift: int, mode: str, stride: int) -> torch.Tensor:
    """The edges, pooled 2 × 2."""
    return ops.pool2d(edges(shift), 2, mode, stride=stride)


def changed(before: torch.Tensor, after: torch.Tensor) -> list[Cell]:
    """Places at which two equal shapes differ."""
    return [(int(i), int(j)) for i, j in (before != after).nonzero().tolist()]


def _rows(when: str, moved: int, mode: str) -> list[SmallGrid]:
    """One row of the picture, of its edges and of their pooling; what differs from rest marked."""
    stages = {
        _("image"): (bars(0), bars(moved)),
        _("edges, [1, −1]"): (edges(0), edges(moved)),
    }
    for stride in STRIDES:
        words = STATE.words("pool_mode")[mode]
        title = _("{mode} 2 × 2, stride {stride}").format(mode=words, stride=stride)
        stages[title] = pooled(0, mode, stride), pooled(moved, mode, stride)
    return [
        SmallGrid(f"{title}, {when}", after[:1].tolist(), changed(before[:1], after[:1]))
        for title, (before, after) in stages.items()
    ]


def _tally(mode: str, moved: int) -> list[str]:
    words = []
    for stride in STRIDES:
        before, after = pooled(0, mode, stride)[:1], pooled(moved, mode, stride)[:1]
        same = [a == b != 0 for a, b in zip(before[0].tolist(), after[0].tolist(), strict=True)]
        words.append(
            _(
                "Stride {stride}: **{n} of {all}** outputs changed; "
                "of the non-zero ones {kept} stayed."
            ).format(
                stride=stride, n=len(changed(before, after)), all=after.shape[1], kept=sum(same)
            )
        )
    return words


def shift(mode: str) -> None:
    """The picture moves; which outputs notice?"""
    st.subheader(_("What if the picture moves by a pixel?"), anchor=False)
    text, picture = st.columns([2, 5], gap="medium")
    with text:
        moved = STATE.slider("pool_shift", _("pixels to the right"))
    rest, after = picture.columns(2, gap="medium")
    with rest:
        small_grids(_rows(_("at rest"), 0, mode), signed=True, stacked=True)
    with after:
        small_grids(
            _rows(_("moved by {n}").format(n=moved), moved, mode), signed=True, stacked=True
        )
    with text:
        st.markdown("  \n".join(_tally(mode, moved)))
        st.caption(
            _("Framed: different from the picture at rest. All rows are equal; one is shown.")
        )
        st.markdown(_lost(mode, moved))


def _lost(mode: str, moved: int) -> str:
    """What became of the edge from black to white, which is −1."""
    if not (edges(moved) < 0).any():
        return _("The −1 edge has left the picture.")
    least = pooled(moved, mode, 1).min().item()
    if least < 0:
        return _("The −1 edge is still there, as {least:g}.").format(least=least).replace("-", "−")
    return _(
        "**The −1 edge is lost:** beside it stands a 0, and the largest of 0 and −1 is 0. "
        "The mean would keep it."
    )


# -- gradient ---------------------------------------------------------------------------------


def gradients(sliding: Sliding) -> None:
    """What each input cell is told on the way back, max against mean."""
    st.subheader(_("Who gets the gradient?"), anchor=False)
    x = torch.tensor(sliding.input, dtype=torch.float64)
    high, wide = window_of(sliding)
    st.markdown(
        _(
            "Add up the output and go back: how much does each input cell count? **Max** passes 1 "
            "to one cell of each window, the winner; the **mean** passes 1/{n} to all {n}."
        ).format(n=high * wide)
    )
    small_grids(
        [
            SmallGrid(_("through max"), gradient(x, sliding, "max").tolist()),
            SmallGrid(_("through the mean"), gradient(x, sliding, "avg").tolist()),
        ]
    )
    st.caption(_("Cells in several windows collect from each. Computed by torch’s backward pass."))


# -- channels ---------------------------------------------------------------------------------


def channels(sliding: Sliding) -> None:
    """X and X + 1 as two channels: two go in, two come out."""
    st.subheader(_("Several channels"), anchor=False)
    x = torch.tensor(sliding.input, dtype=torch.float64)
    stacked = torch.stack([x, x + 1])[None]
    y = layer_of(sliding, sliding.operation)(stacked)[0]
    n = y.shape[0]
    st.markdown(
        _(
            "Each channel is pooled by itself: X and X + 1 go in as 2 channels, and {n} come out. "
            "Nothing is added up over channels, unlike in a convolution."
        ).format(n=n)
    )
    small_grids(
        [
            SmallGrid(_("from X"), y[0].tolist()),
            SmallGrid(_("from X + 1"), y[1].tolist()),
        ]
    )


# -- words ------------------------------------------------------------------------------------


def try_this() -> None:
    """Settings worth a look, each one click away."""
    lesson.try_this(
        {
            _("Ignore 7 of 16 cells"): setting("three"),
            _("Oblong windows, padded"): setting("oblong"),
            _("Lose an edge"): setting("edges"),
            _("Keep it with the mean"): setting("edges", "avg"),
            _("Pad too much"): setting("oblong", window=(2, 3)),
        }
    )


def questions() -> list[Question]:
    """What learners ask, with the experiment that answers."""
    return [
        Question(
            N_("Does pooling forgive every shift by one pixel?"),
            N_(
                "No. With stride 1 and the largest of 2 × 2, the output at the old place stays 1 "
                "when the white-to-black edge moves by one. With the usual stride 2 the windows "
                "do not overlap: an edge that crosses a border between two windows changes both."
            ),
            lesson.seen_at(SHIFTED, setting("edges")),
        ),
        Question(
            N_("Where did the second edge go?"),
            N_(
                "The edge from black to white is −1 in the edge map, with zeros beside it. Max "
                "pooling takes the zero. The mean keeps −0.5; so would pooling the absolute value."
            ),
            setting("edges"),
        ),
        Question(
            N_("Max or mean: which one?"),
            N_(
                "Max gives the larger outputs and sends the whole gradient to one cell; the mean "
                "gives every cell 1/n. LeNet is told with max in some texts and built with the "
                "mean in its code; later networks mostly take max, and the mean at the very end."
            ),
            setting("digit", "avg"),
        ),
        Question(
            N_("Why does PyTorch refuse padding (1, 2) for a window (2, 3)?"),
            N_(
                "2 is more than half of 3: the first window would lie almost in the padding. "
                "MXNet computes it, PyTorch refuses. A window of (2, 4) is wide enough."
            ),
            setting("oblong", window=(2, 3)),
        ),
        Question(
            N_("Is global average pooling a sum or a mean?"),
            N_(
                "A mean: a window as large as the map, and so one number per "
                "channel. For a 5 × 5 map the sum would be 25 times larger."
            ),
            setting("nine", "avg", window=(3, 3), stride=(3, 3)),
        ),
        Question(
            N_("Can pooling be used on time series?"),
            N_("Yes: a series is an input of one row, and the window is 1 high."),
            setting(
                "nine", cells="12 13 13 15 19 24 23 19 16 14 13 12", window=(1, 3), stride=(1, 3)
            ),
        ),
    ]
