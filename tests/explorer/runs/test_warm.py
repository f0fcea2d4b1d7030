"""The process that workers are forked from touches no accelerator: its children could use none."""

import json
import os
import subprocess
import sys

from explorer.base import storage

# Imports the warm process's module with these functions watched: the names of those called.
# Asking whether CUDA is there marks it as unusable in every child; the first backward pass starts
# a thread for each device, which no child inherits.
WATCHED = (
    "torch.accelerator.is_available",
    "torch.accelerator.current_accelerator",
    "torch.accelerator.device_count",
    "torch.cuda.is_available",
    "torch.cuda.device_count",
    "torch.xpu.is_available",
    "torch.backends.mps.is_available",
    "torch.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.autograd._engine_run_backward",
)
IMPORT = """
import functools, importlib, json, sys
import torch
called = []
def watched(name, function):
    @functools.wraps(function)
    def noted(*given, **named):
        called.append(name)
        return function(*given, **named)
    return noted
for name in json.loads(sys.argv[1]):
    place, _dot, last = name.rpartition(".")
    *path, = place.split(".")[1:]
    holder = functools.reduce(getattr, path, torch)
    setattr(holder, last, watched(name, getattr(holder, last)))
exec(sys.argv[2])
print(json.dumps(sorted(set(called))))
"""


def called_by(code: str) -> list[str]:
    """Which of the watched functions this code calls, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, json.dumps(WATCHED), code],
        cwd=storage.PROJECT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
        text=True,
    )
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_making_the_warm_process_ready_asks_for_no_accelerator_and_runs_no_backward_pass():
    assert called_by("import explorer.runs.engines.local.warm") == []


def test_the_watch_sees_what_a_step_of_training_calls():
    step = """
weight = torch.nn.Parameter(torch.ones(1))
optimiser = torch.optim.Adam([weight], fused=True)
weight.sum().backward()
optimiser.step()
"""
    assert {"torch.Tensor.backward", "torch.accelerator.current_accelerator"} <= {*called_by(step)}
