"""Why a network cannot take a size, in words: the sentence, the arithmetic, what fits."""

from dataclasses import dataclass
from typing import Any

from explorer.analysis.operations import INPUT
from explorer.analysis.size_mismatch import SizeMismatch
from explorer.analysis.wording import shape
from explorer.base import plain_text
from explorer.base.language import N_, _, ngettext
from explorer.base.units import exact, times


@dataclass(frozen=True)
class MismatchText:
    """A size mismatch in words: the sentence, the arithmetic, what fits."""

    headline: str
    got: str
    needs: str
    explanation: str
    fits: str
    raw: str  # PyTorch's own words, for who wants them


def mismatch(problem: SizeMismatch, title: str) -> MismatchText:
    """Why the network called `title` cannot take this size."""
    layer = problem.operation
    arrived = shape(layer.input_shapes[0]) if layer.input_shapes else ""
    words = {"layer": layer.name, "got": problem.got, "needs": problem.needs, "shape": arrived}
    words["network"] = title
    lesson = _LESSONS[problem.reason](problem, words)
    return MismatchText(*lesson, fits(problem, title), problem.problem)


def _features(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    got, needs = exact(problem.got or 0), exact(problem.needs or 0)
    return (
        _("{layer} wants {needs} numbers, but {got} arrive.").format(
            layer=words["layer"], got=got, needs=needs
        ),
        f"{'·'.join(map(str, problem.flattened))} = {got}" if problem.flattened else got,
        f"{needs} = {'·'.join(map(str, problem.default))}" if problem.default else needs,
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
    why = _("What two branches give is joined place by place, so both need equally many places.")
    return headline, met, _("the same height and width in every branch"), why


def _refused(problem: SizeMismatch, words: dict[str, Any]) -> tuple[str, str, str, str]:
    size = times(problem.picture[2:])
    headline = _("{network} does not take pictures of {size}.").format(size=size, **words)
    needs = times(problem.nearest) if problem.nearest else _("another size")
    return headline, shape(problem.picture), needs, _(_OWN_CHECKS[problem.reason])


_OWN_CHECKS = {
    "positions": N_(
        "It cuts a picture into patches and has learned a position for each of them, as many as "
        "its own size has. A picture of another size has more patches or fewer."
    ),
    "partitions": N_(
        "Its attention works in windows. Into how many of them a map is cut was counted for its "
        "own size when it was built."
    ),
    "refused": N_("It checks its input by itself."),
}
_LESSONS = {
    "features": _features,
    "channels": _channels,
    "window": _window,
    "shapes": _shapes,
    **dict.fromkeys(_OWN_CHECKS, _refused),
}


def untrainable(problem: str) -> str:
    """Why a step of training fails where a prediction does not, from PyTorch's own `problem`."""
    if "more than 1 value per channel" in problem:
        return _(
            "Batch norm needs the mean of several values for each channel, and at this size some "
            "layer has one value only. Take a batch of two pictures or more."
        )
    return plain_text.markdown(problem)


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
