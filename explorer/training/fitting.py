"""How much work a recipe is, and the same recipe made to fit a time."""

from dataclasses import replace

from explorer.training.budget import TEST_SHARE
from explorer.training.recipes import Recipe

LEAST_EPOCHS = 3  # fewer points are no curve
LEAST_BATCHES = 4  # in an epoch
LEAST_TESTS = 50  # pictures: their accuracy has a standard error of 7 points at most
TESTING = 0.25  # of the work of an epoch, where pictures are left out


def share(recipe: Recipe, train: int, test: int) -> float:
    """How much there is to do, in epochs of a whole data set of so many pictures, with tests."""
    of_epoch = (recipe.train_subset or train) + (recipe.test_subset or test) * TEST_SHARE
    return recipe.epochs * of_epoch / (train + test * TEST_SHARE)


def fitted(recipe: Recipe, epochs: float, train: int, test: int) -> Recipe | None:
    """The recipe with at most the work of so many whole `epochs` of its data set.

    Epochs are left out first, down to three; then pictures, to whole batches. None if even that
    would be too much.
    """
    if share(recipe, train, test) <= epochs:
        return recipe
    fewest = min(LEAST_EPOCHS, recipe.epochs)
    affordable = int(epochs / share(replace(recipe, epochs=1), train, test))
    if affordable >= fewest:
        return replace(recipe, epochs=affordable)
    work = epochs / fewest * (train + test * TEST_SHARE)  # of an epoch, in training pictures
    tests = min(recipe.test_subset or test, int(work * TESTING / TEST_SHARE))
    pictures = int((work - tests * TEST_SHARE) / recipe.batch_size) * recipe.batch_size
    pictures = min(pictures, recipe.train_subset or train)
    if pictures < LEAST_BATCHES * recipe.batch_size or tests < LEAST_TESTS:
        return None
    return replace(recipe, epochs=fewest, train_subset=pictures, test_subset=tests)
