"""What a training run tells while it goes: one frozen record after another.

Losses are means per picture (cross-entropy, natural logarithm), accuracies fractions from 0 to 1,
times seconds without pauses. Epochs count from 1, steps from 0; a record's `step` is the number
of steps done when it was made.
"""

from dataclasses import dataclass, field

from torch import Tensor

from explorer.base.reasons import CodedError, Reason


@dataclass(frozen=True)
class Started:
    """The first record, also after a resume: what will be trained, on what.

    `samples` are the test pictures (indices into the whole test split) that the snapshots show;
    `forward_flops` counts one picture; `first_kernels` names the first convolution.
    """

    parameters: int
    train_images: int
    test_images: int
    steps_per_epoch: int
    total_steps: int
    epochs: int
    precision: str  # "float32" or "bfloat16"
    channels_last: bool
    threads: int
    torch_version: str
    forward_flops: int
    samples: tuple[int, ...]
    first_kernels: str | None
    precision_reason: str = ""  # why this precision, as a code: see `machine.Numbers`
    test_digest: str = ""  # see `Data.test_digest`


@dataclass(frozen=True)
class Steps:
    """The steps since the last such record, about four times a second; all lists equally long.

    `first_step` is the number of the first of them; `images` and `seconds` are totals of the run.
    """

    first_step: int
    epoch: int
    loss: list[float]
    accuracy: list[float]
    gradient_norm: list[float]
    learning_rate: list[float]
    images: int
    seconds: float


@dataclass(frozen=True)
class Capture:
    """How a GPU is told its steps from here on: as one recorded graph, or each operation by itself.

    Where it is not recorded, `reason` is a code: "failed" (`error` is what the library said),
    "differs" from ordinary steps (by `excess` times what is let pass, None where it gave no
    numbers), "runaway": the ordinary steps gave none, or "no_room" for a graph beside them.
    """

    captured: bool
    reason: str = ""
    error: str = ""
    excess: float | None = 0.0


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What the network is now: at the start (epoch 0), about once a second, after each epoch.

    `kernels` are those of the first convolution (K, C, h, w), None without one; `probabilities`
    (samples, classes) are its answers to the samples. Both float32 on the CPU.
    """

    epoch: int
    step: int
    kernels: Tensor | None
    probabilities: Tensor


@dataclass(frozen=True)
class Testing:
    """A sign of life while the test pictures are gone through, about four times a second."""

    seconds: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network answers to the test pictures.

    The three tensors have one entry per picture, in the split's order (`subset_indices` says which
    pictures a subset takes), on the CPU: predicted class (int16), its probability and the true
    class's (float16).
    """

    test_loss: float
    test_accuracy: float
    predicted: Tensor
    confidence: Tensor
    true_probability: Tensor


@dataclass(frozen=True, eq=False)
class Epoch(Evaluation):
    """The end of an epoch. Training figures are of the pictures as they were trained on.

    `images_per_second` counts training alone, `seconds` the whole run so far.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    images_per_second: float
    seconds: float


@dataclass(frozen=True)
class Diverged:
    """The end of a run whose numbers ran away; the reason says why and what to do."""

    epoch: int
    step: int
    reason: Reason


@dataclass(frozen=True)
class Finished:
    """The end of a run that went through all its epochs."""


Record = Started | Steps | Capture | Snapshot | Testing | Epoch | Diverged | Finished


@dataclass(frozen=True, eq=False)
class State:
    """All that a run needs to go on as if it had never stopped.

    `step` counts from the start, `step_in_epoch` within `epoch`; `tensors` hold the weights under
    "network.", the optimiser under "optimizer." and the random numbers under "rng.", copied, on
    the CPU. `sums` belong to the running epoch: "images", "loss" and "correct" over them,
    and "seconds".
    """

    epoch: int
    step: int
    step_in_epoch: int
    seconds: float
    tensors: dict[str, Tensor]
    sums: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Budget:
    """What a run will take, from a few measured steps: bytes and seconds.

    `tensors` of one step are computed, `memory` is what the process took with libraries and
    buffers. `saving` are those of the `seconds` in which the training waits for weights to be kept.
    Measured pieces took `fastest` to `slowest` times the mean of them.
    """

    parameters: int
    tensors: int
    memory: int
    seconds: float
    images_per_second: float
    saving: float = 0.0
    fastest: float = 1.0
    slowest: float = 1.0


class OutOfMemory(CodedError):
    """The network does not fit; the message says how much it needs and what would fit."""
