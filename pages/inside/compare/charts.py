"""Networks beside each other: a line of figures for each, as bubbles, a table and a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any, Literal

import plotly.graph_objects as go

from explorer.base import spreadsheet
from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.base.units import count, exact, latency, percent, times
from explorer.figures.charts import axis, frame
from explorer.inside.comparison import Timing

LETTERS = "ABCDEFGH"  # the second sign beside the colour
LARGEST, SMALLEST = 74, 8  # pixels: diameters of bubbles
LEGIBLE = 30  # pixels of a bubble that has room for its letter
MARGIN = 0.18  # of an axis, on both sides, so that no bubble is cut

Across = Literal["parameters", "macs", "seconds"]


@dataclass(frozen=True)
class Row:
    """One network. Accuracies are shares; `seconds` are for one picture; None: not known (yet)."""

    letter: str
    name: str
    weights: str  # where they come from, in words
    spelled: str  # both as in links
    shape: InputSize  # of its pictures
    parameters: int
    macs: int  # for one picture
    weight_bytes: int
    accuracy: float | None = None
    uncertainty: float | None = None  # standard error of the accuracy
    pictures: int = 0  # that the accuracy is over
    card_accuracy: float | None = None
    seconds: float | None = None
    training: str = ""  # how much of it the weights have had, in words


def bubbles(rows: Sequence[Row], across: Across) -> go.Figure:
    """Accuracy over costs, the area of a bubble its MACs; without accuracies, time over costs."""
    counted = any(row.accuracy is not None for row in rows)
    across = across if counted or across != "seconds" else "parameters"
    up = _shares(rows) if counted else _logarithmic(rows, "seconds")
    figure = frame(
        350, _logarithmic(rows, across), up, showlegend=False, hoverlabel={"align": "left"}
    )
    most = max(row.macs for row in rows) or 1
    diameters = [max(SMALLEST, LARGEST * (row.macs / most) ** 0.5) for row in rows]
    places = [_place(row, across, counted=counted) for row in rows]
    for row, diameter, (x, y) in zip(rows, diameters, places, strict=True):
        # Two standard errors each way: where the accuracy on all such pictures probably is.
        whisker = {"array": [2 * (row.uncertainty or 0)], "thickness": 1.5, "width": 5}
        figure.add_scatter(
            x=[x],
            y=[y],
            name=f"{row.letter} {row.name}",
            mode="markers",
            marker={"size": [diameter], "opacity": 0.7, "line": {"width": 1.5}},
            error_y=whisker if counted else None,
            hovertemplate=_hover(row),
            zorder=sum(diameter < each for each in diameters),  # small ones are on top
        )
    for row, diameter, (x, y) in zip(rows, diameters, places, strict=True):
        _letter(figure, row, diameter, x, y)
    return figure


def _place(row: Row, across: Across, *, counted: bool) -> tuple[float | None, float | None]:
    """Across and up; nothing while one of the two is not known."""
    x, y = _value(row, across), row.accuracy if counted else _value(row, "seconds")
    return (x, y) if x is not None and y is not None else (None, None)


def _letter(figure: go.Figure, row: Row, diameter: float, x: float | None, y: float | None) -> None:
    """Over all bubbles: inside its own, or beside it where that is too small."""
    inside = diameter >= LEGIBLE
    side = LETTERS.index(row.letter) % 2
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers+text",
        marker={"size": [diameter], "opacity": 0},  # unseen: it holds the letter off
        text=[f"<b>{row.letter}</b>"],
        textposition="middle center" if inside else ("middle right", "middle left")[side],
        textfont={"size": 19, "color": "#10151c"} if inside else {"size": 17, "color": "#747f8e"},
        hoverinfo="skip",
        zorder=len(LETTERS),
    )


def _value(row: Row, across: Across) -> float | None:
    if across == "seconds":
        return None if row.seconds is None else 1000 * row.seconds
    return {"parameters": row.parameters, "macs": row.macs}[across]


def _hover(row: Row) -> str:
    lines = [f"<b>{row.letter} {row.name}</b>", escape(row.weights)]
    lines += [row.training] if row.training else []
    if row.accuracy is not None:
        lines.append(_("{share} right").format(share=percent(row.accuracy)))
    lines += [
        _("{n} parameters").format(n=exact(row.parameters)),
        _("{n} MACs for one picture").format(n=exact(row.macs)),
    ]
    if row.seconds is not None:
        lines.append(_("{time} for one picture").format(time=latency(row.seconds)))
    return "<br>".join(lines) + "<extra></extra>"


def _logarithmic(rows: Sequence[Row], across: Across) -> dict[str, Any]:
    """An axis with room for bubbles."""
    titles = {
        "parameters": _("parameters (logarithmic)"),
        "macs": _("MACs for one picture (logarithmic)"),
        "seconds": _("milliseconds for one picture (logarithmic)"),
    }
    powers = [log10(value) for row in rows if (value := _value(row, across))]
    low, high = (min(powers), max(powers)) if powers else (0.0, 1.0)
    room = max(MARGIN * (high - low), 0.25)
    wide = high - low > 1.2
    return axis(
        titles[across],
        type="log",
        range=[low - room, high + room],
        dtick=1 if wide else None,
        tickformat="~g" if across == "seconds" else "~s",  # 0.1; 10k, 1M
        nticks=None if wide else 5,
    )


def _shares(rows: Sequence[Row]) -> dict[str, Any]:
    accuracies = [row.accuracy for row in rows if row.accuracy is not None]
    low, high = min(accuracies), max(accuracies)
    room = max(0.3 * (high - low), 0.03)
    return axis(
        _("accuracy on the test pictures"),
        tickformat=".1~%",
        range=[low - room, high + room],
    )


# -- as a table, in HTML ----------------------------------------------------------------------


def chip(letter: str) -> str:
    """A letter on its network's colour."""
    return f'<b class="compare-chip c{LETTERS.index(letter)}">{letter}</b>'


def table(rows: Sequence[Row]) -> str:
    """A line for each network; exact numbers where the pointer rests."""
    counted = any(row.accuracy is not None for row in rows)
    carded = any(row.card_accuracy is not None for row in rows)
    most = max(row.pictures for row in rows)
    heads = [
        (_("Network"), ""),
        (_("Right of {n}").format(n=exact(most)), _("± two standard errors")) if counted else None,
        (_("On its card"), _("on all test pictures, after its training")) if carded else None,
        (_("Parameters"), _("trained numbers")),
        (_("MACs"), _("multiply-adds for one picture")),
        (_("Time"), _("for one picture, measured here")),
    ]
    columns = [each for each in heads if each is not None]
    head = "".join(f'<th title="{escape(about)}">{escape(word)}</th>' for word, about in columns)
    body = "".join(_line(row, counted=counted, carded=carded) for row in rows)
    return (
        f'<div class="compare-wide"><table class="compare-table" '
        f'style="--numbers:{len(columns) - 1}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _line(row: Row, *, counted: bool, carded: bool) -> str:
    under = f"{row.weights}, {row.training or times(row.shape)}"
    name = f"{chip(row.letter)} <strong>{escape(row.name)}</strong><small>{escape(under)}</small>"
    cells = [f'<th scope="row">{name}</th>']
    if counted:
        sure = "" if row.uncertainty is None else f" ± {200 * row.uncertainty:.1f}"
        cells.append(_cell(percent(row.accuracy), under=sure))
    if carded:
        cells.append(_cell(percent(row.card_accuracy)))
    cells += [
        _cell(count(row.parameters), exact(row.parameters)),
        _cell(count(row.macs), exact(row.macs)),
        _cell(latency(row.seconds)),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str, about: str = "", under: str = "") -> str:
    title = f' title="{escape(about)}"' if about else ""
    small = f"<small>{escape(under)}</small>" if under else ""
    return f"<td{title}>{escape(text)}{small}</td>"


# -- files ------------------------------------------------------------------------------------

HEADER = (
    "letter", "network", "weights", "input", "data", "test_pictures", "accuracy",
    "standard_error", "accuracy_on_card", "parameters", "macs_per_picture", "weight_bytes",
    "seconds_per_picture", "device", "threads",
)  # fmt: skip


def csv(rows: Sequence[Row], dataset: str, timing: Timing | None) -> str:
    """A line for each network, exact numbers; the header is the same in every language."""
    lines: list[Sequence[object]] = [HEADER]
    for row in rows:
        network, _colon, source = row.spelled.partition(":")
        counted = row.accuracy is not None
        lines.append(
            [
                row.letter,
                network,
                source,
                "x".join(map(str, row.shape)),
                dataset if counted else "",
                row.pictures if counted else "",
                *_blank(row.accuracy, row.uncertainty, row.card_accuracy),
                row.parameters,
                row.macs,
                row.weight_bytes,
                *_blank(row.seconds),
                *((timing.device, timing.threads) if timing and row.seconds else ("", "")),
            ]
        )
    return spreadsheet.text(lines)


def _blank(*values: float | None) -> list[float | str]:
    return ["" if value is None else value for value in values]
