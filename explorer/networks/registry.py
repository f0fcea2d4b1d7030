"""What is known about a network, and the sources that networks come from.

A source registers itself: the course's in `architectures`, torchvision's in `torchvision_models`.
In links, on cards and on the command line the course's networks go by their keys alone ("alexnet"),
all others by their source and key ("torchvision/resnet18").
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from torch import Tensor, nn

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


def main_answer(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Logits (N, K); networks with side classifiers answer several times, the main one first."""
    return (output if isinstance(output, Tensor) else output[0]).flatten(1)


class Source(Protocol):
    """Where networks come from, e.g. a library."""

    @property
    def name(self) -> str:
        """What their names begin with."""

    def networks(self) -> Sequence[str]:
        """The keys of its networks."""

    def architecture(self, key: str) -> Architecture:
        """The facts of one of `networks`, and how it is built."""

    def code(self, key: str, options: Mapping[str, Value]) -> str:
        """PyTorch code that calls the network `net`, with every option, and imports torch."""


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Let its networks be found. Lists keep the order in which sources came."""
    _sources[source.name] = source


def source(name: str) -> Source:
    """The source called `name`."""
    return _sources[name]


def spell(source: str, key: str) -> str:
    """A network's name: "alexnet", "torchvision/resnet18"."""
    return key if source == COURSE else f"{source}/{key}"


@cache
def _option_titles() -> dict[str, str]:
    """Option name → its title; an option of several networks is one thing under one title."""
    course = _sources[COURSE]
    own = (each for key in course.networks() for each in course.architecture(key).all_options)
    return {option.name: option.title for option in own}


def option_title(name: str) -> str:
    """An option's name in words; as it is if no network has it (any more)."""
    return _(_option_titles()[name]) if name in _option_titles() else name


def names() -> list[str]:
    """Every name that `find` knows: the course's networks, then the other sources'."""
    return [spell(each.name, key) for each in _sources.values() for key in each.networks()]


def find(name: str) -> tuple[str, str]:
    """The source and the key of the network called `name`.

    Raises:
        ValueError: no such network; the message names the nearest ones.
    """
    before, slash, after = name.partition("/")
    source, key = (before, after) if slash else (COURSE, name)
    there = _sources.get(source)
    if there and key in there.networks() and spell(source, key) == name:  # one spelling each
        return source, key
    near = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
    if not near:
        raise ValueError(
            _("There is no network “{given}”. There are {known}, and torchvision/… .").format(
                given=name[:60], known=", ".join(_sources[COURSE].networks())
            )
        )
    raise ValueError(
        _("There is no network “{given}”. Did you mean {near}?").format(
            given=name, near=_(" or ").join(near)
        )
    )


def get(name: str) -> Architecture:
    """The facts of the network called `name`.

    Raises:
        ValueError: no such network.
    """
    source, key = find(name)
    return _sources[source].architecture(key)
