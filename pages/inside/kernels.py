"""What does each layer look for?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import kernels_page, kernels_view

st.title(_("What does each layer look for?"))
sides = kernels_page.pick()
if sides is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = kernels_page.problem(sides)
if problem:
    st.error(problem, icon=":material/broken_image:")
    st.stop()
kernels_view.look(sides)
