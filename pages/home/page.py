"""Where to begin? A real convolution, and questions that lead to the pages."""

import streamlit as st

from explorer.base.language import N_, _
from explorer.ui.entries import entry
from pages.home import hero

# Question, what is seen there, and the state of the Layers page that answers it.
QUESTIONS = (
    (
        N_("AlexNet at 28 × 28: which layer breaks, and why?"),
        N_("A network has a smallest picture. See where the sizes run out."),
        {"network": "alexnet", "input": "1x28x28"},
    ),
    (
        N_("ResNet-18 at 96 × 96: how much does one unit of a map see?"),
        N_("Follow the receptive field as it grows from layer to layer."),
        {"network": "resnet18", "input": "1x96x96"},
    ),
    (
        N_("GoogLeNet: why four branches side by side?"),
        N_("Each sees at another scale; their channels are joined again."),
        {"network": "googlenet", "input": "1x96x96"},
    ),
    (
        N_("DenseNet: why do the channels keep growing?"),
        N_("Every layer adds to all that came before; transitions cut it back."),
        {"network": "densenet", "input": "1x224x224"},
    ),
)

st.title(_("Look inside a convolutional network"))
st.markdown(_("Every size, every parameter, every multiplication: ask where it comes from."))
hero.show()

st.subheader(_("Begin with a question"))
layers = entry("layers")
for row in (0, 2):
    for number, column in enumerate(st.columns(2), start=row):
        question, answer, state = QUESTIONS[number]
        with column.container(border=True, gap="xxsmall", key=f"question_{number}"):
            st.page_link(layers.path, label=f"**{_(question)}**", query_params=state, help="")
            st.caption(_(answer))
with st.container(key="free_choice"):
    st.page_link(
        layers.path,
        label=_("Or choose a network yourself"),
        icon=":material/arrow_forward:",
        icon_position="right",
        help="",
    )
