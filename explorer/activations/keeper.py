"""Keeping what operations read and gave, while one forward pass runs.

Networks overwrite their own maps (`ReLU(inplace=True)`, `+=`). What is kept is copied just before
that happens, and only then: nothing else is copied.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from explorer import arithmetic
from explorer.activations.records import Step
from explorer.language import _
from explorer.operations import Operation
from explorer.recorder import Call, Recorder, memory_of, tensors
from explorer.units import times

Look = Callable[[Operation, Tensor], None]


@dataclass(eq=False)
class _Slot:
    """A tensor that is kept; a copy takes its place before the network overwrites it."""

    tensor: Tensor


@dataclass(eq=False)
class _Kept:
    call: Call
    args: Any  # with slots in place of tensors
    kwargs: Any
    inputs: list[_Slot]
    operation: Operation | None = None
    outputs: list[_Slot] = field(default_factory=list)


class _TooMuch(ValueError):
    """More would have to be kept than was agreed."""


class Keeper(Recorder):
    """Keeps the operations `nodes`, or all of them; `look` sees the output of every one."""

    def __init__(
        self,
        network: nn.Module,
        picture: Tensor,
        nodes: Collection[str] | None,
        most_bytes: int,
        look: Look | None = None,
    ) -> None:
        super().__init__(network, picture)
        self._nodes = None if nodes is None else frozenset(nodes)
        self._room = most_bytes
        self._look = look
        self._kept: list[_Kept] = []
        self._slots: dict[int, _Slot] = {}  # by the id of their tensor
        self._slots_in: dict[int, list[_Slot]] = {}  # by the memory in which it lies

    def compute(self, call: Call) -> tuple[Any, int]:
        """Really compute it; what it reads is kept first."""
        if self._nodes is None or call.name in self._nodes:
            args, kwargs = self._in_slots(call.args), self._in_slots(call.kwargs)
            self._kept.append(_Kept(call, args, kwargs, list(map(self._slot, call.sources))))
        for tensor in _written(call):
            self._save(tensor)
        result, macs = super().compute(call)
        if isinstance(call.module, arithmetic.PASS_THROUGH) and result is call.args[0]:
            result = result.detach()  # the same memory under a name of its own
        return result, macs

    def note(self, done: Operation, made: list[Tensor]) -> None:
        """Keep what it gave."""
        super().note(done, made)
        if self._kept and self._kept[-1].call.name == done.name:
            self._kept[-1].operation = done
            self._kept[-1].outputs = list(map(self._slot, made))
        if self._look:
            self._look(done, made[0])

    def steps(self) -> dict[str, Step]:
        """All that was kept, by name, in running order."""
        return {
            each.call.name: Step(
                each.operation,
                each.call.function,
                each.call.module,
                _out_of_slots(each.args),
                _out_of_slots(each.kwargs),
                tuple(slot.tensor for slot in each.inputs),
                tuple(slot.tensor for slot in each.outputs),
            )
            for each in self._kept
            if each.operation is not None  # the others asked a question
        }

    def _slot(self, tensor: Tensor) -> _Slot:
        slot = self._slots.get(id(tensor))
        if slot is None:
            slot = self._slots[id(tensor)] = _Slot(tensor)
            neighbours = self._slots_in.setdefault(memory_of(tensor), [])
            if not neighbours:
                self._take(tensor)
            neighbours.append(slot)
        return slot

    def _save(self, written: Tensor) -> None:
        """The network is about to write into `written`: copy what is kept of its memory."""
        for slot in self._slots_in.pop(memory_of(written), ()):
            del self._slots[id(slot.tensor)]
            self._take(slot.tensor)
            slot.tensor = slot.tensor.clone()

    def _take(self, tensor: Tensor) -> None:
        self._room -= tensor.untyped_storage().nbytes()
        if self._room < 0:
            raise _TooMuch(
                _(
                    "Together the values of all operations are too large to be kept. "
                    "Name the ones that you want to see, or take a smaller picture."
                )
            )

    def _in_slots(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return value if id(value) in self._weights else self._slot(value)
        return _each(self._in_slots, value)


def _out_of_slots(value: Any) -> Any:
    return value.tensor if isinstance(value, _Slot) else _each(_out_of_slots, value)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(change(item) for item in value)
    if type(value) is dict:
        return {key: change(item) for key, item in value.items()}
    return value


def _written(call: Call) -> Iterator[Tensor]:
    """What the operation writes into: its first tensor if it works in place, or `out`."""
    name = getattr(call.function, "__name__", "")
    if call.module is not None:
        in_place = bool(getattr(call.module, "inplace", False))
    elif name.startswith("__"):
        in_place = name.startswith("__i") or name == "__setitem__"
    else:  # `relu(x, True)` too; of a True that means something else, a needless copy is made
        flag = call.kwargs.get("inplace") or any(each is True for each in call.args)
        in_place = name.endswith("_") or bool(flag)
    if in_place:
        yield call.sources[0]
    yield from tensors(call.kwargs.get("out"))


def run(keeper: Keeper, picture: Tensor) -> Tensor:
    """The forward pass under watch; the network's (first) output.

    Raises:
        ValueError: no picture (N, C, H, W), one that the network refuses, or too much to keep.
    """
    if picture.dim() != 4 or not picture.is_floating_point():
        raise ValueError(
            _("A picture is (N, C, H, W) in floating point, not {shape} of {type}.").format(
                shape=times(tuple(picture.shape)), type=picture.dtype
            )
        )
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
    return ValueError(
        _(
            "The network cannot take a picture of {picture}: {layer} got {arrived} ({reason}). "
            "{advice}"
        ).format(
            picture=times(tuple(picture.shape[1:])),
            layer=failed.name if failed else _("its first step"),
            arrived=times(arrived[1:]),
            reason=(str(error).strip() or repr(error)).splitlines()[0].rstrip("."),
            advice=_("Choose another size, or evaluation mode.")
            if keeper.network.training
            else _("Choose another size."),
        )
    )
