"""Trained weights in a file, with a card that says what they are (safetensors).

One metadata entry, "card", holds the card as JSON with sorted keys, so that the same weights and
card always make the same bytes. Nothing in such a file is ever run.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from explorer.base import reasons, storage
from explorer.base.inputs import MAX_SIDE
from explorer.base.reasons import CodedError, Reason
from explorer.base.storage import PROJECT, NoRoomError
from explorer.base.units import times
from explorer.networks import NetworkSpec
from explorer.networks.registry import Value
from explorer.training.recipes import INITIALISATIONS

KEY = "card"
NETWORK = "network."  # how the names of the network's own tensors begin
MAX_HEADER = 4_000_000  # bytes: names, shapes and the card
MAX_BYTES = 8 * 2**30
MAX_TENSORS = 10_000  # the largest network of all has 4 239 with those of Adam
MAX_DIMENSIONS = 8
MAX_TEXT = 2_000  # characters of a text on a card
MAX_DEPTH = 4  # of what is nested on a card
MAX_REASON = 300  # characters: a name in a file may have millions
STATE = 4  # times its own size takes a network at most with what training it needs
EVEN_SO = 64_000_000  # bytes that any network may take besides: names, random numbers
FIRST = 1000  # test pictures on which shipped weights are checked
_UNREAD = (OSError, RuntimeError, SafetensorError)
Shapes = dict[str, tuple[int, ...]]
T = TypeVar("T")
DTYPES = frozenset({torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8})


@dataclass(frozen=True)
class Card:
    """Where weights come from. `options` are all of the network's, channels and classes too.

    `recipe` is plain data as `recipes.as_json` makes it, `state` the numbers of a `training.State`.
    `sha256` is the digest of the tensors: `save` fills it in. Those that come with the program also
    tell the `command` that trained them, and their accuracy on the first `FIRST` test pictures.
    """

    network: str
    options: Mapping[str, Value]
    dataset: str = ""
    classes: tuple[str, ...] = ()
    size: int = 0  # side of the pictures in pixels
    recipe: Mapping[str, Any] = field(default_factory=dict)
    epoch: int = 0
    step: int = 0
    seed: int = 0
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    state: Mapping[str, float] = field(default_factory=dict)
    commit: str = ""
    date: str = ""  # ISO 8601
    torch_version: str = ""
    sha256: str = ""
    command: str = ""
    first_accuracy: float | None = None

    @property
    def spec(self) -> NetworkSpec:
        """The network that they are the weights of.

        Raises:
            ValueError: there is no such network or option.
        """
        return NetworkSpec.parse(self.network, self.options)


# -- writing ----------------------------------------------------------------------------------


def save(path: Path, tensors: Mapping[str, Tensor], card: Card) -> Card:
    """Write the file whole or not at all; the card as it was written.

    Raises:
        NoRoomError: the disk is full.
        ValueError: the folder cannot be written to.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    written = replace(card, sha256=digest(plain))
    metadata = {KEY: json.dumps(asdict(written), sort_keys=True)}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(plain, unfinished, metadata)
        storage.flush(unfinished)
        unfinished.replace(path)
        storage.flush(path.parent)
    except (OSError, SafetensorError) as error:
        if _without_room(error, path.parent):
            raise NoRoomError("no_room", folder=str(path.parent)) from error
        raise CodedError("checkpoint_not_written", path=str(path), why=str(error)) from error
    finally:
        with suppress(OSError):  # it has its final name, or was never there
            unfinished.unlink()
    return written


def _without_room(error: Exception, folder: Path) -> bool:
    """Whether that is why; safetensors keeps the system's number to itself, but what it has
    written still takes the room."""
    full = isinstance(error, SafetensorError) and storage.is_full(folder)
    return full or storage.tells_of_no_room(error)


def digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values, in the order of the names."""
    total = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        total.update(tensor.contiguous().flatten().view(torch.uint8).numpy().data)
    return total.hexdigest()


@cache
def commit() -> str:
    """The project's own commit, read from its repository; empty outside of one."""
    folder = PROJECT / ".git"
    try:
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = folder / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = (folder / "packed-refs").read_text(encoding="utf-8").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""


# -- reading ----------------------------------------------------------------------------------


def read_card(path: Path) -> Card:
    """The card alone, without reading any weights, once for as long as the file stays as it is.

    Raises:
        ValueError: there is no such file, or it is no checkpoint of this program.
    """
    status = _check_size(path)
    return _read_card(path, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _read_card(path: Path, *_stamp: int) -> Card:
    try:
        with safe_open(path, framework="pt") as file:
            return _card(path, file.metadata() or {})
    except _UNREAD as error:
        raise _damaged(path, error) from error


def load(path: Path) -> tuple[dict[str, Tensor], Card]:
    """Every tensor, on the CPU, and the card.

    Raises:
        ValueError: there is no such file; it is too large, cut short or damaged, or holds other
            weights than those of the network on its card, or types or values (NaN, infinity) that
            weights cannot have.
    """
    _check_size(path)
    try:
        with safe_open(path, framework="pt") as file:
            card = _card(path, file.metadata() or {})
            _check_claims(path, card, file)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (its own)
    except _UNREAD as error:
        raise _damaged(path, error) from error
    for name, tensor in tensors.items():
        if tensor.dtype not in DTYPES:
            raise _damaged(path, Reason("odd_type", {"name": name[:80], "type": str(tensor.dtype)}))
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise _damaged(path, Reason("holds_nan", {"name": name[:80]}))
    if digest(tensors) != card.sha256:
        raise _damaged(path, Reason("other_values"))
    return tensors, card


def build(card: Card, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network with its trained weights, in evaluation mode, on the CPU.

    Raises:
        ValueError: no such network or option, or weights that are not this network's.
    """
    with torch.random.fork_rng(devices=()):  # its first weights are thrown away
        network = card.spec.build()
    own = under(NETWORK, tensors)
    _check_fit(card.network, _shapes(network.state_dict()), _shapes(own))
    network.load_state_dict(own)
    return network.eval()


def _card(path: Path, metadata: Mapping[str, str]) -> Card:
    try:
        data = json.loads(metadata[KEY])
        names = {each.name for each in fields(Card)}
        card = Card(**{name: value for name, value in data.items() if name in names})
        card = replace(card, classes=tuple(card.classes))
        sound = _is_sound(card)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _damaged(path, Reason("no_card")) from error
    if not sound:
        raise _damaged(path, Reason("impossible_card"))
    return card


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 2**63  # not a number is not less


def _is_plain(value: Any, deep: int = MAX_DEPTH) -> bool:
    """Whether plain data is nested no deeper than `deep`."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return deep > 0 and all(_is_plain(each, deep - 1) for each in inner)


# A field's type → whether a value read from a file is one; pages compute with them all.
_SOUND: dict[Any, Callable[[Any], bool]] = {
    str: _is_text,
    int: lambda value: type(value) is int and 0 <= value < 2**63,
    float | None: lambda value: value is None or _is_number(value),
    tuple[str, ...]: lambda value: all(map(_is_text, value)),
    Mapping[str, Value]: lambda value: all(_is_text(x) or _is_number(x) for x in value.values()),
    Mapping[str, float]: lambda value: all(map(_is_number, value.values())),
    Mapping[str, Any]: lambda value: isinstance(value, dict) and _is_plain(value),
}


def _is_sound(card: Card) -> bool:
    return (
        all(_SOUND[each.type](getattr(card, each.name)) for each in fields(Card))
        and card.size <= MAX_SIDE
        and card.recipe.get("initialisation", "default") in INITIALISATIONS
    )


# -- what a file claims, before any of its weights are read -----------------------------------


def _check_claims(path: Path, card: Card, file: Any) -> None:
    """Refuse what training the network on the card could not have written."""
    names = file.keys()
    if len(names) > MAX_TENSORS:
        raise _damaged(path, Reason("many_tensors", {"count": len(names)}))
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    for name, shape in shapes.items():
        if len(shape) > MAX_DIMENSIONS or max(shape, default=0) > MAX_BYTES:
            raise _damaged(path, Reason("impossible_shape", {"name": name[:80]}))
    own, nbytes = _needed(card.spec)
    _check_fit(card.network, own, under(NETWORK, shapes))
    most = STATE * nbytes + EVEN_SO
    if path.stat().st_size > most:
        raise _damaged(path, Reason("larger_than_any", {"network": card.network, "most": most}))


@lru_cache(maxsize=64)  # the epochs of a run are leafed through
def _needed(spec: NetworkSpec) -> tuple[Shapes, int]:
    """The shapes of the network's weights, and the bytes that they take in 32 bits."""
    weights = spec.build_on_meta().state_dict()
    return _shapes(weights), sum(each.numel() * each.element_size() for each in weights.values())


def under(prefix: str, values: Mapping[str, T]) -> dict[str, T]:
    """Those whose names begin with `prefix`, without it."""
    return {
        name.removeprefix(prefix): each for name, each in values.items() if name.startswith(prefix)
    }


def _shapes(tensors: Mapping[str, Tensor]) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _check_fit(network: str, own: Shapes, loaded: Shapes) -> None:
    """Refuse the first name or shape that differs."""
    for name in sorted(own.keys() | loaded.keys()):
        got, expected = loaded.get(name), own.get(name)
        if got != expected:
            shapes = {"got": _shape_word(got), "wanted": _shape_word(expected)}
            raise CodedError("weights_do_not_fit", network=network, name=name[:80], **shapes)


def _shape_word(shape: tuple[int, ...] | None) -> str | dict[str, Any]:
    """A shape as it stands in a reason."""
    if shape is None:
        return Reason("missing").plain()
    return times(shape) or Reason("one_number").plain()


def _check_size(path: Path) -> os.stat_result:
    """Refuse before anything is read: no file, one cut short, one that is too large."""
    try:
        status = path.stat()
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
    except OSError as error:
        raise CodedError("checkpoint_not_read", path=str(path), why=str(error)) from error
    if status.st_size > MAX_BYTES:
        raise _damaged(path, Reason("too_large", {"most": MAX_BYTES}))
    if not 2 <= header <= min(MAX_HEADER, status.st_size - 8):
        raise _damaged(path, Reason("cut_short"))
    return status


def _damaged(path: Path, what: Reason | Exception) -> CodedError:
    why = what if isinstance(what, Reason) else reasons.sentence(str(what)[:MAX_REASON])
    return CodedError("checkpoint_damaged", path=str(path), why=why.plain())
