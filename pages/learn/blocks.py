"""What are modern networks built from?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import blocks_view as view

st.title(_("What are modern networks built from?"))

for name, tab in view.tabs().items():
    if tab.open:
        with tab:
            view.PARTS[name]()
view.questions()
