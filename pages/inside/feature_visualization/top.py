"""The pictures of a data set that one channel answers to most, each leading to its feature map."""

import html
from collections import Counter
from collections.abc import Mapping
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from explorer.base.language import _
from explorer.figures import pictures
from explorer.inside.feature_visualization import Box, TopPictures
from explorer.ui.inside.sum_words import number as spelled
from pages.inside.feature_visualization import figures, subjects
from pages.inside.feature_visualization.figures import Pixels
from pages.inside.feature_visualization.subjects import Subject

SENT = 224  # pixels of a picture's longer side, at most
STYLE = (
    "<style>.excites-top{display:grid;grid-template-columns:repeat(3,minmax(0,98px));gap:6px 10px}"
    ".excites-top a{color:inherit;text-decoration:none;border-radius:4px}"
    ".excites-top a:hover b,.excites-top a:focus-visible b{text-decoration:underline}"
    ".excites-top a:focus-visible{outline:3px solid currentColor;outline-offset:2px}"
    ".excites-top figure{margin:0;font-size:13px;line-height:1.25}"
    ".excites-top b{font-variant-numeric:tabular-nums}"
    ".excites-top .pic{position:relative;display:block}"
    ".excites-top img{display:block;width:100%;border-radius:3px;image-rendering:pixelated}"
    ".excites-top i{position:absolute;box-sizing:border-box;border:2px solid #d55e00;"
    "outline:1.5px solid #fff;border-radius:1px}"
    ".excites-top span{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}"
    "</style>"
)


def show(
    subject: Subject, found: TopPictures, channel: int, kind: str, address: Mapping[str, str]
) -> None:
    """Up to nine figures; `kind` is "pictures", framed, or "patches" alone.

    `address` is what a link to the same network and weights says.
    """
    cards = [
        _card(subject, found, channel, place, kind, address)
        for place in range(len(found.values))
        if np.isfinite(float(found.values[place, channel]))
    ]
    st.html(f'{STYLE}<div class="excites-top">{"".join(cards)}</div>')


def _card(
    subject: Subject,
    found: TopPictures,
    channel: int,
    place: int,
    kind: str,
    address: Mapping[str, str],
) -> str:
    picture, box, number = seen(subject, found, channel, place)
    unit = int(found.rows[place, channel]), int(found.columns[place, channel])
    whole = subjects.fields(subject)
    if kind == "patches" and not whole.sees_all:
        drawn, frame = figures.patch(picture, box, whole.size), ""
    else:
        drawn, frame = figures.opaque(picture), "" if whole.sees_all else _frame(box, picture)
    label = subject.gallery.label(number)
    told = _("{value} at row {row}, column {column} of the map; {label}, picture {number}").format(
        value=spelled(float(found.values[place, channel])),
        row=unit[0] + 1, column=unit[1] + 1, label=label, number=number,
    )  # fmt: skip
    there = {
        **address,
        "picture": f"{subject.gallery.dataset}:test:{number}",
        "layer": subject.layer,
        "channel": str(channel),
        "at": f"{unit[0]}.{unit[1]}",
    }
    source = pictures.address(figures.png(figures.resized(drawn, SENT)))
    return (
        f'<a href="feature-maps?{html.escape(urlencode(there))}" target="_self" '
        f'title="{html.escape(told)}"><figure><div class="pic">'
        f'<img alt="{html.escape(told)}" src="{source}">{frame}</div>'
        f"<b>{spelled(float(found.values[place, channel]))}</b>"
        f"<span>{html.escape(label)}</span></figure></a>"
    )


def _frame(box: Box | None, picture: Pixels) -> str:
    """What the unit sees, as a box over the picture."""
    if box is None:
        return ""
    high, wide = picture.shape[1:]
    top, bottom, left, right = box
    shares = {
        "top": top / high,
        "left": left / wide,
        "height": (bottom - top + 1) / high,
        "width": (right - left + 1) / wide,
    }
    style = ";".join(f"{side}:{100 * share:.3f}%" for side, share in shares.items())
    return f'<i style="{style}"></i>'


def seen(
    subject: Subject, found: TopPictures, channel: int, place: int
) -> tuple[Pixels, Box | None, int]:
    """The picture at a place, what the unit that answered sees of it, and its number."""
    number = int(found.pictures[place, channel])
    unit = int(found.rows[place, channel]), int(found.columns[place, channel])
    box = subjects.fields(subject).box(*unit)
    return subjects.picture(subject, number), box, number


def sentence(subject: Subject, found: TopPictures, channel: int) -> str:
    """What the pictures have in common, by their classes; or that there is nothing to tell."""
    if bool(found.constant[channel]):
        return _("This channel gives {value} for every picture: none excites it.").format(
            value=spelled(float(found.least[channel]))
        )
    numbers = found.pictures[:, channel].tolist()
    labels = Counter(subject.gallery.label(number) for number in numbers)
    most, count = labels.most_common(1)[0]
    if count == 1:
        return _("Each of these is of another class.")
    return _("{count} of these {all} are of the class “{label}”.").format(
        count=count, all=len(numbers), label=most
    )
