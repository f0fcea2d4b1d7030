"""Where does this number come from?"""

import streamlit as st

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui import convolution_code as code
from explorer.ui import convolution_photo as photo
from explorer.ui import convolution_view as view
from explorer.ui import convolution_words as words
from explorer.ui import learn

st.title(_("Where does this number come from?"))
controls, seen = learn.controls_and_picture()
with controls:
    shown = view.controls()
picture, text = seen.columns([5, 2], gap="medium")
with picture:
    view.board(shown)
with text:
    view.explanation(shown)
words.try_this()
code.take_along(shown)
photo.show(shown)
learn.questions(words.asked())
learn.definition(ops.Slide, ops.flip, ops.corr2d)
