"""Weights that are used but not trained, and that no checkpoint holds."""

from __future__ import annotations

from torch import nn


def freeze(module: nn.Module) -> nn.Module:
    """Turn the module's parameters and buffers into buffers that ``state_dict`` leaves out; return it in eval mode.

    They still move with ``.to(device)``. Whoever loads a model has to read them again from where they came.
    """
    for part in module.modules():
        for name, parameter in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, parameter.detach())
        for name, buffer in list(part.named_buffers(recurse=False)):
            part.register_buffer(name, buffer, persistent=False)
    return module.eval()
