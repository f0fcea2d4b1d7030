"""The parts of the page "Why this class?": the answer, the maps, what checks them, files."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer.base import plain_text
from explorer.base.language import _
from explorer.base.tasks import Task
from explorer.base.units import percent
from explorer.inside.attribution import METHODS, Guess
from explorer.ui import progress, size_mismatch
from explorer.ui.charts import show_chart
from explorer.ui.inside import recordings
from explorer.ui.model_picker import mode
from explorer.ui.save_buttons import Content, save_buttons
from pages.inside.why import boards, charts, results
from pages.inside.why.controls import TOP, Inputs
from pages.inside.why.results import Explanation, Question
from pages.inside.why.state import STATE


def show(inputs: Inputs) -> None:
    """All of it, or why there is nothing. What takes longer comes in as it is ready."""
    if mismatch := recordings.summary(inputs.subject).mismatch:
        size_mismatch.complain(STATE, mismatch, inputs.model)
        return
    with size_mismatch.complaints():  # a patch that means nothing here
        with st.spinner(_("Looking …")):  # shown only after half a second
            guesses = results.answer(inputs.subject)
        _show(inputs, guesses)


def _show(inputs: Inputs, guesses: Sequence[Guess]) -> None:
    left, right = st.columns([1.2, 2.6], gap="medium")
    with left:
        target = _pick_class(inputs, guesses[0].label)
    question = Question(inputs.subject, target, inputs.settings)
    pieces = results.pieces(question, inputs.control)
    of = f"{inputs.model.spelled} {inputs.subject.digest[:8]} {target}"
    with left:
        boards.answer(inputs, guesses, target, of)
        _tell_mistake(inputs, guesses[0].label)
        mode.tell(recordings.summary(inputs.subject))
    with inputs.waiting:
        key, nbytes = results.key(pieces), len(pieces) * inputs.subject.picture.nbytes
        task = progress.follow(
            results.TASKS, key, results.steps(pieces), "why", _waiting_words, nbytes=nbytes
        )
    with right:
        explanation = results.explanation(task, pieces)
        titles, stopped = _titles(inputs, target), progress.halted("why", key)
        boards.maps(question, explanation, titles, of=of, stopped=stopped)
    with left:
        _check(inputs, guesses, target, explanation)
    _files(inputs, target, explanation)
    _explain()


def _pick_class(inputs: Inputs, answer: int) -> int:
    """The class that is to be explained; the network's own answer unless another is chosen."""
    words = {TOP: _("its answer: {name}").format(name=inputs.classes[answer])}
    words |= {str(number): name for number, name in enumerate(inputs.classes)}
    choice = STATE.pick_listed("class", _("Why"), words, width=260)
    return answer if choice == TOP else int(choice)


def _tell_mistake(inputs: Inputs, answer: int) -> None:
    if inputs.truth not in (None, answer):
        words = _("**A mistake**: it is {truth}, taken for {answer}.")
        truth, taken_for = (plain_text.markdown(inputs.classes[n]) for n in (inputs.truth, answer))
        st.markdown(":material/close: " + words.format(truth=truth, answer=taken_for))


def _titles(inputs: Inputs, target: int) -> list[str]:
    """What each row of maps shows."""
    class_ = inputs.classes[target]
    titles = [_("Why {class_}?").format(class_=class_)]
    if inputs.control:
        guesses = results.answer(inputs.control)
        share = next(guess.probability for guess in guesses if guess.label == target)
        words = (
            _("The same network before training ({class_}: {share})")
            if inputs.control.model.source.endswith("@0")
            else _("The same network with random weights ({class_}: {share})")
        )
        titles.append(words.format(class_=class_, share=percent(share)))
    return titles


def _waiting_words(task: Task[Explanation]) -> str:
    if task.waiting or not task.total:
        return _("Waiting for other visitors’ work …")
    words, left = _("{done} of {total} passes"), task.seconds_left
    if left is not None:
        words = _("{done} of {total} passes · {seconds} s left")
    return words.format(done=task.done, total=task.total, seconds=round(left or 0))


# -- what checks the maps ---------------------------------------------------------------------


def _check(inputs: Inputs, guesses: Sequence[Guess], target: int, explanation: Explanation) -> None:
    """The deletion curves, and in words whether the maps mean anything."""
    if not explanation.curves:
        return
    curves = {_(METHODS[method].title): each for method, each in explanation.curves.items()}
    class_ = inputs.classes[target]
    show_chart(charts.deletion(curves, explanation.chance, class_), "why_deletion")
    if explanation.chance:
        st.caption(_verdict(guesses, target, explanation))


def _verdict(guesses: Sequence[Guess], target: int, explanation: Explanation) -> str:
    if not explanation.telling:
        share = next(guess.probability for guess in guesses if guess.label == target)
        return _(
            "The class has {share} to begin with. There is little to lose: the curves say little."
        ).format(share=percent(share))
    sooner = [
        _(METHODS[each].title) for each in explanation.curves if explanation.beats_chance(each)
    ]
    areas = [each.area for each in explanation.chance]
    area = _("Area under the curves of {n} random orders: {least} to {most}.").format(
        n=len(areas), least=f"{min(areas):.3f}", most=f"{max(areas):.3f}"
    )
    words = _("No map finds what matters sooner than chance does.")
    if sooner:
        words = _("Sooner than each of {n} random orders: {names}.")
    return f"{area} {words.format(n=len(explanation.chance), names=', '.join(sooner))}"


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


def _files(inputs: Inputs, target: int, explanation: Explanation) -> None:
    """The numbers to take along."""
    heats, control = explanation.heats("map"), explanation.heats("control")
    heats |= {f"{method} random weights": heat for method, heat in control.items()}
    curves = dict(explanation.curves)
    curves |= {f"random order {n}": each for n, each in enumerate(explanation.chance, 1)}
    stem = f"{inputs.model.spec.stem}-why-{target}"
    files: list[tuple[str, Content, str]] = []
    if heats:
        files.append((_("Maps (CSV)"), partial(charts.maps_csv, heats), f"{stem}-maps.csv"))
    if curves:
        file = f"{stem}-deletion.csv"
        files.append((_("Deletion curves (CSV)"), partial(charts.curves_csv, curves), file))
    save_buttons("why_files", *files)
