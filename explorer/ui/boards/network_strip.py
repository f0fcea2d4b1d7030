"""The whole network as a strip of small pictures (`network_strip.js`).

What comes back is `at` {"layer"}, from the answer at its end also {"channel"}. The element to wait
for in a test: `[data-strip-painted="<of>"]`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explorer.analysis.operations import INPUT, Operation
from explorer.base.language import _, ngettext
from explorer.base.units import exact, times
from explorer.figures import maps, pictures
from explorer.inside.activations import Thumbnails
from explorer.ui.boards import component
from explorer.ui.boards.component import Component
from explorer.ui.inside.recordings import Overview

STRIP = Component(Path(__file__).with_suffix(".js"), "maps-strip")
Data = dict[str, Any]


def show(content: Data, layer: str, *, key: str, on_choice: Callable[..., None]) -> None:
    """Draw what `content` made, with one layer chosen; `on_choice` hears of another.

    Of a class of the answer it also hears the `channel`.
    """
    heard = partial(_choice, key, on_choice)
    STRIP(key=key, data={**content, "chosen": layer}, on_at_change=heard)


def _choice(key: str, on_choice: Callable[..., None]) -> None:
    at = component.sent(key, "at") or {}
    if isinstance(at, dict) and isinstance(layer := at.get("layer"), str):
        channel = at.get("channel")
        on_choice(layer, **({"channel": str(channel)} if isinstance(channel, int) else {}))


def content(overview: Overview, picture: bytes, of: str, answer: Data | None = None) -> Data:
    """All that the strip shows; `picture` is a PNG of what the network got, `of` names it.

    At its end stands the network's `answer`: a title, bars of classes, the softmax in words.
    """
    groups = _groups(overview.operations, list(overview.stages)[1:])
    first = {
        "name": INPUT,
        "label": _("input"),
        "title": _("input: what the network gets"),
        "shape": times(overview.stages[INPUT].shape),
        "png": pictures.address(picture),
        "silent": "",
        "parts": [{"name": INPUT, "label": _("input"), "title": ""}],
    }
    return {
        "of": of,
        "stages": [first, *(_stage(overview.stages[group[-1].name], group) for group in groups)],
        "answer": answer,
        "labels": {
            "strip": _("The network, stage by stage; arrow keys choose"),
            "parts": _("Inside {stage}:"),
        },
    }


def nbytes(data: Data) -> int:
    """Roughly what it takes to keep what `content` made."""
    return sum(len(stage["png"]) + 200 * len(stage["parts"]) for stage in data["stages"])


def _groups(operations: Sequence[Operation], ends: Sequence[str]) -> list[list[Operation]]:
    """Operations in running order, parted behind each of `ends`."""
    groups: list[list[Operation]] = [[]]
    for operation in operations:
        groups[-1].append(operation)
        if operation.name in ends:
            groups.append([])
    return [group for group in groups if group and group[-1].name in ends]


def _stage(stage: Thumbnails, group: Sequence[Operation]) -> Data:
    last = group[-1]
    block = _common(group)
    name = block or last.name
    count, height, width = stage.shape
    shape = times(stage.shape) if height * width > 1 else exact(count)
    return {
        "name": last.name,
        "label": name,
        "title": f"{name} ({last.type}): {times(stage.shape)}",
        "shape": shape,
        "png": pictures.address(maps.thumbnail(stage.maps.numpy(), stage.low, stage.high)),
        "silent": _silent(stage),
        "parts": [
            {
                "name": each.name,
                "label": each.name.removeprefix(f"{block}.") if block else each.name,
                "title": f"{each.type}: {times((each.output_shape or ())[1:])}",
            }
            for each in group
        ],
    }


def _common(group: Sequence[Operation]) -> str:
    """The innermost block around all of several operations; "" if there is none."""
    if len(group) < 2:
        return ""
    paths = zip(*(each.path for each in group), strict=False)
    common = [level[0] for level in paths if len(set(level)) == 1]
    return common[-1] if common else ""


def _silent(stage: Thumbnails) -> str:
    if not stage.dead:
        return ""
    count = stage.shape[0]
    if stage.dead == count:
        return _("all are 0")
    return ngettext("{n} of {count} is 0", "{n} of {count} are 0", stage.dead).format(
        n=exact(stage.dead), count=exact(count)
    )
