"""Twenty deaths: of the worker, of a web server, of everything at once, at random moments."""

import csv
import dataclasses
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer import runs, training
from explorer.base.device import named
from explorer.cli.main import main
from explorer.data import datasets
from explorer.runs import Status, artifacts, metrics, process, store
from explorer.runs.database import database
from explorer.runs.engines.local import processes
from explorer.training import checkpoints
from tests import run_processes
from tests.run_processes import SHORT, Server, WebServer, of_folder, until

RECIPE = dataclasses.replace(SHORT, epochs=1000)
# Few of hosts: the next one takes seconds to be warm (`test_host` has more of them).
DEATHS = ["worker"] * 8 + ["server"] * 4 + ["worker and server"] * 6 + ["worker and host", "all"]


def test_twenty_deaths_lose_nothing(tmp_path: Path):
    assert len(DEATHS) == 20
    chance = random.Random(4)  # noqa: S311 (moments, not secrets)
    with run_processes.folder(tmp_path):
        servers = [Server(), Server()]
        number = servers[0].ask("launch", dataclasses.asdict(RECIPE))
        bystander = servers[0].ask("launch", dataclasses.asdict(SHORT))
        states = []
        for turn, death in enumerate(chance.sample(DEATHS, len(DEATHS))):
            goes_on(number)
            if turn % 5 == 0:  # often it dies too soon, and has to begin from the last state
                states.append(next_state(number))
            time.sleep(chance.uniform(0, 0.4))
            rows = committed(number)
            die(death, number, servers)
            assert committed(number) >= rows > 0
            assert database().rows("PRAGMA integrity_check")[0][0] == "ok"
            if death == "server":
                assert store.get(number).status is Status.RUNNING  # the worker does not need it
                continue
            until(lambda: store.get(number).status is Status.INTERRUPTED)
            assert store.get(number).reason
            assert servers[0].ask("resume", number) is None
        goes_on(number)
        assert servers[0].ask("stop", number) is None
        until(lambda: store.get(number).status is Status.STOPPED)
        until(lambda: store.get(bystander).status is Status.FINISHED)
        assert [run.id for run in store.listed()] == [bystander, number]
        assert 0 < states[0] < states[1] < states[2] < states[3] <= store.get(number).progress.step
        for server in servers:
            server.kill()
        until(lambda: not of_folder(tmp_path), 20)  # nobody watches: the host ends by itself
        curve = metrics.curves(number, most=10**6)
        assert curve.step == list(range(1, store.get(number).progress.step + 1))
        np.testing.assert_allclose(curve.loss, unbroken(len(curve.step)))
        assert len(metrics.curves(bystander).step) == 32
        assert len(metrics.epochs(number)) == store.get(number).progress.epoch
        database().close()


def test_after_the_machine_stopped_the_real_server_has_every_row_and_the_run_goes_on(
    tmp_path: Path,
):
    with run_processes.folder(tmp_path):
        number = runs.launch(RECIPE)
        with WebServer() as server:
            goes_on(number)
            state = next_state(number)
            until(server.answers)
            assert news(server, number)["status"] == "running"
            run_processes.kill_all(tmp_path)  # server, host and worker at once
        rows = committed(number)
        assert rows >= state > 0
        assert store.get(number).status is Status.RUNNING  # nobody is there to write otherwise
        with WebServer() as server:
            until(server.answers)
            assert news(server, number)["status"] == "interrupted"
            assert steps_told(server, number) == pytest.approx(unbroken(rows))
            assert main(["runs", "resume", str(number), "--detach"]) == 0
            until(lambda: store.get(number).progress.step > rows)
            assert news(server, number)["status"] == "running"
            assert main(["runs", "stop", str(number)]) == 0
            until(lambda: news(server, number)["status"] == "stopped")
            told = steps_told(server, number)
        assert len(told) == store.get(number).progress.step
        assert told == pytest.approx(unbroken(len(told)))
        assert database().rows("PRAGMA integrity_check")[0][0] == "ok"
        database().close()


def news(server: WebServer, number: int) -> dict[str, Any]:
    """What the page that watches the run is told."""
    return dict(json.loads(server.told(f"runs/{number}")))


def steps_told(server: WebServer, number: int) -> list[float]:
    """The loss of every step, as the page offers them for download."""
    rows = list(csv.DictReader(server.told(f"runs/{number}/files/steps.csv").splitlines()))
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    return [float(row["loss"]) for row in rows]


def committed(number: int) -> int:
    (row,) = database().rows("SELECT COUNT(*) AS steps FROM steps WHERE run = ?", (number,))
    return int(row["steps"])


def goes_on(number: int) -> None:
    """Wait until the run has its turn and does steps that it had not done before."""
    until(lambda: store.get(number).status is Status.RUNNING)
    before = store.get(number).progress.step
    until(lambda: store.get(number).progress.step > before)


def next_state(number: int) -> int:
    """Wait until the run has saved its state again; the step from which it could go on."""
    path = artifacts.state_file(number)
    before = path.stat().st_mtime_ns if path.exists() else 0
    until(lambda: path.exists() and path.stat().st_mtime_ns > before)
    return checkpoints.read_card(path).step


def die(death: str, number: int, servers: list[Server]) -> None:
    """Kill what is named, without warning; new servers take the place of those that are gone."""
    if "worker" in death or death == "all":
        os.kill(process.pid_of(store.get(number).worker), signal.SIGKILL)
    if "host" in death or death == "all":
        until(lambda: processes.host_lives("cpu"))
        os.kill(host(), signal.SIGKILL)
    for server in servers[:] if death == "all" else servers[:1] if "server" in death else []:
        server.kill()
        servers.remove(server)
        servers.append(Server())


def host() -> int:
    (row,) = database().rows("SELECT identity FROM processes WHERE role = 'host'")
    return process.pid_of(row["identity"])


def unbroken(steps: int) -> list[float]:
    """The losses of the same run's first steps, never interrupted, trained right here."""
    known, more = _trained_here()
    known.extend(islice(more, max(0, steps - len(known))))
    return known[:steps]


@cache
def _trained_here() -> tuple[list[float], Iterator[float]]:
    """The losses that are known by now, and those that follow: the tests share them."""
    torch.set_num_threads(1)
    records = training.Training(RECIPE, datasets.load("digits"), named("cpu")).records()
    steps = (each for each in records if isinstance(each, training.Steps))
    return [], (loss for each in steps for loss in each.loss)
