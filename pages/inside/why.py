"""What in the picture does the answer rest on?"""

import streamlit as st

from explorer.language import _

st.title(_("What in the picture does the answer rest on?"))
