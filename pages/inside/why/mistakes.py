"""The next picture of its test data that a network gets wrong.

All visitors share what is known of a network: whoever searches looks at a few pictures more, and
takes turns with everybody else who computes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import numpy as np
import torch

from explorer import networks
from explorer.base import compute_slots
from explorer.base.cache import SizedCache
from explorer.base.language import _
from explorer.data import datasets, pictures
from explorer.inside.activations import own_copy
from explorer.ui.picture_picker.browse import Place
from explorer.weights import Model

TOGETHER = 16  # pictures looked at in one turn
SECONDS = 4.0  # after which the search stops for now
UNKNOWN, RIGHT, WRONG = 0, 1, 2


class Judged:
    """Of each test picture whether a network gets it right, as far as it has been looked at."""

    def __init__(self, count: int) -> None:
        self.marks = np.full(count, UNKNOWN, np.uint8)
        self.lock = Lock()  # whoever has it looks at more

    def next(self, number: int) -> int | None:
        """Behind `number`, once around, the first that is not known to be right; None: all are."""
        count = len(self.marks)
        ahead = (np.arange(count) + (number + 1) % count) % count
        left = ahead[self.marks[ahead] != RIGHT]
        return int(left[0]) if len(left) else None

    def unknown(self, first: int) -> list[int]:
        """Of the `TOGETHER` pictures from `first` on those that nobody has looked at."""
        numbers = (np.arange(min(TOGETHER, len(self.marks))) + first) % len(self.marks)
        unknown: list[int] = numbers[self.marks[numbers] == UNKNOWN].tolist()
        return unknown


_judged: SizedCache[Judged] = SizedCache(5_000_000, lambda each: each.marks.nbytes + 500)


@dataclass(frozen=True)
class Search:
    """How a search ended: at a mistake; without one, after all pictures or after some time; or
    before it began, since others are served first.

    `place` is the mistake, else the last picture up to which there is none.
    """

    place: Place
    ended: Literal["mistake", "none", "time", "busy"]

    @property
    def words(self) -> str:
        """What there is to say; "" of a mistake, which is shown."""
        data = datasets.get(self.place.dataset).title
        if self.ended == "busy":
            return _("Others are being served first: press again in a moment.")
        if self.ended == "none":
            return _("This network gets every test picture of {data} right.").format(data=data)
        if self.ended == "time":
            words = _("No mistake up to picture {n} of {data}. Press again to go on.")
            return words.format(n=self.place.number, data=data)
        return ""


def possible(model: Model) -> bool:
    """Whether the network has learned the classes of data that are here."""
    if not (model.trained and model.dataset and datasets.at_hand(model.dataset)):
        return False
    return datasets.get(model.dataset).classes == model.classes


def after(model: Model, fit: str, place: Place) -> Search:
    """The next mistake after `place`, or how far the search has come within `SECONDS`.

    After the last picture it begins anew. Where `place` is not among the network's test pictures,
    the search begins with their first.

    Raises:
        ValueError: the network's weights cannot be had, or are others by now.
    """
    if (place.dataset, place.part) != (model.dataset, "test"):
        place = Place(model.dataset, "test", -1)
    key = (model, fit)
    judged = _judged.get(key, lambda: Judged(len(Place(model.dataset).split)))
    began, end = judged.next(place.number), time.monotonic() + SECONDS
    number = began
    while number is not None and judged.marks[number] == UNKNOWN:
        served = _look(model, fit, judged, number, end)
        number = judged.next(place.number)
        if not served or time.monotonic() > end:
            break
    if number is None:
        return Search(place, "none")
    if judged.marks[number] == WRONG:
        return Search(Place(model.dataset, "test", number), "mistake")
    if number == began:
        return Search(place, "busy")
    return Search(Place(model.dataset, "test", (number - 1) % len(judged.marks)), "time")


def _look(model: Model, fit: str, judged: Judged, first: int, end: float) -> bool:
    """Look at pictures from `first` on, or let another visitor do it; False if `end` came first."""
    if not judged.lock.acquire(timeout=max(end - time.monotonic(), 0.0)):
        return False
    try:
        if not (numbers := judged.unknown(first)):
            return True
        with compute_slots.turn(end - time.monotonic()) as free:
            if free:
                right = _right(model, fit, numbers)
                judged.marks[numbers] = np.where(right, RIGHT, WRONG)
            return free
    finally:
        judged.lock.release()


def _right(model: Model, fit: str, numbers: Sequence[int]) -> list[bool]:
    """Whether each of these test pictures gets its own class."""
    examples = [pictures.from_dataset(model.dataset, "test", number) for number in numbers]
    batch = [pictures.prepare(each, model.size, fit, model.normalisation) for each in examples]
    network = own_copy(model.load())
    with torch.no_grad():
        answer = networks.main_answer(network(torch.cat([each.tensor for each in batch])))
        labels = answer.argmax(1).tolist()
    return [got == each.label for got, each in zip(labels, examples, strict=True)]
