"""What in the picture does the answer rest on?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import inside_why, inside_why_view, size_mismatch
from explorer.ui.states import WHY

st.title(_("What in the picture does the answer rest on?"))
looked = inside_why.pick()
if looked is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = inside_why.problem(looked)
if problem:
    size_mismatch.complain(WHY, problem, looked.choice)
    st.stop()
inside_why_view.show(looked)
