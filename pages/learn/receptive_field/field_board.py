"""A stack of layers as strips over a picture: point at a unit, and its field lights up below.

Pointing, arrow keys, playing and scrubbing happen in the browser (`field_board.js`). It
follows, level by level, the lists of cells that each unit reads; those, all numbers and all words
are made here. What comes back, a moment after the reader stops, is the chosen unit, for the link.

The element to wait for in a test: `[data-field-painted="<key>"]`.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from explorer.base.language import _, current, ngettext
from explorer.data import photographs
from explorer.figures import maps, pictures
from explorer.lessons import field_stack
from explorer.lessons.field_stack import Layer, Level
from explorer.ui.boards.component import Component
from pages.learn.receptive_field.stack_editor import KINDS
from pages.learn.receptive_field.state import STATE

BOARD = Component(Path(__file__).with_suffix(".js"), "fields")
Place = tuple[int, int, int]  # level (0 is the picture), row, column
Token = tuple[str, str]
Data = dict[str, Any]


def board(stack: tuple[Level, ...]) -> None:
    """The strips and the picture; the unit chosen there goes into the address."""
    side = stack[0].units
    st.markdown(sight(stack))
    data = _content(field_stack.spell(layers_of(stack)), side, current())
    STATE.forget_if_new("field_at", data["key"])
    place = _place(stack)
    moved = BOARD(key="field_board", data={**data, "at": place}, on_at_change=lambda: None).at
    if moved and moved.get("key") == data["key"]:
        place = tuple(moved["at"])
    STATE.put("field_at", _spelled(place), _spelled(_middle(stack)))


def sight(stack: tuple[Level, ...]) -> str:
    """What a unit in the middle of the last layer sees of the picture, without its holes."""
    field, side = stack[-1].axis.size, stack[0].units
    level, unit, _column = _middle(stack)
    pixels = field_stack.cells(stack, level, unit)[0]
    words = _("A unit of the last layer sees **{field} × {field}** of the {side} × {side} pixels.")
    if pixels and len(pixels) < pixels[-1] - pixels[0] + 1:
        words = _(
            "A unit of the last layer spans **{field} × {field}** of the {side} × {side} pixels, "
            "but sees only **{n} × {n}** of them: between these are holes."
        )
    more = _(" That is more than there are.") if field > side else ""
    return words.format(field=field, side=side, n=len(pixels)) + more


def _spelled(place: Place) -> str:
    return ".".join(map(str, place))


def _middle(stack: tuple[Level, ...]) -> Place:
    """The unit in the middle of the last layer."""
    middle = (stack[-1].units - 1) // 2
    return len(stack) - 1, middle, middle


def _place(stack: tuple[Level, ...]) -> Place:
    """The unit in the address, else the one in the middle."""
    address = STATE.query("field_at")
    if not re.fullmatch(r"\d{1,3}\.\d{1,3}\.\d{1,3}", address):
        return _middle(stack)
    level, row, column = map(int, address.split("."))
    number = min(level, len(stack) - 1)
    last = stack[number].units - 1
    return number, min(row, last), min(column, last)


def layers_of(stack: Sequence[Level]) -> tuple[Layer, ...]:
    """The layers alone, without what they do to a picture."""
    return tuple(level.layer for level in stack if level.layer)


@st.cache_data(max_entries=64, show_spinner=False)
def _content(text: str, side: int, _language: str) -> Data:
    """All that the board shows of a stack, kept per language."""
    stack = field_stack.levels(field_stack.parse(text), side)
    return {
        "key": f"{side} {text}",
        "picture": _picture(side),
        "levels": [_level(stack, number) for number in range(len(stack))],
        "words": {
            "play": _("Grow the field layer by layer"),
            "pause": _("Pause"),
            "back": _("One layer down"),
            "step": _("One layer up"),
            "scrub": _("Layer"),
            "hint": _("Point at a unit or at the picture."),
            "keys": _(
                "Arrow keys: left and right along the layer, up and down through the stack; "
                "the space bar plays."
            ),
            "picture": _("The field in the picture; arrow keys move it"),
        },
    }


@cache
def _picture(side: int) -> str:
    """The middle of a photograph in `side` × `side` pixels, as the address of a PNG."""
    grey = photographs.patch("flower", side, levels=255).astype(np.uint8)
    return pictures.address(maps.photograph(grey[None]))


def _level(stack: tuple[Level, ...], number: int) -> Data:
    level = stack[number]
    below = stack[number - 1].units if number else 0
    axis = level.axis
    return {
        "title": title(number, level.layer),
        "facts": _("{units} × {units} units, field {field}, jump {jump}").format(
            units=level.units, field=axis.size, jump=f"{axis.jump:g}"
        )
        if level.layer
        else "",
        "short": _("field {n}").format(n=axis.size) if level.layer else "",
        "formula": _formula(stack, number),
        "units": level.units,
        "middle": axis.start + (axis.size - 1) / 2,  # of the first unit's field, in pixels
        "jump": axis.jump,
        "family": level.layer.kind if level.layer else "picture",
        "reads": [
            field_stack.reads(level.layer, unit, below) if level.layer else ()
            for unit in range(level.units)
        ],
        "notes": [_note(stack, number, unit) for unit in range(level.units)],
    }


def title(number: int, layer: Layer | None) -> str:
    """2 · convolution 3 × 3, stride 2."""
    if layer is None:
        return _("picture")
    parts = [f"{number} · {_(KINDS[layer.kind])} {layer.kernel} × {layer.kernel}"]
    if layer.stride > 1:
        parts.append(_("stride {n}").format(n=layer.stride))
    if layer.padding:
        parts.append(_("padding {n}").format(n=layer.padding))
    if layer.dilation > 1:
        parts.append(_("dilation {n}").format(n=layer.dilation))
    return ", ".join(parts)


def _formula(stack: tuple[Level, ...], number: int) -> list[Token]:
    """5 = 3 + 1·(3 − 1)·1: the field below, and what the window adds in steps of the jump."""
    layer = stack[number].layer
    if layer is None:
        return [(_("A pixel sees itself: field 1, jump 1."), "quiet")]
    below = stack[number - 1].axis
    dilation: list[Token] = [(f"{layer.dilation}·", "d")] if layer.dilation > 1 else []
    return [
        (_("field"), "quiet"),
        (f" {stack[number].axis.size}", "strong"),
        (" = ", ""),
        (f"{below.size}", "below"),
        (" + ", ""),
        *dilation,
        (f"({layer.kernel} − 1)", "k"),
        ("·", ""),
        (f"{below.jump:g}", "jump"),
    ]


def _note(stack: tuple[Level, ...], number: int, unit: int) -> str:
    """What this unit sees along one axis, in words; columns count from 1."""
    if number == 0:
        return _("Pixel {n}").format(n=unit + 1)
    pixels = field_stack.cells(stack, number, unit)[0]
    if not pixels:
        return _("Unit {unit} of layer {layer} sees nothing but padding.").format(
            unit=unit + 1, layer=number
        )
    words = ngettext(
        "Unit {unit} of layer {layer} sees {n} pixel: {first} to {last}.",
        "Unit {unit} of layer {layer} sees {n} pixels: {first} to {last}.",
        len(pixels),
    ).format(unit=unit + 1, layer=number, n=len(pixels), first=pixels[0] + 1, last=pixels[-1] + 1)
    if len(pixels) < pixels[-1] - pixels[0] + 1:
        return words + " " + _("Those between are holes: no path leads there.")
    if len(pixels) < stack[number].axis.size:
        return words + " " + _("The rest of its field lies outside the picture.")
    return words
