"""A run in a terminal, from its place in the queue to its end; tables, and a bar that moves."""

import json
import shutil
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from explorer import runs
from explorer.base.language import _
from explorer.base.plain_text import one_line
from explorer.base.units import count, duration, percent, size
from explorer.runs import EpochRow, Run, Status

LOOK = 0.1  # seconds between two looks
UNFINISHED = 1  # exit status: the run ended, but not by finishing
INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it
_JSON = "epoch train_loss train_accuracy test_accuracy images_per_second seconds".split()


def follow(number: int, *, as_json: bool) -> int:
    """Show the run until it is over; Ctrl-C stops it. The exit status."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run, stopped = _watched(number, as_json=as_json)
    finally:
        signal.signal(signal.SIGTERM, before)
    if run.status is Status.FINISHED:
        return 0
    print(ending(run), file=sys.stderr)
    return INTERRUPTED if stopped else UNFINISHED


def _watched(number: int, *, as_json: bool) -> tuple[Run, bool]:
    """The run once it is over, and whether it was stopped from here."""
    line, epoch, stopped = Line(), 0, False
    if not as_json:
        print(titled(runs.get(number)), flush=True)
    while True:
        try:
            run = runs.get(number)
            for row in runs.epochs(number, epoch):
                line.clear()
                figures = {name: getattr(row, name) for name in _JSON}
                print(json.dumps(figures) if as_json else epoch_line(row, run), flush=True)
                epoch = row.epoch
            line.show(now(run))
            if run.status.over:
                line.clear()
                return run, stopped
            time.sleep(LOOK)
        except KeyboardInterrupt:
            if stopped:  # twice: leave, whatever becomes of it
                return runs.get(number), True
            stopped = True
            with suppress(ValueError):  # it has just come to its end by itself
                runs.stop(number)


def titled(run: Run) -> str:
    return _("Run {number}: {name}").format(number=run.id, name=one_line(run.name))


def epoch_line(row: EpochRow, run: Run) -> str:
    return _(
        "epoch {epoch}/{epochs}  loss {loss}  train {train}  test {test}  {rate} images/s  {time}"
    ).format(
        epoch=str(row.epoch).rjust(len(str(run.progress.epochs))),
        epochs=run.progress.epochs,
        loss=figure(row.train_loss),
        train=percent(row.train_accuracy),
        test=percent(row.test_accuracy),
        rate=count(row.images_per_second),
        time=duration(row.seconds),
    )


def figure(number: float | None) -> str:
    return "–" if number is None else f"{number:.3f}"


def now(run: Run) -> str:
    """One line on where the run is: its place in the queue, or how far it has come."""
    if run.requested:
        return _("stopping …") if run.requested is runs.Request.STOP else _("pausing …")
    if run.status is Status.QUEUED:
        return _waiting(run)
    if run.status is Status.STARTING:
        return _reading(run)
    done = run.progress
    left = "–" if run.seconds_left is None else duration(run.seconds_left)
    return _("{bar} {percent} %  {rate} images/s  {left} left").format(
        bar=bar(done.fraction),
        percent=f"{100 * done.fraction:3.0f}",
        rate=count(done.images_per_second),
        left=left,
    )


def _reading(run: Run) -> str:
    """Before the first step; a download takes long enough to be followed."""
    done, total = run.metadata.get("loading") or (0, 0)
    if done >= total:
        return _("reading the data …")
    return _("{bar} {percent} %  downloading the data, {done} of {total}").format(
        bar=bar(done / total),
        percent=f"{100 * done / total:3.0f}",
        done=size(done),
        total=size(total),
    )


def _waiting(run: Run) -> str:
    turn = runs.expected(run)
    if turn.position <= 1 and not turn.until_start:
        return _("starting …")
    if turn.until_start is None:
        return _("waiting, number {position} in the queue").format(position=turn.position)
    return _("waiting, number {position} in the queue, its turn in about {time}").format(
        position=turn.position, time=duration(turn.until_start)
    )


def ending(run: Run) -> str:
    status = _(runs.TITLES[run.status])
    parts = [_("{name} is {status}.").format(name=one_line(run.name), status=status)]
    parts.append(one_line(str(run.reason)))
    if run.status.resumable:
        parts.append(_("Go on with: python -m explorer runs resume {number}").format(number=run.id))
    return " ".join(part for part in parts if part)


def agreed(question: str) -> bool:
    """Whether somebody at the terminal says yes."""
    try:
        return input(one_line(question)).strip().lower() in ("y", "yes", _("yes"))
    except EOFError:  # nobody is there
        return False


# -- tables, and a line that moves ----------------------------------------------------------------

_EIGHTHS = " ▏▎▍▌▋▊▉"


def table(columns: Mapping[str, Sequence[str]], right: set[int]) -> str:
    """Title → cells, in aligned columns, the titles underlined; those at `right` to the right.

    Cells may hold what anybody typed: no sign in them is obeyed.
    """
    aligned = []
    for place, (title, cells) in enumerate(columns.items()):
        texts = [one_line(text) for text in (title, *cells)]
        width = max(map(len, texts))
        aligned.append([t.rjust(width) if place in right else t.ljust(width) for t in texts])
    lines = ["  ".join(row).rstrip() for row in zip(*aligned, strict=True)]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def bar(share: float, width: int = 24) -> str:
    """A bar of which `share` (0 to 1) is full, to an eighth of a character."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(width)


class Line:
    """One line at the terminal's bottom that is written again and again; nothing in a file."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self._text = ""

    def show(self, text: str) -> None:
        """Show this instead of what was there."""
        if not self._stream.isatty():
            return
        text = one_line(text)[: shutil.get_terminal_size().columns - 1]
        if text != self._text:
            self._stream.write("\r" + text.ljust(len(self._text)))
            self._stream.flush()
            self._text = text

    def clear(self) -> None:
        """Make room for ordinary output."""
        if self._text:
            self._stream.write("\r" + " " * len(self._text) + "\r")
            self._stream.flush()
            self._text = ""
