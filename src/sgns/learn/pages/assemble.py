"""Assembles a page from its template, styles, scripts and data: one HTML file that asks for nothing."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any


def assemble(
    template: str, styles: Sequence[str], scripts: Sequence[str], data: Mapping[str, Any], parts: Mapping[str, str]
) -> str:
    """Assembles a page. The templates forbid every request by a Content-Security-Policy.

    Args:
        template: The name of the template, which stands in this folder like styles and scripts.
        styles: Names of style sheets.
        scripts: Names of scripts, in order: each uses those before it.
        data: What the scripts read, as JSON values.
        parts: Source of HTML for the other {{MARKERS}} of the template.

    Returns:
        The source of the page.
    """
    here = files("sgns.learn.pages")

    def joined(names: Sequence[str]) -> str:
        return "\n".join((here / name).read_text(encoding="utf-8") for name in names)

    # "</" or "<!--" would end the data within <script>
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    inserted = {
        **parts,
        "STYLE": joined(styles),
        "DATA": text,
        "SCRIPT": f'(() => {{\n"use strict";\n{joined(scripts)}\n}})();',
    }
    html, made = joined([template]), []
    for part in html.split("{{"):
        name, marker, after = part.partition("}}")
        made += [inserted.pop(name), after] if marker else [part]
    assert not inserted, f"{template} has no place for {', '.join(inserted)}"
    return "".join(made)
