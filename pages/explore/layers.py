"""What happens to an image inside a network, layer by layer, and what does each layer cost?"""

import streamlit as st

from explorer.base.language import _
from explorer.ui import layers_view as view
from explorer.ui import loaders, pickers, sums_view
from explorer.ui.states import LAYERS

title = st.empty()  # names the network, which is picked below it
choice = pickers.pick()
architecture, options = choice.architecture, loaders.pairs(choice.options)
LAYERS.know(*choice.options)
title.title(_("What happens to an image inside {network}?").format(network=architecture.title))

if choice.picture is None:
    view.complain(choice)
    st.stop()

with st.spinner(_("Measuring …")):  # shown only after half a second
    anatomy = loaders.measure(architecture.name, options, choice.picture, choice.batch)
sums_view.totals(anatomy, choice)
if anatomy.lesson:
    view.lesson(anatomy.lesson, choice)
words = {"layers": _("Layers"), "costs": _("Costs"), "code": _("Code"), "about": _("About")}
layers, costs, code, about = LAYERS.tabs("view", words)
if layers.open:
    with layers:
        view.board(anatomy, choice, choice.picture)
if costs.open:
    with costs:
        view.charts(anatomy)
if code.open:
    with code:
        view.downloads(anatomy, choice, choice.picture)
if about.open:
    with about:
        view.about(architecture)
