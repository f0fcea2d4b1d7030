"""What the page shows, to take along. Each file is made when it is asked for."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from explorer.base.language import _
from explorer.inside.feature_visualization import Ascent, Found
from pages.inside.feature_visualization import figures, subjects, top
from pages.inside.feature_visualization.subjects import Subject


def offer(subject: Subject, found: Found, channel: int, drawn: Ascent | None) -> None:
    """Buttons in a row: the table of all channels, the chosen one's pictures, its curve."""
    name = f"{subject.network.replace('/', '-')}-{subject.layer}"
    given: list[tuple[str, Callable[[], str | bytes], str, str]] = [
        (
            _("All channels (CSV)"),
            partial(table, subject, found),
            f"{name}-excites.csv",
            "text/csv",
        ),
        (
            _("The pictures (PNG)"),
            partial(board, subject, found, channel),
            f"{name}-channel-{channel + 1}-pictures.png",
            "image/png",
        ),
    ]
    if drawn:
        file = f"{name}-channel-{channel + 1}-ascent.csv"
        given.append((_("The curve (CSV)"), partial(figures.curve, drawn), file, "text/csv"))
    with st.container(horizontal=True, key="excites_files"):
        for number, (label, content, file, kind) in enumerate(given):
            st.download_button(
                label, content, file, kind, key=f"excites_file_{number}",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip


def table(subject: Subject, found: Found) -> str:
    """A line for each of every channel's strongest pictures."""
    fields = subjects.fields(subject)
    rows: list[list[object]] = []
    for channel in range(found.values.shape[1]):
        for place in range(len(found.values)):
            number = int(found.pictures[place, channel])
            unit = int(found.rows[place, channel]), int(found.columns[place, channel])
            value = f"{float(found.values[place, channel]):.9g}"
            label = subject.gallery.label(number)
            box = fields.box(*unit) or ("", "", "", "")
            rows.append([channel, place + 1, value, number, label, *unit, *box])
    return figures.table(rows)


def board(subject: Subject, found: Found, channel: int) -> bytes:
    """The chosen channel's pictures in rows of three, what its units see framed."""
    sees_all = subjects.fields(subject).sees_all
    drawn = []
    for place in range(len(found.values)):
        picture, box, _number = top.seen(subject, found, channel, place)
        drawn.append(figures.framed(picture, None if sees_all else box))
    return figures.board(drawn)
