"""Recipes made to fit a time."""

from dataclasses import replace

import numpy as np
import pytest

from explorer.training.fitting import LEAST_EPOCHS, fitted, share
from explorer.training.recipes import Recipe

TRAIN, TEST = 60_000, 10_000
COURSE = Recipe("lenet", epochs=10, batch_size=256)


def test_work_is_counted_in_epochs_of_the_whole_data():
    assert share(COURSE, TRAIN, TEST) == 10
    half = replace(COURSE, train_subset=30_000, test_subset=5_000)
    assert share(half, TRAIN, TEST) == pytest.approx(5)


def test_what_fits_stays_as_it_is():
    assert fitted(COURSE, 10, TRAIN, TEST) is COURSE


def test_epochs_are_left_out_before_pictures():
    assert fitted(COURSE, 4.7, TRAIN, TEST) == replace(COURSE, epochs=4)
    shorter = fitted(COURSE, 1.5, TRAIN, TEST)
    assert shorter
    assert shorter.epochs == LEAST_EPOCHS
    assert 0 < shorter.train_subset < TRAIN
    assert shorter.train_subset % COURSE.batch_size == 0


def test_what_cannot_be_made_to_fit_is_refused():
    assert fitted(COURSE, 0.001, TRAIN, TEST) is None


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_fitted_fits_and_is_no_larger(seed: int):
    draw = np.random.default_rng(seed)
    recipe = replace(
        COURSE,
        epochs=int(draw.integers(1, 30)),
        batch_size=int(draw.integers(1, 400)),
        train_subset=int(draw.integers(0, 2)) * int(draw.integers(500, TRAIN)),
        test_subset=int(draw.integers(0, 2)) * int(draw.integers(100, TEST)),
    )
    epochs = float(draw.uniform(0.01, 12))
    result = fitted(recipe, epochs, TRAIN, TEST)
    if result is None:
        assert epochs < 0.5
        return
    assert share(result, TRAIN, TEST) <= epochs + 1e-9
    assert 1 <= result.epochs <= recipe.epochs
    for name in ("train_subset", "test_subset"):
        whole = TRAIN if name == "train_subset" else TEST
        assert (getattr(result, name) or whole) <= (getattr(recipe, name) or whole)
    same = {name: getattr(recipe, name) for name in ("epochs", "train_subset", "test_subset")}
    assert replace(result, **same) == recipe
