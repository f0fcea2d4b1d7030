"""The weights that torchvision publishes for its networks: trained on ImageNet's 1 000 classes."""

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explorer.base import storage
from explorer.base.language import N_
from explorer.base.reasons import CodedError
from explorer.base.tasks import Progress, unheard
from explorer.base.torchvision_import import models
from explorer.data.datasets import Unavailable, downloads
from explorer.data.datasets.downloads import Remote
from explorer.networks import TORCHVISION, NetworkSpec, get

_BROKEN = (
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    MemoryError,  # something claims to have more bytes than there are
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)
# torchvision's older files call a dense layer's parts "norm.1"; a name cannot hold a dot today.
_OLD_DENSE = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


def exist(network: str) -> bool:
    """Whether there are any for this network."""
    return network.startswith(f"{TORCHVISION}/")


def _entry(network: str) -> Any:
    """The published set that was trained on the pictures that the network is made for."""
    side = get(network).input_size.height
    sets = models.get_model_weights(network.removeprefix(f"{TORCHVISION}/"))
    return next(each for each in sets if each.transforms.keywords["crop_size"] == side)


def classes(network: str) -> tuple[str, ...]:
    """ImageNet's, in order."""
    return tuple(_entry(network).meta["categories"])


def normalisation(network: str) -> str:
    """What the pictures were normalised by, as `pictures.NORMALISATIONS` calls it."""
    mean = _entry(network).transforms.keywords.get("mean")
    return "half" if mean == (0.5, 0.5, 0.5) else "imagenet"


def remote(network: str) -> Remote:
    """The file on the web, and where it is kept: torch's own folder if it is there already."""
    url = str(_entry(network).url)
    name = url.rpartition("/")[2]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not path.is_file():
        path = storage.home() / "weights" / name
    digits = name.removesuffix(".pth").rpartition("-")[2]  # the first of its SHA-256
    return Remote((url,), md5="", path=path, sha256=digits)


def at_hand(network: str) -> bool:
    """Whether the file is here, so that no download is needed."""
    return remote(network).path.is_file()


def size(network: str) -> int:
    """Bytes of the file, as torchvision gives them."""
    return int(_entry(network).meta["_file_size"] * 2**20)


def fetch(network: str, progress: Progress = unheard) -> Path:
    """The file, downloaded if it is not here whole; `progress` hears of bytes, and may raise.

    Raises:
        ValueError: that failed: why, and what to do.
    """
    file = remote(network)
    try:
        downloads.fetch([file], size(network), progress)
    except Unavailable as error:
        raise CodedError(
            "weights_not_downloaded",
            network=network,
            why=error.reason.plain(),
            url=file.urls[0],
            folder=str(file.path.parent),
        ) from None
    return file.path


def build(network: str, path: Path) -> nn.Module:
    """The network with the published weights in the file at `path`.

    What is unpickled may only be tensors in plain containers. `fetch` has compared the file with
    its published checksum.

    Raises:
        ValueError: the file is damaged, or holds something else.
    """
    # Built without memory: filling it with random numbers first takes seconds.
    built: Any = NetworkSpec.parse(network).build_on_meta()
    try:
        _check_unpacked(path)
        tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        state = {_OLD_DENSE.sub(r"\1\2", key): tensor for key, tensor in tensors.items()}
        if network == f"{TORCHVISION}/googlenet":  # built without its side classifiers
            state = {key: tensor for key, tensor in state.items() if not key.startswith("aux")}
        built.load_state_dict(state, assign=True)
    except _BROKEN:
        words = N_(
            "{path} does not hold the published weights of {network}. Delete it, and it is "
            "downloaded again."
        )
        raise CodedError(words, path=path, network=network) from None
    if hasattr(built, "transform_input"):
        built.transform_input = True  # these two were trained on another range of numbers
    return built.eval()  # type: ignore[no-any-return]


def _check_unpacked(path: Path) -> None:
    """Refuse a zip that would grow: torch writes its own without packing them.

    Raises:
        ValueError: what is in it is larger than the file.
    """
    if not zipfile.is_zipfile(path):
        return  # the older kind: one pickle after another
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > path.stat().st_size:
            raise ValueError(path)
