"""Recipes: the course's own, their checks and their sentences, plain data and back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from torch import nn

from explorer import networks
from explorer.networks import NetworkSpec
from explorer.training import recipes
from explorer.training.recipes import PRESETS, Recipe, check, course_recipe, differences
from tests.serving import ROOT

FACTS = json.loads((ROOT / "tests" / "facts" / "course_facts.json").read_text(encoding="utf-8"))
INITIALISATION = {"xavier_uniform": "xavier", "default": "default"}


# The course's runs


@pytest.mark.parametrize("run", FACTS["runs"], ids=lambda r: f"{r['network']}-{r['batch_size']}")
def test_each_run_of_the_course_is_a_preset_with_the_curve_that_it_printed(run: Mapping[str, Any]):
    expected = Recipe(
        network=run["network"],
        options=run["options"],
        size=run["size"],
        epochs=run["epochs"],
        batch_size=run["batch_size"],
        optimizer=run["optimizer"].lower(),
        learning_rate=run["learning_rate"],
        weight_decay=run["weight_decay"],
        initialisation=INITIALISATION[run["initialization"]],
    )
    same = [preset.reported for preset in PRESETS.values() if preset.recipes == (expected,)]
    assert [reported and reported.test_accuracy for reported in same] == [
        run["final_test_accuracy"]
    ]
    curve = recipes.CURVES[run["network"], run["batch_size"]]
    assert list(curve.train_loss) == run["loss"]
    assert list(curve.train_accuracy) == run.get("train_accuracy", [])
    assert list(curve.test_accuracy) == run.get("test_accuracy", [])
    assert len(curve.train_loss) == run["epochs"]


def test_a_network_has_the_recipe_of_the_run_with_its_options():
    narrow = course_recipe("vgg11", {"conv_ratio": "8", "fc_ratio": 8})
    assert (narrow.batch_size, narrow.learning_rate) == (256, 0.001)
    assert narrow.options == {"conv_ratio": 8, "fc_ratio": 8}
    whole = course_recipe("vgg11")
    assert (whole.batch_size, whole.learning_rate, whole.options) == (32, 0.0001, {})


@pytest.mark.parametrize("name", ["vgg16", "torchvision/resnet50", "torchvision/inception_v3"])
def test_a_network_that_the_course_never_trained_has_a_recipe_too(name: str):
    recipe = course_recipe(name)
    assert check(recipe) == recipe
    assert recipe.size == networks.get(name).input_size[1]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_trained_and_comes_back_from_plain_data(name: str):
    for recipe in PRESETS[name].recipes:
        assert check(recipe) == recipe
        assert recipes.from_json(json.loads(json.dumps(recipes.as_json(recipe)))) == recipe


def test_the_courses_experiments_change_what_they_are_about():
    changed = {name: set(differences(PRESETS[name].recipes)) for name in PRESETS}
    assert changed["activations"] == {"activation"}
    assert changed["depth"] == {"layers", "shortcut"}
    assert changed["generations"] & {"network"}


def pairs(name: str) -> list[tuple[Recipe, Recipe]]:
    """An experiment's recipes, two by two: without what it is about, and with it."""
    every = PRESETS[name].recipes
    return list(zip(every[::2], every[1::2], strict=True))


def built(recipe: Recipe) -> nn.Module:
    return NetworkSpec.parse(recipe.network, recipe.options).build_on_meta()


def layers(recipe: Recipe) -> list[tuple[str, str]]:
    """Name of each layer of a recipe's network, and its type and settings, as torch writes them."""
    modules = built(recipe).named_modules()
    return [(name, repr(each)) for name, each in modules if not [*each.children()]]


def parameters(recipe: Recipe) -> int:
    return sum(weight.numel() for weight in built(recipe).parameters())


def test_with_and_without_batch_norm_nothing_else_differs():
    rates = []
    for without, having in pairs("batch-norm"):
        batch_norms = [each for each in layers(having) if each[1].startswith("BatchNorm")]
        assert [name for name, _text in batch_norms] == ["bn1", "bn2", "bn3", "bn4"]
        assert layers(without) == [each for each in layers(having) if each not in batch_norms]
        assert replace(without, network=having.network, options=having.options) == having
        rates.append(having.learning_rate)
    assert rates == sorted(set(rates))
    assert len(rates) == 3
    every = [replace(having, learning_rate=1.0) for _without, having in pairs("batch-norm")]
    assert every == [every[0]] * 3


def test_plain_and_residual_networks_differ_in_their_shortcuts_alone():
    depths = []
    for plain, residual in pairs("depth"):
        assert set(differences([plain, residual])) == {"shortcut"}
        shortcuts = [each for each in layers(residual) if each[0].endswith(".shortcut")]
        assert layers(plain) == [each for each in layers(residual) if each not in shortcuts]
        where_maps_shrink = [f"stage{number}.block1.shortcut" for number in (3, 4, 5)]
        assert [name for name, _text in shortcuts] == where_maps_shrink
        projections = sum(c * 2 * c + 2 * c for c in (16, 32, 64))  # weights and biases, c → 2 c
        assert parameters(residual) - parameters(plain) == projections < 0.04 * parameters(plain)
        kinds = [text.partition("(")[0] for _name, text in layers(plain)]
        assert kinds.count("BatchNorm2d") == kinds.count("Conv2d")
        depths.append(kinds.count("Conv2d") + kinds.count("Linear"))
    assert depths == [10, 18, 34]
    assert set(differences([residual for _plain, residual in pairs("depth")])) == {"layers"}


@pytest.mark.parametrize(("depth", "published"), [(18, 11_689_512), (34, 21_797_672)])
def test_residual_networks_are_torchvisions_but_for_biases_and_shortcuts(
    depth: int, published: int
):
    recipe = Recipe("resnet18", {"layers": depth, "in_channels": 3, "num_classes": 1000})
    convolutions = [text for _name, text in layers(recipe) if text.startswith("Conv2d")]
    biases = sum(int(text.split(",")[1]) for text in convolutions)
    batch_norms_of_shortcuts = 2 * (128 + 256 + 512)
    assert parameters(recipe) - biases + batch_norms_of_shortcuts == published


# Checks


def test_a_recipe_gets_one_spelling():
    spelled = Recipe("vgg11", {"conv_ratio": "8", "fc_ratio": 1}, size=224, batch_size=32)
    assert check(spelled).options == {"conv_ratio": 8}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "lenet5"}, ["lenet5", "lenet"]),
        ({"options": {"pooling": "none"}}, ["pooling", "avg or max"]),
        ({"options": {"depth": 3}}, ["no option “depth”"]),
        ({"options": {"num_classes": 10}}, ["num_classes", "follows from the data"]),
        ({"dataset": "imagenet"}, ["imagenet", "fashion_mnist"]),
        ({"dataset": "images"}, ["folder or a zip"]),
        ({"epochs": 0}, ["1 to 1000", "0 is not"]),
        ({"epochs": 10**9}, ["1 to 1000"]),
        ({"batch_size": 0}, ["batch size", "1 to 4096"]),
        ({"batch_size": 5000}, ["1 to 4096"]),
        ({"learning_rate": 0.0}, ["learning rate", "0 is not"]),
        ({"learning_rate": -1.0}, ["-1 is not"]),
        ({"learning_rate": float("nan")}, ["nan is not"]),
        ({"learning_rate": float("inf")}, ["inf is not"]),
        ({"momentum": 1.0, "optimizer": "sgd"}, ["momentum", "0.9"]),
        ({"momentum": 0.9}, ["Adam", "sgd"]),
        ({"weight_decay": float("nan")}, ["weight decay"]),
        ({"optimizer": "lion"}, ["optimizer", "lion", "adam, sgd"]),
        ({"schedule": "linear"}, ["schedule", "cosine"]),
        ({"initialisation": "ones"}, ["initialisation", "xavier"]),
        ({"precision": "float8"}, ["precision", "bfloat16"]),
        ({"device": "cuda:first"}, ["cuda:first", "cuda:1"]),
        ({"seed": -1}, ["seed"]),
        ({"crop": 1000}, ["crop"]),
        ({"train_subset": 60_001}, ["60001", "60000"]),
        ({"test_subset": -5}, ["-5"]),
        ({"size": 0}, ["size"]),
        ({"size": 224}, ["fc1 wants 400 numbers, but", "28 × 28 to 31 × 31"]),
        ({"dataset": "digits", "path": "/data/x"}, ["digits needs no path; “/data/x” is one"]),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(changes: dict[str, Any], words: list[str]):
    with pytest.raises(ValueError, match=r"[.?]$") as caught:
        check(replace(course_recipe("lenet"), **changes))
    for word in words:
        assert word in str(caught.value)


def test_the_last_batch_must_not_be_one_picture_where_batch_norm_reads_it():
    recipe = replace(course_recipe("bn_lenet"), options={"norm": "nn"}, train_subset=65)
    with pytest.raises(ValueError, match="single picture"):
        check(replace(recipe, batch_size=32))
    check(replace(recipe, batch_size=33))
    check(replace(course_recipe("lenet"), train_subset=65, batch_size=32))


# Plain data


def test_what_is_left_out_has_its_default():
    assert recipes.from_json({"network": "nin", "learning_rate": 1}) == Recipe(
        "nin", learning_rate=1.0
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "object"),
        ([], "object"),
        ({}, "network"),
        ({"network": 3}, "network"),
        ({"network": "lenet", "speed": 1}, "no field “speed”"),
        ({"network": "lenet", "epochs": "5"}, "epochs of a recipe is a whole number"),
        ({"network": "lenet", "epochs": True}, "whole number"),
        ({"network": "lenet", "flip": 1}, "true or false"),
        ({"network": "lenet", "learning_rate": None}, "a number"),
        ({"network": "lenet", "options": [1]}, "options"),
        ({"network": "lenet", "options": {"pooling": None}}, "options"),
    ],
)
def test_data_that_is_no_recipe_is_answered_with_a_sentence(data: object, words: str):
    with pytest.raises(ValueError, match=words):
        recipes.from_json(data)


# Differences


def test_differences_name_fields_and_options_with_the_value_in_each():
    """An option that a network does not have, or one that is gone, is None there."""
    plain = course_recipe("lenet")
    other = replace(plain, options={"activation": "relu"}, seed=3)
    assert differences([plain, other]) == {"activation": ("sigmoid", "relu"), "seed": (0, 3)}
    assert differences([plain, plain]) == {}
    assert differences([plain]) == {}
    nin = differences([Recipe("lenet"), Recipe("nin", size=224)])
    assert (nin["pooling"], nin["size"]) == (("avg", None), (28, 224))
    assert differences([Recipe("lenet"), Recipe("lost", {"width": 3})])["width"] == (None, 3)
