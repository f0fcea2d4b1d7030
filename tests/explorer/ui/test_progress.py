"""Work that is watched on a page, in the part of it that a browser draws by itself."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest, local_script_runner

from explorer.base.tasks import Ending, Pool, SharedTasks, Task

TASKS: SharedTasks[int] = SharedTasks(Pool(at_once=1), 10_000)


def endless(task: Task[int]) -> Iterator[int]:
    while True:
        task.tell(1, 2)
        time.sleep(0.01)
        yield 1


def page() -> None:
    from explorer.ui import progress
    from tests.explorer.ui.test_progress import TASKS, endless

    progress.follow(TASKS, "work", endless, "work", lambda _task: "at work", patience=0)


def test_stop_and_go_on_reach_the_work_where_only_their_part_of_the_page_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = AppTest.from_function(page).run()
    (part,) = at._fragment_storage._fragments
    alone = partial(RerunData, fragment_id=part)
    monkeypatch.setattr(local_script_runner, "RerunData", alone)
    at.button(key="work_stop").click().run()
    task = TASKS.find("work")
    for _look in range(30):  # by the clock, as long as it goes on
        if not task.wait(0.1):
            at.run()
    assert not at.exception
    assert task.ending is Ending.LEFT
    at.button(key="work_go_on").click().run()
    assert not task.finished
    task.stop()
    assert task.wait(20)
