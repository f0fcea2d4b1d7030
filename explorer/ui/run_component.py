"""The boards on runs: each a module of ours, with the styles that they share."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from explorer.ui.component import ASSETS, common_words, loader

SHARED = ("component", "curves", "run_now")  # styles, besides each board's own


def api() -> str:
    """Where this server answers about runs: "/api/runs", or below the path it is served at."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return "/".join(["", *filter(None, [base]), "api", "runs"])


@cache
def _declared(name: str) -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    place = name.removeprefix("run_")
    styles = (ASSETS / f"{each}.css" for each in (*SHARED, name))
    return st.components.v2.component(
        f"convscope_{name}",
        html=f'<div class="runs-ui {place}"></div>',
        css="\n".join(style.read_text(encoding="utf-8") for style in styles),
        js=loader(name, place),
    )


def board(
    name: str, *, key: str, data: Mapping[str, object], **callbacks: Callable[[], None]
) -> Any:
    """Show the board drawn by `assets/<name>.js`; `callbacks` are named on_<what>_change."""
    given = {**data, "base": api(), "common": common_words()}
    return _declared(name)(key=key, data=given, **callbacks)
