"""Which run did better, and why: one sentence, from the test pictures and the settings."""

from collections.abc import Sequence

import streamlit as st

from explorer.base.language import _
from explorer.base.units import percent
from explorer.runs import Run, outcome, verdict
from explorer.runs.verdict import Difference
from explorer.training import recipes
from explorer.training.recipes import beside_course as figures
from explorer.ui.runs.run_words import literal


def show(selection: Sequence[Run]) -> None:
    """The two best of these runs, by how much they differ, and which setting may have done it."""
    tested = [run for run in selection if run.test_accuracy is not None]
    if len(selection) < 2:
        st.markdown(_("Tick two runs to compare them."))
    elif len(tested) < 2:
        st.markdown(_("Not known yet: fewer than two of these runs have come to their first test."))
    else:
        best, next_best = sorted(tested, key=lambda run: -(run.test_accuracy or 0))[:2]
        st.markdown(f"**{_better(best, next_best, len(tested))}** {_why(best, next_best)}")


def _better(best: Run, other: Run, among: int) -> str:
    names = {
        "best": literal(best.name),
        "other": literal(other.name),
        "a": percent(best.test_accuracy),
        "b": percent(other.test_accuracy),
    }
    difference = difference_of(best, other)
    if difference is None:
        text = _("{best} got {a}, {other} {b}, on test pictures that are not alike.")
    elif not difference.counts:
        text = _("No difference that counts: {best} {a}, {other} {b} (by {points}).")
    elif among > 2:
        text = _("{best} did best: {a}; the next, {other}, {b} (by {points}).")
    else:
        text = _("{best} did better than {other}: {a} against {b} (by {points}).")
    return text.format(**names, points=_points(difference))


def _points(difference: Difference | None) -> str:
    if difference is None:
        return ""
    share, error = (f"{100 * each:.1f}" for each in (difference.share, difference.error))
    return _("{share} ± {error} percentage points").format(share=share, error=error)


def difference_of(first: Run, second: Run) -> Difference | None:
    """Of their last epochs: on the same pictures, if they were tested on the same ones; None
    between data sets, or before a test."""
    if first.recipe.dataset != second.recipe.dataset or first.recipe.path != second.recipe.path:
        return None
    try:
        one, two = (outcome.answers(run, run.progress.epoch) for run in (first, second))
    except ValueError:  # the data set has gone or has changed
        return _of_shares(first, second)
    if one.rows.tolist() == two.rows.tolist():
        return verdict.paired(one.labels == one.predicted, two.labels == two.predicted)
    return _of_shares(first, second)


def _of_shares(first: Run, second: Run) -> Difference | None:
    (a, m), (b, n) = (
        (run.test_accuracy, run.metadata.get("test_images", 0)) for run in (first, second)
    )
    if a is None or b is None or not m or not n:
        return None
    return verdict.unpaired(a, m, b, n)


def _why(best: Run, other: Run) -> str:
    """The settings in which they differ, if they are few enough to say what did it."""
    differ = recipes.differences([best.recipe, other.recipe])
    if "network" in differ:  # the options of either mean nothing for the other
        differ = {name: values for name, values in differ.items() if None not in values}
    names = [name for name in differ if name != "seed"]
    sentences = [_settings(names, differ)]
    if names and "seed" in differ:
        sentences.append(_("Their seeds differ, too."))
    epochs = best.progress.epoch, other.progress.epoch
    if "epochs" not in differ and len(set(epochs)) > 1:
        sentences.append(_("They had done {a} and {b} epochs.").format(a=epochs[0], b=epochs[1]))
    return " ".join(sentences)


def _settings(names: Sequence[str], differ: dict[str, tuple[object, ...]]) -> str:
    if not names and "seed" in differ:
        return _("Only their seeds differ: that is chance.")
    if not names:
        return _("They were launched with the same settings.")
    if len(names) == 1:
        a, b = (literal(figures.value(names[0], each)) for each in differ[names[0]])
        text = _("One setting differs: {field}, {a} against {b}.")
        return text.format(field=figures.field(names[0]), a=a, b=b)
    text = _("{n} settings differ: which of them did it cannot be told from these runs.")
    return text.format(n=len(names))
