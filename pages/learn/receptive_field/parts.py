"""The parts of the page on receptive fields: what is picked, the stack in words, what to ask."""

from collections.abc import Sequence

import streamlit as st

from explorer.base import python_source
from explorer.base.language import N_, _
from explorer.lessons import field_stack
from explorer.lessons.field_stack import Layer, Level
from explorer.ui import lesson
from explorer.ui.lesson import Question, Setting
from explorer.ui.save_buttons import save_button
from pages.learn.receptive_field import stack_editor
from pages.learn.receptive_field.field_board import layers_of
from pages.learn.receptive_field.state import STATE

STACK, SIDE = STATE.default("field_stack", "field_side").values()
MOST_SIDE = 64
MOST_UNITS = 128  # each way, of any layer: padding can make maps grow without end


def stack_setting(text: str, side: int, view: str = "stack") -> Setting:
    return {"field_view": view, "field_stack": text, "field_side": side}


def prompts(view: str) -> dict[str, Setting]:
    """Stacks worth a look, each one click away."""
    stacks = {
        _("Two 3 × 3"): stack_setting("c3 c3", 16),
        _("One 5 × 5"): stack_setting("c5", 16),
        _("Three 3 × 3"): stack_setting("c3 c3 c3", 16),
        _("One 7 × 7"): stack_setting("c7", 16),
        _("LeNet"): stack_setting("c5p2 a2 c5 a2", 28),
        _("VGG-11's first blocks"): stack_setting("c3p1 m2 c3p1 m2 c3p1 c3p1 m2", 48),
        _("Dilation 1, 2, 4"): stack_setting("c3 c3d2 c3d4", 32),
        _("Dilation with holes"): stack_setting("c3d2 c3d2", 24),
    }
    if view == "stack":
        return stacks
    deep = {
        _("1 layer"): stack_setting("c3", 33, view),
        _("4 layers"): stack_setting(" ".join(["c3"] * 4), 33, view),
        _("12 layers"): stack_setting(" ".join(["c3"] * 12), 33, view),
    }
    return deep | {label: {**setting, "field_view": view} for label, setting in stacks.items()}


def stack_controls() -> tuple[Level, ...]:
    """The stack over its picture, or the last good one under a sentence that says what is wrong."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="field_controls"):
        text = STATE.text(
            "field_stack",
            _("Layers, from the picture up"),
            _(
                "c3 is a 3 × 3 convolution, m2 a max pooling, a2 an average pooling. Add s, p, d "
                "with a number for stride, padding per side and dilation: c3s2, c5p2, c3d2."
            ),
            width=340,
        )
        side = STATE.number("field_side", _("Picture, pixels"))
        editor = st.popover(
            _("Edit layers"), icon=":material/edit:", key="field_editor", on_change="rerun"
        )
    if editor.open:
        with editor:
            stack_editor.rows(text)
    return lesson.last_good(
        "field", lambda: read_stack(text, side), lambda: read_stack(STACK, SIDE)
    )


def read_stack(text: str, side: int) -> tuple[Level, ...]:
    """The stack over the picture.

    Raises:
        ValueError: a word that is no layer, a side out of limits, a layer that does not fit or
            makes maps too large to draw and to measure.
    """
    layers = field_stack.parse(text)
    if not 4 <= side <= MOST_SIDE:
        raise ValueError(
            _("The picture's side is {side}; it must be from {least} to {most} pixels.").format(
                side=f"{side:.6g}", least=4, most=MOST_SIDE
            )
        )
    stack = field_stack.levels(layers, side)
    for number, level in enumerate(stack):
        if level.units > MOST_UNITS:
            raise ValueError(
                _(
                    "Layer {number} makes maps of {units} units each way; at most {most} can be "
                    "drawn. Pad less, or take a smaller picture."
                ).format(number=number, units=level.units, most=MOST_UNITS)
            )
    return stack


def words(stack: Sequence[Level]) -> None:
    """What to see, in two minutes; the same stack in torch; the numbers as a file."""
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        st.markdown(
            _(
                "Every layer lets a unit see **d·(k − 1) × jump** more pixels than the layer below,"
                " where the **jump** is how many pixels lie between two neighbours there. Strides "
                "and poolings multiply the jump, so every layer after them grows the field "
                "faster. Near the border a part of the field lies outside the picture."
            )
        )
    with right:
        st.code(torch_code(layers_of(stack)), language="python")
        save_button(_("Layers (CSV)"), level_rows(stack), "receptive-field.csv")


def torch_code(layers: Sequence[Layer]) -> str:
    """The stack as `nn.Sequential`, one channel throughout."""
    lines = []
    for layer in layers:
        conv = layer.kind == "conv"
        name = {"conv": "Conv2d", "max": "MaxPool2d", "avg": "AvgPool2d"}[layer.kind]
        call = python_source.call(
            f"nn.{name}", *([1, 1] if conv else []), layer.kernel,
            stride=(layer.stride, 1 if conv else layer.kernel), padding=(layer.padding, 0),
            dilation=(layer.dilation, 1),
        )  # fmt: skip
        lines.append(f"    {call},\n")
    return f"nn.Sequential(\n{''.join(lines)})"


def level_rows(stack: Sequence[Level]) -> list[dict[str, object]]:
    """One row for each layer: its setting, size, field and jump, along one axis."""
    return [
        {
            "layer": field_stack.spell([level.layer]) if level.layer else "picture",
            "units": level.units,
            "field_pixels": level.axis.size,
            "jump_pixels": f"{level.axis.jump:g}",
            "first_unit_starts_at": f"{level.axis.start:g}",
        }
        for level in stack
    ]


QUESTIONS = (
    Question(
        N_("How does information reach the end when height and width shrink?"),
        N_(
            "Each cell stands for a growing patch of the picture: in LeNet a cell of the last map "
            "sees 16 of the 28 pixels each way. Fewer cells, each one seeing more, and more "
            "channels to say what is there."
        ),
        stack_setting("c5p2 a2 c5 a2", 28),
    ),
    Question(
        N_("Why do two 2 × 2 kernels see nine pixels and not eight or sixteen?"),
        N_(
            "The windows of the second layer's four cells overlap: side by side they cover 3 × 3 "
            "= 9 pixels, the middle one four times. (2 + 1·(2 − 1)·1 = 3 along each axis.)"
        ),
        stack_setting("c2 c2", 8),
    ),
    Question(
        N_("Do two 3 × 3 layers replace one 5 × 5?"),
        N_(
            "They see the same 25 pixels with 28 % fewer weights and one non-linearity more. They "
            "cannot represent every 5 × 5 kernel; whether that hurts is decided by training."
        ),
        {"field_view": "why"},
    ),
    Question(
        N_("Does a unit use its whole field?"),
        N_(
            "Hardly. Pixels at the edge reach it on few paths, those in the middle on many, so "
            "the measured field is a spot in the middle of the box. Deeper stacks: a larger box, "
            "and a smaller share of it that counts."
        ),
        stack_setting("c3 c3 c3 c3 c3 c3 c3 c3", 33, "effective"),
    ),
    Question(
        N_("Can dilation see far for free?"),
        N_(
            "Two layers with dilation 2 span 9 pixels but read only every other one: the rest are "
            "holes. Dilations 1, 2, 4 one after the other leave none, and see 15 pixels."
        ),
        stack_setting("c3d2 c3d2", 24),
    ),
)
