"""Keeping all that operations read and gave, with as little work as can be between two of them.

What runs between two operations finds the processor's caches full of maps, and is much slower
than the same work done in one go. So a pass only lists its calls; who read what, names and facts
are found out when they are asked for: all of it is still there then.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis.recorder import Call, memory_of, tensors, what_came
from explorer.inside.activations.keeper import Keeper, told_apart

# What may give a tensor another shape in place. The shape before is looked up first.
_RESHAPE = frozenset(
    "resize_ resize_as_ squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ as_strided_ set_ "
    "__set__".split()
)
_LARGE = 2**25 - 2**16  # bytes: the largest block from which glibc still learns


class Everything(Keeper):
    """Keeps every operation."""

    def __init__(self, network: nn.Module, picture: Tensor, most_bytes: int) -> None:
        super().__init__(network, picture, most_bytes)
        _keep_freed_memory()
        self._log: list[Call] = []
        self._logged = 0  # bytes, roughly
        self._running: Call
        self._taken = {memory_of(picture)}  # memory that is counted
        self._take(picture)

    def operate(self, call: Call) -> Any:
        """Run it and list it."""
        self._clock += 1
        call.began = self._clock
        if getattr(call.function, "__name__", "") in _RESHAPE:
            self.catch_up()
        self._running = call
        self.inside(call)
        try:
            result = told_apart(call, call.function(*call.args, **call.kwargs))
            call.outputs = what_came(call, result)
        except Exception as error:
            self.catch_up()
            if not self.prepare(call):  # constants, which may be empty: it is no operation
                return call.function(*call.args, **call.kwargs)
            self.refused = (error, self._operation(call))
            raise
        if call.outputs:  # else it asked a question
            self._log.append(call)
            self._logged += sum([each.nbytes for each in call.outputs])
            if self._logged > self._room:
                self.catch_up()
        return result

    def finish(self, call: Call, outputs: list[Tensor]) -> None:
        """Keep what it gave."""
        super().finish(call, outputs)
        self._kept.append(call)
        for tensor, origin in zip(outputs, call.gave or (), strict=True):
            if origin.memory not in self._taken:
                self._taken.add(origin.memory)
                self._take(tensor)

    def catch_up(self) -> None:
        """Look through what has run since the last time."""
        log, self._log, self._logged = self._log, [], 0
        for call in log:
            if self.prepare(call):
                self.finish(call, call.outputs)

    def _save(self, overwritten: Tensor) -> None:
        if _alone(overwritten):
            self._copy(overwritten)
            return
        self.catch_up()
        for tensor, touched in self._lying_beside(overwritten).values():
            copies = self._copies.get(id(tensor))
            if not copies or copies[-1][0] < touched:
                self._copy(tensor)

    def _lying_beside(self, tensor: Tensor) -> dict[int, tuple[Tensor, int]]:
        """All that is kept of its memory, by id, and the moment since which it is needed."""
        seen = []
        for call in self._kept:
            seen += [(each, call.began) for each in call.tensors]
            seen += [(each, call.began + 1) for each in call.outputs]
        now = self._running
        seen += [(each, self._clock) for each in (*tensors((now.args, now.kwargs)), tensor)]
        memory = memory_of(tensor)
        return {id(each): (each, since) for each, since in seen if memory_of(each) == memory}


def _alone(tensor: Tensor) -> bool:
    """Whether no other tensor lies in its memory: two hold it then, this tensor and `memory`."""
    memory, count = tensor.untyped_storage(), getattr(torch._C, "_storage_Use_Count", None)
    return bool(count and count(memory._cdata) == 2)


@cache
def _keep_freed_memory() -> None:
    """Have memory that maps leave kept for the next maps: new pages cost more than many a layer.

    glibc gives freed memory back to the system at once until it has seen a large block freed;
    from then on it keeps up to twice as much at hand. Elsewhere this does nothing.
    """
    torch.empty(_LARGE, dtype=torch.uint8)  # freed at once, and never written to
