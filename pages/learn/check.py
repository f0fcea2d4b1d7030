"""Can you tell before the machine does?"""

import streamlit as st

from explorer.base.language import _
from explorer.networks import ops
from explorer.ui import learn, quiz_card, quiz_place, quiz_score, quiz_words

st.title(_("Can you tell before the machine does?"))
st.markdown(
    _(
        "Answer first, then see the arithmetic. Every question is made on the spot and answered "
        "by the engine; whoever opens this address gets the same ones."
    )
)

place = quiz_place.pick()
asked = quiz_place.question(place)
marks = st.container()
quiz_card.show(place, asked)
with marks:
    quiz_score.score(place)
quiz_score.summary(place)

learn.try_this(quiz_words.prompts())
learn.questions(quiz_words.ASKED)
learn.definition(ops.output_size)
