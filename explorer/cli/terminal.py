"""What a command shows in a terminal: tables, and a bar that moves."""

import shutil
import sys
from collections.abc import Sequence
from typing import TextIO

from explorer.base.plain_text import one_line

_EIGHTHS = " ▏▎▍▌▋▊▉"


def table(rows: Sequence[Sequence[str]], right: set[int]) -> str:
    """Rows in aligned columns under a line below the first; the columns `right` to the right.

    Cells may hold what anybody typed: no sign in them is obeyed.
    """
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])


def bar(share: float, width: int = 24) -> str:
    """A bar of which `share` (0 to 1) is full, to an eighth of a character."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(width)


class Line:
    """One line at the terminal's bottom that is written again and again; nothing in a file."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = ""

    def show(self, text: str) -> None:
        """Show this instead of what was there."""
        if not self._stream.isatty():
            return
        text = one_line(text)[: shutil.get_terminal_size().columns - 1]
        if text != self._shown:
            self._stream.write("\r" + text.ljust(len(self._shown)))
            self._stream.flush()
            self._shown = text

    def clear(self) -> None:
        """Make room for ordinary output."""
        if self._shown:
            self._stream.write("\r" + " " * len(self._shown) + "\r")
            self._stream.flush()
            self._shown = ""
