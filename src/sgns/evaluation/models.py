"""The models of a comparison: the vector files of each, one for each seed, and their names in tables."""

import glob
from collections.abc import Sequence
from pathlib import Path

from sgns.errors import InputError


def files_of_models(models: Sequence[str]) -> dict[str, list[Path]]:
    """The vector files of each model.

    Args:
        models: A model is a path; or the paths of several seeds, as `a,b,c` or as a pattern such as `seed*.bin`.

    Returns:
        Name -> files. The name is the last part of the path; if two would be the same, a letter precedes it.

    Raises:
        InputError: a pattern matches no file.
    """
    names = [model.split(",")[0].rsplit("/", 1)[-1] + (" …" if "," in model else "") for model in models]
    if len(set(names)) < len(names):
        names = [f"{chr(65 + i % 26)}{i // 26 or ''} ({name})" for i, name in enumerate(names)]
    return {name: _seeds(model) for name, model in zip(names, models)}


def _seeds(model: str) -> list[Path]:
    if Path(model).exists():
        return [Path(model)]
    paths = []
    for part in model.split(","):
        found = [part] if Path(part).exists() else sorted(glob.glob(part))  # noqa: PTH207  patterns may be absolute
        if not found:
            raise InputError(f"{part}: there is no such file; check the path")
        paths += [Path(path) for path in found]
    return paths
