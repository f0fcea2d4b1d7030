"""Windows on a strip (one axis) or a plane (two axes): what each reads, and what none reads.

Moving over the picture, playing, stepping and scrubbing happen in the browser (`strip_board.js`),
which draws what it is given: every number and word is made here. What comes back, a moment after
the reader stops, is the window that he chose, for the link. The element to wait for in a test:
`[data-strip-painted="<key>"]`.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.base.language import _, ngettext
from explorer.lessons import windows
from explorer.lessons.windows import Axis
from explorer.ui.boards.component import Component
from pages.learn.padding_stride.state import STATE

BOARD = Component(Path(__file__).with_suffix(".js"), "strips")
Data = dict[str, Any]
Token = tuple[str, str]  # a piece of a formula, and which quantity it is: n, p, k, s or ""

MOST_TERMS = 9  # products written out
MOST_LISTED = 24  # numbers written out
MOST_SIDE = 22  # cells of a plane, its padding too


def show(data: Data, name: str) -> None:
    """Draw `data`; the window chosen on it goes into the address as `name`, counted from 1."""
    STATE.forget_if_new(name, data["key"])
    number = STATE.query(name) or "1"
    at = max(int(number) - 1, 0) if re.fullmatch(r"\d{1,4}", number) else 0
    words = {
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("One window back"),
        "step": _("One window on"),
        "scrub": _("Window"),
        "hint": _("Point at a cell."),
        "keys": _("The arrow keys move the window, the space bar plays."),
    }
    data |= {"at": at, "words": words}
    window = BOARD(key=f"{name}_board", data=data, on_at_change=lambda: None).at
    if window and window.get("key") == data["key"]:
        at = int(window["at"])
    STATE.put(name, at + 1, 1)


def show_axis(along: Axis, name: str) -> None:
    """One axis as a strip; by its formula where cells would be too fine to be told apart."""
    if along.drawable:
        show(strip(along), name)
    else:
        by_formula([_formula(along)], verdict(along))


def by_formula(lines: Sequence[Sequence[Token]], verdict: str) -> None:
    """What a picture would say, in words and numbers alone."""
    for tokens in lines:
        st.subheader("".join(text for text, _role in tokens), anchor=False)
    st.markdown(verdict)
    words = _("Too fine to be drawn: up to {size} cells and a kernel of {kernel} are.")
    st.caption(words.format(size=windows.DRAWN_SIZE, kernel=windows.DRAWN_KERNEL))


def listed(numbers: Sequence[int]) -> str:
    """1, 2, 3 and 4; of many the first and the last."""
    *words, last = map(str, numbers)
    if len(words) > MOST_LISTED:
        return ", ".join([*words[:3], f"… {last}"])
    return _("{first} and {last}").format(first=", ".join(words), last=last) if words else last


def strip(along: Axis) -> Data:
    """One axis: the cells 1, 2, 3 … under a kernel of ones, and every window drawn."""
    output = ngettext("output: {n} cell", "output: {n} cells", along.places)
    return {
        "kind": "strip",
        "key": f"{along}",
        "meaning": _("{size} cells, {places} windows of {kernel} cells, {places} outputs").format(
            size=along.size, places=along.places, kernel=along.kernel
        ),
        "formula": [_formula(along)],
        "verdict": verdict(along),
        "lost": bool(along.lost),
        "cells": [
            [
                {
                    "text": _strip_text(along, column),
                    "pad": not 0 <= column < along.size,
                    "unread": column in along.unread,
                    "note": _column_note(along, column),
                }
                for column in along.columns
            ]
        ],
        "windows": [
            {
                "rows": [0],
                "columns": [column + along.before for column in along.window(place)],
                "out": f"{value:g}",
                "note": _sum_note(along, place, value),
            }
            for place, value in enumerate(windows.line(along))
        ],
        "span": along.span,
        "stride": along.stride,
        "ghost": _ghost(along),
        "titles": {"input": _input_title(along), "output": output.format(n=along.places)},
    }


def _strip_text(along: Axis, column: int) -> str:
    return str(column + 1 if 0 <= column < along.size else 0)


def _input_title(along: Axis) -> str:
    if not along.before + along.after:
        return _("input: {size} cells, no padding").format(size=along.size)
    return _("input: {size} cells, zeros {before} + {after}").format(
        size=along.size, before=along.before, after=along.after
    )


def _ghost(along: Axis) -> str:
    """What the window after the last would lack; "" if the last one ends at the very end."""
    if not along.left_over:
        return ""
    lacking = along.stride - along.left_over
    return ngettext(
        "the next window lacks {n} cell", "the next window lacks {n} cells", lacking
    ).format(n=lacking)


def _sum_note(along: Axis, place: int, value: float) -> list[Token]:
    terms = [_strip_text(along, column) for column in along.window(place)]
    return [
        (_("Output {number}: ").format(number=place + 1), "quiet"),
        (" + ".join(terms), "k"),
        (f" = {value:g}", "strong"),
    ]


def _column_note(along: Axis, column: int) -> list[Token]:
    readers = [place + 1 for place in along.readers(column)]
    inside = 0 <= column < along.size
    name = _("Column {n}").format(n=column + 1) if inside else _("This padded zero")
    if not readers:
        return [(_("{cell} is never read.").format(cell=name), "lost")]
    words = ngettext(
        "{cell} is read by window {list}.", "{cell} is read by windows {list}.", len(readers)
    )
    return [(words.format(cell=name, list=listed(readers)), "")]


def _formula(along: Axis) -> list[Token]:
    """⌊(10 + 2·1 − 3) / 2⌋ + 1 = ⌊4.5⌋ + 1 = 5, in pieces that know what they are."""
    room = along.padded - along.span
    alike = along.before == along.after
    padding = f"2·{along.before}" if alike else f"{along.before} + {along.after}"
    steps = (f"{room // along.stride}", "")
    if along.left_over:
        steps = (f"⌊{room / along.stride:.4g}⌋", "floor")
    return [
        (f"{along.places}", "strong"), (" = ⌊(", ""), (f"{along.size}", "n"), (" + ", ""),
        (padding, "p"), (" − ", ""), (f"{along.span}", "k"), (") / ", ""), (f"{along.stride}", "s"),
        ("⌋ + 1 = ", ""), steps, (" + 1", ""),
    ]  # fmt: skip


def verdict(along: Axis) -> str:
    """Which cells no window reads, and why."""
    end = along.size + along.after - along.left_over  # from here on, no window reaches
    dropped = [column + 1 for column in along.lost if column >= end]
    skipped = [column + 1 for column in along.lost if column < end]
    if not dropped and not skipped and along.left_over:
        return ngettext(
            "Every column is read. Of the padded zeros, {n} at the end is not: the floor drops it.",
            "Every column is read. Of the padded zeros, {n} at the end are not: the floor drops "
            "them.",
            along.left_over,
        ).format(n=along.left_over)
    words = []
    if dropped:
        text = ngettext(
            "Column {list} is never read: the floor drops what does not fill a whole step.",
            "Columns {list} are never read: the floor drops what does not fill a whole step.",
            len(dropped),
        )
        words.append(text.format(list=listed(dropped)))
    if skipped:
        text = ngettext(
            "Column {list} is never read: the windows step over it.",
            "Columns {list} are never read: the windows step over them.",
            len(skipped),
        )
        words.append(text.format(list=listed(skipped)))
    return " ".join(words) or _("Every column is read.")


def both_drawable(rows: Axis, columns: Axis) -> bool:
    """Whether the cells of a plane can be told apart in a picture."""
    return all(each.padded <= MOST_SIDE and each.drawable for each in (rows, columns))


def show_plane(rows: Axis, columns: Axis, name: str) -> None:
    """Two axes as a plane; by their formulas where cells would be too fine to be told apart."""
    if both_drawable(rows, columns):
        show(plane(rows, columns), name)
    else:
        by_formula(_formulas(rows, columns), _plane_verdict(rows, columns))


def _formulas(rows: Axis, columns: Axis) -> list[list[Token]]:
    return [
        [(_("rows: "), "quiet"), *_formula(rows)],
        [(_("columns: "), "quiet"), *_formula(columns)],
    ]


def plane(rows: Axis, columns: Axis) -> Data:
    """Two axes: input 0, 1, 2 … and kernel 0, 1, 2 …, as in the course's figures."""
    lost_rows, lost_columns = set(rows.unread), set(columns.unread)
    return {
        "kind": "plane",
        "key": f"{rows} {columns}",
        "meaning": _("{high} × {wide} input, {out_high} × {out_wide} output").format(
            high=rows.size, wide=columns.size, out_high=rows.places, out_wide=columns.places
        ),
        "formula": _formulas(rows, columns),
        "verdict": _plane_verdict(rows, columns),
        "lost": bool(rows.lost or columns.lost),
        "cells": [
            [
                {
                    "text": _plane_text(rows, columns, row, column),
                    "pad": not (0 <= row < rows.size and 0 <= column < columns.size),
                    "unread": row in lost_rows or column in lost_columns,
                    "note": _cell_note(rows, columns, row, column),
                }
                for column in columns.columns
            ]
            for row in rows.columns
        ],
        "windows": [
            {
                "rows": [row + rows.before for row in rows.window(i)],
                "columns": [column + columns.before for column in columns.window(j)],
                "out": f"{value:g}",
                "note": _plane_sum(rows, columns, (i, j), value),
            }
            for i, line in enumerate(windows.plane(rows, columns))
            for j, value in enumerate(line)
        ],
        "places": [rows.places, columns.places],
        "strides": [rows.stride, columns.stride],
        "titles": {
            "input": _("input {high} × {wide}, padded {all_high} × {all_wide}").format(
                high=rows.size, wide=columns.size, all_high=rows.padded, all_wide=columns.padded
            ),
            "output": _("output {high} × {wide}").format(high=rows.places, wide=columns.places),
        },
    }


def _plane_text(rows: Axis, columns: Axis, row: int, column: int) -> str:
    inside = 0 <= row < rows.size and 0 <= column < columns.size
    return str(row * columns.size + column if inside else 0)


def _cell_note(rows: Axis, columns: Axis, row: int, column: int) -> list[Token]:
    readers = len(rows.readers(row)) * len(columns.readers(column))
    inside = 0 <= row < rows.size and 0 <= column < columns.size
    place = _("Row {row}, column {column}").format(row=row + 1, column=column + 1)
    name = place if inside else _("This padded zero")
    if not readers:
        return [(_("{cell} is never read.").format(cell=name), "lost")]
    words = ngettext("{cell} is read by {n} window.", "{cell} is read by {n} windows.", readers)
    return [(words.format(cell=name, n=readers), "")]


def _plane_sum(rows: Axis, columns: Axis, place: tuple[int, int], value: float) -> list[Token]:
    taps = [
        _plane_text(rows, columns, row, column)
        for row in rows.window(place[0])
        for column in columns.window(place[1])
    ]
    terms = [f"{text}·{weight}" for weight, text in enumerate(taps)]
    if len(terms) > MOST_TERMS:
        rest = _("… ({n} products)").format(n=len(terms))
        terms = [*terms[: MOST_TERMS - 4], rest, terms[-1]]
    name = _("Output row {row}, column {column}: ").format(row=place[0] + 1, column=place[1] + 1)
    return [(name, "quiet"), (" + ".join(terms), "k"), (f" = {value:g}", "strong")]


def _plane_verdict(rows: Axis, columns: Axis) -> str:
    sentences = []
    if rows.lost:
        text = ngettext("Row {list} is never read.", "Rows {list} are never read.", len(rows.lost))
        sentences.append(text.format(list=listed([row + 1 for row in rows.lost])))
    if columns.lost:
        text = ngettext(
            "Column {list} is never read.", "Columns {list} are never read.", len(columns.lost)
        )
        sentences.append(text.format(list=listed([column + 1 for column in columns.lost])))
    return " ".join(sentences) or _("Every row and every column is read.")
