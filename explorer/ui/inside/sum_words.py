"""One number's arithmetic in words and numbers: as lines for the page, and as a text to keep.

A line is a list of tokens; a token is a text, its role, and where a click on it leads: another
layer's unit that the number came from.
"""

from collections.abc import Sequence

from torch import Tensor

from explorer.analysis.operations import INPUT
from explorer.base.language import _
from explorer.figures.grids import spell
from explorer.inside import unit_arithmetic
from explorer.inside.unit_arithmetic import Sum, Unit

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


def place(layer: str, unit: Unit | None) -> str:
    """A unit as people say it: "conv2, channel 8, row 5, column 7"."""
    name = _("input") if layer == INPUT else layer
    if unit is None:
        return name
    channel, row, column = (each + 1 for each in unit)
    return _("{layer}, channel {channel}, row {row}, column {column}").format(
        layer=name, channel=channel, row=row, column=column
    )


def _link(value: float, layer: str, unit: Unit | None) -> Token:
    return bracketed(value), "value", (layer, *unit) if unit else None


# -- one kind of sum after the other ----------------------------------------------------------


def lines(given: Sum) -> list[Line]:
    """The arithmetic of `given`, ending in its number."""
    match given:
        case unit_arithmetic.WeightedSum():
            return [_weighted(given)]
        case unit_arithmetic.Window():
            return [_window(given)]
        case unit_arithmetic.Normalised():
            return _normalised(given)
        case unit_arithmetic.Combined():
            return [_combined(given)]
        case unit_arithmetic.Copied():
            return [_copied(given)]
        case unit_arithmetic.Activated():
            return [_activated(given)]
        case unit_arithmetic.LocalResponse():
            return _local_response(given)
    return [[_plain(_("{type} is not taken apart here; it gave").format(type=given.operation.type)),
             _plain(number(given.value), "total")]]  # fmt: skip


def strongest(subtotals: Tensor, most: int) -> list[int]:
    """All, if there are few; else those that weigh most, largest first."""
    if len(subtotals) <= most:
        return list(range(len(subtotals)))
    return [int(each) for each in subtotals.abs().topk(most).indices]


def _weighted(given: "unit_arithmetic.WeightedSum") -> Line:
    named = strongest(given.subtotals, NAMED)
    values = [float(given.subtotals[each]) for each in named]
    line: Line = [_plain(f"{given.operation.name} = ", "quiet")]
    line += _added(values)
    if rest := len(given.subtotals) - len(named):
        left = float(given.subtotals.sum()) - sum(values)
        line += [_plain(_signed(left), "rest"), _plain(_(" ({n} others)").format(n=rest), "quiet")]
    if given.bias is not None:
        line += [_plain(_signed(given.bias), "bias"), _plain(" " + _("bias"), "quiet")]
    return [*line, _plain(" = "), _plain(number(given.total), "total")]


def _added(values: Sequence[float]) -> Line:
    first, *others = values
    return [_plain(number(first), "value"), *(_plain(_signed(each), "value") for each in others)]


def _signed(value: float) -> str:
    text = number(value)
    return f" − {text[1:]}" if text.startswith("−") else f" + {text}"


def _window(given: "unit_arithmetic.Window") -> Line:
    n = int(given.inside.sum())
    head = _plain(f"{given.operation.name} = ", "quiet")
    if given.kind == "max":
        row, column = given.winner
        unit = (given.channel, given.rows[row], given.columns[column])
        words = _("the largest of {n} numbers, at row {row}, column {column}").format(
            n=n, row=unit[1] + 1, column=unit[2] + 1
        )
        goal = (given.source, *unit)
        return [head, (number(given.total), "total", goal), _plain(f"  {words}", "quiet")]
    total = float(given.patch.sum())
    return [
        head,
        _plain(number(total), "value"),
        _plain(f" / {given.divisor:g} = "),
        _plain(number(given.total), "total"),
        _plain("  " + _("the mean: the sum of {n} numbers, divided").format(n=n), "quiet"),
    ]


def _normalised(given: "unit_arithmetic.Normalised") -> list[Line]:
    whose = {
        "moving": _("μ and σ² are this channel's moving averages from training"),
        "batch": _("μ and σ² are those of the batch (training mode)"),
        "layer": _("μ and σ² are those of the whole layer, for this picture"),
        "group": _("μ and σ² are those of a group of channels, for this picture"),
        "channels": _("μ and σ² are those of all channels at this place"),
    }[given.over]
    value = _link(given.x, given.source, given.unit)
    first: Line = [
        _plain(f"{given.operation.name} = ", "quiet"),
        _plain("("),
        value,
        _plain(f" − {bracketed(given.mean)}) / √({number(given.variance)} + {number(given.eps)})"),
        _plain(f" · {bracketed(given.gamma)}{_signed(given.beta)} = "),
        _plain(number(given.total), "total"),
    ]
    formula = _("(x − μ) / √(σ² + ε) · γ + β; {whose}").format(whose=whose)
    return [first, [_plain(formula, "quiet")]]


def _combined(given: "unit_arithmetic.Combined") -> Line:
    right = _link(given.right.value, given.right.source, given.right.unit)
    times = [_plain(f"{number(given.factor)} · ")] if given.factor != 1 else []
    return [
        _plain(f"{given.operation.name} = ", "quiet"),
        _link(given.left.value, given.left.source, given.left.unit),
        _plain(f" {given.sign} "),
        *times,
        right,
        _plain(" = "),
        _plain(number(given.total), "total"),
        _plain("  " + _sides(given), "quiet"),
    ]


def _sides(given: "unit_arithmetic.Combined") -> str:
    names = [each.source or _("a constant") for each in (given.left, given.right)]
    return _("the same unit of {left} and of {right}").format(left=names[0], right=names[1])


def _copied(given: "unit_arithmetic.Copied") -> Line:
    name = _plain(f"{given.operation.name} = ", "quiet")
    total = _plain(number(given.total), "total")
    if not given.source:
        words = _("a padded place: no number comes from there")
        return [name, total, _plain(f"  {words}", "quiet")]
    unit = given.from_unit
    goal = (given.source, *unit) if unit else None
    if given.factor != 1:
        kept = _("training mode: dropout keeps this number and makes it larger")
        gone = _("training mode: dropout has set this number to 0")
        return [
            name,
            (bracketed(given.x), "value", goal),
            _plain(f" · {number(given.factor)} = "),
            total,
            _plain("  " + (kept if given.factor else gone), "quiet"),
        ]
    if "ropout" in given.operation.type:
        words = _("unchanged: in evaluation mode dropout does nothing; from {place}")
    else:
        words = _("moved, not changed: it is {place}")
    told = words.format(place=place(given.source, unit))
    return [name, (number(given.total), "total", goal), _plain(f"  {told}", "quiet")]


def _activated(given: "unit_arithmetic.Activated") -> Line:
    kind = given.operation.type
    formula = FUNCTIONS.get(kind.lower())
    said = f"{kind}(x) = {formula}" if formula else ""
    return [
        _plain(f"{given.operation.name} = ", "quiet"),
        _plain(f"{kind}("),
        (number(given.x), "value", (given.source, *given.unit)),
        _plain(") = "),
        _plain(number(given.total), "total"),
        _plain(f"  {said}", "quiet"),
    ]


def _local_response(given: "unit_arithmetic.LocalResponse") -> list[Line]:
    squares = float((given.neighbours**2).sum())
    first: Line = [
        _plain(f"{given.operation.name} = ", "quiet"),
        (bracketed(given.x), "value", (given.source, *given.unit)),
        _plain(f" / ({number(given.k)} + {number(given.alpha)} / {given.size} · "
               f"{number(squares)})^{number(given.beta)} = "),
        _plain(number(given.total), "total"),
    ]  # fmt: skip
    channels = f"{given.channels[0] + 1} … {given.channels[-1] + 1}"
    words = _("{squares} is the sum of squares over channels {channels}, at this place")
    return [first, [_plain(words.format(squares=number(squares), channels=channels), "quiet")]]


# -- as a text --------------------------------------------------------------------------------


def text(sums: Sequence[Sum]) -> str:
    """The whole arithmetic, every channel of it, one sum after the other."""
    parts = []
    for given in sums:
        parts.append(place(given.operation.name, given.unit))
        if isinstance(given, unit_arithmetic.WeightedSum):
            parts += _channel_lines(given)
        parts += ["".join(token[0] for token in line) for line in lines(given)]
        value = f"{given.value:.9g}".replace("-", "−")
        parts.append(_("In the network's tensor: {value}").format(value=value))
        parts.append("")
    return "\n".join(parts)


def _channel_lines(given: "unit_arithmetic.WeightedSum") -> list[str]:
    """Thousands of products, for every click: formatted without detours."""
    name = _("channel {n} of {layer}")
    patches, kernels = given.patch.flatten(1).tolist(), given.kernel.flatten(1).tolist()
    told = []
    for channel, patch, kernel, subtotal in zip(
        given.channels, patches, kernels, given.subtotals.tolist(), strict=True
    ):
        products = " + ".join(
            f"{x:.6g}·{w:.6g}" if w >= 0 else f"{x:.6g}·({w:.6g})"
            for x, w in zip(patch, kernel, strict=True)
        )
        where = name.format(n=channel + 1, layer=given.source)
        told.append(f"  {where}: {products} = {subtotal:.6g}".replace("-", "−"))
    return told
