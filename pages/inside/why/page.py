"""What in the picture does the answer rest on?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import size_mismatch
from pages.inside.why import controls, parts
from pages.inside.why.state import STATE

looked = controls.pick()
if looked is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = controls.problem(looked)
if problem:
    size_mismatch.complain(STATE, problem, looked.model)
    st.stop()
parts.show(looked)
