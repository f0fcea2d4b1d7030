"""What to try with batch normalisation, and what learners ask."""

import torch

from explorer.base.language import N_, _
from explorer.lessons import normalisation
from explorer.lessons.normalisation import Source
from explorer.ui.lesson import Question, Setting, seen_at
from pages.learn.batch_norm.state import MOST_BETA, MOST_GAMMA, RUN, to

EXPERIMENT = "bn_experiment"  # key of the place below the picture


def prompts() -> dict[str, Setting]:
    """Experiments, one click each."""
    return {
        _("Offset 40, scale 20"): to(offset=40.0, scale=20.0),
        _("γ = σ, β = μ undo it"): _undo(),
        _("γ = 0"): to(gamma=0.0),
        _("One outlier"): to(kind="outlier"),
        _("Batch of one"): seen_at(EXPERIMENT, to(size=1, view="alone")),
        _("Predict after 5 batches"): to(mode="prediction", seen=5),
    }


def _undo() -> Setting:
    """γ = σ and β = μ of the first feature of the batch that the page opens with."""
    values = normalisation.per_channel(normalisation.batch(Source(), RUN))[0]
    sigma = torch.sqrt(values.var(correction=0) + normalisation.EPS)
    return to(
        gamma=_within(float(sigma), MOST_GAMMA), beta=_within(float(values.mean()), MOST_BETA)
    )


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
        to(mode="prediction", seen=0, start="0"),
    ),
    Question(
        N_("I trained with one picture at a time, and all answers are the same. Why?"),
        N_(
            "In training, a fully connected batch norm takes its mean over the batch. One picture "
            "is its own mean, so every picture leaves as β. nn.BatchNorm1d refuses such a batch; "
            "the course's own layer did not. A larger batch helps, or eval()."
        ),
        seen_at(EXPERIMENT, to(size=1, view="alone")),
    ),
    Question(
        N_("I called eval() and the statistics still change. Why?"),
        N_(
            "The course's layer asks whether gradients are on, not which mode it is in: eval() "
            "alone does not switch it, and a training pass under no_grad uses the moving averages "
            "in silence. Layers should ask self.training. And net.eval without brackets calls "
            "nothing at all."
        ),
        seen_at(EXPERIMENT, to(view="switch")),
    ),
    Question(
        N_("After saving and loading, the network predicts badly. Why?"),
        N_(
            "If moving mean and variance are plain tensors and not buffers, state_dict does not "
            "hold them: they are lost on saving, and .to(device) leaves them behind."
        ),
        seen_at(EXPERIMENT, to(view="switch")),
    ),
    Question(
        N_("My own layer equals nn.BatchNorm2d in training, but not in prediction. Why?"),
        N_(
            "The moving variance. Torch averages the variance that divides by N − 1, the course's "
            "layer the one that divides by N. With 8 pictures of 5 × 5 that is a factor of "
            "200/199; the smaller the batch, the more it shows."
        ),
        seen_at(EXPERIMENT, to(layer="conv", size=8, side=5, view="torch")),
    ),
    Question(
        N_("Why does batch normalisation work?"),
        N_(
            "That is not settled: the paper's story of “internal covariate shift” is disputed. "
            "What can be seen: however large the values that arrive, what leaves has the same "
            "scale, so a wider range of learning rates works. Move offset and scale: nothing "
            "behind the layer notices."
        ),
        to(offset=40.0, scale=20.0, step=0),
    ),
)
