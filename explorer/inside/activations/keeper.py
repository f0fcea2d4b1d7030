"""Keeping what operations read and gave, while one forward pass runs.

Networks overwrite their own maps (`ReLU(inplace=True)`, `+=`). What is kept is copied just before
that happens, and only then: nothing else is copied.
"""

from collections.abc import Callable, Collection
from functools import cache, partial
from sys import maxsize
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis.operations import Operation, tensors
from explorer.analysis.recorder import Call, Recorder, memory_of, what_came
from explorer.analysis.shapes_and_macs import PASS_THROUGH
from explorer.base.language import _
from explorer.base.units import times
from explorer.inside.activations.records import Recorded, Step

Look = Callable[[Operation, Tensor], None]
_IN_PLACE = frozenset(
    "__setitem__ __iadd__ __isub__ __imul__ __imatmul__ __itruediv__ __idiv__ __ifloordiv__ "
    "__imod__ __ipow__ __iand__ __ior__ __ixor__ __ilshift__ __irshift__".split()
)


# What may give a tensor another shape in place. The shape before is looked up first.
_RESHAPE = frozenset(
    "resize_ resize_as_ squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ as_strided_ set_ "
    "__set__".split()
)
_LARGE = 2**25 - 2**16  # bytes: the largest block from which glibc still learns


class _TooMuch(ValueError):
    """More would have to be kept than was agreed."""


class Keeper(Recorder):
    """Keeps calls, and copies of what they read and gave where that is overwritten."""

    def __init__(self, network: nn.Module, picture: Tensor, most_bytes: int) -> None:
        super().__init__(network, picture)
        self._room = most_bytes
        self._clock = 0  # calls that have begun
        self._calls: list[Call] = []
        # What tensors were before they were overwritten, and by which call; by the tensor's id.
        self._copies: dict[int, list[tuple[int, Tensor]]] = {}
        self._recorded: Recorded | None = None
        self._lock = Lock()

    def inside(self, call: Call) -> None:
        """Copy what is kept of the memory that the network is about to write into."""
        for tensor in written(call):
            self._save(tensor)

    def recorded(self) -> Recorded:
        """All operations, and by name those that were kept; both in running order."""
        with self._lock:  # a recording may be many visitors'
            if self._recorded is None:
                self._room = maxsize  # it is there already
                self.catch_up()
                self._recorded = tuple(self.operations), self._steps()
                self._calls, self._copies = [], {}
            return self._recorded

    def catch_up(self) -> None:
        """Describe what has run and is not described yet."""

    def _steps(self) -> dict[str, Step]:
        return {
            call.name: self._step(call, call.operation)
            for call in self._calls
            if call.operation is not None  # the others asked a question
        }

    def _step(self, call: Call, operation: Operation) -> Step:
        args, kwargs, inputs = call.args, call.kwargs, tuple(call.sources)
        if not self._copies.keys().isdisjoint(map(id, call.tensors)):
            before = partial(self._as_it_was, call.began)
            args, kwargs, inputs = _changed(before, (args, kwargs, inputs))
        outputs = tuple([self._as_it_was(call.began + 1, each) for each in call.outputs])
        return Step(operation, call.function, call.module, args, kwargs, inputs, outputs)

    def _as_it_was(self, moment: int, tensor: Tensor) -> Tensor:
        """What `tensor` was just before the call of this number."""
        for overwritten, copy in self._copies.get(id(tensor), ()):
            if moment <= overwritten:
                return copy
        return tensor

    def _save(self, overwritten: Tensor) -> None:
        """Copy what is kept of its memory."""
        raise NotImplementedError

    def _copy(self, tensor: Tensor) -> None:
        self._take(tensor)
        self._copies.setdefault(id(tensor), []).append((self._clock, tensor.clone()))

    def _take(self, tensor: Tensor) -> None:
        self._room -= tensor.untyped_storage().nbytes()
        if self._room < 0:
            words = _(
                "Together the values of all operations are too large to be kept. "
                "Name the ones that you want to see, or take a smaller picture."
            )
            raise _TooMuch(words)


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
            self._calls.append(call)
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


class Everything(Keeper):
    """Keeps every operation, with as little work as can be between two of them.

    What runs between two operations finds the processor's caches full of maps, and is much slower
    than the same work done in one go. So a pass only lists its calls; who read what, names and
    facts are found out when they are asked for: all of it is still there then.
    """

    def __init__(self, network: nn.Module, picture: Tensor, most_bytes: int) -> None:
        super().__init__(network, picture, most_bytes)
        _keep_freed_memory()
        self._log: list[Call] = []
        self._logged = 0  # bytes, roughly
        self._running: Call
        self._counted = {memory_of(picture)}  # memory that is counted
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
        self._calls.append(call)
        for tensor, origin in zip(outputs, call.origins or (), strict=True):
            if origin.memory not in self._counted:
                self._counted.add(origin.memory)
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
        uses = []
        for call in self._calls:
            uses += [(each, call.began) for each in call.tensors]
            uses += [(each, call.began + 1) for each in call.outputs]
        now = self._running
        uses += [(each, self._clock) for each in (*tensors((now.args, now.kwargs)), tensor)]
        memory = memory_of(tensor)
        return {id(each): (each, since) for each, since in uses if memory_of(each) == memory}


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


def _changed(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """The same nested lists, tuples and dictionaries with other tensors in them."""
    if isinstance(value, Tensor):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)([_changed(change, item) for item in value])
    if type(value) is dict:
        return {key: _changed(change, item) for key, item in value.items()}
    return value


def written(call: Call) -> list[Tensor]:
    """What the operation writes into: its first tensor if it works in place, or `out`."""
    if call.module is not None:
        in_place = bool(vars(call.module).get("inplace"))
    else:
        name = getattr(call.function, "__name__", "")
        in_place = name in _IN_PLACE if name.startswith("__") else name.endswith("_")
        in_place = in_place or bool(call.kwargs.get("inplace"))
    if not in_place and "out" not in call.kwargs:
        return []
    first = tensors((call.args, call.kwargs))[:1] if in_place else []
    return first + tensors(call.kwargs.get("out"))


def told_apart(call: Call, result: Any) -> Any:
    """The result; of a layer that passed its input through, the same memory under a new name."""
    passed = call.args and result is call.args[0] and isinstance(call.module, PASS_THROUGH)
    return result.detach() if passed else result


def run(keeper: Keeper, picture: Tensor) -> Tensor:
    """The forward pass under watch; the network's (first) output.

    Raises:
        ValueError: no picture (N, C, H, W), one that the network refuses, or too much to keep.
    """
    if picture.dim() != 4 or not picture.is_floating_point():
        words = _("A picture is (N, C, H, W) in floating point, not {shape} of {type}.")
        raise ValueError(words.format(shape=times(tuple(picture.shape)), type=picture.dtype))
    with keeper.watch():
        try:
            return tensors(keeper.network(picture))[0]
        except _TooMuch:
            raise
        except Exception as error:
            raise _refused(keeper, picture, error) from error


def _refused(keeper: Keeper, picture: Tensor, error: Exception) -> ValueError:
    failed = keeper.refused[1] if keeper.refused else None
    arrived = failed.input_shapes[0] if failed and failed.input_shapes else tuple(picture.shape)
    training = _("Choose another size, or evaluation mode.")
    words = _(
        "The network cannot take a picture of {picture}: {layer} got {arrived} ({reason}). {advice}"
    )
    return ValueError(
        words.format(
            picture=times(tuple(picture.shape[1:])),
            layer=failed.name if failed else _("its first step"),
            arrived=times(arrived[1:]),
            reason=(str(error).strip() or repr(error)).splitlines()[0].rstrip("."),
            advice=training if keeper.network.training else _("Choose another size."),
        )
    )
