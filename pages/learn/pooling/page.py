"""What does pooling forgive, and what does it lose?"""

import streamlit as st

from explorer.lessons import definitions
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
if not sliding.refusal:
    parts.downloads(sliding)
with st.container(key=experiments.SHIFTED):
    experiments.shift(sliding.operation)
if not sliding.refusal:
    back, several = st.columns(2, gap="medium")
    with back:
        experiments.gradients(sliding)
    with several:
        experiments.channels(sliding)
lesson.questions(experiments.questions())
lesson.definition(definitions.pool2d, engine=(ops.Slide, ops.pool2d))
