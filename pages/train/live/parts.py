"""The parts of the page that watches one run."""

from collections import Counter
from collections.abc import Container
from itertools import chain
from pathlib import Path

import streamlit as st

from explorer.base.language import _
from explorer.base.units import count, duration, percent, size
from explorer.data import datasets
from explorer.networks.registry import Reported
from explorer.runs import COMMANDS, Run, Status
from explorer.training.recipes import Recipe
from explorer.training.recipes import beside_course as figures
from explorer.ui import complaint, link_warnings, page_address, visitor
from explorer.ui.runs import run_actions, run_words
from explorer.ui.runs.component import RunBoard
from pages.train.live.state import AXES, STATE

_FAULT = "why the last request was refused"
BOARD = RunBoard(Path(__file__).with_name("board.js"), "live")


# -- which run --------------------------------------------------------------------------------


def pick() -> Run | None:
    """The run in the address; without one the run that is going, else the newest."""
    listed = run_actions.listed()
    if not listed:
        return None
    by_number = {run.id: run for run in listed}
    STATE.know()
    names = _names(listed)
    target = _of_address(by_number) if STATE.takes_query("picked") else STATE["picked"]
    going = [run.id for run in listed if run.status.active]
    waiting = [run.id for run in listed if run.status is Status.QUEUED]
    first = (going or waiting[-1:] or [*by_number])[0]
    (number,) = page_address.unlabelled("runs", [target or first], names)
    if number not in by_number:
        _tell_gone(str(number))
        number = first
    page_address.hold(STATE.key("picked"), number, names[number])
    number = st.selectbox(
        _("Run"),
        list(by_number),
        key=STATE.key("picked"),
        format_func=names.__getitem__,
        label_visibility="collapsed",
        width=340,
    )
    STATE.put("run", number)
    return by_number[number]


def _of_address(numbers: Container[int]) -> int | None:
    """The run that the address names, if it is one of these."""
    query = STATE.query("run")
    if query.isdecimal() and len(query) < 10 and int(query) in numbers:
        return int(query)
    if query:
        _tell_gone(page_address.as_typed(query))
    return None


def _tell_gone(number: str) -> None:
    link_warnings.say(_("There is no run {number}. Here is another one.").format(number=number))


def _names(listed: list[Run]) -> dict[int, str]:
    """Of each run; with its number where another is called the same."""
    same = Counter(run.name for run in listed)
    numbered = _("{name}, run {id}")
    return {
        run.id: run.name if same[run.name] == 1 else numbered.format(name=run.name, id=run.id)
        for run in listed
    }


def nothing_yet() -> None:
    """No run was ever launched here: the course's LeNet; where its data would have to be fetched
    first, one on small digits."""
    text = _(
        "**Nothing has been trained here yet.** Launch a run, and its curves grow on this "
        "page while it learns: for you, and for everyone who opens the same link."
    )
    first = {"dataset": "digits", "activation": "relu", "batch_size": "32"}
    if datasets.at_hand("fashion_mnist"):
        first = {"preset": "lenet"}
    run_actions.invite(text, _("Launch the first run"), **first)


# -- the board --------------------------------------------------------------------------------


def _labels() -> dict[str, str]:
    return {
        "progress": _("Progress of the run"),
        # Is it learning?
        "untested_now": _("Not known yet: the first test comes at the end of epoch 1."),
        "untested_over": _("Not known: it ended before its first test."),
        "guessing": _("No: {accuracy} after epoch {epoch}, and guessing gets {guess}."),
        "first": _("Yes: {accuracy} after its first epoch; guessing gets {guess}."),
        "rising_now": _("Yes, and still rising: {accuracy} after epoch {epoch}."),
        "rising_over": _("Yes, and it still rose at its end: {accuracy} after epoch {epoch}."),
        "level": _("It has stopped: nothing better than {accuracy} since epoch {epoch}."),
        "diverged": _("No: it has run away, its loss is no number any more."),
        "apart": _(
            "Training and test part ways since epoch {apart}: the training loss falls, the test "
            "loss rises."
        ),
        "best_last": _("test {last}, at best {best} (epoch {n})"),
        "course_train": _("course, training"),
        "course_test": _("course, test"),
        "position": _("number {n} in the queue"),
        "starts_in": _("starts in about {time}"),
        "fetching": _("fetching the data: {n} of {total}"),
        "epoch_of": _("epoch {n} of {total}"),
        "rate": _("{n} pictures/s"),
        "left": _("{time} left"),
        "takes": _("then takes about {time}"),
        "took": _("trained for {time}"),
    }


def board(run: Run) -> None:
    """Curves, progress, buttons, first kernels and predictions, as it trains.

    The browser asks `server.runs` for news twice a second and draws them (`board.js`); no page runs
    meanwhile. What comes back: `ask` (a command: pause, stop …) when a button is pressed, `by` when
    another axis is chosen, `changed` once when the run's status is another one than the page below
    the board was drawn for. The element to wait for in a test is `[data-live-painted="<run>"]`;
    `data-updates` counts the answers with news, `data-step` is the run's last step.
    """
    place = _("{network} on {data}, {device}").format(
        network=figures.title(run.recipe), data=_data(run), device=run_words.device_of(run)
    )
    key = STATE.key("board")
    refusals = {command: visitor.refusal(command, run) for command in chain(*COMMANDS.values())}

    def ask() -> None:
        command = st.session_state[key].ask
        try:
            if command == "retry":
                STATE["picked"] = visitor.retry(run.id)
            elif command in refusals:
                getattr(visitor, command)(run.id)
        except ValueError as error:
            st.session_state[_FAULT] = str(error)

    run_actions.say_why_off(refusals[command] for command in COMMANDS[run.status])
    result = BOARD(
        key=key,
        data={
            "run": run.id,
            "status": run.status,
            "place": place,
            "asks": COMMANDS,
            "refused": {command: why for command, why in refusals.items() if why},
            "by": STATE.heed("by", AXES),
            "course": figures.course(run.recipe),
            "labels": _labels(),
        },
        on_ask_change=ask,
        on_by_change=lambda: None,
        on_changed_change=lambda: None,
    )
    if result.by in AXES:
        STATE.put("by", result.by, AXES[0])
    if fault := st.session_state.pop(_FAULT, ""):
        complaint.show(fault, "error")


def _data(run: Run) -> str:
    try:
        return _(datasets.get(run.recipe.dataset).title)
    except ValueError:  # own pictures that were deleted
        return run.recipe.dataset


def say(run: Run) -> None:
    """Why it ended, if there is something to say about that, and its note."""
    if str(run.reason):
        failed = run.status in (Status.FAILED, Status.DIVERGED, Status.INTERRUPTED)
        sentence = run_words.literal(run.reason)  # a library's own words may be in it
        (st.warning if failed else st.info)(sentence, icon=":material/info:")
    run_actions.show_note(run)
    nearest = figures.nearest_of_course(run.recipe)
    if nearest:
        st.caption(_beside_the_course(run.recipe, *nearest[:2]))


def _beside_the_course(recipe: Recipe, theirs: Recipe, reported: Reported) -> str:
    same = _("The course's run behind the curves reached {accuracy} after {epochs} epochs.").format(
        accuracy=percent(reported.test_accuracy), epochs=reported.epochs
    )
    departs = figures.departures(recipe, theirs)
    if not departs:
        return same + " " + _("Its recipe is the same.")
    parts = (
        f"{figures.field(name)} {figures.value(name, value)}"
        for name, (_ours, value) in departs.items()
    )
    return same + " " + _("Its recipe differs: {parts}.").format(parts=", ".join(parts))


def balance(run: Run) -> None:
    """What it was thought to take, and what it took."""
    took, facts = run.progress.seconds, run.metadata
    parts = []
    if run.estimate and run.status is Status.FINISHED:
        parts.append(
            _("Training took **{took}**; **{thought}** had been estimated.").format(
                took=duration(took), thought=duration(run.estimate)
            )
        )
    if peak := facts.get("peak_memory"):
        held = _(
            "Training took up to **{size}** of memory, libraries and buffers included; the tensors "
            "of one step make **{thought}**."
        )
        parts.append(held.format(size=size(peak), thought=size(facts["memory"])))
    if parameters := facts.get("parameters"):
        parts.append(
            _("{parameters} parameters; {precision}, threads: {threads}, torch {version}.").format(
                parameters=count(parameters),
                precision=facts.get("precision", ""),
                threads=facts.get("threads", ""),
                version=facts.get("torch_version", ""),
            )
        )
        if reason := facts.get("precision_reason"):
            parts.append(run_words.numbers(facts["precision"], reason))
        if captured := facts.get("capture"):
            parts.append(run_words.launching(captured))
    if parts:
        st.markdown(" ".join(parts))
