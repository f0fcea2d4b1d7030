"""Several networks beside each other: what they answer, what they cost, how long they take.

What takes a while are the steps of tasks: nobody waits for them, and they end when nobody watches.
"""

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


def count(one: Model, dataset: str, pictures: int, macs: int) -> Steps[Answers]:
    """To be counted: what a network answers to the first test pictures of a data set.

    `macs` are the network's multiply-adds for one picture: they say how many are run at once.

    Raises:
        ValueError: the data set is not at hand.
    """
    return counting.steps(datasets.load(dataset).test, one.size, pictures, macs, one.load)
