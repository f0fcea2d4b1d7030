"""A network with exactly these weights, and where weights come from: a source.

A source is a text that fits into a link:

- "untrained:0": random weights, the number is the seed;
- "shipped:lenet": trained weights that come with the program, a file in `checkpoints/`;
- "run:7@3": run 7 after its third epoch; "run:7" is its last one;
- "published": torchvision's own, trained on ImageNet.

"@0" after a shipped file or a run is the same network before its first step.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import Tensor, nn

from explorer import runs
from explorer.base.cache import SizedCache
from explorer.base.inputs import InputSize
from explorer.base.language import N_, _
from explorer.base.reasons import CodedError
from explorer.base.storage import PROJECT
from explorer.base.units import size
from explorer.networks import NetworkSpec
from explorer.training import checkpoints
from explorer.training.checkpoints import Card
from explorer.training.learner import initialise
from explorer.weights import published
from explorer.weights.seeded import Seeded

UNTRAINED = "untrained:0"
PUBLISHED = "published"
FOLDER = PROJECT / "checkpoints"
SUFFIX = ".safetensors"
MOST_SEED = 999_999
MOST_BYTES = 1_500_000_000  # of all networks that are kept, and of one that is loaded

_FORM = re.compile(r"(untrained|shipped|run):([A-Za-z0-9_.-]{1,80})(?:@(\d{1,6}))?")


@dataclass(frozen=True)
class Model:
    """A network with the weights that a source stood for when it was asked.

    `size` and `normalisation` (see `pictures`) are those of the pictures that it was trained with;
    an untrained network can be looked at with pictures of another size.
    `card` is that of a trained network, also where it is to be seen as it was before (`epoch` 0).

    A run that is trained gains an epoch every few minutes, and "run:7" is another file then: what
    takes a while keeps its model. Equal ones load equal networks, so that results can be kept by
    them.
    """

    spec: NetworkSpec
    source: str
    size: InputSize
    seed: int = 0
    epoch: int | None = None
    classes: tuple[str, ...] = ()
    normalisation: str = "none"
    card: Card | None = field(default=None, compare=False)  # follows from its file
    path: Path | None = None
    stamp: int = 0  # when its file was written, in nanoseconds; 0 without one

    def with_weights(self, source: str) -> "Model":
        """The same network, for pictures of the same size, with other weights.

        Raises:
            ValueError: there are no such weights of it.
        """
        if source == self.source:
            return self  # a run's last weights may be others by now
        return replace(model(self.spec, source), size=self.size)

    @property
    def spelled(self) -> str:
        """As in links: the network's name, a colon, and the source."""
        return f"{self.spec.name}:{self.source}"

    @property
    def trained(self) -> bool:
        """Whether anything has been learned."""
        return self.source == PUBLISHED or (self.card is not None and self.epoch != 0)

    @property
    def dataset(self) -> str:
        """What it learned from, or would have: a data set's name, "imagenet", or ""."""
        if self.source == PUBLISHED:
            return "imagenet"
        return self.card.dataset if self.card else ""

    @property
    def learned(self) -> str:
        """The data set that it was trained on; "" for one that was not, or on none of ours."""
        return self.card.dataset if self.card and self.trained else ""

    def load(self) -> nn.Module:
        """The network, on the CPU, in evaluation mode, shared by everyone.

        It is only to be read: to run it under watch, `activations.own_copy` it. Published weights
        are downloaded if need be.

        Raises:
            ValueError: the weights are damaged or cannot be had, or have been deleted or written
                anew since they were asked for; the network is too large.
        """
        return _cache.get((self.spec, self.source, self.stamp), lambda: _loaded(self))


def sources(network: str) -> tuple[str, ...]:
    """What there is for a network: trained weights first, untrained ones last."""
    here = [source for name, source in (*shipped(), *of_runs(network)) if name == network]
    return (*here, *([PUBLISHED] if published.exist(network) else []), UNTRAINED)


def files() -> list[Path]:
    """Those in `checkpoints/`."""
    return sorted(FOLDER.glob(f"*{SUFFIX}"))


def shipped() -> Iterator[tuple[str, str]]:
    """What comes with the program: each network's name, and the source of its weights."""
    for path in files():
        with suppress(ValueError):  # damaged; whoever asks for it by name is told so
            yield checkpoints.read_card(path).network, f"shipped:{path.stem}"


def of_runs(network: str = "") -> Iterator[tuple[str, str]]:
    """The same of runs of one network or of all, each as it was at its end."""
    for run in runs.listed():
        with suppress(ValueError):  # a run of another version
            if network in ("", run.recipe.network) and runs.checkpoints(run.id):
                yield run.recipe.network, f"run:{run.id}"


def through_training(source: str) -> tuple[str, ...]:
    """The same network from before its first step on, as far as weights were kept."""
    kind, name, _epoch = _parts(source)
    if kind == "run":
        return tuple(f"run:{name}@{epoch}" for epoch in (0, *runs.checkpoints(_number(name))))
    return (f"{source}@0", source) if kind == "shipped" else (source,)


def model(spec: NetworkSpec, source: str) -> Model:
    """What `source` stands for, without loading it. Trained weights bring their own options.

    Raises:
        ValueError: no such source, one that is not this network's, or one that has just been
            deleted.
    """
    if source == PUBLISHED:
        return _published(spec)
    kind, name, epoch = _parts(source)
    if kind == "untrained":
        seed = _number(name)
        if seed > MOST_SEED:
            words = N_("The seed {seed} is too large: seeds go from 0 to {most}.")
            raise CodedError(words, seed=seed, most=MOST_SEED)
        return Model(spec, source, spec.input_size, seed=seed)
    path = _file(kind, name, epoch)
    stamp = _written(source, path)  # before it is read: if it is written anew now, that is noticed
    card = checkpoints.read_card(path)
    if card.network != spec.name:
        words = N_("The weights {source} are those of {theirs}, not of {network}.")
        raise CodedError(words, source=source, theirs=card.network, network=spec.name)
    entering = card.spec.input_size
    return Model(
        card.spec,
        source,
        entering.with_sides(card.size, card.size) if card.size else entering,
        seed=card.seed,
        epoch=card.epoch if epoch is None else epoch,
        classes=card.classes,
        card=card,
        path=path,
        stamp=stamp,
    )


def load(spec: NetworkSpec, source: str) -> nn.Module:
    """The network with the weights that this source stands for now.

    Raises:
        ValueError: as `model` and `Model.load`.
    """
    return model(spec, source).load()


def _loaded(model: Model) -> nn.Module:
    needed = _nbytes(model.spec.build_on_meta())
    if needed > MOST_BYTES:
        words = N_("{network} has {size} of weights; at most {most} are loaded here.")
        raise CodedError(words, network=model.spec.name, size=size(needed), most=size(MOST_BYTES))
    if model.source == PUBLISHED:
        network = published.build(model.spec.name, published.fetch(model.spec.name))
    elif model.card and model.path and model.epoch != 0:
        tensors, card = _read(model, model.path)
        network = checkpoints.build(card, tensors)
    else:
        recipe = model.card.recipe if model.card else {}
        with Seeded(model.seed):
            network = model.spec.build()
            initialise(network, str(recipe.get("initialisation", "default")))
    return network.eval().requires_grad_(requires_grad=False)


def _read(model: Model, path: Path) -> tuple[dict[str, Tensor], Card]:
    """What is in the file, if it is still the one that `model` found."""
    try:
        return checkpoints.load(path)
    finally:  # what was read of another file, or could not be read any more, was not asked for
        if _written(model.source, path) != model.stamp:
            words = N_(
                "The weights {source} were written anew a moment ago. Reload the page to look "
                "at the new ones."
            )
            raise CodedError(words, source=model.source)


def _written(source: str, path: Path) -> int:
    """When the file was written, in nanoseconds."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        words = N_("The weights {source} were deleted a moment ago. Choose others.")
        raise CodedError(words, source=source) from error


def _published(spec: NetworkSpec) -> Model:
    if not published.exist(spec.name):
        words = N_("Published weights are there for torchvision's networks, not for {network}.")
        raise CodedError(words, network=spec.name)
    if spec != (plain := NetworkSpec.parse(spec.name)):
        words = N_(
            "The published weights of {network} are for {channels} channels and {classes} "
            "classes. Leave its options as they are."
        )
        raise CodedError(
            words, network=spec.name, channels=plain.input_size.channels, classes=plain.num_classes
        )
    return Model(
        spec,
        PUBLISHED,
        spec.input_size,
        classes=published.classes(spec.name),
        normalisation=published.normalisation(spec.name),
    )


def _parts(source: str) -> tuple[str, str, int | None]:
    form = _FORM.fullmatch(source)
    if source == PUBLISHED:
        return PUBLISHED, "", None
    if form is None or (form[1] == "untrained" and form[3]):
        words = N_(
            "“{given}” names no weights. Write untrained:0, published, shipped: and a file, or "
            "run: and its number, with @ and an epoch."
        )
        raise CodedError(words, given=source[:60])
    return form[1], form[2], int(form[3]) if form[3] else None


def _number(text: str) -> int:
    if not (text.isdecimal() and len(text) < 10):
        raise CodedError(N_("“{given}” is not a whole number."), given=text[:40])
    return int(text)


def _file(kind: str, name: str, epoch: int | None) -> Path:
    if kind == "run":
        run = runs.get(_number(name)).id
        # Before its training all that counts is a card: the first one, since the last one changes.
        saved = next(iter(runs.checkpoints(run)), None) if epoch == 0 else epoch
        return runs.checkpoint(run, saved)
    path = FOLDER / f"{name}{SUFFIX}"
    if path.is_file() and path.parent == FOLDER and epoch:
        words = N_(
            "The weights {given} were kept at their end only, not after epoch {epoch}. Write "
            "@0 for the network before its training, or leave @{epoch} out."
        )
        raise CodedError(words, given=name, epoch=epoch)
    if not path.is_file() or path.parent != FOLDER:
        names = ", ".join(each.stem for each in files()) or _("none")
        words = N_("There are no weights “{given}” in checkpoints/. There are: {known}.")
        raise CodedError(words, given=name, known=names)
    return path


def _nbytes(network: nn.Module) -> int:
    return sum(t.numel() * t.element_size() for t in (*network.parameters(), *network.buffers()))


_cache: SizedCache[nn.Module] = SizedCache(MOST_BYTES, _nbytes)
