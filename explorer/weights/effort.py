"""How much training weights have had: what a ranking of networks has to say first."""

from dataclasses import dataclass

from explorer.data import datasets
from explorer.weights import Model


@dataclass(frozen=True)
class Effort:
    """So many `pictures` of a data set, their sides `side` pixels, seen in each of `epochs`."""

    dataset: str
    epochs: int
    pictures: int  # of one epoch; 0 if nobody knows any more
    side: int

    @property
    def views(self) -> int:
        """How many pictures it was trained with in all, each counted once an epoch."""
        return self.epochs * self.pictures


def effort(model: Model) -> Effort | None:
    """What stands on a model's card; None without one, and of weights before their training."""
    card = model.card
    if card is None or not model.trained:
        return None
    pictures = int(card.recipe.get("train_subset") or 0) or _all(card.dataset)
    return Effort(card.dataset, model.epoch or card.epoch, pictures, model.size.height)


def _all(dataset: str) -> int:
    try:
        return datasets.get(dataset).train_count
    except ValueError:  # somebody's own pictures, deleted meanwhile
        return 0
