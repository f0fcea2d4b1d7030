"""The patch that each channel answers to most, to choose a channel (`patch_mosaic.js`).

What comes back is `at` {"channel"}. The element to wait for in a test:
`[data-excites-painted="<of> <seen> <channel>"]`.
"""

from functools import partial
from pathlib import Path
from typing import Any

from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.figures import pictures
from explorer.figures.encode import numbers
from explorer.inside.feature_visualization import TopPictures
from explorer.ui import selection
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from pages.inside.feature_visualization import figures, subjects
from pages.inside.feature_visualization.state import STATE
from pages.inside.feature_visualization.subjects import Subject

MOSAIC = Component(Path(__file__).with_suffix(".js"), "excites-mosaic")
Data = dict[str, Any]
_kept: SizedCache[Data] = SizedCache(
    40_000_000, lambda each: len(each["png"]) + 100 * each["count"] + 2000
)


def show(subject: Subject, top: TopPictures, *, key: str, chosen: int, sort: str) -> None:
    """Draw one tile for each channel."""
    content = _kept.get((subject, top.seen, current()), lambda: _content(subject, top))
    MOSAIC(
        key=key,
        data={**content, "chosen": chosen, "sort": sort, "classes": subject.classes},
        on_at_change=partial(component.chosen, key, "channel", int, _go),
    )


def _go(channel: int) -> None:
    selection.go(STATE, channel=str(channel))


def _content(subject: Subject, top: TopPictures) -> Data:
    fields = subjects.fields(subject)
    bests = [each[0].tolist() for each in (top.pictures, top.rows, top.columns)]
    tiles = [
        figures.patch(subjects.picture(subject, number), fields.box(row, column), fields.size)
        for number, row, column in zip(*bests, strict=True)
    ]
    drawn = figures.sheet(tiles)
    silent: list[int] = top.constant.nonzero().flatten().tolist()
    notes = {
        _("Struck through: the same number for every picture."): bool(silent),
        _("Units of this layer see the whole picture."): fields.sees_all,
    }
    words = _("{label}, picture {number}")
    return {
        "of": subject.of,
        "seen": top.seen,
        "file": f"{subject.file}-patches",
        "png": pictures.address(drawn.png),
        "columns": drawn.columns,
        "tile": drawn.tile,
        "count": len(tiles),
        "values": numbers(top.values[0]),
        "titles": [words.format(label=subject.gallery.label(n), number=n) for n in bests[0]],
        "silent": silent,
        "note": " ".join(note for note, holds in notes.items() if holds),
        "labels": {
            "mosaic": _("For each channel, what it answers to most; arrow keys choose"),
            "channel": _("Channel {number} of {count}: {value} for {title}"),
            "silent": _("Channel {number} of {count}: always {value}"),
        },
    }
