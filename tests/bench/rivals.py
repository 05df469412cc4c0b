"""The public token-pair heads, bert4torch's, without the rest of that package, which asks for torchvision."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import distribution
from types import ModuleType
from typing import Any


def bert4torch() -> tuple[Any, Any]:
    """Return its modules ``layers.global_point`` and ``losses``; ModuleNotFoundError if it isn't installed."""
    for name in ("bert4torch", "bert4torch.layers"):
        if name not in sys.modules:
            shell = ModuleType(name)  # a package whose own __init__, which imports every model, doesn't run
            shell.__path__ = [str(distribution("bert4torch").locate_file(name.replace(".", "/")))]
            sys.modules[name] = shell
    return importlib.import_module("bert4torch.layers.global_point"), importlib.import_module("bert4torch.losses")
