"""A picture that the browser draws: a module of ours, its style, and words that all of them need.

`Component("strip_board", "strips")` draws with `assets/strip_board.js`, styled by
`assets/component.css` and `assets/strip_board.css`, in an element of the class "strips". The
module's default export is called at every change of the data, as Streamlit calls a component.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.base.language import _
from explorer.server import assets

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class Component:
    """One kind of picture. `name` is that of its files, `root` the class of its element."""

    name: str
    root: str
    inside: str = ""  # HTML that stands in the element from the start

    def __call__(
        self, *, key: str, data: Mapping[str, object], **callbacks: Callable[[], None]
    ) -> Any:
        """Show `data` (JSON), and say what has come back.

        `callbacks` are named on_<what>_change. The module finds `common_words` in the data as
        `common`.
        """
        return _declared(self)(key=key, data={**data, "common": common_words()}, **callbacks)


def common_words() -> dict[str, str]:
    """The words of every picture, in the reader's language."""
    return {
        "broken": _("The picture could not be loaded. Reload the page."),
        "save_svg": _("Save this picture (SVG)"),
        "save_png": _("Save this picture (PNG)"),
        "unsaved": _("The picture could not be saved."),
    }


@cache
def _declared(component: Component) -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    styles = (ASSETS / "component.css", ASSETS / f"{component.name}.css")
    return st.components.v2.component(
        f"convscope_{component.name}",
        html=f'<div class="{component.root}">{component.inside}</div>',
        css="\n".join(style.read_text(encoding="utf-8") for style in styles),
        js=loader(component.name, component.root),
    )


def loader(name: str, root: str) -> str:
    """The script handed to Streamlit for `assets/<name>.js`.

    Streamlit runs it from a blob:, where no module of ours could be imported by its own name.
    """
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    address = "/".join(["", *filter(None, [base]), assets.address(ASSETS / f"{name}.js")])
    script = (ASSETS / "component.js").read_text(encoding="utf-8")
    return script.replace("{address}", address).replace("{root}", root)
