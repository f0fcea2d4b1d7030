"""Can a kernel find the edge by itself?"""

import streamlit as st

from explorer.lessons import edge_kernel as engine
from explorer.ui import lesson
from pages.learn.edge_kernel import parts, problem_picker, verdict

controls, picture = lesson.controls_and_picture()
with controls:
    problem_picker.controls()
    chosen = problem_picker.choice()
shape = engine.bowl(chosen.problem)
runs = [engine.descend(chosen.problem, chosen.start, rate, chosen.steps) for rate in chosen.rates]
with picture:
    verdict.verdict(chosen, shape, runs)
    parts.board(chosen, shape, runs)
parts.prompts()
left, right = st.columns(2, gap="large")
with left:
    parts.explanation(chosen, shape)
with right:
    parts.course(chosen, runs[0])
    lesson.questions(parts.QUESTIONS)
parts.downloads(chosen, runs)
lesson.definition(engine.correlate, engine.loss_of, engine.descend, engine.bowl)
