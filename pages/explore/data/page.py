"""What does a network learn from?"""

import streamlit as st

from pages.explore.data import getting, parts, sheets

facts = parts.facts_of(parts.pick())
if data := getting.loaded(facts):
    part, turn = parts.choose(data)
    pictures, text = st.columns([3, 2], gap="medium")
    with pictures:
        if (number := parts.picture_number(data, part)) < 0:
            sheets.sheet(data, part, turn)
        else:
            sheets.numbers(data, part, number)
    with text:
        parts.answer(data)
        parts.about(facts)
        parts.baseline(data)
        parts.counts(data)
else:
    parts.about(facts)
if facts.name.startswith("images"):  # people's own, or to become such
    getting.own_pictures(facts)
