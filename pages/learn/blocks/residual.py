"""Blocks: the residual one; when it is the identity, and which shapes it can add."""

import itertools

import streamlit as st

from explorer.analysis import wording
from explorer.base.language import _
from explorer.base.units import exact
from explorer.figures.grids import Grid, Lit, Sign, Story, grid, line, most, sign, spell
from explorer.lessons import blocks
from explorer.lessons.blocks import Meeting
from explorer.ui import lesson
from explorer.ui.boards.grids import number_grids
from explorer.ui.save_buttons import save_button
from pages.learn.blocks.board import block_cards, meeting_card
from pages.learn.blocks.state import STATE, to

SIDE, ROUND = 4, 2  # of the experiment: cells each way, digits in a cell
CELLS = list(itertools.product(range(SIDE), range(SIDE)))


def identity() -> None:
    """What a residual block gives when it has learned nothing."""
    lesson.try_this(
        {
            _("Zero weights, signed input"): to(part="identity", zeroed=True, signed=True),
            _("Zero weights, non-negative input"): to(part="identity", zeroed=True, signed=False),
            _("Random weights"): to(part="identity", zeroed=False, signed=True),
        }
    )
    with st.container(horizontal=True, vertical_alignment="center", key="blocks_controls"):
        zeroed = STATE.toggle("blocks_zeroed", _("All weights set to zero"))
        signed = STATE.toggle("blocks_signed", _("Input with negative numbers"))
        seed = STATE.number("blocks_seed", _("Seed"))
        run = blocks.shortcut(1, SIDE, zeroed=zeroed, signed=signed, seed=seed)
        save_button(_("Table (CSV)"), _step_rows(run), "residual.csv")
    board, text = st.columns([3, 1], gap="medium")
    with board:
        content, stories = _steps(run)
        number_grids(
            content,
            stories,
            key="blocks_steps",
            label=_("A residual block, step by step"),
            start=("y", 0, 0),
        )
    with text:
        _identity_text(run, zeroed)


def _steps(run: blocks.Shortcut) -> tuple[tuple[list[Grid], list[Sign]], list[Story]]:
    scale = most(run.x, run.learned, run.summed)
    steps = (
        ("x", _("input x"), run.x, 2),
        ("f", _("learned F(x)"), run.learned, 1),
        ("s", _("x + F(x)"), run.summed, 0),
        ("y", _("output: ReLU(x + F(x))"), run.y, 0),
    )
    grids = [
        grid(name, label, values[0], (1, 2 * n + 1), scale=scale, tone=tone, digits=ROUND,
             narrow=(1 + n // 2, 1 + 2 * (n % 2)))
        for n, (name, label, values, tone) in enumerate(steps)
    ]  # fmt: skip
    signs = [sign(text, (1, 2 * n + 2), wide=True) for n, text in enumerate(("+", "=", "→"))]
    return (grids, signs), [_step_story(run, i, j) for i, j in CELLS]


def _step_rows(run: blocks.Shortcut) -> list[dict[str, object]]:
    named = {"x": run.x, "learned": run.learned, "sum": run.summed, "y": run.y}
    return [
        {"row": i, "column": j} | {name: f"{float(x[0, i, j]):.9g}" for name, x in named.items()}
        for i, j in CELLS
    ]


def _step_story(run: blocks.Shortcut, i: int, j: int) -> Story:
    x, f, s, y = (float(each[0, i, j]) for each in (run.x, run.learned, run.summed, run.y))
    plus = f"{spell(x, 3)} + {spell(f, 3)}" if f >= 0 else f"{spell(x, 3)} − {spell(-f, 3)}"
    reason = _("not negative: ReLU lets it pass") if s >= 0 else _("negative: ReLU makes it 0")
    tones = {"x": 2, "f": 1, "s": 0, "y": 0}
    lit: list[Lit] = [(name, i, j, i, j, tone) for name, tone in tones.items()]
    lines = [
        line(f"x + F(x) = {plus} = {spell(s, 3)}"),
        line(f"ReLU({spell(s, 3)}) = {spell(y, 3)} · {reason}", strong=True),
    ]
    return Story(at=[(name, i, j) for name in tones], lit=lit, lines=lines)


def _identity_text(run: blocks.Shortcut, zeroed: bool) -> None:
    st.markdown(
        _("Largest difference **|y − x| = {a}**, and **|y − ReLU(x)| = {b}**").format(
            a=f"{run.from_identity:.3g}", b=f"{run.from_relu:.3g}"
        )
    )
    if not zeroed:
        words = _(
            "With weights of its own the block adds what it learned to what it was given. Set "
            "them to zero to see what is left."
        )
    elif run.from_identity == 0:
        words = _(
            "**The identity.** F(x) is zero, no number is negative, so ReLU changes nothing: the "
            "input comes out as it went in. In a network this holds, because every block reads "
            "the ReLU of the one before."
        )
    else:
        words = _(
            "**Not the identity, but ReLU(x).** F(x) is zero, yet ReLU stands *after* the sum and "
            "cuts the negative numbers off. “Zero weights make it the identity” is true only for "
            "input without negative numbers."
        )
    st.markdown(words)
    st.caption(_("A block of one channel, in prediction mode; every number is PyTorch's."))


def shapes() -> None:
    """Which channels and strides can be added, and the one mistake that nobody reports."""
    lesson.try_this(
        {
            _("3 → 3"): to(part="shapes", r_in=3, r_out=3, stride=1, with_1x1=False),
            _("3 → 6, halved, with 1 × 1"): to(
                part="shapes", r_in=3, r_out=6, stride=2, with_1x1=True
            ),
            _("3 → 6 without 1 × 1"): to(part="shapes", r_in=3, r_out=6, stride=1, with_1x1=False),
            _("The silent one: 1 → 3"): to(
                part="shapes", r_in=1, r_out=3, stride=1, with_1x1=False
            ),
        }
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="blocks_controls"):
        c_in = STATE.number("blocks_r_in", _("Input channels"))
        c_out = STATE.number("blocks_r_out", _("Output channels"))
        stride = STATE.number("blocks_stride", _("Stride"))
        side = STATE.number("blocks_r_side", _("Height and width"))
        with_1x1 = STATE.toggle("blocks_with_1x1", _("1 × 1 convolution in the shortcut"))
    met = blocks.meeting(c_in, c_out, stride, with_1x1, side)
    picture, text = st.columns([2, 3], gap="medium")
    with picture:
        block_cards([meeting_card("residual", _("Residual block"), met)], key="blocks_meeting")
    with text:
        _meeting_text(met, with_1x1)


def _meeting_text(met: Meeting, with_1x1: bool) -> None:
    learned, shortcut = wording.shape(met.learned), wording.shape(met.shortcut)
    st.markdown(
        _("Learned, F(x): **{a}** · kept, the shortcut: **{b}**").format(a=learned, b=shortcut)
    )
    st.markdown(_("**{n} parameters**").format(n=exact(met.parameters)))
    if met.outcome == "adds":
        words = _("The shapes are equal, so every number finds its partner: **{a}** comes out.")
        st.success(words.format(a=learned), icon=":material/check:")
    elif met.outcome == "broadcasts":
        words = _(
            "**No error, and wrong.** {b} was stretched over {a}: PyTorch repeats an axis of "
            "length 1, so the same numbers were added again and again. Check that the shapes are "
            "equal, not only that the code runs."
        )
        by_channels = sorted((met.learned, met.shortcut), key=lambda shape: shape[1:])
        smaller, larger = map(wording.shape, by_channels)
        st.warning(words.format(a=larger, b=smaller), icon=":material/warning:")
    else:
        words = _(
            "**{a} and {b} cannot be added**: they differ in {what}. Let the shortcut go through a "
            "1 × 1 convolution with the same stride; it gives the kept branch the learned one's "
            "shape."
        )
        st.error(
            words.format(a=learned, b=shortcut, what=_difference(met)), icon=":material/straighten:"
        )
    if met.outcome != "adds":
        st.button(
            _("Put the 1 × 1 convolution in"),
            key="blocks_mend",
            type="primary",
            on_click=lesson.put,
            args=({"blocks_with_1x1": True},),
        )
    elif with_1x1:
        st.markdown(
            _(
                "The 1 × 1 convolution brings the input to the new channels and size. It costs "
                "weights, so it stands only where the shapes change."
            )
        )


def _difference(met: Meeting) -> str:
    (_n, c, *size), (_m, d, *other) = met.learned, met.shortcut
    if c != d and size != other:
        return _("channels and in size")
    return _("channels ({a} and {b})").format(a=c, b=d) if c != d else _("height and width")
