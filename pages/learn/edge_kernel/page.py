"""Can a kernel find the edge by itself?"""

import streamlit as st

from explorer.lessons import definitions
from explorer.lessons import edge_kernel as engine
from explorer.ui import lesson
from pages.learn.edge_kernel import parts, problem_picker, verdict

controls, picture = lesson.controls_and_picture()
with controls:
    problem_picker.controls()
    choice = problem_picker.choice()
shape = engine.bowl(choice.problem)
runs = [engine.descend(choice.problem, choice.start, rate, choice.steps) for rate in choice.rates]
with picture:
    verdict.verdict(choice, shape, runs)
    parts.board(choice, shape, runs)
parts.prompts()
left, right = st.columns(2, gap="large")
with left:
    parts.explanation(choice, shape)
with right:
    parts.course(choice, runs[0])
    lesson.questions(parts.QUESTIONS)
parts.downloads(choice, runs)
lesson.definition(
    definitions.corr2d,
    definitions.learn_kernel,
    engine=(engine.correlate, engine.loss_of, engine.descend, engine.bowl),
)
