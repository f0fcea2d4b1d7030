"""How do several channels become one number?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import channels_view as view

st.title(_("How do several channels become one number?"))

for name, tab in view.tabs().items():
    if tab.open:
        with tab:
            view.PARTS[name]()
view.questions()
