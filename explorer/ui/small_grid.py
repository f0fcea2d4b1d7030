"""Small grids of numbers that only show something, in the colours of the window board."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from explorer.figures import maps

Cell = tuple[int, int]


@dataclass(frozen=True)
class SmallGrid:
    """A titled grid; `marked` cells get a frame (the second sign beside colour)."""

    title: str
    values: Sequence[Sequence[float]]
    marked: Collection[Cell] = ()


def _spell(value: float) -> str:
    return f"{value + 0.0:.3g}".replace("-", "−")


def _luminance(rgb: Sequence[int]) -> float:
    """Relative luminance, 0 to 1 (WCAG 2)."""
    shares = [channel / 255 for channel in rgb]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _cell(value: float, rgb: Sequence[int], *, marked: bool) -> str:
    ink = "#000000" if _luminance(rgb) > 0.179 else "#ffffff"  # never under 4.5 : 1
    frame = "inset 0 0 0 3px #d55e00" if marked else "inset 0 0 0 .5px rgb(128 128 128/.6)"
    style = f"background:rgb({rgb[0]},{rgb[1]},{rgb[2]});color:{ink};box-shadow:{frame}"
    return (
        f'<td style="{style};min-width:38px;height:32px;padding:0 5px;border:0;text-align:center;'
        f'font-size:15px">{_spell(value)}</td>'
    )


def grid_html(grid: SmallGrid, *, signed: bool, most: float) -> str:
    """One grid as an HTML table."""
    values = np.asarray(grid.values, dtype=np.float64)
    rgb = maps.colours(signed=signed)[maps.coloured(values, most, signed=signed)].tolist()
    rows = "".join(
        "<tr>"
        + "".join(
            _cell(value, rgb[i][j], marked=(i, j) in grid.marked) for j, value in enumerate(row)
        )
        + "</tr>"
        for i, row in enumerate(values.tolist())
    )
    return (
        '<figure style="margin:0"><figcaption style="font-size:14px;font-weight:600;'
        f'margin-bottom:3px">{escape(grid.title)}</figcaption>'
        f'<table style="border-collapse:collapse;margin:0">{rows}</table></figure>'
    )


def small_grids(
    grids: Sequence[SmallGrid], *, signed: bool | None = None, stacked: bool = False
) -> None:
    """Grids side by side, or below each other, on one colour scale.

    It is signed if any value is negative, unless that is said.
    """
    together = np.concatenate([np.ravel(np.asarray(grid.values)) for grid in grids])
    most = float(np.abs(together).max(initial=0))
    below = bool((together < 0).any()) if signed is None else signed
    inner = "".join(grid_html(grid, signed=below, most=most) for grid in grids)
    st.html(
        f'<div style="display:flex;flex-flow:{"column" if stacked else "row wrap"};'
        f'gap:10px 26px;align-items:flex-start;overflow-x:auto">{inner}</div>'
    )
