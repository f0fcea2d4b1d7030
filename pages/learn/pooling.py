"""What does pooling forgive, and what does it lose?"""

import streamlit as st

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui import learn
from explorer.ui import pooling_code as code
from explorer.ui import pooling_experiments as experiments
from explorer.ui import pooling_view as view

st.title(_("What does pooling forgive, and what does it lose?"))
controls, seen = learn.controls_and_picture()
picture, text = seen.columns([5, 2], gap="medium")
words, numbers = text.container(), text.container()
with controls:
    shown = view.controls(numbers)
with picture:
    view.board(shown)
with words:
    view.explanation(shown)
experiments.try_this()
code.take_along(shown)
experiments.shift(shown.operation)
back, several = st.columns(2, gap="medium")
with back:
    experiments.gradients(shown)
with several:
    experiments.channels(shown)
learn.questions(experiments.asked())
learn.definition(ops.Slide, ops.pool2d)
