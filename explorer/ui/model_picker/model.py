"""A network with exactly its weights: results of this section are kept by it.

A run that is trained gains an epoch now and then. Work that has begun goes on with the weights that
it began with; the page's next run begins anew with those that are there then.
"""

from dataclasses import dataclass

from torch import nn

from explorer import weights
from explorer.networks import NetworkSpec
from explorer.weights import Weights


@dataclass(frozen=True)
class WithWeights:
    """What is looked at; each page's own kind of it adds what it looks at it with."""

    known: Weights

    @property
    def network(self) -> str:
        """Its name."""
        return self.known.network

    @property
    def spec(self) -> NetworkSpec:
        """It, without its weights."""
        return self.known.spec

    @property
    def source(self) -> str:
        """Of the weights, as `weights.sources` spells it."""
        return self.known.source

    def load(self) -> nn.Module:
        """The network, shared by everyone: only to be read.

        Raises:
            ValueError: its weights cannot be had, or are others by now.
        """
        return weights.load_known(self.known)
