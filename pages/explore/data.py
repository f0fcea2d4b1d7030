"""What does a network learn from?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import data_getting as getting
from explorer.ui import data_view as view

st.title(_("What does a network learn from?"))
facts = view.known(view.pick())
if data := getting.loaded(facts):
    shown = view.choose(data)
    pictures, text = st.columns([3, 2], gap="medium")
    with pictures:
        view.sheet(data, shown)
        view.downloads(data, shown)
    with text:
        view.about(facts)
        view.baseline(data)
        view.counts(data)
else:
    view.about(facts)
if view.are_own(facts):
    getting.own_pictures(facts)
