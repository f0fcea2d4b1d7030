"""What does a channel answer to most?"""

import streamlit as st

from explorer.language import _

st.title(_("What does a channel answer to most?"))
