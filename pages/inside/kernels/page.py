"""What does each layer look for?"""

import streamlit as st

from explorer.base.language import _
from pages.inside.kernels import controls, parts

sides = controls.pick()
if sides is None:
    st.stop()
with st.spinner(_("Looking …")):  # shown only after half a second
    problem = controls.problem(sides)
if problem:
    st.error(problem, icon=":material/broken_image:")
    st.stop()
parts.look(sides)
