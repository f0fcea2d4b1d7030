"""How do several channels become one number?"""

import streamlit as st

from explorer.base.language import _
from pages.learn.channels import parts

st.title(_("How do several channels become one number?"))

for name, tab in parts.tabs().items():
    if tab.open:
        with tab:
            parts.PARTS[name]()
parts.questions()
