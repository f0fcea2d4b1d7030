"""What to try with batch normalisation, and what learners ask."""

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from explorer.base.language import N_, _
from explorer.lessons import normalisation
from explorer.lessons.normalisation import Steps
from explorer.ui.lesson import Question, Setting
from pages.learn.batch_norm.settings import Choice
from pages.learn.batch_norm.state import MOST_BETA, MOST_GAMMA, RUN, to


def prompts(steps: Steps, choice: Choice) -> dict[str, Setting]:
    """Experiments, one click each; the second is made for the batch on screen."""
    training = partial(to, mode="training")
    alone = training(size=1, view="alone", own="", gamma=1.0, beta=0.0)
    return {
        _("Offset 40, scale 20"): training(offset=40.0, scale=20.0, own=""),
        _("γ = σ, β = μ undo it"): training(**_undo(steps.raw, choice), step=3),
        _("γ = 0"): to(gamma=0.0, step=3),
        _("One outlier"): training(kind="outlier", own=""),
        _("Batch of one"): alone,
        _("Predict after 5 batches"): to(mode="prediction", seen=5, view="moving"),
    }


def _undo(x: Tensor, choice: Choice) -> dict[str, object]:
    """γ = σ and β = μ of the batch x; where the sliders end before, with a batch in their reach."""
    sigma, mean = _sigma_and_mean(x, choice)
    usual: dict[str, object] = {}
    if sigma > MOST_GAMMA or abs(mean) > MOST_BETA:
        source = replace(choice.source, distribution="normal", offset=4.0, scale=2.0, own=None)
        sigma, mean = _sigma_and_mean(normalisation.batch(source, RUN), choice)
        layer = "conv" if source.side else "fc"
        usual = {"kind": "normal", "offset": 4.0, "scale": 2.0, "own": "", "layer": layer}
    return {**usual, "gamma": _within(sigma, MOST_GAMMA), "beta": _within(mean, MOST_BETA)}


def _sigma_and_mean(x: Tensor, choice: Choice) -> tuple[float, float]:
    """√(variance + ε) and mean of the chosen feature."""
    values = normalisation.per_channel(x)[choice.feature]
    return float(torch.sqrt(values.var(correction=0) + choice.eps)), float(values.mean())


def _within(value: float, most: float) -> float:
    """`value` on a slider from −`most` to `most` in steps of 0.05."""
    return max(-most, min(most, round(round(value / 0.05) * 0.05, 2)))


# -- what learners ask ------------------------------------------------------------------------

ASKED = (
    Question(
        N_("Do γ and β start at 0 and 1? And the moving variance at 0?"),
        N_(
            "The other way round: γ starts at 1 and β at 0, so that the layer begins by only "
            "normalising. And the moving variance must start at 1: from 0, a network that has "
            "seen no batch divides by √ε in prediction, which multiplies by 316. See it happen."
        ),
        to(mode="prediction", seen=0, start="0", gamma=1.0, beta=0.0, eps="0.00001", view="moving",
           step=3),
    ),
    Question(
        N_("I trained with one picture at a time, and all answers are the same. Why?"),
        N_(
            "In training, a fully connected batch norm takes its mean over the batch. One picture "
            "is its own mean, so every picture leaves as β. nn.BatchNorm1d refuses such a batch; "
            "the course's own layer did not. A larger batch helps, or eval()."
        ),
        to(layer="fc", mode="training", size=1, view="alone", own=""),
    ),
    Question(
        N_("I called eval() and the statistics still change. Why?"),
        N_(
            "The course's layer asks whether gradients are on, not which mode it is in: eval() "
            "alone does not switch it, and a training pass under no_grad uses the moving averages "
            "in silence. Layers should ask self.training. And net.eval without brackets calls "
            "nothing at all."
        ),
        to(view="switch"),
    ),
    Question(
        N_("After saving and loading, the network predicts badly. Why?"),
        N_(
            "If moving mean and variance are plain tensors and not buffers, state_dict does not "
            "hold them: they are lost on saving, and .to(device) leaves them behind."
        ),
        to(view="switch"),
    ),
    Question(
        N_("My own layer equals nn.BatchNorm2d in training, but not in prediction. Why?"),
        N_(
            "The moving variance. Torch averages the variance that divides by N − 1, the course's "
            "layer the one that divides by N. With 8 pictures of 5 × 5 that is a factor of "
            "200/199; the smaller the batch, the more it shows."
        ),
        to(layer="conv", mode="training", size=8, side=5, view="torch", own=""),
    ),
    Question(
        N_("Why does batch normalisation work?"),
        N_(
            "That is not settled: the paper's story of “internal covariate shift” is disputed. "
            "What can be seen: however large the values that arrive, what leaves has the same "
            "scale, so a wider range of learning rates works. Move offset and scale: nothing "
            "behind the layer notices."
        ),
        to(mode="training", offset=40.0, scale=20.0, step=0, own=""),
    ),
)  # fmt: skip
