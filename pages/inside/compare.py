"""Which network answers better, and at what price?"""

import streamlit as st

from explorer.language import _

st.title(_("Which network answers better, and at what price?"))
