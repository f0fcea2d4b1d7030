"""Why this class? Ways to say which pixels a network's answer depends on, and a check of them.

To add one: a function in `methods.py` and its entry in `METHODS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from explorer.base.language import N_
from explorer.inside.attribution.checking import (
    STEPS,
    Deletion,
    Guess,
    agreement,
    by_chance,
    deletion,
    mean,
    top,
)
from explorer.inside.attribution.methods import (
    BASELINES,
    Progress,
    baseline,
    grad_cam,
    integrated_gradients,
    occlusion,
    patches,
    saliency,
)
from explorer.inside.attribution.running import convolutions, places


@dataclass(frozen=True)
class Method:
    """One way to explain an answer."""

    title: str
    about: str
    explain: Callable[..., Tensor]
    formula: str  # in TeX; s is the class's logit, x the picture
    paper: str
    signed: bool  # whether negative numbers speak against the class, or there are none
    options: tuple[str, ...] = ()  # names of further arguments of `explain`


METHODS: dict[str, Method] = {
    "saliency": Method(
        N_("Saliency"),
        N_("How fast the answer changes with each pixel."),
        saliency,
        r"\max_c \left|\frac{\partial s}{\partial x_c}\right|",
        "Simonyan et al. 2013",
        signed=False,
    ),
    "integrated_gradients": Method(
        N_("Integrated gradients"),
        N_("What each pixel adds to the answer on the way from an empty picture to this one."),
        integrated_gradients,
        r"\sum_c (x_c - x'_c)\ \overline{\frac{\partial s}{\partial x_c}}",
        "Sundararajan et al. 2017",
        signed=True,
        options=("steps", "baseline", "progress"),
    ),
    "grad_cam": Method(
        N_("Grad-CAM"),
        N_("Where the maps of one layer speak for this class."),
        grad_cam,
        r"\max\Bigl(0,\ \sum_m \overline{\frac{\partial s}{\partial A_m}}\, A_m\Bigr)",
        "Selvaraju et al. 2017",
        signed=False,
        options=("layer",),
    ),
    "occlusion": Method(
        N_("Occlusion"),
        N_("How much the answer falls when a patch is covered."),
        occlusion,
        r"s(x) - \overline{s(x_\square)}",
        "Zeiler & Fergus 2014",
        signed=True,
        options=("patch", "stride", "baseline", "progress"),
    ),
}
