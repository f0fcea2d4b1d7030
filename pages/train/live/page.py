"""Is it learning?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui.runs import run_actions
from explorer.ui.runs.learned import learned_board
from pages.train.live import parts
from pages.train.live.state import STATE

with st.container(horizontal=True, vertical_alignment="bottom", key="live_head"):
    st.title(_("Is it learning?"))
    run = parts.pick()
if run is None:
    parts.nothing_yet()
    st.stop()
if not run_actions.readable(run):
    st.stop()
parts.board(run)
run_actions.inside([run])
parts.say(run)
if run.status.over and run.progress.epoch:
    st.subheader(_("What does it take for what?"), anchor=False)
    learned_board(STATE, [run], kernels=False)
    parts.balance(run)
    st.subheader(_("Take along"), anchor=False)
    run_actions.files(run)
