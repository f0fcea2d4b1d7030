"""Which run did better, and why?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import train_actions
from explorer.ui import train_runs as view

st.title(_("Which run did better, and why?"))
listed = train_actions.listed()
if not listed:
    view.nothing_yet()
    st.stop()
chosen = view.choose(listed)
view.actions(chosen)
if not chosen:
    view.nothing_chosen()
    st.stop()
view.curves(chosen)
view.differences(chosen)
view.outcome(chosen)
