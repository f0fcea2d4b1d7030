"""The patch that each channel answers to most, to choose one (`ui/boards/channel_mosaic`)."""

from explorer.base.cache import SizedCache
from explorer.base.language import _, current
from explorer.inside.feature_visualization import TopPictures
from explorer.ui.boards import channel_mosaic
from explorer.ui.boards.channel_mosaic import Data
from pages.inside.feature_visualization import figures, subjects
from pages.inside.feature_visualization.state import STATE
from pages.inside.feature_visualization.subjects import Subject

_contents: SizedCache[Data] = SizedCache(40_000_000, channel_mosaic.nbytes)


def show(subject: Subject, top: TopPictures, *, key: str, chosen: int, sort: str) -> None:
    """Draw one tile for each channel."""
    content = _contents.get((subject, top.seen, current()), lambda: _content(subject, top))
    channel_mosaic.show(STATE, content, key=key, chosen=chosen, sort=sort, classes=subject.classes)


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
        state=f"{subject.of} {top.seen}",
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
