"""What in the picture does the answer rest on?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import size_mismatch
from explorer.ui.states import WHY
from pages.inside.why import controls, parts

st.title(_("What in the picture does the answer rest on?"))
looked = controls.pick()
if looked is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = controls.problem(looked)
if problem:
    size_mismatch.complain(WHY, problem, looked.choice)
    st.stop()
parts.show(looked)
