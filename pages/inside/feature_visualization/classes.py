"""Which classes a channel answers to: a bar for each, the mean over its pictures."""

import html

import numpy as np
import streamlit as st

from explorer.base.language import _
from explorer.inside.feature_visualization import TopPictures
from explorer.ui.inside.sum_words import number as spelled
from pages.inside.feature_visualization.subjects import Subject

MOST = 10  # classes that are shown: those with the largest means
STYLE = (
    "<style>.excites-classes{display:grid;grid-template-columns:auto minmax(60px,1fr) auto;"
    "gap:2px 8px;align-items:center;max-width:330px;font-size:13px;line-height:1.3;"
    "font-variant-numeric:tabular-nums}"
    ".excites-classes i{position:relative;height:12px}"
    ".excites-classes i u{position:absolute;top:0;bottom:0;background:#0072b2;border-radius:2px;"
    "min-width:1px}"
    ".excites-classes i s{position:absolute;top:-2px;bottom:-2px;width:1px;background:currentColor;"
    "opacity:.5}"
    ".excites-classes b{font-weight:400;text-align:right}"
    "</style>"
)


def show(subject: Subject, found: TopPictures, channel: int) -> None:
    """Bars from zero, the strongest class first."""
    means = found.means[:, channel].numpy()
    shown = [int(n) for n in np.argsort(-means, kind="stable") if np.isfinite(means[n])][:MOST]
    if not shown:
        return
    names = subject.gallery.classes
    low, high = min(0.0, float(means[shown[-1]])), max(0.0, float(means[shown[0]]))
    rows = [_row(names[n], float(means[n]), low, high) for n in shown]
    st.caption(_("By class: the mean of each picture's strongest unit"))
    st.html(f'{STYLE}<div class="excites-classes">{"".join(rows)}</div>')


def _row(name: str, value: float, low: float, high: float) -> str:
    width = high - low or 1.0
    zero, end = -low / width, (value - low) / width
    left, wide = min(zero, end), abs(end - zero)
    return (
        f"<span>{html.escape(name)}</span>"
        f'<i><u style="left:{100 * left:.2f}%;width:{100 * wide:.2f}%"></u>'
        f'<s style="left:{100 * zero:.2f}%"></s></i><b>{spelled(value)}</b>'
    )
