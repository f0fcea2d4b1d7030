"""What the address of this page holds."""

from functools import partial

from explorer.base.language import N_
from explorer.ui import lesson
from explorer.ui.state import Number, OneOf, Open, State

EPSILONS = ("0.00001", "0.001", "0.1", "1", "10")
RUN = 50  # batches in the run; the one on screen comes after them
MOST_GAMMA, MOST_BETA = 5.0, 10.0

DISTRIBUTIONS = {
    "normal": N_("Bell"),
    "uniform": N_("Even"),
    "skewed": N_("Skewed"),
    "two": N_("Two heaps"),
    "outlier": N_("One outlier"),
}
EXPERIMENTS = {
    "moving": N_("Moving averages"),
    "torch": N_("Beside nn.BatchNorm"),
    "alone": N_("A batch of one"),
    "bias": N_("A bias before it"),
    "switch": N_("Mode switch and saving"),
}
STATE = State(
    "batch-norm",
    OneOf("bn_layer", "fc", {"fc": N_("Fully connected"), "conv": N_("Convolution")}),
    OneOf("bn_mode", "training", {"training": N_("Training"), "prediction": N_("Prediction")}),
    OneOf("bn_kind", "normal", DISTRIBUTIONS),
    Number("bn_offset", 4.0, -50.0, 50.0, 0.5),
    Number("bn_scale", 2.0, 0.0, 50.0, 0.1),
    Number("bn_side", 4, 1, 5),
    Number("bn_seed", 0, 0, 999_999),
    Open("bn_own"),
    Number("bn_momentum", 0.9, 0.0, 0.99, 0.01),
    OneOf("bn_start", "1", {"1": N_("Moving variance starts at 1"), "0": N_("… at 0")}),
    OneOf("bn_size", 16, (1, 2, 4, 8, 16, 32)),
    Number("bn_gamma", 1.0, -MOST_GAMMA, MOST_GAMMA, 0.05),
    Number("bn_beta", 0.0, -MOST_BETA, MOST_BETA, 0.05),
    OneOf("bn_eps", EPSILONS[0], EPSILONS),
    Number("bn_seen", 20, 0, RUN),
    OneOf("bn_feature", "1", ("1", "2", "3")),
    OneOf("bn_step", "3", ("3", "2", "1", "0")),
    OneOf("bn_view", "moving", EXPERIMENTS),
    OneOf("bn_quantity", "mean", {"mean": N_("Mean"), "variance": N_("Variance")}),
    Number("bn_bias", 5.0, -10.0, 10.0, 0.5),
    bound=True,
)

to = partial(lesson.setting, "bn")
