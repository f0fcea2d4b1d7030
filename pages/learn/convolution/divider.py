"""Two pictures of one size on top of each other, with a divider to drag (or arrow keys)."""

from base64 import b64encode
from pathlib import Path

from explorer.ui.boards.component import Component

DIVIDER = Component(
    Path(__file__).with_suffix(".js"),
    "divider",
    '<img class="after"><img class="before"><i class="line"></i>'
    '<span class="name left"></span><span class="name right"></span>'
    '<input type="range" min="0" max="100" step="1" value="50">',
)


def _address(png: bytes) -> str:
    return "data:image/png;base64," + b64encode(png).decode("ascii")


def divider(
    before: bytes, after: bytes, *, names: tuple[str, str], label: str, key: str, name: str
) -> None:
    """Show two PNGs of the same size; `names` stand on them, `label` is the slider's.

    Where the divider stands is the browser's own affair. The element to wait for in a test is
    `[data-divider-painted="<name>"]`.
    """
    DIVIDER(
        key=key,
        data={
            "before": _address(before),
            "after": _address(after),
            "names": names,
            "label": label,
            "name": name,
        },
    )
