"""The signatures of all public names, as `tests/public_api.txt` keeps them; run as a script, it writes that file again.

python tests/public_api.py
python tests/public_api.py --print    prints them as JSON
"""

import dataclasses
import inspect
import json
import re
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).with_name("public_api.txt")
sys.path.insert(0, str(ROOT))

from docs.site.reference import doors, public_names  # noqa: E402


def signature(value: object) -> str:
    """Parameters and defaults, without types: (words, n=10, *, progress=None)."""
    try:
        found = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return ""
    plain = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    text = str(found.replace(parameters=plain, return_annotation=found.empty))
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def public_api() -> dict[str, str]:
    """The signature of each public name, of each public method, and the default of each field of a dataclass."""
    made = {}
    for door in doors():
        for name in public_names(door):
            value = getattr(import_module(door), name)
            if not inspect.isclass(value):
                made[f"{door}.{name}"] = signature(value) if inspect.isroutine(value) else ""
                continue
            if not value.__module__.startswith("sgns"):
                continue
            made[f"{door}.{name}"] = "" if issubclass(value, BaseException) else signature(value)
            if dataclasses.is_dataclass(value):
                for field in dataclasses.fields(value):
                    default = "" if field.default is dataclasses.MISSING else f" = {field.default!r}"
                    made[f"{door}.{name}.{field.name}"] = default
            for key, member in vars(value).items():
                if not key.startswith("_") and (
                    inspect.isroutine(member) or isinstance(member, property | classmethod)
                ):
                    made[f"{door}.{name}.{key}"] = signature(getattr(value, key))
    return made


def kept() -> dict[str, str]:
    """What the file has."""
    lines = (line for line in KEPT.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return {re.match(r"[\w.]+", line)[0]: re.sub(r"^[\w.]+", "", line) for line in lines}  # type: ignore[index]


def write() -> None:
    """Writes the file."""
    lines = ["# Signatures of public names. Written by: python tests/public_api.py", ""]
    lines += [f"{name}{text}" for name, text in sorted(public_api().items())]
    KEPT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        print(json.dumps(public_api()))
    else:
        write()
