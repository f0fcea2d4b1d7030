"""What does a channel answer to most?"""

import streamlit as st

from explorer.base.language import _
from pages.inside.feature_visualization import controls, parts

st.title(_("What does a channel answer to most?"))
looked = controls.pick()
if looked is None:
    st.stop()
parts.look(looked)
