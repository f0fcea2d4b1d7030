"""What the address of this page holds."""

from explorer.lessons.normalisation import DISTRIBUTIONS
from explorer.ui.fields import Number, OneOf, Open
from explorer.ui.state import State

EPSILONS = ("0.00001", "0.001", "0.1", "1", "10")
RUN = 50  # batches in the run; the one on screen comes after them
MOST_GAMMA, MOST_BETA = 5.0, 10.0

STATE = State(
    "batch-norm",
    OneOf("bn_layer", "fc", ("fc", "conv")),
    OneOf("bn_mode", "training", ("training", "prediction")),
    OneOf("bn_kind", "normal", DISTRIBUTIONS),
    Number("bn_offset", 4.0, -50.0, 50.0, 0.5),
    Number("bn_scale", 2.0, 0.0, 50.0, 0.1),
    Number("bn_side", 4, 1, 5),
    Number("bn_seed", 0, 0, 999_999),
    Open("bn_own"),
    Number("bn_momentum", 0.9, 0.0, 0.99, 0.01),
    OneOf("bn_start", "1", ("1", "0")),
    OneOf("bn_size", 16, (1, 2, 4, 8, 16, 32)),
    Number("bn_gamma", 1.0, -MOST_GAMMA, MOST_GAMMA, 0.05),
    Number("bn_beta", 0.0, -MOST_BETA, MOST_BETA, 0.05),
    OneOf("bn_eps", EPSILONS[0], EPSILONS),
    Number("bn_seen", 20, 0, RUN),
    OneOf("bn_feature", "1", ("1", "2", "3")),
    OneOf("bn_step", "3", ("3", "2", "1", "0")),
    OneOf("bn_view", "moving", ("moving", "torch", "alone", "bias", "switch")),
    OneOf("bn_quantity", "mean", ("mean", "variance")),
    Number("bn_bias", 5.0, -10.0, 10.0, 0.5),
    bound=True,
)
