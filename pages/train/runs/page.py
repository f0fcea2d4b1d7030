"""Which run did better, and why?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui.runs import run_actions
from pages.train.runs import actions, answer, parts

listed = run_actions.listed()
if not listed:
    parts.nothing_yet()
    st.stop()
place = st.container(key="answer")
selection = parts.choose(listed)
actions.show(selection)
if not selection:
    st.info(_("Tick runs in the table: their curves are laid over each other here."))
    st.stop()
with place:
    answer.show(selection)
parts.curves(selection)
run_actions.inside(selection)
parts.differences(selection)
parts.outcome(selection)
