"""What a run will take, measured: a few of its steps, in a process of its own.

The page's script must not train, and the server must stay free for others; so the steps are done
by `python -m explorer.ui.run_measure`, which reads a recipe from its input and writes the budget.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from threading import Lock

import torch

from explorer import datasets, device, recipes, training
from explorer.language import _
from explorer.recipes import Recipe
from explorer.storage import PROJECT
from explorer.training import Budget
from explorer.training.setting import Setting

LONGEST = 180  # seconds: a large network on a slow machine
PATIENCE = 20  # seconds: for others who measure
KINDNESS = 10  # on the scale of `nice`, as the run itself: visitors' clicks go before

_one_at_a_time = Lock()  # two that measure at once would measure each other


def measure(recipe: Recipe) -> Budget:
    """Parameters, memory and time of this run on its device; takes some seconds.

    Raises:
        ValueError: it cannot be trained, does not fit into memory, or took too long to tell.
    """
    command = [sys.executable, "-m", "explorer.ui.run_measure"]
    given = json.dumps(recipes.as_json(recipes.check(recipe)))
    if not _one_at_a_time.acquire(timeout=PATIENCE):
        raise ValueError(_("Others are measuring, too. Try again in a minute."))
    try:
        done = subprocess.run(  # noqa: S603 (our own program; the recipe is its input)
            command,
            input=given,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            cwd=PROJECT,
            env={**os.environ, **training.environment()},
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            _("A few steps took over {n} s. Choose a smaller batch or size.").format(n=LONGEST)
        ) from None
    except subprocess.CalledProcessError as error:
        raise ValueError(
            _("The steps could not be measured: their process ended ({status}).").format(
                status=error.returncode
            )
        ) from None
    finally:
        _one_at_a_time.release()
    answer = json.loads(done.stdout.splitlines()[-1])
    if "error" in answer:
        raise ValueError(answer["error"])
    return Budget(**answer)


def main() -> None:
    """Measure the recipe that comes in; what comes out is a budget, or a sentence."""
    recipe = recipes.from_json(json.load(sys.stdin))
    os.nice(KINDNESS)
    try:
        data = datasets.load(recipe.dataset, path=recipe.path or None)
        here = device.named(recipe.device)
        torch.set_num_threads(Setting.of(recipe, data, here).threads)
        answer = asdict(training.estimate(recipe, data, here))
    except ValueError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
