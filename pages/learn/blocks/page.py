"""What are modern networks built from?"""

import streamlit as st

from explorer.base.language import _
from pages.learn.blocks import parts

st.title(_("What are modern networks built from?"))

for name, tab in parts.tabs().items():
    if tab.open:
        with tab:
            parts.PARTS[name]()
parts.questions()
