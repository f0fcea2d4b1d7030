"""A network of one's own, at no cost: the weights are shared, hooks and mode are not."""

from collections import OrderedDict
from typing import Any, NoReturn

from torch import nn


class _NoHooks(OrderedDict[Any, Any]):
    """Nobody's hooks: nothing can be put in."""

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError("This copy takes no hooks. Make one that does: own_copy(hooks=True).")


_NO_HOOKS = _NoHooks()


def own_copy(network: nn.Module, *, training: bool = False, hooks: bool = True) -> nn.Module:
    """A copy that shares the weights of `network`, and neither its hooks nor its mode.

    In `training` it has moving averages of its own too, so that those of `network` stay as they
    are. A module that kept its parts in a plain list, unknown to torch, would still share them.
    Without `hooks` none can be registered, and the copy is made in half the time.
    """
    copies: dict[int, nn.Module] = {}  # a module that stands in two places stays one

    def copied(module: nn.Module) -> nn.Module:
        if id(module) not in copies:
            own = module.__class__.__new__(module.__class__)
            state = vars(module).copy()
            for key, value in state.items():
                if isinstance(value, dict):
                    none = not (hooks or value) and "_hooks" in key
                    state[key] = _NO_HOOKS if none else value.copy()
            object.__setattr__(own, "__dict__", state | {"training": training})
            copies[id(module)] = own
            for name, part in module._modules.items():
                own._modules[name] = None if part is None else copied(part)
            if training:
                for name, buffer in module.named_buffers(recurse=False):
                    own._buffers[name] = buffer.clone()
        return copies[id(module)]

    return copied(network)
