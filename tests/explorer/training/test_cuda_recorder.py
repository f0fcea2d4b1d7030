"""What CUDA's recorder does when a recording breaks off."""

from contextlib import nullcontext

import pytest
import torch

from explorer.training.capture import CudaRecorder
from explorer.training.learner import Step


class Card:
    """What torch keeps of a recording, as its CUDAGraph.cpp and CUDACachingAllocator.cpp have it:
    here in place of a graph, of the allocator and of a generator, where there is no card.

    An `invalid` recording ends with an error before any of them is told.
    """

    def __init__(self, *, invalid: bool) -> None:
        self.invalid, self.ended, self.capturing = invalid, False, False
        self.recording, self.held = list[object](), list[object]()

    def begin(self, graph: object, pool: object, _stream: object) -> "Card":
        assert graph is self
        self.recording.append(pool)
        self.held.append(pool)
        self.capturing = True
        return self

    def __enter__(self) -> None: ...

    def __exit__(self, *_raised: object) -> None:
        if self.invalid:
            raise RuntimeError("operation failed due to a previous error during capture")
        self.end(0, self.recording[0])
        self.capturing, self.ended = False, True

    def pool(self) -> object:
        if not self.ended:
            raise RuntimeError("pool() without a preceding successful capture")
        return self.held[0]

    def end(self, _device: int, pool: object) -> None:
        if pool not in self.recording:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.recording.remove(pool)

    def release(self, _device: int, pool: object) -> None:
        self.held.remove(pool)

    def clone_state(self) -> str:
        return "not capturing"

    def graphsafe_set_state(self, state: str) -> None:
        self.capturing = state != "not capturing"


@pytest.mark.parametrize("invalid", [True, False])
def test_after_a_recording_that_broke_off_nothing_is_recorded_any_more(
    invalid: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(invalid=invalid)
    for name, value in {
        "init": lambda: None,
        "default_generators": [card],
        "CUDAGraph": lambda: card,
        "graph_pool_handle": lambda: (0, 1),
        "current_stream": lambda _device: None,
        "device": lambda _device: nullcontext(),
        "graph": card.begin,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value, raising=False)
    monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", card.end, raising=False)
    monkeypatch.setattr(torch._C, "_cuda_releasePool", card.release, raising=False)

    def fetched() -> Step:
        raise RuntimeError("operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match=r"capturing|previous error"):
        CudaRecorder(torch.device("cuda:0")).record(fetched)
    assert not card.recording
    assert not card.capturing
    assert card.held == ([] if invalid else [(0, 1)])  # a graph that ended releases it itself
