"""What every learning page has: things to try, questions answered by experiments, definitions.

A prompt is a label and a setting: widget keys with the values that the prompt puts into them. What
it does not name goes to its default, so that it shows the same whatever was set before.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.base import python_source
from explorer.base.language import _
from explorer.ui import complaint, page_address

T = TypeVar("T")
Setting = Mapping[str, Any]  # widget key → value


@dataclass(frozen=True)
class Question:
    """A learner's question, its answer in a few sentences, and the experiment that shows it."""

    question: str  # marked with N_, as is the answer
    answer: str
    setting: Setting


def setting(page: str, **values: object) -> dict[str, object]:
    """Values by the keys that a page's widgets have: each begins with the `page`'s own word."""
    return {f"{page}_{name}": value for name, value in values.items()}


def put(setting: Setting) -> None:
    """Set widgets; as a button's `on_click`, before the page runs again."""
    for key, value in setting.items():
        st.session_state[key] = value


def seen_at(place: str, setting: Setting) -> Setting:
    """A prompt whose answer stands not at the page's top, but at the element of the key `place`."""
    return {**setting, PLACE: place}


# How often the reader has asked to be shown something in this session, and where that stands: the
# browser acts when it has grown. `seen` outlives the component: a page that is opened anew has not
# been asked for anything. What comes late pushes its place away: it is looked for more than once.
PLACE, _TURN = "place of what is shown", "turns into view"
TOP = "picture_first"  # controls and their picture, or what stands first on the page
_SCROLL = """
let seen = null
export default function ({ data, parentElement }) {
  parentElement.getRootNode().host?.closest(".stBidiComponent")?.setAttribute("data-drawn", "")
  const asked = seen !== null && data.turn > seen
  seen = data.turn
  if (!asked) return
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const page = document.querySelector('[data-testid="stMain"]')
  const stop = new AbortController()
  for (const hand of ["wheel", "touchstart", "keydown", "pointerdown"])
    addEventListener(hand, () => stop.abort(), { capture: true, signal: stop.signal })
  const show = () => {
    if (stop.signal.aborted || data.turn !== seen) return
    const place = document.querySelector(`.st-key-${data.place}`)
    const box = place?.getBoundingClientRect() ?? { top: -page.scrollTop, bottom: 0 }
    const low = Math.min(box.bottom, box.top + 0.5 * innerHeight)
    if (box.top >= 56 && low <= innerHeight) return
    const top = page.scrollTop + box.top - 72
    const behavior = calm ? "instant" : "smooth"
    page.scrollTo({ top: top < 0.35 * innerHeight ? 0 : top, behavior })
  }
  for (const wait of [0, 500, 1200]) setTimeout(show, wait)
  setTimeout(() => stop.abort(), 1300)
}
"""


@cache
def _into_view() -> Any:
    """Declared once per process, at the first use (a running Streamlit is needed)."""
    return st.components.v2.component("convscope_into_view", js=_SCROLL)


def _show(setting: Setting) -> None:
    """Set all that the page holds, and have the browser turn to what is seen then."""
    visit = page_address.visit()
    whole = {**visit.opening.usual, **setting}
    st.session_state[PLACE] = whole.pop(PLACE, TOP)
    for key in visit.opening.usual.keys() - visit.page.bound:  # which Streamlit does not look after
        if whole[key] == visit.opening.usual[key]:
            page_address.put(key, "")
    put(whole)
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def try_this(prompts: Mapping[str, Setting]) -> None:
    """Buttons in a row, each of which sets the controls for an experiment (label → setting)."""
    with st.container(horizontal=True, vertical_alignment="center", key="try_this"):
        st.markdown(_("**Try this:**"), width="content")
        for number, (label, setting) in enumerate(prompts.items()):
            st.button(label, key=f"try_{number}", on_click=_show, args=(setting,))


def questions(content: Sequence[Question]) -> None:
    """The course's questions, each with its answer and a button that sets up the experiment."""
    st.subheader(_("Learners ask"), anchor=False)
    st.caption(
        _(
            "“The course”, here and on other pages, is one on modern convolutional networks that "
            "follows *Dive into Deep Learning* (Zhang, Lipton, Li, Smola). Nothing here needs it."
        )
    )
    for number, each in enumerate(content):
        with st.expander(_(each.question)):
            st.markdown(_(each.answer))
            st.button(
                _("Show me"),
                key=f"show_{number}",
                icon=":material/science:",
                on_click=_show,
                args=(each.setting,),
            )
    turn, place = st.session_state.get(_TURN, 0), st.session_state.get(PLACE, TOP)
    _into_view()(key="into_view", data={"turn": turn, "place": place})


def controls_and_picture() -> tuple[DeltaGenerator, DeltaGenerator]:
    """A place for controls and one for their picture; on a phone the picture stands first."""
    with st.container(key=TOP):
        return st.container(), st.container()


def in_columns(widths: Sequence[int], *widgets: Callable[[], Any]) -> list[Any]:
    """Widgets side by side, each drawn by its function, and what they hold."""
    values = []
    for column, widget in zip(st.columns(widths), widgets, strict=True):
        with column:
            values.append(widget())
    return values


def definition(*functions: Callable[..., Any], engine: Sequence[Callable[..., Any]] = ()) -> None:
    """What this page is about, in code to paste and run; a click further, what computes it here."""
    with st.expander(_("The definition, in code"), icon=":material/code:"):
        if not engine:
            st.code(program(functions), language="python")
            return
        short, whole = st.tabs([_("To paste and run"), _("As it is computed here")])
        short.code(program(functions), language="python")
        whole.code("\n\n".join(map(_source, engine)), language="python")


_IMPORTS = {
    "OrderedDict": "from collections import OrderedDict",
    "torch": "import torch",
    "Tensor": "from torch import Tensor",
    "nn": "from torch import nn",
    "relu": "from torch.nn.functional import relu",
}


def program(functions: Sequence[Callable[..., Any]]) -> str:
    """Their source under the imports that it needs."""
    text = "\n\n".join(map(_source, functions))
    lines = [line for word, line in _IMPORTS.items() if re.search(rf"\b{word}\b", text)]
    return "\n".join([*lines, "", "", text] if lines else [text])


_source = cache(python_source.text_of)  # read and taken apart once for everybody


def good_key(key: str) -> str:
    """Where `last_good` keeps what is shown, in the session."""
    return f"last good {key}"


def last_good(key: str, read: Callable[[], T], first: Callable[[], T]) -> T:
    """What `read` gives; if it raises ValueError, its sentence, and what it gave last time.

    `first` is what stands there before anything was good (a link that was bad from the start).
    """
    good = good_key(key)
    try:
        st.session_state[good] = read()
    except ValueError as error:
        complaint.show(error, "straighten")
        st.caption(_("What stands below is the last setting that worked, not this one."))
        if good not in st.session_state:
            st.session_state[good] = first()
    value: T = st.session_state[good]
    return value
