"""Which networks are compared, as a text that fits into a link.

"lenet:shipped:lenet,vgg11:run:3@5" are two: a network's name, a colon, and where its weights come
from, as `weights` spells it.
"""

from collections.abc import Sequence
from contextlib import suppress

from explorer import networks, runs, weights
from explorer.base.language import _
from explorer.networks import NetworkSpec
from explorer.training import checkpoints
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
        raise ValueError(
            _(
                "“{given}” names no network with its weights. Write, for example, "
                "lenet:untrained:0."
            ).format(given=text[:60])
        )
    return weights.model(NetworkSpec.parse(network), source)


def read(text: str) -> tuple[list[Model], list[str]]:
    """The networks that a link names, and a sentence for each that cannot be had."""
    found: dict[str, Model] = {}
    wrong = []
    parts = [part for part in text[: 4 * MOST * LONGEST].split(",") if part]
    for part in parts[:MOST]:
        try:
            each = model(part)
        except ValueError as error:
            wrong.append(str(error))
        else:
            found.setdefault(each.spelled, each)
    if len(parts) > MOST:
        wrong.append(
            _("At most {most} networks are compared; the link names {count}.").format(
                most=MOST, count=len(parts)
            )
        )
    return list(found.values()), wrong


def spell(models: Sequence[Model]) -> str:
    """The way back."""
    return ",".join(each.spelled for each in models)


def offers() -> tuple[str, ...]:
    """Every network with every kind of weights that are here, trained ones first, spelled.

    A run stands there once, as it was at its end.
    """
    names = networks.names()
    here = [name for name in names if published.exist(name) and published.at_hand(name)]
    published_ = [f"{name}:{PUBLISHED}" for name in here]
    return (*shipped(), *_runs(), *published_, *(f"{name}:{UNTRAINED}" for name in names))


def shipped() -> list[str]:
    """What comes with the program, spelled, each network's first file first."""
    found = []
    for path in weights.shipped():
        with suppress(ValueError):  # damaged; whoever asks for it by name is told so
            network = checkpoints.read_card(path).network
            found.append(f"{network}:shipped:{path.stem}")
    return found


def _runs() -> list[str]:
    found = []
    for run in runs.listed():
        with suppress(ValueError):  # a run of another version
            network = networks.get(run.recipe.network).name
            if runs.checkpoints(run.id):
                found.append(f"{network}:run:{run.id}")
    return found
