"""A stack of layers as strips over a picture: point at a unit, and its field lights up below.

Pointing, arrow keys, playing and scrubbing happen in the browser (`field_board.js`). It
follows, level by level, the lists of cells that each unit reads; those, all numbers and all words
are made here. What comes back, a moment after the reader stops, is the chosen unit, for the link.

The element to wait for in a test: `[data-field-painted="<key>"]`.
"""

import base64
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from explorer.base.language import _, ngettext
from explorer.data import photographs
from explorer.lessons import field_stack
from explorer.lessons.field_stack import Layer, Level
from explorer.ui.boards.component import Component

BOARD = Component(Path(__file__).with_suffix(".js"), "fields")
Place = tuple[int, int, int]  # level (0 is the picture), row, column
Token = tuple[str, str]
Data = dict[str, Any]


def show(data: Data, *, key: str, at: Place) -> Place:
    """Draw `data`; the unit that the reader chose, at first `at`. `key` is the widget's."""
    result = BOARD(key=key, data={**data, "at": at}, on_at_change=lambda: None)
    chosen = result.at
    if not chosen or chosen.get("key") != data["key"]:
        return at
    level, row, column = chosen["at"]
    return level, row, column


def content(stack: tuple[Level, ...]) -> Data:
    """All that the board shows of a stack; plain values, to be kept per language."""
    return {
        "key": f"{stack[0].units} " + field_stack.spell([one.layer for one in stack if one.layer]),
        "picture": _picture(stack[0].units),
        "levels": [_level(stack, number) for number in range(len(stack))],
        "words": {
            "play": _("Grow the field layer by layer"),
            "pause": _("Pause"),
            "back": _("One layer down"),
            "step": _("One layer up"),
            "scrub": _("Layer"),
            "hint": _(
                "Point at a unit or at the picture. Arrow keys: left and right along the layer, "
                "up and down through the stack; the space bar plays."
            ),
            "picture": _("The field in the picture; arrow keys move it"),
        },
    }


@cache
def _picture(side: int) -> str:
    """The middle of a photograph in `side` × `side` pixels, as the address of a PNG."""
    grey = photographs.patch("flower", side, levels=255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _level(stack: tuple[Level, ...], number: int) -> Data:
    level = stack[number]
    below = stack[number - 1].units if number else 0
    axis = level.axis
    return {
        "title": title(number, level.layer),
        "facts": _facts(level) if level.layer else "",
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
    kind = {
        "conv": _("convolution"),
        "max": _("max pooling"),
        "avg": _("average pooling"),
    }[layer.kind]
    parts = [f"{number} · {kind} {layer.kernel} × {layer.kernel}"]
    if layer.stride > 1:
        parts.append(_("stride {n}").format(n=layer.stride))
    if layer.padding:
        parts.append(_("padding {n}").format(n=layer.padding))
    if layer.dilation > 1:
        parts.append(_("dilation {n}").format(n=layer.dilation))
    return ", ".join(parts)


def _facts(level: Level) -> str:
    return _("{units} × {units} units, field {field}, jump {jump}").format(
        units=level.units, field=level.axis.size, jump=f"{level.axis.jump:g}"
    )


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
    seen = field_stack.cells(stack, number, unit)[0]
    if not seen:
        return _("Unit {unit} of layer {layer} sees nothing but padding.").format(
            unit=unit + 1, layer=number
        )
    said = ngettext(
        "Unit {unit} of layer {layer} sees {n} pixel: {first} to {last}.",
        "Unit {unit} of layer {layer} sees {n} pixels: {first} to {last}.",
        len(seen),
    ).format(unit=unit + 1, layer=number, n=len(seen), first=seen[0] + 1, last=seen[-1] + 1)
    if len(seen) < seen[-1] - seen[0] + 1:
        return said + " " + _("Those between are holes: no path leads there.")
    if len(seen) < stack[number].axis.size:
        return said + " " + _("The rest of its field lies outside the picture.")
    return said
