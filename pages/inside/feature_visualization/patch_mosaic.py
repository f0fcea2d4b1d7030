"""The patch that each channel answers to most, to choose a channel (`patch_mosaic.js`).

What comes back is `at` {"channel"}. The element to wait for in a test:
`[data-excites-painted="<of> <seen> <channel>"]`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.inside.feature_visualization import TopPictures
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from pages.inside.feature_visualization import figures, subjects
from pages.inside.feature_visualization.subjects import Subject

MOSAIC = Component(Path(__file__).with_suffix(".js"), "excites-mosaic")
Data = dict[str, Any]
_kept: SizedCache[Data] = SizedCache(
    40_000_000, lambda each: len(each["png"]) + 100 * each["count"] + 2000
)


def show(
    subject: Subject,
    found: TopPictures,
    *,
    key: str,
    chosen: int,
    sort: str,
    classes: Sequence[str],
    choose: Callable[[int], None],
) -> None:
    """Draw one tile for each channel. `classes` are the channels' names, where each has one."""
    content = _kept.get((subject, found.seen, current()), lambda: _content(subject, found))
    MOSAIC(
        key=key,
        data={**content, "chosen": chosen, "sort": sort, "classes": classes},
        on_at_change=partial(component.chosen, key, "channel", int, choose),
    )


def identity(subject: Subject) -> str:
    """A name for exactly what is looked at."""
    return f"{subject.model.spelled} {subject.layer} {subject.gallery.dataset}"


def _content(subject: Subject, found: TopPictures) -> Data:
    fields = subjects.fields(subject)
    bests = [each[0].tolist() for each in (found.pictures, found.rows, found.columns)]
    tiles = [
        figures.patch(subjects.picture(subject, number), fields.box(row, column), fields.size)
        for number, row, column in zip(*bests, strict=True)
    ]
    drawn = figures.sheet(tiles)
    return {
        "of": identity(subject),
        "seen": found.seen,
        "file": f"{subject.model.spec.stem}-{subject.layer}-patches",
        "png": pictures.address(drawn.png),
        "columns": drawn.columns,
        "tile": drawn.tile,
        "count": len(tiles),
        "values": numbers(np.ascontiguousarray(found.values[0].numpy())),
        "titles": [
            _("{label}, picture {number}").format(label=subject.gallery.label(n), number=n)
            for n in bests[0]
        ],
        "silent": [int(each) for each in found.constant.nonzero().flatten().tolist()],
        "note": _note(subject, silent=int(found.constant.sum())),
        "labels": _labels(),
    }


def _note(subject: Subject, *, silent: int) -> str:
    fields = subjects.fields(subject)
    parts = []
    if silent:
        parts.append(_("Struck through: the same number for every picture."))
    if fields.sees_all:
        parts.append(_("Units of this layer see the whole picture."))
    return " ".join(parts)


def _labels() -> dict[str, str]:
    """The mosaic's own words; {…} is filled in by the browser."""
    return {
        "mosaic": _("For each channel, what it answers to most; arrow keys choose"),
        "channel": _("Channel {number} of {count}: {value} for {title}"),
        "silent": _("Channel {number} of {count}: always {value}"),
    }
