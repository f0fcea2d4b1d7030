"""What happens to an image inside a network, layer by layer, and what does each layer cost?"""

import streamlit as st

from explorer.analysis.summary import measure
from explorer.base.language import _
from explorer.ui import network_picker
from pages.explore.layers import parts
from pages.explore.layers.state import STATE

title = st.empty()  # names the network, which is picked below it
spec, size, batch = network_picker.pick(STATE)
architecture = spec.architecture
STATE.know(*spec.values)
title.title(_("What happens to an image inside {network}?").format(network=architecture.title))

if size is None:
    st.stop()

with st.spinner(_("Measuring …")):  # shown only after half a second
    summary = measure(spec, size, batch)
parts.totals(summary)
if summary.mismatch:
    parts.lesson(summary.mismatch, summary)
layers, costs, code, about = STATE.tabs("view").values()
if layers.open:
    with layers:
        parts.board(summary)
if costs.open:
    with costs:
        parts.charts(summary)
if code.open:
    with code:
        parts.downloads(summary)
if about.open:
    with about:
        parts.about(architecture)
