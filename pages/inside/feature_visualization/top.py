"""The pictures of a data set that channels answer to most: of one channel nine, each leading to its
feature map, and of every channel a patch, to choose one (`ui/boards/channel_mosaic`).
"""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from explorer.base import plain_text, spreadsheet
from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.figures import pictures
from explorer.inside.feature_visualization import Box, TopPictures
from explorer.ui import model_picker
from explorer.ui.boards import channel_mosaic
from explorer.ui.boards.channel_mosaic import Data
from explorer.ui.inside.sum_words import number
from pages.inside.feature_visualization import figures, subjects
from pages.inside.feature_visualization.figures import Pixels
from pages.inside.feature_visualization.state import STATE
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
    ".excites-classes{display:grid;grid-template-columns:auto minmax(60px,1fr) auto;"
    "gap:2px 8px;align-items:center;max-width:330px;font-size:13px;line-height:1.3;"
    "font-variant-numeric:tabular-nums}"
    ".excites-classes i{position:relative;height:12px}"
    ".excites-classes i u{position:absolute;top:0;bottom:0;background:#0072b2;border-radius:2px;"
    "min-width:1px}"
    ".excites-classes i s{position:absolute;top:-2px;bottom:-2px;width:1px;background:currentColor;"
    "opacity:.5}"
    ".excites-classes b{font-weight:400;text-align:right}"
    "</style>"
)
MOST_CLASSES = 10  # that are shown: those with the largest means


class Answer(NamedTuple):
    """A channel's strongest unit for one picture."""

    value: float
    number: int  # of the picture
    unit: tuple[int, int]  # row and column
    box: Box | None  # what the unit sees


def answers(subject: Subject, top: TopPictures, channel: int) -> list[Answer]:
    """The pictures that a channel answers to most, the strongest first."""
    fields = subjects.fields(subject)
    columns = (top.values, top.pictures, top.rows, top.columns)
    return [
        Answer(value, number, (row, column), fields.box(row, column))
        for value, number, row, column in zip(
            *(each[:, channel].tolist() for each in columns), strict=True
        )
    ]


def show_one(subject: Subject, top: TopPictures, channel: int) -> None:
    """Up to nine figures, framed pictures or patches alone; what they have in common."""
    best, address = answers(subject, top, channel), _address(subject, channel)
    cards = "".join(_card(subject, each, address) for each in best if isfinite(each.value))
    st.html(f'{STYLE}<div class="excites-top">{cards}</div>')
    st.caption(_sentence(subject, top, channel, best))
    _show_classes(subject, top, channel)


def _address(subject: Subject, channel: int) -> dict[str, str]:
    """The network, its weights and the channel, as a link to another page says them."""
    here = model_picker.address(subject.model)
    return {**here, "layer": subject.layer, "channel": str(channel)}


def _card(subject: Subject, best: Answer, address: Mapping[str, str]) -> str:
    picture, fields = subjects.picture(subject, best.number), subjects.fields(subject)
    if not fields.sees_all and STATE["show"] == "patches":
        drawn, frame = figures.patch(picture, best.box, fields.size), ""
    else:
        drawn, frame = figures.opaque(picture), "" if fields.sees_all else _frame(best.box, picture)
    label, (row, column), value = subject.gallery.label(best.number), best.unit, number(best.value)
    words = _("{value} at row {row}, column {column} of the map; {label}, picture {number}")
    title = html.escape(
        words.format(value=value, row=row + 1, column=column + 1, label=label, number=best.number)
    )
    place = f"{subject.gallery.dataset}:test:{best.number}"
    goal = urlencode({**address, "picture": place, "at": f"{row}.{column}"})
    source = pictures.address(pictures.png(figures.resized(drawn, SENT)))
    return (
        f'<a href="feature-maps?{html.escape(goal)}" target="_self" title="{title}">'
        f'<figure><div class="pic"><img alt="{title}" src="{source}">{frame}</div>'
        f"<b>{value}</b><span>{html.escape(label)}</span></figure></a>"
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


def _sentence(subject: Subject, top: TopPictures, channel: int, best: Sequence[Answer]) -> str:
    """What the pictures have in common, by their classes; or that there is nothing to tell."""
    if bool(top.constant[channel]):
        words = _("This channel gives {value} for every picture: none excites it.")
        return words.format(value=number(float(top.least[channel])))
    labels = Counter(subject.gallery.label(each.number) for each in best)
    most, count = labels.most_common(1)[0]
    if count == 1:
        return _("Each of these is of another class.")
    words = _("{count} of these {all} are of the class “{label}”.")
    return words.format(count=count, all=len(best), label=plain_text.markdown(most))


# -- by class ---------------------------------------------------------------------------------


def _show_classes(subject: Subject, top: TopPictures, channel: int) -> None:
    """A bar from zero for each class, the mean over its pictures, the strongest class first."""
    means = top.means[:, channel].numpy()
    numbers = np.argsort(-means, kind="stable")
    numbers = numbers[np.isfinite(means[numbers])][:MOST_CLASSES].tolist()
    if not numbers:
        return
    names = subject.gallery.classes
    low, high = min(0.0, float(means[numbers[-1]])), max(0.0, float(means[numbers[0]]))
    rows = [_row(names[n], float(means[n]), low, high) for n in numbers]
    st.caption(_("By class: the mean of each picture's strongest unit"))
    st.html(f'<div class="excites-classes">{"".join(rows)}</div>')


def _row(name: str, value: float, low: float, high: float) -> str:
    width = high - low or 1.0
    zero, end = -low / width, (value - low) / width
    left, wide = min(zero, end), abs(end - zero)
    return (
        f"<span>{html.escape(name)}</span>"
        f'<i><u style="left:{100 * left:.2f}%;width:{100 * wide:.2f}%"></u>'
        f'<s style="left:{100 * zero:.2f}%"></s></i><b>{number(value)}</b>'
    )


# -- to take along ----------------------------------------------------------------------------


def table(subject: Subject, top: TopPictures) -> str:
    """A line for each of every channel's strongest pictures, as CSV."""
    rows: list[list[object]] = [[
        _("channel (from 0)"), _("place"), _("value"), _("picture (from 0)"), _("class"),
        _("row (from 0)"), _("column (from 0)"), _("first row seen"), _("last row seen"),
        _("first column seen"), _("last column seen"),
    ]]  # fmt: skip
    for channel in range(top.values.shape[1]):
        for place, best in enumerate(answers(subject, top, channel), 1):
            label, box = subject.gallery.label(best.number), best.box or ("", "", "", "")
            value = f"{best.value:.9g}"
            rows.append([channel, place, value, best.number, label, *best.unit, *box])
    return spreadsheet.text(rows)


def board(subject: Subject, top: TopPictures, channel: int) -> bytes:
    """The chosen channel's pictures in rows of three, what its units see framed."""
    whole = subjects.fields(subject).sees_all
    return figures.board(
        [
            figures.framed(subjects.picture(subject, each.number), None if whole else each.box)
            for each in answers(subject, top, channel)
        ]
    )


# -- every channel's patch --------------------------------------------------------------------

_contents: SizedCache[Data] = SizedCache(40_000_000, channel_mosaic.nbytes)


def show_all(subject: Subject, top: TopPictures, *, key: str, channel: int) -> None:
    """Draw one tile for each channel."""
    content = _contents.get((subject, top.searched, current()), lambda: _content(subject, top))
    channel_mosaic.show(STATE, content, key=key, channel=channel, classes=subject.classes)


def _content(subject: Subject, top: TopPictures) -> Data:
    fields = subjects.fields(subject)
    bests = [each[0].tolist() for each in (top.pictures, top.rows, top.columns)]
    tiles = [
        figures.patch(subjects.picture(subject, number), fields.box(row, column), fields.size)
        for number, row, column in zip(*bests, strict=True)
    ]
    notes = {
        _("Struck through: the same number for every picture."): bool(top.constant.any()),
        _("Units of this layer see the whole picture."): fields.sees_all,
    }
    words = _("{label}, picture {number}")
    return channel_mosaic.content(
        subject.of,
        figures.sheet(tiles),
        {"value": top.values[0]},
        top.constant,
        state=f"{subject.of} {top.searched}",
        file=f"{subject.file}-patches",
        sizes=(4, 26, 110),
        see_through=True,
        titles=[words.format(label=subject.gallery.label(n), number=n) for n in bests[0]],
        note=" ".join(note for note, holds in notes.items() if holds),
        labels={
            "mosaic": _("For each channel, what it answers to most; arrow keys choose"),
            "channel": _("Channel {number} of {count}: {value} for {title}"),
            "silent": _("Channel {number} of {count}: always {value}"),
        },
    )
