"""What does a channel answer to most?"""

import streamlit as st

from pages.inside.feature_visualization import controls, parts

looked = controls.pick()
if looked is None:
    st.stop()
parts.look(looked)
