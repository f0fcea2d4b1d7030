"""Can you tell before the machine does?"""

import streamlit as st

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui import lesson
from pages.learn.check import card, score, series, words

st.markdown(
    _(
        "Answer first, then see the arithmetic. Every question is made on the spot and answered "
        "by the engine; whoever opens this address gets the same ones."
    )
)

place = series.pick()
asked = series.question(place)
marks = st.container()
card.show(place, asked)
with marks:
    score.score(place)
score.summary(place)

lesson.try_this(words.prompts())
lesson.questions(words.ASKED)
lesson.definition(ops.output_size)
