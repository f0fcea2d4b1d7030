"""Several networks beside each other: what they answer, what they cost, how long they take.

What takes a while are the steps of tasks: nobody waits for them, and they end when nobody watches.
"""

from collections.abc import Mapping

from explorer.base.tasks import Steps
from explorer.data import datasets
from explorer.inside.comparison import counting, timing
from explorer.inside.comparison.counting import CELLS, Answers, Cell, Pair, differing, pair
from explorer.inside.comparison.models import (
    MOST,
    Shared,
    model,
    offers,
    read,
    shared,
    shipped,
    spell,
)
from explorer.inside.comparison.timing import Timing
from explorer.weights import Model
from explorer.weights.effort import Effort, effort


def count(one: Model, dataset: str, pictures: int, macs: int) -> Steps[Answers]:
    """To be counted: what a network answers to the first test pictures of a data set.

    `macs` are the network's multiply-adds for one picture: they say how many are run at once.

    Raises:
        ValueError: the data set is not at hand.
    """
    return counting.steps(datasets.load(dataset).test, one.size, pictures, macs, one.load)


Named = tuple[str, Effort]  # by a network's sign


def unequal(efforts: Mapping[str, Effort]) -> tuple[Named, Named] | None:
    """The one that has seen fewest pictures in training, and the one that has seen most.

    None if all were trained with equally many, of one size: then a ranking compares networks.
    """
    if len({(each.epochs, each.pictures, each.side) for each in efforts.values()}) < 2:
        return None
    order = sorted(efforts.items(), key=lambda each: (each[1].views, each[1].side))
    return order[0], order[-1]
