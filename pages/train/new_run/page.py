"""What shall be trained, and what will it take?"""

import streamlit as st

from pages.train.new_run import budget, form, parts, short

form.arrive()
short.fit_if_measured()
short.offer_quick()
fields, card = st.columns([5, 3], gap="medium")
with fields:
    experiment = form.pick_start()
    if experiment:
        plan, taught = parts.experiment(experiment), False
    else:
        recipe = parts.settings()
        plan, taught = [recipe], budget.lesson(recipe)
        parts.beside_the_course(recipe)
with card:
    parts.card(plan, taught)
parts.mistakes()
budget.warm()
