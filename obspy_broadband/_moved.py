"""Import paths of before the modules were put into folders: they work until 0.2, with a warning."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

_PACKAGE = __name__.rpartition(".")[0]
#: Folder of each module that stood at the root, by its name there; ``old: new`` where that changed.
_MOVED = {
    **dict.fromkeys(("measures", "plot", "provenance"), "ensemble"),
    **dict.fromkeys(("neural", "registry", "weights"), "method"),
    **dict.fromkeys(("components", "corner", "events", "headers", "orientation"), "records"),
    **dict.fromkeys(("places", "record", "trace_units", "units", "windows"), "records"),
}
_RENAMED = {
    "codes": "method.latent",
    "coherence": "records.spatial_correlation",
    "ensemble_folder": "ensemble.folder",
    "familiar": "method.training_range",
    "scenarios": "records.scenario",
    "shapes": "method.shape",
}


class _Finder(MetaPathFinder, Loader):
    """Finds the module that an old path stands for."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, module = name.rpartition(".")
        if package != _PACKAGE or (module not in _MOVED and module not in _RENAMED):
            return None
        new = _RENAMED.get(module) or f"{_MOVED[module]}.{module}"
        return ModuleSpec(name, self, loader_state=f"{_PACKAGE}.{new}")

    def create_module(self, spec: ModuleSpec) -> Any:
        module = import_module(spec.loader_state)
        warnings.warn(
            f"{spec.name} has moved to {spec.loader_state}; the old path will go with 0.2.",
            DeprecationWarning,
            stacklevel=2,
        )
        self._spec = module.__spec__
        return module

    def exec_module(self, module: Any) -> None:
        module.__spec__ = self._spec  # the import system has put that of the old path there


def install() -> None:
    """Have old paths found, after all others."""
    sys.meta_path.append(_Finder())
