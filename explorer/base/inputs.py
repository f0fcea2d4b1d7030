"""An input size as people write it, and the limits within which it makes sense."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from explorer.base.language import _

# Above these, numbers of elements no longer fit 64 bits in the widest networks.
MAX_CHANNELS = 1024
MAX_SIDE = 16_384
MAX_BATCH = 4096


class InputSize(NamedTuple):
    """The size of a network's input: (C, H, W)."""

    channels: int
    height: int
    width: int

    @classmethod
    def parse(cls, text: str, default: "InputSize") -> "InputSize":
        """A size such as "1x224x224", "28 × 28" or "28"; what is missing is `default`'s.

        One number is a square; two are height and width; an empty text is the default.

        Raises:
            ValueError: says what came, what was expected, and an example.
        """
        if not text.strip():
            return default
        parts = [part for part in re.split(r"[x×*,;\s]+", text.strip().lower()) if part]
        whole = all(re.fullmatch(r"[+-]?\d{1,12}", part) for part in parts)
        if not (whole and 1 <= len(parts) <= 3):
            message = _(
                "“{given}” is not an input size. Write channels × height × width, "
                "for example {example}, or one number for a square picture."
            )
            raise ValueError(message.format(given=text.strip()[:40], example=default.spell()))
        numbers = [int(part) for part in parts]
        if len(numbers) == 1:
            _within(_("The size"), numbers[0], MAX_SIDE)
            numbers *= 2
        size = cls(*numbers) if len(numbers) == 3 else cls(default.channels, *numbers)
        _within(_("The number of channels"), size.channels, MAX_CHANNELS)
        _within(_("The height"), size.height, MAX_SIDE)
        _within(_("The width"), size.width, MAX_SIDE)
        return size

    def spell(self) -> str:
        """The one spelling used in links and on the command line: "1x28x28"."""
        return "x".join(map(str, self))

    def with_sides(self, height: int, width: int) -> "InputSize":
        """As many channels, other sides."""
        return self._replace(height=height, width=width)


def parse_batch(text: str) -> int:
    """The number of pictures in a batch.

    Raises:
        ValueError: not a whole number from 1 to `MAX_BATCH`.
    """
    try:
        batch = int(text)
    except ValueError:
        message = _("The batch size is a whole number, for example 1 or 32; “{given}” is not.")
        raise ValueError(message.format(given=text[:40])) from None
    _within(_("The batch size"), batch, MAX_BATCH)
    return batch


def _within(what: str, number: int, most: int) -> None:
    if not 1 <= number <= most:
        message = _("{what} is {number}, but it must be between 1 and {most}.")
        raise ValueError(message.format(what=what, number=number, most=most))


Matrix = tuple[tuple[float, ...], ...]

MAX_CELL = 1e6  # larger numbers do not fit a cell


def parse_matrix(text: str, most: int = 16) -> Matrix:
    """Rows parted by ";" or line breaks, numbers by spaces or commas: "1 0 -1; 2 0 -2".

    Raises:
        ValueError: names the row or number that is wrong; no more than `most` rows and columns.
    """
    rows = [row.replace(",", " ").split() for row in re.split(r"[;\n]", text) if row.strip(" ,")]
    if not rows:
        raise ValueError(_("There is no number. Write rows parted by “;”, for example 1 0; 0 1."))
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(str(len(row)) for row in rows)
        message = _("All rows need equally many numbers, but they have {lengths}.")
        raise ValueError(message.format(lengths=lengths))
    if max(len(rows), len(rows[0])) > most:
        message = _("{rows} × {columns} is too large: at most {most} each way.")
        raise ValueError(message.format(rows=len(rows), columns=len(rows[0]), most=most))
    return tuple(tuple(_cell(word) for word in row) for row in rows)


def _cell(word: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not abs(number) <= MAX_CELL:  # also false for what is no number
        message = _("“{given}” is not a number between −{most} and {most}.")
        raise ValueError(message.format(given=word[:20], most=f"{MAX_CELL:.0f}"))
    return number


def spell_matrix(matrix: Sequence[Sequence[float]]) -> str:
    """The spelling that `parse_matrix` reads: "1 0 -1; 2 0 -2"."""
    return "; ".join(" ".join(f"{number:.12g}" for number in row) for row in matrix)
