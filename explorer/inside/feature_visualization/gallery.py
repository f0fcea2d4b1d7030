"""The pictures of a data set as one network gets them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.base.inputs import InputSize
from explorer.data import datasets
from explorer.data.pictures import Picture, Prepared, prepare


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
