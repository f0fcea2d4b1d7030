"""How do several channels become one number?"""

import streamlit as st

from explorer.language import _
from explorer.ui import channels_view as view

st.title(_("How do several channels become one number?"))

parts = {
    "sum": view.many_to_one,
    "pixel": view.one_by_one,
    "cost": view.cost,
    "dense": view.dense,
    "flow": view.flow,
}
for name, tab in view.tabs().items():
    if tab.open:
        with tab:
            parts[name]()
view.questions()
