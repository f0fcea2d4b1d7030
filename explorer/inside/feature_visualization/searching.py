"""The pictures of a data set that a layer's channels answer to most strongly."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from explorer.base.inputs import InputSize
from explorer.base.language import _
from explorer.data import datasets
from explorer.data.pictures import Picture, Prepared, prepare
from explorer.inside.feature_visualization.probe import Probe

BEST = 9  # pictures that are kept for each channel


@dataclass(frozen=True)
class Gallery:
    """The test part of a data set, squeezed to `shape` (C, H, W) as training does it."""

    dataset: str
    shape: InputSize
    normalisation: str = "none"  # one of `pictures.NORMALISATIONS`

    def tensors(self, first: int, last: int) -> Tensor:
        """Pictures `first` to `last` (not included): (n, C, H, W) in float32."""
        return torch.cat([self.prepared(number).tensor for number in range(first, last)])

    def prepared(self, number: int) -> Prepared:
        """One of them, as a tensor and to be looked at."""
        picture = Picture(self._split.pictures[number], "")
        return prepare(picture, self.shape, "squeeze", self.normalisation)

    def labels(self, first: int, last: int) -> Tensor:
        """Their classes (n,), each a number from 0."""
        return self._split.labels[first:last]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of all classes."""
        return datasets.load(self.dataset).classes

    def label(self, number: int) -> str:
        """The name of its class."""
        return self.classes[int(self._split.labels[number])]

    def __len__(self) -> int:
        return len(self._split)

    @property
    def _split(self) -> datasets.Split:
        return datasets.load(self.dataset).test


@dataclass(frozen=True, eq=False)
class TopPictures:
    """The strongest answers of every channel among the pictures seen so far.

    Each picture counts once, with its strongest unit. (k, C), the strongest first; k is at most
    `BEST`, and less while fewer pictures have been seen.
    """

    values: Tensor  # float32
    pictures: Tensor  # their numbers in the gallery, int64
    rows: Tensor  # of the unit that answered, int64
    columns: Tensor
    least: Tensor  # (C,): the smallest number that any unit gave for any picture
    sums: Tensor  # (K, C): of every picture's strongest unit, by the picture's class
    counts: Tensor  # (K,): pictures of each class
    searched: int  # pictures, of
    total: int

    @property
    def done(self) -> bool:
        """Whether all pictures have been seen."""
        return self.searched >= self.total

    @property
    def means(self) -> Tensor:
        """What a picture of each class gives at its strongest unit, on average: (K, C).

        Not a number for a class of which no picture has been seen.
        """
        return self.sums / self.counts[:, None]

    @property
    def constant(self) -> Tensor:
        """Channels (C,) that gave the same number for every picture, everywhere."""
        return self.values[0] == self.least


def strongest(
    network: nn.Module,
    name: str,
    gallery: Gallery,
    total: int,
    *,
    batch: int = 64,
    since: TopPictures | None = None,
) -> Iterator[TopPictures]:
    """Go through the first `total` pictures with all channels of `name` at once.

    What has been found is told after every `batch`; whoever has seen enough closes the iterator,
    and may go on later from where it was (`since`). `network` is only read.

    Raises:
        ValueError: no such operation, a picture that does not fit, or fewer than one to look at.
    """
    if total < 1 or batch < 1:
        raise ValueError(_("There is nothing to look through: choose at least one picture."))
    probe, total = Probe(network, name), min(total, len(gallery))
    best_so_far = since
    while best_so_far is None or not best_so_far.done:
        first = best_so_far.searched if best_so_far else 0
        last = min(first + batch, total)
        maps = probe.maps(gallery.tensors(first, last))  # (n, C, H, W)
        new = _best_of(maps, first, total, gallery.labels(first, last), len(gallery.classes))
        best_so_far = _merged(best_so_far, new)
        yield best_so_far


def _best_of(maps: Tensor, first: int, total: int, labels: Tensor, classes: int) -> TopPictures:
    """What one batch (n, C, H, W), whose first picture has the number `first`, has to offer."""
    count, width = len(maps), maps.shape[3]
    safe = torch.nan_to_num(maps, nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
    values, places = safe.flatten(2).max(2)  # (n, C)
    numbers = torch.arange(first, first + count)[:, None].expand_as(places)
    return TopPictures(
        values,
        numbers,
        places // width,
        places % width,
        safe.amin((0, 2, 3)),
        torch.zeros(classes, maps.shape[1]).index_add_(0, labels, values),
        labels.bincount(minlength=classes),
        first + count,
        total,
    )


def _merged(before: TopPictures | None, new: TopPictures) -> TopPictures:
    """The best of both; of equal ones those that came first."""
    both = [new] if before is None else [before, new]
    names = ("values", "pictures", "rows", "columns")
    every: dict[str, Any] = {
        name: torch.cat([getattr(each, name) for each in both]) for name in names
    }
    order = every["values"].sort(dim=0, descending=True, stable=True).indices[:BEST]
    return replace(
        new,
        **{name: part.gather(0, order) for name, part in every.items()},
        least=torch.stack([each.least for each in both]).amin(0),
        sums=torch.stack([each.sums for each in both]).sum(0),
        counts=torch.stack([each.counts for each in both]).sum(0),
    )
