"""What are modern networks built from?"""

import streamlit as st

from explorer.language import _
from explorer.ui import blocks_view as view

st.title(_("What are modern networks built from?"))

parts = {
    "all": view.side_by_side,
    "inception": view.inception,
    "identity": view.identity,
    "shapes": view.shapes,
    "dense": view.dense,
}
for name, tab in view.tabs().items():
    if tab.open:
        with tab:
            parts[name]()
view.questions()
