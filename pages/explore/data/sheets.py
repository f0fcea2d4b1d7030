"""Ten pictures of each class side by side (`sheet.js`), and one of them, large (`numbers.js`)."""

from base64 import b64encode
from pathlib import Path

import numpy as np
import streamlit as st

from explorer.base.cache import shared
from explorer.base.language import _
from explorer.base.units import exact, times
from explorer.data import datasets
from explorer.data.datasets.averages import averages
from explorer.data.datasets.records import Data
from explorer.figures import pictures
from explorer.ui.boards.component import Component, sent
from explorer.ui.entries import entry
from explorer.ui.save_buttons import save_button
from pages.explore.data.state import STATE

SHEET = Component(Path(__file__).with_name("sheet.js"), "sheet")
NUMBERS = Component(Path(__file__).with_name("numbers.js"), "picture-numbers")

SAMPLES = 10  # of each class
MOST_SIDE = 2_400  # pixels of a sheet's height: a hundred classes get smaller pictures
BETWEEN = 3 * pictures.GAP  # pixels, from the averages to the pictures


@shared(64)
def _sheet(name: str, part: str, turn: int) -> tuple[bytes, float, list[tuple[int, int, int]]]:
    """A row for each class: its average, then ten pictures; where in its width the first of these
    begins, as a share; and the number of each in its part, with its row and column."""
    data, rows, places = datasets.load(name), [], []
    split = data.part(part)
    for label in range(len(data.classes)):
        own = (split.labels == label).nonzero().flatten()[turn * SAMPLES : (turn + 1) * SAMPLES]
        rows.append(split.pictures[own].numpy())
        places += [(number, label, column) for column, number in enumerate(own.tolist())]
    average = averages(data.train, len(data.classes)).round().byte().numpy()
    side = min(pictures.TILE, MOST_SIDE // len(rows) - pictures.GAP)
    left, right = pictures.sheet(list(average[:, None]), side), pictures.sheet(rows, side)
    between = np.zeros((len(left), BETWEEN, 4), np.uint8)
    whole = np.concatenate([left, between, right], axis=1)
    return pictures.png(whole), 1 - right.shape[1] / whole.shape[1], places


def sheet(data: Data, part: str, turn: int) -> None:
    """The classes' names, and beside each its average and ten of its pictures, to choose one."""
    png, left, places = _sheet(data.name, part, turn)
    columns = max((column + 1 for *_place, column in places), default=1)
    words = _("One row for each class: the average of its training pictures, then ten pictures.")
    key = STATE.key("sheet")
    SHEET(
        key=key,
        data={
            "classes": data.classes,
            "png": pictures.address(png),
            "places": places,
            "left": 100 * left,
            "step": 100 * (1 - left) / columns,
            "words": {"sheet": words, "picture": _("{class}, picture {n}: see its numbers")},
        },
        on_picture_change=lambda: _choose(sent(key, "picture")),
    )
    click = _("Click one to see its numbers.")
    st.caption(f"{words} {click}")
    save_button(_("Pictures (PNG)"), png, f"{data.name.replace('/', '-')}-{part}-{turn}.png")


def _choose(number: object) -> None:
    STATE["picture"] = str(number) if isinstance(number, int) and number >= 0 else ""


def numbers(data: Data, part: str, number: int) -> None:
    """The picture of this number in its part, cell by cell, and ways on from it."""
    split = data.part(part)
    picture, class_ = split.pictures[number], data.classes[int(split.labels[number])]
    of = f"{data.name}:{part}:{number}"
    title = _("{class_}, picture {n}: {shape} numbers").format(
        class_=class_, n=exact(number + 1), shape=times(picture.shape)
    )
    with st.container(horizontal=True, vertical_alignment="center", key="data_picture"):
        label, icon = _("All pictures"), ":material/arrow_back:"
        st.button(label, key=STATE.key("all"), icon=icon, on_click=_choose, args=(None,))
        st.page_link(
            entry("feature-maps").path,
            label=_("What a network makes of it"),
            icon=entry("feature-maps").icon,
            query_params={"picture": of},
            help="",
        )
        st.text(title, width="content")
    NUMBERS(
        key=STATE.key("numbers"),
        data={
            "of": of,
            "shape": [*picture.shape],
            "numbers": b64encode(picture.numpy().tobytes()).decode("ascii"),
            "words": {
                "picture": title,
                "hint": _("Point at a cell to read its number; 0 is black and 255 is white."),
                "cell": _("Row {row}, column {column}: {value}. A network gets {share}."),
            },
        },
    )
