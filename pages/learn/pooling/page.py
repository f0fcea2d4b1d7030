"""What does pooling forgive, and what does it lose?"""

import streamlit as st

from explorer.networks import ops
from explorer.ui import lesson
from pages.learn.pooling import experiments, parts

controls, view = lesson.controls_and_picture()
picture, text = view.columns([5, 2], gap="medium")
words, numbers = text.container(), text.container()
with controls:
    sliding = parts.controls(numbers)
with picture:
    parts.board(sliding)
with words:
    parts.explanation(sliding)
experiments.try_this()
parts.downloads(sliding)
experiments.shift(sliding.operation)
back, several = st.columns(2, gap="medium")
with back:
    experiments.gradients(sliding)
with several:
    experiments.channels(sliding)
lesson.questions(experiments.questions())
lesson.definition(ops.Slide, ops.pool2d)
