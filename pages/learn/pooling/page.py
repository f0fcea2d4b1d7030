"""What does pooling forgive, and what does it lose?"""

import streamlit as st

from explorer.networks import ops
from explorer.ui import lesson
from pages.learn.pooling import experiments, parts

controls, seen = lesson.controls_and_picture()
picture, text = seen.columns([5, 2], gap="medium")
words, numbers = text.container(), text.container()
with controls:
    shown = parts.controls(numbers)
with picture:
    parts.board(shown)
with words:
    parts.explanation(shown)
experiments.try_this()
parts.downloads(shown)
experiments.shift(shown.operation)
back, several = st.columns(2, gap="medium")
with back:
    experiments.gradients(shown)
with several:
    experiments.channels(shown)
lesson.questions(experiments.asked())
lesson.definition(ops.Slide, ops.pool2d)
