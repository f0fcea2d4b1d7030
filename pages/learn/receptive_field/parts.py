"""The parts of the page on receptive fields: what is picked, and the stack with its board."""

import re
from collections.abc import Sequence

import streamlit as st

from explorer.base import spreadsheet
from explorer.base.language import _, current
from explorer.lessons import field_stack
from explorer.lessons.field_stack import Layer, Level
from explorer.ui import lesson
from explorer.ui.lesson import Setting
from explorer.ui.save_buttons import save_button
from pages.learn.receptive_field import field_board, stack_editor
from pages.learn.receptive_field.state import STATE

STACK, SIDE = STATE.default("field_stack", "field_side").values()
MOST_SIDE = 64
MOST_UNITS = 128  # each way, of any layer: padding can make maps grow without end


def stack_setting(text: str, side: int, view: str = "stack") -> Setting:
    return {"field_view": view, "field_stack": text, "field_side": side}


def pick_view() -> str:
    """The stack, the effective field, why small kernels, or a network's layers."""
    words = {
        "stack": _("A stack of layers"),
        "effective": _("What counts in the field"),
        "why": _("Two 3 × 3 or one 5 × 5?"),
        "networks": _("In a real network"),
    }
    return STATE.pick_one("field_view", _("View"), words)


def prompts(view: str) -> dict[str, Setting]:
    """Stacks worth a look, each one click away."""
    stacks = {
        _("Two 3 × 3"): stack_setting("c3 c3", 16),
        _("One 5 × 5"): stack_setting("c5", 16),
        _("Three 3 × 3"): stack_setting("c3 c3 c3", 16),
        _("One 7 × 7"): stack_setting("c7", 16),
        _("LeNet"): stack_setting("c5p2 a2 c5 a2", 28),
        _("VGG-11's first blocks"): stack_setting("c3p1 p2 c3p1 p2 c3p1 c3p1 p2", 48),
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


def stack_controls() -> tuple[str, int]:
    """The stack as text and the picture's side, as they were given."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="field_controls"):
        text = STATE.text(
            "field_stack",
            _("Layers, from the picture up"),
            _(
                "c3 is a 3 × 3 convolution, p2 a max pooling, a2 an average pooling. Add s, p, d "
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
    return text, side


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


def good_stack(text: str, side: int) -> tuple[Level, ...]:
    """The stack, or the last good one under a sentence that says what is wrong."""
    return lesson.last_good(
        "field", lambda: read_stack(text, side), lambda: read_stack(STACK, SIDE)
    )


def layers_of(stack: Sequence[Level]) -> tuple[Layer, ...]:
    """The layers alone, without what they do to a picture."""
    return tuple(level.layer for level in stack if level.layer)


@st.cache_data(max_entries=64, show_spinner=False)
def _content(text: str, side: int, language: str) -> field_board.Data:
    """The board's data in one language, kept."""
    return field_board.content(field_stack.levels(field_stack.parse(text), side))


def board(stack: tuple[Level, ...]) -> None:
    """The strips and the picture; the unit chosen there goes into the address."""
    last = stack[-1]
    st.markdown(
        _(
            "A unit of the last layer sees **{field} × {field}** of the {side} × {side} pixels."
        ).format(field=last.axis.size, side=stack[0].units)
        + (_(" That is more than there are.") if last.axis.size > stack[0].units else "")
    )
    data = _content(field_stack.spell(layers_of(stack)), stack[0].units, current())
    STATE.forget_if_new("field_at", data["key"])
    place = field_board.show(data, key="field_board", at=_place(stack))
    STATE.put("field_at", _spelled(place), _spelled(_middle(stack)))


def _spelled(place: field_board.Place) -> str:
    return ".".join(map(str, place))


def _middle(stack: tuple[Level, ...]) -> field_board.Place:
    """The unit in the middle of the last layer."""
    middle = (stack[-1].units - 1) // 2
    return len(stack) - 1, middle, middle


def _place(stack: tuple[Level, ...]) -> field_board.Place:
    """The unit in the address, else the one in the middle."""
    given = STATE.query("field_at")
    if not re.fullmatch(r"\d{1,3}\.\d{1,3}\.\d{1,3}", given):
        return _middle(stack)
    level, row, column = map(int, given.split("."))
    number = min(level, len(stack) - 1)
    last = stack[number].units - 1
    return number, min(row, last), min(column, last)


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
        save_button(_("Layers (CSV)"), levels_csv(stack), "receptive-field.csv")


def torch_code(layers: Sequence[Layer]) -> str:
    """The stack as `nn.Sequential`, one channel throughout."""
    lines = []
    for layer in layers:
        name = {"conv": "Conv2d", "max": "MaxPool2d", "avg": "AvgPool2d"}[layer.kind]
        usual = {"stride": 1 if layer.kind == "conv" else layer.kernel, "padding": 0, "dilation": 1}
        told = [f"{key}={getattr(layer, key)}" for key, value in usual.items()
                if getattr(layer, key) != value]  # fmt: skip
        first = ["1", "1"] if layer.kind == "conv" else []
        lines.append(f"    nn.{name}({', '.join([*first, str(layer.kernel), *told])}),")
    return "nn.Sequential(\n" + "\n".join(lines) + "\n)"


def levels_csv(stack: Sequence[Level]) -> str:
    """One row for each layer: its setting, size, field and jump, along one axis."""
    return spreadsheet.records(
        [
            {
                "layer": field_stack.spell([level.layer]) if level.layer else "picture",
                "units": level.units,
                "field_pixels": level.axis.size,
                "jump_pixels": f"{level.axis.jump:g}",
                "first_unit_starts_at": f"{level.axis.start:g}",
            }
            for level in stack
        ]
    )
