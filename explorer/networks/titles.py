"""What a network is called, with all that is built otherwise than usual."""

from explorer.base.language import N_, _
from explorer.networks.registry import NetworkSpec, Value, option_title

WIDTHS: dict[Value, str] = {4: N_("a quarter of the width"), 8: N_("an eighth of the width")}


def title(spec: NetworkSpec) -> str:
    """For example "VGG-11, an eighth of the width", or "LeNet-5, activation relu"."""
    changed = spec.changed
    ratios = {value for name, value in spec.values.items() if name.endswith("_ratio")}
    parts = [_(WIDTHS[each]) for each in ratios & WIDTHS.keys() if len(ratios) == 1]
    parts += [
        f"{option_title(name)} {value}"
        for name, value in changed.items()
        if not (parts and name.endswith("_ratio"))
    ]
    return ", ".join([spec.architecture.title, *parts])
