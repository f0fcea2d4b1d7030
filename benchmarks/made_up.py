"""Pictures for a machine that has nothing but the repository."""

from functools import cache

import torch

from explorer.data import datasets
from explorer.data.datasets import Data, Split


@cache
def pictures() -> Data:
    """Fashion-MNIST, or as many pictures made up: ten patterns under noise, to be learned."""
    if datasets.at_hand("fashion_mnist"):
        return datasets.load("fashion_mnist")
    facts = datasets.get("fashion_mnist")
    generator = torch.Generator().manual_seed(0)
    patterns = torch.randint(128, (len(facts.classes), *facts.shape), generator=generator)

    def split(count: int) -> Split:
        labels = torch.randint(len(patterns), (count,), generator=generator)
        noise = torch.randint(128, (count, *facts.shape), generator=generator, dtype=torch.uint8)
        return Split(patterns[labels].to(torch.uint8) + noise, labels)

    return Data(facts.name, facts.classes, split(facts.train_count), split(facts.test_count))
