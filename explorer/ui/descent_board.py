"""The descent board: loss surface, loss by step, kernel and output, scrubbed together.

All steps go to the browser in one message (`figures.edge_kernel.board`); `assets/descent_board*.js`
moves through them without asking the server. What comes back are two events: a learning rate
chosen on the ruler, and a cell clicked in a drawing. Elements to wait for in a test:
`[data-descent-painted="<key>"]`, which also carries `data-step` and, for a small image,
`data-output`: what the browser worked out for that step.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.figures.edge_kernel import DescentBoard

ASSETS = Path(__file__).parent / "assets"


def _loader(base_path: str) -> str:
    """The script handed to Streamlit, which runs it from a blob: it imports the real modules
    from the application's own /assets, and passes on the latest call once they are there."""
    modules = sorted(ASSETS.glob("descent_board*.js"))
    version = sha256(b"".join(path.read_bytes() for path in modules)).hexdigest()[:12]
    path = "/".join(["", *filter(None, [base_path.strip("/")]), "assets", "descent_board.js"])
    return f"""
const address = new URL("{path}?v={version}", location.origin).href
let draw = null
const loading = import(address).then(module => (draw = module.default))
const latest = new WeakMap()

export default function (component) {{
  const root = component.parentElement
  latest.set(root, component)
  if (draw) return draw(component)
  let leave = null
  let left = false
  loading
    .then(() => {{ if (!left && latest.get(root) === component) leave = draw(component) }})
    .catch(error => {{
      console.error(error)
      root.querySelector(".descent").textContent = component.data.labels.broken
    }})
  return () => {{ left = true; leave?.() }}
}}
"""


@cache
def _component() -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    return st.components.v2.component(
        "convscope_descent_board",
        html='<div class="descent"></div>',
        css=(ASSETS / "descent_board.css").read_text(encoding="utf-8"),
        js=_loader(str(st.get_option("server.baseUrlPath") or "")),
    )


def descent_board(
    data: DescentBoard,
    *,
    key: str,
    on_rates: Callable[[list[float]], None],
    on_cell: Callable[[int, int], None],
) -> None:
    """Show the board. `on_rates` hears of new learning rates, one per run; `on_cell` of a click
    on row and column of the image, if it is drawable. Both may set widgets: they are called
    before the page runs again."""

    def rates_changed() -> None:
        if rates := st.session_state[key].rates:
            on_rates([float(rate) for rate in rates])

    def cell_changed() -> None:
        if cell := st.session_state[key].cell:
            on_cell(int(cell[0]), int(cell[1]))

    _component()(key=key, data=data, on_rates_change=rates_changed, on_cell_change=cell_changed)
