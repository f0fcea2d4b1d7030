"""One kernel from before its training to the end of it, moment beside moment."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import streamlit as st

from explorer.base.language import _
from explorer.base.tasks import COMPUTING, Refused, SharedTasks, Task
from explorer.ui import progress
from explorer.ui.model_picker import weight_sources
from explorer.weights import Model
from pages.inside.kernels import figures, kernel_sheet
from pages.inside.kernels.figures import Floats, Layer, Sheet
from pages.inside.kernels.kernel_sheet import Drawn

MOST_MOMENTS = 16
SLICES = 16  # of a kernel, at each moment

_films: SharedTasks[Floats] = SharedTasks(COMPUTING, 30_000_000)


def show(model: Model, layer: Layer, file: str, kernel: int) -> None:
    """The kernel at each moment that was kept, in one range of colours; `file` begins its name.

    Raises:
        ValueError: weights of a moment cannot be had.
    """
    models = [model.with_weights(source) for source in epochs(model.source)]
    if len(models) < 2:
        st.info(
            _("There is one moment only. Choose trained weights, or train this network: every "
              "epoch is kept, and stands here beside the others."),
            icon=":material/timeline:",
        )  # fmt: skip
        return
    key, steps = (*models, layer.name, kernel), partial(_frames, models, layer, kernel)
    nbytes = 4 * len(models) * SLICES * layer.shape[2] * layer.shape[3]
    task = progress.follow(_films, key, steps, "kernels_film", _left, nbytes=nbytes)
    if task.failed:
        raise Refused(task.sentence)
    if task.latest is None or len(task.latest) < len(models):
        return
    slices, count = task.latest.shape[1], layer.shape[1]
    words = (
        _("{layer}, output {n} through training")
        if layer.linear
        else _("{layer}, kernel {n} through training")
    )
    few = _("The first {shown} of its {all} slices.").format(shown=slices, all=count)
    drawn = Drawn(
        of=f"{model.spelled} {layer.name} film {kernel}",
        file=f"{file}-kernel-{kernel + 1}-through-training",
        sheet=Sheet("kernels", task.latest),
        most=[float(np.abs(task.latest).max())],
        range=_("one range for all moments"),
        title=words.format(layer=layer.name, n=kernel + 1),
        note=few if slices < count else "",
        captions=[weight_sources.epoch_title(each.source) for each in models],
    )
    kernel_sheet.show(layer, drawn, key="kernels_film", first=kernel)


def epochs(source: str) -> list[str]:
    """Sources from before training to the end; of many, some evenly between, and both ends."""
    sources = weight_sources.epochs(weight_sources.base(source))
    if len(sources) <= MOST_MOMENTS:
        return sources
    places = np.linspace(0, len(sources) - 1, MOST_MOMENTS).round().astype(int)
    return [sources[place] for place in places]


def _frames(
    models: Sequence[Model], layer: Layer, kernel: int, task: Task[Floats]
) -> Iterator[Floats]:
    """The first slices of the kernel at the moments so far: (n, c, h, w)."""
    frames: list[Floats] = []
    for model in models:
        frames.append(figures.weights(model.load(), layer)[kernel, :SLICES].numpy().copy())
        task.tell(len(frames), len(models))
        yield np.stack(frames)


def _left(task: Task[Floats]) -> str:
    words = _("{done} of {count} moments read · {seconds} s left")
    seconds = round(task.seconds_left or 0)
    return words.format(done=task.done, count=task.total, seconds=seconds)
