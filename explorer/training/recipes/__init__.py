"""What a training run is told: a frozen `Recipe`, its checks, and the course's own runs."""

from explorer.training.recipes.course import (
    CURVES,
    MISTAKES,
    PRESETS,
    Curve,
    Mistake,
    Preset,
    course_recipe,
    course_runs,
)
from explorer.training.recipes.recipe import (
    INITIALISATIONS,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    USUAL_RATES,
    Recipe,
    as_json,
    check,
    differences,
    from_json,
)
