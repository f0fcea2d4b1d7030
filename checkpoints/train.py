"""Train the weights that come with the program anew: `python -m checkpoints.train [NAME …]`.

Each is trained by the program's own `train` command, which its card repeats, and kept with kernels
and matrices in 16 bits. Accuracies on the card are those of the file as it is.
"""

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from explorer import networks, runs
from explorer.data import datasets
from explorer.training import checkpoints
from explorer.training.batches import resize, scale
from explorer.training.checkpoints import FIRST

FOLDER = Path(__file__).parent
BATCH = 100  # pictures tested at once

# Smaller pictures and fewer epochs than the course's, where a CPU would take hours.
COMMANDS = {
    "lenet": "lenet --epochs 10 --seed 0",
    "bn_lenet": "bn_lenet --epochs 5 --seed 0",
    "resnet18": "resnet18 --resize 48 --epochs 2 --subset 20000 --seed 0",
    "densenet": "densenet --resize 48 --epochs 2 --subset 20000 --seed 0",
    "googlenet": "googlenet --resize 48 --epochs 3 --subset 20000 --seed 0",
    "vgg11": (
        "vgg11 --set conv_ratio=8 --set fc_ratio=8 --batch-size 32 --epochs 2 --subset 20000 "
        "--seed 0"
    ),
    "nin": "nin --resize 67 --epochs 3 --subset 30000 --seed 0",
}


def train(name: str) -> Path:
    """Run the command of this name, and keep what came of it."""
    arguments = shlex.split(COMMANDS[name])
    before = {run.id for run in runs.listed()}
    subprocess.run([sys.executable, "-m", "explorer", "train", *arguments], check=True)
    ours = [run for run in runs.listed() if run.id not in before and run.recipe.network == name]
    return keep(name, max(run.id for run in ours))


def keep(name: str, number: int) -> Path:
    """The last weights of run `number` as the file `name`."""
    tensors, card = checkpoints.load(runs.checkpoint(number))
    for weight, tensor in tensors.items():  # biases and statistics take no room
        if tensor.is_floating_point() and tensor.dim() > 1:
            tensors[weight] = tensor.half()
    network = checkpoints.build(card, tensors)
    path = FOLDER / f"{name}.safetensors"
    card = checkpoints.save(
        path,
        tensors,
        replace(
            card,
            command=f"python -m explorer train {COMMANDS[name]}",
            test_loss=None,  # that of the weights in 32 bits
            test_accuracy=accuracy(network, card.dataset, card.size),
            first_accuracy=accuracy(network, card.dataset, card.size, FIRST),
        ),
    )
    print(f"{path.name}: {card.test_accuracy:.4f} on all test pictures, {card.sha256[:12]}")
    return path


@torch.inference_mode()
def accuracy(network: nn.Module, dataset: str, size: int, first: int | None = None) -> float:
    """The share of the (first) test pictures that it recognises, in 32 bits."""
    split = datasets.load(dataset).test
    labels = split.labels[:first]
    right = 0
    for pictures, truth in zip(
        split.pictures[:first].split(BATCH), labels.split(BATCH), strict=True
    ):
        # Channels last takes a third of the time.
        logits = networks.main_answer(network(scale(resize(pictures, size), torch.channels_last)))
        right += int((logits.argmax(dim=1) == truth).sum())
    return right / len(labels)


if __name__ == "__main__":
    for name in sys.argv[1:] or COMMANDS:
        train(name)
