"""What shall be trained, and what will it take?"""

import streamlit as st

from pages.train.new_run import budget, form, parts

form.arrive()
fields, card = st.columns([5, 3], gap="medium")
with fields:
    experiment = form.pick_start()
    if experiment:
        plan = parts.experiment(experiment)
    else:
        recipe = parts.settings()
        taught = parts.lesson(recipe)
        parts.beside_the_course(recipe)
with card:
    if experiment:
        parts.experiment_card(plan)
    else:
        parts.card(recipe, taught)
parts.mistakes()
budget.warm()
