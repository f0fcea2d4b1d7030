"""Networks with their letters and colours, and a table of their figures, as HTML."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import streamlit as st

from explorer.base.language import _
from explorer.base.units import count, exact, latency, percent
from pages.inside.compare import charts
from pages.inside.compare.charts import LETTERS, Row

STYLE = Path(__file__).with_name("page.css")


def style() -> None:
    """The look of what this page writes as HTML; once on the page."""
    st.html(STYLE)


def chip(letter: str, title: str = "") -> str:
    """A letter on its network's colour."""
    told = f' title="{escape(title)}"' if title else ""
    return f'<b class="compare-chip c{LETTERS.index(letter)}"{told}>{letter}</b>'


def table(rows: Sequence[Row]) -> None:
    """A line for each network; exact numbers where the pointer rests."""
    counted = any(row.accuracy is not None for row in rows)
    carded = any(row.card_accuracy is not None for row in rows)
    most = max(row.pictures for row in rows)
    heads = [
        (_("Network"), ""),
        (_("Right of {n}").format(n=exact(most)), _("± two standard errors")) if counted else None,
        (_("On its card"), _("on all test pictures, after its training")) if carded else None,
        (_("Parameters"), _("trained numbers")),
        (_("MACs"), _("multiply-adds for one picture")),
        (_("Time"), _("for one picture, measured here")),
    ]
    shown = [each for each in heads if each is not None]
    head = "".join(f'<th title="{escape(told)}">{escape(word)}</th>' for word, told in shown)
    body = "".join(_line(row, counted=counted, carded=carded) for row in rows)
    st.html(
        f'<div class="compare-wide"><table class="compare-table" '
        f'style="--numbers:{len(shown) - 1}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _line(row: Row, *, counted: bool, carded: bool) -> str:
    under = f"{row.weights}, {charts.shape(row)}"
    name = f"{chip(row.letter)} <strong>{escape(row.name)}</strong><small>{escape(under)}</small>"
    cells = [f'<th scope="row">{name}</th>']
    if counted:
        sure = "" if row.uncertainty is None else f" ± {200 * row.uncertainty:.1f}"
        cells.append(_cell(percent(row.accuracy), under=sure))
    if carded:
        cells.append(_cell(percent(row.card_accuracy)))
    cells += [
        _cell(count(row.parameters), exact(row.parameters)),
        _cell(count(row.macs), exact(row.macs)),
        _cell(latency(row.seconds)),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(text: str, told: str = "", under: str = "") -> str:
    title = f' title="{escape(told)}"' if told else ""
    small = f"<small>{escape(under)}</small>" if under else ""
    return f"<td{title}>{escape(text)}{small}</td>"
