"""The frame around every page: what is where, in which language, under which name.

Streamlit runs this file anew for every visitor and every click: what is the same for all of them
stands in modules, `entries` above all. Importing it draws nothing.
"""

from copy import copy

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from explorer.base import access, language
from explorer.base.language import _
from explorer.server.headers import MissingPages
from explorer.ui import entries, language_picker, link_warnings, page_address, teacher
from explorer.ui.entries import ASSETS

SIDEBAR_WIDTH = 230  # pixels


def main() -> None:
    """Draw the frame, then the page in it."""
    language.ask(language_picker.readers_language)
    # Before the navigation: else the page's icon becomes the favicon, fetched from another host.
    st.set_page_config(
        page_icon=ASSETS / "icon.png",
        layout="wide",
        initial_sidebar_state=SIDEBAR_WIDTH,
        menu_items={"About": _("**Convscope** looks inside convolutional networks.")},
    )
    st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "mark.svg")
    language_picker.choose()
    if access.rules().shared:
        teacher.place()
    # Copies: Streamlit marks the one that may run.
    sections = {
        name: list(map(copy, ps)) for name, ps in entries.translated(language.current()).items()
    }
    page = st.navigation(sections, expanded=True)
    st.set_page_config(page_title=_("{page} · Convscope").format(page=page.title))
    entry = entries.entry(page.url_path)
    moved = page_address.open_page(entry.url)
    missing = st.query_params.pop(MissingPages.MISSING, "")
    link_warnings.begin()
    entry.state.begin(moved=moved, others=(language_picker.CHOICE,))
    if missing:
        _offer_instead(missing)
    if not entry.own_title:
        st.title(_(entry.question))
    try:
        page.run()
    except StopException:  # it has said what it had to say
        _settle()
        raise
    _settle()


def _offer_instead(name: str) -> None:
    """Say that there is no page `name`, and lead to the one that was meant."""
    link_warnings.say(_("There is no page {name}.").format(name=page_address.as_typed(name)))
    if nearest := entries.nearest(name):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("Perhaps you want this one:"), width="content")
            st.page_link(nearest.path, label=_(nearest.title), icon=nearest.icon)


def _settle() -> None:
    """After a page was drawn."""
    link_warnings.settle()
    page_address.settle()


if __name__ == "__main__":  # Streamlit and its test harness run this file as the main program
    main()
