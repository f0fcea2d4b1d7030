"""The commands `train` and `runs`: training runs without a page, in the same store as the pages."""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from explorer import runs
from explorer.base.language import N_, _
from explorer.base.plain_text import one_line
from explorer.base.units import duration, percent
from explorer.cli import watch_run
from explorer.cli.watch_run import table
from explorer.data import datasets
from explorer.runs import Run, metrics
from explorer.training import recipes
from explorer.training.recipes import Recipe, beside_course

# Flag → the recipe's field, what it takes, and what it means.
_RECIPE: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "--dataset": ("dataset", str, N_("fashion_mnist, mnist, cifar10, digits or images")),
    "--epochs": ("epochs", int, N_("times through all pictures")),
    "--seed": (
        "seed",
        int,
        N_("the same seed gives the same curve (on a GPU to rounding)"),
    ),
    "--batch-size": ("batch_size", int, N_("pictures for each step")),
    "--lr": ("learning_rate", float, N_("learning rate")),
    "--optimizer": ("optimizer", str, N_("adam or sgd")),
    "--momentum": ("momentum", float, N_("momentum of sgd")),
    "--weight-decay": ("weight_decay", float, N_("pull of the weights towards zero")),
    "--schedule": ("schedule", str, N_("of the learning rate: constant, cosine or step")),
    "--init": ("initialisation", str, N_("first weights: default, xavier, kaiming or zeros")),
    "--resize": ("size", int, N_("side in pixels that pictures are resized to")),
    "--crop": ("crop", int, N_("pixels of padding for random crops")),
    "--subset": ("train_subset", int, N_("train on so many pictures only")),
    "--test-subset": ("test_subset", int, N_("test on so many pictures only")),
    "--device": ("device", str, N_("auto, cpu, cuda, cuda:1, mps …")),
    "--precision": ("precision", str, N_("auto, float32 or bfloat16")),
}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to the parser of the command line."""
    _add_train(commands)
    group = commands.add_parser("runs", help=_("list, show, resume, stop … training runs"))
    verbs = group.add_subparsers(required=True, metavar=_("what"))
    listing = verbs.add_parser("list", help=_("every run, the newest first"))
    listing.add_argument("--json", action="store_true", help=_("as JSON"))
    listing.set_defaults(run=_list)
    for name, run, meaning in (
        ("show", _show, _("one run: its recipe, its epochs")),
        ("resume", _resume, _("go on from the last checkpoint")),
        ("pause", partial(_settled, runs.pause), _("let go of the machine for now")),
        ("stop", partial(_settled, runs.stop), _("end it here; it can be resumed")),
        ("delete", _delete, _("forget it, its curves and its weights")),
        ("export", _export, _("its figures for other programs")),
    ):
        verb = verbs.add_parser(name, help=meaning)
        verb.add_argument("number", type=int, help=_("the run's number from `runs list`"))
        verb.set_defaults(run=run)
        if name in ("show", "resume"):
            verb.add_argument("--json", action="store_true", help=_("as JSON"))
        if name == "resume":
            _add_detach(verb)
        if name == "delete":
            verb.add_argument("--yes", action="store_true", help=_("without asking"))
        if name == "export":
            verb.add_argument("--csv", action="store_true", help=_("as tables (the default)"))
            verb.add_argument("--tensorboard", action="store_true", help=_("as event files"))
            verb.add_argument("--to", type=Path, default=Path(), help=_("folder to write into"))


def _add_train(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    train = commands.add_parser(
        "train", help=_("train a network; without options as the course did")
    )
    train.add_argument("network", metavar="name", help=_("a name from `list`"))
    for flag, (field, kind, meaning) in _RECIPE.items():
        letters = flag.removeprefix("--").upper()
        train.add_argument(flag, dest=field, type=kind, metavar=letters, help=_(meaning))
    train.add_argument(
        "--path",
        type=Path,
        metavar="PATH",
        help=_("own pictures: a folder or zip, one folder per class"),
    )
    train.add_argument("--flip", action="store_true", help=_("mirror half of the pictures"))
    add_settings(train)
    train.add_argument("--name", default="", help=_("what to call the run"))
    train.add_argument("--json", action="store_true", help=_("one line of JSON per epoch"))
    _add_detach(train)
    train.set_defaults(
        run=lambda options: _followed(runs.launch(_recipe(options), options.name), options)
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add `--set option=value`, which `settings` reads."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="option=value",
        help=_("set an option of the network"),
    )


def _add_detach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detach", action="store_true", help=_("return at once; the run goes on by itself")
    )


# -- train ------------------------------------------------------------------------------------


def _followed(number: int, options: argparse.Namespace) -> int:
    if not options.detach:
        return watch_run.follow(number, as_json=options.json)
    print(json.dumps({"run": number}) if options.json else watch_run.titled(runs.get(number)))
    return 0


def _recipe(options: argparse.Namespace) -> Recipe:
    """The course's recipe of the network, with what was asked for in place."""
    course = recipes.course_recipe(options.network, settings(options.set))
    fields = [field for field, _kind, _meaning in _RECIPE.values()]
    changes = {name: value for name in fields if (value := getattr(options, name)) is not None}
    if options.path:
        if (dataset := changes.get("dataset", "images")) != "images":
            raise ValueError(
                _(
                    "--path is for own pictures, not for {dataset}. Leave one of the two out."
                ).format(dataset=dataset)
            )
        changes["dataset"] = datasets.keep(options.path.expanduser())  # what is trained on stays
    return replace(course, flip=course.flip or options.flip, **changes)


def settings(pairs: Sequence[str]) -> dict[str, str]:
    """What `--set option=value` gave.

    Raises:
        ValueError: not of this form.
    """
    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(
                _("--set takes option=value, for example pooling=max, not “{given}”.").format(
                    given=pair
                )
            )
        options[name.strip()] = value
    return options


# -- runs -------------------------------------------------------------------------------------


def _list(options: argparse.Namespace) -> int:
    listed = runs.listed()
    if options.json:
        print(json.dumps([_plain(run) for run in listed], indent=1))
        return 0
    both = [(run, json.loads(run.recipe_json)) for run in listed]
    columns = {
        _("run"): [str(run.id) for run in listed],
        _("name"): [run.name for run in listed],
        _("status"): [_(runs.TITLES[run.status]) for run in listed],
        _("network"): [recipe["network"] for _run, recipe in both],
        _("data"): [recipe["dataset"] for _run, recipe in both],
        _("epochs"): [f"{run.progress.epoch}/{recipe['epochs']}" for run, recipe in both],
        _("test accuracy"): [percent(run.test_accuracy) for run in listed],
        _("time"): [duration(run.progress.seconds) for run in listed],
    }
    print(table(columns, right={0, 5, 6, 7}))
    return 0


# What concerns only who computes it, or is told otherwise.
_WITHIN = "recipe_json reason requested requested_at worker claimed_at metadata".split()


def _plain(run: Run) -> dict[str, Any]:
    """A run as plain data."""
    data = asdict(run)
    for name in _WITHIN:
        del data[name]
    data["place"] = data.pop("queue_position")
    return {**data, "reason": str(run.reason), "recipe": json.loads(run.recipe_json)}


def _show(options: argparse.Namespace) -> int:
    run = runs.get(options.number)
    rows, weights = runs.epochs(run.id), runs.weights(run.id)
    if options.json:
        data = {**_plain(run), "facts": run.metadata, "epochs": [asdict(row) for row in rows]}
        data["weights"] = {"kept": weights.available, "gone": weights.missing}
        print(json.dumps(data, indent=1))
        return 0
    print(watch_run.titled(run))
    print(watch_run.ending(run) if run.status.over else watch_run.now(run))
    if run.device_title:
        print("  " + _("trained on: {device}").format(device=run.device_named))
    recipe = json.loads(run.recipe_json)
    own = recipe.pop("options", {})
    for name, value in {**recipe, **own}.items():
        if value != "":
            print(one_line(f"  {beside_course.field(name)}: {beside_course.value(name, value)}"))
    for row in rows:
        print(watch_run.epoch_line(row, run))
    if weights.missing:
        print(weights)
    return 0


def _resume(options: argparse.Namespace) -> int:
    runs.resume(options.number)
    return _followed(options.number, options)


def _settled(command: Callable[[int], None], options: argparse.Namespace) -> int:
    command(options.number)
    while not (run := runs.get(options.number)).status.over:
        time.sleep(watch_run.LOOK)
    print(watch_run.ending(run))
    return 0


def _delete(options: argparse.Namespace) -> int:
    run = runs.get(options.number)
    question = _("Delete {name}, its curves and its weights? [y/N] ").format(name=run.name)
    if not options.yes and not watch_run.agreed(question):
        return watch_run.UNFINISHED
    runs.delete(run.id)
    return 0


def _export(options: argparse.Namespace) -> int:
    if options.csv or not options.tensorboard:
        for path in metrics.to_csv(options.number, options.to):
            print(path)
    if options.tensorboard:
        print(metrics.to_tensorboard(options.number, options.to))
    return 0
