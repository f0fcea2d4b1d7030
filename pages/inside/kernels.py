"""What does each layer look for?"""

import streamlit as st

from explorer.language import _

st.title(_("What does each layer look for?"))
