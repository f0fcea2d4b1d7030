"""Which networks are compared, as a text that fits into a link, and on which data.

"lenet:shipped:lenet,vgg11:run:3@5" are two: a network's name, a colon, and where its weights come
from, as `weights` spells it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer import networks, weights
from explorer.base.language import _
from explorer.data import datasets
from explorer.networks import NetworkSpec
from explorer.weights import PUBLISHED, UNTRAINED, Model, published

MOST = 8  # as many as Okabe and Ito's colours
LONGEST = 200  # characters that name one network


def model(text: str) -> Model:
    """One network from its spelling.

    Raises:
        ValueError: there is no such network, or it has no such weights.
    """
    network, colon, source = text[:LONGEST].partition(":")
    if not colon:
        words = _(
            "“{given}” names no network with its weights. Write, for example, lenet:untrained:0."
        )
        raise ValueError(words.format(given=text[:60]))
    return weights.model(NetworkSpec.parse(network), source)


def read(text: str) -> tuple[list[Model], list[str]]:
    """The networks that a link names, and a sentence for each that cannot be had."""
    models: dict[str, Model] = {}
    wrong = []
    parts = [part for part in text[: 4 * MOST * LONGEST].split(",") if part]
    for part in parts[:MOST]:
        try:
            each = model(part)
        except ValueError as error:
            wrong.append(str(error))
        else:
            models.setdefault(each.spelled, each)
    if len(parts) > MOST:
        words = _("At most {most} networks are compared; the link names {count}.")
        wrong.append(words.format(most=MOST, count=len(parts)))
    return list(models.values()), wrong


def spell(models: Sequence[Model]) -> str:
    """The way back."""
    return ",".join(each.spelled for each in models)


def offers() -> tuple[str, ...]:
    """Every network with every kind of weights that are here, trained ones first, spelled.

    A run stands there once, as it was at its end.
    """
    names = networks.names()
    here = [name for name in names if published.exist(name) and published.at_hand(name)]
    of_runs = [":".join(each) for each in weights.of_runs() if each[0] in names]
    published_ = [f"{name}:{PUBLISHED}" for name in here]
    return (*shipped(), *of_runs, *published_, *(f"{name}:{UNTRAINED}" for name in names))


def shipped() -> list[str]:
    """What comes with the program, spelled."""
    return [":".join(each) for each in weights.shipped()]


# -- the data that all of them read -----------------------------------------------------------


@dataclass(frozen=True)
class Shared:
    """A data set's name, or "" and a sentence that says why there is none."""

    dataset: str
    reason: str = ""


def shared(models: Sequence[Model]) -> Shared:
    """The data set that the trained ones learned from, if the others can read it too."""
    learned = sorted({each.learned for each in models if each.trained})
    if not learned:
        return Shared("", _("None of these networks has learned anything yet."))
    titles = [_title(name) for name in learned]
    if len(learned) > 1:
        words = _("They learned from different data: {data}.")
        return Shared("", words.format(data=", ".join(titles)))
    dataset = learned[0]
    if not dataset or not datasets.at_hand(dataset):
        words = _("The data that they learned from ({data}) are not here.")
        return Shared("", words.format(data=titles[0]))
    facts = datasets.get(dataset)
    for each in models:
        if (each.size.channels, each.spec.num_classes) != (facts.shape[0], len(facts.classes)):
            words = _(
                "{network} reads {channels} channels and tells {classes} classes apart, "
                "{data} has {theirs} and {count}."
            )
            own = dict(channels=each.size.channels, classes=each.spec.num_classes)
            theirs = dict(theirs=facts.shape[0], count=len(facts.classes))
            return Shared("", words.format(network=each.spec.name, data=titles[0], **own, **theirs))
    return Shared(dataset)


def _title(name: str) -> str:
    if not name:
        return "ImageNet"
    try:
        return datasets.get(name).title
    except ValueError:  # somebody's own pictures, deleted meanwhile
        return name
