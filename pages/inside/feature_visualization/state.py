"""What the address of this page holds."""

from explorer.base.language import N_
from explorer.inside.feature_visualization import Settings
from explorer.ui import model_picker
from explorer.ui.state import Number, OneOf, Open

_ASCENT = Settings()

STATE = model_picker.state(
    "excites",
    Open("layer"),
    Open("channel"),
    Open("data"),
    Open("among"),
    OneOf("sort", "index", {"index": N_("by number"), "value": N_("by value")}),
    OneOf("show", "pictures", {"pictures": N_("whole, framed"), "patches": N_("what it sees")}),
    OneOf("goal", "unit", {"unit": N_("its middle unit"), "mean": N_("all its units")}),
    Number("steps", _ASCENT.steps, 8, 512, 8),
    Number("rate", _ASCENT.rate, 0.005, 0.3, 0.005),
    Number("noise", _ASCENT.seed, 0, 9999),
    Number("tv", _ASCENT.variation, 0.0, 1.0, 0.05),
    Number("l2", _ASCENT.decay, 0.0, 2.0, 0.1),
    Number("jitter", _ASCENT.jitter, 0, 16),
    Number("blur", _ASCENT.blur, 0.0, 2.0, 0.1),
)
