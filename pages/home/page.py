"""Where to begin? A real convolution, ways into all sections, and questions that are answered."""

import streamlit as st

from explorer.base.language import _
from explorer.ui.entries import entry
from pages.home import hero
from pages.home.ways import PATH, QUESTIONS, WAYS


def card(key: str, url: str, state: dict[str, str], words: str, answer: str) -> None:
    """A link to a page in the given state, all of it to be clicked."""
    with st.container(border=True, gap="xxsmall", key=f"question_{key}", height="stretch"):
        label = f"**{_(words)}**"
        st.page_link(entry(url).path, label=label, query_params=state, help="")
        st.caption(_(answer))


st.title(_("Look inside a convolutional network"))
st.markdown(_("Every size, every parameter, every multiplication: ask where it comes from."))
hero.show()

with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall", key="path"):
    st.markdown(_("**From a number to a network, in three minutes:**"), width="content")
    for url in PATH:
        page = entry(url)
        st.page_link(page.path, label=_(page.title), help="", width="content")
for column, (url, state, words, answer) in zip(st.columns(3), WAYS, strict=True):
    with column:
        card(url, url, state, words, answer)

st.subheader(_("Begin with a question"))
for row in (0, 2):
    for number, column in enumerate(st.columns(2), start=row):
        question, answer, state = QUESTIONS[number]
        with column:
            card(str(number), "layers", state, question, answer)
with st.container(key="free_choice"):
    st.page_link(
        entry("layers").path,
        label=_("Or choose a network yourself"),
        icon=":material/arrow_forward:",
        icon_position="right",
        help="",
    )
st.caption(
    _(
        "“The course” on these pages is one on modern convolutional networks that follows *Dive "
        "into Deep Learning*: its networks, its training runs and the numbers that it printed are "
        "here, to be compared with your own."
    )
)
