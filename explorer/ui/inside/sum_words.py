"""One number's arithmetic in words and numbers: as lines for the page, and as a text to keep.

A line is a list of tokens; a token is a text, its role, and where a click on it leads: another
layer's unit that the number came from.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from explorer.analysis.operations import INPUT, Operation
from explorer.base.language import _
from explorer.figures.grids import spell
from explorer.inside.unit_arithmetic import (
    Activated,
    Combined,
    Copied,
    LocalResponse,
    Normalised,
    Sum,
    Unit,
    WeightedSum,
    Window,
)

Goal = tuple[str, int, int, int]  # layer, channel, row, column
Token = tuple[str, str, Goal | None]  # text, role, where it leads
Line = list[Token]

NAMED = 6  # addends of a long sum that are written one by one
FUNCTIONS = {
    "relu": "max(0, x)",
    "relu6": "min(max(0, x), 6)",
    "sigmoid": "1 / (1 + e^(−x))",
    "tanh": "(e^x − e^(−x)) / (e^x + e^(−x))",
    "silu": "x / (1 + e^(−x))",
    "gelu": "x · Φ(x)",
    "hardswish": "x · min(max(0, x + 3), 6) / 6",
    "hardsigmoid": "min(max(0, x + 3), 6) / 6",
}


def number(value: float) -> str:
    """Four significant digits, with a true minus."""
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e6):
        digits, power = f"{value:.3e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}".replace("-", "−")
    return spell(float(f"{value:.4g}"))


def bracketed(value: float) -> str:
    """As `number`, a negative one in brackets."""
    text = number(value)
    return f"({text})" if text.startswith("−") else text


def _plain(text: str, role: str = "") -> Token:
    return text, role, None


def place(layer: str, unit: Unit | None, *, lone: bool = False) -> str:
    """A unit as people say it: "conv2, channel 8, row 5, column 7".

    A `lone` one is a channel of its own, as those of linear layers are: "fc1, number 8".
    """
    name = _("input") if layer == INPUT else layer
    if unit is None:
        return name
    channel, row, column = (each + 1 for each in unit)
    words = _("{layer}, channel {channel}, row {row}, column {column}")
    if lone:
        words = _("{layer}, number {channel}")
    return words.format(layer=name, channel=channel, row=row, column=column)


def is_lone(operation: Operation) -> bool:
    """Whether its output has no rows and columns."""
    return len(operation.output_shape or ()) == 2


def _link(value: float, layer: str, unit: Unit | None) -> Token:
    return bracketed(value), "value", (layer, *unit) if unit else None


def strongest(subtotals: Tensor, most: int) -> list[int]:
    """All, if there are few; else those that weigh most, largest first."""
    if len(subtotals) <= most:
        return list(range(len(subtotals)))
    return [int(each) for each in subtotals.abs().topk(most).indices]


# -- one kind of sum after the other ----------------------------------------------------------


class _Written(NamedTuple):
    """What stands around the number that a sum comes to."""

    before: Line
    after: str = ""
    goal: Goal | None = None  # where the number itself leads
    below: str = ""  # a line of its own


def lines(arithmetic: Sum) -> list[Line]:
    """The arithmetic of `arithmetic`, ending in its number."""
    write = _WRITERS.get(type(arithmetic))
    if write is None:
        words = _("{type} is not taken apart here; it gave").format(type=arithmetic.operation.type)
        return [[_plain(words), _plain(number(arithmetic.value), "total")]]
    written = write(arithmetic)
    line = [_plain(f"{arithmetic.operation.name} = ", "quiet"), *written.before]
    line.append((number(arithmetic.total), "total", written.goal))
    if written.after:
        line.append(_plain(f"  {written.after}", "quiet"))
    return [line, [_plain(written.below, "quiet")]] if written.below else [line]


def short(arithmetic: Sum) -> list[str]:
    """The same as plain text, without what explains it."""
    return ["".join(text for text, _role, _goal in lines(arithmetic)[0]).strip()]


def _weighted(weighted: WeightedSum) -> _Written:
    named = strongest(weighted.subtotals, NAMED)
    first, *others = (float(weighted.subtotals[each]) for each in named)
    line = [_plain(number(first), "value"), *(_plain(_signed(each), "value") for each in others)]
    if rest := len(weighted.subtotals) - len(named):
        left = float(weighted.subtotals.sum()) - first - sum(others)
        line += [_plain(_signed(left), "rest"), _plain(_(" ({n} others)").format(n=rest), "quiet")]
    if weighted.bias is not None:
        line += [_plain(_signed(weighted.bias), "bias"), _plain(" " + _("bias"), "quiet")]
    return _Written([*line, _plain(" = ")])


def _signed(value: float) -> str:
    text = number(value)
    return f" − {text[1:]}" if text.startswith("−") else f" + {text}"


def _window(window: Window) -> _Written:
    n = int(window.inside.sum())
    if window.kind == "max":
        row, column = window.winner
        unit = (window.channel, window.rows[row], window.columns[column])
        words = _("the largest of {n} numbers, at row {row}, column {column}")
        after = words.format(n=n, row=unit[1] + 1, column=unit[2] + 1)
        return _Written([], after, (window.source, *unit))
    total = _plain(number(float(window.patch.sum())), "value")
    words = _("the mean: the sum of {n} numbers, divided")
    return _Written([total, _plain(f" / {window.divisor:g} = ")], words.format(n=n))


def _normalised(norm: Normalised) -> _Written:
    whose = {
        "moving": _("μ and σ² are this channel's moving averages from training"),
        "batch": _("μ and σ² are those of the batch (training mode)"),
        "layer": _("μ and σ² are those of the whole layer, for this picture"),
        "group": _("μ and σ² are those of a group of channels, for this picture"),
        "channels": _("μ and σ² are those of all channels at this place"),
    }[norm.over]
    before = [
        _plain("("),
        _link(norm.x, norm.source, norm.unit),
        _plain(f" − {bracketed(norm.mean)}) / √({number(norm.variance)} + {number(norm.eps)})"),
        _plain(f" · {bracketed(norm.gamma)}{_signed(norm.beta)} = "),
    ]
    return _Written(before, below=_("(x − μ) / √(σ² + ε) · γ + β; {whose}").format(whose=whose))


def _combined(pair: Combined) -> _Written:
    left, right = (_link(each.value, each.source, each.unit) for each in (pair.left, pair.right))
    times = [_plain(f"{number(pair.factor)} · ")] if pair.factor != 1 else []
    names = [each.source or _("a constant") for each in (pair.left, pair.right)]
    after = _("the same unit of {left} and of {right}").format(left=names[0], right=names[1])
    return _Written([left, _plain(f" {pair.sign} "), *times, right, _plain(" = ")], after)


def _copied(copy: Copied) -> _Written:
    if not copy.source:
        return _Written([], _("a padded place: no number comes from there"))
    unit = copy.from_unit
    if copy.factor != 1:
        larger = _("training mode: dropout keeps this number and makes it larger")
        zero = _("training mode: dropout has set this number to 0")
        before = [_link(copy.x, copy.source, unit), _plain(f" · {number(copy.factor)} = ")]
        return _Written(before, larger if copy.factor else zero)
    if "ropout" in copy.operation.type:
        words = _("unchanged: in evaluation mode dropout does nothing; from {place}")
    else:
        words = _("moved, not changed: it is {place}")
    after = words.format(place=place(copy.source, unit))
    return _Written([], after, (copy.source, *unit) if unit else None)


def _activated(activation: Activated) -> _Written:
    kind = activation.operation.type
    formula = FUNCTIONS.get(kind.lower())
    x = (number(activation.x), "value", (activation.source, *activation.unit))
    after = f"{kind}(x) = {formula}" if formula else ""
    return _Written([_plain(f"{kind}("), x, _plain(") = ")], after)


def _local_response(response: LocalResponse) -> _Written:
    squares = number(float((response.neighbours**2).sum()))
    divided = _plain(
        f" / ({number(response.k)} + {number(response.alpha)} / {response.size} · {squares})"
        f"^{number(response.beta)} = "
    )
    channels = f"{response.channels[0] + 1} … {response.channels[-1] + 1}"
    words = _("{squares} is the sum of squares over channels {channels}, at this place")
    below = words.format(squares=squares, channels=channels)
    return _Written([_link(response.x, response.source, response.unit), divided], below=below)


_WRITERS: Mapping[type[Sum], Callable[[Any], _Written]] = {
    WeightedSum: _weighted,
    Window: _window,
    Normalised: _normalised,
    Combined: _combined,
    Copied: _copied,
    Activated: _activated,
    LocalResponse: _local_response,
}


# -- as a text --------------------------------------------------------------------------------


def text(sums: Sequence[Sum]) -> str:
    """The whole arithmetic, every channel of it, one sum after the other."""
    parts = []
    for arithmetic in sums:
        lone = is_lone(arithmetic.operation)
        parts.append(place(arithmetic.operation.name, arithmetic.unit, lone=lone))
        if isinstance(arithmetic, WeightedSum):
            parts += _channel_lines(arithmetic)
        parts += ["".join(token[0] for token in line) for line in lines(arithmetic)]
        value = f"{arithmetic.value:.9g}".replace("-", "−")
        parts.append(_("In the network's tensor: {value}").format(value=value))
        parts.append("")
    return "\n".join(parts)


def _channel_lines(weighted: WeightedSum) -> list[str]:
    """Thousands of products, for every click: formatted without detours."""
    name = _("channel {n} of {layer}")
    patches, kernels = weighted.patch.flatten(1).tolist(), weighted.kernel.flatten(1).tolist()
    lines = []
    for channel, patch, kernel, subtotal in zip(
        weighted.channels, patches, kernels, weighted.subtotals.tolist(), strict=True
    ):
        products = " + ".join(
            f"{x:.6g}·{w:.6g}" if w >= 0 else f"{x:.6g}·({w:.6g})"
            for x, w in zip(patch, kernel, strict=True)
        )
        where = name.format(n=channel + 1, layer=weighted.source)
        lines.append(f"  {where}: {products} = {subtotal:.6g}".replace("-", "−"))
    return lines
