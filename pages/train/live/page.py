"""Is it learning?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui.runs import run_actions
from pages.train.live import parts

with st.container(horizontal=True, vertical_alignment="bottom", key="live_head"):
    st.title(_("Is it learning?"))
    run = parts.pick()
if run is None:
    parts.nothing_yet()
    st.stop()
if not run_actions.readable(run):
    st.stop()
parts.board(run)
parts.say(run)
if run.status.over and run.progress.epoch:
    parts.outcome(run)
    parts.balance(run)
    parts.downloads(run)
