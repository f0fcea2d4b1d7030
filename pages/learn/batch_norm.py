"""What does batch normalisation do to a batch?"""

import streamlit as st

from explorer.base.language import _
from explorer.figures import normalisation as figures
from explorer.networks import ops
from explorer.ui import learn, normalisation_choice
from explorer.ui import normalisation_parts as parts
from explorer.ui import normalisation_questions as questions
from explorer.ui import normalisation_view as view

st.title(_("What does batch normalisation do to a batch?"))

said = st.container()
controls, picture = learn.controls_and_picture()
with controls:
    choice = normalisation_choice.pick()
past = view.averages(choice, view.run(choice), choice.momentum)
found = view.compute(choice, past)
with said:
    view.answer(found, choice)

with picture:
    view.show(found, choice)
learn.try_this(questions.prompts(found, choice))

st.divider()
parts.experiment(choice, found, past)

learn.questions(questions.ASKED)
learn.definition(ops.batch_norm)
learn.download(_("Every value at every step (CSV)"), figures.csv(found), "batch-norm.csv")
