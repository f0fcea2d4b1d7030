"""What the package knows about a network, and how a name becomes one.

A network is a plain value everywhere (URL, widget, command line, a run's record): its registry
name and a mapping of option name → value. This module turns those into an `nn.Module`.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.base.language import N_, _
from explorer.networks import architectures

Value = str | int
Shape = tuple[int, int, int]

TORCHVISION = "torchvision/"


@dataclass(frozen=True)
class Option:
    """One thing about a network that can be chosen, e.g. LeNet's pooling."""

    name: str  # in links, on the command line and in code
    title: str  # on screen; marked with N_, as is `meaning`
    default: Value
    choices: tuple[Value, ...] | range
    meaning: str

    def parse(self, given: object) -> Value:
        """`given` (a text from a URL or command line, or a value) as one of the choices.

        Raises:
            ValueError: names the option, what came and what can be chosen.
        """
        try:
            value = type(self.default)(str(given).strip())
        except ValueError:
            value = None
        if value is None or value not in self.choices:
            raise ValueError(
                _("{option} cannot be “{given}”. Choose {choices}.").format(
                    option=self.name, given=given, choices=self.describe_choices()
                )
            )
        return value

    def describe_choices(self) -> str:
        """The choices in words: "sigmoid or relu", "1 to 1024"."""
        if isinstance(self.choices, range):
            return _("a whole number from {first} to {last}").format(
                first=self.choices[0], last=self.choices[-1]
            )
        *others, last = (str(choice) for choice in self.choices)
        return _("{others} or {last}").format(others=", ".join(others), last=last)


# The two options that every network has.
IN_CHANNELS = Option(
    "in_channels",
    N_("input channels"),
    1,
    range(1, 1025),
    N_("channels of the picture it is built for"),
)
NUM_CLASSES = Option(
    "num_classes", N_("number of classes"), 10, range(1, 100_001), N_("number of classes")
)


@dataclass(frozen=True)
class Paper:
    """Where a network was published."""

    title: str
    authors: str
    year: int
    url: str


@dataclass(frozen=True)
class Reported:
    """A training run that the course reports, all on Fashion-MNIST.

    `size` is the side of the square input in pixels; accuracies are fractions of all images after
    the last epoch; `options` are those that differ from the network's defaults.
    """

    optimizer: str
    learning_rate: float
    batch_size: int
    epochs: int
    size: int
    test_accuracy: float
    train_accuracy: float | None = None
    weight_decay: float = 0.0
    options: Mapping[str, Value] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True)
class Architecture:
    """A network's facts beside the function that builds it."""

    name: str
    title: str
    build: Callable[..., nn.Module]  # called with every option as a keyword
    input_shape: Shape  # (C, H, W) by default
    paper: Paper | None
    introduced: str  # what was new, one sentence
    parameters: int | None  # stated count with default options
    options: tuple[Option, ...] = ()
    reported: tuple[Reported, ...] = ()
    deviations: tuple[str, ...] = ()  # where the course's network differs from the paper's
    in_channels: Option = IN_CHANNELS
    num_classes: Option = NUM_CLASSES

    @property
    def all_options(self) -> tuple[Option, ...]:
        """The network's own options, then input channels and classes."""
        return (*self.options, self.in_channels, self.num_classes)

    def resolve(self, given: Mapping[str, object] | None = None) -> dict[str, Value]:
        """Every option with its value: those `given`, checked, and defaults for the others.

        Raises:
            ValueError: an option that this network does not have, or a value it cannot take.
        """
        given = dict(given or {})
        known = {option.name: option for option in self.all_options}
        for name in given.keys() - known.keys():
            raise ValueError(
                _("{network} has no option “{given}”. It has: {options}.").format(
                    network=self.name, given=name, options=", ".join(known)
                )
            )
        return {
            name: option.parse(given[name]) if name in given else option.default
            for name, option in known.items()
        }


class _WithoutMemory(TorchFunctionMode):
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


def build_on_meta(architecture: Architecture, options: Mapping[str, Value]) -> nn.Module:
    """The network in evaluation mode on the meta device: to be measured, not to be run."""
    with _WithoutMemory():
        network = architecture.build(**options)
    return network.to("meta").eval()


def _modules() -> Iterator[Any]:
    for info in pkgutil.iter_modules(architectures.__path__):
        yield importlib.import_module(f"{architectures.__name__}.{info.name}")


def main_answer(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Logits (N, K); networks with side classifiers answer several times, the main one first."""
    return (output if isinstance(output, Tensor) else output[0]).flatten(1)


@cache
def course() -> dict[str, Architecture]:
    """The course's networks by name, oldest first. A file in `architectures` is found by itself."""
    found = [entry for module in _modules() for entry in module.ARCHITECTURES]
    found.sort(key=lambda entry: entry.paper.year if entry.paper else 0)
    return {entry.name: entry for entry in found}


@cache
def _option_titles() -> dict[str, str]:
    """Option name → its title; an option of several networks is one thing under one title."""
    own = (option for entry in course().values() for option in entry.all_options)
    return {option.name: option.title for option in own}


def option_title(name: str) -> str:
    """An option's name in words; as it is if no network has it (any more)."""
    return _(_option_titles()[name]) if name in _option_titles() else name


def names() -> list[str]:
    """Every name that `get` knows: the course's networks, then torchvision's."""
    from explorer.networks import torchvision_models  # noqa: PLC0415 (slow to import)

    return [*course(), *torchvision_models.names()]


def get(name: str) -> Architecture:
    """The network called `name`.

    Raises:
        ValueError: no such network; the message names the nearest ones.
    """
    if name in course():
        return course()[name]
    if name.startswith(TORCHVISION):
        from explorer.networks import torchvision_models  # noqa: PLC0415 (slow to import)

        if name in torchvision_models.names():
            return torchvision_models.architecture(name)
    near = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
    if not near:
        raise ValueError(
            _("There is no network “{given}”. There are {known}, and torchvision/… .").format(
                given=name[:60], known=", ".join(course())
            )
        )
    raise ValueError(
        _("There is no network “{given}”. Did you mean {near}?").format(
            given=name, near=_(" or ").join(near)
        )
    )
