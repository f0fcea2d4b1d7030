"""The parts of the page "Why this class?": the answer, the maps, what checks them, files."""

from functools import partial

import streamlit as st

from explorer.base.language import _
from explorer.base.tasks import Task
from explorer.base.units import percent
from explorer.inside import attribution
from explorer.inside.attribution import METHODS, Deletion, Guess
from explorer.ui import progress
from explorer.ui.charts import show_chart
from explorer.ui.inside import recordings
from explorer.ui.model_picker import mode
from explorer.ui.save_buttons import Content, save_buttons
from pages.inside.why import boards, charts, controls, results
from pages.inside.why.controls import Looked
from pages.inside.why.results import Explained, Parts, Piece, Question


def show(looked: Looked) -> None:
    """All of it. What takes longer comes in as it is ready."""
    try:
        _show(looked)
    except ValueError as error:  # a patch that means nothing here; weights deleted a moment ago
        st.error(str(error), icon=":material/broken_image:")


def _show(looked: Looked) -> None:
    guesses = results.answer(looked.subject)
    left, right = st.columns([1.2, 2.6], gap="medium")
    with left:
        target = controls.pick_class(looked, guesses)
    question = Question(looked.subject, target, looked.settings)
    pieces = results.pieces(question, looked.control)
    of = f"{looked.subject.model.spelled} {looked.subject.digest[:8]} {target}"
    with left:
        _answer(looked, guesses, target, of)
        mode.tell(recordings.summary(looked.subject))
    with looked.waiting:
        task = _task(looked, pieces)
    with right:
        explained = results.explained(task, pieces)
        boards.maps(
            question,
            explained,
            _titles(looked, target),
            of=of,
            picture=looked.shown,
            stopped=progress.halted("why", results.key(pieces)),
        )
    with left:
        _check(looked, guesses, target, explained)
    _files(looked, target, explained)
    _explain()


def _answer(looked: Looked, guesses: tuple[Guess, ...], target: int, of: str) -> None:
    answer = guesses[0].label
    boards.answer(
        guesses,
        looked.classes,
        of=of,
        picture=looked.shown,
        chosen=target,
        truth=looked.truth,
        on_choose=partial(controls.choose_class, answer=answer),
    )
    if looked.truth is not None and looked.truth != answer:
        words = _("**A mistake**: it is {truth}, taken for {answer}.")
        st.markdown(
            ":material/close: "
            + words.format(truth=looked.classes[looked.truth], answer=looked.classes[answer])
        )


def _titles(looked: Looked, target: int) -> list[str]:
    """What each row of maps shows."""
    class_ = looked.classes[target]
    titles = [_("Why {class_}?").format(class_=class_)]
    if looked.control:
        found = results.answer(looked.control)
        share = next(guess.probability for guess in found if guess.label == target)
        words = (
            _("The same network before training ({class_}: {share})")
            if looked.control.model.source.endswith("@0")
            else _("The same network with random weights ({class_}: {share})")
        )
        titles.append(words.format(class_=class_, share=percent(share)))
    return titles


# -- waiting ----------------------------------------------------------------------------------


def _task(looked: Looked, pieces: list[Piece]) -> Task[Parts]:
    """The work; if it takes longer than a moment, how far it is and a button that stops it."""
    nbytes = len(pieces) * looked.subject.picture.nbytes
    key, steps = results.key(pieces), results.steps(pieces)
    return progress.follow(results.TASKS, key, steps, "why", _told, nbytes=nbytes)


def _told(task: Task[Parts]) -> str:
    if task.waiting or not task.total:
        return _("Waiting for other visitors’ work …")
    left = task.seconds_left
    if left is None:
        return _("{done} of {total} passes").format(done=task.done, total=task.total)
    return _("{done} of {total} passes · {seconds} s left").format(
        done=task.done, total=task.total, seconds=round(left)
    )


# -- what checks the maps ---------------------------------------------------------------------


def _check(looked: Looked, guesses: tuple[Guess, ...], target: int, explained: Explained) -> None:
    """The deletion curves, and in words whether the maps mean anything."""
    if not explained.curves:
        return
    curves = {_(METHODS[method].title): each for method, each in explained.curves.items()}
    chance = attribution.mean(explained.chance) if explained.chance else None
    show_chart(charts.deletion(curves, chance, looked.classes[target]), "why_deletion")
    if chance is None:
        return
    st.caption(_verdict(guesses, target, explained, chance))


def _verdict(
    guesses: tuple[Guess, ...], target: int, explained: Explained, chance: Deletion
) -> str:
    if not explained.telling:
        share = next(guess.probability for guess in guesses if guess.label == target)
        return _(
            "The class has {share} to begin with. There is little to lose: the curves say little."
        ).format(share=percent(share))
    good = [_(METHODS[each].title) for each in explained.curves if explained.beats_chance(each)]
    told = _("Area under the curve at random order: {area}.").format(area=f"{chance.area:.3f}")
    if not good:
        return told + " " + _("No map finds what matters sooner than chance does.")
    return (
        told
        + " "
        + _("Sooner than each of {n} random orders: {names}.").format(
            n=len(explained.chance), names=", ".join(good)
        )
    )


def _explain() -> None:
    """What the maps and their checks are, to be opened."""
    with st.expander(_("How each map is made, and what checks it"), icon=":material/functions:"):
        for column, method in zip(st.columns(len(METHODS)), METHODS.values(), strict=True):
            with column:
                st.markdown(f"**{_(method.title)}** ({method.paper})")
                st.markdown(_(method.about))
                st.latex(method.formula)
        st.markdown(
            _(
                "$s$ is the logit of the class, $x$ the picture, $x'$ the picture with everything "
                "taken away, $x_\\square$ the picture with a patch covered, $A_m$ a map of the "
                "layer. $c$ runs over the colour channels. A bar is a mean: over the way from $x'$ "
                "to $x$, over the places of a map, over all patches that cover the pixel."
            )
        )
        st.markdown(
            _(
                "**Deletion.** Pixels are taken away, those first on which the map puts most, and "
                "the probability of the class is looked at again (Petsiuk et al. 2018). The sooner "
                "it falls, the smaller the area under its curve, and the more the map knows. "
                "✓ says that it fell sooner than in each of {n} random orders, ✗ that it did not."
            ).format(n=results.ORDERS)
        )
        st.markdown(
            _(
                "**Rank correlation** (Spearman's) of a map and that of the network with random "
                "weights: 1 means that both put all pixels in the same order, so that the map owes "
                "nothing to what was learned (Adebayo et al. 2018)."
            )
        )


# -- files ------------------------------------------------------------------------------------


def _files(looked: Looked, target: int, explained: Explained) -> None:
    """The numbers to take along."""
    heats = dict(explained.maps)
    heats |= {f"{method} random weights": heat for method, heat in explained.control.items()}
    curves = dict(explained.curves)
    curves |= {f"random order {n}": each for n, each in enumerate(explained.chance, 1)}
    stem = f"{looked.subject.model.spec.stem}-why-{target}"
    files: list[tuple[str, Content, str]] = []
    if heats:
        files.append((_("Maps (CSV)"), partial(charts.maps_csv, heats), f"{stem}-maps.csv"))
    if curves:
        file = f"{stem}-deletion.csv"
        files.append((_("Deletion curves (CSV)"), partial(charts.curves_csv, curves), file))
    save_buttons("why_files", *files)
