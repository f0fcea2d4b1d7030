"""What does a network learn from?"""

import streamlit as st

from pages.explore.data import getting, parts

facts = parts.known(parts.pick())
if data := getting.loaded(facts):
    shown = parts.choose(data)
    pictures, text = st.columns([3, 2], gap="medium")
    with pictures:
        parts.sheet(data, shown)
        parts.downloads(data, shown)
    with text:
        parts.about(facts)
        parts.baseline(data)
        parts.counts(data)
else:
    parts.about(facts)
if parts.are_own(facts):
    getting.own_pictures(facts)
