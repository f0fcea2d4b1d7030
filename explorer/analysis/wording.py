"""Records → words: a layer's settings, the arithmetic of its numbers, why a size does not fit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.analysis.arithmetic import Shape
from explorer.analysis.operations import INPUT
from explorer.analysis.receptive_field import Field
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.analysis.summary import Layer, Summary
from explorer.base.language import _, ngettext
from explorer.base.units import count, exact, size, times

# -- settings and shapes ----------------------------------------------------------------------


def shape(value: Shape | None) -> str:
    """A tensor's shape without its batch: "96 × 54 × 54"."""
    return times(value[1:] or (1,)) if value else "–"


def _pair(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{value[0]}×{value[1]}" if value[0] != value[1] else str(value[0])
    return str(value)


def settings(layer: Layer) -> str:
    """What the layer was told, in a few words: "11×11, stride 4, padding 1"."""
    told = layer.operation.settings
    if "kernel" in told:
        return ", ".join(_window_words(told))
    if "output_size" in told:
        return _("to {size}").format(size=_pair(told["output_size"]))
    if "p" in told:
        return _("p = {p}, in training only").format(p=told["p"])
    if isinstance(told.get("features"), tuple):
        return _("{n} → {m}").format(n=told["features"][0], m=told["features"][1])
    if "args" in told:
        named = (f"{name}={value}" for name, value in told.items() if name != "args")
        return _shortened(", ".join([*map(str, told["args"]), *named]))
    return _shortened(", ".join(f"{name} {value}".strip() for name, value in told.items()))


def _window_words(told: Mapping[str, Any]) -> Iterator[str]:
    """Kernel first, then whatever is not as usual; a pooling's stride always."""
    yield f"{told['kernel'][0]}×{told['kernel'][1]}"
    if told["stride"] != (1, 1) or "ceil" in told:
        yield _("stride {n}").format(n=_pair(told["stride"]))
    if told["padding"] != (0, 0):
        yield _("padding {n}").format(n=_pair(told["padding"]))
    if told["dilation"] != (1, 1):
        yield _("dilation {n}").format(n=_pair(told["dilation"]))
    if told.get("groups", 1) != 1:
        yield _("{n} groups").format(n=told["groups"])
    if told.get("bias") is False:
        yield _("no bias")
    if told.get("ceil"):
        yield _("rounded up")


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


# -- totals, and why a size does not fit --------------------------------------------------------


def totals(summary: Summary) -> str:
    """The network in one line: "46.8 M parameters · 187 MB · 938 M MACs · …"."""
    sums = summary.totals
    parts = [
        _("{n} parameters").format(n=count(sums.parameters)),
        size(sums.parameter_bytes),
        _("{n} MACs").format(n=count(sums.macs)),
        count(sums.flops, "FLOPs"),
        _("{n} activations").format(n=size(sums.activation_bytes)),
    ]
    if sums.receptive_field:
        parts.append(sight(sums.receptive_field, summary.input))
    return " · ".join(parts)


def sight(seen: tuple[int, int], picture: Shape) -> str:
    """How much of the picture the last feature map sees: "sees 195 of 224"."""
    if seen[0] >= picture[2] and seen[1] >= picture[3]:
        return _("sees the whole picture (field {seen})").format(seen=_pair(seen))
    return _("sees {seen} of {all}").format(seen=_pair(seen), all=_pair(picture[2:]))


@dataclass(frozen=True)
class MismatchText:
    """A size mismatch in words: the sentence, the arithmetic, what fits."""

    headline: str
    got: str
    needs: str
    explanation: str
    fits: str


def mismatch(given: SizeMismatch, title: str) -> MismatchText:
    """Why the network called `title` cannot take this size."""
    layer = given.operation
    arrived = shape(layer.input_shapes[0]) if layer.input_shapes else ""
    words = {"layer": layer.name, "got": given.got, "needs": given.needs, "shape": arrived}
    return MismatchText(*_LESSONS[given.reason](given, words), fits(given, title))


def _features(given: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    got, needs = exact(given.got or 0), exact(given.needs or 0)
    return (
        _("{layer} wants {needs} numbers, but {got} arrive.").format(
            layer=words["layer"], got=got, needs=needs
        ),
        f"{'·'.join(map(str, given.arrived))} = {got}" if given.arrived else got,
        f"{needs} = {'·'.join(map(str, given.wanted))}" if given.wanted else needs,
        _(
            "A linear layer has one weight for every number that enters it, so its input cannot "
            "change size. Convolutions and poolings do not mind."
        ),
    )  # fmt: skip


def _channels(given: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    template = ngettext(
        "{layer} was built for {needs} channel, but {got} arrive.",
        "{layer} was built for {needs} channels, but {got} arrive.",
        given.needs or 0,
    )
    return (
        template.format(**words),
        words["shape"],
        ngettext("{n} channel", "{n} channels", given.needs or 0).format(n=given.needs),
        _("A convolution has one kernel slice for every input channel."),
    )


def _window(given: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    padding = max(given.operation.settings["padding"])
    arrived = _("{shape}, and {padding} cells of padding on each side")
    template = ngettext(
        "{layer}'s window is {needs} cells long, but there is only {got}.",
        "{layer}'s window is {needs} cells long, but there are only {got}.",
        given.got or 0,
    )
    return (
        template.format(**words),
        arrived.format(padding=padding, **words) if padding else words["shape"],
        _("at least {needs} cells each way, padding included").format(**words),
        _("The picture itself is smaller than this window.")
        if given.operation.inputs == (INPUT,)
        else _(
            "Every stride and every pooling before it made the map smaller, "
            "until the window no longer fits."
        ),
    )  # fmt: skip


def _shapes(given: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    met = _(" and ").join(shape(each) for each in given.operation.input_shapes)
    headline = _("At {layer} two branches meet with different shapes.").format(**words)
    return headline, met, _("the same height and width in every branch"), given.problem


def _refused(given: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    headline = _("{layer} refuses this input.").format(**words)
    return headline, words["shape"], given.problem, _("The network checks its input by itself.")


_LESSONS = {
    "features": _features,
    "channels": _channels,
    "window": _window,
    "shapes": _shapes,
    "refused": _refused,
}


def fits(given: SizeMismatch, title: str) -> str:
    """Which square sizes the network takes, in words."""
    if given.sides is None:
        return _("No square size near this one works.")
    low, high = given.sides
    if high is None:
        return _("{network} takes {low} × {low} and anything larger.").format(
            network=title, low=low
        )
    if low == high:
        return _("{network} takes {low} × {low}.").format(network=title, low=low)
    return _("{network} takes sizes from {low} × {low} to {high} × {high}.").format(
        network=title, low=low, high=high
    )


def sees_all(field: Field, picture: Shape) -> bool:
    """Whether a unit of this field sees the whole picture."""
    return (
        field.y.start <= 0 and field.x.start <= 0
        and field.y.last(1) >= picture[2] - 1 and field.x.last(1) >= picture[3] - 1
    )  # fmt: skip
