"""The boards on runs: each a module of ours, with the styles that they share."""

from pathlib import Path

from explorer.ui.boards.component import Component, below

STYLES = tuple(Path(__file__).with_name(name) for name in ("curves.css", "now.css"))


def run_component(script: Path, root: str) -> Component:
    """A board that asks this server about runs, drawn by `script` in elements of class `root`."""
    return Component(script, root, styles=STYLES, kind="runs-ui")


def api() -> str:
    """Where this server answers about runs: "/api/runs", or below the path it is served at."""
    return below("api/runs")
