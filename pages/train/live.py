"""Is it learning?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import train_actions
from explorer.ui import train_live as view

with st.container(horizontal=True, vertical_alignment="bottom", key="live_head"):
    st.title(_("Is it learning?"))
    run = view.pick()
if run is None:
    view.nothing_yet()
    st.stop()
if not train_actions.readable(run):
    st.stop()
view.board(run)
view.say(run)
if run.status.over and run.progress.epoch:
    view.outcome(run)
    view.balance(run)
    view.downloads(run)
