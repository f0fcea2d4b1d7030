"""Keeping what some operations read and gave, and looking at all the others as they pass by."""

from collections.abc import Callable, Collection
from typing import Any

from torch import Tensor, nn

from explorer.analysis.operations import Operation
from explorer.analysis.recorder import Call, memory_of
from explorer.inside.activations.keeper import Keeper, told_apart

Look = Callable[[Operation, Tensor], None]


class Chosen(Keeper):
    """Keeps the operations `nodes`; `look` sees the output of every one."""

    def __init__(
        self,
        network: nn.Module,
        picture: Tensor,
        nodes: Collection[str],
        most_bytes: int,
        look: Look | None = None,
    ) -> None:
        super().__init__(network, picture, most_bytes)
        self._nodes = frozenset(nodes)
        self._look = look
        self._held: dict[int, list[Tensor]] = {}  # what is kept, by the memory in which it lies

    def compute(self, call: Call) -> tuple[Any, int]:
        """Really compute it; what it reads is kept first."""
        self._clock += 1
        if call.name in self._nodes:
            call.began = self._clock
            self._kept.append(call)
            self._hold([each for each in call.tensors if id(each) not in self._weights])
        self.inside(call)
        return told_apart(call, call.function(*call.args, **call.kwargs)), 0

    def finish(self, call: Call, outputs: list[Tensor]) -> None:
        """Keep what it gave."""
        super().finish(call, outputs)
        if call.name in self._nodes:
            self._hold(outputs)

    def note(self, operation: Operation, outputs: list[Tensor]) -> None:
        """Show what it gave."""
        super().note(operation, outputs)
        if self._look:
            self._look(operation, outputs[0])

    def _hold(self, held: list[Tensor]) -> None:
        for tensor in held:
            neighbours = self._held.setdefault(memory_of(tensor), [])
            if not neighbours:
                self._take(tensor)
            if all(each is not tensor for each in neighbours):
                neighbours.append(tensor)

    def _save(self, overwritten: Tensor) -> None:
        for tensor in self._held.pop(memory_of(overwritten), ()):
            self._copy(tensor)
