"""What does batch normalisation do to a batch?"""

import streamlit as st

from explorer.base.language import _
from explorer.lessons import definitions
from explorer.networks import ops
from explorer.ui import lesson
from explorer.ui.save_buttons import save_button
from pages.learn.batch_norm import board, experiments, questions, settings

words = st.container()
controls, picture = lesson.controls_and_picture()
with controls:
    choice = settings.pick()
averages = choice.averages(choice.momentum)
steps = choice.steps(averages)
with words:
    board.answer(steps, choice)
with picture:
    board.show(steps, choice)
lesson.try_this(questions.prompts())

st.divider()
with st.container(key=questions.EXPERIMENT):
    experiments.experiment(choice, steps, averages)

lesson.questions(questions.ASKED)
lesson.definition(definitions.batch_norm, engine=(ops.batch_norm,))
save_button(_("Every value at every step (CSV)"), board.rows(steps), "batch-norm.csv")
