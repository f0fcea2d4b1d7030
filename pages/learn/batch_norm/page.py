"""What does batch normalisation do to a batch?"""

import streamlit as st

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui import lesson
from explorer.ui.save_buttons import save_button
from pages.learn.batch_norm import charts, dots, parts, questions, settings

said = st.container()
controls, picture = lesson.controls_and_picture()
with controls:
    choice = settings.pick()
past = dots.averages(choice, dots.run(choice), choice.momentum)
found = dots.compute(choice, past)
with said:
    dots.answer(found, choice)

with picture:
    dots.show(found, choice)
lesson.try_this(questions.prompts(found, choice))

st.divider()
parts.experiment(choice, found, past)

lesson.questions(questions.ASKED)
lesson.definition(ops.batch_norm)
save_button(_("Every value at every step (CSV)"), charts.csv(found), "batch-norm.csv")
