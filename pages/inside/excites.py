"""What does a channel answer to most?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import excites_choice, excites_view

st.title(_("What does a channel answer to most?"))
looked = excites_choice.pick()
if looked is None:
    st.stop()
excites_view.look(looked)
