"""A picture that the browser draws: a module of ours, its style, and words that all of them need.

`Component(Path(__file__).with_suffix(".js"), "strips")` draws with the JavaScript that has this
module's name, styled by `component.css` and its own `.css`, in an element of the class "strips".
The module's default export is called at every change of the data, as Streamlit calls a component.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from explorer.base.language import _
from explorer.server import assets

T = TypeVar("T")
COMPONENT = Path(__file__)
FAMILIES = COMPONENT.with_name("families.css")  # of operations: their colours


def below(address: str) -> str:
    """Where this server answers to `address`, below the path that it is served at."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return "/".join(["", *filter(None, [base]), address])


@dataclass(frozen=True)
class Component:
    """One kind of picture: its script, and the class of its element, by which it is known."""

    script: Path
    root: str
    inside: str = ""  # HTML that stands in the element from the start
    styles: tuple[Path, ...] = ()  # besides the script's own
    kind: str = ""  # a class that the element shares with others

    def __call__(
        self, *, key: str, data: Mapping[str, object], **callbacks: Callable[[], None]
    ) -> Any:
        """Show `data` (JSON), and say what has come back.

        `callbacks` are named on_<what>_change. The module finds `common_words` in the data as
        `common`.
        """
        return _declared(self)(key=key, data={**data, "common": common_words()}, **callbacks)


def sent(key: str, state: str, of: str = "") -> Any:
    """What the board `key` has sent as this state; None if nothing. Anybody could send anything.

    With `of` only what was chosen while the board showed that: what comes late is about another.
    """
    value = dict(st.session_state.get(key) or {}).get(state)
    return value if not of or (isinstance(value, dict) and value.get("of") == of) else None


def follow_choice(
    key: str, part: str, kind: type[T], choose: Callable[[T], None], of: str = ""
) -> None:
    """Call `choose` with what has been chosen on the board `key`: this part of its state `at`."""
    value = (sent(key, "at", of) or {}).get(part)
    if isinstance(value, kind):
        choose(value)


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
    own = component.script.with_suffix(".css")
    styles = (COMPONENT.with_suffix(".css"), *component.styles, own)
    classes = f"convscope {component.kind} {component.root}"
    # Streamlit runs what it is handed from a blob:, where no module could be imported by its own
    # name: that script brings the component's.
    script = COMPONENT.with_suffix(".js").read_text(encoding="utf-8")
    address = below(assets.address(component.script))
    return st.components.v2.component(
        f"convscope_{component.root}",
        html=f'<div class="{classes}">{component.inside}</div>',
        css="\n".join(style.read_text(encoding="utf-8") for style in styles),
        js=script.replace("{address}", address).replace("{root}", component.root),
    )
