"""What a training run is told: a frozen `Recipe`, its checks, and the course's own runs."""

from explorer.recipes.checks import check
from explorer.recipes.course import CURVES, MISTAKES, Curve, Mistake, course_recipe, course_runs
from explorer.recipes.presets import PRESETS, Preset
from explorer.recipes.recipe import (
    INITIALISATIONS,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
    Recipe,
    as_json,
    differences,
    from_json,
)

__all__ = [
    "CURVES",
    "INITIALISATIONS",
    "MISTAKES",
    "OPTIMIZERS",
    "PRECISIONS",
    "PRESETS",
    "SCHEDULES",
    "Curve",
    "Mistake",
    "Preset",
    "Recipe",
    "as_json",
    "check",
    "course_recipe",
    "course_runs",
    "differences",
    "from_json",
]
