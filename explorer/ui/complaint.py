"""What is wrong, said on the page. It may quote what was typed, so every sign of it is text."""

import streamlit as st

from explorer.base import plain_text


def show(problem: object, icon: str) -> None:
    """An error, or its sentence, where the page stands; `icon` is a Material symbol's name."""
    st.error(plain_text.markdown(problem), icon=f":material/{icon}:")


def toast(problem: object, icon: str) -> None:
    """The same at the page's edge: what a button's callback refuses."""
    st.toast(plain_text.markdown(problem), icon=f":material/{icon}:")
