"""A folder for Hugging Face's hub: the vectors in our own safetensors file, their options, and a model card."""

import json
from pathlib import Path
from typing import Any

from sgns.vectors.exports.made import Export, files_below, folder_to_write
from sgns.vectors.vectors import Vectors

FIGURES = {
    "words": "words trained on",
    "pairs": "pairs trained on",
    "raw_tokens": "tokens in the text",
    "seconds": "seconds",
    "losses": "loss of each epoch",
    "validation_losses": "validation loss of each epoch",
    "sgns_version": "version of sgns",
    "version": "version of sgns",
}


def export_hub(vectors: Vectors, folder: Path, license: str = "unknown", language: str | None = None) -> Export:
    """Writes model.safetensors, config.json and README.md, a model card made from the metadata.

    Args:
        vectors: The model.
        folder: Where to write.
        license: The licence of the vectors, by its name on the hub: mit, cc-by-4.0, …
        language: Of the words, for the card: en, de, …

    Raises:
        OutputError: The folder cannot be written.
    """
    with folder_to_write(folder) as new:
        vectors.save(new / "model.safetensors")
        config = {"model_type": "sgns", "words": len(vectors), "dim": vectors.dim, "options": options_of(vectors)}
        (new / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (new / "README.md").write_text(model_card(vectors, license, language), encoding="utf-8")
    code = f"import sgns\nvectors = sgns.load({str(Path(folder) / 'model.safetensors')!r})"
    return Export(files_below(folder), len(vectors), code)


def options_of(vectors: Vectors) -> dict[str, Any]:
    """The options that the vectors were trained with, as their metadata have them; empty where it has none."""
    options = vectors.metadata.get("config")
    return options if isinstance(options, dict) else {}


def model_card(vectors: Vectors, license: str = "unknown", language: str | None = None) -> str:
    """The model card: its head in YAML, how to load, options, and figures of the run.

    Args:
        vectors: The model.
        license: The licence of the vectors.
        language: Of the words.
    """
    head = ["---", f"license: {json.dumps(license)}", "library_name: sgns"]
    head += [f"language: {json.dumps(language)}"] if language else []
    head += ["tags:", "- word-vectors", "- word2vec", "- sgns", "---"]
    options = [(name, value) for name, value in options_of(vectors).items() if value is not None]
    figures = [(title, vectors.metadata[name]) for name, title in FIGURES.items() if name in vectors.metadata]
    figures = [("words", f"{len(vectors):,}"), ("dimension", vectors.dim), *figures]
    first = " ".join(str(word) for word in vectors.words[:8])
    lines = [
        *head,
        "",
        f"# Word vectors: {len(vectors):,} words, d = {vectors.dim}",
        "",
        f"Trained with [sgns](https://pypi.org/project/sgns/). The most frequent words: {cell(first)}",
        "",
        "```python",
        "import sgns",
        "",
        'vectors = sgns.load("model.safetensors")',
        f"vectors.most_similar({str(vectors.words[0])!r})" if len(vectors) else "vectors.words",
        "```",
        "",
        "## Figures",
        "",
        *table(figures),
    ]
    if options:
        lines += ["", "## Options", "", *table(options)]
    return "\n".join(lines) + "\n"


def table(rows: list[tuple[str, Any]]) -> list[str]:
    """The lines of a Markdown table of names and values."""
    return ["| | |", "|---|---|", *(f"| {cell(name)} | {cell(value)} |" for name, value in rows)]


def cell(value: Any) -> str:
    """A value in a cell of a table: numbers with four digits, no mark that would end the cell."""
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
