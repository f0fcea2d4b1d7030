"""Which network answers better, and at what price?"""

import streamlit as st

from explorer.base.language import _
from explorer.inside import comparison
from pages.inside.compare import computation, controls, parts

with st.container(horizontal=True, vertical_alignment="bottom", key="compare_controls"):
    models = controls.pick()
    pictures = parts.pick_pictures()
if len(models) < 2:
    st.info(_("Choose two networks or more."), icon=":material/compare:")
    st.stop()
shared = comparison.shared(models)
with st.spinner(_("Loading the networks …")):  # shown only after half a second
    sides = computation.sides(models, shared.dataset, pictures)
if len(sides) > 1:
    parts.look(sides, shared)
