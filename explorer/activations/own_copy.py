"""A network of one's own, at no cost: the weights are shared, hooks and mode are not."""

from torch import nn


def own_copy(network: nn.Module, *, training: bool = False) -> nn.Module:
    """A copy that shares the weights of `network`, and neither its hooks nor its mode.

    In `training` it has moving averages of its own too, so that those of `network` stay as they
    are. A module that kept its parts in a plain list, unknown to torch, would still share them.
    """
    copies: dict[int, nn.Module] = {}  # a module that stands in two places stays one

    def copied(module: nn.Module) -> nn.Module:
        if id(module) not in copies:
            own = module.__class__.__new__(module.__class__)
            state = {k: v.copy() if isinstance(v, dict) else v for k, v in vars(module).items()}
            own.__dict__.update(state, training=training)
            copies[id(module)] = own
            for name, part in module._modules.items():
                own._modules[name] = None if part is None else copied(part)
            if training:
                for name, buffer in module.named_buffers(recurse=False):
                    own._buffers[name] = buffer.clone()
        return copies[id(module)]

    return copied(network)
