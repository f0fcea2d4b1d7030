"""What a network answers to the test pictures, gathered batch by batch on its device."""

import torch
from torch import Tensor
from torch.nn.functional import nll_loss

from explorer.base.device import free_memory
from explorer.training.records import Evaluation
from explorer.training.setting import Setting

PIXELS = 2_000_000  # in one batch: nothing is kept for a backward pass
FEWEST, MOST = 16, 1000
MOST_ON_GPU = 4096
SHARE_OF_MEMORY = 0.25  # of what is free on a GPU


def batch_size(setting: Setting) -> int:
    """How many pictures are tested at once: a GPU is slow at small batches, and has the memory."""
    recipe = setting.recipe
    on_cpu = min(max(PIXELS // recipe.size**2, FEWEST), MOST)
    if setting.device.kind == "cpu":
        return on_cpu
    # What one takes in training, the weights included, is more than enough for it.
    picture = setting.memory(recipe.batch_size) / recipe.batch_size
    fitting = SHARE_OF_MEMORY * free_memory(setting.device) / picture
    return max(on_cpu, min(int(fitting), MOST_ON_GPU))


class Answers:
    """Collects logits and adds them up at the end, so that nothing waits in between."""

    def __init__(self) -> None:
        self._batches: list[tuple[Tensor, ...]] = []

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """The next batch: logits (B, K) and labels (B,)."""
        logarithms = logits.log_softmax(dim=1)
        best = logarithms.max(dim=1)
        loss = nll_loss(logarithms, labels, reduction="sum")[None]
        true = logarithms.gather(1, labels[:, None])[:, 0]
        self._batches.append((loss, best.indices, best.values, true, best.indices == labels))

    def result(self) -> Evaluation:
        """Over everything that was added."""
        losses, predicted, confidence, true, right = map(
            torch.cat, zip(*self._batches, strict=True)
        )
        # A loss too small for float32's sum over all is still right per batch: add in Python.
        return Evaluation(
            test_loss=sum(losses.tolist()) / len(right),
            test_accuracy=int(right.sum()) / len(right),
            predicted=predicted.to(torch.int16).cpu(),
            confidence=confidence.exp().half().cpu(),
            true_probability=true.exp().half().cpu(),
        )
