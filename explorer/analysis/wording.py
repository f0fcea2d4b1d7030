"""Records → words: a layer's settings, the arithmetic of its numbers, why a size does not fit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.analysis.operations import INPUT, Shape
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
    arguments = layer.operation.settings
    if "kernel" in arguments:
        return ", ".join(_window_words(arguments))
    if "output_size" in arguments:
        return _("to {size}").format(size=_pair(arguments["output_size"]))
    if "p" in arguments:
        return _("p = {p}, in training only").format(p=arguments["p"])
    if isinstance(arguments.get("features"), tuple):
        return _("{n} → {m}").format(n=arguments["features"][0], m=arguments["features"][1])
    if "args" in arguments:
        named = (f"{name}={value}" for name, value in arguments.items() if name != "args")
        return _shortened(", ".join([*map(str, arguments["args"]), *named]))
    return _shortened(", ".join(f"{name} {value}".strip() for name, value in arguments.items()))


def _window_words(settings: Mapping[str, Any]) -> Iterator[str]:
    """Kernel first, then whatever is not as usual; a pooling's stride always."""
    yield f"{settings['kernel'][0]}×{settings['kernel'][1]}"
    if settings["stride"] != (1, 1) or "ceil" in settings:
        yield _("stride {n}").format(n=_pair(settings["stride"]))
    if settings["padding"] != (0, 0):
        yield _("padding {n}").format(n=_pair(settings["padding"]))
    if settings["dilation"] != (1, 1):
        yield _("dilation {n}").format(n=_pair(settings["dilation"]))
    if settings.get("groups", 1) != 1:
        yield _("{n} groups").format(n=settings["groups"])
    if settings.get("bias") is False:
        yield _("no bias")
    if settings.get("ceil"):
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


def mismatch(problem: SizeMismatch, title: str) -> MismatchText:
    """Why the network called `title` cannot take this size."""
    layer = problem.operation
    arrived = shape(layer.input_shapes[0]) if layer.input_shapes else ""
    words = {"layer": layer.name, "got": problem.got, "needs": problem.needs, "shape": arrived}
    return MismatchText(*_LESSONS[problem.reason](problem, words), fits(problem, title))


def _features(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    got, needs = exact(problem.got or 0), exact(problem.needs or 0)
    return (
        _("{layer} wants {needs} numbers, but {got} arrive.").format(
            layer=words["layer"], got=got, needs=needs
        ),
        f"{'·'.join(map(str, problem.arrived))} = {got}" if problem.arrived else got,
        f"{needs} = {'·'.join(map(str, problem.wanted))}" if problem.wanted else needs,
        _(
            "A linear layer has one weight for every number that enters it, so its input cannot "
            "change size. Convolutions and poolings do not mind."
        ),
    )  # fmt: skip


def _channels(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    template = ngettext(
        "{layer} was built for {needs} channel, but {got} arrive.",
        "{layer} was built for {needs} channels, but {got} arrive.",
        problem.needs or 0,
    )
    return (
        template.format(**words),
        words["shape"],
        ngettext("{n} channel", "{n} channels", problem.needs or 0).format(n=problem.needs),
        _("A convolution has one kernel slice for every input channel."),
    )


def _window(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    padding = max(problem.operation.settings["padding"])
    arrived = _("{shape}, and {padding} cells of padding on each side")
    template = ngettext(
        "{layer}'s window is {needs} cells long, but there is only {got}.",
        "{layer}'s window is {needs} cells long, but there are only {got}.",
        problem.got or 0,
    )
    return (
        template.format(**words),
        arrived.format(padding=padding, **words) if padding else words["shape"],
        _("at least {needs} cells each way, padding included").format(**words),
        _("The picture itself is smaller than this window.")
        if problem.operation.inputs == (INPUT,)
        else _(
            "Every stride and every pooling before it made the map smaller, "
            "until the window no longer fits."
        ),
    )  # fmt: skip


def _shapes(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    met = _(" and ").join(shape(each) for each in problem.operation.input_shapes)
    headline = _("At {layer} two branches meet with different shapes.").format(**words)
    return headline, met, _("the same height and width in every branch"), problem.problem


def _refused(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    headline = _("{layer} refuses this input.").format(**words)
    return headline, words["shape"], problem.problem, _("The network checks its input by itself.")


_LESSONS = {
    "features": _features,
    "channels": _channels,
    "window": _window,
    "shapes": _shapes,
    "refused": _refused,
}


def fits(problem: SizeMismatch, title: str) -> str:
    """Which square sizes the network takes, in words."""
    if problem.sides is None:
        return _("No square size near this one works.")
    low, high = problem.sides
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
