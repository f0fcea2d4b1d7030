"""What does each layer see?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import size_mismatch
from pages.inside.feature_maps import controls, parts
from pages.inside.feature_maps.state import STATE

looked = controls.pick()
if looked is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = controls.problem(looked.sides)
if problem:
    size_mismatch.complain(STATE, problem, looked.model)
    st.stop()
parts.look(looked.sides, looked.main)
