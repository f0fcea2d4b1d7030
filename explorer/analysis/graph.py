"""A network and an input size → its operations in running order, with shapes.

The network is watched (`recorder.py`) while it runs once on tensors of the meta device, which
have a shape and no memory.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from explorer.analysis import arithmetic, settings
from explorer.analysis.arithmetic import Shape
from explorer.analysis.operations import INPUT, Graph, Operation
from explorer.analysis.recorder import Call, Recorder, is_leaf, tensors, unique

__all__ = ["INPUT", "Graph", "Operation", "record"]


class _Measuring(Recorder):
    """Computes shapes alone, by arithmetic where the rule is certain, and counts multiply-adds."""

    def compute(self, call: Call) -> tuple[Any, int]:
        if call.module is not None:
            return _call_module(call.module, call)
        name = getattr(call.function, "__name__", "")
        return arithmetic.call_function(call.function, name, call.type, call.args, call.kwargs)

    def note_failure(self, error: Exception) -> str:
        """Add the operation that refused its input; returns the reason in the network's words."""
        if self.refused and self.refused[0] is error:
            self.operations.append(self.refused[1])
        else:  # the network's own code refused it between two operations (an assertion)
            last = self.operations[-1] if self.operations else None
            path = self.failed_path or ()
            name = unique(".".join([*path[-1:], "check"]), self.names)
            shapes = (last.output_shape,) if last and last.output_shape is not None else ()
            self.operations.append(
                Operation(
                    name=name,
                    type="check",
                    kind="function",
                    path=path,
                    inputs=(last.name if last else INPUT,) if shapes else (),
                    input_shapes=shapes,
                    output_shape=None,
                    settings={},
                )
            )
        return str(error) or repr(error)

    def unused(self) -> Iterator[Operation]:
        """Leaf modules, and weights beside them, that no operation counted."""
        for name, module in self.network.named_modules():
            owned = list(module.parameters(recurse=is_leaf(module)))
            new = [w for w in owned if id(w) not in self.counted]
            if not new:
                continue
            self.counted.update({id(w): name for w in new})
            parents = name.split(".")[:-1]
            yield Operation(
                name=unique(name or "weights", self.names),
                type=type(module).__name__,
                kind="module",
                path=tuple(".".join(parents[: i + 1]) for i in range(len(parents))),
                inputs=(),
                input_shapes=(),
                output_shape=None,
                settings=settings.of_module(module),
                parameters=sum(w.numel() for w in new),
                trainable=sum(w.numel() for w in new if w.requires_grad),
                weights=tuple((n, tuple(p.shape)) for n, p in module.named_parameters()),
            )


def _call_module(module: nn.Module, call: Call) -> tuple[Any, int]:
    """What a leaf module gives, and its multiply-adds; by arithmetic where the rule is certain."""
    args, kwargs = call.args, call.kwargs
    plain = len(args) == 1 and not kwargs and isinstance(args[0], Tensor)
    shape = arithmetic.output_shape(module, tuple(args[0].shape)) if plain else None
    if shape is None:
        if isinstance(module, arithmetic.WITHOUT_PRODUCTS):
            return call.function(*args, **kwargs), 0
        return arithmetic.run_and_count(lambda: call.function(*args, **kwargs))
    if getattr(module, "inplace", False):
        return args[0], 0
    if isinstance(module, arithmetic.PASS_THROUGH):
        return args[0].detach(), 0  # the same memory under a name of its own
    if isinstance(module, nn.Flatten):
        return args[0].reshape(shape), 0
    return args[0].new_empty(shape), arithmetic.macs(module, shape)


def record(network: nn.Module, input_shape: Shape) -> Graph:
    """Run `network` on a picture of `input_shape` (N, C, H, W) and return what it did.

    The network lies on the meta device, in evaluation mode, and is not used by anyone else
    meanwhile. A size that the network cannot take is no error here: see `Graph.failed`.
    """
    picture = torch.empty(input_shape, device="meta")
    recorder = _Measuring(network, picture)
    output: Shape | None = None
    problem = ""
    with recorder.watch():
        try:
            output = tuple(tensors(network(picture))[0].shape)
        except Exception as error:  # noqa: BLE001 (whatever a network's code may raise is a finding)
            problem = recorder.note_failure(error)
    named = {
        name: type(module).__name__
        for name, module in network.named_modules()
        if name and not is_leaf(module)
    }
    return Graph(
        input_shape=input_shape,
        operations=tuple(recorder.operations),
        output_shape=output,
        problem=problem,
        unused=() if problem else tuple(recorder.unused()),
        blocks={**named, **recorder.blocks},
    )
