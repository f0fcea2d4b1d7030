"""Where a window stands on one axis, what it reads and what it never reads; two axes at once.

Columns are counted from 0 as in torch; a window's columns below 0 or from `size` on are padding.
Every output is computed by torch, on the input that the course uses in its examples.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

from explorer.base.language import _
from explorer.networks.ops import output_size

Columns = tuple[int, ...]

MAX_SIZE, MAX_KERNEL, MAX_PADDING, MAX_STRIDE, MAX_DILATION = 4096, 256, 128, 256, 64
DRAWN_SIZE, DRAWN_KERNEL, DRAWN_PADDING = 24, 11, 8  # up to here cells can be told apart


@dataclass(frozen=True)
class Axis:
    """Windows of `kernel` cells, `dilation` apart, at every `stride`-th column of a padded axis.

    `before` and `after` are the padded cells on either side; in torch's layers they are equal,
    except for `padding="same"`.
    """

    size: int
    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def span(self) -> int:
        """From a window's first cell to its last: d(k − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def padded(self) -> int:
        """Cells with the padding of both sides: n + 2p."""
        return self.before + self.size + self.after

    @property
    def columns(self) -> range:
        """All its columns, those of the padding too."""
        return range(-self.before, self.size + self.after)

    @property
    def drawable(self) -> bool:
        """Whether its cells can be told apart in a picture."""
        small = self.size <= DRAWN_SIZE and self.kernel <= DRAWN_KERNEL
        return small and self.before + self.after <= 2 * DRAWN_PADDING

    @property
    def places(self) -> int:
        """How many windows there are, which is the size of the output."""
        return output_size(self.padded, self.kernel, self.stride, 0, self.dilation)

    @property
    def left_over(self) -> int:
        """Cells at the end, padding included, that the floor leaves: no window reaches them."""
        return (self.padded - self.span) % self.stride

    def window(self, place: int) -> Columns:
        """The columns that the window at `place` reads; those of the padding lie outside."""
        first = place * self.stride - self.before
        return tuple(first + tap * self.dilation for tap in range(self.kernel))

    def readers(self, column: int) -> Columns:
        """The windows that read `column`."""
        return tuple(place for place in range(self.places) if column in self.window(place))

    @property
    def unread(self) -> Columns:
        """The columns, padding included, that no window reads."""
        read = {column for place in range(self.places) for column in self.window(place)}
        return tuple(column for column in self.columns if column not in read)

    @property
    def lost(self) -> Columns:
        """The columns of the input itself that no window reads."""
        return tuple(column for column in self.unread if 0 <= column < self.size)


def axis(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> Axis:
    """The axis with `padding` cells on *each* side.

    Raises:
        ValueError: a number outside its limits, or a window longer than the padded axis.
    """
    limits = (
        (_("The size of the input"), size, 1, MAX_SIZE),
        (_("The kernel"), kernel, 1, MAX_KERNEL),
        (_("The stride"), stride, 1, MAX_STRIDE),
        (_("The padding on each side"), padding, 0, MAX_PADDING),
        (_("The dilation"), dilation, 1, MAX_DILATION),
    )
    for what, number, least, most in limits:
        if not least <= number <= most:
            message = _("{what} is {number}; it must be a whole number from {least} to {most}.")
            spelled = f"{number:.6g}"
            raise ValueError(message.format(what=what, number=spelled, least=least, most=most))
    along = Axis(size, kernel, stride, padding, padding, dilation)
    if not along.places:
        message = _(
            "A window of {span} cells does not fit on {padded} (= {size} + 2·{padding}): there is "
            "no output. Take a smaller kernel or dilation, or {more} cells more padding per side."
        )
        more = -((along.padded - along.span) // 2)
        values = {"span": along.span, "padded": along.padded, "more": more}
        raise ValueError(message.format(size=size, padding=padding, **values))
    return along


def same(size: int, kernel: int, dilation: int = 1, *, extra_first: bool = False) -> Axis:
    """The axis whose output is as long as its input, at stride 1: d(k − 1) padded cells in all.

    Where that is odd, one side gets a cell more: the far one, as torch's `padding="same"` has it,
    or with `extra_first` the near one, as some texts have it.

    Raises:
        ValueError: a number outside its limits.
    """
    axis(size, 1, dilation=dilation)
    total = dilation * (axis(MAX_SIZE, kernel).kernel - 1)
    less = total // 2
    before, after = (total - less, less) if extra_first else (less, total - less)
    return Axis(size, kernel, 1, before, after, dilation)


def line(along: Axis) -> tuple[float, ...]:
    """What a kernel of ones makes of 1, 2, 3 …: the sum of each window."""
    x = torch.arange(1, along.size + 1, dtype=torch.float64)
    padded = functional.pad(x, (along.before, along.after))
    weight = torch.ones(1, 1, along.kernel, dtype=torch.float64)
    output = functional.conv1d(padded[None], weight, None, along.stride, 0, along.dilation)
    return tuple(output[0].tolist())


def plane(rows: Axis, columns: Axis) -> tuple[tuple[float, ...], ...]:
    """The output over two axes: input 0, 1, 2 … row by row, and the kernel likewise.

    These are the numbers of the course's figures: 3 × 3 with a 2 × 2 kernel gives 19, 25, 37, 43.
    """
    x = torch.arange(rows.size * columns.size, dtype=torch.float64)
    weight = torch.arange(rows.kernel * columns.kernel, dtype=torch.float64)
    padded = functional.pad(
        x.view(1, 1, rows.size, columns.size),
        (columns.before, columns.after, rows.before, rows.after),
    )
    output = functional.conv2d(
        padded,
        weight.view(1, 1, rows.kernel, columns.kernel),
        stride=(rows.stride, columns.stride),
        dilation=(rows.dilation, columns.dilation),
    )  # (1, 1, rows, columns)
    return tuple(tuple(row) for row in output[0, 0].tolist())
