"""The network's answer, at the end of the strip: its likeliest classes, the softmax in numbers."""

from typing import Any

import torch

from explorer.base.language import _, ngettext
from explorer.base.units import exact, percent
from explorer.ui.inside.sum_words import bracketed
from pages.inside.feature_maps.layer_view import Layer

MOST = 5  # classes
WRITTEN = 3  # addends of the softmax


def answer(layer: Layer) -> dict[str, Any] | None:
    """What the strip shows of a network's last layer; None if that gives no number for a class."""
    logits = torch.from_numpy(layer.maps).double().flatten()
    if not layer.is_last or not logits.isfinite().all():
        return None
    probabilities = logits.softmax(0).tolist()
    order = logits.argsort(descending=True).tolist()
    names = layer.classes or [_("class {n}").format(n=n) for n in range(len(logits))]
    best = [(names[n], float(logits[n])) for n in order]
    return {
        "title": _("Its answer"),
        "layer": layer.name,
        "bars": [
            {
                "channel": n,
                "name": names[n],
                "share": percent(probabilities[n]),
                "probability": probabilities[n],
                "words": softmax([best[place], *best[:place], *best[place + 1 :]]),
            }
            for place, n in enumerate(order[:MOST])
        ],
        "softmax": softmax(best),
    }


def softmax(logits: list[tuple[str, float]]) -> str:
    """The probability of the first class, from all logits, the largest of the others first."""
    values = torch.tensor([value for _name, value in logits], dtype=torch.float64)
    share = percent(float(values.softmax(0)[0]))
    terms = [f"e^{bracketed(value)}" for _name, value in logits[:WRITTEN]]
    if (rest := len(logits) - WRITTEN) > 0:
        words = ngettext("{n} other", "{n} others", rest)
        terms.append(words.format(n=exact(rest)))
    sentence = _("Softmax: the probability of {class_} is {power} / ({terms}) = {share}")
    return sentence.format(
        class_=logits[0][0], power=terms[0], terms=" + ".join(terms), share=share
    )
