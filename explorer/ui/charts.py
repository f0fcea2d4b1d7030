"""A Plotly chart on a page."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st


def show_chart(
    figure: go.Figure,
    key: str,
    file: str = "",
    form: str = "svg",
    alt: str | None = None,
) -> None:
    """The chart; its camera saves it as `file`, where that is named. `alt` says what it shows."""
    config: dict[str, Any] = {"displaylogo": False}
    if file:
        config["toImageButtonOptions"] = {"format": form, "filename": file, "scale": 2}
    st.plotly_chart(figure, key=key, config=config, alt=alt)
