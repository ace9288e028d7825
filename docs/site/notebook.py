"""Notebooks as pages: their text and their code, without outputs, which they are kept without."""

import json


def as_markdown(text: str) -> str:
    """The cells of a notebook as Markdown."""
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"]).strip()
        if source:
            parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    return "\n\n".join(parts) + "\n"
