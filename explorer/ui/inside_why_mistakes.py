"""The next picture of its test data that a network gets wrong."""

import time

import torch

from explorer import datasets, pictures, weights
from explorer.activations import own_copy
from explorer.shelf import Shelf
from explorer.ui.inside_choice import Choice
from explorer.ui.inside_leaf import Place

TOGETHER = 16  # pictures looked at in one go
SECONDS = 4.0  # after which the search stops for now

_kept: Shelf[tuple[Place, bool]] = Shelf(100_000, lambda _each: 100)


def possible(choice: Choice) -> bool:
    """Whether the network has learned the classes of data that are here."""
    known = choice.known
    if not (known.trained and choice.dataset and datasets.at_hand(choice.dataset)):
        return False
    return datasets.get(choice.dataset).classes == known.classes


def after(choice: Choice, fit: str, place: Place) -> tuple[Place, bool]:
    """The next mistake after `place`, and whether it is one: else how far the search has come.

    After the last picture it begins anew. Where `place` is not among the network's test pictures,
    the search begins with their first.
    """
    if (place.dataset, place.part) != (choice.dataset, "test"):
        place = Place(choice.dataset, "test", -1)
    key = (choice.known, choice.shape, fit, place)
    return _kept.get(key, lambda: _search(choice, fit, place))


def _search(choice: Choice, fit: str, place: Place) -> tuple[Place, bool]:
    count = len(Place(choice.dataset).split)
    end = time.monotonic() + SECONDS
    number = place.number
    for first in range(place.number + 1, place.number + 1 + count, TOGETHER):
        numbers = [each % count for each in range(first, first + TOGETHER)]
        wrong = _wrong(choice, fit, numbers)
        if wrong is not None:
            return Place(choice.dataset, "test", wrong), True
        number = numbers[-1]
        if time.monotonic() > end:
            break
    return Place(choice.dataset, "test", number), False


def _wrong(choice: Choice, fit: str, numbers: list[int]) -> int | None:
    """The first of these test pictures that gets another class than its own."""
    known = choice.known
    given = [pictures.from_dataset(choice.dataset, "test", number) for number in numbers]
    batch = [pictures.prepare(each, choice.shape, fit, known.normalisation) for each in given]
    network = own_copy(weights.load_known(known))
    with torch.no_grad():
        found = network(torch.cat([each.tensor for each in batch])).argmax(1).tolist()
    pairs = zip(numbers, found, (each.label for each in given), strict=True)
    return next((number for number, got, label in pairs if got != label), None)
