"""What does each layer see?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import maps_page, maps_view, size_mismatch
from explorer.ui.states import FEATURE_MAPS

st.title(_("What does each layer see?"))
looked = maps_page.pick()
if looked is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = maps_page.problem(looked.sides)
if problem:
    size_mismatch.complain(FEATURE_MAPS, problem, looked.choice)
    st.stop()
maps_view.look(looked.sides, looked.main)
