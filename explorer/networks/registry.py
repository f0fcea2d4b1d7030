"""What is known about a network, the sources that networks come from, and which one exactly.

A source registers itself: the course's in `architectures`, torchvision's in `torchvision_models`.
In links, on cards and on the command line the course's networks go by their keys alone ("alexnet"),
all others by their source and key ("torchvision/resnet18").
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explorer.base.inputs import InputSize
from explorer.base.language import N_, _

Value = str | int

COURSE = "course"


@dataclass(frozen=True)
class Option:
    """One thing about a network that can be chosen, e.g. LeNet's pooling."""

    name: str  # in links, on the command line and in code
    title: str  # on screen; marked with N_, as is `meaning`
    default: Value
    choices: tuple[Value, ...] | range
    meaning: str

    def parse(self, text: object) -> Value:
        """`text` (from a URL or command line; or a value) as one of the choices.

        Raises:
            ValueError: names the option, what came and what can be chosen.
        """
        try:
            value = type(self.default)(str(text).strip())
        except ValueError:
            value = None
        if value is None or value not in self.choices:
            raise ValueError(
                _("{option} cannot be “{given}”. Choose {choices}.").format(
                    option=self.name, given=text, choices=self.describe_choices()
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

    The first six facts stand in one row: optimiser, learning rate, batch, epochs, the side of the
    square input in pixels, the accuracy on test images. Accuracies are fractions of all images
    after the last epoch; `options` are those that differ from the network's defaults.
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
    input_size: InputSize  # by default
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

    def resolve(self, options: Mapping[str, object] | None = None) -> dict[str, Value]:
        """Every option with its value: those of `options`, checked, and defaults for the others.

        Raises:
            ValueError: an option that this network does not have, or a value it cannot take.
        """
        options = dict(options or {})
        by_name = {option.name: option for option in self.all_options}
        for name in options.keys() - by_name.keys():
            raise ValueError(
                _("{network} has no option “{given}”. It has: {options}.").format(
                    network=self.name, given=name, options=", ".join(by_name)
                )
            )
        return {
            name: option.parse(options[name]) if name in options else option.default
            for name, option in by_name.items()
        }


def main_answer(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Logits (N, K); networks with side classifiers answer several times, the main one first."""
    return (output if isinstance(output, Tensor) else output[0]).flatten(1)


@dataclass(frozen=True)
class Source:
    """Where networks come from, e.g. a library."""

    name: str  # what their names begin with
    load: Callable[[], Mapping[str, Architecture]]
    # PyTorch code that calls a network `net`, by its key with every option, and imports torch.
    code: Callable[[str, Mapping[str, Value]], str]

    @cached_property
    def networks(self) -> Mapping[str, Architecture]:
        """By their keys; loaded when they are asked for, which takes a library's import."""
        return self.load()


SOURCES: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let its networks be found. Lists keep the order in which sources came."""
    SOURCES[source.name] = source


def course() -> Mapping[str, Architecture]:
    """The course's networks by name, oldest first."""
    return SOURCES[COURSE].networks


def spell(source: str, key: str) -> str:
    """A network's name: "alexnet", "torchvision/resnet18"."""
    return key if source == COURSE else f"{source}/{key}"


def options() -> Iterator[Option]:
    """Every option of every network; one of several networks is one thing under one title."""
    for source in SOURCES.values():
        for architecture in source.networks.values():
            yield from architecture.all_options


def option_title(name: str) -> str:
    """An option's name in words; as it is if no network has it (any more)."""
    return next((_(option.title) for option in options() if option.name == name), name)


def names() -> list[str]:
    """Every name that `find` knows: the course's networks, then the other sources'."""
    return [spell(each.name, key) for each in SOURCES.values() for key in each.networks]


def find(name: str) -> tuple[str, str]:
    """The source and the key of the network called `name`.

    Raises:
        ValueError: no such network; the message names the nearest ones.
    """
    before, slash, after = name.partition("/")
    source, key = (before, after) if slash else (COURSE, name)
    exists = source in SOURCES and key in SOURCES[source].networks
    if exists and spell(source, key) == name:  # one spelling each
        return source, key
    if near := difflib.get_close_matches(name, names(), n=3, cutoff=0.4):
        words = _("There is no network “{given}”. Did you mean {near}?")
        raise ValueError(words.format(given=name, near=_(" or ").join(near)))
    words = _("There is no network “{given}”. There are {known}, and torchvision/… .")
    raise ValueError(words.format(given=name[:60], known=", ".join(course())))


def get(name: str) -> Architecture:
    """The facts of the network called `name`.

    Raises:
        ValueError: no such network.
    """
    source, key = find(name)
    return SOURCES[source].networks[key]


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
        source, key = find(name)
        resolved = SOURCES[source].networks[key].resolve(options)
        return cls(source, key, tuple(sorted(resolved.items())))

    @property
    def name(self) -> str:
        """What `parse` reads: "alexnet", "torchvision/resnet18"."""
        return spell(self.source, self.key)

    @property
    def stem(self) -> str:
        """The name as files can have it: "torchvision-resnet18"."""
        return self.name.replace("/", "-")

    @property
    def architecture(self) -> Architecture:
        """The network's facts."""
        return SOURCES[self.source].networks[self.key]

    @property
    def values(self) -> dict[str, Value]:
        """Every option with its value, in the network's own order."""
        options = dict(self.options)
        return {option.name: options[option.name] for option in self.architecture.all_options}

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
        return size._replace(channels=int(dict(self.options)[IN_CHANNELS.name]))

    @property
    def num_classes(self) -> int:
        """How many it tells apart."""
        return int(dict(self.options)[NUM_CLASSES.name])

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
