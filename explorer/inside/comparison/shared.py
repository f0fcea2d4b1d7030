"""On which data networks can be compared: a data set that all of them read."""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.base.language import _
from explorer.data import datasets
from explorer.weights import Model


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
        return Shared(
            "",
            _("They learned from different data: {data}.").format(data=", ".join(titles)),
        )
    dataset = learned[0]
    if not dataset or not datasets.at_hand(dataset):
        return Shared(
            "", _("The data that they learned from ({data}) are not here.").format(data=titles[0])
        )
    known = datasets.get(dataset)
    for each in models:
        if (each.size.channels, each.spec.num_classes) != (known.shape[0], len(known.classes)):
            return Shared(
                "",
                _(
                    "{network} reads {channels} channels and tells {classes} classes apart, "
                    "{data} has {theirs} and {count}."
                ).format(
                    network=each.spec.name,
                    channels=each.size.channels,
                    classes=each.spec.num_classes,
                    data=titles[0],
                    theirs=known.shape[0],
                    count=len(known.classes),
                ),
            )
    return Shared(dataset)


def _title(name: str) -> str:
    if not name:
        return "ImageNet"
    try:
        return datasets.get(name).title
    except ValueError:  # somebody's own pictures, deleted meanwhile
        return name
