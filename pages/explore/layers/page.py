"""What happens to an image inside a network, layer by layer, and what does each layer cost?"""

import streamlit as st

from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.ui import network_picker
from pages.explore.layers import parts
from pages.explore.layers.state import STATE

title = st.empty()  # names the network, which is picked below it
choice = network_picker.pick(STATE)
architecture = choice.spec.architecture
STATE.know(*choice.spec.values)
title.title(_("What happens to an image inside {network}?").format(network=architecture.title))

if choice.size is None:
    parts.complain(choice)
    st.stop()

with st.spinner(_("Measuring …")):  # shown only after half a second
    summary = measure(choice.spec, choice.size, choice.batch)
parts.totals(summary, choice)
if summary.mismatch:
    parts.lesson(summary.mismatch, choice)
words = {"layers": _("Layers"), "costs": _("Costs"), "code": _("Code"), "about": _("About")}
layers, costs, code, about = STATE.tabs("view", words).values()
if layers.open:
    with layers:
        parts.board(summary, choice, choice.size)
if costs.open:
    with costs:
        parts.charts(summary)
if code.open:
    with code:
        parts.downloads(summary, choice, choice.size)
if about.open:
    with about:
        parts.about(architecture)
