"""Can a kernel find the edge by itself?"""

import streamlit as st

from explorer.base.language import _
from explorer.lessons import edge_kernel as engine
from explorer.ui import edge_kernel_choice as choice
from explorer.ui import edge_kernel_verdict as verdict
from explorer.ui import edge_kernel_view as view
from explorer.ui import learn

st.title(_("Can a kernel find the edge by itself?"))
controls, picture = learn.controls_and_picture()
with controls:
    choice.controls()
    chosen = choice.choice()
shape = engine.bowl(chosen.problem)
runs = [engine.descend(chosen.problem, chosen.start, rate, chosen.steps) for rate in chosen.rates]
with picture:
    verdict.verdict(chosen, shape, runs)
    view.board(chosen, shape, runs)
view.prompts()
left, right = st.columns(2, gap="large")
with left:
    view.explanation(chosen, shape)
with right:
    view.course(chosen, runs[0])
    learn.questions(view.QUESTIONS)
view.downloads(chosen, runs)
learn.definition(engine.correlate, engine.loss_of, engine.descend, engine.bowl)
