"""The boards on runs: each a module of ours, with the styles and the words that they share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from explorer.ui.boards.component import Component, below
from explorer.ui.runs import run_words

STYLES = tuple(Path(__file__).with_name(name) for name in ("curves.css", "now.css"))


class RunBoard(Component):
    """A board that asks this server about runs."""

    def __init__(self, script: Path, root: str) -> None:
        super().__init__(script, root, styles=STYLES, kind="runs-ui")

    def __call__(
        self, *, key: str, data: Mapping[str, Any], **callbacks: Callable[[], None]
    ) -> Any:
        """As any board; where to ask, and the words that all of them need, stand in the data."""
        labels = {**run_words.labels(), **data["labels"]}
        data = {**data, "base": api(), "labels": labels}
        return super().__call__(key=key, data=data, **callbacks)


def api() -> str:
    """Where this server answers about runs: "/api/runs", or below the path it is served at."""
    return below("api/runs")
