"""The weights that come with the program: each does what its card says."""

import pytest

from checkpoints.train import COMMANDS, FOLDER, accuracy
from explorer import networks, weights
from explorer.data import datasets
from explorer.networks import NetworkSpec
from explorer.training import checkpoints, recipes
from explorer.training.checkpoints import FIRST

FILES = sorted(FOLDER.glob("*.safetensors"))
MOST_BYTES = 80_000_000
CHANCE = 0.1

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def test_the_courses_networks_are_there_and_small() -> None:
    assert {path.stem for path in FILES} == set(COMMANDS)
    assert sum(path.stat().st_size for path in FILES) < MOST_BYTES
    kinds = {checkpoints.read_card(path).network for path in FILES}
    assert kinds >= {"lenet", "bn_lenet", "vgg11", "nin", "densenet", "resnet18", "googlenet"}


@every_file
def test_a_card_tells_how_to_have_it_again(path) -> None:
    card = checkpoints.read_card(path)
    assert card.command == f"python -m explorer train {COMMANDS[path.stem]}"
    assert (card.seed, card.dataset, len(card.classes)) == (0, "fashion_mnist", 10)
    assert len(card.commit) >= 7
    assert card.date.startswith("20")
    assert len(card.sha256) == 64
    recipe = recipes.from_json(dict(card.recipe))
    assert (recipe.network, recipe.size, recipe.epochs) == (card.network, card.size, card.epoch)
    architecture = networks.get(card.network)
    # An option that came later keeps its default.
    assert architecture.resolve(card.options).items() >= dict(card.options).items()


@every_file
def test_it_is_as_good_as_its_card_says(path) -> None:
    if not datasets.at_hand("fashion_mnist"):
        pytest.skip("Fashion-MNIST cannot be had here")
    card = checkpoints.read_card(path)
    assert card.first_accuracy is not None
    assert card.test_accuracy is not None
    assert card.test_accuracy > 6 * CHANCE
    network = weights.load(NetworkSpec.parse(card.network), f"shipped:{path.stem}")
    # A product's last bit differs from one kind of processor to another.
    own = accuracy(network, card.dataset, card.size, FIRST)
    assert own == pytest.approx(card.first_accuracy, abs=0.003)
