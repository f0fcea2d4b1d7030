"""What shall be trained, and what will it take?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import train_budget, train_form
from explorer.ui import train_new as view

st.title(_("What shall be trained, and what will it take?"))
train_form.arrive()
fields, card = st.columns([5, 3], gap="medium")
with fields:
    experiment = train_form.pick_start()
    if experiment:
        given = view.experiment(experiment)
    else:
        recipe = view.settings()
        taught = view.lesson(recipe)
        view.beside_the_course(recipe)
with card:
    if experiment:
        view.experiment_card(given)
    else:
        view.card(recipe, taught)
view.mistakes()
train_budget.warm()
