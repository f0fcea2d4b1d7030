"""The top of the page that compares networks: the answer, the bubbles, the table of figures."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explorer.base import plain_text
from explorer.base.language import _
from explorer.base.units import exact, percent, ratio
from explorer.data import datasets
from explorer.inside import comparison
from explorer.inside.comparison import Shared, Timing
from explorer.networks.titles import title
from explorer.ui.charts import show_chart
from explorer.ui.model_picker import mode, training
from explorer.ui.save_buttons import save_button
from pages.inside.compare import answers, budget_charts, charts, computation, controls
from pages.inside.compare.charts import Row
from pages.inside.compare.computation import Side
from pages.inside.compare.state import STATE

STYLE = Path(__file__).with_name("page.css")
PARTS = ("1000", "2500", "10000")  # of the test pictures; the first is the default
BY_CHANCE = 0.05  # as likely as this, a difference may well be none


def look(sides: Sequence[Side], shared: Shared) -> None:
    """All of it."""
    st.html(STYLE)  # of what this page writes as HTML
    with st.container(key="compare_answer"):
        sides = computation.show(sides)
        if len(sides) < 2:
            return
        rows = [row(side) for side in sides]
        _answer(sides, rows, shared)
    left, right = st.columns([1, 1.12], gap="medium")
    with left:
        _bubbles(rows)
    with right:
        _table(sides, rows, shared)
    picture, differ, budgets = STATE.tabs("view").values()
    if picture.open:
        with picture:
            answers.show_one(sides, shared.dataset)
    if differ.open:
        with differ:
            answers.show_differences(sides, shared)
    if budgets.open:
        with budgets:
            _budgets(sides)


def pick_pictures() -> int:
    """How many of the test pictures count."""
    words = {
        part: _("the first {n}").format(n=exact(int(part))) if part != PARTS[-1] else _("all")
        for part in PARTS
    }
    return int(STATE.pick_listed("first", _("Test pictures"), words, width=150))


def row(side: Side) -> Row:
    """What is known of one network so far."""
    model, totals = side.model, side.summary.totals
    answers, timing = side.answers, side.timing.value
    return Row(
        letter=side.letter,
        name=title(model.spec),
        weights=controls.words(model, accuracy=False),
        training=training.amount(effort) if (effort := comparison.effort(model)) else "",
        spelled=model.spelled,
        shape=model.size,
        parameters=totals.parameters,
        macs=totals.macs,
        weight_bytes=totals.parameter_bytes,
        accuracy=answers.accuracy if answers else None,
        uncertainty=answers.uncertainty if answers else None,
        pictures=side.pictures,
        card_accuracy=model.card.test_accuracy if model.card and model.trained else None,
        seconds=timing.for_one if timing else None,
    )


# -- the answer -------------------------------------------------------------------------------


def _answer(sides: Sequence[Side], rows: Sequence[Row], shared: Shared) -> None:
    """One sentence at the top."""
    if not shared.dataset:
        words = _("**{reason}** So what they cost is compared, not what they answer.")
        st.markdown(" ".join([words.format(reason=shared.reason), *_speeds(rows)]))
    elif all(each.accuracy is not None for each in rows):
        st.markdown(" ".join([*_unequal(sides), *_sentences(sides, rows, shared.dataset)]))


def _unequal(sides: Sequence[Side]) -> list[str]:
    """That the ranking is one of networks that were trained unequally, if they were."""
    efforts = {side.letter: comparison.effort(side.model) for side in sides}
    ends = comparison.unequal({letter: each for letter, each in efforts.items() if each})
    if not ends:
        return []
    words = _(
        "**They were trained unequally**, from {least} ({fewest}) to {most} ({longest}): their "
        "order tells of that as well."
    )
    (fewest, least), (longest, most) = ends
    amounts = {"least": training.amount(least), "most": training.amount(most)}
    return [words.format(**amounts, fewest=fewest, longest=longest)]


def _sentences(sides: Sequence[Side], rows: Sequence[Row], dataset: str) -> list[str]:
    order = sorted(range(len(rows)), key=lambda n: -(rows[n].accuracy or 0))
    best, second = rows[order[0]], rows[order[1]]
    cheap = min(rows, key=lambda each: each.macs)
    words = _("{best} gets most of the {n} test pictures of {data} right: **{share}**.")
    data, share = datasets.get(dataset).title, percent(best.accuracy)
    sentences = [words.format(best=_named(best), n=exact(best.pictures), data=data, share=share)]
    first, next_ = (sides[place].answers for place in order[:2])
    if first and next_ and comparison.pair(first, next_).chance > BY_CHANCE:
        words = _("But its lead over {second} could be chance.")
        sentences.append(words.format(second=_named(second)))
    if all(each.macs == best.macs for each in rows):
        sentences.append(_("All need equally many MACs."))
    elif cheap.macs == best.macs:
        sentences.append(_("No other needs fewer MACs."))
    else:
        words = _("{cheap} needs {factor} times fewer MACs for it, and gets {share} right.")
        factor, share = ratio(best.macs, cheap.macs), percent(cheap.accuracy)
        sentences.append(words.format(cheap=_named(cheap), factor=factor, share=share))
    return sentences


def _speeds(rows: Sequence[Row]) -> list[str]:
    """Which is the fastest; nothing until all have been measured."""
    seconds = {each.seconds: each for each in rows if each.seconds is not None}
    if len(rows) != sum(each.seconds is not None for each in rows):
        return []
    fast, slow = min(seconds), max(seconds)
    words = _("{fast} is the fastest, {slow} takes {factor} times as long.")
    names = {"fast": _named(seconds[fast]), "slow": _named(seconds[slow])}
    return [words.format(**names, factor=ratio(slow, fast))]


def _named(row: Row) -> str:
    return f"**{row.letter} {row.name}** ({plain_text.markdown(row.weights)})"


# -- bubbles, table, budgets ------------------------------------------------------------------


def _bubbles(rows: Sequence[Row]) -> None:
    across = STATE.pick_one("across", _("What lies across"))
    show_chart(charts.bubbles(rows, across), "compare_bubbles")
    sentences = [_("The area of a bubble is its MACs.")]
    if any(each.accuracy is not None for each in rows):
        sentences.append(_("Whiskers: two standard errors."))
    st.caption(" ".join(sentences))


def _table(sides: Sequence[Side], rows: Sequence[Row], shared: Shared) -> None:
    st.html(charts.table(rows))
    times = [timing for side in sides if (timing := side.timing.value)]
    if len(times) == len(sides):
        words = _(
            "Time: the lower quartile of {runs} runs with one picture each, on {device}, threads: "
            "{threads}, measured while this server does its other work."
        )
        how = {"device": times[0].device, "threads": times[0].threads}
        st.caption(words.format(runs=_runs(times), **how))
    mode.tell(*(side.summary for side in sides))
    training.show_cards([(side.letter, side.model) for side in sides])
    save_button(
        _("Figures (CSV)"),
        charts.csv(rows, shared.dataset, times[0] if times else None),
        "comparison.csv",
    )


def _runs(times: Sequence[Timing]) -> str:
    runs = [each.runs for each in times]
    low, high = min(runs), max(runs)
    return str(low) if low == high else _("{low} to {high}").format(low=low, high=high)


def _budgets(sides: Sequence[Side]) -> None:
    shares = STATE.pick_one("scale", _("Scale")) == "shares"
    networks = [(f"{side.letter} {title(side.model.spec)}", side.summary) for side in sides]
    columns = st.columns(2, gap="medium")
    quantities: tuple[budget_charts.Quantity, ...] = ("parameters", "macs")
    for column, quantity in zip(columns, quantities, strict=True):
        with column:
            chart = budget_charts.budgets(networks, quantity, shares=shares)
            show_chart(chart, f"compare_{quantity}")
    st.caption(_("Layer after layer from left to right; point at one for its name and numbers."))
