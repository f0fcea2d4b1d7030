"""What the page shows, to take along. Each file is made when it is asked for."""

from functools import partial

from explorer.base.language import _
from explorer.inside.feature_visualization import Ascent, TopPictures
from explorer.ui.save_buttons import Content, save_buttons
from pages.inside.feature_visualization import figures, subjects, top
from pages.inside.feature_visualization.subjects import Subject


def offer(subject: Subject, found: TopPictures, channel: int, drawn: Ascent | None) -> None:
    """Buttons in a row: the table of all channels, the chosen one's pictures, its curve."""
    name = f"{subject.model.spec.stem}-{subject.layer}"
    files: list[tuple[str, Content, str]] = [
        (_("All channels (CSV)"), partial(table, subject, found), f"{name}-excites.csv"),
        (
            _("The pictures (PNG)"),
            partial(board, subject, found, channel),
            f"{name}-channel-{channel + 1}-pictures.png",
        ),
    ]
    if drawn:
        file = f"{name}-channel-{channel + 1}-ascent.csv"
        files.append((_("The curve (CSV)"), partial(figures.curve, drawn), file))
    save_buttons("excites_files", *files)


def table(subject: Subject, found: TopPictures) -> str:
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


def board(subject: Subject, found: TopPictures, channel: int) -> bytes:
    """The chosen channel's pictures in rows of three, what its units see framed."""
    sees_all = subjects.fields(subject).sees_all
    drawn = []
    for place in range(len(found.values)):
        picture, box, _number = top.seen(subject, found, channel, place)
        drawn.append(figures.framed(picture, None if sees_all else box))
    return figures.board(drawn)
