"""Running a network up to one of its operations, for many pictures or for a gradient."""

from functools import cached_property

import torch
from torch import Tensor, nn

from explorer.analysis import receptive_field
from explorer.analysis.operations import Graph, Operation
from explorer.analysis.recorder import Recorder
from explorer.base.language import _
from explorer.base.units import times
from explorer.inside.activations import own_copy
from explorer.inside.activations.layout import Layout, layout
from explorer.inside.activations.records import unknown


class _Arrived(Exception):
    """The operation has run; nothing after it need be computed."""


class _Until(Recorder):
    """Leaves the forward pass right behind the operation `name`, before anything overwrites it."""

    def __init__(self, network: nn.Module, pictures: Tensor, name: str) -> None:
        super().__init__(network, pictures)
        self._name = name
        self.output: Tensor | None = None

    def note(self, operation: Operation, outputs: list[Tensor]) -> None:
        super().note(operation, outputs)
        if operation.name == self._name:
            self.output = outputs[0]
            raise _Arrived


class Probe:
    """The operation `name` of a network, which may be shared: a copy of one's own is run.

    Names are those of the layer table. Functions between modules (`relu`, `+`, `cat`) have some
    too. The network runs in evaluation mode.
    """

    def __init__(self, network: nn.Module, name: str) -> None:
        self.name = name
        self._own = own_copy(network)
        self._ran: tuple[tuple[int, ...], tuple[Operation, ...]] | None = None

    def maps(self, pictures: Tensor, *, gradients: bool = False) -> Tensor:
        """What the operation gives for pictures (N, C, H, W): its maps (N, channels, H, W).

        Vectors are (N, K, 1, 1). With `gradients` they can be followed back to the pictures.

        Raises:
            ValueError: the network cannot take such pictures, or has no operation of this name.
        """
        output = self._output(pictures, gradients=gradients)
        layout = self._layout(tuple(output.shape))
        axes = (0, *(1 + axis for axis in (*layout.channels, *layout.places)))
        return output.permute(axes).reshape(len(output), *layout.map_shape)

    def _output(self, pictures: Tensor, *, gradients: bool) -> Tensor:
        own_pictures = pictures.clone() if gradients else pictures  # a network may overwrite it
        until = _Until(self._own, own_pictures, self.name)
        try:
            with (
                until.watch(),
                torch.inference_mode(not gradients),
                torch.set_grad_enabled(gradients),
            ):
                self._own(own_pictures)
        except _Arrived:
            pass
        except (RuntimeError, ValueError, AssertionError) as error:
            raise ValueError(
                _("The network cannot take pictures of {shape}. Choose another size.").format(
                    shape=times(tuple(pictures.shape[1:]))
                )
            ) from error
        if until.output is None:
            raise unknown(self.name, until.operations)
        self._ran = self._ran or (tuple(pictures.shape), tuple(until.operations))
        return until.output

    @cached_property
    def _places(self) -> tuple[int, int] | None:
        assert self._ran, "it has been run"
        graph = Graph(*self._ran, None, "", (), {})
        field = receptive_field.sizes(graph, gates=False).get(self.name)
        return field.dims if field else None

    def _layout(self, shape: tuple[int, ...]) -> Layout:
        return layout(shape, self._places)
