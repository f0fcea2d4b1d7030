"""What the tests of the learning pages share: a page opened at an address, and what it shows."""

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Widget
from torch import Tensor, nn
from torch.nn import functional

from explorer.data import pictures
from explorer.ui.entries import ROOT, entry

SHELL = str(ROOT / "explorer" / "ui" / "frame.py")


def opened(url: str, **address: str) -> AppTest:
    """The page at /url?…, run once for a fresh visitor."""
    at = AppTest.from_file(SHELL, default_timeout=60).run()
    for key, value in address.items():
        at.query_params[key] = value
    at.switch_page(str(entry(url).path)).run()
    assert not at.exception
    return at


def ended(at: AppTest) -> AppTest:
    """Run again until all work is done, as a browser does while the page is open."""
    for _run in range(200):
        going = any("left" in each.proto.text for each in at.get("progress"))
        if not (going or "Waiting for other visitors" in text(at)):
            return at
        at.run()
    raise AssertionError("the work does not end")


def text(at: AppTest, *, code: bool = False) -> str:
    """Every word that the page says outside of its widgets and boards; its code too if asked."""
    parts = [*at.title, *at.subheader, *at.markdown, *at.caption, *at.warning, *at.success]
    parts += [*at.info, *(at.code if code else ())]
    rows = [row for each in at.table for row in ([*each.value], *each.value.values.tolist())]
    return "\n".join(
        [
            *(part.value for part in parts),
            *map(as_read, at.error),
            *(f"| {' | '.join(map(str, row))} |" for row in rows),
        ]
    )


def as_read(message: Any) -> str:
    """What a reader sees of an error or a toast, of which every sign is made text."""
    return re.sub(r"\\(?=[^\w\s])|\u2060", "", message.value)


def grey_input(picture: str = "digits:test:0", side: int = 28) -> Tensor:
    """A picture as a network for grey ones gets it."""
    return pictures.prepare(pictures.named(picture), (1, side, side)).tensor


def untold(at: AppTest, address: Iterable[str]) -> list[str]:
    """What of a link that holds nonsense nobody is told about."""
    warnings = "\n".join(each.value for each in at.warning)
    in_their_own_words = {"network", "weights", "picture"}
    names = [name for name in address if name not in in_their_own_words]
    return [name for name in names if not re.search(rf"`{name}\b", warnings)]


def boards(at: AppTest) -> list[dict[str, Any]]:
    """What each of the page's boards was sent, from top to bottom."""
    sent = [json.loads(each.proto.json) for each in at.get("bidi_component") if each.proto.json]
    return [data for data in sent if "turn" not in data]  # that one only scrolls


def board(at: AppTest) -> dict[str, Any]:
    """What the first of them was sent."""
    return boards(at)[0]


def window_line(at: AppTest) -> str:
    """The PyTorch line of a page with a window board."""
    return next(block.value for block in at.code if "x[None, None]" in block.value)


def computed(at: AppTest) -> list[list[float]]:
    """The output of that line, run on the numbers of the board."""
    x, kernel = (torch.tensor(board(at)[name], dtype=torch.float64) for name in ("input", "kernel"))
    names = {"F": functional, "nn": nn, "x": x, "kernel": kernel}
    exec(window_line(at), names)  # noqa: S102 (our own line)
    return names["y"].tolist()


def press(at: AppTest, label: str) -> AppTest:
    """Press the one button that says so."""
    (button,) = [each for each in at.button if each.label == label]
    button.click().run()
    assert not at.exception
    return at


def as_shown(at: AppTest) -> Block:
    """The page as a browser shows it now, and sends it: later changes it has not heard of."""
    for each in at.main:
        if isinstance(each, Widget) and each.type not in {"button", "menu_button"}:
            each.set_value(each.value)
    return at.main


def html(at: AppTest, holding: str) -> str:
    """The piece of HTML on the page that holds this text."""
    bodies = [str(block.proto.body) for block in at.get("html")]
    return next(body for body in bodies if holding in body)


def in_address(at: AppTest, name: str) -> str:
    """What the address says: AppTest gives a text or a list of one."""
    value = at.query_params[name]
    return value if isinstance(value, str) else value[0]


def live(at: AppTest) -> dict[str, object]:
    return next(board for board in boards(at) if "course" in board)


def numbers(coded: str) -> np.ndarray:
    """What a board is sent as base64 of float32."""
    return np.frombuffer(base64.b64decode(coded), "<f4")
