"""Which network exactly: the one spelling of what is chosen, from the address to the table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.base.inputs import InputSize
from explorer.networks import registry
from explorer.networks.registry import Architecture, Value


@dataclass(frozen=True)
class NetworkSpec:
    """A network with all of its options decided: a plain value, to be kept and to be a key.

    `options` are pairs of name and value, sorted by name.
    """

    source: str
    key: str
    options: tuple[tuple[str, Value], ...]

    @classmethod
    def parse(cls, name: str, options: Mapping[str, object] | None = None) -> "NetworkSpec":
        """The network called `name`; options that are not given are at their defaults.

        Raises:
            ValueError: no such network, an option that it does not have, or a value that this
                cannot take.
        """
        source, key = registry.find(name)
        resolved = registry.source(source).architecture(key).resolve(options)
        return cls(source, key, tuple(sorted(resolved.items())))

    @property
    def name(self) -> str:
        """What `parse` reads: "alexnet", "torchvision/resnet18"."""
        return registry.spell(self.source, self.key)

    @property
    def stem(self) -> str:
        """The name as files can have it: "torchvision-resnet18"."""
        return self.name.replace("/", "-")

    @property
    def architecture(self) -> Architecture:
        """The network's facts."""
        return registry.source(self.source).architecture(self.key)

    @property
    def values(self) -> dict[str, Value]:
        """Every option with its value, in the network's own order."""
        chosen = dict(self.options)
        return {option.name: chosen[option.name] for option in self.architecture.all_options}

    @property
    def changed(self) -> dict[str, Value]:
        """Its own options that are not at their defaults: channels and classes follow from data."""
        values = self.values
        return {
            option.name: values[option.name]
            for option in self.architecture.options
            if values[option.name] != option.default
        }

    @property
    def input_size(self) -> InputSize:
        """By default, with the channels that it is built for."""
        size = self.architecture.input_size
        return size._replace(channels=int(dict(self.options)[registry.IN_CHANNELS.name]))

    @property
    def num_classes(self) -> int:
        """How many it tells apart."""
        return int(dict(self.options)[registry.NUM_CLASSES.name])

    def build(self) -> nn.Module:
        """The network with random weights, as torch's own generator draws them."""
        return self.architecture.build(**self.values)

    def build_on_meta(self) -> nn.Module:
        """In evaluation mode on the meta device: to be measured, not to be run."""
        with WithoutMemory():
            network = self.build()
        return network.to("meta").eval()


class WithoutMemory(TorchFunctionMode):
    """Tensors that layers allocate for their weights get shapes but no memory.

    `torch.device("meta")` would do the same for every factory function, but some networks compute
    with small tensors while they are built (RegNet its widths, Swin its window indices), and those
    need values. Thread-local, as every function mode.
    """

    FACTORIES = frozenset({torch.empty, torch.zeros, torch.ones, torch.randn, torch.full})
    FILLERS = frozenset(
        {Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_, nn.init.kaiming_uniform_}
    )

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in self.FACTORIES and kwargs.get("device") is None:  # layers pass device=None
            kwargs["device"] = "meta"
        if func in self.FILLERS:
            filled = args[0] if args else kwargs["tensor"]
            if filled.is_meta:  # nothing to fill: this saves half of the time
                return filled
        return func(*args, **kwargs)
